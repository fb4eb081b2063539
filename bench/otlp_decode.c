/* Spans decoded a second by one core: keel__otlp_decode against the libraries below it alone
 * (protobuf-c's unpack into an arena, yyjson's read) on the same bytes. Kinds of request: plain
 * spans with 5 attributes, and captured LLM spans given as files. */
#include "base/arena.h"
#include "base/str.h"
#include "ingest/otlp.h"
#include "otlp.pb-c.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <yyjson.h>

enum { PLAIN_SPANS = 1000, PLAIN_ATTRIBUTES = 5 };
static const double seconds_each = 1.0;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "otlp_decode: %s\n", what);
    exit(1);
}

static const char *const keys[PLAIN_ATTRIBUTES] = {
    "http.request.method", "url.path", "http.response.status_code", "server.address", "thread.id"};
static const char *const values[PLAIN_ATTRIBUTES] = {"GET", "/api/v1/things/12345", "200",
                                                     "things.example.com", "17"};

static ProtobufCBinaryData bytes(const void *data, size_t size)
{
    return (ProtobufCBinaryData){.len = size, .data = (uint8_t *)(uintptr_t)data};
}

static void fill_span(Otlp__Span *span, Otlp__KeyValue *pairs, Otlp__KeyValue **list,
                      Otlp__AnyValue *any, uint8_t *ids, size_t n)
{
    otlp__span__init(span);
    memset(ids, 7, 16);
    memcpy(ids + 16, &(uint64_t){n + 1}, 8);
    memcpy(ids + 24, &(uint64_t){n / 10 + 1}, 8);
    span->trace_id = bytes(ids, 16);
    span->span_id = bytes(ids + 16, 8);
    span->parent_span_id = bytes(ids + 24, n ? 8 : 0);
    span->name = bytes("GET /api/v1/things/{id}", 23);
    span->kind = OTLP__SPAN_KIND__SPAN_KIND_CLIENT;
    span->start_time_unix_nano = 1700000000000000000u + n * 1000;
    span->end_time_unix_nano = span->start_time_unix_nano + 500;
    span->flags = 256;
    for (size_t i = 0; i < PLAIN_ATTRIBUTES; i++) {
        otlp__key_value__init(&pairs[i]);
        otlp__any_value__init(&any[i]);
        any[i].value_case = OTLP__ANY_VALUE__VALUE_STRING_VALUE;
        any[i].string_value = bytes(values[i], strlen(values[i]));
        pairs[i].key = bytes(keys[i], strlen(keys[i]));
        pairs[i].value = &any[i];
        list[i] = &pairs[i];
    }
    span->attributes = list;
    span->n_attributes = PLAIN_ATTRIBUTES;
}

static struct keel_slice plain_protobuf(void)
{
    Otlp__Span *spans = calloc(PLAIN_SPANS, sizeof *spans);
    Otlp__Span **span_list = calloc(PLAIN_SPANS, sizeof(Otlp__Span *));
    Otlp__KeyValue *pairs = calloc(PLAIN_SPANS * PLAIN_ATTRIBUTES, sizeof *pairs);
    Otlp__KeyValue **list = calloc(PLAIN_SPANS * PLAIN_ATTRIBUTES, sizeof(Otlp__KeyValue *));
    Otlp__AnyValue *any = calloc(PLAIN_SPANS * PLAIN_ATTRIBUTES, sizeof *any);
    uint8_t *ids = calloc(PLAIN_SPANS, 32);
    if (!spans || !span_list || !pairs || !list || !any || !ids)
        die("out of memory");
    for (size_t i = 0; i < PLAIN_SPANS; i++) {
        size_t at = i * PLAIN_ATTRIBUTES;
        fill_span(&spans[i], pairs + at, list + at, any + at, ids + i * 32, i);
        span_list[i] = &spans[i];
    }
    Otlp__TracesRequest request = OTLP__TRACES_REQUEST__INIT;
    Otlp__ResourceSpans resource = OTLP__RESOURCE_SPANS__INIT, *resource_list = &resource;
    Otlp__ScopeSpans scope = OTLP__SCOPE_SPANS__INIT, *scope_list = &scope;
    scope.spans = span_list;
    scope.n_spans = PLAIN_SPANS;
    resource.scope_spans = &scope_list;
    resource.n_scope_spans = 1;
    request.resource_spans = &resource_list;
    request.n_resource_spans = 1;
    size_t size = protobuf_c_message_get_packed_size(&request.base);
    uint8_t *body = malloc(size);
    if (!body)
        die("out of memory");
    protobuf_c_message_pack(&request.base, body);
    free(spans), free(span_list), free(pairs), free(list), free(any), free(ids);
    return keel_slice((const char *)body, size);
}

static struct keel_slice plain_json(void)
{
    struct keel__str out;
    keel__str_init(&out, 0);
    keel__str_text(&out, "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[");
    for (size_t i = 0; i < PLAIN_SPANS; i++) {
        keel__str_printf(
            &out,
            "%s{\"traceId\":\"07070707070707070707070707070707\",\"spanId\":\"%016zx\","
            "\"parentSpanId\":\"%016zx\",\"name\":\"GET /api/v1/things/{id}\",\"kind\":3,"
            "\"startTimeUnixNano\":\"1700000000000000000\",\"endTimeUnixNano\":"
            "\"1700000000000000500\",\"flags\":256,\"attributes\":[",
            i ? "," : "", i + 1, i / 10 + 20000);
        for (size_t j = 0; j < PLAIN_ATTRIBUTES; j++)
            keel__str_printf(&out, "%s{\"key\":\"%s\",\"value\":{\"stringValue\":\"%s\"}}",
                             j ? "," : "", keys[j], values[j]);
        keel__str_text(&out, "]}");
    }
    keel__str_text(&out, "]}]}]}");
    size_t size = out.size;
    return keel_slice(keel__str_steal(&out), size);
}

static void *arena_alloc(void *arena, size_t size)
{
    return keel__arena_alloc(arena, size);
}

static void arena_free(void *arena, void *block)
{
    (void)arena, (void)block;
}

/* The library alone. */
static void read_raw(struct keel__arena *arena, enum keel__otlp_encoding encoding,
                     struct keel_slice body)
{
    ProtobufCAllocator allocator = {arena_alloc, arena_free, arena};
    if (encoding == KEEL__OTLP_PROTOBUF) {
        if (!otlp__traces_request__unpack(&allocator, body.size, (const uint8_t *)body.data))
            die("does not unpack");
        return;
    }
    yyjson_doc *doc = yyjson_read(body.data, body.size, 0);
    if (!doc)
        die("is not JSON");
    yyjson_doc_free(doc);
}

static size_t read_whole(struct keel__arena *arena, enum keel__otlp_encoding encoding,
                         struct keel_slice body, size_t *records)
{
    struct keel__otlp_batch batch;
    struct keel_error err;
    if (keel__otlp_decode(arena, NULL, KEEL__OTLP_TRACES, encoding, body, &batch, &err))
        die(err.message);
    size_t spans = 0;
    for (size_t i = 0; i < batch.record_count; i++)
        spans += batch.records[i].is_span;
    *records = batch.record_count;
    return spans;
}

static void measure(const char *name, enum keel__otlp_encoding encoding, struct keel_slice body)
{
    struct keel__arena arena;
    keel__arena_init(&arena, 0);
    size_t spans = 0, records, rounds[2] = {0, 0};
    double seconds[2];
    for (int raw = 0; raw < 2; raw++) {
        double start = now();
        do {
            keel__arena_reset(&arena);
            if (raw)
                read_raw(&arena, encoding, body);
            else
                spans = read_whole(&arena, encoding, body, &records);
            rounds[raw]++;
            seconds[raw] = now() - start;
        } while (seconds[raw] < seconds_each);
    }
    double rate = (double)(rounds[0] * spans) / seconds[0];
    double raw_rate = (double)(rounds[1] * spans) / seconds[1];
    printf("%-44s %9.0f spans/s %7.1f MB/s   library alone %9.0f spans/s   ratio %.2f\n", name,
           rate, rate / (double)spans * (double)body.size / 1e6, raw_rate, rate / raw_rate);
    keel__arena_fini(&arena);
}

static struct keel_slice read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        die(path);
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *body = malloc(size);
    if (!body || fread(body, 1, size, file) != size)
        die(path);
    fclose(file);
    return keel_slice(body, size);
}

int main(int argc, char **argv)
{
    measure("plain spans, protobuf", KEEL__OTLP_PROTOBUF, plain_protobuf());
    measure("plain spans, JSON", KEEL__OTLP_JSON, plain_json());
    for (int i = 1; i < argc; i++) {
        const char *dot = strrchr(argv[i], '.');
        const char *name = strstr(argv[i], "otlp/");
        measure(name ? name + 5 : argv[i],
                dot && strcmp(dot, ".json") == 0 ? KEEL__OTLP_JSON : KEEL__OTLP_PROTOBUF,
                read_file(argv[i]));
    }
    return 0;
}
