/*
 * http/server.h - OTLP/HTTP and the JSON API of one store, on libmicrohttpd.
 *
 *     listening thread --> 2 threads that move bytes (libmicrohttpd, epoll)
 *                            |            ^ the answer
 *                            v            |
 *         lane "ingest": decode   lane "api": read, write
 *                            |
 *                            v
 *                  the store's queue (group commit)
 *
 * libmicrohttpd 0.9.75 does not listen itself: its own accepting has no way to stop without a race,
 * and none to make room when all connections are taken.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "http/connection.h"

#include <keel/store.h>

struct keel__json;
struct keel__server;

/* Zero takes the default. */
struct keel__server_options {
    const char *host;               /* NULL: loopback, IPv4 and, where there is one, IPv6 */
    int port;                       /* 0: one that is free */
    bool require_key;               /* on loopback as well; other addresses always want keys */
    const char *const *allow_hosts; /* further names a Host header may say */
    size_t allow_host_count;
    size_t max_body_bytes;   /* of one request, before and after decompression; 20 MiB */
    size_t max_memory_bytes; /* of all requests and answers under way; 256 MiB */
    int max_connections;     /* 1000 */
    int max_streams;         /* clients of /api/v1/stream; 64 */
    int io_threads, ingest_threads, api_threads;
    struct keel__patience patience;
    struct keel_queue_options queue;
};

/* Starts to serve store, which must outlive the server. options may be NULL. On success *out is to
 * be given to keel__server_stop. CONFLICT: the port is taken; INVALID: the address cannot be
 * listened on, or it is not loopback and there is no active API key. */
int keel__server_start(struct keel__server **out, struct keel_store *store,
                       const struct keel__server_options *options, struct keel_error *err);
int keel__server_port(const struct keel__server *server);
/* "http://127.0.0.1:4318", where a client on this machine finds it. Borrowed from server. */
const char *keel__server_url(const struct keel__server *server);
bool keel__server_wants_key(const struct keel__server *server);
/* Stops listening, answers what is under way, commits what was accepted, and frees the server. NULL
 * is fine. Requests that are not complete after 10 seconds are cut off; those that are, are waited
 * for. */
void keel__server_stop(struct keel__server *server);

#endif
