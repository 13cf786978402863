/* SPDX-License-Identifier: MIT */
/*
 * INIT makes a processor wait for a SIPI, except the boot processor, which begins at the reset vector, in the firmware
 * (Intel SDM vol. 3, 8.4.2; AMD APM vol. 2, 14.1.3). A sandbox whose local APIC is passed through can send one. PC
 * firmware reads the shutdown status byte of the CMOS first: by the value below it jumps where the warm-reset vector
 * points, without initialising anything (MultiProcessor Specification 1.4, B.4), and clears the byte. So the boot
 * processor comes back as the others do, through the start-up trampoline.
 */
#include "boot/boot.h"
#include "lib/x86.h"

#define CMOS_INDEX       0x70u
#define CMOS_DATA        0x71u
#define CMOS_NMI_ENABLED 0x00u /* bit 7 of the index would mask NMIs */
#define SHUTDOWN_STATUS  0x0fu
#define JUMP_TO_VECTOR   0x0au
#define WARM_VECTOR      0x467u /* offset, then segment */

void warm_reset_point(uint32_t trampoline)
{
    /* Offset 0 in the trampoline's segment. In assembler: to the compiler the first page holds nothing. */
    __asm__ volatile("movl %0, %c1" ::"r"((trampoline >> 4) << 16), "i"(WARM_VECTOR) : "memory");
}

void warm_reset_arm(void)
{
    outb(CMOS_INDEX, CMOS_NMI_ENABLED | SHUTDOWN_STATUS);
    outb(CMOS_DATA, JUMP_TO_VECTOR);
}
