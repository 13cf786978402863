/* SPDX-License-Identifier: MIT */
/*
 * Identifiers of faults, triggers, detection means, recovery policies and recovery phases.
 * Shared by the OS and the host program; the numbers are part of the trace and boot-configuration formats:
 * append, never renumber. The lists are X-macros so that names and numbers have one home.
 */
#ifndef QV_FAULT_H
#define QV_FAULT_H

#include <stdint.h>

/* X(symbol, number, name used in scenario files and results, one-line description) */
#define QV_FAULT_MODELS(X)                                                                                             \
    X(NONE, 0, "none", "no fault (a golden run)")                                                                      \
    X(WILD_WRITE_SANDBOX, 1, "wild-write-sandbox", "store into the private memory of another sandbox")                 \
    X(WILD_WRITE_MONITOR, 2, "wild-write-monitor", "store into monitor memory")                                        \
    X(WILD_WRITE_UNMAPPED, 3, "wild-write-unmapped", "store to a page that nothing maps")                              \
    X(WILD_WRITE_KERNEL, 4, "wild-write-kernel", "store into the data of the driver's own kernel")                     \
    X(NULL_POINTER, 5, "null-pointer", "load through a null pointer")                                                  \
    X(BAD_JUMP, 6, "bad-jump", "call of a bad address")                                                                \
    X(DIVIDE_ERROR, 7, "divide-error", "integer division by zero")                                                     \
    X(RING_INDEX, 8, "ring-index", "corrupted ring index")                                                             \
    X(DESC_ADDRESS, 9, "desc-address", "corrupted buffer address in a receive descriptor (stray DMA)")                 \
    X(TEXT_BITFLIP, 10, "text-bitflip", "one bit of the driver's text flipped")                                        \
    X(HANG_CLI, 11, "hang-cli", "infinite loop with interrupts off")                                                   \
    X(LOCK_LEAK, 12, "lock-leak", "shared lock taken and never released")                                              \
    X(LOCK_HOLDER_KILL, 13, "lock-holder-kill", "thread killed while it holds the shared lock")                        \
    X(DROP_ACK, 14, "drop-ack", "interrupt acknowledgement dropped")                                                   \
    X(LIVELOCK, 15, "livelock", "infinite loop with interrupts on")

/* Named points of the NIC driver at which a fault can fire. */
#define QV_FAULT_POINTS(X)                                                                                             \
    X(NIC_RX, 1, "nic.rx", "bottom half, about to read a receive descriptor")                                          \
    X(NIC_TX, 2, "nic.tx", "about to queue a frame for transmission")                                                  \
    X(NIC_IRQ, 3, "nic.irq", "interrupt handler, before the acknowledgement")                                          \
    X(NIC_REINIT, 4, "nic.reinit", "about to re-initialise the device, in a recovery")

/*
 * X(model, default point, points at which it makes sense): the one table of which model fires where. What damages rings
 * or takes a duty would be undone by a re-initialisation; there is no thread of the driver's to end, or to loop with
 * interrupts on, in an interrupt.
 */
#define QV_FAULT_AT(point)   (1u << QV_POINT_##point)
#define QV_FAULT_AT_WORK     (QV_FAULT_AT(NIC_RX) | QV_FAULT_AT(NIC_TX) | QV_FAULT_AT(NIC_IRQ))
#define QV_FAULT_AT_ANY      (QV_FAULT_AT_WORK | QV_FAULT_AT(NIC_REINIT))
#define QV_FAULT_IN_A_THREAD (QV_FAULT_AT(NIC_RX) | QV_FAULT_AT(NIC_TX))
#define QV_FAULT_PLACES(X)                                                                                             \
    X(WILD_WRITE_SANDBOX, NIC_RX, QV_FAULT_AT_ANY)                                                                     \
    X(WILD_WRITE_MONITOR, NIC_RX, QV_FAULT_AT_ANY)                                                                     \
    X(WILD_WRITE_UNMAPPED, NIC_RX, QV_FAULT_AT_ANY)                                                                    \
    X(WILD_WRITE_KERNEL, NIC_RX, QV_FAULT_AT_ANY)                                                                      \
    X(NULL_POINTER, NIC_RX, QV_FAULT_AT_ANY)                                                                           \
    X(BAD_JUMP, NIC_RX, QV_FAULT_AT_ANY)                                                                               \
    X(DIVIDE_ERROR, NIC_RX, QV_FAULT_AT_ANY)                                                                           \
    X(RING_INDEX, NIC_RX, QV_FAULT_AT_WORK)                                                                            \
    X(DESC_ADDRESS, NIC_RX, QV_FAULT_AT_WORK)                                                                          \
    X(TEXT_BITFLIP, NIC_RX, QV_FAULT_AT_WORK)                                                                          \
    X(HANG_CLI, NIC_RX, QV_FAULT_AT_ANY)                                                                               \
    X(LOCK_LEAK, NIC_TX, QV_FAULT_AT_WORK)                                                                             \
    X(LOCK_HOLDER_KILL, NIC_RX, QV_FAULT_IN_A_THREAD)                                                                  \
    X(DROP_ACK, NIC_IRQ, QV_FAULT_AT(NIC_IRQ))                                                                         \
    X(LIVELOCK, NIC_RX, QV_FAULT_IN_A_THREAD | QV_FAULT_AT(NIC_REINIT))

#define QV_TRIGGERS(X)                                                                                                 \
    X(TIME, 1, "after", "microseconds since the service became ready")                                                 \
    X(PACKETS, 2, "packets", "frames handled by the target's driver")                                                  \
    X(REQUESTS, 3, "requests", "web requests served by the target")

#define QV_POLICIES(X)                                                                                                 \
    X(NONE, 0, "none", "contain and report, recover nothing")                                                          \
    X(LOCAL, 1, "local", "standby driver instance in the same sandbox")                                                \
    X(REMOTE, 2, "remote", "another sandbox takes the service over")                                                   \
    X(RESTART, 3, "restart", "the whole sandbox restarts from its pristine image")

#define QV_DETECTIONS(X)                                                                                               \
    X(NONE, 0, "none", "nothing detected")                                                                             \
    X(NESTED_PAGE, 1, "nested-page-violation", "access outside the sandbox's nested page table")                       \
    X(EXCEPTION, 2, "cpu-exception", "CPU exception inside the driver")                                                \
    X(TRIPLE_FAULT, 3, "triple-fault", "the sandbox's core shut down")                                                 \
    X(HEARTBEAT, 4, "heartbeat", "a neighbour found the heartbeat stale and sent an NMI")                              \
    X(RING_INVARIANT, 5, "ring-invariant", "ring indices or descriptors inconsistent")                                 \
    X(RX_PROGRESS, 6, "rx-progress", "frames received but not taken")                                                  \
    X(TX_PROGRESS, 7, "tx-progress", "frames queued but not sent")                                                     \
    X(IRQ_PROGRESS, 8, "irq-progress", "interrupt line stuck: nobody acknowledged")                                    \
    X(LOCK_TIMEOUT, 9, "lock-timeout", "shared lock held beyond its limit")                                            \
    X(LOCK_OWNER_DEAD, 10, "lock-owner-dead", "shared lock's owner incarnation is gone")                               \
    X(IOMMU, 11, "iommu-fault", "stray DMA blocked by the IOMMU")                                                      \
    X(REFUSED, 12, "refused-operation", "privileged operation refused by the monitor")                                 \
    X(CORE_RESET, 13, "core-reset", "the core was reset under its monitor and came back by SIPI")                      \
    X(KERNEL_EXCEPTION, 14, "kernel-exception", "CPU exception in the sandbox kernel outside the driver")              \
    X(ASSERTION, 15, "assertion", "the sandbox kernel found its own state inconsistent")                               \
    X(RECOVERY_TIMEOUT, 16, "recovery-timeout", "a recovery was not over within its time limit, or given up")          \
    X(DRIVER_STUCK, 17, "driver-stuck", "a thread has been inside the driver for too long")

/* Phases of a recovery in the order in which they happen; a phase that a policy does not have is absent, not zero. */
#define QV_PHASES(X)                                                                                                   \
    X(DETECTION, 1, "detection", "fault activation to detection")                                                      \
    X(VM_EXIT, 2, "vm_exit", "detection in the guest to first monitor instruction after the exit")                     \
    X(DECISION, 3, "decision", "monitor entry to the policy's decision")                                               \
    X(DRIVER_SWITCH, 4, "driver_switch", "standby driver image mapped in place of the faulty one (local)")             \
    X(SANDBOX_RELOAD, 5, "sandbox_reload", "partition rewritten from the pristine image (restart)")                    \
    X(IPI, 6, "ipi", "monitor's IPI to the first instruction of the backup's handler (remote, one way)")               \
    X(VM_ENTER, 7, "vm_enter", "last monitor instruction to first guest instruction")                                  \
    X(RESUME, 8, "resume", "guest re-entry or IPI handler to the start of device re-initialisation")                   \
    X(DRIVER_REINIT, 9, "driver_reinit", "device reset, rings rebuilt, receiver and transmitter on")                   \
    X(NET_REINIT, 10, "net_reinit", "interface up, address announced")                                                 \
    X(FIRST_REPLY, 11, "first_reply", "interface up to the first good reply handed to the NIC")                        \
    X(IPI_ROUND_TRIP, 12, "ipi_round_trip", "monitor's IPI to the backup's acknowledgement (overlaps resume)")         \
    X(KERNEL_BOOT, 13, "kernel_boot", "sandbox kernel entry to the start of device re-initialisation (restart)")

#define QV_ENUM_ENTRY_FAULT(sym, num, name, text)   QV_FAULT_##sym = num,
#define QV_ENUM_ENTRY_POINT(sym, num, name, text)   QV_POINT_##sym = num,
#define QV_ENUM_ENTRY_TRIGGER(sym, num, name, text) QV_TRIGGER_##sym = num,
#define QV_ENUM_ENTRY_POLICY(sym, num, name, text)  QV_POLICY_##sym = num,
#define QV_ENUM_ENTRY_DETECT(sym, num, name, text)  QV_DETECT_##sym = num,
#define QV_ENUM_ENTRY_PHASE(sym, num, name, text)   QV_PHASE_##sym = num,

enum qv_fault_model { QV_FAULT_MODELS(QV_ENUM_ENTRY_FAULT) };
enum qv_fault_point { QV_FAULT_POINTS(QV_ENUM_ENTRY_POINT) };
enum qv_trigger { QV_TRIGGERS(QV_ENUM_ENTRY_TRIGGER) };
enum qv_policy { QV_POLICIES(QV_ENUM_ENTRY_POLICY) };
enum qv_detection { QV_DETECTIONS(QV_ENUM_ENTRY_DETECT) };
enum qv_phase { QV_PHASES(QV_ENUM_ENTRY_PHASE) };

#define QV_DETECTION_LAST    QV_DETECT_DRIVER_STUCK
#define QV_FAULT_MODEL_COUNT 16
#define QV_FAULT_POINT_COUNT 5 /* with 0, which is none */

/* 0: no such model. */
static inline uint32_t qv_fault_points(uint32_t model)
{
    switch (model) {
#define QV_FAULT_POINTS_OF(sym, usual, points)                                                                         \
    case QV_FAULT_##sym:                                                                                               \
        return points;
        QV_FAULT_PLACES(QV_FAULT_POINTS_OF)
#undef QV_FAULT_POINTS_OF
    default:
        return 0;
    }
}

/* Where a plan fires that names no point; 0: no such model. */
static inline uint32_t qv_fault_usual_point(uint32_t model)
{
    switch (model) {
#define QV_FAULT_USUAL_OF(sym, usual, points)                                                                          \
    case QV_FAULT_##sym:                                                                                               \
        return QV_POINT_##usual;
        QV_FAULT_PLACES(QV_FAULT_USUAL_OF)
#undef QV_FAULT_USUAL_OF
    default:
        return 0;
    }
}

static inline int qv_fault_fits(uint32_t model, uint32_t point)
{
    return point < QV_FAULT_POINT_COUNT && (qv_fault_points(model) >> point & 1u) != 0;
}

#endif
