#include "ingest/flatten.h"

#include <stdlib.h>

enum { MAX_DEPTH = 16, MAX_DIGITS = 18 };

/* The attributes whose next name is the same. */
struct group {
    struct keel__attribute *from, *to;
    struct keel_slice name;
    uint64_t number;
};

static struct keel_slice next_name(const struct keel__attribute *attribute, size_t offset,
                                   size_t depth)
{
    struct keel_slice rest = keel_slice(attribute->key.data + offset, attribute->key.size - offset);
    const char *dot = depth < MAX_DEPTH ? memchr(rest.data, '.', rest.size) : NULL;
    return dot ? keel_slice(rest.data, (size_t)(dot - rest.data)) : rest;
}

static bool same_name(struct keel_slice a, struct keel_slice b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static bool parse_number(struct keel_slice name, uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < name.size && i < MAX_DIGITS; i++) {
        if (name.data[i] < '0' || name.data[i] > '9')
            return false;
        *number = *number * 10 + (uint64_t)(name.data[i] - '0');
    }
    return name.size > 0 && name.size <= MAX_DIGITS;
}

static int compare_numbers(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->from < y->from ? -1 : x->from > y->from;
}

/* The attributes from `from` on that share its name at offset. */
static struct group next_group(struct keel__attribute *from, struct keel__attribute *to,
                               size_t offset, size_t depth)
{
    struct group group = {.from = from, .to = from + 1, .name = next_name(from, offset, depth)};
    while (group.to < to && same_name(group.name, next_name(group.to, offset, depth)))
        group.to++;
    return group;
}

/* Splits [from, to) by the name at offset; *numbered is set when all names are numbers. */
static struct group *split(struct keel__mapper *mapper, struct keel__attribute *from,
                           struct keel__attribute *to, size_t offset, size_t depth, size_t *count,
                           bool *numbered)
{
    *count = 0;
    *numbered = true;
    for (struct keel__attribute *at = from; at < to; (*count)++)
        at = next_group(at, to, offset, depth).to;
    struct group *groups = keel__mapper_alloc(mapper, *count, sizeof *groups);
    for (size_t i = 0; groups && i < *count; i++) {
        groups[i] = next_group(from, to, offset, depth);
        *numbered = parse_number(groups[i].name, &groups[i].number) && *numbered;
        from = groups[i].to;
    }
    return groups;
}

static void put_node(struct keel__mapper *mapper, struct keel__json *json,
                     struct keel__attribute *from, struct keel__attribute *to, size_t offset,
                     size_t depth);

static void put_group(struct keel__mapper *mapper, struct keel__json *json,
                      const struct group *group, size_t offset, size_t depth)
{
    struct keel__attribute *from = group->from;
    size_t end = offset + group->name.size;
    if (from->key.size == end) { /* the value at this very path sorts first */
        if (group->to - from == 1) {
            keel__json_any(mapper, json, from->value);
            from->taken = true;
            return;
        }
        from++;
    }
    put_node(mapper, json, from, group->to, end + 1, depth + 1);
}

static void put_node(struct keel__mapper *mapper, struct keel__json *json,
                     struct keel__attribute *from, struct keel__attribute *to, size_t offset,
                     size_t depth)
{
    bool numbered;
    size_t count;
    struct group *groups = split(mapper, from, to, offset, depth, &count, &numbered);
    if (!groups) {
        keel__json_null(json);
        return;
    }
    if (numbered) {
        qsort(groups, count, sizeof *groups, compare_numbers);
        keel__json_array_begin(json);
    } else {
        keel__json_object_begin(json);
    }
    for (size_t i = 0; i < count; i++) {
        if (!numbered)
            keel__json_key_slice(json, groups[i].name);
        put_group(mapper, json, &groups[i], offset, depth);
    }
    if (numbered)
        keel__json_array_end(json);
    else
        keel__json_object_end(json);
}

struct keel_slice keel__unflatten(struct keel__mapper *mapper, struct keel__attributes attributes,
                                  const char *prefix)
{
    if (attributes.count == 0)
        return keel_slice(NULL, 0);
    struct keel__json json = keel__mapper_write(mapper);
    put_node(mapper, &json, attributes.items, attributes.items + attributes.count, strlen(prefix),
             0);
    return keel__mapper_written(mapper);
}
