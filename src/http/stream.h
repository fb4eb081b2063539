/*
 * http/stream.h - Server-Sent Events: what arrives, to those who listen.
 *
 * Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
 *
 * Whoever commits calls keel__stream_touch, which only notes what changed. One thread reads it back
 * from the store and hands it to the clients. A client that does not read what it is sent is
 * dropped with a last event "dropped"; "reset" says that something may have been missed, so that
 * what is shown must be read anew.
 */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include "http/connection.h"

#include <keel/store.h>

struct MHD_Connection;
struct MHD_Response;
struct keel__stream;

struct keel__stream_filter {
    const char *project; /* NULL: all. Borrowed during the call */
    bool has_run;
    struct keel_uuid run_id;
};

int keel__stream_open(struct keel__stream **out, struct keel_store *store, int max_clients,
                      struct keel_error *err);
/* The events of a run in [first, last] are new (0, 0: none), or the run itself has changed.
 * Thread-safe, does not wait. */
void keel__stream_touch(struct keel__stream *stream, struct keel_uuid run_id, int64_t first,
                        int64_t last);
/* A response that goes on until the client or the server ends it. last_event_id (may be NULL): go
 * on after that one. BUSY: there are max_clients already. */
int keel__stream_join(struct keel__stream *stream, const struct keel__stream_filter *filter,
                      const char *last_event_id, struct MHD_Connection *mhd,
                      struct keel__connection *connection, struct MHD_Response **out,
                      struct keel_error *err);
int keel__stream_clients(struct keel__stream *stream);
/* Heartbeats, and who reads nothing. Call it a few times a second. */
void keel__stream_tick(struct keel__stream *stream);
/* Ends every client's response with an event "end". */
void keel__stream_end(struct keel__stream *stream);
/* After libmicrohttpd has stopped. NULL is fine. */
void keel__stream_close(struct keel__stream *stream);

#endif
