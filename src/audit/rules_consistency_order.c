#include "audit/rules_consistency.h"
#include "base/error.h"

#include <string.h>

/* Rows in a sequence: each parent's rows in the order of a number, or of the words of a column. */

enum { MIN_ROWS = 20, MIN_GROUP_ROWS = 20 };

/* A unique pair of columns one of which `takes`; the other is the parent. */
struct pair {
    const struct keel_column_model *parent, *member;
};

typedef bool takes_fn(const struct keel__table_facts *facts,
                      const struct keel_column_model *column);

static bool make_pair(const struct keel__table_facts *facts, const char *a, const char *b,
                      takes_fn *takes, struct pair *out)
{
    const struct keel_column_model *x = keel_table_column(facts->table, a);
    const struct keel_column_model *y = keel_table_column(facts->table, b);
    if (!x || !y || !takes(facts, y))
        return false;
    *out = (struct pair){.parent = x, .member = y};
    return true;
}

static bool unique_pair(const struct keel__table_facts *facts, takes_fn *takes, struct pair *out)
{
    const struct keel_table_model *table = facts->table;
    const struct keel_key_model *key = table->primary_key;
    if (key && key->column_count == 2 &&
        make_pair(facts, key->columns[0], key->columns[1], takes, out))
        return true;
    for (size_t i = 0; i < table->unique_count; i++)
        if (table->uniques[i].column_count == 2 &&
            make_pair(facts, table->uniques[i].columns[0], table->uniques[i].columns[1], takes,
                      out))
            return true;
    for (size_t i = 0; i < table->index_count; i++) {
        const struct keel_index_model *index = &table->indexes[i];
        if (index->unique && !index->where && index->part_count == 2 && index->parts[0].column &&
            index->parts[1].column &&
            make_pair(facts, index->parts[0].column, index->parts[1].column, takes, out))
            return true;
    }
    return false;
}

static bool is_sequence(const struct keel__table_facts *facts,
                        const struct keel_column_model *column)
{
    (void)facts;
    return keel__role_is_sequence(column);
}

/* ---- time-runs-backwards --------------------------------------------------------------------- */

static int backwards(struct keel__audit *audit, const struct keel__table_facts *facts,
                     struct keel_error *err)
{
    struct pair pair;
    int64_t numbers[2];
    bool answered;
    const struct keel_column_model *time = keel__role_created(facts->table);
    if (!time || !unique_pair(facts, is_sequence, &pair) || facts->rows < MIN_ROWS)
        return KEEL_OK;
    const char *at = keel__ask_time(audit, "t", time);
    const char *parent = keel__ask_column(audit, "t", pair.parent);
    const char *sequence = keel__ask_column(audit, "t", pair.member);
    const char *table = keel__ask_table(audit, facts->table);
    if (!at || !parent || !sequence || !table)
        return keel__nomem(err);
    const char *sql = keel__ask_format(
        audit,
        "SELECT count(*) FILTER (WHERE d < -1.0 / 86400), count(d) FROM (SELECT (%s) - lag(%s) "
        "OVER (PARTITION BY %s ORDER BY %s) AS d FROM %s t) x",
        at, at, parent, sequence, table);
    int rc = keel__ask_numbers(audit, facts->table->name, sql, numbers, 2, &answered, err);
    if (rc || !answered || !numbers[0] || numbers[0] * 10 > numbers[1])
        return rc;
    struct keel_finding *finding =
        keel__consistency_add(audit, "time-runs-backwards", facts->table);
    if (!finding)
        return keel__nomem(err);
    keel__consistency_columns(audit, finding, time->name, pair.member->name);
    keel__finding_data(finding, facts, numbers[0]);
    keel__finding_say(audit, finding,
                      "%s goes backwards along %s in %lld of %lld steps from one row of a %s to "
                      "the next",
                      time->name, pair.member->name, (long long)numbers[0], (long long)numbers[1],
                      pair.parent->name);
    return KEEL_OK;
}

/* ---- sequence-gaps --------------------------------------------------------------------------- */

static int gaps(struct keel__audit *audit, const struct keel__table_facts *facts,
                struct keel_error *err)
{
    struct pair pair;
    int64_t numbers[3];
    bool answered;
    if (!unique_pair(facts, is_sequence, &pair) || facts->rows < MIN_ROWS)
        return KEEL_OK;
    const struct keel__profile *profile = keel__facts_profile(facts, pair.member->name);
    if (!profile || !profile->has_number || profile->min_integer < 0 || profile->min_integer > 1)
        return KEEL_OK;
    const char *parent = keel__ask_column(audit, "t", pair.parent);
    const char *sequence = keel__ask_column(audit, "t", pair.member);
    const char *table = keel__ask_table(audit, facts->table);
    if (!parent || !sequence || !table)
        return keel__nomem(err);
    const char *sql = keel__ask_format(
        audit,
        "SELECT count(*), count(*) FILTER (WHERE top > n), sum(CASE WHEN top > n THEN top - n "
        "ELSE 0 END) FROM (SELECT max(%s) - %d AS top, count(*) AS n FROM %s t GROUP BY %s) x",
        sequence, (int)profile->min_integer - 1, table, parent);
    int rc = keel__ask_numbers(audit, facts->table->name, sql, numbers, 3, &answered, err);
    /* where most have gaps the numbers are not meant to be without */
    if (rc || !answered || !numbers[1] || numbers[1] * 2 > numbers[0])
        return rc;
    struct keel_finding *finding = keel__consistency_add(audit, "sequence-gaps", facts->table);
    if (!finding)
        return keel__nomem(err);
    keel__consistency_columns(audit, finding, pair.member->name, pair.parent->name);
    keel__finding_data(finding, facts, numbers[1]);
    finding->rows = numbers[0];
    keel__finding_count(audit, finding, "missing numbers", numbers[2]);
    keel__finding_say(audit, finding,
                      "%s has gaps for %lld of %lld values of %s (%lld numbers are missing): rows "
                      "were removed, or never stored",
                      pair.member->name, (long long)numbers[1], (long long)numbers[0],
                      pair.parent->name, (long long)numbers[2]);
    return KEEL_OK;
}

/* ---- steps-out-of-order: words of one parent that come in an order ----------------------------
 */

static bool is_step(const struct keel__table_facts *facts, const struct keel_column_model *column)
{
    const struct keel__profile *profile = keel__facts_profile(facts, column->name);
    return profile && keel__role_is_text(column) && profile->word_count >= 3 &&
           profile->word_count <= KEEL__CROSS_WORDS;
}

struct steps {
    struct keel__audit *audit;
    const struct keel__table_facts *facts;
    struct keel_finding *finding;
    const char *time, *member;
    int64_t most;
    bool failed;
};

static void take_step(struct steps *steps, const char *late, const char *early, int64_t exceptions)
{
    struct keel__audit *audit = steps->audit;
    if (!steps->finding) {
        steps->finding = keel__consistency_add(audit, "steps-out-of-order", steps->facts->table);
        if (steps->finding)
            keel__consistency_columns(audit, steps->finding, steps->time, steps->member);
    }
    const char *what = keel__ask_format(audit, "%s after %s", late, early);
    if (!steps->finding || !what) {
        steps->failed = true;
        return;
    }
    keel__finding_count(audit, steps->finding, what, exceptions);
    if (exceptions > steps->most)
        steps->most = exceptions;
}

static int each_step(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct steps *steps = context;
    struct keel__arena *arena = steps->audit->arena;
    int64_t rows = keel_row_int(row, 2), after = keel_row_int(row, 3),
            before = keel_row_int(row, 4);
    bool usually_after = after > before;
    int64_t exceptions = usually_after ? before : after, usual = usually_after ? after : before;
    (void)err;
    if (rows < MIN_GROUP_ROWS || !exceptions || exceptions * 100 > rows * 15 ||
        usual * 100 < rows * 80)
        return KEEL_OK;
    const char *a = keel__arena_dup(arena, keel_row_text(row, 0));
    const char *b = keel__arena_dup(arena, keel_row_text(row, 1));
    if (!a || !b)
        steps->failed = true;
    else if (usually_after)
        take_step(steps, b, a, exceptions);
    else
        take_step(steps, a, b, exceptions);
    return KEEL_OK;
}

static int steps_of(struct keel__audit *audit, const struct keel__table_facts *facts,
                    struct keel_error *err)
{
    struct pair pair;
    bool answered;
    const struct keel_column_model *time = keel__role_created(facts->table);
    if (!time || facts->rows < 2 * MIN_ROWS || !unique_pair(facts, is_step, &pair))
        return KEEL_OK;
    const char *a = keel__ask_time(audit, "a", time), *b = keel__ask_time(audit, "b", time);
    const char *ap = keel__ask_column(audit, "a", pair.parent);
    const char *bp = keel__ask_column(audit, "b", pair.parent);
    const char *aw = keel__ask_column(audit, "a", pair.member);
    const char *bw = keel__ask_column(audit, "b", pair.member);
    const char *table = keel__ask_table(audit, facts->table);
    if (!a || !b || !ap || !bp || !aw || !bw || !table)
        return keel__nomem(err);
    const char *sql = keel__ask_format(
        audit,
        "SELECT %s, %s, count(*), count(*) FILTER (WHERE (%s) > (%s) + 1.0 / 86400), "
        "count(*) FILTER (WHERE (%s) < (%s) - 1.0 / 86400) FROM %s a JOIN %s b ON %s = %s AND "
        "%s < %s GROUP BY 1, 2 ORDER BY 1, 2",
        aw, bw, a, b, a, b, table, table, ap, bp, aw, bw);
    struct steps steps = {
        .audit = audit, .facts = facts, .time = time->name, .member = pair.member->name};
    int rc = keel__ask_each(audit, facts->table->name, sql, each_step, &steps, &answered, err);
    if (rc || !steps.finding)
        return steps.failed ? keel__nomem(err) : rc;
    keel__finding_data(steps.finding, facts, steps.most);
    keel__finding_say(audit, steps.finding,
                      "the rows of a %s come in the order of their %s, but for up to %lld pairs: "
                      "%s was written anew, and is not when they were first made",
                      pair.parent->name, pair.member->name, (long long)steps.most, time->name);
    return KEEL_OK;
}

/* ---- over all tables ------------------------------------------------------------------------- */

static int each_table(struct keel__audit *audit, keel__table_fn *fn, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->schema->table_count && !rc; i++)
        if (keel__ask_whole(&audit->facts[i]))
            rc = fn(audit, &audit->facts[i], err);
    return rc;
}

int keel__schema_time_backwards(struct keel__audit *audit, struct keel_error *err)
{
    return each_table(audit, backwards, err);
}

int keel__schema_sequence_gaps(struct keel__audit *audit, struct keel_error *err)
{
    return each_table(audit, gaps, err);
}

int keel__schema_word_order(struct keel__audit *audit, struct keel_error *err)
{
    return each_table(audit, steps_of, err);
}
