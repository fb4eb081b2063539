/* References that nothing declares. */
#include "audit/references.h"

#include <string.h>

#include "audit/indexes.h"
#include "schema/model.h"

/* ---- what the values say ----------------------------------------------------------------------
 */

int keel__soft_plan(struct keel__audit *audit, struct keel__scan *scan, struct keel_error *err)
{
    size_t first, count = keel__references_of(audit, keel__scan_table(scan), &first);
    (void)err;
    for (size_t i = first; i < first + count; i++)
        if (!audit->references[i].declared)
            keel__reference_plan(audit, scan, i);
    return 0;
}

static double share(const struct keel__reference *r)
{
    return r->counted && r->values ? (double)(r->values - r->orphans) / (double)r->values : 0;
}

/* Of the references of one column, the one that more values agree with stays. */
static void choose(struct keel__audit *audit, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++) {
        struct keel__reference *r = &audit->references[i];
        for (size_t k = first; k < first + count && !r->declared; k++) {
            const struct keel__reference *other = &audit->references[k];
            if (k == i || other->declared || other->columns[0] != r->columns[0])
                continue;
            bool fitter = share(other) > share(r) || (share(other) >= share(r) && k < i);
            if (fitter && !other->set_aside)
                r->set_aside = true;
        }
    }
}

int keel__soft_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                     struct keel_error *err)
{
    size_t first, count = keel__references_of(audit, facts->table, &first);
    (void)err;
    for (size_t i = first; i < first + count; i++)
        if (!audit->references[i].declared)
            keel__reference_take(audit, facts, i);
    choose(audit, first, count);
    return 0;
}

/* Small whole numbers are in any key that counts up from 1, whatever they mean. Such a key proves
 * something only when the values run through it as references do. */
static bool may_be_chance(const struct keel__audit *audit, const struct keel__reference *r)
{
    const struct keel__table_facts *child = keel__facts_of(audit, r->table);
    const struct keel__table_facts *parent = keel__facts_of(audit, r->parent);
    const struct keel__profile *values = &child->profiles[r->columns[0]];
    const struct keel__profile *key =
        parent->scanned ? keel__facts_profile(parent, r->parent_columns[0]) : NULL;
    if (!key || !key->integers || !values->integers)
        return false;
    double range = (double)key->max_integer - (double)key->min_integer + 1;
    if ((double)parent->row_count < range / 4)
        return false; /* the numbers are far apart */
    int64_t possible = parent->row_count < r->values ? parent->row_count : r->values;
    bool spread = (double)values->max_integer >= (double)key->min_integer + range / 2 &&
                  values->distinct * 5 >= possible;
    return !spread || r->orphans > 0;
}

/* ---- the repair --------------------------------------------------------------------------------
 */

static enum keel_reference_action action_for(const struct keel__audit *audit,
                                             const struct keel__reference *r)
{
    bool any = false;
    enum keel_reference_action action = KEEL_ACTION_NO_ACTION;
    for (size_t i = 0; i < audit->reference_count; i++) {
        const struct keel__reference *other = &audit->references[i];
        if (!other->declared || other->parent != r->parent || other->table == other->parent)
            continue;
        if (any && other->declared->on_delete != action)
            return KEEL_ACTION_NO_ACTION;
        any = true;
        action = other->declared->on_delete;
    }
    const struct keel_column_model *column = &r->table->columns[r->columns[0]];
    if (action == KEEL_ACTION_SET_NULL && column->not_null)
        return KEEL_ACTION_NO_ACTION;
    if (!any && r->parent == r->table && !column->not_null)
        return KEEL_ACTION_SET_NULL;
    return action;
}

static const char *action_words(enum keel_reference_action action)
{
    switch (action) {
    case KEEL_ACTION_CASCADE:
        return ", ON DELETE CASCADE as the others to it";
    case KEEL_ACTION_SET_NULL:
        return ", ON DELETE SET NULL";
    case KEEL_ACTION_RESTRICT:
        return ", ON DELETE RESTRICT as the others to it";
    default:
        return "";
    }
}

static void add_key(struct keel__audit *audit, struct keel_finding *f,
                    const struct keel__reference *r, const char **columns)
{
    struct keel_foreign_key_model *key = keel__arena_calloc(audit->arena, 1, sizeof *key);
    struct keel__repair *repair =
        keel__repair_add(audit, f, KEEL__REPAIR_ADD_FOREIGN_KEY, r->table);
    if (!key || !repair)
        return;
    key->columns = columns;
    key->column_count = 1;
    key->parent_schema = r->parent->schema;
    key->parent = r->parent->name;
    key->parent_columns = keel__arena_memdup(audit->arena, r->parent_columns, sizeof(char *));
    key->on_delete = action_for(audit, r);
    bool cycle = r->parent != r->table && keel__reference_reaches(audit, r->parent, r->table);
    key->deferrable = cycle ? KEEL_INITIALLY_DEFERRED : KEEL_NOT_DEFERRABLE;
    repair->item = key;
    if (r->orphans || r->sampled) {
        repair->breaks = keel__reference_orphan_sql(audit, r);
        repair->reason = keel__arena_printf(audit->arena, "%s.%s: there is no such row in %s",
                                            r->table->name, columns[0], r->parent->name);
    }
    f->fix_text = keel__arena_printf(
        audit->arena, "Adds the foreign key%s%s, and an index where there is none%s.",
        action_words(key->on_delete),
        cycle ? ", DEFERRABLE INITIALLY DEFERRED because the two tables refer to each other" : "",
        r->orphans ? "; rows without a parent, and what refers to them, go to quarantine" : "");
}

static void ask(struct keel__audit *audit, struct keel_finding *f, const struct keel__reference *r,
                const char *column, const char *why)
{
    struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, r->table);
    if (!choice)
        return;
    f->fix = KEEL_FIX_NEEDS_DECISION;
    f->fix_text = why;
    choice->choices = keel__arena_printf(audit->arena, "FOREIGN KEY %s REFERENCES %s %s\n%s",
                                         keel__columns_text(audit, &column, 1), r->parent->name,
                                         keel__columns_text(audit, r->parent_columns, 1), why);
}

/* ---- the finding -------------------------------------------------------------------------------
 */

static void report(struct keel__audit *audit, const struct keel__rule *rule, size_t index)
{
    const struct keel__reference *r = &audit->references[index];
    const struct keel__table_facts *facts = keel__facts_of(audit, r->table);
    const char **columns = keel__reference_columns(audit, r);
    struct keel_finding *f = columns ? keel__finding_add(audit, rule, r->table) : NULL;
    if (!f)
        return;
    const struct keel_column_model *child = &r->table->columns[r->columns[0]];
    const struct keel_column_model *parent = keel__column_named(r->parent, r->parent_columns[0]);
    const char *column = columns[0];
    keel__finding_columns(audit, f, columns, 1);
    keel__finding_data(f, facts, r->orphans);
    if (r->orphans)
        keel__finding_say(audit, f,
                          "%lld of %lld values of %s.%s have no row in %s, and no foreign key is "
                          "declared.",
                          (long long)r->orphans, (long long)r->values, r->table->name, column,
                          r->parent->name);
    else
        keel__finding_say(
            audit, f, "All %lld values of %s.%s are in %s.%s, but no foreign key is declared.",
            (long long)r->values, r->table->name, column, r->parent->name, r->parent_columns[0]);
    keel__finding_count(audit, f, "values", r->values);
    keel__finding_count(audit, f, "matching values", r->values - r->orphans);
    keel__finding_count(audit, f, "NULL", facts->profiles[r->columns[0]].nulls);
    keel__finding_count(audit, f, "missing", r->distinct_orphans);
    const struct keel__probe *orphans = keel__reference_orphans(audit, facts, index);
    if (orphans)
        keel__finding_examples(audit, f, &orphans->examples);
    if (keel__key_class_of(audit->dialect, child) != keel__key_class_of(audit->dialect, parent))
        ask(audit, f, r, column,
            keel__arena_printf(audit->arena,
                               "%s is %s and %s is %s: one of them has to change first.", column,
                               child->declared_type, parent->name, parent->declared_type));
    else if (r->orphans * 5 > r->values)
        ask(audit, f, r, column,
            "Many values have no row: find out what they name before their rows are moved away.");
    else
        add_key(audit, f, r, columns);
}

int keel__soft_schema(struct keel__audit *audit, const struct keel__rule *rule)
{
    for (size_t i = 0; i < audit->reference_count; i++) {
        struct keel__reference *r = &audit->references[i];
        if (!r->declared && keel__reference_holds(r) && r->confidence < 2 &&
            may_be_chance(audit, r))
            r->set_aside = true;
    }
    for (size_t i = 0; i < audit->reference_count; i++)
        if (!audit->references[i].declared && keel__reference_holds(&audit->references[i]))
            report(audit, rule, i);
    return 0;
}

/* ---- no reference at all ------------------------------------------------------------------------
 */

void keel__unlinked_schema(struct keel__audit *audit, const struct keel__rule *none,
                           const struct keel__rule *unlinked)
{
    enum { MIN_TABLES = 3, MIN_ROWS = 20 };
    size_t tables = 0, soft = 0;
    for (size_t i = 0; i < audit->schema->table_count; i++)
        tables += keel__table_is_read(&audit->schema->tables[i]);
    for (size_t i = 0; i < audit->reference_count; i++) {
        if (audit->references[i].declared)
            return;
        soft += keel__reference_holds(&audit->references[i]);
    }
    if (tables < MIN_TABLES)
        return;
    struct keel_finding *f = none ? keel__finding_add(audit, none, NULL) : NULL;
    if (f) {
        keel__finding_say(audit, f,
                          "None of %zu tables declares a foreign key%s; the database does not "
                          "know how its rows belong together.",
                          tables, soft ? ", though values refer from table to table" : "");
        keel__finding_count(audit, f, "tables", (int64_t)tables);
        keel__finding_count(audit, f, "references by value", (int64_t)soft);
    }
    for (size_t i = 0; i < audit->schema->table_count && unlinked; i++) {
        const struct keel_table_model *table = &audit->schema->tables[i];
        bool linked =
            !keel__table_is_read(&audit->schema->tables[i]) || audit->facts[i].rows < MIN_ROWS;
        for (size_t k = 0; k < audit->reference_count && !linked; k++)
            linked = keel__reference_holds(&audit->references[k]) &&
                     (audit->references[k].table == table || audit->references[k].parent == table);
        f = linked ? NULL : keel__finding_add(audit, unlinked, table);
        if (!f)
            continue;
        keel__finding_data(f, &audit->facts[i], audit->facts[i].rows);
        keel__finding_say(audit, f,
                          "No value of %s refers to another table, and none refers to it: its %lld "
                          "rows belong to nothing.",
                          table->name, (long long)audit->facts[i].row_count);
    }
}
