#include "migrate/plan.h"

#include "base/error.h"

#include <stdlib.h>

const char *keel_migration_state_name(enum keel_migration_state state)
{
    static const char *const names[] = {"", "pending", "applied", "interrupted"};
    return (unsigned)state < sizeof names / sizeof *names ? names[state] : "";
}

const char *keel_migration_problem_name(enum keel_migration_problem problem)
{
    static const char *const names[] = {NULL, "changed", "down_changed", "missing", "out_of_order"};
    return (unsigned)problem < sizeof names / sizeof *names ? names[problem] : NULL;
}

/* One version: m or s may be NULL, not both. */
static struct keel_migration_status status_of(const struct keel__migration *m,
                                              const struct keel__standing *s, int64_t highest)
{
    struct keel_migration_status status = {.state = KEEL_MIGRATION_PENDING, .keel_version = ""};
    if (s) {
        status.version = s->version;
        status.version_text = s->version_text;
        status.name = s->name;
        status.state = s->state;
        status.action = s->action;
        status.step = s->step;
        status.steps = s->steps;
        status.applied_at = s->applied_at;
        status.duration_us = s->duration_us;
        status.checksum = s->checksum;
        status.keel_version = s->keel_version;
        status.problem = keel__problem_of(s, m);
    }
    if (m) {
        status.version = m->pub.version;
        status.version_text = m->pub.version_text;
        status.name = m->pub.name;
        status.file = m->pub.up_file;
        status.has_down = m->down.count > 0;
    }
    if (status.state == KEEL_MIGRATION_PENDING && status.version < highest)
        status.problem = KEEL_PROBLEM_OUT_OF_ORDER;
    return status;
}

static void add(struct keel_migration_statuses *out, struct keel_migration_status status)
{
    out->items[out->count++] = status;
    out->applied += status.state == KEEL_MIGRATION_APPLIED;
    out->pending += status.state != KEEL_MIGRATION_APPLIED;
    out->problems += status.problem != KEEL_PROBLEM_NONE;
}

/* Both lists are in ascending order: they are merged. */
static void merge(struct keel_migration_statuses *out, const struct keel_migrations *set,
                  const struct keel__standings *standings)
{
    int64_t highest = -1;
    size_t m = 0, s = 0;
    for (size_t i = 0; i < standings->count; i++)
        if (standings->items[i].state != KEEL_MIGRATION_PENDING)
            highest = standings->items[i].version;
    while (m < set->count || s < standings->count) {
        const struct keel__migration *file = m < set->count ? &set->items[m] : NULL;
        const struct keel__standing *standing = s < standings->count ? &standings->items[s] : NULL;
        if (file && standing && file->pub.version != standing->version) {
            if (file->pub.version < standing->version)
                standing = NULL;
            else
                file = NULL;
        }
        m += file != NULL;
        s += standing != NULL;
        /* Not what was reverted and has no file any more. */
        if (file || (standing && standing->state != KEEL_MIGRATION_PENDING))
            add(out, status_of(file, standing, highest));
    }
}

int keel_migrate_status(struct keel_migration_statuses *out, struct keel_db *db,
                        const struct keel_migrations *set, const char *module,
                        struct keel_error *err)
{
    struct keel__standings standings;
    struct keel__arena *arena = malloc(sizeof *arena);
    *out = (struct keel_migration_statuses){.arena = arena};
    if (!arena)
        return keel__nomem(err);
    keel__arena_init(arena, 0);
    int rc = keel__history_read(&standings, db, arena, module, NULL, err);
    if (rc == 0) {
        out->items = keel__arena_calloc(arena, set->count + standings.count, sizeof *out->items);
        if (out->items)
            merge(out, set, &standings);
        else
            rc = keel__arena_error(arena, err);
    }
    if (rc)
        keel_migration_statuses_free(out);
    return rc;
}

void keel_migration_statuses_free(struct keel_migration_statuses *statuses)
{
    if (statuses->arena)
        keel__arena_fini(statuses->arena);
    free(statuses->arena);
    *statuses = (struct keel_migration_statuses){0};
}
