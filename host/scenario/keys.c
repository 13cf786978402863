/* SPDX-License-Identifier: MIT */
/* What a scenario file may say. docs/scenarios.md explains it to users; a test compares the two. */
#include "scenario/keys.h"

#define AT(type, member) .offset = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)
#define MS               1000ull
#define SECOND           1000000ull
#define HOUR             (3600ull * SECOND)
#define MIB              (1ull << 20)

/* clang-format off */
static const struct word special_auto[] = {{"auto", 0, NULL}, {NULL, 0, NULL}};
static const struct word special_auto8_none[] = {{"auto", AUTO_INDEX8, NULL}, {"none", QV_NO_SANDBOX, NULL},
                                                 {NULL, 0, NULL}};
static const struct word special_none8[] = {{"none", QV_NO_SANDBOX, NULL}, {NULL, 0, NULL}};
static const struct word special_auto32[] = {{"auto", AUTO_INDEX32, NULL}, {NULL, 0, NULL}};
static const struct word special_auto32_none[] = {{"auto", AUTO_INDEX32, NULL}, {"none", SCENARIO_NO_NIC, NULL},
                                                  {NULL, 0, NULL}};
static const struct word special_auto_off[] = {{"auto", AUTO_PERIOD, NULL}, {"off", 0, NULL}, {NULL, 0, NULL}};
static const struct word special_off[] = {{"off", 0, NULL}, {NULL, 0, NULL}};
static const struct word special_end[] = {{"end", 0, NULL}, {NULL, 0, NULL}};
static const struct word special_any[] = {{"any", SCENARIO_UNLIMITED, NULL}, {NULL, 0, NULL}};

static const struct field platform_keys[] = {
    {.key = "kind", .type = FIELD_WORD, AT(scenario_platform, kind), .words = words_platforms, .fallback = "qemu",
     .help = "what runs the machine"},
    {.key = "mode", .type = FIELD_WORD, AT(scenario_platform, mode), .words = words_modes, .fallback = "monitor",
     .help = "monitors with nested page tables, or the same sandbox image without them (no isolation)"},
    {.key = "clock", .type = FIELD_WORD, AT(scenario_platform, clock), .words = words_clocks, .fallback = "real",
     .help = "real, or one tick per instruction so that a run repeats exactly (load tool sandbox, traffic or none only)"},
    {.key = "cores", .type = FIELD_COUNT, AT(scenario_platform, cores), .min = 1, .max = QV_MAX_SANDBOXES,
     .specials = special_auto, .fallback = "auto", .help = "processor cores; auto: one per sandbox"},
    {.key = "memory", .type = FIELD_SIZE, AT(scenario_platform, memory_bytes), .min = 128 * MIB, .max = 2048 * MIB,
     .specials = special_auto, .fallback = "auto", .help = "RAM of the machine; auto: enough for the sandboxes"},
    {.key = "lapic", .type = FIELD_WORD, AT(scenario_platform, lapic), .words = words_lapic, .fallback = "direct",
     .help = "how a sandbox reaches its local APIC"},
    {.key = "timer", .type = FIELD_WORD, AT(scenario_platform, timer), .words = words_timers, .fallback = "auto",
     .help = "what drives the one-shot timer of each core"},
    {.key = "iommu", .type = FIELD_BOOL, AT(scenario_platform, iommu), .fallback = "true",
     .help = "an IOMMU confines the NIC's memory accesses and interrupts"},
    {.key = "nic", .type = FIELD_WORD, AT(scenario_platform, nic), .words = words_nic_models, .fallback = "e1000",
     .help = "model of all network interfaces"},
    {.key = "driver", .type = FIELD_WORD, AT(scenario_platform, unshared), .words = words_drivers, .fallback = "shared",
     .help = "of all interfaces: the shared one, or for comparison one that serves a single sandbox and recovers nothing"},
    {.key = "pmu", .type = FIELD_WORD, AT(scenario_platform, pmu), .words = words_pmus, .fallback = "none",
     .help = "processor whose memory hierarchy is modelled beside the emulator, where that has no counters (qemu)"},
    {.key = "processor", .type = FIELD_NAME, AT(scenario_platform, processor), .fallback = "auto",
     .help = "processor whose events the scenario names (./qv events); auto: that of pmu"},
    {.key = "nested_pages", .type = FIELD_WORD, AT(scenario_platform, nested_pages), .words = words_nested_pages,
     .fallback = "2MiB", .help = "size of the pages of nested page tables"},
    {.key = "admission", .type = FIELD_WORD, AT(scenario_platform, admission), .words = words_admissions,
     .fallback = "bound", .help = "what every sandbox's set of VCPUs must fulfil"},
    {.key = "cpu", .type = FIELD_WORD, AT(scenario_platform, cpu), .words = words_cpus, .fallback = "auto",
     .help = "model of the processor (kind bochs only)"},
    {.key = "ready_limit", .type = FIELD_DURATION, AT(scenario_platform, ready_limit_us), .min = SECOND,
     .max = 10 * 60 * SECOND, .fallback = "60s", .help = "a machine not ready by then is given up (exit status 3)"},
    {.key = NULL},
};

#define BACKGROUND_KEY(fall)                                                                                           \
    {.key = "background", .type = FIELD_BOOL, AT(scenario_vcpu, background), .fallback = fall,                         \
     .help = "may use time that no VCPU with budget wants"}
#define REPLENISHMENTS_KEY                                                                                             \
    {.key = "replenishments", .type = FIELD_COUNT, AT(scenario_vcpu, replenishments), .min = 2, .max = 32,             \
     .fallback = "32", .help = "bound of a sporadic server's list of replenishments"}
#define MAIN_VCPU_KEYS(name, budget, period)                                                                           \
    static const struct field name##_vcpu_keys[] = {                                                                   \
        {.key = "budget", .type = FIELD_DURATION, AT(scenario_vcpu, budget_us), .min = 50, .max = 10 * SECOND,         \
         .fallback = budget, .help = "processor time in every period"},                                                \
        {.key = "period", .type = FIELD_DURATION, AT(scenario_vcpu, period_us), .min = 100, .max = 10 * SECOND,        \
         .fallback = period, .help = "period of the sporadic server"},                                                 \
        BACKGROUND_KEY("true"),                                                                                        \
        REPLENISHMENTS_KEY,                                                                                            \
        {.key = NULL},                                                                                                 \
    }

MAIN_VCPU_KEYS(service, "3ms", "10ms");
MAIN_VCPU_KEYS(health, "200us", "4ms");
MAIN_VCPU_KEYS(recovery, "500us", "10ms");
MAIN_VCPU_KEYS(probe, "200us", "5ms");

static const struct field nic_vcpu_keys[] = {
    {.key = "kind", .type = FIELD_WORD, AT(scenario_vcpu, kind), .words = words_io_kinds, .fallback = "pibs",
     .help = "priority-inheriting bandwidth preservation, or a sporadic server"},
    {.key = "utilization", .type = FIELD_PERCENT, AT(scenario_vcpu, utilization_ppm), .min = 1000, .max = 1000000,
     .fallback = "15%", .help = "share of the processor"},
    {.key = "period", .type = FIELD_DURATION, AT(scenario_vcpu, period_us), .min = 100, .max = 10 * SECOND,
     .fallback = "10ms", .help = "period of the sporadic server; a pibs VCPU inherits that of the service"},
    BACKGROUND_KEY("true"),
    REPLENISHMENTS_KEY,
    {.key = NULL},
};

#define VCPU(slot, name, text)                                                                                         \
    {.key = #name, .type = FIELD_MAP, AT(scenario_sandbox, vcpu[slot]), .fields = name##_vcpu_keys, .help = text}

static const struct field vcpus_keys[] = {
    VCPU(QV_VCPU_SERVICE, service, "Main VCPU of web server and TCP/IP"),
    VCPU(QV_VCPU_NIC, nic, "I/O VCPU of the network interface's bottom half"),
    VCPU(QV_VCPU_HEALTH, health, "Main VCPU of heartbeat, neighbour watch and driver checks"),
    VCPU(QV_VCPU_RECOVERY, recovery, "Main VCPU of the recovery thread"),
    VCPU(QV_VCPU_PROBE, probe, "Main VCPU of the deadline probe"),
    {.key = NULL},
};

static const struct field work_vcpu_keys[] = {
    {.key = "kind", .type = FIELD_WORD, AT(scenario_vcpu, kind), .words = words_vcpu_kinds, .fallback = "main",
     .help = "how it is scheduled"},
    {.key = "budget", .type = FIELD_DURATION, .flags = FIELD_OMIT_ZERO, AT(scenario_vcpu, budget_us), .min = 50,
     .max = 10 * SECOND, .help = "main, server: processor time in every period"},
    {.key = "period", .type = FIELD_DURATION, .flags = FIELD_OMIT_ZERO, AT(scenario_vcpu, period_us), .min = 100,
     .max = 10 * SECOND, .help = "main, server: period"},
    {.key = "utilization", .type = FIELD_PERCENT, .flags = FIELD_OMIT_ZERO, AT(scenario_vcpu, utilization_ppm),
     .min = 1000, .max = 1000000, .help = "pibs: share of the processor"},
    BACKGROUND_KEY("false"),
    REPLENISHMENTS_KEY,
    {.key = NULL},
};

static const struct field work_keys[] = {
    {.key = "name", .type = FIELD_NAME, .flags = FIELD_REQUIRED, AT(scenario_work, name),
     .help = "how expectations and tables call it"},
    {.key = "kind", .type = FIELD_WORD, .flags = FIELD_REQUIRED, AT(scenario_work, kind), .words = words_works,
     .help = "what it does"},
    {.key = "sandbox", .type = FIELD_COUNT, AT(scenario_work, sandbox), .max = QV_MAX_SANDBOXES - 1, .fallback = "0",
     .help = "where it runs"},
    {.key = "count", .type = FIELD_COUNT, AT(scenario_work, count), .min = 1, .max = 60, .fallback = "1",
     .help = "copies, each with a VCPU of its own"},
    {.key = "every", .type = FIELD_DURATION, .flags = FIELD_OMIT_ZERO, AT(scenario_work, every_us), .min = 10,
     .max = 60 * SECOND, .help = "from one job, interrupt or request to the next (all but hog)"},
    {.key = "work", .type = FIELD_DURATION, .flags = FIELD_OMIT_ZERO, AT(scenario_work, work_us), .min = 1,
     .max = 10 * SECOND, .help = "processor time of a job (periodic, device)"},
    {.key = "bytes", .type = FIELD_SIZE, .flags = FIELD_OMIT_ZERO, AT(scenario_work, bytes), .min = 1, .max = MIB,
     .help = "flood: a request's frame, 64B to 1514B; device: data that a job stands for"},
    {.key = "target", .type = FIELD_COUNT, AT(scenario_work, target), .max = QV_MAX_SANDBOXES - 1, .fallback = "0",
     .help = "flood: the sandbox that has to answer"},
    {.key = "serves", .type = FIELD_NAME, AT(scenario_work, serves), .fallback = "service",
     .help = "device: whose period its pibs VCPU inherits: service, or a work load with a main VCPU"},
    {.key = "phase", .type = FIELD_DURATION, AT(scenario_work, phase_us), .max = SECOND, .fallback = "0s",
     .help = "each copy begins so much later than the one before"},
    {.key = "after", .type = FIELD_DURATION, AT(scenario_work, after_us), .max = HOUR, .fallback = "0s",
     .help = "beginning, counted from ready"},
    {.key = "until", .type = FIELD_DURATION, AT(scenario_work, until_us), .min = 1, .max = HOUR, .specials = special_end,
     .fallback = "end", .help = "end, counted from ready"},
    {.key = "on", .type = FIELD_WORD, AT(scenario_work, on), .words = words_slots, .fallback = "own",
     .help = "its own VCPU, or a standard one that it shares (flood: always service)"},
    {.key = "vcpu", .type = FIELD_MAP, AT(scenario_work, vcpu), .fields = work_vcpu_keys, .help = "its own VCPU"},
    {.key = NULL},
};

static const struct field sandbox_keys[] = {
    {.key = "id", .type = FIELD_COUNT, AT(scenario_sandbox, id), .max = QV_MAX_SANDBOXES - 1,
     .specials = special_auto32, .fallback = "auto", .help = "place in the list, from 0; checked where it is written"},
    {.key = "roles", .type = FIELD_WORDS, .flags = FIELD_REQUIRED | FIELD_BITS, AT(scenario_sandbox, roles),
     .words = words_roles, .help = "what it does"},
    {.key = "memory", .type = FIELD_SIZE, AT(scenario_sandbox, memory_bytes), .min = 8 * MIB, .max = 1024 * MIB,
     .fallback = "32MiB", .help = "private memory, a multiple of 2MiB"},
    {.key = "nic", .type = FIELD_COUNT, AT(scenario_sandbox, nic), .max = QV_MAX_NICS - 1,
     .specials = special_auto32_none, .fallback = "auto",
     .help = "interface it drives, shared by all that name it; auto: 0, for a client 1, for a mere bystander none"},
    {.key = "ip", .type = FIELD_IPV4, .flags = FIELD_OMIT_ZERO, AT(scenario_sandbox, ip), .specials = special_auto, .fallback = "auto",
     .help = "address in 10.0.2.0/24; auto: 10.0.2.(15 + id)"},
    {.key = "mac", .type = FIELD_MAC, .flags = FIELD_OMIT_ZERO, AT(scenario_sandbox, mac), .specials = special_auto, .fallback = "auto",
     .help = "address of its virtual interface; auto: 52:54:00:12:34:(10 + id, hexadecimal)"},
    {.key = "standby", .type = FIELD_COUNT, AT(scenario_sandbox, standby), .max = QV_MAX_SANDBOXES - 1,
     .specials = special_auto8_none, .fallback = "auto",
     .help = "sandbox that takes its service over; auto: recovery.standby, else for a web sandbox the first other "
             "one with the role standby on the same interface"},
    {.key = "probe", .type = FIELD_DURATION, AT(scenario_sandbox, probe_us), .min = MS, .max = SECOND,
     .specials = special_auto_off, .fallback = "auto", .help = "period of the deadline probe; auto: 10ms for a bystander"},
    {.key = "vcpus", .type = FIELD_MAP, .size = sizeof(struct scenario_sandbox), .fields = vcpus_keys,
     .help = "processor time of its standard threads; the whole set must be admitted"},
    {.key = NULL},
};

static const struct field service_keys[] = {
    {.key = "kind", .type = FIELD_WORD, AT(scenario_service, kind), .words = words_services, .fallback = "http",
     .help = "what the web sandboxes serve (on port 80)"},
    {.key = "host_port", .type = FIELD_COUNT, AT(scenario_service, host_port), .min = 1024, .max = 65000,
     .specials = special_auto, .fallback = "auto",
     .help = "first loopback port on the host that leads to the web sandboxes; auto: any free one"},
    {.key = NULL},
};

static const struct field load_keys[] = {
    {.key = "tool", .type = FIELD_WORD, AT(scenario_load, tool), .words = words_tools, .fallback = "builtin",
     .help = "who makes the requests"},
    {.key = "rate", .type = FIELD_RATE, AT(scenario_load, rate_mhz), .min = 100, .max = 20000000, .fallback = "120/s",
     .help = "requests, open loop: a slow reply delays no request"},
    {.key = "arrivals", .type = FIELD_WORD, AT(scenario_load, arrivals), .words = words_arrivals, .fallback = "constant",
     .help = "how the requests are spaced"},
    {.key = "connections", .type = FIELD_COUNT, AT(scenario_load, connections), .min = 1, .max = 4096, .fallback = "256",
     .help = "open at one time at most"},
    {.key = "keep_alive", .type = FIELD_BOOL, AT(scenario_load, keep_alive), .fallback = "false",
     .help = "many requests on one connection (builtin only)"},
    {.key = "page", .type = FIELD_WORD, AT(scenario_load, page_bytes), .words = words_pages, .fallback = "1KiB",
     .help = "size of the page asked for"},
    {.key = "warmup", .type = FIELD_DURATION, AT(scenario_load, warmup_us), .max = HOUR, .fallback = "1s",
     .help = "first part of the load, sent but not counted"},
    {.key = "duration", .type = FIELD_DURATION, AT(scenario_load, duration_us), .min = 100 * MS, .max = HOUR,
     .specials = special_auto, .fallback = "auto", .help = "time in which requests are sent, warmup included; auto: duration"},
    {.key = "timeout", .type = FIELD_DURATION, AT(scenario_load, timeout_us), .min = 10 * MS, .max = 60 * SECOND,
     .fallback = "2s", .help = "a request without reply by then is lost"},
    {.key = "target", .type = FIELD_COUNT, AT(scenario_load, target), .max = QV_MAX_SANDBOXES - 1,
     .specials = special_auto32, .fallback = "auto", .help = "sandbox asked; auto: the first with the role web"},
    {.key = "traffic", .type = FIELD_WORD, AT(scenario_load, traffic), .words = words_traffic, .fallback = "none",
     .help = "what the tool traffic makes; directions as the web sandboxes see them"},
    {.key = "size", .type = FIELD_SIZE, AT(scenario_load, size_bytes), .min = 18, .max = 16384, .fallback = "1472B",
     .help = "payload of one datagram (at most 1472B), or of one write to a stream"},
    {.key = NULL},
};

static const struct field trigger_keys[] = {
    {.key = "after", .type = FIELD_DURATION, .flags = FIELD_OMIT_ZERO, AT(scenario_fault, after_us), .min = 1,
     .max = HOUR, .help = "time since the service became ready"},
    {.key = "packets", .type = FIELD_COUNT, .flags = FIELD_OMIT_ZERO, AT(scenario_fault, packets), .min = 1,
     .max = 1000000000000ull, .help = "frames handled by the target's driver"},
    {.key = "requests", .type = FIELD_COUNT, .flags = FIELD_OMIT_ZERO, AT(scenario_fault, requests), .min = 1,
     .max = 1000000000000ull, .help = "web requests served by the target"},
    {.key = NULL},
};

static const struct field fault_keys[] = {
    {.key = "model", .type = FIELD_WORD, .flags = FIELD_REQUIRED, AT(scenario_fault, model),
     .words = words_fault_models + 1, .help = "what goes wrong (./qv list faults)"},
    {.key = "target", .type = FIELD_COUNT, AT(scenario_fault, target), .max = QV_MAX_SANDBOXES - 1,
     .specials = special_auto32, .fallback = "auto", .help = "sandbox whose driver it hits; auto: load.target"},
    {.key = "point", .type = FIELD_WORD, AT(scenario_fault, point), .words = words_fault_points,
     .specials = special_auto, .fallback = "auto", .help = "place in the driver; auto: the model's own"},
    {.key = "at", .type = FIELD_MAP, .flags = FIELD_REQUIRED, .size = sizeof(struct scenario_fault), .fields = trigger_keys,
     .help = "when: exactly one of the following"},
    {.key = "times", .type = FIELD_COUNT, AT(scenario_fault, times), .min = 1, .max = 1000, .fallback = "1",
     .help = "how often it fires"},
    {.key = "interval", .type = FIELD_DURATION, AT(scenario_fault, interval_us), .min = MS, .max = HOUR,
     .fallback = "1s", .help = "between one firing and the next"},
    {.key = NULL},
};

static const struct field recovery_keys[] = {
    {.key = "policy", .type = FIELD_WORD, AT(scenario_recovery, policy), .words = words_policies, .fallback = "local",
     .help = "how a component comes back"},
    {.key = "budget", .type = FIELD_COUNT, AT(scenario_recovery, budget), .min = 1, .max = 100, .fallback = "3",
     .help = "recoveries of one component before giving up"},
    {.key = "backoff", .type = FIELD_DURATION, AT(scenario_recovery, backoff_us), .max = 60 * SECOND,
     .fallback = "100ms", .help = "wait before the second recovery, doubled for each further one"},
    {.key = "heartbeat", .type = FIELD_DURATION, AT(scenario_recovery, heartbeat_us), .min = MS, .max = SECOND,
     .fallback = "5ms", .help = "period of the heartbeat"},
    {.key = "hang_timeout", .type = FIELD_DURATION, AT(scenario_recovery, hang_timeout_us), .min = 2 * MS,
     .max = 60 * SECOND, .fallback = "150ms", .help = "a heartbeat older than this is a hang"},
    {.key = "lock_timeout", .type = FIELD_DURATION, AT(scenario_recovery, lock_timeout_us), .min = MS,
     .max = 60 * SECOND, .fallback = "30ms", .help = "a shared lock held longer than this is broken"},
    {.key = "progress_timeout", .type = FIELD_DURATION, AT(scenario_recovery, progress_timeout_us), .min = MS,
     .max = 60 * SECOND, .fallback = "100ms", .help = "receive, transmit and interrupts must move on within this"},
    {.key = "limit", .type = FIELD_DURATION, AT(scenario_recovery, limit_us), .min = SECOND, .max = 600 * SECOND,
     .specials = special_off, .fallback = "3s",
     .help = "a recovery not over by then has failed: the next stronger policy, or given up when the budget is spent"},
    {.key = "standby", .type = FIELD_COUNT, AT(scenario_recovery, standby), .max = QV_MAX_SANDBOXES - 1,
     .specials = special_none8, .fallback = "none",
     .help = "sandbox that takes over for every web sandbox that names no standby itself"},
    {.key = NULL},
};

static const struct field trace_keys[] = {
    {.key = "requests", .type = FIELD_BOOL, AT(scenario_trace, requests), .fallback = "false",
     .help = "a record for every web request and reply"},
    {.key = "scheduler", .type = FIELD_BOOL, AT(scenario_trace, scheduler), .fallback = "false",
     .help = "a record for every switch and replenishment"},
    {.key = "vcpus", .type = FIELD_DURATION, AT(scenario_trace, vcpus_us), .min = 10 * MS, .max = 60 * SECOND,
     .specials = special_auto_off, .fallback = "auto",
     .help = "period of samples of every VCPU's processor time; auto: 100ms if there is work, else off"},
    {.key = NULL},
};

#define COUNT_BELOW(name, member, fall, text)                                                                          \
    {.key = name, .type = FIELD_COUNT, AT(scenario_expect, member), .max = 1000000000000ull, .specials = special_any,        \
     .fallback = fall, .help = text}
#define TIME_BELOW(name, member, text)                                                                                 \
    {.key = name, .type = FIELD_DURATION, AT(scenario_expect, member), .min = 1, .max = HOUR,                          \
     .specials = special_any, .fallback = "any", .help = text}

static const struct field expect_vcpu_keys[] = {
    {.key = "vcpu", .type = FIELD_NAME, .flags = FIELD_REQUIRED | FIELD_COPY, AT(scenario_expect_vcpu, vcpu),
     .help = "a work load (name, or name#copy), a standard VCPU, or scheduler, handlers, idle"},
    {.key = "sandbox", .type = FIELD_COUNT, AT(scenario_expect_vcpu, sandbox), .max = QV_MAX_SANDBOXES - 1,
     .fallback = "0", .help = "whose standard VCPU or account; a work load has its own"},
    {.key = "from", .type = FIELD_DURATION, AT(scenario_expect_vcpu, from_us), .max = HOUR, .fallback = "0s",
     .help = "begin of the time that shares and rates are taken over, counted from ready"},
    {.key = "until", .type = FIELD_DURATION, AT(scenario_expect_vcpu, until_us), .min = 1, .max = HOUR,
     .specials = special_end, .fallback = "end", .help = "its end"},
    {.key = "min_share", .type = FIELD_PERCENT, AT(scenario_expect_vcpu, min_share_ppm), .max = 1000000,
     .fallback = "0%", .help = "share of the core"},
    {.key = "max_share", .type = FIELD_PERCENT, AT(scenario_expect_vcpu, max_share_ppm), .max = 1000000,
     .specials = special_any, .fallback = "any", .help = "share of the core"},
    {.key = "min_rate", .type = FIELD_RATE, AT(scenario_expect_vcpu, min_rate_mhz), .max = 1000000000,
     .fallback = "0/s", .help = "jobs a second; of a flood: replies"},
    {.key = "max_rate", .type = FIELD_RATE, AT(scenario_expect_vcpu, max_rate_mhz), .max = 1000000000,
     .specials = special_any, .fallback = "any", .help = "the same, at most"},
    {.key = "max_misses", .type = FIELD_COUNT, AT(scenario_expect_vcpu, max_misses), .max = 1000000000000ull,
     .specials = special_any, .fallback = "any", .help = "missed deadlines, of all copies"},
    {.key = "max_response", .type = FIELD_DURATION, AT(scenario_expect_vcpu, max_response_us), .min = 1, .max = HOUR,
     .specials = special_any, .fallback = "any", .help = "longest time from release to completion"},
    {.key = "max_overrun", .type = FIELD_PERCENT, AT(scenario_expect_vcpu, max_overrun_ppm), .max = 1000000,
     .specials = special_any, .fallback = "any", .help = "of the time it used: beyond its budget"},
    {.key = NULL},
};

static const struct field expect_keys[] = {
    {.key = "outcome", .type = FIELD_WORDS, .flags = FIELD_REQUIRED, AT(scenario_expect, outcomes),
     .words = words_outcomes, .help = "how the run may end (./qv list outcomes)"},
    {.key = "detected_by", .type = FIELD_WORDS, .flags = FIELD_OMIT_ZERO, AT(scenario_expect, detected_by),
     .words = words_detections, .help = "what may notice the first fault; default: anything"},
    TIME_BELOW("max_outage", max_outage_us, "longest gap between good replies"),
    COUNT_BELOW("max_errors", max_errors, "any", "requests refused, reset or answered wrongly"),
    COUNT_BELOW("max_lost", max_lost, "any", "requests without a reply within load.timeout"),
    COUNT_BELOW("max_connections_lost", max_connections_lost, "any", "connections reset or cut off"),
    {.key = "min_replies", .type = FIELD_COUNT, AT(scenario_expect, min_replies), .max = 1000000000000ull, .fallback = "0",
     .help = "good replies in all"},
    {.key = "min_reply_rate", .type = FIELD_RATE, AT(scenario_expect, min_reply_rate_mhz), .max = 1000000000,
     .fallback = "0/s", .help = "good replies a second over the counted part of the load"},
    TIME_BELOW("max_p99", max_p99_us, "99th percentile of the latency, from the intended time of sending"),
    TIME_BELOW("max_first_reply", max_first_reply_us, "from starting the platform to the first HTTP reply"),
    COUNT_BELOW("max_breaches", max_breaches, "0", "places where memory of others changed"),
    COUNT_BELOW("max_deadline_misses", max_deadline_misses, "any", "missed deadlines of all probes but the target's"),
    COUNT_BELOW("max_steady_exits", max_steady_exits, "any", "exits to a monitor outside boot and recovery"),
    COUNT_BELOW("max_recoveries", max_recoveries, "any", "recoveries begun"),
    {.key = "min_tlb_knee", .type = FIELD_COUNT, AT(scenario_expect, min_tlb_knee), .max = 1024, .fallback = "0",
     .help = "data pages up to which at most 10% of accesses walk, nothing between the rounds (experiment tlb)"},
    COUNT_BELOW("max_tlb_knee", max_tlb_knee, "any", "the same, at most"),
    {.key = "min_itlb_knee", .type = FIELD_COUNT, AT(scenario_expect, min_itlb_knee), .max = 1024, .fallback = "0",
     .help = "the same for code pages"},
    COUNT_BELOW("max_itlb_knee", max_itlb_knee, "any", "the same for code pages, at most"),
    {.key = "min_flush_walks", .type = FIELD_PERCENT, AT(scenario_expect, min_flush_walks_ppm), .max = 1000000,
     .fallback = "0%", .help = "data accesses that walk beyond those of base, with a TLB flush between rounds, up to the knee"},
    {.key = "min_exit_walks", .type = FIELD_PERCENT, AT(scenario_expect, min_exit_walks_ppm), .max = 1000000,
     .fallback = "0%", .help = "the same with a VM exit between rounds"},
    {.key = "max_exit_walks", .type = FIELD_PERCENT, AT(scenario_expect, max_exit_walks_ppm), .max = 1000000,
     .specials = special_any, .fallback = "any", .help = "the same with a VM exit between rounds, at most"},
    {.key = "vcpus", .type = FIELD_LIST, .offset = offsetof(struct scenario_expect, vcpu),
     .size = sizeof(struct scenario_expect_vcpu), .max = SCENARIO_VCPU_EXPECTATIONS, .fields = expect_vcpu_keys,
     .count_offset = offsetof(struct scenario_expect, n_vcpus), .help = "what is asked of VCPUs"},
    {.key = NULL},
};

const struct field scenario_keys[] = {
    {.key = "schema", .type = FIELD_COUNT, .flags = FIELD_REQUIRED, AT(scenario, schema), .min = SCENARIO_SCHEMA,
     .max = SCENARIO_SCHEMA, .help = "version of this format"},
    {.key = "name", .type = FIELD_NAME, .flags = FIELD_REQUIRED, AT(scenario, name),
     .help = "names the results' directory"},
    {.key = "description", .type = FIELD_TEXT, AT(scenario, description), .help = "what the run shows, for people"},
    {.key = "platform", .type = FIELD_MAP, AT(scenario, platform), .fields = platform_keys, .help = "the machine"},
    {.key = "sandboxes", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .offset = offsetof(struct scenario, sandbox),
     .size = sizeof(struct scenario_sandbox), .max = QV_MAX_SANDBOXES, .fields = sandbox_keys,
     .count_offset = offsetof(struct scenario, n_sandboxes), .help = "one core each, in the order of their ids"},
    {.key = "work", .type = FIELD_LIST, .offset = offsetof(struct scenario, work),
     .size = sizeof(struct scenario_work), .max = QV_MAX_WORK, .fields = work_keys,
     .count_offset = offsetof(struct scenario, n_work), .help = "work loads inside the kernels, for experiments"},
    {.key = "service", .type = FIELD_MAP, AT(scenario, service), .fields = service_keys, .help = "what is served"},
    {.key = "load", .type = FIELD_MAP, AT(scenario, load), .fields = load_keys, .help = "the requests"},
    {.key = "fault", .type = FIELD_LIST, .flags = FIELD_REQUIRED | FIELD_SINGLE, .offset = offsetof(struct scenario, fault),
     .size = sizeof(struct scenario_fault), .max = QV_MAX_FAULTS, .fields = fault_keys,
     .count_offset = offsetof(struct scenario, n_faults), .help = "what goes wrong, and when"},
    {.key = "recovery", .type = FIELD_MAP, AT(scenario, recovery), .fields = recovery_keys,
     .help = "detection and recovery"},
    {.key = "duration", .type = FIELD_DURATION, .flags = FIELD_REQUIRED, AT(scenario, duration_us), .min = 100 * MS,
     .max = HOUR, .help = "from the moment all services are ready to the end of the run"},
    {.key = "seed", .type = FIELD_COUNT, AT(scenario, seed), .max = UINT64_MAX, .fallback = "1",
     .help = "all that is random follows from it"},
    {.key = "trace", .type = FIELD_MAP, AT(scenario, trace), .fields = trace_keys, .help = "extra trace records"},
    {.key = "cost", .type = FIELD_WORD, AT(scenario, cost), .words = words_costs, .fallback = "none",
     .help = "report what the counted part of the load costs each sandbox (load tool sandbox or traffic; on bochs any)"},
    {.key = "experiment", .type = FIELD_WORD, AT(scenario, experiment), .words = words_experiments, .fallback = "none",
     .help = "what sandbox 0 measures instead of running services"},
    {.key = "events", .type = FIELD_NAMES, .offset = offsetof(struct scenario, event), .size = SCENARIO_NAME_MAX,
     .max = QV_PMU_EVENTS, .count_offset = offsetof(struct scenario, n_events),
     .help = "counted beside instructions, in every report on costs (./qv events --cpu PROCESSOR)"},
    {.key = "expect", .type = FIELD_MAP, .flags = FIELD_REQUIRED, AT(scenario, expect), .fields = expect_keys,
     .help = "what must hold for the verdict 'met'; any: not asked"},
    {.key = NULL},
};
/* clang-format on */
