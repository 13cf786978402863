/* SPDX-License-Identifier: MIT */
/*
 * A unit test program is a table of named functions and
 *
 *     int main(void)
 *     {
 *         return unit_run("name of the suite", tests, sizeof(tests) / sizeof(tests[0]));
 *     }
 *
 * The functions use CUnit's CU_ASSERT family.
 */
#ifndef QV_UNIT_H
#define QV_UNIT_H

#include <CUnit/Basic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

struct unit_test {
    const char *name;
    void (*run)(void);
};

/*
 * Runs every test of the table. Returns the exit status for main(): 0 when all assertions held, 1 when one failed, when
 * no test or no assertion ran at all, or when CUnit itself failed (said on standard error).
 */
static inline int unit_run(const char *suite_name, const struct unit_test *tests, size_t count)
{
    CU_pSuite suite;
    int bad;

    /* What a test printed before it crashed must not be lost in a buffer. */
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (CU_initialize_registry() != CUE_SUCCESS) {
        fprintf(stderr, "%s: %s\n", suite_name, CU_get_error_msg());
        return EXIT_FAILURE;
    }
    suite = CU_add_suite(suite_name, NULL, NULL);
    for (size_t i = 0; suite && i < count; i++) {
        if (!CU_add_test(suite, tests[i].name, tests[i].run)) {
            suite = NULL;
        }
    }
    if (!suite) {
        fprintf(stderr, "%s: %s\n", suite_name, CU_get_error_msg());
        CU_cleanup_registry();
        return EXIT_FAILURE;
    }
    CU_basic_set_mode(CU_BRM_VERBOSE);
    bad = CU_basic_run_tests() != CUE_SUCCESS || CU_get_number_of_tests_run() != count ||
          CU_get_number_of_failures() != 0 || CU_get_number_of_asserts() == 0;
    CU_cleanup_registry();
    return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
