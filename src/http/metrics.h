/*
 * http/metrics.h - what the server counts, in the Prometheus text format.
 *
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4)
 */
#ifndef HTTP_METRICS_H
#define HTTP_METRICS_H

#include <keel/types.h>

#include <stdatomic.h>

struct keel__route;
struct keel__server;
struct keel__str;

enum { KEEL__METRICS_ROUTES = 40, KEEL__METRICS_CODES = 20, KEEL__METRICS_BUCKETS = 12 };

struct keel__route_metrics {
    _Atomic int64_t codes[KEEL__METRICS_CODES];
    _Atomic int64_t buckets[KEEL__METRICS_BUCKETS]; /* the last one: all that are longer */
    _Atomic int64_t total_us;
};

struct keel__metrics {
    struct keel__route_metrics routes[KEEL__METRICS_ROUTES + 1]; /* the last one: no route */
    _Atomic int64_t received_bytes, sent_bytes, connections;
};

/* route may be NULL. Thread-safe. */
void keel__metrics_count(struct keel__metrics *metrics, const struct keel__route *route, int status,
                         int64_t duration_us);
void keel__metrics_write(struct keel__server *server, struct keel__str *out);

#endif
