/*
 * ingest/otlp_records.h - decoded requests to records.
 */
#ifndef INGEST_OTLP_RECORDS_H
#define INGEST_OTLP_RECORDS_H

#include "ingest/otlp.h"
#include "otlp.pb-c.h"

struct keel__mapper;

/* Both fill out; NOMEM when there are more than max_records. Memory that runs out on the way is for
 * the mapper to say. */
int keel__otlp_span_records(struct keel__mapper *mapper, const Otlp__TracesRequest *request,
                            size_t max_records, struct keel__otlp_batch *out,
                            struct keel_error *err);
int keel__otlp_log_records(struct keel__mapper *mapper, const Otlp__LogsRequest *request,
                           size_t max_records, struct keel__otlp_batch *out,
                           struct keel_error *err);

#endif
