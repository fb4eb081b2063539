#include "audit/indexes.h"

#include <string.h>

#include "audit/name.h"
#include "audit/references.h"
#include "keel_sql_audit.h"
#include "schema/model.h"
#include "schema/render.h"

/* Why an index is not needed. */
struct cover {
    enum keel__cover how;
    const char *name; /* of the other; NULL: a key that nobody named */
    const char *kind; /* "the primary key", "the unique key", "the unique index", "the index" */
    bool is_key;      /* or a unique index */
};

static bool better(struct cover a, struct cover b)
{
    if (a.how != b.how)
        return a.how > b.how;
    return a.is_key && !b.is_key;
}

static void consider(struct cover *best, struct cover with)
{
    if (with.how && better(with, *best))
        *best = with;
}

/* Of two indexes that are the same, one has to stay: the unique one, else the first by name. */
static bool stays(const struct keel_index_model *a, const struct keel_index_model *b)
{
    return a->unique != b->unique ? a->unique : strcmp(a->name, b->name) < 0;
}

static struct cover cover_of(const struct keel_table_model *table,
                             const struct keel_index_model *index)
{
    struct cover best = {0};
    if (table->primary_key)
        consider(&best, (struct cover){keel__index_covered_by_key(index, table->primary_key, true),
                                       table->primary_key->name, "the primary key", true});
    for (size_t i = 0; i < table->unique_count; i++)
        consider(&best, (struct cover){keel__index_covered_by_key(index, &table->uniques[i], false),
                                       table->uniques[i].name, "the unique key", true});
    for (size_t i = 0; i < table->index_count; i++) {
        const struct keel_index_model *other = &table->indexes[i];
        if (other == index)
            continue;
        enum keel__cover how = keel__index_covered(index, other);
        if (how == KEEL__COVER_SAME && stays(index, other) &&
            keel__index_covered(other, index) == KEEL__COVER_SAME)
            continue;
        consider(&best,
                 (struct cover){how, other->name, other->unique ? "the unique index" : "the index",
                                other->unique});
    }
    return best;
}

/* PostgreSQL hangs a foreign key on one unique index; which one is not in the model. */
static bool may_carry_references(const struct keel__audit *audit,
                                 const struct keel_table_model *table,
                                 const struct keel_index_model *index)
{
    if (audit->dialect != KEEL_POSTGRES || !index->unique)
        return false;
    for (size_t i = 0; i < audit->reference_count; i++)
        if (audit->references[i].declared && audit->references[i].parent == table)
            return true;
    return false;
}

static const char *index_columns_text(struct keel__audit *audit,
                                      const struct keel_index_model *index, size_t count)
{
    struct keel__str out;
    keel__str_init(&out, 0);
    for (size_t i = 0; i < count; i++) {
        keel__str_text(&out, i ? ", " : "(");
        if (index->parts[i].column)
            keel__sql_name(&out, index->parts[i].column);
        else
            keel__str_text(&out, index->parts[i].expression);
    }
    keel__str_text(&out, ")");
    const char *text = out.failed ? NULL : keel__arena_dup(audit->arena, keel__str_view(&out));
    keel__str_fini(&out);
    return text ? text : "";
}

static void set_columns(struct keel__audit *audit, struct keel_finding *finding,
                        const struct keel_index_model *index)
{
    const char **names = keel__arena_calloc(audit->arena, index->part_count, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; names && i < index->part_count; i++)
        if (index->parts[i].column)
            names[count++] = index->parts[i].column;
    keel__finding_columns(audit, finding, names, count);
}

static void report_cover(struct keel__audit *audit, const struct keel__rule *rule,
                         const struct keel_table_model *table, const struct keel_index_model *index,
                         struct cover cover)
{
    struct keel_finding *f = keel__finding_add(audit, rule, table);
    if (!f)
        return;
    set_columns(audit, f, index);
    keel__finding_object(f, "index", index->name);
    const char *columns = index_columns_text(audit, index, index->part_count);
    keel__finding_say(audit, f, "Index %s on %s %s %s%s%s of %s%s.", index->name, columns,
                      cover.how == KEEL__COVER_SAME ? "repeats" : "is the beginning of", cover.kind,
                      cover.name ? " " : "", cover.name ? cover.name : "", table->name,
                      cover.how == KEEL__COVER_SAME ? "" : ", which serves the same look-ups");
    if (may_carry_references(audit, table, index)) {
        f->fix = KEEL_FIX_NEEDS_DECISION;
        f->fix_text = "Drop one of the two, after looking on which of them foreign keys depend.";
        struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, table);
        if (choice)
            choice->choices = keel__arena_printf(
                audit->arena, "drop %s, or the one it repeats; foreign keys may depend on either",
                index->name);
        return;
    }
    f->fix_text = "Drops the index.";
    struct keel__repair *repair = keel__repair_add(audit, f, KEEL__REPAIR_DROP_INDEX, table);
    if (repair)
        repair->name = index->name;
}

/* ---- the three of them ----------------------------------------------------------------------- */

enum kind_of_cover { DUPLICATE, REPEATS_KEY, BEGINNING };

static int find_covers(struct keel__audit *audit, const struct keel__table_facts *facts,
                       const struct keel__rule *rule, enum kind_of_cover wanted)
{
    const struct keel_table_model *table = facts->table;
    for (size_t i = 0; i < table->index_count; i++) {
        const struct keel_index_model *index = &table->indexes[i];
        struct cover cover = cover_of(table, index);
        if (!cover.how)
            continue;
        enum kind_of_cover is = cover.how == KEEL__COVER_PREFIX ? BEGINNING
                                : cover.is_key                  ? REPEATS_KEY
                                                                : DUPLICATE;
        if (is == wanted)
            report_cover(audit, rule, table, index, cover);
    }
    return 0;
}

enum {
    RULE_DUPLICATE,
    RULE_KEY,
    RULE_PREFIX,
    RULE_OVER_UNIQUE,
    RULE_SELECTIVE,
    RULE_SUGGESTED,
    RULE_INVALID,
    RULE_UNUSED,
    RULE_COUNT
};
static const struct keel__rule rules[RULE_COUNT];

static int duplicate_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                           struct keel_error *err)
{
    (void)err;
    return find_covers(audit, facts, &rules[RULE_DUPLICATE], DUPLICATE);
}

/* A UNIQUE constraint over the columns of the primary key, or of another one. */
static void repeated_constraints(struct keel__audit *audit, const struct keel_table_model *table)
{
    for (size_t i = 0; i < table->unique_count; i++) {
        const struct keel_key_model *key = &table->uniques[i];
        const struct keel_key_model *same = NULL;
        if (key->deferrable)
            continue;
        for (size_t k = 0; k <= i && !same; k++) {
            const struct keel_key_model *other = k == i ? table->primary_key : &table->uniques[k];
            bool equal = other && other->column_count == key->column_count && !other->deferrable &&
                         !other->collations && !key->collations;
            for (size_t c = 0; equal && c < key->column_count; c++)
                equal = keel__name_is(other->columns[c], key->columns[c]);
            same = equal ? other : NULL;
        }
        struct keel_finding *f = same ? keel__finding_add(audit, &rules[RULE_KEY], table) : NULL;
        if (!f)
            continue;
        keel__finding_columns(audit, f, key->columns, key->column_count);
        if (key->name)
            keel__finding_object(f, "constraint", key->name);
        keel__finding_say(audit, f, "The unique key %s of %s repeats the %s key.",
                          keel__columns_text(audit, key->columns, key->column_count), table->name,
                          same == table->primary_key ? "primary" : "unique");
        f->fix = KEEL_FIX_NEEDS_DECISION;
        f->fix_text = "Drop the constraint, after looking whether a foreign key depends on it.";
        struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, table);
        if (choice)
            choice->choices = "drop the unique constraint: the other key enforces the same";
    }
}

static int key_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                     struct keel_error *err)
{
    (void)err;
    repeated_constraints(audit, facts->table);
    return find_covers(audit, facts, &rules[RULE_KEY], REPEATS_KEY);
}

static int prefix_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                        struct keel_error *err)
{
    (void)err;
    return find_covers(audit, facts, &rules[RULE_PREFIX], BEGINNING);
}

/* ---- a unique column in a longer index ------------------------------------------------------- */

static bool in_declared_key(const struct keel_table_model *table, const char *column)
{
    for (size_t i = 0; i < table->foreign_key_count; i++)
        for (size_t k = 0; k < table->foreign_keys[i].column_count; k++)
            if (keel__name_is(table->foreign_keys[i].columns[k], column))
                return true;
    return false;
}

static int over_unique_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                             struct keel_error *err)
{
    (void)err;
    const struct keel_table_model *table = facts->table;
    const struct keel_column_model *primary = keel__single_key(table);
    for (size_t i = 0; i < table->index_count; i++) {
        const struct keel_index_model *index = &table->indexes[i];
        if (index->part_count != 2 || index->where || index->include_count ||
            !index->parts[0].column || !index->parts[1].column)
            continue;
        const char *first = index->parts[0].column, *second = index->parts[1].column;
        if (!in_declared_key(table, first) || !keel__column_is_unique(table, second) ||
            keel__column_is_unique(table, first) ||
            (primary && keel__name_is(primary->name, second)))
            continue;
        struct keel_finding *f = keel__finding_add(audit, &rules[RULE_OVER_UNIQUE], table);
        set_columns(audit, f, index);
        keel__finding_object(f, "index", index->name);
        keel__finding_say(audit, f,
                          "Index %s on (%s, %s) does no more than one on %s alone: %s is unique by "
                          "itself.",
                          index->name, first, second, first, second);
        if (f)
            f->fix_text = "Make it an index on its first column, unless queries read it alone.";
        struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, table);
        if (choice)
            choice->choices = keel__arena_printf(
                audit->arena, "an index on %s alone is smaller and serves the same", first);
    }
    return 0;
}

/* ---- hardly selective ------------------------------------------------------------------------ */

/* The share of the table that a look-up of a stored value reads, on average over the rows. */
static double average_hit(const struct keel__profile *profile, double *smallest)
{
    double sum = 0, rows = (double)(profile->rows);
    *smallest = 1;
    for (size_t i = 0; i < profile->word_count; i++) {
        double share = (double)profile->words[i].rows / rows;
        sum += share * share;
        if (share < *smallest)
            *smallest = share;
    }
    return sum;
}

static int selective_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                           struct keel_error *err)
{
    enum { MANY_ROWS = 1000 };
    const double bad_hit = 0.3, rare = 0.05;
    (void)err;
    const struct keel_table_model *table = facts->table;
    for (size_t i = 0; i < table->index_count && facts->scanned; i++) {
        const struct keel_index_model *index = &table->indexes[i];
        const char *column = index->part_count == 1 ? index->parts[0].column : NULL;
        if (!column || index->unique || index->where || index->include_count ||
            in_declared_key(table, column))
            continue;
        const struct keel__profile *profile = keel__facts_profile(facts, column);
        if (!profile || profile->distinct_overflow || profile->rows == 0 ||
            profile->word_count != (size_t)profile->distinct || !profile->word_count)
            continue;
        double smallest = 1, hit = average_hit(profile, &smallest);
        bool is_flag =
            profile->distinct <= 2 &&
            (profile->column->type.kind == KEEL_LOGICAL_BOOLEAN ||
             keel__name_starts(column, "is has can was") || profile->rows >= MANY_ROWS) &&
            (profile->distinct < 2 || smallest >= rare);
        if (!is_flag && !(hit >= bad_hit && profile->rows >= MANY_ROWS && profile->distinct > 2))
            continue;
        struct keel_finding *f = keel__finding_add(audit, &rules[RULE_SELECTIVE], table);
        set_columns(audit, f, index);
        keel__finding_object(f, "index", index->name);
        keel__finding_data(f, facts, profile->rows);
        keel__finding_say(audit, f,
                          "Index %s on %s alone hardly selects: %lld different %s in %lld rows, a "
                          "look-up finds %d%% of the table on average.",
                          index->name, column, (long long)profile->distinct,
                          profile->distinct == 1 ? "value" : "values", (long long)profile->rows,
                          (int)(hit * 100 + 0.5));
        for (size_t w = 0; w < profile->word_count && w < 5; w++)
            keel__finding_count(audit, f, profile->words[w].text, profile->words[w].rows);
        if (f)
            f->fix_text = "Drop it, or make it a partial index for the value that is looked for.";
        struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, table);
        if (choice)
            choice->choices = keel__arena_printf(
                audit->arena,
                "drop index %s, or replace it by one with WHERE %s = ..., or put the column that "
                "results are sorted by behind it",
                index->name, column);
    }
    return 0;
}

/* At the end, when it is known how big the tables are that refer to each, and which soft references
 * hold. */
static int suggested_schema(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    for (size_t i = 0; i < audit->schema->table_count; i++)
        keel__suggest_indexes(audit, &rules[RULE_SUGGESTED], &audit->facts[i]);
    return 0;
}

/* ---- PostgreSQL: invalid, unused ------------------------------------------------------------- */

static int invalid_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                         struct keel_error *err)
{
    (void)err;
    const struct keel_table_model *table = facts->table;
    for (size_t i = 0; i < table->index_count; i++) {
        const struct keel_index_model *index = &table->indexes[i];
        if (index->valid || table->kind == KEEL_TABLE_PARTITIONED)
            continue;
        struct keel_finding *f = keel__finding_add(audit, &rules[RULE_INVALID], table);
        set_columns(audit, f, index);
        keel__finding_object(f, "index", index->name);
        keel__finding_say(audit, f,
                          "Index %s of %s is invalid: it costs writes and serves no reader.",
                          index->name, table->name);
        struct keel__repair *repair = keel__repair_add(audit, f, KEEL__REPAIR_STATEMENT, table);
        if (!f || !repair)
            continue;
        struct keel__str sql;
        keel__str_init(&sql, 0);
        keel__str_text(&sql, "REINDEX INDEX ");
        keel__sql_qualified(&sql, table->schema, index->name);
        keel__str_text(&sql, ";");
        repair->up_sql = keel__arena_dup(audit->arena, keel__str_view(&sql));
        keel__str_fini(&sql);
        f->fix_text = "Builds it again with REINDEX, which blocks writes to the table meanwhile.";
    }
    return 0;
}

struct unused {
    struct keel__audit *audit;
};

static const struct keel_table_model *
table_named(const struct keel_schema *schema, struct keel_slice schema_name, struct keel_slice name)
{
    for (size_t i = 0; i < schema->table_count; i++) {
        const struct keel_table_model *t = &schema->tables[i];
        bool same = t->schema ? schema_name.data && strlen(t->schema) == schema_name.size &&
                                    memcmp(t->schema, schema_name.data, schema_name.size) == 0
                              : !schema_name.data;
        if (same && strlen(t->name) == name.size && memcmp(t->name, name.data, name.size) == 0)
            return t;
    }
    return NULL;
}

/* Whether the index serves the checks of a foreign key, which statistics may not show for years. */
static bool serves_reference(const struct keel_table_model *table,
                             const struct keel_index_model *index)
{
    return index->parts[0].column && in_declared_key(table, index->parts[0].column);
}

static int add_unused(void *context, const struct keel_row *row, struct keel_error *err)
{
    enum { MIN_SCANS = 1000 };
    const int64_t min_age_us = INT64_C(14) * 24 * 3600 * 1000000;
    struct keel__audit *audit = ((struct unused *)context)->audit;
    (void)err;
    int64_t age_us = audit->now_us - keel_row_time(row, 6), table_scans = keel_row_int(row, 4);
    if (age_us < min_age_us || table_scans < MIN_SCANS)
        return 0;
    const struct keel_table_model *table =
        table_named(audit->schema, keel_row_text(row, 0), keel_row_text(row, 1));
    if (!table)
        return 0;
    char *name = keel__arena_dup(audit->arena, keel_row_text(row, 2));
    const struct keel_index_model *index = NULL;
    for (size_t i = 0; name && i < table->index_count; i++)
        if (strcmp(table->indexes[i].name, name) == 0)
            index = &table->indexes[i];
    if (!index || serves_reference(table, index) || cover_of(table, index).how)
        return 0;
    struct keel_finding *f = keel__finding_add(audit, &rules[RULE_UNUSED], table);
    set_columns(audit, f, index);
    keel__finding_object(f, "index", index->name);
    keel__finding_say(audit, f,
                      "Index %s of %s (%lld kB) was not used once in %lld days, in which the table "
                      "was read %lld times.",
                      index->name, table->name, (long long)(keel_row_int(row, 5) / 1024),
                      (long long)(age_us / (INT64_C(24) * 3600 * 1000000)), (long long)table_scans);
    if (f)
        f->fix_text = "Drop it, if no replica and no rare report needs it.";
    struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, table);
    if (choice)
        choice->choices = keel__arena_printf(
            audit->arena, "drop index %s, if no replica and no rare report needs it", index->name);
    return 0;
}

static int unused_schema(struct keel__audit *audit, struct keel_error *err)
{
    struct unused unused = {audit};
    if (audit->dialect != KEEL_POSTGRES)
        return 0;
    return keel_db_each(audit->db, &keel_q_audit_index_usage, KEEL_NO_PARAMS, add_unused, &unused,
                        err);
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct keel__rule rules[RULE_COUNT] = {
    [RULE_DUPLICATE] =
        {.about = {.id = "index-duplicate",
                   .family = "indexes",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_AUTOMATIC,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "Two indexes are the same",
                   .why = "Every write keeps both up to date, and no query is faster for it.",
                   .evidence =
                       "Two indexes over the same columns or expressions in the same order "
                       "or its reverse, with the same collations, operator classes, method, "
                       "INCLUDE columns and WHERE.",
                   .how = "All but the first by name are dropped.",
                   .wrong_when = "Application code names the index in a hint (`INDEXED BY`)."},
         .table = duplicate_table},
    [RULE_KEY] =
        {.about = {.id = "index-repeats-key",
                   .family = "indexes",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_AUTOMATIC,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "An index repeats a primary or unique key",
                   .why = "A key has an index of its own; the second one costs space and writes.",
                   .evidence = "An index over exactly the columns of a primary key, a UNIQUE "
                               "constraint or a unique index; or a UNIQUE constraint over those of "
                               "another key.",
                   .how = "The index is dropped. A repeated constraint, and a unique index that "
                          "foreign keys of PostgreSQL may hang on, is left to you.",
                   .wrong_when = "The key is deferrable: such keys are not counted."},
         .table = key_table},
    [RULE_PREFIX] =
        {.about = {.id = "index-prefix",
                   .family = "indexes",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_AUTOMATIC,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "An index is the beginning of another",
                   .why = "The longer index answers the same look-ups; the shorter one costs "
                          "writes.",
                   .evidence = "An index whose columns are the first columns of another index or "
                               "key. Unique, partial and differently sorted ones are not counted.",
                   .how = "The shorter index is dropped.",
                   .wrong_when = "The longer one is much wider (long texts) and the shorter one is "
                                 "read very often."},
         .table = prefix_table},
    [RULE_OVER_UNIQUE] =
        {.about = {.id = "index-over-unique-column",
                   .family = "indexes",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "An index pairs a reference with a column that is unique by itself",
                   .why = "Looking up both finds what looking up the unique column finds.",
                   .evidence = "An index over two columns: the first refers to another table, the "
                               "second has a unique key or index of its own (not the primary key).",
                   .how = "An index on the first column alone is smaller.",
                   .wrong_when = "Queries read the second column from the index alone, or are "
                                 "sorted by it."},
         .table = over_unique_table},
    [RULE_SELECTIVE] =
        {.about = {.id = "index-not-selective",
                   .family = "indexes",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "An index on a column of two or three values",
                   .why = "A look-up finds a large part of the table, which is read faster without "
                          "the index; writes pay for it.",
                   .evidence =
                       "An index on one column alone, not unique and not partial, not that "
                       "of a foreign key: at most two values of which none is rare (under "
                       "5%), or 1,000 rows and more of which a look-up finds 30% on average.",
                   .how = "Drop it, make it partial for the value that is looked for, or put the "
                          "column that results are sorted by behind it.",
                   .wrong_when = "The looked-for value will become rare."},
         .table = selective_table},
    [RULE_SUGGESTED] =
        {.about = {.id = "index-suggested",
                   .family = "indexes",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_AUTOMATIC,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "Columns that are filtered or sorted by have no index",
                   .why =
                       "Lists by state, owner or time, and look-ups by address or correlation id "
                       "read the whole table.",
                   .evidence =
                       "Names and values, no queries: status, level, event, language, model "
                       "or read flag with few values; owner and chat columns; correlation "
                       "ids, URLs, e-mail addresses and hashes; each with the table's time "
                       "column behind it where several rows share a value. Tables of 100 "
                       "rows and more, at most six a table; columns that lead an index are "
                       "left out.",
                   .how = "The index is added; one that becomes its beginning is dropped.",
                   .wrong_when = "Nobody asks for rows this way: an index that no query uses only "
                                 "costs."},
         .plan = keel__soft_plan,
         .table = keel__soft_table,
         .schema = suggested_schema},
    [RULE_INVALID] =
        {.about = {.id = "index-invalid",
                   .family = "indexes",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_AUTOMATIC,
                   .on_postgres = true,
                   .title = "An index is invalid",
                   .why =
                       "A CREATE INDEX CONCURRENTLY that failed leaves an index that every write "
                       "updates and no query uses; a unique one enforces nothing for sure.",
                   .evidence = "`pg_index.indisvalid` is false.",
                   .how = "REINDEX builds it again.",
                   .wrong_when = "It is being built at this moment."},
         .table = invalid_table},
    [RULE_UNUSED] =
        {.about = {.id = "index-unused",
                   .family =
                       "indexes",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_postgres = true,
                   .title = "An index was never used",
                   .why = "It costs space and every write, and serves nobody.",
                   .evidence =
                       "The server's statistics: no scan in at least 14 days since they were "
                       "reset (or the server started), while the table was read 1,000 times "
                       "and more. Unique indexes and those of foreign keys are not counted.",
                   .how = "Drop it, once you know that no replica and no rare report uses it.",
                   .wrong_when = "It serves a replica, which keeps its own statistics, or a report "
                                 "that runs once a year."},
         .schema = unused_schema},
};

const struct keel__rules keel__rules_indexes = {rules, sizeof rules / sizeof *rules};
