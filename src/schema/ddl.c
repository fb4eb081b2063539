#include "schema/ddl.h"

#include <string.h>

#include "base/str.h"

int keel__ddl_open(struct keel__ddl *ddl, struct keel__arena *arena, const char *sql,
                   struct keel_error *err)
{
    struct keel__tokenizer tokenizer;
    struct keel__token *token;
    *ddl = (struct keel__ddl){.arena = arena};
    keel__tokenizer_init(&tokenizer, keel_slice_of(sql), KEEL_SQLITE, 1);
    do {
        token = KEEL__PUSH(arena, ddl->tokens, ddl->count);
        if (!token)
            return keel__arena_error(arena, err);
        int rc = keel__token_next(&tokenizer, token, err);
        if (rc)
            return rc;
    } while (token->kind != KEEL__TOKEN_END);
    return 0;
}

const struct keel__token *keel__ddl_peek(const struct keel__ddl *ddl)
{
    return &ddl->tokens[ddl->at];
}

bool keel__ddl_word(struct keel__ddl *ddl, const char *word)
{
    bool is = keel__token_is_word(keel__ddl_peek(ddl), word);
    ddl->at += is;
    return is;
}

bool keel__ddl_mark(struct keel__ddl *ddl, char mark)
{
    bool is = keel__token_is(keel__ddl_peek(ddl), mark);
    ddl->at += is;
    return is;
}

int keel__ddl_error(const struct keel__ddl *ddl, const char *expected, struct keel_error *err)
{
    const struct keel__token *token = keel__ddl_peek(ddl);
    if (token->kind == KEEL__TOKEN_END)
        return keel_error_set(err, KEEL_INVALID, "its statement ends where %s should follow",
                              expected);
    return keel_error_set(err, KEEL_INVALID, "line %zu of its statement has '%.*s' instead of %s",
                          token->line, (int)(token->text.size < 40 ? token->text.size : 40),
                          token->text.data, expected);
}

int keel__ddl_name(struct keel__ddl *ddl, const char **out, struct keel_error *err)
{
    struct keel__token token = *keel__ddl_peek(ddl);
    if (token.kind == KEEL__TOKEN_STRING) /* SQLite takes 'x' for a name */
        token.kind = KEEL__TOKEN_NAME;
    char *name = keel__arena_alloc(ddl->arena, token.text.size + 1);
    if (!name)
        return keel__arena_error(ddl->arena, err);
    if (!keel__token_name(&token, KEEL_SQLITE, name, token.text.size + 1))
        return keel__ddl_error(ddl, "a name", err);
    ddl->at++;
    *out = name;
    return 0;
}

size_t keel__ddl_behind(const struct keel__ddl *ddl, size_t open)
{
    size_t depth = 0;
    for (size_t i = open; i + 1 < ddl->count; i++) {
        if (keel__token_is(&ddl->tokens[i], '('))
            depth++;
        else if (keel__token_is(&ddl->tokens[i], ')') && --depth == 0)
            return i + 1;
    }
    return ddl->count - 1;
}

/* Whether there is more than white space in what lies between two tokens. */
static bool has_comment(const char *from, const char *to)
{
    for (; from < to; from++)
        if (*from == '-' || *from == '/')
            return true;
    return false;
}

const char *keel__ddl_text(const struct keel__ddl *ddl, size_t from, size_t to)
{
    if (from >= to)
        return keel__arena_strdup(ddl->arena, "");
    const struct keel__token *first = &ddl->tokens[from], *last = &ddl->tokens[to - 1];
    const char *start = first->text.data, *end = last->text.data + last->text.size;
    char *text = keel__arena_alloc(ddl->arena, (size_t)(end - start) + 1);
    size_t size = 0;
    if (!text)
        return NULL;
    for (size_t i = from; i < to; i++) {
        struct keel_slice token = ddl->tokens[i].text;
        if (i > from && has_comment(start, token.data)) {
            text[size++] = ' ';
        } else {
            memcpy(text + size, start, (size_t)(token.data - start));
            size += (size_t)(token.data - start);
        }
        memcpy(text + size, token.data, token.size);
        size += token.size;
        start = token.data + token.size;
    }
    text[size] = '\0';
    return text;
}

int keel__ddl_parenthesized(struct keel__ddl *ddl, const char **out, struct keel_error *err)
{
    if (!keel__token_is(keel__ddl_peek(ddl), '('))
        return keel__ddl_error(ddl, "'('", err);
    size_t behind = keel__ddl_behind(ddl, ddl->at);
    const char *text = keel__ddl_text(ddl, ddl->at + 1, behind - 1);
    if (!text)
        return keel__arena_error(ddl->arena, err);
    struct keel_slice inner = keel__unwrap(keel_slice_of(text), KEEL_SQLITE);
    *out = keel__arena_dup(ddl->arena, inner);
    if (!*out)
        return keel__arena_error(ddl->arena, err);
    ddl->at = behind;
    return 0;
}

struct keel_column_model *keel__ddl_column(const struct keel_table_model *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (keel__name_is(table->columns[i].name, name))
            return &table->columns[i];
    return NULL;
}
