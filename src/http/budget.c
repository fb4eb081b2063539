#include "http/budget.h"

enum { SMALL_BYTES = 4 << 20 };

static bool take(struct keel__budget *budget, size_t bytes, size_t limit)
{
    size_t used = atomic_load(&budget->used_bytes);

    do {
        if (bytes > limit || used > limit - bytes)
            return false;
    } while (!atomic_compare_exchange_weak(&budget->used_bytes, &used, used + bytes));
    return true;
}

size_t keel__budget_most(const struct keel__budget *budget)
{
    return budget->limit_bytes - budget->limit_bytes / 4;
}

bool keel__share_resize(struct keel__share *share, size_t bytes)
{
    struct keel__budget *budget = share->budget;
    size_t limit = bytes > SMALL_BYTES ? keel__budget_most(budget) : budget->limit_bytes;

    if (bytes > share->bytes && !take(budget, bytes - share->bytes, limit))
        return false;
    if (bytes < share->bytes)
        atomic_fetch_sub(&budget->used_bytes, share->bytes - bytes);
    share->bytes = bytes;
    return true;
}
