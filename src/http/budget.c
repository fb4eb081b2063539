#include "http/budget.h"

bool keel__budget_take(struct keel__budget *budget, size_t bytes)
{
    size_t used = atomic_load(&budget->used_bytes);

    do {
        if (bytes > budget->limit_bytes || used > budget->limit_bytes - bytes)
            return false;
    } while (!atomic_compare_exchange_weak(&budget->used_bytes, &used, used + bytes));
    return true;
}

void keel__budget_give(struct keel__budget *budget, size_t bytes)
{
    atomic_fetch_sub(&budget->used_bytes, bytes);
}

bool keel__share_resize(struct keel__share *share, size_t bytes)
{
    if (bytes > share->bytes && !keel__budget_take(share->budget, bytes - share->bytes))
        return false;
    if (bytes < share->bytes)
        keel__budget_give(share->budget, share->bytes - bytes);
    share->bytes = bytes;
    return true;
}
