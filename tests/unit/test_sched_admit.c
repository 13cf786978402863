/* SPDX-License-Identifier: MIT */
/* Admission: the published inequality and response times, with examples computed by hand. */
#include <math.h>

#include "../../os/sandbox/sched/admit.h"
#include "unit.h"

#define MAIN(c, t)                                                                                                     \
    {                                                                                                                  \
        .kind = VCPU_MAIN, .budget = (c), .period = (t)                                                                \
    }
#define IO(n, d)                                                                                                       \
    {                                                                                                                  \
        .kind = VCPU_IO_PIBS, .num = (n), .den = (d)                                                                   \
    }
#define COUNT(set) ((uint32_t)(sizeof(set) / sizeof((set)[0])))

static double real(uint64_t fixed)
{
    return (double)fixed / (double)ADMIT_ONE;
}

static void test_bound(void)
{
    struct vcpu_spec set[SCHED_MAX_VCPUS + 1];

    CU_ASSERT(admit_by_bound(NULL, 0).admitted);
    for (uint32_t n = 1; n <= SCHED_MAX_VCPUS; n++) {
        set[n - 1] = (struct vcpu_spec)MAIN(1, 1000);
        const struct admit_bound r = admit_by_bound(set, n);
        CU_ASSERT_DOUBLE_EQUAL(real(r.bound), n * (pow(2, 1.0 / n) - 1), 1e-13);
        CU_ASSERT_DOUBLE_EQUAL(real(r.load), n / 1000.0, 1e-13);
        CU_ASSERT(r.admitted);
    }
    set[SCHED_MAX_VCPUS] = set[0];
    CU_ASSERT_FALSE(admit_by_bound(set, SCHED_MAX_VCPUS + 1).admitted);
}

static void test_at_the_bound(void)
{
    /* n = 1: the bound is exactly 1 */
    struct vcpu_spec full[] = {MAIN(250000000, 1000000000), IO(1, 2)};
    CU_ASSERT(admit_by_bound(full, 2).admitted);
    full[0].budget++;
    CU_ASSERT_FALSE(admit_by_bound(full, 2).admitted);

    /* n = 2: 2 (sqrt 2 - 1) = 0.828427124746190097... */
    struct vcpu_spec two[] = {MAIN(414213562373095, 1000000000000000), MAIN(414213562373095, 1000000000000000)};
    CU_ASSERT(admit_by_bound(two, 2).admitted);
    two[0].budget++;
    CU_ASSERT_FALSE(admit_by_bound(two, 2).admitted);

    /* a sporadic server used for I/O counts as a server, a PIBS VCPU with (2 - U) U and not in n */
    struct vcpu_spec mixed[] = {MAIN(1, 4), {.kind = VCPU_IO_SS, .budget = 1, .period = 4}, IO(1, 10)};
    CU_ASSERT_EQUAL(admit_by_bound(mixed, 3).load, UINT64_MAX); /* 1/10 of 4 ticks is less than a tick */
    mixed[0] = (struct vcpu_spec)MAIN(10, 40);
    mixed[1].budget = 10;
    mixed[1].period = 40;
    CU_ASSERT_DOUBLE_EQUAL(real(admit_by_bound(mixed, 3).load), 0.25 + 0.25 + 0.19, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(real(admit_by_bound(mixed, 3).bound), 0.8284271247461901, 1e-12);
    CU_ASSERT(admit_by_bound(mixed, 3).admitted);
}

/* The sets of the published experiments, in units of 100 us taken as 1000 ticks. */
static void test_published_sets(void)
{
    const struct vcpu_spec table1[] = {MAIN(2000, 5000), MAIN(2000, 8000), MAIN(1000, 4000), MAIN(1000, 10000),
                                       IO(1, 10)};
    const struct vcpu_spec table2[] = {MAIN(1000, 20000), MAIN(1000, 30000), MAIN(10000, 100000), MAIN(20000, 100000),
                                       IO(1, 100)};

    /* 0.4 + 0.25 + 0.25 + 0.1 + 0.19: overloaded on purpose, so that the lowest priority gives way */
    CU_ASSERT_DOUBLE_EQUAL(real(admit_by_bound(table1, 5).load), 1.19, 1e-12);
    CU_ASSERT_FALSE(admit_by_bound(table1, 5).admitted);
    uint32_t refused = 0;
    CU_ASSERT_FALSE(admit_by_response_time(table1, 5, 0, &refused));
    CU_ASSERT_DOUBLE_EQUAL(real(admit_by_bound(table2, 5).load), 0.05 + 1.0 / 30 + 0.3 + 0.0199, 1e-12);
    CU_ASSERT(admit_by_bound(table2, 5).admitted);
    CU_ASSERT(admit_by_response_time(table2, 5, 0, &refused));
    CU_ASSERT_EQUAL(refused, 5);
}

static void test_response_times(void)
{
    const struct vcpu_spec set[] = {MAIN(3, 13), MAIN(1, 4), MAIN(2, 6)};

    CU_ASSERT_EQUAL(admit_response_time(set, 3, 1, 0), 1);
    CU_ASSERT_EQUAL(admit_response_time(set, 3, 2, 0), 3);
    CU_ASSERT_EQUAL(admit_response_time(set, 3, 0, 0), 10); /* 3 + 3 * 1 + 2 * 2 */
    CU_ASSERT_EQUAL(admit_response_time(set, 3, 1, 3), 4);
    CU_ASSERT_EQUAL(admit_response_time(set, 3, 1, 4), SCHED_NEVER);
    CU_ASSERT_EQUAL(admit_response_time(set, 3, 1, UINT64_MAX), SCHED_NEVER);
    CU_ASSERT_EQUAL(admit_response_time(set, 3, 3, 0), SCHED_NEVER);

    /* above the bound of 0.78 but harmonic: only the exact test admits it, to the last tick */
    struct vcpu_spec harmonic[] = {MAIN(2, 4), MAIN(2, 8), MAIN(4, 16)};
    CU_ASSERT_FALSE(admit_by_bound(harmonic, 3).admitted);
    CU_ASSERT(admit_by_response_time(harmonic, 3, 0, NULL));
    CU_ASSERT_EQUAL(admit_response_time(harmonic, 3, 2, 0), 16);
    harmonic[2].budget++;
    uint32_t refused = 9;
    CU_ASSERT_FALSE(admit_by_response_time(harmonic, 3, 0, &refused));
    CU_ASSERT_EQUAL(refused, 2);

    /* equal periods: the first added goes first */
    const struct vcpu_spec equal[] = {MAIN(2, 10), MAIN(3, 10)};
    CU_ASSERT_EQUAL(admit_response_time(equal, 2, 0, 0), 2);
    CU_ASSERT_EQUAL(admit_response_time(equal, 2, 1, 0), 5);
}

static void test_response_times_with_io(void)
{
    /* the published example, ten times finer: I/O 30 of 40 ticks at most, 20 + (t - 20)/2 of any t */
    const struct vcpu_spec example[] = {MAIN(10, 40), IO(1, 2)};
    CU_ASSERT_EQUAL(admit_response_time(example, 2, 0, 0), 39); /* 10 + 20 + 19/2 */
    CU_ASSERT_EQUAL(admit_response_time(example, 2, 1, 0), 20);

    /*
     * Main 5/20 with I/O of 1/5: 5 + 4 at once (its budget at period 20), and 1/5 of what is left: t = 9 + (t - 4)/5
     * gives 10. Above it Main 2/8, for whose period it has 1: 2 + 1 = 3 and (3 - 1)/5 is nothing.
     */
    const struct vcpu_spec set[] = {IO(1, 5), MAIN(5, 20), MAIN(2, 8)};
    CU_ASSERT_EQUAL(admit_response_time(set, 3, 2, 0), 3);
    /* 5 + 2 * 2 + 4 + (t - 4)/5: t = 13 gives 5 + 4 + 4 + 1 = 14; t = 14: 2 of the I/O VCPU; t = 15: 15 */
    CU_ASSERT_EQUAL(admit_response_time(set, 3, 1, 0), 15);
    /* the I/O VCPU itself: 1 at period 8; at period 20: 4 + 2 * ceil(t / 8): t = 6 */
    CU_ASSERT_EQUAL(admit_response_time(set, 3, 0, 0), 6);

    /* full utilisation leaves nothing, and the iteration ends */
    const struct vcpu_spec greedy[] = {MAIN(1, 1000000), IO(1, 1)};
    CU_ASSERT_EQUAL(admit_response_time(greedy, 2, 0, 0), SCHED_NEVER);
}

static void test_malformed(void)
{
    const struct vcpu_spec lonely[] = {IO(1, 5)};
    struct vcpu_spec many[SCHED_MAX_PIBS + 2] = {MAIN(1, 1000)};
    uint32_t refused = 99;

    CU_ASSERT_FALSE(admit_by_response_time(lonely, 1, 0, &refused));
    CU_ASSERT_EQUAL(refused, 1);
    for (uint32_t i = 1; i < COUNT(many); i++)
        many[i] = (struct vcpu_spec)IO(1, 1000);
    CU_ASSERT(admit_by_bound(many, COUNT(many) - 1).admitted);
    CU_ASSERT_FALSE(admit_by_bound(many, COUNT(many)).admitted);
    CU_ASSERT(admit_by_response_time(NULL, 0, 0, &refused));
    CU_ASSERT_EQUAL(refused, 0);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"the bound for every n", test_bound},
        {"at the bound", test_at_the_bound},
        {"the published sets", test_published_sets},
        {"response times", test_response_times},
        {"response times with I/O", test_response_times_with_io},
        {"malformed sets", test_malformed},
    };

    return unit_run("VCPU scheduler, admission", tests, sizeof(tests) / sizeof(tests[0]));
}
