#include "schema/diff.h"

#include <string.h>

#include "schema/render.h"
#include "schema/tokenize.h"

bool keel__same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void lower(char *text)
{
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text + 32);
}

const char *keel__differ_fold(struct keel__differ *d, const char *name)
{
    if (d->dialect != KEEL_SQLITE || !name)
        return name ? name : "";
    char *copy = keel__arena_strdup(d->arena, name);
    if (!copy) {
        d->failed = true;
        return "";
    }
    lower(copy);
    return copy;
}

struct keel_slice keel__differ_qualified(struct keel__differ *d, const char *schema,
                                         const char *name)
{
    size_t prefix = schema ? strlen(schema) : 0;
    char *key =
        keel__arena_printf(d->arena, "%s.%s", schema ? schema : "", keel__differ_fold(d, name));
    if (!key) {
        d->failed = true;
        return keel_slice("", 0);
    }
    key[prefix] = '\0'; /* no name holds one */
    return keel_slice(key, prefix + 1 + strlen(key + prefix + 1));
}

struct keel__pair *keel__differ_old_table(struct keel__differ *d, const char *schema,
                                          const char *name)
{
    return keel__map_get(&d->by_old, 0, keel__differ_qualified(d, schema, name));
}

const char *keel__differ_renamed(struct keel__differ *d, const struct keel__pair *pair,
                                 const char *column)
{
    const char *folded = keel__differ_fold(d, column);
    const char *now = pair ? keel__map_get(&pair->renamed, 0, keel_slice_of(folded)) : NULL;
    return now ? now : folded;
}

void keel__differ_mark(struct keel__differ *d, struct keel__map *set, const char *name)
{
    void **place = keel__map_at(set, 0, keel_slice_of(keel__differ_fold(d, name)));
    if (place)
        *place = set;
    else
        d->failed = true;
}

bool keel__differ_is_marked(struct keel__differ *d, const struct keel__map *set, const char *name)
{
    return set->count && keel__map_get(set, 0, keel_slice_of(keel__differ_fold(d, name)));
}

/* ---- tokens ---------------------------------------------------------------------------------- */

/* The name that token stands for, folded, in the arena; NULL when it is none. */
static char *name_of(struct keel__differ *d, const struct keel__token *token)
{
    if (token->kind != KEEL__TOKEN_WORD && token->kind != KEEL__TOKEN_NAME)
        return NULL;
    char *name = keel__arena_alloc(d->arena, token->text.size + 1);
    if (!name || !keel__token_name(token, d->dialect, name, token->text.size + 1)) {
        d->failed = d->failed || !name;
        return NULL;
    }
    if (d->dialect == KEEL_SQLITE)
        lower(name);
    return name;
}

/* Whether a quoted name would mean the same without its quotes. */
static bool is_bare(const char *name)
{
    bool special = false;
    for (const char *c = name; *c; c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || *c == '_' || (unsigned char)*c >= 0x80;
        bool later = c > name && ((*c >= '0' && *c <= '9') || *c == '$');
        if (!letter && !later)
            return false;
        special = special || (unsigned char)*c >= 0x80 || *c == '$';
    }
    return *name && (special || keel__sql_is_plain(name));
}

struct normal {
    struct keel__str *out;
    struct keel__differ *d;
    const struct keel__pair *pair;
};

static void put_name(struct normal *n, const struct keel__token *token, bool is_call)
{
    char *name = name_of(n->d, token);
    if (!name) {
        keel__str_slice(n->out, token->text);
        return;
    }
    const char *now = is_call ? name : keel__differ_renamed(n->d, n->pair, name);
    bool quoted = token->kind == KEEL__TOKEN_NAME;
    if (strcmp(now, name) != 0)
        quoted = true;
    if (!quoted || is_bare(now))
        keel__str_text(n->out, now);
    else
        keel__sql_name(n->out, now);
}

static void put_lower(struct keel__str *out, struct keel_slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        keel__str_char(out, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
    }
}

static bool is_operator(const struct keel__token *token, const char *text)
{
    return token->text.size == 2 && memcmp(token->text.data, text, 2) == 0;
}

static void put_token(struct normal *n, const struct keel__token *token,
                      const struct keel__token *next)
{
    if (n->out->size)
        keel__str_char(n->out, ' ');
    switch (token->kind) {
    case KEEL__TOKEN_WORD:
    case KEEL__TOKEN_NAME:
        put_name(n, token, keel__token_is(next, '('));
        break;
    case KEEL__TOKEN_NUMBER:
    case KEEL__TOKEN_BLOB:
        put_lower(n->out, token->text);
        break;
    case KEEL__TOKEN_OPERATOR:
        if (is_operator(token, "=="))
            keel__str_text(n->out, "=");
        else if (is_operator(token, "!="))
            keel__str_text(n->out, "<>");
        else
            keel__str_slice(n->out, token->text);
        break;
    default:
        keel__str_slice(n->out, token->text);
    }
}

void keel__normal(struct keel__str *out, struct keel__differ *d, const char *sql,
                  const struct keel__pair *pair)
{
    struct normal n = {.out = out, .d = d, .pair = pair};
    struct keel__tokenizer tokenizer;
    struct keel__token token, next;
    keel__tokenizer_init(&tokenizer, keel_slice_of(sql ? sql : ""), d->dialect, 1);
    if (keel__token_next(&tokenizer, &token, NULL)) {
        keel__str_text(out, sql); /* what cannot be read is compared as it is */
        return;
    }
    while (token.kind != KEEL__TOKEN_END) {
        if (keel__token_next(&tokenizer, &next, NULL)) {
            keel__str_text(out, sql);
            return;
        }
        put_token(&n, &token, &next);
        token = next;
    }
    if (d->dialect == KEEL_POSTGRES)
        keel__normal_casts(out, d);
}

bool keel__normal_same(struct keel__differ *d, const char *old_sql, const char *new_sql,
                       const struct keel__pair *pair)
{
    struct keel__str a, b;
    if (!old_sql || !new_sql)
        return old_sql == new_sql;
    bool mapped = pair && pair->renamed.count;
    if (!mapped && strcmp(old_sql, new_sql) == 0)
        return true;
    keel__str_init(&a, 0);
    keel__str_init(&b, 0);
    keel__normal(&a, d, old_sql, pair);
    keel__normal(&b, d, new_sql, NULL);
    struct keel_slice x = keel__str_view(&a), y = keel__str_view(&b);
    bool same = x.size == y.size && memcmp(x.data, y.data, x.size) == 0;
    d->failed = d->failed || a.failed || b.failed;
    keel__str_fini(&a);
    keel__str_fini(&b);
    return same;
}

void keel__each_name(struct keel__differ *d, const char *sql,
                     void (*each)(void *context, const char *name), void *context)
{
    struct keel__tokenizer tokenizer;
    struct keel__token token;
    keel__tokenizer_init(&tokenizer, keel_slice_of(sql ? sql : ""), d->dialect, 1);
    while (!keel__token_next(&tokenizer, &token, NULL) && token.kind != KEEL__TOKEN_END) {
        const char *name = name_of(d, &token);
        if (name)
            each(context, name);
    }
}

/* ---- what is said ---------------------------------------------------------------------------- */

void keel__change(struct keel__differ *d, enum keel__phase phase, size_t rank,
                  struct keel_change change)
{
    struct keel__said *said = KEEL__PUSH(d->arena, d->said, d->said_count);
    if (!said) {
        d->failed = true;
        return;
    }
    *said = (struct keel__said){phase, rank, d->said_count, change};
}

void keel__change_of(struct keel__differ *d, enum keel__phase phase, const struct keel__pair *pair,
                     struct keel_change change)
{
    const struct keel_table_model *table = pair->now ? pair->now : pair->old;
    change.schema = table->schema;
    change.table = table->name;
    if (pair->is_view) {
        if (phase == KEEL__PHASE_ADD_INDEXES)
            phase = KEEL__PHASE_ADD_VIEWS; /* directly behind the view */
        keel__change(d, phase, pair->rank, change);
        return;
    }
    change.old_table = pair->old;
    change.new_table = pair->now;
    keel__change(d, phase, (size_t)(pair - d->pairs), change);
}
