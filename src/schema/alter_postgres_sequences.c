/* Sequences and the columns that take from them; their positions are kept. */
#include "schema/alter_postgres.h"

#include <stdlib.h>
#include <string.h>

static bool is_identity(const struct keel_column_model *column)
{
    return column->identity == KEEL_IDENTITY_ALWAYS || column->identity == KEEL_IDENTITY_BY_DEFAULT;
}

static bool is_serial(const struct keel_column_model *column)
{
    return column->identity == KEEL_IDENTITY_SERIAL;
}

static const struct keel_sequence_model *find(const struct keel_schema *model, const char *schema,
                                              const char *name)
{
    for (size_t i = 0; i < model->sequence_count; i++)
        if (strcmp(model->sequences[i].name, name) == 0 &&
            keel__pg_same(model->sequences[i].schema, schema))
            return &model->sequences[i];
    return NULL;
}

static const struct keel_sequence_model *
owned_by(const struct keel_schema *model, const struct keel_table_model *table, const char *column)
{
    for (size_t i = 0; i < model->sequence_count; i++) {
        const struct keel_sequence_model *s = &model->sequences[i];
        if (s->owner_table && strcmp(s->owner_table, table->name) == 0 &&
            strcmp(s->owner_column, column) == 0 && keel__pg_same(s->schema, table->schema))
            return s;
    }
    return NULL;
}

/* An old sequence's column, as it is called now; false when it has none, or none any more. */
static bool owner_now(const struct keel__pg *pg, const struct keel_sequence_model *s,
                      const struct keel_table_model **table, const char **column)
{
    for (size_t i = 0; s->owner_table && i < pg->table_count; i++) {
        const struct keel_table_model *was = pg->tables[i].was;
        if (!was || strcmp(was->name, s->owner_table) != 0 ||
            !keel__pg_same(was->schema, s->schema))
            continue;
        *table = pg->tables[i].is;
        *column = keel__pg_new_column(pg, was, s->owner_column);
        return *column != NULL;
    }
    return false;
}

static bool is_owner(const struct keel__pg *pg, const struct keel_sequence_model *was,
                     const struct keel_sequence_model *is)
{
    const struct keel_table_model *table;
    const char *column;
    return is->owner_table && owner_now(pg, was, &table, &column) &&
           strcmp(table->name, is->owner_table) == 0 && strcmp(column, is->owner_column) == 0 &&
           keel__pg_same(was->schema, is->schema);
}

/* The old sequence that is this one: of that name, or else the one that its column owns, which is
 * renamed then and keeps its position. */
static const struct keel_sequence_model *old_sequence(const struct keel__pg *pg,
                                                      const struct keel_sequence_model *s)
{
    const struct keel_sequence_model *named = find(pg->from, s->schema, s->name);
    for (size_t i = 0; !named && i < pg->from->sequence_count; i++) {
        const struct keel_sequence_model *was = &pg->from->sequences[i];
        if (is_owner(pg, was, s) && !find(pg->to, was->schema, was->name))
            return was;
    }
    return named;
}

static bool is_renamed(const struct keel__pg *pg, const struct keel_sequence_model *was)
{
    for (size_t i = 0; i < pg->to->sequence_count; i++)
        if (old_sequence(pg, &pg->to->sequences[i]) == was)
            return true;
    return false;
}

/* A change of a kept column between identity and serial makes the sequence by itself. */
static const struct keel__pg_column *
column_of(const struct keel__pg *pg, const struct keel_table_model *table, const char *name)
{
    for (size_t i = 0; i < pg->column_count; i++)
        if (pg->columns[i].table == table && strcmp(pg->columns[i].is->name, name) == 0)
            return &pg->columns[i];
    return NULL;
}

static bool made_from_identity(const struct keel__pg *pg, const struct keel_sequence_model *s)
{
    for (size_t i = 0; i < pg->column_count; i++) {
        const struct keel__pg_column *c = &pg->columns[i];
        if (!c->gone && is_identity(c->was) && is_serial(c->is) &&
            owned_by(pg->to, c->table, c->is->name) == s)
            return true;
    }
    return false;
}

static bool made_into_identity(const struct keel__pg *pg, const struct keel_sequence_model *s)
{
    const struct keel_table_model *table;
    const char *name;
    if (!owner_now(pg, s, &table, &name))
        return false;
    const struct keel__pg_column *c = column_of(pg, table, name);
    return c && !c->gone && is_serial(c->was) && is_identity(c->is);
}

static bool same_numbers(const struct keel_sequence_model *a, const struct keel_sequence_model *b)
{
    return strcmp(a->type, b->type) == 0 && a->start == b->start && a->increment == b->increment &&
           a->minimum == b->minimum && a->maximum == b->maximum && a->cache == b->cache &&
           a->cycle == b->cycle;
}

static void rename_sequence(struct keel__pg *pg, const struct keel_sequence_model *was,
                            const char *name)
{
    struct keel__str *out = keel__pg_next(pg);
    keel__str_text(out, "ALTER SEQUENCE ");
    keel__sql_qualified(out, was->schema, was->name);
    keel__str_text(out, " RENAME TO ");
    keel__sql_name(out, name);
    keel__str_text(out, ";\n");
}

void keel__pg_sequences_add(struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->to->sequence_count; i++) {
        const struct keel_sequence_model *s = &pg->to->sequences[i];
        const struct keel_sequence_model *was = old_sequence(pg, s);
        if (!was && !made_from_identity(pg, s))
            keel__postgres_sequence(keel__pg_next(pg), s);
        if (was && strcmp(was->name, s->name) != 0)
            rename_sequence(pg, was, s->name);
        if (!was || same_numbers(was, s))
            continue;
        struct keel__str *out = keel__pg_next(pg);
        keel__str_text(out, "ALTER SEQUENCE ");
        keel__sql_qualified(out, s->schema, s->name);
        keel__postgres_sequence_options(out, s);
        keel__str_text(out, s->cycle ? " CYCLE;\n" : " NO CYCLE;\n");
    }
}

/* A new sequence goes on behind the numbers that are there. */
static void set_position(struct keel__pg *pg, const struct keel_table_model *table,
                         const char *column, const struct keel_sequence_model *s)
{
    struct keel__str *out = keel__pg_next(pg);
    struct keel__str name;
    keel__str_init(&name, 0);
    keel__str_text(out, "SELECT setval(");
    if (s) {
        keel__sql_qualified(&name, s->schema, s->name);
        keel__sql_string(out, name.data ? name.data : "");
    } else {
        keel__sql_qualified(&name, table->schema, table->name);
        keel__str_text(out, "pg_get_serial_sequence(");
        keel__sql_string(out, name.data ? name.data : "");
        keel__str_text(out, ", ");
        keel__sql_string(out, column);
        keel__str_char(out, ')');
    }
    keel__str_text(out, ", max(");
    keel__sql_name(out, column);
    keel__str_text(out, ")) FROM ");
    keel__sql_qualified(out, table->schema, table->name);
    keel__str_text(out, " HAVING max(");
    keel__sql_name(out, column);
    keel__str_text(out, ") > 0;\n");
    keel__str_fini(&name);
}

void keel__pg_sequences_own(struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->to->sequence_count; i++) {
        const struct keel_sequence_model *s = &pg->to->sequences[i];
        const struct keel_sequence_model *was = old_sequence(pg, s);
        const struct keel_table_model *table = NULL;
        const char *column = NULL;
        bool owned = was && owner_now(pg, was, &table, &column);
        if (made_from_identity(pg, s))
            continue;
        if (owned ? s->owner_table && strcmp(table->name, s->owner_table) == 0 &&
                        strcmp(column, s->owner_column) == 0
                  : !s->owner_table)
            continue;
        keel__postgres_sequence_owner(keel__pg_next(pg), s);
        for (size_t k = 0; !was && s->increment > 0 && k < pg->column_count; k++) {
            const struct keel__pg_column *c = &pg->columns[k];
            if (c->table && s->owner_table && strcmp(c->table->name, s->owner_table) == 0 &&
                keel__pg_same(c->table->schema, s->schema) && is_serial(c->is) && !c->gone &&
                strcmp(c->is->name, s->owner_column) == 0)
                set_position(pg, c->table, c->is->name, s);
        }
    }
}

void keel__pg_sequences_drop(struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->from->sequence_count; i++) {
        const struct keel_sequence_model *s = &pg->from->sequences[i];
        const struct keel_table_model *table;
        const char *column;
        /* One that a column owns goes with the column. */
        if (is_renamed(pg, s) || made_into_identity(pg, s) ||
            (s->owner_table && !owner_now(pg, s, &table, &column)))
            continue;
        struct keel__str *out = keel__pg_next(pg);
        keel__str_text(out, "DROP SEQUENCE ");
        keel__sql_qualified(out, s->schema, s->name);
        keel__str_text(out, ";\n");
    }
}

/* ---- identity columns ------------------------------------------------------------------------ */

static struct keel__str *alter_column(struct keel__pg *pg, const struct keel__pg_column *column)
{
    struct keel__str *out = keel__pg_alter(pg, column->table);
    keel__str_text(out, " ALTER COLUMN ");
    keel__sql_name(out, column->is->name);
    return out;
}

/* The value of one of the options, and whether it is given. */
static bool option(const char *options, const char *words, long long *value)
{
    const char *at = options ? strstr(options, words) : NULL;
    if (at)
        *value = strtoll(at + strlen(words), NULL, 10);
    return at != NULL;
}

static void set_options(struct keel__pg *pg, const struct keel__pg_column *column)
{
    const char *options = column->is->identity_options;
    long long increment = 1, minimum = 0, maximum = 0, start = 0, cache = 1;
    option(options, "INCREMENT BY", &increment);
    bool has_minimum = option(options, "MINVALUE", &minimum);
    bool has_maximum = option(options, "MAXVALUE", &maximum);
    option(options, "CACHE", &cache);
    if (!option(options, "START WITH", &start))
        start = increment < 0 ? (has_maximum ? maximum : -1) : (has_minimum ? minimum : 1);
    struct keel__str *out = alter_column(pg, column);
    keel__str_printf(out, " SET INCREMENT BY %lld", increment);
    if (has_minimum)
        keel__str_printf(out, " SET MINVALUE %lld", minimum);
    else
        keel__str_text(out, " SET NO MINVALUE");
    if (has_maximum)
        keel__str_printf(out, " SET MAXVALUE %lld", maximum);
    else
        keel__str_text(out, " SET NO MAXVALUE");
    bool cycle = options && strstr(options, "CYCLE");
    keel__str_printf(out, " SET START WITH %lld SET CACHE %lld SET %sCYCLE;\n", start, cache,
                     cycle ? "" : "NO ");
}

/* Takes the position of one sequence over to another; both are SQL that gives a regclass's text. */
static void carry(struct keel__pg *pg, const char *from, const char *to)
{
    keel__str_printf(keel__pg_next(pg),
                     "DO $keel$\nDECLARE\n    was record;\nBEGIN\n"
                     "    EXECUTE 'SELECT last_value, is_called FROM ' || %s INTO was;\n"
                     "    PERFORM setval(%s, was.last_value, was.is_called);\nEND\n$keel$;\n",
                     from, to);
}

/* 'schema.name' as SQL, a string. */
static void sequence_text(struct keel__str *out, const char *schema, const char *name)
{
    struct keel__str inner;
    keel__str_init(&inner, 0);
    keel__sql_qualified(&inner, schema, name);
    keel__sql_string(out, inner.data ? inner.data : "");
    keel__str_fini(&inner);
}

static void identity_text(struct keel__str *out, const struct keel__pg_column *column)
{
    keel__str_text(out, "pg_get_serial_sequence(");
    sequence_text(out, column->table->schema, column->table->name);
    keel__str_text(out, ", ");
    keel__sql_string(out, column->is->name);
    keel__str_char(out, ')');
}

/* The sequence's name may be the identity's own: it is made under another one first. */
static void identity_to_serial(struct keel__pg *pg, const struct keel__pg_column *column)
{
    const struct keel_sequence_model *s = owned_by(pg->to, column->table, column->is->name);
    struct keel__str from, to;
    if (!s) {
        keel__str_text(alter_column(pg, column), " DROP IDENTITY;\n");
        return;
    }
    struct keel_sequence_model beside = *s;
    beside.name = "keel_new_sequence";
    keel__str_init(&from, 0);
    keel__str_init(&to, 0);
    identity_text(&from, column);
    sequence_text(&to, s->schema, beside.name);
    keel__postgres_sequence(keel__pg_next(pg), &beside);
    if (from.data && to.data)
        carry(pg, from.data, to.data);
    keel__str_text(alter_column(pg, column), " DROP IDENTITY;\n");
    struct keel__str *out = keel__pg_next(pg);
    keel__str_text(out, "ALTER SEQUENCE ");
    keel__sql_qualified(out, s->schema, beside.name);
    keel__str_text(out, " RENAME TO ");
    keel__sql_name(out, s->name);
    keel__str_text(out, ";\n");
    keel__postgres_sequence_owner(keel__pg_next(pg), s);
    keel__str_printf(alter_column(pg, column), " SET DEFAULT %s;\n", column->is->default_text);
    keel__str_fini(&from);
    keel__str_fini(&to);
}

void keel__pg_identity(struct keel__pg *pg, const struct keel__pg_column *column)
{
    if (column->gone || column->inherited || !is_identity(column->was))
        return;
    if (is_serial(column->is)) {
        identity_to_serial(pg, column);
    } else if (!is_identity(column->is)) {
        keel__str_text(alter_column(pg, column), " DROP IDENTITY;\n");
    } else {
        if (column->was->identity != column->is->identity)
            keel__str_printf(alter_column(pg, column), " SET GENERATED %s;\n",
                             column->is->identity == KEEL_IDENTITY_ALWAYS ? "ALWAYS"
                                                                          : "BY DEFAULT");
        if (!keel__pg_same(column->was->identity_options, column->is->identity_options))
            set_options(pg, column);
    }
}

/* The identity goes on where the sequence was, which goes. */
static void serial_to_identity(struct keel__pg *pg, const struct keel__pg_column *column,
                               const struct keel_sequence_model *s)
{
    struct keel__str from, to;
    keel__str_init(&from, 0);
    keel__str_init(&to, 0);
    sequence_text(&from, s->schema, s->name);
    identity_text(&to, column);
    if (from.data && to.data)
        carry(pg, from.data, to.data);
    if (!find(pg->to, s->schema, s->name)) {
        struct keel__str *out = keel__pg_next(pg);
        keel__str_text(out, "DROP SEQUENCE ");
        keel__sql_qualified(out, s->schema, s->name);
        keel__str_text(out, ";\n");
    }
    keel__str_fini(&from);
    keel__str_fini(&to);
}

void keel__pg_identity_add(struct keel__pg *pg, const struct keel__pg_column *column)
{
    const struct keel_column_model *is = column->is;
    if (column->gone || column->inherited || !is_identity(is) || is_identity(column->was))
        return;
    const struct keel_table_model *old = keel__pg_old_table(pg, column->table);
    const struct keel_sequence_model *s =
        is_serial(column->was) ? owned_by(pg->from, old, column->was->name) : NULL;
    if (s) {
        struct keel_sequence_model nobody = *s;
        nobody.owner_table = NULL;
        keel__postgres_sequence_owner(keel__pg_next(pg), &nobody);
    }
    struct keel__str *out = alter_column(pg, column);
    keel__str_printf(out, " ADD GENERATED %s AS IDENTITY",
                     is->identity == KEEL_IDENTITY_ALWAYS ? "ALWAYS" : "BY DEFAULT");
    if (is->identity_options)
        keel__str_printf(out, " (%s)", is->identity_options);
    keel__str_text(out, ";\n");
    if (s)
        serial_to_identity(pg, column, s);
    else if (!is->identity_options || !strstr(is->identity_options, "INCREMENT BY -"))
        set_position(pg, column->table, is->name, NULL);
}
