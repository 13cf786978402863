/* SPDX-License-Identifier: MIT */
#include "sandbox/cost.h"

#include "sandbox/internal.h"
#include "sandbox/pmu.h"

struct qv_cost_area *cost_area;
bool cost_paths;

/* Totals at one moment, and their difference. Paths and payload are counted in the area itself. */
struct totals {
    uint64_t idle, sched;
    uint64_t rx_frames, rx_skipped, rx_dropped, tx_frames, tx_busy, irqs, irq_acks, http_requests, http_replies;
    uint64_t lock_waits, lock_wait_ticks, exits;
    struct qv_cost_account account[PMU_ACCOUNTS];
};
static struct totals begin;
static uint64_t from, until; /* 0: the machine is not ready yet */

static uint64_t exits(void)
{
    const volatile struct qv_core_report *report = &directory()->core[handoff->id];
    uint64_t sum = 0;
    for (unsigned stage = 0; stage < QV_STAGE_COUNT; stage++)
        for (unsigned cause = 0; cause < QV_EXIT_CAUSE_SLOTS; cause++)
            sum += report->exits[stage][cause];
    return sum;
}

static void take(struct totals *t, struct qv_cost_account *core)
{
    uint64_t flags = irq_save();
    vcpus_publish();
    t->idle = status->idle_ticks;
    t->sched = status->sched_ticks;
    t->rx_frames = status->rx_frames;
    t->rx_skipped = status->rx_skipped;
    t->rx_dropped = status->rx_dropped;
    t->tx_frames = status->tx_frames;
    t->tx_busy = status->tx_busy;
    t->irqs = status->irqs;
    t->irq_acks = status->irq_acks;
    t->http_requests = status->http_requests;
    t->http_replies = status->http_replies;
    t->lock_waits = status->lock_waits;
    t->lock_wait_ticks = status->lock_wait_ticks;
    t->exits = exits();
    pmu_core_since(core);
    for (unsigned i = 0; i < PMU_ACCOUNTS; i++)
        pmu_account(i, &t->account[i]);
    irq_restore(flags);
}

static void subtract(struct qv_cost_account *out, const struct qv_cost_account *after,
                     const struct qv_cost_account *before)
{
    out->instructions = after->instructions - before->instructions;
    for (unsigned i = 0; i < QV_PMU_EVENTS; i++)
        out->count[i] = after->count[i] - before->count[i];
}

static void open_window(uint64_t now)
{
    cost_area->begin_tsc = now;
    __atomic_store_n(&cost_area->state, 1u, __ATOMIC_RELEASE);
    pmu_trace();
    take(&begin, &cost_area->core);
}

static void close_window(uint64_t now)
{
    static struct totals end;
    struct qv_cost_area *a = cost_area;

    take(&end, &a->core);
    pmu_trace();
    a->end_tsc = now;
    a->idle_ticks = end.idle - begin.idle;
    a->sched_ticks = end.sched - begin.sched;
    a->rx_frames = end.rx_frames - begin.rx_frames;
    a->rx_skipped = end.rx_skipped - begin.rx_skipped;
    a->rx_dropped = end.rx_dropped - begin.rx_dropped;
    a->tx_frames = end.tx_frames - begin.tx_frames;
    a->tx_busy = end.tx_busy - begin.tx_busy;
    a->irqs = end.irqs - begin.irqs;
    a->irq_acks = end.irq_acks - begin.irq_acks;
    a->http_requests = end.http_requests - begin.http_requests;
    a->http_replies = end.http_replies - begin.http_replies;
    a->exits = end.exits - begin.exits;
    a->lock_waits = end.lock_waits - begin.lock_waits;
    a->lock_wait_ticks = end.lock_wait_ticks - begin.lock_wait_ticks;
    subtract(&a->overhead, &end.account[PMU_OVERHEAD], &begin.account[PMU_OVERHEAD]);
    subtract(&a->idle, &end.account[PMU_IDLE], &begin.account[PMU_IDLE]);
    for (unsigned i = 0; i < QV_COST_VCPUS; i++)
        subtract(&a->vcpu[i], &end.account[i], &begin.account[i]);
    __atomic_store_n(&a->state, 2u, __ATOMIC_RELEASE);
}

void cost_look(void)
{
    uint64_t now;

    if (!cost_area || cost_area->state == 2 || directory()->machine_state != QV_MACHINE_READY)
        return;
    if (until == 0) {
        from = directory()->ready_tsc + time_from_us(handoff->cfg.cost.from_us);
        until = directory()->ready_tsc + time_from_us(handoff->cfg.cost.until_us);
    }
    now = time_now();
    if (cost_area->state == 0 && now >= from)
        open_window(now);
    else if (cost_area->state == 1 && now >= until)
        close_window(now);
}

bool cost_done(void)
{
    return cost_area && cost_area->state == 2;
}

void cost_path_begin(struct cost_mark *mark)
{
    mark->ticks = time_now();
    mark->instructions = pmu_own_instructions();
}

void cost_path_end(enum qv_cost_path_id path, const struct cost_mark *mark, uint64_t items)
{
    struct qv_cost_path *p = &cost_area->path[path];
    uint64_t instructions = pmu_own_instructions() - mark->instructions;

    if (cost_area->state != 1)
        return;
    p->calls++;
    p->items += items;
    p->instructions += instructions;
    p->ticks += time_now() - mark->ticks;
}

static void copy_text(char *to, size_t size, const char *text)
{
    for (size_t i = 0; i + 1 < size && text[i] != '\0'; i++)
        to[i] = text[i];
}

void cost_init(void)
{
    const size_t pages = (sizeof(*cost_area) + PAGE_SIZE - 1) / PAGE_SIZE;
    struct qv_cost_area *area;

    if ((handoff->cfg.cost.flags & QV_COST_WINDOW) == 0 || handoff->incarnation > 1)
        return;
    area = page_alloc(pages);
    if (!area)
        return;
    area->version = QV_COST_VERSION;
    area->size = sizeof(*area);
    area->source = (uint32_t)pmu_source();
    area->n_events = handoff->cfg.cost.n_events;
    area->n_vcpus = QV_COST_VCPUS;
    area->flags = handoff->cfg.cost.flags;
    area->processor = pmu_processor();
    for (unsigned i = 0; i < area->n_events; i++)
        area->counted[i] = pmu_counts(i);
    copy_text(area->reason, sizeof(area->reason), pmu_reason());
    copy_text(area->model, sizeof(area->model), pmu_model());
    area->magic = QV_COST_AREA_MAGIC;
    cost_area = area;
    cost_paths = (area->flags & QV_COST_PATHS) != 0;
    __atomic_store_n(&status->cost_phys, virt_to_phys(area), __ATOMIC_RELEASE);
}
