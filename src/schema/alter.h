/*
 * schema/alter.h - the two dialects of keel_diff_sql.
 *
 * Each writes the statements of all of diff's changes to out; what cannot be written is UNSUPPORTED
 * and named. diff has at least one change; options is not NULL.
 */
#ifndef KEEL_SCHEMA_ALTER_H
#define KEEL_SCHEMA_ALTER_H

#include <keel/diff.h>

#include "base/str.h"

int keel__alter_sqlite(struct keel__str *out, const struct keel_diff *diff,
                       const struct keel_alter_options *options, struct keel_error *err);
int keel__alter_postgres(struct keel__str *out, const struct keel_diff *diff,
                         const struct keel_alter_options *options, struct keel_error *err);

#endif
