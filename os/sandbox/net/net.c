/* SPDX-License-Identifier: MIT */
#include "net.h"

#include "client.h"
#include "component.h"
#include "flood.h"
#include "kernel.h"
#include "lwip/etharp.h"
#include "lwip/init.h"
#include "lwip/priv/tcp_priv.h"
#include "netdev.h"
#include "netif/ethernet.h"
#include "nic/nic.h"
#include "orphans.h"
#include "traffic.h"
#include "web.h"

#define FRAME_BATCH    32u /* frames between two looks at timers and requests */
#define RETRY_US       1000u
#define MTU            1500u
#define DUPLICATE_ACKS 3   /* RFC 5681: so many make the peer send again without waiting for its timer */
#define ARP_TARGET     38u /* of the target's address in an ARP frame */
#define ARP_BYTES      42u
#define REACH_RETRY_US 100000u
#define REACH_LIMIT_US 1500000u

/* A neighbour that this sandbox's service has to do with: when it answers, the NIC works in both directions. */
static struct {
    ip4_addr_t address; /* 0: reached, or there is none to wait for */
    uint64_t limit;     /* then it is not waited for any more */
    uint64_t again;     /* next question */
} reach;

enum operation { OPERATION_REINIT = 1, OPERATION_TAKEOVER = 2 };

struct interface {
    struct netif netif;
    unsigned sandbox;
};

static struct thread *network;
static struct interface interface[QV_MAX_SANDBOXES];
static unsigned interfaces;
static bool started;
static bool ready;
static bool resume_due; /* connections are to be resumed after a recovery */
static struct {
    uint64_t arp;
    uint64_t tcp; /* 0: not running, there is no connection */
} timer;

/* One at a time: posted by the recovery thread, done by the network thread. */
static struct {
    enum operation operation;
    unsigned sandbox;
    bool first_reply; /* the next reply from there is the first of a recovery */
    int result;
    struct thread *waiter;
    uint32_t posted; /* number of the last operation posted */
    uint32_t done;   /* number of the last operation done */
} request;

/* --- interfaces --- */

struct netif *net_route_source(const struct ip4_addr *source)
{
    if (source != NULL) {
        for (unsigned i = 0; i < interfaces; i++) {
            if (netif_ip4_addr(&interface[i].netif)->addr == source->addr) {
                return &interface[i].netif;
            }
        }
    }
    return NULL;
}

static err_t interface_init(struct netif *netif)
{
    const struct interface *self = netif->state;

    netif->name[0] = 'n';
    netif->name[1] = (char)('0' + self->sandbox);
    netif->output = etharp_output;
    netif->linkoutput = netdev_output;
    netif->mtu = MTU;
    netif->hwaddr_len = ETH_HWADDR_LEN;
    memcpy(netif->hwaddr, handoff->cfg.sandbox[self->sandbox].mac, ETH_HWADDR_LEN);
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
    return ERR_OK;
}

/* Adds the interface of `sandbox`, brings it up, and so announces its address. */
static struct interface *add_interface(unsigned sandbox)
{
    const struct qv_sandbox_cfg *cfg = &handoff->cfg.sandbox[sandbox];
    struct interface *self = &interface[interfaces++];
    ip4_addr_t address = {lwip_htonl(cfg->ip)};
    ip4_addr_t netmask = {lwip_htonl(cfg->netmask)};
    ip4_addr_t gateway = {lwip_htonl(cfg->gateway)};

    self->sandbox = sandbox;
    netif_add(&self->netif, &address, &netmask, &gateway, self, interface_init, ethernet_input);
    netif_set_up(&self->netif);
    trace(QV_TRACE_ARP_ANNOUNCE, cfg->ip, 0);
    return self;
}

static struct interface *interface_of(unsigned sandbox)
{
    for (unsigned i = 0; i < interfaces; i++) {
        if (interface[i].sandbox == sandbox) {
            return &interface[i];
        }
    }
    return NULL;
}

static struct netif *netif_of(unsigned sandbox)
{
    struct interface *found = interface_of(sandbox);

    return found != NULL ? &found->netif : NULL;
}

unsigned net_sandbox_of(const struct netif *netif)
{
    return ((const struct interface *)netif->state)->sandbox;
}

/* A broadcast comes once for all interfaces: an ARP request belongs to the one that it asks for. */
static struct netif *interface_for(const struct pbuf *frame, unsigned port)
{
    const uint8_t *data = frame->payload;
    struct interface *found;
    ip4_addr_t asked;
    struct netif *netif;

    if (frame->len >= ARP_BYTES && data[12] == 0x08 && data[13] == 0x06) {
        memcpy(&asked, data + ARP_TARGET, sizeof(asked));
        netif = net_route_source(&asked);
        if (netif != NULL) {
            return netif;
        }
    }
    found = interface_of(port);
    return found != NULL ? &found->netif : &interface[0].netif;
}

/* --- recovery --- */

static bool is_synchronized(const struct tcp_pcb *pcb)
{
    return pcb->state >= ESTABLISHED && pcb->state != TIME_WAIT;
}

/*
 * What was on its way when the device failed is lost in both directions. Waiting for timers would cost a second: here
 * everything unacknowledged is sent again, and repeated acknowledgements tell the peers to do the same.
 */
static void resume_connections(void)
{
    struct tcp_pcb *next;

    for (struct tcp_pcb *pcb = tcp_active_pcbs; pcb != NULL; pcb = next) {
        next = pcb->next;
        if (is_synchronized(pcb)) {
            for (int i = 0; i < DUPLICATE_ACKS; i++) {
                tcp_send_empty_ack(pcb);
            }
        }
        if (tcp_rexmit_rto_prepare(pcb) == ERR_OK) {
            pcb->rtime = 0;
            tcp_rexmit_rto_commit(pcb);
        } else {
            tcp_output(pcb);
        }
    }
}

static int reinit(void)
{
    web_expect_first_reply(0);
    for (unsigned i = 0; i < interfaces; i++) {
        netif_set_link_down(&interface[i].netif);
        netif_set_link_up(&interface[i].netif);
        trace(QV_TRACE_ARP_ANNOUNCE, handoff->cfg.sandbox[interface[i].sandbox].ip, 0);
    }
    resume_due = true;
    return 0;
}

static int driver_takeover(unsigned sandbox)
{
    struct component_frame frame;
    volatile int result = -EIO;

    if (component_enter(&nic_component, &frame) != 0) {
        return -EIO;
    }
    result = nic_takeover(sandbox);
    component_leave(&frame);
    return result;
}

static int takeover(unsigned sandbox, bool first_reply)
{
    struct interface *taken = interface_of(sandbox);
    int result;

    result = driver_takeover(sandbox);
    if (result != 0) {
        return result;
    }
    /* Frames may be queued for it already; this thread looks at them only after the interface is there. */
    if (taken == NULL) {
        taken = add_interface(sandbox);
    } else { /* its own sandbox had it in between: announced again */
        netif_set_link_down(&taken->netif);
        netif_set_link_up(&taken->netif);
        trace(QV_TRACE_ARP_ANNOUNCE, handoff->cfg.sandbox[sandbox].ip, 0);
    }
    orphans_adopt(sandbox);
    if (first_reply) {
        web_expect_first_reply(netif_ip4_addr(&taken->netif)->addr);
    }
    return 0;
}

static void serve_request(void)
{
    uint32_t posted = __atomic_load_n(&request.posted, __ATOMIC_ACQUIRE);

    if (posted == request.done) {
        return;
    }
    request.result = request.operation == OPERATION_REINIT ? reinit() : takeover(request.sandbox, request.first_reply);
    __atomic_store_n(&request.done, posted, __ATOMIC_RELEASE);
    thread_wake(request.waiter);
    if (resume_due) {
        resume_due = false;
        netdev_driver_is_back();
        netdev_batch(true);
        netdev_flush();
        resume_connections();
        netdev_batch(false);
    }
}

static int post(enum operation operation, unsigned sandbox, bool first_reply)
{
    uint64_t deadline = time_now() + time_from_us(NET_REQUEST_US);
    uint32_t number = request.posted + 1;

    if (network == NULL) {
        return -ENODEV;
    }
    request.operation = operation;
    request.sandbox = sandbox;
    request.first_reply = first_reply;
    request.waiter = thread_self();
    __atomic_store_n(&request.posted, number, __ATOMIC_RELEASE);
    thread_wake(network);
    while (__atomic_load_n(&request.done, __ATOMIC_ACQUIRE) != number) {
        if (!thread_wait_until(deadline) && __atomic_load_n(&request.done, __ATOMIC_ACQUIRE) != number) {
            return -ETIMEDOUT;
        }
    }
    return request.result;
}

int net_reinit(void)
{
    return post(OPERATION_REINIT, handoff->id, true);
}

int net_takeover(unsigned sandbox, bool first_reply)
{
    if (sandbox >= handoff->n_sandboxes || handoff->cfg.sandbox[sandbox].ip == 0) {
        return -EINVAL;
    }
    return post(OPERATION_TAKEOVER, sandbox, first_reply);
}

/* --- the network thread --- */

/* The services start when the network thread first runs. */
static void start_services(void)
{
    const struct qv_sandbox_cfg *cfg = &handoff->cfg.sandbox[handoff->id];

    if (cfg->ip != 0) {
        add_interface(handoff->id);
        reach.address.addr = lwip_htonl(cfg->roles & QV_ROLE_CLIENT ? handoff->cfg.client.target_ip : cfg->gateway);
        reach.limit = time_now() + time_from_us(handoff->incarnation > 1 ? 0 : REACH_LIMIT_US);
    }
    if (cfg->roles & (QV_ROLE_WEB | QV_ROLE_STANDBY)) {
        web_start();
        if (handoff->incarnation > 1) {
            orphans_adopt(handoff->id);
            web_expect_first_reply(0);
        }
    }
    if (traffic_wanted()) {
        traffic_start();
    } else if (cfg->roles & QV_ROLE_CLIENT) {
        client_start(cfg->ip);
    }
    flood_start();
}

/*
 * Asks for the neighbour until it answers; so its address is also known before the first reply needs it. QEMU's 82540EM
 * receives nothing for a second after it was started.
 */
static bool reached(uint64_t now)
{
    struct netif *own = &interface[0].netif;
    struct eth_addr *mac;
    const ip4_addr_t *found;

    if (reach.address.addr == 0) {
        return true;
    }
    if (reach.again <= now) {
        reach.again = now + time_from_us(REACH_RETRY_US);
        etharp_query(own, &reach.address, NULL);
    }
    if (etharp_find_addr(own, &reach.address, &mac, &found) < 0 && now < reach.limit) {
        return false;
    }
    reach.address.addr = 0;
    return true;
}

/* The service counts as up when its announcement has left and its neighbour was heard. */
static void announce_services(void)
{
    ready = true;
    status->service_up = 1;
    trace(QV_TRACE_SERVICE_READY, handoff->cfg.sandbox[handoff->id].roles, 0);
}

static bool take_frames(void)
{
    for (unsigned i = 0; i < FRAME_BATCH; i++) {
        unsigned port;
        struct pbuf *frame = netdev_input(&port);
        struct netif *netif;

        if (frame == NULL) {
            return false;
        }
        if (interfaces == 0 || flood_reply(frame)) {
            pbuf_free(frame);
            continue;
        }
        netif = interface_for(frame, port);
        if (netif->input(frame, netif) != ERR_OK) {
            pbuf_free(frame);
        }
    }
    return true;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/*
 * lwIP's timers. Each is set anew before it is run: should this thread be lost in it, it is not the last time. Returns
 * when (TSC) the next is due.
 */
static uint64_t run_timers(uint64_t now)
{
    const uint64_t arp = time_from_us(ARP_TMR_INTERVAL * 1000ull);
    const uint64_t tcp = time_from_us(TCP_TMR_INTERVAL * 1000ull);

    if (timer.arp <= now) {
        timer.arp = now + arp;
        etharp_tmr();
    }
    if (tcp_active_pcbs == NULL && tcp_tw_pcbs == NULL) {
        timer.tcp = 0;
        return timer.arp;
    }
    if (timer.tcp == 0) {
        timer.tcp = now + tcp;
    } else if (timer.tcp <= now) {
        timer.tcp = timer.tcp + tcp > now ? timer.tcp + tcp : now + tcp;
        tcp_tmr();
    }
    return earlier(timer.arp, timer.tcp);
}

/* One round of the network thread. Returns when (TSC) to come back at the latest; now if there is more to do. */
static uint64_t step(void)
{
    bool more, sent, heard;
    uint64_t now, wake, orphans;

    serve_request();
    netdev_batch(true);
    more = take_frames();
    orphans = orphans_step(netif_of);
    now = time_now();
    wake = earlier(run_timers(now), orphans);
    heard = reached(now);
    if (traffic_wanted()) {
        wake = earlier(wake, traffic_step(now, heard));
    } else if (handoff->cfg.sandbox[handoff->id].roles & QV_ROLE_CLIENT) {
        wake = earlier(wake, client_step(now, heard));
    }
    if (interfaces > 0) {
        wake = earlier(wake, flood_step(&interface[0].netif, now));
    }
    sent = netdev_flush();
    netdev_batch(false);
    if (!ready && sent && heard) {
        announce_services();
    }
    if (!heard) {
        wake = earlier(wake, reach.again);
    }
    if (!sent) {
        wake = earlier(wake, now + time_from_us(RETRY_US));
    }
    return more ? now : wake;
}

static void network_main(void *argument)
{
    (void)argument;
    if (!started) {
        started = true;
        start_services();
    } else {
        web_abandon(); /* a fault killed this thread, and recovery brought it back */
    }
    for (;;) {
        uint64_t wake = step();

        if (wake > time_now()) {
            thread_wait_until(wake);
        }
    }
}

int net_start(void)
{
    const struct qv_sandbox_cfg *cfg = &handoff->cfg.sandbox[handoff->id];

    if (cfg->nic >= QV_MAX_NICS || !handoff->nic[cfg->nic].present ||
        (cfg->ip == 0 && (cfg->roles & QV_ROLE_STANDBY) == 0)) {
        return -ENODEV;
    }
    lwip_init();
    network = thread_create("net", network_main, NULL, QV_VCPU_SERVICE);
    return network == NULL ? -ENOMEM : netdev_start(network);
}

/* Connection number `i` of a list, or `i` less their number. */
static const struct tcp_pcb *nth(const struct tcp_pcb *list, unsigned *i)
{
    while (list != NULL && *i > 0) {
        list = list->next;
        --*i;
    }
    return list;
}

size_t net_live_data(unsigned i, const void **base)
{
    const struct tcp_pcb *const lists[] = {tcp_active_pcbs, tcp_tw_pcbs};
    const void *const heads[] = {&tcp_active_pcbs, &tcp_tw_pcbs, &tcp_listen_pcbs};

    if (i < interfaces) {
        *base = &interface[i];
        return sizeof(interface[i]);
    }
    i -= interfaces;
    if (i < sizeof(heads) / sizeof(heads[0])) {
        *base = heads[i];
        return sizeof(void *);
    }
    i -= (unsigned)(sizeof(heads) / sizeof(heads[0]));
    for (unsigned k = 0; k < sizeof(lists) / sizeof(lists[0]); k++) {
        *base = nth(lists[k], &i);
        if (*base != NULL) {
            return sizeof(struct tcp_pcb);
        }
    }
    *base = tcp_listen_pcbs.listen_pcbs;
    return i == 0 && *base != NULL ? sizeof(struct tcp_pcb_listen) : 0;
}
