/*
 * schema/order.h - things in an order in which each comes behind what it needs.
 */
#ifndef KEEL_SCHEMA_ORDER_H
#define KEEL_SCHEMA_ORDER_H

#include "base/arena.h"

/* needs(context, node, k): the k-th node that node needs, SIZE_MAX behind the last; node itself is
 * passed over. place[i] becomes the place of node i; a need that closes a circle is passed over.
 * Linear in nodes and needs, without recursion. false when memory is out. */
bool keel__order_nodes(struct keel__arena *arena, size_t count, size_t *place,
                       size_t (*needs)(void *context, size_t node, size_t k), void *context);

/* Tables behind those they are a part of, and views behind those they are made of: nodes[i] is the
 * place in the model's array of what comes i-th. The lists are in arena, NULL when memory is out.
 */
struct keel_schema;
size_t *keel__order_partitions(struct keel__arena *arena, const struct keel_schema *schema);
size_t *keel__order_views(struct keel__arena *arena, const struct keel_schema *schema);

#endif
