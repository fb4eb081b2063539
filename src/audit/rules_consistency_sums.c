#include "audit/rules_consistency.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

/* Numbers that follow from others: a part and its whole, a sum in the row, a length, and counts and
 * sums kept in a parent. */

enum { MIN_ROWS = 20, MAX_NUMBERS = 48, MAX_CHECKS = 8 };

static size_t numbers_of(const struct keel_table_model *table, size_t out[MAX_NUMBERS])
{
    size_t count = 0;
    for (size_t i = 0; i < table->column_count && count < MAX_NUMBERS; i++)
        if (keel__role_is_number(&table->columns[i]) &&
            table->columns[i].type.kind != KEEL_LOGICAL_MONEY)
            out[count++] = i;
    return count;
}

static bool has_word(const char *words, const char *word, size_t n)
{
    for (const char *at = words; *at;) {
        size_t length = strcspn(at, " ");
        if (length == n && memcmp(at, word, n) == 0)
            return true;
        at += length + (at[length] == ' ');
    }
    return false;
}

/* words without those of `without`, into out. */
static void words_without(const char *words, const char *without, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    for (const char *at = words; *at;) {
        size_t length = strcspn(at, " ");
        if (!has_word(without, at, length) && n + length + 2 < size) {
            if (n)
                out[n++] = ' ';
            memcpy(out + n, at, length);
            n += length;
            out[n] = '\0';
        }
        at += length + (at[length] == ' ');
    }
}

/* As a number that comparing and adding cannot overflow. */
static const char *number(struct keel__audit *audit, const char *alias,
                          const struct keel_column_model *column)
{
    const char *x = keel__ask_column(audit, alias, column);
    if (!x || audit->dialect == KEEL_SQLITE)
        return x;
    return keel__ask_format(
        audit, column->type.kind == KEEL_LOGICAL_INTEGER ? "%s::numeric" : "%s::float8", x);
}

/* ---- part-exceeds-whole ---------------------------------------------------------------------- */

#define PARTS                                                                                      \
    "successful success failed completed processed used active done read unread open closed "      \
    "valid invalid passed unique matched"

/* What a counter counts: "view_count", "views" -> "view". */
static void counted(const char *name, char *out, size_t size)
{
    char words[128], rest[128];
    keel__role_words(name, words, sizeof words);
    words_without(words, "count total num number of", rest, sizeof rest);
    keel__name_singular(rest, out, size);
}

static bool is_known_pair(const char *a, const char *b)
{
    static const char *const pairs[][2] = {
        {"like", "view"},        {"click", "impression"}, {"click", "view"},
        {"conversion", "click"}, {"open", "delivery"},
    };
    char x[128], y[128];
    counted(a, x, sizeof x);
    counted(b, y, sizeof y);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (strcmp(x, pairs[i][0]) == 0 && strcmp(y, pairs[i][1]) == 0)
            return true;
    return false;
}

static bool is_part_of(const struct keel_column_model *a, const struct keel_column_model *b)
{
    char x[128], y[128];
    keel__role_words(a->name, x, sizeof x);
    keel__role_words(b->name, y, sizeof y);
    const char *x_rest = strchr(x, ' '), *y_rest = strchr(y, ' ');
    if (y_rest && strncmp(y, "max ", 4) == 0 &&
        (strcmp(x, y_rest + 1) == 0 || (strncmp(x, "min ", 4) == 0 && !strcmp(x + 4, y_rest + 1))))
        return true;
    if (x_rest && y_rest && strncmp(y, "total ", 6) == 0 && strcmp(x_rest, y_rest) == 0)
        return has_word(PARTS, x, (size_t)(x_rest - x));
    return is_known_pair(a->name, b->name);
}

typedef int pair_fn(struct keel__audit *audit, void *context, const struct keel_column_model *a,
                    const struct keel_column_model *b, struct keel_error *err);

static int each_part(struct keel__audit *audit, const struct keel_table_model *table, pair_fn *fn,
                     void *context, struct keel_error *err)
{
    size_t numbers[MAX_NUMBERS], count = numbers_of(table, numbers);
    int rc = KEEL_OK;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count && !rc; j++)
            if (i != j && is_part_of(&table->columns[numbers[i]], &table->columns[numbers[j]]))
                rc = fn(audit, context, &table->columns[numbers[i]], &table->columns[numbers[j]],
                        err);
    return rc;
}

static const char *part_key(struct keel__audit *audit, const struct keel_column_model *a,
                            const struct keel_column_model *b)
{
    return keel__ask_format(audit, "part %s of %s", a->name, b->name);
}

static int plan_part(struct keel__audit *audit, void *context, const struct keel_column_model *a,
                     const struct keel_column_model *b, struct keel_error *err)
{
    struct keel__scan *scan = context;
    const char *x = number(audit, "t", a), *y = number(audit, "t", b);
    const char *key = part_key(audit, a, b);
    const char *row = keel__ask_row(audit, "t", keel__scan_table(scan));
    const char *condition = x && y ? keel__ask_format(audit, "%s > %s", x, y) : NULL;
    if (!key || !row || !condition)
        return keel__nomem(err);
    keel__scan_probe(scan, key, condition, row);
    return KEEL_OK;
}

int keel__plan_part_whole(struct keel__audit *audit, struct keel__scan *scan,
                          struct keel_error *err)
{
    return each_part(audit, keel__scan_table(scan), plan_part, scan, err);
}

static int report_part(struct keel__audit *audit, void *context, const struct keel_column_model *a,
                       const struct keel_column_model *b, struct keel_error *err)
{
    const struct keel__table_facts *facts = context;
    const char *key = part_key(audit, a, b);
    const struct keel__probe *probe = key ? keel__facts_probe(facts, key) : NULL;
    if (!key)
        return keel__nomem(err);
    if (!probe || !probe->matching || probe->matching * 5 > facts->rows - probe->nulls)
        return KEEL_OK;
    struct keel_finding *finding = keel__consistency_add(audit, "part-exceeds-whole", facts->table);
    if (!finding)
        return keel__nomem(err);
    keel__consistency_columns(audit, finding, a->name, b->name);
    keel__finding_data(finding, facts, probe->matching);
    keel__finding_examples(audit, finding, &probe->examples);
    keel__finding_say(audit, finding, "%s is more than %s in %lld of %lld rows of %s", a->name,
                      b->name, (long long)probe->matching, (long long)facts->rows,
                      facts->table->name);
    return keel__consistency_choice(
        audit, finding, facts->table, "which of the two is wrong is for you to say",
        keel__ask_format(audit,
                         "%lld rows have %s above %s. Once they are mended: CHECK (%s <= %s)",
                         (long long)probe->matching, a->name, b->name, a->name, b->name),
        err);
}

int keel__table_part_whole(struct keel__audit *audit, const struct keel__table_facts *facts,
                           struct keel_error *err)
{
    return each_part(audit, facts->table, report_part, (void *)(uintptr_t)facts, err);
}

/* ---- derived-column-differs ------------------------------------------------------------------ */

struct formula {
    const struct keel_column_model *column;
    const char *label;      /* "input_tokens + output_tokens" */
    const char *expression; /* differs; NULL where a part is NULL */
};
typedef int formula_fn(struct keel__audit *audit, void *context, const struct formula *formula,
                       struct keel_error *err);
struct formulas {
    struct keel__audit *audit;
    const struct keel_table_model *table;
    formula_fn *fn;
    void *context;
};

static int give(const struct formulas *f, const struct keel_column_model *column, const char *label,
                const char *expression, struct keel_error *err)
{
    struct formula formula = {.column = column, .label = label, .expression = expression};
    if (!label || !expression)
        return keel__nomem(err);
    return f->fn(f->audit, f->context, &formula, err);
}

/* tokens_used beside input_tokens and output_tokens. */
static int sum_formula(const struct formulas *f, const struct keel_column_model *column,
                       const size_t *numbers, size_t count, struct keel_error *err)
{
    char words[128], subject[128], other[128], rest[128];
    const char *label = NULL, *sum = NULL;
    size_t parts = 0;
    bool whole = column->type.kind == KEEL_LOGICAL_INTEGER;
    keel__role_words(column->name, words, sizeof words);
    words_without(words, "total used sum all overall", subject, sizeof subject);
    if (!*subject || strcmp(words, subject) == 0)
        return KEEL_OK;
    for (size_t i = 0; i < count; i++) {
        const struct keel_column_model *part = &f->table->columns[numbers[i]];
        keel__role_words(part->name, other, sizeof other);
        words_without(other, "input output prompt completion in out net tax debit credit", rest,
                      sizeof rest);
        if (part == column || strcmp(rest, subject) != 0 || strcmp(other, rest) == 0)
            continue;
        const char *x = number(f->audit, "t", part);
        label = label ? keel__ask_format(f->audit, "%s + %s", label, part->name) : part->name;
        sum = sum ? keel__ask_format(f->audit, "%s + %s", sum, x ? x : "NULL") : x;
        whole = whole && part->type.kind == KEEL_LOGICAL_INTEGER;
        parts++;
    }
    if (parts < 2 || parts > 3)
        return KEEL_OK;
    const char *c = number(f->audit, "t", column);
    if (!c || !sum)
        return keel__nomem(err);
    return give(f, column, label,
                whole ? keel__ask_format(f->audit, "%s <> %s", c, sum)
                      : keel__ask_format(f->audit, "abs(%s - (%s)) > 0.005", c, sum),
                err);
}

static bool is_long_text(const struct keel_column_model *column)
{
    return (keel__role_is_text(column) &&
            (column->type.length == 0 || column->type.length > 255)) ||
           column->type.kind == KEEL_LOGICAL_BYTES;
}

/* input_length beside text_content: which text is meant, the values tell. */
static int length_formulas(const struct formulas *f, const struct keel_column_model *column,
                           struct keel_error *err)
{
    int rc = KEEL_OK, tried = 0;
    bool bytes = keel__name_ends(column->name, "bytes size");
    const char *n = number(f->audit, "t", column);
    if (!n)
        return keel__nomem(err);
    for (size_t i = 0; i < f->table->column_count && tried < 4 && !rc; i++) {
        const struct keel_column_model *text = &f->table->columns[i];
        if (!is_long_text(text) ||
            !keel__name_has(text->name, "text content body message data blob payload raw value "
                                        "input output document source html markdown file"))
            continue;
        const char *x = keel__ask_column(f->audit, "t", text);
        bool binary = text->type.kind == KEEL_LOGICAL_BYTES;
        tried++;
        if (!x)
            return keel__nomem(err);
        rc = give(f, column, keel__ask_format(f->audit, "length of %s", text->name),
                  keel__ask_format(f->audit, "length(%s) <> %s", x, n), err);
        if (!rc && bytes && !binary)
            rc = give(f, column, keel__ask_format(f->audit, "length of %s in bytes", text->name),
                      keel__ask_format(f->audit,
                                       f->audit->dialect == KEEL_SQLITE
                                           ? "length(CAST(%s AS BLOB)) <> %s"
                                           : "octet_length(%s) <> %s",
                                       x, n),
                      err);
    }
    return rc;
}

/* A vector of n numbers of 1, 2, 4 or 8 bytes. */
static int vector_formulas(const struct formulas *f, const struct keel_column_model *column,
                           struct keel_error *err)
{
    int rc = KEEL_OK;
    const char *n = number(f->audit, "t", column);
    if (!n)
        return keel__nomem(err);
    for (size_t i = 0; i < f->table->column_count && !rc; i++) {
        const struct keel_column_model *blob = &f->table->columns[i];
        if (blob->type.kind != KEEL_LOGICAL_BYTES || blob->type.dimensions)
            continue;
        const char *x = keel__ask_column(f->audit, "t", blob);
        if (!x)
            return keel__nomem(err);
        for (int bytes = 1; bytes <= 8 && !rc; bytes *= 2)
            rc = give(f, column,
                      keel__ask_format(f->audit, "length of %s by %d bytes", blob->name, bytes),
                      keel__ask_format(f->audit, "length(%s) <> %d * %s", x, bytes, n), err);
        return rc;
    }
    return rc;
}

static int each_formula(const struct formulas *f, struct keel_error *err)
{
    size_t numbers[MAX_NUMBERS], count = numbers_of(f->table, numbers);
    int rc = KEEL_OK;
    for (size_t i = 0; i < count && !rc; i++) {
        const struct keel_column_model *column = &f->table->columns[numbers[i]];
        if (keel__name_has(column->name, "total used sum"))
            rc = sum_formula(f, column, numbers, count, err);
        if (rc || column->type.kind != KEEL_LOGICAL_INTEGER)
            continue;
        if (keel__name_ends(column->name, "length len size bytes chars characters"))
            rc = length_formulas(f, column, err);
        else if (keel__name_ends(column->name, "dimensions dimension dims dim"))
            rc = vector_formulas(f, column, err);
    }
    return rc;
}

static const char *formula_key(struct keel__audit *audit, const struct formula *formula)
{
    return keel__ask_format(audit, "derived %s = %s", formula->column->name, formula->label);
}

static int plan_formula(struct keel__audit *audit, void *context, const struct formula *formula,
                        struct keel_error *err)
{
    struct keel__scan *scan = context;
    const char *key = formula_key(audit, formula);
    const char *row = keel__ask_row(audit, "t", keel__scan_table(scan));
    if (!key || !row)
        return keel__nomem(err);
    keel__scan_probe(scan, key, formula->expression, row);
    return KEEL_OK;
}

int keel__plan_derived(struct keel__audit *audit, struct keel__scan *scan, struct keel_error *err)
{
    struct formulas f = {
        .audit = audit, .table = keel__scan_table(scan), .fn = plan_formula, .context = scan};
    return each_formula(&f, err);
}

/* The formula that fits best, column by column. */
struct fits {
    const struct keel__table_facts *facts;
    const struct keel_column_model *column;
    const char *label;
    const struct keel__probe *probe;
};

static int report_fit(struct keel__audit *audit, const struct fits *best, struct keel_error *err)
{
    const struct keel__table_facts *facts = best->facts;
    if (!best->probe || !best->probe->matching)
        return KEEL_OK;
    int64_t both = facts->rows - best->probe->nulls;
    if (both < MIN_ROWS || best->probe->matching * 5 > both)
        return KEEL_OK;
    struct keel_finding *finding =
        keel__consistency_add(audit, "derived-column-differs", facts->table);
    if (!finding)
        return keel__nomem(err);
    keel__finding_column(audit, finding, best->column->name);
    keel__finding_data(finding, facts, best->probe->matching);
    keel__finding_examples(audit, finding, &best->probe->examples);
    keel__finding_say(audit, finding, "%s is the %s%s in %lld rows, but not in %lld",
                      best->column->name, strstr(best->label, " + ") ? "sum " : "", best->label,
                      (long long)(both - best->probe->matching), (long long)best->probe->matching);
    return keel__consistency_choice(
        audit, finding, facts->table, "which of the numbers is wrong is for you to say",
        keel__ask_format(audit,
                         "%lld rows of %s are not the %s: compute it, in a generated column or a "
                         "view, instead of storing it",
                         (long long)best->probe->matching, best->column->name, best->label),
        err);
}

static int weigh_formula(struct keel__audit *audit, void *context, const struct formula *formula,
                         struct keel_error *err)
{
    struct fits *best = context;
    const char *key = formula_key(audit, formula);
    const struct keel__probe *probe = key ? keel__facts_probe(best->facts, key) : NULL;
    int rc = KEEL_OK;
    if (!key)
        return keel__nomem(err);
    if (best->column != formula->column) {
        rc = report_fit(audit, best, err);
        best->column = formula->column;
        best->probe = NULL;
    }
    if (probe && (!best->probe ||
                  probe->matching + probe->nulls < best->probe->matching + best->probe->nulls)) {
        best->probe = probe;
        best->label = formula->label;
    }
    return rc;
}

int keel__table_derived(struct keel__audit *audit, const struct keel__table_facts *facts,
                        struct keel_error *err)
{
    struct fits best = {.facts = facts};
    struct formulas f = {
        .audit = audit, .table = facts->table, .fn = weigh_formula, .context = &best};
    int rc = each_formula(&f, err);
    return rc ? rc : report_fit(audit, &best, err);
}

/* ---- stored-count-differs, stored-sum-differs ------------------------------------------------ */

struct check {
    const struct keel_column_model *stored;
    const struct keel_column_model *summed; /* of the child; NULL: rows are counted */
    bool by_name;                           /* the stored column names the child */
};

static bool counts_child(const struct keel__audit *audit, const struct keel_column_model *column,
                         const struct keel_table_model *child, bool *by_name)
{
    char subject[128], table[128], words[128];
    if (column->type.kind != KEEL_LOGICAL_INTEGER ||
        !keel__name_has(column->name, "count total num number"))
        return false;
    counted(column->name, subject, sizeof subject);
    keel__role_words(child->name, words, sizeof words);
    keel__name_singular(words, table, sizeof table);
    *by_name = strcmp(subject, table) == 0;
    if (!*by_name) {
        const char *last = strrchr(table, ' ');
        *by_name = last && strcmp(subject, last + 1) == 0;
    }
    if (*by_name)
        return true;
    if (*subject && !has_word("record item row entry", subject, strlen(subject)))
        return false;
    /* "record_count" beside a table of records counts those */
    snprintf(words, sizeof words, "%ss", subject);
    return !keel_schema_table(audit->schema, subject) && !keel_schema_table(audit->schema, words) &&
           (strcmp(subject, "entry") != 0 || !keel_schema_table(audit->schema, "entries"));
}

static bool sums_child(const struct keel_column_model *stored,
                       const struct keel_column_model *column)
{
    static const char words[] = "cost costs amount tokens duration seconds points bytes quantity "
                                "hours minutes weight";
    char a[128], b[128];
    if (!keel__name_ends(stored->name, words) || !keel__name_ends(column->name, words) ||
        keel__name_has(stored->name, "estimated avg average mean max min budget limit unit"))
        return false;
    keel__role_words(stored->name, a, sizeof a);
    keel__role_words(column->name, b, sizeof b);
    const char *x = strrchr(a, ' '), *y = strrchr(b, ' ');
    return strcmp(x ? x + 1 : a, y ? y + 1 : b) == 0;
}

static size_t checks_of(const struct keel__audit *audit, const struct keel_table_model *parent,
                        const struct keel_table_model *child, bool sums,
                        struct check out[MAX_CHECKS])
{
    size_t numbers[MAX_NUMBERS], count = numbers_of(parent, numbers), found = 0;
    size_t summed[MAX_NUMBERS], summed_count = numbers_of(child, summed);
    for (size_t i = 0; i < count && found < MAX_CHECKS; i++) {
        struct check check = {.stored = &parent->columns[numbers[i]]};
        if (!sums && counts_child(audit, check.stored, child, &check.by_name))
            out[found++] = check;
        for (size_t j = 0; sums && j < summed_count && found < MAX_CHECKS; j++) {
            check.summed = &child->columns[summed[j]];
            if (sums_child(check.stored, check.summed))
                out[found++] = check;
        }
    }
    return found;
}

static const char *checks_sql(struct keel__audit *audit, const struct keel__reference *reference,
                              const struct check *checks, size_t count)
{
    const char *type = audit->dialect == KEEL_SQLITE ? "" : "::float8";
    const struct keel_column_model *key =
        keel_table_column(reference->parent, reference->parent_columns[0]);
    const char *own =
        keel__ask_column(audit, "c", &reference->table->columns[reference->columns[0]]);
    const char *sums = "", *outs = "";
    for (size_t i = 0; i < count && sums && outs; i++) {
        const char *v = keel__ask_column(audit, "t", checks[i].stored);
        const char *right;
        if (!v)
            return NULL;
        if (checks[i].summed) {
            const char *x = keel__ask_column(audit, "c", checks[i].summed);
            sums = x ? keel__ask_format(audit, "%s, sum(%s)%s AS s%zu", sums, x, type, i) : NULL;
            right = keel__ask_format(audit, "abs(%s%s - c.s%zu) <= 0.01", v, type, i);
        } else {
            right = keel__ask_format(audit, "%s = coalesce(c.n, 0)", v);
        }
        if (!right || !sums)
            return NULL;
        outs = keel__ask_format(audit,
                                "%s, count(*) FILTER (WHERE %s), count(*) FILTER (WHERE NOT (%s)), "
                                "count(*) FILTER (WHERE %s AND c.n > 1)",
                                outs, right, right, right);
    }
    const char *parent = keel__ask_table(audit, reference->parent);
    const char *child = keel__ask_table(audit, reference->table);
    const char *k = key ? keel__ask_column(audit, "t", key) : NULL;
    if (!own || !parent || !child || !k || !sums || !outs)
        return NULL;
    return keel__ask_format(
        audit,
        "SELECT count(*)%s FROM %s t LEFT JOIN (SELECT %s AS k, count(*) AS n%s "
        "FROM %s c GROUP BY %s) c ON c.k = %s",
        outs, parent, own, sums, child, own, k);
}

static int report_check(struct keel__audit *audit, const struct keel__reference *reference,
                        const struct check *check, const int64_t *numbers, struct keel_error *err)
{
    int64_t right = numbers[0], wrong = numbers[1], telling = numbers[2];
    const struct keel__table_facts *facts = keel__facts_of(audit, reference->parent);
    bool sure = !check->summed && check->by_name;
    if (!wrong || telling < 3 || right * 100 < (right + wrong) * (sure || check->summed ? 50 : 60))
        return KEEL_OK;
    struct keel_finding *finding = keel__consistency_add(
        audit, check->summed ? "stored-sum-differs" : "stored-count-differs", reference->parent);
    if (!finding)
        return keel__nomem(err);
    if (!sure && right * 100 < (right + wrong) * 80)
        finding->severity = KEEL_SEVERITY_ADVICE;
    keel__finding_column(audit, finding, check->stored->name);
    keel__finding_data(finding, facts, wrong);
    if (check->summed)
        keel__finding_say(audit, finding, "%s is the sum of %s.%s in %lld rows, but not in %lld",
                          check->stored->name, reference->table->name, check->summed->name,
                          (long long)right, (long long)wrong);
    else
        keel__finding_say(
            audit, finding, "%s is the number of rows in %s in %lld rows, but not in %lld",
            check->stored->name, reference->table->name, (long long)right, (long long)wrong);
    return keel__consistency_choice(
        audit, finding, reference->parent, "count it in a view instead of storing it",
        keel__ask_format(audit,
                         "%lld rows of %s disagree with %s: set them anew from there, or drop the "
                         "column and count in a view",
                         (long long)wrong, check->stored->name, reference->table->name),
        err);
}

static int check_reference(struct keel__audit *audit, const struct keel__reference *reference,
                           bool sums, struct keel_error *err)
{
    struct check checks[MAX_CHECKS];
    int64_t numbers[1 + 3 * MAX_CHECKS];
    bool answered;
    const struct keel_column_model *key =
        keel_table_column(reference->parent, reference->parent_columns[0]);
    if (!key ||
        !keel__ask_comparable(audit, &reference->table->columns[reference->columns[0]], key))
        return KEEL_OK;
    size_t count = checks_of(audit, reference->parent, reference->table, sums, checks);
    if (!count)
        return KEEL_OK;
    const char *sql = checks_sql(audit, reference, checks, count);
    if (!sql)
        return keel__nomem(err);
    int rc = keel__ask_numbers(audit, reference->parent->name, sql, numbers, 1 + 3 * count,
                               &answered, err);
    for (size_t i = 0; i < count && !rc && answered; i++)
        rc = report_check(audit, reference, &checks[i], numbers + 1 + 3 * i, err);
    return rc;
}

static int check_references(struct keel__audit *audit, bool sums, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->reference_count && !rc; i++) {
        const struct keel__reference *reference = &audit->references[i];
        if (reference->parent && reference->parent != reference->table &&
            reference->column_count == 1 && keel__consistency_holds(reference) &&
            keel__ask_whole(keel__facts_of(audit, reference->parent)) &&
            keel__ask_whole(keel__facts_of(audit, reference->table)))
            rc = check_reference(audit, reference, sums, err);
    }
    return rc;
}

int keel__schema_stored_counts(struct keel__audit *audit, struct keel_error *err)
{
    return check_references(audit, false, err);
}

int keel__schema_stored_sums(struct keel__audit *audit, struct keel_error *err)
{
    return check_references(audit, true, err);
}
