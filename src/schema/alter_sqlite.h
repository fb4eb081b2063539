/*
 * schema/alter_sqlite.h - what the files that write SQLite's migrations share.
 *
 * alter_sqlite.c makes a plan of what happens to each table and writes it in an order that works;
 * alter_sqlite_plan.c decides what ALTER TABLE can do and what needs the table rebuilt;
 * alter_sqlite_rename.c renames, swaps and cycles included; alter_sqlite_rebuild.c rebuilds one
 * table; alter_sqlite_aside.c knows the views, triggers and indexes that have to step aside.
 *
 * RENAME and DROP COLUMN parse every view and trigger of the schema, rewrite those that mention
 * what they change, and fail on a broken one. So where they are needed ("checked"), triggers and
 * all views that may be in the way are dropped first and made again at the end. A rebuild by itself
 * needs none of that: with legacy_alter_table its RENAME leaves everything else as it is.
 *
 * Source: https://www.sqlite.org/lang_altertable.html
 */
#ifndef KEEL_SCHEMA_ALTER_SQLITE_H
#define KEEL_SCHEMA_ALTER_SQLITE_H

#include "base/map.h"
#include "schema/alter.h"
#include "schema/model.h"

/* One table that changes. */
struct keel__alteration {
    const struct keel_table_model *old, *now; /* old NULL: it is new; now NULL: it goes */
    const char *name;                         /* what old is called by now */
    const char **columns;                     /* what old's columns are called by now; NULL: gone */
    bool rebuilt;                             /* false: ALTER TABLE does it */
    bool copies_names;                        /* its columns get their new names by the rebuild */
    bool names_itself;                        /* a CHECK of now has its table's name in it */
    bool gone;                                /* it is dropped already */
};

struct keel__sqlite_alter {
    struct keel__arena *arena;
    struct keel__str *out;
    const struct keel_diff *diff;
    const struct keel_alter_options *options;
    struct keel__alteration *tables;
    size_t table_count;
    struct keel__map names; /* of everything in both schemas, in lower case: taken; scope 1: of the
                               old columns */
    struct keel__map items; /* address of a model's item, kind -> its change; see below */
    bool has_strings;       /* "strings" in double quotes, which RENAME and DROP COLUMN rewrite */
    bool checked;           /* triggers and views step aside */
    bool *aside;            /* which of the old views do */
    bool said_aside;
    const char *proof; /* the temporary table that proves rebuilds; NULL: none */
    bool failed;       /* memory is out */
};

/* ---- helps ----------------------------------------------------------------------------------- */

/* The change of this kind whose old_item or new_item is item, or NULL. */
const struct keel_change *keel__alter_change(const struct keel__sqlite_alter *a,
                                             enum keel_change_kind kind, const void *item);
/* What happens to this table of either model; NULL: nothing but to its indexes and triggers. */
struct keel__alteration *keel__alteration_of(const struct keel__sqlite_alter *a,
                                             const struct keel_table_model *table);
/* Whether sql has name as one of its words, in any case. */
bool keel__sql_mentions(const char *sql, const char *name);
/* Whether sql has a name in double quotes that nothing in the old schema has: a string, then.
 * table: whose columns count; NULL: all do. */
bool keel__alter_has_string(const struct keel__sqlite_alter *a, const char *sql,
                            const struct keel_table_model *table);
/* A name that is free in both schemas and from now on taken: prefix, then name. */
const char *keel__alter_free_name(struct keel__sqlite_alter *a, const char *prefix,
                                  const char *name);
/* An empty line, unless there is one. */
void keel__alter_gap(struct keel__sqlite_alter *a);
/* "-- " and text on one line, whatever names are in it. */
void keel__alter_comment(struct keel__str *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Says what the change does, and what is lost by it. */
void keel__alter_say(struct keel__sqlite_alter *a, const struct keel_change *change);
/* The same of all that changes a table, but for its indexes and triggers. */
void keel__alter_say_all(struct keel__sqlite_alter *a, const struct keel__alteration *table);
/* The place of old's column that becomes the new table's column, or SIZE_MAX. */
size_t keel__alter_source(const struct keel__sqlite_alter *a, const struct keel__alteration *table,
                          const struct keel_column_model *column);
const struct keel_conversion *keel__alter_conversion(const struct keel__sqlite_alter *a,
                                                     const struct keel_table_model *table,
                                                     const char *column);

/* ---- the parts ------------------------------------------------------------------------------- */

/* Fills a->tables; UNSUPPORTED names what cannot be written. */
int keel__alter_plan(struct keel__sqlite_alter *a, struct keel_error *err);
/* Whether ALTER TABLE ADD and DROP COLUMN can do this one. */
bool keel__alter_can_add(const struct keel__sqlite_alter *a, const struct keel__alteration *table,
                         const struct keel_column_model *column);
bool keel__alter_can_drop(const struct keel__sqlite_alter *a, const struct keel__alteration *table,
                          const struct keel_column_model *column);

void keel__alter_rename_tables(struct keel__sqlite_alter *a);
void keel__alter_rename_columns(struct keel__sqlite_alter *a, struct keel__alteration *table);

void keel__alter_rebuild_begin(struct keel__sqlite_alter *a);
void keel__alter_rebuild(struct keel__sqlite_alter *a, struct keel__alteration *table);
void keel__alter_rebuild_end(struct keel__sqlite_alter *a);

/* Drops the triggers, views and indexes that go or are in the way; makes what is there afterwards.
 */
void keel__alter_step_aside(struct keel__sqlite_alter *a);
void keel__alter_indexes(struct keel__sqlite_alter *a);
void keel__alter_views(struct keel__sqlite_alter *a);
void keel__alter_triggers(struct keel__sqlite_alter *a);

#endif
