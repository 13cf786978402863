/* SPDX-License-Identifier: MIT */
/* One machine that runs the benchmarks: its configuration, its start, its end, and what it left in its memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analysis/names.h"
#include "bench/report.h"
#include "cmd/paths.h"
#include "guest/guest.h"
#include "platform/platform.h"
#include "run/run.h"
#include "scenario/bootcfg.h"
#include "scenario/scenario.h"

#define CORES       4u
#define MEMORY_MIB  256u
#define SANDBOX_MIB 16u
#define LIMIT_S     300
#define NAP_NS      5000000
#define LONG_US     20000000u
#define BUDGET      100000u

/* Nothing runs but the benchmarks: no heartbeats, no services, no NIC. */
void bench_make_bootcfg(const struct bench_options *options, uint32_t mode, struct qv_bootcfg *cfg)
{
    memset(cfg, 0, sizeof(*cfg));
    cfg->magic = QV_BOOTCFG_MAGIC;
    cfg->version = QV_BOOTCFG_VERSION;
    cfg->size = sizeof(*cfg);
    cfg->mode = mode;
    cfg->flags = QV_CFG_EXIT_AT_END | (options->icount ? QV_CFG_ICOUNT : 0u) | bootcfg_timer_flag(options->timer);
    cfg->n_sandboxes = CORES;
    cfg->n_nics = 1; /* of sandbox 0, which only reads its configuration space */
    cfg->seed = 1;
    snprintf(cfg->test, sizeof(cfg->test), QV_BENCH_TEST "%s%s", options->only != NULL ? ":" : "",
             options->only != NULL ? options->only : "");
    cfg->recovery = (struct qv_recovery_cfg){.policy = QV_POLICY_LOCAL,
                                             .budget = BUDGET,
                                             .heartbeat_us = 1000,
                                             .hang_timeout_us = LONG_US,
                                             .lock_timeout_us = LONG_US,
                                             .progress_timeout_us = LONG_US};
    for (uint32_t i = 0; i < QV_MAX_SANDBOXES; i++) {
        cfg->sandbox[i].mem_mib = SANDBOX_MIB;
        cfg->sandbox[i].nic = i == 0 ? 0 : SCENARIO_NO_NIC;
        cfg->sandbox[i].standby = QV_NO_SANDBOX;
    }
    cfg->crc = bootcfg_crc(cfg);
}

static int write_bootcfg(const char *folder, const struct qv_bootcfg *cfg, char path[4200], struct qv_error *err)
{
    if (paths_join(path, 4200, folder, "boot.cfg") != 0)
        return qv_error_set(err, -ENAMETOOLONG, "%s: name too long", folder);
    FILE *file = fopen(path, "wb");
    bool good = file != NULL && fwrite(cfg, sizeof(*cfg), 1, file) == 1;
    if (file != NULL && fclose(file) != 0)
        good = false;
    return good ? 0 : qv_error_set(err, -EIO, "%s: cannot be written", path);
}

/* Waits until the machine has ended by itself; whatever it left is judged afterwards. */
static int wait_end(struct machine *machine, struct qv_error *err)
{
    const struct timespec nap = {0, NAP_NS};
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    while (machine_alive(machine)) {
        struct guest guest = {machine->ram, machine->ram_bytes};
        if (run_interrupted())
            return qv_error_set(err, -EINTR, "interrupted");
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - begin.tv_sec > LIMIT_S)
            return qv_error_set(err, -ETIMEDOUT, "the benchmarks did not come to their end in %d s", LIMIT_S);
        const volatile struct qv_directory *d = guest_directory(&guest, NULL);
        if (d != NULL && d->core[0].incarnation > 1)
            return qv_error_set(err, -EIO, "the sandbox that measures failed; see console.log");
        if (guest_state(&guest) == QV_MACHINE_FAILED)
            return qv_error_set(err, -EIO, "a monitor failed; see console.log");
        (void)nanosleep(&nap, NULL);
    }
    return 0;
}

int bench_collect(const struct guest *guest, uint32_t mode, struct bench_column *column, struct qv_error *err)
{
    struct qv_sandbox_status status;
    struct qv_error why = {""};
    const volatile struct qv_directory *d = guest_directory(guest, &why);
    if (d == NULL)
        return qv_error_set(err, -EIO, "the OS did not come up%s%s; see console.log", why.text[0] ? ": " : "",
                            why.text);
    if (d->mode != mode)
        return qv_error_set(err, -ENOTSUP, "this platform runs no monitors; see console.log");
    snprintf(column->vendor, sizeof(column->vendor), "%.15s", (const char *)(uintptr_t)d->vendor);
    snprintf(column->cpu, sizeof(column->cpu), "%.47s", (const char *)(uintptr_t)d->cpu);
    column->tsc_hz = d->tsc_hz;
    guest_copy_status(guest, 0, &status);
    snprintf(column->timer, sizeof(column->timer), "%s", qv_timer_name(status.timer));
    const uint8_t *area = status.bench_bytes != 0 ? guest_memory(guest, status.bench_phys, status.bench_bytes) : NULL;
    if (area == NULL)
        return qv_error_set(err, -EPROTO, "the OS published no results; see console.log");
    return bench_take_area(column, area, status.bench_bytes, err);
}

static int find_images(char monitor[4200], char sandbox[4200], struct qv_error *err)
{
    const char *images = paths_os_dir();
    if (paths_join(monitor, 4200, images, "monitor.elf") != 0 || paths_join(sandbox, 4200, images, "sandbox.img") != 0)
        return qv_error_set(err, -ENAMETOOLONG, "%s: name too long", images);
    if (access(monitor, R_OK) != 0 || access(sandbox, R_OK) != 0)
        return qv_error_set(err, -ENOENT, "the OS images monitor.elf and sandbox.img are not built: ./qv builds them");
    return 0;
}

int bench_machine(const struct bench_options *options, uint32_t mode, struct bench_report *report, struct qv_error *err)
{
    struct bench_column *column = &report->column[report->n_columns - 1];
    char monitor[4200], sandbox[4200], config_path[4200];
    struct qv_bootcfg cfg;
    struct machine machine;

    bench_make_bootcfg(options, mode, &cfg);
    int result = find_images(monitor, sandbox, err);
    if (result == 0)
        result = write_bootcfg(options->folder, &cfg, config_path, err);
    if (result != 0)
        return result;
    const struct machine_config config = {.folder = options->folder,
                                          .monitor_image = monitor,
                                          .sandbox_image = sandbox,
                                          .boot_config = config_path,
                                          .cores = CORES,
                                          .cpu = options->cpu,
                                          .memory_bytes = (uint64_t)MEMORY_MIB << 20,
                                          .icount = options->icount,
                                          .n_nics = 1};
    result = machine_start(&machine, platform_by_kind(options->platform), &config, err);
    if (result != 0)
        return result;
    (void)provenance_add_command(&report->provenance, column->mode, machine.argv);
    result = wait_end(&machine, err);
    if (result == 0)
        result = bench_collect(&(struct guest){machine.ram, machine.ram_bytes}, mode, column, err);
    machine_end(&machine);
    return result;
}
