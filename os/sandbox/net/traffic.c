/* SPDX-License-Identifier: MIT */
#include "traffic.h"

#include "cost.h"
#include "kernel.h"
#include "lwip/tcp.h"
#include "lwip/udp.h"
#include "pages.h"

#define UDP_PORT   5000u
#define TCP_PORT   5001u
#define BURST      32u /* datagrams between two looks at received frames */
#define IDLE_US    10000u
#define SETTLE_US  30000u /* from the end of the window to the end of the run: all sandboxes have closed theirs */
#define RETRY_US   100000u
#define MHZ_PER_US 1000000000ull /* events in 1000 s that are one in a microsecond */

struct peer {
    ip_addr_t address;
    uint64_t due;        /* next datagram or write; SENT_WHEN_READY before the machine is ready */
    struct tcp_pcb *pcb; /* the stream, NULL: none */
    bool connected;
    uint64_t retry; /* next attempt to connect */
};

static struct {
    const struct qv_traffic_cfg *cfg;
    bool client;
    bool sender;
    bool streams;
    struct peer peer[QV_MAX_SANDBOXES];
    unsigned peers;
    struct udp_pcb *udp;
    uint64_t interval; /* between two datagrams to one peer; 0: no pace */
    uint64_t end;      /* 0: the machine is not ready */
} traffic;

bool traffic_wanted(void)
{
    return handoff->cfg.cost.traffic.kind != QV_TRAFFIC_NONE;
}

/* --- sinks --- */

static void take_datagram(void *argument, struct udp_pcb *pcb, struct pbuf *data, const ip_addr_t *from, u16_t port)
{
    (void)argument;
    (void)pcb;
    (void)from;
    (void)port;
    cost_payload_in(1, data->tot_len);
    pbuf_free(data);
}

static void forget(void *argument, err_t error)
{
    struct peer *peer = argument;
    (void)error;
    peer->pcb = NULL;
    peer->connected = false;
}

static err_t take_stream(void *argument, struct tcp_pcb *pcb, struct pbuf *data, err_t error)
{
    (void)error;
    if (data == NULL) {
        forget(argument, ERR_CLSD);
        tcp_abort(pcb);
        return ERR_ABRT;
    }
    cost_payload_in(0, data->tot_len);
    tcp_recved(pcb, data->tot_len);
    pbuf_free(data);
    return ERR_OK;
}

/* --- sources --- */

static void send_datagram(struct peer *peer)
{
    struct pbuf *data = pbuf_alloc(PBUF_TRANSPORT, (u16_t)traffic.cfg->bytes, PBUF_ROM);

    if (data == NULL)
        return;
    ((struct pbuf_rom *)(void *)data)->payload = pages_pattern();
    if (udp_sendto(traffic.udp, data, &peer->address, UDP_PORT) == ERR_OK)
        cost_payload_out(1, traffic.cfg->bytes);
    pbuf_free(data);
}

/* As much as the connection takes, or one write where there is a pace. */
static void send_stream(struct peer *peer)
{
    u16_t bytes = (u16_t)traffic.cfg->bytes;

    while (peer->connected && tcp_sndbuf(peer->pcb) >= bytes &&
           tcp_write(peer->pcb, pages_pattern(), bytes, TCP_WRITE_FLAG_MORE) == ERR_OK) {
        cost_payload_out(0, bytes);
        if (traffic.interval != 0)
            break;
    }
    if (peer->connected)
        tcp_output(peer->pcb);
}

static err_t stream_sent(void *argument, struct tcp_pcb *pcb, u16_t bytes)
{
    (void)pcb;
    (void)bytes;
    if (traffic.interval == 0)
        send_stream(argument);
    return ERR_OK;
}

static void attach(struct peer *peer, struct tcp_pcb *pcb)
{
    peer->pcb = pcb;
    tcp_arg(pcb, peer);
    tcp_err(pcb, forget);
    tcp_recv(pcb, take_stream);
    if (traffic.sender)
        tcp_sent(pcb, stream_sent);
    tcp_nagle_disable(pcb);
}

static err_t accepted(void *argument, struct tcp_pcb *pcb, err_t error)
{
    struct peer *peer = &traffic.peer[0];
    (void)argument;
    if (error != ERR_OK || pcb == NULL)
        return ERR_VAL;
    if (peer->pcb != NULL)
        return ERR_MEM; /* the client has one stream with each */
    attach(peer, pcb);
    peer->connected = true;
    if (traffic.sender && traffic.interval == 0)
        send_stream(peer);
    return ERR_OK;
}

static err_t connected(void *argument, struct tcp_pcb *pcb, err_t error)
{
    struct peer *peer = argument;
    (void)pcb;
    (void)error;
    peer->connected = true;
    if (traffic.sender && traffic.interval == 0)
        send_stream(peer);
    return ERR_OK;
}

static void connect(struct peer *peer, uint64_t now)
{
    struct tcp_pcb *pcb;

    if (peer->pcb != NULL || now < peer->retry)
        return;
    peer->retry = now + time_from_us(RETRY_US);
    pcb = tcp_new();
    if (pcb == NULL)
        return;
    attach(peer, pcb);
    if (tcp_connect(pcb, &peer->address, TCP_PORT, connected) != ERR_OK) {
        forget(peer, ERR_MEM);
        tcp_abort(pcb);
    }
}

/* --- the schedule --- */

static void send_due(uint64_t now)
{
    unsigned burst = 0;
    bool more = true;

    while (more && burst < BURST) {
        more = false;
        for (unsigned i = 0; i < traffic.peers; i++) {
            struct peer *peer = &traffic.peer[i];
            if (peer->due > now)
                continue;
            peer->due += traffic.interval;
            burst++;
            if (traffic.streams)
                send_stream(peer);
            else
                send_datagram(peer);
            more = more || peer->due <= now;
        }
    }
}

static uint64_t next_due(uint64_t now)
{
    uint64_t wake = now + time_from_us(IDLE_US);

    for (unsigned i = 0; traffic.sender && traffic.interval != 0 && i < traffic.peers; i++)
        wake = traffic.peer[i].due < wake ? traffic.peer[i].due : wake;
    return wake;
}

static void begin(uint64_t now)
{
    traffic.end = directory()->ready_tsc + time_from_us(handoff->cfg.cost.until_us);
    for (unsigned i = 0; i < traffic.peers; i++) /* not all at the same moment */
        traffic.peer[i].due = now + traffic.interval * i / traffic.peers;
}

uint64_t traffic_step(uint64_t now, bool reached)
{
    if (directory()->machine_state != QV_MACHINE_READY)
        return now + time_from_us(1000);
    if (traffic.end == 0)
        begin(now);
    if (now >= traffic.end) {
        if (!traffic.client)
            return UINT64_MAX;
        if (now < traffic.end + time_from_us(SETTLE_US))
            return traffic.end + time_from_us(SETTLE_US);
        __atomic_store_n(&status->client_done, 1, __ATOMIC_RELEASE);
        return UINT64_MAX;
    }
    if (!reached)
        return now + time_from_us(1000);
    for (unsigned i = 0; traffic.streams && traffic.client && i < traffic.peers; i++)
        connect(&traffic.peer[i], now);
    if (traffic.sender && traffic.interval != 0)
        send_due(now);
    return next_due(now);
}

static void add_peers(void)
{
    uint32_t wanted = traffic.client ? QV_ROLE_WEB : QV_ROLE_CLIENT;

    for (unsigned i = 0; i < handoff->n_sandboxes; i++) {
        const struct qv_sandbox_cfg *cfg = &handoff->cfg.sandbox[i];
        if ((cfg->roles & wanted) != 0 && cfg->ip != 0)
            ip_addr_set_ip4_u32_val(traffic.peer[traffic.peers++].address, lwip_htonl(cfg->ip));
    }
}

void traffic_start(void)
{
    const struct qv_traffic_cfg *cfg = &handoff->cfg.cost.traffic;
    bool to_web = cfg->kind == QV_TRAFFIC_UDP_RECEIVE || cfg->kind == QV_TRAFFIC_TCP_RECEIVE;

    traffic.cfg = cfg;
    traffic.client = (handoff->cfg.sandbox[handoff->id].roles & QV_ROLE_CLIENT) != 0;
    traffic.sender = to_web == traffic.client;
    traffic.streams = cfg->kind == QV_TRAFFIC_TCP_RECEIVE || cfg->kind == QV_TRAFFIC_TCP_SEND;
    if (cfg->rate_mhz != 0)
        traffic.interval = time_from_us(1000u) * (MHZ_PER_US / 1000u) / cfg->rate_mhz;
    add_peers();
    if (traffic.peers == 0)
        return;
    if (!traffic.streams) {
        traffic.udp = udp_new();
        if (traffic.udp != NULL && udp_bind(traffic.udp, IP4_ADDR_ANY, UDP_PORT) == ERR_OK)
            udp_recv(traffic.udp, take_datagram, NULL);
    } else if (!traffic.client) {
        struct tcp_pcb *pcb = tcp_new();
        if (pcb != NULL && tcp_bind(pcb, IP4_ADDR_ANY, TCP_PORT) == ERR_OK)
            tcp_accept(tcp_listen(pcb), accepted);
    }
}
