/* SPDX-License-Identifier: MIT */
#include "sandbox/pmu.h"

#include "lib/pmu_unit.h"
#include "qv/emupmu.h"
#include "sandbox/faultpoint.h"
#include "sandbox/internal.h"

bool pmu_accounts;

static struct pmu_unit unit = {.source = QV_PMU_NONE, .reason = "not asked for"};
static const char *note = "";                     /* why events were left out */
static const volatile struct qv_emupmu *emulated; /* NULL: not this source */
static struct qv_cost_account accounts[PMU_ACCOUNTS];
static struct qv_cost_account seen; /* raw readings at the last switch */
static unsigned running = PMU_OVERHEAD;

/* --- the processor's own counters --- */

static volatile uint64_t resume_at; /* 0: no exception is expected */
static volatile bool refused;

static bool on_exception(unsigned vector, uint64_t *rip)
{
    if (resume_at == 0 || (vector != VECTOR_GP && vector != VECTOR_UD))
        return false;
    refused = true;
    *rip = resume_at;
    resume_at = 0;
    return true;
}

static void ask_cpuid(void *context, uint32_t leaf, uint32_t subleaf, struct pmu_leaf *out)
{
    struct cpuid_result r = cpuid(leaf, subleaf);
    (void)context;
    *out = (struct pmu_leaf){r.eax, r.ebx, r.ecx, r.edx};
}

static bool try_write(void *context, uint32_t msr, uint64_t value)
{
    (void)context;
    refused = false;
    __asm__ volatile("movq $1f, %[resume]\n\twrmsr\n1:\tmovq $0, %[resume]"
                     : [resume] "=m"(resume_at)
                     : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
    return !refused;
}

static uint64_t rdpmc(uint32_t index)
{
    uint32_t low, high;
    __asm__ volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(index) : "memory");
    return (uint64_t)high << 32 | low;
}

static bool try_counter(void *context, uint32_t index, uint64_t *value)
{
    uint32_t low = 0;
    uint32_t high = 0;
    (void)context;
    refused = false;
    __asm__ volatile("movq $1f, %[resume]\n\trdpmc\n1:\tmovq $0, %[resume]"
                     : [resume] "=m"(resume_at), "+a"(low), "+d"(high)
                     : "c"(index)
                     : "memory");
    *value = (uint64_t)high << 32 | low;
    return !refused;
}

static void spin(void)
{
    for (volatile unsigned i = 0; i < 500; i++)
        ;
}

/* A code means something else on another model: what is for one, and this is none, is not counted. */
static void leave_out(struct qv_pmu_event *event, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (event[i].portable != QV_PMU_OF_ONE_MODEL)
            continue;
        event[i].vendor = QV_PMU_NONE;
        note = "the events that the scenario names are another model's";
    }
}

static void start_unit(void)
{
    const struct pmu_access access = {.cpuid = ask_cpuid, .write = try_write, .counter = try_counter};
    const struct qv_cost_cfg *cfg = &handoff->cfg.cost;
    const unsigned n = cfg->n_events < QV_PMU_EVENTS ? cfg->n_events : QV_PMU_EVENTS;
    static struct qv_pmu_event event[QV_PMU_EVENTS];
    exception_hook_fn before = exception_hook;

    memcpy(event, cfg->event, sizeof(event));
    exception_hook = on_exception;
    pmu_unit_detect(&unit, &access);
    if (!pmu_unit_is_one_of(&unit, cfg->models, cfg->n_models))
        leave_out(event, n);
    pmu_unit_start(&unit, &access, event, n, spin);
    exception_hook = before;
}

/* --- either source --- */

static uint64_t raw_emulated(uint16_t event)
{
    return event < QV_EMUPMU_EVENTS_KNOWN ? emulated->count[handoff->id][event] : 0;
}

static void read_raw(struct qv_cost_account *raw)
{
    unsigned n = handoff->cfg.cost.n_events;

    if (emulated) {
        raw->instructions = emulated->count[handoff->id][QV_EMUPMU_INSTRUCTIONS];
        for (unsigned i = 0; i < n; i++)
            raw->count[i] = raw_emulated(handoff->cfg.cost.event[i].emulated);
        return;
    }
    raw->instructions = rdpmc(unit.instructions);
    for (unsigned i = 0; i < n; i++)
        raw->count[i] = unit.index[i] == PMU_NOT_ASSIGNED ? 0 : rdpmc(unit.index[i]);
}

static uint64_t step(uint32_t index, uint64_t before, uint64_t after)
{
    return emulated ? after - before : pmu_unit_step(&unit, index, before, after);
}

static void add_since(const struct qv_cost_account *from, const struct qv_cost_account *raw, struct qv_cost_account *to)
{
    unsigned n = handoff->cfg.cost.n_events;

    to->instructions += step(unit.instructions, from->instructions, raw->instructions);
    for (unsigned i = 0; i < n; i++)
        to->count[i] += step(unit.index[i], from->count[i], raw->count[i]);
}

/* Whose the lines are that the last-level cache takes in from here on: VCPUs, overhead, idle. */
static unsigned tag_of(unsigned account)
{
    const unsigned last = QV_EMUPMU_TAGS - 3u; /* VCPUs from here on share one */
    if (account == PMU_OVERHEAD)
        return QV_EMUPMU_TAGS - 2u;
    if (account == PMU_IDLE)
        return QV_EMUPMU_TAGS - 1u;
    return account < last ? account : last;
}

void pmu_switch(unsigned account)
{
    struct qv_cost_account raw;

    if (account == running)
        return;
    read_raw(&raw);
    add_since(&seen, &raw, &accounts[running]);
    seen = raw;
    running = account;
    if (emulated)
        emupmu_tag(tag_of(account));
}

void pmu_account(unsigned account, struct qv_cost_account *out)
{
    *out = accounts[account];
    if (account == running && pmu_accounts) {
        struct qv_cost_account raw;
        read_raw(&raw);
        add_since(&seen, &raw, out);
    }
}

void pmu_core_since(struct qv_cost_account *out)
{
    static struct qv_cost_account last;
    static bool called;
    struct qv_cost_account raw = {0};

    *out = (struct qv_cost_account){0};
    if (pmu_source() == QV_PMU_NONE)
        return;
    read_raw(&raw);
    if (called)
        add_since(&last, &raw, out);
    last = raw;
    called = true;
}

uint64_t pmu_own_instructions(void)
{
    uint64_t flags, raw, own;

    if (!pmu_accounts)
        return 0;
    flags = irq_save();
    raw = emulated ? emulated->count[handoff->id][QV_EMUPMU_INSTRUCTIONS] : rdpmc(unit.instructions);
    own = accounts[running].instructions + step(unit.instructions, seen.instructions, raw);
    irq_restore(flags);
    return own;
}

void pmu_trace(void)
{
    struct qv_cost_account raw = {0};
    uint64_t flags;

    if (pmu_source() == QV_PMU_NONE)
        return;
    flags = irq_save();
    read_raw(&raw);
    trace(QV_TRACE_PMU, QV_PMU_EVENTS, raw.instructions);
    for (unsigned i = 0; i < handoff->cfg.cost.n_events; i++)
        if (pmu_counts(i))
            trace(QV_TRACE_PMU, i, raw.count[i]);
    irq_restore(flags);
}

/* --- start --- */

enum qv_pmu_source pmu_source(void)
{
    return emulated ? QV_PMU_EMULATED : unit.source;
}

const char *pmu_reason(void)
{
    return pmu_source() == QV_PMU_NONE ? unit.reason : note;
}

uint32_t pmu_processor(void)
{
    return unit.processor;
}

const char *pmu_model(void)
{
    return emulated ? (const char *)(uintptr_t)emulated->model : "";
}

bool pmu_counts(unsigned event)
{
    if (event >= handoff->cfg.cost.n_events)
        return false;
    if (emulated)
        return handoff->cfg.cost.event[event].emulated < QV_EMUPMU_EVENTS_KNOWN;
    return unit.source != QV_PMU_NONE && unit.index[event] != PMU_NOT_ASSIGNED;
}

static bool start_emulated(void)
{
    const volatile struct qv_emupmu *page = phys_to_virt(QV_EMUPMU_PHYS);

    if ((handoff->cfg.flags & QV_CFG_EMULATED_PMU) == 0)
        return false;
    if (!qv_emupmu_check(page)) {
        unit.reason = "the emulator's model left no page";
        return true;
    }
    emulated = page;
    qv_emupmu_start();
    return true;
}

void pmu_init(void)
{
    const struct qv_cost_cfg *cfg = &handoff->cfg.cost;

    if (cfg->n_events == 0 && (cfg->flags & QV_COST_WINDOW) == 0)
        return;
    if (!start_emulated())
        start_unit();
    pmu_accounts = pmu_source() != QV_PMU_NONE && (cfg->flags & QV_COST_PATHS) != 0;
    if (pmu_accounts)
        read_raw(&seen);
}
