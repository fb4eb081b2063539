#include "audit/indexes.h"

#include <string.h>

#include "schema/model.h"
#include "schema/render.h"

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool is_ordered(const struct keel_index_model *index)
{
    return !index->method || keel__name_is(index->method, "btree");
}

/* Same value in the same collation; its direction apart. */
static bool same_part(const struct keel_index_part *a, const struct keel_index_part *b)
{
    if (!a->column != !b->column || !same_text(a->collation, b->collation) ||
        !same_text(a->opclass, b->opclass))
        return false;
    return a->column ? keel__name_is(a->column, b->column)
                     : same_text(a->expression, b->expression);
}

/* Whether the first count parts run the same way, or all of them the other way round: an ordered
 * index is read in both directions. */
static bool same_way(const struct keel_index_model *a, const struct keel_index_model *b,
                     size_t count)
{
    bool equal = true, opposite = true;
    for (size_t i = 0; i < count; i++) {
        const struct keel_index_part *x = &a->parts[i], *y = &b->parts[i];
        equal = equal && x->descending == y->descending && x->nulls_first == y->nulls_first;
        opposite = opposite && x->descending != y->descending && x->nulls_first != y->nulls_first;
    }
    return equal || opposite;
}

static bool has_part(const struct keel_index_model *index, const char *column)
{
    for (size_t i = 0; i < index->part_count; i++)
        if (index->parts[i].column && keel__name_is(index->parts[i].column, column))
            return true;
    for (size_t i = 0; i < index->include_count; i++)
        if (keel__name_is(index->include[i], column))
            return true;
    return false;
}

enum keel__cover keel__index_covered(const struct keel_index_model *index,
                                     const struct keel_index_model *by)
{
    size_t count = index->part_count;
    if (count == 0 || count > by->part_count || !by->valid || !index->valid ||
        !same_text(index->where, by->where) || !same_text(index->method, by->method) ||
        !same_text(index->options, by->options))
        return KEEL__COVER_NONE;
    bool same = count == by->part_count;
    if (!same && (!is_ordered(index) || index->unique))
        return KEEL__COVER_NONE;
    if (index->unique && (!by->unique || index->nulls_not_distinct != by->nulls_not_distinct))
        return KEEL__COVER_NONE;
    for (size_t i = 0; i < count; i++)
        if (!same_part(&index->parts[i], &by->parts[i]))
            return KEEL__COVER_NONE;
    if (!same_way(index, by, count))
        return KEEL__COVER_NONE;
    for (size_t i = 0; i < index->include_count; i++)
        if (!has_part(by, index->include[i]))
            return KEEL__COVER_NONE;
    return same ? KEEL__COVER_SAME : KEEL__COVER_PREFIX;
}

static bool key_descends(const struct keel_key_model *key, const char *column)
{
    for (size_t i = 0; i < key->descending_count; i++)
        if (keel__name_is(key->descending[i], column))
            return true;
    return false;
}

/* A key as the index behind it. */
enum keel__cover keel__index_covered_by_key(const struct keel_index_model *index,
                                            const struct keel_key_model *by, bool primary)
{
    enum { MAX_PARTS = 32 };
    struct keel_index_part parts[MAX_PARTS] = {0};
    if (by->column_count > MAX_PARTS || by->deferrable != KEEL_NOT_DEFERRABLE)
        return KEEL__COVER_NONE; /* a deferred key is checked late: a unique index is not */
    bool postgres = index->method != NULL;
    for (size_t i = 0; i < by->column_count; i++) {
        bool descending = key_descends(by, by->columns[i]);
        parts[i] = (struct keel_index_part){
            .column = by->columns[i],
            .descending = descending,
            .nulls_first = postgres ? descending : !descending,
            .collation = by->collations ? by->collations[i] : NULL,
        };
    }
    struct keel_index_model as_index = {.unique = true,
                                        .valid = true,
                                        .nulls_not_distinct = by->nulls_not_distinct,
                                        .method = postgres ? "btree" : NULL,
                                        .parts = parts,
                                        .part_count = by->column_count,
                                        .include = by->include,
                                        .include_count = by->include_count,
                                        .options = index->options};
    if (primary) /* no NULLs, so that their place does not matter */
        as_index.nulls_not_distinct = index->nulls_not_distinct;
    return keel__index_covered(index, &as_index);
}

const struct keel_index_model *keel__index_over(struct keel__audit *audit,
                                                const char *const *columns, size_t count)
{
    struct keel_index_model *index = keel__arena_calloc(audit->arena, 1, sizeof *index);
    struct keel_index_part *parts = keel__arena_calloc(audit->arena, count, sizeof *parts);
    if (!index || !parts)
        return NULL;
    bool postgres = audit->dialect == KEEL_POSTGRES;
    for (size_t i = 0; i < count; i++) {
        parts[i].column = columns[i];
        parts[i].nulls_first = !postgres;
    }
    index->valid = true;
    index->method = postgres ? "btree" : NULL;
    index->parts = parts;
    index->part_count = count;
    return index;
}

const char *keel__columns_text(struct keel__audit *audit, const char *const *columns, size_t count)
{
    struct keel__str out;
    keel__str_init(&out, 0);
    keel__sql_names(&out, columns, count);
    const char *text = out.failed ? NULL : keel__arena_dup(audit->arena, keel__str_view(&out));
    keel__str_fini(&out);
    return text ? text : "";
}
