#include "cli/migrate.h"

#include <string.h>

#include "base/clock.h"
#include "store/migrations.h"

static bool is_postgres(const char *url)
{
    return strstr(url, "://") || strchr(url, '=');
}

/* A SQLite file that somebody writes in rollback mode cannot even be opened: that is waited for as
 * long as other migration runs are. Each try waits for SQLite's busy timeout. */
static int open_patiently(struct keel__migration_target *target, const char *url,
                          const struct keel_db_options *options, struct keel_error *err)
{
    int timeout_ms = target->own->options.lock_timeout_ms;
    int64_t until_us = keel__clock_us() + (timeout_ms ? timeout_ms : 300000) * INT64_C(1000);
    bool said = false;
    for (;;) {
        int code = keel_db_open(&target->db, url, options, err);
        if (code != KEEL_BUSY || !target->action || keel__clock_us() >= until_us)
            return code;
        if (!said)
            keel__note(target->global, "waiting for another program to finish with the database");
        said = true;
        keel__sleep_us(100000); /* PostgreSQL that is overloaded says so at once */
    }
}

/* What is not ours is opened as such: its journal mode, say, is its owner's affair. */
static int open_database(struct keel__migration_target *target, struct keel_error *err)
{
    bool looks = !target->action || target->own->dry_run;
    struct keel_db_options options = {
        .read_only = looks, .must_exist = looks, .as_found = target->own->dir != NULL};
    const char *url = keel_db_default_url(target->global->db);
    int code = open_patiently(target, url, &options, err);
    if (code != KEEL_NOTFOUND || !looks || is_postgres(url))
        return code;
    keel__note(target->global, "%s does not exist yet: nothing is applied to it", url);
    return keel_db_open(&target->db, ":memory:", NULL, err);
}

int keel__migration_target_open(struct keel__migration_target *target)
{
    struct keel__migrate_own *own = target->own;
    struct keel_error err = {0};
    if (!own->options.module)
        own->options.module = own->dir ? "app" : KEEL__STORE_MODULE;
    target->module = own->options.module;
    int code = own->dir ? keel_migrations_open(&target->set, own->dir, own->layout, &err) : 0;
    if (!code)
        code = open_database(target, &err);
    if (!code && !own->dir)
        code = keel__store_migrations(&target->set, keel_db_dialect(target->db), &err);
    return code ? keel__fail(&err) : KEEL__EXIT_OK;
}

void keel__migration_target_close(struct keel__migration_target *target)
{
    keel_migrations_free(target->set);
    keel_db_close(target->db);
}
