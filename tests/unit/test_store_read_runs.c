/* Runs as they are read: one, pages with every combination of filters, by their names. */
#include "storetest.h"

#include <stdio.h>
#include <stdlib.h>

#define HOUR_US INT64_C(3600000000)
#define T0 storetest_epoch_us

/* ---- filters --------------------------------------------------------------------------------- */

struct known {
    const char *name, *project, *kind, *session, *reason;
    enum keel_run_status status;
    int hour; /* of its start; -1: not started, so that it counts as of its creation (now) */
};

/* In the order of a list. */
static const struct known known[] = {
    {"waiting", "shop", NULL, NULL, NULL, KEEL_RUN_PENDING, -1},
    {"Zebra 100% sure", "shop", NULL, "s1", NULL, KEEL_RUN_COMPLETED, 9},
    {"a_c", "shop", "eval", "s1", NULL, KEEL_RUN_COMPLETED, 8},
    {"abc", "lab", "eval", "s1", NULL, KEEL_RUN_COMPLETED, 7},
    {"late", "lab", NULL, NULL, "Error: 100% of the disk\\space", KEEL_RUN_FAILED, 6},
    {"x", "shop", NULL, "s2", "error in a_c", KEEL_RUN_FAILED, 5},
    {"y", "shop", "eval", "s2", NULL, KEEL_RUN_IN_PROGRESS, 4},
    {"z", "lab", NULL, "s1", NULL, KEEL_RUN_CANCELLED, 3},
    {NULL, "lab", "eval", NULL, "no name", KEEL_RUN_FAILED, 2},
    {"blocked", "shop", NULL, NULL, NULL, KEEL_RUN_BLOCKED, 1},
};
enum { KNOWN = sizeof(known) / sizeof(known[0]) };

static struct keel_uuid create(struct testdb *t, struct keel_store *store, const struct known *k)
{
    struct keel_run_new run = {.project = k->project,
                               .name = k->name,
                               .kind = k->kind,
                               .session_id = k->session,
                               .status =
                                   k->status == KEEL_RUN_FAILED ? KEEL_RUN_IN_PROGRESS : k->status,
                               .started_at = k->hour < 0 ? 0 : T0 + k->hour * HOUR_US};
    struct keel_uuid id;
    assert_ok(keel_run_create(store, &run, &id, NULL, &t->err), &t->err);
    if (k->status == KEEL_RUN_FAILED)
        assert_ok(keel_run_set_status(store, id, KEEL_RUN_FAILED, k->reason, "test", &t->err),
                  &t->err);
    return id;
}

/* The first ASCII-insensitive place of what in text. */
static bool contains(const char *text, const char *what)
{
    return text && strcasestr(text, what);
}

static bool matches(const struct known *k, const struct keel_run_filter *f)
{
    int64_t at = k->hour < 0 ? keel_time_now_us() : T0 + k->hour * HOUR_US;
    return (!f->project || strcmp(f->project, k->project) == 0) &&
           (!f->status || f->status == k->status) &&
           (!f->kind || strcmp(f->kind, k->kind ? k->kind : "run") == 0) &&
           (!f->session_id || (k->session && strcmp(f->session_id, k->session) == 0)) &&
           (!f->text || contains(k->name, f->text) || contains(k->reason, f->text)) &&
           (!f->since || at >= f->since) && (!f->until || at < f->until);
}

static void check_filter(struct testdb *t, struct keel_store *store,
                         const struct keel_run_filter *filter)
{
    struct keel_result result = {0};
    struct keel_run *runs;
    const char *next;
    size_t count, expected = 0;
    assert_ok(keel_run_list(store, filter, &runs, &count, &next, &result, &t->err), &t->err);
    for (size_t i = 0; i < KNOWN; i++) {
        if (!matches(&known[i], filter))
            continue;
        if (expected >= count || strcmp(runs[expected].project, known[i].project) != 0 ||
            strcmp(runs[expected].name ? runs[expected].name : "(none)",
                   known[i].name ? known[i].name : "(none)") != 0)
            fail_msg("project %s, status %d, kind %s, session %s, text %s, %lld to %lld: run %zu "
                     "is to be '%s'",
                     filter->project, (int)filter->status, filter->kind, filter->session_id,
                     filter->text, (long long)filter->since, (long long)filter->until, expected,
                     known[i].name);
        expected++;
    }
    assert_int_equal(count, expected);
    assert_null(next);
    keel_result_free(&result);
}

static void filters_alone_and_together(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    static const char *const projects[] = {NULL, "shop", "nobody"};
    static const enum keel_run_status statuses[] = {0, KEEL_RUN_FAILED, KEEL_RUN_COMPLETED,
                                                    KEEL_RUN_IN_PROGRESS};
    static const char *const kinds[] = {NULL, "eval"};
    static const char *const sessions[] = {NULL, "s1"};
    static const char *const texts[] = {NULL, "100%", "A_C", "disk\\space", "error"};
    static const int64_t times[][2] = {
        {0, 0}, {T0 + 5 * HOUR_US, 0}, {0, T0 + 5 * HOUR_US}, {T0 + 3 * HOUR_US, T0 + 8 * HOUR_US}};
    /* Created in another order than that of their starts. */
    for (size_t i = 0; i < KNOWN; i++)
        create(t, store, &known[(i * 7 + 3) % KNOWN]);
    for (size_t p = 0; p < 3; p++)
        for (size_t s = 0; s < 4; s++)
            for (size_t k = 0; k < 2; k++)
                for (size_t e = 0; e < 2; e++)
                    for (size_t x = 0; x < 5; x++)
                        for (size_t w = 0; w < 4; w++)
                            check_filter(t, store,
                                         &(struct keel_run_filter){.project = projects[p],
                                                                   .status = statuses[s],
                                                                   .kind = kinds[k],
                                                                   .session_id = sessions[e],
                                                                   .text = texts[x],
                                                                   .since = times[w][0],
                                                                   .until = times[w][1]});
    keel_store_close(store);
}

/* ---- pages ----------------------------------------------------------------------------------- */

static void pages_hold_while_runs_are_added(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    enum { RUNS = 23 };
    const char *after = NULL;
    char cursor[64], seen[RUNS] = {0};
    size_t total = 0;
    int64_t last_at = INT64_MAX;
    for (int i = 0; i < RUNS; i++) {
        char name[8];
        snprintf(name, sizeof(name), "%d", i);
        /* In threes with the same start. */
        create(t, store,
               &(struct known){
                   .name = name, .project = "shop", .hour = i / 3, .status = KEEL_RUN_IN_PROGRESS});
    }
    for (;;) {
        struct keel_result result = {0};
        struct keel_run *runs;
        const char *next;
        size_t count;
        struct keel_run_filter filter = {.project = "shop", .limit = 4, .after = after};
        assert_ok(keel_run_list(store, &filter, &runs, &count, &next, &result, &t->err), &t->err);
        for (size_t i = 0; i < count; i++) {
            int number = atoi(runs[i].name);
            assert_true(runs[i].started_at <= last_at);
            last_at = runs[i].started_at;
            assert_int_equal(seen[number]++, 0);
            total++;
        }
        create(t, store,
               &(struct known){
                   .name = "0", .project = "shop", .hour = 100, .status = KEEL_RUN_IN_PROGRESS});
        if (next)
            snprintf(cursor, sizeof(cursor), "%s", next);
        after = next ? cursor : NULL;
        keel_result_free(&result);
        if (!after)
            break;
        assert_int_equal(count, 4);
    }
    assert_int_equal(total, RUNS);
    keel_store_close(store);
}

static void bad_cursors_are_refused(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    static const char *const bad[] = {"",
                                      "x",
                                      "12",
                                      "12_",
                                      "12_zz",
                                      "_0193512c",
                                      "9999999999999999999_0193512c000070008000000000000001"};
    struct keel_result result = {0};
    struct keel_run *runs;
    const char *next;
    size_t count;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_error(keel_run_list(store, &(struct keel_run_filter){.after = bad[i]}, &runs, &count,
                                   &next, &result, &t->err),
                     KEEL_INVALID, &t->err, "cursor");
    char text[1100];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_error(keel_run_list(store, &(struct keel_run_filter){.text = text}, &runs, &count, &next,
                               &result, &t->err),
                 KEEL_INVALID, &t->err, "1000 bytes");
    keel_result_free(&result);
    keel_store_close(store);
}

/* ---- one run --------------------------------------------------------------------------------- */

static void a_run_has_all_it_was_given(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_uuid parent = create(t, store, &known[1]), id;
    struct keel_run_new new = {.project = "shop",
                               .name = "order",
                               .kind = "pipeline",
                               .status = KEEL_RUN_IN_PROGRESS,
                               .session_id = "s9",
                               .user_id = "ann",
                               .worktree = "/src",
                               .dedupe_key = "d-1",
                               .trace_id = "AB00000000000000000000000000000F",
                               .has_parent = true,
                               .parent_run_id = parent,
                               .started_at = T0};
    struct keel_result result = {0};
    struct keel_run run;
    assert_ok(keel_run_create(store, &new, &id, NULL, &t->err), &t->err);
    assert_ok(keel_run_get(store, id, &run, &result, &t->err), &t->err);
    assert_memory_equal(&run.id, &id, sizeof(id));
    assert_string_equal(run.project, "shop");
    assert_string_equal(run.name, "order");
    assert_string_equal(run.kind, "pipeline");
    assert_int_equal(run.status, KEEL_RUN_IN_PROGRESS);
    assert_string_equal(run.trace_id, "ab00000000000000000000000000000f");
    assert_string_equal(run.session_id, "s9");
    assert_string_equal(run.user_id, "ann");
    assert_string_equal(run.worktree, "/src");
    assert_string_equal(run.dedupe_key, "d-1");
    assert_true(run.has_parent);
    assert_memory_equal(&run.parent_run_id, &parent, sizeof(parent));
    assert_null(run.last_error);
    assert_true(run.created_at > T0);
    assert_int_equal(run.started_at, T0);
    assert_int_equal(run.ended_at, 0);
    assert_int_equal(run.event_count + run.llm_call_count + run.cost_nusd, 0);

    assert_ok(keel_run_set_status(store, id, KEEL_RUN_FAILED, "no stock", "ann", &t->err), &t->err);
    assert_ok(keel_run_get(store, id, &run, &result, &t->err), &t->err);
    assert_string_equal(run.last_error, "no stock");
    assert_true(run.ended_at >= run.created_at);

    struct keel_status_change *changes;
    size_t count;
    assert_ok(keel_run_status_log(store, id, &changes, &count, &result, &t->err), &t->err);
    assert_int_equal(count, 2);
    assert_int_equal(changes[0].sequence, 1);
    assert_int_equal(changes[0].status, KEEL_RUN_IN_PROGRESS);
    assert_string_equal(changes[0].actor, "api");
    assert_null(changes[0].reason);
    assert_int_equal(changes[1].sequence, 2);
    assert_int_equal(changes[1].status, KEEL_RUN_FAILED);
    assert_string_equal(changes[1].actor, "ann");
    assert_string_equal(changes[1].reason, "no stock");
    assert_true(changes[1].at >= run.created_at);
    keel_result_free(&result);
    keel_store_close(store);
}

static void inputs_come_back_as_they_were(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_uuid id = create(t, store, &known[0]);
    struct keel_result result = {0};
    struct keel_input *inputs;
    size_t count;
    char *large = malloc(300000);
    assert_non_null(large);
    for (size_t i = 0; i < 300000; i++)
        large[i] = (char)(i % 7 ? 'a' : 0);
    const struct keel_input given[] = {
        {.external_id = "1",
         .name = "question",
         .media_type = "text/plain",
         .content = keel_slice_of("why?")},
        {.content = keel_slice("", 0)},
        {.name = "picture", .media_type = "image/png", .content = keel_slice(large, 300000)},
    };
    assert_ok(keel_run_inputs(store, id, &inputs, &count, &result, &t->err), &t->err);
    assert_int_equal(count, 0);
    assert_ok(keel_run_add_inputs(store, id, given, 3, &t->err), &t->err);
    assert_ok(keel_run_inputs(store, id, &inputs, &count, &result, &t->err), &t->err);
    assert_int_equal(count, 3);
    assert_string_equal(inputs[0].external_id, "1");
    assert_string_equal(inputs[0].name, "question");
    assert_string_equal(inputs[0].media_type, "text/plain");
    assert_int_equal(inputs[0].content.size, 4);
    assert_memory_equal(inputs[0].content.data, "why?", 4);
    assert_null(inputs[1].external_id);
    assert_non_null(inputs[1].content.data);
    assert_int_equal(inputs[1].content.size, 0);
    assert_int_equal(inputs[2].sequence, 3);
    assert_int_equal(inputs[2].content.size, 300000);
    assert_memory_equal(inputs[2].content.data, large, 300000);
    free(large);
    keel_result_free(&result);
    keel_store_close(store);
}

static void unknown_runs_are_not_found(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_uuid id = {{1, 2, 3}};
    struct keel_result result = {0};
    struct keel_run run;
    struct keel_status_change *changes;
    struct keel_input *inputs;
    struct keel_event *events;
    struct keel_event event;
    struct keel_llm_call *calls;
    size_t count;
    int64_t next;
    bool more;
    const char *name = "01020300-0000-0000-0000-000000000000";
    assert_error(keel_run_get(store, id, &run, &result, &t->err), KEEL_NOTFOUND, &t->err, name);
    assert_error(keel_run_status_log(store, id, &changes, &count, &result, &t->err), KEEL_NOTFOUND,
                 &t->err, name);
    assert_error(keel_run_inputs(store, id, &inputs, &count, &result, &t->err), KEEL_NOTFOUND,
                 &t->err, name);
    assert_error(keel_event_list(store, id, 0, 0, false, &events, &count, &next, &result, &t->err),
                 KEEL_NOTFOUND, &t->err, name);
    assert_error(keel_event_get(store, id, 1, &event, &result, &t->err), KEEL_NOTFOUND, &t->err,
                 name);
    assert_error(keel_run_timeline(store, id, 0, &events, &count, &more, &result, &t->err),
                 KEEL_NOTFOUND, &t->err, name);
    assert_error(keel_llm_call_list(store, id, 0, 0, true, &calls, &count, &next, &result, &t->err),
                 KEEL_NOTFOUND, &t->err, name);
    keel_result_free(&result);
    keel_store_close(store);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void create_with_id(struct testdb *t, struct keel_store *store, const char *id,
                           const char *trace)
{
    struct keel_run_new run = {.has_id = true, .project = "shop", .trace_id = trace};
    struct keel_uuid given;
    assert_true(keel_uuid_parse(keel_slice_of(id), &run.id));
    assert_ok(keel_run_create(store, &run, &given, NULL, &t->err), &t->err);
}

static void runs_are_named_by_what_is_unique(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    static const char first[] = "0193512c-1111-7000-8000-00000000000a";
    static const char second[] = "0193512c-1112-7000-8000-00000000000b";
    static const char third[] = "0193ffff-0000-7000-8000-00000000000c";
    create_with_id(t, store, first, "0193512c11117000800000000000ffff");
    create_with_id(t, store, second, NULL);
    create_with_id(t, store, third, NULL);
    static const struct {
        const char *text, *id;
    } good[] = {
        {first, first},
        {"0193512C-1111-7000-8000-00000000000A", first},
        {"0193512c111170008000"
         "00000000000a",
         first},
        {"0193512c-1111", first},
        {"0193512c-1111-", first},
        {"0193512c1112", second},
        {"0193f", third},
        {"0193512c11117000800000000000ffff", first}, /* its trace */
    };
    struct keel_uuid id;
    char text[37];
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_ok(keel_run_resolve(store, good[i].text, &id, &t->err), &t->err);
        keel_uuid_format(id, text);
        assert_string_equal(text, good[i].id);
    }
    static const struct {
        const char *text, *message;
        enum keel_code code;
    } bad[] = {
        {"0193512c", first, KEEL_CONFLICT},
        {"0193", second, KEEL_CONFLICT},
        {"0194", "starts with 0194", KEEL_NOTFOUND},
        {"ab000000000000000000000000000001", "trace id", KEEL_NOTFOUND},
        {"019", "at least 4", KEEL_INVALID},
        {"", "at least 4", KEEL_INVALID},
        {"0193512g", "names no run", KEEL_INVALID},
        {"0193-512c", "names no run", KEEL_INVALID},
        {"0193512c-11117000", "names no run", KEEL_INVALID},
        {"0193512c-1111-7000-8000-00000000000a0", "names no run", KEEL_INVALID},
        {"%", "names no run", KEEL_INVALID},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_error(keel_run_resolve(store, bad[i].text, &id, &t->err), bad[i].code, &t->err,
                     bad[i].message);
    keel_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(filters_alone_and_together),       testdb_test(pages_hold_while_runs_are_added),
        testdb_test(bad_cursors_are_refused),          testdb_test(a_run_has_all_it_was_given),
        testdb_test(inputs_come_back_as_they_were),    testdb_test(unknown_runs_are_not_found),
        testdb_test(runs_are_named_by_what_is_unique),
    };
    return testdb_run(tests);
}
