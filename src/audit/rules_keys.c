#include "audit/reference.h"

#include <string.h>

#include "schema/model.h"
#include "schema/render.h"

enum { RULE_MISSING, RULE_NULLABLE, RULE_NULLS_IN_UNIQUE, RULE_COUNT };
static const struct keel__rule rules[RULE_COUNT];

static const char *names_text(struct keel__audit *audit, const char *const *names, size_t count)
{
    struct keel__str out;
    keel__str_init(&out, 0);
    keel__sql_names(&out, names, count);
    const char *text = out.failed ? NULL : keel__arena_dup(audit->arena, keel__str_view(&out));
    keel__str_fini(&out);
    return text ? text : "";
}

/* ---- no primary key -------------------------------------------------------------------------- */

static bool admits_no_null(const struct keel_table_model *table, const char *const *columns,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct keel_column_model *column = keel__column_named(table, columns[i]);
        if (!column || !column->not_null)
            return false;
    }
    return count > 0;
}

/* A unique key or index that could be the primary key. */
static size_t stand_in(const struct keel_table_model *table, const char **columns, size_t max)
{
    for (size_t i = 0; i < table->unique_count; i++) {
        const struct keel_key_model *key = &table->uniques[i];
        if (key->column_count <= max && !key->deferrable &&
            admits_no_null(table, key->columns, key->column_count)) {
            memcpy(columns, key->columns, key->column_count * sizeof *columns);
            return key->column_count;
        }
    }
    for (size_t i = 0; i < table->index_count; i++) {
        const struct keel_index_model *index = &table->indexes[i];
        size_t count = 0;
        while (count < index->part_count && count < max && index->parts[count].column) {
            columns[count] = index->parts[count].column;
            count++;
        }
        if (index->unique && index->valid && !index->where && count == index->part_count &&
            admits_no_null(table, columns, count))
            return count;
    }
    return 0;
}

/* PostgreSQL hangs foreign keys on the unique key, which then cannot be dropped; in SQLite one
 * INTEGER column would become the rowid. */
static bool can_be_promoted(const struct keel__audit *audit, const struct keel_table_model *table,
                            const char *const *columns, size_t count)
{
    if (audit->dialect == KEEL_SQLITE)
        return count > 1 ||
               keel__column_named(table, columns[0])->affinity != KEEL_AFFINITY_INTEGER;
    for (size_t i = 0; i < audit->reference_count; i++)
        if (audit->references[i].declared && audit->references[i].parent == table)
            return false;
    return table->kind == KEEL_TABLE_PLAIN;
}

static int promote(struct keel__audit *audit, struct keel_finding *f,
                   const struct keel_table_model *table, const char *const *columns, size_t count)
{
    bool automatic = can_be_promoted(audit, table, columns, count);
    struct keel_key_model *key = keel__arena_calloc(audit->arena, 1, sizeof *key);
    struct keel__repair *repair = keel__repair_add(
        audit, f, automatic ? KEEL__REPAIR_ADD_PRIMARY_KEY : KEEL__REPAIR_CHOICE, table);
    if (!key || !repair)
        return 0;
    key->columns = keel__arena_memdup(audit->arena, columns, count * sizeof *columns);
    key->column_count = count;
    f->fix = automatic ? KEEL_FIX_AUTOMATIC : KEEL_FIX_NEEDS_DECISION;
    f->fix_text = "Makes the unique key the primary key.";
    if (automatic)
        repair->item = key;
    else
        repair->choices = "a primary key over the columns of the unique key, in its place";
    return 0;
}

static int missing_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                         struct keel_error *err)
{
    enum { MAX_COLUMNS = 16 };
    const struct keel_table_model *table = facts->table;
    (void)err;
    if (table->primary_key)
        return 0;
    struct keel_finding *f = keel__finding_add(audit, &rules[RULE_MISSING], table);
    if (!f)
        return 0;
    const char *columns[MAX_COLUMNS];
    size_t count = stand_in(table, columns, MAX_COLUMNS);
    if (facts->scanned)
        keel__finding_data(f, facts, facts->rows);
    if (count) {
        const char *text = names_text(audit, columns, count);
        f->severity = KEEL_SEVERITY_ADVICE;
        keel__finding_say(audit, f, "Table %s has no primary key; its unique key %s could be it.",
                          table->name, text);
        return promote(audit, f, table, columns, count);
    }
    keel__finding_say(audit, f, "Table %s has no primary key and no unique key.", table->name);
    f->fix = KEEL_FIX_NEEDS_DECISION;
    f->fix_text = "Choose the columns that tell rows apart, or add a number.";
    struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, table);
    if (choice)
        choice->choices = "a primary key over the columns that tell rows apart\n"
                          "a new column that numbers the rows";
    return 0;
}

/* ---- a key that admits NULL (SQLite) ----------------------------------------------------------
 */

static bool may_be_null(const struct keel_table_model *table,
                        const struct keel_column_model *column)
{
    return column && !column->not_null && !table->without_rowid &&
           column->identity == KEEL_IDENTITY_NONE;
}

static int nullable_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                          struct keel_error *err)
{
    const struct keel_table_model *table = facts->table;
    const struct keel_key_model *key = table->primary_key;
    (void)err;
    if (!key || audit->dialect != KEEL_SQLITE)
        return 0;
    const char **names = keel__arena_calloc(audit->arena, key->column_count, sizeof *names);
    size_t count = 0;
    int64_t nulls = 0;
    for (size_t i = 0; names && i < key->column_count; i++) {
        const struct keel_column_model *column = keel__column_named(table, key->columns[i]);
        if (!may_be_null(table, column))
            continue;
        names[count++] = column->name;
        if (facts->scanned)
            nulls += keel__facts_profile(facts, column->name)->nulls;
    }
    struct keel_finding *f = count ? keel__finding_add(audit, &rules[RULE_NULLABLE], table) : NULL;
    if (!f)
        return 0;
    keel__finding_columns(audit, f, names, count);
    if (facts->scanned)
        keel__finding_data(f, facts, nulls);
    const char *text = names_text(audit, names, count);
    if (nulls) {
        keel__finding_say(audit, f,
                          "The primary key %s of %s admits NULL, and %lld of its values are NULL.",
                          text, table->name, (long long)nulls);
    } else {
        f->severity = KEEL_SEVERITY_WARNING;
        keel__finding_say(audit, f, "The primary key %s of %s admits NULL.", text, table->name);
    }
    f->fix_text = nulls ? "Adds NOT NULL; rows without a key go to quarantine." : "Adds NOT NULL.";
    for (size_t i = 0; i < count; i++) {
        struct keel__repair *repair = keel__repair_add(audit, f, KEEL__REPAIR_NOT_NULL, table);
        struct keel__str sql;
        keel__str_init(&sql, 0);
        keel__str_text(&sql, "t.");
        keel__sql_name(&sql, names[i]);
        keel__str_text(&sql, " IS NULL");
        if (repair) {
            repair->column = names[i];
            repair->breaks = keel__arena_dup(audit->arena, keel__str_view(&sql));
            repair->reason = keel__arena_printf(audit->arena, "%s.%s, the primary key, is NULL",
                                                table->name, names[i]);
        }
        keel__str_fini(&sql);
    }
    return 0;
}

/* ---- NULLs in a unique key of several columns -------------------------------------------------
 */

static int nulls_in_unique_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                                 struct keel_error *err)
{
    const struct keel_table_model *table = facts->table;
    (void)err;
    for (size_t i = 0; i < table->unique_count && facts->scanned; i++) {
        const struct keel_key_model *key = &table->uniques[i];
        const struct keel__profile *worst = NULL;
        for (size_t k = 0; k < key->column_count && key->column_count > 1; k++) {
            const struct keel__profile *profile = keel__facts_profile(facts, key->columns[k]);
            if (profile && profile->nulls && (!worst || profile->nulls > worst->nulls))
                worst = profile;
        }
        if (!worst || key->nulls_not_distinct)
            continue;
        struct keel_finding *f = keel__finding_add(audit, &rules[RULE_NULLS_IN_UNIQUE], table);
        keel__finding_columns(audit, f, key->columns, key->column_count);
        if (key->name)
            keel__finding_object(f, "constraint", key->name);
        keel__finding_data(f, facts, worst->nulls);
        keel__finding_say(audit, f,
                          "%lld of %lld rows of %s have no %s, and the unique key %s does not bind "
                          "rows with a NULL.",
                          (long long)worst->nulls, (long long)facts->rows, table->name,
                          worst->column->name, names_text(audit, key->columns, key->column_count));
        struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, table);
        if (!f || !choice)
            continue;
        f->fix_text = "Make the column NOT NULL with a value for \"none\", or add a unique index "
                      "over the others for the rows where it is NULL.";
        choice->choices = f->fix_text;
    }
    return 0;
}

static const struct keel__rule rules[RULE_COUNT] = {
    [RULE_MISSING] =
        {.about = {.id = "primary-key-missing",
                   .family = "keys",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_AUTOMATIC,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "A table has no primary key",
                   .why = "A row cannot be named: it cannot be referred to, corrected alone, or "
                          "replicated (PostgreSQL's logical replication refuses to update it), and "
                          "the same row can be stored twice.",
                   .evidence =
                       "No PRIMARY KEY. Advice instead of a warning where a unique key over "
                       "NOT NULL columns could be it.",
                   .how = "A unique key over NOT NULL columns becomes the primary key; otherwise "
                          "choose columns, or add a number.",
                   .wrong_when = "It is a staging table that is only ever filled and emptied as a "
                                 "whole."},
         .table = missing_table},
    [RULE_NULLABLE] =
        {.about = {.id = "primary-key-nullable",
                   .family = "keys",
                   .severity = KEEL_SEVERITY_ERROR,
                   .fix = KEEL_FIX_AUTOMATIC,
                   .on_sqlite = true,
                   .reads_data = true,
                   .title = "A primary key admits NULL",
                   .why = "SQLite lets a primary key that is not INTEGER be NULL, in any number of "
                          "rows, unless it is declared NOT NULL; every other database refuses such "
                          "rows.",
                   .evidence = "A primary key column without NOT NULL in a table that is neither "
                               "STRICT nor WITHOUT ROWID; an error if there are NULLs, else a "
                               "warning.",
                   .how = "NOT NULL is added; rows without a key go to quarantine.",
                   .wrong_when = "Never."},
         .table = nullable_table},
    [RULE_NULLS_IN_UNIQUE] =
        {.about = {.id = "unique-key-with-nulls",
                   .family = "keys",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "A unique key of several columns does not bind rows with a NULL",
                   .why = "Two NULLs are never equal, so the same combination can be stored again "
                          "and again where one column is NULL.",
                   .evidence = "A UNIQUE constraint over several columns of which one is NULL in "
                               "some rows; not with NULLS NOT DISTINCT.",
                   .how =
                       "A value for \"none\" and NOT NULL, NULLS NOT DISTINCT (PostgreSQL 15), or "
                       "a second unique index for the rows where it is NULL.",
                   .wrong_when = "Rows without that column are meant to be free of the rule."},
         .table = nulls_in_unique_table},
};

const struct keel__rules keel__rules_keys = {rules, sizeof rules / sizeof *rules};
