#include "audit/ask.h"

#include "audit/run.h"
#include "base/error.h"
#include "base/str.h"
#include "schema/model.h"
#include "schema/render.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *keel__ask_format(struct keel__audit *audit, const char *format, ...)
{
    va_list args;
    struct keel__str out;
    keel__str_init(&out, 0);
    va_start(args, format);
    keel__str_vprintf(&out, format, args);
    va_end(args);
    char *text = out.failed ? NULL : keel__arena_dup(audit->arena, keel__str_view(&out));
    keel__str_fini(&out);
    return text;
}

static const char *keep(struct keel__audit *audit, struct keel__str *out)
{
    char *text = out->failed ? NULL : keel__arena_dup(audit->arena, keel__str_view(out));
    keel__str_fini(out);
    return text;
}

const char *keel__ask_name(struct keel__audit *audit, const char *name)
{
    struct keel__str out;
    keel__str_init(&out, 0);
    keel__sql_name(&out, name);
    return keep(audit, &out);
}

const char *keel__ask_table(struct keel__audit *audit, const struct keel_table_model *table)
{
    struct keel__str out;
    keel__str_init(&out, 0);
    keel__sql_qualified(&out, table->schema, table->name);
    return keep(audit, &out);
}

const char *keel__ask_column(struct keel__audit *audit, const char *alias,
                             const struct keel_column_model *column)
{
    struct keel__str out;
    keel__str_init(&out, 0);
    keel__str_printf(&out, "%s.", alias);
    keel__sql_name(&out, column->name);
    return keep(audit, &out);
}

const char *keel__ask_string(struct keel__audit *audit, const char *text)
{
    struct keel__str out;
    keel__str_init(&out, 0);
    keel__sql_string(&out, text);
    return keep(audit, &out);
}

static bool is_text(const struct keel_column_model *column)
{
    return column->type.kind == KEEL_LOGICAL_TEXT && !column->type.dimensions;
}

const char *keel__ask_text(struct keel__audit *audit, const char *alias,
                           const struct keel_column_model *column)
{
    const char *name = keel__ask_column(audit, alias, column);
    if (!name || audit->dialect == KEEL_SQLITE || (is_text(column) && !column->type.padded))
        return name;
    return keel__ask_format(audit, "%s::text", name);
}

const char *keel__ask_missing(struct keel__audit *audit, const char *alias,
                              const struct keel_column_model *column)
{
    const char *name = keel__ask_column(audit, alias, column);
    if (!name || (audit->dialect == KEEL_POSTGRES && !is_text(column)))
        return name ? keel__ask_format(audit, "%s IS NULL", name) : NULL;
    return keel__ask_format(audit, "(%s IS NULL OR %s = '')", name, name);
}

/* A Unix time in seconds to nanoseconds, by its size. */
static const char *epoch_time(struct keel__audit *audit, const char *x)
{
    return keel__ask_format(audit,
                            "CASE WHEN %s BETWEEN 1e17 AND 4.2e18 THEN %s / 864e11 "
                            "WHEN %s BETWEEN 1e14 AND 4.2e15 THEN %s / 864e8 "
                            "WHEN %s BETWEEN 1e11 AND 4.2e12 THEN %s / 864e5 "
                            "WHEN %s BETWEEN 1e8 AND 4.2e9 THEN %s / 86400.0 END",
                            x, x, x, x, x, x, x, x);
}

/* Every part is checked before it is taken as a number; the day is counted on from the first of
 * its month, so that the 30th of February is a time as well and no error. */
static const char *postgres_text_time(struct keel__audit *audit, const char *x)
{
    return keel__ask_format(
        audit,
        "CASE WHEN %s ~ '^[1-9][0-9]{3}-(0[1-9]|1[0-2])-[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9].*)?$' "
        "THEN (make_date(substr(%s, 1, 4)::int, substr(%s, 6, 2)::int, 1) - date '1970-01-01' + "
        "substr(%s, 9, 2)::int - 1)::float8 + CASE WHEN length(%s) > 15 THEN "
        "substr(%s, 12, 2)::int / 24.0 + substr(%s, 15, 2)::int / 1440.0 + "
        "CASE WHEN %s ~ '^.{16}:[0-5][0-9]' THEN substr(%s, 18, 2)::int / 86400.0 ELSE 0 END - "
        "CASE WHEN %s ~ '[0-9][+-][0-9]{2}:?[0-9]{2}$' THEN "
        "(CASE WHEN %s ~ '[+][0-9]{2}:?[0-9]{2}$' THEN 1 ELSE -1 END) * "
        "(substring(%s from '[+-]([0-9]{2}):?[0-9]{2}$')::int / 24.0 + "
        "substring(%s from '([0-9]{2})$')::int / 1440.0) ELSE 0 END ELSE 0 END END",
        x, x, x, x, x, x, x, x, x, x, x, x, x);
}

const char *keel__ask_time(struct keel__audit *audit, const char *alias,
                           const struct keel_column_model *column)
{
    const char *x = keel__ask_column(audit, alias, column);
    if (!x)
        return NULL;
    if (audit->dialect == KEEL_SQLITE) {
        const char *epoch = epoch_time(audit, x);
        /* julianday() also takes "12" and "now" */
        return epoch
                   ? keel__ask_format(audit,
                                      "CASE typeof(%s) WHEN 'text' THEN CASE WHEN %s GLOB "
                                      "'[0-9][0-9]*[-:][0-9][0-9]*' THEN julianday(%s) - 2440587.5 "
                                      "END WHEN 'integer' THEN %s WHEN 'real' THEN %s END",
                                      x, x, x, epoch, epoch)
                   : NULL;
    }
    if (column->type.dimensions)
        return "NULL::float8";
    switch (column->type.kind) {
    case KEEL_LOGICAL_TIMESTAMP:
    case KEEL_LOGICAL_DATE:
        return keel__ask_format(audit, "(extract(epoch FROM %s) / 86400)::float8", x);
    case KEEL_LOGICAL_INTEGER:
    case KEEL_LOGICAL_DECIMAL:
    case KEEL_LOGICAL_REAL: {
        const char *epoch = epoch_time(audit, keel__ask_format(audit, "%s::float8", x));
        return epoch ? keel__ask_format(audit, "(%s)", epoch) : NULL;
    }
    case KEEL_LOGICAL_TEXT:
        return keel__ask_format(audit, "(%s)", postgres_text_time(audit, x));
    default:
        return "NULL::float8";
    }
}

static const char *shown(struct keel__audit *audit, const char *alias,
                         const struct keel_column_model *column)
{
    const char *x = keel__ask_column(audit, alias, column);
    if (!x)
        return NULL;
    return audit->dialect == KEEL_POSTGRES
               ? keel__ask_format(audit, "%s::text", x)
               : keel__ask_format(audit, "CASE typeof(%s) WHEN 'blob' THEN hex(%s) ELSE %s END", x,
                                  x, x);
}

const char *keel__ask_row(struct keel__audit *audit, const char *alias,
                          const struct keel_table_model *table)
{
    const char *all = NULL;
    const struct keel_key_model *key = table->primary_key;
    if (!key)
        return table->column_count ? shown(audit, alias, &table->columns[0]) : "NULL";
    for (size_t i = 0; i < key->column_count && i < 4; i++) {
        const struct keel_column_model *column = keel_table_column(table, key->columns[i]);
        const char *one = column ? shown(audit, alias, column) : "NULL";
        if (!one)
            return NULL;
        all = all ? keel__ask_format(audit, "%s || ', ' || %s", all, one) : one;
        if (!all)
            return NULL;
    }
    return all ? all : "NULL";
}

bool keel__ask_comparable(const struct keel__audit *audit, const struct keel_column_model *a,
                          const struct keel_column_model *b)
{
    if (audit->dialect == KEEL_SQLITE)
        return true;
    return a->type.kind == b->type.kind && !a->type.dimensions && !b->type.dimensions &&
           a->type.kind != KEEL_LOGICAL_JSON && a->type.kind != KEEL_LOGICAL_OTHER &&
           a->type.kind != KEEL_LOGICAL_DOMAIN && a->type.kind != KEEL_LOGICAL_ENUM;
}

/* ---- questions ------------------------------------------------------------------------------- */

int keel__ask_each(struct keel__audit *audit, const char *place, const char *sql, keel_row_fn *each,
                   void *context, bool *answered, struct keel_error *err)
{
    struct keel_query query = {.name = "audit_ask", .sqlite = sql, .postgres = sql};
    *answered = false;
    if (!sql)
        return keel__nomem(err);
    if (keel__audit_stopped(audit))
        return keel__audit_stop(err);
    int rc = keel_db_begin(audit->db, KEEL_TX_READ, err);
    if (rc)
        return rc;
    rc = keel_db_each(audit->db, &query, KEEL_NO_PARAMS, each, context, err);
    keel_db_rollback(audit->db);
    *answered = rc == 0;
    if (!rc || keel__audit_fatal(audit, rc))
        return rc;
    keel__audit_skip(audit, "%s: %s", place, err->message);
    return KEEL_OK;
}

struct numbers {
    int64_t *out;
    size_t count;
    size_t rows;
};

static int take_numbers(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct numbers *numbers = context;
    (void)err;
    for (size_t i = 0; i < numbers->count && i < keel_row_columns(row); i++)
        numbers->out[i] = keel_row_int(row, i);
    numbers->rows++;
    return KEEL_OK;
}

int keel__ask_numbers(struct keel__audit *audit, const char *place, const char *sql, int64_t *out,
                      size_t count, bool *answered, struct keel_error *err)
{
    struct numbers numbers = {.out = out, .count = count};
    memset(out, 0, count * sizeof *out);
    int rc = keel__ask_each(audit, place, sql, take_numbers, &numbers, answered, err);
    *answered = *answered && numbers.rows == 1;
    return rc;
}

bool keel__ask_whole(const struct keel__table_facts *facts)
{
    return facts && facts->scanned && !facts->sampled;
}

bool keel__ask_indexed(const struct keel_table_model *table, const char *column)
{
    if (table->primary_key && table->primary_key->column_count &&
        keel__name_is(table->primary_key->columns[0], column))
        return true;
    for (size_t i = 0; i < table->unique_count; i++)
        if (keel__name_is(table->uniques[i].columns[0], column))
            return true;
    for (size_t i = 0; i < table->index_count; i++) {
        const struct keel_index_model *index = &table->indexes[i];
        if (index->part_count && index->parts[0].column && !index->where && index->valid &&
            (!index->method || strcmp(index->method, "btree") == 0) &&
            keel__name_is(index->parts[0].column, column))
            return true;
    }
    return false;
}

bool keel__ask_unique(const struct keel_table_model *table, const char *column)
{
    if (table->primary_key && table->primary_key->column_count == 1 &&
        keel__name_is(table->primary_key->columns[0], column))
        return true;
    for (size_t i = 0; i < table->unique_count; i++)
        if (table->uniques[i].column_count == 1 &&
            keel__name_is(table->uniques[i].columns[0], column))
            return true;
    for (size_t i = 0; i < table->index_count; i++) {
        const struct keel_index_model *index = &table->indexes[i];
        if (index->unique && index->part_count == 1 && index->parts[0].column && !index->where &&
            keel__name_is(index->parts[0].column, column))
            return true;
    }
    return false;
}
