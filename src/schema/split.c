#include "schema/split.h"

/* What the words of a statement have shown so far. */
struct scan {
    size_t words;        /* tokens read */
    bool explain;        /* SQLite: EXPLAIN ... and no CREATE yet */
    bool create;         /* CREATE [OR REPLACE | TEMP] and nothing else yet */
    bool routine;        /* PostgreSQL: CREATE FUNCTION or PROCEDURE */
    bool begin;          /* ... and the last token was BEGIN */
    bool body;           /* inside a trigger's or routine's body */
    bool may_end;        /* ... where END would close it: behind a semicolon */
    bool ended;          /* ... and END was the last token */
    bool copy;           /* PostgreSQL: COPY ... */
    bool copy_direction; /* ... and the last token was FROM or TO */
    size_t depth;        /* of parentheses */
    size_t open_line;    /* of the outermost one */
    size_t body_line;
};

void keel__splitter_init(struct keel__splitter *splitter, struct keel_slice sql,
                         enum keel_dialect dialect, size_t first_line)
{
    splitter->error_line = 0;
    keel__tokenizer_init(&splitter->tokenizer, sql, dialect, first_line);
}

static int fail(struct keel__splitter *s, size_t line, struct keel_error *err, const char *what)
{
    s->error_line = line;
    return keel_error_set(err, KEEL_INVALID, "%s", what);
}

static bool is_any(const struct keel__token *token, const char *const *words)
{
    for (; *words; words++)
        if (keel__token_is_word(token, *words))
            return true;
    return false;
}

static void open_body(struct scan *scan, size_t line)
{
    scan->body = true;
    scan->body_line = line;
}

/* SQLite's own rule (sqlite3_complete): behind [EXPLAIN [QUERY PLAN]] CREATE [TEMP] TRIGGER all is
 * body. */
static void scan_sqlite_head(struct scan *scan, const struct keel__token *token)
{
    static const char *const temporary[] = {"TEMP", "TEMPORARY", NULL};
    if (scan->words == 1)
        scan->explain = keel__token_is_word(token, "EXPLAIN");
    if ((scan->words == 1 || scan->explain) && keel__token_is_word(token, "CREATE")) {
        scan->create = true;
        scan->explain = false;
    } else if (scan->create && !is_any(token, temporary)) {
        scan->create = false;
        if (keel__token_is_word(token, "TRIGGER"))
            open_body(scan, token->line);
    }
}

/* CREATE [OR REPLACE] FUNCTION | PROCEDURE ... BEGIN ATOMIC opens a body. */
static void scan_postgres_head(struct scan *scan, const struct keel__token *token)
{
    static const char *const replace[] = {"OR", "REPLACE", NULL};
    static const char *const routine[] = {"FUNCTION", "PROCEDURE", NULL};
    if (scan->words == 1) {
        scan->create = keel__token_is_word(token, "CREATE");
        scan->copy = keel__token_is_word(token, "COPY");
    } else if (scan->create && !is_any(token, replace)) {
        scan->create = false;
        scan->routine = is_any(token, routine);
    } else if (scan->routine && scan->depth == 0) {
        if (scan->begin && keel__token_is_word(token, "ATOMIC")) {
            open_body(scan, token->line);
            scan->may_end = true;
        }
        scan->begin = keel__token_is_word(token, "BEGIN");
    }
}

static void scan_depth(struct scan *scan, const struct keel__token *token)
{
    if (keel__token_is(token, '(')) {
        if (scan->depth++ == 0)
            scan->open_line = token->line;
    } else if (keel__token_is(token, ')') && scan->depth > 0) {
        scan->depth--;
    }
}

/* Whether token copies from or to the client; what follows COPY ... FROM stdin in a file is no SQL.
 */
static bool is_client_copy(struct scan *scan, const struct keel__token *token)
{
    if (!scan->copy || scan->depth > 0)
        return false;
    if (scan->copy_direction &&
        (keel__token_is_word(token, "STDIN") || keel__token_is_word(token, "STDOUT")))
        return true;
    scan->copy_direction = keel__token_is_word(token, "FROM") || keel__token_is_word(token, "TO");
    return false;
}

/* Whether token, a semicolon, ends the statement. */
static bool is_end(struct scan *scan, enum keel_dialect dialect)
{
    if (dialect == KEEL_POSTGRES && scan->depth > 0)
        return false;
    return !scan->body || scan->ended;
}

/* Takes the token's part in the scan; INVALID when it may not stand in a file. */
static int scan_token(struct keel__splitter *s, struct scan *scan, const struct keel__token *token,
                      struct keel_error *err)
{
    enum keel_dialect dialect = s->tokenizer.dialect;
    scan->words++;
    if (scan->words == 1 && dialect == KEEL_SQLITE && keel__token_is(token, '.'))
        return fail(s, token->line, err,
                    "a command of the sqlite3 shell (.name) is not SQL: remove it");
    if (is_client_copy(scan, token))
        return fail(s, token->line, err,
                    "COPY from stdin or to stdout needs psql, its rows are not SQL: use INSERT, or "
                    "load the rows with psql");
    bool was_body = scan->body;
    if (dialect == KEEL_SQLITE)
        scan_sqlite_head(scan, token);
    else
        scan_postgres_head(scan, token);
    scan_depth(scan, token);
    if (was_body) {
        scan->ended = scan->may_end && keel__token_is_word(token, "END");
        scan->may_end = keel__token_is(token, ';');
    }
    return 0;
}

static int at_end(struct keel__splitter *s, const struct scan *scan, struct keel_error *err)
{
    if (scan->body && !scan->ended)
        return fail(s, scan->body_line, err,
                    s->tokenizer.dialect == KEEL_SQLITE
                        ? "the body of the trigger that begins here never comes to END;"
                        : "the body that begins here with BEGIN ATOMIC never comes to END;");
    if (scan->depth > 0 && s->tokenizer.dialect == KEEL_POSTGRES)
        return fail(s, scan->open_line, err, "the ( that stands here is never closed");
    return 0;
}

int keel__split_next(struct keel__splitter *splitter, struct keel__statement *out,
                     struct keel_error *err)
{
    struct scan scan = {0};
    struct keel__token token;
    const char *start = NULL, *end = NULL;
    *out = (struct keel__statement){0};
    for (;;) {
        int rc = keel__token_next(&splitter->tokenizer, &token, err);
        if (rc) {
            splitter->error_line = splitter->tokenizer.error_line;
            return rc;
        }
        if (token.kind == KEEL__TOKEN_END) {
            rc = at_end(splitter, &scan, err);
            if (rc)
                return rc;
            break;
        }
        if (keel__token_is(&token, ';') && is_end(&scan, splitter->tokenizer.dialect)) {
            if (start)
                break;
            continue;
        }
        if (!start) {
            start = token.text.data;
            out->line = token.line;
        }
        rc = scan_token(splitter, &scan, &token, err);
        if (rc)
            return rc;
        end = token.text.data + token.text.size;
    }
    if (start)
        out->text = keel_slice(start, (size_t)(end - start));
    return 0;
}
