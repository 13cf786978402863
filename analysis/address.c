/* SPDX-License-Identifier: MIT */
#include "analysis/address.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "qv/directory.h"
#include "qv/fault.h"

void address_name_of(const struct address_namer *namer, uint32_t sandbox, uint64_t address, struct address_name *out)
{
    memset(out, 0, sizeof(*out));
    if (namer != NULL)
        namer->name(namer->context, sandbox, address, out);
    if (out->symbol[0] == '\0')
        (void)snprintf(out->symbol, sizeof(out->symbol), "%s", ADDRESS_UNKNOWN);
}

void address_name_virtual(const struct address_namer *namer, uint32_t sandbox, uint64_t address,
                          struct address_name *out)
{
    if (address >= ADDRESS_PHYSICAL_BYTES) {
        address_name_of(namer, sandbox, address, out);
        return;
    }
    /* Sandboxes map nothing in the lower half. */
    memset(out, 0, sizeof(*out));
    (void)snprintf(out->symbol, sizeof(out->symbol), address < 4096 ? "null page + 0x%" PRIx64 : ADDRESS_NOT_MAPPED,
                   address);
}

/* What the second field of a detection's record is, by the means. */
enum meaning { MEANS_NO_ADDRESS, MEANS_ADDRESS, MEANS_VIRTUAL, MEANS_VIRTUAL_IF_HIGH };

static enum meaning meaning_of_detection(uint64_t detection)
{
    switch (detection) {
    case QV_DETECT_NESTED_PAGE:
    case QV_DETECT_IOMMU:
        return MEANS_ADDRESS;
    case QV_DETECT_EXCEPTION:
    case QV_DETECT_REFUSED:
    case QV_DETECT_TRIPLE_FAULT:
    case QV_DETECT_KERNEL_EXCEPTION:
        return MEANS_VIRTUAL;
    case QV_DETECT_RING_INVARIANT: /* else a register of the device */
    case QV_DETECT_ASSERTION:
        return MEANS_VIRTUAL_IF_HIGH;
    default: /* a sandbox, a lock, a ring's index */
        return MEANS_NO_ADDRESS;
    }
}

static enum meaning meaning_of_violation(uint64_t cause)
{
    switch (cause) {
    case QV_EXIT_NESTED_PAGE:
    case QV_EXIT_DMA:
        return MEANS_ADDRESS;
    case QV_EXIT_VIRT_INSN:
        return MEANS_VIRTUAL;
    default: /* a port, a register */
        return MEANS_NO_ADDRESS;
    }
}

static enum meaning meaning_of(const struct qv_trace_record *r, uint64_t *address)
{
    *address = r->id == QV_TRACE_FAULT_CHANGE ? r->a : r->b;
    switch (r->id) {
    case QV_TRACE_FAULT_CHANGE:
        return MEANS_ADDRESS;
    case QV_TRACE_FAULT_ACTIVATE:
        if (r->a == QV_FAULT_NULL_POINTER || r->a == QV_FAULT_BAD_JUMP || r->a == QV_FAULT_DIVIDE_ERROR)
            return MEANS_VIRTUAL;
        return r->b != 0 ? MEANS_ADDRESS : MEANS_NO_ADDRESS;
    case QV_TRACE_DETECT:
        return meaning_of_detection(r->a);
    case QV_TRACE_VIOLATION:
        return meaning_of_violation(r->a);
    case QV_TRACE_EXIT:
        return MEANS_VIRTUAL;
    default:
        return MEANS_NO_ADDRESS;
    }
}

bool address_name_of_record(const struct address_namer *namer, const struct qv_trace_record *record,
                            struct address_name *out)
{
    uint64_t address;
    enum meaning meaning = meaning_of(record, &address);

    if (meaning == MEANS_NO_ADDRESS || (meaning == MEANS_VIRTUAL_IF_HIGH && address < ADDRESS_PHYSICAL_BYTES))
        return false;
    if (meaning == MEANS_VIRTUAL)
        address_name_virtual(namer, record->core, address, out);
    else
        address_name_of(namer, record->core, address, out);
    return true;
}
