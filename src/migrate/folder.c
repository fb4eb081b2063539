#include "base/error.h"
#include "migrate/set.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool ends_with(const char *name, const char *suffix)
{
    size_t n = strlen(name), s = strlen(suffix);
    return n > s && strcmp(name + n - s, suffix) == 0;
}

static int read_all(int fd, char *out, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size) {
        ssize_t n = read(fd, out + *got, size - *got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : 0;
        *got += (size_t)n;
    }
    return 0;
}

/* The text of an open file. A directory or device gives *is_file = false. */
static int read_text(struct keel__arena *arena, int fd, const char *path, struct keel_slice *text,
                     bool *is_file, struct keel_error *err)
{
    struct stat info;
    if (fstat(fd, &info) != 0)
        return keel__error_errno(err, KEEL_IO, errno, "cannot read %s", path);
    *is_file = S_ISREG(info.st_mode);
    if (!*is_file)
        return 0;
    if (info.st_size > KEEL__MAX_MIGRATION_BYTES)
        return keel__file_error(err, path, 0, "larger than %d MiB: load data another way",
                                KEEL__MAX_MIGRATION_BYTES >> 20);
    char *data = keel__arena_alloc(arena, (size_t)info.st_size + 1);
    size_t got;
    if (!data)
        return keel__arena_error(arena, err);
    int failed = read_all(fd, data, (size_t)info.st_size, &got);
    if (failed)
        return keel__error_errno(err, KEEL_IO, failed, "cannot read %s", path);
    *text = keel_slice(data, got);
    return 0;
}

static int add_file(struct keel__arena *arena, int dir_fd, const char *dir, const char *name,
                    struct keel__migration_files *files, struct keel_error *err)
{
    struct keel__migration_file file = {.path = keel__arena_printf(arena, "%s/%s", dir, name)};
    bool is_file = false;
    if (!file.path)
        return keel__arena_error(arena, err);
    if (files->count == KEEL__MAX_MIGRATION_FILES)
        return keel__file_error(err, dir, 0, "more than %d migrations", KEEL__MAX_MIGRATION_FILES);
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return keel__error_errno(err, KEEL_IO, errno, "cannot read %s", file.path);
    int rc = read_text(arena, fd, file.path, &file.text, &is_file, err);
    close(fd);
    if (rc || !is_file)
        return rc;
    rc = keel__file_check(&file, err);
    if (rc == 0)
        rc = keel__file_name_parse(arena, name, &file, err);
    if (rc)
        return rc;
    if (!keel__make_room(arena, (void **)&files->items, files->count, sizeof file))
        return keel__arena_error(arena, err);
    files->items[files->count++] = file;
    return 0;
}

int keel__file_read(struct keel__arena *arena, const char *path, struct keel__migration_file *out,
                    struct keel_error *err)
{
    bool is_file = false;
    *out = (struct keel__migration_file){.path = path};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return keel_error_set(err, KEEL_NOTFOUND, "there is no file %s", path);
    if (fd < 0)
        return keel__error_errno(err, KEEL_IO, errno, "cannot read %s", path);
    int rc = read_text(arena, fd, path, &out->text, &is_file, err);
    close(fd);
    if (!rc && !is_file)
        rc = keel_error_set(err, KEEL_INVALID, "%s is no file", path);
    return rc ? rc : keel__file_check(out, err);
}

int keel__folder_read(struct keel__arena *arena, const char *dir, struct keel__migration_files *out,
                      struct keel_error *err)
{
    struct dirent *entry;
    int rc = 0;
    DIR *folder = opendir(dir);
    *out = (struct keel__migration_files){0};
    if (!folder && errno == ENOENT)
        return keel_error_set(err, KEEL_NOTFOUND, "there is no folder %s", dir);
    if (!folder)
        return keel__error_errno(err, KEEL_IO, errno, "cannot read the folder %s", dir);
    while (rc == 0 && (errno = 0, entry = readdir(folder))) {
        const char *name = entry->d_name;
        if (name[0] < '0' || name[0] > '9')
            continue;
        if (ends_with(name, ".go") && !ends_with(name, "_test.go") && !out->go)
            out->go = keel__arena_printf(arena, "%s/%s", dir, name);
        if (ends_with(name, ".sql"))
            rc = add_file(arena, dirfd(folder), dir, name, out, err);
    }
    if (rc == 0 && errno)
        rc = keel__error_errno(err, KEEL_IO, errno, "cannot read the folder %s", dir);
    closedir(folder);
    return rc;
}

int keel__file_check(struct keel__migration_file *file, struct keel_error *err)
{
    struct keel_slice text = file->text;
    const char *nul = text.size ? memchr(text.data, 0, text.size) : NULL;
    if (nul) {
        size_t line = 1;
        for (const char *c = text.data; c < nul; c++)
            line += *c == '\n';
        return keel__file_error(err, file->path, line,
                                "a NUL byte: this is no UTF-8 text (UTF-16, perhaps)");
    }
    if (text.size >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
        file->text = keel_slice(text.data + 3, text.size - 3);
    return 0;
}
