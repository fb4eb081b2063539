/*
 * store/audit.h - who did what to the store.
 */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "base/str.h"

#include <keel/store.h>

struct keel__audit {
    const char *actor; /* NULL: "api" */
    const char *action;
    const char *object_type;
    const char *object_id;    /* or NULL */
    struct keel_slice detail; /* JSON or absent */
};
/* In the transaction of what it tells about. */
int keel__audit_append(struct keel_db *db, const struct keel__audit *entry, struct keel_error *err);

#endif
