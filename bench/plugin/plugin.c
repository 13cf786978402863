/* SPDX-License-Identifier: MIT */
/*
 * The emulated PMU inside QEMU: hands each core's fetches and data accesses to the model, and the model's counts to the
 * guest. Arguments: model=FILE (a description), ram=FILE (the guest's memory, shared), cores=N.
 *
 * Guest mode is followed by two signs: VMRUN enters it, and the first instruction executed after that VMRUN's own is
 * the first outside of it. The emulator's own walks, the accesses of VMRUN and exits themselves to control blocks, and
 * those of interrupt delivery are not seen. A block's fetches count when it begins, even if an exception ends it early.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/plugin/decode.h"
#include "bench/plugin/model.h"
#include "bench/plugin/qemu_api.h"

#define RAM_LIMIT   0x80000000ull /* beyond it, guest-physical addresses and the file's offsets part */
#define MAX_RETURNS 16u
#define MAX_TOLD    8u
#define LONGEST     15u
#define LENGTH_BITS 16u
#define NOWHERE     UINT64_MAX

static struct model *model;
static uint8_t *ram;
static uint64_t ram_bytes;
static qemu_plugin_id_t self;
static bool counting; /* all accesses are handed on; before, only what changes a core's mode */
static unsigned told;

/* Where a VMRUN may return to, by translation; and where each core's last one does. */
static pthread_mutex_t returns_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t returns[MAX_RETURNS];
static unsigned n_returns;
static uint64_t core_returns[QV_MAX_SANDBOXES];

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);

static bool read_ram(void *context, uint64_t phys, uint64_t *value)
{
    (void)context;
    if (phys > ram_bytes - 8)
        return false;
    memcpy(value, ram + phys, 8);
    return true;
}

/* --- while the guest runs --- */

static void restarted(qemu_plugin_id_t id)
{
    volatile struct qv_emupmu *page = (volatile struct qv_emupmu *)(void *)(ram + QV_EMUPMU_PHYS);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    counting = true;
    __atomic_store_n(&page->state, QV_EMUPMU_COUNTING, __ATOMIC_RELEASE);
}

static void on_special(unsigned vcpu, enum special special, uint64_t address)
{
    static bool asked;
    struct model_core *core = model_core(model, vcpu);
    if (core == NULL)
        return;
    switch (special) {
    case SPECIAL_FLUSH:
        model_flush(core);
        break;
    case SPECIAL_FLUSH_ALL:
        model_flush_all(core);
        break;
    case SPECIAL_FLUSH_CACHES:
        model_flush_caches(core);
        break;
    case SPECIAL_ENTER_GUEST:
        if (model_in_guest(core)) /* intercepted: the monitor refuses it */
            break;
        core_returns[vcpu] = address + 3;
        model_enter_guest(core);
        break;
    case SPECIAL_START:
        if (!__atomic_exchange_n(&asked, true, __ATOMIC_RELAXED))
            qemu_plugin_reset(self, restarted);
        break;
    default:
        break;
    }
}

/* What a callback is told: a linear address (48 bits are enough to tell addresses apart) and 16 bits beside it. */
static void *packed(uint64_t address, unsigned extra)
{
    return (void *)(uintptr_t)(address << LENGTH_BITS | extra);
}

static uint64_t address_in(const void *packed)
{
    return (uint64_t)((int64_t)(uintptr_t)packed >> LENGTH_BITS); /* canonical again */
}

static unsigned extra_in(const void *packed)
{
    return (unsigned)((uintptr_t)packed & ((1u << LENGTH_BITS) - 1));
}

static void special_executed(unsigned vcpu, void *what)
{
    on_special(vcpu, (enum special)extra_in(what), address_in(what));
}

static void look_for_exit(unsigned vcpu, uint64_t address)
{
    struct model_core *core = model_core(model, vcpu);
    if (core != NULL && model_in_guest(core) && core_returns[vcpu] == address)
        model_leave_guest(core);
}

static void return_executed(unsigned vcpu, void *where)
{
    look_for_exit(vcpu, address_in(where));
}

/* Length and number of instructions of a block, both below 2^8 and 2^12: QEMU's blocks have at most 512 instructions.
 */
struct block {
    uint64_t address;
    uint32_t bytes, instructions;
};

static void block_executed(unsigned vcpu, void *what)
{
    const struct block *block = what;
    struct model_core *core = model_core(model, vcpu);
    if (core == NULL)
        return;
    uint64_t address = plugin_block_address(vcpu, block->address);
    look_for_exit(vcpu, address);
    model_fetch(core, address, block->bytes, block->instructions);
}

/* The emulator knows where the access really went: does the model? */
static void check_address(unsigned vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr, uint64_t phys)
{
    struct qemu_plugin_hwaddr *real = qemu_plugin_get_hwaddr(info, vaddr);
    if (real == NULL || qemu_plugin_hwaddr_is_io(real) || qemu_plugin_hwaddr_phys_addr(real) == phys)
        return;
    model_count(model_core(model, vcpu), QV_EMUPMU_MISTRANSLATIONS);
    if (__atomic_fetch_add(&told, 1, __ATOMIC_RELAXED) < MAX_TOLD)
        fprintf(stderr, "qv emulated PMU: core %u, %s mode: %#llx is at %#llx, the model says %#llx\n", vcpu,
                model_in_guest(model_core(model, vcpu)) ? "guest" : "host", (unsigned long long)vaddr,
                (unsigned long long)qemu_plugin_hwaddr_phys_addr(real), (unsigned long long)phys);
}

static void memory_accessed(unsigned vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *nothing)
{
    struct model_core *core = model_core(model, vcpu);
    (void)nothing;
    if (core == NULL)
        return;
    struct model_access access =
        model_data(core, vaddr, 1u << qemu_plugin_mem_size_shift(info), qemu_plugin_mem_is_store(info));
    if (access.walked)
        check_address(vcpu, info, vaddr, access.phys);
}

/* --- while it is translated --- */

static void note_return(uint64_t address)
{
    pthread_mutex_lock(&returns_lock);
    unsigned i = 0;
    while (i < n_returns && returns[i] != address)
        i++;
    if (i == n_returns && n_returns < MAX_RETURNS)
        returns[n_returns++] = address;
    pthread_mutex_unlock(&returns_lock);
}

static bool may_be_return(uint64_t address)
{
    bool found = false;
    pthread_mutex_lock(&returns_lock);
    for (unsigned i = 0; i < n_returns; i++)
        found = found || returns[i] == address;
    pthread_mutex_unlock(&returns_lock);
    return found;
}

static enum special special_of(const struct qemu_plugin_insn *insn)
{
    uint8_t bytes[LONGEST];
    return decode(bytes, plugin_instruction_bytes(insn, bytes, sizeof(bytes)));
}

/* Blocks are kept for good: the emulator does not say when it drops one. Equal ones are kept once. */
static struct block *keep_block(struct block block)
{
    static struct block **table;
    static size_t room, used;
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct block *kept = NULL;

    pthread_mutex_lock(&lock);
    if (2 * used >= room) {
        size_t larger = room == 0 ? 4096 : 2 * room;
        struct block **grown = calloc(larger, sizeof(struct block *));
        for (size_t i = 0; i < room && grown != NULL; i++) {
            if (table[i] == NULL)
                continue;
            size_t at = table[i]->address * 0x9e3779b97f4a7c15ull >> 20 & (larger - 1);
            while (grown[at] != NULL)
                at = (at + 1) & (larger - 1);
            grown[at] = table[i];
        }
        if (grown != NULL) {
            free(table);
            table = grown;
            room = larger;
        }
    }
    if (used < room) {
        size_t at = block.address * 0x9e3779b97f4a7c15ull >> 20 & (room - 1);
        while (table[at] != NULL && memcmp(table[at], &block, sizeof(block)) != 0)
            at = (at + 1) & (room - 1);
        if (table[at] == NULL && (table[at] = malloc(sizeof(block))) != NULL) {
            *table[at] = block;
            used++;
        }
        kept = table[at];
    }
    pthread_mutex_unlock(&lock);
    return kept;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    size_t n = qemu_plugin_tb_n_insns(tb);
    struct block block = {.address = qemu_plugin_tb_vaddr(tb), .instructions = (uint32_t)n};
    (void)id;
    for (size_t i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        enum special special = special_of(insn);
        block.bytes += (uint32_t)qemu_plugin_insn_size(insn);
        if (special == SPECIAL_ENTER_GUEST)
            note_return(address + 3);
        if (special != SPECIAL_NONE)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, special_executed, QEMU_PLUGIN_CB_NO_REGS,
                                                   packed(address, (unsigned)special));
        if (counting)
            qemu_plugin_register_vcpu_mem_cb(insn, memory_accessed, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, NULL);
    }
    struct block *kept = counting ? keep_block(block) : NULL;
    if (kept != NULL)
        qemu_plugin_register_vcpu_tb_exec_cb(tb, block_executed, plugin_block_flags, kept);
    else if (may_be_return(block.address))
        qemu_plugin_register_vcpu_tb_exec_cb(tb, return_executed, QEMU_PLUGIN_CB_NO_REGS, packed(block.address, 0));
}

/* --- start --- */

static int refuse(const char *what, const char *why)
{
    fprintf(stderr, "qv emulated PMU: %s: %s\n", what, why);
    return -1;
}

static int map_ram(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0)
        return refuse(path, strerror(errno));
    if ((uint64_t)status.st_size < QV_EMUPMU_END_PHYS || (uint64_t)status.st_size > RAM_LIMIT) {
        close(fd);
        return refuse(path, "expected a file of the guest's memory of at most 2 GiB");
    }
    ram_bytes = (uint64_t)status.st_size;
    ram = mmap(NULL, ram_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return ram != MAP_FAILED ? 0 : refuse(path, strerror(errno));
}

static void publish(const struct description *description, unsigned cores)
{
    static const char *const name[] = {
#define EVENT_NAME(sym, num, name_, what) [num] = name_,
        QV_EMUPMU_EVENTS(EVENT_NAME)};
    struct qv_emupmu *page = (struct qv_emupmu *)(void *)(ram + QV_EMUPMU_PHYS);
    memset(ram + QV_EMUPMU_PHYS, 0, QV_EMUPMU_END_PHYS - QV_EMUPMU_PHYS);
    page->version = QV_EMUPMU_VERSION;
    page->size = sizeof(*page);
    page->state = QV_EMUPMU_WAITING;
    page->n_events = QV_EMUPMU_EVENTS_KNOWN;
    page->n_cores = cores;
    page->llc_lines = description->llc.bytes / description->line;
    memcpy(page->model, description->name, sizeof(page->model));
    for (unsigned i = 0; i < QV_EMUPMU_EVENTS_KNOWN; i++)
        snprintf(page->name[i], sizeof(page->name[i]), "%s", name[i]);
    __atomic_store_n(&page->magic, QV_EMUPMU_MAGIC, __ATOMIC_RELEASE);
}

static const char *value_of(const char *argument, const char *key)
{
    size_t n = strlen(key);
    return strncmp(argument, key, n) == 0 && argument[n] == '=' ? argument + n + 1 : NULL;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_plugin_info *info, int argc, char **argv)
{
    const char *description_path = NULL;
    const char *ram_path = NULL;
    struct description description;
    char message[256];

    for (int i = 0; i < argc; i++) {
        const char *value = value_of(argv[i], "model");
        if (value != NULL)
            description_path = value;
        else if ((value = value_of(argv[i], "ram")) != NULL)
            ram_path = value;
        else
            return refuse(argv[i], "unknown argument, expected model=FILE,ram=FILE");
    }
    if (description_path == NULL || ram_path == NULL || !info->system_emulation ||
        strcmp(info->target_name, "x86_64") != 0 || info->system.smp_vcpus > (int)QV_MAX_SANDBOXES)
        return refuse("arguments", "expected model=FILE,ram=FILE and an x86_64 machine of at most 8 processors");
    if (describe_read(description_path, NULL, &description, message, sizeof(message)) != 0)
        return refuse("model", message);
    if (map_ram(ram_path) != 0)
        return -1;
    unsigned cores = (unsigned)info->system.smp_vcpus;
    publish(&description, cores);
    const struct model_machine machine = {
        .cores = cores,
        .read = read_ram,
        .memory_end = ram_bytes,
        .control = (const volatile struct qv_emupmu_control *)(const void *)(ram + QV_EMUPMU_CONTROL_PHYS(0)),
        .control_stride = QV_EMUPMU_CONTROL_PHYS(1) - QV_EMUPMU_CONTROL_PHYS(0),
        .page = (volatile struct qv_emupmu *)(void *)(ram + QV_EMUPMU_PHYS)};
    model = model_new(&description, &machine);
    if (model == NULL)
        return refuse("model", "out of memory");
    for (unsigned i = 0; i < QV_MAX_SANDBOXES; i++)
        core_returns[i] = NOWHERE;
    self = id;
    plugin_prepare_addresses(id);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
