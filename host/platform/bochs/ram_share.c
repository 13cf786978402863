/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into Bochs (LD_PRELOAD): puts the guest's memory, which Bochs takes from operator new[] in one piece, into
 * a file that qv maps as well. QV_BOCHS_RAM_FD names the file's descriptor, QV_BOCHS_RAM_BYTES the size of the guest's
 * memory. Bochs asks for that size and a few MiB more, for the ROMs that it keeps behind it; the file must be larger
 * by RAM_SHARE_SLACK. Without the two variables everything is as it was.
 *
 * Bochs hands the memory out to the guest in blocks, in the order in which they are first touched, by a table that it
 * allocates next and clears. By the time of the allocation after that one the table is filled in here: every block in
 * its natural place, so that a physical address is an offset into the file.
 */
#include "platform/bochs/ram_share.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

/* operator new[](unsigned long), operator new(unsigned long), operator delete[](void *) as the C++ ABI for x86-64 names
 * them */
void *_Znam(size_t size);
void *_Znwm(size_t size);
void _ZdaPv(void *memory);

static uint8_t *shared;
static uint8_t **blocks;
static size_t n_blocks;
static enum { NOTHING_YET, HAVE_MEMORY, HAVE_TABLE, DONE } progress;

static size_t number(const char *name)
{
    const char *text = getenv(name);
    return text != NULL ? strtoul(text, NULL, 10) : 0;
}

static void *plain(size_t size)
{
    void *memory = malloc(size != 0 ? size : 1);
    if (memory == NULL)
        abort();
    return memory;
}

static void *share(size_t ram)
{
    int fd = (int)number(RAM_SHARE_FD);
    void *memory = mmap(NULL, ram + RAM_SHARE_SLACK, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        abort();
    shared = memory; /* page aligned, so that Bochs's own alignment adds nothing */
    progress = HAVE_MEMORY;
    return memory;
}

static void fill_table(size_t ram)
{
    progress = DONE;
    for (size_t i = 0; i < n_blocks; i++)
        if (blocks[i] != NULL)
            abort(); /* not the version that this was written for */
    for (size_t i = 0; i < n_blocks; i++)
        blocks[i] = shared + ram / n_blocks * i;
}

void *_Znam(size_t size)
{
    size_t ram = progress == DONE ? 0 : number(RAM_SHARE_BYTES);
    if (progress == NOTHING_YET && ram != 0 && size >= ram && size - ram <= RAM_SHARE_SLACK)
        return share(ram);
    void *memory = plain(size);
    if (progress == HAVE_TABLE) {
        fill_table(ram);
    } else if (progress == HAVE_MEMORY) {
        blocks = memory;
        n_blocks = size / sizeof(*blocks);
        progress = HAVE_TABLE;
    }
    return memory;
}

void *_Znwm(size_t size)
{
    if (progress == HAVE_TABLE)
        fill_table(number(RAM_SHARE_BYTES));
    return plain(size);
}

void _ZdaPv(void *memory)
{
    if (memory != shared) /* the shared piece lives as long as the process */
        free(memory);
}
