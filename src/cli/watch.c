#include "cli/watch.h"

#include <signal.h>
#include <time.h>

static void signals_of(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

/* After a signal the statement under way is asked to stop again and again: the first time may fall
 * between two. */
static void *watch_signals(void *context)
{
    struct keel__watch *watch = context;
    const struct timespec wait = {.tv_nsec = 100000000};
    sigset_t set;
    signals_of(&set);
    while (!atomic_load(&watch->finished)) {
        if (sigtimedwait(&set, NULL, &wait) > 0 && !atomic_load(&watch->finished))
            atomic_store(&watch->stopped, true);
        if (!atomic_load(&watch->stopped))
            continue;
        pthread_mutex_lock(&watch->lock);
        if (watch->db)
            keel_db_interrupt(watch->db);
        pthread_mutex_unlock(&watch->lock);
    }
    return NULL;
}

bool keel__watch_begin(struct keel__watch *watch)
{
    sigset_t set;
    signals_of(&set);
    watch->db = NULL;
    atomic_init(&watch->stopped, false);
    atomic_init(&watch->finished, false);
    pthread_mutex_init(&watch->lock, NULL);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return pthread_create(&watch->thread, NULL, watch_signals, watch) == 0;
}

void keel__watch_end(struct keel__watch *watch)
{
    atomic_store(&watch->finished, true);
    pthread_kill(watch->thread, SIGHUP); /* so that it need not be waited for */
    pthread_join(watch->thread, NULL);
    pthread_mutex_destroy(&watch->lock);
}

void keel__watch_use(void *context, struct keel_db *db)
{
    struct keel__watch *watch = context;
    pthread_mutex_lock(&watch->lock);
    watch->db = db;
    pthread_mutex_unlock(&watch->lock);
}

bool keel__watch_stopped(void *context)
{
    struct keel__watch *watch = context;
    return atomic_load(&watch->stopped);
}
