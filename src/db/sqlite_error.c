#include "base/error.h"
#include "db/sqlite.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum keel_code code_of(int result)
{
    switch (result & 0xFF) {
    case SQLITE_CONSTRAINT:
        return KEEL_CONSTRAINT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return KEEL_BUSY;
    case SQLITE_NOMEM:
        return KEEL_NOMEM;
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
    case SQLITE_AUTH:
        return KEEL_INVALID;
    default:
        return KEEL_IO;
    }
}

static int describe(struct keel_db *db, int result, struct keel_error *err)
{
    const struct keel__sqlite *sqlite = keel__sqlite_of(db);
    const char *path = db->url.target;
    switch (result & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return keel_error_set(err, KEEL_BUSY,
                              "%s is locked by another program or connection: try again when it is "
                              "done, or find it with 'fuser %s'",
                              path, path);
    case SQLITE_NOTADB:
        return keel_error_set(
            err, KEEL_IO, "%s is not a SQLite database (or is encrypted): check the path", path);
    case SQLITE_CORRUPT:
        return keel_error_set(err, KEEL_IO,
                              "%s is damaged (%s): restore a backup, or save what can be read with "
                              "'sqlite3 %s .recover'",
                              path, sqlite3_errmsg(sqlite->handle), path);
    case SQLITE_READONLY:
        if (result == SQLITE_READONLY_ROLLBACK)
            return keel_error_set(err, KEEL_IO,
                                  "a program was stopped while it wrote %s: what it left in "
                                  "%s-journal is rolled back when the database is next opened for "
                                  "writing, for example by 'sqlite3 %s .schema'",
                                  path, path, path);
        if (db->options.read_only && result != SQLITE_READONLY)
            return keel_error_set(
                err, KEEL_IO,
                "%s is in WAL mode, so reading it needs a folder that is writable: "
                "copy it (with its -wal file) to one",
                path);
        return keel_error_set(err, KEEL_IO,
                              "%s is read-only for this user or this connection: make the file and "
                              "its folder writable, or only read it",
                              path);
    case SQLITE_FULL:
        return keel_error_set(err, KEEL_IO,
                              "the disk that holds %s is full: make room and try again", path);
    case SQLITE_INTERRUPT:
        if (sqlite->timed_out)
            return keel_error_set(err, KEEL_IO, "stopped after the statement timeout of %lld ms",
                                  (long long)(sqlite->statement_timeout_us / 1000));
        return keel_error_set(err, KEEL_IO, "interrupted");
    case SQLITE_CANTOPEN:
        if (keel__sqlite_check_path(path, &db->options, err))
            return err ? (int)err->code : KEEL_IO;
        return keel_error_set(err, KEEL_IO, "cannot open %s: %s", path,
                              sqlite3_errmsg(sqlite->handle));
    default:
        return keel_error_set(err, code_of(result), "%s", sqlite3_errmsg(sqlite->handle));
    }
}

int keel__sqlite_error(struct keel_db *db, int result, struct keel_error *err)
{
    int rc = describe(db, result, err);
    if (!err)
        return rc;
    int offset = sqlite3_error_offset(keel__sqlite_of(db)->handle);
    err->native = result;
    err->position = offset >= 0 && (result & 0xFF) == SQLITE_ERROR ? offset + 1 : 0;
    return rc;
}

static int check_missing(const char *path, const struct keel_db_options *options,
                         struct keel_error *err)
{
    if (options->must_exist || options->read_only)
        return keel_error_set(err, KEEL_NOTFOUND, "%s does not exist: check the path", path);
    const char *slash = strrchr(path, '/');
    if (!slash)
        return KEEL_OK;
    char folder[4096];
    struct stat info;
    size_t size = slash == path ? 1 : (size_t)(slash - path);
    if (size >= sizeof folder)
        return keel_error_set(err, KEEL_INVALID, "the database's path is too long");
    memcpy(folder, path, size);
    folder[size] = '\0';
    if (stat(folder, &info) != 0)
        return keel_error_set(
            err, KEEL_NOTFOUND,
            "the folder %s does not exist: create it (mkdir -p '%s') or check the "
            "path",
            folder, folder);
    if (!S_ISDIR(info.st_mode))
        return keel_error_set(err, KEEL_INVALID, "%s is not a folder: check the path", folder);
    if (eaccess(folder, W_OK | X_OK) != 0)
        return keel__error_errno(err, KEEL_IO, errno,
                                 "cannot create %s: its folder is not writable", path);
    return KEEL_OK;
}

int keel__sqlite_check_path(const char *path, const struct keel_db_options *options,
                            struct keel_error *err)
{
    struct stat info;
    if (strcmp(path, ":memory:") == 0)
        return KEEL_OK;
    if (stat(path, &info) != 0) {
        if (errno == ENOENT)
            return check_missing(path, options, err);
        return keel__error_errno(err, KEEL_IO, errno, "cannot open %s", path);
    }
    if (S_ISDIR(info.st_mode))
        return keel_error_set(err, KEEL_INVALID,
                              "%s is a folder: give the path of a database file in it", path);
    if (!S_ISREG(info.st_mode))
        return keel_error_set(err, KEEL_INVALID, "%s is not a regular file: check the path", path);
    if (eaccess(path, R_OK) != 0)
        return keel__error_errno(err, KEEL_IO, errno,
                                 "cannot read %s: ask its owner for permission or use another user",
                                 path);
    if (!options->read_only && eaccess(path, W_OK) != 0)
        return keel__error_errno(err, KEEL_IO, errno,
                                 "cannot write %s: make it writable (chmod u+w) or only read it",
                                 path);
    return KEEL_OK;
}
