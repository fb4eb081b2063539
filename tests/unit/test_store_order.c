/* The same records in any order, in any portions, any number of times, over several connections:
 * the store ends up with the same. */
#include "storetest.h"

#include "base/arena.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TRACES = 4, SPANS = 24, MOST = 4000 };

struct scenario {
    struct keel__arena arena;
    struct keel_record records[MOST];
    size_t count;
    uint64_t random;
};

static uint64_t next(struct scenario *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return s->random;
}

static unsigned below(struct scenario *s, unsigned n)
{
    return (unsigned)(next(s) % n);
}

#define words(s, ...) keel_slice_of(keel__arena_printf(&(s)->arena, __VA_ARGS__))

static struct keel_record *add(struct scenario *s, struct keel_record record)
{
    assert_true(s->count < MOST);
    s->records[s->count] = record;
    return &s->records[s->count++];
}

static struct keel_slice long_text(struct scenario *s, unsigned number)
{
    size_t size = 300 + number * 37 % 5000;
    char *text = keel__arena_alloc(&s->arena, size + 1);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + (i * 7 + number) % 26);
    text[size] = '\0';
    return keel_slice(text, size);
}

static struct keel_message *messages(struct scenario *s, unsigned first, size_t count)
{
    struct keel_message *list = keel__arena_calloc(&s->arena, count ? count : 1, sizeof *list);
    for (size_t i = 0; i < count; i++) {
        list[i].role = keel_slice_of(i % 2 ? "assistant" : "user");
        list[i].format = (first + i) % 5 ? KEEL_MESSAGE_TEXT : KEEL_MESSAGE_JSON;
        list[i].content = words(s, "\"message %u\"", first + (unsigned)i);
    }
    return list;
}

static struct keel_llm_record *call(struct scenario *s, unsigned number, bool with_messages)
{
    struct keel_llm_record *llm = keel__arena_calloc(&s->arena, 1, sizeof *llm);
    *llm = storetest_llm();
    llm->provider = keel_slice_of("openai");
    llm->operation = keel_slice_of("chat");
    llm->request_model = keel_slice_of("gpt-4o");
    llm->response_model = keel_slice_of("gpt-4o-2024-08-06");
    llm->response_id = words(s, "resp_%u", number);
    llm->finish_reason = keel_slice_of("stop");
    if (number % 4) {
        llm->input_tokens = 100 + number;
        llm->output_tokens = 20 + number % 7;
        llm->cache_read_tokens = number % 3 ? (int64_t)number % 50 : KEEL_TOKENS_UNKNOWN;
    }
    if (number % 3 == 0)
        llm->tools = words(s, "[{\"name\":\"tool%u\"}]", number % 5);
    if (with_messages) {
        llm->input_messages = messages(s, 0, 1 + number % 6);
        llm->input_message_count = 1 + number % 6;
        llm->output_messages = messages(s, 100 + number, 1);
        llm->output_message_count = 1;
    }
    return llm;
}

/* Messages of span `id` that come as records of their own. */
static void add_logs(struct scenario *s, const struct keel_record *span, unsigned id)
{
    bool whole = id % 2;
    for (unsigned i = 0; i < (whole ? 1u : 4u); i++) {
        struct keel_record log = *span;
        struct keel_llm_record *part = keel__arena_calloc(&s->arena, 1, sizeof *part);
        *part = storetest_llm();
        part->messages_partial = !whole;
        if (whole || i < 3) {
            part->input_messages = messages(s, 10 * i, whole ? 3 : 1);
            part->input_message_count = whole ? 3 : 1;
        }
        if (whole || i == 3) {
            part->output_messages = messages(s, 500 + id, 1);
            part->output_message_count = 1;
            part->finish_reason = keel_slice_of("stop");
        }
        log.event_key = words(s, "%s%u", i % 2 ? "log:" : "#", id * 10 + i);
        log.parent_key = span->event_key;
        log.kind = i % 2 ? KEEL_EVENT_LOG : KEEL_EVENT_EVENT;
        log.is_span = false;
        log.name = keel_slice_of("gen_ai.message");
        log.start_ns = span->start_ns + (int64_t)(i / 2) * 1000; /* some at the same time */
        log.end_ns = 0;
        log.llm = NULL;
        log.llm_of_parent = part;
        log.attributes = keel_slice(NULL, 0);
        log.input = log.output = keel_slice(NULL, 0);
        log.body = words(s, "{\"content\":\"message %u\"}", 10 * i);
        log.severity = (int)i;
        add(s, log);
    }
}

/* What an emitter may have sent of the span before it was complete. */
static void add_truncated(struct scenario *s, const struct keel_record *full, unsigned id)
{
    struct keel_record record = *full;
    record.end_ns = 0;
    record.status = KEEL_STATUS_UNSET;
    record.status_message = keel_slice(NULL, 0);
    record.output = keel_slice(NULL, 0);
    record.attributes = words(s, "{\"a\":\"v\",\"early\":%u}", id);
    record.name.size = record.name.size > 3 ? 3 : record.name.size;
    if (record.llm) {
        struct keel_llm_record *llm = keel__arena_memdup(&s->arena, record.llm, sizeof *llm);
        llm->output_message_count = 0;
        llm->input_message_count = llm->input_message_count > 1 ? 1 : 0;
        llm->input_tokens = llm->output_tokens = KEEL_TOKENS_UNKNOWN;
        llm->response_model = keel_slice(NULL, 0);
        llm->provider = keel_slice(NULL, 0);
        record.llm = llm;
    }
    add(s, record);
}

static void add_span(struct scenario *s, unsigned trace, unsigned id, unsigned parent)
{
    struct keel_record record = storetest_span(trace, id, parent, "span");
    record.name = words(s, "span number %u", id);
    record.project = keel_slice_of(parent ? "service" : "front");
    record.session_id = words(s, "session %u", trace % 2);
    record.user_id = keel_slice_of("ann");
    record.status = id % 11 == 0 ? KEEL_STATUS_ERROR : KEEL_STATUS_OK;
    if (record.status == KEEL_STATUS_ERROR)
        record.status_message = words(s, "it broke at %u", id);
    record.attributes = words(s, "{\"a\":\"value\",\"n\":%u,\"list\":[1,2.5,null]}", id);
    if (id % 5 == 0)
        record.input = long_text(s, id);
    if (id % 3 == 0)
        record.output = words(s, "output %u", id);
    if (id % 4 == 1) {
        record.kind = id % 8 == 1 ? KEEL_EVENT_TOOL : KEEL_EVENT_AGENT;
        record.tool_name = words(s, "tool %u", id);
    }
    if (id % 3 == 1) {
        record.kind = KEEL_EVENT_LLM;
        record.llm = call(s, id, id % 2);
    }
    add(s, record);
    if (record.llm && id % 4)
        add_logs(s, &record, id);
    if (id % 2 == 0)
        add_truncated(s, &record, id);
}

static void add_loose_log(struct scenario *s, unsigned trace)
{
    struct keel_record log = storetest_span(trace, 1, 0, "loose");
    log.event_key = words(s, "log:loose%u", trace);
    log.project = keel_slice_of("service");
    log.kind = KEEL_EVENT_LOG;
    log.is_span = false;
    log.body = keel_slice_of("\"hello\"");
    add(s, log);
}

static void make(struct scenario *s, uint64_t seed)
{
    memset(s, 0, sizeof *s);
    keel__arena_init(&s->arena, 0);
    s->random = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
    for (unsigned trace = 1; trace <= TRACES; trace++) {
        unsigned base = trace * 1000;
        for (unsigned i = 1; i <= SPANS; i++)
            add_span(s, trace, base + i, i == 1 ? 0 : base + 1 + below(s, i - 1));
        add_loose_log(s, trace);
    }
}

/* Every record once, a third of them again, in any order. */
static size_t shuffle(struct scenario *s, struct keel_record *out)
{
    size_t count = s->count;
    memcpy(out, s->records, count * sizeof *out);
    for (size_t i = 0; i < s->count / 3; i++)
        out[count++] = s->records[below(s, (unsigned)s->count)];
    for (size_t i = count; i > 1; i--) {
        size_t j = below(s, (unsigned)i);
        struct keel_record swap = out[i - 1];
        out[i - 1] = out[j];
        out[j] = swap;
    }
    return count;
}

struct delivery {
    struct keel_store *store;
    const struct keel_record *records;
    size_t count, step;
    int code;
    struct keel_error err;
};

static void *deliver(void *context)
{
    struct delivery *d = context;
    for (size_t i = 0; i < d->count && d->code == 0; i += d->step) {
        size_t n = d->count - i < d->step ? d->count - i : d->step;
        struct keel_write_result result;
        d->code = keel_store_write(d->store, d->records + i, n, &result, &d->err);
        if (d->code == KEEL_BUSY) { /* what a client does */
            d->code = 0;
            i -= d->step;
        } else if (d->code == 0 && result.rejected) {
            d->code = keel_error_set(&d->err, KEEL_INVALID, "%s", result.message);
        }
    }
    return NULL;
}

static void deliver_all(struct keel_store *stores[2], struct scenario *s,
                        const struct keel_record *records, size_t count)
{
    struct delivery deliveries[4] = {{0}};
    pthread_t threads[4];
    unsigned thread_count = 1 + below(s, 4);
    for (unsigned i = 0; i < thread_count; i++) {
        size_t from = count * i / thread_count, until = count * (i + 1) / thread_count;
        deliveries[i] = (struct delivery){.store = stores[i % 2],
                                          .records = records + from,
                                          .count = until - from,
                                          .step = 1 + below(s, below(s, 3) ? 60 : 4)};
        assert_int_equal(pthread_create(&threads[i], NULL, deliver, &deliveries[i]), 0);
    }
    for (unsigned i = 0; i < thread_count; i++) {
        pthread_join(threads[i], NULL);
        assert_ok(deliveries[i].code, &deliveries[i].err);
    }
}

/* A fresh store after a delivery, as text. */
static char *outcome(struct testdb *t, struct scenario *s, bool in_order)
{
    static struct keel_record records[MOST * 2];
    struct keel_store *store = storetest_open(t);
    if (in_order) {
        storetest_write(store, s->records, s->count);
    } else {
        /* two stores on one database, as two processes have them */
        struct keel_store *stores[] = {store, storetest_open(t)};
        size_t count = shuffle(s, records);
        deliver_all(stores, s, records, count);
        keel_store_close(stores[1]);
    }
    char *dump = storetest_dump(t);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM events WHERE kind = 'missing'"), 0);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM runs"), TRACES);
    if (t->dialect == KEEL_SQLITE)
        assert_int_equal(testdb_int(t, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    keel_store_close(store);
    return dump;
}

static void assert_same_lines(const char *a, const char *b, unsigned long long seed)
{
    while (*a && *b) {
        size_t x = strcspn(a, "\n"), y = strcspn(b, "\n");
        if (x != y || memcmp(a, b, x) != 0) {
            print_error("seed %llu:\n- %.*s\n+ %.*s\n", seed, (int)x, a, (int)y, b);
            fail();
        }
        a += x + (a[x] == '\n');
        b += y + (b[y] == '\n');
    }
    assert_true(*a == *b);
}

static void order_does_not_matter(void **state)
{
    struct testdb *t = *state;
    const char *given = getenv("KEEL_TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    static struct scenario s;
    print_message("KEEL_TEST_SEED=%llu\n", (unsigned long long)seed);
    for (int round = 0; round < (given ? 1 : 6); round++, seed++) {
        struct testdb *first, *second;
        make(&s, seed);
        assert_int_equal(testdb_setup((void **)&first), 0);
        assert_int_equal(testdb_setup((void **)&second), 0);
        char *expected = outcome(first, &s, true);
        char *got = outcome(second, &s, false);
        assert_same_lines(expected, got, (unsigned long long)seed);
        free(expected);
        free(got);
        keel__arena_fini(&s.arena);
        testdb_teardown((void **)&first);
        testdb_teardown((void **)&second);
    }
    (void)t;
}

int main(void)
{
    const struct CMUnitTest tests[] = {testdb_test(order_does_not_matter)};
    return testdb_run(tests);
}
