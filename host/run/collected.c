/* SPDX-License-Identifier: MIT */
#include "run/collected.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/sha256.h"
#include "cmd/paths.h"
#include "guest/sums.h"
#include "run/job.h"
#include "scenario/bootcfg.h"

#define LABEL_MAX         16384u
#define EMULATED_FIRMWARE "BOCHS " /* what QEMU and Bochs put into their ACPI tables */

/* Ticks of an emulator must never stand in a column of a processor's cycles. */
static void name_machine(struct collected *c)
{
    const struct qv_directory *d = c->directory;
    bool hypervisor = d->hypervisor[0] != '\0';
    /* Without monitors it is the same machine: it goes by its processor, not by what was made of it. */
    const char *vendor = strncmp(d->maker, "GenuineIntel", 12) == 0   ? "vmx"
                         : strncmp(d->maker, "AuthenticAMD", 12) == 0 ? "svm"
                         : strncmp(d->maker, "HygonGenuine", 12) == 0 ? "svm"
                                                                      : d->vendor;
    c->emulated = hypervisor || strncmp(d->firmware, EMULATED_FIRMWARE, sizeof(EMULATED_FIRMWARE) - 1) == 0;
    snprintf(c->platform, sizeof(c->platform), "%s-%.15s", c->emulated ? "emulated" : "hardware", vendor);
    snprintf(c->machine, sizeof(c->machine), "%.47s; firmware %.8s%s%.15s", d->cpu, d->firmware,
             hypervisor ? "; hypervisor " : "", d->hypervisor);
    c->tick.kind = hypervisor ? RUN_TICK_HOST_TSC : c->emulated ? RUN_TICK_EMULATED : RUN_TICK_HARDWARE;
    snprintf(c->tick.what, sizeof(c->tick.what),
             c->emulated ? "one tick of a virtual machine's TSC: what it is only its host knows"
                         : "one cycle of the processor's time-stamp counter");
}

int collected_look(const struct guest *guest, struct collected *out, struct qv_error *err)
{
    struct qv_error why = {""};
    memset(out, 0, sizeof(*out));
    out->guest = *guest;
    const struct qv_directory *d = (const struct qv_directory *)(uintptr_t)guest_directory(guest, &why);
    if (d == NULL)
        return qv_error_set(err, -EPROTO, "%s", why.text[0] != '\0' ? why.text : "the machine sent no directory");
    const void *cfg = guest_memory(guest, d->bootcfg_phys, sizeof(out->cfg));
    out->directory = d;
    out->text = (const char *)guest_memory(guest, d->label_phys, d->label_bytes);
    out->text_bytes = d->label_bytes;
    if (cfg == NULL || out->text == NULL || d->label_bytes > LABEL_MAX)
        return qv_error_set(err, -EPROTO, "the machine's directory points outside of its memory");
    memcpy(&out->cfg, cfg, sizeof(out->cfg));
    if (out->cfg.magic != QV_BOOTCFG_MAGIC || out->cfg.version != QV_BOOTCFG_VERSION ||
        out->cfg.crc != bootcfg_crc(&out->cfg))
        return qv_error_set(err, -EPROTO, "the machine's boot configuration is not one of version %u",
                            QV_BOOTCFG_VERSION);
    int result = label_read(out->text, out->text_bytes, &out->label, err);
    if (result == 0)
        name_machine(out);
    return result;
}

static void add_hash(struct provenance *p, const char *name, const char *sha256)
{
    if (p->n_hashes == PROVENANCE_MAX_HASHES)
        return;
    snprintf(p->hash[p->n_hashes].name, sizeof(p->hash[0].name), "%s", name);
    snprintf(p->hash[p->n_hashes++].sha256, sizeof(p->hash[0].sha256), "%s", sha256);
}

bool collected_provenance(const struct collected *c, struct provenance *p)
{
    char path[4200], built[65];
    provenance_collect(p, paths_root());
    snprintf(p->qemu_version, sizeof(p->qemu_version), "%s", c->machine);
    add_hash(p, "monitor.elf", c->label.monitor_sha256);
    add_hash(p, "sandbox.img", c->label.sandbox_sha256);
    (void)provenance_add_bytes(p, "boot.cfg", &c->cfg, sizeof(c->cfg));
    snprintf(p->reproduce, sizeof(p->reproduce), "%s", c->label.command);
    return paths_join(path, sizeof(path), paths_os_dir(), "sandbox.img") == 0 && sha256_file(path, built, NULL) == 0 &&
           strcmp(built, c->label.sandbox_sha256) == 0;
}

static int write_bytes(const struct job *job, const char *name, const void *data, size_t size, struct qv_error *err)
{
    char path[4200];
    FILE *file = paths_join(path, sizeof(path), job->folder, name) == 0 ? fopen(path, "wb") : NULL;
    bool good = file != NULL && fwrite(data, 1, size, file) == size;
    if (file != NULL && fclose(file) != 0)
        good = false;
    return good ? 0 : qv_error_set(err, -EIO, "%s: cannot be written", path);
}

/* As the run's driver would have found it. */
static void note_machine(struct job *job, const struct collected *c)
{
    struct run_result *r = job->result;
    const struct qv_directory *d = c->directory;
    r->host.machine_ready = d->ready_tsc != 0;
    if (d->machine_state != QV_MACHINE_DONE && d->machine_state != QV_MACHINE_FAILED)
        job_harness_error(job, "the machine sent its results before its run was over (state %u)", d->machine_state);
    else if (!r->host.machine_ready)
        job_harness_error(job, "the boot code or a monitor failed before the machine was ready");
    if (d->mode != r->mode)
        job_harness_error(job, "the machine ran without monitors; see console.log");
    sums_judge(d, job_target_bits(job->scenario), &r->isolation);
    job->machine.exit_code = -1;
}

static int fill(struct job *job, const struct collected *c, char *const *command, struct qv_error *err)
{
    struct provenance *p = &job->result->provenance;
    int result = write_bytes(job, "boot.cfg", &c->cfg, sizeof(c->cfg), err);
    if (result == 0)
        result = write_bytes(job, "scenario.yaml", c->text, c->text_bytes, err);
    if (result != 0)
        return result;
    job_describe(job, c->platform, &c->tick);
    if (!collected_provenance(c, p))
        fprintf(stderr,
                "qv: the OS that is built here is another than the one that ran: its addresses may be misnamed\n");
    (void)provenance_add_command(p, "collect", command);
    note_machine(job, c);
    job->guest = c->guest;
    job->bootcfg = c->cfg;
    job->collector =
        collector_start(&job->guest, job->scenario->load.target, job->scenario->recovery.heartbeat_us * 1000u, err);
    return job->collector != NULL ? 0 : -ENOMEM;
}

static void release(struct job *job)
{
    collector_free(job->collector);
    places_free(job->places);
    if (job->has_log)
        load_log_free(&job->log);
    free(job);
}

int collected_run(const struct collected *c, const char *partial, const char *folder, char *const *command,
                  struct run_result **out, struct qv_error *err)
{
    struct scenario scenario;
    struct diag diag;
    *out = NULL;
    if (scenario_parse(c->text, c->text_bytes, &scenario, &diag) != 0) {
        diag_print(&diag, stderr);
        return qv_error_set(err, -EINVAL, "the scenario that came with the results cannot be read");
    }
    const struct run_options options = {
        .scenario = &scenario, .scenario_path = c->label.file, .folder = folder, .reproduce = command};
    struct job *job = calloc(1, sizeof(*job));
    if (job == NULL)
        return qv_error_set(err, -ENOMEM, "out of memory");
    job->options = &options;
    job->scenario = &scenario;
    snprintf(job->folder, sizeof(job->folder), "%s", partial);
    job->result = result_new();
    int result = job->result == NULL ? qv_error_set(err, -ENOMEM, "out of memory") : fill(job, c, command, err);
    result = result != 0 ? result : job_finish(job, err);
    if (result == 0)
        *out = job->result;
    else
        result_free(job->result);
    release(job);
    return result;
}
