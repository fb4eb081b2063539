#include "schema/alter_sqlite.h"

#include <string.h>

#include "schema/render.h"
#include "schema/tokenize.h"

enum { MOST_COLUMNS = 2000 }; /* of a SELECT, SQLITE_MAX_COLUMN: there is no room for a rowid */

enum { LINE = 70 };

/* A table at work: source is where the rows come from, made where they go. */
struct rebuild {
    struct keel__sqlite_alter *a;
    const struct keel__alteration *table;
    const char *made;
    const char *row_from, *row_to; /* how the rowid is called in both; to NULL: it is not carried */
};

static bool is_rowid(const struct keel_column_model *column)
{
    return column->identity == KEEL_IDENTITY_ROWID ||
           column->identity == KEEL_IDENTITY_AUTOINCREMENT;
}

/* ---- rowids ---------------------------------------------------------------------------------- */

static const char *const ALIASES[] = {"rowid", "_rowid_", "oid"};

static bool is_column(const struct keel_table_model *table, const char *const *names,
                      const char *name)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const char *column = names ? names[i] : table->columns[i].name;
        if (column && keel__name_is(column, name))
            return true;
    }
    return false;
}

static size_t rowid_column(const struct keel_table_model *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (is_rowid(&table->columns[i]))
            return i;
    return SIZE_MAX;
}

/* names: what table's columns are called by now; NULL: as in the model. */
static const char *rowid_name(const struct keel_table_model *table, const char *const *names)
{
    if (table->without_rowid)
        return NULL;
    size_t column = rowid_column(table);
    if (column != SIZE_MAX && (!names || names[column]))
        return names ? names[column] : table->columns[column].name;
    for (int i = 0; i < 3; i++)
        if (!is_column(table, names, ALIASES[i]))
            return ALIASES[i];
    return NULL;
}

static bool is_copied(const struct rebuild *r, const struct keel_column_model *column)
{
    return keel__alter_source(r->a, r->table, column) != SIZE_MAX;
}

/* An INTEGER PRIMARY KEY that is copied is the rowid; one that is new takes the rowid of old. */
static void plan_rowids(struct rebuild *r)
{
    const struct keel_table_model *now = r->table->now;
    const char *from = rowid_name(r->table->old, r->table->columns), *to = rowid_name(now, NULL);
    size_t key = rowid_column(now);
    bool copied = key != SIZE_MAX && !now->without_rowid &&
                  (is_copied(r, &now->columns[key]) ||
                   keel__alter_conversion(r->a, now, now->columns[key].name));
    if (copied || !to)
        return;
    r->row_from = from;
    if (from && now->column_count < MOST_COLUMNS)
        r->row_to = to;
}

/* ---- the table that is made ------------------------------------------------------------------ */

/* table.column becomes made.column, which is what RENAME makes table.column of again. */
static const char *requalified(struct rebuild *r, const char *expression)
{
    struct keel__tokenizer tokenizer;
    struct keel__token token, before = {0};
    struct keel__str text;
    char word[256];
    const char *at = expression;
    keel__str_init(&text, 0);
    keel__tokenizer_init(&tokenizer, keel_slice_of(expression), KEEL_SQLITE, 1);
    while (!keel__token_next(&tokenizer, &token, NULL) && token.kind != KEEL__TOKEN_END) {
        bool own = before.text.data && keel__token_is(&token, '.') &&
                   keel__token_name(&before, KEEL_SQLITE, word, sizeof word) &&
                   keel__name_is(word, r->table->now->name);
        if (own) {
            keel__str_append(&text, at, (size_t)(before.text.data - at));
            keel__sql_name(&text, r->made);
            at = token.text.data;
        }
        before = token;
    }
    keel__str_text(&text, at);
    const char *copy = keel__arena_dup(r->a->arena, keel__str_view(&text));
    r->a->failed = r->a->failed || !copy || keel__str_error(&text, NULL);
    keel__str_fini(&text);
    return copy ? copy : "";
}

static void create(struct rebuild *r)
{
    struct keel_table_model made = *r->table->now;
    if (r->table->names_itself) {
        size_t size = made.check_count * sizeof *made.checks;
        made.checks = keel__arena_memdup(r->a->arena, made.checks, size);
        r->a->failed = r->a->failed || !made.checks;
        for (size_t i = 0; made.checks && i < made.check_count; i++)
            made.checks[i].expression = requalified(r, made.checks[i].expression);
    }
    if (!r->a->failed)
        keel__sqlite_table(r->a->out, &made, r->made);
}

/* ---- the rows -------------------------------------------------------------------------------- */

/* How the value of column is read from the old table; nothing: it gets its default. */
static bool put_value(struct rebuild *r, struct keel__str *out,
                      const struct keel_column_model *column)
{
    const struct keel_conversion *conversion =
        keel__alter_conversion(r->a, r->table->now, column->name);
    size_t source = keel__alter_source(r->a, r->table, column);
    if (column->generated)
        return false;
    if (conversion)
        keel__str_text(out, conversion->expression);
    else if (source != SIZE_MAX)
        keel__sql_name(out, r->table->columns[source]);
    else
        return false;
    return true;
}

/* Long lists are broken into lines. */
static void put_comma(struct keel__str *out)
{
    size_t line = 0;
    while (line < out->size && out->data[out->size - 1 - line] != '\n')
        line++;
    if (out->size)
        keel__str_text(out, line > LINE ? ",\n    " : ", ");
}

static void put_pair(struct keel__str *names, struct keel__str *values, const char *name)
{
    put_comma(names);
    keel__sql_name(names, name);
    put_comma(values);
}

static void put_columns(struct rebuild *r, struct keel__str *names, struct keel__str *values)
{
    const struct keel_table_model *now = r->table->now;
    if (r->row_to) {
        put_pair(names, values, r->row_to);
        keel__sql_name(values, r->row_from);
    }
    for (size_t i = 0; i < now->column_count; i++) {
        struct keel__str value;
        keel__str_init(&value, 0);
        if (put_value(r, &value, &now->columns[i])) {
            put_pair(names, values, now->columns[i].name);
            keel__str_slice(values, keel__str_view(&value));
        }
        r->a->failed = r->a->failed || keel__str_error(&value, NULL);
        keel__str_fini(&value);
    }
    /* Nothing of the old rows stays but their number. */
    for (size_t i = 0; !names->size && i < now->column_count; i++)
        if (!now->columns[i].generated) {
            put_pair(names, values, now->columns[i].name);
            keel__str_printf(values, "%s%s%s", now->columns[i].default_kind ? "(" : "",
                             now->columns[i].default_kind ? now->columns[i].default_text : "NULL",
                             now->columns[i].default_kind ? ")" : "");
        }
}

static bool has_conflict_clause(const struct keel_table_model *table)
{
    bool has = table->primary_key && table->primary_key->conflict;
    for (size_t i = 0; i < table->unique_count; i++)
        has = has || table->uniques[i].conflict;
    for (size_t i = 0; i < table->column_count; i++)
        has = has || table->columns[i].not_null_conflict;
    return has;
}

/* Conversions read the old table's columns under the names they had. */
static void put_source(struct rebuild *r)
{
    struct keel__str *out = r->a->out;
    const struct keel__alteration *table = r->table;
    const struct keel_table_model *old = table->old;
    bool converts = keel__alter_conversion(r->a, table->now, NULL) != NULL, renamed = false;
    for (size_t i = 0; i < old->column_count; i++)
        renamed = renamed || (table->columns[i] && strcmp(table->columns[i], old->columns[i].name));
    if (converts && renamed) {
        keel__str_text(out, "(SELECT ");
        if (r->row_from && !is_column(old, table->columns, r->row_from))
            keel__str_printf(out, "%s AS %s, ", r->row_from, r->row_from);
        keel__str_char(out, '*');
        for (size_t i = 0; i < old->column_count; i++)
            if (table->columns[i] && strcmp(table->columns[i], old->columns[i].name) != 0 &&
                !is_column(old, table->columns, old->columns[i].name)) {
                keel__str_text(out, ", ");
                keel__sql_name(out, table->columns[i]);
                keel__str_text(out, " AS ");
                keel__sql_name(out, old->columns[i].name);
            }
        keel__str_text(out, " FROM ");
    }
    keel__sql_name(out, table->name);
    if (converts && renamed)
        keel__str_char(out, ')');
    if (converts && (renamed || strcmp(table->name, old->name) != 0)) {
        keel__str_text(out, " AS ");
        keel__sql_name(out, old->name);
    }
}

/* Rows that are not carried with their rowid come in the order of the key they had. */
static void put_order(struct rebuild *r)
{
    const struct keel_table_model *old = r->table->old;
    const struct keel_key_model *key = old->without_rowid ? old->primary_key : NULL;
    if (r->row_from) {
        keel__str_text(r->a->out, "\nORDER BY ");
        keel__sql_name(r->a->out, r->row_from);
    }
    for (size_t i = 0; key && i < key->column_count; i++)
        for (size_t k = 0; k < old->column_count; k++)
            if (r->table->columns[k] && keel__name_is(old->columns[k].name, key->columns[i])) {
                keel__str_text(r->a->out, i ? ", " : "\nORDER BY ");
                keel__sql_name(r->a->out, r->table->columns[k]);
            }
}

static void copy_rows(struct rebuild *r)
{
    struct keel__str *out = r->a->out, names, values;
    keel__str_init(&names, 0);
    keel__str_init(&values, 0);
    put_columns(r, &names, &values);
    /* A row that does not fit fails; it is neither left out nor changed. */
    keel__str_text(out,
                   has_conflict_clause(r->table->now) ? "INSERT OR ABORT INTO " : "INSERT INTO ");
    keel__sql_name(out, r->made);
    keel__str_text(out, " (");
    keel__str_slice(out, keel__str_view(&names));
    keel__str_text(out, ")\nSELECT ");
    keel__str_slice(out, keel__str_view(&values));
    keel__str_text(out, " FROM ");
    put_source(r);
    put_order(r);
    keel__str_text(out, ";\n");
    r->a->failed = r->a->failed || keel__str_error(&names, NULL) || keel__str_error(&values, NULL);
    keel__str_fini(&names);
    keel__str_fini(&values);
}

/* ---- what proves it -------------------------------------------------------------------------- */

void keel__alter_rebuild_begin(struct keel__sqlite_alter *a)
{
    a->proof = keel__alter_free_name(a, "keel_proof", "");
    keel__alter_gap(a);
    keel__alter_comment(a->out, "tables are rebuilt: each is made anew, given its rows, and takes "
                                "the old one's place;");
    keel__alter_comment(a->out, "keel migrate runs this with foreign keys off, and checks them "
                                "before it commits");
    keel__str_printf(a->out,
                     "CREATE TEMP TABLE %s (before INTEGER, after INTEGER, missing INTEGER,\n"
                     "    CONSTRAINT \"every row of a rebuilt table is kept\" "
                     "CHECK (before = after),\n"
                     "    CONSTRAINT \"every row of a rebuilt table has its key\" "
                     "CHECK (missing = 0));\n"
                     "PRAGMA legacy_alter_table = ON;\n",
                     a->proof);
}

/* The old column of which the rowid is made and which may be NULL, where SQLite would give the row
 * another key; NULL: there is none. */
static const char *nullable_key(const struct rebuild *r)
{
    const struct keel_table_model *old = r->table->old, *now = r->table->now;
    size_t key = rowid_column(now);
    if (key == SIZE_MAX || keel__alter_conversion(r->a, now, now->columns[key].name))
        return NULL;
    size_t source = keel__alter_source(r->a, r->table, &now->columns[key]);
    if (source == SIZE_MAX || is_rowid(&old->columns[source]) || old->columns[source].not_null)
        return NULL;
    return r->table->columns[source];
}

static void prove_count(struct rebuild *r)
{
    struct keel__str *out = r->a->out;
    const char *key = nullable_key(r);
    keel__str_printf(out, "INSERT INTO temp.%s SELECT (SELECT count(*) FROM ", r->a->proof);
    keel__sql_name(out, r->table->name);
    keel__str_text(out, "), (SELECT count(*) FROM ");
    keel__sql_name(out, r->made);
    keel__str_text(out, "), ");
    if (key) {
        keel__str_text(out, "(SELECT count(*) FROM ");
        keel__sql_name(out, r->table->name);
        keel__str_text(out, " WHERE ");
        keel__sql_name(out, key);
        keel__str_text(out, " IS NULL)");
    }
    keel__str_text(out, key ? ";\n" : "0;\n");
}

/* ---- the counter of AUTOINCREMENT ------------------------------------------------------------ */

static bool has_counter(const struct keel_table_model *table)
{
    size_t column = rowid_column(table);
    return column != SIZE_MAX && table->columns[column].identity == KEEL_IDENTITY_AUTOINCREMENT;
}

static void carry_counter(struct rebuild *r)
{
    struct keel__str *out = r->a->out;
    if (!has_counter(r->table->old) || !has_counter(r->table->now))
        return;
    keel__str_text(out, "DELETE FROM sqlite_sequence WHERE name = ");
    keel__sql_string(out, r->made);
    keel__str_text(out, ";\nINSERT INTO sqlite_sequence (name, seq) SELECT ");
    keel__sql_string(out, r->made);
    keel__str_text(out, ", seq FROM sqlite_sequence WHERE name = ");
    keel__sql_string(out, r->table->name);
    keel__str_text(out, ";\n");
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void take_place(struct rebuild *r)
{
    struct keel__str *out = r->a->out;
    keel__str_text(out, "DROP TABLE ");
    keel__sql_name(out, r->table->name);
    keel__str_text(out, ";\n");
    if (r->table->names_itself)
        keel__str_text(out, "PRAGMA legacy_alter_table = OFF;\n");
    keel__str_text(out, "ALTER TABLE ");
    keel__sql_name(out, r->made);
    keel__str_text(out, " RENAME TO ");
    keel__sql_name(out, r->table->now->name);
    keel__str_text(out, ";\n");
    if (r->table->names_itself)
        keel__str_text(out, "PRAGMA legacy_alter_table = ON;\n");
}

void keel__alter_rebuild(struct keel__sqlite_alter *a, struct keel__alteration *table)
{
    struct rebuild r = {.a = a, .table = table};
    r.made = keel__alter_free_name(a, "keel_new_", table->now->name);
    plan_rowids(&r);
    keel__alter_gap(a);
    keel__alter_say_all(a, table);
    create(&r);
    copy_rows(&r);
    prove_count(&r);
    carry_counter(&r);
    take_place(&r);
}

void keel__alter_rebuild_end(struct keel__sqlite_alter *a)
{
    keel__alter_gap(a);
    keel__str_printf(a->out, "PRAGMA legacy_alter_table = OFF;\nDROP TABLE temp.%s;\n", a->proof);
    keel__alter_gap(a);
}
