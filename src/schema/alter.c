#include "schema/alter.h"

int keel_diff_sql(char **out, const struct keel_diff *diff,
                  const struct keel_alter_options *options, struct keel_error *err)
{
    static const struct keel_alter_options none;
    struct keel__str text;
    int rc = 0;
    *out = NULL;
    keel__str_init(&text, 0);
    keel__str_append(&text, "", 0);
    if (!options)
        options = &none;
    if (diff->count && diff->dialect == KEEL_SQLITE)
        rc = keel__alter_sqlite(&text, diff, options, err);
    else if (diff->count)
        rc = keel__alter_postgres(&text, diff, options, err);
    if (!rc)
        rc = keel__str_error(&text, err);
    if (!rc)
        *out = keel__str_steal(&text);
    keel__str_fini(&text);
    return rc;
}
