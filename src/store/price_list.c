/* What the price table says, for people. */
#include "store/price_book.h"

struct listing {
    struct keel__arena *arena;
    bool history;
    struct keel_price *prices;
    size_t count;
};

static bool same_name(const struct keel__price_row *a, const struct keel__price_row *b)
{
    return strcmp(a->priced.price.provider, b->priced.price.provider) == 0 &&
           strcmp(a->priced.price.model, b->priced.price.model) == 0;
}

/* Rows come in order of name, date and version: in force is the last of a name that is not in the
 * future. */
static bool is_in_force(const struct keel__price_row *rows, size_t count, size_t i, int64_t now_us)
{
    if (rows[i].priced.price.valid_from > now_us)
        return false;
    return i + 1 == count || !same_name(&rows[i], &rows[i + 1]) ||
           rows[i + 1].priced.price.valid_from > now_us;
}

static int list_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct listing *listing = context;
    struct keel__list rows = {.size = sizeof(struct keel__price_row)};
    const struct keel__price_row *items;
    int64_t now_us = keel_time_now_us();
    int code = keel__price_rows_read(db, listing->arena, &rows, err);

    if (code)
        return code;
    items = rows.items;
    listing->count = 0;
    listing->prices = keel__arena_calloc(listing->arena, rows.count, sizeof(*listing->prices));
    if (!listing->prices)
        return keel__arena_error(listing->arena, err);
    for (size_t i = 0; i < rows.count; i++)
        if (listing->history || is_in_force(items, rows.count, i, now_us))
            listing->prices[listing->count++] = items[i].priced.price;
    return 0;
}

int keel_price_list(struct keel_store *store, bool history, struct keel_price **prices,
                    size_t *count, struct keel_result *result, struct keel_error *err)
{
    struct listing listing = {.arena = keel__result_arena(result), .history = history};
    int code = listing.arena ? keel__store_transact(store, KEEL_TX_READ, list_tx, &listing, err)
                             : keel__nomem(err);

    *prices = code ? NULL : listing.prices;
    *count = code ? 0 : listing.count;
    return code;
}
