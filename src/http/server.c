#include "http/server.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "http/request.h"
#include "http/state.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MIB = 1 << 20,
    TICK_US = 200000,
    GRACE_US = 10000000,     /* for requests that are not complete when the server stops */
    REMIND_US = 5000000,     /* how often it says what it waits for */
    CONNECTION_BYTES = 32768 /* headers, and what is read at once of a body */
};

static int or_default(int value, int otherwise)
{
    return value > 0 ? value : otherwise;
}

static int processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > 64 ? 64 : (int)count;
}

/* ---- what libmicrohttpd says ----------------------------------------------------------------- */

/* Clients that go away in the middle of something are not worth the operator's attention. */
__attribute__((format(printf, 2, 0))) static void log_microhttpd(void *context, const char *format,
                                                                 va_list args)
{
    char text[300];

    (void)context;
    vsnprintf(text, sizeof(text), format, args);
    text[strcspn(text, "\n")] = '\0';
    keel__log(KEEL__LOG_DEBUG, "libmicrohttpd", keel__log_cstr("message", text));
}

/* ---- connections ----------------------------------------------------------------------------- */

static bool room(void *context)
{
    struct keel__server *server = context;
    return !keel__connections_full(&server->connections);
}

static void connected(void *context, int fd, const struct sockaddr *address, unsigned size)
{
    struct keel__server *server = context;
    struct MHD_Daemon *daemon = server->daemons[fd % server->daemon_count];

    if (MHD_add_connection(daemon, fd, address, size) != MHD_YES)
        keel__log(KEEL__LOG_DEBUG, "a connection was not taken");
}

static struct MHD_Daemon *start_daemon(struct keel__server *server)
{
    /* Our own limit stands before libmicrohttpd's: at its own, 0.9.75 leaves a mutex locked when a
     * connection is added from outside. */
    unsigned int limit = (unsigned int)server->connections.limit + 64;

    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET |
            MHD_USE_ERROR_LOG,
        0, NULL, NULL, keel__request_access, server, MHD_OPTION_EXTERNAL_LOGGER, log_microhttpd,
        NULL, MHD_OPTION_NOTIFY_COMPLETED, keel__request_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, keel__request_connected, server, MHD_OPTION_URI_LOG_CALLBACK,
        keel__request_line, server, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_CONNECTION_LIMIT, limit, MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_END);
}

static int start_daemons(struct keel__server *server, int count, struct keel_error *err)
{
    for (; server->daemon_count < count; server->daemon_count++) {
        struct MHD_Daemon *daemon = start_daemon(server);
        if (!daemon)
            return keel__error_errno(err, KEEL_IO, errno, "cannot start libmicrohttpd");
        server->daemons[server->daemon_count] = daemon;
    }
    return KEEL_OK;
}

/* ---- the clock ------------------------------------------------------------------------------- */

static void *tick(void *argument)
{
    struct keel__server *server = argument;

    while (!atomic_load(&server->stopped)) {
        keel__sleep_us(TICK_US);
        keel__connections_sweep(&server->connections);
        keel__stream_tick(server->stream);
    }
    return NULL;
}

static int start_ticker(struct keel__server *server, struct keel_error *err)
{
    int failure = pthread_create(&server->ticker, NULL, tick, server);
    if (failure)
        return keel__error_errno(err, KEEL_IO, failure, "cannot start a thread");
    pthread_setname_np(server->ticker, "keel-tick");
    server->ticking = true;
    return KEEL_OK;
}

/* ---- starting -------------------------------------------------------------------------------- */

static void changed(void *context, const struct keel_run_change *changes, size_t count)
{
    struct keel__server *server = context;

    for (size_t i = 0; i < count; i++)
        keel__stream_touch(server->stream, changes[i].run_id, changes[i].first_sequence,
                           changes[i].last_sequence);
}

static int open_auth(struct keel__server *server, const struct keel__server_options *options,
                     struct keel_error *err)
{
    bool loopback = keel__listener_is_loopback(server->listener);
    int64_t active = 0;

    if (loopback && !options->require_key)
        return KEEL_OK;
    int rc = keel_api_key_count(server->store, &active, err);
    if (rc)
        return rc;
    if (active == 0)
        return keel_error_set(err, KEEL_INVALID,
                              "%s wants an API key, and there is none: make one with "
                              "keel keys create NAME --role ingest",
                              loopback ? "--require-key" : "listening beyond this machine");
    return keel__auth_open(&server->auth, server->store, err);
}

static int open_rooms(struct keel__server *server, const struct keel__server_options *options,
                      struct keel_error *err)
{
    static const struct keel__patience usual = {
        .header_s = 15, .idle_s = 120, .stall_s = 30, .min_rate = 16384};
    struct keel__patience patience = options->patience;

    patience.header_s = or_default(patience.header_s, usual.header_s);
    patience.idle_s = or_default(patience.idle_s, usual.idle_s);
    patience.stall_s = or_default(patience.stall_s, usual.stall_s);
    patience.min_rate = or_default(patience.min_rate, usual.min_rate);
    keel__connections_init(&server->connections, or_default(options->max_connections, 1000),
                           &patience);
    server->max_body_bytes = options->max_body_bytes ? options->max_body_bytes : 20 * MIB;
    server->budget.limit_bytes =
        options->max_memory_bytes ? options->max_memory_bytes : (size_t)256 * MIB;
    if (server->budget.limit_bytes < 3 * server->max_body_bytes)
        return keel_error_set(err, KEEL_INVALID,
                              "--max-memory must be at least three times --max-body: %zu MiB",
                              3 * server->max_body_bytes / MIB);
    return keel__guard_init(&server->guard, options->host,
                            keel__listener_is_loopback(server->listener), options->allow_hosts,
                            options->allow_host_count, err);
}

static int open_workers(struct keel__server *server, const struct keel__server_options *options,
                        struct keel_error *err)
{
    struct keel_queue_options queue = options->queue;

    queue.max_records = queue.max_records ? queue.max_records : 100000;
    queue.max_bytes = queue.max_bytes ? queue.max_bytes : (size_t)64 * MIB;
    server->queue_max_records = (int64_t)queue.max_records;
    server->queue_max_bytes = (int64_t)queue.max_bytes;
    int rc = keel_queue_open(&server->queue, server->store, &queue, err);
    if (!rc)
        rc = keel__lane_open(&server->ingest, or_default(options->ingest_threads, processors()),
                             "keel-ingest", err);
    if (!rc)
        rc = keel__lane_open(&server->api, or_default(options->api_threads, 8), "keel-api", err);
    if (!rc)
        rc = keel__stream_open(&server->stream, server->store, or_default(options->max_streams, 64),
                               err);
    return rc;
}

static int start_threads(struct keel__server *server, const struct keel__server_options *options,
                         struct keel_error *err)
{
    int io = or_default(options->io_threads, 2);

    keel_store_observe(server->store, changed, server);
    int rc = start_daemons(server, io < KEEL__MAX_IO_THREADS ? io : KEEL__MAX_IO_THREADS, err);
    if (!rc)
        rc = start_ticker(server, err);
    if (!rc)
        rc = keel__listener_start(server->listener, connected, room, server, err);
    return rc;
}

static void name_url(struct keel__server *server, const char *host)
{
    bool everywhere = !host || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
    bool v6 = host && strchr(host, ':');

    if (everywhere)
        host = "127.0.0.1";
    snprintf(server->url, sizeof(server->url),
             v6 && !everywhere ? "http://[%s]:%d" : "http://%s:%d", host,
             keel__listener_port(server->listener));
}

int keel__server_start(struct keel__server **out, struct keel_store *store,
                       const struct keel__server_options *options, struct keel_error *err)
{
    static const struct keel__server_options none = {0};

    *out = NULL;
    options = options ? options : &none;
    struct keel__server *server = calloc(1, sizeof(*server));
    if (!server)
        return keel__nomem(err);
    server->store = store;
    int rc = keel__listener_open(&server->listener, options->host, options->port, err);
    if (!rc)
        rc = open_rooms(server, options, err);
    if (!rc)
        rc = open_auth(server, options, err);
    if (!rc)
        rc = open_workers(server, options, err);
    if (!rc)
        rc = start_threads(server, options, err);
    if (rc) {
        keel__server_stop(server);
        return rc;
    }
    name_url(server, options->host);
    *out = server;
    return KEEL_OK;
}

int keel__server_port(const struct keel__server *server)
{
    return keel__listener_port(server->listener);
}

const char *keel__server_url(const struct keel__server *server)
{
    return server->url;
}

bool keel__server_wants_key(const struct keel__server *server)
{
    return server->auth != NULL;
}

/* ---- stopping -------------------------------------------------------------------------------- */

/* Whom to cut off so long after it began: those who ask for nothing at once, those who are not done
 * asking or reading after a while. What is complete is answered, however long that takes. */
static unsigned stages_to_shut(int64_t waited_us)
{
    unsigned stages = 1U << KEEL__STAGE_NEW | 1U << KEEL__STAGE_IDLE;

    if (waited_us > GRACE_US)
        stages |= 1U << KEEL__STAGE_HEADERS | 1U << KEEL__STAGE_BODY | 1U << KEEL__STAGE_REPLY |
                  1U << KEEL__STAGE_STREAM;
    return stages;
}

static void finish_requests(struct keel__server *server)
{
    int64_t began = keel__clock_us(), remind = began + REMIND_US;

    for (;;) {
        int64_t now = keel__clock_us();
        int active = atomic_load(&server->active), streams = keel__stream_clients(server->stream);
        if (active == 0 && streams == 0)
            return;
        keel__connections_shut(&server->connections, stages_to_shut(now - began));
        if (now > remind) {
            keel__log(KEEL__LOG_INFO, "waiting for requests to be answered",
                      keel__log_int("requests", active), keel__log_int("streams", streams));
            remind = now + REMIND_US;
        }
        keel__sleep_us(5000);
    }
}

void keel__server_stop(struct keel__server *server)
{
    if (!server)
        return;
    atomic_store(&server->stopping, true);
    keel__listener_close(server->listener);
    if (server->stream) {
        keel__stream_end(server->stream);
        finish_requests(server);
    }
    for (int i = 0; i < server->daemon_count; i++)
        MHD_stop_daemon(server->daemons[i]);
    atomic_store(&server->stopped, true);
    if (server->ticking)
        pthread_join(server->ticker, NULL);
    keel__lane_close(server->ingest);
    keel__lane_close(server->api);
    if (server->queue)
        keel_queue_close(server->queue);
    keel_store_observe(server->store, NULL, NULL);
    keel__stream_close(server->stream);
    keel__auth_close(server->auth);
    keel__guard_fini(&server->guard);
    keel__connections_fini(&server->connections);
    free(server);
}
