#include "migrate/set.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Whether name ends with suffix; takes it away. */
static bool strip(struct keel_slice *name, const char *suffix)
{
    size_t n = strlen(suffix);
    if (name->size < n || memcmp(name->data + name->size - n, suffix, n) != 0)
        return false;
    name->size -= n;
    return true;
}

int keel__file_name_parse(struct keel__arena *arena, const char *name,
                          struct keel__migration_file *out, struct keel_error *err)
{
    struct keel_slice rest = keel_slice_of(name);
    size_t digits = 0;
    strip(&rest, ".sql");
    out->half = strip(&rest, ".up")     ? KEEL__FILE_UP
                : strip(&rest, ".down") ? KEEL__FILE_DOWN
                                        : KEEL__FILE_WHOLE;
    out->version = 0;
    for (; digits < rest.size && is_digit(rest.data[digits]); digits++) {
        if (digits >= 18 && out->version > (INT64_MAX - 9) / 10)
            return keel__file_error(err, out->path, 0, "the number in its name is too large");
        out->version = out->version * 10 + (rest.data[digits] - '0');
    }
    out->version_text = keel__arena_dup(arena, keel_slice(rest.data, digits));
    rest = keel_slice(rest.data + digits, rest.size - digits);
    if (rest.size > 0 && !strchr("_-.", rest.data[0]))
        return keel__file_error(err, out->path, 0,
                                "the number in its name must be followed by _ (NNNN_name.sql)");
    if (rest.size > 0)
        rest = keel_slice(rest.data + 1, rest.size - 1);
    out->name = keel__arena_dup(arena, rest);
    return out->name && out->version_text ? 0 : keel__arena_error(arena, err);
}
