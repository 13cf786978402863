/* SPDX-License-Identifier: MIT */
/*
 * The other end of the wire: a small TCP of its own, independent of lwIP, which checks every checksum it sees, answers
 * ARP, and can open connections, accept them (peer_serve), and lose and repeat things as TCPs do: it sends again after
 * a second, or at the third repeated acknowledgement.
 */
#ifndef QV_TEST_NET_PEER_H
#define QV_TEST_NET_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_CONNECTIONS 64
#define PEER_MSS         1460

enum peer_state { PEER_FREE, PEER_SYN_SENT, PEER_OPEN, PEER_FIN_SENT, PEER_CLOSED };

struct peer {
    enum peer_state state;
    uint32_t remote;
    uint16_t remote_port;
    uint16_t port;
    uint32_t first;       /* sequence number of our first byte */
    uint32_t sent;        /* next sequence number to send */
    uint32_t acked;       /* acknowledged by the other side */
    uint32_t expected;    /* next sequence number from the other side */
    unsigned repeats;     /* of the same acknowledgement */
    unsigned resent;      /* times that something was sent again */
    unsigned fast_resent; /* of them, at the third repeat */
    uint64_t timer;       /* next retransmission, 0 = off */
    bool got_fin;
    bool got_reset;
    bool mute; /* sends nothing, not even acknowledgements */
    bool served;
    uint8_t *out; /* what we send */
    size_t out_size;
    uint8_t *in; /* what we got, in order */
    size_t in_size;
};

/* Opens a connection to port 80 of `remote` from `port`. */
struct peer *peer_open(uint32_t remote, uint16_t port);
void peer_send(struct peer *peer, const char *text);
void peer_send_data(struct peer *peer, const void *data, size_t size);
void peer_close(struct peer *peer);
/* Ends it with a reset, and forgets it. */
void peer_reset(struct peer *peer);
/* Forgets the connection without a word. */
void peer_drop(struct peer *peer);
/* Sends one bare segment of no connection: flags as in the header. */
void peer_stray(uint32_t remote, uint16_t port, uint8_t flags, uint32_t sequence, uint32_t acknowledgement);
/* The last reset that came for no connection of ours: its source address, 0 if none. */
extern uint32_t peer_stray_reset_from;
/* A port whose connection the servers have forgotten: it answers any segment as an open one answers what it cannot
 * accept. */
extern uint16_t peer_orphan;
extern unsigned peer_orphan_asked, peer_orphan_resets; /* segments it got, and of them resets with the right number */

/* Connections to port 80 of the peer are accepted; `serve` is called with each when it has sent a whole request. */
extern void (*peer_serve)(struct peer *peer);
/* SYNs to the peer are answered with a reset, or not at all. */
extern bool peer_refuses, peer_ignores;

/* The peer is not there yet: it hears nothing. */
extern bool peer_absent;

/* ARP: asks who has `address`; the last announcement or answer that came for an address, as bytes of a MAC. */
void peer_ask(uint32_t address);
bool peer_heard_arp(uint32_t address, uint8_t mac[6]);
void peer_forget(uint32_t address);
extern unsigned peer_announcements; /* gratuitous ARP frames */
extern unsigned peer_questions;     /* ARP requests for the peer's address */
/* MAC that the last IP frame from `address` came from. */
bool peer_heard_from(uint32_t address, uint8_t mac[6]);

extern unsigned peer_bad_checksums;

/* For the world. */
void peer_receive(const uint8_t *frame, size_t size);
uint64_t peer_next_timer(void);
void peer_timers(void);

#endif
