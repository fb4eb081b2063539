#include "audit/report.h"

void keel__report_text(struct keel__str *out, const struct keel__report *report)
{
    const struct keel_audit *audit = report->audit;
    for (size_t i = 0; i < audit->count; i++) {
        const struct keel_finding *finding = &audit->findings[i];
        if (!keel__report_shows(report, finding))
            continue;
        keel__str_printf(out, "%s ", keel_severity_name(finding->severity));
        keel__report_table(out, finding);
        for (size_t c = 0; c < finding->column_count; c++)
            keel__str_printf(out, "%s%s", c ? "," : " ", finding->columns[c]);
        keel__str_printf(out, ": %s [%s]\n", finding->message, finding->rule);
    }
    keel__str_printf(out, "%zu errors, %zu warnings, %zu advice, %zu suppressed\n", audit->errors,
                     audit->warnings, audit->advice, audit->suppressed);
}
