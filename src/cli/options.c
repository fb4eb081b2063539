#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct parsing {
    const struct keel__command *command;
    struct keel__global *global;
    void *own;
};

enum { OPTION_DB = 0x1000, OPTION_JSON, OPTION_COLOR };

static const struct argp_option global_options[] = {
    {"db", OPTION_DB, "URL", 0,
     "Database: a SQLite path, sqlite:PATH or postgres://... (else $KEEL_DATABASE_URL, "
     "$DATABASE_URL, keel.db)",
     90},
    {"json", OPTION_JSON, NULL, 0, "Print JSON", 90},
    {"color", OPTION_COLOR, "WHEN", 0, "auto, always or never (auto heeds NO_COLOR)", 90},
    {"quiet", 'q', NULL, 0, "No notes and no progress on stderr", 90},
    {0}};

static error_t parse_global(int key, char *arg, struct argp_state *state)
{
    struct keel__global *global = state->input;
    switch (key) {
    case OPTION_DB:
        global->db = arg;
        return 0;
    case OPTION_JSON:
        global->json = true;
        return 0;
    case 'q':
        global->quiet = true;
        return 0;
    case OPTION_COLOR:
        if (!strcmp(arg, "auto"))
            global->color = KEEL__COLOR_AUTO;
        else if (!strcmp(arg, "always"))
            global->color = KEEL__COLOR_ALWAYS;
        else if (!strcmp(arg, "never"))
            global->color = KEEL__COLOR_NEVER;
        else
            argp_error(state, "--color takes auto, always or never, not '%s'", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp global_argp = {.options = global_options, .parser = parse_global};
const struct argp_option *const keel__global_options = global_options;

static error_t parse_command(int key, char *arg, struct argp_state *state)
{
    struct parsing *parsing = state->input;
    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = parsing->global;
        return 0;
    }
    if (!parsing->command->parse) {
        if (key == ARGP_KEY_ARG)
            argp_error(state, "unexpected argument '%s'", arg);
        return ARGP_ERR_UNKNOWN;
    }
    state->input = parsing->own;
    error_t result = parsing->command->parse(key, arg, state);
    state->input = parsing;
    return result;
}

/* argp wants "text before options \v text after options". */
static char *argp_doc(const struct keel__command *command)
{
    char *doc = NULL;
    if (asprintf(&doc, "%s\v%s", command->summary, command->details ? command->details : "") < 0)
        return NULL;
    return doc;
}

void keel__parse(const struct keel__command *self, int argc, char **argv,
                 struct keel__global *global, void *own)
{
    struct argp_child children[] = {{&global_argp, 0, "Common options:", 90}, {0}};
    struct parsing parsing = {self, global, own};
    char *doc = argp_doc(self);
    struct argp argp = {.options = self->options,
                        .parser = parse_command,
                        .args_doc = self->args,
                        .doc = doc,
                        .children = children};
    char name[64];
    char *given = argv[0];
    snprintf(name, sizeof name, "keel %s", self->name);
    argv[0] = name;
    argp_err_exit_status = KEEL__EXIT_USAGE;
    error_t failed = argp_parse(&argp, argc, argv, 0, NULL, &parsing);
    argv[0] = given;
    free(doc);
    if (failed) {
        fprintf(stderr, "keel %s: %s\n", self->name, strerror(failed));
        exit(KEEL__EXIT_USAGE);
    }
}

void keel__words_add(struct keel__words *words, char *arg, struct argp_state *state)
{
    if (words->count == KEEL__MAX_WORDS)
        argp_error(state, "too many arguments at '%s'", arg);
    else
        words->word[words->count++] = arg;
}

long long keel__number(const struct argp_state *state, const char *what, const char *text,
                       long long min, long long max)
{
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < min || value > max)
        argp_error(state, "%s takes a whole number from %lld to %lld, not '%s'", what, min, max,
                   text);
    return value;
}

static int64_t unit_us(const char *unit)
{
    static const struct {
        const char *name;
        int64_t seconds;
    } units[] = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcmp(unit, units[i].name))
            return units[i].seconds * 1000000;
    return 0;
}

int64_t keel__when(const struct argp_state *state, const char *what, const char *text)
{
    int64_t at;
    if (keel_time_parse(keel_slice_of(text), &at))
        return at;
    char *end = NULL;
    errno = 0;
    long long amount = strtoll(text, &end, 10);
    int64_t unit = end ? unit_us(end) : 0;
    if (errno || end == text || amount < 0 || !unit || amount > INT64_MAX / 2 / unit)
        argp_error(state,
                   "%s takes a time such as 2026-11-22, 2026-11-22T10:00:00Z, 15m, 24h or 7d, "
                   "not '%s'",
                   what, text);
    return keel_time_now_us() - amount * unit;
}
