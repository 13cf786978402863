/* SPDX-License-Identifier: MIT */
/*
 * Recoveries, phase by phase, from a decoded trace.
 */
#ifndef QV_ANALYSIS_PHASES_H
#define QV_ANALYSIS_PHASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/error.h"
#include "analysis/trace.h"

#define PHASES_MAX_SPANS      32u
#define PHASES_MAX_RECOVERIES 64u
#define PHASES_TOLERANCE      0.05 /* sum of phases against end-to-end, fraction */

struct phase_span {
    uint32_t phase; /* enum qv_phase */
    uint8_t core;   /* that ended it (began it, while open) */
    uint64_t begin; /* ticks, on the trace's common clock */
    uint64_t end;
    bool derived; /* taken from DETECT or FIRST_REPLY, not from a begin/end pair */
    bool open;    /* begun and never ended; end = begin */
};

struct recovery {
    uint32_t sandbox; /* the one under recovery */
    uint32_t sequence;
    uint32_t fault;     /* enum qv_fault_model of the activation, QV_FAULT_NONE = no activation found */
    uint32_t detection; /* enum qv_detection */
    uint32_t policy;    /* as decided; QV_POLICY_NONE if no decision was recorded */
    uint32_t reason;    /* of the decision */
    /* Times in ticks, 0 = did not happen. */
    uint64_t activated, detected, decided, recovered, first_reply;
    struct phase_span span[PHASES_MAX_SPANS]; /* in order of begin */
    uint32_t n_spans;
    bool complete; /* recovered and replied */
    bool gave_up;
    uint64_t detection_ticks; /* activation to detection, 0 if unknown */
    uint64_t end_to_end;      /* activation (else detection) to first good reply, 0 if incomplete */
    uint64_t phase_sum;       /* of the critical path: all spans but those that overlap others by definition */
    uint64_t gap_max;         /* longest stretch of end_to_end that no phase covers ... */
    uint32_t gap_after;       /* ... and the phase it follows (0 = before the first) */
    double difference;        /* (phase_sum - end_to_end) / end_to_end */
    bool flagged;             /* |difference| > PHASES_TOLERANCE, only meaningful if complete */
};

struct recoveries {
    struct recovery *item; /* owned; in order of first event */
    size_t n;
    uint32_t activations;      /* FAULT_ACTIVATE records */
    uint32_t arms;             /* FAULT_ARM records */
    uint32_t detections;       /* DETECT records */
    uint32_t early_detections; /* of them, before the first activation (or without any) */
    uint32_t first_detection;  /* means of the first of them at or after the first activation, else of the first */
    uint32_t first_fault;      /* model of the first activation */
    uint64_t first_activation; /* ticks, 0 = none */
    uint64_t first_detected;   /* ticks, 0 = none */
    uint32_t gave_up;          /* GAVE_UP records */
    uint32_t unmatched;        /* phase ends without begin */
};

/* -ENOMEM, or -EINVAL for a trace whose phase records contradict themselves (with reason); then *out is empty. */
int phases_extract(const struct trace *trace, struct recoveries *out, struct qv_error *err);
void phases_free(struct recoveries *r);

/* Ticks of one phase of a recovery (several spans are added up); false if it is absent. */
bool phases_ticks(const struct recovery *recovery, uint32_t phase, uint64_t *ticks);

/*
 * Whether no instance was replaced: what all sharers of a device can damage tells nothing about who did, so whoever
 * finds it repairs it in place, under any policy. A local recovery proper begins with a driver switch.
 */
bool phases_in_place(const struct recovery *recovery);

/* Whether a recovery answered something that was there before any fault. */
bool phases_without_fault(const struct recoveries *all, const struct recovery *recovery);

/* Whether a phase overlaps others by definition and so stays out of the sum. */
bool phases_overlaps(uint32_t phase);

#endif
