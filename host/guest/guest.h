/* SPDX-License-Identifier: MIT */
/*
 * The running OS seen through its memory (include/qv/directory.h). Everything read here may change at any time and may,
 * after a fault, hold anything: indices and addresses are checked before they are used.
 */
#ifndef QV_GUEST_GUEST_H
#define QV_GUEST_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/error.h"
#include "qv/directory.h"
#include "qv/vcpu.h"

struct guest {
    uint8_t *ram; /* borrowed: the machine's */
    size_t bytes;
};

/* The directory, once its magic is there; NULL before. Refuses (err) a version or size that it does not know. */
const volatile struct qv_directory *guest_directory(const struct guest *guest, struct qv_error *err);

/* enum qv_machine_state, 0 while there is no directory. */
uint32_t guest_state(const struct guest *guest);

/* NULL if i is no sandbox. */
const volatile struct qv_sandbox_status *guest_status(const struct guest *guest, uint32_t i);

/* `size` bytes at a guest-physical address, NULL if they are not all inside. */
uint8_t *guest_memory(const struct guest *guest, uint64_t phys, uint64_t size);

/* Tells the OS that the load runs, or that the run is over. */
void guest_set_load_running(const struct guest *guest, bool running);
void guest_stop(const struct guest *guest);

/* What sandbox i says about its VCPUs: false if it has published nothing, or writes all the time. */
bool guest_copy_vcpus(const struct guest *guest, uint32_t i, struct qv_vcpu_area *out);

/* Copies for the time after the machine is gone. A torn read is possible where the OS still runs. */
void guest_copy_directory(const struct guest *guest, struct qv_directory *out);
void guest_copy_status(const struct guest *guest, uint32_t i, struct qv_sandbox_status *out);

#endif
