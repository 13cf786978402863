/* SPDX-License-Identifier: MIT */
/*
 * Trace format: fixed 32-byte records in one ring per writer. A core has two writers, its sandbox kernel and its
 * monitor, each with a ring of its own, so that no lock and no atomic is needed to write a record.
 *
 * A writer stores the record first and then `head` (release); a reader that maps the memory loads `head` (acquire),
 * copies, and checks afterwards that head has not run past what it copied (head - index > capacity means lost).
 * Times are TSC ticks of the core that wrote the record; all TSCs of one machine are taken as one clock only after the
 * boot code has measured their offsets (QV_TRACE_TSC_OFFSET).
 */
#ifndef QV_TRACE_H
#define QV_TRACE_H

#include <stdint.h>

#define QV_TRACE_MAGIC   0x43525456u /* "VTRC" little endian */
#define QV_TRACE_VERSION 1u

struct qv_trace_record {
    uint64_t tsc;
    uint16_t id;          /* enum qv_trace_id */
    uint8_t core;         /* logical core = sandbox index */
    uint8_t writer;       /* enum qv_trace_writer */
    uint32_t incarnation; /* of the sandbox on that core */
    uint64_t a;           /* meaning by id, see QV_TRACE_IDS */
    uint64_t b;
};
_Static_assert(sizeof(struct qv_trace_record) == 32, "trace record is 32 bytes");

enum qv_trace_writer { QV_WRITER_SANDBOX = 0, QV_WRITER_MONITOR = 1 };

struct qv_trace_ring {
    uint32_t magic;    /* QV_TRACE_MAGIC */
    uint32_t version;  /* QV_TRACE_VERSION */
    uint32_t capacity; /* records, a power of two */
    uint8_t core;
    uint8_t writer;
    uint16_t reserved;
    uint64_t head; /* records ever written; the next goes to head % capacity */
    uint64_t pad[5];
    struct qv_trace_record record[];
};
_Static_assert(sizeof(struct qv_trace_ring) == 64, "ring header is one cache line");

/* X(symbol, number, name, meaning of a, meaning of b) */
#define QV_TRACE_IDS(X)                                                                                                \
    X(BOOT, 1, "boot", "1 = monitor, 2 = sandbox kernel entry", "tsc hz")                                              \
    X(TSC_OFFSET, 2, "tsc-offset", "signed ticks against core 0", "uncertainty, ticks")                                \
    X(SERVICE_READY, 3, "service-ready", "service id", "0")                                                            \
    X(FAULT_ARM, 10, "fault-armed", "fault model", "point << 32 | plan index")                                         \
    X(FAULT_CHANGE, 11, "fault-change", "address (or register) changed", "bytes before << 32 | bytes after")           \
    X(FAULT_ACTIVATE, 12, "fault-activated", "fault model", "address concerned")                                       \
    X(DETECT, 13, "detected", "detection means", "address or sandbox concerned")                                       \
    X(PHASE_BEGIN, 14, "phase-begin", "phase", "sandbox under recovery << 32 | recovery sequence number")              \
    X(PHASE_END, 15, "phase-end", "phase", "sandbox under recovery << 32 | recovery sequence number")                  \
    X(DECISION, 16, "decision", "policy chosen", "reason: 0 as configured, 1 budget spent, 2 back-off, 3 escalated")   \
    X(RECOVERED, 17, "recovered", "policy", "sandbox under recovery")                                                  \
    X(GAVE_UP, 18, "gave-up", "last detection means", "attempts")                                                      \
    X(STATE, 19, "sandbox-state", "enum qv_sandbox_state", "sandbox")                                                  \
    X(FIRST_REPLY, 20, "first-reply", "bytes", "0")                                                                    \
    X(EXIT, 30, "vm-exit", "enum qv_exit_cause", "guest rip")                                                          \
    X(VIOLATION, 31, "violation", "enum qv_exit_cause", "address, port or MSR concerned")                              \
    X(CALL, 32, "monitor-call", "number", "result, signed")                                                            \
    X(NMI, 33, "nmi", "request found", "sender")                                                                       \
    X(IPI_SEND, 34, "ipi-send", "target", "vector")                                                                    \
    X(IPI_RECEIVE, 35, "ipi-receive", "vector", "0")                                                                   \
    X(IRQ, 40, "nic-irq", "cause register (0 = not the acknowledging sandbox)", "0")                                   \
    X(LOCK_BREAK, 41, "lock-broken", "lock id", "old owner word")                                                      \
    X(DUTY, 42, "duty-moved", "1 acknowledgement, 2 descriptor return", "old owner << 32 | new owner")                 \
    X(RX_FORCED, 43, "rx-forced", "sandbox whose cursor was moved on", "frames skipped")                               \
    X(NIC_RESET, 44, "nic-reset", "nic index", "generation")                                                           \
    X(ARP_ANNOUNCE, 45, "arp-announce", "address, host order", "0")                                                    \
    X(DEADLINE_MISS, 46, "deadline-miss", "deadline tsc", "lateness, ticks")                                           \
    X(REQUEST, 50, "http-request", "connection id", "request number")                                                  \
    X(REPLY, 51, "http-reply", "bytes", "request number")                                                              \
    X(CLIENT_SEND, 52, "client-send", "request index", "intended tsc")                                                 \
    X(CLIENT_DONE, 53, "client-done", "request index", "enum qv_client_result")                                        \
    X(SCHED_SWITCH, 60, "sched-switch", "vcpu << 32 | thread", "budget left, ticks")                                   \
    X(SCHED_REPL, 61, "sched-replenish", "vcpu", "amount, ticks")                                                      \
    X(SAMPLE, 62, "sample", "enum qv_sample_kind << 32 | vcpu", "total so far")                                        \
    X(SCHED_POSTED, 63, "sched-posted", "vcpu << 48 | amount, ticks", "due tsc")                                       \
    X(SCHED_DEPLETED, 64, "sched-depleted", "vcpu", "tsc of the next budget")                                          \
    X(PMU, 65, "pmu", "event of the configuration, 8 = instructions", "reading of the counter")                        \
    X(TEST_PASS, 70, "test-pass", "test number", "0")                                                                  \
    X(TEST_FAIL, 71, "test-fail", "test number", "line")                                                               \
    X(END, 99, "end", "exit status", "0")

/* a >> 32 of SAMPLE; all samples of one moment have the same tsc. */
enum qv_sample_kind {
    QV_SAMPLE_VCPU = 0,     /* ticks consumed by the VCPU, background included */
    QV_SAMPLE_SCHED = 1,    /* ticks in the scheduler's account */
    QV_SAMPLE_IDLE = 2,     /* ticks in which the core slept */
    QV_SAMPLE_HANDLERS = 3, /* of SCHED: ticks of interrupt handlers, the timer's left out */
    QV_SAMPLE_JOBS = 4,     /* jobs done on the VCPU */
    QV_SAMPLE_FLOOD = 5,    /* replies to this sandbox's flood */
    QV_SAMPLE_PATH = 6,     /* ticks of timer interrupts and scheduler, wherever they are charged (qv/vcpu.h) */
};

/* b of CLIENT_DONE. */
enum qv_client_result {
    QV_CLIENT_GOOD = 0,       /* status 200, and the page asked for, byte for byte */
    QV_CLIENT_RESET = 1,      /* refused, or connection lost */
    QV_CLIENT_WRONG = 2,      /* status 200 and wrong bytes, or no HTTP at all */
    QV_CLIENT_TIMEOUT = 3,    /* no whole reply in time: lost */
    QV_CLIENT_CLOSED = 4,     /* closed by the server before the end of the page */
    QV_CLIENT_NO_MEMORY = 5,  /* never sent */
    QV_CLIENT_BAD_STATUS = 6, /* a reply that says itself that it is none */
};

#define QV_ENUM_ENTRY_TRACE(sym, num, name, a, b) QV_TRACE_##sym = num,
enum qv_trace_id { QV_TRACE_IDS(QV_ENUM_ENTRY_TRACE) };

#endif
