/* docs/otlp.md says of every attribute what the tables say. scripts/golden writes the two tables
 * anew. */
#include "base/str.h"
#include "fixtures.h"
#include "ingest/semconv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char path[] = "../docs/otlp.md";

/* The names of a field in one dialect, best first. */
static void put_names(struct keel__str *out, enum keel__field field, enum keel__dialect dialect)
{
    bool any = false;
    for (int rank = 1; rank < 100; rank++)
        for (size_t i = 0; i < keel__semconv_row_count; i++) {
            const struct keel__semconv_row *row = &keel__semconv_rows[i];
            if (row->field != field || row->dialect != dialect || row->rank != rank)
                continue;
            keel__str_printf(out, "%s`%s` (%d)", any ? ", " : "", row->name, rank);
            any = true;
        }
}

static void put_attributes(struct keel__str *out)
{
    keel__str_text(out,
                   "The number is the rank among all names for the same thing.\n\n| becomes |");
    for (size_t i = 0; i < KEEL__DIALECT_COUNT; i++)
        keel__str_printf(out, " %s |", keel__dialect_name((enum keel__dialect)i));
    keel__str_text(out, "\n|---|---|---|---|---|\n");
    for (size_t field = 0; field < KEEL__FIELD_COUNT; field++) {
        keel__str_printf(out, "| %s |", keel__field_target((enum keel__field)field));
        for (size_t i = 0; i < KEEL__DIALECT_COUNT; i++) {
            keel__str_char(out, ' ');
            put_names(out, (enum keel__field)field, (enum keel__dialect)i);
            keel__str_text(out, " |");
        }
        keel__str_char(out, '\n');
    }
}

static void put_lists(struct keel__str *out)
{
    keel__str_text(out, "| prefix | dialect | becomes |\n|---|---|---|\n");
    for (size_t i = 0; i < keel__semconv_list_count; i++)
        keel__str_printf(out, "| `%sN` | %s | %s |\n", keel__semconv_lists[i].prefix,
                         keel__dialect_name(keel__semconv_lists[i].dialect),
                         keel__list_target(keel__semconv_lists[i].list));
}

/* The document with what stands between "<!-- name: begin -->" and "<!-- name: end -->" made anew.
 */
static void put_section(struct keel__str *out, const char **rest, const char *name,
                        void (*put)(struct keel__str *out))
{
    char begin[64], end[64];
    snprintf(begin, sizeof begin, "<!-- %s: begin -->\n", name);
    snprintf(end, sizeof end, "<!-- %s: end -->\n", name);
    const char *from = strstr(*rest, begin), *to = strstr(*rest, end);
    if (!from || !to)
        fail_msg("docs/otlp.md has no section %s", name);
    from += strlen(begin);
    keel__str_append(out, *rest, (size_t)(from - *rest));
    put(out);
    *rest = to;
}

static void says_what_the_tables_say(void **state)
{
    (void)state;
    struct keel__arena arena;
    struct keel__str out;
    keel__arena_init(&arena, 0);
    keel__str_init(&out, 0);
    struct keel_slice document = fixture_read(&arena, path);
    const char *rest = document.data;
    put_section(&out, &rest, "attributes", put_attributes);
    put_section(&out, &rest, "lists", put_lists);
    keel__str_text(&out, rest);
    if (getenv("KEEL_GOLDEN_WRITE")) {
        FILE *file = fopen(keel__arena_printf(&arena, "%s/%s", KEEL_TESTS_DIR, path), "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(out.data, 1, out.size, file), out.size);
        fclose(file);
    } else if (strcmp(out.data, document.data) != 0) {
        fail_msg(
            "docs/otlp.md is not what the tables say: run scripts/golden and read the difference");
    }
    keel__str_fini(&out);
    keel__arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(says_what_the_tables_say)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
