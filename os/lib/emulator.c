/* SPDX-License-Identifier: MIT */
#include "lib/emulator.h"

#include "lib/print.h"
#include "lib/x86.h"

#define EXIT_PORT     0xf4u   /* isa-debug-exit of QEMU */
#define SHUTDOWN_PORT 0x8900u /* of Bochs: ends it once the word has been written to it */

void emulator_leave(uint32_t status)
{
    static const char word[] = "Shutdown";
    serial_drain(); /* what was printed last is still in the UART */
    outb(EXIT_PORT, (uint8_t)status);
    for (unsigned i = 0; word[i] != '\0'; i++)
        outb(SHUTDOWN_PORT, (uint8_t)word[i]);
}
