#include "audit/rules_design.h"
#include "base/error.h"
#include "schema/model.h"

#include <string.h>

/* Rows that are overwritten, kept for ever, or too big. */

enum { MIN_ROWS = 20, MIN_LOG_ROWS = 500, LONG_TEXT = 300 };

static const char history_words[] = "history log logs version versions revision revisions change "
                                    "changes transition transitions event events audit journal";

const struct keel_column_model *keel__design_column(const struct keel_table_model *table,
                                                    const char *words)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (keel__name_has(table->columns[i].name, words))
            return &table->columns[i];
    return NULL;
}

bool keel__design_has_history(const struct keel__audit *audit, const struct keel_table_model *table)
{
    char own[128], other[128], single[128];
    keel__role_words(table->name, own, sizeof own);
    keel__name_singular(own, single, sizeof single);
    for (size_t i = 0; i < audit->reference_count; i++) {
        const struct keel__reference *reference = &audit->references[i];
        if (reference->parent == table && reference->table != table &&
            keel__name_has(reference->table->name, history_words))
            return true;
    }
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel_table_model *t = &audit->schema->tables[i];
        keel__role_words(t->name, other, sizeof other);
        if (t != table && keel__name_has(t->name, history_words) &&
            strncmp(other, single, strlen(single)) == 0)
            return true;
    }
    return false;
}

static bool is_history(const struct keel_table_model *table)
{
    return keel__name_has(table->name, history_words);
}

/* The rows of a version that has a number of its own are not overwritten. */
static bool is_versioned(const struct keel_table_model *table)
{
    for (size_t u = 0; u <= table->unique_count; u++) {
        const struct keel_key_model *key =
            u < table->unique_count ? &table->uniques[u] : table->primary_key;
        for (size_t i = 0; key && key->column_count > 1 && i < key->column_count; i++)
            if (keel__name_has(key->columns[i], "version revision sequence number"))
                return true;
    }
    return false;
}

/* ---- status-without-history ------------------------------------------------------------------ */

int keel__table_status_history(struct keel__audit *audit, const struct keel__table_facts *facts,
                               struct keel_error *err)
{
    const struct keel_column_model *status = keel__role_status(facts->table);
    const struct keel__profile *profile = status ? keel__facts_profile(facts, status->name) : NULL;
    if (!profile || facts->rows < MIN_ROWS || profile->word_count < 2 || is_history(facts->table) ||
        keel__design_has_history(audit, facts->table))
        return KEEL_OK;
    struct keel_finding *finding = keel__design_add(audit, "status-without-history", facts->table);
    if (!finding)
        return keel__nomem(err);
    keel__finding_column(audit, finding, status->name);
    keel__finding_data(finding, facts, facts->rows);
    keel__finding_say(audit, finding,
                      "%s of %s is overwritten with every change, and nothing keeps when which "
                      "state was reached, and why",
                      status->name, facts->table->name);
    return KEEL_OK;
}

/* ---- document-overwritten -------------------------------------------------------------------- */

static bool is_document(const struct keel__table_facts *facts, size_t column)
{
    const struct keel__profile *p = &facts->profiles[column];
    const struct keel_column_model *c = p->column;
    int64_t values = p->rows - p->nulls;
    if (values < MIN_ROWS / 2 || (!keel__role_is_text(c) && c->type.kind != KEEL_LOGICAL_JSON))
        return false;
    if (keel__name_has(c->name, "error reason description comment note title name url hash path"))
        return false;
    bool named = keel__name_has(c->name, "payload content credentials body document state summary "
                                         "transcript result response output data usage digest "
                                         "report draft");
    return named && p->total_bytes >= values * 60;
}

static const char *rewritten_key(void)
{
    return "rewritten";
}

/* How many rows were changed after they were made. */
int keel__plan_rewritten(struct keel__audit *audit, struct keel__scan *scan, struct keel_error *err)
{
    const struct keel_table_model *table = keel__scan_table(scan);
    const struct keel_column_model *created = keel__role_created(table);
    const struct keel_column_model *updated = keel__role_updated(table);
    if (!created || !updated)
        return KEEL_OK;
    const char *a = keel__ask_time(audit, "t", created), *b = keel__ask_time(audit, "t", updated);
    const char *condition = a && b ? keel__ask_format(audit, "%s > %s + 1.0 / 86400", b, a) : NULL;
    if (!condition)
        return keel__nomem(err);
    keel__scan_probe(scan, rewritten_key(), condition, NULL);
    return KEEL_OK;
}

/* One row for each kind of document of a parent: saving again replaces it. */
static bool is_slot(const struct keel_table_model *table, const char *column)
{
    for (size_t u = 0; u <= table->unique_count; u++) {
        const struct keel_key_model *key =
            u < table->unique_count ? &table->uniques[u] : table->primary_key;
        if (!key || key->column_count < 2)
            continue;
        bool holds = false;
        for (size_t i = 0; i < key->column_count; i++)
            holds = holds || keel__name_is(key->columns[i], column);
        if (!holds)
            return true;
    }
    return false;
}

int keel__table_rewritten(struct keel__audit *audit, const struct keel__table_facts *facts,
                          struct keel_error *err)
{
    const struct keel_table_model *table = facts->table;
    bool updated = keel__role_updated(table) != NULL;
    const struct keel__probe *probe = keel__facts_probe(facts, rewritten_key());
    if (!facts->scanned || is_history(table) || is_versioned(table) ||
        (updated && (!probe || !probe->matching)))
        return KEEL_OK;
    for (size_t i = 0; i < table->column_count; i++) {
        if (!is_document(facts, i) || (!updated && !is_slot(table, table->columns[i].name)))
            continue;
        if (keel__design_has_history(audit, table)) /* looks at all tables: last */
            return KEEL_OK;
        struct keel_finding *finding = keel__design_add(audit, "document-overwritten", table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_column(audit, finding, table->columns[i].name);
        keel__finding_data(finding, facts, probe ? probe->matching : 0);
        if (probe)
            keel__finding_count(audit, finding, "rows changed since they were made",
                                probe->matching);
        keel__finding_say(audit, finding,
                          "%s of %s is replaced as a whole when it changes%s, and no earlier "
                          "version is kept",
                          table->columns[i].name, table->name,
                          updated ? "" : " (one row for each key)");
    }
    return KEEL_OK;
}

/* ---- version-counter-only -------------------------------------------------------------------- */

int keel__table_version_counter(struct keel__audit *audit, const struct keel__table_facts *facts,
                                struct keel_error *err)
{
    const struct keel_column_model *column = NULL;
    for (size_t i = 0; i < facts->table->column_count && !column; i++)
        if (facts->table->columns[i].type.kind == KEEL_LOGICAL_INTEGER &&
            (keel__name_is(facts->table->columns[i].name, "version") ||
             keel__name_is(facts->table->columns[i].name, "revision")))
            column = &facts->table->columns[i];
    const struct keel__profile *profile = column ? keel__facts_profile(facts, column->name) : NULL;
    if (!profile || !profile->word_count || profile->max_integer < 2 || facts->rows < MIN_ROWS ||
        is_versioned(facts->table) || keel__design_has_history(audit, facts->table))
        return KEEL_OK;
    struct keel_finding *finding = keel__design_add(audit, "version-counter-only", facts->table);
    if (!finding)
        return keel__nomem(err);
    int64_t later = profile->rows - profile->nulls - profile->zeros - profile->ones;
    keel__finding_column(audit, finding, column->name);
    keel__finding_data(finding, facts, later);
    keel__finding_say(audit, finding,
                      "%s counts up while the row is overwritten: the earlier versions of %lld of "
                      "%lld rows are lost",
                      column->name, (long long)later, (long long)facts->rows);
    return KEEL_OK;
}

/* ---- no-updated-time ------------------------------------------------------------------------- */

static void count_timeless(struct keel__audit *audit, const struct keel__table_facts *facts,
                           const struct keel_column_model *status, struct keel_finding *finding)
{
    const struct keel_column_model *created = keel__role_created(facts->table);
    size_t counted = 0;
    for (size_t c = 0; c < facts->cross_count; c++) {
        const struct keel__cross *cross = &facts->crosses[c];
        const struct keel_column_model *time = &facts->table->columns[cross->other_column];
        if (&facts->table->columns[cross->words_column] != status || time == created ||
            !keel__role_is_time(time))
            continue;
        for (size_t i = 0; i < cross->word_count && counted < 24; i++)
            if (cross->cells[i].nulls) {
                const char *what =
                    keel__ask_format(audit, "%s without %s", cross->words[i], time->name);
                keel__finding_count(audit, finding, what ? what : "", cross->cells[i].nulls);
                counted++;
            }
    }
}

/* Each state has a time in a log of states. */
static bool logs_states(const struct keel__audit *audit, const struct keel_table_model *table)
{
    for (size_t i = 0; i < audit->reference_count; i++) {
        const struct keel__reference *reference = &audit->references[i];
        if (reference->parent == table && reference->table != table &&
            keel__name_has(reference->table->name, "history status transition transitions") &&
            keel__role_created(reference->table))
            return true;
    }
    return false;
}

int keel__table_no_updated(struct keel__audit *audit, const struct keel__table_facts *facts,
                           struct keel_error *err)
{
    const struct keel_column_model *status = keel__role_status(facts->table);
    const struct keel__profile *profile = status ? keel__facts_profile(facts, status->name) : NULL;
    const struct keel_column_model *created = keel__role_created(facts->table);
    if (!profile || !created || profile->word_count < 2 || facts->rows < MIN_ROWS ||
        keel__role_updated(facts->table) || is_history(facts->table) ||
        logs_states(audit, facts->table))
        return KEEL_OK;
    struct keel_finding *finding = keel__design_add(audit, "no-updated-time", facts->table);
    if (!finding)
        return keel__nomem(err);
    keel__finding_column(audit, finding, status->name);
    keel__finding_data(finding, facts, facts->rows);
    count_timeless(audit, facts, status, finding);
    keel__finding_say(audit, finding,
                      "rows of %s change (%s), and only the time they were made is kept (%s)",
                      facts->table->name, status->name, created->name);
    return KEEL_OK;
}

/* ---- cache-without-expiry -------------------------------------------------------------------- */

int keel__table_cache(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err)
{
    const struct keel_table_model *table = facts->table;
    const struct keel_column_model *created = keel__role_updated(table);
    created = created ? created : keel__role_created(table);
    if (!keel__name_has(table->name, "cache cached caches") ||
        keel__design_column(table, "expires expiry expire expiration expired ttl until used "
                                   "accessed access hits hit stale"))
        return KEEL_OK;
    const struct keel__profile *p = created ? keel__facts_profile(facts, created->name) : NULL;
    struct keel_finding *finding = keel__design_add(audit, "cache-without-expiry", table);
    if (!finding)
        return keel__nomem(err);
    if (!p || !p->has_time) {
        keel__finding_say(audit, finding,
                          "%s says neither when an entry expires nor when it was last used",
                          table->name);
        return KEEL_OK;
    }
    keel__finding_column(audit, finding, created->name);
    keel__finding_data(finding, facts, p->older_1d);
    keel__finding_count(audit, finding, "older than a day", p->older_1d);
    keel__finding_count(audit, finding, "older than 30 days", p->older_30d);
    keel__finding_count(audit, finding, "older than 90 days", p->older_90d);
    keel__finding_count(audit, finding, "within a day",
                        p->rows - p->nulls - p->older_1d - p->future);
    keel__finding_count(audit, finding, "in the future", p->future);
    keel__finding_say(audit, finding,
                      "%s says neither when an entry expires nor when it was last used; %lld of "
                      "%lld are older than a day, %lld older than 30 days, %lld in the future",
                      table->name, (long long)p->older_1d, (long long)facts->rows,
                      (long long)p->older_30d, (long long)p->future);
    return KEEL_OK;
}

/* ---- no-retention ---------------------------------------------------------------------------- */

int keel__table_retention(struct keel__audit *audit, const struct keel__table_facts *facts,
                          struct keel_error *err)
{
    const struct keel_table_model *table = facts->table;
    const struct keel_column_model *created = keel__role_created(table);
    const struct keel__profile *p = created ? keel__facts_profile(facts, created->name) : NULL;
    if (!p || !p->has_time || facts->row_count < MIN_LOG_ROWS || !p->older_30d ||
        p->older_30d * 10 < p->rows || table->kind == KEEL_TABLE_PARTITIONED ||
        !keel__name_has(table->name, "log logs event events audit request requests metric metrics "
                                     "trace traces interaction interactions notification "
                                     "notifications visit visits click clicks hit hits activity") ||
        keel__design_column(table, "expires expiry ttl retention purge archived"))
        return KEEL_OK;
    struct keel_finding *finding = keel__design_add(audit, "no-retention", table);
    if (!finding)
        return keel__nomem(err);
    keel__finding_column(audit, finding, created->name);
    keel__finding_data(finding, facts, p->older_30d);
    keel__finding_count(audit, finding, "older than 30 days", p->older_30d);
    keel__finding_count(audit, finding, "older than 90 days", p->older_90d);
    keel__finding_count(audit, finding, "older than 365 days", p->older_365d);
    keel__finding_say(
        audit, finding,
        "%s only grows: of %lld rows %lld are older than 30 days, %lld older than 90, "
        "%lld older than a year",
        table->name, (long long)p->rows, (long long)p->older_30d, (long long)p->older_90d,
        (long long)p->older_365d);
    return KEEL_OK;
}

/* ---- large-values ---------------------------------------------------------------------------- */

int keel__table_large(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err)
{
    for (size_t i = 0; facts->scanned && i < facts->table->column_count; i++) {
        const struct keel__profile *p = &facts->profiles[i];
        if (!p->over_100k)
            continue;
        struct keel_finding *finding = keel__design_add(audit, "large-values", facts->table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_column(audit, finding, p->column->name);
        keel__finding_data(finding, facts, p->over_100k);
        keel__finding_count(audit, finding, "longest", p->max_bytes);
        keel__finding_say(audit, finding,
                          "%lld rows of %s hold 100,000 bytes and more in %s (up to %lld): whoever "
                          "lists rows reads them along",
                          (long long)p->over_100k, facts->table->name, p->column->name,
                          (long long)p->max_bytes);
    }
    return KEEL_OK;
}

/* ---- no-text-search -------------------------------------------------------------------------- */

static bool has_text_search(const struct keel__audit *audit)
{
    for (size_t i = 0; i < audit->schema->table_count; i++) {
        const struct keel_table_model *table = &audit->schema->tables[i];
        if (table->kind == KEEL_TABLE_VIRTUAL && table->virtual_sql &&
            keel__name_like(table->virtual_sql, "%fts_%"))
            return true;
        for (size_t k = 0; k < table->index_count; k++)
            if (table->indexes[k].method && (strcmp(table->indexes[k].method, "gin") == 0 ||
                                             strcmp(table->indexes[k].method, "gist") == 0))
                return true;
    }
    return false;
}

int keel__table_text_search(struct keel__audit *audit, const struct keel__table_facts *facts,
                            struct keel_error *err)
{
    if (facts->rows < 100 || has_text_search(audit))
        return KEEL_OK;
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel__profile *p = &facts->profiles[i];
        int64_t values = p->rows - p->nulls;
        if (!keel__role_is_text(p->column) || values < 100 || p->total_bytes < values * LONG_TEXT ||
            !keel__name_has(p->column->name, "transcript article body content fulltext markdown") ||
            keel__profile_share(p, KEEL__SHAPE_JSON_OBJECT) > 0.2 ||
            keel__profile_share(p, KEEL__SHAPE_JSON_ARRAY) > 0.2)
            continue;
        struct keel_finding *finding = keel__design_add(audit, "no-text-search", facts->table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_column(audit, finding, p->column->name);
        keel__finding_data(finding, facts, values);
        keel__finding_say(
            audit, finding,
            "%lld long texts (%lld bytes on average) in %s.%s can only be searched by "
            "reading all of them",
            (long long)values, (long long)(p->total_bytes / values), facts->table->name,
            p->column->name);
    }
    return KEEL_OK;
}
