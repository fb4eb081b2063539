/*
 * cli/watch.h - Ctrl-C while a database is at work.
 *
 * SIGINT, SIGTERM and SIGHUP no longer end the process: they are taken by a thread of its own,
 * which asks the statement under way to stop, and are remembered for keel__watch_stopped. So a
 * command can undo what it began.
 */
#ifndef KEEL_CLI_WATCH_H
#define KEEL_CLI_WATCH_H

#include <keel/db.h>

#include <pthread.h>
#include <stdatomic.h>

struct keel__watch {
    pthread_t thread;
    pthread_mutex_t lock; /* held while db is interrupted or replaced */
    struct keel_db *db;
    atomic_bool stopped, finished;
};

/* false when no thread can be started. */
bool keel__watch_begin(struct keel__watch *watch);
void keel__watch_end(struct keel__watch *watch);
/* These two take a struct keel__watch, for keel_migrate_options and keel_source_options. */
void keel__watch_use(void *context, struct keel_db *db); /* NULL: none is at work */
bool keel__watch_stopped(void *context);

#endif
