/* SPDX-License-Identifier: MIT */
/*
 * What the driver asks of its surroundings with every frame: registers, time, the interrupt flag. This is the sandbox
 * kernel's, without calls; tests/unit/nic_env/ has the one of the device model. `context` is the mapped register block.
 */
#ifndef QV_NIC_ENV_H
#define QV_NIC_ENV_H

#include "sandbox/kernel.h"

static inline uint32_t nic_env_read(void *context, uint32_t offset)
{
    return mmio_read32(context, offset);
}
static inline void nic_env_write(void *context, uint32_t offset, uint32_t value)
{
    mmio_write32(context, offset, value);
}
static inline uint64_t nic_env_now(void *context)
{
    (void)context;
    return time_now();
}
/* Interrupts off on this core, for as long as a shared lock is held. */
static inline uint64_t nic_env_mask(void *context)
{
    (void)context;
    return irq_save();
}
static inline void nic_env_unmask(void *context, uint64_t flags)
{
    (void)context;
    irq_restore(flags);
}

#endif
