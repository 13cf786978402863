/* SPDX-License-Identifier: MIT */
/* Calibration against channel 2 of the 8254 PIT (1,193,182 Hz), which every platform of ours has. */
#include "boot/boot.h"
#include "lib/x86.h"

#define PIT_HZ       1193182u
#define PIT_CHANNEL2 0x42u
#define PIT_COMMAND  0x43u
#define PIT_GATE     0x61u
#define SAMPLE_US    10000u
#define SAMPLES      3u

static volatile uint32_t *lapic(uint32_t offset)
{
    return (volatile uint32_t *)(LAPIC_PHYS + offset);
}

static void pit_start(uint32_t us)
{
    uint32_t count = (uint32_t)((uint64_t)PIT_HZ * us / 1000000u);
    outb(PIT_GATE, (uint8_t)((inb(PIT_GATE) & 0xfcu))); /* gate off, speaker off */
    outb(PIT_COMMAND, 0xb0);                            /* channel 2, both bytes, mode 0 */
    outb(PIT_CHANNEL2, (uint8_t)count);
    outb(PIT_CHANNEL2, (uint8_t)(count >> 8));
    outb(PIT_GATE, (uint8_t)(inb(PIT_GATE) | 1u)); /* gate on: counting starts */
}

static void pit_wait(void)
{
    while (!(inb(PIT_GATE) & 0x20u))
        cpu_pause();
}

void clock_wait_us(uint64_t us)
{
    while (us > 0) {
        uint32_t part = us > 50000u ? 50000u : (uint32_t)us;
        pit_start(part);
        pit_wait();
        us -= part;
    }
}

/* Middle of three samples: one that was stretched by a busy host does no harm. */
static uint64_t middle(const uint64_t *v)
{
    uint64_t low = v[0] < v[1] ? v[0] : v[1];
    uint64_t high = v[0] < v[1] ? v[1] : v[0];
    return v[2] < low ? low : v[2] > high ? high : v[2];
}

void clock_calibrate(uint64_t *tsc_hz, uint64_t *lapic_hz)
{
    uint64_t tsc[SAMPLES], timer[SAMPLES];
    *lapic(LAPIC_TIMER_DIVIDE) = 0xb; /* divide by 1 */
    *lapic(LAPIC_LVT_TIMER) = LAPIC_LVT_MASKED;
    for (unsigned i = 0; i < SAMPLES; i++) {
        pit_start(SAMPLE_US);
        *lapic(LAPIC_TIMER_INITIAL) = 0xffffffffu;
        uint64_t begin = rdtsc();
        pit_wait();
        uint64_t end = rdtsc();
        timer[i] = 0xffffffffu - *lapic(LAPIC_TIMER_CURRENT);
        tsc[i] = end - begin;
        *lapic(LAPIC_TIMER_INITIAL) = 0;
    }
    *tsc_hz = middle(tsc) * (1000000u / SAMPLE_US);
    *lapic_hz = middle(timer) * (1000000u / SAMPLE_US);
}
