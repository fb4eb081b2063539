/*
 * keel/db.h - one door to SQLite and PostgreSQL.
 *
 * A struct keel_db is one connection, used by one thread at a time. A struct keel_pool hands out
 * connections and may be used by any thread: for SQLite one writer and several read-only readers,
 * for PostgreSQL a number of equal connections.
 *
 * Sources: https://www.sqlite.org/c3ref/intro.html, https://www.postgresql.org/docs/15/libpq.html
 */
#ifndef KEEL_DB_H
#define KEEL_DB_H

#include <keel/error.h>
#include <keel/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum keel_dialect { KEEL_SQLITE = 1, KEEL_POSTGRES };

/* ---- values ---------------------------------------------------------------------------------- */

/* How a type is stored: SQLite / PostgreSQL.
 * BOOL    INTEGER 0, 1 / boolean
 * INT     INTEGER / smallint, integer, bigint
 * DOUBLE  REAL / double precision
 * TEXT    TEXT / text, varchar, ... (UTF-8 without NUL bytes)
 * BYTES   BLOB / bytea
 * UUID    BLOB of 16 / uuid
 * TIME    INTEGER Unix microseconds / timestamptz
 * MONEY   INTEGER nano-dollars / numeric(20,9) dollars
 * JSON    TEXT / jsonb (text that is JSON; PostgreSQL normalises it, and refuses \u0000)
 * What one of them would refuse or change in silence, both refuse with INVALID: a NUL byte in TEXT
 * or JSON, a DOUBLE that is NaN, a parameter of another type than its statement declares (TEXT and
 * JSON may stand for each other). A numeric that PostgreSQL computed is rounded to nano-dollars
 * where MONEY is declared. */
enum keel_type {
    KEEL_NULL = 0,
    KEEL_BOOL,
    KEEL_INT,
    KEEL_DOUBLE,
    KEEL_TEXT,
    KEEL_BYTES,
    KEEL_UUID,
    KEEL_TIME,
    KEEL_MONEY,
    KEEL_JSON
};

/* A parameter. TEXT, BYTES and JSON borrow their bytes until the call returns. */
struct keel_value {
    enum keel_type type; /* KEEL_NULL: SQL NULL */
    union {
        int64_t integer; /* BOOL, INT, TIME (microseconds), MONEY (nano-dollars) */
        double real;
        struct keel_slice bytes; /* TEXT, BYTES, JSON */
        struct keel_uuid uuid;
    } as;
};

struct keel_value keel_null(void);
struct keel_value keel_bool(bool v);
struct keel_value keel_int(int64_t v);
struct keel_value keel_double(double v);
struct keel_value keel_text(struct keel_slice v);             /* absent gives NULL */
struct keel_value keel_cstr(const char *v);                   /* NULL gives NULL */
struct keel_value keel_bytes(struct keel_slice v);            /* absent gives NULL */
struct keel_value keel_hash_value(const struct keel_hash *v); /* BYTES of 32; NULL gives NULL */
struct keel_value keel_uuid_value(struct keel_uuid v);
struct keel_value keel_time(int64_t unix_us);
struct keel_value keel_money(int64_t nusd);
struct keel_value keel_json(struct keel_slice v); /* absent gives NULL */

/* A named statement; made from sql/<module>/<noun>.sql at build time, or by hand for SQL that is
 * known at run time only. Parameters are $1..$n in both dialects. A dialect the statement does not
 * exist in has NULL. */
struct keel_query {
    const char *name;
    const char *sqlite;
    const char *postgres;
    const enum keel_type *params; /* param_count of them; NULL: types are taken from the values */
    size_t param_count;
    const enum keel_type
        *returns; /* return_count of them; NULL: types are taken from the database */
    size_t return_count;
};

/* params and their count, for the calls below: KEEL_PARAMS(keel_int(1), keel_cstr("x")) */
#define KEEL_PARAMS(...)                                                                           \
    (const struct keel_value[]){__VA_ARGS__},                                                      \
        sizeof((const struct keel_value[]){__VA_ARGS__}) / sizeof(struct keel_value)
#define KEEL_NO_PARAMS NULL, 0

/* ---- connections ----------------------------------------------------------------------------- */

struct keel_db;

struct keel_db_options {
    bool read_only;
    bool must_exist;     /* SQLite: do not create a missing file */
    bool foreign;        /* a database that is not ours: open defensively (see below) */
    bool as_found;       /* another program's database, for its owner's own SQL (see below) */
    int busy_timeout_ms; /* SQLite; 0: 5000. PostgreSQL: lock_timeout, which 0 leaves as it is */
    int statement_timeout_ms; /* 0: none. PostgreSQL: statement_timeout; SQLite: progress handler */
    const char *application_name; /* PostgreSQL; NULL: "keel" */
};

/* Opens url: "sqlite:PATH", a path, ":memory:", "postgres://...", "postgresql://..." or a libpq
 * conninfo ("host=... dbname=..."). options may be NULL. On success *out is the caller's, to be
 * given to keel_db_close. SQLite is opened with WAL, synchronous=FULL, foreign_keys=ON,
 * trusted_schema=OFF; read-only, `foreign` and `as_found` handles leave the journal mode alone;
 * as_found and foreign ones take double-quoted strings, as most programs' SQLite does, and foreign
 * ones add cell_size_check, mmap off and limits. Errors say what to do: INVALID for a URL that
 * cannot be understood, NOTFOUND for a missing file or database, BUSY for a locked one, IO for an
 * unreachable server, a wrong password, or a file that is no database. */
int keel_db_open(struct keel_db **out, const char *url, const struct keel_db_options *options,
                 struct keel_error *err);
void keel_db_close(struct keel_db *db); /* NULL is fine; rolls back an open transaction */

enum keel_dialect keel_db_dialect(const struct keel_db *db);
/* The URL it was opened with, password masked. Borrowed from db. */
const char *keel_db_display_url(const struct keel_db *db);
/* First of: given (if not NULL), $KEEL_DATABASE_URL, $DATABASE_URL, "keel.db". */
const char *keel_db_default_url(const char *given);
/* Server or library version for people, e.g. "SQLite 3.54.1", "PostgreSQL 15.20". Borrowed from db.
 */
const char *keel_db_server_version(struct keel_db *db);
/* What to tell the user when the SQLite in use is one that can corrupt a database (3.7.0
 * to 3.51.2); NULL when all is well. */
const char *keel_db_sqlite_warning(void);
/* Undoes what SQL that is not ours did to the session (SET, SET ROLE, PRAGMA): its settings are
 * again those that keel_db_open made. Outside transactions only. */
int keel_db_reset_session(struct keel_db *db, struct keel_error *err);
/* Asks the statement under way on db to stop; the only call that another thread may make on a busy
 * db. */
void keel_db_interrupt(struct keel_db *db);

/* ---- statements ------------------------------------------------------------------------------ */

/* The current row of a statement. Values are borrowed until the next step or the next statement on
 * the same connection. */
struct keel_row;

/* Runs a statement that returns no rows. *changed (may be NULL) is the number of rows it changed.
 */
int keel_db_exec(struct keel_db *db, const struct keel_query *query,
                 const struct keel_value *params, size_t count, int64_t *changed,
                 struct keel_error *err);
/* Exactly one row: NOTFOUND when there is none, INVALID when there are more. The row is borrowed
 * until the next statement on db. */
int keel_db_one(struct keel_db *db, const struct keel_query *query, const struct keel_value *params,
                size_t count, const struct keel_row **row, struct keel_error *err);
/* Like one, but *row is NULL when there is none. */
int keel_db_maybe(struct keel_db *db, const struct keel_query *query,
                  const struct keel_value *params, size_t count, const struct keel_row **row,
                  struct keel_error *err);
/* Calls each for every row, in order, streaming (PostgreSQL: single row mode). A non-zero return of
 * each stops it and is returned. each must not use db. */
typedef int keel_row_fn(void *context, const struct keel_row *row, struct keel_error *err);
int keel_db_each(struct keel_db *db, const struct keel_query *query,
                 const struct keel_value *params, size_t count, keel_row_fn *each, void *context,
                 struct keel_error *err);

/* Runs a statement for row_count rows of query->param_count values (row-major). SQLite: the
 * prepared statement once a row. PostgreSQL: the statement takes one array per parameter
 * (unnest($1::uuid[], ...)) and runs once for many rows. *changed (may be NULL) adds up the rows
 * changed. Not atomic by itself: open a transaction. */
int keel_db_batch(struct keel_db *db, const struct keel_query *query, const struct keel_value *rows,
                  size_t row_count, int64_t *changed, struct keel_error *err);
/* The same for look-ups: each gets the zero-based index of the parameter row its result belongs to.
 * The PostgreSQL variant returns the ordinal of its parameter row (unnest(...) WITH ORDINALITY,
 * from 1) as its LAST column, declared in the query's `returns`; the SQLite variant declares and
 * returns it as well (any value: it is replaced). */
typedef int keel_batch_fn(void *context, size_t index, const struct keel_row *row,
                          struct keel_error *err);
int keel_db_batch_each(struct keel_db *db, const struct keel_query *query,
                       const struct keel_value *rows, size_t row_count, keel_batch_fn *each,
                       void *context, struct keel_error *err);

/* One statement of SQL that is not one of ours (a migration's), without parameters; rows are
 * discarded. */
int keel_db_run(struct keel_db *db, struct keel_slice sql, struct keel_error *err);

size_t keel_row_columns(const struct keel_row *row);
const char *keel_row_name(const struct keel_row *row, size_t column);
enum keel_type keel_row_type(const struct keel_row *row, size_t column); /* KEEL_NULL when NULL */
bool keel_row_is_null(const struct keel_row *row, size_t column);
/* NULL reads as 0, false, absent, all-zero. A value of another type is converted where that is
 * exact (text that is a number, a time, a UUID or money; 16 bytes to a UUID; any value to text; INT
 * to TIME and MONEY, as SQLite stores them), otherwise it reads as NULL does. Only keel_row_double
 * rounds. */
bool keel_row_bool(const struct keel_row *row, size_t column);
int64_t keel_row_int(const struct keel_row *row, size_t column);
double keel_row_double(const struct keel_row *row, size_t column);
struct keel_slice keel_row_text(const struct keel_row *row, size_t column); /* TEXT and JSON */
struct keel_slice keel_row_bytes(const struct keel_row *row, size_t column);
struct keel_uuid keel_row_uuid(const struct keel_row *row, size_t column);
int64_t keel_row_time(const struct keel_row *row, size_t column);  /* Unix microseconds */
int64_t keel_row_money(const struct keel_row *row, size_t column); /* nano-dollars */

/* ---- transactions ---------------------------------------------------------------------------- */

/* SQLite: BEGIN / BEGIN IMMEDIATE. PostgreSQL: a read-only snapshot (REPEATABLE READ) / BEGIN. */
enum keel_tx { KEEL_TX_READ, KEEL_TX_WRITE };

/* Nested begins are savepoints. The opener's place is kept for messages and the monitor. */
int keel_db_begin_at(struct keel_db *db, enum keel_tx kind, const char *file, int line,
                     struct keel_error *err);
#define keel_db_begin(db, kind, err) keel_db_begin_at((db), (kind), __FILE__, __LINE__, (err))
/* Whatever it returns, the level is gone: a commit that failed has been rolled back. UNCERTAIN when
 * the connection broke while committing; CONFLICT when an earlier error had doomed the transaction.
 * (A single statement outside a transaction can be UNCERTAIN in the same way, unless it is a
 * SELECT.) */
int keel_db_commit(struct keel_db *db, struct keel_error *err);
void keel_db_rollback(
    struct keel_db *db); /* the innermost level; never fails from the caller's view */
bool keel_db_in_transaction(const struct keel_db *db);

/* Runs fn inside a transaction, and again with bounded, jittered backoff (at most 10 times, or for
 * 30 seconds) when it failed with KEEL_BUSY (SQLITE_BUSY, serialization failure, deadlock). fn must
 * be repeatable. Never retries UNCERTAIN; inside another transaction runs fn once, in a savepoint.
 */
typedef int keel_tx_fn(struct keel_db *db, void *context, struct keel_error *err);
int keel_db_transact_at(struct keel_db *db, enum keel_tx kind, keel_tx_fn *fn, void *context,
                        const char *file, int line, struct keel_error *err);
#define keel_db_transact(db, kind, fn, context, err)                                               \
    keel_db_transact_at((db), (kind), (fn), (context), __FILE__, __LINE__, (err))

/* ---- pool ------------------------------------------------------------------------------------ */

struct keel_pool;

struct keel_pool_options {
    int readers;            /* SQLite readers / PostgreSQL connections; 0: 4 / 8 */
    int acquire_timeout_ms; /* 0: 5000; then BUSY */
    struct keel_db_options db;
};

int keel_pool_open(struct keel_pool **out, const char *url, const struct keel_pool_options *options,
                   struct keel_error *err);
void keel_pool_close(struct keel_pool *pool); /* waits for connections that are out */
enum keel_dialect keel_pool_dialect(const struct keel_pool *pool);
/* A connection for reading or writing; broken ones are replaced (health check, reconnect). */
int keel_pool_acquire(struct keel_pool *pool, enum keel_tx kind, struct keel_db **out,
                      struct keel_error *err);
void keel_pool_release(struct keel_pool *pool, struct keel_db *db);

/* ---- monitor --------------------------------------------------------------------------------- */

struct keel_statement_event {
    const char *name;
    int64_t duration_us;
    int64_t rows; /* returned or changed */
    enum keel_code code;
    const char *tx_file; /* opener of the transaction; NULL outside one */
    int tx_line;
};
typedef void keel_monitor_fn(void *context, const struct keel_statement_event *event);
/* Process-wide hook, called on the thread that ran the statement; NULL removes it. */
void keel_monitor_set(keel_monitor_fn *fn, void *context);

struct keel_statement_stats {
    const char *name; /* lives as long as the process */
    int64_t count, errors, rows;
    int64_t total_us, max_us;
    int64_t p50_us, p95_us, p99_us; /* from a histogram with under 10% relative error */
};
/* Copies the statistics of up to capacity statements, most total time first; returns how many there
 * are. Thread-safe. */
size_t keel_monitor_stats(struct keel_statement_stats *out, size_t capacity);
struct keel_slow_statement {
    char name[64];
    int64_t at_us; /* Unix microseconds */
    int64_t duration_us;
};
/* The newest slow statements (at least as slow as the threshold), newest first; returns how many
 * were copied. */
size_t keel_monitor_slow(struct keel_slow_statement *out, size_t capacity);
void keel_monitor_slow_threshold(int64_t us); /* default 100000 */

#ifdef __cplusplus
}
#endif
#endif
