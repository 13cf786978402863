/* SPDX-License-Identifier: MIT */
/*
 * Fills a partition with a sandbox: image segments, first page tables, hand-off page, canary pattern in free memory.
 * Used at boot in both modes (with monitors and native) and by a monitor when it restarts its sandbox.
 */
#ifndef QV_MONITOR_PARTITION_H
#define QV_MONITOR_PARTITION_H

#include <stdint.h>

#include "lib/elf64.h"
#include "monitor/core.h"

/* Checks that the image is one this loader can load: NULL, or what is wrong with it. */
const char *partition_check_image(const uint8_t *image, uint64_t size);
const struct sandbox_image_header *partition_image_header(const uint8_t *image);
/* Bytes of driver window, page aligned. */
uint64_t partition_window_bytes(const uint8_t *image);

#endif
