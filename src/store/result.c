#include "store/result.h"

#include <stdlib.h>

struct keel__arena *keel__result_arena(struct keel_result *result)
{
    if (!result->arena) {
        struct keel__arena *arena = malloc(sizeof(*arena));
        if (arena)
            keel__arena_init(arena, 0);
        result->arena = arena;
    }
    return result->arena;
}

void keel_result_free(struct keel_result *result)
{
    if (!result || !result->arena)
        return;
    keel__arena_fini(result->arena);
    free(result->arena);
    result->arena = NULL;
}

void *keel__list_add(struct keel__list *list, struct keel__arena *arena)
{
    char *items = list->items;

    if (list->count == list->capacity) {
        size_t more = list->capacity ? list->capacity * 2 : 16;
        items = keel__arena_grow(arena, items, list->count, more, list->size);
        if (!items)
            return NULL;
        list->items = items;
        list->capacity = more;
    }
    void *item = items + list->count++ * list->size;
    memset(item, 0, list->size);
    return item;
}
