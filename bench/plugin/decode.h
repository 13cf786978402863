/* SPDX-License-Identifier: MIT */
/* Instructions that change what translations are cached, recognised by their bytes. */
#ifndef QV_PLUGIN_DECODE_H
#define QV_PLUGIN_DECODE_H

#include <stddef.h>
#include <stdint.h>

enum special {
    SPECIAL_NONE = 0,
    SPECIAL_FLUSH,        /* MOV to CR0, CR3, CR4; INVLPG, INVPCID: this address space */
    SPECIAL_FLUSH_ALL,    /* INVLPGA, INVVPID, INVEPT */
    SPECIAL_FLUSH_CACHES, /* INVD, WBINVD */
    SPECIAL_ENTER_GUEST,  /* VMRUN; the instruction after it is the first outside guest mode again */
    SPECIAL_START,        /* qv_emupmu_start() */
};

/*
 * `bytes` are those of one instruction, prefixes included (Intel SDM vol. 2, AMD APM vol. 3). VMCALL, VMMCALL and what
 * else is intercepted need no sign of their own: they leave guest mode, and that is seen when the monitor goes on.
 */
enum special decode(const uint8_t *bytes, size_t n);

#endif
