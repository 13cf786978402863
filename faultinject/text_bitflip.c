/* SPDX-License-Identifier: MIT */
/*
 * One bit of the driver's code inverted, through the writable alias of its page.
 *
 * FAULT_CHANGE is stamped at the flip. FAULT_ACTIVATE is stamped when the function that holds the bit is next entered,
 * which a breakpoint instruction at its entry tells (once; it is gone after that), or at once if a thread is inside
 * that function now. Whether the damaged instruction itself is reached stays unknown, and a bit in the padding between
 * functions counts for the function before it.
 */
#include "faultinject/model.h"
#include "sandbox/component.h"
#include "sandbox/faultpoint.h"
#include "sandbox/internal.h"

enum choice { CHOICE_BIT };

#define INT3 0xccu

extern const char window_begin[], window_code_end[];
extern const uint64_t driver_functions_begin[], driver_functions_end[]; /* entries, as the compiler lists them */

/* The function whose entry is awaited. */
static struct {
    uint64_t entry; /* 0: none */
    uint8_t byte;   /* what the breakpoint replaced */
    uint64_t damage;
    const struct armed_fault *fault;
} awaited;

static uint8_t *alias(uint64_t address)
{
    return phys_to_virt(virt_to_phys((const void *)(uintptr_t)address));
}

/* Before modified code may be executed, on the core that modified it. */
static void serialise(void)
{
    (void)cpuid(0, 0);
}

static void forget(void)
{
    uint8_t *code = alias(awaited.entry);

    /* In a replaced instance there is nothing to put back. */
    if (awaited.entry != 0 && awaited.fault->component == nic_component.incarnation && *code == INT3)
        *code = awaited.byte;
    awaited.entry = 0;
}

static bool entered(unsigned vector, uint64_t *rip)
{
    if (vector != VECTOR_BP || awaited.entry == 0 || *rip != awaited.entry + 1u)
        return false;
    *rip = awaited.entry;
    fault_active(awaited.fault, awaited.damage);
    forget();
    serialise();
    return true;
}

static void await(const struct armed_fault *fault, uint64_t entry, uint64_t damage)
{
    uint8_t *code = alias(entry);

    awaited.byte = *code;
    awaited.damage = damage;
    awaited.fault = fault;
    awaited.entry = entry;
    exception_hook = entered;
    *code = INT3;
}

/* False: the address lies before the first function. */
static bool find_function(uint64_t address, uint64_t *begin, uint64_t *end)
{
    *begin = 0;
    *end = (uintptr_t)window_code_end;
    for (const uint64_t *entry = driver_functions_begin; entry < driver_functions_end; entry++) {
        if (*entry <= address && *entry > *begin)
            *begin = *entry;
        else if (*entry > address && *entry < *end)
            *end = *entry;
    }
    return *begin != 0;
}

static uint32_t fire(struct armed_fault *fault, struct nic_view *view)
{
    uint64_t bit = fault_draw_below(fault, CHOICE_BIT, (uint64_t)(window_code_end - window_begin) * 8);
    uint64_t address = (uintptr_t)window_begin + bit / 8;
    volatile uint32_t *word = (volatile uint32_t *)(void *)alias(address & ~3ull);
    uint64_t begin, end;

    (void)view;
    forget();
    uint32_t before = *word;
    *alias(address) ^= (uint8_t)(1u << (bit % 8));
    fault_changed(address & ~3ull, before, *word);
    if (find_function(address, &begin, &end)) {
        if (threads_inside(begin, end, fault->passage))
            fault_active(fault, address);
        else
            await(fault, begin, address);
    }
    serialise();
    return FAULT_EFFECT_NONE;
}

const struct fault_model fault_text_bitflip = {
    .id = QV_FAULT_TEXT_BITFLIP,
    .fire = fire,
};
