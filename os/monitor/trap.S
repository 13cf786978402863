/* SPDX-License-Identifier: MIT */
/* Exceptions and interrupts taken by the monitor itself (boot, parking). */
#include "lib/trap_stubs.inc"

        trap_stubs monitor_vectors, monitor_trap
        .section .note.GNU-stack, "", @progbits
