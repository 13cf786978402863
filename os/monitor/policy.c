/* SPDX-License-Identifier: MIT */
#include "monitor/policy.h"

#include "lib/errno.h"

int policy_init(struct policy_machine *machine, const struct policy_config *config, uint32_t incarnation)
{
    *machine = (struct policy_machine){
        .config = *config,
        .state = POLICY_RUNNING,
        .incarnation = incarnation,
        .strategy = config->strategy,
    };
    switch (config->strategy) {
    case QV_POLICY_NONE:
    case QV_POLICY_LOCAL:
    case QV_POLICY_REMOTE:
    case QV_POLICY_RESTART:
        return 0;
    default:
        policy_give_up(machine); /* what is not understood is not tried */
        return -EINVAL;
    }
}

int policy_detect(struct policy_machine *machine, enum qv_detection detection, uint32_t incarnation, uint64_t now)
{
    int error = 0;

    if (detection == QV_DETECT_NONE || incarnation != machine->incarnation)
        error = -EINVAL;
    else if (machine->state == POLICY_GAVE_UP)
        error = -EIO;
    else if (machine->state == POLICY_DETECTED || machine->state == POLICY_STOPPED || machine->state == POLICY_DECIDED)
        error = -EBUSY;
    if (error) {
        machine->ignored++;
        return error;
    }
    /* A window that is over is over, also if nobody called policy_tick() in time. */
    policy_tick(machine, now);
    machine->failed = machine->state != POLICY_RUNNING;
    machine->state = POLICY_DETECTED;
    machine->detection = detection;
    machine->detected_at = now;
    return 0;
}

bool policy_kernel_lost(enum qv_detection detection)
{
    return detection == QV_DETECT_TRIPLE_FAULT || detection == QV_DETECT_CORE_RESET ||
           detection == QV_DETECT_KERNEL_EXCEPTION || detection == QV_DETECT_ASSERTION;
}

int policy_stopped(struct policy_machine *machine)
{
    if (machine->state != POLICY_DETECTED)
        return -EINVAL;
    machine->state = POLICY_STOPPED;
    return 0;
}

static bool available(const struct policy_machine *machine, const struct policy_inputs *inputs, enum qv_policy strategy)
{
    switch (strategy) {
    case QV_POLICY_LOCAL:
        return !inputs->kernel_lost && !policy_kernel_lost(machine->detection);
    case QV_POLICY_REMOTE:
        return inputs->standby_alive;
    case QV_POLICY_RESTART:
        return inputs->monitor;
    default:
        return false;
    }
}

static enum qv_policy next_stronger(enum qv_policy strategy)
{
    switch (strategy) {
    case QV_POLICY_LOCAL:
        return QV_POLICY_REMOTE;
    case QV_POLICY_REMOTE:
        return QV_POLICY_RESTART;
    default:
        return QV_POLICY_NONE;
    }
}

static enum qv_policy choose(const struct policy_machine *machine, const struct policy_inputs *inputs)
{
    bool escalate = machine->config.escalate;
    enum qv_policy strategy = machine->failed ? machine->strategy : machine->config.strategy;

    if (machine->failed && escalate && strategy != QV_POLICY_RESTART)
        strategy = next_stronger(strategy);
    while (strategy != QV_POLICY_NONE && !available(machine, inputs, strategy))
        strategy = escalate ? next_stronger(strategy) : QV_POLICY_NONE;
    return strategy;
}

/* Nothing before the first recovery, then backoff, 2 backoff, 4 backoff..., never more than the cap. */
static uint64_t back_off(const struct policy_machine *machine)
{
    uint64_t wait = machine->config.backoff_ticks;
    uint64_t cap = machine->config.backoff_cap ? machine->config.backoff_cap : UINT64_MAX;

    if (machine->attempts == 0)
        return 0;
    for (uint32_t i = 1; i < machine->attempts && wait != 0 && wait < cap; i++)
        wait = wait > UINT64_MAX / 2 ? UINT64_MAX : wait * 2;
    return wait < cap ? wait : cap;
}

int policy_decide(struct policy_machine *machine, const struct policy_inputs *inputs, uint64_t now,
                  struct policy_decision *decision)
{
    if (machine->state != POLICY_STOPPED)
        return -EINVAL;

    enum qv_policy strategy = choose(machine, inputs);
    uint64_t wait = back_off(machine);
    enum policy_reason reason = POLICY_AS_CONFIGURED;
    if (machine->config.strategy != QV_POLICY_NONE && machine->attempts >= machine->config.budget) {
        strategy = QV_POLICY_NONE;
        reason = POLICY_BUDGET_SPENT;
    } else if (strategy != machine->config.strategy) {
        reason = POLICY_ESCALATED;
    } else if (strategy != QV_POLICY_NONE && wait > 0) {
        reason = POLICY_BACK_OFF;
    }

    machine->strategy = strategy;
    machine->reason = reason;
    machine->not_before = now;
    if (strategy == QV_POLICY_NONE)
        policy_give_up(machine);
    else
        machine->not_before = wait > UINT64_MAX - now ? UINT64_MAX : now + wait;
    if (machine->state == POLICY_STOPPED)
        machine->state = POLICY_DECIDED;
    *decision = (struct policy_decision){.action = strategy, .reason = reason, .not_before = machine->not_before};
    return 0;
}

static uint64_t later(uint64_t now, uint64_t ticks)
{
    return ticks > UINT64_MAX - now ? UINT64_MAX : now + ticks;
}

int policy_begin(struct policy_machine *machine, uint64_t now)
{
    if (machine->state != POLICY_DECIDED)
        return -EINVAL;
    if (now < machine->not_before)
        return -EAGAIN;
    machine->state = POLICY_RECOVERING;
    machine->attempts++;
    machine->incarnation++;
    machine->deadline = machine->config.recover_ticks ? later(now, machine->config.recover_ticks) : UINT64_MAX;
    return 0;
}

int policy_recovered(struct policy_machine *machine, uint64_t now)
{
    if (machine->state != POLICY_RECOVERING)
        return -EINVAL;
    machine->state = POLICY_VERIFYING;
    machine->deadline = later(now, machine->config.verify_ticks);
    return 0;
}

bool policy_tick(struct policy_machine *machine, uint64_t now)
{
    if (now < machine->deadline)
        return false;
    if (machine->state == POLICY_VERIFYING) {
        machine->state = POLICY_RUNNING;
        machine->failed = false;
        return true;
    }
    if (machine->state == POLICY_RECOVERING && machine->deadline != UINT64_MAX) {
        machine->state = POLICY_DETECTED;
        machine->failed = true;
        machine->detected_at = now;
        return true;
    }
    return false;
}

void policy_give_up(struct policy_machine *machine)
{
    machine->state = POLICY_GAVE_UP;
    machine->strategy = QV_POLICY_NONE;
}

const char *policy_state_name(enum policy_state state)
{
    static const char *const names[] = {"running",    "detected",  "stopped", "decided",
                                        "recovering", "verifying", "gave-up"};
    return (unsigned)state < sizeof(names) / sizeof(names[0]) ? names[state] : "unknown";
}
