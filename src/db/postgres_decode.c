#include "base/hex.h"
#include "db/postgres.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>

static const int64_t postgres_epoch_us = INT64_C(946684800000000);

static uint32_t get32(const char *in)
{
    uint32_t value;
    memcpy(&value, in, sizeof value);
    return be32toh(value);
}

static uint64_t get64(const char *in)
{
    uint64_t value;
    memcpy(&value, in, sizeof value);
    return be64toh(value);
}

/* Unix microseconds; +-infinity becomes the largest and the smallest number. */
static int64_t unix_us(int64_t postgres_us)
{
    int64_t us;
    if (postgres_us == INT64_MIN || postgres_us == INT64_MAX)
        return postgres_us;
    return __builtin_add_overflow(postgres_us, postgres_epoch_us, &us) ? INT64_MAX : us;
}

static double get_double(const char *in)
{
    uint64_t bits = get64(in);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double get_float(const char *in)
{
    uint32_t bits = get32(in);
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

static struct keel_value of_type(enum keel_type type, int64_t integer)
{
    struct keel_value v = keel_int(integer);
    v.type = type;
    return v;
}

static bool size_is(struct keel_slice bytes, size_t size)
{
    return bytes.size == size;
}

/* False when the type has no binary form that is known here, or the bytes are not of that form. */
static bool decode_binary(struct keel_value *out, Oid type, struct keel_slice bytes,
                          enum keel_type declared, struct keel__arena *arena)
{
    const char *data = bytes.data;
    switch (type) {
    case KEEL__PG_BOOL:
        *out = keel_bool(bytes.size > 0 && *data);
        return size_is(bytes, 1);
    case KEEL__PG_INT2:
        *out = keel_int(
            bytes.size == 2 ? (int16_t)((unsigned char)data[0] << 8 | (unsigned char)data[1]) : 0);
        return size_is(bytes, 2);
    case KEEL__PG_INT4:
        *out = keel_int(bytes.size == 4 ? (int32_t)get32(data) : 0);
        return size_is(bytes, 4);
    case KEEL__PG_OID:
        *out = keel_int(bytes.size == 4 ? get32(data) : 0);
        return size_is(bytes, 4);
    case KEEL__PG_INT8:
        *out = keel_int(bytes.size == 8 ? (int64_t)get64(data) : 0);
        return size_is(bytes, 8);
    case KEEL__PG_FLOAT4:
        *out = keel_double(bytes.size == 4 ? get_float(data) : 0);
        return size_is(bytes, 4);
    case KEEL__PG_FLOAT8:
        *out = keel_double(bytes.size == 8 ? get_double(data) : 0);
        return size_is(bytes, 8);
    case KEEL__PG_TIMESTAMP: /* without a time zone: taken as UTC */
    case KEEL__PG_TIMESTAMPTZ:
        *out = keel_time(bytes.size == 8 ? unix_us((int64_t)get64(data)) : 0);
        return size_is(bytes, 8);
    case KEEL__PG_UUID:
        out->type = KEEL_UUID;
        if (bytes.size == sizeof out->as.uuid.bytes)
            memcpy(out->as.uuid.bytes, data, sizeof out->as.uuid.bytes);
        return size_is(bytes, sizeof out->as.uuid.bytes);
    case KEEL__PG_NUMERIC:
        return keel__pg_numeric_decode(out, bytes, declared, arena);
    case KEEL__PG_BYTEA:
        *out = keel_bytes(bytes);
        return true;
    case KEEL__PG_JSONB:
        *out = keel_json(keel_slice(data + 1, bytes.size - 1));
        return bytes.size > 1 && *data == 1;
    case KEEL__PG_JSON:
        *out = keel_json(bytes);
        return true;
    case KEEL__PG_CHAR:
    case KEEL__PG_NAME:
    case KEEL__PG_TEXT:
    case KEEL__PG_XML:
    case KEEL__PG_UNKNOWN:
    case KEEL__PG_BPCHAR:
    case KEEL__PG_VARCHAR:
        *out = keel_text(bytes);
        return true;
    default:
        return false;
    }
}

static bool text_int(struct keel_value *out, const char *text)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || *end)
        return false;
    *out = keel_int(number);
    return true;
}

/* "2026-11-22 10:20:30.123456+00" (DateStyle ISO, TimeZone UTC). What RFC 3339 cannot say
 * (infinity, BC) stays text. */
static bool text_time(struct keel_value *out, struct keel_slice text)
{
    char buffer[40];
    int64_t us;
    if (text.size < 3 || text.size >= sizeof buffer ||
        memcmp(text.data + text.size - 3, "+00", 3) != 0)
        return false;
    memcpy(buffer, text.data, text.size - 3);
    buffer[text.size - 3] = 'Z';
    if (!keel_time_parse(keel_slice(buffer, text.size - 2), &us))
        return false;
    *out = keel_time(us);
    return true;
}

/* "\x" and hex digits (bytea_output). */
static bool text_bytes(struct keel_value *out, struct keel_slice text, struct keel__arena *arena)
{
    if (text.size < 2 || text.data[0] != '\\' || text.data[1] != 'x')
        return false;
    size_t size = (text.size - 2) / 2;
    char *bytes = keel__arena_alloc(arena, size);
    if (!bytes || !keel__hex_decode(bytes, size, keel_slice(text.data + 2, text.size - 2)))
        return false;
    *out = keel_bytes(keel_slice(bytes, size));
    return true;
}

/* A numeric of exactly our scale is money; any other is a number of whatever kind, and stays text.
 */
static bool text_money(struct keel_value *out, struct keel_slice text, int modifier)
{
    const int nano_dollars = ((20 << 16) | 9) + 4; /* numeric(20,9), numerictypmodin */
    int64_t nusd;
    if (modifier != nano_dollars || !keel_money_parse(text, &nusd))
        return false;
    *out = keel_money(nusd);
    return true;
}

static bool text_uuid(struct keel_value *out, struct keel_slice text)
{
    out->type = KEEL_UUID;
    return keel_uuid_parse(text, &out->as.uuid);
}

static bool text_double(struct keel_value *out, const char *text)
{
    char *end;
    *out = keel_double(strtod(text, &end));
    return *text && !*end;
}

static struct keel_value decode_text(Oid type, int modifier, struct keel_slice text,
                                     struct keel__arena *arena)
{
    struct keel_value v;
    bool known;
    switch (type) {
    case KEEL__PG_BOOL:
        return of_type(KEEL_BOOL, text.data[0] == 't');
    case KEEL__PG_INT2:
    case KEEL__PG_INT4:
    case KEEL__PG_INT8:
    case KEEL__PG_OID:
        known = text_int(&v, text.data);
        break;
    case KEEL__PG_FLOAT4:
    case KEEL__PG_FLOAT8:
        known = text_double(&v, text.data);
        break;
    case KEEL__PG_TIMESTAMPTZ:
        known = text_time(&v, text);
        break;
    case KEEL__PG_UUID:
        known = text_uuid(&v, text);
        break;
    case KEEL__PG_BYTEA:
        known = text_bytes(&v, text, arena);
        break;
    case KEEL__PG_NUMERIC:
        known = text_money(&v, text, modifier);
        break;
    case KEEL__PG_JSON:
    case KEEL__PG_JSONB:
        return keel_json(text);
    default:
        known = false;
        break;
    }
    return known ? v : keel_text(text);
}

int keel__pg_decode(struct keel__statement *statement, const PGresult *result, int row,
                    struct keel__arena *arena, struct keel_error *err)
{
    int columns = PQnfields(result);
    int rc = keel__statement_cells(statement, (size_t)columns, err);
    for (int i = 0; i < columns && !rc; i++) {
        struct keel_value *cell = &statement->cells[i];
        *cell = keel_null();
        if (PQgetisnull(result, row, i))
            continue;
        struct keel_slice bytes =
            keel_slice(PQgetvalue(result, row, i), (size_t)PQgetlength(result, row, i));
        enum keel_type declared =
            (size_t)i < statement->return_count ? statement->returns[i] : KEEL_NULL;
        if (PQfformat(result, i) == 0)
            *cell = decode_text(PQftype(result, i), PQfmod(result, i), bytes, arena);
        else if (!decode_binary(cell, PQftype(result, i), bytes, declared, arena))
            rc = keel_error_set(
                err, KEEL_UNSUPPORTED,
                "column %d (%s) is of a type that keel does not read (oid %u): cast it to "
                "text in the query",
                i + 1, PQfname(result, i), PQftype(result, i));
    }
    return rc;
}
