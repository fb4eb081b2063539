#include "store/audit.h"

#include "store/read.h"

#include "keel_sql_store.h"

int keel__audit_append(struct keel_db *db, const struct keel__audit *entry, struct keel_error *err)
{
    return keel_db_exec(db, &keel_q_audit_append,
                        KEEL_PARAMS(keel_time(keel_time_now_us()),
                                    keel_cstr(entry->actor ? entry->actor : "api"),
                                    keel_cstr(entry->action), keel_cstr(entry->object_type),
                                    keel_cstr(entry->object_id), keel_json(entry->detail)),
                        NULL, err);
}

struct page {
    int64_t after;
    int limit;
    struct keel__arena *arena;
    struct keel__list list; /* of struct keel_audit_entry */
};

static int take_entry(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct page *page = context;
    struct keel_audit_entry *entry = keel__list_add(&page->list, page->arena);
    struct keel__reader reader = keel__reader_of(row, page->arena);

    if (!entry)
        return keel__arena_error(page->arena, err);
    entry->id = keel__read_int(&reader, 0);
    entry->at = keel__read_time(&reader);
    entry->actor = keel__read_text(&reader);
    entry->action = keel__read_text(&reader);
    entry->object_type = keel__read_text(&reader);
    entry->object_id = keel__read_text(&reader);
    entry->detail = keel__read_slice(&reader);
    return keel__reader_error(&reader, err);
}

static int list_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct page *page = context;

    page->list = (struct keel__list){.size = sizeof(struct keel_audit_entry)};
    return keel_db_each(db, &keel_q_audit_list,
                        KEEL_PARAMS(keel_int(page->after), keel_int(page->limit)), take_entry, page,
                        err);
}

int keel_audit_log(struct keel_store *store, int64_t after, int limit,
                   struct keel_audit_entry **entries, size_t *count, struct keel_result *result,
                   struct keel_error *err)
{
    struct page page = {.after = after,
                        .limit = limit <= 0     ? 100
                                 : limit < 1000 ? limit
                                                : 1000,
                        .arena = keel__result_arena(result)};
    int code = page.arena ? keel__store_transact(store, KEEL_TX_READ, list_tx, &page, err)
                          : keel__nomem(err);

    *entries = code ? NULL : page.list.items;
    *count = code ? 0 : page.list.count;
    return code;
}
