/* SPDX-License-Identifier: MIT */
#include "sandbox/plain_nic.h"

#include "nic/nic_driver.h" /* in what the NICs differ */
#include "nic/nic_regs.h"
#include "nic/nic_shared.h"
#include "sandbox/kernel.h"

#define MINIMUM_FRAME 60u
#define RECLAIM_AT    64u /* this and the next two as in the shared driver */
#define ANNOUNCE_AT   16u
#define RETURN_AT     128u
#define FRAME_LIMIT   (NIC_MTU_FRAME + 4u)
#define PCI_COMMAND   4u
#define COMMAND_BITS  6u /* memory space, bus master */

static struct {
    const struct nic_model *model;
    volatile void *mmio;
    uint8_t *region;
    uint64_t phys;
    struct nic_descriptor *rx, *tx;
    uint32_t rx_next;  /* next to look at */
    uint32_t rx_given; /* the device has those before it */
    uint32_t tx_clean, tx_rung, tx_next;
    unsigned batch;
} nic;

/* Nobody else returns descriptors: what keeps a frame never changes. */
static const uint64_t kept;
static const struct nic_keep keep = {&kept, 0};

static void set(uint32_t offset, uint32_t value)
{
    mmio_write32(nic.mmio, offset, value);
}

static void fill_rings(void)
{
    nic.rx = (struct nic_descriptor *)(void *)(nic.region + NIC_RX_RING_OFFSET);
    nic.tx = (struct nic_descriptor *)(void *)(nic.region + NIC_TX_RING_OFFSET);
    for (uint32_t i = 0; i < NIC_RX_COUNT; i++) {
        nic.rx[i].address = nic.phys + NIC_RX_BUFFERS_OFFSET + i * NIC_BUFFER_SIZE;
        nic.rx[i].word = 0;
    }
    for (uint32_t i = 0; i < NIC_TX_COUNT; i++) {
        nic.tx[i].address = nic.phys + NIC_TX_BUFFERS_OFFSET + i * NIC_BUFFER_SIZE;
        nic.tx[i].word = 0;
    }
}

static void start_device(void)
{
    const uint8_t *mac = handoff->cfg.sandbox[handoff->id].mac;
    uint64_t rx = nic.phys + NIC_RX_RING_OFFSET;
    uint64_t tx = nic.phys + NIC_TX_RING_OFFSET;

    set(NIC_REG_IMC, 0xffffffffu);
    set(NIC_REG_CTRL, (mmio_read32(nic.mmio, NIC_REG_CTRL) & ~(NIC_CTRL_LRST | NIC_CTRL_ILOS | NIC_CTRL_VME)) |
                          NIC_CTRL_ASDE | NIC_CTRL_SLU);
    for (unsigned i = 0; i < nic.model->n_settings; i++) {
        const struct nic_setting *s = &nic.model->setting[i];
        set(s->offset, (mmio_read32(nic.mmio, s->offset) & ~s->clear) | s->set);
    }
    for (uint32_t i = 0; i < NIC_MTA_WORDS; i++)
        set(NIC_REG_MTA + 4 * i, 0);
    set(NIC_REG_RAL(0), (uint32_t)mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 | (uint32_t)mac[3] << 24);
    set(NIC_REG_RAH(0), (uint32_t)mac[4] | (uint32_t)mac[5] << 8 | NIC_RAH_VALID);
    set(NIC_REG_TDBAL, (uint32_t)tx);
    set(NIC_REG_TDBAH, (uint32_t)(tx >> 32));
    set(NIC_REG_TDLEN, NIC_TX_COUNT * (uint32_t)sizeof(struct nic_descriptor));
    set(NIC_REG_TDH, 0);
    set(NIC_REG_TDT, 0);
    set(NIC_REG_TIPG, nic.model->tipg);
    set(NIC_REG_TCTL, nic.model->tctl);
    set(NIC_REG_RDTR, 0);
    set(NIC_REG_RADV, 0);
    set(NIC_REG_ITR, 0);
    set(NIC_REG_RDBAL, (uint32_t)rx);
    set(NIC_REG_RDBAH, (uint32_t)(rx >> 32));
    set(NIC_REG_RDLEN, NIC_RX_COUNT * (uint32_t)sizeof(struct nic_descriptor));
    set(NIC_REG_RDH, 0);
    set(NIC_REG_RCTL, NIC_RCTL_VALUE);
    nic.rx_given = NIC_RX_COUNT - 1u;
    set(NIC_REG_RDT, nic.rx_given);
    (void)mmio_read32(nic.mmio, NIC_REG_ICR);
    set(NIC_REG_IMS, NIC_INT_ALL);
}

int plain_nic_attach(void)
{
    uint32_t index = handoff->cfg.sandbox[handoff->id].nic;
    const struct handoff_nic *device = index < QV_MAX_NICS ? &handoff->nic[index] : NULL;

    nic.model = device && device->present ? nic_model_of(device->vendor_device) : NULL;
    if (!nic.model)
        return -ENODEV;
    pci_config_write(device->bdf, PCI_COMMAND, (pci_config_read(device->bdf, PCI_COMMAND) & 0xffffu) | COMMAND_BITS);
    nic.mmio = phys_to_virt(device->mmio_phys);
    nic.region = phys_to_virt(device->shared_phys);
    nic.phys = device->shared_phys;
    fill_rings();
    start_device();
    return 0;
}

static void reclaim(void)
{
    while (nic.tx_clean != nic.tx_rung && (nic.tx[nic.tx_clean % NIC_TX_COUNT].word & NIC_TXD_DD) != 0)
        nic.tx[nic.tx_clean++ % NIC_TX_COUNT].word = 0;
}

static void announce(void)
{
    set(NIC_REG_TDT, nic.tx_next % NIC_TX_COUNT);
    nic.tx_rung = nic.tx_next;
}

int plain_nic_transmit(const struct nic_segment *segment, unsigned count)
{
    uint32_t index = nic.tx_next % NIC_TX_COUNT;
    uint8_t *to = nic.region + NIC_TX_BUFFERS_OFFSET + (size_t)index * NIC_BUFFER_SIZE;
    uint8_t *begin = to;
    uint32_t size;

    if (nic.tx_next - nic.tx_clean >= RECLAIM_AT)
        reclaim();
    if (nic.tx_next - nic.tx_clean >= NIC_TX_COUNT - 1u) {
        if (nic.tx_rung != nic.tx_next)
            announce();
        status->tx_busy++;
        return -EBUSY;
    }
    for (unsigned i = 0; i < count; i++) {
        if (segment[i].size > NIC_MTU_FRAME - (size_t)(to - begin))
            return -EINVAL;
        memcpy(to, segment[i].data, segment[i].size);
        to += segment[i].size;
    }
    size = (uint32_t)(to - begin);
    if (size < MINIMUM_FRAME) {
        memset(to, 0, MINIMUM_FRAME - size);
        size = MINIMUM_FRAME;
    }
    __atomic_store_n(&nic.tx[index].word, size | NIC_TXD_SEND, __ATOMIC_RELEASE);
    nic.tx_next++;
    if (nic.batch == 0 || nic.tx_next - nic.tx_rung >= ANNOUNCE_AT)
        announce();
    status->tx_frames++;
    status->packets_total++;
    return 0;
}

void plain_nic_batch_begin(void)
{
    nic.batch++;
}

void plain_nic_batch_end(void)
{
    if (--nic.batch == 0 && nic.tx_rung != nic.tx_next)
        announce();
}

static void give_back(void)
{
    uint32_t wanted = nic.rx_next + NIC_RX_COUNT - 1u;

    if (wanted - nic.rx_given < RETURN_AT)
        return;
    nic.rx_given = wanted;
    set(NIC_REG_RDT, wanted % NIC_RX_COUNT);
}

unsigned plain_nic_receive(nic_deliver_fn deliver, void *context, unsigned budget, bool *more)
{
    unsigned delivered = 0;

    *more = false;
    for (;;) {
        uint32_t index = nic.rx_next % NIC_RX_COUNT;
        uint64_t word = __atomic_load_n(&nic.rx[index].word, __ATOMIC_ACQUIRE);
        uint32_t length = NIC_RXD_LENGTH(word);

        if ((word & NIC_RXD_DD) == 0)
            break;
        if (delivered == budget) {
            *more = true;
            break;
        }
        status->packets_total++;
        if ((word & (NIC_RXD_EOP | NIC_RXD_ERRORS)) == NIC_RXD_EOP && length <= FRAME_LIMIT) {
            const uint8_t *frame = nic.region + NIC_RX_BUFFERS_OFFSET + (size_t)index * NIC_BUFFER_SIZE;
            delivered++;
            if (deliver(context, handoff->id, frame, length, keep))
                status->rx_frames++;
            else
                status->rx_dropped++;
        } else {
            status->rx_dropped++;
        }
        nic.rx[index].word = 0;
        nic.rx_next++;
    }
    give_back();
    return delivered;
}

bool plain_nic_interrupt(void)
{
    status->irqs++;
    (void)mmio_read32(nic.mmio, NIC_REG_ICR);
    status->irq_acks++;
    return (nic.rx[nic.rx_next % NIC_RX_COUNT].word & NIC_RXD_DD) != 0;
}
