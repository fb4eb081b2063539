/*
 * http/guard.h - whether a browser may have been tricked into sending a request.
 *
 * The Host header must name this server (or else a page whose name was re-bound to 127.0.0.1 could
 * read it), and an Origin, where there is one, must be the server itself (there is no CORS).
 */
#ifndef HTTP_GUARD_H
#define HTTP_GUARD_H

#include <keel/error.h>
#include <keel/types.h>

struct keel__guard {
    char **names; /* lower case, without port */
    size_t count;
    bool any_address; /* an IP address as Host is fine: the server listens beyond loopback */
};

int keel__guard_init(struct keel__guard *guard, const char *listen_host, bool loopback,
                     const char *const *names, size_t count, struct keel_error *err);
void keel__guard_fini(struct keel__guard *guard);
/* NULL when the request may go on, else why not (static). host and origin may be NULL. */
const char *keel__guard_check(const struct keel__guard *guard, const char *host,
                              const char *origin);

#endif
