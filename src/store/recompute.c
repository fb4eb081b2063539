/*
 * Pricing calls again after prices have changed: a batch of them a transaction, in order of their
 * start, so that writers wait no longer than for one batch. Each transaction that changes something
 * says so in the audit log itself. Running it again after it was stopped does the rest.
 */
#include "store/audit.h"
#include "store/price_book.h"

#include "base/json.h"

#include "keel_sql_store.h"

#define BATCH 5000
#define EARLIEST_US (-62135596800000000)
#define LATEST_US 253402300800000000

struct call {
    int64_t started_at; /* or its run's start */
    struct keel_uuid run_id;
    int64_t sequence;
    bool has_cost;
    int64_t cost_nusd, price_id; /* as they are to be */
    bool other_cost, other_price;
};

struct place {
    int64_t at;
    struct keel_uuid run_id;
    int64_t sequence;
};

struct recompute {
    struct keel_store *store;
    int64_t since, until;
    bool undated; /* the second walk: calls without a start */
    const char *actor;
    struct place after;
    struct keel__arena arena; /* of one batch */
    const struct keel__price_book *book;
    struct keel__list calls; /* of struct call */
    int64_t changed;         /* in this batch */
    int64_t before_nusd, after_nusd;
};

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static int take_call(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct recompute *r = context;
    struct call *call = keel__list_add(&r->calls, &r->arena);
    struct keel__reader reader = keel__reader_of(row, &r->arena);
    struct keel_slice provider, request_model, response_model;
    const struct keel__priced *priced;
    struct keel__usage usage;
    int64_t old_cost, old_price;

    if (!call)
        return keel__arena_error(&r->arena, err);
    call->started_at = keel__read_time(&reader);
    keel__read_uuid(&reader, &call->run_id);
    call->sequence = keel__read_int(&reader, 0);
    provider = keel__read_word(&reader);
    request_model = keel__read_word(&reader);
    response_model = keel__read_word(&reader);
    usage.input = keel__read_int(&reader, -1);
    usage.output = keel__read_int(&reader, -1);
    usage.cache_read = keel__read_int(&reader, -1);
    usage.cache_creation = keel__read_int(&reader, -1);
    usage.reasoning = keel__read_int(&reader, -1);
    old_cost = keel__read_money(&reader, -1);
    old_price = keel__read_int(&reader, 0);

    priced = keel__price_find(r->book, provider, request_model, response_model, call->started_at);
    call->has_cost = priced && keel__price_cost(&priced->price, &usage, &call->cost_nusd);
    call->price_id = call->has_cost ? priced->id : 0;
    call->other_cost =
        call->has_cost != (old_cost >= 0) || (call->has_cost && call->cost_nusd != old_cost);
    call->other_price = call->price_id != old_price;
    if (call->other_cost) {
        r->changed++;
        r->before_nusd = add(r->before_nusd, old_cost < 0 ? 0 : old_cost);
        r->after_nusd = add(r->after_nusd, call->has_cost ? call->cost_nusd : 0);
    }
    return 0;
}

static int read_batch(struct keel_db *db, struct recompute *r, struct keel_error *err)
{
    struct keel_value run_id = keel_uuid_value(r->after.run_id);
    struct keel_value sequence = keel_int(r->after.sequence);

    if (r->undated)
        return keel_db_each(db, &keel_q_recompute_page_undated,
                            KEEL_PARAMS(run_id, sequence, keel_int(BATCH)), take_call, r, err);
    return keel_db_each(db, &keel_q_recompute_page,
                        KEEL_PARAMS(keel_time(r->since), keel_time(r->until),
                                    keel_time(r->after.at), run_id, sequence, keel_int(BATCH)),
                        take_call, r, err);
}

static int write_batch(struct keel_db *db, struct recompute *r, struct keel_error *err)
{
    const struct call *calls = r->calls.items;
    struct keel_value *values = keel__arena_calloc(&r->arena, r->calls.count, 4 * sizeof(*values));
    size_t count = 0;

    if (!values)
        return keel__arena_error(&r->arena, err);
    for (size_t i = 0; i < r->calls.count; i++) {
        struct keel_value *row = &values[4 * count];
        if (!calls[i].other_cost && !calls[i].other_price)
            continue;
        row[0] = keel_uuid_value(calls[i].run_id);
        row[1] = keel_int(calls[i].sequence);
        row[2] = calls[i].has_cost ? keel_money(calls[i].cost_nusd) : keel_null();
        row[3] = calls[i].has_cost ? keel_int(calls[i].price_id) : keel_null();
        count++;
    }
    return count ? keel_db_batch(db, &keel_q_recompute_set, values, count, NULL, err) : 0;
}

static void add_bound(struct keel__json *json, const char *key, int64_t us, int64_t none)
{
    if (us == none)
        keel__json_add_null(json, key);
    else
        keel__json_add_time(json, key, us);
}

static int audit_batch(struct keel_db *db, const struct recompute *r, struct keel_error *err)
{
    struct keel__str detail;
    struct keel__json json;
    int code;

    keel__str_init(&detail, 0);
    keel__json_init(&json, &detail, false);
    keel__json_object_begin(&json);
    add_bound(&json, "since", r->since, EARLIEST_US);
    add_bound(&json, "until", r->until, LATEST_US);
    keel__json_add_int(&json, "changed", r->changed);
    keel__json_add_money(&json, "cost_before_usd", r->before_nusd);
    keel__json_add_money(&json, "cost_after_usd", r->after_nusd);
    keel__json_object_end(&json);
    code = keel__str_error(&detail, err);
    if (!code)
        code = keel__audit_append(db,
                                  &(struct keel__audit){.actor = r->actor,
                                                        .action = "cost.recompute",
                                                        .object_type = "llm_calls",
                                                        .detail = keel__str_view(&detail)},
                                  err);
    keel__str_fini(&detail);
    return code;
}

static int batch_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct recompute *r = context;
    int code;

    keel__arena_reset(&r->arena);
    r->calls = (struct keel__list){.size = sizeof(struct call)};
    r->changed = r->before_nusd = r->after_nusd = 0;
    code = keel__price_book_open(&r->book, &r->store->prices, db, err);
    if (code)
        return code;
    code = read_batch(db, r, err);
    keel__price_book_close(r->book);
    if (!code && r->calls.count > 0)
        code = write_batch(db, r, err);
    if (!code && r->changed > 0)
        code = audit_batch(db, r, err);
    return code;
}

struct counting {
    const struct recompute *r;
    bool undated;
    int64_t total;
};

static int count_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct counting *counting = context;
    const struct keel_row *row;
    int code = keel_db_one(db, &keel_q_recompute_count,
                           KEEL_PARAMS(keel_time(counting->r->since), keel_time(counting->r->until),
                                       keel_bool(counting->undated)),
                           &row, err);

    if (!code)
        counting->total = keel_row_int(row, 0);
    return code;
}

typedef void progress_fn(void *context, int64_t done, int64_t total);

static int walk(struct recompute *r, int64_t *done, int64_t total, progress_fn *progress,
                void *context, int64_t *changed, struct keel_error *err)
{
    int code;

    memset(&r->after, 0, sizeof(r->after));
    r->after.at = r->since;
    r->after.sequence = -1;
    do {
        code = keel__store_transact(r->store, KEEL_TX_WRITE, batch_tx, r, err);
        if (code || r->calls.count == 0)
            break;
        const struct call *last = (struct call *)r->calls.items + r->calls.count - 1;
        r->after = (struct place){last->started_at, last->run_id, last->sequence};
        *changed += r->changed;
        *done += (int64_t)r->calls.count;
        if (progress)
            progress(context, *done, *done > total ? *done : total);
    } while (r->calls.count == BATCH);
    return code;
}

int keel_cost_recompute(struct keel_store *store, int64_t since, int64_t until, const char *actor,
                        progress_fn *progress, void *context, int64_t *changed,
                        struct keel_error *err)
{
    struct recompute r = {.store = store,
                          .since = since ? since : EARLIEST_US,
                          .until = until ? until : LATEST_US,
                          .actor = actor};
    struct counting counting = {&r, !since && !until, 0};
    int64_t done = 0;
    int code;

    *changed = 0;
    keel__arena_init(&r.arena, 0);
    code = keel__store_transact(store, KEEL_TX_READ, count_tx, &counting, err);
    if (!code)
        code = walk(&r, &done, counting.total, progress, context, changed, err);
    if (!code && counting.undated) {
        r.undated = true;
        code = walk(&r, &done, counting.total, progress, context, changed, err);
    }
    keel__arena_fini(&r.arena);
    return code;
}
