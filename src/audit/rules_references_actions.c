/* What becomes of rows whose parent is missing or goes away. */
#include "audit/references.h"

#include <string.h>

#include "audit/indexes.h"
#include "schema/model.h"
#include "schema/render.h"

/* ---- references that may be missing ---------------------------------------------------------- */

int keel__null_reference_table(struct keel__audit *audit, const struct keel__table_facts *facts,
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
        struct keel_finding *f =
            keel__finding_add(audit, keel__reference_rule(KEEL__RULE_NULLABLE), r->table);
        if (!f)
            continue;
        keel__reference_place(audit, f, r);
        keel__finding_data(f, facts, profile->nulls);
        keel__finding_say(audit, f, "%lld of %lld rows of %s belong to no row of %s: %s is NULL%s.",
                          (long long)profile->nulls, (long long)facts->rows, r->table->name,
                          r->parent->name, keel__reference_text(audit, r),
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
                (long long)profile->nulls, keel__reference_text(audit, r), r->parent->name);
    }
    return 0;
}

/* ---- what deleting a parent does ------------------------------------------------------------- */

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
        struct keel_finding *f =
            keel__finding_add(audit, keel__reference_rule(KEEL__RULE_ACTIONS), r->table);
        if (!f)
            continue;
        keel__reference_place(audit, f, r);
        keel__finding_say(audit, f, "Deleting a row of %s does %s in %s, but %s in %zu other%s.",
                          parent->name, on_delete_word(r->declared->on_delete), r->table->name,
                          on_delete_word(most), counts[most], counts[most] == 1 ? "" : "s");
        f->fix_text = "Decide whether rows go with their parent; then declare one rule.";
        struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, r->table);
        if (choice)
            choice->choices = keel__arena_printf(
                audit->arena, "ON DELETE %s for %s.%s as for the others, or leave it on purpose",
                on_delete_word(most), r->table->name, keel__reference_text(audit, r));
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

int keel__actions_schema(struct keel__audit *audit, struct keel_error *err)
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
int keel__no_action_schema(struct keel__audit *audit, struct keel_error *err)
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
            blocking && cascading
                ? keel__finding_add(audit, keel__reference_rule(KEEL__RULE_NO_ACTION), table)
                : NULL;
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
