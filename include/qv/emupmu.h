/* SPDX-License-Identifier: MIT */
/*
 * The emulated PMU: event counts of a modelled memory hierarchy, for machines whose emulator runs our model
 * (bench/plugin/) beside the guest. The model writes the counts into guest memory while the guest runs; the OS reads
 * them there as it would read performance counters. They are counts of a model of the named processor under the access
 * stream of the emulated one: never to be reported without the words "simulated: NAME".
 *
 *   QV_EMUPMU_PHYS             struct qv_emupmu           the emulator writes; read-only in every sandbox
 *   QV_EMUPMU_CONTROL_PHYS(i)  struct qv_emupmu_control   core i's monitor and sandbox write; readable by all
 *
 * These pages mean something only if the boot configuration has QV_CFG_EMULATED_PMU: on other machines they are
 * ordinary memory with whatever it holds. The boot code leaves them alone (the model writes the first page before the
 * guest's first instruction). Little endian, fixed size.
 *
 * How the OS uses it:
 *   1. qv_emupmu_check() says whether the page is there and understood.
 *   2. Before the first reading a core executes qv_emupmu_start(), a no-op for every processor: the model begins to
 *      count (until then only what is needed to follow the machine is observed, because counting costs a factor of
 *      ten). `state` becomes QV_EMUPMU_COUNTING soon after, and stays.
 *   3. Counts only grow. A measurement is the difference of two readings on the same core. There is nothing to
 *      program: all events are counted at all times, in both modes of the core (monitor and sandbox).
 *   4. Counts of another core may be read, but are behind by what that core is just doing.
 *
 * What the OS tells the model: see struct qv_emupmu_control. The model reads the page tables themselves in guest
 * memory, and so knows page sizes and where page-table entries lie.
 */
#ifndef QV_EMUPMU_H
#define QV_EMUPMU_H

#include <stdbool.h>
#include <stdint.h>

#include "qv/bootcfg.h"

#define QV_EMUPMU_PHYS            0x01040000ull
#define QV_EMUPMU_CONTROL_PHYS(i) (0x01048000ull + 0x1000ull * (uint64_t)(i))
#define QV_EMUPMU_END_PHYS        QV_EMUPMU_CONTROL_PHYS(QV_MAX_SANDBOXES)

#define QV_EMUPMU_MAGIC   0x31554d50454d5551ull /* "QUMEPMU1" */
#define QV_EMUPMU_VERSION 1u

#define QV_EMUPMU_EVENT_SLOTS 32u
#define QV_EMUPMU_TAGS        8u

/*
 * Events: identifier, number (index of the count), name, what it counts. Numbers never change; new ones are appended.
 * "Data" means loads and stores; a read-modify-write instruction is both. A walk is one translation that all TLBs
 * missed, one- or two-dimensional; a reference is one page-table entry read by it.
 */
#define QV_EMUPMU_EVENTS(X)                                                                                            \
    X(INSTRUCTIONS, 0, "instructions", "instructions begun")                                                           \
    X(LOADS, 1, "loads", "data reads")                                                                                 \
    X(STORES, 2, "stores", "data writes")                                                                              \
    X(DTLB_L1_MISSES, 3, "dtlb-l1-misses", "data translations not in the first-level TLB")                             \
    X(DTLB_HITS_L2, 4, "dtlb-hits-l2", "data translations found in the second-level TLB")                              \
    X(DTLB_LOAD_WALKS, 5, "dtlb-load-walks", "page walks for reads")                                                   \
    X(DTLB_STORE_WALKS, 6, "dtlb-store-walks", "page walks for writes")                                                \
    X(ITLB_L1_MISSES, 7, "itlb-l1-misses", "translations for fetches not in the first-level TLB")                      \
    X(ITLB_WALKS, 8, "itlb-walks", "page walks for fetches")                                                           \
    X(WALK_REFERENCES, 9, "walk-references", "page-table entries read by all walks, both dimensions")                  \
    X(NESTED_WALK_REFERENCES, 10, "nested-walk-references", "of these, entries of nested page tables")                 \
    X(L1I_MISSES, 11, "l1i-misses", "lines fetched that the first-level instruction cache did not have")               \
    X(L1D_MISSES, 12, "l1d-misses", "data lines that the first-level data cache did not have, walks not included")     \
    X(L2_MISSES, 13, "l2-misses", "lines that the second-level cache did not have: data, fetches and walks")           \
    X(LLC_MISSES, 14, "llc-misses", "lines that the last-level cache did not have: data, fetches and walks")           \
    X(TLB_FLUSHES, 15, "tlb-flushes", "times that this core's TLBs were emptied")                                      \
    X(VM_EXITS, 16, "vm-exits", "times that this core left guest mode")                                                \
    X(MEMORY_CYCLES, 17, "memory-cycles", "sum of the model's latencies: no overlap, so an upper bound")               \
    X(MISTRANSLATIONS, 18, "mistranslations",                                                                          \
      "walks whose address was not the emulator's: the model is wrong or the "                                         \
      "OS forgot a flush")
#define QV_ENUM_ENTRY_EMUPMU(sym, num, name, what) QV_EMUPMU_##sym = num,
enum qv_emupmu_event { QV_EMUPMU_EVENTS(QV_ENUM_ENTRY_EMUPMU) QV_EMUPMU_EVENTS_KNOWN = 19 };

enum qv_emupmu_state {
    QV_EMUPMU_WAITING = 1,  /* for qv_emupmu_start() */
    QV_EMUPMU_COUNTING = 2, /* counts are live */
};

struct qv_emupmu {
    uint64_t magic; /* written last */
    uint32_t version;
    uint32_t size;     /* sizeof(struct qv_emupmu) */
    uint32_t state;    /* enum qv_emupmu_state */
    uint32_t n_events; /* counts that the model keeps, QV_EMUPMU_EVENTS_KNOWN for this version */
    uint32_t n_cores;
    uint32_t llc_lines; /* capacity of the last-level cache, in lines */
    char model[32];     /* NUL terminated, as in bench/plugin/models/: "sandybridge" */
    char name[QV_EMUPMU_EVENT_SLOTS][32];
    uint64_t count[QV_MAX_SANDBOXES][QV_EMUPMU_EVENT_SLOTS]; /* [core][event] */
    uint64_t llc_total_misses;                               /* of all cores */
    uint64_t occupancy[QV_MAX_SANDBOXES][QV_EMUPMU_TAGS];    /* last-level lines that [core][tag] brought in last */
};
_Static_assert(sizeof(struct qv_emupmu) == 64 + 32 * 32 + 8 * 32 * 8 + 8 + 8 * 8 * 8, "layout");
_Static_assert(sizeof(struct qv_emupmu) <= 4096, "one page");

/*
 * What the model cannot see in the instruction stream (the emulator's plugin interface of 2022 has no registers):
 * where the page tables are. Physical addresses of the top-level tables, 0 = not said (the core's accesses are then
 * counted, but not translated). Written before or at the first use of the tables, and again when they change; reading
 * happens at the next walk.
 */
struct qv_emupmu_control {
    uint64_t host_root;   /* outside guest mode: the monitor's; in native mode the sandbox kernel's */
    uint64_t guest_root;  /* the sandbox kernel's, in guest mode: guest-physical */
    uint64_t nested_root; /* nested (extended) page table, 0 = none */
    uint64_t tag;         /* what runs on this core now, < QV_EMUPMU_TAGS: the owner of lines brought in from here on */
    uint64_t nested_flushes; /* +1 when the monitor has this core's cached guest-physical translations dropped */
    uint64_t reserved[3];
};
_Static_assert(sizeof(struct qv_emupmu_control) == 64, "layout");

/* Is the page there (QV_CFG_EMULATED_PMU given) and of this version? */
static inline bool qv_emupmu_check(const volatile struct qv_emupmu *page)
{
    return page->magic == QV_EMUPMU_MAGIC && page->version == QV_EMUPMU_VERSION && page->size == sizeof(*page) &&
           page->n_events >= QV_EMUPMU_EVENTS_KNOWN && page->n_events <= QV_EMUPMU_EVENT_SLOTS;
}

/*
 * The instruction by which the model is started: a multi-byte NOP (Intel SDM vol. 2, NOP; AMD APM vol. 3, NOP) whose
 * displacement, never used by a processor, is the sign: 0F 1F 80 and the four bytes "QVPM".
 */
#define QV_EMUPMU_SIGN 0x4d505651
#if defined(__x86_64__)
static inline void qv_emupmu_start(void)
{
    __asm__ volatile("nopl %c0(%%rax)" ::"i"(QV_EMUPMU_SIGN) : "memory");
}
#endif

#endif
