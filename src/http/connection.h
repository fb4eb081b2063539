/*
 * http/connection.h - who is connected, and how long each may take.
 *
 * libmicrohttpd's own timeout is renewed by every byte, which lets a client that sends one byte now
 * and then stay for ever. Here every stage of a connection has an end that bytes do not move (or
 * move only as fast as a minimum rate does). Who passes it is shut down; libmicrohttpd then closes
 * the socket.
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include <keel/types.h>

#include <pthread.h>
#include <stdatomic.h>

enum keel__stage {
    KEEL__STAGE_NEW,     /* connected, has sent no whole request line */
    KEEL__STAGE_IDLE,    /* between two requests */
    KEEL__STAGE_HEADERS, /* the request line is there */
    KEEL__STAGE_BODY,    /* the headers are there */
    KEEL__STAGE_WORK,    /* the request is there: no limit, the work has its own */
    KEEL__STAGE_REPLY,   /* the response is on its way */
    KEEL__STAGE_STREAM   /* a response without end; http/stream.h looks after it */
};

struct keel__connection {
    struct keel__connection *next, *previous;
    int fd;
    _Atomic int stage;        /* enum keel__stage */
    _Atomic int64_t since_us; /* when the stage began (keel__clock_us) */
    _Atomic int64_t last_us;  /* BODY: when the newest bytes came */
    _Atomic uint64_t bytes;   /* BODY: received so far; REPLY: to send */
    bool shut;
};

/* Seconds, and bytes a second. */
struct keel__patience {
    int header_s; /* from the connection to the first request's headers, and from a request line to
                     its headers */
    int idle_s;   /* between two requests */
    int stall_s;  /* without a byte of the body; and what a body or a response may take beside its
                     size */
    int min_rate; /* a body or a response is slower only for stall_s */
};

struct keel__connections {
    pthread_mutex_t mutex;
    struct keel__connection *first;
    int count, limit;
    struct keel__patience patience;
};

void keel__connections_init(struct keel__connections *all, int limit,
                            const struct keel__patience *patience);
void keel__connections_fini(struct keel__connections *all);

/* NULL when memory is out. The socket stays libmicrohttpd's; remove before it closes it. */
struct keel__connection *keel__connection_add(struct keel__connections *all, int fd);
void keel__connection_remove(struct keel__connections *all, struct keel__connection *connection);
void keel__connection_enter(struct keel__connection *connection, enum keel__stage stage);
void keel__connection_received(struct keel__connection *connection, size_t bytes);

int keel__connections_count(struct keel__connections *all);
bool keel__connections_full(struct keel__connections *all);
/* Shuts down who has taken too long. When it is full: also who has been idle longest. Call it a few
 * times a second. */
void keel__connections_sweep(struct keel__connections *all);
/* Shuts down every connection in one of the stages (a sum of 1 << stage). */
void keel__connections_shut(struct keel__connections *all, unsigned stages);

#endif
