/* Sessions: conversations over several runs. */
#include "store/read.h"

#include "keel_sql_store.h"

#include <inttypes.h>
#include <stdlib.h>

struct page {
    const char *project;
    int64_t before;
    size_t limit;
    struct keel__arena *arena;
    struct keel__list ids;  /* of int64_t */
    struct keel__list list; /* of struct keel_session */
    const char *next;
};

static int take_session(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct page *page = context;
    struct keel_session *session = keel__list_add(&page->list, page->arena);
    int64_t *id = keel__list_add(&page->ids, page->arena);
    struct keel__reader reader = keel__reader_of(row, page->arena);

    if (!session || !id)
        return keel__arena_error(page->arena, err);
    *id = keel__read_int(&reader, 0);
    session->id = keel__read_text(&reader);
    session->project = keel__read_text(&reader);
    return keel__reader_error(&reader, err);
}

static int take_runs(void *context, size_t index, const struct keel_row *row,
                     struct keel_error *err)
{
    struct page *page = context;
    struct keel_session *session = (struct keel_session *)page->list.items + index;
    (void)err;
    session->run_count = keel_row_int(row, 0);
    session->first_at = keel_row_time(row, 1);
    session->last_at = keel_row_time(row, 2);
    return 0;
}

static int take_usage(void *context, size_t index, const struct keel_row *row,
                      struct keel_error *err)
{
    struct page *page = context;
    struct keel_session *session = (struct keel_session *)page->list.items + index;
    (void)err;
    session->llm_call_count = keel_row_int(row, 0);
    session->input_tokens = keel_row_int(row, 1);
    session->output_tokens = keel_row_int(row, 2);
    session->cost_nusd = keel_row_money(row, 3);
    return 0;
}

static int read_sums(struct keel_db *db, struct page *page, struct keel_error *err)
{
    struct keel_value *ids = keel__arena_calloc(page->arena, page->list.count, sizeof(*ids));
    int code;

    if (!ids)
        return keel__arena_error(page->arena, err);
    for (size_t i = 0; i < page->list.count; i++)
        ids[i] = keel_int(((int64_t *)page->ids.items)[i]);
    code =
        keel_db_batch_each(db, &keel_q_session_runs, ids, page->list.count, take_runs, page, err);
    if (!code)
        code = keel_db_batch_each(db, &keel_q_session_usage, ids, page->list.count, take_usage,
                                  page, err);
    return code;
}

static int list_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct page *page = context;
    struct keel_value params[] = {keel_int(page->before), keel_int((int64_t)page->limit + 1),
                                  keel_cstr(page->project)};
    int code;

    page->ids = (struct keel__list){.size = sizeof(int64_t)};
    page->list = (struct keel__list){.size = sizeof(struct keel_session)};
    page->next = NULL;
    code =
        page->project
            ? keel_db_each(db, &keel_q_session_page_by_project, params, 3, take_session, page, err)
            : keel_db_each(db, &keel_q_session_page, params, 2, take_session, page, err);
    if (code || page->list.count == 0)
        return code;
    if (page->list.count > page->limit) {
        page->list.count = page->limit;
        page->next = keel__arena_printf(page->arena, "%" PRId64,
                                        ((int64_t *)page->ids.items)[page->limit - 1]);
        if (!page->next)
            return keel__arena_error(page->arena, err);
    }
    return read_sums(db, page, err);
}

int keel_session_list(struct keel_store *store, const char *project, const char *after, int limit,
                      struct keel_session **sessions, size_t *count, const char **next,
                      struct keel_result *result, struct keel_error *err)
{
    struct page page = {.project = project,
                        .before = INT64_MAX,
                        .limit = limit <= 0     ? 50
                                 : limit < 1000 ? (size_t)limit
                                                : 1000,
                        .arena = keel__result_arena(result)};
    int code;
    char *end;

    *sessions = NULL;
    *count = 0;
    *next = NULL;
    if (after) {
        page.before = strtoll(after, &end, 10);
        if (end == after || *end || page.before <= 0)
            return keel_error_set(err, KEEL_INVALID,
                                  "'%.80s' is no cursor: use the `next` of the page before", after);
    }
    code = page.arena ? keel__store_transact(store, KEEL_TX_READ, list_tx, &page, err)
                      : keel__nomem(err);
    if (code)
        return code;
    *sessions = page.list.items;
    *count = page.list.count;
    *next = page.next;
    return 0;
}
