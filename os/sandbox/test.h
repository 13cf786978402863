/* SPDX-License-Identifier: MIT */
/* Boot tests: run inside the sandboxes instead of the services when the boot configuration names one. */
#ifndef QV_SANDBOX_TEST_H
#define QV_SANDBOX_TEST_H

/* Starts the named test (tests/boot/). An unknown name fails the run. */
void boot_test_start(const char *name);

#endif
