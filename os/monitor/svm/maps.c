/* SPDX-License-Identifier: MIT */
/* Permission maps: everything is intercepted but what stands here. APM vol. 2, 15.10 (ports) and 15.11 (MSRs). */
#include "monitor/svm/svm.h"

#include <stddef.h>

#include "lib/string.h"
#include "lib/x86.h"
#include "monitor/direct.h"

#define PORT_MAP_BYTES 0x3000u
#define MSR_MAP_BYTES  0x2000u

void svm_fill_port_map(uint8_t *map)
{
    memset(map, 0xff, PORT_MAP_BYTES);
    for (unsigned port = DIRECT_PORT_FIRST; port <= DIRECT_PORT_LAST; port++)
        map[port / 8] &= (uint8_t) ~(1u << (port % 8));
}

static unsigned map_bit(uint32_t msr)
{
    if (msr < 0x2000u)
        return msr * 2u;
    return 0x4000u + (msr - 0xc0000000u) * 2u; /* second vector: C0000000..C0001FFF */
}

static void make_direct(uint8_t *map, uint32_t msr, bool write)
{
    unsigned bit = map_bit(msr);
    map[bit / 8] &= (uint8_t) ~(1u << (bit % 8));
    if (write)
        map[(bit + 1) / 8] &= (uint8_t) ~(1u << ((bit + 1) % 8));
}

void svm_fill_msr_map(uint8_t *map, bool tsc_deadline)
{
    memset(map, 0xff, MSR_MAP_BYTES);
    for (size_t i = 0; i < n_direct_msrs; i++)
        make_direct(map, direct_msrs[i].msr, direct_msrs[i].write);
    if (tsc_deadline)
        make_direct(map, MSR_TSC_DEADLINE, true);
}
