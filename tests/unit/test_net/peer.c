/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

#include "world.h"

#define ORPHAN_EXPECTS   4242424u
#define RETRANSMIT_TICKS 1000000000ull
#define HEADERS          54u
#define FIN              1u
#define SYN              2u
#define RST              4u
#define PSH              8u
#define ACK              16u
#define HOSTS            8
#define WINDOW           60000u

static const uint8_t own_mac[6] = {0x52, 0x55, 0x0a, 0x00, 0x02, 0x02};
static struct peer peers[PEER_CONNECTIONS];
static struct {
    uint32_t address;
    uint8_t arp_mac[6];
    uint8_t ip_mac[6];
    bool arp, ip;
} hosts[HOSTS];
static uint32_t next_sequence = 0xfffff000u; /* wraps soon: that is to be right, too */

void (*peer_serve)(struct peer *peer);
bool peer_refuses, peer_ignores;
bool peer_absent;
uint32_t peer_stray_reset_from;
uint16_t peer_orphan;
unsigned peer_orphan_asked, peer_orphan_resets;
unsigned peer_announcements;
unsigned peer_questions;
unsigned peer_bad_checksums;

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value);
}

/* The Internet checksum as the book has it, byte by byte. */
static uint16_t checksum(const uint8_t *data, size_t size, uint32_t sum)
{
    for (size_t i = 0; i < size; i++) {
        sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
        sum = (sum & 0xffffu) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static uint32_t pseudo_header(const uint8_t *ip, size_t tcp_size)
{
    uint32_t sum = 6 + (uint32_t)tcp_size;

    for (unsigned i = 12; i < 20; i += 2) {
        sum += get16(ip + i);
    }
    return (sum & 0xffffu) + (sum >> 16);
}

static void mac_of(uint32_t address, uint8_t mac[6])
{
    if (!peer_heard_arp(address, mac)) {
        memcpy(mac, world_handoff.cfg.sandbox[address == WORLD_OTHER ? 1 : 0].mac, 6);
    }
}

static void send_segment(uint32_t to, uint16_t port, uint16_t to_port, uint8_t flags, uint32_t sequence,
                         uint32_t acknowledgement, const uint8_t *data, size_t size)
{
    uint8_t frame[NIC_MTU_FRAME] = {0};
    uint8_t *ip = frame + 14;
    uint8_t *tcp = ip + 20;

    mac_of(to, frame);
    memcpy(frame + 6, own_mac, 6);
    put16(frame + 12, 0x0800);
    ip[0] = 0x45;
    ip[8] = 64;
    ip[9] = 6;
    put32(ip + 12, WORLD_PEER);
    put32(ip + 16, to);
    put16(tcp, port);
    put16(tcp + 2, to_port);
    put32(tcp + 4, sequence);
    put32(tcp + 8, acknowledgement);
    tcp[12] = 5 << 4;
    tcp[13] = flags;
    put16(tcp + 14, WINDOW);
    if (flags & SYN) {
        static const uint8_t option[4] = {2, 4, PEER_MSS >> 8, PEER_MSS & 255};

        data = option;
        size = sizeof(option);
        tcp[12] = 6 << 4;
    }
    if (size > 0) {
        memcpy(tcp + 20, data, size);
    }
    put16(ip + 2, (uint32_t)(40 + size));
    put16(ip + 10, checksum(ip, 20, 0));
    put16(tcp + 16, checksum(tcp, 20 + size, pseudo_header(ip, 20 + size)));
    world_wire_put(frame, HEADERS + size < 60 ? 60 : HEADERS + size);
}

static void send_ack(const struct peer *peer)
{
    if (!peer->mute) {
        send_segment(peer->remote, peer->port, peer->remote_port, ACK, peer->sent, peer->expected, NULL, 0);
    }
}

/* Sends everything from `from` on: data, and the FIN behind it. */
static void send_from(struct peer *peer, uint32_t from)
{
    uint32_t end = peer->first + (uint32_t)peer->out_size;

    if (peer->state == PEER_SYN_SENT) {
        send_segment(peer->remote, peer->port, peer->remote_port, SYN, peer->first - 1, 0, NULL, 0);
    }
    while (peer->state != PEER_SYN_SENT && from != end) {
        uint32_t size = end - from < PEER_MSS ? end - from : PEER_MSS;

        send_segment(peer->remote, peer->port, peer->remote_port, ACK | PSH, from, peer->expected,
                     peer->out + (from - peer->first), size);
        from += size;
    }
    if (peer->state == PEER_FIN_SENT) {
        send_segment(peer->remote, peer->port, peer->remote_port, ACK | FIN, end, peer->expected, NULL, 0);
        from = end + 1;
    }
    if (from - peer->sent < 0x80000000u) {
        peer->sent = from;
    }
    peer->timer = world_time() + RETRANSMIT_TICKS;
}

static struct peer *find(uint32_t remote, uint16_t remote_port, uint16_t port)
{
    for (unsigned i = 0; i < PEER_CONNECTIONS; i++) {
        struct peer *peer = &peers[i];

        if (peer->state != PEER_FREE && peer->remote == remote && peer->remote_port == remote_port &&
            peer->port == port) {
            return peer;
        }
    }
    return NULL;
}

static struct peer *create(uint32_t remote, uint16_t remote_port, uint16_t port)
{
    for (unsigned i = 0; i < PEER_CONNECTIONS; i++) {
        struct peer *peer = &peers[i];

        if (peer->state == PEER_FREE) {
            *peer = (struct peer){.remote = remote, .remote_port = remote_port, .port = port};
            peer->first = next_sequence + 1;
            peer->sent = peer->acked = peer->first;
            next_sequence += 100000;
            return peer;
        }
    }
    abort();
}

struct peer *peer_open(uint32_t remote, uint16_t port)
{
    struct peer *peer = create(remote, 80, port);

    peer->state = PEER_SYN_SENT;
    send_from(peer, peer->first);
    return peer;
}

void peer_send_data(struct peer *peer, const void *data, size_t size)
{
    uint32_t from = peer->first + (uint32_t)peer->out_size;

    peer->out = realloc(peer->out, peer->out_size + size);
    memcpy(peer->out + peer->out_size, data, size);
    peer->out_size += size;
    if (peer->state == PEER_OPEN) {
        send_from(peer, from);
    }
}

void peer_send(struct peer *peer, const char *text)
{
    peer_send_data(peer, text, strlen(text));
}

void peer_close(struct peer *peer)
{
    if (peer->state == PEER_OPEN) {
        peer->state = PEER_FIN_SENT;
        send_from(peer, peer->first + (uint32_t)peer->out_size);
    }
}

void peer_reset(struct peer *peer)
{
    send_segment(peer->remote, peer->port, peer->remote_port, RST, peer->sent, 0, NULL, 0);
    peer_drop(peer);
}

void peer_drop(struct peer *peer)
{
    free(peer->in);
    free(peer->out);
    *peer = (struct peer){.state = PEER_FREE};
}

void peer_stray(uint32_t remote, uint16_t port, uint8_t flags, uint32_t sequence, uint32_t acknowledgement)
{
    send_segment(remote, port, 80, flags, sequence, acknowledgement, NULL, 0);
}

static void take_ack(struct peer *peer, uint32_t acknowledgement, bool bare)
{
    if (acknowledgement - peer->acked - 1 < 0x7fffffffu && peer->sent - acknowledgement < 0x80000000u) {
        peer->acked = acknowledgement;
        peer->repeats = 0;
        peer->timer = acknowledgement == peer->sent ? 0 : world_time() + RETRANSMIT_TICKS;
    } else if (acknowledgement == peer->acked && bare && peer->acked != peer->sent && ++peer->repeats == 3) {
        peer->fast_resent++;
        peer->resent++;
        send_from(peer, peer->acked);
    }
}

static void take_data(struct peer *peer, uint32_t sequence, const uint8_t *data, size_t size, bool fin)
{
    uint32_t skip = peer->expected - sequence;

    if (size == 0 && !fin) {
        return;
    }
    if (skip <= size) {
        peer->in = realloc(peer->in, peer->in_size + size - skip + 1);
        memcpy(peer->in + peer->in_size, data + skip, size - skip);
        peer->in_size += size - skip;
        peer->expected += (uint32_t)size - skip;
        peer->in[peer->in_size] = 0;
        if (fin && !peer->got_fin) {
            peer->got_fin = true;
            peer->expected++;
        }
    }
    send_ack(peer);
}

static void accept_connection(uint32_t from, const uint8_t *tcp)
{
    struct peer *peer;

    if (peer_ignores) {
        return;
    }
    if (peer_refuses || get16(tcp + 2) != 80 || peer_serve == NULL) {
        send_segment(from, get16(tcp + 2), get16(tcp), RST | ACK, 0, get32(tcp + 4) + 1, NULL, 0);
        return;
    }
    peer = create(from, get16(tcp), 80);
    peer->state = PEER_OPEN;
    peer->expected = get32(tcp + 4) + 1;
    send_segment(from, 80, peer->remote_port, SYN | ACK, peer->first - 1, peer->expected, NULL, 0);
}

static void receive_tcp(uint32_t from, const uint8_t *tcp, size_t size)
{
    struct peer *peer = find(from, get16(tcp), get16(tcp + 2));
    size_t header = (size_t)(tcp[12] >> 4) * 4;
    uint8_t flags = tcp[13];

    if (peer == NULL) {
        if (peer_orphan != 0 && get16(tcp + 2) == peer_orphan) {
            peer_orphan_asked++;
            if (flags & RST)
                peer_orphan_resets += get32(tcp + 4) == ORPHAN_EXPECTS;
            else
                send_segment(from, peer_orphan, get16(tcp), ACK, 77777, ORPHAN_EXPECTS, NULL, 0);
        } else if (flags & RST) {
            peer_stray_reset_from = from;
        } else if (flags == SYN) {
            accept_connection(from, tcp);
        } else {
            send_segment(from, get16(tcp + 2), get16(tcp), RST, get32(tcp + 8), 0, NULL, 0);
        }
        return;
    }
    if (flags & RST) {
        peer->got_reset = true;
        peer->timer = 0;
        return;
    }
    if (peer->state == PEER_SYN_SENT) {
        if ((flags & (SYN | ACK)) != (SYN | ACK)) {
            return;
        }
        peer->expected = get32(tcp + 4) + 1;
        peer->state = PEER_OPEN;
        peer->timer = 0;
        send_ack(peer);
        if (peer->out_size > 0) {
            send_from(peer, peer->first);
        }
        return;
    }
    if (flags & SYN) {
        send_ack(peer); /* the other side has not heard that we are open */
        return;
    }
    if (flags & ACK) {
        take_ack(peer, get32(tcp + 8), size == header && (flags & (FIN | SYN)) == 0);
    }
    take_data(peer, get32(tcp + 4), tcp + header, size - header, (flags & FIN) != 0);
    if (peer_serve != NULL && !peer->served && peer->port == 80 && peer->in_size >= 4 &&
        memcmp(peer->in + peer->in_size - 4, "\r\n\r\n", 4) == 0) {
        peer->served = true;
        peer_serve(peer);
    }
    if (peer->port == 80 && peer->state == PEER_FIN_SENT && peer->got_fin && peer->acked == peer->sent) {
        peer_drop(peer); /* nobody holds on to a connection that was accepted */
    }
}

/* --- ARP --- */

static unsigned host(uint32_t address)
{
    for (unsigned i = 0; i < HOSTS; i++) {
        if (hosts[i].address == address || hosts[i].address == 0) {
            hosts[i].address = address;
            return i;
        }
    }
    abort();
}

static void send_arp(uint16_t operation, const uint8_t to[6], uint32_t target, const uint8_t target_mac[6])
{
    uint8_t frame[60] = {0};

    memcpy(frame, to, 6);
    memcpy(frame + 6, own_mac, 6);
    memcpy(frame + 12, (const uint8_t[8]){8, 6, 0, 1, 8, 0, 6, 4}, 8);
    put16(frame + 20, operation);
    memcpy(frame + 22, own_mac, 6);
    put32(frame + 28, WORLD_PEER);
    memcpy(frame + 32, target_mac, 6);
    put32(frame + 38, target);
    world_wire_put(frame, sizeof(frame));
}

static void receive_arp(const uint8_t *arp)
{
    uint32_t sender = get32(arp + 14);
    uint32_t target = get32(arp + 24);
    unsigned i = host(sender);

    memcpy(hosts[i].arp_mac, arp + 8, 6);
    hosts[i].arp = true;
    if (sender == target) {
        peer_announcements++;
    } else if (get16(arp + 6) == 1 && target == WORLD_PEER) {
        peer_questions++;
        send_arp(2, arp + 8, sender, arp + 8);
    }
}

void peer_forget(uint32_t address)
{
    hosts[host(address)].arp = false;
}

void peer_ask(uint32_t address)
{
    static const uint8_t everybody[6] = {255, 255, 255, 255, 255, 255};
    static const uint8_t nobody[6];

    send_arp(1, everybody, address, nobody);
}

bool peer_heard_arp(uint32_t address, uint8_t mac[6])
{
    unsigned i = host(address);

    memcpy(mac, hosts[i].arp_mac, 6);
    return hosts[i].arp;
}

bool peer_heard_from(uint32_t address, uint8_t mac[6])
{
    unsigned i = host(address);

    memcpy(mac, hosts[i].ip_mac, 6);
    return hosts[i].ip;
}

/* --- for the world --- */

void peer_receive(const uint8_t *frame, size_t size)
{
    const uint8_t *ip = frame + 14;
    size_t tcp_size;
    unsigned i;

    if (peer_absent) {
        return;
    }
    if (size >= 42 && get16(frame + 12) == 0x0806) {
        receive_arp(ip);
        return;
    }
    if (size < HEADERS || get16(frame + 12) != 0x0800 || ip[0] != 0x45 || ip[9] != 6 || get32(ip + 16) != WORLD_PEER ||
        14u + get16(ip + 2) > size) {
        return;
    }
    tcp_size = get16(ip + 2) - 20u;
    if (checksum(ip, 20, 0) != 0 || checksum(ip + 20, tcp_size, pseudo_header(ip, tcp_size)) != 0) {
        peer_bad_checksums++;
        return;
    }
    i = host(get32(ip + 12));
    memcpy(hosts[i].ip_mac, frame + 6, 6);
    hosts[i].ip = true;
    receive_tcp(get32(ip + 12), ip + 20, tcp_size);
}

uint64_t peer_next_timer(void)
{
    uint64_t next = UINT64_MAX;

    for (unsigned i = 0; i < PEER_CONNECTIONS; i++) {
        if (peers[i].timer != 0 && peers[i].timer < next) {
            next = peers[i].timer;
        }
    }
    return next;
}

void peer_timers(void)
{
    for (unsigned i = 0; i < PEER_CONNECTIONS; i++) {
        if (peers[i].timer != 0 && peers[i].timer <= world_time()) {
            peers[i].resent++;
            send_from(&peers[i], peers[i].acked);
        }
    }
}
