#include "migrate/set.h"

#include "base/embedded.h"
#include "base/error.h"

#include <stdlib.h>

bool keel__make_room(struct keel__arena *arena, void **items, size_t count, size_t size)
{
    if (count > 0 && (count & (count - 1)) != 0)
        return true;
    void *grown = keel__arena_grow(arena, *items, count, count ? count * 2 : 1, size);
    if (grown)
        *items = grown;
    return grown != NULL;
}

static int by_version(const void *a, const void *b)
{
    const struct keel__migration_file *x = a, *y = b;
    if (x->version != y->version)
        return x->version < y->version ? -1 : 1;
    if (x->half != y->half)
        return x->half < y->half ? -1 : 1; /* up before down */
    return strcmp(x->path, y->path);
}

/* Whether b, the file behind a in order, is the other half of a's migration. */
static int is_other_half(const struct keel__migration_file *a, const struct keel__migration_file *b,
                         bool *is, struct keel_error *err)
{
    *is = false;
    if (a->version != b->version)
        return 0;
    if (a->half != KEEL__FILE_UP || b->half != KEEL__FILE_DOWN)
        return keel_error_set(err, KEEL_INVALID,
                              "%s and %s have the same version: renumber one of them", a->path,
                              b->path);
    *is = true;
    return 0;
}

static int add_migration(struct keel_migrations *set, const struct keel__migration_file *file,
                         const struct keel__migration_file *other, struct keel_error *err)
{
    struct keel__migration *m = &set->items[set->count];
    if (file->half == KEEL__FILE_DOWN)
        return keel__file_error(err, file->path, 0, "there is no .up.sql for it");
    int rc = keel__parts_read(&set->arena, file, set->layout, m, err);
    if (rc == 0 && other)
        rc = keel__parts_read(&set->arena, other, set->layout, m, err);
    if (rc)
        return rc;
    m->pub = (struct keel_migration){
        .version = file->version,
        .version_text = file->version_text,
        .name = file->name,
        .up_file = file->path,
        .down_file = other           ? other->path
                     : m->down.count ? file->path
                                     : NULL,
        .checksum = keel__sections_checksum(&m->up),
        .down_checksum = keel__sections_checksum(&m->down),
    };
    set->count++;
    return 0;
}

static int build(struct keel_migrations *set, struct keel__migration_files *files,
                 struct keel_error *err)
{
    int rc = 0;
    if (files->count > 0)
        qsort(files->items, files->count, sizeof *files->items, by_version);
    if (set->layout == KEEL_LAYOUT_AUTO)
        rc = keel__layout_recognise(files, &set->layout, err);
    if (rc == 0 && set->layout == KEEL_LAYOUT_GOOSE && files->go)
        return keel_error_set(
            err, KEEL_UNSUPPORTED,
            "%s is a migration written in Go, which only goose can run: write it in SQL",
            files->go);
    set->items = keel__arena_calloc(&set->arena, files->count, sizeof *set->items);
    if (!set->items)
        return keel__arena_error(&set->arena, err);
    for (size_t i = 0; rc == 0 && i < files->count; i++) {
        const struct keel__migration_file *file = &files->items[i];
        bool pair = false;
        if (i + 1 < files->count)
            rc = is_other_half(file, file + 1, &pair, err);
        if (rc == 0)
            rc = add_migration(set, file, pair ? file + 1 : NULL, err);
        if (pair)
            i++;
    }
    return rc;
}

static int new_set(struct keel_migrations **out, enum keel_migration_layout layout,
                   struct keel_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return keel__nomem(err);
    keel__arena_init(&(*out)->arena, KEEL__MAX_MIGRATIONS_BYTES);
    (*out)->layout = layout;
    return 0;
}

static int finish(struct keel_migrations **out, struct keel__migration_files *files, int rc,
                  struct keel_error *err)
{
    if (rc == 0)
        rc = build(*out, files, err);
    if (rc) {
        keel_migrations_free(*out);
        *out = NULL;
    }
    return rc;
}

int keel_migrations_open(struct keel_migrations **out, const char *dir,
                         enum keel_migration_layout layout, struct keel_error *err)
{
    struct keel__migration_files files;
    int rc = new_set(out, layout, err);
    if (rc)
        return rc;
    rc = keel__folder_read(&(*out)->arena, dir, &files, err);
    return finish(out, &files, rc, err);
}

int keel_migrations_embedded(struct keel_migrations **out, const struct keel_embedded_file *files,
                             size_t count, const char *label, struct keel_error *err)
{
    int rc = new_set(out, KEEL_LAYOUT_AUTO, err);
    if (rc)
        return rc;
    struct keel__arena *arena = &(*out)->arena;
    struct keel__migration_files read = {.count = count};
    read.items = keel__arena_calloc(arena, count, sizeof *read.items);
    if (!read.items)
        rc = keel__arena_error(arena, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct keel__migration_file *file = &read.items[i];
        file->path = keel__arena_printf(arena, "%s/%s", label, files[i].name);
        file->text = keel_slice(files[i].data, files[i].size);
        rc = file->path ? keel__file_check(file, err) : keel__arena_error(arena, err);
        if (rc == 0)
            rc = keel__file_name_parse(arena, files[i].name, file, err);
    }
    return finish(out, &read, rc, err);
}

void keel_migrations_free(struct keel_migrations *set)
{
    if (!set)
        return;
    keel__arena_fini(&set->arena);
    free(set);
}

size_t keel_migrations_count(const struct keel_migrations *set)
{
    return set->count;
}

const struct keel_migration *keel_migrations_get(const struct keel_migrations *set, size_t index)
{
    return index < set->count ? &set->items[index].pub : NULL;
}

enum keel_migration_layout keel_migrations_layout(const struct keel_migrations *set)
{
    return set->layout;
}
