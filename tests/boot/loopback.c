/* SPDX-License-Identifier: MIT */
#include "tests/boot/loopback.h"

#include "tests/boot/boot_test.h"

#define REG_MDIC     0x0020u
#define MDIC_WRITE   (1u << 26 | 1u << 21) /* to the PHY, which has address 1 */
#define MDIC_READY   (1u << 28)
#define MDIC_TRIES   1000u
#define PHY_LOOPBACK 0x4140u /* register 0: loopback, 1000 Mb/s, full duplex, no negotiation */
#define RING         8u
#define SETTLE_US    1200000u /* an emulated receiver takes no frame for a second after it was configured */

uint8_t *loopback_tx, *loopback_rx;

static volatile void *mmio;
static volatile uint64_t *tx_ring, *rx_ring; /* in the shared region, like the two buffers */
static unsigned tx_next, rx_next;

uint64_t loopback_phys(const volatile void *virt)
{
    return (uint64_t)(uintptr_t)virt - DIRECT_MAP;
}

void loopback_start(uint32_t receive_control)
{
    const struct handoff_nic *nic = &handoff->nic[0];
    uint8_t *shared = phys_to_virt(nic->shared_phys);

    mmio = phys_to_virt(nic->mmio_phys);
    tx_ring = (volatile uint64_t *)(void *)shared;
    rx_ring = (volatile uint64_t *)(void *)(shared + PAGE_SIZE);
    loopback_tx = shared + 2 * PAGE_SIZE;
    loopback_rx = shared + 3 * PAGE_SIZE;
    mmio_write32(mmio, NIC_REG_IMC, UINT32_MAX);
    mmio_write32(mmio, NIC_REG_CTRL, mmio_read32(mmio, NIC_REG_CTRL) | NIC_CTRL_SLU);
    mmio_write32(mmio, REG_MDIC, MDIC_WRITE | PHY_LOOPBACK);
    for (unsigned i = 0; i < MDIC_TRIES && !(mmio_read32(mmio, REG_MDIC) & MDIC_READY); i++)
        cpu_pause();
    mmio_write32(mmio, NIC_REG_RCTL, 0);
    mmio_write32(mmio, NIC_REG_TDBAL, (uint32_t)loopback_phys(tx_ring));
    mmio_write32(mmio, NIC_REG_TDBAH, 0);
    mmio_write32(mmio, NIC_REG_TDLEN, 16 * RING);
    mmio_write32(mmio, NIC_REG_TDH, 0);
    mmio_write32(mmio, NIC_REG_TDT, 0);
    mmio_write32(mmio, NIC_REG_RDBAL, (uint32_t)loopback_phys(rx_ring));
    mmio_write32(mmio, NIC_REG_RDBAH, 0);
    mmio_write32(mmio, NIC_REG_RDLEN, 16 * RING);
    mmio_write32(mmio, NIC_REG_RDH, 0);
    mmio_write32(mmio, NIC_REG_RDT, 0);
    mmio_write32(mmio, NIC_REG_TCTL, NIC_TCTL_VALUE);
    mmio_write32(mmio, NIC_REG_RCTL, receive_control);
    (void)mmio_read32(mmio, NIC_REG_STATUS); /* now it is there: KVM keeps some writes back, as a bus may */
    thread_sleep_us(SETTLE_US);
}

bool loopback_send(uint64_t source, uint32_t bytes, const uint64_t *sink, unsigned sinks)
{
    volatile uint64_t *tx = &tx_ring[2 * tx_next], *last = NULL;
    uint64_t limit = time_now() + time_from_us(LOOPBACK_WAIT_US);

    for (unsigned i = 0; i < sinks; i++) {
        last = &rx_ring[2 * rx_next];
        last[0] = sink[i];
        last[1] = 0;
        rx_next = (rx_next + 1) % RING;
    }
    tx_next = (tx_next + 1) % RING;
    tx[0] = source;
    tx[1] = bytes | NIC_TXD_SEND;
    mmio_write32(mmio, NIC_REG_RDT, rx_next);
    mmio_write32(mmio, NIC_REG_TDT, tx_next);
    while (!(tx[1] & NIC_TXD_DD) || !(last[1] & NIC_RXD_DD)) {
        if (time_now() > limit)
            return false;
        cpu_pause();
    }
    return true;
}
