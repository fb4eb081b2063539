#include "audit/evidence.h"
#include "audit/rules_types.h"
#include "schema/model.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_TYPE_BYTES = 40 };

/* ---- types that are not known (SQLite) ------------------------------------------------------- */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters to insert, remove or exchange (Wagner and Fischer); neighbours that changed places count
 * once. Both are shorter than MAX_TYPE_BYTES. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][MAX_TYPE_BYTES + 1], n = strlen(b);
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= n; j++)
        before[j] = last[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            row[j] = least(least(row[j - 1], last[j]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[n];
}

/* The type that a misspelt word may mean; NULL: none is near. */
static const char *meant(const char *word)
{
    static const char *const known[] = {"integer",  "int",       "bigint",  "smallint", "real",
                                        "float",    "double",    "numeric", "decimal",  "text",
                                        "varchar",  "char",      "blob",    "boolean",  "date",
                                        "datetime", "timestamp", "json",    "uuid",     "string"};
    const char *best = NULL;
    size_t nearest = strlen(word) > 5 ? 3 : 2;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t d = distance(word, known[i]);
        if (d < nearest) {
            nearest = d;
            best = known[i];
        }
    }
    return best;
}

static void first_words(const char *declared, char out[MAX_TYPE_BYTES])
{
    size_t size = 0;
    for (; *declared && *declared != '(' && size + 1 < MAX_TYPE_BYTES; declared++)
        out[size++] = (char)tolower((unsigned char)*declared);
    while (size && out[size - 1] == ' ')
        size--;
    out[size] = '\0';
}

static const char *affinity_word(enum keel_affinity affinity)
{
    static const char *const words[] = {"none", "BLOB", "TEXT", "NUMERIC", "INTEGER", "REAL"};
    return words[affinity];
}

int keel__types_unknown(struct keel__audit *audit, const struct keel__table_facts *facts,
                        struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; c < facts->table->column_count; c++) {
        const struct keel_column_model *column = &facts->table->columns[c];
        char word[MAX_TYPE_BYTES];
        if (!*column->declared_type || facts->table->strict)
            continue;
        first_words(column->declared_type, word);
        /* known by name, but SQLite makes a number of what looks like one: '007' becomes 7 */
        bool string = strcmp(word, "string") == 0 || strcmp(word, "str") == 0;
        if (column->type.kind != KEEL_LOGICAL_UNKNOWN && !string)
            continue;
        bool numeric = column->affinity == KEEL_AFFINITY_NUMERIC;
        const char *type = string ? "text" : meant(word);
        if (!string && !type && !numeric)
            continue; /* a word of the application's own that gets what it says: VARTEXT, NATIVEBLOB
                       */
        struct keel_finding *finding =
            keel__finding_add(audit, &keel__types_rules[TYPES_UNKNOWN], facts->table);
        if (!finding)
            continue;
        bool turns = numeric && type &&
                     (string || strcmp(type, "text") == 0 || strcmp(type, "varchar") == 0 ||
                      strcmp(type, "char") == 0 || strcmp(type, "string") == 0);
        if (!turns)
            finding->severity = KEEL_SEVERITY_ADVICE;
        keel__finding_column(audit, finding, column->name);
        keel__finding_say(audit, finding,
                          "%s is declared %s, which is no type that SQLite knows%s%s%s: it gets "
                          "%s affinity%s",
                          column->name, column->declared_type, type ? " (" : "", type ? type : "",
                          type ? " is meant?)" : "", affinity_word(column->affinity),
                          turns ? ", which makes 7 of '007'" : "");
        keel__repair_choice(audit, finding, facts->table,
                            type ? keel__audit_text(audit, "declare it %s", type)
                                 : "declare it INTEGER, REAL, TEXT or BLOB",
                            NULL);
    }
    return KEEL_OK;
}

/* ---- STRICT (SQLite) ------------------------------------------------------------------------- */

/* https://www.sqlite.org/stricttables.html: the only types that such a table may have. */
static bool is_strict_type(const char *declared)
{
    static const char *const types[] = {"INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcasecmp(declared, types[i]) == 0)
            return true;
    return false;
}

static bool fits_strict(const struct keel__table_facts *facts)
{
    for (size_t c = 0; c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        const char *type = profile->column->declared_type;
        if (!is_strict_type(type))
            return false;
        int64_t values = keel__column_values(profile);
        int64_t fitting = *type == 'I' || *type == 'i'   ? profile->integers
                          : *type == 'R' || *type == 'r' ? profile->reals + profile->integers
                          : *type == 'T' || *type == 't' ? profile->texts
                          : *type == 'B' || *type == 'b' ? profile->blobs
                                                         : values;
        if (facts->scanned && fitting != values)
            return false;
    }
    return true;
}

int keel__types_strict(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    size_t loose = 0, ready = 0, all = 0;
    for (size_t t = 0; t < audit->schema->table_count; t++) {
        const struct keel_table_model *table = &audit->schema->tables[t];
        if (table->kind != KEEL_TABLE_PLAIN)
            continue;
        all++;
        loose += !table->strict;
        ready += !table->strict && fits_strict(&audit->facts[t]);
    }
    struct keel_finding *finding =
        loose ? keel__finding_add(audit, &keel__types_rules[TYPES_STRICT], NULL) : NULL;
    if (!finding)
        return KEEL_OK;
    keel__finding_count(audit, finding, "tables", (int64_t)all);
    keel__finding_count(audit, finding, "not STRICT", (int64_t)loose);
    keel__finding_count(audit, finding, "could be as they are", (int64_t)ready);
    keel__finding_say(audit, finding,
                      "%zu of %zu tables are not STRICT: a column takes values of any type; %zu of "
                      "them could be STRICT as they are, the others have types or values that it "
                      "does not allow",
                      loose, all, ready);
    keel__repair_choice(audit, finding, NULL,
                        "STRICT for the tables whose declared types and values allow it; for the "
                        "others first declare INTEGER, REAL, TEXT, BLOB or ANY",
                        NULL);
    return KEEL_OK;
}

/* ---- PostgreSQL ------------------------------------------------------------------------------ */

static void padded(struct keel__audit *audit, const struct keel__table_facts *facts,
                   const struct keel__profile *profile)
{
    const struct keel_column_model *column = profile->column;
    if (column->type.kind != KEEL_LOGICAL_TEXT || !column->type.padded || column->type.dimensions)
        return;
    struct keel_finding *finding =
        keel__finding_add(audit, &keel__types_rules[TYPES_PADDED], facts->table);
    if (!finding)
        return;
    keel__finding_column(audit, finding, column->name);
    keel__finding_say(audit, finding,
                      "%s is %s: shorter values are filled up with blanks, which then count in "
                      "some comparisons and not in others",
                      column->name, column->declared_type);
    const char *name = keel__audit_name(audit, column->name);
    keel__repair_type(audit, finding, facts->table, column, "text",
                      keel__audit_text(audit, "%s::text", name),
                      keel__audit_text(audit, "%s::%s", name, column->declared_type));
}

int keel__types_padded(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    return keel__each_column(audit, padded);
}

static void money_type(struct keel__audit *audit, const struct keel__table_facts *facts,
                       const struct keel__profile *profile)
{
    const struct keel_column_model *column = profile->column;
    if (column->type.kind != KEEL_LOGICAL_MONEY || column->type.dimensions)
        return;
    struct keel_finding *finding =
        keel__finding_add(audit, &keel__types_rules[TYPES_MONEY_TYPE], facts->table);
    if (!finding)
        return;
    keel__finding_column(audit, finding, column->name);
    keel__finding_say(audit, finding,
                      "%s is of type money: its currency and decimals are the server's setting "
                      "lc_monetary, not the data's",
                      column->name);
    const char *name = keel__audit_name(audit, column->name);
    keel__repair_type(audit, finding, facts->table, column, "numeric",
                      keel__audit_text(audit, "%s::numeric", name),
                      keel__audit_text(audit, "%s::money", name));
}

int keel__types_money_type(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    return keel__each_column(audit, money_type);
}

int keel__types_serial(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    size_t count = 0;
    struct keel_finding *finding = NULL;
    for (size_t t = 0; t < audit->schema->table_count; t++) {
        const struct keel_table_model *table = &audit->schema->tables[t];
        for (size_t c = 0; c < table->column_count; c++) {
            if (table->columns[c].identity != KEEL_IDENTITY_SERIAL ||
                table->kind == KEEL_TABLE_PARTITION)
                continue;
            if (count++ == 0)
                finding = keel__finding_add(audit, &keel__types_rules[TYPES_SERIAL], NULL);
            if (finding)
                keel__finding_example(audit, finding,
                                      keel_slice_of(keel__audit_text(audit, "%s.%s", table->name,
                                                                     table->columns[c].name)));
        }
    }
    if (!finding)
        return KEEL_OK;
    keel__finding_count(audit, finding, "serial columns", (int64_t)count);
    keel__finding_say(audit, finding,
                      "%zu column%s serial: a default that anybody may overwrite, and a sequence "
                      "with privileges of its own",
                      count, count == 1 ? " is" : "s are");
    keel__repair_choice(audit, finding, NULL,
                        "GENERATED BY DEFAULT AS IDENTITY, with the sequence set to the highest "
                        "number that is taken",
                        NULL);
    return KEEL_OK;
}
