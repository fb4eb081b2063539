#include "audit/rules_design.h"
#include "base/error.h"
#include "schema/model.h"
#include "schema/tokenize.h"

#include <stdio.h>
#include <string.h>

/* What the schema alone shows, or a few words of its data beside it. */

enum { MAX_WORDS = 24 };

/* ---- repeated-group -------------------------------------------------------------------------- */

/* name up to the digits at its end; false when there are none, or more than two. */
static bool stem_of(const char *name, char *stem, size_t size, int *number)
{
    size_t n = strlen(name), digits = 0;
    while (digits < n && name[n - 1 - digits] >= '0' && name[n - 1 - digits] <= '9')
        digits++;
    if (!digits || digits > 2 || digits == n || n - digits >= size)
        return false;
    memcpy(stem, name, n - digits);
    stem[n - digits] = '\0';
    *number = 0;
    for (size_t i = n - digits; i < n; i++)
        *number = *number * 10 + (name[i] - '0');
    return true;
}

static int groups_of(struct keel__audit *audit, const struct keel_table_model *table,
                     struct keel_error *err)
{
    char stem[128], next[160];
    const char *names[32];
    int number;
    for (size_t i = 0; i < table->column_count; i++) {
        if (!stem_of(table->columns[i].name, stem, sizeof stem, &number) || number != 1)
            continue;
        size_t count = 0;
        const struct keel_column_model *column = &table->columns[i];
        while (column && count < 32) {
            names[count++] = column->name;
            snprintf(next, sizeof next, "%s%d", stem, (int)count + 1);
            column = keel_table_column(table, next);
            if (column && column->type.kind != table->columns[i].type.kind)
                column = NULL;
        }
        if (count < 3)
            continue;
        struct keel_finding *finding = keel__design_add(audit, "repeated-group", table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_columns(audit, finding, names, count);
        keel__finding_say(
            audit, finding,
            "%s to %s are one thing %zu times: the next one needs another column, and "
            "looking for a value asks all of them",
            names[0], names[count - 1], count);
    }
    return KEEL_OK;
}

int keel__schema_repeated_group(struct keel__audit *audit, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->schema->table_count && !rc; i++)
        if (keel__table_is_read(&audit->schema->tables[i]))
            rc = groups_of(audit, &audit->schema->tables[i], err);
    return rc;
}

/* ---- trigger-for-constraint ------------------------------------------------------------------ */

static const char *trigger_text(const struct keel__audit *audit,
                                const struct keel_trigger_model *trigger)
{
    char name[128];
    if (audit->dialect == KEEL_SQLITE || !trigger->function)
        return trigger->sql;
    size_t length = strcspn(trigger->function, "(");
    snprintf(name, sizeof name, "%.*s", (int)(length < 120 ? length : 120), trigger->function);
    const char *bare = strrchr(name, '.');
    bare = bare ? bare + 1 : name;
    for (size_t i = 0; i < audit->schema->function_count; i++)
        if (strcmp(audit->schema->functions[i].name, bare) == 0)
            return audit->schema->functions[i].sql;
    return trigger->sql;
}

static bool is_false(const struct keel__token *token)
{
    return keel__token_is_word(token, "FALSE") ||
           (token->kind == KEEL__TOKEN_NUMBER && token->text.size == 1 && *token->text.data == '0');
}

/* UPDATE its own table SET flag = 0: the trigger takes the flag from all other rows. In PostgreSQL
 * the statement stands in a string ($$...$$), which is read on its own. */
static bool clears_flag(struct keel_slice sql, enum keel_dialect dialect,
                        const struct keel_table_model *table, char *flag, size_t size)
{
    struct keel__tokenizer tokenizer;
    struct keel__token token;
    struct keel_error err = {0};
    char name[128];
    int step = 0; /* UPDATE, table, SET, column, = */
    keel__tokenizer_init(&tokenizer, sql, dialect, 1);
    while (keel__token_next(&tokenizer, &token, &err) == 0 && token.kind != KEEL__TOKEN_END) {
        if (token.kind == KEEL__TOKEN_STRING && token.text.size > 4 && *token.text.data == '$') {
            const char *end = memchr(token.text.data + 1, '$', token.text.size - 1);
            size_t tag = end ? (size_t)(end - token.text.data) + 1 : token.text.size;
            if (token.text.size > 2 * tag &&
                clears_flag(keel_slice(token.text.data + tag, token.text.size - 2 * tag), dialect,
                            table, flag, size))
                return true;
            continue;
        }
        bool named = keel__token_name(&token, dialect, name, sizeof name);
        switch (step) {
        case 1:
            step = named && keel__name_is(name, table->name)
                       ? 2
                       : (keel__token_is(&token, '.') || named ? 1 : 0);
            break;
        case 2:
            step = keel__token_is_word(&token, "SET") ? 3 : 0;
            break;
        case 3:
            step = named && keel_table_column(table, name) ? 4 : 0;
            snprintf(flag, size, "%s", name);
            break;
        case 4:
            step = token.kind == KEEL__TOKEN_OPERATOR && *token.text.data == '=' ? 5 : 0;
            break;
        case 5:
            if (is_false(&token))
                return true;
            step = 0;
            break;
        default:
            step = 0;
        }
        if (!step && keel__token_is_word(&token, "UPDATE"))
            step = 1;
    }
    return false;
}

static int report_trigger(struct keel__audit *audit, const struct keel_table_model *table,
                          const struct keel_trigger_model *trigger, const char *flag,
                          struct keel_error *err)
{
    struct keel_finding *finding = keel__design_add(audit, "trigger-for-constraint", table);
    struct keel__repair *repair =
        finding ? keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, table) : NULL;
    const char *t = keel__ask_table(audit, table), *x = keel__ask_name(audit, flag);
    flag = keel__arena_strdup(audit->arena, flag);
    if (!repair || !t || !x || !flag)
        return keel__nomem(err);
    keel__finding_object(finding, "trigger", trigger->name);
    keel__finding_column(audit, finding, flag);
    keel__finding_say(audit, finding,
                      "the trigger %s takes %s from all other rows of %s: a partial unique index "
                      "keeps it to one row without writing to the others",
                      trigger->name, flag, table->name);
    finding->fix_text = "replace the trigger by a partial unique index";
    repair->choices = keel__ask_format(
        audit,
        "DROP TRIGGER %s; and\nCREATE UNIQUE INDEX ... ON %s (%s) WHERE %s;\nafter that the "
        "application has to clear the flag of the old row itself, in the same transaction",
        trigger->name, t, x, x);
    return repair->choices ? KEEL_OK : keel__nomem(err);
}

int keel__schema_trigger(struct keel__audit *audit, struct keel_error *err)
{
    char flag[128];
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel_table_model *table = &audit->schema->tables[i];
        for (size_t k = 0; k < table->trigger_count && !rc; k++) {
            const char *text = trigger_text(audit, &table->triggers[k]);
            if (text && clears_flag(keel_slice_of(text), audit->dialect, table, flag, sizeof flag))
                rc = report_trigger(audit, table, &table->triggers[k], flag, err);
        }
    }
    return rc;
}

/* ---- schema-without-version, migration-heads ------------------------------------------------- */

static bool is_migrations(const struct keel_table_model *table)
{
    static const char *const names[] = {
        "alembic_version",   "flyway_schema_history", "goose_db_version",
        "sequelizemeta",     "databasechangelog",     "schema_version",
        "schemaversion",     "schema_info",           "phinxlog",
        "migratehistory",    "__efmigrationshistory", "refinery_schema_history",
        "room_master_table", "schema_history",        "db_version",
        "gorp_migrations"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (keel__name_is(table->name, names[i]))
            return true;
    return keel__name_has(table->name, "migration migrations");
}

int keel__schema_no_migrations(struct keel__audit *audit, struct keel_error *err)
{
    int64_t version = 0;
    bool answered;
    size_t tables = 0;
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        if (is_migrations(&audit->schema->tables[i]))
            return KEEL_OK;
        tables += keel__table_is_read(&audit->schema->tables[i]);
    }
    if (tables < 2 || audit->has_history)
        return KEEL_OK;
    if (audit->dialect == KEEL_SQLITE) {
        int rc =
            keel__ask_numbers(audit, "user_version", "SELECT user_version FROM pragma_user_version",
                              &version, 1, &answered, err);
        if (rc || !answered || version)
            return rc;
    }
    struct keel_finding *finding = keel__design_add(audit, "schema-without-version", NULL);
    if (!finding)
        return keel__nomem(err);
    keel__finding_count(audit, finding, "tables", (int64_t)tables);
    keel__finding_say(audit, finding,
                      "nothing tells which version of the schema these %zu tables are: no table of "
                      "migrations%s",
                      tables, audit->dialect == KEEL_SQLITE ? ", and user_version is 0" : "");
    finding->fix_text = "keel migrate baseline";
    return KEEL_OK;
}

int keel__schema_heads(struct keel__audit *audit, struct keel_error *err)
{
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel_table_model *table = &audit->schema->tables[i];
        const struct keel__table_facts *facts = &audit->facts[i];
        bool alembic = keel__name_is(table->name, "alembic_version");
        if (!is_migrations(table) || !facts->scanned)
            continue;
        const struct keel__profile *dirty = keel__facts_profile(facts, "dirty");
        if (!(alembic && facts->rows > 1) && !(dirty && dirty->ones > 0))
            continue;
        struct keel_finding *finding = keel__design_add(audit, "migration-heads", table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_data(finding, facts, alembic ? facts->rows : dirty->ones);
        if (alembic)
            keel__finding_examples(audit, finding, &facts->profiles[0].first);
        keel__finding_say(audit, finding,
                          alembic ? "%lld heads of migrations that were never merged"
                                  : "%lld migration failed half way and was never repaired",
                          (long long)(alembic ? facts->rows : dirty->ones));
    }
    return KEEL_OK;
}

/* ---- flag-for-everybody ---------------------------------------------------------------------- */

static bool has_users(const struct keel__audit *audit)
{
    for (size_t i = 0; i < audit->schema->table_count; i++)
        if (keel__name_ends(audit->schema->tables[i].name, "user users account accounts member "
                                                           "members reader readers"))
            return true;
    return false;
}

int keel__schema_user_flag(struct keel__audit *audit, struct keel_error *err)
{
    if (!has_users(audit))
        return KEEL_OK;
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel_table_model *table = &audit->schema->tables[i];
        bool person = false;
        for (size_t c = 0; c < table->column_count; c++)
            person = person || keel__role_is_person(table->columns[c].name);
        for (size_t c = 0; c < table->column_count && !person; c++) {
            const struct keel_column_model *column = &table->columns[c];
            if (!keel__role_is_flag(column) ||
                !keel__name_ends(column->name, "read seen favorite favourite starred bookmarked "
                                               "liked watched dismissed pinned"))
                continue;
            struct keel_finding *finding = keel__design_add(audit, "flag-for-everybody", table);
            if (!finding)
                return keel__nomem(err);
            keel__finding_column(audit, finding, column->name);
            keel__finding_say(audit, finding,
                              "%s is one flag for everybody: there are users, and %s does not say "
                              "whose it is",
                              column->name, table->name);
        }
    }
    return KEEL_OK;
}

/* ---- partial-index-evaded -------------------------------------------------------------------- */

/* The words that a predicate lists, and the only column it names. */
struct predicate {
    char words[MAX_WORDS][64];
    size_t count;
    const struct keel_column_model *column;
};

static bool read_predicate(const struct keel__audit *audit, const struct keel_table_model *table,
                           const char *where, struct predicate *out)
{
    struct keel__tokenizer tokenizer;
    struct keel__token token;
    struct keel_error err = {0};
    char name[128];
    keel__tokenizer_init(&tokenizer, keel_slice_of(where), audit->dialect, 1);
    while (keel__token_next(&tokenizer, &token, &err) == 0 && token.kind != KEEL__TOKEN_END) {
        if (keel__token_is_word(&token, "NOT") || keel__token_is_word(&token, "OR"))
            return false;
        if (token.kind == KEEL__TOKEN_STRING && token.text.size > 2 && out->count < MAX_WORDS) {
            snprintf(out->words[out->count++], sizeof out->words[0], "%.*s",
                     (int)(token.text.size - 2 < 60 ? token.text.size - 2 : 60),
                     token.text.data + 1);
            continue;
        }
        if (!keel__token_name(&token, audit->dialect, name, sizeof name))
            continue;
        const struct keel_column_model *column = keel_table_column(table, name);
        if (column && out->column && out->column != column)
            return false;
        out->column = column ? column : out->column;
    }
    return out->column && out->count && keel__role_is_text(out->column);
}

/* Letters and digits alone, in lower case. */
static void fold(const char *text, char *out, size_t size)
{
    size_t n = 0;
    for (; *text && n + 1 < size; text++) {
        char c = *text >= 'A' && *text <= 'Z' ? (char)(*text - 'A' + 'a') : *text;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80)
            out[n++] = c;
    }
    out[n] = '\0';
}

static bool is_slip(const char *word, const struct predicate *predicate)
{
    char a[128], b[128];
    bool alike = false;
    fold(word, a, sizeof a);
    for (size_t i = 0; i < predicate->count; i++) {
        fold(predicate->words[i], b, sizeof b);
        if (strcmp(word, predicate->words[i]) == 0)
            return false;
        alike = alike || (*a && strcmp(a, b) == 0);
    }
    return alike;
}

static const char *evaded_sql(struct keel__audit *audit, const struct keel_table_model *table,
                              const struct keel_index_model *index,
                              const struct predicate *predicate, const char *slip)
{
    const char *list = NULL, *join = NULL, *t = keel__ask_table(audit, table);
    const char *a = keel__ask_column(audit, "a", predicate->column);
    const char *b = keel__ask_column(audit, "b", predicate->column);
    const char *word = keel__ask_string(audit, slip);
    for (size_t i = 0; i < predicate->count; i++) {
        const char *one = keel__ask_string(audit, predicate->words[i]);
        list =
            one ? keel__ask_format(audit, "%s%s%s", list ? list : "", list ? ", " : "", one) : NULL;
        if (!list)
            return NULL;
    }
    for (size_t i = 0; i < index->part_count; i++) {
        const struct keel_column_model *column = keel_table_column(table, index->parts[i].column);
        const char *x = column ? keel__ask_column(audit, "a", column) : NULL;
        const char *y = column ? keel__ask_column(audit, "b", column) : NULL;
        join = x && y ? keel__ask_format(audit, "%s%s%s = %s", join ? join : "",
                                         join ? " AND " : "", x, y)
                      : NULL;
        if (!join)
            return NULL;
    }
    if (!t || !a || !b || !word || !join)
        return NULL;
    return keel__ask_format(
        audit, "SELECT count(*) FROM %s a JOIN %s b ON %s WHERE %s = %s AND %s IN (%s)", t, t, join,
        a, word, b, list);
}

static int check_evaded(struct keel__audit *audit, const struct keel__table_facts *facts,
                        const struct keel_index_model *index, struct keel_error *err)
{
    struct predicate predicate = {.count = 0};
    int64_t found;
    bool answered;
    if (!read_predicate(audit, facts->table, index->where, &predicate))
        return KEEL_OK;
    for (size_t i = 0; i < index->part_count; i++)
        if (!index->parts[i].column)
            return KEEL_OK;
    const struct keel__profile *profile = keel__facts_profile(facts, predicate.column->name);
    for (size_t w = 0; profile && w < profile->word_count; w++) {
        const char *slip = profile->words[w].text;
        if (!is_slip(slip, &predicate))
            continue;
        const char *sql = evaded_sql(audit, facts->table, index, &predicate, slip);
        if (!sql)
            return keel__nomem(err);
        int rc = keel__ask_numbers(audit, facts->table->name, sql, &found, 1, &answered, err);
        if (rc)
            return rc;
        struct keel_finding *finding =
            keel__design_add(audit, "partial-index-evaded", facts->table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_object(finding, "index", index->name);
        keel__finding_column(audit, finding, predicate.column->name);
        keel__finding_data(finding, facts, found);
        keel__finding_count(audit, finding, slip, profile->words[w].rows);
        keel__finding_say(audit, finding,
                          "%lld rows whose %s is '%s' pass by the unique index %s, which does not "
                          "list that spelling; %lld stand beside a row that it does list",
                          (long long)profile->words[w].rows, predicate.column->name, slip,
                          index->name, (long long)found);
    }
    return KEEL_OK;
}

int keel__schema_evaded(struct keel__audit *audit, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel_table_model *table = &audit->schema->tables[i];
        for (size_t k = 0; audit->facts[i].scanned && k < table->index_count && !rc; k++)
            if (table->indexes[k].unique && table->indexes[k].where)
                rc = check_evaded(audit, &audit->facts[i], &table->indexes[k], err);
    }
    return rc;
}
