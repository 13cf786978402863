/* SPDX-License-Identifier: MIT */
/*
 * The driver window: its own kernel may damage it, and a switch puts an undamaged copy in its place, again and again.
 */
#include "sandbox/nic/nic.h"
#include "tests/boot/boot_test.h"

#define SWITCHES 5u

extern const char window_begin[], window_code_end[], window_text_end[], window_end[];

static volatile uint64_t *alias(uintptr_t virt)
{
    return phys_to_virt(virt_to_phys((const void *)virt));
}

static void provoke(void)
{
    uint64_t place = directory()->region[0].base;

    EXPECT(access_refused(ACCESS_WRITE, (uintptr_t)phys_to_virt(place), place), "monitor memory was written");
}

/* The two pages that matter of the window, as sums. */
static uint64_t sum(uintptr_t begin, uintptr_t end)
{
    uint64_t total = 0;

    for (uintptr_t at = begin; at < end; at += 8)
        total = total * 31u + *(const volatile uint64_t *)at;
    return total;
}

void test_window(void)
{
    uintptr_t text = (uintptr_t)window_begin;
    uintptr_t data = (uintptr_t)window_text_end;
    uint64_t text_sum = sum(text, (uintptr_t)window_text_end);
    uint64_t data_sum = sum(data, (uintptr_t)window_end);
    const uint8_t *mac = nic_mac(handoff->id); /* a function of the driver */

    test_barrier(1);
    for (unsigned i = 0; i < SWITCHES; i++) {
        *alias(text + 8u * i) = ~0ull;
        *alias(data + 8u * i) += 1u;
        EXPECT(sum(text, (uintptr_t)window_text_end) != text_sum, "the driver's text cannot be damaged");
        provoke();
        EXPECT(sum(text, (uintptr_t)window_text_end) == text_sum, "switch %u left damaged text", i);
        EXPECT(sum(data, (uintptr_t)window_end) == data_sum, "switch %u left damaged data", i);
        EXPECT(nic_mac(handoff->id) == mac, "the driver does not run after switch %u", i);
    }
    EXPECT(directory()->core[handoff->id].attempts == SWITCHES, "%u recoveries",
           directory()->core[handoff->id].attempts);
    test_barrier(2);
}
