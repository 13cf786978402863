/* SPDX-License-Identifier: MIT */
/*
 * Runs one boot test: writes its boot configuration, starts the machine in QEMU, reads the console, and judges by what
 * was printed and how the machine ended. Exit status: 0 as expected, 1 not, 2 usage, 3 the machine cannot be started.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot_machine.h"

#define MAX_EXPECTED 8

#define SKIPPED 77 /* CTest counts it as such */

enum host_action { ACTION_STOP, ACTION_DAMAGE };

struct expectation {
    const char *text;
    int wanted; /* lines that contain it; -1 = at least one */
    int seen;
};

static struct boot_machine machine;
static struct expectation expected[MAX_EXPECTED];
static int n_expected;
static int failures;      /* lines that begin with FAIL */
static int wanted_status; /* of the guest; -1: the machine is ended once everything expected was seen */
static const char *cue;   /* the line at which the host acts */
static enum host_action cue_action;

static const struct option options[] = {
    {"monitor", required_argument, NULL, 'm'},
    {"sandbox", required_argument, NULL, 's'},
    {"cores", required_argument, NULL, 'n'},
    {"processors", required_argument, NULL, 'p'},
    {"memory", required_argument, NULL, 'M'},
    {"machine", required_argument, NULL, 't'},
    {"cpu", required_argument, NULL, 'c'},
    {"native", no_argument, NULL, 'N'},
    {"guarded", no_argument, NULL, 'g'},
    {"policy", required_argument, NULL, 'P'},
    {"nic", optional_argument, NULL, 'i'},
    {"timer", required_argument, NULL, 'r'},
    {"faults", no_argument, NULL, 'f'},
    {"dump", no_argument, NULL, 'D'},
    {"duration", required_argument, NULL, 'd'},
    {"hang-timeout", required_argument, NULL, 'H'},
    {"recover-limit", required_argument, NULL, 'R'},
    {"expect", required_argument, NULL, 'e'},
    {"count", required_argument, NULL, 'C'},
    {"status", required_argument, NULL, 'S'},
    {"when", required_argument, NULL, 'w'},
    {"break", required_argument, NULL, 'b'},
    {"timeout", required_argument, NULL, 'T'},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "usage: run_boot_test --monitor FILE --sandbox FILE [option...] TEST\n"
    "  --cores N             sandboxes (4)            --processors N    processors, if not as many\n"
    "  --memory MIB          of the machine (512)     --machine NAME    q35 with an IOMMU (default), pc, or bochs\n"
    "  --cpu MODEL           of the emulator                 --native          no monitors\n"
    "  --guarded             guarded local APIC       --policy NAME     none, local, remote, restart\n"
    "  --nic[=e1000e]        shared by sandboxes 0, 1 --duration S      of the run, for tests that need one\n"
    "  --faults              plans for the test of the injector (boot_config.c)\n"
    "  --recover-limit MS    of a recovery            --timer NAME      auto (default), count-down, tsc-deadline\n"
    "  --hang-timeout MS     of the health check      --break WHAT      spoil the configuration, see boot_config.c\n"
    "  --expect TEXT         some line has it         --count N:TEXT    so many lines have it\n"
    "  --status N|none       of the machine's end     --when TEXT=stop|damage   what the host does at that line\n"
    "  --timeout S           for the whole run (60)   --dump            bochs: compare the stream of results with the "
    "memory\n"
    "Environment: QV_BOOT_ACCEL=kvm has QEMU use the host's KVM, which must nest, instead of its own emulation "
    "(tcg).\n";

static int usage(const char *what, const char *value)
{
    fprintf(stderr, "run_boot_test: %s%s%s\n%s", what, value ? " " : "", value ? value : "", help);
    return 2;
}

static bool number(const char *text, unsigned long limit, unsigned long *value)
{
    char *end;
    errno = 0;
    *value = strtoul(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *value <= limit;
}

static bool expect(const char *text, int wanted)
{
    if (n_expected == MAX_EXPECTED)
        return false;
    expected[n_expected++] = (struct expectation){.text = text, .wanted = wanted};
    return true;
}

static bool expect_count(char *text)
{
    unsigned long wanted;
    char *colon = strchr(text, ':');
    if (colon == NULL)
        return false;
    *colon = '\0';
    return number(text, 100000, &wanted) && expect(colon + 1, (int)wanted);
}

static bool take_cue(char *text)
{
    char *equals = strrchr(text, '=');
    if (equals == NULL || (strcmp(equals + 1, "stop") != 0 && strcmp(equals + 1, "damage") != 0))
        return false;
    cue_action = strcmp(equals + 1, "stop") == 0 ? ACTION_STOP : ACTION_DAMAGE;
    *equals = '\0';
    cue = text;
    return true;
}

static bool take_policy(const char *text)
{
    static const char *const names[] = {"none", "local", "remote", "restart"};
    for (unsigned i = 0; i < 4; i++) {
        if (strcmp(text, names[i]) == 0) {
            machine.policy = i;
            return true;
        }
    }
    return false;
}

static bool take_timer(const char *text)
{
    machine.timer_flag = strcmp(text, "count-down") == 0     ? QV_CFG_TIMER_COUNT_DOWN
                         : strcmp(text, "tsc-deadline") == 0 ? QV_CFG_TIMER_TSC_DEADLINE
                                                             : 0;
    return machine.timer_flag != 0 || strcmp(text, "auto") == 0;
}

static bool take(int option, char *value)
{
    unsigned long n = 0;
    bool numeric = value != NULL && number(value, 1000000, &n);
    switch (option) {
    case 'm':
        machine.monitor_image = value;
        return true;
    case 's':
        machine.sandbox_image = value;
        return true;
    case 't':
        machine.pc = strcmp(value, "pc") == 0;
        machine.bochs = strcmp(value, "bochs") == 0;
        return machine.pc || machine.bochs || strcmp(value, "q35") == 0;
    case 'c':
        machine.cpu = value;
        return true;
    case 'N':
        machine.native = true;
        return true;
    case 'g':
        machine.guarded = true;
        return true;
    case 'f':
        machine.faults = true;
        return true;
    case 'i':
        machine.nic = true;
        machine.nic_model = value != NULL ? value : "e1000";
        return strcmp(machine.nic_model, "e1000") == 0 || strcmp(machine.nic_model, "e1000e") == 0;
    case 'D':
        machine.dump = true;
        return true;
    case 'P':
        return take_policy(value);
    case 'r':
        return take_timer(value);
    case 'e':
        return expect(value, -1);
    case 'C':
        return expect_count(value);
    case 'w':
        return take_cue(value);
    case 'b':
        machine.spoil = value;
        return boot_config_can_spoil(value);
    case 'S':
        wanted_status = numeric ? (int)n : -1;
        return numeric || strcmp(value, "none") == 0;
    case 'n':
        machine.sandboxes = (unsigned)n;
        return numeric && n >= 1 && n <= QV_MAX_SANDBOXES;
    case 'p':
        machine.processors = (unsigned)n;
        return numeric && n >= 1;
    case 'M':
        machine.memory_mib = (unsigned)n;
        return numeric && n >= 16;
    case 'd':
        machine.duration_us = n * 1000000u;
        return numeric;
    case 'H':
        machine.hang_timeout_us = (unsigned)n * 1000u;
        return numeric && n >= 1;
    case 'R':
        machine.recover_limit_us = (unsigned)n * 1000u;
        return numeric && n >= 1;
    case 'T':
        machine.time_limit_s = (unsigned)n;
        return numeric && n >= 1;
    default:
        return false;
    }
}

static int parse(int argc, char **argv)
{
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            return usage("unknown option", NULL);
        if (!take(option, optarg))
            return usage("bad value:", optarg);
    }
    if (optind + 1 != argc || machine.monitor_image == NULL || machine.sandbox_image == NULL)
        return usage("both images and the name of one test are needed", NULL);
    if (strlen(argv[optind]) >= sizeof(((struct qv_bootcfg *)0)->test))
        return usage("name too long:", argv[optind]);
    machine.test = argv[optind];
    return 0;
}

static int take_accelerator(void)
{
    const char *accelerator = getenv("QV_BOOT_ACCEL");
    if (accelerator == NULL || strcmp(accelerator, "tcg") == 0)
        return 0;
    machine.kvm = strcmp(accelerator, "kvm") == 0;
    return machine.kvm ? 0 : usage("QV_BOOT_ACCEL: expected tcg or kvm, not", accelerator);
}

static bool all_seen(void)
{
    for (int i = 0; i < n_expected; i++)
        if (expected[i].seen == 0)
            return false;
    return true;
}

/* A line of the console. False: the machine has said all that is wanted of it. */
static bool on_line(const char *line)
{
    puts(line);
    fflush(stdout);
    const char *text = line[0] == '[' && strchr(line, ']') != NULL ? strchr(line, ']') + 1 : line;
    while (*text == ' ')
        text++;
    failures += strncmp(text, "FAIL", 4) == 0;
    for (int i = 0; i < n_expected; i++)
        expected[i].seen += strstr(line, expected[i].text) != NULL;
    if (cue != NULL && strstr(line, cue) != NULL) {
        cue = NULL;
        if (cue_action == ACTION_STOP)
            boot_machine_stop(&machine);
        else if (!boot_machine_damage_image(&machine))
            printf("run_boot_test: the pristine image was not found in the guest's memory\n");
    }
    return wanted_status >= 0 || !all_seen();
}

static int judge(int status)
{
    int wrong = failures;
    for (int i = 0; i < n_expected; i++) {
        const struct expectation *e = &expected[i];
        if (e->wanted < 0 ? e->seen > 0 : e->seen == e->wanted)
            continue;
        printf("run_boot_test: %d lines with '%s', expected %s", e->seen, e->text, e->wanted < 0 ? "some\n" : "");
        if (e->wanted >= 0)
            printf("%d\n", e->wanted);
        wrong++;
    }
    if (cue != NULL) {
        printf("run_boot_test: no line with '%s'\n", cue);
        wrong++;
    }
    if (wanted_status >= 0 && status != wanted_status) {
        printf("run_boot_test: the machine ended with status %d, expected %d\n", status, wanted_status);
        wrong++;
    }
    return wrong != 0;
}

int main(int argc, char **argv)
{
    char pass[64];
    machine = (struct boot_machine){
        .sandboxes = 4,
        .memory_mib = 512,

        .hang_timeout_us = 20000000,
        .time_limit_s = 60,
        .on_line = on_line,
    };
    int result = parse(argc, argv);
    if (result == 0)
        result = take_accelerator();
    if (result != 0)
        return result;
    snprintf(pass, sizeof(pass), "PASS %s", machine.test);
    if (n_expected == 0)
        expect(pass, -1);
    if (machine.processors == 0)
        machine.processors = machine.sandboxes;
    if (machine.cpu == NULL && !machine.bochs)
        machine.cpu = machine.kvm ? "host" : "qemu64,+svm,+npt,+nx";
    int status = boot_machine_run(&machine);
    if (status == BOOT_MACHINE_ABSENT) {
        printf("run_boot_test: skipped, the emulator is not installed\n");
        return SKIPPED;
    }
    if (status == BOOT_MACHINE_BROKEN)
        return 3;
    if (status == BOOT_MACHINE_TIMEOUT)
        printf("run_boot_test: no end after %u seconds\n", machine.time_limit_s);
    return judge(status) || status == BOOT_MACHINE_TIMEOUT;
}
