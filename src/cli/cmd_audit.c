#include "cli/cli.h"

#include <keel/audit.h>

#include "cli/audit_fix.h"
#include "cli/output.h"
#include "cli/term.h"
#include "cli/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_RULE_NAMES = 256 };
enum {
    KEY_MIN = 0x2000,
    KEY_SAMPLE,
    KEY_FULL,
    KEY_LIST,
    KEY_NOW,
    KEY_SUPPRESS,
    KEY_BASELINE,
    KEY_WRITE_BASELINE,
    KEY_RULES_DIR,
    KEY_FIX
};

static const char default_suppress_file[] = ".keel-audit.conf";

struct own {
    const char *url;
    enum keel_audit_format format; /* 0: not given */
    enum keel_severity min_severity;
    const char *rules[MAX_RULE_NAMES];
    size_t rule_count;
    int64_t sample_rows;
    int64_t now_us;
    const char *rules_dir, *suppress, *baseline, *write_baseline;
    const char *fix_dir;
    bool list;
};

static const struct argp_option options[] = {
    {"format", 'f', "FORMAT", 0, "text (default), json or sarif", 0},
    {"rules", 'r', "NAMES", 0,
     "Only these rules or families, parted by commas; -NAME leaves one out; may be repeated", 0},
    {"min-severity", KEY_MIN, "SEVERITY", 0,
     "error, warning or advice (default): leave out what is less severe", 0},
    {"sample", KEY_SAMPLE, "ROWS", 0,
     "Look at about so many rows of each bigger table (default 100000)", 0},
    {"full", KEY_FULL, NULL, 0, "Look at every row", 0},
    {"suppress", KEY_SUPPRESS, "FILE", 0,
     "Findings that are known to be none, with reasons (default: .keel-audit.conf where it is)", 0},
    {"baseline", KEY_BASELINE, "FILE", 0,
     "The JSON of an earlier audit, whose findings do not count again", 0},
    {"write-baseline", KEY_WRITE_BASELINE, "FILE", 0,
     "Write this audit's findings to FILE as such a baseline", 0},
    {"rules-dir", KEY_RULES_DIR, "DIR", 0, "Rules of your own: .sql files", 0},
    {"now", KEY_NOW, "TIME", 0, "Tell ages against this time instead of the clock", 0},
    {"fix", KEY_FIX, "DIR", 0,
     "Write the repairs that need no decision as the next migration of the folder DIR", 0},
    {"list", KEY_LIST, NULL, 0, "List the rules", 0},
    {0}};

static void add_rules(struct own *own, char *names, struct argp_state *state)
{
    char *save = NULL;
    for (char *name = strtok_r(names, ", ", &save); name; name = strtok_r(NULL, ", ", &save)) {
        if (own->rule_count == MAX_RULE_NAMES)
            argp_error(state, "--rules can name %d rules", MAX_RULE_NAMES);
        own->rules[own->rule_count++] = name;
    }
}

static error_t parse_format(struct own *own, const char *arg, struct argp_state *state)
{
    static const struct {
        const char *name;
        enum keel_audit_format format;
    } formats[] = {
        {"text", KEEL_AUDIT_TEXT}, {"json", KEEL_AUDIT_JSON}, {"sarif", KEEL_AUDIT_SARIF}};
    own->format = 0;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(arg, formats[i].name) == 0)
            own->format = formats[i].format;
    if (!own->format)
        argp_error(state, "--format takes text, json or sarif, not '%s'", arg);
    return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct own *own = state->input;
    switch (key) {
    case 'f':
        return parse_format(own, arg, state);
    case 'r':
        add_rules(own, arg, state);
        return 0;
    case KEY_MIN:
        if (!keel_severity_parse(arg, &own->min_severity))
            argp_error(state, "--min-severity takes error, warning or advice, not '%s'", arg);
        return 0;
    case KEY_SAMPLE:
        own->sample_rows = keel__number(state, "--sample", arg, 1, INT64_MAX);
        return 0;
    case KEY_FULL:
        own->sample_rows = -1;
        return 0;
    case KEY_NOW:
        own->now_us = keel__when(state, "--now", arg);
        return 0;
    case KEY_SUPPRESS:
        own->suppress = arg;
        return 0;
    case KEY_BASELINE:
        own->baseline = arg;
        return 0;
    case KEY_WRITE_BASELINE:
        own->write_baseline = arg;
        return 0;
    case KEY_RULES_DIR:
        own->rules_dir = arg;
        return 0;
    case KEY_FIX:
        own->fix_dir = arg;
        return 0;
    case KEY_LIST:
        own->list = true;
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

/* ---- the list of rules ----------------------------------------------------------------------- */

static void shape_rule(struct keel__json *json, const void *context, size_t index)
{
    const struct keel_audit_rule *rule = ((const struct keel_audit_rule *const *)context)[index];
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "id", rule->id);
    keel__json_add_cstr(json, "family", rule->family);
    keel__json_add_cstr(json, "severity", keel_severity_name(rule->severity));
    keel__json_add_cstr(json, "fix", keel_fix_name(rule->fix));
    keel__json_add_bool(json, "sqlite", rule->on_sqlite);
    keel__json_add_bool(json, "postgres", rule->on_postgres);
    keel__json_add_bool(json, "reads_data", rule->reads_data);
    keel__json_add_cstr(json, "title", rule->title);
    keel__json_add_cstr(json, "why", rule->why);
    keel__json_add_cstr(json, "evidence", rule->evidence);
    keel__json_add_cstr(json, "how", rule->how);
    keel__json_add_cstr(json, "wrong_when", rule->wrong_when);
    keel__json_object_end(json);
}

static int list(const struct keel__global *global, bool json)
{
    const struct keel_audit_rule *const *rules;
    size_t count = keel_audit_rules(&rules);
    if (json)
        return keel__output_array(count, shape_rule, rules);
    struct keel__term term;
    keel__term_init(&term, global, stdout);
    const char *family = "";
    for (size_t i = 0; i < count; i++) {
        if (strcmp(family, rules[i]->family) != 0) {
            family = rules[i]->family;
            keel__term_style(&term, KEEL__BOLD);
            printf("%s%s\n", i ? "\n" : "", family);
            keel__term_reset(&term);
        }
        printf("  %-36s %-8s %s\n", rules[i]->id, keel_severity_name(rules[i]->severity),
               rules[i]->title);
    }
    return KEEL__EXIT_OK;
}

/* ---- the audit ------------------------------------------------------------------------------- */

struct auditing {
    const struct keel__global *global;
    struct keel__watch watch;
};

static void show_progress(void *context, const struct keel_audit_event *event)
{
    const struct auditing *auditing = context;
    int64_t goal = event->row_goal > event->rows ? event->row_goal : event->rows;
    char unit[96];
    snprintf(unit, sizeof unit, "rows, table %zu of %zu", event->table_index + 1,
             event->table_count);
    keel__term_progress(auditing->global, unit, event->rows, goal);
}

static bool stopped(void *context)
{
    struct auditing *auditing = context;
    return keel__watch_stopped(&auditing->watch);
}

/* Findings that count make it fail, as a check in a pipeline has to. */
static int verdict(const struct keel_audit *audit, enum keel_severity min_severity)
{
    size_t counted = audit->errors;
    if (min_severity <= KEEL_SEVERITY_WARNING)
        counted += audit->warnings;
    if (min_severity <= KEEL_SEVERITY_ADVICE)
        counted += audit->advice;
    return counted ? KEEL__EXIT_FAILED : KEEL__EXIT_OK;
}

/* Beside the file first, so that a failure leaves the old one. */
static int write_whole(const char *path, const char *text, struct keel_error *err)
{
    char beside[4096];
    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
        return keel_error_set(err, KEEL_INVALID, "the path of the baseline is too long");
    FILE *file = fopen(beside, "we");
    bool written = file && fputs(text, file) >= 0 && fflush(file) == 0 && fsync(fileno(file)) == 0;
    int number = errno;
    if (file && fclose(file) != 0)
        written = false;
    if (written && rename(beside, path) == 0)
        return KEEL_OK;
    number = written ? errno : number;
    unlink(beside);
    return keel_error_set(err, KEEL_IO, "cannot write %s: %s", path, strerror(number));
}

static int write_baseline(const struct keel__global *global, const char *path,
                          const struct keel_audit *audit, const char *url, struct keel_error *err)
{
    char *text = NULL;
    int rc = keel_audit_render(&text, audit, KEEL_AUDIT_JSON, KEEL_SEVERITY_ADVICE, url, err);
    if (!rc)
        rc = write_whole(path, text, err);
    if (!rc)
        keel__note(global,
                   "%zu findings are written to %s: from now on 'keel audit --baseline %s' counts "
                   "what is new",
                   audit->count, path, path);
    free(text);
    return rc;
}

static enum keel_audit_format format_of(const struct keel__global *global, const struct own *own)
{
    struct keel__term term;
    keel__term_init(&term, global, stdout);
    return own->format == KEEL_AUDIT_TEXT && term.color ? KEEL_AUDIT_TEXT_COLORS : own->format;
}

static int report(const struct keel__global *global, const struct own *own, struct keel_db *db,
                  const struct keel_audit *audit, int *exit_code, struct keel_error *err)
{
    char *text = NULL;
    const char *url = keel_db_display_url(db);
    int rc = keel_audit_render(&text, audit, format_of(global, own), own->min_severity, url, err);
    if (!rc)
        fputs(text, stdout);
    if (!rc && (fflush(stdout) != 0 || ferror(stdout)))
        rc = keel_error_set(err, KEEL_IO, "cannot write the report: %s", strerror(errno));
    free(text);
    *exit_code = verdict(audit, own->min_severity);
    if (!rc && own->write_baseline) {
        rc = write_baseline(global, own->write_baseline, audit, url, err);
        *exit_code = KEEL__EXIT_OK;
    }
    return rc;
}

static int audit_database(const struct keel__global *global, const struct own *own,
                          struct keel_db *db, int *exit_code, struct keel_error *err)
{
    struct auditing auditing = {.global = global};
    struct keel_audit_options wanted = {.rules = own->rules,
                                        .rule_count = own->rule_count,
                                        .sample_rows = own->sample_rows,
                                        .now_us = own->now_us,
                                        .rules_dir = own->rules_dir,
                                        .suppress_file = own->suppress,
                                        .baseline_file = own->baseline,
                                        .event = show_progress,
                                        .stopped = stopped,
                                        .context = &auditing};
    if (!wanted.suppress_file && access(default_suppress_file, F_OK) == 0)
        wanted.suppress_file = default_suppress_file;
    struct keel_audit *audit = NULL;
    if (!keel__watch_begin(&auditing.watch))
        return keel_error_set(err, KEEL_NOMEM, "cannot start a thread");
    keel__watch_use(&auditing.watch, db);
    int rc = keel_audit_run(&audit, db, &wanted, err);
    keel__watch_end(&auditing.watch);
    keel__term_progress_end(global);
    if (!rc)
        rc = report(global, own, db, audit, exit_code, err);
    if (!rc && own->fix_dir)
        rc = keel__audit_fix_write(global, audit, db, own->fix_dir, err);
    keel_audit_free(audit);
    return rc;
}

static int run(const struct keel__command *self, int argc, char **argv)
{
    struct keel__global global = {0};
    struct own own = {.min_severity = KEEL_SEVERITY_ADVICE};
    struct keel_error err = {0};
    struct keel_db *db = NULL;
    int exit_code = KEEL__EXIT_OK;
    keel__parse(self, argc, argv, &global, &own);
    if (own.url && global.db)
        return keel__usage(self, "name the database once: as URL or with --db");
    if (global.json && own.format && own.format != KEEL_AUDIT_JSON)
        return keel__usage(self, "--json and another --format contradict each other");
    if (!own.format)
        own.format = global.json ? KEEL_AUDIT_JSON : KEEL_AUDIT_TEXT;
    if (own.list)
        return list(&global, own.format == KEEL_AUDIT_JSON);
    /* Others may be writing, and an audit takes its time anyway. */
    struct keel_db_options how = {
        .read_only = true, .must_exist = true, .foreign = true, .busy_timeout_ms = 20000};
    int rc = keel_db_open(&db, own.url ? own.url : keel_db_default_url(global.db), &how, &err);
    if (!rc)
        rc = audit_database(&global, &own, db, &exit_code, &err);
    keel_db_close(db);
    if (rc) {
        keel__fail(&err);
        return KEEL__EXIT_USAGE;
    }
    return exit_code;
}

const struct keel__command keel__cmd_audit = {
    .name = "audit",
    .args = "[URL]",
    .summary = "Say what is wrong with any SQLite or PostgreSQL database, with evidence",
    .details =
        "Looks at the schema and at the data of any SQLite or PostgreSQL database, without "
        "changing it, and reports what is wrong: missing keys and references, orphans, mixed "
        "formats, words that look like slips, contradicting columns, secrets in clear, and more. "
        "Every finding comes with its numbers and examples. URL is a file, sqlite:PATH, "
        "postgres://... or a libpq conninfo; without it, --db and the environment decide as for "
        "every command.\n\n"
        "The data of each table is read once, in one snapshot. Of tables with more than 100,000 "
        "rows a sample is read, and findings say so, unless --full is given.\n\n"
        "The exit code is 0 when there is no finding at or above --min-severity, 1 when there is "
        "one, 2 when the audit could not be made.",
    .options = options,
    .parse = parse,
    .run = run,
};
