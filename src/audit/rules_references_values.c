/* References that values show where names do not: names in place of keys, UUIDs of some table. */
#include <string.h>

#include "audit/name.h"
#include "audit/references.h"
#include "schema/model.h"

enum {
    MAX_PARENT_ROWS = 100000, /* looked up without an index: a list of them is made */
    MAX_KEYS = 24,            /* tables that a column of UUIDs is looked up in */
    MAX_COLUMNS = 200         /* columns looked at in one database */
};

/* ---- columns that say that they refer, and to nothing known ------------------------------------
 */

/* Whether it refers by a declared key or by its values, or it is not known yet whether it does. */
static bool has_reference(const struct keel__audit *audit, const struct keel__table_facts *facts,
                          size_t column)
{
    size_t first, count = keel__references_of(audit, facts->table, &first);
    for (size_t i = first; i < first + count; i++) {
        const struct keel__reference *r = &audit->references[i];
        for (size_t k = 0; k < r->column_count; k++)
            if (r->columns[k] == column &&
                (keel__reference_holds(r) || (!r->declared && !r->counted)))
                return true;
    }
    return false;
}

/* A text (or UUID) column x_id without a declared or holding reference. */
static bool is_open(const struct keel__audit *audit, const struct keel__table_facts *facts,
                    size_t column)
{
    const struct keel_column_model *model = &facts->table->columns[column];
    const struct keel__profile *profile = &facts->profiles[column];
    enum keel__key_class class = keel__key_class_of(audit->dialect, model);
    struct keel__name_words words;
    keel__name_split(model->name, &words);
    if (words.count < 2 || !keel__word_among(words.words[words.count - 1], "id uuid guid ref") ||
        (class != KEEL__CLASS_TEXT && class != KEEL__CLASS_UUID && class != KEEL__CLASS_ANY) ||
        profile->rows - profile->nulls < 5 || profile->max_bytes > 500 ||
        keel__column_is_unique(facts->table, model->name))
        return false;
    return !has_reference(audit, facts, column);
}

/* ---- names in place of keys ------------------------------------------------------------------ */

struct match {
    const struct keel_table_model *parent;
    const char *columns[2];
    size_t column_count;
    const char *separator;
    bool fold; /* letter case does not count */
    int64_t values, found, several;
};

static bool is_text(const struct keel_column_model *column)
{
    return column && column->type.kind == KEEL_LOGICAL_TEXT && !column->type.dimensions;
}

static const char *name_sql(struct keel__audit *audit, const struct match *m)
{
    const char *text = audit->dialect == KEEL_POSTGRES ? "::text COLLATE \"C\"" : "";
    if (m->column_count == 2)
        return keel__sql_text(audit, "p.%I%s || %S || p.%I%s", m->columns[0], text, m->separator,
                              m->columns[1], text);
    return keel__sql_text(audit, m->fold ? "lower(p.%I%s)" : "p.%I%s", m->columns[0], text);
}

static int try_match(struct keel__audit *audit, const struct keel__table_facts *facts,
                     const char *column, struct match with, struct match *best,
                     struct keel_error *err)
{
    const char *text = audit->dialect == KEEL_POSTGRES ? "::text COLLATE \"C\"" : "";
    const char *name = name_sql(audit, &with), *value = with.fold ? "lower(t.v)" : "t.v";
    if (!name)
        return keel__arena_error(audit->arena, err);
    const char *sql = keel__sql_text(
        audit,
        "SELECT count(*), sum(CASE WHEN %s IN (SELECT %s FROM %T p) THEN 1 ELSE 0 END), "
        "sum(CASE WHEN %s IN (SELECT %s FROM %T p GROUP BY %s HAVING count(*) > 1) THEN 1 ELSE 0 "
        "END) FROM (SELECT t.%I%s AS v FROM %T t WHERE t.%I%s <> '' LIMIT 1000000) t",
        value, name, with.parent->schema, with.parent->name, value, name, with.parent->schema,
        with.parent->name, name, column, text, facts->table->schema, facts->table->name, column,
        text);
    int64_t n[3];
    int rc = keel__count_sql(audit, sql, n, 3, err);
    with.values = n[0];
    with.found = n[1];
    with.several = n[2];
    if (!rc && with.found * 3 >= with.values && with.found > best->found)
        *best = with;
    return rc;
}

/* name, title, code; framework_name of framework_versions */
static bool is_name_column(const struct keel_table_model *table,
                           const struct keel_column_model *column)
{
    struct keel__name_words words, own;
    if (!is_text(column))
        return false;
    keel__name_split(column->name, &words);
    keel__name_split(table->name, &own);
    const char *names = "name title slug key code label";
    if (words.count == 1)
        return keel__word_among(words.words[0], names);
    return words.count == 2 && own.count && strcmp(words.words[0], own.words[0]) == 0 &&
           keel__word_among(words.words[1], names);
}

static int try_pairs(struct keel__audit *audit, const struct keel__table_facts *facts,
                     const char *column, const struct keel_table_model *parent,
                     const struct keel_key_model *key, struct match *best, struct keel_error *err)
{
    static const char *const separators[] = {"_", "-", ":", "/", "@", " ", ""};
    if (key->column_count != 2 || !is_text(keel__column_named(parent, key->columns[0])) ||
        !is_text(keel__column_named(parent, key->columns[1])))
        return 0;
    int rc = 0;
    for (size_t i = 0; i < sizeof separators / sizeof *separators && !rc; i++)
        rc = try_match(audit, facts, column,
                       (struct match){.parent = parent,
                                      .columns = {key->columns[0], key->columns[1]},
                                      .column_count = 2,
                                      .separator = separators[i]},
                       best, err);
    return rc;
}

static int try_parent(struct keel__audit *audit, const struct keel__table_facts *facts,
                      const char *column, const struct keel_table_model *parent, struct match *best,
                      struct keel_error *err)
{
    const struct keel__table_facts *there = keel__facts_of(audit, parent);
    int rc = 0;
    if (parent == facts->table || !there->scanned || there->rows == 0 ||
        there->row_count > MAX_PARENT_ROWS)
        return 0;
    for (size_t i = 0; i < parent->column_count && !rc; i++)
        if (is_name_column(parent, &parent->columns[i]))
            rc = try_match(audit, facts, column,
                           (struct match){.parent = parent,
                                          .columns = {parent->columns[i].name},
                                          .column_count = 1},
                           best, err);
    if (!rc && parent->primary_key)
        rc = try_pairs(audit, facts, column, parent, parent->primary_key, best, err);
    for (size_t i = 0; i < parent->unique_count && !rc; i++)
        rc = try_pairs(audit, facts, column, parent, &parent->uniques[i], best, err);
    return rc;
}

/* A table by its whole name or its first word (framework_config_id, framework_versions); or the
 * only one whose columns speak of it (scoring_algorithm_id, algorithm_type). */
static bool speaks_of(const struct keel_table_model *table, const struct keel__name_words *words,
                      bool by_columns)
{
    struct keel__name_words own;
    keel__name_split(table->name, &own);
    if (!by_columns)
        return own.count && strcmp(own.words[0], words->words[0]) == 0;
    const char *word = words->words[words->count - 2];
    for (size_t i = 0; i < table->column_count && i < 200 && strlen(word) > 4; i++) {
        struct keel__name_words column;
        keel__name_split(table->columns[i].name, &column);
        if (column.count > 1 && strcmp(column.words[0], word) == 0 &&
            !keel__word_among(column.words[1], "id uuid"))
            return true;
    }
    return false;
}

static int try_all(struct keel__audit *audit, const struct keel__table_facts *facts,
                   const char *column, struct match *best, struct keel_error *err)
{
    enum { MAX_PARENTS = 6 };
    struct keel__name_words words;
    keel__name_split(column, &words);
    int rc = 0;
    for (int by_columns = 0; by_columns < 2 && !rc && !best->parent; by_columns++) {
        const struct keel_table_model *parents[MAX_PARENTS];
        size_t count = 0;
        for (size_t i = 0; i < audit->schema->table_count && count < MAX_PARENTS; i++)
            if (audit->facts[i].scanned && &audit->schema->tables[i] != facts->table &&
                speaks_of(&audit->schema->tables[i], &words, by_columns))
                parents[count++] = &audit->schema->tables[i];
        if (by_columns && count > 1)
            return 0;
        for (size_t i = 0; i < count && !rc; i++)
            rc = try_parent(audit, facts, column, parents[i], best, err);
    }
    return rc;
}

static void report_by_name(struct keel__audit *audit, const struct keel__rule *rule,
                           const struct keel__table_facts *facts, const char *column,
                           const struct match *m)
{
    int64_t missing = m->values - m->found;
    struct keel_finding *f = keel__finding_add(audit, rule, facts->table);
    if (!f)
        return;
    const char *names = m->column_count == 1
                            ? m->columns[0]
                            : keel__arena_printf(audit->arena, "%s and %s joined by '%s'",
                                                 m->columns[0], m->columns[1], m->separator);
    if (!missing && !m->several)
        f->severity = KEEL_SEVERITY_ADVICE;
    keel__finding_column(audit, f, column);
    keel__finding_data(f, facts, missing ? missing : m->several);
    keel__finding_say(
        audit, f, "%s.%s holds names, not keys, of %s (%s): %lld of %lld values name no row%s.",
        facts->table->name, column, m->parent->name, names, (long long)missing,
        (long long)m->values,
        m->several ? keel__arena_printf(audit->arena, ", %lld name several", (long long)m->several)
                   : "");
    keel__finding_count(audit, f, "name no row", missing);
    keel__finding_count(audit, f, "name several rows", m->several);
    keel__finding_count(audit, f, "name one row", m->found - m->several);
    keel__finding_examples(audit, f, &keel__facts_profile(facts, column)->first);
    f->fix_text = "Add a column with the key, fill it where one row fits, then declare it.";
    struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, facts->table);
    if (choice)
        choice->choices = keel__arena_printf(
            audit->arena,
            "%lld values name one row of %s: a column with its key can be filled for them\n"
            "%lld name several: choose which\n%lld name none: find out what was meant",
            (long long)(m->found - m->several), m->parent->name, (long long)m->several,
            (long long)missing);
}

/* A column that names people by their e-mail addresses, and is not called so: account, created_by.
 */
static bool names_people(const struct keel__audit *audit, const struct keel__table_facts *facts,
                         size_t column)
{
    const struct keel__profile *profile = &facts->profiles[column];
    const char *name = facts->table->columns[column].name;
    return is_text(profile->column) && profile->rows - profile->nulls >= 5 &&
           keel__profile_share(profile, KEEL__SHAPE_EMAIL) >= 0.8 &&
           keel__name_ends(name, "account user owner author creator assignee reviewer approver "
                                 "sender recipient member by") &&
           !has_reference(audit, facts, column);
}

static int try_people(struct keel__audit *audit, const struct keel__table_facts *facts,
                      const char *column, struct match *best, struct keel_error *err)
{
    enum { MAX_TABLES = 8 };
    size_t tried = 0;
    int rc = 0;
    for (size_t t = 0; t < audit->schema->table_count && tried < MAX_TABLES && !rc; t++) {
        const struct keel__table_facts *there = &audit->facts[t];
        const struct keel_column_model *email =
            there->scanned && there != facts ? keel__column_named(there->table, "email") : NULL;
        if (!is_text(email) || there->row_count > MAX_PARENT_ROWS)
            continue;
        tried++;
        rc = try_match(
            audit, facts, column,
            (struct match){
                .parent = there->table, .columns = {email->name}, .column_count = 1, .fold = true},
            best, err);
    }
    return rc;
}

int keel__by_name_schema(struct keel__audit *audit, const struct keel__rule *rule,
                         struct keel_error *err)
{
    size_t looked_at = 0;
    int rc = 0;
    for (size_t t = 0; t < audit->schema->table_count && !rc; t++) {
        const struct keel__table_facts *facts = &audit->facts[t];
        for (size_t i = 0; facts->scanned && i < facts->table->column_count && !rc; i++) {
            bool people = names_people(audit, facts, i);
            if (!(people || is_open(audit, facts, i)) || looked_at++ >= MAX_COLUMNS)
                continue;
            struct match best = {0};
            const char *column = facts->table->columns[i].name;
            rc = people ? try_people(audit, facts, column, &best, err)
                        : try_all(audit, facts, column, &best, err);
            if (!rc && best.parent)
                report_by_name(audit, rule, facts, column, &best);
        }
    }
    return rc;
}

/* ---- UUIDs of some table --------------------------------------------------------------------- */

static bool holds_uuids(const struct keel__audit *audit, const struct keel__profile *profile)
{
    const double nearly_all = 0.8;
    return keel__key_class_of(audit->dialect, profile->column) == KEEL__CLASS_UUID ||
           keel__profile_share(profile, KEEL__SHAPE_UUID) +
                   keel__profile_share(profile, KEEL__SHAPE_UUID_OTHER) >=
               nearly_all;
}

struct uuid_key {
    const struct keel_table_model *table;
    const struct keel_column_model *column;
    int64_t found;
};

static size_t uuid_keys(const struct keel__audit *audit, struct uuid_key *keys)
{
    size_t count = 0;
    for (size_t i = 0; i < audit->schema->table_count && count < MAX_KEYS; i++) {
        const struct keel__table_facts *facts = &audit->facts[i];
        const struct keel_column_model *key = keel__single_key(facts->table);
        if (facts->scanned && facts->rows && key &&
            holds_uuids(audit, keel__facts_profile(facts, key->name)))
            keys[count++] = (struct uuid_key){facts->table, key, 0};
    }
    return count;
}

/* An SQL condition over t: its column is this key of some row. NULL: cannot be compared. */
static const char *is_key_of(struct keel__audit *audit, const struct keel_column_model *column,
                             const struct uuid_key *key)
{
    const char *value = keel__reference_compare_sql(audit, column, key->column);
    return value ? keel__sql_text(audit, "EXISTS (SELECT 1 FROM %T p WHERE p.%I = %s)",
                                  key->table->schema, key->table->name, key->column->name, value)
                 : NULL;
}

/* How many values each key has; keys that have none are left out. *nowhere is how many no key has.
 */
static int look_up(struct keel__audit *audit, const struct keel__table_facts *facts,
                   const struct keel_column_model *column, struct uuid_key *keys, size_t *count,
                   int64_t *nowhere, struct keel_error *err)
{
    const char *any = "", *sums = "";
    size_t used = 0;
    for (size_t i = 0; i < *count; i++) {
        const char *is = keys[i].table == facts->table ? NULL : is_key_of(audit, column, &keys[i]);
        if (!is)
            continue;
        keys[used++] = keys[i];
        sums =
            keel__arena_printf(audit->arena, "%s, sum(CASE WHEN %s THEN 1 ELSE 0 END)", sums, is);
        any = keel__arena_printf(audit->arena, "%s%s%s", any, *any ? " OR " : "", is);
        if (!sums || !any)
            return keel__arena_error(audit->arena, err);
    }
    *count = 0;
    if (!used)
        return 0;
    int64_t n[MAX_KEYS + 1];
    const char *sql = keel__sql_text(
        audit,
        "SELECT sum(CASE WHEN %s THEN 0 ELSE 1 END)%s FROM "
        "(SELECT t.%I FROM %T t WHERE t.%I IS NOT NULL LIMIT 1000000) t",
        any, sums, column->name, facts->table->schema, facts->table->name, column->name);
    int rc = keel__count_sql(audit, sql, n, used + 1, err);
    *nowhere = n[0];
    for (size_t i = 0; i < used && !rc; i++)
        if (n[i + 1]) {
            keys[*count] = keys[i];
            keys[(*count)++].found = n[i + 1];
        }
    return rc;
}

static void report_by_value(struct keel__audit *audit, const struct keel__rule *rule,
                            const struct keel__table_facts *facts,
                            const struct keel_column_model *column, const struct uuid_key *keys,
                            size_t count, int64_t nowhere)
{
    const struct keel__profile *profile = keel__facts_profile(facts, column->name);
    struct keel_finding *f = keel__finding_add(audit, rule, facts->table);
    if (!f)
        return;
    const char *tables = keys[0].table->name;
    for (size_t i = 1; i < count && tables; i++)
        tables = keel__arena_printf(audit->arena, "%s%s%s", tables, i + 1 == count ? " and " : ", ",
                                    keys[i].table->name);
    if (!nowhere)
        f->severity = KEEL_SEVERITY_ADVICE;
    keel__finding_column(audit, f, column->name);
    keel__finding_data(f, facts, nowhere);
    keel__finding_say(audit, f,
                      "%s.%s refers to rows of %s, and no foreign key says so: %lld of %lld values "
                      "are found nowhere.",
                      facts->table->name, column->name, tables ? tables : "other tables",
                      (long long)nowhere, (long long)(profile->rows - profile->nulls));
    for (size_t i = 0; i < count; i++)
        keel__finding_count(audit, f, keys[i].table->name, keys[i].found);
    f->fix_text = count == 1 ? "Declare the foreign key, if it is this table's alone."
                             : "A column for each table, of which exactly one is set.";
    struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, facts->table);
    if (choice)
        choice->choices = keel__arena_printf(audit->arena, "the values are keys of %s\n%s",
                                             tables ? tables : "other tables", f->fix_text);
}

int keel__by_value_schema(struct keel__audit *audit, const struct keel__rule *rule,
                          struct keel_error *err)
{
    struct uuid_key all[MAX_KEYS];
    size_t all_count = uuid_keys(audit, all), looked_at = 0;
    int rc = 0;
    for (size_t t = 0; t < audit->schema->table_count && all_count && !rc; t++) {
        const struct keel__table_facts *facts = &audit->facts[t];
        for (size_t i = 0; facts->scanned && i < facts->table->column_count && !rc; i++) {
            const struct keel__profile *profile = &facts->profiles[i];
            if (!is_open(audit, facts, i) || !holds_uuids(audit, profile) ||
                looked_at++ >= MAX_COLUMNS)
                continue;
            struct uuid_key keys[MAX_KEYS];
            size_t count = all_count;
            int64_t nowhere = 0, found = 0, values = profile->rows - profile->nulls;
            memcpy(keys, all, sizeof keys);
            rc = look_up(audit, facts, profile->column, keys, &count, &nowhere, err);
            for (size_t k = 0; k < count; k++)
                found += keys[k].found;
            /* Tables that share their keys tell nothing about which one is meant. */
            bool apart = found <= values - nowhere;
            if (!rc && count && apart && nowhere * 2 <= values)
                report_by_value(audit, rule, facts, profile->column, keys, count, nowhere);
        }
    }
    return rc;
}
