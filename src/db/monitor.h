/*
 * db/monitor.h - how the database layer reports a statement to the monitor.
 */
#ifndef DB_MONITOR_H
#define DB_MONITOR_H

#include <keel/db.h>

/* started_us is keel__clock_us() from before the statement. */
void keel__monitor_record(const struct keel_db *db, const char *name, int64_t started_us,
                          int64_t rows, int code);

#endif
