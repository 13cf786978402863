/* SPDX-License-Identifier: MIT */
#include "monitor/svm/svm.h"

#include "monitor/core.h"

/* By exit code; what is not named is QV_EXIT_OTHER, of unknown length. */
static const struct {
    uint8_t cause;
    uint8_t length; /* without next-RIP save or decode assists the length is the encoding's own (APM vol. 3) */
} plain_exits[] = {
    [SVM_EXIT_VMMCALL] = {QV_EXIT_CALL, 3},
    [SVM_EXIT_NMI] = {QV_EXIT_NMI, 0},
    [SVM_EXIT_SHUTDOWN] = {QV_EXIT_SHUTDOWN, 0},
    [SVM_EXIT_MSR] = {QV_EXIT_MSR, 2},
    [SVM_EXIT_VMRUN] = {QV_EXIT_VIRT_INSN, 3},
    [SVM_EXIT_VMLOAD] = {QV_EXIT_VIRT_INSN, 3},
    [SVM_EXIT_VMSAVE] = {QV_EXIT_VIRT_INSN, 3},
    [SVM_EXIT_STGI] = {QV_EXIT_VIRT_INSN, 3},
    [SVM_EXIT_CLGI] = {QV_EXIT_VIRT_INSN, 3},
    [SVM_EXIT_SKINIT] = {QV_EXIT_VIRT_INSN, 3},
    [SVM_EXIT_INVLPGA] = {QV_EXIT_VIRT_INSN, 3},
    [SVM_EXIT_CPUID] = {QV_EXIT_CPUID, 2},
    [SVM_EXIT_CR0_SEL] = {QV_EXIT_CONTROL_REGISTER, 3},
    [SVM_EXIT_WBINVD] = {QV_EXIT_CACHE, 2},
    [SVM_EXIT_INVD] = {QV_EXIT_CACHE, 2},
    [SVM_EXIT_INIT] = {QV_EXIT_INIT, 0},
    [SVM_EXIT_HLT] = {QV_EXIT_HLT, 1},
    [SVM_EXIT_INTR] = {QV_EXIT_INTERRUPT, 0},
    [SVM_EXIT_XSETBV] = {QV_EXIT_CONTROL_REGISTER, 3},
    [SVM_EXIT_MONITOR] = {QV_EXIT_OTHER, 3},
    [SVM_EXIT_MWAIT] = {QV_EXIT_OTHER, 3},
    [SVM_EXIT_TASK] = {QV_EXIT_OTHER, 0},
    [SVM_EXIT_RSM] = {QV_EXIT_OTHER, 2},
};

static void decode_port(struct exit_info *exit, const struct vmcb *vmcb)
{
    exit->cause = QV_EXIT_PORT;
    exit->port = (uint16_t)(exit->info1 >> 16);
    exit->port_in = (exit->info1 & 1u) != 0;
    exit->port_string = (exit->info1 & 4u) != 0;
    exit->port_size = (uint8_t)((exit->info1 >> 4) & 7u);
    exit->length = (uint8_t)(exit->info2 - vmcb->rip); /* EXITINFO2 is the next RIP */
}

static void decode_nested_page(struct exit_info *exit)
{
    exit->cause = QV_EXIT_NESTED_PAGE;
    exit->gpa = exit->info2;
    exit->present = (exit->info1 & 1u) != 0;
    exit->write = (exit->info1 & 2u) != 0;
    exit->execute = (exit->info1 & 0x10u) != 0;
    exit->table_walk = (exit->info1 & (1ull << 33)) != 0;
}

void svm_decode_exit(const struct vmcb *vmcb, const struct guest_registers *registers, struct exit_info *exit)
{
    uint64_t code = vmcb->exit_code;
    (void)registers;
    exit->vendor_code = (uint32_t)code;
    exit->info1 = vmcb->exit_info1;
    exit->info2 = vmcb->exit_info2;
    exit->cause = code > 0xffffu ? QV_EXIT_INVALID : QV_EXIT_OTHER; /* -1: VMEXIT_INVALID */
    exit->length = 0;
    if (code == SVM_EXIT_NPF) {
        decode_nested_page(exit);
        return;
    }
    if (code == SVM_EXIT_IOIO) {
        decode_port(exit, vmcb);
        return;
    }
    if (code >= SVM_EXIT_EXCP && code < SVM_EXIT_EXCP + 32u) {
        exit->cause = QV_EXIT_EXCEPTION;
        exit->vector = (uint8_t)(code - SVM_EXIT_EXCP);
        return;
    }
    if (code < sizeof(plain_exits) / sizeof(plain_exits[0])) {
        exit->cause = plain_exits[code].cause;
        exit->length = plain_exits[code].length;
        exit->user = code == SVM_EXIT_VMMCALL && vmcb->cpl != 0;
        exit->msr_write = code == SVM_EXIT_MSR && exit->info1 != 0;
    }
}
