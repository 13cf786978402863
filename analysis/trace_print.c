/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdbool.h>

#include "analysis/names.h"
#include "analysis/trace.h"
#include "qv/fault.h"

static void print_address(FILE *out, uint32_t address)
{
    fprintf(out, "%u.%u.%u.%u", address >> 24, (address >> 16) & 255u, (address >> 8) & 255u, address & 255u);
}

/* The fields in words where the numbers stand for something; false: print them as numbers. */
static bool print_meaning(FILE *out, const struct qv_trace_record *r)
{
    uint32_t a = (uint32_t)r->a;
    switch (r->id) {
    case QV_TRACE_BOOT:
        fprintf(out, "%s, %" PRIu64 " Hz", r->a == 1 ? "monitor" : "sandbox kernel", r->b);
        return true;
    case QV_TRACE_TSC_OFFSET:
        fprintf(out, "%" PRId64 " ticks, uncertainty %" PRIu64, (int64_t)r->a, r->b);
        return true;
    case QV_TRACE_FAULT_ARM:
        fprintf(out, "%s at %s, plan %u", qv_fault_name(a), qv_point_name((uint32_t)(r->b >> 32)), (uint32_t)r->b);
        return true;
    case QV_TRACE_FAULT_CHANGE:
        fprintf(out, "0x%" PRIx64 ": %08x -> %08x", r->a, (uint32_t)(r->b >> 32), (uint32_t)r->b);
        return true;
    case QV_TRACE_FAULT_ACTIVATE:
        fprintf(out, "%s, address 0x%" PRIx64, qv_fault_name(a), r->b);
        return true;
    case QV_TRACE_DETECT:
        fprintf(out, "%s, 0x%" PRIx64, qv_detection_name(a), r->b);
        return true;
    case QV_TRACE_PHASE_BEGIN:
    case QV_TRACE_PHASE_END:
        fprintf(out, "%s, sandbox %u, recovery %u", qv_phase_name(a), (uint32_t)(r->b >> 32), (uint32_t)r->b);
        return true;
    case QV_TRACE_DECISION:
        fprintf(out, "%s, reason %" PRIu64, qv_policy_name(a), r->b);
        return true;
    case QV_TRACE_RECOVERED:
        fprintf(out, "%s, sandbox %" PRIu64, qv_policy_name(a), r->b);
        return true;
    case QV_TRACE_GAVE_UP:
        fprintf(out, "%s, %" PRIu64 " attempts", qv_detection_name(a), r->b);
        return true;
    case QV_TRACE_STATE:
        fprintf(out, "%s, sandbox %" PRIu64, qv_state_name(a), r->b);
        return true;
    case QV_TRACE_EXIT:
    case QV_TRACE_VIOLATION:
        fprintf(out, "%s, 0x%" PRIx64, qv_exit_name(a), r->b);
        return true;
    case QV_TRACE_CALL:
        fprintf(out, "call %" PRIu64 " = %" PRId64, r->a, (int64_t)r->b);
        return true;
    case QV_TRACE_DUTY:
        fprintf(out, "%s from sandbox %u to %u", r->a == 1 ? "acknowledgement" : "descriptor return",
                (uint32_t)(r->b >> 32), (uint32_t)r->b);
        return true;
    case QV_TRACE_LOCK_BREAK:
        fprintf(out, "lock %" PRIu64 ", owner word 0x%" PRIx64, r->a, r->b);
        return true;
    case QV_TRACE_IRQ:
        fprintf(out, "cause 0x%" PRIx64, r->a);
        return true;
    case QV_TRACE_ARP_ANNOUNCE:
        print_address(out, a);
        return true;
    default:
        return false;
    }
}

static void print_place(FILE *out, const struct qv_trace_record *r, const struct address_namer *namer)
{
    struct address_name name;
    if (namer == NULL || !address_name_of_record(namer, r, &name))
        return;
    fprintf(out, " [%s%s%s]", name.symbol, name.source[0] != '\0' ? ", " : "", name.source);
}

void trace_print_event(FILE *out, const struct trace *trace, const struct trace_event *event,
                       const struct address_namer *namer)
{
    const struct qv_trace_record *r = &event->rec;
    uint64_t start = trace->n > 0 ? trace->event[0].t : 0;
    double us = (double)(event->t - start) * 1e6 / (double)trace->tsc_hz;
    fprintf(out, "%14.3f us  core %u %-7s  #%-3u %-16s ", us, r->core,
            r->writer == QV_WRITER_MONITOR ? "monitor" : "sandbox", r->incarnation, qv_trace_name(r->id));
    if (!print_meaning(out, r)) {
        fprintf(out, "%s: %" PRIu64, qv_trace_meaning_a(r->id), r->a);
        if (r->b != 0)
            fprintf(out, ", %s: %" PRIu64, qv_trace_meaning_b(r->id), r->b);
    }
    print_place(out, r, namer);
    fputc('\n', out);
}

void trace_print(FILE *out, const struct trace *trace, const struct address_namer *namer)
{
    for (uint32_t i = 0; i < trace->n_rings; i++) {
        const struct trace_ring_info *ring = &trace->ring[i];
        fprintf(out,
                "ring: core %u %s, %" PRIu64 " records, %" PRIu64 " lost, %" PRIu64 " backwards, offset %" PRId64
                " ticks\n",
                ring->core, ring->writer == QV_WRITER_MONITOR ? "monitor" : "sandbox", ring->count, ring->lost,
                ring->backwards, ring->offset);
    }
    for (size_t i = 0; i < trace->n; i++)
        trace_print_event(out, trace, &trace->event[i], namer);
}
