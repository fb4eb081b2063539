#include "cli/cli.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/term.h"

__attribute__((format(printf, 2, 0))) static void say(const char *prefix, const char *format,
                                                      va_list arguments)
{
    char line[1024];
    vsnprintf(line, sizeof line, format, arguments);
    fputs(prefix, stderr);
    (*prefix ? keel__term_safe : keel__term_safe_lines)(stderr,
                                                        keel_slice_of(line)); /* notes have lines */
    fputc('\n', stderr);
}

int keel__fail_message(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say("keel: ", format, arguments);
    va_end(arguments);
    return KEEL__EXIT_FAILED;
}

int keel__fail(const struct keel_error *err)
{
    const char *message = err->message[0] ? err->message : keel_code_name(err->code);
    if (err->statement[0])
        return keel__fail_message("%s (statement %s)", message, err->statement);
    return keel__fail_message("%s", message);
}

int keel__usage(const struct keel__command *self, const char *format, ...)
{
    va_list arguments;
    char prefix[80];
    snprintf(prefix, sizeof prefix, "keel %s: ", self->name);
    va_start(arguments, format);
    say(prefix, format, arguments);
    va_end(arguments);
    fprintf(stderr, "Try `keel %s --help' for more information.\n", self->name);
    return KEEL__EXIT_USAGE;
}

void keel__note(const struct keel__global *global, const char *format, ...)
{
    if (global->quiet)
        return;
    va_list arguments;
    va_start(arguments, format);
    say("", format, arguments);
    va_end(arguments);
}

const char *keel__actor(void)
{
    static char actor[64];
    const struct passwd *who = getpwuid(getuid());
    if (who)
        snprintf(actor, sizeof actor, "cli:%s", who->pw_name);
    else
        snprintf(actor, sizeof actor, "cli:%ld", (long)getuid());
    return actor;
}
