/* The file of suppressions, one a line:
 *
 *   RULE PLACE: reason
 *
 * RULE is an id, a family or *; PLACE is * (anywhere), - (the database itself), table,
 * table.column or table.index (a constraint, trigger or view as well), with the schema before it
 * where that is needed. Names that are no plain words stand in double quotes, in plain ones * is
 * any text. Empty lines and lines that begin with # do not count. */
#include "audit/run.h"
#include "base/error.h"

#include <fnmatch.h>
#include <stdlib.h>

enum { MAX_BYTES = 1 << 20, MAX_PARTS = 3 };

struct keel__suppression {
    const char *rule;
    const char *parts[MAX_PARTS];
    bool quoted[MAX_PARTS];
    size_t part_count;
    const char *reason;
    size_t line;
    bool used;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static char *skip_blanks(char *at)
{
    while (is_blank(*at))
        at++;
    return at;
}

/* A quoted name loses its quotes in place; at is behind the opening one. NULL: it never ends. */
static char *unquote(char *at)
{
    char *to = at;
    for (;; at++) {
        if (*at == '\0')
            return NULL;
        if (*at == '"' && at[1] != '"')
            break;
        at += *at == '"';
        *to++ = *at;
    }
    *to = '\0';
    return at + 1;
}

/* The place, up to the colon; returns what is behind the colon, or NULL with *wrong. */
static char *parse_place(struct keel__suppression *item, char *at, const char **wrong)
{
    for (;;) {
        if (item->part_count == MAX_PARTS) {
            *wrong = "a place has at most schema, table and column";
            return NULL;
        }
        bool quoted = *at == '"';
        char *start = at + quoted, *end;
        if (quoted)
            end = unquote(start);
        else
            end = at + strcspn(at, ".: \t");
        if (!end || (!quoted && end == at)) {
            *wrong = end ? "a place was expected: table, table.column or *" : "a quote never ends";
            return NULL;
        }
        item->quoted[item->part_count] = quoted;
        item->parts[item->part_count++] = start;
        char next = *end;
        char *behind = next ? end + 1 : end;
        if (is_blank(next)) {
            behind = skip_blanks(end);
            next = *behind;
            behind += next != '\0';
        }
        *end = '\0';
        if (next == ':')
            return behind;
        if (next != '.') {
            *wrong = "a reason is missing: write 'RULE PLACE: reason'";
            return NULL;
        }
        at = behind;
    }
}

static const char *parse_line(struct keel__suppression *item, char *line)
{
    const char *wrong = NULL;
    char *end = line + strlen(line);
    while (end > line && is_blank(end[-1]))
        *--end = '\0';
    item->rule = line;
    char *at = line + strcspn(line, " \t");
    if (!*at)
        return "a place is missing: write 'RULE PLACE: reason'";
    *at = '\0';
    at = parse_place(item, skip_blanks(at + 1), &wrong);
    if (!at)
        return wrong;
    item->reason = skip_blanks(at);
    return *item->reason ? NULL : "a reason is missing: write 'RULE PLACE: reason'";
}

int keel__suppressions_read(struct keel__suppressions *out, struct keel__audit *audit,
                            struct keel_error *err)
{
    struct keel_slice text;
    const char *path = audit->options->suppress_file;
    *out = (struct keel__suppressions){.file = path};
    if (!path)
        return KEEL_OK;
    int rc = keel__input_read(&text, audit->arena, path, MAX_BYTES, err);
    if (rc)
        return rc;
    size_t lines = 1, line = 0;
    for (size_t i = 0; i < text.size; i++)
        lines += text.data[i] == '\n';
    out->items = keel__arena_calloc(audit->arena, lines, sizeof *out->items);
    char *copy = keel__arena_dup(audit->arena, text), *save = NULL;
    if (!out->items || !copy)
        return keel__nomem(err);
    for (char *at = copy; at; at = save) {
        line++;
        save = strchr(at, '\n');
        if (save)
            *save++ = '\0';
        at = skip_blanks(at);
        if (!*at || *at == '#')
            continue;
        struct keel__suppression *item = &out->items[out->count++];
        item->line = line;
        const char *wrong = parse_line(item, at);
        if (wrong)
            return keel_error_set(err, KEEL_INVALID, "%s:%zu: %s", path, line, wrong);
    }
    return KEEL_OK;
}

/* ---- which findings -------------------------------------------------------------------------- */

static bool matches(const struct keel__suppression *item, size_t part, const char *name)
{
    if (!name)
        return false;
    if (item->quoted[part])
        return strcmp(item->parts[part], name) == 0;
    return fnmatch(item->parts[part], name, 0) == 0;
}

static bool is_part_of(const struct keel__suppression *item, size_t part,
                       const struct keel_finding *finding)
{
    for (size_t i = 0; i < finding->column_count; i++)
        if (matches(item, part, finding->columns[i]))
            return true;
    return matches(item, part, finding->object);
}

static bool is_at(const struct keel__suppression *item, const struct keel_finding *finding)
{
    const char *table = finding->table ? finding->table : finding->object;
    if (item->part_count == 1 && strcmp(item->parts[0], "*") == 0)
        return true;
    if (item->part_count == 1 && strcmp(item->parts[0], "-") == 0)
        return !table;
    if (item->part_count == 1)
        return matches(item, 0, table);
    if (item->part_count == 2 && matches(item, 0, finding->schema) && matches(item, 1, table))
        return true;
    if (item->part_count == 2)
        return matches(item, 0, table) && is_part_of(item, 1, finding);
    return matches(item, 0, finding->schema) && matches(item, 1, table) &&
           is_part_of(item, 2, finding);
}

static const char *family_of(const struct keel__rule_choice *rules, const char *id)
{
    for (size_t i = 0; i < rules->count; i++)
        if (strcmp(rules->items[i]->about.id, id) == 0)
            return rules->items[i]->about.family;
    return "";
}

static bool has_run(const struct keel__suppression *item, const struct keel__rule_choice *rules)
{
    bool all = strcmp(item->rule, "*") == 0;
    for (size_t i = 0; i < rules->count && !all; i++)
        all = strcmp(rules->items[i]->about.id, item->rule) == 0 ||
              strcmp(rules->items[i]->about.family, item->rule) == 0;
    return all;
}

void keel__suppressions_apply(struct keel__suppressions *suppressions, struct keel__audit *audit,
                              const struct keel__rule_choice *rules)
{
    for (size_t f = 0; f < audit->found->count; f++) {
        struct keel_finding *finding = audit->found->items[f];
        const char *family = family_of(rules, finding->rule);
        for (size_t i = 0; i < suppressions->count; i++) {
            struct keel__suppression *item = &suppressions->items[i];
            if ((strcmp(item->rule, "*") != 0 && strcmp(item->rule, finding->rule) != 0 &&
                 strcmp(item->rule, family) != 0) ||
                !is_at(item, finding))
                continue;
            item->used = true;
            if (!finding->suppressed)
                finding->suppressed = item->reason;
        }
    }
    for (size_t i = 0; i < suppressions->count; i++)
        if (!suppressions->items[i].used && has_run(&suppressions->items[i], rules))
            keel__audit_note(audit, "suppression %s:%zu (%s) matches no finding: remove it",
                             suppressions->file, suppressions->items[i].line,
                             suppressions->items[i].rule);
}
