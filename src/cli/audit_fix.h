/*
 * cli/audit_fix.h - `keel audit --fix`: the repairs as a migration in a folder.
 */
#ifndef KEEL_CLI_AUDIT_FIX_H
#define KEEL_CLI_AUDIT_FIX_H

#include "cli/cli.h"

#include <keel/audit.h>

/* Writes the next migration of dir, and says on stderr what it repairs and how to apply it. Nothing
 * is written when no finding can be repaired without a decision. */
int keel__audit_fix_write(const struct keel__global *global, const struct keel_audit *audit,
                          struct keel_db *db, const char *dir, struct keel_error *err);

#endif
