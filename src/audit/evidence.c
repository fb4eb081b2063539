#include "audit/evidence.h"

#include "audit/reference.h"
#include "audit/run.h"
#include "base/str.h"
#include "schema/model.h"
#include "schema/render.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

int64_t keel__column_values(const struct keel__profile *profile)
{
    return profile->rows - profile->nulls;
}

bool keel__values_are_text(const struct keel__audit *audit, const struct keel__profile *profile)
{
    const struct keel_logical_type *type = &profile->column->type;
    if (audit->dialect == KEEL_POSTGRES)
        return type->kind == KEEL_LOGICAL_TEXT && type->dimensions == 0;
    int64_t values = keel__column_values(profile);
    return values > 0 && profile->texts >= values - values / 20;
}

static bool is_identifier_part(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (c & 0x80);
}

bool keel__text_mentions(const char *expression, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = expression; at && *at; at++)
        if (strncasecmp(at, name, size) == 0 && (at == expression || !is_identifier_part(at[-1])) &&
            !is_identifier_part(at[size]))
            return true;
    return false;
}

static bool is_real(const struct keel__reference *reference)
{
    return reference->declared || (reference->parent && keel__reference_holds(reference));
}

const struct keel__reference *keel__column_refers(const struct keel__audit *audit,
                                                  const struct keel_table_model *table,
                                                  const char *column)
{
    for (size_t i = 0; i < audit->reference_count; i++) {
        const struct keel__reference *reference = &audit->references[i];
        if (reference->table == table && reference->column_count == 1 &&
            keel__name_is(table->columns[reference->columns[0]].name, column) && is_real(reference))
            return reference;
    }
    return NULL;
}

bool keel__table_is_parent(const struct keel__audit *audit, const struct keel_table_model *table)
{
    for (size_t i = 0; i < audit->reference_count; i++) {
        const struct keel__reference *reference = &audit->references[i];
        /* values that nobody looked at do not speak against a plain name */
        bool maybe = !reference->counted && reference->confidence >= 2;
        if (reference->parent == table && (maybe || is_real(reference)))
            return true;
    }
    return false;
}

bool keel__column_is_parent(const struct keel__audit *audit, const struct keel_table_model *table,
                            const char *column)
{
    for (size_t i = 0; i < audit->reference_count; i++) {
        const struct keel__reference *reference = &audit->references[i];
        if (reference->parent != table || !is_real(reference))
            continue;
        for (size_t k = 0; k < reference->column_count; k++)
            if (reference->parent_columns[k] && keel__name_is(reference->parent_columns[k], column))
                return true;
    }
    return false;
}

/* ---- whether a type may change --------------------------------------------------------------- */

static bool in_reference(const struct keel__audit *audit, const struct keel_table_model *table,
                         const char *column)
{
    for (size_t i = 0; i < audit->reference_count; i++) {
        const struct keel__reference *reference = &audit->references[i];
        if (reference->table != table || !is_real(reference))
            continue;
        for (size_t k = 0; k < reference->column_count; k++)
            if (keel__name_is(table->columns[reference->columns[k]].name, column))
                return true;
    }
    return keel__column_is_parent(audit, table, column);
}

static bool in_expressions(enum keel_dialect dialect, const struct keel_table_model *table,
                           const char *column)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (keel__text_mentions(table->columns[i].generated_text, column))
            return true;
    for (size_t i = 0; i < table->exclusion_count; i++)
        if (keel__text_mentions(table->exclusions[i].definition, column))
            return true;
    for (size_t i = 0; i < table->index_count; i++) {
        const struct keel_index_model *index = &table->indexes[i];
        if (keel__text_mentions(index->where, column))
            return true;
        for (size_t k = 0; k < index->part_count; k++) {
            const struct keel_index_part *part = &index->parts[k];
            bool named = part->column && keel__name_is(part->column, column);
            if (keel__text_mentions(part->expression, column) || (named && part->opclass) ||
                (named && index->method && strcmp(index->method, "btree") != 0))
                return true;
        }
    }
    return keel__column_checked(dialect, table, column);
}

bool keel__column_may_convert(const struct keel__audit *audit, const struct keel_table_model *table,
                              const struct keel_column_model *column)
{
    if (audit->dialect != KEEL_POSTGRES || table->kind != KEEL_TABLE_PLAIN || table->inherits ||
        column->default_kind != KEEL_DEFAULT_NONE || column->generated != KEEL_GENERATED_NO ||
        column->identity != KEEL_IDENTITY_NONE || column->collation ||
        column->type.dimensions != 0 || table->trigger_count > 0)
        return false;
    for (size_t i = 0; i < audit->schema->table_count; i++)
        if (audit->schema->tables[i].inherits &&
            strcmp(audit->schema->tables[i].inherits, table->name) == 0)
            return false;
    for (size_t i = 0; i < audit->schema->view_count; i++)
        if (keel__text_mentions(audit->schema->views[i].body, table->name))
            return false;
    return !in_reference(audit, table, column->name) &&
           !in_expressions(audit->dialect, table, column->name);
}

int keel__each_column(struct keel__audit *audit, keel__column_fn *look)
{
    for (size_t t = 0; t < audit->schema->table_count; t++) {
        const struct keel_table_model *table = &audit->schema->tables[t];
        if (!keel__table_is_read(table))
            continue;
        for (size_t c = 0; c < table->column_count; c++)
            look(audit, &audit->facts[t], &audit->facts[t].profiles[c]);
    }
    return KEEL_OK;
}

/* ---- texts ----------------------------------------------------------------------------------- */

const char *keel__audit_text(struct keel__audit *audit, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = size < 0 ? NULL : keel__arena_alloc(audit->arena, (size_t)size + 1);
    if (text)
        vsnprintf(text, (size_t)size + 1, format, args);
    else
        audit->found->failed = true;
    va_end(args);
    return text ? text : "";
}

/* ---- repairs --------------------------------------------------------------------------------- */

void keel__repair_choice(struct keel__audit *audit, struct keel_finding *finding,
                         const struct keel_table_model *table, const char *fix_text,
                         const char *choices)
{
    if (!finding)
        return;
    struct keel__repair *repair = keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, table);
    if (repair)
        repair->choices = choices ? choices : fix_text;
    finding->fix = KEEL_FIX_NEEDS_DECISION;
    finding->fix_text = fix_text;
}

/* A key of several columns that ends in a number: rows have their places in a sequence. */
static bool is_numbered(const struct keel_table_model *table)
{
    for (size_t i = 0; i <= table->unique_count; i++) {
        const struct keel_key_model *key = i ? &table->uniques[i - 1] : table->primary_key;
        const struct keel_column_model *last =
            key && key->column_count > 1
                ? keel_table_column(table, key->columns[key->column_count - 1])
                : NULL;
        if (last && last->type.kind == KEEL_LOGICAL_INTEGER)
            return true;
    }
    return false;
}

void keel__repair_check(struct keel__audit *audit, struct keel_finding *finding,
                        const struct keel_table_model *table, const char *column,
                        const char *expression, const char *breaks, int64_t breaking,
                        const char *reason)
{
    if (!finding)
        return;
    bool parent = keel__table_is_parent(audit, table);
    if (breaking > 0 && (parent || is_numbered(table))) {
        keel__repair_choice(
            audit, finding, table,
            keel__audit_text(audit, "mend or clear %lld value%s first: %s; then CHECK (%s)",
                             (long long)breaking, breaking == 1 ? "" : "s",
                             parent ? "other tables refer to these rows, so they cannot be moved "
                                      "away"
                                    : "moved away, these rows would leave gaps in a sequence",
                             expression),
            NULL);
        return;
    }
    struct keel__repair *repair = keel__repair_add(audit, finding, KEEL__REPAIR_ADD_CHECK, table);
    struct keel_check_model *check = keel__arena_calloc(audit->arena, 1, sizeof *check);
    if (!repair || !check) {
        audit->found->failed = true;
        return;
    }
    check->expression = expression;
    repair->item = check;
    repair->column = column;
    repair->breaks = breaks; /* also when none was seen: a sample does not see all */
    repair->reason = reason;
    finding->fix = KEEL_FIX_AUTOMATIC;
    finding->fix_text =
        breaking > 0 ? keel__audit_text(audit, "moves %lld row%s to quarantine and adds CHECK (%s)",
                                        (long long)breaking, breaking == 1 ? "" : "s", expression)
                     : keel__audit_text(audit, "adds CHECK (%s)", expression);
}

void keel__repair_type(struct keel__audit *audit, struct keel_finding *finding,
                       const struct keel_table_model *table, const struct keel_column_model *column,
                       const char *type, const char *convert, const char *revert)
{
    if (!finding)
        return;
    const char *name = keel__audit_name(audit, column->name);
    if (!keel__column_may_convert(audit, table, column)) {
        keel__repair_choice(
            audit, finding, table,
            keel__audit_text(audit,
                             "ALTER COLUMN %s TYPE %s USING %s, once what hangs on the column "
                             "(keys, defaults, checks, views, triggers) is changed with it",
                             name, type, convert),
            NULL);
        return;
    }
    struct keel__repair *repair = keel__repair_add(audit, finding, KEEL__REPAIR_TYPE, table);
    if (!repair)
        return;
    repair->column = column->name;
    repair->text = type;
    repair->convert = convert;
    repair->revert = revert;
    finding->fix = KEEL_FIX_AUTOMATIC;
    finding->fix_text = keel__audit_text(audit, "makes %s %s", name, type);
}
