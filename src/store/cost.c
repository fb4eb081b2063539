/* Costs, summed over leaf calls by one dimension. */
#include "base/map.h"
#include "store/read.h"

#include "keel_sql_store.h"

#include <stdlib.h>

struct report {
    enum keel_cost_by by;
    struct keel_cost_filter filter;
    struct keel__arena *arena;
    struct keel__list list; /* of struct keel_cost */
    /* by agent */
    struct keel__map by_agent;
    struct keel_uuid run_id;
    struct keel__list events, waiting; /* of the run under way: struct event, struct leaf */
    struct keel__arena run_arena;
};

/* ---- by project, model, day, session: the database groups ------------------------------------ */

static int take_group(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct report *report = context;
    struct keel_cost *cost = keel__list_add(&report->list, report->arena);
    struct keel__reader reader = keel__reader_of(row, report->arena);

    if (!cost)
        return keel__arena_error(report->arena, err);
    cost->key = keel__read_text(&reader);
    cost->llm_call_count = keel__read_int(&reader, 0);
    cost->input_tokens = keel__read_int(&reader, 0);
    cost->output_tokens = keel__read_int(&reader, 0);
    cost->cache_read_tokens = keel__read_int(&reader, 0);
    cost->cache_creation_tokens = keel__read_int(&reader, 0);
    cost->reasoning_tokens = keel__read_int(&reader, 0);
    cost->cost_nusd = keel__read_money(&reader, 0);
    cost->unpriced_call_count = keel__read_int(&reader, 0);
    return keel__reader_error(&reader, err);
}

/* The parameters of the filter that a pair of statements shares. */
static size_t filter_params(const struct report *report, struct keel_value params[3])
{
    const struct keel_cost_filter *f = &report->filter;
    size_t count = 0;

    if (f->since || f->until) {
        params[count++] = keel_time(f->since ? f->since : -62135596800000000);
        params[count++] = keel_time(f->until ? f->until : 253402300800000000);
    }
    if (count || f->project)
        params[count++] = keel_cstr(f->project);
    return count;
}

static const struct keel_query *choose(const struct report *report, const struct keel_query *all,
                                       const struct keel_query *between,
                                       const struct keel_query *of_project)
{
    if (report->filter.since || report->filter.until)
        return between;
    return report->filter.project ? of_project : all;
}

static int group_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct report *report = context;
    struct keel_value params[4] = {keel_int((int64_t)report->by)};
    size_t count = 1 + filter_params(report, params + 1);

    report->list.count = 0;
    return keel_db_each(
        db, choose(report, &keel_q_cost_by, &keel_q_cost_by_between, &keel_q_cost_by_of_project),
        params, count, take_group, report, err);
}

/* ---- by agent: events come in order, and each looks up to its parent --------------------------
 */

struct event {
    int64_t sequence, parent_sequence;
    const char *agent; /* its own, or once resolved its nearest above; NULL: none */
    bool resolved;
};

/* What by_agent maps, by scope: to an index into list + 1, to one copy of the name. */
enum { NO_AGENT, AGENT, NAME };

struct leaf {
    size_t event; /* index into events */
    struct keel_cost usage;
};

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static void add_usage(struct keel_cost *to, const struct keel_cost *usage)
{
    to->llm_call_count += usage->llm_call_count;
    to->input_tokens = add(to->input_tokens, usage->input_tokens);
    to->output_tokens = add(to->output_tokens, usage->output_tokens);
    to->cache_read_tokens = add(to->cache_read_tokens, usage->cache_read_tokens);
    to->cache_creation_tokens = add(to->cache_creation_tokens, usage->cache_creation_tokens);
    to->reasoning_tokens = add(to->reasoning_tokens, usage->reasoning_tokens);
    to->cost_nusd = add(to->cost_nusd, usage->cost_nusd);
    to->unpriced_call_count += usage->unpriced_call_count;
}

static struct keel_cost *cost_of(struct report *report, const char *agent)
{
    struct keel_slice key = agent ? keel_slice_of(agent) : keel_slice("", 0);
    void **slot = keel__map_at(&report->by_agent, agent ? AGENT : NO_AGENT, key);
    struct keel_cost *cost;

    if (!slot)
        return NULL;
    if (*slot)
        return (struct keel_cost *)report->list.items + ((uintptr_t)*slot - 1);
    cost = keel__list_add(&report->list, report->arena);
    if (cost)
        cost->key = agent;
    *slot = cost ? (void *)(uintptr_t)report->list.count : NULL;
    return cost;
}

static struct event *find_event(struct report *report, int64_t sequence)
{
    struct event *events = report->events.items;
    size_t low = 0, high = report->events.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (events[middle].sequence < sequence)
            low = middle + 1;
        else
            high = middle;
    }
    return low < report->events.count && events[low].sequence == sequence ? &events[low] : NULL;
}

/* The agent of an event, remembered on the way up so that each event is passed once. */
static const char *agent_of(struct report *report, struct event *event)
{
    struct event *at = event;
    size_t steps = report->events.count; /* parents may run in a circle */
    const char *agent;

    while (!at->agent && !at->resolved && at->parent_sequence && steps-- > 0) {
        struct event *parent = find_event(report, at->parent_sequence);
        if (!parent)
            break;
        at = parent;
    }
    agent = at->agent;
    for (steps = report->events.count; event && event != at && steps-- > 0;
         event = find_event(report, event->parent_sequence)) {
        event->agent = agent;
        event->resolved = true;
    }
    at->resolved = true;
    return agent;
}

/* Books the calls of the run that has been read, and forgets its events. */
static int close_run(struct report *report, struct keel_error *err)
{
    struct leaf *leaves = report->waiting.items;
    struct event *events = report->events.items;

    for (size_t i = 0; i < report->waiting.count; i++) {
        struct keel_cost *cost = cost_of(report, agent_of(report, &events[leaves[i].event]));
        if (!cost)
            return keel__arena_error(report->arena, err);
        add_usage(cost, &leaves[i].usage);
    }
    keel__arena_reset(&report->run_arena);
    report->events = (struct keel__list){.size = sizeof(struct event)};
    report->waiting = (struct keel__list){.size = sizeof(struct leaf)};
    return 0;
}

static int take_leaf(struct report *report, struct keel__reader *reader, struct keel_error *err)
{
    struct leaf *leaf = keel__list_add(&report->waiting, &report->run_arena);
    int64_t input, output, cost;

    if (!leaf)
        return keel__arena_error(&report->run_arena, err);
    leaf->event = report->events.count - 1;
    input = keel__read_int(reader, -1);
    output = keel__read_int(reader, -1);
    leaf->usage = (struct keel_cost){
        .llm_call_count = 1,
        .input_tokens = input < 0 ? 0 : input,
        .output_tokens = output < 0 ? 0 : output,
    };
    leaf->usage.cache_read_tokens = keel__read_int(reader, 0);
    leaf->usage.cache_creation_tokens = keel__read_int(reader, 0);
    leaf->usage.reasoning_tokens = keel__read_int(reader, 0);
    cost = keel__read_money(reader, -1);
    leaf->usage.cost_nusd = cost < 0 ? 0 : cost;
    leaf->usage.unpriced_call_count = cost < 0 && (input >= 0 || output >= 0);
    return 0;
}

/* An agent's name, held once however many events bear it. */
static int keep_name(struct report *report, struct keel_slice name, const char **out,
                     struct keel_error *err)
{
    void **slot;

    *out = NULL;
    if (!name.data)
        return 0;
    *out = keel__map_get(&report->by_agent, NAME, name);
    if (*out)
        return 0;
    *out = keel__arena_dup(report->arena, name);
    slot = *out ? keel__map_at(&report->by_agent, NAME, keel_slice_of(*out)) : NULL;
    if (!slot)
        return keel__arena_error(report->arena, err);
    *slot = (void *)(uintptr_t)*out;
    return 0;
}

static int take_event(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct report *report = context;
    struct keel__reader reader = keel__reader_of(row, report->arena);
    struct keel_uuid run_id = {{0}};
    struct event *event;
    int code = 0;

    keel__read_uuid(&reader, &run_id);
    if (memcmp(&run_id, &report->run_id, sizeof(run_id)) != 0) {
        code = close_run(report, err);
        report->run_id = run_id;
    }
    if (code)
        return code;
    event = keel__list_add(&report->events, &report->run_arena);
    if (!event)
        return keel__arena_error(&report->run_arena, err);
    event->sequence = keel__read_int(&reader, 0);
    event->parent_sequence = keel__read_int(&reader, 0);
    code = keep_name(report, keel__read_word(&reader), &event->agent, err);
    if (!code && keel__read_bool(&reader))
        code = take_leaf(report, &reader, err);
    return code;
}

static int agent_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct report *report = context;
    struct keel_value params[3];
    size_t count = filter_params(report, params);
    int code;

    keel__map_init(&report->by_agent, report->arena);
    report->list.count = 0;
    memset(&report->run_id, 0, sizeof(report->run_id));
    report->waiting.count = 0;
    code = close_run(report, err);
    if (!code)
        code = keel_db_each(db,
                            choose(report, &keel_q_cost_agent_events,
                                   &keel_q_cost_agent_events_between,
                                   &keel_q_cost_agent_events_of_project),
                            params, count, take_event, report, err);
    return code ? code : close_run(report, err);
}

/* ---- the report ------------------------------------------------------------------------------ */

static int by_key(const struct keel_cost *a, const struct keel_cost *b)
{
    if (!a->key || !b->key)
        return (a->key == NULL) - (b->key == NULL);
    return strcmp(a->key, b->key);
}

static int in_order_of_days(const void *a, const void *b)
{
    return by_key(a, b);
}

static int most_expensive_first(const void *a, const void *b)
{
    const struct keel_cost *x = a, *y = b;

    if (x->cost_nusd != y->cost_nusd)
        return x->cost_nusd > y->cost_nusd ? -1 : 1;
    if (x->llm_call_count != y->llm_call_count)
        return x->llm_call_count > y->llm_call_count ? -1 : 1;
    return by_key(x, y);
}

int keel_cost_report(struct keel_store *store, enum keel_cost_by by,
                     const struct keel_cost_filter *filter, struct keel_cost **costs, size_t *count,
                     struct keel_result *result, struct keel_error *err)
{
    struct report report = {.by = by,
                            .arena = keel__result_arena(result),
                            .list.size = sizeof(struct keel_cost),
                            .events.size = sizeof(struct event),
                            .waiting.size = sizeof(struct leaf)};
    int code;

    *costs = NULL;
    *count = 0;
    if (!report.arena)
        return keel__nomem(err);
    if (by < KEEL_COST_PROJECT || by > KEEL_COST_SESSION)
        return keel_error_set(err, KEEL_INVALID, "unknown dimension %d of costs", (int)by);
    if (filter)
        report.filter = *filter;
    keel__arena_init(&report.run_arena, 0);
    code = keel__store_transact(store, KEEL_TX_READ, by == KEEL_COST_AGENT ? agent_tx : group_tx,
                                &report, err);
    keel__arena_fini(&report.run_arena);
    if (code)
        return code;
    if (report.list.count > 1)
        qsort(report.list.items, report.list.count, sizeof(struct keel_cost),
              by == KEEL_COST_DAY ? in_order_of_days : most_expensive_first);
    *costs = report.list.items;
    *count = report.list.count;
    return 0;
}
