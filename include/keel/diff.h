/*
 * keel/diff.h - what makes one schema into another, as typed changes and as SQL.
 *
 * Both models must be of one dialect. A diff borrows both models, which must outlive it. Changes
 * come in an order in which they can be made: renames first, then what goes (triggers, views,
 * references, indexes, constraints, tables: so that its name is free), then what comes, what
 * something else needs before it; references come after all tables, so that cycles of references
 * work; columns go behind what may still read them, and types at the end.
 *
 * ADD_TABLE is the table with its columns, keys, valid checks and exclusions; in SQLite its
 * references too. Its indexes and triggers, in PostgreSQL its references and NOT VALID checks, are
 * changes of their own. DROP_TABLE is all that the table has. What has to be dropped and made again
 * because something under it changes (PostgreSQL: views, references, indexes on a generated column)
 * is there as both. A PostgreSQL column that is computed differently is dropped and added.
 *
 * Sources: https://www.sqlite.org/lang_altertable.html (section 7: the table rebuild),
 * https://www.postgresql.org/docs/15/sql-altertable.html
 *
 * Thread rule: a diff that nobody changes may be read by any thread.
 */
#ifndef KEEL_DIFF_H
#define KEEL_DIFF_H

#include <keel/schema.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The pointers old and new of a change are of the type named here; old is NULL for what is added,
 * new for what is dropped. */
enum keel_change_kind {
    /* struct keel_table_model */
    KEEL_CHANGE_ADD_TABLE = 1,
    KEEL_CHANGE_DROP_TABLE,
    KEEL_CHANGE_RENAME_TABLE,
    KEEL_CHANGE_TABLE_OPTIONS, /* STRICT, WITHOUT ROWID, UNLOGGED, storage parameters, comment */
    KEEL_CHANGE_COLUMN_ORDER,  /* matters in SQLite only */
    /* struct keel_column_model */
    KEEL_CHANGE_ADD_COLUMN,
    KEEL_CHANGE_DROP_COLUMN,
    KEEL_CHANGE_RENAME_COLUMN,
    KEEL_CHANGE_COLUMN_TYPE, /* with its collation */
    KEEL_CHANGE_SET_NOT_NULL,
    KEEL_CHANGE_DROP_NOT_NULL,
    KEEL_CHANGE_DEFAULT,        /* set, changed or dropped */
    KEEL_CHANGE_GENERATED,      /* its expression, or that it is one */
    KEEL_CHANGE_IDENTITY,       /* AUTOINCREMENT, identity, serial */
    KEEL_CHANGE_COLUMN_OPTIONS, /* storage, comment */
    /* struct keel_key_model */
    KEEL_CHANGE_ADD_PRIMARY_KEY,
    KEEL_CHANGE_DROP_PRIMARY_KEY,
    KEEL_CHANGE_ADD_UNIQUE,
    KEEL_CHANGE_DROP_UNIQUE,
    /* PostgreSQL: a key, foreign key, check or exclusion that differs in its name only; the items
     * are of its own type */
    KEEL_CHANGE_RENAME_CONSTRAINT,
    /* struct keel_foreign_key_model */
    KEEL_CHANGE_ADD_FOREIGN_KEY,
    KEEL_CHANGE_DROP_FOREIGN_KEY,
    KEEL_CHANGE_VALIDATE, /* a NOT VALID check or foreign key becomes valid: keel_check_model when
                             is_check, else keel_foreign_key_model */
    /* struct keel_check_model */
    KEEL_CHANGE_ADD_CHECK,
    KEEL_CHANGE_DROP_CHECK,
    /* struct keel_exclusion_model */
    KEEL_CHANGE_ADD_EXCLUSION,
    KEEL_CHANGE_DROP_EXCLUSION,
    /* struct keel_index_model; a changed index is a drop and an add */
    KEEL_CHANGE_ADD_INDEX,
    KEEL_CHANGE_DROP_INDEX,
    KEEL_CHANGE_RENAME_INDEX, /* PostgreSQL */
    /* struct keel_trigger_model */
    KEEL_CHANGE_ADD_TRIGGER,
    KEEL_CHANGE_DROP_TRIGGER,
    /* struct keel_view_model; a changed view is a drop and an add, and so are those that use it */
    KEEL_CHANGE_ADD_VIEW,
    KEEL_CHANGE_DROP_VIEW,
    /* struct keel_sequence_model */
    KEEL_CHANGE_ADD_SEQUENCE,
    KEEL_CHANGE_DROP_SEQUENCE,
    KEEL_CHANGE_SEQUENCE,
    /* struct keel_enum_model */
    KEEL_CHANGE_ADD_ENUM,
    KEEL_CHANGE_DROP_ENUM,
    KEEL_CHANGE_ENUM_LABELS,
    /* struct keel_domain_model */
    KEEL_CHANGE_ADD_DOMAIN,
    KEEL_CHANGE_DROP_DOMAIN,
    KEEL_CHANGE_DOMAIN,
    /* struct keel_function_model; ADD with an old one: CREATE OR REPLACE will do */
    KEEL_CHANGE_ADD_FUNCTION,
    KEEL_CHANGE_DROP_FUNCTION,
    /* const char: its name */
    KEEL_CHANGE_ADD_EXTENSION,
    KEEL_CHANGE_DROP_EXTENSION
};
const char *keel_change_kind_name(enum keel_change_kind kind); /* "add_table" */

enum keel_risk {
    KEEL_RISK_SAFE = 1,
    KEEL_RISK_BLOCKING,   /* keeps others from the table for as long as its rows take, or may fail
                             on them */
    KEEL_RISK_DESTRUCTIVE /* stored data goes */
};
const char *keel_risk_name(enum keel_risk risk); /* "safe", "blocking", "destructive" */

struct keel_change {
    enum keel_change_kind kind;
    enum keel_risk risk;
    const char *why;            /* of the risk, for people; NULL when safe */
    const char *schema, *table; /* as in the new model where it is there; NULL: of no table */
    const char *name; /* of the column, constraint, index, ...; NULL: the table's, or not named */
    const char *old_name; /* RENAME_...: the name before */
    const char *what;     /* one line for people: "column users.email becomes NOT NULL" */
    const void *old_item, *new_item;
    const struct keel_table_model *old_table, *new_table;
    bool is_check; /* VALIDATE */
};

/* A dropped and an added thing that look alike: perhaps a rename. */
struct keel_rename_hint {
    const char *schema, *table; /* table NULL: the table itself */
    const char *old_name, *new_name;
};

struct keel_diff {
    enum keel_dialect dialect;
    const struct keel_schema *from, *to;
    const struct keel_change *changes;
    size_t count;
    size_t blocking, destructive;
    const struct keel_rename_hint *hints;
    size_t hint_count;
    const char *const *not_compared; /* what one of the models, or both, has no place for */
    size_t not_compared_count;
    void *arena;
};

/* "table.old" to "new" for a column, "old" to "new" for a table; schema.table.column in PostgreSQL
 * where needed. */
struct keel_rename {
    const char *old_name, *new_name;
};

struct keel_diff_options {
    const struct keel_rename *renames;
    size_t rename_count;
};

/* *out is the caller's, to be freed with keel_diff_free. No changes: count 0. INVALID for models of
 * two dialects and for a rename that names nothing. options may be NULL. */
int keel_schema_diff(struct keel_diff **out, const struct keel_schema *from,
                     const struct keel_schema *to, const struct keel_diff_options *options,
                     struct keel_error *err);
void keel_diff_free(struct keel_diff *diff);

enum keel_diff_format {
    KEEL_DIFF_TEXT = 1, /* a line for each change, then the hints and the counts */
    KEEL_DIFF_JSON      /* docs/diff.md */
};
/* *out is NUL-terminated and the caller's, to be freed with free(). */
int keel_diff_render(char **out, const struct keel_diff *diff, enum keel_diff_format format,
                     struct keel_error *err);

/* How a column's old values become the new ones: SQL over the old table's columns. Without one,
 * SQLite copies the value and PostgreSQL casts it. */
struct keel_conversion {
    const char *schema, *table, *column; /* of the new model */
    const char *expression;
};

struct keel_alter_options {
    const struct keel_conversion *conversions;
    size_t conversion_count;
    bool concurrently; /* PostgreSQL: indexes CONCURRENTLY, so that the migration is no transaction
                        */
};

/* The statements that make the changes, in order, with comments; *out is NUL-terminated and freed
 * with free(). When it cannot run in one transaction it begins with "-- transaction:false"
 * (docs/migrate.md). SQLite: tables that ALTER TABLE cannot change are rebuilt; the runner of
 * migrations switches foreign keys off for them and checks them before it commits. UNSUPPORTED
 * names a change that cannot be written. options may be NULL. */
int keel_diff_sql(char **out, const struct keel_diff *diff,
                  const struct keel_alter_options *options, struct keel_error *err);

#ifdef __cplusplus
}
#endif
#endif
