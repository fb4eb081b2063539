/* Reading runs: one, a page of them, what they were started with, how their status changed. */
#include "store/read.h"

#include "keel_sql_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX_BYTES 1000

static int clamp(int value, int fallback, int most)
{
    return value <= 0 ? fallback : value < most ? value : most;
}

/* ---- runs by their ids ----------------------------------------------------------------------- */

struct runs {
    struct keel__arena *arena;
    struct keel_run *items;
};

static int take_run(void *context, size_t index, const struct keel_row *row, struct keel_error *err)
{
    struct runs *runs = context;
    struct keel_run *run = &runs->items[index];
    struct keel__reader reader = keel__reader_of(row, runs->arena);

    keel__read_uuid(&reader, &run->id);
    run->project = keel__read_text(&reader);
    run->name = keel__read_text(&reader);
    run->kind = keel__read_text(&reader);
    keel_run_status_parse(keel__read_word(&reader), &run->status);
    run->trace_id = keel__read_text(&reader);
    run->session_id = keel__read_text(&reader);
    run->user_id = keel__read_text(&reader);
    run->worktree = keel__read_text(&reader);
    run->dedupe_key = keel__read_text(&reader);
    run->has_parent = keel__read_uuid(&reader, &run->parent_run_id);
    run->last_error = keel__read_text(&reader);
    run->created_at = keel__read_time(&reader);
    run->started_at = keel__read_time(&reader);
    run->ended_at = keel__read_time(&reader);
    return keel__reader_error(&reader, err);
}

static int take_event_count(void *context, size_t index, const struct keel_row *row,
                            struct keel_error *err)
{
    struct runs *runs = context;
    (void)err;
    runs->items[index].event_count = keel_row_int(row, 0);
    return 0;
}

static int take_usage(void *context, size_t index, const struct keel_row *row,
                      struct keel_error *err)
{
    struct runs *runs = context;
    struct keel_run *run = &runs->items[index];
    (void)err;
    run->llm_call_count = keel_row_int(row, 0);
    run->input_tokens = keel_row_int(row, 1);
    run->output_tokens = keel_row_int(row, 2);
    run->cache_read_tokens = keel_row_int(row, 3);
    run->cache_creation_tokens = keel_row_int(row, 4);
    run->reasoning_tokens = keel_row_int(row, 5);
    run->cost_nusd = keel_row_money(row, 6);
    run->unpriced_call_count = keel_row_int(row, 7);
    return 0;
}

/* Fills runs[i] with the run ids[i]; those that do not exist stay zero. */
static int read_runs(struct keel_db *db, struct runs *runs, const struct keel_value *ids,
                     size_t count, struct keel_error *err)
{
    int code = keel_db_batch_each(db, &keel_q_run_read, ids, count, take_run, runs, err);

    if (!code)
        code = keel_db_batch_each(db, &keel_q_run_event_count, ids, count, take_event_count, runs,
                                  err);
    if (!code)
        code = keel_db_batch_each(db, &keel_q_run_usage, ids, count, take_usage, runs, err);
    return code;
}

struct one_run {
    struct keel_uuid id;
    struct keel_run *run;
    struct keel__arena *arena;
};

static int get_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct one_run *one = context;
    struct runs runs = {one->arena, one->run};
    struct keel_value id = keel_uuid_value(one->id);
    int code = keel__run_must_exist(db, one->id, err);

    memset(one->run, 0, sizeof(*one->run));
    return code ? code : read_runs(db, &runs, &id, 1, err);
}

int keel_run_get(struct keel_store *store, struct keel_uuid id, struct keel_run *run,
                 struct keel_result *result, struct keel_error *err)
{
    struct one_run one = {id, run, keel__result_arena(result)};

    if (!one.arena)
        return keel__nomem(err);
    return keel__store_transact(store, KEEL_TX_READ, get_tx, &one, err);
}

/* ---- a page of runs -------------------------------------------------------------------------- */

struct page {
    const struct keel_run_filter *filter;
    struct keel__arena *arena;
    int64_t after_at;
    struct keel_uuid after_id;
    const char *pattern;
    size_t limit;
    struct keel__list ids; /* of struct place */
    struct keel_run *runs;
    const char *next;
};

struct place {
    struct keel_uuid id;
    int64_t at;
};

/* A cursor is the time and the id of a page's last run: "1760000000000000_<uuid>". */
static int parse_cursor(struct page *page, struct keel_error *err)
{
    const char *text = page->filter->after;
    char *end;

    page->after_at = 253402300800000000; /* the year 10000 */
    memset(&page->after_id, 0xff, sizeof(page->after_id));
    if (!text)
        return 0;
    page->after_at = strtoll(text, &end, 10);
    if (end == text || *end != '_' || page->after_at > 253402300800000000 ||
        page->after_at < -62135596800000000 ||
        !keel_uuid_parse(keel_slice_of(end + 1), &page->after_id))
        return keel_error_set(err, KEEL_INVALID,
                              "'%.80s' is no cursor: use the `next` of the page before", text);
    return 0;
}

static int make_pattern(struct page *page, struct keel_error *err)
{
    const char *text = page->filter->text;
    size_t size = text ? strlen(text) : 0;
    char *to;

    if (size == 0)
        return 0;
    if (size > TEXT_MAX_BYTES)
        return keel_error_set(err, KEEL_INVALID, "a text to search for has at most %d bytes",
                              TEXT_MAX_BYTES);
    to = keel__arena_alloc(page->arena, 2 * size + 3);
    if (!to)
        return keel__arena_error(page->arena, err);
    page->pattern = to;
    *to++ = '%';
    for (; *text; text++) {
        if (*text == '%' || *text == '_' || *text == '\\')
            *to++ = '\\';
        *to++ = *text;
    }
    memcpy(to, "%", 2);
    return 0;
}

/* The statement that walks the index which leaves least to pass over. */
static const struct keel_query *choose_page(const struct keel_run_filter *filter)
{
    if (filter->session_id)
        return &keel_q_run_page_by_session;
    if (filter->status && filter->status <= KEEL_RUN_BLOCKED)
        return &keel_q_run_page_by_status;
    if (filter->project)
        return &keel_q_run_page_by_project;
    if (filter->status)
        return &keel_q_run_page_by_status;
    if (filter->kind)
        return &keel_q_run_page_by_kind;
    return &keel_q_run_page;
}

static int take_place(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct page *page = context;
    struct place *place = keel__list_add(&page->ids, page->arena);

    if (!place)
        return keel__arena_error(page->arena, err);
    place->id = keel_row_uuid(row, 0);
    place->at = keel_row_time(row, 1);
    return 0;
}

static int read_places(struct keel_db *db, struct page *page, struct keel_error *err)
{
    const struct keel_run_filter *f = page->filter;
    int64_t since = f->since ? f->since : -62135596800000000;
    int64_t until = f->until ? f->until : 253402300800000000;

    page->ids = (struct keel__list){.size = sizeof(struct place)};
    return keel_db_each(
        db, choose_page(f),
        KEEL_PARAMS(keel_time(page->after_at), keel_uuid_value(page->after_id), keel_time(since),
                    keel_time(until), keel_cstr(f->project),
                    f->status ? keel_cstr(keel_run_status_name(f->status)) : keel_null(),
                    keel_cstr(f->kind), keel_cstr(f->session_id), keel_cstr(page->pattern),
                    keel_int((int64_t)page->limit + 1)),
        take_place, page, err);
}

static int make_cursor(struct page *page, struct keel_error *err)
{
    struct place *places = page->ids.items;
    char id[37];

    page->next = NULL;
    if (page->ids.count <= page->limit)
        return 0;
    page->ids.count = page->limit;
    keel_uuid_format(places[page->limit - 1].id, id);
    page->next = keel__arena_printf(page->arena, "%" PRId64 "_%s", places[page->limit - 1].at, id);
    return page->next ? 0 : keel__arena_error(page->arena, err);
}

static int list_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct page *page = context;
    struct runs runs = {.arena = page->arena};
    struct keel_value *ids;
    int code = read_places(db, page, err);

    if (!code)
        code = make_cursor(page, err);
    if (code || page->ids.count == 0)
        return code;
    ids = keel__arena_calloc(page->arena, page->ids.count, sizeof(*ids));
    runs.items = keel__arena_calloc(page->arena, page->ids.count, sizeof(*runs.items));
    if (!ids || !runs.items)
        return keel__arena_error(page->arena, err);
    for (size_t i = 0; i < page->ids.count; i++)
        ids[i] = keel_uuid_value(((struct place *)page->ids.items)[i].id);
    page->runs = runs.items;
    return read_runs(db, &runs, ids, page->ids.count, err);
}

int keel_run_list(struct keel_store *store, const struct keel_run_filter *filter,
                  struct keel_run **runs, size_t *count, const char **next,
                  struct keel_result *result, struct keel_error *err)
{
    static const struct keel_run_filter all;
    struct page page = {.filter = filter ? filter : &all, .arena = keel__result_arena(result)};
    int code;

    *runs = NULL;
    *count = 0;
    *next = NULL;
    if (!page.arena)
        return keel__nomem(err);
    page.limit = (size_t)clamp(page.filter->limit, 50, 1000);
    code = parse_cursor(&page, err);
    if (!code)
        code = make_pattern(&page, err);
    if (!code)
        code = keel__store_transact(store, KEEL_TX_READ, list_tx, &page, err);
    if (code)
        return code;
    *runs = page.runs;
    *count = page.ids.count;
    *next = page.next;
    return 0;
}

/* ---- status log and inputs ------------------------------------------------------------------- */

struct rows {
    struct keel_uuid run_id;
    struct keel__arena *arena;
    const struct keel_query *query;
    keel_row_fn *take;
    struct keel__list list;
};

static int rows_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct rows *rows = context;
    int code;

    rows->list = (struct keel__list){.size = rows->list.size};
    code = keel_db_each(db, rows->query, KEEL_PARAMS(keel_uuid_value(rows->run_id)), rows->take,
                        rows, err);
    if (!code && rows->list.count == 0)
        code = keel__run_must_exist(db, rows->run_id, err);
    return code;
}

static int take_change(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct rows *rows = context;
    struct keel_status_change *change = keel__list_add(&rows->list, rows->arena);
    struct keel__reader reader = keel__reader_of(row, rows->arena);

    if (!change)
        return keel__arena_error(rows->arena, err);
    change->sequence = keel__read_int(&reader, 0);
    keel_run_status_parse(keel__read_word(&reader), &change->status);
    change->reason = keel__read_text(&reader);
    change->actor = keel__read_text(&reader);
    change->at = keel__read_time(&reader);
    return keel__reader_error(&reader, err);
}

int keel_run_status_log(struct keel_store *store, struct keel_uuid run_id,
                        struct keel_status_change **changes, size_t *count,
                        struct keel_result *result, struct keel_error *err)
{
    struct rows rows = {.run_id = run_id,
                        .arena = keel__result_arena(result),
                        .query = &keel_q_run_status_log,
                        .take = take_change,
                        .list.size = sizeof(struct keel_status_change)};
    int code = rows.arena ? keel__store_transact(store, KEEL_TX_READ, rows_tx, &rows, err)
                          : keel__nomem(err);

    *changes = code ? NULL : rows.list.items;
    *count = code ? 0 : rows.list.count;
    return code;
}

static int take_input(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct rows *rows = context;
    struct keel_input *input = keel__list_add(&rows->list, rows->arena);
    struct keel__reader reader = keel__reader_of(row, rows->arena);

    if (!input)
        return keel__arena_error(rows->arena, err);
    input->sequence = keel__read_int(&reader, 0);
    input->external_id = keel__read_text(&reader);
    input->name = keel__read_text(&reader);
    input->media_type = keel__read_text(&reader);
    input->created_at = keel__read_time(&reader);
    return keel__read_content(&reader, &input->content, err);
}

int keel_run_inputs(struct keel_store *store, struct keel_uuid run_id, struct keel_input **inputs,
                    size_t *count, struct keel_result *result, struct keel_error *err)
{
    struct rows rows = {.run_id = run_id,
                        .arena = keel__result_arena(result),
                        .query = &keel_q_run_inputs,
                        .take = take_input,
                        .list.size = sizeof(struct keel_input)};
    int code = rows.arena ? keel__store_transact(store, KEEL_TX_READ, rows_tx, &rows, err)
                          : keel__nomem(err);

    *inputs = code ? NULL : rows.list.items;
    *count = code ? 0 : rows.list.count;
    return code;
}
