#include "schema/diff.h"

#include <string.h>

/* What a change does to the rows that are there, and to those who want them meanwhile.
 *
 * Sources: https://www.sqlite.org/lang_altertable.html,
 * https://www.postgresql.org/docs/15/sql-altertable.html (notes on rewriting and scanning) */

struct weight {
    enum keel_risk risk;
    const char *why;
};

static const struct weight safe = {KEEL_RISK_SAFE, NULL};
#define BLOCKING(text) ((struct weight){KEEL_RISK_BLOCKING, (text)})
#define DESTRUCTIVE(text) ((struct weight){KEEL_RISK_DESTRUCTIVE, (text)})
static const char rebuilt[] = "SQLite has to rebuild the table: every row is copied";

/* ---- types ----------------------------------------------------------------------------------- */

static bool is_number(enum keel_affinity affinity)
{
    return affinity == KEEL_AFFINITY_NUMERIC || affinity == KEEL_AFFINITY_INTEGER ||
           affinity == KEEL_AFFINITY_REAL;
}

static struct weight weigh_sqlite_type(const struct keel_column_model *old,
                                       const struct keel_column_model *now)
{
    if (old->affinity == now->affinity)
        return BLOCKING(rebuilt);
    if (!is_number(old->affinity) && is_number(now->affinity))
        return DESTRUCTIVE("text that looks like a number becomes one: leading zeros and spelling "
                           "are lost");
    if (old->affinity == KEEL_AFFINITY_REAL && now->affinity == KEEL_AFFINITY_TEXT)
        return DESTRUCTIVE("numbers become text, which may round them");
    if (now->affinity == KEEL_AFFINITY_REAL)
        return DESTRUCTIVE("integers beyond 53 bits are rounded");
    return BLOCKING(rebuilt);
}

/* Whether PostgreSQL keeps the rows as they are. */
static bool is_free(const struct keel_logical_type *a, const struct keel_logical_type *b)
{
    if (a->dimensions != b->dimensions || a->kind != b->kind)
        return false;
    if (a->kind == KEEL_LOGICAL_TEXT)
        return !a->padded && !b->padded &&
               (b->length == 0 || (a->length && b->length >= a->length));
    if (a->kind == KEEL_LOGICAL_DECIMAL)
        return b->precision == 0 ||
               (a->precision && b->scale == a->scale && b->precision >= a->precision);
    return false;
}

static const char *loss(const struct keel_logical_type *a, const struct keel_logical_type *b)
{
    bool from_fraction = a->kind == KEEL_LOGICAL_REAL || a->kind == KEEL_LOGICAL_DECIMAL;
    if (from_fraction && b->kind == KEEL_LOGICAL_INTEGER)
        return "fractions are rounded away";
    if (from_fraction && b->kind == KEEL_LOGICAL_DECIMAL && b->precision &&
        (!a->precision || b->scale < a->scale))
        return "digits beyond the scale are rounded away";
    if (a->kind != KEEL_LOGICAL_REAL && b->kind == KEEL_LOGICAL_REAL &&
        (a->kind == KEEL_LOGICAL_DECIMAL || a->kind == KEEL_LOGICAL_INTEGER))
        return "numbers are rounded to binary floating point";
    if (a->kind == KEEL_LOGICAL_REAL && b->kind == KEEL_LOGICAL_REAL && b->bits < a->bits)
        return "numbers are rounded to single precision";
    if (a->kind == KEEL_LOGICAL_TIMESTAMP &&
        (b->kind == KEEL_LOGICAL_DATE || b->kind == KEEL_LOGICAL_TIME))
        return "a part of every time is cut away";
    if (a->kind == KEEL_LOGICAL_JSON && b->kind == KEEL_LOGICAL_JSON && !a->binary && b->binary)
        return "duplicate keys, their order and white space are lost";
    if (a->kind == KEEL_LOGICAL_TEXT && b->kind == KEEL_LOGICAL_TEXT && !a->padded && b->padded)
        return "blanks at the end are lost";
    return NULL;
}

static struct weight weigh_type(enum keel_dialect dialect, const struct keel_column_model *old,
                                const struct keel_column_model *now)
{
    if (dialect == KEEL_SQLITE)
        return weigh_sqlite_type(old, now);
    const char *lost = loss(&old->type, &now->type);
    if (lost)
        return DESTRUCTIVE(lost);
    if (strcmp(old->declared_type, now->declared_type) == 0)
        return BLOCKING("indexes on it are built again while nobody can use the table");
    if (old->type.kind == KEEL_LOGICAL_TIMESTAMP && now->type.kind == KEEL_LOGICAL_TIMESTAMP &&
        old->type.with_zone != now->type.with_zone)
        return BLOCKING("every row is written anew while nobody can use the table, and its times "
                        "are taken for those of the session's time zone");
    if (is_free(&old->type, &now->type) && keel__same_text(old->collation, now->collation))
        return safe;
    return BLOCKING("every row is written anew while nobody can use the table, and it fails on "
                    "values that do not convert");
}

/* ---- columns --------------------------------------------------------------------------------- */

static bool is_steady(const char *expression)
{
    static const char *const same_for_all[] = {"CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME",
                                               "now()"};
    for (size_t i = 0; i < sizeof same_for_all / sizeof *same_for_all; i++)
        if (strcasecmp(expression, same_for_all[i]) == 0)
            return true;
    return false;
}

static struct weight weigh_new_column(enum keel_dialect dialect,
                                      const struct keel_column_model *column)
{
    bool sqlite = dialect == KEEL_SQLITE;
    bool filled = column->default_text || column->generated || column->identity > 0;
    if (column->generated == KEEL_GENERATED_STORED)
        return BLOCKING(sqlite ? rebuilt
                               : "it is computed for every row while nobody can use the "
                                 "table");
    if (column->not_null && !filled)
        return BLOCKING("it fails where the table has rows: the column takes no NULL and has no "
                        "default");
    if (column->default_kind == KEEL_DEFAULT_EXPRESSION && sqlite)
        return BLOCKING(rebuilt);
    if (column->default_kind == KEEL_DEFAULT_EXPRESSION && column->default_text &&
        !is_steady(column->default_text))
        return BLOCKING("its default may have to be computed for every row while nobody can use "
                        "the table");
    if (!sqlite && column->identity)
        return BLOCKING("every row is numbered while nobody can use the table");
    return safe;
}

static struct weight weigh_dropped_column(enum keel_dialect dialect,
                                          const struct keel_column_model *column)
{
    if (!column || !column->generated)
        return DESTRUCTIVE("its values are lost");
    return dialect == KEEL_SQLITE && column->generated == KEEL_GENERATED_STORED ? BLOCKING(rebuilt)
                                                                                : safe;
}

static struct weight weigh_generated(enum keel_dialect dialect, const struct keel_column_model *old,
                                     const struct keel_column_model *now)
{
    if (!old->generated)
        return DESTRUCTIVE("the values it has give way to computed ones");
    if (dialect == KEEL_SQLITE)
        return BLOCKING(rebuilt);
    return now->generated ? BLOCKING("it is computed anew for every row") : safe;
}

static struct weight weigh_column(enum keel_dialect dialect, const struct keel_change *change)
{
    const struct keel_column_model *old = change->old_item, *now = change->new_item;
    if (change->kind == KEEL_CHANGE_ADD_COLUMN)
        return weigh_new_column(dialect, now);
    if (!old || !now)
        return weigh_dropped_column(dialect, old);
    switch (change->kind) {
    case KEEL_CHANGE_COLUMN_TYPE:
        return weigh_type(dialect, old, now);
    case KEEL_CHANGE_GENERATED:
        return weigh_generated(dialect, old, now);
    case KEEL_CHANGE_SET_NOT_NULL:
        return BLOCKING("it fails on rows where the column is NULL");
    default:
        return dialect == KEEL_SQLITE ? BLOCKING(rebuilt) : safe;
    }
}

/* ---- constraints and indexes ----------------------------------------------------------------- */

static struct weight weigh_reference(const struct keel_foreign_key_model *key)
{
    return key->not_valid ? safe : BLOCKING("it fails on rows whose parent does not exist");
}

static struct weight weigh_check(const struct keel_check_model *check)
{
    return check->not_valid ? safe : BLOCKING("it fails on rows that break it");
}

static struct weight weigh_index(const struct keel_index_model *index)
{
    return BLOCKING(index->unique
                        ? "it fails on rows that are equal, and keeps writers out until it "
                          "is built"
                        : "it keeps writers out until it is built");
}

static struct weight weigh_constraint(enum keel_dialect dialect, const struct keel_change *change)
{
    switch (change->kind) {
    case KEEL_CHANGE_ADD_PRIMARY_KEY:
    case KEEL_CHANGE_ADD_UNIQUE:
        return BLOCKING("it fails on rows that are equal, and keeps others out until its index is "
                        "built");
    case KEEL_CHANGE_ADD_FOREIGN_KEY:
        return weigh_reference(change->new_item);
    case KEEL_CHANGE_ADD_CHECK:
        return weigh_check(change->new_item);
    case KEEL_CHANGE_ADD_EXCLUSION:
        return BLOCKING("it fails on rows that exclude each other");
    case KEEL_CHANGE_VALIDATE:
        return BLOCKING("it reads every row and fails on those that break it");
    default:
        return dialect == KEEL_SQLITE ? BLOCKING(rebuilt) : safe;
    }
}

/* ---- tables and the rest --------------------------------------------------------------------- */

static struct weight weigh_options(enum keel_dialect dialect, const struct keel_change *change)
{
    const struct keel_table_model *old = change->old_item, *now = change->new_item;
    if (!old->strict && now->strict)
        return BLOCKING("SQLite has to rebuild the table, and it fails on values of another type");
    if (dialect == KEEL_SQLITE)
        return BLOCKING(rebuilt);
    if (!keel__same_text(old->partition_bound, now->partition_bound))
        return BLOCKING("the partition is detached and attached again, which reads every row, and "
                        "it fails on those beyond the bounds");
    return old->unlogged != now->unlogged
               ? BLOCKING("every row is written anew while nobody can use the table")
               : safe;
}

static struct weight weigh_labels(const struct keel_enum_model *old,
                                  const struct keel_enum_model *now)
{
    size_t found = 0;
    for (size_t i = 0; i < now->label_count && found < old->label_count; i++)
        found += strcmp(now->labels[i], old->labels[found]) == 0;
    return found == old->label_count
               ? safe
               : BLOCKING("columns of this type are written anew, and it fails on rows that have a "
                          "label that goes");
}

static struct weight weigh_domain(const struct keel_domain_model *old,
                                  const struct keel_domain_model *now)
{
    return now->check_count || (now->not_null && !old->not_null) ||
                   strcmp(old->base_type, now->base_type) != 0
               ? BLOCKING("it reads every row of this type and fails on those that break it")
               : safe;
}

/* An identity that takes the column over goes on counting where the sequence was. */
static struct weight weigh_sequence(struct keel__differ *d, const struct keel_sequence_model *s)
{
    const struct keel__pair *pair =
        s->owner_table ? keel__differ_old_table(d, s->schema, s->owner_table) : NULL;
    const struct keel_column_model *now =
        pair ? keel__map_get(&pair->new_columns, 0,
                             keel_slice_of(keel__differ_renamed(d, pair, s->owner_column)))
             : NULL;
    return now && now->identity ? safe : DESTRUCTIVE("the number it has counted to is lost");
}

static struct weight weigh_other(enum keel_dialect dialect, const struct keel_change *change)
{
    switch (change->kind) {
    case KEEL_CHANGE_DROP_TABLE:
        return change->old_table && change->old_table->kind == KEEL_TABLE_FOREIGN
                   ? safe
                   : DESTRUCTIVE("its rows are lost");
    case KEEL_CHANGE_TABLE_OPTIONS:
        return weigh_options(dialect, change);
    case KEEL_CHANGE_COLUMN_ORDER:
        return BLOCKING(rebuilt);
    case KEEL_CHANGE_ADD_INDEX:
        return weigh_index(change->new_item);
    case KEEL_CHANGE_ADD_VIEW:
        return ((const struct keel_view_model *)change->new_item)->materialized
                   ? BLOCKING("its query is run, and nobody can read it meanwhile")
                   : safe;
    case KEEL_CHANGE_ENUM_LABELS:
        return weigh_labels(change->old_item, change->new_item);
    case KEEL_CHANGE_DOMAIN:
        return weigh_domain(change->old_item, change->new_item);
    case KEEL_CHANGE_DROP_EXTENSION:
        return DESTRUCTIVE("what belongs to it, columns of its types too, is lost");
    default:
        return safe;
    }
}

static struct weight weigh(enum keel_dialect dialect, const struct keel_change *change)
{
    bool is_new = change->new_table && !change->old_table;
    if (is_new || change->kind == KEEL_CHANGE_RENAME_COLUMN ||
        change->kind == KEEL_CHANGE_RENAME_TABLE)
        return safe;
    if (change->old_table && !change->new_table && change->kind != KEEL_CHANGE_DROP_TABLE)
        return safe; /* the table goes anyway */
    if (change->kind >= KEEL_CHANGE_ADD_COLUMN && change->kind <= KEEL_CHANGE_COLUMN_OPTIONS)
        return weigh_column(dialect, change);
    if (change->kind >= KEEL_CHANGE_ADD_PRIMARY_KEY && change->kind <= KEEL_CHANGE_DROP_EXCLUSION)
        return weigh_constraint(dialect, change);
    return weigh_other(dialect, change);
}

void keel__change_weigh(struct keel__differ *d, struct keel_change *change)
{
    struct weight weight = change->kind == KEEL_CHANGE_DROP_SEQUENCE
                               ? weigh_sequence(d, change->old_item)
                               : weigh(d->dialect, change);
    change->risk = weight.risk;
    change->why = weight.why;
}
