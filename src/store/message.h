/*
 * store/message.h - messages as hash chains: a node names its parent, so a conversation that is
 * sent again with every turn is stored once.
 */
#ifndef STORE_MESSAGE_H
#define STORE_MESSAGE_H

#include "store/content.h"
#include "store/item.h"

/* The longer of two lists; of two as long the one whose nodes, taken from the root, hash higher. */
bool keel__said_is_fuller(const struct keel__said_list *list, const struct keel__said_list *than);

struct keel__node {
    struct keel_hash hash;
    const struct keel_hash *parent; /* NULL at the root */
    const struct keel__said *said;
    int64_t depth;
};

/* Chains that a transaction refers to. */
struct keel__chains {
    struct keel__arena *arena;
    struct keel__contents *contents;
    struct keel__list list; /* of struct keel__chain */
};
void keel__chains_init(struct keel__chains *chains, struct keel__arena *arena,
                       struct keel__contents *contents);
/* Adds a chain of input followed by output. The last nodes are put into *input_hash and
 * *output_hash where the lists are not empty. Lists are borrowed until the write. */
int keel__chains_add(struct keel__chains *chains, const struct keel__said_list *input,
                     const struct keel__said_list *output, struct keel_hash *input_hash,
                     struct keel_hash *output_hash, struct keel_error *err);
/* Finds out which nodes are not stored yet, and gives their contents to chains->contents. */
int keel__chains_plan(struct keel__chains *chains, struct keel_db *db, struct keel_error *err);
/* Inserts those, parents first; after their contents. */
int keel__chains_write(struct keel__chains *chains, struct keel_db *db, struct keel_error *err);

/* The last `count` messages up to the node `last` (SIZE_MAX: all), without going beyond the node
 * `until` (NULL: none), in order, as hashes alone. */
int keel__chains_read(struct keel_db *db, struct keel__arena *arena, const struct keel_hash *last,
                      size_t count, const struct keel_hash *until, struct keel__said_list *out,
                      struct keel_error *err);

#endif
