/* SPDX-License-Identifier: MIT */
/*
 * The network of a sandbox: lwIP and its web server on one thread (QV_VCPU_SERVICE), fed by the NIC's bottom half
 * (QV_VCPU_NIC). What is served and to whom follows from handoff->cfg: a WEB or STANDBY sandbox serves the pages of
 * pages.h on port 80 of all its addresses, a CLIENT sandbox makes requests (client.h).
 *
 * A posted operation is executed by the network thread; the caller, a thread, waits for it, at most NET_REQUEST_US.
 */
#ifndef QV_NET_NET_H
#define QV_NET_NET_H

#include <stdbool.h>
#include <stddef.h>

struct netif;

#define NET_REQUEST_US 500000u

/*
 * Starts the network: threads, interface, listening socket. To be called once, when thread_create() works and the NIC
 * component is running and attached. Returns at once; status->service_up and the trace record SERVICE_READY (service =
 * this sandbox's roles) follow when the address has been announced and the gateway (a client's server) has answered,
 * which shows that the NIC receives; after 1.5 s, or in a later incarnation, that is not waited for. 0; -ENODEV if the
 * configuration names no NIC or no address, or there is no such NIC; -ENOMEM.
 */
int net_start(void);

/*
 * After this sandbox's driver was re-initialised: interface down and up (no connection and no listening socket is
 * lost) and address announced. To be called with the NIC component running. 0, -ENODEV if the network is not started,
 * -ETIMEDOUT if the network thread did not answer (it will still do it). Having let the caller go, the network thread
 * resumes the connections: frames held back are sent, and everything unacknowledged is sent again at once, on both
 * sides, for three acknowledgements make the peer resend what it lost.
 */
int net_reinit(void);

/*
 * Serves the address of `sandbox` from here, too: takes its virtual interface over in the driver, adds the interface
 * and announces the address (again, if it had it already). `first_reply`: the next good reply from there is the first
 * of a recovery. 0, -EINVAL if it has no address, -ENODEV, -ETIMEDOUT as above, or the driver's error.
 */
int net_takeover(unsigned sandbox, bool first_reply);

/*
 * For fault models: what the network works with just now, piece by piece: its interfaces, the lists of connections and
 * the connections in them. The bytes of piece `i`, 0 behind the last.
 */
size_t net_live_data(unsigned i, const void **base);

/* The sandbox whose address an interface of this network has. */
unsigned net_sandbox_of(const struct netif *netif);

/*
 * Provided by the recovery code: the first good reply (status 200, last byte handed to the NIC) since the last
 * net_reinit(), net_takeover() or restart. Called on the network thread once for each of them, after the trace record
 * FIRST_REPLY; it may come before the operation has returned to its caller.
 */
void recovery_first_reply(void);

#endif
