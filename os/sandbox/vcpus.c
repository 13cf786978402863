/* SPDX-License-Identifier: MIT */
#include "sandbox/vcpus.h"

#include "sandbox/internal.h"
#include "sandbox/sched/set.h"

#define QUANTUM_US 1000u
#define AREA_PAGES ((sizeof(struct qv_vcpu_area) + PAGE_SIZE - 1) / PAGE_SIZE)

static struct vcpu_slot slots[VCPUS_MAX];
static struct sched_set set; /* what has been admitted */
static struct qv_vcpu_area *area;
static uint64_t handler_time;
static uint64_t path_time;

/* What a boot test's sandbox gets, where nobody says anything. */
static const struct qv_vcpu_cfg default_vcpu[QV_VCPU_SLOTS] = {
    [QV_VCPU_SERVICE] = {QV_VCPU_KIND_MAIN, 6000, 20000, 0, QV_VCPU_BACKGROUND, 0},
    [QV_VCPU_NIC] = {QV_VCPU_KIND_IO_PIBS, 0, 0, 100000, QV_VCPU_BACKGROUND, 0},
    [QV_VCPU_HEALTH] = {QV_VCPU_KIND_MAIN, 100, 2000, 0, QV_VCPU_BACKGROUND, 0},
    [QV_VCPU_RECOVERY] = {QV_VCPU_KIND_MAIN, 1000, 10000, 0, QV_VCPU_BACKGROUND, 0},
    [QV_VCPU_PROBE] = {QV_VCPU_KIND_MAIN, 200, 5000, 0, QV_VCPU_BACKGROUND, 0},
};

struct vcpu_slot *vcpu_slot(unsigned number)
{
    return number < VCPUS_MAX && slots[number].present ? &slots[number] : NULL;
}

static void trace_sched(void *arg, enum sched_trace_kind kind, const struct vcpu *v, uint64_t time, uint64_t amount)
{
    const struct vcpu_slot *slot = v ? v->owner : NULL;
    uint64_t index = slot ? (uint64_t)(slot - slots) : 0xffffffffu;
    (void)arg;
    if (kind == SCHED_TRACE_DISPATCH || kind == SCHED_TRACE_IDLE)
        trace_at(time, QV_TRACE_SCHED_SWITCH, index << 32, amount);
    else if (kind == SCHED_TRACE_REPLENISH)
        trace(QV_TRACE_SCHED_REPL, index, amount);
    else if (kind == SCHED_TRACE_POSTED)
        trace(QV_TRACE_SCHED_POSTED, index << 48 | (amount & ((1ull << 48) - 1)), time);
    else if (kind == SCHED_TRACE_DEPLETED)
        trace(QV_TRACE_SCHED_DEPLETED, index, time);
}

/* The specification in this core's ticks. */
static struct vcpu_spec spec_in_ticks(const struct qv_vcpu_cfg *cfg)
{
    struct vcpu_spec spec = sched_spec_of(cfg);
    if (spec.kind != VCPU_IO_PIBS) {
        spec.budget = time_from_us(cfg->budget_us);
        spec.period = time_from_us(cfg->period_us);
    }
    return spec;
}

static int add(unsigned number, const struct qv_vcpu_cfg *cfg, struct sched_member member, uint64_t now)
{
    struct vcpu_slot *slot = &slots[number];
    const struct vcpu_spec spec = spec_in_ticks(cfg);
    if (cfg->kind > QV_VCPU_KIND_IO_SERVER || vcpu_init(&slot->vcpu, &spec, cfg->replenishments, now, slot) != SCHED_OK)
        return -EINVAL;
    if (sched_add(&scheduler, &slot->vcpu) != SCHED_OK)
        return -ENOSPC;
    vcpu_set_background(&scheduler, &slot->vcpu, (cfg->flags & QV_VCPU_BACKGROUND) != 0);
    slot->work = member.work;
    slot->which = member.which;
    slot->present = true;
    return (int)number;
}

static _Noreturn void refuse(const struct sched_verdict *verdict)
{
    kprint("VCPU set of sandbox %u refused: load %lu ppm, bound %lu ppm, admission %u", handoff->id,
           (verdict->load >> 20) * 1000000u >> 36, (verdict->bound >> 20) * 1000000u >> 36, handoff->cfg.admission);
    kernel_lost(QV_DETECT_ASSERTION, verdict->refused, "VCPU set not admitted");
}

static struct qv_vcpu_cfg standard(unsigned slot)
{
    const struct qv_vcpu_cfg *cfg = &handoff->cfg.sandbox[handoff->id].vcpu[slot];
    return !sched_has_vcpu(cfg) && handoff->cfg.test[0] != '\0' ? default_vcpu[slot] : *cfg;
}

/* As it will be when the work loads have started: admitted as a whole, before anything runs. */
static void admit_all(void)
{
    for (unsigned slot = 0; slot < QV_VCPU_SLOTS; slot++) {
        const struct qv_vcpu_cfg cfg = standard(slot);
        if (sched_has_vcpu(&cfg))
            (void)sched_set_add(&set, &cfg, (struct sched_member){QV_NO_WORK, slot});
    }
    struct sched_set whole = set;
    if (handoff->cfg.test[0] == '\0')
        sched_set_of(&handoff->cfg, handoff->id, &whole);
    const struct sched_verdict verdict = sched_set_admit(&whole, handoff->cfg.admission);
    if (!verdict.admitted)
        refuse(&verdict);
}

void vcpus_init(uint64_t now)
{
    sched_init(&scheduler, now, time_from_us(QUANTUM_US));
    if (handoff->cfg.flags & QV_CFG_TRACE_SCHED)
        sched_set_trace(&scheduler, trace_sched, NULL);
    admit_all();
    for (unsigned slot = 0; slot < QV_VCPU_SLOTS; slot++) {
        const struct qv_vcpu_cfg cfg = standard(slot);
        if (sched_has_vcpu(&cfg) && add(slot, &cfg, (struct sched_member){QV_NO_WORK, slot}, now) < 0)
            kernel_lost(QV_DETECT_ASSERTION, slot, "VCPU malformed");
    }
    area = page_alloc(AREA_PAGES);
    if (area)
        status->vcpus_phys = virt_to_phys(area);
}

int vcpus_create(const struct qv_vcpu_cfg *cfg, uint32_t work, uint32_t which)
{
    const struct sched_member member = {work, which};
    unsigned number = QV_VCPU_SLOTS;
    int result = -ENOSPC;
    uint64_t flags = irq_save();
    while (number < VCPUS_MAX && slots[number].present)
        number++;
    if (number < VCPUS_MAX && sched_set_add(&set, cfg, member)) {
        result = -EPERM;
        if (sched_set_admit(&set, handoff->cfg.admission).admitted)
            result = add(number, cfg, member, rdtsc());
        if (result < 0)
            set.count--;
    }
    irq_restore(flags);
    return result;
}

void vcpus_add_handler_time(uint64_t ticks)
{
    handler_time += ticks;
}

void vcpus_add_path_time(uint64_t ticks)
{
    path_time += ticks;
}

static void report(const struct vcpu_slot *slot, struct qv_vcpu_report *out)
{
    const struct vcpu *v = &slot->vcpu;
    const bool io = v->spec.kind == VCPU_IO_PIBS;
    *out = (struct qv_vcpu_report){
        .kind = v->spec.kind == VCPU_MAIN ? QV_VCPU_KIND_MAIN
                : io                      ? QV_VCPU_KIND_IO_PIBS
                                          : QV_VCPU_KIND_IO_SERVER,
        .flags = v->background ? QV_VCPU_BACKGROUND : 0,
        .work = slot->work,
        .which = slot->which,
        .budget = vcpu_cmax(v),
        .period = v->period,
        .utilization_ppm = io ? v->spec.num : 0,
        .replenishments_max = v->repl_max,
        .number = (uint32_t)(slot - slots),
        .used = v->used,
        .background = v->background_time,
        .overrun = v->overrun,
        .replenishments = v->replenishments,
        .list_full = v->list_full,
        .dispatches = v->dispatches,
        .jobs = slot->jobs,
        .misses = slot->misses,
        .worst_response = slot->worst_response,
        .bytes = slot->bytes,
    };
}

static void publish_area(void)
{
    uint32_t count = 0;
    __atomic_store_n(&area->sequence, area->sequence | 1u, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < VCPUS_MAX; i++)
        if (slots[i].present)
            report(&slots[i], &area->vcpu[count++]);
    area->count = count;
    area->start = scheduler.start;
    area->time = scheduler.last;
    area->idle = scheduler.idle_time;
    area->sched = scheduler.sched_time;
    area->handlers = handler_time;
    area->path = path_time;
    area->retired = scheduler.retired_time;
    area->magic = QV_VCPU_AREA_MAGIC;
    __atomic_store_n(&area->sequence, area->sequence + 1u, __ATOMIC_RELEASE);
}

void vcpus_publish(void)
{
    uint64_t flags = irq_save();
    sched_account(&scheduler, rdtsc());
    for (unsigned i = 0; i < QV_VCPU_SLOTS; i++)
        status->vcpu_ticks[i] = slots[i].vcpu.used + slots[i].vcpu.background_time;
    status->idle_ticks = scheduler.idle_time;
    status->sched_ticks = scheduler.sched_time;
    if (area)
        publish_area();
    irq_restore(flags);
}

static void sample(uint64_t now, enum qv_sample_kind kind, unsigned vcpu, uint64_t value)
{
    trace_at(now, QV_TRACE_SAMPLE, (uint64_t)kind << 32 | vcpu, value);
}

void vcpus_sample(void)
{
    uint64_t flags = irq_save();
    uint64_t now = rdtsc();
    sched_account(&scheduler, now);
    for (unsigned i = 0; i < VCPUS_MAX; i++) {
        const struct vcpu_slot *slot = &slots[i];
        if (!slot->present)
            continue;
        sample(now, QV_SAMPLE_VCPU, i, slot->vcpu.used + slot->vcpu.background_time);
        if (slot->jobs > 0)
            sample(now, QV_SAMPLE_JOBS, i, slot->jobs);
    }
    if (status->flood_sent > 0)
        sample(now, QV_SAMPLE_FLOOD, 0, status->flood_replies);
    sample(now, QV_SAMPLE_SCHED, 0, scheduler.sched_time);
    sample(now, QV_SAMPLE_PATH, 0, path_time);
    sample(now, QV_SAMPLE_HANDLERS, 0, handler_time);
    sample(now, QV_SAMPLE_IDLE, 0, scheduler.idle_time);
    irq_restore(flags);
}

uint64_t vcpus_unaccounted(void)
{
    uint64_t flags = irq_save();
    uint64_t now = rdtsc();
    sched_account(&scheduler, now);
    uint64_t sum = scheduler.idle_time + scheduler.sched_time + scheduler.retired_time;
    for (unsigned i = 0; i < VCPUS_MAX; i++)
        if (slots[i].present)
            sum += slots[i].vcpu.used + slots[i].vcpu.background_time;
    uint64_t elapsed = now - scheduler.start;
    irq_restore(flags);
    return elapsed > sum ? elapsed - sum : sum - elapsed;
}
