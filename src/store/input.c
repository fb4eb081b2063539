/* What a run was started with. Inputs are appended and never changed. */
#include "keel_sql_store.h"
#include "store/content.h"
#include "store/run.h"
#include "store/store.h"

struct addition {
    struct keel_uuid run_id;
    const struct keel_input *inputs;
    size_t count;
    const struct keel_hash *hashes;
};

static int write_contents(struct keel_db *db, struct keel__arena *arena,
                          const struct addition *addition, int64_t now, struct keel_error *err)
{
    struct keel__contents contents;
    int code = 0;
    keel__contents_init(&contents, arena);
    for (size_t i = 0; i < addition->count && code == 0; i++)
        code =
            keel__contents_add(&contents, &addition->hashes[i], addition->inputs[i].content, err);
    return code ? code : keel__contents_write(&contents, db, now, err);
}

/* *known: the same input is there already. CONFLICT when another one has its id. */
static int find_known(struct keel_db *db, const struct addition *addition, size_t index,
                      bool *known, struct keel_error *err)
{
    const struct keel_input *input = &addition->inputs[index];
    const struct keel_row *row;
    if (!input->external_id)
        return 0;
    int code = keel_db_maybe(
        db, &keel_q_input_find,
        KEEL_PARAMS(keel_uuid_value(addition->run_id), keel_cstr(input->external_id)), &row, err);
    if (code || !row)
        return code;
    struct keel_slice hash = keel_row_bytes(row, 0);
    *known = hash.size == sizeof(struct keel_hash) &&
             memcmp(hash.data, addition->hashes[index].bytes, hash.size) == 0;
    if (*known)
        return 0;
    return keel_error_set(err, KEEL_CONFLICT, "the run has an input %s with other content",
                          input->external_id);
}

static int add_in(struct keel_db *db, struct keel__arena *arena, const struct addition *addition,
                  struct keel_error *err)
{
    struct keel__run_row row = {.id = addition->run_id};
    int64_t now = keel_time_now_us();
    int code = keel__run_lock(db, arena, &row, err);
    if (code == 0)
        code = write_contents(db, arena, addition, now, err);
    for (size_t i = 0; i < addition->count && code == 0; i++) {
        const struct keel_input *input = &addition->inputs[i];
        bool known = false;
        code = find_known(db, addition, i, &known, err);
        if (code || known)
            continue;
        code = keel_db_exec(db, &keel_q_input_insert,
                            KEEL_PARAMS(keel_uuid_value(row.id), keel_cstr(input->external_id),
                                        keel_cstr(input->name), keel_cstr(input->media_type),
                                        keel_hash_value(&addition->hashes[i]),
                                        keel_time(input->created_at ? input->created_at : now)),
                            NULL, err);
    }
    return code;
}

static int add_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct keel__arena arena;
    keel__arena_init(&arena, 0);
    int code = add_in(db, &arena, context, err);
    keel__arena_fini(&arena);
    return code;
}

static int check(const struct keel_input *input, struct keel_error *err)
{
    int code = keel__name_check("input id", keel_slice_of(input->external_id), err);
    if (code == 0)
        code = keel__name_check("input name", keel_slice_of(input->name), err);
    if (code == 0)
        code = keel__name_check("media type", keel_slice_of(input->media_type), err);
    return code;
}

int keel_run_add_inputs(struct keel_store *store, struct keel_uuid run_id,
                        const struct keel_input *inputs, size_t count, struct keel_error *err)
{
    struct keel__arena arena;
    keel__arena_init(&arena, 0);
    struct keel_hash *hashes = keel__arena_calloc(&arena, count, sizeof *hashes);
    int code = hashes ? 0 : keel__arena_error(&arena, err);
    for (size_t i = 0; i < count && code == 0; i++) {
        code = check(&inputs[i], err);
        keel_content_hash(inputs[i].content, &hashes[i]);
    }
    struct addition addition = {run_id, inputs, count, hashes};
    if (code == 0)
        code = keel__store_transact(store, KEEL_TX_WRITE, add_tx, &addition, err);
    keel__arena_fini(&arena);
    if (code == 0)
        keel__store_changed(store, &(struct keel_run_change){.run_id = run_id}, 1);
    return code;
}
