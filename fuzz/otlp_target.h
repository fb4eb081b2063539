/* The body of the two OTLP targets. The first byte of an input chooses the signal, the rest is the
 * request. */
#ifndef FUZZ_OTLP_TARGET_H
#define FUZZ_OTLP_TARGET_H

#include "../tests/lib/recordcheck.h"
#include "base/arena.h"
#include "ingest/otlp.h"

#include <stdio.h>
#include <stdlib.h>

static void hold(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "does not hold: %s\n", what);
        abort();
    }
}

/* Decodes, and holds that the result is an error that says something, or records that any database
 * takes; that memory stays within its bound; and that the body is not needed afterwards. */
static int decode_input(const uint8_t *data, size_t size, enum keel__otlp_encoding encoding)
{
    const struct keel__otlp_options options = {.max_memory_bytes = 32 << 20, .max_records = 100000};
    if (size == 0)
        return 0;
    enum keel__otlp_signal signal = (enum keel__otlp_signal)(KEEL__OTLP_TRACES + data[0] % 3);
    char *body = malloc(size); /* one byte larger than needed, so that size 0 has a block */
    memcpy(body, data + 1, size - 1);
    struct keel__arena arena;
    struct keel__otlp_batch batch;
    struct keel_error err;
    keel__arena_init(&arena, 0);
    int rc = keel__otlp_decode(&arena, &options, signal, encoding, keel_slice(body, size - 1),
                               &batch, &err);
    free(body);
    hold(rc == KEEL_OK || rc == KEEL_INVALID || rc == KEEL_NOMEM, "the code is one of three");
    hold(arena.used_bytes <= options.max_memory_bytes, "memory is bounded");
    if (rc) {
        hold(err.message[0] && keel__utf8_valid(keel_slice_of(err.message)), "an error says why");
        hold(batch.record_count == 0, "nothing comes of a refused request");
    }
    hold(batch.rejected == 0 || batch.message.size > 0, "a rejection says why");
    for (size_t i = 0; i < batch.record_count; i++) {
        const char *wrong = check_record(&batch.records[i]);
        hold(!wrong, wrong ? wrong : "");
    }
    keel__arena_fini(&arena);
    return 0;
}

#endif
