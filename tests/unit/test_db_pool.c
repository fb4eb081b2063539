#include "testdb.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct keel_query count_rows = {
    .name = "count_rows", .sqlite = "SELECT count(*) FROM t", .postgres = "SELECT count(*) FROM t"};
static const struct keel_query add_row = {.name = "add_row",
                                          .sqlite = "INSERT INTO t VALUES (1)",
                                          .postgres = "INSERT INTO t VALUES (1)"};

static struct keel_pool *open_pool(struct testdb *t, int readers, int timeout_ms)
{
    struct keel_pool *pool;
    struct keel_pool_options options = {.readers = readers, .acquire_timeout_ms = timeout_ms};
    testdb_sql(t, "CREATE TABLE t (i integer)", NULL);
    assert_ok(keel_pool_open(&pool, t->url, &options, &t->err), &t->err);
    assert_int_equal(keel_pool_dialect(pool), t->dialect);
    return pool;
}

static struct keel_db *acquire(struct keel_pool *pool, enum keel_tx kind)
{
    struct keel_db *db;
    struct keel_error err;
    assert_ok(keel_pool_acquire(pool, kind, &db, &err), &err);
    return db;
}

static int64_t rows(struct keel_db *db)
{
    const struct keel_row *row;
    struct keel_error err;
    assert_ok(keel_db_one(db, &count_rows, KEEL_NO_PARAMS, &row, &err), &err);
    return keel_row_int(row, 0);
}

static void exhaustion_is_busy(void **state)
{
    struct testdb *t = *state;
    struct keel_pool *pool = open_pool(t, 2, 100);
    struct keel_db *a = acquire(pool, KEEL_TX_READ), *b = acquire(pool, KEEL_TX_READ), *c;
    assert_ptr_not_equal(a, b);
    int64_t before_us = keel_time_now_us();
    assert_error(keel_pool_acquire(pool, KEEL_TX_READ, &c, &t->err), KEEL_BUSY, &t->err,
                 "all 2 database connections");
    assert_in_range(keel_time_now_us() - before_us, 90000, 2000000);
    assert_null(c);
    if (t->dialect == KEEL_SQLITE) { /* the writer is not one of the readers, and there is one */
        struct keel_db *writer = acquire(pool, KEEL_TX_WRITE);
        assert_error(keel_pool_acquire(pool, KEEL_TX_WRITE, &c, &t->err), KEEL_BUSY, &t->err,
                     "all 1 ");
        keel_pool_release(pool, writer);
    }
    keel_pool_release(pool, a);
    c = acquire(pool, KEEL_TX_READ);
    assert_ptr_equal(c, a);
    keel_pool_release(pool, b);
    keel_pool_release(pool, c);
    keel_pool_release(pool, NULL);
    keel_pool_close(pool);
}

static void readers_cannot_write(void **state)
{
    struct testdb *t = *state;
    struct keel_pool *pool = open_pool(t, 2, 1000);
    struct keel_db *writer = acquire(pool, KEEL_TX_WRITE), *reader = acquire(pool, KEEL_TX_READ);
    if (t->dialect == KEEL_SQLITE)
        assert_error(keel_db_exec(reader, &add_row, KEEL_NO_PARAMS, NULL, &t->err), KEEL_IO,
                     &t->err, "read-only");
    /* Reading goes on while a write transaction is open, and sees what is committed. */
    assert_ok(keel_db_begin(writer, KEEL_TX_WRITE, &t->err), &t->err);
    assert_ok(keel_db_exec(writer, &add_row, KEEL_NO_PARAMS, NULL, &t->err), &t->err);
    assert_int_equal(rows(reader), 0);
    assert_ok(keel_db_commit(writer, &t->err), &t->err);
    assert_int_equal(rows(reader), 1);
    keel_pool_release(pool, reader);
    keel_pool_release(pool, writer);
    keel_pool_close(pool);
}

static void release_rolls_back(void **state)
{
    struct testdb *t = *state;
    struct keel_pool *pool = open_pool(t, 1, 1000);
    struct keel_db *db = acquire(pool, KEEL_TX_WRITE);
    assert_ok(keel_db_begin(db, KEEL_TX_WRITE, &t->err), &t->err);
    assert_ok(keel_db_exec(db, &add_row, KEEL_NO_PARAMS, NULL, &t->err), &t->err);
    keel_pool_release(pool, db);
    db = acquire(pool, KEEL_TX_WRITE);
    assert_false(keel_db_in_transaction(db));
    assert_int_equal(rows(db), 0);
    assert_ok(keel_db_run(db, keel_slice_of("BEGIN"), &t->err), &t->err);
    assert_ok(keel_db_exec(db, &add_row, KEEL_NO_PARAMS, NULL, &t->err), &t->err);
    keel_pool_release(pool, db);
    db = acquire(pool, KEEL_TX_WRITE);
    assert_int_equal(rows(db), 0);
    keel_pool_release(pool, db);
    keel_pool_close(pool);
}

enum { THREADS = 12, ROUNDS = 40 };

struct crowd {
    struct keel_pool *pool;
    atomic_int failures;
    atomic_int out;
    atomic_int most_out;
};

static void *one_of_the_crowd(void *context)
{
    struct crowd *crowd = context;
    for (int i = 0; i < ROUNDS; i++) {
        struct keel_db *db;
        struct keel_error err;
        if (keel_pool_acquire(crowd->pool, KEEL_TX_WRITE, &db, &err)) {
            atomic_fetch_add(&crowd->failures, 1);
            continue;
        }
        int out = atomic_fetch_add(&crowd->out, 1) + 1;
        if (out > atomic_load(&crowd->most_out))
            atomic_store(&crowd->most_out, out);
        if (keel_db_exec(db, &add_row, KEEL_NO_PARAMS, NULL, &err))
            atomic_fetch_add(&crowd->failures, 1);
        atomic_fetch_sub(&crowd->out, 1);
        keel_pool_release(crowd->pool, db);
    }
    return NULL;
}

static void a_crowd_takes_turns(void **state)
{
    struct testdb *t = *state;
    struct crowd crowd = {.pool = open_pool(t, 3, 30000)};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, one_of_the_crowd, &crowd), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&crowd.failures), 0);
    assert_in_range(atomic_load(&crowd.most_out), 1, t->dialect == KEEL_SQLITE ? 1 : 3);
    keel_pool_close(crowd.pool);
    assert_int_equal(rows(t->db), THREADS * ROUNDS);
}

static void *release_later(void *context)
{
    struct keel_db **pair = context;
    usleep(200000);
    keel_pool_release((struct keel_pool *)(void *)pair[0], pair[1]);
    return NULL;
}

static void close_waits_for_connections(void **state)
{
    struct testdb *t = *state;
    struct keel_pool *pool = open_pool(t, 2, 1000);
    void *pair[] = {pool, acquire(pool, KEEL_TX_WRITE)};
    pthread_t thread;
    int64_t before_us = keel_time_now_us();
    assert_int_equal(pthread_create(&thread, NULL, release_later, pair), 0);
    keel_pool_close(pool);
    assert_true(keel_time_now_us() - before_us > 150000);
    pthread_join(thread, NULL);
}

static void *acquire_and_release(void *context)
{
    struct keel_pool *pool = context;
    struct keel_db *db = acquire(pool, KEEL_TX_WRITE);
    usleep(100000);
    keel_pool_release(pool, db);
    return NULL;
}

/* Who waited in line before the close is served first, and the pool lives as long. */
static void close_waits_for_those_in_line(void **state)
{
    struct testdb *t = *state;
    struct keel_pool *pool = open_pool(t, 1, 30000);
    void *pair[] = {pool, acquire(pool, KEEL_TX_WRITE)};
    pthread_t waiting[3], releasing;
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&waiting[i], NULL, acquire_and_release, pool), 0);
    usleep(100000);
    int64_t before_us = keel_time_now_us();
    assert_int_equal(pthread_create(&releasing, NULL, release_later, pair), 0);
    keel_pool_close(pool);
    assert_true(keel_time_now_us() - before_us > 450000);
    pthread_join(releasing, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(waiting[i], NULL);
}

static void broken_connections_are_replaced(void **state)
{
    struct testdb *t = *state;
    if (t->dialect != KEEL_POSTGRES)
        return;
    struct keel_pool *pool = open_pool(t, 2, 1000);
    struct keel_db *a = acquire(pool, KEEL_TX_WRITE), *b = acquire(pool, KEEL_TX_WRITE);
    testdb_sql(t,
               "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
               "WHERE datname = current_database() AND pid <> pg_backend_pid()",
               NULL);
    usleep(50000);
    keel_pool_release(pool, a); /* died idle */
    assert_ok(keel_db_begin(b, KEEL_TX_WRITE, &t->err), &t->err);
    keel_pool_release(pool, b);
    a = acquire(pool, KEEL_TX_WRITE);
    b = acquire(pool, KEEL_TX_WRITE);
    assert_int_equal(rows(a), 0);
    assert_int_equal(rows(b), 0);
    /* died in a transaction */
    assert_ok(keel_db_begin(a, KEEL_TX_WRITE, &t->err), &t->err);
    testdb_sql(t,
               "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
               "WHERE datname = current_database() AND pid <> pg_backend_pid()",
               NULL);
    usleep(100000);
    assert_error(keel_db_exec(a, &add_row, KEEL_NO_PARAMS, NULL, &t->err), KEEL_IO, &t->err, NULL);
    keel_pool_release(pool, a);
    keel_pool_release(pool, b);
    a = acquire(pool, KEEL_TX_WRITE);
    b = acquire(pool, KEEL_TX_WRITE);
    assert_int_equal(rows(a) + rows(b), 0);
    keel_pool_release(pool, a);
    keel_pool_release(pool, b);
    keel_pool_close(pool);
}

static void opening(void **state)
{
    struct testdb *t = *state;
    struct keel_pool *pool;
    struct keel_pool_options read_only = {.db = {.read_only = true}};
    struct keel_db *db;
    assert_error(keel_pool_open(&pool, "mysql://x", NULL, &t->err), KEEL_INVALID, &t->err, "mysql");
    assert_null(pool);
    keel_pool_close(pool);
    assert_ok(keel_pool_open(&pool, t->url, &read_only, &t->err), &t->err);
    assert_error(keel_pool_acquire(pool, KEEL_TX_WRITE, &db, &t->err), KEEL_INVALID, &t->err,
                 "read-only");
    db = acquire(pool, KEEL_TX_READ);
    assert_int_not_equal(keel_db_run(db, keel_slice_of("CREATE TABLE x (i integer)"), &t->err), 0);
    keel_pool_release(pool, db);
    keel_pool_close(pool);
    assert_ok(keel_pool_open(&pool, ":memory:", NULL, &t->err), &t->err);
    db = acquire(pool, KEEL_TX_WRITE);
    assert_ok(keel_db_run(db, keel_slice_of("CREATE TABLE t (i integer)"), &t->err), &t->err);
    keel_pool_release(pool, db);
    db = acquire(pool, KEEL_TX_READ);
    assert_int_equal(rows(db), 0);
    keel_pool_release(pool, db);
    keel_pool_close(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(exhaustion_is_busy),
        testdb_test(readers_cannot_write),
        testdb_test(release_rolls_back),
        testdb_test(a_crowd_takes_turns),
        testdb_test(close_waits_for_connections),
        testdb_test(close_waits_for_those_in_line),
        testdb_test(broken_connections_are_replaced),
        testdb_test(opening),
    };
    return testdb_run(tests);
}
