#include "db/sqlite.h"

#include "base/error.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static int find_positions(struct keel__sqlite_statement *own, size_t param_count,
                          struct keel_error *err)
{
    own->positions = calloc(param_count ? param_count : 1, sizeof *own->positions);
    if (!own->positions)
        return keel__nomem(err);
    int named = 0;
    for (size_t i = 0; i < param_count; i++) {
        char name[24];
        snprintf(name, sizeof name, "$%zu", i + 1);
        own->positions[i] = sqlite3_bind_parameter_index(own->stmt, name);
        named += own->positions[i] > 0;
    }
    if (named != sqlite3_bind_parameter_count(own->stmt))
        return keel_error_set(err, KEEL_INVALID,
                              "its SQL has other parameters than $1 to $%zu that were given",
                              param_count);
    return KEEL_OK;
}

static void free_own(struct keel__sqlite_statement *own)
{
    sqlite3_finalize(own->stmt);
    free(own->positions);
    free(own);
}

static int prepare(struct keel_db *db, struct keel__statement *statement, struct keel_error *err)
{
    if (statement->sql_size > INT_MAX)
        return keel_error_set(err, KEEL_INVALID, "the SQL is too long");
    struct keel__sqlite_statement *own = calloc(1, sizeof *own);
    if (!own)
        return keel__nomem(err);
    const char *tail = NULL;
    int result = sqlite3_prepare_v3(keel__sqlite_of(db)->handle, statement->sql,
                                    (int)statement->sql_size + 1, SQLITE_PREPARE_PERSISTENT,
                                    &own->stmt, &tail);
    int rc = KEEL_OK;
    if (result != SQLITE_OK)
        rc = keel__sqlite_error(db, result, err);
    else if (!own->stmt)
        rc = keel_error_set(err, KEEL_INVALID, "there is no SQL in it");
    else
        rc = find_positions(own, statement->param_count, err);
    if (rc) {
        free_own(own);
        return rc;
    }
    statement->handle = own;
    return KEEL_OK;
}

static int bind_bytes(sqlite3_stmt *stmt, int position, const struct keel_value *v)
{
    const char *data = v->as.bytes.data;
    sqlite3_uint64 size = v->as.bytes.size;
    if (v->type == KEEL_BYTES)
        return sqlite3_bind_blob64(stmt, position, data, size, SQLITE_STATIC);
    return sqlite3_bind_text64(stmt, position, data, size, SQLITE_STATIC, SQLITE_UTF8);
}

static int bind_one(sqlite3_stmt *stmt, int position, const struct keel_value *v)
{
    switch (v->type) {
    case KEEL_BOOL:
    case KEEL_INT:
    case KEEL_TIME:
    case KEEL_MONEY:
        return sqlite3_bind_int64(stmt, position, v->as.integer);
    case KEEL_DOUBLE:
        return sqlite3_bind_double(stmt, position, v->as.real);
    case KEEL_TEXT:
    case KEEL_BYTES:
    case KEEL_JSON:
        return bind_bytes(stmt, position, v);
    case KEEL_UUID:
        return sqlite3_bind_blob(stmt, position, v->as.uuid.bytes, sizeof v->as.uuid.bytes,
                                 SQLITE_STATIC);
    case KEEL_NULL:
        break;
    }
    return sqlite3_bind_null(stmt, position);
}

static int start(struct keel_db *db, struct keel__statement *statement,
                 const struct keel__call *call, struct keel_error *err)
{
    int rc = statement->handle ? KEEL_OK : prepare(db, statement, err);
    if (rc)
        return rc;
    const struct keel__sqlite_statement *own = statement->handle;
    struct keel__sqlite *sqlite = keel__sqlite_of(db);
    for (size_t i = 0; i < call->width; i++) {
        if (own->positions[i] == 0)
            continue;
        int result = bind_one(own->stmt, own->positions[i], &call->params[i]);
        if (result != SQLITE_OK)
            return keel__sqlite_error(db, result, err);
    }
    sqlite->changes_before = sqlite3_total_changes64(sqlite->handle);
    keel__sqlite_arm(sqlite);
    return KEEL_OK;
}

/* SQLite gives NULL for bytes of size 0. */
static struct keel_slice slice_of(const void *data, int size)
{
    return keel_slice(size > 0 ? data : "", (size_t)size);
}

static enum keel_type declared_type(const struct keel__statement *statement, size_t i)
{
    return i < statement->return_count ? statement->returns[i] : KEEL_NULL;
}

static struct keel_value read_cell(sqlite3_stmt *stmt, int i, enum keel_type declared)
{
    switch (sqlite3_column_type(stmt, i)) {
    case SQLITE_INTEGER: {
        struct keel_value v = keel_int(sqlite3_column_int64(stmt, i));
        if (declared == KEEL_BOOL || declared == KEEL_TIME || declared == KEEL_MONEY)
            v.type = declared;
        return v;
    }
    case SQLITE_FLOAT:
        return keel_double(sqlite3_column_double(stmt, i));
    case SQLITE_TEXT: {
        const void *data = sqlite3_column_text(stmt, i);
        struct keel_slice text = slice_of(data, sqlite3_column_bytes(stmt, i));
        return declared == KEEL_JSON ? keel_json(text) : keel_text(text);
    }
    case SQLITE_BLOB: {
        const void *data = sqlite3_column_blob(stmt, i);
        struct keel_slice bytes = slice_of(data, sqlite3_column_bytes(stmt, i));
        struct keel_value v = keel_bytes(bytes);
        if (declared == KEEL_UUID && bytes.size == sizeof v.as.uuid.bytes) {
            v.type = KEEL_UUID;
            memcpy(v.as.uuid.bytes, bytes.data, sizeof v.as.uuid.bytes);
        }
        return v;
    }
    default:
        return keel_null();
    }
}

static int next(struct keel_db *db, struct keel__statement *statement, bool *row,
                struct keel_error *err)
{
    sqlite3_stmt *stmt = ((struct keel__sqlite_statement *)statement->handle)->stmt;
    int result = sqlite3_step(stmt);
    *row = result == SQLITE_ROW;
    if (result == SQLITE_DONE)
        return KEEL_OK;
    if (result != SQLITE_ROW)
        return keel__sqlite_error(db, result, err);
    int columns = sqlite3_data_count(stmt);
    int rc = keel__statement_cells(statement, (size_t)columns, err);
    for (int i = 0; i < columns && !rc; i++)
        statement->cells[i] = read_cell(stmt, i, declared_type(statement, (size_t)i));
    return rc;
}

static int64_t finish(struct keel_db *db, struct keel__statement *statement)
{
    struct keel__sqlite *sqlite = keel__sqlite_of(db);
    const struct keel__sqlite_statement *own = statement->handle;
    if (!own)
        return 0;
    sqlite3_reset(own->stmt);
    sqlite->deadline_us = 0;
    /* sqlite3_changes keeps the number of an earlier statement when this one changed nothing. */
    if (sqlite3_total_changes64(sqlite->handle) == sqlite->changes_before)
        return 0;
    return sqlite3_changes64(sqlite->handle);
}

static void discard(struct keel_db *db, struct keel__statement *statement)
{
    (void)db;
    free_own(statement->handle);
    statement->handle = NULL;
}

static const char *column_name(const struct keel_db *db, const struct keel__statement *statement,
                               size_t column)
{
    (void)db;
    return sqlite3_column_name(((struct keel__sqlite_statement *)statement->handle)->stmt,
                               (int)column);
}

/* Is there more SQL after the first statement than blanks and comments? */
static bool has_more(sqlite3 *handle, const char *tail, const char *end)
{
    while (tail < end) {
        sqlite3_stmt *stmt = NULL;
        const char *rest = NULL;
        int result = sqlite3_prepare_v2(handle, tail, (int)(end - tail), &stmt, &rest);
        bool found = result != SQLITE_OK || stmt != NULL;
        sqlite3_finalize(stmt);
        if (found)
            return true;
        if (rest == NULL || rest == tail)
            return false;
        tail = rest;
    }
    return false;
}

static int run(struct keel_db *db, struct keel_slice sql, struct keel_error *err)
{
    struct keel__sqlite *sqlite = keel__sqlite_of(db);
    if (sql.size > INT_MAX)
        return keel_error_set(err, KEEL_INVALID, "the SQL is too long");
    sqlite3_stmt *stmt = NULL;
    const char *tail = NULL;
    keel__sqlite_arm(sqlite);
    int result = sqlite3_prepare_v2(sqlite->handle, sql.data, (int)sql.size, &stmt, &tail);
    int rc = result == SQLITE_OK ? KEEL_OK : keel__sqlite_error(db, result, err);
    if (!rc && stmt && has_more(sqlite->handle, tail, sql.data + sql.size))
        rc = keel_error_set(err, KEEL_INVALID, "there is more than one statement in the SQL");
    result = SQLITE_ROW;
    while (!rc && stmt && result == SQLITE_ROW)
        result = sqlite3_step(stmt);
    if (!rc && stmt && result != SQLITE_DONE)
        rc = keel__sqlite_error(db, result, err);
    sqlite3_finalize(stmt);
    sqlite->deadline_us = 0;
    return rc;
}

static int control(struct keel_db *db, const char *sql, struct keel_error *err)
{
    struct keel__sqlite *sqlite = keel__sqlite_of(db);
    sqlite->timed_out = false;
    atomic_store(&sqlite->interrupted, false);
    int result = sqlite3_exec(sqlite->handle, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? KEEL_OK : keel__sqlite_error(db, result, err);
}

static int commit(struct keel_db *db, struct keel_error *err)
{
    return control(db, "COMMIT", err);
}

static enum keel__session session(const struct keel_db *db)
{
    sqlite3 *handle = keel__sqlite_of(db)->handle;
    return !handle || sqlite3_get_autocommit(handle) ? KEEL__IDLE : KEEL__OPEN;
}

static void interrupt(struct keel_db *db)
{
    struct keel__sqlite *sqlite = keel__sqlite_of(db);
    atomic_store(&sqlite->interrupted, true);
    sqlite3_interrupt(sqlite->handle);
}

const struct keel__driver keel__sqlite_driver = {
    .dialect = KEEL_SQLITE,
    .begin = {"BEGIN", "BEGIN IMMEDIATE"},
    .open = keel__sqlite_open,
    .close = keel__sqlite_close,
    .start = start,
    .next = next,
    .finish = finish,
    .discard = discard,
    .column_name = column_name,
    .run = run,
    .control = control,
    .commit = commit,
    .session = session,
    .interrupt = interrupt,
    .reset = keel__sqlite_reset,
};
