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
    bool failed; /* memory was out */
};

/* The chosen rules, family by family. */
struct keel__rule_choice {
    const struct keel__rule **items;
    size_t count;
};

/* What lives behind struct keel_audit's arena. */
struct keel__audit_memory {
    struct keel__arena arena;
    struct keel_schema *schema;
};

/* finding.c: findings as they are handed out: sorted, with their fingerprints. */
int keel__findings_finish(struct keel__audit *audit, struct keel_audit *out,
                          struct keel_error *err);
/* 16 hex digits of rule and place. */
void keel__finding_fingerprint(struct keel_finding *finding);

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
