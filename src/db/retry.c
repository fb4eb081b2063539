#include "base/clock.h"
#include "base/hash.h"
#include "db/connection.h"

/* A transaction that lost against another is tried again after a pause that doubles, half of it
 * random so that those who collided do not meet again. */
enum {
    MAX_ATTEMPTS = 10,
    FIRST_PAUSE_US = 2000,
    LAST_PAUSE_US = 250000,
    GIVE_UP_AFTER_US = 30000000,
};

static void pause_before(int attempt)
{
    int64_t pause_us = FIRST_PAUSE_US;
    for (int i = 1; i < attempt && pause_us < LAST_PAUSE_US; i++)
        pause_us *= 2;
    uint32_t random;
    keel__random(&random, sizeof random);
    keel__sleep_us(pause_us / 2 + (int64_t)(random % (uint32_t)pause_us));
}

static int attempt_once(struct keel_db *db, enum keel_tx kind, keel_tx_fn *fn, void *context,
                        const char *file, int line, struct keel_error *err)
{
    int rc = keel_db_begin_at(db, kind, file, line, err);
    if (rc)
        return rc;
    int depth = db->depth;
    rc = fn(db, context, err);
    while (db->depth > depth) /* levels that fn left open */
        keel_db_rollback(db);
    if (!rc)
        return keel_db_commit(db, err);
    keel_db_rollback(db);
    return rc;
}

int keel_db_transact_at(struct keel_db *db, enum keel_tx kind, keel_tx_fn *fn, void *context,
                        const char *file, int line, struct keel_error *err)
{
    /* Inside another transaction only its owner can start again: a serialization failure or a
     * deadlock has undone all of it. */
    if (db->depth > 0)
        return attempt_once(db, kind, fn, context, file, line, err);
    int64_t started_us = keel__clock_us();
    for (int attempt = 1;; attempt++) {
        int rc = attempt_once(db, kind, fn, context, file, line, err);
        if (rc != KEEL_BUSY)
            return rc;
        if (attempt == MAX_ATTEMPTS || keel__clock_us() - started_us > GIVE_UP_AFTER_US) {
            keel_error_context(err, "gave up after %d attempts", attempt);
            return rc;
        }
        pause_before(attempt);
    }
}
