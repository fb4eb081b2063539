/*
 * The demonstration's pipeline: a support agent that looks up orders, as an OpenTelemetry SDK with
 * the GenAI semantic conventions would report it.
 */
#ifndef KEEL_CLI_DEMO_H
#define KEEL_CLI_DEMO_H

#include "base/str.h"
#include "cli/cli.h"

struct keel__demo_run {
    char trace_id[33];
};
enum { KEEL__DEMO_TURNS = 4 };

/* Writes turn `turn` of a conversation as one ExportTraceServiceRequest in JSON
 * (opentelemetry-proto, JSON mapping). session names the conversation; now_us is when its last turn
 * ended. */
void keel__demo_request(struct keel__str *out, int turn, const char *session, int64_t now_us,
                        struct keel__demo_run *run);

#endif
