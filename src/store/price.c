/* The price table in memory, how a call finds its price there, and what it costs. */
#include "store/price_book.h"

#include "base/map.h"
#include "base/money.h"

#include "keel_sql_store.h"

#include <stdlib.h>

#define NAME_MAX_BYTES KEEL__NAME_MAX_BYTES

/* All prices of one name or prefix, whoever the provider: newest first, and of one date the last
 * version first. */
struct group {
    struct keel__list rows; /* of const struct keel__price_row * */
};

enum { EXACT, PREFIX }; /* scopes of `groups` */

struct keel__price_book {
    int references; /* under the cache's lock, or atomic */
    int64_t row_count, last_id;
    struct keel__arena arena;
    struct keel__map groups;          /* by lower-case name, a prefix without its "*" */
    bool lengths[NAME_MAX_BYTES + 1]; /* which lengths prefixes have */
    size_t longest;
};

/* ---- reading --------------------------------------------------------------------------------- */

struct reading {
    struct keel__arena *arena;
    struct keel__list *rows;
};

static int take_row(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reading *to = context;
    struct keel__price_row *price = keel__list_add(to->rows, to->arena);
    struct keel__reader reader = keel__reader_of(row, to->arena);
    struct keel_price *p;

    if (!price)
        return keel__arena_error(to->arena, err);
    p = &price->priced.price;
    price->priced.id = keel__read_int(&reader, 0);
    p->provider = keel__read_text(&reader);
    p->model = keel__read_text(&reader);
    p->valid_from = keel__read_time(&reader);
    price->version = keel__read_int(&reader, 0);
    p->input_nusd = keel__read_money(&reader, -1);
    p->output_nusd = keel__read_money(&reader, -1);
    p->cache_read_nusd = keel__read_money(&reader, -1);
    p->cache_creation_nusd = keel__read_money(&reader, -1);
    p->reasoning_nusd = keel__read_money(&reader, -1);
    p->source = keel__read_text(&reader);
    return keel__reader_error(&reader, err);
}

int keel__price_rows_read(struct keel_db *db, struct keel__arena *arena, struct keel__list *rows,
                          struct keel_error *err)
{
    struct reading to = {arena, rows};

    return keel_db_each(db, &keel_q_price_all, KEEL_NO_PARAMS, take_row, &to, err);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool equal_names(struct keel_slice a, const char *b)
{
    for (size_t i = 0; i < a.size; i++)
        if (lower(a.data[i]) != lower(b[i]) || !b[i])
            return false;
    return !b[a.size];
}

/* Lower-case copy of what a price's model stands for; *scope says whether exactly or as a prefix.
 */
static struct keel_slice pattern_key(struct keel__arena *arena, const char *model, uint64_t *scope)
{
    size_t size = strlen(model);
    char *key = keel__arena_strdup(arena, model);

    if (!key)
        return keel_slice(NULL, 0);
    *scope = size > 0 && model[size - 1] == '*' ? PREFIX : EXACT;
    for (size_t i = 0; i < size; i++)
        key[i] = lower(key[i]);
    return keel_slice(key, *scope == PREFIX ? size - 1 : size);
}

static int newest_first(const void *a, const void *b)
{
    const struct keel__price_row *x = *(const struct keel__price_row *const *)a;
    const struct keel__price_row *y = *(const struct keel__price_row *const *)b;

    if (x->priced.price.valid_from != y->priced.price.valid_from)
        return x->priced.price.valid_from > y->priced.price.valid_from ? -1 : 1;
    return x->version != y->version ? (x->version > y->version ? -1 : 1)
                                    : (x->priced.id > y->priced.id ? -1 : 1);
}

static int add_row(struct keel__price_book *book, const struct keel__price_row *row,
                   struct keel_error *err)
{
    uint64_t scope = EXACT;
    struct keel_slice key = pattern_key(&book->arena, row->priced.price.model, &scope);
    void **slot = key.data ? keel__map_at(&book->groups, scope, key) : NULL;
    struct group *group;
    const struct keel__price_row **place;

    if (!slot)
        return keel__arena_error(&book->arena, err);
    if (!*slot)
        *slot = keel__arena_calloc(&book->arena, 1, sizeof(*group));
    group = *slot;
    if (!group)
        return keel__arena_error(&book->arena, err);
    group->rows.size = sizeof(row);
    place = keel__list_add(&group->rows, &book->arena);
    if (!place)
        return keel__arena_error(&book->arena, err);
    *place = row;
    /* Rows of several providers come together here: each keeps its place by date. */
    qsort(group->rows.items, group->rows.count, sizeof(row), newest_first);
    if (scope == PREFIX && key.size <= NAME_MAX_BYTES) {
        book->lengths[key.size] = true;
        if (key.size > book->longest)
            book->longest = key.size;
    }
    return 0;
}

static int read_book(struct keel__price_book **out, struct keel_db *db, int64_t row_count,
                     int64_t last_id, struct keel_error *err)
{
    struct keel__price_book *book = calloc(1, sizeof(*book));
    struct keel__list rows = {.size = sizeof(struct keel__price_row)};
    int code;

    if (!book)
        return keel__nomem(err);
    keel__arena_init(&book->arena, 0);
    keel__map_init(&book->groups, &book->arena);
    book->references = 1;
    book->row_count = row_count;
    book->last_id = last_id;
    code = keel__price_rows_read(db, &book->arena, &rows, err);
    for (size_t i = 0; i < rows.count && !code; i++)
        code = add_row(book, (struct keel__price_row *)rows.items + i, err);
    if (code)
        keel__price_book_close(book);
    else
        *out = book;
    return code;
}

/* ---- sharing --------------------------------------------------------------------------------- */

void keel__price_cache_init(struct keel__price_cache *cache)
{
    pthread_mutex_init(&cache->lock, NULL);
    cache->book = NULL;
}

void keel__price_cache_fini(struct keel__price_cache *cache)
{
    keel__price_book_close(cache->book);
    pthread_mutex_destroy(&cache->lock);
}

static struct keel__price_book *share(struct keel__price_book *book)
{
    __atomic_add_fetch(&book->references, 1, __ATOMIC_RELAXED);
    return book;
}

void keel__price_book_close(const struct keel__price_book *shared)
{
    struct keel__price_book *book = (struct keel__price_book *)(uintptr_t)shared;

    if (!book || __atomic_sub_fetch(&book->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    keel__arena_fini(&book->arena);
    free(book);
}

int keel__price_book_open(const struct keel__price_book **out, struct keel__price_cache *cache,
                          struct keel_db *db, struct keel_error *err)
{
    struct keel__price_book *book = NULL, *old;
    const struct keel_row *row;
    int64_t count, last;
    int code = keel_db_one(db, &keel_q_price_stamp, KEEL_NO_PARAMS, &row, err);

    if (code)
        return code;
    count = keel_row_int(row, 0);
    last = keel_row_int(row, 1);
    pthread_mutex_lock(&cache->lock);
    if (cache->book && cache->book->row_count == count && cache->book->last_id == last)
        book = share(cache->book);
    pthread_mutex_unlock(&cache->lock);
    *out = book;
    if (book)
        return 0;
    code = read_book(&book, db, count, last, err);
    if (code)
        return code;
    pthread_mutex_lock(&cache->lock);
    old = cache->book;
    cache->book = share(book);
    pthread_mutex_unlock(&cache->lock);
    keel__price_book_close(old);
    *out = book;
    return 0;
}

/* ---- finding --------------------------------------------------------------------------------- */

static const struct keel__priced *find_in(const struct group *group, struct keel_slice provider,
                                          int64_t at_us)
{
    const struct keel__price_row *const *rows = group ? group->rows.items : NULL;

    for (size_t i = 0; group && i < group->rows.count; i++)
        if (rows[i]->priced.price.valid_from <= at_us &&
            equal_names(provider, rows[i]->priced.price.provider))
            return &rows[i]->priced;
    return NULL;
}

/* name is in lower case, cut after what the longest prefix can match; exact: it was not cut. */
static const struct keel__priced *find_named(const struct keel__price_book *book,
                                             struct keel_slice provider, struct keel_slice name,
                                             bool exact, int64_t at_us)
{
    const struct keel__priced *found = NULL;

    if (exact)
        found = find_in(keel__map_get(&book->groups, EXACT, name), provider, at_us);
    for (size_t size = (name.size < book->longest ? name.size : book->longest) + 1;
         size-- > 0 && !found;)
        if (book->lengths[size])
            found = find_in(keel__map_get(&book->groups, PREFIX, keel_slice(name.data, size)),
                            provider, at_us);
    return found;
}

static const struct keel__priced *find_model(const struct keel__price_book *book,
                                             struct keel_slice provider, struct keel_slice model,
                                             int64_t at_us)
{
    char name[NAME_MAX_BYTES];
    size_t size = model.size < sizeof(name) ? model.size : sizeof(name);
    struct keel_slice lowered = keel_slice(name, size);
    const struct keel__priced *found = NULL;

    if (size == 0)
        return NULL;
    for (size_t i = 0; i < size; i++)
        name[i] = lower(model.data[i]);
    if (provider.size > 0)
        found = find_named(book, provider, lowered, size == model.size, at_us);
    if (!found)
        found = find_named(book, keel_slice("", 0), lowered, size == model.size, at_us);
    return found;
}

static const struct keel__priced *find_with_path(const struct keel__price_book *book,
                                                 struct keel_slice provider,
                                                 struct keel_slice model, int64_t at_us)
{
    const struct keel__priced *found = find_model(book, provider, model, at_us);
    const char *slash = model.size ? memrchr(model.data, '/', model.size) : NULL;

    if (found || !slash)
        return found;
    slash++;
    return find_model(book, provider, keel_slice(slash, model.size - (size_t)(slash - model.data)),
                      at_us);
}

const struct keel__priced *keel__price_find(const struct keel__price_book *book,
                                            struct keel_slice provider,
                                            struct keel_slice request_model,
                                            struct keel_slice response_model, int64_t at_us)
{
    const struct keel__priced *found = find_with_path(book, provider, response_model, at_us);

    return found ? found : find_with_path(book, provider, request_model, at_us);
}

/* ---- costing --------------------------------------------------------------------------------- */

static int64_t at_least_zero(int64_t tokens)
{
    return tokens > 0 ? tokens : 0;
}

/* total less a and b, not below 0; none of them is below 0. */
static int64_t rest_of(int64_t total, int64_t a, int64_t b)
{
    return a >= total || b >= total - a ? 0 : total - a - b;
}

bool keel__price_cost(const struct keel_price *price, const struct keel__usage *usage,
                      int64_t *nusd)
{
    int64_t cache_read = at_least_zero(usage->cache_read);
    int64_t cache_creation = at_least_zero(usage->cache_creation);
    int64_t reasoning = at_least_zero(usage->reasoning);
    const struct {
        int64_t tokens, nusd_per_million;
    } buckets[] = {
        {rest_of(at_least_zero(usage->input), cache_read, cache_creation), price->input_nusd},
        {cache_read, price->cache_read_nusd < 0 ? price->input_nusd : price->cache_read_nusd},
        {cache_creation,
         price->cache_creation_nusd < 0 ? price->input_nusd : price->cache_creation_nusd},
        {rest_of(at_least_zero(usage->output), reasoning, 0), price->output_nusd},
        {reasoning, price->reasoning_nusd < 0 ? price->output_nusd : price->reasoning_nusd},
    };
    struct keel__money_sum sum = {0};

    if (usage->input < 0 && usage->output < 0 && usage->cache_read < 0 &&
        usage->cache_creation < 0 && usage->reasoning < 0)
        return false;
    for (size_t i = 0; i < sizeof(buckets) / sizeof(buckets[0]); i++) {
        if (buckets[i].tokens > 0 && buckets[i].nusd_per_million < 0)
            return false;
        if (buckets[i].tokens > 0)
            keel__money_sum_add(&sum, buckets[i].tokens, buckets[i].nusd_per_million);
    }
    return keel__money_sum_total(&sum, nusd);
}

bool keel__price_equal(const struct keel_price *a, const struct keel_price *b)
{
    return a->input_nusd == b->input_nusd && a->output_nusd == b->output_nusd &&
           a->cache_read_nusd == b->cache_read_nusd &&
           a->cache_creation_nusd == b->cache_creation_nusd &&
           a->reasoning_nusd == b->reasoning_nusd;
}
