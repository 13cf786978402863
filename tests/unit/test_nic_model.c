/* SPDX-License-Identifier: MIT */
#include "test_nic_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RING_BYTES_MASK 0xfff80u
#define EXPRESS         (MODEL_ID == NIC_ID_82574L)
#define EEPROM_LOOKS    3u
#define FRAME_MAC(id)                                                                                                  \
    {                                                                                                                  \
        0x52, 0x54, 0x00, 0x51, 0x56, (uint8_t)(id)                                                                    \
    }

fault_hook_fn fault_hook;
__thread volatile int model_depth;
void (*model_left)(void);

static void enter(void)
{
    model_depth++;
}

static void leave(void)
{
    if (--model_depth == 0 && model_left)
        model_left();
}

/* --- device --- */

static uint32_t *reg(struct model *model, uint32_t offset)
{
    return &model->reg[offset / 4];
}

/* Address in the shared region, or NULL. */
static uint8_t *dma(struct model *model, uint64_t address, uint64_t size)
{
    if (address < MODEL_PHYS || address + size > MODEL_PHYS + NIC_SHARED_BYTES || address + size < address) {
        model->stray++;
        return NULL;
    }
    return model->memory + (address - MODEL_PHYS);
}

/* A pin rises with the first cause and falls with the last; a message is sent for each that was not there. */
static void update_line(struct model *model)
{
    uint32_t causes = *reg(model, NIC_REG_ICR) & *reg(model, NIC_REG_IMS);
    bool rises = EXPRESS ? (causes & ~model->told) != 0 : causes != 0 && !model->line;

    if (rises) {
        struct world *world = (struct world *)(void *)((char *)model - offsetof(struct world, model));
        model->edges++;
        for (unsigned i = 0; i < world->count; i++)
            world->sharer[i].interrupt = true;
    }
    model->line = causes != 0;
    model->told = causes;
}

/* Switched so that the driver's rings and descriptors are what the device uses; always so on the 82540EM. */
static bool may_transmit(struct model *model)
{
    return !EXPRESS || ((*reg(model, NIC_REG_TARC0) & NIC_TARC_ENABLE) != 0 &&
                        (*reg(model, NIC_REG_TXDCTL) & NIC_TXDCTL_COUNT) != 0 &&
                        (*reg(model, NIC_REG_CTRL) & NIC_CTRL_NO_MASTER) == 0);
}

static bool may_receive(struct model *model)
{
    return !EXPRESS || ((*reg(model, NIC_REG_RFCTL) & NIC_RFCTL_EXTENDED) == 0 && *reg(model, NIC_REG_MRQC) == 0 &&
                        (*reg(model, NIC_REG_CTRL) & NIC_CTRL_NO_MASTER) == 0);
}

static uint32_t content(uint32_t seed, uint32_t i)
{
    return (seed * 2654435761u + i * 40503u) >> 13;
}

static void make_frame(uint8_t *frame, uint32_t size, unsigned to, unsigned from, uint32_t number)
{
    const uint8_t source[6] = FRAME_MAC(from);
    const uint8_t destination[6] = FRAME_MAC(to);

    memcpy(frame, destination, 6);
    memcpy(frame + 6, source, 6);
    frame[12] = 0x88;
    frame[13] = 0xb5;
    memcpy(frame + 14, &number, 4);
    frame[18] = (uint8_t)size;
    frame[19] = (uint8_t)(size >> 8);
    for (uint32_t i = 20; i < size; i++)
        frame[i] = (uint8_t)content(number, i);
}

static bool frame_intact(const uint8_t *frame, size_t size)
{
    uint32_t number, length;

    if (size < 20)
        return false;
    memcpy(&number, frame + 14, 4);
    length = frame[18] | (uint32_t)frame[19] << 8;
    if (length > size || (length != size && size != 60))
        return false;
    for (uint32_t i = 20; i < length; i++)
        if (frame[i] != (uint8_t)content(number, i))
            return false;
    return true;
}

static void transmit(struct model *model)
{
    uint32_t count = (*reg(model, NIC_REG_TDLEN) & RING_BYTES_MASK) / 16;
    uint64_t ring = *reg(model, NIC_REG_TDBAL) | (uint64_t)*reg(model, NIC_REG_TDBAH) << 32;
    uint32_t *head = reg(model, NIC_REG_TDH);
    static __thread uint8_t frame[4096];
    uint32_t size = 0;

    if ((*reg(model, NIC_REG_TCTL) & NIC_TCTL_EN) == 0 || count == 0 || model->tx_frozen || !may_transmit(model))
        return;
    for (uint32_t steps = 0; *head != *reg(model, NIC_REG_TDT) && steps < count; steps++) {
        struct nic_descriptor *descriptor = (struct nic_descriptor *)(void *)dma(model, ring + 16 * *head, 16);
        if (!descriptor)
            return;
        uint64_t word = nic_load(&descriptor->word);
        uint32_t length = NIC_TXD_LENGTH(word);
        const uint8_t *data = length ? dma(model, descriptor->address, length) : NULL;
        if (data && size + length <= sizeof(frame)) {
            memcpy(frame + size, data, length);
            size += length;
        }
        if ((word & NIC_TXD_EOP) != 0) {
            struct sent_frame *sent = &model->sent[model->n_sent++ % MODEL_SENT];
            memset(sent, 0, sizeof(*sent));
            sent->size = (uint16_t)size;
            if (size >= 20) {
                sent->source = frame[11];
                memcpy(&sent->number, frame + 14, 4);
                sent->intact = frame_intact(frame, size);
            }
            size = 0;
        }
        if ((word & NIC_TXD_RS) != 0)
            nic_store(&descriptor->word, word | NIC_TXD_DD);
        *head = (*head + 1) % count;
    }
    *reg(model, NIC_REG_ICR) |= 3; /* TXDW, TXQE: not enabled */
    update_line(model);
}

static bool accepts(const struct model *model, const uint8_t *frame)
{
    uint64_t destination = 0;

    memcpy(&destination, frame, 6);
    if (destination == 0xffffffffffffull)
        return (model->reg[NIC_REG_RCTL / 4] & NIC_RCTL_BAM) != 0;
    for (uint32_t i = 0; i < NIC_RECEIVE_ADDRESSES; i++) {
        uint64_t high = model->reg[NIC_REG_RAH(i) / 4];
        uint64_t address = model->reg[NIC_REG_RAL(i) / 4] | (high & 0xffff) << 32;
        if ((high & NIC_RAH_VALID) != 0 && address == destination)
            return true;
    }
    return false;
}

static bool receive(struct model *model, const uint8_t *frame, uint32_t size)
{
    uint32_t count = (*reg(model, NIC_REG_RDLEN) & RING_BYTES_MASK) / 16;
    uint64_t ring = *reg(model, NIC_REG_RDBAL) | (uint64_t)*reg(model, NIC_REG_RDBAH) << 32;
    uint32_t *head = reg(model, NIC_REG_RDH);
    struct nic_descriptor *descriptor;
    uint8_t *to;

    if ((*reg(model, NIC_REG_RCTL) & NIC_RCTL_EN) == 0 || count == 0 ||
        (*head == *reg(model, NIC_REG_RDT) && !(model->kind == MODEL_OPEN && model->opened)) || !may_receive(model)) {
        model->refused++;
        return false;
    }
    if (!accepts(model, frame))
        return true;
    descriptor = (struct nic_descriptor *)(void *)dma(model, ring + 16 * *head, 16);
    if (!descriptor) {
        model->refused++;
        return false;
    }
    to = dma(model, descriptor->address, size);
    if (to)
        memcpy(to, frame, size);
    nic_store(&descriptor->word, size | NIC_RXD_EOP | NIC_RXD_DD);
    model->opened = false;
    *head = (*head + 1) % count;
    *reg(model, NIC_REG_ICR) |= NIC_INT_RXT0;
    update_line(model);
    return true;
}

static void reset(struct model *model)
{
    uint32_t control = *reg(model, NIC_REG_CTRL);

    if (EXPRESS && (control & NIC_CTRL_NO_MASTER) == 0)
        model->rude++;
    if (model->kind == MODEL_HARDWARE) {
        memset(model->reg, 0, sizeof(model->reg));
        *reg(model, NIC_REG_TARC0) = NIC_TARC_ENABLE;
        model->loading = EXPRESS ? EEPROM_LOOKS : 0;
        control &= ~NIC_CTRL_NO_MASTER;
    }
    *reg(model, NIC_REG_CTRL) = control & ~NIC_CTRL_RST;
    update_line(model);
}

/* The 82574L keeps causes when some are enabled but none of these is there. */
static void acknowledge(struct model *model)
{
    uint32_t enabled = *reg(model, NIC_REG_IMS);

    if (EXPRESS && enabled != 0 && (*reg(model, NIC_REG_ICR) & enabled) == 0)
        return;
    *reg(model, NIC_REG_ICR) = 0;
    if (EXPRESS && (*reg(model, NIC_REG_CTRL_EXT) & NIC_CTRL_EXT_AUTO_MASK) != 0)
        *reg(model, NIC_REG_IMS) &= ~*reg(model, NIC_REG_IAM);
    update_line(model);
}

static uint32_t read_express(struct model *model, uint32_t offset, uint32_t value)
{
    if (offset == NIC_REG_STATUS && (*reg(model, NIC_REG_CTRL) & NIC_CTRL_NO_MASTER) == 0)
        return value | NIC_STATUS_MASTER;
    if (offset == NIC_REG_EECD && (model->loading == 0 || --model->loading == 0))
        return value | NIC_EECD_LOADED;
    return value;
}

uint32_t model_read(struct model *model, uint32_t offset)
{
    uint32_t value;

    model->mmio++;
    if (model->absent)
        return 0xffffffffu;
    value = *reg(model, offset);
    if (EXPRESS)
        value = read_express(model, offset, value);
    if (offset == NIC_REG_ICR)
        acknowledge(model);
    if (offset == NIC_REG_CTRL && model->stuck)
        value |= NIC_CTRL_RST;
    return value;
}

void model_write(struct model *model, uint32_t offset, uint32_t value)
{
    model->mmio++;
    model->rude += model->loading > 0 && offset >= NIC_REG_RAL(0) && offset < NIC_REG_RAL(NIC_RECEIVE_ADDRESSES);
    switch (offset) {
    case NIC_REG_CTRL:
        *reg(model, offset) = value;
        if ((value & NIC_CTRL_RST) != 0)
            reset(model);
        break;
    case NIC_REG_IMS:
        *reg(model, NIC_REG_IMS) |= value;
        update_line(model);
        break;
    case NIC_REG_IMC:
        *reg(model, NIC_REG_IMS) &= ~value;
        update_line(model);
        break;
    case NIC_REG_RCTL:
        model->rcl_writes++;
        *reg(model, offset) = value;
        break;
    case NIC_REG_RDT:
        model->opened = true;
        *reg(model, offset) = value;
        break;
    case NIC_REG_TDT:
    case NIC_REG_TCTL:
        *reg(model, offset) = value;
        transmit(model);
        break;
    default:
        *reg(model, offset) = value;
    }
}

/* --- what the drivers see of the world --- */

uint32_t nic_env_read(void *context, uint32_t offset)
{
    struct model *model = &((struct sharer *)context)->world->model;
    uint32_t value;

    enter();
    pthread_mutex_lock(&model->lock);
    value = model_read(model, offset);
    pthread_mutex_unlock(&model->lock);
    leave();
    return value;
}

void nic_env_write(void *context, uint32_t offset, uint32_t value)
{
    struct world *world = ((struct sharer *)context)->world;

    enter();
    pthread_mutex_lock(&world->model.lock);
    model_write(&world->model, offset, value);
    if (world->on_write)
        world->on_write(world, offset);
    pthread_mutex_unlock(&world->model.lock);
    leave();
}

static void op_enable_bus(void *context)
{
    (void)context;
}

uint64_t nic_env_now(void *context)
{
    struct world *world = ((struct sharer *)context)->world;
    struct timespec now;
    uint64_t ticks;

    enter();
    if (world->threaded) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        ticks = (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
    } else {
        ticks = __atomic_add_fetch(&world->clock, 50, __ATOMIC_RELAXED);
    }
    leave();
    return ticks;
}

static bool op_alive(void *context, unsigned sandbox, uint32_t incarnation)
{
    struct world *world = ((struct sharer *)context)->world;
    bool alive;

    enter();
    alive = sandbox < world->count && !__atomic_load_n(&world->sharer[sandbox].dead, __ATOMIC_ACQUIRE) &&
            (__atomic_load_n(&world->sharer[sandbox].incarnation, __ATOMIC_ACQUIRE) & 0xffffu) == incarnation;
    leave();
    return alive;
}

/* Who is asleep gets no time. */
static uint64_t op_beats(void *context, unsigned sandbox)
{
    struct sharer *sharer = &((struct sharer *)context)->world->sharer[sandbox % MODEL_SHARERS];

    return sharer->asleep ? 0 : ++sharer->beats;
}

static void op_trace(void *context, enum qv_trace_id id, uint64_t a, uint64_t b)
{
    struct sharer *sharer = context;

    (void)a;
    (void)b;
    sharer->trace_counts[(unsigned)id % MODEL_MAX_TRACE]++;
}

uint64_t nic_env_mask(void *context)
{
    struct sharer *sharer = context;
    uint64_t before = sharer->masked;

    sharer->masked = true;
    if (sharer->in_mask)
        sharer->in_mask(sharer);
    return before;
}

void nic_env_unmask(void *context, uint64_t flags)
{
    ((struct sharer *)context)->masked = flags != 0;
}

static const struct nic_ops ops = {
    .enable_bus = op_enable_bus,
    .now = nic_env_now,
    .alive = op_alive,
    .beats = op_beats,
    .trace = op_trace,
};

/* --- world --- */

struct world *world_new(enum model_kind kind, unsigned sharers)
{
    struct world *world = calloc(1, sizeof(*world));

    if (!world)
        abort();
    world->count = sharers;
    world->clock = 1000 * WORLD_US;
    world->lock_timeout = 1000 * WORLD_US;
    world->model.kind = kind;
    if (EXPRESS && kind == MODEL_EMULATOR) {
        *reg(&world->model, NIC_REG_CTRL_EXT) = NIC_CTRL_EXT_AUTO_MASK;
        *reg(&world->model, NIC_REG_IAM) = 0xffffffffu;
        *reg(&world->model, NIC_REG_RFCTL) = NIC_RFCTL_EXTENDED;
        *reg(&world->model, NIC_REG_MRQC) = 1;
    }
    pthread_mutex_init(&world->model.lock, NULL);
    world->model.memory = aligned_alloc(4096, NIC_SHARED_BYTES);
    if (!world->model.memory)
        abort();
    memset(world->model.memory, 0, NIC_SHARED_BYTES);
    for (unsigned i = 0; i < sharers; i++) {
        world->sharer[i].world = world;
        world->sharer[i].id = i;
        world->sharer[i].incarnation = 1;
        sharer_fresh(&world->sharer[i], false);
    }
    return world;
}

void world_free(struct world *world)
{
    free(world->model.memory);
    pthread_mutex_destroy(&world->model.lock);
    free(world);
}

void world_pass(struct world *world, uint64_t microseconds)
{
    world->clock += microseconds * WORLD_US;
}

void sharer_fresh(struct sharer *sharer, bool restarted)
{
    struct nic_config config = {
        .id = MODEL_ID,
        .self = sharer->id,
        .sharers = (1u << sharer->world->count) - 1u,
        .lock_timeout = sharer->world->lock_timeout,
        .progress_timeout = 20000 * WORLD_US,
        .reset_timeout = 20000 * WORLD_US,
        .laggard_timeout = 4000 * WORLD_US,
        .ticks_per_us = WORLD_US,
        .settle_timeout = 50 * WORLD_US,
        .stop_by_control = sharer->world->model.kind == MODEL_OPEN,
        .shared = sharer->world->model.memory,
        .shared_phys = MODEL_PHYS,
        .shared_size = NIC_SHARED_BYTES,
        .status = &sharer->status,
    };

    if (restarted)
        __atomic_add_fetch(&sharer->incarnation, 1, __ATOMIC_ACQ_REL);
    config.incarnation = sharer->incarnation;
    for (unsigned i = 0; i < QV_MAX_SANDBOXES; i++) {
        const uint8_t mac[6] = FRAME_MAC(i);
        memcpy(config.mac[i], mac, sizeof(mac));
    }
    sharer->interrupt = false;
    sharer->masked = false;
    sharer->asleep = false;
    memset(&sharer->driver, 0, sizeof(sharer->driver));
    if (nic_driver_init(&sharer->driver, &config, &ops, sharer) != 0)
        abort();
    __atomic_store_n(&sharer->dead, false, __ATOMIC_RELEASE);
}

void sharer_die(struct sharer *sharer)
{
    __atomic_store_n(&sharer->dead, true, __ATOMIC_RELEASE);
}

bool model_frame_to(struct world *world, unsigned to, uint32_t size)
{
    uint8_t frame[2048];
    bool taken;

    pthread_mutex_lock(&world->model.lock);
    make_frame(frame, size, to, 0xee, world->number[to] + 1);
    taken = receive(&world->model, frame, size);
    if (taken)
        world->number[to]++;
    pthread_mutex_unlock(&world->model.lock);
    return taken;
}

bool model_broadcast(struct world *world, uint32_t number)
{
    uint8_t frame[64];
    bool taken;

    make_frame(frame, 60, 0, 0xee, number);
    memset(frame, 0xff, 6);
    pthread_mutex_lock(&world->model.lock);
    taken = receive(&world->model, frame, 60);
    pthread_mutex_unlock(&world->model.lock);
    return taken;
}

static bool deliver(void *context, unsigned port, const uint8_t *frame, size_t size, struct nic_keep keep)
{
    struct sharer *sharer = context;
    bool valid;
    uint8_t *copy;
    uint32_t number;

    enter();
    copy = malloc(size); /* exactly as large: the sanitizer sees a byte too many */
    if (!copy)
        abort();
    if (sharer->in_deliver)
        sharer->in_deliver(sharer);
    memcpy(copy, frame, size);
    valid = nic_frame_valid(keep);
    if (!valid) {
        sharer->invalid++;
    } else if (port >= MODEL_SHARERS || !frame_intact(copy, size)) {
        sharer->damaged++;
    } else if ((copy[0] & 1u) != 0) {
        sharer->broadcasts++;
    } else {
        memcpy(&number, copy + 14, 4);
        if (copy[5] != port)
            sharer->damaged++;
        if (number <= sharer->last[port])
            sharer->repeated++;
        else
            sharer->missing += number - sharer->last[port] - 1;
        sharer->last[port] = number;
        sharer->received++;
        sharer->by_port[port]++;
    }
    free(copy);
    leave();
    return valid;
}

unsigned sharer_receive(struct sharer *sharer, unsigned budget, bool *more)
{
    return nic_rx_walk(&sharer->driver, deliver, sharer, budget, more);
}

void sharer_interrupt(struct sharer *sharer)
{
    bool more = true;

    sharer->interrupt = false;
    if (sharer->dead || !nic_duty_interrupt(&sharer->driver))
        return;
    while (more)
        sharer_receive(sharer, 64, &more);
}

void world_run(struct world *world)
{
    bool busy = true;

    while (busy) {
        busy = false;
        for (unsigned i = 0; i < world->count; i++) {
            if (world->sharer[i].interrupt && !world->sharer[i].dead && !world->sharer[i].asleep) {
                sharer_interrupt(&world->sharer[i]);
                busy = true;
            }
        }
    }
}

void world_tick(struct world *world, unsigned ticks)
{
    for (unsigned t = 0; t < ticks; t++) {
        world_pass(world, 2000);
        world_run(world);
        for (unsigned i = 0; i < world->count; i++) {
            struct sharer *sharer = &world->sharer[i];
            bool more = true;
            if (sharer->dead || sharer->asleep)
                continue;
            while (more)
                sharer_receive(sharer, 64, &more);
            nic_check_all(&sharer->driver);
        }
        world_run(world);
    }
}

int sharer_send(struct sharer *sharer, uint32_t size)
{
    uint8_t frame[2048];
    struct nic_segment segment[3];
    int error;

    make_frame(frame, size, 0xee, sharer->id, sharer->next_number + 1);
    segment[0] = (struct nic_segment){frame, 14};
    segment[1] = (struct nic_segment){frame + 14, 6};
    segment[2] = (struct nic_segment){frame + 20, size - 20};
    error = nic_tx_queue(&sharer->driver, segment, 3);
    if (!error)
        sharer->next_number++;
    return error;
}

unsigned model_sent_by(const struct model *model, uint32_t from, unsigned source, bool *in_order)
{
    unsigned count = 0;
    uint32_t last = 0;

    *in_order = true;
    for (uint32_t i = from; i != model->n_sent; i++) {
        const struct sent_frame *sent = &model->sent[i % MODEL_SENT];
        if (sent->source != source)
            continue;
        if (!sent->intact || sent->number <= last)
            *in_order = false;
        last = sent->number;
        count++;
    }
    return count;
}
