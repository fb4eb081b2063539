/*
 * audit/scan.h - one pass over a table's rows: what the files of the scan share.
 *
 * scan.c plans and runs it, scan_sql.c writes its SELECTs, profile.c keeps what each column shows,
 * cross.c how columns fare beside words, combination.c the tuples and dependencies.
 *
 * A column begins with few words: each distinct value is looked at once and counted. At the 65th it
 * turns to a set of hashes, and every value is looked at.
 */
#ifndef KEEL_AUDIT_SCAN_H
#define KEEL_AUDIT_SCAN_H

#include "audit/run.h"
#include "audit/set.h"
#include "audit/shape.h"
#include "base/str.h"

enum keel__stored {
    KEEL__STORED_NULL = 0,
    KEEL__STORED_INTEGER,
    KEEL__STORED_REAL,
    KEEL__STORED_TEXT,
    KEEL__STORED_BLOB
};

struct keel__value {
    enum keel__stored class;
    int64_t integer;
    double real;
    struct keel_slice bytes; /* TEXT and BLOB; borrowed from the row */
    size_t size;             /* in the database; more than bytes.size when only a part was read */
};

/* How the text that PostgreSQL gives is to be taken. */
enum keel__decode {
    KEEL__DECODE_AS_IT_IS = 0, /* SQLite: storage classes */
    KEEL__DECODE_INTEGER,
    KEEL__DECODE_BOOLEAN,
    KEEL__DECODE_REAL,
    KEEL__DECODE_DECIMAL, /* a REAL without dust */
    KEEL__DECODE_TEXT,
    KEEL__DECODE_OPAQUE, /* text of arrays, ranges and the like: its form says nothing */
    KEEL__DECODE_LENGTH  /* bytea: only its length was read */
};

/* What a value is to a cross table. */
enum {
    KEEL__FLAG_NULL = 1,
    KEEL__FLAG_EMPTY = 2,
    KEEL__FLAG_JSON = 4,
    KEEL__FLAG_JSON_BROKEN = 8,
    KEEL__FLAG_ZERO = 16,
    KEEL__FLAG_TRUTH = 32,
    KEEL__FLAG_JSON_SCALAR = 64,
    KEEL__FLAG_COUNT = 7
};

struct keel__word_scan {
    uint64_t hash;
    int64_t rows;
    enum keel__stored class;
    int64_t integer;
    double real;
    size_t size;
    struct keel__shaped shaped;
    uint64_t fold_hash;
    const char *text;
    unsigned flags;
};

enum { KEEL__WORD_SLOTS = 256 };

struct keel__column_scan {
    struct keel__profile *profile;
    enum keel__decode decode;
    int64_t limit_characters;      /* of varchar(n); 0: none */
    struct keel__word_scan *words; /* NULL: there are too many */
    size_t word_count;
    uint8_t word_slots[KEEL__WORD_SLOTS]; /* index + 1 */
    bool long_words;
    struct keel__set distinct, folded;
    int64_t folding; /* distinct values that folding changes */
    bool unique;     /* numbers that are a key: no set is needed to count them */
    struct keel__examples *examples;
    uint64_t open; /* shapes that want more examples */
    /* of the row under way */
    struct keel__value value;
    uint64_t hash; /* 0: NULL, or not known */
    int word;      /* index; -1: none */
    unsigned flags;
};

struct keel__cross_scan { /* a column of few words */
    size_t column;
    uint32_t *cells[KEEL__CROSS_WORDS]; /* of each word: KEEL__FLAG_COUNT for each column */
};

struct keel__probe_scan {
    struct keel__probe result;
    const char *expression, *example;
    struct keel__set distinct;
};

struct keel__tuple_scan {
    struct keel__tuple result;
    size_t *columns;
    size_t column_count;
    bool fold;
    struct keel__set set;
};

struct keel__dependency_scan {
    struct keel__dependency result;
    size_t a, b;
    struct keel__set first;  /* a -> the first b */
    struct keel__set others; /* further (a, b) */
};

struct keel__scan {
    struct keel__audit *audit;
    const struct keel_table_model *table;
    struct keel__table_facts *facts;
    struct keel__arena arena; /* for as long as the scan; results go to audit->arena */
    struct keel__budget budget;
    struct keel__shape_scratch *scratch;
    struct keel__column_scan *columns;
    struct keel__cross_scan *crosses;
    size_t cross_count;
    uint16_t *flagged; /* columns of the row under way whose flags are not 0 */
    size_t flagged_count;
    struct keel__probe_scan *probes;
    size_t probe_count, probe_capacity;
    struct keel__tuple_scan *tuples;
    size_t tuple_count, tuple_capacity;
    struct keel__dependency_scan *dependencies;
    size_t dependency_count, dependency_capacity;
    bool failed; /* memory was out */
    /* reading */
    size_t table_index;
    int64_t wanted; /* rows; negative: all */
    bool in_heaps;  /* rowids stand in few heaps: windows over them show too little */
    size_t first_probe, probe_end; /* of the statement under way */
    bool with_columns;             /* the statement reads the columns as well */
    int64_t goal;                  /* rows there are to read, about; 0: not known */
    int64_t seen;                  /* rows, of any statement */
    int64_t last_rowid;
};

/* profile.c */
int keel__profile_begin(struct keel__scan *scan, size_t index, struct keel_error *err);
/* Takes column->value: first of all columns of a row, so that the memory of their sets is on its
 * way when they are added. */
void keel__profile_take(struct keel__scan *scan, struct keel__column_scan *column);
void keel__profile_add(struct keel__scan *scan, struct keel__column_scan *column);
void keel__profile_end(struct keel__scan *scan, struct keel__column_scan *column);
/* Hash of the value under way with letter case and outer blanks taken away. */
uint64_t keel__profile_fold(const struct keel__column_scan *column);
/* value.c: a value for people, at most max bytes of UTF-8, in arena. */
const char *keel__value_text(struct keel__arena *arena, const struct keel__value *value,
                             size_t max);
/* Adds text to examples unless it is there or they are full. text is in the audit's arena. */
void keel__examples_add(struct keel__examples *examples, const char *text);

/* cross.c */
int keel__cross_begin(struct keel__scan *scan, struct keel_error *err);
void keel__cross_row(struct keel__scan *scan);
int keel__cross_end(struct keel__scan *scan, struct keel_error *err);

/* combination.c */
void keel__combinations_row(struct keel__scan *scan);
int keel__combinations_end(struct keel__scan *scan, struct keel_error *err);
void keel__combinations_fini(struct keel__scan *scan);

/* scan_rows.c: the statements of one attempt at reading. */
int keel__scan_rows(struct keel__scan *scan, struct keel_error *err);

/* scan_sql.c */
/* schema.table, as SQL has it. */
void keel__scan_name(struct keel__str *out, const struct keel__scan *scan);
/* FROM table AS t */
void keel__scan_from(struct keel__str *out, const struct keel__scan *scan);
/* SELECT of the columns (where with_columns) and of the probes from first_probe to probe_end.
 * tail: what stands after FROM table AS t. last: a further expression; NULL: none. */
void keel__scan_select(struct keel__str *out, const struct keel__scan *scan, const char *last,
                       const char *tail);
/* The same for one probe, to see whether it works. */
void keel__scan_probe_sql(struct keel__str *out, const struct keel__scan *scan, size_t probe);
enum keel__decode keel__scan_decode(const struct keel__audit *audit,
                                    const struct keel_column_model *column);
/* A name of SQLite's rowid that no column has; NULL when there is none. */
const char *keel__scan_rowid(const struct keel_table_model *table);

#endif
