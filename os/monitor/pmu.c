/* SPDX-License-Identifier: MIT */
#include "monitor/pmu.h"

#include "lib/pmu_unit.h"
#include "lib/x86.h"
#include "monitor/core.h"

extern const char pmu_write_attempt[];
extern const char pmu_write_refused[];

static void ask_cpuid(void *context, uint32_t leaf, uint32_t subleaf, struct pmu_leaf *out)
{
    struct cpuid_result r = cpuid(leaf, subleaf);
    (void)context;
    *out = (struct pmu_leaf){r.eax, r.ebx, r.ecx, r.edx};
}

/* Once in the image, for its labels: some emulators promise registers in CPUID that they do not have. */
static __attribute__((noinline, noclone)) bool attempt(uint32_t msr, uint64_t value)
{
    uint32_t done = (uint32_t)value;
    __asm__ volatile(".globl pmu_write_attempt, pmu_write_refused\n"
                     "pmu_write_attempt:\n\t"
                     "wrmsr\n\t"
                     "movl $1, %%eax\n\t"
                     "jmp 1f\n"
                     "pmu_write_refused:\n\t"
                     "xorl %%eax, %%eax\n"
                     "1:"
                     : "+a"(done)
                     : "c"(msr), "d"((uint32_t)(value >> 32))
                     : "memory");
    return done != 0;
}

uint64_t pmu_write_failed(uint64_t rip)
{
    return rip == (uint64_t)pmu_write_attempt ? (uint64_t)pmu_write_refused : 0;
}

bool pmu_write(uint32_t msr, uint64_t value)
{
    const struct pmu_access access = {.cpuid = ask_cpuid};
    struct pmu_unit unit;

    if (machine.cfg->cost.n_events == 0 && (machine.cfg->cost.flags & QV_COST_WINDOW) == 0)
        return false;
    pmu_unit_detect(&unit, &access);
    return pmu_write_allowed(&unit, msr, value) && attempt(msr, value);
}
