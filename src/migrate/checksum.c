#include "base/hash.h"
#include "migrate/set.h"

void keel__checksum_add(struct keel__hasher *hasher, struct keel_slice text)
{
    struct keel_slice line;
    size_t blank_lines = 0;
    while (keel__next_line(&text, &line)) {
        while (line.size > 0 && strchr(" \t\r\f\v", line.data[line.size - 1]))
            line.size--;
        if (line.size == 0) {
            blank_lines++;
            continue;
        }
        for (; blank_lines > 0; blank_lines--)
            keel__hasher_update(hasher, "\n", 1);
        keel__hasher_update(hasher, line.data, line.size);
        keel__hasher_update(hasher, "\n", 1);
    }
}

struct keel_hash keel__sections_checksum(const struct keel__sections *sections)
{
    struct keel__hasher hasher;
    if (sections->count == 0)
        return (struct keel_hash){{0}};
    keel__hasher_init(&hasher);
    for (size_t i = 0; i < sections->count; i++)
        keel__checksum_add(&hasher, sections->items[i].sql);
    return keel__hasher_final(&hasher);
}
