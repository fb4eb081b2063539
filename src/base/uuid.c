#include "base/hash.h"
#include "base/hex.h"

#include <keel/types.h>
#include <pthread.h>

/* The 74 bits of a UUIDv7 behind its time, and the time itself (RFC 9562, 5.7). */
struct parts {
    uint64_t ms;     /* 48 bits */
    uint32_t rand_a; /* 12 bits */
    uint64_t rand_b; /* 62 bits */
};

static const uint64_t rand_b_max = (UINT64_C(1) << 62) - 1;

static struct parts random_parts(uint64_t ms)
{
    uint64_t random[2];
    keel__random(random, sizeof random);
    return (struct parts){ms, (uint32_t)random[0] & 0xFFF, random[1] & rand_b_max};
}

static struct keel_uuid assemble(struct parts parts)
{
    struct keel_uuid uuid;
    for (int i = 0; i < 6; i++)
        uuid.bytes[i] = (uint8_t)(parts.ms >> (40 - 8 * i));
    uuid.bytes[6] = (uint8_t)(0x70 | parts.rand_a >> 8);
    uuid.bytes[7] = (uint8_t)parts.rand_a;
    for (int i = 0; i < 8; i++)
        uuid.bytes[8 + i] = (uint8_t)(parts.rand_b >> (56 - 8 * i));
    uuid.bytes[8] = (uint8_t)((uuid.bytes[8] & 0x3F) | 0x80);
    return uuid;
}

/* The next one in the same millisecond, or when the clock went back: the last plus a random step
 * (RFC 9562, 6.2, method 2), carried into rand_a and then into the time. */
static struct parts after(struct parts last)
{
    uint32_t step;
    keel__random(&step, sizeof step);
    uint64_t rand_b = last.rand_b + step + 1;
    struct parts next = {last.ms, last.rand_a, rand_b & rand_b_max};
    if (rand_b > rand_b_max && ++next.rand_a > 0xFFF)
        next = random_parts(last.ms + 1);
    return next;
}

struct keel_uuid keel_uuid_new(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct parts last;
    uint64_t now_ms = (uint64_t)(keel_time_now_us() / 1000);
    pthread_mutex_lock(&lock);
    last = now_ms > last.ms ? random_parts(now_ms) : after(last);
    struct parts mine = last;
    pthread_mutex_unlock(&lock);
    return assemble(mine);
}

struct keel_uuid keel_uuid_at(int64_t unix_us)
{
    return assemble(random_parts(unix_us > 0 ? (uint64_t)unix_us / 1000 : 0));
}

int64_t keel_uuid_time_ms(struct keel_uuid uuid)
{
    int64_t ms = 0;
    for (int i = 0; i < 6; i++)
        ms = ms << 8 | uuid.bytes[i];
    return ms;
}

void keel_uuid_format(struct keel_uuid uuid, char out[37])
{
    static const uint8_t groups[] = {4, 2, 2, 2, 6};
    const uint8_t *from = uuid.bytes;
    for (size_t i = 0; i < sizeof groups; i++) {
        if (i > 0)
            *out++ = '-';
        keel__hex_encode(out, from, groups[i]);
        out += 2 * groups[i];
        from += groups[i];
    }
    *out = '\0';
}

bool keel_uuid_parse(struct keel_slice text, struct keel_uuid *out)
{
    char digits[32];
    if (text.size == 36) {
        size_t used = 0;
        for (size_t i = 0; i < 36; i++) {
            bool dash = i == 8 || i == 13 || i == 18 || i == 23;
            if (dash != (text.data[i] == '-'))
                return false;
            if (!dash)
                digits[used++] = text.data[i];
        }
        text = keel_slice(digits, sizeof digits);
    }
    struct keel_uuid uuid;
    if (!keel__hex_decode(uuid.bytes, sizeof uuid.bytes, text))
        return false;
    *out = uuid;
    return true;
}
