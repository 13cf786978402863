/* SPDX-License-Identifier: MIT */
#include "image/image.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/process.h"

#define PATIENCE_MS 120000u
#define SCRATCH     40u

/* What the menu and its entries need; each is there for both firmwares. */
#define GRUB_MODULES_USED "multiboot2 normal iso9660 part_msdos part_gpt fat serial terminal test echo reboot halt"

static const struct {
    const char *path, *package;
} needed[] = {
    {"/usr/bin/grub-mkrescue", "grub-common"},
    {"/usr/lib/grub/i386-pc/multiboot2.mod", "grub-pc-bin"},
    {"/usr/lib/grub/x86_64-efi/multiboot2.mod", "grub-efi-amd64-bin"},
    {"/usr/bin/xorriso", "xorriso"},
    {"/usr/bin/mformat", "mtools"},
};

static int check_tools(struct qv_error *err)
{
    char missing[256] = "";
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        size_t used = strlen(missing);
        if (access(needed[i].path, R_OK) != 0)
            snprintf(missing + used, sizeof(missing) - used, " %s", needed[i].package);
    }
    return missing[0] == '\0' ? 0 : qv_error_set(err, -ENOENT, "these packages are needed:%s", missing);
}

static int write_file(const char *scratch, const char *name, const void *data, size_t size, struct qv_error *err)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/cd/boot/%s", scratch, name);
    FILE *file = fopen(path, "wb");
    bool good = file != NULL && fwrite(data, 1, size, file) == size;
    if (file != NULL && fclose(file) != 0)
        good = false;
    return good ? 0 : qv_error_set(err, -EIO, "%s: cannot be written", path);
}

static int copy_file(const char *scratch, const char *name, const char *from, struct qv_error *err)
{
    struct stat status;
    FILE *file = fopen(from, "rb");
    if (file == NULL || fstat(fileno(file), &status) != 0) {
        int error = errno;
        if (file != NULL)
            fclose(file);
        return qv_error_set(err, -error, "%s: %s", from, strerror(error));
    }
    size_t size = (size_t)status.st_size;
    void *data = malloc(size > 0 ? size : 1);
    bool good = data != NULL && fread(data, 1, size, file) == size;
    fclose(file);
    int result =
        good ? write_file(scratch, name, data, size, err) : qv_error_set(err, -EIO, "%s: cannot be read", from);
    free(data);
    return result;
}

/* In single quotes of GRUB's language everything stands for itself but the quote. */
static void print_title(FILE *out, const char *title)
{
    fputc('\'', out);
    for (; *title != '\0'; title++)
        fputc(*title == '\'' || (unsigned char)*title < ' ' ? ' ' : *title, out);
    fputc('\'', out);
}

static int write_menu(const char *scratch, unsigned timeout_s, const struct image_entry *entry, size_t n,
                      struct qv_error *err)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/cd/boot/grub/grub.cfg", scratch);
    FILE *out = fopen(path, "w");
    if (out == NULL)
        return qv_error_set(err, -errno, "%s: %s", path, strerror(errno));
    fprintf(out,
            "set timeout=%u\n"
            "set default=0\n"
            "if serial --unit=0 --speed=115200 --word=8 --parity=no --stop=1; then\n"
            "    terminal_input console serial\n"
            "    terminal_output console serial\n"
            "fi\n",
            timeout_s);
    for (size_t i = 0; i < n; i++) {
        fprintf(out, "menuentry ");
        print_title(out, entry[i].title);
        fprintf(out,
                " {\n"
                "    echo 'The OS speaks on the first serial port only (3F8h, 115200 baud): listen with qv collect.'\n"
                "    multiboot2 /boot/monitor.elf\n"
                "    module2 /boot/sandbox.img\n"
                "    module2 /boot/entry-%zu.cfg\n"
                "    module2 /boot/entry-%zu.txt\n"
                "}\n",
                i + 1, i + 1);
    }
    fprintf(out, "menuentry 'Restart the machine' {\n    reboot\n}\n"
                 "menuentry 'Switch the machine off' {\n    halt\n}\n");
    bool failed = ferror(out) != 0;
    return fclose(out) == 0 && !failed ? 0 : qv_error_set(err, -EIO, "%s: cannot be written", path);
}

static int write_tree(const char *scratch, const struct image_options *options, const struct image_entry *entry,
                      size_t n, struct qv_error *err)
{
    static const char *const folder[] = {"cd", "cd/boot", "cd/boot/grub"};
    char name[128];
    for (size_t i = 0; i < sizeof(folder) / sizeof(folder[0]); i++) {
        snprintf(name, sizeof(name), "%s/%s", scratch, folder[i]);
        if (mkdir(name, 0755) != 0)
            return qv_error_set(err, -errno, "%s: %s", name, strerror(errno));
    }
    int result = copy_file(scratch, "monitor.elf", options->monitor_image, err);
    result = result != 0 ? result : copy_file(scratch, "sandbox.img", options->sandbox_image, err);
    for (size_t i = 0; i < n && result == 0; i++) {
        snprintf(name, sizeof(name), "entry-%zu.cfg", i + 1);
        result = write_file(scratch, name, &entry[i].cfg, sizeof(entry[i].cfg), err);
        snprintf(name, sizeof(name), "entry-%zu.txt", i + 1);
        result = result != 0 ? result : write_file(scratch, name, entry[i].label, entry[i].label_bytes, err);
    }
    return result != 0 ? result : write_menu(scratch, options->timeout_s, entry, n, err);
}

/* The end of what the tools said, on one line. */
static void last_words(const char *log, char text[200])
{
    char line[200];
    text[0] = '\0';
    FILE *file = fopen(log, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (line[0] != '\n')
            snprintf(text, 200, "%.*s", (int)strcspn(line, "\r\n"), line);
    if (file != NULL)
        fclose(file);
}

static int run_mkrescue(const char *scratch, struct qv_error *err)
{
    struct arguments a = {NULL, 0, false};
    char log[128], words[200];
    int code = -1;
    arguments_add(&a, "grub-mkrescue");
    arguments_add(&a, "--install-modules=%s", GRUB_MODULES_USED);
    arguments_add(&a, "--locales=");
    arguments_add(&a, "--fonts=");
    arguments_add(&a, "--themes=");
    arguments_add(&a, "--output=%s/image.iso", scratch);
    arguments_add(&a, "%s/cd", scratch);
    snprintf(log, sizeof(log), "%s/log", scratch);
    pid_t pid = a.failed ? qv_error_set(err, -ENOMEM, "out of memory") : process_start(a.item, NULL, log, NULL, 0, err);
    arguments_free(&a);
    if (pid < 0)
        return (int)pid;
    if (!process_wait(pid, PATIENCE_MS, &code)) {
        process_kill(pid, &code);
        return qv_error_set(err, -ETIMEDOUT, "grub-mkrescue did not end within %u s", PATIENCE_MS / 1000);
    }
    last_words(log, words);
    return code == 0 ? 0 : qv_error_set(err, -EIO, "grub-mkrescue ended with status %d: %s", code, words);
}

/* Beside its final place first, so that nobody ever finds half an image under its name. */
static int deliver(const char *scratch, const char *out, struct qv_error *err)
{
    char from[128], partial[PATH_MAX], block[65536];
    size_t n;
    snprintf(from, sizeof(from), "%s/image.iso", scratch);
    if ((size_t)snprintf(partial, sizeof(partial), "%s.partial-%ld", out, (long)getpid()) >= sizeof(partial))
        return qv_error_set(err, -ENAMETOOLONG, "%s: name too long", out);
    FILE *source = fopen(from, "rb");
    FILE *target = source != NULL ? fopen(partial, "wb") : NULL;
    if (target == NULL) {
        int error = errno;
        if (source != NULL)
            fclose(source);
        return qv_error_set(err, -error, "%s: %s", source != NULL ? out : from, strerror(error));
    }
    while ((n = fread(block, 1, sizeof(block), source)) > 0)
        (void)fwrite(block, 1, n, target);
    bool failed = ferror(source) != 0 || ferror(target) != 0;
    fclose(source);
    failed = fclose(target) != 0 || failed;
    if (!failed && rename(partial, out) == 0)
        return 0;
    (void)unlink(partial);
    return qv_error_set(err, -EIO, "%s: cannot be written", out);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    (void)remove(path);
    return 0;
}

int image_write(const char *out, const struct image_options *options, const struct image_entry *entry, size_t n,
                struct qv_error *err)
{
    char scratch[SCRATCH] = "/tmp/qv-image-XXXXXX";
    int result = check_tools(err);
    if (result != 0)
        return result;
    if (mkdtemp(scratch) == NULL)
        return qv_error_set(err, -errno, "/tmp: %s", strerror(errno));
    result = write_tree(scratch, options, entry, n, err);
    result = result != 0 ? result : run_mkrescue(scratch, err);
    result = result != 0 ? result : deliver(scratch, out, err);
    (void)nftw(scratch, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return result;
}
