/* SPDX-License-Identifier: MIT */
/* The IOMMU's surroundings in a monitor: identity-mapped memory, uncached register pages. */
#include "monitor/iommu/iommu.h"

#define CACHE_LINE 64u /* smaller lines do not exist on a processor with an IOMMU */

static uint32_t native_read32(void *context, uint64_t address)
{
    (void)context;
    return *(const volatile uint32_t *)(uintptr_t)address;
}

static uint64_t native_read64(void *context, uint64_t address)
{
    (void)context;
    return *(const volatile uint64_t *)(uintptr_t)address;
}

static void native_write32(void *context, uint64_t address, uint32_t value)
{
    (void)context;
    *(volatile uint32_t *)(uintptr_t)address = value;
}

static void native_write64(void *context, uint64_t address, uint64_t value)
{
    (void)context;
    *(volatile uint64_t *)(uintptr_t)address = value;
}

static void native_cache_flush(void *context, const void *address, size_t bytes)
{
    uintptr_t line = (uintptr_t)address & ~(uintptr_t)(CACHE_LINE - 1);
    (void)context;
    for (; line < (uintptr_t)address + bytes; line += CACHE_LINE)
        __asm__ volatile("clflush (%0)" ::"r"(line) : "memory");
    __asm__ volatile("mfence" ::: "memory");
}

static void native_relax(void *context)
{
    (void)context;
    __asm__ volatile("pause" ::: "memory");
}

void iommu_platform_native(struct iommu_platform *platform, void *(*page_alloc)(void *context), void *context)
{
    *platform = (struct iommu_platform){
        .context = context,
        .read32 = native_read32,
        .read64 = native_read64,
        .write32 = native_write32,
        .write64 = native_write64,
        .page_alloc = page_alloc,
        .cache_flush = native_cache_flush,
        .relax = native_relax,
    };
}
