/* What the scan itself finds wrong. */
#include "audit/rule.h"

static const struct keel__rule rules[];

static int unreadable(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err)
{
    (void)err;
    if (!facts->unreadable)
        return KEEL_OK;
    struct keel_finding *finding = keel__finding_add(audit, &rules[0], facts->table);
    keel__finding_say(audit, finding, "the rows of %s cannot be read: %s", facts->table->name,
                      facts->unreadable);
    return KEEL_OK;
}

static const struct keel__rule rules[] = {
    {.about = {.id = "unreadable-table",
               .family = "health",
               .severity = KEEL_SEVERITY_ERROR,
               .fix = KEEL_FIX_NONE,
               .on_sqlite = true,
               .on_postgres = true,
               .reads_data = true,
               .title = "A table's rows cannot be read",
               .why = "Whoever reads the table gets an error, and so does every backup that reads "
                      "rows; what is in it may be lost.",
               .evidence = "Reading all columns of the table failed; the database's own words are "
                           "in the message.",
               .how = "By hand: a damaged SQLite file by `sqlite3 FILE .recover` or a backup, a "
                      "PostgreSQL table by its backup; a generated column by its expression.",
               .wrong_when = "The account that audits lacks a right that others have."},
     .table = unreadable},
};

const struct keel__rules keel__rules_scan = {rules, sizeof rules / sizeof *rules};
