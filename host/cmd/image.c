/* SPDX-License-Identifier: MIT */
/* qv image: a bootable image for machines that qv does not start itself. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/provenance.h"
#include "analysis/sha256.h"
#include "bench/report.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/paths.h"
#include "image/image.h"
#include "image/label.h"
#include "scenario/bootcfg.h"
#include "scenario/scenario.h"

#define MAX_ENTRIES  32u
#define MAX_SETTINGS 32u    /* one of them ours */
#define MAX_LABEL    16384u /* os/boot/main.c takes no longer one */
#define MAX_TIMEOUT  3600u

struct wish {
    bool bench;
    const char *name; /* scenario's file, or the one benchmark, NULL = all */
};

struct request {
    struct wish wish[MAX_ENTRIES];
    size_t n_wishes;
    struct scenario_setting setting[MAX_SETTINGS];
    char storage[MAX_SETTINGS][128]; /* of paths that were cut out of "path=value" */
    size_t n_settings;
    const char *out;
    unsigned timeout_s;
};

enum { OPTION_SET = 256, OPTION_BENCH, OPTION_SCENARIO };

static void help(void)
{
    printf("usage: qv image [--scenario FILE]... [--bench[=NAME]]... [OPTION]...\n"
           "\n"
           "Makes a bootable image (GRUB, BIOS and UEFI, CD or USB stick) that holds the OS, with a menu entry for\n"
           "each scenario and each run of the benchmarks, in the order given. The first starts by itself. What a\n"
           "machine measures leaves by its serial line: see qv collect --help and docs/hardware.md.\n"
           "\n"
           "      --scenario FILE  an entry that runs this scenario; its load must come from inside the machine\n"
           "                       (load.tool sandbox or traffic) or not at all (none)\n"
           "      --bench[=NAME]   an entry that runs the benchmarks, or the one of this name\n"
           "      --set KEY=VALUE  another value for a key of all scenarios: load.tool=none\n"
           "  -t, --timeout S      seconds until the first entry starts by itself (default 10)\n"
           "  -o, --out FILE       the image (default qv.iso); an older one is replaced\n"
           "  -h, --help           this help\n"
           "\n"
           "examples:\n"
           "  qv image --bench --out bench.iso\n"
           "  qv image --scenario scenarios/self-contained.yaml --scenario scenarios/cost/web-monitor.yaml --bench\n"
           "  dd if=qv.iso of=/dev/sdX bs=1M conv=fsync      # sdX: the USB stick, whose content is lost\n"
           "\n"
           "Exit status: 0 written, 2 bad scenario or usage, 3 tools are missing or failed.\n");
}

static int split_setting(struct request *request, const char *argument)
{
    const char *value;
    if (request->n_settings == MAX_SETTINGS - 1 ||
        !option_setting(argument, request->storage[request->n_settings], sizeof(request->storage[0]), &value))
        return usage_error("image", "--set %s, expected KEY=VALUE such as load.tool=none", argument);
    char *key = request->storage[request->n_settings];
    request->setting[request->n_settings++] = (struct scenario_setting){key, value};
    return STATUS_MET;
}

static int add_wish(struct request *request, bool bench, const char *name)
{
    if (request->n_wishes == MAX_ENTRIES)
        return usage_error("image", "more than %u entries", MAX_ENTRIES);
    if (bench && name != NULL && !option_benchmark(name))
        return usage_error("image", "--bench=%s, expected the name of a benchmark", name);
    request->wish[request->n_wishes++] = (struct wish){bench, name};
    return STATUS_MET;
}

static int take_option(struct request *request, int option)
{
    unsigned long number;
    switch (option) {
    case OPTION_SCENARIO:
        return add_wish(request, false, optarg);
    case OPTION_BENCH:
        return add_wish(request, true, optarg);
    case OPTION_SET:
        return split_setting(request, optarg);
    case 't':
        if (!option_number(optarg, 0, MAX_TIMEOUT, &number))
            return usage_error("image", "--timeout %s, expected seconds from 0 to %u", optarg, MAX_TIMEOUT);
        request->timeout_s = (unsigned)number;
        return STATUS_MET;
    case 'o':
        if (optarg[0] == '\0' || strlen(optarg) > PATH_MAX - 64)
            return usage_error("image", "--out %s, expected a file", optarg);
        request->out = optarg;
        return STATUS_MET;
    default:
        return usage_error("image", "see the options");
    }
}

/* What nobody can give such a machine. */
static int check_scenario(const char *file, const struct scenario *s)
{
    const char *text = NULL;
    if (s->load.tool == SCENARIO_TOOL_BUILTIN || s->load.tool == SCENARIO_TOOL_HTTPERF)
        text =
            "load.tool: this load is made by qv on the host, which such a machine does not have; expected sandbox (a "
            "sandbox with the role client makes it) or none";
    else if (s->platform.kind != SCENARIO_PLATFORM_HARDWARE)
        text = "platform.kind: an image is for a machine of its own; expected hardware";
    if (text == NULL)
        return STATUS_MET;
    fprintf(stderr, "%s: %s\n", file, text);
    return STATUS_BAD;
}

static int make_label(struct image_entry *entry, const struct label *label, const struct scenario *scenario)
{
    FILE *out = open_memstream(&entry->label, &entry->label_bytes);
    if (out != NULL)
        label_print(out, label, scenario);
    if (out == NULL || fclose(out) != 0) {
        fprintf(stderr, "qv image: out of memory\n");
        return STATUS_PLATFORM;
    }
    if (entry->label_bytes <= MAX_LABEL)
        return STATUS_MET;
    fprintf(stderr, "qv image: a label of %zu bytes is longer than %u\n", entry->label_bytes, MAX_LABEL);
    return STATUS_BAD;
}

static int make_scenario_entry(const struct request *request, const char *file, struct label label,
                               struct image_entry *entry)
{
    struct scenario scenario;
    struct diag diag;
    if (scenario_read(file, request->setting, request->n_settings, &scenario, &diag) != 0) {
        diag_print(&diag, stderr);
        return STATUS_BAD;
    }
    int status = check_scenario(file, &scenario);
    if (status != STATUS_MET)
        return status;
    bootcfg_build(&scenario, &entry->cfg);
    entry->cfg.flags |= QV_CFG_DUMP_AT_END;
    entry->cfg.crc = bootcfg_crc(&entry->cfg);
    snprintf(entry->title, sizeof(entry->title), "%s: %.60s", scenario.name, scenario.description);
    snprintf(label.file, sizeof(label.file), "%s", paths_below_root(file));
    return make_label(entry, &label, &scenario);
}

static int make_bench_entry(const char *name, const struct label *label, struct image_entry *entry)
{
    const struct bench_options options = {.only = name};
    bench_make_bootcfg(&options, QV_MODE_MONITOR, &entry->cfg);
    entry->cfg.flags = QV_CFG_DUMP_AT_END;
    entry->cfg.n_nics = 0; /* a machine has benchmarks even where none of its NICs is driven */
    entry->cfg.sandbox[0].nic = SCENARIO_NO_NIC;
    entry->cfg.crc = bootcfg_crc(&entry->cfg);
    snprintf(entry->title, sizeof(entry->title), "benchmarks%s%s", name != NULL ? ": " : "", name != NULL ? name : "");
    return make_label(entry, label, NULL);
}

static int describe(int argc, char **argv, const char *monitor, const char *sandbox, struct label *label)
{
    struct qv_error why = {""};
    struct provenance *p = calloc(1, sizeof(*p));
    char **line = calloc((size_t)argc + 3, sizeof(*line));
    if (p != NULL && line != NULL) {
        provenance_collect(p, paths_root());
        line[0] = (char *)(uintptr_t) "./qv";
        for (int i = 0; i < argc; i++)
            line[i + 1] = argv[i];
        provenance_quote(p, label->command, sizeof(label->command), line);
        snprintf(label->commit, sizeof(label->commit), "%s%s", p->commit, p->dirty ? " with changes" : "");
    }
    free(line);
    free(p);
    if (sha256_file(monitor, label->monitor_sha256, &why) == 0 &&
        sha256_file(sandbox, label->sandbox_sha256, &why) == 0)
        return STATUS_MET;
    fprintf(stderr, "qv image: %s (./qv builds the OS images)\n", why.text);
    return STATUS_PLATFORM;
}

static int make(const struct request *request, const struct image_options *options, const struct label *label)
{
    struct image_entry *entry = calloc(request->n_wishes, sizeof(*entry));
    struct qv_error why = {""};
    int status = entry != NULL ? STATUS_MET : STATUS_PLATFORM;
    for (size_t i = 0; i < request->n_wishes && status == STATUS_MET; i++)
        status = request->wish[i].bench ? make_bench_entry(request->wish[i].name, label, &entry[i])
                                        : make_scenario_entry(request, request->wish[i].name, *label, &entry[i]);
    if (status == STATUS_MET && image_write(request->out, options, entry, request->n_wishes, &why) != 0) {
        fprintf(stderr, "qv image: %s\n", why.text);
        status = STATUS_PLATFORM;
    }
    if (status == STATUS_MET)
        printf("image: %s\n", request->out);
    for (size_t i = 0; entry != NULL && i < request->n_wishes; i++)
        free(entry[i].label);
    free(entry);
    return status;
}

int cmd_image(int argc, char **argv)
{
    static const struct option options[] = {{"scenario", required_argument, NULL, OPTION_SCENARIO},
                                            {"bench", optional_argument, NULL, OPTION_BENCH},
                                            {"set", required_argument, NULL, OPTION_SET},
                                            {"timeout", required_argument, NULL, 't'},
                                            {"out", required_argument, NULL, 'o'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    static struct request request = {
        .out = "qv.iso", .timeout_s = 10, .setting = {{"platform.kind", "hardware"}}, .n_settings = 1};
    char monitor[PATH_MAX], sandbox[PATH_MAX];
    struct label label = {.file = ""};
    int option;

    while ((option = getopt_long(argc, argv, "t:o:h", options, NULL)) != -1) {
        if (option == 'h') {
            help();
            return STATUS_MET;
        }
        int status = take_option(&request, option);
        if (status != STATUS_MET)
            return status;
    }
    if (optind != argc)
        return usage_error("image", "unexpected argument %s", argv[optind]);
    if (request.n_wishes == 0)
        return usage_error("image", "nothing to put into it: --scenario FILE or --bench");
    if (paths_join(monitor, sizeof(monitor), paths_os_dir(), "monitor.elf") != 0 ||
        paths_join(sandbox, sizeof(sandbox), paths_os_dir(), "sandbox.img") != 0)
        return usage_error("image", "%s: name too long", paths_os_dir());
    int status = describe(argc, argv, monitor, sandbox, &label);
    if (status != STATUS_MET)
        return status;
    const struct image_options how = {monitor, sandbox, request.timeout_s};
    return make(&request, &how, &label);
}
