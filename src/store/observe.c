#include "store/store.h"

void keel_store_observe(struct keel_store *store, keel_run_change_fn *changed, void *context)
{
    store->changed_context = context;
    store->changed = changed;
}

void keel__store_changed(const struct keel_store *store, const struct keel_run_change *changes,
                         size_t count)
{
    if (store->changed && count > 0)
        store->changed(store->changed_context, changes, count);
}
