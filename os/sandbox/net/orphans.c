/* SPDX-License-Identifier: MIT */
#include "orphans.h"

#include "kernel.h"
#include "lwip/etharp.h"
#include "lwip/inet_chksum.h"
#include "lwip/ip4.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/tcp.h"

#define HTTP_PORT    80u
#define BATCH        16u /* segments between two looks at what arrives */
#define ASK_AGAIN_US 10000u
#define QUESTIONS    10u /* that a next hop may leave without an answer */
#define MULTICAST    0xe0000000u

static struct {
    uint32_t addresses; /* bit per sandbox whose clients are to be told */
    unsigned page;      /* status page being read */
    unsigned next;      /* entry of it */
    uint64_t again;     /* when the next hop is asked for again */
    uint32_t hop;       /* that is being asked for, or was last */
    unsigned questions; /* to it; 0 once it is known */
} work;

void orphans_note(const struct tcp_pcb *pcb, unsigned sandbox)
{
    struct qv_connection *entry = &status->connection[status->connection_head % QV_CONNECTIONS];

    entry->port = 0; /* never half an entry */
    entry->remote = ip_2_ip4(&pcb->remote_ip)->addr;
    entry->sandbox = (uint8_t)sandbox;
    __atomic_store_n(&entry->port, pcb->remote_port, __ATOMIC_RELEASE);
    status->connection_head++;
}

void orphans_adopt(unsigned sandbox)
{
    work.addresses |= 1u << sandbox;
    work.page = 0;
    work.next = 0;
    work.questions = 0;
}

/*
 * Of its own page a later incarnation reads what the former one left; what it accepts meanwhile may be among it, and
 * survives a segment that is not acceptable. Others' pages count only if nobody runs there.
 */
static bool abandoned(unsigned page)
{
    uint32_t state = directory()->core[page].state;

    return page == handoff->id ? handoff->incarnation > 1 : state != QV_SB_RUNNING && state != QV_SB_RECOVERING;
}

/* Can there be another host at that address? */
static bool foreign_unicast(const ip4_addr_t *address, const struct netif *netif)
{
    const struct netif *own;

    NETIF_FOREACH(own)
    {
        if (ip4_addr_cmp(address, netif_ip4_addr(own))) {
            return false;
        }
    }
    return lwip_ntohl(address->addr) < MULTICAST && !ip4_addr_isloopback(address) && !ip4_addr_isany_val(*address) &&
           !ip4_addr_isbroadcast(address, netif);
}

enum reach { REACH_NOT_YET, REACH_KNOWN, REACH_NEVER };

/* Is the next hop's address known? It is asked for, and what waited for the answer would be more than ARP keeps. */
static enum reach reach_of(uint32_t address, struct netif *netif)
{
    ip4_addr_t remote = {address};
    const ip4_addr_t *hop =
        ip4_addr_netcmp(&remote, netif_ip4_addr(netif), netif_ip4_netmask(netif)) ? &remote : netif_ip4_gw(netif);
    struct eth_addr *mac;
    const ip4_addr_t *found;

    if (!foreign_unicast(&remote, netif) || !foreign_unicast(hop, netif)) {
        return REACH_NEVER;
    }
    if (etharp_find_addr(netif, hop, &mac, &found) >= 0) {
        work.questions = 0;
        return REACH_KNOWN;
    }
    if (hop->addr != work.hop || work.questions == 0) {
        work.hop = hop->addr;
        work.questions = 0;
        work.again = 0;
    }
    if (time_now() >= work.again) {
        if (work.questions == QUESTIONS) {
            return REACH_NEVER; /* and so are those that follow with the same hop, at once */
        }
        work.questions++;
        work.again = time_now() + time_from_us(ASK_AGAIN_US);
        etharp_query(netif, hop, NULL);
    }
    return REACH_NOT_YET;
}

static void tell(const struct qv_connection *client, struct netif *netif)
{
    ip4_addr_t remote = {client->remote};
    struct pbuf *segment = pbuf_alloc(PBUF_IP, TCP_HLEN, PBUF_RAM);
    struct tcp_hdr *header;

    if (segment == NULL) {
        return;
    }
    header = segment->payload;
    memset(header, 0, TCP_HLEN);
    header->src = lwip_htons(HTTP_PORT);
    header->dest = lwip_htons(client->port);
    header->wnd = lwip_htons(TCP_WND);
    TCPH_HDRLEN_FLAGS_SET(header, TCP_HLEN / 4, TCP_ACK);
    header->chksum = inet_chksum_pseudo(segment, IP_PROTO_TCP, segment->tot_len, netif_ip4_addr(netif), &remote);
    ip4_output_if(segment, netif_ip4_addr(netif), &remote, TCP_TTL, 0, IP_PROTO_TCP, netif);
    pbuf_free(segment);
}

/* False: not yet. */
static bool tell_entry(struct netif *(*interface_of)(unsigned sandbox))
{
    const volatile struct qv_connection *shown = &status_of(work.page)->connection[work.next];
    struct qv_connection client = {
        .port = __atomic_load_n(&shown->port, __ATOMIC_ACQUIRE), .remote = shown->remote, .sandbox = shown->sandbox};
    bool wanted = client.sandbox < QV_MAX_SANDBOXES && (work.addresses & 1u << client.sandbox) != 0;
    struct netif *netif = client.port != 0 && wanted ? interface_of(client.sandbox) : NULL;
    enum reach reach = netif != NULL ? reach_of(client.remote, netif) : REACH_NEVER;

    if (reach == REACH_KNOWN) {
        tell(&client, netif);
    }
    return reach != REACH_NOT_YET;
}

uint64_t orphans_step(struct netif *(*interface_of)(unsigned sandbox))
{
    if (work.addresses == 0) {
        return UINT64_MAX;
    }
    for (unsigned i = 0; i < BATCH; i++) {
        if (work.next == QV_CONNECTIONS || !abandoned(work.page)) {
            work.next = 0;
            work.page++;
        }
        if (work.page == handoff->n_sandboxes) {
            work.addresses = 0;
            return UINT64_MAX;
        }
        if (abandoned(work.page)) {
            if (!tell_entry(interface_of)) {
                return work.again;
            }
            work.next++;
        }
    }
    return 0;
}
