/* SPDX-License-Identifier: MIT */
/* What the host's KVM gives its guests, by asking it (Linux, Documentation/virt/kvm/api.rst). */
#ifndef QV_PLATFORM_KVM_H
#define QV_PLATFORM_KVM_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/error.h"

/* Of a guest, as KVM says that it can be. */
struct kvm_offer {
    bool svm, npt; /* CPUID 80000001h ECX bit 2; 8000000Ah EDX bit 0 */
    bool vmx;      /* CPUID 1 ECX bit 5 */
    bool ept;      /* IA32_VMX_PROCBASED_CTLS2 may set "enable EPT" */
};

/* Asks the KVM behind `device`. 0, or a negative error that says what it did not do. */
int kvm_ask(const char *device, struct kvm_offer *offer, struct qv_error *err);

/* Does the offer carry our monitors? 0, or -ENOTSUP with the reason. `device` is for the message. Pure. */
int kvm_judge(const char *device, const struct kvm_offer *offer, struct qv_error *err);

#endif
