/* SPDX-License-Identifier: MIT */
/*
 * lwIP's configuration in a sandbox: one thread runs everything (NO_SYS), all memory is in static pools, and times are
 * chosen for a server that takes thousands of short connections a second and has to come back quickly after a fault.
 */
#ifndef QV_LWIPOPTS_H
#define QV_LWIPOPTS_H

#include "net_port.h"

/* --- one thread, no operating system under lwIP --- */
#define NO_SYS                1
#define SYS_LIGHTWEIGHT_PROT  0
#define LWIP_SOCKET           0
#define LWIP_NETCONN          0
#define LWIP_NETIF_API        0
#define LWIP_TIMERS           0 /* net.c calls the two timers that there are */
#define LWIP_ERRNO_STDINCLUDE 0

/* --- protocols --- */
#define LWIP_IPV4             1
#define LWIP_IPV6             0
#define LWIP_ARP              1
#define LWIP_ETHERNET         1
#define LWIP_ICMP             1
#define LWIP_RAW              0
#define LWIP_UDP              1 /* traffic for measurements */
#define LWIP_TCP              1
#define LWIP_DHCP             0
#define LWIP_DNS              0
#define LWIP_IGMP             0
#define LWIP_AUTOIP           0
#define IP_REASSEMBLY         0
#define IP_FRAG               0
#define IP_FORWARD            0
#define LWIP_NETIF_LOOPBACK   0
#define LWIP_HAVE_LOOPIF      0
#define LWIP_SINGLE_NETIF     0
#define LWIP_ALTCP            0
#define LWIP_CALLBACK_API     1
#define ETH_PAD_SIZE          0
#define LWIP_NETIF_HWADDRHINT 1

/*
 * All interfaces of a sandbox, its own and those taken over, are on one Ethernet segment: what one of them learnt of a
 * neighbour's address serves the others, and a taken-over interface answers without asking first.
 */
#define ETHARP_TABLE_MATCH_NETIF 0
#define ARP_TABLE_SIZE           32
#define ARP_QUEUEING             1
#define ARP_QUEUE_LEN            32
#define MEMP_NUM_ARP_QUEUE       128

/* Replies leave through the interface that owns their source address (several interfaces, one subnet). */
#define LWIP_HOOK_IP4_ROUTE_SRC(source, destination)              net_route_source(source)
#define LWIP_HOOK_TCP_ISN(local, local_port, remote, remote_port) net_initial_sequence()

/* --- memory: pools only (lwippools.h has those behind mem_malloc) --- */
#define MEM_ALIGNMENT                 8
#define MEM_LIBC_MALLOC               0
#define MEMP_MEM_MALLOC               0
#define MEM_USE_POOLS                 1
#define MEM_USE_POOLS_TRY_BIGGER_POOL 1
#define MEMP_USE_CUSTOM_POOLS         1
#define MEMP_NUM_PBUF                 8192 /* references to page data */
#define MEMP_NUM_TCP_SEG              8192
#define MEMP_NUM_TCP_PCB              2048
#define MEMP_NUM_TCP_PCB_LISTEN       4
#define PBUF_POOL_SIZE                16 /* received frames are custom pbufs of netdev.c instead */
#define LWIP_SUPPORT_CUSTOM_PBUF      1

/* --- TCP --- */
#define TCP_MSS                            1460
#define TCP_WND                            (44 * TCP_MSS) /* the largest that needs no window scaling */
#define TCP_SND_BUF                        (44 * TCP_MSS) /* a 64 KiB page in two writes */
#define TCP_SND_QUEUELEN                   192
#define TCP_QUEUE_OOSEQ                    1
#define TCP_OOSEQ_MAX_PBUFS                48 /* out-of-order data must not eat up the receive buffers */
#define TCP_LISTEN_BACKLOG                 0
#define LWIP_TCP_TIMESTAMPS                0
#define LWIP_WND_SCALE                     0
#define LWIP_RANDOMIZE_INITIAL_LOCAL_PORTS 1
#define LWIP_DISABLE_TCP_SANITY_CHECKS     1 /* they compare TCP_WND with PBUF_POOL, which is not used here */

/*
 * The timer runs at 50 ms (lwIP's 250 ms suit a small device): delayed acknowledgements wait 50 ms at most, and a
 * retransmission timeout is measured in steps of 100 ms.
 */
#define TCP_TMR_INTERVAL  50
#define LWIP_TCP_RTO_TIME 1000 /* RFC 6298; lwIP's own is 3 s */

/*
 * TIME_WAIT lasts 100 to 200 ms. Deliberate: the server closes first, so at 2,000 connections a second the 2 minutes of
 * the book would need 240,000 control blocks, and lwIP searches them one by one. On the testbed's network, one hop
 * without reordering, a segment does not live that long; a client port comes back after seconds.
 */
#define TCP_MSL 50

/* --- checksums in software, by our own routine --- */
#define LWIP_CHKSUM net_checksum

/* --- web server --- */
#define HTTPD_SERVER_AGENT              "quest-v-testbed"
#define LWIP_HTTPD_CUSTOM_FILES         1
#define LWIP_HTTPD_FILE_EXTENSION       1
#define LWIP_HTTPD_DYNAMIC_FILE_READ    0
#define LWIP_HTTPD_DYNAMIC_HEADERS      0 /* each page carries its header */
#define LWIP_HTTPD_SUPPORT_11_KEEPALIVE 1
#define LWIP_HTTPD_SUPPORT_V09          0
#define LWIP_HTTPD_SUPPORT_EXTSTATUS    1
#define LWIP_HTTPD_SUPPORT_POST         0
#define LWIP_HTTPD_SUPPORT_REQUESTLIST  1
#define LWIP_HTTPD_REQ_QUEUELEN         8
#define LWIP_HTTPD_MAX_REQ_LENGTH       2047
#define LWIP_HTTPD_CGI                  0
#define LWIP_HTTPD_SSI                  0
#define HTTPD_LIMIT_SENDING_TO_2MSS     0
#define HTTPD_USE_MEM_POOL              1
#define MEMP_NUM_PARALLEL_HTTPD_CONNS   1024
#define HTTPD_POLL_INTERVAL             50 /* 5 s; idle connections are closed after four of them */
#define HTTPD_FSDATA_FILE               "net_fsdata.h"
#define HTTP_IS_DATA_VOLATILE(hs)       (web_data_volatile((hs)->handle) ? TCP_WRITE_FLAG_COPY : 0)

/* --- counters that the page /counters shows --- */
#define LWIP_STATS       1
#define LWIP_STATS_LARGE 1
#define LINK_STATS       0
#define ETHARP_STATS     0
#define IP_STATS         0
#define ICMP_STATS       0
#define IPFRAG_STATS     0
#define TCP_STATS        1
#define MEM_STATS        0
#define MEMP_STATS       1
#define SYS_STATS        0

#endif
