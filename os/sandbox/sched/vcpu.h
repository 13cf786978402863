/* SPDX-License-Identifier: MIT */
/*
 * VCPU scheduling of one core: sporadic servers (Main VCPUs) and priority-inheritance bandwidth preservation (I/O
 * VCPUs, "PIBS") under rate-monotonic fixed priorities. docs/scheduling.md states the rules and who calls what when.
 *
 * Pure code: no clock, no lock, no allocation, no floating point. The caller owns every struct here, keeps them at a
 * fixed address while they are in use, serialises all calls on one `struct sched` (interrupts off on its core), and
 * passes the time. Times and amounts are uint64_t ticks of one monotonic clock (the core's TSC); `now` must never go
 * back from call to call. All struct fields may be read by anyone and written only by this module.
 */
#ifndef QV_SCHED_VCPU_H
#define QV_SCHED_VCPU_H

#include <stdbool.h>
#include <stdint.h>

#define SCHED_MAX_VCPUS 64u   /* per core, all kinds */
#define SCHED_MAX_PIBS  16u   /* of them, at most this many with PIBS */
#define SCHED_MAX_SLOTS 1024u /* priority positions: servers + distinct periods * PIBS VCPUs, never above 816 */
#define VCPU_MAX_REPL   32u
#define SCHED_NEVER     UINT64_MAX

enum vcpu_kind {
    VCPU_MAIN = 0,    /* sporadic server: budget every period */
    VCPU_IO_PIBS = 1, /* utilisation num/den of the period inherited from the Main VCPU served */
    VCPU_IO_SS = 2,   /* sporadic server used for I/O, to compare; scheduled exactly like VCPU_MAIN */
};

/* What a VCPU is entitled to; also the input of the admission tests (admit.h). */
struct vcpu_spec {
    enum vcpu_kind kind;
    uint64_t budget; /* C, ticks, 1..period; unused by PIBS */
    uint64_t period; /* T, ticks, below 2^56; unused by PIBS */
    uint32_t num;    /* PIBS: utilisation num/den, 0 < num <= den; unused by the others */
    uint32_t den;
};

enum sched_error {
    SCHED_OK = 0,
    SCHED_BAD_SPEC = -1, /* a field of the spec is out of range */
    SCHED_FULL = -2,     /* SCHED_MAX_VCPUS or SCHED_MAX_PIBS reached */
    SCHED_BUSY = -3,     /* the VCPU is in a scheduler already, is in another one, or is not blocked */
};

struct vcpu_repl {
    uint64_t time;
    uint64_t amount;
};

struct sched;

struct vcpu {
    struct vcpu_spec spec;
    struct sched *sched; /* NULL while in none */
    void *owner;         /* the caller's; not touched here */
    bool runnable;       /* false = blocked */
    bool background;     /* may use idle time when its budget is spent; set by vcpu_set_background */
    uint8_t id;          /* index in sched->vcpu[] */
    uint8_t io_index;    /* PIBS: index among the PIBS VCPUs */
    uint16_t slot;       /* priority position, 0 = highest */
    uint16_t level_slot; /* first position of all VCPUs of its period */
    uint64_t period;     /* T in force: the spec's, or the one inherited */
    uint64_t usage;      /* ticks of budget used and not yet turned into a replenishment */

    /* Sporadic server: time-ordered ring; sum of the amounts is always spec.budget. */
    uint64_t early; /* of `usage`: taken from the head before it was due; the rest of the head comes that much later */
    uint8_t repl_first;
    uint8_t repl_count;
    uint8_t repl_max; /* bound of the list, 2..VCPU_MAX_REPL */
    bool noted;       /* the head of the list has been traced as available */
    struct vcpu_repl repl[VCPU_MAX_REPL];

    /* PIBS */
    uint64_t budget;        /* budget at hand */
    uint64_t eligible;      /* eligibility time */
    uint32_t eligible_part; /* fraction of a tick beyond `eligible`, in 1/spec.num */
    bool budgeted;
    bool inherited;  /* has inherited a period since it was added */
    bool repl_valid; /* the one replenishment: */
    uint64_t repl_time;
    uint64_t repl_amount;

    /* Counters, ticks and events since sched_add. Consumed time = used + background_time. */
    uint64_t used;            /* run on its own budget, overruns included */
    uint64_t background_time; /* run in the background band */
    uint64_t overrun;         /* of `used`: ticks run when there was no budget */
    uint64_t replenishments;  /* replenishments put on the list (split, exhausted or eligibility moved) */
    uint64_t list_full;       /* splits that found the list full (the rest of the budget was put off) */
    uint64_t dispatches;      /* times picked when another VCPU, or none, ran before */
};

enum sched_trace_kind {
    SCHED_TRACE_REPLENISH, /* budget became available at `time`, noticed now: amount = budget at hand */
    SCHED_TRACE_POSTED,    /* a replenishment of `amount` was put on the list, due at `time` */
    SCHED_TRACE_DEPLETED,  /* budget spent; `time` = when there will be budget again; amount 0 */
    SCHED_TRACE_OVERRUN,   /* `amount` ticks were run without budget and charged to the next; `time` = now */
    SCHED_TRACE_INHERIT,   /* PIBS: period changed to `amount`; `time` = now */
    SCHED_TRACE_DISPATCH,  /* VCPU picked after another (or none); `time` = now, amount = budget at hand, 0 = background
                            */
    SCHED_TRACE_IDLE,      /* no VCPU picked, v = NULL, after a VCPU ran; `time` = now */
};

/* Called inside the operations below, with the core's state half changed: it may record, and call nothing here. */
typedef void sched_trace_fn(void *arg, enum sched_trace_kind kind, const struct vcpu *v, uint64_t time,
                            uint64_t amount);

enum sched_holder { /* to whom time is charged at present */
                    SCHED_HOLDER_SCHED = 0,
                    SCHED_HOLDER_VCPU = 1,
                    SCHED_HOLDER_IDLE = 2,
};

struct sched {
    struct vcpu *current; /* the VCPU picked last (it may have blocked since: then NULL); NULL = idle */
    bool in_background;   /* `current` runs in the background band */
    bool idle;            /* the last pick found nobody */
    enum sched_holder holder;
    uint64_t start;     /* `now` of sched_init */
    uint64_t last;      /* time up to which everything is charged */
    uint64_t slice_end; /* what the last pick returned */
    uint64_t background_quantum;
    uint64_t background_end; /* end of the current background turn */
    uint8_t background_next; /* id at which the next background turn's search starts */

    uint64_t idle_time; /* start + idle_time + sched_time + sum of used + background_time (+ retired) = last */
    uint64_t sched_time;
    uint64_t retired_time; /* consumed by VCPUs that have been removed */
    uint64_t picks;

    sched_trace_fn *trace; /* may be NULL */
    void *trace_arg;

    uint32_t count; /* VCPUs */
    uint32_t pibs_count;
    struct vcpu *vcpu[SCHED_MAX_VCPUS];
    uint64_t background_ready; /* bit = id: runnable and allowed in the background band */
    uint32_t leaves;           /* size of the tournament: power of two */
    uint8_t slot_id[SCHED_MAX_SLOTS];
    uint64_t tree[2 * SCHED_MAX_SLOTS]; /* tree[leaves + slot] = time from which its VCPU can run; inner = minimum */
};

/* `background_quantum`: ticks of one turn in the background band, > 0. Time is charged to the scheduler at first. */
void sched_init(struct sched *s, uint64_t now, uint64_t background_quantum);
void sched_set_trace(struct sched *s, sched_trace_fn *trace, void *arg);

/*
 * Prepare a VCPU: blocked, with its full budget from `now` on. `repl_max` bounds the replenishment list of a sporadic
 * server (2..VCPU_MAX_REPL; 0 = VCPU_MAX_REPL); PIBS ignores it. SCHED_OK or SCHED_BAD_SPEC.
 */
int vcpu_init(struct vcpu *v, const struct vcpu_spec *spec, uint32_t repl_max, uint64_t now, void *owner);
/* The same for the two common kinds. */
int vcpu_init_main(struct vcpu *v, uint64_t budget, uint64_t period, uint64_t now, void *owner);
int vcpu_init_io(struct vcpu *v, uint32_t num, uint32_t den, uint64_t now, void *owner);

/*
 * Put a VCPU under a scheduler, or take a blocked one out. Neither tests admission: ask admit.h before. Quadratic in
 * the number of VCPUs; allowed at any time. SCHED_OK, SCHED_FULL or SCHED_BUSY.
 */
int sched_add(struct sched *s, struct vcpu *v);
int sched_remove(struct sched *s, struct vcpu *v);

/* Allow or forbid the background band; may be called at any time after sched_add. Pick again afterwards. */
void vcpu_set_background(struct sched *s, struct vcpu *v, bool allowed);

/*
 * The VCPU has work (again). `server`: for a PIBS VCPU, the sporadic server it works for from now on, in the same
 * scheduler; its period is inherited by the published rule. NULL keeps the period (the longest of all servers' if it
 * never had one). Ignored for the other kinds. Waking a sporadic server that is runnable already does nothing.
 * Returns true if sched_pick must be called before going back to any VCPU (or to idle).
 */
bool vcpu_wake(struct sched *s, struct vcpu *v, uint64_t now, const struct vcpu *server);

/* The VCPU has no work left. Pick again if it was the current one. Blocking a blocked VCPU does nothing. */
void vcpu_block(struct sched *s, struct vcpu *v, uint64_t now);

/* Charge the time since the last call to whoever holds the core; does not change who runs. */
void sched_account(struct sched *s, uint64_t now);

/* Charge as above; from here on time is charged to the scheduler, until sched_pick or sched_leave. */
void sched_enter(struct sched *s, uint64_t now);
/* Charge as above; from here on time is charged to the current VCPU (or idle) again. Only if no pick is due. */
void sched_leave(struct sched *s, uint64_t now);

/*
 * Charge as above, then choose who runs from `now` on: returns it (NULL = idle) and in *slice_end the absolute time at
 * which sched_pick must be called again if nothing else happens (SCHED_NEVER = no timer needed): the end of its budget
 * or the first instant at which a VCPU of higher priority can have budget. Always later than `now`.
 */
struct vcpu *sched_pick(struct sched *s, uint64_t now, uint64_t *slice_end);

/* Budget at hand at `now` (charged up to the last call), 0 if none; and when there will be some (<= now if there is).
 */
uint64_t vcpu_budget(const struct vcpu *v, uint64_t now);
uint64_t vcpu_next_budget(const struct vcpu *v);

/* C in force: the spec's budget, or num/den of the inherited period for PIBS. */
uint64_t vcpu_cmax(const struct vcpu *v);

/*
 * Self-test: are all invariants of the module true (list ordered and complete, tournament consistent, all time
 * accounted for)? NULL if so, else a static string naming the first that is not. Quadratic; for tests and debug builds.
 */
const char *sched_check(const struct sched *s);

#endif
