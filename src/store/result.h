/*
 * store/result.h - the memory behind struct keel_result.
 */
#ifndef STORE_RESULT_H
#define STORE_RESULT_H

#include "base/arena.h"

#include <keel/store.h>

/* The result's arena, made on first use; NULL when memory is out. */
struct keel__arena *keel__result_arena(struct keel_result *result);

/* A growing array of same-sized elements in an arena. Zero-initialise but for size. */
struct keel__list {
    void *items;
    size_t count, capacity;
    size_t size; /* of one element */
};
/* A zeroed element at the end; NULL when memory is out. Moves the others. */
void *keel__list_add(struct keel__list *list, struct keel__arena *arena);

#endif
