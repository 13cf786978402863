/* SPDX-License-Identifier: MIT */
/*
 * Which memory is RAM that may be used: a sorted list of pieces, made of the boot loader's memory map. Firmware keeps
 * pages for itself in the midst of RAM (UEFI does so even below 16 MiB), so nothing is placed without asking here.
 */
#ifndef QV_BOOT_RAM_H
#define QV_BOOT_RAM_H

#include <stdbool.h>
#include <stdint.h>

#define RAM_PIECES 96u

struct ram_piece {
    uint64_t begin, end; /* bytes, page aligned */
};

struct ram {
    uint32_t n;
    bool overflow;                      /* there were more pieces than fit: some RAM is not used */
    struct ram_piece piece[RAM_PIECES]; /* ascending, apart from each other */
};

/* [begin, end) is RAM: rounded inwards to pages. Pieces that touch become one. */
void ram_add(struct ram *ram, uint64_t begin, uint64_t end);
/* [begin, end) is not: rounded outwards. For maps whose entries overlap: what is reserved by one is reserved. */
void ram_remove(struct ram *ram, uint64_t begin, uint64_t end);

/* All of [begin, end) is RAM. */
bool ram_holds(const struct ram *ram, uint64_t begin, uint64_t end);

/* First address at or above `from`, a multiple of `align` (a power of two), where `bytes` are RAM; 0 = nowhere. */
uint64_t ram_find(const struct ram *ram, uint64_t from, uint64_t bytes, uint64_t align);

uint64_t ram_end(const struct ram *ram); /* of the highest piece, 0 = no RAM */

#endif
