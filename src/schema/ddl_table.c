#include "schema/ddl.h"

#include <string.h>

struct reader {
    struct keel__ddl ddl;
    struct keel_table_model *table;
    struct keel_column_model *column; /* at work; NULL: a table constraint */
    const char *name;                 /* of the constraint that follows: CONSTRAINT name */
};

static int nomem(struct reader *r, struct keel_error *err)
{
    return keel__arena_error(r->ddl.arena, err);
}

static int expect(struct reader *r, const char *word, struct keel_error *err)
{
    return keel__ddl_word(&r->ddl, word) ? 0 : keel__ddl_error(&r->ddl, word, err);
}

/* [ON CONFLICT how] */
static int take_conflict(struct reader *r, enum keel_conflict *out, struct keel_error *err)
{
    static const char *const words[] = {"ROLLBACK", "ABORT", "FAIL", "IGNORE", "REPLACE"};
    if (!keel__ddl_word(&r->ddl, "ON"))
        return 0;
    int rc = expect(r, "CONFLICT", err);
    if (rc)
        return rc;
    for (int i = 0; i < 5; i++)
        if (keel__ddl_word(&r->ddl, words[i])) {
            *out = (enum keel_conflict)(KEEL_CONFLICT_ROLLBACK + i);
            return 0;
        }
    return keel__ddl_error(&r->ddl, "what to do ON CONFLICT", err);
}

static int take_column_name(struct reader *r, const char **out, struct keel_error *err)
{
    int rc = keel__ddl_name(&r->ddl, out, err);
    const struct keel_column_model *column = rc ? NULL : keel__ddl_column(r->table, *out);
    if (column)
        *out = column->name;
    return rc;
}

/* ( column, ... ) */
static int take_columns(struct reader *r, const char ***columns, size_t *count, bool own,
                        struct keel_error *err)
{
    if (!keel__token_is(keel__ddl_peek(&r->ddl), '('))
        return keel__ddl_error(&r->ddl, "'('", err);
    do {
        r->ddl.at++;
        const char **column = KEEL__PUSH(r->ddl.arena, *columns, *count);
        if (!column)
            return nomem(r, err);
        int rc = own ? take_column_name(r, column, err) : keel__ddl_name(&r->ddl, column, err);
        if (rc)
            return rc;
    } while (keel__token_is(keel__ddl_peek(&r->ddl), ','));
    return keel__ddl_mark(&r->ddl, ')') ? 0 : keel__ddl_error(&r->ddl, "')'", err);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static struct keel_key_model *new_key(struct reader *r, bool primary)
{
    struct keel_key_model *key;
    if (primary)
        key = r->table->primary_key = keel__arena_calloc(r->ddl.arena, 1, sizeof *key);
    else
        key = KEEL__PUSH(r->ddl.arena, r->table->uniques, r->table->unique_count);
    if (key)
        key->name = r->name;
    return key;
}

static int add_key_part(struct reader *r, struct keel_key_model *key,
                        const struct keel_index_part *part, struct keel_error *err)
{
    struct keel__arena *arena = r->ddl.arena;
    if (!part->column)
        return keel__ddl_error(&r->ddl, "a key of columns", err);
    size_t collations = key->column_count;
    const char **collation = KEEL__PUSH(arena, key->collations, collations);
    const char **column = KEEL__PUSH(arena, key->columns, key->column_count);
    if (!column || !collation)
        return nomem(r, err);
    *column = part->column;
    *collation = part->collation;
    if (part->descending) {
        const char **descending = KEEL__PUSH(arena, key->descending, key->descending_count);
        if (!descending)
            return nomem(r, err);
        *descending = part->column;
    }
    return 0;
}

/* ( part, ... [AUTOINCREMENT] ) */
static int take_key_parts(struct reader *r, struct keel_key_model *key, bool *autoincrement,
                          struct keel_error *err)
{
    if (!keel__token_is(keel__ddl_peek(&r->ddl), '('))
        return keel__ddl_error(&r->ddl, "'('", err);
    do {
        r->ddl.at++;
        struct keel_index_part part = {0};
        int rc = 0;
        /* PRIMARY KEY (id AUTOINCREMENT) */
        if (r->ddl.at + 1 < r->ddl.count &&
            keel__token_is_word(keel__ddl_peek(&r->ddl) + 1, "AUTOINCREMENT")) {
            rc = take_column_name(r, &part.column, err);
            r->ddl.at++;
            *autoincrement = true;
        } else {
            rc = keel__ddl_part(&r->ddl, r->table, &part, err);
        }
        if (!rc)
            rc = add_key_part(r, key, &part, err);
        if (rc)
            return rc;
    } while (keel__token_is(keel__ddl_peek(&r->ddl), ','));
    bool collated = false;
    for (size_t i = 0; i < key->column_count; i++)
        collated = collated || key->collations[i];
    if (!collated)
        key->collations = NULL;
    return keel__ddl_mark(&r->ddl, ')') ? 0 : keel__ddl_error(&r->ddl, "')'", err);
}

/* An INTEGER PRIMARY KEY of a rowid table is the rowid, unless it was written at the column with
 * DESC: https://www.sqlite.org/lang_createtable.html#rowids_and_the_integer_primary_key */
static void set_identity(struct reader *r, struct keel_key_model *key, bool autoincrement)
{
    if (r->table->without_rowid || key->column_count != 1 || (r->column && key->descending_count))
        return;
    struct keel_column_model *column = keel__ddl_column(r->table, key->columns[0]);
    if (!column || !keel__name_is(column->declared_type, "INTEGER"))
        return;
    column->identity = autoincrement ? KEEL_IDENTITY_AUTOINCREMENT : KEEL_IDENTITY_ROWID;
    column->not_null = true;
    column->not_null_conflict = KEEL_CONFLICT_DEFAULT; /* a rowid is never missing */
    key->descending = NULL;
    key->descending_count = 0;
}

static int take_column_key(struct reader *r, bool primary, struct keel_error *err)
{
    struct keel_key_model *key = new_key(r, primary);
    struct keel_index_part part = {.column = r->column->name};
    if (!key)
        return nomem(r, err);
    if (primary && !keel__ddl_word(&r->ddl, "ASC"))
        part.descending = keel__ddl_word(&r->ddl, "DESC");
    int rc = add_key_part(r, key, &part, err);
    key->collations = NULL;
    if (!rc)
        rc = take_conflict(r, &key->conflict, err);
    if (!rc && primary)
        set_identity(r, key, keel__ddl_word(&r->ddl, "AUTOINCREMENT"));
    return rc;
}

static int take_table_key(struct reader *r, bool primary, struct keel_error *err)
{
    struct keel_key_model *key = new_key(r, primary);
    bool autoincrement = false;
    if (!key)
        return nomem(r, err);
    int rc = take_key_parts(r, key, &autoincrement, err);
    if (!rc)
        rc = take_conflict(r, &key->conflict, err);
    if (!rc && primary)
        set_identity(r, key, autoincrement);
    return rc;
}

/* ---- checks and references ------------------------------------------------------------------- */

static int take_check(struct reader *r, struct keel_error *err)
{
    enum keel_conflict ignored;
    struct keel_check_model *check =
        KEEL__PUSH(r->ddl.arena, r->table->checks, r->table->check_count);
    if (!check)
        return nomem(r, err);
    check->name = r->name;
    check->column = r->column ? r->column->name : NULL;
    int rc = keel__ddl_parenthesized(&r->ddl, &check->expression, err);
    return rc ? rc : take_conflict(r, &ignored, err); /* SQLite takes it and does nothing with it */
}

static int take_action(struct reader *r, enum keel_reference_action *out, struct keel_error *err)
{
    if (keel__ddl_word(&r->ddl, "CASCADE")) {
        *out = KEEL_ACTION_CASCADE;
    } else if (keel__ddl_word(&r->ddl, "RESTRICT")) {
        *out = KEEL_ACTION_RESTRICT;
    } else if (keel__ddl_word(&r->ddl, "NO")) {
        *out = KEEL_ACTION_NO_ACTION;
        return expect(r, "ACTION", err);
    } else if (!keel__ddl_word(&r->ddl, "SET")) {
        return keel__ddl_error(&r->ddl, "an action", err);
    } else if (keel__ddl_word(&r->ddl, "NULL")) {
        *out = KEEL_ACTION_SET_NULL;
    } else {
        *out = KEEL_ACTION_SET_DEFAULT;
        return expect(r, "DEFAULT", err);
    }
    return 0;
}

static int take_on(struct reader *r, struct keel_foreign_key_model *key, struct keel_error *err)
{
    enum keel_reference_action ignored;
    if (keel__ddl_word(&r->ddl, "DELETE"))
        return take_action(r, &key->on_delete, err);
    if (keel__ddl_word(&r->ddl, "UPDATE"))
        return take_action(r, &key->on_update, err);
    int rc = expect(r, "INSERT", err); /* in the grammar, without effect */
    return rc ? rc : take_action(r, &ignored, err);
}

static int take_match(struct reader *r, struct keel_foreign_key_model *key, struct keel_error *err)
{
    const char *how;
    int rc = keel__ddl_name(&r->ddl, &how, err);
    if (!rc && keel__name_is(how, "FULL"))
        key->match = KEEL_MATCH_FULL;
    return rc;
}

/* [NOT] DEFERRABLE [INITIALLY DEFERRED | IMMEDIATE]; NOT has been taken. */
static int take_deferrable(struct reader *r, bool negated, enum keel_deferrable *out,
                           struct keel_error *err)
{
    int rc = expect(r, "DEFERRABLE", err);
    bool deferred = false;
    if (!rc && keel__ddl_word(&r->ddl, "INITIALLY")) {
        deferred = keel__ddl_word(&r->ddl, "DEFERRED");
        if (!deferred)
            rc = expect(r, "IMMEDIATE", err);
    }
    *out = negated ? KEEL_NOT_DEFERRABLE : deferred ? KEEL_INITIALLY_DEFERRED : KEEL_DEFERRABLE;
    return rc;
}

/* Whether NOT DEFERRABLE (not NOT NULL) follows; takes the NOT. */
static bool take_not_deferrable(struct reader *r)
{
    bool is = keel__token_is_word(keel__ddl_peek(&r->ddl), "NOT") &&
              keel__token_is_word(keel__ddl_peek(&r->ddl) + 1, "DEFERRABLE");
    r->ddl.at += is;
    return is;
}

/* REFERENCES has been taken. */
static int take_references(struct reader *r, struct keel_foreign_key_model *key,
                           struct keel_error *err)
{
    size_t count = 0;
    int rc = keel__ddl_name(&r->ddl, &key->parent, err);
    key->implicit = !rc && !keel__token_is(keel__ddl_peek(&r->ddl), '(');
    if (!rc && !key->implicit)
        rc = take_columns(r, &key->parent_columns, &count, false, err);
    if (!rc && !key->implicit && count != key->column_count)
        return keel__ddl_error(&r->ddl, "as many columns in the parent as in the key", err);
    while (!rc) {
        bool negated = take_not_deferrable(r);
        if (negated || keel__token_is_word(keel__ddl_peek(&r->ddl), "DEFERRABLE"))
            rc = take_deferrable(r, negated, &key->deferrable, err);
        else if (keel__ddl_word(&r->ddl, "ON"))
            rc = take_on(r, key, err);
        else if (keel__ddl_word(&r->ddl, "MATCH"))
            rc = take_match(r, key, err);
        else
            break;
    }
    return rc;
}

static struct keel_foreign_key_model *new_foreign_key(struct reader *r)
{
    struct keel_foreign_key_model *key =
        KEEL__PUSH(r->ddl.arena, r->table->foreign_keys, r->table->foreign_key_count);
    if (key)
        key->name = r->name;
    return key;
}

static int take_column_references(struct reader *r, struct keel_error *err)
{
    struct keel_foreign_key_model *key = new_foreign_key(r);
    const char **column = key ? KEEL__PUSH(r->ddl.arena, key->columns, key->column_count) : NULL;
    if (!column)
        return nomem(r, err);
    *column = r->column->name;
    return take_references(r, key, err);
}

static int take_foreign_key(struct reader *r, struct keel_error *err)
{
    struct keel_foreign_key_model *key = new_foreign_key(r);
    if (!key)
        return nomem(r, err);
    int rc = expect(r, "KEY", err);
    if (!rc)
        rc = take_columns(r, &key->columns, &key->column_count, true, err);
    if (!rc)
        rc = expect(r, "REFERENCES", err);
    return rc ? rc : take_references(r, key, err);
}

/* Behind other constraints it belongs to the last reference so far, and to none when there is none.
 */
static int take_late_deferrable(struct reader *r, bool negated, struct keel_error *err)
{
    enum keel_deferrable ignored;
    size_t count = r->table->foreign_key_count;
    return take_deferrable(r, negated,
                           count ? &r->table->foreign_keys[count - 1].deferrable : &ignored, err);
}

/* ---- columns --------------------------------------------------------------------------------- */

static bool is_literal(const struct keel__token *token)
{
    return token->kind == KEEL__TOKEN_STRING || token->kind == KEEL__TOKEN_NUMBER ||
           token->kind == KEEL__TOKEN_BLOB || keel__token_is_word(token, "NULL") ||
           keel__token_is_word(token, "TRUE") || keel__token_is_word(token, "FALSE");
}

static bool is_sign(const struct keel__token *token)
{
    return token->kind == KEEL__TOKEN_OPERATOR && token->text.size == 1 &&
           (token->text.data[0] == '-' || token->text.data[0] == '+');
}

/* Whether text, an expression, is one literal. */
static bool is_literal_text(const char *text)
{
    struct keel__tokenizer tokenizer;
    struct keel__token token, next;
    keel__tokenizer_init(&tokenizer, keel_slice_of(text), KEEL_SQLITE, 1);
    if (keel__token_next(&tokenizer, &token, NULL))
        return false;
    if (is_sign(&token) &&
        (keel__token_next(&tokenizer, &token, NULL) || token.kind != KEEL__TOKEN_NUMBER))
        return false;
    return is_literal(&token) && !keel__token_next(&tokenizer, &next, NULL) &&
           next.kind == KEEL__TOKEN_END;
}

static int take_default(struct reader *r, struct keel_error *err)
{
    struct keel_column_model *column = r->column;
    if (keel__token_is(keel__ddl_peek(&r->ddl), '(')) {
        int rc = keel__ddl_parenthesized(&r->ddl, &column->default_text, err);
        if (!rc)
            column->default_kind = is_literal_text(column->default_text) ? KEEL_DEFAULT_LITERAL
                                                                         : KEEL_DEFAULT_EXPRESSION;
        return rc;
    }
    size_t from = r->ddl.at;
    r->ddl.at += is_sign(keel__ddl_peek(&r->ddl));
    const struct keel__token *token = keel__ddl_peek(&r->ddl);
    bool computed = keel__token_is_word(token, "CURRENT_TIMESTAMP") ||
                    keel__token_is_word(token, "CURRENT_DATE") ||
                    keel__token_is_word(token, "CURRENT_TIME");
    if (!is_literal(token) && token->kind != KEEL__TOKEN_WORD && token->kind != KEEL__TOKEN_NAME)
        return keel__ddl_error(&r->ddl, "a default", err);
    r->ddl.at++;
    column->default_text = keel__ddl_text(&r->ddl, from, r->ddl.at);
    column->default_kind = computed ? KEEL_DEFAULT_EXPRESSION : KEEL_DEFAULT_LITERAL;
    return column->default_text ? 0 : nomem(r, err);
}

/* [GENERATED ALWAYS] AS has been taken: (expression) [STORED | VIRTUAL] */
static int take_generated(struct reader *r, struct keel_error *err)
{
    int rc = keel__ddl_parenthesized(&r->ddl, &r->column->generated_text, err);
    r->column->generated =
        !rc && keel__ddl_word(&r->ddl, "STORED") ? KEEL_GENERATED_STORED : KEEL_GENERATED_VIRTUAL;
    if (!rc && r->column->generated == KEEL_GENERATED_VIRTUAL)
        keel__ddl_word(&r->ddl, "VIRTUAL");
    return rc;
}

static int take_collate(struct reader *r, struct keel_error *err)
{
    const char *collation;
    int rc = keel__ddl_name(&r->ddl, &collation, err);
    if (!rc)
        r->column->collation = keel__name_is(collation, "BINARY") ? NULL : collation;
    return rc;
}

/* One constraint of a column; *more is false where there is none. */
static int take_column_constraint(struct reader *r, bool *more, struct keel_error *err)
{
    enum keel_conflict ignored;
    struct keel__ddl *ddl = &r->ddl;
    int rc;
    *more = true;
    bool negated = take_not_deferrable(r);
    if (negated || keel__token_is_word(keel__ddl_peek(ddl), "DEFERRABLE"))
        return take_late_deferrable(r, negated, err);
    if (keel__ddl_word(ddl, "PRIMARY")) {
        rc = expect(r, "KEY", err);
        return rc ? rc : take_column_key(r, true, err);
    }
    if (keel__ddl_word(ddl, "NOT")) {
        rc = expect(r, "NULL", err);
        return rc ? rc : take_conflict(r, &r->column->not_null_conflict, err);
    }
    if (keel__ddl_word(ddl, "NULL"))
        return take_conflict(r, &ignored, err);
    if (keel__ddl_word(ddl, "UNIQUE"))
        return take_column_key(r, false, err);
    if (keel__ddl_word(ddl, "CHECK"))
        return take_check(r, err);
    if (keel__ddl_word(ddl, "DEFAULT"))
        return take_default(r, err);
    if (keel__ddl_word(ddl, "COLLATE"))
        return take_collate(r, err);
    if (keel__ddl_word(ddl, "REFERENCES"))
        return take_column_references(r, err);
    if (keel__ddl_word(ddl, "GENERATED")) {
        rc = expect(r, "ALWAYS", err);
        if (!rc)
            rc = expect(r, "AS", err);
        return rc ? rc : take_generated(r, err);
    }
    if (keel__ddl_word(ddl, "AS"))
        return take_generated(r, err);
    *more = false;
    return 0;
}

static bool begins_constraint(const struct keel__token *token)
{
    static const char *const words[] = {"CONSTRAINT", "PRIMARY", "NOT",       "NULL",
                                        "UNIQUE",     "CHECK",   "DEFAULT",   "COLLATE",
                                        "REFERENCES", "AS",      "GENERATED", NULL};
    for (int i = 0; words[i]; i++)
        if (keel__token_is_word(token, words[i]))
            return true;
    return false;
}

/* The type is known from the pragma. */
static void skip_type(struct keel__ddl *ddl)
{
    for (;;) {
        const struct keel__token *token = keel__ddl_peek(ddl);
        if (keel__token_is(token, '('))
            ddl->at = keel__ddl_behind(ddl, ddl->at);
        else if (begins_constraint(token) ||
                 (token->kind != KEEL__TOKEN_WORD && token->kind != KEEL__TOKEN_NAME &&
                  token->kind != KEEL__TOKEN_STRING))
            return;
        else
            ddl->at++;
    }
}

static int take_constraint_name(struct reader *r, struct keel_error *err)
{
    int rc = 0;
    r->name = NULL;
    while (!rc && keel__ddl_word(&r->ddl, "CONSTRAINT")) /* the last one counts */
        rc = keel__ddl_name(&r->ddl, &r->name, err);
    return rc;
}

static int take_column(struct reader *r, struct keel_error *err)
{
    const char *name;
    bool more = true;
    int rc = keel__ddl_name(&r->ddl, &name, err);
    if (rc)
        return rc;
    if (!keel__name_is(name, r->column->name))
        return keel_error_set(err, KEEL_INVALID, "its statement has column %s where SQLite has %s",
                              name, r->column->name);
    skip_type(&r->ddl);
    while (!rc && more) {
        rc = take_constraint_name(r, err);
        if (!rc)
            rc = take_column_constraint(r, &more, err);
    }
    return rc;
}

static int take_table_constraint(struct reader *r, struct keel_error *err)
{
    r->column = NULL;
    int rc = take_constraint_name(r, err);
    if (rc)
        return rc;
    if (keel__ddl_word(&r->ddl, "PRIMARY")) {
        rc = expect(r, "KEY", err);
        return rc ? rc : take_table_key(r, true, err);
    }
    if (keel__ddl_word(&r->ddl, "UNIQUE"))
        return take_table_key(r, false, err);
    if (keel__ddl_word(&r->ddl, "CHECK"))
        return take_check(r, err);
    if (keel__ddl_word(&r->ddl, "FOREIGN"))
        return take_foreign_key(r, err);
    return r->name ? 0 : keel__ddl_error(&r->ddl, "a constraint", err);
}

int keel__ddl_table(struct keel_table_model *table, struct keel__arena *arena, const char *sql,
                    struct keel_error *err)
{
    struct reader r = {.table = table};
    int rc = keel__ddl_open(&r.ddl, arena, sql, err);
    if (rc)
        return rc;
    /* CREATE TABLE name: what stands there is known; the list of columns opens the first '('. */
    while (keel__ddl_peek(&r.ddl)->kind != KEEL__TOKEN_END &&
           !keel__token_is(keel__ddl_peek(&r.ddl), '('))
        r.ddl.at++;
    for (size_t i = 0; !rc && i < table->column_count; i++) {
        if (!keel__ddl_mark(&r.ddl, i ? ',' : '('))
            return keel__ddl_error(&r.ddl, "the next column", err);
        r.column = &table->columns[i];
        rc = take_column(&r, err);
    }
    while (!rc && !keel__ddl_mark(&r.ddl, ')')) {
        keel__ddl_mark(&r.ddl, ','); /* SQLite does not ask for it */
        rc = take_table_constraint(&r, err);
    }
    return rc;
}
