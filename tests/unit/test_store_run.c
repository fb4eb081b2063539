/* Creating runs, their status, claims on worktrees, approvals, inputs. */
#include "storetest.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static const enum keel_run_status statuses[] = {KEEL_RUN_PENDING, KEEL_RUN_IN_PROGRESS,
                                                KEEL_RUN_BLOCKED, KEEL_RUN_COMPLETED,
                                                KEEL_RUN_FAILED,  KEEL_RUN_CANCELLED};
enum { STATUSES = 6 };

static struct keel_uuid create(struct testdb *t, struct keel_store *store,
                               const struct keel_run_new *run)
{
    struct keel_uuid id;
    bool created = false;
    assert_ok(keel_run_create(store, run, &id, &created, &t->err), &t->err);
    assert_true(created);
    return id;
}

static struct keel_uuid existing(struct testdb *t, struct keel_store *store,
                                 const struct keel_run_new *run)
{
    struct keel_uuid id;
    bool created = true;
    assert_ok(keel_run_create(store, run, &id, &created, &t->err), &t->err);
    assert_false(created);
    return id;
}

static bool same(struct keel_uuid a, struct keel_uuid b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

static struct keel_run get(struct testdb *t, struct keel_store *store, struct keel_uuid id,
                           struct keel_result *result)
{
    struct keel_run run;
    assert_ok(keel_run_get(store, id, &run, result, &t->err), &t->err);
    return run;
}

static void creates_with_everything(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_result result = {0};
    struct keel_uuid parent = create(t, store, &(struct keel_run_new){.project = "shop"});
    struct keel_run_new wanted = {.has_id = true,
                                  .id = keel_uuid_at(storetest_epoch_us),
                                  .project = "shop",
                                  .name = "nightly",
                                  .kind = "batch",
                                  .status = KEEL_RUN_IN_PROGRESS,
                                  .session_id = "s-1",
                                  .user_id = "ann",
                                  .worktree = "/tree",
                                  .dedupe_key = "order 7",
                                  .trace_id = "0123456789ABCDEF0123456789abcdef",
                                  .has_parent = true,
                                  .parent_run_id = parent,
                                  .actor = "cron",
                                  .started_at = storetest_epoch_us};
    assert_true(same(create(t, store, &wanted), wanted.id));
    struct keel_run run = get(t, store, wanted.id, &result);
    assert_string_equal(run.project, "shop");
    assert_string_equal(run.name, "nightly");
    assert_string_equal(run.kind, "batch");
    assert_int_equal(run.status, KEEL_RUN_IN_PROGRESS);
    assert_string_equal(run.session_id, "s-1");
    assert_string_equal(run.user_id, "ann");
    assert_string_equal(run.worktree, "/tree");
    assert_string_equal(run.dedupe_key, "order 7");
    assert_string_equal(run.trace_id, "0123456789abcdef0123456789abcdef");
    assert_true(run.has_parent && same(run.parent_run_id, parent));
    assert_int_equal(run.started_at, storetest_epoch_us);
    assert_int_equal(run.ended_at, 0);
    keel_result_free(&result);
    struct keel_status_change *changes;
    size_t count;
    assert_ok(keel_run_status_log(store, wanted.id, &changes, &count, &result, &t->err), &t->err);
    assert_int_equal(count, 1);
    assert_string_equal(changes[0].actor, "cron");
    keel_result_free(&result);
    keel_store_close(store);
}

static void gives_the_run_that_exists(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_result result = {0};
    struct keel_run_new by_key = {.project = "p", .dedupe_key = "k", .name = "first"};
    struct keel_uuid id = create(t, store, &by_key);
    by_key.name = "second";
    by_key.status = KEEL_RUN_FAILED;
    assert_true(same(existing(t, store, &by_key), id));
    struct keel_run run = get(t, store, id, &result);
    assert_string_equal(run.name, "first");
    assert_int_equal(run.status, KEEL_RUN_PENDING);
    keel_result_free(&result);
    assert_true(same(
        existing(t, store, &(struct keel_run_new){.project = "other", .has_id = true, .id = id}),
        id));
    assert_false(
        same(create(t, store, &(struct keel_run_new){.project = "other", .dedupe_key = "k"}), id));
    struct keel_run_new by_trace = {.project = "p", .trace_id = "ab000000000000000000000000000009"};
    struct keel_uuid traced = create(t, store, &by_trace);
    assert_true(same(existing(t, store, &by_trace), traced));
    /* spans of that trace join the run, and the root span ends it */
    struct keel_record span = storetest_span(9, 1, 0, "root");
    storetest_write(store, &span, 1);
    run = get(t, store, traced, &result);
    assert_int_equal(run.status, KEEL_RUN_COMPLETED);
    assert_int_equal(run.event_count, 1);
    assert_null(run.name);
    keel_result_free(&result);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM runs"), 3);
    keel_store_close(store);
}

static void refuses_what_is_wrong(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_uuid id;
    char *name = malloc(3000);
    memset(name, 'n', 2999);
    name[2999] = '\0';
    const struct {
        struct keel_run_new run;
        enum keel_code code;
        const char *message;
    } cases[] = {
        {{.project = NULL}, KEEL_INVALID, "needs a project"},
        {{.project = ""}, KEEL_INVALID, "project is empty"},
        {{.project = name}, KEEL_INVALID, "longer than 1024"},
        {{.project = "a\xff"}, KEEL_INVALID, "not UTF-8"},
        {{.project = "p", .trace_id = "xyz"}, KEEL_INVALID, "32 hex digits"},
        {{.project = "p", .status = 77}, KEEL_INVALID, "unknown status"},
        {{.project = "p", .has_parent = true, .parent_run_id = keel_uuid_new()},
         KEEL_NOTFOUND,
         "parent run does not exist"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_error(keel_run_create(store, &cases[i].run, &id, NULL, &t->err), cases[i].code,
                     &t->err, cases[i].message);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM runs"), 0);
    assert_error(keel_run_set_status(store, keel_uuid_new(), KEEL_RUN_FAILED, NULL, NULL, &t->err),
                 KEEL_NOTFOUND, &t->err, "there is no run");
    free(name);
    keel_store_close(store);
}

/* The rows of the table that may be: from, to. Everything else is refused. */
static bool may(enum keel_run_status from, enum keel_run_status to)
{
    static const char *const legal[] = {"pi", "pb", "pc", "pf", "px", "ib", "ic",
                                        "if", "ix", "bi", "bc", "bf", "bx"};
    static const char letters[] = " pibcfx";
    for (size_t i = 0; i < sizeof legal / sizeof legal[0]; i++)
        if (legal[i][0] == letters[from] && legal[i][1] == letters[to])
            return true;
    return false;
}

static void allows_the_legal_transitions_alone(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    for (int i = 0; i < STATUSES; i++)
        for (int k = 0; k < STATUSES; k++) {
            enum keel_run_status from = statuses[i], to = statuses[k];
            struct keel_result result = {0};
            struct keel_status_change *changes;
            size_t count;
            struct keel_uuid id =
                create(t, store, &(struct keel_run_new){.project = "p", .status = from});
            int code = keel_run_set_status(store, id, to, "because", "bob", &t->err);
            bool changed = from != to && may(from, to);
            if (from == to || changed)
                assert_ok(code, &t->err);
            else
                assert_error(code, KEEL_CONFLICT, &t->err, "cannot become");
            assert_ok(keel_run_status_log(store, id, &changes, &count, &result, &t->err), &t->err);
            assert_int_equal(count, changed ? 2 : 1);
            assert_int_equal(changes[count - 1].status, changed ? to : from);
            if (changed) {
                assert_string_equal(changes[1].reason, "because");
                assert_string_equal(changes[1].actor, "bob");
            }
            struct keel_run run = get(t, store, id, &result);
            assert_int_equal(run.status, changed ? to : from);
            assert_int_equal(run.ended_at > 0, run.status >= KEEL_RUN_COMPLETED);
            keel_result_free(&result);
        }
    keel_store_close(store);
}

static void one_active_run_holds_a_worktree(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_run_new run = {
        .project = "p", .worktree = "/w", .status = KEEL_RUN_IN_PROGRESS, .actor = "a"};
    struct keel_uuid first = create(t, store, &run), id;
    char text[37];
    keel_uuid_format(first, text);
    assert_error(keel_run_create(store, &run, &id, NULL, &t->err), KEEL_CONFLICT, &t->err, text);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM runs"), 1);
    run.status = KEEL_RUN_PENDING; /* waiting does not need it */
    struct keel_uuid second = create(t, store, &run);
    assert_error(keel_run_set_status(store, second, KEEL_RUN_IN_PROGRESS, NULL, NULL, &t->err),
                 KEEL_CONFLICT, &t->err, text);
    assert_ok(keel_run_set_status(store, first, KEEL_RUN_BLOCKED, NULL, NULL, &t->err), &t->err);
    assert_error(keel_run_set_status(store, second, KEEL_RUN_BLOCKED, NULL, NULL, &t->err),
                 KEEL_CONFLICT, &t->err, text);
    assert_ok(keel_run_set_status(store, first, KEEL_RUN_FAILED, NULL, NULL, &t->err), &t->err);
    assert_ok(keel_run_set_status(store, second, KEEL_RUN_IN_PROGRESS, NULL, NULL, &t->err),
              &t->err);
    run.project = "q"; /* another project's worktree of that name is another one */
    run.status = KEEL_RUN_IN_PROGRESS;
    create(t, store, &run);
    keel_store_close(store);
}

/* ---- races ----------------------------------------------------------------------------------- */

enum { RACERS = 8 };

struct racer {
    struct keel_store *store;
    struct keel_run_new run;
    pthread_barrier_t *start;
    int code;
    bool created;
    struct keel_uuid id;
    struct keel_error err;
};

static void *race(void *context)
{
    struct racer *racer = context;
    pthread_barrier_wait(racer->start);
    do
        racer->code =
            keel_run_create(racer->store, &racer->run, &racer->id, &racer->created, &racer->err);
    while (racer->code == KEEL_BUSY);
    return NULL;
}

static void run_race(struct keel_store *store, struct racer racers[RACERS],
                     const struct keel_run_new *run)
{
    pthread_t threads[RACERS];
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, RACERS);
    for (int i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){.store = store, .run = *run, .start = &start};
        pthread_create(&threads[i], NULL, race, &racers[i]);
    }
    for (int i = 0; i < RACERS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&start);
}

static void racing_claims_have_one_winner(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    for (int round = 0; round < 5; round++) {
        struct racer racers[RACERS];
        struct keel_run_new run = {
            .project = "p", .worktree = "/w", .status = KEEL_RUN_IN_PROGRESS};
        int winners = 0, winner = -1;
        run_race(store, racers, &run);
        for (int i = 0; i < RACERS; i++) {
            winners += racers[i].code == 0;
            winner = racers[i].code == 0 ? i : winner;
            if (racers[i].code)
                assert_error(racers[i].code, KEEL_CONFLICT, &racers[i].err, "is taken by run");
        }
        assert_int_equal(winners, 1);
        assert_int_equal(testdb_int(t, "SELECT count(*) FROM run_claims"), 1);
        assert_ok(
            keel_run_set_status(store, racers[winner].id, KEEL_RUN_COMPLETED, NULL, NULL, &t->err),
            &t->err);
        assert_int_equal(testdb_int(t, "SELECT count(*) FROM run_claims"), 0);
    }
    keel_store_close(store);
}

static void racing_creations_make_one_run(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    const struct keel_run_new kinds[] = {
        {.project = "p", .dedupe_key = "same"},
        {.project = "p", .trace_id = "ab0000000000000000000000000000ff"},
        {.project = "p", .has_id = true, .id = keel_uuid_new()},
        {.project = "new project",
         .session_id = "new session",
         .user_id = "new user",
         .dedupe_key = "same"},
    };
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        struct racer racers[RACERS];
        int created = 0;
        run_race(store, racers, &kinds[k]);
        for (int i = 0; i < RACERS; i++) {
            assert_ok(racers[i].code, &racers[i].err);
            assert_true(same(racers[i].id, racers[0].id));
            created += racers[i].created;
        }
        assert_int_equal(created, 1);
        assert_int_equal(testdb_int(t, "SELECT count(*) FROM runs"), k + 1);
    }
    keel_store_close(store);
}

/* ---- approvals, inputs ----------------------------------------------------------------------- */

static void approvals_are_decided_once(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_result result = {0};
    char token[65], other[65];
    struct keel_uuid id =
        create(t, store, &(struct keel_run_new){.project = "p", .status = KEEL_RUN_IN_PROGRESS});
    assert_ok(keel_run_request_approval(store, id, "deploy?", "agent", token, &t->err), &t->err);
    assert_int_equal(strspn(token, "0123456789abcdef"), 64);
    assert_int_equal(get(t, store, id, &result).status, KEEL_RUN_BLOCKED);
    assert_error(keel_run_request_approval(store, id, NULL, NULL, other, &t->err), KEEL_CONFLICT,
                 &t->err, "waits for an approval already");
    memcpy(other, token, sizeof other);
    other[5] = other[5] == 'a' ? 'b' : 'a';
    assert_error(keel_run_decide(store, id, other, true, NULL, NULL, &t->err), KEEL_NOTFOUND,
                 &t->err, "wrong");
    assert_error(keel_run_decide(store, id, "", true, NULL, NULL, &t->err), KEEL_NOTFOUND, &t->err,
                 "wrong");
    assert_ok(keel_run_decide(store, id, token, true, "fine", "ann", &t->err), &t->err);
    assert_int_equal(get(t, store, id, &result).status, KEEL_RUN_IN_PROGRESS);
    assert_error(keel_run_decide(store, id, token, true, NULL, NULL, &t->err), KEEL_NOTFOUND,
                 &t->err, "used already");
    /* the token itself is nowhere */
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM run_approvals WHERE"
                                   " length(token_hash) = 32 AND decision = 'approved'"),
                     1);
    assert_ok(keel_run_request_approval(store, id, "again?", "agent", token, &t->err), &t->err);
    assert_ok(keel_run_decide(store, id, token, false, "no", "ann", &t->err), &t->err);
    assert_int_equal(get(t, store, id, &result).status, KEEL_RUN_CANCELLED);
    struct keel_status_change *changes;
    size_t count;
    assert_ok(keel_run_status_log(store, id, &changes, &count, &result, &t->err), &t->err);
    assert_int_equal(count, 5);
    assert_string_equal(changes[2].actor, "ann");
    assert_string_equal(changes[2].reason, "fine");
    assert_string_equal(changes[4].reason, "no");
    keel_result_free(&result);
    keel_store_close(store);
}

static void a_run_that_waits_goes_on_by_its_token_alone(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    char token[65];
    struct keel_uuid id =
        create(t, store, &(struct keel_run_new){.project = "p", .worktree = "/w"});
    assert_ok(keel_run_request_approval(store, id, NULL, NULL, token, &t->err), &t->err);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM run_claims"), 1);
    assert_error(keel_run_set_status(store, id, KEEL_RUN_IN_PROGRESS, NULL, NULL, &t->err),
                 KEEL_CONFLICT, &t->err, "waits for an approval");
    assert_error(keel_run_set_status(store, id, KEEL_RUN_COMPLETED, NULL, NULL, &t->err),
                 KEEL_CONFLICT, &t->err, "waits for an approval");
    assert_ok(keel_run_set_status(store, id, KEEL_RUN_FAILED, NULL, NULL, &t->err), &t->err);
    assert_error(keel_run_decide(store, id, token, true, NULL, NULL, &t->err), KEEL_NOTFOUND,
                 &t->err, NULL);
    assert_int_equal(
        testdb_int(t, "SELECT count(*) FROM run_approvals WHERE decision = 'withdrawn'"), 1);
    assert_error(keel_run_request_approval(store, id, NULL, NULL, token, &t->err), KEEL_CONFLICT,
                 &t->err, "cannot become blocked");
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM run_claims"), 0);
    keel_store_close(store);
}

static void inputs_are_appended_once(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_result result = {0};
    struct keel_uuid id = create(t, store, &(struct keel_run_new){.project = "p"});
    static char big[200000];
    memset(big, 'b', sizeof big);
    struct keel_input inputs[] = {
        {.external_id = "a", .name = "n", .content = storetest_text("one"), .created_at = 5},
        {.media_type = "text/plain", .content = keel_slice(big, sizeof big)},
        {.external_id = "a", .content = storetest_text("one")},
        {.content = keel_slice("\0\xff", 2)},
    };
    assert_ok(keel_run_add_inputs(store, id, inputs, 4, &t->err), &t->err);
    assert_ok(keel_run_add_inputs(store, id, inputs, 1, &t->err), &t->err);
    struct keel_input *got;
    size_t count;
    assert_ok(keel_run_inputs(store, id, &got, &count, &result, &t->err), &t->err);
    assert_int_equal(count, 3);
    assert_string_equal(got[0].external_id, "a");
    assert_string_equal(got[0].name, "n");
    assert_int_equal(got[0].created_at, 5);
    assert_int_equal(got[1].content.size, sizeof big);
    assert_memory_equal(got[1].content.data, big, sizeof big);
    assert_memory_equal(got[2].content.data, "\0\xff", 2);
    keel_result_free(&result);
    inputs[0].content = storetest_text("two");
    assert_error(keel_run_add_inputs(store, id, inputs, 4, &t->err), KEEL_CONFLICT, &t->err,
                 "other content");
    assert_error(keel_run_add_inputs(store, keel_uuid_new(), inputs, 1, &t->err), KEEL_NOTFOUND,
                 &t->err, "there is no run");
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM run_inputs"), 3);
    keel_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(creates_with_everything),
        testdb_test(gives_the_run_that_exists),
        testdb_test(refuses_what_is_wrong),
        testdb_test(allows_the_legal_transitions_alone),
        testdb_test(one_active_run_holds_a_worktree),
        testdb_test(racing_claims_have_one_winner),
        testdb_test(racing_creations_make_one_run),
        testdb_test(approvals_are_decided_once),
        testdb_test(a_run_that_waits_goes_on_by_its_token_alone),
        testdb_test(inputs_are_appended_once),
    };
    return testdb_run(tests);
}
