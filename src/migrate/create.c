#include "migrate/set.h"

#include "base/error.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TIMESTAMP_DIGITS = 14 };

/* "Add users!" -> "add_users"; false when nothing is left or it is too long. */
static bool clean_name(const char *name, char *out, size_t size)
{
    size_t n = 0;
    for (; *name; name++) {
        unsigned char c = (unsigned char)*name;
        bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;
        if (c >= 'A' && c <= 'Z')
            c = (unsigned char)(c + 32);
        else if (!letter)
            c = '_';
        if (c == '_' && (n == 0 || out[n - 1] == '_'))
            continue;
        if (n + 1 >= size)
            return false;
        out[n++] = (char)c;
    }
    while (n > 0 && out[n - 1] == '_')
        n--;
    out[n] = 0;
    return n > 0;
}

static int64_t timestamp_now(void)
{
    char text[TIMESTAMP_DIGITS + 1];
    time_t now = time(NULL);
    struct tm utc;
    long long value = 0;
    gmtime_r(&now, &utc);
    strftime(text, sizeof text, "%Y%m%d%H%M%S", &utc);
    sscanf(text, "%lld", &value);
    return value;
}

/* The number after the set's last one, as wide as that, or the time. */
static int next_version(const struct keel_migrations *set, bool timestamp, char out[24],
                        struct keel_error *err)
{
    const struct keel_migration *last = set->count ? &set->items[set->count - 1].pub : NULL;
    int width = last ? (int)strlen(last->version_text) : 4;
    int64_t version = last ? last->version : 0;
    if (version == INT64_MAX || width > 19)
        return keel_error_set(err, KEEL_INVALID, "no number is left after %s", last->version_text);
    version++;
    if (timestamp || (last && width == TIMESTAMP_DIGITS)) {
        int64_t now = timestamp_now();
        version = now > version ? now : version;
        width = TIMESTAMP_DIGITS;
    }
    snprintf(out, 24, "%0*lld", width, (long long)version);
    return 0;
}

static int make_path(char out[4096], const char *dir, const char *version, const char *name,
                     const char *ending, struct keel_error *err)
{
    if (snprintf(out, 4096, "%s/%s_%s%s", dir, version, name, ending) >= 4096)
        return keel_error_set(err, KEEL_INVALID, "the path of the new file is too long");
    return 0;
}

/* ---- what the files say -----------------------------------------------------------------------
 */

/* Takes "-- key:false" away from the top of sql, where it is. */
static bool take_option(const char **sql, const char *key)
{
    char line[64];
    int n = snprintf(line, sizeof line, "-- %s:false\n", key);
    if (strncmp(*sql, line, (size_t)n) != 0)
        return false;
    *sql += n;
    return true;
}

static int dbmate_text(struct keel__str *out, const char *up, const char *down,
                       struct keel_error *err)
{
    const char *halves[] = {up, down}, *names[] = {"up", "down"};
    for (int i = 0; i < 2; i++) {
        bool alone = take_option(&halves[i], "transaction");
        if (take_option(&halves[i], "foreign_keys"))
            return keel_error_set(err, KEEL_UNSUPPORTED,
                                  "a dbmate file cannot say foreign_keys:false, which this one has "
                                  "to: use a folder of layout pairs");
        keel__str_printf(out, "-- migrate:%s%s\n%s\n", names[i], alone ? " transaction:false" : "",
                         halves[i]);
    }
    return 0;
}

static int goose_text(struct keel__str *out, const char *up, const char *down,
                      struct keel_error *err)
{
    bool alone = take_option(&up, "transaction");
    alone |= take_option(&down, "transaction");
    if (take_option(&up, "foreign_keys") || take_option(&down, "foreign_keys"))
        return keel_error_set(err, KEEL_UNSUPPORTED,
                              "a goose file cannot say foreign_keys:false, which this one has to: "
                              "use a folder of layout pairs");
    if (alone)
        keel__str_text(out, "-- +goose NO TRANSACTION\n");
    keel__str_printf(out, "-- +goose Up\n%s\n-- +goose Down\n%s", up, down);
    return 0;
}

/* ---- the files ------------------------------------------------------------------------------- */

static int write_all(int fd, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t n = write(fd, text, left);
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0) {
            text += n;
            left -= (size_t)n;
        }
    }
    return fsync(fd);
}

/* text under another name beside path, on disk. */
static int write_beside(const char *path, const char *text, char beside[4128],
                        struct keel_error *err)
{
    snprintf(beside, 4128, "%s.%ld.tmp", path, (long)getpid());
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return keel__error_errno(err, KEEL_IO, errno, "cannot create %s", beside);
    int failed = write_all(fd, text) == 0 ? 0 : errno;
    if (close(fd) != 0 && !failed)
        failed = errno;
    if (!failed)
        return 0;
    unlink(beside);
    return keel__error_errno(err, KEEL_IO, failed, "cannot write %s", path);
}

/* The file appears whole under its name, or not at all; never in place of another. */
static int put_in_place(const char *beside, const char *path, struct keel_error *err)
{
    if (link(beside, path) == 0)
        return 0;
    return keel__error_errno(err, errno == EEXIST ? KEEL_CONFLICT : KEEL_IO, errno,
                             "cannot create %s", path);
}

static void sync_folder(const char *path)
{
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = 0;
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

/* down first: what is left of a crash in between is refused as a down without an up, and not taken
 * for a migration that has no down. */
static int write_files(const struct keel_migration_created *out, const char *up, const char *down,
                       struct keel_error *err)
{
    char beside_up[4128], beside_down[4128];
    int rc = write_beside(out->up, up, beside_up, err);
    if (rc)
        return rc;
    if (out->down[0]) {
        rc = write_beside(out->down, down, beside_down, err);
        if (rc == 0) {
            rc = put_in_place(beside_down, out->down, err);
            unlink(beside_down);
        }
    }
    if (rc == 0) {
        rc = put_in_place(beside_up, out->up, err);
        if (rc && out->down[0])
            unlink(out->down);
    }
    unlink(beside_up);
    sync_folder(out->up);
    return rc;
}

static int write_layout(const struct keel_migration_created *out, enum keel_migration_layout layout,
                        const char *up, const char *down, struct keel_error *err)
{
    struct keel__str text;
    int rc = 0;
    if (layout == KEEL_LAYOUT_PAIRS || layout == KEEL_LAYOUT_PLAIN)
        return write_files(out, up, down, err);
    keel__str_init(&text, 0);
    if (layout == KEEL_LAYOUT_DBMATE)
        rc = dbmate_text(&text, up, down, err);
    else
        rc = goose_text(&text, up, down, err);
    if (rc == 0)
        rc = keel__str_error(&text, err);
    if (rc == 0)
        rc = write_files(out, text.data, NULL, err);
    keel__str_fini(&text);
    return rc;
}

static int choose_paths(struct keel_migration_created *out, enum keel_migration_layout *layout,
                        const char *dir, const char *name, bool timestamp, struct keel_error *err)
{
    struct keel_migrations *set = NULL;
    char clean[128], version[24];
    *out = (struct keel_migration_created){{0}, {0}};
    if (!clean_name(name, clean, sizeof clean))
        return keel_error_set(err, KEEL_INVALID,
                              "a migration's name is made of letters and digits, at most 120: '%s'",
                              name);
    if (mkdir(dir, 0777) != 0 && errno != EEXIST)
        return keel__error_errno(err, KEEL_IO, errno, "cannot create the folder %s", dir);
    int rc = keel_migrations_open(&set, dir, *layout, err);
    if (rc)
        return rc;
    *layout = set->layout ? set->layout : KEEL_LAYOUT_PAIRS;
    bool pairs = *layout == KEEL_LAYOUT_PAIRS;
    rc = next_version(set, timestamp, version, err);
    keel_migrations_free(set);
    if (rc == 0)
        rc = make_path(out->up, dir, version, clean, pairs ? ".up.sql" : ".sql", err);
    if (rc == 0 && pairs)
        rc = make_path(out->down, dir, version, clean, ".down.sql", err);
    return rc;
}

int keel_migration_write(struct keel_migration_created *out, const char *dir, const char *name,
                         enum keel_migration_layout layout, bool timestamp, const char *up,
                         const char *down, struct keel_error *err)
{
    int rc = choose_paths(out, &layout, dir, name, timestamp, err);
    return rc ? rc : write_layout(out, layout, up, down, err);
}

int keel_migration_create(struct keel_migration_created *out, const char *dir, const char *name,
                          enum keel_migration_layout layout, bool timestamp, struct keel_error *err)
{
    int rc = choose_paths(out, &layout, dir, name, timestamp, err);
    if (rc)
        return rc;
    if (layout == KEEL_LAYOUT_DBMATE || layout == KEEL_LAYOUT_GOOSE)
        return write_layout(out, layout, "\n", "", err);
    return write_layout(out, layout, "-- What this migration changes.\n\n",
                        "-- How that is undone.\n\n", err);
}
