/* SPDX-License-Identifier: MIT */
#include "monitor/direct.h"

#include "lib/x86.h"

const struct direct_msr direct_msrs[] = {
    {MSR_SYSENTER_CS, true}, {MSR_SYSENTER_ESP, true},   {MSR_SYSENTER_EIP, true}, {MSR_STAR, true},
    {MSR_LSTAR, true},       {MSR_CSTAR, true},          {MSR_SFMASK, true},       {MSR_FS_BASE, true},
    {MSR_GS_BASE, true},     {MSR_KERNEL_GS_BASE, true}, {MSR_EFER, false},        {MSR_APIC_BASE, false},
    {MSR_PAT, false},
};
const size_t n_direct_msrs = sizeof(direct_msrs) / sizeof(direct_msrs[0]);
