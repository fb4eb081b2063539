#include "migrate/plan.h"

#include "migrate/steps.h"

#include <inttypes.h>

struct planner {
    struct keel_migration_plan *plan;
    struct keel_migration_todo *todos;
    struct keel__arena *arena;
    const struct keel_migrations *set;
    const struct keel__standings *standings;
    enum keel_migration_action action;
    enum keel_dialect dialect;
    const struct keel_migrate_options *options;
    struct keel_error *err;
};

const struct keel__migration *keel__set_find(const struct keel_migrations *set, int64_t version)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->items[middle].pub.version == version)
            return &set->items[middle];
        if (set->items[middle].pub.version < version)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool same(const struct keel_hash *a, const struct keel_hash *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

enum keel_migration_problem keel__problem_of(const struct keel__standing *standing,
                                             const struct keel__migration *m)
{
    if (standing->state == KEEL_MIGRATION_PENDING || !standing->has_checksum)
        return KEEL_PROBLEM_NONE;
    if (!m)
        return KEEL_PROBLEM_MISSING;
    if (standing->state == KEEL_MIGRATION_INTERRUPTED && standing->action == KEEL_MIGRATE_UP)
        return KEEL_PROBLEM_NONE; /* what ran of it is held against its digest when it goes on */
    if (!same(&standing->checksum, &m->pub.checksum))
        return KEEL_PROBLEM_CHANGED;
    if (!same(&standing->down_checksum, &m->pub.down_checksum))
        return KEEL_PROBLEM_DOWN_CHANGED;
    return KEEL_PROBLEM_NONE;
}

/* ---- refusals ---------------------------------------------------------------------------------
 */

static int refuse_problem(struct planner *p, const struct keel__standing *s,
                          const struct keel__migration *m, enum keel_migration_problem problem)
{
    char at[28];
    keel_time_format(s->applied_at, at);
    if (problem == KEEL_PROBLEM_MISSING)
        return keel_error_set(p->err, KEEL_CONFLICT,
                              "%s was %s on %s and is not among the files: put it back, or, if it "
                              "is gone for good, accept that with baseline --to %s",
                              s->file, s->state == KEEL_MIGRATION_INTERRUPTED ? "begun" : "applied",
                              at, s->version_text);
    return keel_error_set(
        p->err, KEEL_CONFLICT,
        "%s was changed after it was applied on %s: undo the change and put it in "
        "a new migration, or, if the file is right, accept it with baseline --to %s",
        m->pub.up_file, at, m->pub.version_text);
}

/* up does not build on ground that is not as the files say. */
static int check_ground(struct planner *p)
{
    for (size_t i = 0; i < p->standings->count; i++) {
        const struct keel__standing *s = &p->standings->items[i];
        const struct keel__migration *m = keel__set_find(p->set, s->version);
        enum keel_migration_problem problem = keel__problem_of(s, m);
        if (problem == KEEL_PROBLEM_MISSING || problem == KEEL_PROBLEM_CHANGED)
            return refuse_problem(p, s, m, problem);
        if (s->state == KEEL_MIGRATION_INTERRUPTED && s->action == KEEL_MIGRATE_DOWN)
            return keel_error_set(
                p->err, KEEL_CONFLICT,
                "%s is reverted in part (step %zu of %zu): finish that with down, "
                "or, if all of it is in the database, say so with baseline --to %s",
                s->file, s->step, s->steps, s->version_text);
    }
    return 0;
}

static int check_to(struct planner *p)
{
    const struct keel_migrate_options *o = p->options;
    if (!o->has_to || (p->action == KEEL_MIGRATE_DOWN && o->to == 0) ||
        keel__set_find(p->set, o->to) || keel__standing_find(p->standings, o->to))
        return 0;
    return keel_error_set(p->err, KEEL_NOTFOUND, "there is no migration of version %" PRId64,
                          o->to);
}

/* ---- todos ------------------------------------------------------------------------------------
 */

/* How many steps an interrupted action has behind it. */
static int resume(struct planner *p, struct keel_migration_todo *todo,
                  const struct keel__standing *s)
{
    size_t done = s->step;
    if (s->state != KEEL_MIGRATION_INTERRUPTED || s->action != todo->action)
        return 0;
    todo->first_step = done;
    if (done == 0 || (done <= todo->step_count && same(&todo->steps[done - 1].digest, &s->digest)))
        return 0;
    return keel_error_set(p->err, KEEL_CONFLICT,
                          "%s: the first %zu of its %zu steps ran already, and were changed since: "
                          "restore them as they were; what follows may be changed",
                          todo->action == KEEL_MIGRATE_DOWN ? todo->migration->down_file
                                                            : todo->migration->up_file,
                          done, s->steps);
}

static int add_todo(struct planner *p, const struct keel__migration *m,
                    const struct keel__standing *standing)
{
    if (!keel__make_room(p->arena, (void **)&p->todos, p->plan->count, sizeof *p->todos))
        return keel__arena_error(p->arena, p->err);
    struct keel_migration_todo *todo = &p->todos[p->plan->count];
    *todo = (struct keel_migration_todo){.migration = &m->pub, .action = p->action};
    p->plan->todos = p->todos;
    p->plan->count++;
    if (p->action == KEEL_MIGRATE_BASELINE)
        return 0;
    struct keel__steps steps;
    int rc = keel__steps_build(&steps, p->arena, p->action == KEEL_MIGRATE_UP ? &m->up : &m->down,
                               p->dialect, p->set->layout, p->err);
    if (rc)
        return rc;
    todo->steps = steps.items;
    todo->step_count = steps.count;
    return standing ? resume(p, todo, standing) : 0;
}

static int plan_up(struct planner *p)
{
    int64_t highest = -1;
    int rc = check_ground(p);
    for (size_t i = 0; i < p->standings->count; i++)
        if (p->standings->items[i].state != KEEL_MIGRATION_PENDING)
            highest = p->standings->items[i].version;
    for (size_t i = 0; rc == 0 && i < p->set->count; i++) {
        const struct keel__migration *m = &p->set->items[i];
        const struct keel__standing *s = keel__standing_find(p->standings, m->pub.version);
        if (p->options->has_to && m->pub.version > p->options->to)
            break;
        if (s && s->state == KEEL_MIGRATION_APPLIED)
            continue;
        if (m->pub.version < highest && !p->options->allow_out_of_order)
            return keel_error_set(p->err, KEEL_CONFLICT,
                                  "%s is out of order: version %" PRId64
                                  " is applied already. Give "
                                  "it a higher number, or apply it with --allow-out-of-order",
                                  m->pub.up_file, highest);
        rc = add_todo(p, m, s);
    }
    return rc;
}

static int plan_down_of(struct planner *p, const struct keel__standing *s)
{
    const struct keel__migration *m = keel__set_find(p->set, s->version);
    if (!m)
        return keel_error_set(p->err, KEEL_CONFLICT,
                              "%s cannot be reverted: it is not among the files", s->file);
    if (m->down.count == 0)
        return keel_error_set(p->err, KEEL_CONFLICT, "%s cannot be reverted: it has no down part",
                              m->pub.up_file);
    return add_todo(p, m, s);
}

static int plan_down(struct planner *p)
{
    size_t steps = p->options->steps > 0 ? (size_t)p->options->steps : 1;
    int rc = 0;
    for (size_t i = p->standings->count; rc == 0 && i > 0; i--) {
        const struct keel__standing *s = &p->standings->items[i - 1];
        if (p->options->has_to ? s->version <= p->options->to : p->plan->count == steps)
            break;
        if (s->state != KEEL_MIGRATION_PENDING)
            rc = plan_down_of(p, s);
    }
    return rc;
}

/* A migration that the history knows and the folder does not, with no checksum to hold it to. */
static const struct keel__migration *without_file(struct planner *p, const struct keel__standing *s)
{
    struct keel__migration *m = keel__arena_calloc(p->arena, 1, sizeof *m);
    if (m)
        m->pub = (struct keel_migration){.version = s->version,
                                         .version_text = s->version_text,
                                         .name = s->name,
                                         .up_file = s->file};
    return m;
}

static int plan_baseline_missing(struct planner *p)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < p->standings->count; i++) {
        const struct keel__standing *s = &p->standings->items[i];
        if (s->version > p->options->to)
            break;
        if (keel__problem_of(s, keel__set_find(p->set, s->version)) != KEEL_PROBLEM_MISSING)
            continue;
        const struct keel__migration *m = without_file(p, s);
        rc = m ? add_todo(p, m, s) : keel__arena_error(p->arena, p->err);
    }
    return rc;
}

static int plan_baseline(struct planner *p)
{
    if (!p->options->has_to)
        return keel_error_set(p->err, KEEL_INVALID,
                              "baseline wants the version that the database is at (--to)");
    int rc = plan_baseline_missing(p);
    for (size_t i = 0; rc == 0 && i < p->set->count; i++) {
        const struct keel__migration *m = &p->set->items[i];
        const struct keel__standing *s = keel__standing_find(p->standings, m->pub.version);
        if (m->pub.version > p->options->to)
            break;
        if (s && s->state == KEEL_MIGRATION_APPLIED && keel__problem_of(s, m) == KEEL_PROBLEM_NONE)
            continue;
        rc = add_todo(p, m, s);
    }
    return rc;
}

int keel__plan_make(struct keel_migration_plan *plan, struct keel__arena *arena,
                    const struct keel_migrations *set, const struct keel__standings *standings,
                    enum keel_migration_action action, enum keel_dialect dialect,
                    const struct keel_migrate_options *options, struct keel_error *err)
{
    struct planner p = {plan, NULL, arena, set, standings, action, dialect, options, err};
    int rc = check_to(&p);
    plan->todos = NULL;
    plan->count = 0;
    if (rc)
        return rc;
    switch (action) {
    case KEEL_MIGRATE_UP:
        return plan_up(&p);
    case KEEL_MIGRATE_DOWN:
        return plan_down(&p);
    case KEEL_MIGRATE_BASELINE:
        return plan_baseline(&p);
    }
    return keel_error_set(err, KEEL_INVALID, "unknown action");
}
