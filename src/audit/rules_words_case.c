#include "audit/rules_words.h"

#include "audit/column.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

enum { MAX_KEY_COLUMNS = 8, MAX_KEYS = 16, KEY_SIZE = 32 };

/* ---- keys that letter case gets around ------------------------------------------------------- */

struct key {
    size_t columns[MAX_KEY_COLUMNS];
    const char *names[MAX_KEY_COLUMNS];
    size_t count;
    const char *name;
    const char *kind; /* "index", "constraint" */
};

/* Text in which letter case means nothing; of ids, hashes, tokens, paths and addresses it does. */
static bool case_is_noise(enum keel_dialect dialect, const struct keel_column_model *column)
{
    bool text = column->type.dimensions == 0 &&
                (column->type.kind == KEEL_LOGICAL_TEXT ||
                 (dialect == KEEL_SQLITE && column->type.kind == KEEL_LOGICAL_UNKNOWN));
    return text && !(column->collation && strcmp(column->collation, "NOCASE") == 0) &&
           !keel__name_has(column->name,
                           "id uuid guid hash token secret password checksum digest url uri path "
                           "file filename dir directory symbol base64 signature nonce fingerprint "
                           "at date time timestamp version sequence pattern");
}

static bool add_column(const struct keel_table_model *table, struct key *key, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0 && key->count < MAX_KEY_COLUMNS) {
            key->names[key->count] = table->columns[i].name;
            key->columns[key->count++] = i;
            return true;
        }
    return false;
}

static bool of_columns(const struct keel_table_model *table, const char *const *names, size_t count,
                       struct key *key)
{
    *key = (struct key){.kind = "constraint"};
    for (size_t i = 0; i < count; i++)
        if (!add_column(table, key, names[i]))
            return false;
    return count > 0;
}

static bool of_index(const struct keel_table_model *table, const struct keel_index_model *index,
                     struct key *key)
{
    *key = (struct key){.kind = "index", .name = index->name};
    if (!index->unique || index->where)
        return false;
    for (size_t i = 0; i < index->part_count; i++) {
        const struct keel_index_part *part = &index->parts[i];
        if (!part->column || part->collation || !add_column(table, key, part->column))
            return false;
    }
    return index->part_count > 0;
}

/* Key number n of the table, in an order that stays: primary key, uniques, unique indexes. False
 * behind the last; a key that is of no concern has count 0. */
static bool key_at(const struct keel__audit *audit, const struct keel_table_model *table, size_t n,
                   struct key *key)
{
    bool usable;
    if (n == 0) {
        const struct keel_key_model *primary = table->primary_key;
        usable = primary && of_columns(table, primary->columns, primary->column_count, key);
        if (usable)
            key->name = primary->name;
    } else if (n - 1 < table->unique_count) {
        const struct keel_key_model *unique = &table->uniques[n - 1];
        usable =
            !unique->collations && of_columns(table, unique->columns, unique->column_count, key);
        if (usable)
            key->name = unique->name;
    } else if (n - 1 - table->unique_count < table->index_count) {
        usable = of_index(table, &table->indexes[n - 1 - table->unique_count], key);
    } else {
        return false;
    }
    bool noise = false;
    for (size_t i = 0; usable && i < key->count; i++)
        noise = noise || case_is_noise(audit->dialect, &table->columns[key->columns[i]]);
    if (!usable || !noise)
        key->count = 0;
    return true;
}

int keel__case_key_plan(struct keel__audit *audit, struct keel__scan *scan, struct keel_error *err)
{
    const struct keel_table_model *table = keel__scan_table(scan);
    struct key key;
    size_t asked = 0;
    for (size_t n = 0; asked < MAX_KEYS && key_at(audit, table, n, &key); n++) {
        if (key.count == 0)
            continue;
        char *name = keel__arena_printf(audit->arena, "case %zu", n);
        size_t *columns =
            keel__arena_memdup(audit->arena, key.columns, key.count * sizeof key.columns[0]);
        if (!name || !columns)
            return keel__nomem(err);
        keel__scan_tuple(scan, name, columns, key.count, true);
        asked++;
    }
    return KEEL_OK;
}

static int report_key(struct keel__audit *audit, const struct keel__table_facts *facts,
                      const struct key *key, const struct keel__tuple *tuple,
                      struct keel_error *err)
{
    struct keel_finding *finding =
        keel__finding_add(audit, KEEL__WORDS(KEEL__WORDS_CASE_KEY), facts->table);
    if (!finding)
        return keel__nomem(err);
    char columns[256] = "";
    for (size_t i = 0, used = 0; i < key->count && used < sizeof columns; i++)
        used += (size_t)snprintf(columns + used, sizeof columns - used, "%s%s", i ? ", " : "",
                                 key->names[i]);
    keel__finding_columns(audit, finding, key->names, key->count);
    if (key->name)
        keel__finding_object(finding, key->kind, key->name);
    keel__finding_data(finding, facts, tuple->repeated);
    keel__finding_examples(audit, finding, &tuple->examples);
    keel__finding_count(audit, finding, "keys that occur in several spellings", tuple->repeated);
    keel__finding_count(audit, finding, "rows too many", tuple->extra_rows);
    keel__finding_say(audit, finding,
                      "%lld keys of %s (%s) are there several times: they differ only in letter "
                      "case or outer blanks, so the key lets them through",
                      (long long)tuple->repeated, facts->table->name, columns);
    finding->fix_text = "which of the rows stays";
    struct keel__repair *repair =
        keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, facts->table);
    if (!repair)
        return keel__nomem(err);
    const char *place = keel__audit_table(audit, facts->table);
    const char *list = "";
    for (size_t i = 0; i < key->count; i++) {
        const char *name = keel__audit_name(audit, key->names[i]);
        bool noise = case_is_noise(audit->dialect, &facts->table->columns[key->columns[i]]);
        list = keel__arena_printf(audit->arena, noise ? "%s%slower(trim(%s))" : "%s%s%s", list,
                                  i ? ", " : "", name);
        if (!list)
            return keel__nomem(err);
    }
    repair->choices =
        keel__arena_printf(audit->arena,
                           "%lld keys are there in several spellings; merge their rows, then:\n"
                           "CREATE UNIQUE INDEX ... ON %s (%s);",
                           (long long)tuple->repeated, place, list);
    return KEEL_OK;
}

int keel__case_key_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                         struct keel_error *err)
{
    struct key key;
    for (size_t n = 0; key_at(audit, facts->table, n, &key); n++) {
        char name[KEY_SIZE];
        snprintf(name, sizeof name, "case %zu", n);
        const struct keel__tuple *tuple = key.count ? keel__facts_tuple(facts, name) : NULL;
        if (!tuple || tuple->repeated == 0)
            continue;
        int rc = report_key(audit, facts, &key, tuple, err);
        if (rc)
            return rc;
    }
    return KEEL_OK;
}

/* ---- addresses in several letter cases ------------------------------------------------------- */

/* Whether a key of this column alone was reported already. */
static bool key_reported(const struct keel__audit *audit, const struct keel__table_facts *facts,
                         const char *column)
{
    struct key key;
    for (size_t n = 0; key_at(audit, facts->table, n, &key); n++) {
        char name[KEY_SIZE];
        snprintf(name, sizeof name, "case %zu", n);
        const struct keel__tuple *tuple = keel__facts_tuple(facts, name);
        if (key.count == 1 && tuple && tuple->repeated > 0 && strcmp(key.names[0], column) == 0)
            return true;
    }
    return false;
}

int keel__email_case_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                           struct keel_error *err)
{
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel_column_model *column = &facts->table->columns[i];
        const struct keel__profile *profile = &facts->profiles[i];
        int64_t upper = profile->shapes[KEEL__SHAPE_UPPER];
        if (upper == 0 || !keel__name_ends(column->name, "email mail emails address addr login") ||
            !case_is_noise(audit->dialect, column) ||
            keel__profile_share(profile, KEEL__SHAPE_EMAIL) < 0.9 ||
            upper * 2 > profile->rows - profile->nulls || key_reported(audit, facts, column->name))
            continue;
        bool same = profile->distinct_folded < profile->distinct;
        struct keel_finding *finding =
            keel__finding_add(audit, KEEL__WORDS(KEEL__WORDS_EMAIL_CASE), facts->table);
        if (!finding)
            return keel__nomem(err);
        finding->severity = same ? KEEL_SEVERITY_WARNING : KEEL_SEVERITY_ADVICE;
        keel__finding_column(audit, finding, column->name);
        keel__finding_data(finding, facts, upper);
        keel__finding_examples(audit, finding, &profile->examples[KEEL__SHAPE_UPPER]);
        keel__finding_say(
            audit, finding, "%lld of %lld addresses in %s.%s have upper-case letters%s",
            (long long)upper, (long long)(profile->rows - profile->nulls), facts->table->name,
            column->name, same ? ", and some of them are there in lower case as well" : "");
        finding->fix_text = "whether addresses are kept in lower case";
        struct keel__repair *repair =
            keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, facts->table);
        if (!repair)
            return keel__nomem(err);
        const char *name = keel__audit_name(audit, column->name);
        repair->choices =
            keel__arena_printf(audit->arena,
                               "UPDATE %s SET %s = lower(%s) WHERE %s <> lower(%s); (%lld rows)\n"
                               "Then: CHECK (%s = lower(%s))",
                               keel__audit_table(audit, facts->table), name, name, name, name,
                               (long long)upper, name, name);
    }
    return KEEL_OK;
}
