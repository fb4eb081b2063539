/*
 * migrate/plan.h - files and history compared: what is to do, and what does not agree.
 */
#ifndef KEEL_MIGRATE_PLAN_H
#define KEEL_MIGRATE_PLAN_H

#include "migrate/history.h"
#include "migrate/set.h"

/* NULL when set has no such version. */
const struct keel__migration *keel__set_find(const struct keel_migrations *set, int64_t version);

/* What is wrong with an applied or interrupted version; m is NULL when it has no file. */
enum keel_migration_problem keel__problem_of(const struct keel__standing *standing,
                                             const struct keel__migration *m);

/* Fills plan->todos from what the history says; steps are split and checked. */
int keel__plan_make(struct keel_migration_plan *plan, struct keel__arena *arena,
                    const struct keel_migrations *set, const struct keel__standings *standings,
                    enum keel_migration_action action, enum keel_dialect dialect,
                    const struct keel_migrate_options *options, struct keel_error *err);

#endif
