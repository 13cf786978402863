/* SPDX-License-Identifier: MIT */
/*
 * The pools behind mem_malloc(), smallest first, expanded several times by lwIP: no include guard.
 * 128 bytes hold a TCP/IP header with its pbuf; 512 a small copied page or an ICMP echo; 1,700 a full copied segment.
 */
LWIP_MALLOC_MEMPOOL_START
LWIP_MALLOC_MEMPOOL(8192, 128)
LWIP_MALLOC_MEMPOOL(128, 512)
LWIP_MALLOC_MEMPOOL(128, 1700)
LWIP_MALLOC_MEMPOOL_END
