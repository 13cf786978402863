/* SPDX-License-Identifier: MIT */
#include "tests/boot/boot_test.h"

#include <stdarg.h>

#include "lib/emulator.h"
#include "sandbox/test.h"

#define POLL_US        1000u
#define SHOWN_FAILURES 10u /* of each sandbox; the others are counted */

static const struct boot_test tests[] = {
    {"boot", test_boot},
    {"steady", test_steady},
    {"memory", test_memory},
    {"tables", test_tables},
    {"window", test_window},
    {"instructions", test_instructions},
    {"msr", test_msr},
    {"ports", test_ports},
    {"pci", test_pci},
    {"calls", test_calls},
    {"map", test_map},
    {"shutdown", test_shutdown},
    {"restart", test_restart},
    {"hang", test_hang},
    {"core-reset", test_core_reset},
    {"guarded", test_guarded},
    {"panic", test_panic},
    {"dma", test_dma},
    {"forge", test_forge},
    {"faults", test_faults},
    {"quick", test_quick},
    {"alarm", test_alarm},
    {"core-reset-bsp", test_core_reset_bsp},
    {"accounting", test_accounting},
    {"timer", test_timer},
    {"timer-trial", test_timer_trial},
    {"user", test_user},
};

static const struct boot_test *running;
static unsigned failures;
uint8_t *test_page;

/* Nothing else runs in these machines, so the counters of the load client are free to carry what tests say. */
#define FAILURES status->client_errors
#define FINISHED status->client_good
#define BARRIER  status->client_lost
#define SHOWN    status->client_sent

void test_failed(const char *format, ...)
{
    char text[128];
    va_list arguments;

    va_start(arguments, format);
    print_format(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (failures++ < SHOWN_FAILURES)
        kprint("FAIL %s: %s", running ? running->name : "unknown test", text);
    FAILURES++;
}

unsigned test_failures(void)
{
    return failures;
}

void test_barrier(unsigned number)
{
    __atomic_store_n(&BARRIER, number, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < handoff->n_sandboxes; i++)
        while (status_of(i)->client_lost < number)
            thread_sleep_us(POLL_US);
}

void test_show(uint64_t word)
{
    __atomic_store_n(&SHOWN, word, __ATOMIC_RELEASE);
}

uint64_t test_shown(unsigned sandbox)
{
    return status_of(sandbox)->client_sent;
}

uint64_t test_exits(unsigned core, enum qv_exit_stage stage)
{
    uint64_t sum = 0;

    for (unsigned cause = 0; cause < QV_EXIT_CAUSE_SLOTS; cause++)
        sum += directory()->core[core].exits[stage][cause];
    return sum;
}

uint64_t test_exits_of(unsigned core, enum qv_exit_cause cause)
{
    uint64_t sum = 0;

    for (unsigned stage = 0; stage < QV_STAGE_COUNT; stage++)
        sum += directory()->core[core].exits[stage][cause];
    return sum;
}

uint32_t test_refused(void)
{
    return directory()->core[handoff->id].refused;
}

/* A test with a duration may end only after it, or when the host says so: until then this asks again. */
static _Noreturn void end(uint32_t exit_status)
{
    if (handoff->mode == QV_MODE_NATIVE) {
        native_end(exit_status);
        emulator_leave(exit_status);
    }
    int64_t error = -EPERM;
    while (error == -EPERM) {
        error = monitor_call(QV_CALL_SHUTDOWN, exit_status);
        thread_sleep_us(POLL_US);
    }
    kprint("FAIL the machine does not end: %ld", error);
    for (;;)
        thread_wait();
}

static void report(void)
{
    uint64_t all = 0;

    for (unsigned i = 0; i < handoff->n_sandboxes; i++) {
        while (status_of(i)->client_good == 0)
            thread_sleep_us(POLL_US);
        all += status_of(i)->client_errors;
    }
    kprint("%s %s on %u cores", all ? "FAIL" : "PASS", running->name, handoff->n_sandboxes);
    end(all ? 1 : 0);
}

static void test_main(void *argument)
{
    (void)argument;
    while (directory()->machine_state != QV_MACHINE_READY)
        thread_sleep_us(POLL_US);
    if (!running) {
        if (handoff->id == 0) {
            kprint("FAIL there is no boot test of this name: %s", handoff->cfg.test);
            end(1);
        }
        for (;;)
            thread_wait();
    }
    running->run();
    __atomic_store_n(&FINISHED, 1, __ATOMIC_RELEASE);
    if (handoff->id == 0)
        report();
    for (;;)
        thread_wait();
}

void boot_test_start(const char *name)
{
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        if (strcmp(name, tests[i].name) == 0)
            running = &tests[i];
    test_page = page_alloc(1);
    attempt_start();
    access_init();
    accounting_init();
    if (running && running->run == test_user)
        user_test_init();
    (void)thread_create("test", test_main, NULL, QV_VCPU_SERVICE);
    health_start();
}
