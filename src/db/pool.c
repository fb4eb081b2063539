#include "base/error.h"
#include "db/driver.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
    DEFAULT_SQLITE_READERS = 4,
    DEFAULT_POSTGRES_CONNECTIONS = 8,
    DEFAULT_ACQUIRE_TIMEOUT_MS = 5000,
};

/* Who waits for a connection, first come first served: a release hands over its connection, or,
 * where it had to be closed, the right to open another. */
struct waiter {
    pthread_cond_t cond;
    struct waiter *next;
    struct keel_db *db;
    bool may_open;
};

/* Connections of one kind. SQLite has a lane of one writer and a lane of readers, PostgreSQL has
 * one lane for all. */
struct keel__lane {
    struct keel_pool *pool;
    struct keel_db_options options;
    struct keel_db **idle; /* a stack: the warmest on top */
    int idle_count;
    int open_count; /* idle, handed out, or being opened */
    int max;
    struct waiter *first, **last;
};

struct keel_pool {
    pthread_mutex_t lock;
    pthread_cond_t all_home;
    struct keel__lane lanes[2]; /* by enum keel_tx */
    bool one_lane;
    char *url;
    char *application_name;
    enum keel_dialect dialect;
    int acquire_timeout_ms;
    int out_count;
    bool closing;
};

static struct keel__lane *lane_of(struct keel_pool *pool, enum keel_tx kind)
{
    return &pool->lanes[pool->one_lane ? KEEL_TX_WRITE : kind];
}

static int lane_init(struct keel__lane *lane, struct keel_pool *pool, int max,
                     const struct keel_db_options *options, struct keel_error *err)
{
    lane->pool = pool;
    lane->options = *options;
    lane->options.application_name = pool->application_name;
    lane->max = max;
    lane->last = &lane->first;
    lane->idle = calloc((size_t)max, sizeof(struct keel_db *));
    return lane->idle ? KEEL_OK : keel__nomem(err);
}

static int open_into(struct keel__lane *lane, struct keel_db **out, struct keel_error *err)
{
    int rc = keel_db_open(out, lane->pool->url, &lane->options, err);
    if (!rc)
        (*out)->lane = lane;
    return rc;
}

static int lanes_init(struct keel_pool *pool, const struct keel__url *url,
                      const struct keel_pool_options *options, struct keel_error *err)
{
    bool sqlite = url->dialect == KEEL_SQLITE;
    int count = options->readers > 0 ? options->readers
                : sqlite             ? DEFAULT_SQLITE_READERS
                                     : DEFAULT_POSTGRES_CONNECTIONS;
    struct keel_db_options db = options->db;
    /* Every connection to :memory: is a database of its own, so there can be but one. */
    pool->one_lane = !sqlite || keel__url_is_memory(url);
    int rc = lane_init(&pool->lanes[KEEL_TX_WRITE], pool, sqlite ? 1 : count, &db, err);
    db.read_only = true;
    if (!rc)
        rc = lane_init(&pool->lanes[KEEL_TX_READ], pool, count, &db, err);
    return rc;
}

/* Opens the first connection at once: a wrong URL should be known now, and SQLite's readers need
 * the file. */
static int open_first(struct keel_pool *pool, bool read_only, struct keel_error *err)
{
    struct keel__lane *lane = lane_of(pool, read_only ? KEEL_TX_READ : KEEL_TX_WRITE);
    int rc = open_into(lane, &lane->idle[0], err);
    if (!rc)
        lane->idle_count = lane->open_count = 1;
    return rc;
}

int keel_pool_open(struct keel_pool **out, const char *url, const struct keel_pool_options *options,
                   struct keel_error *err)
{
    static const struct keel_pool_options defaults;
    options = options ? options : &defaults;
    *out = NULL;
    struct keel__url parsed;
    int rc = keel__url_parse(&parsed, url, err);
    if (rc)
        return rc;
    struct keel_pool *pool = calloc(1, sizeof *pool);
    if (!pool) {
        keel__url_fini(&parsed);
        return keel__nomem(err);
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->all_home, NULL);
    pool->dialect = parsed.dialect;
    pool->acquire_timeout_ms =
        options->acquire_timeout_ms > 0 ? options->acquire_timeout_ms : DEFAULT_ACQUIRE_TIMEOUT_MS;
    const char *name = options->db.application_name;
    pool->url = strdup(url);
    pool->application_name = strdup(name ? name : "keel");
    rc = pool->url && pool->application_name ? lanes_init(pool, &parsed, options, err)
                                             : keel__nomem(err);
    if (!rc)
        rc = open_first(pool, options->db.read_only, err);
    keel__url_fini(&parsed);
    if (rc) {
        keel_pool_close(pool);
        return rc;
    }
    *out = pool;
    return KEEL_OK;
}

static void lane_fini(struct keel__lane *lane)
{
    for (int i = 0; i < lane->idle_count; i++)
        keel_db_close(lane->idle[i]);
    free(lane->idle);
}

void keel_pool_close(struct keel_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    while (pool->out_count > 0)
        pthread_cond_wait(&pool->all_home, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
    /* Readers first: SQLite's last connection, the writer, checkpoints the WAL. */
    lane_fini(&pool->lanes[KEEL_TX_READ]);
    lane_fini(&pool->lanes[KEEL_TX_WRITE]);
    pthread_cond_destroy(&pool->all_home);
    pthread_mutex_destroy(&pool->lock);
    free(pool->url);
    free(pool->application_name);
    free(pool);
}

enum keel_dialect keel_pool_dialect(const struct keel_pool *pool)
{
    return pool->dialect;
}

static void leave_queue(struct keel__lane *lane, struct waiter *waiter)
{
    struct waiter **at = &lane->first;
    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
    if (lane->last == &waiter->next)
        lane->last = at;
}

static struct waiter *first_waiter(struct keel__lane *lane)
{
    struct waiter *waiter = lane->first;
    if (waiter)
        leave_queue(lane, waiter);
    return waiter;
}

static struct timespec deadline_after(int ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (long)(ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* Waits in line, with the pool's lock held. BUSY after the acquire timeout. */
static int wait_in_line(struct keel__lane *lane, struct waiter *waiter, struct keel_error *err)
{
    struct keel_pool *pool = lane->pool;
    struct timespec deadline = deadline_after(pool->acquire_timeout_ms);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&waiter->cond, &attributes);
    pthread_condattr_destroy(&attributes);
    *lane->last = waiter;
    lane->last = &waiter->next;
    int wait = 0;
    while (!waiter->db && !waiter->may_open && wait == 0)
        wait = pthread_cond_timedwait(&waiter->cond, &pool->lock, &deadline);
    pthread_cond_destroy(&waiter->cond);
    if (waiter->db || waiter->may_open)
        return KEEL_OK; /* what is handed over has not been home, and is still counted as out */
    leave_queue(lane, waiter);
    return keel_error_set(err, KEEL_BUSY,
                          "all %d database connections were in use for %d ms: try again, or allow "
                          "more",
                          lane->max, pool->acquire_timeout_ms);
}

/* Takes an idle connection (waiter->db) or the right to open one (waiter->may_open). */
static int take(struct keel__lane *lane, struct waiter *waiter, struct keel_error *err)
{
    struct keel_pool *pool = lane->pool;
    int rc = KEEL_OK;
    pthread_mutex_lock(&pool->lock);
    if (pool->closing) {
        rc = keel_error_set(err, KEEL_CONFLICT, "the connection pool is being closed");
    } else if (lane->idle_count > 0) {
        pool->out_count++;
        waiter->db = lane->idle[--lane->idle_count];
    } else if (lane->open_count < lane->max) {
        pool->out_count++;
        lane->open_count++;
        waiter->may_open = true;
    } else {
        rc = wait_in_line(lane, waiter, err);
    }
    pthread_mutex_unlock(&pool->lock);
    return rc;
}

/* Puts db back; NULL when there is none any more and another may be opened. */
static void give(struct keel__lane *lane, struct keel_db *db)
{
    struct keel_pool *pool = lane->pool;
    pthread_mutex_lock(&pool->lock);
    struct waiter *waiter = first_waiter(lane);
    if (waiter) {
        waiter->db = db;
        waiter->may_open = db == NULL;
        pthread_cond_signal(&waiter->cond);
    } else {
        if (db)
            lane->idle[lane->idle_count++] = db;
        else
            lane->open_count--;
        if (--pool->out_count == 0)
            pthread_cond_broadcast(&pool->all_home);
    }
    pthread_mutex_unlock(&pool->lock);
}

int keel_pool_acquire(struct keel_pool *pool, enum keel_tx kind, struct keel_db **out,
                      struct keel_error *err)
{
    struct keel__lane *lane = lane_of(pool, kind);
    struct waiter waiter = {.db = NULL};
    *out = NULL;
    if (kind == KEEL_TX_WRITE && lane->options.read_only)
        return keel_error_set(err, KEEL_INVALID, "the database was opened read-only");
    int rc = take(lane, &waiter, err);
    if (rc)
        return rc;
    struct keel_db *db = waiter.db;
    rc = db ? keel__db_ready(db, err) : open_into(lane, &db, err);
    if (rc) {
        keel_db_close(db);
        give(lane, NULL);
        return rc;
    }
    *out = db;
    return KEEL_OK;
}

void keel_pool_release(struct keel_pool *pool, struct keel_db *db)
{
    (void)pool;
    if (!db)
        return;
    struct keel__lane *lane = db->lane;
    keel__db_rollback_all(db);
    if (db->broken) {
        keel_db_close(db);
        db = NULL;
    } else if (db->scratch.used_bytes > 0) {
        keel__arena_reset(&db->scratch);
    }
    give(lane, db);
}
