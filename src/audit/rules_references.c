#include "audit/references.h"

#include <string.h>

#include "audit/indexes.h"
#include "schema/model.h"
#include "schema/render.h"

enum {
    RULE_SOFT,
    RULE_ORPHANS,
    RULE_NOT_VALID,
    RULE_NOT_ENFORCED,
    RULE_NO_INDEX,
    RULE_PARENT,
    RULE_TYPE,
    RULE_CYCLE,
    RULE_NULLABLE,
    RULE_ACTIONS,
    RULE_NO_ACTION,
    RULE_NONE,
    RULE_UNLINKED,
    RULE_JSON,
    RULE_BY_NAME,
    RULE_BY_VALUE,
    RULE_FULL_TEXT,
    RULE_COUNT
};
static const struct keel__rule rules[RULE_COUNT];

static void name_object(struct keel_finding *f, const struct keel__reference *r)
{
    if (f && r->declared && r->declared->name)
        keel__finding_object(f, "constraint", r->declared->name);
}

/* The names of its columns, declared ones as they are written. */
static size_t names_of(struct keel__audit *audit, const struct keel__reference *r,
                       const char *const **out)
{
    *out = r->declared ? r->declared->columns : keel__reference_columns(audit, r);
    return r->declared ? r->declared->column_count : *out ? r->column_count : 0;
}

static void set_columns(struct keel__audit *audit, struct keel_finding *f,
                        const struct keel__reference *r)
{
    const char *const *names;
    size_t count = names_of(audit, r, &names);
    keel__finding_columns(audit, f, names, count);
}

static const char *columns_of(struct keel__audit *audit, const struct keel__reference *r)
{
    const char *const *names;
    size_t count = names_of(audit, r, &names);
    return keel__names_text(audit, names, count);
}

/* ---- rows that break a declared key ------------------------------------------------------------
 */

/* PostgreSQL holds its keys, but for those declared NOT VALID. */
static bool may_be_broken(const struct keel__audit *audit, const struct keel__reference *r)
{
    return r->declared && r->parent && (audit->dialect == KEEL_SQLITE || r->declared->not_valid);
}

static int orphans_plan(struct keel__audit *audit, struct keel__scan *scan, struct keel_error *err)
{
    size_t first, count = keel__references_of(audit, keel__scan_table(scan), &first);
    (void)err;
    for (size_t i = first; i < first + count; i++)
        if (may_be_broken(audit, &audit->references[i]))
            keel__reference_plan(audit, scan, i);
    return 0;
}

static void report_orphans(struct keel__audit *audit, const struct keel__table_facts *facts,
                           size_t index)
{
    const struct keel__reference *r = &audit->references[index];
    struct keel_finding *f = keel__finding_add(audit, &rules[RULE_ORPHANS], r->table);
    if (!f)
        return;
    set_columns(audit, f, r);
    name_object(f, r);
    keel__finding_data(f, facts, r->orphans);
    keel__finding_say(
        audit, f,
        "%lld of %lld values of %s.%s have no row in %s, against the declared foreign "
        "key.",
        (long long)r->orphans, (long long)r->values, r->table->name, columns_of(audit, r),
        r->parent->name);
    keel__finding_count(audit, f, "values", r->values);
    keel__finding_count(audit, f, "missing", r->distinct_orphans);
    keel__finding_examples(audit, f, &keel__reference_orphans(audit, facts, index)->examples);
    if (r->declared->not_valid) {
        /* Rows that went to quarantine could not come back past the key. */
        f->fix = KEEL_FIX_NEEDS_DECISION;
        f->fix_text = "Correct or delete these rows, then VALIDATE CONSTRAINT.";
        struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, r->table);
        if (choice)
            choice->choices =
                keel__arena_printf(audit->arena, "the rows for which: %s\nthen VALIDATE CONSTRAINT",
                                   keel__reference_orphan_sql(audit, r));
        return;
    }
    f->fix_text = "Moves the rows without a parent, and what refers to them, to quarantine.";
    struct keel__repair *repair = keel__repair_add(audit, f, KEEL__REPAIR_QUARANTINE, r->table);
    if (!repair)
        return;
    repair->breaks = keel__reference_orphan_sql(audit, r);
    repair->reason = keel__arena_printf(audit->arena, "%s.%s: there is no such row in %s",
                                        r->table->name, columns_of(audit, r), r->parent->name);
}

/* ---- declared, and never validated (PostgreSQL)
 * ------------------------------------------------- */

static void report_not_valid(struct keel__audit *audit, const struct keel__table_facts *facts,
                             const struct keel__reference *r)
{
    struct keel_finding *f = keel__finding_add(audit, &rules[RULE_NOT_VALID], r->table);
    struct keel_foreign_key_model *valid =
        keel__arena_memdup(audit->arena, r->declared, sizeof *r->declared);
    struct keel__repair *change =
        keel__repair_add(audit, f, KEEL__REPAIR_CHANGE_FOREIGN_KEY, r->table);
    if (!f || !valid || !change)
        return;
    set_columns(audit, f, r);
    name_object(f, r);
    keel__finding_data(f, facts, 0);
    keel__finding_say(audit, f,
                      "The foreign key %s of %s was declared NOT VALID and never validated, though "
                      "all %lld values hold.",
                      columns_of(audit, r), r->table->name, (long long)r->values);
    f->fix_text = "Validates it.";
    valid->not_valid = false;
    change->old_item = r->declared;
    change->item = valid;
}

static int not_valid_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                           struct keel_error *err)
{
    size_t first, count = keel__references_of(audit, facts->table, &first);
    (void)err;
    for (size_t i = first; i < first + count; i++) {
        const struct keel__reference *r = &audit->references[i];
        if (!r->declared || !r->declared->not_valid)
            continue;
        keel__reference_take(audit, facts, i);
        if (r->counted && !r->orphans && !r->sampled)
            report_not_valid(audit, facts, r);
    }
    return 0;
}

/* ---- rows that break a declared key, found
 * ------------------------------------------------------ */

static int orphans_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                         struct keel_error *err)
{
    size_t first, count = keel__references_of(audit, facts->table, &first);
    (void)err;
    for (size_t i = first; i < first + count; i++) {
        const struct keel__reference *r = &audit->references[i];
        if (!may_be_broken(audit, r))
            continue;
        keel__reference_take(audit, facts, i);
        if (r->counted && r->orphans)
            report_orphans(audit, facts, i);
    }
    return 0;
}

static int not_enforced_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                              struct keel_error *err)
{
    size_t first, count = keel__references_of(audit, facts->table, &first);
    (void)err;
    for (size_t i = first; i < first + count; i++)
        if (may_be_broken(audit, &audit->references[i]))
            keel__reference_take(audit, facts, i);
    return 0;
}

/* ---- enforcement is off (SQLite) ----------------------------------------------------------------
 */

static int not_enforced_schema(struct keel__audit *audit, struct keel_error *err)
{
    int64_t keys = 0, broken = 0, rows = 0, orphans = 0;
    bool sampled = false;
    (void)err;
    if (audit->dialect != KEEL_SQLITE)
        return 0;
    for (size_t i = 0; i < audit->reference_count; i++) {
        const struct keel__reference *r = &audit->references[i];
        if (!r->declared || !r->counted)
            continue;
        keys++;
        rows += r->values;
        orphans += r->orphans;
        broken += r->orphans > 0;
        sampled = sampled || r->sampled;
    }
    if (!orphans)
        return 0;
    struct keel_finding *f = keel__finding_add(audit, &rules[RULE_NOT_ENFORCED], NULL);
    if (!f)
        return 0;
    f->has_data = true;
    f->rows = rows;
    f->matching = orphans;
    f->sampled = sampled;
    keel__finding_say(
        audit, f,
        "%lld rows break %lld of %lld declared foreign keys: a program that writes here "
        "does not switch them on (PRAGMA foreign_keys = ON, in each connection).",
        (long long)orphans, (long long)broken, (long long)keys);
    for (size_t i = 0; i < audit->reference_count; i++) {
        const struct keel__reference *r = &audit->references[i];
        if (r->declared && r->orphans)
            keel__finding_count(
                audit, f,
                keel__arena_printf(audit->arena, "%s.%s", r->table->name, columns_of(audit, r)),
                r->orphans);
    }
    f->fix_text = "The program has to run PRAGMA foreign_keys = ON after it opens the database.";
    return 0;
}

/* ---- no index ----------------------------------------------------------------------------------
 */

/* Of a key of several columns one that an index begins with is enough: only the rows that share it
 * are read. */
static bool is_served(const struct keel_table_model *table,
                      const struct keel_foreign_key_model *key)
{
    bool served = keel__leads_index(table, key->columns, key->column_count);
    for (size_t i = 0; i < key->column_count && key->column_count > 1 && !served; i++)
        served = keel__leads_index(table, &key->columns[i], 1);
    return served;
}

static int no_index_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                          struct keel_error *err)
{
    const struct keel_table_model *table = facts->table;
    (void)err;
    for (size_t i = 0; i < table->foreign_key_count; i++) {
        const struct keel_foreign_key_model *key = &table->foreign_keys[i];
        bool there = key->column_count > 0;
        for (size_t k = 0; k < key->column_count; k++)
            there = there && keel__column_named(table, key->columns[k]);
        for (size_t k = 0; k < i; k++) /* the same columns refer twice */
            there = there && !(table->foreign_keys[k].column_count == key->column_count &&
                               keel__name_is(table->foreign_keys[k].columns[0], key->columns[0]) &&
                               key->column_count == 1);
        if (!there || is_served(table, key))
            continue;
        struct keel_finding *f = keel__finding_add(audit, &rules[RULE_NO_INDEX], table);
        struct keel__repair *repair = keel__repair_add(audit, f, KEEL__REPAIR_ADD_INDEX, table);
        if (!f || !repair)
            continue;
        keel__finding_columns(audit, f, key->columns, key->column_count);
        if (key->name)
            keel__finding_object(f, "constraint", key->name);
        if (facts->scanned)
            keel__finding_data(f, facts, facts->rows);
        keel__finding_say(
            audit, f,
            "The foreign key %s of %s has no index: deleting a row of %s, and finding "
            "what belongs to it, reads all of %s.",
            keel__names_text(audit, key->columns, key->column_count), table->name, key->parent,
            table->name);
        repair->item = keel__index_over(audit, key->columns, key->column_count);
        f->fix_text = "Adds the index.";
    }
    return 0;
}

/* ---- what a key refers to is not there
 * ------------------------------------------------------------ */

/* Whether the parent's columns are a key that SQLite accepts as one. */
static bool is_parent_key(const struct keel__reference *r)
{
    const struct keel_table_model *p = r->parent;
    size_t count = r->declared->column_count;
    const struct keel_key_model *primary = p->primary_key;
    for (size_t n = 0; n <= p->unique_count; n++) {
        const struct keel_key_model *key = n ? &p->uniques[n - 1] : primary;
        size_t same = 0;
        for (size_t i = 0; key && key->column_count == count && i < count; i++)
            for (size_t k = 0; k < count; k++)
                same += keel__name_is(key->columns[k], r->declared->parent_columns[i]);
        if (key && key->column_count == count && same == count)
            return true;
    }
    for (size_t n = 0; n < p->index_count; n++) {
        const struct keel_index_model *index = &p->indexes[n];
        size_t same = 0;
        for (size_t i = 0;
             index->unique && !index->where && index->part_count == count && i < count; i++)
            for (size_t k = 0; k < count; k++)
                same += index->parts[k].column &&
                        keel__name_is(index->parts[k].column, r->declared->parent_columns[i]);
        if (same == count && count)
            return true;
    }
    return false;
}

static const char *fault_of(struct keel__audit *audit, const struct keel__reference *r)
{
    const struct keel_foreign_key_model *key = r->declared;
    if (!r->parent)
        return keel__arena_printf(audit->arena, "there is no table %s", key->parent);
    for (size_t i = 0; i < key->column_count; i++)
        if (!keel__column_named(r->table, key->columns[i]))
            return keel__arena_printf(audit->arena, "%s has no column %s", r->table->name,
                                      key->columns[i]);
    if (!key->parent_columns || !key->parent_columns[0])
        return keel__arena_printf(audit->arena, "%s has no primary key", r->parent->name);
    for (size_t i = 0; i < key->column_count; i++)
        if (!key->parent_columns[i] || !keel__column_named(r->parent, key->parent_columns[i]))
            return keel__arena_printf(audit->arena, "%s has no column %s", r->parent->name,
                                      key->parent_columns[i] ? key->parent_columns[i] : "for it");
    if (audit->dialect == KEEL_SQLITE && r->parent->kind == KEEL_TABLE_PLAIN && !is_parent_key(r))
        return keel__arena_printf(audit->arena, "%s of %s is no primary key and not unique",
                                  keel__names_text(audit, key->parent_columns, key->column_count),
                                  r->parent->name);
    return NULL;
}

static int parent_schema(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    for (size_t i = 0; i < audit->reference_count; i++) {
        const struct keel__reference *r = &audit->references[i];
        const char *fault = r->declared ? fault_of(audit, r) : NULL;
        struct keel_finding *f =
            fault ? keel__finding_add(audit, &rules[RULE_PARENT], r->table) : NULL;
        if (!f)
            continue;
        set_columns(audit, f, r);
        name_object(f, r);
        keel__finding_say(audit, f, "The foreign key %s of %s cannot work: %s.",
                          columns_of(audit, r), r->table->name, fault);
        f->fix_text = "Create what it refers to, or drop the foreign key.";
        struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, r->table);
        if (choice)
            choice->choices = "create what it refers to, with a unique key\n"
                              "drop the foreign key";
    }
    return 0;
}

/* ---- types that differ
 * ----------------------------------------------------------------------------- */

static bool is_number(enum keel_affinity affinity)
{
    return affinity == KEEL_AFFINITY_INTEGER || affinity == KEEL_AFFINITY_NUMERIC ||
           affinity == KEEL_AFFINITY_REAL;
}

static const char *mismatch(struct keel__audit *audit, const struct keel_column_model *child,
                            const struct keel_column_model *parent)
{
    if (audit->dialect == KEEL_SQLITE) {
        bool differ = is_number(child->affinity) != is_number(parent->affinity) ||
                      (!is_number(child->affinity) && child->affinity != parent->affinity &&
                       *child->declared_type && *parent->declared_type);
        return differ ? "values are stored differently, and what looks equal may not be" : NULL;
    }
    if (child->type.kind == KEEL_LOGICAL_INTEGER && parent->type.kind == KEEL_LOGICAL_INTEGER)
        return child->type.bits < parent->type.bits
                   ? "the reference cannot hold every value of the key"
                   : NULL;
    if (child->type.kind == KEEL_LOGICAL_TEXT && parent->type.kind == KEEL_LOGICAL_TEXT)
        return child->type.length &&
                       (!parent->type.length || child->type.length < parent->type.length)
                   ? "the reference cannot hold every value of the key"
                   : NULL;
    return child->type.kind != parent->type.kind ? "each comparison converts one of them" : NULL;
}

static int type_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err)
{
    size_t first, count = keel__references_of(audit, facts->table, &first);
    (void)err;
    for (size_t i = first; i < first + count; i++) {
        const struct keel__reference *r = &audit->references[i];
        for (size_t k = 0; k < r->column_count && r->declared && r->parent; k++) {
            const struct keel_column_model *child = &r->table->columns[r->columns[k]];
            const struct keel_column_model *parent =
                r->parent_columns[k] ? keel__column_named(r->parent, r->parent_columns[k]) : NULL;
            const char *why = parent ? mismatch(audit, child, parent) : NULL;
            struct keel_finding *f =
                why ? keel__finding_add(audit, &rules[RULE_TYPE], r->table) : NULL;
            if (!f)
                continue;
            if (audit->dialect == KEEL_POSTGRES && child->type.kind == KEEL_LOGICAL_TEXT)
                f->severity = KEEL_SEVERITY_ADVICE;
            keel__finding_column(audit, f, child->name);
            name_object(f, r);
            keel__finding_say(audit, f, "%s.%s is %s and %s.%s, which it refers to, is %s: %s.",
                              r->table->name, child->name, child->declared_type, r->parent->name,
                              parent->name, parent->declared_type, why);
            f->fix_text = "Give both columns the same type.";
            struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, r->table);
            if (choice)
                choice->choices = keel__arena_printf(
                    audit->arena, "change %s.%s to %s, or the key to %s", r->table->name,
                    child->name, parent->declared_type, child->declared_type);
        }
    }
    return 0;
}

/* ---- cycles
 * ----------------------------------------------------------------------------------------- */

/* A key that must be there when its row is written. */
static bool binds(const struct keel__reference *r)
{
    if (!r->declared || !r->parent || !r->column_count || r->parent == r->table ||
        r->declared->deferrable)
        return false;
    for (size_t i = 0; i < r->column_count; i++)
        if (!r->table->columns[r->columns[i]].not_null)
            return false;
    return true;
}

static bool binds_back(const struct keel__audit *audit, const struct keel_table_model *from,
                       const struct keel_table_model *to, size_t *path, size_t depth)
{
    enum { MAX_DEPTH = 12 };
    size_t first, count = keel__references_of(audit, from, &first);
    for (size_t i = first; i < first + count; i++) {
        const struct keel__reference *r = &audit->references[i];
        if (!binds(r))
            continue;
        path[depth] = i;
        if (r->parent == to)
            return true;
        /* A cycle is reported at its first table only. */
        if (depth + 1 < MAX_DEPTH && r->parent > to &&
            binds_back(audit, r->parent, to, path, depth + 1))
            return true;
    }
    return false;
}

static int cycle_schema(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    for (size_t i = 0; i < audit->reference_count; i++) {
        const struct keel__reference *r = &audit->references[i];
        size_t path[16] = {i};
        if (!binds(r) || r->parent < r->table || !binds_back(audit, r->parent, r->table, path, 1))
            continue;
        struct keel_finding *f = keel__finding_add(audit, &rules[RULE_CYCLE], r->table);
        struct keel_foreign_key_model *deferred =
            keel__arena_memdup(audit->arena, r->declared, sizeof *r->declared);
        struct keel__repair *repair =
            keel__repair_add(audit, f, KEEL__REPAIR_CHANGE_FOREIGN_KEY, r->table);
        if (!f || !deferred || !repair)
            continue;
        set_columns(audit, f, r);
        name_object(f, r);
        keel__finding_say(audit, f,
                          "%s and %s refer to each other with NOT NULL keys that are checked at "
                          "once: neither can get its first row.",
                          r->table->name, r->parent->name);
        deferred->deferrable = KEEL_INITIALLY_DEFERRED;
        repair->old_item = r->declared;
        repair->item = deferred;
        f->fix_text = "Makes the key DEFERRABLE INITIALLY DEFERRED: checked when the transaction "
                      "commits.";
    }
    return 0;
}

/* ---- references that may be missing
 * ------------------------------------------------------------------ */

static int nullable_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                          struct keel_error *err)
{
    enum { MIN_ROWS = 20 };
    size_t first, count = keel__references_of(audit, facts->table, &first);
    (void)err;
    for (size_t i = first; i < first + count && facts->scanned; i++) {
        const struct keel__reference *r = &audit->references[i];
        if (!(r->declared || keel__reference_holds(r)) || !r->parent || r->column_count != 1 ||
            r->parent == r->table)
            continue;
        const struct keel__profile *profile = &facts->profiles[r->columns[0]];
        if (facts->rows < MIN_ROWS || profile->nulls == 0 || profile->nulls * 10 > facts->rows)
            continue;
        struct keel_finding *f = keel__finding_add(audit, &rules[RULE_NULLABLE], r->table);
        if (!f)
            continue;
        set_columns(audit, f, r);
        name_object(f, r);
        keel__finding_data(f, facts, profile->nulls);
        keel__finding_say(audit, f, "%lld of %lld rows of %s belong to no row of %s: %s is NULL%s.",
                          (long long)profile->nulls, (long long)facts->rows, r->table->name,
                          r->parent->name, columns_of(audit, r),
                          r->declared && r->declared->on_delete == KEEL_ACTION_SET_NULL
                              ? " (ON DELETE SET NULL makes it so)"
                              : "");
        f->fix_text = "Decide whose these rows are, then NOT NULL; deleting them loses what they "
                      "record.";
        struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, r->table);
        if (choice)
            choice->choices = keel__arena_printf(
                audit->arena,
                "%lld rows have no %s: give them one and make it NOT NULL\n"
                "or leave it: then reports by %s miss these rows",
                (long long)profile->nulls, columns_of(audit, r), r->parent->name);
    }
    return 0;
}

/* ---- what deleting a parent does
 * ----------------------------------------------------------------------- */

static const char *on_delete_word(enum keel_reference_action action)
{
    return action == KEEL_ACTION_NO_ACTION ? "NO ACTION" : keel__action_word(action);
}

static bool counts_for_actions(const struct keel__reference *r,
                               const struct keel_table_model *parent)
{
    return r->declared && r->parent == parent && r->table != parent;
}

/* One finding for each way that fewer keys go than another. */
static void differing_actions(struct keel__audit *audit, const struct keel_table_model *parent)
{
    size_t counts[KEEL_ACTION_SET_DEFAULT + 1] = {0}, kinds = 0;
    enum keel_reference_action most = KEEL_ACTION_NO_ACTION;
    for (size_t i = 0; i < audit->reference_count; i++)
        if (counts_for_actions(&audit->references[i], parent))
            counts[audit->references[i].declared->on_delete]++;
    /* Without a rule is another finding. */
    for (int a = KEEL_ACTION_RESTRICT; a <= KEEL_ACTION_SET_DEFAULT; a++) {
        kinds += counts[a] > 0;
        if (counts[a] > counts[most] || most == KEEL_ACTION_NO_ACTION)
            most = (enum keel_reference_action)a;
    }
    for (size_t i = 0; i < audit->reference_count && kinds > 1; i++) {
        const struct keel__reference *r = &audit->references[i];
        if (!counts_for_actions(r, parent) || r->declared->on_delete == most ||
            r->declared->on_delete == KEEL_ACTION_NO_ACTION)
            continue;
        struct keel_finding *f = keel__finding_add(audit, &rules[RULE_ACTIONS], r->table);
        if (!f)
            continue;
        set_columns(audit, f, r);
        name_object(f, r);
        keel__finding_say(audit, f, "Deleting a row of %s does %s in %s, but %s in %zu other%s.",
                          parent->name, on_delete_word(r->declared->on_delete), r->table->name,
                          on_delete_word(most), counts[most], counts[most] == 1 ? "" : "s");
        f->fix_text = "Decide whether rows go with their parent; then declare one rule.";
        struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, r->table);
        if (choice)
            choice->choices = keel__arena_printf(
                audit->arena, "ON DELETE %s for %s.%s as for the others, or leave it on purpose",
                on_delete_word(most), r->table->name, columns_of(audit, r));
    }
}

static bool others_cascade(const struct keel__audit *audit, const struct keel__reference *r)
{
    for (size_t i = 0; i < audit->reference_count; i++)
        if (audit->references[i].table != r->table &&
            counts_for_actions(&audit->references[i], r->parent) &&
            audit->references[i].declared->on_delete == KEEL_ACTION_CASCADE)
            return true;
    return false;
}

static int actions_schema(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    const struct keel_table_model *last = NULL;
    for (size_t t = 0; t < audit->schema->table_count && audit->reference_count; t++) {
        last = &audit->schema->tables[t];
        bool referred = false;
        for (size_t i = 0; i < audit->reference_count && !referred; i++)
            referred = counts_for_actions(&audit->references[i], last);
        if (referred)
            differing_actions(audit, last);
    }
    return 0;
}

/* A table some of whose keys cascade, and some have no rule although all else cascades from there.
 */
static int no_action_schema(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    for (size_t t = 0; t < audit->schema->table_count; t++) {
        const struct keel_table_model *table = &audit->schema->tables[t];
        size_t first, count = keel__references_of(audit, table, &first), found = 0;
        const struct keel__reference *blocking = NULL, *cascading = NULL;
        const char **columns = keel__arena_calloc(audit->arena, count, sizeof *columns);
        for (size_t i = first; i < first + count && columns; i++) {
            const struct keel__reference *r = &audit->references[i];
            if (!r->declared || !r->parent || r->column_count != 1 || r->parent == table)
                continue;
            if (r->declared->on_delete == KEEL_ACTION_CASCADE)
                cascading = r;
            if (r->declared->on_delete != KEEL_ACTION_NO_ACTION)
                continue;
            columns[found++] = table->columns[r->columns[0]].name;
            if (others_cascade(audit, r))
                blocking = r;
        }
        struct keel_finding *f =
            blocking && cascading ? keel__finding_add(audit, &rules[RULE_NO_ACTION], table) : NULL;
        if (!f)
            continue;
        keel__finding_columns(audit, f, columns, found);
        keel__finding_say(
            audit, f,
            "%s of %s has no ON DELETE rule while %s cascades and other rows of %s go "
            "with it: a row of %s cannot be deleted while %s has some of it.",
            keel__names_text(audit, columns, found), table->name,
            table->columns[cascading->columns[0]].name, blocking->parent->name,
            blocking->parent->name, table->name);
        f->fix_text = "Declare what shall happen: CASCADE, SET NULL, or RESTRICT on purpose.";
        struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, table);
        if (choice)
            choice->choices = "ON DELETE CASCADE: the rows go with their parent\n"
                              "ON DELETE RESTRICT: as it is now, but said on purpose";
    }
    return 0;
}

/* ---- the doors of the other files
 * ----------------------------------------------------------------------- */

static int soft_schema(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    return keel__soft_schema(audit, &rules[RULE_SOFT]);
}

static int none_schema(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    keel__unlinked_schema(audit, &rules[RULE_NONE], NULL);
    return 0;
}

static int unlinked_schema(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    keel__unlinked_schema(audit, NULL, &rules[RULE_UNLINKED]);
    return 0;
}

static int json_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err)
{
    return keel__json_ids_table(audit, &rules[RULE_JSON], facts, err);
}

static int by_name_schema(struct keel__audit *audit, struct keel_error *err)
{
    return keel__by_name_schema(audit, &rules[RULE_BY_NAME], err);
}

static int by_value_schema(struct keel__audit *audit, struct keel_error *err)
{
    return keel__by_value_schema(audit, &rules[RULE_BY_VALUE], err);
}

static int full_text_schema(struct keel__audit *audit, struct keel_error *err)
{
    return keel__full_text_schema(audit, &rules[RULE_FULL_TEXT], err);
}

/* ---- the rules
 * -------------------------------------------------------------------------------------------- */

static const struct keel__rule rules[RULE_COUNT] = {
    [RULE_SOFT] =
        {.about =
             {.id = "reference-not-declared",
              .family = "references",
              .severity = KEEL_SEVERITY_WARNING,
              .fix = KEEL_FIX_AUTOMATIC,
              .on_sqlite = true,
              .on_postgres = true,
              .reads_data = true,
              .title = "A column refers to another table, and no foreign key says so",
              .why = "Nothing keeps the rows it names from going away, and joins lose rows in "
                     "silence.",
              .evidence = "By name: `user_id` and a table `users`, `parent_id`, "
                          "`current_version_id` of `prompts` and `prompt_versions`, a key of "
                          "the same name elsewhere: at least half of the values must be in the "
                          "key. By part of a name (`uploader_id`, `created_by`, `session_id` "
                          "and `chat_sessions`): at least 20 values, 95% of them in the key; "
                          "small whole numbers only if they run through the key.",
              .how = "The foreign key is added, with an index, and with the ON DELETE rule that "
                     "the other keys to that table have; rows without a parent go to "
                     "quarantine. Where the types differ, or a fifth of the values has no parent, "
                     "it is left to you.",
              .wrong_when = "The column keeps the name of something that may be gone, on "
                            "purpose: a log, or an archive."},
         .plan = keel__soft_plan,
         .table = keel__soft_table,
         .schema = soft_schema},
    [RULE_ORPHANS] =
        {.about = {.id = "foreign-key-orphans",
                   .family = "references",
                   .severity = KEEL_SEVERITY_ERROR,
                   .fix = KEEL_FIX_AUTOMATIC,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "Rows break a declared foreign key",
                   .why = "Joins lose these rows, and each change to them fails once the key is "
                          "enforced; the database cannot be moved to a server that enforces it.",
                   .evidence = "SQLite: each declared key is looked up as SQLite itself would. "
                               "PostgreSQL: keys declared NOT VALID.",
                   .how =
                       "SQLite: the rows go to quarantine, with what refers to them. PostgreSQL: "
                       "correct or delete them, then validate the key.",
                   .wrong_when = "Never: the database itself says that this cannot be."},
         .plan = orphans_plan,
         .table = orphans_table},
    [RULE_NOT_VALID] =
        {.about = {.id = "foreign-key-not-validated",
                   .family = "references",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_AUTOMATIC,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "A foreign key was declared NOT VALID and never validated",
                   .why = "The planner does not rely on it, a restored copy has it without its "
                          "check, and nobody knows whether older rows hold.",
                   .evidence = "`pg_constraint.convalidated` is false, and every row holds. Where "
                               "rows break it, it is `foreign-key-orphans`.",
                   .how = "VALIDATE CONSTRAINT, which does not block writers.",
                   .wrong_when = "It is being validated at this moment."},
         .plan = orphans_plan,
         .table = not_valid_table},
    [RULE_NOT_ENFORCED] =
        {.about = {.id = "foreign-keys-not-enforced",
                   .family = "references",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NONE,
                   .on_sqlite = true,
                   .reads_data = true,
                   .title = "A program writes with foreign keys switched off",
                   .why = "SQLite enforces foreign keys only in connections that ask for it.",
                   .evidence =
                       "A file does not tell how programs open it; rows that break declared "
                       "keys do.",
                   .how = "`PRAGMA foreign_keys = ON` after each opening of the database.",
                   .wrong_when = "The rows are from an import long ago."},
         .plan = orphans_plan,
         .table = not_enforced_table,
         .schema = not_enforced_schema},
    [RULE_NO_INDEX] =
        {.about = {.id = "foreign-key-without-index",
                   .family = "references",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_AUTOMATIC,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "A foreign key has no index",
                   .why = "Each deletion or change of a parent's key, and each search for what "
                          "belongs to a parent, reads the whole table.",
                   .evidence =
                       "No valid index or key begins with the foreign key's columns (in any "
                       "order), nor, where it has several, with one of them; one that leaves out "
                       "only the rows where it is NULL counts.",
                   .how = "The index is added.",
                   .wrong_when = "The table stays small, and parents are never deleted."},
         .table = no_index_table},
    [RULE_PARENT] =
        {.about = {.id = "foreign-key-without-parent",
                   .family =
                       "references",
                   .severity = KEEL_SEVERITY_ERROR,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "A foreign key refers to what is not there",
                   .why = "With foreign keys switched on, every write to the table fails.",
                   .evidence = "The table or column it names does not exist, or is no primary key "
                               "and not unique.",
                   .how = "Create what it refers to, or drop the key.",
                   .wrong_when = "The table is attached from another file: SQLite does not allow "
                                 "that either."},
         .schema = parent_schema},
    [RULE_TYPE] =
        {.about = {.id = "foreign-key-type-mismatch",
                   .family = "references",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "A foreign key and the key it refers to have different types",
                   .why =
                       "SQLite stores the two differently, so that joins compare text with "
                       "numbers; PostgreSQL converts, or the reference is too small for the key.",
                   .evidence =
                       "SQLite: the affinities differ. PostgreSQL: the types differ, or the "
                       "reference is a smaller integer or a shorter varchar than the key "
                       "(advice).",
                   .how = "Give both the same type.",
                   .wrong_when = "Never."},
         .table = type_table},
    [RULE_CYCLE] =
        {.about = {.id = "foreign-key-cycle",
                   .family = "references",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_AUTOMATIC,
                   .on_sqlite = true,
                   .on_postgres =
                       true,
                   .title = "Tables refer to each other, and neither can be first",
                   .why = "Each row needs one in the other table before it can be stored.",
                   .evidence = "A cycle of foreign keys over NOT NULL columns of which none is "
                               "DEFERRABLE.",
                   .how = "One key of the cycle becomes DEFERRABLE INITIALLY DEFERRED.",
                   .wrong_when = "Never; rows that are there were written with keys switched off."},
         .schema = cycle_schema},
    [RULE_NULLABLE] =
        {.about = {.id = "foreign-key-null",
                   .family = "references",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "A few rows belong to nothing",
                   .why = "A reference that is nearly always there is relied upon: sums by parent "
                          "miss these rows.",
                   .evidence =
                       "A foreign key, declared or shown by the data, that is NULL in at most "
                       "10% of the rows (20 and more), not one to the same table.",
                   .how = "Decide whose the rows are, then NOT NULL. Deleting them would lose what "
                          "they record.",
                   .wrong_when = "The reference is optional."},
         .table = nullable_table},
    [RULE_ACTIONS] =
        {.about = {.id = "foreign-key-actions-differ",
                   .family = "references",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "Deleting a row does different things to what belongs to it",
                   .why = "Some of it goes, some of it stays behind without an owner.",
                   .evidence = "Foreign keys to one table with different ON DELETE rules (CASCADE, "
                               "SET NULL, RESTRICT, SET DEFAULT); keys without a rule are not "
                               "counted.",
                   .how = "Decide it for each, and write it down.",
                   .wrong_when = "It is meant: costs stay, details go."},
         .schema = actions_schema},
    [RULE_NO_ACTION] =
        {.about = {.id = "foreign-key-without-delete-rule",
                   .family = "references",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "A foreign key without an ON DELETE rule blocks a cascade",
                   .why =
                       "The parent's other rows go with it, but it cannot be deleted at all while "
                       "this table has rows of it.",
                   .evidence =
                       "A table with keys that cascade and keys without a rule, of which one "
                       "refers to a table from which other tables cascade.",
                   .how = "Declare CASCADE or SET NULL, or RESTRICT where it is meant to block.",
                   .wrong_when = "It is meant to block."},
         .schema = no_action_schema},
    [RULE_NONE] =
        {.about = {.id = "foreign-keys-none",
                   .family = "references",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NONE,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "No table declares a foreign key",
                   .why =
                       "The database does not know how its rows belong together and keeps nothing "
                       "together.",
                   .evidence = "Three tables and more, and not one foreign key.",
                   .how = "Declare them; those that values prove are findings of their own.",
                   .wrong_when = "The tables have nothing to do with each other."},
         .plan = keel__soft_plan,
         .table = keel__soft_table,
         .schema = none_schema},
    [RULE_UNLINKED] =
        {.about = {.id = "table-unlinked",
                   .family = "references",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NONE,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "A table belongs to nothing",
                   .why = "It cannot be told who made its rows, and what they were made for.",
                   .evidence = "In a database without any declared foreign key: a table of 20 rows "
                               "and more of which no column refers to another table by its values, "
                               "and to which none refers.",
                   .how = "A column that refers to what the rows were made by, from now on.",
                   .wrong_when = "It is a list that stands for itself."},
         .plan = keel__soft_plan,
         .table = keel__soft_table,
         .schema = unlinked_schema},
    [RULE_JSON] =
        {.about = {.id = "reference-in-json",
                   .family = "references",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data =
                       true,
                   .title = "JSON holds references to rows",
                   .why = "No foreign key can reach into JSON: rows go away and their names stay.",
                   .evidence =
                       "JSON arrays named like a key or a table (`text_ids`, `categories`) "
                       "and keys like `request_id` of JSON objects, when most of the values "
                       "are in the table. A warning if some are not, else advice.",
                   .how = "A table with one row for each reference.",
                   .wrong_when = "The JSON records what was true at the time."},
         .plan = keel__json_ids_plan,
         .table = json_table},
    [RULE_BY_NAME] =
        {.about = {.id = "reference-by-name",
                   .family = "references",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "An id column holds names",
                   .why = "A name may be changed, may name several rows, or none; no foreign key "
                          "can hold it.",
                   .evidence =
                       "A text column `x_id` without a foreign key whose values are not in a "
                       "key, but are found in the name column of a table of related name, or "
                       "in two columns of it put together (`name_version`): at least a third "
                       "of the values.",
                   .how =
                       "A column with the row's key beside it, filled where one row fits, then a "
                       "foreign key.",
                   .wrong_when =
                       "The name is the identity, and it never changes: then make it unique "
                       "and declare the key."},
         .plan = keel__soft_plan,
         .table = keel__soft_table,
         .schema = by_name_schema},
    [RULE_BY_VALUE] =
        {.about = {.id = "reference-by-value",
                   .family = "references",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "UUIDs refer to rows of a table that the column's name does not tell",
                   .why = "Readers have to guess what it refers to; where it is one of several "
                          "tables no foreign key can be declared, so nothing keeps the rows.",
                   .evidence =
                       "A column `x_id` of UUIDs without a foreign key of which at least "
                       "half are found in the keys of one or several other tables. A warning "
                       "if some are found nowhere, else advice.",
                   .how = "One table: a foreign key. Several: a column for each, of which exactly "
                          "one is set (CHECK), each with its foreign key.",
                   .wrong_when = "It is a log over all tables."},
         .plan = keel__soft_plan,
         .table = keel__soft_table,
         .schema = by_value_schema},
    [RULE_FULL_TEXT] =
        {.about = {.id = "full-text-out-of-step",
                   .family = "references",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .reads_data = true,
                   .title = "A full-text table is out of step with what it was copied from",
                   .why = "Searches find what is gone, and do not find what is there.",
                   .evidence = "An FTS table that keeps its own text and has a key column "
                               "(`request_id`): its entries without a parent, and the rows of the "
                               "table it copies that it does not have.",
                   .how =
                       "Triggers that keep it in step, or an external-content table; then fill it "
                       "again.",
                   .wrong_when = "It is filled by a job, and the job is late."},
         .schema = full_text_schema},
};

const struct keel__rules keel__rules_references = {rules, sizeof rules / sizeof *rules};
