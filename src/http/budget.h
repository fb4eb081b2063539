/*
 * http/budget.h - one bound on the memory that all requests and responses take together.
 *
 * Whoever wants memory in proportion to what a client sent or asked for takes its size here first,
 * and gives it back when it is freed. Thread-safe.
 */
#ifndef HTTP_BUDGET_H
#define HTTP_BUDGET_H

#include <keel/types.h>

#include <stdatomic.h>

struct keel__budget {
    _Atomic size_t used_bytes;
    size_t limit_bytes;
};

/* False, and nothing taken, when that would pass the limit. */
bool keel__budget_take(struct keel__budget *budget, size_t bytes);
void keel__budget_give(struct keel__budget *budget, size_t bytes);

/* What one owner holds of it. */
struct keel__share {
    struct keel__budget *budget;
    size_t bytes;
};

/* Changes what the share holds; false, and nothing changed, when there is not that much left. Less
 * always succeeds. */
bool keel__share_resize(struct keel__share *share, size_t bytes);

#endif
