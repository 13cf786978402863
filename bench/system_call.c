/* SPDX-License-Identifier: MIT */
/* From ring 3 into the kernel and back: a loop there takes the samples, a page of them at a time. */
#include "bench/bench.h"
#include "sandbox/user.h"

#define BATCH (USER_DATA_BYTES / sizeof(uint64_t))

extern const char bench_syscall_program[], bench_interrupt_program[]; /* system_call.S */

static int user_error = -ENODEV;
static unsigned taken; /* of the samples in user_data() */

void bench_system_call_init(void)
{
    if (handoff->id == 0)
        user_error = user_init();
}

const char *bench_system_call_valid(const struct bench *bench)
{
    (void)bench;
    return user_error ? "the processor has no SYSCALL, or there is no memory for user mode" : NULL;
}

int bench_system_call_setup(const struct bench *bench)
{
    user_open_gate(bench->argument == BENCH_CALL_INTERRUPT);
    bench_timer_mask(); /* interrupts are on in ring 3 */
    taken = BATCH;
    return 0;
}

void bench_system_call_teardown(const struct bench *bench)
{
    (void)bench;
    bench_timer_unmask();
    user_open_gate(false);
}

int64_t bench_system_call(const struct bench *bench)
{
    const char *program = bench->argument == BENCH_CALL_INTERRUPT ? bench_interrupt_program : bench_syscall_program;
    const uint64_t *sample = user_data();
    struct user_end end;
    if (taken == BATCH) {
        taken = 0;
        if (user_run(user_address(program), USER_DATA, BATCH, &end) != 0 || end.fault) {
            bench_reason = "the program in user mode did not come to its end";
            return BENCH_FAILED;
        }
    }
    return (int64_t)sample[taken++];
}
