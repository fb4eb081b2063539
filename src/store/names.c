#include "store/names.h"

#include "base/error.h"
#include "keel_sql_store.h"

#include <stdlib.h>

static void names_init(struct keel__names *names, struct keel__arena *arena,
                       const struct keel_query *find, const struct keel_query *insert, bool grouped)
{
    *names =
        (struct keel__names){.arena = arena, .find = find, .insert = insert, .grouped = grouped};
    keel__map_init(&names->by_key, arena);
    names->list.size = sizeof(struct keel__name *);
}

void keel__projects_init(struct keel__names *names, struct keel__arena *arena)
{
    names_init(names, arena, &keel_q_project_find, &keel_q_project_insert, false);
}

void keel__users_init(struct keel__names *names, struct keel__arena *arena)
{
    names_init(names, arena, &keel_q_user_find, &keel_q_user_insert, false);
}

void keel__sessions_init(struct keel__names *names, struct keel__arena *arena)
{
    names_init(names, arena, &keel_q_session_find, &keel_q_session_insert, true);
}

void keel__models_init(struct keel__names *names, struct keel__arena *arena)
{
    names_init(names, arena, &keel_q_model_find, &keel_q_model_insert, true);
}

/* Group and text in one run of bytes; the size of the group in front keeps pairs apart. */
static struct keel_slice key_of(struct keel__arena *arena, const struct keel_value *group,
                                struct keel_slice text)
{
    if (group->type == KEEL_NULL)
        return text;
    struct keel_slice first = group->type == KEEL_INT
                                  ? keel_slice((const char *)&group->as.integer, sizeof(int64_t))
                                  : group->as.bytes;
    char *key = keel__arena_alloc(arena, sizeof first.size + first.size + text.size);
    if (!key)
        return keel_slice(NULL, 0);
    memcpy(key, &first.size, sizeof first.size);
    if (first.size)
        memcpy(key + sizeof first.size, first.data, first.size);
    if (text.size)
        memcpy(key + sizeof first.size + first.size, text.data, text.size);
    return keel_slice(key, sizeof first.size + first.size + text.size);
}

struct keel__name *keel__names_add(struct keel__names *names, struct keel_value group,
                                   struct keel_slice text)
{
    struct keel_slice key = key_of(names->arena, &group, text);
    void **place = key.data ? keel__map_at(&names->by_key, 0, key) : NULL;
    if (!place || *place)
        return place ? *place : NULL;
    struct keel__name *name = keel__arena_calloc(names->arena, 1, sizeof *name);
    struct keel__name **item = name ? keel__list_add(&names->list, names->arena) : NULL;
    if (!item)
        return NULL;
    *name = (struct keel__name){.group = group, .text = text, .key = key};
    *item = *place = name;
    return name;
}

static int by_key(const void *a, const void *b)
{
    struct keel_slice x = (*(struct keel__name *const *)a)->key;
    struct keel_slice y = (*(struct keel__name *const *)b)->key;
    int order = memcmp(x.data, y.data, x.size < y.size ? x.size : y.size);
    return order ? order : (x.size > y.size) - (x.size < y.size);
}

struct pass {
    struct keel__name **missing;
    size_t count;
};

/* The names without an id, in an order that all writers share. */
static int collect(struct keel__names *names, struct pass *pass, struct keel_error *err)
{
    struct keel__name **all = names->list.items;
    pass->count = 0;
    pass->missing =
        keel__arena_calloc(names->arena, names->list.count, sizeof(struct keel__name *));
    if (!pass->missing)
        return keel__arena_error(names->arena, err);
    for (size_t i = 0; i < names->list.count; i++)
        if (all[i]->id == 0)
            pass->missing[pass->count++] = all[i];
    qsort(pass->missing, pass->count, sizeof *pass->missing, by_key);
    return 0;
}

static int take_id(void *context, size_t index, const struct keel_row *row, struct keel_error *err)
{
    (void)err;
    ((struct pass *)context)->missing[index]->id = keel_row_int(row, 0);
    return 0;
}

/* Parameter rows of the names in pass: group and text, and a time for INSERT. */
static struct keel_value *params_of(struct keel__names *names, const struct pass *pass,
                                    bool with_time, int64_t now_us)
{
    size_t width = (names->grouped ? 2u : 1u) + (with_time ? 1u : 0u);
    struct keel_value *rows = keel__arena_calloc(names->arena, pass->count * width, sizeof *rows);
    struct keel_value *value = rows;
    for (size_t i = 0; rows && i < pass->count; i++) {
        if (names->grouped)
            *value++ = pass->missing[i]->group;
        *value++ = keel_text(pass->missing[i]->text);
        if (with_time)
            *value++ = keel_time(now_us);
    }
    return rows;
}

static int find(struct keel__names *names, struct keel_db *db, struct pass *pass,
                struct keel_error *err)
{
    int code = collect(names, pass, err);
    if (code || pass->count == 0)
        return code;
    struct keel_value *rows = params_of(names, pass, false, 0);
    if (!rows)
        return keel__arena_error(names->arena, err);
    code = keel_db_batch_each(db, names->find, rows, pass->count, take_id, pass, err);
    return code ? code : collect(names, pass, err);
}

int keel__names_resolve(struct keel__names *names, struct keel_db *db, int64_t now_us,
                        struct keel_error *err)
{
    struct pass pass;
    int code = find(names, db, &pass, err);
    if (code || pass.count == 0)
        return code;
    struct keel_value *rows = params_of(names, &pass, true, now_us);
    if (!rows)
        return keel__arena_error(names->arena, err);
    code = keel_db_batch(db, names->insert, rows, pass.count, NULL, err);
    if (code == 0)
        code = find(names, db, &pass, err);
    if (code == 0 && pass.count != 0) /* made by another writer that has not committed yet */
        code = keel_error_set(err, KEEL_BUSY, "a name is being added by another writer");
    return code;
}

static int resolve_one(void (*init)(struct keel__names *, struct keel__arena *), struct keel_db *db,
                       struct keel_value group, struct keel_slice text, int64_t now_us, int64_t *id,
                       struct keel_error *err)
{
    struct keel__arena arena;
    struct keel__names names;
    keel__arena_init(&arena, 0);
    init(&names, &arena);
    struct keel__name *name = keel__names_add(&names, group, text);
    int code = name ? keel__names_resolve(&names, db, now_us, err) : keel__arena_error(&arena, err);
    if (code == 0)
        *id = name->id;
    keel__arena_fini(&arena);
    return code;
}

int keel__project_id(struct keel_db *db, struct keel_slice name, int64_t now_us, int64_t *id,
                     struct keel_error *err)
{
    return resolve_one(keel__projects_init, db, keel_null(), name, now_us, id, err);
}

int keel__session_id(struct keel_db *db, int64_t project_id, struct keel_slice external_id,
                     int64_t now_us, int64_t *id, struct keel_error *err)
{
    return resolve_one(keel__sessions_init, db, keel_int(project_id), external_id, now_us, id, err);
}

int keel__user_id(struct keel_db *db, struct keel_slice external_id, int64_t now_us, int64_t *id,
                  struct keel_error *err)
{
    return resolve_one(keel__users_init, db, keel_null(), external_id, now_us, id, err);
}
