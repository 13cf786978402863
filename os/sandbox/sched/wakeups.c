/* SPDX-License-Identifier: MIT */
#include "wakeups.h"

#include <stddef.h>

static void put(struct wakeups *w, uint32_t place, struct sleeper *s)
{
    w->heap[place] = s;
    s->place = place;
}

static void move_up(struct wakeups *w, struct sleeper *s)
{
    uint32_t place = s->place;

    for (; place > 1 && w->heap[place / 2]->time > s->time; place /= 2)
        put(w, place, w->heap[place / 2]);
    put(w, place, s);
}

static void move_down(struct wakeups *w, struct sleeper *s)
{
    uint32_t place = s->place;

    for (;;) {
        uint32_t child = 2 * place;
        if (child > w->count)
            break;
        if (child < w->count && w->heap[child + 1]->time < w->heap[child]->time)
            child++;
        if (w->heap[child]->time >= s->time)
            break;
        put(w, place, w->heap[child]);
        place = child;
    }
    put(w, place, s);
}

void wakeups_set(struct wakeups *w, struct sleeper *s, uint64_t time)
{
    if (s->place == 0) {
        if (w->count == WAKEUPS_MAX)
            return;
        put(w, ++w->count, s);
    }
    s->time = time;
    move_up(w, s);
    move_down(w, s);
}

void wakeups_clear(struct wakeups *w, struct sleeper *s)
{
    const uint32_t place = s->place;

    if (place == 0)
        return;
    struct sleeper *last = w->heap[w->count--];
    s->place = 0;
    if (last == s)
        return;
    put(w, place, last);
    move_up(w, last);
    move_down(w, last);
}

struct sleeper *wakeups_due(struct wakeups *w, uint64_t now)
{
    if (wakeups_next(w) > now)
        return NULL;
    struct sleeper *s = w->heap[1];
    wakeups_clear(w, s);
    return s;
}
