/* SPDX-License-Identifier: MIT */
/* The machine of a boot test: its configuration, its emulator, its console, and what the host does to its memory. */
#ifndef QV_BOOT_MACHINE_H
#define QV_BOOT_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qv/bootcfg.h"

struct boot_machine {
    const char *monitor_image, *sandbox_image, *test, *cpu;
    const char *spoil; /* NULL, or what to spoil in the configuration */
    unsigned sandboxes, processors, memory_mib;
    bool pc, bochs, native, guarded, nic, faults;
    bool kvm;              /* QEMU on the host's KVM instead of its own emulation: needs nested virtualization */
    bool dump;             /* bochs: results by port E9h as well, compared with the memory */
    const char *nic_model; /* where there is a NIC: QEMU's name of it */
    uint32_t policy;       /* enum qv_policy */
    uint32_t timer_flag;   /* enum qv_cfg_flags: which source, 0 = where it works */
    uint64_t duration_us;
    uint32_t hang_timeout_us;
    uint32_t recover_limit_us; /* 0 = none */
    unsigned time_limit_s;
    bool (*on_line)(const char *line); /* false: end the machine now */
    uint8_t *ram;                      /* while it runs */
    size_t ram_bytes;
};

enum {
    BOOT_MACHINE_BROKEN = -1,
    BOOT_MACHINE_TIMEOUT = -2,
    BOOT_MACHINE_ENDED = -3,
    BOOT_MACHINE_ABSENT = -4, /* the emulator is not installed */
    BOOT_MACHINE_LOST = 128,  /* the emulator ended without the guest having said so */
};
#define BOOT_LINE_BYTES 1024

/* Runs it to its end: the status that the guest gave, or one of the above (ENDED: as on_line() wanted). */
int boot_machine_run(struct boot_machine *machine);

/* From on_line(): tells the guest that the run is over. */
void boot_machine_stop(struct boot_machine *machine);
/* From on_line(): makes the pristine sandbox image one that no partition holds, then lets the guest go on. */
bool boot_machine_damage_image(struct boot_machine *machine);

/* Splits what came from the console into lines for on_line(), keeping the rest. False: on_line() has heard enough. */
bool boot_machine_feed(const struct boot_machine *machine, char line[BOOT_LINE_BYTES], size_t *length, const char *data,
                       size_t size);

/* boot_config.c */
bool boot_config_can_spoil(const char *what);
/* Bytes of the configuration, 0 where none is to be given. */
size_t boot_config_make(const struct boot_machine *machine, struct qv_bootcfg *cfg);

#endif
