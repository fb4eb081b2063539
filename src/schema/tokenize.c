#include "schema/tokenize.h"

static bool is_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of UTF-8 sequences are letters in both databases. */
static bool is_word_start(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static bool is_word(unsigned char c)
{
    return is_word_start(c) || is_digit(c) || c == '$';
}

static unsigned char upper(unsigned char c)
{
    return c >= 'a' && c <= 'z' ? (unsigned char)(c - 32) : c;
}

/* The byte n places on, 0 behind the end. */
static unsigned char peek(const struct keel__tokenizer *t, size_t n)
{
    return (size_t)(t->end - t->at) > n ? (unsigned char)t->at[n] : 0;
}

static void advance(struct keel__tokenizer *t, size_t n)
{
    for (; n > 0 && t->at < t->end; n--)
        if (*t->at++ == '\n')
            t->line++;
}

static int fail(struct keel__tokenizer *t, size_t line, struct keel_error *err, const char *what)
{
    t->error_line = line;
    return keel_error_set(err, KEEL_INVALID, "%s", what);
}

void keel__tokenizer_init(struct keel__tokenizer *tokenizer, struct keel_slice sql,
                          enum keel_dialect dialect, size_t first_line)
{
    *tokenizer = (struct keel__tokenizer){.dialect = dialect, .line = first_line};
    tokenizer->at = sql.data ? sql.data : "";
    tokenizer->end = tokenizer->at + sql.size;
}

static void skip_line_comment(struct keel__tokenizer *t)
{
    const char *newline = memchr(t->at, '\n', (size_t)(t->end - t->at));
    t->at = newline ? newline : t->end;
}

/* PostgreSQL's block comments nest, SQLite's do not. */
static int skip_block_comment(struct keel__tokenizer *t, struct keel_error *err)
{
    size_t line = t->line, depth = 1;
    advance(t, 2);
    while (t->at < t->end) {
        if (peek(t, 0) == '*' && peek(t, 1) == '/') {
            advance(t, 2);
            if (--depth == 0)
                return 0;
        } else if (t->dialect == KEEL_POSTGRES && peek(t, 0) == '/' && peek(t, 1) == '*') {
            advance(t, 2);
            depth++;
        } else {
            advance(t, 1);
        }
    }
    return fail(t, line, err, "the comment that begins here with /* is never closed");
}

static int skip_blank(struct keel__tokenizer *t, struct keel_error *err)
{
    while (t->at < t->end) {
        unsigned char c = peek(t, 0);
        if (is_space(c)) {
            advance(t, 1);
        } else if (c == '-' && peek(t, 1) == '-') {
            skip_line_comment(t);
        } else if (c == '/' && peek(t, 1) == '*') {
            int rc = skip_block_comment(t, err);
            if (rc)
                return rc;
        } else {
            break;
        }
    }
    return 0;
}

/* Moves behind the closing quote; a doubled one stands for itself. at is on the opening one. */
static bool skip_quoted(struct keel__tokenizer *t, char close, bool doubles, bool backslash)
{
    advance(t, 1);
    while (t->at < t->end) {
        char c = *t->at;
        if (c == '\\' && backslash) {
            advance(t, 2);
        } else if (c != close) {
            advance(t, 1);
        } else if (doubles && peek(t, 1) == (unsigned char)close) {
            advance(t, 2);
        } else {
            advance(t, 1);
            return true;
        }
    }
    return false;
}

/* In PostgreSQL a string goes on behind white space with a newline in it; only for E'' does it
 * matter here, because the part that follows has backslash escapes as well. Moves on to that part's
 * quote. */
static bool string_continues(struct keel__tokenizer *t)
{
    struct keel__tokenizer ahead = *t;
    for (;;) {
        if (is_space(peek(&ahead, 0)))
            advance(&ahead, 1);
        else if (peek(&ahead, 0) == '-' && peek(&ahead, 1) == '-')
            skip_line_comment(&ahead);
        else
            break;
    }
    if (peek(&ahead, 0) != '\'' || ahead.line == t->line)
        return false;
    *t = ahead;
    return true;
}

/* at is on the quote; escapes: E''. */
static int take_string(struct keel__tokenizer *t, struct keel__token *token, bool escapes,
                       struct keel_error *err)
{
    token->kind = KEEL__TOKEN_STRING;
    do {
        if (!skip_quoted(t, '\'', true, escapes))
            return fail(t, token->line, err, "the string that begins here is never closed");
    } while (escapes && string_continues(t));
    return 0;
}

static int take_name(struct keel__tokenizer *t, struct keel__token *token, char close,
                     struct keel_error *err)
{
    token->kind = KEEL__TOKEN_NAME;
    if (!skip_quoted(t, close, close != ']', false))
        return fail(t, token->line, err, "the quoted name that begins here is never closed");
    return 0;
}

/* The length of "$tag$" at at, or 0. */
static size_t dollar_tag(const struct keel__tokenizer *t)
{
    size_t n = 1;
    if (is_word_start(peek(t, n)))
        while (peek(t, n) != '$' && is_word(peek(t, n)))
            n++;
    return peek(t, n) == '$' ? n + 1 : 0;
}

static int take_dollar(struct keel__tokenizer *t, struct keel__token *token, struct keel_error *err)
{
    size_t tag_size = dollar_tag(t);
    if (tag_size == 0) {
        token->kind = KEEL__TOKEN_PARAMETER;
        do
            advance(t, 1);
        while (is_digit(peek(t, 0)));
        return 0;
    }
    const char *tag = t->at;
    token->kind = KEEL__TOKEN_STRING;
    advance(t, tag_size);
    const char *close = memmem(t->at, (size_t)(t->end - t->at), tag, tag_size);
    if (!close)
        return fail(t, token->line, err,
                    "the dollar-quoted string that begins here is never closed");
    advance(t, (size_t)(close - t->at) + tag_size);
    return 0;
}

/* PostgreSQL: E'x', B'x', N'x', U&'x', U&"x"; both: X'x'. Returns how many bytes stand before the
 * quote, 0 when there is no such prefix here. */
static size_t string_prefix(const struct keel__tokenizer *t)
{
    unsigned char c = upper(peek(t, 0)), next = peek(t, 1);
    if (c == 'X' && next == '\'')
        return 1;
    if (t->dialect != KEEL_POSTGRES)
        return 0;
    if ((c == 'E' || c == 'B' || c == 'N') && next == '\'')
        return 1;
    if (c == 'U' && next == '&' && (peek(t, 2) == '\'' || peek(t, 2) == '"'))
        return 2;
    return 0;
}

static int take_word(struct keel__tokenizer *t, struct keel__token *token, struct keel_error *err)
{
    size_t prefix = string_prefix(t);
    if (prefix == 0) {
        token->kind = KEEL__TOKEN_WORD;
        while (t->at < t->end && is_word(peek(t, 0)))
            t->at++;
        return 0;
    }
    unsigned char kind = upper(peek(t, 0));
    advance(t, prefix);
    if (peek(t, 0) == '"')
        return take_name(t, token, '"', err);
    int rc = take_string(t, token, kind == 'E', err);
    if (kind == 'X')
        token->kind = KEEL__TOKEN_BLOB;
    return rc;
}

static void take_number(struct keel__tokenizer *t, struct keel__token *token)
{
    bool hex = peek(t, 0) == '0' && upper(peek(t, 1)) == 'X';
    token->kind = KEEL__TOKEN_NUMBER;
    for (;;) {
        unsigned char c = upper(peek(t, 0));
        bool sign_follows =
            c == 'E' && !hex && (peek(t, 1) == '+' || peek(t, 1) == '-') && is_digit(peek(t, 2));
        if (sign_follows)
            t->at += 2;
        else if (is_digit(c) || c == '.' || c == '_' || (c >= 'A' && c <= 'Z'))
            t->at++;
        else
            break;
    }
}

/* The operators that PostgreSQL users can make are any run of these characters. */
static bool is_postgres_operator(unsigned char c)
{
    return c && strchr("+-*/<>=~!@#%^&|`?", c);
}

static void take_operator(struct keel__tokenizer *t, struct keel__token *token)
{
    static const char *const sqlite[] = {
        "->>", "->", "||", "<=", ">=", "<>", "<<", ">>", "==", "!="};
    token->kind = KEEL__TOKEN_OPERATOR;
    if (t->dialect == KEEL_SQLITE) {
        size_t left = (size_t)(t->end - t->at);
        for (size_t i = 0; i < sizeof sqlite / sizeof *sqlite; i++) {
            size_t n = strlen(sqlite[i]);
            if (n <= left && memcmp(t->at, sqlite[i], n) == 0) {
                t->at += n;
                return;
            }
        }
        t->at++;
        return;
    }
    do
        t->at++;
    while (is_postgres_operator(peek(t, 0)) && !(peek(t, 0) == '-' && peek(t, 1) == '-') &&
           !(peek(t, 0) == '/' && peek(t, 1) == '*'));
}

/* SQLite: ?1, :name, @name, $name */
static bool take_sqlite_parameter(struct keel__tokenizer *t, struct keel__token *token)
{
    unsigned char c = peek(t, 0);
    if (c != '?' && !((c == ':' || c == '@' || c == '$') && is_word(peek(t, 1))))
        return false;
    token->kind = KEEL__TOKEN_PARAMETER;
    do
        t->at++;
    while (is_word(peek(t, 0)));
    return true;
}

static void take_colon(struct keel__tokenizer *t, struct keel__token *token)
{
    bool two = peek(t, 1) == ':' || peek(t, 1) == '=';
    token->kind = two ? KEEL__TOKEN_OPERATOR : KEEL__TOKEN_PUNCTUATION;
    t->at += two ? 2 : 1;
}

static int take_symbol(struct keel__tokenizer *t, struct keel__token *token, struct keel_error *err)
{
    unsigned char c = peek(t, 0);
    if (c == 0)
        return fail(t, t->line, err, "a NUL byte: SQL text has none; is this a text file?");
    if (c == '\\' && t->dialect == KEEL_POSTGRES)
        return fail(t, t->line, err,
                    "a psql command (\\...) is not SQL; only psql can run it: remove it");
    if (t->dialect == KEEL_SQLITE && take_sqlite_parameter(t, token))
        return 0;
    if (c == ':') {
        take_colon(t, token);
    } else if (strchr("()[],;.", c)) {
        token->kind = KEEL__TOKEN_PUNCTUATION;
        t->at++;
    } else {
        take_operator(t, token);
    }
    return 0;
}

static int take(struct keel__tokenizer *t, struct keel__token *token, struct keel_error *err)
{
    unsigned char c = peek(t, 0);
    bool sqlite = t->dialect == KEEL_SQLITE;
    if (c == '\'')
        return take_string(t, token, false, err);
    if (c == '"' || (sqlite && c == '`'))
        return take_name(t, token, (char)c, err);
    if (sqlite && c == '[')
        return take_name(t, token, ']', err);
    if (!sqlite && c == '$')
        return take_dollar(t, token, err);
    if (is_word_start(c))
        return take_word(t, token, err);
    if (is_digit(c) || (c == '.' && is_digit(peek(t, 1)))) {
        take_number(t, token);
        return 0;
    }
    return take_symbol(t, token, err);
}

int keel__token_next(struct keel__tokenizer *tokenizer, struct keel__token *token,
                     struct keel_error *err)
{
    int rc = skip_blank(tokenizer, err);
    const char *start = tokenizer->at;
    *token = (struct keel__token){.kind = KEEL__TOKEN_END, .line = tokenizer->line};
    if (rc == 0 && tokenizer->at < tokenizer->end)
        rc = take(tokenizer, token, err);
    token->text = keel_slice(start, (size_t)(tokenizer->at - start));
    return rc;
}

bool keel__token_is_word(const struct keel__token *token, const char *word)
{
    size_t n = strlen(word);
    if (token->kind != KEEL__TOKEN_WORD || token->text.size != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (upper((unsigned char)token->text.data[i]) != (unsigned char)word[i])
            return false;
    return true;
}

bool keel__token_is(const struct keel__token *token, char punctuation)
{
    return token->kind == KEEL__TOKEN_PUNCTUATION && token->text.size == 1 &&
           token->text.data[0] == punctuation;
}

bool keel__token_name(const struct keel__token *token, enum keel_dialect dialect, char *out,
                      size_t size)
{
    struct keel_slice text = token->text;
    bool quoted = token->kind == KEEL__TOKEN_NAME;
    size_t n = 0;
    if (!quoted && token->kind != KEEL__TOKEN_WORD)
        return false;
    if (quoted) {
        if (upper((unsigned char)text.data[0]) == 'U')
            return false;
        text = keel_slice(text.data + 1, text.size - 2);
    }
    char close = quoted ? text.data[text.size] : 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (n + 1 >= size)
            return false;
        if (quoted && c == close)
            i++; /* it is doubled */
        else if (!quoted && dialect == KEEL_POSTGRES && c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        out[n++] = c;
    }
    if (size == 0)
        return false;
    out[n] = 0;
    return true;
}
