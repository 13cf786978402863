/* SPDX-License-Identifier: MIT */
/* What lwIP's configuration asks of this port (port.c), of the interfaces (net.c) and of the web server (web.c). */
#ifndef QV_NET_PORT_H
#define QV_NET_PORT_H

#include <stdbool.h>
#include <stdint.h>

struct fs_file;
struct ip4_addr;
struct netif;

/* Sum of the 16-bit words of `data` with end-around carry, as they lie in memory, not inverted. Any alignment. */
uint16_t net_checksum(const void *data, int size);

/* Next draw of this sandbox's stream: repeats exactly for one (seed, sandbox, incarnation). */
uint32_t net_random(void);
uint32_t net_initial_sequence(void);

/* An assertion of lwIP does not hold: says so and stops the sandbox. Does not return. */
_Noreturn void net_assertion_failed(const char *text, const char *file, int line);

/* The interface with this source address, or NULL to let lwIP choose by the destination. */
struct netif *net_route_source(const struct ip4_addr *source);

/* True if the data of this file can change before the peer has acknowledged it. `file` may be NULL. */
bool web_data_volatile(const struct fs_file *file);

#endif
