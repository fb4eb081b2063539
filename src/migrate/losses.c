#include <keel/generate.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "schema/render.h"

/* SELECT that counts what change takes away; false when it is nothing that can be counted. */
static bool write_count(struct keel__str *sql, const struct keel_change *change)
{
    const struct keel_table_model *table = change->old_table;
    bool values = change->kind == KEEL_CHANGE_DROP_COLUMN ||
                  change->kind == KEEL_CHANGE_COLUMN_TYPE || change->kind == KEEL_CHANGE_GENERATED;
    if (!table || (change->kind != KEEL_CHANGE_DROP_TABLE && !values))
        return false;
    keel__str_text(sql, "SELECT count(");
    if (values)
        keel__sql_name(sql, ((const struct keel_column_model *)change->old_item)->name);
    else
        keel__str_char(sql, '*');
    keel__str_text(sql, ") FROM ");
    keel__sql_qualified(sql, table->schema, table->name);
    return true;
}

/* What is not there is not counted. */
static int count(struct keel_loss *loss, struct keel_db *db, const char *sql,
                 struct keel_error *err)
{
    struct keel_query query = {.name = "diff_loss", .sqlite = sql, .postgres = sql};
    const struct keel_row *row;
    int rc = keel_db_one(db, &query, KEEL_NO_PARAMS, &row, err);
    if (rc == KEEL_INVALID || rc == KEEL_NOTFOUND)
        return 0;
    if (rc)
        return rc;
    loss->counted = true;
    loss->count = keel_row_int(row, 0);
    return 0;
}

/* 1,234,567 */
static void grouped(char out[32], int64_t value)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)value), k = 0;
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            out[k++] = ',';
        out[k++] = digits[i];
    }
    out[k] = 0;
}

static const char *describe(struct keel__arena *arena, const struct keel_loss *loss)
{
    const struct keel_change *change = loss->change;
    char number[32];
    if (!loss->counted)
        return keel__arena_printf(arena, "%s: %s", change->what,
                                  change->why ? change->why : "data is lost");
    grouped(number, loss->count);
    const char *unit = loss->count == 1 ? (*loss->unit == 'r' ? "row" : "value") : loss->unit;
    return keel__arena_printf(arena, "%s: %s (%s %s)", change->what,
                              change->why ? change->why : "data is lost", number, unit);
}

static int add_loss(struct keel_losses *out, const struct keel_change *change, struct keel_db *db,
                    struct keel_error *err)
{
    struct keel_loss *loss = &out->items[out->count++];
    struct keel__str sql;
    int rc = 0;
    loss->change = change;
    loss->unit = change->kind == KEEL_CHANGE_DROP_TABLE ? "rows" : "values";
    keel__str_init(&sql, 0);
    if (db && write_count(&sql, change)) {
        rc = keel__str_error(&sql, err);
        if (!rc)
            rc = count(loss, db, sql.data, err);
    }
    keel__str_fini(&sql);
    if (rc)
        return rc;
    loss->text = describe(out->arena, loss);
    return loss->text ? 0 : keel__arena_error(out->arena, err);
}

int keel_diff_losses(struct keel_losses *out, const struct keel_diff *diff, struct keel_db *db,
                     struct keel_error *err)
{
    struct keel__arena *arena = malloc(sizeof *arena);
    *out = (struct keel_losses){0};
    if (!arena)
        return keel_error_set(err, KEEL_NOMEM, "out of memory");
    keel__arena_init(arena, 0);
    out->arena = arena;
    out->items = keel__arena_calloc(arena, diff->destructive + 1, sizeof *out->items);
    int rc = out->items ? 0 : keel__arena_error(arena, err);
    for (size_t i = 0; !rc && i < diff->count; i++)
        if (diff->changes[i].risk == KEEL_RISK_DESTRUCTIVE)
            rc = add_loss(out, &diff->changes[i], db, err);
    if (rc)
        keel_losses_free(out);
    return rc;
}

void keel_losses_free(struct keel_losses *losses)
{
    if (losses->arena) {
        keel__arena_fini(losses->arena);
        free(losses->arena);
    }
    *losses = (struct keel_losses){0};
}
