#include "migrate/set.h"

#include "base/error.h"

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

static int write_new(const char *path, const char *text, struct keel_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return keel__error_errno(err, errno == EEXIST ? KEEL_CONFLICT : KEEL_IO, errno,
                                 "cannot create %s", path);
    size_t size = strlen(text);
    bool written = write(fd, text, size) == (ssize_t)size;
    int failed = errno;
    if (close(fd) == 0 && written)
        return 0;
    unlink(path);
    return keel__error_errno(err, KEEL_IO, failed, "cannot write %s", path);
}

static int write_files(struct keel_migration_created *out, enum keel_migration_layout layout,
                       struct keel_error *err)
{
    const char *up = "-- What this migration changes.\n\n";
    if (layout == KEEL_LAYOUT_DBMATE)
        up = "-- migrate:up\n\n\n-- migrate:down\n\n";
    else if (layout == KEEL_LAYOUT_GOOSE)
        up = "-- +goose Up\n\n\n-- +goose Down\n\n";
    int rc = write_new(out->up, up, err);
    if (rc || !out->down[0])
        return rc;
    rc = write_new(out->down, "-- How that is undone.\n\n", err);
    if (rc)
        unlink(out->up);
    return rc;
}

int keel_migration_create(struct keel_migration_created *out, const char *dir, const char *name,
                          enum keel_migration_layout layout, bool timestamp, struct keel_error *err)
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
    int rc = keel_migrations_open(&set, dir, layout, err);
    if (rc)
        return rc;
    enum keel_migration_layout found = set->layout ? set->layout : KEEL_LAYOUT_PAIRS;
    bool pairs = found == KEEL_LAYOUT_PAIRS;
    rc = next_version(set, timestamp, version, err);
    keel_migrations_free(set);
    if (rc == 0)
        rc = make_path(out->up, dir, version, clean, pairs ? ".up.sql" : ".sql", err);
    if (rc == 0 && pairs)
        rc = make_path(out->down, dir, version, clean, ".down.sql", err);
    return rc ? rc : write_files(out, found, err);
}
