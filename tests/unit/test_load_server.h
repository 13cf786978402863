/* SPDX-License-Identifier: MIT */
/*
 * A web server for tests, in a child process on loopback: serves the pages that the load generator expects and
 * misbehaves at chosen requests.
 */
#ifndef QV_TEST_LOAD_SERVER_H
#define QV_TEST_LOAD_SERVER_H

#include <stdint.h>
#include <sys/types.h>

enum server_manner {
    SERVER_GOOD = 0,
    SERVER_STALL,      /* the whole server sleeps, then answers */
    SERVER_NEVER,      /* no answer, the connection stays open */
    SERVER_RESET,      /* RST instead of an answer */
    SERVER_CLOSE,      /* closes without an answer */
    SERVER_CUT,        /* closes in the middle of the body */
    SERVER_WRONG_BYTE, /* right length, one byte differs */
    SERVER_WRONG_SIZE, /* one byte too many, announced */
    SERVER_NO_LENGTH,  /* good, but ends by closing */
    SERVER_500,
    SERVER_GARBAGE, /* no HTTP */
    SERVER_DRIP,    /* good, byte by byte */
    SERVER_MANNERS,
};

#define SERVER_PLAN 4096u

/* Shared with the child. */
struct server_shared {
    uint8_t manner[SERVER_PLAN]; /* of the k-th request that arrives; later ones are good */
    uint32_t stall_ms;
    uint32_t requests;       /* that arrived so far */
    uint32_t connections;    /* that were accepted so far */
    uint32_t ports_again;    /* of them, from a port that had been used before */
    uint8_t port_used[8192]; /* bit per port of a client */
    uint64_t stall_begin_ns; /* CLOCK_MONOTONIC */
    uint64_t stall_end_ns;
};

struct server {
    pid_t pid;
    uint16_t port;
    struct server_shared *shared;
};

/* Prepare the plan in shared memory, then start. Both return 0 or a negative errno. */
int server_prepare(struct server *s);
int server_start(struct server *s);
void server_stop(struct server *s);

/* A port on which connections are refused for as long as the returned descriptor is open. */
int server_refusing_port(uint16_t *port);

#endif
