#include "ingest/otlp_records.h"

#include "base/arena.h"
#include "base/hex.h"
#include "ingest/map.h"
#include "ingest/origin.h"
#include "ingest/words.h"

enum { SPAN_ID_BYTES = 8, TRACE_ID_BYTES = 16 };

/* opentelemetry-proto trace.proto, SpanFlags */
enum { FLAG_HAS_IS_REMOTE = 0x100, FLAG_IS_REMOTE = 0x200 };

static size_t count_records(const Otlp__TracesRequest *request)
{
    size_t count = 0;
    for (size_t i = 0; i < request->n_resource_spans; i++)
        for (size_t j = 0; j < request->resource_spans[i]->n_scope_spans; j++) {
            const Otlp__ScopeSpans *scope = request->resource_spans[i]->scope_spans[j];
            count += scope->n_spans;
            for (size_t k = 0; k < scope->n_spans; k++)
                count += scope->spans[k]->n_events;
        }
    return count;
}

static bool all_zero(ProtobufCBinaryData id)
{
    for (size_t i = 0; i < id.len; i++)
        if (id.data[i])
            return false;
    return true;
}

/* Why a span cannot be stored; NULL when it can. An all-zero parent is what some exporters write
 * for none. */
static const char *reason_to_reject(const Otlp__Span *span)
{
    if (!keel__id_valid(span->trace_id, TRACE_ID_BYTES))
        return "a trace id is missing, all zeros, or not 16 bytes (32 hex digits in JSON)";
    if (!keel__id_valid(span->span_id, SPAN_ID_BYTES))
        return "a span id is missing, all zeros, or not 8 bytes (16 hex digits in JSON)";
    if (span->parent_span_id.len != 0 && span->parent_span_id.len != SPAN_ID_BYTES)
        return "a parent span id is not 8 bytes (16 hex digits in JSON)";
    if (span->parent_span_id.len &&
        memcmp(span->parent_span_id.data, span->span_id.data, SPAN_ID_BYTES) == 0)
        return "a span is its own parent";
    return NULL;
}

/* ---- attributes ---- */

static void write_kind(struct keel__json *json, Otlp__SpanKind kind)
{
    const char *name = kind == OTLP__SPAN_KIND__SPAN_KIND_SERVER     ? "server"
                       : kind == OTLP__SPAN_KIND__SPAN_KIND_CLIENT   ? "client"
                       : kind == OTLP__SPAN_KIND__SPAN_KIND_PRODUCER ? "producer"
                       : kind == OTLP__SPAN_KIND__SPAN_KIND_CONSUMER ? "consumer"
                                                                     : NULL;
    if (name)
        keel__json_add_cstr(json, "otel.span_kind", name);
}

static void write_id(struct keel__json *json, const char *key, ProtobufCBinaryData id)
{
    if (id.len > 0)
        keel__json_add_hex(json, key, id.data, id.len);
}

static void write_links(struct keel__mapper *mapper, struct keel__json *json,
                        const Otlp__Span *span)
{
    if (span->n_links == 0)
        return;
    keel__json_key(json, "otel.links");
    keel__json_array_begin(json);
    for (size_t i = 0; i < span->n_links; i++) {
        const Otlp__SpanLink *link = span->links[i];
        keel__json_object_begin(json);
        write_id(json, "trace_id", link->trace_id);
        write_id(json, "span_id", link->span_id);
        keel__write_member(mapper, json, "trace_state", link->trace_state);
        struct keel__attributes attributes =
            keel__attributes_read(mapper, link->attributes, link->n_attributes);
        if (attributes.count > 0) {
            keel__json_key(json, "attributes");
            keel__json_object_begin(json);
            keel__attributes_write(mapper, json, &attributes);
            keel__json_object_end(json);
        }
        keel__json_object_end(json);
    }
    keel__json_array_end(json);
}

static void write_dropped(struct keel__json *json, const char *key, uint32_t count)
{
    if (count > 0)
        keel__json_add_uint(json, key, count);
}

/* A resource stands once, on the span where its service was entered. */
static bool is_local_root(const Otlp__Span *span)
{
    return all_zero(span->parent_span_id) ||
           (span->flags & (FLAG_HAS_IS_REMOTE | FLAG_IS_REMOTE)) ==
               (FLAG_HAS_IS_REMOTE | FLAG_IS_REMOTE);
}

static struct keel_slice span_attributes(struct keel__mapper *mapper, const Otlp__Span *span,
                                         const struct keel__attributes *attributes,
                                         const struct keel__origin *origin)
{
    struct keel__json json = keel__mapper_write(mapper);
    keel__json_object_begin(&json);
    keel__origin_write(mapper, &json, attributes, origin);
    write_kind(&json, span->kind);
    keel__write_member(mapper, &json, "otel.trace_state", span->trace_state);
    write_links(mapper, &json, span);
    write_dropped(&json, "otel.dropped_attributes_count", span->dropped_attributes_count);
    write_dropped(&json, "otel.dropped_events_count", span->dropped_events_count);
    write_dropped(&json, "otel.dropped_links_count", span->dropped_links_count);
    if (is_local_root(span))
        keel__origin_write_resource(mapper, &json, origin);
    return keel__attributes_end(mapper, &json);
}

/* ---- errors ---- */

/* What an exception event says, for a span that failed without saying why. */
static void read_exception(struct keel__mapper *mapper, const struct keel__attributes *event,
                           struct keel_record *record, struct keel_llm_record *llm)
{
    struct keel_slice type =
        keel__attribute_text(mapper, keel__attributes_find(event, "exception.type"));
    struct keel_slice message =
        keel__attribute_text(mapper, keel__attributes_find(event, "exception.message"));
    if (record->status_message.size == 0)
        record->status_message = message.size ? message : type;
    if (llm && !llm->error_type.data && type.size > 0)
        llm->error_type = type;
}

/* ---- records ---- */

struct span_events {
    struct keel__attributes *attributes; /* of each event */
    struct keel__message_event *messages;
    size_t message_count;
};

static struct span_events read_events(struct keel__mapper *mapper, const Otlp__Span *span)
{
    struct span_events events = {NULL, NULL, 0};
    if (span->n_events == 0)
        return events;
    events.attributes = keel__mapper_alloc(mapper, span->n_events, sizeof *events.attributes);
    events.messages = keel__mapper_alloc(mapper, span->n_events, sizeof *events.messages);
    for (size_t i = 0; events.attributes && events.messages && i < span->n_events; i++) {
        const Otlp__SpanEvent *event = span->events[i];
        events.attributes[i] =
            keel__attributes_read(mapper, event->attributes, event->n_attributes);
        struct keel_slice name = keel__bytes_slice(event->name);
        if (keel__is_message_event(name))
            events.messages[events.message_count++] =
                (struct keel__message_event){.name = name, .attributes = events.attributes[i]};
    }
    return events;
}

static enum keel_event_status status_of(const Otlp__SpanStatus *status)
{
    switch (status ? status->code : OTLP__STATUS_CODE__STATUS_CODE_UNSET) {
    case OTLP__STATUS_CODE__STATUS_CODE_OK:
        return KEEL_STATUS_OK;
    case OTLP__STATUS_CODE__STATUS_CODE_ERROR:
        return KEEL_STATUS_ERROR;
    default:
        return KEEL_STATUS_UNSET;
    }
}

static void read_times(const Otlp__Span *span, struct keel_record *record)
{
    record->start_ns = keel__time_ns(span->start_time_unix_nano);
    record->end_ns = keel__time_ns(span->end_time_unix_nano);
    if (record->end_ns && record->end_ns < record->start_ns)
        record->end_ns = record->start_ns; /* a clock that was set back; no duration is negative */
}

static struct keel_record span_record(struct keel__mapper *mapper, const Otlp__Span *span,
                                      const struct span_events *events,
                                      const struct keel__origin *origin)
{
    struct keel_record record = keel__origin_record(origin);
    memcpy(record.trace_id, span->trace_id.data, TRACE_ID_BYTES);
    record.event_key = keel__span_key(mapper, span->span_id);
    if (!all_zero(span->parent_span_id))
        record.parent_key = keel__span_key(mapper, span->parent_span_id);
    record.name = keel__mapper_clean(mapper, keel__bytes_slice(span->name));
    record.is_span = true;
    record.status = status_of(span->status);
    if (span->status && span->status->message.len > 0)
        record.status_message =
            keel__mapper_clean(mapper, keel__bytes_slice(span->status->message));
    read_times(span, &record);
    struct keel__attributes attributes =
        keel__attributes_read(mapper, span->attributes, span->n_attributes);
    const struct keel__span_facts facts = {
        .name = record.name,
        .scope_name = origin->scope ? keel__bytes_slice(origin->scope->name) : keel_slice("", 0),
        .kind = span->kind,
        .failed = record.status == KEEL_STATUS_ERROR,
        .message_events = events->messages,
        .message_event_count = events->message_count,
    };
    keel__map_span(mapper, attributes, &facts, &record);
    record.attributes = span_attributes(mapper, span, &attributes, origin);
    return record;
}

static struct keel_record event_record(struct keel__mapper *mapper, const Otlp__SpanEvent *event,
                                       size_t index, const struct keel__attributes *attributes,
                                       const struct keel_record *span)
{
    struct keel_record record = {.project = span->project};
    memcpy(record.trace_id, span->trace_id, TRACE_ID_BYTES);
    record.parent_key = span->event_key;
    record.kind = KEEL_EVENT_EVENT;
    record.name = keel__mapper_clean(mapper, keel__bytes_slice(event->name));
    record.start_ns = keel__time_ns(event->time_unix_nano);
    char *key = keel__arena_printf(mapper->arena, "%.*s#%zu", (int)span->event_key.size,
                                   span->event_key.data, index);
    mapper->failed |= !key;
    record.event_key = keel_slice_of(key);
    struct keel__json json = keel__mapper_write(mapper);
    keel__json_object_begin(&json);
    keel__attributes_write(mapper, &json, attributes);
    write_dropped(&json, "otel.dropped_attributes_count", event->dropped_attributes_count);
    record.attributes = keel__attributes_end(mapper, &json);
    return record;
}

/* Events that carry messages are said by the call, or by the span's input and output, and are no
 * events of their own. */
static bool is_folded(const Otlp__SpanEvent *event, const struct keel_record *span)
{
    return span->kind != KEEL_EVENT_EMBEDDING &&
           keel__is_message_event(keel__bytes_slice(event->name));
}

static void add_span(struct keel__mapper *mapper, const Otlp__Span *span,
                     const struct keel__origin *origin, struct keel_record *records, size_t *count)
{
    struct span_events events = read_events(mapper, span);
    if (mapper->failed)
        return;
    struct keel_record *record = &records[*count];
    *record = span_record(mapper, span, &events, origin);
    (*count)++;
    for (size_t i = 0; i < span->n_events; i++) {
        const Otlp__SpanEvent *event = span->events[i];
        if (record->status == KEEL_STATUS_ERROR &&
            keel__slice_is(keel__bytes_slice(event->name), "exception"))
            read_exception(mapper, &events.attributes[i], record,
                           (struct keel_llm_record *)(uintptr_t)record->llm);
        if (!is_folded(event, record))
            records[(*count)++] = event_record(mapper, event, i, &events.attributes[i], record);
    }
}

int keel__otlp_span_records(struct keel__mapper *mapper, const Otlp__TracesRequest *request,
                            size_t max_records, struct keel__otlp_batch *out,
                            struct keel_error *err)
{
    size_t count = count_records(request);
    if (count > max_records)
        return keel_error_set(err, KEEL_NOMEM,
                              "%zu spans and span events in one request; at most %zu are taken",
                              count, max_records);
    struct keel_record *records = keel__mapper_alloc(mapper, count, sizeof *records);
    const char *why = NULL;
    size_t made = 0;
    for (size_t i = 0; i < request->n_resource_spans && !mapper->failed; i++) {
        const Otlp__ResourceSpans *resource = request->resource_spans[i];
        struct keel__origin origin = keel__origin_read(mapper, resource->resource);
        for (size_t j = 0; j < resource->n_scope_spans && !mapper->failed; j++) {
            const Otlp__ScopeSpans *scope = resource->scope_spans[j];
            origin.scope = scope->scope;
            for (size_t k = 0; k < scope->n_spans && !mapper->failed; k++) {
                const char *reason = reason_to_reject(scope->spans[k]);
                if (reason) {
                    why = reason;
                    out->rejected++;
                    continue;
                }
                add_span(mapper, scope->spans[k], &origin, records, &made);
            }
        }
    }
    out->records = records;
    out->record_count = made;
    out->message = keel_slice_of(why);
    return KEEL_OK;
}
