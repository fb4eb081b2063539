#include "audit/reference.h"

#include <string.h>

#include "schema/render.h"

static const char *taken(struct keel__audit *audit, struct keel__str *str)
{
    const char *text = str->failed ? NULL : keel__arena_dup(audit->arena, keel__str_view(str));
    keel__str_fini(str);
    return text;
}

static void member(struct keel__str *out, const char *alias, const char *column)
{
    keel__str_text(out, alias);
    keel__str_char(out, '.');
    keel__sql_name(out, column);
}

static bool collations_differ(const struct keel_column_model *a, const struct keel_column_model *b)
{
    return strcmp(a->collation ? a->collation : "", b->collation ? b->collation : "") != 0;
}

/* Text that is a number or a UUID becomes one where the parent is; what is none becomes NULL. */
static void guarded(struct keel__str *out, const char *column, const char *pattern,
                    const char *type)
{
    keel__str_text(out, "CASE WHEN ");
    member(out, "t", column);
    keel__str_printf(out, "::text ~ '%s' THEN ", pattern);
    member(out, "t", column);
    keel__str_printf(out, "::text::%s END", type);
}

static bool compare_postgres(struct keel__str *out, const struct keel_column_model *child,
                             const struct keel_column_model *parent)
{
    enum keel__key_class from = keel__key_class_of(KEEL_POSTGRES, child);
    enum keel__key_class to = keel__key_class_of(KEEL_POSTGRES, parent);
    if (to == KEEL__CLASS_TEXT &&
        (from == KEEL__CLASS_TEXT || from == KEEL__CLASS_INTEGER || from == KEEL__CLASS_UUID)) {
        member(out, "t", child->name);
        bool as_is = from == KEEL__CLASS_TEXT && !child->type.padded && !parent->type.padded;
        if (!as_is)
            keel__str_text(out, parent->type.padded ? "::text::bpchar" : "::text");
        if (from != KEEL__CLASS_TEXT || collations_differ(child, parent))
            keel__str_printf(out, " COLLATE %s",
                             parent->collation ? parent->collation : "pg_catalog.\"default\"");
        return true;
    }
    if (from == to && from != KEEL__CLASS_NONE) {
        member(out, "t", child->name);
        return true;
    }
    if (from == KEEL__CLASS_TEXT && to == KEEL__CLASS_INTEGER) {
        guarded(out, child->name, "^-?[0-9]{1,18}$", "bigint");
        return true;
    }
    if (from == KEEL__CLASS_TEXT && to == KEEL__CLASS_UUID) {
        guarded(out, child->name, "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", "uuid");
        return true;
    }
    return false;
}

const char *keel__reference_compare_sql(struct keel__audit *audit,
                                        const struct keel_column_model *child,
                                        const struct keel_column_model *parent)
{
    struct keel__str out;
    keel__str_init(&out, 0);
    if (audit->dialect == KEEL_POSTGRES) {
        if (!compare_postgres(&out, child, parent)) {
            keel__str_fini(&out);
            return NULL;
        }
    } else {
        /* Unary plus takes the column's affinity away, so that the parent's alone decides: as
         * SQLite itself compares for a foreign key (foreignkeys.html, section 3). */
        member(&out, "+t", child->name);
    }
    return taken(audit, &out);
}

/* The pairs of a key's columns; a declared key of PostgreSQL always has an operator for them. */
static bool append_pair(struct keel__audit *audit, const struct keel__reference *r, size_t i,
                        struct keel__str *out)
{
    const struct keel_column_model *child = &r->table->columns[r->columns[i]];
    const struct keel_column_model *parent = keel__column_named(r->parent, r->parent_columns[i]);
    const char *value = parent ? keel__reference_compare_sql(audit, child, parent) : NULL;
    if (!parent || (!value && !r->declared))
        return false;
    member(out, "p", parent->name);
    keel__str_text(out, " = ");
    if (value)
        keel__str_text(out, value);
    else
        member(out, "t", child->name);
    return true;
}

static void append_not_in(const struct keel__reference *r, struct keel__str *out)
{
    keel__str_text(out, "(");
    for (size_t i = 0; i < r->column_count; i++) {
        keel__str_text(out, i ? ", " : "");
        member(out, "+t", r->table->columns[r->columns[i]].name);
    }
    keel__str_text(out, ") NOT IN (SELECT ");
    for (size_t i = 0; i < r->column_count; i++) {
        keel__str_text(out, i ? ", " : "");
        member(out, "p", r->parent_columns[i]);
    }
    keel__str_text(out, " FROM ");
    keel__sql_qualified(out, r->parent->schema, r->parent->name);
    keel__str_text(out, " p WHERE ");
    for (size_t i = 0; i < r->column_count; i++) {
        keel__str_text(out, i ? " AND " : "");
        member(out, "p", r->parent_columns[i]);
        keel__str_text(out, " IS NOT NULL");
    }
    keel__str_text(out, ")");
}

static bool append_not_exists(struct keel__audit *audit, const struct keel__reference *r,
                              struct keel__str *out)
{
    keel__str_text(out, "NOT EXISTS (SELECT 1 FROM ");
    keel__sql_qualified(out, r->parent->schema, r->parent->name);
    keel__str_text(out, " p WHERE ");
    for (size_t i = 0; i < r->column_count; i++) {
        keel__str_text(out, i ? " AND " : "");
        if (!append_pair(audit, r, i, out))
            return false;
    }
    keel__str_text(out, ")");
    return true;
}

const char *keel__reference_orphan_sql(struct keel__audit *audit,
                                       const struct keel__reference *reference)
{
    const struct keel__reference *r = reference;
    if (!r->parent || !r->column_count)
        return NULL;
    struct keel__str out;
    keel__str_init(&out, 0);
    for (size_t i = 0; i < r->column_count; i++) {
        if (!keel__column_named(r->parent, r->parent_columns[i])) {
            keel__str_fini(&out);
            return NULL;
        }
        member(&out, "t", r->table->columns[r->columns[i]].name);
        keel__str_text(&out, " IS NOT NULL AND ");
    }
    bool done = true;
    /* Without an index each look-up would read the parent; SQLite makes a list of it once. */
    if (audit->dialect == KEEL_SQLITE &&
        !keel__leads_index(r->parent, r->parent_columns, r->column_count))
        append_not_in(r, &out);
    else
        done = append_not_exists(audit, r, &out);
    if (!done) {
        keel__str_fini(&out);
        return NULL;
    }
    return taken(audit, &out);
}
