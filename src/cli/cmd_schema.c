#include "cli/cli.h"

#include <keel/schema.h>

#include <stdlib.h>
#include <string.h>

enum { MAX_SCHEMAS = 64 };

struct own {
    const char *url;
    const char *table;
    const char *schemas[MAX_SCHEMAS];
    size_t schema_count;
    enum keel_schema_format format; /* 0: not given */
    enum keel_dialect dialect;      /* 0: the database's */
};

static const struct argp_option options[] = {
    {"format", 'f', "FORMAT", 0, "sql (default), json, markdown or mermaid", 0},
    {"dialect", 'd', "DIALECT", 0,
     "SQL for sqlite or postgres (default: what the database is); what the other one cannot say is "
     "named in comments",
     0},
    {"schema", 's', "NAME", 0, "PostgreSQL: only this schema; may be repeated (default: all)", 0},
    {"table", 't', "PATTERN", 0,
     "Only tables and views like this: % stands for any text, _ for one character", 0},
    {0}};

static const struct {
    const char *name;
    enum keel_schema_format format;
} formats[] = {{"sql", KEEL_SCHEMA_SQL},
               {"json", KEEL_SCHEMA_JSON},
               {"markdown", KEEL_SCHEMA_MARKDOWN},
               {"mermaid", KEEL_SCHEMA_MERMAID}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct own *own = state->input;
    switch (key) {
    case 'f':
        own->format = 0;
        for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
            if (!strcmp(arg, formats[i].name))
                own->format = formats[i].format;
        if (!own->format)
            argp_error(state, "--format takes sql, json, markdown or mermaid, not '%s'", arg);
        return 0;
    case 'd':
        if (strcmp(arg, "sqlite") != 0 && strcmp(arg, "postgres") != 0)
            argp_error(state, "--dialect takes sqlite or postgres, not '%s'", arg);
        own->dialect = strcmp(arg, "sqlite") == 0 ? KEEL_SQLITE : KEEL_POSTGRES;
        return 0;
    case 's':
        if (own->schema_count == MAX_SCHEMAS)
            argp_error(state, "--schema can be given %d times", MAX_SCHEMAS);
        own->schemas[own->schema_count++] = arg;
        return 0;
    case 't':
        own->table = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (own->url)
            argp_error(state, "one database at a time: '%s' is one too many", arg);
        own->url = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int print(struct keel_db *db, struct own *own, struct keel_error *err)
{
    struct keel_schema_options wanted = {
        .schemas = own->schemas, .schema_count = own->schema_count, .table_pattern = own->table};
    struct keel_schema *schema = NULL;
    char *text = NULL;
    int code = keel_schema_read(&schema, db, &wanted, err);
    if (!code)
        code = keel_schema_render(&text, schema, own->format,
                                  own->dialect ? own->dialect : keel_db_dialect(db), err);
    if (!code && own->table && schema->table_count + schema->view_count == 0)
        code = keel_error_set(err, KEEL_NOTFOUND, "no table or view is like '%s'", own->table);
    if (!code)
        fputs(text, stdout);
    free(text);
    keel_schema_free(schema);
    return code;
}

static int run(const struct keel__command *self, int argc, char **argv)
{
    struct keel__global global = {0};
    struct own own = {0};
    struct keel_error err = {0};
    struct keel_db *db = NULL;
    keel__parse(self, argc, argv, &global, &own);
    if (own.url && global.db)
        return keel__usage(self, "name the database once: as URL or with --db");
    if (global.json && own.format && own.format != KEEL_SCHEMA_JSON)
        return keel__usage(self, "--json and another --format contradict each other");
    if (!own.format)
        own.format = global.json ? KEEL_SCHEMA_JSON : KEEL_SCHEMA_SQL;
    if (own.dialect && own.format != KEEL_SCHEMA_SQL)
        return keel__usage(self, "--dialect is for SQL");
    if (own.schema_count && own.url && !strstr(own.url, "://") && !strchr(own.url, '='))
        return keel__usage(self, "--schema is for PostgreSQL: %s is a SQLite file", own.url);
    struct keel_db_options how = {.read_only = true, .must_exist = true, .foreign = true};
    const char *url = own.url ? own.url : keel_db_default_url(global.db);
    int code = keel_db_open(&db, url, &how, &err);
    if (!code)
        code = print(db, &own, &err);
    keel_db_close(db);
    return code ? keel__fail(&err) : KEEL__EXIT_OK;
}

const struct keel__command keel__cmd_schema = {
    .name = "schema",
    .args = "[URL]",
    .summary = "Document any SQLite or PostgreSQL database: SQL, JSON, Markdown, a diagram",
    .details =
        "Reads the tables, columns, keys, references, checks, indexes, views and triggers of any "
        "SQLite or PostgreSQL database, without changing it, and prints them. URL is a file, "
        "sqlite:PATH, postgres://... or a libpq conninfo; without it, --db and the environment "
        "decide as for every command.\n\n"
        "sql is what makes the same schema in an empty database of the same kind, or with "
        "--dialect "
        "of the other kind. json is the "
        "whole "
        "model for programs. markdown is documentation for people, with references in both "
        "directions. mermaid is an entity-relationship diagram.",
    .options = options,
    .parse = parse,
    .run = run,
};
