/* What the command line shows: escaped text, columns, trees, numbers for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/table.h"
#include "cli/tree.h"

#include <locale.h>

static struct keel__term memory_term(char **text, size_t *size, int width)
{
    struct keel__term term = {.out = open_memstream(text, size), .width = width};
    assert_non_null(term.out);
    return term;
}

static void assert_safe(struct keel_slice given, const char *shown)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    keel__term_safe(out, given);
    fclose(out);
    assert_string_equal(text, shown);
    assert_int_equal(keel__term_columns(given), keel__term_columns(keel_slice_of(shown)));
    free(text);
}

static void test_hostile_text_is_escaped(void **state)
{
    (void)state;
    assert_safe(keel_slice_of("plain"), "plain");
    assert_safe(keel_slice_of("\033[2J"), "\\x1b[2J");
    assert_safe(keel_slice_of("a\nb\tc\r"), "a\\nb\\tc\\x0d");
    assert_safe(keel_slice("a\0b", 3), "a\\x00b");
    assert_safe(keel_slice_of("\xC2\x9B"
                              "31m"),
                "\\x9b31m");                                     /* C1 control: CSI */
    assert_safe(keel_slice_of("\xE2\x80\xAEtxt"), "\\u202etxt"); /* right-to-left override */
    assert_safe(keel_slice_of("\xFF\xC3"), "\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_safe(keel_slice_of("\xE6\xBC\xA2"), "\xE6\xBC\xA2");
}

static void test_text_fits_by_columns_not_bytes(void **state)
{
    (void)state;
    struct keel_slice wide =
        keel_slice_of("\xE6\xBC\xA2\xE5\xAD\x97x"); /* two of two columns, one of one */
    assert_int_equal(keel__term_columns(wide), 5);
    assert_int_equal(keel__term_fit(wide, 3).size, 3);
    assert_int_equal(keel__term_fit(wide, 4).size, 6);
    assert_int_equal(keel__term_fit(wide, 99).size, 7);
    assert_int_equal(keel__term_fit(keel_slice_of("a\nb"), 2).size, 1); /* "\n" takes two */
}

static void test_table_cuts_its_elastic_column(void **state)
{
    (void)state;
    static const struct keel__column columns[] = {
        {"ID", false, false}, {"NAME", false, true}, {"N", true, false}};
    char *text;
    size_t size;
    struct keel__term term = memory_term(&text, &size, 20);
    struct keel__table *table = keel__table_new(columns, 3);
    const char *cells[] = {"a1", "a name that is too long", "7", "b2", "short", "1,234"};
    for (size_t i = 0; i < 6; i++)
        keel__table_cell(table, KEEL__PLAIN, cells[i]);
    keel__table_print(table, &term, "none");
    fclose(term.out);
    assert_string_equal(text, "ID  NAME           N\n"
                              "a1  a name t\xE2\x80\xA6      7\n"
                              "b2  short      1,234\n");
    keel__table_free(table);
    free(text);
}

static void test_empty_table_says_so(void **state)
{
    (void)state;
    static const struct keel__column columns[] = {{"ID", false, false}};
    char *text;
    size_t size;
    struct keel__term term = memory_term(&text, &size, 0);
    struct keel__table *table = keel__table_new(columns, 1);
    keel__table_print(table, &term, "nothing here");
    fclose(term.out);
    assert_string_equal(text, "nothing here\n");
    keel__table_free(table);
    free(text);
}

static void draw(const int depths[], size_t count, int max_columns, const char *expected)
{
    struct keel_event events[64] = {{0}};
    char *text;
    size_t size;
    struct keel__term term = memory_term(&text, &size, 0);
    for (size_t i = 0; i < count; i++)
        events[i].depth = depths[i];
    struct keel__tree *tree = keel__tree_new(events, count);
    for (size_t i = 0; i < count; i++) {
        long before = ftell(term.out);
        int columns = keel__tree_branch(tree, &term, i, max_columns);
        fflush(term.out);
        assert_int_equal(keel__term_columns(keel_slice_of(text + before)), columns);
        assert_true(columns <= max_columns);
        fprintf(term.out, "%zu\n", i);
    }
    fclose(term.out);
    assert_string_equal(text, expected);
    keel__tree_free(tree);
    free(text);
}

static void test_tree_draws_its_branches(void **state)
{
    (void)state;
    const int depths[] = {0, 1, 2, 2, 1, 2, 3, 0, 1};
    draw(depths, 9, 80,
         "0\n"
         "├─1\n"
         "│ ├─2\n"
         "│ └─3\n"
         "└─4\n"
         "  └─5\n"
         "    └─6\n"
         "7\n"
         "└─8\n");
}

static void test_deep_tree_keeps_its_width(void **state)
{
    (void)state;
    int depths[60];
    for (int i = 0; i < 60; i++)
        depths[i] = i;
    struct keel_event events[60] = {{0}};
    for (int i = 0; i < 60; i++)
        events[i].depth = depths[i];
    char *text;
    size_t size;
    struct keel__term term = memory_term(&text, &size, 0);
    struct keel__tree *tree = keel__tree_new(events, 60);
    for (size_t i = 0; i < 60; i++)
        assert_true(keel__tree_branch(tree, &term, i, 20) <= 20);
    fclose(term.out);
    keel__tree_free(tree);
    free(text);
}

static void assert_human(void (*format)(int64_t, char[32]), int64_t value, const char *expected)
{
    char text[32];
    format(value, text);
    assert_string_equal(text, expected);
}

static void test_numbers_for_people(void **state)
{
    (void)state;
    assert_human(keel__human_duration, -1, "-");
    assert_human(keel__human_duration, 999, "999us");
    assert_human(keel__human_duration, 1500, "1.5ms");
    assert_human(keel__human_duration, 340000, "340ms");
    assert_human(keel__human_duration, 1234567, "1.23s");
    assert_human(keel__human_duration, 125000000, "2m05s");
    assert_human(keel__human_duration, 3661000000, "1h01m");
    assert_human(keel__human_count, 0, "0");
    assert_human(keel__human_count, 999, "999");
    assert_human(keel__human_count, 1000, "1,000");
    assert_human(keel__human_count, 1234567, "1,234,567");
    assert_human(keel__human_count, -1, "-");
    assert_human(keel__human_money, 0, "$0");
    assert_human(keel__human_money, 1234560000, "$1.23");
    assert_human(keel__human_money, 12340000, "$0.0123");
    assert_human(keel__human_money, 12300, "$0.0000123");
    assert_human(keel__human_money, 75300, "$0.0000753");
    assert_human(keel__human_money, 303300, "$0.000303");
    assert_human(keel__human_money, 250000000, "$0.250");
    assert_human(keel__human_money, 7, "$0.000000007");
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_text_is_escaped),
        cmocka_unit_test(test_text_fits_by_columns_not_bytes),
        cmocka_unit_test(test_table_cuts_its_elastic_column),
        cmocka_unit_test(test_empty_table_says_so),
        cmocka_unit_test(test_tree_draws_its_branches),
        cmocka_unit_test(test_deep_tree_keeps_its_width),
        cmocka_unit_test(test_numbers_for_people),
    };
    return cmocka_run_group_tests_name("cli_text", tests, NULL, NULL);
}
