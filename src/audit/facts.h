/*
 * audit/facts.h - what one pass over a table's rows tells.
 *
 * The scan reads every column of every row (or of a sample) once: SELECT columns, probes FROM
 * table. For each column it keeps a profile without being asked. Rules ask in plan() for probes
 * (SQL conditions), tuples (is this combination unique?) and dependencies (does a determine b?).
 * Cross tables between columns of few words and all others are kept without being asked.
 *
 * Memory is bounded (facts.c): a set that grows past its bound says overflow and stops counting.
 * In PostgreSQL every column is read as its text form (x::text; bytea not beyond its length), and
 * `integers`, `reals`, `texts`, `blobs` follow the column's type.
 */
#ifndef KEEL_AUDIT_FACTS_H
#define KEEL_AUDIT_FACTS_H

#include <keel/schema.h>

enum { KEEL__MAX_EXAMPLES = 5, KEEL__MAX_WORDS_KEPT = 64, KEEL__CROSS_WORDS = 24 };

struct keel__examples {
    const char *texts[KEEL__MAX_EXAMPLES]; /* cut to 120 bytes */
    int count;
};

/* What a value looks like. A value can have several. Text only, but for those marked *. */
enum keel__shape {
    KEEL__SHAPE_EMPTY = 0,       /* '' */
    KEEL__SHAPE_BLANK_EDGE,      /* begins or ends in white space, or is white space */
    KEEL__SHAPE_NULL_WORD,       /* null, none, nil, n/a, undefined, nan in any case */
    KEEL__SHAPE_INTEGER,         /* -?digits */
    KEEL__SHAPE_LEADING_ZERO,    /* 0 and more digits */
    KEEL__SHAPE_DECIMAL,         /* -?digits.digits */
    KEEL__SHAPE_SCIENTIFIC,      /* 1e5 */
    KEEL__SHAPE_UUID,            /* 36 characters, lower case, with hyphens */
    KEEL__SHAPE_UUID_OTHER,      /* upper case, in braces, urn:uuid:; without hyphens when its
                                    version and variant bits are a UUID's */
    KEEL__SHAPE_HEX,             /* 16 and more hex digits, an even number */
    KEEL__SHAPE_DATE,            /* YYYY-MM-DD, a day that is */
    KEEL__SHAPE_DATE_COMPACT,    /* YYYYMMDD, a day that is, 1900 to 2100 */
    KEEL__SHAPE_DATE_BROKEN,     /* either form, and no such day */
    KEEL__SHAPE_DATE_OTHER,      /* D/M/Y, M/D/Y, D.M.Y, "Nov 22 2026" */
    KEEL__SHAPE_TIME_T_ZULU,     /* YYYY-MM-DDThh:mm[:ss[.f]]Z */
    KEEL__SHAPE_TIME_T_OFFSET,   /* ... +hh:mm */
    KEEL__SHAPE_TIME_T_LOCAL,    /* ... without a zone */
    KEEL__SHAPE_TIME_BLANK_ZULU, /* a blank in place of the T */
    KEEL__SHAPE_TIME_BLANK_OFFSET,
    KEEL__SHAPE_TIME_BLANK_LOCAL,
    KEEL__SHAPE_TIME_T_ZULU_FRACTION, /* the six above again, with a fraction of a second */
    KEEL__SHAPE_TIME_T_OFFSET_FRACTION,
    KEEL__SHAPE_TIME_T_LOCAL_FRACTION,
    KEEL__SHAPE_TIME_BLANK_ZULU_FRACTION,
    KEEL__SHAPE_TIME_BLANK_OFFSET_FRACTION,
    KEEL__SHAPE_TIME_BLANK_LOCAL_FRACTION,
    KEEL__SHAPE_TIME_FRACTION, /* any of the six */
    KEEL__SHAPE_TIME_UTC,      /* ... with an offset of zero or Z */
    KEEL__SHAPE_CLOCK,         /* hh:mm[:ss] */
    KEEL__SHAPE_EPOCH_S, /* * a number (also as text) that is a Unix time 1990 to 2100 in seconds */
    KEEL__SHAPE_EPOCH_MS,    /* * in milliseconds */
    KEEL__SHAPE_EPOCH_US,    /* * in microseconds (and nanoseconds) */
    KEEL__SHAPE_JSON_OBJECT, /* valid RFC 8259 */
    KEEL__SHAPE_JSON_ARRAY,
    KEEL__SHAPE_JSON_STRING,     /* "..." */
    KEEL__SHAPE_JSON_SCALAR,     /* a number, true, false, null */
    KEEL__SHAPE_JSON_IN_STRING,  /* a JSON string whose text is a JSON object or array */
    KEEL__SHAPE_JSON_BROKEN,     /* begins with { or [ (after blanks) and is not valid */
    KEEL__SHAPE_JSON_NULL,       /* the word null */
    KEEL__SHAPE_JSON_NAMES,      /* an array of strings of up to 100 bytes, at least one */
    KEEL__SHAPE_JSON_NAMES_MANY, /* ... at least two */
    KEEL__SHAPE_JSON_SCORES,     /* an object of at least three members, all numbers */
    KEEL__SHAPE_JSON_SCORES_OUT, /* ... and one of them is not between 0 and 1 */
    KEEL__SHAPE_JSON_DUST,       /* valid, with a number in it that has float dust */
    KEEL__SHAPE_JSON_NUL, /* valid, with \u0000 or half a surrogate pair in it: jsonb refuses it */
    KEEL__SHAPE_JSON_DUPLICATE_KEY, /* valid, and an object in it has a key twice */
    KEEL__SHAPE_EMAIL,
    KEEL__SHAPE_URL,   /* scheme:// */
    KEEL__SHAPE_WORD,  /* up to 40 of letters, digits, blank . _ - / : and begins with a letter */
    KEEL__SHAPE_UPPER, /* has an upper-case letter */
    KEEL__SHAPE_BOOLEAN_WORD, /* true false yes no t f y n on off, in any case */
    KEEL__SHAPE_SECRET,   /* looks like a token or key: sk-..., ghp_..., eyJ..., AKIA..., -----BEGIN
                           */
    KEEL__SHAPE_NUL_BYTE, /* * a NUL byte in text */
    KEEL__SHAPE_BAD_UTF8, /* * */
    KEEL__SHAPE_BLOB_TEXT,  /* * a blob that is printable UTF-8 */
    KEEL__SHAPE_NAN,        /* * */
    KEEL__SHAPE_INFINITE,   /* * */
    KEEL__SHAPE_FLOAT_DUST, /* * a real that is a hair off a short decimal: 0.1 + 0.2 */
    KEEL__SHAPE_VERSION,    /* v1, 1.2, 1.2.3, v2025.06.04 */
    KEEL__SHAPE_COUNT
};

struct keel__word { /* a distinct value and its rows */
    const char *text;
    int64_t rows;
};

struct keel__profile {
    const struct keel_column_model *column;
    int64_t rows, nulls;
    int64_t integers, reals, texts, blobs; /* by storage class */
    int64_t shapes[KEEL__SHAPE_COUNT];     /* rows of each */
    const struct keel__examples *examples; /* the first few of each shape: examples[shape] */
    /* numbers */
    int64_t zeros, ones, negatives;
    bool has_number;
    int64_t min_integer, max_integer; /* of integer values */
    double min_real, max_real;        /* of all numbers */
    struct keel__examples negative_examples;
    /* text and blobs, in bytes; characters where that is said */
    int64_t min_bytes, max_bytes, total_bytes;
    int64_t max_characters;
    int64_t at_limit;  /* of varchar(n): values of exactly n characters */
    int64_t over_100k; /* values of 100,000 bytes and more */
    /* times: of values with a TIME or DATE shape or an epoch shape, in Unix microseconds */
    bool has_time;
    int64_t min_time_us, max_time_us;
    int64_t future;                                     /* later than the audit's now */
    int64_t older_1d, older_30d, older_90d, older_365d; /* than the audit's now */
    /* distinct values, NULLs apart; case matters */
    int64_t distinct;        /* exact up to its bound */
    bool distinct_overflow;  /* distinct is only a lower bound */
    int64_t distinct_folded; /* the same with letter case (ASCII) and outer blanks taken away */
    int64_t duplicate_rows;  /* rows whose value was there before; exact unless overflow */
    struct keel__word
        *words; /* the values with their rows, most first; when distinct is at most
                   KEEL__MAX_WORDS_KEPT and none is longer than 100 bytes; else none */
    size_t word_count;
    struct keel__examples first; /* of any value */
};

/* Of the rows whose column `words` (few distinct words) is words[i]: how another column fares. */
struct keel__cross_cell {
    int64_t rows, nulls, empties, json /* object or array */, json_broken, zeros;
    int64_t truths;      /* true, 1 */
    int64_t json_scalar; /* text that is a JSON string, number, true, false or null */
};
struct keel__cross {
    size_t words_column, other_column; /* indexes in the table's columns */
    size_t word_count;
    const char *words[KEEL__CROSS_WORDS];
    struct keel__cross_cell cells[KEEL__CROSS_WORDS];
};

/* ---- what rules ask for ---------------------------------------------------------------------- */

struct keel__scan; /* of one table, while it is planned */

const struct keel_table_model *keel__scan_table(const struct keel__scan *scan);

/* Counts the rows for which an SQL expression is true. The table's alias is t; expression must not
 * fail on any value (no casts that may, no json_extract without json_valid), and must be cheap: an
 * index look-up at most. example (may be NULL) is an SQL expression whose value is shown for the
 * first few such rows. owner and key name the probe when its result is looked up; both are borrowed
 * for as long as the audit lives. The same key twice is one probe. */
void keel__scan_probe(struct keel__scan *scan, const char *key, const char *expression,
                      const char *example);
struct keel__probe {
    const char *key;
    int64_t matching, nulls; /* expression is true; is NULL */
    int64_t distinct;        /* of the example, up to a bound */
    struct keel__examples examples;
};

/* Counts how often a combination of columns occurs again. Rows with a NULL among them are left out.
 */
void keel__scan_tuple(struct keel__scan *scan, const char *key, const size_t *columns, size_t count,
                      bool fold /* letter case and outer blanks do not count */);
struct keel__tuple {
    const char *key;
    int64_t rows;       /* without a NULL */
    int64_t distinct;   /* combinations */
    int64_t repeated;   /* combinations with more than one row */
    int64_t extra_rows; /* rows - distinct */
    bool overflow;
    struct keel__examples examples; /* of repeated ones */
};

/* Counts for how many values of column a there is more than one value of column b. NULLs of a are
 * left out, a NULL of b is a value. */
void keel__scan_dependency(struct keel__scan *scan, const char *key, size_t a, size_t b);
struct keel__dependency {
    const char *key;
    int64_t rows, groups;  /* values of a */
    int64_t contradicting; /* of these, with several b */
    int64_t pairs;         /* different (a, b) */
    bool overflow;
    struct keel__examples examples; /* values of a */
};

struct keel__table_facts {
    const struct keel_table_model *table;
    bool scanned;
    const char *unreadable; /* what the database said when its rows were read; NULL: nothing */
    bool sampled;
    int64_t rows;                   /* read */
    int64_t row_count;              /* of the table: exact when not sampled, else about */
    struct keel__profile *profiles; /* one a column of the table, same index */
    const struct keel__cross *crosses;
    size_t cross_count;
    const struct keel__probe *probes;
    size_t probe_count;
    const struct keel__tuple *tuples;
    size_t tuple_count;
    const struct keel__dependency *dependencies;
    size_t dependency_count;
};

const struct keel__profile *keel__facts_profile(const struct keel__table_facts *facts,
                                                const char *column);
/* NULL when it was not asked for, or could not be counted. */
const struct keel__probe *keel__facts_probe(const struct keel__table_facts *facts, const char *key);
const struct keel__tuple *keel__facts_tuple(const struct keel__table_facts *facts, const char *key);
const struct keel__dependency *keel__facts_dependency(const struct keel__table_facts *facts,
                                                      const char *key);
/* Share of values that are not NULL and have one of the shapes, 0 to 1; 0 when there are none. */
double keel__profile_share(const struct keel__profile *profile, enum keel__shape shape);

#endif
