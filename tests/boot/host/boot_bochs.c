/* SPDX-License-Identifier: MIT */
#include "boot_bochs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analysis/stream.h"
#include "platform/parts.h"
#include "platform/platform.h"
#include "qv/directory.h"

#define POLL_NS 10000000
#define SECOND  1000000000ull

struct run {
    struct boot_machine *test;
    struct machine machine;
    char folder[32];
    char line[BOOT_LINE_BYTES];
    size_t length;
    int console;
};

static const char *const names[] = {"boot.cfg", "console.log", "emulator.log"};

static bool in_path(const char *program)
{
    char command[96];
    snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", program);
    return system(command) == 0;
}

static void path_of(const struct run *run, const char *name, char path[64])
{
    snprintf(path, 64, "%s/%s", run->folder, name);
}

static bool write_config(const struct run *run)
{
    struct qv_bootcfg cfg;
    char path[64];
    size_t size = boot_config_make(run->test, &cfg);
    path_of(run, names[0], path);
    FILE *file = fopen(path, "wb");
    bool done = file != NULL && fwrite(&cfg, 1, size, file) == size;
    return file != NULL && fclose(file) == 0 && done;
}

static int start(struct run *run)
{
    const struct boot_machine *test = run->test;
    struct qv_error why = {""};
    char config[64];
    path_of(run, names[0], config);
    struct machine_config c = {.folder = run->folder,
                               .monitor_image = test->monitor_image,
                               .sandbox_image = test->sandbox_image,
                               .boot_config = config,
                               .cpu = test->cpu,
                               .cores = test->processors,
                               .memory_bytes = (uint64_t)test->memory_mib << 20,
                               .n_nics = test->nic ? 1 : 0,
                               .nic_82574l = test->nic && strcmp(test->nic_model, "e1000e") == 0};
    if (machine_start(&run->machine, &platform_bochs, &c, &why) == 0)
        return 0;
    fprintf(stderr, "run_boot_test: %s\n", why.text);
    return BOOT_MACHINE_BROKEN;
}

/* What came to the console since the last time. False: somebody has heard enough. */
static bool hear(struct run *run)
{
    char path[64];
    char data[4096];
    ssize_t n;
    path_of(run, names[1], path);
    if (run->console < 0)
        run->console = open(path, O_RDONLY | O_CLOEXEC);
    while (run->console >= 0 && (n = read(run->console, data, sizeof(data))) > 0)
        if (!boot_machine_feed(run->test, run->line, &run->length, data, (size_t)n))
            return false;
    return true;
}

/* Bochs always ends with the same status: the guest's lies in its directory. */
static int guest_status(const struct run *run)
{
    const struct qv_directory *d = (const struct qv_directory *)(const void *)(run->test->ram + QV_DIRECTORY_PHYS);
    if (d->machine_state == QV_MACHINE_DONE || d->machine_state == QV_MACHINE_FAILED)
        return (int)d->exit_status;
    printf("run_boot_test: the emulator ended by itself (status %d)\n", run->machine.exit_code);
    return BOOT_MACHINE_LOST;
}

/* Bytes of the stream that are not the memory's own. */
static unsigned differing(const uint8_t *sent, const uint8_t *there, uint64_t size)
{
    unsigned n = 0;
    for (uint64_t at = 0; at < size; at++)
        n += sent[at] != 0 && sent[at] != there[at];
    return n;
}

/* The stream of results, as it stands in the emulator's log, against the memory. */
static bool stream_is_right(const struct run *run)
{
    const struct boot_machine *test = run->test;
    struct stream_state state = {.complete = false};
    struct qv_error why = {""};
    char path[64];
    char data[65536];
    size_t n;
    uint8_t *sent = calloc(1, test->ram_bytes);
    struct stream_receiver *receiver = sent != NULL ? stream_receiver_new(sent, test->ram_bytes) : NULL;
    path_of(run, names[2], path);
    FILE *file = receiver != NULL ? fopen(path, "rb") : NULL;
    while (file != NULL && (n = fread(data, 1, sizeof(data), file)) > 0)
        if (stream_receiver_feed(receiver, data, n, NULL, NULL, &why) != 0)
            break;
    if (file != NULL) {
        fclose(file);
        stream_receiver_look(receiver, &state);
    }
    bool directory = sent != NULL &&
                     memcmp(sent + QV_DIRECTORY_PHYS, test->ram + QV_DIRECTORY_PHYS, sizeof(struct qv_directory)) == 0;
    unsigned wrong = sent != NULL ? differing(sent, test->ram, test->ram_bytes) : 1;
    printf("run_boot_test: stream: %u of %u frames, %llu bytes, %s, %u bytes wrong%s%s\n", state.frames, state.expected,
           (unsigned long long)state.bytes, state.complete ? "complete" : "NOT complete", wrong,
           directory ? "" : ", directory differs", why.text);
    stream_receiver_free(receiver);
    free(sent);
    /* after a panic the other cores go on, and the memory with them */
    const struct qv_directory *d = (const struct qv_directory *)(const void *)(test->ram + QV_DIRECTORY_PHYS);
    return state.complete && (d->machine_state == QV_MACHINE_FAILED || (directory && wrong == 0));
}

static int listen_to(struct run *run)
{
    const struct timespec pause = {0, POLL_NS};
    uint64_t limit = parts_now_ns() + run->test->time_limit_s * SECOND;
    while (parts_now_ns() < limit) {
        bool alive = machine_alive(&run->machine);
        if (!hear(run))
            return BOOT_MACHINE_ENDED;
        if (!alive)
            return guest_status(run);
        (void)nanosleep(&pause, NULL);
    }
    return BOOT_MACHINE_TIMEOUT;
}

int boot_bochs_run(struct boot_machine *test)
{
    struct run run = {.test = test, .folder = "/tmp/qv-boot-XXXXXX", .console = -1};
    char path[64];
    if (!in_path("bochs-bin") || !in_path("grub-mkrescue"))
        return BOOT_MACHINE_ABSENT;
    if (mkdtemp(run.folder) == NULL)
        return BOOT_MACHINE_BROKEN;
    int result = write_config(&run) ? start(&run) : BOOT_MACHINE_BROKEN;
    if (result == 0) {
        test->ram = run.machine.ram;
        test->ram_bytes = run.machine.ram_bytes;
        result = listen_to(&run);
        if (test->dump && result >= 0 && !stream_is_right(&run))
            result = BOOT_MACHINE_LOST;
    }
    test->ram = NULL;
    machine_end(&run.machine);
    if (run.console >= 0)
        close(run.console);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        path_of(&run, names[i], path);
        (void)unlink(path);
    }
    (void)rmdir(run.folder);
    return result;
}
