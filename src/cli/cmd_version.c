#include "cli/cli.h"

static int run(const struct keel__command *self, int argc, char **argv)
{
    struct keel__global global = {0};
    keel__parse(self, argc, argv, &global, NULL);
    if (global.json)
        printf("{\"version\":\"%s\"}\n", keel_version());
    else
        printf("keel %s\n", keel_version());
    return KEEL__EXIT_OK;
}

const struct keel__command keel__cmd_version = {
    .name = "version",
    .summary = "Print keel's version",
    .run = run,
};
