#include "base/clock.h"
#include "base/error.h"
#include "db/driver.h"
#include "db/monitor.h"

#include <stdio.h>

static int begin_level(struct keel_db *db, enum keel_tx kind, struct keel_error *err)
{
    if (db->depth == 0)
        return db->driver->control(db, db->driver->begin[kind], err);
    if (kind == KEEL_TX_WRITE && db->tx[db->depth - 1].kind == KEEL_TX_READ)
        return keel_error_set(err, KEEL_INVALID,
                              "cannot write inside the read transaction begun at %s:%d",
                              db->tx[0].file, db->tx[0].line);
    if (db->depth == KEEL__MAX_TX_DEPTH)
        return keel_error_set(err, KEEL_INVALID, "transactions are nested deeper than %d",
                              KEEL__MAX_TX_DEPTH);
    char sql[40];
    snprintf(sql, sizeof sql, "SAVEPOINT keel_%d", db->depth);
    return db->driver->control(db, sql, err);
}

int keel_db_begin_at(struct keel_db *db, enum keel_tx kind, const char *file, int line,
                     struct keel_error *err)
{
    int64_t started_us = keel__clock_us();
    int rc = keel__db_ready(db, err);
    if (!rc)
        rc = begin_level(db, kind, err);
    if (rc)
        keel__db_after_error(db);
    else
        db->tx[db->depth++] = (struct keel__tx_frame){kind, file, line};
    keel__monitor_record(db, "(begin)", started_us, 0, rc);
    return rc;
}

static int commit_level(struct keel_db *db, struct keel_error *err)
{
    if (db->depth == 0)
        return keel_error_set(err, KEEL_INVALID, "commit without a transaction");
    if (db->broken)
        return keel_error_set(err, KEEL_IO,
                              "the connection to %s was lost before the commit; nothing was stored",
                              db->url.display);
    int rc = keel__db_ready(db, err);
    if (rc)
        return rc;
    if (db->depth == 1)
        return db->driver->commit(db, err);
    char sql[48];
    snprintf(sql, sizeof sql, "RELEASE SAVEPOINT keel_%d", db->depth - 1);
    return db->driver->control(db, sql, err);
}

int keel_db_commit(struct keel_db *db, struct keel_error *err)
{
    int64_t started_us = keel__clock_us();
    int rc = commit_level(db, err);
    keel__monitor_record(db, "(commit)", started_us, 0, rc);
    if (!rc) {
        db->depth--;
        return KEEL_OK;
    }
    keel__db_after_error(db);
    if (db->depth > 0)
        keel_db_rollback(db);
    return rc;
}

void keel_db_rollback(struct keel_db *db)
{
    if (db->depth == 0)
        return;
    int64_t started_us = keel__clock_us();
    int rc = KEEL_OK;
    bool open = !db->broken && !db->tx_lost && db->driver->session(db) != KEEL__IDLE;
    db->depth--;
    if (open && db->depth == 0) {
        rc = db->driver->control(db, "ROLLBACK", NULL);
    } else if (open) {
        char sql[48];
        snprintf(sql, sizeof sql, "ROLLBACK TO SAVEPOINT keel_%d", db->depth);
        rc = db->driver->control(db, sql, NULL);
        snprintf(sql, sizeof sql, "RELEASE SAVEPOINT keel_%d", db->depth);
        if (!rc)
            rc = db->driver->control(db, sql, NULL);
    }
    if (rc) /* then what is above must not go on as if this level had been undone */
        db->tx_lost = true;
    if (db->depth == 0)
        db->tx_lost = false;
    keel__monitor_record(db, "(rollback)", started_us, 0, rc);
}

void keel__db_rollback_all(struct keel_db *db)
{
    while (db->depth > 0)
        keel_db_rollback(db);
    if (!db->broken && db->driver->session(db) != KEEL__IDLE)
        db->driver->control(db, "ROLLBACK", NULL); /* begun by keel_db_run */
}

bool keel_db_in_transaction(const struct keel_db *db)
{
    return db->depth > 0;
}
