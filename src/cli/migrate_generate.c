#include <stdlib.h>
#include <string.h>

#include <keel/source.h>

#include "cli/migrate.h"
#include "cli/output.h"
#include "cli/term.h"
#include "cli/watch.h"

/* What the two schemas are, and what is said about them. */
struct generating {
    const struct keel__global *global;
    const struct keel__migrate_own *own;
    struct keel__watch watch;
    const char *from; /* NULL: what the folder gives */
    const char *scratch;
    enum keel_dialect dialect;
    const char *database; /* to count in; NULL: none */
    struct keel_schema *from_schema, *to_schema;
    struct keel_diff *diff;
};

static const char *dialect_name(enum keel_dialect dialect)
{
    return dialect == KEEL_SQLITE ? "SQLite" : "PostgreSQL";
}

/* ---- both sides ------------------------------------------------------------------------------ */

static int take_source(struct generating *g, const char *source, bool counts,
                       struct keel_error *err)
{
    enum keel_source_kind kind;
    enum keel_dialect dialect;
    int code = source ? keel_source_recognise(source, &kind, &dialect, err) : 0;
    if (code || !source || !dialect)
        return code;
    if (g->dialect && g->dialect != dialect)
        return keel_error_set(err, KEEL_INVALID,
                              "%s is a database of %s, what it is compared with is of %s", source,
                              dialect_name(dialect), dialect_name(g->dialect));
    g->dialect = dialect;
    if (dialect == KEEL_POSTGRES && !g->scratch)
        g->scratch = source;
    if (counts && kind == KEEL_SOURCE_DATABASE && !g->database)
        g->database = source;
    return 0;
}

static int settle(struct generating *g, struct keel_error *err)
{
    const struct keel__migrate_own *own = g->own;
    g->from = own->from ? own->from : g->global->db;
    g->scratch = own->scratch;
    g->dialect = own->dialect;
    int code = take_source(g, own->from, true, err);
    if (!code)
        code = take_source(g, g->global->db, true, err);
    if (!code)
        code = take_source(g, own->to, false, err);
    if (!code && !g->dialect && g->scratch)
        g->dialect = KEEL_POSTGRES;
    if (!code && !g->dialect)
        code = keel_error_set(err, KEEL_INVALID,
                              "nothing says which database this is for: give --dialect sqlite or "
                              "--dialect postgres");
    return code;
}

static struct keel_source_options how_of(struct generating *g)
{
    return (struct keel_source_options){.dialect = g->dialect,
                                        .scratch_url = g->scratch,
                                        .stopped = keel__watch_stopped,
                                        .using_db = keel__watch_use,
                                        .context = &g->watch};
}

/* A folder that is not there yet has no migrations. */
static int load_folder(struct generating *g, struct keel_error *err)
{
    const struct keel_source_options how = how_of(g);
    struct keel_migrations *set = NULL;
    int code = keel_migrations_open(&set, g->own->dir, g->own->layout, err);
    if (code == KEEL_NOTFOUND)
        code = keel_migrations_embedded(&set, NULL, 0, g->own->dir, err);
    if (!code)
        code = keel_schema_replay(&g->from_schema, set, &how, err);
    keel_migrations_free(set);
    return code;
}

static int compare(struct generating *g, struct keel_error *err)
{
    const struct keel_source_options how = how_of(g);
    const struct keel_diff_options renamed = {.renames = g->own->renames,
                                              .rename_count = g->own->rename_count};
    int code =
        g->from ? keel_schema_load(&g->from_schema, g->from, &how, err) : load_folder(g, err);
    if (!code)
        code = keel_schema_load(&g->to_schema, g->own->to, &how, err);
    if (!code)
        code = keel_schema_diff(&g->diff, g->from_schema, g->to_schema, &renamed, err);
    return code;
}

/* ---- what would be lost ---------------------------------------------------------------------- */

static int count_losses(struct generating *g, struct keel_losses *losses, struct keel_error *err)
{
    const struct keel_db_options how = {.read_only = true, .must_exist = true, .foreign = true};
    struct keel_db *db = NULL;
    int code = g->database ? keel_db_open(&db, g->database, &how, err) : 0;
    if (!code) {
        keel__watch_use(&g->watch, db);
        code = keel_diff_losses(losses, g->diff, db, err);
        keel__watch_use(&g->watch, NULL);
    }
    keel_db_close(db);
    return code;
}

/* Says what goes, and refuses unless that was asked for. */
static int weigh(struct generating *g, struct keel_error *err)
{
    struct keel_losses losses = {0};
    int code = g->diff->destructive ? count_losses(g, &losses, err) : 0;
    for (size_t i = 0; !code && i < losses.count; i++) {
        fputs(g->own->allow_destructive ? "keel: destroys: " : "keel: would destroy: ", stderr);
        keel__term_safe(stderr, keel_slice_of(losses.items[i].text));
        fputc('\n', stderr);
    }
    if (!code && losses.count && !g->own->allow_destructive)
        code =
            keel_error_set(err, KEEL_CONFLICT,
                           "the migration would take stored data away: give "
                           "--allow-destructive to have it written%s",
                           g->diff->hint_count ? ", or --rename for what only has a new name" : "");
    keel_losses_free(&losses);
    return code;
}

static void hint(const struct generating *g)
{
    for (size_t i = 0; i < g->diff->hint_count; i++) {
        const struct keel_rename_hint *h = &g->diff->hints[i];
        keel__note(g->global, "perhaps a rename: --rename %s%s%s%s%s=%s",
                   h->schema ? h->schema : "", h->schema ? "." : "", h->table ? h->table : "",
                   h->table ? "." : "", h->old_name, h->new_name);
    }
}

/* ---- the command ----------------------------------------------------------------------------- */

static int print(const struct generating *g, const struct keel_migration_created *created)
{
    const struct keel_diff *diff = g->diff;
    if (!g->global->json) {
        printf("%s\n", created->up);
        if (created->down[0])
            printf("%s\n", created->down);
        keel__note(g->global, "%zu change%s: %zu safe, %zu blocking, %zu destructive", diff->count,
                   diff->count == 1 ? "" : "s", diff->count - diff->blocking - diff->destructive,
                   diff->blocking, diff->destructive);
        return KEEL__EXIT_OK;
    }
    struct keel__output output;
    keel__output_init(&output);
    keel__json_object_begin(&output.json);
    keel__json_add_cstr(&output.json, "up", created->up[0] ? created->up : NULL);
    keel__json_add_cstr(&output.json, "down", created->down[0] ? created->down : NULL);
    keel__json_add_int(&output.json, "changes", (int64_t)diff->count);
    keel__json_add_int(&output.json, "blocking", (int64_t)diff->blocking);
    keel__json_add_int(&output.json, "destructive", (int64_t)diff->destructive);
    keel__json_object_end(&output.json);
    return keel__output_finish(&output);
}

static int make(struct generating *g, struct keel_migration_created *created,
                struct keel_error *err)
{
    const struct keel_generate_options how = {.alter = {.concurrently = g->own->concurrently},
                                              .layout = g->own->layout,
                                              .timestamp = g->own->timestamp};
    int code = compare(g, err);
    if (code || g->diff->count == 0)
        return code;
    hint(g);
    code = weigh(g, err);
    if (!code)
        code = keel_migration_generate(created, g->own->dir, g->own->words.word[1], g->diff, &how,
                                       err);
    return code;
}

int keel__migrate_generate(const struct keel__global *global, const struct keel__migrate_own *own)
{
    struct generating g = {.global = global, .own = own};
    struct keel_migration_created created = {{0}, {0}};
    struct keel_error err = {0};
    int status = KEEL__EXIT_OK;
    int code = settle(&g, &err);
    if (!code && !keel__watch_begin(&g.watch)) {
        code = keel_error_set(&err, KEEL_IO, "cannot start a thread");
    } else if (!code) {
        code = make(&g, &created, &err);
        keel__watch_end(&g.watch);
    }
    if (code)
        status = keel__fail(&err);
    else if (g.diff->count || global->json)
        status = print(&g, &created);
    if (!code && g.diff->count == 0)
        keel__note(global, "the schemas are equal: there is nothing to write");
    keel_diff_free(g.diff);
    keel_schema_free(g.to_schema);
    keel_schema_free(g.from_schema);
    return status;
}
