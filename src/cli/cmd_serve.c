#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/output.h"
#include "http/route.h"
#include "http/server.h"

#include <keel/version.h>

enum { DEFAULT_PORT = 4318, MAX_HOSTS = 64, MIB = 1 << 20, API_THREADS = 8, WRITERS = 4 };

struct own {
    struct keel__server_options server;
    const char *allow[MAX_HOSTS];
    bool routes;
};

enum {
    OPT_REQUIRE_KEY = 0x100,
    OPT_ALLOW_HOST,
    OPT_MAX_BODY,
    OPT_MAX_MEMORY,
    OPT_MAX_CONNECTIONS,
    OPT_HEADER_TIMEOUT,
    OPT_IDLE_TIMEOUT,
    OPT_STALL_TIMEOUT,
    OPT_MAX_QUEUE,
    OPT_LOG_LEVEL,
    OPT_ROUTES
};

static const struct argp_option options[] = {
    {"host", 'H', "ADDRESS", 0,
     "Listen there (default: 127.0.0.1 and ::1). An address that other machines can reach wants an "
     "API key",
     0},
    {"port", 'p', "PORT", 0, "Listen there (default 4318; 0: any free port)", 0},
    {"require-key", OPT_REQUIRE_KEY, NULL, 0, "Want an API key from clients on this machine too",
     0},
    {"allow-host", OPT_ALLOW_HOST, "NAME", 0,
     "A further name that clients may call this server by (repeatable)", 0},
    {"max-body", OPT_MAX_BODY, "MIB", 0, "Take requests up to this size (default 20)", 0},
    {"max-memory", OPT_MAX_MEMORY, "MIB", 0,
     "Memory for all requests and answers under way (default 256)", 0},
    {"max-connections", OPT_MAX_CONNECTIONS, "N", 0, "Clients at once (default 1000)", 0},
    {"max-queue", OPT_MAX_QUEUE, "RECORDS", 0,
     "Records that may wait for their transaction (default 100000)", 0},
    {"header-timeout", OPT_HEADER_TIMEOUT, "SECONDS", 0,
     "For a client to say what it wants (default 15)", 0},
    {"idle-timeout", OPT_IDLE_TIMEOUT, "SECONDS", 0, "Between two requests (default 120)", 0},
    {"stall-timeout", OPT_STALL_TIMEOUT, "SECONDS", 0,
     "For a body or an answer that does not move (default 30)", 0},
    {"log-level", OPT_LOG_LEVEL, "LEVEL", 0, "error, warn, info (default) or debug", 0},
    {"routes", OPT_ROUTES, NULL, OPTION_HIDDEN, "Print the table of routes as JSON, and exit", 0},
    {0}};

static error_t parse_limit(int key, char *arg, struct argp_state *state)
{
    struct keel__server_options *server = &((struct own *)state->input)->server;

    switch (key) {
    case OPT_MAX_BODY:
        server->max_body_bytes = (size_t)keel__number(state, "--max-body", arg, 1, 1024) * MIB;
        return 0;
    case OPT_MAX_MEMORY:
        server->max_memory_bytes =
            (size_t)keel__number(state, "--max-memory", arg, 16, 1 << 20) * MIB;
        return 0;
    case OPT_MAX_CONNECTIONS:
        server->max_connections = (int)keel__number(state, "--max-connections", arg, 1, 100000);
        return 0;
    case OPT_MAX_QUEUE:
        server->queue.max_records = (size_t)keel__number(state, "--max-queue", arg, 1, 100000000);
        return 0;
    case OPT_HEADER_TIMEOUT:
        server->patience.header_s = (int)keel__number(state, "--header-timeout", arg, 1, 3600);
        return 0;
    case OPT_IDLE_TIMEOUT:
        server->patience.idle_s = (int)keel__number(state, "--idle-timeout", arg, 1, 86400);
        return 0;
    case OPT_STALL_TIMEOUT:
        server->patience.stall_s = (int)keel__number(state, "--stall-timeout", arg, 1, 3600);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct own *own = state->input;
    enum keel__log_level level;

    switch (key) {
    case 'H':
        own->server.host = arg;
        return 0;
    case 'p':
        own->server.port = (int)keel__number(state, "--port", arg, 0, 65535);
        return 0;
    case OPT_REQUIRE_KEY:
        own->server.require_key = true;
        return 0;
    case OPT_ALLOW_HOST:
        if (own->server.allow_host_count == MAX_HOSTS)
            argp_error(state, "--allow-host is given more than %d times", MAX_HOSTS);
        own->allow[own->server.allow_host_count++] = arg;
        return 0;
    case OPT_LOG_LEVEL:
        if (!keel__log_level_parse(arg, &level))
            argp_error(state, "--log-level takes error, warn, info or debug, not '%s'", arg);
        keel__log_level(level);
        return 0;
    case OPT_ROUTES:
        own->routes = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "unexpected argument '%s'", arg);
        return 0;
    default:
        return parse_limit(key, arg, state);
    }
}

/* Bodies come and go in blocks of up to 20 MiB: they shall go back to the system when they are
 * freed, and not be kept once for every thread. A connection takes a file descriptor. */
static void set_limits(void)
{
    struct rlimit limit;

    mallopt(M_MMAP_THRESHOLD, 4 * MIB);
    mallopt(M_TRIM_THRESHOLD, 16 * MIB);
    mallopt(M_ARENA_MAX, 4);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static void stop_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

/* The second signal finds no handler and ends the process at once. */
static int wait_for_stop(void)
{
    sigset_t set;
    int number = 0;

    stop_signals(&set);
    while (sigwait(&set, &number) != 0)
        ;
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    return number;
}

static int print_routes(void)
{
    struct keel__output output;

    keel__output_init(&output);
    keel__routes_describe(&output.json);
    return keel__output_finish(&output);
}

/* What scripts want to know, once it listens. */
static int print_json(const struct keel__server *server, const char *database)
{
    struct keel__output output;

    keel__output_init(&output);
    keel__json_object_begin(&output.json);
    keel__json_add_cstr(&output.json, "url", keel__server_url(server));
    keel__json_add_int(&output.json, "port", keel__server_port(server));
    keel__json_add_cstr(&output.json, "database", database);
    keel__json_add_int(&output.json, "pid", getpid());
    keel__json_add_cstr(&output.json, "version", keel_version());
    keel__json_object_end(&output.json);
    return keel__output_finish(&output);
}

static void print_next_steps(const struct keel__global *global, const struct keel__server *server,
                             const char *database)
{
    const char *url = keel__server_url(server);
    bool usual = keel__server_port(server) == DEFAULT_PORT;
    const char *keel = program_invocation_name; /* it need not be on the PATH */

    if (keel_db_sqlite_warning())
        keel__note(global, "warning: %s", keel_db_sqlite_warning());
    keel__note(global, "keel %s listens on %s and records into %s", keel_version(), url, database);
    keel__note(global, "%s", "");
    keel__note(global, "Point any OpenTelemetry SDK at it:");
    keel__note(global, "  export OTEL_EXPORTER_OTLP_ENDPOINT=%s", url);
    if (keel__server_wants_key(server))
        keel__note(global, "  export OTEL_EXPORTER_OTLP_HEADERS=\"authorization=Bearer keel_...\"");
    keel__note(global, "Nothing to send yet? In another terminal, in this folder:");
    if (usual)
        keel__note(global, "  %s demo", keel);
    else
        keel__note(global, "  %s demo --endpoint %s", keel, url);
    if (strcmp(keel_db_default_url(global->db), "keel.db") == 0)
        keel__note(global, "  %s runs", keel);
    else
        keel__note(global, "  %s runs --db '%s'", keel, database);
    keel__note(global, "Ctrl-C stops it; what was acknowledged is on disk.");
}

static int serve(struct keel_store *store, const struct keel__global *global, const struct own *own,
                 const char *database)
{
    struct keel__server *server;
    struct keel_error err;

    if (keel__server_start(&server, store, &own->server, &err))
        return keel__fail(&err);
    int status = KEEL__EXIT_OK;
    if (global->json)
        status = print_json(server, database);
    else
        print_next_steps(global, server, database);
    fflush(stdout);
    if (status == KEEL__EXIT_OK) {
        int number = wait_for_stop();
        keel__log(KEEL__LOG_INFO, "stopping; a second signal ends it at once",
                  keel__log_cstr("signal", strsignal(number)));
    }
    keel__server_stop(server);
    return status;
}

static int open_store(const struct keel__global *global, struct keel_store **store)
{
    const char *url = keel_db_default_url(global->db);
    struct keel_store_options store_options = {0};
    struct keel_error err;

    store_options.pool.readers = API_THREADS + WRITERS + 2;
    if (keel_store_open(store, url, &store_options, &err))
        return keel__fail(&err);
    return KEEL__EXIT_OK;
}

static const char *display_url(struct keel_store *store, char *out, size_t size)
{
    struct keel_pool *pool = keel_store_pool(store);
    struct keel_db *db;

    snprintf(out, size, "the database");
    if (!keel_pool_acquire(pool, KEEL_TX_READ, &db, NULL)) {
        snprintf(out, size, "%s", keel_db_display_url(db));
        keel_pool_release(pool, db);
    }
    return out;
}

static int run(const struct keel__command *self, int argc, char **argv)
{
    struct keel__global global = {0};
    struct own own = {.server = {.port = DEFAULT_PORT}};
    struct keel_store *store;
    char database[1024];
    sigset_t set;

    own.server.allow_hosts = own.allow;
    own.server.api_threads = API_THREADS;
    keel__parse(self, argc, argv, &global, &own);
    if (own.routes)
        return print_routes();
    set_limits();
    stop_signals(&set); /* before there are threads, so that all inherit it */
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    int status = open_store(&global, &store);
    if (status)
        return status;
    status = serve(store, &global, &own, display_url(store, database, sizeof(database)));
    keel_store_close(store);
    return status;
}

const struct keel__command keel__cmd_serve = {
    .name = "serve",
    .summary = "Record what OpenTelemetry SDKs and the JSON API send",
    .details = "Listens for OTLP over HTTP (/v1/traces, /v1/logs) and serves the JSON API "
               "(/api/v1, described by "
               "/openapi.json), and writes into one database, which is made when it is not there.\n"
               "\n"
               "On this machine alone no key is needed. With --host, so that other machines can "
               "reach it, at "
               "least one API key must be there (keel keys create), and every request but /healthz "
               "wants one. "
               "A request must call the server by a name it knows: localhost, its address, or an "
               "--allow-host.\n"
               "\n"
               "A request is answered when its data is committed. On SIGTERM or Ctrl-C it stops "
               "listening, answers "
               "what is under way, and ends; a second signal ends it at once. With --json it "
               "prints one object with "
               "its url, port, database and pid as soon as it listens.",
    .options = options,
    .parse = parse,
    .run = run,
};
