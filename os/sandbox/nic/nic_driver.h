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
#include "nic_env.h"
#include "nic_regs.h"
#include "nic_shared.h"
#include "qv/directory.h"
#include "qv/trace.h"

/* What is asked for seldom; registers, time and the interrupt flag, asked for with every frame, are in nic_env.h. */
struct nic_ops {
    void (*enable_bus)(void *context); /* PCI: memory decoding and bus mastering on */
    uint64_t (*now)(void *context);
    bool (*alive)(void *context, unsigned sandbox, uint32_t incarnation); /* incarnation: low 16 bits */
    bool (*overdue)(void *context, unsigned owner, uint64_t word);        /* as in struct robust_party; may be NULL */
    uint64_t (*beats)(void *context, unsigned sandbox); /* counts up while that sandbox runs; may be NULL */
    void (*trace)(void *context, enum qv_trace_id id, uint64_t a, uint64_t b);
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
    struct nic_slot *slot; /* the own one */
    uint64_t identity;     /* this sandbox and incarnation, as in the words of locks and of the duty */
    struct nic_descriptor *rx_ring;
    struct nic_descriptor *tx_ring;
    uint8_t *rx_buffers;
    uint8_t *tx_buffers;
    struct robust_party party;
    struct nic_view view;
    uint64_t mac[QV_MAX_SANDBOXES]; /* as the first 48 bits of a frame */
    uint64_t own_mac;
    uint32_t others;             /* bit mask: the other sharers */
    struct robust_lock own_lock; /* instead of the shared ones, if there are none */

    uint64_t state;                       /* the READY word this instance works under; 0: not yet attached */
    uint32_t cursor;                      /* own receive cursor, as last published, */
    uint64_t cursor_word;                 /* and sealed */
    uint32_t limit;                       /* rx_limit, as last seen: it has not come nearer since */
    uint32_t ports;                       /* bit mask: sandboxes whose frames are accepted, besides the own */
    uint32_t replaying;                   /* of these: with frames before the own cursor still to be looked at */
    uint32_t port_from[QV_MAX_SANDBOXES]; /* first position that is ours */
    uint64_t takeovers_seen;
    uint64_t walks;        /* calls that could have taken frames */
    uint64_t walks_seen;   /* when a frame was first seen waiting */
    uint32_t peeked;       /* the top half has seen no frame for this sharer between the cursor and here */
    uint32_t unannounced;  /* so many frames this instance has queued since it last told the device */
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
    return nic_env_now(driver->context);
}
static inline uint32_t nic_read(const struct nic_driver *driver, uint32_t offset)
{
    return nic_env_read(driver->context, offset);
}
static inline void nic_write(const struct nic_driver *driver, uint32_t offset, uint32_t value)
{
    nic_env_write(driver->context, offset, value);
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
 * For attaching and re-initialisation: waits (bounded by the time limit of locks), frees the lock if a failed activity
 * of this very sandbox left it taken, repairs nothing, leaves interrupts alone. 0 or -ETIMEDOUT.
 */
int nic_lock_wait(struct nic_driver *driver, enum nic_lock_id id, struct nic_hold *hold);
/* The bare lock, as a fault model takes it: 0 or -EBUSY; interrupts as before. */
int nic_lock_bare(struct nic_driver *driver, enum nic_lock_id id);
/* For the periodic check: breaks and repairs what is held by the dead or the overdue. */
void nic_lock_check(struct nic_driver *driver, enum nic_lock_id id);
/*
 * The rest of nic_lock_try(), once the lock was not simply free; interrupts are off, and as `flags` says if it fails.
 * Waits for a living holder for up to `patience` ticks. *word is what the lock now holds.
 */
int nic_lock_contended(struct nic_driver *driver, enum nic_lock_id id, uint64_t flags, uint64_t patience,
                       uint64_t *word);

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

/* The hot half of nic_lock.c. */
static inline struct robust_lock *nic_lock_of(const struct nic_driver *driver, enum nic_lock_id id)
{
    return id == NIC_LOCK_TX ? &driver->shared->tx_lock : &driver->shared->rx_lock;
}
static inline void nic_unlock(const struct nic_driver *driver, const struct nic_hold *hold)
{
    /* If it was broken meanwhile, this release has no effect, and whoever broke it has taken the blame to our slot. */
    (void)robust_release(hold->lock, hold->word);
    if (hold->masked)
        nic_env_unmask(driver->context, hold->flags);
}
/*
 * For the hot paths: 0, with interrupts off until nic_unlock() and what the lock protects repaired if it had to be
 * broken; -EAGAIN another sharer holds it, and did so for `patience` ticks (try again); -EBUSY this sharer itself does,
 * or the device is being re-initialised. A sharer that is alone, which is settled at boot, needs no more than
 * interrupts off: it gets a lock of its own that is always free.
 */
static inline int nic_lock_try(struct nic_driver *driver, enum nic_lock_id id, uint64_t patience, struct nic_hold *hold)
{
    struct robust_lock *lock = &driver->own_lock;
    uint64_t flags = nic_env_mask(driver->context);
    uint64_t word = 0;

    if (driver->others != 0) {
        lock = nic_lock_of(driver, id);
        word = robust_word(driver->identity, nic_now(driver));
        if (__builtin_expect(!robust_take_free(lock, word), 0)) {
            uint64_t taken;
            int error = nic_lock_contended(driver, id, flags, patience, &taken);
            if (error)
                return error;
            word = taken;
        }
    }
    *hold = (struct nic_hold){.lock = lock, .word = word, .flags = flags, .masked = true};
    /* A re-initialisation may have begun since the caller looked; it rebuilds everything and needs the lock. */
    if (__builtin_expect(nic_ready(driver), 1))
        return 0;
    nic_unlock(driver, hold);
    return -EBUSY;
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
bool nic_rx_pending(const struct nic_driver *driver); /* a descriptor this sharer has not looked at is done */
bool nic_rx_wanted(struct nic_driver *driver);        /* ... and holds a frame for it, as far as the top half can say */
void nic_rx_load_ports(struct nic_driver *driver);
uint32_t nic_rx_done(const struct nic_driver *driver, uint32_t from); /* first position from there that is not done */
#define NIC_RX_BATCH (NIC_RX_COUNT / 8u) /* so many descriptors are returned at once, by one register write */
/* Returns descriptors if there is a batch of them; `patient`: not again soon after readers had kept them back. */
void nic_rx_return(struct nic_driver *driver, bool patient);
void nic_rx_tell_device(struct nic_driver *driver, const struct nic_hold *hold); /* under the receive lock */
/* Is it a position a reader can be at, given the limit? */
static inline bool nic_rx_in_window(uint32_t cursor, uint32_t limit)
{
    return limit - cursor <= NIC_RX_COUNT - 1u;
}

#define NIC_NOBODY   0xffffffffu
#define NIC_MAC_MASK 0xffffffffffffull /* of the first eight bytes of a frame */

static inline struct nic_descriptor *nic_rx_descriptor(const struct nic_driver *driver, uint32_t position)
{
    return &driver->rx_ring[position % NIC_RX_COUNT];
}
static inline bool nic_rx_is_done(const struct nic_driver *driver, uint32_t position)
{
    return (nic_load(&nic_rx_descriptor(driver, position)->word) & NIC_RXD_DD) != 0;
}
/* As nic_rx_port(), of those whose interfaces were taken over. */
uint32_t nic_rx_taken_port(const struct nic_driver *driver, const uint8_t *frame, uint32_t position);
/* For this sharer's own interface, or for all? */
static inline bool nic_rx_is_own(const struct nic_driver *driver, const uint8_t *frame)
{
    uint64_t destination;

    __builtin_memcpy(&destination, frame, sizeof(destination));
    return (destination & NIC_MAC_MASK) == driver->own_mac || (destination & 1u) != 0;
}
/* The sandbox whose interface the frame at `position` is for, as far as this sharer accepts it; or NIC_NOBODY. */
static inline uint32_t nic_rx_port(const struct nic_driver *driver, const uint8_t *frame, uint32_t position)
{
    if (nic_rx_is_own(driver, frame))
        return driver->config.self;
    return driver->ports == 0 ? NIC_NOBODY : nic_rx_taken_port(driver, frame, position);
}
/*
 * Is the next frame for this sharer? It may be one of the ring's last round, or of another generation: to run the
 * bottom half in vain does no harm.
 */
static inline bool nic_rx_next_wanted(const struct nic_driver *driver)
{
    return nic_rx_is_done(driver, driver->cursor) &&
           nic_rx_port(driver, nic_rx_buffer(driver, driver->cursor), driver->cursor) != NIC_NOBODY;
}

/* --- nic_tx.c --- */
/* 0; -EBUSY ring full, device being re-initialised, lock not to be had; -EINVAL size; -EIO state inconsistent. */
int nic_tx_queue(struct nic_driver *driver, const struct nic_segment *segment, unsigned count);
void nic_tx_doorbell(struct nic_driver *driver); /* tells the device what was queued but not announced */
void nic_tx_repair(struct nic_driver *driver, const struct nic_hold *hold); /* after the lock was broken */
/* The positions as they stand in the shared region, sealed; each one's number is its low half. */
struct nic_tx_words {
    uint64_t clean, rung, next;
};
/* A copy, and whether it is possible. Consistent under the lock or if `clean` did not change since. */
static inline bool nic_tx_positions(const struct nic_driver *driver, struct nic_tx_words *at)
{
    uint32_t clean, rung, next;

    at->clean = nic_load(&driver->shared->tx_clean);
    at->rung = nic_load(&driver->shared->tx_rung);
    at->next = nic_load(&driver->shared->tx_next);
    return nic_unseal(at->clean, &clean) & nic_unseal(at->rung, &rung) & nic_unseal(at->next, &next) &&
           next - clean <= NIC_TX_COUNT - 1u && rung - clean <= next - clean;
}

/* The first announced position that is not sent; the device goes through them in order. */
uint32_t nic_tx_unsent(const struct nic_driver *driver, uint32_t clean, uint32_t rung);

/* --- nic_duty.c --- */
bool nic_duty_interrupt(struct nic_driver *driver);       /* of an attached driver */
void nic_duty_claim(struct nic_driver *driver);           /* if nobody alive has it */
int nic_duty_seize(struct nic_driver *driver);            /* from whoever has it, as a fault model does; 0 or -EBUSY */
uint32_t nic_duty_acknowledge(struct nic_driver *driver); /* returns the cause register */
void nic_duty_resume(struct nic_driver *driver);          /* at the first activity of a new instance */
void nic_duty_check(struct nic_driver *driver);
bool nic_duty_unsettled_yet(struct nic_driver *driver);
/* The interrupt that woke us is not yet acknowledged. */
static inline bool nic_duty_unsettled(struct nic_driver *driver)
{
    uint64_t acks = nic_load(&driver->shared->acks);

    return __builtin_expect(acks != driver->acks_settled || acks != driver->acks_awaited, 0) &&
           nic_duty_unsettled_yet(driver);
}

/* --- nic_check.c --- */
void nic_check_all(struct nic_driver *driver);
/*
 * Part of it: `first` is the first that is not done, `limit` the ring's as it was seen before that; it may have moved
 * on since.
 */
void nic_check_receive_ring(struct nic_driver *driver, uint32_t first, uint32_t limit);

#endif
