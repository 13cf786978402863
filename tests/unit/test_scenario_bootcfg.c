/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "qv/draw.h"
#include "scenario/bootcfg.h"
#include "unit.h"

static const char text[] = "schema: 1\n"
                           "name: boot\n"
                           "platform: {mode: monitor, lapic: guarded, iommu: false}\n"
                           "sandboxes:\n"
                           "  - {roles: [web, standby], memory: 48MiB, standby: 1, vcpus: {service: {budget: 2ms}, "
                           "nic: {utilization: 25%, period: 4ms}}}\n"
                           "  - {roles: [web, standby]}\n"
                           "  - {roles: bystander, probe: 20ms}\n"
                           "load: {rate: 250/s}\n"
                           "fault:\n"
                           "  - {model: ring-index, point: nic.tx, at: {after: 1500ms}}\n"
                           "  - {model: lock-leak, target: 1, at: {packets: 77}, times: 2, interval: 30ms}\n"
                           "recovery: {policy: remote, budget: 5, backoff: 20ms, heartbeat: 4ms, hang_timeout: 60ms,\n"
                           "           lock_timeout: 25ms, progress_timeout: 35ms, limit: 7s, standby: 1}\n"
                           "duration: 3s\n"
                           "seed: 42\n"
                           "trace: {requests: true}\n"
                           "expect: {outcome: recovered_remote}\n";

static void build(const char *from, struct scenario *scenario, struct qv_bootcfg *cfg)
{
    struct diag diag;
    diag_init(&diag, "test");
    int result = scenario_parse(from, strlen(from), scenario, &diag);
    diag_print(&diag, stdout);
    CU_ASSERT_FATAL(result == 0);
    bootcfg_build(scenario, cfg);
}

static void head_and_flags(void)
{
    struct scenario s;
    struct qv_bootcfg c;
    build("schema: 1\nname: b\nsandboxes: [{roles: web}]\nfault: none\nduration: 1s\nload: {warmup: 0s}\n"
          "expect: {outcome: no_fault}\n",
          &s, &c);
    CU_ASSERT(c.magic == QV_BOOTCFG_MAGIC && c.version == QV_BOOTCFG_VERSION && c.size == sizeof(c));
    CU_ASSERT(c.mode == QV_MODE_MONITOR && c.flags == 0 && c.n_faults == 0 && c.n_nics == 1 && c.test[0] == '\0');
    build(text, &s, &c);
    CU_ASSERT(c.flags == (QV_CFG_LAPIC_GUARDED | QV_CFG_NO_IOMMU | QV_CFG_TRACE_REQUESTS));
    CU_ASSERT(c.n_sandboxes == 3 && c.n_faults == 2 && c.n_nics == 1 && c.seed == 42);
    CU_ASSERT(c.duration_us == 0); /* the host's load decides */
}

static void timers(void)
{
    static const struct {
        const char *key;
        uint32_t flags;
    } cases[] = {{"{}", 0},
                 {"{timer: auto}", 0},
                 {"{timer: count-down}", QV_CFG_TIMER_COUNT_DOWN},
                 {"{timer: tsc-deadline}", QV_CFG_TIMER_TSC_DEADLINE}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct scenario s;
        struct qv_bootcfg c;
        char from[256];
        snprintf(from, sizeof(from),
                 "schema: 1\nname: b\nplatform: %s\nsandboxes: [{roles: web}]\nfault: none\nduration: 1s\n"
                 "load: {warmup: 0s}\nexpect: {outcome: no_fault}\n",
                 cases[i].key);
        build(from, &s, &c);
        CU_ASSERT_EQUAL(c.flags, cases[i].flags);
    }
}

static void crc(void)
{
    struct scenario s;
    struct qv_bootcfg c;
    build(text, &s, &c);
    uint32_t stored = c.crc;
    c.crc = 0;
    CU_ASSERT(qv_crc32(0, &c, sizeof(c)) == stored);
    c.crc = stored;
    CU_ASSERT(bootcfg_crc(&c) == stored);
    c.seed ^= 1;
    CU_ASSERT(bootcfg_crc(&c) != stored);
}

static void sandboxes(void)
{
    struct scenario s;
    struct qv_bootcfg c;
    build(text, &s, &c);
    const struct qv_sandbox_cfg *web = &c.sandbox[0];
    CU_ASSERT(web->roles == (QV_ROLE_WEB | QV_ROLE_STANDBY) && web->mem_mib == 48 && web->nic == 0 &&
              web->standby == 1);
    CU_ASSERT(web->ip == 0x0a00020f && web->netmask == 0xffffff00 && web->gateway == 0x0a000202);
    CU_ASSERT(memcmp(web->mac, "\x52\x54\x00\x12\x34\x10", 6) == 0);
    CU_ASSERT(web->vcpu[QV_VCPU_NIC].kind == 1 && web->vcpu[QV_VCPU_NIC].utilization_ppm == 250000);
    CU_ASSERT(web->vcpu[QV_VCPU_NIC].period_us == 4000 && web->vcpu[QV_VCPU_NIC].budget_us == 1000);
    CU_ASSERT(web->vcpu[QV_VCPU_SERVICE].kind == 0 && web->vcpu[QV_VCPU_SERVICE].utilization_ppm == 0);
    CU_ASSERT(web->vcpu[QV_VCPU_SERVICE].budget_us > 0 &&
              web->vcpu[QV_VCPU_SERVICE].budget_us <= web->vcpu[QV_VCPU_SERVICE].period_us);
    const struct qv_sandbox_cfg *bystander = &c.sandbox[2];
    CU_ASSERT(bystander->nic == 0xffffffff && bystander->ip == 0 && bystander->netmask == 0);
    CU_ASSERT(bystander->probe_period_us == 20000 && bystander->standby == QV_NO_SANDBOX);
    for (unsigned i = 3; i < QV_MAX_SANDBOXES; i++)
        CU_ASSERT(c.sandbox[i].roles == 0 && c.sandbox[i].standby == QV_NO_SANDBOX);
}

static void faults(void)
{
    struct scenario s;
    struct qv_bootcfg c;
    build(text, &s, &c);
    CU_ASSERT(c.fault[0].model == QV_FAULT_RING_INDEX && c.fault[0].point == QV_POINT_NIC_TX);
    CU_ASSERT(c.fault[0].trigger == QV_TRIGGER_TIME && c.fault[0].value == 1500000 && c.fault[0].times == 1);
    CU_ASSERT(c.fault[1].model == QV_FAULT_LOCK_LEAK && c.fault[1].target == 1 && c.fault[1].point == 0);
    CU_ASSERT(c.fault[1].trigger == QV_TRIGGER_PACKETS && c.fault[1].value == 77);
    CU_ASSERT(c.fault[1].times == 2 && c.fault[1].interval_us == 30000);
    /* the seed of a fault is a draw of the scenario's seed; the trigger stays as written */
    CU_ASSERT(c.fault[0].seed == qv_draw(42, 0) && c.fault[1].seed == qv_draw(42, 1));
    s.seed = 43;
    bootcfg_build(&s, &c);
    CU_ASSERT(c.fault[0].seed == qv_draw(43, 0) && c.fault[0].value == 1500000);
}

static void recovery(void)
{
    struct scenario s;
    struct qv_bootcfg c;
    build(text, &s, &c);
    CU_ASSERT(c.recovery.policy == QV_POLICY_REMOTE && c.recovery.budget == 5 && c.recovery.backoff_us == 20000);
    CU_ASSERT(c.recovery.heartbeat_us == 4000 && c.recovery.hang_timeout_us == 60000);
    CU_ASSERT(c.recovery.lock_timeout_us == 25000 && c.recovery.progress_timeout_us == 35000);
    CU_ASSERT(c.recovery.recover_limit_us == 7000000);
}

static void client(void)
{
    struct scenario s;
    struct qv_bootcfg c;
    build("schema: 1\nname: c\nsandboxes: [{roles: web}, {roles: client}]\nplatform: {clock: icount}\n"
          "load: {tool: sandbox, rate: 12.5/s, arrivals: poisson, page: 4KiB, warmup: 100ms, timeout: 1500ms,\n"
          "       connections: 9}\n"
          "fault: none\nduration: 2s\nexpect: {outcome: no_fault}\n",
          &s, &c);
    CU_ASSERT(c.client.rate_mhz == 12500 && c.client.arrivals == 1 && c.client.target_ip == 0x0a00020f);
    CU_ASSERT(c.client.page_bytes == 4096 && c.client.duration_us == 2000000 && c.client.warmup_us == 100000);
    CU_ASSERT(c.client.timeout_us == 1500000 && c.client.connections == 9);
    CU_ASSERT(c.n_nics == 2 && c.sandbox[1].nic == 1);
    CU_ASSERT(c.duration_us == 3500000); /* the machine ends by itself, late replies included */
    build(text, &s, &c);
    CU_ASSERT(c.client.rate_mhz == 0);
}

/* The same file on each platform: what stands in for a clock and counters is used only where it is needed. */
static void stand_ins(void)
{
    static const char form[] = "schema: 1\nname: c\n%s\n"
                               "platform: {kind: %s, clock: icount, pmu: sandybridge}\n"
                               "events: [ITLB_MISSES:MISS_CAUSES_A_WALK]\n"
                               "fault: none\nduration: 2s\nexpect: {outcome: no_fault}\n";
    static const char with_client[] = "sandboxes: [{roles: web}, {roles: client}]\nload: {tool: sandbox}\ncost: total";
    static const char alone[] = "sandboxes: [{roles: bystander}]\nload: {tool: none}\nexperiment: tlb";
    static const struct {
        const char *kind;
        uint32_t clock, pmu;
        uint32_t n_events;
    } on[] = {{"qemu", SCENARIO_CLOCK_ICOUNT, SCENARIO_PMU_SANDYBRIDGE, 1},
              {"bochs", SCENARIO_CLOCK_ICOUNT, SCENARIO_PMU_NONE, 1},
              {"kvm", SCENARIO_CLOCK_REAL, SCENARIO_PMU_NONE, 2},
              {"hardware", SCENARIO_CLOCK_REAL, SCENARIO_PMU_NONE, 2}};
    for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
        char yaml[sizeof(form) + sizeof(with_client) + sizeof(alone)];
        struct scenario s;
        struct qv_bootcfg c;
        snprintf(yaml, sizeof(yaml), form, strcmp(on[i].kind, "bochs") == 0 ? alone : with_client, on[i].kind);
        build(yaml, &s, &c);
        CU_ASSERT(s.platform.clock == on[i].clock && s.platform.pmu == on[i].pmu);
        CU_ASSERT_STRING_EQUAL(scenario_processor(&s), "sandybridge");
        CU_ASSERT(((c.flags & QV_CFG_EMULATED_PMU) != 0) == (on[i].pmu != SCENARIO_PMU_NONE));
        CU_ASSERT(c.cost.n_events == on[i].n_events && c.cost.event[0].code == 0x0185);
        CU_ASSERT(c.cost.event[0].vendor == QV_PMU_INTEL && c.cost.event[0].portable == QV_PMU_OF_ONE_MODEL);
        CU_ASSERT(on[i].n_events < 2 || c.cost.event[1].portable == QV_PMU_CYCLES);
        CU_ASSERT(c.cost.n_models == 1 && c.cost.models[0].first == 0x2a);
    }
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"head and flags", head_and_flags},
        {"timers", timers},
        {"CRC", crc},
        {"sandboxes", sandboxes},
        {"faults", faults},
        {"recovery", recovery},
        {"client", client},
        {"stand-ins of emulators", stand_ins},
    };
    return unit_run("boot configuration", tests, sizeof(tests) / sizeof(tests[0]));
}
