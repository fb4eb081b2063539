#include "audit/rules_words.h"

static const struct keel__rule rules[KEEL__CONSTRAINTS_COUNT] = {
    [KEEL__CONSTRAINTS_DEFAULT_CHECK] =
        {.about = {.id = "default-breaks-check",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "A default that the column's own CHECK refuses",
                   .why = "Leaving the column out of an INSERT fails, which is what a default is "
                          "there to prevent.",
                   .evidence = "The database is asked to compute each CHECK that speaks of this "
                               "column alone for the column's default.",
                   .how = "Change the one or the other; which is right, only you know.",
                   .wrong_when = "The default is meant to be refused, so that every INSERT has to "
                                 "name the column. Then drop it: NOT NULL does the same."},
         .table = keel__default_check_table},
    [KEEL__CONSTRAINTS_DEFAULT_TYPE] =
        {.about = {.id = "default-of-other-type",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .title = "A default that is no value of the column's type",
                   .why = "SQLite stores it as it is: 'false' in a BOOLEAN is text and counts as "
                          "false or true by accident, 'CURRENT_TIMESTAMP' in quotes is that word.",
                   .evidence = "Text defaults of numbers, booleans and times, quoted names of the "
                               "current time, and defaults longer than the type. PostgreSQL checks "
                               "this itself.",
                   .how = "Write the default as a value of the type.",
                   .wrong_when = "The declared type is only a label."},
         .table = keel__default_type_table},
    [KEEL__CONSTRAINTS_DEFAULT_NULL] =
        {.about = {.id = "default-null-in-quotes",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_AUTOMATIC,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "DEFAULT 'NULL': the word, not the value",
                   .why = "Rows that leave the column out get four letters; IS NULL does not find "
                          "them.",
                   .evidence = "The default is the text 'NULL', 'None' or 'undefined'. `matching` "
                               "counts the rows that carry it.",
                   .how = "The default is dropped. The UPDATE for the rows that have it is written "
                          "as a choice.",
                   .wrong_when = "The word is meant."},
         .plan = keel__default_null_plan,
         .table = keel__default_null_table},
    [KEEL__CONSTRAINTS_DEFAULT_DATED] =
        {.about = {.id = "dated-default",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "A default that is a dated name",
                   .why = "A model, an API version or a price list with a date in its name is "
                          "replaced one day; the default stays, and rows say that they used what "
                          "they did not.",
                   .evidence = "Text defaults with a date in them: `name-20250514`, "
                               "`name-2024-07-18`, `name-0613`, and `2024-01` in a column called "
                               "version. `matching` counts the rows that carry it.",
                   .how = "Drop the default, so that every writer says what it used.",
                   .wrong_when = "The date is a fact that stays (a norm, a format)."},
         .plan = keel__default_dated_plan,
         .table = keel__default_dated_table},
    [KEEL__CONSTRAINTS_NULL_DESPITE_DEFAULT] =
        {.about = {.id = "null-despite-default",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "NULL in a column that has a default",
                   .why = "A default fills in what an INSERT leaves out, not what it sets to NULL. "
                          "Some rows have the default, some NULL, and both mean the same.",
                   .evidence = "Columns with a default that admit NULL and have some, but not "
                               "only, NULLs. `matching` counts them.",
                   .how = "The UPDATE to the default, and NOT NULL, are written as a choice.",
                   .wrong_when = "NULL says 'not known' and the default is a value."},
         .table = keel__null_despite_default_table},
    [KEEL__CONSTRAINTS_DEFAULTS_ELSEWHERE] =
        {.about = {.id = "defaults-in-application",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NONE,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "No table has a DEFAULT",
                   .why = "The defaults live in one program. Whoever else writes - a migration, a "
                          "script, another service - has to repeat them, and gets NULLs or errors "
                          "where they forget one.",
                   .evidence = "At least three of five tables have no DEFAULT although they have "
                               "columns that want one: times of creation and change, states, "
                               "flags, counters (six and more of them in all); and fewer than half "
                               "of them have a CHECK, so the database is not where the rules are.",
                   .how = "Add defaults where the program has them; a diff against a schema that "
                          "has them writes the migration.",
                   .wrong_when = "One program alone ever writes, by design."},
         .schema = keel__defaults_elsewhere_schema},
    [KEEL__CONSTRAINTS_DEFAULTS_DIFFER] =
        {.about = {.id = "defaults-differ",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NONE,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .title = "created_at fills itself in here and not there",
                   .why = "A writer has to know which table sets the time itself; where it does "
                          "not, INSERT fails or the time is missing or of another format.",
                   .evidence = "Columns of the same name (created_at, updated_at and the like) "
                               "over all tables: at least two with a default and at least one "
                               "without.",
                   .how = "Give them all the same default.",
                   .wrong_when = "The time comes from outside in those tables."},
         .schema = keel__defaults_differ_schema},
    [KEEL__CONSTRAINTS_NEVER_NULL] =
        {.about = {.id = "nullable-never-null",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "Columns that admit NULL and never have it",
                   .why = "Every reader has to reckon with a NULL that never comes, and nothing "
                          "keeps it from coming.",
                   .evidence = "Tables of 50 rows and more: columns without NOT NULL that have no "
                               "NULL. One finding a table.",
                   .how = "NOT NULL for those that are mandatory is written as a choice.",
                   .wrong_when = "The column is optional and happened to be filled in."},
         .table = keel__never_null_table},
    [KEEL__CONSTRAINTS_ALWAYS_NULL] =
        {.about = {.id = "always-null",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NONE,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "Columns that are always NULL",
                   .why = "A column that nobody fills in is a promise that nobody keeps: either "
                          "the code that should is broken, or the column can go.",
                   .evidence = "Tables of 20 rows and more: columns that are NULL in every row. "
                               "One finding a table.",
                   .how = "Dropping a column is a decision about the program that reads it.",
                   .wrong_when = "The feature that fills it in has not been used yet."},
         .table = keel__always_null_table},
    [KEEL__CONSTRAINTS_CONSTANT] =
        {.about = {.id = "constant-column",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NONE,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "Columns with the same value in every row",
                   .why = "It says nothing about its row. Often it is a fact about something else "
                          "(the provider, the format), or the code never sets it.",
                   .evidence = "Tables of 50 rows and more: columns with one value and no NULL, "
                               "unless it is their default, a flag or a reference. One finding a "
                               "table.",
                   .how = "Keep it where it belongs, or leave it until there is a second value.",
                   .wrong_when = "Other values are to come."},
         .table = keel__constant_table},
    [KEEL__CONSTRAINTS_UNDECLARED_KEY] =
        {.about = {.id = "undeclared-key",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "A key by its name and its data that nothing declares unique",
                   .why = "The program takes it for a key; two writers at the same moment make it "
                          "none, and look-ups by it have no index.",
                   .evidence = "Columns called slug, email, token, hash, code, number, url and the "
                               "like, references that occur once, and combinations such as "
                               "(parent, number), (parent, path), (name, version), or all "
                               "references of a linking table, without any repetition in 20 rows "
                               "and more. Whole tables only, never a sample.",
                   .how = "The UNIQUE index is written as a choice.",
                   .wrong_when = "It was unique so far by chance."},
         .plan = keel__undeclared_key_plan,
         .schema = keel__undeclared_key_schema},
    [KEEL__CONSTRAINTS_BROKEN_KEY] =
        {.about = {.id = "nearly-unique",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "A key by its name that a few rows repeat",
                   .why = "A key that was never declared has been broken: a look-up by it finds "
                          "one of two rows, joins count twice.",
                   .evidence =
                       "The same candidates as for undeclared-key, when up to 5 in 100 rows "
                       "repeat one (files within a parent: 35). `matching` counts the rows "
                       "that are too many, `counts` the repeated values. A warning for "
                       "tokens, and for numbers within a parent that are counted through (1, 2, "
                       "3), otherwise advice.",
                   .how = "The query that shows the duplicates and the UNIQUE index that follows "
                          "are written as a choice.",
                   .wrong_when = "Repetitions are meant (two payments for one order)."},
         .plan = keel__broken_key_plan,
         .schema = keel__broken_key_schema},
    [KEEL__CONSTRAINTS_KEY_NULLS] =
        {.about = {.id = "key-with-nulls",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "A unique column that some rows do not have",
                   .why = "UNIQUE lets any number of NULLs pass. Rows without the key are not "
                          "identified, and may be copies of others.",
                   .evidence = "Columns that are unique by themselves and NULL in up to a tenth of "
                               "20 rows and more. `matching` counts them.",
                   .how = "NOT NULL is written as a choice; the rows have to be looked at first.",
                   .wrong_when = "The column is a second, optional name."},
         .table = keel__key_nulls_table},
    [KEEL__CONSTRAINTS_MEASURE_KEY] =
        {.about = {.id = "measure-in-key",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NONE,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "A unique key that counts a price in",
                   .why = "A thing whose price changes becomes two things, and references to the "
                          "old row do not follow.",
                   .evidence = "UNIQUE constraints over one price, cost, amount or floating-point "
                               "number and other columns. `matching` counts what is there several "
                               "times because of it.",
                   .how = "Keep the prices in a table of their own with the time from which they "
                          "hold.",
                   .wrong_when = "The table is that list of prices."},
         .plan = keel__measure_key_plan,
         .table = keel__measure_key_table},
    [KEEL__CONSTRAINTS_NEGATIVE] =
        {.about = {.id = "negative-number",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "Negative counts, durations or prices",
                   .why = "A duration below zero is a clock that was set back or a subtraction the "
                          "wrong way round; sums and averages count it in.",
                   .evidence =
                       "Numbers named as counts, sizes, durations, costs, prices or quantities, of "
                       "which at most a tenth is negative and no CHECK speaks. Differences, "
                       "balances, coordinates, and costs and quantities in tables of refunds, "
                       "returns and movements are left out. Costs and quantities are advice only "
                       "when more than 1 in 100 is negative.",
                   .how = "The query that shows them and the CHECK that follows are written as a "
                          "choice.",
                   .wrong_when = "Corrections are booked as negative amounts."},
         .table = keel__negative_table},
    [KEEL__CONSTRAINTS_MINUS_ONE] =
        {.about = {.id = "minus-one-for-unknown",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "-1 where a number is not known",
                   .why = "Sums, averages and minima count it in. NULL is what SQL leaves out by "
                          "itself.",
                   .evidence = "Numbers as in negative-number whose only negative value is -1. "
                               "Limits, for which -1 often means none, are left out.",
                   .how = "The UPDATE to NULL and the CHECK that follows are written as a choice.",
                   .wrong_when = "-1 is a value like others."},
         .table = keel__minus_one_table},
    [KEEL__CONSTRAINTS_RANGE] =
        {.about = {.id = "number-out-of-range",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "Numbers outside of what their name admits",
                   .why = "A probability of 12 or a latitude of 200 is a unit mixed up or a column "
                          "swapped.",
                   .evidence =
                       "Numbers called probability (0 to 1), latitude, longitude, port: a warning; "
                       "percent (0 to 100), ratio, confidence, rate (0 to 1), month, weekday, "
                       "hour: advice. At most a twentieth is outside - where more is, the name "
                       "means something else - and no CHECK speaks.",
                   .how = "The query that shows them and the CHECK that follows are written as a "
                          "choice.",
                   .wrong_when = "The name means something else here."},
         .plan = keel__range_plan,
         .table = keel__range_table},
    [KEEL__CONSTRAINTS_ZERO] = {.about = {.id = "zero-for-unknown",
                                          .family = "constraints",
                                          .severity = KEEL_SEVERITY_ADVICE,
                                          .fix = KEEL_FIX_NEEDS_DECISION,
                                          .on_sqlite = true,
                                          .on_postgres = true,
                                          .reads_data = true,
                                          .title = "0 where an id is not known",
                                          .why = "Row 0 does not exist, yet it looks like a value: "
                                                 "joins lose these rows in silence.",
                                          .evidence = "References whose parent has no row 0, in "
                                                      "which up to a quarter of the values is 0.",
                                          .how = "The UPDATE to NULL is written as a choice.",
                                          .wrong_when =
                                              "0 is a value (a system user outside the table)."},
                                .schema = keel__zero_schema},
    [KEEL__CONSTRAINTS_FEW_MISSING] =
        {.about = {.id = "few-documents-missing",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "A document that nearly every row has",
                   .why = "A result that only a few rows lack was probably lost or never written, "
                          "and every reader has to reckon with its absence.",
                   .evidence = "JSON columns of tables of 50 rows and more that are NULL in at "
                               "least one and up to a tenth of the rows, unless a state tells "
                               "which. `matching` counts them.",
                   .how = "NOT NULL is written as a choice; the rows have to be looked at first.",
                   .wrong_when = "The document is optional."},
         .table = keel__few_missing_table},
    [KEEL__CONSTRAINTS_STRAY_ERROR] =
        {.about = {.id = "error-without-failure",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "An error message beside a state that is no failure",
                   .why = "The row failed and its state does not say so: it hangs in the state it "
                          "had, and nobody looks for it.",
                   .evidence =
                       "A text called error or failure beside a status whose failed rows mostly "
                       "have one: filled in for up to a twentieth of the rows of all other states. "
                       "`matching` counts them, `counts` names the states. Texts that keep the "
                       "last error of a retried thing are left out.",
                   .how = "The query that shows them by state is written as a choice.",
                   .wrong_when = "The text also takes warnings."},
         .table = keel__stray_error_table},
    [KEEL__CONSTRAINTS_JSON_TOTAL] =
        {.about = {.id = "json-total-differs",
                   .family = "constraints",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NONE,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "Documents whose total is not the sum of their parts",
                   .why = "One of the two numbers is wrong, and readers take the one or the other.",
                   .evidence =
                       "JSON documents with a number called total_x beside a list of objects that "
                       "have a number called x: in at least nine of ten documents the parts of one "
                       "list, or of all, add up to it (within half a per cent), in the others, "
                       "which `matching` counts, they do not.",
                   .how = "Compute the total when it is read, or correct the documents.",
                   .wrong_when = "Some parts are left out of the list on purpose."},
         .table = keel__json_total_table},
};

const struct keel__rules keel__rules_constraints = {rules, KEEL__CONSTRAINTS_COUNT};
