/* SPDX-License-Identifier: MIT */
/*
 * A model of the NIC in host memory, and a world of up to four sharers that drive it. The model keeps to the manuals
 * where the driver depends on them; DMA outside the shared region is refused and counted, as an IOMMU would. Which NIC
 * it is, is said when the program is compiled (MODEL_ID, an id as in nic_regs.h), so that all tests run with each.
 *
 * Time is virtual: it passes with every look at it, and by world_pass(). With `threaded` it is the host's.
 */
#ifndef QV_TEST_NIC_MODEL_H
#define QV_TEST_NIC_MODEL_H

#include <pthread.h>

#include "nic/nic_driver.h"

#define MODEL_SHARERS   4u
#define MODEL_PHYS      0x12340000ull
#define MODEL_SENT      8192u
#define MODEL_MAX_TRACE 64u

enum model_kind {
    MODEL_HARDWARE, /* a reset clears the registers */
    MODEL_EMULATOR, /* a reset changes nothing, as in QEMU, where somebody has set what the driver has to undo */
    MODEL_OPEN,     /* as in Bochs: nor there; after each write of the tail there are free descriptors */
};

struct sent_frame {
    uint16_t size;
    uint8_t source; /* last byte of the source address: the sharer */
    uint32_t number;
    bool intact;
};

struct model {
    pthread_mutex_t lock;
    enum model_kind kind;
    bool absent;    /* reads give all ones */
    bool stuck;     /* a reset never ends */
    bool tx_frozen; /* transmits nothing */
    uint32_t reg[0x8000 / 4];
    uint8_t *memory;
    bool line;
    uint32_t told; /* 82574L: causes that made a message and are still there */
    uint64_t edges;
    unsigned loading; /* 82574L: looks until what a reset takes from the EEPROM is there */
    uint64_t rude;    /* 82574L: resets in the middle of its work, addresses written before they ended */
    uint64_t stray;   /* DMA outside the region */
    uint64_t refused; /* frames for which there was no descriptor */
    uint64_t rcl_writes;
    bool opened; /* the tail was written after the last frame */
    uint64_t mmio;
    struct sent_frame sent[MODEL_SENT];
    uint32_t n_sent;
};

struct world;

struct sharer {
    struct world *world;
    unsigned id;
    struct nic_driver driver;
    struct qv_sandbox_status status;
    uint32_t incarnation;
    bool dead;
    bool asleep; /* alive, but does nothing */
    uint64_t beats;
    volatile bool interrupt;
    bool masked;
    unsigned received;
    uint32_t last[MODEL_SHARERS]; /* number of the last frame, by port */
    unsigned repeated;
    unsigned missing;
    unsigned damaged;
    unsigned invalid; /* dropped by deliver() because nic_frame_valid() said so */
    unsigned broadcasts;
    unsigned by_port[MODEL_SHARERS];
    void (*in_deliver)(struct sharer *sharer);
    void (*in_mask)(struct sharer *sharer); /* just before a lock is tried */
    uint64_t trace_counts[MODEL_MAX_TRACE];
    uint32_t next_number;
};

struct world {
    struct model model;
    struct sharer sharer[MODEL_SHARERS];
    unsigned count;
    bool threaded;
    uint64_t lock_timeout; /* ticks, for instances made from then on */
    uint64_t clock;
    void (*on_write)(struct world *world, uint32_t offset); /* after each register write, the model's lock held */
    uint32_t number[MODEL_SHARERS];                         /* of frames sent to each */
};

/* Ticks; a virtual microsecond is 1000. */
#define WORLD_US 1000ull

/* Above 0 while the calling thread is in the model or the tests' own code, where a sharer does not die. */
extern __thread volatile int model_depth;
extern void (*model_left)(void); /* called when it is 0 again, if set */

struct world *world_new(enum model_kind kind, unsigned sharers);
void world_free(struct world *world);
void world_pass(struct world *world, uint64_t microseconds);

/* A new instance, with no private state, of this sharer's driver; `restarted`: in a new incarnation of the sandbox. */
void sharer_fresh(struct sharer *sharer, bool restarted);
void sharer_die(struct sharer *sharer);

/* Frame number n to the interface of `to`; false: no descriptor. Content depends on `to` and the number alone. */
bool model_frame_to(struct world *world, unsigned to, uint32_t size);
bool model_broadcast(struct world *world, uint32_t number);
/* Interrupt handlers and bottom halves of the living, until all is quiet. */
void world_run(struct world *world);
unsigned sharer_receive(struct sharer *sharer, unsigned budget, bool *more);
void sharer_interrupt(struct sharer *sharer);
int sharer_send(struct sharer *sharer, uint32_t size);
/* Checks every 2 ms of virtual time, with bottom halves, as the kernel does. */
void world_tick(struct world *world, unsigned ticks);

/* All frames sent by `source` since `from` in n_sent: intact, in order, none twice. Returns how many. */
unsigned model_sent_by(const struct model *model, uint32_t from, unsigned source, bool *in_order);

uint32_t model_read(struct model *model, uint32_t offset);
void model_write(struct model *model, uint32_t offset, uint32_t value);

#endif
