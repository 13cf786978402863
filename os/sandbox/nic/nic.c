/* SPDX-License-Identifier: MIT */
/* Binds the driver to the sandbox kernel. */
#include "nic.h"

#include "component.h"
#include "kernel.h"
#include "lib/pci.h"
#include "nic_driver.h"

#define DEFAULT_LOCK_US     10000u
#define DEFAULT_PROGRESS_US 100000u
#define RESET_MIN_US        200000u
#define LAGGARD_US          4000u
#define SETTLE_US           50u
#define VENDOR_MASK         0xffffu
#define VENDOR_QEMU         0x1af4u /* of the subsystem */

/* All private state: zeroed when the driver window is replaced, and rebuilt from the shared region. */
static struct nic_driver driver;

static const struct handoff_nic *device(void)
{
    uint32_t index = handoff->cfg.sandbox[handoff->id].nic;

    return index < QV_MAX_NICS && handoff->nic[index].present ? &handoff->nic[index] : NULL;
}

static void enable_bus(void *context)
{
    uint32_t bdf = device()->bdf;
    uint32_t command = pci_config_read(bdf, PCI_COMMAND) & 0xffffu;
    uint32_t wanted = command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;

    (void)context;
    /* The upper half is the status register, whose bits are cleared by writing ones. */
    if (command != wanted)
        pci_config_write(bdf, PCI_COMMAND, wanted);
}

static uint64_t now(void *context)
{
    (void)context;
    return time_now();
}

static bool alive(void *context, unsigned sandbox, uint32_t incarnation)
{
    uint32_t current = sandbox_incarnation(sandbox);

    (void)context;
    return (current & 0xffffu) == incarnation && sandbox_alive(sandbox, current);
}

#define OVERDUE_BEATS 2u

/*
 * Locks are held with interrupts off, so a holder that beats on has left the lock behind. One that does not beat either
 * hangs, which is for the heartbeat's watchers, or is a core that the host does not run.
 */
static bool overdue(void *context, unsigned owner, uint64_t word)
{
    static uint64_t watched;
    static uint64_t beats;
    uint64_t now = status_of(owner)->heartbeats;

    (void)context;
    if (watched != word) {
        watched = word;
        beats = now;
    }
    return now - beats >= OVERDUE_BEATS;
}

static uint64_t beats(void *context, unsigned sandbox)
{
    (void)context;
    return status_of(sandbox)->heartbeats;
}

static void trace_record(void *context, enum qv_trace_id id, uint64_t a, uint64_t b)
{
    (void)context;
    trace(id, a, b);
}

static const struct nic_ops ops = {
    .enable_bus = enable_bus,
    .now = now,
    .alive = alive,
    .overdue = overdue,
    .beats = beats,
    .trace = trace_record,
};

static int lock_acquire(void)
{
    return nic_lock_bare(&driver, NIC_LOCK_TX);
}

static int duty_take(void)
{
    return nic_duty_seize(&driver);
}

static int bind(void)
{
    const struct handoff_nic *nic = device();
    const struct qv_recovery_cfg *recovery = &handoff->cfg.recovery;
    uint32_t progress = recovery->progress_timeout_us ? recovery->progress_timeout_us : DEFAULT_PROGRESS_US;
    struct nic_config config = {
        .id = nic ? nic->vendor_device : 0,
        .self = handoff->id,
        .incarnation = handoff->incarnation,
        .nic = handoff->cfg.sandbox[handoff->id].nic,
        .lock_timeout = time_from_us(recovery->lock_timeout_us ? recovery->lock_timeout_us : DEFAULT_LOCK_US),
        .progress_timeout = time_from_us(progress),
        .reset_timeout = time_from_us(2 * progress > RESET_MIN_US ? 2 * progress : RESET_MIN_US),
        .laggard_timeout = time_from_us(LAGGARD_US),
        .ticks_per_us = time_from_us(1),
        .settle_timeout = time_from_us(SETTLE_US),
        .trace_interrupts = (handoff->cfg.flags & QV_CFG_TRACE_REQUESTS) != 0,
        .status = status,
    };
    int error;

    if (!nic)
        return -ENODEV;
    config.sharers = nic->sharers;
    config.stop_by_control = (nic->subsystem & VENDOR_MASK) != VENDOR_QEMU;
    config.shared = phys_to_virt(nic->shared_phys);
    config.shared_phys = nic->shared_phys;
    config.shared_size = nic->shared_size;
    for (unsigned i = 0; i < QV_MAX_SANDBOXES; i++)
        memcpy(config.mac[i], handoff->cfg.sandbox[i].mac, sizeof(config.mac[i]));
    memset(&driver, 0, sizeof(driver));
    error = nic_driver_init(&driver, &config, &ops, phys_to_virt(nic->mmio_phys));
    driver.view.mmio = phys_to_virt(nic->mmio_phys);
    driver.view.lock_acquire = lock_acquire;
    driver.view.duty_take = duty_take;
    return error;
}

/* Ends the caller's frame if the driver found itself faulty. No lock is held here. */
static void report(void)
{
    if (__builtin_expect(driver.detected != QV_DETECT_NONE, 0))
        component_fail(&nic_component, (enum qv_detection)driver.detected, driver.detected_address);
}

int nic_attach(void)
{
    int error = bind();

    return error ? error : nic_state_attach(&driver);
}

int nic_reinit(void)
{
    /* A standby instance starts from nothing; one that re-initialises the device for a neighbour's sake goes on. */
    if (driver.state == 0 || driver.detected != QV_DETECT_NONE) {
        int error = bind();
        if (error)
            return error;
    }
    fault_point(QV_POINT_NIC_REINIT, &driver.view);
    return nic_state_reinit(&driver);
}

int nic_transmit(const struct nic_segment *segment, unsigned count)
{
    int error = nic_tx_queue(&driver, segment, count);

    report();
    return error;
}

void nic_batch_begin(void)
{
    driver.batch++;
}

void nic_batch_end(void)
{
    if (driver.batch == 0 || --driver.batch != 0 || driver.unannounced == 0)
        return;
    nic_tx_doorbell(&driver);
    report();
}

unsigned nic_receive(nic_deliver_fn deliver, void *context, unsigned budget, bool *more)
{
    unsigned count = nic_rx_walk(&driver, deliver, context, budget, more);

    report();
    return count;
}

bool nic_pending(void)
{
    return driver.state != 0 && nic_rx_pending(&driver);
}

bool nic_interrupt(void)
{
    return nic_duty_interrupt(&driver);
}

enum qv_detection nic_check(uint64_t *address)
{
    if (driver.state != 0)
        nic_check_all(&driver);
    *address = driver.detected_address;
    return (enum qv_detection)driver.detected;
}

int nic_takeover(unsigned sandbox)
{
    return driver.state != 0 ? nic_state_takeover(&driver, sandbox) : -EIO;
}

const uint8_t *nic_mac(unsigned sandbox)
{
    return handoff->cfg.sandbox[sandbox].mac;
}

const void *nic_driver_state(size_t *bytes)
{
    *bytes = sizeof(driver);
    return &driver;
}
