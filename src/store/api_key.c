/* API keys: shown once, stored as a hash, revoked but never deleted. */
#include "store/audit.h"
#include "store/read.h"

#include "base/hash.h"
#include "base/hex.h"

#include "keel_sql_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define KEY_START "keel_"
#define SECRET_BYTES 32
#define PREFIX_CHARACTERS 13     /* "keel_" and 8 digits */
#define USE_INTERVAL_US 60000000 /* last_used_at is this exact */

/* ---- creating -------------------------------------------------------------------------------- */

struct creation {
    const char *name, *prefix, *actor;
    enum keel_role role;
    struct keel_hash hash;
    int64_t id, now_us;
};

static int create_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct creation *c = context;
    const struct keel_row *row;
    char id[24];
    int code =
        keel_db_maybe(db, &keel_q_api_key_active_named, KEEL_PARAMS(keel_cstr(c->name)), &row, err);

    if (!code && row)
        return keel_error_set(err, KEEL_CONFLICT,
                              "there is an API key named '%.100s' already: revoke it first, or "
                              "choose another name",
                              c->name);
    c->now_us = keel_time_now_us();
    if (!code)
        code = keel_db_one(db, &keel_q_api_key_add,
                           KEEL_PARAMS(keel_cstr(c->name), keel_cstr(c->prefix),
                                       keel_hash_value(&c->hash),
                                       keel_cstr(keel_role_name(c->role)), keel_time(c->now_us)),
                           &row, err);
    if (code)
        return code;
    c->id = keel_row_int(row, 0);
    snprintf(id, sizeof(id), "%" PRId64, c->id);
    return keel__audit_append(db,
                              &(struct keel__audit){.actor = c->actor,
                                                    .action = "api_key.create",
                                                    .object_type = "api_key",
                                                    .object_id = id},
                              err);
}

int keel_api_key_create(struct keel_store *store, const char *name, enum keel_role role,
                        const char *actor, char key[70], struct keel_api_key *out,
                        struct keel_result *result, struct keel_error *err)
{
    struct keel__arena *arena = keel__result_arena(result);
    struct creation c = {.name = name, .actor = actor, .role = role};
    uint8_t secret[SECRET_BYTES];
    int code;

    if (!arena)
        return keel__nomem(err);
    if (!name || !*name)
        return keel_error_set(err, KEEL_INVALID, "an API key needs a name");
    if (role < KEEL_ROLE_READ || role > KEEL_ROLE_ADMIN)
        return keel_error_set(err, KEEL_INVALID, "a role is read, ingest or admin");
    code = keel__name_check("name of an API key", keel_slice_of(name), err);
    if (code)
        return code;
    keel__random(secret, sizeof(secret));
    memcpy(key, KEY_START, strlen(KEY_START));
    keel__hex_encode(key + strlen(KEY_START), secret, sizeof(secret));
    key[strlen(KEY_START) + sizeof(secret) * 2] = '\0';
    explicit_bzero(secret, sizeof(secret));
    c.hash = keel__hash_of(key, strlen(key));
    c.prefix = keel__arena_dup(arena, keel_slice(key, PREFIX_CHARACTERS));
    *out = (struct keel_api_key){
        .name = keel__arena_strdup(arena, name), .prefix = c.prefix, .role = role};
    if (!out->name || !out->prefix)
        return keel__arena_error(arena, err);
    code = keel__store_transact(store, KEEL_TX_WRITE, create_tx, &c, err);
    if (code)
        explicit_bzero(key, 70);
    out->id = c.id;
    out->created_at = c.now_us;
    return code;
}

/* ---- listing --------------------------------------------------------------------------------- */

struct listing {
    struct keel__arena *arena;
    struct keel__list list;
};

static int take_key(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct listing *listing = context;
    struct keel_api_key *key = keel__list_add(&listing->list, listing->arena);
    struct keel__reader reader = keel__reader_of(row, listing->arena);

    if (!key)
        return keel__arena_error(listing->arena, err);
    key->id = keel__read_int(&reader, 0);
    key->name = keel__read_text(&reader);
    key->prefix = keel__read_text(&reader);
    keel_role_parse(keel__read_word(&reader), &key->role);
    key->created_at = keel__read_time(&reader);
    key->last_used_at = keel__read_time(&reader);
    key->revoked_at = keel__read_time(&reader);
    return keel__reader_error(&reader, err);
}

static int list_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct listing *listing = context;

    listing->list = (struct keel__list){.size = sizeof(struct keel_api_key)};
    return keel_db_each(db, &keel_q_api_key_list, KEEL_NO_PARAMS, take_key, listing, err);
}

int keel_api_key_list(struct keel_store *store, struct keel_api_key **keys, size_t *count,
                      struct keel_result *result, struct keel_error *err)
{
    struct listing listing = {.arena = keel__result_arena(result)};
    int code = listing.arena ? keel__store_transact(store, KEEL_TX_READ, list_tx, &listing, err)
                             : keel__nomem(err);

    *keys = code ? NULL : listing.list.items;
    *count = code ? 0 : listing.list.count;
    return code;
}

/* ---- revoking -------------------------------------------------------------------------------- */

struct revocation {
    const char *which, *actor;
    int64_t id;
    size_t active, revoked; /* keys that match */
};

static int take_match(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct revocation *r = context;

    (void)err;
    if (!keel_row_is_null(row, 2)) {
        r->revoked++;
        return 0;
    }
    r->active++;
    r->id = keel_row_int(row, 0);
    return 0;
}

static int find_one(struct keel_db *db, struct revocation *r, struct keel_error *err)
{
    char *end;
    int64_t id = strtoll(r->which, &end, 10);
    int code;

    if (end == r->which || *end || id < 0)
        id = 0;
    r->active = r->revoked = 0;
    code = keel_db_each(db, &keel_q_api_key_matching,
                        KEEL_PARAMS(keel_cstr(r->which), keel_int(id)), take_match, r, err);
    if (code || r->active == 1)
        return code;
    if (r->active > 1)
        return keel_error_set(err, KEEL_CONFLICT,
                              "'%.100s' names several API keys: give the id or prefix of one",
                              r->which);
    return keel_error_set(err, KEEL_NOTFOUND,
                          r->revoked ? "the API key '%.100s' is revoked already"
                                     : "no API key has the name, prefix or id '%.100s'",
                          r->which);
}

static int revoke_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct revocation *r = context;
    char id[24];
    int code = find_one(db, r, err);

    if (!code)
        code = keel_db_exec(db, &keel_q_api_key_revoke,
                            KEEL_PARAMS(keel_int(r->id), keel_time(keel_time_now_us())), NULL, err);
    if (code)
        return code;
    snprintf(id, sizeof(id), "%" PRId64, r->id);
    return keel__audit_append(db,
                              &(struct keel__audit){.actor = r->actor,
                                                    .action = "api_key.revoke",
                                                    .object_type = "api_key",
                                                    .object_id = id},
                              err);
}

int keel_api_key_revoke(struct keel_store *store, const char *which, const char *actor,
                        struct keel_error *err)
{
    struct revocation revocation = {.which = which, .actor = actor};

    return keel__store_transact(store, KEEL_TX_WRITE, revoke_tx, &revocation, err);
}

/* ---- checking -------------------------------------------------------------------------------- */

struct checking {
    struct keel_hash hash;
    int64_t id, last_used_at;
    enum keel_role role;
    bool known;
};

static int check_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct checking *c = context;
    const struct keel_row *row;
    struct keel_slice stored;
    int code = keel_db_maybe(db, &keel_q_api_key_by_hash, KEEL_PARAMS(keel_hash_value(&c->hash)),
                             &row, err);

    c->known = false;
    if (code || !row)
        return code;
    stored = keel_row_bytes(row, 1);
    c->id = keel_row_int(row, 0);
    c->known = stored.size == sizeof(c->hash) &&
               keel__equal_constant_time(stored.data, c->hash.bytes, sizeof(c->hash)) &&
               keel_role_parse(keel_row_text(row, 2), &c->role);
    c->last_used_at = keel_row_time(row, 3);
    return 0;
}

static int use_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    const struct checking *c = context;

    return keel_db_exec(db, &keel_q_api_key_used,
                        KEEL_PARAMS(keel_int(c->id), keel_time(keel_time_now_us())), NULL, err);
}

int keel_api_key_check(struct keel_store *store, const char *key, enum keel_role *role,
                       struct keel_error *err)
{
    /* The database looks for the hash of the key, from which nothing can be learnt about another
     * key, however long it takes. */
    struct checking c = {.hash = keel__hash_of(key, strlen(key))};
    int code = keel__store_transact(store, KEEL_TX_READ, check_tx, &c, err);

    if (code)
        return code;
    if (!c.known)
        return keel_error_set(err, KEEL_NOTFOUND, "the API key is unknown or revoked");
    *role = c.role;
    /* When it was last used is for people to read: a busy database must not refuse a good key. */
    if (!store->read_only && keel_time_now_us() - c.last_used_at > USE_INTERVAL_US)
        keel__store_transact(store, KEEL_TX_WRITE, use_tx, &c, NULL);
    return 0;
}

static int count_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    const struct keel_row *row;
    int code = keel_db_one(db, &keel_q_api_key_count, KEEL_NO_PARAMS, &row, err);

    if (!code)
        *(int64_t *)context = keel_row_int(row, 0);
    return code;
}

int keel_api_key_count(struct keel_store *store, int64_t *active, struct keel_error *err)
{
    return keel__store_transact(store, KEEL_TX_READ, count_tx, active, err);
}
