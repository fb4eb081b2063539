#include "audit/secret.h"

#include "audit/roles.h"
#include "audit/shape.h"
#include "base/utf8.h"

#include <string.h>

enum keel__secrecy keel__column_secrecy(const struct keel_column_model *column)
{
    char words[128];
    if (!keel__role_is_text(column) && column->type.kind != KEEL_LOGICAL_JSON)
        return KEEL__NO_SECRET;
    if (keel__name_has(column->name, "hash hashed encrypted cipher ciphertext digest id ids count "
                                     "usage type expires expiry at url uri name hint prefix limit "
                                     "status policy version algorithm salt public"))
        return KEEL__NO_SECRET;
    keel__role_words(column->name, words, sizeof words);
    if (keel__name_has(column->name, "credentials credential secret password passwd passphrase") ||
        strstr(words, "api key") || strstr(words, "private key") || strstr(words, "access token") ||
        strstr(words, "refresh token"))
        return KEEL__SECRET;
    return keel__name_has(column->name, "token") ? KEEL__TOKEN : KEEL__NO_SECRET;
}

const char *keel__secret_masked(struct keel__audit *audit, const char *text)
{
    struct keel_slice shown = keel__utf8_cut(keel_slice_of(text), 4);
    return keel__arena_printf(audit->arena, "%.*s... (%zu bytes)", (int)shown.size, shown.data,
                              strlen(text));
}

static bool is_of_secret_column(const struct keel__audit *audit, const struct keel_finding *finding)
{
    for (size_t t = 0; finding->table && t < audit->schema->table_count; t++) {
        const struct keel_table_model *table = &audit->schema->tables[t];
        if (strcmp(table->name, finding->table) != 0)
            continue;
        for (size_t i = 0; i < finding->column_count; i++) {
            const struct keel_column_model *column = keel_table_column(table, finding->columns[i]);
            if (column && keel__column_secrecy(column))
                return true;
        }
    }
    return false;
}

/* A key of JSON, in whatever is left of a document that was cut. */
static bool names_secret(const char *text)
{
    static const char *const keys[] = {"token\"",   "password\"", "secret\"",
                                       "api_key\"", "apikey\"",   "private_key\""};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcasestr(text, keys[i]))
            return true;
    return false;
}

static bool looks_secret(const char *text)
{
    struct keel__shaped shaped = {0};
    keel__shape_secret(keel_slice_of(text), &shaped);
    return (shaped.shapes & KEEL__SHAPE_BIT(KEEL__SHAPE_SECRET)) != 0 || names_secret(text);
}

/* "FAKE... (25 bytes)" already */
static bool is_masked(const char *text)
{
    const char *dots = strstr(text, "... (");
    return dots && dots - text <= 4 && strstr(dots, " bytes)");
}

void keel__finding_mask(struct keel__audit *audit, struct keel_finding *finding)
{
    bool all = finding->example_count && is_of_secret_column(audit, finding);
    for (size_t i = 0; i < finding->example_count; i++) {
        const char *text = finding->examples[i];
        if (is_masked(text) || !(all || looks_secret(text)))
            continue;
        finding->examples[i] = keel__secret_masked(audit, text);
        if (!finding->examples[i])
            finding->examples[i] = "...";
    }
}
