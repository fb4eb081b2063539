#include "audit/references.h"

/* ---- the doors of the other files ------------------------------------------------------------ */

static int soft_schema(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    return keel__soft_schema(audit, keel__reference_rule(KEEL__RULE_SOFT));
}

static int none_schema(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    keel__unlinked_schema(audit, keel__reference_rule(KEEL__RULE_NONE), NULL);
    return 0;
}

static int unlinked_schema(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    keel__unlinked_schema(audit, NULL, keel__reference_rule(KEEL__RULE_UNLINKED));
    return 0;
}

static int json_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err)
{
    return keel__json_ids_table(audit, keel__reference_rule(KEEL__RULE_JSON), facts, err);
}

static int by_name_schema(struct keel__audit *audit, struct keel_error *err)
{
    return keel__by_name_schema(audit, keel__reference_rule(KEEL__RULE_BY_NAME), err);
}

static int by_value_schema(struct keel__audit *audit, struct keel_error *err)
{
    return keel__by_value_schema(audit, keel__reference_rule(KEEL__RULE_BY_VALUE), err);
}

static int full_text_schema(struct keel__audit *audit, struct keel_error *err)
{
    return keel__full_text_schema(audit, keel__reference_rule(KEEL__RULE_FULL_TEXT), err);
}

/* ---- the rules ------------------------------------------------------------------------------- */

static const struct keel__rule rules[KEEL__REFERENCE_RULES] = {
    [KEEL__RULE_SOFT] =
        {.about =
             {.id = "reference-not-declared",
              .family = "references",
              .severity = KEEL_SEVERITY_WARNING,
              .fix = KEEL_FIX_AUTOMATIC,
              .on_sqlite = true,
              .on_postgres = true,
              .reads_data = true,
              .title = "A column refers to another table, and no foreign key says so",
              .why = "Nothing keeps the rows it names from going away, and joins lose rows in "
                     "silence.",
              .evidence = "By name: `user_id` and a table `users`, `parent_id`, "
                          "`current_version_id` of `prompts` and `prompt_versions`, a key of "
                          "the same name elsewhere: at least half of the values must be in the "
                          "key. By part of a name (`uploader_id`, `created_by`, `session_id` "
                          "and `chat_sessions`): at least 20 values, 95% of them in the key; "
                          "small whole numbers only if they run through the key.",
              .how = "The foreign key is added, with an index, and with the ON DELETE rule that "
                     "the other keys to that table have; rows without a parent go to "
                     "quarantine. Where the types differ, or a fifth of the values has no parent, "
                     "it is left to you.",
              .wrong_when = "The column keeps the name of something that may be gone, on "
                            "purpose: a log, or an archive."},
         .plan = keel__soft_plan,
         .table = keel__soft_table,
         .schema = soft_schema},
    [KEEL__RULE_ORPHANS] =
        {.about = {.id = "foreign-key-orphans",
                   .family = "references",
                   .severity = KEEL_SEVERITY_ERROR,
                   .fix = KEEL_FIX_AUTOMATIC,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "Rows break a declared foreign key",
                   .why = "Joins lose these rows, and each change to them fails once the key is "
                          "enforced; the database cannot be moved to a server that enforces it.",
                   .evidence = "SQLite: each declared key is looked up as SQLite itself would. "
                               "PostgreSQL: keys declared NOT VALID.",
                   .how =
                       "SQLite: the rows go to quarantine, with what refers to them. PostgreSQL: "
                       "correct or delete them, then validate the key.",
                   .wrong_when = "Never: the database itself says that this cannot be."},
         .plan = keel__orphans_plan,
         .table = keel__orphans_table},
    [KEEL__RULE_NOT_VALID] =
        {.about = {.id = "foreign-key-not-validated",
                   .family = "references",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_AUTOMATIC,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "A foreign key was declared NOT VALID and never validated",
                   .why = "The planner does not rely on it, a restored copy has it without its "
                          "check, and nobody knows whether older rows hold.",
                   .evidence = "`pg_constraint.convalidated` is false, and every row holds. Where "
                               "rows break it, it is `foreign-key-orphans`.",
                   .how = "VALIDATE CONSTRAINT, which does not block writers.",
                   .wrong_when = "It is being validated at this moment."},
         .plan = keel__orphans_plan,
         .table = keel__not_valid_table},
    [KEEL__RULE_NOT_ENFORCED] =
        {.about = {.id = "foreign-keys-not-enforced",
                   .family = "references",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NONE,
                   .on_sqlite = true,
                   .reads_data = true,
                   .title = "A program writes with foreign keys switched off",
                   .why = "SQLite enforces foreign keys only in connections that ask for it.",
                   .evidence =
                       "A file does not tell how programs open it; rows that break declared "
                       "keys do.",
                   .how = "`PRAGMA foreign_keys = ON` after each opening of the database.",
                   .wrong_when = "The rows are from an import long ago."},
         .plan = keel__orphans_plan,
         .table = keel__not_enforced_table,
         .schema = keel__not_enforced_schema},
    [KEEL__RULE_NO_INDEX] =
        {.about = {.id = "foreign-key-without-index",
                   .family = "references",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_AUTOMATIC,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "A foreign key has no index",
                   .why = "Each deletion or change of a parent's key, and each search for what "
                          "belongs to a parent, reads the whole table.",
                   .evidence =
                       "No valid index or key begins with the foreign key's columns (in any "
                       "order), nor, where it has several, with one of them; one that leaves out "
                       "only the rows where it is NULL counts.",
                   .how = "The index is added.",
                   .wrong_when = "The table stays small, and parents are never deleted."},
         .table = keel__no_index_table},
    [KEEL__RULE_PARENT] =
        {.about = {.id = "foreign-key-without-parent",
                   .family = "references",
                   .severity = KEEL_SEVERITY_ERROR,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "A foreign key refers to what is not there",
                   .why = "With foreign keys switched on, every write to the table fails.",
                   .evidence = "The table or column it names does not exist, or is no primary key "
                               "and not unique.",
                   .how = "Create what it refers to, or drop the key.",
                   .wrong_when = "The table is attached from another file: SQLite does not allow "
                                 "that either."},
         .schema = keel__no_parent_schema},
    [KEEL__RULE_TYPE] =
        {.about = {.id = "foreign-key-type-mismatch",
                   .family = "references",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "A foreign key and the key it refers to have different types",
                   .why =
                       "SQLite stores the two differently, so that joins compare text with "
                       "numbers; PostgreSQL converts, or the reference is too small for the key.",
                   .evidence =
                       "SQLite: the affinities differ. PostgreSQL: the types differ, or the "
                       "reference is a smaller integer or a shorter varchar than the key "
                       "(advice).",
                   .how = "Give both the same type.",
                   .wrong_when = "Never."},
         .table = keel__type_mismatch_table},
    [KEEL__RULE_CYCLE] =
        {.about = {.id = "foreign-key-cycle",
                   .family = "references",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_AUTOMATIC,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "Tables refer to each other, and neither can be first",
                   .why = "Each row needs one in the other table before it can be stored.",
                   .evidence = "A cycle of foreign keys over NOT NULL columns of which none is "
                               "DEFERRABLE.",
                   .how = "One key of the cycle becomes DEFERRABLE INITIALLY DEFERRED.",
                   .wrong_when = "Never; rows that are there were written with keys switched off."},
         .schema = keel__cycle_schema},
    [KEEL__RULE_NULLABLE] =
        {.about = {.id = "foreign-key-null",
                   .family = "references",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "A few rows belong to nothing",
                   .why = "A reference that is nearly always there is relied upon: sums by parent "
                          "miss these rows.",
                   .evidence =
                       "A foreign key, declared or shown by the data, that is NULL in at most "
                       "10% of the rows (20 and more), not one to the same table.",
                   .how = "Decide whose the rows are, then NOT NULL. Deleting them would lose what "
                          "they record.",
                   .wrong_when = "The reference is optional."},
         .table = keel__null_reference_table},
    [KEEL__RULE_ACTIONS] =
        {.about = {.id = "foreign-key-actions-differ",
                   .family = "references",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "Deleting a row does different things to what belongs to it",
                   .why = "Some of it goes, some of it stays behind without an owner.",
                   .evidence = "Foreign keys to one table with different ON DELETE rules (CASCADE, "
                               "SET NULL, RESTRICT, SET DEFAULT); keys without a rule are not "
                               "counted.",
                   .how = "Decide it for each, and write it down.",
                   .wrong_when = "It is meant: costs stay, details go."},
         .schema = keel__actions_schema},
    [KEEL__RULE_NO_ACTION] =
        {.about = {.id = "foreign-key-without-delete-rule",
                   .family = "references",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "A foreign key without an ON DELETE rule blocks a cascade",
                   .why =
                       "The parent's other rows go with it, but it cannot be deleted at all while "
                       "this table has rows of it.",
                   .evidence =
                       "A table with keys that cascade and keys without a rule, of which one "
                       "refers to a table from which other tables cascade.",
                   .how = "Declare CASCADE or SET NULL, or RESTRICT where it is meant to block.",
                   .wrong_when = "It is meant to block."},
         .schema = keel__no_action_schema},
    [KEEL__RULE_NONE] =
        {.about = {.id = "foreign-keys-none",
                   .family = "references",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NONE,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "No table declares a foreign key",
                   .why =
                       "The database does not know how its rows belong together and keeps nothing "
                       "together.",
                   .evidence = "Three tables and more, and not one foreign key.",
                   .how = "Declare them; those that values prove are findings of their own.",
                   .wrong_when = "The tables have nothing to do with each other."},
         .plan = keel__soft_plan,
         .table = keel__soft_table,
         .schema = none_schema},
    [KEEL__RULE_UNLINKED] =
        {.about = {.id = "table-unlinked",
                   .family = "references",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NONE,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "A table belongs to nothing",
                   .why = "It cannot be told who made its rows, and what they were made for.",
                   .evidence = "In a database without any declared foreign key: a table of 20 rows "
                               "and more of which no column refers to another table by its values, "
                               "and to which none refers.",
                   .how = "A column that refers to what the rows were made by, from now on.",
                   .wrong_when = "It is a list that stands for itself."},
         .plan = keel__soft_plan,
         .table = keel__soft_table,
         .schema = unlinked_schema},
    [KEEL__RULE_JSON] =
        {.about = {.id = "reference-in-json",
                   .family = "references",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "JSON holds references to rows",
                   .why = "No foreign key can reach into JSON: rows go away and their names stay.",
                   .evidence =
                       "JSON arrays named like a key or a table (`text_ids`, `categories`) "
                       "and keys like `request_id` of JSON objects, when most of the values "
                       "are in the table. A warning if some are not, else advice.",
                   .how = "A table with one row for each reference.",
                   .wrong_when = "The JSON records what was true at the time."},
         .plan = keel__json_ids_plan,
         .table = json_table},
    [KEEL__RULE_BY_NAME] =
        {.about = {.id = "reference-by-name",
                   .family = "references",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "An id column holds names",
                   .why = "A name may be changed, may name several rows, or none; no foreign key "
                          "can hold it.",
                   .evidence =
                       "A text column `x_id` without a foreign key whose values are not in a "
                       "key, but are found in the name column of a table of related name, or "
                       "in two columns of it put together (`name_version`): at least a third "
                       "of the values.",
                   .how =
                       "A column with the row's key beside it, filled where one row fits, then a "
                       "foreign key.",
                   .wrong_when =
                       "The name is the identity, and it never changes: then make it unique "
                       "and declare the key."},
         .plan = keel__soft_plan,
         .table = keel__soft_table,
         .schema = by_name_schema},
    [KEEL__RULE_BY_VALUE] =
        {.about = {.id = "reference-by-value",
                   .family = "references",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "UUIDs refer to rows of a table that the column's name does not tell",
                   .why = "Readers have to guess what it refers to; where it is one of several "
                          "tables no foreign key can be declared, so nothing keeps the rows.",
                   .evidence =
                       "A column `x_id` of UUIDs without a foreign key of which at least "
                       "half are found in the keys of one or several other tables. A warning "
                       "if some are found nowhere, else advice.",
                   .how = "One table: a foreign key. Several: a column for each, of which exactly "
                          "one is set (CHECK), each with its foreign key.",
                   .wrong_when = "It is a log over all tables."},
         .plan = keel__soft_plan,
         .table = keel__soft_table,
         .schema = by_value_schema},
    [KEEL__RULE_FULL_TEXT] =
        {.about = {.id = "full-text-out-of-step",
                   .family = "references",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .reads_data = true,
                   .title = "A full-text table is out of step with what it was copied from",
                   .why = "Searches find what is gone, and do not find what is there.",
                   .evidence = "An FTS table that keeps its own text and has a key column "
                               "(`request_id`): its entries without a parent, and the rows of the "
                               "table it copies that it does not have.",
                   .how =
                       "Triggers that keep it in step, or an external-content table; then fill it "
                       "again.",
                   .wrong_when = "It is filled by a job, and the job is late."},
         .schema = full_text_schema},
};

const struct keel__rule *keel__reference_rule(enum keel__reference_rule rule)
{
    return &rules[rule];
}

const struct keel__rules keel__rules_references = {rules, sizeof rules / sizeof *rules};
