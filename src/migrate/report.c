#include "base/utf8.h"
#include "migrate/apply.h"
#include "migrate/steps.h"

#include <stdarg.h>
#include <stdio.h>

void keel__run_event(struct keel__run *run, struct keel_migrate_event event)
{
    event.todo = run->todo;
    event.statement_count = run->statement_count;
    if (run->options->event)
        run->options->event(run->options->context, &event);
}

void keel__run_note(struct keel__run *run, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    keel__run_event(run, (struct keel_migrate_event){.kind = KEEL_MIGRATE_NOTE, .text = text});
}

const char *keel__todo_file(const struct keel_migration_todo *todo)
{
    const struct keel_migration *m = todo->migration;
    return todo->action == KEEL_MIGRATE_DOWN && m->down_file ? m->down_file : m->up_file;
}

static void append(struct keel_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void append(struct keel_error *err, const char *format, ...)
{
    size_t n = strlen(err->message);
    va_list args;
    va_start(args, format);
    vsnprintf(err->message + n, sizeof err->message - n, format, args);
    va_end(args);
}

void keel__outcome_add(struct keel__run *run, size_t k, struct keel_error *err)
{
    const struct keel_migration_todo *todo = run->todo;
    if (!err)
        return;
    if (err->code == KEEL_UNCERTAIN)
        append(err, "; run it again: it goes on from what the database has");
    else if (todo->step_count == 1 && todo->steps[0].transaction)
        append(err, "; nothing of %s_%s was kept", todo->migration->version_text,
               todo->migration->name);
    else
        append(err, "; %zu of its %zu steps are done, another run goes on from there", k,
               todo->step_count);
}

/* The line of the byte at position (from 1; 0 where the database did not tell) of statement. */
static size_t line_of(const struct keel_migration_statement *statement, int position)
{
    size_t line = statement->line;
    for (size_t i = 0; (int)i < position - 1 && i < statement->sql.size; i++)
        line += statement->sql.data[i] == '\n';
    return line;
}

int keel__statement_error(struct keel__run *run, const struct keel_migration_statement *statement,
                          bool in_transaction, struct keel_error *err)
{
    if (!err)
        return KEEL_IO;
    struct keel_slice shown = statement->sql;
    const char *newline = memchr(shown.data, '\n', shown.size);
    if (newline)
        shown.size = (size_t)(newline - shown.data);
    bool cut = newline || shown.size > 40;
    shown = keel__utf8_cut(shown, 40);
    err->statement[0] = 0;
    if (in_transaction &&
        (strcmp(err->sqlstate, "25001") == 0 || strstr(err->message, "within a transaction")))
        append(err, "; %s", keel__no_transaction_hint(run->set->layout));
    return keel_error_context(err, "%s:%zu: statement %zu of %zu (%.*s%s)", statement->file,
                              line_of(statement, err->position), run->statement,
                              run->statement_count, (int)shown.size, shown.data, cut ? "..." : "");
}
