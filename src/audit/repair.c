#include "audit/repair.h"

#include "audit/run.h"

struct keel__repair *keel__repair_add(struct keel__audit *audit, struct keel_finding *finding,
                                      enum keel__repair_kind kind,
                                      const struct keel_table_model *table)
{
    struct keel__repair *repair = keel__arena_calloc(audit->arena, 1, sizeof *repair);
    if (!repair || !finding) {
        audit->found->failed = true;
        return NULL;
    }
    repair->kind = kind;
    repair->table = table;
    /* The chain is ours until the audit is handed out. */
    struct keel__repair *last = (struct keel__repair *)(uintptr_t)finding->repair;
    while (last && last->next)
        last = (struct keel__repair *)(uintptr_t)last->next;
    if (last)
        last->next = repair;
    else
        finding->repair = repair;
    return repair;
}
