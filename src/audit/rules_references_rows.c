/* Rows that break declared keys. */
#include "audit/references.h"

#include <string.h>

#include "audit/indexes.h"
#include "schema/model.h"
#include "schema/render.h"

/* ---- rows that break a declared key ------------------------------------------------------------
 */

/* PostgreSQL holds its keys, but for those declared NOT VALID. */
static bool may_be_broken(const struct keel__audit *audit, const struct keel__reference *r)
{
    return r->declared && r->parent && (audit->dialect == KEEL_SQLITE || r->declared->not_valid);
}

int keel__orphans_plan(struct keel__audit *audit, struct keel__scan *scan, struct keel_error *err)
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
    struct keel_finding *f =
        keel__finding_add(audit, keel__reference_rule(KEEL__RULE_ORPHANS), r->table);
    if (!f)
        return;
    keel__reference_place(audit, f, r);
    keel__finding_data(f, facts, r->orphans);
    keel__finding_say(
        audit, f,
        "%lld of %lld values of %s.%s have no row in %s, against the declared foreign "
        "key.",
        (long long)r->orphans, (long long)r->values, r->table->name, keel__reference_text(audit, r),
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
    repair->reason =
        keel__arena_printf(audit->arena, "%s.%s: there is no such row in %s", r->table->name,
                           keel__reference_text(audit, r), r->parent->name);
}

/* ---- declared, and never validated (PostgreSQL) ---------------------------------------------- */

static void report_not_valid(struct keel__audit *audit, const struct keel__table_facts *facts,
                             const struct keel__reference *r)
{
    struct keel_finding *f =
        keel__finding_add(audit, keel__reference_rule(KEEL__RULE_NOT_VALID), r->table);
    struct keel_foreign_key_model *valid =
        keel__arena_memdup(audit->arena, r->declared, sizeof *r->declared);
    struct keel__repair *change =
        keel__repair_add(audit, f, KEEL__REPAIR_CHANGE_FOREIGN_KEY, r->table);
    if (!f || !valid || !change)
        return;
    keel__reference_place(audit, f, r);
    keel__finding_data(f, facts, 0);
    keel__finding_say(audit, f,
                      "The foreign key %s of %s was declared NOT VALID and never validated, though "
                      "all %lld values hold.",
                      keel__reference_text(audit, r), r->table->name, (long long)r->values);
    f->fix_text = "Validates it.";
    valid->not_valid = false;
    change->old_item = r->declared;
    change->item = valid;
}

int keel__not_valid_table(struct keel__audit *audit, const struct keel__table_facts *facts,
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

/* ---- rows that break a declared key, found --------------------------------------------------- */

int keel__orphans_table(struct keel__audit *audit, const struct keel__table_facts *facts,
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

int keel__not_enforced_table(struct keel__audit *audit, const struct keel__table_facts *facts,
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

int keel__not_enforced_schema(struct keel__audit *audit, struct keel_error *err)
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
    struct keel_finding *f =
        keel__finding_add(audit, keel__reference_rule(KEEL__RULE_NOT_ENFORCED), NULL);
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
            keel__finding_count(audit, f,
                                keel__arena_printf(audit->arena, "%s.%s", r->table->name,
                                                   keel__reference_text(audit, r)),
                                r->orphans);
    }
    f->fix_text = "The program has to run PRAGMA foreign_keys = ON after it opens the database.";
    return 0;
}
