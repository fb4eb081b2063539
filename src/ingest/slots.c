#include "ingest/slots.h"

#include "base/utf8.h"

#include <keel/record.h>

static const int64_t max_tokens = INT64_C(1000000000000000);

struct keel__slots keel__slots_fill(struct keel__attributes attributes)
{
    struct keel__slots slots = {.attributes = attributes};
    for (size_t i = 0; i < attributes.count; i++) {
        struct keel__attribute *attribute = &attributes.items[i];
        if (!attribute->row || attribute->value->value_case == OTLP__ANY_VALUE__VALUE__NOT_SET)
            continue;
        struct keel__attribute **best = &slots.best[attribute->row->field];
        if (!*best || attribute->row->rank < (*best)->row->rank)
            *best = attribute;
    }
    return slots;
}

struct keel_slice keel__slot_text(struct keel__mapper *mapper, struct keel__slots *slots,
                                  enum keel__field field)
{
    struct keel__attribute *attribute = slots->best[field];
    if (!attribute)
        return keel_slice(NULL, 0);
    attribute->taken = true;
    return keel__attribute_text(mapper, attribute);
}

struct keel_slice keel__slot_name(struct keel__mapper *mapper, struct keel__slots *slots,
                                  enum keel__field field)
{
    struct keel_slice text = keel__slot_text(mapper, slots, field);
    if (text.size == 0)
        return keel_slice(NULL, 0);
    if (text.size > KEEL__NAME_MAX_BYTES) {
        slots->best[field]->taken = false;
        text = keel__utf8_cut(text, KEEL__NAME_MAX_BYTES);
    }
    return text;
}

int64_t keel__slot_tokens(struct keel__slots *slots, enum keel__field field)
{
    int64_t tokens;
    struct keel__attribute *attribute = slots->best[field];
    if (!keel__attribute_int(attribute, &tokens) || tokens < 0 || tokens > max_tokens)
        return KEEL_TOKENS_UNKNOWN;
    attribute->taken = true;
    return tokens;
}

void keel__slot_take(struct keel__slots *slots, enum keel__field field)
{
    if (slots->best[field])
        slots->best[field]->taken = true;
}

void keel__slot_release(struct keel__slots *slots, enum keel__field field)
{
    if (slots->best[field])
        slots->best[field]->taken = false;
}

void keel__slots_settle(struct keel__slots *slots)
{
    for (size_t i = 0; i < slots->attributes.count; i++) {
        struct keel__attribute *attribute = &slots->attributes.items[i];
        if (attribute->taken || !attribute->row)
            continue;
        const struct keel__attribute *best = slots->best[attribute->row->field];
        if (best && best->taken && keel__attribute_equal(attribute, best))
            attribute->taken = true;
    }
}
