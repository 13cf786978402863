/* SPDX-License-Identifier: MIT */
/* Interface version 1: QEMU 6 to 8.1. */
#include <string.h>

#include "bench/plugin/qemu_api.h"

const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);

QEMU_VISIBLE int qemu_plugin_version = 1;

size_t plugin_instruction_bytes(const struct qemu_plugin_insn *insn, uint8_t *bytes, size_t room)
{
    size_t n = qemu_plugin_insn_size(insn);
    n = n < room ? n : room;
    memcpy(bytes, qemu_plugin_insn_data(insn), n);
    return n;
}

/* Nothing tells a callback where its block was entered, and nothing has to: each address has its own block. */
const enum qemu_plugin_cb_flags plugin_block_flags = QEMU_PLUGIN_CB_NO_REGS;

void plugin_prepare_addresses(qemu_plugin_id_t id)
{
    (void)id;
}

uint64_t plugin_block_address(unsigned vcpu, uint64_t translated_at)
{
    (void)vcpu;
    return translated_at;
}
