/*
 * audit/rule.h - what a rule is, what it may ask of the data, and what it gets.
 *
 * A rule is one struct keel__rule with up to three functions. plan runs for each table before its
 * data is read and asks for what the scan does not count by itself. table runs after a table was
 * read, schema once at the end, when the facts of all tables are there. All of them add findings.
 * plan and table see ordinary tables and partitioned parents only: no virtual and shadow tables, no
 * partitions, none of keel's own. table also runs for one that could not be read: then
 * facts->scanned is false and every number 0. A function that fails ends nothing but itself: it is
 * named in the audit's skipped.
 *
 * A family of rules is a file: rules_<family>.c with the rules as an array, named in rules.c.
 */
#ifndef KEEL_AUDIT_RULE_H
#define KEEL_AUDIT_RULE_H

#include <keel/audit.h>

#include "audit/facts.h"
#include "audit/repair.h"
#include "base/arena.h"

struct keel__reference;
struct keel__key_search;

struct keel__audit {
    struct keel_db *db; /* in a KEEL_TX_READ transaction: the snapshot that all is read from */
    enum keel_dialect dialect;
    const struct keel_schema *schema; /* without the tables of keel's own */
    bool has_history;                 /* keel_migrations is among those */
    const struct keel_audit_options *options;
    int64_t now_us;
    struct keel__arena *arena;             /* lives as long as the findings */
    const struct keel__table_facts *facts; /* one a schema->tables entry, same index; a table that
                                              was not read (virtual, broken) has scanned = false */
    struct keel__reference *references;    /* reference.h; there before plan */
    size_t reference_count;
    struct keel__key_search *keys; /* reference.c: what names may refer to */
    struct keel__findings *found;  /* finding.c */
};

struct keel__rule {
    struct keel_audit_rule about;
    int (*plan)(struct keel__audit *audit, struct keel__scan *scan, struct keel_error *err);
    int (*table)(struct keel__audit *audit, const struct keel__table_facts *facts,
                 struct keel_error *err);
    int (*schema)(struct keel__audit *audit, struct keel_error *err);
};

struct keel__rules { /* a family */
    const struct keel__rule *items;
    size_t count;
};
extern const struct keel__rules keel__rules_keys, keel__rules_references, keel__rules_indexes,
    keel__rules_types, keel__rules_json, keel__rules_times, keel__rules_words,
    keel__rules_constraints, keel__rules_consistency, keel__rules_design, keel__rules_health,
    keel__rules_scan;

/* ---- findings -------------------------------------------------------------------------------- */

/* A new finding of rule at table (NULL: the database), zeroed but for rule, severity, table and
 * fix, all taken from the rule's table row; the caller fills in the rest (texts in audit->arena)
 * before it returns. NULL when memory is out. */
struct keel_finding *keel__finding_add(struct keel__audit *audit, const struct keel__rule *rule,
                                       const struct keel_table_model *table);
/* Sets columns to one name. */
void keel__finding_column(struct keel__audit *audit, struct keel_finding *finding,
                          const char *column);
void keel__finding_columns(struct keel__audit *audit, struct keel_finding *finding,
                           const char *const *columns, size_t count);
/* kind: "index", "constraint", "trigger", "view". */
void keel__finding_object(struct keel_finding *finding, const char *kind, const char *name);
/* The sentence; printf into the arena. */
void keel__finding_say(struct keel__audit *audit, struct keel_finding *finding, const char *format,
                       ...) __attribute__((format(printf, 3, 4)));
/* rows and sampled come from facts, matching as given. */
void keel__finding_data(struct keel_finding *finding, const struct keel__table_facts *facts,
                        int64_t matching);
/* Copies text, cut to 120 bytes and cleaned to UTF-8; no more than 5 are kept. */
void keel__finding_example(struct keel__audit *audit, struct keel_finding *finding,
                           struct keel_slice text);
void keel__finding_examples(struct keel__audit *audit, struct keel_finding *finding,
                            const struct keel__examples *examples);
void keel__finding_count(struct keel__audit *audit, struct keel_finding *finding, const char *what,
                         int64_t count);

/* Names what could not be looked at, and why: "table t: its page 7 cannot be read". */
void keel__audit_skip(struct keel__audit *audit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- small helps for rules ------------------------------------------------------------------- */

/* facts of a table of the schema */
const struct keel__table_facts *keel__facts_of(const struct keel__audit *audit,
                                               const struct keel_table_model *table);
/* Words of a name: "current_version_id", "currentVersionId" -> "current", "version", "id", in lower
 * case. keel__name_has(name, "id") says whether one of them is that word. Patterns may be several
 * words parted by blanks: any of them. */
bool keel__name_has(const char *name, const char *words);
/* Whether the last (first) word of the name is one of words. */
bool keel__name_ends(const char *name, const char *words);
bool keel__name_starts(const char *name, const char *words);
/* The singular of an English plural, lower case, in out: "queries" -> "query", "statuses" ->
 * "status", "boxes" -> "box"; what is no plural stays. */
void keel__name_singular(const char *name, char *out, size_t size);
/* A table whose rows are read, and judged as its own: not virtual, no partition. */
bool keel__table_is_read(const struct keel_table_model *table);

#endif
