/* Adding prices: versions are appended, none is ever changed. */
#include "store/audit.h"
#include "store/price_book.h"
#include "store/shape.h"

#include "base/map.h"

#include "keel_data_store.h"
#include "keel_sql_store.h"

#include <stdlib.h>

/* The source of a price that came with keel begins so. */
#define OWN_SOURCE "keel "
#define EARLIEST_US (-62135596800000000) /* the year 1 */
#define LATEST_US 253402300800000000     /* the year 10000 */

/* ---- appending ------------------------------------------------------------------------------- */

/* What stands, and is being added, under one (provider, model). */
struct known {
    struct keel__list rows; /* of struct keel__price_row */
    bool foreign;           /* one of them is not keel's own */
};

struct appending {
    struct keel__arena *arena;
    struct keel__map by_name;
    struct keel__list values; /* of struct keel_value, 11 a row */
    int64_t added, now_us;
};

static int check(const struct keel_price *p, struct keel_error *err)
{
    const int64_t amounts[] = {p->input_nusd, p->output_nusd, p->cache_read_nusd,
                               p->cache_creation_nusd, p->reasoning_nusd};
    const char *star = p->model ? strchr(p->model, '*') : NULL;
    bool said = false;
    int code = keel__name_check("model", keel_slice_of(p->model), err);

    if (!code)
        code = keel__name_check("provider", keel_slice_of(p->provider), err);
    if (code)
        return code;
    if (!p->model || !*p->model)
        return keel_error_set(err, KEEL_INVALID, "a price needs a model");
    if (star && star[1])
        return keel_error_set(err, KEEL_INVALID,
                              "'%.100s' has a * before its end: only a prefix is matched",
                              p->model);
    for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
        if (amounts[i] < -1)
            return keel_error_set(err, KEEL_INVALID, "the price of %.100s is negative", p->model);
        said |= amounts[i] >= 0;
    }
    if (!said)
        return keel_error_set(err, KEEL_INVALID, "the price of %.100s says no amount", p->model);
    if (p->valid_from < EARLIEST_US || p->valid_from >= LATEST_US)
        return keel_error_set(err, KEEL_INVALID, "the price of %.100s is dated outside of history",
                              p->model);
    return 0;
}

static struct known *known_of(struct appending *a, const struct keel_price *price)
{
    char *key = keel__arena_printf(a->arena, "%s\n%s", price->provider ? price->provider : "",
                                   price->model);
    void **slot = key ? keel__map_at(&a->by_name, 0, keel_slice_of(key)) : NULL;
    struct known *known;

    if (!slot)
        return NULL;
    if (!*slot) {
        known = keel__arena_calloc(a->arena, 1, sizeof(*known));
        if (known)
            known->rows.size = sizeof(struct keel__price_row);
        *slot = known;
    }
    return *slot;
}

static int learn(struct appending *a, const struct keel__price_row *row, struct keel_error *err)
{
    const char *source = row->priced.price.source;
    struct known *known = known_of(a, &row->priced.price);
    struct keel__price_row *place = known ? keel__list_add(&known->rows, a->arena) : NULL;

    if (!place)
        return keel__arena_error(a->arena, err);
    *place = *row;
    known->foreign |= !source || strncmp(source, OWN_SOURCE, strlen(OWN_SOURCE)) != 0;
    return 0;
}

/* The row in force at a time, and the highest version of that very date. */
static const struct keel__price_row *in_force(const struct known *known, int64_t at,
                                              int64_t *version)
{
    const struct keel__price_row *rows = known->rows.items, *found = NULL;

    *version = 0;
    for (size_t i = 0; i < known->rows.count; i++) {
        int64_t from = rows[i].priced.price.valid_from;
        if (from == at && rows[i].version > *version)
            *version = rows[i].version;
        if (from > at)
            continue;
        if (!found || from > found->priced.price.valid_from ||
            (from == found->priced.price.valid_from && rows[i].version > found->version))
            found = &rows[i];
    }
    return found;
}

static struct keel_value money_or_null(int64_t nusd)
{
    return nusd < 0 ? keel_null() : keel_money(nusd);
}

static int append_one(struct appending *a, const struct keel_price *price, bool own_only,
                      struct keel_error *err)
{
    struct known *known = known_of(a, price);
    const struct keel__price_row *current;
    struct keel__price_row row = {.priced.price = *price};
    struct keel_value *place;

    if (!known)
        return keel__arena_error(a->arena, err);
    current = in_force(known, price->valid_from, &row.version);
    if ((own_only && known->foreign) ||
        (current && keel__price_equal(&current->priced.price, price)))
        return 0;
    row.version++;
    const struct keel_value values[] = {
        keel_cstr(price->provider ? price->provider : ""),
        keel_cstr(price->model),
        keel_time(price->valid_from),
        keel_int(row.version),
        money_or_null(price->input_nusd),
        money_or_null(price->output_nusd),
        money_or_null(price->cache_read_nusd),
        money_or_null(price->cache_creation_nusd),
        money_or_null(price->reasoning_nusd),
        keel_cstr(price->source),
        keel_time(a->now_us),
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        place = keel__list_add(&a->values, a->arena);
        if (!place)
            return keel__arena_error(a->arena, err);
        *place = values[i];
    }
    a->added++;
    return learn(a, &row, err);
}

static int by_date(const void *a, const void *b)
{
    const struct keel_price *x = *(const struct keel_price *const *)a;
    const struct keel_price *y = *(const struct keel_price *const *)b;

    if (x->valid_from != y->valid_from)
        return x->valid_from < y->valid_from ? -1 : 1;
    return x < y ? -1 : 1;
}

static int add_in_order(struct appending *a, const struct keel_price *prices, size_t count,
                        bool own_only, struct keel_error *err)
{
    const struct keel_price **sorted =
        keel__arena_calloc(a->arena, count, sizeof(const struct keel_price *));
    int code = sorted ? 0 : keel__arena_error(a->arena, err);

    for (size_t i = 0; i < count && !code; i++) {
        sorted[i] = &prices[i];
        code = check(&prices[i], err);
    }
    if (!code)
        qsort(sorted, count, sizeof(const struct keel_price *), by_date);
    for (size_t i = 0; i < count && !code; i++)
        code = append_one(a, sorted[i], own_only, err);
    return code;
}

int keel__prices_append(struct keel_db *db, struct keel__arena *arena,
                        const struct keel_price *prices, size_t count, bool own_only,
                        int64_t *added, struct keel_error *err)
{
    struct appending a = {
        .arena = arena, .values.size = sizeof(struct keel_value), .now_us = keel_time_now_us()};
    struct keel__list rows = {.size = sizeof(struct keel__price_row)};
    int code = 0;

    keel__map_init(&a.by_name, arena);
    if (keel_db_dialect(db) == KEEL_POSTGRES)
        code = keel_db_exec(db, &keel_q_price_lock, KEEL_NO_PARAMS, NULL, err);
    if (!code)
        code = keel__price_rows_read(db, arena, &rows, err);
    for (size_t i = 0; i < rows.count && !code; i++)
        code = learn(&a, (struct keel__price_row *)rows.items + i, err);
    if (!code)
        code = add_in_order(&a, prices, count, own_only, err);
    if (!code && a.added > 0)
        code = keel_db_batch(db, &keel_q_price_add, a.values.items, (size_t)a.added, NULL, err);
    if (added)
        *added = code ? 0 : a.added;
    return code;
}

/* ---- one price, a document, what keel is shipped with -----------------------------------------
 */

struct change {
    const struct keel_price *prices;
    size_t count;
    const char *version; /* of the document, or NULL */
    const char *actor;
    int64_t added;
};

static int set_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct change *change = context;
    struct keel__arena arena;
    struct keel__str detail;
    struct keel__json json;
    int code;

    keel__arena_init(&arena, 0);
    keel__str_init(&detail, 0);
    keel__json_init(&json, &detail, false);
    code = keel__prices_append(db, &arena, change->prices, 1, false, &change->added, err);
    if (!code && change->added > 0) {
        keel__shape_price(&json, change->prices);
        code = keel__str_error(&detail, err);
        if (!code)
            code = keel__audit_append(db,
                                      &(struct keel__audit){.actor = change->actor,
                                                            .action = "price.set",
                                                            .object_type = "price",
                                                            .object_id = change->prices->model,
                                                            .detail = keel__str_view(&detail)},
                                      err);
    }
    keel__str_fini(&detail);
    keel__arena_fini(&arena);
    return code;
}

int keel_price_set(struct keel_store *store, const struct keel_price *price, const char *actor,
                   struct keel_error *err)
{
    struct change change = {.prices = price, .count = 1, .actor = actor};

    return keel__store_transact(store, KEEL_TX_WRITE, set_tx, &change, err);
}

static int audit_document(struct keel_db *db, const struct change *change, const char *action,
                          struct keel_error *err)
{
    struct keel__str detail;
    struct keel__json json;
    int code;

    keel__str_init(&detail, 0);
    keel__json_init(&json, &detail, false);
    keel__json_object_begin(&json);
    keel__json_add_int(&json, "prices", (int64_t)change->count);
    keel__json_add_int(&json, "added", change->added);
    keel__json_object_end(&json);
    code = keel__str_error(&detail, err);
    if (!code)
        code = keel__audit_append(db,
                                  &(struct keel__audit){.actor = change->actor,
                                                        .action = action,
                                                        .object_type = "price_document",
                                                        .object_id = change->version,
                                                        .detail = keel__str_view(&detail)},
                                  err);
    keel__str_fini(&detail);
    return code;
}

static int import_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct change *change = context;
    struct keel__arena arena;
    int code;

    keel__arena_init(&arena, 0);
    code =
        keel__prices_append(db, &arena, change->prices, change->count, false, &change->added, err);
    if (!code && change->added > 0)
        code = audit_document(db, change, "price.import", err);
    keel__arena_fini(&arena);
    return code;
}

int keel_price_import(struct keel_store *store, struct keel_slice json, const char *actor,
                      int64_t *count, struct keel_error *err)
{
    struct change change = {.actor = actor};
    struct keel__list prices = {.size = sizeof(struct keel_price)};
    struct keel__arena arena;
    int code;

    *count = 0;
    keel__arena_init(&arena, 0);
    code = keel__price_document_read(json, &arena, &prices, &change.version, err);
    change.prices = prices.items;
    change.count = prices.count;
    if (!code)
        code = keel__store_transact(store, KEEL_TX_WRITE, import_tx, &change, err);
    if (!code)
        *count = change.added;
    keel__arena_fini(&arena);
    return code;
}

static int is_seeded(struct keel_db *db, const char *version, bool *seeded, struct keel_error *err)
{
    const struct keel_row *row;
    int code = keel_db_maybe(db, &keel_q_price_seeded, KEEL_PARAMS(keel_cstr(version)), &row, err);

    *seeded = !code && row;
    return code;
}

static int seed_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct change *change = context;
    struct keel__arena arena;
    bool seeded = false;
    int code;

    keel__arena_init(&arena, 0);
    code = keel__prices_append(db, &arena, NULL, 0, true, NULL, err); /* locks */
    if (!code)
        code = is_seeded(db, change->version, &seeded, err);
    if (!code && !seeded)
        code = keel__prices_append(db, &arena, change->prices, change->count, true, &change->added,
                                   err);
    if (!code && !seeded)
        code = audit_document(db, change, "price.seed", err);
    keel__arena_fini(&arena);
    return code;
}

int keel__price_seed(struct keel_db *db, struct keel_error *err)
{
    struct change change = {.actor = "keel"};
    struct keel__list prices = {.size = sizeof(struct keel_price)};
    struct keel_slice json = keel_slice(keel_data_prices.data, keel_data_prices.size);
    struct keel__arena arena;
    bool seeded = false;
    int code;

    keel__arena_init(&arena, 0);
    code = keel__price_document_read(json, &arena, &prices, &change.version, err);
    change.prices = prices.items;
    change.count = prices.count;
    for (size_t i = 0; i < prices.count && !code; i++) {
        struct keel_price *price = (struct keel_price *)prices.items + i;
        price->source =
            keel__arena_printf(&arena, OWN_SOURCE "%s%s%s", change.version,
                               price->source ? ": " : "", price->source ? price->source : "");
        if (!price->source)
            code = keel__arena_error(&arena, err);
    }
    if (!code)
        code = is_seeded(db, change.version, &seeded, err);
    if (!code && !seeded)
        code = keel_db_transact(db, KEEL_TX_WRITE, seed_tx, &change, err);
    if (code)
        keel_error_context(err, "the price table that keel comes with");
    keel__arena_fini(&arena);
    return code;
}
