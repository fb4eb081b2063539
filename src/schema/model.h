/*
 * schema/model.h - what the files that make or walk a model share.
 */
#ifndef KEEL_SCHEMA_MODEL_H
#define KEEL_SCHEMA_MODEL_H

#include <keel/schema.h>

#include "base/arena.h"

/* Makes room for one more element behind count of them and zeroes it; NULL when memory is out. */
void *keel__push_room(struct keel__arena *arena, void *items, size_t count, size_t size);
/* The new last element of an array in arena, or NULL. */
#define KEEL__PUSH(arena, items, count)                                                            \
    (((items) = keel__push_room((arena), (items), (count), sizeof *(items))) ? &(items)[(count)++] \
                                                                             : NULL)

/* Equal but for the case of ASCII letters, as SQLite compares names. */
bool keel__name_is(const char *a, const char *b);
/* SQL LIKE with % and _, in any case. */
bool keel__name_like(const char *name, const char *pattern);

/* text without the parentheses that enclose all of it. */
struct keel_slice keel__unwrap(struct keel_slice text, enum keel_dialect dialect);

enum keel_affinity keel__affinity_of(struct keel_slice declared);

/* Puts everything whose order has no meaning in order. */
void keel__schema_sort(struct keel_schema *schema);

/* read_sqlite.c, read_postgres.c: fill schema, whose arena and dialect are set; in a transaction.
 */
int keel__schema_read_sqlite(struct keel_schema *schema, struct keel_db *db,
                             struct keel_error *err);
int keel__schema_read_postgres(struct keel_schema *schema, struct keel_db *db,
                               const struct keel_schema_options *options, struct keel_error *err);

#endif
