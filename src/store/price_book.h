/*
 * store/price_book.h - how a book is made, for the files that add prices.
 */
#ifndef STORE_PRICE_BOOK_H
#define STORE_PRICE_BOOK_H

#include "store/price.h"
#include "store/read.h"

struct keel__price_row {
    struct keel__priced priced; /* texts in an arena */
    int64_t version;            /* of its (provider, model, valid_from) */
};

/* All prices, in order of provider, model, valid_from, version, appended to a list of
 * struct keel__price_row. */
int keel__price_rows_read(struct keel_db *db, struct keel__arena *arena, struct keel__list *rows,
                          struct keel_error *err);

/* The same amounts, whatever the source. */
bool keel__price_equal(const struct keel_price *a, const struct keel_price *b);

/* Appends versions for those of prices[0..count) that are not in force already on their date, in
 * order of their dates; *added (may be NULL) of them. own_only: leaves alone what stands under a
 * name that somebody else than keel has priced. INVALID for a price that cannot be, named. In a
 * transaction for writing. */
int keel__prices_append(struct keel_db *db, struct keel__arena *arena,
                        const struct keel_price *prices, size_t count, bool own_only,
                        int64_t *added, struct keel_error *err);

/* The prices of a document (docs/prices.md), appended to a list of struct keel_price; *version may
 * be NULL after. */
int keel__price_document_read(struct keel_slice json, struct keel__arena *arena,
                              struct keel__list *prices, const char **version,
                              struct keel_error *err);

#endif
