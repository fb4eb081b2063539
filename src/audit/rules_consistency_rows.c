#include "audit/rules_consistency.h"
#include "base/error.h"
#include "schema/model.h"

#include <stdio.h>
#include <string.h>

/* Rows, relations and tables that are there twice. */

enum { MIN_ROWS = 20, MAX_SHORT = 16, MAX_REST = 40 };

/* ---- duplicate-rows -------------------------------------------------------------------------- */

struct sides { /* all columns but the key: what groups, and what is compared after */
    const struct keel_column_model *brief[MAX_SHORT], *rest[MAX_REST];
    size_t brief_count, rest_count;
};

static bool part_columns(const struct keel__table_facts *facts, const char *key,
                         struct sides *sides)
{
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel_column_model *column = &facts->table->columns[i];
        const struct keel__profile *p = &facts->profiles[i];
        if (keel__name_is(column->name, key) || column->generated)
            continue;
        bool brief = p->max_bytes <= 64 && column->type.kind != KEEL_LOGICAL_JSON &&
                     !column->type.dimensions && column->type.kind != KEEL_LOGICAL_OTHER;
        if (brief && sides->brief_count < MAX_SHORT)
            sides->brief[sides->brief_count++] = column;
        else if (sides->rest_count < MAX_REST)
            sides->rest[sides->rest_count++] = column;
        else
            return false;
    }
    return sides->brief_count >= 2;
}

/* A time that differs from row to row: rows that share it and all else are one row stored twice. */
static bool has_moment(const struct keel__table_facts *facts, const struct sides *sides)
{
    for (size_t i = 0; i < sides->brief_count; i++) {
        const struct keel__profile *p = keel__facts_profile(facts, sides->brief[i]->name);
        if (keel__role_is_time(sides->brief[i]) && p && p->has_time && p->nulls * 10 <= p->rows &&
            (p->distinct_overflow || p->distinct * 2 >= p->rows))
            return true;
    }
    return false;
}

static const char *duplicates_sql(struct keel__audit *audit, const struct keel_table_model *table,
                                  const struct keel_column_model *key, const struct sides *sides)
{
    const char *group = NULL, *same = "";
    const char *cast =
        audit->dialect == KEEL_POSTGRES && key->type.kind != KEEL_LOGICAL_INTEGER ? "::text" : "";
    for (size_t i = 0; i < sides->brief_count; i++) {
        const char *x = keel__ask_column(audit, "t", sides->brief[i]);
        group = x ? (group ? keel__ask_format(audit, "%s, %s", group, x) : x) : NULL;
        if (!group)
            return NULL;
    }
    for (size_t i = 0; i < sides->rest_count && same; i++) {
        const char *a = keel__ask_text(audit, "a", sides->rest[i]);
        const char *b = keel__ask_text(audit, "b", sides->rest[i]);
        same = a && b ? keel__ask_format(audit, "%s%s%s IS NOT DISTINCT FROM %s", same,
                                         i ? " AND " : " WHERE ", a, b)
                      : NULL;
    }
    const char *name = keel__ask_table(audit, table), *k = keel__ask_column(audit, "t", key);
    const char *ak = keel__ask_column(audit, "a", key), *bk = keel__ask_column(audit, "b", key);
    if (!same || !name || !k || !ak || !bk)
        return NULL;
    return keel__ask_format(
        audit,
        "SELECT count(*), coalesce(sum(g.n - 1), 0) FROM (SELECT min(%s%s) AS lo, max(%s%s) AS hi, "
        "count(*) AS n FROM %s t GROUP BY %s HAVING count(*) > 1) g JOIN %s a ON %s%s = g.lo JOIN "
        "%s b ON %s%s = g.hi%s",
        k, cast, k, cast, name, group, name, ak, cast, name, bk, cast, same);
}

static int duplicates_of(struct keel__audit *audit, const struct keel__table_facts *facts,
                         struct keel_error *err)
{
    const struct keel_key_model *primary = facts->table->primary_key;
    struct sides sides = {.brief_count = 0};
    int64_t numbers[2];
    bool answered;
    if (!primary || primary->column_count != 1 || facts->rows < MIN_ROWS)
        return KEEL_OK;
    const struct keel_column_model *key = keel_table_column(facts->table, primary->columns[0]);
    if (!key || !part_columns(facts, key->name, &sides) || !has_moment(facts, &sides))
        return KEEL_OK;
    int rc = keel__ask_numbers(audit, facts->table->name,
                               duplicates_sql(audit, facts->table, key, &sides), numbers, 2,
                               &answered, err);
    if (rc || !answered || !numbers[1])
        return rc;
    struct keel_finding *finding = keel__consistency_add(audit, "duplicate-rows", facts->table);
    if (!finding)
        return keel__nomem(err);
    keel__finding_data(finding, facts, numbers[1]);
    keel__finding_say(audit, finding,
                      "%lld rows of %s are there already: all columns but %s are equal",
                      (long long)numbers[1], facts->table->name, key->name);
    return keel__consistency_choice(
        audit, finding, facts->table, "which of the equal rows stay is for you to say",
        keel__ask_format(audit,
                         "%lld rows repeat another in everything but %s: remove them, then find "
                         "what makes\na row one of its kind and declare it UNIQUE",
                         (long long)numbers[1], key->name),
        err);
}

int keel__schema_duplicate_rows(struct keel__audit *audit, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->schema->table_count && !rc; i++)
        if (keel__ask_whole(&audit->facts[i]))
            rc = duplicates_of(audit, &audit->facts[i], err);
    return rc;
}

/* ---- address-under-two-forms ----------------------------------------------------------------- */

static bool is_address_key(const struct keel_table_model *table,
                           const struct keel_column_model *column)
{
    return keel__role_is_text(column) &&
           keel__name_has(column->name, "url uri link address href") &&
           !keel__name_has(column->name, "email mail ip") && keel__ask_unique(table, column->name);
}

static const char *address_key(struct keel__audit *audit, const struct keel_column_model *column)
{
    return keel__ask_format(audit, "address %s", column->name);
}

/* The row's address in another form, where it has one, is there as well. */
static const char *in_other_form(struct keel__audit *audit, const char *table, const char *x,
                                 const char *u, const char *like, const char *other)
{
    return table && x && u && other
               ? keel__ask_format(audit,
                                  "(%s LIKE '%s' AND EXISTS (SELECT 1 FROM %s u WHERE %s = %s))", x,
                                  like, table, u, other)
               : NULL;
}

int keel__plan_address(struct keel__audit *audit, struct keel__scan *scan, struct keel_error *err)
{
    const struct keel_table_model *table = keel__scan_table(scan);
    const char *name = keel__ask_table(audit, table);
    for (size_t i = 0; i < table->column_count; i++) {
        if (!is_address_key(table, &table->columns[i]))
            continue;
        const char *x = keel__ask_column(audit, "t", &table->columns[i]);
        const char *u = keel__ask_column(audit, "u", &table->columns[i]);
        const char *key = address_key(audit, &table->columns[i]);
        const char *video = in_other_form(
            audit, name, x, u, "%watch?v=%",
            keel__ask_format(audit,
                             "replace(%s, 'https://www.youtube.com/watch?v=', 'https://youtu.be/')",
                             x ? x : ""));
        const char *secure =
            in_other_form(audit, name, x, u, "http://%",
                          keel__ask_format(audit, "'https' || substr(%s, 5)", x ? x : ""));
        const char *www =
            in_other_form(audit, name, x, u, "%://www.%",
                          keel__ask_format(audit, "replace(%s, '://www.', '://')", x ? x : ""));
        const char *slash = in_other_form(
            audit, name, x, u, "%_/",
            keel__ask_format(audit, "substr(%s, 1, length(%s) - 1)", x ? x : "", x ? x : ""));
        if (!key || !video || !secure || !www || !slash)
            return keel__nomem(err);
        const char *condition =
            keel__ask_format(audit, "%s OR %s OR %s OR %s", video, secure, www, slash);
        if (!condition)
            return keel__nomem(err);
        keel__scan_probe(scan, key, condition, x);
    }
    return KEEL_OK;
}

int keel__table_address(struct keel__audit *audit, const struct keel__table_facts *facts,
                        struct keel_error *err)
{
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel_column_model *column = &facts->table->columns[i];
        if (!is_address_key(facts->table, column))
            continue;
        const char *key = address_key(audit, column);
        if (!key)
            return keel__nomem(err);
        const struct keel__probe *probe = keel__facts_probe(facts, key);
        if (!probe || !probe->matching)
            continue;
        struct keel_finding *finding =
            keel__consistency_add(audit, "address-under-two-forms", facts->table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_column(audit, finding, column->name);
        keel__finding_data(finding, facts, probe->matching);
        keel__finding_examples(audit, finding, &probe->examples);
        keel__finding_say(audit, finding,
                          "%lld of %lld addresses in %s stand there in another form as well "
                          "(http and https, with and without www., a slash at the end, youtu.be)",
                          (long long)probe->matching, (long long)facts->rows, column->name);
    }
    return KEEL_OK;
}

/* ---- tables-alike ---------------------------------------------------------------------------- */

/* The table's name with abbreviations written out and its last word singular. */
static void plain_name(const char *name, char *out, size_t size)
{
    static const char *const full[][2] = {
        {"stats", "statistic"},      {"stat", "statistic"},        {"info", "information"},
        {"config", "configuration"}, {"configs", "configuration"}, {"msg", "message"},
        {"msgs", "message"},         {"doc", "document"},          {"docs", "document"},
        {"param", "parameter"},      {"params", "parameter"},      {"cat", "category"},
        {"desc", "description"},     {"ref", "reference"},         {"refs", "reference"},
        {"prefs", "preference"},     {"hist", "history"},          {"txn", "transaction"},
        {"txns", "transaction"},     {"org", "organization"},      {"orgs", "organization"},
    };
    char words[128], one[64];
    size_t n = 0;
    keel__role_words(name, words, sizeof words);
    out[0] = '\0';
    for (const char *at = words; *at;) {
        size_t length = strcspn(at, " ");
        snprintf(one, sizeof one, "%.*s", (int)(length < 60 ? length : 60), at);
        char single[64];
        keel__name_singular(one, single, sizeof single);
        for (size_t i = 0; i < sizeof full / sizeof *full; i++)
            if (strcmp(one, full[i][0]) == 0)
                snprintf(single, sizeof single, "%s", full[i][1]);
        if (strcmp(one, "statistics") == 0)
            snprintf(single, sizeof single, "statistic");
        int written = snprintf(out + n, size - n, "%s%s", n ? " " : "", single);
        n = written > 0 && n + (size_t)written < size ? n + (size_t)written : n;
        at += length + (at[length] == ' ');
    }
}

static bool differ_by_more_than_number(const char *a, const char *b)
{
    char x[128], y[128], p[128], q[128];
    keel__role_words(a, x, sizeof x);
    keel__role_words(b, y, sizeof y);
    keel__name_singular(x, p, sizeof p);
    keel__name_singular(y, q, sizeof q);
    return strcmp(p, q) != 0;
}

static int compare_alike(struct keel__audit *audit, const struct keel__table_facts *a,
                         const struct keel__table_facts *b, struct keel_error *err)
{
    int64_t shared = 0;
    bool answered;
    for (size_t i = 0; i < a->table->column_count; i++) {
        const struct keel_column_model *x = &a->table->columns[i];
        const struct keel_column_model *y = keel_table_column(b->table, x->name);
        if (!y || !keel__name_ends(x->name, "id key") || !keel__ask_unique(a->table, x->name) ||
            !keel__ask_comparable(audit, x, y) || strchr(x->name, '_') == NULL)
            continue;
        const char *at = keel__ask_table(audit, a->table), *bt = keel__ask_table(audit, b->table);
        const char *ax = keel__ask_column(audit, "t", x), *by = keel__ask_column(audit, "u", y);
        if (!at || !bt || !ax || !by)
            return keel__nomem(err);
        int rc = keel__ask_numbers(
            audit, a->table->name,
            keel__ask_format(audit, "SELECT count(*) FROM %s t WHERE %s IN (SELECT %s FROM %s u)",
                             at, ax, by, bt),
            &shared, 1, &answered, err);
        if (rc || !answered || shared * 2 < a->rows || shared < 5)
            return rc;
        struct keel_finding *finding = keel__consistency_add(audit, "tables-alike", a->table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_column(audit, finding, x->name);
        keel__finding_data(finding, a, shared);
        keel__finding_say(audit, finding,
                          "%s and %s have nearly the same name, and %lld of %lld rows of %s share "
                          "their %s with rows of %s: the same facts twice?",
                          a->table->name, b->table->name, (long long)shared, (long long)a->rows,
                          a->table->name, x->name, b->table->name);
        return KEEL_OK;
    }
    return KEEL_OK;
}

int keel__schema_alike_tables(struct keel__audit *audit, struct keel_error *err)
{
    char x[160], y[160];
    size_t tables = audit->schema->table_count;
    int rc = KEEL_OK;
    for (size_t i = 0; i < tables && tables <= 500; i++) {
        if (!keel__ask_whole(&audit->facts[i]))
            continue;
        plain_name(audit->schema->tables[i].name, x, sizeof x);
        for (size_t j = 0; j < tables && !rc; j++) {
            if (i == j || !keel__ask_whole(&audit->facts[j]))
                continue;
            plain_name(audit->schema->tables[j].name, y, sizeof y);
            if (strcmp(x, y) == 0 && differ_by_more_than_number(audit->schema->tables[i].name,
                                                                audit->schema->tables[j].name))
                rc = compare_alike(audit, &audit->facts[i], &audit->facts[j], err);
        }
    }
    return rc;
}

/* ---- relation-kept-twice --------------------------------------------------------------------- */

/* The column of table that refers to parent, and no other does. */
static const struct keel_column_model *refers(const struct keel__audit *audit,
                                              const struct keel_table_model *table,
                                              const struct keel_table_model *parent)
{
    const struct keel_column_model *found = NULL;
    for (size_t i = 0; i < audit->reference_count; i++) {
        const struct keel__reference *r = &audit->references[i];
        if (r->table != table || r->parent != parent || r->column_count != 1 ||
            !keel__consistency_holds(r))
            continue;
        if (found)
            return NULL;
        found = &table->columns[r->columns[0]];
    }
    return found;
}

/* Two references that are unique together, and nothing else but times. */
static bool is_bare_relation(const struct keel_table_model *table, const char *a, const char *b)
{
    size_t others = 0;
    bool keyed = false;
    for (size_t i = 0; i <= table->unique_count; i++) {
        const struct keel_key_model *key =
            i < table->unique_count ? &table->uniques[i] : table->primary_key;
        keyed =
            keyed || (key && key->column_count == 2 &&
                      ((keel__name_is(key->columns[0], a) && keel__name_is(key->columns[1], b)) ||
                       (keel__name_is(key->columns[0], b) && keel__name_is(key->columns[1], a))));
    }
    for (size_t i = 0; i < table->column_count; i++)
        others += !keel__role_is_time(&table->columns[i]) &&
                  !keel__ask_unique(table, table->columns[i].name) &&
                  !keel__name_is(table->columns[i].name, a) &&
                  !keel__name_is(table->columns[i].name, b);
    return keyed && !others;
}

struct lacks {
    struct keel__audit *audit;
    struct keel_finding *finding;
    int64_t total;
    bool failed;
};

static int each_lack(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct lacks *lacks = context;
    const char *word = keel__arena_dup(lacks->audit->arena, keel_row_text(row, 0));
    (void)err;
    if (word) {
        keel__finding_count(lacks->audit, lacks->finding, word, keel_row_int(row, 1));
        lacks->total += keel_row_int(row, 1);
    }
    return KEEL_OK;
}

static int compare_relation(struct keel__audit *audit, const struct keel__table_facts *facts,
                            const struct keel_column_model *word,
                            const struct keel_column_model *const own[2],
                            const struct keel_table_model *other,
                            const struct keel_column_model *const its[2], struct keel_error *err)
{
    struct lacks lacks = {.audit = audit};
    bool answered;
    const char *t = keel__ask_table(audit, facts->table), *o = keel__ask_table(audit, other);
    const char *w = keel__ask_text(audit, "t", word);
    const char *a = keel__ask_column(audit, "t", own[0]), *b = keel__ask_column(audit, "t", own[1]);
    const char *c = keel__ask_column(audit, "o", its[0]), *d = keel__ask_column(audit, "o", its[1]);
    if (!t || !o || !w || !a || !b || !c || !d)
        return keel__nomem(err);
    lacks.finding = keel__consistency_add(audit, "relation-kept-twice", facts->table);
    if (!lacks.finding)
        return keel__nomem(err);
    keel__finding_column(audit, lacks.finding, word->name);
    int rc = keel__ask_each(
        audit, facts->table->name,
        keel__ask_format(audit,
                         "SELECT %s, count(*) FROM %s t WHERE NOT EXISTS (SELECT 1 FROM %s o WHERE "
                         "%s = %s AND %s = %s) GROUP BY 1 ORDER BY 1",
                         w, t, o, c, a, d, b),
        each_lack, &lacks, &answered, err);
    keel__finding_data(lacks.finding, facts, lacks.total);
    keel__finding_say(
        audit, lacks.finding,
        "%s and %s both tie %s to %s; %lld rows of %s have no row in %s: which of the "
        "two tells what holds?",
        facts->table->name, other->name, own[0]->name, own[1]->name, (long long)lacks.total,
        facts->table->name, other->name);
    return rc;
}

static int relation_pair(struct keel__audit *audit, const struct keel__table_facts *facts,
                         const struct keel_table_model *other, struct keel_error *err)
{
    const struct keel_column_model *own[2], *its[2], *word = NULL;
    size_t found = 0;
    for (size_t i = 0; i < audit->reference_count && found < 2; i++) {
        const struct keel__reference *r = &audit->references[i];
        if (r->table != other || !r->parent || r->column_count != 1 || !keel__consistency_holds(r))
            continue;
        own[found] = refers(audit, facts->table, r->parent);
        its[found] = &other->columns[r->columns[0]];
        if (!own[found] || !keel__ask_comparable(audit, own[found], its[found]))
            return KEEL_OK;
        found++;
    }
    if (found != 2 || !is_bare_relation(other, its[0]->name, its[1]->name))
        return KEEL_OK;
    for (size_t i = 0; i < facts->table->column_count && !word; i++)
        if (keel__role_is_text(&facts->table->columns[i]) && facts->profiles[i].word_count >= 2 &&
            facts->profiles[i].word_count <= KEEL__CROSS_WORDS)
            word = &facts->table->columns[i];
    return word ? compare_relation(audit, facts, word, own, other, its, err) : KEEL_OK;
}

int keel__schema_relation_twice(struct keel__audit *audit, struct keel_error *err)
{
    size_t tables = audit->schema->table_count;
    int rc = KEEL_OK;
    for (size_t i = 0; i < tables && tables <= 300; i++)
        for (size_t j = 0; j < tables && !rc; j++)
            if (i != j && keel__ask_whole(&audit->facts[i]) && audit->facts[i].rows >= MIN_ROWS &&
                keel__ask_whole(&audit->facts[j]))
                rc = relation_pair(audit, &audit->facts[i], &audit->schema->tables[j], err);
    return rc;
}
