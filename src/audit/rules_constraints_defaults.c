#include "audit/rules_words.h"

#include "audit/column.h"
#include "base/error.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static struct keel_finding *add(struct keel__audit *audit, enum keel__constraints_rule rule,
                                const struct keel__table_facts *facts,
                                const struct keel_column_model *column)
{
    struct keel_finding *finding = keel__finding_add(audit, KEEL__CONSTRAINTS(rule), facts->table);
    if (finding)
        keel__finding_column(audit, finding, column->name);
    return finding;
}

/* How many rows carry the default: a probe under this key. */
static int ask_for(struct keel__audit *audit, struct keel__scan *scan, const char *what,
                   const struct keel_column_model *column, const char *text, struct keel_error *err)
{
    const char *key = keel__arena_printf(audit->arena, "%s %s", what, column->name);
    const char *expression =
        keel__arena_printf(audit->arena, "t.%s = %s", keel__audit_name(audit, column->name),
                           keel__audit_string(audit, text));
    if (!key || !expression)
        return keel__nomem(err);
    keel__scan_probe(scan, key, expression, NULL);
    return KEEL_OK;
}

static int64_t rows_with(const struct keel__table_facts *facts, const char *what,
                         const struct keel_column_model *column, bool *known)
{
    char key[512];
    int size = snprintf(key, sizeof key, "%s %s", what, column->name);
    const struct keel__probe *probe =
        size > 0 && (size_t)size < sizeof key ? keel__facts_probe(facts, key) : NULL;
    *known = probe && facts->scanned;
    return probe ? probe->matching : 0;
}

/* ---- a default that its CHECK refuses -------------------------------------------------------- */

/* The default as SQLite would store it in this column. */
static const char *stored_default(struct keel__audit *audit, const struct keel_column_model *column)
{
    if (audit->dialect != KEEL_SQLITE)
        return column->default_text;
    const char *type = NULL;
    if (column->affinity == KEEL_AFFINITY_TEXT)
        type = "TEXT";
    else if (column->affinity != KEEL_AFFINITY_BLOB && column->affinity != KEEL_AFFINITY_NONE)
        type = "NUMERIC";
    struct keel__literal literal;
    keel__column_default(audit->dialect, column, &literal);
    if (type && strcmp(type, "NUMERIC") == 0 && literal.kind == KEEL__LITERAL_STRING) {
        char *end;
        strtod(literal.text, &end);
        if (*end || !literal.text[0])
            type = NULL; /* what is no number stays text */
    }
    const char *text = literal.kind == KEEL__LITERAL_STRING
                           ? keel__audit_string(audit, literal.text)
                           : column->default_text;
    return type ? keel__arena_printf(audit->arena, "CAST((%s) AS %s)", text, type)
                : keel__arena_printf(audit->arena, "(%s)", text);
}

static int refuses(struct keel__audit *audit, const struct keel_column_model *column,
                   const struct keel_check_model *check, bool *out, struct keel_error *err)
{
    const char *sql =
        keel__arena_printf(audit->arena,
                           "SELECT CASE WHEN (%s) THEN 0 WHEN NOT (%s) THEN 1 ELSE 0 END FROM "
                           "(SELECT %s AS %s) AS t",
                           check->expression, check->expression, stored_default(audit, column),
                           keel__audit_name(audit, column->name));
    if (!sql)
        return keel__nomem(err);
    const struct keel_query query = {.name = "audit default", .sqlite = sql, .postgres = sql};
    const struct keel_row *row = NULL;
    *out = false;
    /* What cannot be computed away from its table is no finding. */
    if (keel_db_begin(audit->db, KEEL_TX_READ, err))
        return (int)err->code;
    int rc = keel_db_one(audit->db, &query, KEEL_NO_PARAMS, &row, NULL);
    if (!rc)
        *out = keel_row_int(row, 0) == 1;
    keel_db_rollback(audit->db);
    return KEEL_OK;
}

int keel__default_check_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                              struct keel_error *err)
{
    const struct keel_table_model *table = facts->table;
    for (size_t i = 0; i < table->column_count && table->check_count > 0; i++) {
        const struct keel_column_model *column = &table->columns[i];
        struct keel__literal literal;
        keel__column_default(audit->dialect, column, &literal);
        if (literal.kind != KEEL__LITERAL_STRING && literal.kind != KEEL__LITERAL_NUMBER)
            continue;
        for (size_t c = 0; c < table->check_count; c++) {
            const struct keel_check_model *check = &table->checks[c];
            bool only, refused = false;
            if (!keel__check_mentions(audit->dialect, table, check, column->name, &only) || !only)
                continue;
            int rc = refuses(audit, column, check, &refused, err);
            if (rc)
                return rc;
            if (!refused)
                continue;
            struct keel_finding *finding =
                add(audit, KEEL__CONSTRAINTS_DEFAULT_CHECK, facts, column);
            if (!finding)
                return keel__nomem(err);
            if (check->name)
                keel__finding_object(finding, "constraint", check->name);
            keel__finding_example(audit, finding, keel_slice_of(column->default_text));
            keel__finding_say(audit, finding,
                              "the default of %s.%s, %s, is refused by its own CHECK (%s): a row "
                              "that leaves the column out cannot be inserted",
                              table->name, column->name, column->default_text, check->expression);
            finding->fix_text = "which of the two is right";
        }
    }
    return KEEL_OK;
}

/* ---- a default of another type --------------------------------------------------------------- */

static bool is_number(const char *text)
{
    char *end;
    strtod(text, &end);
    return end != text && *end == '\0';
}

static bool is_clock_word(const char *text)
{
    return strcasecmp(text, "current_timestamp") == 0 || strcasecmp(text, "current_date") == 0 ||
           strcasecmp(text, "now()") == 0 || strcasecmp(text, "now") == 0 ||
           strcasecmp(text, "current_time") == 0 || strcasecmp(text, "localtimestamp") == 0 ||
           strcasecmp(text, "getdate()") == 0 || strcasecmp(text, "sysdate") == 0;
}

/* Why the default does not fit; NULL: it does. */
static const char *misfit(const struct keel_column_model *column,
                          const struct keel__profile *profile, const struct keel__literal *literal)
{
    if (literal->kind != KEEL__LITERAL_STRING || strcasecmp(literal->text, "null") == 0)
        return NULL;
    enum keel_logical_kind kind = column->type.kind;
    bool time_named = keel__name_ends(column->name, "at time timestamp date created updated");
    if (is_clock_word(literal->text) && (time_named || kind == KEEL_LOGICAL_TIMESTAMP ||
                                         kind == KEEL_LOGICAL_DATE || kind == KEEL_LOGICAL_TIME))
        return "in quotes it is that word, not the time of the insert";
    if (profile->texts > 0 && profile->texts == profile->rows - profile->nulls)
        return NULL; /* the whole column is kept as text: the types' concern */
    switch (kind) {
    case KEEL_LOGICAL_INTEGER:
    case KEEL_LOGICAL_REAL:
    case KEEL_LOGICAL_DECIMAL:
        return is_number(literal->text) ? NULL : "the column is a number, the default is text";
    case KEEL_LOGICAL_BOOLEAN:
        return is_number(literal->text) ? NULL
                                        : "the column is a boolean, the default is stored as text";
    case KEEL_LOGICAL_TIMESTAMP:
    case KEEL_LOGICAL_DATE:
        return isdigit((unsigned char)literal->text[0]) || literal->text[0] == '-'
                   ? NULL
                   : "the column is a time, the default is none";
    default:
        if (kind == KEEL_LOGICAL_TEXT && column->type.length > 0 &&
            strlen(literal->text) > (size_t)column->type.length * 4)
            return "the default is longer than the column's type admits";
        return NULL;
    }
}

int keel__default_type_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                             struct keel_error *err)
{
    for (size_t i = 0; i < facts->table->column_count && audit->dialect == KEEL_SQLITE; i++) {
        const struct keel_column_model *column = &facts->table->columns[i];
        struct keel__literal literal;
        keel__column_default(audit->dialect, column, &literal);
        const char *why = misfit(column, &facts->profiles[i], &literal);
        if (!why)
            continue;
        struct keel_finding *finding = add(audit, KEEL__CONSTRAINTS_DEFAULT_TYPE, facts, column);
        if (!finding)
            return keel__nomem(err);
        keel__finding_example(audit, finding, keel_slice_of(literal.text));
        keel__finding_say(audit, finding, "the default of %s.%s (%s) is '%s': %s",
                          facts->table->name, column->name, column->declared_type, literal.text,
                          why);
        finding->fix_text = "what the default should be";
    }
    return KEEL_OK;
}

/* ---- DEFAULT 'NULL' -------------------------------------------------------------------------- */

static bool is_null_default(enum keel_dialect dialect, const struct keel_column_model *column,
                            struct keel__literal *literal)
{
    keel__column_default(dialect, column, literal);
    return literal->kind == KEEL__LITERAL_STRING &&
           (strcasecmp(literal->text, "null") == 0 || strcmp(literal->text, "None") == 0 ||
            strcasecmp(literal->text, "undefined") == 0);
}

int keel__default_null_plan(struct keel__audit *audit, struct keel__scan *scan,
                            struct keel_error *err)
{
    const struct keel_table_model *table = keel__scan_table(scan);
    for (size_t i = 0; i < table->column_count; i++) {
        struct keel__literal literal;
        if (!is_null_default(audit->dialect, &table->columns[i], &literal) ||
            (audit->dialect != KEEL_SQLITE && table->columns[i].type.kind != KEEL_LOGICAL_TEXT))
            continue;
        int rc = ask_for(audit, scan, "null default", &table->columns[i], literal.text, err);
        if (rc)
            return rc;
    }
    return KEEL_OK;
}

int keel__default_null_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                             struct keel_error *err)
{
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel_column_model *column = &facts->table->columns[i];
        struct keel__literal literal;
        bool known;
        if (!is_null_default(audit->dialect, column, &literal))
            continue;
        int64_t rows = rows_with(facts, "null default", column, &known);
        struct keel_finding *finding = add(audit, KEEL__CONSTRAINTS_DEFAULT_NULL, facts, column);
        if (!finding)
            return keel__nomem(err);
        if (known)
            keel__finding_data(finding, facts, rows);
        keel__finding_say(audit, finding,
                          "the default of %s.%s is the word '%s' in quotes, not NULL; %lld rows "
                          "carry it",
                          facts->table->name, column->name, literal.text, (long long)rows);
        struct keel__repair *repair =
            keel__repair_add(audit, finding, KEEL__REPAIR_DEFAULT, facts->table);
        if (!repair)
            return keel__nomem(err);
        const char *name = keel__audit_name(audit, column->name);
        repair->column = column->name;
        finding->fix_text = "drops the default; the rows that carry the word are named";
        repair->choices = keel__arena_printf(
            audit->arena, "UPDATE %s SET %s = NULL WHERE %s = %s; (%lld rows, if they mean NULL)",
            keel__audit_table(audit, facts->table), name, name,
            keel__audit_string(audit, literal.text), (long long)rows);
    }
    return KEEL_OK;
}

/* ---- defaults that grow old ------------------------------------------------------------------ */

static int digits_at(const char *text)
{
    int count = 0;
    while (isdigit((unsigned char)text[count]))
        count++;
    return count;
}

static bool is_month(const char *text)
{
    int month = (text[0] - '0') * 10 + (text[1] - '0');
    return month >= 1 && month <= 12;
}

static bool is_year(const char *text)
{
    return (text[0] == '2' && text[1] == '0') || (text[0] == '1' && text[1] == '9');
}

/* A date in a name: 20250514, 2025-05-14, 2024-01, and behind a name with a hyphen 0613. */
static bool has_date(const char *text, bool *whole)
{
    for (size_t i = 0; text[i]; i++) {
        if (!isdigit((unsigned char)text[i]) || (i > 0 && isdigit((unsigned char)text[i - 1])))
            continue;
        const char *at = text + i;
        int count = digits_at(at);
        size_t used = 0;
        if (count == 8 && is_year(at) && is_month(at + 4))
            used = 8;
        else if (count == 4 && is_year(at) && (at[4] == '-' || at[4] == '.') &&
                 digits_at(at + 5) == 2 && is_month(at + 5))
            used = at[7] == at[4] && digits_at(at + 8) == 2 ? 10 : 7;
        else if (count == 4 && i > 1 && text[i - 1] == '-' && is_month(at) && at[2] <= '3' &&
                 (at[4] == '\0' || at[4] == '-'))
            used = 4;
        if (used) {
            *whole = i == 0 && text[used] == '\0';
            return true;
        }
    }
    return false;
}

static bool is_dated(enum keel_dialect dialect, const struct keel_column_model *column,
                     struct keel__literal *literal)
{
    bool whole;
    keel__column_default(dialect, column, literal);
    if (literal->kind != KEEL__LITERAL_STRING || column->type.kind != KEEL_LOGICAL_TEXT ||
        column->type.dimensions > 0 || !has_date(literal->text, &whole) ||
        strpbrk(literal->text, "/ {:"))
        return false;
    if (whole)
        return keel__name_has(column->name, "version release api edition model revision");
    return isalpha((unsigned char)literal->text[0]) != 0;
}

int keel__default_dated_plan(struct keel__audit *audit, struct keel__scan *scan,
                             struct keel_error *err)
{
    const struct keel_table_model *table = keel__scan_table(scan);
    for (size_t i = 0; i < table->column_count; i++) {
        struct keel__literal literal;
        if (!is_dated(audit->dialect, &table->columns[i], &literal))
            continue;
        int rc = ask_for(audit, scan, "dated default", &table->columns[i], literal.text, err);
        if (rc)
            return rc;
    }
    return KEEL_OK;
}

int keel__default_dated_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                              struct keel_error *err)
{
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel_column_model *column = &facts->table->columns[i];
        struct keel__literal literal;
        bool known;
        if (!is_dated(audit->dialect, column, &literal))
            continue;
        int64_t rows = rows_with(facts, "dated default", column, &known);
        struct keel_finding *finding = add(audit, KEEL__CONSTRAINTS_DEFAULT_DATED, facts, column);
        if (!finding)
            return keel__nomem(err);
        if (known)
            keel__finding_data(finding, facts, rows);
        keel__finding_example(audit, finding, keel_slice_of(literal.text));
        keel__finding_say(audit, finding,
                          "the default of %s.%s is '%s', a name with a date in it that grows old; "
                          "%lld of %lld rows carry it",
                          facts->table->name, column->name, literal.text, (long long)rows,
                          (long long)facts->rows);
        finding->fix_text = "whether the column needs a default at all";
        struct keel__repair *repair =
            keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, facts->table);
        if (!repair)
            return keel__nomem(err);
        repair->choices = keel__arena_printf(
            audit->arena,
            "Drop the default of %s.%s, so that every writer names what it used, or "
            "set a newer one (%lld rows have '%s').",
            facts->table->name, column->name, (long long)rows, literal.text);
    }
    return KEEL_OK;
}

/* ---- NULL although there is a default -------------------------------------------------------- */

int keel__null_despite_default_table(struct keel__audit *audit,
                                     const struct keel__table_facts *facts, struct keel_error *err)
{
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel__profile *profile = &facts->profiles[i];
        const struct keel_column_model *column = profile->column;
        struct keel__literal literal;
        keel__column_default(audit->dialect, column, &literal);
        if (profile->nulls == 0 || profile->nulls == profile->rows ||
            literal.kind == KEEL__LITERAL_NONE || literal.kind == KEEL__LITERAL_NULL)
            continue;
        struct keel_finding *finding =
            add(audit, KEEL__CONSTRAINTS_NULL_DESPITE_DEFAULT, facts, column);
        if (!finding)
            return keel__nomem(err);
        keel__finding_data(finding, facts, profile->nulls);
        keel__finding_say(audit, finding,
                          "%lld of %lld rows of %s have NULL in %s although its default is %s",
                          (long long)profile->nulls, (long long)profile->rows, facts->table->name,
                          column->name, column->default_text);
        finding->fix_text = "whether NULL means something that the default does not";
        struct keel__repair *repair =
            keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, facts->table);
        if (!repair)
            return keel__nomem(err);
        const char *name = keel__audit_name(audit, column->name);
        repair->choices = keel__arena_printf(
            audit->arena, "UPDATE %s SET %s = %s WHERE %s IS NULL; (%lld rows)\nThen: NOT NULL",
            keel__audit_table(audit, facts->table), name, column->default_text, name,
            (long long)profile->nulls);
    }
    return KEEL_OK;
}
