/* SPDX-License-Identifier: MIT */
/* Calibration against channel 2 of the 8254 PIT (1,193,182 Hz), which every platform of ours has. */
#include "boot/boot.h"
#include "lib/x86.h"

#define PIT_HZ       1193182u
#define PIT_CHANNEL2 0x42u
#define PIT_COMMAND  0x43u
#define PIT_GATE     0x61u
#define SAMPLE_US    4000u
#define SAMPLES_MAX  50u
#define BEST         3u
#define PIT_PATIENCE 200000000u /* reads of a port; some 50,000 are enough on hardware, emulators are faster */
#define AGREEMENT    500u       /* the best differ by less than one in so many */

/* The high byte of a count of so long; everything before it is written, so that counting starts when it is. */
static uint8_t pit_prepare(uint32_t us)
{
    uint32_t count = (uint32_t)((uint64_t)PIT_HZ * us / 1000000u);
    outb(PIT_GATE, (inb(PIT_GATE) & 0xfcu) | 1u); /* gate on, speaker off */
    outb(PIT_COMMAND, 0xb0);                      /* channel 2, both bytes, mode 0: waits for its count */
    outb(PIT_CHANNEL2, (uint8_t)count);
    return (uint8_t)(count >> 8);
}

static void pit_wait(void)
{
    for (uint32_t spin = 0; !(inb(PIT_GATE) & 0x20u); spin++) {
        if (spin == PIT_PATIENCE)
            boot_fail("the 8254 timer does not count: is it gated off in the firmware's setup?");
        cpu_pause();
    }
}

void clock_wait_us(uint64_t us)
{
    while (us > 0) {
        uint32_t part = us > 50000u ? 50000u : (uint32_t)us;
        outb(PIT_CHANNEL2, pit_prepare(part));
        pit_wait();
        us -= part;
    }
}

/* The shortest samples so far, in order. */
struct best {
    uint64_t value[BEST];
};

static void keep_best(struct best *best, uint64_t value)
{
    for (unsigned i = 0; i < BEST; i++) {
        uint64_t kept = best->value[i];
        if (value < kept) {
            best->value[i] = value;
            value = kept;
        }
    }
}

static bool agree(const struct best *best)
{
    return best->value[BEST - 1] - best->value[0] < best->value[0] / AGREEMENT;
}

/*
 * The clocks are read before the PIT starts and after it ended: whatever a busy host does to a sample makes it longer,
 * so the shortest is the best, and several that agree were not disturbed. The gate would not do as the start: in mode 0
 * it holds a real 8254 back (data sheet, "Mode 0"), but neither QEMU's nor KVM's, which count from the count's last
 * byte; a host's pause between that and the gate made samples too short.
 */
void clock_calibrate(uint64_t *tsc_hz, uint64_t *lapic_hz)
{
    struct best tsc = {{UINT64_MAX, UINT64_MAX, UINT64_MAX}};
    struct best timer = tsc;
    *lapic(LAPIC_TIMER_DIVIDE) = 0xb; /* divide by 1 */
    *lapic(LAPIC_LVT_TIMER) = LAPIC_LVT_MASKED;
    for (unsigned i = 0; i < SAMPLES_MAX && (i < BEST || !agree(&tsc) || !agree(&timer)); i++) {
        uint8_t start = pit_prepare(SAMPLE_US);
        *lapic(LAPIC_TIMER_INITIAL) = 0xffffffffu;
        uint64_t begin = rdtsc();
        outb(PIT_CHANNEL2, start);
        pit_wait();
        keep_best(&tsc, rdtsc() - begin);
        keep_best(&timer, 0xffffffffu - *lapic(LAPIC_TIMER_CURRENT));
        *lapic(LAPIC_TIMER_INITIAL) = 0;
    }
    *tsc_hz = tsc.value[0] * (1000000u / SAMPLE_US);
    *lapic_hz = timer.value[0] * (1000000u / SAMPLE_US);
}
