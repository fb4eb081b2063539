#include "audit/run.h"
#include "base/error.h"

#include <errno.h>
#include <stdio.h>

int keel__input_read(struct keel_slice *out, struct keel__arena *arena, const char *path,
                     size_t max_bytes, struct keel_error *err)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return keel__error_errno(err, errno == ENOENT ? KEEL_NOTFOUND : KEEL_IO, errno,
                                 "cannot read %s", path);
    char *data = NULL;
    size_t size = 0, capacity = 0;
    int rc = KEEL_OK;
    while (!rc && !feof(file) && !ferror(file)) {
        size_t wanted = capacity ? capacity * 2 : 4096;
        char *grown = keel__arena_grow(arena, data, capacity, wanted, 1);
        if (!grown) {
            rc = keel__nomem(err);
            break;
        }
        data = grown;
        capacity = wanted;
        size += fread(data + size, 1, capacity - size - 1, file);
        if (size > max_bytes)
            rc = keel_error_set(err, KEEL_INVALID, "%s is larger than %zu bytes", path, max_bytes);
    }
    if (!rc && ferror(file))
        rc = keel__error_errno(err, KEEL_IO, errno, "cannot read %s", path);
    fclose(file);
    if (rc || !data)
        return rc ? rc : keel__nomem(err);
    data[size] = '\0';
    *out = keel_slice(data, size);
    return KEEL_OK;
}
