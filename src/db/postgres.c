#include "db/postgres.h"

#include "base/error.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* Arrays of a batch: large enough to make round trips cheap, small enough to bound memory on both
 * sides. */
enum { BATCH_BYTES = 4 << 20 };

static void clear_result(struct keel__postgres *postgres)
{
    PQclear(postgres->result);
    postgres->result = NULL;
    postgres->row_count = postgres->row_index = 0;
}

static void begin_statement(struct keel__postgres *postgres)
{
    clear_result(postgres);
    atomic_store(&postgres->interrupted, false);
}

static bool succeeded(const PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_SINGLE_TUPLE:
    case PGRES_EMPTY_QUERY:
        return true;
    default:
        return false;
    }
}

/* Was the lost statement one that only reads? Otherwise, outside a transaction, it may have been
 * committed. */
static bool only_reads(const char *sql)
{
    static const char word[] = "select";
    while (isspace((unsigned char)*sql) || *sql == '(')
        sql++;
    return strncasecmp(sql, word, sizeof word - 1) == 0;
}

static int fail(struct keel_db *db, const PGresult *result, const char *sql, struct keel_error *err)
{
    int rc = keel__pg_error(db, result, sql, err);
    if (!db->broken || db->depth > 0 || only_reads(sql))
        return rc;
    return keel_error_set(
        err, KEEL_UNCERTAIN,
        "the connection to %s was lost while a change was made: it may or may not have "
        "happened",
        db->url.display);
}

/* Prepares on the server at the second use in a session. */
static int prepare(struct keel_db *db, struct keel__statement *statement,
                   struct keel__pg_statement *own, struct keel_error *err)
{
    struct keel__postgres *postgres = keel__postgres_of(db);
    if (own->session == postgres->session || own->uses++ == 0)
        return KEEL_OK;
    /* The hash is for who looks into pg_prepared_statements, the number makes the name unique. */
    snprintf(own->name, sizeof own->name, "keel_%016" PRIx64 "_%" PRIu64, statement->hash,
             ++postgres->prepared);
    PGresult *result = PQprepare(postgres->conn, own->name, statement->sql,
                                 (int)statement->param_count, postgres->params.types);
    int rc = succeeded(result) ? KEEL_OK : keel__pg_error(db, result, statement->sql, err);
    PQclear(result);
    if (!rc)
        own->session = postgres->session;
    return rc;
}

static void send(struct keel_db *db, struct keel__statement *statement,
                 const struct keel__pg_statement *own, bool streaming)
{
    struct keel__postgres *postgres = keel__postgres_of(db);
    struct keel__pg_params *p = &postgres->params;
    int count = (int)statement->param_count, format = statement->returns != NULL;
    PGconn *conn = postgres->conn;
    bool prepared = own->session == postgres->session;
    if (!streaming) {
        postgres->result = prepared ? PQexecPrepared(conn, own->name, count, p->values, p->lengths,
                                                     p->formats, format)
                                    : PQexecParams(conn, statement->sql, count, p->types, p->values,
                                                   p->lengths, p->formats, format);
        return;
    }
    int sent = prepared ? PQsendQueryPrepared(conn, own->name, count, p->values, p->lengths,
                                              p->formats, format)
                        : PQsendQueryParams(conn, statement->sql, count, p->types, p->values,
                                            p->lengths, p->formats, format);
    if (sent) {
        PQsetSingleRowMode(conn);
        postgres->streaming = true;
        postgres->result = PQgetResult(conn);
    }
}

static void drain(struct keel__postgres *postgres)
{
    clear_result(postgres);
    while (postgres->streaming) {
        PGresult *result = PQgetResult(postgres->conn);
        postgres->streaming = result != NULL;
        PQclear(result);
    }
}

/* The statement's plan is no longer what the server wants to run: the table has changed ("cached
 * plan must not change result type"), or somebody said DISCARD or DEALLOCATE. */
static bool is_stale(const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *routine = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    if (!sqlstate)
        return false;
    if (strcmp(sqlstate, "26000") == 0) /* invalid_sql_statement_name */
        return true;
    return strcmp(sqlstate, "0A000") == 0 && routine &&
           strcmp(routine, "RevalidateCachedQuery") == 0;
}

/* In a failed transaction the server keeps it; its name is not used again. */
static void deallocate(struct keel_db *db, struct keel__pg_statement *own)
{
    struct keel__postgres *postgres = keel__postgres_of(db);
    bool known = own->session == postgres->session && !db->broken;
    own->session = 0;
    if (!known || PQtransactionStatus(postgres->conn) == PQTRANS_INERROR)
        return;
    char sql[80];
    snprintf(sql, sizeof sql, "DEALLOCATE %s", own->name);
    PQclear(PQexec(postgres->conn, sql));
}

static int execute(struct keel_db *db, struct keel__statement *statement, bool streaming,
                   struct keel_error *err)
{
    struct keel__postgres *postgres = keel__postgres_of(db);
    if (!statement->handle)
        statement->handle = calloc(1, sizeof(struct keel__pg_statement));
    struct keel__pg_statement *own = statement->handle;
    if (!own)
        return keel__nomem(err);
    for (int attempt = 1;; attempt++) {
        int rc = prepare(db, statement, own, err);
        if (rc)
            return rc;
        send(db, statement, own, streaming);
        if (postgres->result && succeeded(postgres->result))
            break;
        bool stale = postgres->result && is_stale(postgres->result);
        if (!stale)
            return fail(db, postgres->result, statement->sql, err);
        drain(postgres);
        deallocate(db, own);
        if (PQtransactionStatus(postgres->conn) != PQTRANS_IDLE || attempt == 3)
            return keel_error_set(
                err, KEEL_BUSY,
                "the tables of this statement have just been changed: run the transaction "
                "again");
    }
    postgres->row_count = PQntuples(postgres->result);
    postgres->row_index = 0;
    postgres->changed = strtoll(PQcmdTuples(postgres->result), NULL, 10);
    return KEEL_OK;
}

static int start(struct keel_db *db, struct keel__statement *statement,
                 const struct keel__call *call, struct keel_error *err)
{
    struct keel__postgres *postgres = keel__postgres_of(db);
    begin_statement(postgres);
    int rc =
        keel__pg_encode(&postgres->params, statement->param_types, call->params, call->width, err);
    return rc ? rc : execute(db, statement, call->streaming, err);
}

static int start_batch(struct keel_db *db, struct keel__statement *statement,
                       const struct keel__call *call, size_t *taken, struct keel_error *err)
{
    struct keel__postgres *postgres = keel__postgres_of(db);
    begin_statement(postgres);
    int rc = keel__pg_encode_arrays(&postgres->params, call, BATCH_BYTES, taken, err);
    return rc ? rc : execute(db, statement, false, err);
}

/* The next result of a streamed statement: one row, or the empty one at the end, or an error. */
static int fetch(struct keel_db *db, struct keel__statement *statement, struct keel_error *err)
{
    struct keel__postgres *postgres = keel__postgres_of(db);
    clear_result(postgres);
    postgres->result = PQgetResult(postgres->conn);
    if (!postgres->result) {
        postgres->streaming = false;
        return KEEL_OK;
    }
    if (!succeeded(postgres->result))
        return fail(db, postgres->result, statement->sql, err);
    postgres->row_count = PQntuples(postgres->result);
    return KEEL_OK;
}

static int next(struct keel_db *db, struct keel__statement *statement, bool *row,
                struct keel_error *err)
{
    struct keel__postgres *postgres = keel__postgres_of(db);
    while (postgres->row_index == postgres->row_count && postgres->streaming) {
        int rc = fetch(db, statement, err);
        if (rc)
            return rc;
    }
    *row = postgres->row_index < postgres->row_count;
    if (!*row)
        return KEEL_OK;
    return keel__pg_decode(statement, postgres->result, postgres->row_index++, &db->scratch, err);
}

static int64_t finish(struct keel_db *db, struct keel__statement *statement)
{
    (void)statement;
    struct keel__postgres *postgres = keel__postgres_of(db);
    /* Left in the middle of many rows: outside a transaction the server is told to stop; inside one
     * that would undo the transaction, so the rows are read to their end. */
    if (postgres->streaming) {
        if (db->depth == 0)
            keel__pg_interrupt(db);
        drain(postgres);
    }
    int64_t changed = postgres->changed;
    postgres->changed = 0;
    return changed;
}

static void discard(struct keel_db *db, struct keel__statement *statement)
{
    deallocate(db, statement->handle);
    free(statement->handle);
    statement->handle = NULL;
}

static const char *column_name(const struct keel_db *db, const struct keel__statement *statement,
                               size_t column)
{
    (void)statement;
    const PGresult *result = keel__postgres_of(db)->result;
    return result ? PQfname(result, (int)column) : NULL;
}

static int refuse_copy(struct keel_db *db, struct keel_error *err)
{
    struct keel__postgres *postgres = keel__postgres_of(db);
    if (PQresultStatus(postgres->result) == PGRES_COPY_IN)
        PQputCopyEnd(postgres->conn, "not supported");
    char *line = NULL;
    while (PQresultStatus(postgres->result) == PGRES_COPY_OUT &&
           PQgetCopyData(postgres->conn, &line, 0) > 0)
        PQfreemem(line);
    postgres->streaming = true;
    drain(postgres);
    return keel_error_set(err, KEEL_UNSUPPORTED,
                          "COPY from or to the client is not supported: use INSERT, or psql");
}

static int run(struct keel_db *db, struct keel_slice sql, struct keel_error *err)
{
    struct keel__postgres *postgres = keel__postgres_of(db);
    char *text = keel__arena_dup(&db->scratch, sql);
    if (!text)
        return keel__nomem(err);
    begin_statement(postgres);
    /* The extended protocol takes exactly one statement. */
    postgres->result = PQexecParams(postgres->conn, text, 0, NULL, NULL, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(postgres->result);
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT)
        return refuse_copy(db, err);
    return succeeded(postgres->result) ? KEEL_OK : fail(db, postgres->result, text, err);
}

static int control(struct keel_db *db, const char *sql, struct keel_error *err)
{
    struct keel__postgres *postgres = keel__postgres_of(db);
    begin_statement(postgres);
    postgres->result = PQexec(postgres->conn, sql);
    return succeeded(postgres->result) ? KEEL_OK : keel__pg_error(db, postgres->result, sql, err);
}

static int commit(struct keel_db *db, struct keel_error *err)
{
    int rc = control(db, "COMMIT", err);
    if (rc && db->broken)
        return keel_error_set(
            err, KEEL_UNCERTAIN,
            "the connection to %s was lost during the commit: it may or may not have "
            "happened",
            db->url.display);
    /* The server answers the COMMIT of a transaction that failed earlier with a rollback, and no
     * error. */
    if (!rc && strcmp(PQcmdStatus(keel__postgres_of(db)->result), "ROLLBACK") == 0)
        return keel_error_set(
            err, KEEL_CONFLICT,
            "a statement of the transaction begun at %s:%d failed, so it was rolled back",
            db->tx[0].file, db->tx[0].line);
    return rc;
}

static enum keel__session session(const struct keel_db *db)
{
    switch (PQtransactionStatus(keel__postgres_of(db)->conn)) {
    case PQTRANS_ACTIVE:
    case PQTRANS_INTRANS:
        return KEEL__OPEN;
    case PQTRANS_INERROR:
        return KEEL__FAILED;
    default:
        return KEEL__IDLE;
    }
}

const struct keel__driver keel__postgres_driver = {
    .dialect = KEEL_POSTGRES,
    /* Reading sees one snapshot, as it does in SQLite. */
    .begin = {"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "BEGIN"},
    .open = keel__pg_open,
    .close = keel__pg_close,
    .start = start,
    .next = next,
    .finish = finish,
    .discard = discard,
    .column_name = column_name,
    .run = run,
    .control = control,
    .commit = commit,
    .session = session,
    .interrupt = keel__pg_interrupt,
    .reset = keel__pg_reset,
    .start_batch = start_batch,
    .alive = keel__pg_alive,
    .reconnect = keel__pg_reconnect,
};
