#include "migrate/history.h"

#include <keel/version.h>

#include "base/hash.h"
#include "keel_sql_migrate.h"
#include "migrate/set.h"

#include <stdlib.h>

const char *keel_migration_action_name(enum keel_migration_action action)
{
    static const char *const names[] = {"", "up", "down", "baseline"};
    return (unsigned)action < sizeof names / sizeof *names ? names[action] : "";
}

static enum keel_migration_action action_of(struct keel_slice name)
{
    for (int action = KEEL_MIGRATE_UP; action <= KEEL_MIGRATE_BASELINE; action++)
        if (keel__word_is(name, keel_migration_action_name((enum keel_migration_action)action)))
            return (enum keel_migration_action)action;
    return 0;
}

int keel__history_exists(struct keel_db *db, bool *exists, struct keel_error *err)
{
    const struct keel_row *row;
    int rc = keel_db_one(db, &keel_q_migrate_history_exists, KEEL_NO_PARAMS, &row, err);
    *exists = rc == 0 && keel_row_bool(row, 0);
    return rc;
}

int keel__history_create(struct keel_db *db, struct keel_error *err)
{
    int rc = keel_db_exec(db, &keel_q_migrate_history_create, KEEL_NO_PARAMS, NULL, err);
    if (rc == 0)
        rc = keel_db_exec(db, &keel_q_migrate_history_index, KEEL_NO_PARAMS, NULL, err);
    return rc;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

enum column {
    COL_ID,
    COL_MODULE,
    COL_VERSION,
    COL_NAME,
    COL_FILE,
    COL_ACTION,
    COL_STATE,
    COL_STEP,
    COL_STEPS,
    COL_CHECKSUM,
    COL_DOWN_CHECKSUM,
    COL_DIGEST,
    COL_APPLIED_AT,
    COL_DURATION_US,
    COL_KEEL_VERSION
};

struct reading {
    struct keel__arena *arena;
    keel_migration_record_fn *each;
    void *context;
};

static bool read_hash(const struct keel_row *row, size_t column, struct keel_hash *out)
{
    *out = (struct keel_hash){{0}};
    return keel__hash_parse(keel_row_text(row, column), out);
}

/* The number that a file's name begins with, as it is written there. */
static char *version_text(struct keel__arena *arena, struct keel_slice file)
{
    size_t n = 0;
    while (n < file.size && file.data[n] >= '0' && file.data[n] <= '9')
        n++;
    return keel__arena_dup(arena, keel_slice(file.data ? file.data : "", n));
}

/* The row as a record; its strings live in the arena. */
static int read_record(struct keel__arena *arena, const struct keel_row *row,
                       struct keel_migration_record *out, const char **file, struct keel_error *err)
{
    *out = (struct keel_migration_record){
        .id = keel_row_int(row, COL_ID),
        .module = keel__arena_dup(arena, keel_row_text(row, COL_MODULE)),
        .version = keel_row_int(row, COL_VERSION),
        .version_text = version_text(arena, keel_row_text(row, COL_FILE)),
        .name = keel__arena_dup(arena, keel_row_text(row, COL_NAME)),
        .action = action_of(keel_row_text(row, COL_ACTION)),
        .state = keel__arena_dup(arena, keel_row_text(row, COL_STATE)),
        .step = keel_row_int(row, COL_STEP),
        .steps = keel_row_int(row, COL_STEPS),
        .applied_at = keel_row_time(row, COL_APPLIED_AT),
        .duration_us = keel_row_int(row, COL_DURATION_US),
        .keel_version = keel__arena_dup(arena, keel_row_text(row, COL_KEEL_VERSION)),
    };
    out->has_checksum = read_hash(row, COL_CHECKSUM, &out->checksum);
    read_hash(row, COL_DOWN_CHECKSUM, &out->down_checksum);
    read_hash(row, COL_DIGEST, &out->digest);
    *file = keel__arena_dup(arena, keel_row_text(row, COL_FILE));
    if (!out->module || !out->version_text || !out->name || !out->state || !out->keel_version ||
        !*file)
        return keel__arena_error(arena, err);
    if (!out->action || out->step < 1 || out->steps < out->step)
        return keel_error_set(err, KEEL_UNSUPPORTED,
                              "row %lld of keel_migrations is not one this version of keel can "
                              "read: use a newer keel",
                              (long long)out->id);
    return 0;
}

static int each_record(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reading *reading = context;
    struct keel_migration_record record;
    const char *file;
    keel__arena_reset(reading->arena);
    int rc = read_record(reading->arena, row, &record, &file, err);
    return rc ? rc : reading->each(reading->context, &record, err);
}

int keel_migrate_history(struct keel_db *db, const char *module, keel_migration_record_fn *each,
                         void *context, struct keel_error *err)
{
    struct keel__arena arena;
    struct reading reading = {&arena, each, context};
    bool exists;
    int rc = keel__history_exists(db, &exists, err);
    if (rc || !exists)
        return rc;
    keel__arena_init(&arena, 0);
    rc = keel_db_each(db, &keel_q_migrate_history_list, KEEL_PARAMS(keel_cstr(module), keel_null()),
                      each_record, &reading, err);
    keel__arena_fini(&arena);
    return rc;
}

/* ---- what is applied --------------------------------------------------------------------------
 */

struct folding {
    struct keel__arena *arena;
    struct keel__standings *out;
};

/* The standing of version; a new one where there is none. Rows come in the order they were written,
 * mostly of ascending versions, so the search from the end is short. */
static struct keel__standing *standing_of(struct folding *folding, int64_t version)
{
    struct keel__standings *all = folding->out;
    size_t at = all->count;
    while (at > 0 && all->items[at - 1].version > version)
        at--;
    if (at > 0 && all->items[at - 1].version == version)
        return &all->items[at - 1];
    if (!keel__make_room(folding->arena, (void **)&all->items, all->count, sizeof *all->items))
        return NULL;
    memmove(&all->items[at + 1], &all->items[at], (all->count - at) * sizeof *all->items);
    all->count++;
    all->items[at] = (struct keel__standing){.version = version, .state = KEEL_MIGRATION_PENDING};
    return &all->items[at];
}

/* Whether record goes on with the action that standing is in. */
static bool goes_on(const struct keel__standing *standing,
                    const struct keel_migration_record *record)
{
    return standing->state == KEEL_MIGRATION_INTERRUPTED && standing->action == record->action;
}

static void apply_record(struct keel__standing *standing,
                         const struct keel_migration_record *record)
{
    bool done = strcmp(record->state, "done") == 0, ends = done && record->step == record->steps;
    bool down = record->action == KEEL_MIGRATE_DOWN;
    size_t step = (size_t)record->step;
    int64_t before_us = goes_on(standing, record) ? standing->duration_us : 0;
    standing->version_text = record->version_text;
    standing->name = record->name;
    standing->action = record->action;
    standing->step = done ? step : step - 1;
    standing->steps = (size_t)record->steps;
    standing->in_doubt = strcmp(record->state, "started") == 0;
    standing->failed = strcmp(record->state, "failed") == 0;
    standing->applied_at = record->applied_at;
    standing->duration_us = before_us + record->duration_us;
    standing->keel_version = record->keel_version;
    if (done)
        standing->digest = record->digest;
    if (!down) {
        standing->has_checksum = record->has_checksum;
        standing->checksum = record->checksum;
        standing->down_checksum = record->down_checksum;
    }
    if (ends)
        standing->state = down ? KEEL_MIGRATION_PENDING : KEEL_MIGRATION_APPLIED;
    else
        standing->state = KEEL_MIGRATION_INTERRUPTED;
}

static int fold_row(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct folding *folding = context;
    struct keel_migration_record record;
    const char *file;
    int rc = read_record(folding->arena, row, &record, &file, err);
    if (rc)
        return rc;
    struct keel__standing *standing = standing_of(folding, record.version);
    if (!standing)
        return keel__arena_error(folding->arena, err);
    apply_record(standing, &record);
    standing->file = file;
    return 0;
}

int keel__history_read(struct keel__standings *out, struct keel_db *db, struct keel__arena *arena,
                       const char *module, const int64_t *version, struct keel_error *err)
{
    struct folding folding = {arena, out};
    bool exists;
    *out = (struct keel__standings){0};
    int rc = keel__history_exists(db, &exists, err);
    if (rc || !exists)
        return rc;
    struct keel_value wanted = version ? keel_int(*version) : keel_null();
    return keel_db_each(db, &keel_q_migrate_history_list, KEEL_PARAMS(keel_cstr(module), wanted),
                        fold_row, &folding, err);
}

const struct keel__standing *keel__standing_find(const struct keel__standings *standings,
                                                 int64_t version)
{
    size_t low = 0, high = standings->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (standings->items[middle].version == version)
            return &standings->items[middle];
        if (standings->items[middle].version < version)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- writing ----------------------------------------------------------------------------------
 */

int keel__home_read(struct keel__home *out, struct keel_db *db, struct keel__arena *arena,
                    struct keel_error *err)
{
    const struct keel_row *row;
    *out = (struct keel__home){0};
    if (keel_db_dialect(db) != KEEL_POSTGRES)
        return 0;
    int rc = keel_db_one(db, &keel_q_migrate_home, KEEL_NO_PARAMS, &row, err);
    if (rc)
        return rc;
    if (keel_row_is_null(row, 0))
        return keel_error_set(err, KEEL_NOTFOUND,
                              "no schema to work in: search_path names none that exists");
    out->schema = keel__arena_dup(arena, keel_row_text(row, 0));
    out->search_path = keel__arena_dup(arena, keel_row_text(row, 1));
    out->role = keel__arena_dup(arena, keel_row_text(row, 2));
    return out->schema && out->search_path && out->role ? 0 : keel__arena_error(arena, err);
}

static int go_home(struct keel_db *db, const struct keel__home *home, struct keel_error *err)
{
    const struct keel_row *row;
    if (!home || !home->schema)
        return 0;
    return keel_db_one(db, &keel_q_migrate_go_home,
                       KEEL_PARAMS(keel_cstr(home->search_path), keel_cstr(home->role)), &row, err);
}

static bool is_zero(const struct keel_hash *hash)
{
    static const struct keel_hash zero;
    return memcmp(hash, &zero, sizeof zero) == 0;
}

/* hash as text in out; NULL for none. */
static struct keel_value hash_value(const struct keel_hash *hash, char out[65])
{
    if (!hash || is_zero(hash))
        return keel_null();
    keel__hash_format(hash, out);
    return keel_cstr(out);
}

int keel__history_add(struct keel_db *db, const struct keel__home *home,
                      const struct keel__record *record, struct keel_error *err)
{
    char checksum[65], down_checksum[65], digest[65];
    const struct keel_migration *m = record->migration;
    const char *slash = strrchr(m->up_file, '/');
    int rc = go_home(db, home, err);
    if (rc)
        return rc;
    return keel_db_exec(
        db, &keel_q_migrate_history_add,
        KEEL_PARAMS(keel_cstr(record->module), keel_int(m->version), keel_cstr(m->name),
                    keel_cstr(slash ? slash + 1 : m->up_file),
                    keel_cstr(keel_migration_action_name(record->action)), keel_cstr(record->state),
                    keel_int((int64_t)record->step), keel_int((int64_t)record->steps),
                    hash_value(&m->checksum, checksum),
                    hash_value(&m->down_checksum, down_checksum),
                    hash_value(record->digest, digest), keel_time(keel_time_now_us()),
                    keel_int(record->duration_us), keel_cstr(keel_version())),
        NULL, err);
}
