/*
 * store/migrations.h - the store's own schema, as a set of migrations built into the program.
 */
#ifndef KEEL_STORE_MIGRATIONS_H
#define KEEL_STORE_MIGRATIONS_H

#include <keel/migrate.h>

/* Under which name the store keeps its history in keel_migrations. */
#define KEEL__STORE_MODULE "keel"

/* The set for a dialect; the caller frees it. */
int keel__store_migrations(struct keel_migrations **out, enum keel_dialect dialect,
                           struct keel_error *err);

#endif
