#include "audit/fix.h"

#include "keel_sql_audit.h"
#include "schema/model.h"
#include "schema/render.h"

#include <string.h>

/* Rows that leave are copied into a quarantine table of their table, then deleted, children before
 * parents. So no ON DELETE action ever finds a row to act on, and what comes back, parents before
 * children, is what left. Triggers stay out of it. */

enum { SWEEPS = 3 }; /* over tables that refer to each other in a circle */

static const struct keel_table_model *target(const struct keel__fix *fix,
                                             const struct keel__fix_rows *rows)
{
    return &fix->to.tables[rows->index];
}

static bool has_column(const struct keel_table_model *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (keel__name_is(table->columns[i].name, name))
            return true;
    return false;
}

static const char *row_name_of(const struct keel_table_model *table)
{
    static const char *const names[] = {"rowid", "_rowid_", "oid"};
    for (size_t i = 0; i < 3 && !table->without_rowid; i++)
        if (!has_column(table, names[i]))
            return names[i];
    return NULL;
}

static struct keel__fix_rows *rows_of(struct keel__fix *fix, size_t index)
{
    for (size_t i = 0; i < fix->row_count; i++)
        if (fix->rows[i].index == index)
            return &fix->rows[i];
    return NULL;
}

/* A name that no earlier repair has taken either: the audit's schema leaves keel's tables out. */
static int name_quarantine(struct keel__fix *fix, const struct keel_table_model *table,
                           const char **out, struct keel_error *err)
{
    const struct keel_row *row;
    for (int n = 1;; n++) {
        *out = n == 1 ? keel__fix_name(fix, "keel_quarantine_%s", table->name)
                      : keel__fix_name(fix, "keel_quarantine_%d_%s", n, table->name);
        if (!*out)
            return keel__arena_error(&fix->arena, err);
        int rc =
            keel_db_one(fix->db, &keel_q_audit_fix_taken, KEEL_PARAMS(keel_cstr(*out)), &row, err);
        if (rc || keel_row_int(row, 0) == 0)
            return rc;
    }
}

static int add_rows(struct keel__fix *fix, const struct keel_table_model *table,
                    struct keel__fix_rows **out, struct keel_error *err)
{
    const char *name;
    *out = rows_of(fix, keel__fix_table_index(fix, table));
    if (*out)
        return 0;
    int rc = name_quarantine(fix, table, &name, err);
    if (rc)
        return rc;
    struct keel__fix_rows *rows = KEEL__PUSH(&fix->arena, fix->rows, fix->row_count);
    if (!rows)
        return keel__arena_error(&fix->arena, err);
    rows->table = table;
    rows->index = keel__fix_table_index(fix, table);
    rows->quarantine = name;
    rows->row_name = fix->dialect == KEEL_SQLITE ? row_name_of(table) : NULL;
    *out = rows;
    return 0;
}

/* ---- what leaves ----------------------------------------------------------------------------- */

static int count_of(struct keel__fix *fix, const char *sql, int64_t *count, struct keel_error *err)
{
    struct keel_query query = {.name = "audit_fix_count", .sqlite = sql, .postgres = sql};
    const struct keel_row *row;
    int rc = keel_db_one(fix->db, &query, KEEL_NO_PARAMS, &row, err);
    *count = rc ? 0 : keel_row_int(row, 0);
    return rc;
}

int keel__fix_breach(struct keel__fix *fix, const struct keel__repair *repair, int64_t *count,
                     struct keel_error *err)
{
    const struct keel_table_model *table = repair->table;
    struct keel__str sql;
    keel__str_init(&sql, 0);
    keel__str_text(&sql, "SELECT count(*) FROM ");
    keel__sql_qualified(&sql, table->schema, table->name);
    keel__str_printf(&sql, " AS t WHERE %s", repair->breaks);
    int rc = keel__str_error(&sql, err);
    if (rc == 0)
        rc = count_of(fix, sql.data, count, err);
    keel__str_fini(&sql);
    if (rc || *count == 0)
        return rc;
    struct keel__fix_rows *rows;
    rc = add_rows(fix, table, &rows, err);
    if (rc)
        return rc;
    struct keel__fix_breach *breach = KEEL__PUSH(&fix->arena, rows->breaches, rows->breach_count);
    if (!breach)
        return keel__arena_error(&fix->arena, err);
    breach->condition = repair->breaks;
    breach->reason = repair->reason ? repair->reason : "in the way of a repair";
    return 0;
}

/* ---- who follows ----------------------------------------------------------------------------- */

/* The rows of the table that key refers to, if some leave. */
static struct keel__fix_rows *parent_rows(struct keel__fix *fix,
                                          const struct keel_foreign_key_model *key)
{
    if (!key->parent_columns)
        return NULL;
    for (size_t i = 0; i < fix->row_count; i++)
        if (keel__fix_refers_to(fix, key, fix->rows[i].table))
            return &fix->rows[i];
    return NULL;
}

static int add_followers(struct keel__fix *fix, struct keel_error *err)
{
    bool more = fix->row_count > 0;
    while (more) {
        more = false;
        for (size_t i = 0; i < fix->to.table_count; i++) {
            const struct keel_table_model *t = &fix->to.tables[i];
            if (t->kind == KEEL_TABLE_PARTITION || rows_of(fix, i))
                continue;
            for (size_t k = 0; k < t->foreign_key_count; k++) {
                if (!parent_rows(fix, &t->foreign_keys[k]))
                    continue;
                struct keel__fix_rows *rows;
                int rc = add_rows(fix, &fix->from->tables[i], &rows, err);
                if (rc)
                    return rc;
                more = true;
                break;
            }
        }
    }
    return 0;
}

/* Whether all parents of rows but itself stand before place `done`. */
static bool is_next(struct keel__fix *fix, const struct keel__fix_rows *rows)
{
    const struct keel_table_model *t = target(fix, rows);
    for (size_t k = 0; k < t->foreign_key_count; k++) {
        const struct keel__fix_rows *parent = parent_rows(fix, &t->foreign_keys[k]);
        if (parent && parent != rows && !parent->ordered)
            return false;
    }
    return true;
}

static void put_in_order(struct keel__fix *fix)
{
    for (size_t done = 0; done < fix->row_count; done++) {
        size_t next = done; /* in a circle: whichever comes first */
        for (size_t i = done; i < fix->row_count; i++)
            if (is_next(fix, &fix->rows[i])) {
                next = i;
                break;
            }
        struct keel__fix_rows chosen = fix->rows[next];
        memmove(&fix->rows[done + 1], &fix->rows[done], (next - done) * sizeof chosen);
        chosen.ordered = true;
        fix->rows[done] = chosen;
    }
}

/* ---- conditions ------------------------------------------------------------------------------ */

/* (prefix.a, prefix.b); without parentheses for one column */
static void tuple(struct keel__str *out, const char *prefix, const char *const *columns,
                  size_t count)
{
    if (count > 1)
        keel__str_char(out, '(');
    for (size_t i = 0; i < count; i++) {
        if (i)
            keel__str_text(out, ", ");
        if (prefix)
            keel__str_printf(out, "%s.", prefix);
        keel__sql_name(out, columns[i]);
    }
    if (count > 1)
        keel__str_char(out, ')');
}

static void bare_list(struct keel__str *out, const char *const *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        keel__str_text(out, i ? ", " : "");
        keel__sql_name(out, columns[i]);
    }
}

static void quarantine_name(struct keel__str *out, const struct keel__fix_rows *rows)
{
    keel__sql_qualified(out, rows->table->schema, rows->quarantine);
}

/* t refers to a row of parent that has left; source is where those are: its quarantine table or the
 * part of a WITH. */
static void follows(struct keel__str *out, const struct keel_foreign_key_model *key,
                    const char *source)
{
    tuple(out, "t", key->columns, key->column_count);
    keel__str_text(out, " IN (SELECT ");
    bare_list(out, key->parent_columns, key->column_count);
    keel__str_printf(out, " FROM %s)", source);
}

/* Which keys of rows' table count: those to other tables that come before it, or all of them. */
static bool is_edge(struct keel__fix *fix, const struct keel__fix_rows *rows,
                    const struct keel_foreign_key_model *key, bool all)
{
    const struct keel__fix_rows *parent = parent_rows(fix, key);
    return parent && parent != rows && (all || parent < rows);
}

/* All reasons to leave, joined by OR: the breaches, and the keys. with: the name of the part of a
 * WITH for each table, as "moved_<place>"; else the quarantine tables. Returns how many there are.
 */
static size_t condition(struct keel__fix *fix, struct keel__str *out,
                        const struct keel__fix_rows *rows, bool breaches, bool all_keys, bool with)
{
    const struct keel_table_model *t = target(fix, rows);
    size_t count = 0;
    for (size_t i = 0; breaches && i < rows->breach_count; i++)
        keel__str_printf(out, "%s(%s)", count++ ? "\n   OR " : "", rows->breaches[i].condition);
    for (size_t k = 0; k < t->foreign_key_count; k++) {
        const struct keel_foreign_key_model *key = &t->foreign_keys[k];
        if (!is_edge(fix, rows, key, all_keys))
            continue;
        const struct keel__fix_rows *parent = parent_rows(fix, key);
        struct keel__str source;
        keel__str_init(&source, 0);
        if (with)
            keel__str_printf(&source, "moved_%zu", (size_t)(parent - fix->rows));
        else
            quarantine_name(&source, parent);
        keel__str_text(out, count++ ? "\n   OR " : "");
        follows(out, key, source.data ? source.data : "");
        out->failed |= source.failed;
        keel__str_fini(&source);
    }
    return count;
}

/* ---- who really has rows to move ------------------------------------------------------------- */

/* Columns of rows' table that keys of the others refer to. */
static void exposed(struct keel__fix *fix, struct keel__str *out, const struct keel__fix_rows *rows)
{
    const struct keel_table_model *table = rows->table;
    bool any = false;
    for (size_t c = 0; c < table->column_count; c++) {
        bool wanted = false;
        for (size_t i = 0; i < fix->row_count && !wanted; i++) {
            const struct keel_table_model *t = target(fix, &fix->rows[i]);
            for (size_t k = 0; k < t->foreign_key_count && !wanted; k++) {
                const struct keel_foreign_key_model *key = &t->foreign_keys[k];
                if (parent_rows(fix, key) != rows)
                    continue;
                for (size_t p = 0; p < key->column_count; p++)
                    wanted |= keel__name_is(key->parent_columns[p], table->columns[c].name);
            }
        }
        if (!wanted)
            continue;
        keel__str_text(out, any ? ", t." : "t.");
        keel__sql_name(out, table->columns[c].name);
        any = true;
    }
    if (!any)
        keel__str_char(out, '1');
}

static void counting_query(struct keel__fix *fix, struct keel__str *out)
{
    for (size_t i = 0; i < fix->row_count; i++) {
        const struct keel__fix_rows *rows = &fix->rows[i];
        keel__str_printf(out, "%s moved_%zu AS (SELECT ", i ? "," : "WITH", i);
        exposed(fix, out, rows);
        keel__str_text(out, " FROM ");
        keel__sql_qualified(out, rows->table->schema, rows->table->name);
        keel__str_text(out, " AS t WHERE ");
        if (!condition(fix, out, rows, true, false, true))
            keel__str_text(out, "1 = 0");
        keel__str_text(out, ")");
    }
    keel__str_text(out, " SELECT");
    for (size_t i = 0; i < fix->row_count; i++)
        keel__str_printf(out, "%s (SELECT count(*) FROM moved_%zu)", i ? "," : "", i);
}

/* Counts what each table will lose (at least: circles and trees may add to it), and forgets the
 * tables that lose nothing. */
static int count_rows(struct keel__fix *fix, struct keel_error *err)
{
    struct keel__str sql;
    keel__str_init(&sql, 0);
    counting_query(fix, &sql);
    int rc = keel__str_error(&sql, err);
    struct keel_query query = {.name = "audit_fix_count", .sqlite = sql.data, .postgres = sql.data};
    const struct keel_row *row = NULL;
    if (rc == 0)
        rc = keel_db_one(fix->db, &query, KEEL_NO_PARAMS, &row, err);
    for (size_t i = 0; rc == 0 && i < fix->row_count; i++)
        fix->rows[i].moved = keel_row_int(row, i);
    keel__str_fini(&sql);
    return rc;
}

static bool is_in_circle(struct keel__fix *fix)
{
    for (size_t i = 0; i < fix->row_count; i++) {
        const struct keel_table_model *t = target(fix, &fix->rows[i]);
        for (size_t k = 0; k < t->foreign_key_count; k++)
            if (is_edge(fix, &fix->rows[i], &t->foreign_keys[k], true) &&
                !is_edge(fix, &fix->rows[i], &t->foreign_keys[k], false))
                return true;
    }
    return false;
}

int keel__fix_follow(struct keel__fix *fix, struct keel_error *err)
{
    int rc = add_followers(fix, err);
    if (rc || fix->row_count == 0)
        return rc;
    put_in_order(fix);
    rc = count_rows(fix, err);
    if (rc || is_in_circle(fix))
        return rc;
    size_t kept = 0;
    for (size_t i = 0; i < fix->row_count; i++)
        if (fix->rows[i].moved > 0)
            fix->rows[kept++] = fix->rows[i];
    fix->row_count = kept;
    return 0;
}

/* ---- the statements -------------------------------------------------------------------------- */

/* Names of the columns that hold something of their own. */
static void stored_columns(struct keel__str *out, const struct keel_table_model *table,
                           const char *prefix)
{
    bool any = false;
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].generated)
            continue;
        keel__str_text(out, any ? ", " : "");
        keel__str_text(out, prefix);
        keel__sql_name(out, table->columns[i].name);
        any = true;
    }
}

static void create_sqlite(struct keel__str *out, const struct keel__fix_rows *rows)
{
    const struct keel_table_model *table = rows->table;
    keel__str_text(out, "CREATE TABLE ");
    quarantine_name(out, rows);
    keel__str_text(out, " (\n    keel_row INTEGER PRIMARY KEY,\n    keel_reason TEXT NOT NULL,\n"
                        "    keel_moved_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', "
                        "'now'))");
    for (size_t i = 0; i < table->column_count; i++) {
        const struct keel_column_model *column = &table->columns[i];
        if (column->generated)
            continue;
        keel__str_text(out, ",\n    ");
        keel__sql_name(out, column->name);
        /* ANY keeps what it is given in a STRICT table only. */
        bool is_any = table->strict && keel__name_is(column->declared_type, "ANY");
        if (!is_any && *column->declared_type)
            keel__str_printf(out, " %s", column->declared_type);
    }
    keel__str_text(out, "\n);\n");
}

static void create_postgres(struct keel__str *out, const struct keel__fix_rows *rows)
{
    keel__str_text(out, "LOCK TABLE ");
    keel__sql_qualified(out, rows->table->schema, rows->table->name);
    keel__str_text(out, " IN SHARE ROW EXCLUSIVE MODE;\nCREATE TABLE ");
    quarantine_name(out, rows);
    keel__str_text(out, " AS SELECT NULL::text AS keel_row, NULL::text AS keel_reason, "
                        "NULL::timestamptz AS keel_moved_at,\n    ");
    stored_columns(out, rows->table, "t.");
    keel__str_text(out, "\n    FROM ");
    keel__sql_qualified(out, rows->table->schema, rows->table->name);
    keel__str_text(out, " AS t WITH NO DATA;\nALTER TABLE ");
    quarantine_name(out, rows);
    keel__str_text(out,
                   "\n    ADD COLUMN keel_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
                   "    ALTER COLUMN keel_reason SET NOT NULL,\n"
                   "    ALTER COLUMN keel_moved_at SET DEFAULT now(),\n"
                   "    ALTER COLUMN keel_moved_at SET NOT NULL;\n");
}

static const char postgres_row[] = "t.tableoid::bigint || ':' || t.ctid::text";

/* What tells t's row from all others while the migration runs. */
static void row_identity(struct keel__fix *fix, struct keel__str *out,
                         const struct keel__fix_rows *rows)
{
    if (fix->dialect == KEEL_POSTGRES)
        keel__str_text(out, postgres_row);
    else if (rows->row_name)
        keel__str_printf(out, "t.%s", rows->row_name);
    else
        keel__str_text(out, "NULL");
}

/* t is in its quarantine table. */
static void is_moved(struct keel__fix *fix, struct keel__str *out,
                     const struct keel__fix_rows *rows, bool not )
{
    const struct keel_key_model *key = rows->table->primary_key;
    if (fix->dialect == KEEL_SQLITE && !rows->row_name && key) {
        tuple(out, "t", key->columns, key->column_count);
        keel__str_printf(out, " %sIN (SELECT ", not ? "NOT " : "");
        bare_list(out, key->columns, key->column_count);
    } else {
        row_identity(fix, out, rows);
        keel__str_printf(out, " %sIN (SELECT keel_row", not ? "NOT " : "");
    }
    keel__str_text(out, " FROM ");
    quarantine_name(out, rows);
    keel__str_char(out, ')');
}

static void insert_head(struct keel__fix *fix, struct keel__str *out,
                        const struct keel__fix_rows *rows)
{
    keel__str_text(out, "INSERT INTO ");
    quarantine_name(out, rows);
    keel__str_text(out, " (keel_row, keel_reason, ");
    stored_columns(out, rows->table, "");
    keel__str_text(out, ")\n");
    (void)fix;
}

static void insert_select(struct keel__fix *fix, struct keel__str *out,
                          const struct keel__fix_rows *rows)
{
    keel__str_text(out, "SELECT ");
    row_identity(fix, out, rows);
    keel__str_text(out, ", ");
}

static void insert_from(struct keel__str *out, const struct keel__fix_rows *rows)
{
    keel__str_text(out, ", ");
    stored_columns(out, rows->table, "t.");
    keel__str_text(out, "\nFROM ");
    keel__sql_qualified(out, rows->table->schema, rows->table->name);
    keel__str_text(out, " AS t\nWHERE ");
}

static void follower_reason(struct keel__str *out, const struct keel_table_model *parent)
{
    struct keel__str text;
    keel__str_init(&text, 0);
    keel__str_printf(&text, "refers to a row of %s that was moved", parent->name);
    keel__sql_string(out, text.data ? text.data : "");
    out->failed |= text.failed;
    keel__str_fini(&text);
}

static void reasons(struct keel__fix *fix, struct keel__str *out, const struct keel__fix_rows *rows,
                    bool breaches, bool all_keys)
{
    const struct keel_table_model *t = target(fix, rows);
    keel__str_text(out, "CASE");
    for (size_t i = 0; breaches && i < rows->breach_count; i++) {
        keel__str_printf(out, "\n    WHEN %s THEN ", rows->breaches[i].condition);
        keel__sql_string(out, rows->breaches[i].reason);
    }
    for (size_t k = 0; k < t->foreign_key_count; k++) {
        const struct keel_foreign_key_model *key = &t->foreign_keys[k];
        if (!is_edge(fix, rows, key, all_keys))
            continue;
        const struct keel__fix_rows *parent = parent_rows(fix, key);
        struct keel__str source;
        keel__str_init(&source, 0);
        quarantine_name(&source, parent);
        keel__str_text(out, "\n    WHEN ");
        follows(out, key, source.data ? source.data : "");
        keel__str_text(out, " THEN ");
        follower_reason(out, parent->table);
        out->failed |= source.failed;
        keel__str_fini(&source);
    }
    keel__str_text(out, "\n    END");
}

/* The rows that leave for a reason of their own or because of tables before this one. */
static void insert_first(struct keel__fix *fix, struct keel__str *out,
                         const struct keel__fix_rows *rows)
{
    struct keel__str where;
    keel__str_init(&where, 0);
    if (condition(fix, &where, rows, true, false, false)) {
        insert_head(fix, out, rows);
        insert_select(fix, out, rows);
        reasons(fix, out, rows, true, false);
        insert_from(out, rows);
        keel__str_slice(out, keel__str_view(&where));
        keel__str_text(out, ";\n");
    }
    out->failed |= where.failed;
    keel__str_fini(&where);
}

/* Once more in a circle: what refers to rows that left meanwhile. */
static void insert_again(struct keel__fix *fix, struct keel__str *out,
                         const struct keel__fix_rows *rows)
{
    struct keel__str where;
    keel__str_init(&where, 0);
    if (condition(fix, &where, rows, false, true, false)) {
        insert_head(fix, out, rows);
        insert_select(fix, out, rows);
        reasons(fix, out, rows, false, true);
        insert_from(out, rows);
        keel__str_char(out, '(');
        keel__str_slice(out, keel__str_view(&where));
        keel__str_text(out, ")\n  AND ");
        is_moved(fix, out, rows, true);
        keel__str_text(out, ";\n");
    }
    out->failed |= where.failed;
    keel__str_fini(&where);
}

/* What refers to rows of its own table that left, and so on. */
static void insert_below(struct keel__fix *fix, struct keel__str *out,
                         const struct keel__fix_rows *rows,
                         const struct keel_foreign_key_model *key)
{
    const struct keel_table_model *table = rows->table;
    insert_head(fix, out, rows);
    keel__str_text(out, "WITH RECURSIVE keel_below (");
    bare_list(out, key->parent_columns, key->column_count);
    keel__str_text(out, ") AS (\n    SELECT ");
    bare_list(out, key->parent_columns, key->column_count);
    keel__str_text(out, " FROM ");
    quarantine_name(out, rows);
    keel__str_text(out, "\n    UNION SELECT ");
    for (size_t i = 0; i < key->column_count; i++) {
        keel__str_text(out, i ? ", c." : "c.");
        keel__sql_name(out, key->parent_columns[i]);
    }
    keel__str_text(out, " FROM ");
    keel__sql_qualified(out, table->schema, table->name);
    keel__str_text(out, " AS c JOIN keel_below AS b ON ");
    for (size_t i = 0; i < key->column_count; i++) {
        keel__str_text(out, i ? " AND c." : "c.");
        keel__sql_name(out, key->columns[i]);
        keel__str_text(out, " = b.");
        keel__sql_name(out, key->parent_columns[i]);
    }
    keel__str_text(out, ")\n");
    insert_select(fix, out, rows);
    follower_reason(out, table);
    insert_from(out, rows);
    tuple(out, "t", key->parent_columns, key->column_count);
    keel__str_text(out, " IN (SELECT ");
    bare_list(out, key->parent_columns, key->column_count);
    keel__str_text(out, " FROM keel_below)\n  AND ");
    is_moved(fix, out, rows, true);
    keel__str_text(out, ";\n");
}

static void insert_trees(struct keel__fix *fix, struct keel__str *out,
                         const struct keel__fix_rows *rows)
{
    const struct keel_table_model *t = target(fix, rows);
    for (size_t k = 0; k < t->foreign_key_count; k++)
        if (parent_rows(fix, &t->foreign_keys[k]) == rows)
            insert_below(fix, out, rows, &t->foreign_keys[k]);
}

/* ---- triggers stay out of it ----------------------------------------------------------------- */

static void trigger_switch(struct keel__fix *fix, struct keel__str *out,
                           const struct keel__fix_rows *rows, bool on)
{
    const struct keel_table_model *table = rows->table;
    for (size_t i = 0; i < table->trigger_count; i++) {
        const struct keel_trigger_model *trigger = &table->triggers[i];
        if (fix->dialect == KEEL_POSTGRES && trigger->enabled) {
            keel__str_text(out, "ALTER TABLE ");
            keel__sql_qualified(out, table->schema, table->name);
            keel__str_printf(out, " %s TRIGGER ", on ? "ENABLE" : "DISABLE");
            keel__sql_name(out, trigger->name);
            keel__str_text(out, ";\n");
        } else if (fix->dialect == KEEL_SQLITE && on) {
            keel__str_printf(out, "%s;\n", trigger->sql);
        } else if (fix->dialect == KEEL_SQLITE) {
            keel__str_text(out, "DROP TRIGGER ");
            keel__sql_name(out, trigger->name);
            keel__str_text(out, ";\n");
        }
    }
}

static void delete_moved(struct keel__fix *fix, struct keel__str *out,
                         const struct keel__fix_rows *rows)
{
    trigger_switch(fix, out, rows, false);
    keel__str_text(out, "DELETE FROM ");
    keel__sql_qualified(out, rows->table->schema, rows->table->name);
    keel__str_text(out, " AS t WHERE ");
    is_moved(fix, out, rows, false);
    keel__str_text(out, ";\n");
    trigger_switch(fix, out, rows, true);
}

void keel__fix_rows_away(struct keel__fix *fix, struct keel__str *out)
{
    if (fix->dialect == KEEL_POSTGRES && fix->row_count)
        keel__str_text(out, "SET CONSTRAINTS ALL DEFERRED;\n");
    for (size_t i = 0; i < fix->row_count; i++)
        if (fix->dialect == KEEL_SQLITE)
            create_sqlite(out, &fix->rows[i]);
        else
            create_postgres(out, &fix->rows[i]);
    for (size_t i = 0; i < fix->row_count; i++) {
        insert_first(fix, out, &fix->rows[i]);
        insert_trees(fix, out, &fix->rows[i]);
    }
    for (int sweep = 0; sweep < SWEEPS && is_in_circle(fix); sweep++)
        for (size_t i = 0; i < fix->row_count; i++) {
            insert_again(fix, out, &fix->rows[i]);
            insert_trees(fix, out, &fix->rows[i]);
        }
    for (size_t i = fix->row_count; i > 0; i--)
        delete_moved(fix, out, &fix->rows[i - 1]);
    if (fix->dialect == KEEL_POSTGRES && fix->row_count)
        keel__str_text(out, "SET CONSTRAINTS ALL IMMEDIATE;\n");
}

/* ---- and back -------------------------------------------------------------------------------- */

static bool rowid_is_column(const struct keel_table_model *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].identity == KEEL_IDENTITY_ROWID ||
            table->columns[i].identity == KEEL_IDENTITY_AUTOINCREMENT)
            return true;
    return false;
}

static bool always_generates(const struct keel_table_model *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].identity == KEEL_IDENTITY_ALWAYS)
            return true;
    return false;
}

/* The old rowid, unless a new row has taken it. */
static void old_rowid(struct keel__str *out, const struct keel__fix_rows *rows)
{
    keel__str_printf(out, "CASE WHEN q.keel_row IN (SELECT %s FROM ", rows->row_name);
    keel__sql_name(out, rows->table->name);
    keel__str_text(out, ") THEN NULL ELSE q.keel_row END, ");
}

static void insert_back(struct keel__fix *fix, struct keel__str *out,
                        const struct keel__fix_rows *rows)
{
    const struct keel_table_model *table = rows->table;
    bool rowid = fix->dialect == KEEL_SQLITE && rows->row_name && !rowid_is_column(table);
    trigger_switch(fix, out, rows, false);
    keel__str_text(out, "INSERT INTO ");
    keel__sql_qualified(out, table->schema, table->name);
    keel__str_text(out, " (");
    if (rowid)
        keel__str_printf(out, "%s, ", rows->row_name);
    stored_columns(out, table, "");
    keel__str_text(out,
                   always_generates(table) ? ")\nOVERRIDING SYSTEM VALUE\nSELECT " : ")\nSELECT ");
    if (rowid)
        old_rowid(out, rows);
    stored_columns(out, table, "q.");
    keel__str_text(out, "\nFROM ");
    quarantine_name(out, rows);
    keel__str_printf(out, " AS q ORDER BY q.%s;\n",
                     fix->dialect == KEEL_SQLITE ? "keel_row" : "keel_id");
    trigger_switch(fix, out, rows, true);
}

void keel__fix_rows_back(struct keel__fix *fix, struct keel__str *out)
{
    if (fix->dialect == KEEL_POSTGRES && fix->row_count)
        keel__str_text(out, "SET CONSTRAINTS ALL DEFERRED;\n");
    for (size_t i = 0; i < fix->row_count; i++)
        insert_back(fix, out, &fix->rows[i]);
    for (size_t i = fix->row_count; i > 0; i--) {
        keel__str_text(out, "DROP TABLE ");
        quarantine_name(out, &fix->rows[i - 1]);
        keel__str_text(out, ";\n");
    }
}
