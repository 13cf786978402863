/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <sanitizer/common_interface_defs.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#include "net.h"
#include "peer.h"

#define THREADS     4
#define STACK_BYTES (256 * 1024)
#define RECORDS     65536
#define WIRE        4096

struct thread {
    ucontext_t context;
    void *fake_stack;
    void (*entry)(void *);
    void *argument;
    uint64_t deadline;
    bool woken;
    bool waiting;
    bool dead;
    struct component_frame *frame; /* innermost */
    char *stack;
};

struct handoff world_handoff;
const struct handoff *const handoff = &world_handoff;
static struct qv_sandbox_status world_status;
struct qv_sandbox_status *status = &world_status;
struct qv_directory world_directory;
struct qv_sandbox_status world_other_status;
struct component nic_component = {.name = "nic", .state = COMPONENT_RUNNING, .incarnation = 1};
struct world_nic world_nic;
bool world_stopped;
unsigned world_wire_lose_in;
uint64_t world_wire_delivered;
unsigned world_failures;
enum qv_detection world_last_failure;
unsigned world_first_replies;

static uint64_t now = 1000000;
static struct thread threads[THREADS];
static unsigned thread_count;
static struct thread test_thread; /* CUnit's own */
static struct thread *running = &test_thread;
static ucontext_t scheduler;
static void *scheduler_fake_stack;
static const void *test_stack;
static size_t test_stack_size;
static irq_handler nic_handler;
static struct world_record records[RECORDS];
static unsigned record_count;

struct wire_frame {
    size_t size;
    uint8_t data[NIC_MTU_FRAME];
};
static struct wire_frame inward[WIRE], outward[WIRE];
static bool line_up;
static unsigned batch; /* frames stay in the NIC until it ends */
static unsigned inward_head, inward_tail, outward_head, outward_tail;

/* --- kernel --- */

uint64_t world_time(void)
{
    return now;
}

uint64_t time_from_us(uint64_t us)
{
    return us * 1000;
}

uint64_t time_to_us(uint64_t ticks)
{
    return ticks / 1000;
}

const volatile struct qv_directory *directory(void)
{
    return &world_directory;
}

const volatile struct qv_sandbox_status *status_of(unsigned sandbox)
{
    return sandbox == 0 ? &world_status : &world_other_status;
}

void trace(enum qv_trace_id id, uint64_t a, uint64_t b)
{
    if (record_count == RECORDS) {
        abort();
    }
    records[record_count++] = (struct world_record){.id = id, .a = a, .b = b, .time = now};
}

unsigned world_traced(enum qv_trace_id id)
{
    unsigned count = 0;

    for (unsigned i = 0; i < record_count; i++) {
        count += records[i].id == id;
    }
    return count;
}

const struct world_record *world_record(enum qv_trace_id id, unsigned which)
{
    for (unsigned i = 0; i < record_count; i++) {
        if (records[i].id == id && which-- == 0) {
            return &records[i];
        }
    }
    return NULL;
}

void kprint(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void irq_register(unsigned vector, irq_handler handler)
{
    if (vector == VECTOR_NIC0) {
        nic_handler = handler;
    }
}

void recovery_first_reply(void)
{
    world_first_replies++;
}

/* --- threads: coroutines, told to the sanitizer --- */

static void thread_begin(void)
{
    __sanitizer_finish_switch_fiber(NULL, &test_stack, &test_stack_size);
    running->entry(running->argument);
    abort(); /* threads never end */
}

static void prepare(struct thread *thread)
{
    getcontext(&thread->context);
    thread->context.uc_stack.ss_sp = thread->stack;
    thread->context.uc_stack.ss_size = STACK_BYTES;
    thread->context.uc_link = NULL;
    makecontext(&thread->context, thread_begin, 0);
}

struct thread *thread_create(const char *name, void (*entry)(void *), void *argument, enum qv_vcpu_slot slot)
{
    struct thread *thread = &threads[thread_count++];

    (void)name;
    (void)slot;
    if (thread_count > THREADS) {
        abort();
    }
    thread->entry = entry;
    thread->argument = argument;
    thread->woken = true;
    thread->waiting = true;
    thread->stack = malloc(STACK_BYTES);
    prepare(thread);
    return thread;
}

/* Does not return. */
static void die(void)
{
    running->dead = true;
    running->frame = NULL;
    __sanitizer_start_switch_fiber(NULL, test_stack, test_stack_size);
    setcontext(&scheduler);
}

unsigned world_revive(void)
{
    unsigned revived = 0;

    for (unsigned i = 0; i < thread_count; i++) {
        if (threads[i].dead) {
            threads[i].dead = false;
            threads[i].woken = true;
            prepare(&threads[i]);
            revived++;
        }
    }
    return revived;
}

struct thread *thread_self(void)
{
    return running;
}

void thread_wake(struct thread *thread)
{
    thread->woken = true;
}

static void switch_to(struct thread *thread)
{
    running = thread;
    thread->waiting = false;
    __sanitizer_start_switch_fiber(&scheduler_fake_stack, thread->stack, STACK_BYTES);
    swapcontext(&scheduler, &thread->context);
    __sanitizer_finish_switch_fiber(scheduler_fake_stack, NULL, NULL);
    running = &test_thread;
}

static bool test_thread_woken(void)
{
    return test_thread.woken;
}

bool thread_wait_until(uint64_t deadline)
{
    struct thread *self = running;
    bool woken;

    if (self == &test_thread) {
        woken = self->woken || (deadline > now && world_run(test_thread_woken, (deadline - now) / 1000));
        self->woken = false;
        return woken;
    }
    self->deadline = deadline;
    self->waiting = true;
    __sanitizer_start_switch_fiber(&self->fake_stack, test_stack, test_stack_size);
    swapcontext(&self->context, &scheduler);
    __sanitizer_finish_switch_fiber(self->fake_stack, NULL, NULL);
    woken = self->woken;
    self->woken = false;
    return woken;
}

/* --- component frames, as the kernel's: component_enter() returns a second time when the frame is abandoned --- */

int world_component_enter(struct component *component, struct component_frame *frame);
void world_component_resume(const struct component_frame *frame) __attribute__((noreturn));

__asm__(".text\n"
        ".globl component_enter\n"
        "component_enter:\n"
        "    movq %rbx, 0(%rsi)\n"
        "    movq %rbp, 8(%rsi)\n"
        "    movq %r12, 16(%rsi)\n"
        "    movq %r13, 24(%rsi)\n"
        "    movq %r14, 32(%rsi)\n"
        "    movq %r15, 40(%rsi)\n"
        "    leaq 8(%rsp), %rax\n"
        "    movq %rax, 48(%rsi)\n"
        "    movq (%rsp), %rax\n"
        "    movq %rax, 56(%rsi)\n"
        "    jmp world_component_enter\n"
        ".globl world_component_resume\n"
        "world_component_resume:\n"
        "    movq 0(%rdi), %rbx\n"
        "    movq 8(%rdi), %rbp\n"
        "    movq 16(%rdi), %r12\n"
        "    movq 24(%rdi), %r13\n"
        "    movq 32(%rdi), %r14\n"
        "    movq 40(%rdi), %r15\n"
        "    movq 48(%rdi), %rsp\n"
        "    movl $2, %eax\n"
        "    jmp *56(%rdi)\n");

int world_component_enter(struct component *component, struct component_frame *frame)
{
    if (component->state != COMPONENT_RUNNING &&
        (component->state != COMPONENT_RECOVERING || running != &test_thread)) {
        return 1;
    }
    frame->component = component;
    frame->outer = running->frame;
    running->frame = frame;
    return 0;
}

void component_leave(struct component_frame *frame)
{
    running->frame = frame->outer;
}

void component_fail(struct component *component, enum qv_detection detection, uint64_t address)
{
    struct component_frame *frame = running->frame;

    (void)address;
    world_failures++;
    world_last_failure = detection;
    component->state = COMPONENT_RECOVERING;
    component->failures++;
    if (frame != NULL) {
        running->frame = frame->outer;
        __asan_handle_no_return();
        world_component_resume(frame);
    }
}

/* --- NIC and wire --- */

void world_wire_put(const uint8_t *frame, size_t size)
{
    if (world_wire_lose_in > 0) {
        world_wire_lose_in--;
        return;
    }
    if (inward_head - inward_tail == WIRE) {
        abort();
    }
    inward[inward_head % WIRE].size = size;
    memcpy(inward[inward_head++ % WIRE].data, frame, size);
}

int nic_transmit(const struct nic_segment *segment, unsigned count)
{
    struct wire_frame *frame = &outward[outward_head % WIRE];
    size_t size = 0;

    switch (world_nic.mode) {
    case NIC_BUSY:
        return -EBUSY;
    case NIC_FAULTS:
        component_fail(&nic_component, QV_DETECT_EXCEPTION, 0);
        return -EIO;
    case NIC_KILLS:
        die();
        return -EIO;
    default:
        break;
    }
    for (unsigned i = 0; i < count; i++) {
        if (size + segment[i].size > NIC_MTU_FRAME) {
            abort();
        }
        memcpy(frame->data + size, segment[i].data, segment[i].size);
        size += segment[i].size;
    }
    frame->size = size;
    memcpy(world_nic.last, frame->data, size);
    world_nic.last_size = size;
    world_nic.sent++;
    if (world_nic.mode == NIC_WORKS) {
        outward_head++;
    }
    return 0;
}

static const uint64_t keeper;

/* As the ring's cursor when the frame was offered: something else by now, if it was overtaken. */
static uint64_t keep(void)
{
    if (world_nic.frames_overtaken == 0) {
        return keeper;
    }
    world_nic.frames_overtaken--;
    return keeper + 1;
}

unsigned nic_receive(nic_deliver_fn deliver, void *context, unsigned budget, bool *more)
{
    unsigned taken = 0;

    while (inward_tail != inward_head && taken < budget) {
        const struct wire_frame *frame = &inward[inward_tail % WIRE];
        const uint8_t *mac = frame->data;
        unsigned port = 0;

        if ((mac[0] & 1) == 0) {
            for (port = 0; port < 2 && memcmp(mac, world_handoff.cfg.sandbox[port].mac, 6) != 0; port++) {
            }
            if (port == 2 || (port == 1 && (world_nic.taken_over & 2) == 0)) {
                inward_tail++; /* for somebody else */
                continue;
            }
        }
        if (world_nic.receive_faults) {
            world_nic.receive_faults = false;
            component_fail(&nic_component, QV_DETECT_EXCEPTION, 0);
        }
        (void)deliver(context, port, frame->data, frame->size, (struct nic_keep){&keeper, keep()});
        inward_tail++;
        world_wire_delivered++;
        taken++;
    }
    *more = inward_tail != inward_head;
    return taken;
}

void nic_batch_begin(void)
{
    batch++;
}

void nic_batch_end(void)
{
    batch -= batch > 0;
}

bool nic_interrupt(void)
{
    if (nic_component.state != COMPONENT_RUNNING) {
        return false; /* a driver that is just being started has nothing to acknowledge with */
    }
    world_nic.acknowledged++;
    line_up = false;
    return true;
}

enum qv_detection nic_check(uint64_t *address)
{
    enum qv_detection found = world_nic.found;

    *address = 0;
    world_nic.checks++;
    world_nic.found = QV_DETECT_NONE;
    return found;
}

int nic_attach(void)
{
    return 0;
}

/* As a standby instance does, it begins from nothing. */
int nic_reinit(void)
{
    world_nic.mode = NIC_WORKS;
    batch = 0;
    line_up = false;
    return 0;
}

int nic_takeover(unsigned sandbox)
{
    world_nic.taken_over |= 1u << sandbox;
    return 0;
}

/* --- the order of things --- */

static bool run_one_thread(void)
{
    for (unsigned i = 0; i < thread_count && !world_stopped; i++) {
        if (!threads[i].dead && (threads[i].woken || threads[i].deadline <= now)) {
            switch_to(&threads[i]);
            return true;
        }
    }
    return false;
}

static bool run_wire(void)
{
    static unsigned signalled;

    if (inward_head != signalled && nic_handler != NULL) {
        signalled = inward_head;
        if (!line_up) {
            line_up = true;
            nic_handler();
        }
        return true;
    }
    if (outward_tail != outward_head && batch == 0) {
        const struct wire_frame *frame = &outward[outward_tail++ % WIRE];

        peer_receive(frame->data, frame->size);
        return true;
    }
    return false;
}

bool world_run(bool (*done)(void), uint64_t us)
{
    uint64_t end = now + us * 1000;

    for (;;) {
        uint64_t next = end;

        if (done != NULL && done()) {
            return true;
        }
        if (run_one_thread() || run_wire()) {
            continue;
        }
        for (unsigned i = 0; i < thread_count && !world_stopped; i++) {
            if (!threads[i].dead && threads[i].deadline < next) {
                next = threads[i].deadline;
            }
        }
        if (peer_next_timer() < next) {
            next = peer_next_timer();
        }
        if (now >= end) {
            return false;
        }
        now = next > now ? next : now;
        peer_timers();
    }
}

void world_init(uint32_t roles)
{
    struct handoff *h = &world_handoff;

    h->id = 0;
    h->incarnation = 1;
    h->n_sandboxes = 2;
    h->entry_tsc = now;
    h->nic[0].present = 1;
    h->nic[0].vector = VECTOR_NIC0;
    h->cfg.seed = 42;
    h->cfg.flags = QV_CFG_TRACE_REQUESTS;
    for (unsigned i = 0; i < 2; i++) {
        struct qv_sandbox_cfg *cfg = &h->cfg.sandbox[i];

        cfg->roles = roles;
        cfg->ip = i == 0 ? WORLD_SERVER : WORLD_OTHER;
        cfg->netmask = 0xffffff00u;
        cfg->gateway = WORLD_PEER;
        memcpy(cfg->mac, (const uint8_t[6]){0x52, 0x54, 0, 0x12, 0x34, (uint8_t)(0x10 + i)}, 6);
    }
    world_directory.machine_state = QV_MACHINE_BOOTING;
    world_directory.core[1].taken_over_by = QV_NO_SANDBOX;
    world_directory.core[0].taken_over_by = QV_NO_SANDBOX;
}
