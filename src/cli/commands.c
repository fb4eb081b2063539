#include "cli/cli.h"

#include <string.h>

extern const struct keel__command keel__cmd_serve;
extern const struct keel__command keel__cmd_demo;
extern const struct keel__command keel__cmd_runs;
extern const struct keel__command keel__cmd_show;
extern const struct keel__command keel__cmd_timeline;
extern const struct keel__command keel__cmd_tail;
extern const struct keel__command keel__cmd_costs;
extern const struct keel__command keel__cmd_sessions;
extern const struct keel__command keel__cmd_prices;
extern const struct keel__command keel__cmd_migrate;
extern const struct keel__command keel__cmd_schema;
extern const struct keel__command keel__cmd_audit;
extern const struct keel__command keel__cmd_diff;
extern const struct keel__command keel__cmd_keys;
extern const struct keel__command keel__cmd_partitions;
extern const struct keel__command keel__cmd_version;
extern const struct keel__command keel__cmd_completion;
extern const struct keel__command keel__cmd_help;

const struct keel__command *const keel__commands[] = {
    &keel__cmd_serve,
    &keel__cmd_demo,
    &keel__cmd_runs,
    &keel__cmd_show,
    &keel__cmd_timeline,
    &keel__cmd_tail,
    &keel__cmd_costs,
    &keel__cmd_sessions,
    &keel__cmd_prices,
    &keel__cmd_migrate,
    &keel__cmd_schema,
    &keel__cmd_audit,
    &keel__cmd_diff,
    &keel__cmd_keys,
    &keel__cmd_partitions,
    &keel__cmd_version,
    &keel__cmd_completion,
    &keel__cmd_help,
    NULL,
};

const struct keel__command *keel__command_find(const char *name)
{
    for (size_t i = 0; keel__commands[i]; i++)
        if (!strcmp(keel__commands[i]->name, name))
            return keel__commands[i];
    return NULL;
}
