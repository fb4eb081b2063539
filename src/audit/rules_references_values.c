#include "audit/references.h"
int keel__json_ids_plan(struct keel__audit *audit, struct keel__scan *scan, struct keel_error *err)
{
    (void)audit, (void)scan, (void)err;
    return 0;
}
int keel__json_ids_table(struct keel__audit *audit, const struct keel__rule *rule,
                         const struct keel__table_facts *facts, struct keel_error *err)
{
    (void)audit, (void)rule, (void)facts, (void)err;
    return 0;
}
int keel__by_name_schema(struct keel__audit *audit, const struct keel__rule *rule,
                         struct keel_error *err)
{
    (void)audit, (void)rule, (void)err;
    return 0;
}
int keel__several_schema(struct keel__audit *audit, const struct keel__rule *rule,
                         struct keel_error *err)
{
    (void)audit, (void)rule, (void)err;
    return 0;
}
int keel__full_text_schema(struct keel__audit *audit, const struct keel__rule *rule,
                           struct keel_error *err)
{
    (void)audit, (void)rule, (void)err;
    return 0;
}
