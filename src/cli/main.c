#include "cli/cli.h"

#include <locale.h>
#include <signal.h>
#include <string.h>

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    char *help[] = {"help", NULL};
    if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
        const struct keel__command *command = keel__command_find("help");
        command->run(command, 1, help);
        return argc < 2 ? KEEL__EXIT_USAGE : KEEL__EXIT_OK;
    }
    const char *name = strcmp(argv[1], "--version") && strcmp(argv[1], "-V") ? argv[1] : "version";
    const struct keel__command *command = keel__command_find(name);
    if (!command) {
        keel__fail_message("there is no command '%s'; `keel help' lists them", argv[1]);
        return KEEL__EXIT_USAGE;
    }
    int status = command->run(command, argc - 1, argv + 1);
    if (fflush(stdout) || ferror(stdout))
        return keel__fail_message("cannot write to standard output");
    return status;
}
