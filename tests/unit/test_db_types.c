#include "testdb.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void with_table(struct testdb *t)
{
    testdb_sql(
        t,
        "CREATE TABLE v (n INTEGER PRIMARY KEY, c_bool INTEGER, c_int INTEGER, c_double REAL, "
        "c_text TEXT, c_bytes BLOB, c_uuid BLOB, c_time INTEGER, c_money INTEGER, c_json TEXT) "
        "STRICT",
        "CREATE TABLE v (n bigint PRIMARY KEY, c_bool boolean, c_int bigint, "
        "c_double double precision, c_text text, c_bytes bytea, c_uuid uuid, "
        "c_time timestamptz, c_money numeric(20,9), c_json jsonb)");
}

static const char *const columns[] = {
    [KEEL_BOOL] = "c_bool", [KEEL_INT] = "c_int",     [KEEL_DOUBLE] = "c_double",
    [KEEL_TEXT] = "c_text", [KEEL_BYTES] = "c_bytes", [KEEL_UUID] = "c_uuid",
    [KEEL_TIME] = "c_time", [KEEL_MONEY] = "c_money", [KEEL_JSON] = "c_json",
};

static void assert_bytes(struct keel_slice got, struct keel_slice expected)
{
    assert_non_null(got.data);
    assert_int_equal(got.size, expected.size);
    assert_memory_equal(got.data, expected.data, expected.size);
}

/* Through the accessor of the type, whatever type the cell has. */
static void assert_reads(const struct keel_row *row, size_t i, const struct keel_value *v)
{
    struct keel_uuid uuid;
    double real;
    assert_false(keel_row_is_null(row, i));
    switch (v->type) {
    case KEEL_BOOL:
        assert_int_equal(keel_row_bool(row, i), v->as.integer);
        break;
    case KEEL_INT:
        assert_int_equal(keel_row_int(row, i), v->as.integer);
        break;
    case KEEL_DOUBLE:
        real = keel_row_double(row, i);
        assert_memory_equal(&real, &v->as.real, sizeof real);
        break;
    case KEEL_TEXT:
    case KEEL_JSON:
        assert_bytes(keel_row_text(row, i), v->as.bytes);
        break;
    case KEEL_BYTES:
        assert_bytes(keel_row_bytes(row, i), v->as.bytes);
        break;
    case KEEL_UUID:
        uuid = keel_row_uuid(row, i);
        assert_memory_equal(&uuid, &v->as.uuid, sizeof uuid);
        break;
    case KEEL_TIME:
        assert_int_equal(keel_row_time(row, i), v->as.integer);
        break;
    case KEEL_MONEY:
        assert_int_equal(keel_row_money(row, i), v->as.integer);
        break;
    case KEEL_NULL:
        fail();
    }
}

static int check_each(void *context, const struct keel_row *row, struct keel_error *err)
{
    (void)err;
    const struct keel_value *v = context;
    assert_int_equal(keel_row_type(row, 1), v->type);
    assert_reads(row, 1, v);
    return 0;
}

static int check_batch(void *context, size_t index, const struct keel_row *row,
                       struct keel_error *err)
{
    assert_int_equal(index, 1);
    return check_each(context, row, err);
}

/* In and out on every path: exec, one with declared and with undeclared columns, each, batch,
 * batch_each. */
static void round_trip(struct testdb *t, struct keel_value v)
{
    static int64_t n;
    char insert[200], batch[300], select[200], look[400];
    const char *column = columns[v.type];
    static const char *const arrays[] = {
        [KEEL_BOOL] = "bool",        [KEEL_INT] = "int8",      [KEEL_DOUBLE] = "float8",
        [KEEL_TEXT] = "text",        [KEEL_BYTES] = "bytea",   [KEEL_UUID] = "uuid",
        [KEEL_TIME] = "timestamptz", [KEEL_MONEY] = "numeric", [KEEL_JSON] = "jsonb"};
    enum keel_type params[] = {KEEL_INT, v.type}, returns[] = {KEEL_INT, v.type, KEEL_INT};
    struct keel_query query = {.name = "round_trip",
                               .sqlite = insert,
                               .postgres = insert,
                               .params = params,
                               .param_count = 2};
    const struct keel_row *row;
    snprintf(insert, sizeof insert, "INSERT INTO v (n, %s) VALUES ($1, $2)", column);
    n++;
    assert_ok(keel_db_exec(t->db, &query, KEEL_PARAMS(keel_int(n), v), NULL, &t->err), &t->err);

    snprintf(batch, sizeof batch,
             "INSERT INTO v (n, %s) SELECT * FROM unnest($1::int8[], $2::%s[])", column,
             arrays[v.type]);
    query.postgres = batch;
    struct keel_value rows[] = {keel_int(n + 1), v, keel_int(n + 2), keel_null()};
    int64_t changed;
    assert_ok(keel_db_batch(t->db, &query, rows, 2, &changed, &t->err), &t->err);
    assert_int_equal(changed, 2);

    snprintf(select, sizeof select, "SELECT n, %s FROM v WHERE n = $1", column);
    query = (struct keel_query){.name = "round_trip",
                                .sqlite = select,
                                .postgres = select,
                                .params = params,
                                .param_count = 1,
                                .returns = returns,
                                .return_count = 2};
    for (int64_t at = n; at < n + 2; at++) {
        assert_ok(keel_db_one(t->db, &query, KEEL_PARAMS(keel_int(at)), &row, &t->err), &t->err);
        assert_int_equal(keel_row_type(row, 1), v.type);
        assert_reads(row, 1, &v);
        assert_ok(keel_db_each(t->db, &query, KEEL_PARAMS(keel_int(at)), check_each, &v, &t->err),
                  &t->err);
    }
    assert_ok(keel_db_one(t->db, &query, KEEL_PARAMS(keel_int(n + 2)), &row, &t->err), &t->err);
    assert_true(keel_row_is_null(row, 1));
    assert_int_equal(keel_row_type(row, 1), KEEL_NULL);
    query.returns = NULL;
    assert_ok(keel_db_one(t->db, &query, KEEL_PARAMS(keel_int(n)), &row, &t->err), &t->err);
    assert_reads(row, 1, &v);
    if (t->dialect == KEEL_POSTGRES)
        assert_int_equal(keel_row_type(row, 1), v.type);

    snprintf(insert, sizeof insert, "SELECT n, %s, 0 FROM v WHERE n = $1", column);
    snprintf(
        look, sizeof look,
        "SELECT v.n, v.%s, k.ordinal FROM unnest($1::int8[]) WITH ORDINALITY AS k (n, ordinal) "
        "JOIN v ON v.n = k.n",
        column);
    query.sqlite = insert;
    query.postgres = look;
    query.returns = returns;
    query.return_count = 3;
    struct keel_value keys[] = {keel_int(-1), keel_int(n)};
    assert_ok(keel_db_batch_each(t->db, &query, keys, 2, check_batch, &v, &t->err), &t->err);
    n += 2;
}

static void every_type(void **state)
{
    struct testdb *t = *state;
    with_table(t);
    round_trip(t, keel_bool(true));
    round_trip(t, keel_bool(false));
    const int64_t ints[] = {0, 1, -1, INT32_MAX, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++)
        round_trip(t, keel_int(ints[i]));
    const double doubles[] = {
        0.0, 0.1, -1.5, DBL_MAX, DBL_MIN, 5e-324, 1e15, (double)INFINITY, -(double)INFINITY};
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++)
        round_trip(t, keel_double(doubles[i]));
    round_trip(t, keel_cstr(""));
    round_trip(t,
               keel_cstr("'; DROP TABLE v; -- \\ \" $1 \n\t gr\xC3\xBC\xC3\x9F \xF0\x9F\x9A\xA2"));
    round_trip(t, keel_bytes(keel_slice("", 0)));
    round_trip(t, keel_bytes(keel_slice("\0\1\xff\0", 4)));
    round_trip(t, keel_json(keel_slice_of("{\"a\": [1, 2.5, null, \"x\"]}")));
    round_trip(t, keel_json(keel_slice_of("[]")));
    round_trip(t, keel_json(keel_slice_of("\"text\"")));
    round_trip(t, keel_uuid_value(keel_uuid_new()));
    round_trip(t, keel_uuid_value((struct keel_uuid){{0}}));
}

static void times(void **state)
{
    struct testdb *t = *state;
    with_table(t);
    const int64_t at[] = {0,
                          1,
                          -1,
                          -62135596800000000,
                          253402300799999999,
                          946684800000000,
                          946684799999999,
                          1795342830123456};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        round_trip(t, keel_time(at[i]));
}

static void times_out_of_range(void **state)
{
    struct testdb *t = *state;
    with_table(t);
    const enum keel_type type = KEEL_TIME;
    struct keel_query insert = {.name = "insert_time",
                                .sqlite = "INSERT INTO v (n, c_time) VALUES (1, $1)",
                                .postgres = "INSERT INTO v (n, c_time) VALUES (1, $1)",
                                .params = &type,
                                .param_count = 1};
    int rc = keel_db_exec(t->db, &insert, KEEL_PARAMS(keel_time(INT64_MIN)), NULL, &t->err);
    if (t->dialect == KEEL_POSTGRES) {
        assert_error(rc, KEEL_INVALID, &t->err, "out of range");
        assert_string_equal(t->err.sqlstate, "22008");
    }
    testdb_sql(t, "DELETE FROM v", NULL);
    assert_ok(keel_db_exec(t->db, &insert, KEEL_PARAMS(keel_time(INT64_MAX)), NULL, &t->err),
              &t->err);
    const struct keel_query select = {.name = "select_time",
                                      .sqlite = "SELECT c_time FROM v",
                                      .postgres = "SELECT c_time FROM v",
                                      .returns = &type,
                                      .return_count = 1};
    const struct keel_row *row;
    assert_ok(keel_db_one(t->db, &select, KEEL_NO_PARAMS, &row, &t->err), &t->err);
    assert_int_equal(keel_row_time(row, 0), INT64_MAX);
}

static void money(void **state)
{
    struct testdb *t = *state;
    with_table(t);
    int64_t nusd = 1;
    round_trip(t, keel_money(0));
    for (int digits = 1; digits < 19; digits++, nusd *= 10) {
        round_trip(t, keel_money(nusd));
        round_trip(t, keel_money(-nusd));
        round_trip(t, keel_money(nusd * 9 + 7));
    }
    round_trip(t, keel_money(INT64_MAX));
    round_trip(t, keel_money(INT64_MIN));
    round_trip(t, keel_money(123456789012345678));
    srandom(7);
    for (int i = 0; i < 50; i++)
        round_trip(t, keel_money((int64_t)((uint64_t)random() << 33 ^ (uint64_t)random() << 10) >>
                                 random() % 60));
}

static void large_values(void **state)
{
    struct testdb *t = *state;
    with_table(t);
    const size_t size = 20 << 20;
    char *text = malloc(size);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + i % 23);
    round_trip(t, keel_text(keel_slice(text, size)));
    for (size_t i = 0; i < size; i++)
        text[i] = (char)(i * 7 >> 3);
    round_trip(t, keel_bytes(keel_slice(text, size)));
    free(text);
}

/* What the server computes may have more digits than money has, or none that fit. */
static void computed_numbers(void **state)
{
    struct testdb *t = *state;
    if (t->dialect != KEEL_POSTGRES)
        return;
    static const enum keel_type returns[] = {KEEL_MONEY, KEEL_INT,   KEEL_DOUBLE, KEEL_MONEY,
                                             KEEL_MONEY, KEEL_INT,   KEEL_TEXT,   KEEL_TEXT,
                                             KEEL_MONEY, KEEL_MONEY, KEEL_TEXT};
    const struct keel_query query = {
        .name = "computed",
        .postgres =
            "SELECT 1::numeric / 3, sum(n), 2::numeric / 3, 0.0000000005::numeric, "
            "-0.00000000049999999999::numeric, 1.5::numeric, 12345678901234567890.0120::numeric, "
            "0.00001230::numeric, 99999999999999999999::numeric, 'NaN'::numeric, "
            "-100000000::numeric "
            "FROM generate_series(1, 4000000000, 1000000000) AS n",
        .returns = returns,
        .return_count = 11,
    };
    const struct keel_row *row;
    assert_ok(keel_db_one(t->db, &query, KEEL_NO_PARAMS, &row, &t->err), &t->err);
    assert_int_equal(keel_row_money(row, 0), 333333333);
    assert_int_equal(keel_row_int(row, 1), 6000000004);
    assert_true(keel_row_double(row, 2) == 2.0 / 3);
    assert_int_equal(keel_row_money(row, 3), 1);
    assert_int_equal(keel_row_money(row, 4), 0);
    assert_int_equal(keel_row_type(row, 5), KEEL_TEXT);
    assert_int_equal(keel_row_int(row, 5), 0);
    assert_bytes(keel_row_text(row, 5), keel_slice_of("1.5"));
    assert_bytes(keel_row_text(row, 6), keel_slice_of("12345678901234567890.0120"));
    assert_bytes(keel_row_text(row, 7), keel_slice_of("0.00001230"));
    assert_int_equal(keel_row_type(row, 8), KEEL_TEXT);
    assert_bytes(keel_row_text(row, 8), keel_slice_of("99999999999999999999"));
    assert_bytes(keel_row_text(row, 9), keel_slice_of("NaN"));
    assert_bytes(keel_row_text(row, 10), keel_slice_of("-100000000"));
}

/* Types that only the server can turn into text are read so where no columns are declared. */
static void foreign_types(void **state)
{
    struct testdb *t = *state;
    if (t->dialect != KEEL_POSTGRES)
        return;
    struct keel_query query = {
        .name = "foreign_types",
        .postgres = "SELECT inet '10.0.0.1', ARRAY[1,2], interval '1 day', date '2020-01-02', "
                    "1.50::numeric, "
                    "7::smallint, 8::int4, 1.5::float4, 'a'::name, '{\"b\":1}'::json, 9::oid, "
                    "timestamptz '2020-01-02 03:04:05+01', timestamptz 'infinity'",
    };
    const struct keel_row *row;
    assert_ok(keel_db_one(t->db, &query, KEEL_NO_PARAMS, &row, &t->err), &t->err);
    const char *const texts[] = {"10.0.0.1", "{1,2}", "P1D", "2020-01-02", "1.50"};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(keel_row_type(row, i), KEEL_TEXT);
        assert_bytes(keel_row_text(row, i), keel_slice_of(texts[i]));
    }
    assert_int_equal(keel_row_int(row, 5), 7);
    assert_int_equal(keel_row_int(row, 6), 8);
    assert_true(keel_row_double(row, 7) == 1.5);
    assert_bytes(keel_row_text(row, 8), keel_slice_of("a"));
    assert_int_equal(keel_row_type(row, 9), KEEL_JSON);
    assert_int_equal(keel_row_int(row, 10), 9);
    assert_int_equal(keel_row_time(row, 11), 1577930645000000);
    assert_bytes(keel_row_text(row, 12), keel_slice_of("infinity"));
    const enum keel_type declared[] = {KEEL_TEXT};
    query = (struct keel_query){.name = "inet",
                                .postgres = "SELECT inet '10.0.0.1' AS host",
                                .returns = declared,
                                .return_count = 1};
    assert_error(keel_db_one(t->db, &query, KEEL_NO_PARAMS, &row, &t->err), KEEL_UNSUPPORTED,
                 &t->err, "column 1 (host)");
}

/* A value is converted where that is exact, and reads as NULL does where it is not. */
static void conversions(void **state)
{
    struct testdb *t = *state;
    const char *sql = "SELECT '42', '-0.000000001', '2026-11-22T10:20:30Z', "
                      "'017F22E2-79B0-7CC3-98C4-DC0C0C07398F', "
                      "'nonsense', 42, 1.5, NULL, 2.0, '9223372036854775808'";
    const struct keel_query query = {.name = "conversions", .sqlite = sql, .postgres = sql};
    const struct keel_row *row;
    assert_ok(keel_db_one(t->db, &query, KEEL_NO_PARAMS, &row, &t->err), &t->err);
    assert_int_equal(keel_row_int(row, 0), 42);
    assert_true(keel_row_double(row, 0) == 42);
    assert_int_equal(keel_row_money(row, 1), -1);
    assert_int_equal(keel_row_time(row, 2), 1795342830000000);
    assert_int_equal(keel_uuid_time_ms(keel_row_uuid(row, 3)), 1645557742000);
    assert_int_equal(keel_row_int(row, 4), 0);
    assert_int_equal(keel_row_time(row, 4), 0);
    assert_int_equal(keel_row_money(row, 4), 0);
    assert_int_equal(keel_uuid_time_ms(keel_row_uuid(row, 4)), 0);
    assert_bytes(keel_row_text(row, 5), keel_slice_of("42"));
    assert_true(keel_row_double(row, 5) == 42);
    assert_bytes(keel_row_text(row, 6), keel_slice_of("1.5"));
    assert_int_equal(keel_row_int(row, 6), 0);
    assert_null(keel_row_text(row, 7).data);
    assert_null(keel_row_bytes(row, 7).data);
    assert_int_equal(keel_row_int(row, 7), 0);
    assert_int_equal(keel_row_int(row, 9), 0);
}

static void refused_parameters(void **state)
{
    struct testdb *t = *state;
    with_table(t);
    const enum keel_type types[] = {KEEL_INT, KEEL_TEXT};
    const char *sql = "INSERT INTO v (n, c_text) VALUES ($1, $2)";
    struct keel_query query = {
        .name = "refused", .sqlite = sql, .postgres = sql, .params = types, .param_count = 2};
    assert_error(keel_db_exec(t->db, &query,
                              KEEL_PARAMS(keel_int(1), keel_text(keel_slice("a\0b", 3))), NULL,
                              &t->err),
                 KEEL_INVALID, &t->err, "NUL byte");
    assert_error(
        keel_db_exec(t->db, &query, KEEL_PARAMS(keel_cstr("1"), keel_cstr("x")), NULL, &t->err),
        KEEL_INVALID, &t->err, "parameter $1 is text where int is declared");
    assert_error(keel_db_exec(t->db, &query, KEEL_PARAMS(keel_int(1)), NULL, &t->err), KEEL_INVALID,
                 &t->err, "takes 2 parameters, got 1");
    query.params = NULL;
    assert_error(keel_db_exec(t->db, &query, KEEL_PARAMS(keel_int(1)), NULL, &t->err), KEEL_INVALID,
                 &t->err, NULL);
    assert_error(keel_db_exec(t->db, &query, KEEL_PARAMS(keel_int(1), keel_double((double)NAN)),
                              NULL, &t->err),
                 KEEL_INVALID, &t->err, "NaN");
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM v"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(every_type),    testdb_test(times),        testdb_test(times_out_of_range),
        testdb_test(money),         testdb_test(large_values), testdb_test(computed_numbers),
        testdb_test(foreign_types), testdb_test(conversions),  testdb_test(refused_parameters),
    };
    return testdb_run(tests);
}
