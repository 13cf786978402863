/* SPDX-License-Identifier: MIT */
#include "scenario/words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "analysis/outcome.h"
#include "qv/bootcfg.h"
#include "qv/fault.h"
#include "scenario/scenario.h"

#define WORD_FAULT(sym, num, word, text) {word, num, text},
#define WORD_OUTCOME(sym, word, text)    {word, QV_OUTCOME_##sym, text},

const struct word words_platforms[] = {
    {"qemu", SCENARIO_PLATFORM_QEMU, "QEMU's TCG with SVM and nested page tables"},
    {"bochs", SCENARIO_PLATFORM_BOCHS, "Bochs with VMX and extended page tables"},
    {"kvm", SCENARIO_PLATFORM_KVM, "QEMU on a KVM that offers nested virtualization"},
    {"hardware", SCENARIO_PLATFORM_HARDWARE, "a machine of its own, by an image (./qv image)"},
    {NULL, 0, NULL}};
const struct word words_admissions[] = {{"bound", QV_ADMIT_BOUND, "the published inequality"},
                                        {"exact", QV_ADMIT_EXACT, "worst-case response times"},
                                        {"any", QV_ADMIT_ANY, "no test: for sets that are meant to be too much"},
                                        {NULL, 0, NULL}};
const struct word words_vcpu_kinds[] = {{"main", QV_VCPU_KIND_MAIN, "Main VCPU: a sporadic server"},
                                        {"pibs", QV_VCPU_KIND_IO_PIBS, "I/O VCPU with priority inheritance"},
                                        {"server", QV_VCPU_KIND_IO_SERVER, "I/O VCPU that is a sporadic server"},
                                        {NULL, 0, NULL}};
const struct word words_io_kinds[] = {
    {"pibs", QV_VCPU_KIND_IO_PIBS, NULL}, {"server", QV_VCPU_KIND_IO_SERVER, NULL}, {NULL, 0, NULL}};
const struct word words_slots[] = {{"own", QV_VCPU_SLOTS, NULL},
                                   {"service", QV_VCPU_SERVICE, NULL},
                                   {"nic", QV_VCPU_NIC, NULL},
                                   {"health", QV_VCPU_HEALTH, NULL},
                                   {"recovery", QV_VCPU_RECOVERY, NULL},
                                   {"probe", QV_VCPU_PROBE, NULL},
                                   {NULL, 0, NULL}};
const struct word words_works[] = {{"hog", QV_WORK_HOG, "computes without end"},
                                   {"periodic", QV_WORK_PERIODIC, "a job every `every`, due before the next"},
                                   {"device", QV_WORK_DEVICE, "the bottom half of a device made of software"},
                                   {"flood", QV_WORK_FLOOD, "ICMP echo requests to another sandbox"},
                                   {NULL, 0, NULL}};
const struct word words_modes[] = {{"monitor", QV_MODE_MONITOR, "one monitor per core, nested page tables"},
                                   {"native", QV_MODE_NATIVE, "the same sandbox image without monitors"},
                                   {NULL, 0, NULL}};
const struct word words_clocks[] = {{"real", SCENARIO_CLOCK_REAL, "the emulator runs as fast as it can"},
                                    {"icount", SCENARIO_CLOCK_ICOUNT, "one tick per instruction, repeats exactly"},
                                    {NULL, 0, NULL}};
const struct word words_lapic[] = {{"direct", SCENARIO_LAPIC_DIRECT, "the sandbox writes its local APIC itself"},
                                   {"guarded", SCENARIO_LAPIC_GUARDED, "the monitor checks IPIs (costs exits)"},
                                   {NULL, 0, NULL}};
const struct word words_timers[] = {{"auto", SCENARIO_TIMER_AUTO, "TSC-deadline where it works, else count-down"},
                                    {"count-down", SCENARIO_TIMER_COUNT_DOWN, "the local APIC's own clock"},
                                    {"tsc-deadline", SCENARIO_TIMER_TSC_DEADLINE, "no boot where it does not work"},
                                    {NULL, 0, NULL}};
const struct word words_nic_models[] = {{"e1000", SCENARIO_NIC_E1000, "Intel 82540EM, interrupt by a pin"},
                                        {"e1000e", SCENARIO_NIC_E1000E, "Intel 82574L, interrupt by a message (MSI)"},
                                        {NULL, 0, NULL}};
const struct word words_pmus[] = {{"none", SCENARIO_PMU_NONE, "no model"},
                                  {"sandybridge", SCENARIO_PMU_SANDYBRIDGE, "Intel Core i5-2500K"},
                                  {"nehalem", SCENARIO_PMU_NEHALEM, "Intel Xeon E5506"},
                                  {"barcelona", SCENARIO_PMU_BARCELONA, "AMD Opteron 2350"},
                                  {NULL, 0, NULL}};
const struct word words_nested_pages[] = {{"2MiB", SCENARIO_NESTED_2M, "where alignment allows, else 4 KiB"},
                                          {"4KiB", SCENARIO_NESTED_4K, "throughout, as the published system"},
                                          {NULL, 0, NULL}};
const struct word words_experiments[] = {{"none", SCENARIO_EXPERIMENT_NONE, "services and load"},
                                         {"tlb", SCENARIO_EXPERIMENT_TLB, "data-TLB and instruction-TLB sweeps"},
                                         {NULL, 0, NULL}};
const struct word words_cpus[] = {{"auto", 0, "the platform's own choice"},
                                  {"corei5_lynnfield_750", 1, "Nehalem, 2009; Bochs"},
                                  {"corei5_arrandale_m520", 2, "Westmere, 2010; Bochs"},
                                  {"corei7_sandy_bridge_2600k", 3, "2011; Bochs, which auto means there"},
                                  {"corei7_skylake_x", 4, "2017; Bochs"},
                                  {NULL, 0, NULL}};
const struct word words_roles[] = {{"web", QV_ROLE_WEB, "serves HTTP on its address"},
                                   {"standby", QV_ROLE_STANDBY, "takes a failed sandbox's service over"},
                                   {"bystander", QV_ROLE_BYSTANDER, "runs the deadline probe"},
                                   {"client", QV_ROLE_CLIENT, "makes the load (load tools sandbox and traffic)"},
                                   {NULL, 0, NULL}};
const struct word words_services[] = {{"http", 1, "lwIP's web server"}, {NULL, 0, NULL}};
const struct word words_tools[] = {{"none", SCENARIO_TOOL_NONE, "no load"},
                                   {"builtin", SCENARIO_TOOL_BUILTIN, "qv's open-loop client"},
                                   {"httperf", SCENARIO_TOOL_HTTPERF, "httperf as a child process"},
                                   {"sandbox", SCENARIO_TOOL_SANDBOX, "a client sandbox inside the machine"},
                                   {"traffic", SCENARIO_TOOL_TRAFFIC, "datagrams or streams with a client sandbox"},
                                   {NULL, 0, NULL}};
const struct word words_arrivals[] = {{"constant", SCENARIO_ARRIVALS_CONSTANT, "evenly spaced"},
                                      {"poisson", SCENARIO_ARRIVALS_POISSON, "exponential gaps"},
                                      {NULL, 0, NULL}};

const struct word words_traffic[] = {QV_TRAFFIC_KINDS(WORD_FAULT){NULL, 0, NULL}};
const struct word words_costs[] = {{"none", SCENARIO_COST_NONE, "nothing is counted"},
                                   {"total", SCENARIO_COST_TOTAL, "of each core, without any cost of its own"},
                                   {"paths", SCENARIO_COST_PATHS, "also by VCPU and by path through the driver"},
                                   {NULL, 0, NULL}};
const struct word words_drivers[] = {{"shared", 0, "any number of sandboxes on one interface"},
                                     {"unshared", 1, "for one sandbox: no locks, checks or recovery"},
                                     {NULL, 0, NULL}};

const struct word words_pages[] = {{"64B", 64, NULL},    {"256B", 256, NULL},    {"1KiB", 1024, NULL},
                                   {"4KiB", 4096, NULL}, {"16KiB", 16384, NULL}, {"64KiB", 65536, NULL},
                                   {NULL, 0, NULL}};

const struct word words_fault_models[] = {QV_FAULT_MODELS(WORD_FAULT){NULL, 0, NULL}};
const struct word words_fault_points[] = {QV_FAULT_POINTS(WORD_FAULT){NULL, 0, NULL}};
const struct word words_policies[] = {QV_POLICIES(WORD_FAULT){NULL, 0, NULL}};
const struct word words_detections[] = {QV_DETECTIONS(WORD_FAULT){NULL, 0, NULL}};
const struct word words_outcomes[] = {QV_OUTCOMES(WORD_OUTCOME){NULL, 0, NULL}};

bool words_value(const struct word *list, const char *name, uint64_t *value)
{
    for (; list->name != NULL; list++) {
        if (strcmp(list->name, name) == 0) {
            *value = list->value;
            return true;
        }
    }
    return false;
}

const char *words_name(const struct word *list, uint64_t value)
{
    for (; list->name != NULL; list++) {
        if (list->value == value)
            return list->name;
    }
    return "?";
}

char *words_join(char *out, size_t room, const struct word *list)
{
    size_t n = 0;
    out[0] = '\0';
    for (const struct word *word = list; word->name != NULL; word++) {
        const char *gap = word == list ? "" : word[1].name == NULL ? " or " : ", ";
        if (n + strlen(gap) + strlen(word->name) + 6 > room) {
            snprintf(out + n, room - n, ", ...");
            break;
        }
        n += (size_t)snprintf(out + n, room - n, "%s%s", gap, word->name);
    }
    return out;
}

#define NEAR_LENGTH 40u

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

static unsigned distance(const char *a, const char *b)
{
    unsigned d[NEAR_LENGTH + 1][NEAR_LENGTH + 1];
    unsigned n = (unsigned)strlen(a);
    unsigned m = (unsigned)strlen(b);
    if (n > NEAR_LENGTH || m > NEAR_LENGTH)
        return NEAR_LENGTH;

    for (unsigned i = 0; i <= n; i++)
        d[i][0] = i;
    for (unsigned j = 0; j <= m; j++)
        d[0][j] = j;
    for (unsigned i = 1; i <= n; i++) {
        for (unsigned j = 1; j <= m; j++) {
            int x = tolower((unsigned char)a[i - 1]);
            int y = tolower((unsigned char)b[j - 1]);
            d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (x != y));
            bool swapped =
                i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) && y == tolower((unsigned char)a[i - 2]);
            if (swapped && d[i - 2][j - 2] + 1 < d[i][j])
                d[i][j] = d[i - 2][j - 2] + 1;
        }
    }
    return d[n][m];
}

const char *words_nearest(const char *wrong, const char *const *names)
{
    const char *best = NULL;
    unsigned best_distance = 1 + (unsigned)strlen(wrong) / 3; /* what is farther is no typing mistake */

    for (; *names != NULL; names++) {
        unsigned d = distance(wrong, *names);
        if (d < best_distance || (d == best_distance && best == NULL)) {
            best = *names;
            best_distance = d;
        }
    }
    return best;
}
