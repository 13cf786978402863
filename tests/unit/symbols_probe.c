/* SPDX-License-Identifier: MIT */
/* A little sandbox image for test_symbols.c: linked where sandboxes are, never run. Lines are counted there. */
extern unsigned probe_state[4];
int probe_add(int a);
void probe_start(void);

unsigned probe_state[4] = {1, 2, 3, 4};

__attribute__((noinline)) int probe_add(int a)
{
    static volatile int probe_hidden;
    probe_hidden += a;
    return probe_hidden;
}

__attribute__((noreturn)) void probe_start(void)
{
    for (;;)
        probe_state[1] += (unsigned)probe_add(3);
}
