/* Ids and names of rows inside JSON. */
#include <stdio.h>
#include <string.h>

#include "audit/name.h"
#include "audit/references.h"
#include "schema/model.h"

enum {
    MAX_LOOKS = 8,   /* of one table: each parses its JSON again */
    MAX_COLUMNS = 12 /* whose keys are looked at */
};

/* One thing that is looked for in a column. The keys of its probes tell it again when the numbers
 * are there. */
struct look {
    size_t column;
    const char *member; /* key of an object; NULL: the elements of an array */
    const struct keel_table_model *parent;
    const struct keel_column_model *key;
};

static const char missing_format[] = "json missing %zu %zu %zu %s";
static const char present_format[] = "json present %zu %zu %zu %s";

static const char *probe_key(struct keel__audit *audit, bool missing, const struct look *look)
{
    size_t parent = (size_t)(look->parent - audit->schema->tables);
    size_t key = (size_t)(look->key - look->parent->columns);
    const char *member = look->member ? look->member : "[]";
    return missing
               ? keel__arena_printf(audit->arena, missing_format, look->column, parent, key, member)
               : keel__arena_printf(audit->arena, present_format, look->column, parent, key,
                                    member);
}

static bool parse_key(struct keel__audit *audit, const char *text, struct look *out)
{
    char member[64] = "";
    size_t parent, key;
    if (sscanf(text, "json missing %zu %zu %zu %63s", &out->column, &parent, &key, member) != 4)
        return false;
    out->member = strcmp(member, "[]") == 0 ? NULL : keel__arena_strdup(audit->arena, member);
    out->parent = &audit->schema->tables[parent];
    out->key = &out->parent->columns[key];
    return true;
}

static bool is_json(const struct keel_column_model *column)
{
    return column->type.kind == KEEL_LOGICAL_JSON && !column->type.dimensions;
}

/* SQLite: JSON is also kept in TEXT columns, which then say so by their names. */
static bool may_be_json(const struct keel__audit *audit, const struct keel_column_model *column)
{
    return is_json(column) ||
           (audit->dialect == KEEL_SQLITE && column->type.kind == KEEL_LOGICAL_TEXT &&
            keel__name_has(column->name, "json data payload details metadata meta attributes "
                                         "properties params context extra info ids uuids"));
}

/* ---- SQL over one value ---------------------------------------------------------------------- */

/* PostgreSQL's json (not jsonb) refuses to unescape these when it is taken apart. */
static const char *safe(struct keel__audit *audit, const struct keel_column_model *column)
{
    return column->type.binary
               ? "true"
               : keel__sql_text(audit, "t.%I::text !~* '\\\\u(0000|d[89a-f])'", column->name);
}

static const char *array_of(struct keel__audit *audit, const struct keel_column_model *column)
{
    const char *c = column->name;
    if (audit->dialect == KEEL_SQLITE)
        return keel__sql_text(audit,
                              "json_each(CASE WHEN typeof(t.%I) = 'text' AND json_valid(t.%I) THEN "
                              "CASE WHEN json_type(t.%I) = 'array' THEN t.%I ELSE '[]' END ELSE "
                              "'[]' END) j",
                              c, c, c, c);
    const char *b = column->type.binary ? "jsonb" : "json";
    return keel__sql_text(audit,
                          "%s_array_elements_text(CASE WHEN %s_typeof(t.%I) = 'array' AND %s THEN "
                          "t.%I ELSE '[]' END) j(value)",
                          b, b, c, safe(audit, column), c);
}

static const char *member_of(struct keel__audit *audit, const struct keel_column_model *column,
                             const char *member)
{
    const char *c = column->name;
    if (audit->dialect == KEEL_SQLITE)
        return keel__sql_text(audit,
                              "CASE WHEN typeof(t.%I) = 'text' AND json_valid(t.%I) THEN "
                              "CASE WHEN json_type(t.%I) = 'object' THEN "
                              "json_extract(t.%I, '$.\"%s\"') END END",
                              c, c, c, c, member);
    return keel__sql_text(audit, "CASE WHEN %s_typeof(t.%I) = 'object' AND %s THEN t.%I ->> %S END",
                          column->type.binary ? "jsonb" : "json", c, safe(audit, column), c,
                          member);
}

/* value, as it is compared with key. NULL: it cannot be. */
static const char *as_key(struct keel__audit *audit, const char *value,
                          const struct keel_column_model *key)
{
    if (audit->dialect == KEEL_SQLITE)
        return value;
    switch (keel__key_class_of(KEEL_POSTGRES, key)) {
    case KEEL__CLASS_TEXT:
        return key->type.padded ? NULL : value;
    case KEEL__CLASS_INTEGER:
        return keel__sql_text(audit, "CASE WHEN (%s) ~ '^-?[0-9]{1,18}$' THEN (%s)::bigint END",
                              value, value);
    case KEEL__CLASS_UUID:
        return keel__sql_text(
            audit,
            "CASE WHEN (%s) ~ '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' THEN "
            "(%s)::uuid END",
            value, value);
    default:
        return NULL;
    }
}

/* Whether a row of the parent has this value: by its index, or in a list that is made once. */
static const char *is_in(struct keel__audit *audit, const struct look *look, const char *value)
{
    const char *name = look->key->name, *compared = as_key(audit, value, look->key);
    if (!compared)
        return NULL;
    if (keel__leads_index(look->parent, &name, 1))
        return keel__sql_text(audit, "EXISTS (SELECT 1 FROM %T p WHERE p.%I = %s)",
                              look->parent->schema, look->parent->name, name, compared);
    return keel__sql_text(audit,
                          "coalesce(%s IN (SELECT p.%I FROM %T p WHERE p.%I IS NOT NULL), %s)",
                          compared, name, look->parent->schema, look->parent->name, name,
                          audit->dialect == KEEL_SQLITE ? "0" : "false");
}

static void ask(struct keel__audit *audit, struct keel__scan *scan, const struct look *look)
{
    const struct keel_column_model *column = &keel__scan_table(scan)->columns[look->column];
    const char *missing, *present, *example;
    if (look->member) {
        const char *value = member_of(audit, column, look->member);
        const char *in = value ? is_in(audit, look, value) : NULL;
        present = in ? keel__sql_text(audit, "(%s) IS NOT NULL", value) : NULL;
        missing = in ? keel__sql_text(audit, "(%s) IS NOT NULL AND NOT %s", value, in) : NULL;
        example = value;
    } else {
        const char *array = array_of(audit, column);
        const char *in = array ? is_in(audit, look, "j.value") : NULL;
        present =
            in ? keel__sql_text(audit, "EXISTS (SELECT 1 FROM %s WHERE %s)", array, in) : NULL;
        missing =
            in ? keel__sql_text(audit, "EXISTS (SELECT 1 FROM %s WHERE NOT %s)", array, in) : NULL;
        example = keel__sql_text(audit, "t.%I", column->name);
    }
    const char *missing_key = probe_key(audit, true, look);
    const char *present_key = probe_key(audit, false, look);
    if (!missing || !present || !missing_key || !present_key)
        return;
    keel__scan_probe(scan, missing_key, missing, example);
    keel__scan_probe(scan, present_key, present, NULL);
}

/* ---- what to look for ------------------------------------------------------------------------ */

struct looks {
    struct look items[MAX_LOOKS];
    size_t count;
};

static void add(struct looks *looks, size_t column, const char *member,
                const struct keel_table_model *parent, const struct keel_column_model *key)
{
    for (size_t i = 0; i < looks->count; i++)
        if (looks->items[i].column == column && looks->items[i].key == key &&
            strcmp(looks->items[i].member ? looks->items[i].member : "", member ? member : "") == 0)
            return;
    if (looks->count < MAX_LOOKS)
        looks->items[looks->count++] = (struct look){column, member, parent, key};
}

static bool is_name_of_row(const struct keel_column_model *column)
{
    struct keel__name_words words;
    keel__name_split(column->name, &words);
    return column->type.kind == KEEL_LOGICAL_TEXT && words.count == 1 &&
           keel__word_among(words.words[0], "name title slug code key label");
}

/* text_ids -> document.text_id; categories -> categories.name or its key */
static void arrays(struct keel__audit *audit, const struct keel_table_model *table, size_t i,
                   struct looks *looks)
{
    const struct keel_column_model *column = &table->columns[i];
    char singular[KEEL__MAX_NAME_BYTES], plain[KEEL__MAX_NAME_BYTES];
    struct keel__name_words words;
    keel__name_split(column->name, &words);
    keel__name_join(&words, 0, words.count, plain, sizeof plain);
    keel__name_singular(column->name, singular, sizeof singular);
    if (!words.count || strcmp(plain, singular) == 0)
        return;
    if (keel__word_among(words.words[words.count - 1], "ids uuids")) {
        struct keel__key_target targets[2];
        size_t count = keel__key_targets(audit, table, singular, targets, 2);
        for (size_t k = 0; k < count; k++)
            if (targets[k].confidence == targets[0].confidence)
                add(looks, i, NULL, targets[k].table, targets[k].column);
        return;
    }
    const struct keel_table_model *tables[2];
    size_t count = keel__tables_called(audit, singular, tables, 2);
    for (size_t k = 0; k < count; k++)
        for (size_t c = 0; c < tables[k]->column_count && tables[k] != table; c++)
            if (is_name_of_row(&tables[k]->columns[c]))
                add(looks, i, NULL, tables[k], &tables[k]->columns[c]);
}

struct members {
    struct keel__audit *audit;
    const char *names[16];
    size_t count;
};

static int take_member(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct members *m = context;
    struct keel_slice name = keel_row_text(row, 0);
    (void)err;
    if (m->count == sizeof m->names / sizeof *m->names || name.size < 4 || name.size > 60)
        return 0;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_'))
            return 0;
    }
    char *copy = keel__arena_dup(m->audit->arena, name);
    if (copy && keel__name_ends(copy, "id uuid"))
        m->names[m->count++] = copy;
    return 0;
}

/* The keys x_id of objects among a column's first values. */
static int find_members(struct keel__audit *audit, const struct keel_table_model *table,
                        const struct keel_column_model *column, struct members *members,
                        struct keel_error *err)
{
    const char *c = column->name, *b = column->type.binary ? "jsonb" : "json";
    const char *sql =
        audit->dialect == KEEL_SQLITE
            ? keel__sql_text(audit,
                             "SELECT DISTINCT j.key FROM (SELECT t.%I AS v FROM %T t WHERE t.%I IS "
                             "NOT NULL LIMIT 200) s, json_each(CASE WHEN typeof(s.v) = 'text' AND "
                             "json_valid(s.v) THEN CASE WHEN json_type(s.v) = 'object' THEN s.v "
                             "ELSE '{}' END ELSE '{}' END) j WHERE j.key LIKE '%id' AND j.type IN "
                             "('integer', 'text') LIMIT 64",
                             c, table->schema, table->name, c)
            : keel__sql_text(audit,
                             "SELECT DISTINCT k.k FROM (SELECT t.%I AS v FROM %T t WHERE t.%I IS "
                             "NOT NULL LIMIT 200) t, %s_object_keys(CASE WHEN %s_typeof(t.v) = "
                             "'object' AND t.v::text !~* '\\\\u(0000|d[89a-f])' THEN t.v ELSE '{}' "
                             "END) AS k(k) WHERE k.k ILIKE '%id' LIMIT 64",
                             c, table->schema, table->name, c, b, b);
    if (!sql)
        return keel__arena_error(audit->arena, err);
    struct keel_query query = {.name = "audit_json_keys", .sqlite = sql, .postgres = sql};
    return keel_db_each(audit->db, &query, KEEL_NO_PARAMS, take_member, members, err);
}

static int objects(struct keel__audit *audit, const struct keel_table_model *table, size_t i,
                   struct looks *looks, struct keel_error *err)
{
    struct members members = {.audit = audit};
    int rc = find_members(audit, table, &table->columns[i], &members, err);
    for (size_t k = 0; k < members.count && !rc; k++) {
        struct keel__key_target target;
        if (keel__key_targets(audit, table, members.names[k], &target, 1) && target.confidence == 2)
            add(looks, i, members.names[k], target.table, target.column);
    }
    return rc;
}

int keel__json_ids_plan(struct keel__audit *audit, struct keel__scan *scan, struct keel_error *err)
{
    const struct keel_table_model *table = keel__scan_table(scan);
    struct looks looks = {0};
    size_t columns = 0;
    int rc = 0;
    for (size_t i = 0; i < table->column_count && !rc; i++) {
        const struct keel_column_model *column = &table->columns[i];
        if (column->generated || column->hidden)
            continue;
        if (may_be_json(audit, column) ||
            (audit->dialect == KEEL_SQLITE && column->type.kind == KEEL_LOGICAL_TEXT))
            arrays(audit, table, i, &looks);
        if (may_be_json(audit, column) && columns++ < MAX_COLUMNS)
            rc = objects(audit, table, i, &looks, err);
    }
    for (size_t i = 0; i < looks.count && !rc; i++)
        ask(audit, scan, &looks.items[i]);
    return rc;
}

/* ---- telling --------------------------------------------------------------------------------- */

static void report(struct keel__audit *audit, const struct keel__rule *rule,
                   const struct keel__table_facts *facts, const struct look *look,
                   const struct keel__probe *missing, int64_t present)
{
    struct keel_finding *f = keel__finding_add(audit, rule, facts->table);
    if (!f)
        return;
    const char *column = facts->table->columns[look->column].name;
    const char *parent = look->parent->name, *key = look->key->name;
    keel__finding_column(audit, f, column);
    keel__finding_data(f, facts, missing->matching);
    if (look->member || !missing->matching)
        f->severity = KEEL_SEVERITY_ADVICE;
    if (look->member)
        keel__finding_say(audit, f,
                          "%lld of %lld values of \"%s\" in the JSON of %s.%s have no row "
                          "in %s.",
                          (long long)missing->matching, (long long)present, look->member,
                          facts->table->name, column, parent);
    else if (missing->matching)
        keel__finding_say(audit, f,
                          "%lld JSON arrays of %s.%s name something that is not in %s.%s.",
                          (long long)missing->matching, facts->table->name, column, parent, key);
    else
        keel__finding_say(audit, f, "%lld JSON arrays of %s.%s hold values of %s.%s.",
                          (long long)present, facts->table->name, column, parent, key);
    keel__finding_count(audit, f, look->member ? "values" : "arrays", present);
    keel__finding_examples(audit, f, &missing->examples);
    f->fix_text = "A table with one row for each reference, with foreign keys to both sides.";
    struct keel__repair *choice = keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, facts->table);
    if (choice)
        choice->choices = keel__arena_printf(
            audit->arena, "a table of pairs (%s, %s) with foreign keys, filled from the JSON",
            facts->table->name, parent);
}

int keel__json_ids_table(struct keel__audit *audit, const struct keel__rule *rule,
                         const struct keel__table_facts *facts, struct keel_error *err)
{
    enum { MIN_MEMBERS = 10, MIN_ARRAYS = 5 };
    (void)err;
    for (size_t i = 0; i < facts->probe_count && facts->scanned; i++) {
        const struct keel__probe *missing = &facts->probes[i];
        struct look look;
        if (!parse_key(audit, missing->key, &look))
            continue;
        const struct keel__probe *present =
            keel__facts_probe(facts, probe_key(audit, false, &look));
        if (!present)
            continue;
        int64_t found = look.member ? present->matching - missing->matching : present->matching;
        if (present->matching >= (look.member ? MIN_MEMBERS : MIN_ARRAYS) &&
            found >= missing->matching)
            report(audit, rule, facts, &look, missing, present->matching);
    }
    return 0;
}
