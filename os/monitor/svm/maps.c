/* SPDX-License-Identifier: MIT */
/* Permission maps: everything is intercepted but what stands here. APM vol. 2, 15.10 (ports) and 15.11 (MSRs). */
#include "monitor/svm/svm.h"

#include <stddef.h>

#include "lib/string.h"
#include "lib/x86.h"

#define PORT_MAP_BYTES 0x3000u
#define MSR_MAP_BYTES  0x2000u

void svm_fill_port_map(uint8_t *map)
{
    memset(map, 0xff, PORT_MAP_BYTES);
    for (unsigned port = 0x3f8; port <= 0x3ff; port++) /* the serial console */
        map[port / 8] &= (uint8_t) ~(1u << (port % 8));
}

/* MSRs whose values stay with the sandbox (carried by VMLOAD/VMSAVE or harmless): direct read, and write where said. */
static const struct {
    uint32_t msr;
    bool write;
} direct_msrs[] = {
    {MSR_SYSENTER_CS, true}, {MSR_SYSENTER_ESP, true},   {MSR_SYSENTER_EIP, true}, {MSR_STAR, true},
    {MSR_LSTAR, true},       {MSR_CSTAR, true},          {MSR_SFMASK, true},       {MSR_FS_BASE, true},
    {MSR_GS_BASE, true},     {MSR_KERNEL_GS_BASE, true}, {MSR_EFER, false},        {MSR_APIC_BASE, false},
    {MSR_PAT, false},
};

static unsigned map_bit(uint32_t msr)
{
    if (msr < 0x2000u)
        return msr * 2u;
    return 0x4000u + (msr - 0xc0000000u) * 2u; /* second vector: C0000000..C0001FFF */
}

void svm_fill_msr_map(uint8_t *map)
{
    memset(map, 0xff, MSR_MAP_BYTES);
    for (size_t i = 0; i < sizeof(direct_msrs) / sizeof(direct_msrs[0]); i++) {
        unsigned bit = map_bit(direct_msrs[i].msr);
        map[bit / 8] &= (uint8_t) ~(1u << (bit % 8));
        if (direct_msrs[i].write)
            map[(bit + 1) / 8] &= (uint8_t) ~(1u << ((bit + 1) % 8));
    }
}
