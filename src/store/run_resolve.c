/* Naming a run: by its id, the first digits of it, or its trace id. */
#include "store/read.h"

#include "base/hex.h"
#include "base/str.h"

#include "keel_sql_store.h"

#define SHORTEST_PREFIX 4

struct naming {
    const char *text;
    char digits[33]; /* lower case, without dashes */
    size_t count;
    struct keel_uuid found[4];
    size_t found_count;
};

/* Hex digits, with dashes where a UUID has them or without any. */
static bool read_digits(struct naming *naming)
{
    size_t dashes = 0;

    for (const char *c = naming->text; *c; c++) {
        size_t n = naming->count;
        if (*c == '-') {
            if (n != 8 + 4 * dashes || dashes == 4)
                return false;
            dashes++;
            continue;
        }
        char lower = *c >= 'A' && *c <= 'F' ? (char)(*c - 'A' + 'a') : *c;
        if (n == 32 || !((lower >= '0' && lower <= '9') || (lower >= 'a' && lower <= 'f')))
            return false;
        if (dashes > 0 && n == 8 + 4 * dashes && dashes < 4)
            return false;
        naming->digits[naming->count++] = lower;
    }
    return true;
}

static int take_id(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct naming *naming = context;
    (void)err;
    naming->found[naming->found_count++] = keel_row_uuid(row, 0);
    return 0;
}

static int find_by_prefix(struct keel_db *db, struct naming *naming, struct keel_error *err)
{
    struct keel_uuid bounds[2];
    char text[32];

    for (int i = 0; i < 2; i++) {
        memset(text, i ? 'f' : '0', sizeof(text));
        memcpy(text, naming->digits, naming->count);
        keel__hex_decode(bounds[i].bytes, sizeof(bounds[i].bytes), keel_slice(text, sizeof(text)));
    }
    naming->found_count = 0;
    return keel_db_each(db, &keel_q_run_ids_between,
                        KEEL_PARAMS(keel_uuid_value(bounds[0]), keel_uuid_value(bounds[1])),
                        take_id, naming, err);
}

static int ambiguous(const struct naming *naming, struct keel_error *err)
{
    struct keel__str some;
    char id[37];
    int code;

    keel__str_init(&some, 0);
    for (size_t i = 0; i < naming->found_count && i < 3; i++) {
        keel_uuid_format(naming->found[i], id);
        keel__str_printf(&some, "%s%s", i ? ", " : "", id);
    }
    if (naming->found_count > 3)
        keel__str_text(&some, ", ...");
    code = keel_error_set(err, KEEL_CONFLICT, "'%s' names several runs: %s; give more digits",
                          naming->text, some.data ? some.data : "");
    keel__str_fini(&some);
    return code;
}

static int resolve_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct naming *naming = context;
    const struct keel_row *row;
    int code = find_by_prefix(db, naming, err);

    if (code || naming->found_count == 1)
        return code;
    if (naming->found_count > 1)
        return ambiguous(naming, err);
    if (naming->count < 32)
        return keel_error_set(err, KEEL_NOTFOUND, "no run's id starts with %s", naming->text);
    code =
        keel_db_maybe(db, &keel_q_run_of_trace, KEEL_PARAMS(keel_cstr(naming->digits)), &row, err);
    if (code)
        return code;
    if (!row)
        return keel_error_set(err, KEEL_NOTFOUND, "no run has the id or trace id %s", naming->text);
    naming->found[0] = keel_row_uuid(row, 0);
    return 0;
}

int keel_run_resolve(struct keel_store *store, const char *text, struct keel_uuid *id,
                     struct keel_error *err)
{
    struct naming naming = {.text = text};
    int code;

    if (!read_digits(&naming) || naming.count < SHORTEST_PREFIX)
        return keel_error_set(err, KEEL_INVALID,
                              "'%.80s' names no run: give its id, the first digits of it (at least "
                              "%d), or its trace id",
                              text, SHORTEST_PREFIX);
    code = keel__store_transact(store, KEEL_TX_READ, resolve_tx, &naming, err);
    if (!code)
        *id = naming.found[0];
    return code;
}
