/*
 * keel/audit.h - what is wrong with a SQLite or PostgreSQL database, with evidence and repairs.
 *
 * Rules look at the schema (keel/schema.h) and at the data. Each table's data is read once, for all
 * rules together, in one read-only snapshot; nothing is written to the audited database.
 * docs/audit.md is the guide, docs/rules.md describes every rule.
 *
 * Thread rule: as for struct keel_db; an audit that is done may be read by any thread.
 */
#ifndef KEEL_AUDIT_H
#define KEEL_AUDIT_H

#include <keel/schema.h>

#ifdef __cplusplus
extern "C" {
#endif

enum keel_severity {
    KEEL_SEVERITY_ADVICE = 1, /* would be better otherwise */
    KEEL_SEVERITY_WARNING,    /* will cause wrong answers, lost data or slowness */
    KEEL_SEVERITY_ERROR       /* the data is wrong, or lost, now */
};
const char *keel_severity_name(enum keel_severity severity); /* "advice", "warning", "error" */
bool keel_severity_parse(const char *text, enum keel_severity *out);

enum keel_fix {
    KEEL_FIX_NONE = 1,      /* nothing that a migration could do */
    KEEL_FIX_AUTOMATIC,     /* --fix writes it */
    KEEL_FIX_NEEDS_DECISION /* --fix writes the choices as comments */
};
const char *keel_fix_name(enum keel_fix fix); /* "none", "automatic", "needs-decision" */

/* One rule, for --list and docs/rules.md. Markdown, one line each. */
struct keel_audit_rule {
    const char *id;              /* "foreign-key-without-index" */
    const char *family;          /* "references" */
    enum keel_severity severity; /* the highest it reports */
    enum keel_fix fix;           /* the best it offers */
    bool on_sqlite, on_postgres;
    bool reads_data;
    const char *title;      /* what is wrong: "A foreign key has no index" */
    const char *why;        /* what comes of it */
    const char *evidence;   /* what it looks at, and its thresholds */
    const char *how;        /* how it is repaired */
    const char *wrong_when; /* when the finding is no fault */
};
size_t keel_audit_rules(const struct keel_audit_rule *const **out);

/* A number with a name: a word of a closed set and its rows, a format and its rows. */
struct keel_finding_count {
    const char *what;
    int64_t count;
};

struct keel_finding {
    const char *rule; /* its id; of a user's rule: the id in its file */
    enum keel_severity severity;
    const char *schema, *table; /* NULL: the database's; PostgreSQL's schema NULL for the first */
    const char **columns;       /* none: the table's */
    size_t column_count;
    const char *object;      /* name of an index, constraint, trigger or view; NULL: none */
    const char *object_kind; /* "index", "constraint", "trigger", "view"; NULL: none */
    const char *message;     /* one sentence with its numbers */
    bool has_data;           /* rows, matching, sampled come from data */
    int64_t rows;            /* looked at */
    int64_t matching;        /* of these, show what the rule says */
    bool sampled;            /* not all rows were looked at */
    const char **examples;   /* at most 5, each at most 120 bytes, of UTF-8 */
    size_t example_count;
    const struct keel_finding_count *counts;
    size_t count_count;
    enum keel_fix fix;
    const char *fix_text;   /* what --fix does or which decision it asks for; NULL: nothing */
    const char *suppressed; /* the reason why it is not counted; NULL: it is */
    char fingerprint[17];   /* the same for the same rule and place, whatever the numbers */
    const void *repair;     /* for keel_audit_fix */
};

struct keel_audit_event { /* progress */
    const char *table;    /* being read */
    size_t table_index, table_count;
    int64_t rows;     /* of it, read so far */
    int64_t row_goal; /* about how many there are to read; 0: not known */
};

struct keel_audit_options {
    const char *const *rules; /* ids or families; none: all; "-id" leaves one out */
    size_t rule_count;
    int64_t
        sample_rows; /* bigger tables are sampled: about so many rows; 0: 100,000; negative: all */
    int64_t now_us;  /* Unix microseconds against which ages are told; 0: now */
    const char *rules_dir;     /* a folder of the user's own rules; NULL: none */
    const char *suppress_file; /* suppressions with reasons; NULL: none */
    const char *baseline_file; /* earlier findings, which are not counted again; NULL: none */
    void (*event)(void *context, const struct keel_audit_event *event); /* may be NULL */
    bool (*stopped)(void *context); /* asked often; true: the audit ends with BUSY. May be NULL */
    void *context;
};

struct keel_audit {
    const struct keel_schema *schema;
    const struct keel_finding *findings; /* most severe first, then by table, column, rule */
    size_t count;
    size_t errors, warnings, advice; /* without the suppressed */
    size_t suppressed;
    int64_t tables, rows; /* read */
    bool sampled;         /* at least one table */
    const char **skipped; /* what could not be looked at, and why: "view v: no such column: x" */
    size_t skipped_count;
    const char **notes; /* "suppression .keel-audit.conf:3 matches no finding" */
    size_t note_count;
    void *arena;
};

/* Audits the database behind db, which should be opened read-only and foreign (keel/db.h). *out is
 * the caller's, to be freed with keel_audit_free. options may be NULL. */
int keel_audit_run(struct keel_audit **out, struct keel_db *db,
                   const struct keel_audit_options *options, struct keel_error *err);
void keel_audit_free(struct keel_audit *audit);

enum keel_audit_format {
    KEEL_AUDIT_TEXT = 1,
    KEEL_AUDIT_JSON,
    KEEL_AUDIT_SARIF,      /* 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/ */
    KEEL_AUDIT_TEXT_COLORS /* with ANSI colours, for a terminal */
};
/* *out is freed with free(). Findings below min_severity are left out. display_url names the
 * database in SARIF and JSON. */
int keel_audit_render(char **out, const struct keel_audit *audit, enum keel_audit_format format,
                      enum keel_severity min_severity, const char *display_url,
                      struct keel_error *err);

/* The up and down parts of one migration that makes every repair that needs no decision, and tells
 * the choices of the others in comments. db is read for what the repairs need to know. Both texts
 * are freed with free(). *repairs (may be NULL) is the number of findings it repairs; 0: up says
 * so. */
int keel_audit_fix(char **up, char **down, size_t *repairs, const struct keel_audit *audit,
                   struct keel_db *db, struct keel_error *err);

#ifdef __cplusplus
}
#endif
#endif
