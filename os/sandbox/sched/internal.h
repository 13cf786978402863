/* SPDX-License-Identifier: MIT */
/* What the files of the scheduler core use of each other. Nobody else includes this. */
#ifndef QV_SCHED_INTERNAL_H
#define QV_SCHED_INTERNAL_H

#include "vcpu.h"

#include <stdbool.h>
#include <stdint.h>

#define SCHED_NO_ID 0xffu

static inline bool vcpu_is_server(const struct vcpu *v)
{
    return v->spec.kind != VCPU_IO_PIBS;
}

static inline uint64_t sched_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t sched_max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static inline void sched_tell(const struct sched *s, enum sched_trace_kind kind, const struct vcpu *v, uint64_t time,
                              uint64_t amount)
{
    if (s->trace)
        s->trace(s->trace_arg, kind, v, time, amount);
}

/*
 * math.c: (a * b + *rest) / c rounded down, and the remainder in *rest; rest = NULL stands for 0 and "not wanted". The
 * result saturates at 2^62. 0 < c, *rest < c. No 128-bit division, which would need libgcc.
 */
uint64_t sched_scale(uint64_t a, uint32_t b, uint32_t c, uint64_t *rest);

bool vcpu_spec_valid(const struct vcpu_spec *spec);

/* slots.c: who stands where in the priority order, and from when on each can run. */
void slots_rebuild(struct sched *s);
/* Store when v can run next (or that it cannot), after anything that changed it. Logarithmic. */
void slots_update(struct sched *s, const struct vcpu *v);
/* Move a PIBS VCPU to the period of `server`. Logarithmic. */
void slots_inherit(struct sched *s, struct vcpu *v, const struct vcpu *server);
/* The first VCPU in priority order that can run at `now` or NULL; *next = when one before it can (or SCHED_NEVER). */
struct vcpu *slots_find(const struct sched *s, uint64_t now, uint64_t *next);
/* From when on v can run, as it should stand in the tournament. */
uint64_t slots_time_of(const struct vcpu *v);

/* server.c: the sporadic server. `s` is for tracing only; the callers update the slots. */
static inline const struct vcpu_repl *server_head(const struct vcpu *v)
{
    return &v->repl[v->repl_first];
}
void server_init(struct vcpu *v, uint64_t now);
void server_charge(struct sched *s, struct vcpu *v, uint64_t ticks, uint64_t now);
void server_block(struct sched *s, struct vcpu *v, uint64_t now);
void server_unblock(struct vcpu *v, uint64_t now);

/* pibs.c: priority-inheritance bandwidth preservation. */
void pibs_init(struct vcpu *v, uint64_t now);
void pibs_charge(struct sched *s, struct vcpu *v, uint64_t ticks, uint64_t now);
void pibs_block(struct sched *s, struct vcpu *v);
void pibs_unblock(struct sched *s, struct vcpu *v, uint64_t now, const struct vcpu *server, bool running);
void pibs_replenish(struct sched *s, struct vcpu *v, uint64_t now);

#endif
