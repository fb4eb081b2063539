#include "audit/rules_consistency.h"
#include "base/error.h"

#include <string.h>

#define ABOUT(rule_id, rule_severity, rule_fix, rule_title, rule_why, rule_evidence, rule_how,     \
              rule_wrong)                                                                          \
    .about = {.id = (rule_id),                                                                     \
              .family = "consistency",                                                             \
              .severity = KEEL_SEVERITY_##rule_severity,                                           \
              .fix = KEEL_FIX_##rule_fix,                                                          \
              .on_sqlite = true,                                                                   \
              .on_postgres = true,                                                                 \
              .reads_data = true,                                                                  \
              .title = (rule_title),                                                               \
              .why = (rule_why),                                                                   \
              .evidence = (rule_evidence),                                                         \
              .how = (rule_how),                                                                   \
              .wrong_when = (rule_wrong)}

static const struct keel__rule rules[] = {
    {ABOUT("times-out-of-order", ERROR, NEEDS_DECISION, "A time lies before the one it must follow",
           "Ages, durations and \"the newest first\" come out wrong, and one of the two times is a "
           "lie.",
           "Pairs of columns whose names tell their order (created/updated, started/ended, "
           "opened/closed, valid_from/valid_to, first_x/last_x), compared as times whatever their "
           "format; a difference of a second, or of a day where a date has no clock time, is none.",
           "Set the wrong one of the two, then keep the order with a CHECK.",
           "A text without a zone is taken as UTC: local times beside UTC can look reversed. (In "
           "PostgreSQL a timestamp without a zone beside one with a zone may differ by 14 hours.)"),
     .plan = keel__plan_time_order, .table = keel__table_time_order},
    {ABOUT("time-shifted", WARNING, NEEDS_DECISION,
           "Some rows have a time in another zone than the rest",
           "Local time on one code path and UTC on the other cannot be told apart later, and "
           "every comparison is wrong by hours for some of the rows.",
           "Another time of the row against its creation time: at least 20 rows lie the same whole "
           "number of hours (1 to 14) apart, at least 20 lie together, and hardly any elsewhere.",
           "Move the shifted rows to UTC and store times with their zone.",
           "When the other time really lies exactly so many hours off, by rule."),
     .plan = keel__plan_time_shift, .table = keel__table_time_shift},
    {ABOUT(
         "child-older-than-parent", WARNING, NONE, "A row is older than the row it belongs to",
         "The parent was replaced or its creation time overwritten: what it held before is lost.",
         "Over references to a parent that owns its rows (ON DELETE CASCADE, or the reference is "
         "part of a key): the creation times of both, in at least 20 rows; more than 30 in 100 "
         "mean that the times are used otherwise, and are not reported.",
         "Update rows in place (INSERT ... ON CONFLICT DO UPDATE) and never set created_at again.",
         "When rows are moved to a younger parent on purpose."),
     .plan = keel__plan_child_time, .schema = keel__schema_child_older},
    {ABOUT("child-after-last-change", ADVICE, NONE,
           "Rows were written after their parent had ended",
           "They were saved again, in place of what was there when the parent ended.",
           "As child-older-than-parent, against the parent's last change; when at most 10 in 100 "
           "rows are later than it.",
           "Keep versions instead of saving over a row.",
           "When rows may be added without a change of the parent."),
     .plan = keel__plan_child_time, .schema = keel__schema_child_late},
    {ABOUT("time-runs-backwards", WARNING, NONE, "Time goes backwards along a sequence",
           "Either the sequence or the clock does not tell the order things happened in.",
           "A unique pair of a parent and a sequence number, with a time: the steps from one row "
           "to the next that go back by more than a second, when they are at most 1 in 10.",
           "Order by the sequence; take times from one clock.",
           "When a sequence number may be given ahead of its time."),
     .schema = keel__schema_time_backwards},
    {ABOUT("sequence-gaps", ADVICE, NONE, "A sequence has gaps",
           "Rows were removed or never stored, and nothing says which of the two.",
           "A unique pair of a parent and a sequence number that begins with 0 or 1; parents whose "
           "highest number is above their number of rows, when they are at most half.",
           "Note in the parent what retention removed.",
           "When rows are removed on purpose, or numbers come from elsewhere."),
     .schema = keel__schema_sequence_gaps},
    {ABOUT("steps-out-of-order", ADVICE, NONE,
           "The steps of one thing are not in their usual order",
           "A row that was saved again has a new time: it can no longer be told when the step was "
           "first made.",
           "A unique pair of a parent and a word (the kind of step) with a time: pairs of words "
           "that come in one order in at least 80 in 100 of at least 20 parents, and in the other "
           "in up to 15.",
           "Keep each version of a step as a row of its own.",
           "When the steps may come in any order."),
     .schema = keel__schema_word_order},
    {ABOUT("state-without-value", WARNING, NEEDS_DECISION,
           "Rows in a state lack the value that comes with it",
           "Whoever reads the state relies on the value: a job that waits for approval without a "
           "token can never be approved.",
           "Words of a column against another column: at least 85 in 100 of at least 20 rows of "
           "the word have the value, and at least half of the other rows have not. A warning when "
           "the names share a word (completed, completed_at), else advice.",
           "Mend the rows, then CHECK (status <> 'completed' OR completed_at IS NOT NULL).",
           "When the value may come later than the state."),
     .table = keel__table_state_value},
    {ABOUT("failed-without-reason", WARNING, NONE, "Failed rows do not say why",
           "What failed cannot be told or tried again with sense.",
           "Rows whose state is failed or error, or whose error flag is set, with nothing in any "
           "column for an error; when at least half of the failed rows have one.",
           "Write state and reason in one statement, and keep a log of states.",
           "When the reason is kept elsewhere."),
     .plan = keel__plan_reason, .table = keel__table_reason},
    {ABOUT("flag-against-status", WARNING, NEEDS_DECISION, "A flag contradicts the state beside it",
           "Two columns answer one question, differently: each query gets the answer of the column "
           "it happens to read.",
           "Flags like success, processed or is_error against words like completed, failed or "
           "pending in a column for the state; at least 20 rows agree, and five times as many as "
           "do not.",
           "Keep one of the two; the other can be a generated column.",
           "When the flag means something else than the state."),
     .table = keel__table_flag_against},
    {ABOUT("flag-repeats-status", ADVICE, NONE, "A flag only repeats the state beside it",
           "Two columns that must always be changed together will differ some day.",
           "As flag-against-status, without a contradiction.",
           "Drop the flag, or make it a generated column.",
           "When the flag means something else and the data is small."),
     .table = keel__table_flag_repeats},
    {ABOUT("state-without-row", ADVICE, NONE, "Rows in a state lack the row that comes with it",
           "The state says that something is there which is not.",
           "References that are unique (one row to one): at least 85 in 100 of at least 20 rows of "
           "a word have such a row, and at least half of the others have not.",
           "Write state and row in one transaction.",
           "When the row may come later than the state."),
     .schema = keel__schema_state_child},
    {ABOUT(
         "copied-reference-contradicts", WARNING, NEEDS_DECISION,
         "A reference that follows from another contradicts it",
         "The row belongs to two parents that do not belong together, and every join gives "
         "another answer.",
         "Columns with ids that stand in a row and in the row it refers to: same name, or foreign "
         "keys to the same table; at least 20 agree, and ten times as many as do not. Advice "
         "for columns that name people.",
         "Drop the copy, or keep it true with a foreign key over both columns.",
         "When the two may differ: who wrote a comment and who opened the ticket."),
     .plan = keel__plan_copied_reference, .schema = keel__schema_copied_reference},
    {ABOUT(
         "catch-all-parent", ADVICE, NONE, "One row collects what belongs to none",
         "Counts and averages of that row mean nothing, and what really belongs nowhere cannot be "
         "found.",
         "A reference to at least 10 rows, one of which has at least a tenth of all and five "
         "times as many as the next; columns that name people are left out.",
         "Allow NULL for what belongs nowhere.", "When one of them is really that big."),
     .schema = keel__schema_catch_all},
    {ABOUT(
         "repeated-facts", WARNING, NEEDS_DECISION,
         "Facts about one thing are repeated in every row",
         "A change must reach every copy; here some have been missed, and the copies contradict.",
         "x_id with no table for x, each value in three rows or more, and columns that begin with "
         "x: how many values of x_id have more than one of them. Advice while none has.",
         "A table of its own for x, which the rows refer to.",
         "When the column holds what was so at the time, on purpose."),
     .schema = keel__schema_repeated_facts},
    {ABOUT("json-contradicts-column", WARNING, NEEDS_DECISION,
           "A field inside a JSON document contradicts the column of the same name",
           "Which of the two a reader gets depends on the code path.",
           "Fields at the top of JSON columns with the name of another column; at least 20 rows "
           "have both, and at most 1 in 10 differ.",
           "Keep the fact in the column and take it out of the document.",
           "When the document is kept as it was received."),
     .plan = keel__plan_json_copy, .table = keel__table_json_copy},
    {ABOUT("text-repeated-in-rows", ADVICE, NONE, "The same long texts stand in many rows",
           "Space, and no way to mend a text in one place.",
           "Text columns with 200 bytes a value and more, 50 rows and more, and at least four rows "
           "for each different text.",
           "A table with each text once, by its hash, which the rows refer to.",
           "When the database compresses or the rows are few."),
     .table = keel__table_text_copies},
    {ABOUT("same-text-in-two-tables", ADVICE, NONE, "Two tables hold the same texts",
           "The same fact twice: one of them is the older one, and nobody knows which.",
           "Long texts (40 bytes on average, mostly different) in columns of the same name, or of "
           "tables that refer to each other, or inside JSON arrays (SQLite): ten rows and more "
           "that are equal.",
           "Keep the text in one table.", "When one of them is a log of what was sent."),
     .schema = keel__schema_text_twice},
    {.about = {.id = "same-text-in-json",
               .family = "consistency",
               .severity = KEEL_SEVERITY_ADVICE,
               .fix = KEEL_FIX_NONE,
               .on_sqlite = true,
               .reads_data = true,
               .title = "A column repeats texts that stand inside another table's JSON",
               .why = "The same fact twice, once where no query finds it.",
               .evidence = "Long texts of a column that are equal to texts in the objects of "
                           "another table's JSON arrays: ten rows and more.",
               .how = "Make the JSON array a table and refer to it.",
               .wrong_when = "When the JSON is kept as it was received."},
     .schema = keel__schema_json_text_twice},
    {ABOUT(
         "tables-alike", ADVICE, NONE, "Two tables of nearly the same name hold the same things",
         "The same figures are written twice, and every reader must choose.",
         "Tables whose names differ only by an abbreviation (stats, statistics) and that share at "
         "least half of the values of a key.",
         "Keep one of them.",
         "When the names happen to be alike. Names that differ only in singular and plural are "
         "not reported."),
     .schema = keel__schema_alike_tables},
    {ABOUT("relation-kept-twice", ADVICE, NONE, "Two tables relate the same two things",
           "Whether they are related has two answers.",
           "A table that has nothing but two references, and another with the same two references "
           "and a word: the rows of each word that have no counterpart.",
           "Derive one from the other in a view.", "When the two relations mean different things."),
     .schema = keel__schema_relation_twice},
    {ABOUT(
         "duplicate-rows", WARNING, NEEDS_DECISION, "The same row is stored twice",
         "Everything that is counted or summed is wrong.",
         "Rows that are equal in all columns but the key, in tables with a time that differs from "
         "row to row.",
         "Remove the copies, and declare UNIQUE what makes a row one of its kind.",
         "When equal rows really are two events of one moment."),
     .schema = keel__schema_duplicate_rows},
    {ABOUT("address-under-two-forms", ADVICE, NONE, "The same address is there in two forms",
           "A unique key on addresses does not see that they are one.",
           "Unique columns for URLs: http and https, with and without www., with and without a "
           "slash at the end, youtu.be and youtube.com.",
           "Normalise addresses before they are stored.",
           "When the two forms lead to different pages."),
     .plan = keel__plan_address, .table = keel__table_address},
    {ABOUT(
         "part-exceeds-whole", WARNING, NEEDS_DECISION, "A part is more than its whole",
         "At least one of the two counters is wrong.",
         "Numbers whose names tell it (successful_runs and total_runs, attempts and max_attempts, "
         "likes and views), when at most 1 in 5 rows are so.",
         "Count where the rows are, in a view, or keep it with a CHECK.",
         "When the two are counted over different times."),
     .plan = keel__plan_part_whole, .table = keel__table_part_whole},
    {ABOUT(
         "derived-column-differs", WARNING, NEEDS_DECISION,
         "A column that follows from others does not",
         "Readers of the column and readers of what it is made from get different answers.",
         "Sums (tokens_used of input_tokens and output_tokens), lengths of a text beside it, and "
         "vectors (bytes against dimensions): it fits in at least 80 of 100 and at least 20 rows, "
         "and in some it does not.",
         "A generated column, or compute it when it is read.",
         "When it is meant to hold what was so once."),
     .plan = keel__plan_derived, .table = keel__table_derived},
    {ABOUT("stored-count-differs", WARNING, NEEDS_DECISION,
           "A stored count is not the number of rows",
           "Lists show one number, their details another.",
           "Counters in a parent (total_runs, record_count) against the rows of the child, one "
           "grouped query for each pair of tables that were read whole: at least half are right "
           "(six of ten where the name says only record or item), three of them with two rows and "
           "more, and some are wrong.",
           "Count in a view, or set them anew.",
           "When rows are removed and the counter is to keep their number."),
     .schema = keel__schema_stored_counts},
    {ABOUT("stored-sum-differs", WARNING, NEEDS_DECISION, "A stored sum is not the sum of its rows",
           "Money or tokens are told in two sums that differ.",
           "As stored-count-differs, for columns that end in the same word (actual_cost, "
           "api_cost); a difference of 0.01 is none.",
           "Sum in a view, or set them anew.", "When the sum holds more than these rows."),
     .schema = keel__schema_stored_sums},
    {ABOUT("half-moved-column", ADVICE, NONE, "A column was replaced, and some rows are left in it",
           "Readers of the new column miss what is left in the old one.",
           "Two columns whose names differ by one word in front (response_text, "
           "openrouter_response_text): at most a tenth of the rows use the one, at least a third "
           "the other.",
           "Move what is left, then drop the old column.",
           "When both are in use for different things."),
     .table = keel__table_half_moved},
    {ABOUT("documents-of-two-shapes", ADVICE, NONE, "JSON documents are of two versions",
           "Every reader must know both.",
           "JSON objects in a column with exactly two sets of fields, one within the other, three "
           "fields and more in common, the rarer in at least 5 rows and 3 of 100.",
           "Write the version into the document, and move the old ones.",
           "When the further fields are simply optional."),
     .schema = keel__schema_document_shapes},
    {ABOUT("money-of-two-types", ADVICE, NONE, "Money is decimal here and floating point there",
           "Sums over both do not agree to the cent.",
           "Columns named for costs, prices and fees, as REAL and as DECIMAL in one database.",
           "One exact type for all of them.", "When one of them is an estimate."),
     .schema = keel__schema_money_types},
};

const struct keel__rules keel__rules_consistency = {rules, sizeof rules / sizeof *rules};

struct keel_finding *keel__consistency_add(struct keel__audit *audit, const char *id,
                                           const struct keel_table_model *table)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].about.id, id) == 0)
            return keel__finding_add(audit, &rules[i], table);
    return NULL;
}

void keel__consistency_columns(struct keel__audit *audit, struct keel_finding *finding,
                               const char *first, const char *second)
{
    const char *names[] = {first, second};
    keel__finding_columns(audit, finding, names, 2);
}

int keel__consistency_choice(struct keel__audit *audit, struct keel_finding *finding,
                             const struct keel_table_model *table, const char *text,
                             const char *choices, struct keel_error *err)
{
    struct keel__repair *repair =
        choices ? keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, table) : NULL;
    if (!repair)
        return keel__nomem(err);
    repair->choices = choices;
    finding->fix_text = text;
    return KEEL_OK;
}

bool keel__consistency_holds(const struct keel__reference *reference)
{
    return reference->parent && (reference->declared || keel__reference_holds(reference));
}
