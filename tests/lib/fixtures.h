/* Files and captured requests (tests/fixtures/otlp) for C tests. Failures to read are test
 * failures. */
#ifndef TESTS_FIXTURES_H
#define TESTS_FIXTURES_H

#include "base/arena.h"
#include "ingest/otlp.h"

/* A whole file under tests/, in arena, NUL-terminated. path is relative to tests/. */
struct keel_slice fixture_read(struct keel__arena *arena, const char *path);
/* Names in a folder under tests/, sorted, in arena; hidden ones and files that end in ".md" are
 * left out. */
char **fixture_list(struct keel__arena *arena, const char *path, size_t *count);

struct capture {
    const char *file; /* "001-traces.pb" */
    enum keel__otlp_signal signal;
    enum keel__otlp_encoding encoding;
    struct keel_slice body;
};
/* The requests of fixtures/otlp/<client>/<scenario> in the order they were sent. */
struct capture *fixture_captures(struct keel__arena *arena, const char *scenario, size_t *count);

#endif
