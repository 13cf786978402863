/* SPDX-License-Identifier: MIT */
/*
 * HTTP client of a sandbox with QV_ROLE_CLIENT: an open loop of requests, one connection each, as handoff->cfg.client
 * says. The schedule begins when the machine is ready and goes on for duration_us. Request i is due at its time of the
 * schedule (arrivals.h) whatever became of the earlier ones; if all `connections` are in use it waits, and its time
 * limit runs. Requests due in the first warmup_us are made but neither counted nor traced, and left out as long as the
 * server's address is not known on the network (a NIC may need a second to start).
 *
 * A reply is good if its status is 200 and its body is the page asked for, byte for byte. Counts client_sent,
 * client_good, client_errors, client_lost (no whole reply within timeout_us of the due time); traces CLIENT_SEND and
 * CLIENT_DONE with enum client_result. When every request has its result, status->client_done becomes 1.
 *
 * Nothing depends on anything but time and seed. All on the network thread.
 */
#ifndef QV_NET_CLIENT_H
#define QV_NET_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "qv/trace.h" /* enum qv_client_result */

#define CLIENT_MAX_CONNECTIONS 512u

/* Prepares the client; `own` is its address, host order. After lwip_init(), with the interface up. */
void client_start(uint32_t own);

/*
 * Does what is due at `now` (TSC); returns the time at which to come back at the latest. `reached`: the server's
 * address is known, or nobody waits for it any more.
 */
uint64_t client_step(uint64_t now, bool reached);

#endif
