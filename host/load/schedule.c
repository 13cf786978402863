/* SPDX-License-Identifier: MIT */
/* What is to be sent when: a pure function of the configuration. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/load/load.h"
#include "qv/draw.h"

void load_config_default(struct load_config *config)
{
    memset(config, 0, sizeof(*config));
    config->page_bytes = 1024;
    config->rate = 120;
    config->warmup_ns = 1000000000u;
    config->duration_ns = 10000000000u;
    config->timeout_ns = 5000000000u;
    config->connections = 512;
}

bool load_config_check(const struct load_config *config, struct qv_error *err)
{
    double seconds = ((double)config->warmup_ns + (double)config->duration_ns) / 1e9;
    if (config->port == 0)
        (void)qv_error_set(err, 0, "load: port is 0, expected 1 to 65535");
    else if (!(config->rate > 0) || config->rate > LOAD_MAX_RATE)
        (void)qv_error_set(err, 0, "load: rate is %g/s, expected above 0 and up to %g", config->rate, LOAD_MAX_RATE);
    else if (config->duration_ns == 0 || seconds > 86400)
        (void)qv_error_set(err, 0, "load: %g s, expected above 0 and up to a day", seconds);
    else if (config->timeout_ns < 1000000u || config->timeout_ns > 3600000000000u)
        (void)qv_error_set(err, 0, "load: timeout is %g s, expected 0.001 to 3600", (double)config->timeout_ns / 1e9);
    else if (config->rate * seconds > (double)LOAD_MAX_REQUESTS / 2)
        (void)qv_error_set(err, 0, "load: %.0f requests, expected up to %u", config->rate * seconds,
                           LOAD_MAX_REQUESTS / 2);
    else if (config->connections == 0 || config->connections > LOAD_MAX_CONNECTIONS)
        (void)qv_error_set(err, 0, "load: %u connections, expected 1 to %u", config->connections, LOAD_MAX_CONNECTIONS);
    else if (config->page_bytes == 0 || config->page_bytes > LOAD_MAX_PAGE)
        (void)qv_error_set(err, 0, "load: page of %u bytes, expected 1 to %u", config->page_bytes, LOAD_MAX_PAGE);
    else if (config->arrivals != LOAD_CONSTANT && config->arrivals != LOAD_POISSON)
        (void)qv_error_set(err, 0, "load: arrivals %d, expected constant or poisson", (int)config->arrivals);
    else
        return true;
    return false;
}

/* Gap before request i in seconds: inverse transform of a draw in (0, 1]. */
static double poisson_gap(const struct load_config *config, uint64_t i)
{
    double u = ((double)(qv_draw(config->seed, i) >> 11) + 1) * 0x1p-53;
    return -log(u) / config->rate;
}

long load_schedule(const struct load_config *config, uint64_t **out, struct qv_error *err)
{
    *out = NULL;
    if (!load_config_check(config, err))
        return -EINVAL;
    double end = (double)(config->warmup_ns + config->duration_ns) / 1e9;
    size_t room = (size_t)(config->rate * end) + 16;
    uint64_t *due = malloc(room * sizeof(*due));
    size_t n = 0;
    double t = 0;
    while (due != NULL) {
        if (config->arrivals == LOAD_POISSON)
            t += poisson_gap(config, n);
        else
            t = (double)n / config->rate;
        if (t >= end || n == LOAD_MAX_REQUESTS)
            break;
        if (n == room) {
            room += room / 2;
            uint64_t *more = realloc(due, room * sizeof(*due));
            if (more == NULL)
                free(due);
            due = more;
            if (due == NULL)
                break;
        }
        due[n++] = (uint64_t)llround(t * 1e9);
    }
    if (due == NULL)
        return qv_error_set(err, -ENOMEM, "load: no memory for the schedule");
    *out = due;
    return (long)n;
}
