/* Malformed, hostile and odd requests (tests/integration/otlp_cases.py) against the decoder: the
 * code of each, what is left of it, and that every record that comes of it is one that the
 * databases take. */
#include "fixtures.h"
#include "recordcheck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX_CASES = 4000, FIELD_COUNT = 8 };

struct hostile {
    const char *name, *signal, *content_type, *says;
    int status, records, rejected;
    struct keel_slice body;
};

/* "name\tsignal\tcontent type\tstatus\trecords\trejected\tsays\tsize\n" and the body. */
static const char *read_case(char *at, struct hostile *hostile)
{
    char *fields[FIELD_COUNT];
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        fields[i] = at;
        at += strcspn(at, "\t\n");
        *at++ = '\0';
    }
    *hostile = (struct hostile){
        .name = fields[0],
        .signal = fields[1],
        .content_type = fields[2],
        .status = atoi(fields[3]),
        .records = atoi(fields[4]),
        .rejected = atoi(fields[5]),
        .says = fields[6],
        .body = keel_slice(at, (size_t)atol(fields[7])),
    };
    return at + hostile->body.size + 1;
}

static int status_of(int code)
{
    return code == KEEL_OK ? 200 : code == KEEL_INVALID ? 400 : code == KEEL_NOMEM ? 413 : 500;
}

static void expect_records(const struct hostile *hostile, const struct keel__otlp_batch *batch)
{
    if ((int)batch->record_count != hostile->records || (int)batch->rejected != hostile->rejected)
        fail_msg("expected %d records and %d rejected, got %zu and %d", hostile->records,
                 hostile->rejected, batch->record_count, (int)batch->rejected);
    for (size_t i = 0; i < batch->record_count; i++) {
        const char *wrong = check_record(&batch->records[i]);
        if (wrong)
            fail_msg("record %zu: wrong %s", i, wrong);
    }
}

static void is_answered(void **state)
{
    const struct hostile *hostile = *state;
    struct keel__arena arena;
    struct keel__otlp_batch batch;
    struct keel_error err = {.code = KEEL_OK};
    enum keel__otlp_encoding encoding;
    enum keel__otlp_signal signal = strcmp(hostile->signal, "logs") == 0      ? KEEL__OTLP_LOGS
                                    : strcmp(hostile->signal, "metrics") == 0 ? KEEL__OTLP_METRICS
                                                                              : KEEL__OTLP_TRACES;
    assert_true(keel__otlp_encoding_parse(keel_slice_of(hostile->content_type), &encoding));
    keel__arena_init(&arena, 0);
    int rc = keel__otlp_decode(&arena, NULL, signal, encoding, hostile->body, &batch, &err);
    if (status_of(rc) != hostile->status)
        fail_msg("expected %d, got %d: %s", hostile->status, status_of(rc), err.message);
    const char *message = rc ? err.message : batch.message.data ? batch.message.data : "";
    if (!strstr(message, hostile->says))
        fail_msg("expected a message with \"%s\", got \"%s\"", hostile->says, message);
    if (rc)
        assert_true(keel__utf8_valid(keel_slice_of(err.message)));
    expect_records(hostile, &batch);
    keel__arena_fini(&arena);
}

static char *read_cases(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return NULL;
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(size + 1);
    if (text && fread(text, 1, size, file) == size)
        text[size] = '\0';
    fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    static struct hostile cases[MAX_CASES];
    static struct CMUnitTest tests[MAX_CASES];
    char *text = argc == 2 ? read_cases(argv[1]) : NULL;
    if (!text) {
        fprintf(stderr, "usage: %s FILE (that tests/integration/otlp_cases.py wrote)\n", argv[0]);
        return 2;
    }
    size_t count = 0;
    for (char *at = text; *at && count < MAX_CASES; count++) {
        at = (char *)(uintptr_t)read_case(at, &cases[count]);
        tests[count] = (struct CMUnitTest){
            .name = cases[count].name, .test_func = is_answered, .initial_state = &cases[count]};
    }
    int failed = _cmocka_run_group_tests("otlp_hostile", tests, count, NULL, NULL);
    free(text);
    return failed;
}
