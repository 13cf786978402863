/* SPDX-License-Identifier: MIT */
#include "analysis/cost.h"

#include <string.h>

#define NAME_ENTRY(sym, num, name, text) [num] = name,

static const char *const sources[] = {"no PMU", "intel", "amd", "emulated"};
static const char *const paths[] = {QV_COST_PATHS(NAME_ENTRY)};
static const char *const traffics[] = {QV_TRAFFIC_KINDS(NAME_ENTRY)};

const char *cost_source_name(uint32_t source)
{
    return source < sizeof(sources) / sizeof(sources[0]) ? sources[source] : "unknown";
}

const char *cost_path_name(uint32_t path)
{
    return path < sizeof(paths) / sizeof(paths[0]) ? paths[path] : "unknown";
}

const char *cost_traffic_name(uint32_t traffic)
{
    return traffic < sizeof(traffics) / sizeof(traffics[0]) ? traffics[traffic] : "unknown";
}

bool cost_take(struct run_cost *cost, uint32_t sandbox, const void *area, size_t size, const char **why)
{
    struct qv_cost_area copy;

    if (sandbox >= QV_MAX_SANDBOXES || size < sizeof(copy)) {
        *why = "its report lies outside memory";
        return false;
    }
    memcpy(&copy, area, sizeof(copy));
    if (copy.magic != QV_COST_AREA_MAGIC || copy.version != QV_COST_VERSION || copy.size != sizeof(copy) ||
        copy.source > QV_PMU_EMULATED || copy.n_events > QV_PMU_EVENTS) {
        *why = "its report is of another layout";
        return false;
    }
    if (copy.state != 2) {
        *why = "its window did not end before the run did";
        return false;
    }
    copy.reason[sizeof(copy.reason) - 1] = '\0';
    copy.model[sizeof(copy.model) - 1] = '\0';
    cost->sandbox[sandbox].area = copy;
    cost->sandbox[sandbox].present = true;
    cost->present = true;
    return true;
}

static void add(struct cost_figures *f, const struct qv_cost_area *a)
{
    f->sandboxes++;
    f->window_ticks += (double)(a->end_tsc - a->begin_tsc);
    f->requests += (double)a->http_requests;
    f->packets += (double)a->rx_frames + (double)a->tx_frames;
    f->skipped += (double)a->rx_skipped;
    f->bytes += (double)a->bytes_in + (double)a->bytes_out;
    f->irqs += (double)a->irqs;
    f->irq_acks += (double)a->irq_acks;
    f->exits += (double)a->exits;
    f->lock_waits += (double)a->lock_waits;
    f->lock_wait_ticks += (double)a->lock_wait_ticks;
    f->idle_ticks += (double)a->idle_ticks;
    f->counted = f->counted && a->source != QV_PMU_NONE;
    f->simulated = f->simulated || a->source == QV_PMU_EMULATED;
    f->core += (double)a->core.instructions;
    f->paths = f->paths && (a->flags & QV_COST_PATHS) != 0;
    for (unsigned p = 0; p < QV_COST_PATH_COUNT; p++)
        if (p != QV_COST_DELIVER) /* part of RECEIVE */
            f->driver += (double)a->path[p].instructions;
    f->skip += (double)a->path[QV_COST_SKIP].instructions;
    f->deliver += (double)a->path[QV_COST_DELIVER].instructions;
}

bool cost_figures(const struct run_cost *cost, struct cost_figures *out)
{
    *out = (struct cost_figures){.counted = true, .paths = true};
    for (uint32_t i = 0; i < cost->n_sandboxes && i < QV_MAX_SANDBOXES; i++)
        if (cost->sandbox[i].present && (cost->sandbox[i].roles & QV_ROLE_WEB) != 0)
            add(out, &cost->sandbox[i].area);
    if (out->sandboxes == 0)
        return false;
    out->window_ticks /= out->sandboxes;
    return true;
}
