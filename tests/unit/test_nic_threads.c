/* SPDX-License-Identifier: MIT */
/*
 * Sharers as threads on the model, at full speed: they receive, send, die in the middle of either (with the lock, too),
 * come back as a new incarnation or with a standby driver, and re-initialise the device under each other. The time
 * limit of the locks is short enough that a thread which the host keeps waiting is overdue, so late holders occur as
 * well.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "qv/draw.h"
#include "test_nic_model.h"
#include "unit.h"

#define SHARERS 3u
#define FRAMES  25000u

static volatile bool chaos; /* deaths happen */
static volatile bool over;
static uint64_t deaths, recoveries, overdue;

static __thread struct sharer *me;
static __thread sigjmp_buf kernel; /* where a failed driver call ends */
static __thread uint64_t draws;

static uint64_t draw(uint64_t bound)
{
    return qv_draw_below(100 + me->id, draws++, bound);
}

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

/* Once in a while the driver fails where a fault could be put in. */
static uint32_t perhaps_fail(enum qv_fault_point point, struct nic_view *view)
{
    (void)view;
    if (!chaos || draw(2000) != 0)
        return FAULT_EFFECT_NONE;
    switch (draw(4)) {
    case 0:
        if (point == QV_POINT_NIC_TX)
            nic_lock_bare(&me->driver, NIC_LOCK_TX);
        siglongjmp(kernel, 1);
    case 1:
        siglongjmp(kernel, 2);
    case 2:
        return FAULT_EFFECT_SKIP_ACK;
    default:
        me->driver.view.rx_cursor[0] ^= (uint32_t)draw(1024);
        return FAULT_EFFECT_NONE;
    }
}

static void come_back(bool restarted)
{
    int error = -EBUSY;

    __atomic_add_fetch(&recoveries, 1, __ATOMIC_RELAXED);
    model_depth = 0;
    for (unsigned tries = 0; error != 0 && tries < 1000; tries++) {
        if (me->driver.detected == QV_DETECT_LOCK_TIMEOUT)
            __atomic_add_fetch(&overdue, 1, __ATOMIC_RELAXED);
        sharer_fresh(me, restarted && tries == 0);
        error = nic_state_attach(&me->driver);
        if (error == 0 && !restarted)
            error = nic_state_reinit(&me->driver);
        if (error != 0)
            sched_yield();
    }
    if (error != 0)
        abort();
}

static void *kernel_main(void *argument)
{
    volatile uint64_t next_check = 0;

    me = argument;
    switch (sigsetjmp(kernel, 0)) {
    case 1: /* the sandbox died; some time later it is started again */
        __atomic_add_fetch(&deaths, 1, __ATOMIC_RELAXED);
        sharer_die(me);
        for (uint64_t until = now_us() + draw(3000); now_us() < until;)
            sched_yield();
        come_back(true);
        break;
    case 2: /* the driver failed; a standby takes its place */
        come_back(false);
        break;
    default:
        break;
    }
    while (!over) {
        bool more = false;
        if (me->interrupt)
            sharer_interrupt(me);
        if (draw(4) == 0)
            sharer_send(me, (uint32_t)draw(NIC_MTU_FRAME - 20) + 20);
        if (now_us() >= next_check) {
            next_check = now_us() + 500;
            sharer_receive(me, 64, &more);
            nic_check_all(&me->driver);
        }
        if (me->driver.detected != QV_DETECT_NONE)
            come_back(false);
        if (!me->interrupt)
            sched_yield();
    }
    return NULL;
}

static void *device_main(void *argument)
{
    struct world *world = argument;

    for (uint32_t n = 0; n < FRAMES && !over; n++) {
        uint64_t until = now_us() + 30;
        model_frame_to(world, (unsigned)qv_draw_below(5, 2 * n, SHARERS),
                       (uint32_t)qv_draw_below(5, 2 * n + 1, NIC_MTU_FRAME - 60) + 60);
        while (now_us() < until)
            sched_yield();
    }
    return NULL;
}

static void chaos_is_survived(uint64_t lock_timeout)
{
    struct world *world = world_new(MODEL_EMULATOR, SHARERS);
    pthread_t thread[SHARERS + 1];
    unsigned received[SHARERS];
    bool in_order;

    world->threaded = true;
    world->lock_timeout = lock_timeout;
    deaths = recoveries = overdue = 0;
    for (unsigned i = 0; i < SHARERS; i++)
        sharer_fresh(&world->sharer[i], false);
    for (unsigned i = 0; i < SHARERS; i++)
        CU_ASSERT_EQUAL(nic_state_attach(&world->sharer[i].driver), 0);
    chaos = true;
    over = false;
    fault_hook = perhaps_fail;
    for (unsigned i = 0; i < SHARERS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, kernel_main, &world->sharer[i]), 0);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[SHARERS], NULL, device_main, world), 0);
    pthread_join(thread[SHARERS], NULL);

    /* Then nobody fails any more. What is still to be found is found, and everything runs again: waited for, not timed.
     */
    chaos = false;
    for (unsigned i = 0; i < SHARERS; i++)
        received[i] = __atomic_load_n(&world->sharer[i].received, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < SHARERS;) {
        if (__atomic_load_n(&world->sharer[i].received, __ATOMIC_RELAXED) > received[i] + 500)
            i++;
        else
            model_frame_to(world, i, 100);
        sched_yield();
    }
    over = true;
    for (unsigned i = 0; i < SHARERS; i++)
        pthread_join(thread[i], NULL);
    fault_hook = NULL;
    for (unsigned i = 0; i < SHARERS; i++) {
        CU_ASSERT_EQUAL(world->sharer[i].damaged, 0);
        CU_ASSERT_TRUE(model_sent_by(&world->model, world->model.n_sent - MODEL_SENT / 2, i, &in_order) > 0);
        /* What a late holder was copying may be overwritten on its way; that is why frames have checksums. */
        CU_ASSERT_TRUE(in_order || overdue > 0);
    }
    CU_ASSERT_EQUAL(world->model.stray, 0);
    CU_ASSERT_TRUE(deaths > 0);
    CU_ASSERT_TRUE(recoveries > deaths);
    printf("(%u deaths, %u recoveries, %u of them overdue; %u, %u, %u frames) ", (unsigned)deaths, (unsigned)recoveries,
           (unsigned)overdue, world->sharer[0].received, world->sharer[1].received, world->sharer[2].received);
    world_free(world);
}

/* No thread is ever kept waiting for so long. */
static void chaos_of_the_dead(void)
{
    chaos_is_survived(600ull * 1000000000ull);
    CU_ASSERT_EQUAL(overdue, 0);
}

static void chaos_of_the_dead_and_the_late(void)
{
    chaos_is_survived(1000000ull);
}

static const struct unit_test tests[] = {
    {"sharers that die", chaos_of_the_dead},
    {"sharers that die or are late", chaos_of_the_dead_and_the_late},
};

int main(void)
{
    return unit_run("nic: threads", tests, sizeof(tests) / sizeof(tests[0]));
}
