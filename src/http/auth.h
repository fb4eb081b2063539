/*
 * http/auth.h - API keys of requests, remembered for a few seconds.
 *
 * A key that was revoked is refused KEEL__AUTH_TTL_US later at most. Thread-safe.
 */
#ifndef HTTP_AUTH_H
#define HTTP_AUTH_H

#include <keel/store.h>

enum { KEEL__AUTH_TTL_US = 3000000 };

struct keel__auth;

int keel__auth_open(struct keel__auth **out, struct keel_store *store, struct keel_error *err);
void keel__auth_close(struct keel__auth *auth); /* NULL is fine */

/* The key in the value of Authorization ("Bearer keel_...") or x-api-key; either may be NULL.
 * Absent when there is none, or none that could be one of keel's. */
struct keel_slice keel__auth_key(const char *authorization, const char *api_key);

/* Whether the key is known, and as what; does not wait. */
bool keel__auth_known(struct keel__auth *auth, struct keel_slice key, enum keel_role *role);
/* Asks the store. NOTFOUND: unknown or revoked. */
int keel__auth_ask(struct keel__auth *auth, struct keel_slice key, enum keel_role *role,
                   struct keel_error *err);

#endif
