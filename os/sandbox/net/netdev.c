/* SPDX-License-Identifier: MIT */
#include "netdev.h"

#include "component.h"
#include "cost.h"
#include "kernel.h"
#include "lwip/pbuf.h"
#include "lwip/priv/tcp_priv.h"
#include "nic/nic.h"
#include "plain_nic.h"
#include "spsc.h"
#include "web.h"

#define RX_SLOTS    512u /* power of two */
#define RX_BATCH    64u  /* frames taken before the network thread is woken */
#define RX_RESUME   (RX_SLOTS / 4)
#define RX_OFFSET   2u /* puts the IP header behind the Ethernet header on a 4-byte boundary */
#define TICK_US     2000u
#define BACKLOG     512u /* power of two */
#define TX_SEGMENTS 8u

struct rx_slot {
    struct pbuf_custom custom; /* first: lwIP hands it back when the frame is freed */
    uint16_t size;
    uint8_t port;
    uint8_t data[RX_OFFSET + NIC_MTU_FRAME];
};

static struct {
    struct rx_slot slot[RX_SLOTS];
    uint32_t ready_item[RX_SLOTS];
    uint32_t free_item[RX_SLOTS];
    struct spsc ready; /* bottom half to network thread: frames */
    struct spsc free;  /* network thread to bottom half: empty slots */
    uint32_t starved;  /* the bottom half found no slot and waits for some */
} rx;

static struct {
    struct pbuf *frame[BACKLOG];
    uint32_t head;
    uint32_t tail;
    bool refused_some; /* lwIP keeps segments that it has to be told to send */
    uint8_t linear[NIC_MTU_FRAME];
} backlog;

static struct thread *network_thread;
static struct thread *bottom_half_thread;
static uint64_t next_check;
static volatile bool interrupt_missed; /* it came while the driver could not be entered */
static struct netdev_counters counters;

/* The driver, shared or (for comparison) not. */
static bool plain(void)
{
    return (handoff->cfg.cost.flags & QV_COST_PLAIN_NIC) != 0;
}

/* --- receive --- */

static bool deliver(void *context, unsigned port, const uint8_t *frame, size_t size, struct nic_keep keep)
{
    uint32_t number;
    struct cost_mark mark;

    (void)context;
    cost_begin(&mark);
    if (size > NIC_MTU_FRAME || !spsc_peek(&rx.free, &number)) {
        return false;
    }
    /* The slot changes hands only when it is complete: should the driver fail before, it is still free. */
    memcpy(rx.slot[number].data + RX_OFFSET, frame, size);
    if (!nic_frame_valid(keep)) {
        return false;
    }
    rx.slot[number].size = (uint16_t)size;
    rx.slot[number].port = (uint8_t)port;
    spsc_drop(&rx.free);
    spsc_put(&rx.ready, number);
    cost_end(QV_COST_DELIVER, &mark, 1);
    return true;
}

/* False: the driver is not running, or failed under way. */
static bool receive(unsigned budget, unsigned *taken, bool *more)
{
    struct component_frame frame;
    struct cost_mark mark;
    uint64_t skipped = status->rx_skipped;

    cost_begin(&mark);
    if (component_enter(&nic_component, &frame) != 0) {
        return false;
    }
    *taken = plain() ? plain_nic_receive(deliver, NULL, budget, more) : nic_receive(deliver, NULL, budget, more);
    component_leave(&frame);
    skipped = status->rx_skipped - skipped;
    if (*taken > 0) {
        cost_end(QV_COST_RECEIVE, &mark, *taken);
    } else {
        cost_end(skipped > 0 ? QV_COST_SKIP : QV_COST_POLL, &mark, skipped);
    }
    return true;
}

static void receive_all(void)
{
    bool more = true;

    while (more) {
        uint32_t budget = spsc_count(&rx.free);
        unsigned taken = 0;
        bool going;

        more = false;
        if (budget == 0) {
            /* Frames stay in the ring until the network thread gives slots back and wakes this thread. */
            __atomic_store_n(&rx.starved, 1u, __ATOMIC_SEQ_CST);
            more = spsc_count(&rx.free) > 0;
            continue;
        }
        going = receive(budget < RX_BATCH ? budget : RX_BATCH, &taken, &more);
        if (spsc_count(&rx.ready) > 0) {
            thread_wake(network_thread);
        }
        if (!going) {
            return;
        }
    }
}

static void check(void)
{
    struct component_frame frame;
    volatile enum qv_detection found = QV_DETECT_NONE;
    uint64_t address = 0;
    struct cost_mark mark;

    cost_begin(&mark);
    if (component_enter(&nic_component, &frame) != 0) {
        return;
    }
    if (!plain()) {
        found = nic_check(&address);
    }
    component_leave(&frame);
    cost_end(QV_COST_CHECK, &mark, 1);
    if (found != QV_DETECT_NONE) {
        component_fail(&nic_component, found, address);
    }
}

static void interrupt(void)
{
    struct component_frame frame;
    volatile bool run = false;
    struct cost_mark mark;

    /* It may interrupt the recovery thread in the middle of the driver's start, where that thread could be admitted. */
    if (nic_component.state != COMPONENT_RUNNING || component_enter(&nic_component, &frame) != 0) {
        interrupt_missed = true;
        return;
    }
    cost_begin(&mark);
    run = plain() ? plain_nic_interrupt() : nic_interrupt();
    component_leave(&frame);
    cost_end(QV_COST_INTERRUPT, &mark, 1);
    if (run) {
        thread_wake(bottom_half_thread);
    }
}

/* The line of an interrupt that nobody acknowledged stays up and makes no further edge: made up for. */
static void repeat_interrupt(void)
{
    uint64_t flags;

    if (!interrupt_missed || nic_component.state != COMPONENT_RUNNING) {
        return;
    }
    flags = irq_save();
    interrupt_missed = false;
    interrupt();
    irq_restore(flags);
}

/* One round: takes what there is and, when it is time, lets the driver check itself. Returns when (TSC) to come back.
 */
static uint64_t bottom_half(void)
{
    uint64_t now;

    repeat_interrupt();
    receive_all();
    now = time_now();
    if (now >= next_check) {
        next_check = now + time_from_us(TICK_US);
        check();
    }
    return next_check;
}

static void bottom_half_main(void *argument)
{
    (void)argument;
    for (;;) {
        thread_wait_until(bottom_half());
    }
}

void netdev_driver_is_back(void)
{
    thread_wake(bottom_half_thread);
}

static void slot_freed(struct pbuf *frame)
{
    struct rx_slot *slot = (struct rx_slot *)(void *)frame;

    spsc_put(&rx.free, (uint32_t)(slot - rx.slot));
    if (__atomic_load_n(&rx.starved, __ATOMIC_SEQ_CST) != 0 && spsc_count(&rx.free) >= RX_RESUME) {
        __atomic_store_n(&rx.starved, 0u, __ATOMIC_SEQ_CST);
        thread_wake(bottom_half_thread);
    }
}

struct pbuf *netdev_input(unsigned *port)
{
    uint32_t number;
    struct rx_slot *slot;

    if (!spsc_take(&rx.ready, &number)) {
        return NULL;
    }
    slot = &rx.slot[number];
    *port = slot->port;
    slot->custom.custom_free_function = slot_freed;
    return pbuf_alloced_custom(PBUF_RAW, slot->size, PBUF_REF, &slot->custom, slot->data + RX_OFFSET, NIC_MTU_FRAME);
}

/* --- send --- */

/* Without a batch, or if the driver fails in one, frames only leave a little later, or one by one. */
void netdev_batch(bool begin)
{
    struct component_frame frame;
    struct cost_mark mark;

    cost_begin(&mark);
    if (component_enter(&nic_component, &frame) != 0) {
        return;
    }
    if (plain()) {
        begin ? plain_nic_batch_begin() : plain_nic_batch_end();
    } else if (begin) {
        nic_batch_begin();
    } else {
        nic_batch_end();
    }
    component_leave(&frame);
    cost_end(QV_COST_ANNOUNCE, &mark, begin ? 0 : 1);
}

static int transmit(const struct nic_segment *segment, unsigned count)
{
    struct component_frame frame;
    volatile int result = -EAGAIN;
    struct cost_mark mark;

    cost_begin(&mark);
    if (component_enter(&nic_component, &frame) != 0) {
        return -EAGAIN;
    }
    result = plain() ? plain_nic_transmit(segment, count) : nic_transmit(segment, count);
    component_leave(&frame);
    cost_end(QV_COST_TRANSMIT, &mark, result == 0);
    return result;
}

static int send(struct pbuf *frame, bool held)
{
    struct nic_segment segment[TX_SEGMENTS];
    unsigned count = 0;
    int result;

    if (frame->tot_len > NIC_MTU_FRAME) {
        return -EINVAL;
    }
    for (const struct pbuf *part = frame; part != NULL; part = part->next) {
        if (count == TX_SEGMENTS) {
            pbuf_copy_partial(frame, backlog.linear, frame->tot_len, 0);
            segment[0] = (struct nic_segment){.data = backlog.linear, .size = frame->tot_len};
            count = 1;
            break;
        }
        segment[count++] = (struct nic_segment){.data = part->payload, .size = part->len};
    }
    result = transmit(segment, count);
    if (result == 0) {
        web_frame_sent(frame, held);
    }
    return result;
}

static err_t hold(struct pbuf *frame)
{
    if (backlog.head - backlog.tail == BACKLOG) {
        backlog.refused_some = true;
        counters.refused++;
        return ERR_MEM;
    }
    /* While this reference lasts, TCP leaves the segment alone instead of sending it again. */
    pbuf_ref(frame);
    backlog.frame[backlog.head++ & (BACKLOG - 1)] = frame;
    counters.held++;
    return ERR_OK;
}

err_t netdev_output(struct netif *netif, struct pbuf *frame)
{
    int result;

    (void)netif;
    if (backlog.head != backlog.tail) {
        return hold(frame);
    }
    result = send(frame, false);
    if (result == 0) {
        return ERR_OK;
    }
    return result == -EINVAL ? ERR_ARG : hold(frame);
}

bool netdev_flush(void)
{
    while (backlog.head != backlog.tail) {
        struct pbuf *frame = backlog.frame[backlog.tail & (BACKLOG - 1)];
        int result = send(frame, true);

        if (result != 0 && result != -EINVAL) {
            return false;
        }
        backlog.tail++;
        pbuf_free(frame);
    }
    if (backlog.refused_some) {
        backlog.refused_some = false;
        tcp_txnow();
        return backlog.head == backlog.tail;
    }
    return true;
}

const struct netdev_counters *netdev_counters(void)
{
    return &counters;
}

/* --- start --- */

int netdev_start(struct thread *network)
{
    const struct handoff_nic *nic = &handoff->nic[handoff->cfg.sandbox[handoff->id].nic];

    network_thread = network;
    spsc_init(&rx.ready, rx.ready_item, RX_SLOTS);
    spsc_init(&rx.free, rx.free_item, RX_SLOTS);
    for (uint32_t i = 0; i < RX_SLOTS; i++) {
        spsc_put(&rx.free, i);
    }
    bottom_half_thread = thread_create("nic", bottom_half_main, NULL, QV_VCPU_NIC);
    if (bottom_half_thread == NULL) {
        return -ENOMEM;
    }
    irq_register(nic->vector, interrupt);
    return 0;
}
