#include "cli/manual.h"

#include <string.h>

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    keel__words_add(state->input, arg, state);
    return 0;
}

static void words(const struct argp_option *list)
{
    for (; list && (list->name || list->key || list->doc); list++)
        if (list->name && !(list->flags & OPTION_HIDDEN))
            printf(" --%s", list->name);
}

static void bash(void)
{
    printf("_keel()\n{\n    local word=${COMP_WORDS[COMP_CWORD]} words\n"
           "    if [ \"$COMP_CWORD\" = 1 ]; then\n        words='");
    for (size_t i = 0; keel__commands[i]; i++)
        printf("%s%s", i ? " " : "", keel__commands[i]->name);
    printf("'\n    else\n        case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; keel__commands[i]; i++) {
        printf("        %s) words='--help", keel__commands[i]->name);
        words(keel__commands[i]->options);
        words(keel__global_options);
        printf("' ;;\n");
    }
    printf("        esac\n    fi\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
           "    [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$word\"))\n}\n"
           "complete -F _keel keel\n");
}

static int run(const struct keel__command *self, int argc, char **argv)
{
    struct keel__global global = {0};
    struct keel__words shells = {0};
    keel__parse(self, argc, argv, &global, &shells);
    if (shells.count != 1)
        return keel__usage(self, "name one shell: bash or zsh");
    bool zsh = !strcmp(shells.word[0], "zsh");
    if (!zsh && strcmp(shells.word[0], "bash") != 0)
        return keel__usage(self, "there is no completion for '%s'; bash and zsh have one",
                           shells.word[0]);
    if (zsh)
        printf("autoload -U +X bashcompinit && bashcompinit\n");
    bash();
    return KEEL__EXIT_OK;
}

const struct keel__command keel__cmd_completion = {
    .name = "completion",
    .args = "bash|zsh",
    .summary = "Print a completion script for a shell",
    .details = "For bash, now and in every new shell:\n\n"
               "    source <(keel completion bash)\n"
               "    keel completion bash > ~/.local/share/bash-completion/completions/keel",
    .parse = parse,
    .run = run,
};
