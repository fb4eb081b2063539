#include "schema/alter.h"

int keel__alter_sqlite(struct keel__str *out, const struct keel_diff *diff,
                       const struct keel_alter_options *options, struct keel_error *err)
{
    (void)out;
    (void)options;
    return keel_error_set(err, KEEL_UNSUPPORTED, "the %zu changes cannot be written for SQLite yet",
                          diff->count);
}
