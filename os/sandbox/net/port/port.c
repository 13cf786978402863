/* SPDX-License-Identifier: MIT */
/* The sandbox kernel's side of what lwIP asks of its port: numbers, checksum, assertions. */
#include "net_port.h"

#include "kernel.h"
#include "qv/draw.h"

#define STREAM_NET 0x74656eull /* keeps this stream apart from others of the same seed */

static uint64_t draws;

uint32_t net_random(void)
{
    uint64_t stream = STREAM_NET << 40 | (uint64_t)handoff->id << 32 | handoff->incarnation;

    return (uint32_t)qv_draw(qv_draw(handoff->cfg.seed, stream), draws++);
}

uint32_t net_initial_sequence(void)
{
    return net_random();
}

_Noreturn void net_assertion_failed(const char *text, const char *file, int line)
{
    kprint("lwIP: %s:%d: %s", file, line, text);
    __builtin_trap(); /* a CPU exception in the kernel: the sandbox is contained and recovered as a whole */
}

/*
 * Words of 64 bits are added as two halves, so that no carry is lost in 2^32 additions and none has to be propagated;
 * an emulator runs this faster than a chain of add-with-carry.
 */
uint16_t net_checksum(const void *data, int size)
{
    const uint8_t *at = data;
    uint64_t sum = 0;

    for (; size >= 32; size -= 32, at += 32) {
        uint64_t word[4];

        __builtin_memcpy(word, at, sizeof(word));
        sum += (word[0] & 0xffffffffu) + (word[0] >> 32) + (word[1] & 0xffffffffu) + (word[1] >> 32);
        sum += (word[2] & 0xffffffffu) + (word[2] >> 32) + (word[3] & 0xffffffffu) + (word[3] >> 32);
    }
    for (; size >= 4; size -= 4, at += 4) {
        uint32_t word;

        __builtin_memcpy(&word, at, sizeof(word));
        sum += word;
    }
    for (; size >= 2; size -= 2, at += 2) {
        uint16_t word;

        __builtin_memcpy(&word, at, sizeof(word));
        sum += word;
    }
    if (size > 0) {
        sum += *at; /* little endian: the missing byte is the high one, zero */
    }
    sum = (sum & 0xffffffffu) + (sum >> 32);
    sum = (sum & 0xffffu) + (sum >> 16);
    sum = (sum & 0xffffu) + (sum >> 16);
    sum = (sum & 0xffffu) + (sum >> 16);
    return (uint16_t)sum;
}
