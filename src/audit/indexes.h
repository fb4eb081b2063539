/*
 * audit/indexes.h - what the rules about indexes share.
 */
#ifndef AUDIT_INDEXES_H
#define AUDIT_INDEXES_H

#include "audit/reference.h"

enum keel__cover {
    KEEL__COVER_NONE = 0,
    KEEL__COVER_PREFIX, /* the index is the beginning of the other */
    KEEL__COVER_SAME    /* both are over the same columns in the same order */
};

/* What another index, or a key, does of what an index does: whatever the index is read for, the
 * other serves as well. */
enum keel__cover keel__index_covered(const struct keel_index_model *index,
                                     const struct keel_index_model *by);
enum keel__cover keel__index_covered_by_key(const struct keel_index_model *index,
                                            const struct keel_key_model *by, bool primary);

/* A plain index over columns, in the audit's arena. NULL when memory is out. */
const struct keel_index_model *keel__index_over(struct keel__audit *audit,
                                                const char *const *columns, size_t count);
/* "(a, b)" */
const char *keel__columns_text(struct keel__audit *audit, const char *const *columns, size_t count);

/* rules_indexes_suggest.c */
void keel__suggest_indexes(struct keel__audit *audit, const struct keel__rule *rule,
                           const struct keel__table_facts *facts);

#endif
