#include "cli/cli.h"

#include <keel/diff.h>
#include <keel/source.h>

#include <stdlib.h>
#include <string.h>

#include "cli/term.h"
#include "cli/watch.h"

enum { EXIT_EQUAL = 0, EXIT_DIFFERENT = 1, EXIT_ERROR = 2 };
enum { MAX_SCHEMAS = 64, MAX_RENAMES = 256 };
enum format { FORMAT_NONE = 0, FORMAT_TEXT, FORMAT_SQL, FORMAT_JSON };

struct own {
    const char *from, *to;
    const char *scratch;
    enum keel_dialect dialect; /* 0: not given */
    enum format format;
    const char *schemas[MAX_SCHEMAS];
    size_t schema_count;
    struct keel_rename renames[MAX_RENAMES];
    size_t rename_count;
};

static const struct argp_option options[] = {
    {"rename", 'r', "OLD=NEW", 0,
     "OLD became NEW: TABLE=NEW, TABLE.COLUMN=NEW, SCHEMA.TABLE.COLUMN=NEW; may be repeated", 0},
    {"format", 'f', "FORMAT", 0, "text (default), sql or json", 0},
    {"schema", 's', "NAME", 0, "PostgreSQL: only this schema; may be repeated (default: all)", 0},
    {"dialect", 'd', "DIALECT", 0,
     "sqlite or postgres: what files are written for, when neither side is a database", 0},
    {"scratch", 'S', "URL", 0,
     "PostgreSQL: a database on the server where files may be tried in a scratch database "
     "(default: the side that is a database)",
     0},
    {0}};

/* ---- the command line ------------------------------------------------------------------------ */

static void take_rename(struct own *own, char *arg, struct argp_state *state)
{
    char *sign = strchr(arg, '=');
    if (!sign || sign == arg || !sign[1]) {
        argp_error(state, "--rename takes OLD=NEW, not '%s'", arg);
        return;
    }
    if (own->rename_count == MAX_RENAMES) {
        argp_error(state, "--rename can be given %d times", MAX_RENAMES);
        return;
    }
    *sign = '\0';
    own->renames[own->rename_count++] = (struct keel_rename){.old_name = arg, .new_name = sign + 1};
}

static void take_format(struct own *own, const char *arg, const struct argp_state *state)
{
    static const char *const names[] = {
        [FORMAT_TEXT] = "text", [FORMAT_SQL] = "sql", [FORMAT_JSON] = "json"};
    for (enum format f = FORMAT_TEXT; f <= FORMAT_JSON; f++)
        if (strcmp(arg, names[f]) == 0) {
            own->format = f;
            return;
        }
    argp_error(state, "--format takes text, sql or json, not '%s'", arg);
}

static void take_dialect(struct own *own, const char *arg, const struct argp_state *state)
{
    if (strcmp(arg, "sqlite") == 0)
        own->dialect = KEEL_SQLITE;
    else if (strcmp(arg, "postgres") == 0 || strcmp(arg, "postgresql") == 0)
        own->dialect = KEEL_POSTGRES;
    else
        argp_error(state, "--dialect takes sqlite or postgres, not '%s'", arg);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct own *own = state->input;
    switch (key) {
    case 'r':
        take_rename(own, arg, state);
        return 0;
    case 'f':
        take_format(own, arg, state);
        return 0;
    case 's':
        if (own->schema_count == MAX_SCHEMAS)
            argp_error(state, "--schema can be given %d times", MAX_SCHEMAS);
        own->schemas[own->schema_count++] = arg;
        return 0;
    case 'd':
        take_dialect(own, arg, state);
        return 0;
    case 'S':
        own->scratch = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (own->to)
            argp_error(state, "two sources are compared: '%s' is one too many", arg);
        *(own->from ? &own->to : &own->from) = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---- both sides ------------------------------------------------------------------------------ */

static const char *dialect_name(enum keel_dialect dialect)
{
    return dialect == KEEL_SQLITE ? "SQLite" : "PostgreSQL";
}

/* The dialect of both sides, and a server for scratch databases. */
static int settle(struct own *own, struct keel_error *err)
{
    const char *sources[] = {own->from, own->to};
    enum keel_dialect found[2];
    for (size_t i = 0; i < 2; i++) {
        enum keel_source_kind kind;
        int code = keel_source_recognise(sources[i], &kind, &found[i], err);
        if (code)
            return code;
        if (found[i] && own->dialect && found[i] != own->dialect)
            return keel_error_set(err, KEEL_INVALID,
                                  "--dialect contradicts %s, which is a database of %s", sources[i],
                                  dialect_name(found[i]));
        if (found[i] == KEEL_POSTGRES && !own->scratch)
            own->scratch = sources[i];
    }
    if (found[0] && found[1] && found[0] != found[1])
        return keel_error_set(err, KEEL_UNSUPPORTED,
                              "one side is of %s, the other of %s: only schemas of one kind of "
                              "database are compared",
                              dialect_name(found[0]), dialect_name(found[1]));
    if (!own->dialect)
        own->dialect = found[0] ? found[0] : found[1];
    if (!own->dialect && own->scratch)
        own->dialect = KEEL_POSTGRES;
    return 0;
}

struct comparing {
    const struct keel__global *global;
    const struct own *own;
    struct keel__watch watch;
};

static bool is_stopped(void *context)
{
    struct comparing *comparing = context;
    return keel__watch_stopped(&comparing->watch);
}

static void use_db(void *context, struct keel_db *db)
{
    struct comparing *comparing = context;
    keel__watch_use(&comparing->watch, db);
}

static void show_progress(void *context, size_t done, size_t total)
{
    struct comparing *comparing = context;
    keel__term_progress(comparing->global, "statements", (int64_t)done, (int64_t)total);
}

static int load(struct comparing *comparing, const char *source, struct keel_schema **out,
                struct keel_error *err)
{
    const struct own *own = comparing->own;
    struct keel_schema_options read = {.schemas = (const char **)own->schemas,
                                       .schema_count = own->schema_count};
    const struct keel_source_options how = {.dialect = own->dialect,
                                            .scratch_url = own->scratch,
                                            .read = &read,
                                            .stopped = is_stopped,
                                            .using_db = use_db,
                                            .progress = show_progress,
                                            .context = comparing};
    int code = keel_schema_load(out, source, &how, err);
    keel__term_progress_end(comparing->global);
    return code;
}

static int render(const struct own *own, const struct keel_diff *diff, char **text,
                  struct keel_error *err)
{
    if (own->format == FORMAT_SQL)
        return keel_diff_sql(text, diff, NULL, err);
    return keel_diff_render(text, diff,
                            own->format == FORMAT_JSON ? KEEL_DIFF_JSON : KEEL_DIFF_TEXT, err);
}

static int compare(struct comparing *comparing, bool *equal, char **text, struct keel_error *err)
{
    const struct own *own = comparing->own;
    const struct keel_diff_options how = {.renames = own->renames,
                                          .rename_count = own->rename_count};
    struct keel_schema *from = NULL, *to = NULL;
    struct keel_diff *diff = NULL;
    int code = load(comparing, own->from, &from, err);
    if (!code)
        code = load(comparing, own->to, &to, err);
    if (!code)
        code = keel_schema_diff(&diff, from, to, &how, err);
    if (!code)
        code = render(own, diff, text, err);
    *equal = !code && diff->count == 0;
    keel_diff_free(diff);
    keel_schema_free(to);
    keel_schema_free(from);
    return code;
}

static int run(const struct keel__command *self, int argc, char **argv)
{
    struct keel__global global = {0};
    struct own own = {0};
    struct keel_error err = {0};
    struct comparing comparing = {.global = &global, .own = &own};
    char *text = NULL;
    bool equal = false;
    keel__parse(self, argc, argv, &global, &own);
    if (!own.to || global.db)
        return keel__usage(self, "name what to compare: FROM and TO, each a database, a .sql file "
                                 "or a folder of migrations");
    if (global.json && own.format && own.format != FORMAT_JSON)
        return keel__usage(self, "--json and another --format contradict each other");
    if (global.json)
        own.format = FORMAT_JSON;
    int code = settle(&own, &err);
    if (!code && !keel__watch_begin(&comparing.watch))
        code = keel_error_set(&err, KEEL_IO, "cannot start a thread");
    else if (!code) {
        code = compare(&comparing, &equal, &text, &err);
        keel__watch_end(&comparing.watch);
    }
    if (code) {
        keel__fail(&err);
        return EXIT_ERROR;
    }
    if (own.format == FORMAT_SQL || own.format == FORMAT_JSON)
        fputs(text, stdout);
    else
        keel__term_safe_lines(stdout, keel_slice_of(text));
    free(text);
    return equal ? EXIT_EQUAL : EXIT_DIFFERENT;
}

const struct keel__command keel__cmd_diff = {
    .name = "diff",
    .args = "FROM TO",
    .summary = "Compare two schemas: what has to change to make one into the other",
    .details =
        "Reads two schemas of one kind of database and says what makes FROM into TO, in an order "
        "in which it can be done. Each of them is a database (a SQLite file, postgres://...), a "
        ".sql file, or a folder of migrations. Databases are only read. Files are replayed into a "
        "scratch database: SQLite's in memory, PostgreSQL's on the server of the other side or of "
        "--scratch, where it is dropped again.\n\n"
        "Every change is safe, blocking (it keeps others from the table for as long as its rows "
        "take, or may fail on them), or destructive (stored data goes), and says why. A column or "
        "table that got another name looks like one that went and one that came: --rename says "
        "that it is the same, and the output ends with what looks like a rename.\n\n"
        "What has no meaning is not compared: the order of tables and constraints, names of "
        "constraints that nobody named, white space, the case of keywords and, in SQLite, of "
        "names.\n\n"
        "The exit status is 0 when the schemas are equal, 1 when they differ, 2 when something "
        "went wrong.\n\n"
        "  keel diff app.db schema.sql\n"
        "  keel diff --format sql postgres://localhost/app migrations/\n"
        "  keel diff old.sql new.sql --dialect sqlite --rename users.mail=email",
    .options = options,
    .parse = parse,
    .run = run,
};
