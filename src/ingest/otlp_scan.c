#include "ingest/otlp_body.h"

#include <stdio.h>

/* https://protobuf.dev/programming-guides/encoding/ */
enum wire_type { WIRE_VARINT = 0, WIRE_64BIT = 1, WIRE_LENGTH = 2, WIRE_32BIT = 5 };

/* How protobuf-c's unpack allocates: 16 descriptors of fields on the stack, then blocks of 32, 64,
 * ... of them. */
enum { FIRST_SLAB = 16, SCANNED_MEMBER_BYTES = 40, ALIGNMENT = 16 };

struct frame {
    const ProtobufCMessageDescriptor *type;
    const char *field; /* that led here; NULL at the top */
    const uint8_t *end;
    uint32_t seen; /* the message fields that may stand once and did, by index */
    size_t members;
    size_t slab_end; /* members at which unpack takes the next block */
};

struct scan {
    const uint8_t *start, *at;
    struct frame stack[KEEL__OTLP_DEPTH_LIMIT];
    size_t depth, max_depth;
    size_t bytes, max_bytes;
    struct keel_error *err;
};

static int fault(struct scan *s, const char *field, const char *what)
{
    char path[256] = "";
    size_t used = 0;
    for (size_t i = 1; i <= s->depth && used < sizeof path; i++) {
        const char *name = i < s->depth ? s->stack[i].field : field;
        if (name)
            used +=
                (size_t)snprintf(path + used, sizeof path - used, "%s%s", used ? "." : "", name);
    }
    return keel_error_set(s->err, KEEL_INVALID, "not valid OTLP protobuf at byte %zu%s%s: %s",
                          (size_t)(s->at - s->start), used ? ", in " : "", path, what);
}

static void take(struct scan *s, size_t bytes)
{
    s->bytes += (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

static bool read_varint(struct scan *s, const uint8_t *end, size_t max_size, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < max_size && s->at + i < end; i++) {
        *value |= (uint64_t)(s->at[i] & 0x7F) << (7 * i);
        if (!(s->at[i] & 0x80)) {
            s->at += i + 1;
            return true;
        }
    }
    return false;
}

static bool wire_fits(ProtobufCType type, unsigned wire)
{
    switch (type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return wire == WIRE_LENGTH;
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return wire == WIRE_64BIT;
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return wire == WIRE_32BIT;
    default:
        return wire == WIRE_VARINT;
    }
}

static void count_member(struct scan *s, struct frame *frame)
{
    if (frame->members++ < frame->slab_end)
        return;
    size_t slab = frame->slab_end + FIRST_SLAB; /* the ends are 16, 48, 112, ... */
    take(s, slab * SCANNED_MEMBER_BYTES);
    frame->slab_end += slab;
}

static int push(struct scan *s, const ProtobufCMessageDescriptor *type, const char *field,
                const uint8_t *end)
{
    if (s->depth == s->max_depth)
        return fault(s, field, "messages are nested too deep");
    s->stack[s->depth++] =
        (struct frame){.type = type, .field = field, .end = end, .slab_end = FIRST_SLAB};
    take(s, type->sizeof_message);
    return KEEL_OK;
}

static int scan_length_delimited(struct scan *s, struct frame *frame,
                                 const ProtobufCFieldDescriptor *field, const char *name)
{
    uint64_t length;
    if (!read_varint(s, frame->end, 5, &length))
        return fault(s, name, "a length is cut off or too long");
    if (length > (uint64_t)(frame->end - s->at))
        return fault(s, name, "a length goes beyond the end of what it is in");
    if (!field || field->type != PROTOBUF_C_TYPE_MESSAGE) {
        take(s, length);
        s->at += length;
        return KEEL_OK;
    }
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        s->bytes += sizeof(void *);
    } else {
        /* protobuf-c would merge the two, at a cost that grows with the square of their number. */
        uint32_t bit = UINT32_C(1) << (field - frame->type->fields);
        if (frame->seen & bit)
            return fault(s, name, "a field that is not repeated stands twice");
        frame->seen |= bit;
    }
    return push(s, field->descriptor, name, s->at + length);
}

static int scan_field(struct scan *s)
{
    struct frame *frame = &s->stack[s->depth - 1];
    uint64_t tag, ignored;
    if (!read_varint(s, frame->end, 5, &tag))
        return fault(s, NULL, "a tag is cut off or too long");
    unsigned wire = (unsigned)(tag & 7);
    if (tag >> 3 == 0 || tag > UINT32_MAX)
        return fault(s, NULL, "a tag has a field number that does not exist");
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(frame->type, (unsigned)(tag >> 3));
    const char *name = field ? field->name : NULL;
    if (field && !wire_fits(field->type, wire))
        return fault(s, name, "the wire type is not that of the field");
    count_member(s, frame);
    if (!field)
        take(s, sizeof(ProtobufCMessageUnknownField) + 10);
    switch (wire) {
    case WIRE_VARINT:
        return read_varint(s, frame->end, 10, &ignored) ? KEEL_OK
                                                        : fault(s, name, "a varint is cut off");
    case WIRE_64BIT:
    case WIRE_32BIT: {
        ptrdiff_t size = wire == WIRE_64BIT ? 8 : 4;
        if (frame->end - s->at < size)
            return fault(s, name, "a number is cut off");
        s->at += size;
        return KEEL_OK;
    }
    case WIRE_LENGTH:
        return scan_length_delimited(s, frame, field, name);
    default:
        return fault(s, name, "the wire type does not exist or is a group");
    }
}

int keel__otlp_scan(const ProtobufCMessageDescriptor *type, struct keel_slice body,
                    size_t max_depth, size_t max_bytes, struct keel_error *err)
{
    struct scan s = {
        .start = (const uint8_t *)body.data,
        .at = (const uint8_t *)body.data,
        .max_depth = max_depth < KEEL__OTLP_DEPTH_LIMIT ? max_depth : KEEL__OTLP_DEPTH_LIMIT,
        .max_bytes = max_bytes,
        .err = err,
    };
    int rc = push(&s, type, NULL, s.start + body.size);
    while (rc == KEEL_OK && s.depth > 0) {
        if (s.at == s.stack[s.depth - 1].end)
            s.depth--;
        else
            rc = scan_field(&s);
        if (rc == KEEL_OK && s.bytes > s.max_bytes)
            rc = keel_error_set(err, KEEL_NOMEM,
                                "decoding this needs more than the %zu bytes allowed for it",
                                s.max_bytes);
    }
    return rc;
}
