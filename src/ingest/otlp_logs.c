#include "ingest/otlp_records.h"

#include "base/hash.h"
#include "base/hex.h"
#include "ingest/map.h"
#include "ingest/origin.h"

#include <stdio.h>
#include <stdlib.h>

enum { SPAN_ID_BYTES = 8, TRACE_ID_BYTES = 16, KEY_HASH_BYTES = 16, MAX_SEVERITY = 24 };

static size_t count_records(const Otlp__LogsRequest *request)
{
    size_t count = 0;
    for (size_t i = 0; i < request->n_resource_logs; i++)
        for (size_t j = 0; j < request->resource_logs[i]->n_scope_logs; j++)
            count += request->resource_logs[i]->scope_logs[j]->n_log_records;
    return count;
}

static const char *reason_to_reject(const Otlp__LogRecord *log)
{
    if (log->trace_id.len == 0)
        return "a log record has no trace id, so it belongs to no run";
    if (!keel__id_valid(log->trace_id, TRACE_ID_BYTES))
        return "a trace id is all zeros, or not 16 bytes (32 hex digits in JSON)";
    if (log->span_id.len != 0 && log->span_id.len != SPAN_ID_BYTES)
        return "a span id is not 8 bytes (16 hex digits in JSON)";
    return NULL;
}

/* ---- keys: a log record has no id, so that its key is a hash of all it says ---- */

static void hash_bytes(struct keel__hasher *hasher, ProtobufCBinaryData bytes)
{
    uint64_t size = bytes.len;
    keel__hasher_update(hasher, &size, sizeof size);
    if (size > 0)
        keel__hasher_update(hasher, bytes.data, bytes.len);
}

static struct keel_hash hash_of(struct keel__mapper *mapper, const Otlp__LogRecord *log)
{
    struct keel__hasher hasher;
    const uint64_t numbers[] = {log->time_unix_nano, log->observed_time_unix_nano,
                                (uint64_t)log->severity_number, log->n_attributes};
    keel__hasher_init(&hasher);
    hash_bytes(&hasher, log->trace_id);
    hash_bytes(&hasher, log->span_id);
    hash_bytes(&hasher, log->event_name);
    hash_bytes(&hasher, log->severity_text);
    keel__hasher_update(&hasher, numbers, sizeof numbers);
    struct keel__json json = keel__mapper_write(mapper);
    keel__json_array_begin(&json);
    keel__json_any(mapper, &json, log->body);
    for (size_t i = 0; i < log->n_attributes; i++) {
        keel__json_text(&json, keel__bytes_slice(log->attributes[i]->key));
        keel__json_any(mapper, &json, log->attributes[i]->value);
    }
    keel__json_array_end(&json);
    struct keel_slice said = keel__str_view(json.out);
    keel__hasher_update(&hasher, said.data, said.size);
    return keel__hasher_final(&hasher);
}

static struct keel_slice key_of(struct keel__mapper *mapper, const struct keel_hash *hash)
{
    enum { PREFIX = 4 };
    char *key = keel__mapper_alloc(mapper, PREFIX + 2 * KEY_HASH_BYTES, 1);
    if (!key)
        return keel_slice(NULL, 0);
    memcpy(key, "log:", PREFIX);
    keel__hex_encode(key + PREFIX, hash->bytes, KEY_HASH_BYTES);
    return keel_slice(key, PREFIX + 2 * KEY_HASH_BYTES);
}

static int compare_keys(const void *a, const void *b)
{
    const struct keel_record *x = *(struct keel_record *const *)a;
    const struct keel_record *y = *(struct keel_record *const *)b;
    int order = memcmp(x->event_key.data, y->event_key.data, x->event_key.size);
    return order ? order : x < y ? -1 : x > y;
}

/* A clock of milliseconds gives equal records that are not one: the second is "log:<hash>#2", and
 * so on; when the request is sent again, they get the same keys again. */
static void number_equals(struct keel__mapper *mapper, struct keel_record *records, size_t count)
{
    struct keel_record **sorted = keel__mapper_alloc(mapper, count, sizeof(struct keel_record *));
    if (!sorted)
        return;
    for (size_t i = 0; i < count; i++)
        sorted[i] = &records[i];
    qsort(sorted, count, sizeof(struct keel_record *), compare_keys);
    struct keel_slice first = {NULL, 0};
    size_t ordinal = 1;
    for (size_t i = 0; i < count; i++) {
        struct keel_slice *key = &sorted[i]->event_key;
        if (!first.data || memcmp(key->data, first.data, first.size) != 0) {
            first = *key;
            ordinal = 1;
            continue;
        }
        char *numbered = keel__mapper_alloc(mapper, first.size + 24, 1);
        if (!numbered)
            return;
        memcpy(numbered, first.data, first.size);
        int digits = snprintf(numbered + first.size, 24, "#%zu", ++ordinal);
        *key = keel_slice(numbered, first.size + (size_t)digits);
    }
}

/* ---- records ---- */

static struct keel_slice name_of(struct keel__mapper *mapper, const Otlp__LogRecord *log,
                                 struct keel__attributes *attributes)
{
    if (log->event_name.len > 0)
        return keel__mapper_clean(mapper, keel__bytes_slice(log->event_name));
    struct keel__attribute *name = keel__attributes_find(attributes, "event.name");
    struct keel_slice text = keel__attribute_text(mapper, name);
    if (text.size == 0)
        return keel_slice_of("log");
    name->taken = true;
    return text;
}

static struct keel_slice log_attributes(struct keel__mapper *mapper, const Otlp__LogRecord *log,
                                        const struct keel__attributes *attributes,
                                        const struct keel__origin *origin)
{
    struct keel__json json = keel__mapper_write(mapper);
    keel__json_object_begin(&json);
    keel__origin_write(mapper, &json, attributes, origin);
    keel__write_member(mapper, &json, "otel.severity_text", log->severity_text);
    if (log->dropped_attributes_count > 0)
        keel__json_add_uint(&json, "otel.dropped_attributes_count", log->dropped_attributes_count);
    return keel__attributes_end(mapper, &json);
}

static struct keel_record log_record(struct keel__mapper *mapper, const Otlp__LogRecord *log,
                                     const struct keel__origin *origin)
{
    struct keel_record record = keel__origin_record(origin);
    struct keel_hash hash = hash_of(mapper, log);
    memcpy(record.trace_id, log->trace_id.data, TRACE_ID_BYTES);
    record.event_key = key_of(mapper, &hash);
    if (keel__id_valid(log->span_id, SPAN_ID_BYTES))
        record.parent_key = keel__span_key(mapper, log->span_id);
    record.kind = KEEL_EVENT_LOG;
    int severity = (int)log->severity_number;
    record.severity = severity >= 1 && severity <= MAX_SEVERITY ? severity : 0;
    record.start_ns = keel__time_ns(log->time_unix_nano);
    if (record.start_ns == 0)
        record.start_ns = keel__time_ns(log->observed_time_unix_nano);
    struct keel__attributes attributes =
        keel__attributes_read(mapper, log->attributes, log->n_attributes);
    record.name = name_of(mapper, log, &attributes);
    const struct keel__message_event event = {
        .name = record.name, .attributes = attributes, .body = log->body};
    bool body_taken = keel__map_event(mapper, &event, &record);
    if (log->body && log->body->value_case != OTLP__ANY_VALUE__VALUE__NOT_SET && !body_taken)
        record.body = keel__json_of_any(mapper, log->body);
    record.attributes = log_attributes(mapper, log, &attributes, origin);
    return record;
}

int keel__otlp_log_records(struct keel__mapper *mapper, const Otlp__LogsRequest *request,
                           size_t max_records, struct keel__otlp_batch *out, struct keel_error *err)
{
    size_t count = count_records(request);
    if (count > max_records)
        return keel_error_set(err, KEEL_NOMEM,
                              "%zu log records in one request; at most %zu are taken", count,
                              max_records);
    struct keel_record *records = keel__mapper_alloc(mapper, count, sizeof *records);
    const char *why = NULL;
    size_t made = 0;
    for (size_t i = 0; i < request->n_resource_logs && !mapper->failed; i++) {
        const Otlp__ResourceLogs *resource = request->resource_logs[i];
        struct keel__origin origin = keel__origin_read(mapper, resource->resource);
        for (size_t j = 0; j < resource->n_scope_logs && !mapper->failed; j++) {
            const Otlp__ScopeLogs *scope = resource->scope_logs[j];
            origin.scope = scope->scope;
            for (size_t k = 0; k < scope->n_log_records && !mapper->failed; k++) {
                const char *reason = reason_to_reject(scope->log_records[k]);
                if (reason) {
                    why = reason;
                    out->rejected++;
                    continue;
                }
                records[made++] = log_record(mapper, scope->log_records[k], &origin);
            }
        }
    }
    if (!mapper->failed)
        number_equals(mapper, records, made);
    out->records = records;
    out->record_count = made;
    out->message = keel_slice_of(why);
    return KEEL_OK;
}
