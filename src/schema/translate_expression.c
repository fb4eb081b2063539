#include "schema/translate.h"

#include "base/str.h"
#include "schema/render.h"
#include "schema/tokenize.h"

#include <string.h>
#include <strings.h>

/* What both dialects say in the same words is copied, the rest is looked up; what is not known is
 * never guessed. */

enum { MAX_TOKENS = 4096 };

struct expression {
    struct keel__translation *t;
    enum keel_dialect dialect; /* of the tokens */
    struct keel__token *tokens;
    size_t count, at;
    struct keel__str out;
    const char *why_not;
};

static bool is_word(const struct expression *e, size_t at, const char *word)
{
    return at < e->count && keel__token_is_word(&e->tokens[at], word);
}

static bool is_text(const struct expression *e, size_t at, const char *text)
{
    size_t n = strlen(text);
    return at < e->count && e->tokens[at].text.size == n &&
           memcmp(e->tokens[at].text.data, text, n) == 0;
}

static void refuse(struct expression *e, const struct keel__token *token)
{
    if (!e->why_not)
        e->why_not =
            keel__arena_printf(e->t->arena, "%.*s", (int)token->text.size, token->text.data);
    if (!e->why_not)
        e->t->failed = true;
}

/* The blanks that stood before the token at `at`. */
static void gap(struct expression *e, size_t at)
{
    if (at == 0 || e->out.size == 0)
        return;
    const char *end = e->tokens[at - 1].text.data + e->tokens[at - 1].text.size;
    if (e->tokens[at].text.data > end)
        keel__str_char(&e->out, ' ');
}

static void copy(struct expression *e)
{
    gap(e, e->at);
    keel__str_slice(&e->out, e->tokens[e->at].text);
    e->at++;
}

static const struct keel_column_model *column_at(const struct expression *e, size_t at)
{
    char name[512];
    if (at >= e->count || !e->t->table ||
        (e->tokens[at].kind != KEEL__TOKEN_WORD && e->tokens[at].kind != KEEL__TOKEN_NAME) ||
        !keel__token_name(&e->tokens[at], e->dialect, name, sizeof name))
        return NULL;
    const struct keel_table_model *table = e->t->new_table;
    for (size_t i = 0; i < table->column_count; i++)
        if (e->dialect == KEEL_SQLITE ? keel__name_is(table->columns[i].name, name)
                                      : strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

static bool is_one_of(const struct keel__token *token, const char *const *words)
{
    for (; *words; words++)
        if (keel__token_is_word(token, *words))
            return true;
    return false;
}

/* ---- words ----------------------------------------------------------------------------------- */

static const char *const plain_words[] = {
    "AND",  "OR",   "NOT", "IN",   "NULL",  "BETWEEN",      "CASE",         "WHEN",
    "THEN", "ELSE", "END", "TRUE", "FALSE", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP",
    "IS",   NULL};

static const struct function {
    const char *sqlite, *postgres;
} functions[] = {
    {"LENGTH", "LENGTH"},     {"LENGTH", "CHAR_LENGTH"}, {"LENGTH", "CHARACTER_LENGTH"},
    {"LOWER", "LOWER"},       {"UPPER", "UPPER"},        {"ABS", "ABS"},
    {"COALESCE", "COALESCE"}, {"IFNULL", "COALESCE"},    {"NULLIF", "NULLIF"},
    {"TRIM", "BTRIM"},        {"LTRIM", "LTRIM"},        {"RTRIM", "RTRIM"},
    {"REPLACE", "REPLACE"},   {"SUBSTR", "SUBSTR"}};

static const char *function_for(const struct expression *e, const struct keel__token *token)
{
    bool from_sqlite = e->dialect == KEEL_SQLITE;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (keel__token_is_word(token, from_sqlite ? functions[i].sqlite : functions[i].postgres))
            return from_sqlite ? functions[i].postgres : functions[i].sqlite;
    return NULL;
}

static void put_lower(struct expression *e, const char *word)
{
    for (; *word; word++)
        keel__str_char(&e->out, *word >= 'A' && *word <= 'Z' ? (char)(*word + 32) : *word);
}

/* SQLite's IS compares anything, PostgreSQL's only NULL, TRUE and FALSE. */
static bool is_plain_is(const struct expression *e)
{
    size_t next = e->at + 1;
    if (is_word(e, next, "NOT"))
        next++;
    return is_word(e, next, "NULL") || is_word(e, next, "TRUE") || is_word(e, next, "FALSE");
}

/* column = 1 where the column has become a boolean */
static void put_column(struct expression *e, const struct keel_column_model *column)
{
    gap(e, e->at);
    keel__sql_name(&e->out, column->name);
    e->at++;
    bool was_number = e->dialect == KEEL_SQLITE && column->type.kind == KEEL_LOGICAL_BOOLEAN;
    bool compared = is_text(e, e->at, "=") || is_text(e, e->at, "==") || is_text(e, e->at, "<>") ||
                    is_text(e, e->at, "!=");
    if (!was_number || !compared || !(is_text(e, e->at + 1, "0") || is_text(e, e->at + 1, "1")))
        return;
    keel__str_text(&e->out, is_text(e, e->at, "=") || is_text(e, e->at, "==") ? " = " : " <> ");
    keel__str_text(&e->out, is_text(e, e->at + 1, "1") ? "true" : "false");
    e->at += 2;
}

static void put_word(struct expression *e)
{
    const struct keel__token *token = &e->tokens[e->at];
    const struct keel_column_model *column = column_at(e, e->at);
    bool called = is_text(e, e->at + 1, "(");
    const char *function = called ? function_for(e, token) : NULL;
    if (function && !is_one_of(token, plain_words)) {
        gap(e, e->at++);
        put_lower(e, function);
    } else if (column && !called) {
        put_column(e, column);
    } else if (token->kind == KEEL__TOKEN_NAME || !is_one_of(token, plain_words)) {
        refuse(e, token);
    } else if (keel__token_is_word(token, "IS") && e->dialect == KEEL_SQLITE && !is_plain_is(e)) {
        refuse(e, token);
    } else {
        copy(e);
    }
}

/* ---- PostgreSQL's own forms ------------------------------------------------------------------ */

/* Behind the type whose name begins at `at`: words, (n), [] */
static size_t behind_type(const struct expression *e, size_t at)
{
    static const char *const further[] = {"VARYING", "PRECISION", "WITH",    "WITHOUT",
                                          "TIME",    "ZONE",      "WITHOUT", NULL};
    at++;
    while (at + 1 < e->count && is_text(e, at, "."))
        at += 2;
    while (at < e->count && is_one_of(&e->tokens[at], further))
        at++;
    if (is_text(e, at, "(")) {
        while (at < e->count && !is_text(e, at, ")"))
            at++;
        at++;
    }
    while (is_text(e, at, "[") && is_text(e, at + 1, "]"))
        at += 2;
    return at;
}

static bool is_text_type(const struct expression *e, size_t at)
{
    static const char *const names[] = {"TEXT", "CHARACTER", "VARCHAR", "BPCHAR", NULL};
    return at < e->count && is_one_of(&e->tokens[at], names);
}

/* A cast is left out where SQLite needs none: of a literal, and to text. */
static void put_cast(struct expression *e)
{
    const struct keel__token *before = e->at ? &e->tokens[e->at - 1] : NULL;
    bool literal =
        before && (before->kind == KEEL__TOKEN_STRING || before->kind == KEEL__TOKEN_NUMBER);
    if (before && e->at >= 3 && is_text(e, e->at - 1, ")") && is_text(e, e->at - 3, "("))
        literal = e->tokens[e->at - 2].kind == KEEL__TOKEN_NUMBER ||
                  e->tokens[e->at - 2].kind == KEEL__TOKEN_STRING;
    if (!literal && !is_text_type(e, e->at + 1))
        refuse(e, &e->tokens[e->at]);
    e->at = behind_type(e, e->at + 1);
}

/* = ANY (ARRAY[...]), also as = ANY ((ARRAY[...])::text[]): IN (...). Sets *open to the place
 * behind
 * "[" when the tokens at e->at are that. */
static bool is_list(const struct expression *e, size_t *open, bool *negated)
{
    size_t at = e->at;
    *negated = is_text(e, at, "<>") && is_word(e, at + 1, "ALL");
    if (!*negated && !(is_text(e, at, "=") && is_word(e, at + 1, "ANY")))
        return false;
    at += 2;
    while (is_text(e, at, "("))
        at++;
    if (!is_word(e, at, "ARRAY") || !is_text(e, at + 1, "["))
        return false;
    *open = at + 2;
    return true;
}

static void put_token(struct expression *e);

static void put_list(struct expression *e, size_t open, bool negated)
{
    size_t parens = open - e->at - 4; /* = ANY ( ... ARRAY [ */
    keel__str_text(&e->out, negated ? " NOT IN (" : " IN (");
    e->at = open;
    size_t start = e->out.size;
    while (e->at < e->count && !is_text(e, e->at, "]") && !e->why_not) {
        if (e->out.size == start)
            keel__str_text(&e->out, "");
        put_token(e);
    }
    e->at++;
    keel__str_char(&e->out, ')');
    while (parens > 0 && e->at < e->count) {
        if (is_text(e, e->at, "::"))
            e->at = behind_type(e, e->at + 1);
        else if (is_text(e, e->at, ")"))
            e->at++, parens--;
        else
            break;
    }
}

static void put_postgres_operator(struct expression *e)
{
    static const char *const same[] = {"=", "<>", "<", ">", "<=", ">=", "+",
                                       "-", "*",  "/", "%", "||", NULL};
    size_t open;
    bool negated;
    if (is_text(e, e->at, "::")) {
        put_cast(e);
        return;
    }
    if (is_list(e, &open, &negated)) {
        put_list(e, open, negated);
        return;
    }
    for (const char *const *o = same; *o; o++)
        if (is_text(e, e->at, *o)) {
            copy(e);
            return;
        }
    refuse(e, &e->tokens[e->at]);
    e->at++;
}

/* ---- all tokens ------------------------------------------------------------------------------ */

static void put_sqlite_operator(struct expression *e)
{
    static const char *const same[] = {
        "=", "<>", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/", "%", "||", NULL};
    if (is_text(e, e->at, "==")) {
        gap(e, e->at++);
        keel__str_char(&e->out, '=');
        return;
    }
    for (const char *const *o = same; *o; o++)
        if (is_text(e, e->at, *o)) {
            copy(e);
            return;
        }
    refuse(e, &e->tokens[e->at]);
    e->at++;
}

static void put_token(struct expression *e)
{
    const struct keel__token *token = &e->tokens[e->at];
    size_t before = e->at;
    switch (token->kind) {
    case KEEL__TOKEN_WORD:
    case KEEL__TOKEN_NAME:
        put_word(e);
        break;
    case KEEL__TOKEN_STRING:
        if (*token->text.data != '\'')
            refuse(e, token);
        copy(e);
        break;
    case KEEL__TOKEN_NUMBER:
        if (token->text.size > 1 && (token->text.data[1] == 'x' || token->text.data[1] == 'X'))
            refuse(e, token);
        copy(e);
        break;
    case KEEL__TOKEN_OPERATOR:
        if (e->dialect == KEEL_SQLITE)
            put_sqlite_operator(e);
        else
            put_postgres_operator(e);
        break;
    case KEEL__TOKEN_PUNCTUATION:
        if (is_text(e, e->at, "(") || is_text(e, e->at, ")") || is_text(e, e->at, ","))
            copy(e);
        else
            refuse(e, token);
        break;
    default:
        refuse(e, token);
    }
    if (e->at == before)
        e->at++;
}

static bool read_tokens(struct expression *e, const char *text)
{
    struct keel__tokenizer tokenizer;
    struct keel__token token;
    keel__tokenizer_init(&tokenizer, keel_slice_of(text), e->dialect, 1);
    for (;;) {
        if (keel__token_next(&tokenizer, &token, NULL) || e->count == MAX_TOKENS) {
            e->why_not = "it is too long or not closed";
            return false;
        }
        if (token.kind == KEEL__TOKEN_END)
            return true;
        struct keel__token *last = KEEL__PUSH(e->t->arena, e->tokens, e->count);
        if (!last) {
            e->t->failed = true;
            return false;
        }
        *last = token;
    }
}

/* column IN (0, 1) of a column that has become a boolean */
static bool is_boolean_check(const struct expression *e)
{
    const struct keel_column_model *column = column_at(e, 0);
    return column && column->type.kind == KEEL_LOGICAL_BOOLEAN && e->count == 7 &&
           is_word(e, 1, "IN") && (is_text(e, 3, "0") || is_text(e, 3, "1")) &&
           (is_text(e, 5, "0") || is_text(e, 5, "1"));
}

const char *keel__translate_expression(struct keel__translation *t, const char *text,
                                       const char **why_not)
{
    struct expression e = {.t = t, .dialect = t->from->dialect};
    const char *result = NULL;
    *why_not = NULL;
    for (size_t i = 0;
         t->table && t->from->dialect == KEEL_SQLITE && i < t->new_table->column_count; i++)
        if (t->new_table->columns[i].type.kind == KEEL_LOGICAL_JSON &&
            keel__checks_json(text, t->new_table->columns[i].name))
            return "";
    if (!read_tokens(&e, text)) {
        *why_not = e.why_not ? e.why_not : "out of memory";
        return NULL;
    }
    if (e.dialect == KEEL_SQLITE && is_boolean_check(&e))
        return "";
    keel__str_init(&e.out, 0);
    while (e.at < e.count && !e.why_not && !t->failed)
        put_token(&e);
    if (e.why_not)
        *why_not = keel__arena_printf(t->arena, "%s has no counterpart", e.why_not);
    else
        result = keel__arena_dup(t->arena, keel__str_view(&e.out));
    t->failed |= e.out.failed || (!result && !*why_not);
    keel__str_fini(&e.out);
    return result;
}

bool keel__checks_json(const char *text, const char *column)
{
    struct keel__tokenizer tokenizer;
    struct keel__token tokens[12];
    char name[512];
    size_t count = 0;
    keel__tokenizer_init(&tokenizer, keel_slice_of(text), KEEL_SQLITE, 1);
    while (count < 12 && keel__token_next(&tokenizer, &tokens[count], NULL) == 0 &&
           tokens[count].kind != KEEL__TOKEN_END)
        count++;
    size_t at = 0;
    if (count == 8 && keel__token_is_word(&tokens[1], "IS") &&
        keel__token_is_word(&tokens[2], "NULL") && keel__token_is_word(&tokens[3], "OR")) {
        if (!keel__token_name(&tokens[0], KEEL_SQLITE, name, sizeof name) ||
            !keel__name_is(name, column))
            return false;
        at = 4;
    }
    return count == at + 4 && keel__token_is_word(&tokens[at], "JSON_VALID") &&
           keel__token_is(&tokens[at + 1], '(') &&
           keel__token_name(&tokens[at + 2], KEEL_SQLITE, name, sizeof name) &&
           keel__name_is(name, column);
}
