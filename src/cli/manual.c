#include "cli/manual.h"

#include <string.h>

/* roff takes a leading dot or quote, backslashes and dashes for itself. */
static void roff(FILE *out, const char *text)
{
    bool line_start = true;
    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            fputs("\\&", out);
        if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out);
        else
            fputc(*text, out);
        line_start = *text == '\n';
    }
}

static void header(FILE *out, const char *page, const char *summary)
{
    fprintf(out, ".TH \"%s\" \"1\" \"\" \"keel %s\" \"keel\"\n.SH NAME\n", page, keel_version());
    roff(out, page);
    fputs(" \\- ", out);
    roff(out, summary);
    fputc('\n', out);
}

static void option(FILE *out, const struct argp_option *option)
{
    fputs(".TP\n.B ", out);
    if (option->key > 0x20 && option->key < 0x7f)
        fprintf(out, "\\-%c%s", option->key, option->name ? ", " : "");
    if (option->name) {
        fputs("\\-\\-", out);
        roff(out, option->name);
    }
    if (option->arg)
        fprintf(out, option->flags & OPTION_ARG_OPTIONAL ? "[=\\fI%s\\fB]" : "=\\fI%s\\fB",
                option->arg);
    fputc('\n', out);
    roff(out, option->doc ? option->doc : "");
    fputc('\n', out);
}

static void options(FILE *out, const struct argp_option *list)
{
    for (; list && (list->name || list->key || list->doc); list++)
        if (!(list->flags & OPTION_HIDDEN) && (list->name || list->key))
            option(out, list);
}

/* Paragraphs are parted by blank lines; lines that start with blanks are an example. */
static void details(FILE *out, const char *text)
{
    bool example = false, parted = false;
    while (*text) {
        size_t size = strcspn(text, "\n");
        char line[1024];
        snprintf(line, sizeof line, "%.*s", (int)size, text);
        bool indented = line[0] == ' ';
        text += size + (text[size] == '\n');
        if (size == 0) {
            parted = true;
            continue;
        }
        if (example && !indented)
            fputs(".fi\n", out);
        if (parted)
            fputs(".PP\n", out);
        if (indented && !example)
            fputs(".nf\n", out);
        roff(out, line);
        fputc('\n', out);
        example = indented;
        parted = false;
    }
    if (example)
        fputs(".fi\n", out);
}

void keel__manual(FILE *out, const struct keel__command *command)
{
    char page[64];
    snprintf(page, sizeof page, "keel-%s", command->name);
    header(out, page, command->summary);
    fprintf(out, ".SH SYNOPSIS\n.B keel %s\n[\\fIOPTION\\fR...] ", command->name);
    roff(out, command->args ? command->args : "");
    fputs("\n.SH OPTIONS\n", out);
    options(out, command->options);
    options(out, keel__global_options);
    if (command->details) {
        fputs(".SH DESCRIPTION\n", out);
        details(out, command->details);
    }
    fputs(".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage.\n.SH SEE ALSO\n.BR keel (1)\n", out);
}

void keel__manual_index(FILE *out)
{
    header(out, "keel", "record what AI pipelines did, and keep the database sound");
    fputs(".SH SYNOPSIS\n.B keel\n\\fICOMMAND\\fR [\\fIOPTION\\fR...]\n.SH COMMANDS\n", out);
    for (size_t i = 0; keel__commands[i]; i++) {
        fprintf(out, ".TP\n.BR keel\\-%s (1)\n", keel__commands[i]->name);
        roff(out, keel__commands[i]->summary);
        fputc('\n', out);
    }
    fputs(".SH ENVIRONMENT\n.TP\n.B KEEL_DATABASE_URL\nThe database, where \\-\\-db is not given; "
          "then \\fBDATABASE_URL\\fR, then keel.db in the current folder.\n.TP\n.B NO_COLOR\nNo "
          "colours.\n",
          out);
}
