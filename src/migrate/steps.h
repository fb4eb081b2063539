/*
 * migrate/steps.h - the statements of a migration, and what is done at once.
 */
#ifndef KEEL_MIGRATE_STEPS_H
#define KEEL_MIGRATE_STEPS_H

#include "migrate/set.h"

struct keel__steps {
    struct keel_migration_step *items; /* at least one */
    size_t count;
    size_t statement_count;
};

/* Splits sections and decides what runs in one transaction. INVALID, with file and line, for what
 * cannot be split and for statements that would end or break keel's transaction. */
int keel__steps_build(struct keel__steps *out, struct keel__arena *arena,
                      const struct keel__sections *sections, enum keel_dialect dialect,
                      enum keel_migration_layout layout, struct keel_error *err);

/* What a statement is to a migration, by its first words. */
struct keel__nature {
    enum keel__kind {
        KEEL__ORDINARY,
        KEEL__BEGINS,  /* opens a transaction, plainly */
        KEEL__COMMITS, /* ends it, plainly */
        KEEL__SAVES,   /* SAVEPOINT, RELEASE, ROLLBACK TO: means something inside a transaction only
                        */
        KEEL__ENDS,    /* rolls it back, chains it, ends it in a way we cannot take over */
        KEEL__FORBIDDEN, /* would take keel's lock or prepared statements away */
        KEEL__ALONE      /* SQLite: only outside a transaction, and harmless to run again */
    } kind;
    bool rebuilds;   /* SQLite: removes or renames a table, or switches foreign keys */
    bool is_session; /* changes the session only: is run again when a migration is resumed */
};
struct keel__nature keel__statement_nature(struct keel_slice sql, enum keel_dialect dialect);

/* How a file of that layout says that it is no transaction. */
const char *keel__no_transaction_hint(enum keel_migration_layout layout);

#endif
