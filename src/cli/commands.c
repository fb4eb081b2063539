#include "cli/cli.h"

#include <string.h>

extern const struct keel__command keel__cmd_demo;
extern const struct keel__command keel__cmd_migrate;
extern const struct keel__command keel__cmd_version;
extern const struct keel__command keel__cmd_help;
extern const struct keel__command keel__cmd_completion;

const struct keel__command *const keel__commands[] = {
    &keel__cmd_demo,       &keel__cmd_migrate, &keel__cmd_version,
    &keel__cmd_completion, &keel__cmd_help,    NULL,
};

const struct keel__command *keel__command_find(const char *name)
{
    for (size_t i = 0; keel__commands[i]; i++)
        if (!strcmp(keel__commands[i]->name, name))
            return keel__commands[i];
    return NULL;
}
