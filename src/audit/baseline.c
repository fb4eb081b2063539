#include "audit/run.h"
#include "base/error.h"
#include "base/json.h"

#include <stdlib.h>
#include <yyjson.h>

enum { MAX_BYTES = 256 << 20 };

struct keel__baseline_entry {
    const char *fingerprint;
    enum keel_severity severity;
};

static int by_fingerprint(const void *left, const void *right)
{
    const struct keel__baseline_entry *a = left, *b = right;
    return strcmp(a->fingerprint, b->fingerprint);
}

static int take(struct keel__baseline *out, struct keel__audit *audit, struct yyjson_val *findings,
                struct keel_error *err)
{
    size_t count = yyjson_arr_size(findings);
    out->items = keel__arena_calloc(audit->arena, count ? count : 1, sizeof *out->items);
    if (!out->items)
        return keel__nomem(err);
    size_t i, max;
    yyjson_val *finding;
    yyjson_arr_foreach(findings, i, max, finding)
    {
        const char *fingerprint = yyjson_get_str(yyjson_obj_get(finding, "fingerprint"));
        const char *severity = yyjson_get_str(yyjson_obj_get(finding, "severity"));
        struct keel__baseline_entry *entry = &out->items[out->count];
        if (!fingerprint || !severity || !keel_severity_parse(severity, &entry->severity))
            return keel_error_set(err, KEEL_INVALID,
                                  "%s: its finding %zu has no fingerprint or no severity: give the "
                                  "output of 'keel audit --json'",
                                  out->file, i + 1);
        entry->fingerprint = keel__arena_strdup(audit->arena, fingerprint);
        if (!entry->fingerprint)
            return keel__nomem(err);
        out->count++;
    }
    if (out->count)
        qsort(out->items, out->count, sizeof *out->items, by_fingerprint);
    return KEEL_OK;
}

int keel__baseline_read(struct keel__baseline *out, struct keel__audit *audit,
                        struct keel_error *err)
{
    struct keel_slice text;
    struct yyjson_doc *doc = NULL;
    const char *path = audit->options->baseline_file;
    *out = (struct keel__baseline){.file = path};
    if (!path)
        return KEEL_OK;
    int rc = keel__input_read(&text, audit->arena, path, MAX_BYTES, err);
    if (!rc && (rc = keel__json_read(&doc, text, NULL, err)))
        keel_error_context(err, "%s", path);
    if (rc)
        return rc;
    yyjson_val *findings = yyjson_obj_get(yyjson_doc_get_root(doc), "findings");
    if (yyjson_is_arr(findings))
        rc = take(out, audit, findings, err);
    else
        rc = keel_error_set(err, KEEL_INVALID,
                            "%s is no report of an audit: give the output of 'keel audit --json'",
                            path);
    yyjson_doc_free(doc);
    return rc;
}

void keel__baseline_apply(const struct keel__baseline *baseline, struct keel__audit *audit)
{
    if (!baseline->count)
        return;
    const char *reason = keel__arena_printf(audit->arena, "known in %s", baseline->file);
    if (!reason) {
        audit->found->failed = true;
        return;
    }
    for (size_t i = 0; i < audit->found->count; i++) {
        struct keel_finding *finding = audit->found->items[i];
        struct keel__baseline_entry wanted = {.fingerprint = finding->fingerprint};
        const struct keel__baseline_entry *known =
            bsearch(&wanted, baseline->items, baseline->count, sizeof wanted, by_fingerprint);
        if (known && !finding->suppressed && finding->severity <= known->severity)
            finding->suppressed = reason;
    }
}
