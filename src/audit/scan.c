#include "audit/scan.h"

#include "base/error.h"

#include <stdlib.h>

enum { BUDGET_BYTES = 128 << 20, DEFAULT_SAMPLE = 100000 };

/* ---- what rules ask for ---------------------------------------------------------------------- */

const struct keel_table_model *keel__scan_table(const struct keel__scan *scan)
{
    return scan->table;
}

/* Room for one more at the end of an array of the scan's; NULL when memory is out. */
static void *one_more(struct keel__scan *scan, void *items, size_t count, size_t *capacity,
                      size_t size)
{
    if (count < *capacity)
        return items;
    size_t wanted = *capacity ? *capacity * 2 : 16;
    void *grown = keel__arena_grow(&scan->arena, items, *capacity, wanted, size);
    if (!grown) {
        scan->failed = true;
        return NULL;
    }
    *capacity = wanted;
    return grown;
}

void keel__scan_probe(struct keel__scan *scan, const char *key, const char *expression,
                      const char *example)
{
    for (size_t i = 0; i < scan->probe_count; i++)
        if (strcmp(scan->probes[i].result.key, key) == 0)
            return;
    struct keel__probe_scan *probes =
        one_more(scan, scan->probes, scan->probe_count, &scan->probe_capacity, sizeof *probes);
    if (!probes)
        return;
    scan->probes = probes;
    probes[scan->probe_count++] = (struct keel__probe_scan){
        .result = {.key = key}, .expression = expression, .example = example};
}

void keel__scan_tuple(struct keel__scan *scan, const char *key, const size_t *columns, size_t count,
                      bool fold)
{
    for (size_t i = 0; i < scan->tuple_count; i++)
        if (strcmp(scan->tuples[i].result.key, key) == 0)
            return;
    struct keel__tuple_scan *tuples =
        one_more(scan, scan->tuples, scan->tuple_count, &scan->tuple_capacity, sizeof *tuples);
    size_t *copy = keel__arena_memdup(&scan->arena, columns, count * sizeof *columns);
    if (!tuples || !copy) {
        scan->failed = true;
        return;
    }
    scan->tuples = tuples;
    tuples[scan->tuple_count++] = (struct keel__tuple_scan){
        .result = {.key = key}, .columns = copy, .column_count = count, .fold = fold};
}

void keel__scan_dependency(struct keel__scan *scan, const char *key, size_t a, size_t b)
{
    for (size_t i = 0; i < scan->dependency_count; i++)
        if (strcmp(scan->dependencies[i].result.key, key) == 0)
            return;
    struct keel__dependency_scan *dependencies =
        one_more(scan, scan->dependencies, scan->dependency_count, &scan->dependency_capacity,
                 sizeof *dependencies);
    if (!dependencies)
        return;
    scan->dependencies = dependencies;
    dependencies[scan->dependency_count++] =
        (struct keel__dependency_scan){.result = {.key = key}, .a = a, .b = b};
}

static int plan(struct keel__scan *scan, const struct keel__rule_choice *rules,
                struct keel_error *err)
{
    int rc = keel_db_begin(scan->audit->db, KEEL_TX_READ, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < rules->count && !rc; i++) {
        if (!rules->items[i]->plan)
            continue;
        int failed = rules->items[i]->plan(scan->audit, scan, err);
        rc = keel__audit_survive(scan->audit, failed, scan->table->name, rules->items[i]->about.id,
                                 err);
    }
    keel_db_rollback(scan->audit->db);
    return !rc && scan->failed ? keel__nomem(err) : rc;
}

/* ---- one attempt ----------------------------------------------------------------------------- */

static int begin(struct keel__scan *scan, struct keel_error *err)
{
    size_t count = scan->table->column_count;
    struct keel__table_facts *facts = scan->facts;
    facts->rows = facts->row_count = 0;
    facts->scanned = facts->sampled = false;
    facts->crosses = NULL;
    facts->cross_count = facts->probe_count = facts->tuple_count = facts->dependency_count = 0;
    scan->columns = keel__arena_calloc(&scan->arena, count ? count : 1, sizeof *scan->columns);
    if (!scan->columns)
        return keel__nomem(err);
    int rc = KEEL_OK;
    for (size_t i = 0; i < count && !rc; i++)
        rc = keel__profile_begin(scan, i, err);
    for (size_t i = 0; i < scan->probe_count; i++) {
        scan->probes[i].result = (struct keel__probe){.key = scan->probes[i].result.key};
        keel__set_init(&scan->probes[i].distinct, &scan->budget, false);
    }
    for (size_t i = 0; i < scan->tuple_count; i++) {
        scan->tuples[i].result = (struct keel__tuple){.key = scan->tuples[i].result.key};
        keel__set_init(&scan->tuples[i].set, &scan->budget, false);
    }
    for (size_t i = 0; i < scan->dependency_count; i++) {
        struct keel__dependency_scan *dependency = &scan->dependencies[i];
        dependency->result = (struct keel__dependency){.key = dependency->result.key};
        keel__set_init(&dependency->first, &scan->budget, true);
        keel__set_init(&dependency->others, &scan->budget, false);
    }
    return rc ? rc : keel__cross_begin(scan, err);
}

/* Lets go of the memory of an attempt. */
static void fini(struct keel__scan *scan)
{
    for (size_t i = 0; scan->columns && i < scan->table->column_count; i++) {
        keel__set_fini(&scan->columns[i].distinct);
        keel__set_fini(&scan->columns[i].folded);
    }
    for (size_t i = 0; i < scan->probe_count; i++)
        keel__set_fini(&scan->probes[i].distinct);
    keel__combinations_fini(scan);
    scan->columns = NULL;
}

static int end(struct keel__scan *scan, struct keel_error *err)
{
    struct keel__table_facts *facts = scan->facts;
    for (size_t i = 0; i < scan->table->column_count; i++)
        keel__profile_end(scan, &scan->columns[i]);
    struct keel__probe *probes = keel__arena_calloc(
        scan->audit->arena, scan->probe_count ? scan->probe_count : 1, sizeof *probes);
    if (!probes || scan->failed)
        return keel__nomem(err);
    for (size_t i = 0; i < scan->probe_count; i++) {
        probes[i] = scan->probes[i].result;
        probes[i].distinct = (int64_t)scan->probes[i].distinct.count;
    }
    facts->probes = probes;
    facts->probe_count = scan->probe_count;
    facts->scanned = true;
    if (!facts->sampled)
        facts->row_count = facts->rows;
    int rc = keel__cross_end(scan, err);
    return rc ? rc : keel__combinations_end(scan, err);
}

static int attempt(struct keel__scan *scan, struct keel_error *err)
{
    int rc = keel_db_begin(scan->audit->db, KEEL_TX_READ, err);
    if (rc)
        return rc;
    rc = begin(scan, err);
    bool spread = !scan->in_heaps;
    if (!rc)
        rc = keel__scan_rows(scan, err);
    if (!rc && spread && scan->in_heaps) { /* it is known now that windows are no use here */
        fini(scan);
        rc = begin(scan, err);
        if (!rc)
            rc = keel__scan_rows(scan, err);
    }
    keel_db_rollback(scan->audit->db);
    if (!rc)
        rc = end(scan, err);
    fini(scan);
    return rc;
}

/* ---- when it fails --------------------------------------------------------------------------- */

static int look_at_nothing(void *context, const struct keel_row *row, struct keel_error *err)
{
    (void)context, (void)row, (void)err;
    return KEEL_OK;
}

static int try_probe(struct keel__scan *scan, size_t probe, struct keel_error *err)
{
    struct keel__str sql;
    int rc = keel_db_begin(scan->audit->db, KEEL_TX_READ, err);
    if (rc)
        return rc;
    keel__str_init(&sql, 0);
    keel__scan_probe_sql(&sql, scan, probe);
    rc = keel__str_error(&sql, err);
    struct keel_query query = {.name = "audit_probe", .sqlite = sql.data, .postgres = sql.data};
    if (!rc)
        rc = keel_db_each(scan->audit->db, &query, KEEL_NO_PARAMS, look_at_nothing, NULL, err);
    keel__str_fini(&sql);
    keel_db_rollback(scan->audit->db);
    return rc;
}

/* Leaves out the probes that do not work; all of them when each works alone. */
static int drop_probes(struct keel__scan *scan, const char *why, struct keel_error *err)
{
    size_t kept = 0, count = scan->probe_count;
    for (size_t i = 0; i < count; i++) {
        struct keel_error own = {0};
        if (!try_probe(scan, i, &own)) {
            scan->probes[kept++] = scan->probes[i];
            continue;
        }
        if (keel__audit_stopped(scan->audit))
            return keel__audit_stop(err);
        keel__audit_skip(scan->audit, "%s: %s: %s", scan->table->name, scan->probes[i].result.key,
                         own.message);
    }
    if (kept == count) {
        keel__audit_skip(scan->audit, "%s: what rules ask of its rows: %s", scan->table->name, why);
        kept = 0;
    }
    scan->probe_count = kept;
    return KEEL_OK;
}

/* No fault of the table's: a right is missing, somebody else has locked it, or the server's own
 * limits ended the statement. */
static bool is_denied(const struct keel_error *err)
{
    static const char *const states[] = {"42501", "55P03", "57014"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strcmp(err->sqlstate, states[i]) == 0)
            return true;
    return err->code == KEEL_BUSY;
}

static int give_up(struct keel__scan *scan, struct keel_error *err)
{
    struct keel__table_facts *facts = scan->facts;
    keel__audit_skip(scan->audit, "table %s: %s", scan->table->name, err->message);
    *facts = (struct keel__table_facts){.table = facts->table};
    if (!is_denied(err)) {
        facts->unreadable = keel__arena_strdup(scan->audit->arena, err->message);
        if (!facts->unreadable)
            return keel__nomem(err);
    }
    return keel__facts_init(scan->audit, facts, err);
}

static int read_table(struct keel__scan *scan, struct keel_error *err)
{
    for (;;) {
        int rc = attempt(scan, err);
        if (!rc)
            return KEEL_OK;
        if (keel__audit_stopped(scan->audit))
            return keel__audit_stop(err);
        if (keel__audit_fatal(scan->audit, rc))
            return rc;
        if (!scan->probe_count || is_denied(err))
            return give_up(scan, err);
        char why[sizeof err->message];
        memcpy(why, err->message, sizeof why);
        rc = drop_probes(scan, why, err);
        if (rc)
            return rc;
    }
}

int keel__scan_read(struct keel__audit *audit, const struct keel__rule_choice *rules,
                    struct keel__table_facts *facts, size_t table_index, struct keel_error *err)
{
    int64_t wanted = audit->options->sample_rows;
    struct keel__scan scan = {.audit = audit,
                              .table = facts->table,
                              .facts = facts,
                              .budget = {BUDGET_BYTES},
                              .table_index = table_index,
                              .wanted = wanted ? wanted : DEFAULT_SAMPLE};
    keel__arena_init(&scan.arena, 0);
    scan.scratch = calloc(1, sizeof *scan.scratch);
    int rc = scan.scratch ? plan(&scan, rules, err) : keel__nomem(err);
    if (!rc)
        rc = read_table(&scan, err);
    if (scan.scratch)
        keel__shape_scratch_fini(scan.scratch);
    free(scan.scratch);
    keel__arena_fini(&scan.arena);
    return rc;
}
