/* SPDX-License-Identifier: MIT */
#include "platform/bochs_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/process.h"

#define MODEL          "corei7_sandy_bridge_2600k" /* the family of the published measurements */
#define GRUB_MODULES   "/usr/lib/grub/i386-pc"
#define CD_PATIENCE_MS 60000u
/*
 * Instructions that a core executes in a second of the guest's time, by which all its timers go. Bochs itself manages
 * about 80 million a second for all cores together, and 30 million where they all do nothing. A core that serves has to
 * manage 1,000 requests in a second of its own time, of which the load then gives it as much as it needs; for the rest
 * less is done sooner. Slower cores would need longer time limits: at 12 million a reset of the NIC outlasts the
 * default for a shared lock.
 */
#define IPS_SERVING 100000000u
#define IPS_OF_ALL  100000000u
#define IPS_LEAST   25000000u
#define MIB_SHIFT   20

static const char *const file_name[] = {"bochsrc",
                                        "debugger",
                                        "boot.iso",
                                        "slirp0",
                                        "slirp1",
                                        "slirp2",
                                        "slirp3",
                                        "cd/boot/monitor.elf",
                                        "cd/boot/sandbox.img",
                                        "cd/boot/boot.cfg",
                                        "cd/boot/grub/grub.cfg"};
static const char *const folder_name[] = {"cd/boot/grub", "cd/boot", "cd"}; /* the inner ones first */

static FILE *create(const char *scratch, const char *name, struct qv_error *err)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", scratch, name);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        (void)qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    return file;
}

static int finish(FILE *file, const char *name, struct qv_error *err)
{
    bool failed = ferror(file) != 0;
    failed = fclose(file) != 0 || failed;
    return failed ? qv_error_set(err, -EIO, "%s: cannot be written", name) : 0;
}

/* Without the line "c" Debian's Bochs, which is built with its debugger, waits for a command for ever. */
static int write_debugger(const char *scratch, struct qv_error *err)
{
    FILE *file = create(scratch, "debugger", err);
    if (file == NULL)
        return -EIO;
    fprintf(file, "c\n");
    return finish(file, "debugger", err);
}

static int write_slirp(const struct machine *machine, const struct machine_config *config, const char *scratch,
                       uint32_t nic, struct qv_error *err)
{
    char name[16];
    snprintf(name, sizeof(name), "slirp%u", nic);
    FILE *file = create(scratch, name, err);
    if (file == NULL)
        return -EIO;
    fprintf(file, "# slirp config\nrestricted = 1\n"); /* the guest reaches nothing but what is forwarded to it */
    for (uint32_t i = 0; i < machine->n_forwards; i++) {
        const struct machine_forward *f = &machine->forward[i];
        if (f->nic == nic && config->host_network)
            fprintf(file, "hostfwd = tcp:127.0.0.1:%u-%u.%u.%u.%u:%u\n", f->host_port, f->guest_ip >> 24,
                    f->guest_ip >> 16 & 255u, f->guest_ip >> 8 & 255u, f->guest_ip & 255u, f->guest_port);
    }
    return finish(file, name, err);
}

static uint32_t ips(uint32_t cores, bool serving)
{
    if (serving)
        return IPS_SERVING;
    return IPS_OF_ALL / cores < IPS_LEAST ? IPS_LEAST : IPS_OF_ALL / cores;
}

static int write_configuration(const struct machine_config *config, const char *scratch, struct qv_error *err)
{
    unsigned long long mib = (unsigned long long)config->memory_bytes >> MIB_SHIFT;
    FILE *file = create(scratch, "bochsrc", err);
    if (file == NULL)
        return -EIO;
    /* quantum: with more than one, Bochs 3.0 counts turns in which a core executed less as whole ones. 2.7 does not. */
    fprintf(file,
            "romimage: file=$BXSHARE/BIOS-bochs-latest, options=fastboot\n"
            "vgaromimage: file=$BXSHARE/VGABIOS-lgpl-latest\n"
            "cpu: model=%s, count=%u, ips=%u, quantum=1, reset_on_triple_fault=0\n"
            "memory: guest=%llu, host=%llu\n"
            "clock: sync=none, time0=1000000000\n"
            "display_library: term\n"
            "com1: enabled=1, mode=file, dev=console.log\n"
            "port_e9_hack: enabled=1\n"
            "ata0-master: type=cdrom, path=%s/boot.iso, status=inserted\n"
            "boot: cdrom\n"
            "log: -\n"
            "panic: action=fatal\n"
            "error: action=ignore\n"
            "info: action=ignore\n"
            "debug: action=ignore\n"
            "pci: enabled=1, chipset=i440fx",
            config->cpu != NULL ? config->cpu : MODEL, config->cores, ips(config->cores, config->n_forwards > 0), mib,
            mib, scratch);
    for (uint32_t nic = 0; nic < config->n_nics; nic++)
        fprintf(file, ", slot%u=e1000", nic + 1);
    fprintf(file, "\n");
    for (uint32_t nic = 0; nic < config->n_nics; nic++)
        fprintf(file, "e1000: card=%u, enabled=1, mac=52:54:00:51:56:%02x, ethmod=slirp, script=%s/slirp%u\n", nic, nic,
                scratch, nic);
    return finish(file, "bochsrc", err);
}

static int place(const char *scratch, const char *name, const char *from, struct qv_error *err)
{
    char path[64];
    char block[65536];
    size_t n;
    snprintf(path, sizeof(path), "cd/boot/%s", name);
    FILE *source = fopen(from, "rb");
    if (source == NULL)
        return qv_error_set(err, -errno, "%s: %s", from, strerror(errno));
    FILE *target = create(scratch, path, err);
    if (target == NULL) {
        fclose(source);
        return -EIO;
    }
    while ((n = fread(block, 1, sizeof(block), source)) > 0)
        (void)fwrite(block, 1, n, target);
    bool broken = ferror(source) != 0;
    fclose(source);
    int result = finish(target, path, err);
    return broken ? qv_error_set(err, -EIO, "%s: cannot be read", from) : result;
}

static int write_cd_folder(const struct machine_config *config, const char *scratch, struct qv_error *err)
{
    char path[256];
    for (size_t i = sizeof(folder_name) / sizeof(folder_name[0]); i-- > 0;) {
        snprintf(path, sizeof(path), "%s/%s", scratch, folder_name[i]);
        if (mkdir(path, 0700) != 0)
            return qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    }
    int result = place(scratch, "monitor.elf", config->monitor_image, err);
    result = result != 0 ? result : place(scratch, "sandbox.img", config->sandbox_image, err);
    result = result != 0 ? result : place(scratch, "boot.cfg", config->boot_config, err);
    FILE *file = result == 0 ? create(scratch, "cd/boot/grub/grub.cfg", err) : NULL;
    if (file == NULL)
        return result != 0 ? result : -EIO;
    fprintf(file, "set timeout=0\n"
                  "multiboot /boot/monitor.elf\n"
                  "module /boot/sandbox.img\n"
                  "module /boot/boot.cfg\n"
                  "boot\n");
    return finish(file, "grub.cfg", err);
}

static int write_cd(const struct machine_config *config, const char *scratch, struct qv_error *err)
{
    struct arguments a = {NULL, 0, false};
    char log[256];
    int code = -1;
    int result = write_cd_folder(config, scratch, err);
    if (result != 0)
        return result;
    arguments_add(&a, "grub-mkrescue");
    arguments_add(&a, "--directory=%s", GRUB_MODULES);
    arguments_add(&a, "--install-modules=multiboot iso9660 biosdisk normal");
    arguments_add(&a, "--locales=");
    arguments_add(&a, "--fonts=");
    arguments_add(&a, "--themes=");
    arguments_add(&a, "--output=%s/boot.iso", scratch);
    arguments_add(&a, "%s/cd", scratch);

    snprintf(log, sizeof(log), "%s/emulator.log", config->folder);
    pid_t pid = a.failed ? qv_error_set(err, -ENOMEM, "out of memory") : process_start(a.item, NULL, log, NULL, 0, err);
    arguments_free(&a);
    if (pid < 0)
        return (int)pid;
    if (!process_wait(pid, CD_PATIENCE_MS, &code)) {
        process_kill(pid, &code);
        return qv_error_set(err, -ETIMEDOUT, "grub-mkrescue did not end within %u s", CD_PATIENCE_MS / 1000);
    }
    return code == 0
               ? 0
               : qv_error_set(err, -EIO,
                              "grub-mkrescue ended with status %d (the packages grub-common, grub-pc-bin, xorriso "
                              "and mtools are needed), see emulator.log",
                              code);
}

int bochs_files_write(const struct machine *machine, const struct machine_config *config, const char *scratch,
                      struct qv_error *err)
{
    int result = write_debugger(scratch, err);
    for (uint32_t nic = 0; nic < config->n_nics && result == 0; nic++)
        result = write_slirp(machine, config, scratch, nic, err);
    result = result != 0 ? result : write_configuration(config, scratch, err);
    return result != 0 ? result : write_cd(config, scratch, err);
}

void bochs_files_remove(const char *scratch)
{
    char path[256];
    for (size_t i = 0; i < sizeof(file_name) / sizeof(file_name[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", scratch, file_name[i]);
        (void)unlink(path);
    }
    for (size_t i = 0; i < sizeof(folder_name) / sizeof(folder_name[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", scratch, folder_name[i]);
        (void)rmdir(path);
    }
    (void)rmdir(scratch);
}
