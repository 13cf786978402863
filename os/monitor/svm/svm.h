/* SPDX-License-Identifier: MIT */
/* AMD Secure Virtual Machine behind the vendor contract: parts of svm/ that see each other. */
#ifndef QV_MONITOR_SVM_SVM_H
#define QV_MONITOR_SVM_SVM_H

#include <stdint.h>

#include "monitor/nested.h"
#include "monitor/svm/vmcb.h"
#include "monitor/vendor.h"

struct guest_registers;

struct svm_core {
    struct vmcb *guest;
    void *save_area;   /* VMRUN keeps host state here, in its own format */
    struct vmcb *host; /* VMSAVE area for the monitor's own FS, GS, TR ... */
};

extern const struct vendor vendor_svm;
extern const struct nested_format svm_nested_format;

/* Permission maps, one for all cores: 12 KiB of ports and 8 KiB of MSRs, a set bit intercepts. */
void svm_fill_port_map(uint8_t *map);
void svm_fill_msr_map(uint8_t *map, bool tsc_deadline); /* with that MSR as one of the direct ones */

/* Decodes vmcb->exit_* into words that all vendors share. */
void svm_decode_exit(const struct vmcb *vmcb, const struct guest_registers *registers, struct exit_info *exit);

/* The consistency check that VMRUN makes (APM 15.5.1): NULL if the VMCB passes, else the rule that it breaks. */
const char *svm_audit(const struct vmcb *vmcb);

/* Runs the guest until an exit that is no quick call (monitor/quick.h). */
void svm_enter(uint64_t guest_vmcb, struct guest_registers *registers, uint64_t host_vmcb);
void svm_wait_nmi(void);
void svm_drain_nmi(void);

#endif
