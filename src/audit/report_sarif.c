#include "audit/report.h"

#include "base/json.h"

void keel__report_sarif(struct keel__str *out, const struct keel__report *report)
{
    (void)report;
    struct keel__json json;
    keel__json_init(&json, out, true);
    keel__json_object_begin(&json);
    keel__json_add_cstr(&json, "version", "2.1.0");
    keel__json_object_end(&json);
    keel__str_char(out, '\n');
}
