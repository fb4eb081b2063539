#include "base/hash.h"
#include "base/hex.h"
#include "base/money.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_time(const char *text, int64_t us, const char *formatted)
{
    int64_t read = -7;
    char out[28];
    if (!keel_time_parse(keel_slice_of(text), &read))
        fail_msg("not read: %s", text);
    assert_int_equal(read, us);
    keel_time_format(us, out);
    assert_string_equal(out, formatted ? formatted : text);
}

static void times(void **state)
{
    (void)state;
    assert_time("1970-01-01T00:00:00.000000Z", 0, NULL);
    assert_time("2000-02-29T23:59:59.999999Z", 951868799999999, NULL);
    assert_time("1969-12-31T23:59:59.999999Z", -1, NULL);
    assert_time("0001-01-01T00:00:00.000000Z", INT64_C(-62135596800000000), NULL);
    assert_time("9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999), NULL);
    assert_time("2026-11-22", 1795305600000000, "2026-11-22T00:00:00.000000Z");
    assert_time("2026-11-22t12:00:00.5+02:00", 1795341600500000, "2026-11-22T10:00:00.500000Z");
    assert_time("2026-11-22 12:00:00.123456789-01:30", 1795354200123456,
                "2026-11-22T13:30:00.123456Z");
    assert_time("2016-12-31T23:59:60Z", 1483228800000000, "2017-01-01T00:00:00.000000Z");
}

static void bad_times(void **state)
{
    (void)state;
    const char *const bad[] = {"",
                               "2026",
                               "2026-13-01",
                               "2026-02-29",
                               "1900-02-29",
                               "0000-01-01",
                               "2026-11-22T",
                               "2026-11-22T10:00",
                               "2026-11-22T10:00:00",
                               "2026-11-22T24:00:00Z",
                               "2026-11-22T10:00:00.Z",
                               "2026-11-22T10:00:00.1234567890Z",
                               "2026-11-22T10:00:00Z ",
                               "2026-11-22T10:00:00+25:00",
                               " 2026-11-22",
                               "2026-11-2x"};
    int64_t us;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (keel_time_parse(keel_slice_of(bad[i]), &us))
            fail_msg("read: %s", bad[i]);
    assert_false(keel_time_parse(keel_slice(NULL, 0), &us));
    char out[28];
    keel_time_format(INT64_MIN, out);
    assert_string_equal(out, "0001-01-01T00:00:00.000000Z");
    keel_time_format(INT64_MAX, out);
    assert_string_equal(out, "9999-12-31T23:59:59.999999Z");
}

static void every_day_reads_back(void **state)
{
    (void)state;
    for (int64_t day = -719162; day < 2932897; day += 37) {
        char out[28];
        int64_t us;
        keel_time_format(day * 86400000000, out);
        assert_true(keel_time_parse(keel_slice_of(out), &us));
        assert_int_equal(us, day * 86400000000);
    }
}

static void assert_money(const char *text, int64_t nusd, const char *formatted)
{
    int64_t read = -7;
    char out[24];
    if (!keel_money_parse(keel_slice_of(text), &read))
        fail_msg("not read: %s", text);
    assert_int_equal(read, nusd);
    keel_money_format(nusd, out);
    assert_string_equal(out, formatted ? formatted : text);
}

static void money(void **state)
{
    (void)state;
    assert_money("0", 0, NULL);
    assert_money("1.5", 1500000000, NULL);
    assert_money("-0.000000001", -1, NULL);
    assert_money("0.123456789", 123456789, NULL);
    assert_money("100", 100000000000, NULL);
    assert_money("9223372036.854775807", INT64_MAX, NULL);
    assert_money("-9223372036.854775808", INT64_MIN, NULL);
    assert_money("+.5", 500000000, "0.5");
    assert_money("3.", 3000000000, "3");
    assert_money("0.1234567890000", 123456789, "0.123456789");
    const char *const bad[] = {"",
                               "-",
                               ".",
                               "1.2.3",
                               "1e3",
                               "0.1234567891",
                               "9223372036.854775808",
                               "-9223372036.854775809",
                               "99999999999999999999",
                               "1 ",
                               "$1"};
    int64_t nusd;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (keel_money_parse(keel_slice_of(bad[i]), &nusd))
            fail_msg("read: %s", bad[i]);
}

static void money_sums_round_once(void **state)
{
    (void)state;
    struct keel__money_sum sum = {0};
    int64_t nusd = 0;
    for (int i = 0; i < 3; i++)
        keel__money_sum_add(&sum, 1, 500000); /* three times half a nano-dollar */
    assert_true(keel__money_sum_total(&sum, &nusd));
    assert_int_equal(nusd, 2);
    sum = (struct keel__money_sum){0};
    keel__money_sum_add(&sum, -1, 500000);
    assert_true(keel__money_sum_total(&sum, &nusd));
    assert_int_equal(nusd, -1);
    sum = (struct keel__money_sum){0};
    keel__money_sum_add(&sum, 1234567, 3000000000); /* $3 a million */
    assert_true(keel__money_sum_total(&sum, &nusd));
    assert_int_equal(nusd, 3703701000);
    struct keel__money_sum huge = {0};
    for (int i = 0; i < 5; i++)
        keel__money_sum_add(&huge, INT64_MAX, INT64_MAX);
    assert_false(keel__money_sum_total(&huge, &nusd));
    keel__money_sum_add(&sum, INT64_MAX, INT64_MAX);
    assert_false(keel__money_sum_total(&sum, &nusd));
    keel__money_sum_add(&sum, INT64_MAX, -INT64_MAX);
    assert_true(keel__money_sum_total(&sum, &nusd));
    assert_int_equal(nusd, 3703701000);
}

static void uuids_format_and_parse(void **state)
{
    (void)state;
    struct keel_uuid uuid, again;
    char out[37];
    assert_true(keel_uuid_parse(keel_slice_of("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), &uuid));
    assert_int_equal(keel_uuid_time_ms(uuid), 1645557742000); /* RFC 9562, A.6 */
    keel_uuid_format(uuid, out);
    assert_string_equal(out, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    assert_true(keel_uuid_parse(keel_slice_of("017f22e279b07cc398c4dc0c0c07398f"), &again));
    assert_memory_equal(&uuid, &again, sizeof uuid);
    const char *const bad[] = {
        "", "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "017f22e279b0-7cc3-98c4-dc0c0c07398f--", "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(keel_uuid_parse(keel_slice_of(bad[i]), &uuid));
    uuid = keel_uuid_at(1645557742000999);
    assert_int_equal(keel_uuid_time_ms(uuid), 1645557742000);
    assert_int_equal(uuid.bytes[6] >> 4, 7);
    assert_int_equal(uuid.bytes[8] >> 6, 2);
    assert_int_equal(keel_uuid_time_ms(keel_uuid_at(-5)), 0);
}

enum { UUIDS_A_THREAD = 20000, THREADS = 4 };

static void *make_uuids(void *out)
{
    struct keel_uuid *uuids = out;
    for (size_t i = 0; i < UUIDS_A_THREAD; i++)
        uuids[i] = keel_uuid_new();
    return NULL;
}

static int compare_uuids(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct keel_uuid));
}

static void uuids_rise_and_are_unique(void **state)
{
    (void)state;
    struct keel_uuid *uuids = calloc((size_t)UUIDS_A_THREAD * THREADS, sizeof *uuids);
    pthread_t threads[THREADS];
    for (size_t t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, make_uuids, uuids + t * UUIDS_A_THREAD),
                         0);
    for (size_t t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    for (size_t t = 0; t < THREADS; t++)
        for (size_t i = 1; i < UUIDS_A_THREAD; i++)
            assert_true(compare_uuids(&uuids[t * UUIDS_A_THREAD + i - 1],
                                      &uuids[t * UUIDS_A_THREAD + i]) < 0);
    qsort(uuids, (size_t)UUIDS_A_THREAD * THREADS, sizeof *uuids, compare_uuids);
    for (size_t i = 1; i < (size_t)UUIDS_A_THREAD * THREADS; i++)
        assert_true(compare_uuids(&uuids[i - 1], &uuids[i]) < 0);
    int64_t drift_ms = keel_uuid_time_ms(keel_uuid_new()) - keel_time_now_us() / 1000;
    assert_true(drift_ms > -1000 && drift_ms < 1000);
    free(uuids);
}

static void hashes(void **state)
{
    (void)state;
    char text[65];
    struct keel_hash hash = keel__hash_of("abc", 3), read;
    keel__hash_format(&hash, text);
    /* b2sum -l 256 */
    assert_string_equal(text, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    struct keel__hasher hasher;
    keel__hasher_init(&hasher);
    keel__hasher_update(&hasher, "a", 1);
    keel__hasher_update(&hasher, "bc", 2);
    read = keel__hasher_final(&hasher);
    assert_memory_equal(&hash, &read, sizeof hash);
    assert_true(keel__hash_parse(keel_slice_of(text), &read));
    assert_memory_equal(&hash, &read, sizeof hash);
    text[63] = 'x';
    assert_false(keel__hash_parse(keel_slice_of(text), &read));
    assert_false(keel__hash_parse(keel_slice(text, 62), &read));
    assert_true(keel__equal_constant_time("abc", "abc", 3));
    assert_false(keel__equal_constant_time("abc", "abd", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times),
        cmocka_unit_test(bad_times),
        cmocka_unit_test(every_day_reads_back),
        cmocka_unit_test(money),
        cmocka_unit_test(money_sums_round_once),
        cmocka_unit_test(uuids_format_and_parse),
        cmocka_unit_test(uuids_rise_and_are_unique),
        cmocka_unit_test(hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
