#include "audit/name.h"

#include <string.h>

#include "audit/rule.h"

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_part(char c)
{
    return (c >= 'a' && c <= 'z') || is_upper(c) || (c >= '0' && c <= '9') || (c & 0x80);
}

/* Whether a new word begins at c, which stands behind before: userId, XMLFile. */
static bool begins_word(const char *name, const char *c)
{
    if (c == name || !is_upper(*c))
        return false;
    return !is_upper(c[-1]) || (c[1] && is_part(c[1]) && !is_upper(c[1]) &&
                                !(c[1] >= '0' && c[1] <= '9') && !(c[1] == 's' && !is_part(c[2])));
}

void keel__name_split(const char *name, struct keel__name_words *out)
{
    out->count = 0;
    size_t size = 0;
    bool inside = false;
    for (const char *c = name; *c; c++) {
        if (!is_part(*c) || begins_word(name, c)) {
            if (inside)
                out->text[size++] = 0;
            inside = false;
        }
        if (!is_part(*c))
            continue;
        if (size + 2 >= sizeof out->text || (!inside && out->count == KEEL__MAX_NAME_WORDS))
            break;
        if (!inside)
            out->words[out->count++] = &out->text[size];
        inside = true;
        out->text[size++] = is_upper(*c) ? (char)(*c + 32) : *c;
    }
    if (inside)
        out->text[size++] = 0;
}

void keel__name_join(const struct keel__name_words *words, size_t from, size_t to, char *out,
                     size_t size)
{
    size_t used = 0;
    for (size_t i = from; i < to; i++) {
        size_t length = strlen(words->words[i]);
        if (used + length + 2 > size)
            break;
        if (i > from)
            out[used++] = '_';
        memcpy(out + used, words->words[i], length);
        used += length;
    }
    out[used] = 0;
}

bool keel__word_among(const char *word, const char *words)
{
    size_t length = strlen(word);
    for (const char *at = words; *at;) {
        size_t size = strcspn(at, " ");
        if (size == length && memcmp(at, word, size) == 0)
            return true;
        at += size;
        at += strspn(at, " ");
    }
    return false;
}

bool keel__name_has(const char *name, const char *words)
{
    struct keel__name_words split;
    keel__name_split(name, &split);
    for (size_t i = 0; i < split.count; i++)
        if (keel__word_among(split.words[i], words))
            return true;
    return false;
}

bool keel__name_ends(const char *name, const char *words)
{
    struct keel__name_words split;
    keel__name_split(name, &split);
    return split.count && keel__word_among(split.words[split.count - 1], words);
}

bool keel__name_starts(const char *name, const char *words)
{
    struct keel__name_words split;
    keel__name_split(name, &split);
    return split.count && keel__word_among(split.words[0], words);
}

/* ---- singular -------------------------------------------------------------------------------- */

static const struct {
    const char *plural, *singular;
} irregular[] = {
    {"people", "person"},
    {"persons", "person"},
    {"children", "child"},
    {"men", "man"},
    {"women", "woman"},
    {"mice", "mouse"},
    {"feet", "foot"},
    {"teeth", "tooth"},
    {"indices", "index"},
    {"matrices", "matrix"},
    {"vertices", "vertex"},
    {"criteria", "criterion"},
    {"analyses", "analysis"},
    {"bases", "base"},
    {"crises", "crisis"},
    {"theses", "thesis"},
    {"hypotheses", "hypothesis"},
    {"synopses", "synopsis"},
    {"diagnoses", "diagnosis"},
    {"movies", "movie"},
    {"cookies", "cookie"},
    {"caches", "cache"},
    {"niches", "niche"},
    {"quizzes", "quiz"},
    {"shoes", "shoe"},
    {"leaves", "leaf"},
    {"halves", "half"},
    {"shelves", "shelf"},
    {"wolves", "wolf"},
    {"knives", "knife"},
    {"lives", "life"},
    {"series", "series"},
    {"species", "species"},
    {"news", "news"},
    {"data", "data"},
    {"media", "media"},
    {"metadata", "metadata"},
    {"buses", "bus"},
    {"gases", "gas"},
    {"apis", "api"},
    {"corpora", "corpus"},
    {"axes", "axis"},
    {"aliases", "alias"},
    {"canvases", "canvas"},
    {"biases", "bias"},
    {"lens", "lens"},
    {"alias", "alias"},
    {"bias", "bias"},
    {"canvas", "canvas"},
    {"gas", "gas"},
    {"atlas", "atlas"},
};

static bool ends(const char *text, size_t length, const char *tail)
{
    size_t size = strlen(tail);
    return length > size && memcmp(text + length - size, tail, size) == 0;
}

/* How many bytes of a regular plural are its ending; *tail is what stands there in the singular. */
static size_t plural_ending(const char *word, size_t length, const char **tail)
{
    *tail = "";
    if (length < 3 || word[length - 1] != 's' || ends(word, length, "ss") ||
        ends(word, length, "us") || ends(word, length, "is"))
        return 0;
    if (ends(word, length, "ies") && length > 4) {
        *tail = "y";
        return 3;
    }
    if (ends(word, length, "sses") || ends(word, length, "xes") || ends(word, length, "ches") ||
        ends(word, length, "shes") || ends(word, length, "oes") || ends(word, length, "zzes"))
        return 2;
    /* statuses, viruses; but houses, causes, uses */
    if (ends(word, length, "uses") && length > 5 && !strchr("aeo", word[length - 5]))
        return 2;
    return 1;
}

void keel__name_singular(const char *name, char *out, size_t size)
{
    struct keel__name_words split;
    keel__name_split(name, &split);
    keel__name_join(&split, 0, split.count, out, size);
    if (!split.count)
        return;
    const char *last = split.words[split.count - 1];
    size_t length = strlen(last), whole = strlen(out);
    if (whole < length || memcmp(out + whole - length, last, length) != 0)
        return; /* cut */
    const char *tail = "";
    size_t ending = 0;
    for (size_t i = 0; i < sizeof irregular / sizeof *irregular && !ending; i++)
        if (strcmp(last, irregular[i].plural) == 0) {
            ending = length;
            tail = irregular[i].singular;
        }
    if (!ending)
        ending = plural_ending(last, length, &tail);
    if (whole - ending + strlen(tail) + 1 > size)
        return;
    memcpy(out + whole - ending, tail, strlen(tail) + 1);
}
