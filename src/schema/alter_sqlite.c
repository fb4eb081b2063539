#include "schema/alter_sqlite.h"

#include <string.h>

#include "schema/render.h"
#include "schema/tokenize.h"

/* ---- helps ----------------------------------------------------------------------------------- */

static struct keel_slice kind_key(const enum keel_change_kind *kind)
{
    return keel_slice((const char *)kind, sizeof *kind);
}

const struct keel_change *keel__alter_change(const struct keel__sqlite_alter *a,
                                             enum keel_change_kind kind, const void *item)
{
    return keel__map_get(&a->items, (uint64_t)(uintptr_t)item, kind_key(&kind));
}

struct keel__alteration *keel__alteration_of(const struct keel__sqlite_alter *a,
                                             const struct keel_table_model *table)
{
    size_t place = (size_t)keel__map_get(&a->items, (uint64_t)(uintptr_t)table, keel_slice("", 0));
    return place ? &a->tables[place - 1] : NULL;
}

bool keel__sql_mentions(const char *sql, const char *name)
{
    struct keel__tokenizer tokenizer;
    struct keel__token token;
    char word[256];
    keel__tokenizer_init(&tokenizer, keel_slice_of(sql ? sql : ""), KEEL_SQLITE, 1);
    do {
        if (keel__token_next(&tokenizer, &token, NULL))
            return true; /* what cannot be read may be anything */
        if (token.kind == KEEL__TOKEN_STRING && token.text.size > 2) /* 'x' can be a name */
            token.kind = KEEL__TOKEN_NAME;
        if (token.text.size >= sizeof word)
            return true;
        if (keel__token_name(&token, KEEL_SQLITE, word, sizeof word) && keel__name_is(word, name))
            return true;
    } while (token.kind != KEEL__TOKEN_END);
    return false;
}

enum scope { THINGS, COLUMNS };

static char *folded(struct keel__sqlite_alter *a, const char *name)
{
    char *copy = keel__arena_strdup(a->arena, name);
    a->failed = a->failed || !copy;
    for (char *c = copy; c && *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    return copy;
}

static void take_name(struct keel__sqlite_alter *a, enum scope scope, const char *name)
{
    const char *key = folded(a, name);
    void **place = key ? keel__map_at(&a->names, scope, keel_slice_of(key)) : NULL;
    if (place)
        *place = a;
    else
        a->failed = true;
}

static bool is_known(const struct keel__sqlite_alter *a, const struct keel_table_model *table,
                     char *word)
{
    if (table && keel__name_is(table->name, word))
        return true;
    for (size_t i = 0; table && i < table->column_count; i++)
        if (keel__name_is(table->columns[i].name, word))
            return true;
    for (char *c = word; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    return !table && (keel__map_get(&a->names, THINGS, keel_slice_of(word)) ||
                      keel__map_get(&a->names, COLUMNS, keel_slice_of(word)));
}

bool keel__alter_has_string(const struct keel__sqlite_alter *a, const char *sql,
                            const struct keel_table_model *table)
{
    struct keel__tokenizer tokenizer;
    struct keel__token token;
    char word[256];
    keel__tokenizer_init(&tokenizer, keel_slice_of(sql ? sql : ""), KEEL_SQLITE, 1);
    while (!keel__token_next(&tokenizer, &token, NULL) && token.kind != KEEL__TOKEN_END)
        if (token.kind == KEEL__TOKEN_NAME && token.text.data[0] == '"' &&
            (!keel__token_name(&token, KEEL_SQLITE, word, sizeof word) ||
             !is_known(a, table, word)))
            return true;
    return false;
}

const char *keel__alter_free_name(struct keel__sqlite_alter *a, const char *prefix,
                                  const char *name)
{
    for (int i = 1;; i++) {
        char *tried = i == 1 ? keel__arena_printf(a->arena, "%s%s", prefix, name)
                             : keel__arena_printf(a->arena, "%s%s_%d", prefix, name, i);
        const char *key = tried ? folded(a, tried) : NULL;
        if (!key) {
            a->failed = true;
            return "";
        }
        if (!keel__map_get(&a->names, THINGS, keel_slice_of(key))) {
            take_name(a, THINGS, tried);
            return tried;
        }
    }
}

void keel__alter_gap(struct keel__sqlite_alter *a)
{
    const struct keel__str *out = a->out;
    bool is_there =
        out->size < 2 || (out->data[out->size - 1] == '\n' && out->data[out->size - 2] == '\n');
    if (!is_there)
        keel__str_char(a->out, '\n');
}

void keel__alter_comment(struct keel__str *out, const char *format, ...)
{
    size_t start = out->size;
    va_list args;
    va_start(args, format);
    keel__str_text(out, "-- ");
    keel__str_vprintf(out, format, args);
    va_end(args);
    for (size_t i = start; i < out->size; i++)
        if ((unsigned char)out->data[i] < ' ' || out->data[i] == 0x7f)
            out->data[i] = ' ';
    keel__str_char(out, '\n');
}

void keel__alter_say(struct keel__sqlite_alter *a, const struct keel_change *change)
{
    if (change->risk == KEEL_RISK_DESTRUCTIVE)
        keel__alter_comment(a->out, "destructive: %s: %s", change->what,
                            change->why ? change->why : "what is stored there goes");
    else
        keel__alter_comment(a->out, "%s", change->what);
}

static bool is_aside_kind(enum keel_change_kind kind)
{
    return kind == KEEL_CHANGE_ADD_INDEX || kind == KEEL_CHANGE_DROP_INDEX ||
           kind == KEEL_CHANGE_ADD_TRIGGER || kind == KEEL_CHANGE_DROP_TRIGGER;
}

void keel__alter_say_all(struct keel__sqlite_alter *a, const struct keel__alteration *table)
{
    for (size_t i = 0; i < a->diff->count; i++) {
        const struct keel_change *change = &a->diff->changes[i];
        if (change->old_table == table->old && change->new_table == table->now &&
            !is_aside_kind(change->kind) && change->kind != KEEL_CHANGE_RENAME_TABLE &&
            (change->kind != KEEL_CHANGE_RENAME_COLUMN || table->copies_names))
            keel__alter_say(a, change);
    }
}

const struct keel_conversion *keel__alter_conversion(const struct keel__sqlite_alter *a,
                                                     const struct keel_table_model *table,
                                                     const char *column)
{
    for (size_t i = 0; table && i < a->options->conversion_count; i++) {
        const struct keel_conversion *conversion = &a->options->conversions[i];
        if (keel__name_is(conversion->table, table->name) &&
            (!column || keel__name_is(conversion->column, column)))
            return conversion;
    }
    return NULL;
}

/* ---- what is known beforehand ---------------------------------------------------------------- */

static void remember(struct keel__sqlite_alter *a, const void *item, struct keel_slice key,
                     const void *value)
{
    void **place = keel__map_at(&a->items, (uint64_t)(uintptr_t)item, key);
    if (place)
        *place = (void *)(uintptr_t)value;
    else
        a->failed = true;
}

static void take_names(struct keel__sqlite_alter *a, const struct keel_schema *schema)
{
    for (size_t i = 0; i < schema->table_count; i++) {
        take_name(a, THINGS, schema->tables[i].name);
        for (size_t k = 0; k < schema->tables[i].index_count; k++)
            take_name(a, THINGS, schema->tables[i].indexes[k].name);
    }
    for (size_t i = 0; i < schema->view_count; i++)
        take_name(a, THINGS, schema->views[i].name);
}

static bool is_of_a_table(const struct keel_change *change)
{
    return (change->old_table || change->new_table) && !is_aside_kind(change->kind);
}

static void add_alteration(struct keel__sqlite_alter *a, const struct keel_change *change)
{
    bool adds = change->kind == KEEL_CHANGE_ADD_TABLE,
         drops = change->kind == KEEL_CHANGE_DROP_TABLE;
    const struct keel_table_model *old = adds ? NULL : change->old_table;
    const struct keel_table_model *now = drops ? NULL : change->new_table;
    if ((!old && !now) || keel__alteration_of(a, old ? old : now))
        return;
    struct keel__alteration *table = KEEL__PUSH(a->arena, a->tables, a->table_count);
    if (!table) {
        a->failed = true;
        return;
    }
    *table = (struct keel__alteration){.old = old, .now = now, .name = old ? old->name : now->name};
    size_t count = old ? old->column_count : 0;
    table->columns = keel__arena_calloc(a->arena, count, sizeof *table->columns);
    a->failed = a->failed || !table->columns;
    for (size_t i = 0; table->columns && i < count; i++)
        table->columns[i] = old->columns[i].name;
    if (old)
        remember(a, old, keel_slice("", 0), (void *)a->table_count);
    if (now)
        remember(a, now, keel_slice("", 0), (void *)a->table_count);
}

/* Tables that go first: a table of the same name may come. */
static void gather(struct keel__sqlite_alter *a)
{
    const struct keel_diff *diff = a->diff;
    for (size_t i = 0; i < diff->count; i++) {
        const struct keel_change *change = &diff->changes[i];
        if (change->old_item)
            remember(a, change->old_item, kind_key(&change->kind), change);
        if (change->new_item)
            remember(a, change->new_item, kind_key(&change->kind), change);
        if (change->kind == KEEL_CHANGE_ADD_TABLE || change->kind == KEEL_CHANGE_DROP_TABLE)
            add_alteration(a, change);
    }
    for (size_t i = 0; i < diff->count; i++)
        if (is_of_a_table(&diff->changes[i]))
            add_alteration(a, &diff->changes[i]);
    for (size_t i = 0; i < a->options->conversion_count; i++) {
        const struct keel_table_model *now =
            keel_schema_table(diff->to, a->options->conversions[i].table);
        const struct keel_table_model *old = now ? keel_schema_table(diff->from, now->name) : NULL;
        if (old && !keel__alteration_of(a, now) && !keel__alteration_of(a, old))
            add_alteration(a, &(struct keel_change){.old_table = old, .new_table = now});
    }
    take_names(a, diff->from);
    take_names(a, diff->to);
    for (size_t i = 0; i < diff->from->table_count; i++)
        for (size_t k = 0; k < diff->from->tables[i].column_count; k++)
            take_name(a, COLUMNS, diff->from->tables[i].columns[k].name);
}

/* ---- the statements -------------------------------------------------------------------------- */

static void drop_table(struct keel__sqlite_alter *a, struct keel__alteration *table)
{
    table->gone = true;
    keel__alter_gap(a);
    keel__alter_say_all(a, table);
    keel__str_text(a->out, "DROP TABLE ");
    keel__sql_name(a->out, table->name);
    keel__str_text(a->out, ";\n");
}

static bool is_wanted(const struct keel__sqlite_alter *a, const char *name)
{
    for (size_t i = 0; i < a->table_count; i++)
        if (a->tables[i].now && keel__name_is(a->tables[i].now->name, name))
            return true;
    for (size_t i = 0; i < a->diff->to->view_count; i++)
        if (keel__name_is(a->diff->to->views[i].name, name))
            return true;
    return false;
}

/* Those whose name is wanted go at once, the others last: what converts values may read them. */
static void drop_tables(struct keel__sqlite_alter *a, bool all)
{
    for (size_t i = 0; i < a->table_count; i++) {
        struct keel__alteration *table = &a->tables[i];
        if (!table->now && !table->gone && (all || is_wanted(a, table->name)))
            drop_table(a, table);
    }
}

static void add_tables(struct keel__sqlite_alter *a)
{
    for (size_t i = 0; i < a->table_count; i++) {
        const struct keel__alteration *table = &a->tables[i];
        if (table->old)
            continue;
        keel__alter_gap(a);
        keel__alter_say(a, keel__alter_change(a, KEEL_CHANGE_ADD_TABLE, table->now));
        if (table->now->kind == KEEL_TABLE_VIRTUAL)
            keel__str_printf(a->out, "%s;\n", table->now->virtual_sql);
        else
            keel__sqlite_table(a->out, table->now, table->now->name);
    }
}

static void drop_column(struct keel__sqlite_alter *a, struct keel__alteration *table, size_t i)
{
    keel__str_text(a->out, "ALTER TABLE ");
    keel__sql_name(a->out, table->name);
    keel__str_text(a->out, " DROP COLUMN ");
    keel__sql_name(a->out, table->columns[i]);
    keel__str_text(a->out, ";\n");
    table->columns[i] = NULL;
}

static void add_column(struct keel__sqlite_alter *a, const struct keel__alteration *table,
                       const struct keel_column_model *column)
{
    keel__str_text(a->out, "ALTER TABLE ");
    keel__sql_name(a->out, table->name);
    keel__str_text(a->out, " ADD COLUMN ");
    keel__sqlite_column(a->out, table->now, column);
    for (size_t i = 0; i < table->now->foreign_key_count; i++) {
        const struct keel_foreign_key_model *key = &table->now->foreign_keys[i];
        if (key->column_count == 1 && keel__name_is(key->columns[0], column->name)) {
            keel__str_char(a->out, ' ');
            keel__sql_constraint_name(a->out, key->name);
            keel__sql_references(a->out, key);
        }
    }
    keel__str_text(a->out, ";\n");
}

static bool is_dropped(const struct keel__sqlite_alter *a, const struct keel__alteration *table,
                       size_t i)
{
    return keel__alter_change(a, KEEL_CHANGE_DROP_COLUMN, &table->old->columns[i]) != NULL;
}

/* Columns that go make room for the names of others. */
static void alter_columns(struct keel__sqlite_alter *a, struct keel__alteration *table)
{
    if (!table->rebuilt) {
        keel__alter_say_all(a, table);
        for (size_t i = 0; i < table->old->column_count; i++)
            if (is_dropped(a, table, i))
                drop_column(a, table, i);
    }
    if (!table->copies_names)
        keel__alter_rename_columns(a, table);
    for (size_t i = 0; !table->rebuilt && i < table->now->column_count; i++)
        if (keel__alter_change(a, KEEL_CHANGE_ADD_COLUMN, &table->now->columns[i]))
            add_column(a, table, &table->now->columns[i]);
}

static void write_all(struct keel__sqlite_alter *a)
{
    bool rebuilds = false;
    keel__alter_step_aside(a);
    keel__alter_gap(a);
    drop_tables(a, false);
    keel__alter_rename_tables(a);
    for (size_t i = 0; i < a->table_count; i++)
        if (a->tables[i].old && a->tables[i].now)
            alter_columns(a, &a->tables[i]);
    add_tables(a);
    for (size_t i = 0; i < a->table_count; i++)
        rebuilds = rebuilds || a->tables[i].rebuilt;
    if (rebuilds)
        keel__alter_rebuild_begin(a);
    for (size_t i = 0; i < a->table_count; i++)
        if (a->tables[i].rebuilt)
            keel__alter_rebuild(a, &a->tables[i]);
    if (rebuilds)
        keel__alter_rebuild_end(a);
    drop_tables(a, true);
    keel__alter_gap(a);
    keel__alter_indexes(a);
    keel__alter_views(a);
    keel__alter_triggers(a);
    if (!a->out->failed && a->out->size > 1 && a->out->data[a->out->size - 2] == '\n')
        a->out->data[--a->out->size] = '\0';
}

int keel__alter_sqlite(struct keel__str *out, const struct keel_diff *diff,
                       const struct keel_alter_options *options, struct keel_error *err)
{
    struct keel__arena arena;
    keel__arena_init(&arena, 0);
    struct keel__sqlite_alter a = {.arena = &arena, .out = out, .diff = diff, .options = options};
    keel__map_init(&a.names, &arena);
    keel__map_init(&a.items, &arena);
    gather(&a);
    int rc = a.failed ? keel__arena_error(&arena, err) : keel__alter_plan(&a, err);
    if (!rc)
        write_all(&a);
    if (!rc && a.failed)
        rc = keel__arena_error(&arena, err);
    keel__arena_fini(&arena);
    return rc;
}
