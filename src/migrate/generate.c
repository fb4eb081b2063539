#include <keel/generate.h>

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"

/* ---- the way back ---------------------------------------------------------------------------- */

static char *qualified(struct keel__arena *arena, const char *schema, const char *table,
                       const char *column)
{
    return keel__arena_printf(arena, "%s%s%s%s%s", schema ? schema : "", schema ? "." : "", table,
                              column ? "." : "", column ? column : "");
}

static bool turn_round(struct keel__arena *arena, const struct keel_change *change,
                       struct keel_rename *out)
{
    const struct keel_table_model *now = change->new_table;
    if (change->kind == KEEL_CHANGE_RENAME_TABLE) {
        out->old_name = qualified(arena, now->schema, now->name, NULL);
        out->new_name = change->old_table->name;
    } else {
        out->old_name = qualified(arena, now->schema, now->name, change->name);
        out->new_name = change->old_name;
    }
    return out->old_name != NULL;
}

int keel_diff_reverse(struct keel_diff **out, const struct keel_diff *diff, struct keel_error *err)
{
    struct keel__arena arena;
    struct keel_diff_options options = {0};
    keel__arena_init(&arena, 0);
    struct keel_rename *renames = keel__arena_calloc(&arena, diff->count + 1, sizeof *renames);
    bool ok = renames != NULL;
    for (size_t i = 0; ok && i < diff->count; i++)
        if (diff->changes[i].kind == KEEL_CHANGE_RENAME_TABLE ||
            diff->changes[i].kind == KEEL_CHANGE_RENAME_COLUMN)
            ok = turn_round(&arena, &diff->changes[i], &renames[options.rename_count++]);
    options.renames = renames;
    int rc = ok ? keel_schema_diff(out, diff->to, diff->from, &options, err)
                : keel__arena_error(&arena, err);
    keel__arena_fini(&arena);
    return rc;
}

/* ---- the files ------------------------------------------------------------------------------- */

static int way_back(char **out, const struct keel_diff *diff, bool concurrently,
                    struct keel_error *err)
{
    struct keel_alter_options options = {.concurrently = concurrently};
    struct keel_diff *back = NULL;
    int rc = keel_diff_reverse(&back, diff, err);
    if (!rc)
        rc = keel_diff_sql(out, back, &options, err);
    keel_diff_free(back);
    if (rc == KEEL_UNSUPPORTED) {
        struct keel_error inner = *err;
        return keel_error_set(err, KEEL_UNSUPPORTED, "the way back: %s", inner.message);
    }
    return rc;
}

int keel_migration_generate(struct keel_migration_created *out, const char *dir, const char *name,
                            const struct keel_diff *diff,
                            const struct keel_generate_options *options, struct keel_error *err)
{
    static const struct keel_generate_options none;
    char *up = NULL, *down = NULL;
    if (!options)
        options = &none;
    if (diff->count == 0)
        return keel_error_set(err, KEEL_INVALID, "the schemas are equal: there is nothing to do");
    int rc = keel_diff_sql(&up, diff, &options->alter, err);
    if (!rc)
        rc = way_back(&down, diff, options->alter.concurrently, err);
    if (!rc)
        rc = keel_migration_write(out, dir, name, options->layout, options->timestamp, up, down,
                                  err);
    free(up);
    free(down);
    return rc;
}
