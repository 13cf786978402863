/* SPDX-License-Identifier: MIT */
/* What a program in user mode must know of its kernel. For C and assembly. */
#ifndef QV_SANDBOX_USER_ABI_H
#define QV_SANDBOX_USER_ABI_H

/*
 * SYSCALL: number in RAX, arguments in RDI, RSI, RDX, R10, R8, R9, result in RAX, a negative one being an error. RCX
 * and R11 are lost, as the processor's way in and out needs them; everything else comes back as it was. By INT
 * VECTOR_USER, where the kernel opens it, nothing but RAX is lost.
 */
#define USER_CALL_NOTHING 0 /* returns 0 */
#define USER_CALL_END     1 /* the program is over; RDI goes to whoever started it */
#define USER_CALLS        2

#define VECTOR_USER 0x80

/* Selectors with their privilege level, in the order that SYSRET wants: data, then 64-bit code. */
#define SEL_USER_DATA 0x2b
#define SEL_USER_CODE 0x33

#define USER_TEXT       0x400000 /* where .user_text begins; for reading and execution */
#define USER_DATA       0x500000 /* USER_DATA_BYTES, for reading and writing; the kernel sees them by user_data() */
#define USER_DATA_BYTES 0x1000
#define USER_STACK_TOP  0x600000 /* one page */

#endif
