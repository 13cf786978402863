/* SPDX-License-Identifier: MIT */
/*
 * User mode, as small as it can be: one program at a time, in the thread that calls user_run(), in ring 3 on pages of
 * its own. It comes into the kernel by SYSCALL (user_abi.h), by interrupts, which go on as in ring 0 and may run other
 * threads, and by its faults, which end it and nothing else. Programs are assembly in section .user_text: the loader's
 * text, which nested page tables keep unwritable, and the only part of the image that ring 3 sees.
 *
 * The kernel keeps what belongs to a core at fixed addresses, one core being a sandbox: no SWAPGS on the way in or out.
 * There is one set of page tables; the processor is trusted to keep ring 3 off pages without the user bit.
 */
#ifndef QV_SANDBOX_USER_H
#define QV_SANDBOX_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/descriptors.h"
#include "sandbox/user_abi.h"

struct thread;

/* How a program ended. */
struct user_end {
    bool fault;       /* else by USER_CALL_END: */
    uint64_t value;   /* its argument */
    uint64_t vector;  /* of the exception; of a return to nowhere (user.S): #GP */
    uint64_t error;   /* that the processor pushed with it */
    uint64_t rip;     /* where it was */
    uint64_t address; /* CR2 of a page fault, else 0 */
    bool refused;     /* the monitor gave it the exception */
};

/*
 * Before memory is sealed: pages, page tables, the registers of SYSCALL. 0, -ENOMEM, or -ENODEV: the processor has no
 * SYSCALL.
 */
int user_init(void);

/* Maps a page for ring 3, before memory is sealed or below a table that user_init() made. 0, or -ENOMEM. */
int user_map(uint64_t virt, uint64_t phys, uint64_t bits);

void *user_data(void); /* the page at USER_DATA, which is zero at first and otherwise stays as it is left */

/* The address in user mode of a symbol in .user_text. */
uint64_t user_address(const void *symbol);

/*
 * Runs the program at this address with RDI = a, RSI = b and all other registers zero. 0: it ended, see *end. -EINVAL:
 * not an address in the lower half. -EBUSY: another thread's program runs.
 */
int user_run(uint64_t rip, uint64_t a, uint64_t b, struct user_end *end);

/*
 * INT VECTOR_USER as a way in. Closed but for those who want it: a neighbour's IPI of the same number would come in by
 * it as well.
 */
void user_open_gate(bool open);

/* trap.c: an exception in ring 3. Returns only if it is none of the program's doing. */
void user_fault(const struct trap_frame *frame);

/* component.c: the running thread goes on at this stack pointer, out of all that was below. */
extern struct thread *user_thread; /* NULL: no program runs */
void user_unwound(uint64_t rsp);

#endif
