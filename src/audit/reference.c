#include "audit/reference.h"

#include <string.h>

#include "audit/name.h"
#include "base/map.h"
#include "schema/model.h"

enum {
    MAX_CANDIDATES = 12,      /* looked at for one column */
    MAX_KEPT = 3,             /* references of one column */
    MAX_SOFT_OF_A_TABLE = 64, /* columns with soft references */
    MAX_SAME_NAME = 32        /* keys looked at under one name */
};

/* Words after which a name speaks of a row, not of what it is. */
static const char id_words[] = "id uuid guid ref fk oid";
static const char self_words[] =
    "parent previous prev next root original origin replaces replaced superseded supersedes reply "
    "ancestor predecessor successor duplicate";
/* Ids of something outside, or of many rows at once. */
static const char foreign_words[] = "correlation trace span external idempotency";
static const char people_words[] =
    "owner author creator uploader assignee reviewer approver sender recipient user account member "
    "researcher customer editor moderator requester reporter employee manager submitter";
static const char by_words[] = "created updated modified deleted validated approved uploaded "
                               "assigned reviewed requested submitted owned locked changed";
static const char people_tables[] = "user account person member employee profile customer";

/* A key of one column: what a soft reference may point to. */
struct key {
    const struct keel_table_model *table;
    const struct keel_column_model *column;
    bool primary;
    const struct key *next; /* under the same name */
};

enum scope { BY_TABLE = 1, BY_LAST_WORD, BY_COLUMN, BY_PREFIX, BY_EXACT_NAME };

struct keel__key_search {
    struct keel__audit *audit;
    struct keel__map keys;   /* struct key by the scopes but the last */
    struct keel__map tables; /* by BY_EXACT_NAME */
    bool failed;
};

struct candidate {
    const struct key *key;
    int confidence;
};

struct column_search {
    struct keel__key_search *search;
    const struct keel_table_model *table;
    const struct keel_column_model *column; /* NULL: a name of no column, and of any type */
    struct keel__name_words words;
    char own[KEEL__MAX_NAME_BYTES]; /* the table's singular */
    struct candidate found[MAX_CANDIDATES];
    size_t count;
};

/* ---- keys by name ---------------------------------------------------------------------------- */

static void put(struct keel__key_search *s, enum scope scope, const char *name,
                const struct keel_table_model *table, const struct keel_column_model *column,
                bool primary)
{
    const char *copy = keel__arena_strdup(s->audit->arena, name);
    struct key *key = keel__arena_calloc(s->audit->arena, 1, sizeof *key);
    void **slot = copy && key ? keel__map_at(&s->keys, scope, keel_slice_of(copy)) : NULL;
    if (!slot) {
        s->failed = true;
        return;
    }
    *key = (struct key){table, column, primary, *slot};
    *slot = key;
}

static const struct key *get(const struct keel__key_search *s, enum scope scope, const char *name)
{
    return keel__map_get(&s->keys, scope, keel_slice_of(name));
}

static void put_key(struct keel__key_search *s, const struct keel_table_model *table,
                    const char *name, bool primary)
{
    const struct keel_column_model *column = keel__column_named(table, name);
    if (!column || keel__key_class_of(s->audit->dialect, column) == KEEL__CLASS_NONE)
        return;
    char plain[KEEL__MAX_NAME_BYTES], singular[KEEL__MAX_NAME_BYTES];
    struct keel__name_words words;
    keel__name_split(name, &words);
    keel__name_join(&words, 0, words.count, plain, sizeof plain);
    put(s, BY_COLUMN, plain, table, column, primary);
    keel__name_singular(table->name, singular, sizeof singular);
    put(s, BY_TABLE, singular, table, column, primary);
    if (!primary)
        return;
    keel__name_split(singular, &words);
    if (words.count > 1) {
        put(s, BY_LAST_WORD, words.words[words.count - 1], table, column, true);
        put(s, BY_PREFIX, words.words[0], table, column, true);
    }
}

static void put_table(struct keel__key_search *s, const struct keel_table_model *table)
{
    const struct keel_column_model *single = keel__single_key(table);
    if (single)
        put_key(s, table, single->name, true);
    for (size_t i = 0; i < table->unique_count; i++)
        if (table->uniques[i].column_count == 1)
            put_key(s, table, table->uniques[i].columns[0], false);
    for (size_t i = 0; i < table->index_count; i++) {
        const struct keel_index_model *index = &table->indexes[i];
        const char *column = index->part_count == 1 ? index->parts[0].column : NULL;
        if (column && index->unique && index->valid && !index->where &&
            !(single && keel__name_is(single->name, column)))
            put_key(s, table, column, false);
    }
}

/* ---- candidates of a column ------------------------------------------------------------------ */

static int agreement(const struct column_search *c, const struct key *key)
{
    enum keel_dialect dialect = c->search->audit->dialect;
    if (!c->column)
        return 2;
    enum keel__key_class child = keel__key_class_of(dialect, c->column);
    enum keel__key_class parent = keel__key_class_of(dialect, key->column);
    if (child == parent || child == KEEL__CLASS_ANY || parent == KEEL__CLASS_ANY)
        return 2;
    return (child == KEEL__CLASS_TEXT || parent == KEEL__CLASS_TEXT) &&
           child != KEEL__CLASS_BYTES && parent != KEEL__CLASS_BYTES;
}

static bool same_schema(const struct keel_table_model *a, const struct keel_table_model *b)
{
    return strcmp(a->schema ? a->schema : "", b->schema ? b->schema : "") == 0;
}

static void offer(struct column_search *c, const struct key *key, int confidence)
{
    int fits = agreement(c, key);
    if (!fits || key->column == c->column)
        return;
    if (fits < 2 || !same_schema(key->table, c->table))
        confidence = 1;
    for (size_t i = 0; i < c->count; i++)
        if (c->found[i].key->column == key->column) {
            if (c->found[i].confidence < confidence)
                c->found[i].confidence = confidence;
            return;
        }
    if (c->count < MAX_CANDIDATES)
        c->found[c->count++] = (struct candidate){key, confidence};
}

static bool plain_is(const char *name, const char *plain)
{
    struct keel__name_words words;
    char joined[KEEL__MAX_NAME_BYTES];
    keel__name_split(name, &words);
    keel__name_join(&words, 0, words.count, joined, sizeof joined);
    return strcmp(joined, plain) == 0;
}

static bool singular_is(const struct keel_table_model *table, const char *singular)
{
    char own[KEEL__MAX_NAME_BYTES];
    keel__name_singular(table->name, own, sizeof own);
    return strcmp(own, singular) == 0;
}

static bool has_id_word(const struct column_search *c)
{
    return c->words.count > 1 && keel__word_among(c->words.words[c->words.count - 1], id_words);
}

/* A key of another table under the very same name: video_id, analysis_id, country_code. */
static void by_same_name(struct column_search *c)
{
    char plain[KEEL__MAX_NAME_BYTES], stem[KEEL__MAX_NAME_BYTES];
    if (c->words.count < 2)
        return;
    keel__name_join(&c->words, 0, c->words.count, plain, sizeof plain);
    keel__name_join(&c->words, 0, c->words.count - 1, stem, sizeof stem);
    bool is_id = has_id_word(c);
    if (!is_id && !keel__word_among(c->words.words[c->words.count - 1], "code key slug number no"))
        return;
    bool own_key = c->column && keel__column_is_unique(c->table, c->column->name);
    size_t seen = 0, others = 0;
    const struct key *owner = NULL, *key = get(c->search, BY_COLUMN, plain);
    for (const struct key *k = key; k && seen < MAX_SAME_NAME; k = k->next, seen++) {
        if (k->table == c->table)
            continue;
        others++;
        if (singular_is(k->table, stem))
            owner = k;
    }
    if (owner) {
        offer(c, owner, is_id ? 2 : 1);
        return;
    }
    /* Two tables that share a key: which is the parent cannot be told by names. */
    for (seen = 0; key && !own_key && seen < MAX_SAME_NAME; key = key->next, seen++)
        if (key->table != c->table && (is_id || key->primary))
            offer(c, key, is_id && others == 1 ? 2 : 1);
}

/* Words from on are a table and its key: user_id, user_uuid, customer_code; video_id where the key
 * of videos has another name. */
static bool by_table_from(struct column_search *c, size_t from, int confidence)
{
    size_t before = c->count, end = c->words.count;
    bool is_id = has_id_word(c);
    char table[KEEL__MAX_NAME_BYTES], tail[KEEL__MAX_NAME_BYTES];
    for (size_t split = from + 1; split < end; split++) {
        keel__name_join(&c->words, from, split, table, sizeof table);
        keel__name_join(&c->words, split, end, tail, sizeof tail);
        size_t seen = 0;
        for (const struct key *k = get(c->search, BY_TABLE, table); k && seen < MAX_SAME_NAME;
             k = k->next, seen++) {
            if (k->table == c->table)
                continue;
            if (plain_is(k->column->name, tail))
                offer(c, k, is_id ? confidence : 1);
            else if (is_id && k->primary && split + 1 == end)
                offer(c, k, keel__name_ends(k->column->name, id_words) ? confidence : 1);
        }
    }
    return c->count > before;
}

/* current_version_id of prompts -> prompt_versions; session_id -> brainstorm_sessions */
static void by_last_word(struct column_search *c)
{
    size_t last = c->words.count - 2;
    char own[2 * KEEL__MAX_NAME_BYTES];
    size_t seen = 0;
    for (const struct key *k = get(c->search, BY_LAST_WORD, c->words.words[last]);
         k && seen < MAX_SAME_NAME; k = k->next, seen++) {
        if (k->table == c->table)
            continue;
        size_t size = strlen(c->own);
        memcpy(own, c->own, size);
        own[size] = '_';
        strcpy(own + size + 1, c->words.words[last]);
        offer(c, k, singular_is(k->table, own) ? 2 : 1);
    }
}

/* analysis_id -> analysis_runs, where no other table begins so */
static void by_prefix(struct column_search *c)
{
    const struct key *key = get(c->search, BY_PREFIX, c->words.words[0]);
    if (c->words.count == 2 && key && !key->next && key->table != c->table &&
        keel__name_ends(key->column->name, id_words))
        offer(c, key, 1);
}

static void by_self(struct column_search *c)
{
    const struct keel_column_model *single = keel__single_key(c->table);
    if (!single || !keel__word_among(c->words.words[0], self_words))
        return;
    for (const struct key *k = get(c->search, BY_TABLE, c->own); k; k = k->next)
        if (k->column == single) {
            bool plain = strcmp(c->words.words[0], "parent") == 0 && c->words.count == 2;
            offer(c, k, plain && has_id_word(c) ? 2 : 1);
            return;
        }
}

/* created_by, owner_id, account -> users */
static void by_people(struct column_search *c)
{
    size_t count = c->words.count - (has_id_word(c) ? 1 : 0);
    const char *word = c->words.words[count - 1];
    bool by = count >= 2 && strcmp(word, "by") == 0 &&
              keel__word_among(c->words.words[count - 2], by_words);
    if (!by && !keel__word_among(word, people_words))
        return;
    char table[16];
    for (const char *at = people_tables; *at;) {
        size_t size = strcspn(at, " ");
        memcpy(table, at, size);
        table[size] = 0;
        size_t seen = 0;
        for (const struct key *k = get(c->search, BY_TABLE, table); k && seen < MAX_SAME_NAME;
             k = k->next, seen++)
            if (k->table != c->table && agreement(c, k) == 2 &&
                (k->primary || keel__name_has(k->column->name, "name email login username")))
                offer(c, k, 1);
        at += size;
        at += strspn(at, " ");
    }
}

/* country -> countries, framework_name -> frameworks.name */
static void by_noun(struct column_search *c)
{
    char plain[KEEL__MAX_NAME_BYTES];
    keel__name_join(&c->words, 0, c->words.count, plain, sizeof plain);
    size_t seen = 0;
    for (const struct key *k = get(c->search, BY_TABLE, plain); k && seen < MAX_SAME_NAME;
         k = k->next, seen++)
        if (k->table != c->table && agreement(c, k) == 2)
            offer(c, k, 1);
}

static void find_candidates(struct column_search *c)
{
    size_t count = c->words.count;
    if (keel__word_among(c->words.words[0], foreign_words))
        return;
    if (has_id_word(c)) {
        char stem[KEEL__MAX_NAME_BYTES];
        keel__name_join(&c->words, 0, count - 1, stem, sizeof stem);
        if (strcmp(stem, c->own) == 0)
            return; /* its own key, or a number within something */
        by_same_name(c);
        bool named = by_table_from(c, 0, 2);
        for (size_t from = 1; !named && from + 1 < count; from++)
            named = by_table_from(c, from,
                                  keel__word_among(c->words.words[from - 1], self_words) ? 2 : 1);
        if (!named)
            by_self(c);
        if (!c->count) {
            by_last_word(c);
            by_prefix(c);
        }
    } else {
        by_same_name(c);
        by_table_from(c, 0, 1);
        by_self(c);
        by_noun(c);
    }
    if (!c->count)
        by_people(c);
}

/* ---- references ------------------------------------------------------------------------------ */

static struct keel__reference *push(struct keel__key_search *s)
{
    struct keel__audit *audit = s->audit;
    struct keel__reference *r = KEEL__PUSH(audit->arena, audit->references, audit->reference_count);
    if (!r)
        s->failed = true;
    return r;
}

static void add_soft(struct column_search *c)
{
    int best = 0, best_fit = 0;
    for (size_t i = 0; i < c->count; i++) {
        int fit = agreement(c, c->found[i].key);
        if (fit > best_fit || (fit == best_fit && c->found[i].confidence > best)) {
            best_fit = fit;
            best = c->found[i].confidence;
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < c->count && kept < MAX_KEPT; i++) {
        const struct key *key = c->found[i].key;
        if (c->found[i].confidence < best || agreement(c, key) < best_fit)
            continue;
        struct keel__reference *r = push(c->search);
        if (!r)
            return;
        r->table = c->table;
        r->columns[0] = (size_t)(c->column - c->table->columns);
        r->column_count = 1;
        r->parent = key->table;
        r->parent_columns[0] = key->column->name;
        r->confidence = best;
        kept++;
    }
}

static bool in_foreign_key(const struct keel_table_model *table, const char *column)
{
    for (size_t i = 0; i < table->foreign_key_count; i++)
        for (size_t k = 0; k < table->foreign_keys[i].column_count; k++)
            if (keel__name_is(table->foreign_keys[i].columns[k], column))
                return true;
    return false;
}

static void find_soft(struct keel__key_search *s, const struct keel_table_model *table)
{
    const struct keel_column_model *single = keel__single_key(table);
    struct column_search c = {.search = s, .table = table};
    keel__name_singular(table->name, c.own, sizeof c.own);
    size_t columns = 0;
    for (size_t i = 0; i < table->column_count && columns < MAX_SOFT_OF_A_TABLE; i++) {
        c.column = &table->columns[i];
        c.count = 0;
        keel__name_split(c.column->name, &c.words);
        if (!c.words.count || c.column->generated || c.column->hidden ||
            keel__key_class_of(s->audit->dialect, c.column) == KEEL__CLASS_NONE ||
            in_foreign_key(table, c.column->name) || (c.column == single && c.words.count == 1))
            continue;
        find_candidates(&c);
        add_soft(&c);
        columns += c.count > 0;
    }
}

static const struct keel_table_model *parent_of(const struct keel__key_search *s,
                                                const struct keel_foreign_key_model *key)
{
    char lower[512];
    size_t size = 0;
    for (const char *c = key->parent; *c && size + 1 < sizeof lower; c++)
        lower[size++] = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    const struct key *found = keel__map_get(&s->tables, BY_EXACT_NAME, keel_slice(lower, size));
    for (; found; found = found->next) {
        const struct keel_table_model *t = found->table;
        if (s->audit->dialect == KEEL_SQLITE
                ? keel__name_is(t->name, key->parent)
                : strcmp(t->name, key->parent) == 0 &&
                      strcmp(t->schema ? t->schema : "",
                             key->parent_schema ? key->parent_schema : "") == 0)
            return t;
    }
    return NULL;
}

static void add_declared(struct keel__key_search *s, const struct keel_table_model *table,
                         const struct keel_foreign_key_model *key)
{
    struct keel__reference *r = push(s);
    if (!r)
        return;
    r->table = table;
    r->declared = key;
    r->parent = parent_of(s, key);
    if (key->column_count > KEEL__REFERENCE_COLUMNS)
        return;
    for (size_t i = 0; i < key->column_count; i++) {
        const struct keel_column_model *column = keel__column_named(table, key->columns[i]);
        if (!column)
            return;
        r->columns[i] = (size_t)(column - table->columns);
        r->parent_columns[i] = key->parent_columns ? key->parent_columns[i] : NULL;
    }
    r->column_count = key->column_count;
}

static void put_exact(struct keel__key_search *s, const struct keel_table_model *table)
{
    char *lower = keel__arena_strdup(s->audit->arena, table->name);
    struct key *key = keel__arena_calloc(s->audit->arena, 1, sizeof *key);
    if (!lower || !key) {
        s->failed = true;
        return;
    }
    for (char *c = lower; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    void **slot = keel__map_at(&s->tables, BY_EXACT_NAME, keel_slice_of(lower));
    if (!slot) {
        s->failed = true;
        return;
    }
    *key = (struct key){table, NULL, false, *slot};
    *slot = key;
}

static int make_search(struct keel__audit *audit, struct keel_error *err)
{
    struct keel__key_search *s = keel__arena_calloc(audit->arena, 1, sizeof *s);
    if (!s)
        return keel__arena_error(audit->arena, err);
    s->audit = audit;
    keel__map_init(&s->keys, audit->arena);
    keel__map_init(&s->tables, audit->arena);
    for (size_t i = audit->schema->table_count; i > 0; i--) {
        const struct keel_table_model *table = &audit->schema->tables[i - 1];
        put_exact(s, table);
        if (keel__table_is_read(table))
            put_table(s, table);
    }
    audit->keys = s;
    return s->failed ? keel__arena_error(audit->arena, err) : 0;
}

int keel__references_find(struct keel__audit *audit, struct keel_error *err)
{
    audit->references = NULL;
    audit->reference_count = 0;
    int rc = make_search(audit, err);
    for (size_t i = 0; i < audit->schema->table_count && !rc; i++) {
        const struct keel_table_model *table = &audit->schema->tables[i];
        if (!keel__table_is_read(table))
            continue;
        for (size_t k = 0; k < table->foreign_key_count; k++)
            add_declared(audit->keys, table, &table->foreign_keys[k]);
        find_soft(audit->keys, table);
        if (audit->keys->failed)
            rc = keel__arena_error(audit->arena, err);
    }
    return rc;
}

size_t keel__key_targets(struct keel__audit *audit, const struct keel_table_model *table,
                         const char *name, struct keel__key_target *out, size_t max)
{
    struct column_search c = {.search = audit->keys, .table = table};
    size_t count = 0;
    keel__name_singular(table->name, c.own, sizeof c.own);
    keel__name_split(name, &c.words);
    if (c.words.count)
        find_candidates(&c);
    for (int confidence = 2; confidence > 0; confidence--)
        for (size_t i = 0; i < c.count && count < max; i++)
            if (c.found[i].confidence == confidence)
                out[count++] = (struct keel__key_target){c.found[i].key->table,
                                                         c.found[i].key->column, confidence};
    return count;
}

size_t keel__tables_called(struct keel__audit *audit, const char *singular,
                           const struct keel_table_model **out, size_t max)
{
    size_t count = 0;
    const struct key *key = get(audit->keys, BY_TABLE, singular);
    for (size_t seen = 0; key && seen < MAX_SAME_NAME; key = key->next, seen++) {
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known = known || out[i] == key->table;
        if (!known && count < max)
            out[count++] = key->table;
    }
    return count;
}

bool keel__reference_holds(const struct keel__reference *reference)
{
    const struct keel__reference *r = reference;
    if (r->declared)
        return true;
    if (!r->counted || r->set_aside || r->values == 0)
        return false;
    int64_t matching = r->values - r->orphans;
    /* A plain name needs the values' consent only; another needs them as proof. */
    if (r->confidence >= 2)
        return matching > 0 && matching * 2 >= r->values;
    return r->values >= 20 && matching * 20 >= r->values * 19;
}
