/* SPDX-License-Identifier: MIT */
/* The shared NIC driver: what is found wrong, re-initialised, taken over, and what survives it. */
#include <string.h>

#include "test_nic_util.h"

static void stalled_transmitter_is_found(void)
{
    struct world *world = attached(MODEL_HARDWARE, 1);

    world->model.tx_frozen = true;
    CU_ASSERT_EQUAL(sharer_send(&world->sharer[0], 100), 0);
    world_tick(world, 9);
    CU_ASSERT_EQUAL(world->sharer[0].driver.detected, QV_DETECT_NONE);
    world_tick(world, 3);
    CU_ASSERT_EQUAL(world->sharer[0].driver.detected, QV_DETECT_TX_PROGRESS);
    /* The backlog survives the re-initialisation. */
    world->model.tx_frozen = false;
    sharer_fresh(&world->sharer[0], false);
    CU_ASSERT_EQUAL(nic_state_reinit(&world->sharer[0].driver), 0);
    CU_ASSERT_EQUAL(world->model.n_sent, 1);
    CU_ASSERT_TRUE(world->model.sent[0].intact);
    world_tick(world, 20);
    assert_sound(world);
    world_free(world);
}

static void abandoned_batch_is_announced(void)
{
    struct world *world = attached(MODEL_HARDWARE, 2);

    world->sharer[0].driver.batch = 1;
    CU_ASSERT_EQUAL(sharer_send(&world->sharer[0], 100), 0);
    CU_ASSERT_EQUAL(world->model.n_sent, 0);
    world_tick(world, 5);
    CU_ASSERT_EQUAL(world->model.n_sent, 1);
    assert_sound(world);
    world_free(world);
}

static void reset_meanwhile(struct sharer *sharer)
{
    sharer->in_deliver = NULL;
    CU_ASSERT_EQUAL(nic_state_reinit(&sharer->world->sharer[0].driver), 0);
}

static void reset_and_lose_meanwhile(struct sharer *sharer)
{
    struct nic_shared *shared = shared_of(sharer->world);

    sharer->in_deliver = NULL;
    nic_store(&shared->rx_limit, 0);
    CU_ASSERT_EQUAL(nic_state_reinit(&sharer->world->sharer[0].driver), 0);
}

static void frame_survives_a_reset_during_its_copy(void)
{
    struct world *world = attached(MODEL_EMULATOR, 2);
    struct sharer *sharer = &world->sharer[1];
    bool more;

    for (unsigned n = 0; n < 10; n++)
        model_frame_to(world, 1, 100);
    sharer->in_deliver = reset_meanwhile;
    sharer_receive(sharer, 64, &more);
    world_tick(world, 1);
    CU_ASSERT_EQUAL(sharer->received, 10);
    CU_ASSERT_EQUAL(sharer->repeated, 0);
    CU_ASSERT_EQUAL(sharer->invalid, 0);
    /* But not one that keeps nothing. */
    for (unsigned n = 0; n < 10; n++)
        model_frame_to(world, 1, 100);
    sharer->in_deliver = reset_and_lose_meanwhile;
    sharer_receive(sharer, 64, &more);
    world_tick(world, 1);
    CU_ASSERT_EQUAL(sharer->received, 10);
    CU_ASSERT_EQUAL(sharer->invalid, 1);
    model_frame_to(world, 1, 100);
    world_run(world);
    CU_ASSERT_EQUAL(sharer->received, 11);
    assert_sound(world);
    world_free(world);
}

static void reinit_keeps_frames(enum model_kind kind)
{
    struct world *world = attached(kind, 3);
    bool in_order;

    for (unsigned round = 0; round < 20; round++) {
        for (unsigned n = 0; n < 300; n++) {
            model_frame_to(world, n % 3, 100 + n);
            if (n == 150)
                sharer_interrupt(&world->sharer[2]);
        }
        CU_ASSERT_EQUAL(sharer_send(&world->sharer[1], 100), 0);
        sharer_fresh(&world->sharer[0], false);
        CU_ASSERT_EQUAL(nic_state_reinit(&world->sharer[0].driver), 0);
        CU_ASSERT_EQUAL(world->sharer[0].status.nic_generation, round + 2);
        model_frame_to(world, 0, 100);
        CU_ASSERT_TRUE(world->sharer[1].interrupt);
        world_run(world);
        CU_ASSERT_EQUAL(sharer_send(&world->sharer[2], 100), 0);
        world_tick(world, 3);
    }
    for (unsigned i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(world->sharer[i].received, world->number[i]);
        CU_ASSERT_EQUAL(world->sharer[i].missing, 0);
        CU_ASSERT_EQUAL(world->sharer[i].repeated, 0);
        CU_ASSERT_EQUAL(world->sharer[i].status.nic_generation, 21);
    }
    CU_ASSERT_EQUAL(model_sent_by(&world->model, 0, 1, &in_order), 20);
    CU_ASSERT_TRUE(in_order);
    /* An emulator holds reception back for a second at each write of RCTL. */
    CU_ASSERT_EQUAL(world->model.rcl_writes, kind == MODEL_EMULATOR ? 1 : 21);
    assert_sound(world);
    world_free(world);
}

static void reinit_keeps_frames_on_hardware(void)
{
    reinit_keeps_frames(MODEL_HARDWARE);
}

static void reinit_keeps_frames_on_an_emulator(void)
{
    reinit_keeps_frames(MODEL_EMULATOR);
}

/* Remote recovery: a sharer at work re-initialises the device for a neighbour's sake and goes on with what it has. */
static void reinit_under_way(void)
{
    struct world *world = attached(MODEL_EMULATOR, 2);
    struct nic_shared *shared = shared_of(world);

    for (unsigned n = 0; n < 100; n++)
        model_frame_to(world, n % 2, 100);
    CU_ASSERT_EQUAL(nic_state_reinit(&world->sharer[1].driver), 0);
    world_run(world);
    world_tick(world, 1);
    CU_ASSERT_EQUAL(world->sharer[0].received + world->sharer[1].received, 100);
    /* Also where nothing can be kept. */
    nic_store(&shared->rx_limit, 12345);
    nic_store(&shared->tx_next, 12345);
    for (unsigned n = 0; n < 100; n++)
        model_frame_to(world, n % 2, 100);
    CU_ASSERT_EQUAL(nic_state_reinit(&world->sharer[1].driver), 0);
    world->sharer[0].last[0] = world->number[0];
    world->sharer[1].last[1] = world->number[1];
    for (unsigned n = 0; n < 100; n++) {
        CU_ASSERT_TRUE(model_frame_to(world, n % 2, 100));
        world_run(world);
        CU_ASSERT_EQUAL(sharer_send(&world->sharer[n % 2], 100), 0);
    }
    world_tick(world, 20);
    CU_ASSERT_EQUAL(world->sharer[0].received + world->sharer[1].received, 200);
    CU_ASSERT_EQUAL(world->sharer[0].missing + world->sharer[1].missing, 0);
    CU_ASSERT_EQUAL(world->model.n_sent, 100);
    assert_sound(world);
    world_free(world);
}

/* A descriptor with a wrong address loses one frame, not the ring. */
static void bad_descriptor_costs_one_frame(void)
{
    struct world *world = attached(MODEL_HARDWARE, 1);
    struct sharer *sharer = &world->sharer[0];

    sharer->driver.rx_ring[5].address = 0xdead0000;
    for (unsigned n = 0; n < 10; n++)
        model_frame_to(world, 0, 100);
    CU_ASSERT_EQUAL(world->model.stray, 1);
    sharer_interrupt(sharer);
    CU_ASSERT_EQUAL(sharer->received, 5);
    CU_ASSERT_EQUAL(sharer->driver.detected, QV_DETECT_RING_INVARIANT);
    CU_ASSERT_EQUAL(sharer->driver.detected_address, (uintptr_t)&sharer->driver.rx_ring[5]);
    sharer_fresh(sharer, false);
    CU_ASSERT_EQUAL(nic_state_reinit(&sharer->driver), 0);
    world_tick(world, 1);
    CU_ASSERT_EQUAL(sharer->received, 9);
    CU_ASSERT_EQUAL(sharer->missing, 1);
    CU_ASSERT_EQUAL(sharer->status.rx_dropped, 1);
    CU_ASSERT_EQUAL(sharer->driver.rx_ring[5].address, nic_rx_address(&sharer->driver, 5));
    CU_ASSERT_EQUAL(sharer->driver.detected, QV_DETECT_NONE);
    world_free(world);
}

/* Whoever lost the receive lock while clearing descriptors may have cleared one that was filled meanwhile. */
static void hole_in_the_ring_is_found(void)
{
    struct world *world = attached(MODEL_EMULATOR, 2);
    struct sharer *sharer = &world->sharer[0];

    for (unsigned n = 0; n < 10; n++)
        model_frame_to(world, 0, 100);
    world->sharer[0].driver.rx_ring[5].word = 0;
    world_tick(world, 11);
    CU_ASSERT_EQUAL(sharer->received, 5);
    CU_ASSERT_EQUAL(sharer->driver.detected, QV_DETECT_RING_INVARIANT);
    CU_ASSERT_EQUAL(sharer->driver.detected_address, (uintptr_t)&sharer->driver.rx_ring[6]);
    sharer_fresh(sharer, false);
    CU_ASSERT_EQUAL(nic_state_reinit(&sharer->driver), 0);
    world_tick(world, 1);
    CU_ASSERT_EQUAL(sharer->received, 9);
    CU_ASSERT_EQUAL(sharer->missing, 1);
    world_free(world);
}

/* Frames that come while the device starts find no sharer that may act on their interrupt: it comes afterwards. */
static void interrupt_during_reset(struct world *world, uint32_t offset)
{
    (void)offset;
    if (nic_state_tag(nic_load(&shared_of(world)->state)) != NIC_STATE_RESETTING)
        return;
    pthread_mutex_unlock(&world->model.lock);
    model_frame_to(world, 1, 100);
    world_run(world);
    pthread_mutex_lock(&world->model.lock);
}

static void interrupts_begin_after_the_reset(void)
{
    struct world *world = attached(MODEL_EMULATOR, 2);

    world->on_write = interrupt_during_reset;
    CU_ASSERT_EQUAL(nic_state_reinit(&world->sharer[0].driver), 0);
    world->on_write = NULL;
    world_run(world);
    CU_ASSERT_TRUE(world->number[1] > 0);
    CU_ASSERT_EQUAL(world->sharer[1].received, world->number[1]);
    CU_ASSERT_FALSE(world->model.line);
    world_tick(world, 20);
    assert_sound(world);
    world_free(world);
}

/* Frames never stop coming: what arrives while the device is taken apart must not end up in the new rings. */
static void frame_during_reset(struct world *world, uint32_t offset)
{
    (void)offset;
    if (nic_state_tag(nic_load(&shared_of(world)->state)) != NIC_STATE_RESETTING)
        return;
    pthread_mutex_unlock(&world->model.lock);
    model_frame_to(world, world->number[0] > world->number[1] ? 1 : 0, 100);
    pthread_mutex_lock(&world->model.lock);
}

/* The device's next descriptors are empty: a reader would take for a frame what is done there. */
static bool free_ahead(const struct world *world)
{
    uint32_t head = world->model.reg[NIC_REG_RDH / 4];

    for (uint32_t i = 0; i < NIC_RX_COUNT / 2; i++)
        if ((world->sharer[0].driver.rx_ring[(head + i) % NIC_RX_COUNT].word & NIC_RXD_DD) != 0)
            return false;
    return true;
}

static void frames_during_resets(enum model_kind kind)
{
    struct world *world = attached(kind, 2);

    world->on_write = frame_during_reset;
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned n = 0; n < 30; n++)
            model_frame_to(world, n % 2, 100);
        CU_ASSERT_EQUAL(nic_state_reinit(&world->sharer[round % 2].driver), 0);
        CU_ASSERT_TRUE_FATAL(free_ahead(world));
        model_frame_to(world, 0, 100);
        model_frame_to(world, 1, 100);
        world_run(world);
        world_tick(world, 20);
        CU_ASSERT_EQUAL(world->sharer[0].driver.detected, QV_DETECT_NONE);
        CU_ASSERT_EQUAL(world->sharer[1].driver.detected, QV_DETECT_NONE);
    }
    for (unsigned i = 0; i < 2; i++) {
        CU_ASSERT_TRUE(world->sharer[i].received >= 20 * 16);
        CU_ASSERT_EQUAL(world->sharer[i].received, world->number[i]);
        CU_ASSERT_EQUAL(world->sharer[i].repeated, 0);
    }
    assert_sound(world);
    world_free(world);
}

static void frames_during_resets_everywhere(void)
{
    frames_during_resets(MODEL_HARDWARE);
    frames_during_resets(MODEL_EMULATOR);
    frames_during_resets(MODEL_OPEN);
}

/* Others look at any moment: also between telling the device and noting that it was told. */
static void look_around(struct world *world, uint32_t offset)
{
    if (offset != NIC_REG_TDT && offset != NIC_REG_RDT)
        return;
    world->on_write = NULL;
    pthread_mutex_unlock(&world->model.lock);
    for (unsigned n = 0; n < 80; n++) {
        world_pass(world, 10);
        nic_check_all(&world->sharer[1].driver);
    }
    pthread_mutex_lock(&world->model.lock);
    world->on_write = look_around;
}

static void checks_at_any_moment_find_nothing(void)
{
    struct world *world = attached(MODEL_EMULATOR, 2);

    world->on_write = look_around;
    for (unsigned n = 0; n < 300; n++) {
        model_frame_to(world, n % 2, 100);
        world_run(world);
        CU_ASSERT_EQUAL(sharer_send(&world->sharer[0], 100), 0);
        if (n % 100 == 99)
            CU_ASSERT_EQUAL(nic_state_reinit(&world->sharer[0].driver), 0);
    }
    world->on_write = NULL;
    assert_sound(world);
    world_free(world);
}

/* While a driver is being recovered its interrupt handler is closed; the edge that came then must not be the last. */
static void edge_during_recovery_is_acknowledged(void)
{
    struct world *world = attached(MODEL_EMULATOR, 2);
    struct sharer *holder = &world->sharer[0];
    bool more;

    model_frame_to(world, 1, 100);
    world_run(world);
    sharer_fresh(holder, false);
    CU_ASSERT_EQUAL(nic_state_reinit(&holder->driver), 0);
    model_frame_to(world, 0, 100);
    CU_ASSERT_TRUE(holder->interrupt);
    holder->interrupt = false; /* refused */
    world_run(world);
    CU_ASSERT_TRUE(world->model.line);
    sharer_receive(holder, 64, &more);
    CU_ASSERT_EQUAL(holder->received, 1);
    CU_ASSERT_FALSE(world->model.line);
    model_frame_to(world, 1, 100);
    CU_ASSERT_TRUE(world->sharer[1].interrupt);
    world_run(world);
    world_tick(world, 20);
    CU_ASSERT_EQUAL(world->sharer[1].received, 2);
    assert_sound(world);
    world_free(world);
}

/* A holder whose core stood still is relieved of its duty, but not called faulty. */
static void stalled_holder_is_not_blamed(void)
{
    struct world *world = attached(MODEL_HARDWARE, 2);
    struct sharer *holder = &world->sharer[0];

    model_frame_to(world, 1, 100);
    world_run(world);
    world_tick(world, 2);
    holder->asleep = true;
    for (unsigned n = 0; n < 20; n++) {
        model_frame_to(world, 1, 100);
        world_tick(world, 1);
    }
    CU_ASSERT_EQUAL(world->sharer[1].status.duty_takeovers, 1);
    CU_ASSERT_EQUAL(world->sharer[1].received, 21);
    holder->asleep = false;
    world_tick(world, 20);
    assert_sound(world);
    world_free(world);
}

/* Another sharer grants descriptors, and the device fills them, while this one checks. */
static void limit_that_moves_during_the_check_is_no_hole(void)
{
    struct world *world = attached(MODEL_HARDWARE, 1);
    struct sharer *sharer = &world->sharer[0];
    uint32_t limit, cursor;

    while (model_frame_to(world, 0, 100)) {
    }
    nic_check_all(&sharer->driver);
    CU_ASSERT_TRUE(nic_unseal(nic_load(&shared_of(world)->rx_limit), &limit));
    CU_ASSERT_TRUE(nic_unseal(nic_load(&sharer->driver.slot->cursor), &cursor));
    CU_ASSERT_EQUAL(nic_rx_done(&sharer->driver, cursor), limit);
    for (uint32_t moved = 0; moved < NIC_RX_COUNT / 2; moved++)
        nic_check_receive_ring(&sharer->driver, nic_rx_done(&sharer->driver, cursor), limit - moved);
    CU_ASSERT_EQUAL(sharer->driver.detected, QV_DETECT_NONE);
    world_free(world);
}

static void destroyed_cursor_falls_back_to_its_copy(void)
{
    struct world *world = attached(MODEL_HARDWARE, 2);
    struct sharer *sharer = &world->sharer[0];

    for (unsigned n = 0; n < 100; n++)
        model_frame_to(world, 0, 100);
    world_run(world);
    *(volatile uint32_t *)sharer->driver.view.rx_cursor ^= 0x40;
    for (unsigned n = 0; n < 50; n++)
        model_frame_to(world, 0, 100);
    world_run(world);
    CU_ASSERT_EQUAL(sharer->driver.detected, QV_DETECT_RING_INVARIANT);
    sharer_fresh(sharer, false);
    CU_ASSERT_EQUAL(nic_state_reinit(&sharer->driver), 0);
    world_run(world);
    world_tick(world, 1);
    CU_ASSERT_EQUAL(sharer->missing, 0);
    CU_ASSERT_EQUAL(sharer->repeated, 0);
    CU_ASSERT_EQUAL(sharer->last[0], 150);
    assert_sound(world);
    world_free(world);
}

/* A stray write removes the word that says that something has happened. */
static void lost_notice_is_put_back(void)
{
    struct world *world = attached(MODEL_HARDWARE, 3);
    struct sharer *standby = &world->sharer[1];

    sharer_die(&world->sharer[0]);
    for (unsigned n = 0; n < 10; n++)
        model_frame_to(world, 0, 100);
    world_run(world);
    CU_ASSERT_EQUAL(nic_state_takeover(&standby->driver, 0), 0);
    CU_ASSERT_NOT_EQUAL(standby->driver.slot->notice, 0);
    standby->driver.slot->notice = 0;
    world_run(world);
    CU_ASSERT_EQUAL(standby->by_port[0], 0);
    world_tick(world, 2);
    CU_ASSERT_EQUAL(standby->by_port[0], 10);
    assert_sound(world);
    world_free(world);
}

static void standby_takes_over_from_the_cursor_on(void)
{
    struct world *world = attached(MODEL_HARDWARE, 3);
    struct sharer *standby = &world->sharer[1];

    for (unsigned n = 0; n < 10; n++)
        model_frame_to(world, 0, 100);
    world_run(world);
    sharer_die(&world->sharer[0]);
    for (unsigned n = 0; n < 30; n++)
        model_frame_to(world, n % 3, 100);
    world_run(world);
    CU_ASSERT_EQUAL(standby->received, 10);
    CU_ASSERT_EQUAL(nic_state_reinit(&standby->driver), 0);
    CU_ASSERT_EQUAL(nic_state_takeover(&standby->driver, 0), 0);
    CU_ASSERT_TRUE(nic_rx_pending(&standby->driver));
    world_tick(world, 1);
    CU_ASSERT_EQUAL(standby->by_port[0], 10); /* not the ten that its owner had */
    standby->missing = 0;
    for (unsigned n = 0; n < 3 * NIC_RX_COUNT; n++) {
        model_frame_to(world, n % 3, 100);
        if (n % 5 == 0)
            world_run(world);
    }
    world_run(world);
    CU_ASSERT_EQUAL(standby->by_port[0], 10 + NIC_RX_COUNT);
    CU_ASSERT_EQUAL(standby->by_port[1], 10 + NIC_RX_COUNT);
    CU_ASSERT_EQUAL(standby->missing, 0);
    CU_ASSERT_EQUAL(standby->repeated, 0);
    CU_ASSERT_EQUAL(standby->trace_counts[QV_TRACE_RX_FORCED], 0);

    /* The standby's own driver is exchanged: it still serves both. */
    model_frame_to(world, 0, 100);
    model_frame_to(world, 1, 100);
    sharer_fresh(standby, false);
    CU_ASSERT_EQUAL(nic_state_reinit(&standby->driver), 0);
    world_tick(world, 1);
    CU_ASSERT_EQUAL(standby->by_port[0], 11 + NIC_RX_COUNT);
    CU_ASSERT_EQUAL(standby->missing, 0);

    /* The owner comes back and has its interface again. */
    sharer_fresh(&world->sharer[0], true);
    CU_ASSERT_EQUAL(nic_state_attach(&world->sharer[0].driver), 0);
    world->sharer[0].last[0] = world->number[0];
    for (unsigned n = 0; n < 30; n++) {
        model_frame_to(world, 0, 100);
        world_run(world);
    }
    CU_ASSERT_EQUAL(world->sharer[0].missing, 0);
    CU_ASSERT_EQUAL(world->sharer[0].by_port[0], 40);
    CU_ASSERT_EQUAL(standby->by_port[0], 11 + NIC_RX_COUNT);
    CU_ASSERT_EQUAL(nic_state_takeover(&standby->driver, 1), -EINVAL);
    CU_ASSERT_EQUAL(nic_state_takeover(&standby->driver, 7), -EINVAL);
    assert_sound(world);
    world_free(world);
}

static void restarted_sandbox_goes_on_at_its_cursor(void)
{
    struct world *world = attached(MODEL_HARDWARE, 2);
    struct sharer *sharer = &world->sharer[0];

    for (unsigned n = 0; n < 10; n++)
        model_frame_to(world, 0, 100);
    world_run(world);
    sharer_die(sharer);
    for (unsigned n = 0; n < 100; n++) {
        model_frame_to(world, n % 2, 100);
        world_run(world);
    }
    sharer_fresh(sharer, true);
    CU_ASSERT_EQUAL(nic_state_attach(&sharer->driver), 0);
    CU_ASSERT_EQUAL(nic_state_reinit(&sharer->driver), 0);
    world_tick(world, 1);
    CU_ASSERT_EQUAL(sharer->received, 60);
    CU_ASSERT_EQUAL(sharer->missing, 0);
    CU_ASSERT_EQUAL(world->sharer[1].received, 50);
    assert_sound(world);
    world_free(world);
}

static void late_joiner_starts_at_the_head(void)
{
    struct world *world = world_new(MODEL_HARDWARE, 2);

    CU_ASSERT_EQUAL(nic_state_attach(&world->sharer[0].driver), 0);
    for (unsigned n = 0; n < 2000; n++) {
        model_frame_to(world, n % 2, 100);
        world->sharer[1].interrupt = false;
        if (n % 9 == 0)
            world_run(world);
    }
    CU_ASSERT_EQUAL(nic_state_attach(&world->sharer[1].driver), 0);
    world->sharer[1].last[1] = world->number[1];
    for (unsigned n = 0; n < 2000; n++) {
        model_frame_to(world, n % 2, 100);
        world_run(world);
    }
    CU_ASSERT_EQUAL(world->sharer[1].received, 1000);
    CU_ASSERT_EQUAL(world->sharer[1].missing, 0);
    CU_ASSERT_EQUAL(world->sharer[0].missing, 0);
    assert_sound(world);
    world_free(world);
}

static void leaked_lock_is_broken_by_its_owner(void)
{
    struct world *world = attached(MODEL_HARDWARE, 2);
    struct sharer *sharer = &world->sharer[0];

    CU_ASSERT_EQUAL(nic_lock_bare(&sharer->driver, NIC_LOCK_TX), 0);
    CU_ASSERT_EQUAL(sharer_send(sharer, 100), -EBUSY);
    CU_ASSERT_EQUAL(sharer->driver.detected, QV_DETECT_NONE);
    world_tick(world, 1);
    CU_ASSERT_EQUAL(sharer->driver.detected, QV_DETECT_LOCK_TIMEOUT);
    CU_ASSERT_EQUAL(sharer->status.lock_breaks, 1);
    sharer_fresh(sharer, false);
    CU_ASSERT_EQUAL(nic_state_reinit(&sharer->driver), 0);
    CU_ASSERT_EQUAL(sharer_send(sharer, 100), 0);
    assert_sound(world);
    world_free(world);
}

/* Who is alone takes no lock: a leaked one stops nothing, but is found all the same. */
static void leaked_lock_of_the_only_sharer_is_found(void)
{
    struct world *world = attached(MODEL_HARDWARE, 1);
    struct sharer *sharer = &world->sharer[0];

    CU_ASSERT_EQUAL(sharer_send(sharer, 100), 0);
    CU_ASSERT_EQUAL(shared_of(world)->tx_lock.word, 0);
    CU_ASSERT_EQUAL(nic_lock_bare(&sharer->driver, NIC_LOCK_TX), 0);
    CU_ASSERT_EQUAL(sharer_send(sharer, 100), 0);
    CU_ASSERT_EQUAL(world->model.n_sent, 2);
    CU_ASSERT_EQUAL(sharer->driver.detected, QV_DETECT_NONE);
    world_tick(world, 1);
    CU_ASSERT_EQUAL(sharer->driver.detected, QV_DETECT_LOCK_TIMEOUT);
    CU_ASSERT_EQUAL(sharer->status.lock_breaks, 1);
    CU_ASSERT_EQUAL(shared_of(world)->tx_lock.word, 0);
    sharer_fresh(sharer, false);
    CU_ASSERT_EQUAL(nic_state_reinit(&sharer->driver), 0);
    CU_ASSERT_EQUAL(sharer_send(sharer, 100), 0);
    assert_sound(world);
    world_free(world);
}

static void leaked_lock_is_broken_by_a_neighbour(void)
{
    struct world *world = attached(MODEL_HARDWARE, 2);
    struct sharer *owner = &world->sharer[0];
    struct sharer *neighbour = &world->sharer[1];

    CU_ASSERT_EQUAL(nic_lock_bare(&owner->driver, NIC_LOCK_TX), 0);
    CU_ASSERT_EQUAL(sharer_send(neighbour, 100), 0); /* waited for the time limit, no longer */
    CU_ASSERT_EQUAL(neighbour->status.lock_breaks, 1);
    CU_ASSERT_EQUAL(neighbour->trace_counts[QV_TRACE_LOCK_BREAK], 1);
    CU_ASSERT_EQUAL(neighbour->driver.detected, QV_DETECT_NONE);
    world_tick(world, 1);
    CU_ASSERT_EQUAL(owner->driver.detected, QV_DETECT_LOCK_TIMEOUT);
    /* The next instance is not blamed for the last one. */
    sharer_fresh(owner, false);
    CU_ASSERT_EQUAL(nic_state_reinit(&owner->driver), 0);
    world_tick(world, 3);
    assert_sound(world);
    world_free(world);
}

static void lock_of_the_dead_is_taken_at_once(void)
{
    struct world *world = attached(MODEL_HARDWARE, 2);
    struct sharer *neighbour = &world->sharer[1];
    uint64_t before;

    nic_lock_bare(&world->sharer[0].driver, NIC_LOCK_TX);
    nic_lock_bare(&world->sharer[0].driver, NIC_LOCK_RX);
    sharer_die(&world->sharer[0]);
    before = world->clock;
    CU_ASSERT_EQUAL(sharer_send(neighbour, 100), 0);
    CU_ASSERT_TRUE(world->clock - before < neighbour->driver.config.lock_timeout / 4);
    CU_ASSERT_EQUAL(neighbour->trace_counts[QV_TRACE_DETECT], 1);
    world_tick(world, 1);
    CU_ASSERT_EQUAL(neighbour->trace_counts[QV_TRACE_DETECT], 2);
    CU_ASSERT_EQUAL(nic_load(&shared_of(world)->rx_lock.word), 0);
    assert_sound(world);
    world_free(world);
}

static void resetter_that_dies_is_replaced(void)
{
    for (unsigned how = 0; how < 3; how++) {
        struct world *world = attached(MODEL_HARDWARE, 2);
        struct nic_shared *shared = shared_of(world);
        struct sharer *other = &world->sharer[1];

        world->sharer[0].asleep = true;
        nic_store(&shared->state, nic_state_make(NIC_STATE_RESETTING, 0, 1, 2));
        CU_ASSERT_EQUAL(sharer_send(other, 100), -EBUSY);
        CU_ASSERT_EQUAL(nic_state_reinit(&other->driver), -EBUSY);
        world_tick(world, 2);
        CU_ASSERT_EQUAL(other->status.nic_generation, 1);
        if (how == 0)
            sharer_die(&world->sharer[0]);
        if (how == 2) {
            /* A newcomer waits only so long for who hangs. */
            sharer_fresh(other, false);
            CU_ASSERT_EQUAL(nic_state_attach(&other->driver), 0);
        }
        for (unsigned n = 0; n < 15; n++) {
            world_pass(world, 2000);
            nic_check_all(&other->driver);
        }
        world_tick(world, 1);
        CU_ASSERT_EQUAL(other->status.nic_generation, 3);
        CU_ASSERT_EQUAL(sharer_send(other, 100), 0);
        model_frame_to(world, 1, 100);
        world_run(world);
        CU_ASSERT_EQUAL(other->received, 1);
        assert_sound(world);
        world_free(world);
    }
}

static void stray_register_writes_are_found(void)
{
    const uint32_t offsets[] = {NIC_REG_RCTL,  NIC_REG_TCTL,  NIC_REG_RDBAL, NIC_REG_RDLEN,
                                NIC_REG_TDBAL, NIC_REG_TDLEN, NIC_REG_IMC};

    for (unsigned i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        struct world *world = attached(MODEL_EMULATOR, 1);
        world_tick(world, 80);
        CU_ASSERT_EQUAL(world->sharer[0].driver.detected, QV_DETECT_NONE);
        model_write(&world->model, offsets[i], 0x80);
        world_tick(world, 40);
        CU_ASSERT_EQUAL(world->sharer[0].driver.detected, QV_DETECT_RING_INVARIANT);
        sharer_fresh(&world->sharer[0], false);
        CU_ASSERT_EQUAL(nic_state_reinit(&world->sharer[0].driver), 0);
        world_tick(world, 80);
        model_frame_to(world, 0, 100);
        world_run(world);
        CU_ASSERT_EQUAL(world->sharer[0].received, 1);
        CU_ASSERT_EQUAL(sharer_send(&world->sharer[0], 100), 0);
        CU_ASSERT_EQUAL(world->model.n_sent, 1);
        assert_sound(world);
        world_free(world);
    }
}

/* Marked as done by a stray write: the readers pass over it, and the device fills it after them. */
static void descriptor_done_too_early_is_found(void)
{
    struct world *world = attached(MODEL_EMULATOR, 1);
    struct sharer *sharer = &world->sharer[0];

    for (unsigned n = 0; n < 5; n++)
        model_frame_to(world, 0, 100);
    world_run(world);
    sharer->driver.rx_ring[5].word = NIC_RXD_DD;
    world_tick(world, 100);
    CU_ASSERT_EQUAL(sharer->driver.detected, QV_DETECT_RING_INVARIANT);
    CU_ASSERT_EQUAL(sharer->driver.detected_address, NIC_REG_RDH);
    sharer_fresh(sharer, false);
    CU_ASSERT_EQUAL(nic_state_reinit(&sharer->driver), 0);
    model_frame_to(world, 0, 100);
    world_run(world);
    CU_ASSERT_EQUAL(sharer->received, 6);
    world_tick(world, 100);
    assert_sound(world);
    world_free(world);
}

static void transmit_head_outside_the_queue_is_found(void)
{
    struct world *world = attached(MODEL_EMULATOR, 1);
    struct nic_shared *shared = shared_of(world);

    world->model.tx_frozen = true;
    for (unsigned n = 0; n < 3; n++)
        sharer_send(&world->sharer[0], 100);
    nic_store(&shared->tx_clean, nic_load(&shared->tx_next));
    world_tick(world, 100);
    CU_ASSERT_EQUAL(world->sharer[0].driver.detected, QV_DETECT_RING_INVARIANT);
    CU_ASSERT_EQUAL(world->sharer[0].driver.detected_address, NIC_REG_TDH);
    world_free(world);
}

static void passing_difference_is_no_fault(void)
{
    struct world *world = attached(MODEL_EMULATOR, 1);
    struct nic_driver *driver = &world->sharer[0].driver;

    /* Each register once differs at the moment it is looked at, and not the next time. */
    for (unsigned n = 0; n < 200; n++) {
        bool doubted = driver->audit_doubt;
        uint32_t saved[sizeof(world->model.reg) / sizeof(world->model.reg[0])];
        memcpy(saved, world->model.reg, sizeof(saved));
        if (!doubted && n % 3 == 0)
            memset(world->model.reg, 0x5a, sizeof(world->model.reg));
        world_pass(world, 2000);
        nic_check_all(driver);
        memcpy(world->model.reg, saved, sizeof(saved));
        CU_ASSERT_EQUAL(driver->detected, QV_DETECT_NONE);
    }
    world_free(world);
}

/* The resetter died at the very end: the device runs, but raises no interrupt. */
static void interrupts_left_off_by_the_dead_are_enabled(void)
{
    struct world *world = attached(MODEL_EMULATOR, 2);

    nic_lock_bare(&world->sharer[0].driver, NIC_LOCK_RX);
    model_write(&world->model, NIC_REG_IMC, 0xffffffffu);
    sharer_die(&world->sharer[0]);
    model_frame_to(world, 1, 100);
    CU_ASSERT_FALSE(world->sharer[1].interrupt);
    world_tick(world, 1);
    model_frame_to(world, 1, 100);
    CU_ASSERT_TRUE(world->sharer[1].interrupt);
    world_run(world);
    CU_ASSERT_EQUAL(world->sharer[1].received, 2);
    world_tick(world, 100);
    assert_sound(world);
    world_free(world);
}

/* The sender died between queueing a frame and telling the device, and nobody else sends. */
static void frame_of_the_dead_is_announced(void)
{
    struct world *world = attached(MODEL_EMULATOR, 2);

    world->sharer[0].driver.batch = 1;
    CU_ASSERT_EQUAL(sharer_send(&world->sharer[0], 100), 0);
    nic_lock_bare(&world->sharer[0].driver, NIC_LOCK_TX);
    sharer_die(&world->sharer[0]);
    CU_ASSERT_EQUAL(world->model.n_sent, 0);
    world_tick(world, 1);
    CU_ASSERT_EQUAL(world->model.n_sent, 1);
    CU_ASSERT_TRUE(world->model.sent[0].intact);
    assert_sound(world);
    world_free(world);
}

/* Acknowledged, but not counted: whoever wonders looks at the cause register before it accuses anybody. */
static void uncounted_acknowledgement_is_no_fault(void)
{
    struct world *world = attached(MODEL_EMULATOR, 2);

    world_tick(world, 5);
    for (unsigned n = 0; n < 40; n++) {
        model_frame_to(world, 1, 100);
        world->sharer[0].interrupt = world->sharer[1].interrupt = false;
        (void)model_read(&world->model, NIC_REG_ICR);
        world_tick(world, 1);
    }
    CU_ASSERT_EQUAL(world->sharer[1].received, 40);
    CU_ASSERT_EQUAL(world->sharer[1].status.duty_takeovers, 0);
    assert_sound(world);
    world_free(world);
}

static void begin_reset(struct sharer *sharer)
{
    struct nic_shared *shared = shared_of(sharer->world);

    sharer->in_mask = NULL;
    nic_store(&shared->state, nic_state_make(NIC_STATE_RESETTING, 1, 1, 2));
}

/* A re-initialisation that begins just before the lock is taken. */
static void nothing_is_queued_into_a_reset(void)
{
    struct world *world = attached(MODEL_EMULATOR, 2);
    struct nic_shared *shared = shared_of(world);
    uint64_t next = nic_load(&shared->tx_next);

    world->sharer[0].in_mask = begin_reset;
    CU_ASSERT_EQUAL(sharer_send(&world->sharer[0], 100), -EBUSY);
    CU_ASSERT_EQUAL(nic_load(&shared->tx_next), next);
    CU_ASSERT_EQUAL(nic_load(&shared->tx_lock.word), 0);
    CU_ASSERT_FALSE(world->sharer[0].masked);
    world_free(world);
}

/* The taker had lagged: frames that the other had taken before it died are not taken again. */
static void late_taker_does_not_repeat(void)
{
    struct world *world = attached(MODEL_HARDWARE, 2);
    struct sharer *taker = &world->sharer[1];

    taker->asleep = true;
    for (unsigned n = 0; n < 20; n++)
        model_frame_to(world, 0, 100);
    world_run(world);
    CU_ASSERT_EQUAL(world->sharer[0].received, 20);
    for (unsigned n = 0; n < 5; n++)
        model_frame_to(world, 0, 100);
    sharer_die(&world->sharer[0]);
    taker->asleep = false;
    CU_ASSERT_EQUAL(nic_state_takeover(&taker->driver, 0), 0);
    taker->last[0] = 20;
    world_run(world);
    world_tick(world, 1);
    CU_ASSERT_EQUAL(taker->by_port[0], 5);
    CU_ASSERT_EQUAL(taker->repeated, 0);
    CU_ASSERT_EQUAL(taker->missing, 0);
    assert_sound(world);
    world_free(world);
}

static const struct unit_test tests[] = {
    {"a stalled transmitter is found, the backlog kept", stalled_transmitter_is_found},
    {"an abandoned batch is announced", abandoned_batch_is_announced},
    {"a frame survives a reset during its copy", frame_survives_a_reset_during_its_copy},
    {"a re-initialisation keeps frames (hardware)", reinit_keeps_frames_on_hardware},
    {"a re-initialisation keeps frames (emulator)", reinit_keeps_frames_on_an_emulator},
    {"a re-initialisation by an instance at work", reinit_under_way},
    {"a bad descriptor costs one frame", bad_descriptor_costs_one_frame},
    {"a hole in the ring is found", hole_in_the_ring_is_found},
    {"limit that moves during the check is no hole", limit_that_moves_during_the_check_is_no_hole},
    {"interrupts begin after the reset", interrupts_begin_after_the_reset},
    {"frames during resets", frames_during_resets_everywhere},
    {"checks at any moment find nothing", checks_at_any_moment_find_nothing},
    {"an edge during a recovery is acknowledged", edge_during_recovery_is_acknowledged},
    {"a stalled holder is not blamed", stalled_holder_is_not_blamed},
    {"a destroyed cursor falls back to its copy", destroyed_cursor_falls_back_to_its_copy},
    {"a standby takes over from the cursor on", standby_takes_over_from_the_cursor_on},
    {"a restarted sandbox goes on at its cursor", restarted_sandbox_goes_on_at_its_cursor},
    {"a late joiner starts at the head", late_joiner_starts_at_the_head},
    {"a lost notice is put back", lost_notice_is_put_back},
    {"a leaked lock is broken by its owner", leaked_lock_is_broken_by_its_owner},
    {"a leaked lock of the only sharer is found", leaked_lock_of_the_only_sharer_is_found},
    {"a leaked lock is broken by a neighbour", leaked_lock_is_broken_by_a_neighbour},
    {"a lock of the dead is taken at once", lock_of_the_dead_is_taken_at_once},
    {"a resetter that dies or hangs is replaced", resetter_that_dies_is_replaced},
    {"stray register writes are found", stray_register_writes_are_found},
    {"a descriptor done too early is found", descriptor_done_too_early_is_found},
    {"a transmit head outside the queue is found", transmit_head_outside_the_queue_is_found},
    {"a passing difference is no fault", passing_difference_is_no_fault},
    {"interrupts left off by the dead are enabled", interrupts_left_off_by_the_dead_are_enabled},
    {"a frame of the dead is announced", frame_of_the_dead_is_announced},
    {"an uncounted acknowledgement is no fault", uncounted_acknowledgement_is_no_fault},
    {"nothing is queued into a reset", nothing_is_queued_into_a_reset},
    {"a late taker does not repeat", late_taker_does_not_repeat},
};

int main(void)
{
    return unit_run("nic recovery", tests, sizeof(tests) / sizeof(tests[0]));
}
