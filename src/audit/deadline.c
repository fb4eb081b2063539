#include "audit/deadline.h"

#include "base/error.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct keel__deadline {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct keel_db *db;
    struct timespec until;
    bool done, late;
};

/* Asks again and again: the first time may fall between two statements. */
static void *watch(void *context)
{
    struct keel__deadline *deadline = context;
    pthread_mutex_lock(&deadline->lock);
    while (!deadline->done) {
        if (pthread_cond_timedwait(&deadline->wake, &deadline->lock, &deadline->until) !=
                ETIMEDOUT ||
            deadline->done)
            continue;
        deadline->late = true;
        keel_db_interrupt(deadline->db);
        clock_gettime(CLOCK_MONOTONIC, &deadline->until);
        deadline->until.tv_sec++;
    }
    pthread_mutex_unlock(&deadline->lock);
    return NULL;
}

int keel__deadline_begin(struct keel__deadline **out, struct keel_db *db, int seconds,
                         struct keel_error *err)
{
    struct keel__deadline *deadline = calloc(1, sizeof *deadline);
    *out = NULL;
    if (!deadline)
        return keel__nomem(err);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&deadline->lock, NULL);
    pthread_cond_init(&deadline->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    clock_gettime(CLOCK_MONOTONIC, &deadline->until);
    deadline->until.tv_sec += seconds;
    deadline->db = db;
    int failed = pthread_create(&deadline->thread, NULL, watch, deadline);
    if (failed) {
        free(deadline);
        return keel__error_errno(err, KEEL_NOMEM, failed, "cannot start a thread");
    }
    *out = deadline;
    return KEEL_OK;
}

bool keel__deadline_end(struct keel__deadline *deadline)
{
    if (!deadline)
        return false;
    pthread_mutex_lock(&deadline->lock);
    deadline->done = true;
    pthread_cond_signal(&deadline->wake);
    pthread_mutex_unlock(&deadline->lock);
    pthread_join(deadline->thread, NULL);
    bool late = deadline->late;
    pthread_cond_destroy(&deadline->wake);
    pthread_mutex_destroy(&deadline->lock);
    free(deadline);
    return late;
}
