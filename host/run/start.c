/* SPDX-License-Identifier: MIT */
/* A run's beginning: result folder, boot configuration, machine, collector. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/paths.h"
#include "run/job.h"
#include "scenario/bootcfg.h"
#include "scenario/words.h"

#define HTTP_PORT 80u

static int write_file(const char *path, const void *data, size_t size, struct qv_error *err)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    bool failed = fwrite(data, 1, size, file) != size;
    if (fclose(file) != 0 || failed)
        return qv_error_set(err, -EIO, "%s: cannot be written", path);
    return 0;
}

/* What the scenario amounts to, with every default, and what the OS is told: both belong to the raw data. */
static int write_inputs(struct job *job, char boot_config[4200], struct qv_error *err)
{
    char path[4200];
    bootcfg_build(job->scenario, &job->bootcfg);
    if (paths_join(boot_config, 4200, job->folder, "boot.cfg") != 0 ||
        paths_join(path, sizeof(path), job->folder, "scenario.yaml") != 0)
        return qv_error_set(err, -ENAMETOOLONG, "%s: name too long", job->folder);
    int result = write_file(boot_config, &job->bootcfg, sizeof(job->bootcfg), err);
    if (result != 0)
        return result;
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    scenario_print(file, job->scenario);
    return fclose(file) == 0 ? 0 : qv_error_set(err, -EIO, "%s: cannot be written", path);
}

/* Every web sandbox gets a way from the host to it; the load's target also if its page is served by nobody else. */
static void add_forwards(const struct scenario *scenario, struct machine_config *config)
{
    for (uint32_t i = 0; i < scenario->n_sandboxes; i++) {
        const struct scenario_sandbox *sandbox = &scenario->sandbox[i];
        if (!(sandbox->roles & QV_ROLE_WEB) || sandbox->nic == SCENARIO_NO_NIC)
            continue;
        uint32_t n = config->n_forwards++;
        config->forward[n] = (struct machine_forward){
            .nic = sandbox->nic, .guest_ip = sandbox->ip, .guest_port = HTTP_PORT, .host_port = 0};
        if (scenario->service.host_port != 0)
            config->forward[n].host_port = (uint16_t)(scenario->service.host_port + n);
    }
}

static void make_config(const struct job *job, const char *boot_config, struct machine_config *config)
{
    const struct scenario *scenario = job->scenario;
    memset(config, 0, sizeof(*config));
    config->folder = job->folder;
    config->monitor_image = job->monitor_image;
    config->sandbox_image = job->sandbox_image;
    config->boot_config = boot_config;
    config->cores = scenario->platform.cores;
    config->memory_bytes = scenario->platform.memory_bytes;
    config->pmu_model = scenario->platform.pmu != SCENARIO_PMU_NONE ? scenario_pmu_name(scenario->platform.pmu) : NULL;
    config->cpu = scenario->platform.cpu != 0 ? words_name(words_cpus, scenario->platform.cpu) : NULL;
    config->iommu = scenario->platform.iommu;
    config->icount = scenario->platform.clock == SCENARIO_CLOCK_ICOUNT;
    config->host_network = scenario_host_network(scenario);
    config->n_nics = scenario_nic_count(scenario);
    config->nic_82574l = scenario->platform.nic == SCENARIO_NIC_E1000E;
    if (config->host_network)
        add_forwards(scenario, config);
}

static uint16_t port_of(const struct machine *machine, uint32_t ip)
{
    for (uint32_t i = 0; i < machine->n_forwards; i++) {
        if (machine->forward[i].guest_ip == ip)
            return machine->forward[i].host_port;
    }
    return 0;
}

void job_describe(struct job *job, const char *platform, const struct run_tick *tick)
{
    const struct scenario *s = job->scenario;
    struct run_result *r = job->result;

    snprintf(r->scenario, sizeof(r->scenario), "%s", s->name);
    snprintf(r->description, sizeof(r->description), "%.*s", (int)sizeof(r->description) - 1, s->description);
    snprintf(r->scenario_file, sizeof(r->scenario_file), "%.*s", (int)sizeof(r->scenario_file) - 1,
             paths_below_root(job->options->scenario_path));
    snprintf(r->platform, sizeof(r->platform), "%s", platform);
    r->tick = *tick;
    r->seed = s->seed;
    r->run_index = job->options->index;
    r->mode = s->platform.mode;
    r->policy = s->recovery.policy;
    r->n_faults = s->n_faults;
    for (uint32_t i = 0; i < s->n_faults; i++)
        r->fault[i] = (struct run_fault){.model = s->fault[i].model,
                                         .target = s->fault[i].target,
                                         .point = s->fault[i].point,
                                         .trigger = s->fault[i].trigger,
                                         .value = s->fault[i].value};
}

static void take_provenance(struct job *job, const struct platform *platform)
{
    struct provenance *p = &job->result->provenance;
    provenance_collect(p, paths_root());
    if (platform->version != NULL)
        platform->version(p->qemu_version, sizeof(p->qemu_version));
    else
        provenance_set_version(p, platform->program);
    provenance_quote(p, p->reproduce, sizeof(p->reproduce), job->options->reproduce);
    (void)provenance_add_file(p, job->monitor_image, NULL);
    (void)provenance_add_file(p, job->sandbox_image, NULL);
    (void)provenance_add_file(p, job->options->scenario_path, NULL);
    (void)provenance_add_bytes(p, "boot.cfg", &job->bootcfg, sizeof(job->bootcfg));
}

static void start_machine(struct job *job, const struct platform *platform, const char *boot_config)
{
    struct qv_error why;
    struct machine_config config;

    make_config(job, boot_config, &config);
    job->machine_started = true;
    if (machine_start(&job->machine, platform, &config, &why) != 0) {
        job_harness_error(job, "the platform could not be started: %s", why.text);
        return;
    }
    (void)provenance_add_command(&job->result->provenance, "platform", job->machine.argv);
    job->guest = (struct guest){job->machine.ram, job->machine.ram_bytes};
    if (job->scenario->load.target < job->scenario->n_sandboxes)
        job->port = port_of(&job->machine, job->scenario->sandbox[job->scenario->load.target].ip);
    job->guest_time = platform->own_clock && job->scenario->load.tool != SCENARIO_TOOL_HTTPERF;
    job->collector =
        collector_start(&job->guest, job->scenario->load.target, job->scenario->recovery.heartbeat_us * 1000u, &why);
    if (job->collector == NULL)
        job_harness_error(job, "%s", why.text);
}

int job_start(struct job *job, struct qv_error *err)
{
    const struct platform *platform = platform_by_kind(job->scenario->platform.kind);
    const char *images = paths_os_dir();
    struct run_tick tick;
    char boot_config[4200];

    if (platform == NULL)
        return qv_error_set(err, -EINVAL, "platform %s: qv does not start such a machine, ./qv image makes it an image",
                            scenario_platform_name(job->scenario->platform.kind));
    int result = result_dir_begin(job->options->folder, job->folder, sizeof(job->folder), err);
    if (result != 0) {
        job->folder[0] = '\0';
        return result;
    }
    if (paths_join(job->monitor_image, sizeof(job->monitor_image), images, "monitor.elf") != 0 ||
        paths_join(job->sandbox_image, sizeof(job->sandbox_image), images, "sandbox.img") != 0)
        return qv_error_set(err, -ENAMETOOLONG, "%s: name too long", images);
    result = write_inputs(job, boot_config, err);
    if (result != 0)
        return result;
    platform_tick(platform, job->scenario->platform.clock == SCENARIO_CLOCK_ICOUNT, &tick);
    job_describe(job, platform->label, &tick);
    take_provenance(job, platform);
    if (access(job->monitor_image, R_OK) != 0 || access(job->sandbox_image, R_OK) != 0)
        job_harness_error(job, "the OS images monitor.elf and sandbox.img are not built: ./qv builds them");
    else
        start_machine(job, platform, boot_config);
    return 0;
}
