/* SPDX-License-Identifier: MIT */
#include "counters.h"

#include "kernel.h"
#include "lwip/memp.h"
#include "lwip/stats.h"
#include "netdev.h"
#include "text.h"

#define FIELD(name)                                                                                                    \
    {                                                                                                                  \
#name, offsetof(struct qv_sandbox_status, name)                                                                \
    }

/* All 64-bit fields of struct qv_sandbox_status but the array. */
static const struct {
    const char *name;
    size_t offset;
} fields[] = {
    FIELD(heartbeats),      FIELD(rx_frames),     FIELD(rx_skipped),    FIELD(rx_dropped),     FIELD(tx_frames),
    FIELD(tx_busy),         FIELD(irqs),          FIELD(irq_acks),      FIELD(http_requests),  FIELD(http_replies),
    FIELD(tcp_connections), FIELD(probe_jobs),    FIELD(probe_misses),  FIELD(probe_worst_us), FIELD(client_sent),
    FIELD(client_good),     FIELD(client_errors), FIELD(client_lost),   FIELD(lock_breaks),    FIELD(duty_takeovers),
    FIELD(nic_generation),  FIELD(suspicions),    FIELD(packets_total), FIELD(idle_ticks),     FIELD(sched_ticks),
};

#define QV_ENUM_NAME_EXIT(sym, num, name) [num] = (name),
static const char *const cause_names[QV_EXIT_CAUSE_SLOTS] = {QV_EXIT_CAUSES(QV_ENUM_NAME_EXIT)};
static const char *const stage_names[QV_STAGE_COUNT] = {"boot", "steady", "recovery"};

static void line(struct text *text, const char *prefix, const char *name, uint64_t value)
{
    text_string(text, prefix);
    text_string(text, name);
    text_string(text, " ");
    text_number(text, value);
    text_string(text, "\n");
}

static void identity(struct text *text)
{
    const volatile struct qv_directory *machine = directory();

    line(text, "", "sandbox", handoff->id);
    line(text, "", "incarnation", handoff->incarnation);
    line(text, "", "uptime_us", time_to_us(time_now() - handoff->entry_tsc));
    line(text, "", "service_up", status->service_up);
    for (unsigned i = 0; i < handoff->n_sandboxes && i < QV_MAX_SANDBOXES; i++) {
        if (i == handoff->id || machine->core[i].taken_over_by == handoff->id) {
            text_string(text, "serves ");
            text_number(text, i);
            text_string(text, " ");
            text_address(text, handoff->cfg.sandbox[i].ip);
            text_string(text, "\n");
        }
    }
}

static void exits(struct text *text)
{
    const volatile struct qv_core_report *core = &directory()->core[handoff->id];

    for (unsigned stage = 0; stage < QV_STAGE_COUNT; stage++) {
        uint64_t sum = 0;

        for (unsigned cause = 0; cause < QV_EXIT_CAUSE_SLOTS; cause++) {
            uint64_t count = core->exits[stage][cause];

            sum += count;
            if (count > 0) {
                text_string(text, "exits_");
                text_string(text, stage_names[stage]);
                line(text, "_", cause_names[cause] != NULL ? cause_names[cause] : "unknown", count);
            }
        }
        line(text, "exits_", stage_names[stage], sum);
    }
    line(text, "", "refused", core->refused);
    line(text, "", "recoveries", core->attempts);
}

static void stack(struct text *text)
{
    line(text, "tcp_", "segments_in", lwip_stats.tcp.recv);
    line(text, "tcp_", "segments_out", lwip_stats.tcp.xmit);
    line(text, "tcp_", "dropped", lwip_stats.tcp.drop);
    line(text, "tcp_", "checksum_errors", lwip_stats.tcp.chkerr);
    line(text, "memory_", "tcp_pcb_max", memp_pools[MEMP_TCP_PCB]->stats->max);
    line(text, "memory_", "tcp_seg_max", memp_pools[MEMP_TCP_SEG]->stats->max);
    for (int i = 0; i < MEMP_MAX; i++) {
        if (memp_pools[i]->stats->err > 0) {
            text_string(text, "memory_pool_");
            text_number(text, (uint64_t)i);
            line(text, "_", "errors", memp_pools[i]->stats->err);
        }
    }
    line(text, "backlog_", "held", netdev_counters()->held);
    line(text, "backlog_", "refused", netdev_counters()->refused);
}

size_t counters_text(char *buffer, size_t size)
{
    struct text text = {.buffer = buffer, .size = size};

    identity(&text);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        uint64_t value;

        memcpy(&value, (const char *)status + fields[i].offset, sizeof(value));
        line(&text, "", fields[i].name, value);
    }
    for (unsigned slot = 0; slot < QV_VCPU_SLOTS; slot++) {
        text_string(&text, "vcpu_ticks_");
        text_number(&text, slot);
        line(&text, "", "", status->vcpu_ticks[slot]);
    }
    exits(&text);
    stack(&text);
    return text.used;
}
