/*
 * http/records.h - events of the JSON API as the records that OTLP becomes too.
 */
#ifndef HTTP_RECORDS_H
#define HTTP_RECORDS_H

#include "http/input.h"

#include <keel/record.h>

enum { KEEL__MAX_RECORDS = 10000, KEEL__MAX_NAME = 1024 };

/* Members that every event may have. */
#define KEEL__EVENT_MEMBERS                                                                        \
    "id parent_id parent_span_id name status status_message started_at ended_at start_unix_nano "  \
    "end_unix_nano session_id user_id agent_name attributes"

/* Reads those of object. */
void keel__input_record(struct keel__input *input, struct yyjson_val *object,
                        struct keel_uuid run_id, struct keel_record *record);

/* Reads one record of object, whose place is set. */
typedef void keel__read_fn(struct keel__input *input, struct yyjson_val *object,
                           struct keel_uuid run_id, struct keel_record *record);
/* Reads the body, one object or an array of them, and answers when they are committed. */
enum keel__outcome keel__records_add(struct keel__request *request, keel__read_fn *read);

#endif
