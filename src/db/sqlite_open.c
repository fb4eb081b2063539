#include "base/clock.h"
#include "base/error.h"
#include "db/sqlite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DEFAULT_BUSY_TIMEOUT_MS = 5000, PROGRESS_EVERY_OPS = 4000 };

static int initialized;

static void initialize(void)
{
    initialized = sqlite3_initialize();
}

/* Waits in growing steps until the busy timeout, or the deadline of the statement, is over. */
static int on_busy(void *context, int count)
{
    static const int steps_us[] = {500, 1000, 2000, 5000, 10000, 15000, 20000, 25000, 50000};
    struct keel__sqlite *sqlite = context;
    int64_t now_us = keel__clock_us();
    if (count == 0)
        sqlite->busy_since_us = now_us;
    if (now_us - sqlite->busy_since_us >= sqlite->busy_timeout_us ||
        (sqlite->deadline_us && now_us >= sqlite->deadline_us) || atomic_load(&sqlite->interrupted))
        return 0;
    int last = (int)(sizeof steps_us / sizeof *steps_us) - 1;
    keel__sleep_us(steps_us[count < last ? count : last]);
    return 1;
}

static int on_progress(void *context)
{
    struct keel__sqlite *sqlite = context;
    sqlite->timed_out = sqlite->deadline_us && keel__clock_us() >= sqlite->deadline_us;
    return sqlite->timed_out;
}

void keel__sqlite_arm(struct keel__sqlite *sqlite)
{
    sqlite->timed_out = false;
    atomic_store(&sqlite->interrupted, false);
    if (sqlite->statement_timeout_us)
        sqlite->deadline_us = keel__clock_us() + sqlite->statement_timeout_us;
}

static int execute(struct keel_db *db, const char *sql, struct keel_error *err)
{
    int result = sqlite3_exec(keel__sqlite_of(db)->handle, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? KEEL_OK : keel__sqlite_error(db, result, err);
}

static int take_text(void *out, int count, char **values, char **names)
{
    (void)names;
    if (count > 0 && values[0])
        snprintf(out, 16, "%s", values[0]);
    return 0;
}

static int journal_mode(struct keel_db *db, const char *sql, char mode[16])
{
    mode[0] = '\0';
    return sqlite3_exec(keel__sqlite_of(db)->handle, sql, take_text, mode, NULL);
}

/* The change to WAL wants the file for itself for a moment, and SQLite does not wait for that by
 * its busy handler when two processes make the same change: so it is asked for again until the busy
 * timeout. */
static int use_wal(struct keel_db *db, struct keel_error *err)
{
    struct keel__sqlite *sqlite = keel__sqlite_of(db);
    int64_t deadline_us = keel__clock_us() + sqlite->busy_timeout_us;
    char mode[16];
    int result = journal_mode(db, "PRAGMA journal_mode", mode);
    while (result == SQLITE_OK && strcmp(mode, "wal") != 0) {
        result = journal_mode(db, "PRAGMA journal_mode=WAL", mode);
        if (result == SQLITE_OK)
            break;
        if ((result & 0xFF) != SQLITE_BUSY || keel__clock_us() >= deadline_us)
            break;
        keel__sleep_us(5000);
        result = journal_mode(db, "PRAGMA journal_mode", mode);
    }
    if (result != SQLITE_OK)
        return keel__sqlite_error(db, result, err);
    if (strcmp(mode, "wal") != 0)
        return keel_error_set(
            err, KEEL_UNSUPPORTED,
            "%s cannot use write-ahead logging (its journal mode stays %s): put it "
            "on a local disk",
            db->url.target, mode);
    return KEEL_OK;
}

/* For files that others made: nothing in their schema may do more than read and write the file
 * itself. */
static int set_limits(struct keel_db *db, struct keel_error *err)
{
    sqlite3 *handle = keel__sqlite_of(db)->handle;
    sqlite3_limit(handle, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000);
    sqlite3_limit(handle, SQLITE_LIMIT_TRIGGER_DEPTH, 50);
    sqlite3_limit(handle, SQLITE_LIMIT_WORKER_THREADS, 0);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return execute(db, "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0", err);
}

/* Most programs are built with double-quoted strings allowed: their views and migrations may need
 * them. */
static void allow_quoted_strings(struct keel_db *db)
{
    sqlite3 *handle = keel__sqlite_of(db)->handle;
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 1, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 1, NULL);
}

static int configure(struct keel_db *db, struct keel_error *err)
{
    bool theirs = db->options.foreign || db->options.as_found;
    bool ours = !db->options.read_only && !theirs;
    int rc = execute(db,
                     "PRAGMA foreign_keys=ON;"
                     "PRAGMA trusted_schema=OFF;"
                     "PRAGMA synchronous=FULL;"
                     "PRAGMA temp_store=MEMORY;"
                     "PRAGMA journal_size_limit=67108864",
                     err);
    if (!rc)
        rc = execute(db,
                     db->options.read_only ? "PRAGMA cache_size=-8192" : "PRAGMA cache_size=-32768",
                     err);
    if (theirs)
        allow_quoted_strings(db);
    if (!rc && db->options.foreign)
        rc = set_limits(db, err);
    /* Reads the first page: a file that is no database, or is locked, is found out here. */
    if (!rc)
        rc = execute(db, "PRAGMA schema_version", err);
    if (!rc && ours && !keel__url_is_memory(&db->url))
        rc = use_wal(db, err);
    return rc;
}

int keel__sqlite_reset(struct keel_db *db, struct keel_error *err)
{
    int rc = execute(db,
                     "PRAGMA legacy_alter_table=OFF;"
                     "PRAGMA recursive_triggers=OFF;"
                     "PRAGMA ignore_check_constraints=OFF;"
                     "PRAGMA reverse_unordered_selects=OFF;"
                     "PRAGMA writable_schema=RESET;"
                     "PRAGMA query_only=OFF",
                     err);
    return rc ? rc : configure(db, err);
}

static bool has_wal(const struct keel_db *db)
{
    char path[4096];
    return snprintf(path, sizeof path, "%s-wal", db->url.target) < (int)sizeof path &&
           access(path, F_OK) == 0;
}

/* Reading a database in WAL mode makes a -wal and a -shm file, which a read-only connection cannot
 * take away again. The last connection that may write does, when it is closed and nobody else has
 * the database open; with nothing in the -wal file nothing is written. */
static void take_wal_away(const struct keel_db *db)
{
    sqlite3 *handle = NULL;
    if (sqlite3_open_v2(db->url.target, &handle, SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE,
                        NULL) == SQLITE_OK)
        sqlite3_exec(handle, "PRAGMA schema_version", NULL, NULL, NULL);
    sqlite3_close_v2(handle);
}

int keel__sqlite_open(struct keel_db *db, struct keel_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, initialize);
    if (initialized != SQLITE_OK)
        return keel_error_set(err, KEEL_IO, "SQLite cannot start: %s", sqlite3_errstr(initialized));
    int rc = keel__sqlite_check_path(db->url.target, &db->options, err);
    if (rc)
        return rc;
    struct keel__sqlite *sqlite = calloc(1, sizeof *sqlite);
    if (!sqlite)
        return keel__nomem(err);
    db->handle = sqlite;
    int busy_ms =
        db->options.busy_timeout_ms ? db->options.busy_timeout_ms : DEFAULT_BUSY_TIMEOUT_MS;
    sqlite->busy_timeout_us = (int64_t)busy_ms * 1000;
    sqlite->statement_timeout_us = (int64_t)db->options.statement_timeout_ms * 1000;
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    flags |= db->options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    if (!db->options.read_only && !db->options.must_exist)
        flags |= SQLITE_OPEN_CREATE;
    if (keel__url_is_memory(&db->url))
        flags = (flags & ~SQLITE_OPEN_READONLY) | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    sqlite->leave_no_wal = db->options.foreign && db->options.read_only && !has_wal(db);
    int result = sqlite3_open_v2(db->url.target, &sqlite->handle, flags, NULL);
    if (result != SQLITE_OK)
        return sqlite->handle ? keel__sqlite_error(db, result, err) : keel__nomem(err);
    sqlite3_busy_handler(sqlite->handle, on_busy, sqlite);
    rc = configure(db, err);
    if (rc)
        return rc;
    if (sqlite->statement_timeout_us)
        sqlite3_progress_handler(sqlite->handle, PROGRESS_EVERY_OPS, on_progress, sqlite);
    snprintf(db->server_version, sizeof db->server_version, "SQLite %s", sqlite3_libversion());
    return KEEL_OK;
}

void keel__sqlite_close(struct keel_db *db)
{
    struct keel__sqlite *sqlite = keel__sqlite_of(db);
    sqlite3_close_v2(sqlite->handle);
    if (sqlite->leave_no_wal && has_wal(db))
        take_wal_away(db);
    free(sqlite);
    db->handle = NULL;
}

const char *keel_db_sqlite_warning(void)
{
    int version = sqlite3_libversion_number();
    if (version < 3007000 || version > 3051002)
        return NULL;
    return "this build uses a SQLite from 3.7.0 to 3.51.2, whose WAL-reset bug can damage a "
           "database "
           "that several connections write (https://sqlite.org/wal.html#walresetbug): use SQLite "
           "3.51.3 or newer, "
           "or the bundled one (meson setup -Dsqlite=bundled)";
}
