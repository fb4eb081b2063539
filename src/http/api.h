/*
 * http/api.h - the handlers that route.c names; each stands in api_<noun>.c.
 */
#ifndef HTTP_API_H
#define HTTP_API_H

#include "http/route.h"

keel__handler keel__api_traces, keel__api_logs, keel__api_metrics;

keel__handler keel__api_run_create, keel__api_run_list, keel__api_run_get;
keel__handler keel__api_run_set_status, keel__api_run_status_log;
keel__handler keel__api_run_add_inputs, keel__api_run_inputs;
keel__handler keel__api_run_request_approval, keel__api_run_decide;

keel__handler keel__api_event_add, keel__api_event_list, keel__api_event_get;
keel__handler keel__api_run_timeline;
keel__handler keel__api_llm_call_add, keel__api_llm_call_list, keel__api_llm_call_get;

keel__handler keel__api_session_list, keel__api_cost_report, keel__api_price_list,
    keel__api_audit_log;
keel__handler keel__api_stream;

keel__handler keel__api_health, keel__api_ready, keel__api_prometheus, keel__api_openapi;

#endif
