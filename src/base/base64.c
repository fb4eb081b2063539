#include "base/base64.h"

#include <sodium.h>

void keel__base64_encode(struct keel__str *out, struct keel_slice bytes)
{
    size_t size = sodium_base64_ENCODED_LEN(bytes.size, sodium_base64_VARIANT_ORIGINAL);
    char *place = keel__str_reserve(out, size);

    if (!place)
        return;
    sodium_bin2base64(place, size, (const unsigned char *)bytes.data, bytes.size,
                      sodium_base64_VARIANT_ORIGINAL);
    keel__str_advance(out, size - 1); /* without the NUL */
}
