/*
 * keel/schema.h - one logical model of a SQLite or PostgreSQL database.
 *
 * Read from a database; rendered as SQL, JSON, Markdown or a diagram. Everything hangs off one
 * struct keel_schema and is freed with it. Names are as the database has them, unquoted, in UTF-8.
 * A text is NULL where there is none. Expressions are SQL text of the dialect the model was read
 * from, trimmed, comments removed, otherwise as written (SQLite) or as the server prints them
 * (PostgreSQL: pg_get_expr and friends).
 *
 * Order is meaningful where SQL's is (columns, key columns, enum labels) and else by name, so that
 * two reads of one database give the same model.
 *
 * Thread rule: a model that nobody changes may be read by any thread.
 *
 * Sources: https://www.sqlite.org/lang_createtable.html, https://www.sqlite.org/pragma.html,
 * https://www.postgresql.org/docs/15/catalogs.html
 */
#ifndef KEEL_SCHEMA_H
#define KEEL_SCHEMA_H

#include <keel/db.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- types ----------------------------------------------------------------------------------- */

enum keel_logical_kind {
    KEEL_LOGICAL_UNKNOWN = 0, /* declared in words that neither database knows */
    KEEL_LOGICAL_BOOLEAN,
    KEEL_LOGICAL_INTEGER, /* bits: 16, 32, 64 */
    KEEL_LOGICAL_REAL,    /* bits: 32, 64 */
    KEEL_LOGICAL_DECIMAL, /* precision, scale; 0, 0: any */
    KEEL_LOGICAL_TEXT,    /* length: 0 unlimited; padded: char(n) */
    KEEL_LOGICAL_BYTES,
    KEEL_LOGICAL_BITS, /* length */
    KEEL_LOGICAL_DATE,
    KEEL_LOGICAL_TIME,
    KEEL_LOGICAL_TIMESTAMP, /* with_zone */
    KEEL_LOGICAL_INTERVAL,
    KEEL_LOGICAL_UUID,
    KEEL_LOGICAL_JSON, /* binary: jsonb */
    KEEL_LOGICAL_MONEY,
    KEEL_LOGICAL_ENUM,   /* name: of the enum */
    KEEL_LOGICAL_DOMAIN, /* name: of the domain */
    KEEL_LOGICAL_OTHER   /* known to the database, nothing more is: name */
};

struct keel_logical_type {
    enum keel_logical_kind kind;
    int bits;
    int precision, scale;
    int length;
    bool with_zone, padded, binary;
    int dimensions;   /* of an array: 1 or more; 0: no array */
    const char *name; /* ENUM, DOMAIN, OTHER: schema-qualified where not in the search path */
};

/* How SQLite stores what a column is given: https://www.sqlite.org/datatype3.html */
enum keel_affinity {
    KEEL_AFFINITY_NONE = 0, /* PostgreSQL */
    KEEL_AFFINITY_BLOB,
    KEEL_AFFINITY_TEXT,
    KEEL_AFFINITY_NUMERIC,
    KEEL_AFFINITY_INTEGER,
    KEEL_AFFINITY_REAL
};

/* The logical type of a type as declared ("VARCHAR(36)", "timestamp with time zone", "DATETIME").
 */
void keel_logical_type_of(enum keel_dialect dialect, struct keel_slice declared,
                          struct keel_logical_type *out);

/* ---- columns --------------------------------------------------------------------------------- */

enum keel_conflict { /* SQLite's ON CONFLICT clause of a constraint */
                     KEEL_CONFLICT_DEFAULT = 0,
                     KEEL_CONFLICT_ROLLBACK,
                     KEEL_CONFLICT_ABORT,
                     KEEL_CONFLICT_FAIL,
                     KEEL_CONFLICT_IGNORE,
                     KEEL_CONFLICT_REPLACE
};
enum keel_default_kind { KEEL_DEFAULT_NONE = 0, KEEL_DEFAULT_LITERAL, KEEL_DEFAULT_EXPRESSION };
enum keel_generated { KEEL_GENERATED_NO = 0, KEEL_GENERATED_STORED, KEEL_GENERATED_VIRTUAL };
enum keel_identity {
    KEEL_IDENTITY_NONE = 0,
    KEEL_IDENTITY_ROWID,         /* SQLite: INTEGER PRIMARY KEY */
    KEEL_IDENTITY_AUTOINCREMENT, /* SQLite: ... AUTOINCREMENT */
    KEEL_IDENTITY_ALWAYS,        /* PostgreSQL: GENERATED ALWAYS AS IDENTITY */
    KEEL_IDENTITY_BY_DEFAULT,
    KEEL_IDENTITY_SERIAL /* PostgreSQL: a default of nextval() on a sequence the column owns */
};

struct keel_column_model {
    const char *name;
    const char
        *declared_type; /* as written or as format_type() prints it; "" where SQLite has none */
    struct keel_logical_type type;
    enum keel_affinity affinity;
    bool not_null; /* it admits no NULL, by declaration or as a key; a primary key column that
                      admits NULL (SQLite) is false */
    enum keel_conflict not_null_conflict; /* SQLite */
    bool hidden;                          /* SQLite: of a virtual table, not in SELECT * */
    enum keel_default_kind default_kind;
    const char *default_text; /* SQL, without outer parentheses: 'x', 0, CURRENT_TIMESTAMP */
    enum keel_generated generated;
    const char *generated_text;
    const char *collation; /* not the default one */
    enum keel_identity identity;
    const char *storage;          /* PostgreSQL, not the type's own: "EXTERNAL" */
    const char *identity_options; /* PostgreSQL: what differs from the default: "START WITH 5" */
    const char *comment;
};

/* ---- keys, checks, indexes ------------------------------------------------------------------- */

enum keel_deferrable { KEEL_NOT_DEFERRABLE = 0, KEEL_DEFERRABLE, KEEL_INITIALLY_DEFERRED };

/* A PRIMARY KEY or UNIQUE constraint. */
struct keel_key_model {
    const char *name; /* NULL: not named by anybody (SQLite) */
    const char **columns;
    size_t column_count;
    enum keel_deferrable deferrable;
    enum keel_conflict conflict;
    bool nulls_not_distinct; /* PostgreSQL 15 */
    const char **descending; /* names of the columns that are DESC (SQLite) */
    size_t descending_count;
    const char **collations; /* SQLite: one for each column, NULL: the column's; NULL: all are */
    const char **include;    /* PostgreSQL: INCLUDE columns */
    size_t include_count;
};

enum keel_reference_action {
    KEEL_ACTION_NO_ACTION = 0,
    KEEL_ACTION_RESTRICT,
    KEEL_ACTION_CASCADE,
    KEEL_ACTION_SET_NULL,
    KEEL_ACTION_SET_DEFAULT
};
enum keel_match { KEEL_MATCH_SIMPLE = 0, KEEL_MATCH_FULL };

struct keel_foreign_key_model {
    const char *name;
    const char **columns;
    size_t column_count;
    const char *parent_schema; /* like the parent's own schema: NULL for the first of the path */
    const char *parent;
    const char **parent_columns; /* resolved to the parent's primary key where they were left out */
    bool implicit;               /* they were left out */
    enum keel_reference_action on_delete, on_update;
    const char **set_columns; /* PostgreSQL 15: ON DELETE SET NULL (columns); none: all */
    size_t set_column_count;
    enum keel_match match;
    enum keel_deferrable deferrable;
    bool not_valid; /* PostgreSQL: NOT VALID */
};

struct keel_check_model {
    const char *name;
    const char *expression; /* without the outer parentheses */
    const char *column;     /* the only column it was written at; NULL: a table check */
    bool not_valid, no_inherit;
};

struct keel_index_part {
    const char *column; /* NULL: an expression */
    const char *expression;
    bool descending, nulls_first; /* nulls_first as it results; the default is !descending in
                                     SQLite, descending in PostgreSQL */
    const char *collation;        /* not the column's */
    const char *opclass;          /* PostgreSQL, not the default one */
};

struct keel_index_model {
    const char *name;
    bool unique, valid, nulls_not_distinct;
    const char *method; /* PostgreSQL: btree, gin, ...; NULL in SQLite */
    struct keel_index_part *parts;
    size_t part_count;
    const char **include;
    size_t include_count;
    const char *where;   /* of a partial index */
    const char *options; /* PostgreSQL: storage parameters, "fillfactor=70" */
    const char *sql;     /* the statement that makes it, in its own dialect */
};

struct keel_exclusion_model { /* PostgreSQL: EXCLUDE */
    const char *name;
    const char *definition;
};

/* ---- tables and all else --------------------------------------------------------------------- */

struct keel_trigger_model {
    const char *name;
    const char *table;
    const char *sql;      /* the whole statement */
    const char *function; /* PostgreSQL: what it calls */
    bool enabled;
};

enum keel_table_kind {
    KEEL_TABLE_PLAIN = 0,
    KEEL_TABLE_VIRTUAL,     /* SQLite: module and its arguments in virtual_sql */
    KEEL_TABLE_SHADOW,      /* SQLite: belongs to a virtual table; never rendered */
    KEEL_TABLE_PARTITIONED, /* PostgreSQL */
    KEEL_TABLE_PARTITION,
    KEEL_TABLE_FOREIGN /* PostgreSQL: read, never rendered */
};

struct keel_table_model {
    const char *schema; /* PostgreSQL: NULL for the first of the search path, else its name */
    const char *name;
    enum keel_table_kind kind;
    bool strict, without_rowid; /* SQLite */
    bool unlogged;              /* PostgreSQL */
    const char *options;        /* PostgreSQL: storage parameters, "fillfactor=70" */
    struct keel_column_model *columns;
    size_t column_count;
    struct keel_key_model *primary_key; /* NULL: none */
    struct keel_key_model *uniques;
    size_t unique_count;
    struct keel_foreign_key_model *foreign_keys;
    size_t foreign_key_count;
    struct keel_check_model *checks;
    size_t check_count;
    struct keel_exclusion_model *exclusions;
    size_t exclusion_count;
    struct keel_index_model *indexes; /* without those that are a key's */
    size_t index_count;
    struct keel_trigger_model *triggers;
    size_t trigger_count;
    const char *virtual_sql;  /* VIRTUAL: the statement */
    const char *broken;       /* VIRTUAL: what the database says of it, NULL if it works */
    const char *partition_by; /* PARTITIONED: "RANGE (id)" */
    const char *partition_of; /* PARTITION: its parent; what it has from there is not repeated
                                 here, but for the columns */
    const char *partition_of_schema;
    const char *inherits, *inherits_schema; /* PostgreSQL: a parent without partitions; read, never
                                               rendered as SQL */
    const char *partition_bound;            /* PARTITION: "FOR VALUES FROM ... TO ...", "DEFAULT" */
    const char *comment;
    const char *sql; /* SQLite: as sqlite_schema has it */
};

struct keel_view_model {
    const char *schema, *name;
    const char *
        *columns; /* named in the statement or as they result; none when the view is broken */
    size_t column_count;
    bool columns_named; /* in the statement (SQLite) */
    const char *body;   /* the SELECT */
    bool materialized;
    const char *options;                 /* PostgreSQL: "security_barrier=true" */
    struct keel_trigger_model *triggers; /* INSTEAD OF */
    size_t trigger_count;
    struct keel_index_model *indexes; /* of a materialized view */
    size_t index_count;
    const char *broken;      /* what the database says of it, NULL if it works */
    const char **depends_on; /* PostgreSQL: views that must be there first, "schema.name" */
    size_t depends_count;
    const char *comment;
    const char *sql;
};

struct keel_sequence_model { /* PostgreSQL; not those of identity columns */
    const char *schema, *name;
    const char *type;
    int64_t start, increment, minimum, maximum, cache;
    bool cycle;
    const char *owner_table, *owner_column; /* serial; NULL: nobody's */
};

struct keel_enum_model {
    const char *schema, *name;
    const char **labels;
    size_t label_count;
    const char *comment;
};

struct keel_domain_model {
    const char *schema, *name;
    const char *base_type;
    bool not_null;
    const char *default_text;
    struct keel_check_model *checks;
    size_t check_count;
};

struct keel_function_model { /* PostgreSQL: functions and procedures that no extension owns */
    const char *schema, *name;
    const char *arguments;
    const char *sql; /* pg_get_functiondef */
    bool early;      /* a default, check, index or domain needs it: it comes before the tables */
};

struct keel_schema {
    enum keel_dialect dialect;
    int server_version;              /* PostgreSQL: 150000; SQLite: 3054001 */
    struct keel_table_model *tables; /* by name */
    size_t table_count;
    struct keel_view_model *views;
    size_t view_count;
    struct keel_sequence_model *sequences;
    size_t sequence_count;
    struct keel_enum_model *enums;
    size_t enum_count;
    struct keel_domain_model *domains;
    size_t domain_count;
    struct keel_function_model *functions;
    size_t function_count;
    const char **extensions; /* PostgreSQL, without plpgsql */
    size_t extension_count;
    const char **unmodelled; /* what is there and has no place in this model, in words: "policy p on
                                t"; a comment in SQL, and not compared */
    size_t unmodelled_count;
    void *arena;
};

/* ---- reading --------------------------------------------------------------------------------- */

struct keel_schema_options {
    const char **schemas; /* PostgreSQL: which; none: all but the system's */
    size_t schema_count;
    const char *table_pattern; /* only tables and views like this (SQL LIKE, in any case); NULL: all
                                */
};

/* Reads the model in one snapshot. *out is the caller's, freed with keel_schema_free. */
int keel_schema_read(struct keel_schema **out, struct keel_db *db,
                     const struct keel_schema_options *options, struct keel_error *err);
void keel_schema_free(struct keel_schema *schema); /* NULL is fine */

const struct keel_table_model *keel_schema_table(const struct keel_schema *schema,
                                                 const char *name);
const struct keel_column_model *keel_table_column(const struct keel_table_model *table,
                                                  const char *name);

/* The model in the other dialect: types, defaults, checks and partial indexes as it says them. What
 * has no counterpart, or none that keel is sure of (triggers, views, functions, expressions), is
 * left out and named in (*out)->unmodelled, in words. Names and texts are shared with schema, which
 * must outlive *out; that is freed with keel_schema_free. INVALID when it is that dialect already.
 */
int keel_schema_translate(struct keel_schema **out, const struct keel_schema *schema,
                          enum keel_dialect dialect, struct keel_error *err);

/* ---- rendering ------------------------------------------------------------------------------- */

enum keel_schema_format {
    KEEL_SCHEMA_SQL = 1, /* that makes it, in `dialect`, in an order that works */
    KEEL_SCHEMA_JSON,
    KEEL_SCHEMA_MARKDOWN,
    KEEL_SCHEMA_MERMAID
};
/* *out is NUL-terminated and the caller's, to be freed with free(). SQL in the other dialect is
 * that of keel_schema_translate, with what is not carried over in comments at the top. */
int keel_schema_render(char **out, const struct keel_schema *schema, enum keel_schema_format format,
                       enum keel_dialect dialect, struct keel_error *err);

#ifdef __cplusplus
}
#endif
#endif
