/* SPDX-License-Identifier: MIT */
/*
 * Boot tests run inside the sandboxes of a booted machine, every test in all of them at once, in a thread of each. A
 * test says what it found by EXPECT(); sandbox 0 waits for all, prints one PASS or FAIL line and ends the machine.
 */
#ifndef QV_BOOT_TEST_H
#define QV_BOOT_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "sandbox/internal.h"

struct boot_test {
    const char *name;
    void (*run)(void);
};

/* One function per file of tests/boot/, named in the table of boot_test.c. */
void test_boot(void);
void test_steady(void);
void test_memory(void);
void test_tables(void);
void test_window(void);
void test_instructions(void);
void test_msr(void);
void test_ports(void);
void test_pci(void);
void test_calls(void);
void test_map(void);
void test_shutdown(void);
void test_restart(void);
void test_hang(void);
void test_core_reset(void);
void test_core_reset_bsp(void);
void test_guarded(void);
void test_panic(void);
void test_faults(void);
void test_dma(void);
void test_forge(void);
void test_quick(void);
void test_alarm(void);
void test_accounting(void);
void test_timer(void);
void test_timer_trial(void);
void test_user(void);

/* --- findings --- */
void test_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define EXPECT(condition, ...)                                                                                         \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            test_failed(__VA_ARGS__);                                                                                  \
    } while (0)
unsigned test_failures(void);

/* --- the others --- */
/* Waits until all living sandboxes have come to barrier `number` (1, 2, ...; each once). */
void test_barrier(unsigned number);
/* A word that this sandbox shows to the others; survives its restart. */
void test_show(uint64_t word);
uint64_t test_shown(unsigned sandbox);

/* --- what the monitor counted --- */
uint64_t test_exits(unsigned core, enum qv_exit_stage stage);    /* all causes */
uint64_t test_exits_of(unsigned core, enum qv_exit_cause cause); /* all stages */
uint32_t test_refused(void);

/* --- instructions that end in an exception (attempt.c) --- */
#define NO_EXCEPTION 256u
extern volatile uint64_t attempt_resume; /* where to go on after the exception */
extern volatile uint32_t attempt_vector; /* NO_EXCEPTION, or what came */
void attempt_start(void);
/*
 * Executes `code` (a string of instructions) so that an exception goes on behind it; gives the vector. Operands as in
 * an asm statement follow, colons included.
 */
#define ATTEMPT(code, ...)                                                                                             \
    __extension__({                                                                                                    \
        attempt_vector = NO_EXCEPTION;                                                                                 \
        __asm__ volatile("movq $1f, attempt_resume\n\t" code "\n1:\n\tmovq $0, attempt_resume" __VA_ARGS__);           \
        attempt_vector;                                                                                                \
    })

/* --- accesses that the nested page table must stop (probe_memory.c) --- */
enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_EXECUTE };
/* True if the access was stopped by the monitor and reported with this guest-physical address (page). */
bool access_refused(enum access access, uintptr_t virt, uint64_t phys);
void accounting_init(void); /* in boot_test_start(): a thread that the test on accounting wakes */
void user_test_init(void);  /* in boot_test_start() */
void access_init(void);     /* in boot_test_start(): recovery of the provoked violations */

/* A page of private memory, allocated before the kernel's memory was sealed. */
extern uint8_t *test_page;

#endif
