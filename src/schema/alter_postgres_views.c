/* Views and triggers. */
#include "schema/alter_postgres.h"

#include <string.h>

static bool is_view(const struct keel_view_model *view, const char *qualified)
{
    size_t n = view->schema ? strlen(view->schema) : 0;
    return (n == 0 || strncmp(qualified, view->schema, n) == 0) && qualified[n] == '.' &&
           strcmp(qualified + n + 1, view->name) == 0;
}

static bool needs(const struct keel_view_model *view, const struct keel_view_model *other)
{
    for (size_t i = 0; i < view->depends_count; i++)
        if (is_view(other, view->depends_on[i]))
            return true;
    return false;
}

/* ---- what goes ------------------------------------------------------------------------------- */

static bool is_pending(const struct keel__pg_op *op, enum keel_change_kind kind)
{
    return op->kind == kind && !op->done;
}

/* Whether another view that is to be dropped is made of it. */
static bool is_needed(const struct keel__pg *pg, const struct keel_view_model *view)
{
    for (size_t i = 0; i < pg->drops.count; i++) {
        const struct keel__pg_op *op = &pg->drops.items[i];
        if (is_pending(op, KEEL_CHANGE_DROP_VIEW) && op->item != view && needs(op->item, view))
            return true;
    }
    return false;
}

/* Whether something that is made before the new views stands in its way. */
static bool is_in_the_way(const struct keel__pg *pg, const struct keel__pg_op *drop)
{
    const struct keel_view_model *view = drop->item;
    if (drop->remade || !pg->options->concurrently)
        return true;
    for (size_t i = 0; i < pg->column_count; i++)
        if ((pg->columns[i].type || pg->columns[i].gone) &&
            keel__pg_mentions(view->body, pg->columns[i].table->name))
            return true;
    for (size_t i = 0; i < pg->word_count; i++)
        if (keel__pg_mentions(view->body, pg->words[i]))
            return true;
    for (size_t i = 0; i < pg->to->table_count; i++)
        if (strcmp(pg->to->tables[i].name, view->name) == 0)
            return true;
    for (size_t i = 0; i < pg->drops.count; i++) {
        const struct keel__pg_op *op = &pg->drops.items[i];
        if (op->kind == KEEL_CHANGE_DROP_VIEW && op->remade && needs(view, op->item))
            return true;
        if (op->kind == KEEL_CHANGE_DROP_COLUMN && keel__pg_mentions(view->body, op->table->name))
            return true;
    }
    return false;
}

static void drop_view(struct keel__pg *pg, const struct keel_view_model *view)
{
    struct keel__str *out = keel__pg_next(pg);
    keel__str_printf(out, "DROP %sVIEW ", view->materialized ? "MATERIALIZED " : "");
    keel__sql_qualified(out, view->schema, view->name);
    keel__str_text(out, ";\n");
}

void keel__pg_views_drop(struct keel__pg *pg, bool early)
{
    bool way = false;
    for (size_t i = 0; early && i < pg->drops.count; i++)
        way = way || (pg->drops.items[i].kind == KEEL_CHANGE_DROP_VIEW &&
                      is_in_the_way(pg, &pg->drops.items[i]));
    if (early && !way)
        return;
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < pg->drops.count; i++) {
            struct keel__pg_op *op = &pg->drops.items[i];
            if (!is_pending(op, KEEL_CHANGE_DROP_VIEW) || is_needed(pg, op->item))
                continue;
            op->done = again = true;
            drop_view(pg, op->item);
        }
    }
}

/* ---- what comes ------------------------------------------------------------------------------ */

static bool waits(const struct keel__pg *pg, const struct keel_view_model *view)
{
    for (size_t i = 0; i < pg->adds.count; i++) {
        const struct keel__pg_op *op = &pg->adds.items[i];
        if (is_pending(op, KEEL_CHANGE_ADD_VIEW) && op->item != view && needs(view, op->item))
            return true;
    }
    return false;
}

static void add_view(struct keel__pg *pg, const struct keel_view_model *view)
{
    keel__postgres_view(keel__pg_next(pg), view);
    pg->group_statements += view->index_count;
    for (size_t i = 0; i < view->trigger_count; i++)
        keel__postgres_trigger(keel__pg_next(pg), view->schema, view->name, &view->triggers[i]);
}

/* early: those that were only in the way. */
void keel__pg_views_add(struct keel__pg *pg, bool early)
{
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < pg->adds.count; i++) {
            struct keel__pg_op *op = &pg->adds.items[i];
            if (!is_pending(op, KEEL_CHANGE_ADD_VIEW) || (early && !op->remade) ||
                waits(pg, op->item))
                continue;
            op->done = again = true;
            add_view(pg, op->item);
        }
    }
}

/* ---- privileges ------------------------------------------------------------------------------ */

static bool is_remade_view(const struct keel__pg_op *op)
{
    return op->kind == KEEL_CHANGE_DROP_VIEW && op->remade;
}

static bool remakes_views(const struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->drops.count; i++)
        if (is_remade_view(&pg->drops.items[i]))
            return true;
    return false;
}

/* 'schema.name'::regclass, ... of the views that are made again. */
static void write_views(struct keel__str *out, const struct keel__pg *pg)
{
    const char *comma = "";
    for (size_t i = 0; i < pg->drops.count; i++) {
        const struct keel_view_model *view = pg->drops.items[i].item;
        struct keel__str name;
        if (!is_remade_view(&pg->drops.items[i]))
            continue;
        keel__str_init(&name, 0);
        keel__sql_qualified(&name, view->schema, view->name);
        keel__str_text(out, comma);
        keel__sql_string(out, name.data ? name.data : "");
        keel__str_text(out, "::regclass");
        out->failed = out->failed || name.failed;
        keel__str_fini(&name);
        comma = ", ";
    }
}

/* Who may use a view, and whose it is, is noted before it is dropped and said again after. */
void keel__pg_privileges_note(struct keel__pg *pg)
{
    if (!remakes_views(pg))
        return;
    struct keel__str *out = keel__pg_next(pg);
    keel__str_text(
        out,
        "CREATE TEMPORARY TABLE keel_privileges AS\n"
        "SELECT format('GRANT %s ON %s TO %s%s', a.privilege_type, c.oid::regclass,\n"
        "              coalesce(quote_ident(r.rolname), 'PUBLIC'),\n"
        "              CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) AS sql\n"
        "FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a\n"
        "LEFT JOIN pg_roles r ON r.oid = a.grantee\n"
        "WHERE a.grantee <> c.relowner AND c.oid IN (");
    write_views(out, pg);
    keel__str_text(out,
                   ")\nUNION ALL\nSELECT format('ALTER TABLE %s OWNER TO %I', c.oid::regclass, "
                   "pg_get_userbyid(c.relowner))\nFROM pg_class c\n"
                   "WHERE pg_get_userbyid(c.relowner) <> current_user AND c.oid IN (");
    write_views(out, pg);
    keel__str_text(out, ");\n");
}

void keel__pg_privileges_give(struct keel__pg *pg)
{
    if (!remakes_views(pg))
        return;
    keel__str_text(keel__pg_next(pg), "DO $keel$\nDECLARE\n    had record;\nBEGIN\n"
                                      "    FOR had IN SELECT sql FROM keel_privileges LOOP\n"
                                      "        EXECUTE had.sql;\n    END LOOP;\nEND\n$keel$;\n");
    keel__str_text(keel__pg_next(pg), "DROP TABLE keel_privileges;\n");
}

/* ---- triggers -------------------------------------------------------------------------------- */

/* The view that has the trigger, in model; NULL when a table has it. */
static const struct keel_view_model *view_of(const struct keel_schema *model,
                                             const struct keel_trigger_model *trigger)
{
    for (size_t i = 0; i < model->view_count; i++)
        for (size_t k = 0; k < model->views[i].trigger_count; k++)
            if (&model->views[i].triggers[k] == trigger)
                return &model->views[i];
    return NULL;
}

/* A view that is dropped takes its triggers along. */
static bool goes_with_view(const struct keel__pg *pg, const struct keel_view_model *view)
{
    for (size_t i = 0; i < pg->drops.count; i++) {
        const struct keel__pg_op *op = &pg->drops.items[i];
        const struct keel_view_model *v = op->item;
        if (op->kind == KEEL_CHANGE_DROP_VIEW && strcmp(v->name, view->name) == 0 &&
            keel__pg_same(v->schema, view->schema))
            return true;
    }
    return false;
}

void keel__pg_triggers_drop(struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->drops.count; i++) {
        const struct keel__pg_op *op = &pg->drops.items[i];
        const struct keel_trigger_model *trigger = op->item;
        if (op->kind != KEEL_CHANGE_DROP_TRIGGER)
            continue;
        const struct keel_view_model *view = op->table ? NULL : view_of(pg->from, trigger);
        if (!op->table && (!view || goes_with_view(pg, view)))
            continue;
        struct keel__str *out = keel__pg_next(pg);
        keel__str_text(out, "DROP TRIGGER ");
        keel__sql_name(out, trigger->name);
        keel__str_text(out, " ON ");
        keel__sql_qualified(out, view ? view->schema : op->table->schema,
                            view ? view->name : op->table->name);
        keel__str_text(out, ";\n");
    }
}

void keel__pg_triggers_add(struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->adds.count; i++) {
        const struct keel__pg_op *op = &pg->adds.items[i];
        const struct keel_trigger_model *trigger = op->item;
        if (op->kind != KEEL_CHANGE_ADD_TRIGGER)
            continue;
        const struct keel_view_model *view = op->table ? NULL : view_of(pg->to, trigger);
        if (!op->table && (!view || keel__pg_op_of(&pg->adds, KEEL_CHANGE_ADD_VIEW, view)))
            continue;
        if (!trigger->enabled)
            pg->group_statements++;
        keel__postgres_trigger(keel__pg_next(pg), view ? view->schema : op->table->schema,
                               view ? view->name : op->table->name, trigger);
    }
}
