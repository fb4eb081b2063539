/* Full-text tables that programs keep in step by hand (SQLite). */
#include <string.h>

#include "audit/name.h"
#include "audit/references.h"
#include "schema/model.h"

/* An FTS table that keeps its text itself, so that its columns can be read. */
static bool is_own_text(const struct keel_table_model *table)
{
    if (table->kind != KEEL_TABLE_VIRTUAL || table->broken || !table->virtual_sql)
        return false;
    return keel__name_like(table->virtual_sql, "%using fts%") &&
           !keel__name_like(table->virtual_sql, "%content=%") &&
           !keel__name_like(table->virtual_sql, "%content =%");
}

/* What an FTS table was copied from: a table with one row for each entry. */
struct copied {
    const struct keel_table_model *table;
    const char *column;
    int64_t rows, found; /* with a parent; of these, in the FTS table */
};

static const char *as_key(struct keel__audit *audit, const char *alias, const char *column,
                          const struct keel_column_model *key)
{
    return keel__sql_text(audit, "CAST(%s.%I AS %s)", alias, column,
                          key->affinity == KEEL_AFFINITY_TEXT ? "TEXT" : "INTEGER");
}

/* How many rows of table have an entry; its column refers to key of parent. */
static int compare(struct keel__audit *audit, const struct keel_table_model *fts,
                   const char *entry_key, const struct keel__key_target *parent,
                   const struct keel_table_model *table, const char *column, struct copied *best,
                   int64_t entries, struct keel_error *err)
{
    int64_t n[2];
    const char *sql = keel__sql_text(
        audit,
        "SELECT count(*), sum(s.%I IN (SELECT %s FROM (SELECT %I FROM %T LIMIT 1000000) f)) "
        "FROM %T s WHERE EXISTS (SELECT 1 FROM %T p WHERE p.%I = +s.%I)",
        column, as_key(audit, "f", entry_key, parent->column), entry_key, fts->schema, fts->name,
        table->schema, table->name, parent->table->schema, parent->table->name,
        parent->column->name, column);
    int rc = keel__count_sql(audit, sql, n, 2, err);
    /* It holds most of the entries, and most of it is entered. */
    bool fits = n[1] * 10 >= entries * 8 && n[1] * 2 >= n[0];
    bool better =
        !best->table || n[0] + entries - 2 * n[1] < best->rows + entries - 2 * best->found;
    if (!rc && fits && better)
        *best = (struct copied){table, column, n[0], n[1]};
    return rc;
}

static int find_copied(struct keel__audit *audit, const struct keel_table_model *fts,
                       const char *entry_key, const struct keel__key_target *parent,
                       int64_t entries, struct copied *best, struct keel_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < audit->reference_count && !rc; i++) {
        const struct keel__reference *r = &audit->references[i];
        if (r->parent != parent->table || r->column_count != 1 || !keel__reference_holds(r) ||
            !keel__name_is(r->parent_columns[0], parent->column->name))
            continue;
        const char *column = r->table->columns[r->columns[0]].name;
        if (keel__column_is_unique(r->table, column))
            rc = compare(audit, fts, entry_key, parent, r->table, column, best, entries, err);
    }
    if (!rc && !best->table)
        rc = compare(audit, fts, entry_key, parent, parent->table, parent->column->name, best,
                     entries, err);
    return rc;
}

static void report(struct keel__audit *audit, const struct keel__rule *rule,
                   const struct keel_table_model *fts, const char *entry_key,
                   const struct keel__key_target *parent, int64_t entries, int64_t gone,
                   const struct copied *from)
{
    int64_t missed = from->table ? from->rows - from->found : 0;
    struct keel_finding *f = gone || missed ? keel__finding_add(audit, rule, fts) : NULL;
    if (!f)
        return;
    keel__finding_column(audit, f, entry_key);
    f->has_data = true;
    f->rows = entries;
    f->matching = gone + missed;
    const char *missing =
        missed ? keel__arena_printf(audit->arena, "%lld of %lld rows of %s have none",
                                    (long long)missed, (long long)from->rows, from->table->name)
               : "";
    if (gone)
        keel__finding_say(audit, f,
                          "%lld of %lld entries of the full-text table %s have no row in %s%s%s.",
                          (long long)gone, (long long)entries, fts->name, parent->table->name,
                          missed ? ", and " : "", missing ? missing : "");
    else
        keel__finding_say(audit, f, "The full-text table %s is not whole: %s.", fts->name, missing);
    keel__finding_count(audit, f, "entries without a row", gone);
    if (from->table)
        keel__finding_count(audit, f, "rows without an entry", missed);
    f->fix_text = "Fill it again, and keep it in step by triggers.";
    struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, fts);
    if (choice)
        choice->choices =
            keel__arena_printf(audit->arena,
                               "delete the entries without a row and insert the missing ones\n"
                               "then triggers on %s, or an external-content table",
                               from->table ? from->table->name : parent->table->name);
}

static int look_at(struct keel__audit *audit, const struct keel__rule *rule,
                   const struct keel_table_model *fts, struct keel_error *err)
{
    for (size_t i = 0; i < fts->column_count; i++) {
        const char *name = fts->columns[i].name;
        struct keel__key_target parent;
        if (fts->columns[i].hidden || !keel__name_ends(name, "id uuid") ||
            !keel__key_targets(audit, fts, name, &parent, 1) || parent.confidence < 2)
            continue;
        int64_t n[2];
        const char *sql = keel__sql_text(
            audit,
            "SELECT count(*), sum(NOT EXISTS (SELECT 1 FROM %T p WHERE p.%I = +f.%I)) "
            "FROM (SELECT %I FROM %T LIMIT 1000000) f WHERE f.%I IS NOT NULL",
            parent.table->schema, parent.table->name, parent.column->name, name, name, fts->schema,
            fts->name, name);
        int rc = keel__count_sql(audit, sql, n, 2, err);
        if (rc)
            return rc;
        if (n[0] < 1 || n[1] * 2 > n[0])
            continue; /* they mean something else */
        struct copied from = {0};
        rc = find_copied(audit, fts, name, &parent, n[0], &from, err);
        if (rc)
            return rc;
        report(audit, rule, fts, name, &parent, n[0], n[1], &from);
        return 0;
    }
    return 0;
}

int keel__full_text_schema(struct keel__audit *audit, const struct keel__rule *rule,
                           struct keel_error *err)
{
    int rc = 0;
    if (audit->dialect != KEEL_SQLITE)
        return 0;
    for (size_t i = 0; i < audit->schema->table_count && !rc; i++)
        if (is_own_text(&audit->schema->tables[i]))
            rc = look_at(audit, rule, &audit->schema->tables[i], err);
    return rc;
}
