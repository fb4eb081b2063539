#include "base/hex.h"
#include "base/json.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void keel__json_init(struct keel__json *json, struct keel__str *out, bool pretty)
{
    *json = (struct keel__json){.out = out, .pretty = pretty};
}

static void new_line(struct keel__json *json)
{
    char *place = keel__str_reserve(json->out, 1 + 2 * (size_t)json->depth);
    if (!place)
        return;
    place[0] = '\n';
    memset(place + 1, ' ', 2 * (size_t)json->depth);
    keel__str_advance(json->out, 1 + 2 * (size_t)json->depth);
}

/* What stands before a value or a key. */
static void lead(struct keel__json *json)
{
    if (json->keyed) {
        json->keyed = false;
        return;
    }
    if (json->comma)
        keel__str_char(json->out, ',');
    if (json->pretty && json->depth > 0)
        new_line(json);
}

static void write_token(struct keel__json *json, const char *text, size_t size)
{
    lead(json);
    keel__str_append(json->out, text, size);
    json->comma = true;
}

static void begin(struct keel__json *json, char bracket)
{
    lead(json);
    keel__str_char(json->out, bracket);
    json->depth++;
    json->comma = false;
}

static void end(struct keel__json *json, char bracket)
{
    json->depth--;
    if (json->pretty && json->comma)
        new_line(json);
    keel__str_char(json->out, bracket);
    json->comma = true;
}

void keel__json_object_begin(struct keel__json *json)
{
    begin(json, '{');
}

void keel__json_object_end(struct keel__json *json)
{
    end(json, '}');
}

void keel__json_array_begin(struct keel__json *json)
{
    begin(json, '[');
}

void keel__json_array_end(struct keel__json *json)
{
    end(json, ']');
}

static void write_escape(struct keel__str *out, unsigned char c)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *letter = letters; *letter; letter += 2) {
        if (*letter == (char)c) {
            char pair[2] = {'\\', letter[1]};
            keel__str_append(out, pair, 2);
            return;
        }
    }
    keel__str_printf(out, "\\u%04x", (unsigned)c);
}

/* The number of leading bytes that need no escape: printable ASCII and valid UTF-8. */
static size_t plain_prefix(const char *text, size_t size)
{
    size_t i = 0;
    while (i < size) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x80) {
            if (c < 0x20 || c == '"' || c == '\\' || c == 0x7F)
                break;
            i++;
            continue;
        }
        uint32_t codepoint;
        size_t length = keel__utf8_decode(text + i, size - i, &codepoint, NULL);
        if (length == 0)
            break;
        i += length;
    }
    return i;
}

static void write_string(struct keel__str *out, struct keel_slice text)
{
    keel__str_char(out, '"');
    for (size_t i = 0; i < text.size;) {
        size_t plain = plain_prefix(text.data + i, text.size - i);
        if (plain > 0)
            keel__str_append(out, text.data + i, plain);
        i += plain;
        if (i == text.size)
            break;
        if ((unsigned char)text.data[i] < 0x80) {
            write_escape(out, (unsigned char)text.data[i++]);
            continue;
        }
        uint32_t codepoint;
        size_t skip = 1;
        keel__utf8_decode(text.data + i, text.size - i, &codepoint, &skip);
        keel__str_append(out, "\xEF\xBF\xBD", 3);
        i += skip;
    }
    keel__str_char(out, '"');
}

void keel__json_key_slice(struct keel__json *json, struct keel_slice key)
{
    lead(json);
    write_string(json->out, key);
    keel__str_append(json->out, ": ", json->pretty ? 2 : 1);
    json->keyed = true;
}

void keel__json_key(struct keel__json *json, const char *key)
{
    keel__json_key_slice(json, keel_slice_of(key));
}

void keel__json_null(struct keel__json *json)
{
    write_token(json, "null", 4);
}

void keel__json_bool(struct keel__json *json, bool value)
{
    write_token(json, value ? "true" : "false", value ? 4 : 5);
}

void keel__json_int(struct keel__json *json, int64_t value)
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%" PRId64, value);
    write_token(json, digits, (size_t)size);
}

void keel__json_uint(struct keel__json *json, uint64_t value)
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%" PRIu64, value);
    write_token(json, digits, (size_t)size);
}

void keel__json_double(struct keel__json *json, double value)
{
    if (!isfinite(value)) {
        keel__json_null(json);
        return;
    }
    char digits[40];
    int size = 0;
    for (int precision = 15; precision <= 17; precision++) {
        size = snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    char *comma = strchr(digits, ','); /* the host program may have set a locale */
    if (comma)
        *comma = '.';
    if (!strpbrk(digits, ".e")) { /* keep it a double for who reads it back */
        memcpy(digits + size, ".0", 2);
        size += 2;
    }
    write_token(json, digits, (size_t)size);
}

void keel__json_text(struct keel__json *json, struct keel_slice text)
{
    if (!text.data) {
        keel__json_null(json);
        return;
    }
    lead(json);
    write_string(json->out, text);
    json->comma = true;
}

void keel__json_cstr(struct keel__json *json, const char *text)
{
    keel__json_text(json, keel_slice_of(text));
}

void keel__json_hex(struct keel__json *json, const void *bytes, size_t size)
{
    lead(json);
    keel__str_char(json->out, '"');
    char *place = keel__str_reserve(json->out, size * 2);
    if (place) {
        keel__hex_encode(place, bytes, size);
        keel__str_advance(json->out, size * 2);
    }
    keel__str_char(json->out, '"');
    json->comma = true;
}

void keel__json_uuid(struct keel__json *json, struct keel_uuid uuid)
{
    char text[37];
    keel_uuid_format(uuid, text);
    keel__json_cstr(json, text);
}

void keel__json_time(struct keel__json *json, int64_t unix_us)
{
    char text[28];
    keel_time_format(unix_us, text);
    keel__json_cstr(json, text);
}

void keel__json_money(struct keel__json *json, int64_t nusd)
{
    char text[24];
    keel_money_format(nusd, text);
    keel__json_cstr(json, text);
}

void keel__json_raw(struct keel__json *json, struct keel_slice raw)
{
    if (raw.size == 0)
        keel__json_null(json);
    else
        write_token(json, raw.data, raw.size);
}

void keel__json_add_null(struct keel__json *json, const char *key)
{
    keel__json_key(json, key);
    keel__json_null(json);
}

void keel__json_add_bool(struct keel__json *json, const char *key, bool value)
{
    keel__json_key(json, key);
    keel__json_bool(json, value);
}

void keel__json_add_int(struct keel__json *json, const char *key, int64_t value)
{
    keel__json_key(json, key);
    keel__json_int(json, value);
}

void keel__json_add_uint(struct keel__json *json, const char *key, uint64_t value)
{
    keel__json_key(json, key);
    keel__json_uint(json, value);
}

void keel__json_add_double(struct keel__json *json, const char *key, double value)
{
    keel__json_key(json, key);
    keel__json_double(json, value);
}

void keel__json_add_text(struct keel__json *json, const char *key, struct keel_slice text)
{
    keel__json_key(json, key);
    keel__json_text(json, text);
}

void keel__json_add_cstr(struct keel__json *json, const char *key, const char *text)
{
    keel__json_key(json, key);
    keel__json_cstr(json, text);
}

void keel__json_add_hex(struct keel__json *json, const char *key, const void *bytes, size_t size)
{
    keel__json_key(json, key);
    keel__json_hex(json, bytes, size);
}

void keel__json_add_uuid(struct keel__json *json, const char *key, struct keel_uuid uuid)
{
    keel__json_key(json, key);
    keel__json_uuid(json, uuid);
}

void keel__json_add_time(struct keel__json *json, const char *key, int64_t unix_us)
{
    keel__json_key(json, key);
    keel__json_time(json, unix_us);
}

void keel__json_add_money(struct keel__json *json, const char *key, int64_t nusd)
{
    keel__json_key(json, key);
    keel__json_money(json, nusd);
}

void keel__json_add_raw(struct keel__json *json, const char *key, struct keel_slice raw)
{
    keel__json_key(json, key);
    keel__json_raw(json, raw);
}
