/* SPDX-License-Identifier: MIT */
/*
 * A component is kernel code that may fail without taking the kernel with it: here, the NIC driver image. Calls into it
 * are bracketed:
 *
 *     struct component_frame frame;
 *     if (component_enter(&nic_component, &frame) == 0) {
 *         result = nic_transmit(...);
 *         component_leave(&frame);
 *     } else {
 *         result = -EIO;             // refused (component not running) or abandoned by a fault
 *     }
 *
 * A CPU exception, a nested-page violation, a hang broken by the monitor, or component_fail() called by a check ends
 * the innermost frame: execution resumes at component_enter(), which then returns non-zero a second time, as setjmp
 * does. Locals changed between the two must be volatile. The frame lives in the caller's stack; frames nest per thread.
 */
#ifndef QV_SANDBOX_COMPONENT_H
#define QV_SANDBOX_COMPONENT_H

#include <stdint.h>

#include "qv/fault.h"

enum component_state {
    COMPONENT_DOWN = 0,
    COMPONENT_RUNNING = 1,
    COMPONENT_RECOVERING = 2, /* only the recovery thread may enter */
    COMPONENT_CONTAINED = 3,
};

struct component {
    const char *name;
    volatile uint32_t state;
    volatile uint32_t incarnation; /* +1 with every failure: frames of older ones are abandoned */
    uint32_t failures;
};

struct component_frame {
    uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip, rflags;
    struct component *component;
    uint32_t incarnation; /* of the component when it was entered */
    uint32_t beat;        /* component_beat when it was entered */
    struct component_frame *outer;
};

extern struct component nic_component;
extern uint32_t component_beat; /* counts heartbeats: the clock by which a thread is found stuck inside a component */

/* 0: entered. 1: refused, the component is not running. 2: abandoned after a fault. */
int component_enter(struct component *component, struct component_frame *frame) __attribute__((returns_twice));
void component_leave(struct component_frame *frame);

/* Called by a check that found the component faulty; ends the current frame if there is one, else only starts recovery.
 */
void component_fail(struct component *component, enum qv_detection detection, uint64_t address);

#endif
