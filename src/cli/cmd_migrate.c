#include <string.h>

#include "cli/migrate.h"
#include "cli/output.h"

enum {
    OPTION_TO = 0x2000,
    OPTION_STEPS,
    OPTION_FORMAT,
    OPTION_MODULE,
    OPTION_DRY_RUN,
    OPTION_OUT_OF_ORDER,
    OPTION_IN_DOUBT,
    OPTION_LOCK_TIMEOUT,
    OPTION_TIMESTAMP,
    OPTION_FROM,
    OPTION_RENAME,
    OPTION_SCRATCH,
    OPTION_DIALECT,
    OPTION_DESTRUCTIVE,
    OPTION_CONCURRENTLY
};

static const struct argp_option options[] = {
    {"dir", 'd', "DIR", 0, "The folder of the migrations (else the store's own, built in)", 0},
    {"format", OPTION_FORMAT, "LAYOUT", 0,
     "pairs (keel, golang-migrate), dbmate, goose or plain (else recognised)", 0},
    {"module", OPTION_MODULE, "NAME", 0,
     "Name of this folder's history, where a database has several (default app)", 0},
    {"to", OPTION_TO, "VERSION|SCHEMA", 0,
     "up, baseline: the last version; down: the last that stays (0: none); generate: what it "
     "leads to, a database, a .sql file or a folder of migrations",
     0},
    {"steps", OPTION_STEPS, "N", 0, "down: how many (default 1)", 0},
    {"dry-run", OPTION_DRY_RUN, NULL, 0, "Print the SQL that would run, and change nothing", 0},
    {"allow-out-of-order", OPTION_OUT_OF_ORDER, NULL, 0,
     "up: also apply versions below the highest that is applied", 0},
    {"in-doubt", OPTION_IN_DOUBT, "retry|skip", 0,
     "up, down: what to do with a statement that a stopped run left without saying how it ended",
     0},
    {"lock-timeout", OPTION_LOCK_TIMEOUT, "SECONDS", 0,
     "How long to wait for other migration runs (default 300; 0: not at all)", 0},
    {"timestamp", OPTION_TIMESTAMP, NULL, 0, "new, generate: number it by the time (UTC)", 0},
    {"from", OPTION_FROM, "SCHEMA", 0,
     "generate: where it starts (else the database of --db, else what the folder's migrations "
     "give)",
     0},
    {"rename", OPTION_RENAME, "OLD=NEW", 0,
     "generate: a table or table.column has another name; may be repeated", 0},
    {"allow-destructive", OPTION_DESTRUCTIVE, NULL, 0,
     "generate: also write what takes stored data away", 0},
    {"concurrently", OPTION_CONCURRENTLY, NULL, 0,
     "generate, PostgreSQL: build indexes and prove constraints while others read and write, in "
     "several transactions",
     0},
    {"scratch", OPTION_SCRATCH, "URL", 0,
     "generate, drift: the PostgreSQL server on which to replay files in a database of their own "
     "(else that of the other side)",
     0},
    {"dialect", OPTION_DIALECT, "sqlite|postgres", 0,
     "generate: of files, where no database says it", 0},
    {0}};

static bool is_verb(const struct keel__migrate_own *own, const char *name)
{
    return own->words.count && strcmp(own->words.word[0], name) == 0;
}

static void add_rename(struct keel__migrate_own *own, char *arg, const struct argp_state *state)
{
    char *equals = strchr(arg, '=');
    if (!equals || equals == arg || !equals[1]) {
        argp_error(state, "--rename takes OLD=NEW, not '%s'", arg);
        return;
    }
    if (own->rename_count == KEEL__MAX_RENAMES)
        argp_error(state, "--rename can be given %d times", KEEL__MAX_RENAMES);
    *equals = '\0';
    own->renames[own->rename_count++] = (struct keel_rename){arg, equals + 1};
}

static error_t parse_generate(int key, char *arg, struct argp_state *state)
{
    struct keel__migrate_own *own = state->input;
    switch (key) {
    case OPTION_FROM:
        own->from = arg;
        return 0;
    case OPTION_RENAME:
        add_rename(own, arg, state);
        return 0;
    case OPTION_DESTRUCTIVE:
        own->allow_destructive = true;
        return 0;
    case OPTION_CONCURRENTLY:
        own->concurrently = true;
        return 0;
    case OPTION_SCRATCH:
        own->scratch = arg;
        return 0;
    case OPTION_DIALECT:
        if (strcmp(arg, "sqlite") != 0 && strcmp(arg, "postgres") != 0)
            argp_error(state, "--dialect takes sqlite or postgres, not '%s'", arg);
        own->dialect = *arg == 's' ? KEEL_SQLITE : KEEL_POSTGRES;
        return 0;
    case ARGP_KEY_END: /* only now is it known whether --to is a version */
        own->options.has_to = own->to && !is_verb(own, "generate");
        if (own->options.has_to)
            own->options.to = keel__number(state, "--to", own->to, 0, INT64_MAX);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t parse_policy(int key, char *arg, struct argp_state *state)
{
    struct keel__migrate_own *own = state->input;
    switch (key) {
    case OPTION_DRY_RUN:
        own->dry_run = true;
        return 0;
    case OPTION_OUT_OF_ORDER:
        own->options.allow_out_of_order = true;
        return 0;
    case OPTION_IN_DOUBT:
        if (strcmp(arg, "retry") != 0 && strcmp(arg, "skip") != 0)
            argp_error(state, "--in-doubt takes retry or skip, not '%s'", arg);
        own->options.in_doubt = *arg == 'r' ? KEEL_IN_DOUBT_RETRY : KEEL_IN_DOUBT_SKIP;
        return 0;
    case OPTION_LOCK_TIMEOUT:
        own->options.lock_timeout_ms =
            (int)keel__number(state, "--lock-timeout", arg, 0, 1000000) * 1000;
        if (own->options.lock_timeout_ms == 0)
            own->options.lock_timeout_ms = -1;
        return 0;
    case OPTION_TIMESTAMP:
        own->timestamp = true;
        return 0;
    default:
        return parse_generate(key, arg, state);
    }
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct keel__migrate_own *own = state->input;
    switch (key) {
    case 'd':
        own->dir = arg;
        return 0;
    case OPTION_FORMAT:
        if (!keel_migration_layout_parse(arg, &own->layout))
            argp_error(state,
                       "--format takes pairs, golang-migrate, dbmate, goose or plain, not '%s'",
                       arg);
        return 0;
    case OPTION_MODULE:
        own->options.module = arg;
        return 0;
    case OPTION_TO:
        own->to = arg;
        return 0;
    case OPTION_STEPS:
        own->options.steps = (int)keel__number(state, "--steps", arg, 1, 1000000);
        return 0;
    case ARGP_KEY_ARG:
        keel__words_add(&own->words, arg, state);
        return 0;
    default:
        return parse_policy(key, arg, state);
    }
}

static const struct verb {
    const char *name;
    enum keel_migration_action action; /* 0: only looks */
    int (*run)(struct keel__migration_target *target);
} verbs[] = {
    {"up", KEEL_MIGRATE_UP, keel__migrate_act},
    {"down", KEEL_MIGRATE_DOWN, keel__migrate_act},
    {"baseline", KEEL_MIGRATE_BASELINE, keel__migrate_act},
    {"status", 0, keel__migrate_status},
    {"history", 0, keel__migrate_history},
    {"verify", 0, keel__migrate_verify},
    {"drift", 0, keel__migrate_drift},
};

static int create(const struct keel__command *self, const struct keel__global *global,
                  const struct keel__migrate_own *own)
{
    struct keel_migration_created created;
    struct keel_error err = {0};
    if (own->words.count != 2)
        return keel__usage(self, "new takes the name of the migration");
    if (!own->dir)
        return keel__usage(self, "new needs --dir, the folder of the migrations");
    if (keel_migration_create(&created, own->dir, own->words.word[1], own->layout, own->timestamp,
                              &err))
        return keel__fail(&err);
    if (!global->json) {
        printf("%s\n", created.up);
        if (created.down[0])
            printf("%s\n", created.down);
        return KEEL__EXIT_OK;
    }
    struct keel__output output;
    keel__output_init(&output);
    keel__json_object_begin(&output.json);
    keel__json_add_cstr(&output.json, "up", created.up);
    keel__json_add_cstr(&output.json, "down", created.down[0] ? created.down : NULL);
    keel__json_object_end(&output.json);
    return keel__output_finish(&output);
}

static int generate(const struct keel__command *self, const struct keel__global *global,
                    const struct keel__migrate_own *own)
{
    if (own->words.count != 2)
        return keel__usage(self, "generate takes the name of the migration");
    if (!own->dir)
        return keel__usage(self, "generate needs --dir, the folder of the migrations");
    if (!own->to)
        return keel__usage(self, "generate needs --to, the schema that the migration leads to");
    return keel__migrate_generate(global, own);
}

static int check_usage(const struct keel__command *self, const struct keel__migrate_own *own,
                       const struct verb *verb)
{
    const struct keel_migrate_options *o = &own->options;
    if (own->words.count > 1)
        return keel__usage(self, "%s takes no argument", verb->name);
    if (verb->action == KEEL_MIGRATE_BASELINE && !o->has_to)
        return keel__usage(self, "baseline needs --to, the version that the database is at");
    if (o->steps && verb->action != KEEL_MIGRATE_DOWN)
        return keel__usage(self, "--steps goes with down");
    if (o->steps && o->has_to)
        return keel__usage(self, "--steps and --to exclude each other");
    if (o->has_to && !verb->action)
        return keel__usage(self, "--to goes with up, down and baseline");
    if (own->dry_run && !verb->action)
        return keel__usage(self, "--dry-run goes with up, down and baseline");
    return KEEL__EXIT_OK;
}

static int run(const struct keel__command *self, int argc, char **argv)
{
    struct keel__global global = {0};
    struct keel__migrate_own own = {0};
    const struct verb *verb = NULL;
    keel__parse(self, argc, argv, &global, &own);
    const char *name = own.words.count ? own.words.word[0] : "status";
    if (strcmp(name, "new") == 0)
        return create(self, &global, &own);
    if (strcmp(name, "generate") == 0)
        return generate(self, &global, &own);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(verbs[i].name, name) == 0)
            verb = &verbs[i];
    if (!verb)
        return keel__usage(self, "there is no verb '%s'", name);
    int status = check_usage(self, &own, verb);
    if (status)
        return status;
    struct keel__migration_target target = {.global = &global, .own = &own, .action = verb->action};
    status = keel__migration_target_open(&target);
    if (status == KEEL__EXIT_OK)
        status = verb->run(&target);
    keel__migration_target_close(&target);
    return status;
}

const struct keel__command keel__cmd_migrate = {
    .name = "migrate",
    .args = "up|down|status|history|verify|drift|baseline|new NAME|generate NAME",
    .summary = "Apply numbered SQL files, in order, once each, with a history",
    .details =
        "Without --dir it works on the store's own schema; with it, on any SQLite or PostgreSQL "
        "database and the files of that folder: NNNN_name.up.sql with NNNN_name.down.sql (keel, "
        "golang-migrate), or NNNN_name.sql as dbmate, goose or plain SQL.\n\n"
        "up applies what is pending. down reverts the last one, --steps N, or all above --to. "
        "status lists every migration, history the log of all that was done, which nothing ever "
        "removes from. verify compares the files with what was applied and exits 1 when one was "
        "changed, is missing or is out of order. baseline --to VERSION records that the database "
        "has everything up to there, without running it. new makes the files of the next one.\n\n"
        "generate writes the next one, up and down, from the difference of two schemas, each a "
        "database, a .sql file or a folder of migrations. What would take stored data away is "
        "refused, with how much of it there is, until --allow-destructive is given. drift compares "
        "the database with what its migrations give in an empty one, and prints what was done to "
        "it beyond them: exit code 1 when there is something, 2 when that could not be found "
        "out.\n\n"
        "Each migration is one transaction with its history row in it: a run that is killed leaves "
        "nothing half done, and the next one goes on. One that cannot be a transaction says so: "
        "'-- transaction:false' as its first line (dbmate: migrate:up transaction:false; goose: "
        "NO TRANSACTION); then each statement is recorded by itself, and BEGIN; ... COMMIT; in it "
        "is one step. Runs of several processes wait for each other.\n\n"
        "    keel migrate new add_users --dir migrations\n"
        "    keel migrate up --dir migrations --db app.db --dry-run\n"
        "    keel migrate up --dir migrations --db postgres://localhost/app\n"
        "    keel migrate down --dir migrations --db app.db --steps 2\n"
        "    keel migrate generate add_email --dir migrations --to schema.sql --dialect sqlite\n"
        "    keel migrate drift --dir migrations --db app.db",
    .options = options,
    .parse = parse,
    .run = run,
};
