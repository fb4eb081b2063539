#include "audit/vocabulary.h"

#include "audit/rule.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Shares of the column's rows. A word of the lexicon is at home in such columns and has to be much
 * rarer than another to be looked at. */
static const double RARE_KNOWN = 0.01, RARE_OTHER = 0.035;
/* Under this share a word is rare if the next larger one has three times as many rows. */
static const double RARE_GAP = 0.10, GAP = 0.34;
static const double SURE_SPELLING = 0.05, MAYBE_SPELLING = 0.30, DISTANCE = 0.05,
                    SURE_DISTANCE = 0.01, SYNONYM = 0.10;
static const int64_t MIN_ROWS_RARE = 20;

/* Words of one line mean the same. A bar ends a group. */
static const char *const synonyms[] = {
    "completed", "complete", "done",        "finished",   "success",     "succeeded", "successful",
    "ok",        "|",        "failed",      "fail",       "failure",     "error",     "errored",
    "|",         "running",  "in_progress", "processing", "working",     "started",   "|",
    "pending",   "waiting",  "queued",      "todo",       "|",           "cancelled", "canceled",
    "aborted",   "|",        "warn",        "warning",    "|",           "active",    "enabled",
    "|",         "inactive", "disabled",    "|",          "deleted",     "removed",   "|",
    "critical",  "fatal",    "|",           "info",       "information", "|",         NULL};

static const char known_words[] =
    " pending waiting queued scheduled new open opened created started active running in_progress "
    "processing paused blocked completed complete done finished closed succeeded success ok failed "
    "error cancelled canceled archived deleted draft published approved rejected accepted declined "
    "paid unpaid shipped delivered returned refunded expired disabled enabled inactive suspended "
    "resolved trace debug info notice warn warning critical fatal user assistant system tool admin "
    "owner member guest viewer editor moderator low medium high normal urgent public private "
    "internal external default primary secondary skipped locked unlocked blocked sent received "
    "read unread confirmed submitted verified unverified hidden visible retired ";

static const char final_words[] =
    " completed complete done finished closed succeeded success successful ok failed failure error "
    "cancelled canceled aborted archived deleted expired rejected refunded returned delivered "
    "resolved timeout skipped ";

static bool in_list(const char *list, const char *word)
{
    char with[64];
    int length = snprintf(with, sizeof with, " %s ", word);
    return length > 0 && (size_t)length < sizeof with && strstr(list, with) != NULL;
}

void keel__vocabulary_fold(const char *text, char *out, size_t size)
{
    const char *end = text + strlen(text);
    while (*text && isspace((unsigned char)*text))
        text++;
    while (end > text && isspace((unsigned char)end[-1]))
        end--;
    size_t used = 0;
    for (; text < end && used + 1 < size; text++) {
        char c = (char)tolower((unsigned char)*text);
        out[used++] = c == '-' || c == ' ' || c == '\t' ? '_' : c;
    }
    out[used] = '\0';
}

static int group_of(const char *folded)
{
    int group = 0;
    for (size_t i = 0; synonyms[i]; i++)
        if (synonyms[i][0] == '|')
            group++;
        else if (strcmp(synonyms[i], folded) == 0)
            return group;
    return -1;
}

static bool only_letters(const char *folded)
{
    for (; *folded; folded++)
        if (!isalpha((unsigned char)*folded) && *folded != '_')
            return false;
    return true;
}

/* "complete", "completed": the same word with another ending. */
static bool same_stem(const char *a, const char *b)
{
    size_t size_a = strlen(a), size_b = strlen(b);
    const char *shorter = size_a < size_b ? a : b, *longer = size_a < size_b ? b : a;
    size_t size = strlen(shorter);
    return size >= 4 && strncmp(shorter, longer, size) == 0 &&
           in_list(" d ed s es ing led ling ure ion ", longer + size);
}

/* One letter more or less, or two neighbours exchanged. A letter replaced makes another word too
 * often (shipped, skipped), and so does one in front (locked, blocked). */
static bool one_slip(const char *a, const char *b)
{
    size_t size_a = strlen(a), size_b = strlen(b);
    if (size_a < 5 || size_b < 5)
        return false;
    size_t front = 0;
    while (a[front] && a[front] == b[front])
        front++;
    if (front == 0)
        return false;
    if (size_a == size_b) {
        return a[front] && a[front + 1] && a[front] == b[front + 1] && a[front + 1] == b[front] &&
               strcmp(a + front + 2, b + front + 2) == 0;
    }
    if (size_a == size_b + 1)
        return strcmp(a + front + 1, b + front) == 0;
    return size_b == size_a + 1 && strcmp(a + front, b + front + 1) == 0;
}

static void set(struct keel__vocabulary_word *word, enum keel__slip slip, bool sure,
                const struct keel__word *meant)
{
    *word = (struct keel__vocabulary_word){word->word, slip, sure, meant};
}

/* What word is beside one that has more rows. */
static bool compare(struct keel__vocabulary_word *word, const char *folded,
                    const struct keel__vocabulary_word *larger, const char *larger_folded)
{
    double ratio = (double)word->word->rows / (double)larger->word->rows;
    if (strcmp(folded, larger_folded) == 0)
        set(word, KEEL__SLIP_VARIANT, true, larger->word);
    else if (!only_letters(folded) || !only_letters(larger_folded))
        return false;
    else if (same_stem(folded, larger_folded) && ratio <= MAYBE_SPELLING)
        set(word, KEEL__SLIP_SPELLING, ratio <= SURE_SPELLING, larger->word);
    else if (one_slip(folded, larger_folded) && ratio <= DISTANCE)
        set(word, KEEL__SLIP_SPELLING, ratio <= SURE_DISTANCE, larger->word);
    else if (group_of(folded) >= 0 && group_of(folded) == group_of(larger_folded) &&
             (ratio <= SYNONYM || strncmp(folded, "warn", 4) == 0))
        set(word, KEEL__SLIP_SYNONYM, false, larger->word);
    else
        return false;
    return true;
}

static bool is_rare(const struct keel__vocabulary *vocabulary, size_t index, const char *folded)
{
    int64_t rows = vocabulary->words[index].word->rows;
    double share = (double)rows / (double)vocabulary->rows;
    if (in_list(known_words, folded))
        return share < RARE_KNOWN;
    if (share < RARE_OTHER)
        return true;
    for (size_t i = index; i-- > 0 && share < RARE_GAP;) {
        int64_t larger = vocabulary->words[i].word->rows;
        if (larger > rows && vocabulary->words[i].slip == KEEL__SLIP_NONE)
            return (double)rows <= GAP * (double)larger;
    }
    return false;
}

static void judge(struct keel__vocabulary *vocabulary, size_t index, bool rare)
{
    struct keel__vocabulary_word *word = &vocabulary->words[index];
    char folded[128], larger[128];
    keel__vocabulary_fold(word->word->text, folded, sizeof folded);
    if (!folded[0]) {
        set(word, KEEL__SLIP_EMPTY, true, NULL);
        return;
    }
    for (size_t i = 0; i < index; i++) {
        const struct keel__vocabulary_word *other = &vocabulary->words[i];
        if (other->slip != KEEL__SLIP_NONE)
            continue;
        keel__vocabulary_fold(other->word->text, larger, sizeof larger);
        if (compare(word, folded, other, larger))
            return;
    }
    if (rare && vocabulary->rows >= MIN_ROWS_RARE && is_rare(vocabulary, index, folded))
        set(word, KEEL__SLIP_RARE, false, NULL);
}

bool keel__vocabulary_of(const struct keel__profile *profile, bool rare,
                         struct keel__vocabulary *out)
{
    *out = (struct keel__vocabulary){.count = 0};
    if (profile->word_count == 0 || profile->word_count > KEEL__MAX_WORDS_KEPT)
        return false;
    for (size_t i = 0; i < profile->word_count; i++) {
        out->words[i].word = &profile->words[i];
        out->rows += profile->words[i].rows;
    }
    out->count = profile->word_count;
    for (size_t i = 0; i < out->count; i++) {
        judge(out, i, rare);
        const struct keel__vocabulary_word *word = &out->words[i];
        out->plain += word->slip == KEEL__SLIP_NONE;
        out->slip_rows += word->slip == KEEL__SLIP_NONE ? 0 : word->word->rows;
        out->sure_rows += word->sure ? word->word->rows : 0;
    }
    return true;
}

void keel__vocabulary_reason(const struct keel__vocabulary_word *word, char *out, size_t size)
{
    switch (word->slip) {
    case KEEL__SLIP_NONE:
        snprintf(out, size, "a plain word");
        return;
    case KEEL__SLIP_EMPTY:
        snprintf(out, size, "empty");
        return;
    case KEEL__SLIP_VARIANT:
    case KEEL__SLIP_SPELLING:
        snprintf(out, size, "looks like '%s'", word->meant->text);
        return;
    case KEEL__SLIP_SYNONYM:
        snprintf(out, size, "may mean '%s'", word->meant->text);
        return;
    case KEEL__SLIP_RARE:
        snprintf(out, size, "rare");
        return;
    }
}

/* Lists that grow with the program: what happened, which tool, which file, which class. */
static const char growing[] = "event events tool error exception mime content file media class "
                              "model entity resource object subject owner target source";

bool keel__vocabulary_name(const char *column)
{
    return keel__name_ends(column, "status state type kind level role mode phase stage severity "
                                   "priority direction visibility tier gender outcome") &&
           !keel__name_has(column, growing);
}

bool keel__vocabulary_final(const struct keel__vocabulary *vocabulary)
{
    for (size_t i = 0; i < vocabulary->count; i++) {
        char folded[128];
        keel__vocabulary_fold(vocabulary->words[i].word->text, folded, sizeof folded);
        if (vocabulary->words[i].slip == KEEL__SLIP_NONE && !in_list(final_words, folded))
            return false;
    }
    return true;
}
