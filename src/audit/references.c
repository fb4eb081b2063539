#include "audit/references.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "schema/model.h"
#include "schema/render.h"

size_t keel__references_of(const struct keel__audit *audit, const struct keel_table_model *table,
                           size_t *first)
{
    size_t low = 0, high = audit->reference_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (audit->references[middle].table < table)
            low = middle + 1;
        else
            high = middle;
    }
    *first = low;
    while (high < audit->reference_count && audit->references[high].table == table)
        high++;
    return high - low;
}

static const char *probe_key(struct keel__audit *audit, const char *what, size_t index)
{
    return keel__arena_printf(audit->arena, "%s %zu", what, index);
}

const char **keel__reference_columns(struct keel__audit *audit,
                                     const struct keel__reference *reference)
{
    const char **names = keel__arena_calloc(audit->arena, reference->column_count, sizeof *names);
    for (size_t i = 0; names && i < reference->column_count; i++)
        names[i] = reference->table->columns[reference->columns[i]].name;
    return names;
}

const char *keel__names_text(struct keel__audit *audit, const char *const *names, size_t count)
{
    struct keel__str out;
    keel__str_init(&out, 0);
    if (count == 1)
        keel__str_text(&out, names[0]);
    else if (count)
        keel__sql_names(&out, names, count);
    const char *text = out.failed ? NULL : keel__arena_dup(audit->arena, keel__str_view(&out));
    keel__str_fini(&out);
    return text ? text : "";
}

void keel__reference_plan(struct keel__audit *audit, struct keel__scan *scan, size_t index)
{
    const struct keel__reference *r = &audit->references[index];
    const char *orphan = keel__reference_orphan_sql(audit, r);
    const char **names = keel__reference_columns(audit, r);
    if (!orphan || !names)
        return;
    const char *value = keel__sql_text(audit, "t.%I", names[0]);
    const char *present = value ? keel__arena_printf(audit->arena, "%s IS NOT NULL", value) : NULL;
    for (size_t i = 1; i < r->column_count && value && present; i++) {
        const char *part = keel__sql_text(audit, "t.%I", names[i]);
        value = keel__arena_printf(audit->arena,
                                   audit->dialect == KEEL_POSTGRES ? "%s || ', ' || %s::text"
                                                                   : "%s || ', ' || %s",
                                   i == 1 && audit->dialect == KEEL_POSTGRES
                                       ? keel__arena_printf(audit->arena, "%s::text", value)
                                       : value,
                                   part);
        present = keel__arena_printf(audit->arena, "%s AND %s IS NOT NULL", present, part);
    }
    const char *key = probe_key(audit, "orphan", index);
    if (!value || !present || !key)
        return;
    keel__scan_probe(scan, key, orphan, value);
    if (r->column_count > 1 && (key = probe_key(audit, "referring", index)))
        keel__scan_probe(scan, key, present, NULL);
}

const struct keel__probe *keel__reference_orphans(struct keel__audit *audit,
                                                  const struct keel__table_facts *facts,
                                                  size_t index)
{
    const char *key = probe_key(audit, "orphan", index);
    return key ? keel__facts_probe(facts, key) : NULL;
}

void keel__reference_take(struct keel__audit *audit, const struct keel__table_facts *facts,
                          size_t index)
{
    struct keel__reference *r = &audit->references[index];
    const struct keel__probe *probe = keel__reference_orphans(audit, facts, index);
    if (!facts->scanned || !probe)
        return;
    if (r->column_count > 1) {
        const char *key = probe_key(audit, "referring", index);
        const struct keel__probe *referring = key ? keel__facts_probe(facts, key) : NULL;
        if (!referring)
            return;
        r->values = referring->matching;
    } else {
        const struct keel__profile *profile = &facts->profiles[r->columns[0]];
        r->values = profile->rows - profile->nulls;
    }
    r->orphans = probe->matching;
    r->distinct_orphans = probe->distinct;
    r->sampled = facts->sampled;
    r->counted = true;
}

/* The names of its columns, declared ones as they are written. */
static size_t names_of(struct keel__audit *audit, const struct keel__reference *r,
                       const char *const **out)
{
    *out = r->declared ? r->declared->columns : keel__reference_columns(audit, r);
    return r->declared ? r->declared->column_count : *out ? r->column_count : 0;
}

void keel__reference_place(struct keel__audit *audit, struct keel_finding *f,
                           const struct keel__reference *r)
{
    const char *const *names;
    size_t count = names_of(audit, r, &names);
    keel__finding_columns(audit, f, names, count);
    if (f && r->declared && r->declared->name)
        keel__finding_object(f, "constraint", r->declared->name);
}

const char *keel__reference_text(struct keel__audit *audit, const struct keel__reference *r)
{
    const char *const *names;
    size_t count = names_of(audit, r, &names);
    return keel__names_text(audit, names, count);
}

/* ---- from table to table ----------------------------------------------------------------------
 */

bool keel__reference_reaches(const struct keel__audit *audit, const struct keel_table_model *from,
                             const struct keel_table_model *to)
{
    const struct keel_table_model *tables = audit->schema->tables;
    size_t count = audit->schema->table_count, waiting = 0;
    bool *seen = calloc(count, sizeof *seen), found = false;
    size_t *queue = calloc(count, sizeof *queue);
    if (seen && queue) {
        queue[waiting++] = (size_t)(from - tables);
        seen[from - tables] = true;
    }
    while (waiting && !found) {
        const struct keel_table_model *at = &tables[queue[--waiting]];
        size_t first, references = keel__references_of(audit, at, &first);
        for (size_t i = first; i < first + references && !found; i++) {
            const struct keel__reference *r = &audit->references[i];
            if (!r->parent || !keel__reference_holds(r))
                continue;
            found = r->parent == to;
            if (!seen[r->parent - tables]) {
                seen[r->parent - tables] = true;
                queue[waiting++] = (size_t)(r->parent - tables);
            }
        }
    }
    free(seen);
    free(queue);
    return found;
}

/* ---- SQL ---------------------------------------------------------------------------------------
 */

const char *keel__sql_text(struct keel__audit *audit, const char *format, ...)
{
    struct keel__str out;
    va_list args;
    keel__str_init(&out, 0);
    va_start(args, format);
    for (const char *c = format; *c; c++) {
        if (*c != '%' || !c[1] || !strchr("ISTs", c[1])) {
            keel__str_char(&out, *c);
            continue;
        }
        const char *first = va_arg(args, const char *);
        c++;
        if (*c == 'I')
            keel__sql_name(&out, first);
        else if (*c == 'S')
            keel__sql_string(&out, first);
        else if (*c == 'T')
            keel__sql_qualified(&out, first, va_arg(args, const char *));
        else
            keel__str_text(&out, first);
    }
    va_end(args);
    const char *text = out.failed ? NULL : keel__arena_dup(audit->arena, keel__str_view(&out));
    keel__str_fini(&out);
    return text;
}

struct numbers {
    int64_t *numbers;
    size_t count;
};

static int take_numbers(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct numbers *n = context;
    (void)err;
    for (size_t i = 0; i < n->count && i < keel_row_columns(row); i++)
        n->numbers[i] = keel_row_int(row, i);
    return 0;
}

int keel__count_sql(struct keel__audit *audit, const char *sql, int64_t *numbers, size_t count,
                    struct keel_error *err)
{
    struct keel_query query = {.name = "audit_references", .sqlite = sql, .postgres = sql};
    struct numbers into = {numbers, count};
    memset(numbers, 0, count * sizeof *numbers);
    if (!sql)
        return keel__arena_error(audit->arena, err);
    return keel_db_each(audit->db, &query, KEEL_NO_PARAMS, take_numbers, &into, err);
}
