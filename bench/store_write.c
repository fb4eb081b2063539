/*
 * bench/store_write.c - what writing records through the store costs against the bare rows.
 *
 *     store_write [URL [RECORDS]]      default: a new SQLite file in $TMPDIR, 100,000 records
 *
 * Records (traces of 20 spans, every fourth a model call with its messages) are written in portions
 * of 1,000 by keel_store_write, and from 4 threads through keel_queue_write. Then the rows that
 * came of it are read back and put into an empty store of the same schema, with all its indexes,
 * keys and checks, one transaction for each portion: by prepared INSERTs on SQLite, by binary COPY
 * on PostgreSQL. Rows are those of all tables; ratio is the store's speed over the bare rows', once
 * by the clock and once by the processor time of this process, which a busy machine disturbs less.
 */
#include <keel/store.h>

#include <libpq-fe.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { PER_TRACE = 20, PORTION = 1000, THREADS = 4, SUBMIT = 200 };

static _Noreturn void die(const char *what, const char *message)
{
    fprintf(stderr, "store_write: %s: %s\n", what, message);
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Wall clock and processor time of this process (a server's is not in it). */
struct took {
    double wall, cpu;
};

static struct took begin(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (struct took){now(), (double)t.tv_sec + (double)t.tv_nsec / 1e9};
}

static struct took since(struct took start)
{
    struct took end = begin();
    return (struct took){end.wall - start.wall, end.cpu - start.cpu};
}

/* ---- records --------------------------------------------------------------------------------- */

struct span {
    char key[17], parent[17], attributes[512], texts[4][600];
    struct keel_message messages[4];
    struct keel_llm_record llm;
};

static struct keel_slice filler(char *out, size_t size, unsigned seed, const char *start)
{
    static const char *const words[] = {"the ",    "model ", "answers ", "with ",  "a ",
                                        "number ", "of ",    "tokens ",  "while ", "tools "};
    size_t used = (size_t)snprintf(out, size, "%s %u ", start, seed);
    for (unsigned i = seed; used + 10 < size; i = i * 1103515245 + 12345)
        used += (size_t)snprintf(out + used, size - used, "%s", words[(i >> 16) % 10]);
    return keel_slice(out, used);
}

static void make_call(struct span *span, struct keel_record *record, unsigned number)
{
    static const char *const roles[] = {"system", "user", "assistant", "assistant"};
    record->kind = KEEL_EVENT_LLM;
    for (unsigned i = 0; i < 4; i++) {
        unsigned seed = i == 0 ? 1 : number * 4 + i;
        span->messages[i].role = keel_slice_of(roles[i]);
        span->messages[i].content = filler(span->texts[i], 150 + seed * 7 % 400, seed, "message");
    }
    span->llm = (struct keel_llm_record){.provider = keel_slice_of("openai"),
                                         .operation = keel_slice_of("chat"),
                                         .request_model = keel_slice_of("gpt-4o"),
                                         .response_model = keel_slice_of("gpt-4o-2024-08-06"),
                                         .response_id = keel_slice_of("chatcmpl-1234567890"),
                                         .finish_reason = keel_slice_of("stop"),
                                         .input_tokens = 100 + number % 1000,
                                         .output_tokens = 50,
                                         .cache_read_tokens = -1,
                                         .cache_creation_tokens = -1,
                                         .reasoning_tokens = -1,
                                         .input_messages = span->messages,
                                         .input_message_count = 3,
                                         .output_messages = span->messages + 3,
                                         .output_message_count = 1};
    record->llm = &span->llm;
}

static struct span *spans; /* what the records borrow */

static struct keel_record *make_records(size_t count)
{
    struct keel_record *records = calloc(count, sizeof *records);
    spans = calloc(count, sizeof *spans);
    int64_t start = keel_time_now_us();
    if (!records || !spans)
        die("records", "out of memory");
    for (size_t i = 0; i < count; i++) {
        unsigned number = (unsigned)i, place = number % PER_TRACE, trace = number / PER_TRACE;
        struct span *span = &spans[i];
        struct keel_record *record = &records[i];
        *record = (struct keel_record){.project = keel_slice_of("bench"),
                                       .kind = place % 4 == 1 ? KEEL_EVENT_TOOL : KEEL_EVENT_SPAN,
                                       .name = keel_slice_of("step of the pipeline"),
                                       .status = KEEL_STATUS_OK,
                                       .is_span = true};
        snprintf(span->key, sizeof span->key, "%016x", number * 2654435761u + 1);
        record->event_key = keel_slice(span->key, 16);
        if (place) {
            memcpy(span->parent, spans[i - place + (place - 1) / 3].key, 17);
            record->parent_key = keel_slice(span->parent, 16);
        }
        memcpy(record->trace_id, &trace, sizeof trace);
        record->trace_id[8] = 1;
        record->start_ns = (start + (int64_t)i * 50) * 1000 + 123;
        record->end_ns = record->start_ns + 1000456;
        record->attributes =
            keel_slice(span->attributes,
                       (size_t)snprintf(
                           span->attributes, sizeof span->attributes,
                           "{\"http.method\":\"POST\",\"http.url\":\"https://example.com/api/%u\","
                           "\"thread.id\":%u,\"code.function\":\"run_the_step\",\"retry\":false}",
                           number, number % 17));
        if (record->kind == KEEL_EVENT_TOOL) {
            record->tool_name = keel_slice_of("search");
            record->input = keel_slice_of("{\"query\":\"something to look for\"}");
            record->output = filler(span->texts[0], 120 + number % 300, number, "found");
        }
        if (place % 4 == 3)
            make_call(span, record, number);
    }
    return records;
}

/* ---- through the store ----------------------------------------------------------------------- */

static struct took write_portions(struct keel_store *store, const struct keel_record *records,
                                  size_t count)
{
    struct keel_write_result result;
    struct keel_error err;
    struct took start = begin();
    for (size_t i = 0; i < count; i += PORTION) {
        size_t portion = count - i < PORTION ? count - i : PORTION;
        if (keel_store_write(store, records + i, portion, &result, &err))
            die("keel_store_write", err.message);
        if (result.inserted != (int64_t)portion)
            die("keel_store_write", result.message);
    }
    return since(start);
}

struct producer {
    struct keel_queue *queue;
    const struct keel_record *records;
    size_t count;
};

static void *produce(void *context)
{
    struct producer *p = context;
    struct keel_write_result result;
    struct keel_error err;
    for (size_t i = 0; i < p->count; i += SUBMIT)
        if (keel_queue_write(p->queue, p->records + i,
                             p->count - i < SUBMIT ? p->count - i : SUBMIT, &result, &err))
            die("keel_queue_write", err.message);
    return NULL;
}

static struct took write_queued(struct keel_store *store, const struct keel_record *records,
                                size_t count)
{
    pthread_t threads[4 * THREADS];
    struct producer producers[4 * THREADS];
    struct keel_queue *queue;
    struct keel_error err;
    if (keel_queue_open(&queue, store, NULL, &err))
        die("keel_queue_open", err.message);
    struct took start = begin();
    for (size_t i = 0; i < 4 * THREADS; i++) {
        size_t from = count / PER_TRACE * i / (4 * THREADS) * PER_TRACE;
        size_t until = count / PER_TRACE * (i + 1) / (4 * THREADS) * PER_TRACE;
        producers[i] = (struct producer){queue, records + from, until - from};
        pthread_create(&threads[i], NULL, produce, &producers[i]);
    }
    for (size_t i = 0; i < 4 * THREADS; i++)
        pthread_join(threads[i], NULL);
    struct took took = since(start);
    keel_queue_close(queue);
    return took;
}

static struct keel_store *open_store(const char *url)
{
    struct keel_store *store;
    struct keel_error err;
    if (keel_store_open(&store, url, NULL, &err))
        die(url, err.message);
    return store;
}

static void print_line(const char *what, size_t records, size_t rows, struct took took,
                       struct took bare)
{
    printf("  %-18s %8.0f records/s %8.0f rows/s  ratio %.2f  (%.2f s cpu, ratio %.2f)\n", what,
           (double)records / took.wall, (double)rows / took.wall, bare.wall / took.wall, took.cpu,
           bare.cpu / took.cpu);
}

/* In the order in which rows must be inserted. */
static const char *const tables[] = {"projects",       "models", "contents",
                                     "messages",       "runs",   "run_aliases",
                                     "run_status_log", "events", "llm_calls"};
enum { TABLES = sizeof tables / sizeof tables[0] };

/* ---- bare rows, SQLite ----------------------------------------------------------------------- */

struct cell {
    int type;
    union {
        sqlite3_int64 integer;
        struct {
            char *data;
            int size;
        } bytes;
    } as;
};

struct tape { /* rows of one table in one portion */
    struct cell *cells;
    size_t rows, columns;
};

static sqlite3 *open_sqlite(const char *path)
{
    sqlite3 *db;
    if (sqlite3_open(path, &db))
        die(path, sqlite3_errmsg(db));
    sqlite3_exec(
        db,
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
        "PRAGMA trusted_schema = OFF; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY",
        NULL, NULL, NULL);
    return db;
}

static struct tape read_tape(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt;
    size_t room = 0;
    struct tape tape = {0};
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL))
        die(sql, sqlite3_errmsg(db));
    tape.columns = (size_t)sqlite3_column_count(stmt);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        if (tape.rows == room) {
            room = room ? room * 2 : 64;
            tape.cells = realloc(tape.cells, room * tape.columns * sizeof *tape.cells);
            if (!tape.cells)
                die(sql, "out of memory");
            memset(tape.cells + tape.rows * tape.columns, 0,
                   (room - tape.rows) * tape.columns * sizeof *tape.cells);
        }
        for (int i = 0; i < (int)tape.columns; i++) {
            struct cell *cell = &tape.cells[tape.rows * tape.columns + (size_t)i];
            *cell = (struct cell){.type = sqlite3_column_type(stmt, i)};
            if (cell->type == SQLITE_INTEGER)
                cell->as.integer = sqlite3_column_int64(stmt, i);
            else if (cell->type != SQLITE_NULL) {
                cell->as.bytes.size = sqlite3_column_bytes(stmt, i);
                cell->as.bytes.data = malloc((size_t)cell->as.bytes.size + 1);
                memcpy(cell->as.bytes.data, sqlite3_column_blob(stmt, i),
                       (size_t)cell->as.bytes.size);
            }
        }
        tape.rows++;
    }
    sqlite3_finalize(stmt);
    return tape;
}

/* Portions are told apart by the time of their transaction; messages go with their contents. */
static struct tape *read_tapes(const char *path, size_t *portions)
{
    sqlite3 *db = open_sqlite(path);
    struct tape times = read_tape(db, "SELECT DISTINCT created_at FROM runs ORDER BY 1");
    if (times.rows == 0)
        die(path, "holds no runs");
    struct tape *tapes = calloc(times.rows * TABLES, sizeof *tapes);
    if (!tapes)
        die(path, "out of memory");
    for (size_t i = 0; i < times.rows; i++) {
        sqlite3_int64 time = times.cells[i].type == SQLITE_INTEGER ? times.cells[i].as.integer : 0;
        for (size_t k = 0; k < TABLES; k++) {
            static const char *const selects[TABLES] = {
                "SELECT * FROM projects WHERE created_at = %lld",
                "SELECT * FROM models WHERE created_at = %lld",
                "SELECT * FROM contents WHERE created_at = %lld ORDER BY rowid",
                "SELECT m.* FROM contents c JOIN messages m ON m.content_hash = c.hash WHERE "
                "c.created_at = %lld ORDER BY m.rowid",
                "SELECT * FROM runs WHERE created_at = %lld",
                "SELECT a.* FROM runs r JOIN run_aliases a ON a.run_id = r.id WHERE r.created_at "
                "= %lld ORDER BY a.id",
                "SELECT a.* FROM runs r JOIN run_status_log a ON a.run_id = r.id WHERE "
                "r.created_at = %lld ORDER BY a.run_id, a.sequence",
                "SELECT a.* FROM runs r JOIN events a ON a.run_id = r.id WHERE r.created_at = "
                "%lld ORDER BY a.run_id, a.sequence",
                "SELECT a.* FROM runs r JOIN llm_calls a ON a.run_id = r.id WHERE r.created_at = "
                "%lld ORDER BY a.run_id, a.sequence",
            };
            char *sql = sqlite3_mprintf(selects[k], time);
            tapes[i * TABLES + k] = read_tape(db, sql);
            sqlite3_free(sql);
        }
    }
    sqlite3_close(db);
    *portions = times.rows;
    return tapes;
}

static void play(sqlite3 *db, sqlite3_stmt *stmt, const struct tape *tape)
{
    for (size_t r = 0; r < tape->rows; r++) {
        for (int i = 0; i < (int)tape->columns; i++) {
            const struct cell *cell = &tape->cells[r * tape->columns + (size_t)i];
            if (cell->type == SQLITE_INTEGER)
                sqlite3_bind_int64(stmt, i + 1, cell->as.integer);
            else if (cell->type == SQLITE_TEXT)
                sqlite3_bind_text(stmt, i + 1, cell->as.bytes.data, cell->as.bytes.size,
                                  SQLITE_STATIC);
            else if (cell->type == SQLITE_BLOB)
                sqlite3_bind_blob(stmt, i + 1, cell->as.bytes.data, cell->as.bytes.size,
                                  SQLITE_STATIC);
            else
                sqlite3_bind_null(stmt, i + 1);
        }
        if (sqlite3_step(stmt) != SQLITE_DONE)
            die(sqlite3_sql(stmt), sqlite3_errmsg(db));
        sqlite3_reset(stmt);
    }
}

static struct took insert_bare(const char *path, const struct tape *tapes, size_t portions,
                               size_t *rows)
{
    sqlite3 *db = open_sqlite(path);
    sqlite3_stmt *stmts[TABLES];
    for (size_t k = 0; k < TABLES; k++) {
        char sql[400];
        size_t used = (size_t)snprintf(sql, sizeof sql, "INSERT INTO %s VALUES (?", tables[k]);
        for (size_t i = 1; i < tapes[k].columns; i++)
            used += (size_t)snprintf(sql + used, sizeof sql - used, ",?");
        snprintf(sql + used, sizeof sql - used, ")");
        if (sqlite3_prepare_v2(db, sql, -1, &stmts[k], NULL))
            die(sql, sqlite3_errmsg(db));
    }
    *rows = 0;
    struct took start = begin();
    for (size_t p = 0; p < portions; p++) {
        sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        for (size_t k = 0; k < TABLES; k++) {
            play(db, stmts[k], &tapes[p * TABLES + k]);
            *rows += tapes[p * TABLES + k].rows;
        }
        if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL))
            die("COMMIT", sqlite3_errmsg(db));
    }
    struct took took = since(start);
    for (size_t k = 0; k < TABLES; k++)
        sqlite3_finalize(stmts[k]);
    sqlite3_close(db);
    return took;
}

static void bench_sqlite(const struct keel_record *records, size_t count)
{
    char folder[200], paths[3][256], command[300];
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/keel-bench-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(folder))
        die(folder, "cannot be made");
    for (int i = 0; i < 3; i++)
        snprintf(paths[i], sizeof paths[i], "%s/%d.db", folder, i);
    struct keel_store *store = open_store(paths[0]);
    struct took direct = write_portions(store, records, count);
    keel_store_close(store);
    store = open_store(paths[1]);
    struct took queued = write_queued(store, records, count);
    keel_store_close(store);
    keel_store_close(open_store(paths[2]));
    size_t portions, rows;
    struct tape *tapes = read_tapes(paths[0], &portions);
    struct took bare = insert_bare(paths[2], tapes, portions, &rows);
    printf("SQLite: %zu records, %zu rows in %zu transactions\n", count, rows, portions);
    print_line("prepared INSERTs", count, rows, bare, bare);
    print_line("keel_store_write", count, rows, direct, bare);
    print_line("keel_queue_write", count, rows, queued, bare);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command))
        die(folder, "cannot be removed");
}

/* ---- bare rows, PostgreSQL ------------------------------------------------------------------- */

struct chunk {
    char *data;
    int size;
};

static PGresult *pg(PGconn *db, const char *sql)
{
    PGresult *result = PQexec(db, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE)
        die(sql, PQerrorMessage(db));
    return result;
}

static PGconn *connect_to(const char *url)
{
    PGconn *db = PQconnectdb(url);
    if (PQstatus(db) != CONNECTION_OK)
        die(url, PQerrorMessage(db));
    return db;
}

/* COPY's binary output of a query, all of it. */
static struct chunk copy_out(PGconn *db, const char *sql)
{
    struct chunk chunk = {0};
    char *piece;
    int size;
    PQclear(pg(db, sql));
    while ((size = PQgetCopyData(db, &piece, 0)) > 0) {
        chunk.data = realloc(chunk.data, (size_t)chunk.size + (size_t)size);
        memcpy(chunk.data + chunk.size, piece, (size_t)size);
        chunk.size += size;
        PQfreemem(piece);
    }
    PQclear(PQgetResult(db));
    return chunk;
}

/* The rows of one transaction have its id in xmin. */
static struct chunk *read_chunks(const char *url, size_t *portions, size_t *rows)
{
    PGconn *db = connect_to(url);
    PGresult *ids = pg(db, "SELECT DISTINCT created_at, xmin::text FROM runs ORDER BY 1");
    *portions = (size_t)PQntuples(ids);
    struct chunk *chunks = calloc(*portions * TABLES, sizeof *chunks);
    *rows = 0;
    for (size_t p = 0; p < *portions; p++)
        for (size_t k = 0; k < TABLES; k++) {
            char sql[300];
            snprintf(sql, sizeof sql,
                     "COPY (SELECT * FROM %s WHERE xmin = '%s'::xid) TO STDOUT (FORMAT binary)",
                     tables[k], PQgetvalue(ids, (int)p, 1));
            chunks[p * TABLES + k] = copy_out(db, sql);
        }
    for (size_t k = 0; k < TABLES; k++) {
        char sql[300];
        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", tables[k]);
        PGresult *result = pg(db, sql);
        *rows += (size_t)atol(PQgetvalue(result, 0, 0));
        PQclear(result);
    }
    PQclear(ids);
    PQfinish(db);
    return chunks;
}

static struct took copy_bare(const char *url, const struct chunk *chunks, size_t portions)
{
    PGconn *db = connect_to(url);
    PQclear(pg(db, "SET plan_cache_mode = force_generic_plan")); /* as the store does */
    struct took start = begin();
    for (size_t p = 0; p < portions; p++) {
        PQclear(pg(db, "BEGIN"));
        for (size_t k = 0; k < TABLES; k++) {
            const struct chunk *chunk = &chunks[p * TABLES + k];
            char sql[100];
            snprintf(sql, sizeof sql, "COPY %s FROM STDIN (FORMAT binary)", tables[k]);
            PQclear(pg(db, sql));
            if (PQputCopyData(db, chunk->data, chunk->size) != 1 || PQputCopyEnd(db, NULL) != 1)
                die(sql, PQerrorMessage(db));
            PGresult *result = PQgetResult(db);
            if (PQresultStatus(result) != PGRES_COMMAND_OK)
                die(sql, PQerrorMessage(db));
            PQclear(result);
            PQclear(PQgetResult(db));
        }
        PQclear(pg(db, "COMMIT"));
    }
    struct took took = since(start);
    PQfinish(db);
    return took;
}

struct part {
    const char *url;
    const struct chunk *chunks;
    size_t portions;
};

static void *copy_part(void *context)
{
    const struct part *part = context;
    copy_bare(part->url, part->chunks, part->portions);
    return NULL;
}

/* The same from several connections; the first portion holds what the others share. */
static struct took copy_parallel(const char *url, const struct chunk *chunks, size_t portions)
{
    pthread_t threads[THREADS];
    struct part parts[THREADS];
    struct took start = begin();
    copy_bare(url, chunks, 1);
    for (size_t i = 0; i < THREADS; i++) {
        size_t from = 1 + (portions - 1) * i / THREADS,
               until = 1 + (portions - 1) * (i + 1) / THREADS;
        parts[i] = (struct part){url, chunks + from * TABLES, until - from};
        pthread_create(&threads[i], NULL, copy_part, &parts[i]);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return since(start);
}

static void bench_postgres(const char *server, const struct keel_record *records, size_t count)
{
    char urls[4][600], sql[100];
    PGconn *db = connect_to(server);
    PQclear(pg(db, "SET client_min_messages = warning"));
    for (int i = 0; i < 4; i++) {
        snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS keel_bench_%d", i);
        PQclear(pg(db, sql));
        snprintf(sql, sizeof sql, "CREATE DATABASE keel_bench_%d", i);
        PQclear(pg(db, sql));
        snprintf(urls[i], sizeof urls[i], "%s%sdbname=keel_bench_%d", server,
                 strchr(server, '?') ? "&" : "?", i);
    }
    struct keel_store *store = open_store(urls[0]);
    struct took direct = write_portions(store, records, count);
    keel_store_close(store);
    store = open_store(urls[1]);
    struct took queued = write_queued(store, records, count);
    keel_store_close(store);
    size_t portions, rows;
    struct chunk *chunks = read_chunks(urls[0], &portions, &rows);
    keel_store_close(open_store(urls[2]));
    keel_store_close(open_store(urls[3]));
    /* price rows are in both already, and their keys are the same */
    struct took bare = copy_bare(urls[2], chunks, portions);
    struct took parallel = copy_parallel(urls[3], chunks, portions);
    printf("PostgreSQL: %zu records, %zu rows in %zu transactions\n", count, rows, portions);
    print_line("COPY", count, rows, bare, bare);
    print_line("keel_store_write", count, rows, direct, bare);
    print_line("COPY, 4 at once", count, rows, parallel, parallel);
    print_line("keel_queue_write", count, rows, queued, parallel);
    for (int i = 0; i < 4; i++) {
        snprintf(sql, sizeof sql, "DROP DATABASE keel_bench_%d WITH (FORCE)", i);
        PQclear(pg(db, sql));
    }
    PQfinish(db);
}

int main(int argc, char **argv)
{
    size_t count = argc > 2 ? (size_t)atol(argv[2]) : 100000;
    count = count / PORTION * PORTION;
    struct keel_record *records = make_records(count);
    if (argc > 1 && strstr(argv[1], "://"))
        bench_postgres(argv[1], records, count);
    else
        bench_sqlite(records, count);
    free(records);
    free(spans);
    return 0;
}
