/*
 * http/reply.h - what a request is answered.
 *
 * Errors are application/problem+json (RFC 9457), or, on the OTLP routes, a google.rpc.Status in
 * the request's encoding, as the OTLP specification wants it.
 */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include "base/json.h"
#include "base/str.h"

struct keel__request;
struct MHD_Response;

struct keel__reply {
    int status;               /* 0: none yet */
    const char *content_type; /* static */
    const char *detail;       /* of a problem, for the log; in the request's arena or NULL */
    struct keel__str body;
    struct keel_slice fixed;     /* static bytes in place of body */
    struct MHD_Response *stream; /* a response without end in place of both */
    int retry_after_s;           /* 0: not said */
    const char *allow, *location, *accept_encoding, *authenticate; /* headers, static or in the
                                                                      request's arena; NULL: none */
    bool close;
};

/* Starts a JSON answer; the caller writes one value. */
struct keel__json keel__reply_json(struct keel__request *request, int status);
/* A list: keel__reply_list, the items, keel__reply_list_end with the next page's cursor or NULL. */
struct keel__json keel__reply_list(struct keel__request *request);
enum keel__outcome keel__reply_list_end(struct keel__json *json, const char *next);
void keel__reply_fixed(struct keel__request *request, int status, const char *content_type,
                       struct keel_slice bytes);

/* An error. Replaces whatever has been written. */
void keel__reply_problem(struct keel__request *request, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* 400 that names the field (a JSON path such as items[3].name) or query parameter. */
void keel__reply_field(struct keel__request *request, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What the store or a decoder said, as the status that fits: 503 with Retry-After for all that may
 * pass. */
void keel__reply_error(struct keel__request *request, const struct keel_error *err);

const char *keel__status_text(int status);

#endif
