/*
 * bench/bare_rows.c - the raw limit: the rows of one store put into another, empty one, with all
 * its indexes, keys and checks, and nothing else done.
 *
 *     bare_rows SOURCE TARGET TRANSACTIONS
 *
 * SQLite (two paths): prepared INSERTs on one connection, opened as keel opens its own. PostgreSQL
 * (two URLs): binary COPY on one connection. The rows of each table are parted evenly over the
 * transactions. Rows are read before the clock starts. Prints one JSON object.
 */
#include <keel/store.h>

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* What others refer to comes first, in transactions of its own. */
static const struct {
    const char *name, *order;
    int phase;
} tables[] = {
    {"projects", "id", 0},
    {"users", "id", 0},
    {"sessions", "id", 0},
    {"models", "id", 0},
    {"contents", "created_at", 0},
    {"messages", "created_at", 1},
    {"runs", "id", 2},
    {"run_aliases", "run_id", 2},
    {"run_status_log", "run_id, sequence", 2},
    {"events", "run_id, sequence", 2},
    {"llm_calls", "run_id, sequence", 2},
};
enum { TABLES = sizeof tables / sizeof tables[0], PHASES = 3 };

__attribute__((noreturn)) static void die(const char *what, const char *message)
{
    fprintf(stderr, "bare_rows: %s: %s\n", what, message);
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *grown(void *old, size_t size)
{
    void *memory = realloc(old, size);
    if (!memory)
        die("memory", "there is not enough");
    return memory;
}

/* A target with the schema and what every store has from the start. */
static void make_target(const char *url)
{
    struct keel_store *store;
    struct keel_error err;

    if (keel_store_open(&store, url, NULL, &err))
        die(url, err.message);
    keel_store_close(store);
}

/* Rows of one table; a row is where its bytes or cells begin. */
struct rows {
    void *data;
    size_t *starts; /* count + 1 of them */
    size_t count, capacity;
    size_t columns;
    size_t *ends; /* of each part, for what belongs to runs */
};

static void add_start(struct rows *rows, size_t start)
{
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity ? rows->capacity * 2 : 1024;
        rows->starts = grown(rows->starts, (rows->capacity + 1) * sizeof(size_t));
    }
    rows->starts[rows->count++] = start;
}

static bool of_runs(size_t k)
{
    return tables[k].phase == PHASES - 1;
}

/* Rows [from, until) of a table go into part number `part` of `parts`: those of runs with their
 * run, the others evenly. */
static void part_of(const struct rows *rows, size_t part, size_t parts, size_t *from, size_t *until)
{
    *from = rows->ends ? (part ? rows->ends[part - 1] : 0) : rows->count * part / parts;
    *until = rows->ends ? rows->ends[part] : rows->count * (part + 1) / parts;
}

/* How many rows of a table belong to the runs of each part. */
static void write_counting(char sql[700], size_t k, size_t parts)
{
    bool runs = strcmp(tables[k].name, "runs") == 0;

    snprintf(
        sql, 700,
        "WITH numbered AS (SELECT id AS number_of, (row_number() OVER (ORDER BY id) - 1) * %zu / "
        "(SELECT count(*) FROM runs) AS part FROM runs) "
        "SELECT part, count(*) FROM %s t JOIN numbered n ON t.%s = n.number_of GROUP BY part ORDER "
        "BY part",
        parts, tables[k].name, runs ? "id" : "run_id");
}

static void end_part(struct rows *rows, size_t part, size_t parts, size_t count)
{
    for (size_t i = part; i < parts; i++)
        rows->ends[i] += count;
}

/* Half of the transactions are for the runs and what belongs to them. */
static size_t parts_of(int phase, size_t transactions)
{
    return phase == PHASES - 1 ? transactions / 2 : transactions / 4;
}

static void report(const struct rows *all, size_t transactions, double seconds)
{
    size_t count = 0;

    for (size_t k = 0; k < TABLES; k++)
        count += all[k].count;
    printf("{\"rows\":%zu,\"transactions\":%zu,\"seconds\":%.3f}\n", count, transactions, seconds);
}

static void free_rows(struct rows *rows) /* cells' bytes go with the process */
{
    free(rows->data);
    free(rows->starts);
    free(rows->ends);
}

/* ---- SQLite ---------------------------------------------------------------------------------- */

struct cell {
    int type, size;
    union {
        sqlite3_int64 integer;
        double real;
        char *bytes;
    } as;
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

static struct cell read_cell(sqlite3_stmt *stmt, int column)
{
    struct cell cell = {.type = sqlite3_column_type(stmt, column)};

    if (cell.type == SQLITE_INTEGER) {
        cell.as.integer = sqlite3_column_int64(stmt, column);
    } else if (cell.type == SQLITE_FLOAT) {
        cell.as.real = sqlite3_column_double(stmt, column);
    } else if (cell.type != SQLITE_NULL) {
        cell.size = sqlite3_column_bytes(stmt, column);
        cell.as.bytes = grown(NULL, (size_t)cell.size + 1);
        if (cell.size > 0)
            memcpy(cell.as.bytes, sqlite3_column_blob(stmt, column), (size_t)cell.size);
    }
    return cell;
}

static struct rows read_sqlite(sqlite3 *db, size_t k)
{
    struct rows rows = {0};
    struct cell *cells = NULL;
    size_t used = 0, room = 0;
    sqlite3_stmt *stmt;
    bool by_rowid = strcmp(tables[k].order, "created_at") == 0;
    char sql[300];

    snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY %s", tables[k].name,
             by_rowid ? "rowid" : tables[k].order);
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL))
        die(sql, sqlite3_errmsg(db));
    rows.columns = (size_t)sqlite3_column_count(stmt);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        if (used + rows.columns > room) {
            room = (used + rows.columns) * 2;
            cells = grown(cells, room * sizeof *cells);
        }
        add_start(&rows, used);
        for (size_t i = 0; i < rows.columns; i++)
            cells[used++] = read_cell(stmt, (int)i);
    }
    sqlite3_finalize(stmt);
    rows.data = cells;
    return rows;
}

static void part_sqlite(sqlite3 *db, size_t k, struct rows *rows, size_t parts)
{
    sqlite3_stmt *stmt = NULL;
    char sql[700];

    write_counting(sql, k, parts);
    rows->ends = calloc(parts, sizeof(size_t));
    if (!rows->ends || sqlite3_prepare_v2(db, sql, -1, &stmt, NULL))
        die(sql, sqlite3_errmsg(db));
    while (sqlite3_step(stmt) == SQLITE_ROW)
        end_part(rows, (size_t)sqlite3_column_int64(stmt, 0), parts,
                 (size_t)sqlite3_column_int64(stmt, 1));
    sqlite3_finalize(stmt);
}

static void bind_cell(sqlite3_stmt *stmt, int place, const struct cell *cell)
{
    switch (cell->type) {
    case SQLITE_INTEGER:
        sqlite3_bind_int64(stmt, place, cell->as.integer);
        break;
    case SQLITE_FLOAT:
        sqlite3_bind_double(stmt, place, cell->as.real);
        break;
    case SQLITE_TEXT:
        sqlite3_bind_text(stmt, place, cell->as.bytes, cell->size, SQLITE_STATIC);
        break;
    case SQLITE_BLOB:
        sqlite3_bind_blob(stmt, place, cell->as.bytes, cell->size, SQLITE_STATIC);
        break;
    default:
        sqlite3_bind_null(stmt, place);
    }
}

static sqlite3_stmt *prepare_insert(sqlite3 *db, size_t k, size_t columns)
{
    char sql[400];
    sqlite3_stmt *stmt;
    size_t used = (size_t)snprintf(sql, sizeof sql, "INSERT INTO %s VALUES (?", tables[k].name);

    for (size_t i = 1; i < columns; i++)
        used += (size_t)snprintf(sql + used, sizeof sql - used, ",?");
    snprintf(sql + used, sizeof sql - used, ")");
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL))
        die(sql, sqlite3_errmsg(db));
    return stmt;
}

static void insert_part(sqlite3 *db, sqlite3_stmt *stmt, const struct rows *rows, size_t part,
                        size_t parts)
{
    size_t from, until;

    part_of(rows, part, parts, &from, &until);
    for (size_t r = from; r < until; r++) {
        const struct cell *cells = (const struct cell *)rows->data + rows->starts[r];
        for (size_t i = 0; i < rows->columns; i++)
            bind_cell(stmt, (int)i + 1, &cells[i]);
        if (sqlite3_step(stmt) != SQLITE_DONE)
            die(sqlite3_sql(stmt), sqlite3_errmsg(db));
        sqlite3_reset(stmt);
    }
}

static void run_sqlite(const char *source, const char *target, size_t transactions)
{
    struct rows all[TABLES];
    sqlite3_stmt *stmts[TABLES];
    sqlite3 *db = open_sqlite(source);
    for (size_t k = 0; k < TABLES; k++) {
        all[k] = read_sqlite(db, k);
        if (of_runs(k))
            part_sqlite(db, k, &all[k], parts_of(PHASES - 1, transactions));
    }
    sqlite3_close(db);
    db = open_sqlite(target);
    for (size_t k = 0; k < TABLES; k++)
        stmts[k] = prepare_insert(db, k, all[k].columns);
    double began = now();
    for (int phase = 0; phase < PHASES; phase++) {
        size_t parts = parts_of(phase, transactions);
        for (size_t part = 0; part < parts; part++) {
            sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
            for (size_t k = 0; k < TABLES; k++)
                if (tables[k].phase == phase)
                    insert_part(db, stmts[k], &all[k], part, parts);
            if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL))
                die("COMMIT", sqlite3_errmsg(db));
        }
    }
    report(all, transactions, now() - began);
    for (size_t k = 0; k < TABLES; k++) {
        sqlite3_finalize(stmts[k]);
        free_rows(&all[k]);
    }
    sqlite3_close(db);
}

/* ---- PostgreSQL ------------------------------------------------------------------------------ */

static PGconn *open_postgres(const char *url)
{
    PGconn *db = PQconnectdb(url);

    if (PQstatus(db) != CONNECTION_OK)
        die("connection", PQerrorMessage(db));
    /* as the store does: or every row plans its foreign key checks anew */
    PQclear(PQexec(db, "SET plan_cache_mode = force_generic_plan"));
    return db;
}

static void pg(PGconn *db, const char *sql, ExecStatusType wanted)
{
    PGresult *result = PQexec(db, sql);

    if (PQresultStatus(result) != wanted)
        die(sql, PQerrorMessage(db));
    PQclear(result);
}

/* COPY's binary form: a head of 19 bytes, then for each row a count of fields and each field's size
 * and bytes, then a count of -1. https://www.postgresql.org/docs/15/sql-copy.html */
static void part_rows(struct rows *rows, const char *data, size_t size)
{
    size_t at = 19;
    uint16_t fields;
    uint32_t length;

    while (at + 2 <= size) {
        memcpy(&fields, data + at, 2);
        if (fields == 0xffff)
            break;
        add_start(rows, at);
        at += 2;
        for (int i = 0; i < ntohs(fields); i++) {
            memcpy(&length, data + at, 4);
            length = ntohl(length);
            at += 4 + (length == UINT32_MAX ? 0 : length);
        }
    }
    if (rows->count > 0)
        rows->starts[rows->count] = at;
}

static void read_postgres(PGconn *db, size_t k, struct rows *rows)
{
    char sql[300], *piece, *data = NULL;
    size_t used = 0;
    int size;

    /* several writers place rows in any order; a message's parent must come before it */
    const char *order = strcmp(tables[k].order, "created_at") ? tables[k].order : "ctid";
    if (strcmp(tables[k].name, "messages") == 0)
        order = "depth, ctid";
    snprintf(sql, sizeof sql, "COPY (SELECT * FROM %s ORDER BY %s) TO STDOUT (FORMAT binary)",
             tables[k].name, order);
    pg(db, sql, PGRES_COPY_OUT);
    while ((size = PQgetCopyData(db, &piece, 0)) > 0) {
        data = grown(data, used + (size_t)size);
        memcpy(data + used, piece, (size_t)size);
        used += (size_t)size;
        PQfreemem(piece);
    }
    if (size == -2)
        die(sql, PQerrorMessage(db));
    PQclear(PQgetResult(db));
    *rows = (struct rows){.data = data};
    part_rows(rows, data, used);
} // NOLINT(clang-analyzer-unix.Malloc): free_rows frees data

static void part_postgres(PGconn *db, size_t k, struct rows *rows, size_t parts)
{
    char sql[700];

    write_counting(sql, k, parts);
    PGresult *result = PQexec(db, sql);
    rows->ends = calloc(parts, sizeof(size_t));
    if (!rows->ends || PQresultStatus(result) != PGRES_TUPLES_OK)
        die(sql, PQerrorMessage(db));
    for (int i = 0; i < PQntuples(result); i++)
        end_part(rows, (size_t)atol(PQgetvalue(result, i, 0)), parts,
                 (size_t)atol(PQgetvalue(result, i, 1)));
    PQclear(result);
}

static void copy_part(PGconn *db, size_t k, const struct rows *rows, size_t part, size_t parts)
{
    static const char end[2] = {(char)0xff, (char)0xff};
    size_t from, until;
    char sql[100];

    part_of(rows, part, parts, &from, &until);
    if (from == until)
        return;
    const char *data = rows->data;
    snprintf(sql, sizeof sql, "COPY %s FROM STDIN (FORMAT binary)", tables[k].name);
    pg(db, sql, PGRES_COPY_IN);
    if (PQputCopyData(db, data, 19) != 1 ||
        PQputCopyData(db, data + rows->starts[from],
                      (int)(rows->starts[until] - rows->starts[from])) != 1 ||
        PQputCopyData(db, end, 2) != 1 || PQputCopyEnd(db, NULL) != 1)
        die(sql, PQerrorMessage(db));
    PGresult *result = PQgetResult(db);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        die(sql, PQerrorMessage(db));
    PQclear(result);
    PQclear(PQgetResult(db));
}

static void run_postgres(const char *source, const char *target, size_t transactions)
{
    struct rows all[TABLES];
    PGconn *db = open_postgres(source);

    for (size_t k = 0; k < TABLES; k++) {
        read_postgres(db, k, &all[k]);
        if (of_runs(k))
            part_postgres(db, k, &all[k], parts_of(PHASES - 1, transactions));
    }
    PQfinish(db);
    db = open_postgres(target);
    double began = now();
    for (int phase = 0; phase < PHASES; phase++) {
        size_t parts = parts_of(phase, transactions);
        for (size_t part = 0; part < parts; part++) {
            pg(db, "BEGIN", PGRES_COMMAND_OK);
            for (size_t k = 0; k < TABLES; k++)
                if (tables[k].phase == phase)
                    copy_part(db, k, &all[k], part, parts);
            pg(db, "COMMIT", PGRES_COMMAND_OK);
        }
    }
    report(all, transactions, now() - began);
    for (size_t k = 0; k < TABLES; k++)
        free_rows(&all[k]);
    PQfinish(db);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        die("usage", "bare_rows SOURCE TARGET TRANSACTIONS");
    size_t transactions = (size_t)atol(argv[3]);
    transactions = transactions < 4 ? 4 : transactions;
    make_target(argv[2]);
    if (strstr(argv[1], "://"))
        run_postgres(argv[1], argv[2], transactions);
    else
        run_sqlite(argv[1], argv[2], transactions);
    return 0;
}
