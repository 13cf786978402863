/* SPDX-License-Identifier: MIT */
/* What the starter of Bochs and the library preloaded into it agree on. */
#ifndef QV_PLATFORM_BOCHS_RAM_SHARE_H
#define QV_PLATFORM_BOCHS_RAM_SHARE_H

#define RAM_SHARE_FD    "QV_BOCHS_RAM_FD"
#define RAM_SHARE_BYTES "QV_BOCHS_RAM_BYTES"
#define RAM_SHARE_SLACK (16ul << 20) /* the file is this much larger than the guest's memory */

#endif
