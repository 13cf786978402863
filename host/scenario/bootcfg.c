/* SPDX-License-Identifier: MIT */
#include "scenario/bootcfg.h"

#include <stdio.h>
#include <string.h>

#include "events/events.h"
#include "qv/draw.h"
#include "qv/tlb.h"

#define NETMASK   0xffffff00u /* QEMU's user network */
#define GATEWAY   0x0a000202u
#define NO_NIC    0xffffffffu
#define MIB_SHIFT 20

static void build_vcpu(const struct scenario_vcpu *from, struct qv_vcpu_cfg *to)
{
    to->kind = from->kind;
    to->period_us = (uint32_t)from->period_us;
    to->budget_us = (uint32_t)from->budget_us;
    /* of the I/O VCPUs that have no budget of their own it is the share of the period */
    if (from->kind != QV_VCPU_KIND_MAIN && from->budget_us == 0)
        to->budget_us = (uint32_t)(from->period_us * from->utilization_ppm / 1000000u);
    if (from->kind == QV_VCPU_KIND_IO_PIBS)
        to->utilization_ppm = (uint32_t)from->utilization_ppm;
    to->flags = from->background ? QV_VCPU_BACKGROUND : 0;
    to->replenishments = (uint32_t)from->replenishments;
}

/* Whose thread there is not needs no VCPU, and takes no part in admission. */
static bool needs_vcpu(const struct scenario_sandbox *sandbox, unsigned slot)
{
    if (slot == QV_VCPU_SERVICE || slot == QV_VCPU_NIC)
        return sandbox->nic != SCENARIO_NO_NIC;
    return slot != QV_VCPU_PROBE || sandbox->probe_us != 0;
}

static void build_sandbox(const struct scenario_sandbox *from, struct qv_sandbox_cfg *to)
{
    to->roles = (uint32_t)from->roles;
    to->mem_mib = (uint32_t)(from->memory_bytes >> MIB_SHIFT);
    to->nic = from->nic == SCENARIO_NO_NIC ? NO_NIC : from->nic;
    to->ip = from->ip;
    if (from->ip != 0) {
        to->netmask = NETMASK;
        to->gateway = GATEWAY;
    }
    memcpy(to->mac, from->mac, sizeof(to->mac));
    to->standby = from->standby;
    to->probe_period_us = (uint32_t)from->probe_us;
    for (unsigned slot = 0; slot < QV_VCPU_SLOTS; slot++) {
        if (needs_vcpu(from, slot))
            build_vcpu(&from->vcpu[slot], &to->vcpu[slot]);
    }
}

static void build_work(const struct scenario *scenario, const struct scenario_work *from, struct qv_work_cfg *to)
{
    to->kind = from->kind;
    to->sandbox = from->sandbox;
    to->count = (uint32_t)from->count;
    to->target = from->kind == QV_WORK_FLOOD ? from->target : scenario_work_by_name(scenario, from->serves, NULL);
    to->slot = from->kind == QV_WORK_FLOOD ? (uint32_t)QV_VCPU_SERVICE : from->on;
    to->work_us = (uint32_t)from->work_us;
    to->bytes = (uint32_t)from->bytes;
    to->phase_us = (uint32_t)from->phase_us;
    to->every_us = from->every_us;
    to->after_us = from->after_us;
    to->until_us = from->until_us;
    if (to->slot == SCENARIO_OWN_VCPU)
        build_vcpu(&from->vcpu, &to->vcpu);
}

static void build_fault(const struct scenario *scenario, uint32_t index, struct qv_fault_plan *to)
{
    const struct scenario_fault *from = &scenario->fault[index];
    to->model = from->model;
    to->target = from->target;
    to->point = from->point;
    to->trigger = from->trigger;
    to->value = from->value;
    to->seed = qv_draw(scenario->seed, index);
    to->times = (uint32_t)from->times;
    to->interval_us = (uint32_t)from->interval_us;
}

static void build_recovery(const struct scenario_recovery *from, struct qv_recovery_cfg *to)
{
    to->policy = from->policy;
    to->budget = (uint32_t)from->budget;
    to->backoff_us = (uint32_t)from->backoff_us;
    to->heartbeat_us = (uint32_t)from->heartbeat_us;
    to->hang_timeout_us = (uint32_t)from->hang_timeout_us;
    to->lock_timeout_us = (uint32_t)from->lock_timeout_us;
    to->progress_timeout_us = (uint32_t)from->progress_timeout_us;
    to->recover_limit_us = (uint32_t)from->limit_us;
}

static void build_client(const struct scenario *scenario, struct qv_client_cfg *to)
{
    const struct scenario_load *load = &scenario->load;
    to->rate_mhz = (uint32_t)load->rate_mhz;
    to->arrivals = load->arrivals == SCENARIO_ARRIVALS_POISSON ? 1 : 0;
    to->target_ip = scenario->sandbox[load->target].ip;
    to->page_bytes = (uint32_t)load->page_bytes;
    to->duration_us = load->duration_us;
    to->warmup_us = load->warmup_us;
    to->timeout_us = (uint32_t)load->timeout_us;
    to->connections = (uint32_t)load->connections;
}

static void build_cost(const struct scenario *scenario, struct qv_cost_cfg *to)
{
    const struct scenario_load *load = &scenario->load;
    bool traffic = load->tool == SCENARIO_TOOL_TRAFFIC;

    if (scenario->cost != SCENARIO_COST_NONE)
        to->flags |= QV_COST_WINDOW;
    if (scenario->cost == SCENARIO_COST_PATHS)
        to->flags |= QV_COST_PATHS;
    if (scenario->platform.unshared)
        to->flags |= QV_COST_PLAIN_NIC;
    to->n_events = scenario->n_events;
    for (uint32_t i = 0; i < scenario->n_events; i++) {
        char why[EVENTS_WHY];
        (void)events_resolve(scenario_processor(scenario), scenario->event[i], &to->event[i], why); /* was checked */
    }
    to->n_models = events_models(scenario_processor(scenario), to->models);
    to->from_us = load->warmup_us;
    /* Each sandbox closes its window at a heartbeat of its own, and all of them before the client ends the run. */
    to->until_us = load->duration_us - SCENARIO_COST_MARGIN_US;
    if (traffic) {
        to->traffic.kind = load->traffic;
        to->traffic.bytes = (uint32_t)load->size_bytes;
        to->traffic.rate_mhz = (uint32_t)load->rate_mhz;
    }
}

uint32_t bootcfg_timer_flag(uint32_t timer)
{
    return timer == SCENARIO_TIMER_COUNT_DOWN     ? QV_CFG_TIMER_COUNT_DOWN
           : timer == SCENARIO_TIMER_TSC_DEADLINE ? QV_CFG_TIMER_TSC_DEADLINE
                                                  : 0u;
}

static uint32_t build_flags(const struct scenario *scenario)
{
    uint32_t flags = bootcfg_timer_flag(scenario->platform.timer);
    if (scenario->platform.lapic == SCENARIO_LAPIC_GUARDED)
        flags |= QV_CFG_LAPIC_GUARDED;
    if (!scenario->platform.iommu)
        flags |= QV_CFG_NO_IOMMU;
    if (scenario->platform.pmu != SCENARIO_PMU_NONE && scenario->platform.kind == SCENARIO_PLATFORM_QEMU)
        flags |= QV_CFG_EMULATED_PMU;
    if (scenario->platform.nested_pages == SCENARIO_NESTED_4K)
        flags |= QV_CFG_NESTED_4K;
    if (scenario->trace.requests)
        flags |= QV_CFG_TRACE_REQUESTS;
    if (scenario->trace.scheduler)
        flags |= QV_CFG_TRACE_SCHED;
    return flags;
}

void bootcfg_build(const struct scenario *scenario, struct qv_bootcfg *out)
{
    memset(out, 0, sizeof(*out));
    out->magic = QV_BOOTCFG_MAGIC;
    out->version = QV_BOOTCFG_VERSION;
    out->size = sizeof(*out);
    out->mode = scenario->platform.mode;
    out->flags = build_flags(scenario);
    out->n_sandboxes = scenario->n_sandboxes;
    out->n_faults = scenario->n_faults;
    out->n_nics = scenario_nic_count(scenario);
    out->seed = scenario->seed;
    for (unsigned i = 0; i < QV_MAX_SANDBOXES; i++)
        out->sandbox[i].standby = QV_NO_SANDBOX;
    for (uint32_t i = 0; i < scenario->n_sandboxes; i++)
        build_sandbox(&scenario->sandbox[i], &out->sandbox[i]);
    for (uint32_t i = 0; i < scenario->n_faults; i++)
        build_fault(scenario, i, &out->fault[i]);
    build_recovery(&scenario->recovery, &out->recovery);
    build_cost(scenario, &out->cost);
    out->admission = scenario->platform.admission;
    out->sample_us = scenario->trace.vcpus_us;
    out->n_work = scenario->n_work;
    for (uint32_t i = 0; i < scenario->n_work; i++)
        build_work(scenario, &scenario->work[i], &out->work[i]);
    if (scenario_client_makes_load(scenario)) {
        build_client(scenario, &out->client);
    }
    if (!scenario_host_network(scenario)) {
        /* The NICs are on a hub of their own: nobody there is a gateway, and nobody must be waited for. */
        for (uint32_t i = 0; i < scenario->n_sandboxes; i++)
            out->sandbox[i].gateway = 0;
    }
    /* With the host's load the host decides when the run is over. Otherwise the machine does, on its own clock, so that
     * a run on the icount clock repeats; a late reply still has its time limit. */
    if (scenario_client_makes_load(scenario))
        out->duration_us = scenario->duration_us + scenario->load.timeout_us;
    else if (scenario->load.tool == SCENARIO_TOOL_NONE)
        out->duration_us = scenario->duration_us;
    if (scenario->experiment == SCENARIO_EXPERIMENT_TLB) {
        snprintf(out->test, sizeof(out->test), "%s", QV_TLB_TEST);
        out->duration_us = 0; /* it ends when everything is measured */
    }
    out->crc = bootcfg_crc(out);
}

uint32_t bootcfg_crc(const struct qv_bootcfg *cfg)
{
    struct qv_bootcfg copy = *cfg;
    copy.crc = 0;
    return qv_crc32(0, &copy, sizeof(copy));
}
