#include "base/error.h"
#include "db/postgres.h"

#include <endian.h>
#include <limits.h>
#include <stdlib.h>

/* 2000-01-01, where PostgreSQL counts its microseconds from. */
static const int64_t postgres_epoch_us = INT64_C(946684800000000);

static Oid type_of(enum keel_type type)
{
    static const Oid types[] = {
        [KEEL_NULL] = 0, /* the server infers it */
        [KEEL_BOOL] = KEEL__PG_BOOL,
        [KEEL_INT] = KEEL__PG_INT8,
        [KEEL_DOUBLE] = KEEL__PG_FLOAT8,
        [KEEL_TEXT] = KEEL__PG_TEXT,
        [KEEL_BYTES] = KEEL__PG_BYTEA,
        [KEEL_UUID] = KEEL__PG_UUID,
        [KEEL_TIME] = KEEL__PG_TIMESTAMPTZ,
        [KEEL_MONEY] = KEEL__PG_NUMERIC,
        [KEEL_JSON] = KEEL__PG_JSONB,
    };
    return types[type];
}

static Oid array_type_of(enum keel_type type)
{
    static const Oid types[] = {
        [KEEL_NULL] = 0,     [KEEL_BOOL] = 1000,  [KEEL_INT] = 1016,  [KEEL_DOUBLE] = 1022,
        [KEEL_TEXT] = 1009,  [KEEL_BYTES] = 1001, [KEEL_UUID] = 2951, [KEEL_TIME] = 1185,
        [KEEL_MONEY] = 1231, [KEEL_JSON] = 3807,
    };
    return types[type];
}

static void put32(char *out, uint32_t value)
{
    value = htobe32(value);
    memcpy(out, &value, sizeof value);
}

static void put64(char *out, uint64_t value)
{
    value = htobe64(value);
    memcpy(out, &value, sizeof value);
}

static bool is_bytes(enum keel_type type)
{
    return type == KEEL_TEXT || type == KEEL_BYTES || type == KEEL_JSON;
}

/* A value that is not bytes, at out; returns its size. */
static size_t put_scalar(char *out, const struct keel_value *v)
{
    uint64_t bits;
    switch (v->type) {
    case KEEL_BOOL:
        *out = v->as.integer != 0;
        return 1;
    case KEEL_DOUBLE:
        memcpy(&bits, &v->as.real, sizeof bits);
        put64(out, bits);
        return 8;
    case KEEL_UUID:
        memcpy(out, v->as.uuid.bytes, sizeof v->as.uuid.bytes);
        return sizeof v->as.uuid.bytes;
    case KEEL_TIME: {
        int64_t us;
        if (__builtin_sub_overflow(v->as.integer, postgres_epoch_us, &us))
            us = INT64_MIN + 1; /* far out of range either way: the server says so */
        put64(out, (uint64_t)us);
        return 8;
    }
    case KEEL_MONEY:
        return keel__pg_numeric_encode(out, v->as.integer);
    default:
        put64(out, (uint64_t)v->as.integer);
        return 8;
    }
}

void keel__pg_params_fini(struct keel__pg_params *params)
{
    for (size_t i = 0; i < params->capacity; i++)
        keel__str_fini(&params->buffers[i]);
    free(params->types);
    free(params->values);
    free(params->lengths);
    free(params->formats);
    free(params->scalars);
    free(params->buffers);
    memset(params, 0, sizeof *params);
}

static int reserve(struct keel__pg_params *params, size_t count, struct keel_error *err)
{
    if (count <= params->capacity)
        return KEEL_OK;
    if (count > UINT16_MAX)
        return keel_error_set(err, KEEL_INVALID, "PostgreSQL takes at most 65535 parameters");
    keel__pg_params_fini(params);
    params->types = calloc(count, sizeof *params->types);
    params->values = calloc(count, sizeof *params->values);
    params->lengths = calloc(count, sizeof *params->lengths);
    params->formats = calloc(count, sizeof *params->formats);
    params->scalars = calloc(count, sizeof *params->scalars);
    params->buffers = calloc(count, sizeof *params->buffers);
    if (!params->types || !params->values || !params->lengths || !params->formats ||
        !params->scalars || !params->buffers) {
        keel__pg_params_fini(params);
        return keel__nomem(err);
    }
    params->capacity = count;
    for (size_t i = 0; i < count; i++)
        params->formats[i] = 1;
    return KEEL_OK;
}

/* A buffer that held something big is not kept. */
static struct keel__str *buffer_at(struct keel__pg_params *params, size_t i)
{
    struct keel__str *buffer = &params->buffers[i];
    if (buffer->capacity > 512 << 10)
        keel__str_fini(buffer);
    keel__str_clear(buffer);
    return buffer;
}

static int encode_bytes(struct keel__pg_params *params, size_t i, const struct keel_value *v,
                        bool jsonb, struct keel_error *err)
{
    if (v->as.bytes.size > INT_MAX - 1)
        return keel_error_set(err, KEEL_INVALID, "parameter $%zu is too large", i + 1);
    params->values[i] = v->as.bytes.data;
    params->lengths[i] = (int)v->as.bytes.size;
    if (!jsonb)
        return KEEL_OK;
    struct keel__str *buffer = buffer_at(params, i);
    keel__str_char(buffer, 1); /* jsonb's version */
    keel__str_slice(buffer, v->as.bytes);
    params->values[i] = buffer->data;
    params->lengths[i]++;
    return keel__str_error(buffer, err);
}

int keel__pg_encode(struct keel__pg_params *params, const uint8_t *types,
                    const struct keel_value *values, size_t count, struct keel_error *err)
{
    int rc = reserve(params, count, err);
    for (size_t i = 0; i < count && !rc; i++) {
        const struct keel_value *v = &values[i];
        params->types[i] = type_of(types[i]);
        params->values[i] = NULL;
        params->lengths[i] = 0;
        if (v->type == KEEL_NULL)
            continue;
        if (is_bytes(v->type)) {
            rc = encode_bytes(params, i, v, types[i] == KEEL_JSON, err);
        } else {
            params->values[i] = params->scalars[i];
            params->lengths[i] = (int)put_scalar(params->scalars[i], v);
        }
    }
    return rc;
}

/* An upper bound of what a value takes in an array. */
static size_t element_bytes(const struct keel_value *v)
{
    return 4 + (is_bytes(v->type) ? v->as.bytes.size + 1 : KEEL__PG_SCALAR_BYTES);
}

static size_t rows_that_fit(const struct keel__call *call, size_t max_bytes)
{
    size_t bytes = 0;
    for (size_t row = 0; row < call->row_count; row++) {
        for (size_t i = 0; i < call->width; i++)
            bytes += element_bytes(&call->params[row * call->width + i]);
        if (bytes > max_bytes)
            return row > 0 ? row : 1;
    }
    return call->row_count;
}

static char *put_element(char *at, const struct keel_value *v, bool jsonb)
{
    size_t size;
    char *data = at + 4;
    if (is_bytes(v->type)) {
        size = v->as.bytes.size;
        if (jsonb)
            *data++ = 1;
        memcpy(data, v->as.bytes.data, size);
        size += jsonb;
    } else {
        size = put_scalar(data, v);
    }
    put32(at, (uint32_t)size);
    return at + 4 + size;
}

/* One column as an array (array_send): dimensions, has NULLs, element type, size, lower bound; then
 * each element with its size. */
static int encode_array(struct keel__pg_params *params, const struct keel__call *call, size_t i,
                        size_t rows, struct keel_error *err)
{
    enum keel_type type = call->query->params[i];
    size_t bytes = 20;
    bool has_null = false;
    const struct keel_value *first = call->params + i;
    for (size_t row = 0; row < rows; row++) {
        bytes += element_bytes(first + row * call->width);
        has_null |= first[row * call->width].type == KEEL_NULL;
    }
    if (bytes > INT_MAX)
        return keel_error_set(err, KEEL_INVALID, "parameter $%zu is too large", i + 1);
    struct keel__str *buffer = buffer_at(params, i);
    char *start = keel__str_reserve(buffer, bytes);
    if (!start)
        return keel__str_error(buffer, err);
    put32(start, 1);
    put32(start + 4, has_null);
    put32(start + 8, type_of(type));
    put32(start + 12, (uint32_t)rows);
    put32(start + 16, 1);
    char *at = start + 20;
    for (size_t row = 0; row < rows; row++) {
        const struct keel_value *v = first + row * call->width;
        if (v->type == KEEL_NULL) {
            put32(at, UINT32_MAX); /* -1 */
            at += 4;
        } else {
            at = put_element(at, v, type == KEEL_JSON);
        }
    }
    keel__str_advance(buffer, (size_t)(at - start));
    params->types[i] = array_type_of(type);
    params->values[i] = buffer->data;
    params->lengths[i] = (int)buffer->size;
    return KEEL_OK;
}

int keel__pg_encode_arrays(struct keel__pg_params *params, const struct keel__call *call,
                           size_t max_bytes, size_t *taken, struct keel_error *err)
{
    *taken = rows_that_fit(call, max_bytes);
    int rc = reserve(params, call->width, err);
    for (size_t i = 0; i < call->width && !rc; i++)
        rc = encode_array(params, call, i, *taken, err);
    return rc;
}
