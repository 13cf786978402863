/* SPDX-License-Identifier: MIT */
/*
 * Two passes. The first gathers the begin/end pairs of each recovery (sandbox, sequence number). The second places the
 * other events: a record of an activation or detection does not name the recovery it leads to, so each recovery takes
 * what lies between the end of the one before it (on the same sandbox) and its own end.
 */
#include "analysis/phases.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/names.h"
#include "qv/fault.h"

/* Working data of a recovery, beside the result. */
struct window {
    uint64_t from;  /* the recovery before it ended here */
    uint64_t first; /* its first explicit phase record */
    uint64_t last;  /* its last one */
    uint64_t until; /* the next recovery of this sandbox begins here */
};

struct work {
    struct recovery *item;
    struct window *window;
    size_t n;
};

bool phases_overlaps(uint32_t phase)
{
    return phase == QV_PHASE_IPI_ROUND_TRIP;
}

static struct recovery *recovery_of(struct work *w, const struct trace_event *event)
{
    uint32_t sandbox = (uint32_t)(event->rec.b >> 32);
    uint32_t sequence = (uint32_t)event->rec.b;
    for (size_t i = w->n; i-- > 0;) {
        if (w->item[i].sandbox == sandbox && w->item[i].sequence == sequence) {
            w->window[i].last = event->t;
            return &w->item[i];
        }
    }
    if (w->n == PHASES_MAX_RECOVERIES)
        return NULL;
    w->window[w->n] = (struct window){.first = event->t, .last = event->t, .until = UINT64_MAX};
    w->item[w->n] = (struct recovery){.sandbox = sandbox, .sequence = sequence};
    return &w->item[w->n++];
}

static int check_phase_record(const struct qv_trace_record *rec, struct qv_error *err)
{
    if (strcmp(qv_phase_name((uint32_t)rec->a), "unknown") == 0 || rec->a > UINT32_MAX)
        return qv_error_set(err, -EINVAL, "trace: phase %llu at tsc %llu is unknown", (unsigned long long)rec->a,
                            (unsigned long long)rec->tsc);
    if (rec->b >> 32 >= QV_MAX_SANDBOXES)
        return qv_error_set(err, -EINVAL, "trace: phase record at tsc %llu names sandbox %llu, expected below %u",
                            (unsigned long long)rec->tsc, (unsigned long long)(rec->b >> 32), QV_MAX_SANDBOXES);
    return 0;
}

static int begin_phase(struct recovery *r, const struct trace_event *event, struct qv_error *err)
{
    /* Three places are kept for the derived phases. */
    if (r->n_spans >= PHASES_MAX_SPANS - 3)
        return qv_error_set(err, -EINVAL, "trace: recovery %u of sandbox %u has more than %u phases", r->sequence,
                            r->sandbox, PHASES_MAX_SPANS - 3);
    r->span[r->n_spans++] = (struct phase_span){
        .phase = (uint32_t)event->rec.a, .core = event->rec.core, .begin = event->t, .end = event->t, .open = true};
    return 0;
}

static bool end_phase(struct recovery *r, const struct trace_event *event)
{
    for (uint32_t i = r->n_spans; i-- > 0;) {
        struct phase_span *span = &r->span[i];
        if (span->phase == event->rec.a && span->open) {
            span->end = event->t;
            span->core = event->rec.core;
            span->open = false;
            return true;
        }
    }
    return false;
}

static int gather_spans(const struct trace *trace, struct work *w, struct recoveries *out, struct qv_error *err)
{
    for (size_t i = 0; i < trace->n; i++) {
        const struct trace_event *event = &trace->event[i];
        if (event->rec.id != QV_TRACE_PHASE_BEGIN && event->rec.id != QV_TRACE_PHASE_END)
            continue;
        int code = check_phase_record(&event->rec, err);
        if (code != 0)
            return code;
        struct recovery *r = recovery_of(w, event);
        if (r == NULL)
            return qv_error_set(err, -EINVAL, "trace: more than %u recoveries", PHASES_MAX_RECOVERIES);
        if (event->rec.id == QV_TRACE_PHASE_BEGIN) {
            code = begin_phase(r, event, err);
            if (code != 0)
                return code;
        } else if (!end_phase(r, event)) {
            out->unmatched++;
        }
    }
    return 0;
}

static void set_windows(struct work *w)
{
    for (size_t i = 0; i < w->n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (w->item[k].sandbox != w->item[i].sandbox)
                continue;
            w->window[i].from = w->window[k].last;
            if (w->window[k].until == UINT64_MAX)
                w->window[k].until = w->window[i].first;
        }
    }
}

/*
 * The first activation since the recovery before, of the model that was activated last before the recovery began. On
 * the sandbox's own core if there is one there, else on any (a fault in one sandbox may bring another down).
 */
static const struct trace_event *find_activation(const struct trace *trace, const struct recovery *r,
                                                 const struct window *win, bool own_core)
{
    const struct trace_event *latest = NULL;
    for (size_t i = 0; i < trace->n && trace->event[i].t <= win->first; i++) {
        const struct trace_event *e = &trace->event[i];
        if (e->rec.id == QV_TRACE_FAULT_ACTIVATE && e->t >= win->from && (!own_core || e->rec.core == r->sandbox))
            latest = e;
    }
    if (latest == NULL)
        return NULL;
    for (size_t i = 0; i < trace->n; i++) {
        const struct trace_event *e = &trace->event[i];
        if (e->rec.id == QV_TRACE_FAULT_ACTIVATE && e->t >= win->from && e->rec.core == latest->rec.core &&
            e->rec.a == latest->rec.a)
            return e;
    }
    return latest;
}

/* First event of this kind in [from, until), written on the sandbox's own core if there is such a one. */
static const struct trace_event *find_event(const struct trace *trace, uint32_t id, uint64_t from, uint64_t until,
                                            uint32_t core)
{
    const struct trace_event *other = NULL;
    for (size_t i = 0; i < trace->n && trace->event[i].t < until; i++) {
        const struct trace_event *e = &trace->event[i];
        if (e->rec.id != id || e->t < from)
            continue;
        if (e->rec.core == core)
            return e;
        if (other == NULL)
            other = e;
    }
    return other;
}

/* A neighbour that finds a heartbeat stale detects before the sandbox's own monitor says anything: the earliest counts.
 */
static const struct trace_event *find_detection(const struct trace *trace, const struct recovery *r, uint64_t from,
                                                uint64_t until)
{
    for (size_t i = 0; i < trace->n && trace->event[i].t < until; i++) {
        const struct trace_event *e = &trace->event[i];
        if (e->rec.id == QV_TRACE_DETECT && e->t >= from && (e->rec.core == r->sandbox || e->rec.b == r->sandbox))
            return e;
    }
    return find_event(trace, QV_TRACE_DETECT, from, until, r->sandbox);
}

static const struct phase_span *find_span(const struct recovery *r, uint32_t phase)
{
    for (uint32_t i = 0; i < r->n_spans; i++) {
        if (r->span[i].phase == phase && !r->span[i].open)
            return &r->span[i];
    }
    return NULL;
}

/* End of the last closed phase of the critical path. */
static uint64_t last_end(const struct recovery *r)
{
    uint64_t end = 0;
    for (uint32_t i = 0; i < r->n_spans; i++) {
        const struct phase_span *span = &r->span[i];
        if (!span->open && !phases_overlaps(span->phase) && span->phase != QV_PHASE_FIRST_REPLY && span->end > end)
            end = span->end;
    }
    return end;
}

/*
 * The first good reply: the end of the phase of that name; without one, the reply's own record, by the core that had
 * brought the service back (others answer all the while). A phase that began and has no end waits for that record, too.
 */
static void place_reply(const struct trace *trace, struct recovery *r, const struct window *win)
{
    const struct phase_span *done = find_span(r, QV_PHASE_FIRST_REPLY);
    const struct phase_span *net = find_span(r, QV_PHASE_NET_REINIT);
    if (done != NULL) {
        r->first_reply = done->end;
        return;
    }
    struct phase_span *open = NULL;
    for (uint32_t i = 0; i < r->n_spans; i++) {
        if (r->span[i].phase == QV_PHASE_FIRST_REPLY)
            open = &r->span[i];
    }
    if (open == NULL && net == NULL)
        return;
    uint32_t core = open != NULL ? open->core : net->core;
    uint64_t from = open != NULL ? open->begin : last_end(r);
    const struct trace_event *e = find_event(trace, QV_TRACE_FIRST_REPLY, from, win->until, core);
    if (e == NULL || e->rec.core != core)
        return;
    r->first_reply = e->t;
    if (open != NULL) {
        open->end = e->t;
        open->open = false;
        open->derived = true;
    }
}

static void place_events(const struct trace *trace, struct recovery *r, const struct window *win)
{
    const struct trace_event *e = find_activation(trace, r, win, true);
    if (e == NULL)
        e = find_activation(trace, r, win, false);
    if (e != NULL) {
        r->activated = e->t;
        r->fault = (uint32_t)e->rec.a;
    }
    uint64_t from = r->activated != 0 ? r->activated : win->from;
    uint64_t until = win->last < UINT64_MAX ? win->last + 1 : UINT64_MAX;
    e = find_detection(trace, r, from, until);
    if (e != NULL) {
        r->detected = e->t;
        r->detection = (uint32_t)e->rec.a;
        if (r->activated != 0)
            r->detection_ticks = e->t - r->activated;
    }
    e = find_event(trace, QV_TRACE_DECISION, from, until, r->sandbox);
    if (e != NULL && e->rec.core == r->sandbox) {
        r->decided = e->t;
        r->policy = (uint32_t)e->rec.a;
        r->reason = (uint32_t)e->rec.b;
    }
    for (size_t i = 0; i < trace->n && trace->event[i].t < win->until; i++) {
        const struct trace_event *x = &trace->event[i];
        if (x->t < win->first)
            continue;
        if (x->rec.id == QV_TRACE_RECOVERED && x->rec.b == r->sandbox && r->recovered == 0) {
            r->recovered = x->t;
            r->policy = (uint32_t)x->rec.a;
        }
        if (x->rec.id == QV_TRACE_GAVE_UP && x->rec.core == r->sandbox)
            r->gave_up = true;
    }
    place_reply(trace, r, win);
}

static int compare_spans(const void *a, const void *b)
{
    const struct phase_span *x = a;
    const struct phase_span *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/*
 * Detection and first reply have no begin/end pair of their own when the writer of the one end does not know of the
 * other. The derived detection ends where the first explicit phase begins, if the DETECT record was written only later,
 * so that no tick is counted twice.
 */
static void derive_phases(struct recovery *r, const struct window *win)
{
    if (r->activated != 0 && r->detected != 0 && find_span(r, QV_PHASE_DETECTION) == NULL) {
        uint64_t end = r->detected < win->first ? r->detected : win->first;
        /*
         * A nested-page violation is detected by the access itself, which at once leaves guest mode: detecting takes no
         * time of its own, and the time from the access to the monitor's first stamp is the VM exit.
         */
        bool by_exit = r->detection == QV_DETECT_NESTED_PAGE && find_span(r, QV_PHASE_VM_EXIT) == NULL;
        if (end >= r->activated)
            r->span[r->n_spans++] = (struct phase_span){.phase = by_exit ? QV_PHASE_VM_EXIT : QV_PHASE_DETECTION,
                                                        .begin = r->activated,
                                                        .end = end,
                                                        .derived = true};
        if (end >= r->activated && by_exit)
            r->span[r->n_spans++] = (struct phase_span){
                .phase = QV_PHASE_DETECTION, .begin = r->activated, .end = r->activated, .derived = true};
    }
    uint64_t end = last_end(r);
    if (r->first_reply > end && end != 0 && find_span(r, QV_PHASE_FIRST_REPLY) == NULL)
        r->span[r->n_spans++] =
            (struct phase_span){.phase = QV_PHASE_FIRST_REPLY, .begin = end, .end = r->first_reply, .derived = true};
    qsort(r->span, r->n_spans, sizeof(r->span[0]), compare_spans);
}

static void note_gap(struct recovery *r, uint64_t from, uint64_t to, uint32_t after)
{
    if (to > from && to - from > r->gap_max) {
        r->gap_max = to - from;
        r->gap_after = after;
    }
}

static void add_up(struct recovery *r)
{
    uint64_t start = r->activated != 0 ? r->activated : r->detected;
    uint64_t covered = start;
    uint32_t after = 0;
    for (uint32_t i = 0; i < r->n_spans; i++) {
        const struct phase_span *span = &r->span[i];
        if (span->open || phases_overlaps(span->phase))
            continue;
        r->phase_sum += span->end - span->begin;
        note_gap(r, covered, span->begin, after);
        if (span->end > covered) {
            covered = span->end;
            after = span->phase;
        }
    }
    r->complete = r->recovered != 0 && r->first_reply != 0 && start != 0 && r->first_reply >= start;
    if (!r->complete)
        return;
    note_gap(r, covered, r->first_reply, after);
    r->end_to_end = r->first_reply - start;
    if (r->end_to_end > 0)
        r->difference = ((double)r->phase_sum - (double)r->end_to_end) / (double)r->end_to_end;
    r->flagged = fabs(r->difference) > PHASES_TOLERANCE;
}

static void count_events(const struct trace *trace, struct recoveries *out)
{
    for (size_t i = 0; i < trace->n; i++) {
        const struct trace_event *e = &trace->event[i];
        switch (e->rec.id) {
        case QV_TRACE_FAULT_ARM:
            out->arms++;
            break;
        case QV_TRACE_FAULT_ACTIVATE:
            if (out->activations++ == 0) {
                out->first_activation = e->t;
                out->first_fault = (uint32_t)e->rec.a;
            }
            break;
        case QV_TRACE_DETECT:
            if (out->activations == 0)
                out->early_detections++;
            /* A detection after the activation replaces one from before it. */
            if (out->first_detected == 0 || (out->activations > 0 && out->first_detected < out->first_activation)) {
                out->first_detected = e->t;
                out->first_detection = (uint32_t)e->rec.a;
            }
            out->detections++;
            break;
        case QV_TRACE_GAVE_UP:
            out->gave_up++;
            break;
        default:
            break;
        }
    }
}

int phases_extract(const struct trace *trace, struct recoveries *out, struct qv_error *err)
{
    memset(out, 0, sizeof(*out));
    struct work w = {.item = calloc(PHASES_MAX_RECOVERIES, sizeof(*w.item)),
                     .window = calloc(PHASES_MAX_RECOVERIES, sizeof(*w.window))};
    int code = -ENOMEM;
    if (w.item == NULL || w.window == NULL) {
        (void)qv_error_set(err, code, "trace: no memory for recoveries");
    } else {
        code = gather_spans(trace, &w, out, err);
    }
    if (code == 0) {
        set_windows(&w);
        for (size_t i = 0; i < w.n; i++) {
            place_events(trace, &w.item[i], &w.window[i]);
            derive_phases(&w.item[i], &w.window[i]);
            add_up(&w.item[i]);
        }
        count_events(trace, out);
        out->item = w.item;
        out->n = w.n;
    } else {
        free(w.item);
        memset(out, 0, sizeof(*out));
    }
    free(w.window);
    return code;
}

void phases_free(struct recoveries *r)
{
    free(r->item);
    memset(r, 0, sizeof(*r));
}

bool phases_without_fault(const struct recoveries *all, const struct recovery *recovery)
{
    return recovery->activated == 0 &&
           (all->first_activation == 0 || recovery->detected == 0 || recovery->detected < all->first_activation);
}

bool phases_ticks(const struct recovery *recovery, uint32_t phase, uint64_t *ticks)
{
    bool found = false;
    *ticks = 0;
    for (uint32_t i = 0; i < recovery->n_spans; i++) {
        const struct phase_span *span = &recovery->span[i];
        if (span->phase == phase && !span->open) {
            *ticks += span->end - span->begin;
            found = true;
        }
    }
    return found;
}

bool phases_in_place(const struct recovery *recovery)
{
    uint64_t ticks;
    return recovery->policy == QV_POLICY_LOCAL && !phases_ticks(recovery, QV_PHASE_DRIVER_SWITCH, &ticks);
}
