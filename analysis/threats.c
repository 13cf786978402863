/* SPDX-License-Identifier: MIT */
#include "analysis/threats.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "analysis/names.h"
#include "qv/fault.h"

#define BACKWARDS_SHARE 10u /* a stamp taken first and written later is usual; every tenth record is not */

static void add(struct run_result *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct run_result *r, const char *format, ...)
{
    if (r->n_threats == RESULT_MAX_THREATS)
        return;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(r->threat[r->n_threats++], sizeof(r->threat[0]), format, args);
    va_end(args);
}

static void platform_threats(struct run_result *r)
{
    switch (r->tick.kind) {
    case RUN_TICK_HOST_TSC:
        add(r,
            "Ticks are the host's time while an emulator translates the guest's code: they depend on the host's load "
            "and say nothing about a processor's cycles.");
        break;
    case RUN_TICK_INSTRUCTION:
        add(r, "A tick is one instruction of any core: path lengths, without caches, TLBs, or the time of devices; all "
               "cores share one thread.");
        break;
    case RUN_TICK_EMULATED:
        add(r, "Ticks are an emulator's own clock: path lengths; exits, interrupts and memory cost nothing.");
        break;
    case RUN_TICK_NESTED:
        add(r, "Ticks are the host's time. The host's hypervisor emulates the exits and entries of the monitors: what "
               "they "
               "cost is its work, and depends on the host's load.");
        break;
    case RUN_TICK_HARDWARE:
    case RUN_TICK_KINDS:
        break;
    }
    bool host_time = r->tick.kind == RUN_TICK_HOST_TSC || r->tick.kind == RUN_TICK_NESTED;
    if (r->provenance.host_cores > 0 && r->n_sandboxes > r->provenance.host_cores && host_time)
        add(r, "%u emulated cores share %u host cores: a core may stand still for a scheduling interval at any time.",
            r->n_sandboxes, r->provenance.host_cores);
    if (r->provenance.host_cores > 0 && host_time && r->provenance.load_average > 0.5 * r->provenance.host_cores)
        add(r, "The host was busy before the run began (load average %.2f on %u cores).", r->provenance.load_average,
            r->provenance.host_cores);
    if (r->provenance.dirty)
        add(r, "The work tree had uncommitted changes: the commit alone does not reproduce this run.");
    if (r->provenance.commit[0] == '\0')
        add(r, "No commit is known: the sources are not in a git work tree.");
}

static void counter_threats(struct run_result *r)
{
    if (r->simulated[0] != '\0')
        add(r,
            "Event counts are those of a model of the processor %s, fed with this machine's accesses (simulated: %s): "
            "no "
            "prefetch, no speculation, no overlap.",
            r->simulated, r->simulated);
    else if (r->tlb != NULL && r->tlb->counted == 0)
        add(r, "The machine has no performance counters: no events were counted.");
}

static void trace_threats(struct run_result *r)
{
    if (!r->has_trace)
        add(r, "No trace was captured: phases, activation and detection are unknown.");
    if (r->trace_lost > 0)
        add(r, "%" PRIu64 " trace records were overwritten before they were read: counts of events are lower bounds.",
            r->trace_lost);
    if (r->trace_backwards * BACKWARDS_SHARE > r->trace_records)
        add(r,
            "%" PRIu64 " of %" PRIu64
            " trace records carry a time before that of the record written before them: a clock "
            "may have gone backwards.",
            r->trace_backwards, r->trace_records);
    if (r->recoveries.unmatched > 0)
        add(r, "%u phases ended without having begun: the phase table is incomplete.", r->recoveries.unmatched);
    for (size_t i = 0; i < r->recoveries.n; i++) {
        const struct recovery *x = &r->recoveries.item[i];
        if (x->complete && x->flagged)
            add(r, "Recovery %u of sandbox %u: its phases add up to %+.1f %% of the end-to-end time.", x->sequence,
                x->sandbox, 100 * x->difference);
        if (!x->complete && !x->gave_up)
            add(r, "Recovery %u of sandbox %u %s.", x->sequence, x->sandbox,
                x->recovered != 0 ? "was completed, but the sandbox sent no reply after it"
                                  : "has no end in the trace");
        if (phases_without_fault(&r->recoveries, x))
            add(r, "Recovery %u of sandbox %u (%s) answered no fault that was injected.", x->sequence, x->sandbox,
                qv_detection_name(x->detection));
    }
}

static void load_threats(struct run_result *r)
{
    const struct load_stats *s = &r->load;
    if (!r->has_load) {
        add(r, "There was no load: outage and loss are unknown.");
        return;
    }
    if (s->good < 1000)
        add(r, "%" PRIu64 " good replies: p99.9 is the maximum or close to it.", s->good);
    if (r->load_printed)
        add(r, "httperf's requests are dated by the lines it prints, about a millisecond late, and from the time of "
               "sending: waiting inside httperf does not count.");
    if (!r->load_printed && !r->load_guest_time && s->late_max_ms > 10 && r->load_rate > 0)
        add(r, "A request left up to %.1f ms after its intended time; latencies count from the intended time.",
            s->late_max_ms);
    if (r->load_guest_time && r->load_tool == LOAD_TOOL_QV)
        add(r,
            "The host's requests went by the guest's clock as its stamps show it: each time is good to a heartbeat's "
            "period, and to what the host's own delays are in guest time.");
    if (s->by_class[LOAD_NOT_SENT] > 0)
        add(r, "%" PRIu64 " requests found no connection within their time limit and were never sent.",
            s->by_class[LOAD_NOT_SENT]);
    if (r->load_rate > 0 && r->load_rate * r->outage_ms / 1e3 < 5 && r->recoveries.activations > 0)
        add(r, "At %g requests/s the outage is shorter than five intervals: the rate limits what can be seen.",
            r->load_rate);
    if (s->outage_open)
        add(r, "The longest outage had not ended when the load did: a lower bound.");
}

void threats_find(struct run_result *r)
{
    r->n_threats = 0;
    platform_threats(r);
    counter_threats(r);
    trace_threats(r);
    load_threats(r);
    if (!r->isolation.checked)
        add(r, "Isolation was not checked: the absence of breaches is not known.");
    if (r->n_faults > 0 && r->fault[0].model != QV_FAULT_NONE && r->has_trace && r->recoveries.activations == 0)
        add(r, "The fault was never activated: nothing was tested.");
    if (r->has_trace && r->recoveries.activations > 0)
        add(r, "One run: a figure without a spread (repeat it).");
}
