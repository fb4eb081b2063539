/*
 * http/route.h - every request that is answered, in one table.
 *
 * What is not in the table does not exist. docs/openapi.json describes the same table for clients,
 * and a test compares the two.
 */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include <keel/store.h>

struct keel__json;
struct keel__request;

/* Who may: a reading key, an ingesting key, or only an admin's (who may all). */
enum keel__access {
    KEEL__ACCESS_PUBLIC,
    KEEL__ACCESS_READ,
    KEEL__ACCESS_WRITE,
    KEEL__ACCESS_ADMIN
};
/* Where its handler runs: on the thread that moves bytes (it must not wait for anything), or on one
 * of two sets of threads, so that slow reads do not keep spans waiting. */
enum keel__lane_name { KEEL__LANE_HERE, KEEL__LANE_INGEST, KEEL__LANE_API };
/* What the request carries. OTLP also decides the form of its errors. */
enum keel__body_kind { KEEL__BODY_NONE, KEEL__BODY_JSON, KEEL__BODY_OTLP };

/* LATER: the handler has handed the request on, and does not touch it any more; somebody calls
 * keel__request_finish. */
enum keel__outcome { KEEL__REPLIED, KEEL__LATER };
typedef enum keel__outcome keel__handler(struct keel__request *request);

struct keel__route {
    const char *method;
    const char *path; /* segments in braces take any text without a slash */
    enum keel__access access;
    enum keel__lane_name lane;
    enum keel__body_kind body;
    const char *query; /* names of its query parameters, separated by blanks; NULL: none */
    keel__handler *handler;
    const char *operation; /* operationId in the OpenAPI document */
};

enum { KEEL__ROUTE_ARGS = 2 };

extern const struct keel__route keel__routes[];
extern const size_t keel__route_count;

/* The route of a request, its braces' texts in args (borrowed from path). HEAD finds GET's. NULL
 * when there is none; then *allow (room for 64 bytes) lists the methods the path has, or is "". */
const struct keel__route *keel__route_find(const char *method, const char *path,
                                           struct keel_slice args[KEEL__ROUTE_ARGS],
                                           char allow[64]);
bool keel__route_admits(const struct keel__route *route, enum keel_role role);
/* Whether name is one of the route's query parameters. */
bool keel__route_has_parameter(const struct keel__route *route, const char *name);
/* The table as a JSON array. */
void keel__routes_describe(struct keel__json *json);

#endif
