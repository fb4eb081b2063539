/* Opening stores: fresh, again, by several at once, older, newer, read-only. */
#include "storetest.h"

#include <pthread.h>

static void opens_again(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_record span = storetest_span(1, 1, 0, "kept");
    storetest_write(store, &span, 1);
    keel_store_close(store);
    store = storetest_open(t);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM events"), 1);
    keel_store_close(store);
    keel_store_close(NULL);
}

static void read_only_reads_and_never_migrates(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store, *reader;
    const struct keel_store_options read_only = {.read_only = true};
    testdb_sql(t, "CREATE TABLE somebodys (x integer)", NULL); /* so that there is a file */
    assert_error(keel_store_open(&reader, t->url, &read_only, &t->err), KEEL_CONFLICT, &t->err,
                 "run keel migrate up");
    assert_int_equal(testdb_int(t, t->dialect == KEEL_SQLITE
                                       ? "SELECT count(*) FROM sqlite_master"
                                       : "SELECT count(*) FROM pg_class WHERE relname = 'runs'"),
                     t->dialect == KEEL_SQLITE);
    store = storetest_open(t);
    struct keel_record span = storetest_span(1, 1, 0, "x");
    storetest_write(store, &span, 1);
    assert_ok(keel_store_open(&reader, t->url, &read_only, &t->err), &t->err);
    struct keel_uuid id;
    assert_ok(keel_run_resolve(reader, "ab000000000000000000000000000001", &id, &t->err), &t->err);
    assert_true(keel_store_write(reader, &span, 1, NULL, &t->err) != 0);
    keel_store_close(reader);
    keel_store_close(store);
}

static void no_migrate_says_what_to_do(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store;
    assert_error(
        keel_store_open(&store, t->url, &(struct keel_store_options){.no_migrate = true}, &t->err),
        KEEL_CONFLICT, &t->err, "run keel migrate up");
    keel_store_close(storetest_open(t));
    assert_ok(
        keel_store_open(&store, t->url, &(struct keel_store_options){.no_migrate = true}, &t->err),
        &t->err);
    keel_store_close(store);
}

static void a_newer_schema_is_refused(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store;
    keel_store_close(storetest_open(t));
    testdb_sql(t,
               "INSERT INTO keel_migrations (module, version, name, file, action, state, step, "
               "steps, checksum, down_checksum, digest, applied_at, duration_us, keel_version) "
               "SELECT module, 9999, 'later', '9999_later.up.sql', action, state, step, steps, "
               "checksum, down_checksum, digest, applied_at, duration_us, '99.0.0' FROM "
               "keel_migrations WHERE module = 'keel' AND step = steps AND state = 'done'",
               NULL);
    assert_error(keel_store_open(&store, t->url, NULL, &t->err), KEEL_CONFLICT, &t->err,
                 "newer keel");
    assert_error(
        keel_store_open(&store, t->url, &(struct keel_store_options){.read_only = true}, &t->err),
        KEEL_CONFLICT, &t->err, "newer keel");
}

struct opener {
    const char *url;
    int code;
    struct keel_error err;
};

static void *open_it(void *context)
{
    struct opener *opener = context;
    struct keel_store *store = NULL;
    opener->code = keel_store_open(&store, opener->url, NULL, &opener->err);
    keel_store_close(store);
    return NULL;
}

static void several_open_a_fresh_one_at_once(void **state)
{
    struct testdb *t = *state;
    enum { OPENERS = 6 };
    struct opener openers[OPENERS];
    pthread_t threads[OPENERS];
    for (int i = 0; i < OPENERS; i++) {
        openers[i] = (struct opener){.url = t->url};
        assert_int_equal(pthread_create(&threads[i], NULL, open_it, &openers[i]), 0);
    }
    for (int i = 0; i < OPENERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < OPENERS; i++)
        assert_ok(openers[i].code, &openers[i].err);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM keel_migrations WHERE state = 'done' AND "
                                   "step = steps AND version = 1"),
                     1);
    if (t->dialect == KEEL_POSTGRES)
        assert_int_equal(
            testdb_int(t, "SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r'"),
            7 * 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(opens_again),
        testdb_test(read_only_reads_and_never_migrates),
        testdb_test(no_migrate_says_what_to_do),
        testdb_test(a_newer_schema_is_refused),
        testdb_test(several_open_a_fresh_one_at_once),
    };
    return testdb_run(tests);
}
