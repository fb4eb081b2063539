/*
 * bench/db_batch.c - what keel_db_batch costs against the loop one would write by hand.
 *
 *     db_batch [URL [ROWS]]       default: a new SQLite file in $TMPDIR, 300,000 rows
 *
 * The same rows go into the same table, in transactions of 1,000 and 10,000 rows: by hand (SQLite:
 * bind, step, reset; PostgreSQL: PQexecPrepared with binary arrays built in place) and through
 * keel. Each pair runs five times in turn; what is printed is the median of each and of their
 * ratios.
 */
#include <keel/db.h>

#include <endian.h>
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { COLUMNS = 8, ROUNDS = 5 };

static const enum keel_type types[COLUMNS] = {KEEL_UUID, KEEL_INT,  KEEL_INT, KEEL_TEXT,
                                              KEEL_TEXT, KEEL_TIME, KEEL_INT, KEEL_TEXT};
static const struct keel_query insert = {
    .name = "bench_insert",
    .sqlite =
        "INSERT INTO bench_events VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
    .postgres =
        "INSERT INTO bench_events SELECT * FROM unnest($1::uuid[], $2::int8[], $3::int8[], "
        "$4::text[], $5::text[], $6::timestamptz[], $7::int8[], $8::text[]) ON CONFLICT DO NOTHING",
    .params = types,
    .param_count = COLUMNS,
};

static _Noreturn void die(const char *what, const char *message)
{
    fprintf(stderr, "db_batch: %s: %s\n", what, message);
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct keel_value *make_rows(size_t count)
{
    static char attributes[200];
    struct keel_value *rows = calloc(count * COLUMNS, sizeof *rows);
    struct keel_uuid run = keel_uuid_new();
    memset(attributes, 'a', sizeof attributes);
    for (size_t i = 0; rows && i < count; i++) {
        struct keel_value *row = rows + i * COLUMNS;
        if (i % 200 == 0)
            run = keel_uuid_new();
        row[0] = keel_uuid_value(run);
        row[1] = keel_int((int64_t)(i % 200));
        row[2] = i % 200 ? keel_int((int64_t)(i % 200 / 2)) : keel_null();
        row[3] = keel_cstr("llm");
        row[4] = keel_cstr("chat gpt-4o-mini");
        row[5] = keel_time(1795342830000000 + (int64_t)i);
        row[6] = keel_int((int64_t)i * 17 % 1000000);
        row[7] = keel_text(keel_slice(attributes, 50 + i % 150));
    }
    return rows;
}

static void sql(struct keel_db *db, const char *text)
{
    struct keel_error err;
    if (keel_db_run(db, keel_slice_of(text), &err))
        die(text, err.message);
}

static void fresh_table(struct keel_db *db)
{
    bool sqlite = keel_db_dialect(db) == KEEL_SQLITE;
    sql(db, "DROP TABLE IF EXISTS bench_events");
    sql(db,
        sqlite
            ? "CREATE TABLE bench_events (run_id BLOB, sequence INTEGER, parent INTEGER, kind "
              "TEXT, "
              "name TEXT, started_at INTEGER, duration_us INTEGER, attributes TEXT, "
              "PRIMARY KEY (run_id, sequence)) WITHOUT ROWID"
            : "CREATE TABLE bench_events (run_id uuid, sequence bigint, parent bigint, kind text, "
              "name text, started_at timestamptz, duration_us bigint, attributes text, "
              "PRIMARY KEY (run_id, sequence))");
    sql(db, "CREATE INDEX bench_started ON bench_events (started_at)");
}

static double keel_batch(struct keel_db *db, const struct keel_value *rows, size_t count,
                         size_t per)
{
    struct keel_error err;
    double start = now();
    for (size_t at = 0; at < count; at += per) {
        if (keel_db_begin(db, KEEL_TX_WRITE, &err) ||
            keel_db_batch(db, &insert, rows + at * COLUMNS, count - at < per ? count - at : per,
                          NULL, &err) ||
            keel_db_commit(db, &err))
            die("keel_db_batch", err.message);
    }
    return now() - start;
}

static void step_row(sqlite3_stmt *stmt, const struct keel_value *row)
{
    sqlite3_bind_blob(stmt, 1, row[0].as.uuid.bytes, 16, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, row[1].as.integer);
    if (row[2].type == KEEL_NULL)
        sqlite3_bind_null(stmt, 3);
    else
        sqlite3_bind_int64(stmt, 3, row[2].as.integer);
    sqlite3_bind_text(stmt, 4, row[3].as.bytes.data, (int)row[3].as.bytes.size, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 5, row[4].as.bytes.data, (int)row[4].as.bytes.size, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 6, row[5].as.integer);
    sqlite3_bind_int64(stmt, 7, row[6].as.integer);
    sqlite3_bind_text(stmt, 8, row[7].as.bytes.data, (int)row[7].as.bytes.size, SQLITE_STATIC);
    if (sqlite3_step(stmt) != SQLITE_DONE)
        die("sqlite3_step", sqlite3_errmsg(sqlite3_db_handle(stmt)));
    sqlite3_reset(stmt);
}

static double sqlite_by_hand(const char *path, const struct keel_value *rows, size_t count,
                             size_t per)
{
    sqlite3 *handle;
    sqlite3_stmt *stmt;
    if (sqlite3_open(path, &handle) != SQLITE_OK ||
        sqlite3_exec(handle,
                     "PRAGMA synchronous=FULL; PRAGMA cache_size=-32768; PRAGMA foreign_keys=ON",
                     NULL, NULL, NULL) ||
        sqlite3_prepare_v2(handle, insert.sqlite, -1, &stmt, NULL))
        die(path, sqlite3_errmsg(handle));
    double start = now();
    for (size_t at = 0; at < count; at += per) {
        sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        for (size_t i = at; i < count && i < at + per; i++)
            step_row(stmt, rows + i * COLUMNS);
        if (sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
            die("COMMIT", sqlite3_errmsg(handle));
    }
    double seconds = now() - start;
    sqlite3_finalize(stmt);
    sqlite3_close(handle);
    return seconds;
}

static char *put(char *at, uint32_t value)
{
    value = htobe32(value);
    memcpy(at, &value, 4);
    return at + 4;
}

static char *put_value(char *at, const struct keel_value *v)
{
    uint64_t number;
    switch (v->type) {
    case KEEL_NULL:
        return put(at, UINT32_MAX);
    case KEEL_UUID:
        at = put(at, 16);
        memcpy(at, v->as.uuid.bytes, 16);
        return at + 16;
    case KEEL_TEXT:
        at = put(at, (uint32_t)v->as.bytes.size);
        memcpy(at, v->as.bytes.data, v->as.bytes.size);
        return at + v->as.bytes.size;
    default:
        number = htobe64(
            (uint64_t)(v->type == KEEL_TIME ? v->as.integer - 946684800000000 : v->as.integer));
        at = put(at, 8);
        memcpy(at, &number, 8);
        return at + 8;
    }
}

static void send_rows(PGconn *conn, const struct keel_value *rows, size_t count,
                      char *buffers[COLUMNS])
{
    static const Oid elements[COLUMNS] = {2950, 20, 20, 25, 25, 1184, 20, 25};
    static const int formats[COLUMNS] = {1, 1, 1, 1, 1, 1, 1, 1};
    int lengths[COLUMNS];
    for (size_t c = 0; c < COLUMNS; c++) {
        char *at = put(buffers[c], 1);
        at = put(put(at, c == 2), elements[c]);
        at = put(put(at, (uint32_t)count), 1);
        for (size_t i = 0; i < count; i++)
            at = put_value(at, &rows[i * COLUMNS + c]);
        lengths[c] = (int)(at - buffers[c]);
    }
    PGresult *result =
        PQexecPrepared(conn, "bench", COLUMNS, (const char *const *)buffers, lengths, formats, 1);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        die("unnest", PQerrorMessage(conn));
    PQclear(result);
}

static double postgres_by_hand(const char *url, const struct keel_value *rows, size_t count,
                               size_t per)
{
    static const Oid arrays[COLUMNS] = {2951, 1016, 1016, 1009, 1009, 1185, 1016, 1009};
    char *buffers[COLUMNS];
    PGconn *conn = PQconnectdb(url);
    if (PQstatus(conn) != CONNECTION_OK)
        die(url, PQerrorMessage(conn));
    PQclear(PQexec(conn, "SET TimeZone = 'UTC'"));
    PQclear(PQprepare(conn, "bench", insert.postgres, COLUMNS, arrays));
    for (size_t c = 0; c < COLUMNS; c++)
        buffers[c] = malloc(per * 256 + 64);
    double start = now();
    for (size_t at = 0; at < count; at += per) {
        PQclear(PQexec(conn, "BEGIN"));
        send_rows(conn, rows + at * COLUMNS, count - at < per ? count - at : per, buffers);
        PQclear(PQexec(conn, "COMMIT"));
    }
    double seconds = now() - start;
    for (size_t c = 0; c < COLUMNS; c++)
        free(buffers[c]);
    PQfinish(conn);
    return seconds;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double median(const double *values)
{
    double sorted[ROUNDS];
    memcpy(sorted, values, sizeof sorted);
    qsort(sorted, ROUNDS, sizeof *sorted, compare);
    return sorted[ROUNDS / 2];
}

static void compare_at(struct keel_db *db, const char *url, const struct keel_value *rows,
                       size_t count, size_t per)
{
    double hand[ROUNDS], keel[ROUNDS], ratio[ROUNDS];
    bool sqlite = keel_db_dialect(db) == KEEL_SQLITE;
    for (int i = 0; i < ROUNDS; i++) {
        fresh_table(db);
        hand[i] = (double)count / (sqlite ? sqlite_by_hand(url, rows, count, per)
                                          : postgres_by_hand(url, rows, count, per));
        fresh_table(db);
        keel[i] = (double)count / keel_batch(db, rows, count, per);
        ratio[i] = keel[i] / hand[i];
    }
    printf(
        "%-22s %6zu rows a transaction   by hand %9.0f rows/s   keel %9.0f rows/s   ratio %.2f\n",
        keel_db_server_version(db), per, median(hand), median(keel), median(ratio));
}

int main(int argc, char **argv)
{
    char path[300];
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/keel-bench-%d.db", folder ? folder : "/tmp", (int)getpid());
    const char *url = argc > 1 ? argv[1] : path;
    size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : 300000;
    struct keel_error err;
    struct keel_db *db;
    if (keel_db_open(&db, url, NULL, &err))
        die(url, err.message);
    struct keel_value *rows = make_rows(count);
    if (!rows)
        die("rows", "out of memory");
    compare_at(db, url, rows, count, 1000);
    compare_at(db, url, rows, count, 10000);
    sql(db, "DROP TABLE bench_events");
    keel_db_close(db);
    free(rows);
    if (argc <= 1) {
        char side[320];
        unlink(path);
        snprintf(side, sizeof side, "%s-wal", path);
        unlink(side);
        snprintf(side, sizeof side, "%s-shm", path);
        unlink(side);
    }
    return 0;
}
