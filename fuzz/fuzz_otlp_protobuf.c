#include "otlp_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return decode_input(data, size, KEEL__OTLP_PROTOBUF);
}
