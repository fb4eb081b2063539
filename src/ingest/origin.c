#include "ingest/origin.h"

#include "base/arena.h"
#include "base/hex.h"
#include "base/utf8.h"
#include "ingest/slots.h"

struct keel__origin keel__origin_read(struct keel__mapper *mapper, const Otlp__Resource *resource)
{
    struct keel__origin origin = {.project = {NULL, 0}};
    if (!resource)
        return origin;
    origin.resource = keel__attributes_read(mapper, resource->attributes, resource->n_attributes);
    struct keel__attribute *name = keel__attributes_find(&origin.resource, "service.name");
    struct keel_slice project = keel__attribute_text(mapper, name);
    if (project.size > 0) {
        origin.project = keel__utf8_cut(project, KEEL__NAME_MAX_BYTES);
        name->taken = origin.project.size == project.size;
    }
    struct keel__slots slots = keel__slots_fill(origin.resource);
    origin.session_id = keel__slot_name(mapper, &slots, KEEL__F_SESSION);
    origin.user_id = keel__slot_name(mapper, &slots, KEEL__F_USER);
    return origin;
}

struct keel_record keel__origin_record(const struct keel__origin *origin)
{
    return (struct keel_record){
        .project = origin->project,
        .session_id = origin->session_id,
        .user_id = origin->user_id,
    };
}

void keel__write_member(struct keel__mapper *mapper, struct keel__json *json, const char *key,
                        ProtobufCBinaryData text)
{
    if (text.len > 0)
        keel__json_add_text(json, key, keel__mapper_clean(mapper, keel__bytes_slice(text)));
}

static void write_object(struct keel__mapper *mapper, struct keel__json *json, const char *key,
                         const struct keel__attributes *attributes)
{
    size_t left = 0;
    for (size_t i = 0; i < attributes->count; i++)
        left += !attributes->items[i].taken;
    if (left == 0)
        return;
    keel__json_key(json, key);
    keel__json_object_begin(json);
    keel__attributes_write(mapper, json, attributes);
    keel__json_object_end(json);
}

void keel__origin_write(struct keel__mapper *mapper, struct keel__json *json,
                        const struct keel__attributes *attributes,
                        const struct keel__origin *origin)
{
    keel__attributes_write(mapper, json, attributes);
    const Otlp__InstrumentationScope *scope = origin->scope;
    if (!scope)
        return;
    keel__write_member(mapper, json, "otel.scope.name", scope->name);
    keel__write_member(mapper, json, "otel.scope.version", scope->version);
    if (scope->n_attributes > 0) {
        struct keel__attributes of_scope =
            keel__attributes_read(mapper, scope->attributes, scope->n_attributes);
        write_object(mapper, json, "otel.scope.attributes", &of_scope);
    }
}

void keel__origin_write_resource(struct keel__mapper *mapper, struct keel__json *json,
                                 const struct keel__origin *origin)
{
    write_object(mapper, json, "otel.resource", &origin->resource);
}

struct keel_slice keel__attributes_end(struct keel__mapper *mapper, struct keel__json *json)
{
    keel__json_object_end(json);
    if (json->out->size <= 2 && !json->out->failed) {
        keel__str_clear(json->out);
        return keel_slice(NULL, 0);
    }
    return keel__mapper_written(mapper);
}

bool keel__id_valid(ProtobufCBinaryData id, size_t size)
{
    if (id.len != size)
        return false;
    for (size_t i = 0; i < size; i++)
        if (id.data[i])
            return true;
    return false;
}

struct keel_slice keel__span_key(struct keel__mapper *mapper, ProtobufCBinaryData span_id)
{
    char *key = keel__mapper_alloc(mapper, 2 * span_id.len, 1);
    if (!key)
        return keel_slice(NULL, 0);
    keel__hex_encode(key, span_id.data, span_id.len);
    return keel_slice(key, 2 * span_id.len);
}

int64_t keel__time_ns(uint64_t unix_nano)
{
    return unix_nano <= INT64_MAX ? (int64_t)unix_nano : 0;
}
