/*
 * keel/source.h - a schema's model, from wherever the schema is written down.
 *
 * A source is a database (as keel_db_open takes it), a .sql file, or a folder of migrations. Files
 * and folders are replayed into a scratch database, which is read and then thrown away: in memory
 * for SQLite; for PostgreSQL one named keel_scratch_<random> on a server that the caller names,
 * dropped on success and failure alike. (A process that is killed leaves it behind.)
 *
 * Tables in which migration tools keep their history (keel_migrations, dbmate's and
 * golang-migrate's schema_migrations, goose's goose_db_version) are left out of the model.
 *
 * Thread rule: any thread; the callbacks are called on it.
 */
#ifndef KEEL_SOURCE_H
#define KEEL_SOURCE_H

#include <keel/migrate.h>
#include <keel/schema.h>

#ifdef __cplusplus
extern "C" {
#endif

enum keel_source_kind { KEEL_SOURCE_DATABASE = 1, KEEL_SOURCE_FILE, KEEL_SOURCE_MIGRATIONS };

/* What source is, and its dialect: 0 when it does not say (files and folders). A path that is a
 * folder is one of migrations, one that ends in .sql is a file of SQL, all else a database. INVALID
 * for what is no database's URL. */
int keel_source_recognise(const char *source, enum keel_source_kind *kind,
                          enum keel_dialect *dialect, struct keel_error *err);

struct keel_source_options {
    enum keel_dialect dialect; /* of files and folders; 0: not known, which is INVALID for them */
    const char *scratch_url; /* PostgreSQL: a database on the server where scratch ones are made */
    const struct keel_schema_options *read; /* may be NULL */
    /* Asked between statements: true, and the rest is left. May be NULL. */
    bool (*stopped)(void *context);
    /* Told which connection is at work, NULL when it no longer is, so that another thread can
     * interrupt it. May be NULL. */
    void (*using_db)(void *context, struct keel_db *db);
    /* How many of the statements of a file or folder are done. May be NULL. */
    void (*progress)(void *context, size_t done, size_t total);
    void *context;
};

/* *out is the caller's, to be given to keel_schema_free. Errors in a file name it and the line.
 * options may be NULL. */
int keel_schema_load(struct keel_schema **out, const char *source,
                     const struct keel_source_options *options, struct keel_error *err);
/* The schema that all migrations of a set make in an empty database. */
int keel_schema_replay(struct keel_schema **out, const struct keel_migrations *set,
                       const struct keel_source_options *options, struct keel_error *err);

#ifdef __cplusplus
}
#endif
#endif
