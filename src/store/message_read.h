/*
 * store/message_read.h - messages rebuilt from the hash chain.
 */
#ifndef STORE_MESSAGE_READ_H
#define STORE_MESSAGE_READ_H

#include "base/map.h"
#include "store/read.h"

/* Contents that have been read, so that what many calls share is read and held once. */
struct keel__message_reader {
    struct keel_db *db;
    struct keel__arena *arena;
    struct keel__map contents; /* by hash: struct keel_slice */
};

void keel__message_reader_init(struct keel__message_reader *reader, struct keel_db *db,
                               struct keel__arena *arena);

/* Fills the messages of a call from the ends of their chains (NULL: none): output follows input,
 * so that one walk up from the last output gives both. *bytes grows by the size of the contents. */
int keel__read_messages(struct keel__message_reader *reader, const struct keel_hash *input,
                        const struct keel_hash *output, struct keel_llm_call *call, size_t *bytes,
                        struct keel_error *err);

/* The content of a hash. IO when it is not there. */
int keel__read_hashed(struct keel__message_reader *reader, const struct keel_hash *hash,
                      struct keel_slice *out, struct keel_error *err);

#endif
