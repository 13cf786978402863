/* SPDX-License-Identifier: MIT */
/*
 * Interface version 3: QEMU 9.1 and later.
 *
 * These emulators translate the code of a physical page once for all linear addresses at which it is mapped: the
 * address that a block was translated at may be another one than that at which it runs. Where it runs is in RIP, which
 * is right at the beginning of a block, and is the linear address because code segments have no base in 64-bit mode.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/plugin/qemu_api.h"
#include "qv/bootcfg.h"

#define PAGE_OFFSET 0xfffull

/* GArray and GByteArray of GLib: their public members. The emulator brings the library. */
struct glib_array {
    void *data;
    unsigned length;
};

struct register_descriptor {
    void *handle;
    const char *name;
    const char *feature;
};

typedef void (*qemu_plugin_vcpu_simple_cb_t)(qemu_plugin_id_t id, unsigned vcpu);

size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *bytes, size_t room);
void qemu_plugin_register_vcpu_init_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_simple_cb_t cb);
struct glib_array *qemu_plugin_get_registers(void);
int qemu_plugin_read_register(void *handle, struct glib_array *bytes); /* of the processor that calls back; appends */
struct glib_array *g_byte_array_new(void);
struct glib_array *g_byte_array_set_size(struct glib_array *array, unsigned length);
char *g_array_free(struct glib_array *array, int with_data);

QEMU_VISIBLE int qemu_plugin_version = 3;
const enum qemu_plugin_cb_flags plugin_block_flags = QEMU_PLUGIN_CB_R_REGS;

static struct {
    void *rip;                /* the emulator's handle */
    struct glib_array *bytes; /* its value, used by the processor's own thread only */
} registers[QV_MAX_SANDBOXES];

size_t plugin_instruction_bytes(const struct qemu_plugin_insn *insn, uint8_t *bytes, size_t room)
{
    return qemu_plugin_insn_data(insn, bytes, room);
}

/* In the processor's thread, before it executes anything. */
static void find_registers(qemu_plugin_id_t id, unsigned vcpu)
{
    (void)id;
    if (vcpu >= QV_MAX_SANDBOXES)
        return;
    struct glib_array *all = qemu_plugin_get_registers();
    const struct register_descriptor *one = all->data;
    for (unsigned i = 0; i < all->length; i++)
        if (strcmp(one[i].name, "rip") == 0)
            registers[vcpu].rip = one[i].handle;
    (void)g_array_free(all, 1);
    registers[vcpu].bytes = g_byte_array_new();
    if (registers[vcpu].rip != NULL)
        return;
    fprintf(stderr, "qv emulated PMU: processor %u: the emulator does not tell its RIP\n", vcpu);
    _exit(1); /* no counts are better than wrong ones */
}

void plugin_prepare_addresses(qemu_plugin_id_t id)
{
    qemu_plugin_register_vcpu_init_cb(id, find_registers);
}

uint64_t plugin_block_address(unsigned vcpu, uint64_t translated_at)
{
    uint64_t rip = translated_at;
    if (vcpu >= QV_MAX_SANDBOXES || registers[vcpu].rip == NULL)
        return translated_at;
    struct glib_array *bytes = g_byte_array_set_size(registers[vcpu].bytes, 0);
    (void)qemu_plugin_read_register(registers[vcpu].rip, bytes);
    if (bytes->length == sizeof(rip))
        memcpy(&rip, bytes->data, sizeof(rip));
    return (rip & ~PAGE_OFFSET) | (translated_at & PAGE_OFFSET); /* a physical page's places are the same in each */
}
