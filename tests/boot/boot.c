/* SPDX-License-Identifier: MIT */
/* All sandboxes come up, each is told the truth about itself, and their monitors were needed for a handful of calls. */
#include "tests/boot/boot_test.h"

#define BOOT_EXITS_MAX 16u

static void check_handoff(void)
{
    EXPECT(handoff->magic == HANDOFF_MAGIC && handoff->id < handoff->n_sandboxes, "hand-off page");
    EXPECT(handoff->incarnation == 1, "incarnation %u at boot", handoff->incarnation);
    EXPECT(handoff->size == (uint64_t)handoff->cfg.sandbox[handoff->id].mem_mib << 20, "partition of %lu bytes",
           handoff->size);
    EXPECT(virt_to_phys(&handoff->magic) == handoff->base, "the hand-off page is not the partition's first");
    EXPECT(lapic_read(LAPIC_ID) >> 24 == handoff->apic_id[handoff->id], "local APIC %x on core %u",
           lapic_read(LAPIC_ID) >> 24, handoff->id);
    EXPECT(handoff->tsc_hz > 1000000u && handoff->lapic_hz > 100000u, "clocks of %lu and %lu Hz", handoff->tsc_hz,
           handoff->lapic_hz);
}

static void check_directory(void)
{
    const volatile struct qv_directory *d = directory();

    EXPECT(d->magic == QV_DIRECTORY_MAGIC && d->version == QV_DIRECTORY_VERSION && d->size == sizeof(*d), "directory");
    EXPECT(d->n_sandboxes == handoff->n_sandboxes && d->mode == handoff->mode, "%u sandboxes in mode %u",
           d->n_sandboxes, d->mode);
    for (unsigned i = 0; i < handoff->n_sandboxes; i++) {
        EXPECT(d->core[i].state == QV_SB_RUNNING, "sandbox %u in state %u", i, d->core[i].state);
        EXPECT(d->core[i].apic_id == handoff->apic_id[i], "APIC id of sandbox %u", i);
        EXPECT(test_exits(i, QV_STAGE_BOOT) <= BOOT_EXITS_MAX, "%lu exits of core %u at boot",
               test_exits(i, QV_STAGE_BOOT), i);
        for (unsigned k = 0; k < i; k++)
            EXPECT(d->core[k].apic_id != d->core[i].apic_id, "cores %u and %u are the same", k, i);
    }
}

/* Partitions, shared regions and monitor memory do not overlap. */
static void check_regions(void)
{
    const volatile struct qv_directory *d = directory();

    for (unsigned i = 0; i < d->n_regions; i++)
        for (unsigned k = 0; k < i; k++)
            EXPECT(d->region[i].size == 0 || d->region[k].size == 0 ||
                       d->region[i].base + d->region[i].size <= d->region[k].base ||
                       d->region[k].base + d->region[k].size <= d->region[i].base,
                   "regions %u and %u overlap", i, k);
}

static void check_canaries(void)
{
    const volatile struct qv_directory *d = directory();
    unsigned pages = 0;

    for (unsigned i = 0; i < d->n_regions; i++) {
        if (d->region[i].kind != QV_REGION_CANARY || d->region[i].owner != handoff->id)
            continue;
        for (uint64_t at = d->region[i].base; at < d->region[i].base + d->region[i].size; at += PAGE_SIZE, pages++) {
            uint64_t word = *(volatile uint64_t *)phys_to_virt(at);
            EXPECT(word == qv_canary_word(handoff->id, at), "canary at %lx is %lx", at, word);
        }
    }
    EXPECT(pages > 0, "no free memory");
}

void test_boot(void)
{
    test_barrier(1);
    check_handoff();
    check_directory();
    check_regions();
    check_canaries();
}
