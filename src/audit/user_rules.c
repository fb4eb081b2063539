/* The user's own rules: a folder of .sql files. Each rule is a comment line and one query:
 *
 *   -- rule: id, severity, message
 *   SELECT 'orders' AS "table", 'total' AS "column", id FROM orders WHERE total < 0;
 *
 * Each row is a finding. The columns schema, table, column, matching, rows, message and example
 * mean what they say; every other one is shown as an example. {name} in the message is the row's
 * value of that column. */
#include "audit/rules.h"
#include "audit/run.h"
#include "base/error.h"
#include "schema/model.h"
#include "schema/split.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

enum { MAX_BYTES = 4 << 20, MAX_FILES = 1000 };

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    char *end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        *--end = '\0';
    return text;
}

static bool is_taken(const struct keel__audit_memory *memory, const char *id)
{
    for (size_t i = 0; i < memory->user_rule_count; i++)
        if (strcmp(memory->user_rules[i].rule.about.id, id) == 0)
            return true;
    for (size_t f = 0; keel__rule_families[f]; f++)
        for (size_t i = 0; i < keel__rule_families[f]->count; i++)
            if (strcmp(keel__rule_families[f]->items[i].about.id, id) == 0)
                return true;
    return false;
}

/* "id, severity, message" */
static int read_head(struct keel__user_rule *rule, const struct keel__audit_memory *memory,
                     char *text, struct keel_error *err)
{
    char *severity = strchr(text, ','), *message = severity ? strchr(severity + 1, ',') : NULL;
    if (!message)
        return keel_error_set(err, KEEL_INVALID, "write '-- rule: id, severity, message'");
    *severity++ = *message++ = '\0';
    struct keel_audit_rule *about = &rule->rule.about;
    about->id = trim(text);
    severity = trim(severity);
    rule->message = trim(message);
    if (!*about->id ||
        strspn(about->id, "abcdefghijklmnopqrstuvwxyz0123456789-_") != strlen(about->id))
        return keel_error_set(err, KEEL_INVALID,
                              "a rule's id is of lower-case letters, digits and hyphens, not '%s'",
                              about->id);
    if (is_taken(memory, about->id))
        return keel_error_set(err, KEEL_INVALID, "there is a rule '%s' already", about->id);
    if (!keel_severity_parse(severity, &about->severity))
        return keel_error_set(err, KEEL_INVALID, "a severity is error, warning or advice, not '%s'",
                              severity);
    if (!*rule->message)
        return keel_error_set(err, KEEL_INVALID, "rule '%s' has no message", about->id);
    about->family = "user";
    about->fix = KEEL_FIX_NONE;
    about->on_sqlite = about->on_postgres = about->reads_data = true;
    about->title = rule->message;
    about->why = about->evidence = about->how = about->wrong_when = "";
    return KEEL_OK;
}

static int read_query(struct keel__user_rule *rule, struct keel__audit *audit,
                      struct keel_slice text, size_t first_line, struct keel_error *err)
{
    struct keel__splitter splitter;
    struct keel__statement statement = {0}, more = {0};
    keel__splitter_init(&splitter, text, audit->dialect, first_line);
    int rc = keel__split_next(&splitter, &statement, err);
    if (!rc)
        rc = keel__split_next(&splitter, &more, err);
    if (rc) {
        rule->line = splitter.error_line;
        return rc;
    }
    rule->line = statement.text.data ? statement.line : first_line;
    if (!statement.text.data)
        return keel_error_set(err, KEEL_INVALID, "rule '%s' has no query", rule->rule.about.id);
    if (more.text.data) {
        rule->line = more.line;
        return keel_error_set(err, KEEL_INVALID, "rule '%s' has more than one statement",
                              rule->rule.about.id);
    }
    rule->sql = keel__arena_dup(audit->arena, statement.text);
    return rule->sql ? KEEL_OK : keel__nomem(err);
}

/* The line behind "-- rule:", or NULL. */
static char *head_of(char *line)
{
    static const char mark[] = "rule:";
    while (*line == ' ' || *line == '\t')
        line++;
    if (line[0] != '-' || line[1] != '-')
        return NULL;
    for (line += 2; *line == ' ' || *line == '\t'; line++)
        ;
    return strncmp(line, mark, sizeof mark - 1) == 0 ? line + sizeof mark - 1 : NULL;
}

static int read_file(struct keel__audit *audit, struct keel__audit_memory *memory, const char *path,
                     struct keel_error *err)
{
    struct keel_slice text;
    int rc = keel__input_read(&text, audit->arena, path, MAX_BYTES, err);
    if (rc)
        return rc;
    if (strlen(text.data) != text.size)
        return keel_error_set(err, KEEL_INVALID, "%s: there is a NUL byte in it", path);
    char *at = (char *)(uintptr_t)text.data; /* our own copy */
    size_t line = 1;
    bool any = false;
    while (at) {
        char *next = strchr(at, '\n'), *end = next ? next : at + strlen(at), *head = head_of(at);
        size_t head_line = line++;
        if (!head) {
            at = next ? next + 1 : NULL;
            continue;
        }
        any = true;
        struct keel__user_rule *rule =
            KEEL__PUSH(audit->arena, memory->user_rules, memory->user_rule_count);
        if (!rule)
            return keel__nomem(err);
        memory->user_rule_count--; /* until it is one */
        *rule = (struct keel__user_rule){.file = path, .line = head_line};
        *end = '\0';
        char *query = next ? next + 1 : end, *stop = query;
        size_t query_line = line;
        while (*stop && !head_of(stop)) {
            size_t size = strcspn(stop, "\n");
            line += stop[size] == '\n';
            stop += size + (stop[size] == '\n');
        }
        rc = read_head(rule, memory, head, err);
        if (!rc)
            rc =
                read_query(rule, audit, keel_slice(query, (size_t)(stop - query)), query_line, err);
        if (rc)
            return keel_error_context(err, "%s:%zu", path, rule->line);
        memory->user_rule_count++;
        at = *stop ? stop : NULL;
    }
    if (!any)
        return keel_error_set(err, KEEL_INVALID,
                              "%s: there is no line '-- rule: id, severity, message' in it", path);
    return KEEL_OK;
}

static int is_sql(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return entry->d_name[0] != '.' && size > 4 && strcmp(entry->d_name + size - 4, ".sql") == 0;
}

int keel__user_rules_read(struct keel__audit *audit, struct keel__audit_memory *memory,
                          struct keel_error *err)
{
    const char *dir = audit->options->rules_dir;
    struct dirent **entries = NULL;
    if (!dir)
        return KEEL_OK;
    int count = scandir(dir, &entries, is_sql, alphasort);
    if (count < 0)
        return keel__error_errno(err, errno == ENOENT ? KEEL_NOTFOUND : KEEL_IO, errno,
                                 "cannot read the folder of rules %s", dir);
    int rc = KEEL_OK;
    if (count == 0)
        rc = keel_error_set(err, KEEL_NOTFOUND, "there is no .sql file in %s", dir);
    if (count > MAX_FILES)
        rc = keel_error_set(err, KEEL_INVALID, "%s has more than %d files", dir, MAX_FILES);
    for (int i = 0; i < count; i++) {
        const char *path =
            rc ? NULL : keel__arena_printf(audit->arena, "%s/%s", dir, entries[i]->d_name);
        if (!rc)
            rc = path ? read_file(audit, memory, path, err) : keel__nomem(err);
        free(entries[i]);
    }
    free(entries);
    return rc;
}
