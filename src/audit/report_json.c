#include "audit/report.h"

#include "base/json.h"

#include <string.h>

static const char *object_of(const struct keel_finding *finding, const char *kind)
{
    return finding->object_kind && strcmp(finding->object_kind, kind) == 0 ? finding->object : NULL;
}

static void place(struct keel__json *json, const struct keel_finding *finding)
{
    static const char *const kinds[] = {"index", "constraint", "trigger", "view"};
    keel__json_add_cstr(json, "schema", finding->schema);
    keel__json_add_cstr(json, "table", finding->table);
    keel__json_add_cstr(json, "column", finding->column_count ? finding->columns[0] : NULL);
    keel__json_key(json, "columns");
    keel__json_array_begin(json);
    for (size_t i = 0; i < finding->column_count; i++)
        keel__json_cstr(json, finding->columns[i]);
    keel__json_array_end(json);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        keel__json_add_cstr(json, kinds[i], object_of(finding, kinds[i]));
}

static void evidence(struct keel__json *json, const struct keel_finding *finding)
{
    keel__json_key(json, "evidence");
    keel__json_object_begin(json);
    if (finding->has_data) {
        keel__json_add_int(json, "rows", finding->rows);
        keel__json_add_int(json, "matching", finding->matching);
        keel__json_add_bool(json, "sampled", finding->sampled);
    } else {
        keel__json_add_null(json, "rows");
        keel__json_add_null(json, "matching");
        keel__json_add_bool(json, "sampled", false);
    }
    keel__json_key(json, "examples");
    keel__json_array_begin(json);
    for (size_t i = 0; i < finding->example_count; i++)
        keel__json_cstr(json, finding->examples[i]);
    keel__json_array_end(json);
    keel__json_key(json, "counts");
    keel__json_array_begin(json);
    for (size_t i = 0; i < finding->count_count; i++) {
        keel__json_object_begin(json);
        keel__json_add_cstr(json, "what", finding->counts[i].what);
        keel__json_add_int(json, "count", finding->counts[i].count);
        keel__json_object_end(json);
    }
    keel__json_array_end(json);
    keel__json_object_end(json);
}

static void write_finding(struct keel__json *json, const struct keel_finding *finding)
{
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "rule", finding->rule);
    keel__json_add_cstr(json, "severity", keel_severity_name(finding->severity));
    place(json, finding);
    keel__json_add_cstr(json, "message", finding->message);
    evidence(json, finding);
    keel__json_add_cstr(json, "fix", keel_fix_name(finding->fix));
    keel__json_add_cstr(json, "fix_text", finding->fix_text);
    keel__json_add_cstr(json, "suppressed", finding->suppressed);
    keel__json_add_cstr(json, "fingerprint", finding->fingerprint);
    keel__json_object_end(json);
}

static void summary(struct keel__json *json, const struct keel_audit *audit)
{
    keel__json_key(json, "summary");
    keel__json_object_begin(json);
    keel__json_add_uint(json, "errors", audit->errors);
    keel__json_add_uint(json, "warnings", audit->warnings);
    keel__json_add_uint(json, "advice", audit->advice);
    keel__json_add_uint(json, "suppressed", audit->suppressed);
    keel__json_add_int(json, "tables", audit->tables);
    keel__json_add_int(json, "rows", audit->rows);
    keel__json_add_bool(json, "sampled", audit->sampled);
    keel__json_object_end(json);
}

static void lines(struct keel__json *json, const char *key, const char *const *texts, size_t count)
{
    keel__json_key(json, key);
    keel__json_array_begin(json);
    for (size_t i = 0; i < count; i++)
        keel__json_cstr(json, texts[i]);
    keel__json_array_end(json);
}

void keel__report_json(struct keel__str *out, const struct keel__report *report)
{
    const struct keel_audit *audit = report->audit;
    struct keel__json json;
    keel__json_init(&json, out, true);
    keel__json_object_begin(&json);
    keel__json_add_cstr(&json, "database", report->display_url);
    keel__json_key(&json, "findings");
    keel__json_array_begin(&json);
    for (size_t i = 0; i < audit->count; i++)
        if (keel__report_shows(report, &audit->findings[i]))
            write_finding(&json, &audit->findings[i]);
    keel__json_array_end(&json);
    summary(&json, audit);
    lines(&json, "skipped", audit->skipped, audit->skipped_count);
    lines(&json, "notes", audit->notes, audit->note_count);
    keel__json_object_end(&json);
    keel__str_char(out, '\n');
}
