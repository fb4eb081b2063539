#include "base/clock.h"
#include "base/error.h"
#include "db/driver.h"
#include "db/monitor.h"

#include <math.h>
#include <stdio.h>

static const char *type_name(enum keel_type type)
{
    static const char *const names[] = {"null",  "bool", "int",  "double", "text",
                                        "bytes", "uuid", "time", "money",  "json"};
    return (unsigned)type < sizeof names / sizeof *names ? names[type] : "unknown";
}

static bool is_text(enum keel_type type)
{
    return type == KEEL_TEXT || type == KEEL_JSON;
}

/* What one database refuses or changes in silence, both refuse: PostgreSQL takes no NUL byte in
 * text and no other type than declared, SQLite turns NaN into NULL. */
static int check_params(const struct keel_query *query, const struct keel_value *params,
                        size_t count, struct keel_error *err)
{
    for (size_t i = 0; i < count; i++) {
        enum keel_type type = params[i].type;
        if (type == KEEL_NULL)
            continue;
        if (query->params && type != query->params[i] &&
            !(is_text(type) && is_text(query->params[i])))
            return keel_error_set(err, KEEL_INVALID, "parameter $%zu is %s where %s is declared",
                                  i + 1, type_name(type), type_name(query->params[i]));
        if (is_text(type) && memchr(params[i].as.bytes.data, '\0', params[i].as.bytes.size))
            return keel_error_set(err, KEEL_INVALID,
                                  "parameter $%zu is %s and holds a NUL byte: store it as bytes",
                                  i + 1, type_name(type));
        if (type == KEEL_DOUBLE && isnan(params[i].as.real))
            return keel_error_set(err, KEEL_INVALID, "parameter $%zu is not a number (NaN)", i + 1);
    }
    return KEEL_OK;
}

/* One execution, from the look at the clock to the report to the monitor. */
struct execution {
    struct keel_db *db;
    const struct keel_query *query;
    struct keel__statement *statement;
    int64_t started_us;
    int64_t rows;
    bool started;
};

static int prepare(struct execution *run, struct keel_db *db, const struct keel_query *query,
                   const struct keel_value *params, size_t count, bool is_batch,
                   struct keel_error *err)
{
    *run = (struct execution){.db = db, .query = query, .started_us = keel__clock_us()};
    int rc = keel__db_ready(db, err);
    if (rc)
        return rc;
    keel__arena_reset(&db->scratch);
    if (query->params && count != query->param_count)
        return keel_error_set(err, KEEL_INVALID, "takes %zu parameters, got %zu",
                              query->param_count, count);
    return keel__statement_get(&run->statement, db, query, params, count, is_batch, err);
}

static int start(struct execution *run, const struct keel__call *call, struct keel_error *err)
{
    int rc = check_params(run->query, call->params, call->width, err);
    if (rc)
        return rc;
    run->started = true;
    return run->db->driver->start(run->db, run->statement, call, err);
}

static int next(struct execution *run, const struct keel_row **row, struct keel_error *err)
{
    struct keel_db *db = run->db;
    bool more = false;
    *row = NULL;
    int rc = db->driver->next(db, run->statement, &more, err);
    if (rc || !more)
        return rc;
    struct keel__statement *statement = run->statement;
    if (statement->returns && statement->columns != statement->return_count)
        return keel_error_set(err, KEEL_INVALID, "declares %zu columns and returns %zu",
                              statement->return_count, statement->columns);
    db->row = (struct keel_row){db, statement, statement->cells, statement->columns};
    *row = &db->row;
    return KEEL_OK;
}

static int64_t finish(struct execution *run)
{
    int64_t changed = run->started ? run->db->driver->finish(run->db, run->statement) : 0;
    run->started = false;
    return changed;
}

/* Closes the execution and reports it. Returns rc. */
static int done(struct execution *run, int rc, struct keel_error *err)
{
    finish(run);
    const char *name = run->query->name ? run->query->name : "(unnamed)";
    if (rc) {
        keel__db_after_error(run->db);
        if (err && !err->statement[0])
            snprintf(err->statement, sizeof err->statement, "%s", name);
    }
    keel__monitor_record(run->db, name, run->started_us, run->rows, rc);
    return rc;
}

/* The row's bytes live in the statement until its next step; this moves them where they stay. */
static int keep_row(struct keel_db *db, struct keel__statement *statement, struct keel_error *err)
{
    for (size_t i = 0; i < statement->columns; i++) {
        struct keel_value *v = &statement->cells[i];
        if (!is_text(v->type) && v->type != KEEL_BYTES)
            continue;
        v->as.bytes = keel__arena_slice(&db->scratch, v->as.bytes);
        if (!v->as.bytes.data)
            return keel__nomem(err);
    }
    return KEEL_OK;
}

int keel_db_exec(struct keel_db *db, const struct keel_query *query,
                 const struct keel_value *params, size_t count, int64_t *changed,
                 struct keel_error *err)
{
    struct execution run;
    if (changed)
        *changed = 0;
    int rc = prepare(&run, db, query, params, count, false, err);
    struct keel__call call = {query, params, count, 1, false};
    if (!rc)
        rc = start(&run, &call, err);
    bool more = true;
    while (!rc && more)
        rc = db->driver->next(db, run.statement, &more, err);
    if (!rc)
        run.rows = finish(&run);
    if (!rc && changed)
        *changed = run.rows;
    return done(&run, rc, err);
}

static int read_one(struct execution *run, const struct keel__call *call,
                    const struct keel_row **row, struct keel_error *err)
{
    const struct keel_row *first = NULL, *second = NULL;
    int rc = start(run, call, err);
    if (!rc)
        rc = next(run, &first, err);
    if (rc || !first)
        return rc;
    /* The cells are copied before the look at what comes after. */
    struct keel_db *db = run->db;
    rc = keep_row(db, run->statement, err);
    size_t columns = first->columns;
    struct keel_value *cells = NULL;
    if (!rc) {
        cells = keel__arena_memdup(&db->scratch, run->statement->cells, columns * sizeof *cells);
        rc = cells ? next(run, &second, err) : keel__nomem(err);
    }
    if (!rc && second)
        rc = keel_error_set(err, KEEL_INVALID, "returned more than one row where one was expected");
    if (rc)
        return rc;
    run->rows = 1;
    db->row = (struct keel_row){db, run->statement, cells, columns};
    *row = &db->row;
    return KEEL_OK;
}

int keel_db_maybe(struct keel_db *db, const struct keel_query *query,
                  const struct keel_value *params, size_t count, const struct keel_row **row,
                  struct keel_error *err)
{
    struct execution run;
    *row = NULL;
    int rc = prepare(&run, db, query, params, count, false, err);
    struct keel__call call = {query, params, count, 1, false};
    if (!rc)
        rc = read_one(&run, &call, row, err);
    return done(&run, rc, err);
}

int keel_db_one(struct keel_db *db, const struct keel_query *query, const struct keel_value *params,
                size_t count, const struct keel_row **row, struct keel_error *err)
{
    int rc = keel_db_maybe(db, query, params, count, row, err);
    if (!rc && !*row) {
        rc = keel_error_set(err, KEEL_NOTFOUND, "no such row");
        if (err)
            snprintf(err->statement, sizeof err->statement, "%s",
                     query->name ? query->name : "(unnamed)");
    }
    return rc;
}

int keel_db_each(struct keel_db *db, const struct keel_query *query,
                 const struct keel_value *params, size_t count, keel_row_fn *each, void *context,
                 struct keel_error *err)
{
    struct execution run;
    int rc = prepare(&run, db, query, params, count, false, err);
    struct keel__call call = {query, params, count, 1, true};
    if (!rc)
        rc = start(&run, &call, err);
    while (!rc) {
        const struct keel_row *row;
        rc = next(&run, &row, err);
        if (rc || !row)
            break;
        run.rows++;
        db->in_each = true;
        rc = each(context, row, err);
        db->in_each = false;
        if (db->scratch.used_bytes > 0)
            keel__arena_reset(&db->scratch);
    }
    return done(&run, rc, err);
}

struct batch {
    struct execution run;
    keel_batch_fn *each;
    void *context;
    int64_t changed;
};

/* The rows that one start gave back; base is the index of its first row of parameters. */
static int read_batch_rows(struct batch *batch, size_t base, size_t taken, bool ordinal,
                           struct keel_error *err)
{
    struct keel_db *db = batch->run.db;
    for (;;) {
        const struct keel_row *row;
        int rc = next(&batch->run, &row, err);
        if (rc || !row)
            return rc;
        if (!batch->each)
            continue;
        struct keel_value *last = &batch->run.statement->cells[row->columns - 1];
        size_t offset = ordinal ? (size_t)(last->as.integer - 1) : 0;
        if (ordinal && (last->type != KEEL_INT || last->as.integer < 1 || offset >= taken))
            return keel_error_set(err, KEEL_INVALID,
                                  "its last column is not the ordinal of the parameters' row");
        *last = keel_int((int64_t)(base + offset));
        batch->run.rows++;
        db->in_each = true;
        rc = batch->each(batch->context, base + offset, row, err);
        db->in_each = false;
        if (rc)
            return rc;
        if (db->scratch.used_bytes > 0)
            keel__arena_reset(&db->scratch);
    }
}

static int run_batch(struct batch *batch, const struct keel_value *rows, size_t row_count,
                     struct keel_error *err)
{
    struct execution *run = &batch->run;
    const struct keel__driver *driver = run->db->driver;
    size_t width = run->query->param_count;
    bool arrays = driver->start_batch != NULL;
    for (size_t at = 0; at < row_count;) {
        struct keel__call call = {run->query, rows + at * width, width, row_count - at, false};
        size_t taken = 1;
        run->started = true;
        int rc = arrays ? driver->start_batch(run->db, run->statement, &call, &taken, err)
                        : driver->start(run->db, run->statement, &call, err);
        if (!rc)
            rc = read_batch_rows(batch, at, taken, arrays, err);
        if (rc && !arrays)
            keel_error_context(err, "row %zu", at + 1);
        if (rc)
            return rc;
        batch->changed += finish(run);
        at += taken;
    }
    return KEEL_OK;
}

static int check_batch(const struct keel_query *query, const struct keel_value *rows,
                       size_t row_count, struct keel_error *err)
{
    for (size_t i = 0; i < row_count; i++) {
        int rc = check_params(query, rows + i * query->param_count, query->param_count, err);
        if (rc) {
            keel_error_context(err, "row %zu", i + 1);
            return rc;
        }
    }
    return KEEL_OK;
}

static int batch_all(struct batch *batch, struct keel_db *db, const struct keel_query *query,
                     const struct keel_value *rows, size_t row_count, struct keel_error *err)
{
    if (row_count == 0)
        return KEEL_OK;
    struct execution *run = &batch->run;
    int rc = prepare(run, db, query, rows, query->param_count, true, err);
    if (!rc && (!query->params || query->param_count == 0))
        rc =
            keel_error_set(err, KEEL_INVALID, "a batch needs a statement with declared parameters");
    if (!rc && batch->each && (!query->returns || query->return_count == 0))
        rc = keel_error_set(err, KEEL_INVALID, "a batch with rows needs declared columns");
    if (!rc)
        rc = check_batch(query, rows, row_count, err);
    if (!rc)
        rc = run_batch(batch, rows, row_count, err);
    if (!batch->each)
        run->rows = batch->changed;
    return done(run, rc, err);
}

int keel_db_batch(struct keel_db *db, const struct keel_query *query, const struct keel_value *rows,
                  size_t row_count, int64_t *changed, struct keel_error *err)
{
    struct batch state = {.each = NULL};
    if (changed)
        *changed = 0;
    int rc = batch_all(&state, db, query, rows, row_count, err);
    if (!rc && changed)
        *changed = state.changed;
    return rc;
}

int keel_db_batch_each(struct keel_db *db, const struct keel_query *query,
                       const struct keel_value *rows, size_t row_count, keel_batch_fn *each,
                       void *context, struct keel_error *err)
{
    struct batch state = {.each = each, .context = context};
    return batch_all(&state, db, query, rows, row_count, err);
}

int keel_db_run(struct keel_db *db, struct keel_slice sql, struct keel_error *err)
{
    static const struct keel_query unnamed = {.name = "(run)"};
    struct execution run = {.db = db, .query = &unnamed, .started_us = keel__clock_us()};
    int rc = keel__db_ready(db, err);
    if (!sql.data)
        sql = keel_slice("", 0);
    if (!rc && memchr(sql.data, '\0', sql.size))
        rc = keel_error_set(err, KEEL_INVALID, "the SQL holds a NUL byte");
    if (!rc) {
        keel__arena_reset(&db->scratch);
        rc = db->driver->run(db, sql, err);
    }
    if (!rc && db->depth > 0 && db->driver->session(db) != KEEL__OPEN) {
        db->tx_lost = true;
        rc = keel_error_set(err, KEEL_CONFLICT,
                            "this statement ended the transaction it ran in: leave BEGIN, COMMIT "
                            "and ROLLBACK to keel");
    }
    return done(&run, rc, err);
}
