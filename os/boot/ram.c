/* SPDX-License-Identifier: MIT */
#include "boot/ram.h"

#define PAGE 4096ull

/* Replaces `count` pieces at `at` by `with` others. */
static void replace(struct ram *ram, uint32_t at, uint32_t count, const struct ram_piece *with, uint32_t n_with)
{
    uint32_t n = ram->n - count + n_with;
    if (n > RAM_PIECES) {
        ram->overflow = true;
        return;
    }
    if (n_with > count) {
        for (uint32_t i = ram->n; i > at + count; i--)
            ram->piece[i - 1 + n_with - count] = ram->piece[i - 1];
    } else {
        for (uint32_t i = at + count; i < ram->n; i++)
            ram->piece[i + n_with - count] = ram->piece[i];
    }
    for (uint32_t i = 0; i < n_with; i++)
        ram->piece[at + i] = with[i];
    ram->n = n;
}

void ram_add(struct ram *ram, uint64_t begin, uint64_t end)
{
    struct ram_piece piece = {begin > UINT64_MAX - PAGE ? begin : (begin + PAGE - 1) & ~(PAGE - 1), end & ~(PAGE - 1)};
    if (piece.begin >= piece.end)
        return;
    uint32_t first = 0, last;
    while (first < ram->n && ram->piece[first].end < piece.begin)
        first++;
    for (last = first; last < ram->n && ram->piece[last].begin <= piece.end; last++) {
        if (ram->piece[last].begin < piece.begin)
            piece.begin = ram->piece[last].begin;
        if (ram->piece[last].end > piece.end)
            piece.end = ram->piece[last].end;
    }
    replace(ram, first, last - first, &piece, 1);
}

void ram_remove(struct ram *ram, uint64_t begin, uint64_t end)
{
    begin &= ~(PAGE - 1);
    end = end > UINT64_MAX - PAGE ? end : (end + PAGE - 1) & ~(PAGE - 1);
    for (uint32_t i = 0; i < ram->n && begin < end;) {
        struct ram_piece old = ram->piece[i], rest[2];
        uint32_t n = 0;
        if (old.end <= begin || old.begin >= end) {
            i++;
            continue;
        }
        if (old.begin < begin)
            rest[n++] = (struct ram_piece){old.begin, begin};
        if (old.end > end)
            rest[n++] = (struct ram_piece){end, old.end};
        if (n == 2 && ram->n == RAM_PIECES) {
            n = 1; /* no room for both: the lower one stays, so that nothing reserved is ever taken for RAM */
            ram->overflow = true;
        }
        replace(ram, i, 1, rest, n);
        i += n;
    }
}

bool ram_holds(const struct ram *ram, uint64_t begin, uint64_t end)
{
    for (uint32_t i = 0; i < ram->n; i++)
        if (begin >= ram->piece[i].begin && end <= ram->piece[i].end)
            return begin <= end;
    return false;
}

uint64_t ram_find(const struct ram *ram, uint64_t from, uint64_t bytes, uint64_t align)
{
    for (uint32_t i = 0; i < ram->n; i++) {
        uint64_t at = ram->piece[i].begin > from ? ram->piece[i].begin : from;
        if (at > UINT64_MAX - align)
            return 0;
        at = (at + align - 1) & ~(align - 1);
        if (at != 0 && at <= ram->piece[i].end && bytes <= ram->piece[i].end - at)
            return at;
    }
    return 0;
}

uint64_t ram_end(const struct ram *ram)
{
    return ram->n > 0 ? ram->piece[ram->n - 1].end : 0;
}
