#include "schema/render.h"

#include <stdlib.h>
#include <string.h>

/* Words that one of the two databases does not take as a name without quotes, in order:
 * https://www.sqlite.org/lang_keywords.html,
 * https://www.postgresql.org/docs/15/sql-keywords-appendix.html */
static const char *const reserved[] = {"abort",
                                       "action",
                                       "add",
                                       "after",
                                       "all",
                                       "alter",
                                       "always",
                                       "analyse",
                                       "analyze",
                                       "and",
                                       "any",
                                       "array",
                                       "as",
                                       "asc",
                                       "asymmetric",
                                       "attach",
                                       "authorization",
                                       "autoincrement",
                                       "before",
                                       "begin",
                                       "between",
                                       "binary",
                                       "both",
                                       "by",
                                       "cascade",
                                       "case",
                                       "cast",
                                       "check",
                                       "collate",
                                       "collation",
                                       "column",
                                       "commit",
                                       "concurrently",
                                       "conflict",
                                       "constraint",
                                       "create",
                                       "cross",
                                       "current",
                                       "current_catalog",
                                       "current_date",
                                       "current_role",
                                       "current_schema",
                                       "current_time",
                                       "current_timestamp",
                                       "current_user",
                                       "database",
                                       "default",
                                       "deferrable",
                                       "deferred",
                                       "delete",
                                       "desc",
                                       "detach",
                                       "distinct",
                                       "do",
                                       "drop",
                                       "each",
                                       "else",
                                       "end",
                                       "escape",
                                       "except",
                                       "exclude",
                                       "exclusive",
                                       "exists",
                                       "explain",
                                       "fail",
                                       "false",
                                       "fetch",
                                       "filter",
                                       "first",
                                       "following",
                                       "for",
                                       "foreign",
                                       "freeze",
                                       "from",
                                       "full",
                                       "generated",
                                       "glob",
                                       "grant",
                                       "group",
                                       "groups",
                                       "having",
                                       "if",
                                       "ignore",
                                       "ilike",
                                       "immediate",
                                       "in",
                                       "index",
                                       "indexed",
                                       "initially",
                                       "inner",
                                       "insert",
                                       "instead",
                                       "intersect",
                                       "into",
                                       "is",
                                       "isnull",
                                       "join",
                                       "key",
                                       "last",
                                       "lateral",
                                       "leading",
                                       "left",
                                       "like",
                                       "limit",
                                       "localtime",
                                       "localtimestamp",
                                       "match",
                                       "materialized",
                                       "natural",
                                       "no",
                                       "not",
                                       "nothing",
                                       "notnull",
                                       "null",
                                       "nulls",
                                       "of",
                                       "offset",
                                       "on",
                                       "only",
                                       "or",
                                       "order",
                                       "others",
                                       "outer",
                                       "over",
                                       "overlaps",
                                       "partition",
                                       "placing",
                                       "plan",
                                       "pragma",
                                       "preceding",
                                       "primary",
                                       "query",
                                       "raise",
                                       "range",
                                       "recursive",
                                       "references",
                                       "regexp",
                                       "reindex",
                                       "release",
                                       "rename",
                                       "replace",
                                       "restrict",
                                       "returning",
                                       "right",
                                       "rollback",
                                       "row",
                                       "rows",
                                       "savepoint",
                                       "select",
                                       "session_user",
                                       "set",
                                       "similar",
                                       "some",
                                       "symmetric",
                                       "table",
                                       "tablesample",
                                       "temp",
                                       "temporary",
                                       "then",
                                       "ties",
                                       "to",
                                       "trailing",
                                       "transaction",
                                       "trigger",
                                       "true",
                                       "unbounded",
                                       "union",
                                       "unique",
                                       "update",
                                       "user",
                                       "using",
                                       "vacuum",
                                       "values",
                                       "variadic",
                                       "verbose",
                                       "view",
                                       "virtual",
                                       "when",
                                       "where",
                                       "window",
                                       "with",
                                       "within",
                                       "without"};

static int compare_word(const void *key, const void *element)
{
    return strcmp(key, *(const char *const *)element);
}

bool keel__sql_is_plain(const char *name)
{
    if (!(*name >= 'a' && *name <= 'z') && *name != '_')
        return false;
    for (const char *c = name; *c; c++)
        if (!(*c >= 'a' && *c <= 'z') && !(*c >= '0' && *c <= '9') && *c != '_')
            return false;
    return !bsearch(name, reserved, sizeof reserved / sizeof *reserved, sizeof *reserved,
                    compare_word);
}

static void quoted(struct keel__str *out, const char *text, char quote)
{
    keel__str_char(out, quote);
    for (; *text; text++) {
        if (*text == quote)
            keel__str_char(out, quote);
        keel__str_char(out, *text);
    }
    keel__str_char(out, quote);
}

void keel__sql_name(struct keel__str *out, const char *name)
{
    if (keel__sql_is_plain(name))
        keel__str_text(out, name);
    else
        quoted(out, name, '"');
}

void keel__sql_collation(struct keel__str *out, const char *name)
{
    bool builtin = keel__name_is(name, "NOCASE") || keel__name_is(name, "RTRIM") ||
                   keel__name_is(name, "BINARY");
    if (builtin)
        keel__str_text(out, name);
    else
        keel__sql_name(out, name);
}

void keel__sql_qualified(struct keel__str *out, const char *schema, const char *name)
{
    if (schema) {
        keel__sql_name(out, schema);
        keel__str_char(out, '.');
    }
    keel__sql_name(out, name);
}

void keel__sql_string(struct keel__str *out, const char *text)
{
    quoted(out, text, '\'');
}

void keel__sql_names(struct keel__str *out, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        keel__str_text(out, i ? ", " : "(");
        keel__sql_name(out, names[i]);
    }
    keel__str_text(out, ")");
}

void keel__sql_constraint_name(struct keel__str *out, const char *name)
{
    if (!name)
        return;
    keel__str_text(out, "CONSTRAINT ");
    keel__sql_name(out, name);
    keel__str_char(out, ' ');
}

static bool is_descending(const struct keel_key_model *key, const char *column)
{
    for (size_t i = 0; i < key->descending_count; i++)
        if (strcmp(key->descending[i], column) == 0)
            return true;
    return false;
}

void keel__sql_key(struct keel__str *out, const struct keel_key_model *key, bool primary)
{
    keel__sql_constraint_name(out, key->name);
    keel__str_text(out, primary ? "PRIMARY KEY " : "UNIQUE ");
    if (key->nulls_not_distinct)
        keel__str_text(out, "NULLS NOT DISTINCT ");
    for (size_t i = 0; i < key->column_count; i++) {
        keel__str_text(out, i ? ", " : "(");
        keel__sql_name(out, key->columns[i]);
        if (key->collations && key->collations[i]) {
            keel__str_text(out, " COLLATE ");
            keel__sql_collation(out, key->collations[i]);
        }
        if (is_descending(key, key->columns[i]))
            keel__str_text(out, " DESC");
    }
    keel__str_char(out, ')');
    if (key->include_count) {
        keel__str_text(out, " INCLUDE ");
        keel__sql_names(out, key->include, key->include_count);
    }
    if (key->conflict)
        keel__str_printf(out, " ON CONFLICT %s", keel__conflict_word(key->conflict));
    if (key->deferrable)
        keel__str_printf(out, " %s", keel__deferrable_words(key->deferrable));
}

void keel__sql_check(struct keel__str *out, const struct keel_check_model *check)
{
    keel__sql_constraint_name(out, check->name);
    keel__str_printf(out, "CHECK (%s)", check->expression);
    if (check->no_inherit)
        keel__str_text(out, " NO INHERIT");
    if (check->not_valid)
        keel__str_text(out, " NOT VALID");
}

void keel__sql_foreign_key(struct keel__str *out, const struct keel_foreign_key_model *key)
{
    keel__sql_constraint_name(out, key->name);
    keel__str_text(out, "FOREIGN KEY ");
    keel__sql_names(out, key->columns, key->column_count);
    keel__str_char(out, ' ');
    keel__sql_references(out, key);
}

void keel__sql_references(struct keel__str *out, const struct keel_foreign_key_model *key)
{
    keel__str_text(out, "REFERENCES ");
    keel__sql_qualified(out, key->parent_schema, key->parent);
    if (!key->implicit && key->parent_columns) {
        keel__str_char(out, ' ');
        keel__sql_names(out, key->parent_columns, key->column_count);
    }
    if (key->match == KEEL_MATCH_FULL)
        keel__str_text(out, " MATCH FULL");
    if (key->on_update)
        keel__str_printf(out, " ON UPDATE %s", keel__action_word(key->on_update));
    if (key->on_delete)
        keel__str_printf(out, " ON DELETE %s", keel__action_word(key->on_delete));
    if (key->set_column_count) {
        keel__str_char(out, ' ');
        keel__sql_names(out, key->set_columns, key->set_column_count);
    }
    if (key->deferrable)
        keel__str_printf(out, " %s", keel__deferrable_words(key->deferrable));
    if (key->not_valid)
        keel__str_text(out, " NOT VALID");
}

static void index_part(struct keel__str *out, const struct keel_index_part *part,
                       enum keel_dialect dialect)
{
    if (part->column)
        keel__sql_name(out, part->column);
    else
        keel__str_text(out, part->expression);
    if (part->collation) {
        keel__str_text(out, " COLLATE ");
        if (dialect == KEEL_SQLITE)
            keel__sql_collation(out, part->collation);
        else
            keel__str_text(out, part->collation);
    }
    if (part->opclass)
        keel__str_printf(out, " %s", part->opclass);
    if (part->descending)
        keel__str_text(out, " DESC");
    if (dialect == KEEL_POSTGRES && part->nulls_first != part->descending)
        keel__str_text(out, part->nulls_first ? " NULLS FIRST" : " NULLS LAST");
}

void keel__sql_index(struct keel__str *out, const struct keel_index_model *index,
                     const char *table_schema, const char *table, enum keel_dialect dialect)
{
    keel__str_printf(out, "CREATE %sINDEX ", index->unique ? "UNIQUE " : "");
    keel__sql_name(out, index->name);
    keel__str_text(out, " ON ");
    keel__sql_qualified(out, table_schema, table);
    if (index->method && strcmp(index->method, "btree") != 0)
        keel__str_printf(out, " USING %s", index->method);
    for (size_t i = 0; i < index->part_count; i++) {
        keel__str_text(out, i ? ", " : " (");
        index_part(out, &index->parts[i], dialect);
    }
    keel__str_char(out, ')');
    if (index->include_count) {
        keel__str_text(out, " INCLUDE ");
        keel__sql_names(out, index->include, index->include_count);
    }
    if (index->nulls_not_distinct)
        keel__str_text(out, " NULLS NOT DISTINCT");
    if (index->options)
        keel__str_printf(out, " WITH (%s)", index->options);
    if (index->where)
        keel__str_printf(out, " WHERE %s", index->where);
    keel__str_text(out, ";\n");
}

/* Nothing is left out in silence. */
void keel__sql_unmodelled(struct keel__str *out, const struct keel_schema *schema)
{
    for (size_t i = 0; i < schema->unmodelled_count; i++) {
        keel__str_text(out, "-- not here, keel cannot say it: ");
        for (const char *c = schema->unmodelled[i]; *c; c++)
            keel__str_char(out, (unsigned char)*c < ' ' ? ' ' : *c);
        keel__str_char(out, '\n');
    }
}
