/*
 * JSON on standard output: one buffer, written when it is complete, so that a failure half-way
 * prints nothing.
 */
#ifndef KEEL_CLI_OUTPUT_H
#define KEEL_CLI_OUTPUT_H

#include "base/json.h"
#include "base/str.h"
#include "cli/cli.h"

struct keel__output {
    struct keel__str text;
    struct keel__json json;
};
void keel__output_init(struct keel__output *output);
/* Prints `count` items as a JSON array, each by shape(json, context, index). Returns an exit code.
 */
int keel__output_array(size_t count,
                       void (*shape)(struct keel__json *json, const void *context, size_t index),
                       const void *context);
/* Prints with a line end, frees, and returns an exit code. */
int keel__output_finish(struct keel__output *output);

#endif
