/*
 * schema/render.h - what the renderers share.
 */
#ifndef KEEL_SCHEMA_RENDER_H
#define KEEL_SCHEMA_RENDER_H

#include "base/str.h"
#include "schema/model.h"

/* The words of an enum, in JSON, SQL and Markdown. */
const char *keel__action_word(enum keel_reference_action action);    /* "SET NULL" */
const char *keel__conflict_word(enum keel_conflict conflict);        /* "IGNORE"; NULL: default */
const char *keel__deferrable_words(enum keel_deferrable deferrable); /* "DEFERRABLE ..."; NULL */
const char *keel__table_kind_word(enum keel_table_kind kind);        /* "plain" */
const char *keel__logical_kind_word(enum keel_logical_kind kind);    /* "timestamp" */
const char *keel__identity_word(enum keel_identity identity);        /* "rowid"; NULL: none */
const char *keel__generated_word(enum keel_generated generated);     /* "STORED"; NULL: no */

/* ---- SQL ------------------------------------------------------------------------------------- */

/* Whether name needs no quotes in either database. */
bool keel__sql_is_plain(const char *name);
/* name as SQL needs it: quoted where it is not a plain word in lower case. */
void keel__sql_name(struct keel__str *out, const char *name);
/* schema.name, where schema may be NULL. */
void keel__sql_qualified(struct keel__str *out, const char *schema, const char *name);
void keel__sql_names(struct keel__str *out, const char *const *names, size_t count); /* (a, b) */
/* A collation of SQLite's; its own three need no quotes. */
void keel__sql_collation(struct keel__str *out, const char *name);
void keel__sql_string(struct keel__str *out, const char *text); /* 'it''s' */

/* "CONSTRAINT name " or nothing. */
void keel__sql_constraint_name(struct keel__str *out, const char *name);
/* PRIMARY KEY (...) or UNIQUE (...) with all that belongs to it, its name included. */
void keel__sql_key(struct keel__str *out, const struct keel_key_model *key, bool primary);
void keel__sql_check(struct keel__str *out, const struct keel_check_model *check);
void keel__sql_foreign_key(struct keel__str *out, const struct keel_foreign_key_model *key);
/* The same from REFERENCES on. */
void keel__sql_references(struct keel__str *out, const struct keel_foreign_key_model *key);
/* CREATE INDEX ... ; table is its schema and name. */
void keel__sql_index(struct keel__str *out, const struct keel_index_model *index,
                     const char *table_schema, const char *table, enum keel_dialect dialect);

/* A comment line for each thing that the model has no place for. */
void keel__sql_unmodelled(struct keel__str *out, const struct keel_schema *schema);

/* CREATE TABLE ... ; and nothing else. The table is called name. */
void keel__sqlite_table(struct keel__str *out, const struct keel_table_model *table,
                        const char *name);
void keel__sqlite_column(struct keel__str *out, const struct keel_table_model *table,
                         const struct keel_column_model *column);
void keel__sqlite_view(struct keel__str *out, const struct keel_view_model *view);
/* CREATE TABLE ... ; without foreign keys, indexes, triggers and comments. */
void keel__postgres_table(struct keel__str *out, const struct keel_table_model *table);
void keel__postgres_column(struct keel__str *out, const struct keel_column_model *column);

/* The statements that make one thing, ended by ";\n". */
void keel__postgres_enum(struct keel__str *out, const struct keel_enum_model *e);
void keel__postgres_domain(struct keel__str *out, const struct keel_domain_model *domain);
void keel__postgres_domain_check(struct keel__str *out, const struct keel_domain_model *domain,
                                 const struct keel_check_model *check); /* ALTER DOMAIN ... ADD */
void keel__postgres_sequence(struct keel__str *out, const struct keel_sequence_model *sequence);
void keel__postgres_sequence_options(struct keel__str *out,
                                     const struct keel_sequence_model *sequence);
void keel__postgres_sequence_owner(struct keel__str *out,
                                   const struct keel_sequence_model *sequence);
/* With its comment and indexes, without triggers. */
void keel__postgres_view(struct keel__str *out, const struct keel_view_model *view);
/* schema and name are the table's; disabled where it is. */
void keel__postgres_trigger(struct keel__str *out, const char *schema, const char *name,
                            const struct keel_trigger_model *trigger);
/* COMMENT ON what schema.name[.column] IS text or NULL */
void keel__postgres_comment(struct keel__str *out, const char *what, const char *schema,
                            const char *name, const char *column, const char *text);

/* ---- the whole of it ------------------------------------------------------------------------- */

void keel__render_sqlite(struct keel__str *out, const struct keel_schema *schema);
int keel__render_postgres(struct keel__str *out, const struct keel_schema *schema,
                          struct keel_error *err);
void keel__render_json(struct keel__str *out, const struct keel_schema *schema);
void keel__render_markdown(struct keel__str *out, const struct keel_schema *schema);
void keel__render_mermaid(struct keel__str *out, const struct keel_schema *schema);

#endif
