/* SPDX-License-Identifier: MIT */
/*
 * Quick calls: monitor calls that need nothing but their arguments and return to where they came from. The vendor's
 * code may answer them before it has put the whole guest aside, with only the registers saved that C may change;
 * everything else of the sandbox still is in the processor. Such a handler must not use core->guest, must not send the
 * guest elsewhere, and is as short as it can be. They are counted and logged like any exit.
 */
#ifndef QV_MONITOR_QUICK_H
#define QV_MONITOR_QUICK_H

#include "monitor/core.h"

#define QUICK_NOT INT64_MIN /* not a result: the call takes the long way */

struct quick_registers { /* order known to run.S */
    uint64_t r11, r10, r9, r8, rdi, rsi, rdx, rcx;
};

typedef int64_t (*quick_call)(struct core *core, struct quick_registers *registers);

/* By number; NULL for calls that take the long way (calls.c). */
extern const quick_call quick_calls[QV_CALL_COUNT];

/* True if exits are to be counted as the core's stage says (see report_exit()). */
static inline bool quick_possible(const struct core *core, uint64_t number)
{
    return number < QV_CALL_COUNT && quick_calls[number] && !core->takeover_pending;
}

/* The next entry of the log of exits. Its address is computed once: the compiler would do so anew for every field. */
static inline struct qv_exit_record *quick_record(struct qv_core_report *report)
{
    struct qv_exit_record *record = &report->exit_log[report->exit_log_head % QV_EXIT_LOG];
    __asm__("" : "+r"(record));
    return record;
}

/* Its time. The two halves are stored as they come: nobody reads the entry before it is counted. */
static inline void quick_stamp_now(struct qv_exit_record *record)
{
    uint32_t *half = (uint32_t *)&record->tsc;
    __asm__ volatile("lfence; rdtsc" : "=a"(half[0]), "=d"(half[1])::"memory");
}

/* What report_exit() does, for a call. The log's first detail is the call's number. */
static inline void quick_report(struct qv_core_report *report, struct qv_exit_record *record, uint64_t stage,
                                uint64_t rip, uint64_t number, uint32_t vendor_code)
{
    record->rip = rip;
    record->info1 = number;
    record->info2 = 0;
    record->vendor_code = vendor_code;
    record->cause = QV_EXIT_CALL;
    record->stage = (uint16_t)stage;
    report->exits[stage][QV_EXIT_CALL]++;
    /* The count last: stores become visible in order on these processors, so only the compiler is to be told. */
    __atomic_signal_fence(__ATOMIC_RELEASE);
    report->exit_log_head++;
}

#endif
