/* SPDX-License-Identifier: MIT */
/*
 * Bochs with VMX and extended page tables. It boots from a CD that is made for the run. The guest's memory is a file
 * without a name, as with QEMU: a small library preloaded into Bochs puts it there (bochs/ram_share.c).
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/bochs/ram_share.h"
#include "platform/bochs_files.h"
#include "platform/parts.h"
#include "platform/platform.h"
#include "platform/process.h"

#define PROGRAM         "bochs-bin" /* "bochs" is a script that starts it */
#define PRELOADED       "libqv_bochs_ram.so"
#define MAX_DESCRIPTORS 1024u
#define LISTEN_STEPS    200u
#define LISTEN_STEP_US  10000u
#define EMULATOR_BANNER "Bochs x86 Emulator"

static int make_arguments(struct machine *machine, const char *preloaded, int ram, struct qv_error *err)
{
    struct arguments a = {NULL, 0, false};
    arguments_add(&a, "prlimit"); /* its network waits by select(), which ends the program at a descriptor too high */
    arguments_add(&a, "--nofile=%u", MAX_DESCRIPTORS);
    arguments_add(&a, "env");

    arguments_add(&a, "TERM=vt100");
    arguments_add(&a, "LD_PRELOAD=%s", preloaded);
    arguments_add(&a, "%s=%d", RAM_SHARE_FD, ram);
    arguments_add(&a, "%s=%zu", RAM_SHARE_BYTES, machine->ram_bytes);
    arguments_add(&a, "%s", PROGRAM);
    arguments_add(&a, "-q");
    arguments_add(&a, "-f");
    arguments_add(&a, "%s/bochsrc", machine->scratch);
    arguments_add(&a, "-rc");
    arguments_add(&a, "%s/debugger", machine->scratch);
    machine->argv = a.item;
    return a.failed ? qv_error_set(err, -ENOMEM, "out of memory") : 0;
}

static int prepare(struct machine *machine, const struct machine_config *config, int *ram, struct qv_error *err)
{
    char preloaded[PATH_MAX + 32];
    int result = parts_find_preloaded(PRELOADED, preloaded, sizeof(preloaded), err);
    if (result != 0)
        return result;
    if (config->n_nics > 1 && !config->host_network)
        return qv_error_set(err, -ENOTSUP, "Bochs cannot join NICs to one hub: this scenario needs platform qemu");
    if (config->n_nics > 0 && config->nic_82574l)
        return qv_error_set(err, -ENOTSUP, "Bochs has the 82540EM only: this scenario needs platform qemu");
    strcpy(machine->scratch, "/tmp/qv-bochs-XXXXXX");
    if (mkdtemp(machine->scratch) == NULL) {
        machine->scratch[0] = '\0';
        return qv_error_set(err, -errno, "/tmp: %s", strerror(errno));
    }
    *ram = parts_make_memory(machine, config->memory_bytes, RAM_SHARE_SLACK, err);
    if (*ram < 0)
        return *ram;
    result = parts_choose_ports(machine, config, err);
    result = result != 0 ? result : bochs_files_write(machine, config, machine->scratch, err);
    return result != 0 ? result : make_arguments(machine, preloaded, *ram, err);
}

/* Its sockets open a moment after its start; where they do not, the load says so. */
static void raise_backlog(struct machine *machine)
{
    for (unsigned step = 0; step < LISTEN_STEPS && machine_alive(machine); step++) {
        if (parts_raise_backlog(machine) >= machine->n_forwards)
            return;
        (void)usleep(LISTEN_STEP_US);
    }
}

static int bochs_start(struct machine *machine, const struct machine_config *config, struct qv_error *err)
{
    char log[PATH_MAX];
    int ram = -1;
    int result = prepare(machine, config, &ram, err);
    if (result == 0) {
        snprintf(log, sizeof(log), "%s/emulator.log", config->folder);
        machine->start_ns = parts_now_ns();
        machine->pid = process_start(machine->argv, config->folder, log, &ram, 1, err);
        result = machine->pid < 0 ? (int)machine->pid : 0;
        if (result != 0)
            machine->pid = 0;
        else if (machine->n_forwards > 0)
            raise_backlog(machine);
    }
    if (ram >= 0)
        close(ram);
    return result;
}

static void bochs_end(struct machine *machine)
{
    int code = -1;
    if (machine_alive(machine)) {
        process_kill(machine->pid, &code);
        machine->pid = 0;
        machine->exit_code = -1;
    }
    if (machine->scratch[0] == '\0')
        return;

    bochs_files_remove(machine->scratch);
    machine->scratch[0] = '\0';
}

static void bochs_version(char *text, size_t size)
{
    char line[512];
    FILE *help = popen(PROGRAM " --help cpu </dev/null 2>/dev/null", "r");
    snprintf(text, size, "%s", "");
    while (help != NULL && fgets(line, sizeof(line), help) != NULL) {
        char *banner = strstr(line, EMULATOR_BANNER);
        if (banner != NULL)
            snprintf(text, size, "%.*s", (int)strcspn(banner, "\r\n"), banner);
    }
    if (help != NULL)
        (void)pclose(help);
}

static void bochs_tick(struct run_tick *tick, bool icount)
{
    tick->kind = RUN_TICK_EMULATED;
    tick->deterministic = icount;
    snprintf(tick->what, sizeof(tick->what),
             "Bochs' own clock: all cores advance by the instructions of the one that executed most");
}

const struct platform platform_bochs = {
    .name = "bochs",
    .label = "bochs-vmx",
    .program = PROGRAM,
    .version = bochs_version,
    .tick = bochs_tick,
    .start = bochs_start,
    .end = bochs_end,
    .own_clock = true,
};
