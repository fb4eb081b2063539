#include "audit/references.h"
#include "audit/rules_consistency.h"
#include "base/error.h"
#include "schema/model.h"

#include <string.h>

/* References and facts that stand in several rows although one would do: copies that contradict. */

enum { MIN_AGREE = 20, MAX_COPIES = 4, MAX_FACTS = 8 };

/* ---- copied-reference-contradicts ------------------------------------------------------------ */

static const struct keel__reference *reference_of(const struct keel__audit *audit,
                                                  const struct keel_table_model *table,
                                                  const struct keel_column_model *column)
{
    size_t first, count = keel__references_of(audit, table, &first);
    for (size_t i = first; i < first + count; i++) {
        const struct keel__reference *reference = &audit->references[i];
        if (reference->column_count == 1 && &table->columns[reference->columns[0]] == column)
            return reference;
    }
    return NULL;
}

/* The parent of a declared foreign key over this column alone. */
static const struct keel_foreign_key_model *declared_by(const struct keel_table_model *table,
                                                        const char *column)
{
    for (size_t i = 0; i < table->foreign_key_count; i++)
        if (table->foreign_keys[i].column_count == 1 &&
            keel__name_is(table->foreign_keys[i].columns[0], column))
            return &table->foreign_keys[i];
    return NULL;
}

/* The column of the parent that names the same thing as the child's x: by its name, or by a foreign
 * key to the same table. */
static const struct keel_column_model *copied_from(const struct keel__audit *audit,
                                                   const struct keel__reference *reference,
                                                   const struct keel_column_model *x)
{
    const struct keel_table_model *parent = reference->parent;
    const struct keel_column_model *y = keel_table_column(parent, x->name);
    if (y && keel__name_ends(x->name, "id uuid guid key") && keel__ask_comparable(audit, x, y))
        return y;
    const struct keel_foreign_key_model *mine = declared_by(reference->table, x->name);
    for (size_t i = 0; mine && i < parent->foreign_key_count; i++) {
        const struct keel_foreign_key_model *theirs = &parent->foreign_keys[i];
        if (theirs->column_count != 1 || !keel__name_is(theirs->parent, mine->parent) ||
            keel__name_is(mine->parent, parent->name))
            continue;
        y = keel_table_column(parent, theirs->columns[0]);
        if (y && keel__ask_comparable(audit, x, y))
            return y;
    }
    return NULL;
}

struct copy {
    const struct keel__reference *reference;
    const struct keel_column_model *own, *key; /* the reference */
    const struct keel_column_model *x, *y;     /* child's and parent's */
};
typedef int copy_fn(struct keel__audit *audit, void *context, const struct copy *copy,
                    struct keel_error *err);

static int each_copy(struct keel__audit *audit, const struct keel__reference *reference,
                     copy_fn *fn, void *context, struct keel_error *err)
{
    struct copy copy = {.reference = reference};
    int rc = KEEL_OK;
    size_t found = 0;
    if (!reference->parent || reference->column_count != 1)
        return KEEL_OK;
    copy.own = &reference->table->columns[reference->columns[0]];
    copy.key = keel_table_column(reference->parent, reference->parent_columns[0]);
    if (!copy.key || !keel__ask_comparable(audit, copy.own, copy.key) ||
        !keel__ask_indexed(reference->parent, copy.key->name))
        return KEEL_OK;
    const struct keel_table_model *parent = reference->parent, *child = reference->table;
    for (size_t i = 0; i < child->column_count && !rc && found < MAX_COPIES; i++) {
        copy.x = &child->columns[i];
        copy.y = copy.x == copy.own ? NULL : copied_from(audit, reference, copy.x);
        if (!copy.y || copy.y == copy.key ||
            (parent == child && keel__ask_unique(child, copy.x->name)))
            continue;
        found++;
        rc = fn(audit, context, &copy, err);
    }
    return rc;
}

static const char *copy_key(struct keel__audit *audit, const char *what, const struct copy *copy)
{
    return keel__ask_format(audit, "copied %s %zu %s %s", what,
                            (size_t)(copy->reference - audit->references), copy->x->name,
                            copy->y->name);
}

static int plan_copy(struct keel__audit *audit, void *context, const struct copy *copy,
                     struct keel_error *err)
{
    struct keel__scan *scan = context;
    const char *parent = keel__ask_table(audit, copy->reference->parent);
    const char *k = keel__ask_column(audit, "p", copy->key);
    const char *o = keel__ask_column(audit, "t", copy->own);
    const char *x = keel__ask_column(audit, "t", copy->x),
               *y = keel__ask_column(audit, "p", copy->y);
    const char *row = keel__ask_row(audit, "t", copy->reference->table);
    for (int same = 0; same < 2; same++) {
        const char *key = copy_key(audit, same ? "same" : "other", copy);
        if (!parent || !k || !o || !x || !y || !row || !key)
            return keel__nomem(err);
        const char *condition =
            keel__ask_format(audit, "EXISTS (SELECT 1 FROM %s p WHERE %s = %s AND %s %s %s)",
                             parent, k, o, y, same ? "=" : "<>", x);
        if (!condition)
            return keel__nomem(err);
        keel__scan_probe(scan, key, condition, row);
    }
    return KEEL_OK;
}

int keel__plan_copied_reference(struct keel__audit *audit, struct keel__scan *scan,
                                struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->reference_count && !rc; i++)
        if (audit->references[i].table == keel__scan_table(scan))
            rc = each_copy(audit, &audit->references[i], plan_copy, scan, err);
    return rc;
}

static int report_copy(struct keel__audit *audit, void *context, const struct copy *copy,
                       struct keel_error *err)
{
    const struct keel__table_facts *facts = context;
    const char *a = copy_key(audit, "other", copy), *b = copy_key(audit, "same", copy);
    if (!a || !b)
        return keel__nomem(err);
    const struct keel__probe *other = keel__facts_probe(facts, a);
    const struct keel__probe *same = keel__facts_probe(facts, b);
    if (!other || !same || !other->matching || same->matching < MIN_AGREE ||
        other->matching * 10 > same->matching)
        return KEEL_OK;
    int64_t both = other->matching + same->matching;
    struct keel_finding *finding =
        keel__consistency_add(audit, "copied-reference-contradicts", facts->table);
    if (!finding)
        return keel__nomem(err);
    if (keel__role_is_person(copy->x->name))
        finding->severity = KEEL_SEVERITY_ADVICE;
    keel__consistency_columns(audit, finding, copy->x->name, copy->own->name);
    keel__finding_data(finding, facts, other->matching);
    keel__finding_examples(audit, finding, &other->examples);
    keel__finding_say(audit, finding,
                      "%s contradicts the %s of the %s row that %s names in %lld of %lld rows",
                      copy->x->name, copy->y->name, copy->reference->parent->name, copy->own->name,
                      (long long)other->matching, (long long)both);
    return keel__consistency_choice(
        audit, finding, facts->table, "which of the two references is right is for you to say",
        keel__ask_format(audit,
                         "%lld rows have another %s than their %s row. Once they are mended, drop "
                         "the column,\nor keep the two together: UNIQUE (%s, %s) there, and a "
                         "foreign key over both columns here",
                         (long long)other->matching, copy->x->name, copy->reference->parent->name,
                         copy->key->name, copy->y->name),
        err);
}

int keel__schema_copied_reference(struct keel__audit *audit, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->reference_count && !rc; i++) {
        const struct keel__reference *reference = &audit->references[i];
        const struct keel__table_facts *facts = keel__facts_of(audit, reference->table);
        if (facts && facts->scanned && keel__consistency_holds(reference))
            rc = each_copy(audit, reference, report_copy, (void *)(uintptr_t)facts, err);
    }
    return rc;
}

/* ---- catch-all-parent ------------------------------------------------------------------------ */

struct top {
    struct keel__audit *audit;
    const char *value;
    int64_t rows[2];
    size_t count;
};

static int each_top(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct top *top = context;
    if (top->count == 0)
        top->value = keel__arena_dup(top->audit->arena, keel_row_text(row, 0));
    if (top->count < 2)
        top->rows[top->count++] = keel_row_int(row, 1);
    return top->value ? KEEL_OK : keel__nomem(err);
}

static int catch_all_of(struct keel__audit *audit, const struct keel__reference *reference,
                        struct keel_error *err)
{
    const struct keel__table_facts *facts = keel__facts_of(audit, reference->table);
    const struct keel_column_model *column = &reference->table->columns[reference->columns[0]];
    const struct keel__profile *profile = keel__facts_profile(facts, column->name);
    struct top top = {.audit = audit};
    bool answered;
    int64_t values = profile ? profile->rows - profile->nulls : 0;
    if (values < 100 || profile->distinct < 10 || keel__role_is_person(column->name) ||
        profile->distinct * 3 > values)
        return KEEL_OK;
    const char *x = keel__ask_column(audit, "t", column);
    const char *table = keel__ask_table(audit, reference->table);
    if (!x || !table)
        return keel__nomem(err);
    const char *sql = keel__ask_format(
        audit,
        "SELECT CAST(%s AS %s), count(*) FROM %s t WHERE %s IS NOT NULL GROUP BY %s "
        "ORDER BY 2 DESC LIMIT 2",
        x, "TEXT", table, x, x);
    int rc = keel__ask_each(audit, reference->table->name, sql, each_top, &top, &answered, err);
    if (rc || !answered || top.count < 2 || top.rows[0] * 10 < values ||
        top.rows[0] < 5 * top.rows[1])
        return rc;
    struct keel_finding *finding =
        keel__consistency_add(audit, "catch-all-parent", reference->table);
    if (!finding)
        return keel__nomem(err);
    keel__finding_column(audit, finding, column->name);
    keel__finding_data(finding, facts, top.rows[0]);
    keel__finding_example(audit, finding, keel_slice_of(top.value));
    keel__finding_say(audit, finding,
                      "%lld of %lld rows of %s hang on one row of %s (%s = %s), the next has %lld: "
                      "it collects what belongs to none",
                      (long long)top.rows[0], (long long)values, reference->table->name,
                      reference->parent->name, column->name, top.value, (long long)top.rows[1]);
    return KEEL_OK;
}

int keel__schema_catch_all(struct keel__audit *audit, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->reference_count && !rc; i++) {
        const struct keel__reference *reference = &audit->references[i];
        if (reference->parent && reference->parent != reference->table &&
            reference->column_count == 1 && keel__consistency_holds(reference) &&
            keel__ask_whole(keel__facts_of(audit, reference->table)))
            rc = catch_all_of(audit, reference, err);
    }
    return rc;
}

/* ---- repeated-facts -------------------------------------------------------------------------- */

/* x_id whose x has no table of its own, each value in several rows. */
static bool has_table(const struct keel__audit *audit, const char *name)
{
    char words[128], thing[128], other[128];
    keel__role_words(name, words, sizeof words);
    char *id = strrchr(words, ' '); /* "channel id" */
    if (id)
        *id = '\0';
    keel__name_singular(words, thing, sizeof thing);
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        keel__role_words(audit->schema->tables[i].name, words, sizeof words);
        keel__name_singular(words, other, sizeof other);
        if (strcmp(thing, other) == 0)
            return true;
    }
    return false;
}

static bool names_a_thing(const struct keel__audit *audit, const struct keel__table_facts *facts,
                          const struct keel_column_model *column)
{
    const struct keel__profile *profile = keel__facts_profile(facts, column->name);
    const struct keel__reference *reference = reference_of(audit, facts->table, column);
    int64_t values = profile ? profile->rows - profile->nulls : 0;
    return keel__name_ends(column->name, "id") &&
           (!reference || !keel__consistency_holds(reference)) && values >= 50 &&
           profile->distinct >= 5 && !profile->distinct_overflow &&
           profile->distinct * 3 <= values && !keel__ask_unique(facts->table, column->name) &&
           !has_table(audit, column->name);
}

static bool is_fact(const struct keel_column_model *id, const struct keel_column_model *column)
{
    char a[128], b[128];
    if (column == id || keel__name_ends(column->name, "id at hash version type kind status date") ||
        column->type.kind == KEEL_LOGICAL_JSON || keel__role_is_time(column))
        return false;
    keel__role_words(id->name, a, sizeof a);
    keel__role_words(column->name, b, sizeof b);
    size_t stem = strlen(a) - 2; /* "channel id" -> "channel " */
    if (stem > 1 && strncmp(a, b, stem) == 0)
        return true;
    /* what only somebody has */
    return keel__name_has(id->name, "channel account user customer author owner company") &&
           keel__name_has(column->name, "subscriber subscribers follower followers");
}

static int report_fact(struct keel__audit *audit, const struct keel__table_facts *facts,
                       const struct keel_column_model *id, const struct keel_column_model *fact,
                       int64_t things, int64_t contradicting, int64_t alone, struct keel_error *err)
{
    if (contradicting * 100 > things * 60)
        return KEEL_OK;
    struct keel_finding *finding = keel__consistency_add(audit, "repeated-facts", facts->table);
    if (!finding)
        return keel__nomem(err);
    if (!contradicting)
        finding->severity = KEEL_SEVERITY_ADVICE;
    keel__consistency_columns(audit, finding, fact->name, id->name);
    keel__finding_data(finding, facts, contradicting);
    keel__finding_count(audit, finding, "values", things);
    keel__finding_count(audit, finding, "contradicting", contradicting);
    keel__finding_count(audit, finding, "without", alone);
    keel__finding_say(audit, finding,
                      "%s belongs to %s and is repeated in every row: %lld values of %s in %lld "
                      "rows, %lld of them with more than one %s",
                      fact->name, id->name, (long long)things, id->name, (long long)facts->rows,
                      (long long)contradicting, fact->name);
    return keel__consistency_choice(
        audit, finding, facts->table, "a table of its own would hold each fact once",
        keel__ask_format(audit,
                         "make a table with one row for each of the %lld values of %s, with %s in "
                         "it;\nfor %lld of them decide which %s holds",
                         (long long)things, id->name, fact->name, (long long)contradicting,
                         fact->name),
        err);
}

static int facts_of_thing(struct keel__audit *audit, const struct keel__table_facts *facts,
                          const struct keel_column_model *id, struct keel_error *err)
{
    const struct keel_column_model *list[MAX_FACTS];
    int64_t numbers[1 + MAX_FACTS], alone[MAX_FACTS];
    const char *inner = "", *outer = "", *apart = "";
    size_t count = 0;
    bool answered;
    for (size_t i = 0; i < facts->table->column_count && count < MAX_FACTS; i++)
        if (is_fact(id, &facts->table->columns[i]))
            list[count++] = &facts->table->columns[i];
    if (!count)
        return KEEL_OK;
    const char *x = keel__ask_column(audit, "t", id), *table = keel__ask_table(audit, facts->table);
    for (size_t i = 0; i < count && inner && outer && apart; i++) {
        const char *b = keel__ask_text(audit, "t", list[i]);
        if (!b)
            return keel__nomem(err);
        inner = keel__ask_format(audit, "%s, count(DISTINCT NULLIF(%s, '')) AS n%zu", inner, b, i);
        outer = keel__ask_format(audit, "%s, count(*) FILTER (WHERE n%zu > 1)", outer, i);
        apart = keel__ask_format(audit, "%s%scount(NULLIF(%s, ''))", apart, i ? ", " : "", b);
    }
    if (!x || !table || !inner || !outer || !apart)
        return keel__nomem(err);
    int rc = keel__ask_numbers(
        audit, facts->table->name,
        keel__ask_format(audit,
                         "SELECT count(*)%s FROM (SELECT %s AS x%s FROM %s t WHERE %s IS NOT NULL "
                         "GROUP BY %s) g",
                         outer, x, inner, table, x, x),
        numbers, 1 + count, &answered, err);
    if (rc || !answered)
        return rc;
    rc = keel__ask_numbers(
        audit, facts->table->name,
        keel__ask_format(audit, "SELECT %s FROM %s t WHERE %s IS NULL", apart, table, x), alone,
        count, &answered, err);
    for (size_t i = 0; i < count && !rc && answered; i++)
        rc = report_fact(audit, facts, id, list[i], numbers[0], numbers[1 + i], alone[i], err);
    return rc;
}

int keel__schema_repeated_facts(struct keel__audit *audit, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel__table_facts *facts = &audit->facts[i];
        if (!keel__ask_whole(facts) || facts->table->column_count > 200)
            continue;
        for (size_t c = 0; c < facts->table->column_count && !rc; c++)
            if (names_a_thing(audit, facts, &facts->table->columns[c]))
                rc = facts_of_thing(audit, facts, &facts->table->columns[c], err);
    }
    return rc;
}
