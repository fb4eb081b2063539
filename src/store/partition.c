#include "store/partition.h"

#include "base/str.h"
#include "keel_sql_store.h"
#include "store/result.h"
#include "store/store.h"

#include <stdio.h>
#include <time.h>

/* Parents before what refers to them; with the column they are partitioned by. */
static const struct {
    const char *name, *key;
} tables[] = {
    {"runs", "id"},
    {"run_status_log", "run_id"},
    {"run_inputs", "run_id"},
    {"run_approvals", "run_id"},
    {"events", "run_id"},
    {"llm_calls", "run_id"},
    {"llm_call_parts", "run_id"},
};
enum { TABLES = sizeof tables / sizeof tables[0] };

/* ---- listing --------------------------------------------------------------------------------- */

/* The time of the nth quoted UUID in "FOR VALUES FROM ('...') TO ('...')"; 0 where there is none.
 */
static int64_t bound_time(struct keel_slice bound, int nth)
{
    struct keel_uuid uuid;
    const char *from = bound.data, *end = bound.data + bound.size;
    for (int quotes = 0; from && from < end; from++) {
        from = memchr(from, '\'', (size_t)(end - from));
        if (!from)
            break;
        if (quotes++ == 2 * nth && end - from > 37 &&
            keel_uuid_parse(keel_slice(from + 1, 36), &uuid))
            return keel_uuid_time_ms(uuid) * 1000;
    }
    return 0;
}

struct listing {
    struct keel__arena *arena;
    struct keel__list list; /* of struct keel_partition */
};

static int take_partition(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct listing *listing = context;
    struct keel_partition *partition = keel__list_add(&listing->list, listing->arena);
    if (!partition)
        return keel__arena_error(listing->arena, err);
    partition->table = keel__arena_dup(listing->arena, keel_row_text(row, 0));
    partition->name = keel__arena_dup(listing->arena, keel_row_text(row, 1));
    partition->from = bound_time(keel_row_text(row, 2), 0);
    partition->until = bound_time(keel_row_text(row, 2), 1);
    partition->estimated_rows = keel_row_int(row, 3);
    partition->bytes = keel_row_int(row, 4);
    return partition->table && partition->name ? 0 : keel__arena_error(listing->arena, err);
}

static int check_dialect(struct keel_store *store, struct keel_error *err)
{
    if (keel_pool_dialect(store->pool) == KEEL_POSTGRES)
        return 0;
    return keel_error_set(err, KEEL_UNSUPPORTED,
                          "only a PostgreSQL store has partitions; this one is SQLite");
}

int keel_partition_list(struct keel_store *store, struct keel_partition **partitions, size_t *count,
                        struct keel_result *result, struct keel_error *err)
{
    struct listing listing = {keel__result_arena(result), {.size = sizeof(struct keel_partition)}};
    struct keel_db *db;
    int code = check_dialect(store, err);
    if (code == 0 && !listing.arena)
        code = keel_error_set(err, KEEL_NOMEM, "out of memory");
    if (code == 0)
        code = keel_pool_acquire(store->pool, KEEL_TX_READ, &db, err);
    if (code)
        return code;
    code = keel_db_each(db, &keel_q_partition_list, KEEL_NO_PARAMS, take_partition, &listing, err);
    keel_pool_release(store->pool, db);
    *partitions = listing.list.items;
    *count = listing.list.count;
    return code;
}

/* ---- creating -------------------------------------------------------------------------------- */

struct month {
    char suffix[16]; /* "2026_11" */
    struct keel_uuid from, until;
    char from_text[37], until_text[37];
};

/* The least UUIDv7 of a time: its prefix, and zeros. */
static struct keel_uuid least_uuid(int64_t unix_ms)
{
    struct keel_uuid uuid = {{0}};
    for (int i = 0; i < 6; i++)
        uuid.bytes[i] = (uint8_t)(unix_ms >> (40 - 8 * i));
    return uuid;
}

static struct month month_of(int64_t now_us, int ahead)
{
    struct month month;
    struct tm tm;
    time_t now = (time_t)(now_us / 1000000);
    gmtime_r(&now, &tm);
    struct tm first = {.tm_year = tm.tm_year, .tm_mon = tm.tm_mon + ahead, .tm_mday = 1};
    struct tm after = {.tm_year = tm.tm_year, .tm_mon = tm.tm_mon + ahead + 1, .tm_mday = 1};
    month.from = least_uuid((int64_t)timegm(&first) * 1000);
    month.until = least_uuid((int64_t)timegm(&after) * 1000);
    keel_uuid_format(month.from, month.from_text);
    keel_uuid_format(month.until, month.until_text);
    strftime(month.suffix, sizeof month.suffix, "%Y_%m", &first);
    return month;
}

/* Runs one statement made of a format. */
__attribute__((format(printf, 3, 4))) static int run(struct keel_db *db, struct keel_error *err,
                                                     const char *format, ...)
{
    struct keel__str sql;
    va_list args;
    keel__str_init(&sql, 0);
    va_start(args, format);
    keel__str_vprintf(&sql, format, args);
    va_end(args);
    int code = keel__str_error(&sql, err);
    if (code == 0)
        code = keel_db_run(db, keel__str_view(&sql), err);
    keel__str_fini(&sql);
    return code;
}

static int exists(struct keel_db *db, const char *table, const struct month *month, bool *found,
                  struct keel_error *err)
{
    char name[64];
    const struct keel_row *row;
    snprintf(name, sizeof name, "%s_%s", table, month->suffix);
    int code = keel_db_one(db, &keel_q_partition_exists, KEEL_PARAMS(keel_cstr(name)), &row, err);
    *found = code == 0 && keel_row_int(row, 0) > 0;
    return code;
}

static int has_rows(struct keel_db *db, const struct month *month, bool *found,
                    struct keel_error *err)
{
    const struct keel_row *row;
    int code = keel_db_one(db, &keel_q_partition_has_rows,
                           KEEL_PARAMS(keel_uuid_value(month->from), keel_uuid_value(month->until)),
                           &row, err);
    *found = code == 0 && keel_row_bool(row, 0);
    return code;
}

/* Attaching blocks less than CREATE TABLE ... PARTITION OF would: the parent is locked against
 * other changes of its definition, not against reading and writing. */
static int create_table(struct keel_db *db, const char *table, const struct month *month,
                        struct keel_error *err)
{
    return run(db, err, "CREATE TABLE %s_%s (LIKE %s INCLUDING ALL)", table, month->suffix, table);
}

static int attach_table(struct keel_db *db, const char *table, const struct month *month,
                        struct keel_error *err)
{
    return run(db, err, "ALTER TABLE %s ATTACH PARTITION %s_%s FOR VALUES FROM ('%s') TO ('%s')",
               table, table, month->suffix, month->from_text, month->until_text);
}

/* What deleting the moved runs would take with it, or change, in tables without partitions. */
static int save_neighbours(struct keel_db *db, const struct month *month, struct keel_error *err)
{
    const char *from = month->from_text, *until = month->until_text;
    int code = run(db, err,
                   "CREATE TEMP TABLE keel_moved_aliases ON COMMIT DROP AS SELECT * FROM "
                   "run_aliases WHERE run_id >= '%s' AND run_id < '%s'",
                   from, until);
    if (code == 0)
        code = run(db, err,
                   "CREATE TEMP TABLE keel_moved_claims ON COMMIT DROP AS SELECT * FROM "
                   "run_claims WHERE run_id >= '%s' AND run_id < '%s'",
                   from, until);
    if (code == 0)
        code = run(db, err,
                   "CREATE TEMP TABLE keel_moved_parents ON COMMIT DROP AS SELECT id, "
                   "parent_run_id FROM runs WHERE parent_run_id >= '%s' AND parent_run_id < '%s'",
                   from, until);
    return code;
}

static int restore_neighbours(struct keel_db *db, struct keel_error *err)
{
    int code = run(db, err, "INSERT INTO run_aliases SELECT * FROM keel_moved_aliases");
    if (code == 0)
        code = run(db, err, "INSERT INTO run_claims SELECT * FROM keel_moved_claims");
    if (code == 0)
        code = run(db, err,
                   "UPDATE runs r SET parent_run_id = p.parent_run_id FROM keel_moved_parents p "
                   "WHERE r.id = p.id AND r.parent_run_id IS NULL");
    if (code == 0)
        code = run(db, err, "DROP TABLE keel_moved_aliases, keel_moved_claims, keel_moved_parents");
    return code;
}

/* Moves the month's rows from the default partitions into the new tables, which are not attached
 * yet. The keys between them are only out of force inside this transaction and its locks: a row
 * can neither stand in a default partition when its partition is attached, nor leave it without
 * what refers to it. */
static int move_rows(struct keel_db *db, const struct month *month, struct keel_error *err)
{
    const char *from = month->from_text, *until = month->until_text;
    int code = run(db, err,
                   "LOCK TABLE runs, run_aliases, run_claims, run_status_log, run_inputs, "
                   "run_approvals, events, llm_calls, llm_call_parts IN ACCESS EXCLUSIVE "
                   "MODE");
    for (int i = 0; i < TABLES && code == 0; i++)
        code = run(db, err,
                   "INSERT INTO %s_%s SELECT * FROM %s_default WHERE %s >= '%s' AND %s < '%s'",
                   tables[i].name, month->suffix, tables[i].name, tables[i].key, from,
                   tables[i].key, until);
    if (code == 0)
        code = save_neighbours(db, month, err);
    for (int i = TABLES - 1; i >= 0 && code == 0; i--)
        code = run(db, err, "DELETE FROM %s_default WHERE %s >= '%s' AND %s < '%s'", tables[i].name,
                   tables[i].key, from, tables[i].key, until);
    return code;
}

/* All tables of a month together, or nothing. */
static int create_month(struct keel_db *db, const struct month *month, bool move, int64_t *created,
                        struct keel_error *err)
{
    bool found, moving = false;
    int count = 0, code = 0;
    for (int i = 0; i < TABLES && code == 0; i++) {
        code = exists(db, tables[i].name, month, &found, err);
        count += !found;
    }
    if (code || count == 0)
        return code;
    if (count != TABLES)
        return keel_error_set(
            err, KEEL_CONFLICT,
            "month %s has partitions of some tables and not of others: attach the "
            "missing ones, or drop the others",
            month->suffix);
    code = has_rows(db, month, &moving, err);
    if (code || (moving && !move))
        return code;
    for (int i = 0; i < TABLES && code == 0; i++)
        code = create_table(db, tables[i].name, month, err);
    if (code == 0 && moving)
        code = move_rows(db, month, err);
    for (int i = 0; i < TABLES && code == 0; i++)
        code = attach_table(db, tables[i].name, month, err);
    if (code == 0 && moving)
        code = restore_neighbours(db, err);
    if (code == 0)
        *created += count;
    return code;
}

struct creation {
    struct month month;
    bool move;
    int64_t created;
};

static int create_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct creation *creation = context;
    const struct keel_row *row;
    creation->created = 0;
    int code = keel_db_one(db, &keel_q_partition_lock, KEEL_NO_PARAMS, &row, err);
    return code ? code
                : create_month(db, &creation->month, creation->move, &creation->created, err);
}

int keel__partitions_create(struct keel_db *db, int64_t now_us, int months, bool move,
                            int64_t *created, struct keel_error *err)
{
    int code = 0;
    *created = 0;
    if (keel_db_dialect(db) != KEEL_POSTGRES)
        return 0;
    for (int ahead = 0; ahead <= months && code == 0; ahead++) {
        struct creation creation = {.month = month_of(now_us, ahead), .move = move};
        bool found;
        code = exists(db, "runs", &creation.month, &found, err);
        if (code || found)
            continue;
        code = keel_db_transact(db, KEEL_TX_WRITE, create_tx, &creation, err);
        *created += creation.created;
    }
    return code;
}

int keel_partition_create(struct keel_store *store, int months, int64_t *created,
                          struct keel_error *err)
{
    struct keel_db *db;
    int64_t ignored;
    int code = check_dialect(store, err);
    if (code == 0 && (months < 0 || months > 1200))
        code = keel_error_set(err, KEEL_INVALID, "months must be between 0 and 1200");
    if (code == 0)
        code = keel_pool_acquire(store->pool, KEEL_TX_WRITE, &db, err);
    if (code)
        return code;
    code = keel__partitions_create(db, keel_time_now_us(), months, true,
                                   created ? created : &ignored, err);
    keel_pool_release(store->pool, db);
    return code;
}
