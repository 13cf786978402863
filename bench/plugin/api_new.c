/* SPDX-License-Identifier: MIT */
/* Interface version 3: QEMU 9.1 and later. */
#include "bench/plugin/qemu_api.h"

size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *bytes, size_t room);

QEMU_VISIBLE int qemu_plugin_version = 3;

size_t plugin_instruction_bytes(const struct qemu_plugin_insn *insn, uint8_t *bytes, size_t room)
{
    return qemu_plugin_insn_data(insn, bytes, room);
}
