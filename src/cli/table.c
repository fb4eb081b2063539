#include "cli/table.h"

#include <stdlib.h>

struct cell {
    char *text;
    enum keel__style style;
};

struct keel__table {
    const struct keel__column *columns;
    int column_count;
    struct cell *cells;
    size_t count, capacity;
};

enum { GAP = 2, ELASTIC_MIN = 8, MAX_COLUMNS = 32 };

struct keel__table *keel__table_new(const struct keel__column *columns, int count)
{
    struct keel__table *table = calloc(1, sizeof *table);
    if (table && count <= MAX_COLUMNS) {
        table->columns = columns;
        table->column_count = count;
        return table;
    }
    free(table);
    return NULL;
}

void keel__table_cell(struct keel__table *table, enum keel__style style, const char *text)
{
    if (!table)
        return;
    if (table->count == table->capacity) {
        size_t capacity = table->capacity ? table->capacity * 2 : 256;
        struct cell *cells = realloc(table->cells, capacity * sizeof *cells);
        if (!cells)
            return;
        table->cells = cells;
        table->capacity = capacity;
    }
    table->cells[table->count++] = (struct cell){strdup(text ? text : ""), style};
}

static int cell_columns(const struct cell *cell)
{
    return keel__term_columns(keel_slice_of(cell->text));
}

static void measure(const struct keel__table *table, int widths[])
{
    for (int c = 0; c < table->column_count; c++)
        widths[c] = keel__term_columns(keel_slice_of(table->columns[c].title));
    for (size_t i = 0; i < table->count; i++) {
        int width = cell_columns(&table->cells[i]);
        int *column = &widths[i % (size_t)table->column_count];
        if (width > *column)
            *column = width;
    }
}

/* Takes what does not fit from the widest elastic column, a column at a time. */
static void squeeze(const struct keel__table *table, int widths[], int terminal)
{
    int total = GAP * (table->column_count - 1);
    for (int c = 0; c < table->column_count; c++)
        total += widths[c];
    while (terminal && total > terminal) {
        int widest = -1;
        for (int c = 0; c < table->column_count; c++)
            if (table->columns[c].elastic && (widest < 0 || widths[c] > widths[widest]))
                widest = c;
        if (widest < 0 || widths[widest] <= ELASTIC_MIN)
            return;
        widths[widest]--;
        total--;
    }
}

static void pad(FILE *out, int columns)
{
    while (columns-- > 0)
        fputc(' ', out);
}

static void print_cell(const struct keel__term *term, const struct keel__column *column,
                       const struct cell *cell, int width, bool last)
{
    struct keel_slice text = keel_slice_of(cell->text);
    int columns = keel__term_columns(text);
    bool cut = columns > width;
    if (cut) {
        text = keel__term_fit(text, width - 1);
        columns = keel__term_columns(text) + 1;
    }
    if (column->right)
        pad(term->out, width - columns);
    keel__term_style(term, cell->style);
    keel__term_safe(term->out, text);
    if (cut)
        fputs("\xE2\x80\xA6", term->out);
    if (cell->style != KEEL__PLAIN)
        keel__term_reset(term);
    if (!last)
        pad(term->out, GAP + (column->right ? 0 : width - columns));
}

void keel__table_print(struct keel__table *table, const struct keel__term *term, const char *empty)
{
    int widths[MAX_COLUMNS] = {0};
    if (!table)
        return;
    if (!table->count) {
        fprintf(term->out, "%s\n", empty);
        return;
    }
    measure(table, widths);
    squeeze(table, widths, term->width);
    for (int c = 0; c < table->column_count; c++) {
        char title[64];
        snprintf(title, sizeof title, "%s", table->columns[c].title);
        print_cell(term, &table->columns[c], &(struct cell){title, KEEL__DIM}, widths[c],
                   c == table->column_count - 1);
    }
    fputc('\n', term->out);
    for (size_t i = 0; i < table->count; i++) {
        int c = (int)(i % (size_t)table->column_count);
        bool last = c == table->column_count - 1;
        print_cell(term, &table->columns[c], &table->cells[i], widths[c], last);
        if (last)
            fputc('\n', term->out);
    }
}

void keel__table_free(struct keel__table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i].text);
    free(table->cells);
    free(table);
}
