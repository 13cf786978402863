/* SPDX-License-Identifier: MIT */
#include "analysis/injections.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_hex(char out[12], uint32_t word, unsigned first, unsigned last)
{
    size_t n = 0;
    for (unsigned i = first; i <= last; i++)
        n += (size_t)snprintf(out + n, 12 - n, "%s%02x", i > first ? " " : "", (word >> (8 * i)) & 0xffu);
}

void injection_put_bytes(struct run_change *out, uint64_t address, uint32_t before, uint32_t after)
{
    unsigned first = 0;
    unsigned last = 3;
    uint32_t differs = before ^ after;

    if (differs != 0) {
        while ((differs >> (8 * first) & 0xffu) == 0)
            first++;
        while ((differs >> (8 * last) & 0xffu) == 0)
            last--;
    }
    (void)snprintf(out->address, sizeof(out->address), "0x%" PRIx64, address + first);
    put_hex(out->before, before, first, last);
    put_hex(out->after, after, first, last);
}

static void take_arm(const struct trace_event *e, struct run_injection *injection, uint32_t n)
{
    uint32_t plan = (uint32_t)e->rec.b;
    if (plan >= n || injection[plan].model != e->rec.a || injection[plan].target != e->rec.core ||
        injection[plan].armed != 0)
        return;
    injection[plan].armed = e->t;
    injection[plan].point = (uint32_t)(e->rec.b >> 32);
}

static struct run_injection *owner_of_activation(const struct trace_event *e, struct run_injection *injection,
                                                 uint32_t n)
{
    struct run_injection *owner = NULL;
    for (uint32_t i = 0; i < n; i++) {
        struct run_injection *x = &injection[i];
        if (x->model == e->rec.a && x->target == e->rec.core && (owner == NULL || x->activations < owner->activations))
            owner = x;
    }
    return owner;
}

static void take_activation(const struct trace_event *e, const struct address_namer *namer,
                            struct run_injection *injection, uint32_t n)
{
    struct run_injection *x = owner_of_activation(e, injection, n);
    if (x == NULL || x->activations++ > 0)
        return;
    x->activated = e->t;
    if (address_name_of_record(namer, &e->rec, &x->activation_name))
        (void)snprintf(x->activation_address, sizeof(x->activation_address), "0x%" PRIx64, e->rec.b);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* The model whose activation in this sandbox is nearest to the change; 0: there is none. */
static uint32_t nearest_model(const struct trace *trace, const struct trace_event *change)
{
    const struct trace_event *nearest = NULL;
    for (size_t i = trace_find(trace, 0, QV_TRACE_FAULT_ACTIVATE); i < trace->n;
         i = trace_find(trace, i + 1, QV_TRACE_FAULT_ACTIVATE)) {
        const struct trace_event *e = &trace->event[i];
        if (e->rec.core == change->rec.core &&
            (nearest == NULL || distance(e->t, change->t) < distance(nearest->t, change->t)))
            nearest = e;
    }
    return nearest != NULL ? (uint32_t)nearest->rec.a : 0;
}

static struct run_injection *owner_of_change(const struct trace *trace, const struct trace_event *e,
                                             struct run_injection *injection, uint32_t n)
{
    struct run_injection *owner = NULL;
    uint32_t found = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (injection[i].target == e->rec.core && injection[i].model != 0 && found++ == 0)
            owner = &injection[i];
    }
    uint32_t model = found > 1 ? nearest_model(trace, e) : 0;
    for (uint32_t i = 0; i < n && model != 0; i++) {
        if (injection[i].target == e->rec.core && injection[i].model == model)
            return &injection[i];
    }
    return owner;
}

static void take_change(const struct trace *trace, const struct trace_event *e, const struct address_namer *namer,
                        struct run_injection *injection, uint32_t n)
{
    struct run_injection *x = owner_of_change(trace, e, injection, n);
    if (x == NULL || x->n_changes++ >= INJECTION_MAX_CHANGES)
        return;
    struct run_change *c = &x->change[x->n_changes - 1];
    c->tsc = e->t;
    injection_put_bytes(c, e->rec.a, (uint32_t)(e->rec.b >> 32), (uint32_t)e->rec.b);
    address_name_of(namer, e->rec.core, strtoull(c->address, NULL, 16), &c->name);
}

void injections_find(const struct trace *trace, const struct address_namer *namer, struct run_injection *injection,
                     uint32_t n)
{
    for (size_t i = 0; i < trace->n; i++) {
        const struct trace_event *e = &trace->event[i];
        if (e->rec.id == QV_TRACE_FAULT_ARM)
            take_arm(e, injection, n);
        else if (e->rec.id == QV_TRACE_FAULT_ACTIVATE)
            take_activation(e, namer, injection, n);
        else if (e->rec.id == QV_TRACE_FAULT_CHANGE)
            take_change(trace, e, namer, injection, n);
    }
}
