#include "http/guard.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <strings.h>

/* The name of "name:port" or "[address]:port"; absent when it is not of that form. */
static struct keel_slice host_name(const char *host)
{
    size_t size = *host == '[' ? strcspn(host, "]") : strcspn(host, ":");

    if (*host == '[')
        size += host[size] == ']';
    const char *rest = host + size;
    if (size == 0 || (*rest == ':' ? strspn(rest + 1, "0123456789") != strlen(rest + 1) : *rest))
        return keel_slice(NULL, 0);
    return keel_slice(host, size);
}

static bool is_address(struct keel_slice name)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char address[16];
    bool v6 = name.data[0] == '[';

    if (v6)
        name = keel_slice(name.data + 1, name.size - 2);
    if (name.size >= sizeof(text))
        return false;
    memcpy(text, name.data, name.size);
    text[name.size] = '\0';
    return inet_pton(v6 ? AF_INET6 : AF_INET, text, address) == 1;
}

static bool add(struct keel__guard *guard, const char *name)
{
    bool bare_v6 = strchr(name, ':') && name[0] != '[';

    char *copy = malloc(strlen(name) + 3);
    if (!copy)
        return false;
    strcpy(copy, bare_v6 ? "[" : "");
    strcat(copy, name);
    strcat(copy, bare_v6 ? "]" : "");
    guard->names[guard->count++] = copy;
    return true;
}

int keel__guard_init(struct keel__guard *guard, const char *listen_host, bool loopback,
                     const char *const *names, size_t count, struct keel_error *err)
{
    *guard = (struct keel__guard){.any_address = !loopback};
    guard->names = calloc(count + 4, sizeof(*guard->names));
    bool ok = guard->names && add(guard, "localhost") && add(guard, "127.0.0.1") &&
              add(guard, "[::1]") && (!listen_host || add(guard, listen_host));
    for (size_t i = 0; ok && i < count; i++)
        ok = add(guard, names[i]);
    if (ok)
        return KEEL_OK;
    keel__guard_fini(guard);
    return keel__nomem(err);
}

void keel__guard_fini(struct keel__guard *guard)
{
    for (size_t i = 0; guard->names && i < guard->count; i++)
        free(guard->names[i]);
    free(guard->names);
    *guard = (struct keel__guard){0};
}

static bool known(const struct keel__guard *guard, struct keel_slice name)
{
    for (size_t i = 0; i < guard->count; i++)
        if (strlen(guard->names[i]) == name.size &&
            strncasecmp(guard->names[i], name.data, name.size) == 0)
            return true;
    return guard->any_address && is_address(name);
}

static bool same_origin(const char *origin, const char *host)
{
    const char *place = strstr(origin, "://");
    return place && strcasecmp(place + 3, host) == 0;
}

const char *keel__guard_check(const struct keel__guard *guard, const char *host, const char *origin)
{
    struct keel_slice name = host ? host_name(host) : keel_slice(NULL, 0);

    if (!name.data)
        return "the Host header is missing or malformed";
    if (!known(guard, name))
        return "the Host header does not name this server; keel serve --allow-host NAME allows it";
    if (origin && !same_origin(origin, host))
        return "the Origin header names another site; keel allows no cross-origin requests";
    return NULL;
}
