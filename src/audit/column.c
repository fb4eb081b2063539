#include "audit/column.h"

#include "audit/references.h"
#include "base/str.h"
#include "schema/render.h"
#include "schema/tokenize.h"

#include <string.h>
#include <strings.h>

/* ---- defaults -------------------------------------------------------------------------------- */

static void unquote(struct keel_slice token, struct keel__literal *out)
{
    size_t used = 0;
    for (size_t i = 1; i + 1 < token.size; i++) {
        if (token.data[i] == '\'' && i + 2 < token.size && token.data[i + 1] == '\'')
            i++;
        if (used + 1 >= sizeof out->text) {
            out->kind = KEEL__LITERAL_OTHER;
            return;
        }
        out->text[used++] = token.data[i];
    }
    out->text[used] = '\0';
    out->kind = KEEL__LITERAL_STRING;
}

static void keep(struct keel__literal *out, enum keel__literal_kind kind, const char *sign,
                 struct keel_slice text)
{
    size_t before = strlen(sign);
    if (before + text.size >= sizeof out->text) {
        out->kind = KEEL__LITERAL_OTHER;
        return;
    }
    memcpy(out->text, sign, before);
    memcpy(out->text + before, text.data, text.size);
    out->text[before + text.size] = '\0';
    out->kind = kind;
}

void keel__column_default(enum keel_dialect dialect, const struct keel_column_model *column,
                          struct keel__literal *out)
{
    *out = (struct keel__literal){.kind = KEEL__LITERAL_NONE};
    if (column->default_kind == KEEL_DEFAULT_NONE || !column->default_text ||
        column->generated != KEEL_GENERATED_NO)
        return;
    struct keel__tokenizer tokenizer;
    struct keel__token token, next;
    keel__tokenizer_init(&tokenizer, keel_slice_of(column->default_text), dialect, 1);
    if (keel__token_next(&tokenizer, &token, NULL))
        return;
    const char *sign = "";
    while (token.kind == KEEL__TOKEN_PUNCTUATION && keel__token_is(&token, '('))
        if (keel__token_next(&tokenizer, &token, NULL))
            return;
    if (token.kind == KEEL__TOKEN_OPERATOR && token.text.size == 1 &&
        (token.text.data[0] == '-' || token.text.data[0] == '+')) {
        sign = token.text.data[0] == '-' ? "-" : "";
        if (keel__token_next(&tokenizer, &token, NULL))
            return;
    }
    if (keel__token_next(&tokenizer, &next, NULL))
        return;
    bool alone = next.kind == KEEL__TOKEN_END || keel__token_is(&next, ')') ||
                 (next.kind == KEEL__TOKEN_OPERATOR && next.text.size == 2 &&
                  memcmp(next.text.data, "::", 2) == 0);
    if (!alone)
        return;
    /* SQLite takes a double-quoted default for a string. */
    if ((token.kind == KEEL__TOKEN_STRING && token.text.data[0] == '\'') ||
        (token.kind == KEEL__TOKEN_NAME && dialect == KEEL_SQLITE && token.text.data[0] == '"'))
        unquote(token.text, out);
    else if (token.kind == KEEL__TOKEN_NUMBER)
        keep(out, KEEL__LITERAL_NUMBER, sign, token.text);
    else if (keel__token_is_word(&token, "NULL"))
        keep(out, KEEL__LITERAL_NULL, "", token.text);
    else
        keep(out, KEEL__LITERAL_OTHER, "", token.text);
}

/* ---- checks ---------------------------------------------------------------------------------- */

static bool same_name(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

bool keel__check_mentions(enum keel_dialect dialect, const struct keel_table_model *table,
                          const struct keel_check_model *check, const char *column, bool *only)
{
    struct keel__tokenizer tokenizer;
    struct keel__token token;
    bool found = false, alone = true;
    keel__tokenizer_init(&tokenizer, keel_slice_of(check->expression), dialect, 1);
    while (!keel__token_next(&tokenizer, &token, NULL) && token.kind != KEEL__TOKEN_END) {
        char name[256];
        if (!keel__token_name(&token, dialect, name, sizeof name))
            continue;
        if (same_name(name, column))
            found = true;
        else if (only && keel_table_column(table, name))
            alone = false;
    }
    if (only)
        *only = found && alone;
    return found;
}

static bool says_values(enum keel_dialect dialect, const struct keel_check_model *check)
{
    struct keel__tokenizer tokenizer;
    struct keel__token token;
    keel__tokenizer_init(&tokenizer, keel_slice_of(check->expression), dialect, 1);
    while (!keel__token_next(&tokenizer, &token, NULL) && token.kind != KEEL__TOKEN_END)
        if (keel__token_is_word(&token, "IN") || keel__token_is_word(&token, "ANY") ||
            keel__token_is_word(&token, "LIKE") || keel__token_is_word(&token, "GLOB") ||
            keel__token_is_word(&token, "REGEXP") || keel__token_is_word(&token, "SIMILAR") ||
            (token.kind == KEEL__TOKEN_OPERATOR &&
             (token.text.data[0] == '=' || token.text.data[0] == '~')))
            return true;
    return false;
}

bool keel__column_checked(enum keel_dialect dialect, const struct keel_table_model *table,
                          const char *column)
{
    for (size_t i = 0; i < table->check_count; i++)
        if (keel__check_mentions(dialect, table, &table->checks[i], column, NULL))
            return true;
    return false;
}

bool keel__column_closed(enum keel_dialect dialect, const struct keel_table_model *table,
                         const char *column)
{
    for (size_t i = 0; i < table->check_count; i++)
        if (keel__check_mentions(dialect, table, &table->checks[i], column, NULL) &&
            says_values(dialect, &table->checks[i]))
            return true;
    return false;
}

/* ---- keys and references --------------------------------------------------------------------- */

static bool among(const char *name, const char *const *columns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, columns[i]) == 0)
            return true;
    return false;
}

static bool key_within(const struct keel_key_model *key, const char *const *columns, size_t count)
{
    for (size_t i = 0; i < key->column_count; i++)
        if (!among(key->columns[i], columns, count))
            return false;
    return key->column_count > 0;
}

static bool whole_unique_index(const struct keel_index_model *index)
{
    return index->unique && !index->where && index->part_count > 0;
}

/* An expression over a column, lower(email), holds the column as well as the column would. */
static bool index_within(const struct keel_index_model *index, const char *const *columns,
                         size_t count)
{
    for (size_t i = 0; i < index->part_count; i++) {
        const struct keel_index_part *part = &index->parts[i];
        bool held = part->column && among(part->column, columns, count);
        for (size_t j = 0; !part->column && part->expression && j < count; j++)
            held = held || strcasestr(part->expression, columns[j]) != NULL;
        if (!held)
            return false;
    }
    return true;
}

bool keel__columns_hold_key(const struct keel_table_model *table, const char *const *columns,
                            size_t count)
{
    if (table->primary_key && key_within(table->primary_key, columns, count))
        return true;
    for (size_t i = 0; i < table->unique_count; i++)
        if (key_within(&table->uniques[i], columns, count))
            return true;
    for (size_t i = 0; i < table->index_count; i++)
        if (whole_unique_index(&table->indexes[i]) &&
            index_within(&table->indexes[i], columns, count))
            return true;
    return false;
}

bool keel__column_unique(const struct keel_table_model *table, const char *column)
{
    return keel__columns_hold_key(table, &column, 1);
}

bool keel__column_primary(const struct keel_table_model *table, const char *column)
{
    return table->primary_key &&
           among(column, table->primary_key->columns, table->primary_key->column_count);
}

bool keel__column_in_key(const struct keel_table_model *table, const char *column)
{
    if (keel__column_primary(table, column))
        return true;
    for (size_t i = 0; i < table->unique_count; i++)
        if (among(column, table->uniques[i].columns, table->uniques[i].column_count))
            return true;
    for (size_t i = 0; i < table->index_count; i++) {
        const struct keel_index_model *index = &table->indexes[i];
        for (size_t j = 0; whole_unique_index(index) && j < index->part_count; j++)
            if (index->parts[j].column && strcmp(index->parts[j].column, column) == 0)
                return true;
    }
    return false;
}

const struct keel__reference *keel__column_reference(const struct keel__audit *audit,
                                                     const struct keel_table_model *table,
                                                     const char *column)
{
    const struct keel__reference *soft = NULL;
    size_t first, count = keel__references_of(audit, table, &first);
    for (size_t i = first; i < first + count; i++) {
        const struct keel__reference *reference = &audit->references[i];
        if (reference->column_count != 1 ||
            strcmp(table->columns[reference->columns[0]].name, column) != 0)
            continue;
        if (reference->declared)
            return reference;
        bool is_one =
            !reference->set_aside &&
            (reference->counted ? keel__reference_holds(reference) : reference->confidence == 2);
        soft = soft || !is_one ? soft : reference;
    }
    return soft;
}

/* ---- kinds ----------------------------------------------------------------------------------- */

bool keel__column_is_text(enum keel_dialect dialect, const struct keel__profile *profile)
{
    const struct keel_column_model *column = profile->column;
    int64_t values = profile->rows - profile->nulls;
    if (values == 0 || profile->texts < values || column->type.dimensions > 0)
        return false;
    if (dialect == KEEL_SQLITE)
        return column->type.kind != KEEL_LOGICAL_JSON;
    return column->type.kind == KEEL_LOGICAL_TEXT;
}

bool keel__column_is_number(const struct keel__profile *profile)
{
    int64_t values = profile->rows - profile->nulls;
    enum keel_logical_kind kind = profile->column->type.kind;
    return values > 0 && profile->integers + profile->reals == values &&
           profile->column->type.dimensions == 0 && kind != KEEL_LOGICAL_BOOLEAN &&
           kind != KEEL_LOGICAL_DATE && kind != KEEL_LOGICAL_TIMESTAMP && kind != KEEL_LOGICAL_TIME;
}

/* ---- SQL ------------------------------------------------------------------------------------- */

static const char *kept(struct keel__audit *audit, struct keel__str *text)
{
    const char *copy = keel__arena_dup(audit->arena, keel__str_view(text));
    if (text->failed)
        copy = NULL;
    keel__str_fini(text);
    return copy;
}

const char *keel__audit_name(struct keel__audit *audit, const char *name)
{
    struct keel__str text;
    keel__str_init(&text, 0);
    keel__sql_name(&text, name);
    return kept(audit, &text);
}

const char *keel__audit_table(struct keel__audit *audit, const struct keel_table_model *table)
{
    struct keel__str text;
    keel__str_init(&text, 0);
    keel__sql_qualified(&text, table->schema, table->name);
    return kept(audit, &text);
}

const char *keel__audit_string(struct keel__audit *audit, const char *text)
{
    struct keel__str out;
    keel__str_init(&out, 0);
    keel__sql_string(&out, text);
    return kept(audit, &out);
}
