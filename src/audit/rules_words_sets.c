#include "audit/rules_words.h"

#include "audit/column.h"
#include "audit/vocabulary.h"
#include "base/error.h"
#include "base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MAX_SET = 24, MIN_ROWS = 20, MIN_ROWS_SMALL = 5, MIN_ROWS_AUTOMATIC = 50 };

/* ---- closed sets without a CHECK ------------------------------------------------------------- */

static bool has_default_word(enum keel_dialect dialect, const struct keel_column_model *column,
                             const struct keel__profile *profile)
{
    struct keel__literal literal;
    keel__column_default(dialect, column, &literal);
    if (literal.kind != KEEL__LITERAL_STRING || !literal.text[0])
        return false;
    for (size_t i = 0; i < profile->word_count; i++)
        if (strcmp(profile->words[i].text, literal.text) == 0)
            return true;
    return false;
}

/* Words, not paths, addresses, class names, numbers or sentences. */
static bool are_words(const struct keel__profile *profile)
{
    for (size_t i = 0; i < profile->word_count; i++) {
        const char *text = profile->words[i].text;
        size_t size = strlen(text), blanks = 0;
        for (const char *c = text; *c; c++)
            blanks += *c == ' ';
        if (size > 40 || blanks > 3 || strpbrk(text, "/\\.:;,@{[(<>\"\n"))
            return false;
        if (text[strspn(text, "0123456789.-+ ")] == '\0' && size > 0 && text[0] != ' ')
            return false;
    }
    return true;
}

/* "AdminUser": names of classes, which come and go with the program. */
static bool are_classes(const struct keel__profile *profile)
{
    for (size_t i = 0; i < profile->word_count; i++) {
        const char *text = profile->words[i].text;
        bool inner = false;
        for (size_t c = 1; text[0] && text[c]; c++)
            inner =
                inner || (islower((unsigned char)text[c - 1]) && isupper((unsigned char)text[c]));
        if (inner && isupper((unsigned char)text[0]))
            return true;
    }
    return false;
}

/* subject_type beside subject_id: the name of a table. */
static bool names_a_table(const struct keel_table_model *table,
                          const struct keel_column_model *column)
{
    size_t size = strlen(column->name);
    char own[160];
    keel__name_singular(table->name, own, sizeof own);
    if (size < 6 || strcasecmp(column->name + size - 5, "_type") != 0 ||
        (strlen(own) == size - 5 && strncasecmp(own, column->name, size - 5) == 0))
        return false;
    for (size_t i = 0; i < table->column_count; i++) {
        const char *name = table->columns[i].name;
        if (strlen(name) == size - 2 && strncmp(name, column->name, size - 5) == 0 &&
            strcasecmp(name + size - 5, "_id") == 0)
            return true;
    }
    return false;
}

static bool is_set(const struct keel__audit *audit, const struct keel__table_facts *facts,
                   const struct keel__profile *profile, bool *by_default)
{
    const struct keel_column_model *column = profile->column;
    int64_t values = profile->rows - profile->nulls;
    bool named = keel__vocabulary_name(column->name);
    *by_default = false;
    if (profile->word_count < 2 || profile->word_count > MAX_SET || values < MIN_ROWS_SMALL ||
        !keel__column_is_text(audit->dialect, profile) || column->generated != KEEL_GENERATED_NO)
        return false;
    int64_t words = (int64_t)profile->word_count;
    if (values * 2 < words * 3 || (values >= MIN_ROWS && values < words * 3))
        return false;
    if (!named) {
        *by_default = words <= 8 && has_default_word(audit->dialect, column, profile) &&
                      !keel__name_has(column->name, "name model version locale lang language "
                                                    "currency country timezone zone color colour "
                                                    "path url dir format theme title");
        if (!*by_default)
            return false;
    }
    return are_words(profile) && !are_classes(profile) && !names_a_table(facts->table, column) &&
           !keel__column_unique(facts->table, column->name) &&
           !keel__column_primary(facts->table, column->name) &&
           !keel__column_reference(audit, facts->table, column->name) &&
           !keel__column_closed(audit->dialect, facts->table, column->name);
}

/* '' is a plain word where it is the default. */
static void admit_default(enum keel_dialect dialect, const struct keel_column_model *column,
                          struct keel__vocabulary *vocabulary)
{
    struct keel__literal literal;
    keel__column_default(dialect, column, &literal);
    for (size_t i = 0; literal.kind == KEEL__LITERAL_STRING && i < vocabulary->count; i++) {
        struct keel__vocabulary_word *word = &vocabulary->words[i];
        if (word->slip == KEEL__SLIP_NONE || strcmp(word->word->text, literal.text) != 0)
            continue;
        vocabulary->slip_rows -= word->word->rows;
        vocabulary->sure_rows -= word->sure ? word->word->rows : 0;
        vocabulary->plain++;
        word->slip = KEEL__SLIP_NONE;
        word->sure = false;
    }
}

/* The words that a CHECK would admit: the plain ones and the default. */
static void list_words(struct keel__audit *audit, struct keel__str *out,
                       const struct keel_column_model *column,
                       const struct keel__vocabulary *vocabulary)
{
    struct keel__literal literal;
    keel__column_default(audit->dialect, column, &literal);
    bool missing = literal.kind == KEEL__LITERAL_STRING && literal.text[0] &&
                   strcasecmp(literal.text, "null") != 0;
    size_t listed = 0;
    for (size_t i = 0; i < vocabulary->count; i++) {
        const struct keel__vocabulary_word *word = &vocabulary->words[i];
        if (word->slip != KEEL__SLIP_NONE)
            continue;
        missing = missing && strcmp(word->word->text, literal.text) != 0;
        keel__str_printf(out, "%s%s", listed++ ? ", " : "",
                         keel__audit_string(audit, word->word->text));
    }
    if (missing)
        keel__str_printf(out, "%s%s", listed ? ", " : "", keel__audit_string(audit, literal.text));
}

static const char *check_text(struct keel__audit *audit, const struct keel_column_model *column,
                              const struct keel__vocabulary *vocabulary)
{
    struct keel__str text;
    keel__str_init(&text, 0);
    keel__str_printf(&text, "%s IN (", keel__audit_name(audit, column->name));
    list_words(audit, &text, column, vocabulary);
    keel__str_char(&text, ')');
    const char *copy = text.failed ? NULL : keel__arena_dup(audit->arena, keel__str_view(&text));
    keel__str_fini(&text);
    return copy;
}

/* Every word with its rows, the UPDATE that would merge a slip, and the CHECK that follows. */
static const char *choices_text(struct keel__audit *audit, const struct keel_table_model *table,
                                const struct keel_column_model *column,
                                const struct keel__vocabulary *vocabulary, const char *check)
{
    const char *place = keel__audit_table(audit, table);
    const char *name = keel__audit_name(audit, column->name);
    struct keel__str text;
    keel__str_init(&text, 0);
    keel__str_printf(&text, "Words of %s.%s and their rows; which are slips?\n", place, name);
    for (size_t i = 0; i < vocabulary->count; i++) {
        char reason[192];
        const struct keel__vocabulary_word *word = &vocabulary->words[i];
        keel__vocabulary_reason(word, reason, sizeof reason);
        keel__str_printf(&text, "  %s: %lld%s%s\n", keel__audit_string(audit, word->word->text),
                         (long long)word->word->rows, word->slip == KEEL__SLIP_NONE ? "" : ", ",
                         word->slip == KEEL__SLIP_NONE ? "" : reason);
    }
    for (size_t i = 0; i < vocabulary->count; i++) {
        const struct keel__vocabulary_word *word = &vocabulary->words[i];
        if (word->slip != KEEL__SLIP_NONE)
            keel__str_printf(&text, "UPDATE %s SET %s = %s WHERE %s = %s;\n", place, name,
                             word->meant ? keel__audit_string(audit, word->meant->text) : "...",
                             name, keel__audit_string(audit, word->word->text));
    }
    keel__str_printf(&text, "Then, with the words that stay: CHECK (%s)", check);
    const char *copy = text.failed ? NULL : keel__arena_dup(audit->arena, keel__str_view(&text));
    keel__str_fini(&text);
    return copy;
}

static void name_words(struct keel__audit *audit, struct keel_finding *finding,
                       const struct keel__vocabulary *vocabulary, bool slips_only)
{
    for (size_t i = 0; i < vocabulary->count; i++) {
        const struct keel__vocabulary_word *word = &vocabulary->words[i];
        if (!slips_only || word->slip != KEEL__SLIP_NONE)
            keel__finding_count(audit, finding, word->word->text, word->word->rows);
        if (word->slip != KEEL__SLIP_NONE)
            keel__finding_example(audit, finding, keel_slice_of(word->word->text));
    }
}

/* "'Completed' 3, '' 1" of the first few slips. */
static void slips_text(const struct keel__vocabulary *vocabulary, char *out, size_t size)
{
    size_t used = 0, named = 0, left = vocabulary->count - vocabulary->plain;
    out[0] = '\0';
    for (size_t i = 0; i < vocabulary->count && named < 5; i++) {
        const struct keel__vocabulary_word *word = &vocabulary->words[i];
        if (word->slip == KEEL__SLIP_NONE)
            continue;
        int wrote = snprintf(out + used, size - used, "%s'%.40s' %lld", named ? ", " : "",
                             word->word->text, (long long)word->word->rows);
        if (wrote < 0 || (size_t)wrote >= size - used)
            return;
        used += (size_t)wrote;
        named++;
    }
    if (left > named)
        snprintf(out + used, size - used, " and %zu more", left - named);
}

static int report_set(struct keel__audit *audit, const struct keel__table_facts *facts,
                      const struct keel__profile *profile, bool by_default,
                      struct keel__vocabulary *vocabulary, struct keel_error *err)
{
    const struct keel_table_model *table = facts->table;
    const struct keel_column_model *column = profile->column;
    bool slips = vocabulary->plain < vocabulary->count;
    bool automatic = !slips && !by_default && !facts->sampled &&
                     vocabulary->rows >= MIN_ROWS_AUTOMATIC && vocabulary->count <= 12 &&
                     !keel__vocabulary_final(vocabulary);
    struct keel_finding *finding =
        keel__finding_add(audit, KEEL__WORDS(KEEL__WORDS_UNCHECKED), table);
    const char *check = check_text(audit, column, vocabulary);
    if (!finding || !check)
        return keel__nomem(err);
    if (vocabulary->sure_rows == 0)
        finding->severity = KEEL_SEVERITY_ADVICE;
    finding->fix = automatic ? KEEL_FIX_AUTOMATIC : KEEL_FIX_NEEDS_DECISION;
    keel__finding_column(audit, finding, column->name);
    keel__finding_data(finding, facts, vocabulary->slip_rows);
    name_words(audit, finding, vocabulary, false);
    if (slips) {
        char text[400];
        slips_text(vocabulary, text, sizeof text);
        keel__finding_say(audit, finding,
                          "%s.%s holds %zu words and no CHECK says which: %lld of %lld values are "
                          "%s (%s)",
                          table->name, column->name, vocabulary->count,
                          (long long)vocabulary->slip_rows, (long long)vocabulary->rows,
                          vocabulary->sure_rows ? "slips or unknown" : "rare or unknown", text);
    } else {
        keel__finding_say(
            audit, finding, "%s.%s holds %zu words in %lld values and no CHECK says which",
            table->name, column->name, vocabulary->count, (long long)vocabulary->rows);
    }
    struct keel__repair *repair = keel__repair_add(
        audit, finding, automatic ? KEEL__REPAIR_ADD_CHECK : KEEL__REPAIR_CHOICE, table);
    if (!repair)
        return keel__nomem(err);
    if (!automatic) {
        finding->fix_text = slips ? "which words are slips, and for what"
                                  : "whether the list is "
                                    "complete";
        repair->choices = choices_text(audit, table, column, vocabulary, check);
        return KEEL_OK;
    }
    struct keel_check_model *item = keel__arena_calloc(audit->arena, 1, sizeof *item);
    if (!item)
        return keel__nomem(err);
    item->expression = check;
    item->column = column->name;
    repair->item = item;
    repair->column = column->name;
    finding->fix_text =
        keel__arena_printf(audit->arena, "adds CHECK (%s); new words then need a migration", check);
    return KEEL_OK;
}

int keel__unchecked_words_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                                struct keel_error *err)
{
    struct keel__vocabulary vocabulary;
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel__profile *profile = &facts->profiles[i];
        bool by_default;
        if (!is_set(audit, facts, profile, &by_default) ||
            !keel__vocabulary_of(profile, true, &vocabulary) || vocabulary.plain < 1)
            continue;
        admit_default(audit->dialect, profile->column, &vocabulary);
        int rc = report_set(audit, facts, profile, by_default, &vocabulary, err);
        if (rc)
            return rc;
    }
    return KEEL_OK;
}

/* ---- one thing under several spellings ------------------------------------------------------- */

static bool spelling_matters(const struct keel__audit *audit, const struct keel__table_facts *facts,
                             const struct keel__profile *profile)
{
    const struct keel_column_model *column = profile->column;
    bool by_default;
    return profile->word_count >= 2 && keel__column_is_text(audit->dialect, profile) &&
           profile->rows - profile->nulls >= MIN_ROWS &&
           keel__profile_share(profile, KEEL__SHAPE_JSON_OBJECT) < 0.5 &&
           keel__profile_share(profile, KEEL__SHAPE_JSON_ARRAY) < 0.5 &&
           !keel__name_has(column->name, "id uuid guid hash token key secret password checksum "
                                         "digest symbol unit base64 signature nonce salt path file "
                                         "filename url uri regex pattern grade genotype email mail "
                                         "text comment message body content note notes description "
                                         "value answer input output query summary") &&
           !(column->collation && strcmp(column->collation, "NOCASE") == 0) &&
           !keel__column_in_key(facts->table, column->name) &&
           !keel__column_closed(audit->dialect, facts->table, column->name) &&
           !is_set(audit, facts, profile, &by_default);
}

/* Only what differs in letter case, outer blanks or separators; short codes differ on purpose. */
static void keep_variants(struct keel__vocabulary *vocabulary, size_t min_size)
{
    vocabulary->slip_rows = vocabulary->sure_rows = 0;
    vocabulary->plain = 0;
    for (size_t i = 0; i < vocabulary->count; i++) {
        struct keel__vocabulary_word *word = &vocabulary->words[i];
        if (word->slip != KEEL__SLIP_VARIANT || strlen(word->word->text) < min_size)
            word->slip = KEEL__SLIP_NONE;
        if (word->slip == KEEL__SLIP_NONE) {
            vocabulary->plain++;
            continue;
        }
        vocabulary->slip_rows += word->word->rows;
        if (strcasecmp(word->word->text, word->meant->text) == 0)
            vocabulary->sure_rows += word->word->rows;
    }
}

int keel__spellings_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                          struct keel_error *err)
{
    struct keel__vocabulary vocabulary;
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel__profile *profile = &facts->profiles[i];
        const char *name = facts->table->columns[i].name;
        if (!spelling_matters(audit, facts, profile) ||
            !keel__vocabulary_of(profile, false, &vocabulary))
            continue;
        keep_variants(&vocabulary,
                      keel__name_has(name, "lang language locale country currency") ? 2 : 3);
        if (vocabulary.slip_rows == 0)
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, KEEL__WORDS(KEEL__WORDS_SPELLINGS), facts->table);
        if (!finding)
            return keel__nomem(err);
        char text[400];
        slips_text(&vocabulary, text, sizeof text);
        if (vocabulary.sure_rows == 0)
            finding->severity = KEEL_SEVERITY_ADVICE;
        keel__finding_column(audit, finding, name);
        keel__finding_data(finding, facts, vocabulary.slip_rows);
        name_words(audit, finding, &vocabulary, true);
        keel__finding_say(audit, finding,
                          "%lld of %lld values of %s.%s spell another value in another way (%s)",
                          (long long)vocabulary.slip_rows, (long long)vocabulary.rows,
                          facts->table->name, name, text);
        finding->fix_text = "which spelling stays";
        struct keel__repair *repair =
            keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, facts->table);
        struct keel__str choices;
        keel__str_init(&choices, 0);
        const char *place = keel__audit_table(audit, facts->table);
        const char *column = keel__audit_name(audit, name);
        for (size_t w = 0; w < vocabulary.count; w++)
            if (vocabulary.words[w].slip != KEEL__SLIP_NONE)
                keel__str_printf(&choices, "%sUPDATE %s SET %s = %s WHERE %s = %s; (%lld rows)",
                                 choices.size ? "\n" : "", place, column,
                                 keel__audit_string(audit, vocabulary.words[w].meant->text), column,
                                 keel__audit_string(audit, vocabulary.words[w].word->text),
                                 (long long)vocabulary.words[w].word->rows);
        if (repair)
            repair->choices = keel__arena_dup(audit->arena, keel__str_view(&choices));
        keel__str_fini(&choices);
        if (!repair)
            return keel__nomem(err);
    }
    return KEEL_OK;
}
