#include "audit/evidence.h"
#include "audit/reference.h"
#include "audit/rules_types.h"
#include "schema/model.h"

#include <ctype.h>
#include <string.h>

#define SHAPE(profile, name) ((profile)->shapes[KEEL__SHAPE_##name])

/* ---- UUIDs ----------------------------------------------------------------------------------- */

/* Keys, and what is called so: an id that other systems gave (a trace, a correlation) is theirs to
 * write as they like. What refers to a key is told with the key. */
static bool is_ours(const struct keel__audit *audit, const struct keel_table_model *table,
                    const struct keel_column_model *column)
{
    return !keel__column_refers(audit, table, column->name) &&
           (keel__column_unique(table, column->name) || keel__name_has(column->name, "uuid guid"));
}

/* Counts the values of each column that refers to this one. */
static size_t count_children(struct keel__audit *audit, struct keel_finding *finding,
                             const struct keel_table_model *table, const char *column)
{
    size_t count = 0;
    for (size_t i = 0; i < audit->reference_count; i++) {
        const struct keel__reference *r = &audit->references[i];
        if (r->parent != table || r->column_count != 1 || !r->parent_columns[0] ||
            !keel__name_is(r->parent_columns[0], column) ||
            (!r->declared && !keel__reference_holds(r)))
            continue;
        const char *child = r->table->columns[r->columns[0]].name;
        const struct keel__profile *profile =
            keel__facts_profile(keel__facts_of(audit, r->table), child);
        keel__finding_count(audit, finding, keel__audit_text(audit, "%s.%s", r->table->name, child),
                            profile ? keel__column_values(profile) : 0);
        count++;
    }
    return count;
}

static bool is_uuid_column(const struct keel__audit *audit, const struct keel__table_facts *facts,
                           const struct keel__profile *profile)
{
    int64_t values = keel__column_values(profile);
    return values >= 5 && keel__values_are_text(audit, profile) &&
           SHAPE(profile, UUID) * 10 >= values * 9 && is_ours(audit, facts->table, profile->column);
}

static void uuid_as_text(struct keel__audit *audit, const struct keel__table_facts *facts,
                         const struct keel__profile *profile)
{
    const struct keel_column_model *column = profile->column;
    int64_t values = keel__column_values(profile);
    if (!is_uuid_column(audit, facts, profile) || SHAPE(profile, UUID) != values)
        return;
    struct keel_finding *finding =
        keel__finding_add(audit, &keel__types_rules[TYPES_TEXT_UUID], facts->table);
    if (!finding)
        return;
    keel__finding_column(audit, finding, column->name);
    keel__finding_data(finding, facts, values);
    keel__finding_examples(audit, finding, &profile->examples[KEEL__SHAPE_UUID]);
    size_t children = count_children(audit, finding, facts->table, column->name);
    keel__finding_say(
        audit, finding, "all %lld values of %s are UUIDs, kept as text of 36 bytes instead of 16%s",
        (long long)values, column->name,
        children == 0 ? ""
                      : keel__audit_text(audit, ", as in %zu column%s that refer%s to it", children,
                                         children == 1 ? "" : "s", children == 1 ? "s" : ""));
    if (audit->dialect == KEEL_SQLITE) {
        finding->fix = KEEL_FIX_NONE;
        finding->fix_text = "SQLite has no type for them; in PostgreSQL it is uuid";
        return;
    }
    const char *name = keel__audit_name(audit, column->name);
    keel__repair_type(audit, finding, facts->table, column, "uuid",
                      keel__audit_text(audit, "%s::uuid", name),
                      keel__audit_text(audit, "%s::text", name));
}

static void uuid_forms(struct keel__audit *audit, const struct keel__table_facts *facts,
                       const struct keel__profile *profile)
{
    int64_t values = keel__column_values(profile), plain = SHAPE(profile, UUID);
    int64_t other = SHAPE(profile, UUID_OTHER), none = values - plain - other;
    if (!is_uuid_column(audit, facts, profile) || plain == values)
        return;
    struct keel_finding *finding =
        keel__finding_add(audit, &keel__types_rules[TYPES_UUID_FORMS], facts->table);
    if (!finding)
        return;
    if (other == 0)
        finding->severity = KEEL_SEVERITY_ADVICE;
    keel__finding_column(audit, finding, profile->column->name);
    keel__finding_data(finding, facts, values - plain);
    keel__finding_examples(audit, finding, &profile->examples[KEEL__SHAPE_UUID_OTHER]);
    keel__finding_count(audit, finding, "canonical", plain);
    keel__finding_count(audit, finding, "another form of a UUID", other);
    keel__finding_count(audit, finding, "no UUID", none);
    count_children(audit, finding, facts->table, profile->column->name);
    keel__finding_say(audit, finding,
                      "%lld of %lld values of %s are no canonical UUIDs: %lld are written another "
                      "way (upper case, without hyphens), %lld are something else",
                      (long long)(values - plain), (long long)values, profile->column->name,
                      (long long)other, (long long)none);
    keel__repair_choice(audit, finding, facts->table,
                        "write every UUID in lower case with hyphens, here and in every column "
                        "that refers to it, and decide what the others are",
                        NULL);
}

int keel__types_uuid(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    return keel__each_column(audit, uuid_as_text);
}

int keel__types_uuid_forms(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    return keel__each_column(audit, uuid_forms);
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* What is written in digits and is no number: nobody adds it up. */
static const char label_words[] =
    "id ids uuid key code codes number numbers no nr num phone mobile fax tel zip postcode postal "
    "version revision release isbn issn ean gtin upc sku barcode serial token hash digest checksum "
    "sha md5 account iban bic ssn vat tax reference ref name title label tag tags text content "
    "value values pin password secret cursor offset etag build channel sha1 sha256 ticket order "
    "invoice doc document sequence";

static bool is_number_text(const struct keel__audit *audit, const struct keel__table_facts *facts,
                           const struct keel__profile *profile)
{
    const struct keel_column_model *column = profile->column;
    int64_t values = keel__column_values(profile);
    if (values < KEEL__ENOUGH_ROWS || profile->distinct < 3 ||
        !keel__values_are_text(audit, profile) || profile->texts != values)
        return false;
    if (SHAPE(profile, INTEGER) + SHAPE(profile, DECIMAL) != values)
        return false;
    /* dates and times are for the rules of times; versions are no numbers */
    if (SHAPE(profile, DATE_COMPACT) * 2 > values || SHAPE(profile, EPOCH_S) * 2 > values ||
        SHAPE(profile, EPOCH_MS) * 2 > values || profile->max_bytes > 17)
        return false;
    return !keel__name_has(column->name, label_words) &&
           !keel__column_unique(facts->table, column->name) &&
           !keel__column_refers(audit, facts->table, column->name);
}

static void number_as_text(struct keel__audit *audit, const struct keel__table_facts *facts,
                           const struct keel__profile *profile)
{
    const struct keel_column_model *column = profile->column;
    if (!is_number_text(audit, facts, profile) || SHAPE(profile, LEADING_ZERO) > 0)
        return;
    int64_t values = keel__column_values(profile);
    bool whole = SHAPE(profile, DECIMAL) == 0;
    struct keel_finding *finding =
        keel__finding_add(audit, &keel__types_rules[TYPES_TEXT_NUMBER], facts->table);
    if (!finding)
        return;
    keel__finding_column(audit, finding, column->name);
    keel__finding_data(finding, facts, values);
    keel__finding_examples(audit, finding,
                           &profile->examples[whole ? KEEL__SHAPE_INTEGER : KEEL__SHAPE_DECIMAL]);
    keel__finding_say(audit, finding,
                      "all %lld values of %s are %s numbers kept as text: '10' sorts before '9'",
                      (long long)values, column->name, whole ? "whole" : "decimal");
    if (audit->dialect == KEEL_SQLITE) {
        finding->fix = KEEL_FIX_NONE;
        finding->fix_text = whole ? "SQLite: declare it INTEGER; in PostgreSQL it is bigint"
                                  : "SQLite: declare it NUMERIC; in PostgreSQL it is numeric";
        return;
    }
    const char *name = keel__audit_name(audit, column->name);
    const char *type = whole ? "bigint" : "numeric";
    keel__repair_type(audit, finding, facts->table, column, type,
                      keel__audit_text(audit, "%s::%s", name, type),
                      keel__audit_text(audit, "%s::text", name));
}

int keel__types_text_number(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    return keel__each_column(audit, number_as_text);
}

int keel__types_leading_zeros(struct keel__audit *audit, const struct keel__table_facts *facts,
                              struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        int64_t values = keel__column_values(profile), zeros = SHAPE(profile, LEADING_ZERO);
        /* codes of one width are written so; of several widths one number has several spellings */
        if (zeros == 0 || values < KEEL__ENOUGH_ROWS || !keel__values_are_text(audit, profile) ||
            SHAPE(profile, INTEGER) * 20 < values * 19 || profile->min_bytes == profile->max_bytes)
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, &keel__types_rules[TYPES_LEADING_ZEROS], facts->table);
        if (!finding)
            continue;
        keel__finding_column(audit, finding, profile->column->name);
        keel__finding_data(finding, facts, zeros);
        keel__finding_examples(audit, finding, &profile->examples[KEEL__SHAPE_LEADING_ZERO]);
        keel__finding_say(audit, finding,
                          "%lld of %lld numbers in the text column %s begin with 0, and they are "
                          "of %lld to %lld digits: as numbers, or compared with ones, they differ",
                          (long long)zeros, (long long)values, profile->column->name,
                          (long long)profile->min_bytes, (long long)profile->max_bytes);
    }
    return KEEL_OK;
}

/* ---- values that were cut -------------------------------------------------------------------- */

static bool is_usual_limit(size_t size)
{
    static const size_t limits[] = {20, 25, 30, 32, 40, 50, 60, 64, 80, 100};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        if (limits[i] == size)
            return true;
    return false;
}

/* A word of exactly a usual limit that goes on in another word of the same column. */
static bool goes_on(const struct keel__profile *profile, const struct keel__word *word)
{
    size_t size = strlen(word->text);
    if (!is_usual_limit(size))
        return false;
    for (size_t i = 0; i < profile->word_count; i++) {
        const char *other = profile->words[i].text;
        if (strlen(other) <= size || memcmp(other, word->text, size) != 0)
            continue;
        /* in the middle of a word; name1 and name12 are two names */
        bool digits =
            isdigit((unsigned char)other[size]) && isdigit((unsigned char)other[size - 1]);
        if (!digits && isalnum((unsigned char)other[size]))
            return true;
    }
    return false;
}

static void cut_words(struct keel__audit *audit, const struct keel__table_facts *facts,
                      const struct keel__profile *profile)
{
    int64_t rows = 0;
    size_t limit = 0, words = 0;
    for (size_t i = 0; i < profile->word_count; i++) {
        if (!goes_on(profile, &profile->words[i]))
            continue;
        size_t size = strlen(profile->words[i].text);
        if (limit && limit != size)
            return; /* of several lengths: no limit cut them */
        limit = size;
        rows += profile->words[i].rows;
        words++;
    }
    if (words == 0 || rows < 3)
        return;
    struct keel_finding *finding =
        keel__finding_add(audit, &keel__types_rules[TYPES_CUT], facts->table);
    if (!finding)
        return;
    keel__finding_column(audit, finding, profile->column->name);
    keel__finding_data(finding, facts, rows);
    for (size_t i = 0; i < profile->word_count; i++)
        if (goes_on(profile, &profile->words[i])) {
            keel__finding_example(audit, finding, keel_slice_of(profile->words[i].text));
            keel__finding_count(audit, finding, profile->words[i].text, profile->words[i].rows);
        }
    keel__finding_say(audit, finding,
                      "%lld of %lld values of %s end after exactly %zu characters where others go "
                      "on: they were cut off",
                      (long long)rows, (long long)keel__column_values(profile),
                      profile->column->name, limit);
    keel__repair_choice(audit, finding, facts->table,
                        "find the whole values in their source: what was cut off may fit several",
                        NULL);
}

/* Values as long as the column's type allows, where most are much shorter. */
static void cut_at_limit(struct keel__audit *audit, const struct keel__table_facts *facts,
                         const struct keel__profile *profile)
{
    const struct keel_column_model *column = profile->column;
    int64_t values = keel__column_values(profile), limit = column->type.length;
    if (column->type.kind != KEEL_LOGICAL_TEXT || column->type.padded || limit < 30 ||
        profile->max_characters != limit || profile->at_limit == 0 || values < KEEL__ENOUGH_ROWS ||
        profile->at_limit * 10 > values || profile->total_bytes > values * limit / 2 ||
        SHAPE(profile, HEX) || SHAPE(profile, UUID))
        return;
    struct keel_finding *finding =
        keel__finding_add(audit, &keel__types_rules[TYPES_CUT], facts->table);
    if (!finding)
        return;
    if (profile->at_limit < 3)
        finding->severity = KEEL_SEVERITY_ADVICE;
    keel__finding_column(audit, finding, column->name);
    keel__finding_data(finding, facts, profile->at_limit);
    keel__finding_say(audit, finding,
                      "%lld of %lld values of %s fill its %s to the last character, while they "
                      "have %lld bytes on average: they were probably cut off",
                      (long long)profile->at_limit, (long long)values, column->name,
                      column->declared_type, (long long)(profile->total_bytes / values));
    keel__repair_choice(audit, finding, facts->table,
                        "find the whole values in their source, and lift the limit (text)", NULL);
}

int keel__types_cut(struct keel__audit *audit, const struct keel__table_facts *facts,
                    struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++)
        if (keel__values_are_text(audit, &facts->profiles[c])) {
            cut_words(audit, facts, &facts->profiles[c]);
            cut_at_limit(audit, facts, &facts->profiles[c]);
        }
    return KEEL_OK;
}

/* ---- declared lengths ------------------------------------------------------------------------ */

static bool is_limited(const struct keel_column_model *column)
{
    const struct keel_logical_type *type = &column->type;
    return type->kind == KEEL_LOGICAL_TEXT && type->length > 0 && !type->padded &&
           type->dimensions == 0;
}

/* Within a tenth of what is declared, or beyond. */
static bool is_close(const struct keel__profile *profile)
{
    return profile->max_characters * 10 >= (int64_t)profile->column->type.length * 9;
}

static void limits_of_table(struct keel__audit *audit, const struct keel__table_facts *facts)
{
    const struct keel_table_model *table = facts->table;
    size_t count = 0, close = 0;
    for (size_t c = 0; c < table->column_count; c++)
        count += is_limited(&table->columns[c]);
    struct keel_finding *finding =
        count ? keel__finding_add(audit, &keel__types_rules[TYPES_LENGTH], table) : NULL;
    if (!finding)
        return;
    for (size_t c = 0; c < table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        if (!is_limited(profile->column))
            continue;
        close += is_close(profile);
        keel__finding_count(audit, finding,
                            keel__audit_text(audit, "%s (%d), longest", profile->column->name,
                                             profile->column->type.length),
                            profile->max_characters);
    }
    keel__finding_data(finding, facts, 0);
    keel__finding_say(audit, finding,
                      "%zu column%s a length limit, of which %zu hold%s a value within a tenth of "
                      "it: the next longer one will be refused",
                      count, count == 1 ? " has" : "s have", close, close == 1 ? "s" : "");
    keel__repair_choice(audit, finding, table,
                        "text, and a CHECK (length(...) <= n) where a limit is really meant", NULL);
}

static void limits_of_database(struct keel__audit *audit)
{
    struct keel_finding *finding = NULL;
    size_t count = 0, tables = 0, close = 0, beyond = 0;
    for (size_t t = 0; t < audit->schema->table_count; t++) {
        const struct keel__table_facts *facts = &audit->facts[t];
        size_t before = count;
        for (size_t c = 0; c < facts->table->column_count; c++) {
            const struct keel__profile *profile = &facts->profiles[c];
            if (facts->table->kind != KEEL_TABLE_PLAIN || !is_limited(profile->column))
                continue;
            if (!finding)
                finding = keel__finding_add(audit, &keel__types_rules[TYPES_LENGTH], NULL);
            count++;
            close += is_close(profile);
            if (profile->max_characters <= profile->column->type.length)
                continue;
            beyond++;
            keel__finding_example(audit, finding,
                                  keel_slice_of(keel__audit_text(audit, "%s.%s", facts->table->name,
                                                                 profile->column->name)));
        }
        tables += count > before;
    }
    if (!finding)
        return;
    keel__finding_count(audit, finding, "columns", (int64_t)count);
    keel__finding_count(audit, finding, "with a longer value", (int64_t)beyond);
    keel__finding_count(audit, finding, "with one within a tenth of it", (int64_t)close);
    keel__finding_say(audit, finding,
                      "%zu columns of %zu tables are declared with a length, which SQLite does not "
                      "enforce: %zu hold a longer value",
                      count, tables, beyond);
    keel__repair_choice(audit, finding, NULL,
                        "TEXT, and a CHECK (length(...) <= n) where a limit is really meant", NULL);
}

int keel__types_length(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    if (audit->dialect == KEEL_SQLITE) {
        limits_of_database(audit);
        return KEEL_OK;
    }
    for (size_t t = 0; t < audit->schema->table_count; t++) {
        const struct keel_table_model *table = &audit->schema->tables[t];
        if (keel__table_is_read(table))
            limits_of_table(audit, &audit->facts[t]);
    }
    return KEEL_OK;
}
