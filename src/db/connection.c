#include "db/connection.h"

#include "base/error.h"
#include "db/driver.h"

#include <stdlib.h>

static const struct keel__driver *driver_of(enum keel_dialect dialect)
{
    return dialect == KEEL_SQLITE ? &keel__sqlite_driver : &keel__postgres_driver;
}

int keel_db_open(struct keel_db **out, const char *url, const struct keel_db_options *options,
                 struct keel_error *err)
{
    *out = NULL;
    struct keel_db *db = calloc(1, sizeof *db);
    if (!db)
        return keel__nomem(err);
    if (options)
        db->options = *options;
    keel__arena_init(&db->scratch, 0);
    int rc = keel__url_parse(&db->url, url, err);
    if (!rc) {
        const char *name = db->options.application_name;
        db->application_name = strdup(name ? name : "keel");
        db->options.application_name = db->application_name;
        db->driver = driver_of(db->url.dialect);
        rc = db->application_name ? db->driver->open(db, err) : keel__nomem(err);
    }
    if (rc) {
        keel_db_close(db);
        return rc;
    }
    *out = db;
    return KEEL_OK;
}

void keel_db_close(struct keel_db *db)
{
    if (!db)
        return;
    if (db->handle) {
        keel__db_rollback_all(db);
        keel__statements_drop_all(db);
        db->driver->close(db);
    }
    keel__arena_fini(&db->scratch);
    keel__url_fini(&db->url);
    free(db->application_name);
    free(db);
}

enum keel_dialect keel_db_dialect(const struct keel_db *db)
{
    return db->driver->dialect;
}

const char *keel_db_display_url(const struct keel_db *db)
{
    return db->url.display;
}

const char *keel_db_default_url(const char *given)
{
    static const char *const variables[] = {"KEEL_DATABASE_URL", "DATABASE_URL"};
    if (given)
        return given;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value)
            return value;
    }
    return "keel.db";
}

const char *keel_db_server_version(struct keel_db *db)
{
    return db->server_version;
}

int keel_db_reset_session(struct keel_db *db, struct keel_error *err)
{
    int rc = keel__db_ready(db, err);
    if (!rc && db->depth > 0)
        rc = keel_error_set(err, KEEL_INVALID, "the transaction begun at %s:%d is open",
                            db->tx[0].file, db->tx[0].line);
    return rc ? rc : db->driver->reset(db, err);
}

void keel_db_interrupt(struct keel_db *db)
{
    db->driver->interrupt(db);
}

int keel__db_ready(struct keel_db *db, struct keel_error *err)
{
    if (db->in_each)
        return keel_error_set(err, KEEL_CONFLICT,
                              "this connection is in the middle of reading rows: use another one");
    if (db->tx_lost)
        return keel_error_set(
            err, KEEL_CONFLICT,
            "the transaction begun at %s:%d has been rolled back by the database; "
            "begin it again",
            db->tx[0].file, db->tx[0].line);
    /* Outside a transaction a connection that was lost while idle is replaced before anybody
     * notices. */
    if (db->depth == 0 && !db->broken && db->driver->alive && !db->driver->alive(db))
        db->broken = true;
    if (!db->broken)
        return KEEL_OK;
    if (db->depth > 0 || !db->driver->reconnect)
        return keel_error_set(err, KEEL_IO, "the connection to %s is lost", db->url.display);
    return db->driver->reconnect(db, err);
}

void keel__db_after_error(struct keel_db *db)
{
    if (db->depth > 0 && !db->broken && db->driver->session(db) == KEEL__IDLE)
        db->tx_lost = true;
}
