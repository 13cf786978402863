/* SPDX-License-Identifier: MIT */
/*
 * Anything in the shared region may be overwritten by a faulty sharer at any time. Whatever it is: no access outside
 * the region or of what is not ours (the sanitizers watch), no endless loop, and after those who found something wrong
 * were recovered, all sharers send and receive again.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "qv/draw.h"
#include "test_nic_model.h"
#include "unit.h"

#define SHARERS 3u
#define TRIALS  400u

struct dice {
    uint64_t seed;
    uint64_t next;
};

static uint64_t roll(struct dice *dice, uint64_t bound)
{
    return qv_draw_below(dice->seed, dice->next++, bound);
}

static uint64_t any_word(struct dice *dice)
{
    return qv_draw(dice->seed, dice->next++);
}

/* Changes one word in one of the ways in which words get changed. */
static void spoil(struct dice *dice, volatile uint64_t *word)
{
    uint32_t value = (uint32_t)*word;

    switch (roll(dice, 8)) {
    case 0:
        *word = any_word(dice);
        break;
    case 1:
        *(volatile uint32_t *)word = (uint32_t)any_word(dice); /* half of it */
        break;
    case 2:
        *word ^= 1ull << roll(dice, 64);
        break;
    case 3:
        *word = 0;
        break;
    case 4:
        *word = ~0ull;
        break;
    case 5: /* well sealed, a little off */
        *word = nic_seal(value + (uint32_t)roll(dice, 2 * NIC_RX_COUNT) - NIC_RX_COUNT);
        break;
    case 6: /* well sealed, small */
        *word = nic_seal((uint32_t)roll(dice, 10));
        break;
    default: /* a lock or a state of somebody who lives */
        *word = (*word & ~0xffffffull) | 1ull << 8 | (roll(dice, SHARERS) + 1);
        if (roll(dice, 2))
            *word = nic_state_make(roll(dice, 2) ? NIC_STATE_RESETTING : NIC_STATE_READY, (uint32_t)roll(dice, SHARERS),
                                   1, (uint32_t)roll(dice, 5));
    }
}

static void spoil_something(struct dice *dice, struct world *world)
{
    uint64_t *memory = (uint64_t *)(void *)world->model.memory;
    size_t words = 1;
    size_t at;

    switch (roll(dice, 4)) {
    case 0: /* one word of the shared state */
    case 1:
        at = roll(dice, sizeof(struct nic_shared) / 8);
        break;
    case 2: /* one word of a ring */
        at = (roll(dice, 2) ? NIC_RX_RING_OFFSET + roll(dice, 16 * NIC_RX_COUNT)
                            : NIC_TX_RING_OFFSET + roll(dice, 16 * NIC_TX_COUNT)) /
             8;
        break;
    default: /* a stretch of anything up to the end of the rings */
        words = roll(dice, 300) + 1;
        at = roll(dice, (NIC_TX_RING_OFFSET + 16 * NIC_TX_COUNT) / 8 - words);
        if (roll(dice, 2))
            at %= sizeof(struct nic_shared) / 8;
    }
    for (size_t i = 0; i < words; i++)
        spoil(dice, &memory[at + i]);
}

static void traffic(struct dice *dice, struct world *world, unsigned frames)
{
    for (unsigned n = 0; n < frames; n++) {
        unsigned id = (unsigned)roll(dice, SHARERS);
        struct sharer *sharer = &world->sharer[id];
        model_frame_to(world, id, (uint32_t)roll(dice, NIC_MTU_FRAME - 60) + 60);
        if (roll(dice, 3) == 0)
            world_run(world);
        if (sharer->driver.detected == QV_DETECT_NONE)
            sharer_send(sharer, (uint32_t)roll(dice, NIC_MTU_FRAME - 60) + 60);
    }
    world_run(world);
}

/* What the kernel does with a sharer whose driver was found faulty. */
static unsigned recover_the_faulty(struct world *world)
{
    unsigned recovered = 0;

    for (unsigned i = 0; i < SHARERS; i++) {
        struct sharer *sharer = &world->sharer[i];
        if (sharer->driver.detected == QV_DETECT_NONE)
            continue;
        sharer_fresh(sharer, false);
        for (unsigned tries = 0; nic_state_reinit(&sharer->driver) != 0 && tries < 50; tries++)
            world_pass(world, 1000);
        recovered++;
    }
    return recovered;
}

static bool all_well(struct world *world)
{
    uint32_t before = world->model.n_sent;
    bool in_order;

    for (unsigned i = 0; i < SHARERS; i++) {
        struct sharer *sharer = &world->sharer[i];
        sharer->last[i] = world->number[i];
        sharer->missing = sharer->repeated = sharer->received = 0;
    }
    for (unsigned n = 0; n < 600; n++) {
        model_frame_to(world, n % SHARERS, 100);
        world_run(world);
        if (sharer_send(&world->sharer[n % SHARERS], 100) != 0) {
            printf("sharer %u cannot send\n", n % SHARERS);
            return false;
        }
        if (n % 60 == 0)
            world_tick(world, 1);
    }
    world_tick(world, 3);
    for (unsigned i = 0; i < SHARERS; i++) {
        const struct sharer *sharer = &world->sharer[i];
        if (sharer->received != 600 / SHARERS || sharer->missing || sharer->repeated ||
            sharer->driver.detected != QV_DETECT_NONE ||
            model_sent_by(&world->model, before, i, &in_order) != 600 / SHARERS || !in_order) {
            printf("sharer %u: received %u, missing %u, repeated %u, found %u at %llx, sent %u\n", i, sharer->received,
                   sharer->missing, sharer->repeated, sharer->driver.detected,
                   (unsigned long long)sharer->driver.detected_address,
                   model_sent_by(&world->model, before, i, &in_order));
            return false;
        }
    }
    return true;
}

static bool trial(uint64_t seed, unsigned spoilings, unsigned *recoveries)
{
    struct dice dice = {seed, 0};
    struct world *world = world_new(roll(&dice, 2) ? MODEL_EMULATOR : MODEL_HARDWARE, SHARERS);
    bool fine;

    for (unsigned i = 0; i < SHARERS; i++)
        nic_state_attach(&world->sharer[i].driver);
    traffic(&dice, world, (unsigned)roll(&dice, 2000));
    for (unsigned n = 0; n < spoilings; n++) {
        traffic(&dice, world, (unsigned)roll(&dice, 40));
        spoil_something(&dice, world);
        *recoveries += recover_the_faulty(world);
    }
    /* Long enough for every time limit there is, several times. */
    for (unsigned round = 0; round < 8; round++) {
        traffic(&dice, world, 20);
        world_tick(world, 45);
        *recoveries += recover_the_faulty(world);
    }
    fine = all_well(world);
    world_free(world);
    return fine;
}

static void trials(uint64_t stream, unsigned count, unsigned spoilings)
{
    unsigned recoveries = 0;

    for (unsigned n = 0; n < count; n++) {
        bool fine;
        alarm(20); /* an endless loop is a failure, too */
        fine = trial(qv_draw(stream, n), spoilings, &recoveries);
        if (!fine)
            printf("trial %u of stream %u\n", n, (unsigned)stream);
        CU_ASSERT_TRUE_FATAL(fine);
    }
    alarm(0);
    printf("(%u recoveries) ", recoveries);
    CU_ASSERT_TRUE(recoveries > 0);
}

static void one_spoiling(void)
{
    trials(1, TRIALS, 1);
}

static void many_spoilings(void)
{
    trials(2, TRIALS / 5, 20);
}

/* Every word of the shared state in turn, not as luck would have it. */
static void every_word(void)
{
    for (size_t at = 0; at < sizeof(struct nic_shared) / 8; at++) {
        for (uint64_t how = 0; how < 4; how++) {
            struct dice dice = {how, at};
            struct world *world = world_new(MODEL_EMULATOR, SHARERS);
            bool fine;

            alarm(20);
            for (unsigned i = 0; i < SHARERS; i++)
                nic_state_attach(&world->sharer[i].driver);
            traffic(&dice, world, 100);
            ((uint64_t *)(void *)world->model.memory)[at] = how == 0 ? 0 : how == 1 ? ~0ull : any_word(&dice);
            for (unsigned round = 0; round < 8; round++) {
                traffic(&dice, world, 20);
                world_tick(world, 45);
                recover_the_faulty(world);
            }
            fine = all_well(world);
            if (!fine)
                printf("word %zu, way %u\n", at, (unsigned)how);
            CU_ASSERT_TRUE_FATAL(fine);
            world_free(world);
        }
    }
    alarm(0);
}

static const struct unit_test tests[] = {
    {"every word of the shared state spoiled", every_word},
    {"something spoiled", one_spoiling},
    {"spoiled again and again", many_spoilings},
};

int main(void)
{
    return unit_run("nic: corrupted shared state", tests, sizeof(tests) / sizeof(tests[0]));
}
