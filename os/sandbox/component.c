/* SPDX-License-Identifier: MIT */
#include "sandbox/internal.h"
#include "sandbox/nic/nic_shared.h"
#include "sandbox/user.h"

struct component nic_component = {.name = "nic", .state = COMPONENT_DOWN};
uint32_t component_beat;

int component_admit(struct component *component, struct component_frame *frame)
{
    bool allowed = component->state == COMPONENT_RUNNING ||
                   (component->state == COMPONENT_RECOVERING && current == recovery_thread);
    if (!allowed)
        return 1;
    uint64_t flags = irq_save();
    frame->component = component;
    frame->incarnation = component->incarnation;
    frame->beat = component_beat;
    frame->outer = current->frame;
    current->frame = frame;
    irq_restore(flags);
    return 0;
}

void component_leave(struct component_frame *frame)
{
    uint64_t flags = irq_save();
    current->frame = frame->outer;
    irq_restore(flags);
}

/* Leaves the frame as if by a fault. A lock of the abandoned instance stays with its owner word, for others to break.
 */
static _Noreturn void abandon(struct component_frame *frame)
{
    current->frame = frame->outer;
    if (user_thread == current)
        user_unwound(frame->rsp);
    component_return(frame);
}

/* An interrupt handler or a preempted thread may have been inside the instance that another frame lost. */
void component_resume_check(void)
{
    struct component_frame *frame = current->frame;
    struct component_frame *doomed = NULL;
    for (; frame; frame = frame->outer)
        if (frame->incarnation != frame->component->incarnation)
            doomed = frame;
    if (doomed)
        abandon(doomed);
}

/* Asks the monitor what to do about it; *not_before as it says. */
static uint64_t ask_monitor(const struct component_failure *failure, uint64_t key, uint64_t *not_before)
{
    phase_begin(QV_PHASE_VM_EXIT, key);
    struct call_result answer =
        monitor_call3(QV_CALL_FAULT, (uint64_t)failure->detection, failure->address, failure->scope);
    *not_before = answer.rdx;
    return answer.rax < 0 ? FAULT_ACTION_CONTAIN : (uint64_t)answer.rax;
}

/*
 * Without a monitor the kernel helps itself: the pristine driver image, which here nothing protects, is copied over the
 * damaged one. Only the local policy can be had; nobody could stop or restart this sandbox.
 */
static uint64_t help_yourself(const struct component_failure *failure, const struct component *component, uint64_t key)
{
    const struct qv_recovery_cfg *cfg = &handoff->cfg.recovery;
    struct qv_directory *d = phys_to_virt(QV_DIRECTORY_PHYS);
    if (cfg->policy != QV_POLICY_LOCAL || component->failures > cfg->budget)
        return FAULT_ACTION_CONTAIN;
    d->core[handoff->id].recovery++;
    if (failure->scope != FAULT_SCOPE_DEVICE) {
        phase_begin(QV_PHASE_DRIVER_SWITCH, key);
        memcpy(phys_to_virt(handoff->base + (handoff->window_begin - KERNEL_VIRT)),
               phys_to_virt(handoff->window_pristine_phys), handoff->window_end - handoff->window_begin);
        phase_end(QV_PHASE_DRIVER_SWITCH, key);
    }
    return FAULT_ACTION_LOCAL;
}

void component_fault(const struct component_failure *failure)
{
    struct component_frame *frame = current ? current->frame : NULL;
    uint64_t key = recovery_key(handoff->id, failure->told_by_monitor ? 0 : 1);
    uint64_t action = failure->action;
    uint64_t not_before = failure->not_before;
    if (!frame)
        return;
    struct component *component = frame->component;
    component->state = COMPONENT_RECOVERING;
    component->incarnation++;
    component->failures++;
    if (!failure->told_by_monitor)
        trace(QV_TRACE_DETECT, (uint64_t)failure->detection, failure->address);
    if (handoff->mode == QV_MODE_NATIVE) {
        action = help_yourself(failure, component, key);
    } else {
        if (!failure->told_by_monitor)
            action = ask_monitor(failure, key, &not_before);
        phase_end(QV_PHASE_VM_ENTER, key);
    }
    if (action == FAULT_ACTION_LOCAL) {
        phase_begin(QV_PHASE_RESUME, key);
        recovery_request_local(not_before);
    } else {
        component->state = COMPONENT_CONTAINED;
    }
    abandon(frame);
}

/*
 * What all sharers of the NIC can write, any of them may have damaged; only a sharer's own slot speaks against itself.
 * The kernel judges by the address, for the driver is the one under suspicion.
 */
static enum fault_scope scope_of(enum qv_detection detection, uint64_t address)
{
    uint32_t nic = handoff->cfg.sandbox[handoff->id].nic;
    if (detection == QV_DETECT_IOMMU || detection == QV_DETECT_TX_PROGRESS)
        return FAULT_SCOPE_DEVICE;
    if (detection != QV_DETECT_RING_INVARIANT || nic >= QV_MAX_NICS)
        return FAULT_SCOPE_COMPONENT;
    const struct nic_shared *shared = phys_to_virt(handoff->nic[nic].shared_phys);
    uint64_t slot = (uint64_t)&shared->slot[handoff->id];
    return address >= slot && address < slot + sizeof(shared->slot[0]) ? FAULT_SCOPE_COMPONENT : FAULT_SCOPE_DEVICE;
}

void component_fail(struct component *component, enum qv_detection detection, uint64_t address)
{
    uint64_t flags = irq_save();
    struct component_frame frame = {.component = component};
    struct component_failure failure = {
        .detection = detection, .address = address, .scope = scope_of(detection, address)};
    if (component->state == COMPONENT_RUNNING || current->frame) {
        if (!current->frame && component_enter(component, &frame) != 0) {
            irq_restore(flags); /* abandoned: the recovery is under way */
            return;
        }
        component_fault(&failure);
    }
    irq_restore(flags);
}
