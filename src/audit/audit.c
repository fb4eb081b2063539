#include <keel/audit.h>

#include "audit/rules.h"
#include "audit/run.h"
#include "base/error.h"

#include <stdlib.h>
#include <string.h>

size_t keel_audit_rules(const struct keel_audit_rule *const **out)
{
    enum { MAX_RULES = 512 };
    static const struct keel_audit_rule *all[MAX_RULES];
    static size_t count;
    size_t found = 0;
    for (size_t f = 0; keel__rule_families[f]; f++)
        for (size_t i = 0; i < keel__rule_families[f]->count && found < MAX_RULES; i++)
            all[found++] = &keel__rule_families[f]->items[i].about;
    count = found;
    *out = all;
    return count;
}

bool keel__audit_stopped(const struct keel__audit *audit)
{
    const struct keel_audit_options *options = audit->options;
    return options->stopped && options->stopped(options->context);
}

int keel__audit_stop(struct keel_error *err)
{
    return keel_error_set(err, KEEL_BUSY, "stopped before the audit was done");
}

bool keel__audit_fatal(const struct keel__audit *audit, int code)
{
    return code == KEEL_NOMEM || audit->found->failed || keel__audit_stopped(audit);
}

/* ---- which rules ----------------------------------------------------------------------------- */

static bool names(const struct keel__rule *rule, const char *text)
{
    return strcmp(rule->about.id, text) == 0 || strcmp(rule->about.family, text) == 0;
}

static bool wanted(const struct keel__audit *audit, const struct keel__rule *rule)
{
    const struct keel_audit_options *options = audit->options;
    bool any_asked = false, asked = false;
    for (size_t i = 0; i < options->rule_count; i++) {
        const char *text = options->rules[i];
        if (*text == '-') {
            if (names(rule, text + 1))
                return false;
            continue;
        }
        any_asked = true;
        asked = asked || names(rule, text);
    }
    bool here = audit->dialect == KEEL_SQLITE ? rule->about.on_sqlite : rule->about.on_postgres;
    return here && (asked || !any_asked);
}

static bool is_known(const struct keel__audit_memory *memory, const char *text)
{
    for (size_t i = 0; i < memory->user_rule_count; i++)
        if (names(&memory->user_rules[i].rule, text))
            return true;
    for (size_t f = 0; keel__rule_families[f]; f++)
        for (size_t i = 0; i < keel__rule_families[f]->count; i++)
            if (names(&keel__rule_families[f]->items[i], text))
                return true;
    return false;
}

/* Among the user's rules those that were not left out are put behind the others. */
static int choose(struct keel__audit *audit, const struct keel__audit_memory *memory,
                  struct keel__rule_choice *choice, struct keel_error *err)
{
    const struct keel_audit_options *options = audit->options;
    for (size_t i = 0; i < options->rule_count; i++) {
        const char *text = options->rules[i] + (*options->rules[i] == '-');
        if (!is_known(memory, text))
            return keel_error_set(err, KEEL_INVALID,
                                  "there is no rule or family of rules called '%s': "
                                  "'keel audit --list' names them",
                                  text);
    }
    size_t total = memory->user_rule_count;
    for (size_t f = 0; keel__rule_families[f]; f++)
        total += keel__rule_families[f]->count;
    choice->items = keel__arena_calloc(audit->arena, total ? total : 1, sizeof *choice->items);
    if (!choice->items)
        return keel__nomem(err);
    for (size_t f = 0; keel__rule_families[f]; f++)
        for (size_t i = 0; i < keel__rule_families[f]->count; i++)
            if (wanted(audit, &keel__rule_families[f]->items[i]))
                choice->items[choice->count++] = &keel__rule_families[f]->items[i];
    for (size_t i = 0; i < memory->user_rule_count; i++)
        if (wanted(audit, &memory->user_rules[i].rule))
            choice->items[choice->count++] = &memory->user_rules[i].rule;
    return KEEL_OK;
}

/* ---- running them ---------------------------------------------------------------------------- */

int keel__audit_survive(struct keel__audit *audit, int code, const char *what, const char *rule,
                        struct keel_error *err)
{
    if (!code)
        return KEEL_OK;
    if (keel__audit_stopped(audit))
        return keel__audit_stop(err);
    if (keel__audit_fatal(audit, code))
        return code;
    keel__audit_skip(audit, "%s%srule %s: %s", what ? what : "", what ? ": " : "", rule,
                     err->message);
    return KEEL_OK;
}

/* In PostgreSQL a statement that fails takes its transaction with it, so everything that may fail
 * stands in a savepoint, and the next begins after it. */
static int again(struct keel__audit *audit, bool failed, struct keel_error *err)
{
    if (!failed || audit->dialect == KEEL_SQLITE)
        return KEEL_OK;
    keel_db_rollback(audit->db);
    return keel_db_begin(audit->db, KEEL_TX_READ, err);
}

/* keel_migrations, keel_quarantine... */
static bool is_ours(const struct keel_table_model *table)
{
    static const char prefix[] = "keel_quarantine";
    return strcmp(table->name, "keel_migrations") == 0 ||
           strncmp(table->name, prefix, sizeof prefix - 1) == 0;
}

/* No rule sees what keel itself keeps in the database. */
static void leave_out_ours(struct keel__audit *audit, struct keel_schema *schema)
{
    size_t kept = 0;
    for (size_t i = 0; i < schema->table_count; i++) {
        audit->has_history |= strcmp(schema->tables[i].name, "keel_migrations") == 0;
        if (!is_ours(&schema->tables[i]))
            schema->tables[kept++] = schema->tables[i];
    }
    schema->table_count = kept;
}

static int table_rules(struct keel__audit *audit, const struct keel__rule_choice *choice,
                       const struct keel__table_facts *facts, struct keel_error *err)
{
    int rc = keel_db_begin(audit->db, KEEL_TX_READ, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < choice->count && !rc; i++) {
        if (!choice->items[i]->table)
            continue;
        int failed = choice->items[i]->table(audit, facts, err);
        rc =
            keel__audit_survive(audit, failed, facts->table->name, choice->items[i]->about.id, err);
        if (!rc)
            rc = again(audit, failed != 0, err);
    }
    keel_db_rollback(audit->db);
    return rc;
}

static int schema_rules(struct keel__audit *audit, const struct keel__rule_choice *choice,
                        struct keel_error *err)
{
    int rc = keel_db_begin(audit->db, KEEL_TX_READ, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < choice->count && !rc; i++) {
        if (!choice->items[i]->schema)
            continue;
        if (keel__audit_stopped(audit)) {
            rc = keel__audit_stop(err);
            break;
        }
        int failed = choice->items[i]->schema(audit, err);
        rc = keel__audit_survive(audit, failed, NULL, choice->items[i]->about.id, err);
        if (!rc)
            rc = again(audit, failed != 0, err);
    }
    keel_db_rollback(audit->db);
    return rc;
}

static int make_facts(struct keel__audit *audit, struct keel__table_facts **out,
                      struct keel_error *err)
{
    size_t count = audit->schema->table_count;
    struct keel__table_facts *facts =
        keel__arena_calloc(audit->arena, count ? count : 1, sizeof *facts);
    if (!facts)
        return keel__nomem(err);
    for (size_t i = 0; i < count; i++)
        facts[i].table = &audit->schema->tables[i];
    int rc = KEEL_OK;
    for (size_t i = 0; i < count && !rc; i++)
        rc = keel__facts_init(audit, &facts[i], err);
    *out = facts;
    return rc;
}

static int read_tables(struct keel__audit *audit, const struct keel__rule_choice *choice,
                       struct keel__table_facts *facts, struct keel_audit *out,
                       struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->schema->table_count && !rc; i++) {
        if (!keel__table_is_read(facts[i].table))
            continue;
        if (keel__audit_stopped(audit))
            return keel__audit_stop(err);
        rc = keel__scan_read(audit, choice, &facts[i], i, err);
        if (!rc)
            rc = table_rules(audit, choice, &facts[i], err);
        out->tables += facts[i].scanned;
        out->rows += facts[i].rows;
        out->sampled = out->sampled || facts[i].sampled;
    }
    return rc;
}

static int user_rules(struct keel__audit *audit, const struct keel__rule_choice *choice,
                      const struct keel__audit_memory *memory, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t c = 0; c < choice->count && !rc; c++)
        for (size_t i = 0; i < memory->user_rule_count && !rc; i++)
            if (choice->items[c] == &memory->user_rules[i].rule)
                rc = keel__user_rule_run(audit, &memory->user_rules[i], err);
    return rc;
}

static int look(struct keel__audit *audit, struct keel__audit_memory *memory,
                const struct keel__rule_choice *choice, struct keel_audit *out,
                struct keel_error *err)
{
    struct keel__table_facts *facts = NULL;
    int rc = keel__user_rules_check(audit, memory, err);
    if (!rc)
        rc = keel_schema_read(&memory->schema, audit->db, NULL, err);
    if (rc)
        return rc;
    leave_out_ours(audit, memory->schema);
    audit->schema = out->schema = memory->schema;
    rc = make_facts(audit, &facts, err);
    audit->facts = facts;
    if (!rc)
        rc = keel__references_find(audit, err);
    if (!rc)
        rc = read_tables(audit, choice, facts, out, err);
    if (!rc)
        rc = schema_rules(audit, choice, err);
    return rc ? rc : user_rules(audit, choice, memory, err);
}

static int run(struct keel__audit *audit, struct keel__audit_memory *memory, struct keel_audit *out,
               struct keel_error *err)
{
    struct keel__rule_choice choice = {0};
    struct keel__suppressions suppressions;
    struct keel__baseline baseline;
    int rc = keel__user_rules_read(audit, memory, err);
    if (!rc)
        rc = choose(audit, memory, &choice, err);
    if (!rc)
        rc = keel__suppressions_read(&suppressions, audit, err);
    if (!rc)
        rc = keel__baseline_read(&baseline, audit, err);
    if (!rc)
        rc = keel_db_begin(audit->db, KEEL_TX_READ, err);
    if (rc)
        return rc;
    rc = look(audit, memory, &choice, out, err);
    keel_db_rollback(audit->db); /* nothing was written */
    if (rc)
        return rc;
    for (size_t i = 0; i < audit->found->count; i++)
        if (!*audit->found->items[i]->fingerprint)
            keel__finding_fingerprint(audit->found->items[i], NULL);
    keel__suppressions_apply(&suppressions, audit, &choice);
    keel__baseline_apply(&baseline, audit);
    return keel__findings_finish(audit, out, err);
}

int keel_audit_run(struct keel_audit **out, struct keel_db *db,
                   const struct keel_audit_options *options, struct keel_error *err)
{
    static const struct keel_audit_options none;
    struct keel_error own = {0};
    *out = NULL;
    struct keel__audit_memory *memory = calloc(1, sizeof *memory);
    if (!memory)
        return keel__nomem(err);
    keel__arena_init(&memory->arena, 0);
    struct keel_audit *result = keel__arena_calloc(&memory->arena, 1, sizeof *result);
    if (!result) {
        free(memory);
        return keel__nomem(err);
    }
    result->arena = memory;
    struct keel__findings found = {0};
    struct keel__audit audit = {.db = db,
                                .dialect = keel_db_dialect(db),
                                .options = options ? options : &none,
                                .arena = &memory->arena,
                                .found = &found};
    audit.now_us = audit.options->now_us ? audit.options->now_us : keel_time_now_us();
    int rc = run(&audit, memory, result, err ? err : &own);
    if (rc)
        keel_audit_free(result);
    else
        *out = result;
    return rc;
}

void keel_audit_free(struct keel_audit *audit)
{
    if (!audit)
        return;
    struct keel__audit_memory *memory = audit->arena;
    keel_schema_free(memory->schema);
    keel__arena_fini(&memory->arena);
    free(memory);
}
