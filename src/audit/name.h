/*
 * audit/name.h - names of tables and columns as the words they are made of.
 *
 * "current_version_id", "currentVersionId" and "Current Version ID" are the words current, version,
 * id. Words are in lower case (ASCII; other letters stay as they are). A long name is cut.
 */
#ifndef AUDIT_NAME_H
#define AUDIT_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum { KEEL__MAX_NAME_WORDS = 12, KEEL__MAX_NAME_BYTES = 160 };

struct keel__name_words {
    char text[KEEL__MAX_NAME_BYTES]; /* the words, each ended by NUL */
    const char *words[KEEL__MAX_NAME_WORDS];
    size_t count;
};

void keel__name_split(const char *name, struct keel__name_words *out);
/* Words from to (not with) to, joined by '_', in out; cut to size. */
void keel__name_join(const struct keel__name_words *words, size_t from, size_t to, char *out,
                     size_t size);
/* Whether word is one of words, which are parted by blanks. */
bool keel__word_among(const char *word, const char *words);

#endif
