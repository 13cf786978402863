/* SPDX-License-Identifier: MIT */
#include "sandbox/internal.h"

const struct handoff *const handoff = (const struct handoff *)KERNEL_VIRT;
struct qv_sandbox_status *status;

static uint64_t next_free; /* physical */
static bool sealed;

void memory_init(void)
{
    next_free = handoff->free_begin;
}

uint64_t virt_to_phys(const void *virt)
{
    uint64_t address = (uint64_t)virt;
    return address >= KERNEL_VIRT ? handoff->base + (address - KERNEL_VIRT) : address - DIRECT_MAP;
}

void *page_alloc(size_t pages)
{
    uint64_t bytes = (uint64_t)pages * PAGE_SIZE;
    if (sealed || bytes > handoff->free_end - next_free)
        return NULL;
    void *memory = phys_to_virt(next_free);
    next_free += bytes;
    memset(memory, 0, bytes);
    return memory;
}

uint64_t memory_allocated_end(void)
{
    return next_free;
}

void memory_seal(void)
{
    sealed = true;
}

void status_init(void)
{
    status = phys_to_virt(QV_STATUS_PHYS(handoff->id));
    status->incarnation = handoff->incarnation;
    status->service_up = 0;
    status->heartbeat_tsc = rdtsc();
}

const volatile struct qv_sandbox_status *status_of(unsigned sandbox)
{
    return phys_to_virt(QV_STATUS_PHYS(sandbox));
}

const volatile struct qv_directory *directory(void)
{
    return phys_to_virt(QV_DIRECTORY_PHYS);
}

uint32_t sandbox_incarnation(unsigned sandbox)
{
    return directory()->core[sandbox].incarnation;
}

bool sandbox_alive(unsigned sandbox, uint32_t incarnation)
{
    if (sandbox >= handoff->n_sandboxes)
        return false;
    uint32_t state = directory()->core[sandbox].state;
    return (state == QV_SB_BOOTING || state == QV_SB_RUNNING || state == QV_SB_RECOVERING) &&
           directory()->core[sandbox].incarnation == incarnation;
}
