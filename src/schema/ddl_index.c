#include "schema/ddl.h"

/* The place of the ',' or ')' that ends the part that begins at ddl->at. */
static size_t part_end(const struct keel__ddl *ddl)
{
    size_t at = ddl->at;
    while (at + 1 < ddl->count && !keel__token_is(&ddl->tokens[at], ',') &&
           !keel__token_is(&ddl->tokens[at], ')'))
        at = keel__token_is(&ddl->tokens[at], '(') ? keel__ddl_behind(ddl, at) : at + 1;
    return at;
}

/* Takes [COLLATE x] [ASC | DESC] [NULLS FIRST | LAST] off the end of the part. */
static int take_order(struct keel__ddl *ddl, size_t *end, struct keel_index_part *part,
                      struct keel_error *err)
{
    const struct keel__token *tokens = ddl->tokens;
    size_t at = *end, least = ddl->at + 1;
    bool last = false, first = false;
    if (at >= least + 2 && keel__token_is_word(&tokens[at - 2], "NULLS")) {
        first = keel__token_is_word(&tokens[at - 1], "FIRST");
        last = !first;
        at -= 2;
    }
    if (at > least && (keel__token_is_word(&tokens[at - 1], "DESC") ||
                       keel__token_is_word(&tokens[at - 1], "ASC"))) {
        part->descending = keel__token_is_word(&tokens[at - 1], "DESC");
        at--;
    }
    part->nulls_first = first || (!last && !part->descending);
    if (at >= least + 2 && keel__token_is_word(&tokens[at - 2], "COLLATE")) {
        struct keel__ddl collation = *ddl;
        collation.at = at - 1;
        int rc = keel__ddl_name(&collation, &part->collation, err);
        if (rc)
            return rc;
        at -= 2;
    }
    *end = at;
    return 0;
}

/* (a) is the column as well. What is hostile is not unwrapped to the end: each round reads all of
 * it.
 */
static void unwrap_part(struct keel__ddl *ddl, size_t *end)
{
    for (int i = 0; i < 32 && *end > ddl->at + 2; i++) {
        if (!keel__token_is(keel__ddl_peek(ddl), '(') || keel__ddl_behind(ddl, ddl->at) != *end)
            return;
        ddl->at++;
        (*end)--;
    }
}

int keel__ddl_part(struct keel__ddl *ddl, const struct keel_table_model *table,
                   struct keel_index_part *part, struct keel_error *err)
{
    size_t behind = part_end(ddl), end = behind;
    if (end == ddl->at)
        return keel__ddl_error(ddl, "a column or an expression", err);
    int rc = take_order(ddl, &end, part, err);
    if (rc)
        return rc;
    size_t from = ddl->at, wrapped_end = end;
    unwrap_part(ddl, &end);
    if (part->collation && end != ddl->at + 1) { /* (a || b) COLLATE x */
        ddl->at = from;
        end = wrapped_end;
    }
    enum keel__token_kind kind = keel__ddl_peek(ddl)->kind;
    if (end == ddl->at + 1 &&
        (kind == KEEL__TOKEN_WORD || kind == KEEL__TOKEN_NAME || kind == KEEL__TOKEN_STRING)) {
        struct keel__ddl one = *ddl;
        const char *name;
        rc = keel__ddl_name(&one, &name, err);
        if (rc)
            return rc;
        const struct keel_column_model *column = keel__ddl_column(table, name);
        part->column = column ? column->name : NULL;
        if (column && part->collation && column->collation &&
            keel__name_is(part->collation, column->collation))
            part->collation = NULL;
        if (column && part->collation && !column->collation &&
            keel__name_is(part->collation, "BINARY"))
            part->collation = NULL;
    }
    if (!part->column) {
        part->expression = keel__ddl_text(ddl, ddl->at, end);
        if (!part->expression)
            return keel__arena_error(ddl->arena, err);
    }
    ddl->at = behind;
    return 0;
}

/* [IF NOT EXISTS] [schema .] name */
static int take_object_name(struct keel__ddl *ddl, struct keel_error *err)
{
    const char *name;
    if (keel__ddl_word(ddl, "IF") &&
        (!keel__ddl_word(ddl, "NOT") || !keel__ddl_word(ddl, "EXISTS")))
        return keel__ddl_error(ddl, "NOT EXISTS", err);
    int rc = keel__ddl_name(ddl, &name, err);
    if (!rc && keel__ddl_mark(ddl, '.'))
        rc = keel__ddl_name(ddl, &name, err);
    return rc;
}

static int rest_of(struct keel__ddl *ddl, const char **out, struct keel_error *err)
{
    size_t end = ddl->count - 1;
    while (end > ddl->at && keel__token_is(&ddl->tokens[end - 1], ';'))
        end--;
    *out = keel__ddl_text(ddl, ddl->at, end);
    return *out ? 0 : keel__arena_error(ddl->arena, err);
}

int keel__ddl_index(struct keel_index_model *index, const struct keel_table_model *table,
                    struct keel__arena *arena, const char *sql, struct keel_error *err)
{
    struct keel__ddl ddl;
    const char *name;
    int rc = keel__ddl_open(&ddl, arena, sql, err);
    if (rc)
        return rc;
    if (!keel__ddl_word(&ddl, "CREATE"))
        return keel__ddl_error(&ddl, "CREATE", err);
    index->unique = keel__ddl_word(&ddl, "UNIQUE");
    if (!keel__ddl_word(&ddl, "INDEX"))
        return keel__ddl_error(&ddl, "INDEX", err);
    rc = take_object_name(&ddl, err);
    if (!rc && !keel__ddl_word(&ddl, "ON"))
        rc = keel__ddl_error(&ddl, "ON", err);
    if (!rc)
        rc = keel__ddl_name(&ddl, &name, err);
    if (!rc && !keel__token_is(keel__ddl_peek(&ddl), '('))
        rc = keel__ddl_error(&ddl, "'('", err);
    while (!rc && !keel__token_is(keel__ddl_peek(&ddl), ')')) {
        ddl.at++; /* over '(' or ',' */
        struct keel_index_part *part = KEEL__PUSH(arena, index->parts, index->part_count);
        rc = part ? keel__ddl_part(&ddl, table, part, err) : keel__arena_error(arena, err);
        if (!rc && keel__ddl_peek(&ddl)->kind == KEEL__TOKEN_END)
            rc = keel__ddl_error(&ddl, "')'", err);
    }
    if (rc)
        return rc;
    ddl.at++;
    if (keel__ddl_word(&ddl, "WHERE"))
        return rest_of(&ddl, &index->where, err);
    return 0;
}

int keel__ddl_view(struct keel_view_model *view, struct keel__arena *arena, const char *sql,
                   struct keel_error *err)
{
    struct keel__ddl ddl;
    int rc = keel__ddl_open(&ddl, arena, sql, err);
    if (rc)
        return rc;
    if (!keel__ddl_word(&ddl, "CREATE"))
        return keel__ddl_error(&ddl, "CREATE", err);
    if (!keel__ddl_word(&ddl, "TEMP"))
        keel__ddl_word(&ddl, "TEMPORARY");
    if (!keel__ddl_word(&ddl, "VIEW"))
        return keel__ddl_error(&ddl, "VIEW", err);
    rc = take_object_name(&ddl, err);
    if (rc)
        return rc;
    if (keel__token_is(keel__ddl_peek(&ddl), '(')) {
        do {
            ddl.at++;
            const char **column = KEEL__PUSH(arena, view->columns, view->column_count);
            rc = column ? keel__ddl_name(&ddl, column, err) : keel__arena_error(arena, err);
            if (rc)
                return rc;
        } while (keel__token_is(keel__ddl_peek(&ddl), ','));
        if (!keel__ddl_mark(&ddl, ')'))
            return keel__ddl_error(&ddl, "')'", err);
        view->columns_named = true;
    }
    if (!keel__ddl_word(&ddl, "AS"))
        return keel__ddl_error(&ddl, "AS", err);
    return rest_of(&ddl, &view->body, err);
}
