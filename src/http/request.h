/*
 * http/request.h - one request, from its headers to the last byte of its answer.
 *
 * The thread that moves a connection's bytes reads the headers, refuses what needs no more than
 * them to be refused, and collects the body. Then the connection is suspended and the route's
 * handler runs on a thread of its lane, which may hand the request on (keel_queue_submit). Whoever
 * answers it calls keel__request_finish, and the answer goes out on the connection's own thread. So
 * a request is touched by one thread at a time, and none waits while another works for it.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "base/arena.h"
#include "http/budget.h"
#include "http/connection.h"
#include "http/lane.h"
#include "http/reply.h"
#include "http/route.h"
#include "ingest/otlp.h"

#include <microhttpd.h>

struct keel__server;

/* Headers that keel reads; NULL where they are not there. Borrowed from the connection. */
struct keel__headers {
    const char *host, *origin, *authorization, *api_key, *content_type, *content_encoding,
        *content_length, *transfer_encoding, *expect, *last_event_id;
    bool repeated; /* one of those that must stand once stands twice */
};

enum keel__progress {
    KEEL__RECEIVING,
    KEEL__RECEIVED,
    KEEL__WORKING, /* suspended */
    KEEL__ANSWERED
};

struct keel__request {
    struct keel__job job; /* first: the lane's hold on it */
    struct keel__server *server;
    struct MHD_Connection *mhd;
    struct keel__connection *connection; /* NULL when memory was out */
    const char *method, *path;           /* borrowed from the connection */
    struct keel__headers headers;
    const struct keel__route *route; /* NULL: none */
    struct keel_slice args[KEEL__ROUTE_ARGS];
    char allow[64];
    bool is_otlp; /* errors are a google.rpc.Status */
    enum keel__otlp_encoding encoding;
    enum keel__progress progress;
    bool refused;     /* the answer is there before the body is: what still comes is thrown away */
    bool unknown_key; /* its API key is not known yet: the handler's thread asks the store */
    int64_t began_us;

    /* The body, as it came; from keel__request_inflate on, decompressed. */
    char *body;
    size_t body_size, body_capacity;
    uint64_t announced, thrown_away;

    struct keel__share share;  /* of the memory bound: body, then decoded records, then reply */
    struct keel__arena arena;  /* freed with the request */
    struct keel_result result; /* likewise */
    void *work;                /* of the handler; in arena */
    struct keel__reply reply;
};

/* A suspended request has its answer. Any thread; the request is not the caller's after. */
void keel__request_finish(struct keel__request *request);

/* Takes the body's Content-Encoding off. False: the request is answered (400, 413, 503). */
bool keel__request_inflate(struct keel__request *request);
void keel__request_drop_body(struct keel__request *request);
struct keel_slice keel__request_body(const struct keel__request *request);

/* The first path argument as a run: full id, unique prefix or trace id. False: the request is
 * answered. */
bool keel__request_run(struct keel__request *request, struct keel_uuid *run_id);
/* The second path argument as a sequence. */
bool keel__request_sequence(struct keel__request *request, int64_t *sequence);

/* Query parameters; absent ones leave *out as it was. False: the request is answered. */
bool keel__query_text(struct keel__request *request, const char *name, const char **out);
bool keel__query_int(struct keel__request *request, const char *name, int64_t min, int64_t max,
                     int64_t *out);
bool keel__query_bool(struct keel__request *request, const char *name, bool *out);
bool keel__query_time(struct keel__request *request, const char *name, int64_t *out);

/* For server.c: the callbacks of libmicrohttpd. */
enum MHD_Result keel__request_access(void *server, struct MHD_Connection *mhd, const char *url,
                                     const char *method, const char *version, const char *data,
                                     size_t *size, void **context);
void keel__request_completed(void *server, struct MHD_Connection *mhd, void **context,
                             enum MHD_RequestTerminationCode how);
void *keel__request_line(void *server, const char *uri, struct MHD_Connection *mhd);
void keel__request_connected(void *context, struct MHD_Connection *mhd, void **connection,
                             enum MHD_ConnectionNotificationCode what);

#endif
