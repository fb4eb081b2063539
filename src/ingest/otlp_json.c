#include "ingest/otlp_body.h"

#include "base/arena.h"
#include "base/hex.h"
#include "base/json.h"
#include "otlp.pb-c.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

/* Containers in containers in JSON, for max_depth messages in messages: an object each, and an
 * array around the repeated ones. */
enum { JSON_DEPTH = 2 * KEEL__OTLP_DEPTH_LIMIT + 64 };

/* Where the reader is, for messages: the field of each message on the way, and which element of it.
 */
struct step {
    const char *name; /* as in the .proto */
    size_t index;     /* SIZE_MAX: not an array */
};

struct reader {
    struct keel__arena *arena;
    struct keel_error *err;
    size_t depth, max_depth;
    struct step path[KEEL__OTLP_DEPTH_LIMIT];
};

static size_t camel_case(char *out, size_t size, const char *name)
{
    size_t used = 0;
    for (bool upper = false; *name && used + 1 < size; name++) {
        if (*name == '_') {
            upper = true;
            continue;
        }
        out[used++] = (char)(upper && *name >= 'a' && *name <= 'z' ? *name - 'a' + 'A' : *name);
        upper = false;
    }
    out[used] = '\0';
    return used;
}

/* "resourceSpans[0].scopeSpans[2].spans[7].kind: what" */
static int fault(struct reader *r, const char *what)
{
    char path[400] = "";
    size_t used = 0;
    for (size_t i = 0; i < r->depth && used + 1 < sizeof path; i++) {
        if (!r->path[i].name)
            break;
        if (used > 0)
            path[used++] = '.';
        used += camel_case(path + used, sizeof path - used, r->path[i].name);
        if (r->path[i].index != SIZE_MAX && used + 1 < sizeof path)
            used += (size_t)snprintf(path + used, sizeof path - used, "[%zu]", r->path[i].index);
    }
    if (used >= sizeof path)
        path[sizeof path - 1] = '\0';
    return keel_error_set(r->err, KEEL_INVALID, "not valid OTLP JSON%s%s: %s",
                          path[0] ? " at " : "", path, what);
}

/* Whether key is the lowerCamelCase of name. */
static bool is_name(const char *name, const char *key, size_t size)
{
    size_t i = 0;
    for (; *name; name++, i++) {
        char expected = *name;
        if (expected == '_') {
            name++;
            expected = (char)(*name - 'a' + 'A');
        }
        if (i >= size || key[i] != expected)
            return false;
    }
    return i == size;
}

static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *type,
                                                  const char *key, size_t size)
{
    for (unsigned i = 0; i < type->n_fields; i++)
        if (type->fields[i].name[0] == key[0] && is_name(type->fields[i].name, key, size))
            return &type->fields[i];
    return NULL;
}

/* ---- scalars ---- */

/* All of text as a decimal integer; JSON's grammar, so no blanks, no plus. */
static bool parse_integer(const char *text, size_t size, bool *negative, uint64_t *magnitude)
{
    size_t i = 0;
    *negative = size > 0 && text[0] == '-';
    if (*negative)
        i++;
    if (i == size || size - i > 20)
        return false;
    for (*magnitude = 0; i < size; i++) {
        unsigned digit = (unsigned)(text[i] - '0');
        if (digit > 9 || __builtin_mul_overflow(*magnitude, 10, magnitude) ||
            __builtin_add_overflow(*magnitude, digit, magnitude))
            return false;
    }
    return true;
}

/* A number or a text that is one, whole, and never through a double beyond what a double holds
 * exactly. */
static bool read_integer(yyjson_val *val, bool *negative, uint64_t *magnitude)
{
    *negative = false;
    if (yyjson_is_uint(val)) {
        *magnitude = yyjson_get_uint(val);
    } else if (yyjson_is_sint(val)) {
        *negative = yyjson_get_sint(val) < 0;
        *magnitude =
            *negative ? 0 - (uint64_t)yyjson_get_sint(val) : (uint64_t)yyjson_get_sint(val);
    } else if (yyjson_is_real(val)) {
        double real = yyjson_get_real(val);
        if (fabs(real) > 9007199254740992.0 || real != trunc(real))
            return false;
        *negative = real < 0;
        *magnitude = (uint64_t)fabs(real);
    } else if (yyjson_is_str(val)) {
        return parse_integer(yyjson_get_str(val), yyjson_get_len(val), negative, magnitude);
    } else {
        return false;
    }
    return true;
}

static int read_int64(struct reader *r, yyjson_val *val, int64_t *out)
{
    bool negative;
    uint64_t magnitude;
    if (!read_integer(val, &negative, &magnitude) ||
        magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return fault(r, "not a 64-bit integer (a number, or a string of digits)");
    *out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return KEEL_OK;
}

static int read_unsigned(struct reader *r, yyjson_val *val, uint64_t max, uint64_t *out)
{
    bool negative;
    if (!read_integer(val, &negative, out) || *out > max || (negative && *out > 0))
        return fault(r, max == UINT32_MAX
                            ? "not an unsigned 32-bit integer"
                            : "not an unsigned 64-bit integer (a number, or a string of "
                              "digits)");
    return KEEL_OK;
}

static int read_enum(struct reader *r, yyjson_val *val, int32_t *out)
{
    bool negative;
    uint64_t magnitude;
    if (yyjson_is_str(val))
        return fault(r, "an enum must be its number, not its name");
    if (!read_integer(val, &negative, &magnitude) || magnitude > INT32_MAX)
        return fault(r, "not a number of an enum");
    *out = negative ? -(int32_t)magnitude : (int32_t)magnitude;
    return KEEL_OK;
}

static int read_double(struct reader *r, yyjson_val *val, double *out)
{
    if (yyjson_is_num(val)) {
        *out = yyjson_get_num(val);
        return KEEL_OK;
    }
    if (yyjson_is_raw(val)) {
        *out = strtod(yyjson_get_raw(val), NULL);
        return KEEL_OK;
    }
    if (yyjson_equals_str(val, "NaN"))
        *out = (double)NAN;
    else if (yyjson_equals_str(val, "Infinity"))
        *out = (double)INFINITY;
    else if (yyjson_equals_str(val, "-Infinity"))
        *out = -(double)INFINITY;
    else {
        /* The protobuf mapping lets a number stand in quotes. */
        const char *text = yyjson_get_str(val);
        yyjson_val number;
        if (!text || yyjson_read_number(text, &number, YYJSON_READ_NOFLAG, NULL, NULL) !=
                         text + yyjson_get_len(val))
            return fault(r, "not a number");
        *out = yyjson_get_num(&number);
    }
    return KEEL_OK;
}

/* ---- bytes: text, ids in hex, and what is base64 ---- */

static int set_text(struct reader *r, yyjson_val *val, ProtobufCBinaryData *out)
{
    if (!yyjson_is_str(val))
        return fault(r, "not a string");
    out->len = yyjson_get_len(val);
    out->data = (uint8_t *)(uintptr_t)yyjson_get_str(val);
    return KEEL_OK;
}

/* Ids that are no hex are left to be rejected with their span: one byte is no id's length. */
static int set_id(struct reader *r, yyjson_val *val, ProtobufCBinaryData *out)
{
    static uint8_t none[1] = {0};
    if (!yyjson_is_str(val))
        return fault(r, "not a string of hex digits");
    size_t size = yyjson_get_len(val) / 2;
    uint8_t *bytes = keel__arena_alloc(r->arena, size);
    if (!bytes)
        return keel__arena_error(r->arena, r->err);
    if (keel__hex_decode(bytes, size, keel_slice(yyjson_get_str(val), yyjson_get_len(val))))
        *out = (ProtobufCBinaryData){.len = size, .data = bytes};
    else
        *out = (ProtobufCBinaryData){.len = 1, .data = none};
    return KEEL_OK;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-') /* the protobuf mapping admits both alphabets */
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

static int set_base64(struct reader *r, yyjson_val *val, ProtobufCBinaryData *out)
{
    const char *text = yyjson_get_str(val);
    size_t size = yyjson_get_len(val);
    while (size > 0 && text[size - 1] == '=')
        size--;
    if (!text || size % 4 == 1 || yyjson_get_len(val) - size > 2)
        return fault(r, "not base64");
    uint8_t *bytes = keel__arena_alloc(r->arena, size / 4 * 3 + 3);
    if (!bytes)
        return keel__arena_error(r->arena, r->err);
    size_t used = 0;
    unsigned bits = 0, held = 0;
    for (size_t i = 0; i < size; i++) {
        int digit = base64_digit(text[i]);
        if (digit < 0)
            return fault(r, "not base64");
        held = held << 6 | (unsigned)digit;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes[used++] = (uint8_t)(held >> bits);
        }
    }
    *out = (ProtobufCBinaryData){.len = used, .data = bytes};
    return KEEL_OK;
}

static int set_bytes(struct reader *r, const char *name, yyjson_val *val, ProtobufCBinaryData *out)
{
    if (strcmp(name, "bytes_value") == 0)
        return set_base64(r, val, out);
    size_t size = strlen(name);
    if (size > 3 && strcmp(name + size - 3, "_id") == 0)
        return set_id(r, val, out);
    return set_text(r, val, out);
}

/* ---- messages ---- */

static int read_message(struct reader *r, const ProtobufCMessageDescriptor *type, yyjson_val *val,
                        ProtobufCMessage **out);

static int read_element(struct reader *r, const ProtobufCFieldDescriptor *field, yyjson_val *val,
                        void *place)
{
    uint64_t number = 0;
    int rc;
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        return read_message(r, field->descriptor, val, place);
    case PROTOBUF_C_TYPE_BYTES:
        return set_bytes(r, field->name, val, place);
    case PROTOBUF_C_TYPE_INT64:
        return read_int64(r, val, place);
    case PROTOBUF_C_TYPE_FIXED64:
        return read_unsigned(r, val, UINT64_MAX, place);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        rc = read_unsigned(r, val, UINT32_MAX, &number);
        *(uint32_t *)place = (uint32_t)number;
        return rc;
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(r, val, place);
    case PROTOBUF_C_TYPE_DOUBLE:
        return read_double(r, val, place);
    case PROTOBUF_C_TYPE_BOOL:
        if (!yyjson_is_bool(val))
            return fault(r, "not true or false");
        *(protobuf_c_boolean *)place = yyjson_get_bool(val);
        return KEEL_OK;
    default:
        return keel_error_set(r->err, KEEL_UNSUPPORTED, "otlp.proto has a type this cannot read");
    }
}

static int read_repeated(struct reader *r, const ProtobufCFieldDescriptor *field, yyjson_val *val,
                         ProtobufCMessage *message)
{
    if (!yyjson_is_arr(val))
        return fault(r, "not an array");
    size_t count = yyjson_arr_size(val);
    ProtobufCMessage **elements = keel__arena_calloc(r->arena, count, sizeof *elements);
    if (!elements)
        return keel__arena_error(r->arena, r->err);
    *(void **)((char *)message + field->offset) = elements;
    *(size_t *)((char *)message + field->quantifier_offset) = count;
    struct step *step = &r->path[r->depth - 1];
    yyjson_arr_iter iter = yyjson_arr_iter_with(val);
    for (step->index = 0; step->index < count; step->index++) {
        int rc = read_element(r, field, yyjson_arr_iter_next(&iter), &elements[step->index]);
        if (rc)
            return rc;
    }
    return KEEL_OK;
}

/* An integer too big for 64 bits: JavaScript's SDK calls every whole number an intValue. */
static bool is_wide_number(const ProtobufCFieldDescriptor *field, yyjson_val *val)
{
    bool negative;
    uint64_t magnitude;
    if (field->type != PROTOBUF_C_TYPE_INT64 || (!yyjson_is_num(val) && !yyjson_is_raw(val)))
        return false;
    return !read_integer(val, &negative, &magnitude) ||
           magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0);
}

static int read_member(struct reader *r, const ProtobufCFieldDescriptor *field, yyjson_val *val,
                       ProtobufCMessage *message)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return read_repeated(r, field, val, message);
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
        uint32_t *chosen = (uint32_t *)((char *)message + field->quantifier_offset);
        if (*chosen)
            return fault(r, "a second value for what can have one only");
        if (message->descriptor == &otlp__any_value__descriptor && is_wide_number(field, val))
            field = protobuf_c_message_descriptor_get_field(message->descriptor,
                                                            OTLP__ANY_VALUE__VALUE_DOUBLE_VALUE);
        *chosen = field->id;
    }
    return read_element(r, field, val, (char *)message + field->offset);
}

static int read_message(struct reader *r, const ProtobufCMessageDescriptor *type, yyjson_val *val,
                        ProtobufCMessage **out)
{
    if (!yyjson_is_obj(val))
        return fault(r, "not an object");
    if (r->depth == r->max_depth)
        return fault(r, "messages are nested too deep");
    ProtobufCMessage *message = keel__arena_alloc(r->arena, type->sizeof_message);
    if (!message)
        return keel__arena_error(r->arena, r->err);
    protobuf_c_message_init(type, message);
    *out = message;
    uint32_t seen = 0;
    struct step *step = &r->path[r->depth++];
    *step = (struct step){.name = NULL};
    yyjson_obj_iter iter = yyjson_obj_iter_with(val);
    yyjson_val *key;
    while ((key = yyjson_obj_iter_next(&iter))) {
        const ProtobufCFieldDescriptor *field =
            find_field(type, yyjson_get_str(key), yyjson_get_len(key));
        yyjson_val *value = yyjson_obj_iter_get_val(key);
        if (!field || yyjson_is_null(value))
            continue;
        *step = (struct step){.name = field->name, .index = SIZE_MAX};
        uint32_t bit = UINT32_C(1) << (field - type->fields);
        if (seen & bit)
            return fault(r, "this key stands twice");
        seen |= bit;
        int rc = read_member(r, field, value, message);
        if (rc)
            return rc;
    }
    r->depth--;
    return KEEL_OK;
}

int keel__otlp_read_json(struct keel__arena *arena, size_t max_depth,
                         const ProtobufCMessageDescriptor *type, struct keel_slice body,
                         ProtobufCMessage **out, struct keel_error *err)
{
    *out = NULL;
    yyjson_doc *doc;
    const struct keel__json_limits limits = {.max_depth = JSON_DEPTH};
    int rc = keel__json_read_arena(&doc, arena, body, &limits, err);
    if (rc)
        return rc;
    struct reader r = {
        .arena = arena,
        .err = err,
        .max_depth = max_depth < KEEL__OTLP_DEPTH_LIMIT ? max_depth : KEEL__OTLP_DEPTH_LIMIT,
    };
    return read_message(&r, type, yyjson_doc_get_root(doc), out);
}
