/* SPDX-License-Identifier: MIT */
/*
 * The device's registers: stop, reset, start. References are to the 8254x GbE Software Developer's Manual.
 *
 * The receiver is halted by giving it no descriptors (3.2.6), and by RCTL where config.stop_by_control says so. Each of
 * two emulators knows one of these ways only: QEMU, whose reset keeps RCTL, delays all reception by a second whenever
 * RCTL is written, which is why it is written only if it is not what it should be; Bochs takes a tail that was just
 * written as the end of descriptors that are all free, also where the head is the same.
 */
#include "nic_driver.h"

/* While the state word is the caller's: whoever was replaced for being late must not touch what others run by now. */
static void program(const struct nic_driver *driver, uint64_t state, uint32_t offset, uint32_t value)
{
    if (nic_load(&driver->shared->state) == state)
        nic_write(driver, offset, value);
}

bool nic_device_answers(const struct nic_driver *driver)
{
    return nic_read(driver, NIC_REG_STATUS) != 0xffffffffu;
}

void nic_device_stop(struct nic_driver *driver, uint64_t state)
{
    program(driver, state, NIC_REG_IMC, 0xffffffffu);
    (void)nic_read(driver, NIC_REG_ICR);
    if (driver->config.stop_by_control)
        program(driver, state, NIC_REG_RCTL, NIC_RCTL_VALUE & ~NIC_RCTL_EN);
    /* A frame may arrive between the read and the write, and the tail would then grant almost the whole ring. */
    for (unsigned attempt = 0; attempt < 16; attempt++) {
        uint32_t head = nic_read(driver, NIC_REG_RDH);
        program(driver, state, NIC_REG_RDT, head % NIC_RX_COUNT);
        if (nic_read(driver, NIC_REG_RDH) == head)
            break;
    }
    program(driver, state, NIC_REG_TCTL, 0);
}

/* Waits with a bound until the bits of the register have this value. */
static bool await(const struct nic_driver *driver, uint32_t offset, uint32_t bits, uint32_t value)
{
    uint64_t begin = nic_now(driver);

    while ((nic_read(driver, offset) & bits) != value) {
        if (nic_now(driver) - begin > driver->config.reset_timeout)
            return false;
        __builtin_ia32_pause();
    }
    return true;
}

/* A reset in the middle of a request to memory could leave the bus waiting. If it does not end, there is no better way.
 */
static void end_requests(struct nic_driver *driver, uint64_t state)
{
    program(driver, state, NIC_REG_CTRL, nic_read(driver, NIC_REG_CTRL) | NIC_CTRL_NO_MASTER);
    (void)await(driver, NIC_REG_STATUS, NIC_STATUS_MASTER, 0);
}

int nic_device_reset(struct nic_driver *driver, uint64_t state)
{
    uint64_t begin;

    if (driver->model->express)
        end_requests(driver, state);
    program(driver, state, NIC_REG_CTRL, nic_read(driver, NIC_REG_CTRL) | NIC_CTRL_RST);
    /* 13.4.1: self-clearing, and not to be looked at within the first microsecond. */
    for (begin = nic_now(driver); nic_now(driver) - begin < 2 * driver->config.ticks_per_us;)
        __builtin_ia32_pause();
    if (!await(driver, NIC_REG_CTRL, NIC_CTRL_RST, 0))
        return -EIO;
    /* What comes from the EEPROM must not overwrite what is programmed below. */
    if (driver->model->express)
        (void)await(driver, NIC_REG_EECD, NIC_EECD_LOADED, NIC_EECD_LOADED);
    program(driver, state, NIC_REG_IMC, 0xffffffffu);
    (void)nic_read(driver, NIC_REG_ICR);
    return 0;
}

/* 14.3 General initialization, 13.5.1 to 13.5.3 filters. */
static void program_general(struct nic_driver *driver, uint64_t state)
{
    uint32_t ctrl = nic_read(driver, NIC_REG_CTRL);

    ctrl &= ~(NIC_CTRL_NO_MASTER | NIC_CTRL_LRST | NIC_CTRL_ILOS | NIC_CTRL_VME | NIC_CTRL_PHY_RST | NIC_CTRL_RST);
    program(driver, state, NIC_REG_CTRL, ctrl | NIC_CTRL_ASDE | NIC_CTRL_SLU);
    for (unsigned i = 0; i < driver->model->n_settings; i++) {
        const struct nic_setting *s = &driver->model->setting[i];
        program(driver, state, s->offset, (nic_read(driver, s->offset) & ~s->clear) | s->set);
    }
    program(driver, state, NIC_REG_FCAL, 0);
    program(driver, state, NIC_REG_FCAH, 0);
    program(driver, state, NIC_REG_FCT, 0);
    program(driver, state, NIC_REG_FCTTV, 0);
    for (uint32_t i = 0; i < NIC_MTA_WORDS; i++)
        program(driver, state, NIC_REG_MTA + 4 * i, 0);
    for (uint32_t i = 0; i < NIC_RECEIVE_ADDRESSES; i++) {
        bool used = nic_shares(driver, i);
        program(driver, state, NIC_REG_RAL(i), used ? (uint32_t)driver->mac[i] : 0);
        program(driver, state, NIC_REG_RAH(i), used ? (uint32_t)(driver->mac[i] >> 32) | NIC_RAH_VALID : 0);
    }
    for (uint32_t offset = NIC_REG_STATISTICS_BEGIN; offset < NIC_REG_STATISTICS_END; offset += 4)
        (void)nic_read(driver, offset);
}

/* 14.5 Transmit initialization. What was queued before goes out as soon as the transmitter is on. */
static void program_transmit(struct nic_driver *driver, uint64_t state, const struct nic_positions *positions)
{
    uint64_t ring = driver->config.shared_phys + NIC_TX_RING_OFFSET;

    program(driver, state, NIC_REG_TDBAL, (uint32_t)ring);
    program(driver, state, NIC_REG_TDBAH, (uint32_t)(ring >> 32));
    program(driver, state, NIC_REG_TDLEN, NIC_TX_COUNT * (uint32_t)sizeof(struct nic_descriptor));
    program(driver, state, NIC_REG_TDH, positions->tx_head % NIC_TX_COUNT);
    program(driver, state, NIC_REG_TDT, positions->tx_next % NIC_TX_COUNT);
    program(driver, state, NIC_REG_TIPG, driver->model->tipg);
    program(driver, state, NIC_REG_TCTL, driver->model->tctl);
}

/* 14.4 Receive initialization. The head may be written while the receiver is off (13.4.28), which a reset made it. */
static void program_receive(struct nic_driver *driver, uint64_t state, const struct nic_positions *positions)
{
    uint64_t ring = driver->config.shared_phys + NIC_RX_RING_OFFSET;

    program(driver, state, NIC_REG_RDTR, 0);
    program(driver, state, NIC_REG_RADV, 0);
    program(driver, state, NIC_REG_ITR, 0);
    program(driver, state, NIC_REG_RDBAL, (uint32_t)ring);
    program(driver, state, NIC_REG_RDBAH, (uint32_t)(ring >> 32));
    program(driver, state, NIC_REG_RDLEN, NIC_RX_COUNT * (uint32_t)sizeof(struct nic_descriptor));
    program(driver, state, NIC_REG_RDH, positions->rx_head % NIC_RX_COUNT);
    program(driver, state, NIC_REG_RDT, positions->rx_head % NIC_RX_COUNT);
    if (nic_read(driver, NIC_REG_RCTL) != NIC_RCTL_VALUE)
        program(driver, state, NIC_REG_RCTL, NIC_RCTL_VALUE);
    program(driver, state, NIC_REG_RDT, positions->rx_limit % NIC_RX_COUNT);
}

void nic_device_start(struct nic_driver *driver, uint64_t state, const struct nic_positions *positions)
{
    program_general(driver, state);
    program_transmit(driver, state, positions);
    program_receive(driver, state, positions);
}

void nic_device_enable_interrupts(struct nic_driver *driver)
{
    nic_write(driver, NIC_REG_IMS, NIC_INT_ALL);
}
