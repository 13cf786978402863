/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into QEMU (LD_PRELOAD) when it counts instructions (-icount): puts its two threads in order, so that a run
 * repeats exactly.
 *
 * With -icount one thread executes all virtual processors in turn. The other, the main loop, moves the virtual clock on
 * when all of them are halted (icount_start_warp_timer), and runs whatever timers are due. It takes QEMU's big lock for
 * that; but the executing thread does not hold that lock while it executes, and adds the instructions of its present
 * turn to the clock only when the turn is over. A main loop that wakes between the last processor's HLT and the end of
 * its turn finds all halted and a clock that is too slow by that turn, and moves it too far; one that wakes when a
 * timer has just become due runs it before the executing thread does and cuts a turn short. Which of them comes first
 * is up to the host. Seen with QEMU 7.2 as time stamps that differ by tens or hundreds of instructions.
 *
 * Here the main loop comes back from its poll() only while the executing thread waits for something to do, which it
 * does by pthread_cond_wait(): then nothing changes but by the main loop. The wait counts as over when somebody signals
 * its condition variable, not when the thread is really awake: between the two the main loop must not look either.
 *
 * The executing thread is known by its name: QEMU must be started with -name debug-threads=on. Until it has waited once
 * nothing is held back, so with another accelerator, or without names, everything is as it was.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EXECUTING_THREAD "ALL CPUs/TCG"
/* Longer than any stretch without a halt, also on a busy host. A main loop that were never let through could not end
 * the emulator when asked to; it is killed then. */
#define PATIENCE_S 300

enum role { NOT_ASKED, MAIN, EXECUTING, OTHER };

typedef int wait_function(pthread_cond_t *, pthread_mutex_t *);
typedef int wake_function(pthread_cond_t *);
typedef int poll_function(struct pollfd *, nfds_t, int);
typedef int ppoll_function(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *);

static _Thread_local enum role my_role;
static atomic_int idle;                   /* 1: the executing thread waits, and nobody has woken it */
static _Atomic(pthread_cond_t *) idle_on; /* what it waited on last, */
static _Atomic(pthread_mutex_t *) lock;   /* and with which lock: the big one */

/* The condition variables' functions exist in two versions on x86-64; QEMU uses the newer. */
static void *next(const char *name, const char *version)
{
    void *function = version != NULL ? dlvsym(RTLD_NEXT, name, version) : NULL;
    if (function == NULL)
        function = dlsym(RTLD_NEXT, name);
    if (function == NULL)
        abort();
    return function;
}

static enum role role(void)
{
    char name[16] = "";
    if (my_role != NOT_ASKED)
        return my_role;
    (void)prctl(PR_GET_NAME, name);
    if (getpid() == (pid_t)syscall(SYS_gettid))
        my_role = MAIN;
    else
        my_role = strcmp(name, EXECUTING_THREAD) == 0 ? EXECUTING : OTHER;
    return my_role;
}

static void set_idle(int value)
{
    atomic_store(&idle, value);
    if (value == 1)
        (void)syscall(SYS_futex, &idle, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    static _Atomic(wait_function *) real;
    if (atomic_load(&real) == NULL)
        atomic_store(&real, (wait_function *)next("pthread_cond_wait", "GLIBC_2.3.2"));
    if (role() != EXECUTING)
        return atomic_load(&real)(cond, mutex);
    atomic_store(&lock, mutex);
    atomic_store(&idle_on, cond);
    set_idle(1);
    int result = atomic_load(&real)(cond, mutex);
    set_idle(0);
    return result;
}

static void woken(const pthread_cond_t *cond)
{
    if (atomic_load(&idle_on) == cond)
        set_idle(0);
}

int pthread_cond_broadcast(pthread_cond_t *cond)
{
    static _Atomic(wake_function *) real;
    if (atomic_load(&real) == NULL)
        atomic_store(&real, (wake_function *)next("pthread_cond_broadcast", "GLIBC_2.3.2"));
    woken(cond);
    return atomic_load(&real)(cond);
}

int pthread_cond_signal(pthread_cond_t *cond)
{
    static _Atomic(wake_function *) real;
    if (atomic_load(&real) == NULL)
        atomic_store(&real, (wake_function *)next("pthread_cond_signal", "GLIBC_2.3.2"));
    woken(cond);
    return atomic_load(&real)(cond);
}

/* Polls that are made with the big lock held (some commands wait for their own completion in this way) are none of the
 * main loop's turns, and the executing thread may be waiting for that lock. The C library notes a lock's owner. */
static bool holds_lock(void)
{
    const pthread_mutex_t *mutex = atomic_load(&lock);
    return __atomic_load_n(&mutex->__data.__owner, __ATOMIC_RELAXED) == (int)getpid();
}

/* The main loop's own polls: not before the executing thread waits. */
static void take_turn(void)
{
    struct timespec now;
    const int error = errno;
    if (role() != MAIN || atomic_load(&idle_on) == NULL || holds_lock())
        return;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    const time_t end = now.tv_sec + PATIENCE_S;
    while (atomic_load(&idle) == 0 && now.tv_sec < end) {
        const struct timespec second = {1, 0};
        (void)syscall(SYS_futex, &idle, FUTEX_WAIT_PRIVATE, 0, &second, NULL, 0);
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
    }
    errno = error;
}

int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    static _Atomic(poll_function *) real;
    if (atomic_load(&real) == NULL)
        atomic_store(&real, (poll_function *)next("poll", NULL));
    int result = atomic_load(&real)(fds, n, timeout);
    take_turn();
    return result;
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
    static _Atomic(ppoll_function *) real;
    if (atomic_load(&real) == NULL)
        atomic_store(&real, (ppoll_function *)next("ppoll", NULL));
    int result = atomic_load(&real)(fds, n, timeout, mask);
    take_turn();
    return result;
}
