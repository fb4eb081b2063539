#include "http/lane.h"

#include "base/error.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct keel__lane {
    pthread_mutex_t mutex;
    pthread_cond_t work;
    struct keel__job *first, *last;
    int waiting;
    bool closing;
    int thread_count;
    pthread_t threads[];
};

static struct keel__job *take(struct keel__lane *lane)
{
    pthread_mutex_lock(&lane->mutex);
    while (!lane->first && !lane->closing)
        pthread_cond_wait(&lane->work, &lane->mutex);
    struct keel__job *job = lane->first;
    if (job) {
        lane->first = job->next;
        lane->waiting--;
    }
    pthread_mutex_unlock(&lane->mutex);
    return job;
}

static void *serve(void *argument)
{
    struct keel__lane *lane = argument;
    struct keel__job *job;

    while ((job = take(lane)))
        job->run(job);
    return NULL;
}

int keel__lane_open(struct keel__lane **out, int threads, const char *name, struct keel_error *err)
{
    *out = NULL;
    struct keel__lane *lane = calloc(1, sizeof(*lane) + (size_t)threads * sizeof(lane->threads[0]));
    if (!lane)
        return keel__nomem(err);
    pthread_mutex_init(&lane->mutex, NULL);
    pthread_cond_init(&lane->work, NULL);
    for (; lane->thread_count < threads; lane->thread_count++) {
        pthread_t *thread = &lane->threads[lane->thread_count];
        int failure = pthread_create(thread, NULL, serve, lane);
        if (failure) {
            keel__lane_close(lane);
            return keel__error_errno(err, KEEL_IO, failure, "cannot start a thread");
        }
        pthread_setname_np(*thread, name);
    }
    *out = lane;
    return KEEL_OK;
}

void keel__lane_submit(struct keel__lane *lane, struct keel__job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&lane->mutex);
    if (lane->first)
        lane->last->next = job;
    else
        lane->first = job;
    lane->last = job;
    lane->waiting++;
    pthread_cond_signal(&lane->work);
    pthread_mutex_unlock(&lane->mutex);
}

int keel__lane_waiting(struct keel__lane *lane)
{
    pthread_mutex_lock(&lane->mutex);
    int waiting = lane->waiting;
    pthread_mutex_unlock(&lane->mutex);
    return waiting;
}

void keel__lane_close(struct keel__lane *lane)
{
    if (!lane)
        return;
    pthread_mutex_lock(&lane->mutex);
    lane->closing = true;
    pthread_cond_broadcast(&lane->work);
    pthread_mutex_unlock(&lane->mutex);
    for (int i = 0; i < lane->thread_count; i++)
        pthread_join(lane->threads[i], NULL);
    pthread_cond_destroy(&lane->work);
    pthread_mutex_destroy(&lane->mutex);
    free(lane);
}
