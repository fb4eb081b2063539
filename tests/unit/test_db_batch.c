#include "testdb.h"

#include <stdio.h>
#include <stdlib.h>

static const enum keel_type types[] = {KEEL_INT, KEEL_TEXT, KEEL_BYTES};
static const struct keel_query insert = {
    .name = "batch_insert",
    .sqlite = "INSERT INTO t (id, name, body) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING",
    .postgres =
        "INSERT INTO t (id, name, body) SELECT * FROM unnest($1::int8[], $2::text[], $3::bytea[]) "
        "ON CONFLICT (id) DO NOTHING",
    .params = types,
    .param_count = 3};
static const enum keel_type found[] = {KEEL_INT, KEEL_TEXT, KEEL_INT};
static const struct keel_query look_up = {
    .name = "batch_look_up",
    .sqlite = "SELECT id, name, 0 FROM t WHERE id IN ($1, $1 + 1000000) ORDER BY id",
    .postgres =
        "SELECT t.id, t.name, k.ordinal FROM unnest($1::int8[]) WITH ORDINALITY AS k (id, ordinal) "
        "JOIN t ON t.id IN (k.id, k.id + 1000000) ORDER BY k.ordinal, t.id",
    .params = types,
    .param_count = 1,
    .returns = found,
    .return_count = 3};

static struct testdb *with_table(void **state)
{
    struct testdb *t = *state;
    testdb_sql(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, body BLOB)",
               "CREATE TABLE t (id bigint PRIMARY KEY, name text, body bytea)");
    return t;
}

/* Rows 0 .. count - 1; every third name is NULL. */
static struct keel_value *make_rows(size_t count, struct keel_slice body)
{
    struct keel_value *rows = calloc(count * 3 + 1, sizeof *rows);
    assert_non_null(rows);
    for (size_t i = 0; i < count; i++) {
        rows[i * 3] = keel_int((int64_t)i);
        rows[i * 3 + 1] = i % 3 == 0 ? keel_null() : keel_cstr(i % 2 ? "odd" : "");
        rows[i * 3 + 2] = keel_bytes(body);
    }
    return rows;
}

struct seen {
    size_t count;
    size_t last;
    size_t stop_at;
};

static int see(void *context, size_t index, const struct keel_row *row, struct keel_error *err)
{
    struct seen *seen = context;
    assert_int_equal(keel_row_int(row, 0) % 1000000, index);
    assert_int_equal(keel_row_int(row, 2), index);
    assert_int_equal(keel_row_is_null(row, 1), index % 3 == 0);
    assert_true(seen->count == 0 || index >= seen->last);
    seen->last = index;
    if (++seen->count == seen->stop_at)
        return keel_error_set(err, KEEL_CONFLICT, "seen enough");
    return 0;
}

static void thousands_of_rows(void **state)
{
    struct testdb *t = with_table(state);
    const size_t count = 20000;
    struct keel_value *rows = make_rows(count, keel_slice("\0\1\2", 3));
    int64_t changed;
    assert_ok(keel_db_batch(t->db, &insert, rows, 0, &changed, &t->err), &t->err);
    assert_int_equal(changed, 0);
    assert_ok(keel_db_begin(t->db, KEEL_TX_WRITE, &t->err), &t->err);
    assert_ok(keel_db_batch(t->db, &insert, rows, 10, &changed, &t->err), &t->err);
    assert_int_equal(changed, 10);
    assert_ok(keel_db_batch(t->db, &insert, rows, count, &changed, &t->err), &t->err);
    assert_int_equal(changed, count - 10);
    assert_ok(keel_db_commit(t->db, &t->err), &t->err);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM t"), count);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM t WHERE name IS NULL"), (count + 2) / 3);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM t WHERE name = ''"), 6666);
    assert_int_equal(testdb_int(t, "SELECT sum(length(body)) FROM t"), 3 * count);

    struct keel_value *keys = calloc(count + 5, sizeof *keys);
    for (size_t i = 0; i < count + 5; i++)
        keys[i] = keel_int((int64_t)i);
    struct seen seen = {0};
    assert_ok(keel_db_batch_each(t->db, &look_up, keys, count + 5, see, &seen, &t->err), &t->err);
    assert_int_equal(seen.count, count); /* the last five have no row */
    testdb_sql(t, "INSERT INTO t (id, name) SELECT id + 1000000, name FROM t WHERE id < 100", NULL);
    seen = (struct seen){0};
    assert_ok(keel_db_batch_each(t->db, &look_up, keys, 200, see, &seen, &t->err), &t->err);
    assert_int_equal(seen.count, 300);
    seen = (struct seen){.stop_at = 7};
    assert_error(keel_db_batch_each(t->db, &look_up, keys, 200, see, &seen, &t->err), KEEL_CONFLICT,
                 &t->err, "seen enough");
    assert_int_equal(testdb_int(t, "SELECT 7"), 7);
    free(keys);
    free(rows);
}

/* More bytes than one statement takes, and single rows larger than that. */
static void over_the_chunk_limit(void **state)
{
    struct testdb *t = with_table(state);
    const size_t size = 700000, count = 50;
    char *body = malloc(size * 20);
    memset(body, 'b', size * 20);
    struct keel_value *rows = make_rows(count, keel_slice(body, size));
    rows[7 * 3 + 2] = keel_bytes(keel_slice(body, size * 20));
    int64_t changed;
    assert_ok(keel_db_batch(t->db, &insert, rows, count, &changed, &t->err), &t->err);
    assert_int_equal(changed, count);
    assert_int_equal(testdb_int(t, "SELECT sum(length(body)) FROM t"), (count + 19) * size);
    free(rows);
    free(body);
}

static void faults_name_the_row(void **state)
{
    struct testdb *t = with_table(state);
    struct keel_value *rows = make_rows(10, keel_slice("x", 1));
    rows[4 * 3 + 1] = keel_text(keel_slice("a\0b", 3));
    assert_ok(keel_db_begin(t->db, KEEL_TX_WRITE, &t->err), &t->err);
    int rc = keel_db_batch(t->db, &insert, rows, 10, NULL, &t->err);
    assert_error(rc, KEEL_INVALID, &t->err, "row 5: parameter $2");
    keel_db_rollback(t->db);
    struct keel_query undeclared = insert;
    undeclared.params = NULL;
    assert_error(keel_db_batch(t->db, &undeclared, rows, 1, NULL, &t->err), KEEL_INVALID, &t->err,
                 "declared");
    struct keel_query plain = look_up;
    plain.returns = NULL;
    assert_error(keel_db_batch_each(t->db, &plain, rows, 1, see, NULL, &t->err), KEEL_INVALID,
                 &t->err, "declared");
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM t"), 0);
    free(rows);
}

static void constraint_in_the_middle(void **state)
{
    struct testdb *t = with_table(state);
    struct keel_query strict = insert;
    strict.sqlite = "INSERT INTO t (id, name, body) VALUES ($1, $2, $3)";
    strict.postgres =
        "INSERT INTO t (id, name, body) SELECT * FROM unnest($1::int8[], $2::text[], $3::bytea[])";
    struct keel_value *rows = make_rows(10, keel_slice("x", 1));
    rows[9 * 3] = keel_int(3);
    assert_ok(keel_db_begin(t->db, KEEL_TX_WRITE, &t->err), &t->err);
    assert_error(keel_db_batch(t->db, &strict, rows, 10, NULL, &t->err), KEEL_CONSTRAINT, &t->err,
                 NULL);
    assert_string_equal(t->err.statement, "batch_insert");
    keel_db_rollback(t->db);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM t"), 0);
    free(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(thousands_of_rows),
        testdb_test(over_the_chunk_limit),
        testdb_test(faults_name_the_row),
        testdb_test(constraint_in_the_middle),
    };
    return testdb_run(tests);
}
