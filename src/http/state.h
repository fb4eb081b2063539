/*
 * http/state.h - what the files of this layer share of a server.
 */
#ifndef HTTP_STATE_H
#define HTTP_STATE_H

#include "http/auth.h"
#include "http/budget.h"
#include "http/connection.h"
#include "http/guard.h"
#include "http/lane.h"
#include "http/listen.h"
#include "http/metrics.h"
#include "http/server.h"
#include "http/stream.h"

struct MHD_Daemon;

enum { KEEL__MAX_IO_THREADS = 16 };

struct keel__server {
    struct keel_store *store;
    struct keel_queue *queue;
    size_t max_body_bytes;
    int64_t queue_max_records, queue_max_bytes;
    struct keel__guard guard;
    struct keel__auth *auth; /* NULL: everybody may */
    struct keel__connections connections;
    struct keel__budget budget;
    struct keel__metrics metrics;
    struct keel__lane *ingest, *api;
    struct keel__stream *stream;
    struct keel__listener *listener;
    char url[300];
    struct MHD_Daemon *daemons[KEEL__MAX_IO_THREADS];
    int daemon_count;
    pthread_t ticker;
    bool ticking;
    _Atomic int active; /* requests that are not answered in full; streams do not count */
    _Atomic int64_t next_warning_us;
    _Atomic bool stopping, stopped;
};

#endif
