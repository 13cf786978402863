/* SPDX-License-Identifier: MIT */
/*
 * The estimate of a VCPU's share of the last-level cache (os/lib/occupancy.h), which knows misses only, against the
 * model, which knows who brought in each line. Three VCPUs on two cores take turns; the cache replaces the least
 * recently used line, where the estimate supposes any. So the two do not agree exactly: the bounds are what was found,
 * with a margin, and every run of this test prints what it finds.
 */
#include <stdlib.h>

#include "lib/occupancy.h"
#include "plugin_machine.h"
#include "qv/draw.h"
#include "unit.h"

#define BASE  0x40000000ull /* of a page of 1 GiB */
#define VCPUS 3u
#define TURNS 600u
#define WARM  100u /* turns that are not compared: the cache fills */

enum walk { RANDOM, STREAM };

struct worker {
    unsigned core, tag;
    enum walk walk;
    uint64_t first, lines; /* its memory */
    unsigned accesses;     /* in one turn */
    uint64_t at;
    uint64_t estimate; /* fixed point */
    uint64_t seen_own, seen_all;
    double error, worst, mean_truth; /* in lines, over the compared turns */
};

static struct model *model;
static uint64_t lines_of_cache;

static void begin(void)
{
    struct description d = machine_description();
    d.l2 = (struct cache_description){65536, 8};
    model = machine_new(&d, 2);
    CU_ASSERT_PTR_NOT_NULL_FATAL(model);
    uint64_t root = machine_table();
    machine_map(root, BASE, BASE, PAGE_1G, 0);
    machine_control[0].host_root = machine_control[1].host_root = root;
    lines_of_cache = d.llc.bytes / d.line;
}

static void work(struct worker *w)
{
    machine_control[w->core].tag = w->tag;
    for (unsigned i = 0; i < w->accesses; i++, w->at++) {
        uint64_t line = w->walk == RANDOM ? qv_draw_below(w->first, w->at, w->lines) : w->at % w->lines;
        (void)model_data(model_core(model, w->core), BASE + (w->first + line) * 64, 4, false);
    }
}

/* What the OS would do at the end of the VCPU's turn, and for the others then: all of them see the misses of all. */
static void estimate(struct worker *all, struct worker *ran)
{
    uint64_t own = machine_page.count[ran->core][QV_EMUPMU_LLC_MISSES] - ran->seen_own;
    for (unsigned i = 0; i < VCPUS; i++) {
        struct worker *w = &all[i];
        uint64_t total = machine_page.llc_total_misses - w->seen_all;
        w->estimate = occupancy_next(w->estimate, w == ran ? own : 0, total, lines_of_cache);
        w->seen_all = machine_page.llc_total_misses;
    }
}

static void compare(struct worker *w)
{
    double truth = (double)machine_page.occupancy[w->core][w->tag];
    double error = (double)occupancy_lines(w->estimate) - truth;
    error = error < 0 ? -error : error;
    w->error += error / (TURNS - WARM);
    w->worst = error > w->worst ? error : w->worst;
    w->mean_truth += truth / (TURNS - WARM);
}

/* Mean errors in parts of the whole cache, worst of the three. */
static double run(struct worker all[VCPUS], const char *what)
{
    double worst = 0, sum = 0;
    begin();
    for (unsigned turn = 0; turn < TURNS; turn++) {
        for (unsigned i = 0; i < VCPUS; i++) {
            all[i].seen_own = machine_page.count[all[i].core][QV_EMUPMU_LLC_MISSES];
            work(&all[i]);
            estimate(all, &all[i]);
            for (unsigned k = 0; k < VCPUS && turn >= WARM; k++)
                if (k == i)
                    compare(&all[k]);
        }
    }
    printf("\n    %s:", what);
    for (unsigned i = 0; i < VCPUS; i++) {
        double share = all[i].error / (double)lines_of_cache;
        worst = share > worst ? share : worst;
        printf(" [true %.1f %%, error mean %.1f worst %.1f %%]", 100 * all[i].mean_truth / (double)lines_of_cache,
               100 * share, 100 * all[i].worst / (double)lines_of_cache);
    }
    for (unsigned i = 0; i < VCPUS; i++)
        sum += (double)occupancy_lines(all[i].estimate);
    CU_ASSERT_TRUE(sum <= (double)lines_of_cache * 1.01 && sum > 0); /* shares of one cache */
    printf("\n");
    model_free(model);
    return worst;
}

/* All want more than there is, at random: what the estimate supposes, but for the replacement. */
static void random_all(void)
{
    struct worker all[VCPUS] = {
        {.core = 0, .tag = 0, .walk = RANDOM, .first = 0, .lines = 20000, .accesses = 2000},
        {.core = 0, .tag = 1, .walk = RANDOM, .first = 100000, .lines = 40000, .accesses = 1000},
        {.core = 1, .tag = 0, .walk = RANDOM, .first = 200000, .lines = 60000, .accesses = 500}};
    CU_ASSERT_TRUE(run(all, "random") < 0.10);
}

/*
 * One streams through far more than there is, beside two that use theirs again: that keeps their lines in a cache that
 * replaces the least recently used, and the estimate, which knows of no hits, gives most of the cache to the stream.
 */
static void one_streams(void)
{
    struct worker all[VCPUS] = {
        {.core = 0, .tag = 0, .walk = RANDOM, .first = 0, .lines = 8000, .accesses = 2000},
        {.core = 0, .tag = 1, .walk = STREAM, .first = 100000, .lines = 200000, .accesses = 500},
        {.core = 1, .tag = 0, .walk = RANDOM, .first = 400000, .lines = 4000, .accesses = 1000}};
    CU_ASSERT_TRUE(run(all, "one streams") < 0.45);
}

/* They fit beside each other. Lines that came into an empty cache evicted nobody, which the estimate does not know. */
static void all_fit(void)
{
    struct worker all[VCPUS] = {{.core = 0, .tag = 0, .walk = STREAM, .first = 0, .lines = 4000, .accesses = 4000},
                                {.core = 0, .tag = 1, .walk = STREAM, .first = 4096, .lines = 3000, .accesses = 3000},
                                {.core = 1, .tag = 0, .walk = STREAM, .first = 8192, .lines = 2000, .accesses = 2000}};
    CU_ASSERT_TRUE(run(all, "all fit") < 0.10);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"random", random_all}, {"one streams", one_streams}, {"all fit", all_fit}};
    return unit_run("emulated PMU: estimate of occupancy", tests, sizeof(tests) / sizeof(tests[0]));
}
