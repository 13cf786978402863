/* SPDX-License-Identifier: MIT */
/* Descriptor tables, exceptions, interrupts. */
#include "sandbox/faultpoint.h"
#include "sandbox/internal.h"
#include "sandbox/irq_direct.h"
#include "sandbox/user.h"

#define GDT_USER_DATA   (SEL_USER_DATA / 8u)
#define GDT_USER_CODE   (SEL_USER_CODE / 8u)
#define SANDBOX_GDT     (GDT_USER_CODE + 1u)
#define GATE_FROM_USER  (3ull << 45)
#define STACK_FAULT     1u /* entries of the task state, from 1 on */
#define STACK_UNMASKED  2u
#define USER_LEVEL_BITS 3u /* of a code segment's selector */
_Static_assert(GDT_USER_DATA >= GDT_ENTRIES, "behind what monitors have, too");

extern const char trap_vectors[];
extern const char upcall_entry[];
void trap_handle(struct trap_frame *frame);
_Noreturn void upcall_handle(void);

static uint64_t idt[256][2];
static uint64_t gdt[SANDBOX_GDT];
struct task_state trap_task_state; /* user.S knows its first stack */
_Static_assert(offsetof(struct task_state, rsp) == 4, "user.S knows");
static uint8_t fault_stack[8192] __attribute__((aligned(16)));
static uint8_t unmasked_stack[8192] __attribute__((aligned(16)));
static uint8_t upcall_stack[16384] __attribute__((aligned(16)));
static struct upcall_frame upcall __attribute__((aligned(4096)));
static irq_handler handlers[256];
static uint32_t refused_before;

void lapic_write(uint32_t offset, uint32_t value)
{
    mmio_write32(phys_to_virt(LAPIC_PHYS), offset, value);
}

uint32_t lapic_read(uint32_t offset)
{
    return mmio_read32(phys_to_virt(LAPIC_PHYS), offset);
}

void irq_register(unsigned vector, irq_handler handler)
{
    handlers[vector & 0xffu] = handler;
}

/* What can come while SYSCALL's entry is still on the program's stack must not stay there. */
static void set_kernel_gate(unsigned vector)
{
    bool unmasked = vector == VECTOR_NMI || vector == VECTOR_MC;
    descriptor_gate(idt[vector], (uint64_t)trap_vectors + 16u * vector,
                    vector == VECTOR_DF ? STACK_FAULT
                    : unmasked          ? STACK_UNMASKED
                                        : 0);
}

void irq_register_direct(unsigned vector, irq_direct_handler handler)
{
    uint64_t flags = irq_save();
    if (handler)
        descriptor_gate(idt[vector & 0xffu], (uint64_t)handler, 0);
    else
        set_kernel_gate(vector & 0xffu);
    irq_restore(flags);
}

void trap_user_gate(unsigned vector, const char *entry)
{
    uint64_t flags = irq_save();
    if (entry) {
        descriptor_gate(idt[vector & 0xffu], (uint64_t)entry, 0);
        idt[vector & 0xffu][0] |= GATE_FROM_USER;
    } else {
        set_kernel_gate(vector & 0xffu);
    }
    irq_restore(flags);
}

uint64_t trap_kernel_stack(void)
{
    return trap_task_state.rsp[0];
}

void ipi_send(unsigned sandbox, unsigned vector)
{
    uint64_t flags = irq_save();
    trace(QV_TRACE_IPI_SEND, sandbox, vector);
    lapic_write(LAPIC_ICR_HIGH, handoff->apic_id[sandbox] << 24);
    lapic_write(LAPIC_ICR_LOW, vector | ICR_ASSERT);
    irq_restore(flags);
}

static void load_tables(void)
{
    struct task_state *tss = &trap_task_state;
    tss->ist[STACK_FAULT - 1] = (uint64_t)fault_stack + sizeof(fault_stack);
    tss->ist[STACK_UNMASKED - 1] = (uint64_t)unmasked_stack + sizeof(unmasked_stack);
    tss->io_map = sizeof(*tss); /* no port is ring 3's */
    for (unsigned vector = 0; vector < 256; vector++)
        set_kernel_gate(vector);
    descriptor_fill_gdt(gdt, tss);
    gdt[GDT_USER_DATA] = 0x00cff3000000ffffull;
    gdt[GDT_USER_CODE] = 0x00affb000000ffffull; /* 64-bit */
    descriptor_load(gdt, SANDBOX_GDT, idt);
}

void trap_init(void)
{
    load_tables();
    if (handoff->mode == QV_MODE_MONITOR) {
        refused_before = directory()->core[handoff->id].refused;
        monitor_call3(QV_CALL_UPCALL, (uint64_t)upcall_entry, (uint64_t)upcall_stack + sizeof(upcall_stack),
                      virt_to_phys(&upcall));
    }
    lapic_write(LAPIC_SVR, 0x100u | VECTOR_SPURIOUS);
}

bool trap_refused(void)
{
    uint32_t refused = handoff->mode == QV_MODE_MONITOR ? directory()->core[handoff->id].refused : 0;
    bool fresh = refused != refused_before;
    refused_before = refused;
    return fresh;
}

static void on_exception(struct trap_frame *frame)
{
    uint64_t address = frame->vector == VECTOR_PF ? read_cr2() : frame->rip;
    struct component_failure failure = {.detection = trap_refused() ? QV_DETECT_REFUSED : QV_DETECT_EXCEPTION,
                                        .address = address};
    component_fault(&failure);
    kprint("exception %lu error %lx at %lx, cr2 %lx, thread %s", frame->vector, frame->error, frame->rip, read_cr2(),
           current ? current->name : "none");
    kernel_lost(QV_DETECT_KERNEL_EXCEPTION, frame->rip, "exception outside any component");
}

void trap_handle(struct trap_frame *frame)
{
    if (frame->vector < 32) {
        if (frame->vector == VECTOR_NMI)
            native_nmi();
        if (frame->cs & USER_LEVEL_BITS)
            user_fault(frame);
        if (exception_hook && exception_hook((unsigned)frame->vector, &frame->rip))
            return;
        on_exception(frame);
        return;
    }
    uint64_t entry = thread_charge_interrupt();
    if (frame->vector == VECTOR_TIMER)
        timer_fired();
    else if (handlers[frame->vector])
        handlers[frame->vector]();
    if (frame->vector != VECTOR_SPURIOUS)
        lapic_write(LAPIC_EOI, 0);
    if (frame->vector == VECTOR_TIMER)
        vcpus_add_path_time(rdtsc() - entry);
    else
        vcpus_add_handler_time(rdtsc() - entry);
    thread_interrupt_end();
}

/* Not a return from anything: the monitor took this core out of what it did, and put it here. */
_Noreturn void upcall_handle(void)
{
    struct upcall_frame frame = upcall;
    struct component_failure failure = {
        .detection = (enum qv_detection)frame.detection,
        .address = frame.address,
        .told_by_monitor = true,
        .action = frame.action,
        .not_before = frame.not_before,
    };
    component_fault(&failure);
    kprint("upcall: detection %lu at rip %lx, address %lx, no component to blame", frame.detection, frame.rip,
           frame.address);
    kernel_lost(QV_DETECT_KERNEL_EXCEPTION, frame.rip, "fault outside any component");
}
