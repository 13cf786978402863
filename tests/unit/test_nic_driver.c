/* SPDX-License-Identifier: MIT */
/* The shared NIC driver against a model of the device: one sharer and several, one step at a time. */
#include "test_nic_util.h"

static void bad_configurations_are_refused(void)
{
    struct world *world = world_new(MODEL_HARDWARE, 2);
    struct nic_driver driver = {0};
    struct nic_config config = world->sharer[0].driver.config;
    const struct nic_ops *ops = world->sharer[0].driver.ops;

    config.self = QV_MAX_SANDBOXES;
    CU_ASSERT_EQUAL(nic_driver_init(&driver, &config, ops, NULL), -EINVAL);
    config.self = 2; /* not a sharer */
    CU_ASSERT_EQUAL(nic_driver_init(&driver, &config, ops, NULL), -EINVAL);
    config.self = 0;
    config.shared_size = NIC_SHARED_BYTES - 1;
    CU_ASSERT_EQUAL(nic_driver_init(&driver, &config, ops, NULL), -EINVAL);
    config.shared_size = NIC_SHARED_BYTES;
    config.shared_phys++;
    CU_ASSERT_EQUAL(nic_driver_init(&driver, &config, ops, NULL), -EINVAL);
    config.shared_phys--;
    config.id ^= 0x10000u;
    CU_ASSERT_EQUAL(nic_driver_init(&driver, &config, ops, NULL), -ENODEV);
    config.id ^= 0x10000u;
    config.incarnation = 0;
    CU_ASSERT_EQUAL(nic_driver_init(&driver, &config, ops, NULL), -EINVAL);
    world_free(world);
}

static void device_is_programmed(void)
{
    struct world *world = attached(MODEL_HARDWARE, 3);
    struct model *model = &world->model;

    CU_ASSERT_EQUAL(model_read(model, NIC_REG_RDH), 0);
    CU_ASSERT_EQUAL(model_read(model, NIC_REG_RDT), NIC_RX_COUNT - 1);
    CU_ASSERT_EQUAL(model_read(model, NIC_REG_RDLEN), NIC_RX_COUNT * 16);
    CU_ASSERT_EQUAL(model_read(model, NIC_REG_TDLEN), NIC_TX_COUNT * 16);
    CU_ASSERT_EQUAL(model_read(model, NIC_REG_RDBAL), (uint32_t)MODEL_PHYS + NIC_RX_RING_OFFSET);
    CU_ASSERT_EQUAL(model_read(model, NIC_REG_IMS), NIC_INT_ALL);
    CU_ASSERT_EQUAL(model_read(model, NIC_REG_ITR), 0);
    CU_ASSERT_EQUAL(model_read(model, NIC_REG_RCTL), NIC_RCTL_VALUE);
    CU_ASSERT_TRUE((model_read(model, NIC_REG_CTRL) & NIC_CTRL_SLU) != 0);
    for (unsigned i = 0; i < NIC_RECEIVE_ADDRESSES; i++)
        CU_ASSERT_EQUAL((model_read(model, NIC_REG_RAH(i)) & NIC_RAH_VALID) != 0, i < 3);
    CU_ASSERT_EQUAL(model_read(model, NIC_REG_RAL(1)), 0x51005452u);
    CU_ASSERT_EQUAL(nic_state_generation(nic_load(&shared_of(world)->state)), 1);
    assert_sound(world);
    world_free(world);
}

static void silent_device_is_reported(void)
{
    struct world *world = world_new(MODEL_HARDWARE, 1);

    world->model.absent = true;
    CU_ASSERT_EQUAL(nic_state_attach(&world->sharer[0].driver), -EIO);
    world->model.absent = false;
    world->model.stuck = true;
    CU_ASSERT_EQUAL(nic_state_attach(&world->sharer[0].driver), -EIO);
    world->model.stuck = false;
    CU_ASSERT_EQUAL(nic_state_attach(&world->sharer[0].driver), 0);
    world_free(world);
}

static void frames_reach_whom_they_are_for(void)
{
    struct world *world = attached(MODEL_HARDWARE, 3);

    /* Several times round the ring, sizes from the smallest to the largest. */
    for (uint32_t n = 0; n < 5 * NIC_RX_COUNT; n++) {
        CU_ASSERT_TRUE(model_frame_to(world, n % 3, 60 + n % (NIC_MTU_FRAME - 59)));
        if (n % 100 == 0)
            CU_ASSERT_TRUE(model_broadcast(world, n));
        if (n % 7 == 0)
            world_run(world);
    }
    world_run(world);
    for (unsigned i = 0; i < 3; i++) {
        bool more;
        sharer_receive(&world->sharer[i], 64, &more); /* passes over what the top half has left to others */
        CU_ASSERT_EQUAL(world->sharer[i].received, world->number[i]);
        CU_ASSERT_EQUAL(world->sharer[i].missing, 0);
        CU_ASSERT_EQUAL(world->sharer[i].repeated, 0);
        CU_ASSERT_EQUAL(world->sharer[i].broadcasts, (5 * NIC_RX_COUNT + 99) / 100);
        CU_ASSERT_EQUAL(world->sharer[i].status.rx_frames, world->number[i] + world->sharer[i].broadcasts);
        CU_ASSERT_EQUAL(world->sharer[i].status.rx_skipped, 5 * NIC_RX_COUNT - world->number[i]);
        CU_ASSERT_EQUAL(world->sharer[i].status.rx_dropped, 0);
    }
    CU_ASSERT_EQUAL(world->model.refused, 0);
    assert_sound(world);
    world_free(world);
}

static void budget_ends_the_walk(void)
{
    struct world *world = attached(MODEL_HARDWARE, 2);
    bool more;

    for (unsigned n = 0; n < 100; n++)
        model_frame_to(world, 0, 100);
    CU_ASSERT_EQUAL(sharer_receive(&world->sharer[0], 30, &more), 30);
    CU_ASSERT_TRUE(more);
    CU_ASSERT_EQUAL(sharer_receive(&world->sharer[0], 200, &more), 70);
    CU_ASSERT_FALSE(more);
    /* Somebody else's frames are bounded, too. */
    CU_ASSERT_EQUAL(sharer_receive(&world->sharer[1], 4, &more), 0);
    CU_ASSERT_TRUE(more);
    CU_ASSERT_EQUAL(world->sharer[1].status.rx_skipped, 32);
    world_free(world);
}

static void hot_path_touches_few_registers(void)
{
    struct world *world = attached(MODEL_HARDWARE, 1);
    uint64_t before;

    model_frame_to(world, 0, 100);
    world_run(world);
    /* A frame with its interrupt costs one access; returning descriptors, one in 128 frames. */
    before = world->model.mmio;
    for (unsigned n = 0; n < 1024; n++) {
        model_frame_to(world, 0, 100);
        world_run(world);
    }
    CU_ASSERT_TRUE(world->model.mmio - before <= 1024 + 1024 / 128);
    before = world->model.mmio;
    for (unsigned n = 0; n < 1024; n++)
        CU_ASSERT_EQUAL(sharer_send(&world->sharer[0], 100), 0);
    CU_ASSERT_EQUAL(world->model.mmio - before, 1024);
    before = world->model.mmio;
    world->sharer[0].driver.batch = 1;
    for (unsigned n = 0; n < 1024; n++)
        CU_ASSERT_EQUAL(sharer_send(&world->sharer[0], 100), 0);
    CU_ASSERT_EQUAL(world->model.mmio - before, 1024 / 16);
    world_free(world);
}

static void all_transmit(void)
{
    struct world *world = attached(MODEL_HARDWARE, 3);
    struct nic_tx_words at;
    bool in_order;

    for (uint32_t n = 0; n < 3 * NIC_TX_COUNT; n++)
        CU_ASSERT_EQUAL(sharer_send(&world->sharer[n % 3], 20 + n % (NIC_MTU_FRAME - 19)), 0);
    for (unsigned i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(model_sent_by(&world->model, 0, i, &in_order), NIC_TX_COUNT);
        CU_ASSERT_TRUE(in_order);
        CU_ASSERT_EQUAL(world->sharer[i].status.tx_frames, NIC_TX_COUNT);
    }
    for (uint32_t i = 0; i < world->model.n_sent; i++)
        CU_ASSERT_TRUE(world->model.sent[i].size >= 60);
    /* What is outside the queue would send nothing if the device came across it. */
    CU_ASSERT_TRUE(nic_tx_positions(&world->sharer[0].driver, &at));
    CU_ASSERT_TRUE((uint32_t)at.next - (uint32_t)at.clean < NIC_TX_COUNT / 2);
    for (uint32_t i = (uint32_t)at.next; i != (uint32_t)at.clean + NIC_TX_COUNT; i++)
        CU_ASSERT_EQUAL(world->sharer[0].driver.tx_ring[i % NIC_TX_COUNT].word, 0);
    assert_sound(world);
    world_free(world);
}

/* A batch whose frames another sharer has announced with its own: nothing is left to do at its end. */
static void batch_is_announced_by_a_neighbour(void)
{
    struct world *world = attached(MODEL_HARDWARE, 2);
    struct sharer *sharer = &world->sharer[0];
    uint64_t mmio;

    sharer->driver.batch = 1;
    for (unsigned n = 0; n < 3; n++)
        CU_ASSERT_EQUAL(sharer_send(sharer, 200), 0);
    CU_ASSERT_EQUAL(world->model.n_sent, 0);
    CU_ASSERT_EQUAL(sharer_send(&world->sharer[1], 200), 0);
    CU_ASSERT_EQUAL(world->model.n_sent, 4);
    CU_ASSERT_NOT_EQUAL(sharer->driver.unannounced, 0);
    sharer->driver.batch = 0;
    mmio = world->model.mmio;
    nic_tx_doorbell(&sharer->driver);
    CU_ASSERT_EQUAL(world->model.mmio, mmio);
    CU_ASSERT_EQUAL(sharer->driver.unannounced, 0);
    assert_sound(world);
    world_free(world);
}

static void transmit_refuses_what_it_cannot_send(void)
{
    struct world *world = attached(MODEL_HARDWARE, 1);
    struct nic_driver *driver = &world->sharer[0].driver;
    static uint8_t data[4096];
    struct nic_segment segment[2] = {{data, NIC_MTU_FRAME}, {data, 1}};

    CU_ASSERT_EQUAL(nic_tx_queue(driver, segment, 1), 0);
    CU_ASSERT_EQUAL(nic_tx_queue(driver, segment, 2), -EINVAL);
    segment[1].size = SIZE_MAX;
    CU_ASSERT_EQUAL(nic_tx_queue(driver, segment, 2), -EINVAL);
    segment[0].size = 13;
    CU_ASSERT_EQUAL(nic_tx_queue(driver, segment, 1), -EINVAL);
    CU_ASSERT_EQUAL(nic_tx_queue(driver, segment, 0), -EINVAL);
    CU_ASSERT_EQUAL(world->model.n_sent, 1);
    world_free(world);
}

static void full_ring_is_busy_and_empties(void)
{
    struct world *world = attached(MODEL_HARDWARE, 1);
    struct sharer *sharer = &world->sharer[0];
    bool in_order;

    world->model.tx_frozen = true;
    for (uint32_t n = 0; n < NIC_TX_COUNT - 1; n++)
        CU_ASSERT_EQUAL(sharer_send(sharer, 100), 0);
    CU_ASSERT_EQUAL(sharer_send(sharer, 100), -EBUSY);
    CU_ASSERT_EQUAL(sharer->status.tx_busy, 1);
    world->model.tx_frozen = false;
    model_write(&world->model, NIC_REG_TDT, model_read(&world->model, NIC_REG_TDT));
    CU_ASSERT_EQUAL(sharer_send(sharer, 100), 0);
    CU_ASSERT_EQUAL(model_sent_by(&world->model, 0, 0, &in_order), NIC_TX_COUNT);
    CU_ASSERT_TRUE(in_order);
    assert_sound(world);
    world_free(world);
}

static void reader_that_stops_is_found(void)
{
    struct world *world = attached(MODEL_HARDWARE, 1);
    struct nic_driver *driver = &world->sharer[0].driver;

    model_frame_to(world, 0, 100);
    for (unsigned n = 0; n < 9; n++) {
        nic_check_all(driver);
        world_pass(world, 2000);
    }
    CU_ASSERT_EQUAL(driver->detected, QV_DETECT_NONE);
    /* Nobody called for the frame: then it may wait. */
    world_pass(world, 4000);
    nic_check_all(driver);
    CU_ASSERT_EQUAL(driver->detected, QV_DETECT_NONE);
    /* Called, it took nothing: so its text must be damaged. */
    driver->walks += NIC_WATCH_LOOKS;
    nic_check_all(driver);
    CU_ASSERT_EQUAL(driver->detected, QV_DETECT_RX_PROGRESS);
    world_free(world);
}

static void dead_reader_does_not_starve_the_ring(void)
{
    struct world *world = attached(MODEL_HARDWARE, 2);

    sharer_die(&world->sharer[1]);
    for (uint32_t n = 0; n < 10 * NIC_RX_COUNT; n++) {
        CU_ASSERT_TRUE(model_frame_to(world, 0, 100));
        if (n % 16 == 0)
            world_run(world);
    }
    world_run(world);
    CU_ASSERT_EQUAL(world->sharer[0].received, 10 * NIC_RX_COUNT);
    CU_ASSERT_TRUE(world->sharer[0].trace_counts[QV_TRACE_RX_FORCED] >= 10);
    CU_ASSERT_TRUE(world->sharer[0].trace_counts[QV_TRACE_RX_FORCED] <= 14);
    assert_sound(world);
    world_free(world);
}

static void laggard_is_moved_on_and_accounts_for_it(void)
{
    struct world *world = attached(MODEL_HARDWARE, 2);
    struct sharer *reader = &world->sharer[0];
    struct sharer *laggard = &world->sharer[1];
    unsigned refused = 0;
    bool more;

    laggard->asleep = true;
    for (uint32_t n = 0; n < 3 * NIC_RX_COUNT; n++) {
        if (!model_frame_to(world, n % 2, 100))
            refused++;
        sharer_interrupt(reader);
        world_pass(world, 50);
        if (n % 40 == 0)
            nic_check_all(&reader->driver);
    }
    CU_ASSERT_EQUAL(refused, 0);
    CU_ASSERT_EQUAL(reader->received, world->number[0]);
    CU_ASSERT_TRUE(reader->trace_counts[QV_TRACE_RX_FORCED] > 0);
    laggard->asleep = false;
    do
        sharer_receive(laggard, 64, &more);
    while (more);
    CU_ASSERT_EQUAL(laggard->driver.detected, QV_DETECT_NONE);
    CU_ASSERT_TRUE(laggard->received < world->number[1]);
    CU_ASSERT_EQUAL(laggard->repeated, 0);
    /* Everything it did not get is accounted for: what it passed over held frames of both. */
    CU_ASSERT_EQUAL(laggard->status.rx_dropped + laggard->status.rx_frames + laggard->status.rx_skipped,
                    3 * NIC_RX_COUNT);
    /* Back in step, it loses nothing more. */
    laggard->missing = 0;
    laggard->last[1] = world->number[1];
    for (unsigned n = 0; n < 500; n++) {
        model_frame_to(world, 1, 200);
        world_run(world);
    }
    CU_ASSERT_EQUAL(laggard->missing, 0);
    assert_sound(world);
    world_free(world);
}

/* Once it is known to lag it is not waited for again: here no time passes at all. */
static void known_laggard_is_not_waited_for(void)
{
    struct world *world = attached(MODEL_HARDWARE, 2);
    struct sharer *reader = &world->sharer[0];

    world->sharer[1].asleep = true;
    for (uint32_t n = 0; n < 900; n++) {
        CU_ASSERT_TRUE(model_frame_to(world, 0, 100));
        sharer_interrupt(reader);
    }
    world_tick(world, 5);
    CU_ASSERT_EQUAL(reader->trace_counts[QV_TRACE_RX_FORCED], 1);
    for (uint32_t n = 0; n < 5 * NIC_RX_COUNT; n++) {
        uint64_t before = world->clock;
        CU_ASSERT_TRUE(model_frame_to(world, 0, 100));
        sharer_interrupt(reader);
        world->clock = before;
    }
    CU_ASSERT_TRUE(reader->trace_counts[QV_TRACE_RX_FORCED] >= 6);
    world_free(world);
}

/* A reader far behind that keeps its distance: what it frees is returned in small numbers, for there is nothing else.
 */
static void slow_reader_does_not_starve_the_ring(void)
{
    struct world *world = attached(MODEL_HARDWARE, 2);
    struct sharer *reader = &world->sharer[0];
    struct sharer *slow = &world->sharer[1];
    bool more;

    slow->asleep = true;
    for (uint32_t n = 0; n < 900; n++) {
        CU_ASSERT_TRUE(model_frame_to(world, 1, 100));
        sharer_interrupt(reader);
    }
    for (uint32_t n = 0; n < 200; n++) {
        for (unsigned i = 0; i < 10; i++)
            CU_ASSERT_TRUE(model_frame_to(world, 1, 100));
        sharer_receive(slow, 10, &more);
        sharer_interrupt(reader);
        nic_rx_return(&reader->driver, true);
    }
    CU_ASSERT_EQUAL(reader->trace_counts[QV_TRACE_RX_FORCED], 0);
    CU_ASSERT_EQUAL(slow->missing, 0);
    world_free(world);
}

/* While the laggard copies a frame, the others go round the ring. */
static void go_round(struct sharer *laggard)
{
    struct world *world = laggard->world;

    laggard->in_deliver = NULL;
    for (uint32_t n = 0; n < 2 * NIC_RX_COUNT; n++) {
        model_frame_to(world, 0, 100);
        sharer_interrupt(&world->sharer[0]);
        world_pass(world, 50);
        if (n % 40 == 0)
            nic_check_all(&world->sharer[0].driver);
    }
}

static void overwritten_frame_is_discarded(void)
{
    struct world *world = attached(MODEL_HARDWARE, 2);
    struct sharer *laggard = &world->sharer[1];
    bool more;

    model_frame_to(world, 1, 100);
    laggard->in_deliver = go_round;
    sharer_receive(laggard, 64, &more);
    CU_ASSERT_EQUAL(laggard->invalid, 1);
    CU_ASSERT_EQUAL(laggard->received, 0);
    CU_ASSERT_EQUAL(laggard->status.rx_frames, 0);
    CU_ASSERT_TRUE(laggard->status.rx_dropped > 0);
    do
        sharer_receive(laggard, 64, &more);
    while (more);
    model_frame_to(world, 1, 100);
    sharer_receive(laggard, 64, &more);
    CU_ASSERT_EQUAL(laggard->received, 1);
    assert_sound(world);
    world_free(world);
}

static void duty_moves_when_its_holder_dies(void)
{
    struct world *world = attached(MODEL_HARDWARE, 3);

    CU_ASSERT_EQUAL((nic_load(&shared_of(world)->duty) & 0xff) - 1, 0);
    model_frame_to(world, 2, 100);
    world_run(world);
    CU_ASSERT_EQUAL(world->sharer[0].status.irq_acks, 3); /* at the claim, the interrupt, the first activity */
    CU_ASSERT_EQUAL(world->sharer[1].status.irq_acks + world->sharer[2].status.irq_acks, 0);
    sharer_die(&world->sharer[0]);
    for (unsigned n = 0; n < 20; n++) {
        model_frame_to(world, 2, 100);
        world_run(world);
    }
    CU_ASSERT_EQUAL(world->sharer[1].status.duty_takeovers + world->sharer[2].status.duty_takeovers, 1);
    CU_ASSERT_EQUAL(world->sharer[2].received, 21);
    CU_ASSERT_TRUE(world->model.edges >= 21);
    assert_sound(world);
    world_free(world);
}

/* The holder died with the line up: there will be no edge to tell anybody. */
static void duty_moves_without_an_interrupt(void)
{
    struct world *world = attached(MODEL_HARDWARE, 2);

    model_frame_to(world, 1, 100);
    sharer_die(&world->sharer[0]);
    world->sharer[0].interrupt = world->sharer[1].interrupt = false;
    world_tick(world, 2);
    CU_ASSERT_EQUAL(world->sharer[1].status.duty_takeovers, 1);
    CU_ASSERT_EQUAL(world->sharer[1].trace_counts[QV_TRACE_DUTY], 1);
    model_frame_to(world, 1, 100);
    CU_ASSERT_TRUE(world->sharer[1].interrupt);
    world_run(world);
    CU_ASSERT_EQUAL(world->sharer[1].received, 2);
    assert_sound(world);
    world_free(world);
}

static uint32_t skip_acknowledgement(enum qv_fault_point point, struct nic_view *view)
{
    (void)view;
    if (point != QV_POINT_NIC_IRQ)
        return FAULT_EFFECT_NONE;
    fault_hook = NULL;
    return FAULT_EFFECT_SKIP_ACK;
}

static void dropped_acknowledgement_is_found(unsigned sharers)
{
    struct world *world = attached(MODEL_HARDWARE, sharers);

    model_frame_to(world, 0, 100);
    world_run(world);
    world_tick(world, 2);
    fault_hook = skip_acknowledgement;
    model_frame_to(world, 0, 100);
    sharer_interrupt(&world->sharer[0]);
    world_run(world);
    CU_ASSERT_TRUE(world->model.line);
    for (unsigned n = 0; n < 8; n++) {
        model_frame_to(world, 0, 100);
        CU_ASSERT_FALSE(world->sharer[0].interrupt);
        world_tick(world, 1);
        CU_ASSERT_EQUAL(world->sharer[0].driver.detected, QV_DETECT_NONE);
    }
    for (unsigned n = 0; n < 6; n++) {
        model_frame_to(world, 0, 100);
        world_tick(world, 1);
    }
    CU_ASSERT_EQUAL(world->sharer[0].driver.detected, QV_DETECT_IRQ_PROGRESS);
    CU_ASSERT_EQUAL(world->sharer[0].damaged, 0);
    for (unsigned i = 1; i < sharers; i++)
        CU_ASSERT_EQUAL(world->sharer[i].driver.detected, QV_DETECT_NONE);
    CU_ASSERT_FALSE(world->model.line);
    world_free(world);
}

static void dropped_acknowledgement_alone(void)
{
    dropped_acknowledgement_is_found(1);
}

static void dropped_acknowledgement_among_others(void)
{
    dropped_acknowledgement_is_found(3);
}

/* Frames between the edge and its acknowledgement make no edge: who was woken by it must not go to sleep on them. */
static void nobody_sleeps_on_a_frame(void)
{
    struct world *world = attached(MODEL_HARDWARE, 2);
    struct sharer *other = &world->sharer[1];
    bool more;

    for (unsigned round = 0; round < 50; round++) {
        unsigned before = other->received;
        model_frame_to(world, 1, 100);
        other->interrupt = false;
        CU_ASSERT_TRUE(nic_duty_interrupt(&other->driver));
        sharer_receive(other, 64, &more);
        CU_ASSERT_EQUAL(other->received, before + 1);
        CU_ASSERT_TRUE(more); /* not acknowledged yet */
        model_frame_to(world, 1, 100);
        CU_ASSERT_FALSE(other->interrupt);
        sharer_interrupt(&world->sharer[0]);
        do
            sharer_receive(other, 64, &more);
        while (more);
        CU_ASSERT_EQUAL(other->received, before + 2);
        world_run(world);
    }
    /* And does not wait for ever for a holder that does not come. */
    model_frame_to(world, 1, 100);
    nic_duty_interrupt(&other->driver);
    for (unsigned n = 0; n < 10000 && (sharer_receive(other, 64, &more), more); n++)
        ;
    CU_ASSERT_FALSE(more);
    assert_sound(world);
    world_free(world);
}

static void quiet_times_are_no_fault(void)
{
    struct world *world = attached(MODEL_HARDWARE, 3);

    for (unsigned n = 0; n < 200; n++) {
        if (n % 13 == 0)
            model_frame_to(world, n % 3, 100);
        if (n % 17 == 0)
            sharer_send(&world->sharer[n % 3], 100);
        world_tick(world, 1 + n % 5);
    }
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(world->sharer[i].status.duty_takeovers, 0);
    assert_sound(world);
    world_free(world);
}

static void counters_wrap(void)
{
    struct world *world = attached(MODEL_HARDWARE, 2);
    struct nic_shared *shared = shared_of(world);
    uint32_t base = (uint32_t)-2048;

    /* As if 2^32 frames had passed but for two rings. */
    nic_store(&shared->rx_limit, nic_seal(base + NIC_RX_COUNT - 1));
    nic_store(&shared->tx_next, nic_seal(base));
    nic_store(&shared->tx_rung, nic_seal(base));
    nic_store(&shared->tx_clean, nic_seal(base));
    for (unsigned i = 0; i < 2; i++) {
        nic_store(&shared->slot[i].cursor, nic_seal(base));
        world->sharer[i].driver.cursor = base;
        world->sharer[i].driver.return_tried = base - NIC_RX_COUNT;
    }
    for (unsigned n = 0; n < 6 * NIC_RX_COUNT; n++) {
        CU_ASSERT_TRUE(model_frame_to(world, n % 2, 100));
        if (n % 11 == 0)
            world_run(world);
        CU_ASSERT_EQUAL(sharer_send(&world->sharer[n % 2], 100), 0);
        if (n == 2 * NIC_RX_COUNT)
            CU_ASSERT_EQUAL(nic_state_reinit(&world->sharer[0].driver), 0);
    }
    world_run(world);
    CU_ASSERT_EQUAL(world->sharer[0].received, 3 * NIC_RX_COUNT);
    CU_ASSERT_EQUAL(world->sharer[1].received, 3 * NIC_RX_COUNT);
    CU_ASSERT_EQUAL(world->model.n_sent, 6 * NIC_RX_COUNT);
    world_tick(world, 20);
    assert_sound(world);
    world_free(world);
}

static const struct unit_test tests[] = {
    {"bad configurations are refused", bad_configurations_are_refused},
    {"the device is programmed as the manual says", device_is_programmed},
    {"a silent or stuck device is reported", silent_device_is_reported},
    {"frames reach whom they are for, round and round", frames_reach_whom_they_are_for},
    {"the budget ends the walk", budget_ends_the_walk},
    {"the hot paths touch few registers", hot_path_touches_few_registers},
    {"all sharers transmit", all_transmit},
    {"a batch is announced by a neighbour", batch_is_announced_by_a_neighbour},
    {"what cannot be sent is refused", transmit_refuses_what_it_cannot_send},
    {"a full ring is busy and empties", full_ring_is_busy_and_empties},
    {"a reader that stops is found", reader_that_stops_is_found},
    {"a dead reader does not starve the ring", dead_reader_does_not_starve_the_ring},
    {"a laggard is moved on and accounts for it", laggard_is_moved_on_and_accounts_for_it},
    {"a known laggard is not waited for", known_laggard_is_not_waited_for},
    {"a slow reader does not starve the ring", slow_reader_does_not_starve_the_ring},
    {"a frame overwritten during its copy is discarded", overwritten_frame_is_discarded},
    {"the acknowledgement moves when its holder dies", duty_moves_when_its_holder_dies},
    {"the acknowledgement moves without an interrupt", duty_moves_without_an_interrupt},
    {"a dropped acknowledgement is found, alone", dropped_acknowledgement_alone},
    {"a dropped acknowledgement is found, among others", dropped_acknowledgement_among_others},
    {"nobody sleeps on a frame", nobody_sleeps_on_a_frame},
    {"quiet times are no fault", quiet_times_are_no_fault},
    {"sequence numbers wrap", counters_wrap},
};

int main(void)
{
    return unit_run("nic driver", tests, sizeof(tests) / sizeof(tests[0]));
}
