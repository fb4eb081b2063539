#include "audit/rules_types.h"

const struct keel__rule keel__types_rules[TYPES_COUNT] = {
    [TYPES_TEXT_UUID] =
        {{"text-is-uuid", "types", KEEL_SEVERITY_ADVICE, KEEL_FIX_AUTOMATIC, true, true, true,
          .title = "A UUID is kept as text",
          .why = "Text of 36 bytes takes more than twice the room of a UUID's 16, in the table and "
                 "in every index, and admits what is none.",
          .evidence =
              "Columns of text with at least 5 values, all of them canonical UUIDs, that are a key "
              "or say uuid in their name; what refers to a key is counted with it. Ids that other "
              "systems gave (trace_id, correlation_id) are theirs and not looked at.",
          .how = "PostgreSQL: the column becomes `uuid`, automatically when no key, default, "
                 "check, index expression, view or trigger hangs on it; otherwise together with "
                 "what does. SQLite has no such type: nothing to do there.",
          .wrong_when = "The ids are shared with programs that only take text."},
         .schema = keel__types_uuid},
    [TYPES_UUID_FORMS] =
        {{"uuid-not-canonical", "types", KEEL_SEVERITY_WARNING, KEEL_FIX_NEEDS_DECISION, true, true,
          true, .title = "A column of UUIDs holds other forms",
          .why = "Text is compared byte by byte: the same UUID in upper case or without hyphens is "
                 "another key, so joins and look-ups miss it.",
          .evidence = "Key columns of which at least nine tenths are canonical UUIDs; what refers "
                      "to them is counted with them. Counted: other forms of a UUID (a warning), "
                      "and what is no UUID at all (advice).",
          .how = "Write all of them one way, on both sides of every reference; decide what the "
                 "others are.",
          .wrong_when = "The other values come from an older scheme of ids that is still valid."},
         .schema = keel__types_uuid_forms},
    [TYPES_TEXT_NUMBER] =
        {{"text-is-number", "types", KEEL_SEVERITY_ADVICE, KEEL_FIX_AUTOMATIC, true, true, true,
          .title = "Numbers are kept as text",
          .why = "Text sorts '10' before '9', cannot be added up without a cast, and admits what "
                 "is no number.",
          .evidence = "Columns of text with at least 20 values and 3 different ones, all whole or "
                      "decimal numbers without leading zeros, that are no key or reference and "
                      "whose name is not that of a label (code, phone, version, zip, ...).",
          .how = "PostgreSQL: `bigint` or `numeric`, automatically when every value comes back as "
                 "it was. SQLite: declare INTEGER or NUMERIC.",
          .wrong_when = "The digits are a label that nobody counts with."},
         .schema = keel__types_text_number},
    [TYPES_LEADING_ZEROS] =
        {{"numeric-text-leading-zeros", "types", KEEL_SEVERITY_ADVICE, KEEL_FIX_NONE, true, true,
          true, .title = "Numbers in text have leading zeros",
          .why = "'007' and '7' are one number and two texts. A program that reads them as numbers "
                 "loses the zeros, one that does not sees two things.",
          .evidence =
              "Columns of text with at least 20 values, nineteen of twenty of them whole numbers, "
              "of different lengths, some beginning with 0. Codes of one length are left alone.",
          .how = "Nothing is done: decide for one way of writing them.",
          .wrong_when = "They are codes whose zeros belong to them, of several lengths."},
         .table = keel__types_leading_zeros},
    [TYPES_INTEGER_BOOLEAN] =
        {{"integer-is-boolean", "types", KEEL_SEVERITY_ADVICE, KEEL_FIX_AUTOMATIC, true, true, true,
          .title = "A truth is kept as a number that nothing bounds",
          .why = "2, -1 or a count can get into the column, and then `= 1` and `<> 0` give "
                 "different answers.",
          .evidence = "Integer columns without a CHECK that hold only 0 and 1, and whose name is "
                      "that of a flag (is_, has_, ..._enabled) or that have at least 100 values "
                      "with a share of both.",
          .how = "A CHECK (x IN (0, 1)) is added. PostgreSQL: a column without a default becomes "
                 "`boolean` when nothing hangs on it.",
          .wrong_when = "It is a count that has not passed 1 yet."},
         .schema = keel__types_integer_boolean},
    [TYPES_BOOLEAN_OTHER] =
        {{"boolean-out-of-range", "types", KEEL_SEVERITY_ERROR, KEEL_FIX_AUTOMATIC, true, true,
          true, .title = "A truth is neither 0 nor 1",
          .why = "Such rows are true in some queries (x <> 0) and not in others (x = 1), or text "
                 "that is neither.",
          .evidence = "Columns declared BOOLEAN (SQLite), or integer columns whose name is that of "
                      "a flag and of nothing else (is_, has_, ..._enabled), nine tenths of whose "
                      "values are 0 or 1.",
          .how = "The rows go to quarantine and CHECK (x IN (0, 1)) is added, when no other table "
                 "refers to them; otherwise it is to be decided what they mean.",
          .wrong_when = "The column is a state or a count under the name of a flag."},
         .schema = keel__types_boolean_other},
    [TYPES_MONEY_FLOAT] =
        {{"money-in-float", "types", KEEL_SEVERITY_WARNING, KEEL_FIX_AUTOMATIC, true, true, true,
          .title = "Money is kept in floating point",
          .why = "Binary fractions cannot hold 0.1: sums drift, equal amounts compare as "
                 "different, and totals do not match their parts.",
          .evidence =
              "REAL, FLOAT and double precision columns whose name says money (cost, price, fee, "
              "usd, ...), or whose values carry the dust of decimal sums (0.30000000000000004). A "
              "warning when the name says money and the dust is there, otherwise advice.",
          .how = "PostgreSQL: `numeric`, which takes every value as it is; rounding them is a "
                 "decision. SQLite has no decimals: count the smallest unit in an INTEGER.",
          .wrong_when = "Rough figures for statistics, which nobody bills."},
         .schema = keel__types_money_float},
    [TYPES_MONEY_PRECISION] =
        {{"money-precision-differs", "types", KEEL_SEVERITY_ADVICE, KEEL_FIX_NEEDS_DECISION, true,
          true, false, .title = "Money has different types in different tables",
          .why = "Amounts that were rounded to the type of one table do not add up to those of "
                 "another.",
          .evidence = "Decimal columns with the name of money, when others are floating point. "
                      "Prices of a unit (unit, token, hour) are left out, they need more digits. "
                      "At most 200 columns are compared.",
          .how = "Decide for one type and one number of decimals.",
          .wrong_when = "The columns are of different currencies or purposes."},
         .schema = keel__types_money_precision},
    [TYPES_STORAGE] =
        {{"storage-class-differs", "types", KEEL_SEVERITY_WARNING, KEEL_FIX_NEEDS_DECISION, true,
          false, true, .title = "Values are not of the declared type",
          .why = "SQLite keeps what it is given. Text among numbers sorts behind all of them, is "
                 "left out of sums, and fails in programs that read a number.",
          .evidence =
              "The storage class (typeof) of every value against the declared type: text, bytes "
              "and fractions in integer columns, text and bytes in those of numbers, numbers in "
              "those of text. Times, JSON, booleans and bytes have rules of their own.",
          .how = "Look at the values and convert them; then STRICT or a CHECK on typeof keeps "
                 "others out.",
          .wrong_when =
              "The column is meant to hold values of any type: declare it ANY or without a type."},
         .table = keel__types_storage},
    [TYPES_TEXT_IN_BLOB] =
        {{"text-in-blob", "types", KEEL_SEVERITY_ADVICE, KEEL_FIX_NEEDS_DECISION, true, false, true,
          .title = "Text is kept as bytes",
          .why = "Bytes have no collation and no encoding: searching, sorting and comparing with "
                 "text does not work, and the same letters as text and as BLOB are not equal.",
          .evidence = "BLOB columns: values that are stored as text, or at least 20 values of "
                      "which nineteen of twenty are printable UTF-8.",
          .how =
              "Declare it as text and convert the values, or convert those that are text to bytes.",
          .wrong_when = "The bytes are a signature, a document or another thing that only happens "
                        "to be printable."},
         .table = keel__types_text_in_blob},
    [TYPES_BYTES_IN_TEXT] =
        {{"bytes-in-text", "types", KEEL_SEVERITY_WARNING, KEEL_FIX_NEEDS_DECISION, true, false,
          true, .title = "Bytes are kept in a column of text",
          .why = "A BLOB is not equal to the text of the same letters, and LIKE, length and the "
                 "drivers treat it differently.",
          .evidence = "Values of storage class BLOB in columns of text, times and JSON.",
          .how = "Cast those that are text; give the others a column of their own.",
          .wrong_when = "The column takes both by design: declare it without a type."},
         .table = keel__types_bytes_in_text},
    [TYPES_NUL] = {{"nul-in-text", "types", KEEL_SEVERITY_WARNING, KEEL_FIX_NEEDS_DECISION, true,
                    false, true, .title = "Text has a NUL byte in it",
                    .why = "SQLite's own functions, and most programs, see such text end at the "
                           "NUL; PostgreSQL refuses it.",
                    .evidence = "Every value of text is looked through.",
                    .how = "Take the NUL away, or keep such values as BLOB.",
                    .wrong_when = "Never for text."},
                   .table = keel__types_nul},
    [TYPES_UTF8] =
        {{"invalid-utf8", "types", KEEL_SEVERITY_ERROR, KEEL_FIX_NEEDS_DECISION, true, false, true,
          .title = "Text is not valid UTF-8",
          .why = "Readers fail on it, replace what they cannot read, or show other characters; "
                 "PostgreSQL refuses it.",
          .evidence = "Every value of text is looked through.",
          .how = "Find out the encoding it was written in and convert it, or keep it as BLOB.",
          .wrong_when = "Never for text."},
         .table = keel__types_utf8},
    [TYPES_NAN] = {{"nan-or-infinity", "types", KEEL_SEVERITY_WARNING, KEEL_FIX_NEEDS_DECISION,
                    true, true, true, .title = "NaN and infinite numbers",
                    .why =
                        "One of them makes every sum and average over the column NaN or infinite; "
                        "JSON cannot carry them; PostgreSQL sorts NaN above all numbers.",
                    .evidence = "All values of floating-point and numeric columns.",
                    .how = "NULL for what is not known, and a CHECK that keeps them out.",
                    .wrong_when = "Infinity as 'no limit' in a column of bounds."},
                   .table = keel__types_nan},
    [TYPES_UNKNOWN] =
        {{"unknown-type", "types", KEEL_SEVERITY_WARNING, KEEL_FIX_NEEDS_DECISION, true, false,
          false, .title = "A column's type is no type",
          .why = "SQLite takes any word as a type and goes by the letters in it: STRING becomes "
                 "numeric, so '007' is stored as 7; a misspelt type gets the wrong affinity "
                 "without a word.",
          .evidence = "Declared types that neither SQLite nor PostgreSQL knows. A warning when the "
                      "word means text and the affinity is numeric, otherwise advice.",
          .how = "Declare INTEGER, REAL, TEXT or BLOB.",
          .wrong_when = "The word is for an ORM or a tool that reads it."},
         .table = keel__types_unknown},
    [TYPES_STRICT] = {{"not-strict", "types", KEEL_SEVERITY_ADVICE, KEEL_FIX_NEEDS_DECISION, true,
                       false, true, .title = "Tables are not STRICT",
                       .why = "A column of a table that is not STRICT takes values of any type; "
                              "mistakes of a program stay in the data.",
                       .evidence = "One finding a database: how many tables are not STRICT, and "
                                   "how many could be with their types and values as they are.",
                       .how =
                           "Make those STRICT that can be; for the others the declared types have "
                           "to change first, which drivers notice (DATETIME, BOOLEAN, JSON).",
                       .wrong_when = "The database is also written by SQLite older than 3.37."},
                      .schema = keel__types_strict},
    [TYPES_64_BITS] = {{"integer-beyond-32-bits", "types", KEEL_SEVERITY_ADVICE, KEEL_FIX_NONE,
                        true, false, true, .title = "Numbers need more than 32 bits",
                        .why = "SQLite's INTEGER holds 64 bits under any name; `integer` in "
                               "PostgreSQL and int in many programs hold 32.",
                        .evidence = "Integer columns with a value beyond 32 bits, that are no "
                                    "keys, ids or times, of tables that are not STRICT.",
                        .how = "Nothing in SQLite; in PostgreSQL the type is bigint.",
                        .wrong_when = "All readers use 64 bits."},
                       .table = keel__types_64_bits},
    [TYPES_CUT] =
        {{"value-cut-off", "types", KEEL_SEVERITY_WARNING, KEEL_FIX_NEEDS_DECISION, true, true,
          true, .title = "Values were cut off",
          .why = "The end is lost. Cut names no longer match what they refer to, and two of them "
                 "may have become one.",
          .evidence = "Values that fill a declared length of at least 30 to the last character, "
                      "few in number and where the average is at most half of it. Also, in columns "
                      "of few words: at least 3 rows with values of one usual length (20, 25, 30, "
                      "32, 40, 50, 60, 64, 80, 100) that end in the middle of a word which goes on "
                      "in other values. With fewer than 3 rows at a declared length: advice.",
          .how = "Get the whole values from their source; lift the limit.",
          .wrong_when = "A value happens to be exactly that long."},
         .table = keel__types_cut},
    [TYPES_LENGTH] = {{"declared-length", "types", KEEL_SEVERITY_ADVICE, KEEL_FIX_NEEDS_DECISION,
                       true, true, true, .title = "Columns have a length limit",
                       .why = "PostgreSQL refuses the first value that is longer, however little "
                              "is gained by the limit; SQLite does not look at it at all, so "
                              "programs cut values themselves, or nobody does.",
                       .evidence =
                           "PostgreSQL: one finding a table, with its columns of varchar(n) and "
                           "the longest value of each. SQLite: one finding a database, with the "
                           "columns that hold a longer value than declared.",
                       .how = "`text`, and a CHECK on the length where a limit is really meant.",
                       .wrong_when = "The limits are wanted, and values stay far below them."},
                      .schema = keel__types_length},
    [TYPES_PADDED] = {{"char-padded", "types", KEEL_SEVERITY_ADVICE, KEEL_FIX_AUTOMATIC, false,
                       true, false, .title = "A column is char(n)",
                       .why = "char(n) fills values up with blanks and ignores them in some "
                              "comparisons but not in LIKE and in others; it saves nothing.",
                       .evidence = "Columns of type character(n).",
                       .how = "The column becomes `text`, when nothing hangs on it and every value "
                              "comes back as it was.",
                       .wrong_when = "Codes that are always exactly n characters long."},
                      .schema = keel__types_padded},
    [TYPES_MONEY_TYPE] = {{"money-type", "types", KEEL_SEVERITY_WARNING, KEEL_FIX_AUTOMATIC, false,
                           true, false, .title = "A column is of type money",
                           .why =
                               "Its currency and number of decimals depend on the server's "
                               "lc_monetary: restored elsewhere, the same bytes are other amounts.",
                           .evidence = "Columns of type money.",
                           .how = "The column becomes `numeric`, when nothing hangs on it.",
                           .wrong_when = "Never for new designs."},
                          .schema = keel__types_money_type},
    [TYPES_SERIAL] =
        {{"serial", "types", KEEL_SEVERITY_ADVICE, KEEL_FIX_NEEDS_DECISION, false, true, false,
          .title = "Keys are serial",
          .why = "serial is a default and a sequence that are only loosely tied: grants, copies of "
                 "tables and explicit values go wrong in ways that identity columns do not.",
          .evidence = "One finding a database: columns whose default is nextval() of a sequence "
                      "that they own.",
          .how = "GENERATED BY DEFAULT AS IDENTITY.",
          .wrong_when = "Tools that are in use only know serial."},
         .schema = keel__types_serial},
    [TYPES_KEY_OVERFLOW] = {{"key-near-overflow", "types", KEEL_SEVERITY_WARNING,
                             KEEL_FIX_NEEDS_DECISION, false, true, true,
                             .title = "A key of 32 bits is half used up",
                             .why = "At 2,147,483,647 every insert fails, and the way out (bigint) "
                                    "rewrites the table and all that refer to it.",
                             .evidence = "Identity, serial and counted keys of smallint or integer "
                                         "whose highest value is more than half of the last.",
                             .how = "bigint, here and in every column that refers to it.",
                             .wrong_when = "The table does not grow any more."},
                            .table = keel__types_key_overflow},
};

const struct keel__rules keel__rules_types = {keel__types_rules, TYPES_COUNT};
