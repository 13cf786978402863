/* SPDX-License-Identifier: MIT */
/* The NIC driver's surroundings in the tests: the device model and its world (test_nic_model.c). */
#ifndef QV_NIC_ENV_H
#define QV_NIC_ENV_H

#include <stdint.h>

uint32_t nic_env_read(void *context, uint32_t offset);
void nic_env_write(void *context, uint32_t offset, uint32_t value);
uint64_t nic_env_now(void *context);
uint64_t nic_env_mask(void *context);
void nic_env_unmask(void *context, uint64_t flags);

#endif
