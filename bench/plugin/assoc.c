/* SPDX-License-Identifier: MIT */
#include "bench/plugin/assoc.h"

#include <stdlib.h>
#include <string.h>

bool assoc_init(struct assoc *array, struct assoc_geometry geometry)
{
    memset(array, 0, sizeof(*array));
    if (geometry.entries == 0)
        return true;
    array->geometry = geometry;
    array->sets = geometry.entries / geometry.ways;
    array->key = calloc(geometry.entries, sizeof(*array->key));
    array->value = calloc(geometry.entries, sizeof(*array->value));
    return array->key != NULL && array->value != NULL;
}

void assoc_free(struct assoc *array)
{
    free(array->key);
    free(array->value);
    memset(array, 0, sizeof(*array));
}

static uint64_t first_of(const struct assoc *array, uint64_t key)
{
    return key % array->sets * array->geometry.ways;
}

/* Puts the pair in front of the `n` before it. */
static void put_first(uint64_t *key, uint64_t *value, uint32_t n, uint64_t new_key, uint64_t new_value)
{
    memmove(key + 1, key, n * sizeof(*key));
    memmove(value + 1, value, n * sizeof(*value));
    key[0] = new_key;
    value[0] = new_value;
}

uint64_t *assoc_find(struct assoc *array, uint64_t key)
{
    if (array->sets == 0)
        return NULL;
    uint64_t *keys = &array->key[first_of(array, key)];
    uint64_t *values = &array->value[first_of(array, key)];
    for (uint32_t way = 0; way < array->geometry.ways && keys[way] != 0; way++) {
        if (keys[way] != key + 1)
            continue;
        if (way > 0)
            put_first(keys, values, way, keys[way], values[way]);
        return values;
    }
    return NULL;
}

struct assoc_victim assoc_insert(struct assoc *array, uint64_t key, uint64_t value)
{
    struct assoc_victim victim = {.any = false};
    if (array->sets == 0)
        return victim;
    uint64_t *keys = &array->key[first_of(array, key)];
    uint64_t *values = &array->value[first_of(array, key)];
    uint32_t last = array->geometry.ways - 1;
    if (keys[last] != 0)
        victim = (struct assoc_victim){true, keys[last] - 1, values[last]};
    put_first(keys, values, last, key + 1, value);
    return victim;
}

void assoc_clear(struct assoc *array)
{
    if (array->sets != 0)
        memset(array->key, 0, array->geometry.entries * sizeof(*array->key));
}

void assoc_clear_matching(struct assoc *array, uint64_t mask, uint64_t match)
{
    for (uint32_t set = 0; set < array->sets; set++) {
        uint64_t *keys = &array->key[(uint64_t)set * array->geometry.ways];
        uint64_t *values = &array->value[(uint64_t)set * array->geometry.ways];
        uint32_t kept = 0;
        for (uint32_t way = 0; way < array->geometry.ways; way++) {
            if (keys[way] == 0 || ((keys[way] - 1) & mask) == match)
                continue;
            keys[kept] = keys[way];
            values[kept++] = values[way];
        }
        memset(&keys[kept], 0, (array->geometry.ways - kept) * sizeof(*keys));
    }
}
