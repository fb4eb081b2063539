#include "base/error.h"
#include "keel_sql_store.h"
#include "store/batch.h"

#include <stdlib.h>

bool keel__is_data_error(int code)
{
    return code == KEEL_CONSTRAINT || code == KEEL_INVALID;
}

static void batch_init(struct keel__batch *batch, struct keel_store *store, struct keel_db *db,
                       struct keel__arena *arena, struct keel__item **items, size_t count)
{
    *batch = (struct keel__batch){.store = store,
                                  .db = db,
                                  .arena = arena,
                                  .now_us = keel_time_now_us(),
                                  .items = items,
                                  .item_count = count};
    keel__map_init(&batch->runs_by_name, arena);
    keel__map_init(&batch->events_by_key, arena);
    keel__map_init(&batch->events_by_sequence, arena);
    batch->runs.size = sizeof(struct keel__batch_run *);
    batch->events.size = sizeof(struct keel__event *);
    batch->llms.size = sizeof(struct keel__llm *);
    batch->marked.size = sizeof(struct keel__event *);
    batch->parts.size = sizeof(struct keel__part);
    batch->status_changes.size = sizeof(struct keel__status_change);
    keel__projects_init(&batch->projects, arena);
    keel__sessions_init(&batch->sessions, arena);
    keel__users_init(&batch->users, arena);
    keel__models_init(&batch->models, arena);
    keel__contents_init(&batch->contents, arena);
    keel__chains_init(&batch->chains, arena, &batch->contents);
}

typedef int step_fn(struct keel__batch *batch, struct keel_error *err);

/* The order of the steps is also the order in which rows are locked, in all writers: runs, names,
 * aliases, models, contents, messages. */
static int run_steps(struct keel__batch *batch, struct keel_error *err)
{
    static step_fn *const steps[] = {
        keel__batch_find_runs,     keel__batch_make_events, keel__batch_open_runs,
        keel__batch_find_events,   keel__batch_link,        keel__batch_make_llms,
        keel__batch_make_messages, keel__batch_mark_usage,  keel__batch_write_rows,
        keel__batch_close_runs,
    };
    int code = 0;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && code == 0; i++)
        code = steps[i](batch, err);
    if (code == 0)
        keel__batch_set_outcomes(batch);
    return code;
}

/* ---- one transaction ------------------------------------------------------------------------- */

struct writing {
    struct keel_store *store;
    struct keel__submit **submits;
    size_t submit_count;
    bool careful;
    struct keel__arena arena; /* of one attempt */
    struct keel__item **items;
    size_t item_count;
    struct keel__list changes; /* of struct keel_run_change, in keep */
    struct keel__arena keep;   /* lives on until the observer was told */
};

static int note_changes(struct writing *writing, const struct keel__batch *batch,
                        struct keel_error *err)
{
    struct keel__batch_run *const *runs = batch->runs.items;
    if (!writing->store->changed)
        return 0;
    for (size_t i = 0; i < batch->runs.count; i++) {
        if (runs[i]->same || !(runs[i]->is_new || runs[i]->row.found))
            continue;
        if (!runs[i]->is_new && !runs[i]->changed && !runs[i]->touched && !runs[i]->first_new)
            continue;
        struct keel_run_change *change = keel__list_add(&writing->changes, &writing->keep);
        if (!change)
            return keel__arena_error(&writing->keep, err);
        *change = (struct keel_run_change){runs[i]->row.id, runs[i]->first_new, runs[i]->last_new};
    }
    return 0;
}

static int attempt(struct writing *writing, struct keel_db *db, struct keel__item **items,
                   size_t count, struct keel_error *err)
{
    struct keel__batch batch;
    struct keel__item **mine;
    keel__arena_reset(&writing->arena);
    mine = keel__arena_memdup(&writing->arena, items, count * sizeof(struct keel__item *));
    if (!mine)
        return keel__arena_error(&writing->arena, err);
    for (size_t i = 0; i < count; i++) {
        mine[i]->outcome = KEEL__OPEN_ITEM;
        mine[i]->session = NULL;
    }
    batch_init(&batch, writing->store, db, &writing->arena, mine, count);
    int code = run_steps(&batch, err);
    return code ? code : note_changes(writing, &batch, err);
}

/* A part of the items that is still to be written. */
struct part {
    size_t first, count;
};

/* Halves what the database refuses until the single items are found that it refuses. Whatever is
 * stored meanwhile is stored: items may arrive in any portions. */
static int write_careful(struct writing *writing, struct keel_db *db, struct keel_error *err)
{
    struct part stack[64]; /* each level halves: never deeper than the bits of a size */
    size_t depth = 0;
    stack[depth++] = (struct part){0, writing->item_count};
    while (depth > 0) {
        struct part part = stack[--depth];
        struct keel__item **items = writing->items + part.first;
        int code = keel_db_begin(db, KEEL_TX_WRITE, err);
        if (code)
            return code;
        code = attempt(writing, db, items, part.count, err);
        if (code == 0)
            code = keel_db_commit(db, err);
        else
            keel_db_rollback(db);
        if (code && !keel__is_data_error(code))
            return code;
        if (code && part.count == 1) {
            keel__item_reject(items[0], err ? err->message : "the database refused it");
        } else if (code) {
            size_t half = part.count / 2;
            stack[depth++] = (struct part){part.first + half, part.count - half};
            stack[depth++] = (struct part){part.first, half};
        }
    }
    return 0;
}

static int write_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct writing *writing = context;
    struct keel_error own;
    const struct keel_row *row;
    if (keel_db_dialect(db) == KEEL_POSTGRES) {
        int code = keel_db_one(db, &keel_q_write_settings, KEEL_NO_PARAMS, &row, err);
        if (code)
            return code;
    }
    keel__arena_reset(&writing->keep);
    writing->changes = (struct keel__list){.size = sizeof(struct keel_run_change)};
    if (!writing->careful)
        return attempt(writing, db, writing->items, writing->item_count, err);
    int code = write_careful(writing, db, &own);
    if (code && err)
        *err = own;
    return code;
}

static int collect(struct writing *writing, struct keel_error *err)
{
    size_t most = 0;
    for (size_t i = 0; i < writing->submit_count; i++)
        most += writing->submits[i]->count;
    writing->items = calloc(most ? most : 1, sizeof(struct keel__item *));
    if (!writing->items)
        return keel__nomem(err);
    for (size_t i = 0; i < writing->submit_count; i++)
        for (size_t k = 0; k < writing->submits[i]->count; k++) {
            struct keel__item *item = &writing->submits[i]->items[k];
            if (item->outcome != KEEL__REJECTED)
                writing->items[writing->item_count++] = item;
        }
    return 0;
}

int keel__write_submits(struct keel_store *store, struct keel__submit **submits, size_t count,
                        bool careful, struct keel_error *err)
{
    struct writing writing = {
        .store = store, .submits = submits, .submit_count = count, .careful = careful};
    keel__arena_init(&writing.arena, 0);
    keel__arena_init(&writing.keep, 0);
    int code = collect(&writing, err);
    if (code == 0 && writing.item_count > 0)
        code = keel__store_transact(store, KEEL_TX_WRITE, write_tx, &writing, err);
    if (code == 0)
        keel__store_changed(store, writing.changes.items, writing.changes.count);
    free(writing.items);
    keel__arena_fini(&writing.keep);
    keel__arena_fini(&writing.arena);
    return code;
}

int keel_store_write(struct keel_store *store, const struct keel_record *records, size_t count,
                     struct keel_write_result *result, struct keel_error *err)
{
    struct keel__submit submit, *submits[] = {&submit};
    int code = keel__submit_init(&submit, records, count, err);
    if (code)
        return code;
    code = keel__write_submits(store, submits, 1, false, err);
    if (keel__is_data_error(code))
        code = keel__write_submits(store, submits, 1, true, err);
    if (code == 0 && result)
        keel__submit_result(&submit, result);
    keel__submit_fini(&submit);
    return code;
}
