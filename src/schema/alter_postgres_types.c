/* Schemas, extensions, enums, domains and functions. */
#include "schema/alter_postgres.h"

#include <stdio.h>
#include <string.h>

#include "schema/model.h"

/* ---- what is replaced ------------------------------------------------------------------------ */

static bool is_swapped(const struct keel__pg *pg, const char *name)
{
    for (size_t i = 0; i < pg->swapped_count; i++)
        if (strcmp(pg->swapped[i], name) == 0)
            return true;
    return false;
}

static int swap(struct keel__pg *pg, const char *name, struct keel_error *err)
{
    if (is_swapped(pg, name))
        return 0;
    const char **place = KEEL__PUSH(pg->arena, pg->swapped, pg->swapped_count);
    if (!place)
        return keel__arena_error(pg->arena, err);
    *place = name;
    return keel__pg_push_word(pg, name, err);
}

/* Whether the old labels are there in the new ones, in their order: then labels are only added. */
static bool only_adds(const struct keel_enum_model *was, const struct keel_enum_model *is)
{
    size_t k = 0;
    for (size_t i = 0; i < is->label_count && k < was->label_count; i++)
        if (strcmp(is->labels[i], was->labels[k]) == 0)
            k++;
    return k == was->label_count;
}

static const struct keel_check_model *same_check(const struct keel_domain_model *domain,
                                                 const struct keel_check_model *check)
{
    for (size_t i = 0; i < domain->check_count; i++)
        if (keel__pg_same(domain->checks[i].name, check->name) &&
            keel__pg_same(domain->checks[i].expression, check->expression))
            return &domain->checks[i];
    return NULL;
}

/* PostgreSQL does not add rules to a domain that columns have arrays of. */
static bool is_in_arrays(const struct keel__pg *pg, const char *name)
{
    for (size_t i = 0; i < pg->to->table_count; i++)
        for (size_t k = 0; k < pg->to->tables[i].column_count; k++) {
            const struct keel_column_model *column = &pg->to->tables[i].columns[k];
            if (column->type.dimensions && keel__pg_mentions(column->declared_type, name))
                return true;
        }
    return false;
}

static bool has_new_rules(const struct keel_domain_model *was, const struct keel_domain_model *is)
{
    for (size_t i = 0; i < is->check_count; i++)
        if (!same_check(was, &is->checks[i]))
            return true;
    return is->not_null && !was->not_null;
}

static int check_type(struct keel__pg *pg, const struct keel_change *change, struct keel_error *err)
{
    if (change->kind == KEEL_CHANGE_ENUM_LABELS) {
        const struct keel_enum_model *is = change->new_item;
        return only_adds(change->old_item, is) ? 0 : swap(pg, is->name, err);
    }
    if (change->kind == KEEL_CHANGE_DOMAIN) {
        const struct keel_domain_model *was = change->old_item, *is = change->new_item;
        bool stays = keel__pg_same(was->base_type, is->base_type) &&
                     !(has_new_rules(was, is) && is_in_arrays(pg, is->name));
        return stays ? 0 : swap(pg, is->name, err);
    }
    return 0;
}

/* Domains over a type that is replaced are replaced as well. */
static int swap_domains(struct keel__pg *pg, struct keel_error *err)
{
    int rc = 0;
    for (bool more = true; !rc && more;) {
        more = false;
        for (size_t i = 0; !rc && i < pg->to->domain_count; i++) {
            const struct keel_domain_model *domain = &pg->to->domains[i];
            for (size_t k = 0; !rc && k < pg->swapped_count; k++)
                if (!is_swapped(pg, domain->name) &&
                    !keel__pg_op_of(&pg->adds, KEEL_CHANGE_ADD_DOMAIN, domain) &&
                    keel__pg_mentions(domain->base_type, pg->swapped[k])) {
                    rc = swap(pg, domain->name, err);
                    more = true;
                }
        }
    }
    return rc;
}

/* Up to the language or the body: what CREATE OR REPLACE cannot change. */
static bool same_head(const struct keel_function_model *a, const struct keel_function_model *b)
{
    const char *end_a = strstr(a->sql, "\n LANGUAGE "), *end_b = strstr(b->sql, "\n LANGUAGE ");
    return end_a && end_b && end_a - a->sql == end_b - b->sql &&
           strncmp(a->sql, b->sql, (size_t)(end_a - a->sql)) == 0;
}

static int pair_function(struct keel__pg *pg, struct keel__pg_op *drop, struct keel_error *err)
{
    const struct keel_function_model *was = drop->item;
    for (size_t i = 0; i < pg->adds.count; i++) {
        const struct keel_function_model *is = pg->adds.items[i].item;
        if (pg->adds.items[i].kind != KEEL_CHANGE_ADD_FUNCTION ||
            strcmp(is->name, was->name) != 0 || !keel__pg_same(is->schema, was->schema))
            continue;
        if (strcmp(is->arguments, was->arguments) == 0 && same_head(was, is)) {
            drop->done = true; /* CREATE OR REPLACE */
            return 0;
        }
        drop->early = true;
        return keel__pg_push_word(pg, was->name, err);
    }
    return 0;
}

int keel__pg_types_check(struct keel__pg *pg, struct keel_error *err)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < pg->diff->count; i++)
        rc = check_type(pg, &pg->diff->changes[i], err);
    if (!rc)
        rc = swap_domains(pg, err);
    for (size_t i = 0; !rc && i < pg->drops.count; i++)
        if (pg->drops.items[i].kind == KEEL_CHANGE_DROP_FUNCTION)
            rc = pair_function(pg, &pg->drops.items[i], err);
    return rc;
}

/* ---- labels ---------------------------------------------------------------------------------- */

static bool has_label(const struct keel_enum_model *e, const char *label)
{
    for (size_t i = 0; i < e->label_count; i++)
        if (strcmp(e->labels[i], label) == 0)
            return true;
    return false;
}

static void add_labels(struct keel__pg *pg, const struct keel_enum_model *was,
                       const struct keel_enum_model *is)
{
    for (size_t i = 0; i < is->label_count; i++) {
        if (has_label(was, is->labels[i]))
            continue;
        struct keel__str *out = &pg->labels;
        keel__str_text(out, "ALTER TYPE ");
        keel__sql_qualified(out, is->schema, is->name);
        keel__str_text(out, " ADD VALUE IF NOT EXISTS ");
        keel__sql_string(out, is->labels[i]);
        if (i > 0 || was->label_count > 0) {
            keel__str_text(out, i > 0 ? " AFTER " : " BEFORE ");
            keel__sql_string(out, i > 0 ? is->labels[i - 1] : was->labels[0]);
        }
        keel__str_text(out, ";\n");
    }
}

void keel__pg_labels_add(struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->diff->count; i++) {
        const struct keel_change *change = &pg->diff->changes[i];
        if (change->kind != KEEL_CHANGE_ENUM_LABELS)
            continue;
        const struct keel_enum_model *was = change->old_item, *is = change->new_item;
        if (is_swapped(pg, is->name))
            continue;
        add_labels(pg, was, is);
        if (!keel__pg_same(was->comment, is->comment))
            keel__postgres_comment(keel__pg_next(pg), "TYPE", is->schema, is->name, NULL,
                                   is->comment);
    }
}

static bool uses_label(const struct keel__str *text, const char *label)
{
    struct keel__str quoted;
    keel__str_init(&quoted, 0);
    keel__sql_string(&quoted, label);
    bool found = text->data && quoted.data && strstr(text->data, quoted.data);
    keel__str_fini(&quoted);
    return found;
}

bool keel__pg_labels_used(const struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->diff->count; i++) {
        const struct keel_change *change = &pg->diff->changes[i];
        if (change->kind != KEEL_CHANGE_ENUM_LABELS)
            continue;
        const struct keel_enum_model *was = change->old_item, *is = change->new_item;
        for (size_t k = 0; k < is->label_count && !is_swapped(pg, is->name); k++)
            if (!has_label(was, is->labels[k]) &&
                (uses_label(&pg->group, is->labels[k]) || uses_label(&pg->body, is->labels[k])))
                return true;
    }
    return false;
}

/* ---- schemas and extensions ------------------------------------------------------------------ */

static bool has_schema(const struct keel_schema *model, const char *name)
{
#define LOOK(items, count)                                                                         \
    for (size_t i = 0; i < (count); i++)                                                           \
        if (keel__pg_same((items)[i].schema, name))                                                \
            return true;
    LOOK(model->tables, model->table_count)
    LOOK(model->views, model->view_count)
    LOOK(model->enums, model->enum_count)
    LOOK(model->domains, model->domain_count)
    LOOK(model->sequences, model->sequence_count)
    LOOK(model->functions, model->function_count)
#undef LOOK
    return false;
}

static void need_schema(struct keel__pg *pg, const char *name, const char **last)
{
    if (!name || keel__pg_same(name, *last) || has_schema(pg->from, name))
        return;
    *last = name;
    struct keel__str *out = keel__pg_next(pg);
    keel__str_text(out, "CREATE SCHEMA IF NOT EXISTS ");
    keel__sql_name(out, name);
    keel__str_text(out, ";\n");
}

void keel__pg_ground(struct keel__pg *pg)
{
    const struct keel_schema *to = pg->to;
    const char *last = NULL;
#define NEED(items, count)                                                                         \
    for (size_t i = 0; i < (count); i++)                                                           \
        need_schema(pg, (items)[i].schema, &last);
    NEED(to->tables, to->table_count)
    NEED(to->views, to->view_count)
    NEED(to->enums, to->enum_count)
    NEED(to->domains, to->domain_count)
    NEED(to->sequences, to->sequence_count)
    NEED(to->functions, to->function_count)
#undef NEED
    for (size_t i = 0; i < pg->adds.count; i++)
        if (pg->adds.items[i].kind == KEEL_CHANGE_ADD_EXTENSION) {
            struct keel__str *out = keel__pg_next(pg);
            keel__str_text(out, "CREATE EXTENSION IF NOT EXISTS ");
            keel__sql_name(out, pg->adds.items[i].item);
            keel__str_text(out, ";\n");
        }
}

/* ---- enums and domains ----------------------------------------------------------------------- */

/* What a replaced type is called while its values move over. */
static void aside(struct keel__str *out, const char *name)
{
    char text[64 + 10];
    snprintf(text, sizeof text, "keel_old_%.54s", name);
    keel__sql_name(out, text);
}

static void move_aside(struct keel__pg *pg, const char *what, const char *schema, const char *name)
{
    struct keel__str *out = keel__pg_next(pg);
    keel__str_printf(out, "ALTER %s ", what);
    keel__sql_qualified(out, schema, name);
    keel__str_text(out, " RENAME TO ");
    aside(out, name);
    keel__str_text(out, ";\n");
}

static void alter_domain(struct keel__pg *pg, const struct keel_domain_model *domain,
                         const char *format, const char *text)
{
    struct keel__str *out = keel__pg_next(pg);
    keel__str_text(out, "ALTER DOMAIN ");
    keel__sql_qualified(out, domain->schema, domain->name);
    keel__str_text(out, format);
    if (text)
        keel__str_text(out, text);
    keel__str_text(out, ";\n");
}

static void name_of_check(struct keel__pg *pg, const struct keel_domain_model *domain,
                          const char *words, const char *name)
{
    struct keel__str text;
    keel__str_init(&text, 0);
    keel__sql_name(&text, name);
    alter_domain(pg, domain, words, text.data);
    keel__str_fini(&text);
}

static void change_domain(struct keel__pg *pg, const struct keel_domain_model *was,
                          const struct keel_domain_model *is)
{
    for (size_t i = 0; i < was->check_count; i++) {
        const struct keel_check_model *now = same_check(is, &was->checks[i]);
        if (!now || (now->not_valid && !was->checks[i].not_valid))
            name_of_check(pg, is, " DROP CONSTRAINT ", was->checks[i].name);
    }
    if (!keel__pg_same(was->default_text, is->default_text))
        alter_domain(pg, is, is->default_text ? " SET DEFAULT " : " DROP DEFAULT",
                     is->default_text);
    for (size_t i = 0; i < is->check_count; i++) {
        const struct keel_check_model *old = same_check(was, &is->checks[i]);
        bool stays = old && (!is->checks[i].not_valid || old->not_valid);
        if (!stays)
            keel__postgres_domain_check(keel__pg_next(pg), is, &is->checks[i]);
        else if (old->not_valid && !is->checks[i].not_valid)
            name_of_check(pg, is, " VALIDATE CONSTRAINT ", is->checks[i].name);
    }
    if (was->not_null != is->not_null)
        alter_domain(pg, is, is->not_null ? " SET NOT NULL" : " DROP NOT NULL", NULL);
}

static bool is_added(const struct keel__pg *pg, enum keel_change_kind kind, const void *item)
{
    return keel__pg_op_of(&pg->adds, kind, item) != NULL;
}

void keel__pg_types_add(struct keel__pg *pg)
{
    const struct keel_schema *to = pg->to;
    for (size_t i = 0; i < to->domain_count; i++)
        if (is_swapped(pg, to->domains[i].name))
            move_aside(pg, "DOMAIN", to->domains[i].schema, to->domains[i].name);
    for (size_t i = 0; i < to->enum_count; i++) {
        bool swapped = is_swapped(pg, to->enums[i].name);
        if (swapped)
            move_aside(pg, "TYPE", to->enums[i].schema, to->enums[i].name);
        if (swapped || is_added(pg, KEEL_CHANGE_ADD_ENUM, &to->enums[i]))
            keel__postgres_enum(keel__pg_next(pg), &to->enums[i]);
    }
    keel__pg_functions_add(pg, true);
    for (size_t i = 0; i < to->domain_count; i++)
        if (is_swapped(pg, to->domains[i].name) ||
            is_added(pg, KEEL_CHANGE_ADD_DOMAIN, &to->domains[i]))
            keel__postgres_domain(keel__pg_next(pg), &to->domains[i]);
    for (size_t i = 0; i < pg->diff->count; i++) {
        const struct keel_change *change = &pg->diff->changes[i];
        if (change->kind != KEEL_CHANGE_DOMAIN)
            continue;
        const struct keel_domain_model *is = change->new_item;
        if (!is_swapped(pg, is->name))
            change_domain(pg, change->old_item, is);
    }
}

static void drop_aside(struct keel__pg *pg, const char *what, const char *schema, const char *name)
{
    struct keel__str *out = keel__pg_next(pg);
    keel__str_printf(out, "DROP %s ", what);
    if (schema) {
        keel__sql_name(out, schema);
        keel__str_char(out, '.');
    }
    aside(out, name);
    keel__str_text(out, ";\n");
}

void keel__pg_types_drop_aside(struct keel__pg *pg)
{
    const struct keel_schema *to = pg->to;
    for (size_t i = 0; i < to->domain_count; i++)
        if (is_swapped(pg, to->domains[i].name))
            drop_aside(pg, "DOMAIN", to->domains[i].schema, to->domains[i].name);
    for (size_t i = 0; i < to->enum_count; i++)
        if (is_swapped(pg, to->enums[i].name))
            drop_aside(pg, "TYPE", to->enums[i].schema, to->enums[i].name);
}

/* ---- functions ------------------------------------------------------------------------------- */

void keel__pg_functions_add(struct keel__pg *pg, bool early)
{
    for (size_t i = 0; i < pg->adds.count; i++) {
        const struct keel_function_model *f = pg->adds.items[i].item;
        if (pg->adds.items[i].kind == KEEL_CHANGE_ADD_FUNCTION && f->early == early)
            keel__str_printf(keel__pg_next(pg), "%s;\n", f->sql);
    }
}

static void drop_function(struct keel__pg *pg, struct keel__pg_op *op)
{
    const struct keel_function_model *f = op->item;
    bool procedure = strncmp(f->sql, "CREATE OR REPLACE PROCEDURE", 27) == 0;
    struct keel__str *out = keel__pg_next(pg);
    keel__str_printf(out, "DROP %s ", procedure ? "PROCEDURE" : "FUNCTION");
    keel__sql_qualified(out, f->schema, f->name);
    keel__str_printf(out, "(%s);\n", f->arguments);
    op->done = true;
}

void keel__pg_functions_drop_early(struct keel__pg *pg)
{
    for (size_t i = pg->drops.count; i > 0; i--) {
        struct keel__pg_op *op = &pg->drops.items[i - 1];
        if (op->kind == KEEL_CHANGE_DROP_FUNCTION && !op->done && (op->early || op->remade))
            drop_function(pg, op);
    }
}

/* ---- what goes ------------------------------------------------------------------------------- */

static void drop_named(struct keel__pg *pg, const char *what, const char *schema, const char *name)
{
    struct keel__str *out = keel__pg_next(pg);
    keel__str_printf(out, "DROP %s ", what);
    keel__sql_qualified(out, schema, name);
    keel__str_text(out, ";\n");
}

void keel__pg_types_drop(struct keel__pg *pg)
{
    const struct keel__pg_ops *drops = &pg->drops;
    for (size_t i = 0; i < drops->count; i++)
        if (drops->items[i].kind == KEEL_CHANGE_DROP_FUNCTION && !drops->items[i].done)
            drop_function(pg, &drops->items[i]);
    for (size_t i = 0; i < drops->count; i++)
        if (drops->items[i].kind == KEEL_CHANGE_DROP_DOMAIN) {
            const struct keel_domain_model *domain = drops->items[i].item;
            drop_named(pg, "DOMAIN", domain->schema, domain->name);
        }
    for (size_t i = 0; i < drops->count; i++)
        if (drops->items[i].kind == KEEL_CHANGE_DROP_ENUM) {
            const struct keel_enum_model *e = drops->items[i].item;
            drop_named(pg, "TYPE", e->schema, e->name);
        }
    for (size_t i = 0; i < drops->count; i++)
        if (drops->items[i].kind == KEEL_CHANGE_DROP_EXTENSION)
            drop_named(pg, "EXTENSION", NULL, drops->items[i].item);
}
