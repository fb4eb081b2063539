/* The format of data/prices.json, of `keel prices import`, and of what is listed as JSON. */
#include "store/price_book.h"

#include "base/json.h"

#include <stdlib.h>
#include <yyjson.h>

struct reading {
    struct keel__arena *arena;
    struct keel__list *prices;
    const char *version;
    size_t entry; /* counted from 1, for messages */
    struct keel_error *err;
};

static int wrong(const struct reading *r, const char *member, const char *what)
{
    return keel_error_set(r->err, KEEL_INVALID, "price %zu: \"%.60s\" %s", r->entry, member, what);
}

static struct keel_slice text_of(const yyjson_val *value)
{
    return keel_slice(yyjson_get_str((yyjson_val *)(uintptr_t)value),
                      yyjson_get_len((yyjson_val *)(uintptr_t)value));
}

static int copy_text(const struct reading *r, const char *member, yyjson_val *value,
                     const char **out)
{
    if (yyjson_is_null(value))
        return 0;
    if (!yyjson_is_str(value) || memchr(text_of(value).data, 0, text_of(value).size))
        return wrong(r, member, "is to be text");
    *out = keel__arena_dup(r->arena, text_of(value));
    return *out ? 0 : keel__arena_error(r->arena, r->err);
}

/* Dollars as text, or as a number, which is taken by its shortest decimal form. */
static int read_money(const struct reading *r, const char *member, yyjson_val *value, int64_t *out)
{
    struct keel__str shortest;
    struct keel__json json;
    bool good;

    if (yyjson_is_null(value))
        return 0;
    if (yyjson_is_str(value)) {
        good = keel_money_parse(text_of(value), out);
    } else if (yyjson_is_num(value)) {
        keel__str_init(&shortest, 0);
        keel__json_init(&json, &shortest, false);
        keel__json_double(&json, yyjson_get_num(value));
        good = keel_money_parse(keel__str_view(&shortest), out);
        keel__str_fini(&shortest);
    } else {
        good = false;
    }
    return good && *out >= 0
               ? 0
               : wrong(r, member,
                       "is to be dollars like \"2.50\", not negative, at most nine decimals");
}

static int read_member(const struct reading *r, yyjson_val *key, yyjson_val *value,
                       struct keel_price *price, bool *dated)
{
    struct {
        const char *member;
        int64_t *amount;
    } amounts[] = {
        {"input_per_million_usd", &price->input_nusd},
        {"output_per_million_usd", &price->output_nusd},
        {"cache_read_per_million_usd", &price->cache_read_nusd},
        {"cache_creation_per_million_usd", &price->cache_creation_nusd},
        {"reasoning_per_million_usd", &price->reasoning_nusd},
    };
    const char *member = yyjson_get_str(key);

    for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++)
        if (yyjson_equals_str(key, amounts[i].member))
            return read_money(r, member, value, amounts[i].amount);
    if (yyjson_equals_str(key, "provider"))
        return copy_text(r, member, value, &price->provider);
    if (yyjson_equals_str(key, "source"))
        return copy_text(r, member, value, &price->source);
    if (yyjson_equals_str(key, "valid_from")) {
        *dated = yyjson_is_str(value) && keel_time_parse(text_of(value), &price->valid_from);
        return *dated ? 0 : wrong(r, member, "is to be a date like \"2026-01-31\"");
    }
    if (yyjson_equals_str(key, "model") || yyjson_equals_str(key, "models") ||
        yyjson_equals_str(key, "note"))
        return 0;
    return wrong(r, member, "is not known; see docs/prices.md");
}

static int add_price(const struct reading *r, const struct keel_price *price, yyjson_val *model)
{
    struct keel_price *place;
    const char *name = NULL;
    int code = copy_text(r, "model", model, &name);

    if (code)
        return code;
    if (!name || !*name)
        return wrong(r, "model", "is missing");
    place = keel__list_add(r->prices, r->arena);
    if (!place)
        return keel__arena_error(r->arena, r->err);
    *place = *price;
    place->model = name;
    return 0;
}

static int read_entry(const struct reading *r, yyjson_val *entry)
{
    struct keel_price price = {.provider = "",
                               .input_nusd = -1,
                               .output_nusd = -1,
                               .cache_read_nusd = -1,
                               .cache_creation_nusd = -1,
                               .reasoning_nusd = -1};
    yyjson_val *models = yyjson_obj_get(entry, "models"), *value, *key;
    yyjson_obj_iter members;
    bool dated = false;
    int code = 0;

    if (!yyjson_obj_iter_init(entry, &members))
        return keel_error_set(r->err, KEEL_INVALID, "price %zu is no object", r->entry);
    while (!code && (key = yyjson_obj_iter_next(&members)))
        code = read_member(r, key, yyjson_obj_iter_get_val(key), &price, &dated);
    if (code)
        return code;
    if (!dated)
        return wrong(r, "valid_from", "is missing");
    if (!models)
        return add_price(r, &price, yyjson_obj_get(entry, "model"));
    yyjson_arr_iter each;
    if (!yyjson_arr_iter_init(models, &each) || yyjson_arr_size(models) == 0 ||
        yyjson_obj_get(entry, "model"))
        return wrong(r, "models", "is to be an array of names, in place of \"model\"");
    while (!code && (value = yyjson_arr_iter_next(&each)))
        code = add_price(r, &price, value);
    return code;
}

static int read_root(struct reading *r, yyjson_val *root)
{
    yyjson_val *prices = root, *key, *entry;
    yyjson_obj_iter members;
    yyjson_arr_iter each;
    int code = 0;

    if (yyjson_obj_iter_init(root, &members)) {
        prices = yyjson_obj_get(root, "prices");
        while (!code && (key = yyjson_obj_iter_next(&members))) {
            if (yyjson_equals_str(key, "version"))
                code = copy_text(r, "version", yyjson_obj_iter_get_val(key), &r->version);
            else if (!yyjson_equals_str(key, "prices") && !yyjson_equals_str(key, "note"))
                code = keel_error_set(r->err, KEEL_INVALID,
                                      "\"%.60s\" is not known in a price document; see "
                                      "docs/prices.md",
                                      yyjson_get_str(key));
        }
    }
    if (!code && !yyjson_arr_iter_init(prices, &each))
        code = keel_error_set(r->err, KEEL_INVALID,
                              "a price document is an array of prices, or an object with one in "
                              "\"prices\"; see docs/prices.md");
    while (!code && (entry = yyjson_arr_iter_next(&each))) {
        r->entry++;
        code = read_entry(r, entry);
    }
    return code;
}

int keel__price_document_read(struct keel_slice json, struct keel__arena *arena,
                              struct keel__list *prices, const char **version,
                              struct keel_error *err)
{
    struct reading reading = {.arena = arena, .prices = prices, .err = err};
    yyjson_doc *doc;
    int code = keel__json_read(&doc, json, NULL, err);

    if (code)
        return code;
    code = read_root(&reading, yyjson_doc_get_root(doc));
    *version = reading.version;
    yyjson_doc_free(doc);
    return code;
}
