/* SPDX-License-Identifier: MIT */
/* The checks of VMRUN in software, so that a refused entry has a name: APM vol. 2, 15.5.1 "Canonicalization and
 * consistency checks". */
#include "monitor/svm/svm.h"

#include "lib/x86.h"

#define EFER_RESERVED (~0xffffull & ~0ull)
#define CS_LONG       (1u << 9)
#define CS_DEFAULT    (1u << 10)

const char *svm_audit(const struct vmcb *v)
{
    if (!(v->efer & EFER_SVME))
        return "EFER.SVME is zero";
    if (!(v->cr0 & CR0_CD) && (v->cr0 & CR0_NW))
        return "CR0.CD is zero and CR0.NW is set";
    if (v->cr0 >> 32)
        return "CR0[63:32] are not zero";
    if ((v->dr6 >> 32) || (v->dr7 >> 32))
        return "DR6[63:32] or DR7[63:32] are not zero";
    if (v->efer & EFER_RESERVED)
        return "EFER has reserved bits set";
    if ((v->efer & EFER_LME) && (v->cr0 & CR0_PG) && !(v->cr4 & CR4_PAE))
        return "EFER.LME and CR0.PG are set and CR4.PAE is zero";
    if ((v->efer & EFER_LME) && (v->cr0 & CR0_PG) && !(v->cr0 & CR0_PE))
        return "EFER.LME and CR0.PG are set and CR0.PE is zero";
    if ((v->efer & EFER_LME) && (v->cr0 & CR0_PG) && (v->cs.attributes & CS_LONG) && (v->cs.attributes & CS_DEFAULT))
        return "long mode with CS.L and CS.D both set";
    if (!(v->intercept_misc2 & INTERCEPT_VMRUN))
        return "the VMRUN intercept is clear";
    if (v->asid == 0)
        return "ASID is zero";
    if ((v->iopm_base | v->msrpm_base) & 0xfffu)
        return "a permission map is not page aligned";
    if (v->nested_enable && (v->nested_cr3 & 0xfffu))
        return "nested CR3 is not page aligned";
    return (const char *)0;
}
