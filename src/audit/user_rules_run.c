/* Running the user's own rules; how they are written stands in user_rules.c. */
#include "audit/deadline.h"
#include "audit/run.h"
#include "base/error.h"
#include "base/str.h"
#include "schema/model.h"

#include <ctype.h>
#include <stdlib.h>

enum { MAX_ROWS = 1000, TIMEOUT_S = 60 };

struct running {
    struct keel__audit *audit;
    const struct keel__user_rule *rule;
    size_t rows;
};

static const char *value_of(struct running *running, const struct keel_row *row, const char *name)
{
    for (size_t i = 0; i < keel_row_columns(row); i++) {
        if (!keel__name_is(keel_row_name(row, i), name))
            continue;
        if (keel_row_is_null(row, i))
            return NULL;
        struct keel_slice text = keel_row_text(row, i);
        return keel__arena_dup(running->audit->arena, text.data ? text : keel_slice_of("(bytes)"));
    }
    return NULL;
}

static void write_message(struct running *running, const struct keel_row *row,
                          struct keel_finding *finding, const char *format)
{
    struct keel__str text;
    char name[128];
    keel__str_init(&text, 0);
    while (*format) {
        size_t plain = strcspn(format, "{"), size = 0;
        keel__str_append(&text, format, plain);
        format += plain;
        if (!*format)
            break;
        size = strcspn(format, "}");
        const char *value = NULL;
        if (format[size] && size > 1 && size - 1 < sizeof name) {
            memcpy(name, format + 1, size - 1);
            name[size - 1] = '\0';
            value = value_of(running, row, name);
        }
        if (value) {
            keel__str_text(&text, value);
            format += size + 1;
        } else {
            keel__str_char(&text, *format++);
        }
    }
    keel__finding_say(running->audit, finding, "%s", text.data ? text.data : "");
    running->audit->found->failed = running->audit->found->failed || text.failed;
    keel__str_fini(&text);
}

static bool is_known(const char *name)
{
    static const char *const known[] = {"schema",   "table", "column",  "message",
                                        "matching", "rows",  "example", "sampled"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (keel__name_is(name, known[i]))
            return true;
    return false;
}

static void add_examples(struct running *running, const struct keel_row *row,
                         struct keel_finding *finding)
{
    struct keel__audit *audit = running->audit;
    keel__finding_example(audit, finding, keel_slice_of(value_of(running, row, "example")));
    for (size_t i = 0; i < keel_row_columns(row); i++) {
        const char *name = keel_row_name(row, i);
        if (is_known(name))
            continue;
        const char *value = value_of(running, row, name);
        const char *text = keel__arena_printf(audit->arena, "%s=%s", name, value ? value : "NULL");
        keel__finding_example(audit, finding, keel_slice_of(text));
    }
}

static int64_t number_of(struct running *running, const struct keel_row *row, const char *name,
                         bool *there)
{
    const char *text = value_of(running, row, name);
    *there = text != NULL;
    return text ? strtoll(text, NULL, 10) : 0;
}

static int add_row(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct running *running = context;
    struct keel__audit *audit = running->audit;
    bool has_rows, has_matching;
    if (++running->rows > MAX_ROWS)
        return keel_error_set(err, KEEL_INVALID, "more than %d rows", MAX_ROWS);
    struct keel_finding *finding = keel__finding_add(audit, &running->rule->rule, NULL);
    if (!finding)
        return keel__nomem(err);
    const char *table = value_of(running, row, "table"), *column = value_of(running, row, "column");
    const char *message = value_of(running, row, "message");
    finding->schema = value_of(running, row, "schema");
    finding->table = table && *table ? table : NULL;
    if (column && *column)
        keel__finding_column(audit, finding, column);
    finding->rows = number_of(running, row, "rows", &has_rows);
    finding->matching = number_of(running, row, "matching", &has_matching);
    finding->has_data = has_rows || has_matching;
    write_message(running, row, finding, message ? message : running->rule->message);
    add_examples(running, row, finding);
    /* Many rows of a user's rule stand at one place; its message tells them apart. */
    keel__finding_fingerprint(finding, finding->message);
    return audit->found->failed ? keel__nomem(err) : KEEL_OK;
}

/* "file:line: what is wrong"; the line is the fault's where the database names its place. */
static int at_line(const struct keel__user_rule *rule, size_t prefix, struct keel_error *err)
{
    size_t line = rule->line, until = (size_t)(err->position > 0 ? err->position - 1 : 0);
    for (size_t i = 0; i + prefix < until && rule->sql[i]; i++)
        line += rule->sql[i] == '\n';
    return keel_error_context(err, "%s:%zu: rule %s", rule->file, line, rule->rule.about.id);
}

static int ignore_row(void *context, const struct keel_row *row, struct keel_error *err)
{
    (void)context, (void)row, (void)err;
    return KEEL_OK;
}

static int run_sql(struct keel__audit *audit, const char *sql, keel_row_fn *each, void *context,
                   bool *late, struct keel_error *err)
{
    struct keel__deadline *deadline = NULL;
    struct keel_query query = {.name = "audit_user_rule", .sqlite = sql, .postgres = sql};
    int rc = keel_db_begin(audit->db, KEEL_TX_READ, err);
    if (rc)
        return rc;
    rc = keel__deadline_begin(&deadline, audit->db, TIMEOUT_S, err);
    if (!rc)
        rc = keel_db_each(audit->db, &query, KEEL_NO_PARAMS, each, context, err);
    *late = keel__deadline_end(deadline);
    keel_db_rollback(audit->db);
    return rc;
}

/* What only reads, by its first word. */
static bool only_reads(const char *sql)
{
    static const char *const words[] = {"select", "with", "values"};
    while (isspace((unsigned char)*sql) || *sql == '(')
        sql++;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncasecmp(sql, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

int keel__user_rules_check(struct keel__audit *audit, const struct keel__audit_memory *memory,
                           struct keel_error *err)
{
    static const char explain[] = "EXPLAIN ";
    for (size_t i = 0; i < memory->user_rule_count; i++) {
        const struct keel__user_rule *rule = &memory->user_rules[i];
        bool late;
        const char *sql = keel__arena_printf(audit->arena, "%s%s", explain, rule->sql);
        if (!sql)
            return keel__nomem(err);
        if (!only_reads(rule->sql))
            return keel_error_set(err, KEEL_INVALID,
                                  "%s:%zu: rule %s: a rule is one SELECT (or WITH, VALUES)",
                                  rule->file, rule->line, rule->rule.about.id);
        int rc = run_sql(audit, sql, ignore_row, NULL, &late, err);
        if (rc)
            return keel__audit_stopped(audit) ? keel__audit_stop(err)
                                              : at_line(rule, sizeof explain - 1, err);
    }
    return KEEL_OK;
}

int keel__user_rule_run(struct keel__audit *audit, const struct keel__user_rule *rule,
                        struct keel_error *err)
{
    struct running running = {.audit = audit, .rule = rule};
    bool late = false;
    int rc = run_sql(audit, rule->sql, add_row, &running, &late, err);
    if (!rc)
        return KEEL_OK;
    if (keel__audit_stopped(audit))
        return keel__audit_stop(err);
    if (keel__audit_fatal(audit, rc))
        return rc;
    if (running.rows > MAX_ROWS) {
        keel__audit_skip(audit, "rule %s: only its first %d rows are findings: let it group them",
                         rule->rule.about.id, MAX_ROWS);
        return KEEL_OK;
    }
    if (late)
        keel_error_set(err, KEEL_IO, "stopped after %d seconds", TIMEOUT_S);
    at_line(rule, 0, err);
    keel__audit_skip(audit, "%s", err->message);
    return KEEL_OK;
}
