#include <keel/db.h>

struct keel_value keel_null(void)
{
    return (struct keel_value){.type = KEEL_NULL};
}

static struct keel_value integer_value(enum keel_type type, int64_t v)
{
    return (struct keel_value){.type = type, .as.integer = v};
}

static struct keel_value bytes_value(enum keel_type type, struct keel_slice v)
{
    return v.data ? (struct keel_value){.type = type, .as.bytes = v} : keel_null();
}

struct keel_value keel_bool(bool v)
{
    return integer_value(KEEL_BOOL, v);
}

struct keel_value keel_int(int64_t v)
{
    return integer_value(KEEL_INT, v);
}

struct keel_value keel_double(double v)
{
    return (struct keel_value){.type = KEEL_DOUBLE, .as.real = v};
}

struct keel_value keel_text(struct keel_slice v)
{
    return bytes_value(KEEL_TEXT, v);
}

struct keel_value keel_cstr(const char *v)
{
    return keel_text(keel_slice_of(v));
}

struct keel_value keel_bytes(struct keel_slice v)
{
    return bytes_value(KEEL_BYTES, v);
}

struct keel_value keel_hash_value(const struct keel_hash *v)
{
    return v ? keel_bytes(keel_slice((const char *)v->bytes, sizeof v->bytes)) : keel_null();
}

struct keel_value keel_uuid_value(struct keel_uuid v)
{
    return (struct keel_value){.type = KEEL_UUID, .as.uuid = v};
}

struct keel_value keel_time(int64_t unix_us)
{
    return integer_value(KEEL_TIME, unix_us);
}

struct keel_value keel_money(int64_t nusd)
{
    return integer_value(KEEL_MONEY, nusd);
}

struct keel_value keel_json(struct keel_slice v)
{
    return bytes_value(KEEL_JSON, v);
}
