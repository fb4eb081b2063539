/*
 * migrate/source.h - replaying files into a scratch database.
 */
#ifndef KEEL_MIGRATE_SOURCE_H
#define KEEL_MIGRATE_SOURCE_H

#include <keel/source.h>

/* source_file.c: runs the statements of a .sql file. INVALID and the like name file and line. */
int keel__source_run_file(struct keel_db *db, const char *path,
                          const struct keel_source_options *options, struct keel_error *err);
bool keel__source_stopped(const struct keel_source_options *options);
void keel__source_progress(const struct keel_source_options *options, size_t done, size_t total);

#endif
