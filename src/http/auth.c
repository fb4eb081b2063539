#include "http/auth.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"

#include <pthread.h>
#include <stdlib.h>
#include <strings.h>

enum { ENTRIES = 256, KEY_SIZE = 69 }; /* "keel_" and 64 hex digits */

struct entry {
    struct keel_hash hash; /* of the key, so that no key stays in memory */
    enum keel_role role;
    int64_t until_us;
};

struct keel__auth {
    struct keel_store *store;
    pthread_mutex_t mutex;
    struct entry entries[ENTRIES];
};

int keel__auth_open(struct keel__auth **out, struct keel_store *store, struct keel_error *err)
{
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return keel__nomem(err);
    (*out)->store = store;
    pthread_mutex_init(&(*out)->mutex, NULL);
    return KEEL_OK;
}

void keel__auth_close(struct keel__auth *auth)
{
    if (!auth)
        return;
    pthread_mutex_destroy(&auth->mutex);
    free(auth);
}

struct keel_slice keel__auth_key(const char *authorization, const char *api_key)
{
    const char *key = api_key;

    if (authorization && strncasecmp(authorization, "bearer ", 7) == 0)
        key = authorization + 7 + strspn(authorization + 7, " ");
    if (!key || strncmp(key, "keel_", 5) != 0 || strlen(key) != KEY_SIZE)
        return keel_slice(NULL, 0);
    return keel_slice(key, KEY_SIZE);
}

/* Looks at every entry whatever it finds, so that the time taken says nothing of what is in them.
 */
bool keel__auth_known(struct keel__auth *auth, struct keel_slice key, enum keel_role *role)
{
    struct keel_hash hash = keel__hash_of(key.data, key.size);
    int64_t now = keel__clock_us();
    bool found = false;

    pthread_mutex_lock(&auth->mutex);
    for (size_t i = 0; i < ENTRIES; i++) {
        const struct entry *entry = &auth->entries[i];
        if (keel__equal_constant_time(&entry->hash, &hash, sizeof(hash)) && entry->until_us > now) {
            *role = entry->role;
            found = true;
        }
    }
    pthread_mutex_unlock(&auth->mutex);
    return found;
}

/* In the place of the same key, or of the one that is the nearest to its end. */
static void remember(struct keel__auth *auth, const struct keel_hash *hash, enum keel_role role)
{
    pthread_mutex_lock(&auth->mutex);
    struct entry *place = &auth->entries[0];
    for (size_t i = 0; i < ENTRIES; i++) {
        struct entry *entry = &auth->entries[i];
        if (memcmp(&entry->hash, hash, sizeof(*hash)) == 0) {
            place = entry;
            break;
        }
        if (entry->until_us < place->until_us)
            place = entry;
    }
    *place = (struct entry){*hash, role, keel__clock_us() + KEEL__AUTH_TTL_US};
    pthread_mutex_unlock(&auth->mutex);
}

int keel__auth_ask(struct keel__auth *auth, struct keel_slice key, enum keel_role *role,
                   struct keel_error *err)
{
    char text[KEY_SIZE + 1];

    memcpy(text, key.data, KEY_SIZE);
    text[KEY_SIZE] = '\0';
    int rc = keel_api_key_check(auth->store, text, role, err);
    if (rc)
        return rc;
    struct keel_hash hash = keel__hash_of(key.data, key.size);
    remember(auth, &hash, *role);
    return KEEL_OK;
}
