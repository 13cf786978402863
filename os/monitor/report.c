/* SPDX-License-Identifier: MIT */
/* What a monitor tells the world: exit counts, the last exits, sandbox states, memory regions, trace records. */
#include "lib/print.h"
#include "lib/string.h"
#include "lib/x86.h"
#include "monitor/core.h"

#define COMMON_REGIONS   12u /* monitor, pristine image, one per NIC, benchmarks */
#define REGIONS_PER_CORE 10u

void report_init(struct core *core)
{
    core->report = &directory()->core[core->index];
    core->report->apic_id = core->apic_id;
    core->report->incarnation = 1;
    core->report->taken_over_by = QV_NO_SANDBOX;
    core->ring = monitor_pages((MONITOR_RING_BYTES + PAGE_SIZE - 1) / PAGE_SIZE);
    core->ring->version = QV_TRACE_VERSION;
    core->ring->capacity = MONITOR_RING_RECORDS;
    core->ring->core = (uint8_t)core->index;
    core->ring->writer = QV_WRITER_MONITOR;
    core->ring->magic = QV_TRACE_MAGIC;
    directory()->ring[core->index * 2u + 1u] = (uint64_t)core->ring;
}

void report_exit(struct core *core, const struct exit_info *exit)
{
    struct qv_core_report *report = core->report;
    enum qv_exit_stage stage = core->stage;
    if (stage == QV_STAGE_STEADY && core->takeover_pending)
        stage = QV_STAGE_RECOVERY;
    report->exits[stage][exit->cause]++;
    uint64_t head = report->exit_log_head;
    report->exit_log[head % QV_EXIT_LOG] = (struct qv_exit_record){
        .tsc = exit->tsc,
        .rip = core->guest.rip,
        .info1 = exit->info1,
        .info2 = exit->info2,
        .vendor_code = exit->vendor_code,
        .cause = (uint16_t)exit->cause,
        .stage = (uint16_t)stage,
    };
    __atomic_store_n(&report->exit_log_head, head + 1, __ATOMIC_RELEASE);
}

void monitor_trace_at(struct core *core, uint64_t tsc, enum qv_trace_id id, uint64_t a, uint64_t b)
{
    struct qv_trace_ring *ring = core->ring;
    uint64_t head = ring->head;
    ring->record[head % MONITOR_RING_RECORDS] = (struct qv_trace_record){
        .tsc = tsc,
        .id = (uint16_t)id,
        .core = (uint8_t)core->index,
        .writer = QV_WRITER_MONITOR,
        .incarnation = core->report->incarnation,
        .a = a,
        .b = b,
    };
    __atomic_store_n(&ring->head, head + 1, __ATOMIC_RELEASE);
}

void monitor_trace(struct core *core, enum qv_trace_id id, uint64_t a, uint64_t b)
{
    monitor_trace_at(core, rdtsc(), id, a, b);
}

void report_state(struct core *core, enum qv_sandbox_state state)
{
    __atomic_store_n(&core->report->state, (uint32_t)state, __ATOMIC_RELEASE);
    monitor_trace(core, QV_TRACE_STATE, (uint64_t)state, core->index);
}

static void set_region(unsigned slot, uint64_t base, uint64_t end, enum qv_region_kind kind, uint32_t owner)
{
    struct qv_region *region = &directory()->region[slot];
    region->size = 0; /* never shows a new base with an old size */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    region->base = base;
    region->kind = (uint32_t)kind;
    region->owner = owner;
    __atomic_store_n(&region->size, end - base, __ATOMIC_RELEASE);
}

/* Tables of a nested page table lie all over monitor memory; the root page stands for them, the rest is MONITOR. */
static void core_regions(const struct core *core)
{
    const struct partition *p = &core->part;
    unsigned slot = COMMON_REGIONS + core->index * REGIONS_PER_CORE;
    uint64_t free_end = p->base + p->size - p->reserve;
    uint32_t id = core->index;
    set_region(slot++, p->base, p->text_end, QV_REGION_IMMUTABLE, id); /* hand-off page, text, read-only data */
    set_region(slot++, p->window_begin, p->window_end, QV_REGION_DRIVER, id);
    set_region(slot++, p->window_end, p->alloc_end, QV_REGION_MUTABLE, id);
    set_region(slot++, p->alloc_end, free_end, QV_REGION_CANARY, id);
    set_region(slot++, free_end, p->base + p->size, QV_REGION_STANDBY, id);
    set_region(slot++, core->nested_begin, core->nested_end, QV_REGION_NPT, id);
    set_region(slot++, machine.ring_phys[id], machine.ring_phys[id] + machine.ring_bytes, QV_REGION_TRACE, id);
}

void report_regions(void)
{
    set_region(0, machine.text_begin, machine.text_end, QV_REGION_MONITOR, QV_NO_SANDBOX);
    set_region(1, (uint64_t)machine.image, (uint64_t)machine.image + machine.image_size, QV_REGION_PRISTINE,
               QV_NO_SANDBOX);
    unsigned slot = 2;
    for (unsigned i = 0; i < QV_MAX_NICS; i++) {
        const struct handoff_nic *nic = &machine.nic[i];
        if (nic->present)
            set_region(slot++, nic->shared_phys, nic->shared_phys + nic->shared_size, QV_REGION_SHARED, QV_NO_SANDBOX);
    }
    if (machine.bench_phys != 0)
        set_region(slot++, machine.bench_phys, machine.bench_phys + BENCH_SHARED_BYTES, QV_REGION_SHARED,
                   QV_NO_SANDBOX);
    for (unsigned i = 0; i < machine.n_cores; i++)
        core_regions(&cores[i]);
    directory()->n_regions = COMMON_REGIONS + machine.n_cores * REGIONS_PER_CORE;
}
