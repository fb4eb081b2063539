#include "http/route.h"

#include "base/json.h"
#include "http/api.h"

#include <string.h>

#define RUN "/api/v1/runs/{id}"

/* clang-format off */
const struct keel__route keel__routes[] = {
    {"POST", "/v1/traces", KEEL__ACCESS_WRITE, KEEL__LANE_INGEST, KEEL__BODY_OTLP, NULL, keel__api_traces, "exportTraces"},
    {"POST", "/v1/logs", KEEL__ACCESS_WRITE, KEEL__LANE_INGEST, KEEL__BODY_OTLP, NULL, keel__api_logs, "exportLogs"},
    {"POST", "/v1/metrics", KEEL__ACCESS_WRITE, KEEL__LANE_INGEST, KEEL__BODY_OTLP, NULL, keel__api_metrics, "exportMetrics"},

    {"POST", "/api/v1/runs", KEEL__ACCESS_WRITE, KEEL__LANE_API, KEEL__BODY_JSON, NULL, keel__api_run_create, "createRun"},
    {"GET", "/api/v1/runs", KEEL__ACCESS_READ, KEEL__LANE_API, KEEL__BODY_NONE,
     "project status kind session q since until limit after", keel__api_run_list, "listRuns"},
    {"GET", RUN, KEEL__ACCESS_READ, KEEL__LANE_API, KEEL__BODY_NONE, NULL, keel__api_run_get, "getRun"},
    {"POST", RUN "/status", KEEL__ACCESS_WRITE, KEEL__LANE_API, KEEL__BODY_JSON, NULL, keel__api_run_set_status, "setRunStatus"},
    {"GET", RUN "/status-log", KEEL__ACCESS_READ, KEEL__LANE_API, KEEL__BODY_NONE, NULL, keel__api_run_status_log, "listRunStatusChanges"},
    {"POST", RUN "/inputs", KEEL__ACCESS_WRITE, KEEL__LANE_API, KEEL__BODY_JSON, NULL, keel__api_run_add_inputs, "addRunInputs"},
    {"GET", RUN "/inputs", KEEL__ACCESS_READ, KEEL__LANE_API, KEEL__BODY_NONE, NULL, keel__api_run_inputs, "listRunInputs"},
    {"POST", RUN "/approval", KEEL__ACCESS_WRITE, KEEL__LANE_API, KEEL__BODY_JSON, NULL, keel__api_run_request_approval, "requestRunApproval"},
    {"POST", RUN "/approval/decision", KEEL__ACCESS_WRITE, KEEL__LANE_API, KEEL__BODY_JSON, NULL, keel__api_run_decide, "decideRunApproval"},

    {"POST", RUN "/events", KEEL__ACCESS_WRITE, KEEL__LANE_API, KEEL__BODY_JSON, NULL, keel__api_event_add, "addEvents"},
    {"GET", RUN "/events", KEEL__ACCESS_READ, KEEL__LANE_API, KEEL__BODY_NONE, "after limit details", keel__api_event_list, "listEvents"},
    {"GET", RUN "/events/{sequence}", KEEL__ACCESS_READ, KEEL__LANE_API, KEEL__BODY_NONE, NULL, keel__api_event_get, "getEvent"},
    {"GET", RUN "/timeline", KEEL__ACCESS_READ, KEEL__LANE_API, KEEL__BODY_NONE, "limit", keel__api_run_timeline, "getRunTimeline"},
    {"POST", RUN "/llm-calls", KEEL__ACCESS_WRITE, KEEL__LANE_API, KEEL__BODY_JSON, NULL, keel__api_llm_call_add, "addLlmCalls"},
    {"GET", RUN "/llm-calls", KEEL__ACCESS_READ, KEEL__LANE_API, KEEL__BODY_NONE, "after limit messages", keel__api_llm_call_list, "listLlmCalls"},
    {"GET", RUN "/llm-calls/{sequence}", KEEL__ACCESS_READ, KEEL__LANE_API, KEEL__BODY_NONE, NULL, keel__api_llm_call_get, "getLlmCall"},

    {"GET", "/api/v1/sessions", KEEL__ACCESS_READ, KEEL__LANE_API, KEEL__BODY_NONE, "project limit after", keel__api_session_list, "listSessions"},
    {"GET", "/api/v1/costs", KEEL__ACCESS_READ, KEEL__LANE_API, KEEL__BODY_NONE, "by project since until", keel__api_cost_report, "reportCosts"},
    {"GET", "/api/v1/prices", KEEL__ACCESS_READ, KEEL__LANE_API, KEEL__BODY_NONE, "history", keel__api_price_list, "listPrices"},
    {"GET", "/api/v1/audit-log", KEEL__ACCESS_ADMIN, KEEL__LANE_API, KEEL__BODY_NONE, "after limit", keel__api_audit_log, "listAuditLog"},
    {"GET", "/api/v1/stream", KEEL__ACCESS_READ, KEEL__LANE_API, KEEL__BODY_NONE, "run project", keel__api_stream, "streamChanges"},

    {"GET", "/healthz", KEEL__ACCESS_PUBLIC, KEEL__LANE_HERE, KEEL__BODY_NONE, NULL, keel__api_health, "getHealth"},
    {"GET", "/readyz", KEEL__ACCESS_READ, KEEL__LANE_API, KEEL__BODY_NONE, NULL, keel__api_ready, "getReadiness"},
    {"GET", "/metrics", KEEL__ACCESS_READ, KEEL__LANE_HERE, KEEL__BODY_NONE, NULL, keel__api_prometheus, "getMetrics"},
    {"GET", "/openapi.json", KEEL__ACCESS_READ, KEEL__LANE_HERE, KEEL__BODY_NONE, NULL, keel__api_openapi, "getOpenapi"},
};
/* clang-format on */
const size_t keel__route_count = sizeof(keel__routes) / sizeof(keel__routes[0]);

/* Compares one segment after the other; a pattern's segment in braces takes what stands there. */
static bool path_matches(const char *pattern, const char *path,
                         struct keel_slice args[KEEL__ROUTE_ARGS])
{
    size_t count = 0;

    while (*pattern && *path) {
        if (*pattern == '{') {
            size_t size = strcspn(path, "/");
            if (size == 0 || count == KEEL__ROUTE_ARGS)
                return false;
            args[count++] = keel_slice(path, size);
            path += size;
            pattern += strcspn(pattern, "}") + 1;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *pattern == *path;
}

const struct keel__route *keel__route_find(const char *method, const char *path,
                                           struct keel_slice args[KEEL__ROUTE_ARGS], char allow[64])
{
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;

    allow[0] = '\0';
    for (size_t i = 0; i < keel__route_count; i++) {
        const struct keel__route *route = &keel__routes[i];
        if (!path_matches(route->path, path, args))
            continue;
        if (strcmp(route->method, wanted) == 0)
            return route;
        if (allow[0])
            strcat(allow, ", ");
        strcat(allow, strcmp(route->method, "GET") == 0 ? "GET, HEAD" : route->method);
    }
    return NULL;
}

bool keel__route_admits(const struct keel__route *route, enum keel_role role)
{
    switch (route->access) {
    case KEEL__ACCESS_PUBLIC:
        return true;
    case KEEL__ACCESS_READ:
        return role == KEEL_ROLE_READ || role == KEEL_ROLE_ADMIN;
    case KEEL__ACCESS_WRITE:
        return role == KEEL_ROLE_INGEST || role == KEEL_ROLE_ADMIN;
    case KEEL__ACCESS_ADMIN:
        break;
    }
    return role == KEEL_ROLE_ADMIN;
}

bool keel__route_has_parameter(const struct keel__route *route, const char *name)
{
    size_t size = strlen(name);

    for (const char *at = route->query; at && *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        if (length == size && memcmp(at, name, size) == 0)
            return true;
        at += length;
    }
    return false;
}

static const char *access_name(enum keel__access access)
{
    static const char *const names[] = {"public", "read", "ingest", "admin"};
    return names[access];
}

void keel__routes_describe(struct keel__json *json)
{
    keel__json_array_begin(json);
    for (size_t i = 0; i < keel__route_count; i++) {
        const struct keel__route *route = &keel__routes[i];
        keel__json_object_begin(json);
        keel__json_add_cstr(json, "method", route->method);
        keel__json_add_cstr(json, "path", route->path);
        keel__json_add_cstr(json, "role", access_name(route->access));
        keel__json_add_cstr(json, "operation", route->operation);
        keel__json_key(json, "query");
        keel__json_array_begin(json);
        for (const char *at = route->query; at && *at; at += strspn(at, " ")) {
            size_t length = strcspn(at, " ");
            keel__json_text(json, keel_slice(at, length));
            at += length;
        }
        keel__json_array_end(json);
        keel__json_object_end(json);
    }
    keel__json_array_end(json);
}
