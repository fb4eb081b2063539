/*
 * audit/run.h - what the files of an audit's frame share: the findings that grow, the scan, and the
 * memory behind a struct keel_audit.
 */
#ifndef KEEL_AUDIT_RUN_H
#define KEEL_AUDIT_RUN_H

#include "audit/reference.h"
#include "audit/rule.h"

struct keel__findings {
    struct keel_finding **items; /* in the audit's arena, as are all texts */
    size_t count, capacity;
    const char **skipped;
    size_t skipped_count, skipped_capacity;
    const char **notes;
    size_t note_count, note_capacity;
    bool failed; /* memory was out */
};

/* The chosen rules, family by family. */
struct keel__rule_choice {
    const struct keel__rule **items;
    size_t count;
};

/* A rule of the user's own: a query in a file. */
struct keel__user_rule {
    struct keel__rule rule;
    const char *file;
    size_t line; /* of its first statement's first token */
    const char *sql;
    const char *message;
};

/* What lives behind struct keel_audit's arena. */
struct keel__audit_memory {
    struct keel__arena arena;
    struct keel_schema *schema;
    struct keel__user_rule *user_rules;
    size_t user_rule_count;
};

/* finding.c: findings as they are handed out: sorted, with their fingerprints. */
int keel__findings_finish(struct keel__audit *audit, struct keel_audit *out,
                          struct keel_error *err);
/* 16 hex digits of rule and place, and of more where that is not NULL. */
void keel__finding_fingerprint(struct keel_finding *finding, const char *more);

/* finding.c: something to tell beside the findings. */
void keel__audit_note(struct keel__audit *audit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* file.c: a file of at most max_bytes, in arena, with a NUL behind it. */
int keel__input_read(struct keel_slice *out, struct keel__arena *arena, const char *path,
                     size_t max_bytes, struct keel_error *err);

/* suppress.c, baseline.c: read a file before the audit, and mark findings after it. A baseline does
 * not cover a finding that has become more severe. */
struct keel__suppressions {
    struct keel__suppression *items;
    size_t count;
    const char *file;
};
int keel__suppressions_read(struct keel__suppressions *out, struct keel__audit *audit,
                            struct keel_error *err);
void keel__suppressions_apply(struct keel__suppressions *suppressions, struct keel__audit *audit,
                              const struct keel__rule_choice *rules);
struct keel__baseline {
    struct keel__baseline_entry *items; /* by fingerprint */
    size_t count;
    const char *file;
};
int keel__baseline_read(struct keel__baseline *out, struct keel__audit *audit,
                        struct keel_error *err);
void keel__baseline_apply(const struct keel__baseline *baseline, struct keel__audit *audit);

/* user_rules.c: reads all .sql files of a folder; each query is tried before anything is read. */
int keel__user_rules_read(struct keel__audit *audit, struct keel__audit_memory *memory,
                          struct keel_error *err);
int keel__user_rules_check(struct keel__audit *audit, const struct keel__audit_memory *memory,
                           struct keel_error *err);
int keel__user_rule_run(struct keel__audit *audit, const struct keel__user_rule *rule,
                        struct keel_error *err);

/* facts.c: facts of a table that was not read yet: profiles of zeros. */
int keel__facts_init(const struct keel__audit *audit, struct keel__table_facts *facts,
                     struct keel_error *err);

/* scan.c: reads one table. facts->table is set; the rest is filled in. What cannot be read is named
 * in skipped, and facts->scanned stays false. */
int keel__scan_read(struct keel__audit *audit, const struct keel__rule_choice *rules,
                    struct keel__table_facts *facts, size_t table_index, struct keel_error *err);

/* Whether the caller wants the audit to end. */
bool keel__audit_stopped(const struct keel__audit *audit);
int keel__audit_stop(struct keel_error *err); /* BUSY: it was stopped */
/* Whether an error ends the audit, or only what was looked at when it came. */
bool keel__audit_fatal(const struct keel__audit *audit, int code);

/* 0 after a fault that ends nothing but what it came from, which is named in skipped as what;
 * otherwise the code that ends the audit. */
int keel__audit_survive(struct keel__audit *audit, int code, const char *what, const char *rule,
                        struct keel_error *err);

#endif
