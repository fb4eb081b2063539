/* Indexes that names and values speak for. */
#include <string.h>

#include "audit/indexes.h"
#include "audit/name.h"
#include "schema/model.h"

enum {
    MIN_ROWS = 100, /* below, a scan is as good */
    MIN_ROWS_NAMED = 20 /* of a table that bigger ones refer to */,
    MANY_ROWS = 1000,
    MAX_SUGGESTED = 64, /* a table */
    MAX_PARTS = 3,
    MAX_SAME_TIMES = 10 /* different times; fewer put nothing in order */
};

struct suggestion {
    const char *columns[MAX_PARTS];
    size_t count;
    const char *why;
    int weight;      /* the heaviest are kept */
    bool needs_time; /* alone it would not help */
};

struct suggest {
    struct keel__audit *audit;
    const struct keel__table_facts *facts;
    const struct keel_table_model *table;
    const char *time; /* the column that says when a row was made; NULL: none */
    struct suggestion found[64];
    size_t count;
};

/* ---- what columns are ------------------------------------------------------------------------ */

static bool is_time_type(const struct keel_column_model *column)
{
    switch (column->type.kind) {
    case KEEL_LOGICAL_TIMESTAMP:
    case KEEL_LOGICAL_DATE:
        return true;
    case KEEL_LOGICAL_TEXT:
    case KEEL_LOGICAL_INTEGER:
    case KEEL_LOGICAL_UNKNOWN:
        return !column->type.dimensions;
    default:
        return false;
    }
}

/* How well a column's name says when the row came to be; 0: not at all. */
static int time_rank(const struct keel_column_model *column)
{
    static const struct {
        const char *words;
        int rank;
    } firsts[] = {
        {"created creation", 10},
        {"inserted added recorded logged", 8},
        {"occurred event happened execution executed action", 6},
        {"generated uploaded upload received sent published", 5},
        {"started start", 4},
    };
    struct keel__name_words words;
    keel__name_split(column->name, &words);
    if (!words.count || !is_time_type(column))
        return 0;
    if (words.count == 1 && keel__word_among(words.words[0], "created ts timestamp datetime"))
        return strcmp(words.words[0], "created") == 0 ? 10 : 9;
    if (words.count != 2 ||
        !keel__word_among(words.words[1], "at ts timestamp time date on datetime"))
        return 0;
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++)
        if (keel__word_among(words.words[0], firsts[i].words))
            return firsts[i].rank;
    return 0;
}

/* Rows that are kept under the row they belong to, (run_id, sequence), are read from there. */
static bool is_kept_under_parent(const struct keel_table_model *table)
{
    const struct keel_key_model *key = table->primary_key;
    if (!key || key->column_count < 2)
        return false;
    for (size_t i = 0; i < table->foreign_key_count; i++)
        if (keel__name_is(table->foreign_keys[i].columns[0], key->columns[0]))
            return true;
    return false;
}

static const char *time_column(const struct suggest *s)
{
    const char *best = NULL;
    int best_rank = 0;
    for (size_t i = 0; i < s->table->column_count; i++) {
        int rank = time_rank(&s->table->columns[i]);
        if (rank > best_rank && s->facts->profiles[i].distinct > MAX_SAME_TIMES) {
            best_rank = rank;
            best = s->table->columns[i].name;
        }
    }
    return best;
}

static int64_t values_of(const struct keel__profile *profile)
{
    return profile->rows - profile->nulls;
}

static bool is_key_like(const struct suggest *s, const struct keel__profile *profile)
{
    enum keel__key_class class = keel__key_class_of(s->audit->dialect, profile->column);
    if (profile->column->type.kind == KEEL_LOGICAL_ENUM)
        return true;
    return class != KEEL__CLASS_NONE && class != KEEL__CLASS_BYTES && profile->max_bytes <= 2000;
}

static bool leads(const struct suggest *s, const char *column)
{
    return keel__leads_index(s->table, &column, 1);
}

/* An index or key of several columns whose first is this one. */
static bool leads_longer(const struct keel_table_model *table, const char *column)
{
    const struct keel_key_model *key = table->primary_key;
    if (key && key->column_count > 1 && keel__name_is(key->columns[0], column))
        return true;
    for (size_t i = 0; i < table->unique_count; i++)
        if (table->uniques[i].column_count > 1 &&
            keel__name_is(table->uniques[i].columns[0], column))
            return true;
    for (size_t i = 0; i < table->index_count; i++)
        if (table->indexes[i].part_count > 1 && keel__index_serves(&table->indexes[i], column))
            return true;
    return false;
}

static struct suggestion *suggest(struct suggest *s, const char *why, int weight, const char *first,
                                  const char *second, const char *third)
{
    if (s->count == sizeof s->found / sizeof *s->found)
        return NULL;
    struct suggestion *new = &s->found[s->count++];
    *new = (struct suggestion){.columns = {first}, .count = 1, .why = why, .weight = weight};
    if (second)
        new->columns[new->count++] = second;
    if (third)
        new->columns[new->count++] = third;
    return new;
}

/* ---- few values: states, levels, languages, models, flags -------------------------------------
 */

static bool is_few(const struct keel__profile *profile)
{
    return !profile->distinct_overflow && profile->distinct >= 2 && profile->distinct <= 100 &&
           profile->distinct * 5 <= values_of(profile);
}

/* A column of this name (one word) with few values, or NULL. */
static const char *few_valued(const struct suggest *s, const char *names)
{
    for (size_t i = 0; i < s->table->column_count; i++) {
        const struct keel__profile *profile = &s->facts->profiles[i];
        struct keel__name_words words;
        keel__name_split(s->table->columns[i].name, &words);
        if (words.count == 1 && keel__word_among(words.words[0], names) && is_few(profile))
            return s->table->columns[i].name;
    }
    return NULL;
}

static bool is_flag_to_filter(const struct keel_column_model *column)
{
    struct keel__name_words words;
    keel__name_split(column->name, &words);
    size_t first = words.count == 2 && strcmp(words.words[0], "is") == 0;
    return words.count == first + 1 &&
           keel__word_among(words.words[first], "read seen archived handled acknowledged");
}

static void few_values(struct suggest *s, size_t i)
{
    const struct keel_column_model *column = &s->table->columns[i];
    const char *name = column->name;
    struct keel__name_words words;
    keel__name_split(name, &words);
    if (!words.count || !is_few(&s->facts->profiles[i]) || leads(s, name))
        return;
    const char *last = words.words[words.count - 1];
    bool flag = is_flag_to_filter(column);
    if (!flag &&
        (column->type.kind == KEEL_LOGICAL_BOOLEAN || !is_key_like(s, &s->facts->profiles[i])))
        return;
    if (keel__word_among(last, "status state") && words.count <= 2 &&
        strcmp(words.words[0], "http") != 0) {
        const char *type = few_valued(s, "type kind");
        struct suggestion *new =
            suggest(s, "lists by state", 10, name, type ? type : s->time, type ? s->time : NULL);
        if (new)
            new->needs_time = !s->time;
    } else if (!s->time) {
        return;
    } else if (flag) {
        suggest(s, "lists of what is still to be seen", 7, name, s->time, NULL);
    } else if (words.count == 1 && keel__word_among(last, "level severity event action")) {
        suggest(s, "the newest of a kind", 9, name, s->time, NULL);
    } else if (words.count == 1 && keel__word_among(last, "lang language locale")) {
        suggest(s, "lists by language", 6, name, s->time, NULL);
    } else if (words.count == 1 && strcmp(last, "model") == 0) {
        suggest(s, "figures by model and time", 8, name, s->time, NULL);
        const struct keel_column_model *provider = keel__column_named(s->table, "provider");
        if (provider && provider->type.kind == KEEL_LOGICAL_TEXT && !leads(s, provider->name))
            suggest(s, "figures by provider, model and time", 7, provider->name, name, s->time);
    }
}

/* ---- owners and other references --------------------------------------------------------------
 */

static const struct keel__reference *reference_of(const struct suggest *s, size_t column)
{
    const struct keel__reference *soft = NULL;
    for (size_t i = 0; i < s->audit->reference_count; i++) {
        const struct keel__reference *r = &s->audit->references[i];
        if (r->table != s->table || r->column_count != 1 || r->columns[0] != column)
            continue;
        if (r->declared)
            return r;
        soft = soft ? soft : r;
    }
    return soft;
}

static bool repeats(const struct keel__profile *profile, int times)
{
    return profile->distinct_overflow
               ? profile->duplicate_rows * times >= values_of(profile) * (times - 1)
               : profile->distinct * times <= values_of(profile);
}

/* Whether a reference's rows can be listed by time already. */
static bool is_lengthened(const struct suggest *s)
{
    for (size_t i = 0; s->time && i < s->table->column_count; i++) {
        const char *both[] = {s->table->columns[i].name, s->time};
        if (keel__leads_index(s->table, both, 2) && reference_of(s, i))
            return true;
    }
    return false;
}

/* A reference whose rows are listed by time. An index that a declared one has, or gets from another
 * rule, is made longer only for one reference a table. */
static void reference(struct suggest *s, size_t i, bool *lengthened)
{
    const char *name = s->table->columns[i].name;
    const struct keel__profile *profile = &s->facts->profiles[i];
    const struct keel__reference *r = reference_of(s, i);
    if (!r || !s->time || values_of(profile) * 2 < profile->rows || profile->distinct < 2 ||
        keel__column_is_unique(s->table, name) || leads_longer(s->table, name))
        return;
    bool soft = !r->declared && keel__reference_holds(r);
    if (soft && !leads(s, name)) {
        if (repeats(profile, 2))
            suggest(s, "what belongs to one of them, newest first", 9, name, s->time, NULL);
        return;
    }
    if (!(r->declared || soft) || *lengthened || profile->distinct * 10 > values_of(profile) * 9)
        return;
    *lengthened = true;
    suggest(s, "what belongs to one of them, newest first", 5, name, s->time, NULL);
}

/* ---- look-ups by value ------------------------------------------------------------------------
 */

static bool is_looked_up(const struct keel__name_words *words)
{
    const char *last = words->words[words->count - 1];
    const char *before = words->count > 1 ? words->words[words->count - 2] : "";
    if (keel__word_among(last, "id uuid"))
        return keel__word_among(before, "correlation trace tracking external idempotency");
    if (strcmp(last, "url") == 0)
        return words->count == 1 ||
               keel__word_among(before, "normalized canonical source original page");
    return words->count <= 2 && keel__word_among(last, "email slug sku hash fingerprint");
}

static void look_up(struct suggest *s, size_t i)
{
    const char *name = s->table->columns[i].name;
    const struct keel__profile *profile = &s->facts->profiles[i];
    struct keel__name_words words;
    keel__name_split(name, &words);
    if (!words.count || leads(s, name) || !is_key_like(s, profile) || reference_of(s, i) ||
        values_of(profile) < 20)
        return;
    const char *last = words.words[words.count - 1];
    bool several = repeats(profile, 3);
    if (is_looked_up(&words)) {
        if (profile->distinct >= 10)
            suggest(s, "look-ups by value", 8, name, several ? s->time : NULL, NULL);
    } else if (words.count == 2 && keel__word_among(last, "id uuid") && s->time && several &&
               profile->distinct >= 10 && values_of(profile) * 2 >= profile->rows) {
        suggest(s, "what belongs together, newest first", 7, name, s->time, NULL);
    }
}

/* ---- times and names --------------------------------------------------------------------------
 */

/* An index of several columns that ends in this one. */
static bool ends_longer(const struct suggest *s, const char *column)
{
    for (size_t i = 0; i < s->table->index_count; i++) {
        const struct keel_index_model *index = &s->table->indexes[i];
        const char *last = index->part_count ? index->parts[index->part_count - 1].column : NULL;
        if (index->part_count > 1 && last && !index->where && keel__name_is(last, column))
            return true;
    }
    return false;
}

static bool any_time_is_indexed(const struct suggest *s)
{
    if (s->time && ends_longer(s, s->time))
        return true;
    for (size_t i = 0; i < s->table->column_count; i++)
        if (time_rank(&s->table->columns[i]) && leads(s, s->table->columns[i].name))
            return true;
    for (size_t i = 0; i < s->count; i++)
        if (s->time && s->found[i].columns[s->found[i].count - 1] == s->time)
            return true;
    return false;
}

static void times(struct suggest *s)
{
    /* Rows of a small table that belong to others are found through those. */
    bool is_child = (s->table->foreign_key_count > 0 && s->facts->row_count < MANY_ROWS) ||
                    is_kept_under_parent(s->table);
    if (s->time && !is_child && !any_time_is_indexed(s))
        suggest(s, "lists by time", 6, s->time, NULL, NULL);
    for (size_t i = 0; i < s->table->column_count; i++) {
        const struct keel_column_model *column = &s->table->columns[i];
        if (keel__name_starts(column->name, "execution executed occurred happened") &&
            time_rank(column) && column->name != s->time && !leads(s, column->name))
            suggest(s, "lists by time", 6, column->name, NULL, NULL);
    }
}

/* The name of what bigger tables refer to: lists are filtered by it. */
static void name_of_parent(struct suggest *s)
{
    const struct keel_column_model *column = keel__column_named(s->table, "name");
    if (!column || leads(s, column->name))
        return;
    const struct keel__profile *profile = keel__facts_profile(s->facts, column->name);
    if (!profile || column->type.kind != KEEL_LOGICAL_TEXT || values_of(profile) < MIN_ROWS_NAMED ||
        profile->distinct * 2 < values_of(profile))
        return;
    for (size_t i = 0; i < s->audit->reference_count; i++) {
        const struct keel__reference *r = &s->audit->references[i];
        if (!r->declared || r->parent != s->table || r->table == s->table)
            continue;
        const struct keel__table_facts *child = keel__facts_of(s->audit, r->table);
        if (child->row_count >= MIN_ROWS && child->row_count >= s->facts->row_count * 4) {
            suggest(s, "finding one by its name, and lists filtered by it", 5, column->name, NULL,
                    NULL);
            return;
        }
    }
}

/* ---- telling ----------------------------------------------------------------------------------
 */

/* The index that becomes the beginning of the suggested one. */
static void drop_shorter(struct suggest *s, struct keel_finding *f,
                         const struct keel_index_model *index)
{
    for (size_t i = 0; i < s->table->index_count; i++) {
        const struct keel_index_model *old = &s->table->indexes[i];
        if (old->unique || keel__index_covered(old, index) != KEEL__COVER_PREFIX)
            continue;
        struct keel__repair *drop =
            keel__repair_add(s->audit, f, KEEL__REPAIR_DROP_INDEX, s->table);
        if (drop)
            drop->name = old->name;
        if (f)
            f->fix_text = keel__arena_printf(
                s->audit->arena, "Adds the index and drops %s, which it begins with.", old->name);
    }
}

static void tell(struct suggest *s, const struct keel__rule *rule, const struct suggestion *what)
{
    struct keel__audit *audit = s->audit;
    struct keel_finding *f = keel__finding_add(audit, rule, s->table);
    const struct keel_index_model *index = keel__index_over(audit, what->columns, what->count);
    if (!f || !index)
        return;
    keel__finding_columns(audit, f, what->columns, what->count);
    keel__finding_data(f, s->facts, s->facts->rows);
    keel__finding_say(audit, f, "%s has no index on %s: %s read all of about %lld rows.",
                      s->table->name, keel__columns_text(audit, what->columns, what->count),
                      what->why, (long long)s->facts->row_count);
    if (what->needs_time) {
        f->fix = KEEL_FIX_NEEDS_DECISION;
        f->fix_text = "The table has no time to sort by, and these few values alone hardly select: "
                      "add a time first, then the index on both.";
        keel__repair_add(audit, f, KEEL__REPAIR_CHOICE, s->table);
        return;
    }
    f->fix_text = "Adds the index.";
    struct keel__repair *add = keel__repair_add(audit, f, KEEL__REPAIR_ADD_INDEX, s->table);
    if (add)
        add->item = index;
    drop_shorter(s, f, index);
}

static bool is_leading(const struct suggestion *a, const struct suggestion *b)
{
    if (a == b || a->count > b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->columns[i] != b->columns[i])
            return false;
    return a->count < b->count || a > b;
}

/* The heaviest that is left and not the beginning of another, or NULL. */
static struct suggestion *heaviest(struct suggest *s)
{
    struct suggestion *best = NULL;
    for (size_t i = 0; i < s->count; i++) {
        bool needless = s->found[i].weight == 0;
        for (size_t k = 0; k < s->count && !needless; k++)
            needless = is_leading(&s->found[i], &s->found[k]);
        if (!needless && (!best || s->found[i].weight > best->weight))
            best = &s->found[i];
    }
    return best;
}

void keel__suggest_indexes(struct keel__audit *audit, const struct keel__rule *rule,
                           const struct keel__table_facts *facts)
{
    struct suggest s = {.audit = audit, .facts = facts, .table = facts->table};
    if (!facts->scanned || facts->rows < MIN_ROWS_NAMED)
        return;
    name_of_parent(&s);
    if (facts->rows >= MIN_ROWS) {
        s.time = time_column(&s);
        bool lengthened = is_kept_under_parent(s.table) || is_lengthened(&s);
        for (size_t i = 0; i < s.table->column_count; i++) {
            if (!is_kept_under_parent(s.table))
                few_values(&s, i);
            reference(&s, i, &lengthened);
            look_up(&s, i);
        }
        times(&s);
    }
    for (int n = 0; n < MAX_SUGGESTED; n++) {
        struct suggestion *next = heaviest(&s);
        if (!next)
            return;
        tell(&s, rule, next);
        next->weight = 0;
    }
}
