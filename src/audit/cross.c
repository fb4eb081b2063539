#include "audit/scan.h"

#include "base/error.h"

#include <stdlib.h>

/* Cells for at most so many (column of words, other column) pairs; a table of 2,000 columns would
 * have millions. */
enum { MAX_PAIRS = 16384, MIN_ROWS = 5 };

static bool may_have_words(const struct keel_table_model *table, size_t index)
{
    const struct keel_column_model *column = &table->columns[index];
    if (column->identity == KEEL_IDENTITY_ROWID || column->identity == KEEL_IDENTITY_AUTOINCREMENT)
        return false;
    return column->type.kind != KEEL_LOGICAL_BYTES;
}

int keel__cross_begin(struct keel__scan *scan, struct keel_error *err)
{
    size_t columns = scan->table->column_count;
    size_t most = columns && MAX_PAIRS / columns < columns ? MAX_PAIRS / columns : columns;
    scan->cross_count = 0;
    scan->crosses = keel__arena_calloc(&scan->arena, most ? most : 1, sizeof *scan->crosses);
    scan->flagged = keel__arena_calloc(&scan->arena, columns ? columns : 1, sizeof *scan->flagged);
    if (!scan->crosses || !scan->flagged)
        return keel__nomem(err);
    for (size_t i = 0; i < columns && scan->cross_count < most; i++)
        if (may_have_words(scan->table, i))
            scan->crosses[scan->cross_count++].column = i;
    return KEEL_OK;
}

static uint32_t *cells_of(struct keel__scan *scan, struct keel__cross_scan *cross, int word)
{
    if (!cross->cells[word])
        cross->cells[word] = keel__arena_calloc(&scan->arena, scan->table->column_count,
                                                KEEL__FLAG_COUNT * sizeof **cross->cells);
    return cross->cells[word];
}

/* Whether a column still has few words. */
static bool is_few(const struct keel__column_scan *column)
{
    return column->words && !column->long_words && column->word_count <= KEEL__CROSS_WORDS;
}

void keel__cross_row(struct keel__scan *scan)
{
    for (size_t i = 0; i < scan->cross_count; i++) {
        struct keel__cross_scan *cross = &scan->crosses[i];
        const struct keel__column_scan *column = &scan->columns[cross->column];
        if (!is_few(column)) {
            *cross = scan->crosses[--scan->cross_count];
            i--;
            continue;
        }
        if (column->word < 0 || scan->flagged_count == 0)
            continue;
        uint32_t *cells = cells_of(scan, cross, column->word);
        if (!cells) {
            scan->failed = true;
            return;
        }
        for (size_t f = 0; f < scan->flagged_count; f++) {
            uint32_t *cell = &cells[scan->flagged[f] * (size_t)KEEL__FLAG_COUNT];
            unsigned flags = scan->columns[scan->flagged[f]].flags;
            for (unsigned left = flags; left; left &= left - 1)
                cell[__builtin_ctz(left)]++;
        }
    }
}

static bool has_other(const struct keel__cross_scan *cross, size_t other)
{
    for (size_t w = 0; w < KEEL__CROSS_WORDS; w++)
        for (size_t f = 0; cross->cells[w] && f < KEEL__FLAG_COUNT; f++)
            if (cross->cells[w][other * KEEL__FLAG_COUNT + f])
                return true;
    return false;
}

/* Index of the scan's word that a profile's word is. */
static size_t word_of(const struct keel__column_scan *column, const char *text)
{
    size_t i = 0;
    while (i + 1 < column->word_count && strcmp(column->words[i].text, text) != 0)
        i++;
    return i;
}

static void fill(const struct keel__scan *scan, const struct keel__cross_scan *from, size_t other,
                 struct keel__cross *to)
{
    static const uint32_t none[KEEL__FLAG_COUNT];
    const struct keel__column_scan *column = &scan->columns[from->column];
    const struct keel__profile *profile = column->profile;
    to->words_column = from->column;
    to->other_column = other;
    to->word_count = profile->word_count;
    for (size_t i = 0; i < profile->word_count; i++) {
        size_t word = word_of(column, profile->words[i].text);
        const uint32_t *counts =
            from->cells[word] ? &from->cells[word][other * KEEL__FLAG_COUNT] : none;
        to->words[i] = profile->words[i].text;
        to->cells[i] = (struct keel__cross_cell){.rows = profile->words[i].rows,
                                                 .nulls = counts[0],
                                                 .empties = counts[1],
                                                 .json = counts[2],
                                                 .json_broken = counts[3],
                                                 .zeros = counts[4],
                                                 .truths = counts[5],
                                                 .json_scalar = counts[6]};
    }
}

int keel__cross_end(struct keel__scan *scan, struct keel_error *err)
{
    size_t count = 0, columns = scan->table->column_count;
    if (scan->facts->rows < MIN_ROWS)
        return KEEL_OK;
    for (size_t i = 0; i < scan->cross_count; i++)
        for (size_t other = 0; other < columns; other++)
            count += other != scan->crosses[i].column && has_other(&scan->crosses[i], other);
    struct keel__cross *crosses =
        keel__arena_calloc(scan->audit->arena, count ? count : 1, sizeof *crosses);
    if (!crosses)
        return keel__nomem(err);
    scan->facts->cross_count = 0;
    for (size_t i = 0; i < scan->cross_count; i++)
        for (size_t other = 0; other < columns; other++)
            if (other != scan->crosses[i].column && has_other(&scan->crosses[i], other))
                fill(scan, &scan->crosses[i], other, &crosses[scan->facts->cross_count++]);
    scan->facts->crosses = crosses;
    return KEEL_OK;
}
