#include "migrate/apply.h"

#include "keel_sql_migrate.h"

/* Who holds it, as far as PostgreSQL tells. */
static int timed_out(struct keel__run *run, struct keel_error *err)
{
    const struct keel_row *row = NULL;
    int rc = keel_db_maybe(run->db, &keel_q_migrate_lock_holder, KEEL_NO_PARAMS, &row, NULL);
    if (rc == 0 && row)
        return keel_error_set(
            err, KEEL_BUSY,
            "another migration run holds the lock of this database (server process "
            "%lld, client at %.*s): wait for it to end, or give --lock-timeout",
            (long long)keel_row_int(row, 0), (int)keel_row_text(row, 1).size,
            keel_row_text(row, 1).data);
    return keel_error_set(err, KEEL_BUSY,
                          "another migration run holds the lock of this database: "
                          "wait for it to end, or give --lock-timeout");
}

/* Asks again and again rather than waiting inside the server: a session that waits there holds a
 * snapshot, and CREATE INDEX CONCURRENTLY in the session it waits for would wait for that. */
int keel__lock_take(struct keel__run *run, struct keel_error *err)
{
    if (run->dialect != KEEL_POSTGRES)
        return 0;
    for (;;) {
        const struct keel_row *row;
        int rc = keel_db_one(run->db, &keel_q_migrate_lock, KEEL_NO_PARAMS, &row, err);
        if (rc)
            return rc;
        run->locked = keel_row_bool(row, 0);
        run->lock_key = keel_row_int(row, 1);
        run->server_process = keel_row_int(row, 2);
        if (run->locked)
            return 0;
        if (!keel__run_wait(run))
            return keel__run_stopped(run) ? keel__run_stopped_error(err) : timed_out(run, err);
    }
}

int keel__lock_check(struct keel__run *run, struct keel_error *err)
{
    const struct keel_row *row;
    if (!run->locked)
        return 0;
    int rc = keel_db_one(run->db, &keel_q_migrate_server_process, KEEL_NO_PARAMS, &row, err);
    if (rc || keel_row_int(row, 0) == run->server_process)
        return rc;
    run->locked = false;
    return keel_error_set(
        err, KEEL_IO,
        "the connection was lost, and the lock with it: run it again, it goes on from "
        "what the database has");
}

void keel__lock_release(struct keel__run *run)
{
    const struct keel_row *row;
    if (run->locked)
        keel_db_maybe(run->db, &keel_q_migrate_unlock, KEEL_PARAMS(keel_int(run->lock_key)), &row,
                      NULL);
    run->locked = false;
}
