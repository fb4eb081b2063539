#include "schema/model.h"

#include <stdlib.h>
#include <string.h>

#include "schema/tokenize.h"

void *keel__push_room(struct keel__arena *arena, void *items, size_t count, size_t size)
{
    bool full = (count & (count - 1)) == 0; /* 0, 1, 2, 4, ... */
    if (full) {
        items = keel__arena_grow(arena, items, count, count ? count * 2 : 1, size);
        if (!items)
            return NULL;
    }
    memset((char *)items + count * size, 0, size);
    return items;
}

static unsigned char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : (unsigned char)c;
}

bool keel__name_is(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    while (*a && lower(*a) == lower(*b))
        a++, b++;
    return lower(*a) == lower(*b);
}

static const char *next_character(const char *text)
{
    do
        text++;
    while (((unsigned char)*text & 0xC0) == 0x80);
    return text;
}

bool keel__name_like(const char *name, const char *pattern)
{
    const char *star = NULL, *retry = NULL;
    while (*name) {
        if (*pattern == '%') {
            star = ++pattern;
            retry = name;
        } else if (*pattern == '_') {
            pattern++;
            name = next_character(name);
        } else if (lower(*pattern) == lower(*name)) {
            pattern++;
            name++;
        } else if (star) {
            retry = next_character(retry);
            name = retry;
            pattern = star;
        } else {
            return false;
        }
    }
    while (*pattern == '%')
        pattern++;
    return !*pattern;
}

/* Whether text is one pair of parentheses with all else in it. */
static bool is_wrapped(struct keel_slice text, enum keel_dialect dialect)
{
    struct keel__tokenizer tokenizer;
    struct keel__token token;
    size_t depth = 0, count = 0;
    keel__tokenizer_init(&tokenizer, text, dialect, 1);
    for (;; count++) {
        if (keel__token_next(&tokenizer, &token, NULL))
            return false;
        if (token.kind == KEEL__TOKEN_END)
            return count > 2 && depth == 0;
        if (count > 0 && depth == 0)
            return false;
        if (keel__token_is(&token, '('))
            depth++;
        else if (keel__token_is(&token, ')'))
            depth--;
        else if (depth == 0)
            return false;
    }
}

static struct keel_slice trim(struct keel_slice text)
{
    while (text.size && strchr(" \t\r\n\f", text.data[0]))
        text = keel_slice(text.data + 1, text.size - 1);
    while (text.size && strchr(" \t\r\n\f", text.data[text.size - 1]))
        text.size--;
    return text;
}

struct keel_slice keel__unwrap(struct keel_slice text, enum keel_dialect dialect)
{
    text = trim(text);
    /* What is hostile is not unwrapped to the end: each round reads all of it. */
    for (int i = 0; i < 32 && text.size > 2 && text.data[0] == '(' && is_wrapped(text, dialect);
         i++)
        text = trim(keel_slice(text.data + 1, text.size - 2));
    return text;
}

void keel_schema_free(struct keel_schema *schema)
{
    if (!schema)
        return;
    struct keel__arena *arena = schema->arena;
    keel__arena_fini(arena);
    free(arena);
}

const struct keel_table_model *keel_schema_table(const struct keel_schema *schema, const char *name)
{
    bool sqlite = schema->dialect == KEEL_SQLITE;
    for (size_t i = 0; i < schema->table_count; i++) {
        const struct keel_table_model *table = &schema->tables[i];
        if (sqlite ? keel__name_is(table->name, name)
                   : !table->schema && strcmp(table->name, name) == 0)
            return table;
    }
    return NULL;
}

const struct keel_column_model *keel_table_column(const struct keel_table_model *table,
                                                  const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

/* ---- order ----------------------------------------------------------------------------------- */

static int compare(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int compare_lists(const char *const *a, size_t a_count, const char *const *b, size_t b_count)
{
    for (size_t i = 0; i < a_count && i < b_count; i++) {
        int order = compare(a[i], b[i]);
        if (order)
            return order;
    }
    return (a_count > b_count) - (a_count < b_count);
}

#define COMPARE_BY_NAME(what)                                                                      \
    static int by_##what(const void *a, const void *b)                                             \
    {                                                                                              \
        const struct keel_##what##_model *x = a, *y = b;                                           \
        int order = compare(x->schema, y->schema);                                                 \
        return order ? order : compare(x->name, y->name);                                          \
    }
COMPARE_BY_NAME(table)
COMPARE_BY_NAME(view)
COMPARE_BY_NAME(sequence)
COMPARE_BY_NAME(enum)
COMPARE_BY_NAME(domain)

static int by_function(const void *a, const void *b)
{
    const struct keel_function_model *x = a, *y = b;
    int order = compare(x->schema, y->schema);
    if (!order)
        order = compare(x->name, y->name);
    return order ? order : compare(x->arguments, y->arguments);
}

static int by_key(const void *a, const void *b)
{
    const struct keel_key_model *x = a, *y = b;
    int order = compare(x->name, y->name);
    return order ? order : compare_lists(x->columns, x->column_count, y->columns, y->column_count);
}

static int by_foreign_key(const void *a, const void *b)
{
    const struct keel_foreign_key_model *x = a, *y = b;
    int order = compare(x->name, y->name);
    if (!order)
        order = compare_lists(x->columns, x->column_count, y->columns, y->column_count);
    return order ? order : compare(x->parent, y->parent);
}

static int by_check(const void *a, const void *b)
{
    const struct keel_check_model *x = a, *y = b;
    int order = compare(x->name, y->name);
    if (!order)
        order = compare(x->expression, y->expression);
    return order ? order : compare(x->column, y->column);
}

static int by_index(const void *a, const void *b)
{
    return compare(((const struct keel_index_model *)a)->name,
                   ((const struct keel_index_model *)b)->name);
}

static int by_exclusion(const void *a, const void *b)
{
    return compare(((const struct keel_exclusion_model *)a)->name,
                   ((const struct keel_exclusion_model *)b)->name);
}

static int by_trigger(const void *a, const void *b)
{
    return compare(((const struct keel_trigger_model *)a)->name,
                   ((const struct keel_trigger_model *)b)->name);
}

static void sort(void *items, size_t count, size_t size, int (*order)(const void *, const void *))
{
    if (count > 1)
        qsort(items, count, size, order);
}
#define SORT(items, count, order) sort((items), (count), sizeof *(items), (order))

static void sort_table(struct keel_table_model *table)
{
    SORT(table->uniques, table->unique_count, by_key);
    SORT(table->foreign_keys, table->foreign_key_count, by_foreign_key);
    SORT(table->checks, table->check_count, by_check);
    SORT(table->exclusions, table->exclusion_count, by_exclusion);
    SORT(table->indexes, table->index_count, by_index);
    SORT(table->triggers, table->trigger_count, by_trigger);
}

void keel__schema_sort(struct keel_schema *schema)
{
    for (size_t i = 0; i < schema->table_count; i++)
        sort_table(&schema->tables[i]);
    for (size_t i = 0; i < schema->view_count; i++) {
        SORT(schema->views[i].triggers, schema->views[i].trigger_count, by_trigger);
        SORT(schema->views[i].indexes, schema->views[i].index_count, by_index);
    }
    for (size_t i = 0; i < schema->domain_count; i++)
        SORT(schema->domains[i].checks, schema->domains[i].check_count, by_check);
    SORT(schema->tables, schema->table_count, by_table);
    SORT(schema->views, schema->view_count, by_view);
    SORT(schema->sequences, schema->sequence_count, by_sequence);
    SORT(schema->enums, schema->enum_count, by_enum);
    SORT(schema->domains, schema->domain_count, by_domain);
    SORT(schema->functions, schema->function_count, by_function);
}
