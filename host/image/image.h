/* SPDX-License-Identifier: MIT */
/*
 * A hybrid ISO that boots the OS by GRUB and multiboot2: from CD or USB stick, by BIOS or UEFI. One menu entry for each
 * boot configuration.
 */
#ifndef QV_IMAGE_IMAGE_H
#define QV_IMAGE_IMAGE_H

#include <stddef.h>

#include "analysis/error.h"
#include "qv/bootcfg.h"

struct image_entry {
    char title[128];
    struct qv_bootcfg cfg;
    char *label; /* malloc'd, owned by the caller */
    size_t label_bytes;
};

struct image_options {
    const char *monitor_image, *sandbox_image;
    unsigned timeout_s; /* after which the first entry starts; 0 = at once */
};

/*
 * Writes the file `out`, whole or not at all. -ENOENT: tools are missing (err names the packages); -EIO: they failed.
 */
int image_write(const char *out, const struct image_options *options, const struct image_entry *entry, size_t n,
                struct qv_error *err);

#endif
