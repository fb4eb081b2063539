/* Group commit: nothing accepted is lost, one bad submit harms no other, a full queue says so. */
#include "storetest.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { PRODUCERS = 8, SUBMITS = 40, EACH = 5 };

struct producer {
    struct keel_queue *queue;
    unsigned number;
    int64_t inserted, busy;
    int code;
    struct keel_error err;
};

static void *produce(void *context)
{
    struct producer *p = context;
    for (unsigned i = 0; i < SUBMITS && p->code == 0; i++) {
        struct keel_record records[EACH];
        struct keel_write_result result;
        for (unsigned k = 0; k < EACH; k++)
            records[k] = storetest_span(p->number * 1000 + i, p->number * 5000 + i * EACH + k + 1,
                                        k ? p->number * 5000 + i * EACH + 1 : 0, "span");
        p->code = keel_queue_write(p->queue, records, EACH, &result, &p->err);
        if (p->code == KEEL_BUSY) {
            p->code = 0;
            p->busy++;
            i--;
            continue;
        }
        p->inserted += result.inserted;
    }
    return NULL;
}

static void many_producers_lose_nothing(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_queue *queue;
    struct producer producers[PRODUCERS];
    pthread_t threads[PRODUCERS];
    struct keel_queue_stats stats;
    int64_t inserted = 0, busy = 0;
    storetest_key(PRODUCERS * 5000 + SUBMITS * EACH + 1); /* made before there are threads */
    assert_ok(
        keel_queue_open(&queue, store, &(struct keel_queue_options){.max_records = 20}, &t->err),
        &t->err);
    for (unsigned i = 0; i < PRODUCERS; i++) {
        producers[i] = (struct producer){.queue = queue, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    for (unsigned i = 0; i < PRODUCERS; i++) {
        pthread_join(threads[i], NULL);
        assert_ok(producers[i].code, &producers[i].err);
        inserted += producers[i].inserted;
        busy += producers[i].busy;
    }
    keel_queue_stats(queue, &stats);
    assert_int_equal(stats.batches, PRODUCERS * SUBMITS);
    assert_int_equal(stats.records, PRODUCERS * SUBMITS * EACH);
    assert_int_equal(stats.busy, busy);
    assert_true(stats.transactions <= stats.batches);
    assert_int_equal(stats.depth_records, 0);
    assert_int_equal(stats.depth_bytes, 0);
    keel_queue_close(queue);
    assert_int_equal(inserted, PRODUCERS * SUBMITS * EACH);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM events"), PRODUCERS * SUBMITS * EACH);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM runs WHERE status = 'completed'"),
                     PRODUCERS * SUBMITS);
    keel_store_close(store);
}

/* ---- with the database held up --------------------------------------------------------------- */

/* Makes writers wait, so that what is submitted meanwhile waits in the queue. */
static void hold(struct testdb *t)
{
    assert_ok(keel_db_begin(t->db, KEEL_TX_WRITE, &t->err), &t->err);
    if (t->dialect == KEEL_POSTGRES)
        testdb_sql(t, "LOCK TABLE projects IN ACCESS EXCLUSIVE MODE", NULL);
}

struct answer {
    pthread_mutex_t *lock;
    pthread_cond_t *came;
    int *outstanding;
    int calls, code;
    struct keel_write_result result;
};

static void take_answer(void *context, int code, const struct keel_write_result *result,
                        const struct keel_error *err)
{
    struct answer *answer = context;
    (void)err;
    pthread_mutex_lock(answer->lock);
    answer->calls++;
    answer->code = code;
    answer->result = *result;
    --*answer->outstanding;
    pthread_cond_signal(answer->came);
    pthread_mutex_unlock(answer->lock);
}

enum { ANSWERS = 12 };

struct answers {
    pthread_mutex_t lock;
    pthread_cond_t came;
    int outstanding;
    struct answer all[ANSWERS];
    struct keel_record records[ANSWERS][3];
};

static void answers_init(struct answers *a)
{
    memset(a, 0, sizeof *a);
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->came, NULL);
    for (unsigned i = 0; i < ANSWERS; i++) {
        a->all[i] =
            (struct answer){.lock = &a->lock, .came = &a->came, .outstanding = &a->outstanding};
        for (unsigned k = 0; k < 3; k++)
            a->records[i][k] = storetest_span(i + 1, i * 10 + k + 1, k ? i * 10 + 1 : 0, "span");
    }
}

static int submit(struct testdb *t, struct keel_queue *queue, struct answers *a, unsigned i)
{
    pthread_mutex_lock(&a->lock);
    a->outstanding++;
    pthread_mutex_unlock(&a->lock);
    int code = keel_queue_submit(queue, a->records[i], 3, take_answer, &a->all[i], &t->err);
    if (code) {
        pthread_mutex_lock(&a->lock);
        a->outstanding--;
        pthread_mutex_unlock(&a->lock);
    }
    return code;
}

static void wait_for_all(struct answers *a)
{
    pthread_mutex_lock(&a->lock);
    while (a->outstanding > 0)
        pthread_cond_wait(&a->came, &a->lock);
    pthread_mutex_unlock(&a->lock);
}

static void a_bad_submit_harms_no_other(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_queue *queue;
    static struct answers a;
    answers_init(&a);
    a.records[4][1].attributes = storetest_text("{\"broken");
    a.records[7][0].body = storetest_text("{]");
    a.records[7][2].name = storetest_text("\xc3\x28");
    assert_ok(keel_queue_open(&queue, store, NULL, &t->err), &t->err);
    hold(t);
    for (unsigned i = 0; i < ANSWERS; i++)
        assert_ok(submit(t, queue, &a, i), &t->err);
    assert_ok(keel_db_commit(t->db, &t->err), &t->err);
    wait_for_all(&a);
    for (unsigned i = 0; i < ANSWERS; i++) {
        int64_t rejected = i == 4 ? 1 : i == 7 ? 2 : 0;
        assert_int_equal(a.all[i].calls, 1);
        assert_int_equal(a.all[i].code, 0);
        assert_int_equal(a.all[i].result.rejected, rejected);
        /* a refused root leaves a placeholder, which counts for nobody */
        assert_int_equal(a.all[i].result.inserted, 3 - rejected);
        assert_int_equal(a.all[i].result.message[0] != '\0', rejected > 0);
    }
    keel_queue_close(queue);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM events WHERE kind <> 'missing'"),
                     ANSWERS * 3 - 3);
    keel_store_close(store);
}

static void a_full_queue_is_busy_at_once(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_queue *queue;
    struct keel_queue_stats stats;
    static struct answers a;
    answers_init(&a);
    assert_ok(keel_queue_open(&queue, store,
                              &(struct keel_queue_options){.max_records = 7, .writers = 1},
                              &t->err),
              &t->err);
    hold(t);
    assert_ok(submit(t, queue, &a, 0), &t->err);
    assert_ok(submit(t, queue, &a, 1), &t->err);
    assert_error(submit(t, queue, &a, 2), KEEL_BUSY, &t->err, "try again");
    struct keel_write_result result;
    assert_error(keel_queue_write(queue, a.records[2], 3, &result, &t->err), KEEL_BUSY, &t->err,
                 "try again");
    keel_queue_stats(queue, &stats);
    assert_int_equal(stats.depth_records, 6);
    assert_int_equal(stats.busy, 2);
    assert_ok(keel_db_commit(t->db, &t->err), &t->err);
    wait_for_all(&a);
    assert_int_equal(a.all[2].calls, 0);
    /* what is larger than the queue goes in alone */
    struct keel_record many[20];
    for (unsigned i = 0; i < 20; i++)
        many[i] = storetest_span(500, 600 + i, 0, "span");
    assert_ok(keel_queue_write(queue, many, 20, &result, &t->err), &t->err);
    assert_int_equal(result.inserted, 20);
    keel_queue_close(queue);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM events"), 26);
    keel_store_close(store);
}

static void closing_drains(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_queue *queue;
    static struct answers a;
    answers_init(&a);
    assert_ok(keel_queue_open(&queue, store, NULL, &t->err), &t->err);
    for (unsigned i = 0; i < ANSWERS; i++)
        assert_ok(submit(t, queue, &a, i), &t->err);
    keel_queue_close(queue);
    assert_int_equal(a.outstanding, 0);
    for (unsigned i = 0; i < ANSWERS; i++) {
        assert_int_equal(a.all[i].code, 0);
        assert_int_equal(a.all[i].result.inserted, 3);
    }
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM events"), ANSWERS * 3);
    keel_store_close(store);
}

/* ---- observing ------------------------------------------------------------------------------- */

struct seen {
    int calls;
    int64_t first, last;
};

static void observe(void *context, const struct keel_run_change *changes, size_t count)
{
    struct seen *seen = context;
    assert_int_equal(count, 1);
    seen->calls++;
    seen->first = changes[0].first_sequence;
    seen->last = changes[0].last_sequence;
}

static void observers_hear_of_commits(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct seen seen = {0};
    struct keel_record records[] = {storetest_span(1, 1, 0, "a"), storetest_span(1, 2, 1, "b")};
    records[0].end_ns = 0;
    keel_store_observe(store, observe, &seen);
    storetest_write(store, records, 2);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.first, 1);
    assert_int_equal(seen.last, 2);
    storetest_write(store, records, 2); /* nothing new */
    assert_int_equal(seen.calls, 1);
    records[0].end_ns = records[0].start_ns + 5000;
    storetest_write(store, records, 1);
    assert_int_equal(seen.calls, 2);
    assert_int_equal(seen.first, 0);
    keel_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(many_producers_lose_nothing),  testdb_test(a_bad_submit_harms_no_other),
        testdb_test(a_full_queue_is_busy_at_once), testdb_test(closing_drains),
        testdb_test(observers_hear_of_commits),
    };
    return testdb_run(tests);
}
