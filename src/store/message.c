#include "store/message.h"

#include "base/hash.h"
#include "keel_sql_store.h"

#include <stdlib.h>

static const struct keel_hash nothing = {{0}};

void keel_message_hash(const struct keel_hash *parent, struct keel_slice role,
                       enum keel_message_format format, const struct keel_hash *content,
                       struct keel_hash *out)
{
    static const char domain[] = "keel.message.v1";
    const uint8_t size[4] = {(uint8_t)role.size, (uint8_t)(role.size >> 8),
                             (uint8_t)(role.size >> 16), (uint8_t)(role.size >> 24)};
    const uint8_t format_byte = (uint8_t)format;
    struct keel__hasher hasher;
    keel__hasher_init(&hasher);
    keel__hasher_update(&hasher, domain, sizeof domain - 1);
    keel__hasher_update(&hasher, (parent ? parent : &nothing)->bytes, sizeof nothing.bytes);
    keel__hasher_update(&hasher, size, sizeof size);
    keel__hasher_update(&hasher, role.data, role.size);
    keel__hasher_update(&hasher, &format_byte, 1);
    keel__hasher_update(&hasher, content->bytes, sizeof content->bytes);
    *out = keel__hasher_final(&hasher);
}

bool keel__said_is_fuller(const struct keel__said_list *list, const struct keel__said_list *than)
{
    if (list->count != than->count || list->count == 0)
        return list->count > than->count;
    struct keel_hash a = {{0}}, b = {{0}}, next;
    for (size_t i = 0; i < list->count; i++) {
        const struct keel__said *x = &list->items[i], *y = &than->items[i];
        keel_message_hash(&a, x->role, x->format, &x->content_hash, &next);
        a = next;
        keel_message_hash(&b, y->role, y->format, &y->content_hash, &next);
        b = next;
    }
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) > 0;
}

struct keel__chain {
    struct keel__node *nodes;
    size_t count;
    size_t stored; /* this many from the start are stored, at least */
};

void keel__chains_init(struct keel__chains *chains, struct keel__arena *arena,
                       struct keel__contents *contents)
{
    chains->arena = arena;
    chains->contents = contents;
    chains->list = (struct keel__list){.size = sizeof(struct keel__chain)};
}

static void append(struct keel__chain *chain, const struct keel__said_list *list,
                   struct keel_hash *last)
{
    if (list->count == 0)
        return;
    const struct keel__node *before = chain->count ? &chain->nodes[chain->count - 1] : NULL;
    bool known =
        list->nodes && memcmp(&list->after, before ? &before->hash : &nothing, sizeof nothing) == 0;
    for (size_t i = 0; i < list->count; i++) {
        struct keel__node *node = &chain->nodes[chain->count];
        const struct keel__said *said = &list->items[i];
        node->parent = chain->count ? &chain->nodes[chain->count - 1].hash : NULL;
        node->said = said;
        node->depth = (int64_t)++chain->count;
        if (known)
            node->hash = list->nodes[i];
        else
            keel_message_hash(node->parent, said->role, said->format, &said->content_hash,
                              &node->hash);
    }
    *last = chain->nodes[chain->count - 1].hash;
}

int keel__chains_add(struct keel__chains *chains, const struct keel__said_list *input,
                     const struct keel__said_list *output, struct keel_hash *input_hash,
                     struct keel_hash *output_hash, struct keel_error *err)
{
    size_t count = input->count + output->count;
    if (count == 0)
        return 0;
    struct keel__chain *chain = keel__list_add(&chains->list, chains->arena);
    if (chain)
        chain->nodes = keel__arena_calloc(chains->arena, count, sizeof *chain->nodes);
    if (!chain || !chain->nodes)
        return keel__arena_error(chains->arena, err);
    append(chain, input, input_hash);
    append(chain, output, output_hash);
    return 0;
}

/* ---- which nodes are stored ------------------------------------------------------------------ */

/* Of a node that is stored all nodes before it are. So it is enough to ask for the last node, the
 * one before, the third, fifth, ninth, ... from the end: of a conversation of 20,000 messages that
 * grew by two, 15 nodes are asked for and 2 inserted. */
struct probe {
    struct keel__chain *chain;
    size_t count; /* the chain's first `count` nodes are stored if there is an answer */
};

static size_t probes_of(const struct keel__chain *chain, struct probe *out)
{
    size_t found = 0;
    for (size_t back = 0; back < chain->count; back = back ? back * 2 : 1) {
        if (out)
            out[found] = (struct probe){(struct keel__chain *)chain, chain->count - back};
        found++;
    }
    return found;
}

static int take_probe(void *context, size_t index, const struct keel_row *row,
                      struct keel_error *err)
{
    (void)row, (void)err;
    const struct probe *probe = (const struct probe *)context + index;
    if (probe->count > probe->chain->stored)
        probe->chain->stored = probe->count;
    return 0;
}

int keel__chains_plan(struct keel__chains *chains, struct keel_db *db, struct keel_error *err)
{
    struct keel__chain *all = chains->list.items;
    size_t count = 0, used = 0;
    for (size_t i = 0; i < chains->list.count; i++)
        count += probes_of(&all[i], NULL);
    if (count == 0)
        return 0;
    struct probe *probes = keel__arena_calloc(chains->arena, count, sizeof *probes);
    struct keel_value *hashes = keel__arena_calloc(chains->arena, count, sizeof *hashes);
    if (!probes || !hashes)
        return keel__arena_error(chains->arena, err);
    for (size_t i = 0; i < chains->list.count; i++)
        used += probes_of(&all[i], probes + used);
    for (size_t i = 0; i < count; i++)
        hashes[i] = keel_hash_value(&probes[i].chain->nodes[probes[i].count - 1].hash);
    int code = keel_db_batch_each(db, &keel_q_message_find, hashes, count, take_probe, probes, err);
    for (size_t i = 0; i < chains->list.count && code == 0; i++)
        for (size_t k = all[i].stored; k < all[i].count && code == 0; k++) {
            const struct keel__said *said = all[i].nodes[k].said;
            if (said->content.data)
                code =
                    keel__contents_add(chains->contents, &said->content_hash, said->content, err);
        }
    return code;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Parents before children, and the same order in all writers. */
static int by_depth(const void *a, const void *b)
{
    const struct keel__node *x = *(const struct keel__node *const *)a;
    const struct keel__node *y = *(const struct keel__node *const *)b;
    if (x->depth != y->depth)
        return x->depth < y->depth ? -1 : 1;
    return memcmp(x->hash.bytes, y->hash.bytes, sizeof x->hash.bytes);
}

static size_t collect(const struct keel__chains *chains, const struct keel__node **out)
{
    const struct keel__chain *all = chains->list.items;
    size_t count = 0;
    for (size_t i = 0; i < chains->list.count; i++)
        for (size_t k = all[i].stored; k < all[i].count; k++) {
            if (out)
                out[count] = &all[i].nodes[k];
            count++;
        }
    return count;
}

static void bind(struct keel_value *row, const struct keel__node *node)
{
    row[0] = keel_hash_value(&node->hash);
    row[1] = keel_hash_value(node->parent);
    row[2] = keel_text(node->said->role);
    row[3] = keel_cstr(node->said->format == KEEL_MESSAGE_JSON ? "json" : "text");
    row[4] = keel_hash_value(&node->said->content_hash);
    row[5] = keel_int(node->depth);
}

int keel__chains_write(struct keel__chains *chains, struct keel_db *db, struct keel_error *err)
{
    enum { WIDTH = 6 };
    size_t count = collect(chains, NULL), rows = 0;
    if (count == 0)
        return 0;
    const struct keel__node **nodes = keel__arena_calloc(chains->arena, count, sizeof *nodes);
    struct keel_value *params = keel__arena_calloc(chains->arena, count * WIDTH, sizeof *params);
    if (!nodes || !params)
        return keel__arena_error(chains->arena, err);
    collect(chains, nodes);
    qsort(nodes, count, sizeof *nodes, by_depth);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || by_depth(&nodes[i - 1], &nodes[i]) != 0)
            bind(params + rows++ * WIDTH, nodes[i]);
    return keel_db_batch(db, &keel_q_message_insert, params, rows, NULL, err);
}

/* ---- reading --------------------------------------------------------------------------------- */

struct reading {
    struct keel__arena *arena;
    struct keel__list list; /* of struct keel__said, the last one first */
};

static int take_message(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reading *reading = context;
    struct keel__said *said = keel__list_add(&reading->list, reading->arena);
    struct keel_slice hash = keel_row_bytes(row, 2), format = keel_row_text(row, 1);
    if (!said)
        return keel__arena_error(reading->arena, err);
    if (hash.size != sizeof said->content_hash.bytes)
        return keel_error_set(err, KEEL_IO, "a stored message has a hash of %zu bytes", hash.size);
    memcpy(said->content_hash.bytes, hash.data, hash.size);
    said->format = format.size == 4 && memcmp(format.data, "json", 4) == 0 ? KEEL_MESSAGE_JSON
                                                                           : KEEL_MESSAGE_TEXT;
    said->role = keel__arena_slice(reading->arena, keel_row_text(row, 0));
    return said->role.data ? 0 : keel__arena_error(reading->arena, err);
}

int keel__chains_read(struct keel_db *db, struct keel__arena *arena, const struct keel_hash *last,
                      size_t count, const struct keel_hash *until, struct keel__said_list *out,
                      struct keel_error *err)
{
    struct reading reading = {arena, {.size = sizeof(struct keel__said)}};
    int64_t most = count > INT32_MAX ? INT32_MAX : (int64_t)count;
    memset(out, 0, sizeof *out);
    int code =
        keel_db_each(db, &keel_q_message_walk,
                     KEEL_PARAMS(keel_hash_value(last), keel_int(most), keel_hash_value(until)),
                     take_message, &reading, err);
    struct keel__said *items = reading.list.items;
    for (size_t i = 0, n = reading.list.count; i < n / 2; i++) {
        struct keel__said swap = items[i];
        items[i] = items[n - 1 - i];
        items[n - 1 - i] = swap;
    }
    out->items = items;
    out->count = reading.list.count;
    return code;
}
