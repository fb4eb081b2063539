/* Declared keys that cannot work, or work badly. */
#include "audit/references.h"

#include <string.h>

#include "audit/indexes.h"
#include "schema/model.h"
#include "schema/render.h"

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

int keel__no_index_table(struct keel__audit *audit, const struct keel__table_facts *facts,
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
        struct keel_finding *f =
            keel__finding_add(audit, keel__reference_rule(KEEL__RULE_NO_INDEX), table);
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

/* ---- what a key refers to is not there ------------------------------------------------------- */

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

int keel__no_parent_schema(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    for (size_t i = 0; i < audit->reference_count; i++) {
        const struct keel__reference *r = &audit->references[i];
        const char *fault = r->declared ? fault_of(audit, r) : NULL;
        struct keel_finding *f =
            fault ? keel__finding_add(audit, keel__reference_rule(KEEL__RULE_PARENT), r->table)
                  : NULL;
        if (!f)
            continue;
        keel__reference_place(audit, f, r);
        keel__finding_say(audit, f, "The foreign key %s of %s cannot work: %s.",
                          keel__reference_text(audit, r), r->table->name, fault);
        f->fix_text = "Create what it refers to, or drop the foreign key.";
        struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, r->table);
        if (choice)
            choice->choices = "create what it refers to, with a unique key\n"
                              "drop the foreign key";
    }
    return 0;
}

/* ---- types that differ ----------------------------------------------------------------------- */

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

int keel__type_mismatch_table(struct keel__audit *audit, const struct keel__table_facts *facts,
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
                why ? keel__finding_add(audit, keel__reference_rule(KEEL__RULE_TYPE), r->table)
                    : NULL;
            if (!f)
                continue;
            if (audit->dialect == KEEL_POSTGRES && child->type.kind == KEEL_LOGICAL_TEXT)
                f->severity = KEEL_SEVERITY_ADVICE;
            keel__finding_column(audit, f, child->name);
            if (r->declared->name)
                keel__finding_object(f, "constraint", r->declared->name);
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

/* ---- cycles ---------------------------------------------------------------------------------- */

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

int keel__cycle_schema(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    for (size_t i = 0; i < audit->reference_count; i++) {
        const struct keel__reference *r = &audit->references[i];
        size_t path[16] = {i};
        if (!binds(r) || r->parent < r->table || !binds_back(audit, r->parent, r->table, path, 1))
            continue;
        struct keel_finding *f =
            keel__finding_add(audit, keel__reference_rule(KEEL__RULE_CYCLE), r->table);
        struct keel_foreign_key_model *deferred =
            keel__arena_memdup(audit->arena, r->declared, sizeof *r->declared);
        struct keel__repair *repair =
            keel__repair_add(audit, f, KEEL__REPAIR_CHANGE_FOREIGN_KEY, r->table);
        if (!f || !deferred || !repair)
            continue;
        keel__reference_place(audit, f, r);
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
