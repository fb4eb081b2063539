/* Requests of real clients (tests/fixtures/otlp), decoded, against what they mean
 * (tests/golden/otlp). scripts/golden writes the expected files anew; read the difference before it
 * is committed. */
#include "base/str.h"
#include "fixtures.h"
#include "recordjson.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

static void decode_scenario(struct keel__arena *arena, const char *scenario, struct keel__str *out)
{
    size_t count;
    struct capture *captures = fixture_captures(arena, scenario, &count);
    for (size_t i = 0; i < count; i++) {
        struct keel__otlp_batch batch;
        struct keel_error err;
        if (keel__otlp_decode(arena, NULL, captures[i].signal, captures[i].encoding,
                              captures[i].body, &batch, &err))
            fail_msg("%s/%s: %s", scenario, captures[i].file, err.message);
        keel__str_printf(out, "%s: rejected %d, message \"%.*s\"\n", captures[i].file,
                         (int)batch.rejected, (int)batch.message.size,
                         batch.message.data ? batch.message.data : "");
        records_write(out, batch.records, batch.record_count);
        keel__str_text(out, "\n");
    }
}

static void write_golden(struct keel__arena *arena, const char *scenario, struct keel_slice text)
{
    char *path = keel__arena_printf(arena, "%s/golden/otlp/%s.txt", KEEL_TESTS_DIR, scenario);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        fail_msg("%s: %s", path, strerror(errno));
    *slash = '/';
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(text.data, 1, text.size, file) != text.size || fclose(file) != 0)
        fail_msg("%s: %s", path, strerror(errno));
}

static void show_difference(const char *scenario, const char *got, const char *expected)
{
    int line = 1;
    const char *start_got = got, *start_expected = expected;
    while (*got && *got == *expected) {
        if (*got == '\n') {
            line++;
            start_got = got + 1;
            start_expected = expected + 1;
        }
        got++;
        expected++;
    }
    fail_msg("golden/otlp/%s.txt, line %d:\n  expected %.*s\n  got      %.*s", scenario, line,
             (int)strcspn(start_expected, "\n"), start_expected, (int)strcspn(start_got, "\n"),
             start_got);
}

static void decodes_as_expected(void **state)
{
    const char *scenario = *state;
    struct keel__arena arena;
    struct keel__str out;
    keel__arena_init(&arena, 0);
    keel__str_init(&out, 0);
    decode_scenario(&arena, scenario, &out);
    if (getenv("KEEL_GOLDEN_WRITE")) {
        write_golden(&arena, scenario, keel__str_view(&out));
    } else {
        struct keel_slice expected =
            fixture_read(&arena, keel__arena_printf(&arena, "golden/otlp/%s.txt", scenario));
        if (strcmp(out.data, expected.data) != 0)
            show_difference(scenario, out.data, expected.data);
    }
    keel__str_fini(&out);
    keel__arena_fini(&arena);
}

int main(void)
{
    struct keel__arena arena;
    keel__arena_init(&arena, 0);
    struct CMUnitTest tests[500];
    size_t client_count, scenario_count, count = 0;
    char **clients = fixture_list(&arena, "fixtures/otlp", &client_count);
    for (size_t i = 0; i < client_count; i++) {
        char **scenarios = fixture_list(
            &arena, keel__arena_printf(&arena, "fixtures/otlp/%s", clients[i]), &scenario_count);
        for (size_t j = 0; j < scenario_count && count < 500; j++) {
            char *name = keel__arena_printf(&arena, "%s/%s", clients[i], scenarios[j]);
            tests[count++] = (struct CMUnitTest){
                .name = name, .test_func = decodes_as_expected, .initial_state = name};
        }
    }
    int failed = _cmocka_run_group_tests("otlp_golden", tests, count, NULL, NULL);
    keel__arena_fini(&arena);
    return failed;
}
