#include "audit/evidence.h"
#include "audit/rules_types.h"
#include "schema/model.h"

#include <string.h>

#define SHAPE(profile, name) ((profile)->shapes[KEEL__SHAPE_##name])

/* ---- storage classes (SQLite) ---------------------------------------------------------------- */

/* Values of another storage class than the declared type asks for; 0 for types of which other rules
 * speak (times, JSON, booleans, bytes). */
static int64_t misplaced(const struct keel__profile *profile, const char **wanted)
{
    switch (profile->column->type.kind) {
    case KEEL_LOGICAL_INTEGER:
        *wanted = "an integer";
        return profile->reals + profile->texts + profile->blobs;
    case KEEL_LOGICAL_REAL:
    case KEEL_LOGICAL_DECIMAL:
    case KEEL_LOGICAL_MONEY:
        *wanted = "a number";
        return profile->texts + profile->blobs;
    case KEEL_LOGICAL_TEXT:
    case KEEL_LOGICAL_UUID:
        /* blobs in text have a rule of their own */
        *wanted = "text";
        return profile->integers + profile->reals;
    default:
        return 0;
    }
}

int keel__types_storage(struct keel__audit *audit, const struct keel__table_facts *facts,
                        struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        const char *wanted = NULL;
        int64_t values = keel__column_values(profile), others = misplaced(profile, &wanted);
        if (others == 0)
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, &keel__types_rules[TYPES_STORAGE], facts->table);
        if (!finding)
            continue;
        keel__finding_column(audit, finding, profile->column->name);
        keel__finding_data(finding, facts, others);
        static const struct {
            const char *name;
            size_t offset;
        } classes[] = {{"integer", offsetof(struct keel__profile, integers)},
                       {"real", offsetof(struct keel__profile, reals)},
                       {"text", offsetof(struct keel__profile, texts)},
                       {"blob", offsetof(struct keel__profile, blobs)}};
        for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
            int64_t count;
            memcpy(&count, (const char *)profile + classes[i].offset, sizeof count);
            if (count)
                keel__finding_count(audit, finding, classes[i].name, count);
        }
        keel__finding_say(audit, finding,
                          "%lld of %lld values of %s are not %s, as %s says: they are compared and "
                          "sorted by other rules",
                          (long long)others, (long long)values, profile->column->name, wanted,
                          profile->column->declared_type);
        const char *name = keel__audit_name(audit, profile->column->name);
        keel__repair_choice(
            audit, finding, facts->table,
            keel__audit_text(
                audit,
                "look at them (SELECT typeof(%s), count(*) ... GROUP BY 1) and convert "
                "them; then STRICT or CHECK (typeof(%s) IN (...)) keeps it so",
                name, name),
            NULL);
    }
    return KEEL_OK;
}

/* ---- text and bytes -------------------------------------------------------------------------- */

int keel__types_text_in_blob(struct keel__audit *audit, const struct keel__table_facts *facts,
                             struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        const struct keel_column_model *column = profile->column;
        if (column->type.kind != KEEL_LOGICAL_BYTES || !*column->declared_type ||
            column->type.dimensions)
            continue;
        int64_t values = keel__column_values(profile), printable = SHAPE(profile, BLOB_TEXT);
        int64_t texts = audit->dialect == KEEL_SQLITE ? profile->texts : 0;
        bool all = values >= KEEL__ENOUGH_ROWS && (printable + texts) * 20 >= values * 19 &&
                   profile->max_bytes > 4;
        if (texts == 0 && !all)
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, &keel__types_rules[TYPES_TEXT_IN_BLOB], facts->table);
        if (!finding)
            continue;
        keel__finding_column(audit, finding, column->name);
        keel__finding_data(finding, facts, all ? printable + texts : texts);
        keel__finding_count(audit, finding, "stored as text", texts);
        keel__finding_count(audit, finding, "bytes that are printable text", printable);
        keel__finding_say(audit, finding,
                          "%lld of %lld values of %s (%s) are text: they do not compare with text, "
                          "nor with the same text as bytes",
                          (long long)(all ? printable + texts : texts), (long long)values,
                          column->name, column->declared_type);
        keel__repair_choice(audit, finding, facts->table,
                            all ? "declare the column as text and convert its values"
                                : "convert the values that are text to bytes, or the other way",
                            NULL);
    }
    return KEEL_OK;
}

int keel__types_bytes_in_text(struct keel__audit *audit, const struct keel__table_facts *facts,
                              struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        const struct keel_column_model *column = profile->column;
        if (profile->blobs == 0 || column->affinity == KEEL_AFFINITY_BLOB ||
            column->type.kind == KEEL_LOGICAL_INTEGER || column->type.kind == KEEL_LOGICAL_REAL ||
            column->type.kind == KEEL_LOGICAL_DECIMAL || column->type.kind == KEEL_LOGICAL_BYTES ||
            column->type.kind == KEEL_LOGICAL_OTHER)
            continue;
        /* a UUID in 16 bytes and JSONB are what their types' names promise */
        bool binary = (column->type.kind == KEEL_LOGICAL_UUID && profile->max_bytes <= 36) ||
                      (column->type.kind == KEEL_LOGICAL_JSON && column->type.binary);
        if (binary)
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, &keel__types_rules[TYPES_BYTES_IN_TEXT], facts->table);
        if (!finding)
            continue;
        keel__finding_column(audit, finding, column->name);
        keel__finding_data(finding, facts, profile->blobs);
        keel__finding_say(audit, finding,
                          "%lld of %lld values of %s (%s) are bytes, not text: '=' and LIKE do not "
                          "find them",
                          (long long)profile->blobs, (long long)keel__column_values(profile),
                          column->name, column->declared_type);
        keel__repair_choice(audit, finding, facts->table,
                            "CAST those that are text to TEXT; move the others to a column of BLOB",
                            NULL);
    }
    return KEEL_OK;
}

static void bad_text(struct keel__audit *audit, const struct keel__table_facts *facts,
                     const struct keel__profile *profile, enum keel__shape shape,
                     const struct keel__rule *rule, const char *what, const char *choice)
{
    int64_t count = profile->shapes[shape];
    struct keel_finding *finding = count ? keel__finding_add(audit, rule, facts->table) : NULL;
    if (!finding)
        return;
    keel__finding_column(audit, finding, profile->column->name);
    keel__finding_data(finding, facts, count);
    keel__finding_examples(audit, finding, &profile->examples[shape]);
    keel__finding_say(audit, finding, "%lld of %lld values of %s %s", (long long)count,
                      (long long)keel__column_values(profile), profile->column->name, what);
    keel__repair_choice(audit, finding, facts->table, choice, NULL);
}

int keel__types_nul(struct keel__audit *audit, const struct keel__table_facts *facts,
                    struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++)
        bad_text(audit, facts, &facts->profiles[c], KEEL__SHAPE_NUL_BYTE,
                 &keel__types_rules[TYPES_NUL],
                 "have a NUL byte in their text: most programs see them end there",
                 "take the NUL away, or keep such values as BLOB");
    return KEEL_OK;
}

int keel__types_utf8(struct keel__audit *audit, const struct keel__table_facts *facts,
                     struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++)
        bad_text(audit, facts, &facts->profiles[c], KEEL__SHAPE_BAD_UTF8,
                 &keel__types_rules[TYPES_UTF8],
                 "are text that is not valid UTF-8: readers fail on them or show other characters",
                 "find out their encoding (often Latin-1) and convert them, or keep them as BLOB");
    return KEEL_OK;
}
