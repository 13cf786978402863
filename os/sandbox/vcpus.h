/* SPDX-License-Identifier: MIT */
/* The VCPUs of this sandbox: made from the boot configuration and by calls, admitted, and reported (qv/vcpu.h). */
#ifndef QV_SANDBOX_VCPUS_H
#define QV_SANDBOX_VCPUS_H

#include "qv/vcpu.h"
#include "sandbox/sched/vcpu.h"

#define VCPUS_MAX (SCHED_MAX_VCPUS + QV_VCPU_SLOTS) /* numbers: those of standard VCPUs are not used twice */

struct thread;

struct vcpu_slot {
    struct vcpu vcpu;
    struct thread *first, *last; /* ready threads, first runs */
    bool present;
    uint32_t work;  /* entry of the configuration's work loads, QV_NO_WORK = a standard VCPU */
    uint32_t which; /* its slot, or the number of the copy */
    /* kept by work.c */
    uint64_t jobs, misses, worst_response, bytes;
};

/* The standard VCPUs that the configuration asks for. A set that is not admitted ends this kernel (kernel_lost). */
void vcpus_init(uint64_t now);

/* NULL: there is no such VCPU. */
struct vcpu_slot *vcpu_slot(unsigned number);

/*
 * One more VCPU, for thread_create(); `work` and `which` say whose (QV_NO_WORK: nobody's in particular). Its number, or
 * -EINVAL (malformed), -ENOSPC (too many), -EPERM: with it the set would not be admitted.
 */
int vcpus_create(const struct qv_vcpu_cfg *cfg, uint32_t work, uint32_t which);

/* Ticks of interrupt handlers (but the timer's), and of the timer's handler and the scheduler: statistics, no accounts.
 */
void vcpus_add_handler_time(uint64_t ticks);
void vcpus_add_path_time(uint64_t ticks);

void vcpus_publish(void);         /* all accounts as of now: the area, and the status page's counters */
void vcpus_sample(void);          /* the same as trace records */
uint64_t vcpus_unaccounted(void); /* ticks since the start that are in no account; 0 if all is well */

#endif
