/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "boot_machine.h"
#include "qv/draw.h"

/* Budgets no test can spend, no back-off, and time limits that only a test about them may reach. */
#define BUDGET        100000u
#define LONG_US       20000000u
#define HEARTBEAT_US  1000u
#define PARTITION_MIB 16u
#define NO_NIC        0xffffffffu
#define NIC_SHARERS   2u

static void spoil_crc(struct qv_bootcfg *cfg)
{
    cfg->crc ^= 1u;
}
static void spoil_magic(struct qv_bootcfg *cfg)
{
    cfg->magic ^= 1u;
}
static void spoil_version(struct qv_bootcfg *cfg)
{
    cfg->version++;
}
static void spoil_size(struct qv_bootcfg *cfg)
{
    cfg->size--;
}
static void spoil_mode(struct qv_bootcfg *cfg)
{
    cfg->mode = 3;
}
static void spoil_none(struct qv_bootcfg *cfg)
{
    cfg->n_sandboxes = 0;
}
static void spoil_many(struct qv_bootcfg *cfg)
{
    cfg->n_sandboxes = QV_MAX_SANDBOXES + 1;
}
static void spoil_faults(struct qv_bootcfg *cfg)
{
    cfg->n_faults = QV_MAX_FAULTS + 1;
}
static void spoil_nics(struct qv_bootcfg *cfg)
{
    cfg->n_nics = QV_MAX_NICS + 1;
}
static void spoil_absent_nic(struct qv_bootcfg *cfg)
{
    cfg->n_nics = 1;
}
static void spoil_small(struct qv_bootcfg *cfg)
{
    cfg->sandbox[0].mem_mib = 6;
}
static void spoil_odd(struct qv_bootcfg *cfg)
{
    cfg->sandbox[0].mem_mib = 15;
}
static void spoil_huge(struct qv_bootcfg *cfg)
{
    for (unsigned i = 0; i < cfg->n_sandboxes; i++)
        cfg->sandbox[i].mem_mib = 1024;
}
static void spoil_policy(struct qv_bootcfg *cfg)
{
    cfg->recovery.policy = 17;
}
static void spoil_admission(struct qv_bootcfg *cfg)
{
    cfg->admission = QV_ADMIT_ANY + 1;
}
static void spoil_many_work(struct qv_bootcfg *cfg)
{
    cfg->n_work = QV_MAX_WORK + 1;
}
/* Two VCPUs that need 95 % of a core; of the others there are none. */
static void spoil_not_admitted(struct qv_bootcfg *cfg)
{
    cfg->test[0] = '\0';
    cfg->sandbox[0].vcpu[QV_VCPU_HEALTH] = (struct qv_vcpu_cfg){.budget_us = 500, .period_us = 1000};
    cfg->sandbox[0].vcpu[QV_VCPU_RECOVERY] = (struct qv_vcpu_cfg){.budget_us = 4500, .period_us = 10000};
}
static void nothing(struct qv_bootcfg *cfg)
{
    (void)cfg;
}

static const struct {
    const char *name;
    void (*change)(struct qv_bootcfg *cfg);
    bool crc_stays; /* the sum is not made right again */
    int size;       /* 0 = whole; -1 = no configuration at all; else bytes that are missing */
} spoils[] = {
    {"crc", spoil_crc, true, 0},
    {"magic", spoil_magic, false, 0},
    {"version", spoil_version, false, 0},
    {"size", spoil_size, false, 0},
    {"mode", spoil_mode, false, 0},
    {"no-sandboxes", spoil_none, false, 0},
    {"many-sandboxes", spoil_many, false, 0},
    {"many-faults", spoil_faults, false, 0},
    {"many-nics", spoil_nics, false, 0},
    {"absent-nic", spoil_absent_nic, false, 0},
    {"small-partition", spoil_small, false, 0},
    {"odd-partition", spoil_odd, false, 0},
    {"huge-partitions", spoil_huge, false, 0},
    {"policy", spoil_policy, false, 0},
    {"admission", spoil_admission, false, 0},
    {"many-work", spoil_many_work, false, 0},
    {"not-admitted", spoil_not_admitted, false, 0},
    {"short", nothing, false, 8},
    {"no-configuration", nothing, false, -1},
};

static int find_spoil(const char *what)
{
    for (size_t i = 0; i < sizeof(spoils) / sizeof(spoils[0]); i++)
        if (strcmp(spoils[i].name, what) == 0)
            return (int)i;
    return -1;
}

bool boot_config_can_spoil(const char *what)
{
    return find_spoil(what) >= 0;
}

/* What tests/boot/faults.c knows: three for sandbox 0, one for another. */
static const struct qv_fault_plan plans[QV_MAX_FAULTS] = {
    {QV_FAULT_RING_INDEX, 0, QV_POINT_NIC_RX, QV_TRIGGER_PACKETS, 3, 11, 2, 100000},
    {QV_FAULT_LOCK_LEAK, 0, 0, QV_TRIGGER_REQUESTS, 2, 12, 1, 0},
    {QV_FAULT_DROP_ACK, 0, 0, QV_TRIGGER_TIME, 500000, 13, 1, 0},
    {QV_FAULT_DIVIDE_ERROR, 1, 0, QV_TRIGGER_TIME, 0, 14, 1, 0},
};

static void fill(const struct boot_machine *machine, struct qv_bootcfg *cfg)
{
    *cfg = (struct qv_bootcfg){
        .magic = QV_BOOTCFG_MAGIC,
        .version = QV_BOOTCFG_VERSION,
        .size = sizeof(*cfg),
        .mode = machine->native ? QV_MODE_NATIVE : QV_MODE_MONITOR,
        .flags = QV_CFG_EXIT_AT_END | (machine->guarded ? QV_CFG_LAPIC_GUARDED : 0u) |
                 (machine->dump ? QV_CFG_DUMP_AT_END : 0u) | machine->timer_flag,
        .n_sandboxes = machine->sandboxes,
        .n_nics = machine->nic ? 1 : 0,
        .seed = 1,
        .duration_us = machine->duration_us,
        .recovery = {.policy = machine->policy,
                     .budget = BUDGET,
                     .heartbeat_us = HEARTBEAT_US,
                     .hang_timeout_us = machine->hang_timeout_us,
                     .recover_limit_us = machine->recover_limit_us,
                     .lock_timeout_us = LONG_US,
                     .progress_timeout_us = LONG_US},
    };
    if (machine->faults) {
        cfg->n_faults = QV_MAX_FAULTS;
        memcpy(cfg->fault, plans, sizeof(cfg->fault));
    }
    strcpy(cfg->test, machine->test);
    for (unsigned i = 0; i < QV_MAX_SANDBOXES; i++) {
        struct qv_sandbox_cfg *s = &cfg->sandbox[i];
        s->mem_mib = PARTITION_MIB;
        s->nic = machine->nic && i < NIC_SHARERS ? 0 : NO_NIC;
        s->standby = QV_NO_SANDBOX;
        memcpy(s->mac, (const uint8_t[]){0x52, 0x54, 0x00, 0x51, 0x57, (uint8_t)i}, sizeof(s->mac));
    }
}

size_t boot_config_make(const struct boot_machine *machine, struct qv_bootcfg *cfg)
{
    int spoil = machine->spoil ? find_spoil(machine->spoil) : -1;
    fill(machine, cfg);
    if (spoil >= 0)
        spoils[spoil].change(cfg);
    if (spoil < 0 || !spoils[spoil].crc_stays) {
        cfg->crc = 0;
        cfg->crc = qv_crc32(0, cfg, sizeof(*cfg));
    }
    if (spoil >= 0 && spoils[spoil].size < 0)
        return 0;
    return sizeof(*cfg) - (spoil >= 0 ? (size_t)spoils[spoil].size : 0);
}
