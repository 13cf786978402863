/* SPDX-License-Identifier: MIT */
/*
 * The cost report (qv/cost.h): lengths of the paths through the NIC driver, and everything that a sandbox counted in
 * the configured window. Without a window all of it is one comparison.
 */
#ifndef QV_SANDBOX_COST_H
#define QV_SANDBOX_COST_H

#include <stdbool.h>
#include <stdint.h>

#include "qv/cost.h"

struct cost_mark {
    uint64_t ticks;
    uint64_t instructions;
};

extern struct qv_cost_area *cost_area; /* NULL: nothing is to be reported */
extern bool cost_paths;                /* paths are to be measured */

void cost_init(void); /* before the first thread, after pmu_init() */

/* Called often by the health thread: opens and closes the window. */
void cost_look(void);

/* A path begins; and it ends, having dealt with so many items. In a thread, or with interrupts off. */
void cost_path_begin(struct cost_mark *mark);
void cost_path_end(enum qv_cost_path_id path, const struct cost_mark *mark, uint64_t items);
static inline void cost_begin(struct cost_mark *mark)
{
    if (cost_paths)
        cost_path_begin(mark);
}
static inline void cost_end(enum qv_cost_path_id path, const struct cost_mark *mark, uint64_t items)
{
    if (cost_paths)
        cost_path_end(path, mark, items);
}

/* Payload of the configured traffic. */
static inline void cost_payload_in(uint64_t datagrams, uint64_t bytes)
{
    if (cost_area && cost_area->state == 1) {
        cost_area->datagrams_in += datagrams;
        cost_area->bytes_in += bytes;
    }
}
static inline void cost_payload_out(uint64_t datagrams, uint64_t bytes)
{
    if (cost_area && cost_area->state == 1) {
        cost_area->datagrams_out += datagrams;
        cost_area->bytes_out += bytes;
    }
}

/* Has the window ended? */
bool cost_done(void);

#endif
