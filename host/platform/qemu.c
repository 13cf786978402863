/* SPDX-License-Identifier: MIT */
/*
 * QEMU's TCG with SVM and nested page tables. The guest's memory is a file without a name that both sides map; the
 * control connection is a pair of sockets. So nothing has to be removed afterwards, whatever happens to either side.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/paths.h"
#include "platform/parts.h"
#include "platform/platform.h"
#include "platform/process.h"
#include "platform/qemu.h"
#include "platform/qmp.h"

#define MIB_SHIFT        20
#define QMP_PATIENCE_MS  30000u
#define QUIT_PATIENCE_MS 2000u
#define IN_ORDER         "libqv_icount_order.so"
#define EXIT_PORT        "isa-debug-exit,iobase=0xf4,iosize=4"

struct starting {
    struct machine *machine;
    const struct machine_config *config;
    struct arguments arguments;
    int ram;        /* descriptor of the guest's memory */
    int sockets[2]; /* control connection: ours, the emulator's */
    char kernel[4200];
    char modules[8400];
    char in_order[4200]; /* library that makes the instruction clock repeat exactly; empty without that clock */
};

/* QEMU cuts its -initrd at commas and spaces: such a path is reached through a link with a plain name. */
static int plain_path(struct machine *machine, const char *path, const char *plain, char *out, size_t size,
                      struct qv_error *err)
{
    char *full = realpath(path, NULL);
    if (full == NULL)
        return qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    if (strpbrk(full, ", ") == NULL) {
        snprintf(out, size, "%s", full);
        free(full);
        return 0;
    }
    if (machine->scratch[0] == '\0') {
        strcpy(machine->scratch, "/tmp/qv-images-XXXXXX");
        if (mkdtemp(machine->scratch) == NULL) {
            machine->scratch[0] = '\0';
            free(full);
            return qv_error_set(err, -errno, "/tmp: %s", strerror(errno));
        }
    }
    snprintf(out, size, "%s/%s", machine->scratch, plain);
    int result = symlink(full, out) == 0 ? 0 : qv_error_set(err, -errno, "%s: %s", out, strerror(errno));
    free(full);
    return result;
}

static int find_images(struct starting *s, struct qv_error *err)
{
    char sandbox[4200];
    char config[4100];
    int result = plain_path(s->machine, s->config->monitor_image, "monitor.elf", s->kernel, sizeof(s->kernel), err);
    if (result == 0)
        result = plain_path(s->machine, s->config->sandbox_image, "sandbox.img", sandbox, sizeof(sandbox), err);
    if (result == 0)
        result = plain_path(s->machine, s->config->boot_config, "boot.cfg", config, sizeof(config), err);
    if (result == 0)
        snprintf(s->modules, sizeof(s->modules), "%s,%s", sandbox, config);
    return result;
}

/*
 * QEMU's q35 gives the slots below 25 four interrupt lines in turn (PIRQ E to H) and slot 25 a fifth one (PIRQ A, as
 * the ICH9's D25IR says after a reset). Each 82540EM needs a line for itself, so the fifth one goes there, and still is
 * the last in the order of the bus.
 */
static const char *slot_of(const struct machine_config *config, uint32_t nic)
{
    return config->iommu && !config->nic_82574l && nic == 4 ? ",addr=19" : "";
}

static void add_network(struct starting *s)
{
    const struct machine_config *config = s->config;
    for (uint32_t nic = 0; nic < config->n_nics; nic++) {
        if (!config->host_network) {
            arguments_add(&s->arguments, "-netdev");
            arguments_add(&s->arguments, "hubport,id=net%u,hubid=0", nic);
        } else {
            char text[1024];
            /* restricted: the guest reaches nothing but what is forwarded to it */
            int n = snprintf(text, sizeof(text), "user,id=net%u,restrict=on", nic);
            for (uint32_t i = 0; i < s->machine->n_forwards; i++) {
                const struct machine_forward *f = &s->machine->forward[i];
                if (f->nic == nic)
                    n += snprintf(text + n, sizeof(text) - (size_t)n, ",hostfwd=tcp:127.0.0.1:%u-%u.%u.%u.%u:%u",
                                  f->host_port, f->guest_ip >> 24, f->guest_ip >> 16 & 255u, f->guest_ip >> 8 & 255u,
                                  f->guest_ip & 255u, f->guest_port);
            }
            arguments_add(&s->arguments, "-netdev");
            arguments_add(&s->arguments, "%s", text);
        }
        arguments_add(&s->arguments, "-device");
        arguments_add(&s->arguments, "%s,netdev=net%u,mac=52:54:00:51:56:%02x,romfile=%s",
                      config->nic_82574l ? "e1000e" : "e1000", nic, nic, slot_of(config, nic));
    }
}

static void add_machine(struct starting *s)
{
    const struct machine_config *config = s->config;
    unsigned long long mib = (unsigned long long)config->memory_bytes >> MIB_SHIFT;
    struct arguments *a = &s->arguments;
    bool kvm = s->machine->platform == &platform_kvm;

    if (config->icount) {
        arguments_add(a, "env");
        arguments_add(a, "LD_PRELOAD=%s", s->in_order);
    }
    arguments_add(a, "qemu-system-x86_64");
    arguments_add(a, "-accel");
    arguments_add(a, "%s", kvm ? "kvm" : config->icount ? "tcg" : "tcg,thread=multi");
    if (config->icount) {
        arguments_add(a, "-name");
        arguments_add(a, "qv,debug-threads=on");
        arguments_add(a, "-S"); /* nothing runs before the control connection stands */
        arguments_add(a, "-icount");
        arguments_add(a, "shift=0,sleep=off");
        arguments_add(a, "-rtc");
        arguments_add(a, "base=2000-01-01T00:00:00,clock=vm");
    }
    arguments_add(a, "-machine");
    /* KVM has no guest's local APIC without a part of its own; the I/O APIC is QEMU's beside an IOMMU. */
    arguments_add(a, "%s%s,memory-backend=ram", config->iommu ? "q35,kernel-irqchip=" : "pc",
                  !config->iommu ? ""
                  : kvm          ? "split"
                                 : "off");
    if (config->iommu) {
        arguments_add(a, "-device");
        arguments_add(a, "intel-iommu,intremap=on,eim=off");
    }
    arguments_add(a, "-cpu");
    arguments_add(a, "%s", kvm ? "host" : "qemu64,+svm,+npt,+nx");
    arguments_add(a, "-smp");
    arguments_add(a, "%u", config->cores);
    arguments_add(a, "-m");
    arguments_add(a, "%llu", mib);
    arguments_add(a, "-object");
    arguments_add(a, "memory-backend-file,id=ram,share=on,size=%lluM,mem-path=/proc/self/fd/%d", mib, s->ram);
    arguments_add(a, "-kernel");
    arguments_add(a, "%s", s->kernel);
    arguments_add(a, "-initrd");
    arguments_add(a, "%s", s->modules);
    arguments_add(a, "-nodefaults");
    arguments_add(a, "-display");
    arguments_add(a, "none");
    arguments_add(a, "-no-reboot");
    arguments_add(a, "-serial");
    arguments_add(a, "file:console.log");
    arguments_add(a, "-device");
    arguments_add(a, EXIT_PORT);
    arguments_add(a, "-chardev");
    arguments_add(a, "socket,id=control,fd=%d", s->sockets[1]);
    arguments_add(a, "-mon");
    arguments_add(a, "chardev=control,mode=control");
    add_network(s);
}

/* The interface of plugins changed in QEMU 9: which of ours fits. */
static const char *plugin_file(struct qv_error *err)
{
    unsigned major = 0;
    FILE *version = popen("qemu-system-x86_64 --version", "re");
    int fields = version != NULL ? fscanf(version, "QEMU emulator version %u", &major) : 0;
    if (version != NULL)
        (void)pclose(version);
    if (fields != 1) {
        (void)qv_error_set(err, -ENOENT, "qemu-system-x86_64 --version: expected 'QEMU emulator version N'");
        return NULL;
    }
    return major < 9 ? "qv_emupmu_old.so" : "qv_emupmu_new.so";
}

/* A path as it stands in an option: absolute, because the emulator runs elsewhere, and each comma twice. */
static int option_path(const char *path, char out[8400], struct qv_error *err)
{
    char *full = realpath(path, NULL);
    size_t n = 0;
    if (full == NULL)
        return qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    for (const char *c = full; *c != '\0' && n < 8400 - 3; c++) {
        if (*c == ',')
            out[n++] = ',';
        out[n++] = *c;
    }
    out[n] = '\0';
    free(full);
    return 0;
}

/* The emulated PMU: bench/plugin. */
static int add_plugin(struct starting *s, struct qv_error *err)
{
    char path[4200], plugin[8400], model[8400];
    const char *file = plugin_file(err);
    int result = file != NULL ? 0 : -ENOENT;
    if (result == 0 && paths_join(path, sizeof(path), paths_plugin_dir(), file) != 0)
        result = qv_error_set(err, -ENAMETOOLONG, "%s: name too long", paths_plugin_dir());
    if (result == 0)
        result = option_path(path, plugin, err);
    if (result == 0) {
        snprintf(path, sizeof(path), "bench/plugin/models/%s.model", s->config->pmu_model);
        result = option_path(paths_in_root(path), model, err);
    }
    if (result != 0)
        return result;
    arguments_add(&s->arguments, "-plugin");
    arguments_add(&s->arguments, "%s,model=%s,ram=/proc/self/fd/%d", plugin, model, s->ram);
    return 0;
}

static int prepare(struct starting *s, struct qv_error *err)
{
    int result = find_images(s, err);
    if (result == 0 && s->config->icount)
        result = parts_find_preloaded(IN_ORDER, s->in_order, sizeof(s->in_order), err);
    if (result == 0)
        s->ram = result = parts_make_memory(s->machine, s->config->memory_bytes, 0, err);
    if (result >= 0)
        result = parts_choose_ports(s->machine, s->config, err);
    if (result == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s->sockets) != 0)
        result = qv_error_set(err, -errno, "socketpair: %s", strerror(errno));
    if (result != 0)
        return result;
    add_machine(s);
    if (s->config->pmu_model != NULL)
        result = add_plugin(s, err);
    s->machine->argv = s->arguments.item;
    if (result == 0 && s->arguments.failed)
        result = qv_error_set(err, -ENOMEM, "out of memory");
    return result;
}

static int launch(struct starting *s, struct qv_error *err)
{
    struct machine *machine = s->machine;
    const int keep[] = {s->ram, s->sockets[1]};
    char log[4200];
    char version[128] = "";

    snprintf(log, sizeof(log), "%s/emulator.log", s->config->folder);
    machine->start_ns = parts_now_ns();
    pid_t pid = process_start(machine->argv, s->config->folder, log, keep, 2, err);
    if (pid < 0)
        return pid;
    machine->pid = pid;
    machine->control = s->sockets[0];
    s->sockets[0] = -1;
    close(s->sockets[1]); /* the emulator has it: when that dies, ours says so */
    s->sockets[1] = -1;
    int result = qmp_connect(machine->control, QMP_PATIENCE_MS, version, sizeof(version), err);
    if (result == 0 && s->config->icount) /* it answers when the machine is idle for the first time */
        result = qmp_send(machine->control, "cont", err);
    if (result == 0 && machine->n_forwards > 0)
        (void)parts_raise_backlog(machine);
    return result;
}

int qemu_start(struct machine *machine, const struct machine_config *config, struct qv_error *err)
{
    struct starting s = {.machine = machine, .config = config, .ram = -1, .sockets = {-1, -1}};
    int result = prepare(&s, err);
    if (result == 0)
        result = launch(&s, err);
    if (s.ram >= 0)
        close(s.ram);
    for (int i = 0; i < 2; i++) {
        if (s.sockets[i] >= 0)
            close(s.sockets[i]);
    }
    return result;
}

static void remove_scratch(struct machine *machine)
{
    static const char *const name[] = {"monitor.elf", "sandbox.img", "boot.cfg"};
    char path[128];
    if (machine->scratch[0] == '\0')
        return;
    for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", machine->scratch, name[i]);
        (void)unlink(path);
    }
    (void)rmdir(machine->scratch);
    machine->scratch[0] = '\0';
}

void qemu_end(struct machine *machine)
{
    int code = -1;
    if (machine_alive(machine)) {
        /* it may hang up before it has answered: that is as good as an answer */
        int asked = machine->control >= 0 ? qmp_command(machine->control, "quit", QUIT_PATIENCE_MS, NULL) : -EPIPE;
        unsigned patience = asked == 0 || asked == -EPIPE ? QUIT_PATIENCE_MS : 0;
        if (!process_wait(machine->pid, patience, &code))
            process_kill(machine->pid, &code);
        machine->pid = 0;
        machine->exit_code = -1;
    }
    if (machine->control >= 0)
        close(machine->control);
    machine->control = -1;
    remove_scratch(machine);
}

const struct platform platform_qemu = {
    .name = "qemu",
    .label = "qemu-tcg-svm",
    .program = "qemu-system-x86_64",
    .start = qemu_start,
    .end = qemu_end,
};
