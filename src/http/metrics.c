#include "http/metrics.h"

#include "base/str.h"
#include "http/route.h"
#include "http/state.h"

#include <keel/version.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The last one stands for every other. */
static const int codes[KEEL__METRICS_CODES] = {200, 201, 400, 401, 403, 404, 405, 409, 411, 413,
                                               415, 417, 422, 429, 500, 501, 503, 504, 505, 0};
static const int64_t bucket_us[KEEL__METRICS_BUCKETS] = {
    500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000, 5000000, INT64_MAX};

void keel__metrics_count(struct keel__metrics *metrics, const struct keel__route *route, int status,
                         int64_t duration_us)
{
    size_t place = route ? (size_t)(route - keel__routes) : KEEL__METRICS_ROUTES;
    struct keel__route_metrics *counts = &metrics->routes[place];
    size_t code = 0, bucket = 0;

    while (code < KEEL__METRICS_CODES - 1 && codes[code] != status)
        code++;
    while (bucket_us[bucket] < duration_us)
        bucket++;
    atomic_fetch_add(&counts->codes[code], 1);
    atomic_fetch_add(&counts->buckets[bucket], 1);
    atomic_fetch_add(&counts->total_us, duration_us);
}

static void head(struct keel__str *out, const char *name, const char *type, const char *help)
{
    keel__str_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void one(struct keel__str *out, const char *name, const char *type, const char *help,
                int64_t value)
{
    head(out, name, type, help);
    keel__str_printf(out, "%s %" PRId64 "\n", name, value);
}

/* method="GET",route="/healthz" */
static void route_labels(struct keel__str *out, size_t place)
{
    const struct keel__route *route = place < keel__route_count ? &keel__routes[place] : NULL;

    keel__str_printf(out, "method=\"%s\",route=\"%s\"", route ? route->method : "",
                     route ? route->path : "none");
}

static int64_t requests_of(struct keel__route_metrics *counts)
{
    int64_t sum = 0;

    for (size_t i = 0; i < KEEL__METRICS_CODES; i++)
        sum += atomic_load(&counts->codes[i]);
    return sum;
}

static void write_codes(struct keel__metrics *metrics, struct keel__str *out)
{
    head(out, "keel_http_requests_total", "counter",
         "Requests answered, by route and status code.");
    for (size_t r = 0; r <= KEEL__METRICS_ROUTES; r++) {
        for (size_t c = 0; c < KEEL__METRICS_CODES; c++) {
            int64_t count = atomic_load(&metrics->routes[r].codes[c]);
            if (count == 0)
                continue;
            keel__str_text(out, "keel_http_requests_total{");
            route_labels(out, r);
            if (codes[c])
                keel__str_printf(out, ",code=\"%d\"} %" PRId64 "\n", codes[c], count);
            else
                keel__str_printf(out, ",code=\"other\"} %" PRId64 "\n", count);
        }
    }
}

static void write_durations(struct keel__metrics *metrics, struct keel__str *out)
{
    static const char name[] = "keel_http_request_duration_seconds";

    head(out, name, "histogram", "From a request's line to its answer.");
    for (size_t r = 0; r <= KEEL__METRICS_ROUTES; r++) {
        struct keel__route_metrics *counts = &metrics->routes[r];
        int64_t sum = 0, all = requests_of(counts);
        for (size_t b = 0; all && b < KEEL__METRICS_BUCKETS; b++) {
            sum += atomic_load(&counts->buckets[b]);
            keel__str_printf(out, "%s_bucket{", name);
            route_labels(out, r);
            if (bucket_us[b] == INT64_MAX)
                keel__str_printf(out, ",le=\"+Inf\"} %" PRId64 "\n", sum);
            else
                keel__str_printf(out, ",le=\"%g\"} %" PRId64 "\n", (double)bucket_us[b] / 1e6, sum);
        }
        if (!all)
            continue;
        keel__str_printf(out, "%s_sum{", name);
        route_labels(out, r);
        keel__str_printf(out, "} %g\n%s_count{", (double)atomic_load(&counts->total_us) / 1e6,
                         name);
        route_labels(out, r);
        keel__str_printf(out, "} %" PRId64 "\n", sum);
    }
}

static void write_server(struct keel__server *server, struct keel__str *out)
{
    one(out, "keel_http_received_bytes_total", "counter", "Bytes of request bodies received.",
        atomic_load(&server->metrics.received_bytes));
    one(out, "keel_http_sent_bytes_total", "counter", "Bytes of response bodies handed out.",
        atomic_load(&server->metrics.sent_bytes));
    one(out, "keel_http_connections_total", "counter", "Connections accepted.",
        atomic_load(&server->metrics.connections));
    one(out, "keel_http_connections", "gauge", "Connections open now.",
        keel__connections_count(&server->connections));
    one(out, "keel_http_requests_in_flight", "gauge", "Requests not answered yet.",
        atomic_load(&server->active));
    one(out, "keel_http_stream_clients", "gauge", "Clients of /api/v1/stream.",
        keel__stream_clients(server->stream));
    one(out, "keel_http_memory_bytes", "gauge", "Memory taken by requests and answers under way.",
        (int64_t)atomic_load(&server->budget.used_bytes));
    one(out, "keel_http_memory_limit_bytes", "gauge", "What they may take.",
        (int64_t)server->budget.limit_bytes);
    head(out, "keel_http_jobs_waiting", "gauge", "Requests that wait for a thread.");
    keel__str_printf(out, "keel_http_jobs_waiting{lane=\"ingest\"} %d\n",
                     keel__lane_waiting(server->ingest));
    keel__str_printf(out, "keel_http_jobs_waiting{lane=\"api\"} %d\n",
                     keel__lane_waiting(server->api));
}

static void write_queue(struct keel__server *server, struct keel__str *out)
{
    struct keel_queue_stats stats;

    keel_queue_stats(server->queue, &stats);
    one(out, "keel_queue_records", "gauge", "Records that wait for their transaction.",
        stats.depth_records);
    one(out, "keel_queue_bytes", "gauge", "Bytes of them.", stats.depth_bytes);
    one(out, "keel_queue_batches_total", "counter", "Batches taken.", stats.batches);
    one(out, "keel_queue_written_records_total", "counter", "Records written.", stats.records);
    one(out, "keel_queue_transactions_total", "counter",
        "Transactions committed; records by transactions is the size of one.", stats.transactions);
    one(out, "keel_queue_busy_total", "counter", "Batches refused because the queue was full.",
        stats.busy);
}

/* Names of statements are ours: lower case and underscores. */
static void write_statements(struct keel__str *out)
{
    enum { MOST = 300 };
    struct keel_statement_stats *stats = calloc(MOST, sizeof(*stats));

    if (!stats)
        return;
    size_t count = keel_monitor_stats(stats, MOST);
    count = count < MOST ? count : MOST;
    head(out, "keel_statements_total", "counter", "Statements run, by name.");
    for (size_t i = 0; i < count; i++)
        keel__str_printf(out, "keel_statements_total{statement=\"%s\"} %" PRId64 "\n",
                         stats[i].name, stats[i].count);
    head(out, "keel_statement_errors_total", "counter", "Statements that failed, by name.");
    for (size_t i = 0; i < count; i++)
        keel__str_printf(out, "keel_statement_errors_total{statement=\"%s\"} %" PRId64 "\n",
                         stats[i].name, stats[i].errors);
    head(out, "keel_statement_duration_seconds", "summary", "Duration of statements, by name.");
    for (size_t i = 0; i < count; i++) {
        const struct keel_statement_stats *s = &stats[i];
        const struct {
            const char *name;
            int64_t us;
        } quantiles[] = {{"0.5", s->p50_us}, {"0.95", s->p95_us}, {"0.99", s->p99_us}};
        for (size_t q = 0; q < 3; q++)
            keel__str_printf(
                out, "keel_statement_duration_seconds{statement=\"%s\",quantile=\"%s\"} %g\n",
                s->name, quantiles[q].name, (double)quantiles[q].us / 1e6);
        keel__str_printf(out,
                         "keel_statement_duration_seconds_sum{statement=\"%s\"} %g\n"
                         "keel_statement_duration_seconds_count{statement=\"%s\"} %" PRId64 "\n",
                         s->name, (double)s->total_us / 1e6, s->name, s->count);
    }
    free(stats);
}

/* The newest slow statements; the time stands in a label, as they are single events. */
static void write_slow_statements(struct keel__str *out)
{
    enum { NEWEST = 20 };
    struct keel_slow_statement slow[NEWEST];
    size_t count = keel_monitor_slow(slow, NEWEST);
    head(out, "keel_slow_statement_duration_seconds", "gauge",
         "The newest statements that took 0.1 seconds or more.");
    for (size_t i = 0; i < count; i++) {
        char at[28];
        keel_time_format(slow[i].at_us, at);
        keel__str_printf(
            out,
            "keel_slow_statement_duration_seconds{number=\"%zu\",statement=\"%s\",at=\"%s\"} %g\n",
            i + 1, slow[i].name, at, (double)slow[i].duration_us / 1e6);
    }
}

static int64_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long total = 0, resident = 0;

    if (!file)
        return 0;
    if (fscanf(file, "%ld %ld", &total, &resident) != 2)
        resident = 0;
    fclose(file);
    return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

void keel__metrics_write(struct keel__server *server, struct keel__str *out)
{
    head(out, "keel_build_info", "gauge", "The version that runs.");
    keel__str_printf(out, "keel_build_info{version=\"%s\"} 1\n", keel_version());
    write_codes(&server->metrics, out);
    write_durations(&server->metrics, out);
    write_server(server, out);
    write_queue(server, out);
    write_statements(out);
    write_slow_statements(out);
    one(out, "process_resident_memory_bytes", "gauge", "Resident memory.", resident_bytes());
}
