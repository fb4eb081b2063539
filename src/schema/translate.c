#include "schema/translate.h"

#include "base/map.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void keel__translate_note(struct keel__translation *t, const char *format, ...)
{
    struct keel__str line;
    va_list args;
    keel__str_init(&line, 0);
    va_start(args, format);
    keel__str_vprintf(&line, format, args);
    va_end(args);
    const char **note = KEEL__PUSH(t->arena, t->to->unmodelled, t->to->unmodelled_count);
    if (note)
        *note = keel__arena_dup(t->arena, keel__str_view(&line));
    t->failed |= !note || !*note || line.failed;
    keel__str_fini(&line);
}

/* A zeroed copy place for count items of an array; at least one byte, so that it is never NULL. */
static void *array(struct keel__translation *t, size_t count, size_t size)
{
    void *items = keel__arena_calloc(t->arena, count + 1, size);
    t->failed |= !items;
    return items;
}

/* ---- columns --------------------------------------------------------------------------------- */

static bool is_sole_key(const struct keel_table_model *table, const char *column)
{
    const struct keel_key_model *key = table->primary_key;
    return key && key->column_count == 1 && strcmp(key->columns[0], column) == 0;
}

static void translate_identity(struct keel__translation *t, const struct keel_column_model *old,
                               struct keel_column_model *column)
{
    if (!old->identity)
        return;
    if (t->to->dialect == KEEL_POSTGRES) {
        column->identity = KEEL_IDENTITY_BY_DEFAULT;
        column->not_null = true;
    } else if (is_sole_key(t->table, old->name) && column->affinity == KEEL_AFFINITY_INTEGER) {
        column->identity = KEEL_IDENTITY_AUTOINCREMENT;
    } else {
        keel__translate_note(t, "the sequence of %s.%s: SQLite numbers a primary key only",
                             t->table->name, old->name);
    }
}

static void translate_collation(struct keel__translation *t, const struct keel_column_model *old)
{
    if (old->collation)
        keel__translate_note(t, "the collation %s of %s.%s", old->collation, t->table->name,
                             old->name);
}

static void translate_generated(struct keel__translation *t, const struct keel_column_model *old,
                                struct keel_column_model *column)
{
    const char *why_not = NULL;
    if (!old->generated)
        return;
    const char *text = keel__translate_expression(t, old->generated_text, &why_not);
    if (text && *text) {
        column->generated_text = text;
        column->generated =
            t->to->dialect == KEEL_POSTGRES ? KEEL_GENERATED_STORED : old->generated;
        return;
    }
    keel__translate_note(t, "that %s.%s is generated: %s", t->table->name, old->name,
                         why_not ? why_not : "nothing is left of its expression");
}

static void translate_columns(struct keel__translation *t)
{
    const struct keel_table_model *old = t->table;
    struct keel_table_model *table = t->new_table;
    table->columns = array(t, old->column_count, sizeof *table->columns);
    for (size_t i = 0; !t->failed && i < old->column_count; i++) {
        struct keel_column_model *column = &table->columns[i];
        *column = (struct keel_column_model){.name = old->columns[i].name,
                                             .not_null = old->columns[i].not_null,
                                             .comment = old->columns[i].comment};
        keel__translate_type(t, &old->columns[i], column);
        translate_identity(t, &old->columns[i], column);
        translate_collation(t, &old->columns[i]);
    }
    table->column_count = t->failed ? 0 : old->column_count;
    /* These speak of other columns, whose types they need. */
    for (size_t i = 0; i < table->column_count; i++) {
        keel__translate_default(t, &old->columns[i], &table->columns[i]);
        translate_generated(t, &old->columns[i], &table->columns[i]);
    }
}

/* ---- keys and checks ------------------------------------------------------------------------- */

static void translate_key(struct keel__translation *t, const struct keel_key_model *old,
                          struct keel_key_model *key)
{
    *key = (struct keel_key_model){
        .name = old->name, .columns = old->columns, .column_count = old->column_count};
    if (old->conflict)
        keel__translate_note(t, "ON CONFLICT of a key of %s", t->table->name);
    if (old->nulls_not_distinct)
        keel__translate_note(t, "NULLS NOT DISTINCT of a key of %s", t->table->name);
    if (old->deferrable && t->to->dialect == KEEL_SQLITE)
        keel__translate_note(t, "DEFERRABLE of a key of %s", t->table->name);
    else
        key->deferrable = old->deferrable;
}

static void translate_keys(struct keel__translation *t)
{
    const struct keel_table_model *old = t->table;
    struct keel_table_model *table = t->new_table;
    if (old->primary_key) {
        table->primary_key = array(t, 1, sizeof *table->primary_key);
        if (t->failed)
            return;
        translate_key(t, old->primary_key, table->primary_key);
        for (size_t i = 0; i < old->primary_key->column_count; i++)
            for (size_t c = 0; c < table->column_count; c++)
                if (keel__name_is(table->columns[c].name, old->primary_key->columns[i]))
                    table->columns[c].not_null = true;
    }
    table->uniques = array(t, old->unique_count, sizeof *table->uniques);
    for (size_t i = 0; !t->failed && i < old->unique_count; i++)
        translate_key(t, &old->uniques[i], &table->uniques[table->unique_count++]);
}

static void translate_checks(struct keel__translation *t)
{
    const struct keel_table_model *old = t->table;
    for (size_t i = 0; !t->failed && i < old->check_count; i++) {
        const char *why_not = NULL;
        const char *text = keel__translate_expression(t, old->checks[i].expression, &why_not);
        if (!text) {
            keel__translate_note(t, "CHECK (%s) of %s: %s", old->checks[i].expression, old->name,
                                 why_not);
            continue;
        }
        if (!*text)
            continue;
        struct keel_check_model *check =
            KEEL__PUSH(t->arena, t->new_table->checks, t->new_table->check_count);
        t->failed |= !check;
        if (check)
            *check = (struct keel_check_model){
                .name = old->checks[i].name, .expression = text, .column = old->checks[i].column};
    }
    for (size_t i = 0; i < old->exclusion_count; i++)
        keel__translate_note(t, "EXCLUDE constraint %s of %s", old->exclusions[i].name, old->name);
}

/* ---- indexes --------------------------------------------------------------------------------- */

static bool translate_part(struct keel__translation *t, const struct keel_index_part *old,
                           struct keel_index_part *part, const char **why_not)
{
    *part = (struct keel_index_part){.column = old->column, .descending = old->descending};
    part->nulls_first = t->to->dialect == KEEL_SQLITE ? !part->descending : part->descending;
    if (old->collation && !keel__name_is(old->collation, "BINARY"))
        *why_not = "its collation has no counterpart";
    if (old->opclass)
        *why_not = "its operator class has no counterpart";
    if (old->expression)
        part->expression = keel__translate_expression(t, old->expression, why_not);
    if (part->expression && t->to->dialect == KEEL_POSTGRES) {
        part->expression = keel__arena_printf(t->arena, "(%s)", part->expression);
        t->failed |= !part->expression;
    }
    return !*why_not;
}

static bool translate_index(struct keel__translation *t, const struct keel_index_model *old,
                            struct keel_index_model *index, const char **why_not)
{
    *index = (struct keel_index_model){.name = old->name, .unique = old->unique, .valid = true};
    if (old->method && strcmp(old->method, "btree") != 0)
        *why_not = "SQLite has B-trees only";
    if (old->nulls_not_distinct)
        *why_not = "NULLS NOT DISTINCT has no counterpart";
    index->method = t->to->dialect == KEEL_POSTGRES ? "btree" : NULL;
    index->parts = array(t, old->part_count, sizeof *index->parts);
    for (size_t i = 0; !t->failed && !*why_not && i < old->part_count; i++)
        translate_part(t, &old->parts[i], &index->parts[index->part_count++], why_not);
    if (!*why_not && old->where)
        index->where = keel__translate_expression(t, old->where, why_not);
    return !*why_not && !t->failed;
}

static void translate_indexes(struct keel__translation *t)
{
    const struct keel_table_model *old = t->table;
    t->new_table->indexes = array(t, old->index_count, sizeof *t->new_table->indexes);
    for (size_t i = 0; !t->failed && i < old->index_count; i++) {
        const char *why_not = NULL;
        struct keel_index_model *index = &t->new_table->indexes[t->new_table->index_count];
        if (translate_index(t, &old->indexes[i], index, &why_not))
            t->new_table->index_count++;
        else if (why_not)
            keel__translate_note(t, "index %s of %s: %s", old->indexes[i].name, old->name, why_not);
    }
}

/* ---- tables ---------------------------------------------------------------------------------- */

/* SQLite has no schemas: a name that several of them have gets its schema's in front. */
static const char *table_name(struct keel__translation *t, const struct keel_table_model *old)
{
    size_t same = 0;
    for (size_t i = 0; i < t->from->table_count; i++)
        same += strcmp(t->from->tables[i].name, old->name) == 0;
    if (!old->schema || same < 2)
        return old->name;
    const char *name = keel__arena_printf(t->arena, "%s_%s", old->schema, old->name);
    t->failed |= !name;
    return name;
}

static bool is_carried(struct keel__translation *t, const struct keel_table_model *old)
{
    switch (old->kind) {
    case KEEL_TABLE_VIRTUAL:
        keel__translate_note(t, "virtual table %s", old->name);
        return false;
    case KEEL_TABLE_FOREIGN:
        keel__translate_note(t, "foreign table %s", old->name);
        return false;
    case KEEL_TABLE_PARTITION: /* its rows belong to the table it is a part of */
    case KEEL_TABLE_SHADOW:
        return false;
    default:
        return true;
    }
}

static void note_triggers(struct keel__translation *t, const struct keel_trigger_model *items,
                          size_t count, const char *owner)
{
    for (size_t i = 0; i < count; i++)
        keel__translate_note(t, "trigger %s of %s", items[i].name, owner);
}

static void translate_table(struct keel__translation *t, const struct keel_table_model *old)
{
    struct keel_table_model *table = &t->to->tables[t->to->table_count++];
    *table = (struct keel_table_model){.comment = old->comment};
    t->table = old;
    t->new_table = table;
    table->strict = t->to->dialect == KEEL_SQLITE;
    table->name = t->to->dialect == KEEL_SQLITE ? table_name(t, old) : old->name;
    if (old->partition_by)
        keel__translate_note(t, "the partitions of %s by %s", old->name, old->partition_by);
    if (old->inherits)
        keel__translate_note(t, "that %s inherits from %s", old->name, old->inherits);
    translate_columns(t);
    translate_keys(t);
    translate_checks(t);
    translate_indexes(t);
    note_triggers(t, old->triggers, old->trigger_count, old->name);
    t->table = NULL;
}

/* ---- references: when all tables are there --------------------------------------------------- */

static struct keel_table_model *new_table_of(struct keel__translation *t,
                                             const struct keel_table_model *const *olds,
                                             const char *schema, const char *name)
{
    for (size_t i = 0; i < t->to->table_count; i++) {
        const struct keel_table_model *old = olds[i];
        bool same_schema = !old->schema ? !schema : schema && strcmp(old->schema, schema) == 0;
        if (same_schema && (t->from->dialect == KEEL_SQLITE ? keel__name_is(old->name, name)
                                                            : strcmp(old->name, name) == 0))
            return &t->to->tables[i];
    }
    return NULL;
}

static bool key_is(const struct keel_key_model *key, const char *const *columns, size_t count)
{
    if (!key || key->column_count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (size_t k = 0; k < count; k++)
            found |= keel__name_is(key->columns[k], columns[i]);
        if (!found)
            return false;
    }
    return true;
}

static bool is_unique_index(const struct keel_index_model *index, const char *const *columns,
                            size_t count)
{
    if (!index->unique || index->where || index->part_count != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!index->parts[i].column || !keel__name_is(index->parts[i].column, columns[i]))
            return false;
    return true;
}

static bool is_key(const struct keel_table_model *table, const char *const *columns, size_t count)
{
    bool found = key_is(table->primary_key, columns, count);
    for (size_t i = 0; i < table->unique_count; i++)
        found |= key_is(&table->uniques[i], columns, count);
    for (size_t i = 0; i < table->index_count; i++)
        found |= is_unique_index(&table->indexes[i], columns, count);
    return found;
}

static bool same_types(const struct keel_table_model *table, const char *const *columns,
                       const struct keel_table_model *parent, const char *const *parent_columns,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct keel_column_model *a = keel_table_column(table, columns[i]);
        const struct keel_column_model *b = keel_table_column(parent, parent_columns[i]);
        if (!a || !b || a->type.kind != b->type.kind)
            return false;
    }
    return true;
}

static const char *reference_fault(const struct keel__translation *t,
                                   const struct keel_table_model *table,
                                   const struct keel_table_model *parent,
                                   const struct keel_foreign_key_model *key)
{
    if (!parent)
        return "its parent is not carried over";
    if (!key->parent_columns)
        return "its parent has no such key";
    if (t->to->dialect == KEEL_POSTGRES &&
        !same_types(table, key->columns, parent, key->parent_columns, key->column_count))
        return "the types of its columns differ";
    if (!is_key(parent, key->parent_columns, key->column_count))
        return "its parent's columns are no key";
    if (t->to->dialect == KEEL_SQLITE && (key->set_column_count || key->match == KEEL_MATCH_FULL))
        return "SQLite has neither SET NULL (columns) nor MATCH FULL";
    return NULL;
}

static void translate_references(struct keel__translation *t,
                                 const struct keel_table_model *const *olds)
{
    for (size_t i = 0; !t->failed && i < t->to->table_count; i++) {
        struct keel_table_model *table = &t->to->tables[i];
        table->foreign_keys = array(t, olds[i]->foreign_key_count, sizeof *table->foreign_keys);
        for (size_t k = 0; !t->failed && k < olds[i]->foreign_key_count; k++) {
            const struct keel_foreign_key_model *old = &olds[i]->foreign_keys[k];
            struct keel_table_model *parent =
                new_table_of(t, olds, old->parent_schema, old->parent);
            const char *fault = reference_fault(t, table, parent, old);
            if (fault) {
                keel__translate_note(t, "the foreign key of %s to %s: %s", table->name, old->parent,
                                     fault);
                continue;
            }
            struct keel_foreign_key_model *key = &table->foreign_keys[table->foreign_key_count++];
            *key = *old;
            key->implicit = false;
            key->not_valid = t->to->dialect == KEEL_POSTGRES && old->not_valid;
            key->parent_schema = NULL;
            key->parent = parent->name;
        }
    }
}

/* ---- the whole of it ------------------------------------------------------------------------- */

static void note_the_rest(struct keel__translation *t)
{
    const struct keel_schema *from = t->from;
    for (size_t i = 0; i < from->view_count; i++) {
        keel__translate_note(t, "view %s", from->views[i].name);
        note_triggers(t, from->views[i].triggers, from->views[i].trigger_count,
                      from->views[i].name);
    }
    for (size_t i = 0; i < from->sequence_count; i++)
        if (!from->sequences[i].owner_table)
            keel__translate_note(t, "sequence %s", from->sequences[i].name);
    for (size_t i = 0; i < from->domain_count; i++)
        keel__translate_note(t, "domain %s and what it checks", from->domains[i].name);
    for (size_t i = 0; i < from->function_count; i++)
        keel__translate_note(t, "function %s", from->functions[i].name);
    for (size_t i = 0; i < from->extension_count; i++)
        keel__translate_note(t, "extension %s", from->extensions[i]);
    for (size_t i = 0; i < from->unmodelled_count; i++)
        keel__translate_note(t, "%s", from->unmodelled[i]);
}

static void translate(struct keel__translation *t)
{
    const struct keel_table_model **olds = array(t, t->from->table_count, sizeof *olds);
    t->to->tables = array(t, t->from->table_count, sizeof *t->to->tables);
    for (size_t i = 0; !t->failed && i < t->from->table_count; i++)
        if (is_carried(t, &t->from->tables[i])) {
            olds[t->to->table_count] = &t->from->tables[i];
            translate_table(t, &t->from->tables[i]);
        }
    if (!t->failed)
        translate_references(t, olds);
    if (!t->failed)
        note_the_rest(t);
}

int keel_schema_translate(struct keel_schema **out, const struct keel_schema *schema,
                          enum keel_dialect dialect, struct keel_error *err)
{
    *out = NULL;
    if (schema->dialect == dialect)
        return keel_error_set(err, KEEL_INVALID, "the schema is in that dialect already");
    struct keel_schema *to = calloc(1, sizeof *to);
    struct keel__arena *arena = calloc(1, sizeof *arena);
    if (!to || !arena) {
        free(to);
        free(arena);
        return keel_error_set(err, KEEL_NOMEM, "out of memory");
    }
    keel__arena_init(arena, 0);
    to->arena = arena;
    to->dialect = dialect;
    struct keel__translation t = {.arena = arena, .from = schema, .to = to};
    translate(&t);
    if (t.failed) {
        int rc = keel__arena_error(arena, err);
        keel_schema_free(to);
        return rc;
    }
    *out = to;
    return 0;
}
