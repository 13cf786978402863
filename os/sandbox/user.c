/* SPDX-License-Identifier: MIT */
#include "sandbox/user.h"

#include "sandbox/internal.h"

#define USER_TOP    0x0000800000000000ull /* the first address beyond the lower half, which is the program's */
#define SYSRET_BASE (SEL_USER_DATA - 8u)  /* SYSRET: SS = base + 8, CS = base + 16 (SDM vol. 2B, APM vol. 3) */
_Static_assert(SEL_USER_CODE == SYSRET_BASE + 16u && SEL_DATA == SEL_CODE + 8u, "the order that STAR wants");

/* Cleared on the way in: single steps, interrupts, direction, nested task (IRETQ would fault), alignment check. */
#define RFLAGS_TF   (1ull << 8)
#define RFLAGS_DF   (1ull << 10)
#define RFLAGS_NT   (1ull << 14)
#define RFLAGS_AC   (1ull << 18)
#define ENTRY_FLAGS (RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC)

extern const char user_text_begin[], user_text_end[];

/* user.S */
extern const char user_syscall_entry[], user_interrupt_entry[];
void user_enter(uint64_t rip, uint64_t rsp, uint64_t a, uint64_t b);
_Noreturn void user_leave(void);
_Noreturn void user_return_to_nowhere(uint64_t rip);

struct thread *user_thread;

static struct user_end last;
static uint8_t *data_page;

/* --- system calls --- */

typedef int64_t (*user_call)(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f);
extern const user_call user_calls[USER_CALLS];

#define ARGUMENTS uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f
#define UNUSED    (void)a, (void)b, (void)c, (void)d, (void)e, (void)f

static int64_t call_nothing(ARGUMENTS)
{
    UNUSED;
    return 0;
}

static int64_t call_end(ARGUMENTS)
{
    UNUSED;
    last = (struct user_end){.value = a};
    user_leave();
}

const user_call user_calls[USER_CALLS] = {
    [USER_CALL_NOTHING] = call_nothing,
    [USER_CALL_END] = call_end,
};

/* --- the ends of a program --- */

/* NMI and machine check are nobody's, and a double fault is the kernel's own. */
void user_fault(const struct trap_frame *frame)
{
    if (frame->vector == VECTOR_NMI || frame->vector == VECTOR_DF || frame->vector == VECTOR_MC)
        return;
    last = (struct user_end){
        .fault = true,
        .vector = frame->vector,
        .error = frame->error,
        .rip = frame->rip,
        .address = frame->vector == VECTOR_PF ? read_cr2() : 0,
        .refused = trap_refused(),
    };
    user_leave();
}

/*
 * SYSRET to an address that is none would fault in ring 0 on the program's stack (SDM vol. 2B, SYSRET; AMD's processors
 * fault in ring 3): where a SYSCALL in the last bytes of the lower half would return to. What IRETQ would give the
 * program ends it.
 */
_Noreturn void user_return_to_nowhere(uint64_t rip)
{
    last = (struct user_end){.fault = true, .vector = VECTOR_GP, .rip = rip};
    user_leave();
}

void user_unwound(uint64_t rsp)
{
    if (rsp > trap_kernel_stack())
        user_thread = NULL;
}

int user_run(uint64_t rip, uint64_t a, uint64_t b, struct user_end *end)
{
    if (rip >= USER_TOP)
        return -EINVAL;
    uint64_t flags = irq_save();
    bool busy = user_thread != NULL;
    if (!busy)
        user_thread = current;
    irq_restore(flags);
    if (busy)
        return -EBUSY;
    user_enter(rip, USER_STACK_TOP, a, b);
    *end = last;
    user_thread = NULL;
    return 0;
}

/* --- pages --- */

static uint64_t *table_below(uint64_t *entry)
{
    if (*entry == 0) {
        void *table = page_alloc(1);
        if (!table)
            return NULL;
        *entry = virt_to_phys(table) | PTE_PRESENT | PTE_WRITE | PTE_USER;
    }
    return phys_to_virt(*entry & PTE_ADDRESS);
}

int user_map(uint64_t virt, uint64_t phys, uint64_t bits)
{
    uint64_t *table = phys_to_virt(read_cr3() & PTE_ADDRESS);
    for (unsigned shift = 39; shift > 12; shift -= 9) {
        table = table_below(&table[(virt >> shift) & 511u]);
        if (!table)
            return -ENOMEM;
    }
    table[(virt >> 12) & 511u] = phys | bits | PTE_PRESENT | PTE_USER;
    invlpg(virt);
    return 0;
}

static int map_program(void)
{
    const uint64_t text_bytes = (uint64_t)(user_text_end - user_text_begin);
    uint8_t *stack = page_alloc(1);
    data_page = page_alloc(USER_DATA_BYTES / PAGE_SIZE);
    if (!stack || !data_page || text_bytes > USER_DATA - USER_TEXT)
        return -ENOMEM;
    int error = user_map(USER_STACK_TOP - PAGE_SIZE, virt_to_phys(stack), PTE_WRITE | PTE_NX);
    for (uint64_t at = 0; at < USER_DATA_BYTES && !error; at += PAGE_SIZE)
        error = user_map(USER_DATA + at, virt_to_phys(data_page + at), PTE_WRITE | PTE_NX);
    for (uint64_t at = 0; at < text_bytes && !error; at += PAGE_SIZE)
        error = user_map(USER_TEXT + at, virt_to_phys(user_text_begin + at), 0);
    return error;
}

void *user_data(void)
{
    return data_page;
}

uint64_t user_address(const void *symbol)
{
    return USER_TEXT + ((uint64_t)symbol - (uint64_t)user_text_begin);
}

void user_open_gate(bool open)
{
    trap_user_gate(VECTOR_USER, open ? user_interrupt_entry : NULL);
}

/* A monitor has EFER.SCE on from the start and lets nobody write EFER; alone the kernel has what the boot code left. */
static int enable_syscall(void)
{
    if (!(rdmsr(MSR_EFER) & EFER_SCE) && handoff->mode == QV_MODE_NATIVE)
        wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
    if (!(rdmsr(MSR_EFER) & EFER_SCE))
        return -ENODEV;
    wrmsr(MSR_STAR, (uint64_t)SYSRET_BASE << 48 | (uint64_t)SEL_CODE << 32);
    wrmsr(MSR_LSTAR, (uint64_t)user_syscall_entry);
    wrmsr(MSR_SFMASK, ENTRY_FLAGS);
    return 0;
}

int user_init(void)
{
    int error = map_program();
    return error ? error : enable_syscall();
}
