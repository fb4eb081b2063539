#include "audit/rules_consistency.h"
#include "base/error.h"
#include "schema/model.h"

#include <string.h>

/* The same rows, texts and relations more than once. */

enum { MIN_ROWS = 20, MIN_SHARED = 10, MAX_LONG = 3, MAX_JSON = 3, MAX_SCALARS = 8 };
static const int64_t max_bytes = 64 << 20; /* of a column that is held in memory at once */

static bool is_json_name(const struct keel_column_model *column)
{
    return keel__name_has(column->name, "json payload data metadata details document state raw "
                                        "body config credentials settings provenance usage");
}

/* ---- json-contradicts-column ----------------------------------------------------------------- */

static bool holds_json(const struct keel__audit *audit, const struct keel_column_model *column)
{
    if (column->type.dimensions)
        return false;
    if (column->type.kind == KEEL_LOGICAL_JSON)
        return true;
    return audit->dialect == KEEL_SQLITE && keel__role_is_text(column) && is_json_name(column);
}

static bool is_scalar(const struct keel__audit *audit, const struct keel_column_model *column)
{
    return (keel__role_is_text(column) || column->type.kind == KEEL_LOGICAL_INTEGER ||
            column->type.kind == KEEL_LOGICAL_UUID) &&
           !holds_json(audit, column) && !is_json_name(column) && !keel__role_is_time(column) &&
           !strpbrk(column->name, "\"'\\") &&
           !keel__name_has(column->name, "text content message description");
}

typedef int pair_fn(struct keel__audit *audit, void *context, const struct keel_column_model *a,
                    const struct keel_column_model *b, struct keel_error *err);

static int each_json_pair(struct keel__audit *audit, const struct keel_table_model *table,
                          pair_fn *fn, void *context, struct keel_error *err)
{
    int rc = KEEL_OK, documents = 0;
    for (size_t i = 0; i < table->column_count && documents < MAX_JSON; i++) {
        int scalars = 0;
        if (!holds_json(audit, &table->columns[i]))
            continue;
        documents++;
        for (size_t j = 0; j < table->column_count && scalars < MAX_SCALARS && !rc; j++)
            if (is_scalar(audit, &table->columns[j])) {
                scalars++;
                rc = fn(audit, context, &table->columns[i], &table->columns[j], err);
            }
    }
    return rc;
}

static const char *json_key(struct keel__audit *audit, const struct keel_column_model *json,
                            const struct keel_column_model *column)
{
    return keel__ask_format(audit, "json-copy %s %s", json->name, column->name);
}

/* The keys of the first documents of a column. */
struct json_keys {
    struct keel__audit *audit;
    struct keel__scan *scan;
    const struct keel_column_model *json; /* whose they are */
    const char *names[100];
    size_t count;
};

static int each_key(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct json_keys *keys = context;
    if (keel_row_is_null(row, 0) || keys->count == sizeof keys->names / sizeof *keys->names)
        return KEEL_OK;
    keys->names[keys->count] = keel__arena_dup(keys->audit->arena, keel_row_text(row, 0));
    return keys->names[keys->count++] ? KEEL_OK : keel__nomem(err);
}

static int read_keys(struct json_keys *keys, const struct keel_column_model *json,
                     struct keel_error *err)
{
    bool answered;
    const struct keel_table_model *table = keel__scan_table(keys->scan);
    const char *x = keel__ask_column(keys->audit, "t", json);
    const char *from = keel__ask_table(keys->audit, table);
    if (!x || !from)
        return keel__nomem(err);
    keys->json = json;
    keys->count = 0;
    return keel__ask_each(
        keys->audit, table->name,
        keel__ask_format(
            keys->audit,
            "SELECT DISTINCT f.key FROM (SELECT %s AS v FROM %s t WHERE %s IS NOT NULL LIMIT 300) "
            "s, json_each(CASE WHEN typeof(s.v) = 'text' AND json_valid(s.v) THEN CASE "
            "json_type(s.v) WHEN 'object' THEN s.v ELSE '{}' END ELSE '{}' END) f LIMIT 100",
            x, from, x),
        each_key, keys, &answered, err);
}

/* Whether documents have a key of the column's name: it need not be asked of every row otherwise.
 */
static bool has_key(const struct json_keys *keys, const char *name)
{
    bool found = keys->count == sizeof keys->names / sizeof *keys->names;
    for (size_t i = 0; i < keys->count && !found; i++)
        found = strcmp(keys->names[i], name) == 0;
    return found;
}

static int plan_json(struct keel__audit *audit, void *context, const struct keel_column_model *json,
                     const struct keel_column_model *column, struct keel_error *err)
{
    struct json_keys *keys = context;
    struct keel__scan *scan = keys->scan;
    if (audit->dialect == KEEL_SQLITE) {
        int rc = keys->json == json ? KEEL_OK : read_keys(keys, json, err);
        if (rc || !has_key(keys, column->name))
            return rc;
    }
    const char *j = keel__ask_column(audit, "t", json), *x = keel__ask_column(audit, "t", column);
    const char *key = json_key(audit, json, column), *condition;
    const char *row = keel__ask_row(audit, "t", keel__scan_table(scan));
    if (!j || !x || !key || !row)
        return keel__nomem(err);
    if (audit->dialect == KEEL_SQLITE)
        condition = keel__ask_format(
            audit,
            "CASE WHEN typeof(%s) = 'text' THEN CASE WHEN json_valid(%s) THEN CASE WHEN "
            "json_type(%s, '$.\"%s\"') IN ('text', 'integer') THEN json_extract(%s, '$.\"%s\"') "
            "<> %s END END END",
            j, j, j, column->name, j, column->name, x);
    else
        condition = keel__ask_format(audit,
                                     "CASE WHEN strpos(%s::text, '\\u0000') = 0 THEN (%s ->> '%s') "
                                     "<> %s::text END",
                                     j, j, column->name, x);
    if (!condition)
        return keel__nomem(err);
    keel__scan_probe(scan, key, condition, row);
    return KEEL_OK;
}

int keel__plan_json_copy(struct keel__audit *audit, struct keel__scan *scan, struct keel_error *err)
{
    struct json_keys keys = {.audit = audit, .scan = scan};
    return each_json_pair(audit, keel__scan_table(scan), plan_json, &keys, err);
}

static int report_json(struct keel__audit *audit, void *context,
                       const struct keel_column_model *json, const struct keel_column_model *column,
                       struct keel_error *err)
{
    const struct keel__table_facts *facts = context;
    const char *key = json_key(audit, json, column);
    const struct keel__probe *probe = key ? keel__facts_probe(facts, key) : NULL;
    if (!key)
        return keel__nomem(err);
    int64_t both = probe ? facts->rows - probe->nulls : 0;
    if (both < MIN_ROWS || !probe->matching || probe->matching * 10 > both)
        return KEEL_OK;
    struct keel_finding *finding =
        keel__consistency_add(audit, "json-contradicts-column", facts->table);
    if (!finding)
        return keel__nomem(err);
    keel__consistency_columns(audit, finding, json->name, column->name);
    keel__finding_data(finding, facts, probe->matching);
    keel__finding_examples(audit, finding, &probe->examples);
    keel__finding_say(audit, finding,
                      "the %s inside %s contradicts the column %s in %lld of the %lld rows that "
                      "have both",
                      column->name, json->name, column->name, (long long)probe->matching,
                      (long long)both);
    return keel__consistency_choice(
        audit, finding, facts->table, "which of the two is right is for you to say",
        keel__ask_format(audit, "%lld rows: decide which %s is right, then take it out of %s",
                         (long long)probe->matching, column->name, json->name),
        err);
}

int keel__table_json_copy(struct keel__audit *audit, const struct keel__table_facts *facts,
                          struct keel_error *err)
{
    return each_json_pair(audit, facts->table, report_json, (void *)(uintptr_t)facts, err);
}

/* ---- text-repeated-in-rows ------------------------------------------------------------------- */

int keel__table_text_copies(struct keel__audit *audit, const struct keel__table_facts *facts,
                            struct keel_error *err)
{
    for (size_t i = 0; facts->scanned && i < facts->table->column_count; i++) {
        const struct keel__profile *p = &facts->profiles[i];
        int64_t values = p->rows - p->nulls;
        if (!keel__role_is_text(&facts->table->columns[i]) || values < 50 || p->distinct_overflow ||
            p->distinct < 2 || p->distinct * 4 > values || p->total_bytes < values * 200)
            continue;
        struct keel_finding *finding =
            keel__consistency_add(audit, "text-repeated-in-rows", facts->table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_column(audit, finding, p->column->name);
        keel__finding_data(finding, facts, values);
        keel__finding_count(audit, finding, "distinct", p->distinct);
        keel__finding_count(audit, finding, "bytes", p->total_bytes);
        keel__finding_say(audit, finding,
                          "%lld rows hold only %lld different texts in %s, %lld bytes together: "
                          "each belongs once into a table that the rows refer to",
                          (long long)values, (long long)p->distinct, p->column->name,
                          (long long)p->total_bytes);
    }
    return KEEL_OK;
}

/* ---- same-text-in-two-tables ----------------------------------------------------------------- */

/* Texts so long and so different that equal ones are copies. */
static bool is_telling(const struct keel__table_facts *facts, size_t column)
{
    const struct keel__profile *p = &facts->profiles[column];
    int64_t values = p->rows - p->nulls;
    return keel__role_is_text(p->column) && values >= MIN_ROWS && p->total_bytes >= values * 40 &&
           p->total_bytes <= max_bytes && (p->distinct_overflow || p->distinct * 2 >= values) &&
           !keel__name_has(p->column->name, "url uri path id hash key token");
}

static size_t telling_of(const struct keel__table_facts *facts, size_t out[MAX_LONG])
{
    size_t count = 0;
    for (size_t i = 0; keel__ask_whole(facts) && i < facts->table->column_count && count < MAX_LONG;
         i++)
        if (is_telling(facts, i))
            out[count++] = i;
    return count;
}

static int report_shared(struct keel__audit *audit, const char *id,
                         const struct keel__table_facts *facts,
                         const struct keel_column_model *column,
                         const struct keel_table_model *other, const char *other_column,
                         int64_t shared, struct keel_error *err)
{
    if (shared < MIN_SHARED)
        return KEEL_OK;
    struct keel_finding *finding = keel__consistency_add(audit, id, facts->table);
    if (!finding)
        return keel__nomem(err);
    keel__finding_column(audit, finding, column->name);
    keel__finding_data(finding, facts, shared);
    keel__finding_say(
        audit, finding, "%lld of %lld rows hold in %s the very text that %s has in %s",
        (long long)shared, (long long)facts->rows, column->name, other->name, other_column);
    return KEEL_OK;
}

static int share_through(struct keel__audit *audit, const struct keel__reference *reference,
                         size_t a, size_t b, struct keel_error *err)
{
    int64_t shared;
    bool answered;
    const struct keel__table_facts *facts = keel__facts_of(audit, reference->parent);
    const struct keel_column_model *x = &reference->parent->columns[a];
    const struct keel_column_model *y = &reference->table->columns[b];
    const struct keel_column_model *key =
        keel_table_column(reference->parent, reference->parent_columns[0]);
    const struct keel_column_model *own = &reference->table->columns[reference->columns[0]];
    if (!key || !keel__ask_comparable(audit, own, key) || !keel__ask_comparable(audit, x, y) ||
        !keel__ask_indexed(reference->table, own->name))
        return KEEL_OK;
    const char *p = keel__ask_table(audit, reference->parent);
    const char *c = keel__ask_table(audit, reference->table);
    const char *o = keel__ask_column(audit, "c", own), *k = keel__ask_column(audit, "t", key);
    const char *tx = keel__ask_column(audit, "t", x), *cy = keel__ask_column(audit, "c", y);
    if (!p || !c || !o || !k || !tx || !cy)
        return keel__nomem(err);
    int rc = keel__ask_numbers(
        audit, reference->parent->name,
        keel__ask_format(audit,
                         "SELECT count(*) FROM %s t WHERE %s <> '' AND EXISTS (SELECT 1 FROM %s c "
                         "WHERE %s = %s AND %s = %s)",
                         p, tx, c, o, k, cy, tx),
        &shared, 1, &answered, err);
    return rc || !answered ? rc
                           : report_shared(audit, "same-text-in-two-tables", facts, x,
                                           reference->table, y->name, shared, err);
}

static int share_by_name(struct keel__audit *audit, const struct keel__table_facts *a,
                         const struct keel__table_facts *b, size_t column, struct keel_error *err)
{
    int64_t shared;
    bool answered;
    const struct keel_column_model *x = &a->table->columns[column];
    const struct keel_column_model *y = keel_table_column(b->table, x->name);
    if (!y || !is_telling(b, keel__role_index(b->table, y)) || !keel__ask_comparable(audit, x, y))
        return KEEL_OK;
    if (a->rows > b->rows) { /* the smaller one is told of */
        const struct keel__table_facts *swap = a;
        a = b;
        b = swap;
    }
    const char *at = keel__ask_table(audit, a->table), *bt = keel__ask_table(audit, b->table);
    const char *ax = keel__ask_column(audit, "t", x), *bx = keel__ask_column(audit, "u", x);
    if (!at || !bt || !ax || !bx)
        return keel__nomem(err);
    int rc = keel__ask_numbers(
        audit, a->table->name,
        keel__ask_format(audit,
                         "SELECT count(*) FROM %s t WHERE %s <> '' AND %s IN (SELECT %s FROM %s u)",
                         at, ax, ax, bx, bt),
        &shared, 1, &answered, err);
    return rc || !answered ? rc
                           : report_shared(audit, "same-text-in-two-tables", a, x, b->table,
                                           x->name, shared, err);
}

int keel__schema_text_twice(struct keel__audit *audit, struct keel_error *err)
{
    size_t mine[MAX_LONG], theirs[MAX_LONG], tables = audit->schema->table_count;
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->reference_count && !rc; i++) {
        const struct keel__reference *r = &audit->references[i];
        if (!r->parent || r->parent == r->table || r->column_count != 1 ||
            !keel__consistency_holds(r))
            continue;
        size_t m = telling_of(keel__facts_of(audit, r->parent), mine);
        size_t n = telling_of(keel__facts_of(audit, r->table), theirs);
        for (size_t a = 0; a < m; a++)
            for (size_t b = 0; b < n && !rc; b++)
                if (!keel__name_is(r->parent->columns[mine[a]].name,
                                   r->table->columns[theirs[b]].name))
                    rc = share_through(audit, r, mine[a], theirs[b], err);
    }
    for (size_t i = 0; i < tables && tables <= 300; i++) {
        size_t m = telling_of(&audit->facts[i], mine);
        for (size_t j = i + 1; m && j < tables && !rc; j++)
            for (size_t a = 0; a < m && !rc && keel__ask_whole(&audit->facts[j]); a++)
                rc = share_by_name(audit, &audit->facts[i], &audit->facts[j], mine[a], err);
    }
    return rc;
}

/* Text columns against the texts inside another table's JSON arrays of objects, which are taken out
 * of their documents once. */
enum { MAX_ASKED = 20 };

struct text_column {
    const struct keel__table_facts *facts;
    size_t column;
};

static int share_with_json(struct keel__audit *audit, const struct text_column *texts, size_t count,
                           const struct keel__table_facts *other, size_t json,
                           struct keel_error *err)
{
    int64_t shared[MAX_ASKED];
    bool answered;
    const char *u = keel__ask_table(audit, other->table), *sql = NULL;
    const char *j = keel__ask_column(audit, "u", &other->table->columns[json]);
    for (size_t i = 0; i < count; i++) {
        const char *t = keel__ask_table(audit, texts[i].facts->table);
        const char *x =
            keel__ask_column(audit, "t", &texts[i].facts->table->columns[texts[i].column]);
        if (!t || !x)
            return keel__nomem(err);
        sql = keel__ask_format(
            audit, "%s%s (SELECT count(*) FROM %s t WHERE %s <> '' AND %s IN (SELECT x FROM v))",
            sql ? sql : "", sql ? "," : "", t, x, x);
        if (!sql)
            return keel__nomem(err);
    }
    if (!u || !j)
        return keel__nomem(err);
    int rc = keel__ask_numbers(
        audit, other->table->name,
        keel__ask_format(
            audit,
            "WITH v AS MATERIALIZED (SELECT DISTINCT f.value AS x FROM %s u, json_each(CASE WHEN "
            "typeof(%s) = 'text' AND json_valid(%s) THEN %s ELSE '[]' END) e, json_each(CASE "
            "e.type WHEN 'object' THEN e.value ELSE '{}' END) f WHERE f.type = 'text') SELECT%s",
            u, j, j, j, sql),
        shared, count, &answered, err);
    for (size_t i = 0; i < count && !rc && answered; i++)
        rc = report_shared(audit, "same-text-in-json", texts[i].facts,
                           &texts[i].facts->table->columns[texts[i].column], other->table,
                           other->table->columns[json].name, shared[i], err);
    return rc;
}

int keel__schema_json_text_twice(struct keel__audit *audit, struct keel_error *err)
{
    size_t mine[MAX_LONG], asked = 0;
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel__table_facts *other = &audit->facts[i];
        for (size_t c = 0; keel__ask_whole(other) && c < other->table->column_count && !rc; c++) {
            struct text_column texts[MAX_ASKED];
            size_t count = 0;
            const struct keel__profile *p = &other->profiles[c];
            if (p->rows - p->nulls < MIN_ROWS || p->total_bytes > max_bytes ||
                keel__profile_share(p, KEEL__SHAPE_JSON_ARRAY) < 0.8 ||
                keel__profile_share(p, KEEL__SHAPE_JSON_NAMES) >= 0.5) /* no objects in them */
                continue;
            for (size_t k = 0; k < audit->schema->table_count; k++) {
                size_t m = k == i ? 0 : telling_of(&audit->facts[k], mine);
                for (size_t a = 0; a < m && asked < MAX_ASKED; a++, asked++)
                    texts[count++] = (struct text_column){&audit->facts[k], mine[a]};
            }
            if (count)
                rc = share_with_json(audit, texts, count, other, c, err);
        }
    }
    return rc;
}
