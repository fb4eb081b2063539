#include "audit/scan.h"

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>

enum { EXAMPLE_BYTES = 120, PART_BYTES = 60 };

/* ---- tuples ---------------------------------------------------------------------------------- */

static void show_tuple(struct keel__scan *scan, struct keel__tuple_scan *tuple)
{
    char text[EXAMPLE_BYTES + 1];
    size_t used = 0;
    if (tuple->result.examples.count >= KEEL__MAX_EXAMPLES)
        return;
    text[0] = '\0';
    for (size_t i = 0; i < tuple->column_count && used + 3 < sizeof text; i++) {
        const struct keel__value *value = &scan->columns[tuple->columns[i]].value;
        size_t room = sizeof text - 3 - used;
        const char *part =
            keel__value_text(&scan->arena, value, room < PART_BYTES ? room : PART_BYTES);
        if (part && strlen(part) <= room)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? ", " : "", part);
    }
    keel__examples_add(&tuple->result.examples, keel__arena_strdup(scan->audit->arena, text));
}

static void add_tuple(struct keel__scan *scan, struct keel__tuple_scan *tuple)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < tuple->column_count; i++) {
        const struct keel__column_scan *column = &scan->columns[tuple->columns[i]];
        if (column->value.class == KEEL__STORED_NULL)
            return;
        uint64_t part = tuple->fold ? keel__profile_fold(column) : column->hash;
        if (!part) { /* bytes that were not read */
            tuple->result.overflow = true;
            return;
        }
        hash = keel__hash_pair(hash, part);
    }
    bool added;
    tuple->result.rows++;
    uint64_t *slot = keel__set_at(&tuple->set, hash, &added);
    if (!slot) {
        tuple->result.overflow = true;
        return;
    }
    if (added)
        return;
    tuple->result.extra_rows++;
    if (*slot & KEEL__SET_MARK)
        return;
    *slot |= KEEL__SET_MARK;
    tuple->result.repeated++;
    show_tuple(scan, tuple);
}

/* ---- dependencies ---------------------------------------------------------------------------- */

static void contradict(struct keel__scan *scan, struct keel__dependency_scan *dependency,
                       uint64_t *slot)
{
    if (*slot & KEEL__SET_MARK)
        return;
    *slot |= KEEL__SET_MARK;
    dependency->result.contradicting++;
    if (dependency->result.examples.count < KEEL__MAX_EXAMPLES)
        keel__examples_add(&dependency->result.examples,
                           keel__value_text(scan->audit->arena, &scan->columns[dependency->a].value,
                                            EXAMPLE_BYTES));
}

static void add_dependency(struct keel__scan *scan, struct keel__dependency_scan *dependency)
{
    const struct keel__column_scan *a = &scan->columns[dependency->a];
    const struct keel__column_scan *b = &scan->columns[dependency->b];
    bool added;
    if (a->value.class == KEEL__STORED_NULL)
        return;
    if (!a->hash || (!b->hash && b->value.class != KEEL__STORED_NULL)) {
        dependency->result.overflow = true;
        return;
    }
    dependency->result.rows++;
    uint64_t value = b->hash ? b->hash : 1;
    uint64_t *slot = keel__set_at(&dependency->first, a->hash, &added);
    if (!slot) {
        dependency->result.overflow = true;
        return;
    }
    if (added) {
        slot[1] = value;
        return;
    }
    if (slot[1] == value)
        return;
    contradict(scan, dependency, slot);
    if (!keel__set_at(&dependency->others, keel__hash_pair(a->hash, value), &added))
        dependency->result.overflow = true;
}

/* ---- all of them ----------------------------------------------------------------------------- */

void keel__combinations_row(struct keel__scan *scan)
{
    for (size_t i = 0; i < scan->tuple_count; i++)
        add_tuple(scan, &scan->tuples[i]);
    for (size_t i = 0; i < scan->dependency_count; i++)
        add_dependency(scan, &scan->dependencies[i]);
}

static int end_tuples(struct keel__scan *scan, struct keel_error *err)
{
    struct keel__tuple *out = keel__arena_calloc(
        scan->audit->arena, scan->tuple_count ? scan->tuple_count : 1, sizeof *out);
    if (!out)
        return keel__nomem(err);
    for (size_t i = 0; i < scan->tuple_count; i++) {
        out[i] = scan->tuples[i].result;
        out[i].distinct = (int64_t)scan->tuples[i].set.count;
    }
    scan->facts->tuples = out;
    scan->facts->tuple_count = scan->tuple_count;
    return KEEL_OK;
}

int keel__combinations_end(struct keel__scan *scan, struct keel_error *err)
{
    struct keel__dependency *out = keel__arena_calloc(
        scan->audit->arena, scan->dependency_count ? scan->dependency_count : 1, sizeof *out);
    if (!out)
        return keel__nomem(err);
    for (size_t i = 0; i < scan->dependency_count; i++) {
        const struct keel__dependency_scan *dependency = &scan->dependencies[i];
        out[i] = dependency->result;
        out[i].groups = (int64_t)dependency->first.count;
        out[i].pairs = (int64_t)(dependency->first.count + dependency->others.count);
    }
    scan->facts->dependencies = out;
    scan->facts->dependency_count = scan->dependency_count;
    return end_tuples(scan, err);
}

void keel__combinations_fini(struct keel__scan *scan)
{
    for (size_t i = 0; i < scan->tuple_count; i++)
        keel__set_fini(&scan->tuples[i].set);
    for (size_t i = 0; i < scan->dependency_count; i++) {
        keel__set_fini(&scan->dependencies[i].first);
        keel__set_fini(&scan->dependencies[i].others);
    }
}
