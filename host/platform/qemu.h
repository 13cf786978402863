/* SPDX-License-Identifier: MIT */
/* The parts of platform qemu that platform kvm shares: the emulator is the same, its accelerator is not. */
#ifndef QV_PLATFORM_QEMU_H
#define QV_PLATFORM_QEMU_H

#include "platform/platform.h"

/* struct platform's start and end. On a machine whose platform is platform_kvm the guest runs on the host's processor.
 */
int qemu_start(struct machine *machine, const struct machine_config *config, struct qv_error *err);
void qemu_end(struct machine *machine);

#endif
