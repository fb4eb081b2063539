#include "audit/rules_words.h"

#include "audit/ask.h"
#include "audit/column.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MIN_ROWS = 20, MAX_KEY = 120 };

static int report(struct keel__audit *audit, const struct keel__table_facts *facts,
                  const char *column, const char *key, int64_t hashes, int64_t others,
                  const char *example, struct keel_error *err)
{
    struct keel_finding *finding =
        keel__finding_add(audit, KEEL__WORDS(KEEL__WORDS_NO_HASH), facts->table);
    if (!finding)
        return keel__nomem(err);
    keel__finding_column(audit, finding, column);
    keel__finding_data(finding, facts, others);
    keel__finding_count(audit, finding, "hashes", hashes);
    if (example)
        keel__finding_example(audit, finding, keel_slice_of(example));
    keel__finding_say(audit, finding,
                      "%lld values of %s%s%s in %s.%s are no hashes%s%.60s%s, %lld others are: "
                      "nothing can be compared by them",
                      (long long)others, key ? "the key " : "", key ? key : column,
                      key ? "" : " itself", facts->table->name, column, example ? " ('" : "",
                      example ? example : "", example ? "')" : "", (long long)hashes);
    return KEEL_OK;
}

/* ---- columns --------------------------------------------------------------------------------- */

static bool named_hash(const char *name)
{
    return keel__name_ends(name, "hash checksum digest sha256 sha1 md5 fingerprint") &&
           !keel__name_has(name, "password passwd pass");
}

static int of_column(struct keel__audit *audit, const struct keel__table_facts *facts, size_t i,
                     struct keel_error *err)
{
    const struct keel__profile *profile = &facts->profiles[i];
    const char *name = profile->column->name;
    int64_t hashes = profile->shapes[KEEL__SHAPE_HEX];
    int64_t others = profile->texts - hashes - profile->shapes[KEEL__SHAPE_EMPTY];
    if (!keel__column_is_text(audit->dialect, profile) || !named_hash(name) || hashes == 0 ||
        others <= 0 || profile->texts < MIN_ROWS)
        return KEEL_OK;
    return report(audit, facts, name, NULL, hashes, others, NULL, err);
}

/* ---- keys of documents ----------------------------------------------------------------------- */

struct key {
    char name[MAX_KEY];
    char example[MAX_KEY];
    int64_t hashes, others;
};

/* The first key that holds both. */
static int keep_key(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct key *key = context;
    struct keel_slice name = keel_row_text(row, 0), example = keel_row_text(row, 3);
    int64_t hashes = keel_row_int(row, 1), others = keel_row_int(row, 2);
    (void)err;
    if (key->others > 0 || hashes == 0 || others == 0 || !name.data)
        return KEEL_OK;
    snprintf(key->name, sizeof key->name, "%.*s", (int)name.size, name.data);
    if (!named_hash(key->name))
        return KEEL_OK;
    if (example.data)
        snprintf(key->example, sizeof key->example, "%.*s",
                 (int)(example.size < 60 ? example.size : 60), example.data);
    key->hashes = hashes;
    key->others = others;
    return KEEL_OK;
}

static const char *keys_sql(struct keel__audit *audit, const struct keel_table_model *table,
                            const struct keel_column_model *column)
{
    const char *place = keel__audit_table(audit, table);
    const char *name = keel__audit_name(audit, column->name);
    if (audit->dialect == KEEL_SQLITE)
        return keel__ask_format(
            audit,
            "SELECT j.key, sum(j.value NOT GLOB '*[^0-9a-fA-F]*' AND length(j.value) >= 16), "
            "sum(j.value GLOB '*[^0-9a-fA-F]*'), "
            "min(CASE WHEN j.value GLOB '*[^0-9a-fA-F]*' THEN j.value END) FROM %s t, "
            "json_each(CASE WHEN typeof(t.%s) = 'text' AND json_valid(t.%s) THEN t.%s ELSE '{}' "
            "END) j WHERE j.type = 'text' AND (j.key LIKE '%%hash' OR j.key LIKE '%%checksum' OR "
            "j.key LIKE '%%digest') GROUP BY j.key ORDER BY j.key",
            place, name, name, name);
    const char *kind = column->type.binary ? "jsonb" : "json";
    return keel__ask_format(
        audit,
        "SELECT k, count(*) FILTER (WHERE v ~ '^[0-9a-fA-F]{16,}$'), "
        "count(*) FILTER (WHERE v ~ '[^0-9a-fA-F]'), min(v) FILTER (WHERE v ~ '[^0-9a-fA-F]') "
        "FROM (SELECT j.key AS k, j.value #>> '{}' AS v FROM %s t, LATERAL %s_each(CASE WHEN "
        "%s_typeof(t.%s) = 'object' THEN t.%s END) j WHERE (j.key LIKE '%%hash' OR j.key LIKE "
        "'%%checksum' OR j.key LIKE '%%digest') AND %s_typeof(j.value) = 'string') h GROUP BY k "
        "ORDER BY k",
        place, kind, kind, name, name, kind);
}

/* The first few documents tell whether it is worth a look. */
static bool mentions_hash(const struct keel__profile *profile)
{
    for (int i = 0; i < profile->first.count; i++)
        if (strcasestr(profile->first.texts[i], "hash\"") ||
            strcasestr(profile->first.texts[i], "checksum\"") ||
            strcasestr(profile->first.texts[i], "digest\""))
            return true;
    return false;
}

static int of_document(struct keel__audit *audit, const struct keel__table_facts *facts, size_t i,
                       struct keel_error *err)
{
    const struct keel__profile *profile = &facts->profiles[i];
    const struct keel_column_model *column = profile->column;
    bool document = audit->dialect == KEEL_SQLITE
                        ? keel__profile_share(profile, KEEL__SHAPE_JSON_OBJECT) > 0.5
                        : column->type.kind == KEEL_LOGICAL_JSON && column->type.dimensions == 0;
    if (!document || profile->rows < MIN_ROWS || !mentions_hash(profile) || !keel__ask_whole(facts))
        return KEEL_OK;
    struct key key = {.others = 0};
    bool answered;
    int rc = keel__ask_each(audit, facts->table->name, keys_sql(audit, facts->table, column),
                            keep_key, &key, &answered, err);
    if (rc || !answered || key.others == 0)
        return rc;
    return report(audit, facts, column->name, keel__arena_strdup(audit->arena, key.name),
                  key.hashes, key.others, key.example[0] ? key.example : NULL, err);
}

int keel__no_hash_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                        struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < facts->table->column_count && !rc; i++) {
        rc = of_column(audit, facts, i, err);
        if (!rc)
            rc = of_document(audit, facts, i, err);
    }
    return rc;
}
