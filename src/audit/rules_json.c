#include "audit/rules_json.h"

const struct keel__rule keel__json_rules[JSON_COUNT] = {
    [JSON_INVALID] = {{"invalid-json", "json", KEEL_SEVERITY_ERROR, KEEL_FIX_AUTOMATIC, true, true,
                       true, .title = "JSON is broken",
                       .why = "Whatever reads such a value fails, or skips it; json_extract and "
                              "json_each stop the whole query.",
                       .evidence =
                           "Columns declared JSON, or of text where at least four fifths of the "
                           "values are JSON objects and arrays, and at most one in fifty is plain "
                           "text (of fewer than 20 values: all begin as JSON does, and at least 3 "
                           "are). Counted is every text that is not valid JSON (RFC 8259), and of "
                           "these what is cut off or broken, empty, or other text. Advice when "
                           "all of them are empty.",
                       .how = "SQLite: the rows go to quarantine and CHECK (json_valid(x)) is "
                              "added, when no other table refers to them; otherwise the values "
                              "have to be mended first. PostgreSQL: mend them, then jsonb.",
                       .wrong_when = "The column takes plain text as well, by design."},
                      .schema = keel__json_invalid},
    [JSON_AS_TEXT] =
        {{"json-as-text", "json", KEEL_SEVERITY_ADVICE, KEEL_FIX_AUTOMATIC, true, true, true,
          .title = "Nothing checks that JSON is JSON",
          .why = "The first program that writes a cut or empty text into it is noticed by the one "
                 "that reads it.",
          .evidence =
              "The same columns as for broken JSON (of text: with at least 20 values, and no name "
              "such as content, input or message), when all values are valid and no CHECK speaks "
              "of them. SQLite does not check a column that is declared JSON either.",
          .how = "SQLite: CHECK (json_valid(x)) is added. PostgreSQL: `jsonb` is a decision, for "
                 "it does not keep spaces and the order of keys.",
          .wrong_when = "The bytes must be kept as they came (a signed document)."},
         .schema = keel__json_as_text},
    [JSON_MIXED] =
        {{"json-and-text-mixed", "json", KEEL_SEVERITY_WARNING, KEEL_FIX_NEEDS_DECISION, true, true,
          true, .title = "JSON and plain text in one column",
          .why = "Text that happens to parse (12345, true, null) is taken for JSON, and broken "
                 "JSON for text: from the value alone nobody can tell.",
          .evidence =
              "Columns of text with at least 20 values, a tenth or more of them JSON objects and "
              "arrays and more than one in fifty plain text. Where a column of few words nearly "
              "tells which is which, the rows that contradict it are counted (a warning); where it "
              "tells without exception nothing is reported; where there is none it is advice.",
          .how = "A column with the content type, or one column for each.",
          .wrong_when = "Logs and messages, which nobody decodes."},
         .table = keel__json_mixed},
    [JSON_IN_STRING] = {{"json-in-string", "json", KEEL_SEVERITY_WARNING, KEEL_FIX_NEEDS_DECISION,
                         true, true, true, .title = "JSON inside a JSON string",
                         .why = "The value was encoded twice: paths find nothing in it, and "
                                "readers get a text where they expect an object.",
                         .evidence =
                             "Values of JSON columns that are a JSON string whose text is a JSON "
                             "object or array. Strings of more than 1 MiB are not looked into.",
                         .how = "Decode them once more, and find the program that encodes twice.",
                         .wrong_when =
                             "The string is meant as a string, such as an example of JSON."},
                        .table = keel__json_in_string},
    [JSON_KINDS] = {{"json-kinds-differ", "json", KEEL_SEVERITY_WARNING, KEEL_FIX_NEEDS_DECISION,
                     true, true, true, .title = "JSON of another kind than the rest",
                     .why =
                         "Code that unpacks arrays fails on an object, or silently finds nothing.",
                     .evidence = "JSON columns with at least 20 objects, or arrays, and at most a "
                                 "tenth of another kind; advice in columns of type JSON. The word "
                                 "null and JSON inside strings have rules of their own.",
                     .how = "Bring them into the form of the others.",
                     .wrong_when = "The column takes any JSON by design (settings, for example)."},
                    .table = keel__json_kinds},
    [JSON_NULL_WORD] =
        {{"json-null", "json", KEEL_SEVERITY_WARNING, KEEL_FIX_NEEDS_DECISION, true, true, true,
          .title = "The JSON word null stands for NULL",
          .why = "IS NULL does not find it, IS NOT NULL does, and counts differ by who counts.",
          .evidence = "Values of JSON columns that are the word null and nothing else; advice "
                      "where the column has no NULL.",
          .how = "Write NULL, if both mean the same.",
          .wrong_when = "null and NULL are told apart on purpose (given as null, not given)."},
         .table = keel__json_null_word},
    [JSON_NUMBER] =
        {{"json-stored-as-number", "json", KEEL_SEVERITY_WARNING, KEEL_FIX_NEEDS_DECISION, true,
          false, true, .title = "A JSON column gives numbers back",
          .why = "SQLite takes a column declared JSON for numeric: the JSON text 12345 is stored "
                 "as a number, 1e3 becomes 1000, and drivers that decode text fail.",
          .evidence = "Columns declared JSON: values of storage class integer or real.",
          .how = "Declare the column TEXT with a CHECK, and turn the numbers back into text.",
          .wrong_when = "Numbers are all that the column holds."},
         .table = keel__json_number},
    [JSON_NUL] =
        {{"json-nul-escape", "json", KEEL_SEVERITY_WARNING, KEEL_FIX_NEEDS_DECISION, true, true,
          true, .title = "JSON with the escape \\u0000",
          .why = "It is valid JSON, and PostgreSQL's jsonb and text refuse it: the row cannot be "
                 "converted or moved, and ->> fails on it.",
          .evidence =
              "Values of JSON columns with \\u0000, or with an escaped half of a surrogate pair.",
          .how = "Take the escape away.",
          .wrong_when = "The data never leaves a program that can hold such characters."},
         .table = keel__json_nul},
    [JSON_DUPLICATE] = {{"json-duplicate-key", "json", KEEL_SEVERITY_WARNING,
                         KEEL_FIX_NEEDS_DECISION, true, true, true,
                         .title = "A JSON object has the same key twice",
                         .why = "jsonb and most languages keep the last, some readers the first, "
                                "json keeps both: programs see different values in one row.",
                         .evidence = "Values of JSON columns with an object, at any depth, that "
                                     "has a key twice; \"a\" and \"\\u0061\" are the same. Objects "
                                     "of more than 65,536 keys are not looked through.",
                         .how = "Decide which counts, and write the object with one.",
                         .wrong_when = "Never."},
                        .table = keel__json_duplicate},
    [JSON_DUST] = {{"json-float-dust", "json", KEEL_SEVERITY_ADVICE, KEEL_FIX_NEEDS_DECISION, true,
                    true, true, .title = "Decimals in JSON carry the dust of floating point",
                    .why = "0.30000000000000004 in a document is the sum of money or of other "
                           "decimals in floating point; totals over them drift.",
                    .evidence = "Values of JSON columns with a number of at least 16 digits that "
                                "is a hair off a short decimal.",
                    .how = "Write such numbers as text, or as whole smallest units.",
                    .wrong_when = "They are measurements, which nobody compares for equality."},
                   .table = keel__json_dust},
    [JSON_NAMES] =
        {{"list-in-json", "json", KEEL_SEVERITY_ADVICE, KEEL_FIX_NEEDS_DECISION, true, true, true,
          .title = "Lists of names in JSON",
          .why = "No key keeps the spelling of the names together, none can be renamed in one "
                 "place, and to find the rows of one name all are unpacked.",
          .evidence = "JSON columns with at least 20 arrays of nothing but strings of up to 100 "
                      "bytes, four fifths of all arrays, when some have more than one (counted).",
          .how = "A table of the names, and one that links.",
          .wrong_when = "The lists are only ever shown, never searched."},
         .table = keel__json_names},
    [JSON_SCORES] = {{"numbers-in-json", "json", KEEL_SEVERITY_ADVICE, KEEL_FIX_NEEDS_DECISION,
                      true, true, true, .title = "Numbers under names in JSON",
                      .why = "A table would hold them as rows: with an index, a check of their "
                             "range, and sums without unpacking every document.",
                      .evidence = "JSON columns with at least 20 objects of three members or more "
                                  "that are all numbers, nine tenths of all values.",
                      .how = "A table with a row for each number.",
                      .wrong_when = "The names are many and nobody asks for single ones."},
                     .table = keel__json_scores},
    [JSON_SCORES_OUT] = {{"score-out-of-range", "json", KEEL_SEVERITY_WARNING,
                          KEEL_FIX_NEEDS_DECISION, true, true, true,
                          .title = "A score in JSON is out of range",
                          .why = "An average over scores between 0 and 1 is wrong by one that is "
                                 "85, and nothing in JSON keeps it out.",
                          .evidence =
                              "The columns of the rule before: at most one document in twenty with "
                              "a number outside 0 to 1, when those of all others are inside.",
                          .how = "Find out whether it is a slip or another scale; then a check "
                                 "where the value is written.",
                          .wrong_when = "The numbers are no scores, and small by chance."},
                         .table = keel__json_scores_out},
    [JSON_AFFINITY] = {{"json-affinity", "json", KEEL_SEVERITY_ADVICE, KEEL_FIX_NEEDS_DECISION,
                        true, false, false, .title = "SQLite takes a JSON column for numeric",
                        .why = "There is no type JSON in SQLite: the word gives the column NUMERIC "
                               "affinity, which turns text that looks like a number into one.",
                        .evidence = "Columns declared JSON or JSONB of numeric affinity in which "
                                    "no number stands yet; one finding a table.",
                        .how = "TEXT with CHECK (json_valid(x)).",
                        .wrong_when =
                            "Only objects and arrays are ever stored, and drivers need the word."},
                       .table = keel__json_affinity},
    [JSON_NOT_BINARY] = {{"json-instead-of-jsonb", "json", KEEL_SEVERITY_ADVICE,
                          KEEL_FIX_NEEDS_DECISION, false, true, true,
                          .title = "Columns are json, not jsonb",
                          .why = "json is text that is parsed at every look; it has no equality, "
                                 "so DISTINCT and GROUP BY fail, and no index on what is in it.",
                          .evidence = "Columns of type json; counted are the values that jsonb "
                                      "would refuse or change. One finding a table.",
                          .how = "ALTER COLUMN ... TYPE jsonb, which does not keep spaces, the "
                                 "order of keys and keys that are there twice.",
                          .wrong_when = "The text must be kept as it came."},
                         .table = keel__json_not_binary},
    [JSON_SUFFIX] = {{"type-in-name", "json", KEEL_SEVERITY_ADVICE, KEEL_FIX_NEEDS_DECISION, true,
                      true, true, .title = "A name says how a value is kept",
                      .why = "data_json says json where the type should; the day the column "
                             "becomes jsonb, or a table, the name is wrong.",
                      .evidence = "Columns of JSON whose name ends in json; one finding a table.",
                      .how = "A name without the suffix.",
                      .wrong_when = "The suffix is the convention of a tool that needs it."},
                     .table = keel__json_suffix},
};

const struct keel__rules keel__rules_json = {keel__json_rules, JSON_COUNT};
