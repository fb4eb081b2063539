#include "audit/fix.h"

#include "schema/model.h"
#include "schema/render.h"

#include <stdlib.h>
#include <string.h>

/* One repair on its way into the migration. */
struct work {
    const struct keel_finding *finding;
    const struct keel__repair *repair;
    size_t place; /* of the finding */
};

struct outcome {          /* of a finding */
    bool wanted;          /* it has repairs that need no decision */
    size_t made;          /* of these */
    const char *not_made; /* why one was not; NULL */
};

struct writer {
    struct keel__fix fix;
    struct work *works;
    size_t work_count;
    struct outcome *outcomes; /* one a finding */
};

/* ---- choosing -------------------------------------------------------------------------------- */

/* Keys that references need come first; indexes last, when it is known which ones keys bring. */
static int phase(enum keel__repair_kind kind)
{
    switch (kind) {
    case KEEL__REPAIR_TYPE:
    case KEEL__REPAIR_DEFAULT:
    case KEEL__REPAIR_NOT_NULL:
        return 0;
    case KEEL__REPAIR_ADD_PRIMARY_KEY:
        return 1;
    case KEEL__REPAIR_DROP_INDEX:
        return 2;
    case KEEL__REPAIR_ADD_UNIQUE:
        return 3;
    case KEEL__REPAIR_ADD_FOREIGN_KEY:
    case KEEL__REPAIR_CHANGE_FOREIGN_KEY:
        return 4;
    case KEEL__REPAIR_ADD_INDEX:
        return 6;
    default:
        return 5;
    }
}

/* Longer indexes first: they serve for shorter ones. */
static int index_order(const struct keel__repair *a, const struct keel__repair *b)
{
    if (a->kind != KEEL__REPAIR_ADD_INDEX)
        return 0;
    size_t x = ((const struct keel_index_model *)a->item)->part_count;
    size_t y = ((const struct keel_index_model *)b->item)->part_count;
    return x > y ? -1 : x < y;
}

static int by_phase(const void *a, const void *b)
{
    const struct work *x = a, *y = b;
    int order = phase(x->repair->kind) - phase(y->repair->kind);
    if (order == 0)
        order = index_order(x->repair, y->repair);
    if (order)
        return order;
    return x->place < y->place ? -1 : x->place > y->place;
}

static int collect(struct writer *w, struct keel_error *err)
{
    const struct keel_audit *audit = w->fix.audit;
    w->outcomes = keel__arena_calloc(&w->fix.arena, audit->count + 1, sizeof *w->outcomes);
    if (!w->outcomes)
        return keel__arena_error(&w->fix.arena, err);
    for (size_t i = 0; i < audit->count; i++) {
        const struct keel_finding *finding = &audit->findings[i];
        if (finding->fix != KEEL_FIX_AUTOMATIC || finding->suppressed)
            continue;
        for (const struct keel__repair *r = finding->repair; r; r = r->next) {
            struct work *work = KEEL__PUSH(&w->fix.arena, w->works, w->work_count);
            if (!work)
                return keel__arena_error(&w->fix.arena, err);
            *work = (struct work){finding, r, i};
            w->outcomes[i].wanted |= r->kind != KEEL__REPAIR_CHOICE;
        }
    }
    if (w->work_count)
        qsort(w->works, w->work_count, sizeof *w->works, by_phase);
    return 0;
}

/* ---- whether a repair can be made ------------------------------------------------------------ */

static void conversion_query(struct keel__str *sql, const struct keel__repair *repair,
                             enum keel_dialect dialect)
{
    keel__str_text(sql, "SELECT count(*) FROM (SELECT ");
    keel__sql_name(sql, repair->column);
    keel__str_printf(sql, " AS keel_old, %s AS ", repair->convert);
    keel__sql_name(sql, repair->column);
    keel__str_text(sql, " FROM ");
    keel__sql_qualified(sql, repair->table->schema, repair->table->name);
    if (dialect == KEEL_POSTGRES)
        keel__str_printf(sql, ") AS t WHERE (%s)::text IS DISTINCT FROM keel_old::text",
                         repair->revert);
    else
        keel__str_printf(sql, ") AS t WHERE (%s) IS NOT keel_old OR typeof(%s) <> typeof(keel_old)",
                         repair->revert, repair->revert);
}

/* Rows whose value would not come back as it was. */
static int check_conversion(struct writer *w, const struct keel__repair *repair,
                            const char **why_not, struct keel_error *err)
{
    struct keel__str sql;
    keel__str_init(&sql, 0);
    conversion_query(&sql, repair, w->fix.dialect);
    int rc = keel__str_error(&sql, err);
    struct keel_query query = {
        .name = "audit_fix_conversion", .sqlite = sql.data, .postgres = sql.data};
    const struct keel_row *row;
    if (rc == 0)
        rc = keel_db_one(w->fix.db, &query, KEEL_NO_PARAMS, &row, err);
    if (rc == 0 && keel_row_int(row, 0) > 0)
        *why_not = keel__arena_printf(&w->fix.arena, "%lld values would not come back as they are",
                                      (long long)keel_row_int(row, 0));
    keel__str_fini(&sql);
    return rc;
}

static int look_at_data(struct writer *w, const struct keel__repair *repair, const char **why_not,
                        struct keel_error *err)
{
    int64_t count = 0;
    int rc = 0;
    if (repair->kind == KEEL__REPAIR_TYPE && repair->convert)
        rc = check_conversion(w, repair, why_not, err);
    if (rc == 0 && !*why_not && repair->breaks)
        rc = keel__fix_breach(&w->fix, repair, &count, err);
    return rc;
}

/* What the data says, in a savepoint: an expression that fails on some value is a reason not to
 * make the repair, not an error. */
static int examine(struct writer *w, const struct keel__repair *repair, const char **why_not,
                   struct keel_error *err)
{
    struct keel_error inner = {0};
    if (!repair->breaks && !(repair->kind == KEEL__REPAIR_TYPE && repair->convert))
        return 0;
    int rc = keel_db_begin(w->fix.db, KEEL_TX_READ, err);
    if (rc)
        return rc;
    rc = look_at_data(w, repair, why_not, &inner);
    keel_db_rollback(w->fix.db);
    if (rc == KEEL_NOMEM || rc == KEEL_IO || rc == KEEL_BUSY) {
        if (err)
            *err = inner;
        return rc;
    }
    if (rc)
        *why_not = keel__arena_printf(&w->fix.arena, "the database says: %s", inner.message);
    return rc && !*why_not ? keel__arena_error(&w->fix.arena, err) : 0;
}

static int make(struct writer *w, const struct work *work, struct keel_error *err)
{
    struct outcome *outcome = &w->outcomes[work->place];
    const char *why_not = NULL;
    if (work->repair->kind == KEEL__REPAIR_CHOICE)
        return 0;
    int rc = examine(w, work->repair, &why_not, err);
    if (rc == 0 && !why_not)
        rc = keel__fix_model(&w->fix, work->repair, &why_not, err);
    if (rc == 0 && why_not)
        outcome->not_made = why_not;
    else if (rc == 0)
        outcome->made++;
    return rc;
}

/* ---- comments -------------------------------------------------------------------------------- */

/* text as comment lines; what would end the comment cannot be in it. */
static void comment(struct keel__str *out, const char *indent, const char *text)
{
    keel__str_printf(out, "-- %s", indent);
    for (; *text; text++)
        if (*text == '\n')
            keel__str_printf(out, "\n-- %s", indent);
        else
            keel__str_char(out, *text == '\r' ? ' ' : *text);
    keel__str_char(out, '\n');
}

static void heading(struct keel__str *out, const char *text)
{
    keel__str_printf(out, "\n-- ---- %s ", text);
    for (size_t n = strlen(text); n < 90; n++)
        keel__str_char(out, '-');
    keel__str_text(out, "\n\n");
}

static void name_finding(struct keel__str *out, const struct keel_finding *finding)
{
    struct keel__str line;
    keel__str_init(&line, 0);
    keel__str_printf(&line, "%s", finding->rule);
    if (finding->table) {
        keel__str_char(&line, ' ');
        keel__sql_qualified(&line, finding->schema, finding->table);
    }
    for (size_t i = 0; i < finding->column_count; i++)
        keel__str_printf(&line, "%s%s", i ? ", " : ".", finding->columns[i]);
    if (finding->object)
        keel__str_printf(&line, " (%s %s)", finding->object_kind, finding->object);
    keel__str_printf(&line, ": %s", finding->message);
    comment(out, "", line.data ? line.data : "");
    out->failed |= line.failed;
    keel__str_fini(&line);
}

static void name_choices(struct keel__str *out, const struct keel_finding *finding)
{
    for (const struct keel__repair *r = finding->repair; r; r = r->next)
        if (r->choices)
            comment(out, "    ", r->choices);
}

static void repaired(const struct writer *w, struct keel__str *out)
{
    const struct keel_audit *audit = w->fix.audit;
    for (size_t i = 0; i < audit->count; i++) {
        if (!w->outcomes[i].made)
            continue;
        name_finding(out, &audit->findings[i]);
        if (audit->findings[i].fix_text)
            comment(out, "    ", audit->findings[i].fix_text);
        if (w->outcomes[i].not_made)
            comment(out, "    in part only: ", w->outcomes[i].not_made);
        name_choices(out, &audit->findings[i]);
    }
}

static bool needs_decision(const struct writer *w, size_t i)
{
    const struct keel_finding *finding = &w->fix.audit->findings[i];
    if (finding->suppressed)
        return false;
    return finding->fix == KEEL_FIX_NEEDS_DECISION ||
           (w->outcomes[i].wanted && !w->outcomes[i].made);
}

static void decisions(const struct writer *w, struct keel__str *out)
{
    const struct keel_audit *audit = w->fix.audit;
    bool any = false;
    for (size_t i = 0; i < audit->count; i++) {
        if (!needs_decision(w, i))
            continue;
        if (!any)
            heading(out, "what needs a decision");
        any = true;
        name_finding(out, &audit->findings[i]);
        if (w->outcomes[i].not_made)
            comment(out, "    not repaired: ", w->outcomes[i].not_made);
        else if (audit->findings[i].fix_text)
            comment(out, "    ", audit->findings[i].fix_text);
        name_choices(out, &audit->findings[i]);
    }
}

/* ---- the two files --------------------------------------------------------------------------- */

static int add_changes(struct writer *w, struct keel__str *out, bool there, struct keel_error *err)
{
    struct keel__fix *fix = &w->fix;
    struct keel_diff *diff = NULL;
    char *sql = NULL;
    struct keel_alter_options options = {.conversions = there ? fix->there : fix->back,
                                         .conversion_count = fix->conversion_count};
    int rc = keel_schema_diff(&diff, there ? fix->from : &fix->to, there ? &fix->to : fix->from,
                              NULL, err);
    if (rc == 0 && diff->count) {
        rc = keel_diff_sql(&sql, diff, &options, err);
        if (rc == 0) {
            heading(out, "the schema");
            keel__str_text(out, sql);
        }
    }
    free(sql);
    keel_diff_free(diff);
    return rc;
}

static void moved_comment(const struct keel__fix *fix, struct keel__str *out)
{
    for (size_t i = 0; i < fix->row_count; i++) {
        const struct keel__fix_rows *rows = &fix->rows[i];
        struct keel__str line;
        keel__str_init(&line, 0);
        keel__str_printf(&line, "%s: %lld row%s to %s", rows->table->name, (long long)rows->moved,
                         rows->moved == 1 ? "" : "s", rows->quarantine);
        comment(out, "", line.data ? line.data : "");
        out->failed |= line.failed;
        keel__str_fini(&line);
    }
}

static void statements(const struct keel__fix *fix, struct keel__str *out, bool up)
{
    bool any = false;
    for (size_t i = 0; i < fix->statement_count; i++) {
        const char *sql = up ? fix->statements[i]->up_sql : fix->statements[i]->down_sql;
        if (!sql)
            continue;
        if (!any)
            heading(out, "statements");
        any = true;
        keel__str_printf(out, "%s;\n", sql);
    }
}

static int write_up(struct writer *w, size_t repairs, struct keel__str *out, struct keel_error *err)
{
    if (repairs == 0) {
        keel__str_text(out,
                       "-- keel audit found nothing that can be repaired without a decision.\n");
        decisions(w, out);
        return 0;
    }
    keel__str_text(out,
                   "-- Repairs by keel audit. The down file undoes them, rows included.\n--\n");
    repaired(w, out);
    if (w->fix.row_count) {
        heading(out, "rows in the way go to quarantine, whole, with the reason");
        moved_comment(&w->fix, out);
        keel__fix_rows_away(&w->fix, out);
    }
    int rc = add_changes(w, out, true, err);
    statements(&w->fix, out, true);
    decisions(w, out);
    return rc;
}

static int write_down(struct writer *w, size_t repairs, struct keel__str *out,
                      struct keel_error *err)
{
    if (repairs == 0) {
        keel__str_text(out, "-- Nothing was repaired.\n");
        return 0;
    }
    /* What broke a declared key before breaks it again. */
    if (w->fix.dialect == KEEL_SQLITE && w->fix.row_count)
        keel__str_text(out, "-- foreign_keys:false\n");
    keel__str_text(out, "-- Undoes the repairs by keel audit.\n");
    statements(&w->fix, out, false);
    int rc = add_changes(w, out, false, err);
    if (rc == 0 && w->fix.row_count) {
        heading(out, "rows come back from quarantine");
        keel__fix_rows_back(&w->fix, out);
    }
    return rc;
}

static int prepare(struct writer *w, size_t *repairs, struct keel_error *err)
{
    struct keel__fix *fix = &w->fix;
    fix->to = *fix->from;
    fix->to.tables =
        keel__arena_calloc(&fix->arena, fix->from->table_count + 1, sizeof *fix->to.tables);
    if (!fix->to.tables)
        return keel__arena_error(&fix->arena, err);
    if (fix->from->table_count)
        memcpy(fix->to.tables, fix->from->tables, fix->from->table_count * sizeof *fix->to.tables);
    int rc = collect(w, err);
    for (size_t i = 0; rc == 0 && i < w->work_count; i++)
        rc = make(w, &w->works[i], err);
    if (rc == 0)
        rc = keel__fix_index_references(fix, err);
    if (rc == 0)
        rc = keel__fix_follow(fix, err);
    *repairs = 0;
    for (size_t i = 0; rc == 0 && i < fix->audit->count; i++)
        *repairs += w->outcomes[i].made > 0;
    return rc;
}

static int write_both(struct writer *w, char **up, char **down, size_t *repairs,
                      struct keel_error *err)
{
    struct keel__str there, back;
    keel__str_init(&there, 0);
    keel__str_init(&back, 0);
    int rc = keel_db_begin(w->fix.db, KEEL_TX_READ, err);
    if (rc == 0) {
        rc = prepare(w, repairs, err);
        keel_db_rollback(w->fix.db);
    }
    if (rc == 0)
        rc = write_up(w, *repairs, &there, err);
    if (rc == 0)
        rc = write_down(w, *repairs, &back, err);
    if (rc == 0)
        rc = keel__str_error(&there, err);
    if (rc == 0)
        rc = keel__str_error(&back, err);
    *up = rc ? NULL : keel__str_steal(&there);
    *down = rc ? NULL : keel__str_steal(&back);
    keel__str_fini(&there);
    keel__str_fini(&back);
    return rc;
}

int keel_audit_fix(char **up, char **down, size_t *repairs, const struct keel_audit *audit,
                   struct keel_db *db, struct keel_error *err)
{
    size_t count = 0;
    struct writer w = {
        .fix = {
            .audit = audit, .db = db, .dialect = audit->schema->dialect, .from = audit->schema}};
    keel__arena_init(&w.fix.arena, 0);
    int rc = write_both(&w, up, down, repairs ? repairs : &count, err);
    keel__arena_fini(&w.fix.arena);
    return rc;
}
