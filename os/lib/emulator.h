/* SPDX-License-Identifier: MIT */
#ifndef QV_LIB_EMULATOR_H
#define QV_LIB_EMULATOR_H

#include <stdint.h>

/* Ends the emulator that this runs in, with this status where it can have one; returns on a machine that is none. */
void emulator_leave(uint32_t status);

#endif
