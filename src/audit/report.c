#include "audit/report.h"

#include "base/error.h"

bool keel__report_shows(const struct keel__report *report, const struct keel_finding *finding)
{
    return finding->severity >= report->min_severity;
}

void keel__report_table(struct keel__str *out, const struct keel_finding *finding)
{
    if (finding->table && finding->schema) {
        keel__str_text(out, finding->schema);
        keel__str_char(out, '.');
    }
    if (finding->table)
        keel__str_text(out, finding->table);
}

int keel_audit_render(char **out, const struct keel_audit *audit, enum keel_audit_format format,
                      enum keel_severity min_severity, const char *display_url,
                      struct keel_error *err)
{
    struct keel__report report = {audit, min_severity ? min_severity : KEEL_SEVERITY_ADVICE,
                                  display_url ? display_url : "", format == KEEL_AUDIT_TEXT_COLORS};
    struct keel__str text;
    *out = NULL;
    keel__str_init(&text, 0);
    switch (format) {
    case KEEL_AUDIT_TEXT:
    case KEEL_AUDIT_TEXT_COLORS:
        keel__report_text(&text, &report);
        break;
    case KEEL_AUDIT_JSON:
        keel__report_json(&text, &report);
        break;
    case KEEL_AUDIT_SARIF:
        keel__report_sarif(&text, &report);
        break;
    default:
        return keel_error_set(err, KEEL_INVALID, "an audit has no format %d", (int)format);
    }
    int rc = keel__str_error(&text, err);
    if (!rc && !(*out = keel__str_steal(&text)))
        rc = keel__nomem(err);
    keel__str_fini(&text);
    return rc;
}
