/*
 * The frame that every command stands in: its table row, its options, its messages.
 *
 * A command is one file, cmd_<name>.c, with one struct keel__command, named in the table of
 * commands.c. Usage text, manual page and shell completion are made from that struct.
 */
#ifndef KEEL_CLI_CLI_H
#define KEEL_CLI_CLI_H

#include <argp.h>
#include <stdio.h>

#include <keel/error.h>
#include <keel/store.h>
#include <keel/version.h>

enum { KEEL__EXIT_OK = 0, KEEL__EXIT_FAILED = 1, KEEL__EXIT_USAGE = 2 };

/* Options that every command takes. */
struct keel__global {
    const char *db; /* as given, NULL: keel_db_default_url decides */
    bool json;
    enum { KEEL__COLOR_AUTO = 0, KEEL__COLOR_ALWAYS, KEEL__COLOR_NEVER } color;
    bool quiet;
};

struct keel__command {
    const char *name;
    const char *args;                  /* "RUN", "up|down [NAME]"; NULL: none */
    const char *summary;               /* one line, for `keel help` */
    const char *details;               /* the manual: paragraphs, with blank lines between them */
    const struct argp_option *options; /* its own, ended by {0}; NULL: none */
    /* Takes one option or argument; state->input is the `own` of keel__parse. ARGP_ERR_UNKNOWN for
     * what is not its. NULL: neither options nor arguments. */
    error_t (*parse)(int key, char *arg, struct argp_state *state);
    int (*run)(const struct keel__command *self, int argc, char **argv); /* an exit code */
};

extern const struct keel__command *const keel__commands[]; /* ended by NULL */
const struct keel__command *keel__command_find(const char *name);

/* Parses argv (argv[0] is the command's name) into *global and, by self->parse, into own. Wrong
 * usage is said on stderr, with the process's exit code 2; --help is answered with exit code 0. */
void keel__parse(const struct keel__command *self, int argc, char **argv,
                 struct keel__global *global, void *own);

/* For commands with verbs (`keys create`): positional arguments, in order. */
#define KEEL__MAX_WORDS 16
struct keel__words {
    const char *word[KEEL__MAX_WORDS];
    int count;
};
/* Adds a positional argument, or ends the program with a usage message when there are too many. */
void keel__words_add(struct keel__words *words, char *arg, struct argp_state *state);
/* A whole number within [min, max], or a usage message that names the option. */
long long keel__number(const struct argp_state *state, const char *what, const char *text,
                       long long min, long long max);
/* A point in time: RFC 3339, a date, or an age such as 90s, 15m, 24h, 7d, 2w. Unix microseconds. */
int64_t keel__when(const struct argp_state *state, const char *what, const char *text);

/* "keel: message" on stderr, with what the database said; returns KEEL__EXIT_FAILED. */
int keel__fail(const struct keel_error *err);
int keel__fail_message(const char *format, ...) __attribute__((format(printf, 1, 2)));
int keel__usage(const struct keel__command *self, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* returns KEEL__EXIT_USAGE */
/* To stderr unless --quiet. */
void keel__note(const struct keel__global *global, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Opens the store a command works on; says what is wrong and returns an exit code when it cannot.
 * KEEL__READ: it must exist and is not changed. */
enum keel__open { KEEL__READ, KEEL__WRITE };
int keel__store_open(const struct keel__global *global, enum keel__open how,
                     struct keel_store **store);
/* A run named by id, prefix or trace id. */
int keel__run_named(struct keel_store *store, const char *text, struct keel_uuid *id);
/* Who is at the terminal, for status and audit logs: "cli:<login>". */
const char *keel__actor(void);

#endif
