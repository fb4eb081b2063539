/*
 * store/partition.h - monthly partitions of what belongs to runs (PostgreSQL).
 */
#ifndef STORE_PARTITION_H
#define STORE_PARTITION_H

#include <keel/store.h>

/* Makes the partitions of the month of now_us and of `months` more. move: rows of those months that
 * stand in the default partition move into them, behind exclusive locks; otherwise a month that has
 * such rows is left alone. SQLite: nothing to do. */
int keel__partitions_create(struct keel_db *db, int64_t now_us, int months, bool move,
                            int64_t *created, struct keel_error *err);

#endif
