/*
 * audit/vocabulary.h - which of the words in a column are its plain ones, and which look like slips
 * or are rare beside them.
 *
 * Words are told apart by their rows and by their spelling; what a word means is known of a few
 * dozen states only. The thresholds stand in vocabulary.c.
 */
#ifndef KEEL_AUDIT_VOCABULARY_H
#define KEEL_AUDIT_VOCABULARY_H

#include "audit/facts.h"

enum keel__slip {
    KEEL__SLIP_NONE = 0, /* a plain word */
    KEEL__SLIP_EMPTY,    /* '' or blanks */
    KEEL__SLIP_VARIANT,  /* another word but for letter case, outer blanks, - _ and blanks */
    KEEL__SLIP_SPELLING, /* a letter more or less, two exchanged, another ending */
    KEEL__SLIP_SYNONYM,  /* says what a far more frequent word says: done, completed */
    KEEL__SLIP_RARE      /* nothing but rare */
};

struct keel__vocabulary_word {
    const struct keel__word *word;
    enum keel__slip slip;
    bool sure;                      /* EMPTY, VARIANT, and most SPELLING */
    const struct keel__word *meant; /* the word it may stand for; NULL: not known */
};

struct keel__vocabulary {
    struct keel__vocabulary_word words[KEEL__MAX_WORDS_KEPT]; /* most rows first */
    size_t count;
    size_t plain;      /* words that are no slips */
    int64_t rows;      /* of all */
    int64_t slip_rows; /* of all that are not plain */
    int64_t sure_rows; /* of those that are surely slips */
};

/* Sorts the words of a profile into out. rare: whether words may be slips because they are rare
 * alone (for columns that hold states and kinds). False when the profile kept no words. */
bool keel__vocabulary_of(const struct keel__profile *profile, bool rare,
                         struct keel__vocabulary *out);

/* "looks like 'completed'", "empty", "rare": for people; in out. */
void keel__vocabulary_reason(const struct keel__vocabulary_word *word, char *out, size_t size);

/* Letter case, outer blanks and separators taken away, in out; what does not fit is cut. */
void keel__vocabulary_fold(const char *text, char *out, size_t size);

/* Whether the column's name says that it holds one of a few words: status, kind, role, level. */
bool keel__vocabulary_name(const char *column);
/* Whether all words are ends of something (completed, failed): the states on the way are missing.
 */
bool keel__vocabulary_final(const struct keel__vocabulary *vocabulary);

#endif
