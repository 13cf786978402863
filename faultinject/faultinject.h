/* SPDX-License-Identifier: MIT */
/* Fault models that run inside the sandbox kernel. The kernel calls this one function; everything else is by hook. */
#ifndef QV_FAULTINJECT_FAULTINJECT_H
#define QV_FAULTINJECT_FAULTINJECT_H

/* Arms what the boot configuration plans for this sandbox, if anything. */
void faultinject_start(void);

#endif
