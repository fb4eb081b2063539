/*
 * A file that was built into the program: a migration, a price list, an API description.
 * Made by scripts/embed_sql.py.
 */
#ifndef KEEL_BASE_EMBEDDED_H
#define KEEL_BASE_EMBEDDED_H

#include <stddef.h>

struct keel_embedded_file {
    const char *name; /* without its folder */
    const char *data; /* size bytes, then a NUL that is not counted */
    size_t size;
};

#endif
