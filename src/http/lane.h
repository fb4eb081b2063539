/*
 * http/lane.h - threads that run requests, so that the threads that move bytes never wait.
 *
 * Jobs run in the order they come. How many can wait is bounded by those who submit: a connection
 * has at most one request under way.
 */
#ifndef HTTP_LANE_H
#define HTTP_LANE_H

#include <keel/error.h>

struct keel__lane;

/* Part of what it belongs to; must live until run has been called. */
struct keel__job {
    struct keel__job *next;
    void (*run)(struct keel__job *job);
};

int keel__lane_open(struct keel__lane **out, int threads, const char *name, struct keel_error *err);
/* Thread-safe. */
void keel__lane_submit(struct keel__lane *lane, struct keel__job *job);
/* Jobs that wait for a thread now. Thread-safe. */
int keel__lane_waiting(struct keel__lane *lane);
/* Runs what was submitted, then ends the threads. NULL is fine. */
void keel__lane_close(struct keel__lane *lane);

#endif
