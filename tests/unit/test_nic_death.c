/* SPDX-License-Identifier: MIT */
/*
 * A sharer dies, or is stopped for long, at any instruction of what it does with shared state: the processor's trap
 * flag steps through the driver's code. The others must go on, and so must its own next incarnation.
 */
#define _GNU_SOURCE /* REG_EFL */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "qv/draw.h"
#include "test_nic_model.h"
#include "unit.h"

#define TRAP_FLAG    0x100ull
#define INSTRUCTIONS 3000u

static sigjmp_buf grave;
static volatile long steps;     /* taken so far */
static volatile long last_step; /* and then it dies, or stops */
static volatile int stopping;   /* stop instead of dying */
static volatile int stopped;
static volatile int go_on;
static volatile long calls_made;
static __thread volatile int stepping;  /* this thread's steps are counted */
static __thread volatile long calls_to; /* calls of the model until stepping begins */
static __thread volatile long calls;

static void set_trap_flag(bool on)
{
    if (on)
        __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "memory", "cc");
    else
        __asm__ volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "memory", "cc");
}

/* Every step costs microseconds: none are taken in the model, nor before the call of it that was drawn. */
static void count_call(void)
{
    if (++calls == calls_to)
        stepping = 1;
    if (stepping)
        set_trap_flag(true);
}

static void step(int signal_number, siginfo_t *info, void *context)
{
    greg_t *flags = &((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL];

    (void)signal_number;
    (void)info;
    if (!stepping || model_depth > 0) {
        *flags &= ~(greg_t)TRAP_FLAG;
        return;
    }
    if (++steps < last_step)
        return;
    if (!stopping)
        siglongjmp(grave, 1);
    stepping = 0;
    *flags &= ~(greg_t)TRAP_FLAG;
    __atomic_store_n(&stopped, 1, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&go_on, __ATOMIC_ACQUIRE))
        sched_yield();
}

typedef void (*activity)(struct sharer *sharer);

/* A moment in an activity: so many instructions after so many calls of the model. */
struct moment {
    long call;
    long instruction;
};

static void begin(const struct moment *moment)
{
    steps = 0;
    last_step = moment->instruction;
    calls = 0;
    calls_to = moment->call;
    if (calls_to == 0) {
        stepping = 1;
        set_trap_flag(true);
    }
}

static void end(void)
{
    stepping = 0;
    calls_to = -1;
    set_trap_flag(false);
    model_depth = 0;
}

/* False: it was done before it could die. */
static bool dies_at(activity act, struct sharer *sharer, const struct moment *moment)
{
    volatile bool died = true;

    if (sigsetjmp(grave, 1) == 0) {
        begin(moment);
        act(sharer);
        died = false;
        calls_made = calls;
    }
    end();
    return died;
}

/* The moment number n of an activity that calls the model so many times. */
static struct moment draw_moment(uint64_t seed, uint32_t n, long all_calls)
{
    struct moment moment = {(long)qv_draw_below(seed, 2 * n, (uint64_t)all_calls + 1),
                            (long)qv_draw_below(seed, 2 * n + 1, INSTRUCTIONS) + 1};

    if (n % 2 == 0)
        moment.instruction = moment.instruction % 60 + 1; /* most of what matters is near a call */
    return moment;
}

/* --- activities --- */

static void transmit(struct sharer *sharer)
{
    sharer_send(sharer, 300);
}

static void receive(struct sharer *sharer)
{
    bool more = true;

    while (more)
        sharer_receive(sharer, 200, &more);
}

static void give_back(struct sharer *sharer)
{
    nic_rx_return(&sharer->driver, false);
}

static void handle_interrupt(struct sharer *sharer)
{
    nic_duty_interrupt(&sharer->driver);
}

static void reinitialise(struct sharer *sharer)
{
    nic_state_reinit(&sharer->driver);
}

static void attach(struct sharer *sharer)
{
    nic_state_attach(&sharer->driver);
}

static void take_over(struct sharer *sharer)
{
    nic_state_takeover(&sharer->driver, 2);
    receive(sharer);
}

static void check(struct sharer *sharer)
{
    nic_check_all(&sharer->driver);
}

/* --- what was before, and what must be afterwards --- */

/*
 * Sharers 0 (the victim) and 1 have received and sent, and there is more to do for both. Sharer 2 died: when the check
 * is the activity, with both locks.
 */
static struct world *prepare(activity act)
{
    struct world *world = world_new(MODEL_EMULATOR, 3);
    struct sharer *victim = &world->sharer[0];

    for (unsigned i = 0; i < 3; i++)
        nic_state_attach(&world->sharer[i].driver);
    for (unsigned n = 0; n < 120; n++)
        model_frame_to(world, n % 3, 100);
    world_run(world);
    for (unsigned n = 0; n < 70; n++)
        sharer_send(&world->sharer[n % 2], 200);
    if (act == check) {
        nic_lock_bare(&world->sharer[2].driver, NIC_LOCK_TX);
        nic_lock_bare(&world->sharer[2].driver, NIC_LOCK_RX);
    }
    sharer_die(&world->sharer[2]);
    for (unsigned n = 0; n < 12; n++)
        model_frame_to(world, n % 3, 100);
    if (act == handle_interrupt)
        world_run(world);
    if (act == attach)
        sharer_fresh(victim, true);
    model_frame_to(world, 1, 100);
    return world;
}

/* Everybody still alive gets its frames and sends its own; the device was not led outside the shared region. */
static bool goes_on(struct world *world, struct sharer *sharer, uint32_t frames)
{
    uint32_t before = world->model.n_sent;
    unsigned sent = 0;
    bool in_order;

    sharer->last[sharer->id] = world->number[sharer->id];
    sharer->missing = 0;
    sharer->repeated = 0;
    sharer->received = 0;
    for (uint32_t n = 0; n < frames; n++) {
        if (!model_frame_to(world, sharer->id, 100))
            return false;
        world_run(world);
        if (sharer_send(sharer, 100) == 0)
            sent++;
        if (n % 50 == 0)
            world_tick(world, 1);
    }
    world_tick(world, 3);
    return sharer->received == frames && sharer->missing == 0 && sharer->repeated == 0 && sharer->damaged == 0 &&
           sent == frames && model_sent_by(&world->model, before, sharer->id, &in_order) == frames && in_order &&
           world->model.stray == 0 && sharer->driver.detected == QV_DETECT_NONE;
}

/* Of the dead one nothing but whole frames, none twice, at most the last one missing. */
static bool left_no_mess(const struct world *world, unsigned id, unsigned sent)
{
    bool in_order;
    unsigned count = model_sent_by(&world->model, 0, id, &in_order);

    return in_order && count >= sent && count <= sent + 1u;
}

static bool survives(activity act, const struct moment *moment, bool *died)
{
    struct world *world = prepare(act);
    struct sharer *victim = &world->sharer[0];
    struct sharer *other = &world->sharer[1];
    unsigned sent = victim->next_number;
    unsigned received;
    bool fine;

    *died = dies_at(act, victim, moment);
    if (!*died && act == transmit)
        sent++;
    sharer_die(victim);
    world_run(world);
    world_tick(world, 20);
    /* What had come for the other by then was not lost, unless the rings had to be built anew. */
    received = other->received;
    fine = (act == reinitialise || received == world->number[1]) && other->repeated == 0 && other->damaged == 0 &&
           left_no_mess(world, 0, sent) && goes_on(world, other, 1300);
    sharer_fresh(victim, true);
    fine = fine && nic_state_attach(&victim->driver) == 0 && goes_on(world, victim, 200) && goes_on(world, other, 200);
    world_free(world);
    return fine;
}

/* How often the activity calls the model when it is let alone. */
static long calls_of(activity act)
{
    const struct moment never = {-1, 0};
    bool died = true;

    CU_ASSERT_TRUE(survives(act, &never, &died));
    CU_ASSERT_FALSE(died);
    return calls_made;
}

static void at_any_step(activity act, unsigned deaths)
{
    long all = calls_of(act);
    unsigned died = 0;

    for (uint32_t n = 0; n < deaths; n++) {
        struct moment moment = draw_moment(1, n, all);
        bool this_one, fine = survives(act, &moment, &this_one);
        died += this_one;
        if (!fine)
            printf("death %u: %ld instructions after call %ld of %ld\n", n, moment.instruction, moment.call, all);
        CU_ASSERT_TRUE_FATAL(fine);
    }
    CU_ASSERT_TRUE(died > deaths / 2);
}

static void while_transmitting(void)
{
    at_any_step(transmit, 150);
}

static void while_receiving(void)
{
    at_any_step(receive, 150);
}

static void while_giving_back(void)
{
    at_any_step(give_back, 120);
}

static void while_acknowledging(void)
{
    at_any_step(handle_interrupt, 100);
}

static void while_reinitialising(void)
{
    at_any_step(reinitialise, 150);
}

static void while_attaching(void)
{
    at_any_step(attach, 100);
}

static void while_taking_over(void)
{
    at_any_step(take_over, 100);
}

static void while_checking(void)
{
    at_any_step(check, 100);
}

/* --- stopped for long, and then coming late --- */

struct late {
    activity act;
    struct sharer *sharer;
    const struct moment *moment;
};

static void *late_main(void *argument)
{
    struct late *late = argument;

    begin(late->moment);
    late->act(late->sharer);
    end();
    __atomic_store_n(&stopped, 1, __ATOMIC_RELEASE);
    return NULL;
}

static bool recover(struct sharer *sharer)
{
    if (sharer->driver.detected == QV_DETECT_NONE)
        return true;
    sharer_fresh(sharer, false);
    return nic_state_reinit(&sharer->driver) == 0;
}

static bool latecomer_is_harmless(activity act, const struct moment *moment, unsigned *innocent)
{
    struct world *world = prepare(act);
    struct sharer *victim = &world->sharer[0];
    struct sharer *other = &world->sharer[1];
    struct late late = {act, victim, moment};
    pthread_t thread;
    bool fine = true;

    stopping = 1;
    stopped = go_on = 0;
    if (pthread_create(&thread, NULL, late_main, &late) != 0)
        return false;
    while (!__atomic_load_n(&stopped, __ATOMIC_ACQUIRE))
        sched_yield();
    /* The other meets what the victim holds, breaks it when its time is over, and goes once round the rings. */
    victim->asleep = true;
    for (unsigned n = 0; n < 54; n++) {
        for (unsigned i = 0; i < NIC_RX_COUNT / 30; i++) {
            model_frame_to(world, 1, 100);
            world_run(world);
        }
        sharer_send(other, 100);
        world_tick(world, 1);
    }
    /* When the victim goes on, what it was at (the first descriptors of the ring) holds frames not yet looked at. */
    other->missing = 0;
    while (model_frame_to(world, 1, 100))
        ;
    __atomic_store_n(&go_on, 1, __ATOMIC_RELEASE);
    pthread_join(thread, NULL);
    stopping = 0;
    victim->asleep = false;
    world_run(world);
    if (other->driver.detected != QV_DETECT_NONE || other->missing != 0)
        ++*innocent;
    for (unsigned round = 0; round < 6 && fine; round++) {
        world_tick(world, 20);
        if (other->driver.detected != QV_DETECT_NONE)
            ++*innocent;
        fine = recover(victim) && recover(other);
    }
    fine = fine && victim->damaged == 0 && other->damaged == 0 && goes_on(world, other, 200) &&
           goes_on(world, victim, 200);
    world_free(world);
    return fine;
}

static void late_at_any_step(activity act, unsigned stops, unsigned tolerated)
{
    unsigned innocent = 0;
    long all = calls_of(act);

    for (uint32_t n = 0; n < stops; n++) {
        struct moment moment = draw_moment(2, n, all);
        bool fine = latecomer_is_harmless(act, &moment, &innocent);
        if (!fine)
            printf("stop %u: %ld instructions after call %ld of %ld\n", n, moment.instruction, moment.call, all);
        CU_ASSERT_TRUE_FATAL(fine);
    }
    printf("(%u of %u cost the other anything) ", innocent, stops);
    CU_ASSERT_TRUE(innocent <= tolerated);
}

static void late_while_transmitting(void)
{
    late_at_any_step(transmit, 60, 1);
}

static void late_while_receiving(void)
{
    late_at_any_step(receive, 60, 1);
}

static void late_while_giving_back(void)
{
    late_at_any_step(give_back, 60, 4);
}

static void late_while_reinitialising(void)
{
    late_at_any_step(reinitialise, 50, 5);
}

static const struct unit_test tests[] = {
    {"death while transmitting", while_transmitting},
    {"death while receiving", while_receiving},
    {"death while returning descriptors", while_giving_back},
    {"death while acknowledging", while_acknowledging},
    {"death while re-initialising", while_reinitialising},
    {"death while attaching", while_attaching},
    {"death while taking over", while_taking_over},
    {"death while checking and breaking locks", while_checking},
    {"stopped for long while transmitting", late_while_transmitting},
    {"stopped for long while receiving", late_while_receiving},
    {"stopped for long while returning descriptors", late_while_giving_back},
    {"stopped for long while re-initialising", late_while_reinitialising},
};

int main(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_sigaction = step;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    model_left = count_call;
    if (sigaction(SIGTRAP, &action, NULL) != 0)
        return 1;
    return unit_run("nic: death at any step", tests, sizeof(tests) / sizeof(tests[0]));
}
