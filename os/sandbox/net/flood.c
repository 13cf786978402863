/* SPDX-License-Identifier: MIT */
#include "flood.h"

#include "kernel.h"
#include "lwip/inet_chksum.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"

#define BATCH       32u /* requests in one step: then frames are looked at again */
#define POLL_US     1000u
#define ETH_BYTES   14u
#define IP_BYTES    20u
#define ICMP_BYTES  8u
#define HEADERS     (ETH_BYTES + IP_BYTES + ICMP_BYTES)
#define FRAME_MAX   1514u
#define PROTO_ICMP  1u
#define ECHO        8u
#define ECHO_REPLY  0u
#define IDENTIFIER  0x5156u
#define IP_TTL_HOPS 64u

static struct {
    const struct qv_work_cfg *cfg; /* NULL: no flood */
    uint64_t due;                  /* 0: not begun */
    uint64_t end;
    uint16_t sequence;
    uint8_t frame[FRAME_MAX];
} flood;

static void put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, (uint16_t)(value >> 16));
    put16(at + 2, (uint16_t)value);
}

/* lwIP sums words in network order and gives the sum in that order, too. */
static void put_sum(uint8_t *at, const uint8_t *data, uint16_t size)
{
    uint16_t sum = inet_chksum(data, size);
    memcpy(at, &sum, sizeof(sum));
}

static void build(uint32_t own, uint32_t target, const uint8_t *own_mac, const uint8_t *target_mac, uint32_t size)
{
    uint8_t *ip = flood.frame + ETH_BYTES;
    uint8_t *icmp = ip + IP_BYTES;

    memcpy(flood.frame, target_mac, 6);
    memcpy(flood.frame + 6, own_mac, 6);
    put16(flood.frame + 12, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, (uint16_t)(size - ETH_BYTES));
    ip[8] = IP_TTL_HOPS;
    ip[9] = PROTO_ICMP;
    put32(ip + 12, own);
    put32(ip + 16, target);
    put_sum(ip + 10, ip, IP_BYTES);
    icmp[0] = ECHO;
    put16(icmp + 4, IDENTIFIER);
    for (uint32_t i = HEADERS; i < size; i++)
        flood.frame[i] = (uint8_t)i;
}

void flood_start(void)
{
    const struct qv_bootcfg *cfg = &handoff->cfg;
    const struct qv_sandbox_cfg *own = &cfg->sandbox[handoff->id];

    for (uint32_t i = 0; i < cfg->n_work && i < QV_MAX_WORK; i++) {
        const struct qv_work_cfg *work = &cfg->work[i];
        if (work->kind != QV_WORK_FLOOD || work->sandbox != handoff->id || work->target >= handoff->n_sandboxes ||
            work->bytes < HEADERS || work->bytes > FRAME_MAX) {
            continue;
        }
        flood.cfg = work;
        build(own->ip, cfg->sandbox[work->target].ip, own->mac, cfg->sandbox[work->target].mac, work->bytes);
    }
}

static bool begin(void)
{
    if (directory()->machine_state < QV_MACHINE_READY) {
        return false;
    }
    flood.due = directory()->ready_tsc + time_from_us(flood.cfg->after_us);
    flood.end = flood.cfg->until_us ? directory()->ready_tsc + time_from_us(flood.cfg->until_us) : UINT64_MAX;
    return true;
}

static void send_one(struct netif *netif)
{
    uint16_t size = (uint16_t)flood.cfg->bytes;
    uint8_t *icmp = flood.frame + ETH_BYTES + IP_BYTES;
    struct pbuf *frame = pbuf_alloc(PBUF_RAW, size, PBUF_RAM);

    put16(icmp + 6, flood.sequence++);
    put16(icmp + 2, 0);
    put_sum(icmp + 2, icmp, (uint16_t)(size - ETH_BYTES - IP_BYTES));
    if (frame == NULL || pbuf_take(frame, flood.frame, size) != ERR_OK || netif->linkoutput(netif, frame) != ERR_OK) {
        status->flood_busy++;
    } else {
        status->flood_sent++;
    }
    if (frame != NULL) {
        pbuf_free(frame);
    }
}

uint64_t flood_step(struct netif *netif, uint64_t now)
{
    uint64_t every;

    if (flood.cfg == NULL) {
        return UINT64_MAX;
    }
    if (flood.due == 0 && !begin()) {
        return now + time_from_us(POLL_US);
    }
    every = time_from_us(flood.cfg->every_us);
    for (unsigned i = 0; i < BATCH && flood.due <= now && flood.due < flood.end; i++) {
        send_one(netif);
        flood.due += every;
    }
    return flood.due < flood.end ? flood.due : UINT64_MAX;
}

bool flood_reply(const struct pbuf *frame)
{
    const uint8_t *data = frame->payload;
    const uint8_t *icmp = data + ETH_BYTES + IP_BYTES;

    if (flood.cfg == NULL || frame->len < HEADERS || data[12] != 0x08 || data[13] != 0x00 || data[ETH_BYTES] != 0x45 ||
        data[ETH_BYTES + 9] != PROTO_ICMP || icmp[0] != ECHO_REPLY || icmp[4] != IDENTIFIER >> 8 ||
        icmp[5] != (IDENTIFIER & 0xffu)) {
        return false;
    }
    status->flood_replies++;
    return true;
}
