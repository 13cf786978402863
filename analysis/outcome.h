/* SPDX-License-Identifier: MIT */
/*
 * The outcome of a run: one of a closed list, chosen by the first row of a table that fits the facts. Worst first, so
 * that a breach is never hidden behind a recovery that went well.
 */
#ifndef QV_ANALYSIS_OUTCOME_H
#define QV_ANALYSIS_OUTCOME_H

#include <stdint.h>

/* X(symbol, name, one line) */
#define QV_OUTCOMES(X)                                                                                                 \
    X(HARNESS_ERROR, "harness_error", "the testbed failed: the run says nothing about the system")                     \
    X(ISOLATION_BREACH, "isolation_breach", "memory that had to stay untouched was changed")                           \
    X(MONITOR_FAILURE, "monitor_failure", "a monitor met an error of its own")                                         \
    X(SYSTEM_FAILURE, "system_failure", "the machine died, or sandboxes besides the target stopped")                   \
    X(SILENT_WRONG_OUTPUT, "silent_wrong_output", "a client was given a wrong reply as if it were right")              \
    X(FALSE_ALARM, "false_alarm", "something was detected although no fault was activated, or not yet")                \
    X(NOT_ACTIVATED, "not_activated", "a fault was planned but never activated")                                       \
    X(GAVE_UP, "gave_up", "contained after the recovery budget was spent")                                             \
    X(RECOVERED_LOCAL, "recovered_local", "the service came back by a standby driver in the same sandbox")             \
    X(RECOVERED_REMOTE, "recovered_remote", "another sandbox took the service over")                                   \
    X(RECOVERED_RESTART, "recovered_restart", "the service came back after a restart of the sandbox")                  \
    X(REPAIRED_IN_PLACE, "repaired_in_place",                                                                          \
      "damage to the shared device was repaired by its finder; nobody was stopped")                                    \
    X(CONTAINED, "contained", "detected and held where it was; no recovery completed")                                 \
    X(HANG, "hang", "the service stopped and nothing was detected or recovery never ended")                            \
    X(DEGRADED, "degraded", "the service runs, but worse than before the fault")                                       \
    X(LATENT, "latent", "no effect seen, but the corruption is still there")                                           \
    X(MASKED, "masked", "the fault was activated and had no effect")                                                   \
    X(NO_FAULT, "no_fault", "a run without fault in which nothing went wrong")
#define QV_OUTCOME_ENUM_ENTRY(sym, name, text) QV_OUTCOME_##sym,
enum qv_outcome { QV_OUTCOMES(QV_OUTCOME_ENUM_ENTRY) QV_OUTCOME_COUNT };

/* Facts, as bits. */
enum outcome_fact {
    FACT_HARNESS_ERROR = 1u << 0, /* qv itself, the platform's start or the load tool failed; trace unreadable */
    FACT_MACHINE_DIED = 1u << 1,  /* the platform ended before its time, or never became ready after READY was due */
    FACT_OTHERS_DEAD = 1u << 2,   /* a sandbox that is no target and not taking over stopped */
    FACT_MONITOR_FAILED = 1u << 3,
    FACT_BREACH = 1u << 4,
    FACT_WRONG_OUTPUT = 1u << 5,
    FACT_FAULT_PLANNED = 1u << 6,
    FACT_ACTIVATED = 1u << 7,
    FACT_DETECTED = 1u << 8,
    FACT_RECOVERED_LOCAL = 1u << 9, /* complete: recovered and replied */
    FACT_RECOVERED_REMOTE = 1u << 10,
    FACT_RECOVERED_RESTART = 1u << 11,
    FACT_GAVE_UP = 1u << 12,
    FACT_STOPPED = 1u << 13,       /* the target is parked */
    FACT_SERVICE_UP = 1u << 14,    /* good replies in the last part of the load (or no load at all) */
    FACT_SERVICE_WORSE = 1u << 15, /* up, but below 95 % of the rate before the fault, or errors after the recovery */
    FACT_STATE_DIFFERS = 1u << 16, /* what the fault changed is still changed at the end */
    FACT_REPAIRED = 1u << 18, /* a shared device was re-initialised by whoever found it damaged, whatever the policy */
    FACT_EARLY_DETECTION = 1u << 17, /* something was detected before the first activation */
};

enum qv_outcome outcome_classify(uint32_t facts);
const char *outcome_name(enum qv_outcome outcome);
const char *outcome_text(enum qv_outcome outcome);
int outcome_by_name(const char *name); /* -1 = unknown */

#endif
