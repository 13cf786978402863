/* SPDX-License-Identifier: MIT */
/* Nothing is measured in the network tests' world, and there is no other driver. */
#include "cost.h"

#include <stdlib.h>

#include "plain_nic.h"

struct qv_cost_area *cost_area;
bool cost_paths;

void cost_path_begin(struct cost_mark *mark)
{
    (void)mark;
    abort();
}

void cost_path_end(enum qv_cost_path_id path, const struct cost_mark *mark, uint64_t items)
{
    (void)path;
    (void)mark;
    (void)items;
    abort();
}

int plain_nic_transmit(const struct nic_segment *segment, unsigned count)
{
    (void)segment;
    (void)count;
    abort();
}

void plain_nic_batch_begin(void)
{
    abort();
}

void plain_nic_batch_end(void)
{
    abort();
}

unsigned plain_nic_receive(nic_deliver_fn deliver, void *context, unsigned budget, bool *more)
{
    (void)deliver;
    (void)context;
    (void)budget;
    (void)more;
    abort();
}

bool plain_nic_interrupt(void)
{
    abort();
}
