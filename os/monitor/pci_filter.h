/* SPDX-License-Identifier: MIT */
/*
 * What a sandbox may do to PCI configuration space by mechanism 1 (ports CF8h..CFFh), and names for the ports it may
 * not touch. Decisions only: the monitor does what the answer says. One `struct pci_filter` per sandbox, so that each
 * has an address latch of its own.
 *
 * The monitor performs forwarded accesses on the real ports, where all cores meet: it holds its configuration lock from
 * before pci_filter_access() until the forwarded access is done.
 */
#ifndef QV_MONITOR_PCI_FILTER_H
#define QV_MONITOR_PCI_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_FILTER_DEVICES 4u
#define PCI_FILTER_BARS    7u /* six base address registers and the expansion ROM's */

/* A base address register as the boot code found it. Unimplemented: both 0. */
struct pci_bar {
    uint32_t value; /* as programmed, with the type bits */
    uint32_t probe; /* what it reads after all ones were written: size mask and type bits */
};

struct pci_owned {
    uint32_t bdf; /* bus << 8 | device << 3 | function */
    struct pci_bar bar[PCI_FILTER_BARS];
};

struct pci_filter {
    /* Reads 32 bits of an owned device's configuration space; offset is a multiple of 4. */
    uint32_t (*read32)(void *context, uint32_t bdf, uint32_t offset);
    void *context;
    uint32_t address; /* this sandbox's own CF8h latch */
    uint32_t n_owned;
    struct pci_owned owned[PCI_FILTER_DEVICES];
    uint8_t probing[PCI_FILTER_DEVICES]; /* bit per BAR: all ones written, not yet restored */
    uint32_t violations;                 /* accesses refused */
};

enum pci_verdict {
    PCI_EMULATE, /* a read gives `value`; a write has no effect on hardware */
    PCI_FORWARD, /* do it: configuration access of `size` bytes at (bdf, offset); a write of `value` */
    PCI_REFUSE,  /* not done; a read gives `value` (all ones); counted, and to be logged with `reason` */
};

struct pci_action {
    enum pci_verdict verdict;
    uint32_t value;
    uint32_t bdf;
    uint32_t offset; /* not always a multiple of `size`, but never across a multiple of 4 */
    uint32_t size;   /* 1, 2, 4 */
    int error;       /* 0, or -EPERM where refused */
    const char *reason;
};

void pci_filter_init(struct pci_filter *filter, uint32_t (*read32)(void *context, uint32_t bdf, uint32_t offset),
                     void *context);

/* Gives a device (header type 0) to the sandbox. 0; -ENOSPC; -EEXIST; -EINVAL: bdf above FFFFh. */
int pci_filter_own(struct pci_filter *filter, const struct pci_owned *device);

/* An access to `port` of `size` bytes. Ports that do not concern PCI are refused under the name port_name() gives. */
struct pci_action pci_filter_access(struct pci_filter *filter, uint32_t port, unsigned size, bool write,
                                    uint32_t value);

enum port_class {
    PORT_OTHER = 0,
    PORT_PCI = 1,   /* CF8h..CFFh, and nothing beyond: for pci_filter_access() */
    PORT_RESET = 2, /* could reset or power off the machine */
    PORT_TIMER = 3,
    PORT_IRQ = 4, /* interrupt controllers */
    PORT_CONSOLE = 5,
    PORT_DEBUG = 6, /* the emulator's own */
    PORT_DISK = 7,
    PORT_DMA = 8,
};

/* Of an access of `size` bytes at `port`, by the most dangerous byte it touches. */
enum port_class port_class(uint32_t port, unsigned size);
const char *port_name(uint32_t port, unsigned size); /* never NULL */

#endif
