#include "audit/scan.h"

#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    WINDOWS = 200,
    LOOK_UP_EVERY = 256,       /* rows between two looks at whether to stop */
    MAX_RESULT_COLUMNS = 1600, /* PostgreSQL's target lists end at 1,664, SQLite's at 2,000 */
    MAX_PROBES = 500           /* of a statement that reads nothing else */
};

/* ---- a row ----------------------------------------------------------------------------------- */

static void take_stored(struct keel__value *value, const struct keel_row *row, size_t i)
{
    switch (keel_row_type(row, i)) {
    case KEEL_NULL:
        value->class = KEEL__STORED_NULL;
        return;
    case KEEL_DOUBLE:
        value->class = KEEL__STORED_REAL;
        value->real = keel_row_double(row, i);
        value->bytes.size = 0;
        return;
    case KEEL_TEXT:
    case KEEL_JSON:
        value->class = KEEL__STORED_TEXT;
        break;
    case KEEL_BYTES:
        value->class = KEEL__STORED_BLOB;
        break;
    default:
        value->class = KEEL__STORED_INTEGER;
        value->integer = keel_row_int(row, i);
        return;
    }
    value->bytes = keel_row_bytes(row, i);
    value->size = value->bytes.size;
}

/* Numbers as PostgreSQL prints them. What a number cannot hold ("NaN" of a numeric is one that it
 * can) stays the nearest one that it can. */
static void take_number(struct keel__value *value, enum keel__decode decode)
{
    char buffer[400];
    size_t size = value->bytes.size < sizeof buffer ? value->bytes.size : sizeof buffer - 1;
    memcpy(buffer, value->bytes.data, size);
    buffer[size] = '\0';
    if (decode == KEEL__DECODE_INTEGER) {
        value->class = KEEL__STORED_INTEGER;
        value->integer = strtoll(buffer, NULL, 10);
        value->bytes.size = 0;
        return;
    }
    value->class = KEEL__STORED_REAL;
    value->real = strtod(buffer, NULL);
}

static void take_decoded(struct keel__value *value, enum keel__decode decode,
                         const struct keel_row *row, size_t i)
{
    if (keel_row_is_null(row, i)) {
        value->class = KEEL__STORED_NULL;
        return;
    }
    if (decode == KEEL__DECODE_LENGTH) {
        value->class = KEEL__STORED_BLOB;
        value->bytes = keel_slice("", 0);
        value->size = (size_t)keel_row_int(row, i);
        return;
    }
    value->bytes = keel_row_bytes(row, i);
    value->size = value->bytes.size;
    switch (decode) {
    case KEEL__DECODE_INTEGER:
    case KEEL__DECODE_REAL:
    case KEEL__DECODE_DECIMAL:
        take_number(value, decode);
        return;
    case KEEL__DECODE_BOOLEAN:
        value->class = KEEL__STORED_INTEGER;
        value->integer = value->size && value->bytes.data[0] == 't';
        return;
    default:
        value->class = KEEL__STORED_TEXT;
    }
}

static void add_columns(struct keel__scan *scan, const struct keel_row *row)
{
    scan->flagged_count = 0;
    for (size_t i = 0; i < scan->table->column_count; i++) {
        struct keel__column_scan *column = &scan->columns[i];
        if (column->decode == KEEL__DECODE_AS_IT_IS)
            take_stored(&column->value, row, i);
        else
            take_decoded(&column->value, column->decode, row, i);
        keel__profile_take(scan, column);
    }
    for (size_t i = 0; i < scan->table->column_count; i++) {
        struct keel__column_scan *column = &scan->columns[i];
        keel__profile_add(scan, column);
        if (column->flags)
            scan->flagged[scan->flagged_count++] = (uint16_t)i;
    }
    keel__cross_row(scan);
    keel__combinations_row(scan);
}

static void add_match(struct keel__scan *scan, struct keel__probe_scan *probe,
                      struct keel_slice example)
{
    bool added;
    probe->result.matching++;
    if (!probe->example)
        return;
    keel__set_at(&probe->distinct, keel__value_hash(example, KEEL__STORED_TEXT), &added);
    if (!added || probe->result.examples.count >= KEEL__MAX_EXAMPLES || !example.size)
        return;
    struct keel__value value = {.class = KEEL__STORED_TEXT, .bytes = example, .size = example.size};
    keel__examples_add(&probe->result.examples, keel__value_text(scan->audit->arena, &value, 120));
}

static void add_probe(struct keel__scan *scan, struct keel__probe_scan *probe,
                      const struct keel_row *row, size_t i)
{
    if (keel_row_is_null(row, i)) {
        probe->result.nulls++;
        return;
    }
    if (scan->audit->dialect == KEEL_SQLITE) {
        if (keel_row_type(row, i) != KEEL_INT)
            add_match(scan, probe, keel_row_bytes(row, i));
        return;
    }
    struct keel_slice text = keel_row_bytes(row, i);
    if (text.size && text.data[0] == '1')
        add_match(scan, probe, keel_slice(text.data + 1, text.size - 1));
}

static void tell(const struct keel__scan *scan)
{
    const struct keel_audit_options *options = scan->audit->options;
    if (!options->event)
        return;
    struct keel_audit_event event = {.table = scan->table->name,
                                     .table_index = scan->table_index,
                                     .table_count = scan->audit->schema->table_count,
                                     .rows = scan->facts->rows,
                                     .row_goal = scan->goal};
    options->event(options->context, &event);
}

static int add_row(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct keel__scan *scan = context;
    size_t at = 0;
    if (scan->with_columns) {
        add_columns(scan, row);
        at = scan->table->column_count;
        scan->facts->rows++;
    }
    for (size_t i = scan->first_probe; i < scan->probe_end; i++)
        add_probe(scan, &scan->probes[i], row, at++);
    scan->seen++;
    if (at < keel_row_columns(row))
        scan->last_rowid = keel_row_int(row, at);
    if (scan->seen % LOOK_UP_EVERY == 0) {
        if (keel__audit_stopped(scan->audit))
            return keel__audit_stop(err);
        tell(scan);
    }
    return scan->failed ? keel__nomem(err) : KEEL_OK;
}

/* ---- the statements -------------------------------------------------------------------------- */

/* Reads what tail selects: the columns with as many probes as fit beside them, then the other
 * probes. */
static int read_part(struct keel__scan *scan, const char *last, const char *tail,
                     const struct keel_value *params, size_t param_count, struct keel_error *err)
{
    size_t columns = scan->table->column_count;
    size_t beside = columns < MAX_RESULT_COLUMNS ? MAX_RESULT_COLUMNS - columns : 0;
    scan->with_columns = true;
    scan->first_probe = 0;
    scan->probe_end = scan->probe_count < beside ? scan->probe_count : beside;
    int rc = KEEL_OK;
    do {
        struct keel__str sql;
        keel__str_init(&sql, 0);
        keel__scan_select(&sql, scan, scan->with_columns && beside ? last : NULL, tail);
        rc = keel__str_error(&sql, err);
        struct keel_query query = {.name = "audit_scan", .sqlite = sql.data, .postgres = sql.data};
        if (!rc)
            rc = keel_db_each(scan->audit->db, &query, params, param_count, add_row, scan, err);
        keel__str_fini(&sql);
        scan->with_columns = false;
        scan->first_probe = scan->probe_end;
        scan->probe_end = scan->probe_count - scan->first_probe < MAX_PROBES
                              ? scan->probe_count
                              : scan->first_probe + MAX_PROBES;
    } while (!rc && scan->first_probe < scan->probe_count);
    return rc;
}

/* The numbers of one row of a statement: "SELECT ..." FROM table AS t "...". */
static int ask(struct keel__scan *scan, const char *head, const char *tail, int64_t *out,
               size_t count, struct keel_error *err)
{
    struct keel__str sql;
    const struct keel_row *row;
    keel__str_init(&sql, 0);
    keel__str_text(&sql, head);
    keel__scan_from(&sql, scan);
    keel__str_text(&sql, tail);
    int rc = keel__str_error(&sql, err);
    struct keel_query query = {.name = "audit_rows", .sqlite = sql.data, .postgres = sql.data};
    if (!rc)
        rc = keel_db_one(scan->audit->db, &query, KEEL_NO_PARAMS, &row, err);
    for (size_t i = 0; i < count && !rc; i++)
        out[i] = keel_row_int(row, i);
    keel__str_fini(&sql);
    return rc;
}

/* How many rows there are, counted up to one more than are wanted. */
static int count_rows(struct keel__scan *scan, int64_t *count, struct keel_error *err)
{
    char tail[64];
    snprintf(tail, sizeof tail, " LIMIT %lld) AS x", (long long)scan->wanted + 1);
    return ask(scan, "SELECT count(*) FROM (SELECT 1", tail, count, 1, err);
}

static void note_first_rows(struct keel__scan *scan, const char *why)
{
    keel__audit_skip(scan->audit, "table %s: only its first %lld rows were read: %s",
                     scan->table->name, (long long)scan->facts->rows, why);
}

static int read_first(struct keel__scan *scan, const char *why, struct keel_error *err)
{
    char tail[40];
    snprintf(tail, sizeof tail, "LIMIT %lld", (long long)scan->wanted);
    scan->goal = scan->wanted;
    int rc = read_part(scan, NULL, tail, KEEL_NO_PARAMS, err);
    if (!rc)
        note_first_rows(scan, why);
    scan->facts->sampled = true;
    scan->facts->row_count = scan->facts->rows;
    return rc;
}

/* ---- SQLite ---------------------------------------------------------------------------------- */

/* Windows of rowids, evenly spread over all there are; *covered: the share of them that was read.
 */
static int read_windows(struct keel__scan *scan, const char *rowid, int64_t low, int64_t high,
                        struct keel_error *err)
{
    char tail[128], name[32];
    double covered = 0, span = (double)high - (double)low + 1;
    uint64_t step = ((uint64_t)high - (uint64_t)low) / WINDOWS + 1;
    int64_t each = scan->wanted / WINDOWS + 1;
    snprintf(name, sizeof name, "t.%s", rowid);
    snprintf(tail, sizeof tail, "WHERE t.%s BETWEEN $1 AND $2 ORDER BY t.%s LIMIT $3", rowid,
             rowid);
    int rc = KEEL_OK;
    for (uint64_t i = 0; i < WINDOWS && !rc; i++) {
        uint64_t from = i * step, until = from + step - 1, end = (uint64_t)high - (uint64_t)low;
        if (from > end)
            break;
        int64_t first = (int64_t)((uint64_t)low + from);
        int64_t last = until > end ? high : (int64_t)((uint64_t)low + until);
        int64_t before = scan->facts->rows;
        struct keel_value params[] = {keel_int(first), keel_int(last), keel_int(each)};
        rc = read_part(scan, name, tail, params, 3, err);
        bool cut = scan->facts->rows - before >= each;
        covered +=
            cut ? (double)scan->last_rowid - (double)first + 1 : (double)last - (double)first + 1;
    }
    scan->facts->sampled = true;
    scan->facts->row_count =
        covered > 0 ? (int64_t)((double)scan->facts->rows * (span / covered)) : 0;
    if (scan->facts->row_count < scan->facts->rows)
        scan->facts->row_count = scan->facts->rows;
    scan->in_heaps = scan->facts->rows < scan->wanted / 10;
    return rc;
}

static int sqlite_rows(struct keel__scan *scan, struct keel_error *err)
{
    const char *rowid = keel__scan_rowid(scan->table);
    int64_t ends[2] = {0, 0}, count = 0;
    int rc = KEEL_OK;
    if (rowid) {
        char head[64], middle[64];
        struct keel__str tail;
        snprintf(head, sizeof head, "SELECT (SELECT min(t.%s)", rowid);
        snprintf(middle, sizeof middle, "), (SELECT max(t.%s)", rowid);
        keel__str_init(&tail, 0);
        keel__str_text(&tail, middle);
        keel__scan_from(&tail, scan);
        keel__str_char(&tail, ')');
        rc = keel__str_error(&tail, err);
        if (!rc)
            rc = ask(scan, head, tail.data, ends, 2, err);
        keel__str_fini(&tail);
        uint64_t span = (uint64_t)ends[1] - (uint64_t)ends[0];
        scan->goal = span < INT64_MAX ? (int64_t)span + 1 : 0;
        if (!rc && (scan->wanted < 0 || span < (uint64_t)scan->wanted))
            return read_part(scan, NULL, NULL, KEEL_NO_PARAMS, err);
    }
    if (!rc && scan->wanted >= 0)
        rc = count_rows(scan, &count, err);
    if (rc)
        return rc;
    if (scan->wanted < 0 || count <= scan->wanted) {
        scan->goal = count;
        return read_part(scan, NULL, NULL, KEEL_NO_PARAMS, err);
    }
    if (!rowid)
        return read_first(scan, "it has no rowid to spread over", err);
    if (scan->in_heaps)
        return read_first(scan, "its rowids are too unevenly spread", err);
    scan->goal = scan->wanted;
    return read_windows(scan, rowid, ends[0], ends[1], err);
}

/* ---- PostgreSQL ------------------------------------------------------------------------------ */

/* What the last ANALYZE or VACUUM knew, partitions included; counted where nothing is known. */
static int estimate(struct keel__scan *scan, int64_t *rows, struct keel_error *err)
{
    struct keel_query query = {
        .name = "audit_estimate",
        .postgres =
            "SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint FROM pg_class AS c WHERE "
            "c.relkind <> 'p' AND (c.oid = to_regclass($1) OR c.oid IN (SELECT p.relid FROM "
            "pg_partition_tree(to_regclass($1)) AS p))"};
    struct keel__str from;
    const struct keel_row *row;
    keel__str_init(&from, 0);
    keel__scan_name(&from, scan);
    int rc = keel__str_error(&from, err);
    if (!rc)
        rc = keel_db_one(scan->audit->db, &query, KEEL_PARAMS(keel_cstr(from.data)), &row, err);
    if (!rc)
        *rows = keel_row_int(row, 0);
    keel__str_fini(&from);
    return rc;
}

static int postgres_rows(struct keel__scan *scan, struct keel_error *err)
{
    char tail[128];
    int64_t count = 0, known = 0;
    if (scan->wanted < 0) {
        int rc = scan->audit->options->event ? estimate(scan, &scan->goal, err) : KEEL_OK;
        return rc ? rc : read_part(scan, NULL, NULL, KEEL_NO_PARAMS, err);
    }
    int rc = count_rows(scan, &count, err);
    if (!rc && count <= scan->wanted) {
        scan->goal = count;
        return read_part(scan, NULL, NULL, KEEL_NO_PARAMS, err);
    }
    if (!rc)
        rc = estimate(scan, &known, err);
    if (!rc && known <= scan->wanted)
        rc = ask(scan, "SELECT count(*)", "", &known, 1, err);
    if (rc)
        return rc;
    double percent = 100.0 * (double)scan->wanted / (double)known;
    snprintf(tail, sizeof tail, "TABLESAMPLE SYSTEM (%.6f) REPEATABLE (20260101)",
             percent < 100 ? percent : 100);
    scan->goal = scan->wanted;
    rc = read_part(scan, NULL, tail, KEEL_NO_PARAMS, err);
    scan->facts->sampled = true;
    scan->facts->row_count = known;
    return rc;
}

int keel__scan_rows(struct keel__scan *scan, struct keel_error *err)
{
    tell(scan);
    return scan->audit->dialect == KEEL_SQLITE ? sqlite_rows(scan, err) : postgres_rows(scan, err);
}
