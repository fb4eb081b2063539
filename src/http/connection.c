#include "http/connection.h"

#include "base/clock.h"

#include <stdlib.h>
#include <sys/socket.h>

void keel__connections_init(struct keel__connections *all, int limit,
                            const struct keel__patience *patience)
{
    *all = (struct keel__connections){.limit = limit, .patience = *patience};
    pthread_mutex_init(&all->mutex, NULL);
}

void keel__connections_fini(struct keel__connections *all)
{
    pthread_mutex_destroy(&all->mutex);
}

struct keel__connection *keel__connection_add(struct keel__connections *all, int fd)
{
    struct keel__connection *connection = calloc(1, sizeof(*connection));
    if (!connection)
        return NULL;
    connection->fd = fd;
    keel__connection_enter(connection, KEEL__STAGE_NEW);
    pthread_mutex_lock(&all->mutex);
    connection->next = all->first;
    if (all->first)
        all->first->previous = connection;
    all->first = connection;
    all->count++;
    pthread_mutex_unlock(&all->mutex);
    return connection;
}

void keel__connection_remove(struct keel__connections *all, struct keel__connection *connection)
{
    if (!connection)
        return;
    pthread_mutex_lock(&all->mutex);
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        all->first = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    all->count--;
    pthread_mutex_unlock(&all->mutex);
    free(connection);
}

void keel__connection_enter(struct keel__connection *connection, enum keel__stage stage)
{
    int64_t now = keel__clock_us();

    atomic_store(&connection->bytes, 0);
    atomic_store(&connection->last_us, now);
    atomic_store(&connection->since_us, now);
    atomic_store(&connection->stage, stage);
}

void keel__connection_received(struct keel__connection *connection, size_t bytes)
{
    atomic_fetch_add(&connection->bytes, bytes);
    atomic_store(&connection->last_us, keel__clock_us());
}

int keel__connections_count(struct keel__connections *all)
{
    pthread_mutex_lock(&all->mutex);
    int count = all->count;
    pthread_mutex_unlock(&all->mutex);
    return count;
}

bool keel__connections_full(struct keel__connections *all)
{
    return keel__connections_count(all) >= all->limit;
}

static int64_t seconds(int64_t s)
{
    return s * 1000000;
}

/* When the stage the connection is in ends; INT64_MAX for never. */
static int64_t deadline(struct keel__connection *connection, const struct keel__patience *patience)
{
    int64_t since = atomic_load(&connection->since_us);
    int64_t bytes = (int64_t)atomic_load(&connection->bytes);
    int64_t by_rate = since + seconds(patience->stall_s) + seconds(bytes) / patience->min_rate;

    switch ((enum keel__stage)atomic_load(&connection->stage)) {
    case KEEL__STAGE_NEW:
    case KEEL__STAGE_HEADERS:
        return since + seconds(patience->header_s);
    case KEEL__STAGE_IDLE:
        return since + seconds(patience->idle_s);
    case KEEL__STAGE_BODY: {
        int64_t stalled = atomic_load(&connection->last_us) + seconds(patience->stall_s);
        return stalled < by_rate ? stalled : by_rate;
    }
    case KEEL__STAGE_REPLY:
        return by_rate;
    case KEEL__STAGE_WORK:
    case KEEL__STAGE_STREAM:
        break;
    }
    return INT64_MAX;
}

static void shut(struct keel__connection *connection)
{
    if (!connection->shut)
        shutdown(connection->fd, SHUT_RDWR);
    connection->shut = true;
}

void keel__connections_sweep(struct keel__connections *all)
{
    int64_t now = keel__clock_us();
    struct keel__connection *idlest = NULL;

    pthread_mutex_lock(&all->mutex);
    for (struct keel__connection *at = all->first; at; at = at->next) {
        if (deadline(at, &all->patience) < now)
            shut(at);
        if (atomic_load(&at->stage) == KEEL__STAGE_IDLE && !at->shut &&
            (!idlest || atomic_load(&at->since_us) < atomic_load(&idlest->since_us)))
            idlest = at;
    }
    if (idlest && all->count >= all->limit)
        shut(idlest);
    pthread_mutex_unlock(&all->mutex);
}

void keel__connections_shut(struct keel__connections *all, unsigned stages)
{
    pthread_mutex_lock(&all->mutex);
    for (struct keel__connection *at = all->first; at; at = at->next)
        if (stages & 1U << atomic_load(&at->stage))
            shut(at);
    pthread_mutex_unlock(&all->mutex);
}
