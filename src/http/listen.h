/*
 * http/listen.h - listening sockets and the thread that accepts on them.
 */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include <keel/error.h>
#include <keel/types.h>

struct sockaddr;

struct keel__listener;

/* Takes a connected, non-blocking socket, or closes it. On the listening thread. */
typedef void keel__connected_fn(void *context, int fd, const struct sockaddr *address,
                                unsigned size);
/* Whether one more may come. On the listening thread. */
typedef bool keel__room_fn(void *context);

/* Binds, and knows its port; nobody is accepted before keel__listener_start. host NULL: loopback,
 * IPv4 and, where the machine has it, IPv6. CONFLICT: the port is taken. */
int keel__listener_open(struct keel__listener **out, const char *host, int port,
                        struct keel_error *err);
int keel__listener_port(const struct keel__listener *listener);
/* Whether every address it listens on is loopback. */
bool keel__listener_is_loopback(const struct keel__listener *listener);
int keel__listener_start(struct keel__listener *listener, keel__connected_fn *connected,
                         keel__room_fn *room, void *context, struct keel_error *err);
/* Accepts no more and closes the sockets: new clients are refused at once. NULL is fine. */
void keel__listener_close(struct keel__listener *listener);

#endif
