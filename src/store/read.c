#include "store/read.h"

#include "store/content.h"

#include "keel_sql_store.h"

struct keel__reader keel__reader_of(const struct keel_row *row, struct keel__arena *arena)
{
    struct keel__reader reader = {.row = row, .arena = arena};
    return reader;
}

int keel__reader_error(const struct keel__reader *reader, struct keel_error *err)
{
    return reader->failed ? keel__arena_error(reader->arena, err) : 0;
}

const char *keel__read_text(struct keel__reader *reader)
{
    struct keel_slice text = keel_row_text(reader->row, reader->column++);
    char *copy;

    if (!text.data)
        return NULL;
    copy = keel__arena_dup(reader->arena, text);
    reader->failed |= !copy;
    return copy;
}

struct keel_slice keel__read_word(struct keel__reader *reader)
{
    return keel_row_text(reader->row, reader->column++);
}

struct keel_slice keel__read_slice(struct keel__reader *reader)
{
    size_t column = reader->column++;
    enum keel_type type = keel_row_type(reader->row, column);
    struct keel_slice bytes = type == KEEL_BYTES ? keel_row_bytes(reader->row, column)
                                                 : keel_row_text(reader->row, column);
    struct keel_slice copy;

    if (!bytes.data)
        return bytes;
    copy = keel__arena_slice(reader->arena, bytes);
    reader->failed |= !copy.data;
    return copy;
}

int64_t keel__read_int(struct keel__reader *reader, int64_t none)
{
    size_t column = reader->column++;
    return keel_row_is_null(reader->row, column) ? none : keel_row_int(reader->row, column);
}

int64_t keel__read_time(struct keel__reader *reader)
{
    return keel_row_time(reader->row, reader->column++);
}

int64_t keel__read_money(struct keel__reader *reader, int64_t none)
{
    size_t column = reader->column++;
    return keel_row_is_null(reader->row, column) ? none : keel_row_money(reader->row, column);
}

bool keel__read_bool(struct keel__reader *reader)
{
    return keel_row_bool(reader->row, reader->column++);
}

bool keel__read_uuid(struct keel__reader *reader, struct keel_uuid *out)
{
    size_t column = reader->column++;

    if (keel_row_is_null(reader->row, column))
        return false;
    *out = keel_row_uuid(reader->row, column);
    return true;
}

bool keel__read_hash(struct keel__reader *reader, struct keel_hash *out)
{
    struct keel_slice bytes = keel_row_bytes(reader->row, reader->column++);

    if (bytes.size != sizeof(out->bytes))
        return false;
    memcpy(out->bytes, bytes.data, sizeof(out->bytes));
    return true;
}

int keel__read_content(struct keel__reader *reader, struct keel_slice *out, struct keel_error *err)
{
    struct keel_slice encoding;
    size_t inline_column = reader->column;
    int64_t size;

    *out = keel__read_slice(reader);
    encoding = keel__read_word(reader);
    size = keel__read_int(reader, 0);
    reader->column++;
    if (!keel_row_is_null(reader->row, inline_column) || !encoding.data)
        return keel__reader_error(reader, err);
    return keel__content_decode(reader->arena, encoding, size,
                                keel_row_bytes(reader->row, reader->column - 1), out, err);
}

int keel__run_must_exist(struct keel_db *db, struct keel_uuid run_id, struct keel_error *err)
{
    const struct keel_row *row;
    char text[37];
    int code =
        keel_db_maybe(db, &keel_q_run_exists, KEEL_PARAMS(keel_uuid_value(run_id)), &row, err);

    if (code || row)
        return code;
    keel_uuid_format(run_id, text);
    return keel_error_set(err, KEEL_NOTFOUND, "no run %s", text);
}
