/* SARIF 2.1.0, the form that code scanning services take:
 * https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
#include "audit/report.h"
#include "audit/run.h"
#include "base/json.h"

#include <keel/version.h>

static const char *level_of(enum keel_severity severity)
{
    switch (severity) {
    case KEEL_SEVERITY_ERROR:
        return "error";
    case KEEL_SEVERITY_WARNING:
        return "warning";
    case KEEL_SEVERITY_ADVICE:
        break;
    }
    return "note";
}

static void text_object(struct keel__json *json, const char *key, const char *text)
{
    keel__json_key(json, key);
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "text", text && *text ? text : "-");
    keel__json_object_end(json);
}

/* ---- rules ----------------------------------------------------------------------------------- */

static void help(struct keel__json *json, const struct keel_audit_rule *rule)
{
    struct keel__str text;
    keel__str_init(&text, 0);
    keel__str_printf(&text, "%s\n\nEvidence: %s\n\nRepair: %s\n\nNo fault when: %s", rule->why,
                     rule->evidence, rule->how, rule->wrong_when);
    keel__json_key(json, "help");
    keel__json_object_begin(json);
    keel__json_add_text(json, "text", keel__str_view(&text));
    keel__json_add_text(json, "markdown", keel__str_view(&text));
    keel__json_object_end(json);
    if (text.failed)
        json->out->failed = true;
    keel__str_fini(&text);
}

static void write_rule(struct keel__json *json, const struct keel_audit_rule *rule)
{
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "id", rule->id);
    text_object(json, "shortDescription", rule->title);
    text_object(json, "fullDescription", *rule->why ? rule->why : rule->title);
    if (*rule->why)
        help(json, rule);
    keel__json_key(json, "defaultConfiguration");
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "level", level_of(rule->severity));
    keel__json_object_end(json);
    keel__json_key(json, "properties");
    keel__json_object_begin(json);
    keel__json_key(json, "tags");
    keel__json_array_begin(json);
    keel__json_cstr(json, rule->family);
    keel__json_array_end(json);
    keel__json_add_cstr(json, "fix", keel_fix_name(rule->fix));
    keel__json_object_end(json);
    keel__json_object_end(json);
}

/* Every rule that there is, and those of the user: their places in the array are the indexes that
 * results name. */
static const struct keel_audit_rule *rule_at(const struct keel_audit *audit, size_t index)
{
    const struct keel_audit_rule *const *rules;
    size_t count = keel_audit_rules(&rules);
    const struct keel__audit_memory *memory = audit->arena;
    if (index < count)
        return rules[index];
    index -= count;
    return index < memory->user_rule_count ? &memory->user_rules[index].rule.about : NULL;
}

static size_t index_of(const struct keel_audit *audit, const char *id)
{
    size_t i = 0;
    for (const struct keel_audit_rule *rule; (rule = rule_at(audit, i)); i++)
        if (strcmp(rule->id, id) == 0)
            return i;
    return SIZE_MAX;
}

static void driver(struct keel__json *json, const struct keel_audit *audit)
{
    keel__json_key(json, "tool");
    keel__json_object_begin(json);
    keel__json_key(json, "driver");
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "name", "keel");
    keel__json_add_cstr(json, "semanticVersion", keel_version());
    keel__json_key(json, "rules");
    keel__json_array_begin(json);
    const struct keel_audit_rule *rule;
    for (size_t i = 0; (rule = rule_at(audit, i)); i++)
        write_rule(json, rule);
    keel__json_array_end(json);
    keel__json_object_end(json);
    keel__json_object_end(json);
}

/* ---- results --------------------------------------------------------------------------------- */

/* A URI reference: whatever is not plain in one is escaped (RFC 3986). */
static void uri(struct keel__json *json, const char *url)
{
    static const char plain[] = "-._~/:@!$&'()*+,;=?";
    struct keel__str text;
    keel__str_init(&text, 0);
    for (const char *at = url; *at; at++) {
        unsigned char c = (unsigned char)*at;
        bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (word || strchr(plain, c))
            keel__str_char(&text, *at);
        else
            keel__str_printf(&text, "%%%02X", c);
    }
    keel__json_add_text(json, "uri", keel__str_view(&text));
    if (text.failed)
        json->out->failed = true;
    keel__str_fini(&text);
}

static void logical(struct keel__json *json, const struct keel_finding *finding, const char *part,
                    const char *kind)
{
    struct keel__str name;
    keel__str_init(&name, 0);
    keel__report_table(&name, finding);
    if (part) {
        if (name.size)
            keel__str_char(&name, '.');
        keel__str_text(&name, part);
    }
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "name", part ? part : finding->table);
    keel__json_add_text(json, "fullyQualifiedName", keel__str_view(&name));
    keel__json_add_cstr(json, "kind", kind);
    keel__json_object_end(json);
    if (name.failed)
        json->out->failed = true;
    keel__str_fini(&name);
}

static void locations(struct keel__json *json, const struct keel__report *report,
                      const struct keel_finding *finding)
{
    keel__json_key(json, "locations");
    keel__json_array_begin(json);
    keel__json_object_begin(json);
    keel__json_key(json, "physicalLocation");
    keel__json_object_begin(json);
    keel__json_key(json, "artifactLocation");
    keel__json_object_begin(json);
    uri(json, report->display_url);
    keel__json_object_end(json);
    keel__json_object_end(json);
    if (finding->table || finding->object) {
        keel__json_key(json, "logicalLocations");
        keel__json_array_begin(json);
        for (size_t i = 0; i < finding->column_count; i++)
            logical(json, finding, finding->columns[i], "column");
        if (finding->object)
            logical(json, finding, finding->object, finding->object_kind);
        if (!finding->column_count && !finding->object)
            logical(json, finding, NULL, "table");
        keel__json_array_end(json);
    }
    keel__json_object_end(json);
    keel__json_array_end(json);
}

static void properties(struct keel__json *json, const struct keel_finding *finding)
{
    keel__json_key(json, "properties");
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "fix", keel_fix_name(finding->fix));
    if (finding->has_data) {
        keel__json_add_int(json, "rows", finding->rows);
        keel__json_add_int(json, "matching", finding->matching);
        keel__json_add_bool(json, "sampled", finding->sampled);
    }
    if (finding->fix_text)
        keel__json_add_cstr(json, "fixText", finding->fix_text);
    keel__json_key(json, "examples");
    keel__json_array_begin(json);
    for (size_t i = 0; i < finding->example_count; i++)
        keel__json_cstr(json, finding->examples[i]);
    keel__json_array_end(json);
    keel__json_object_end(json);
}

static void result(struct keel__json *json, const struct keel__report *report,
                   const struct keel_finding *finding)
{
    size_t index = index_of(report->audit, finding->rule);
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "ruleId", finding->rule);
    if (index != SIZE_MAX)
        keel__json_add_uint(json, "ruleIndex", index);
    keel__json_add_cstr(json, "level", level_of(finding->severity));
    text_object(json, "message", finding->message);
    locations(json, report, finding);
    keel__json_key(json, "partialFingerprints");
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "keel/v1", finding->fingerprint);
    keel__json_object_end(json);
    if (finding->suppressed) {
        keel__json_key(json, "suppressions");
        keel__json_array_begin(json);
        keel__json_object_begin(json);
        keel__json_add_cstr(json, "kind", "external");
        keel__json_add_cstr(json, "justification", finding->suppressed);
        keel__json_object_end(json);
        keel__json_array_end(json);
    }
    properties(json, finding);
    keel__json_object_end(json);
}

static void notifications(struct keel__json *json, const char *const *lines, size_t count,
                          const char *level)
{
    for (size_t i = 0; i < count; i++) {
        keel__json_object_begin(json);
        keel__json_add_cstr(json, "level", level);
        text_object(json, "message", lines[i]);
        keel__json_object_end(json);
    }
}

static void invocation(struct keel__json *json, const struct keel_audit *audit)
{
    keel__json_key(json, "invocations");
    keel__json_array_begin(json);
    keel__json_object_begin(json);
    keel__json_add_bool(json, "executionSuccessful", true);
    keel__json_key(json, "toolExecutionNotifications");
    keel__json_array_begin(json);
    notifications(json, audit->skipped, audit->skipped_count, "warning");
    notifications(json, audit->notes, audit->note_count, "note");
    keel__json_array_end(json);
    keel__json_object_end(json);
    keel__json_array_end(json);
}

void keel__report_sarif(struct keel__str *out, const struct keel__report *report)
{
    const struct keel_audit *audit = report->audit;
    struct keel__json json;
    keel__json_init(&json, out, true);
    keel__json_object_begin(&json);
    keel__json_add_cstr(&json, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    keel__json_add_cstr(&json, "version", "2.1.0");
    keel__json_key(&json, "runs");
    keel__json_array_begin(&json);
    keel__json_object_begin(&json);
    driver(&json, audit);
    invocation(&json, audit);
    keel__json_add_cstr(&json, "columnKind", "unicodeCodePoints");
    keel__json_key(&json, "results");
    keel__json_array_begin(&json);
    for (size_t i = 0; i < audit->count; i++)
        if (keel__report_shows(report, &audit->findings[i]))
            result(&json, report, &audit->findings[i]);
    keel__json_array_end(&json);
    keel__json_object_end(&json);
    keel__json_array_end(&json);
    keel__json_object_end(&json);
    keel__str_char(out, '\n');
}
