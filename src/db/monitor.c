#include "db/monitor.h"

#include "base/clock.h"
#include "db/connection.h"

#include <pthread.h>
#include <stdlib.h>

/* Durations are counted in buckets of 8 to each power of two: at most 1/8 wide, so the middle of a
 * bucket is at most 6.25% away from what fell into it. The last one takes all above 2^36 us (19
 * hours). */
enum {
    SUB_BITS = 3,
    SUB = 1 << SUB_BITS,
    TOP_BITS = 36,
    BUCKETS = (TOP_BITS - SUB_BITS + 1) * SUB
};
enum { MAX_NAMES = 1024, TABLE = 2048, MAX_SLOW = 256 };

struct entry {
    struct keel_statement_stats stats;
    uint32_t buckets[BUCKETS];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry *table[TABLE];
static size_t names;
static struct keel_slow_statement slow[MAX_SLOW];
static size_t slow_count; /* ever seen */
static int64_t slow_threshold_us = 100000;
static keel_monitor_fn *hook;
static void *hook_context;

static size_t bucket_of(int64_t us)
{
    uint64_t value = us > 0 ? (uint64_t)us : 0;
    if (value < SUB)
        return (size_t)value;
    unsigned top = 63 - (unsigned)__builtin_clzll(value);
    if (top >= TOP_BITS)
        return BUCKETS - 1;
    unsigned shift = top - SUB_BITS;
    return (size_t)(shift + 1) * SUB + (size_t)((value >> shift) & (SUB - 1));
}

/* The middle of a bucket. */
static int64_t bucket_value(size_t bucket)
{
    if (bucket < 2 * SUB)
        return (int64_t)bucket;
    unsigned shift = (unsigned)(bucket / SUB - 1);
    int64_t low = (int64_t)(SUB + bucket % SUB) << shift;
    return low + (INT64_C(1) << shift) / 2;
}

static struct entry *find(const char *name)
{
    uint32_t hash = 2166136261u;
    for (const char *c = name; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    for (size_t i = hash % TABLE;; i = (i + 1) % TABLE) {
        struct entry *entry = table[i];
        if (entry && strcmp(entry->stats.name, name) == 0)
            return entry;
        if (entry)
            continue;
        if (names >= MAX_NAMES - 1 && strcmp(name, "(other)") != 0)
            return find("(other)");
        entry = calloc(1, sizeof *entry);
        char *copy = entry ? strdup(name) : NULL;
        if (!copy) {
            free(entry);
            return NULL;
        }
        entry->stats.name = copy;
        names++;
        return table[i] = entry;
    }
}

static void count(const struct keel_statement_event *event)
{
    struct entry *entry = find(event->name);
    if (!entry)
        return;
    entry->stats.count++;
    entry->stats.errors += event->code != KEEL_OK;
    entry->stats.rows += event->rows;
    entry->stats.total_us += event->duration_us;
    if (event->duration_us > entry->stats.max_us)
        entry->stats.max_us = event->duration_us;
    entry->buckets[bucket_of(event->duration_us)]++;
    if (event->duration_us < slow_threshold_us)
        return;
    struct keel_slow_statement *one = &slow[slow_count++ % MAX_SLOW];
    *one = (struct keel_slow_statement){.at_us = keel_time_now_us(),
                                        .duration_us = event->duration_us};
    strncpy(one->name, event->name, sizeof one->name - 1);
}

void keel__monitor_record(const struct keel_db *db, const char *name, int64_t started_us,
                          int64_t rows, int code)
{
    struct keel_statement_event event = {
        .name = name,
        .duration_us = keel__clock_us() - started_us,
        .rows = rows,
        .code = (enum keel_code)code,
    };
    if (db->depth > 0) {
        event.tx_file = db->tx[0].file;
        event.tx_line = db->tx[0].line;
    }
    pthread_mutex_lock(&lock);
    count(&event);
    keel_monitor_fn *fn = hook;
    void *context = hook_context;
    pthread_mutex_unlock(&lock);
    if (fn)
        fn(context, &event);
}

void keel_monitor_set(keel_monitor_fn *fn, void *context)
{
    pthread_mutex_lock(&lock);
    hook = fn;
    hook_context = context;
    pthread_mutex_unlock(&lock);
}

void keel_monitor_slow_threshold(int64_t us)
{
    pthread_mutex_lock(&lock);
    slow_threshold_us = us;
    pthread_mutex_unlock(&lock);
}

static int64_t percentile(const struct entry *entry, int64_t percent)
{
    int64_t rank = (entry->stats.count * percent + 99) / 100, seen = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        seen += entry->buckets[i];
        if (seen >= rank && entry->buckets[i]) {
            int64_t us = bucket_value(i);
            return us < entry->stats.max_us ? us : entry->stats.max_us;
        }
    }
    return entry->stats.max_us;
}

static int by_total(const void *a, const void *b)
{
    const struct keel_statement_stats *x = a, *y = b;
    return (x->total_us < y->total_us) - (x->total_us > y->total_us);
}

size_t keel_monitor_stats(struct keel_statement_stats *out, size_t capacity)
{
    struct keel_statement_stats *all = calloc(MAX_NAMES, sizeof *all);
    size_t found = 0;
    if (!all)
        return 0;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < TABLE && found < MAX_NAMES; i++) {
        const struct entry *entry = table[i];
        if (!entry)
            continue;
        all[found] = entry->stats;
        all[found].p50_us = percentile(entry, 50);
        all[found].p95_us = percentile(entry, 95);
        all[found].p99_us = percentile(entry, 99);
        found++;
    }
    pthread_mutex_unlock(&lock);
    qsort(all, found, sizeof *all, by_total);
    if (capacity > 0)
        memcpy(out, all, (found < capacity ? found : capacity) * sizeof *out);
    free(all);
    return found;
}

size_t keel_monitor_slow(struct keel_slow_statement *out, size_t capacity)
{
    pthread_mutex_lock(&lock);
    size_t kept = slow_count < MAX_SLOW ? slow_count : MAX_SLOW;
    size_t copied = kept < capacity ? kept : capacity;
    for (size_t i = 0; i < copied; i++)
        out[i] = slow[(slow_count - 1 - i) % MAX_SLOW];
    pthread_mutex_unlock(&lock);
    return copied;
}
