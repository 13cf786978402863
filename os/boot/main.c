/* SPDX-License-Identifier: MIT */
/* The boot processor's way from the boot loader to its monitor, and the shorter way of the other cores. */
#include <stddef.h>

#include "boot/boot.h"
#include "boot/loader.h"
#include "lib/errno.h"
#include "lib/print.h"
#include "lib/string.h"
#include "lib/x86.h"
#include "monitor/dump.h"
#include "monitor/partition.h"
#include "monitor/trap.h"
#include "qv/draw.h"

#define MONITOR_END QV_DIRECTORY_PHYS
#define RAM_LIMIT   0x80000000ull
#define LABEL_MAX   16384u

#define APIC_BASE_X2APIC     (1u << 10)
#define CPUID_HYPERVISOR_BIT (1u << 31) /* leaf 1, ECX */
#define CPUID_HYPERVISOR     0x40000000u

extern const char monitor_text_begin[], monitor_rodata_end[], monitor_image_end[];

struct machine machine;
struct core cores[QV_MAX_SANDBOXES];
static struct qv_bootcfg configuration;
static struct loader_info loader_told;
static char label[LABEL_MAX];
static uint64_t label_bytes;
static volatile uint32_t cores_may_run;

_Noreturn void boot_main(uint32_t magic, uint64_t info_phys);
_Noreturn void boot_core(uint32_t index);

_Noreturn void boot_fail(const char *format, ...)
{
    char text[160];
    va_list arguments;
    va_start(arguments, format);
    print_format(text, sizeof(text), format, arguments);
    va_end(arguments);
    monitor_panic("boot: %s", text);
}

static unsigned boot_speaker(void)
{
    uint32_t id = *lapic(LAPIC_ID) >> 24;
    for (unsigned i = 0; i < machine.n_cores; i++)
        if (cores[i].apic_id == id)
            return i;
    return 0;
}

/* The image's bytes, in monitor memory: UEFI's loader puts modules anywhere. Returns the end of what is in use there.
 */
static uint64_t place_image(const struct loader_info *loader)
{
    const struct loader_module *module = &loader->module[0];
    uint64_t begin = ((uint64_t)monitor_image_end + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    machine.image_size = module->end - module->begin;
    if (module->begin >= begin && module->end <= MONITOR_END)
        begin = module->begin;
    if (machine.image_size > MONITOR_END - begin || !ram_holds(&loader->ram, begin, begin + machine.image_size))
        boot_fail("no room in monitor memory for the sandbox image of %lu bytes", machine.image_size);
    memmove((void *)begin, (const void *)module->begin, machine.image_size);
    machine.image = (const uint8_t *)begin;
    return begin + machine.image_size;
}

/*
 * Modules: the sandbox image, the boot configuration and, if there is one, the label. The image comes last, because
 * moving it may write over the others.
 */
static uint64_t take_modules(const struct loader_info *loader)
{
    const struct loader_module *cfg = &loader->module[1], *text = &loader->module[2];
    if (loader->n_modules < 2 || loader->n_modules > LOADER_MODULES)
        boot_fail("two boot modules are needed: sandbox image and boot configuration (a label may follow)");
    for (unsigned i = 0; i < loader->n_modules; i++)
        if (loader->module[i].end > DIRECT_MAP_BYTES)
            boot_fail("boot module %u lies at %lx, beyond 4 GiB", i, loader->module[i].begin);
    if (cfg->end - cfg->begin != sizeof(configuration))
        boot_fail("boot configuration: %lu bytes instead of %lu", cfg->end - cfg->begin, sizeof(configuration));
    memcpy(&configuration, (const void *)cfg->begin, sizeof(configuration));
    if (loader->n_modules == LOADER_MODULES) {
        label_bytes = text->end - text->begin;
        if (label_bytes > sizeof(label))
            boot_fail("label: %lu bytes, at most %lu", label_bytes, sizeof(label));
        memcpy(label, (const void *)text->begin, label_bytes);
    }
    return place_image(loader);
}

/* Places that are fixed by qv/directory.h or by the processors' start-up must be RAM. */
static void check_ram(const struct ram *ram)
{
    if (ram_end(ram) < MONITOR_END + 0x1000000u)
        boot_fail("%lu MiB of memory are too few", ram_end(ram) >> 20);
    if (!ram_holds(ram, TRAMPOLINE_PHYS, TRAMPOLINE_PHYS + PAGE_SIZE))
        boot_fail("the firmware keeps the page at %x for itself", TRAMPOLINE_PHYS);
    if (!ram_holds(ram, QV_DIRECTORY_PHYS, QV_STATUS_PHYS(QV_MAX_SANDBOXES)))
        boot_fail("the firmware keeps memory at %llx for itself", QV_DIRECTORY_PHYS);
}

static void give_monitor_memory(const struct ram *ram, uint64_t begin)
{
    for (uint32_t i = 0; i < ram->n; i++) {
        uint64_t from = ram->piece[i].begin > begin ? ram->piece[i].begin : begin;
        uint64_t to = ram->piece[i].end < MONITOR_END ? ram->piece[i].end : MONITOR_END;
        monitor_memory_add(from, to);
    }
    machine.monitor_begin = begin;
    machine.monitor_end = MONITOR_END;
}

static void check_configuration(void)
{
    struct qv_bootcfg *cfg = &configuration;
    uint32_t crc = cfg->crc;
    cfg->crc = 0;
    if (cfg->magic != QV_BOOTCFG_MAGIC || cfg->version != QV_BOOTCFG_VERSION || cfg->size != sizeof(*cfg))
        boot_fail("boot configuration: magic %lx version %u size %u not understood", cfg->magic, cfg->version,
                  cfg->size);
    if (qv_crc32(0, cfg, sizeof(*cfg)) != crc)
        boot_fail("boot configuration: wrong CRC");
    cfg->crc = crc;
    if (cfg->n_sandboxes < 1 || cfg->n_sandboxes > QV_MAX_SANDBOXES || cfg->n_nics > QV_MAX_NICS ||
        cfg->n_faults > QV_MAX_FAULTS || cfg->n_work > QV_MAX_WORK || cfg->admission > QV_ADMIT_ANY ||
        (cfg->mode != QV_MODE_MONITOR && cfg->mode != QV_MODE_NATIVE))
        boot_fail("boot configuration: a number is out of range");
    for (unsigned i = 0; i < cfg->n_sandboxes; i++)
        if (cfg->sandbox[i].mem_mib < 8 || cfg->sandbox[i].mem_mib > 1024 || cfg->sandbox[i].mem_mib % 2)
            boot_fail("boot configuration: sandbox %u: memory of %u MiB", i, cfg->sandbox[i].mem_mib);
    const char *wrong = partition_check_image(machine.image, machine.image_size);
    if (wrong)
        boot_fail("sandbox image: %s", wrong);
    machine.cfg = cfg;
    machine.n_cores = cfg->n_sandboxes;
}

/* Sandboxes try what they are given. */
static void choose_timer(void)
{
    machine.tsc_deadline = cpu_has_tsc_deadline() && !(configuration.flags & QV_CFG_TIMER_COUNT_DOWN);
}

/* Once the host can see it: what is demanded and is not there at all ends the run. */
static void demand_timer(void)
{
    if ((configuration.flags & QV_CFG_TIMER_TSC_DEADLINE) && !machine.tsc_deadline)
        boot_fail("platform.timer is tsc-deadline, and this processor has none (CPUID.01H:ECX bit 24)");
}

static void choose_vendor(void)
{
    const char *reason = "";
    if (configuration.mode == QV_MODE_NATIVE)
        kprint("native mode: no monitors, no isolation");
    else if (!vendor_choose(&reason))
        kprint("no usable hardware virtualization: %s; booting native", reason);
    const char *name = vendor ? vendor->name : "native";
    memcpy(directory()->vendor, name, strlen(name));
    for (unsigned i = 0; i < 3; i++) {
        struct cpuid_result r = cpuid(0x80000002u + i, 0);
        memcpy(directory()->cpu + 16u * i, &r, 16);
    }
    directory()->cpu[47] = '\0';
}

/* What the machine is, as far as it tells: an emulator's ticks must not be taken for a processor's cycles. */
static void describe_machine(const struct acpi_info *acpi)
{
    struct qv_directory *d = directory();
    struct cpuid_result maker = cpuid(0, 0);
    const uint32_t letters[3] = {maker.ebx, maker.edx, maker.ecx};
    memcpy(d->maker, letters, sizeof(letters));
    memcpy(d->firmware, acpi->oem, sizeof(d->firmware));
    if (cpuid(1, 0).ecx & CPUID_HYPERVISOR_BIT) {
        struct cpuid_result r = cpuid(CPUID_HYPERVISOR, 0);
        const uint32_t name[3] = {r.ebx, r.ecx, r.edx};
        memcpy(d->hypervisor, name, sizeof(name));
        if (d->hypervisor[0] == '\0')
            memcpy(d->hypervisor, "unnamed", sizeof("unnamed"));
    }
}

static void publish(void)
{
    struct qv_directory *d = directory();
    d->bootcfg_phys = (uint64_t)&configuration;
    d->label_phys = (uint64_t)label;
    d->label_bytes = label_bytes;
    d->version = QV_DIRECTORY_VERSION;
    d->size = sizeof(*d);
    d->mode = vendor ? QV_MODE_MONITOR : QV_MODE_NATIVE;
    d->n_cores = d->n_sandboxes = machine.n_cores;
    d->tsc_hz = machine.tsc_hz;
    d->lapic_hz = machine.lapic_hz;
    d->machine_state = QV_MACHINE_BOOTING;
    __atomic_store_n(&d->magic, QV_DIRECTORY_MAGIC, __ATOMIC_RELEASE);
}

static const void *acpi_map(void *context, uint64_t phys, size_t bytes)
{
    (void)context;
    return phys < DIRECT_MAP_BYTES && bytes <= DIRECT_MAP_BYTES - phys ? (const void *)phys : NULL;
}

static _Noreturn void core_main(struct core *core)
{
    struct guest_start start = {0};
    emupmu_announce(core);
    if (vendor && vendor->core_start(core))
        boot_fail("core %u: virtualization cannot be turned on", core->index);
    if (partition_load(core, &start))
        boot_fail("core %u: %lu MiB are too small for the sandbox image", core->index, core->part.size >> 20);
    if (!vendor)
        native_run(core, &start);
    sums_before_core(core->index);
    vendor->guest_reset(core, &start);
    report_state(core, QV_SB_BOOTING);
    monitor_run(core);
}

static void connect_nics(void)
{
    for (unsigned i = 0; i < machine.cfg->n_nics; i++)
        nic_connect(i, dma_message(i));
}

_Noreturn void boot_core(uint32_t index)
{
    struct core *core = &cores[index];
    bool again = __atomic_load_n(&core->entered, __ATOMIC_ACQUIRE) != 0;
    if (again && index == 0)
        warm_reset_arm(); /* the firmware has used it up, and another INIT before this would start it cold */
    trap_load(index);
    __atomic_store_n(&core->entered, 1, __ATOMIC_RELEASE);
    while (!__atomic_load_n(&cores_may_run, __ATOMIC_ACQUIRE))
        cpu_pause();
    paging_load();
    lapic_start(index);
    if (again)
        core_revived(core);
    core_main(core);
}

_Noreturn void boot_main(uint32_t magic, uint64_t info_phys)
{
    uint64_t begin = rdtsc();
    struct acpi_info acpi;
    struct acpi_memory firmware = {acpi_map, NULL};
    serial_init();
    print_set_speaker('m', boot_speaker);
    kprint("Quest-V Testbed monitor");
    const char *wrong = loader_read(magic, info_phys, RAM_LIMIT, &loader_told);
    if (wrong)
        boot_fail("%s (magic %x)", wrong, magic);
    if (!loader_told.has_map)
        boot_fail("no memory map from the boot loader");
    if (rdmsr(MSR_APIC_BASE) & APIC_BASE_X2APIC)
        boot_fail("the firmware left the local APIC in x2APIC mode: switch that off in its setup");
    uint64_t free = take_modules(&loader_told);
    check_ram(&loader_told.ram);
    memset(directory(), 0, QV_STATUS_PHYS(QV_MAX_SANDBOXES) - QV_DIRECTORY_PHYS);
    directory()->boot_tsc = begin;
    machine.text_begin = (uint64_t)monitor_text_begin;
    machine.text_end = (uint64_t)monitor_rodata_end;
    machine.stopper = QV_NO_SANDBOX;
    give_monitor_memory(&loader_told.ram, free);
    check_configuration();
    choose_timer();
    choose_vendor();
    if (acpi_parse(&firmware, loader_told.rsdp, loader_told.rsdp_bytes, &acpi))
        boot_fail("no ACPI tables");
    describe_machine(&acpi);
    quiet_devices(&acpi);
    trap_init();
    trap_load(0);
    lapic_start(0);
    clock_calibrate(&machine.tsc_hz, &machine.lapic_hz);
    print_set_lock((volatile uint32_t *)QV_CONSOLE_LOCK_PHYS, machine.tsc_hz / PRINT_PATIENCE_PER_S);
    kprint("%u cores, %lu MiB, TSC %lu Hz, local APIC timer %lu Hz", acpi.cpus_total, ram_end(&loader_told.ram) >> 20,
           machine.tsc_hz, machine.lapic_hz);
    layout_make(&loader_told.ram);
    nic_discover(&acpi);
    paging_init();
    smp_start(&acpi);
    dma_confine(&acpi);
    connect_nics();
    for (unsigned i = 0; i < machine.n_cores; i++)
        core_prepare(&cores[i]);
    publish();
    demand_timer();
    report_regions();
    sums_before_machine();
    __atomic_store_n(&cores_may_run, 1, __ATOMIC_RELEASE);
    cores[0].entered = 1;
    paging_load();
    core_main(&cores[0]);
}
