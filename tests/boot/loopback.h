/* SPDX-License-Identifier: MIT */
/*
 * A NIC that sends to itself (PHY loopback), driven by one sandbox of a test: a frame is a read from where the sandbox
 * likes and a write to where it likes.
 */
#ifndef QV_BOOT_LOOPBACK_H
#define QV_BOOT_LOOPBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "sandbox/nic/nic_regs.h"

#define LOOPBACK_RCTL     (NIC_RCTL_EN | NIC_RCTL_BAM | 1u << 3) /* any unicast address, too */
#define LOOPBACK_WAIT_US  2000000u
#define LOOPBACK_TX_BYTES 4096u

/* In the NIC's shared region: what is sent and where it arrives if nobody attacks. */
extern uint8_t *loopback_tx, *loopback_rx;
uint64_t loopback_phys(const volatile void *virt);

/* Takes the NIC 0, with this receive control; more than a second. */
void loopback_start(uint32_t receive_control);

/*
 * One frame of `bytes` from `source` into receive buffers at `sink`, one after the other, all physical. False if the
 * device did not take or did not deliver it.
 */
bool loopback_send(uint64_t source, uint32_t bytes, const uint64_t *sink, unsigned sinks);

#endif
