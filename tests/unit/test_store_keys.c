/* API keys from their creation to their end, and the audit log that tells of it. */
#include "storetest.h"

#include <ctype.h>
#include <stdio.h>

static void create(struct testdb *t, struct keel_store *store, const char *name,
                   enum keel_role role, char key[70])
{
    struct keel_result result = {0};
    struct keel_api_key made;
    assert_ok(keel_api_key_create(store, name, role, "ann", key, &made, &result, &t->err), &t->err);
    assert_true(made.id > 0);
    assert_string_equal(made.name, name);
    assert_int_equal(made.role, role);
    assert_int_equal(strlen(made.prefix), 13);
    assert_memory_equal(made.prefix, key, 13);
    assert_true(made.created_at > storetest_epoch_us);
    assert_int_equal(made.last_used_at, 0);
    assert_int_equal(made.revoked_at, 0);
    keel_result_free(&result);
}

static void check(struct testdb *t, struct keel_store *store, const char *key, enum keel_role role)
{
    enum keel_role found = 0;
    assert_ok(keel_api_key_check(store, key, &found, &t->err), &t->err);
    assert_int_equal(found, role);
}

static void check_refused(struct testdb *t, struct keel_store *store, const char *key)
{
    enum keel_role found = 42;
    assert_error(keel_api_key_check(store, key, &found, &t->err), KEEL_NOTFOUND, &t->err,
                 "unknown or revoked");
    assert_int_equal(found, 42);
    if (*key)
        assert_null(strstr(t->err.message, key)); /* it might be somebody's */
}

static int64_t active(struct testdb *t, struct keel_store *store)
{
    int64_t count = -1;
    assert_ok(keel_api_key_count(store, &count, &t->err), &t->err);
    return count;
}

static void a_key_opens_until_it_is_revoked(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    char reader[70], writer[70];
    assert_int_equal(active(t, store), 0);
    create(t, store, "reader", KEEL_ROLE_READ, reader);
    create(t, store, "writer", KEEL_ROLE_INGEST, writer);
    assert_int_equal(active(t, store), 2);
    assert_int_equal(strlen(reader), 69);
    assert_memory_equal(reader, "keel_", 5);
    for (size_t i = 5; i < 69; i++)
        assert_true(isxdigit((unsigned char)reader[i]));
    assert_string_not_equal(reader, writer);

    check(t, store, reader, KEEL_ROLE_READ);
    check(t, store, writer, KEEL_ROLE_INGEST);
    check_refused(t, store, "");
    check_refused(t, store, "keel_");
    reader[68] ^= 1;
    check_refused(t, store, reader);
    reader[68] ^= 1;

    assert_ok(keel_api_key_revoke(store, "reader", "bob", &t->err), &t->err);
    check_refused(t, store, reader);
    check(t, store, writer, KEEL_ROLE_INGEST);
    assert_int_equal(active(t, store), 1);
    assert_error(keel_api_key_revoke(store, "reader", NULL, &t->err), KEEL_NOTFOUND, &t->err,
                 "revoked already");
    /* The name is free again. */
    create(t, store, "reader", KEEL_ROLE_ADMIN, reader);
    check(t, store, reader, KEEL_ROLE_ADMIN);

    struct keel_result result = {0};
    struct keel_api_key *keys;
    size_t count;
    assert_ok(keel_api_key_list(store, &keys, &count, &result, &t->err), &t->err);
    assert_int_equal(count, 3);
    assert_string_equal(keys[0].name, "reader");
    assert_true(keys[0].revoked_at >= keys[0].created_at);
    assert_true(keys[0].last_used_at >= keys[0].created_at);
    assert_int_equal(keys[1].revoked_at, 0);
    assert_int_equal(keys[2].role, KEEL_ROLE_ADMIN);
    keel_result_free(&result);
    keel_store_close(store);
}

static void keys_are_stored_as_hashes_only(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    char key[70], sql[400];
    create(t, store, "k", KEEL_ROLE_READ, key);
    assert_int_equal(testdb_int(t, "SELECT length(key_hash) FROM api_keys"), 32);
    /* Nothing of the secret but the prefix: neither in the keys nor in the audit log. */
    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM api_keys WHERE name || prefix LIKE '%%%.20s%%'", key + 13);
    assert_int_equal(testdb_int(t, sql), 0);
    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM audit_log WHERE CAST(detail AS text) LIKE '%%%.8s%%'", key + 13);
    assert_int_equal(testdb_int(t, sql), 0);
    keel_store_close(store);
}

static void keys_are_revoked_by_what_names_one(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    char a[70], b[70], c[70], prefix[14], id[24];
    create(t, store, "a", KEEL_ROLE_READ, a);
    create(t, store, "b", KEEL_ROLE_READ, b);
    snprintf(prefix, sizeof(prefix), "%.13s", a);
    snprintf(id, sizeof(id), "%lld", (long long)testdb_int(t, "SELECT max(id) FROM api_keys"));
    /* A key that has another's id for its name. */
    create(t, store, id, KEEL_ROLE_READ, c);
    assert_error(keel_api_key_revoke(store, id, NULL, &t->err), KEEL_CONFLICT, &t->err, "several");
    assert_ok(keel_api_key_revoke(store, "b", NULL, &t->err), &t->err);
    assert_ok(keel_api_key_revoke(store, id, NULL, &t->err), &t->err); /* now only the name */
    check_refused(t, store, c);
    assert_ok(keel_api_key_revoke(store, prefix, NULL, &t->err), &t->err);
    check_refused(t, store, a);
    assert_error(keel_api_key_revoke(store, "nobody", NULL, &t->err), KEEL_NOTFOUND, &t->err,
                 "nobody");
    assert_error(keel_api_key_revoke(store, "0", NULL, &t->err), KEEL_NOTFOUND, &t->err, "'0'");
    assert_int_equal(active(t, store), 0);
    keel_store_close(store);
}

static void bad_keys_are_not_made(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_result result = {0};
    struct keel_api_key made;
    char key[70] = "untouched";
    assert_error(keel_api_key_create(store, "", KEEL_ROLE_READ, NULL, key, &made, &result, &t->err),
                 KEEL_INVALID, &t->err, "name");
    assert_error(keel_api_key_create(store, "x", 0, NULL, key, &made, &result, &t->err),
                 KEEL_INVALID, &t->err, "role");
    assert_error(
        keel_api_key_create(store, "\xff", KEEL_ROLE_READ, NULL, key, &made, &result, &t->err),
        KEEL_INVALID, &t->err, "UTF-8");
    create(t, store, "x", KEEL_ROLE_READ, key);
    assert_error(
        keel_api_key_create(store, "x", KEEL_ROLE_READ, NULL, key, &made, &result, &t->err),
        KEEL_CONFLICT, &t->err, "'x' already");
    assert_int_equal(key[0], 0); /* no secret is left behind */
    assert_int_equal(active(t, store), 1);
    keel_result_free(&result);
    keel_store_close(store);
}

static void the_audit_log_tells_in_order(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_result result = {0};
    struct keel_audit_entry *entries;
    size_t count;
    char key[70];
    int64_t seed;
    const struct keel_price price = {
        .provider = "acme", .model = "m", .output_nusd = 5, .valid_from = storetest_epoch_us};
    assert_ok(keel_audit_log(store, 0, 0, &entries, &count, &result, &t->err), &t->err);
    assert_int_equal(count, 1);
    assert_string_equal(entries[0].action, "price.seed");
    assert_string_equal(entries[0].actor, "keel");
    seed = entries[0].id;
    create(t, store, "k", KEEL_ROLE_READ, key);
    assert_ok(keel_price_set(store, &price, "ann", &t->err), &t->err);
    assert_ok(keel_price_set(store, &price, "ann", &t->err), &t->err); /* nothing new: no entry */
    assert_ok(keel_api_key_revoke(store, "k", NULL, &t->err), &t->err);
    assert_ok(keel_audit_log(store, seed, 2, &entries, &count, &result, &t->err), &t->err);
    assert_int_equal(count, 2);
    assert_string_equal(entries[0].action, "api_key.create");
    assert_string_equal(entries[0].actor, "ann");
    assert_string_equal(entries[0].object_type, "api_key");
    assert_non_null(entries[0].object_id);
    assert_null(entries[0].detail.data);
    assert_string_equal(entries[1].action, "price.set");
    assert_string_equal(entries[1].object_id, "m");
    assert_non_null(strstr(entries[1].detail.data, "acme"));
    assert_true(entries[1].at >= entries[0].at);
    assert_ok(keel_audit_log(store, entries[1].id, 0, &entries, &count, &result, &t->err), &t->err);
    assert_int_equal(count, 1);
    assert_string_equal(entries[0].action, "api_key.revoke");
    assert_string_equal(entries[0].actor, "api");
    keel_result_free(&result);
    keel_store_close(store);
}

static void a_store_open_for_reading_checks_keys(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    const struct keel_store_options options = {.read_only = true};
    char key[70];
    create(t, store, "k", KEEL_ROLE_READ, key);
    keel_store_close(store);
    assert_ok(keel_store_open(&store, t->url, &options, &t->err), &t->err);
    check(t, store, key, KEEL_ROLE_READ);
    keel_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(a_key_opens_until_it_is_revoked),
        testdb_test(keys_are_stored_as_hashes_only),
        testdb_test(keys_are_revoked_by_what_names_one),
        testdb_test(bad_keys_are_not_made),
        testdb_test(the_audit_log_tells_in_order),
        testdb_test(a_store_open_for_reading_checks_keys),
    };
    return testdb_run(tests);
}
