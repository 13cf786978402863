/* SPDX-License-Identifier: MIT */
/*
 * QEMU on KVM: the monitors run as guests of the host's KVM and the sandboxes as guests of theirs, so KVM must offer
 * nested virtualization. Whether it does is asked, not guessed: many hosts have a /dev/kvm and offer none.
 */
#include "platform/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "platform/platform.h"
#include "platform/qemu.h"

#define DEVICE         "/dev/kvm"
#define API_VERSION    12
#define MAX_ENTRIES    512u
#define CPUID_VMX      (1u << 5) /* leaf 1, ECX */
#define CPUID_SVM      (1u << 2) /* leaf 80000001h, ECX */
#define CPUID_NPT      (1u << 0) /* leaf 8000000Ah, EDX */
#define MSR_PROCBASED2 0x48bu    /* IA32_VMX_PROCBASED_CTLS2; its upper half: what may be set */
#define ENABLE_EPT     (1ull << (32 + 1))

/* A host may offer VMX and keep extended page tables to itself (kvm_intel.ept=0). */
static bool offers_ept(int kvm)
{
    union {
        struct kvm_msrs list;
        uint8_t room[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
    } one = {.list = {.nmsrs = 1}};
    struct kvm_msr_entry *entry = (struct kvm_msr_entry *)(void *)(one.room + sizeof(struct kvm_msrs));
    entry->index = MSR_PROCBASED2;
    return ioctl(kvm, KVM_GET_MSRS, &one) == 1 && (entry->data & ENABLE_EPT) != 0;
}

static int ask_cpuid(int kvm, struct kvm_offer *offer)
{
    struct kvm_cpuid2 *all = calloc(1, sizeof(*all) + MAX_ENTRIES * sizeof(all->entries[0]));
    if (all == NULL)
        return -ENOMEM;
    all->nent = MAX_ENTRIES;
    int result = ioctl(kvm, KVM_GET_SUPPORTED_CPUID, all) == 0 ? 0 : -errno;
    for (uint32_t i = 0; result == 0 && i < all->nent; i++) {
        const struct kvm_cpuid_entry2 *e = &all->entries[i];
        offer->vmx = offer->vmx || (e->function == 1 && (e->ecx & CPUID_VMX) != 0);
        offer->svm = offer->svm || (e->function == 0x80000001u && (e->ecx & CPUID_SVM) != 0);
        offer->npt = offer->npt || (e->function == 0x8000000au && (e->edx & CPUID_NPT) != 0);
    }
    free(all);
    return result;
}

int kvm_ask(const char *device, struct kvm_offer *offer, struct qv_error *err)
{
    memset(offer, 0, sizeof(*offer));
    int kvm = open(device, O_RDWR | O_CLOEXEC);
    if (kvm < 0)
        return qv_error_set(err, -errno, "%s: %s%s", device, strerror(errno),
                            errno == EACCES ? " (its group, kvm on most systems, may)" : "");
    int version = ioctl(kvm, KVM_GET_API_VERSION, 0);
    int result = version == API_VERSION ? 0
                 : version < 0          ? qv_error_set(err, -ENOTSUP, "%s: is no KVM: %s", device, strerror(errno))
                               : qv_error_set(err, -ENOTSUP, "%s: KVM's interface is of version %d, expected %d",
                                              device, version, API_VERSION);
    if (result == 0) {
        result = ask_cpuid(kvm, offer);
        if (result != 0)
            (void)qv_error_set(err, result, "%s: KVM does not say what it supports: %s", device, strerror(-result));
    }
    offer->ept = result == 0 && offer->vmx && offers_ept(kvm);
    close(kvm);
    return result;
}

/* What the module itself says about nesting, for the message. */
static const char *nested_parameter(char text[160])
{
    static const char *const module[] = {"kvm_intel", "kvm_amd"};
    char path[80], value[8];
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "/sys/module/%s/parameters/nested", module[i]);
        FILE *file = fopen(path, "re");
        bool there = file != NULL && fgets(value, sizeof(value), file) != NULL;
        if (file != NULL)
            fclose(file);
        if (!there)
            continue;
        bool on = value[0] == 'Y' || value[0] == '1';
        snprintf(text, 160,
                 on ? "%s has nested=%.1s, so the processor, or the host above, does not have it"
                    : "%s has nested=%.1s: load it with nested=1",
                 module[i], value);
        return text;
    }
    return "neither kvm_intel nor kvm_amd is there as a module to ask why";
}

int kvm_judge(const char *device, const struct kvm_offer *offer, struct qv_error *err)
{
    char text[160];
    if ((offer->svm && offer->npt) || (offer->vmx && offer->ept))
        return 0;
    if (offer->svm)
        return qv_error_set(err, -ENOTSUP, "%s: KVM offers its guests SVM, but no nested page tables in it", device);
    if (offer->vmx)
        return qv_error_set(err, -ENOTSUP, "%s: KVM offers its guests VMX, but no extended page tables in it", device);
    return qv_error_set(err, -ENOTSUP,
                        "%s: no nested virtualization: KVM offers its guests neither VMX nor SVM (asked by "
                        "KVM_GET_SUPPORTED_CPUID; %s)",
                        device, nested_parameter(text));
}

static int kvm_start(struct machine *machine, const struct machine_config *config, struct qv_error *err)
{
    struct kvm_offer offer;
    const char *told = getenv("QV_KVM_DEVICE"); /* another place for the device, as in some containers */
    const char *device = told != NULL && told[0] != '\0' ? told : DEVICE;
    if (config->icount)
        return qv_error_set(err, -ENOTSUP, "KVM does not count instructions: expected platform.clock real");
    if (config->pmu_model != NULL)
        return qv_error_set(err, -ENOTSUP, "KVM runs no plugin that models counters: expected platform.pmu none");
    int result = kvm_ask(device, &offer, err);
    result = result != 0 ? result : kvm_judge(device, &offer, err);
    return result != 0 ? result : qemu_start(machine, config, err);
}

static void kvm_tick(struct run_tick *tick, bool icount)
{
    (void)icount;
    tick->kind = RUN_TICK_NESTED;
    snprintf(tick->what, sizeof(tick->what),
             "one tick of the host's TSC in a guest of KVM: a monitor's work contains the host's emulation of nesting");
}

const struct platform platform_kvm = {
    .name = "kvm",
    .label = "qemu-kvm-nested",
    .program = "qemu-system-x86_64",
    .tick = kvm_tick,
    .start = kvm_start,
    .end = qemu_end,
};
