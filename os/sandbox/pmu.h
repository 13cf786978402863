/* SPDX-License-Identifier: MIT */
/*
 * Performance counters of this core, whoever provides them, and whose work they counted: each VCPU has an account of
 * its own, and so have the scheduler with the interrupt handlers, and the idle thread.
 *
 * Without a configured window or event nothing is touched. Where there are no counters, pmu_reason() says why, and no
 * count is ever shown. Accounts are kept only if the configuration asks for them (QV_COST_PATHS): each switch between
 * two of them costs a reading.
 */
#ifndef QV_SANDBOX_PMU_H
#define QV_SANDBOX_PMU_H

#include <stdbool.h>
#include <stdint.h>

#include "qv/cost.h"

/* Finds the source and starts the events of the boot configuration. Once, at boot, before the first thread. */
void pmu_init(void);

enum qv_pmu_source pmu_source(void);
const char *pmu_reason(void);    /* why there is none, or why some events were left out; "" */
uint32_t pmu_processor(void);    /* display family << 16 | model; 0 where it was not asked for */
const char *pmu_model(void);     /* emulated: of which processor; else "" */
bool pmu_counts(unsigned event); /* is this event of the configuration counted? */

extern bool pmu_accounts;

/* Accounts behind those of the VCPUs. VCPUs from QV_COST_VCPUS - 1 on share one. */
enum { PMU_OVERHEAD = QV_COST_VCPUS, PMU_IDLE, PMU_ACCOUNTS };

/* From here on it is `account` that runs. Interrupts off. Called around interrupts and at every switch of VCPUs. */
void pmu_switch(unsigned account);
static inline void pmu_charge(unsigned account)
{
    if (pmu_accounts)
        pmu_switch(account);
}

/* What an account has used since boot. Interrupts off. */
void pmu_account(unsigned account, struct qv_cost_account *out);

/* What the core has used since the last call, monitor included; the first call gives zeros. Interrupts off. */
void pmu_core_since(struct qv_cost_account *out);

/* Instructions that the running thread's VCPU has executed so far: for the length of a path in a thread. */
uint64_t pmu_own_instructions(void);

/* A trace record for every counted event, with the reading of the core's counter. */
void pmu_trace(void);

#endif
