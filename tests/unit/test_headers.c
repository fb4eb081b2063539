/* All public headers can be included together. */
#include <keel/keel.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void are_one_set(void **state)
{
    (void)state;
    assert_true(sizeof(struct keel_change) > 0 && sizeof(struct keel_run_change) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(are_one_set)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
