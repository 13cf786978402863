/* SPDX-License-Identifier: MIT */
/*
 * The shared NIC: every sandbox that names the NIC runs this driver on its own core, on rings and buffers in one shared
 * region, with a virtual interface of its own (MAC, receive-address filter entry). The whole of os/sandbox/nic/ is
 * linked into the driver window: a driver switch replaces text, data and bss by a pristine copy, so private state must
 * be rebuilt from the shared region by nic_attach()/nic_reinit().
 *
 * All functions run inside a component frame (component.h) except where said. Errors: negative lib/errno.h.
 */
#ifndef QV_SANDBOX_NIC_H
#define QV_SANDBOX_NIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qv/fault.h"

#define NIC_MTU_FRAME 1514u /* Ethernet header and payload, no FCS */

/* First sharer initialises the device; later ones and new incarnations attach to what runs. 0 or -ENODEV, -EIO. */
int nic_attach(void);

/*
 * Full device re-initialisation for recovery: new generation, device reset, descriptors rebuilt from scratch, frames
 * received but not yet taken are kept where the ring is sound, receiver and transmitter on. Other sharers
 * re-synchronise by generation. 0, -EIO if the device does not answer, -EBUSY if another sharer is at it (wait for its
 * generation).
 */
int nic_reinit(void);

struct nic_segment {
    const void *data;
    size_t size;
};

/*
 * Queues one frame (14 <= sum of sizes <= NIC_MTU_FRAME; short frames are padded). 0; -EBUSY try again later: ring
 * full, or the device is being re-initialised; -EINVAL size; -EIO.
 */
int nic_transmit(const struct nic_segment *segment, unsigned count);

/*
 * Between begin and end (they nest), frames are queued without telling the device of each: it hears of them at the end,
 * or when 16 wait. Worth it around anything that may send several frames. An abandoned batch is announced by the
 * periodic check.
 */
void nic_batch_begin(void);
void nic_batch_end(void);

/* What keeps a frame in the shared ring from being overwritten: a word, as long as it has this value. */
struct nic_keep {
    const volatile uint64_t *word;
    uint64_t value;
};
/*
 * To be asked after the copy and before anybody else gets to see it: false if this sharer had lagged so far behind that
 * the frame may have been overwritten meanwhile. The copy is then to be dropped.
 */
static inline bool nic_frame_valid(struct nic_keep keep)
{
    return __atomic_load_n(keep.word, __ATOMIC_ACQUIRE) == keep.value;
}

/*
 * Takes up to `budget` frames addressed to this sandbox's virtual interface(s) or to all, early-demultiplexed by
 * destination address. `deliver` must copy the frame and say whether it took it; the driver counts what is dropped.
 * `port` is the sandbox whose virtual interface it is for: the own id, also for broadcast frames, or a taken-over one.
 * Returns frames offered; sets *more when the budget ended the walk.
 */
typedef bool (*nic_deliver_fn)(void *context, unsigned port, const uint8_t *frame, size_t size, struct nic_keep keep);
unsigned nic_receive(nic_deliver_fn deliver, void *context, unsigned budget, bool *more);

/* Is there something for nic_receive() to do? Cheap, for who has been woken by anything but the interrupt. */
bool nic_pending(void);

/* Top half, interrupts off: acknowledges if the duty is this sandbox's. True if the bottom half should run. */
bool nic_interrupt(void);

/*
 * Periodic check (every few milliseconds, thread context): ring invariants, progress of receive, transmit and
 * interrupts, duties of dead sharers taken over, laggards moved on, locks of dead or overdue owners broken.
 * QV_DETECT_NONE or what was found wrong with the device or with this sandbox's own driver.
 */
enum qv_detection nic_check(uint64_t *address);

/* From now on also accept frames for `sandbox`'s interface, beginning with those it had not taken. */
int nic_takeover(unsigned sandbox);
/* Transmit uses the source address in the frame itself; nothing to switch. */

const uint8_t *nic_mac(unsigned sandbox); /* from the boot configuration */

/* For fault models: the driver's private state. */
const void *nic_driver_state(size_t *bytes);

/* What the driver shows to fault models at a fault point. Pointers into the live driver state. */
struct nic_view {
    volatile void *mmio;
    volatile uint64_t *rx_desc; /* 16-byte legacy descriptors as pairs of words: [2*i] = buffer address */
    uint32_t rx_count;
    uint32_t rx_index;            /* descriptor about to be read */
    volatile uint32_t *rx_cursor; /* this sandbox's shared receive cursor (ring-index fault corrupts it) */
    volatile uint32_t *tx_next;   /* shared transmit producer index */
    volatile uint64_t *tx_desc;
    uint32_t tx_count;
    volatile uint64_t *tx_lock; /* owner word of the shared transmit lock */
    int (*lock_acquire)(void);  /* takes the shared transmit lock as the driver does */
    int (*duty_take)(void);     /* makes acknowledging interrupts this sandbox's duty; 0 or -EBUSY */
};

#endif
