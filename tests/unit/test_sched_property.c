/* SPDX-License-Identifier: MIT */
/*
 * Random sets of VCPUs and random work:
 *  - the scheduler core and the plain simulator run the same VCPU at every tick and end in the same state; no budget is
 *    exceeded in any sliding window;
 *  - sets admitted by either test miss no deadline, and response times are those that happen.
 *
 * Usage: unit_sched_property [NUMBER OF SETS [SEED]]. A failure names the seed of its set: NUMBER = 1 repeats it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../os/sandbox/sched/admit.h"
#include "qv/draw.h"
#include "test_sched_model.h"
#include "unit.h"

#define MAX_REPORTS 5

static uint64_t sets = 100;
static uint64_t first_seed = 1;
static int reports;

struct draws {
    uint64_t seed;
    uint64_t next;
};

static uint64_t draw(struct draws *d, uint64_t low, uint64_t high)
{
    return low + qv_draw_below(d->seed, d->next++, high - low + 1);
}

static bool chance(struct draws *d, uint64_t percent)
{
    return draw(d, 1, 100) <= percent;
}

static void report(uint64_t seed, const char *what)
{
    if (reports++ < MAX_REPORTS)
        printf("\n    set with seed %" PRIu64 ": %s\n", seed, what);
    CU_FAIL("property violated");
}

static bool is_pibs(const struct model *m, uint32_t i)
{
    return m->spec[i].kind == VCPU_IO_PIBS;
}

/* Any server of the set, or MODEL_NONE now and then if `none` is allowed. */
static uint32_t some_server(const struct model *m, struct draws *d, bool none)
{
    uint32_t i;

    if (none && chance(d, 15))
        return MODEL_NONE;
    do
        i = (uint32_t)draw(d, 0, m->count - 1);
    while (is_pibs(m, i));
    return i;
}

static void add_arrival(struct model *m, uint64_t time, uint32_t vcpu, uint32_t server, uint64_t work)
{
    if (m->arrivals < MODEL_ARRIVALS && time < m->ticks)
        m->arrival[m->arrivals++] = (struct model_arrival){time, vcpu, server, work};
}

static int by_time(const void *a, const void *b)
{
    const struct model_arrival *x = a;
    const struct model_arrival *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return x->vcpu < y->vcpu ? -1 : x->vcpu > y->vcpu;
}

static void sort_arrivals(struct model *m)
{
    qsort(m->arrival, m->arrivals, sizeof(m->arrival[0]), by_time);
}

/* --- any set, any work: equality with the plain simulator --- */

static void any_specs(struct model *m, struct draws *d)
{
    const bool many = chance(d, 10);
    const uint64_t servers = draw(d, 1, many ? 12 : 6);
    uint64_t pibs = draw(d, 0, many ? 12 : 3);

    m->count = (uint32_t)(servers + pibs);
    for (uint32_t i = 0; i < m->count; i++) {
        struct vcpu_spec *spec = &m->spec[i];
        if (draw(d, 1, m->count - i) <= pibs) {
            pibs--;
            spec->kind = VCPU_IO_PIBS;
            spec->den = (uint32_t)draw(d, 1, 20);
            spec->num = (uint32_t)draw(d, 1, chance(d, 50) ? (spec->den + 3) / 4 : spec->den);
        } else {
            const bool same = i > 0 && !is_pibs(m, i - 1) && chance(d, 30);
            spec->kind = chance(d, 20) ? VCPU_IO_SS : VCPU_MAIN;
            spec->period = same ? m->spec[i - 1].period : draw(d, 1, chance(d, 70) ? 24 : 90);
            spec->budget = draw(d, 1, chance(d, 80) ? (spec->period + 2) / 3 : spec->period);
        }
        m->repl_max[i] = (uint32_t)draw(d, 2, chance(d, 60) ? 4 : VCPU_MAX_REPL);
    }
}

static void any_arrivals(struct model *m, struct draws *d)
{
    for (uint32_t i = 0; i < m->count; i++) {
        const uint64_t gap = draw(d, 1, 40);
        const uint64_t most = draw(d, 1, chance(d, 20) ? 60 : 8);
        uint64_t t = chance(d, 50) ? 0 : draw(d, 0, 2 * gap);
        for (; t < m->ticks; t += draw(d, chance(d, 5) ? 0 : 1, 2 * gap))
            add_arrival(m, t, i, is_pibs(m, i) ? some_server(m, d, true) : MODEL_NONE,
                        chance(d, 4) ? 0 : draw(d, 1, most));
    }
    sort_arrivals(m);
}

static void any_model(struct model *m, uint64_t seed)
{
    struct draws d = {seed, 0};

    memset(m, 0, sizeof(*m));
    m->seed = ~seed;
    m->ticks = draw(&d, 150, 500);
    m->grid = chance(&d, 70) ? 1 : draw(&d, 2, 9);
    m->quantum = draw(&d, 1, 12);
    any_specs(m, &d);
    const bool band = chance(&d, 50);
    for (uint32_t i = 0; i < m->count; i++)
        m->background[i] = band && chance(&d, 60);
    any_arrivals(m, &d);
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/*
 * Every tick a server runs was due at some instant (that at which it would have run without delay; a tick run early
 * counts when it was due). In no window of one period may more than the budget be due: sorted, the k-th and the
 * (k + C)-th due times are at least T apart.
 */
static bool window_kept(const struct model *m, const struct model_result *r, uint32_t i)
{
    uint64_t due[MODEL_TICKS];
    uint64_t n = 0;

    for (uint64_t t = 0; t < m->ticks; t++) {
        if (r->who[t] == (int)i && !r->in_background[t])
            due[n++] = r->due[t];
    }
    qsort(due, n, sizeof(due[0]), by_value);
    for (uint64_t k = m->spec[i].budget; k < n; k++) {
        if (due[k] - due[k - m->spec[i].budget] < m->spec[i].period)
            return false;
    }
    return true;
}

/* The plain statement, for a VCPU that nothing can delay: what it runs in any window of length t. */
static bool runs_at_most(const struct model *m, const struct model_result *r, uint32_t i, uint64_t t, uint64_t most)
{
    uint64_t sum = 0;

    for (uint64_t k = 0; k < m->ticks; k++) {
        sum += r->who[k] == (int)i && !r->in_background[k];
        if (k >= t)
            sum -= r->who[k - t] == (int)i && !r->in_background[k - t];
        if (sum > most)
            return false;
    }
    return true;
}

static const char *check_windows(const struct model *m, const struct model_result *core,
                                 const struct model_result *reference)
{
    uint32_t first = 0;
    bool io = false;

    for (uint32_t i = 0; i < m->count; i++) {
        io |= is_pibs(m, i);
        if (is_pibs(m, i))
            continue;
        if (!window_kept(m, reference, i))
            return "budget exceeded in a sliding window of due times";
        if (is_pibs(m, first) || m->spec[i].period < m->spec[first].period)
            first = i;
    }
    if (!io && m->grid == 1 && !runs_at_most(m, core, first, m->spec[first].period, m->spec[first].budget))
        return "budget of the highest priority exceeded in a sliding window";
    return NULL;
}

static bool same_state(const struct model *m, uint32_t i, const struct model_state *a, const struct model_state *b)
{
    if (a->count != b->count || a->usage != b->usage || a->early != b->early)
        return false;
    for (uint32_t k = 0; k < a->count; k++) {
        const bool both_due = is_pibs(m, i) && a->repl[k].time <= m->ticks && b->repl[k].time <= m->ticks;
        if (a->repl[k].amount != b->repl[k].amount || (a->repl[k].time != b->repl[k].time && !both_due))
            return false;
    }
    return true;
}

static const char *compare(const struct model *m, const struct model_result *core, const struct model_result *ref)
{
    static char text[160];
    uint64_t sum = core->idle;

    for (uint64_t t = 0; t < m->ticks; t++) {
        if (core->who[t] == ref->who[t] && core->in_background[t] == ref->in_background[t])
            continue;
        snprintf(text, sizeof(text), "tick %" PRIu64 ": core runs %d%s, reference %d%s", t, core->who[t],
                 core->in_background[t] ? " (background)" : "", ref->who[t],
                 ref->in_background[t] ? " (background)" : "");
        return text;
    }
    for (uint32_t i = 0; i < m->count; i++) {
        sum += core->used[i] + core->background_time[i];
        if (core->used[i] != ref->used[i] || core->background_time[i] != ref->background_time[i])
            return "consumed time differs";
        if (core->overrun[i] != ref->overrun[i])
            return "overrun differs";
        if (!same_state(m, i, &core->state[i], &ref->state[i]))
            return "replenishments differ at the end";
    }
    if (core->idle != ref->idle || sum != m->ticks)
        return "time is not all accounted for";
    return check_windows(m, core, ref);
}

static void test_equal_to_reference(void)
{
    static struct model m;
    static struct model_result core;
    static struct model_result reference;
    uint64_t overrun = 0;
    uint64_t background = 0;
    uint64_t full = 0;

    for (uint64_t k = 0; k < sets; k++) {
        any_model(&m, first_seed + k);
        const char *wrong = model_run_core(&m, &core);
        if (!wrong) {
            model_run_reference(&m, &reference);
            wrong = compare(&m, &core, &reference);
        }
        if (wrong)
            report(first_seed + k, wrong);
        for (uint32_t i = 0; i < m.count; i++) {
            overrun += core.overrun[i];
            background += core.background_time[i];
            full += core.state[i].count == m.repl_max[i];
        }
    }
    printf("\n    %" PRIu64 " sets; ticks of overrun %" PRIu64 ", in background %" PRIu64
           "; lists full at the end %" PRIu64 "\n",
           sets, overrun, background, full);
    CU_ASSERT(sets < 100 || (overrun > 0 && background > 0 && full > 0));
}

/* --- PIBS in sliding windows --- */

/* The most that VCPU i, which nothing can delay, ran in any window of length t. */
static uint64_t most_run(const struct model *m, const struct model_result *r, uint32_t i, uint64_t t)
{
    uint64_t sum = 0;
    uint64_t most = 0;

    for (uint64_t k = 0; k < m->ticks; k++) {
        sum += r->who[k] == (int)i;
        if (k >= t)
            sum -= r->who[k - t] == (int)i;
        most = sum > most ? sum : most;
    }
    return most;
}

/*
 * One server and PIBS VCPUs that work for it: the first of these is never delayed. In a window of length t it gets its
 * full budget once and is paid for at its utilisation for the rest of the time; over a period that is (2 - U) U.
 */
static void test_pibs_windows(void)
{
    static struct model m;
    static struct model_result r;
    uint64_t reached = 0;

    for (uint64_t k = 0; k < sets; k++) {
        struct draws d = {first_seed + k, 1u << 22};
        memset(&m, 0, sizeof(m));
        m.seed = ~d.seed;
        m.ticks = 200;
        m.grid = 1;
        m.quantum = 5;
        m.count = (uint32_t)draw(&d, 2, 3);
        m.spec[0] = (struct vcpu_spec){.kind = VCPU_MAIN, .budget = 1, .period = draw(&d, 4, 60)};
        for (uint32_t i = 1; i < m.count; i++) {
            m.spec[i] = (struct vcpu_spec){.kind = VCPU_IO_PIBS, .num = (uint32_t)draw(&d, 1, 4)};
            m.spec[i].den = (uint32_t)draw(&d, m.spec[i].num, 4 * m.spec[i].num);
        }
        for (uint32_t i = 0; i < m.count; i++)
            m.repl_max[i] = VCPU_MAX_REPL;
        any_arrivals(&m, &d);
        const char *wrong = model_run_core(&m, &r);
        const uint64_t period = m.spec[0].period;
        const uint64_t full = period * m.spec[1].num / m.spec[1].den;
        bool tight = false;
        for (uint64_t t = full + 1; t <= 2 * period && !wrong; t += 1 + t / 8) {
            const uint64_t bound = full + (t - full) * m.spec[1].num / m.spec[1].den;
            const uint64_t most = most_run(&m, &r, 1, t);
            tight |= most == bound && bound > full;
            if (most > bound)
                wrong = "PIBS VCPU exceeds its bound in a sliding window";
        }
        reached += tight;
        if (wrong)
            report(d.seed, wrong);
    }
    printf("\n    %" PRIu64 " sets; the bound was reached in %" PRIu64 "\n", sets, reached);
    CU_ASSERT(sets < 100 || reached > sets / 20);
}

/* --- admission and deadlines --- */

/* A set whose load is somewhere around the bounds. */
static void load_specs(struct model *m, struct draws *d, bool with_io)
{
    const uint64_t servers = draw(d, 1, 6);
    const uint64_t pibs = with_io ? draw(d, 1, 3) : 0;
    const uint64_t share = draw(d, 30, 105); /* percent, for all servers together */

    m->count = (uint32_t)(servers + pibs);
    for (uint32_t i = 0; i < m->count; i++) {
        struct vcpu_spec *spec = &m->spec[i];
        m->repl_max[i] = VCPU_MAX_REPL;
        if (i < servers) {
            spec->kind = VCPU_MAIN;
            spec->period = draw(d, with_io ? 12 : 4, chance(d, 70) ? 60 : 160);
            const uint64_t fair = spec->period * share / (100 * servers);
            spec->budget = draw(d, 1, chance(d, 50) ? 2 * fair + 1 : fair + 1);
            if (spec->budget > spec->period)
                spec->budget = spec->period;
        } else {
            spec->kind = VCPU_IO_PIBS;
            spec->num = (uint32_t)draw(d, 1, 5);
            spec->den = (uint32_t)draw(d, 3 * spec->num, 12 * spec->num);
        }
    }
}

static void jobs(struct model *m, struct draws *d, uint32_t i, uint64_t period, uint64_t budget, uint32_t server)
{
    const bool strictly = chance(d, 70);
    uint64_t t = chance(d, 60) ? 0 : draw(d, 0, period);

    for (; t < m->ticks; t += period + (strictly || chance(d, 50) ? 0 : draw(d, 0, period)))
        add_arrival(m, t, i, server, chance(d, 80) ? budget : draw(d, 1, budget));
}

/* Interrupts without rhyme or reason; or one that leaves endless work. */
static void disturbances(struct model *m, struct draws *d, uint32_t i)
{
    const uint64_t gap = draw(d, 1, chance(d, 50) ? 12 : 60);
    const uint64_t most = chance(d, 50) ? 3 : 40;

    if (chance(d, 20))
        add_arrival(m, draw(d, 0, 20), i, some_server(m, d, false), 10 * MODEL_TICKS);
    for (uint64_t t = draw(d, 0, 10); t < m->ticks; t += draw(d, 1, 2 * gap))
        add_arrival(m, t, i, some_server(m, d, false), draw(d, 1, most));
}

/* The k-th job of VCPU i is released with its k-th arrival. */
static const char *check_deadlines(const struct model *m, const struct model_result *r, uint32_t i, uint64_t period)
{
    static char text[120];
    uint32_t k = 0;

    for (uint32_t a = 0; a < m->arrivals; a++) {
        if (m->arrival[a].vcpu != i)
            continue;
        const uint64_t deadline = m->arrival[a].time + period;
        if (deadline < m->ticks && (k >= r->completions[i] || r->completed[i][k] > deadline)) {
            snprintf(text, sizeof(text), "%s VCPU %u misses the deadline %" PRIu64 " of its job %u",
                     is_pibs(m, i) ? "I/O" : "Main", i, deadline, k);
            return text;
        }
        k++;
    }
    return NULL;
}

static const char *run_admitted(struct model *m, struct draws *d)
{
    static struct model_result r;
    uint64_t job_period[MODEL_VCPUS] = {0};

    for (uint32_t i = 0; i < m->count; i++) {
        if (!is_pibs(m, i)) {
            job_period[i] = m->spec[i].period;
            jobs(m, d, i, job_period[i], m->spec[i].budget, MODEL_NONE);
            continue;
        }
        const uint32_t server = some_server(m, d, false);
        if (chance(d, 40)) { /* a well-behaved one is itself served in time */
            job_period[i] = m->spec[server].period;
            jobs(m, d, i, job_period[i], job_period[i] * m->spec[i].num / m->spec[i].den, server);
        } else {
            disturbances(m, d, i);
        }
    }
    sort_arrivals(m);
    const char *wrong = model_run_core(m, &r);
    for (uint32_t i = 0; i < m->count && !wrong; i++) {
        if (job_period[i] > 0)
            wrong = check_deadlines(m, &r, i, job_period[i]);
    }
    return wrong;
}

static void deadline_model(struct model *m, struct draws *d, bool with_io)
{
    memset(m, 0, sizeof(*m));
    m->seed = ~d->seed;
    m->ticks = draw(d, 300, MODEL_TICKS);
    m->grid = 1;
    m->quantum = 5;
    load_specs(m, d, with_io);
    if (chance(d, 30)) {
        for (uint32_t i = 0; i < m->count; i++)
            m->background[i] = chance(d, 50);
    }
}

static void test_deadlines(void)
{
    static struct model m;
    uint64_t by_bound = 0;
    uint64_t by_response = 0;

    for (uint64_t k = 0; k < sets; k++) {
        struct draws d = {first_seed + k, 1u << 20};
        deadline_model(&m, &d, chance(&d, 60));
        const bool bound = admit_by_bound(m.spec, m.count).admitted;
        const bool response = admit_by_response_time(m.spec, m.count, 0, NULL);
        by_bound += bound;
        by_response += response;
        if (bound && !response)
            report(d.seed, "admitted by the inequality, refused by response time");
        const char *wrong = bound || response ? run_admitted(&m, &d) : NULL;
        if (wrong)
            report(d.seed, wrong);
    }
    printf("\n    %" PRIu64 " sets; admitted by the inequality %" PRIu64 ", by response time %" PRIu64 "\n", sets,
           by_bound, by_response);
    CU_ASSERT(sets < 100 || (by_bound > sets / 10 && by_response > by_bound && by_response < sets));
}

/* The server that comes after `after` in priority order (MODEL_NONE: the first), or MODEL_NONE. */
static uint32_t next_server(const struct model *m, uint32_t after)
{
    uint32_t best = MODEL_NONE;

    for (uint32_t i = 0; i < m->count; i++) {
        const uint64_t period = m->spec[i].period;
        if (after != MODEL_NONE && (period < m->spec[after].period || (period == m->spec[after].period && i <= after)))
            continue;
        if (best == MODEL_NONE || period < m->spec[best].period)
            best = i;
    }
    return best;
}

/*
 * Servers only, all released together with full budgets: the first response is the worst one. What the analysis says
 * must be what happens, down the priorities to the first VCPU it refuses, and that one must indeed be late.
 */
static const char *check_responses(const struct model *m, const struct model_result *r, uint64_t *exact, uint64_t *late)
{
    for (uint32_t i = next_server(m, MODEL_NONE); i != MODEL_NONE; i = next_server(m, i)) {
        const uint64_t response = admit_response_time(m->spec, m->count, i, 0);
        if (response == SCHED_NEVER) {
            ++*late;
            if (r->completions[i] > 0 && r->completed[i][0] <= m->spec[i].period)
                return "refused, but in time";
            return NULL;
        }
        ++*exact;
        if (r->completions[i] == 0 || r->completed[i][0] != response)
            return "response time is not what happens";
    }
    return NULL;
}

static void test_response_times(void)
{
    static struct model m;
    static struct model_result r;
    uint64_t exact = 0;
    uint64_t late = 0;

    for (uint64_t k = 0; k < sets; k++) {
        struct draws d = {first_seed + k, 1u << 21};
        deadline_model(&m, &d, false);
        for (uint32_t i = 0; i < m.count; i++) {
            m.background[i] = false;
            for (uint64_t t = 0; t < m.ticks; t += m.spec[i].period)
                add_arrival(&m, t, i, MODEL_NONE, m.spec[i].budget);
        }
        sort_arrivals(&m);
        const char *wrong = model_run_core(&m, &r);
        if (!wrong)
            wrong = check_responses(&m, &r, &exact, &late);
        if (wrong)
            report(d.seed, wrong);
    }
    printf("\n    %" PRIu64 " sets; response times met %" PRIu64 ", VCPUs refused and late %" PRIu64 "\n", sets, exact,
           late);
    CU_ASSERT(sets < 100 || (exact > sets && late > sets / 20));
}

int main(int argc, char **argv)
{
    static const struct unit_test tests[] = {
        {"core and plain simulator agree", test_equal_to_reference},
        {"PIBS keeps its bound in every window", test_pibs_windows},
        {"admitted sets miss no deadline", test_deadlines},
        {"response times are exact", test_response_times},
    };
    char *end = NULL;

    if (argc > 3)
        return 2;
    if (argc > 1) {
        sets = strtoull(argv[1], &end, 10);
        if (sets == 0 || *end != '\0') {
            fprintf(stderr, "%s: number of sets: expected a whole number above 0, got '%s'\n", argv[0], argv[1]);
            return 2;
        }
    }
    if (argc > 2) {
        first_seed = strtoull(argv[2], &end, 10);
        if (*end != '\0' || end == argv[2]) {
            fprintf(stderr, "%s: seed: expected a whole number, got '%s'\n", argv[0], argv[2]);
            return 2;
        }
    }
    return unit_run("VCPU scheduler, random sets", tests, sizeof(tests) / sizeof(tests[0]));
}
