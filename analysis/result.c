/* SPDX-License-Identifier: MIT */
/* A result's life, and what is concluded from it. */
#include "analysis/result.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/threats.h"
#include "qv/fault.h"

#define UP_TAIL_NS 500000000ull /* the service is up at the end if it answered this shortly before ... */
#define WORSE      0.95         /* ... and no worse if it answers this part of the rate before the fault */

struct run_result *result_new(void)
{
    struct run_result *r = calloc(1, sizeof(*r));
    if (r != NULL)
        r->host.exit_status = -1;
    return r;
}

void result_free(struct run_result *r)
{
    if (r == NULL)
        return;
    phases_free(&r->recoveries);
    free(r->tlb);
    vcpus_free(&r->vcpus);
    free(r);
}

static bool is_target(const struct run_result *r, uint32_t sandbox)
{
    for (uint32_t i = 0; i < r->n_faults; i++) {
        if (r->fault[i].model != QV_FAULT_NONE && r->fault[i].target == sandbox)
            return true;
    }
    return false;
}

static bool has_fault(const struct run_result *r)
{
    for (uint32_t i = 0; i < r->n_faults; i++) {
        if (r->fault[i].model != QV_FAULT_NONE)
            return true;
    }
    return false;
}

static uint32_t sandbox_facts(const struct run_result *r)
{
    uint32_t facts = 0;
    for (uint32_t i = 0; i < r->n_sandboxes && r->has_directory; i++) {
        uint32_t state = r->sandbox[i].state;
        bool stopped = state == QV_SB_PARKED || state == QV_SB_GAVE_UP;
        if (is_target(r, i)) {
            facts |= state == QV_SB_PARKED ? FACT_STOPPED : 0u;
            facts |= state == QV_SB_GAVE_UP ? FACT_GAVE_UP : 0u;
        } else if (stopped) {
            facts |= FACT_OTHERS_DEAD;
        }
    }
    return facts;
}

static uint32_t recovery_facts(const struct run_result *r)
{
    const struct recoveries *rs = &r->recoveries;
    uint32_t facts = 0;
    facts |= rs->activations > 0 ? FACT_ACTIVATED : 0u;
    facts |= rs->detections > 0 ? FACT_DETECTED : 0u;
    facts |= rs->early_detections > 0 ? FACT_EARLY_DETECTION : 0u;
    facts |= rs->gave_up > 0 ? FACT_GAVE_UP : 0u;
    for (size_t i = 0; i < rs->n; i++) {
        /* A sandbox that nobody asks repairs a shared device and has no reply to show; the row asks for the service,
         * too. */
        if (rs->item[i].recovered == 0)
            continue;
        switch (rs->item[i].policy) {
        case QV_POLICY_LOCAL:
            facts |= phases_in_place(&rs->item[i]) ? FACT_REPAIRED : FACT_RECOVERED_LOCAL;
            break;
        case QV_POLICY_REMOTE:
            facts |= FACT_RECOVERED_REMOTE;
            break;
        case QV_POLICY_RESTART:
            facts |= FACT_RECOVERED_RESTART;
            break;
        default:
            break;
        }
    }
    return facts;
}

static uint32_t load_facts(const struct run_result *r)
{
    if (!r->has_load)
        return FACT_SERVICE_UP;
    uint32_t facts = 0;
    facts |= r->load.wrong_ever > 0 ? FACT_WRONG_OUTPUT : 0u;
    facts |= r->load_up_at_end ? FACT_SERVICE_UP : 0u;
    if (r->has_split && (r->load_after.good_rate < WORSE * r->load_before.good_rate || r->load_after.errors > 0 ||
                         r->load_after.lost > 0))
        facts |= FACT_SERVICE_WORSE;
    if (!has_fault(r) && (r->load.errors > 0 || r->load.lost > 0))
        facts |= FACT_SERVICE_WORSE;
    return facts;
}

uint32_t result_facts(const struct run_result *r)
{
    uint32_t facts = sandbox_facts(r) | recovery_facts(r) | load_facts(r);
    facts |= has_fault(r) ? FACT_FAULT_PLANNED : 0u;
    facts |= r->isolation.breaches > 0 ? FACT_BREACH : 0u;
    facts |= r->isolation.state_differs ? FACT_STATE_DIFFERS : 0u;
    facts |= r->host.monitor_failed ? FACT_MONITOR_FAILED : 0u;
    /* A machine that never came up says nothing about the fault that was to be put into it. */
    facts |= r->host.harness_error || (!r->host.machine_ready && !r->host.monitor_failed) ? FACT_HARNESS_ERROR : 0u;
    facts |= r->host.platform_died && r->host.machine_ready ? FACT_MACHINE_DIED : 0u;
    return facts;
}

void result_conclude(struct run_result *r)
{
    r->facts = result_facts(r);
    r->outcome = outcome_classify(r->facts);
    r->detected_by = r->recoveries.detections > 0 ? r->recoveries.first_detection : QV_DETECT_NONE;
    r->outage_ms = r->has_load ? r->load.outage_ms : 0;
    threats_find(r);
}

bool result_up_at_end(const struct load_log *log)
{
    uint64_t last = 0;
    for (size_t i = 0; i < log->n; i++) {
        const struct load_record *rec = &log->record[i];
        if (rec->cls == LOAD_GOOD && rec->done_ns != LOAD_NEVER && rec->done_ns > last)
            last = rec->done_ns;
    }
    /* At low rates a few intervals must have room. */
    uint64_t tail = UP_TAIL_NS;
    if (log->rate > 0 && 1e9 / log->rate * 5 > (double)tail)
        tail = (uint64_t)(1e9 / log->rate * 5);
    return last > 0 && last + tail >= log->end_ns;
}
