#include "audit/rules_consistency.h"
#include "base/error.h"

#include <string.h>

/* Columns and documents of two generations side by side. */

enum { MIN_ROWS = 20, MIN_SHAPE_ROWS = 5 };

/* ---- half-moved-column ----------------------------------------------------------------------- */

/* "response text" and "openrouter response text": one word more in front. */
static bool is_successor(const char *old_name, const char *new_name)
{
    char a[128], b[128];
    keel__role_words(old_name, a, sizeof a);
    keel__role_words(new_name, b, sizeof b);
    const char *rest = strchr(b, ' ');
    return strchr(a, ' ') && rest && strcmp(rest + 1, a) == 0 &&
           !keel__name_starts(new_name,
                              "raw short long normalized original display full first last "
                              "max min total input output error user is has old source");
}

int keel__table_half_moved(struct keel__audit *audit, const struct keel__table_facts *facts,
                           struct keel_error *err)
{
    const struct keel_table_model *table = facts->table;
    if (facts->rows < 50 || table->column_count > 200)
        return KEEL_OK;
    for (size_t i = 0; i < table->column_count; i++)
        for (size_t j = 0; j < table->column_count; j++) {
            const struct keel__profile *old = &facts->profiles[i], *new = &facts->profiles[j];
            int64_t left = old->rows - old->nulls, moved = new->rows - new->nulls;
            if (i == j || !left || left * 10 > facts->rows || moved * 3 < facts->rows ||
                !is_successor(table->columns[i].name, table->columns[j].name))
                continue;
            struct keel_finding *finding = keel__consistency_add(audit, "half-moved-column", table);
            if (!finding)
                return keel__nomem(err);
            keel__consistency_columns(audit, finding, table->columns[i].name,
                                      table->columns[j].name);
            keel__finding_data(finding, facts, left);
            keel__finding_say(audit, finding,
                              "%lld of %lld rows still have a %s, %lld a %s: a move from one "
                              "column to the other that was not finished",
                              (long long)left, (long long)facts->rows, table->columns[i].name,
                              (long long)moved, table->columns[j].name);
        }
    return KEEL_OK;
}

/* ---- documents-of-two-shapes ----------------------------------------------------------------- */

struct shapes {
    struct keel__audit *audit;
    const char *keys[4];
    int64_t rows[4];
    size_t count;
};

static int each_shape(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct shapes *shapes = context;
    if (keel_row_is_null(row, 0) || shapes->count == 4)
        return KEEL_OK;
    shapes->keys[shapes->count] = keel__arena_dup(shapes->audit->arena, keel_row_text(row, 0));
    shapes->rows[shapes->count] = keel_row_int(row, 1);
    return shapes->keys[shapes->count++] ? KEEL_OK : keel__nomem(err);
}

/* How many of the keys in a (parted by commas) are in b. */
static size_t keys_in(const char *a, const char *b, size_t *total)
{
    size_t found = 0;
    *total = 0;
    for (const char *at = a; *at;) {
        size_t length = strcspn(at, ",");
        ++*total;
        for (const char *to = b; *to;) {
            size_t other = strcspn(to, ",");
            if (other == length && memcmp(at, to, length) == 0) {
                found++;
                break;
            }
            to += other + (to[other] == ',');
        }
        at += length + (at[length] == ',');
    }
    return found;
}

static int report_shapes(struct keel__audit *audit, const struct keel__table_facts *facts,
                         const struct keel_column_model *column, const struct shapes *shapes,
                         struct keel_error *err)
{
    size_t few, many;
    if (shapes->count != 2 || shapes->rows[1] < MIN_SHAPE_ROWS ||
        shapes->rows[1] * 33 < shapes->rows[0])
        return KEEL_OK;
    size_t common = keys_in(shapes->keys[0], shapes->keys[1], &few);
    keys_in(shapes->keys[1], shapes->keys[0], &many);
    if (common < 3 || (common != few && common != many) || few == many)
        return KEEL_OK;
    struct keel_finding *finding =
        keel__consistency_add(audit, "documents-of-two-shapes", facts->table);
    if (!finding)
        return keel__nomem(err);
    keel__finding_column(audit, finding, column->name);
    keel__finding_data(finding, facts, shapes->rows[1]);
    for (size_t i = 0; i < 2; i++)
        keel__finding_count(audit, finding, shapes->keys[i], shapes->rows[i]);
    keel__finding_say(audit, finding,
                      "the documents in %s are of two versions: %lld with the fields %s, %lld with "
                      "%s",
                      column->name, (long long)shapes->rows[0], shapes->keys[0],
                      (long long)shapes->rows[1], shapes->keys[1]);
    return KEEL_OK;
}

/* first: of so many rows only; 0: of all */
static int read_shapes(struct keel__audit *audit, const struct keel__table_facts *facts,
                       const struct keel_column_model *column, int first, struct shapes *shapes,
                       bool *answered, struct keel_error *err)
{
    const char *x = keel__ask_column(audit, "t", column);
    const char *table = keel__ask_table(audit, facts->table);
    if (table && first)
        table = keel__ask_format(audit, "(SELECT * FROM %s LIMIT %d)", table, first);
    if (!x || !table)
        return keel__nomem(err);
    const char *sql =
        audit->dialect == KEEL_SQLITE
            ? keel__ask_format(
                  audit,
                  "SELECT s, count(*) FROM (SELECT (SELECT group_concat(key, ',') FROM "
                  "(SELECT key FROM json_each(CASE WHEN typeof(%s) = 'text' AND "
                  "json_valid(%s) THEN CASE json_type(%s) WHEN 'object' THEN %s END "
                  "END) ORDER BY key)) AS s FROM %s t) x WHERE s IS NOT NULL GROUP BY 1 "
                  "ORDER BY 2 DESC LIMIT 4",
                  x, x, x, x, table)
            : keel__ask_format(
                  audit,
                  "SELECT s, count(*) FROM (SELECT CASE WHEN json_typeof(%s::json) = "
                  "'object' AND strpos(%s::text, '\\u0000') = 0 THEN (SELECT "
                  "string_agg(k, ',' ORDER BY k) FROM json_object_keys(%s::json) k) END "
                  "AS s FROM %s t) x WHERE s IS NOT NULL GROUP BY 1 ORDER BY 2 DESC "
                  "LIMIT 4",
                  x, x, x, table);
    return keel__ask_each(audit, facts->table->name, sql, each_shape, shapes, answered, err);
}

static int shapes_of(struct keel__audit *audit, const struct keel__table_facts *facts,
                     const struct keel_column_model *column, struct keel_error *err)
{
    enum { FIRST = 400 };
    struct shapes some = {.audit = audit}, shapes = {.audit = audit};
    bool answered;
    /* Where a few documents have more than two shapes, all of them have: there is no need to ask.
     */
    int rc = read_shapes(audit, facts, column, FIRST, &some, &answered, err);
    if (rc || !answered || some.count > 2)
        return rc;
    rc = read_shapes(audit, facts, column, 0, &shapes, &answered, err);
    return rc || !answered ? rc : report_shapes(audit, facts, column, &shapes, err);
}

int keel__schema_document_shapes(struct keel__audit *audit, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel__table_facts *facts = &audit->facts[i];
        for (size_t c = 0; keel__ask_whole(facts) && c < facts->table->column_count && !rc; c++) {
            const struct keel__profile *p = &facts->profiles[c];
            bool readable =
                audit->dialect == KEEL_SQLITE ||
                (p->column->type.kind == KEEL_LOGICAL_JSON && !p->column->type.dimensions);
            if (readable && p->rows - p->nulls >= MIN_ROWS && p->total_bytes <= 64 << 20 &&
                keel__profile_share(p, KEEL__SHAPE_JSON_OBJECT) >= 0.8)
                rc = shapes_of(audit, facts, p->column, err);
        }
    }
    return rc;
}

/* ---- money-of-two-types ---------------------------------------------------------------------- */

static bool is_money(const struct keel_column_model *column, enum keel_logical_kind kind)
{
    return column->type.kind == kind && keel__name_has(column->name, "cost price fee") &&
           !keel__name_has(column->name, "count id");
}

static size_t money_columns(const struct keel__audit *audit, enum keel_logical_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < audit->schema->table_count; i++)
        for (size_t c = 0; c < audit->schema->tables[i].column_count; c++)
            count += is_money(&audit->schema->tables[i].columns[c], kind);
    return count;
}

int keel__schema_money_types(struct keel__audit *audit, struct keel_error *err)
{
    size_t reals = money_columns(audit, KEEL_LOGICAL_REAL);
    size_t decimals = money_columns(audit, KEEL_LOGICAL_DECIMAL);
    if (!reals || !decimals)
        return KEEL_OK;
    enum keel_logical_kind fewer = decimals <= reals ? KEEL_LOGICAL_DECIMAL : KEEL_LOGICAL_REAL;
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel_table_model *table = &audit->schema->tables[i];
        for (size_t c = 0; c < table->column_count; c++) {
            const struct keel_column_model *column = &table->columns[c];
            if (!is_money(column, fewer))
                continue;
            struct keel_finding *finding =
                keel__consistency_add(audit, "money-of-two-types", table);
            if (!finding)
                return keel__nomem(err);
            keel__finding_column(audit, finding, column->name);
            keel__finding_say(audit, finding,
                              "%s is %s; of the columns for money in this database %zu are "
                              "decimals and %zu floating point: sums over both differ",
                              column->name, column->declared_type, decimals, reals);
        }
    }
    return KEEL_OK;
}
