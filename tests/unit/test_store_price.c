/* Prices: the arithmetic, which price a call has, and how the table changes. */
#include "testdb.h"

#include "store/audit.h"
#include "store/price.h"
#include "store/result.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

#define USD(n) ((int64_t)(n)*1000000000)
#define DAY_US 86400000000
#define T0 1700000000000000

/* ---- arithmetic ------------------------------------------------------------------------------ */

static int64_t cost(struct keel_price price, struct keel__usage usage)
{
    int64_t nusd = -42;
    assert_true(keel__price_cost(&price, &usage, &nusd));
    return nusd;
}

static bool has_no_cost(struct keel_price price, struct keel__usage usage)
{
    int64_t nusd = -42;
    bool priced = keel__price_cost(&price, &usage, &nusd);
    assert_true(priced || nusd == -42);
    return !priced;
}

static struct keel_price dollars(double input, double output)
{
    return (struct keel_price){.input_nusd = (int64_t)(input * 1e9),
                               .output_nusd = (int64_t)(output * 1e9),
                               .cache_read_nusd = -1,
                               .cache_creation_nusd = -1,
                               .reasoning_nusd = -1};
}

static void costs_by_hand(void **state)
{
    (void)state;
    struct keel_price plain = dollars(2.5, 10);
    /* 1,000 x $2.50/M + 200 x $10/M = $0.0025 + $0.002 */
    assert_int_equal(cost(plain, (struct keel__usage){1000, 200, -1, -1, -1}), 4500000);
    assert_int_equal(cost(plain, (struct keel__usage){1000, -1, -1, -1, -1}), 2500000);
    assert_int_equal(cost(plain, (struct keel__usage){0, 0, 0, 0, 0}), 0);
    /* Without prices of their own, cached tokens cost what input does and reasoning what output
     * does: nothing is counted twice. */
    assert_int_equal(cost(plain, (struct keel__usage){1000, 200, 600, 300, 150}), 4500000);

    struct keel_price full = dollars(3, 15);
    full.cache_read_nusd = USD(3) / 10;
    full.cache_creation_nusd = USD(15) / 4;
    full.reasoning_nusd = USD(20);
    /* input 1000-600-300=100 x $3 = 300; read 600 x $0.30 = 180; creation 300 x $3.75 = 1125;
     * output 200-150=50 x $15 = 750; reasoning 150 x $20 = 3000: 5355 micro-dollars */
    assert_int_equal(cost(full, (struct keel__usage){1000, 200, 600, 300, 150}), 5355000);
    /* An emitter that leaves cached tokens out of input: the rest is never below 0. */
    assert_int_equal(cost(full, (struct keel__usage){10, -1, 600, -1, -1}), 180000);
    assert_int_equal(cost(full, (struct keel__usage){-1, 5, -1, -1, 150}), 3000000);
}

static void rounds_once_half_up(void **state)
{
    (void)state;
    /* $0.0005 a million: half a nano-dollar a token; output a quarter. */
    struct keel_price tiny = dollars(0.0005, 0.00025);
    assert_int_equal(cost(tiny, (struct keel__usage){1, 0, -1, -1, -1}), 1); /* 0.5 */
    assert_int_equal(cost(tiny, (struct keel__usage){3, 0, -1, -1, -1}), 2); /* 1.5 */
    assert_int_equal(cost(tiny, (struct keel__usage){1, 1, -1, -1, -1}), 1); /* 0.75 */
    assert_int_equal(cost(tiny, (struct keel__usage){0, 1, -1, -1, -1}), 0); /* 0.25 */
    /* Rounding each bucket by itself would give 1 + 1. */
    assert_int_equal(cost(tiny, (struct keel__usage){1, 2, -1, -1, -1}), 1); /* 0.5 + 0.5 */
}

static void extremes_neither_wrap_nor_lie(void **state)
{
    (void)state;
    struct keel_price price = dollars(1, 1);
    /* 9.2e18 tokens at $1/M are 9.2e12 dollars: more than 64 bits of nano-dollars hold. */
    assert_true(has_no_cost(price, (struct keel__usage){INT64_MAX, -1, -1, -1, -1}));
    /* The most that fits: 9,223,372,036,854,775 tokens at $1/M are 9223372036.854775 dollars. */
    assert_int_equal(cost(price, (struct keel__usage){9223372036854775, -1, -1, -1, -1}),
                     9223372036854775000);
    price.input_nusd = price.output_nusd = price.cache_read_nusd = price.cache_creation_nusd =
        price.reasoning_nusd = INT64_MAX;
    assert_true(has_no_cost(
        price, (struct keel__usage){INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX}));
    assert_int_equal(cost(price, (struct keel__usage){1, -1, -1, -1, -1}), 9223372036855);
    /* Sums of buckets that would wrap 64 bits. */
    price = dollars(0, 0);
    assert_int_equal(cost(price, (struct keel__usage){INT64_MAX, 1, INT64_MAX, INT64_MAX, 7}), 0);
}

static void unknown_is_no_cost(void **state)
{
    (void)state;
    struct keel_price price = dollars(1, 1);
    assert_true(has_no_cost(price, (struct keel__usage){-1, -1, -1, -1, -1}));
    price.output_nusd = -1;
    assert_true(has_no_cost(price, (struct keel__usage){10, 1, -1, -1, -1}));
    assert_int_equal(cost(price, (struct keel__usage){10, 0, -1, -1, -1}), 10000);
    price.reasoning_nusd = USD(1);
    assert_int_equal(cost(price, (struct keel__usage){10, 5, -1, -1, 5}), 15000);
}

/* ---- in a store ------------------------------------------------------------------------------ */

static struct keel_store *open_store(struct testdb *t)
{
    struct keel_store *store;
    keel_db_close(t->db);
    t->db = NULL;
    assert_ok(keel_store_open(&store, t->url, NULL, &t->err), &t->err);
    return store;
}

static void set(struct testdb *t, struct keel_store *store, const char *provider, const char *model,
                int64_t from, int64_t input_nusd)
{
    struct keel_price price = {.provider = provider,
                               .model = model,
                               .valid_from = from,
                               .input_nusd = input_nusd,
                               .output_nusd = -1,
                               .cache_read_nusd = -1,
                               .cache_creation_nusd = -1,
                               .reasoning_nusd = -1,
                               .source = "a test"};
    assert_ok(keel_price_set(store, &price, "tester", &t->err), &t->err);
}

/* The input price that a call has; -1: none. */
static int64_t find(struct testdb *t, struct keel_store *store, const char *provider,
                    const char *request, const char *response, int64_t at)
{
    const struct keel__price_book *book;
    struct keel_db *db;
    int64_t input;
    assert_ok(keel_pool_acquire(keel_store_pool(store), KEEL_TX_READ, &db, &t->err), &t->err);
    assert_ok(keel__price_book_open(&book, &store->prices, db, &t->err), &t->err);
    const struct keel__priced *priced = keel__price_find(
        book, keel_slice_of(provider), keel_slice_of(request), keel_slice_of(response), at);
    input = priced ? priced->price.input_nusd : -1;
    assert_true(!priced || priced->id > 0);
    keel__price_book_close(book);
    keel_pool_release(keel_store_pool(store), db);
    return input;
}

static void the_nearest_price_wins(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = open_store(t);
    set(t, store, "", "zz*", T0, 1);
    set(t, store, "", "zz-4*", T0, 2);
    set(t, store, "", "zz-4o-mini*", T0, 3);
    set(t, store, "", "ZZ-4o", T0, 4);
    set(t, store, "acme", "zz*", T0, 5);
    set(t, store, "acme", "zz-4o", T0, 6);
    set(t, store, "local", "*", T0, 0);

    assert_int_equal(find(t, store, NULL, "zz-9", NULL, T0), 1);
    assert_int_equal(find(t, store, NULL, "zz", NULL, T0), 1);
    assert_int_equal(find(t, store, NULL, "zz-4-turbo", NULL, T0), 2);
    assert_int_equal(find(t, store, NULL, "zz-4o-mini-2024", NULL, T0), 3);
    assert_int_equal(find(t, store, NULL, "zz-4o", NULL, T0), 4);
    assert_int_equal(find(t, store, "other", "Zz-4O", NULL, T0), 4);
    /* The provider's own prices come first, however general. */
    assert_int_equal(find(t, store, "acme", "zz-4o-mini-2024", NULL, T0), 5);
    assert_int_equal(find(t, store, "ACME", "zz-4o", NULL, T0), 6);
    assert_int_equal(find(t, store, "local", "zz-4o", NULL, T0), 0);
    /* The response's model before the request's; a path before a name. */
    assert_int_equal(find(t, store, NULL, "zz-4o", "zz-4o-mini", T0), 3);
    assert_int_equal(find(t, store, NULL, "zz-4o", "my-deployment", T0), 4);
    assert_int_equal(find(t, store, NULL, "models/zz-4o", NULL, T0), 4);
    assert_int_equal(find(t, store, "acme", "a/b/zz-4o", NULL, T0), 6);
    assert_int_equal(find(t, store, NULL, "zz-4o/", NULL, T0), 2);
    assert_int_equal(find(t, store, NULL, "zy", NULL, T0), -1);
    assert_int_equal(find(t, store, NULL, NULL, NULL, T0), -1);
    assert_int_equal(find(t, store, NULL, "", "", T0), -1);
    keel_store_close(store);
}

static void a_long_name_is_matched_by_its_start(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = open_store(t);
    char name[3000];
    memset(name, 'q', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    set(t, store, "", "qqqq*", T0, 7);
    assert_int_equal(find(t, store, NULL, name, NULL, T0), 7);
    name[1024] = '\0';
    set(t, store, "", name, T0, 8);
    assert_int_equal(find(t, store, NULL, name, NULL, T0), 8);
    name[1024] = 'q';
    assert_int_equal(find(t, store, NULL, name, NULL, T0), 7);
    keel_store_close(store);
}

static void dates_bound_prices(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = open_store(t);
    set(t, store, "", "zz", T0, 1);
    set(t, store, "", "zz", T0 + 10 * DAY_US, 2);
    set(t, store, "", "zz", T0 + 5 * DAY_US, 3);
    set(t, store, "acme", "zz", T0 + 7 * DAY_US, 4);
    assert_int_equal(find(t, store, NULL, "zz", NULL, T0 - 1), -1);
    assert_int_equal(find(t, store, NULL, "zz", NULL, T0), 1);
    assert_int_equal(find(t, store, NULL, "zz", NULL, T0 + 5 * DAY_US - 1), 1);
    assert_int_equal(find(t, store, NULL, "zz", NULL, T0 + 5 * DAY_US), 3);
    assert_int_equal(find(t, store, NULL, "zz", NULL, T0 + 10 * DAY_US - 1), 3);
    assert_int_equal(find(t, store, NULL, "zz", NULL, T0 + 10 * DAY_US), 2);
    assert_int_equal(find(t, store, "acme", "zz", NULL, T0 + 7 * DAY_US - 1), 3);
    assert_int_equal(find(t, store, "acme", "zz", NULL, T0 + 11 * DAY_US), 4);
    keel_store_close(store);
}

static size_t count_prices(struct testdb *t, struct keel_store *store, const char *model,
                           bool history, struct keel_price *last)
{
    struct keel_result result = {0};
    struct keel_price *prices;
    size_t count, found = 0;
    *last = (struct keel_price){0};
    assert_ok(keel_price_list(store, history, &prices, &count, &result, &t->err), &t->err);
    for (size_t i = 0; i < count; i++)
        if (strcmp(prices[i].model, model) == 0) {
            found++;
            *last = prices[i];
        }
    if (found)
        last->model = last->provider = last->source = NULL;
    keel_result_free(&result);
    return found;
}

static void versions_are_appended(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = open_store(t);
    struct keel_price last;
    set(t, store, "", "zz", T0, 1);
    set(t, store, "", "zz", T0, 1); /* the same: nothing */
    assert_int_equal(count_prices(t, store, "zz", true, &last), 1);
    set(t, store, "", "zz", T0 + DAY_US, 1); /* in force already on that day: nothing */
    assert_int_equal(count_prices(t, store, "zz", true, &last), 1);
    set(t, store, "", "zz", T0, 2); /* corrected */
    assert_int_equal(count_prices(t, store, "zz", true, &last), 2);
    assert_int_equal(find(t, store, NULL, "zz", NULL, T0), 2);
    assert_int_equal(count_prices(t, store, "zz", false, &last), 1);
    assert_int_equal(last.input_nusd, 2);
    set(t, store, "", "zz", T0, 1); /* and back */
    assert_int_equal(find(t, store, NULL, "zz", NULL, T0), 1);
    /* What is only to come is no current price. */
    set(t, store, "", "zz", keel_time_now_us() + DAY_US, 9);
    assert_int_equal(count_prices(t, store, "zz", false, &last), 1);
    assert_int_equal(last.input_nusd, 1);
    assert_int_equal(count_prices(t, store, "zz", true, &last), 4);
    keel_store_close(store);
}

static void bad_prices_are_refused(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = open_store(t);
    struct keel_price price = {.model = "zz", .input_nusd = 1, .valid_from = T0};
    price.model = "a*b";
    assert_error(keel_price_set(store, &price, NULL, &t->err), KEEL_INVALID, &t->err, "a*b");
    price.model = "";
    assert_error(keel_price_set(store, &price, NULL, &t->err), KEEL_INVALID, &t->err, "model");
    price.model = NULL;
    assert_error(keel_price_set(store, &price, NULL, &t->err), KEEL_INVALID, &t->err, "model");
    price.model = "zz";
    price.output_nusd = -2;
    assert_error(keel_price_set(store, &price, NULL, &t->err), KEEL_INVALID, &t->err, "negative");
    price.input_nusd = price.output_nusd = price.cache_read_nusd = price.cache_creation_nusd =
        price.reasoning_nusd = -1;
    assert_error(keel_price_set(store, &price, NULL, &t->err), KEEL_INVALID, &t->err, "no amount");
    price.input_nusd = 1;
    price.valid_from = INT64_MAX;
    assert_error(keel_price_set(store, &price, NULL, &t->err), KEEL_INVALID, &t->err, "dated");
    keel_store_close(store);
}

/* ---- documents ------------------------------------------------------------------------------- */

static int import(struct testdb *t, struct keel_store *store, const char *json, int64_t *count)
{
    return keel_price_import(store, keel_slice_of(json), "tester", count, &t->err);
}

static void documents_are_imported(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = open_store(t);
    struct keel_price last;
    int64_t count;
    static const char document[] =
        "{\"version\": \"v1\", \"note\": \"n\", \"prices\": ["
        "{\"models\": [\"zz-1\", \"zz-2*\"], \"valid_from\": \"2026-01-01\","
        " \"input_per_million_usd\": \"0.15\", \"output_per_million_usd\": 0.6,"
        " \"cache_read_per_million_usd\": 0.0000000011e1, \"note\": \"x\"},"
        "{\"provider\": \"acme\", \"model\": \"zz-1\","
        " \"valid_from\": \"2026-01-01T02:00:00+02:00\","
        " \"input_per_million_usd\": 3, \"output_per_million_usd\": null,"
        " \"reasoning_per_million_usd\": \"0\", \"source\": \"somewhere\"}]}";
    assert_error(import(t, store, document, &count), KEEL_INVALID, &t->err,
                 "price 1: \"cache_read_per_million_usd\"");
    static const char good[] =
        "{\"version\": \"v1\", \"note\": \"n\", \"prices\": ["
        "{\"models\": [\"zz-1\", \"zz-2*\"], \"valid_from\": \"2026-01-01\","
        " \"input_per_million_usd\": \"0.15\", \"output_per_million_usd\": 0.6,"
        " \"note\": \"x\"},"
        "{\"provider\": \"acme\", \"model\": \"zz-1\","
        " \"valid_from\": \"2026-01-01T02:00:00+02:00\","
        " \"input_per_million_usd\": 3, \"output_per_million_usd\": null,"
        " \"reasoning_per_million_usd\": \"0\", \"source\": \"somewhere\"}]}";
    assert_ok(import(t, store, good, &count), &t->err);
    assert_int_equal(count, 3);
    assert_int_equal(count_prices(t, store, "zz-2*", true, &last), 1);
    assert_int_equal(last.input_nusd, 150000000);
    assert_int_equal(last.output_nusd, 600000000);
    assert_int_equal(last.cache_read_nusd, -1);
    assert_int_equal(last.valid_from, 1767225600000000);
    assert_int_equal(find(t, store, "acme", "zz-1", NULL, 1767225600000000), USD(3));
    assert_ok(import(t, store, good, &count), &t->err);
    assert_int_equal(count, 0);
    keel_store_close(store);
}

static void document_order_does_not_matter(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = open_store(t);
    int64_t count;
    set(t, store, "", "zz", 0, USD(1));
    assert_ok(
        import(t, store,
               "[{\"model\":\"zz\",\"valid_from\":\"2026-03-01\",\"input_per_million_usd\":1},"
               "{\"model\":\"zz\",\"valid_from\":\"2026-02-01\",\"input_per_million_usd\":2}]",
               &count),
        &t->err);
    assert_int_equal(count, 2);
    assert_int_equal(find(t, store, NULL, "zz", NULL, 1769904000000000), USD(2));
    assert_int_equal(find(t, store, NULL, "zz", NULL, 1772323200000000), USD(1));
    keel_store_close(store);
}

static void bad_documents_change_nothing(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = open_store(t);
    struct keel_price last;
    int64_t count;
#define GOOD "{\"model\":\"zz\",\"valid_from\":\"2026-01-01\",\"input_per_million_usd\":\"1\"}"
    static const struct {
        const char *json, *message;
    } bad[] = {
        {"", "empty"},
        {"[" GOOD ",", "line 1"},
        {"17", "array of prices"},
        {"{\"price\": []}", "\"price\" is not known"},
        {"[" GOOD ", 1]", "price 2 is no object"},
        {"[" GOOD ", {\"model\":\"zy\",\"input_per_million_usd\":\"1\"}]",
         "price 2: \"valid_from\" is missing"},
        {"[" GOOD ", {\"valid_from\":\"2026-01-01\",\"input_per_million_usd\":\"1\"}]",
         "price 2: \"model\""},
        {"[" GOOD ", {\"model\":\"zy\",\"valid_from\":\"soon\",\"input_per_million_usd\":\"1\"}]",
         "price 2: \"valid_from\""},
        {"[" GOOD ", {\"model\":\"zy\",\"valid_from\":\"2026-01-01\",\"ouput\":\"1\"}]",
         "price 2: \"ouput\" is not known"},
        {"[" GOOD
         ", {\"model\":\"zy\",\"valid_from\":\"2026-01-01\",\"input_per_million_usd\":\"-1\"}]",
         "price 2: \"input_per_million_usd\""},
        {"[" GOOD ", {\"model\":\"zy\",\"valid_from\":\"2026-01-01\","
         "\"input_per_million_usd\":\"0.0000000001\"}]",
         "nine decimals"},
        {"[" GOOD ", {\"model\":\"z*y\",\"valid_from\":\"2026-01-01\","
         "\"input_per_million_usd\":\"1\"}]",
         "z*y"},
        {"[" GOOD ", {\"models\":[],\"valid_from\":\"2026-01-01\","
         "\"input_per_million_usd\":\"1\"}]",
         "\"models\""},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_error(import(t, store, bad[i].json, &count), KEEL_INVALID, &t->err, bad[i].message);
        assert_int_equal(count_prices(t, store, "zz", true, &last), 0);
    }
    keel_store_close(store);
}

/* ---- what keel comes with ---------------------------------------------------------------------
 */

static void a_new_store_has_prices(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = open_store(t);
    struct keel_price last;
    const int64_t late_2026 = 1793000000000000;
    /* gpt-4o-mini: $0.15 and $0.60 a million, $0.075 from the cache. */
    assert_int_equal(find(t, store, "openai", "gpt-4o-mini", "gpt-4o-mini-2024-07-18", T0),
                     150000000);
    assert_int_equal(find(t, store, "azure.ai.openai", "mine", "gpt-4o-2024-08-06", T0),
                     2500000000);
    assert_int_equal(find(t, store, "anthropic", "claude-sonnet-4-5-20250929", NULL, late_2026),
                     USD(3));
    assert_int_equal(
        find(t, store, "aws.bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0", NULL, late_2026),
        USD(3));
    assert_int_equal(find(t, store, "aws.bedrock", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
                          NULL, late_2026),
                     3300000000);
    assert_int_equal(find(t, store, "gcp.gemini", "models/gemini-2.5-flash", NULL, late_2026),
                     300000000);
    /* o3 became cheaper on 2025-06-10. */
    assert_int_equal(find(t, store, "openai", "o3-2025-04-16", NULL, 1749513600000000 - 1),
                     USD(10));
    assert_int_equal(find(t, store, "openai", "o3-2025-04-16", NULL, 1749513600000000), USD(2));
    /* What is served from weights that anybody has is not charged at somebody's price. */
    assert_int_equal(find(t, store, "ollama", "llama3.3", NULL, late_2026), -1);
    assert_int_equal(count_prices(t, store, "gpt-4o-mini", true, &last), 1);
    keel_store_close(store);

    /* Opening again adds nothing. */
    assert_ok(keel_store_open(&store, t->url, NULL, &t->err), &t->err);
    assert_int_equal(count_prices(t, store, "gpt-4o-mini", true, &last), 1);
    keel_store_close(store);
}

static void seeding_leaves_own_prices_alone(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = open_store(t);
    struct keel_price last;
    set(t, store, "", "gpt-4o-mini", 0, 42);
    keel_store_close(store);
    t->db = testdb_connect(t, NULL);
    /* As if the table had been empty but for that, and another version were shipped now. */
    testdb_sql(t, "DELETE FROM model_prices WHERE source LIKE 'keel %'", NULL);
    testdb_sql(t, "DELETE FROM audit_log WHERE action = 'price.seed'", NULL);
    assert_ok(keel__price_seed(t->db, &t->err), &t->err);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM audit_log WHERE action = 'price.seed'"),
                     1);
    keel_db_close(t->db);
    t->db = NULL;
    assert_ok(keel_store_open(&store, t->url, NULL, &t->err), &t->err);
    assert_int_equal(count_prices(t, store, "gpt-4o-mini", true, &last), 1);
    assert_int_equal(last.input_nusd, 42);
    assert_int_equal(count_prices(t, store, "gpt-4o", true, &last), 1);
    keel_store_close(store);
}

static void an_older_keel_does_not_bring_older_prices_back(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = open_store(t);
    struct keel_price last;
    keel_store_close(store);
    t->db = testdb_connect(t, NULL);
    testdb_sql(t, "DELETE FROM model_prices", NULL);
    testdb_sql(t, "UPDATE audit_log SET object_id = '9999-12-31' WHERE action = 'price.seed'",
               NULL);
    keel_db_close(t->db);
    t->db = NULL;
    assert_ok(keel_store_open(&store, t->url, NULL, &t->err), &t->err);
    assert_int_equal(count_prices(t, store, "gpt-4o", true, &last), 0);
    keel_store_close(store);
}

int main(void)
{
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(costs_by_hand),
        cmocka_unit_test(rounds_once_half_up),
        cmocka_unit_test(extremes_neither_wrap_nor_lie),
        cmocka_unit_test(unknown_is_no_cost),
    };
    const struct CMUnitTest stored[] = {
        testdb_test(the_nearest_price_wins),
        testdb_test(a_long_name_is_matched_by_its_start),
        testdb_test(dates_bound_prices),
        testdb_test(versions_are_appended),
        testdb_test(bad_prices_are_refused),
        testdb_test(documents_are_imported),
        testdb_test(document_order_does_not_matter),
        testdb_test(bad_documents_change_nothing),
        testdb_test(a_new_store_has_prices),
        testdb_test(seeding_leaves_own_prices_alone),
        testdb_test(an_older_keel_does_not_bring_older_prices_back),
    };
    int failed = cmocka_run_group_tests(alone, NULL, NULL);
    return failed + testdb_run(stored);
}
