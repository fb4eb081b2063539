/*
 * audit/report.h - an audit as text, JSON and SARIF.
 */
#ifndef KEEL_AUDIT_REPORT_H
#define KEEL_AUDIT_REPORT_H

#include <keel/audit.h>

#include "base/str.h"

struct keel__report {
    const struct keel_audit *audit;
    enum keel_severity min_severity;
    const char *display_url;
    bool colors;
};

/* Whether a finding is severe enough to be shown. */
bool keel__report_shows(const struct keel__report *report, const struct keel_finding *finding);
/* What SQL calls it: "schema.table", "table" or "" for the database. */
void keel__report_table(struct keel__str *out, const struct keel_finding *finding);

void keel__report_text(struct keel__str *out, const struct keel__report *report);
void keel__report_json(struct keel__str *out, const struct keel__report *report);
void keel__report_sarif(struct keel__str *out, const struct keel__report *report);

#endif
