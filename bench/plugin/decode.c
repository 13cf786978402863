/* SPDX-License-Identifier: MIT */
#include "bench/plugin/decode.h"

#include <stdbool.h>
#include <string.h>

#include "qv/emupmu.h"

static bool is_prefix(uint8_t byte)
{
    switch (byte) {
    case 0x26: /* segments */
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x64:
    case 0x65:
    case 0x66: /* operand size, address size */
    case 0x67:
    case 0xf0: /* LOCK, REPNE, REP */
    case 0xf2:
    case 0xf3:
        return true;
    default:
        return (byte & 0xf0u) == 0x40; /* REX */
    }
}

/* 0F 01: by the whole ModRM byte where its operand is no memory, else by its middle field. */
static enum special decode_group7(uint8_t modrm)
{
    switch (modrm) {
    case 0xd8:
        return SPECIAL_ENTER_GUEST; /* VMRUN */
    case 0xdf:
        return SPECIAL_FLUSH_ALL; /* INVLPGA */
    default:
        return modrm < 0xc0 && (modrm >> 3 & 7u) == 7 ? SPECIAL_FLUSH : SPECIAL_NONE; /* INVLPG */
    }
}

static enum special decode_control_register(uint8_t modrm, uint8_t rex)
{
    unsigned number = (modrm >> 3 & 7u) | (rex & 4u) << 1;
    return number == 0 || number == 3 || number == 4 ? SPECIAL_FLUSH : SPECIAL_NONE;
}

static enum special decode_start(const uint8_t *operand, size_t n)
{
    uint32_t sign = QV_EMUPMU_SIGN;
    return n == 5 && operand[0] == 0x80 && memcmp(operand + 1, &sign, 4) == 0 ? SPECIAL_START : SPECIAL_NONE;
}

enum special decode(const uint8_t *bytes, size_t n)
{
    bool wide = false; /* 66, mandatory for INVEPT, INVVPID, INVPCID */
    uint8_t rex = 0;   /* the last prefix, if it is one: else it has no effect */
    while (n > 0 && is_prefix(*bytes)) {
        wide = wide || *bytes == 0x66;
        rex = (*bytes & 0xf0u) == 0x40 ? *bytes : 0;
        bytes++;
        n--;
    }
    if (n < 2 || bytes[0] != 0x0f)
        return SPECIAL_NONE;
    if (bytes[1] == 0x08 || bytes[1] == 0x09)
        return SPECIAL_FLUSH_CACHES;
    if (n < 3)
        return SPECIAL_NONE;
    switch (bytes[1]) {
    case 0x01:
        return decode_group7(bytes[2]);
    case 0x1f:
        return decode_start(bytes + 2, n - 2);
    case 0x22:
        return decode_control_register(bytes[2], rex);
    case 0x38:
        if (!wide)
            return SPECIAL_NONE;
        return bytes[2] == 0x82                       ? SPECIAL_FLUSH
               : bytes[2] == 0x80 || bytes[2] == 0x81 ? SPECIAL_FLUSH_ALL
                                                      : SPECIAL_NONE;
    default:
        return SPECIAL_NONE;
    }
}
