/* SPDX-License-Identifier: MIT */
/*
 * A machine of one sandbox for the network tests: threads as coroutines, a clock that only moves when nobody has
 * anything to do (one tick is a nanosecond), a component that can fail, a NIC without hardware, and a wire to the peer
 * of peer.h. Everything happens in one order, always.
 */
#ifndef QV_TEST_NET_WORLD_H
#define QV_TEST_NET_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "component.h"
#include "kernel.h"
#include "nic/nic.h"

#define WORLD_SERVER 0x0a000210u /* 10.0.2.16, sandbox 0, the one under test */
#define WORLD_OTHER  0x0a000211u /* 10.0.2.17, sandbox 1 */
#define WORLD_PEER   0x0a000202u /* 10.0.2.2 */

/* Fills the configuration; to be called once, before net_start(). The caller may change world_handoff afterwards. */
void world_init(uint32_t roles);
extern struct handoff world_handoff;
extern struct qv_directory world_directory;
extern struct qv_sandbox_status world_other_status; /* of sandbox 1 */

/* Lets everything run until `done` (NULL: never) says so, or for `us` microseconds. Returns whether `done` did. */
bool world_run(bool (*done)(void), uint64_t us);

/* Threads that died begin again from their entry; returns how many. */
unsigned world_revive(void);

/* The sandbox's threads do not run. */
extern bool world_stopped;

/* What the NIC does. */
enum world_nic_mode {
    NIC_WORKS,
    NIC_BUSY,   /* transmit ring full */
    NIC_LOSES,  /* takes frames and loses them */
    NIC_FAULTS, /* transmit raises a fault in the driver */
    NIC_KILLS,  /* transmit is the last thing that the thread does */
};
struct world_nic {
    enum world_nic_mode mode;
    bool receive_faults;         /* next receive raises a fault after its first frame was copied */
    enum qv_detection found;     /* what the next check finds */
    unsigned frames_overtaken;   /* so many of the next received frames were overwritten while they were copied */
    uint32_t taken_over;         /* bit mask of sandboxes */
    uint64_t sent;               /* frames that left */
    uint8_t last[NIC_MTU_FRAME]; /* the last of them */
    size_t last_size;
    uint64_t checks;
    uint64_t acknowledged; /* interrupts */
};
extern struct world_nic world_nic;

/* The wire. The peer's side of it is peer_receive(). */
void world_wire_put(const uint8_t *frame, size_t size); /* to the sandbox */
extern unsigned world_wire_lose_in;                     /* so many of the next frames to the sandbox are lost */
extern uint64_t world_wire_delivered;                   /* frames that the sandbox's NIC received */

/*
 * The NIC's interrupt line goes up when a frame comes and down when nic_interrupt() acknowledges it or the device is
 * reset; only its going up calls the handler. The tests themselves stand for the recovery thread: what they do, and
 * what interrupts them, may enter the component while it is being recovered.
 */

/* Failures of the component since the start, and the last of them. */
extern unsigned world_failures;
extern enum qv_detection world_last_failure;

/* Trace records with this id so far; number `which` of them (from 0), if there is. */
unsigned world_traced(enum qv_trace_id id);
struct world_record {
    enum qv_trace_id id;
    uint64_t a, b;
    uint64_t time;
};
const struct world_record *world_record(enum qv_trace_id id, unsigned which);
extern unsigned world_first_replies; /* calls of recovery_first_reply() */

#endif
