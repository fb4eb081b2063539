#include "cli/cli.h"

#include "cli/manual.h"
#include "cli/output.h"

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

static void json_options(struct keel__json *json, const struct argp_option *list)
{
    for (; list && (list->name || list->key || list->doc); list++) {
        if (!list->name || (list->flags & OPTION_HIDDEN))
            continue;
        keel__json_object_begin(json);
        keel__json_add_cstr(json, "name", list->name);
        keel__json_add_cstr(json, "argument", list->arg);
        keel__json_add_cstr(json, "help", list->doc);
        keel__json_object_end(json);
    }
}

/* The whole command table, for programs that want to know what there is. */
static int list_json(void)
{
    struct keel__output output;
    keel__output_init(&output);
    keel__json_array_begin(&output.json);
    for (size_t i = 0; keel__commands[i]; i++) {
        keel__json_object_begin(&output.json);
        keel__json_add_cstr(&output.json, "name", keel__commands[i]->name);
        keel__json_add_cstr(&output.json, "arguments", keel__commands[i]->args);
        keel__json_add_cstr(&output.json, "summary", keel__commands[i]->summary);
        keel__json_key(&output.json, "options");
        keel__json_array_begin(&output.json);
        json_options(&output.json, keel__commands[i]->options);
        json_options(&output.json, keel__global_options);
        keel__json_array_end(&output.json);
        keel__json_object_end(&output.json);
    }
    keel__json_array_end(&output.json);
    return keel__output_finish(&output);
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
        else if (global.json)
            return list_json();
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
