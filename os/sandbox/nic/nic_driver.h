/* SPDX-License-Identifier: MIT */
/*
 * The driver proper, without the kernel: one struct nic_driver per sharer, everything it needs from outside through
 * struct nic_ops. nic.c binds it to the sandbox kernel; the unit tests bind several to a device model.
 *
 * Nothing here unwinds: a function that finds the driver's own state or the shared state inconsistent records it with
 * nic_fail(), drops what it holds and returns; the caller then looks at driver->detected.
 */
#ifndef QV_NIC_DRIVER_H
#define QV_NIC_DRIVER_H

#include "faultpoint.h"
#include "lib/errno.h"
#include "nic.h"
#include "nic_regs.h"
#include "nic_shared.h"
#include "qv/directory.h"
#include "qv/trace.h"

struct nic_ops {
    uint32_t (*read)(void *context, uint32_t offset);
    void (*write)(void *context, uint32_t offset, uint32_t value);
    void (*enable_bus)(void *context); /* PCI: memory decoding and bus mastering on */
    uint64_t (*now)(void *context);
    bool (*alive)(void *context, unsigned sandbox, uint32_t incarnation); /* incarnation: low 16 bits */
    bool (*overdue)(void *context, unsigned owner, uint64_t word);        /* as in struct robust_party; may be NULL */
    uint64_t (*beats)(void *context, unsigned sandbox); /* counts up while that sandbox runs; may be NULL */
    void (*trace)(void *context, enum qv_trace_id id, uint64_t a, uint64_t b);
    uint64_t (*mask)(void *context); /* interrupts off on this core, for as long as a shared lock is held */
    void (*unmask)(void *context, uint64_t flags);
};

/* What is not the same in all NICs that this driver drives (nic_model.c). */
struct nic_setting {
    uint32_t offset;
    uint32_t clear; /* bits; all others but these and `set` stay */
    uint32_t set;
};
struct nic_model {
    uint32_t id; /* PCI device << 16 | vendor */
    uint32_t tctl, tipg;
    bool express;                      /* requests to memory are ended and waited for before a reset */
    const struct nic_setting *setting; /* after a reset, in this order */
    unsigned n_settings;
};
const struct nic_model *nic_model_of(uint32_t id); /* NULL: not driven here */

struct nic_config {
    uint32_t id;   /* of the device, as above */
    uint32_t self; /* sandbox */
    uint32_t incarnation;
    uint32_t sharers; /* bit mask */
    uint32_t nic;     /* index, for the trace */
    uint8_t mac[QV_MAX_SANDBOXES][6];
    uint64_t lock_timeout; /* this and the following in ticks of now() */
    uint64_t progress_timeout;
    uint64_t reset_timeout;   /* device reset, and how long others wait for who does one */
    uint64_t laggard_timeout; /* a lagging cursor that did not move for this is moved on */
    uint64_t ticks_per_us;
    uint64_t settle_timeout; /* how long to poll for the acknowledgement of the interrupt that woke us */
    bool trace_interrupts;
    bool stop_by_control; /* the receiver is switched off for a reset, not only left without descriptors */
    void *shared;         /* as mapped */
    uint64_t shared_phys;
    uint64_t shared_size;
    struct qv_sandbox_status *status;
};

/* Something that should move, and since when it has not. */
/*
 * Something that should change. It has not when it was looked at often enough since it last did and long enough ago:
 * often, because a core that the host gave no time looks once, late, and what it sees is its own absence.
 */
#define NIC_WATCH_LOOKS 4u
struct nic_watch {
    uint64_t value;
    uint64_t since;
    uint32_t looks;
    bool armed;
};

struct nic_driver {
    struct nic_config config;
    const struct nic_model *model;
    const struct nic_ops *ops;
    void *context;
    struct nic_shared *shared;
    struct nic_descriptor *rx_ring;
    struct nic_descriptor *tx_ring;
    uint8_t *rx_buffers;
    uint8_t *tx_buffers;
    struct robust_party party;
    struct nic_view view;
    uint64_t mac[QV_MAX_SANDBOXES]; /* as the first 48 bits of a frame */

    uint64_t state;                       /* the READY word this instance works under; 0: not yet attached */
    uint32_t cursor;                      /* own receive cursor, as last published */
    uint32_t ports;                       /* bit mask: sandboxes whose frames are accepted, besides the own */
    uint32_t replaying;                   /* of these: with frames before the own cursor still to be looked at */
    uint32_t port_from[QV_MAX_SANDBOXES]; /* first position that is ours */
    const struct nic_slot *held;          /* whose cursor keeps the frame that is being delivered, */
    uint64_t held_cursor;                 /* and its word at that time */
    uint64_t takeovers_seen;
    uint64_t walks;        /* calls that could have taken frames */
    uint64_t walks_seen;   /* when a frame was first seen waiting */
    uint32_t peeked;       /* the top half has seen no frame for this sharer between the cursor and here */
    bool unannounced;      /* this instance has queued something that the device was not told of */
    uint32_t return_tried; /* own cursor at the last attempt to return descriptors */
    unsigned batch;        /* nesting of nic_batch_begin(): the device is told at the end */
    uint64_t checked;      /* state word when the periodic check began */
    uint32_t audited;      /* registers compared so far */
    uint32_t scanned;      /* parts of the rings looked at so far */
    bool audit_doubt;      /* the last one differed: it is looked at again */

    uint64_t acks_settled; /* acknowledgements known when the last walk ended quietly */
    uint64_t acks_awaited;
    uint64_t settle_until;

    uint64_t blamed_lock_seen;
    uint64_t blamed_irq_seen;
    struct nic_watch watch_state, watch_rx, watch_tx, watch_ring, watch_irq;
    struct nic_watch watch_lag[QV_MAX_SANDBOXES];
    uint64_t irq_acks_seen;
    uint64_t irq_beats_seen; /* of the holder */
    bool acknowledge_due;    /* this instance is new: the interrupt handler was closed before it */
    uint32_t irq_head_seen;

    volatile uint32_t detected; /* enum qv_detection */
    uint64_t detected_address;
};

/*
 * Fills a zeroed driver. -EINVAL if the region is too small or misaligned, or a number is out of range; -ENODEV: there
 * is no model with this id.
 */
int nic_driver_init(struct nic_driver *driver, const struct nic_config *config, const struct nic_ops *ops,
                    void *context);

/* Records the first inconsistency found; `address` is that of the word concerned or another fact about it. */
void nic_fail(struct nic_driver *driver, enum qv_detection detection, uint64_t address);

static inline uint64_t nic_now(const struct nic_driver *driver)
{
    return driver->ops->now(driver->context);
}
static inline uint32_t nic_read(const struct nic_driver *driver, uint32_t offset)
{
    return driver->ops->read(driver->context, offset);
}
static inline void nic_write(const struct nic_driver *driver, uint32_t offset, uint32_t value)
{
    driver->ops->write(driver->context, offset, value);
}
static inline void nic_trace(const struct nic_driver *driver, enum qv_trace_id id, uint64_t a, uint64_t b)
{
    driver->ops->trace(driver->context, id, a, b);
}
static inline bool nic_alive(const struct nic_driver *driver, unsigned sandbox, uint32_t incarnation)
{
    return sandbox == driver->config.self ? (incarnation & 0xffffu) == (driver->config.incarnation & 0xffffu)
                                          : driver->ops->alive(driver->context, sandbox, incarnation);
}
static inline struct nic_slot *nic_own_slot(const struct nic_driver *driver)
{
    return &driver->shared->slot[driver->config.self];
}
static inline bool nic_shares(const struct nic_driver *driver, unsigned sandbox)
{
    return sandbox < QV_MAX_SANDBOXES && (driver->config.sharers >> sandbox & 1u) != 0;
}

/* The fixed map from position to buffer. */
static inline uint64_t nic_rx_address(const struct nic_driver *driver, uint32_t position)
{
    return driver->config.shared_phys + NIC_RX_BUFFERS_OFFSET + (uint64_t)(position % NIC_RX_COUNT) * NIC_BUFFER_SIZE;
}
static inline uint64_t nic_tx_address(const struct nic_driver *driver, uint32_t position)
{
    return driver->config.shared_phys + NIC_TX_BUFFERS_OFFSET + (uint64_t)(position % NIC_TX_COUNT) * NIC_BUFFER_SIZE;
}
static inline const uint8_t *nic_rx_buffer(const struct nic_driver *driver, uint32_t position)
{
    return driver->rx_buffers + (size_t)(position % NIC_RX_COUNT) * NIC_BUFFER_SIZE;
}

/* True once `watch->value` has been `value` for `timeout` while armed; a changed value starts it anew. */
bool nic_watch_expired(struct nic_watch *watch, uint64_t value, uint64_t now, uint64_t timeout);

/* --- nic_lock.c: the two shared locks --- */
enum nic_lock_id { NIC_LOCK_TX = 1, NIC_LOCK_RX = 2 }; /* numbers in LOCK_BREAK records */

struct nic_hold {
    struct robust_lock *lock;
    uint64_t word;
    uint64_t flags;
    bool masked;
};
/*
 * One attempt, for the hot paths: 0, with interrupts off until nic_unlock() and what the lock protects repaired if it
 * had to be broken; -EAGAIN another sharer holds it (try again); -EBUSY this sharer itself does, or the device is being
 * re-initialised.
 */
int nic_lock_try(struct nic_driver *driver, enum nic_lock_id id, struct nic_hold *hold);
/*
 * For attaching and re-initialisation: waits (bounded by the time limit of locks), frees the lock if a failed activity
 * of this very sandbox left it taken, repairs nothing, leaves interrupts alone. 0 or -ETIMEDOUT.
 */
int nic_lock_wait(struct nic_driver *driver, enum nic_lock_id id, struct nic_hold *hold);
/* The bare lock, as a fault model takes it: 0 or -EBUSY; interrupts as before. */
int nic_lock_bare(struct nic_driver *driver, enum nic_lock_id id);
void nic_unlock(struct nic_driver *driver, const struct nic_hold *hold);
/* For the periodic check: breaks and repairs what is held by the dead or the overdue. */
void nic_lock_check(struct nic_driver *driver, enum nic_lock_id id);

/* --- nic_state.c: generations, attaching, take-over --- */
/* This instance is attached and the device runs, whatever its generation. */
static inline bool nic_ready(const struct nic_driver *driver)
{
    return driver->state != 0 && nic_state_tag(nic_load(&driver->shared->state)) == NIC_STATE_READY;
}
/* The device runs and the own receive cursor is in step with its generation. */
static inline bool nic_synchronised(const struct nic_driver *driver)
{
    return driver->state != 0 && nic_load(&driver->shared->state) == driver->state;
}
/* Gets into step; only the receiving thread may. False: the device does not run, or nic_fail(). */
bool nic_synchronise(struct nic_driver *driver);
int nic_state_attach(struct nic_driver *driver);
int nic_state_reinit(struct nic_driver *driver);
int nic_state_takeover(struct nic_driver *driver, unsigned sandbox);
void nic_state_check(struct nic_driver *driver); /* replaces a resetter that died or hangs */

/* --- nic_device.c: registers. Written only while the state word is still `state`, the re-initialising caller's. --- */
struct nic_positions {
    uint32_t rx_head; /* where the device goes on receiving */
    uint32_t rx_limit;
    uint32_t tx_head;
    uint32_t tx_next;
};
bool nic_device_answers(const struct nic_driver *driver);
void nic_device_stop(struct nic_driver *driver, uint64_t state);
int nic_device_reset(struct nic_driver *driver, uint64_t state); /* 0 or -EIO: reset bit stuck */
/* Everything but interrupts: they are enabled when the others may act on them. What came before raises one then. */
void nic_device_start(struct nic_driver *driver, uint64_t state, const struct nic_positions *positions);
void nic_device_enable_interrupts(struct nic_driver *driver);

/* --- nic_rings.c: rebuilding the rings at a reset; `state` as above --- */
/* What can be kept, from the device's heads (read before its reset) and the shared state. */
void nic_rings_plan(struct nic_driver *driver, uint32_t generation, uint32_t rdh, uint32_t tdh,
                    struct nic_positions *positions);
/* Nothing is kept: positions of a generation far from the last. */
void nic_rings_fresh(uint32_t generation, struct nic_positions *positions);
void nic_rings_rebuild(struct nic_driver *driver, uint64_t state, const struct nic_positions *positions);

/* --- nic_rx.c, nic_return.c --- */
unsigned nic_rx_walk(struct nic_driver *driver, nic_deliver_fn deliver, void *context, unsigned budget, bool *more);
bool nic_rx_valid(const struct nic_driver *driver);
bool nic_rx_pending(const struct nic_driver *driver); /* a descriptor this sharer has not looked at is done */
bool nic_rx_wanted(struct nic_driver *driver);        /* ... and holds a frame for it, as far as the top half can say */
void nic_rx_load_ports(struct nic_driver *driver);
uint32_t nic_rx_done(const struct nic_driver *driver, uint32_t from); /* first position from there that is not done */
void nic_rx_return(struct nic_driver *driver, bool eager);            /* eager: also few, and laggards are looked at */
void nic_rx_tell_device(struct nic_driver *driver, const struct nic_hold *hold); /* under the receive lock */
/* Is it a position a reader can be at, given the limit? */
static inline bool nic_rx_in_window(uint32_t cursor, uint32_t limit)
{
    return limit - cursor <= NIC_RX_COUNT - 1u;
}

/* --- nic_tx.c --- */
/* 0; -EBUSY ring full, device being re-initialised, lock not to be had; -EINVAL size; -EIO state inconsistent. */
int nic_tx_queue(struct nic_driver *driver, const struct nic_segment *segment, unsigned count);
void nic_tx_doorbell(struct nic_driver *driver); /* tells the device what was queued but not announced */
void nic_tx_repair(struct nic_driver *driver, const struct nic_hold *hold); /* after the lock was broken */
/* Copy of the positions; false if they are impossible. Consistent under the lock or if `clean` did not change since. */
bool nic_tx_positions(const struct nic_driver *driver, uint32_t *clean, uint32_t *rung, uint32_t *next);

/* --- nic_duty.c --- */
bool nic_duty_interrupt(struct nic_driver *driver);
void nic_duty_claim(struct nic_driver *driver);           /* if nobody alive has it */
int nic_duty_seize(struct nic_driver *driver);            /* from whoever has it, as a fault model does; 0 or -EBUSY */
uint32_t nic_duty_acknowledge(struct nic_driver *driver); /* returns the cause register */
void nic_duty_resume(struct nic_driver *driver);          /* at the first activity of a new instance */
void nic_duty_check(struct nic_driver *driver);
bool nic_duty_unsettled(struct nic_driver *driver); /* the interrupt that woke us is not yet acknowledged */

/* --- nic_check.c --- */
void nic_check_all(struct nic_driver *driver);
/* Part of it: `limit` is the ring's as it was seen before `cursor`, and may have moved on since. */
void nic_check_receive_ring(struct nic_driver *driver, uint32_t cursor, uint32_t limit);

#endif
