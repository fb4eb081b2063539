#include "testdb.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct testdb *with_table(void **state)
{
    struct testdb *t = *state;
    testdb_sql(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)",
               "CREATE TABLE t (id bigint PRIMARY KEY, n bigint NOT NULL)");
    testdb_sql(t, "INSERT INTO t (id, n) VALUES (1, 0), (2, 0)", NULL);
    return t;
}

static int run(struct keel_db *db, const char *sql, struct keel_error *err)
{
    return keel_db_run(db, keel_slice_of(sql), err);
}

static int64_t sum(struct testdb *t)
{
    return testdb_int(t, "SELECT sum(n) FROM t");
}

static void nested_levels(void **state)
{
    struct testdb *t = with_table(state);
    struct keel_db *db = t->db;
    assert_false(keel_db_in_transaction(db));
    assert_ok(keel_db_begin(db, KEEL_TX_WRITE, &t->err), &t->err);
    assert_true(keel_db_in_transaction(db));
    assert_ok(run(db, "UPDATE t SET n = n + 1 WHERE id = 1", &t->err), &t->err);
    assert_ok(keel_db_begin(db, KEEL_TX_WRITE, &t->err), &t->err);
    assert_ok(run(db, "UPDATE t SET n = n + 10 WHERE id = 1", &t->err), &t->err);
    assert_ok(keel_db_begin(db, KEEL_TX_READ, &t->err), &t->err);
    assert_int_equal(sum(t), 11);
    assert_ok(keel_db_commit(db, &t->err), &t->err);
    keel_db_rollback(db);
    assert_int_equal(sum(t), 1);
    assert_ok(keel_db_begin(db, KEEL_TX_WRITE, &t->err), &t->err);
    assert_ok(run(db, "UPDATE t SET n = n + 100 WHERE id = 2", &t->err), &t->err);
    /* A failed statement undoes its own level and no more. */
    assert_ok(keel_db_begin(db, KEEL_TX_WRITE, &t->err), &t->err);
    assert_error(run(db, "INSERT INTO t (id, n) VALUES (1, 1)", &t->err), KEEL_CONSTRAINT, &t->err,
                 NULL);
    keel_db_rollback(db);
    assert_ok(keel_db_commit(db, &t->err), &t->err);
    assert_ok(keel_db_commit(db, &t->err), &t->err);
    assert_false(keel_db_in_transaction(db));
    assert_int_equal(sum(t), 101);
    assert_ok(keel_db_begin(db, KEEL_TX_WRITE, &t->err), &t->err);
    assert_ok(run(db, "UPDATE t SET n = 7", &t->err), &t->err);
    keel_db_rollback(db);
    keel_db_rollback(db); /* one too many does no harm */
    assert_int_equal(sum(t), 101);
    assert_error(keel_db_commit(db, &t->err), KEEL_INVALID, &t->err, "without a transaction");
}

static void close_rolls_back(void **state)
{
    struct testdb *t = with_table(state);
    struct keel_db *db = testdb_connect(t, NULL);
    assert_ok(keel_db_begin(db, KEEL_TX_WRITE, &t->err), &t->err);
    assert_ok(run(db, "UPDATE t SET n = 7", &t->err), &t->err);
    assert_ok(keel_db_begin(db, KEEL_TX_WRITE, &t->err), &t->err);
    keel_db_close(db);
    assert_int_equal(sum(t), 0);
}

static void read_transactions_see_one_snapshot(void **state)
{
    struct testdb *t = with_table(state);
    struct keel_db *other = testdb_connect(t, NULL);
    assert_ok(keel_db_begin(t->db, KEEL_TX_READ, &t->err), &t->err);
    assert_int_equal(sum(t), 0);
    assert_ok(run(other, "UPDATE t SET n = 7", &t->err), &t->err);
    assert_int_equal(sum(t), 0);
    assert_error(keel_db_begin(t->db, KEEL_TX_WRITE, &t->err), KEEL_INVALID, &t->err,
                 "read transaction begun at");
    assert_ok(keel_db_commit(t->db, &t->err), &t->err);
    assert_int_equal(sum(t), 14);
    keel_db_close(other);
}

/* PostgreSQL refuses everything after an error, and answers COMMIT with a silent rollback. */
static void commit_after_an_error(void **state)
{
    struct testdb *t = with_table(state);
    assert_ok(keel_db_begin(t->db, KEEL_TX_WRITE, &t->err), &t->err);
    assert_ok(run(t->db, "UPDATE t SET n = 7", &t->err), &t->err);
    assert_error(run(t->db, "INSERT INTO t (id, n) VALUES (1, 1)", &t->err), KEEL_CONSTRAINT,
                 &t->err, NULL);
    int rc = keel_db_commit(t->db, &t->err);
    assert_false(keel_db_in_transaction(t->db));
    if (t->dialect == KEEL_SQLITE) {
        assert_ok(rc, &t->err);
        assert_int_equal(sum(t), 14);
    } else {
        assert_error(rc, KEEL_CONFLICT, &t->err, "test_db_transaction.c");
        assert_int_equal(sum(t), 0);
    }
}

/* What the database rolls back by itself must not go on as single statements. */
static void a_lost_transaction_stays_lost(void **state)
{
    struct testdb *t = with_table(state);
    assert_ok(keel_db_begin(t->db, KEEL_TX_WRITE, &t->err), &t->err);
    assert_ok(run(t->db, "UPDATE t SET n = 7", &t->err), &t->err);
    assert_error(run(t->db, "ROLLBACK", &t->err), KEEL_CONFLICT, &t->err, "leave BEGIN, COMMIT");
    assert_error(run(t->db, "UPDATE t SET n = 9", &t->err), KEEL_CONFLICT, &t->err, "rolled back");
    assert_error(keel_db_commit(t->db, &t->err), KEEL_CONFLICT, &t->err, "rolled back");
    assert_false(keel_db_in_transaction(t->db));
    assert_int_equal(sum(t), 0);
    if (t->dialect == KEEL_SQLITE) {
        const struct keel_query insert = {
            .name = "or_rollback", .sqlite = "INSERT OR ROLLBACK INTO t (id, n) VALUES (1, 1)"};
        assert_ok(keel_db_begin(t->db, KEEL_TX_WRITE, &t->err), &t->err);
        assert_error(keel_db_exec(t->db, &insert, KEEL_NO_PARAMS, NULL, &t->err), KEEL_CONSTRAINT,
                     &t->err, NULL);
        assert_error(run(t->db, "UPDATE t SET n = 9", &t->err), KEEL_CONFLICT, &t->err,
                     "rolled back");
        keel_db_rollback(t->db);
        assert_int_equal(sum(t), 0);
    }
}

static void deferred_constraints_fail_the_commit(void **state)
{
    struct testdb *t = with_table(state);
    testdb_sql(t, "CREATE TABLE child (id INTEGER REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)",
               "CREATE TABLE child (id bigint REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)");
    assert_ok(keel_db_begin(t->db, KEEL_TX_WRITE, &t->err), &t->err);
    assert_ok(run(t->db, "INSERT INTO child VALUES (77)", &t->err), &t->err);
    assert_error(keel_db_commit(t->db, &t->err), KEEL_CONSTRAINT, &t->err, NULL);
    assert_false(keel_db_in_transaction(t->db));
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM child"), 0);
    assert_ok(run(t->db, "UPDATE t SET n = 1", &t->err), &t->err);
}

struct attempt {
    struct testdb *t;
    struct keel_db *other;
    int calls, fail_first;
    enum keel_code code;
};

static int add_one(struct keel_db *db, void *context, struct keel_error *err)
{
    struct attempt *a = context;
    int rc = run(db, "UPDATE t SET n = n + 1 WHERE id = 1", err);
    if (rc)
        return rc;
    if (++a->calls <= a->fail_first)
        return keel_error_set(err, a->code, "not this time");
    return 0;
}

static void transact_retries_what_is_busy(void **state)
{
    struct testdb *t = with_table(state);
    struct attempt a = {.t = t, .fail_first = 3, .code = KEEL_BUSY};
    assert_ok(keel_db_transact(t->db, KEEL_TX_WRITE, add_one, &a, &t->err), &t->err);
    assert_int_equal(a.calls, 4);
    assert_int_equal(sum(t), 1);
    a = (struct attempt){.fail_first = 1000, .code = KEEL_BUSY};
    assert_error(keel_db_transact(t->db, KEEL_TX_WRITE, add_one, &a, &t->err), KEEL_BUSY, &t->err,
                 "gave up after 10 attempts: not this time");
    const enum keel_code once[] = {KEEL_UNCERTAIN, KEEL_CONFLICT, KEEL_IO};
    for (size_t i = 0; i < 3; i++) {
        a = (struct attempt){.fail_first = 1, .code = once[i]};
        assert_error(keel_db_transact(t->db, KEEL_TX_WRITE, add_one, &a, &t->err), once[i], &t->err,
                     "not this time");
        assert_int_equal(a.calls, 1);
    }
    /* Inside another transaction it is that one's to try again. */
    assert_ok(keel_db_begin(t->db, KEEL_TX_WRITE, &t->err), &t->err);
    a = (struct attempt){.fail_first = 1, .code = KEEL_BUSY};
    assert_error(keel_db_transact(t->db, KEEL_TX_WRITE, add_one, &a, &t->err), KEEL_BUSY, &t->err,
                 NULL);
    assert_int_equal(a.calls, 1);
    assert_ok(keel_db_commit(t->db, &t->err), &t->err);
    assert_int_equal(sum(t), 1);
}

static void *commit_later(void *context)
{
    struct keel_error err;
    usleep(300000);
    assert_ok(keel_db_commit(context, &err), &err);
    return NULL;
}

/* SQLITE_BUSY for real: the writer holds its lock for longer than the busy timeout of the other. */
static void retry_of_sqlite_busy(void **state)
{
    struct testdb *t = with_table(state);
    if (t->dialect != KEEL_SQLITE)
        return;
    struct keel_db *impatient = testdb_connect(t, &(struct keel_db_options){.busy_timeout_ms = 20});
    assert_ok(keel_db_begin(t->db, KEEL_TX_WRITE, &t->err), &t->err);
    assert_ok(run(t->db, "UPDATE t SET n = 7", &t->err), &t->err);
    struct keel_error err;
    assert_error(keel_db_begin(impatient, KEEL_TX_WRITE, &err), KEEL_BUSY, &err, "locked");
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, commit_later, t->db), 0);
    struct attempt a = {.t = t};
    assert_ok(keel_db_transact(impatient, KEEL_TX_WRITE, add_one, &a, &err), &err);
    pthread_join(thread, NULL);
    assert_int_equal(sum(t), 15);
    keel_db_close(impatient);
}

/* A read transaction whose snapshot is old cannot write: SQLITE_BUSY_SNAPSHOT, at once, and a new
 * start helps. */
static int read_then_write(struct keel_db *db, void *context, struct keel_error *err)
{
    struct attempt *a = context;
    int rc = run(db, "SELECT * FROM t", err);
    if (!rc && a->calls++ == 0)
        rc = run(a->other, "UPDATE t SET n = n + 10 WHERE id = 2", err);
    return rc ? rc : run(db, "UPDATE t SET n = n + 1 WHERE id = 1", err);
}

static void retry_of_an_old_snapshot(void **state)
{
    struct testdb *t = with_table(state);
    if (t->dialect != KEEL_SQLITE)
        return;
    struct attempt a = {.t = t, .other = testdb_connect(t, NULL)};
    assert_ok(keel_db_transact(t->db, KEEL_TX_READ, read_then_write, &a, &t->err), &t->err);
    assert_int_equal(a.calls, 2);
    assert_int_equal(sum(t), 11);
    keel_db_close(a.other);
}

static int serializable(struct keel_db *db, void *context, struct keel_error *err)
{
    struct attempt *a = context;
    int rc = run(db, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", err);
    if (!rc)
        rc = run(db, "SELECT * FROM t", err);
    if (!rc && a->calls++ == 0)
        rc = run(a->other, "UPDATE t SET n = n + 10 WHERE id = 1", err);
    return rc ? rc : run(db, "UPDATE t SET n = n + 1 WHERE id = 1", err);
}

static void retry_of_serialization_failure(void **state)
{
    struct testdb *t = with_table(state);
    if (t->dialect != KEEL_POSTGRES)
        return;
    struct attempt a = {.t = t, .other = testdb_connect(t, NULL)};
    assert_ok(keel_db_transact(t->db, KEEL_TX_WRITE, serializable, &a, &t->err), &t->err);
    assert_int_equal(a.calls, 2);
    assert_int_equal(sum(t), 11);
    keel_db_close(a.other);
}

/* Two connections lock the two rows in opposite order and meet in the middle. */
struct locker {
    struct keel_db *db;
    const char *first, *second;
    pthread_barrier_t *barrier;
    int calls;
    int rc;
    struct keel_error err;
};

static int lock_both(struct keel_db *db, void *context, struct keel_error *err)
{
    struct locker *l = context;
    int rc = run(db, l->first, err);
    if (!rc && l->calls++ == 0)
        pthread_barrier_wait(l->barrier);
    return rc ? rc : run(db, l->second, err);
}

static void *lock_in_thread(void *context)
{
    struct locker *l = context;
    l->rc = keel_db_transact(l->db, KEEL_TX_WRITE, lock_both, l, &l->err);
    return NULL;
}

static void retry_of_deadlock(void **state)
{
    struct testdb *t = with_table(state);
    if (t->dialect != KEEL_POSTGRES)
        return;
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, 2);
    const char *one = "UPDATE t SET n = n + 1 WHERE id = 1",
               *two = "UPDATE t SET n = n + 1 WHERE id = 2";
    struct locker a = {
        .db = testdb_connect(t, NULL), .first = one, .second = two, .barrier = &barrier};
    struct locker b = {.db = t->db, .first = two, .second = one, .barrier = &barrier};
    assert_ok(run(a.db, "SET deadlock_timeout = '50ms'", &t->err), &t->err);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, lock_in_thread, &a), 0);
    lock_in_thread(&b);
    pthread_join(thread, NULL);
    assert_ok(a.rc, &a.err);
    assert_ok(b.rc, &b.err);
    /* The loser starts again, and may meet the other once more before that one has woken up. */
    assert_in_range(a.calls + b.calls, 3, 20);
    assert_int_equal(sum(t), 4);
    keel_db_close(a.db);
    pthread_barrier_destroy(&barrier);
}

static void lock_timeout_is_busy(void **state)
{
    struct testdb *t = with_table(state);
    struct keel_db *impatient = testdb_connect(t, &(struct keel_db_options){.busy_timeout_ms = 50});
    assert_ok(keel_db_begin(t->db, KEEL_TX_WRITE, &t->err), &t->err);
    assert_ok(run(t->db, "UPDATE t SET n = 7", &t->err), &t->err);
    assert_error(run(impatient, "UPDATE t SET n = 8", &t->err), KEEL_BUSY, &t->err, NULL);
    keel_db_rollback(t->db);
    keel_db_close(impatient);
}

static int64_t backend_of(struct keel_db *db)
{
    const struct keel_query query = {.name = "backend", .postgres = "SELECT pg_backend_pid()"};
    const struct keel_row *row;
    struct keel_error err;
    assert_ok(keel_db_one(db, &query, KEEL_NO_PARAMS, &row, &err), &err);
    return keel_row_int(row, 0);
}

static void terminate(struct testdb *t, int64_t backend)
{
    char sql[100];
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%lld, 5000)", (long long)backend);
    testdb_sql(t, sql, NULL);
}

struct killer {
    struct testdb *t;
    int64_t backend;
};

static void *kill_later(void *context)
{
    struct killer *k = context;
    usleep(300000);
    terminate(k->t, k->backend);
    return NULL;
}

/* The backend dies while it is committing: a deferred trigger sleeps there, so that it can be hit.
 */
static void commit_whose_outcome_is_unknown(void **state)
{
    struct testdb *t = with_table(state);
    if (t->dialect != KEEL_POSTGRES)
        return;
    testdb_sql(t,
               "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS "
               "$$ BEGIN PERFORM pg_sleep(20); RETURN NULL; END $$",
               NULL);
    testdb_sql(t,
               "CREATE CONSTRAINT TRIGGER linger AFTER UPDATE ON t DEFERRABLE INITIALLY DEFERRED "
               "FOR EACH ROW EXECUTE FUNCTION linger()",
               NULL);
    struct keel_db *db = testdb_connect(t, NULL);
    struct killer k = {t, backend_of(db)};
    pthread_t thread;
    struct keel_error err;
    assert_ok(keel_db_begin(db, KEEL_TX_WRITE, &err), &err);
    assert_ok(run(db, "UPDATE t SET n = 7 WHERE id = 1", &err), &err);
    assert_int_equal(pthread_create(&thread, NULL, kill_later, &k), 0);
    assert_error(keel_db_commit(db, &err), KEEL_UNCERTAIN, &err, "may or may not");
    pthread_join(thread, NULL);
    assert_false(keel_db_in_transaction(db));
    /* transact leaves it to its caller */
    struct attempt a = {.t = t};
    k.backend = backend_of(db);
    assert_int_equal(pthread_create(&thread, NULL, kill_later, &k), 0);
    assert_error(keel_db_transact(db, KEEL_TX_WRITE, add_one, &a, &err), KEEL_UNCERTAIN, &err,
                 NULL);
    assert_int_equal(a.calls, 1);
    pthread_join(thread, NULL);
    keel_db_close(db);
}

static void lost_connections(void **state)
{
    struct testdb *t = with_table(state);
    if (t->dialect != KEEL_POSTGRES)
        return;
    struct keel_db *db = testdb_connect(t, NULL);
    struct keel_error err;
    const enum keel_type type = KEEL_INT;
    const struct keel_query update = {
        .name = "update", .postgres = "UPDATE t SET n = n + $1", .params = &type, .param_count = 1};
    for (int i = 0; i < 3; i++) { /* so that it is prepared on the server */
        assert_ok(keel_db_exec(db, &update, KEEL_PARAMS(keel_int(0)), NULL, &err), &err);
    }
    /* Lost while idle: replaced in silence, statements included. */
    terminate(t, backend_of(db));
    usleep(100000);
    for (int i = 0; i < 3; i++)
        assert_ok(keel_db_exec(db, &update, KEEL_PARAMS(keel_int(1)), NULL, &err), &err);
    assert_int_equal(sum(t), 6);
    /* Lost inside a transaction: nothing was stored, and nothing goes on outside it. */
    assert_ok(keel_db_begin(db, KEEL_TX_WRITE, &err), &err);
    assert_ok(run(db, "UPDATE t SET n = 70", &err), &err);
    terminate(t, backend_of(db));
    assert_error(run(db, "UPDATE t SET n = 71", &err), KEEL_IO, &err, NULL);
    assert_error(run(db, "UPDATE t SET n = 72", &err), KEEL_IO, &err, "lost");
    assert_error(keel_db_commit(db, &err), KEEL_IO, &err, "nothing was stored");
    assert_int_equal(sum(t), 6);
    assert_ok(run(db, "UPDATE t SET n = 8", &err), &err);
    assert_int_equal(sum(t), 16);
    /* Lost during a change outside a transaction: unknown. During a SELECT: harmless. */
    struct killer k = {t, backend_of(db)};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, kill_later, &k), 0);
    assert_error(run(db, "UPDATE t SET n = 9 WHERE pg_sleep(20) IS NOT NULL", &err), KEEL_UNCERTAIN,
                 &err, NULL);
    pthread_join(thread, NULL);
    k.backend = backend_of(db);
    assert_int_equal(pthread_create(&thread, NULL, kill_later, &k), 0);
    assert_error(run(db, "SELECT pg_sleep(20)", &err), KEEL_IO, &err, NULL);
    pthread_join(thread, NULL);
    keel_db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(nested_levels),
        testdb_test(close_rolls_back),
        testdb_test(read_transactions_see_one_snapshot),
        testdb_test(commit_after_an_error),
        testdb_test(a_lost_transaction_stays_lost),
        testdb_test(deferred_constraints_fail_the_commit),
        testdb_test(transact_retries_what_is_busy),
        testdb_test(retry_of_sqlite_busy),
        testdb_test(retry_of_an_old_snapshot),
        testdb_test(retry_of_serialization_failure),
        testdb_test(retry_of_deadlock),
        testdb_test(lock_timeout_is_busy),
        testdb_test(commit_whose_outcome_is_unknown),
        testdb_test(lost_connections),
    };
    return testdb_run(tests);
}
