/* The messages of the batch's model calls. A call has whole lists of them, or single ones put
 * together in order of time until a whole list is known. */
#include "keel_sql_store.h"
#include "store/batch.h"

#include <stdlib.h>

/* Single messages of a call: told by a record of this batch (item), or stored. */
struct piece {
    const struct keel__item *item;
    int64_t sequence, start_ns;
    struct keel_slice key;
    size_t counts[KEEL__THREADS]; /* stored: how many of the stored list are its */
};

struct pieces {
    struct keel__batch *batch;
    struct keel__list list; /* of struct piece */
};

static int take_piece(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct pieces *pieces = context;
    struct piece *piece = keel__list_add(&pieces->list, pieces->batch->arena);
    if (!piece)
        return keel__arena_error(pieces->batch->arena, err);
    piece->sequence = keel_row_int(row, 0);
    piece->key = keel__arena_slice(pieces->batch->arena, keel_row_text(row, 1));
    if (!keel_row_is_null(row, 2))
        piece->start_ns = keel_row_time(row, 2) * 1000 + keel_row_int(row, 3);
    piece->counts[KEEL__IN] = (size_t)keel_row_int(row, 4);
    piece->counts[KEEL__OUT] = (size_t)keel_row_int(row, 5);
    return piece->key.data ? 0 : keel__arena_error(pieces->batch->arena, err);
}

/* By time; at one time by key, "#2" before "#10". */
static int by_time(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;
    if (x->start_ns != y->start_ns)
        return x->start_ns < y->start_ns ? -1 : 1;
    if (x->key.size != y->key.size)
        return x->key.size < y->key.size ? -1 : 1;
    return memcmp(x->key.data, y->key.data, x->key.size);
}

static int by_number(const void *a, const void *b)
{
    int64_t x = ((const struct piece *)a)->sequence, y = ((const struct piece *)b)->sequence;
    return (x > y) - (x < y);
}

/* The pieces of a call, stored and new, in order of time. */
static int gather(struct keel__batch *batch, const struct keel__llm *llm, struct pieces *pieces,
                  struct keel_error *err)
{
    const struct keel__item **items = llm->parts.items;
    int code = 0;
    *pieces = (struct pieces){batch, {.size = sizeof(struct piece)}};
    if (llm->stored)
        code = keel_db_each(
            batch->db, &keel_q_llm_call_parts_of,
            KEEL_PARAMS(keel_uuid_value(llm->event->run->row.id), keel_int(llm->event->sequence)),
            take_piece, pieces, err);
    size_t stored = pieces->list.count;
    if (stored)
        qsort(pieces->list.items, stored, sizeof(struct piece), by_number);
    for (size_t i = 0; i < llm->parts.count && code == 0; i++) {
        const struct keel__event *event = items[i]->event;
        struct piece wanted = {.sequence = event->sequence};
        if (stored && bsearch(&wanted, pieces->list.items, stored, sizeof(struct piece), by_number))
            continue;
        struct piece *piece = keel__list_add(&pieces->list, batch->arena);
        if (!piece)
            return keel__arena_error(batch->arena, err);
        *piece = (struct piece){.item = items[i],
                                .sequence = event->sequence,
                                .start_ns = event->data.start_ns,
                                .key = event->key};
    }
    if (pieces->list.count)
        qsort(pieces->list.items, pieces->list.count, sizeof(struct piece), by_time);
    return code;
}

static const struct keel__said_list *said_by(const struct keel__item *item, int which)
{
    return which == KEEL__IN ? &item->input : &item->output;
}

/* Puts the pieces of one thread together; stored ones take their share of the stored list. */
static int put_together(struct keel__batch *batch, const struct pieces *pieces, int which,
                        const struct keel__said_list *stored, struct keel__said_list *out,
                        struct keel_error *err)
{
    const struct piece *all = pieces->list.items;
    size_t count = 0, used = 0, taken = 0;
    for (size_t i = 0; i < pieces->list.count; i++)
        count += all[i].item ? said_by(all[i].item, which)->count : all[i].counts[which];
    *out = (struct keel__said_list){0};
    out->items = keel__arena_calloc(batch->arena, count, sizeof *out->items);
    if (!out->items)
        return keel__arena_error(batch->arena, err);
    for (size_t i = 0; i < pieces->list.count; i++) {
        const struct keel__said *from;
        size_t more;
        if (all[i].item) {
            from = said_by(all[i].item, which)->items;
            more = said_by(all[i].item, which)->count;
        } else {
            more = all[i].counts[which] < stored->count - taken ? all[i].counts[which]
                                                                : stored->count - taken;
            from = more ? stored->items + taken : NULL;
            taken += more;
        }
        for (size_t k = 0; k < more; k++)
            out->items[used++] = from[k];
    }
    out->count = used;
    return 0;
}

/* Notes which records a call is put together from. */
static int note_parts(struct keel__batch *batch, const struct keel__llm *llm,
                      const struct pieces *pieces, struct keel_error *err)
{
    const struct piece *all = pieces->list.items;
    for (size_t i = 0; i < pieces->list.count; i++) {
        if (!all[i].item)
            continue;
        struct keel__part part = {.event = all[i].item->event};
        for (int which = 0; which < KEEL__THREADS; which++)
            if (llm->threads[which].from_parts)
                part.counts[which] = (int64_t)said_by(all[i].item, which)->count;
        if (part.counts[KEEL__IN] + part.counts[KEEL__OUT] == 0)
            continue;
        struct keel__part *place = keel__list_add(&batch->parts, batch->arena);
        if (!place)
            return keel__arena_error(batch->arena, err);
        *place = part;
    }
    return 0;
}

/* Nothing of the batch's whole lists differs from what is stored. */
static bool is_known(const struct keel__llm *llm)
{
    for (int i = 0; i < KEEL__THREADS; i++) {
        const struct keel__thread *thread = &llm->threads[i];
        const struct keel__said_list *whole = &thread->whole;
        if (thread->has_parts && (thread->from_parts || !thread->has_hash))
            return false;
        if (whole->count == 0)
            continue;
        if (thread->from_parts || !thread->has_hash ||
            memcmp(whole->nodes[whole->count - 1].bytes, thread->hash.bytes,
                   sizeof thread->hash.bytes) != 0)
            return false;
    }
    return true;
}

static int read_stored(struct keel__batch *batch, const struct keel__llm *llm,
                       struct keel__said_list lists[KEEL__THREADS], struct keel_error *err)
{
    const struct keel__thread *in = &llm->threads[KEEL__IN], *out = &llm->threads[KEEL__OUT];
    int code = 0;
    if (in->has_hash)
        code = keel__chains_read(batch->db, batch->arena, &in->hash, SIZE_MAX, NULL,
                                 &lists[KEEL__IN], err);
    if (code == 0 && out->has_hash)
        code = keel__chains_read(batch->db, batch->arena, &out->hash, SIZE_MAX,
                                 in->has_hash ? &in->hash : NULL, &lists[KEEL__OUT], err);
    return code;
}

/* The list that a thread shall have: lists[which] is what is stored of it. */
static int choose(struct keel__batch *batch, struct keel__llm *llm, int which,
                  const struct pieces *pieces, struct keel__said_list *list, struct keel_error *err)
{
    struct keel__thread *thread = &llm->threads[which];
    if (thread->whole.count > 0) {
        if (thread->from_parts || keel__said_is_fuller(&thread->whole, list))
            *list = thread->whole;
        thread->from_parts = false;
        return 0;
    }
    if (!thread->has_parts || (list->count > 0 && !thread->from_parts))
        return 0;
    struct keel__said_list stored = *list;
    thread->from_parts = true;
    return put_together(batch, pieces, which, &stored, list, err);
}

static bool differs(const struct keel__thread *a, const struct keel__thread *b)
{
    return a->has_hash != b->has_hash || a->from_parts != b->from_parts ||
           (a->has_hash && memcmp(a->hash.bytes, b->hash.bytes, sizeof a->hash.bytes) != 0);
}

static int make_messages(struct keel__batch *batch, struct keel__llm *llm, struct keel_error *err)
{
    struct keel__said_list lists[KEEL__THREADS] = {{0}};
    struct keel__thread before[KEEL__THREADS];
    struct keel_hash hashes[KEEL__THREADS];
    struct pieces pieces = {0};
    memcpy(before, llm->threads, sizeof before);
    int code = llm->stored ? read_stored(batch, llm, lists, err) : 0;
    if (code == 0 && llm->parts.count)
        code = gather(batch, llm, &pieces, err);
    for (int i = 0; i < KEEL__THREADS && code == 0; i++)
        code = choose(batch, llm, i, &pieces, &lists[i], err);
    if (code == 0)
        code = note_parts(batch, llm, &pieces, err);
    if (code == 0)
        code = keel__chains_add(&batch->chains, &lists[KEEL__IN], &lists[KEEL__OUT],
                                &hashes[KEEL__IN], &hashes[KEEL__OUT], err);
    for (int i = 0; i < KEEL__THREADS && code == 0; i++) {
        struct keel__thread *thread = &llm->threads[i];
        thread->has_hash = lists[i].count > 0;
        if (thread->has_hash)
            thread->hash = hashes[i];
        llm->changed |= differs(thread, &before[i]);
    }
    return code;
}

int keel__batch_make_messages(struct keel__batch *batch, struct keel_error *err)
{
    struct keel__llm **llms = batch->llms.items;
    int code = 0;
    for (size_t i = 0; i < batch->llms.count && code == 0; i++)
        if (!is_known(llms[i]))
            code = make_messages(batch, llms[i], err);
    return code;
}
