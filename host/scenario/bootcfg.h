/* SPDX-License-Identifier: MIT */
/* From a scenario to the boot configuration that the OS reads. */
#ifndef QV_SCENARIO_BOOTCFG_H
#define QV_SCENARIO_BOOTCFG_H

#include "qv/bootcfg.h"
#include "scenario/scenario.h"

/* Fills *out completely, CRC included. The scenario must have come out of scenario_parse() or passed
 * scenario_recheck(). */
void bootcfg_build(const struct scenario *scenario, struct qv_bootcfg *out);

/* enum qv_cfg_flags that ask for this enum scenario_timer. */
uint32_t bootcfg_timer_flag(uint32_t timer);

/* CRC-32 of the structure as include/qv/bootcfg.h defines it: with the member `crc` taken as zero. */
uint32_t bootcfg_crc(const struct qv_bootcfg *cfg);

#endif
