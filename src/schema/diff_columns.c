#include "schema/diff.h"

#include <string.h>

#include "schema/render.h"
#include "schema/tokenize.h"

static bool is_sqlite(const struct keel__differ *d)
{
    return d->dialect == KEEL_SQLITE;
}

/* ---- tables ---------------------------------------------------------------------------------- */

/* Whether a parent is not the same table any more. */
static bool has_other_parent(struct keel__differ *d, const char *old_schema, const char *old,
                             const char *new_schema, const char *now)
{
    if (!old || !now)
        return old != now;
    const struct keel__pair *pair = keel__differ_old_table(d, old_schema, old);
    if (!pair || !pair->now)
        return true;
    return strcmp(pair->now->name, now) != 0 || !keel__same_text(pair->now->schema, new_schema);
}

bool keel__is_replaced(struct keel__differ *d, const struct keel_table_model *old,
                       const struct keel_table_model *now)
{
    return old->kind != now->kind ||
           !keel__normal_same(d, old->virtual_sql, now->virtual_sql, NULL) ||
           !keel__normal_same(d, old->partition_by, now->partition_by, NULL) ||
           has_other_parent(d, old->partition_of_schema, old->partition_of,
                            now->partition_of_schema, now->partition_of);
}

static void compare_options(struct keel__differ *d, const struct keel__pair *pair)
{
    const struct keel_table_model *old = pair->old, *now = pair->now;
    if (old->strict != now->strict || old->without_rowid != now->without_rowid ||
        old->unlogged != now->unlogged || !keel__same_text(old->options, now->options) ||
        !keel__same_text(old->comment, now->comment) ||
        !keel__normal_same(d, old->partition_bound, now->partition_bound, NULL) ||
        has_other_parent(d, old->inherits_schema, old->inherits, now->inherits_schema,
                         now->inherits))
        keel__change_of(d, KEEL__PHASE_COLUMNS, pair,
                        (struct keel_change){
                            .kind = KEEL_CHANGE_TABLE_OPTIONS, .old_item = old, .new_item = now});
}

/* ---- one column ------------------------------------------------------------------------------ */

static void say(struct keel__differ *d, enum keel__phase phase, const struct keel__pair *pair,
                enum keel_change_kind kind, const struct keel_column_model *old,
                const struct keel_column_model *now)
{
    keel__change_of(
        d, phase, pair,
        (struct keel_change){
            .kind = kind, .name = now ? now->name : old->name, .old_item = old, .new_item = now});
}

static bool is_rowid(const struct keel_column_model *column)
{
    return column->identity == KEEL_IDENTITY_ROWID ||
           column->identity == KEEL_IDENTITY_AUTOINCREMENT;
}

static bool is_not_null(const struct keel_column_model *column)
{
    return column->not_null || is_rowid(column);
}

static bool is_same_collation(const struct keel__differ *d, const char *a, const char *b)
{
    return is_sqlite(d) ? keel__name_is(a, b) : keel__same_text(a, b);
}

static bool is_same_type(struct keel__differ *d, const struct keel_column_model *old,
                         const struct keel_column_model *now)
{
    bool same = is_sqlite(d) ? keel__normal_same(d, old->declared_type, now->declared_type, NULL)
                             : strcmp(old->declared_type, now->declared_type) == 0;
    return same && is_same_collation(d, old->collation, now->collation);
}

/* A default of NULL is none, but for a domain's, which it overrules. */
static const char *default_of(const struct keel_column_model *column)
{
    const char *text = column->default_text;
    bool is_null = text && strncasecmp(text, "NULL", 4) == 0 &&
                   (text[4] == '\0' || strncmp(text + 4, "::", 2) == 0);
    return is_null && column->type.kind != KEEL_LOGICAL_DOMAIN ? NULL : text;
}

/* SQLite takes a name for a string here: DEFAULT "x", DEFAULT x. */
static const char *plain_default(struct keel__differ *d, const struct keel_column_model *column)
{
    static const char *const words[] = {"NULL",         "TRUE",        "FALSE", "CURRENT_TIMESTAMP",
                                        "CURRENT_DATE", "CURRENT_TIME"};
    const char *text = default_of(column);
    struct keel__tokenizer tokenizer;
    struct keel__token token, next;
    struct keel__str out;
    if (!text || !is_sqlite(d))
        return text;
    keel__tokenizer_init(&tokenizer, keel_slice_of(text), KEEL_SQLITE, 1);
    if (keel__token_next(&tokenizer, &token, NULL) || keel__token_next(&tokenizer, &next, NULL) ||
        next.kind != KEEL__TOKEN_END)
        return text;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (keel__token_is_word(&token, words[i]))
            return text;
    char *name = keel__arena_alloc(d->arena, token.text.size + 1);
    if (!name || !keel__token_name(&token, KEEL_SQLITE, name, token.text.size + 1))
        return text;
    keel__str_init(&out, 0);
    keel__sql_string(&out, name);
    const char *copy = keel__arena_dup(d->arena, keel__str_view(&out));
    d->failed = d->failed || out.failed || !copy;
    keel__str_fini(&out);
    return copy;
}

static bool is_same_default(struct keel__differ *d, const struct keel_column_model *old,
                            const struct keel_column_model *now)
{
    if (old->identity == KEEL_IDENTITY_SERIAL && now->identity == KEEL_IDENTITY_SERIAL)
        return true;
    return keel__normal_same(d, plain_default(d, old), plain_default(d, now), NULL);
}

static bool is_same_identity(const struct keel__differ *d, const struct keel_column_model *old,
                             const struct keel_column_model *now)
{
    if (is_sqlite(d)) /* that a key is the rowid follows from key and type */
        return (old->identity == KEEL_IDENTITY_AUTOINCREMENT) ==
               (now->identity == KEEL_IDENTITY_AUTOINCREMENT);
    return old->identity == now->identity &&
           keel__same_text(old->identity_options, now->identity_options);
}

/* PostgreSQL cannot alter what a column is computed from, only drop that it is computed. */
static bool must_remake(struct keel__differ *d, const struct keel__pair *pair,
                        const struct keel_column_model *old, const struct keel_column_model *now)
{
    return !is_sqlite(d) && now->generated &&
           (old->generated != now->generated ||
            !keel__normal_same(d, old->generated_text, now->generated_text, pair) ||
            !is_same_type(d, old, now));
}

static void remake(struct keel__differ *d, struct keel__pair *pair,
                   const struct keel_column_model *old, const struct keel_column_model *now)
{
    if (keel__differ_is_marked(d, &pair->remade, now->name))
        return;
    keel__differ_mark(d, &pair->remade, now->name);
    pair->disturbs_views = true;
    say(d, KEEL__PHASE_DROP_GENERATED, pair, KEEL_CHANGE_DROP_COLUMN, old, NULL);
    say(d, KEEL__PHASE_COLUMNS, pair, KEEL_CHANGE_ADD_COLUMN, NULL, now);
}

static void say_identity(struct keel__differ *d, const struct keel__pair *pair,
                         const struct keel_column_model *old, const struct keel_column_model *now)
{
    bool ends = old->identity == KEEL_IDENTITY_ALWAYS || old->identity == KEEL_IDENTITY_BY_DEFAULT;
    bool begins =
        now->identity == KEEL_IDENTITY_ALWAYS || now->identity == KEEL_IDENTITY_BY_DEFAULT;
    say(d, ends && !begins ? KEEL__PHASE_DROP_IDENTITY : KEEL__PHASE_COLUMNS, pair,
        KEEL_CHANGE_IDENTITY, old, now);
}

static void compare_column(struct keel__differ *d, struct keel__pair *pair,
                           const struct keel_column_model *old, const struct keel_column_model *now)
{
    enum keel__phase phase = KEEL__PHASE_COLUMNS;
    if (must_remake(d, pair, old, now)) {
        remake(d, pair, old, now);
        return;
    }
    if (is_not_null(old) && !is_not_null(now))
        say(d, phase, pair, KEEL_CHANGE_DROP_NOT_NULL, old, now);
    if (old->generated != now->generated ||
        !keel__normal_same(d, old->generated_text, now->generated_text, pair))
        say(d, phase, pair, KEEL_CHANGE_GENERATED, old, now);
    if (!is_same_type(d, old, now)) {
        keel__differ_mark(d, &pair->retyped, now->name);
        pair->disturbs_views = true;
        say(d, phase, pair, KEEL_CHANGE_COLUMN_TYPE, old, now);
    }
    if (!is_same_default(d, old, now))
        say(d, phase, pair, KEEL_CHANGE_DEFAULT, old, now);
    if (!is_same_identity(d, old, now))
        say_identity(d, pair, old, now);
    if ((!is_not_null(old) && is_not_null(now)) ||
        (is_not_null(old) && is_not_null(now) && old->not_null_conflict != now->not_null_conflict))
        say(d, phase, pair, KEEL_CHANGE_SET_NOT_NULL, old, now);
    if (!keel__same_text(old->storage, now->storage) ||
        !keel__same_text(old->comment, now->comment))
        say(d, phase, pair, KEEL_CHANGE_COLUMN_OPTIONS, old, now);
}

/* ---- all columns ----------------------------------------------------------------------------- */

static void index_columns(struct keel__differ *d, struct keel__pair *pair)
{
    for (size_t i = 0; i < pair->old->column_count; i++) {
        const struct keel_column_model *column = &pair->old->columns[i];
        void **place = keel__map_at(&pair->old_columns, 0,
                                    keel_slice_of(keel__differ_renamed(d, pair, column->name)));
        if (place && !*place)
            *place = (void *)column;
        d->failed = d->failed || !place;
    }
    for (size_t i = 0; i < pair->now->column_count; i++) {
        const struct keel_column_model *column = &pair->now->columns[i];
        void **place =
            keel__map_at(&pair->new_columns, 0, keel_slice_of(keel__differ_fold(d, column->name)));
        if (place)
            *place = (void *)column;
        d->failed = d->failed || !place;
    }
}

/* The old column that became this one; one that was renamed away is not it. */
static const struct keel_column_model *old_of(struct keel__differ *d, const struct keel__pair *pair,
                                              const struct keel_column_model *now)
{
    return keel__map_get(&pair->old_columns, 0, keel_slice_of(keel__differ_fold(d, now->name)));
}

static const struct keel_column_model *new_of(struct keel__differ *d, const struct keel__pair *pair,
                                              const struct keel_column_model *old)
{
    return keel__map_get(&pair->new_columns, 0,
                         keel_slice_of(keel__differ_renamed(d, pair, old->name)));
}

/* Whether the order differs from what dropping, and adding at the end, would give. */
static bool is_reordered(struct keel__differ *d, const struct keel__pair *pair)
{
    size_t k = 0;
    for (size_t i = 0; i < pair->old->column_count; i++) {
        const struct keel_column_model *now = new_of(d, pair, &pair->old->columns[i]);
        if (now && now != &pair->now->columns[k++])
            return true;
    }
    return false;
}

/* PostgreSQL keeps a generated column from changing what it is computed from. */
struct mention {
    struct keel__differ *d;
    const struct keel__map *set;
    bool found;
};

static void look_for(void *context, const char *name)
{
    struct mention *m = context;
    m->found = m->found || keel__differ_is_marked(m->d, m->set, name);
}

static void remake_dependents(struct keel__differ *d, struct keel__pair *pair)
{
    for (size_t i = 0; pair->retyped.count && i < pair->now->column_count; i++) {
        const struct keel_column_model *now = &pair->now->columns[i], *old = old_of(d, pair, now);
        struct mention m = {.d = d, .set = &pair->retyped};
        if (!old || !now->generated || !old->generated)
            continue;
        keel__each_name(d, now->generated_text, look_for, &m);
        if (m.found)
            remake(d, pair, old, now);
    }
}

static void add_columns(struct keel__differ *d, struct keel__pair *pair, bool generated)
{
    for (size_t i = 0; i < pair->now->column_count; i++) {
        const struct keel_column_model *now = &pair->now->columns[i];
        if (!old_of(d, pair, now) && (now->generated != KEEL_GENERATED_NO) == generated)
            say(d, KEEL__PHASE_COLUMNS, pair, KEEL_CHANGE_ADD_COLUMN, NULL, now);
    }
}

static void drop_columns(struct keel__differ *d, struct keel__pair *pair)
{
    for (size_t i = 0; i < pair->old->column_count; i++) {
        const struct keel_column_model *old = &pair->old->columns[i];
        if (new_of(d, pair, old))
            continue;
        pair->disturbs_views = true;
        say(d, old->generated ? KEEL__PHASE_DROP_GENERATED : KEEL__PHASE_DROP_COLUMNS, pair,
            KEEL_CHANGE_DROP_COLUMN, old, NULL);
    }
}

void keel__diff_columns(struct keel__differ *d, struct keel__pair *pair)
{
    compare_options(d, pair);
    /* A partition has its columns from its parent, a virtual table from its module. */
    if (pair->now->kind == KEEL_TABLE_PARTITION || pair->now->kind == KEEL_TABLE_VIRTUAL)
        return;
    index_columns(d, pair);
    drop_columns(d, pair);
    add_columns(d, pair, false);
    for (size_t i = 0; i < pair->now->column_count; i++) {
        const struct keel_column_model *now = &pair->now->columns[i], *old = old_of(d, pair, now);
        if (old && (is_sqlite(d) || !must_remake(d, pair, old, now)))
            compare_column(d, pair, old, now);
    }
    for (size_t i = 0; !is_sqlite(d) && i < pair->now->column_count; i++) {
        const struct keel_column_model *now = &pair->now->columns[i], *old = old_of(d, pair, now);
        if (old && must_remake(d, pair, old, now))
            remake(d, pair, old, now);
    }
    if (!is_sqlite(d))
        remake_dependents(d, pair);
    add_columns(d, pair, true);
    if (is_sqlite(d) && is_reordered(d, pair))
        keel__change_of(d, KEEL__PHASE_COLUMNS, pair,
                        (struct keel_change){.kind = KEEL_CHANGE_COLUMN_ORDER,
                                             .old_item = pair->old,
                                             .new_item = pair->now});
}
