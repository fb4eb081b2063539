#include "schema/translate.h"

#include "base/str.h"
#include "schema/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct keel_check_model *add_check(struct keel__translation *t)
{
    struct keel_check_model *check =
        KEEL__PUSH(t->arena, t->new_table->checks, t->new_table->check_count);
    t->failed |= !check;
    return check;
}

/* A CHECK of the column: before, its name as SQL has it, behind. */
static void check_column(struct keel__translation *t, const struct keel_column_model *column,
                         const char *before, const char *behind)
{
    struct keel__str text;
    struct keel_check_model *check = add_check(t);
    keel__str_init(&text, 0);
    keel__str_text(&text, before);
    keel__sql_name(&text, column->name);
    keel__str_text(&text, behind);
    if (check) {
        check->column = column->name;
        check->expression = keel__arena_dup(t->arena, keel__str_view(&text));
        t->failed |= !check->expression;
    }
    t->failed |= text.failed;
    keel__str_fini(&text);
}

/* ---- SQLite -> PostgreSQL -------------------------------------------------------------------- */

static const char *sized(struct keel__translation *t, const char *name, int a, int b)
{
    if (a <= 0)
        return name;
    const char *text = b > 0 ? keel__arena_printf(t->arena, "%s(%d,%d)", name, a, b)
                             : keel__arena_printf(t->arena, "%s(%d)", name, a);
    t->failed |= !text;
    return text ? text : name;
}

static bool has_json_check(const struct keel_table_model *table, const char *column)
{
    for (size_t i = 0; i < table->check_count; i++)
        if (keel__checks_json(table->checks[i].expression, column))
            return true;
    return false;
}

static const char *by_affinity(struct keel__translation *t, const struct keel_column_model *old)
{
    keel__translate_note(t, "the type %s of %s.%s: PostgreSQL has none of that name",
                         *old->declared_type ? old->declared_type : "(none)", t->table->name,
                         old->name);
    switch (old->affinity) {
    case KEEL_AFFINITY_INTEGER:
        return "bigint";
    case KEEL_AFFINITY_REAL:
        return "double precision";
    case KEEL_AFFINITY_NUMERIC:
        return "numeric";
    default:
        return "text";
    }
}

static const char *to_postgres(struct keel__translation *t, const struct keel_column_model *old)
{
    const struct keel_logical_type *type = &old->type;
    switch (type->kind) {
    case KEEL_LOGICAL_BOOLEAN:
        return "boolean";
    case KEEL_LOGICAL_INTEGER:
        return "bigint";
    case KEEL_LOGICAL_REAL:
        return "double precision";
    case KEEL_LOGICAL_DECIMAL:
        return sized(t, "numeric", type->precision, type->scale);
    case KEEL_LOGICAL_TEXT:
        if (has_json_check(t->table, old->name))
            return "json";
        return type->length ? sized(t, "character varying", type->length, 0) : "text";
    case KEEL_LOGICAL_BYTES:
        return "bytea";
    case KEEL_LOGICAL_DATE:
        return "date";
    case KEEL_LOGICAL_TIME:
        return "time without time zone";
    case KEEL_LOGICAL_TIMESTAMP:
        return type->with_zone ? "timestamp with time zone" : "timestamp without time zone";
    case KEEL_LOGICAL_INTERVAL:
        return "interval";
    case KEEL_LOGICAL_UUID:
        return "uuid";
    case KEEL_LOGICAL_JSON: /* jsonb refuses and changes some JSON that SQLite takes */
        return type->binary ? "jsonb" : "json";
    default:
        return by_affinity(t, old);
    }
}

/* ---- PostgreSQL -> SQLite -------------------------------------------------------------------- */

static const struct keel_enum_model *enum_of(const struct keel__translation *t, const char *name)
{
    const char *dot = name ? strrchr(name, '.') : NULL;
    for (size_t i = 0; name && i < t->from->enum_count; i++) {
        const struct keel_enum_model *e = &t->from->enums[i];
        if (strcmp(e->name, dot ? dot + 1 : name) == 0 &&
            (!dot || (e->schema && strncmp(name, e->schema, (size_t)(dot - name)) == 0)))
            return e;
    }
    return NULL;
}

static void check_labels(struct keel__translation *t, const struct keel_column_model *column,
                         const struct keel_enum_model *e)
{
    struct keel__str list;
    keel__str_init(&list, 0);
    for (size_t i = 0; i < e->label_count; i++) {
        keel__str_text(&list, i ? ", " : " IN (");
        keel__sql_string(&list, e->labels[i]);
    }
    keel__str_char(&list, ')');
    check_column(t, column, "", list.data ? list.data : "");
    t->failed |= list.failed;
    keel__str_fini(&list);
}

/* Before SQLite 3.45 or so a CHECK of json_valid(NULL) failed. */
static void check_json(struct keel__translation *t, const struct keel_column_model *column)
{
    struct keel__str before;
    keel__str_init(&before, 0);
    if (!column->not_null) {
        keel__sql_name(&before, column->name);
        keel__str_text(&before, " IS NULL OR ");
    }
    keel__str_text(&before, "json_valid(");
    check_column(t, column, before.data ? before.data : "", ")");
    t->failed |= before.failed;
    keel__str_fini(&before);
}

static void check_length(struct keel__translation *t, const struct keel_column_model *column,
                         int length)
{
    char limit[32];
    snprintf(limit, sizeof limit, ") <= %d", length);
    check_column(t, column, "length(", limit);
}

static const char *array_to_sqlite(struct keel__translation *t, const struct keel_column_model *old)
{
    keel__translate_note(t, "the array type %s of %s.%s: it becomes JSON text", old->declared_type,
                         t->table->name, old->name);
    check_json(t, old);
    return "TEXT";
}

static const char *to_sqlite(struct keel__translation *t, const struct keel_column_model *old)
{
    const struct keel_logical_type *type = &old->type;
    if (type->dimensions)
        return array_to_sqlite(t, old);
    switch (type->kind) {
    case KEEL_LOGICAL_BOOLEAN:
        check_column(t, old, "", " IN (0, 1)");
        return "INTEGER";
    case KEEL_LOGICAL_INTEGER:
        return "INTEGER";
    case KEEL_LOGICAL_REAL:
        return "REAL";
    case KEEL_LOGICAL_DECIMAL:
    case KEEL_LOGICAL_MONEY: /* keeps each number as it is given; NUMERIC would round */
        return "ANY";
    case KEEL_LOGICAL_BYTES:
        return "BLOB";
    case KEEL_LOGICAL_JSON:
        check_json(t, old);
        return "TEXT";
    case KEEL_LOGICAL_TEXT:
        if (type->length)
            check_length(t, old, type->length);
        return "TEXT";
    case KEEL_LOGICAL_ENUM:
        if (enum_of(t, type->name))
            check_labels(t, old, enum_of(t, type->name));
        return "TEXT";
    case KEEL_LOGICAL_DATE:
    case KEEL_LOGICAL_TIME:
    case KEEL_LOGICAL_TIMESTAMP:
    case KEEL_LOGICAL_INTERVAL:
    case KEEL_LOGICAL_UUID:
    case KEEL_LOGICAL_BITS:
        return "TEXT";
    default:
        keel__translate_note(t, "the type %s of %s.%s: SQLite has none like it; it becomes text",
                             old->declared_type, t->table->name, old->name);
        return "TEXT";
    }
}

void keel__translate_type(struct keel__translation *t, const struct keel_column_model *old,
                          struct keel_column_model *column)
{
    enum keel_dialect to = t->to->dialect;
    column->declared_type = to == KEEL_POSTGRES ? to_postgres(t, old) : to_sqlite(t, old);
    keel_logical_type_of(to, keel_slice_of(column->declared_type), &column->type);
    column->affinity = to == KEEL_SQLITE ? keel__affinity_of(keel_slice_of(column->declared_type))
                                         : KEEL_AFFINITY_NONE;
}

/* ---- defaults -------------------------------------------------------------------------------- */

static bool is_number(const char *text)
{
    char *end;
    strtod(text, &end);
    return end != text && !*end;
}

static bool is_numeric_kind(enum keel_logical_kind kind)
{
    return kind == KEEL_LOGICAL_INTEGER || kind == KEEL_LOGICAL_REAL ||
           kind == KEEL_LOGICAL_DECIMAL || kind == KEEL_LOGICAL_MONEY;
}

/* SQLite's literals have no type of their own. */
static const char *literal_for(struct keel__translation *t, const char *text,
                               const struct keel_column_model *column)
{
    if (column->type.kind == KEEL_LOGICAL_BOOLEAN && strlen(text) == 1)
        return *text == '1' ? "true" : *text == '0' ? "false" : NULL;
    if (is_numeric_kind(column->type.kind))
        return is_number(text) ? text : NULL;
    if (is_number(text) && column->type.kind == KEEL_LOGICAL_TEXT) {
        const char *quoted = keel__arena_printf(t->arena, "'%s'", text);
        t->failed |= !quoted;
        return quoted;
    }
    bool is_text = *text == '\'' && (column->type.kind == KEEL_LOGICAL_TEXT ||
                                     column->type.kind == KEEL_LOGICAL_JSON ||
                                     column->type.kind == KEEL_LOGICAL_UUID);
    return is_text || keel__name_is(text, "NULL") ? text : NULL;
}

static bool is_now(const char *text)
{
    return keel__name_is(text, "CURRENT_TIMESTAMP") || keel__name_is(text, "now()") ||
           keel__name_is(text, "datetime('now')") ||
           strncasecmp(text, "transaction_timestamp(", 22) == 0 ||
           (strncasecmp(text, "strftime(", 9) == 0 && strstr(text, "'now'"));
}

static const char *now_for(const struct keel__translation *t,
                           const struct keel_column_model *column)
{
    if (t->to->dialect == KEEL_SQLITE)
        return column->type.kind == KEEL_LOGICAL_TEXT ? "CURRENT_TIMESTAMP" : NULL;
    if (column->type.kind == KEEL_LOGICAL_TIMESTAMP)
        return "CURRENT_TIMESTAMP";
    if (column->type.kind == KEEL_LOGICAL_TEXT) /* as SQLite writes it */
        return "to_char((now() AT TIME ZONE 'UTC'), 'YYYY-MM-DD HH24:MI:SS')";
    return NULL;
}

void keel__translate_default(struct keel__translation *t, const struct keel_column_model *old,
                             struct keel_column_model *column)
{
    const char *why_not = NULL, *text = NULL;
    column->default_kind = KEEL_DEFAULT_NONE;
    column->default_text = NULL;
    if (!old->default_text || column->identity)
        return;
    bool from_sqlite = t->from->dialect == KEEL_SQLITE;
    if (is_now(old->default_text))
        text = now_for(t, column);
    else if (from_sqlite && old->default_kind == KEEL_DEFAULT_LITERAL)
        text = literal_for(t, old->default_text, column);
    else
        text = keel__translate_expression(t, old->default_text, &why_not);
    if (text && from_sqlite && column->type.kind == KEEL_LOGICAL_BOOLEAN && is_number(text))
        text = literal_for(t, text, column);
    if (text && *text) {
        column->default_text = text;
        bool literal = *text == '\'' || is_number(text);
        column->default_kind = literal ? KEEL_DEFAULT_LITERAL : KEEL_DEFAULT_EXPRESSION;
        return;
    }
    keel__translate_note(t, "the default %s of %s.%s", old->default_text, t->table->name,
                         old->name);
}
