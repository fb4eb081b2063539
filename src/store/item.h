/*
 * store/item.h - a record made ready for writing: checked, its messages and contents hashed.
 *
 * Making an item needs no database, so it is done on the thread that brings the records, before
 * they wait for a writer.
 */
#ifndef STORE_ITEM_H
#define STORE_ITEM_H

#include "base/arena.h"

#include <keel/store.h>

/* A message as a node of a chain. */
struct keel__said {
    struct keel_slice role;
    enum keel_message_format format;
    struct keel_slice content; /* absent when it was read from the store as a hash alone */
    struct keel_hash content_hash;
};

struct keel__said_list {
    struct keel__said *items;
    size_t count;
    const struct keel_hash *nodes; /* where they are known: the items' nodes when the list follows
                                      the node `after` (all zero: nothing) */
    struct keel_hash after;
};

enum keel__outcome {
    KEEL__OPEN_ITEM = 0,
    KEEL__INSERTED,
    KEEL__COMPLETED,
    KEEL__DUPLICATE,
    KEEL__REJECTED
};

struct keel__batch_run;
struct keel__event;
struct keel__name;
struct keel__submit;

struct keel__item {
    const struct keel_record *record;
    struct keel__submit *submit;          /* it belongs to */
    struct keel__said_list input, output; /* of record->llm or record->llm_of_parent */
    struct keel_hash tools_hash;          /* where there are tools */
    struct keel_slice attributes, body;   /* the record's, fit for both databases */
    enum keel__outcome outcome;
    const char *reason; /* of a refusal, in the submit's arena; or NULL */

    /* Of the attempt under way. */
    struct keel__batch_run *run;
    struct keel__event *event;
    struct keel__name *session;
    bool first; /* of the records of its event */
};

/* What the records of one call of keel_store_write became. */
struct keel__submit {
    struct keel__arena arena;
    struct keel__item *items;
    size_t count;
    size_t bytes; /* estimated size of the records */
};

/* Records are borrowed until the submit is gone. A record that cannot be stored is refused in its
 * item, and fails nothing else. NOMEM. */
int keel__submit_init(struct keel__submit *submit, const struct keel_record *records, size_t count,
                      struct keel_error *err);
void keel__submit_fini(struct keel__submit *submit);
/* Refuses an item; reason is copied. */
void keel__item_reject(struct keel__item *item, const char *reason);
/* Adds up the outcomes of the items. */
void keel__submit_result(const struct keel__submit *submit, struct keel_write_result *result);

/* How much memory a record's bytes take, about. */
size_t keel__record_bytes(const struct keel_record *record);

#endif
