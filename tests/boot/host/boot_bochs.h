/* SPDX-License-Identifier: MIT */
/* The machine of a boot test under Bochs (the Intel path), by the platform of the host program. */
#ifndef QV_BOOT_BOCHS_H
#define QV_BOOT_BOCHS_H

#include "boot_machine.h"

/* As boot_machine_run(); machine->cpu is one of Bochs' models. BOOT_MACHINE_ABSENT: Bochs is not installed. */
int boot_bochs_run(struct boot_machine *machine);

#endif
