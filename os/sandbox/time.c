/* SPDX-License-Identifier: MIT */
/*
 * Time of this core: TSC, and the local APIC's one-shot timer. That counts down at divide-by-1, or compares the TSC
 * with a deadline (Intel SDM vol. 3A, 11.5.4.1) where a trial at every start shows that it does.
 */
#include "sandbox/internal.h"
#include "sandbox/oneshot.h"

#define TRIAL_AHEAD_US 10u
#define TRIAL_LIMIT_US 5000u
#define TRIALS         3u
/* Nobody else's; what comes to one without a handler is acknowledged and forgotten. */
#define TRIAL_VECTOR_FIRST (VECTOR_TIMER + 1u)
#define TRIAL_VECTOR_END   VECTOR_NIC0

static struct oneshot_rates rates;
static enum qv_timer source = QV_TIMER_COUNT_DOWN;
static uint64_t armed_for = SCHED_NEVER;

/* The fence keeps a first deadline from overtaking the entry: 11.5.4.1, in xAPIC mode. */
static void write_entry(uint32_t entry)
{
    lapic_write(LAPIC_LVT_TIMER, entry);
    mfence();
}

static bool is_pending(unsigned vector)
{
    return (lapic_read(LAPIC_IRR + vector / 32u * 0x10u) >> vector % 32u & 1u) != 0;
}

/* A vector that nothing is pending for: a sandbox that stood here before may have left something. */
static unsigned trial_vector(void)
{
    unsigned vector = TRIAL_VECTOR_FIRST;
    while (vector < TRIAL_VECTOR_END && is_pending(vector))
        vector++;
    return vector;
}

enum trial { TRIAL_FIRED, TRIAL_EARLY, TRIAL_NOTHING };

static enum trial try_once(unsigned vector)
{
    write_entry(vector | LAPIC_LVT_DEADLINE);
    uint64_t deadline = rdtsc() + time_from_us(TRIAL_AHEAD_US);
    uint64_t limit = deadline + time_from_us(TRIAL_LIMIT_US);
    uint64_t now;
    bool fired;
    wrmsr(MSR_TSC_DEADLINE, deadline);
    do {
        cpu_pause();
        fired = is_pending(vector);
        now = rdtsc();
    } while (!fired && now < limit);
    wrmsr(MSR_TSC_DEADLINE, 0);
    write_entry(vector | LAPIC_LVT_MASKED);
    if (!fired)
        return TRIAL_NOTHING;
    return now >= deadline ? TRIAL_FIRED : TRIAL_EARLY;
}

/* A host that takes the core away for a while lets a deadline pass unseen: that is tried again. Too early is enough. */
bool timer_try_deadline(void)
{
    enum trial trial = TRIAL_NOTHING;
    uint64_t flags = irq_save();
    unsigned vector = trial_vector();
    for (unsigned i = 0; i < TRIALS && trial == TRIAL_NOTHING && vector < TRIAL_VECTOR_END; i++) {
        trial = try_once(vector);
        vector = trial_vector();
    }
    irq_restore(flags);
    return trial == TRIAL_FIRED;
}

static enum qv_timer choose(void)
{
    if (handoff->cfg.flags & QV_CFG_TIMER_COUNT_DOWN)
        return QV_TIMER_COUNT_DOWN;
    bool offered = cpu_has_tsc_deadline();
    if (offered && timer_try_deadline())
        return QV_TIMER_TSC_DEADLINE;
    if (offered)
        kprint("TSC-deadline: CPUID has it, but no deadline fired in time on core %u", handoff->id);
    if (handoff->cfg.flags & QV_CFG_TIMER_TSC_DEADLINE)
        kernel_lost(QV_DETECT_ASSERTION, handoff->id, "platform.timer is tsc-deadline, which does not work here");
    return QV_TIMER_COUNT_DOWN;
}

void time_init(void)
{
    rates = oneshot_rates(handoff->tsc_hz / 1000u, handoff->lapic_hz / 1000u);
    lapic_write(LAPIC_TIMER_DIVIDE, 0xb);
    source = choose();
    status->timer = source;
    timer_set_vector(VECTOR_TIMER);
}

const char *timer_name(void)
{
#define NAME(sym, num, name) [num] = name,
    static const char *const names[] = {QV_TIMERS(NAME)};
    return names[source];
}

enum qv_timer timer_source(void)
{
    return source;
}

void timer_set_vector(uint32_t entry)
{
    write_entry(entry | (source == QV_TIMER_TSC_DEADLINE ? LAPIC_LVT_DEADLINE : 0u));
}

uint64_t time_from_us(uint64_t us)
{
    return us / 1000u * rates.ticks_per_ms + us % 1000u * rates.ticks_per_ms / 1000u;
}

uint64_t time_to_us(uint64_t ticks)
{
    return ticks / rates.ticks_per_ms * 1000u + ticks % rates.ticks_per_ms * 1000u / rates.ticks_per_ms;
}

uint64_t timer_program(uint64_t tsc)
{
    if (source == QV_TIMER_TSC_DEADLINE) {
        wrmsr(MSR_TSC_DEADLINE, oneshot_deadline(tsc));
        return tsc;
    }
    struct oneshot shot = oneshot_count(&rates, rdtsc(), tsc);
    lapic_write(LAPIC_TIMER_INITIAL, shot.count);
    return shot.fires;
}

/* A timer that is armed for an earlier time is left alone: it fires early, and the next one is armed then. */
void timer_arm(uint64_t tsc)
{
    if (tsc < armed_for)
        armed_for = timer_program(tsc);
}

void timer_fired(void)
{
    armed_for = SCHED_NEVER;
}
