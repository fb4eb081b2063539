#include "cli/cli.h"

#include "cli/manual.h"

struct own {
    struct keel__words words;
    bool man;
};

static const struct argp_option options[] = {
    {"man", 'm', NULL, 0, "Print the manual page as roff instead", 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct own *own = state->input;
    if (key == 'm')
        own->man = true;
    else if (key == ARGP_KEY_ARG)
        keel__words_add(&own->words, arg, state);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static void list(void)
{
    printf("Usage: keel COMMAND [OPTION...]\n\n"
           "Records what AI pipelines did, and keeps the database it is recorded in sound.\n\n");
    for (size_t i = 0; keel__commands[i]; i++)
        printf("  %-12s %s\n", keel__commands[i]->name, keel__commands[i]->summary);
    printf("\nkeel COMMAND --help says more. Without a database, `keel serve' starts one here.\n");
}

static int run(const struct keel__command *self, int argc, char **argv)
{
    struct keel__global global = {0};
    struct own own = {0};
    keel__parse(self, argc, argv, &global, &own);
    if (own.words.count > 1)
        return keel__usage(self, "one command at a time");
    if (own.words.count == 0) {
        if (own.man)
            keel__manual_index(stdout);
        else
            list();
        return KEEL__EXIT_OK;
    }
    const struct keel__command *command = keel__command_find(own.words.word[0]);
    if (!command)
        return keel__usage(self, "there is no command '%s'", own.words.word[0]);
    if (own.man) {
        keel__manual(stdout, command);
        return KEEL__EXIT_OK;
    }
    char *help[] = {(char *)command->name, "--help", NULL};
    return command->run(command, 2, help);
}

const struct keel__command keel__cmd_help = {
    .name = "help",
    .args = "[COMMAND]",
    .summary = "List the commands, or explain one",
    .options = options,
    .parse = parse,
    .run = run,
};
