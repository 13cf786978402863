/* SPDX-License-Identifier: MIT */
/* Exit reasons and qualifications: 27.2.1, appendix C. */
#include "monitor/vmx/vmx.h"

static const struct {
    uint8_t reason;
    uint8_t cause;
} plain_exits[] = {
    {VMX_REASON_INTERRUPT, QV_EXIT_INTERRUPT},
    {VMX_REASON_TRIPLE_FAULT, QV_EXIT_SHUTDOWN},
    {VMX_REASON_INIT, QV_EXIT_INIT},
    {VMX_REASON_CPUID, QV_EXIT_CPUID},
    {VMX_REASON_GETSEC, QV_EXIT_VIRT_INSN},
    {VMX_REASON_HLT, QV_EXIT_HLT},
    {VMX_REASON_INVD, QV_EXIT_CACHE},
    {VMX_REASON_VMCALL, QV_EXIT_CALL},
    {VMX_REASON_CR, QV_EXIT_CONTROL_REGISTER},
    {VMX_REASON_RDMSR, QV_EXIT_MSR},
    {VMX_REASON_WRMSR, QV_EXIT_MSR},
    {VMX_REASON_EPT_MISCONFIG, QV_EXIT_INVALID}, /* a table of the monitor's own making is wrong */
    {VMX_REASON_INVEPT, QV_EXIT_VIRT_INSN},
    {VMX_REASON_PREEMPTION, QV_EXIT_TIMER},
    {VMX_REASON_INVVPID, QV_EXIT_VIRT_INSN},
    {VMX_REASON_WBINVD, QV_EXIT_CACHE},
    {VMX_REASON_XSETBV, QV_EXIT_CONTROL_REGISTER},
    {VMX_REASON_VMFUNC, QV_EXIT_VIRT_INSN},
};

static void decode_event(const struct vmx_exit *raw, struct exit_info *exit)
{
    bool nmi = (raw->interruption & (EVENT_VALID | EVENT_TYPE)) == (EVENT_VALID | EVENT_NMI);
    exit->cause = nmi ? QV_EXIT_NMI : QV_EXIT_EXCEPTION;
    exit->vector = (uint8_t)raw->interruption;
    exit->length = 0;
}

static void decode_port(const struct vmx_exit *raw, struct exit_info *exit)
{
    uint64_t q = raw->qualification; /* table 27-5 */
    exit->cause = QV_EXIT_PORT;
    exit->port = (uint16_t)(q >> 16);
    exit->port_size = (uint8_t)((q & 7u) + 1u);
    exit->port_in = (q & 8u) != 0;
    exit->port_string = (q & 0x10u) != 0;
}

static void decode_nested_page(const struct vmx_exit *raw, struct exit_info *exit)
{
    uint64_t q = raw->qualification; /* table 27-7; processors differ in the bits above 8 */
    exit->cause = QV_EXIT_NESTED_PAGE;
    exit->length = 0;
    exit->gpa = raw->gpa;
    exit->write = (q & 2u) != 0;
    exit->execute = (q & 4u) != 0;
    exit->present = (q & 0x38u) != 0;
    exit->table_walk = (q & 0x180u) == 0x80u;
    exit->info2 = raw->gpa;
}

static enum qv_exit_cause plain_cause(uint32_t reason)
{
    if (reason >= VMX_REASON_VMCLEAR && reason <= VMX_REASON_VMXON)
        return QV_EXIT_VIRT_INSN; /* VMCLEAR, VMLAUNCH, VMPTRLD, VMPTRST, VMREAD, VMRESUME, VMWRITE, VMXOFF, VMXON */
    for (unsigned i = 0; i < sizeof(plain_exits) / sizeof(plain_exits[0]); i++)
        if (plain_exits[i].reason == reason)
            return (enum qv_exit_cause)plain_exits[i].cause;
    return QV_EXIT_OTHER;
}

void vmx_decode_exit(const struct vmx_exit *raw, struct exit_info *exit)
{
    uint32_t reason = raw->reason & 0xffffu;
    exit->vendor_code = raw->reason;
    exit->info1 = raw->qualification;
    exit->info2 = raw->interruption;
    exit->length = (uint8_t)raw->length;
    if (raw->reason & VMX_REASON_ENTRY_FAILED) {
        exit->cause = QV_EXIT_INVALID;
    } else if (reason == VMX_REASON_VMCALL) {
        exit->cause = QV_EXIT_CALL; /* first: its path length is measured */
        exit->user = raw->user;
    } else if (reason == VMX_REASON_EVENT) {
        decode_event(raw, exit);
    } else if (reason == VMX_REASON_IO) {
        decode_port(raw, exit);
    } else if (reason == VMX_REASON_EPT_VIOLATION) {
        decode_nested_page(raw, exit);
    } else {
        exit->cause = plain_cause(reason);
        exit->msr_write = reason == VMX_REASON_WRMSR;
    }
}
