#include "base/utf8.h"
#include "db/connection.h"
#include "db/driver.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static const struct keel_value null_cell = {.type = KEEL_NULL};

static const struct keel_value *cell(const struct keel_row *row, size_t column)
{
    return row && column < row->columns ? &row->cells[column] : &null_cell;
}

size_t keel_row_columns(const struct keel_row *row)
{
    return row ? row->columns : 0;
}

const char *keel_row_name(const struct keel_row *row, size_t column)
{
    if (!row || column >= row->columns)
        return "";
    const char *name = row->db->driver->column_name(row->db, row->statement, column);
    return name ? name : "";
}

enum keel_type keel_row_type(const struct keel_row *row, size_t column)
{
    return cell(row, column)->type;
}

bool keel_row_is_null(const struct keel_row *row, size_t column)
{
    return cell(row, column)->type == KEEL_NULL;
}

static bool is_integer(const struct keel_value *v)
{
    return v->type == KEEL_INT || v->type == KEEL_BOOL || v->type == KEEL_TIME ||
           v->type == KEEL_MONEY;
}

static bool is_text(const struct keel_value *v)
{
    return v->type == KEEL_TEXT || v->type == KEEL_JSON;
}

/* A number's text as a C string, or "" when it cannot be one. */
static const char *number_text(const struct keel_value *v, char buffer[64])
{
    size_t size = v->as.bytes.size;
    if (size == 0 || size >= 64 || memchr(v->as.bytes.data, '\0', size) ||
        v->as.bytes.data[0] == ' ')
        return "";
    memcpy(buffer, v->as.bytes.data, size);
    buffer[size] = '\0';
    return buffer;
}

static int64_t text_to_int(const struct keel_value *v)
{
    char buffer[64], *end;
    const char *text = number_text(v, buffer);
    errno = 0;
    long long number = strtoll(text, &end, 10);
    return *text && !*end && errno == 0 ? number : 0;
}

bool keel_row_bool(const struct keel_row *row, size_t column)
{
    const struct keel_value *v = cell(row, column);
    if (v->type == KEEL_BOOL)
        return v->as.integer != 0;
    return v->type == KEEL_INT && v->as.integer == 1;
}

int64_t keel_row_int(const struct keel_row *row, size_t column)
{
    const struct keel_value *v = cell(row, column);
    if (is_integer(v))
        return v->as.integer;
    if (v->type == KEEL_DOUBLE && v->as.real >= -0x1p63 && v->as.real < 0x1p63 &&
        trunc(v->as.real) == v->as.real)
        return (int64_t)v->as.real;
    return is_text(v) ? text_to_int(v) : 0;
}

double keel_row_double(const struct keel_row *row, size_t column)
{
    const struct keel_value *v = cell(row, column);
    if (v->type == KEEL_DOUBLE)
        return v->as.real;
    if (v->type == KEEL_MONEY)
        return (double)v->as.integer / 1e9;
    if (is_integer(v))
        return (double)v->as.integer;
    if (!is_text(v))
        return 0;
    char buffer[64], *end;
    const char *text = number_text(v, buffer);
    double number = strtod(text, &end);
    return *text && !*end ? number : 0;
}

/* Values that are not text get theirs from the connection's scratch memory, which lives as long as
 * the row. */
static struct keel_slice formatted(const struct keel_row *row, const struct keel_value *v)
{
    struct keel__arena *arena = &row->db->scratch;
    char buffer[40];
    const char *text = NULL;
    if (v->type == KEEL_INT) {
        text = keel__arena_printf(arena, "%" PRId64, v->as.integer);
    } else if (v->type == KEEL_BOOL) {
        text = v->as.integer ? "true" : "false";
    } else if (v->type == KEEL_DOUBLE) {
        text = keel__arena_printf(arena, "%.17g", v->as.real);
    } else if (v->type == KEEL_TIME) {
        keel_time_format(v->as.integer, buffer);
        text = keel__arena_strdup(arena, buffer);
    } else if (v->type == KEEL_MONEY) {
        keel_money_format(v->as.integer, buffer);
        text = keel__arena_strdup(arena, buffer);
    } else if (v->type == KEEL_UUID) {
        keel_uuid_format(v->as.uuid, buffer);
        text = keel__arena_strdup(arena, buffer);
    }
    return keel_slice_of(text);
}

struct keel_slice keel_row_text(const struct keel_row *row, size_t column)
{
    const struct keel_value *v = cell(row, column);
    if (is_text(v))
        return v->as.bytes;
    if (v->type == KEEL_BYTES)
        return keel__utf8_valid(v->as.bytes) ? v->as.bytes : keel_slice(NULL, 0);
    return formatted(row, v);
}

struct keel_slice keel_row_bytes(const struct keel_row *row, size_t column)
{
    const struct keel_value *v = cell(row, column);
    if (v->type == KEEL_BYTES || is_text(v))
        return v->as.bytes;
    if (v->type == KEEL_UUID)
        return keel_slice((const char *)v->as.uuid.bytes, sizeof v->as.uuid.bytes);
    return keel_slice(NULL, 0);
}

struct keel_uuid keel_row_uuid(const struct keel_row *row, size_t column)
{
    const struct keel_value *v = cell(row, column);
    struct keel_uuid uuid = {{0}};
    if (v->type == KEEL_UUID)
        return v->as.uuid;
    if (v->type == KEEL_BYTES && v->as.bytes.size == sizeof uuid.bytes)
        memcpy(uuid.bytes, v->as.bytes.data, sizeof uuid.bytes);
    else if (is_text(v))
        keel_uuid_parse(v->as.bytes, &uuid);
    return uuid;
}

int64_t keel_row_time(const struct keel_row *row, size_t column)
{
    const struct keel_value *v = cell(row, column);
    int64_t us = 0;
    if (v->type == KEEL_TIME || v->type == KEEL_INT)
        return v->as.integer;
    if (is_text(v))
        keel_time_parse(v->as.bytes, &us);
    return us;
}

int64_t keel_row_money(const struct keel_row *row, size_t column)
{
    const struct keel_value *v = cell(row, column);
    int64_t nusd = 0;
    if (v->type == KEEL_MONEY || v->type == KEEL_INT)
        return v->as.integer;
    if (is_text(v))
        keel_money_parse(v->as.bytes, &nusd);
    return nusd;
}
