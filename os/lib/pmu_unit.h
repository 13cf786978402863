/* SPDX-License-Identifier: MIT */
/*
 * The counters of a processor, from its CPUID leaves: which there are, how an event gets one, what a monitor lets a
 * sandbox write. Pure: all access to the processor goes through struct pmu_access, so that recorded processors can
 * stand in for real ones.
 *
 * Counters are read by RDPMC, which no monitor intercepts, and set up by WRMSR, which exits: set up once, at boot.
 * Counting only: an overflow makes no interrupt, for that would be an NMI, and those belong to the monitors.
 *
 * Sources: Intel SDM vol. 3, "Architectural Performance Monitoring" (19.2), vol. 2 CPUID leaf 0AH and RDPMC, vol. 4
 * table 2-2; AMD APM vol. 2, 13.2 "Performance Monitoring Counters", vol. 3 CPUID Fn8000_0001 ECX[23], Fn8000_0022
 * EBX[3:0].
 */
#ifndef QV_OS_PMU_UNIT_H
#define QV_OS_PMU_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "qv/cost.h"

#define PMU_MAX_GENERAL 8u
#define PMU_MAX_FIXED   4u

struct pmu_leaf {
    uint32_t eax, ebx, ecx, edx;
};

/* What a unit needs of the processor. write and counter return false where the processor, or a monitor, refuses. */
struct pmu_access {
    void (*cpuid)(void *context, uint32_t leaf, uint32_t subleaf, struct pmu_leaf *out);
    bool (*write)(void *context, uint32_t msr, uint64_t value);
    bool (*counter)(void *context, uint32_t index, uint64_t *value); /* RDPMC */
    void *context;
};

#define PMU_NOT_ASSIGNED 0xffffffffu

struct pmu_unit {
    enum qv_pmu_source source; /* NONE, INTEL or AMD */
    const char *reason;        /* of NONE: why */
    uint32_t processor;        /* display family << 16 | display model, of CPUID leaf 1; also without counters */
    unsigned version;          /* Intel: of architectural performance monitoring; AMD: 1 legacy, 2 core-extended */
    unsigned n_general;
    unsigned n_fixed;
    unsigned width; /* bits of a general counter */
    unsigned fixed_width;
    uint32_t missing;              /* Intel: bit i: the architectural event i does not exist (CPUID.0AH:EBX) */
    uint32_t control;              /* MSR of the first control register */
    uint32_t stride;               /* from one control register to the next */
    uint32_t index[QV_PMU_EVENTS]; /* RDPMC index of each event; PMU_NOT_ASSIGNED */
    uint32_t instructions;         /* RDPMC index of the counter of retired instructions */
};

/* What CPUID says. Writes nothing. */
void pmu_unit_detect(struct pmu_unit *unit, const struct pmu_access *access);

/*
 * After detection: gives retired instructions and each event a counter, as far as there are some and the code is for
 * this maker, and starts them. Then probes: a unit whose count of instructions does not move becomes QV_PMU_NONE.
 * `spin` executes at least some hundred instructions.
 */
void pmu_unit_start(struct pmu_unit *unit, const struct pmu_access *access, const struct qv_pmu_event *event,
                    unsigned n_events, void (*spin)(void));

/* Is the processor one of these models? Where none is given (n is 0) it is not known better, and taken for one. */
bool pmu_unit_is_one_of(const struct pmu_unit *unit, const struct qv_pmu_models *models, unsigned n);

/* From one reading of the counter `index` to the next; it may have wrapped in between, once. */
uint64_t pmu_unit_step(const struct pmu_unit *unit, uint32_t index, uint64_t before, uint64_t after);

/*
 * The monitor's side: may a sandbox write this value to this register? Controls and counters that the processor has,
 * without interrupts on overflow, and without counting what the core's other thread does (it may be a neighbour).
 */
bool pmu_write_allowed(const struct pmu_unit *unit, uint32_t msr, uint64_t value);

#endif
