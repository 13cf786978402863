/* SPDX-License-Identifier: MIT */
/* What the tests of the NIC driver have in common. */
#ifndef QV_TEST_NIC_UTIL_H
#define QV_TEST_NIC_UTIL_H

#include "test_nic_model.h"
#include "unit.h"

static inline struct world *attached(enum model_kind kind, unsigned sharers)
{
    struct world *world = world_new(kind, sharers);

    for (unsigned i = 0; i < sharers; i++)
        CU_ASSERT_EQUAL(nic_state_attach(&world->sharer[i].driver), 0);
    return world;
}

static inline struct nic_shared *shared_of(struct world *world)
{
    return (struct nic_shared *)(void *)world->model.memory;
}

static inline void assert_sound(struct world *world)
{
    for (unsigned i = 0; i < world->count; i++) {
        struct sharer *sharer = &world->sharer[i];
        CU_ASSERT_FALSE(sharer->masked);
        CU_ASSERT_EQUAL(sharer->damaged, 0);
        if (!sharer->dead)
            CU_ASSERT_EQUAL(sharer->driver.detected, QV_DETECT_NONE);
    }
    CU_ASSERT_EQUAL(world->model.stray, 0);
    CU_ASSERT_EQUAL(world->model.rude, 0);
}

#endif
