/*
 * A table for people: columns as wide as their cells, the elastic one cut to the terminal's width.
 */
#ifndef KEEL_CLI_TABLE_H
#define KEEL_CLI_TABLE_H

#include "cli/term.h"

struct keel__column {
    const char *title;
    bool right;   /* numbers */
    bool elastic; /* gives way when the terminal is narrow; several share what is missing */
};

struct keel__table;
struct keel__table *keel__table_new(const struct keel__column *columns,
                                    int count); /* aborts never: NULL */
/* Cells are copied; row by row, left to right. */
void keel__table_cell(struct keel__table *table, enum keel__style style, const char *text);
/* Prints to term->out; says `empty` on stdout when there are no rows. */
void keel__table_print(struct keel__table *table, const struct keel__term *term, const char *empty);
void keel__table_free(struct keel__table *table);

#endif
