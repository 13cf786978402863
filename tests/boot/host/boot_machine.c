/* SPDX-License-Identifier: MIT */
#include "boot_machine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "boot_bochs.h"
#include "qv/directory.h"

#define IMAGE_MAGIC 0x31474d4958424453ull /* os/lib/elf64.h, struct sandbox_image_header */
#define HEADER_END  6                     /* word of that header: end of the image */

/* Everything that exists only while the machine runs. The folder's links have names that QEMU does not cut at commas.
 */
struct run {
    struct boot_machine *machine;
    char folder[32];
    char kernel[64], modules[160], memory[160], nic[80], smp[16], mib[16];
    int ram, console;
    bool links;
    pid_t pid;
};

static int broken(const char *what)
{
    fprintf(stderr, "run_boot_test: %s: %s\n", what, strerror(errno));
    return BOOT_MACHINE_BROKEN;
}

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

static int write_config(const char *path, const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    ssize_t written = write(fd, data, size);
    return close(fd) == 0 && written == (ssize_t)size ? 0 : -1;
}

static int link_image(const struct run *run, const char *image, const char *name)
{
    char path[96];
    char *full = realpath(image, NULL);
    if (full == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/%s", run->folder, name);
    int result = symlink(full, path);
    free(full);
    return result;
}

static int prepare(struct run *run)
{
    const struct boot_machine *machine = run->machine;
    struct qv_bootcfg cfg;
    char path[96];
    size_t size = boot_config_make(machine, &cfg);

    strcpy(run->folder, "/tmp/qv-boot-XXXXXX");
    if (mkdtemp(run->folder) == NULL) {
        run->folder[0] = '\0';
        return broken("/tmp");
    }
    if (link_image(run, machine->monitor_image, "monitor.elf") != 0)
        return broken(machine->monitor_image);
    if (link_image(run, machine->sandbox_image, "sandbox.img") != 0)
        return broken(machine->sandbox_image);
    snprintf(path, sizeof(path), "%s/boot.cfg", run->folder);
    if (size != 0 && write_config(path, &cfg, size) != 0)
        return broken(path);
    snprintf(run->kernel, sizeof(run->kernel), "%s/monitor.elf", run->folder);
    snprintf(run->modules, sizeof(run->modules), "%s/sandbox.img%s%s", run->folder, size != 0 ? "," : "",
             size != 0 ? path : "");
    return 0;
}

static int make_memory(struct run *run)
{
    struct boot_machine *machine = run->machine;
    machine->ram_bytes = (size_t)machine->memory_mib << 20;
    run->ram = memfd_create("qv-boot-test", 0);
    if (run->ram < 0 || ftruncate(run->ram, (off_t)machine->ram_bytes) != 0)
        return broken("guest memory");
    void *ram = mmap(NULL, machine->ram_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, run->ram, 0);
    if (ram == MAP_FAILED)
        return broken("guest memory");
    machine->ram = ram;
    snprintf(run->memory, sizeof(run->memory), "memory-backend-file,id=ram,share=on,size=%uM,mem-path=/proc/self/fd/%d",
             machine->memory_mib, run->ram);
    return 0;
}

static void remove_folder(const struct run *run)
{
    static const char *const names[] = {"monitor.elf", "sandbox.img", "boot.cfg"};
    char path[96];
    if (run->folder[0] == '\0')
        return;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", run->folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(run->folder);
}

static _Noreturn void become_emulator(const struct run *run, int console)
{
    const struct boot_machine *m = run->machine;
    const char *argv[48];
    int n = 0;
#define ADD(...)                                                                                                       \
    do {                                                                                                               \
        const char *const words[] = {__VA_ARGS__};                                                                     \
        for (size_t i_ = 0; i_ < sizeof(words) / sizeof(words[0]); i_++)                                               \
            argv[n++] = words[i_];                                                                                     \
    } while (0)
    const char *q35 =
        m->kvm ? "q35,kernel-irqchip=split,memory-backend=ram" : "q35,kernel-irqchip=off,memory-backend=ram";
    ADD("qemu-system-x86_64", "-accel", m->kvm ? "kvm" : "tcg,thread=multi", "-cpu", m->cpu);
    ADD("-smp", run->smp, "-m", run->mib, "-machine", m->pc ? "pc,memory-backend=ram" : q35);
    if (!m->pc)
        ADD("-device", "intel-iommu,intremap=on,eim=off");
    ADD("-object", run->memory, "-kernel", run->kernel, "-initrd", run->modules, "-nodefaults", "-no-reboot");
    ADD("-display", "none", "-serial", "stdio", "-device", "isa-debug-exit,iobase=0xf4,iosize=4");
    if (m->nic)
        ADD("-netdev", "hubport,id=net0,hubid=0", "-device", run->nic);
    argv[n] = NULL;
#undef ADD
    int nothing = open("/dev/null", O_RDONLY);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(console, 1) < 0 || dup2(console, 2) < 0)
        _exit(127);
    execvp(argv[0], (char *const *)argv);
    dprintf(2, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static int start(struct run *run)
{
    int ends[2];
    snprintf(run->smp, sizeof(run->smp), "%u", run->machine->processors);
    snprintf(run->mib, sizeof(run->mib), "%u", run->machine->memory_mib);
    snprintf(run->nic, sizeof(run->nic),
             "%s,netdev=net0,mac=52:54:00:51:56:00,romfile=", run->machine->nic ? run->machine->nic_model : "");
    if (pipe2(ends, O_CLOEXEC) != 0)
        return broken("pipe");
    fflush(stdout);
    run->pid = fork();
    if (run->pid == 0)
        become_emulator(run, ends[1]);
    close(ends[1]);
    run->console = ends[0];
    return run->pid < 0 ? broken("fork") : 0;
}

bool boot_machine_feed(const struct boot_machine *machine, char line[BOOT_LINE_BYTES], size_t *length, const char *data,
                       size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '\r')
            continue;
        if (data[i] != '\n') {
            if (*length < BOOT_LINE_BYTES - 1)
                line[(*length)++] = data[i];
            continue;
        }
        line[*length] = '\0';
        *length = 0;
        if (!machine->on_line(line))
            return false;
    }
    return true;
}

/* Reads the console until its end (0), the time limit, or enough. */
static int listen_to(const struct run *run)
{
    char line[BOOT_LINE_BYTES];
    char data[4096];
    size_t length = 0;
    uint64_t limit = now_ms() + run->machine->time_limit_s * 1000ull;
    for (;;) {
        uint64_t now = now_ms();
        struct pollfd p = {.fd = run->console, .events = POLLIN};
        if (now >= limit)
            return BOOT_MACHINE_TIMEOUT;
        if (poll(&p, 1, (int)(limit - now)) <= 0)
            continue;
        ssize_t n = read(run->console, data, sizeof(data));
        if (n <= 0)
            return 0;
        if (!boot_machine_feed(run->machine, line, &length, data, (size_t)n))
            return BOOT_MACHINE_ENDED;
    }
}

/* How the emulator ended; the exit device gives 2 * status + 1. */
static int reap(const struct run *run, int heard)
{
    int status;
    if (heard != 0)
        kill(run->pid, SIGKILL);
    if (waitpid(run->pid, &status, 0) < 0)
        return broken("waitpid");
    if (heard != 0)
        return heard;
    if (WIFEXITED(status) && WEXITSTATUS(status) % 2 == 1 && WEXITSTATUS(status) != 127)
        return WEXITSTATUS(status) / 2;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        errno = ENOENT;
        return broken("qemu-system-x86_64");
    }
    printf("run_boot_test: the emulator ended by itself (%s %d)\n", WIFEXITED(status) ? "status" : "signal",
           WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return BOOT_MACHINE_LOST;
}

int boot_machine_run(struct boot_machine *machine)
{
    struct run run = {.machine = machine, .ram = -1, .console = -1};
    if (machine->bochs)
        return boot_bochs_run(machine);
    int result = prepare(&run);
    if (result == 0)
        result = make_memory(&run);
    if (result == 0)
        result = start(&run);
    if (result == 0)
        result = reap(&run, listen_to(&run));
    if (machine->ram != NULL)
        munmap(machine->ram, machine->ram_bytes);
    machine->ram = NULL;
    if (run.ram >= 0)
        close(run.ram);
    if (run.console >= 0)
        close(run.console);
    remove_folder(&run);
    return result;
}

static struct qv_host_mailbox *mailbox(const struct boot_machine *machine)
{
    return (struct qv_host_mailbox *)(void *)(machine->ram + QV_MAILBOX_PHYS);
}

void boot_machine_stop(struct boot_machine *machine)
{
    __atomic_store_n(&mailbox(machine)->stop, 1, __ATOMIC_RELEASE);
}

static bool damage_region(struct boot_machine *machine, const struct qv_region *region)
{
    if (region->base >= machine->ram_bytes || region->size > machine->ram_bytes - region->base)
        return false;
    for (uint64_t at = 0; at + 64 <= region->size; at += 8) {
        uint64_t *word = (uint64_t *)(void *)(machine->ram + region->base + at);
        if (*word == IMAGE_MAGIC) {
            word[HEADER_END] += 1ull << 40;
            return true;
        }
    }
    return false;
}

bool boot_machine_damage_image(struct boot_machine *machine)
{
    const struct qv_directory *d = (const struct qv_directory *)(void *)(machine->ram + QV_DIRECTORY_PHYS);
    bool done = false;
    for (unsigned i = 0; i < QV_MAX_REGIONS && i < d->n_regions; i++)
        if (d->region[i].kind == QV_REGION_PRISTINE)
            done = done || damage_region(machine, &d->region[i]);
    __atomic_store_n(&mailbox(machine)->load_running, 1, __ATOMIC_RELEASE);
    return done;
}
