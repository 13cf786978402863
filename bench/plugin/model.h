/* SPDX-License-Identifier: MIT */
/*
 * Model of the memory hierarchy of one processor, fed with the accesses of an emulated one. Pure: it knows no emulator,
 * reads guest memory by a function and counts into arrays of its user, so that tests feed it by hand.
 *
 * What it models: set-associative TLBs of two levels with least-recently-used replacement, filled by page walks that
 * read the guest's own page tables through page-walk caches and, in guest mode, through nested tables with caches of
 * their own; caches of up to three levels (allocate on read and write; the last one shared by all cores), through which
 * data, fetches and walks go. What it does not: time (order of accesses only), out-of-order and speculative accesses,
 * prefetch, write-back traffic, coherence between cores, inclusion, the accessed and dirty bits' updates, global pages
 * (they are treated as others), INVLPG of one page (everything of the address space goes).
 *
 * Each core's functions may be called by one thread, different cores' at the same time.
 */
#ifndef QV_PLUGIN_MODEL_H
#define QV_PLUGIN_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/plugin/describe.h"
#include "qv/emupmu.h"

struct model;
struct model_core;

/* What the model needs of the machine. Borrowed; everything must stay valid as long as the model. */
struct model_machine {
    unsigned cores; /* at most QV_MAX_SANDBOXES */
    void *context;
    /* Eight bytes of guest memory; false if there is none at this address. */
    bool (*read)(void *context, uint64_t phys, uint64_t *value);
    uint64_t memory_end;                              /* device memory lies above: not cached */
    const volatile struct qv_emupmu_control *control; /* [cores], `stride` bytes apart */
    uint64_t control_stride;
    volatile struct qv_emupmu *page; /* counts go there; zeroed by the caller */
};

/* NULL if memory is short. */
struct model *model_new(const struct description *description, const struct model_machine *machine);
void model_free(struct model *model);
struct model_core *model_core(struct model *model, unsigned index);

/* What became of an access, for whoever can check the address. */
struct model_access {
    bool walked; /* by a walk, and to: */
    uint64_t phys;
};
/* A data access of `bytes` at a linear address. The answer is that of its first page. */
struct model_access model_data(struct model_core *core, uint64_t address, uint32_t bytes, bool store);
/* `instructions` fetched from [address, address + bytes). */
void model_fetch(struct model_core *core, uint64_t address, uint32_t bytes, uint32_t instructions);

void model_enter_guest(struct model_core *core);
void model_leave_guest(struct model_core *core);
bool model_in_guest(const struct model_core *core);
/* Control-register write, INVLPG and the like: the TLBs and walk caches of this address space are emptied. */
void model_flush(struct model_core *core);
/* INVLPGA, INVVPID, INVEPT: all of this core's, those of guest-physical addresses too. */
void model_flush_all(struct model_core *core);
/* WBINVD, INVD: this core's caches and the shared one. */
void model_flush_caches(struct model_core *core);

/* One more of an event that the model does not see itself. */
void model_count(struct model_core *core, enum qv_emupmu_event event);

#endif
