/* SPDX-License-Identifier: MIT */
#include "platform/platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform/process.h"
#include "scenario/scenario.h"

const struct platform *platform_by_kind(uint32_t kind)
{
    switch (kind) {
    case SCENARIO_PLATFORM_QEMU:
        return &platform_qemu;
    case SCENARIO_PLATFORM_BOCHS:
        return &platform_bochs;
    case SCENARIO_PLATFORM_KVM:
        return &platform_kvm;
    default:
        return NULL;
    }
}

void platform_tick(const struct platform *platform, bool icount, struct run_tick *tick)
{
    memset(tick, 0, sizeof(*tick));
    if (platform->tick != NULL) {
        platform->tick(tick, icount);
    } else if (icount) {
        tick->kind = RUN_TICK_INSTRUCTION;
        tick->deterministic = true;
        snprintf(tick->what, sizeof(tick->what), "one instruction of any core (%s, -icount shift=0)", platform->label);
    } else {
        tick->kind = RUN_TICK_HOST_TSC;
        snprintf(tick->what, sizeof(tick->what), "one tick of the host's TSC under an emulator (%s): wall time",
                 platform->label);
    }
}

int machine_start(struct machine *machine, const struct platform *platform, const struct machine_config *config,
                  struct qv_error *err)
{
    memset(machine, 0, sizeof(*machine));
    machine->platform = platform;
    machine->control = -1;
    machine->exit_code = -1;
    int result = platform->start(machine, config, err);
    if (result != 0)
        machine_end(machine);
    return result;
}

bool machine_alive(struct machine *machine)
{
    int code;
    if (machine->pid == 0)
        return false;
    if (!process_ended(machine->pid, &code))
        return true;
    machine->exit_code = code;
    machine->pid = 0;
    return false;
}

void machine_end(struct machine *machine)
{
    if (machine->platform != NULL)
        machine->platform->end(machine);
    if (machine->ram != NULL)
        munmap(machine->ram, machine->ram_bytes);
    machine->ram = NULL;
    if (machine->argv != NULL) {
        for (char **argument = machine->argv; *argument != NULL; argument++)
            free(*argument);
        free(machine->argv);
        machine->argv = NULL;
    }
}
