#include "http/request.h"

#include "base/clock.h"
#include "base/log.h"
#include "http/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum {
    MAX_THROWN_AWAY =
        64 << 20, /* of a refused body, so that the client hears why; then it is cut off */
    MAX_BODY_UNKNOWN = 64 << 10, /* of a client whose key is still to be looked up */
    UNCHARGED_REPLY = 64 << 10
};

static void enter(struct keel__request *request, enum keel__stage stage)
{
    if (request->connection)
        keel__connection_enter(request->connection, stage);
}

/* ---- headers --------------------------------------------------------------------------------- */

static enum MHD_Result read_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    (void)kind;
    struct keel__headers *headers = context;
    const struct {
        const char *name;
        const char **place;
    } known[] = {
        {"host", &headers->host},
        {"origin", &headers->origin},
        {"authorization", &headers->authorization},
        {"x-api-key", &headers->api_key},
        {"content-type", &headers->content_type},
        {"content-encoding", &headers->content_encoding},
        {"content-length", &headers->content_length},
        {"transfer-encoding", &headers->transfer_encoding},
        {"expect", &headers->expect},
        {"last-event-id", &headers->last_event_id},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcasecmp(name, known[i].name) != 0)
            continue;
        headers->repeated = headers->repeated || *known[i].place;
        *known[i].place = value ? value : "";
    }
    return MHD_YES;
}

static bool has_body(const struct keel__request *request)
{
    return request->announced > 0 || request->headers.transfer_encoding;
}

/* Refuses with a problem; what follows of the body is thrown away. */
#define refuse(request, ...)                                                                       \
    ((request)->refused = true, keel__reply_problem((request), __VA_ARGS__), false)

static bool check_form(struct keel__request *request)
{
    const struct keel__headers *headers = &request->headers;

    if (headers->repeated)
        return refuse(request, 400, "a header that may stand once stands twice");
    if (headers->transfer_encoding && headers->content_length)
        return refuse(request, 400, "Transfer-Encoding and Content-Length exclude each other");
    if (headers->transfer_encoding && strcasecmp(headers->transfer_encoding, "chunked") != 0) {
        request->reply.close = true;
        return refuse(request, 501, "the only Transfer-Encoding known is chunked");
    }
    if (headers->expect && strcasecmp(headers->expect, "100-continue") != 0)
        return refuse(request, 417, "the only expectation known is 100-continue");
    const char *fault = keel__guard_check(&request->server->guard, headers->host, headers->origin);
    return fault ? refuse(request, 403, "%s", fault) : true;
}

static bool refuse_key(struct keel__request *request)
{
    request->reply.authenticate = "Bearer realm=\"keel\"";
    return refuse(request, 401,
                  "an API key is needed: send Authorization: Bearer keel_...; "
                  "keel keys create makes one");
}

static bool check_role(struct keel__request *request, enum keel_role role)
{
    if (!request->route || keel__route_admits(request->route, role))
        return true;
    return refuse(request, 403, "this API key has the role %s, which may not do this",
                  keel_role_name(role));
}

/* Without waiting; a key that is not known yet is looked up later. */
static bool check_key(struct keel__request *request)
{
    const struct keel__headers *headers = &request->headers;
    enum keel_role role;

    if (!request->server->auth || (request->route && request->route->access == KEEL__ACCESS_PUBLIC))
        return true;
    struct keel_slice key = keel__auth_key(headers->authorization, headers->api_key);
    if (!key.data)
        return refuse_key(request);
    if (keel__auth_known(request->server->auth, key, &role))
        return check_role(request, role);
    request->unknown_key = true;
    return true;
}

static bool check_route(struct keel__request *request)
{
    if (request->route)
        return true;
    if (!request->allow[0])
        return refuse(request, 404,
                      "there is nothing at this path; GET /openapi.json lists what there is");
    request->reply.allow = request->allow;
    return refuse(request, 405, "%s is not allowed here", request->method);
}

static bool check_media(struct keel__request *request)
{
    const struct keel__headers *headers = &request->headers;
    const char *type = headers->content_type, *coding = headers->content_encoding;

    if (request->route->body == KEEL__BODY_NONE)
        return has_body(request) ? refuse(request, 400, "%s takes no body", request->method) : true;
    if (request->route->body == KEEL__BODY_OTLP &&
        !keel__otlp_encoding_parse(keel_slice_of(type), &request->encoding))
        return refuse(request, 415,
                      "the Content-Type must be application/x-protobuf or application/json");
    if (request->route->body == KEEL__BODY_JSON &&
        (!type || strncasecmp(type, "application/json", 16) != 0 || !strchr("; \t", type[16])))
        return refuse(request, 415, "the Content-Type must be application/json");
    if (coding && *coding && strcasecmp(coding, "identity") != 0 &&
        strcasecmp(coding, "gzip") != 0) {
        request->reply.accept_encoding = "gzip, identity";
        return refuse(request, 415, "the Content-Encoding must be gzip or identity");
    }
    if (request->announced > request->server->max_body_bytes)
        return refuse(request, 413, "the body has %llu bytes, more than the %zu that are taken",
                      (unsigned long long)request->announced, request->server->max_body_bytes);
    return true;
}

static enum MHD_Result known_parameter(void *context, enum MHD_ValueKind kind, const char *name,
                                       const char *value)
{
    (void)kind;
    (void)value;
    struct keel__request *request = context;

    if (request->refused || (request->route && keel__route_has_parameter(request->route, name)))
        return MHD_YES;
    request->refused = true;
    keel__reply_field(request, name, "there is no such query parameter here");
    return MHD_NO;
}

static bool check_query(struct keel__request *request)
{
    if (request->is_otlp) /* exporters are told a whole URL; what stands behind is not ours */
        return true;
    MHD_get_connection_values(request->mhd, MHD_GET_ARGUMENT_KIND, known_parameter, request);
    return !request->refused;
}

static bool check_stopping(struct keel__request *request)
{
    if (!atomic_load(&request->server->stopping))
        return true;
    return refuse(request, 503, "the server is stopping");
}

/* ---- answering ------------------------------------------------------------------------------- */

static struct MHD_Response *make_response(struct keel__request *request)
{
    struct keel__reply *reply = &request->reply;

    if (reply->stream)
        return reply->stream;
    if (reply->fixed.data) /* static or in the request's arena, which outlives the response */
        return MHD_create_response_from_buffer(
            reply->fixed.size, (void *)(uintptr_t)reply->fixed.data, MHD_RESPMEM_PERSISTENT);
    return MHD_create_response_from_buffer(reply->body.size, reply->body.data,
                                           MHD_RESPMEM_PERSISTENT);
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (value)
        MHD_add_response_header(response, name, value);
}

static void add_headers(struct keel__request *request, struct MHD_Response *response)
{
    const struct keel__reply *reply = &request->reply;
    char seconds[16];

    snprintf(seconds, sizeof(seconds), "%d", reply->retry_after_s);
    add_header(response, "Content-Type", reply->content_type);
    add_header(response, "X-Content-Type-Options", "nosniff");
    add_header(response, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    add_header(response, "Cache-Control", "no-store");
    add_header(response, "Retry-After", reply->retry_after_s ? seconds : NULL);
    add_header(response, "Allow", reply->allow);
    add_header(response, "Location", reply->location);
    add_header(response, "Accept-Encoding", reply->accept_encoding);
    add_header(response, "WWW-Authenticate", reply->authenticate);
    if (reply->close || atomic_load(&request->server->stopping))
        add_header(response, "Connection", "close");
}

static size_t reply_size(const struct keel__reply *reply)
{
    return reply->fixed.data ? reply->fixed.size : reply->body.size;
}

/* Failures are said aloud, but not so often that saying so becomes the next one. */
static void log_answer(struct keel__request *request, int64_t now_us)
{
    enum { PAUSE_US = 100000 };
    const struct keel__reply *reply = &request->reply;
    _Atomic int64_t *next_us = &request->server->next_warning_us;
    bool aloud = reply->status >= 500 && atomic_load(next_us) <= now_us;

    if (aloud)
        atomic_store(next_us, now_us + PAUSE_US);
    keel__log(aloud ? KEEL__LOG_WARN : KEEL__LOG_DEBUG, "request",
              keel__log_cstr("method", request->method), keel__log_cstr("path", request->path),
              keel__log_int("status", reply->status),
              keel__log_int("duration_us", now_us - request->began_us),
              keel__log_cstr(reply->detail ? "detail" : NULL, reply->detail));
}

static enum MHD_Result send_reply(struct keel__request *request)
{
    struct keel__reply *reply = &request->reply;
    struct MHD_Response *response = make_response(request);

    if (!response)
        return MHD_NO;
    add_headers(request, response);
    enter(request, reply->stream ? KEEL__STAGE_STREAM : KEEL__STAGE_REPLY);
    if (request->connection && !reply->stream)
        keel__connection_received(request->connection, reply_size(reply));
    enum MHD_Result queued = MHD_queue_response(request->mhd, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    if (reply->stream)
        atomic_fetch_sub(&request->server->active, 1);
    else
        atomic_fetch_add(&request->server->metrics.sent_bytes, (int64_t)reply_size(reply));
    int64_t now_us = keel__clock_us();
    keel__metrics_count(&request->server->metrics, request->route, reply->status,
                        now_us - request->began_us);
    log_answer(request, now_us);
    return queued;
}

/* What a handler wrote may have run out of memory, or be more than is left for answers in all. */
static void check_reply(struct keel__request *request)
{
    struct keel__reply *reply = &request->reply;
    struct keel_error err;

    if (keel__str_error(&reply->body, &err)) {
        keel__reply_error(request, &err);
    } else if (reply->status == 0) {
        keel__reply_problem(request, 500, "the request was not answered");
    } else {
        size_t size = reply->body.capacity > UNCHARGED_REPLY ? reply->body.capacity : 0;
        if (!keel__share_resize(&request->share, size))
            keel__reply_problem(request, 503, "too many answers are under way");
    }
}

void keel__request_finish(struct keel__request *request)
{
    keel__request_drop_body(request);
    check_reply(request);
    request->progress = KEEL__ANSWERED;
    MHD_resume_connection(request->mhd);
}

/* ---- the handler's thread -------------------------------------------------------------------- */

/* A key that was not known without waiting. False: the request is answered. */
static bool ask_for_key(struct keel__request *request)
{
    const struct keel__headers *headers = &request->headers;
    enum keel_role role;
    struct keel_error err;

    if (!request->unknown_key)
        return true;
    request->unknown_key = false;
    int rc = keel__auth_ask(request->server->auth,
                            keel__auth_key(headers->authorization, headers->api_key), &role, &err);
    if (rc == KEEL_NOTFOUND)
        return refuse_key(request);
    if (rc) {
        request->refused = true;
        keel__reply_error(request, &err);
        return false;
    }
    return check_role(request, role) && check_route(request);
}

static void handle(struct keel__job *job)
{
    struct keel__request *request = (struct keel__request *)(void *)job;

    if (!ask_for_key(request) || request->route->handler(request) == KEEL__REPLIED)
        keel__request_finish(request);
}

static struct keel__lane *lane_of(struct keel__request *request)
{
    bool ingest = request->route && request->route->lane == KEEL__LANE_INGEST;
    return ingest && !request->unknown_key ? request->server->ingest : request->server->api;
}

static void suspend(struct keel__request *request, void (*run)(struct keel__job *job))
{
    enter(request, KEEL__STAGE_WORK);
    MHD_suspend_connection(request->mhd);
    request->job.run = run;
    keel__lane_submit(lane_of(request), &request->job);
}

/* The whole request is there. */
static enum MHD_Result proceed(struct keel__request *request)
{
    if (request->refused || request->progress == KEEL__ANSWERED)
        return send_reply(request);
    if (request->progress == KEEL__WORKING)
        return MHD_YES;
    if (!request->unknown_key && request->route->lane == KEEL__LANE_HERE) {
        request->route->handler(request);
        check_reply(request);
        return send_reply(request);
    }
    /* libmicrohttpd 0.9.75 reads from a connection that is resumed in the state "reading", and
     * closes it unanswered when the client has shut down its side. Called once more it has left
     * that state. */
    if (request->progress == KEEL__RECEIVING) {
        request->progress = KEEL__RECEIVED;
        return MHD_YES;
    }
    request->progress = KEEL__WORKING;
    suspend(request, handle);
    return MHD_YES;
}

/* ---- the body -------------------------------------------------------------------------------- */

static void ask_and_go_on(struct keel__job *job)
{
    struct keel__request *request = (struct keel__request *)(void *)job;

    ask_for_key(request);
    enter(request, KEEL__STAGE_BODY);
    MHD_resume_connection(request->mhd);
}

static bool grow_body(struct keel__request *request, size_t size)
{
    size_t wanted = request->body_capacity ? request->body_capacity : 16384;

    if (size <= request->body_capacity)
        return true;
    while (wanted < size)
        wanted *= 2;
    if (request->announced && wanted > request->announced && size <= request->announced)
        wanted = (size_t)request->announced;
    if (!keel__share_resize(&request->share, wanted))
        return refuse(request, 503, "too many requests are under way");
    char *body = realloc(request->body, wanted);
    if (!body)
        return refuse(request, 503, "out of memory");
    request->body = body;
    request->body_capacity = wanted;
    return true;
}

static bool take_body(struct keel__request *request, const char *data, size_t size)
{
    if (request->body_size + size > request->server->max_body_bytes)
        return refuse(request, 413, "the body has more than the %zu bytes that are taken",
                      request->server->max_body_bytes);
    if (!grow_body(request, request->body_size + size))
        return false;
    memcpy(request->body + request->body_size, data, size);
    request->body_size += size;
    return true;
}

static enum MHD_Result receive(struct keel__request *request, const char *data, size_t *size)
{
    if (request->unknown_key && !request->refused && request->body_size > MAX_BODY_UNKNOWN) {
        suspend(request, ask_and_go_on);
        return MHD_YES;
    }
    if (request->connection)
        keel__connection_received(request->connection, *size);
    atomic_fetch_add(&request->server->metrics.received_bytes, (int64_t)*size);
    if (request->refused || !take_body(request, data, *size)) {
        keel__request_drop_body(request);
        request->thrown_away += *size;
    }
    *size = 0;
    return request->thrown_away > MAX_THROWN_AWAY ? MHD_NO : MHD_YES;
}

/* ---- libmicrohttpd's callbacks --------------------------------------------------------------- */

static struct keel__connection *connection_of(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static struct keel__request *new_request(struct keel__server *server, struct MHD_Connection *mhd,
                                         const char *path, const char *method)
{
    struct keel__request *request = calloc(1, sizeof(*request));

    if (!request)
        return NULL;
    request->server = server;
    request->mhd = mhd;
    request->connection = connection_of(mhd);
    request->method = method;
    request->path = path;
    request->encoding = KEEL__OTLP_JSON;
    request->share.budget = &server->budget;
    request->began_us = keel__clock_us();
    keel__arena_init(&request->arena, 0);
    keel__str_init(&request->reply.body, 0);
    atomic_fetch_add(&server->active, 1);
    return request;
}

/* Nobody waits for a body that was announced and held back, or that is more than would be thrown
 * away. */
static bool answer_at_once(const struct keel__request *request)
{
    return request->refused && has_body(request) &&
           (request->headers.expect || request->reply.close ||
            request->announced > MAX_THROWN_AWAY);
}

static enum MHD_Result begin(struct keel__request *request)
{
    MHD_get_connection_values(request->mhd, MHD_HEADER_KIND, read_header, &request->headers);
    if (request->headers.content_length)
        request->announced = strtoull(request->headers.content_length, NULL, 10);
    request->route =
        keel__route_find(request->method, request->path, request->args, request->allow);
    request->is_otlp = strncmp(request->path, "/v1/", 4) == 0;
    keel__otlp_encoding_parse(keel_slice_of(request->headers.content_type), &request->encoding);
    enter(request, KEEL__STAGE_BODY);
    (void)(check_form(request) && check_key(request) &&
           (request->unknown_key || check_route(request)) && check_stopping(request) &&
           (!request->route || check_media(request)) && (!request->route || check_query(request)));
    return answer_at_once(request) ? send_reply(request) : MHD_YES;
}

enum MHD_Result keel__request_access(void *server, struct MHD_Connection *mhd, const char *url,
                                     const char *method, const char *version, const char *data,
                                     size_t *size, void **context)
{
    (void)version;
    struct keel__request *request = *context;

    if (!request) {
        *context = request = new_request(server, mhd, url, method);
        return request ? begin(request) : MHD_NO;
    }
    return *size ? receive(request, data, size) : proceed(request);
}

void keel__request_completed(void *server, struct MHD_Connection *mhd, void **context,
                             enum MHD_RequestTerminationCode how)
{
    (void)server;
    (void)mhd;
    (void)how;
    struct keel__request *request = *context;

    if (!request)
        return;
    *context = NULL;
    if (!request->reply.stream)
        atomic_fetch_sub(&request->server->active, 1);
    enter(request, KEEL__STAGE_IDLE);
    keel__request_drop_body(request);
    keel__share_resize(&request->share, 0);
    keel__str_fini(&request->reply.body);
    keel_result_free(&request->result);
    keel__arena_fini(&request->arena);
    free(request);
}

void *keel__request_line(void *server, const char *uri, struct MHD_Connection *mhd)
{
    (void)server;
    (void)uri;
    struct keel__connection *connection = connection_of(mhd);

    if (connection)
        keel__connection_enter(connection, KEEL__STAGE_HEADERS);
    return NULL;
}

void keel__request_connected(void *context, struct MHD_Connection *mhd, void **connection,
                             enum MHD_ConnectionNotificationCode what)
{
    struct keel__server *server = context;

    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        keel__connection_remove(&server->connections, *connection);
        *connection = NULL;
        return;
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    *connection = info ? keel__connection_add(&server->connections, info->connect_fd) : NULL;
    atomic_fetch_add(&server->metrics.connections, 1);
}
