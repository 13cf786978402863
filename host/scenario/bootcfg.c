/* SPDX-License-Identifier: MIT */
#include "scenario/bootcfg.h"

#include <stdio.h>
#include <string.h>

#include "qv/draw.h"
#include "qv/tlb.h"

#define NETMASK   0xffffff00u /* QEMU's user network */
#define GATEWAY   0x0a000202u
#define NO_NIC    0xffffffffu
#define MIB_SHIFT 20

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
        const struct scenario_vcpu *vcpu = &from->vcpu[slot];
        bool io = slot == QV_VCPU_NIC;
        to->vcpu[slot].kind = io ? 1 : 0;
        to->vcpu[slot].period_us = (uint32_t)vcpu->period_us;
        to->vcpu[slot].utilization_ppm = io ? (uint32_t)vcpu->utilization_ppm : 0;
        to->vcpu[slot].budget_us =
            (uint32_t)(io ? vcpu->period_us * vcpu->utilization_ppm / 1000000u : vcpu->budget_us);
    }
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
    to->from_us = load->warmup_us;
    /* Each sandbox closes its window at a heartbeat of its own, and all of them before the client ends the run. */
    to->until_us = load->duration_us - SCENARIO_COST_MARGIN_US;
    if (traffic) {
        to->traffic.kind = load->traffic;
        to->traffic.bytes = (uint32_t)load->size_bytes;
        to->traffic.rate_mhz = (uint32_t)load->rate_mhz;
    }
}

static uint32_t build_flags(const struct scenario *scenario)
{
    uint32_t flags = 0;
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
    if (scenario_client_makes_load(scenario)) {
        build_client(scenario, &out->client);
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
