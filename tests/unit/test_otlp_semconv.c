/* Spans and log records in every dialect (tests/fixtures/semconv.json) against what their record
 * must say. An expectation names some members of the record as tests/lib/recordjson.c writes it:
 * objects must have the members named, everything else must be equal, null means absent. */
#include "base/json.h"
#include "fixtures.h"
#include "recordcheck.h"
#include "recordjson.h"

#include "ingest/attributes.h"
#include "ingest/semconv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAX_CASES = 500 };

/* ---- requests from the short form of the file ---- */

static void put_value(struct keel__json *json, yyjson_val *val)
{
    char digits[32];
    keel__json_object_begin(json);
    if (yyjson_is_str(val)) {
        keel__json_add_text(json, "stringValue",
                            keel_slice(yyjson_get_str(val), yyjson_get_len(val)));
    } else if (yyjson_is_bool(val)) {
        keel__json_add_bool(json, "boolValue", yyjson_get_bool(val));
    } else if (yyjson_is_int(val)) {
        snprintf(digits, sizeof digits, "%lld", (long long)yyjson_get_sint(val));
        keel__json_add_cstr(json, "intValue", digits);
    } else if (yyjson_is_real(val)) {
        keel__json_add_double(json, "doubleValue", yyjson_get_real(val));
    } else if (yyjson_is_ctn(val)) {
        yyjson_val *item, *key;
        size_t i, max;
        keel__json_key(json, yyjson_is_arr(val) ? "arrayValue" : "kvlistValue");
        keel__json_object_begin(json);
        keel__json_key(json, "values");
        keel__json_array_begin(json);
        yyjson_arr_foreach(val, i, max, item) put_value(json, item);
        yyjson_obj_foreach(val, i, max, key, item)
        {
            keel__json_object_begin(json);
            keel__json_add_cstr(json, "key", yyjson_get_str(key));
            keel__json_key(json, "value");
            put_value(json, item);
            keel__json_object_end(json);
        }
        keel__json_array_end(json);
        keel__json_object_end(json);
    }
    keel__json_object_end(json);
}

static void put_attributes(struct keel__json *json, yyjson_val *attributes)
{
    yyjson_val *key, *val;
    size_t i, max;
    keel__json_key(json, "attributes");
    keel__json_array_begin(json);
    yyjson_obj_foreach(attributes, i, max, key, val)
    {
        keel__json_object_begin(json);
        keel__json_add_cstr(json, "key", yyjson_get_str(key));
        keel__json_key(json, "value");
        put_value(json, val);
        keel__json_object_end(json);
    }
    keel__json_array_end(json);
}

static void put_events(struct keel__json *json, yyjson_val *events)
{
    yyjson_val *event;
    size_t i, max;
    keel__json_key(json, "events");
    keel__json_array_begin(json);
    yyjson_arr_foreach(events, i, max, event)
    {
        keel__json_object_begin(json);
        keel__json_add_cstr(json, "name", yyjson_get_str(yyjson_obj_get(event, "name")));
        put_attributes(json, yyjson_obj_get(event, "attributes"));
        keel__json_object_end(json);
    }
    keel__json_array_end(json);
}

static void put_item(struct keel__json *json, yyjson_val *item, bool log)
{
    yyjson_val *key, *val;
    size_t i, max;
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "traceId", "0af7651916cd43dd8448eb211c80319c");
    keel__json_add_cstr(json, "spanId", "b7ad6b7169203331");
    if (!log && !yyjson_obj_get(item, "root"))
        keel__json_add_cstr(json, "parentSpanId", "00f067aa0ba902b7");
    yyjson_obj_foreach(item, i, max, key, val)
    {
        const char *name = yyjson_get_str(key);
        if (strcmp(name, "attributes") == 0) {
            put_attributes(json, val);
        } else if (strcmp(name, "events") == 0) {
            put_events(json, val);
        } else if (strcmp(name, "body") == 0) {
            keel__json_key(json, name);
            put_value(json, val);
        } else if (strcmp(name, "scope") != 0 && strcmp(name, "resource") != 0 &&
                   strcmp(name, "root") != 0) {
            char *text = yyjson_val_write(val, 0, NULL);
            keel__json_add_raw(json, name, keel_slice_of(text));
            free(text);
        }
    }
    keel__json_object_end(json);
}

static void put_request(struct keel__json *json, yyjson_val *item, bool log)
{
    keel__json_object_begin(json);
    keel__json_key(json, log ? "resourceLogs" : "resourceSpans");
    keel__json_array_begin(json);
    keel__json_object_begin(json);
    keel__json_key(json, "resource");
    keel__json_object_begin(json);
    put_attributes(json, yyjson_obj_get(item, "resource"));
    keel__json_object_end(json);
    keel__json_key(json, log ? "scopeLogs" : "scopeSpans");
    keel__json_array_begin(json);
    keel__json_object_begin(json);
    keel__json_key(json, "scope");
    keel__json_object_begin(json);
    if (yyjson_obj_get(item, "scope"))
        keel__json_add_cstr(json, "name", yyjson_get_str(yyjson_obj_get(item, "scope")));
    keel__json_object_end(json);
    keel__json_key(json, log ? "logRecords" : "spans");
    keel__json_array_begin(json);
    put_item(json, item, log);
    keel__json_array_end(json);
    keel__json_object_end(json);
    keel__json_array_end(json);
    keel__json_object_end(json);
    keel__json_array_end(json);
    keel__json_object_end(json);
}

/* ---- expectations ---- */

static void hold_value(const char *path, yyjson_val *got, yyjson_val *expected);

static void hold_members(const char *path, yyjson_val *got, yyjson_val *expected)
{
    yyjson_val *key, *val;
    size_t i, max;
    yyjson_obj_foreach(expected, i, max, key, val)
    {
        const char *name = yyjson_get_str(key);
        char inner[300];
        snprintf(inner, sizeof inner, "%s.%s", path ? path : "", name ? name : "");
        hold_value(inner, yyjson_obj_get(got, name), val);
    }
}

static void hold_value(const char *path, yyjson_val *got, yyjson_val *expected)
{
    if (yyjson_is_null(expected) && !got)
        return;
    if (yyjson_is_obj(expected) && yyjson_is_obj(got)) {
        hold_members(path, got, expected);
        return;
    }
    if (!got || !yyjson_equals(got, expected)) {
        char *a = yyjson_val_write(expected, 0, NULL);
        char *b = got ? yyjson_val_write(got, 0, NULL) : NULL;
        fail_msg("%s: expected %s, got %s", path, a, b ? b : "nothing");
    }
}

static void says_what_is_expected(void **state)
{
    yyjson_val *test = *state;
    yyjson_val *log = yyjson_obj_get(test, "log");
    struct keel__arena arena;
    struct keel__str request, got;
    struct keel__json json;
    struct keel__otlp_batch batch;
    struct keel_error err;
    keel__arena_init(&arena, 0);
    keel__str_init(&request, 0);
    keel__json_init(&json, &request, false);
    put_request(&json, log ? log : yyjson_obj_get(test, "span"), log);
    if (keel__otlp_decode(&arena, NULL, log ? KEEL__OTLP_LOGS : KEEL__OTLP_TRACES, KEEL__OTLP_JSON,
                          keel__str_view(&request), &batch, &err))
        fail_msg("%s\n%s", err.message, request.data);
    for (size_t i = 0; i < batch.record_count; i++)
        assert_null(check_record(&batch.records[i]));
    keel__str_init(&got, 0);
    records_write(&got, batch.records, batch.record_count);
    yyjson_doc *doc = yyjson_read(got.data, got.size, 0);
    yyjson_val *records = yyjson_doc_get_root(doc);
    hold_value("record", yyjson_arr_get_first(records), yyjson_obj_get(test, "expect"));
    yyjson_val *events = yyjson_obj_get(test, "event_names");
    if (events) {
        assert_int_equal(yyjson_arr_size(events) + 1, batch.record_count);
        for (size_t i = 1; i < batch.record_count; i++)
            hold_value("event", yyjson_obj_get(yyjson_arr_get(records, i), "name"),
                       yyjson_arr_get(events, i - 1));
    }
    yyjson_doc_free(doc);
    keel__str_fini(&got);
    keel__str_fini(&request);
    keel__arena_fini(&arena);
}

/* ---- the table ---- */

static void rows_are_sorted_and_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < keel__semconv_row_count; i++) {
        const struct keel__semconv_row *row = &keel__semconv_rows[i];
        if (i > 0 && keel__path_compare(keel_slice_of(row[-1].name), keel_slice_of(row->name)) >= 0)
            fail_msg("%s stands before %s", row[-1].name, row->name);
        assert_ptr_equal(keel__semconv_find(keel_slice_of(row->name)), row);
        assert_non_null(keel__field_target(row->field));
        assert_non_null(keel__dialect_name(row->dialect));
        for (size_t j = 0; j < i; j++)
            if (keel__semconv_rows[j].field == row->field &&
                keel__semconv_rows[j].rank == row->rank)
                fail_msg("%s and %s have one rank", keel__semconv_rows[j].name, row->name);
    }
    assert_null(keel__semconv_find(keel_slice_of("")));
    assert_null(keel__semconv_find(keel_slice_of("gen_ai")));
    assert_null(keel__semconv_find(keel_slice_of("zzz")));
}

static void paths_order_dots_first(void **state)
{
    (void)state;
    static const char *const ordered[] = {"", ".", "a", "a.b", "a.b.c", "a!", "a-b", "ab", "b"};
    enum { COUNT = sizeof ordered / sizeof ordered[0] };
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++) {
            int order = keel__path_compare(keel_slice_of(ordered[i]), keel_slice_of(ordered[j]));
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
}

int main(void)
{
    static struct CMUnitTest tests[MAX_CASES];
    struct keel__arena arena;
    struct yyjson_doc *doc;
    struct keel_error err;
    keel__arena_init(&arena, 0);
    if (keel__json_read_arena(&doc, &arena, fixture_read(&arena, "fixtures/semconv.json"), NULL,
                              &err)) {
        fprintf(stderr, "semconv.json: %s\n", err.message);
        return 2;
    }
    yyjson_val *test;
    size_t i, max, count = 0;
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(rows_are_sorted_and_told);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(paths_order_dots_first);
    yyjson_arr_foreach(yyjson_doc_get_root(doc), i, max, test)
    {
        if (count == MAX_CASES)
            return 2;
        tests[count++] = (struct CMUnitTest){.name = yyjson_get_str(yyjson_obj_get(test, "name")),
                                             .test_func = says_what_is_expected,
                                             .initial_state = test};
    }
    int failed = _cmocka_run_group_tests("otlp_semconv", tests, count, NULL, NULL);
    keel__arena_fini(&arena);
    return failed;
}
