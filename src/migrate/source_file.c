#include "migrate/source.h"

#include "migrate/scratch.h"
#include "migrate/set.h"
#include "migrate/steps.h"
#include "schema/split.h"

/* A psql command that pg_dump writes around its output, and that means nothing to anybody else:
 * \restrict and \unrestrict. Blanked out, so that lines keep their numbers. */
static void blank_restrictions(struct keel_slice text)
{
    static const char *const commands[] = {"\\restrict ", "\\unrestrict "};
    struct keel_slice rest = text, line;
    while (keel__next_line(&rest, &line))
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
            size_t size = strlen(commands[i]);
            if (line.size > size && memcmp(line.data, commands[i], size) == 0)
                memset((char *)line.data, ' ', line.size); /* the arena's own copy */
        }
}

/* Names the file, and the line of the byte at err->position (from 1; 0: not known). */
static int statement_error(const struct keel__statement *statement, const char *path,
                           struct keel_error *err)
{
    size_t line = statement->line;
    if (!err)
        return KEEL_INVALID;
    for (size_t i = 0; (int)i < err->position - 1 && i < statement->text.size; i++)
        line += statement->text.data[i] == '\n';
    err->statement[0] = '\0'; /* it is nobody's named one */
    return keel_error_context(err, "%s:%zu", path, line);
}

static int run_statement(struct keel_db *db, const struct keel__statement *statement,
                         struct keel_error *err)
{
    enum keel_dialect dialect = keel_db_dialect(db);
    switch (keel__statement_nature(statement->text, dialect).kind) {
    case KEEL__BEGINS:
    case KEEL__COMMITS:
        return 0; /* nobody watches */
    case KEEL__SAVES:
    case KEEL__ENDS:
        return keel_error_set(err, KEEL_INVALID,
                              "a schema is what its statements make: this takes some of them back");
    default:
        break;
    }
    int rc = keel__scratch_admits(statement->text, dialect, err);
    return rc ? rc : keel_db_run(db, statement->text, err);
}

/* How many statements there are up to the end or to what cannot be read. */
static size_t count_statements(struct keel_slice text, enum keel_dialect dialect)
{
    struct keel__splitter splitter;
    struct keel__statement statement = {0};
    size_t count = 0;
    keel__splitter_init(&splitter, text, dialect, 1);
    while (!keel__split_next(&splitter, &statement, NULL) && statement.text.data)
        count++;
    return count;
}

static int run_text(struct keel_db *db, const char *path, struct keel_slice text,
                    const struct keel_source_options *options, struct keel_error *err)
{
    struct keel__splitter splitter;
    struct keel__statement statement = {0};
    size_t done = 0, total = options->progress ? count_statements(text, keel_db_dialect(db)) : 0;
    keel__splitter_init(&splitter, text, keel_db_dialect(db), 1);
    for (;;) {
        if (keel__source_stopped(options))
            return keel_error_set(err, KEEL_BUSY, "stopped");
        int rc = keel__split_next(&splitter, &statement, err);
        if (rc) {
            keel_error_context(err, "%s:%zu", path, splitter.error_line);
            return rc;
        }
        if (!statement.text.data)
            return 0;
        keel__source_progress(options, done++, total);
        rc = run_statement(db, &statement, err);
        if (rc) {
            statement_error(&statement, path, err);
            return rc;
        }
    }
}

int keel__source_run_file(struct keel_db *db, const char *path,
                          const struct keel_source_options *options, struct keel_error *err)
{
    struct keel__arena arena;
    struct keel__migration_file file;
    keel__arena_init(&arena, 0);
    int rc = keel__file_read(&arena, path, &file, err);
    if (!rc && keel_db_dialect(db) == KEEL_POSTGRES)
        blank_restrictions(file.text);
    if (!rc)
        rc = run_text(db, path, file.text, options, err);
    keel__arena_fini(&arena);
    return rc;
}
