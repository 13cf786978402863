/* SPDX-License-Identifier: MIT */
/* Which VMX controls are used, computed from what the processor allows: appendix A.3 to A.5, algorithm of 31.5.1. */
#include "monitor/vmx/vmx.h"

#include <stddef.h>

#define FEATURE_LOCKED     (1ull << 0)
#define FEATURE_VMX        (1ull << 2) /* outside SMX operation */
#define BASIC_SIZE_SHIFT   32
#define BASIC_SIZE_MASK    0x1fffull
#define BASIC_MEMORY_SHIFT 50
#define BASIC_MEMORY_MASK  0xfull
#define BASIC_WRITE_BACK   6ull
#define STRUCTURE_BYTES    4096ull

struct control {
    uint32_t bit;
    bool needed; /* false: used where there is one */
    const char *name;
};

/* External interrupts, HLT, CR3, CR8, RDTSC and debug registers do not exit: see the must-be-0 list below. */
static const struct control pin_controls[] = {{PIN_NMI, true, "NMI exiting"}};
static const struct control proc_controls[] = {
    {PROC_IO_BITMAPS, true, "use I/O bitmaps"},
    {PROC_MSR_BITMAPS, true, "use MSR bitmaps"},
    {PROC_SECONDARY, true, "activate secondary controls"},
    {PROC_MWAIT, true, "MWAIT exiting"},
    {PROC_MONITOR, true, "MONITOR exiting"},
};
static const struct control proc2_controls[] = {
    {PROC2_EPT, true, "enable EPT"},
    {PROC2_WBINVD, true, "WBINVD exiting"},
    {PROC2_RDTSCP, false, "enable RDTSCP"},
    {PROC2_VPID, false, "enable VPID"},
};
static const struct control exit_controls[] = {
    {EXIT_SAVE_DEBUG, true, "save debug controls"},
    {EXIT_HOST_64, true, "host address-space size"},
    {EXIT_SAVE_EFER, true, "save IA32_EFER"},
    {EXIT_LOAD_EFER, true, "load IA32_EFER on exit"},
};
static const struct control entry_controls[] = {
    {ENTRY_LOAD_DEBUG, true, "load debug controls"},
    {ENTRY_IA32E, true, "IA-32e mode guest"},
    {ENTRY_LOAD_EFER, true, "load IA32_EFER on entry"},
};
/* Would make interrupts or ordinary work exit. Default 1 for CR3 unless the TRUE capability MSRs exist. */
static const struct control pin_never[] = {
    {PIN_EXTERNAL_INTERRUPT, true, "external-interrupt exiting, which cannot be left off"},
};
static const struct control proc_never[] = {
    {PROC_TSC_OFFSET, true, "TSC offsetting, which cannot be left off"}, /* the sandbox's deadlines are of the TSC */
    {PROC_HLT, true, "HLT exiting, which cannot be left off"},
    {PROC_RDTSC, true, "RDTSC exiting, which cannot be left off"},
    {PROC_CR3_LOAD, true, "CR3-load exiting, which cannot be left off"},
    {PROC_CR3_STORE, true, "CR3-store exiting, which cannot be left off"},
    {PROC_CR8_LOAD, true, "CR8-load exiting, which cannot be left off"},
    {PROC_CR8_STORE, true, "CR8-store exiting, which cannot be left off"},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* The low half of a capability holds the bits that must be 1, the high half those that may be. */
static const char *choose(uint64_t capability, const struct control *want, size_t n, uint32_t *out)
{
    uint32_t must = (uint32_t)capability;
    uint32_t may = (uint32_t)(capability >> 32);
    uint32_t value = 0;
    for (size_t i = 0; i < n; i++) {
        if (want[i].needed && !(may & want[i].bit))
            return want[i].name;
        value |= want[i].bit;
    }
    *out = (value | must) & may;
    return NULL;
}

static const char *left_off(uint32_t value, const struct control *never, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (value & never[i].bit)
            return never[i].name;
    return NULL;
}

const char *vmx_choose_controls(const struct vmx_capabilities *c, struct vmx_controls *out)
{
    const char *missing = choose(c->pin, pin_controls, COUNT(pin_controls), &out->pin);
    if (!missing)
        missing = left_off(out->pin, pin_never, COUNT(pin_never));
    if (!missing)
        missing = choose(c->proc, proc_controls, COUNT(proc_controls), &out->proc);
    if (!missing)
        missing = left_off(out->proc, proc_never, COUNT(proc_never));
    if (!missing)
        missing = choose(c->proc2, proc2_controls, COUNT(proc2_controls), &out->proc2);
    if (!missing)
        missing = choose(c->exit, exit_controls, COUNT(exit_controls), &out->exit);
    if (!missing)
        missing = choose(c->entry, entry_controls, COUNT(entry_controls), &out->entry);
    out->timer = ((c->pin >> 32) & PIN_PREEMPTION_TIMER) && ((c->exit >> 32) & EXIT_SAVE_TIMER);
    return missing;
}

const char *vmx_unusable(const struct vmx_capabilities *c)
{
    const uint64_t needed = VMX_EPT_WALK_4 | VMX_EPT_WRITE_BACK | VMX_EPT_2MIB | VMX_INVEPT;
    struct vmx_controls controls;
    if ((c->feature_control & FEATURE_LOCKED) && !(c->feature_control & FEATURE_VMX))
        return "VMX is locked by firmware (IA32_FEATURE_CONTROL: locked, VMX outside SMX off)";
    if (!((c->proc >> 32) & PROC_SECONDARY) || !((c->proc2 >> 32) & PROC2_EPT))
        return "VMX without extended page tables (IA32_VMX_PROCBASED_CTLS2: enable EPT)";
    if ((c->ept_vpid & needed) != needed || !(c->ept_vpid & (VMX_INVEPT_SINGLE | VMX_INVEPT_ALL)))
        return "extended page tables without 4 levels, write-back, 2 MiB pages or INVEPT (IA32_VMX_EPT_VPID_CAP)";
    if (((c->basic >> BASIC_SIZE_SHIFT) & BASIC_SIZE_MASK) > STRUCTURE_BYTES ||
        ((c->basic >> BASIC_MEMORY_SHIFT) & BASIC_MEMORY_MASK) != BASIC_WRITE_BACK)
        return "VMX structures larger than a page or not of write-back memory (IA32_VMX_BASIC)";
    return vmx_choose_controls(c, &controls);
}

uint64_t vmx_fix(uint64_t value, uint64_t fixed0, uint64_t fixed1)
{
    return (value | fixed0) & fixed1;
}
