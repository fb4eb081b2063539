#include "audit/scan.h"

#include "base/error.h"

#include <math.h>
#include <stdlib.h>

enum {
    MAX_WORD_BYTES = 100,
    EXAMPLE_BYTES = 120,
    MAX_FOLD_BYTES = 200,
    LARGE_BYTES = 100000,
    WHOLE_BYTES = 16 << 20, /* of a bigger value only the beginning is looked at */
    BEGINNING_BYTES = 64 << 10
};

#define BIT(name) KEEL__SHAPE_BIT(KEEL__SHAPE_##name)

/* Rowids and other whole numbers that are a key by themselves. */
static bool is_numeric_key(const struct keel__scan *scan, size_t index)
{
    const struct keel_column_model *column = &scan->table->columns[index];
    const struct keel_key_model *key = scan->table->primary_key;
    if (column->identity == KEEL_IDENTITY_ROWID || column->identity == KEEL_IDENTITY_AUTOINCREMENT)
        return true;
    return scan->audit->dialect == KEEL_POSTGRES && column->type.kind == KEEL_LOGICAL_INTEGER &&
           !column->type.dimensions && key && key->column_count == 1 &&
           strcmp(key->columns[0], column->name) == 0;
}

int keel__profile_begin(struct keel__scan *scan, size_t index, struct keel_error *err)
{
    struct keel__column_scan *column = &scan->columns[index];
    column->profile = &scan->facts->profiles[index];
    *column->profile = (struct keel__profile){.column = &scan->table->columns[index],
                                              .examples = column->profile->examples};
    column->decode = keel__scan_decode(scan->audit, column->profile->column);
    if (column->profile->column->type.kind == KEEL_LOGICAL_TEXT)
        column->limit_characters = column->profile->column->type.length;
    column->words = keel__arena_calloc(&scan->arena, KEEL__MAX_WORDS_KEPT, sizeof *column->words);
    column->examples =
        keel__arena_calloc(&scan->arena, KEEL__SHAPE_COUNT, sizeof *column->examples);
    keel__set_init(&column->distinct, &scan->budget, false);
    keel__set_init(&column->folded, &scan->budget, false);
    column->open = ~UINT64_C(0);
    column->unique = is_numeric_key(scan, index);
    return column->words && column->examples ? KEEL_OK : keel__nomem(err);
}

/* ---- one value ------------------------------------------------------------------------------- */

static uint64_t hash_of(const struct keel__value *value)
{
    switch (value->class) {
    case KEEL__STORED_INTEGER:
        return keel__value_hash(keel_slice((const char *)&value->integer, sizeof value->integer),
                                KEEL__STORED_INTEGER);
    case KEEL__STORED_REAL:
        if (value->bytes.size)
            return keel__value_hash(value->bytes, KEEL__STORED_REAL);
        return keel__value_hash(keel_slice((const char *)&value->real, sizeof value->real),
                                KEEL__STORED_REAL);
    case KEEL__STORED_BLOB:
    case KEEL__STORED_TEXT:
        if (value->bytes.size < value->size && value->bytes.size == 0)
            return 0; /* only its length is known */
        return keel__value_hash(value->bytes, value->class);
    case KEEL__STORED_NULL:
        break;
    }
    return 0;
}

static uint64_t fold_hash(const struct keel__value *value, uint64_t hash)
{
    char folded[MAX_FOLD_BYTES];
    struct keel_slice text = value->bytes;
    if (value->class != KEEL__STORED_TEXT || text.size > MAX_FOLD_BYTES)
        return hash;
    while (text.size && (text.data[0] == ' ' || (text.data[0] >= '\t' && text.data[0] <= '\r')))
        text = keel_slice(text.data + 1, text.size - 1);
    while (text.size && (text.data[text.size - 1] == ' ' ||
                         (text.data[text.size - 1] >= '\t' && text.data[text.size - 1] <= '\r')))
        text.size--;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        folded[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    return keel__value_hash(keel_slice(folded, text.size), KEEL__STORED_TEXT);
}

uint64_t keel__profile_fold(const struct keel__column_scan *column)
{
    if (column->word >= 0)
        return column->words[column->word].fold_hash;
    return fold_hash(&column->value, column->hash);
}

static struct keel__shaped shape_text(struct keel__scan *scan, const struct keel__value *value)
{
    if (value->size <= WHOLE_BYTES)
        return keel__shape_text(scan->scratch, value->bytes);
    struct keel_slice start = keel_slice(value->bytes.data, BEGINNING_BYTES);
    struct keel__shaped shaped = keel__shape_text(scan->scratch, start);
    /* What only the whole text could show. */
    shaped.shapes &= ~(BIT(JSON_OBJECT) | BIT(JSON_ARRAY) | BIT(JSON_STRING) | BIT(JSON_SCALAR) |
                       BIT(JSON_IN_STRING) | BIT(JSON_BROKEN) | BIT(JSON_NUL) |
                       BIT(JSON_DUPLICATE_KEY) | BIT(BAD_UTF8) | BIT(INTEGER) | BIT(DECIMAL));
    shaped.characters = (int64_t)value->size;
    return shaped;
}

static struct keel__shaped shape_of(struct keel__scan *scan, const struct keel__column_scan *column)
{
    const struct keel__value *value = &column->value;
    struct keel__shaped shaped = {0};
    if (column->decode == KEEL__DECODE_OPAQUE || column->decode == KEEL__DECODE_LENGTH ||
        column->decode == KEEL__DECODE_BOOLEAN)
        return shaped;
    switch (value->class) {
    case KEEL__STORED_INTEGER:
        return keel__shape_integer(value->integer);
    case KEEL__STORED_REAL:
        shaped = keel__shape_real(value->real);
        if (column->decode == KEEL__DECODE_DECIMAL)
            shaped.shapes &= ~BIT(FLOAT_DUST);
        return shaped;
    case KEEL__STORED_TEXT:
        return shape_text(scan, value);
    case KEEL__STORED_BLOB:
        return keel__shape_blob(keel_slice(value->bytes.data, value->bytes.size < BEGINNING_BYTES
                                                                  ? value->bytes.size
                                                                  : BEGINNING_BYTES));
    case KEEL__STORED_NULL:
        break;
    }
    return shaped;
}

static unsigned flags_of(const struct keel__value *value, uint64_t shapes)
{
    unsigned flags = 0;
    if (value->class == KEEL__STORED_INTEGER || value->class == KEEL__STORED_REAL) {
        bool integer = value->class == KEEL__STORED_INTEGER;
        if (integer ? value->integer == 0 : value->real == 0)
            flags |= KEEL__FLAG_ZERO;
        if (integer ? value->integer == 1 : value->real == 1)
            flags |= KEEL__FLAG_TRUTH;
        return flags;
    }
    if (value->size == 0)
        flags |= KEEL__FLAG_EMPTY;
    if (shapes & (BIT(JSON_OBJECT) | BIT(JSON_ARRAY)))
        flags |= KEEL__FLAG_JSON;
    if (shapes & (BIT(JSON_STRING) | BIT(JSON_SCALAR)))
        flags |= KEEL__FLAG_JSON_SCALAR;
    if (shapes & BIT(JSON_BROKEN))
        flags |= KEEL__FLAG_JSON_BROKEN;
    if (value->size == 4 && value->bytes.size == 4 &&
        strncasecmp(value->bytes.data, "true", 4) == 0)
        flags |= KEEL__FLAG_TRUTH;
    return flags;
}

/* ---- adding it up ---------------------------------------------------------------------------- */

static void count_number(struct keel__profile *profile, enum keel__stored class, int64_t integer,
                         double real, int64_t rows)
{
    double number = class == KEEL__STORED_INTEGER ? (double)integer : real;
    if (class == KEEL__STORED_INTEGER) {
        if (!profile->integers || integer < profile->min_integer)
            profile->min_integer = integer;
        if (!profile->integers || integer > profile->max_integer)
            profile->max_integer = integer;
        profile->integers += rows;
    } else {
        profile->reals += rows;
    }
    if (isnan(number))
        return;
    if (number == 0)
        profile->zeros += rows;
    if (number == 1)
        profile->ones += rows;
    if (number < 0)
        profile->negatives += rows;
    if (!profile->has_number || number < profile->min_real)
        profile->min_real = number;
    if (!profile->has_number || number > profile->max_real)
        profile->max_real = number;
    profile->has_number = true;
}

static void count_bytes(struct keel__column_scan *column, enum keel__stored class, size_t size,
                        int64_t characters, int64_t rows)
{
    struct keel__profile *profile = column->profile;
    int64_t bytes = (int64_t)size;
    if (profile->texts + profile->blobs == 0 || bytes < profile->min_bytes)
        profile->min_bytes = bytes;
    if (bytes > profile->max_bytes)
        profile->max_bytes = bytes;
    profile->total_bytes += bytes * rows;
    if (bytes >= LARGE_BYTES)
        profile->over_100k += rows;
    if (class == KEEL__STORED_BLOB) {
        profile->blobs += rows;
        return;
    }
    profile->texts += rows;
    if (characters > profile->max_characters)
        profile->max_characters = characters;
    if (column->limit_characters && characters == column->limit_characters)
        profile->at_limit += rows;
}

static void count_time(struct keel__profile *profile, int64_t time_us, int64_t now_us, int64_t rows)
{
    static const int64_t day_us = INT64_C(86400000000);
    if (!profile->has_time || time_us < profile->min_time_us)
        profile->min_time_us = time_us;
    if (!profile->has_time || time_us > profile->max_time_us)
        profile->max_time_us = time_us;
    profile->has_time = true;
    if (time_us > now_us)
        profile->future += rows;
    if (time_us < now_us - day_us)
        profile->older_1d += rows;
    if (time_us < now_us - 30 * day_us)
        profile->older_30d += rows;
    if (time_us < now_us - 90 * day_us)
        profile->older_90d += rows;
    if (time_us < now_us - 365 * day_us)
        profile->older_365d += rows;
}

/* Counts a value of rows rows. */
static void count(struct keel__scan *scan, struct keel__column_scan *column,
                  const struct keel__word_scan *word, int64_t rows)
{
    struct keel__profile *profile = column->profile;
    for (uint64_t left = word->shaped.shapes; left; left &= left - 1)
        profile->shapes[__builtin_ctzll(left)] += rows;
    if (word->class == KEEL__STORED_INTEGER || word->class == KEEL__STORED_REAL)
        count_number(profile, word->class, word->integer, word->real, rows);
    else
        count_bytes(column, word->class, word->size, word->shaped.characters, rows);
    if (word->shaped.has_time)
        count_time(profile, word->shaped.time_us, scan->audit->now_us, rows);
}

static void show(struct keel__scan *scan, struct keel__column_scan *column, uint64_t shapes)
{
    const struct keel__value *value = &column->value;
    struct keel__profile *profile = column->profile;
    bool negative = (value->class == KEEL__STORED_INTEGER && value->integer < 0) ||
                    (value->class == KEEL__STORED_REAL && value->real < 0);
    bool wants_negative = negative && profile->negative_examples.count < KEEL__MAX_EXAMPLES;
    uint64_t wanted = shapes & column->open;
    if (!wanted && !wants_negative && profile->first.count == KEEL__MAX_EXAMPLES)
        return;
    const char *text = keel__value_text(scan->audit->arena, value, EXAMPLE_BYTES);
    if (!text) {
        scan->failed = true;
        return;
    }
    keel__examples_add(&profile->first, text);
    if (wants_negative)
        keel__examples_add(&profile->negative_examples, text);
    for (; wanted; wanted &= wanted - 1) {
        int shape = __builtin_ctzll(wanted);
        keel__examples_add(&column->examples[shape], text);
        if (column->examples[shape].count == KEEL__MAX_EXAMPLES)
            column->open &= ~KEEL__SHAPE_BIT(shape);
    }
}

/* ---- few words ------------------------------------------------------------------------------- */

static int find_word(const struct keel__column_scan *column, uint8_t *slot)
{
    uint8_t i = (uint8_t)(column->hash >> 8);
    while (column->word_slots[i]) {
        int word = column->word_slots[i] - 1;
        if (column->words[word].hash == column->hash)
            return word;
        i++;
    }
    *slot = i;
    return -1;
}

static struct keel__word_scan look(struct keel__scan *scan, struct keel__column_scan *column)
{
    const struct keel__value *value = &column->value;
    struct keel__word_scan word = {.hash = column->hash,
                                   .class = value->class,
                                   .integer = value->integer,
                                   .real = value->real,
                                   .size = value->size,
                                   .shaped = shape_of(scan, column)};
    word.flags = flags_of(value, word.shaped.shapes);
    if ((word.shaped.shapes & column->open) || value->class == KEEL__STORED_INTEGER ||
        value->class == KEEL__STORED_REAL || column->words)
        show(scan, column, word.shaped.shapes);
    return word;
}

static void add_word(struct keel__scan *scan, struct keel__column_scan *column, uint8_t slot)
{
    struct keel__word_scan word = look(scan, column);
    word.rows = 1;
    word.fold_hash = fold_hash(&column->value, column->hash);
    if (column->value.size > MAX_WORD_BYTES)
        column->long_words = true;
    else
        word.text = keel__value_text(&scan->arena, &column->value, MAX_WORD_BYTES);
    column->word = (int)column->word_count;
    column->flags = word.flags;
    column->words[column->word_count++] = word;
    column->word_slots[slot] = (uint8_t)column->word_count;
}

static void add_distinct(struct keel__column_scan *column, uint64_t hash, uint64_t folded)
{
    bool added;
    struct keel__profile *profile = column->profile;
    if (column->unique)
        return;
    if (!keel__set_at(&column->distinct, hash, &added)) {
        profile->distinct_overflow = true;
        return;
    }
    if (!added) {
        profile->duplicate_rows++;
        return;
    }
    if (folded == hash)
        return;
    column->folding++;
    keel__set_at(&column->folded, folded, &added);
}

/* There are more words than are kept. */
static void spill(struct keel__scan *scan, struct keel__column_scan *column)
{
    struct keel__word_scan *words = column->words;
    column->words = NULL;
    for (size_t i = 0; i < column->word_count; i++) {
        count(scan, column, &words[i], words[i].rows);
        add_distinct(column, words[i].hash, words[i].fold_hash);
        column->profile->duplicate_rows += words[i].rows - 1;
    }
}

void keel__profile_take(struct keel__scan *scan, struct keel__column_scan *column)
{
    column->word = -1;
    column->flags = 0;
    column->hash = 0;
    if (column->value.class == KEEL__STORED_NULL) {
        column->profile->nulls++;
        column->flags = KEEL__FLAG_NULL;
        return;
    }
    column->hash = hash_of(&column->value);
    if (!column->hash && column->words)
        spill(scan, column);
    if (!column->words)
        keel__set_prefetch(&column->distinct, column->hash);
}

/* Of many values, so each is looked at. */
static void add_one_of_many(struct keel__scan *scan, struct keel__column_scan *column)
{
    struct keel__word_scan word = look(scan, column);
    column->flags = word.flags;
    count(scan, column, &word, 1);
    if (!column->hash)
        column->profile->distinct_overflow = true;
    else if (word.shaped.shapes & (BIT(UPPER) | BIT(BLANK_EDGE)))
        add_distinct(column, column->hash, fold_hash(&column->value, column->hash));
    else
        add_distinct(column, column->hash, column->hash);
}

void keel__profile_add(struct keel__scan *scan, struct keel__column_scan *column)
{
    uint8_t slot = 0;
    if (column->value.class == KEEL__STORED_NULL)
        return;
    int word = column->words ? find_word(column, &slot) : -1;
    if (word >= 0) {
        column->word = word;
        column->flags = column->words[word].flags;
        column->words[word].rows++;
        return;
    }
    if (column->words && column->word_count < KEEL__MAX_WORDS_KEPT) {
        add_word(scan, column, slot);
        return;
    }
    if (column->words)
        spill(scan, column);
    add_one_of_many(scan, column);
}

/* ---- the end --------------------------------------------------------------------------------- */

static int most_first(const void *left, const void *right)
{
    const struct keel__word *a = left, *b = right;
    if (a->rows != b->rows)
        return a->rows > b->rows ? -1 : 1;
    return strcmp(a->text, b->text);
}

static void keep_words(struct keel__scan *scan, struct keel__column_scan *column)
{
    struct keel__profile *profile = column->profile;
    profile->words =
        keel__arena_calloc(scan->audit->arena, column->word_count, sizeof *profile->words);
    for (size_t i = 0; i < column->word_count && profile->words; i++) {
        const char *text = keel__arena_strdup(scan->audit->arena, column->words[i].text);
        scan->failed = scan->failed || !text;
        profile->words[i] = (struct keel__word){text ? text : "", column->words[i].rows};
    }
    scan->failed = scan->failed || !profile->words;
    if (scan->failed)
        return;
    profile->word_count = column->word_count;
    qsort(profile->words, profile->word_count, sizeof *profile->words, most_first);
}

static void end_words(struct keel__scan *scan, struct keel__column_scan *column)
{
    struct keel__profile *profile = column->profile;
    profile->distinct = (int64_t)column->word_count;
    for (size_t i = 0; i < column->word_count; i++) {
        const struct keel__word_scan *word = &column->words[i];
        bool again = false;
        for (size_t j = 0; j < i && !again; j++)
            again = column->words[j].fold_hash == word->fold_hash;
        profile->distinct_folded += !again;
        profile->duplicate_rows += word->rows - 1;
        count(scan, column, word, word->rows);
    }
    if (column->word_count && !column->long_words)
        keep_words(scan, column);
}

/* Folded values = those that folding does not change, and what it makes of the others where that is
 * not one of those. */
static void end_sets(const struct keel__scan *scan, struct keel__column_scan *column)
{
    struct keel__profile *profile = column->profile;
    if (column->unique) {
        profile->distinct = profile->distinct_folded = scan->facts->rows - profile->nulls;
        return;
    }
    profile->distinct = (int64_t)column->distinct.count;
    profile->distinct_folded = profile->distinct - column->folding;
    for (size_t i = 0; i < column->folded.capacity; i++)
        if (column->folded.slots[i])
            profile->distinct_folded += !keel__set_has(&column->distinct, column->folded.slots[i]);
    if (column->distinct.full || column->folded.full) {
        profile->distinct_overflow = true;
        profile->distinct_folded = profile->distinct;
    }
}

void keel__profile_end(struct keel__scan *scan, struct keel__column_scan *column)
{
    struct keel__profile *profile = column->profile;
    profile->rows = scan->facts->rows;
    if (column->words)
        end_words(scan, column);
    else
        end_sets(scan, column);
    uint64_t seen = 0;
    for (size_t i = 0; i < KEEL__SHAPE_COUNT; i++)
        seen |= column->examples[i].count ? KEEL__SHAPE_BIT(i) : 0;
    if (seen) {
        profile->examples = keel__arena_memdup(scan->audit->arena, column->examples,
                                               KEEL__SHAPE_COUNT * sizeof *column->examples);
        scan->failed = scan->failed || !profile->examples;
    }
}
