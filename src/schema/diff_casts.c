/* PostgreSQL prints a list of words for a varchar column in one way when the constraint was written
 * and in another when what it printed is run again:
 *
 *     (ARRAY['a'::character varying, 'b'::character varying])::text[]
 *     ARRAY[('a'::character varying)::text, ('b'::character varying)::text]
 *
 * Both are read here as ARRAY['a'::text, 'b'::text]. */
#include "schema/diff.h"

#include "schema/tokenize.h"

struct tokens {
    struct keel__token *items;
    size_t count;
};

/* Whether the tokens from at on are these, parted by blanks; S stands for a string. */
static bool follows(const struct tokens *tokens, size_t at, const char *words)
{
    while (*words) {
        size_t n = strcspn(words, " ");
        if (at >= tokens->count)
            return false;
        const struct keel__token *token = &tokens->items[at++];
        bool same = *words == 'S' ? token->kind == KEEL__TOKEN_STRING
                                  : token->text.size == n && !memcmp(token->text.data, words, n);
        if (!same)
            return false;
        words += n;
        words += *words == ' ';
    }
    return true;
}

static void put(struct keel__str *out, struct keel_slice text)
{
    if (out->size)
        keel__str_char(out, ' ');
    keel__str_slice(out, text);
}

static void put_text(struct keel__str *out, const char *text)
{
    put(out, keel_slice_of(text));
}

/* Where "( array [ S :: character varying , ... ] ) :: text [ ]" from at on ends; 0: it is not. */
static size_t end_of_list(const struct tokens *tokens, size_t at)
{
    if (!follows(tokens, at, "( array ["))
        return 0;
    at += 3;
    while (follows(tokens, at, "S :: character varying")) {
        at += 4;
        if (follows(tokens, at, "] ) :: text [ ]"))
            return at + 6;
        if (!follows(tokens, at, ","))
            return 0;
        at++;
    }
    return 0;
}

static void put_list(struct keel__str *out, const struct tokens *tokens, size_t at, size_t end)
{
    put_text(out, "array");
    put_text(out, "[");
    for (at += 3; at < end - 6; at += 5) { /* S :: character varying , */
        put(out, tokens->items[at].text);
        put_text(out, ":: text");
        put(out, tokens->items[at + 4].text);
    }
}

static void rewrite(struct keel__str *out, const struct tokens *tokens)
{
    for (size_t at = 0; at < tokens->count;) {
        size_t end = end_of_list(tokens, at);
        if (end) {
            put_list(out, tokens, at, end);
            at = end;
        } else if (follows(tokens, at, "( S :: character varying ) :: text") &&
                   !follows(tokens, at + 8, "[")) {
            put(out, tokens->items[at + 1].text);
            put_text(out, ":: text");
            at += 8;
        } else {
            put(out, tokens->items[at++].text);
        }
    }
}

void keel__normal_casts(struct keel__str *text, struct keel__differ *d)
{
    struct tokens tokens = {0};
    struct keel__tokenizer tokenizer;
    struct keel__token token;
    struct keel__str out;
    if (!text->data || !strstr(text->data, ":: character varying"))
        return;
    keel__tokenizer_init(&tokenizer, keel__str_view(text), KEEL_POSTGRES, 1);
    for (;;) {
        if (keel__token_next(&tokenizer, &token, NULL))
            return; /* it stays as it is */
        if (token.kind == KEEL__TOKEN_END)
            break;
        struct keel__token *place = KEEL__PUSH(d->arena, tokens.items, tokens.count);
        if (!place) {
            d->failed = true;
            return;
        }
        *place = token;
    }
    keel__str_init(&out, 0);
    rewrite(&out, &tokens);
    keel__str_clear(text);
    keel__str_slice(text, keel__str_view(&out));
    text->failed = text->failed || out.failed;
    keel__str_fini(&out);
}
