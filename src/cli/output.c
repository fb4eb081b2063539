#include "cli/output.h"

#include <unistd.h>

void keel__output_init(struct keel__output *output)
{
    keel__str_init(&output->text, 0);
    keel__json_init(&output->json, &output->text, isatty(STDOUT_FILENO));
}

int keel__output_finish(struct keel__output *output)
{
    struct keel_error err = {0};
    int code = keel__str_error(&output->text, &err);
    if (!code) {
        struct keel_slice view = keel__str_view(&output->text);
        fwrite(view.data, 1, view.size, stdout);
        fputc('\n', stdout);
    }
    keel__str_fini(&output->text);
    return code ? keel__fail(&err) : KEEL__EXIT_OK;
}

int keel__output_array(size_t count,
                       void (*shape)(struct keel__json *json, const void *context, size_t index),
                       const void *context)
{
    struct keel__output output;
    keel__output_init(&output);
    keel__json_array_begin(&output.json);
    for (size_t i = 0; i < count; i++)
        shape(&output.json, context, i);
    keel__json_array_end(&output.json);
    return keel__output_finish(&output);
}
