/* SPDX-License-Identifier: MIT */
/*
 * The data-TLB and instruction-TLB sweeps of the Quest-V paper: rounds of one access to each of a growing number of
 * pages, with nothing, a TLB flush or a VM exit between them, and what the counters say of the accesses alone.
 */
#include "bench/tlb.h"

#include "qv/draw.h"
#include "sandbox/faultpoint.h"
#include "sandbox/pmu.h"

#define WARM_UP 3u
#define ROUNDS  8u
#define POLL_US 1000u
#define SEED    1u

/* Dense where a first-level and a second-level TLB end. */
static const uint16_t sizes[] = {0,   1,   2,   4,   8,   16,  24,  32,  40,  44,  48,  52,  56,  60,
                                 64,  68,  72,  80,  96,  128, 192, 256, 320, 384, 448, 480, 496, 504,
                                 508, 512, 516, 520, 528, 544, 576, 640, 704, 768, 832, 896, 960, 1024};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))
_Static_assert(SIZES *QV_TLB_PATTERN_COUNT *QV_TLB_CASE_COUNT <= QV_TLB_POINTS, "room in the result area");

struct reading {
    uint64_t tsc;
    uint64_t count[QV_EMUPMU_EVENT_SLOTS];
};

static struct qv_tlb_area *area;
static const volatile struct qv_emupmu *emulated; /* NULL: the processor's own, if it has any */
static uint16_t order[TLB_PAGES_MAX];             /* of the chase */

/* --- patterns --- */

static void read_each(const uint8_t *from, uint32_t pages)
{
    for (; pages > 0; pages--, from += QV_TLB_STRIDE)
        (void)*(const volatile uint32_t *)(const void *)from;
}

/* One cycle through all places, by Sattolo's shuffle: every round goes the same way. */
static void chain(uint8_t *base, uint32_t pages)
{
    for (uint32_t i = 0; i < pages; i++)
        order[i] = (uint16_t)i;
    for (uint32_t i = pages; i-- > 1;) {
        uint32_t other = (uint32_t)qv_draw_below(SEED, i, i);
        uint16_t swap = order[i];
        order[i] = order[other];
        order[other] = swap;
    }
    for (uint32_t i = 0; i < pages; i++)
        *(uint8_t **)(void *)(base + (uint64_t)i * QV_TLB_STRIDE) = base + (uint64_t)order[i] * QV_TLB_STRIDE;
}

static void follow(uint8_t *from, uint32_t pages)
{
    for (; pages > 0; pages--)
        from = *(uint8_t *volatile *)(void *)from;
}

static void jump(uint32_t pages)
{
    if (pages == 0)
        return;
    __asm__ volatile("leaq 1f(%%rip), %%rdx\n\tjmp *%[code]\n1:"
                     : "+c"(pages)
                     : [code] "r"(tlb_code())
                     : "rdx", "cc", "memory");
}

static void access_all(enum qv_tlb_pattern pattern, uint32_t pages)
{
    switch (pattern) {
    case QV_TLB_DATA:
        read_each(tlb_data(false), pages);
        break;
    case QV_TLB_DATA_LARGE:
        read_each(tlb_data(true), pages);
        break;
    case QV_TLB_CHASE:
        follow(tlb_data(false), pages);
        break;
    default:
        jump(pages);
        break;
    }
}

/* --- measuring --- */

static void between(enum qv_tlb_case what)
{
    if (what == QV_TLB_FLUSH)
        write_cr3(read_cr3());
    else if (what == QV_TLB_EXIT)
        (void)monitor_call(QV_CALL_NOP, 0);
}

static void take_emulated(struct reading *r)
{
    for (unsigned i = 0; i < QV_EMUPMU_EVENTS_KNOWN; i++)
        r->count[i] = emulated->count[handoff->id][i];
}

/* Events of the processor go by the number of the model's event that is the same. */
static uint32_t number_of(unsigned event)
{
    uint32_t number = handoff->cfg.cost.event[event].emulated;
    return pmu_counts(event) && number < QV_EMUPMU_EVENTS_KNOWN ? number : QV_EMUPMU_EVENT_SLOTS;
}

static bool has_own(void)
{
    return pmu_source() == QV_PMU_INTEL || pmu_source() == QV_PMU_AMD;
}

static void take_own(struct reading *r)
{
    static uint64_t total[QV_EMUPMU_EVENT_SLOTS + 1]; /* the last is of events without a number */
    struct qv_cost_account since;
    pmu_core_since(&since);
    total[QV_EMUPMU_INSTRUCTIONS] += since.instructions;
    for (unsigned i = 0; i < handoff->cfg.cost.n_events; i++)
        if (number_of(i) != QV_EMUPMU_INSTRUCTIONS)
            total[number_of(i)] += since.count[i];
    for (unsigned i = 0; i < QV_EMUPMU_EVENTS_KNOWN; i++)
        r->count[i] = total[i];
}

static void take(struct reading *r)
{
    if (emulated)
        take_emulated(r);
    else if (has_own())
        take_own(r);
    r->tsc = probe();
}

/* Nothing else of this core comes between the two readings. */
static void measure_round(struct qv_tlb_point *point)
{
    static struct reading begin, end;
    uint64_t flags = irq_save();
    between(point->between);
    take(&end); /* the counters' own page and the like are in the TLB again */
    take(&begin);
    access_all(point->pattern, point->pages);
    take(&end);
    irq_restore(flags);
    point->ticks += end.tsc - begin.tsc;
    for (unsigned i = 0; i < QV_EMUPMU_EVENTS_KNOWN; i++)
        point->count[i] += end.count[i] - begin.count[i];
    point->rounds++;
}

static void measure(enum qv_tlb_pattern pattern, enum qv_tlb_case what, uint32_t pages)
{
    static struct qv_tlb_point scratch;
    struct qv_tlb_point *point = &area->point[area->n_points];
    point->pattern = scratch.pattern = pattern;
    point->between = scratch.between = what;
    point->pages = scratch.pages = pages;
    if (pattern == QV_TLB_CHASE)
        chain(tlb_data(false), pages);
    for (unsigned i = 0; i < WARM_UP; i++)
        measure_round(&scratch);
    for (unsigned i = 0; i < ROUNDS; i++)
        measure_round(point);
    area->n_points++;
}

static void measure_all(void)
{
    for (unsigned pattern = 0; pattern < QV_TLB_PATTERN_COUNT; pattern++) {
        for (unsigned what = 0; what < QV_TLB_CASE_COUNT; what++) {
            if (what == QV_TLB_EXIT && handoff->mode == QV_MODE_NATIVE)
                continue;
            for (unsigned i = 0; i < SIZES; i++)
                measure((enum qv_tlb_pattern)pattern, (enum qv_tlb_case)what, sizes[i]);
        }
    }
}

/* --- the run --- */

static void find_counters(void)
{
    emulated = emupmu_start();
    if (!emulated) {
        area->counted = has_own() ? 1u << QV_EMUPMU_INSTRUCTIONS : 0;
        for (unsigned i = 0; has_own() && i < handoff->cfg.cost.n_events; i++)
            if (number_of(i) < QV_EMUPMU_EVENTS_KNOWN)
                area->counted |= 1u << number_of(i);
        return;
    }
    area->emulated = 1;
    area->counted = (1u << QV_EMUPMU_EVENTS_KNOWN) - 1;
    for (unsigned i = 0; i < sizeof(area->model) - 1; i++)
        area->model[i] = emulated->model[i];
}

static _Noreturn void end(void)
{
    if (handoff->mode == QV_MODE_NATIVE)
        native_end(0);
    else
        (void)monitor_call(QV_CALL_SHUTDOWN, 0);
    for (;;)
        thread_wait();
}

static void tlb_main(void *argument)
{
    (void)argument;
    while (directory()->machine_state != QV_MACHINE_READY)
        (void)thread_wait_until(time_now() + time_from_us(POLL_US));
    find_counters();
    kprint("tlb: counters: %s", area->emulated ? area->model : area->counted ? "of the processor" : "none");
    measure_all();
    __atomic_store_n(&area->state, QV_TLB_DONE, __ATOMIC_RELEASE);
    kprint("tlb: done");
    end();
}

static void publish(void)
{
    area = page_alloc((sizeof(*area) + PAGE_SIZE - 1) / PAGE_SIZE);
    if (!area || !tlb_pages_make())
        kernel_lost(QV_DETECT_ASSERTION, 0, "no memory for the TLB sweeps");
    area->version = QV_TLB_VERSION;
    area->size = sizeof(*area);
    area->nested = handoff->mode == QV_MODE_NATIVE         ? QV_TLB_NESTED_NONE
                   : handoff->cfg.flags & QV_CFG_NESTED_4K ? QV_TLB_NESTED_4K
                                                           : QV_TLB_NESTED_2M;
    area->state = QV_TLB_RUNNING;
    area->magic = QV_TLB_MAGIC;
    status->bench_bytes = sizeof(*area);
    __atomic_store_n(&status->bench_phys, virt_to_phys(area), __ATOMIC_RELEASE);
}

bool tlb_start(const char *test)
{
    if (strcmp(test, QV_TLB_TEST) != 0)
        return false;
    if (handoff->id != 0)
        return true; /* the others only have to be there */
    publish();
    if (!thread_create("tlb", tlb_main, NULL, QV_VCPU_SERVICE))
        kernel_lost(QV_DETECT_ASSERTION, 0, "no thread for the TLB sweeps");
    return true;
}
