/*
 * audit/repair.h - what would repair a finding, as data. Rules make it, fix.c turns all of them
 * into one migration.
 *
 * A repair changes the model (schema), moves rows away first that would break it (breaks), or both.
 * All texts live as long as the audit.
 */
#ifndef KEEL_AUDIT_REPAIR_H
#define KEEL_AUDIT_REPAIR_H

#include <keel/audit.h>

enum keel__repair_kind {
    KEEL__REPAIR_CHOICE = 1,         /* nothing but text: the finding needs a decision */
    KEEL__REPAIR_ADD_INDEX,          /* item: struct keel_index_model (name NULL: made up) */
    KEEL__REPAIR_DROP_INDEX,         /* name */
    KEEL__REPAIR_ADD_FOREIGN_KEY,    /* item: struct keel_foreign_key_model; an index is added where
                                        none leads with its columns */
    KEEL__REPAIR_CHANGE_FOREIGN_KEY, /* name or columns of the old one: old_item; item: the new */
    KEEL__REPAIR_ADD_PRIMARY_KEY,    /* item: struct keel_key_model */
    KEEL__REPAIR_ADD_UNIQUE,   /* item: struct keel_key_model, or with `where`, `fold` a unique
                                  index: struct keel_index_model in index */
    KEEL__REPAIR_ADD_CHECK,    /* item: struct keel_check_model */
    KEEL__REPAIR_NOT_NULL,     /* column */
    KEEL__REPAIR_DEFAULT,      /* column; text: the new default, NULL for none */
    KEEL__REPAIR_TYPE,         /* column; text: the new declared type; convert, revert */
    KEEL__REPAIR_STRICT,       /* SQLite */
    KEEL__REPAIR_DROP_TRIGGER, /* name */
    KEEL__REPAIR_QUARANTINE,   /* only `breaks`: orphans of a declared foreign key */
    KEEL__REPAIR_STATEMENT     /* up_sql, down_sql: ANALYZE, REINDEX */
};

struct keel__repair {
    enum keel__repair_kind kind;
    const struct keel_table_model *table;
    const char *column;
    const char *name;
    const void *item;
    const void *old_item;
    const char *text;
    /* SQL condition over the table with alias t: the rows that have to leave before the change can
     * be made. They go to quarantine whole, with reason. NULL: none can be in the way. */
    const char *breaks;
    const char *reason;
    /* TYPE: SQL over the old column, quoted by the rule: its new value; and back. A conversion is
     * made only if back gives every row its old value, byte for byte. */
    const char *convert, *revert;
    const char *up_sql, *down_sql;
    /* Comment lines for the migration (without "-- "): the choices with the numbers beside them, or
     * another way to do what it does. NULL: none. */
    const char *choices;
    const struct keel__repair *next; /* further repairs of the same finding, made with it */
};

/* A zeroed repair in the audit's arena, hung on the finding behind those it has; NULL when memory
 * is out. */
struct keel__audit;
struct keel__repair *keel__repair_add(struct keel__audit *audit, struct keel_finding *finding,
                                      enum keel__repair_kind kind,
                                      const struct keel_table_model *table);

#endif
