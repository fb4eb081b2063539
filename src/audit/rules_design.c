#include "audit/rules_design.h"

#include <string.h>

#define ABOUT(rule_id, rule_severity, rule_fix, data, rule_title, rule_why, rule_evidence,         \
              rule_how, rule_wrong)                                                                \
    .about = {.id = (rule_id),                                                                     \
              .family = "design",                                                                  \
              .severity = KEEL_SEVERITY_##rule_severity,                                           \
              .fix = KEEL_FIX_##rule_fix,                                                          \
              .on_sqlite = true,                                                                   \
              .on_postgres = true,                                                                 \
              .reads_data = (data),                                                                \
              .title = (rule_title),                                                               \
              .why = (rule_why),                                                                   \
              .evidence = (rule_evidence),                                                         \
              .how = (rule_how),                                                                   \
              .wrong_when = (rule_wrong)}

static const struct keel__rule rules[] = {
    {ABOUT(
         "status-without-history", ADVICE, NONE, true, "A state is overwritten and nothing logs it",
         "When a row came into its state, from which, and why it failed before, cannot be told "
         "any more; nor how long each step took.",
         "A column for the state with two words and more, in 20 rows and more, in a table that no "
         "table called a log, history, event or version refers to.",
         "An append-only table of states; the column stays as the last of them.",
         "When only the present matters."),
     .table = keel__table_status_history},
    {ABOUT(
         "document-overwritten", ADVICE, NONE, true,
         "A document is overwritten, and no version is kept",
         "What it said before is lost: results cannot be compared, credentials not traced, a bad "
         "write not undone.",
         "Columns for payloads, contents, credentials, results and the like with 60 bytes a value "
         "and more, in rows that were changed after they were made, or that a key keeps to one for "
         "each kind; no table of versions refers to the table.",
         "Append versions, and let the row point at the current one.",
         "When the document can be made again at any time."),
     .plan = keel__plan_rewritten, .table = keel__table_rewritten},
    {ABOUT("version-counter-only", ADVICE, NONE, true,
           "A version is counted, but only the last is kept",
           "The number says that there were others, and they are gone.",
           "An integer column called version or revision above 1, which no key holds, and no table "
           "of versions.",
           "Keep each version as a row: (id, version) as the key.",
           "When it only serves optimistic locking."),
     .table = keel__table_version_counter},
    {ABOUT("no-updated-time", ADVICE, NONE, true, "Rows change, and nothing says when",
           "Stuck rows cannot be found, and nothing can be copied by what has changed.",
           "A column for the state, a creation time, and no time of the last change; the counts "
           "tell which states have no other time either.",
           "Add updated_at and set it with every change.",
           "When every state has a time of its own."),
     .table = keel__table_no_updated},
    {ABOUT(
         "cache-without-expiry", ADVICE, NONE, true, "A cache without expiry or last use",
         "It grows for ever, and serves what is long out of date where a reader forgets to check.",
         "Tables called a cache without a column for expiry, validity or use; with the ages of "
         "their rows.",
         "Add expires_at with an index and remove what has expired; add last_used_at where the "
         "cache is to be kept small.",
         "When the entries never go out of date and are few."),
     .table = keel__table_cache},
    {ABOUT(
         "secret-in-clear", WARNING, NONE, true, "Secrets are stored as they are",
         "Whoever gets a copy of the database can act as its users.",
         "Columns called password, secret, credentials, api_key, access_token, refresh_token that "
         "are neither hashes nor called encrypted; values anywhere that look like keys (sk-..., "
         "ghp_..., JWT, private keys). Columns for other tokens, and a few such values, are "
         "advice. "
         "Examples show four characters.",
         "Hash what is only compared; encrypt what must be read back, with a key from elsewhere.",
         "When the application encrypts before it writes."),
     .plan = keel__plan_secret, .table = keel__table_secret},
    {ABOUT("credentials-without-last-use", ADVICE, NONE, false,
           "Nobody knows which credentials are in use",
           "A leaked or forgotten one cannot be told from one in use.",
           "Tables of tokens, keys or credentials without a time of the last use.",
           "Add last_used_at.", "When they live for minutes."),
     .table = keel__table_last_use},
    {ABOUT("repeated-group", ADVICE, NONE, false, "The same column several times: x1, x2, x3",
           "The fourth one needs a new column, and every query asks all of them.",
           "Three columns and more of one type whose names differ by a number from 1 up.",
           "A table with one row for each.", "When their number is fixed by nature."),
     .schema = keel__schema_repeated_group},
    {ABOUT("trigger-for-constraint", ADVICE, NEEDS_DECISION, false,
           "A trigger does what a constraint could do",
           "It writes to other rows behind the application's back, fires on imports as well, and "
           "does not hold against rows that were there before.",
           "Triggers that set a flag of their own table to false in the other rows.",
           "A partial unique index: UNIQUE (is_active) WHERE is_active.",
           "When the others are to lose the flag without the application's doing."),
     .schema = keel__schema_trigger},
    {ABOUT(
         "no-retention", ADVICE, NONE, true, "A log that only grows",
         "Backups, migrations and queries get slower for rows that nobody reads.",
         "Tables called a log, events, requests, interactions and the like with 500 rows and more, "
         "a tenth of them older than 30 days, no partitions and no column for expiry.",
         "Decide how long rows are kept; remove or archive older ones regularly, or partition by "
         "time.",
         "When they are to be kept for ever."),
     .table = keel__table_retention},
    {ABOUT("large-values", ADVICE, NONE, true, "Very large values in the row",
           "Lists, exports and rewrites of the row read and write them along.",
           "Values of 100,000 bytes and more.", "A table of its own for the content, or files.",
           "When the row is only ever read for the content."),
     .table = keel__table_large},
    {ABOUT("no-text-search", ADVICE, NONE, true, "Long texts without a search index",
           "Finding a word reads every text.",
           "Columns called transcript, content, body or article with 300 bytes on average and 100 "
           "values and more, in a database without any full-text index.",
           "FTS5 in SQLite, a GIN index over to_tsvector() in PostgreSQL.",
           "When nobody searches them."),
     .table = keel__table_text_search},
    {ABOUT(
         "table-in-json", ADVICE, NONE, true, "A JSON column holds a table",
         "The entries cannot be referred to, kept unique, or found without reading all documents.",
         "Arrays of objects in at least 80 of 100 and at least 20 documents; with the number of "
         "entries, and of different ids in them.",
         "A table with one row for each entry.",
         "When the entries are only ever read and written together."),
     .schema = keel__schema_array_of_objects},
    {ABOUT("measures-in-json", ADVICE, NONE, true, "Numbers of every row inside JSON",
           "They can neither be indexed, nor checked, nor summed without taking every document "
           "apart.",
           "JSON objects with four numbers and more that at least 80 of 100 documents have, under "
           "the same names.",
           "Columns, or a table with one row for each number.", "When they are only shown."),
     .schema = keel__schema_measures},
    {ABOUT(
         "schema-without-version", ADVICE, NONE, false, "Nothing tells the version of the schema",
         "Tables made by the application when it starts cannot be changed safely: nothing says "
         "what was applied where.",
         "No table of migrations (of keel, alembic, django, flyway, goose, dbmate, golang-migrate, "
         "rails, prisma and others), and in SQLite user_version is 0.",
         "keel migrate baseline, and every change as a migration.",
         "When the database is thrown away with each version."),
     .schema = keel__schema_no_migrations},
    {ABOUT("migration-heads", WARNING, NONE, true, "The migrations are in an unfinished state",
           "The next upgrade fails or runs only a part.",
           "Two rows and more in alembic_version; a row marked dirty in schema_migrations.",
           "alembic merge; or repair by hand and force the version.",
           "While a deployment is under way."),
     .schema = keel__schema_heads},
    {ABOUT("flag-for-everybody", ADVICE, NONE, false, "One flag for all users",
           "Who reads it first takes it from the others.",
           "Flags like is_read or favorite in a table that names no person, in a database with "
           "users.",
           "A table (user, row) for the flag.", "When there is one user only."),
     .schema = keel__schema_user_flag},
    {ABOUT("partial-index-evaded", WARNING, NONE, true,
           "A spelling passes by a partial unique index",
           "The rule that the index keeps (one active row for each key) does not hold.",
           "Unique indexes WHERE column IN (words), against the words in the data that differ from "
           "one of them by case or punctuation only; counted are rows that stand beside a listed "
           "one.",
           "Mend the spelling, then CHECK (column IN (...)).",
           "When the other spelling means something else."),
     .schema = keel__schema_evaded},
};

const struct keel__rules keel__rules_design = {rules, sizeof rules / sizeof *rules};

struct keel_finding *keel__design_add(struct keel__audit *audit, const char *id,
                                      const struct keel_table_model *table)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].about.id, id) == 0)
            return keel__finding_add(audit, &rules[i], table);
    return NULL;
}
