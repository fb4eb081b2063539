#include "audit/rules_design.h"
#include "base/error.h"

#include <string.h>

/* Tables inside a JSON column. */

enum { MIN_ROWS = 20, MAX_KEYS = 60, MIN_MEASURES = 4 };

static bool is_readable(const struct keel__audit *audit, const struct keel__profile *p)
{
    if (p->column->type.dimensions || p->rows - p->nulls < MIN_ROWS || p->total_bytes > 64 << 20)
        return false;
    return audit->dialect == KEEL_SQLITE || p->column->type.kind == KEEL_LOGICAL_JSON;
}

/* The document as a JSON array (or object), and an empty one where it is none. */
static const char *document(struct keel__audit *audit, const struct keel_column_model *column,
                            bool array)
{
    const char *x = keel__ask_column(audit, "t", column);
    const char *type = array ? "array" : "object", *empty = array ? "[]" : "{}";
    if (!x)
        return NULL;
    return audit->dialect == KEEL_SQLITE
               ? keel__ask_format(audit,
                                  "CASE WHEN typeof(%s) = 'text' AND json_valid(%s) THEN CASE "
                                  "json_type(%s) WHEN '%s' THEN %s ELSE '%s' END ELSE '%s' END",
                                  x, x, x, type, x, empty, empty)
               : keel__ask_format(audit,
                                  "CASE WHEN strpos(%s::text, '\\u0000') = 0 AND "
                                  "json_typeof(%s::json) = '%s' THEN %s::json ELSE '%s'::json END",
                                  x, x, type, x, empty);
}

struct keys {
    struct keel__audit *audit;
    const char *names[MAX_KEYS];
    int64_t rows[MAX_KEYS], numbers[MAX_KEYS];
    size_t count;
};

static int each_key(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct keys *keys = context;
    if (keys->count == MAX_KEYS)
        return KEEL_OK;
    keys->names[keys->count] = keel__arena_dup(keys->audit->arena, keel_row_text(row, 0));
    keys->rows[keys->count] = keel_row_int(row, 1);
    keys->numbers[keys->count] = keel_row_int(row, 2);
    return keys->names[keys->count++] ? KEEL_OK : keel__nomem(err);
}

/* ---- table-in-json --------------------------------------------------------------------------- */

static const char *entry_keys_sql(struct keel__audit *audit, const struct keel__table_facts *facts,
                                  const struct keel_column_model *column)
{
    const char *array = document(audit, column, true),
               *table = keel__ask_table(audit, facts->table);
    if (!array || !table)
        return NULL;
    return audit->dialect == KEEL_SQLITE
               ? keel__ask_format(
                     audit,
                     "SELECT f.key, count(*), count(DISTINCT f.value) FROM %s t, "
                     "json_each(%s) e, json_each(CASE e.type WHEN 'object' THEN e.value "
                     "ELSE '{}' END) f GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 60",
                     table, array)
               : keel__ask_format(
                     audit,
                     "SELECT f.key, count(*), count(DISTINCT f.value) FROM %s t, LATERAL "
                     "json_array_elements(%s) e, LATERAL json_each_text(CASE WHEN "
                     "json_typeof(e) = 'object' THEN e ELSE '{}'::json END) f GROUP BY 1 "
                     "ORDER BY 2 DESC, 1 LIMIT 60",
                     table, array);
}

static int entries_of(struct keel__audit *audit, const struct keel__table_facts *facts,
                      const struct keel__profile *p, struct keel_error *err)
{
    struct keys keys = {.audit = audit};
    bool answered;
    size_t id = MAX_KEYS;
    int rc = keel__ask_each(audit, facts->table->name, entry_keys_sql(audit, facts, p->column),
                            each_key, &keys, &answered, err);
    if (rc || !answered || !keys.count || keys.rows[0] < MIN_ROWS)
        return rc;
    for (size_t i = 0; i < keys.count && id == MAX_KEYS; i++)
        if (keel__name_ends(keys.names[i], "id uuid key") && keys.rows[i] * 2 >= keys.rows[0])
            id = i;
    struct keel_finding *finding = keel__design_add(audit, "table-in-json", facts->table);
    if (!finding)
        return keel__nomem(err);
    keel__finding_column(audit, finding, p->column->name);
    keel__finding_data(finding, facts, p->rows - p->nulls);
    keel__finding_count(audit, finding, "entries", keys.rows[0]);
    if (id < MAX_KEYS)
        keel__finding_count(audit, finding, keel__ask_format(audit, "distinct %s", keys.names[id]),
                            keys.numbers[id]);
    keel__finding_say(audit, finding,
                      "%s is a table in a column: arrays of %lld objects with %zu fields%s%s",
                      p->column->name, (long long)keys.rows[0], keys.count,
                      id < MAX_KEYS ? ", one of them " : "", id < MAX_KEYS ? keys.names[id] : "");
    return KEEL_OK;
}

int keel__schema_array_of_objects(struct keel__audit *audit, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel__table_facts *facts = &audit->facts[i];
        for (size_t c = 0; keel__ask_whole(facts) && c < facts->table->column_count && !rc; c++)
            if (is_readable(audit, &facts->profiles[c]) &&
                keel__profile_share(&facts->profiles[c], KEEL__SHAPE_JSON_ARRAY) >= 0.8 &&
                keel__profile_share(&facts->profiles[c], KEEL__SHAPE_JSON_NAMES) < 0.5)
                rc = entries_of(audit, facts, &facts->profiles[c], err);
    }
    return rc;
}

/* ---- measures-in-json ------------------------------------------------------------------------ */

/* first: of so many rows only; 0: of all */
static const char *measure_keys_sql(struct keel__audit *audit,
                                    const struct keel__table_facts *facts,
                                    const struct keel_column_model *column, int first)
{
    const char *object = document(audit, column, false);
    const char *table = keel__ask_table(audit, facts->table);
    if (table && first)
        table = keel__ask_format(audit, "(SELECT * FROM %s LIMIT %d)", table, first);
    if (!object || !table)
        return NULL;
    return audit->dialect == KEEL_SQLITE
               ? keel__ask_format(
                     audit,
                     "SELECT f.key, count(*), count(*) FILTER (WHERE f.type IN "
                     "('integer', 'real')) FROM %s t, json_each(%s) f GROUP BY 1 ORDER "
                     "BY 2 DESC, 1 LIMIT 60",
                     table, object)
               : keel__ask_format(
                     audit,
                     "SELECT f.key, count(*), count(*) FILTER (WHERE "
                     "json_typeof(f.value) = 'number') FROM %s t, LATERAL json_each(%s) "
                     "f GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 60",
                     table, object);
}

/* How many keys are numbers in so many of 100 documents; none when less than half of the keys are.
 */
static int count_measures(struct keel__audit *audit, const struct keel__table_facts *facts,
                          const struct keel__profile *p, int first, int percent, struct keys *keys,
                          size_t *measures, struct keel_error *err)
{
    bool answered;
    int64_t objects = p->shapes[KEEL__SHAPE_JSON_OBJECT];
    if (first && first < objects)
        objects = first;
    int rc =
        keel__ask_each(audit, facts->table->name, measure_keys_sql(audit, facts, p->column, first),
                       each_key, keys, &answered, err);
    *measures = 0;
    for (size_t i = 0; i < keys->count; i++)
        *measures += keys->numbers[i] * 100 >= objects * percent;
    if (!answered || *measures * 2 < keys->count)
        *measures = 0;
    return rc;
}

static int measures_of(struct keel__audit *audit, const struct keel__table_facts *facts,
                       const struct keel__profile *p, struct keel_error *err)
{
    enum { FIRST = 300 };
    struct keys some = {.audit = audit}, keys = {.audit = audit};
    size_t measures = 0;
    int64_t objects = p->shapes[KEEL__SHAPE_JSON_OBJECT];
    /* Most documents hold none, which a few of them tell. */
    int rc = count_measures(audit, facts, p, FIRST, 40, &some, &measures, err);
    if (rc || measures < MIN_MEASURES)
        return rc;
    rc = count_measures(audit, facts, p, 0, 80, &keys, &measures, err);
    if (rc || measures < MIN_MEASURES)
        return rc;
    struct keel_finding *finding = keel__design_add(audit, "measures-in-json", facts->table);
    if (!finding)
        return keel__nomem(err);
    keel__finding_column(audit, finding, p->column->name);
    keel__finding_data(finding, facts, objects);
    for (size_t i = 0; i < keys.count && i < 12; i++)
        if (keys.numbers[i] * 10 >= objects * 8)
            keel__finding_count(audit, finding, keys.names[i], keys.numbers[i]);
    keel__finding_say(audit, finding,
                      "nearly all documents in %s hold the same %zu numbers: they can only be "
                      "filtered, summed and indexed as columns or rows",
                      p->column->name, measures);
    return KEEL_OK;
}

int keel__schema_measures(struct keel__audit *audit, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel__table_facts *facts = &audit->facts[i];
        for (size_t c = 0; keel__ask_whole(facts) && c < facts->table->column_count && !rc; c++)
            if (is_readable(audit, &facts->profiles[c]) &&
                keel__profile_share(&facts->profiles[c], KEEL__SHAPE_JSON_OBJECT) >= 0.8)
                rc = measures_of(audit, facts, &facts->profiles[c], err);
    }
    return rc;
}
