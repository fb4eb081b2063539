#include "migrate/source.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "db/url.h"
#include "migrate/scratch.h"

/* ---- what a source is ------------------------------------------------------------------------ */

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static bool is_sql_file(const char *path)
{
    size_t size = strlen(path);
    return size > 4 && strcasecmp(path + size - 4, ".sql") == 0 && !strstr(path, "://");
}

int keel_source_recognise(const char *source, enum keel_source_kind *kind,
                          enum keel_dialect *dialect, struct keel_error *err)
{
    struct keel__url url;
    *dialect = 0;
    if (is_folder(source)) {
        *kind = KEEL_SOURCE_MIGRATIONS;
        return 0;
    }
    if (is_sql_file(source)) {
        *kind = KEEL_SOURCE_FILE;
        return 0;
    }
    int rc = keel__url_parse(&url, source, err);
    if (rc)
        return rc;
    *kind = KEEL_SOURCE_DATABASE;
    *dialect = url.dialect;
    keel__url_fini(&url);
    return 0;
}

/* ---- tables of tools ------------------------------------------------------------------------- */

static bool has_column(const struct keel_table_model *table, const char *name)
{
    return keel_table_column(table, name) != NULL;
}

static bool is_history(const struct keel_table_model *table)
{
    if (strcmp(table->name, "keel_migrations") == 0)
        return has_column(table, "module") && has_column(table, "version");
    if (strcmp(table->name, "schema_migrations") == 0)
        return has_column(table, "version") && table->column_count <= 3;
    return strcmp(table->name, "goose_db_version") == 0 && has_column(table, "version_id");
}

static bool is_its_sequence(const struct keel_schema *schema, const struct keel_sequence_model *s)
{
    for (size_t i = 0; s->owner_table && i < schema->table_count; i++)
        if (is_history(&schema->tables[i]) && strcmp(schema->tables[i].name, s->owner_table) == 0)
            return true;
    return false;
}

static void leave_out_histories(struct keel_schema *schema)
{
    size_t kept = 0;
    for (size_t i = 0; i < schema->sequence_count; i++)
        if (!is_its_sequence(schema, &schema->sequences[i]))
            schema->sequences[kept++] = schema->sequences[i];
    schema->sequence_count = kept;
    kept = 0;
    for (size_t i = 0; i < schema->table_count; i++)
        if (!is_history(&schema->tables[i]))
            schema->tables[kept++] = schema->tables[i];
    schema->table_count = kept;
}

/* ---- reading --------------------------------------------------------------------------------- */

bool keel__source_stopped(const struct keel_source_options *options)
{
    return options->stopped && options->stopped(options->context);
}

void keel__source_progress(const struct keel_source_options *options, size_t done, size_t total)
{
    if (options->progress)
        options->progress(options->context, done, total);
}

static void use(const struct keel_source_options *options, struct keel_db *db)
{
    if (options->using_db)
        options->using_db(options->context, db);
}

static int read_model(struct keel_schema **out, struct keel_db *db,
                      const struct keel_source_options *options, struct keel_error *err)
{
    int rc = keel_schema_read(out, db, options->read, err);
    if (!rc)
        leave_out_histories(*out);
    return rc;
}

static int load_database(struct keel_schema **out, const char *source,
                         const struct keel_source_options *options, struct keel_error *err)
{
    const struct keel_db_options how = {.read_only = true, .must_exist = true, .foreign = true};
    struct keel_db *db;
    int rc = keel_db_open(&db, source, &how, err);
    if (rc)
        return rc;
    use(options, db);
    rc = read_model(out, db, options, err);
    use(options, NULL);
    if (rc)
        keel_error_context(err, "%s", keel_db_display_url(db));
    keel_db_close(db);
    return rc;
}

/* ---- replaying ------------------------------------------------------------------------------- */

static int check_plan(const struct keel_migration_plan *plan, enum keel_dialect dialect,
                      struct keel_error *err)
{
    for (size_t i = 0; i < plan->count; i++)
        for (size_t k = 0; k < plan->todos[i].step_count; k++)
            for (size_t n = 0; n < plan->todos[i].steps[k].count; n++) {
                const struct keel_migration_statement *s = &plan->todos[i].steps[k].statements[n];
                if (keel__scratch_admits(s->sql, dialect, err))
                    return keel_error_context(err, "%s:%zu", s->file, s->line);
            }
    return 0;
}

struct replaying {
    const struct keel_source_options *options;
    size_t done, total; /* statements of all migrations */
};

static bool is_stopped(void *context)
{
    const struct replaying *r = context;
    return keel__source_stopped(r->options);
}

static void on_event(void *context, const struct keel_migrate_event *event)
{
    struct replaying *r = context;
    if (event->kind == KEEL_MIGRATE_STATEMENT)
        keel__source_progress(r->options, r->done++, r->total);
}

static size_t count_statements(const struct keel_migration_plan *plan)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->count; i++)
        for (size_t k = 0; k < plan->todos[i].step_count; k++)
            count += plan->todos[i].steps[k].count;
    return count;
}

static int run_migrations(struct keel_db *db, const struct keel_migrations *set,
                          const struct keel_source_options *options, struct keel_error *err)
{
    struct replaying replaying = {.options = options};
    const struct keel_migrate_options how = {
        .module = "scratch", .stopped = is_stopped, .event = on_event, .context = &replaying};
    struct keel_migration_plan plan;
    int rc = keel_migrate_plan(&plan, db, set, KEEL_MIGRATE_UP, &how, err);
    if (rc)
        return rc;
    rc = check_plan(&plan, keel_db_dialect(db), err);
    replaying.total = count_statements(&plan);
    keel_migration_plan_free(&plan);
    return rc ? rc : keel_migrate_run(db, set, KEEL_MIGRATE_UP, &how, err);
}

/* set, or, when that is NULL, the file. */
static int run_all(struct keel_db *db, const char *file, const struct keel_migrations *set,
                   const struct keel_source_options *options, struct keel_error *err)
{
    static const char reread[] = "PRAGMA writable_schema = RESET"; /* what a .dump wrote there */
    int rc =
        set ? run_migrations(db, set, options, err) : keel__source_run_file(db, file, options, err);
    if (!rc && keel_db_dialect(db) == KEEL_SQLITE)
        rc = keel_db_run(db, keel_slice_of(reread), err);
    /* a search_path that a dump set, say, would make all names look different */
    return rc ? rc : keel_db_reset_session(db, err);
}

static int replay(struct keel_schema **out, const char *file, const struct keel_migrations *set,
                  const struct keel_source_options *options, struct keel_error *err)
{
    struct keel__scratch scratch;
    int rc = keel__scratch_open(&scratch, options->dialect, options->scratch_url, err);
    if (rc)
        return rc;
    use(options, scratch.db);
    rc = run_all(scratch.db, file, set, options, err);
    if (!rc)
        rc = read_model(out, scratch.db, options, err);
    use(options, NULL);
    rc = keel__scratch_close(&scratch, rc, err);
    if (rc) {
        keel_schema_free(*out);
        *out = NULL;
    }
    return rc;
}

static int need_dialect(const struct keel_source_options *options, const char *source,
                        struct keel_error *err)
{
    if (options->dialect)
        return 0;
    return keel_error_set(err, KEEL_INVALID,
                          "%s does not say which database it is for: name it (--dialect sqlite or "
                          "postgres)",
                          source);
}

int keel_schema_replay(struct keel_schema **out, const struct keel_migrations *set,
                       const struct keel_source_options *options, struct keel_error *err)
{
    static const struct keel_source_options none;
    *out = NULL;
    options = options ? options : &none;
    int rc = need_dialect(options, "a set of migrations", err);
    return rc ? rc : replay(out, NULL, set, options, err);
}

int keel_schema_load(struct keel_schema **out, const char *source,
                     const struct keel_source_options *options, struct keel_error *err)
{
    static const struct keel_source_options none;
    struct keel_migrations *set = NULL;
    enum keel_source_kind kind;
    enum keel_dialect dialect;
    *out = NULL;
    options = options ? options : &none;
    int rc = keel_source_recognise(source, &kind, &dialect, err);
    if (rc || kind == KEEL_SOURCE_DATABASE)
        return rc ? rc : load_database(out, source, options, err);
    rc = need_dialect(options, source, err);
    if (!rc && kind == KEEL_SOURCE_MIGRATIONS)
        rc = keel_migrations_open(&set, source, KEEL_LAYOUT_AUTO, err);
    if (!rc)
        rc = replay(out, source, set, options, err);
    keel_migrations_free(set);
    return rc;
}
