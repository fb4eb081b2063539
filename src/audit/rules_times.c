#include "audit/rules_times.h"

const struct keel__rule keel__times_rules[TIMES_COUNT] = {
    [TIMES_IMPOSSIBLE] =
        {{"impossible-date", "times", KEEL_SEVERITY_ERROR, KEEL_FIX_NEEDS_DECISION, true, true,
          true, .title = "A date that does not exist",
          .why =
              "30 February, 25 o'clock or half a date is text that looks like a time: it sorts "
              "among them, and every reader that takes it for one fails or makes it another day.",
          .evidence = "Columns where nine tenths of at least 20 values are dates or times as text "
                      "(ISO 8601, YYYYMMDD, ...) and that are declared or named as such. Counted: "
                      "days and times that do not exist (an error), and what is empty or not a "
                      "whole date (alone: advice).",
          .how = "Look them up in their source, or write NULL.",
          .wrong_when = "Partial dates are wanted: give them a column that says so."},
         .table = keel__times_impossible},
    [TIMES_MIXED] =
        {{"mixed-time-formats", "times", KEEL_SEVERITY_WARNING, KEEL_FIX_NEEDS_DECISION, true, true,
          true, .title = "Times in several forms in one column",
          .why = "As text they sort by form, not by time: a blank comes before T, +02:00 hides "
                 "that an hour is another. Ranges and orders leave rows out.",
          .evidence =
              "Columns of times kept as text or without a fixed type, with at least 5 values: rows "
              "for each form (T or blank, with Z, an offset or no zone, a date only, Unix seconds, "
              "...), those with an offset other than UTC, and those without a fraction of a second "
              "where others have one (if that is all: advice).",
          .how =
              "One form for all; for those without a zone it has to be known which one was meant.",
          .wrong_when = "The column keeps what others wrote, as they wrote it."},
         .table = keel__times_mixed},
    [TIMES_UNITS] = {{"epoch-units-mixed", "times", KEEL_SEVERITY_WARNING, KEEL_FIX_NEEDS_DECISION,
                      true, true, true, .title = "Unix seconds and milliseconds in one column",
                      .why = "Milliseconds read as seconds lie in the year 50,000, seconds read as "
                             "milliseconds in January 1970.",
                      .evidence = "Columns with the name of a time whose numbers are Unix times "
                                  "between 1990 and 2100, some in one unit and some in another.",
                      .how = "Convert them by their size.", .wrong_when = "Never."},
                     .table = keel__times_units},
    [TIMES_ZERO] =
        {{"zero-time", "times", KEEL_SEVERITY_WARNING, KEEL_FIX_NEEDS_DECISION, true, true, true,
          .title = "0 stands for an unknown time",
          .why = "Programs show 1 January 1970, and minimum, age and order count it as a time.",
          .evidence =
              "Columns with the name of a time and at least 20 Unix times, more than the zeros "
              "among them; advice where the name is of an end (expires, until, deleted).",
          .how = "NULL for what is not known.",
          .wrong_when = "0 means something else in this column."},
         .table = keel__times_zero},
    [TIMES_ZONES] =
        {{"zone-and-no-zone", "times", KEEL_SEVERITY_WARNING, KEEL_FIX_NEEDS_DECISION, true, true,
          true, .title = "Times with and without zone in one table",
          .why = "Whoever compares the two assumes a zone, and is hours off where it was another.",
          .evidence = "PostgreSQL: timestamptz beside timestamp columns. SQLite and text: columns "
                      "nine tenths of whose times have a zone beside columns nine tenths of whose "
                      "have none. Columns that say local are left out.",
          .how = "A zone for all, once it is known which one was meant.",
          .wrong_when = "The times without zone are wall-clock times (opening hours)."},
         .table = keel__times_zones},
    [TIMES_NO_ZONE] =
        {{"time-without-zone", "times", KEEL_SEVERITY_ADVICE, KEEL_FIX_NEEDS_DECISION, true, true,
          true, .title = "Times without time zone",
          .why = "Which moment they mean depends on the zone of whoever wrote and of whoever reads "
                 "them; when clocks change, an hour comes twice.",
          .evidence = "PostgreSQL: columns of type timestamp, one finding a table. SQLite: columns "
                      "nine tenths of whose times have no zone, one finding a database.",
          .how = "PostgreSQL: timestamptz, with the zone that was meant. SQLite: a Z behind each, "
                 "if UTC was written.",
          .wrong_when = "Wall-clock times, or UTC by a convention that all programs keep."},
         .schema = keel__times_no_zone},
    [TIMES_ACROSS] = {{"time-formats-differ", "times", KEEL_SEVERITY_ADVICE,
                       KEEL_FIX_NEEDS_DECISION, true, true, true,
                       .title = "The same time is written differently in different tables",
                       .why =
                           "created_at of one table does not compare with created_at of another.",
                       .evidence = "Columns of one name in several tables, by the form that most "
                                   "of their values have. At most 64 names are followed.",
                       .how = "One form for all.", .wrong_when = "The tables never meet."},
                      .schema = keel__times_across},
    [TIMES_TYPES] =
        {{"time-type-differs", "times", KEEL_SEVERITY_ADVICE, KEEL_FIX_NEEDS_DECISION, true, true,
          true, .title = "Times are of another type than elsewhere",
          .why = "Drivers return a time here and a text there; a change of all times misses some.",
          .evidence = "Columns named like moments (..._at, ..._ts, timestamp): those of another "
                      "declared type than at least three fifths of them.",
          .how = "The type of the others.",
          .wrong_when = "The column holds what others wrote, as they wrote it."},
         .schema = keel__times_types},
    [TIMES_AS_TEXT] = {{"time-as-text", "times", KEEL_SEVERITY_ADVICE, KEEL_FIX_AUTOMATIC, true,
                        true, true, .title = "Times are kept as text",
                        .why = "Anything gets in, and each comparison and sum of times needs a "
                               "cast or a function that fails on the first bad one.",
                        .evidence = "Columns of text with at least 20 values, nine tenths of them "
                                    "dates or times. In SQLite, whose own form is ISO 8601 text, "
                                    "only other forms: YYYYMMDD, 22/11/2026, Unix times as text.",
                        .how =
                            "PostgreSQL: `date` where all are YYYY-MM-DD and nothing hangs on the "
                            "column; timestamptz is a decision. SQLite: write them as YYYY-MM-DD.",
                        .wrong_when = "The text is what others wrote, as they wrote it."},
                       .schema = keel__times_as_text},
};

const struct keel__rules keel__rules_times = {keel__times_rules, TIMES_COUNT};
