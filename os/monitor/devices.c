/* SPDX-License-Identifier: MIT */
/* Devices that a sandbox reaches only through its monitor: PCI configuration space, ports, the guarded local APIC. */
#include "lib/pci.h"
#include "monitor/core.h"

static volatile uint32_t pci_lock;

static void pci_take(void)
{
    while (__atomic_exchange_n(&pci_lock, 1, __ATOMIC_ACQUIRE))
        cpu_pause(); /* holders are monitors, which hold it for two port accesses */
}

static void pci_release(void)
{
    __atomic_store_n(&pci_lock, 0, __ATOMIC_RELEASE);
}

static uint32_t read_config(void *context, uint32_t bdf, uint32_t offset)
{
    (void)context;
    return pci_read32(bdf, offset);
}

void device_own(struct core *core, const struct pci_owned *device)
{
    if (core->pci.read32 == NULL)
        pci_filter_init(&core->pci, read_config, NULL);
    (void)pci_filter_own(&core->pci, device);
}

/* Counts and records an operation that is not allowed, and lets the guest have the exception that hardware would give.
 */
void core_refuse(struct core *core, const struct exit_info *exit, uint64_t what, unsigned vector)
{
    core->report->refused++;
    monitor_trace_at(core, exit->tsc, QV_TRACE_VIOLATION, exit->cause, what);
    vendor->inject(core, vector, vector == VECTOR_GP, 0);
}

static void pci_forward(struct core *core, const struct pci_action *action, bool write, uint32_t *value)
{
    uint16_t port = (uint16_t)(PCI_DATA + (action->offset & 3u));
    (void)core;
    outl(PCI_ADDRESS, PCI_ENABLE | action->bdf << 8 | (action->offset & ~3u));
    if (write) {
        if (action->size == 1)
            outb(port, (uint8_t)action->value);
        else if (action->size == 2)
            outw(port, (uint16_t)action->value);
        else
            outl(port, action->value);
    } else {
        *value = action->size == 1 ? inb(port) : action->size == 2 ? inw(port) : inl(port);
    }
}

void device_port(struct core *core, const struct exit_info *exit)
{
    uint32_t mask = exit->port_size == 1 ? 0xffu : exit->port_size == 2 ? 0xffffu : 0xffffffffu;
    if (exit->port_string || port_class(exit->port, exit->port_size) != PORT_PCI || core->pci.read32 == NULL) {
        core_refuse(core, exit, exit->port, VECTOR_GP);
        return;
    }
    pci_take();
    struct pci_action action =
        pci_filter_access(&core->pci, exit->port, exit->port_size, !exit->port_in, (uint32_t)core->guest.rax & mask);
    uint32_t value = action.value;
    if (action.verdict == PCI_FORWARD)
        pci_forward(core, &action, !exit->port_in, &value);
    pci_release();
    if (action.verdict == PCI_REFUSE) {
        core_refuse(core, exit, exit->port, VECTOR_GP);
        return;
    }
    if (exit->port_in)
        core->guest.rax = exit->port_size == 4 ? value : (core->guest.rax & ~(uint64_t)mask) | (value & mask);
    core->guest.rip += exit->length;
}

/* The guest's register by its number in instruction encoding. */
static uint64_t guest_register(const struct core *core, unsigned number)
{
    const struct guest_registers *g = &core->guest;
    const uint64_t values[16] = {g->rax, g->rcx, g->rdx, g->rbx, g->rsp, g->rbp, g->rsi, g->rdi,
                                 g->r8,  g->r9,  g->r10, g->r11, g->r12, g->r13, g->r14, g->r15};
    return values[number & 15u];
}

/* Bytes at the guest's RIP: its text is linked at KERNEL_VIRT and lies in its partition. Only such code is decoded. */
static const uint8_t *guest_code(const struct core *core, size_t *available)
{
    uint64_t offset = core->guest.rip - KERNEL_VIRT;
    const struct partition *p = &core->part;
    uint64_t phys = p->base + offset;
    if (core->guest.rip < KERNEL_VIRT || offset >= p->size)
        return NULL;
    if (phys >= p->window_begin && phys < p->window_end)
        phys = p->window_frames[p->window_active] + (phys - p->window_begin);
    *available = LAPIC_INSN_MAX;
    return (const uint8_t *)phys;
}

bool device_lapic_store(struct core *core, const struct exit_info *exit)
{
    struct lapic_store store;
    size_t available = 0;
    if ((exit->gpa & ~(PAGE_SIZE - 1)) != LAPIC_PHYS || !exit->write)
        return false;
    const uint8_t *code = guest_code(core, &available);
    if (!code || lapic_decode(code, available, &store))
        return false;
    uint32_t value = (uint32_t)(store.immediate ? store.value : guest_register(core, store.reg));
    uint32_t offset = (uint32_t)(exit->gpa & (PAGE_SIZE - 1));
    struct lapic_action action = lapic_guard_write(&core->lapic, offset, store.size, value);
    if (action.verdict == LAPIC_REFUSE) {
        core_refuse(core, exit, exit->gpa, VECTOR_GP);
        return true;
    }
    if (action.verdict == LAPIC_SEND)
        *(volatile uint32_t *)(LAPIC_PHYS + LAPIC_ICR_HIGH) = action.high;
    *(volatile uint32_t *)(LAPIC_PHYS + (action.verdict == LAPIC_SEND ? LAPIC_ICR_LOW : offset)) = action.value;
    core->guest.rip += store.length;
    return true;
}
