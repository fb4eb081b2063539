#include "fixtures.h"

#include "base/json.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

#include <cmocka.h>

struct keel_slice fixture_read(struct keel__arena *arena, const char *path)
{
    char *full = keel__arena_printf(arena, "%s/%s", KEEL_TESTS_DIR, path);
    FILE *file = fopen(full, "rb");
    if (!file)
        fail_msg("%s: %s", full, strerror(errno));
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = keel__arena_alloc(arena, (size_t)size + 1);
    if (fread(text, 1, (size_t)size, file) != (size_t)size)
        fail_msg("%s: cannot be read", full);
    fclose(file);
    text[size] = '\0';
    return keel_slice(text, (size_t)size);
}

static int is_listed(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);
    return entry->d_name[0] != '.' && !(size > 3 && strcmp(entry->d_name + size - 3, ".md") == 0);
}

char **fixture_list(struct keel__arena *arena, const char *path, size_t *count)
{
    struct dirent **entries;
    char *full = keel__arena_printf(arena, "%s/%s", KEEL_TESTS_DIR, path);
    int found = scandir(full, &entries, is_listed, alphasort);
    if (found < 0)
        fail_msg("%s: %s", full, strerror(errno));
    char **names = keel__arena_calloc(arena, (size_t)found + 1, sizeof *names);
    for (int i = 0; i < found; i++) {
        names[i] = keel__arena_strdup(arena, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    *count = (size_t)found;
    return names;
}

static enum keel__otlp_signal signal_of(const char *path)
{
    return strcmp(path, "/v1/logs") == 0      ? KEEL__OTLP_LOGS
           : strcmp(path, "/v1/metrics") == 0 ? KEEL__OTLP_METRICS
                                              : KEEL__OTLP_TRACES;
}

struct capture *fixture_captures(struct keel__arena *arena, const char *scenario, size_t *count)
{
    yyjson_doc *doc;
    struct keel_slice meta =
        fixture_read(arena, keel__arena_printf(arena, "fixtures/otlp/%s/meta.json", scenario));
    assert_int_equal(keel__json_read_arena(&doc, arena, meta, NULL, NULL), 0);
    yyjson_val *root = yyjson_doc_get_root(doc), *item;
    *count = yyjson_arr_size(root);
    struct capture *captures = keel__arena_calloc(arena, *count, sizeof *captures);
    size_t i, max;
    yyjson_arr_foreach(root, i, max, item)
    {
        struct capture *capture = &captures[i];
        capture->file = yyjson_get_str(yyjson_obj_get(item, "file"));
        capture->signal = signal_of(yyjson_get_str(yyjson_obj_get(item, "path")));
        const char *type = yyjson_get_str(yyjson_obj_get(item, "content_type"));
        assert_true(keel__otlp_encoding_parse(keel_slice_of(type), &capture->encoding));
        capture->body = fixture_read(
            arena, keel__arena_printf(arena, "fixtures/otlp/%s/%s", scenario, capture->file));
    }
    return captures;
}
