/* SPDX-License-Identifier: MIT */
/*
 * The recovery state machine of one component (a NIC driver, or a whole sandbox):
 *
 *     RUNNING -> DETECTED -> STOPPED -> DECIDED -> RECOVERING -> VERIFYING -> RUNNING
 *                    ^                     |            |             |
 *                    |                     v            |             |
 *                    |                  GAVE_UP         |             |
 *                    +----------------------------------+-------------+   failed again: escalate
 *
 * Pure: it is told what happened and when (ticks of one core's TSC), and says what to do. It ends because every pass
 * through RECOVERING spends one of `budget` attempts, and attempts are never given back.
 *
 * Which strategy: the configured one first. If it cannot be had (local: the sandbox's kernel itself is lost; remote: no
 * living standby; restart: no monitor), or if it failed while RECOVERING or VERIFYING, the next one:
 * local -> remote -> restart -> contain. A restart that failed is tried again as long as the budget lasts: nothing
 * stronger exists. Once verified, the next failure starts with the configured strategy again.
 */
#ifndef QV_MONITOR_POLICY_H
#define QV_MONITOR_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "qv/fault.h"

enum policy_state {
    POLICY_RUNNING = 0,
    POLICY_DETECTED = 1,
    POLICY_STOPPED = 2,
    POLICY_DECIDED = 3,
    POLICY_RECOVERING = 4,
    POLICY_VERIFYING = 5,
    POLICY_GAVE_UP = 6, /* contained, for good */
};

/* The `b` of a DECISION trace record. */
enum policy_reason {
    POLICY_AS_CONFIGURED = 0,
    POLICY_BUDGET_SPENT = 1,
    POLICY_BACK_OFF = 2,  /* as configured, but not at once */
    POLICY_ESCALATED = 3, /* not the configured strategy (it may have to wait as well) */
};

struct policy_config {
    enum qv_policy strategy;
    uint32_t budget;        /* recoveries in all; 0 = contain at the first failure */
    uint64_t backoff_ticks; /* wait before the second recovery; doubles for each further one */
    uint64_t backoff_cap;   /* but never more than this; 0 = no cap */
    uint64_t recover_ticks; /* a recovery that takes longer has failed; 0 = no limit */
    uint64_t verify_ticks;  /* a failure within this time after a recovery counts as failure of the strategy */
    bool escalate;          /* false: a failed strategy is repeated, never replaced; one that cannot be had contains */
};

struct policy_machine {
    struct policy_config config;
    enum policy_state state;
    uint32_t incarnation;        /* of the component; +1 with each recovery begun */
    uint32_t attempts;           /* recoveries begun */
    enum qv_detection detection; /* the last one accepted */
    enum qv_policy strategy;     /* chosen last */
    enum policy_reason reason;   /* of the last decision */
    bool failed;                 /* the strategy failed: the next decision escalates */
    uint64_t detected_at;        /* ticks */
    uint64_t not_before;         /* DECIDED: start of the recovery */
    uint64_t deadline;           /* RECOVERING: too late; VERIFYING: verified */
    uint32_t ignored;            /* reports not acted upon: stale, or while one is being handled */
};

/* The surroundings at the time of a decision. */
struct policy_inputs {
    bool monitor;       /* false: native mode, so a sandbox cannot be restarted */
    bool standby_alive; /* somebody can take the service over */
    bool kernel_lost;   /* the failure was not confined to the component (see also policy_kernel_lost()) */
};

struct policy_decision {
    enum qv_policy action; /* QV_POLICY_NONE: contain; the state is GAVE_UP */
    enum policy_reason reason;
    uint64_t not_before; /* ticks; now or in the past = at once */
};

/* -EINVAL: unknown strategy. The component starts RUNNING with the given incarnation. */
int policy_init(struct policy_machine *machine, const struct policy_config *config, uint32_t incarnation);

/*
 * A failure of that incarnation was found. 0: now DETECTED, and the caller stops the component. -EBUSY: one is being
 * handled already; -EIO: given up; -EINVAL: no detection, or of an incarnation that is gone. The last three change
 * nothing but `ignored`.
 */
int policy_detect(struct policy_machine *machine, enum qv_detection detection, uint32_t incarnation, uint64_t now);

/* Does this detection by itself mean that the sandbox's kernel cannot go on? */
bool policy_kernel_lost(enum qv_detection detection);

/* Each moves one step; -EINVAL and no change if the machine is elsewhere. */
int policy_stopped(struct policy_machine *machine); /* DETECTED -> STOPPED */
int policy_decide(struct policy_machine *machine, const struct policy_inputs *inputs, uint64_t now,
                  struct policy_decision *decision);                /* STOPPED -> DECIDED or GAVE_UP */
int policy_begin(struct policy_machine *machine, uint64_t now);     /* DECIDED -> RECOVERING; -EAGAIN: too early */
int policy_recovered(struct policy_machine *machine, uint64_t now); /* RECOVERING -> VERIFYING */

/*
 * Time passes; to be called now and then. True if the state changed: VERIFYING -> RUNNING when the window is over, or
 * RECOVERING -> DETECTED when the recovery took too long (detection is kept).
 */
bool policy_tick(struct policy_machine *machine, uint64_t now);

/* Stop trying, from any state. */
void policy_give_up(struct policy_machine *machine);

const char *policy_state_name(enum policy_state state);

#endif
