/* SPDX-License-Identifier: MIT */
#include "scenario/resolve.h"

#include <stdio.h>
#include <string.h>

#include "events/events.h"
#include "scenario/keys.h"

#define MIB            (1ull << 20)
#define BASE_IP        0x0a00020fu /* 10.0.2.15, the first address of QEMU's user network that is not its own */
#define MONITOR_MEMORY (96u * MIB)
#define MEMORY_STEP    (64u * MIB)
#define MEMORY_LEAST   (256u * MIB)

/*
 * The instruction clock and the model of a PMU are an emulator's stand-ins. A machine that has a clock and counters of
 * its own takes these; Bochs has a clock of its own, which counts instructions, and nothing that counts. The events
 * stay those of the processor that the file names.
 */
static void resolve_stand_ins(struct scenario *scenario)
{
    struct scenario_platform *platform = &scenario->platform;
    bool own = platform->kind == SCENARIO_PLATFORM_KVM || platform->kind == SCENARIO_PLATFORM_HARDWARE;

    if (!own && platform->kind != SCENARIO_PLATFORM_BOCHS)
        return;
    if (own)
        platform->clock = SCENARIO_CLOCK_REAL;
    if (scenario->n_events > 0 && platform->pmu != SCENARIO_PMU_NONE)
        snprintf(platform->processor, sizeof(platform->processor), "%s", scenario_processor(scenario));
    platform->pmu = SCENARIO_PMU_NONE;
    if (!own || (scenario->cost == SCENARIO_COST_NONE && scenario->experiment == SCENARIO_EXPERIMENT_NONE))
        return;
    /* What any processor can count beside instructions, for whoever does not know which one it will be. */
    for (uint32_t i = 0; i < scenario->n_events; i++)
        if (strcmp(scenario->event[i], EVENTS_CYCLES) == 0)
            return;
    if (scenario->n_events < QV_PMU_EVENTS)
        snprintf(scenario->event[scenario->n_events++], SCENARIO_NAME_MAX, "%s", EVENTS_CYCLES);
}

static uint32_t auto_nic(uint64_t roles)
{
    if (roles & QV_ROLE_CLIENT)
        return 1;
    return roles == QV_ROLE_BYSTANDER ? SCENARIO_NO_NIC : 0;
}

static void resolve_addresses(struct scenario_sandbox *sandbox, uint32_t index)
{
    static const uint8_t zero[6];
    const uint8_t mac[6] = {0x52, 0x54, 0x00, 0x12, 0x34, (uint8_t)(0x10 + index)};

    if (sandbox->nic == SCENARIO_NO_NIC)
        return;
    if (sandbox->ip == 0)
        sandbox->ip = BASE_IP + index;
    if (memcmp(sandbox->mac, zero, sizeof(zero)) == 0)
        memcpy(sandbox->mac, mac, sizeof(mac));
}

static uint8_t auto_standby(const struct scenario *scenario, uint32_t index)
{
    const struct scenario_sandbox *self = &scenario->sandbox[index];
    if (!(self->roles & QV_ROLE_WEB))
        return QV_NO_SANDBOX;
    if (scenario->recovery.standby != QV_NO_SANDBOX && scenario->recovery.standby != index)
        return scenario->recovery.standby;
    for (uint32_t i = 0; i < scenario->n_sandboxes; i++) {
        const struct scenario_sandbox *other = &scenario->sandbox[i];
        if (i != index && (other->roles & QV_ROLE_STANDBY) && other->nic == self->nic)
            return (uint8_t)i;
    }
    return QV_NO_SANDBOX;
}

static void resolve_sandboxes(struct scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->n_sandboxes; i++) {
        struct scenario_sandbox *sandbox = &scenario->sandbox[i];
        if (sandbox->id == AUTO_INDEX32)
            sandbox->id = i;
        if (sandbox->nic == AUTO_INDEX32)
            sandbox->nic = auto_nic(sandbox->roles);
        if (sandbox->probe_us == AUTO_PERIOD)
            sandbox->probe_us = sandbox->roles & QV_ROLE_BYSTANDER ? 10000 : 0;
        resolve_addresses(sandbox, i);
    }
    for (uint32_t i = 0; i < scenario->n_sandboxes; i++) {
        if (scenario->sandbox[i].standby == AUTO_INDEX8)
            scenario->sandbox[i].standby = auto_standby(scenario, i);
    }
}

static void resolve_platform(struct scenario *scenario)
{
    struct scenario_platform *platform = &scenario->platform;
    uint64_t memory = MONITOR_MEMORY;

    if (platform->cores == 0)
        platform->cores = scenario->n_sandboxes;
    for (uint32_t i = 0; i < scenario->n_sandboxes; i++)
        memory += scenario->sandbox[i].memory_bytes;
    memory = (memory + MEMORY_STEP - 1) / MEMORY_STEP * MEMORY_STEP;
    if (platform->memory_bytes == 0)
        platform->memory_bytes = memory < MEMORY_LEAST ? MEMORY_LEAST : memory;
}

static void resolve_load(struct scenario *scenario)
{
    struct scenario_load *load = &scenario->load;
    if (load->duration_us == 0)
        load->duration_us = scenario->duration_us;
    if (load->target != AUTO_INDEX32)
        return;
    load->target = 0;
    for (uint32_t i = 0; i < scenario->n_sandboxes; i++) {
        if (scenario->sandbox[i].roles & QV_ROLE_WEB) {
            load->target = i;
            return;
        }
    }
}

static void resolve_faults(struct scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->n_faults; i++) {
        struct scenario_fault *fault = &scenario->fault[i];
        if (fault->target == AUTO_INDEX32)
            fault->target = scenario->load.target;
        if (fault->after_us != 0) {
            fault->trigger = QV_TRIGGER_TIME;
            fault->value = fault->after_us;
        } else if (fault->packets != 0) {
            fault->trigger = QV_TRIGGER_PACKETS;
            fault->value = fault->packets;
        } else {
            fault->trigger = QV_TRIGGER_REQUESTS;
            fault->value = fault->requests;
        }
    }
}

void scenario_resolve(struct scenario *scenario)
{
    if (scenario->trace.vcpus_us == AUTO_PERIOD)
        scenario->trace.vcpus_us = scenario->n_work > 0 ? 100000 : 0;
    resolve_stand_ins(scenario);
    resolve_sandboxes(scenario);
    resolve_platform(scenario);
    resolve_load(scenario);
    resolve_faults(scenario);
}
