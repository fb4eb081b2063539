#include "schema/diff.h"

#include <string.h>

#include "schema/render.h"

/* Renames that are asked for. Those that look as if they should be are in diff_hint.c. */

static const struct keel_column_model *
column_of(const struct keel__differ *d, const struct keel_table_model *table, const char *name)
{
    if (d->dialect == KEEL_POSTGRES)
        return keel_table_column(table, name);
    for (size_t i = 0; i < table->column_count; i++)
        if (keel__name_is(table->columns[i].name, name))
            return &table->columns[i];
    return NULL;
}

/* The pair that "name" or "schema.name" stands for in map. */
static struct keel__pair *table_named(struct keel__differ *d, const struct keel__map *map,
                                      const char *text, size_t size)
{
    char *name = keel__arena_dup(d->arena, keel_slice(text, size));
    struct keel__pair *pair = NULL;
    if (!name)
        return NULL;
    pair = keel__map_get(map, 0, keel__differ_qualified(d, NULL, name));
    for (char *dot = strchr(name, '.'); !pair && dot; dot = strchr(dot + 1, '.')) {
        *dot = '\0';
        pair = keel__map_get(map, 0, keel__differ_qualified(d, name, dot + 1));
        *dot = '.';
    }
    return pair;
}

static int nothing(const struct keel_rename *rename, const char *name, const char *which,
                   struct keel_error *err)
{
    return keel_error_set(err, KEEL_INVALID,
                          "rename %s=%s: the %s schema has no table or column '%s'",
                          rename->old_name, rename->new_name, which, name);
}

/* ---- columns --------------------------------------------------------------------------------- */

/* Of the new table; rename may repeat the table's name before it. */
static const struct keel_column_model *
new_column(const struct keel__differ *d, const struct keel__pair *pair, const char *new_name)
{
    const struct keel_column_model *column = column_of(d, pair->now, new_name);
    for (const char *dot = strchr(new_name, '.'); !column && dot; dot = strchr(dot + 1, '.'))
        column = column_of(d, pair->now, dot + 1);
    return column;
}

static int rename_column(struct keel__differ *d, struct keel__pair *pair,
                         const struct keel_column_model *old, const struct keel_rename *rename,
                         struct keel_error *err)
{
    const struct keel_column_model *now = new_column(d, pair, rename->new_name);
    if (!now)
        return nothing(rename, rename->new_name, "new", err);
    if (strcmp(keel__differ_fold(d, old->name), keel__differ_fold(d, now->name)) == 0)
        return keel_error_set(err, KEEL_INVALID, "rename %s=%s: both are the same column",
                              rename->old_name, rename->new_name);
    void **place = keel__map_at(&pair->renamed, 0, keel_slice_of(keel__differ_fold(d, old->name)));
    if (!place)
        return keel__arena_error(d->arena, err);
    if (*place)
        return keel_error_set(err, KEEL_INVALID, "rename %s=%s: %s is renamed twice",
                              rename->old_name, rename->new_name, rename->old_name);
    *place = (void *)keel__differ_fold(d, now->name);
    return 0;
}

/* Says the renames of pair, each when the name it gives is free. */
static int say_columns(struct keel__differ *d, struct keel__pair *pair, size_t *rank,
                       struct keel_error *err)
{
    struct keel__map taken, done;
    size_t left = pair->renamed.count;
    keel__map_init(&taken, d->arena);
    keel__map_init(&done, d->arena);
    for (size_t i = 0; i < pair->old->column_count; i++)
        keel__differ_mark(d, &taken, pair->old->columns[i].name);
    while (left && !d->failed) {
        size_t before = left;
        for (size_t i = 0; i < pair->old->column_count; i++) {
            const struct keel_column_model *old = &pair->old->columns[i];
            const char *folded = keel__differ_fold(d, old->name);
            const char *now = keel__map_get(&pair->renamed, 0, keel_slice_of(folded));
            if (!now || keel__differ_is_marked(d, &done, folded) ||
                keel__differ_is_marked(d, &taken, now))
                continue;
            const struct keel_column_model *column = column_of(d, pair->now, now);
            keel__differ_mark(d, &done, folded);
            void **free_again = keel__map_at(&taken, 0, keel_slice_of(folded));
            if (free_again)
                *free_again = NULL;
            left--;
            keel__change(d, KEEL__PHASE_RENAMES, ++*rank,
                         (struct keel_change){.kind = KEEL_CHANGE_RENAME_COLUMN,
                                              .schema = pair->now->schema,
                                              .table = pair->now->name,
                                              .name = column->name,
                                              .old_name = old->name,
                                              .old_item = old,
                                              .new_item = column,
                                              .old_table = pair->old,
                                              .new_table = pair->now});
        }
        if (left == before)
            return keel_error_set(err, KEEL_INVALID,
                                  "a column of %s cannot be renamed to one that is there already: "
                                  "that one has to go, or be renamed, in a step before",
                                  pair->old->name);
    }
    return 0;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static int new_table_of(struct keel__differ *d, const struct keel__pair *old,
                        const struct keel_rename *rename, struct keel__pair **out,
                        struct keel_error *err)
{
    struct keel__pair *now = table_named(d, &d->by_new, rename->new_name, strlen(rename->new_name));
    if (!now && old->old->schema)
        now = keel__map_get(&d->by_new, 0,
                            keel__differ_qualified(d, old->old->schema, rename->new_name));
    *out = now;
    if (!now)
        return nothing(rename, rename->new_name, "new", err);
    if (now == old)
        return keel_error_set(err, KEEL_INVALID, "rename %s=%s: both are the same table",
                              rename->old_name, rename->new_name);
    if (now->old)
        return keel_error_set(err, KEEL_CONFLICT,
                              "rename %s=%s: %s is there already: it has to go, or be renamed, in "
                              "a step before",
                              rename->old_name, rename->new_name, rename->new_name);
    if (old->old->kind != now->now->kind)
        return keel_error_set(
            err, KEEL_INVALID, "rename %s=%s: one is a %s table, the other a %s one",
            rename->old_name, rename->new_name, keel__table_kind_word(old->old->kind),
            keel__table_kind_word(now->now->kind));
    return 0;
}

/* CONFLICT when the new name is taken, perhaps by a table that another rename takes away. */
static int rename_table(struct keel__differ *d, struct keel__pair *old,
                        const struct keel_rename *rename, struct keel_error *err)
{
    struct keel__pair *now;
    int rc = new_table_of(d, old, rename, &now, err);
    if (rc)
        return rc;
    now->old = old->old;
    void **place =
        keel__map_at(&d->by_old, 0, keel__differ_qualified(d, old->old->schema, old->old->name));
    if (!place)
        return keel__arena_error(d->arena, err);
    *place = now;
    old->old = NULL; /* only what is added under the old name, if anything, is left of it */
    keel__change(d, KEEL__PHASE_RENAMES, 0,
                 (struct keel_change){.kind = KEEL_CHANGE_RENAME_TABLE,
                                      .schema = now->now->schema,
                                      .table = now->now->name,
                                      .old_name = now->old->name,
                                      .old_item = now->old,
                                      .new_item = now->now,
                                      .old_table = now->old,
                                      .new_table = now->now});
    return 0;
}

/* The pair and column that "table.column" stands for; the table by its old or its new name. */
static struct keel__pair *column_named(struct keel__differ *d, const char *text,
                                       const struct keel_column_model **column)
{
    *column = NULL;
    for (const char *dot = strchr(text, '.'); dot; dot = strchr(dot + 1, '.')) {
        size_t size = (size_t)(dot - text);
        struct keel__pair *pair = table_named(d, &d->by_old, text, size);
        if (!pair || !pair->now)
            pair = table_named(d, &d->by_new, text, size);
        if (pair && pair->old && pair->now)
            *column = column_of(d, pair->old, dot + 1);
        if (*column)
            return pair;
    }
    return NULL;
}

/* Renames of tables, each when the name it gives is free; done: those, and none of columns. */
static int rename_tables(struct keel__differ *d, const struct keel_diff_options *options,
                         bool *done, struct keel_error *err)
{
    const struct keel_column_model *column;
    int rc = 0;
    for (bool again = true; again && (!rc || rc == KEEL_CONFLICT);) {
        again = false;
        rc = 0;
        for (size_t i = 0; i < options->rename_count && (!rc || rc == KEEL_CONFLICT); i++) {
            const struct keel_rename *rename = &options->renames[i];
            struct keel__pair *old =
                table_named(d, &d->by_old, rename->old_name, strlen(rename->old_name));
            if (done[i] || !old || !old->old || column_named(d, rename->old_name, &column))
                continue;
            int one = rename_table(d, old, rename, err);
            done[i] = !one;
            again = again || !one;
            rc = one ? one : rc;
        }
    }
    if (rc == KEEL_CONFLICT && err)
        err->code = KEEL_INVALID;
    return rc == KEEL_CONFLICT ? KEEL_INVALID : rc;
}

int keel__differ_rename(struct keel__differ *d, const struct keel_diff_options *options,
                        struct keel_error *err)
{
    const struct keel_column_model *column;
    size_t rank = 0;
    if (!options || !options->rename_count)
        return 0;
    bool *done = keel__arena_calloc(d->arena, options->rename_count, sizeof *done);
    if (!done)
        return keel__arena_error(d->arena, err);
    int rc = rename_tables(d, options, done, err);
    for (size_t i = 0; !rc && i < options->rename_count; i++) {
        const struct keel_rename *rename = &options->renames[i];
        struct keel__pair *pair = done[i] ? NULL : column_named(d, rename->old_name, &column);
        if (pair)
            rc = rename_column(d, pair, column, rename, err);
        else if (!done[i])
            rc = nothing(rename, rename->old_name, "old", err);
    }
    for (size_t i = 0; !rc && i < d->pair_count; i++)
        if (d->pairs[i].renamed.count)
            rc = say_columns(d, &d->pairs[i], &rank, err);
    return rc;
}
