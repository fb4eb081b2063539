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

/* What one owner holds of it. */
struct keel__share {
    struct keel__budget *budget;
    size_t bytes;
};

/* Changes what the share holds; false, and nothing changed, when there is not that much left. Less
 * always succeeds. The last quarter is kept for small shares, so that a few clients with large
 * bodies do not keep out everybody else. */
bool keel__share_resize(struct keel__share *share, size_t bytes);
/* The most that one share can ever hold. */
size_t keel__budget_most(const struct keel__budget *budget);

#endif
