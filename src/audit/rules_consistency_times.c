#include "audit/rules_consistency.h"
#include "base/error.h"

#include <string.h>

/* Two times in one row whose order is known by their names, and a row's time against its parent's.
 */

enum { MAX_TIMES = 24, MIN_ROWS = 20 };

/* Each line: earlier words, later words. The words before them must be the same in both names. */
static const struct order {
    const char *earlier, *later;
} orders[] = {
    {"created inserted", "updated modified changed altered edited deleted removed archived"},
    {"started start begun begin began",
     "ended end finished finish completed complete stopped stop closed"},
    {"opened", "closed resolved"},
    {"queued submitted requested", "started finished completed"},
    {"fetched", "processed"},
    {"ordered placed", "shipped dispatched delivered"},
    {"shipped dispatched", "delivered received"},
    {"from", "to until through"},
    {"first", "last"},
};

static bool is_one(const char *word, size_t n, const char *words)
{
    for (const char *at = words; *at;) {
        size_t length = strcspn(at, " ");
        if (length == n && memcmp(at, word, n) == 0)
            return true;
        at += length + (at[length] == ' ');
    }
    return false;
}

/* The word that tells the order, and what stands before it without "last": "last updated". */
static const char *verb_of(const char *stem, size_t *prefix)
{
    const char *verb = strrchr(stem, ' ');
    *prefix = verb ? (size_t)(verb - stem) : 0;
    if (*prefix == 4 && memcmp(stem, "last", 4) == 0)
        *prefix = 0;
    return verb ? verb + 1 : stem;
}

static bool in_order(const char *a, const char *b)
{
    size_t a_prefix, b_prefix;
    if (strncmp(a, "first ", 6) == 0 && strncmp(b, "last ", 5) == 0)
        return strcmp(a + 6, b + 5) == 0;
    const char *a_verb = verb_of(a, &a_prefix), *b_verb = verb_of(b, &b_prefix);
    if (a_prefix != b_prefix || memcmp(a, b, a_prefix) != 0 || !*a_verb || !*b_verb)
        return false;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        if (is_one(a_verb, strlen(a_verb), orders[i].earlier) &&
            is_one(b_verb, strlen(b_verb), orders[i].later))
            return true;
    return false;
}

/* A second, a day where one of the two has no clock time, 14 hours where one has no zone. */
static const char *tolerance(struct keel__audit *audit, const char *alias_a,
                             const struct keel_column_model *a, const char *alias_b,
                             const struct keel_column_model *b)
{
    if (a->type.kind == KEEL_LOGICAL_DATE || b->type.kind == KEEL_LOGICAL_DATE)
        return "0.9999";
    /* PostgreSQL: without a zone it is local time of nobody knows where */
    if (a->type.kind == KEEL_LOGICAL_TIMESTAMP && b->type.kind == KEEL_LOGICAL_TIMESTAMP &&
        a->type.with_zone != b->type.with_zone && audit->dialect == KEEL_POSTGRES)
        return "14.0 / 24";
    const char *x = keel__ask_text(audit, alias_a, a), *y = keel__ask_text(audit, alias_b, b);
    if (!x || !y)
        return NULL;
    if (audit->dialect == KEEL_POSTGRES)
        return a->type.kind == KEEL_LOGICAL_TEXT || b->type.kind == KEEL_LOGICAL_TEXT
                   ? keel__ask_format(audit,
                                      "CASE WHEN length(%s) = 10 OR length(%s) = 10 THEN 0.9999 "
                                      "ELSE 1.0 / 86400 END",
                                      x, y)
                   : "1.0 / 86400";
    return keel__ask_format(audit,
                            "CASE WHEN (typeof(%s) = 'text' AND length(%s) = 10) OR (typeof(%s) = "
                            "'text' AND length(%s) = 10) THEN 0.9999 ELSE 1.0 / 86400 END",
                            x, x, y, y);
}

/* a lies before b, by more than the tolerance. */
static const char *before(struct keel__audit *audit, const char *alias_a,
                          const struct keel_column_model *a, const char *alias_b,
                          const struct keel_column_model *b)
{
    const char *x = keel__ask_time(audit, alias_a, a), *y = keel__ask_time(audit, alias_b, b);
    const char *t = tolerance(audit, alias_a, a, alias_b, b);
    return x && y && t ? keel__ask_format(audit, "%s < %s - (%s)", x, y, t) : NULL;
}

/* ---- times-out-of-order ---------------------------------------------------------------------- */

static size_t times_of(const struct keel_table_model *table, size_t out[MAX_TIMES])
{
    size_t count = 0;
    for (size_t i = 0; i < table->column_count && count < MAX_TIMES; i++)
        if (keel__role_is_time(&table->columns[i]))
            out[count++] = i;
    return count;
}

typedef int pair_fn(struct keel__audit *audit, void *context, const struct keel_column_model *a,
                    const struct keel_column_model *b, struct keel_error *err);

static int each_ordered_pair(struct keel__audit *audit, const struct keel_table_model *table,
                             pair_fn *fn, void *context, struct keel_error *err)
{
    size_t times[MAX_TIMES], count = times_of(table, times);
    char a[128], b[128];
    int rc = KEEL_OK;
    for (size_t i = 0; i < count; i++) {
        keel__role_time_stem(table->columns[times[i]].name, a, sizeof a);
        for (size_t j = 0; j < count && !rc; j++) {
            keel__role_time_stem(table->columns[times[j]].name, b, sizeof b);
            if (i != j && in_order(a, b))
                rc = fn(audit, context, &table->columns[times[i]], &table->columns[times[j]], err);
        }
    }
    return rc;
}

static const char *order_key(struct keel__audit *audit, const struct keel_column_model *a,
                             const struct keel_column_model *b)
{
    return keel__ask_format(audit, "time-order %s > %s", a->name, b->name);
}

static int plan_order(struct keel__audit *audit, void *context, const struct keel_column_model *a,
                      const struct keel_column_model *b, struct keel_error *err)
{
    struct keel__scan *scan = context;
    const char *key = order_key(audit, a, b), *condition = before(audit, "t", b, "t", a);
    const char *row = keel__ask_row(audit, "t", keel__scan_table(scan));
    if (!key || !condition || !row)
        return keel__nomem(err);
    keel__scan_probe(scan, key, condition, row);
    return KEEL_OK;
}

int keel__plan_time_order(struct keel__audit *audit, struct keel__scan *scan,
                          struct keel_error *err)
{
    return each_ordered_pair(audit, keel__scan_table(scan), plan_order, scan, err);
}

static int report_order(struct keel__audit *audit, void *context, const struct keel_column_model *a,
                        const struct keel_column_model *b, struct keel_error *err)
{
    const struct keel__table_facts *facts = context;
    const char *key = order_key(audit, a, b);
    const struct keel__probe *probe = key ? keel__facts_probe(facts, key) : NULL;
    if (!key)
        return keel__nomem(err);
    if (!probe || !probe->matching)
        return KEEL_OK;
    struct keel_finding *finding = keel__consistency_add(audit, "times-out-of-order", facts->table);
    if (!finding)
        return keel__nomem(err);
    keel__consistency_columns(audit, finding, b->name, a->name);
    keel__finding_data(finding, facts, probe->matching);
    keel__finding_examples(audit, finding, &probe->examples);
    keel__finding_say(audit, finding, "%s lies before %s in %lld of %lld rows of %s", b->name,
                      a->name, (long long)probe->matching, (long long)facts->rows,
                      facts->table->name);
    return keel__consistency_choice(
        audit, finding, facts->table, "which of the two times is wrong is for you to say",
        keel__ask_format(audit,
                         "%lld rows have %s before %s: find out which of the two is right,\n"
                         "set the other, then keep it so with CHECK (%s >= %s)",
                         (long long)probe->matching, b->name, a->name, b->name, a->name),
        err);
}

int keel__table_time_order(struct keel__audit *audit, const struct keel__table_facts *facts,
                           struct keel_error *err)
{
    return each_ordered_pair(audit, facts->table, report_order, (void *)(uintptr_t)facts, err);
}

/* ---- time-shifted: local time beside UTC ----------------------------------------------------- */

static const char *shift_key(struct keel__audit *audit, const char *what,
                             const struct keel_column_model *a, const struct keel_column_model *b)
{
    return keel__ask_format(audit, "time-shift %s %s %s", what, a->name, b->name);
}

/* created_at against the other plain points in time. */
static int each_shift_pair(struct keel__audit *audit, const struct keel_table_model *table,
                           pair_fn *fn, void *context, struct keel_error *err)
{
    size_t times[MAX_TIMES], count = times_of(table, times);
    const struct keel_column_model *created = keel__role_created(table);
    int rc = KEEL_OK;
    for (size_t i = 0; created && i < count && i < 4 && !rc; i++) {
        const struct keel_column_model *other = &table->columns[times[i]];
        if (other != created && other->type.kind != KEEL_LOGICAL_DATE &&
            !keel__name_has(other->name, "expires expiry expire until due valid next scheduled"))
            rc = fn(audit, context, created, other, err);
    }
    return rc;
}

static int plan_shift(struct keel__audit *audit, void *context, const struct keel_column_model *a,
                      const struct keel_column_model *b, struct keel_error *err)
{
    struct keel__scan *scan = context;
    const char *x = keel__ask_time(audit, "t", a), *y = keel__ask_time(audit, "t", b);
    const char *hours = x && y ? keel__ask_format(audit, "((%s) - (%s)) * 24", x, y) : NULL;
    const char *shifted = shift_key(audit, "by", a, b), *near = shift_key(audit, "near", a, b);
    if (!hours || !shifted || !near)
        return keel__nomem(err);
    const char *expression =
        keel__ask_format(audit, "abs(%s) BETWEEN 0.9 AND 14.1 AND abs((%s) - round(%s)) < 0.02",
                         hours, hours, hours);
    const char *same = keel__ask_format(audit, "abs(%s) < 0.1", hours);
    const char *example =
        keel__ask_format(audit,
                         audit->dialect == KEEL_SQLITE ? "CAST(round(%s) AS INTEGER) || ' hours'"
                                                       : "round(%s)::int || ' hours'",
                         hours);
    if (!expression || !same || !example)
        return keel__nomem(err);
    keel__scan_probe(scan, shifted, expression, example);
    keel__scan_probe(scan, near, same, NULL);
    return KEEL_OK;
}

int keel__plan_time_shift(struct keel__audit *audit, struct keel__scan *scan,
                          struct keel_error *err)
{
    return each_shift_pair(audit, keel__scan_table(scan), plan_shift, scan, err);
}

static int report_shift(struct keel__audit *audit, void *context, const struct keel_column_model *a,
                        const struct keel_column_model *b, struct keel_error *err)
{
    const struct keel__table_facts *facts = context;
    const char *shifted = shift_key(audit, "by", a, b), *near = shift_key(audit, "near", a, b);
    if (!shifted || !near)
        return keel__nomem(err);
    const struct keel__probe *by = keel__facts_probe(facts, shifted);
    const struct keel__probe *same = keel__facts_probe(facts, near);
    if (!by || !same || by->distinct != 1 || by->matching < MIN_ROWS || same->matching < MIN_ROWS)
        return KEEL_OK;
    int64_t both = facts->rows - by->nulls;
    if ((by->matching + same->matching) * 20 < both * 19)
        return KEEL_OK;
    struct keel_finding *finding = keel__consistency_add(audit, "time-shifted", facts->table);
    if (!finding)
        return keel__nomem(err);
    keel__consistency_columns(audit, finding, b->name, a->name);
    keel__finding_data(finding, facts, by->matching);
    keel__finding_examples(audit, finding, &by->examples);
    keel__finding_count(audit, finding, "shifted", by->matching);
    keel__finding_count(audit, finding, "together", same->matching);
    keel__finding_say(audit, finding,
                      "%s is exactly %s away from %s in %lld of %lld rows and close to it in %lld: "
                      "local time in some rows, UTC in the others",
                      b->name, by->examples.count ? by->examples.texts[0] : "some hours", a->name,
                      (long long)by->matching, (long long)both, (long long)same->matching);
    return keel__consistency_choice(
        audit, finding, facts->table, "which of the rows are in which time zone is for you to say",
        keel__ask_format(audit, "%lld rows of %s are shifted against %s: move them to UTC",
                         (long long)by->matching, b->name, a->name),
        err);
}

int keel__table_time_shift(struct keel__audit *audit, const struct keel__table_facts *facts,
                           struct keel_error *err)
{
    return each_shift_pair(audit, facts->table, report_shift, (void *)(uintptr_t)facts, err);
}

/* ---- a row's time against its parent's ------------------------------------------------------- */

static bool part_of_key(const struct keel_table_model *table, const char *column)
{
    const struct keel_key_model *key = table->primary_key;
    for (size_t i = 0; key && i < key->column_count; i++)
        if (strcmp(key->columns[i], column) == 0)
            return true;
    for (size_t u = 0; u < table->unique_count; u++)
        for (size_t i = 0; i < table->uniques[u].column_count; i++)
            if (strcmp(table->uniques[u].columns[i], column) == 0)
                return true;
    for (size_t u = 0; u < table->index_count; u++)
        for (size_t i = 0; table->indexes[u].unique && i < table->indexes[u].part_count; i++)
            if (table->indexes[u].parts[i].column &&
                strcmp(table->indexes[u].parts[i].column, column) == 0)
                return true;
    return false;
}

/* The child cannot be without this parent: it goes with it, or is named by it. */
static bool is_owned(const struct keel__reference *reference)
{
    return (reference->declared && reference->declared->on_delete == KEEL_ACTION_CASCADE) ||
           part_of_key(reference->table, reference->table->columns[reference->columns[0]].name);
}

struct lineage {
    const struct keel_column_model *child_time, *parent_time, *parent_end, *reference, *key;
};

static bool lineage_of(const struct keel__audit *audit, const struct keel__reference *reference,
                       struct lineage *out)
{
    if (reference->column_count != 1 || !reference->parent ||
        reference->parent == reference->table || !is_owned(reference))
        return false;
    out->reference = &reference->table->columns[reference->columns[0]];
    out->key = keel_table_column(reference->parent, reference->parent_columns[0]);
    out->child_time = keel__role_created(reference->table);
    out->parent_time = keel__role_created(reference->parent);
    out->parent_end = keel__role_updated(reference->parent);
    return out->key && out->child_time && (out->parent_time || out->parent_end) &&
           keel__ask_comparable(audit, out->reference, out->key) &&
           keel__ask_indexed(reference->parent, out->key->name);
}

static const char *child_key(struct keel__audit *audit, const char *what,
                             const struct keel__reference *reference)
{
    return keel__ask_format(audit, "%s %zu", what, (size_t)(reference - audit->references));
}

static int plan_child(struct keel__audit *audit, struct keel__scan *scan,
                      const struct keel__reference *reference, struct keel_error *err)
{
    struct lineage line;
    if (!lineage_of(audit, reference, &line))
        return KEEL_OK;
    const char *parent = keel__ask_table(audit, reference->parent);
    const char *x = keel__ask_column(audit, "t", line.reference);
    const char *k = keel__ask_column(audit, "p", line.key);
    for (int end = 0; end < 2; end++) {
        const struct keel_column_model *time = end ? line.parent_end : line.parent_time;
        if (!time)
            continue;
        const char *wrong = end ? before(audit, "p", time, "t", line.child_time)
                                : before(audit, "t", line.child_time, "p", time);
        const char *key = child_key(audit, end ? "child-late" : "child-older", reference);
        if (!parent || !x || !k || !wrong || !key)
            return keel__nomem(err);
        const char *condition = keel__ask_format(
            audit, "EXISTS (SELECT 1 FROM %s p WHERE %s = %s AND %s)", parent, k, x, wrong);
        const char *example =
            audit->dialect == KEEL_POSTGRES ? keel__ask_format(audit, "%s::text", x) : x;
        if (!condition || !example)
            return keel__nomem(err);
        keel__scan_probe(scan, key, condition, example);
    }
    return KEEL_OK;
}

int keel__plan_child_time(struct keel__audit *audit, struct keel__scan *scan,
                          struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->reference_count && !rc; i++)
        if (audit->references[i].table == keel__scan_table(scan))
            rc = plan_child(audit, scan, &audit->references[i], err);
    return rc;
}

/* A few exceptions show a fault; many show that the times mean something else. */
static const struct keel__probe *exceptions(struct keel__audit *audit, const char *what,
                                            const struct keel__reference *reference, int per_cent)
{
    const char *key = child_key(audit, what, reference);
    const struct keel__table_facts *facts = keel__facts_of(audit, reference->table);
    const struct keel__probe *probe = key && facts ? keel__facts_probe(facts, key) : NULL;
    return probe && probe->matching && facts->rows >= MIN_ROWS &&
                   probe->matching * 100 <= facts->rows * per_cent
               ? probe
               : NULL;
}

static int report_child(struct keel__audit *audit, const struct keel__reference *reference,
                        bool late, struct keel_error *err)
{
    struct lineage line;
    const char *id = late ? "child-after-last-change" : "child-older-than-parent";
    const struct keel__probe *probe =
        exceptions(audit, late ? "child-late" : "child-older", reference, late ? 10 : 15);
    if (!probe || !keel__consistency_holds(reference) || !lineage_of(audit, reference, &line))
        return KEEL_OK;
    const struct keel__table_facts *facts = keel__facts_of(audit, reference->table);
    struct keel_finding *finding = keel__consistency_add(audit, id, reference->table);
    if (!finding)
        return keel__nomem(err);
    keel__consistency_columns(audit, finding, line.child_time->name, line.reference->name);
    keel__finding_data(finding, facts, probe->matching);
    keel__finding_examples(audit, finding, &probe->examples);
    keel__finding_count(audit, finding, "parents", probe->distinct);
    if (probe->matching * 20 > facts->rows)
        finding->severity = KEEL_SEVERITY_ADVICE;
    if (late)
        keel__finding_say(audit, finding,
                          "%lld of %lld rows of %s were written after the last change of their %s "
                          "row (%s), which the others were not: saved again after it had ended",
                          (long long)probe->matching, (long long)facts->rows, facts->table->name,
                          reference->parent->name, line.parent_end->name);
    else
        keel__finding_say(audit, finding,
                          "%lld of %lld rows of %s are older than the %s row they belong to (%s); "
                          "%lld such rows of %s: it was written anew, or its time was overwritten",
                          (long long)probe->matching, (long long)facts->rows, facts->table->name,
                          reference->parent->name, line.parent_time->name,
                          (long long)probe->distinct, reference->parent->name);
    return KEEL_OK;
}

static int report_children(struct keel__audit *audit, bool late, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->reference_count && !rc; i++)
        rc = report_child(audit, &audit->references[i], late, err);
    return rc;
}

int keel__schema_child_older(struct keel__audit *audit, struct keel_error *err)
{
    return report_children(audit, false, err);
}

int keel__schema_child_late(struct keel__audit *audit, struct keel_error *err)
{
    return report_children(audit, true, err);
}
