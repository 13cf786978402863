/* SPDX-License-Identifier: MIT */
/* Port and MSR bitmaps (24.6.4, 24.6.9): everything exits but what stands here. */
#include "monitor/vmx/vmx.h"

#include <stddef.h>

#include "lib/string.h"
#include "lib/x86.h"
#include "monitor/direct.h"

#define READ_LOW   0x000u
#define READ_HIGH  0x400u
#define WRITE_LOW  0x800u
#define WRITE_HIGH 0xc00u
#define HIGH_FIRST 0xc0000000u

void vmx_fill_port_map(uint8_t *map)
{
    memset(map, 0xff, VMX_PORT_MAP_BYTES);
    for (unsigned port = DIRECT_PORT_FIRST; port <= DIRECT_PORT_LAST; port++)
        map[port / 8] &= (uint8_t) ~(1u << (port % 8));
}

static void open_msr(uint8_t *map, uint32_t bitmap, uint32_t index)
{
    map[bitmap + index / 8] &= (uint8_t) ~(1u << (index % 8));
}

static void make_direct(uint8_t *map, uint32_t msr, bool write)
{
    bool high = msr >= HIGH_FIRST;
    uint32_t index = high ? msr - HIGH_FIRST : msr;
    open_msr(map, high ? READ_HIGH : READ_LOW, index);
    if (write)
        open_msr(map, high ? WRITE_HIGH : WRITE_LOW, index);
}

void vmx_fill_msr_map(uint8_t *map, bool tsc_deadline)
{
    memset(map, 0xff, VMX_MSR_MAP_BYTES);
    for (size_t i = 0; i < n_direct_msrs; i++)
        make_direct(map, direct_msrs[i].msr, direct_msrs[i].write);
    if (tsc_deadline)
        make_direct(map, MSR_TSC_DEADLINE, true);
}
