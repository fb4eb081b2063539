#include "audit/rules_words.h"

#include "audit/column.h"
#include "audit/reference.h"
#include "base/error.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_CANDIDATES = 16,
    MAX_CANDIDATE_COLUMNS = 6,
    MAX_TABLE_COLUMNS = 300,
    MIN_ROWS = 20,
    MIN_ROWS_BROKEN = 20,
    MAX_LOOKUP_ROWS = 1000,
    KEY_SIZE = 48
};
/* Rows that stand in the way of a key which nearly holds. */
static const double NEARLY = 0.05, NEARLY_FILES = 0.35;

enum candidate_kind {
    ALONE = 1,   /* email, slug, token: a key by its name */
    LOOKUP_NAME, /* name of a small table */
    ONE_TO_ONE,  /* a reference */
    PLACE,       /* (parent, number) */
    NAME_WITHIN, /* (parent, name) */
    FILE_WITHIN, /* (parent, path) */
    VERSION_OF,  /* (name, version) */
    PAIR,        /* (reference, reference) of a table that does little but link */
    LINK,        /* the same of one that does nothing else */
    PER_KIND     /* all references and a kind */
};

struct candidate {
    enum candidate_kind kind;
    size_t columns[MAX_CANDIDATE_COLUMNS];
    size_t count;
};

struct candidates {
    struct candidate items[MAX_CANDIDATES];
    size_t count;
};

static const char key_names[] =
    "slug email token hash sku isbn ean upc iban vin uuid guid username login handle url uri "
    "nickname fingerprint barcode";
static const char not_key_names[] =
    "password passwd error status country currency language lang zip postal postcode area exit "
    "http response content body file html image avatar thumb icon logo callback webhook redirect "
    "referrer referer base parent commit git tree csrf salt prompt next prev previous old new "
    "max min tokens";
static const char place_names[] =
    "number no nr num position pos sequence seq ordinal rank index idx order version line step "
    "turn round revision rev attempt page chapter slot";
static const char log_names[] =
    "log logs event events history audit usage call calls metric metrics view views visit visits "
    "click clicks interaction interactions trace traces span spans message messages transaction "
    "transactions payment payments reading readings measurement measurements sample samples";

/* ---- which combinations ---------------------------------------------------------------------- */

static bool is_key_type(const struct keel_column_model *column)
{
    enum keel_logical_kind kind = column->type.kind;
    return column->type.dimensions == 0 && column->generated == KEEL_GENERATED_NO &&
           (kind == KEEL_LOGICAL_TEXT || kind == KEEL_LOGICAL_INTEGER ||
            kind == KEEL_LOGICAL_UUID || kind == KEEL_LOGICAL_UNKNOWN);
}

static bool is_integer(const struct keel_column_model *column)
{
    return column->type.kind == KEEL_LOGICAL_INTEGER && column->type.dimensions == 0;
}

static bool is_text(const struct keel_column_model *column)
{
    return (column->type.kind == KEEL_LOGICAL_TEXT || column->type.kind == KEEL_LOGICAL_UNKNOWN) &&
           column->type.dimensions == 0;
}

static void propose(const struct keel_table_model *table, struct candidates *out,
                    enum candidate_kind kind, const size_t *columns, size_t count)
{
    const char *names[MAX_CANDIDATE_COLUMNS];
    if (out->count >= MAX_CANDIDATES || count > MAX_CANDIDATE_COLUMNS)
        return;
    for (size_t i = 0; i < count; i++)
        names[i] = table->columns[columns[i]].name;
    if (keel__columns_hold_key(table, names, count))
        return;
    struct candidate *item = &out->items[out->count++];
    item->kind = kind;
    item->count = count;
    memcpy(item->columns, columns, count * sizeof *columns);
}

static const struct keel__reference *
reference_of(const struct keel__audit *audit, const struct keel_table_model *table, size_t column)
{
    return keel__column_reference(audit, table, table->columns[column].name);
}

/* "youtube_id": the name of a thing elsewhere, which no table here has. */
static bool is_foreign_name(const struct keel_column_model *column)
{
    return is_text(column) && keel__name_ends(column->name, "id") &&
           keel__name_has(column->name, "external youtube stripe github gitlab google facebook "
                                        "twitter telegram slack paypal remote ext");
}

/* A key beside the primary one says already what tells its rows apart. */
static bool has_natural_key(const struct keel_table_model *table)
{
    for (size_t i = 0; i < table->index_count; i++)
        if (table->indexes[i].unique)
            return true;
    return table->unique_count > 0;
}

static void propose_alone(const struct keel__audit *audit, const struct keel_table_model *table,
                          struct candidates *out)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const struct keel_column_model *column = &table->columns[i];
        if (!is_key_type(column) || keel__column_primary(table, column->name))
            continue;
        bool named = keel__name_ends(column->name, key_names) ||
                     (keel__name_ends(column->name, "code number no nr key") && is_text(column) &&
                      !keel__name_has(column->name, "line page phone house street step"));
        if ((named && !keel__name_has(column->name, not_key_names)) || is_foreign_name(column))
            propose(table, out, ALONE, &i, 1);
        else if (keel__name_ends(column->name, "url") &&
                 keel__name_has(column->name, "thumbnail source input"))
            propose(table, out, ALONE, &i, 1);
        else if (is_text(column) && strcmp(column->name, "name") == 0 && !has_natural_key(table) &&
                 !keel__name_has(table->name, "user users person persons people customer customers "
                                              "contact contacts employee employees member members "
                                              "author authors patient patients student students"))
            propose(table, out, LOOKUP_NAME, &i, 1);
        else if (reference_of(audit, table, i) && !keel__name_has(table->name, log_names))
            propose(table, out, ONE_TO_ONE, &i, 1);
    }
}

/* The table's own number: chunk.chunk_id beside chunk.id. */
static bool is_own_number(const struct keel_table_model *table,
                          const struct keel_column_model *column)
{
    char singular[160], own[168];
    keel__name_singular(table->name, singular, sizeof singular);
    snprintf(own, sizeof own, "%s_id", singular);
    return strcmp(column->name, own) == 0 && !keel__column_primary(table, column->name) &&
           table->primary_key != NULL;
}

static void propose_within(const struct keel__audit *audit, const struct keel_table_model *table,
                           struct candidates *out)
{
    size_t parents[4], parent_count = 0;
    for (size_t i = 0; i < table->column_count && parent_count < 4; i++) {
        const struct keel__reference *reference = reference_of(audit, table, i);
        if (reference && reference->parent && reference->parent != table &&
            !keel__column_unique(table, table->columns[i].name))
            parents[parent_count++] = i;
    }
    for (size_t i = 0; i < table->column_count; i++) {
        const struct keel_column_model *column = &table->columns[i];
        if (keel__column_in_key(table, column->name))
            continue; /* of another parent, or alone */
        enum candidate_kind kind = 0;
        if (is_integer(column) && keel__name_ends(column->name, place_names) &&
            !keel__name_has(column->name, "max min total count phone route house http lock row "
                                          "schema api"))
            kind = PLACE;
        else if (is_integer(column) && is_own_number(table, column))
            kind = PLACE;
        else if (is_text(column) && keel__name_ends(column->name, "path filename filepath"))
            kind = FILE_WITHIN;
        else if (is_text(column) && keel__name_ends(column->name, "slug key code locale"))
            kind = NAME_WITHIN;
        if (!kind || (reference_of(audit, table, i) && !is_own_number(table, column)))
            continue;
        for (size_t p = 0; p < parent_count; p++)
            if (parents[p] != i && (kind == PLACE || p == 0))
                propose(table, out, kind, (const size_t[]){parents[p], i}, 2);
    }
}

static void propose_linked(const struct keel__audit *audit, const struct keel_table_model *table,
                           struct candidates *out)
{
    size_t references[MAX_CANDIDATE_COLUMNS], count = 0, others = 0, kind = SIZE_MAX;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct keel_column_model *column = &table->columns[i];
        if (keel__column_primary(table, column->name))
            continue;
        const struct keel__reference *reference = reference_of(audit, table, i);
        if (reference && reference->declared) {
            if (count == MAX_CANDIDATE_COLUMNS - 1)
                return;
            references[count++] = i;
        } else if (!keel__name_ends(column->name, "at on time timestamp created updated by")) {
            others++;
            if (is_text(column) && keel__name_ends(column->name, "type kind"))
                kind = i;
        }
    }
    if (count < 2 || keel__name_has(table->name, log_names))
        return;
    if (count == 2 && others <= 2 && kind == SIZE_MAX)
        propose(table, out, others == 0 ? LINK : PAIR, references, 2);
    if (kind != SIZE_MAX) {
        references[count] = kind;
        propose(table, out, PER_KIND, references, count + 1);
    }
}

static void propose_versions(const struct keel_table_model *table, struct candidates *out)
{
    size_t name = SIZE_MAX, version = SIZE_MAX;
    for (size_t i = 0; i < table->column_count; i++) {
        const char *column = table->columns[i].name;
        if (strcmp(column, "name") == 0 && is_text(&table->columns[i]))
            name = i;
        if (strcmp(column, "version") == 0 && is_key_type(&table->columns[i]))
            version = i;
    }
    if (name != SIZE_MAX && version != SIZE_MAX)
        propose(table, out, VERSION_OF, (const size_t[]){name, version}, 2);
}

static void find_candidates(const struct keel__audit *audit, const struct keel_table_model *table,
                            struct candidates *out)
{
    out->count = 0;
    if (table->column_count > MAX_TABLE_COLUMNS)
        return;
    propose_within(audit, table, out);
    propose_linked(audit, table, out);
    propose_versions(table, out);
    propose_alone(audit, table, out);
}

static const char *candidate_key(const struct candidate *candidate, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "unique");
    for (size_t i = 0; i < candidate->count && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, " %zu", candidate->columns[i]);
    return out;
}

int keel__undeclared_key_plan(struct keel__audit *audit, struct keel__scan *scan,
                              struct keel_error *err)
{
    struct candidates candidates;
    find_candidates(audit, keel__scan_table(scan), &candidates);
    for (size_t i = 0; i < candidates.count; i++) {
        const struct candidate *candidate = &candidates.items[i];
        char key[KEY_SIZE];
        char *kept = keel__arena_strdup(audit->arena, candidate_key(candidate, key, sizeof key));
        size_t *columns = keel__arena_memdup(audit->arena, candidate->columns,
                                             candidate->count * sizeof candidate->columns[0]);
        if (!kept || !columns)
            return keel__nomem(err);
        keel__scan_tuple(scan, kept, columns, candidate->count, false);
    }
    return KEEL_OK;
}

int keel__broken_key_plan(struct keel__audit *audit, struct keel__scan *scan,
                          struct keel_error *err)
{
    return keel__undeclared_key_plan(audit, scan, err);
}

/* ---- what the data says of them -------------------------------------------------------------- */

struct verdict {
    int64_t rows, repeated, extra; /* without NULLs; of one column: without '' */
};

static bool verdict_of(const struct keel__table_facts *facts, const struct candidate *candidate,
                       struct verdict *out, const struct keel__tuple **tuple)
{
    char key[KEY_SIZE];
    *tuple = keel__facts_tuple(facts, candidate_key(candidate, key, sizeof key));
    if (!*tuple || (*tuple)->overflow)
        return false;
    *out = (struct verdict){(*tuple)->rows, (*tuple)->repeated, (*tuple)->extra_rows};
    int64_t empties = candidate->count == 1
                          ? facts->profiles[candidate->columns[0]].shapes[KEEL__SHAPE_EMPTY]
                          : 0;
    if (empties > 1) {
        out->rows -= empties;
        out->repeated -= 1;
        out->extra -= empties - 1;
    }
    return out->rows > 0;
}

/* By chance alone few rows would all have different parents. */
static bool one_to_one_means_something(const struct keel__audit *audit,
                                       const struct keel__table_facts *facts,
                                       const struct candidate *candidate,
                                       const struct verdict *verdict)
{
    const struct keel__reference *reference =
        reference_of(audit, facts->table, candidate->columns[0]);
    if (!reference || !reference->parent || reference->parent == facts->table)
        return false;
    const struct keel__table_facts *parent = keel__facts_of(audit, reference->parent);
    return verdict->rows >= 100 && parent && parent->row_count > 0 &&
           (double)verdict->rows >= 0.3 * (double)parent->row_count;
}

/* A pair is a key only when its first column repeats; otherwise the first alone would be. */
static bool parts_repeat(const struct keel__table_facts *facts, const struct candidate *candidate)
{
    for (size_t i = 0; i < candidate->count; i++) {
        const struct keel__profile *profile = &facts->profiles[candidate->columns[i]];
        int64_t values = profile->rows - profile->nulls;
        if (profile->distinct_overflow || profile->distinct * 10 > values * 9)
            return false;
    }
    return true;
}

static bool short_values(const struct keel__table_facts *facts, const struct candidate *candidate)
{
    for (size_t i = 0; i < candidate->count; i++)
        if (facts->profiles[candidate->columns[i]].max_bytes > 2000)
            return false;
    return true;
}

static bool holds(const struct keel__audit *audit, const struct keel__table_facts *facts,
                  const struct candidate *candidate, const struct verdict *verdict)
{
    if (verdict->extra > 0 || facts->sampled || !short_values(facts, candidate))
        return false;
    switch (candidate->kind) {
    case ALONE:
        return verdict->rows >= MIN_ROWS && verdict->rows * 2 >= facts->rows;
    case LOOKUP_NAME:
        return verdict->rows >= 5 && verdict->rows <= MAX_LOOKUP_ROWS;
    case ONE_TO_ONE:
        return one_to_one_means_something(audit, facts, candidate, verdict);
    default:
        return verdict->rows >= MIN_ROWS && verdict->rows * 10 >= facts->rows * 9 &&
               parts_repeat(facts, candidate);
    }
}

static bool nearly_holds(const struct keel__audit *audit, const struct keel__table_facts *facts,
                         const struct candidate *candidate, const struct verdict *verdict)
{
    double share = (double)verdict->extra / (double)verdict->rows;
    if (verdict->extra <= 0 || verdict->rows < MIN_ROWS_BROKEN || !short_values(facts, candidate))
        return false;
    switch (candidate->kind) {
    case ALONE:
        return share <= NEARLY;
    case LOOKUP_NAME:
    case NAME_WITHIN:
    case PAIR:
        return false; /* names repeat, and so do things that happen between two */
    case ONE_TO_ONE:
        return share <= NEARLY && one_to_one_means_something(audit, facts, candidate, verdict);
    case FILE_WITHIN:
        return share <= NEARLY_FILES;
    default:
        return share <= NEARLY;
    }
}

static void column_list(const struct keel__table_facts *facts, const struct candidate *candidate,
                        const char **names, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < candidate->count; i++) {
        names[i] = facts->table->columns[candidate->columns[i]].name;
        if (used < size)
            used += (size_t)snprintf(out + used, size - used, "%s%.80s", i ? ", " : "", names[i]);
    }
}

static const char *sql_list(struct keel__audit *audit, const char *const *names, size_t count)
{
    struct keel__str text;
    keel__str_init(&text, 0);
    for (size_t i = 0; i < count; i++)
        keel__str_printf(&text, "%s%s", i ? ", " : "", keel__audit_name(audit, names[i]));
    const char *copy = keel__arena_dup(audit->arena, keel__str_view(&text));
    keel__str_fini(&text);
    return copy ? copy : "";
}

static int undeclared_of_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                               struct keel_error *err)
{
    struct candidates candidates;
    find_candidates(audit, facts->table, &candidates);
    for (size_t i = 0; i < candidates.count; i++) {
        const struct candidate *candidate = &candidates.items[i];
        const struct keel__tuple *tuple;
        struct verdict verdict;
        if (!verdict_of(facts, candidate, &verdict, &tuple) ||
            !holds(audit, facts, candidate, &verdict) ||
            (candidate->count == 1 &&
             keel__column_in_key(facts->table, facts->table->columns[candidate->columns[0]].name)))
            continue;
        const char *names[MAX_CANDIDATE_COLUMNS];
        char list[600];
        column_list(facts, candidate, names, list, sizeof list);
        struct keel_finding *finding = keel__finding_add(
            audit, KEEL__CONSTRAINTS(KEEL__CONSTRAINTS_UNDECLARED_KEY), facts->table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_columns(audit, finding, names, candidate->count);
        keel__finding_data(finding, facts, verdict.rows);
        keel__finding_say(audit, finding,
                          "%s (%s) has no value twice in %lld rows, yet nothing declares it unique",
                          facts->table->name, list, (long long)verdict.rows);
        finding->fix_text = "whether it is a key, or only was one so far";
        struct keel__repair *repair =
            keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, facts->table);
        if (!repair)
            return keel__nomem(err);
        repair->choices = keel__arena_printf(
            audit->arena, "If no two rows may share it: CREATE UNIQUE INDEX ... ON %s (%s);",
            keel__audit_table(audit, facts->table), sql_list(audit, names, candidate->count));
    }
    return KEEL_OK;
}

/* Two rows with one token or one number within a parent are a fault; the rest may be meant. */
static bool is_sure(const struct keel__table_facts *facts, const struct candidate *candidate,
                    const struct verdict *verdict)
{
    const char *name = facts->table->columns[candidate->columns[0]].name;
    const struct keel__profile *last = &facts->profiles[candidate->columns[candidate->count - 1]];
    if (candidate->kind == PLACE) /* counted through: 1, 2, 3 */
        return verdict->extra * 50 <= verdict->rows && verdict->rows >= 100 && last->has_number &&
               (last->min_integer == 0 || last->min_integer == 1) && !last->distinct_overflow &&
               last->distinct * 5 >= (last->max_integer - last->min_integer + 1) * 4;
    return candidate->kind == ALONE && keel__name_ends(name, "token") &&
           !keel__name_has(name, "device push fcm apns access");
}

static int broken_of_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                           struct keel_error *err)
{
    struct candidates candidates;
    find_candidates(audit, facts->table, &candidates);
    for (size_t i = 0; i < candidates.count; i++) {
        const struct candidate *candidate = &candidates.items[i];
        const struct keel__tuple *tuple;
        struct verdict verdict;
        if (!verdict_of(facts, candidate, &verdict, &tuple) ||
            !nearly_holds(audit, facts, candidate, &verdict))
            continue;
        const char *names[MAX_CANDIDATE_COLUMNS];
        char list[600];
        column_list(facts, candidate, names, list, sizeof list);
        struct keel_finding *finding =
            keel__finding_add(audit, KEEL__CONSTRAINTS(KEEL__CONSTRAINTS_BROKEN_KEY), facts->table);
        if (!finding)
            return keel__nomem(err);
        if (!is_sure(facts, candidate, &verdict))
            finding->severity = KEEL_SEVERITY_ADVICE;
        keel__finding_columns(audit, finding, names, candidate->count);
        keel__finding_data(finding, facts, verdict.extra);
        keel__finding_examples(audit, finding, &tuple->examples);
        keel__finding_count(audit, finding, "values that occur several times", verdict.repeated);
        keel__finding_count(audit, finding, "rows too many", verdict.extra);
        keel__finding_say(audit, finding,
                          "%s (%s) is nearly unique: %lld of its values occur several times in "
                          "%lld rows (%lld rows too many)",
                          facts->table->name, list, (long long)verdict.repeated,
                          (long long)verdict.rows, (long long)verdict.extra);
        finding->fix_text = "whether the repeated rows are duplicates, and which of them stay";
        struct keel__repair *repair =
            keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, facts->table);
        if (!repair)
            return keel__nomem(err);
        const char *columns = sql_list(audit, names, candidate->count);
        const char *place = keel__audit_table(audit, facts->table);
        repair->choices = keel__arena_printf(
            audit->arena,
            "%lld values occur several times: SELECT %s, count(*) FROM %s GROUP BY %s HAVING "
            "count(*) > 1;\nOnce they are merged: CREATE UNIQUE INDEX ... ON %s (%s);",
            (long long)verdict.repeated, columns, place, columns, place, columns);
    }
    return KEEL_OK;
}

/* At the end, when the parents' rows are counted as well. */
static int each_table(struct keel__audit *audit,
                      int (*look)(struct keel__audit *, const struct keel__table_facts *,
                                  struct keel_error *),
                      struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->schema->table_count && !rc; i++)
        if (audit->facts[i].scanned)
            rc = look(audit, &audit->facts[i], err);
    return rc;
}

int keel__undeclared_key_schema(struct keel__audit *audit, struct keel_error *err)
{
    return each_table(audit, undeclared_of_table, err);
}

int keel__broken_key_schema(struct keel__audit *audit, struct keel_error *err)
{
    return each_table(audit, broken_of_table, err);
}

/* ---- a key that rows do not have ------------------------------------------------------------- */

int keel__key_nulls_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                          struct keel_error *err)
{
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel__profile *profile = &facts->profiles[i];
        const struct keel_column_model *column = profile->column;
        if (profile->nulls == 0 || facts->rows < MIN_ROWS || profile->nulls * 10 > profile->rows ||
            column->not_null || keel__column_primary(facts->table, column->name) ||
            !keel__column_unique(facts->table, column->name))
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, KEEL__CONSTRAINTS(KEEL__CONSTRAINTS_KEY_NULLS), facts->table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_column(audit, finding, column->name);
        keel__finding_data(finding, facts, profile->nulls);
        keel__finding_say(audit, finding,
                          "%s.%s is unique, but %lld of %lld rows have none: what they are cannot "
                          "be told by it",
                          facts->table->name, column->name, (long long)profile->nulls,
                          (long long)profile->rows);
        finding->fix_text = "whether rows without it may be there";
        struct keel__repair *repair =
            keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, facts->table);
        if (!repair)
            return keel__nomem(err);
        repair->choices = keel__arena_printf(
            audit->arena, "SELECT * FROM %s WHERE %s IS NULL; (%lld rows)\nThen: NOT NULL",
            keel__audit_table(audit, facts->table), keel__audit_name(audit, column->name),
            (long long)profile->nulls);
    }
    return KEEL_OK;
}

/* ---- a measure in a key ---------------------------------------------------------------------- */

static bool is_measure(const struct keel_column_model *column)
{
    enum keel_logical_kind kind = column->type.kind;
    return kind == KEEL_LOGICAL_REAL || kind == KEEL_LOGICAL_MONEY ||
           ((kind == KEEL_LOGICAL_DECIMAL || kind == KEEL_LOGICAL_INTEGER) &&
            keel__name_has(column->name, "price cost amount fee total"));
}

/* The columns of a declared key beside its only measure, in out; 0: it has none. */
static size_t beside_measure(const struct keel_table_model *table, const struct keel_key_model *key,
                             size_t *out, const char **measure)
{
    size_t count = 0, measures = 0;
    for (size_t i = 0; i < key->column_count; i++)
        for (size_t c = 0; c < table->column_count; c++) {
            if (strcmp(table->columns[c].name, key->columns[i]) != 0)
                continue;
            if (is_measure(&table->columns[c])) {
                measures++;
                *measure = table->columns[c].name;
            } else if (count < MAX_CANDIDATE_COLUMNS) {
                out[count++] = c;
            }
        }
    return measures == 1 ? count : 0;
}

int keel__measure_key_plan(struct keel__audit *audit, struct keel__scan *scan,
                           struct keel_error *err)
{
    const struct keel_table_model *table = keel__scan_table(scan);
    for (size_t i = 0; i < table->unique_count; i++) {
        size_t columns[MAX_CANDIDATE_COLUMNS];
        const char *measure;
        size_t count = beside_measure(table, &table->uniques[i], columns, &measure);
        if (count == 0)
            continue;
        char *key = keel__arena_printf(audit->arena, "measure %zu", i);
        size_t *kept = keel__arena_memdup(audit->arena, columns, count * sizeof *columns);
        if (!key || !kept)
            return keel__nomem(err);
        keel__scan_tuple(scan, key, kept, count, false);
    }
    return KEEL_OK;
}

int keel__measure_key_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                            struct keel_error *err)
{
    const struct keel_table_model *table = facts->table;
    for (size_t i = 0; i < table->unique_count; i++) {
        size_t columns[MAX_CANDIDATE_COLUMNS];
        const char *measure;
        char key[KEY_SIZE];
        if (beside_measure(table, &table->uniques[i], columns, &measure) == 0)
            continue;
        snprintf(key, sizeof key, "measure %zu", i);
        const struct keel__tuple *tuple = keel__facts_tuple(facts, key);
        struct keel_finding *finding =
            keel__finding_add(audit, KEEL__CONSTRAINTS(KEEL__CONSTRAINTS_MEASURE_KEY), table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_columns(audit, finding, table->uniques[i].columns,
                              table->uniques[i].column_count);
        if (table->uniques[i].name)
            keel__finding_object(finding, "constraint", table->uniques[i].name);
        int64_t repeated = tuple ? tuple->repeated : 0;
        if (tuple && facts->scanned)
            keel__finding_data(finding, facts, repeated);
        if (tuple)
            keel__finding_examples(audit, finding, &tuple->examples);
        keel__finding_say(audit, finding,
                          "the key of %s counts %s in: one thing with two values of it is two rows "
                          "(%lld are now)",
                          table->name, measure, (long long)repeated);
    }
    return KEEL_OK;
}
