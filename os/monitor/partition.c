/* SPDX-License-Identifier: MIT */
#include "monitor/partition.h"

#include <stddef.h>

#include "lib/errno.h"
#include "lib/print.h"
#include "lib/string.h"
#include "lib/x86.h"
#include "qv/emupmu.h"

#define STACK_BYTES   0x4000ull
#define BOOT_PAGES    64u           /* first page tables and stack, generously */
#define UNCACHED_FROM 0xc0000000ull /* device memory lies above in the 32-bit address space */

static const struct elf64_header *elf_of(const uint8_t *image)
{
    return (const struct elf64_header *)(const void *)image;
}

static const struct elf64_segment *segment_of(const uint8_t *image, unsigned index)
{
    const struct elf64_header *elf = elf_of(image);
    return (const struct elf64_segment *)(const void *)(image + elf->phoff + (uint64_t)index * elf->phentsize);
}

const char *partition_check_image(const uint8_t *image, uint64_t size)
{
    const struct elf64_header *elf = elf_of(image);
    if (size < sizeof(*elf) || memcmp(elf->ident, "\177ELF\2\1", 6) != 0)
        return "not an ELF-64 file";
    if (elf->machine != 62 || elf->phentsize < sizeof(struct elf64_segment) || elf->phoff > size ||
        (uint64_t)elf->phnum * elf->phentsize > size - elf->phoff)
        return "not for x86-64, or program headers out of bounds";
    for (unsigned i = 0; i < elf->phnum; i++) {
        const struct elf64_segment *s = segment_of(image, i);
        if (s->type != ELF_PT_LOAD || s->memsz == 0)
            continue;
        if (s->offset > size || s->filesz > size - s->offset || s->filesz > s->memsz || s->vaddr < KERNEL_VIRT ||
            s->vaddr - KERNEL_VIRT > 0x400000 || s->memsz > 0x400000)
            return "segment out of bounds";
    }
    const struct sandbox_image_header *header = partition_image_header(image);
    if (!header || header->magic != SANDBOX_IMAGE_MAGIC)
        return "no sandbox image header";
    if (header->image_end < KERNEL_VIRT || header->image_end - KERNEL_VIRT > 0x600000 ||
        header->window_end < header->window_begin || header->window_end > header->image_end ||
        ((header->text_begin | header->read_only_end | header->window_begin | header->window_text_end |
          header->window_end | header->image_end) &
         (PAGE_SIZE - 1)))
        return "sandbox image header inconsistent";
    return NULL;
}

const struct sandbox_image_header *partition_image_header(const uint8_t *image)
{
    for (unsigned i = 0; i < elf_of(image)->phnum; i++) {
        const struct elf64_segment *s = segment_of(image, i);
        if (s->type == ELF_PT_LOAD && s->vaddr <= SANDBOX_IMAGE_HEADER_VIRT &&
            SANDBOX_IMAGE_HEADER_VIRT - s->vaddr + sizeof(struct sandbox_image_header) <= s->filesz)
            return (const struct sandbox_image_header *)(const void *)(image + s->offset +
                                                                       (SANDBOX_IMAGE_HEADER_VIRT - s->vaddr));
    }
    return NULL;
}

uint64_t partition_window_bytes(const uint8_t *image)
{
    const struct sandbox_image_header *header = partition_image_header(image);
    return header->window_end - header->window_begin;
}

static uint64_t phys_of(const struct core *core, uint64_t virt)
{
    return core->part.base + (virt - KERNEL_VIRT);
}

/* The part of the image in [from, to) of virtual addresses, written to `target` (zero-filled where the file has none).
 */
static void copy_range(uint8_t *target, uint64_t from, uint64_t to)
{
    memset(target, 0, to - from);
    for (unsigned i = 0; i < elf_of(machine.image)->phnum; i++) {
        const struct elf64_segment *s = segment_of(machine.image, i);
        uint64_t begin = s->vaddr > from ? s->vaddr : from;
        uint64_t end = s->vaddr + s->filesz < to ? s->vaddr + s->filesz : to;
        if (s->type == ELF_PT_LOAD && begin < end)
            memcpy(target + (begin - from), machine.image + s->offset + (begin - s->vaddr), end - begin);
    }
}

static uint64_t *table_page(uint64_t *next)
{
    uint64_t *page = (uint64_t *)*next;
    memset(page, 0, PAGE_SIZE);
    *next += PAGE_SIZE;
    return page;
}

static uint64_t image_page_bits(uint64_t virt)
{
    for (unsigned i = 0; i < elf_of(machine.image)->phnum; i++) {
        const struct elf64_segment *s = segment_of(machine.image, i);
        if (s->type != ELF_PT_LOAD || virt + PAGE_SIZE <= s->vaddr || virt >= s->vaddr + s->memsz)
            continue;
        return ((s->flags & ELF_PF_W) ? PTE_WRITE : 0) | ((s->flags & ELF_PF_X) ? 0 : PTE_NX);
    }
    return PTE_NX; /* the hand-off page and gaps: read-only */
}

/* First page tables: the image at KERNEL_VIRT with W^X, all of the low 4 GiB at DIRECT_MAP without execute. */
static uint64_t build_tables(const struct core *core, uint64_t image_end, uint64_t *next)
{
    const uint64_t used = PTE_PRESENT | PTE_ACCESSED;
    uint64_t *pml4 = table_page(next);
    uint64_t *high = table_page(next);
    uint64_t *image_dir = table_page(next);
    pml4[511] = (uint64_t)high | used | PTE_WRITE;
    high[510] = (uint64_t)image_dir | used | PTE_WRITE;
    for (uint64_t at = 0; at < image_end - KERNEL_VIRT; at += PAGE_SIZE) {
        uint64_t *dir = &image_dir[at / LARGE_PAGE_SIZE];
        if (*dir == 0)
            *dir = (uint64_t)table_page(next) | used | PTE_WRITE;
        uint64_t *table = (uint64_t *)(*dir & PTE_ADDRESS);
        table[(at / PAGE_SIZE) % 512] = (core->part.base + at) | used | PTE_DIRTY | image_page_bits(KERNEL_VIRT + at);
    }
    uint64_t *direct = table_page(next);
    pml4[256] = (uint64_t)direct | used | PTE_WRITE;
    for (uint64_t gib = 0; gib < DIRECT_MAP_BYTES >> 30; gib++) {
        uint64_t *dir = table_page(next);
        direct[gib] = (uint64_t)dir | used | PTE_WRITE;
        for (uint64_t i = 0; i < 512; i++) {
            uint64_t phys = (gib << 30) + i * LARGE_PAGE_SIZE;
            uint64_t cache = phys >= UNCACHED_FROM ? PTE_PCD | PTE_PWT : 0;
            dir[i] = phys | used | PTE_DIRTY | PTE_WRITE | PTE_LARGE | PTE_NX | cache;
        }
    }
    return (uint64_t)pml4;
}

static void fill_canaries(const struct core *core, uint64_t begin, uint64_t end)
{
    for (uint64_t at = begin; at < end; at += 8)
        *(uint64_t *)at = qv_canary_word(core->index, at);
}

static void write_handoff(const struct core *core, uint64_t image_end, uint64_t free_begin, uint64_t free_end)
{
    const struct sandbox_image_header *header = partition_image_header(machine.image);
    struct handoff *h = (struct handoff *)core->part.base;
    memset(h, 0, PAGE_SIZE);
    h->id = core->index;
    h->incarnation = core->report->incarnation;
    h->mode = vendor ? QV_MODE_MONITOR : QV_MODE_NATIVE;
    h->n_sandboxes = machine.n_cores;
    h->base = core->part.base;
    h->size = core->part.size;
    h->image_end = phys_of(core, image_end);
    h->free_begin = free_begin;
    h->free_end = free_end;
    h->tsc_hz = machine.tsc_hz;
    h->lapic_hz = machine.lapic_hz;
    h->ring_phys = machine.ring_phys[core->index];
    h->ring_records = machine.ring_records;
    h->bench_shared_phys = machine.bench_phys;
    h->window_begin = header->window_begin;
    h->window_end = header->window_end;
    h->window_pristine_phys = vendor ? 0 : core->part.window_frames[1];
    h->entry_tsc = rdtsc();
    for (unsigned i = 0; i < machine.n_cores; i++)
        h->apic_id[i] = cores[i].apic_id;
    memcpy(h->nic, machine.nic, sizeof(h->nic));
    h->cfg = *machine.cfg;
    h->magic = HANDOFF_MAGIC;
}

int partition_place(struct core *core)
{
    const struct sandbox_image_header *header = partition_image_header(machine.image);
    struct partition *p = &core->part;
    uint64_t free_end = p->base + p->size - p->reserve;
    if (phys_of(core, header->image_end) + BOOT_PAGES * PAGE_SIZE > free_end)
        return -ENOMEM;
    p->text_begin = phys_of(core, header->text_begin);
    p->text_end = phys_of(core, header->read_only_end);
    p->window_begin = phys_of(core, header->window_begin);
    p->window_end = phys_of(core, header->window_end);
    p->window_text_end = phys_of(core, header->window_text_end);
    p->window_frames[0] = p->window_begin;
    p->window_frames[1] = free_end;
    p->window_active = 0;
    p->alloc_end = free_end; /* until the kernel says what it allocated */
    return 0;
}

int partition_load(struct core *core, struct guest_start *start)
{
    const struct sandbox_image_header *header = partition_image_header(machine.image);
    struct partition *p = &core->part;
    uint64_t image_end = header->image_end;
    uint64_t used_end = p->alloc_end; /* by the incarnation before */
    if (partition_place(core))
        return -ENOMEM;
    copy_range((uint8_t *)p->base + PAGE_SIZE, KERNEL_VIRT + PAGE_SIZE, image_end);
    partition_refill(core);

    uint64_t next = phys_of(core, image_end);
    start->cr3 = build_tables(core, image_end, &next);
    uint64_t stack = next;
    memset((void *)stack, 0, STACK_BYTES);
    next += STACK_BYTES;
    /* A restart fills only what the kernel had taken: the rest was pattern, and whoever damaged it would be hidden. */
    fill_canaries(core, next, core->report->incarnation > 1 ? used_end : p->window_frames[1]);
    write_handoff(core, image_end, next, p->window_frames[1]);
    start->rip = elf_of(machine.image)->entry;
    start->rsp = DIRECT_MAP + stack + STACK_BYTES;
    start->rdi = KERNEL_VIRT;
    return 0;
}

void partition_refill(struct core *core)
{
    const struct sandbox_image_header *header = partition_image_header(machine.image);
    struct partition *p = &core->part;
    copy_range((uint8_t *)p->window_frames[p->window_active ^ 1], header->window_begin, header->window_end);
    p->standby_ready = true;
}

static int map_window(struct core *core)
{
    struct partition *p = &core->part;
    uint64_t frames = p->window_frames[p->window_active];
    uint64_t text = p->window_text_end - p->window_begin;
    uint64_t data = p->window_end - p->window_text_end;
    /* Driver text stays writable here: its own kernel can damage it, which is one of the faults to be survived. */
    int error = nested_map(&core->nested, p->window_begin, frames, text, NESTED_READ | NESTED_WRITE | NESTED_EXECUTE,
                           NESTED_WRITE_BACK, false);
    if (!error)
        error = nested_map(&core->nested, p->window_text_end, frames + text, data, NESTED_READ | NESTED_WRITE,
                           NESTED_WRITE_BACK, false);
    return error;
}

void partition_switch_driver(struct core *core)
{
    core->part.window_active ^= 1;
    core->part.standby_ready = false;
    if (map_window(core))
        monitor_panic("driver switch: nested table");
    vendor->flush(core);
}

void partition_restore_window(struct core *core)
{
    if (map_window(core))
        monitor_panic("restart: nested table");
    vendor->flush(core);
}

static int map(struct core *core, uint64_t phys, uint64_t size, unsigned rights, enum nested_memory memory)
{
    bool large = !(machine.cfg->flags & QV_CFG_NESTED_4K);
    return size == 0 ? 0 : nested_map(&core->nested, phys, phys, size, rights, memory, large);
}

/* The emulated PMU: counts for all to read, and what each core tells the model. */
static int map_emupmu(struct core *core)
{
    int error = map(core, QV_EMUPMU_PHYS, PAGE_SIZE, NESTED_READ, NESTED_WRITE_BACK);
    for (unsigned i = 0; i < machine.n_cores; i++)
        error = error ? error
                      : map(core, QV_EMUPMU_CONTROL_PHYS(i), PAGE_SIZE,
                            i == core->index ? NESTED_READ | NESTED_WRITE : NESTED_READ, NESTED_WRITE_BACK);
    return error;
}

/* Devices and shared regions that the boot configuration gives this sandbox. */
static int map_shared(struct core *core)
{
    const unsigned rw = NESTED_READ | NESTED_WRITE;
    const struct qv_sandbox_cfg *cfg = &machine.cfg->sandbox[core->index];
    int error = map(core, QV_DIRECTORY_PHYS, QV_DIRECTORY_BYTES, NESTED_READ, NESTED_WRITE_BACK);
    error = error ? error : map(core, QV_MAILBOX_PHYS, PAGE_SIZE, NESTED_READ, NESTED_WRITE_BACK);
    error = error ? error : map(core, QV_CONSOLE_LOCK_PHYS, PAGE_SIZE, rw, NESTED_WRITE_BACK);
    for (unsigned i = 0; i < machine.n_cores; i++)
        error = error ? error
                      : map(core, QV_STATUS_PHYS(i), PAGE_SIZE, i == core->index ? rw : NESTED_READ, NESTED_WRITE_BACK);
    error = error ? error : map(core, machine.ring_phys[core->index], machine.ring_bytes, rw, NESTED_WRITE_BACK);
    if (machine.bench_phys != 0)
        error = error ? error : map(core, machine.bench_phys, BENCH_SHARED_BYTES, rw, NESTED_WRITE_BACK);
    if (machine.cfg->flags & QV_CFG_EMULATED_PMU)
        error = error ? error : map_emupmu(core);
    unsigned lapic = machine.cfg->flags & QV_CFG_LAPIC_GUARDED ? NESTED_READ : rw;
    error = error ? error : map(core, LAPIC_PHYS, PAGE_SIZE, lapic, NESTED_UNCACHED);
    if (cfg->nic < QV_MAX_NICS && machine.nic[cfg->nic].present) {
        const struct handoff_nic *nic = &machine.nic[cfg->nic];
        error = error ? error : map(core, nic->mmio_phys, nic->mmio_size, rw, NESTED_UNCACHED);
        error = error ? error : map(core, nic->shared_phys, nic->shared_size, rw, NESTED_WRITE_BACK);
    }
    return error;
}

int partition_protect(struct core *core)
{
    const struct partition *p = &core->part;
    const unsigned rw = NESTED_READ | NESTED_WRITE;
    int error =
        nested_init(&core->nested, vendor->nested, NULL, monitor_nested_page, monitor_nested_phys, monitor_nested_virt);
    error = error ? error : map(core, p->base, p->size - p->reserve, rw, NESTED_WRITE_BACK);
    error = error ? error : map(core, p->base, PAGE_SIZE, NESTED_READ, NESTED_WRITE_BACK);
    error =
        error ? error
              : map(core, p->text_begin, p->text_end - p->text_begin, NESTED_READ | NESTED_EXECUTE, NESTED_WRITE_BACK);
    error = error ? error : map_window(core);
    return error ? error : map_shared(core);
}
