/* SPDX-License-Identifier: MIT */
/* Port and MSR bitmaps (24.6.4, 24.6.9): everything exits but what stands here. The same sets as on the other vendor.
 */
#include "monitor/vmx/vmx.h"

#include <stddef.h>

#include "lib/string.h"
#include "lib/x86.h"

#define READ_LOW   0x000u
#define READ_HIGH  0x400u
#define WRITE_LOW  0x800u
#define WRITE_HIGH 0xc00u
#define HIGH_FIRST 0xc0000000u

void vmx_fill_port_map(uint8_t *map)
{
    memset(map, 0xff, VMX_PORT_MAP_BYTES);
    for (unsigned port = 0x3f8; port <= 0x3ff; port++) /* the serial console */
        map[port / 8] &= (uint8_t) ~(1u << (port % 8));
}

/*
 * MSRs whose values stay with the sandbox: held in the VMCS (SYSENTER, FS and GS base, EFER), or used by nobody else on
 * its core (the SYSCALL set, KERNEL_GS_BASE).
 */
static const struct {
    uint32_t msr;
    bool write;
} direct_msrs[] = {
    {MSR_SYSENTER_CS, true}, {MSR_SYSENTER_ESP, true},   {MSR_SYSENTER_EIP, true}, {MSR_STAR, true},
    {MSR_LSTAR, true},       {MSR_CSTAR, true},          {MSR_SFMASK, true},       {MSR_FS_BASE, true},
    {MSR_GS_BASE, true},     {MSR_KERNEL_GS_BASE, true}, {MSR_EFER, false},        {MSR_APIC_BASE, false},
    {MSR_PAT, false},
};

static void open_msr(uint8_t *map, uint32_t bitmap, uint32_t index)
{
    map[bitmap + index / 8] &= (uint8_t) ~(1u << (index % 8));
}

void vmx_fill_msr_map(uint8_t *map)
{
    memset(map, 0xff, VMX_MSR_MAP_BYTES);
    for (size_t i = 0; i < sizeof(direct_msrs) / sizeof(direct_msrs[0]); i++) {
        uint32_t msr = direct_msrs[i].msr;
        bool high = msr >= HIGH_FIRST;
        uint32_t index = high ? msr - HIGH_FIRST : msr;
        open_msr(map, high ? READ_HIGH : READ_LOW, index);
        if (direct_msrs[i].write)
            open_msr(map, high ? WRITE_HIGH : WRITE_LOW, index);
    }
}
