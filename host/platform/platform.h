/* SPDX-License-Identifier: MIT */
/*
 * Platforms: what runs the OS. A platform is a table of functions; a machine is one run of it. Whoever started a
 * machine must end it with machine_end(): nothing of it is left then, no process, no file but the logs in its folder.
 */
#ifndef QV_PLATFORM_PLATFORM_H
#define QV_PLATFORM_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "analysis/error.h"
#include "analysis/result.h"
#include "qv/bootcfg.h"

/* A way from the host's loopback to a sandbox's web server. */
struct machine_forward {
    uint32_t nic;
    uint32_t guest_ip; /* host order */
    uint16_t guest_port;
    uint16_t host_port; /* asked for; 0 = any free one, filled in by machine_start() */
};

/* What a machine is made of. All pointers are borrowed and must stay valid until machine_start() returns. */
struct machine_config {
    const char *folder;        /* exists; console.log and emulator.log go there */
    const char *monitor_image; /* multiboot kernel */
    const char *sandbox_image; /* first module */
    const char *boot_config;   /* second module */
    const char *pmu_model;     /* name in bench/plugin/models/ of the processor to model, NULL = none; QEMU only */
    const char *cpu;           /* model of the processor, NULL = the platform's own choice; QEMU has but one */
    uint32_t cores;
    uint64_t memory_bytes;
    bool iommu;
    bool icount;       /* deterministic clock: one tick per instruction */
    bool host_network; /* false: the NICs are on one hub of their own, the host stays out */
    uint32_t n_nics;
    bool nic_82574l; /* the NICs are 82574L instead of 82540EM */
    uint32_t n_forwards;
    struct machine_forward forward[QV_MAX_SANDBOXES];
};

struct machine;

struct platform {
    const char *name;                                 /* as in scenarios: platform.kind */
    const char *label;                                /* as in results: says what a tick means */
    const char *program;                              /* whose --version names the platform */
    void (*version)(char *text, size_t size);         /* NULL: what `program --version` says */
    void (*tick)(struct run_tick *tick, bool icount); /* NULL: the host's TSC, or the instruction clock */
    int (*start)(struct machine *machine, const struct machine_config *config, struct qv_error *err);
    void (*end)(struct machine *machine);
    bool own_clock; /* a second in there is not one of the host: a run goes by the guest's clock */
};

struct machine {
    const struct platform *platform;
    pid_t pid;     /* of the emulator, its own process group; 0 = ended */
    int exit_code; /* once ended: exit status, 128 + signal, or -1 if qv ended it */
    uint8_t *ram;  /* the guest's physical memory, shared with the running machine */
    size_t ram_bytes;
    uint64_t start_ns; /* CLOCK_MONOTONIC just before the emulator's process began */
    char **argv;       /* the emulator's command line, NULL-terminated */
    uint32_t n_forwards;
    struct machine_forward forward[QV_MAX_SANDBOXES];
    int control;      /* control connection, -1 = none */
    char scratch[64]; /* folder of short-lived files, "" = none */
};

/* NULL for a kind that does not exist (enum scenario_platform_kind). */
const struct platform *platform_by_kind(uint32_t kind);

/* What one tick of this platform's guest clock is. */
void platform_tick(const struct platform *platform, bool icount, struct run_tick *tick);

/* Starts a machine. 0, or a negative error with the reason; then nothing was left behind. */
int machine_start(struct machine *machine, const struct platform *platform, const struct machine_config *config,
                  struct qv_error *err);

/* True while the emulator's process lives; when it has ended, exit_code says how. */
bool machine_alive(struct machine *machine);

/* Ends the machine: asks it to quit, then by force; waits for it; frees everything. May be called again. */
void machine_end(struct machine *machine);

extern const struct platform platform_qemu;
extern const struct platform platform_bochs;
extern const struct platform platform_kvm;

#endif
