/* Group commit: what waits while one transaction is being written becomes the next one. */
#include "base/error.h"
#include "store/batch.h"

#include <pthread.h>
#include <stdlib.h>

/* One transaction takes at most this much, but at least one submit. */
enum { GROUP_RECORDS = 4000, GROUP_SUBMITS = 512, MAX_WRITERS = 64 };
#define GROUP_BYTES ((size_t)8 << 20)

struct waiting {
    struct waiting *next;
    struct keel__submit submit;
    keel_queue_done_fn *done;
    void *context;
};

struct keel_queue {
    struct keel_store *store;
    size_t max_records, max_bytes;
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    struct waiting *first, **end;
    bool closing;
    struct keel_queue_stats stats; /* depths: accepted and not done yet */
    pthread_t writers[MAX_WRITERS];
    int writer_count;
};

/* ---- writing --------------------------------------------------------------------------------- */

struct group {
    struct waiting *items[GROUP_SUBMITS];
    struct keel__submit *submits[GROUP_SUBMITS];
    size_t count;
};

/* Takes what goes into one transaction. Waits for it; false when the queue is closed and empty. */
static bool take_group(struct keel_queue *queue, struct group *group)
{
    size_t records = 0, bytes = 0;
    group->count = 0;
    pthread_mutex_lock(&queue->lock);
    while (!queue->first && !queue->closing)
        pthread_cond_wait(&queue->arrived, &queue->lock);
    while (queue->first && group->count < GROUP_SUBMITS) {
        struct waiting *next = queue->first;
        records += next->submit.count;
        bytes += next->submit.bytes;
        if (group->count > 0 && (records > GROUP_RECORDS || bytes > GROUP_BYTES))
            break;
        queue->first = next->next;
        group->submits[group->count] = &next->submit;
        group->items[group->count++] = next;
    }
    if (!queue->first)
        queue->end = &queue->first;
    else
        pthread_cond_signal(&queue->arrived);
    pthread_mutex_unlock(&queue->lock);
    return group->count > 0;
}

static void finish(struct keel_queue *queue, struct waiting *item, int code,
                   const struct keel_error *err)
{
    struct keel_write_result result = {0};
    if (code == 0)
        keel__submit_result(&item->submit, &result);
    pthread_mutex_lock(&queue->lock);
    queue->stats.depth_records -= (int64_t)item->submit.count;
    queue->stats.depth_bytes -= (int64_t)item->submit.bytes;
    pthread_mutex_unlock(&queue->lock);
    item->done(item->context, code, &result, err);
    keel__submit_fini(&item->submit);
    free(item);
}

static int write_counted(struct keel_queue *queue, struct keel__submit **submits, size_t count,
                         bool careful, struct keel_error *err)
{
    int code = keel__write_submits(queue->store, submits, count, careful, err);
    pthread_mutex_lock(&queue->lock);
    queue->stats.transactions++;
    pthread_mutex_unlock(&queue->lock);
    return code;
}

/* Errors that say nothing about the records: the next submit would fare no better. */
static bool concerns_all(int code)
{
    return code == KEEL_BUSY || code == KEEL_UNCERTAIN || code == KEEL_IO;
}

static void write_alone(struct keel_queue *queue, struct waiting *item, bool careful)
{
    struct keel__submit *submit = &item->submit;
    struct keel_error err = {0};
    int code = careful ? KEEL_CONSTRAINT : write_counted(queue, &submit, 1, false, &err);
    if (keel__is_data_error(code))
        code = write_counted(queue, &submit, 1, true, &err);
    finish(queue, item, code, &err);
}

static void write_group(struct keel_queue *queue, struct group *group)
{
    struct keel_error err = {0};
    int code = write_counted(queue, group->submits, group->count, false, &err);
    for (size_t i = 0; i < group->count; i++) {
        if (code == 0 || concerns_all(code))
            finish(queue, group->items[i], code, &err);
        else if (group->count == 1 && !keel__is_data_error(code))
            finish(queue, group->items[i], code, &err);
        else
            write_alone(queue, group->items[i], group->count == 1);
    }
}

static void *writer(void *context)
{
    struct group *group = calloc(1, sizeof *group);
    while (group && take_group(context, group))
        write_group(context, group);
    free(group);
    return NULL;
}

/* ---- opening and closing --------------------------------------------------------------------- */

static int start_writers(struct keel_queue *queue, int count, struct keel_error *err)
{
    for (int i = 0; i < count; i++) {
        int failed = pthread_create(&queue->writers[i], NULL, writer, queue);
        if (failed)
            return keel__error_errno(err, KEEL_IO, failed, "cannot start a writer thread");
        queue->writer_count++;
    }
    return 0;
}

int keel_queue_open(struct keel_queue **out, struct keel_store *store,
                    const struct keel_queue_options *options, struct keel_error *err)
{
    static const struct keel_queue_options defaults;
    struct keel_queue *queue = calloc(1, sizeof *queue);
    if (!queue)
        return keel__nomem(err);
    if (!options)
        options = &defaults;
    bool sqlite = keel_pool_dialect(store->pool) == KEEL_SQLITE;
    int writers = options->writers > 0 ? options->writers : sqlite ? 1 : 4;
    queue->store = store;
    queue->max_records = options->max_records ? options->max_records : 100000;
    queue->max_bytes = options->max_bytes ? options->max_bytes : (size_t)64 << 20;
    queue->end = &queue->first;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->arrived, NULL);
    int code = start_writers(queue, writers < MAX_WRITERS ? writers : MAX_WRITERS, err);
    if (code) {
        keel_queue_close(queue);
        return code;
    }
    *out = queue;
    return 0;
}

void keel_queue_close(struct keel_queue *queue)
{
    if (!queue)
        return;
    pthread_mutex_lock(&queue->lock);
    queue->closing = true;
    pthread_cond_broadcast(&queue->arrived);
    pthread_mutex_unlock(&queue->lock);
    for (int i = 0; i < queue->writer_count; i++)
        pthread_join(queue->writers[i], NULL);
    pthread_cond_destroy(&queue->arrived);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

void keel_queue_stats(struct keel_queue *queue, struct keel_queue_stats *out)
{
    pthread_mutex_lock(&queue->lock);
    *out = queue->stats;
    pthread_mutex_unlock(&queue->lock);
}

/* ---- submitting ------------------------------------------------------------------------------ */

/* Reserves room, before any work is done for the records. A submit that is larger than the queue
 * goes in when nothing else is there. */
static int reserve(struct keel_queue *queue, size_t records, size_t bytes, struct keel_error *err)
{
    int code = 0;
    pthread_mutex_lock(&queue->lock);
    struct keel_queue_stats *stats = &queue->stats;
    bool full = (size_t)stats->depth_records + records > queue->max_records ||
                (size_t)stats->depth_bytes + bytes > queue->max_bytes;
    if (queue->closing) {
        code = keel_error_set(err, KEEL_BUSY, "the store is being closed");
    } else if (full && stats->depth_records > 0) {
        stats->busy++;
        code = keel_error_set(err, KEEL_BUSY, "the write queue is full (%lld records): try again",
                              (long long)stats->depth_records);
    } else {
        stats->depth_records += (int64_t)records;
        stats->depth_bytes += (int64_t)bytes;
    }
    pthread_mutex_unlock(&queue->lock);
    return code;
}

static void give_back(struct keel_queue *queue, size_t records, size_t bytes)
{
    pthread_mutex_lock(&queue->lock);
    queue->stats.depth_records -= (int64_t)records;
    queue->stats.depth_bytes -= (int64_t)bytes;
    pthread_mutex_unlock(&queue->lock);
}

static void append(struct keel_queue *queue, struct waiting *item)
{
    pthread_mutex_lock(&queue->lock);
    *queue->end = item;
    queue->end = &item->next;
    queue->stats.batches++;
    queue->stats.records += (int64_t)item->submit.count;
    pthread_cond_signal(&queue->arrived);
    pthread_mutex_unlock(&queue->lock);
}

int keel_queue_submit(struct keel_queue *queue, const struct keel_record *records, size_t count,
                      keel_queue_done_fn *done, void *context, struct keel_error *err)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += keel__record_bytes(&records[i]);
    int code = reserve(queue, count, bytes, err);
    if (code)
        return code;
    struct waiting *item = calloc(1, sizeof *item);
    code = item ? keel__submit_init(&item->submit, records, count, err) : keel__nomem(err);
    if (code) {
        free(item);
        give_back(queue, count, bytes);
        return code;
    }
    item->submit.bytes = bytes;
    item->done = done;
    item->context = context;
    append(queue, item);
    return 0;
}

struct blocking {
    pthread_mutex_t lock;
    pthread_cond_t finished;
    bool is_done;
    int code;
    struct keel_write_result *result;
    struct keel_error *err;
};

static void wake(void *context, int code, const struct keel_write_result *result,
                 const struct keel_error *err)
{
    struct blocking *blocking = context;
    pthread_mutex_lock(&blocking->lock);
    blocking->code = code;
    if (blocking->result)
        *blocking->result = *result;
    if (blocking->err && code)
        *blocking->err = *err;
    blocking->is_done = true;
    pthread_cond_signal(&blocking->finished);
    pthread_mutex_unlock(&blocking->lock);
}

int keel_queue_write(struct keel_queue *queue, const struct keel_record *records, size_t count,
                     struct keel_write_result *result, struct keel_error *err)
{
    struct blocking blocking = {.result = result, .err = err};
    pthread_mutex_init(&blocking.lock, NULL);
    pthread_cond_init(&blocking.finished, NULL);
    int code = keel_queue_submit(queue, records, count, wake, &blocking, err);
    if (code == 0) {
        pthread_mutex_lock(&blocking.lock);
        while (!blocking.is_done)
            pthread_cond_wait(&blocking.finished, &blocking.lock);
        pthread_mutex_unlock(&blocking.lock);
        code = blocking.code;
    }
    pthread_cond_destroy(&blocking.finished);
    pthread_mutex_destroy(&blocking.lock);
    return code;
}
