/*
 * tests/lib/randomschema.h - schemas made by chance, with rows, and by chance changed.
 *
 * The generator keeps a small model of its own (not keel's, which is what is tested) in fixed
 * slots. A slot keeps its identity over a change: a table or column that is in the same slot before
 * and after is the same one, whatever it is called. So the test knows which rows and values have to
 * be there afterwards.
 *
 *     struct randomschema from, to;
 *     randomschema_make(&from, seed, KEEL_SQLITE);
 *     randomschema_change(&to, &from, seed);          to: some changes later
 *     randomschema_sql(&out, &from);                  CREATE statements
 *     randomschema_rows(&out, &from);                 INSERTs that hold all of both schemas' rules
 *     randomschema_renames(&from, &to, ...);          for keel_diff_options
 *
 * Values depend on the column's slot and the row alone, and fit every constraint a change may add:
 * they are unique where they can be, never NULL in a column that may become NOT NULL, and a column
 * that refers to a table holds that table's keys whether or not there is a foreign key. What goes
 * with a change is a column that is nullable or has a default, or a table nobody refers to, so that
 * the way back works as well.
 *
 * The same seed gives the same schemas on every machine.
 */
#ifndef TESTS_RANDOMSCHEMA_H
#define TESTS_RANDOMSCHEMA_H

#include <keel/diff.h>

#include "base/str.h"

enum { RS_TABLES = 7, RS_COLUMNS = 12, RS_ITEMS = 5, RS_VIEWS = 4, RS_RENAMES = 24 };

enum rs_kind { RS_INTEGER, RS_TEXT, RS_REAL, RS_BYTES };
enum rs_key { RS_NO_KEY, RS_ROWID, RS_AUTOINCREMENT, RS_TEXT_KEY, RS_COMPOSITE };

struct rs_column {
    bool used;
    char name[32];
    enum rs_kind kind;
    int type; /* which of the kind's declared types */
    bool not_null, has_nulls;
    bool added;       /* by a change: the old rows have its default */
    int default_kind; /* 0 none, 1 literal, 2 another literal, 3 expression */
    int generated;    /* 0 no, 1 stored, 2 virtual; of is the column it is made from */
    int of;
    bool collated;
    int check;  /* 0 none, else which; at the column */
    int parent; /* its values are keys of this table slot; -1: no reference */
    int part;   /* ... of its first or second column */
};

struct rs_unique {
    bool used;
    int column, second; /* second -1: one column */
};
struct rs_foreign_key {
    bool used;
    int column; /* the first of the referring columns; a composite one has the next slot too */
    int on_delete, on_update;
    bool deferred, implicit;
};
struct rs_check {
    bool used, named;
    int column, second;
};
struct rs_index {
    bool used;
    char name[32];
    int column, second;
    bool unique, partial, expression, descending;
};
struct rs_trigger {
    bool used;
    char name[32];
    int when;  /* 0 insert, 1 update, 2 delete */
    int other; /* table slot that it reads */
};

struct rs_table {
    bool used;
    char name[32];
    enum rs_key key;
    bool strict, without_rowid;
    int rows;
    struct rs_column columns[RS_COLUMNS];
    int order[RS_COLUMNS]; /* of the columns in the table: slots */
    struct rs_unique uniques[RS_ITEMS];
    struct rs_foreign_key foreign_keys[RS_ITEMS];
    struct rs_check checks[RS_ITEMS];
    struct rs_index indexes[RS_ITEMS];
    struct rs_trigger triggers[RS_ITEMS];
};

struct rs_view {
    bool used;
    char name[32];
    int table;
    bool filtered, broken;
    int on_view; /* -1: on the table */
};

struct randomschema {
    enum keel_dialect dialect;
    uint64_t state;
    unsigned names; /* how many were given */
    struct rs_table tables[RS_TABLES];
    struct rs_view views[RS_VIEWS];
    bool destructive; /* of a changed one: a table, a column or values went */
};

static inline bool randomschema_is_sqlite(const struct randomschema *s)
{
    return s->dialect == KEEL_SQLITE;
}

static inline int randomschema_key_columns(const struct rs_table *t)
{
    return t->key == RS_NO_KEY ? 0 : t->key == RS_COMPOSITE ? 2 : 1;
}

void randomschema_make(struct randomschema *s, uint64_t seed, enum keel_dialect dialect);
void randomschema_change(struct randomschema *s, const struct randomschema *from, uint64_t seed);
void randomschema_sql(struct keel__str *out, const struct randomschema *schema);
void randomschema_rows(struct keel__str *out, const struct randomschema *schema);
/* What has another name in to; the texts are kept in store, which must live as long. Names of
 * columns are "table.column" with the old table's name. */
struct rs_rename_store {
    char texts[RS_RENAMES * 2][96];
    struct keel_rename renames[RS_RENAMES];
};
size_t randomschema_renames(struct rs_rename_store *store, const struct randomschema *from,
                            const struct randomschema *to);

#endif
