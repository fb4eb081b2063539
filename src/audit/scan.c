#include "audit/run.h"

struct keel__scan {
    const struct keel_table_model *table;
};

const struct keel_table_model *keel__scan_table(const struct keel__scan *scan)
{
    return scan->table;
}

void keel__scan_probe(struct keel__scan *scan, const char *key, const char *expression,
                      const char *example)
{
    (void)scan, (void)key, (void)expression, (void)example;
}

void keel__scan_tuple(struct keel__scan *scan, const char *key, const size_t *columns, size_t count,
                      bool fold)
{
    (void)scan, (void)key, (void)columns, (void)count, (void)fold;
}

void keel__scan_dependency(struct keel__scan *scan, const char *key, size_t a, size_t b)
{
    (void)scan, (void)key, (void)a, (void)b;
}

int keel__scan_read(struct keel__audit *audit, const struct keel__rule_choice *rules,
                    struct keel__table_facts *facts, size_t table_index, struct keel_error *err)
{
    struct keel__scan scan = {.table = facts->table};
    (void)table_index;
    int rc = 0;
    for (size_t i = 0; i < rules->count && !rc; i++)
        if (rules->items[i]->plan)
            rc = rules->items[i]->plan(audit, &scan, err);
    return rc;
}
