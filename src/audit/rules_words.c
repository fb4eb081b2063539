#include "audit/rules_words.h"

static const struct keel__rule rules[KEEL__WORDS_COUNT] = {
    [KEEL__WORDS_UNCHECKED] =
        {.about = {.id = "unchecked-words",
                   .family = "words",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_AUTOMATIC,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "A small set of words that no CHECK holds together",
                   .why =
                       "A status or kind column without a CHECK takes every word. A misspelt one "
                       "is stored without complaint, and every query that asks for the right "
                       "word leaves its row out.",
                   .evidence =
                       "Text columns that are called status, state, type, kind, level, role, mode, "
                       "phase, severity, priority and the like, or whose default is one of the "
                       "words, with at most 24 different words and no CHECK that names values. "
                       "Slips are words that are empty, differ from a more frequent one in letter "
                       "case, outer blanks, hyphens or one letter, or are another ending of it. "
                       "Rare ones (under 1 % for well-known words, under 3.5 % for others, or a "
                       "third of the next at under 10 %) are listed as unknown. `matching` counts "
                       "the rows of both; `counts` has every word. A warning when at least one is "
                       "surely a slip, otherwise advice.",
                   .how = "Without slips, in 50 rows and more, and with words for what is still "
                          "under way, a CHECK over the words is added. Otherwise the choices are "
                          "written: every word with its rows, the UPDATE that merges a slip, and "
                          "the CHECK that follows.",
                   .wrong_when = "The list grows by design (kinds of events, names of tools): "
                                 "suppress it, or keep the words in a table of their own."},
         .table = keel__unchecked_words_table},
    [KEEL__WORDS_SPELLINGS] =
        {.about = {.id = "several-spellings",
                   .family = "words",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "The same word in several spellings",
                   .why = "`GROUP BY` and `=` take 'EN' and 'en' for two things, so sums are split "
                          "and rows are missed.",
                   .evidence =
                       "Text columns of up to 64 different values, which are no closed set, "
                       "key, id, path or code: values that differ from a more frequent one "
                       "only in letter case, outer blanks, hyphens and underscores. "
                       "`matching` counts their rows. Advice when it is blanks and hyphens alone. "
                       "Free text is left out.",
                   .how = "The UPDATE that merges each of them is written as a choice.",
                   .wrong_when = "Letter case carries meaning (units, symbols, codes)."},
         .table = keel__spellings_table},
    [KEEL__WORDS_CASE_KEY] =
        {.about = {.id = "key-evaded-by-letter-case",
                   .family = "words",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "A unique key holds the same value in several letter cases",
                   .why = "The key was meant to keep a thing from being there twice. 'Ana@x.org' "
                          "and 'ana@x.org' pass it side by side.",
                   .evidence = "All values of declared keys and unique indexes over text, compared "
                               "without letter case and outer blanks. Ids, hashes, tokens, paths "
                               "and addresses (URLs) are left out; so are columns that ignore "
                               "letter case by their collation or type. `matching` counts the keys "
                               "that are there more than once.",
                   .how = "The rows have to be merged by somebody who knows them; then a unique "
                          "index over `lower(...)` holds it.",
                   .wrong_when = "Letter case carries meaning in the key."},
         .plan = keel__case_key_plan,
         .table = keel__case_key_table},
    [KEEL__WORDS_EMAIL_CASE] =
        {.about = {.id = "email-letter-case",
                   .family = "words",
                   .severity = KEEL_SEVERITY_WARNING,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "E-mail addresses in several letter cases",
                   .why = "One person is two: mail systems do not tell upper from lower case, `=` "
                          "does.",
                   .evidence = "Columns called email whose values are addresses: those with "
                               "upper-case letters. A warning when the same address is there in "
                               "lower case as well, otherwise advice.",
                   .how = "The UPDATE to lower case and the CHECK that follows are written as a "
                          "choice.",
                   .wrong_when = "The address is kept as its owner wrote it, and is compared by "
                                 "another column."},
         .table = keel__email_case_table},
    [KEEL__WORDS_NULL_AND_EMPTY] =
        {.about = {.id = "null-and-empty",
                   .family = "words",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "Nothing is stored as NULL and as ''",
                   .why =
                       "`IS NULL` finds the one, `= ''` the other, and counting what is filled in "
                       "needs both.",
                   .evidence = "Text columns that hold NULLs and empty strings. `matching` counts "
                               "both, `counts` tells them apart.",
                   .how = "The UPDATE to NULL and the CHECK that follows are written as a choice.",
                   .wrong_when = "'' says 'known to be empty' and NULL 'not known'."},
         .table = keel__null_and_empty_table},
    [KEEL__WORDS_EMPTY] =
        {.about = {.id = "empty-text",
                   .family = "words",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "Empty strings where there should be text",
                   .why = "NOT NULL says that there is always something; an empty string keeps the "
                          "word of it and not the sense.",
                   .evidence = "Text columns without NULLs that hold empty strings, unless '' is "
                               "their default.",
                   .how = "The CHECK is written as a choice; what the empty ones should be, only "
                          "you know.",
                   .wrong_when =
                       "An empty text is a text like others (a note, a blob of content)."},
         .table = keel__empty_text_table},
    [KEEL__WORDS_NULL_WORD] =
        {.about = {.id = "null-as-word",
                   .family = "words",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NEEDS_DECISION,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "The word NULL in place of NULL",
                   .why = "A program wrote 'null', 'None' or 'undefined' as text; it counts as a "
                          "value everywhere.",
                   .evidence = "Text columns in which up to half of the values are such a word. "
                               "Names of people and texts are left out.",
                   .how = "The UPDATE to NULL is written as a choice.",
                   .wrong_when = "The word is an answer ('None' of the above)."},
         .table = keel__null_word_table},
    [KEEL__WORDS_FLOATING] =
        {.about = {.id = "floating-version",
                   .family = "words",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NONE,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "A version that moves: latest, main, stable",
                   .why = "What 'latest' was on that day cannot be told later, so the row cannot "
                          "be reproduced.",
                   .evidence = "Columns called version, revision, release or tag: values such as "
                               "latest, current, main, master, nightly, stable.",
                   .how = "The writer has to store the version that it resolved to; no migration "
                          "can know it.",
                   .wrong_when = "The column is a wish (which version to use), not a record."},
         .plan = keel__floating_version_plan,
         .table = keel__floating_version_table},
    [KEEL__WORDS_NO_VERSION] =
        {.about = {.id = "version-without-version",
                   .family = "words",
                   .severity = KEEL_SEVERITY_ADVICE,
                   .fix = KEEL_FIX_NONE,
                   .on_sqlite = true,
                   .on_postgres = true,
                   .reads_data = true,
                   .title = "A version column that holds names",
                   .why = "Some rows say which version it was, the others only what it was a "
                          "version of: they cannot be compared.",
                   .evidence = "Columns called version in which some values are versions (v1, "
                               "1.2.3, v2025.06.04) and others have no digit at all. `matching` "
                               "counts the latter.",
                   .how = "The version has to be looked up from elsewhere, if it is known there.",
                   .wrong_when = "Versions have names."},
         .plan = keel__no_version_plan,
         .table = keel__no_version_table},
    [KEEL__WORDS_NO_HASH] =
        {.about =
             {.id = "hash-that-is-none",
              .family = "words",
              .severity =
                  KEEL_SEVERITY_ADVICE,
              .fix = KEEL_FIX_NONE,
              .on_sqlite = true,
              .on_postgres = true,
              .reads_data = true,
              .title =
                  "Hashes beside values that are none",
              .why = "What was made up from a name does not change when the content does: it "
                     "proves nothing, and looks as if it did.",
              .evidence =
                  "Text columns, and keys of JSON documents, called hash, checksum or digest, in "
                  "which some values are hexadecimal and others are not. `matching` counts the "
                  "others. Hashes of passwords are left out.",
              .how =
                  "The hashes have to be computed from the contents, where they are still there.",
              .wrong_when = "Two algorithms are in use that write their hashes in different ways."},
         .table = keel__no_hash_table},
};

const struct keel__rules keel__rules_words = {rules, KEEL__WORDS_COUNT};
