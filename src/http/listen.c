#include "http/listen.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_SOCKETS = 4, BACKLOG = 511, PAUSE_MS = 20 };

struct keel__listener {
    struct pollfd
        sockets[MAX_SOCKETS + 1]; /* the last one used: the eventfd that ends the thread */
    int count;
    int port;
    bool loopback;
    int wake;
    pthread_t thread;
    bool started;
    keel__connected_fn *connected;
    keel__room_fn *room;
    void *context;
};

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static int bound_port(int fd)
{
    struct sockaddr_in6 address = {0}; /* IPv4's is shorter, and has its port in the same place */
    socklen_t size = sizeof(address);

    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    return ntohs(address.sin6_port);
}

/* 0, or errno. */
static int add_socket(struct keel__listener *listener, const struct addrinfo *at, bool v6_only)
{
    int one = 1, only = v6_only;
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (at->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
    if (bind(fd, at->ai_addr, at->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int failure = errno;
        close(fd);
        return failure;
    }
    listener->sockets[listener->count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    listener->port = bound_port(fd);
    listener->loopback = listener->loopback && is_loopback(at->ai_addr);
    return 0;
}

static int bind_failure(int failure, const char *host, int port, struct keel_error *err)
{
    if (failure == EADDRINUSE)
        return keel_error_set(err, KEEL_CONFLICT,
                              "port %d of %s is in use: stop what listens there (ss -ltnp 'sport = "
                              ":%d' names it), or choose another with --port",
                              port, host, port);
    if (failure == EACCES)
        return keel_error_set(err, KEEL_INVALID,
                              "not allowed to listen on port %d: choose one above 1023 with --port",
                              port);
    return keel__error_errno(err, KEEL_INVALID, failure, "cannot listen on %s port %d", host, port);
}

static int bind_host(struct keel__listener *listener, const char *host, int port,
                     struct keel_error *err)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found;
    char service[12];

    snprintf(service, sizeof(service), "%d", port);
    int failure = getaddrinfo(host, service, &hints, &found);
    if (failure)
        return keel_error_set(err, KEEL_INVALID, "cannot listen on '%s': %s", host,
                              gai_strerror(failure));
    failure = add_socket(listener, found, false);
    freeaddrinfo(found);
    return failure ? bind_failure(failure, host, port, err) : KEEL_OK;
}

/* Clients that are told "localhost" may try ::1 first, so both are listened on; a machine without
 * IPv6 is no reason to fail. */
static int bind_loopback(struct keel__listener *listener, int port, struct keel_error *err)
{
    int rc = bind_host(listener, "127.0.0.1", port, err);
    if (rc)
        return rc;
    struct sockaddr_in6 address = {.sin6_family = AF_INET6,
                                   .sin6_addr = IN6ADDR_LOOPBACK_INIT,
                                   .sin6_port = htons((uint16_t)listener->port)};
    struct addrinfo at = {.ai_family = AF_INET6,
                          .ai_addr = (struct sockaddr *)&address,
                          .ai_addrlen = sizeof(address)};
    int failure = add_socket(listener, &at, true);
    if (failure == EADDRINUSE && port != 0)
        return bind_failure(failure, "::1", port, err);
    return KEEL_OK;
}

int keel__listener_open(struct keel__listener **out, const char *host, int port,
                        struct keel_error *err)
{
    *out = NULL;
    struct keel__listener *listener = calloc(1, sizeof(*listener));
    if (!listener)
        return keel__nomem(err);
    listener->loopback = true;
    listener->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int rc = listener->wake < 0 ? keel__error_errno(err, KEEL_IO, errno, "cannot make an eventfd")
             : host             ? bind_host(listener, host, port, err)
                                : bind_loopback(listener, port, err);
    if (rc) {
        keel__listener_close(listener);
        return rc;
    }
    *out = listener;
    return KEEL_OK;
}

int keel__listener_port(const struct keel__listener *listener)
{
    return listener->port;
}

bool keel__listener_is_loopback(const struct keel__listener *listener)
{
    return listener->loopback;
}

/* False when accepting should pause: no room, or no file descriptors. */
static bool accept_one(struct keel__listener *listener, int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);

    if (!listener->room(listener->context))
        return false;
    int client = accept4(fd, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client < 0)
        return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
    listener->connected(listener->context, client, (struct sockaddr *)&address, size);
    return true;
}

static void *accept_all(void *argument)
{
    struct keel__listener *listener = argument;
    struct pollfd *wake = &listener->sockets[listener->count];

    *wake = (struct pollfd){.fd = listener->wake, .events = POLLIN};
    for (;;) {
        if (poll(listener->sockets, (nfds_t)listener->count + 1, -1) < 0)
            continue;
        if (wake->revents)
            return NULL;
        bool pause = false;
        for (int i = 0; i < listener->count; i++)
            if (listener->sockets[i].revents && !accept_one(listener, listener->sockets[i].fd))
                pause = true;
        if (pause)
            poll(wake, 1, PAUSE_MS);
    }
}

int keel__listener_start(struct keel__listener *listener, keel__connected_fn *connected,
                         keel__room_fn *room, void *context, struct keel_error *err)
{
    listener->connected = connected;
    listener->room = room;
    listener->context = context;
    int failure = pthread_create(&listener->thread, NULL, accept_all, listener);
    if (failure)
        return keel__error_errno(err, KEEL_IO, failure, "cannot start a thread");
    pthread_setname_np(listener->thread, "keel-listen");
    listener->started = true;
    return KEEL_OK;
}

void keel__listener_close(struct keel__listener *listener)
{
    if (!listener)
        return;
    if (listener->started) {
        eventfd_write(listener->wake, 1);
        pthread_join(listener->thread, NULL);
    }
    for (int i = 0; i < listener->count; i++)
        close(listener->sockets[i].fd);
    if (listener->wake >= 0)
        close(listener->wake);
    free(listener);
}
