/* SPDX-License-Identifier: MIT */
/*
 * What must fit together in a scenario. Each check names the keys it looks at and is silent when one of them could not
 * be read: that has been reported, and a second message about its default would only confuse.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "scenario/check_events.h"
#include "scenario/check_work.h"
#include "scenario/keys.h"
#include "scenario/resolve.h"
#include "scenario/units.h"
#include "scenario/words.h"

#define MIB            (1ull << 20)
#define MONITOR_MEMORY (64u * MIB) /* at least, beside the partitions */
#define SUBNET         0x0a000200u /* QEMU's user network, 10.0.2.0/24 */
#define PATH           64u
#define BOCHS_CARDS    4u

#define usable   check_usable
#define given    check_given
#define complain check_complain

bool check_usable(const struct check *c, const char *path)
{
    bool exact = false;
    const struct node *node = tree_find(c->tree, path, &exact);
    return node->kind != NODE_BROKEN && (exact || !node->incomplete);
}

bool check_given(const struct check *c, const char *path)
{
    bool exact = false;
    (void)tree_find(c->tree, path, &exact);
    return exact;
}

void check_complain(const struct check *c, const char *path, const char *format, ...)
{
    char text[DIAG_TEXT];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    diag_error(c->diag, tree_find(c->tree, path, NULL)->at, "%s: %s", path, text);
}

static const char *in_sandbox(char path[PATH], uint32_t index, const char *key)
{
    snprintf(path, PATH, "sandboxes[%u].%s", index, key);
    return path;
}

static const char *in_fault(const struct check *c, char path[PATH], uint32_t index, const char *key)
{
    /* a single fault written without a list is shown as the user wrote it */
    const struct node *list = tree_get(c->tree->root, "fault");
    if (list != NULL && list->kind != NODE_LIST)
        snprintf(path, PATH, "fault.%s", key);
    else
        snprintf(path, PATH, "fault[%u].%s", index, key);
    return path;
}

static bool all_usable(const struct check *c, const char *key)
{
    char path[PATH];
    if (!usable(c, "sandboxes"))
        return false;
    for (uint32_t i = 0; i < c->scenario->n_sandboxes; i++) {
        if (!usable(c, in_sandbox(path, i, key)))
            return false;
    }
    return true;
}

static void check_identity(const struct check *c, uint32_t i)
{
    const struct scenario_sandbox *sandbox = &c->scenario->sandbox[i];
    char path[PATH];

    if (usable(c, in_sandbox(path, i, "id")) && sandbox->id != i)
        complain(c, path, "%" PRIu64 " is not its place in the list, expected %u", sandbox->id, i);
    if (usable(c, in_sandbox(path, i, "memory")) && sandbox->memory_bytes % (2 * MIB) != 0)
        complain(c, path, "not a multiple of 2MiB, expected one, such as 32MiB");
    if (usable(c, in_sandbox(path, i, "roles")) && (sandbox->roles & QV_ROLE_CLIENT) &&
        sandbox->roles != QV_ROLE_CLIENT)
        complain(c, path, "a client has no other role, expected client alone");
    if (usable(c, in_sandbox(path, i, "probe")) && usable(c, in_sandbox(path, i, "roles")) && sandbox->probe_us != 0 &&
        !(sandbox->roles & QV_ROLE_BYSTANDER))
        complain(c, in_sandbox(path, i, "probe"), "only a bystander has a deadline probe, expected the role bystander");
}

static void check_addresses(const struct check *c, uint32_t i)
{
    const struct scenario *s = c->scenario;
    const struct scenario_sandbox *sandbox = &s->sandbox[i];
    char path[PATH];
    char text[UNITS_TEXT];

    if (!usable(c, in_sandbox(path, i, "nic")) || !usable(c, in_sandbox(path, i, "roles")))
        return;
    if (sandbox->nic == SCENARIO_NO_NIC) {
        if (sandbox->roles & (QV_ROLE_WEB | QV_ROLE_STANDBY | QV_ROLE_CLIENT))
            complain(c, in_sandbox(path, i, "nic"), "none, but its role needs the network, expected an interface");
        if (sandbox->ip != 0 && usable(c, in_sandbox(path, i, "ip")))
            complain(c, path, "an address without an interface, expected a nic beside it");
        return;
    }
    if (usable(c, in_sandbox(path, i, "ip"))) {
        uint32_t host = sandbox->ip & 0xffu;
        if ((sandbox->ip & 0xffffff00u) != SUBNET || host < 5 || host == 255)
            complain(c, path, "%s is not usable, expected an address from 10.0.2.5 to 10.0.2.254",
                     units_write_ipv4(text, sandbox->ip));
        for (uint32_t j = 0; j < i; j++) {
            if (s->sandbox[j].nic != SCENARIO_NO_NIC && s->sandbox[j].ip == sandbox->ip)
                complain(c, path, "%s is the address of sandbox %u too, expected another",
                         units_write_ipv4(text, sandbox->ip), j);
        }
    }
    if (usable(c, in_sandbox(path, i, "mac"))) {
        for (uint32_t j = 0; j < i; j++) {
            if (s->sandbox[j].nic != SCENARIO_NO_NIC && memcmp(s->sandbox[j].mac, sandbox->mac, 6) == 0)
                complain(c, path, "%s is the address of sandbox %u too, expected another",
                         units_write_mac(text, sandbox->mac), j);
        }
    }
}

static void check_standby(const struct check *c, uint32_t index, uint8_t standby, const char *path)
{
    const struct scenario *s = c->scenario;
    if (standby == QV_NO_SANDBOX || !usable(c, path) || s->n_sandboxes == 0)
        return;
    if (standby >= s->n_sandboxes)
        complain(c, path, "there is no sandbox %u, expected one from 0 to %u", standby, s->n_sandboxes - 1);
    else if (standby == index)
        complain(c, path, "a sandbox cannot stand by for itself, expected another one");
    else if (!all_usable(c, "roles") || !all_usable(c, "nic"))
        return;
    else if (!(s->sandbox[standby].roles & QV_ROLE_STANDBY))
        complain(c, path, "sandbox %u has not the role standby, expected one that has", standby);
    else if (index < s->n_sandboxes && s->sandbox[standby].nic != s->sandbox[index].nic)
        complain(c, path, "sandbox %u drives another interface, expected one that shares it", standby);
}

static void check_vcpus(const struct check *c, uint32_t i)
{
    const struct scenario_sandbox *sandbox = &c->scenario->sandbox[i];
    char path[PATH];
    char key[40];

    if (!usable(c, in_sandbox(path, i, "vcpus")))
        return;
    for (uint32_t slot = 0; slot < QV_VCPU_SLOTS; slot++) {
        const struct scenario_vcpu *vcpu = &sandbox->vcpu[slot];
        static const char *const member[3] = {"budget", "period", "utilization"};
        for (unsigned m = 0; m < 3; m++) {
            snprintf(key, sizeof(key), "vcpus.%s.%s", scenario_slot_name(slot), member[m]);
            if (!usable(c, in_sandbox(path, i, key)))
                return;
        }
        snprintf(key, sizeof(key), "vcpus.%s", scenario_slot_name(slot));
        if (vcpu->budget_us > vcpu->period_us) {
            complain(c, in_sandbox(path, i, key), "its budget is longer than its period, expected at most the period");
            return;
        }
        if (vcpu->kind == QV_VCPU_KIND_IO_SERVER && vcpu->period_us * vcpu->utilization_ppm < 50u * 1000000u)
            complain(c, in_sandbox(path, i, key), "a budget below 50us, expected a larger share or a longer period");
    }
}

/*
 * An 82540EM needs an interrupt line for itself. QEMU's q35, the machine with an IOMMU, has five for its slots, its
 * older one two that are no device's of its own; Bochs has five slots, and four cards of its kind.
 */
static void check_lines(const struct check *c)
{
    const struct scenario_platform *platform = &c->scenario->platform;
    uint32_t n = scenario_nic_count(c->scenario);
    uint32_t most = platform->iommu ? 5 : 2;

    if (!usable(c, "platform.nic") || !usable(c, "platform.kind") || !usable(c, "platform.iommu"))
        return;
    if (platform->kind == SCENARIO_PLATFORM_BOCHS && n > BOCHS_CARDS)
        complain(c, "platform.kind", "Bochs has at most %u interfaces, expected no more, found %u", BOCHS_CARDS, n);
    else if (platform->kind == SCENARIO_PLATFORM_BOCHS || platform->nic != SCENARIO_NIC_E1000 || n <= most)
        return;
    else if (platform->kind == SCENARIO_PLATFORM_QEMU || platform->kind == SCENARIO_PLATFORM_KVM)
        complain(c, given(c, "platform.nic") ? "platform.nic" : "sandboxes",
                 "%u interfaces of model e1000, and QEMU has interrupt lines for %u%s, expected platform.nic e1000e", n,
                 most, platform->iommu ? "" : " without platform.iommu");
}

/* The interfaces in use are numbered from 0 without holes. */
static void check_nics(const struct check *c)
{
    const struct scenario *s = c->scenario;
    uint32_t used = 0;
    char path[PATH];

    if (!all_usable(c, "nic") || !all_usable(c, "roles"))
        return;
    for (uint32_t i = 0; i < s->n_sandboxes; i++) {
        if (s->sandbox[i].nic < QV_MAX_NICS)
            used |= 1u << s->sandbox[i].nic;
    }
    for (uint32_t i = 0; i < s->n_sandboxes; i++) {
        uint32_t nic = s->sandbox[i].nic;
        if (nic < QV_MAX_NICS && nic > 0 && !(used & 1u << (nic - 1))) {
            complain(c, in_sandbox(path, i, "nic"),
                     "nobody drives interface %u, expected numbers from 0 without a hole", nic - 1);
            return;
        }
    }
    check_lines(c);
}

static void check_sandboxes(const struct check *c)
{
    const struct scenario *s = c->scenario;
    char path[PATH];

    if (!usable(c, "sandboxes"))
        return;
    if (s->n_sandboxes == 0) {
        complain(c, "sandboxes", "an empty list, expected at least one sandbox");
        return;
    }
    for (uint32_t i = 0; i < s->n_sandboxes; i++) {
        check_identity(c, i);
        check_addresses(c, i);
        if (given(c, in_sandbox(path, i, "standby")))
            check_standby(c, i, s->sandbox[i].standby, in_sandbox(path, i, "standby"));
        check_vcpus(c, i);
    }
    check_standby(c, UINT32_MAX, s->recovery.standby, "recovery.standby");
    check_nics(c);
}

static void check_platform(const struct check *c)
{
    const struct scenario_platform *platform = &c->scenario->platform;
    uint64_t partitions = 0;
    char text[UNITS_TEXT];

    if (usable(c, "platform.cores") && usable(c, "sandboxes") && platform->cores < c->scenario->n_sandboxes)
        complain(c, "platform.cores", "%u cores for %u sandboxes, expected at least one for each", platform->cores,
                 c->scenario->n_sandboxes);
    if (usable(c, "platform.memory") && all_usable(c, "memory")) {
        for (uint32_t i = 0; i < c->scenario->n_sandboxes; i++)
            partitions += c->scenario->sandbox[i].memory_bytes;
        if (platform->memory_bytes > 2048 * MIB)
            complain(c, "sandboxes", "they need more than 2GiB of RAM, expected less memory for each");
        else if (platform->memory_bytes < partitions + MONITOR_MEMORY)
            complain(c, "platform.memory", "too little for the sandboxes, expected at least %s",
                     units_write_size(text, partitions + MONITOR_MEMORY));
        if (platform->memory_bytes % (2 * MIB) != 0)
            complain(c, "platform.memory", "not a multiple of 2MiB, expected one, such as 512MiB");
    }
    if (usable(c, "platform.nic") && usable(c, "platform.kind") && platform->kind == SCENARIO_PLATFORM_BOCHS &&
        platform->nic != SCENARIO_NIC_E1000)
        complain(c, given(c, "platform.nic") ? "platform.nic" : "platform.kind",
                 "Bochs has the 82540EM only, expected e1000 with this platform");
    if (usable(c, "platform.lapic") && usable(c, "platform.mode") && platform->mode == QV_MODE_NATIVE &&
        platform->lapic == SCENARIO_LAPIC_GUARDED)
        complain(c, "platform.lapic", "guarded needs a monitor, expected direct in native mode");
    if (usable(c, "platform.nested_pages") && usable(c, "platform.mode") && platform->mode == QV_MODE_NATIVE &&
        platform->nested_pages == SCENARIO_NESTED_4K)
        complain(c, "platform.nested_pages", "native mode has no nested page tables, expected no such key");
    if (usable(c, "platform.cpu") && usable(c, "platform.kind") && platform->cpu != 0 &&
        platform->kind != SCENARIO_PLATFORM_BOCHS)
        complain(c, "platform.cpu", "only kind bochs has models, expected auto");
    if (usable(c, "platform.clock") && usable(c, "load.tool") && platform->clock == SCENARIO_CLOCK_ICOUNT &&
        (c->scenario->load.tool == SCENARIO_TOOL_BUILTIN || c->scenario->load.tool == SCENARIO_TOOL_HTTPERF))
        complain(
            c, given(c, "load.tool") ? "load.tool" : "platform.clock",
            "requests of the host arrive at random on the icount clock, expected load tool sandbox, traffic or none");
}

static void check_client(const struct check *c)
{
    const struct scenario *s = c->scenario;
    uint32_t clients = 0;
    uint32_t client = 0;
    char path[PATH];

    if (!all_usable(c, "roles") || !usable(c, "load.tool"))
        return;
    for (uint32_t i = 0; i < s->n_sandboxes; i++) {
        if (!(s->sandbox[i].roles & QV_ROLE_CLIENT))
            continue;
        clients++;
        client = i;
        if (!scenario_client_makes_load(s))
            complain(c, in_sandbox(path, i, "roles"),
                     "a client without work, expected load tool sandbox or traffic beside it");
    }
    if (!scenario_host_network(s) && scenario_nic_count(s) > 1 && s->platform.kind == SCENARIO_PLATFORM_BOCHS &&
        usable(c, "platform.kind") && all_usable(c, "nic"))
        complain(c, given(c, "platform.kind") ? "platform.kind" : "load.tool",
                 "bochs cannot join interfaces, and what a sandbox sends to another's has no way there, expected qemu");
    if (!scenario_client_makes_load(s))
        return;
    if (clients != 1)
        complain(c, "load.tool", "%s needs one sandbox with the role client, expected one, found %u",
                 scenario_tool_name(s->load.tool), clients);
    else if (all_usable(c, "nic") && s->load.target < s->n_sandboxes &&
             s->sandbox[client].nic == s->sandbox[s->load.target].nic)
        complain(c, in_sandbox(path, client, "nic"), "the interface of the sandbox it asks, expected one of its own");
}

static void check_load_times(const struct check *c)
{
    const struct scenario *s = c->scenario;
    const struct scenario_load *load = &s->load;

    if (usable(c, "load.duration") && usable(c, "duration") && load->duration_us > s->duration_us)
        complain(c, "load.duration", "longer than the run, expected at most its duration");
    else if (usable(c, "load.warmup") && usable(c, "load.duration") && usable(c, "duration") &&
             load->warmup_us >= load->duration_us)
        complain(c, "load.warmup", "leaves nothing to count, expected less than the load's duration");
    if (load->tool == SCENARIO_TOOL_HTTPERF && usable(c, "load.rate") && usable(c, "load.timeout") &&
        load->rate_mhz * load->timeout_us >= 1000ull * 1000 * 1000000)
        complain(c, "load.timeout", "httperf has at most 1,024 descriptors, expected rate times timeout below 1,000");
    if (load->tool != SCENARIO_TOOL_BUILTIN && load->keep_alive && usable(c, "load.keep_alive"))
        complain(c, "load.keep_alive", "only the builtin tool keeps connections, expected false");
}

static void check_traffic(const struct check *c)
{
    const struct scenario *s = c->scenario;
    const struct scenario_load *load = &s->load;
    bool tool = load->tool == SCENARIO_TOOL_TRAFFIC;

    if (usable(c, "load.traffic") && usable(c, "load.tool") && tool != (load->traffic != QV_TRAFFIC_NONE))
        complain(c, given(c, "load.traffic") ? "load.traffic" : "load.tool", "%s",
                 tool ? "traffic of no kind, expected load.traffic beside it"
                      : "nobody makes it, expected load tool traffic beside it");
    if (tool && usable(c, "load.size") && usable(c, "load.traffic") && load->size_bytes > 1472 &&
        (load->traffic == QV_TRAFFIC_UDP_RECEIVE || load->traffic == QV_TRAFFIC_UDP_SEND))
        complain(c, "load.size", "does not fit into one frame, expected at most 1472B for datagrams");
    if (s->cost != SCENARIO_COST_NONE && usable(c, "load.warmup") && usable(c, "load.duration") &&
        usable(c, "duration") && load->warmup_us + 2 * SCENARIO_COST_MARGIN_US > load->duration_us)
        complain(c, "load.warmup", "leaves too little to count, expected 60ms less than the load's duration");
    /* But for Bochs, where no sandbox can make them, and a second of the host is none of the guest. */
    if (s->cost != SCENARIO_COST_NONE && usable(c, "cost") && usable(c, "load.tool") && usable(c, "platform.kind") &&
        !scenario_client_makes_load(s) &&
        (s->platform.kind != SCENARIO_PLATFORM_BOCHS || load->tool == SCENARIO_TOOL_NONE))
        complain(c, "cost", "the host's requests come when they come, expected load tool sandbox or traffic beside it");
}

static void check_unshared(const struct check *c)
{
    const struct scenario *s = c->scenario;

    if (!s->platform.unshared || !usable(c, "platform.driver") || !all_usable(c, "nic"))
        return;
    if (s->n_faults != 0 && usable(c, "fault"))
        complain(c, "platform.driver", "unshared recovers from nothing, expected shared for a fault");
    for (uint32_t i = 0; i < s->n_sandboxes; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (s->sandbox[i].nic == SCENARIO_NO_NIC || s->sandbox[i].nic != s->sandbox[j].nic)
                continue;
            complain(c, "platform.driver", "unshared, but sandboxes %u and %u drive interface %u, expected shared", j,
                     i, s->sandbox[i].nic);
            return;
        }
    }
}

static void check_load(const struct check *c)
{
    const struct scenario *s = c->scenario;

    check_client(c);
    check_traffic(c);
    check_unshared(c);
    if (!usable(c, "load.tool") || s->load.tool == SCENARIO_TOOL_NONE)
        return;
    check_load_times(c);
    if (!usable(c, "load.target") || !usable(c, "sandboxes") || s->n_sandboxes == 0)
        return;
    if (s->load.target >= s->n_sandboxes)
        complain(c, "load.target", "there is no sandbox %u, expected one from 0 to %u", s->load.target,
                 s->n_sandboxes - 1);
    else if (all_usable(c, "roles") && !(s->sandbox[s->load.target].roles & QV_ROLE_WEB))
        complain(c, "load.target", "sandbox %u has not the role web, expected one that has", s->load.target);
}

static void check_trigger(const struct check *c, uint32_t i)
{
    const struct scenario *s = c->scenario;
    const struct scenario_fault *fault = &s->fault[i];
    char path[PATH];

    if (!usable(c, in_fault(c, path, i, "at")) || !usable(c, in_fault(c, path, i, "at.after")) ||
        !usable(c, in_fault(c, path, i, "at.packets")) || !usable(c, in_fault(c, path, i, "at.requests")))
        return;
    int n = (fault->after_us != 0) + (fault->packets != 0) + (fault->requests != 0);
    if (n != 1)
        complain(c, in_fault(c, path, i, "at"), "%s, expected exactly one of after, packets and requests",
                 n == 0 ? "no trigger" : "several triggers");
    else if (fault->trigger == QV_TRIGGER_TIME && usable(c, "duration") && fault->value >= s->duration_us)
        complain(c, in_fault(c, path, i, "at.after"), "after the end of the run, expected less than its duration");
    else if (fault->trigger == QV_TRIGGER_REQUESTS && usable(c, "load.tool") && s->load.tool == SCENARIO_TOOL_NONE)
        complain(c, in_fault(c, path, i, "at.requests"), "nobody makes requests, expected a load or another trigger");
}

/* The points at which a model may fire: "nic.rx, nic.tx". */
static const char *points_of(char *out, size_t room, uint32_t model)
{
    size_t length = 0;

    out[0] = '\0';
    for (const struct word *point = words_fault_points; point->name != NULL && length < room; point++) {
        if (qv_fault_fits(model, (uint32_t)point->value))
            length += (size_t)snprintf(out + length, room - length, "%s%s", length > 0 ? ", " : "", point->name);
    }
    return out;
}

static void check_fault(const struct check *c, uint32_t i)
{
    const struct scenario *s = c->scenario;
    const struct scenario_fault *fault = &s->fault[i];
    char path[PATH];

    check_trigger(c, i);
    if (usable(c, in_fault(c, path, i, "target")) && all_usable(c, "nic") && all_usable(c, "roles") &&
        s->n_sandboxes > 0) {
        if (fault->target >= s->n_sandboxes)
            complain(c, in_fault(c, path, i, "target"), "there is no sandbox %u, expected one from 0 to %u",
                     fault->target, s->n_sandboxes - 1);
        else if (s->sandbox[fault->target].nic == SCENARIO_NO_NIC)
            complain(c, in_fault(c, path, i, "target"),
                     "sandbox %u drives no network interface, expected one that does", fault->target);
        else if (s->recovery.policy == QV_POLICY_REMOTE && s->sandbox[fault->target].standby == QV_NO_SANDBOX &&
                 all_usable(c, "standby") && usable(c, "recovery.policy") && usable(c, "recovery.standby"))
            complain(c, "recovery.policy",
                     "remote, but nobody stands by for sandbox %u, expected a sandbox with the role standby",
                     fault->target);
    }
    if (!usable(c, in_fault(c, path, i, "model")))
        return;
    if (fault->model == QV_FAULT_WILD_WRITE_SANDBOX && usable(c, "sandboxes") && s->n_sandboxes < 2)
        complain(c, path, "it needs another sandbox to write to, expected at least two sandboxes");
    if (fault->model == QV_FAULT_WILD_WRITE_MONITOR && usable(c, "platform.mode") && s->platform.mode == QV_MODE_NATIVE)
        complain(c, path, "there is no monitor in native mode, expected another model or mode monitor");
    if (usable(c, in_fault(c, path, i, "point")) && fault->point != 0 && !qv_fault_fits(fault->model, fault->point)) {
        char list[64];
        complain(c, path, "%s makes no sense at %s, expected %s or auto", words_name(words_fault_models, fault->model),
                 words_name(words_fault_points, fault->point), points_of(list, sizeof(list), fault->model));
    }
}

static void check_recovery(const struct check *c)
{
    const struct scenario_recovery *recovery = &c->scenario->recovery;
    char text[UNITS_TEXT];

    if (usable(c, "recovery.heartbeat") && usable(c, "recovery.hang_timeout") &&
        recovery->hang_timeout_us < 2 * recovery->heartbeat_us)
        complain(c, "recovery.hang_timeout", "less than two heartbeats, expected at least %s",
                 units_write_duration(text, 2 * recovery->heartbeat_us));
    if (usable(c, "recovery.policy") && usable(c, "platform.mode") && c->scenario->platform.mode == QV_MODE_NATIVE &&
        (recovery->policy == QV_POLICY_REMOTE || recovery->policy == QV_POLICY_RESTART))
        complain(c, "recovery.policy", "%s needs monitors, expected none or local in native mode",
                 words_name(words_policies, recovery->policy));
}

static void check_expected_load(const struct check *c)
{
    const struct scenario_expect *expect = &c->scenario->expect;
    const struct {
        const char *path;
        bool asked;
    } of_load[] = {
        {"expect.max_outage", expect->max_outage_us != SCENARIO_UNLIMITED},
        {"expect.max_errors", expect->max_errors != SCENARIO_UNLIMITED},
        {"expect.max_lost", expect->max_lost != SCENARIO_UNLIMITED},
        {"expect.max_connections_lost", expect->max_connections_lost != SCENARIO_UNLIMITED},
        {"expect.max_p99", expect->max_p99_us != SCENARIO_UNLIMITED},
        {"expect.min_replies", expect->min_replies != 0},
        {"expect.min_reply_rate", expect->min_reply_rate_mhz != 0},
    };

    if (!usable(c, "load.tool") || c->scenario->load.tool != SCENARIO_TOOL_NONE)
        return;
    for (size_t i = 0; i < sizeof(of_load) / sizeof(of_load[0]); i++) {
        if (of_load[i].asked && usable(c, of_load[i].path))
            complain(c, of_load[i].path, "there is no load to judge, expected a load beside it");
    }
}

static void check_expect(const struct check *c)
{
    const struct scenario *s = c->scenario;
    const uint64_t unfaulted =
        1ull << QV_OUTCOME_NO_FAULT | 1ull << QV_OUTCOME_FALSE_ALARM | 1ull << QV_OUTCOME_MONITOR_FAILURE |
        1ull << QV_OUTCOME_SYSTEM_FAILURE | 1ull << QV_OUTCOME_HARNESS_ERROR | 1ull << QV_OUTCOME_ISOLATION_BREACH |
        1ull << QV_OUTCOME_SILENT_WRONG_OUTPUT | 1ull << QV_OUTCOME_HANG | 1ull << QV_OUTCOME_DEGRADED;
    bool probe = false;

    check_expected_load(c);
    for (uint32_t i = 0; i < s->n_sandboxes; i++)
        probe = probe || s->sandbox[i].probe_us != 0;
    if (s->expect.max_deadline_misses != SCENARIO_UNLIMITED && !probe && usable(c, "expect.max_deadline_misses") &&
        all_usable(c, "probe") && all_usable(c, "roles"))
        complain(c, "expect.max_deadline_misses",
                 "no sandbox has a deadline probe, expected one with the role bystander");
    if (!usable(c, "fault"))
        return;
    if (s->n_faults == 0 && usable(c, "expect.outcome") && (s->expect.outcomes & unfaulted) == 0)
        complain(c, "expect.outcome", "impossible without a fault, expected no_fault");
    if (s->n_faults > 0 && usable(c, "expect.outcome") && s->expect.outcomes == 1ull << QV_OUTCOME_NO_FAULT)
        complain(c, "expect.outcome", "impossible with a fault, expected what the fault leads to");
    if (s->n_faults == 0 && s->expect.detected_by != 0 && usable(c, "expect.detected_by") &&
        s->expect.detected_by != 1ull << QV_DETECT_NONE)
        complain(c, "expect.detected_by", "nothing to detect without a fault, expected no such key");
}

static bool expects_sweeps(const struct scenario_expect *expect)
{
    return expect->min_tlb_knee != 0 || expect->max_tlb_knee != SCENARIO_UNLIMITED || expect->min_itlb_knee != 0 ||
           expect->max_itlb_knee != SCENARIO_UNLIMITED || expect->min_flush_walks_ppm != 0 ||
           expect->min_exit_walks_ppm != 0 || expect->max_exit_walks_ppm != SCENARIO_UNLIMITED;
}

static void check_experiment(const struct check *c)
{
    const struct scenario *s = c->scenario;
    const uint64_t room = 16 * MIB; /* pages to go through, results, kernel */

    if (!usable(c, "experiment"))
        return;
    if (s->experiment == SCENARIO_EXPERIMENT_NONE) {
        if (usable(c, "expect") && expects_sweeps(&s->expect))
            complain(c, "expect", "figures of the TLB sweeps, expected experiment tlb beside them");
        return;
    }
    if (usable(c, "load.tool") && s->load.tool != SCENARIO_TOOL_NONE)
        complain(c, "load.tool", "nothing is served during an experiment, expected none");
    if (usable(c, "fault") && s->n_faults > 0)
        complain(c, "fault", "an experiment runs no driver to hit, expected none");
    if (all_usable(c, "memory") && s->n_sandboxes > 0 && s->sandbox[0].memory_bytes < room)
        complain(c, "sandboxes[0].memory", "too little for the experiment, expected at least 16MiB");
    if (usable(c, "platform.mode") && s->platform.mode == QV_MODE_NATIVE && usable(c, "expect") &&
        (s->expect.min_exit_walks_ppm != 0 || s->expect.max_exit_walks_ppm != SCENARIO_UNLIMITED))
        complain(c, "expect", "a VM exit needs a monitor, expected no such key in native mode");
}

void scenario_check(const struct scenario *scenario, const struct tree *tree, struct diag *diag)
{
    const struct check c = {scenario, tree, diag};
    check_sandboxes(&c);
    check_platform(&c);
    check_load(&c);
    check_events(scenario, tree, diag);
    for (uint32_t i = 0; i < scenario->n_faults; i++)
        check_fault(&c, i);
    check_recovery(&c);
    check_expect(&c);
    check_experiment(&c);
    check_work(&c);
    if (!diag_any(diag))
        check_admission(&c);
}
