/* Sums over calls: by every dimension, per session, and after prices have changed. */
#include "storetest.h"

#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

#define DAY_US INT64_C(86400000000)
#define T0 storetest_epoch_us /* 2026-01-01 */
#define USD(n) (INT64_C(1000000000) * (n))

/* model "m1" costs $1 a million in and $2 out; "m2" $10 and $20; others nothing is known of. */
static void set_price(struct testdb *t, struct keel_store *store, const char *model, int64_t from,
                      int64_t input, int64_t output)
{
    const struct keel_price price = {.provider = "",
                                     .model = model,
                                     .valid_from = from,
                                     .input_nusd = input,
                                     .output_nusd = output,
                                     .cache_read_nusd = -1,
                                     .cache_creation_nusd = -1,
                                     .reasoning_nusd = -1};
    assert_ok(keel_price_set(store, &price, "tester", &t->err), &t->err);
}

struct spec {
    unsigned trace, id, parent;
    const char *project, *session, *agent, *provider, *model;
    int day; /* of its start, since T0 */
    int64_t input, output;
};

static void write_specs(struct keel_store *store, const struct spec *specs, size_t count)
{
    struct keel_record *records = calloc(count, sizeof(*records));
    struct keel_llm_record *llms = calloc(count, sizeof(*llms));
    assert_true(records && llms);
    for (size_t i = 0; i < count; i++) {
        const struct spec *s = &specs[i];
        records[i] = storetest_span(s->trace, s->id, s->parent, s->agent ? s->agent : "step");
        records[i].project = keel_slice_of(s->project);
        records[i].session_id = keel_slice_of(s->session);
        records[i].start_ns = (T0 + s->day * DAY_US + (int64_t)s->id) * 1000;
        records[i].end_ns = records[i].start_ns + 5000;
        if (s->agent) {
            records[i].kind = KEEL_EVENT_AGENT;
            records[i].agent_name = keel_slice_of(s->agent);
        }
        if (s->model) {
            llms[i] = storetest_llm();
            llms[i].provider = keel_slice_of(s->provider);
            llms[i].request_model = keel_slice_of(*s->model ? s->model : NULL);
            llms[i].input_tokens = s->input;
            llms[i].output_tokens = s->output;
            records[i].llm = &llms[i];
            records[i].kind = s->agent ? KEEL_EVENT_AGENT : KEEL_EVENT_LLM;
        }
    }
    storetest_write(store, records, count);
    free(records);
    free(llms);
}

static const struct spec specs[] = {
    /* A run of shop: an agent that repeats the usage of its two calls. */
    {1, 1, 0, "shop", "s1", "planner", NULL, "m1", 0, 3000, 300},
    {1, 2, 1, "shop", NULL, NULL, "openai", "m1", 0, 1000, 100},
    {1, 3, 1, "shop", NULL, NULL, "azure", "m1", 1, 2000, 200},
    /* Another, in the same session, without an agent; nobody knows the price of m3. */
    {2, 1, 0, "shop", "s1", NULL, NULL, NULL, 1, 0, 0},
    {2, 2, 1, "shop", NULL, NULL, "openai", "m2", 1, 100, 10},
    {2, 3, 1, "shop", NULL, NULL, "openai", "m3", 2, 7, 7},
    {2, 4, 1, "shop", NULL, NULL, "openai", "", 2, 5, -1},
    /* A run of lab: nested agents, no session; a call without any usage. */
    {3, 1, 0, "lab", NULL, "planner", NULL, NULL, 2, 0, 0},
    {3, 2, 1, "lab", NULL, "writer", NULL, NULL, 2, 0, 0},
    {3, 3, 2, "lab", NULL, NULL, "openai", "m2", 2, 200, 20},
    {3, 4, 1, "lab", NULL, NULL, "openai", "m1", 3, 50, 5},
    {3, 5, 1, "lab", "s1", NULL, "openai", "m1", 3, -1, -1},
};
/* Costs in nano-dollars: m1 1,400 each of 1000/100 x ...: 1000x1 + 100x2 = 1200 micro-dollars. */
#define C12 INT64_C(1200000) /* trace 1, span 2 */
#define C13 INT64_C(2400000)
#define C22 INT64_C(1200000) /* 100 x $10 + 10 x $20 */
#define C33 INT64_C(2400000)
#define C34 INT64_C(60000)

struct expected {
    const char *key;
    int64_t calls, input, output, cost, unpriced;
};

static void check_report(struct testdb *t, struct keel_store *store, enum keel_cost_by by,
                         const struct keel_cost_filter *filter, const struct expected *expected,
                         size_t count)
{
    struct keel_result result = {0};
    struct keel_cost *costs;
    size_t got;
    assert_ok(keel_cost_report(store, by, filter, &costs, &got, &result, &t->err), &t->err);
    assert_int_equal(got, count);
    for (size_t i = 0; i < count; i++) {
        if (expected[i].key)
            assert_string_equal(costs[i].key, expected[i].key);
        else
            assert_null(costs[i].key);
        assert_int_equal(costs[i].llm_call_count, expected[i].calls);
        assert_int_equal(costs[i].input_tokens, expected[i].input);
        assert_int_equal(costs[i].output_tokens, expected[i].output);
        assert_int_equal(costs[i].cost_nusd, expected[i].cost);
        assert_int_equal(costs[i].unpriced_call_count, expected[i].unpriced);
    }
    keel_result_free(&result);
}
#define CHECK(by, filter, ...)                                                                     \
    check_report(t, store, by, filter, (const struct expected[]){__VA_ARGS__},                     \
                 sizeof((const struct expected[]){__VA_ARGS__}) / sizeof(struct expected))

static struct keel_store *with_calls(struct testdb *t)
{
    struct keel_store *store = storetest_open(t);
    set_price(t, store, "m1", 0, USD(1), USD(2));
    set_price(t, store, "m2", 0, USD(10), USD(20));
    write_specs(store, specs, sizeof(specs) / sizeof(specs[0]));
    return store;
}

static void by_every_dimension(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = with_calls(t);
    CHECK(KEEL_COST_PROJECT, NULL, {"shop", 5, 3112, 317, C12 + C13 + C22, 2},
          {"lab", 3, 250, 25, C33 + C34, 0});
    /* One model of two providers is one key; a call without a model has none. */
    CHECK(KEEL_COST_MODEL, NULL, {"m1", 4, 3050, 305, C12 + C13 + C34, 0},
          {"m2", 2, 300, 30, C22 + C33, 0}, {"m3", 1, 7, 7, 0, 1}, {NULL, 1, 5, 0, 0, 1});
    CHECK(KEEL_COST_AGENT, NULL, {"planner", 4, 3050, 305, C12 + C13 + C34, 0},
          {"writer", 1, 200, 20, C33, 0}, {NULL, 3, 112, 17, C22, 2});
    CHECK(KEEL_COST_DAY, NULL, {"2026-01-01", 1, 1000, 100, C12, 0},
          {"2026-01-02", 2, 2100, 210, C13 + C22, 0}, {"2026-01-03", 3, 212, 27, C33, 2},
          {"2026-01-04", 2, 50, 5, C34, 0});
    keel_store_close(store);
}

static void by_session(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = with_calls(t);
    struct keel_result result = {0};
    struct keel_session *sessions;
    const char *next;
    size_t count;
    /* s1 of shop and s1 of lab are one key; whether lab's run joined its call's session decides
     * what the rest is. */
    struct keel_cost *costs;
    int64_t calls = 0, cost = 0;
    assert_ok(keel_cost_report(store, KEEL_COST_SESSION, NULL, &costs, &count, &result, &t->err),
              &t->err);
    for (size_t i = 0; i < count; i++) {
        calls += costs[i].llm_call_count;
        cost += costs[i].cost_nusd;
        if (costs[i].key)
            assert_string_equal(costs[i].key, "s1");
    }
    assert_int_equal(calls, 8);
    assert_int_equal(cost, C12 + C13 + C22 + C33 + C34);
    struct keel_cost_filter shop = {.project = "shop"};
    CHECK(KEEL_COST_SESSION, &shop, {"s1", 5, 3112, 317, C12 + C13 + C22, 2});

    assert_ok(keel_session_list(store, "shop", NULL, 0, &sessions, &count, &next, &result, &t->err),
              &t->err);
    assert_int_equal(count, 1);
    assert_null(next);
    assert_string_equal(sessions[0].id, "s1");
    assert_string_equal(sessions[0].project, "shop");
    assert_int_equal(sessions[0].run_count, 2);
    assert_int_equal(sessions[0].llm_call_count, 5);
    assert_int_equal(sessions[0].input_tokens, 3112);
    assert_int_equal(sessions[0].output_tokens, 317);
    assert_int_equal(sessions[0].cost_nusd, C12 + C13 + C22);
    assert_int_equal(sessions[0].first_at, T0 + 1);
    assert_true(sessions[0].last_at >= T0 + DAY_US);
    assert_ok(keel_session_list(store, NULL, NULL, 0, &sessions, &count, &next, &result, &t->err),
              &t->err);
    assert_int_equal(count, 2);
    assert_ok(
        keel_session_list(store, "nobody", NULL, 0, &sessions, &count, &next, &result, &t->err),
        &t->err);
    assert_int_equal(count, 0);
    keel_result_free(&result);
    keel_store_close(store);
}

static void sessions_page_by_page(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    enum { SESSIONS = 11 };
    char names[SESSIONS + 4][16], cursor[32];
    const char *after = NULL, *next;
    size_t total = 0;
    for (unsigned i = 0; i < SESSIONS + 4; i++)
        snprintf(names[i], sizeof(names[i]), "s%u", i);
    for (unsigned i = 0; i < SESSIONS; i++)
        write_specs(store,
                    &(struct spec){.trace = i + 1, .id = 1, .project = "shop", .session = names[i]},
                    1);
    for (unsigned page = 0;; page++) {
        struct keel_result result = {0};
        struct keel_session *sessions;
        size_t count;
        assert_ok(keel_session_list(store, page % 2 ? "shop" : NULL, after, 3, &sessions, &count,
                                    &next, &result, &t->err),
                  &t->err);
        for (size_t i = 0; i < count; i++, total++) {
            assert_string_equal(sessions[i].id, names[SESSIONS - 1 - total]);
            assert_int_equal(sessions[i].run_count, 1);
        }
        if (next)
            snprintf(cursor, sizeof(cursor), "%s", next);
        after = next ? cursor : NULL;
        keel_result_free(&result);
        if (!after)
            break;
        write_specs(store,
                    &(struct spec){.trace = 100 + page,
                                   .id = 1,
                                   .project = "shop",
                                   .session = names[SESSIONS + page % 4]},
                    1);
    }
    assert_int_equal(total, SESSIONS);
    struct keel_result result = {0};
    struct keel_session *sessions;
    size_t count;
    assert_error(keel_session_list(store, NULL, "x", 0, &sessions, &count, &next, &result, &t->err),
                 KEEL_INVALID, &t->err, "cursor");
    keel_result_free(&result);
    keel_store_close(store);
}

static void within_a_time_and_a_project(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = with_calls(t);
    struct keel_cost_filter f = {.since = T0 + DAY_US};
    CHECK(KEEL_COST_PROJECT, &f, {"shop", 4, 2112, 217, C13 + C22, 2},
          {"lab", 3, 250, 25, C33 + C34, 0});
    CHECK(KEEL_COST_AGENT, &f, {"planner", 3, 2050, 205, C13 + C34, 0},
          {"writer", 1, 200, 20, C33, 0}, {NULL, 3, 112, 17, C22, 2});
    f.until = T0 + 2 * DAY_US;
    CHECK(KEEL_COST_MODEL, &f, {"m1", 1, 2000, 200, C13, 0}, {"m2", 1, 100, 10, C22, 0});
    CHECK(KEEL_COST_AGENT, &f, {"planner", 1, 2000, 200, C13, 0}, {NULL, 1, 100, 10, C22, 0});
    /* The very microsecond: trace 1, span 3 started at day 1 + 3 us. */
    f = (struct keel_cost_filter){.since = T0 + DAY_US + 3, .until = T0 + DAY_US + 4};
    CHECK(KEEL_COST_DAY, &f, {"2026-01-02", 1, 2000, 200, C13, 0});
    f = (struct keel_cost_filter){.until = T0 + DAY_US + 3};
    CHECK(KEEL_COST_PROJECT, &f, {"shop", 2, 1100, 110, C12 + C22, 0});

    f = (struct keel_cost_filter){.project = "lab"};
    CHECK(KEEL_COST_MODEL, &f, {"m2", 1, 200, 20, C33, 0}, {"m1", 2, 50, 5, C34, 0});
    CHECK(KEEL_COST_AGENT, &f, {"writer", 1, 200, 20, C33, 0}, {"planner", 2, 50, 5, C34, 0});
    f.since = T0 + 3 * DAY_US;
    CHECK(KEEL_COST_MODEL, &f, {"m1", 2, 50, 5, C34, 0});
    CHECK(KEEL_COST_AGENT, &f, {"planner", 2, 50, 5, C34, 0});
    f.project = "nobody";
    struct keel_result result = {0};
    struct keel_cost *costs;
    size_t count;
    for (int by = KEEL_COST_PROJECT; by <= KEEL_COST_SESSION; by++) {
        assert_ok(
            keel_cost_report(store, (enum keel_cost_by)by, &f, &costs, &count, &result, &t->err),
            &t->err);
        assert_int_equal(count, 0);
    }
    assert_error(keel_cost_report(store, 9, NULL, &costs, &count, &result, &t->err), KEEL_INVALID,
                 &t->err, "dimension");
    keel_result_free(&result);
    keel_store_close(store);
}

/* ---- recompute ------------------------------------------------------------------------------- */

struct seen {
    int64_t done, total;
    int calls;
};

static void see(void *context, int64_t done, int64_t total)
{
    struct seen *seen = context;
    assert_true(done > seen->done && done <= total);
    seen->done = done;
    seen->total = total;
    seen->calls++;
}

static int64_t cost_in(struct testdb *t, struct keel_store *store, const char *project)
{
    struct keel_result result = {0};
    struct keel_cost *costs;
    size_t count;
    int64_t cost = -1;
    assert_ok(keel_cost_report(store, KEEL_COST_PROJECT,
                               &(struct keel_cost_filter){.project = project}, &costs, &count,
                               &result, &t->err),
              &t->err);
    if (count)
        cost = costs[0].cost_nusd;
    keel_result_free(&result);
    return cost;
}

static void recompute_changes_what_it_should(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = with_calls(t);
    struct seen seen = {0};
    int64_t changed;
    assert_ok(keel_cost_recompute(store, 0, 0, "ann", see, &seen, &changed, &t->err), &t->err);
    assert_int_equal(changed, 0);
    assert_int_equal(seen.done, 9); /* wrappers are priced too, though not summed up */
    assert_int_equal(seen.total, 9);
    assert_int_equal(
        testdb_int(t, "SELECT count(*) FROM audit_log WHERE action = 'cost.recompute'"), 0);

    /* From the second day on m1 costs twice as much, and m3 has a price. */
    set_price(t, store, "m1", T0 + DAY_US, USD(2), USD(4));
    set_price(t, store, "m3", 0, USD(1000), USD(0));
    assert_ok(keel_cost_recompute(store, T0 + DAY_US, T0 + 2 * DAY_US, "ann", NULL, NULL, &changed,
                                  &t->err),
              &t->err);
    assert_int_equal(changed, 1); /* trace 1, span 3 */
    assert_int_equal(cost_in(t, store, "shop"), C12 + 2 * C13 + C22);
    assert_int_equal(cost_in(t, store, "lab"), C33 + C34);

    assert_ok(keel_cost_recompute(store, 0, 0, "ann", NULL, NULL, &changed, &t->err), &t->err);
    assert_int_equal(changed, 2); /* m3's call, and trace 3, span 4 */
    assert_int_equal(cost_in(t, store, "shop"), C12 + 2 * C13 + C22 + 7000000);
    assert_int_equal(cost_in(t, store, "lab"), C33 + 2 * C34);
    assert_ok(keel_cost_recompute(store, 0, 0, "ann", NULL, NULL, &changed, &t->err), &t->err);
    assert_int_equal(changed, 0);

    struct keel_result result = {0};
    struct keel_audit_entry *entries;
    size_t count, found = 0;
    assert_ok(keel_audit_log(store, 0, 0, &entries, &count, &result, &t->err), &t->err);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(entries[i].action, "cost.recompute") != 0)
            continue;
        found++;
        assert_string_equal(entries[i].actor, "ann");
        assert_string_equal(entries[i].object_type, "llm_calls");
        assert_non_null(strstr(entries[i].detail.data, found == 1 ? "\"0.0024\"" : "\"0.0"));
        assert_non_null(strstr(entries[i].detail.data, found == 1 ? "\"0.0048\"" : "\"0.00712\""));
    }
    assert_int_equal(found, 2);
    keel_result_free(&result);
    keel_store_close(store);
}

static void a_price_taken_back_leaves_no_cost(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    int64_t changed;
    set_price(t, store, "m1", 0, USD(1), USD(2));
    write_specs(store, specs, 3);
    set_price(t, store, "m1", 0, USD(1), -1); /* nobody knows what output costs */
    assert_ok(keel_cost_recompute(store, 0, 0, NULL, NULL, NULL, &changed, &t->err), &t->err);
    assert_int_equal(changed, 3);
    struct keel_result result = {0};
    struct keel_cost *costs;
    size_t count;
    assert_ok(keel_cost_report(store, KEEL_COST_MODEL, NULL, &costs, &count, &result, &t->err),
              &t->err);
    assert_int_equal(costs[0].cost_nusd, 0);
    assert_int_equal(costs[0].unpriced_call_count, 2);
    keel_result_free(&result);
    keel_store_close(store);
}

static void recompute_in_several_batches(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    enum { CALLS = 12345, EACH = 617 };
    struct spec *many = calloc(EACH, sizeof(*many));
    struct seen seen = {0};
    int64_t changed;
    assert_non_null(many);
    /* Many calls with the same start, so that pages are cut among equals. */
    for (unsigned at = 0, trace = 1; at < CALLS; trace++) {
        unsigned count = 0;
        for (; count < EACH && at < CALLS; count++, at++)
            many[count] =
                (struct spec){trace, count + 1, 0, "shop", NULL, NULL, "openai", "m1", 0, 1000, 0};
        write_specs(store, many, count);
    }
    testdb_sql(t, "UPDATE llm_calls SET started_at = 1767225600000000 WHERE sequence > 10",
               "UPDATE llm_calls SET started_at = '2026-01-01Z' WHERE sequence > 10");
    testdb_sql(t, "UPDATE llm_calls SET started_at = NULL WHERE sequence = 7", NULL);
    set_price(t, store, "m1", 0, USD(1), 0);
    assert_ok(keel_cost_recompute(store, 0, 0, "ann", see, &seen, &changed, &t->err), &t->err);
    assert_int_equal(changed, CALLS);
    assert_int_equal(seen.done, CALLS);
    assert_int_equal(seen.total, CALLS);
    assert_true(seen.calls >= 3);
    assert_int_equal(cost_in(t, store, "shop"), INT64_C(1000000) * CALLS);
    /* Calls without a start have no day, and are outside of any time. */
    int64_t undated = testdb_int(t, "SELECT count(*) FROM llm_calls WHERE started_at IS NULL");
    struct keel_result result = {0};
    struct keel_cost *costs;
    size_t count;
    assert_ok(keel_cost_report(store, KEEL_COST_DAY, NULL, &costs, &count, &result, &t->err),
              &t->err);
    assert_int_equal(count, 2);
    assert_null(costs[1].key);
    assert_int_equal(costs[1].llm_call_count, undated);
    assert_ok(keel_cost_report(store, KEEL_COST_DAY, &(struct keel_cost_filter){.since = 1}, &costs,
                               &count, &result, &t->err),
              &t->err);
    assert_int_equal(count, 1);
    keel_result_free(&result);
    free(many);
    keel_store_close(store);
}

static void sums_stop_where_64_bits_end(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = with_calls(t);
    testdb_sql(t, "UPDATE llm_calls SET cost = 9000000000000000000 WHERE cost IS NOT NULL",
               "UPDATE llm_calls SET cost = 9000000000 WHERE cost IS NOT NULL");
    for (int by = KEEL_COST_PROJECT; by <= KEEL_COST_SESSION; by++) {
        struct keel_result result = {0};
        struct keel_cost *costs;
        size_t count;
        assert_ok(
            keel_cost_report(store, (enum keel_cost_by)by, NULL, &costs, &count, &result, &t->err),
            &t->err);
        if (by == KEEL_COST_PROJECT)
            assert_int_equal(costs[0].cost_nusd, INT64_MAX);
        keel_result_free(&result);
    }
    keel_store_close(store);
}

static void absurd_token_counts_are_not_said(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = with_calls(t);
    const struct spec absurd[] = {
        {9, 1, 0, "evil", NULL, NULL, "openai", "m1", 0, INT64_MAX, 1},
        {9, 2, 0, "evil", NULL, NULL, "openai", "m1", 0, INT64_MAX, INT64_MAX},
        {9, 3, 0, "evil", NULL, NULL, "openai", "m1", 0, KEEL_TOKENS_MOST + 1, 1},
        {9, 4, 0, "evil", NULL, NULL, "openai", "m1", 0, KEEL_TOKENS_MOST, 1},
    };
    write_specs(store, absurd, 4);
    struct keel_cost_filter evil = {.project = "evil"};
    CHECK(KEEL_COST_MODEL, &evil, {"m1", 4, KEEL_TOKENS_MOST, 3, USD(1000000) + 6000, 0});
    assert_int_equal(cost_in(t, store, "shop"), C12 + C13 + C22);
    keel_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(by_every_dimension),
        testdb_test(by_session),
        testdb_test(sessions_page_by_page),
        testdb_test(within_a_time_and_a_project),
        testdb_test(recompute_changes_what_it_should),
        testdb_test(a_price_taken_back_leaves_no_cost),
        testdb_test(recompute_in_several_batches),
        testdb_test(sums_stop_where_64_bits_end),
        testdb_test(absurd_token_counts_are_not_said),
    };
    return testdb_run(tests);
}
