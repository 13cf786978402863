/* SPDX-License-Identifier: MIT */
/* Monitor calls. Which instruction: asked of CPUID once, so that one image serves both makers' monitors. */
#include "sandbox/internal.h"

#define CPUID_SVM              (1u << 2)
#define CPUID_VENDOR_AMD_EBX   0x68747541u /* "Auth" */
#define CPUID_VENDOR_HYGON_EBX 0x6f677948u /* "Hygo" */

bool monitor_call_is_vmmcall(void)
{
    static int known; /* 0 not asked, 1 VMCALL, 2 VMMCALL */
    if (known == 0) {
        uint32_t ebx = cpuid(0, 0).ebx;
        known = ebx == CPUID_VENDOR_AMD_EBX || ebx == CPUID_VENDOR_HYGON_EBX ? 2 : 1;
    }
    return known == 2;
}

struct call_result monitor_call3(enum qv_call call, uint64_t a, uint64_t b, uint64_t c)
{
    struct call_result result = {(int64_t)call, c};
    if (handoff->mode == QV_MODE_NATIVE)
        return (struct call_result){-ENOSYS, 0};
    if (monitor_call_is_vmmcall())
        __asm__ volatile("vmmcall" : "+a"(result.rax), "+d"(result.rdx) : "D"(a), "S"(b) : "memory");
    else
        __asm__ volatile("vmcall" : "+a"(result.rax), "+d"(result.rdx) : "D"(a), "S"(b) : "memory");
    return result;
}
