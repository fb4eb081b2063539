/*
 * store/event_read.h - rows of event_list and event_list_details.
 */
#ifndef STORE_EVENT_READ_H
#define STORE_EVENT_READ_H

#include "store/read.h"

/* Two columns, microseconds and the nanoseconds below them, as Unix nanoseconds; 0 for NULL. */
int64_t keel__read_nanoseconds(struct keel__reader *reader);

/* Takes over the columns that both statements have. */
void keel__read_event(struct keel__reader *reader, struct keel_event *event);

#endif
