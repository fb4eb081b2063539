#include "store/event.h"

#include "base/json.h"
#include "keel_sql_store.h"
#include "store/content.h"

#include <stdlib.h>
#include <yyjson.h>

static struct keel__payload payload_of(struct keel_slice bytes)
{
    return (struct keel__payload){.bytes = bytes};
}

static int64_t not_negative(int64_t ns)
{
    return ns > 0 ? ns : 0;
}

void keel__event_data_of(struct keel__event_data *data, const struct keel__item *item)
{
    const struct keel_record *record = item->record;
    *data = (struct keel__event_data){
        .kind = record->kind,
        .status = record->status,
        .severity = record->severity,
        .start_ns = not_negative(record->start_ns),
        .end_ns = not_negative(record->end_ns),
        .name = record->name.data ? record->name : keel_slice("", 0),
        .status_message = record->status_message,
        .agent_name = record->agent_name,
        .tool_name = record->tool_name,
        .tool_call_id = record->tool_call_id,
        .payloads = {[KEEL__ATTRIBUTES] = payload_of(item->attributes),
                     [KEEL__BODY] = payload_of(item->body),
                     [KEEL__INPUT] = payload_of(record->input),
                     [KEEL__OUTPUT] = payload_of(record->output)},
    };
}

struct keel_slice keel__fuller(struct keel_slice a, struct keel_slice b)
{
    if (!a.data || !b.data)
        return a.data ? a : b;
    if (a.size != b.size)
        return a.size > b.size ? a : b;
    return a.size == 0 || memcmp(a.data, b.data, a.size) >= 0 ? a : b;
}

static bool same_text(struct keel_slice a, struct keel_slice b)
{
    return a.size == b.size && !a.data == !b.data &&
           (!a.data || memcmp(a.data, b.data, a.size) == 0);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static bool same_number(yyjson_val *a, yyjson_val *b)
{
    if (yyjson_is_int(a) && yyjson_is_int(b))
        return yyjson_get_subtype(a) == yyjson_get_subtype(b) &&
               yyjson_get_uint(a) == yyjson_get_uint(b);
    return yyjson_get_num(a) == yyjson_get_num(b);
}

/* Two places in two documents that are walked side by side. */
struct pair {
    yyjson_val *a, *b;
};

struct pairs {
    struct pair *items;
    size_t count, capacity;
};

static bool push(struct pairs *pairs, yyjson_val *a, yyjson_val *b)
{
    if (pairs->count == pairs->capacity) {
        size_t more = pairs->capacity ? pairs->capacity * 2 : 64;
        struct pair *items = realloc(pairs->items, more * sizeof *items);
        if (!items)
            return false;
        pairs->items = items;
        pairs->capacity = more;
    }
    pairs->items[pairs->count++] = (struct pair){a, b};
    return true;
}

static bool push_members(struct pairs *pairs, yyjson_val *a, yyjson_val *b)
{
    if (yyjson_get_len(a) != yyjson_get_len(b))
        return false;
    if (yyjson_is_arr(a)) {
        yyjson_arr_iter x, y;
        yyjson_arr_iter_init(a, &x);
        yyjson_arr_iter_init(b, &y);
        for (yyjson_val *item; (item = yyjson_arr_iter_next(&x));)
            if (!push(pairs, item, yyjson_arr_iter_next(&y)))
                return false;
        return true;
    }
    yyjson_obj_iter x, y;
    yyjson_obj_iter_init(a, &x);
    yyjson_obj_iter_init(b, &y);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&x));) {
        yyjson_val *other = yyjson_obj_iter_getn(&y, yyjson_get_str(key), yyjson_get_len(key));
        if (!other || !push(pairs, yyjson_obj_iter_get_val(key), other))
            return false;
    }
    return true;
}

static bool same_scalar(yyjson_val *a, yyjson_val *b)
{
    if (yyjson_is_num(a) && yyjson_is_num(b))
        return same_number(a, b);
    if (yyjson_get_type(a) != yyjson_get_type(b))
        return false;
    if (yyjson_is_str(a))
        return same_text(keel_slice(yyjson_get_str(a), yyjson_get_len(a)),
                         keel_slice(yyjson_get_str(b), yyjson_get_len(b)));
    return yyjson_get_subtype(a) == yyjson_get_subtype(b);
}

/* Numbers are the same by value, members in any order. Out of memory counts as different. */
static bool same_value(yyjson_val *a, yyjson_val *b)
{
    struct pairs pairs = {0};
    bool same = push(&pairs, a, b);
    while (same && pairs.count > 0) {
        struct pair pair = pairs.items[--pairs.count];
        if (yyjson_is_ctn(pair.a) && yyjson_get_type(pair.a) == yyjson_get_type(pair.b))
            same = push_members(&pairs, pair.a, pair.b);
        else
            same = same_scalar(pair.a, pair.b);
    }
    free(pairs.items);
    return same;
}

bool keel__json_same(struct keel_slice a, struct keel_slice b)
{
    if (same_text(a, b))
        return true;
    yyjson_doc *x = NULL, *y = NULL;
    bool same = keel__json_read(&x, a, NULL, NULL) == 0 &&
                keel__json_read(&y, b, NULL, NULL) == 0 &&
                same_value(yyjson_doc_get_root(x), yyjson_doc_get_root(y));
    yyjson_doc_free(x);
    yyjson_doc_free(y);
    return same;
}

/* The text of a value in arena; absent when memory is out. */
static struct keel_slice written(struct keel__arena *arena, yyjson_val *value)
{
    size_t size;
    char *text = yyjson_val_write(value, YYJSON_WRITE_NOFLAG, &size);
    struct keel_slice copy =
        text ? keel__arena_slice(arena, keel_slice(text, size)) : keel_slice(NULL, 0);
    free(text);
    return copy;
}

static void add_member(struct keel__json *json, yyjson_val *key, struct keel_slice value)
{
    keel__json_key_slice(json, keel_slice(yyjson_get_str(key), yyjson_get_len(key)));
    keel__json_raw(json, value);
}

/* Members of a, each in its fuller version, then those that only b has. */
static void unite(struct keel__arena *arena, struct keel__json *json, yyjson_val *a, yyjson_val *b)
{
    yyjson_obj_iter in_a, in_b;
    yyjson_obj_iter_init(a, &in_a);
    yyjson_obj_iter_init(b, &in_b);
    keel__json_object_begin(json);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&in_a));) {
        yyjson_val *mine = yyjson_obj_iter_get_val(key);
        yyjson_val *other = yyjson_obj_iter_getn(&in_b, yyjson_get_str(key), yyjson_get_len(key));
        struct keel_slice text = written(arena, mine);
        if (other && !same_value(mine, other))
            text = keel__fuller(text, written(arena, other));
        add_member(json, key, text);
    }
    yyjson_obj_iter_init(a, &in_a);
    yyjson_obj_iter_init(b, &in_b);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&in_b));)
        if (!yyjson_obj_iter_getn(&in_a, yyjson_get_str(key), yyjson_get_len(key)))
            add_member(json, key, written(arena, yyjson_obj_iter_get_val(key)));
    keel__json_object_end(json);
}

int keel__json_union(struct keel__arena *arena, struct keel_slice a, struct keel_slice b,
                     struct keel_slice *out, struct keel_error *err)
{
    yyjson_doc *x = NULL, *y = NULL;
    struct keel__str text;
    int code = 0;
    keel__str_init(&text, 0);
    *out = keel__fuller(a, b);
    if (keel__json_read(&x, a, NULL, NULL) == 0 && keel__json_read(&y, b, NULL, NULL) == 0 &&
        yyjson_is_obj(yyjson_doc_get_root(x)) && yyjson_is_obj(yyjson_doc_get_root(y))) {
        struct keel__json json;
        keel__json_init(&json, &text, false);
        unite(arena, &json, yyjson_doc_get_root(x), yyjson_doc_get_root(y));
        code = keel__str_error(&text, err);
        if (code == 0) {
            *out = keel__arena_slice(arena, keel__str_view(&text));
            code = out->data ? 0 : keel__arena_error(arena, err);
        }
    }
    keel__str_fini(&text);
    yyjson_doc_free(x);
    yyjson_doc_free(y);
    return code;
}

/* ---- merging --------------------------------------------------------------------------------- */

/* The bytes of a payload of which so far only the hash is known. */
static int load(struct keel__payload *payload, struct keel_db *db, struct keel__arena *arena,
                struct keel_error *err)
{
    const struct keel_row *row;
    if (payload->bytes.data || !payload->hashed)
        return 0;
    int code = keel_db_one(db, &keel_q_content_read, KEEL_PARAMS(keel_hash_value(&payload->hash)),
                           &row, err);
    if (code)
        return code;
    return keel__content_decode(arena, keel_row_text(row, 0), keel_row_int(row, 1),
                                keel_row_bytes(row, 2), &payload->bytes, err);
}

static bool same_content(const struct keel__payload *stored, struct keel_slice bytes)
{
    struct keel_hash hash;
    keel_content_hash(bytes, &hash);
    return memcmp(stored->hash.bytes, hash.bytes, sizeof hash.bytes) == 0;
}

/* `more` always has its bytes. */
static int merge_payload(struct keel__payload *payload, const struct keel__payload *more,
                         bool is_json, struct keel_db *db, struct keel__arena *arena, bool *changed,
                         struct keel_error *err)
{
    struct keel_slice merged;
    if (!more->bytes.data)
        return 0;
    if (!payload->bytes.data && !payload->hashed) {
        *payload = *more;
        *changed = true;
        return 0;
    }
    if (payload->hashed ? same_content(payload, more->bytes)
                        : same_text(payload->bytes, more->bytes))
        return 0;
    int code = load(payload, db, arena, err);
    if (code == 0 && is_json && keel__json_same(payload->bytes, more->bytes))
        return 0;
    if (code == 0 && is_json)
        code = keel__json_union(arena, payload->bytes, more->bytes, &merged, err);
    else if (code == 0)
        merged = keel__fuller(payload->bytes, more->bytes);
    if (code)
        return code;
    if (is_json ? keel__json_same(payload->bytes, merged) : same_text(payload->bytes, merged))
        return 0;
    *payload = payload_of(merged);
    *changed = true;
    return 0;
}

static void merge_text(struct keel_slice *text, struct keel_slice more, bool *changed)
{
    struct keel_slice fuller = keel__fuller(*text, more);
    if (same_text(*text, fuller))
        return;
    *text = fuller;
    *changed = true;
}

static void merge_int64(int64_t *value, int64_t more, bool earlier, bool *changed)
{
    if (more == 0 || more == *value || (*value != 0 && (more < *value) != earlier))
        return;
    *value = more;
    *changed = true;
}

static void merge_words(struct keel__event_data *data, const struct keel__event_data *more,
                        bool *changed)
{
    if (more->kind > data->kind) {
        data->kind = more->kind;
        *changed = true;
    }
    if (more->status > data->status) {
        data->status = more->status;
        *changed = true;
    }
    if (more->severity > data->severity) {
        data->severity = more->severity;
        *changed = true;
    }
}

int keel__event_merge(struct keel__event_data *data, const struct keel__event_data *more,
                      struct keel_db *db, struct keel__arena *arena, bool *changed,
                      struct keel_error *err)
{
    int code = 0;
    merge_words(data, more, changed);
    merge_int64(&data->start_ns, more->start_ns, true, changed);
    merge_int64(&data->end_ns, more->end_ns, false, changed);
    merge_text(&data->name, more->name, changed);
    merge_text(&data->status_message, more->status_message, changed);
    merge_text(&data->agent_name, more->agent_name, changed);
    merge_text(&data->tool_name, more->tool_name, changed);
    merge_text(&data->tool_call_id, more->tool_call_id, changed);
    for (int i = 0; i < KEEL__PAYLOADS && code == 0; i++)
        code = merge_payload(&data->payloads[i], &more->payloads[i],
                             i == KEEL__ATTRIBUTES || i == KEEL__BODY, db, arena, changed, err);
    return code;
}
