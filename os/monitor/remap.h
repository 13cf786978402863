/* SPDX-License-Identifier: MIT */
/* DMA faults at run time: the IOMMU tells core 0's monitor by an NMI; the monitor publishes what was blocked. */
#ifndef QV_MONITOR_REMAP_H
#define QV_MONITOR_REMAP_H

#include "monitor/iommu/iommu.h"

struct core;

/* Hands the enabled units over; fault events are directed to core 0 as NMIs. */
void remap_init(struct iommu *units, unsigned count);
/* After an NMI: reads the fault records, counts them in the directory, traces the first. True if there was one. */
bool remap_poll(struct core *core);

#endif
