#include "audit/rules_consistency.h"
#include "base/error.h"

#include <string.h>

/* What a state promises: a value, a reason, a child row, a flag that says the same. */

enum { MIN_WORD_ROWS = 20, MIN_BAD_ROWS = 5, MAX_REASONS = 6 };

/* Of the rows of one word: how many, and how many lack what the word promises. */
struct promise {
    const char *word;
    int64_t rows, missing;
};

/* Nearly all rows of the word have it, most of the others have not: the word brings it along. */
static bool is_broken(const struct promise *promises, size_t count, size_t i)
{
    int64_t rows = 0, missing = 0;
    for (size_t k = 0; k < count; k++)
        if (k != i) {
            rows += promises[k].rows;
            missing += promises[k].missing;
        }
    const struct promise *p = &promises[i];
    return p->rows >= MIN_WORD_ROWS && p->missing && p->missing * 100 <= p->rows * 15 &&
           rows >= MIN_WORD_ROWS && missing * 2 >= rows;
}

/* Whether a word of three letters and more stands in both: completed, completed_at. */
static bool share_word(const char *a, const char *b)
{
    char x[128], y[128];
    keel__role_words(a, x, sizeof x);
    keel__role_words(b, y, sizeof y);
    for (const char *at = x; *at;) {
        size_t length = strcspn(at, " ");
        for (const char *to = y; length > 2 && *to;) {
            size_t other = strcspn(to, " ");
            if (other == length && memcmp(at, to, length) == 0)
                return true;
            to += other + (to[other] == ' ');
        }
        at += length + (at[length] == ' ');
    }
    return false;
}

static bool is_reason(const struct keel_column_model *column)
{
    return (keel__role_is_text(column) || column->type.kind == KEEL_LOGICAL_JSON) &&
           !column->not_null && keel__name_has(column->name, "error reason failure exception") &&
           !keel__name_ends(column->name, "code count id at by occurred rate type");
}

/* ---- state-without-value --------------------------------------------------------------------- */

static int report_promise(struct keel__audit *audit, const struct keel__table_facts *facts,
                          const struct keel__cross *cross, const struct promise *promises,
                          struct keel_error *err)
{
    const struct keel_column_model *state = &facts->table->columns[cross->words_column];
    const struct keel_column_model *value = &facts->table->columns[cross->other_column];
    struct keel_finding *finding = NULL;
    const struct promise *first = NULL;
    int64_t total = 0;
    for (size_t i = 0; i < cross->word_count; i++) {
        const struct keel__cross_cell *cell = &cross->cells[i];
        if (!is_broken(promises, cross->word_count, i) ||
            (is_reason(value) && keel__role_outcome(cross->words[i]) == KEEL__OUTCOME_BAD))
            continue;
        if (!finding) {
            finding = keel__consistency_add(audit, "state-without-value", facts->table);
            if (!finding)
                return keel__nomem(err);
            finding->severity = KEEL_SEVERITY_ADVICE;
            first = &promises[i];
            keel__consistency_columns(audit, finding, value->name, state->name);
        }
        if (share_word(cross->words[i], value->name))
            finding->severity = KEEL_SEVERITY_WARNING;
        total += promises[i].missing;
        keel__finding_count(audit, finding, cross->words[i], promises[i].missing);
        if (cell->nulls && cell->empties) {
            keel__finding_count(audit, finding,
                                keel__ask_format(audit, "%s: NULL", cross->words[i]), cell->nulls);
            keel__finding_count(audit, finding,
                                keel__ask_format(audit, "%s: empty", cross->words[i]),
                                cell->empties);
        }
    }
    if (!finding)
        return KEEL_OK;
    keel__finding_data(finding, facts, total);
    keel__finding_say(
        audit, finding, "%lld of %lld rows whose %s is '%s' have no %s, which the others have",
        (long long)first->missing, (long long)first->rows, state->name, first->word, value->name);
    return keel__consistency_choice(
        audit, finding, facts->table, "what the rows without a value should hold is for you to say",
        keel__ask_format(audit,
                         "%lld rows whose %s is '%s' have no %s. Once they are mended:\n"
                         "CHECK (%s <> '%s' OR %s IS NOT NULL)",
                         (long long)first->missing, state->name, first->word, value->name,
                         state->name, first->word, value->name),
        err);
}

int keel__table_state_value(struct keel__audit *audit, const struct keel__table_facts *facts,
                            struct keel_error *err)
{
    struct promise promises[KEEL__CROSS_WORDS];
    int rc = KEEL_OK;
    for (size_t c = 0; c < facts->cross_count && !rc; c++) {
        const struct keel__cross *cross = &facts->crosses[c];
        const struct keel_column_model *value = &facts->table->columns[cross->other_column];
        const struct keel_column_model *state = &facts->table->columns[cross->words_column];
        if ((value->not_null && !keel__role_is_text(value)) || cross->word_count < 2 ||
            (!keel__role_is_text(state) && state->type.kind != KEEL_LOGICAL_ENUM))
            continue;
        for (size_t i = 0; i < cross->word_count; i++)
            promises[i] = (struct promise){
                .word = cross->words[i],
                .rows = cross->cells[i].rows,
                .missing = cross->cells[i].nulls + cross->cells[i].empties,
            };
        rc = report_promise(audit, facts, cross, promises, err);
    }
    return rc;
}

/* ---- failed-without-reason ------------------------------------------------------------------- */

static const char *is_bad_sql(struct keel__audit *audit, const struct keel_column_model *state)
{
    const char *x = keel__ask_column(audit, "t", state);
    if (!x)
        return NULL;
    if (keel__role_is_status(state))
        return keel__ask_format(audit,
                                audit->dialect == KEEL_POSTGRES
                                    ? "lower(%s::text) IN ('failed', 'failure', 'error', 'errored')"
                                    : "lower(%s) IN ('failed', 'failure', 'error', 'errored')",
                                x);
    if (state->type.kind == KEEL_LOGICAL_BOOLEAN && audit->dialect == KEEL_POSTGRES)
        return keel__ask_format(audit, "%s IS TRUE", x);
    return keel__ask_format(audit, "%s = 1", x);
}

static bool tells_failure(const struct keel_column_model *column)
{
    return keel__role_is_status(column) ||
           (keel__role_is_flag(column) &&
            keel__role_flag_outcome(column->name) == KEEL__OUTCOME_BAD);
}

static size_t reasons_of(const struct keel_table_model *table,
                         const struct keel_column_model *out[MAX_REASONS])
{
    size_t count = 0;
    for (size_t i = 0; i < table->column_count && count < MAX_REASONS; i++)
        if (is_reason(&table->columns[i]))
            out[count++] = &table->columns[i];
    return count;
}

static const char *reason_key(struct keel__audit *audit, const char *what,
                              const struct keel_column_model *state)
{
    return keel__ask_format(audit, "reason %s %s", what, state->name);
}

int keel__plan_reason(struct keel__audit *audit, struct keel__scan *scan, struct keel_error *err)
{
    const struct keel_table_model *table = keel__scan_table(scan);
    const struct keel_column_model *reasons[MAX_REASONS];
    size_t count = reasons_of(table, reasons);
    const char *missing = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *one = keel__ask_missing(audit, "t", reasons[i]);
        missing = missing && one ? keel__ask_format(audit, "%s AND %s", missing, one) : one;
        if (!missing)
            return keel__nomem(err);
    }
    for (size_t i = 0; missing && i < table->column_count; i++) {
        const struct keel_column_model *state = &table->columns[i];
        if (!tells_failure(state))
            continue;
        const char *bad = is_bad_sql(audit, state), *row = keel__ask_row(audit, "t", table);
        const char *silent = bad ? keel__ask_format(audit, "%s AND %s", bad, missing) : NULL;
        const char *all = reason_key(audit, "all", state), *none = reason_key(audit, "no", state);
        if (!silent || !row || !all || !none)
            return keel__nomem(err);
        keel__scan_probe(scan, all, bad, NULL);
        keel__scan_probe(scan, none, silent, row);
    }
    return KEEL_OK;
}

static int report_reason(struct keel__audit *audit, const struct keel__table_facts *facts,
                         const struct keel_column_model *state,
                         const struct keel_column_model *reason, const struct keel__probe *all,
                         const struct keel__probe *none, struct keel_error *err)
{
    struct keel_finding *finding =
        keel__consistency_add(audit, "failed-without-reason", facts->table);
    if (!finding)
        return keel__nomem(err);
    keel__consistency_columns(audit, finding, reason->name, state->name);
    keel__finding_data(finding, facts, none->matching);
    keel__finding_examples(audit, finding, &none->examples);
    keel__finding_count(audit, finding, "failed", all->matching);
    keel__finding_say(audit, finding, "%lld of %lld rows that failed (%s) do not say why: no %s",
                      (long long)none->matching, (long long)all->matching, state->name,
                      reason->name);
    return KEEL_OK;
}

int keel__table_reason(struct keel__audit *audit, const struct keel__table_facts *facts,
                       struct keel_error *err)
{
    const struct keel_table_model *table = facts->table;
    const struct keel_column_model *reasons[MAX_REASONS];
    int rc = KEEL_OK;
    if (!reasons_of(table, reasons))
        return KEEL_OK;
    for (size_t i = 0; i < table->column_count && !rc; i++) {
        if (!tells_failure(&table->columns[i]))
            continue;
        const char *a = reason_key(audit, "all", &table->columns[i]);
        const char *n = reason_key(audit, "no", &table->columns[i]);
        if (!a || !n)
            return keel__nomem(err);
        const struct keel__probe *all = keel__facts_probe(facts, a);
        const struct keel__probe *none = keel__facts_probe(facts, n);
        if (all && none && all->matching >= MIN_BAD_ROWS && none->matching &&
            none->matching * 2 <= all->matching)
            rc = report_reason(audit, facts, &table->columns[i], reasons[0], all, none, err);
    }
    return rc;
}

/* ---- flag-against-status, flag-repeats-status ------------------------------------------------ */

struct verdict {
    int64_t agree, true_against, false_against, trues, falses, rows;
};

/* The flag says good (or bad); a word says good, bad or open. */
static struct verdict judge(const struct keel__cross *cross, enum keel__outcome flag)
{
    struct verdict verdict = {0};
    for (size_t i = 0; i < cross->word_count; i++) {
        const struct keel__cross_cell *cell = &cross->cells[i];
        enum keel__outcome word = keel__role_outcome(cross->words[i]);
        verdict.rows += cell->rows;
        if (word == KEEL__OUTCOME_OTHER)
            continue;
        verdict.trues += cell->truths;
        verdict.falses += cell->zeros;
        verdict.agree += word == flag ? cell->truths : cell->zeros;
        if (word == flag)
            verdict.false_against += cell->zeros;
        else
            verdict.true_against += cell->truths;
    }
    return verdict;
}

static int report_flag(struct keel__audit *audit, const struct keel__table_facts *facts,
                       const struct keel__cross *cross, const struct verdict *v,
                       bool contradictions, struct keel_error *err)
{
    const struct keel_column_model *state = &facts->table->columns[cross->words_column];
    const struct keel_column_model *flag = &facts->table->columns[cross->other_column];
    int64_t against = v->true_against + v->false_against;
    if (v->agree < MIN_WORD_ROWS || against * 5 > v->agree || !v->trues || !v->falses ||
        (against != 0) != contradictions)
        return KEEL_OK;
    if (!against && v->agree * 20 < v->rows * 19)
        return KEEL_OK;
    struct keel_finding *finding = keel__consistency_add(
        audit, against ? "flag-against-status" : "flag-repeats-status", facts->table);
    if (!finding)
        return keel__nomem(err);
    keel__consistency_columns(audit, finding, flag->name, state->name);
    keel__finding_data(finding, facts, against ? against : v->agree);
    if (!against) {
        keel__finding_say(audit, finding, "%s says in every row what %s says already", flag->name,
                          state->name);
        return KEEL_OK;
    }
    keel__finding_count(audit, finding, "true against the status", v->true_against);
    keel__finding_count(audit, finding, "false against the status", v->false_against);
    keel__finding_say(audit, finding,
                      "%s contradicts %s in %lld rows: %lld are true where the state says "
                      "otherwise, %lld are false",
                      flag->name, state->name, (long long)against, (long long)v->true_against,
                      (long long)v->false_against);
    return keel__consistency_choice(
        audit, finding, facts->table, "which of the two is right is for you to say",
        keel__ask_format(audit,
                         "%lld rows have %s true and %lld have it false against their %s: decide "
                         "which is right,\nthen drop %s, or make it a generated column",
                         (long long)v->true_against, flag->name, (long long)v->false_against,
                         state->name, flag->name),
        err);
}

static int flags_of(struct keel__audit *audit, const struct keel__table_facts *facts,
                    bool contradictions, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t c = 0; c < facts->cross_count && !rc; c++) {
        const struct keel__cross *cross = &facts->crosses[c];
        const struct keel_column_model *state = &facts->table->columns[cross->words_column];
        const struct keel_column_model *flag = &facts->table->columns[cross->other_column];
        enum keel__outcome outcome = keel__role_flag_outcome(flag->name);
        if (!keel__role_is_status(state) || !keel__role_is_flag(flag) ||
            outcome == KEEL__OUTCOME_OTHER)
            continue;
        struct verdict verdict = judge(cross, outcome);
        rc = report_flag(audit, facts, cross, &verdict, contradictions, err);
    }
    return rc;
}

int keel__table_flag_against(struct keel__audit *audit, const struct keel__table_facts *facts,
                             struct keel_error *err)
{
    return flags_of(audit, facts, true, err);
}

int keel__table_flag_repeats(struct keel__audit *audit, const struct keel__table_facts *facts,
                             struct keel_error *err)
{
    return flags_of(audit, facts, false, err);
}

/* ---- state-without-row ----------------------------------------------------------------------- */

struct childless {
    struct keel__audit *audit;
    struct promise promises[KEEL__CROSS_WORDS];
    size_t count;
    bool failed, too_many;
};

static int each_childless(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct childless *all = context;
    (void)err;
    if (all->count == KEEL__CROSS_WORDS) {
        all->too_many = true;
        return KEEL_OK;
    }
    struct promise *promise = &all->promises[all->count++];
    promise->word = keel_row_is_null(row, 0)
                        ? "NULL"
                        : keel__arena_dup(all->audit->arena, keel_row_text(row, 0));
    promise->rows = keel_row_int(row, 1);
    promise->missing = keel_row_int(row, 2);
    all->failed = all->failed || !promise->word;
    return KEEL_OK;
}

static int report_childless(struct keel__audit *audit, const struct keel__table_facts *facts,
                            const struct keel_column_model *state,
                            const struct keel_table_model *child, const struct childless *all,
                            struct keel_error *err)
{
    struct keel_finding *finding = NULL;
    int64_t total = 0;
    for (size_t i = 0; i < all->count; i++) {
        const struct promise *promise = &all->promises[i];
        if (!is_broken(all->promises, all->count, i))
            continue;
        if (!finding) {
            finding = keel__consistency_add(audit, "state-without-row", facts->table);
            if (!finding)
                return keel__nomem(err);
            keel__finding_column(audit, finding, state->name);
            keel__finding_say(audit, finding,
                              "%lld of %lld rows whose %s is '%s' have no row in %s, which the "
                              "others have",
                              (long long)promise->missing, (long long)promise->rows, state->name,
                              promise->word, child->name);
        }
        total += promise->missing;
        keel__finding_count(audit, finding, promise->word, promise->missing);
    }
    if (finding)
        keel__finding_data(finding, facts, total);
    return KEEL_OK;
}

static int childless_of(struct keel__audit *audit, const struct keel__reference *reference,
                        const struct keel_column_model *state, struct keel_error *err)
{
    const struct keel__table_facts *facts = keel__facts_of(audit, reference->parent);
    const struct keel_column_model *key =
        keel_table_column(reference->parent, reference->parent_columns[0]);
    const struct keel_column_model *own = &reference->table->columns[reference->columns[0]];
    struct childless all = {.audit = audit};
    bool answered;
    if (!key || !keel__ask_comparable(audit, own, key))
        return KEEL_OK;
    const char *w = keel__ask_text(audit, "t", state), *k = keel__ask_column(audit, "t", key);
    const char *c = keel__ask_column(audit, "c", own);
    const char *child = keel__ask_table(audit, reference->table);
    const char *parent = keel__ask_table(audit, reference->parent);
    if (!w || !k || !c || !child || !parent)
        return keel__nomem(err);
    const char *sql = keel__ask_format(audit,
                                       "SELECT %s, count(*), count(*) FILTER (WHERE NOT EXISTS "
                                       "(SELECT 1 FROM %s c WHERE %s = %s)) FROM %s t GROUP BY 1",
                                       w, child, c, k, parent);
    int rc = keel__ask_each(audit, facts->table->name, sql, each_childless, &all, &answered, err);
    if (rc || !answered || all.too_many)
        return rc;
    if (all.failed)
        return keel__nomem(err);
    return report_childless(audit, facts, state, reference->table, &all, err);
}

int keel__schema_state_child(struct keel__audit *audit, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->reference_count && !rc; i++) {
        const struct keel__reference *reference = &audit->references[i];
        if (!reference->parent || reference->parent == reference->table ||
            reference->column_count != 1 || !keel__consistency_holds(reference) ||
            !keel__ask_unique(reference->table,
                              reference->table->columns[reference->columns[0]].name))
            continue;
        const struct keel__table_facts *facts = keel__facts_of(audit, reference->parent);
        const struct keel_column_model *state = keel__role_status(reference->parent);
        const struct keel__profile *profile =
            state && facts ? keel__facts_profile(facts, state->name) : NULL;
        if (keel__ask_whole(facts) && profile && profile->word_count >= 2 &&
            profile->word_count <= KEEL__CROSS_WORDS)
            rc = childless_of(audit, reference, state, err);
    }
    return rc;
}
