/*
 * audit/deadline.h - a time limit for one statement, whatever its connection was opened with: a
 * thread asks it to stop when its time is over.
 */
#ifndef KEEL_AUDIT_DEADLINE_H
#define KEEL_AUDIT_DEADLINE_H

#include <keel/db.h>

struct keel__deadline;
int keel__deadline_begin(struct keel__deadline **out, struct keel_db *db, int seconds,
                         struct keel_error *err);
/* Whether its time was over. NULL is fine. */
bool keel__deadline_end(struct keel__deadline *deadline);

#endif
