#include "storetest.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "store/content.h"
#include "store/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

struct keel_store *storetest_open(struct testdb *t)
{
    struct keel_store *store = NULL;
    assert_ok(keel_store_open(&store, t->url, NULL, &t->err), &t->err);
    return store;
}

struct keel_slice storetest_key(unsigned id)
{
    static char(*keys)[17];
    static unsigned made;
    enum { MOST = 200000 };
    assert_true(id < MOST);
    if (!keys) {
        keys = calloc(MOST, sizeof *keys);
        assert_non_null(keys);
    }
    for (; made <= id; made++)
        snprintf(keys[made], sizeof keys[made], "%016x", made);
    return keel_slice(keys[id], 16);
}

struct keel_record storetest_span(unsigned trace, unsigned id, unsigned parent, const char *name)
{
    struct keel_record record = {.project = storetest_text("test"),
                                 .event_key = storetest_key(id),
                                 .kind = KEEL_EVENT_SPAN,
                                 .name = keel_slice_of(name),
                                 .status = KEEL_STATUS_OK,
                                 .is_span = true};
    record.trace_id[0] = 0xAB;
    record.trace_id[13] = (uint8_t)(trace >> 16);
    record.trace_id[14] = (uint8_t)(trace >> 8);
    record.trace_id[15] = (uint8_t)trace;
    if (parent)
        record.parent_key = storetest_key(parent);
    record.start_ns = (storetest_epoch_us + (int64_t)id * 10) * 1000 + id % 1000;
    record.end_ns = record.start_ns + 1000000;
    return record;
}

struct keel_llm_record storetest_llm(void)
{
    return (struct keel_llm_record){.input_tokens = KEEL_TOKENS_UNKNOWN,
                                    .output_tokens = KEEL_TOKENS_UNKNOWN,
                                    .cache_read_tokens = KEEL_TOKENS_UNKNOWN,
                                    .cache_creation_tokens = KEEL_TOKENS_UNKNOWN,
                                    .reasoning_tokens = KEEL_TOKENS_UNKNOWN};
}

struct keel_write_result storetest_write(struct keel_store *store,
                                         const struct keel_record *records, size_t count)
{
    struct keel_write_result result;
    struct keel_error err;
    assert_ok(keel_store_write(store, records, count, &result, &err), &err);
    return result;
}

/* ---- dump ------------------------------------------------------------------------------------ */

static const struct keel_query dump_runs = {
    .name = "dump_runs",
    .sqlite = "SELECT t.value, p.name, r.name, r.kind, r.status, s.external_id, u.external_id,"
              " r.started_at, r.ended_at, (SELECT group_concat(l.status || coalesce('(' || l.reason"
              " || ')', ''), ' ') FROM (SELECT * FROM run_status_log WHERE run_id = r.id ORDER BY"
              " sequence) l) FROM runs r JOIN projects p ON p.id = r.project_id"
              " LEFT JOIN sessions s ON s.id = r.session_id LEFT JOIN users u ON u.id = r.user_id"
              " LEFT JOIN run_aliases t ON t.run_id = r.id AND t.kind = 'trace'",
    .postgres = "SELECT t.value, p.name, r.name, r.kind, r.status, s.external_id, u.external_id,"
                " (extract(epoch FROM r.started_at) * 1000000)::int8,"
                " (extract(epoch FROM r.ended_at) * 1000000)::int8,"
                " (SELECT string_agg(l.status || coalesce('(' || l.reason || ')', ''), ' ' ORDER BY"
                " l.sequence) FROM run_status_log l WHERE l.run_id = r.id)"
                " FROM runs r JOIN projects p ON p.id = r.project_id"
                " LEFT JOIN sessions s ON s.id = r.session_id LEFT JOIN users u ON u.id = r.user_id"
                " LEFT JOIN run_aliases t ON t.run_id = r.id AND t.kind = 'trace'"};

#define EVENT_COLUMNS(started, ended)                                                              \
    "SELECT t.value, e.event_key, p.event_key, e.kind, e.name, e.status, e.status_message,"        \
    " e.severity, " started ", e.start_nanos, " ended ", e.end_nanos, e.agent_name,"               \
    " e.tool_name, e.tool_call_id, e.usage_below, e.attributes, e.body, e.input, e.output,"        \
    " e.attributes_hash, e.body_hash, e.input_hash, e.output_hash FROM events e"                   \
    " LEFT JOIN events p ON p.run_id = e.run_id AND p.sequence = e.parent_sequence"                \
    " LEFT JOIN run_aliases t ON t.run_id = e.run_id AND t.kind = 'trace'"
#define US(column) "(extract(epoch FROM " column ") * 1000000)::int8"

static const struct keel_query dump_events = {
    .name = "dump_events",
    .sqlite = EVENT_COLUMNS("e.started_at", "e.ended_at"),
    .postgres = EVENT_COLUMNS(US("e.started_at"), US("e.ended_at"))};

#define CALL_COLUMNS(started)                                                                      \
    "SELECT t.value, e.event_key, c.provider, c.operation, q.name, a.name, c.response_id,"         \
    " s.external_id, c.error_type, c.finish_reason, c.input_tokens, c.output_tokens,"              \
    " c.cache_read_tokens, c.cache_creation_tokens, c.reasoning_tokens, c.prompt_name,"            \
    " c.prompt_version, " started ", c.input_from_parts, c.output_from_parts, c.cost,"             \
    " c.tools_hash, c.input_message_hash, c.output_message_hash FROM llm_calls c"                  \
    " JOIN events e ON e.run_id = c.run_id AND e.sequence = c.sequence"                            \
    " LEFT JOIN models q ON q.id = c.request_model_id"                                             \
    " LEFT JOIN models a ON a.id = c.response_model_id"                                            \
    " LEFT JOIN sessions s ON s.id = c.session_id"                                                 \
    " LEFT JOIN run_aliases t ON t.run_id = e.run_id AND t.kind = 'trace'"

static const struct keel_query dump_calls = {.name = "dump_calls",
                                             .sqlite = CALL_COLUMNS("c.started_at"),
                                             .postgres = CALL_COLUMNS(US("c.started_at"))};

struct line {
    struct keel__str text;
    bool has_hash[4];
    struct keel_hash hashes[4];
};

struct dump {
    struct line *lines;
    size_t count, capacity;
    const char *what;
    size_t hash_count; /* the last columns of a row */
    size_t json_column, json_count;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(yyjson_get_str(*(yyjson_val *const *)a), yyjson_get_str(*(yyjson_val *const *)b));
}

/* Members of the object in order of their names: PostgreSQL's jsonb has an order of its own. */
static void add_json(struct keel__str *out, struct keel_slice text)
{
    yyjson_doc *doc = yyjson_read(text.data, text.size, 0);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL, *keys[256];
    size_t count = 0;
    if (!yyjson_is_obj(root)) {
        char *plain = root ? yyjson_val_write(root, 0, NULL) : NULL;
        keel__str_text(out, plain ? plain : "(bad)");
        free(plain);
        yyjson_doc_free(doc);
        return;
    }
    yyjson_obj_iter iter;
    yyjson_obj_iter_init(root, &iter);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter)) && count < 256;)
        keys[count++] = key;
    qsort(keys, count, sizeof keys[0], compare_names);
    for (size_t i = 0; i < count; i++) {
        char *value = yyjson_val_write(yyjson_obj_iter_get_val(keys[i]), 0, NULL);
        keel__str_printf(out, "%s=%s;", yyjson_get_str(keys[i]), value);
        free(value);
    }
    yyjson_doc_free(doc);
}

static int add_line(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct dump *dump = context;
    (void)err;
    if (dump->count == dump->capacity) {
        dump->capacity = dump->capacity ? dump->capacity * 2 : 64;
        dump->lines = realloc(dump->lines, dump->capacity * sizeof *dump->lines);
        assert_non_null(dump->lines);
    }
    struct line *line = &dump->lines[dump->count++];
    memset(line, 0, sizeof *line);
    keel__str_init(&line->text, 0);
    keel__str_text(&line->text, dump->what);
    size_t columns = keel_row_columns(row) - dump->hash_count;
    for (size_t i = 0; i < columns; i++) {
        keel__str_char(&line->text, '|');
        if (keel_row_is_null(row, i))
            continue;
        if (i >= dump->json_column && i < dump->json_column + dump->json_count)
            add_json(&line->text, keel_row_text(row, i));
        else if (keel_row_type(row, i) == KEEL_INT || keel_row_type(row, i) == KEEL_BOOL)
            keel__str_printf(&line->text, "%lld", (long long)keel_row_int(row, i));
        else if (keel_row_type(row, i) == KEEL_MONEY)
            keel__str_printf(&line->text, "%lld", (long long)keel_row_money(row, i));
        else
            keel__str_slice(&line->text, keel_row_text(row, i));
    }
    for (size_t i = 0; i < dump->hash_count; i++) {
        struct keel_slice hash = keel_row_bytes(row, columns + i);
        line->has_hash[i] = hash.size == 32;
        if (line->has_hash[i])
            memcpy(line->hashes[i].bytes, hash.data, 32);
    }
    return 0;
}

static const struct keel_query read_content = {
    .name = "dump_content",
    .sqlite = "SELECT encoding, size, bytes FROM contents WHERE hash = $1",
    .postgres = "SELECT encoding, size, bytes FROM contents WHERE hash = $1"};

static struct keel_slice content(struct testdb *t, struct keel__arena *arena,
                                 const struct keel_hash *hash)
{
    const struct keel_row *row;
    struct keel_slice bytes = {NULL, 0};
    struct keel_hash again;
    assert_ok(keel_db_one(t->db, &read_content, KEEL_PARAMS(keel_hash_value(hash)), &row, &t->err),
              &t->err);
    assert_ok(keel__content_decode(arena, keel_row_text(row, 0), keel_row_int(row, 1),
                                   keel_row_bytes(row, 2), &bytes, &t->err),
              &t->err);
    keel_content_hash(bytes, &again);
    assert_memory_equal(again.bytes, hash->bytes, 32);
    return bytes;
}

static void add_messages(struct testdb *t, struct keel__arena *arena, struct line *line,
                         const struct keel_hash *last, const struct keel_hash *until)
{
    struct keel__said_list list;
    assert_ok(keel__chains_read(t->db, arena, last, SIZE_MAX, until, &list, &t->err), &t->err);
    for (size_t i = 0; i < list.count; i++) {
        keel__str_printf(&line->text, "<%.*s%s>", (int)list.items[i].role.size,
                         list.items[i].role.data,
                         list.items[i].format == KEEL_MESSAGE_JSON ? " json" : "");
        keel__str_slice(&line->text, content(t, arena, &list.items[i].content_hash));
    }
}

static void finish_event(struct testdb *t, struct keel__arena *arena, struct line *line)
{
    for (int i = 0; i < 4; i++) {
        static const char *const names[] = {"attributes", "body", "input", "output"};
        if (!line->has_hash[i])
            continue;
        keel__str_printf(&line->text, "|%s:", names[i]);
        if (i < 2)
            add_json(&line->text, content(t, arena, &line->hashes[i]));
        else
            keel__str_slice(&line->text, content(t, arena, &line->hashes[i]));
    }
}

static void finish_call(struct testdb *t, struct keel__arena *arena, struct line *line)
{
    if (line->has_hash[0])
        keel__str_slice(&line->text, content(t, arena, &line->hashes[0]));
    keel__str_text(&line->text, "|in ");
    if (line->has_hash[1])
        add_messages(t, arena, line, &line->hashes[1], NULL);
    keel__str_text(&line->text, "|out ");
    if (line->has_hash[2])
        add_messages(t, arena, line, &line->hashes[2], line->has_hash[1] ? &line->hashes[1] : NULL);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(((const struct line *)a)->text.data, ((const struct line *)b)->text.data);
}

typedef void finish_fn(struct testdb *t, struct keel__arena *arena, struct line *line);

static void dump_part(struct testdb *t, const struct keel_query *query, struct dump dump,
                      finish_fn *finish, struct keel__str *out)
{
    struct keel__arena arena;
    keel__arena_init(&arena, 0);
    assert_ok(keel_db_each(t->db, query, KEEL_NO_PARAMS, add_line, &dump, &t->err), &t->err);
    for (size_t i = 0; i < dump.count && finish; i++)
        finish(t, &arena, &dump.lines[i]);
    if (dump.count)
        qsort(dump.lines, dump.count, sizeof *dump.lines, compare_lines);
    for (size_t i = 0; i < dump.count; i++) {
        keel__str_slice(out, keel__str_view(&dump.lines[i].text));
        keel__str_char(out, '\n');
        keel__str_fini(&dump.lines[i].text);
    }
    free(dump.lines);
    keel__arena_fini(&arena);
}

char *storetest_dump(struct testdb *t)
{
    struct keel__str out;
    keel__str_init(&out, 0);
    dump_part(t, &dump_runs, (struct dump){.what = "run"}, NULL, &out);
    dump_part(t, &dump_events,
              (struct dump){.what = "event", .hash_count = 4, .json_column = 16, .json_count = 2},
              finish_event, &out);
    dump_part(t, &dump_calls, (struct dump){.what = "call", .hash_count = 3}, finish_call, &out);
    assert_false(out.failed);
    return keel__str_steal(&out);
}
