/* SPDX-License-Identifier: MIT */
/*
 * A driver for the same device as nic/, as it would be for one owner: private positions, no lock, no early
 * demultiplexing, no check, no recovery. It exists to be measured beside the shared one (QV_COST_PLAIN_NIC). Same
 * calls, same copies, same batches; the rings lie in the NIC's shared region, where an IOMMU lets the device go.
 */
#ifndef QV_SANDBOX_PLAIN_NIC_H
#define QV_SANDBOX_PLAIN_NIC_H

#include "nic/nic.h"

int plain_nic_attach(void); /* 0 or -ENODEV */
int plain_nic_transmit(const struct nic_segment *segment, unsigned count);
void plain_nic_batch_begin(void);
void plain_nic_batch_end(void);
unsigned plain_nic_receive(nic_deliver_fn deliver, void *context, unsigned budget, bool *more);
bool plain_nic_interrupt(void);

#endif
