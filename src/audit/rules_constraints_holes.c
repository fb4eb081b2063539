#include "audit/rules_words.h"

#include "audit/column.h"
#include "audit/roles.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

enum { MIN_ROWS = 50 };

/* ---- documents that a few rows do not have --------------------------------------------------- */

static bool is_document(const struct keel__profile *profile)
{
    return profile->column->type.kind == KEEL_LOGICAL_JSON ||
           keel__profile_share(profile, KEEL__SHAPE_JSON_OBJECT) +
                   keel__profile_share(profile, KEEL__SHAPE_JSON_ARRAY) >
               0.9;
}

/* A state whose rows never have it, and others whose rows always have. */
static bool state_explains(const struct keel__table_facts *facts, size_t column)
{
    for (size_t i = 0; i < facts->cross_count; i++) {
        const struct keel__cross *cross = &facts->crosses[i];
        bool explains = cross->other_column == column && cross->words_column != column;
        for (size_t w = 0; explains && w < cross->word_count; w++)
            explains = cross->cells[w].nulls == 0 || cross->cells[w].nulls == cross->cells[w].rows;
        if (explains)
            return true;
    }
    return false;
}

int keel__few_missing_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                            struct keel_error *err)
{
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel__profile *profile = &facts->profiles[i];
        const char *column = profile->column->name;
        if (profile->rows < MIN_ROWS || profile->nulls == 0 ||
            profile->nulls * 10 > profile->rows || !is_document(profile) ||
            state_explains(facts, i))
            continue;
        struct keel_finding *finding = keel__finding_add(
            audit, KEEL__CONSTRAINTS(KEEL__CONSTRAINTS_FEW_MISSING), facts->table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_column(audit, finding, column);
        keel__finding_data(finding, facts, profile->nulls);
        keel__finding_say(
            audit, finding, "%lld of %lld rows of %s lack a document in %s, which all others have",
            (long long)profile->nulls, (long long)profile->rows, facts->table->name, column);
        finding->fix_text = "whether rows without it are complete";
        struct keel__repair *repair =
            keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, facts->table);
        if (!repair)
            return keel__nomem(err);
        repair->choices = keel__arena_printf(
            audit->arena, "SELECT * FROM %s WHERE %s IS NULL; (%lld rows)\nThen: NOT NULL",
            keel__audit_table(audit, facts->table), keel__audit_name(audit, column),
            (long long)profile->nulls);
    }
    return KEEL_OK;
}

/* ---- an error beside a state that is none ---------------------------------------------------- */

/* The text of an error; "last_error" stays when the next try goes well. */
static bool tells_error(const struct keel_column_model *column)
{
    return keel__role_is_text(column) && keel__name_has(column->name, "error failure exception") &&
           keel__name_ends(column->name, "error message text reason detail details failure "
                                         "exception") &&
           !keel__name_has(column->name, "last previous latest code type kind class count");
}

struct errors {
    int64_t failed, failed_with; /* rows of states that mean failure; with a text */
    int64_t others, others_with;
};

static struct errors count_errors(const struct keel__cross *cross)
{
    struct errors errors = {0};
    for (size_t i = 0; i < cross->word_count; i++) {
        const struct keel__cross_cell *cell = &cross->cells[i];
        int64_t with = cell->rows - cell->nulls - cell->empties;
        if (keel__role_outcome(cross->words[i]) == KEEL__OUTCOME_BAD) {
            errors.failed += cell->rows;
            errors.failed_with += with;
        } else {
            errors.others += cell->rows;
            errors.others_with += with;
        }
    }
    return errors;
}

int keel__stray_error_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                            struct keel_error *err)
{
    const struct keel_column_model *columns = facts->table->columns;
    for (size_t i = 0; i < facts->cross_count; i++) {
        const struct keel__cross *cross = &facts->crosses[i];
        const struct keel_column_model *state = &columns[cross->words_column];
        const struct keel_column_model *text = &columns[cross->other_column];
        if (!keel__role_is_status(state) || !tells_error(text))
            continue;
        struct errors errors = count_errors(cross);
        if (errors.others_with == 0 || errors.failed_with * 2 < errors.failed ||
            errors.failed < 10 || errors.others_with * 20 > errors.others)
            continue;
        struct keel_finding *finding = keel__finding_add(
            audit, KEEL__CONSTRAINTS(KEEL__CONSTRAINTS_STRAY_ERROR), facts->table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_columns(audit, finding, (const char *[]){state->name, text->name}, 2);
        keel__finding_data(finding, facts, errors.others_with);
        for (size_t w = 0; w < cross->word_count; w++) {
            const struct keel__cross_cell *cell = &cross->cells[w];
            if (cell->rows - cell->nulls - cell->empties > 0)
                keel__finding_count(audit, finding, cross->words[w],
                                    cell->rows - cell->nulls - cell->empties);
        }
        keel__finding_say(
            audit, finding,
            "%lld row%s of %s %s an error in %s beside a %s that is no failure: failed and "
            "stayed there, or the text was left behind",
            (long long)errors.others_with, errors.others_with == 1 ? "" : "s", facts->table->name,
            errors.others_with == 1 ? "has" : "have", text->name, state->name);
        finding->fix_text = "whether the rows failed";
        struct keel__repair *repair =
            keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, facts->table);
        if (!repair)
            return keel__nomem(err);
        const char *name = keel__audit_name(audit, state->name);
        repair->choices = keel__arena_printf(
            audit->arena,
            "SELECT %s, count(*) FROM %s WHERE %s <> '' GROUP BY %s; shows in which states", name,
            keel__audit_table(audit, facts->table), keel__audit_name(audit, text->name), name);
    }
    return KEEL_OK;
}
