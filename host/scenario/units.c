/* SPDX-License-Identifier: MIT */
#include "scenario/units.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t scale; /* in the smallest unit */
};

/* Largest first: writers take the first that divides the value. */
static const struct unit duration_units[] = {{"min", 60000000}, {"s", 1000000}, {"ms", 1000}, {"us", 1}, {NULL, 0}};
static const struct unit rate_units[] = {{"/s", 1000}, {NULL, 0}};
static const struct unit size_units[] = {
    {"GiB", 1ull << 30}, {"MiB", 1ull << 20}, {"KiB", 1ull << 10}, {"B", 1}, {NULL, 0}};
static const struct unit percent_units[] = {{"%", 10000}, {NULL, 0}};

/* A decimal: whole part and up to nine digits after the point. */
struct decimal {
    uint64_t whole;
    uint64_t fraction;
    uint64_t fraction_scale; /* 10^digits */
};

static enum unit_error read_decimal(const char **text, struct decimal *d)
{
    const char *p = *text;
    *d = (struct decimal){0, 0, 1};
    if (!isdigit((unsigned char)*p))
        return UNIT_NOT_A_NUMBER;
    for (; isdigit((unsigned char)*p); p++) {
        if (__builtin_mul_overflow(d->whole, 10u, &d->whole) ||
            __builtin_add_overflow(d->whole, (uint64_t)(*p - '0'), &d->whole))
            return UNIT_TOO_LARGE;
    }
    if (*p == '.') {
        p++;
        if (!isdigit((unsigned char)*p))
            return UNIT_NOT_A_NUMBER;
        for (; isdigit((unsigned char)*p); p++) {
            if (d->fraction_scale == 1000000000u)
                return UNIT_TOO_FINE;
            d->fraction = d->fraction * 10u + (uint64_t)(*p - '0');
            d->fraction_scale *= 10u;
        }
    }
    *text = p;
    return UNIT_OK;
}

static enum unit_error read_scaled(const char *text, const struct unit *units, uint64_t *out)
{
    struct decimal d;
    enum unit_error error = read_decimal(&text, &d);
    if (error != UNIT_OK)
        return error;
    if (*text == '\0')
        return UNIT_MISSING;
    while (units->name != NULL && strcmp(units->name, text) != 0)
        units++;
    if (units->name == NULL)
        return UNIT_UNKNOWN;

    uint64_t value;
    if (__builtin_mul_overflow(d.whole, units->scale, &value))
        return UNIT_TOO_LARGE;
    unsigned __int128 part = (unsigned __int128)d.fraction * units->scale;
    if (part % d.fraction_scale != 0)
        return UNIT_TOO_FINE;
    if (__builtin_add_overflow(value, (uint64_t)(part / d.fraction_scale), &value))
        return UNIT_TOO_LARGE;
    *out = value;
    return UNIT_OK;
}

/* Whole multiples of a unit; what none divides is written in the smallest. */
static char *write_whole(char *out, const struct unit *units, uint64_t value)
{
    while (units[1].name != NULL && (value == 0 || value % units->scale != 0))
        units++;
    snprintf(out, UNITS_TEXT, "%" PRIu64 "%s", value / units->scale, units->name);
    return out;
}

/* One unit, with digits after the point as needed. */
static char *write_decimal(char *out, const struct unit *unit, uint64_t value)
{
    int n = snprintf(out, UNITS_TEXT, "%" PRIu64, value / unit->scale);
    uint64_t rest = value % unit->scale;
    if (rest != 0) {
        out[n++] = '.';
        for (uint64_t digit = unit->scale / 10; rest != 0; digit /= 10) {
            out[n++] = (char)('0' + rest / digit);
            rest %= digit;
        }
    }
    snprintf(out + n, UNITS_TEXT - (size_t)n, "%s", unit->name);
    return out;
}

enum unit_error units_read_duration(const char *text, uint64_t *us)
{
    return read_scaled(text, duration_units, us);
}

char *units_write_duration(char *out, uint64_t us)
{
    if (us == 0)
        return strcpy(out, "0s");
    return write_whole(out, duration_units, us);
}

enum unit_error units_read_rate(const char *text, uint64_t *mhz)
{
    return read_scaled(text, rate_units, mhz);
}

char *units_write_rate(char *out, uint64_t mhz)
{
    return write_decimal(out, rate_units, mhz);
}

enum unit_error units_read_size(const char *text, uint64_t *bytes)
{
    return read_scaled(text, size_units, bytes);
}

char *units_write_size(char *out, uint64_t bytes)
{
    return write_whole(out, size_units, bytes);
}

enum unit_error units_read_percent(const char *text, uint64_t *ppm)
{
    return read_scaled(text, percent_units, ppm);
}

char *units_write_percent(char *out, uint64_t ppm)
{
    return write_decimal(out, percent_units, ppm);
}

static enum unit_error read_hex(const char *text, uint64_t *count)
{
    uint64_t value = 0;
    if (*text == '\0')
        return UNIT_NOT_A_NUMBER;
    for (; *text != '\0'; text++) {
        if (!isxdigit((unsigned char)*text))
            return UNIT_NOT_A_NUMBER;
        if (value >> 60 != 0)
            return UNIT_TOO_LARGE;
        int digit = isdigit((unsigned char)*text) ? *text - '0' : tolower((unsigned char)*text) - 'a' + 10;
        value = value << 4 | (uint64_t)digit;
    }
    *count = value;
    return UNIT_OK;
}

enum unit_error units_read_count(const char *text, uint64_t *count)
{
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        return read_hex(text + 2, count);
    struct decimal d;
    enum unit_error error = read_decimal(&text, &d);
    if (error != UNIT_OK)
        return error;
    if (*text != '\0' || d.fraction_scale != 1)
        return UNIT_NOT_A_NUMBER;
    *count = d.whole;
    return UNIT_OK;
}

int units_read_mac(const char *text, uint8_t mac[6])
{
    uint8_t bytes[6];
    for (unsigned i = 0; i < 6; i++) {
        char pair[3] = {text[0], text[0] != '\0' ? text[1] : '\0', '\0'};
        uint64_t value;
        if (strlen(pair) != 2 || read_hex(pair, &value) != UNIT_OK || text[2] != (i < 5 ? ':' : '\0'))
            return -1;
        bytes[i] = (uint8_t)value;
        text += 3;
    }
    memcpy(mac, bytes, sizeof(bytes));
    return 0;
}

char *units_write_mac(char *out, const uint8_t mac[6])
{
    snprintf(out, UNITS_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    return out;
}

int units_read_ipv4(const char *text, uint32_t *ip)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; i++) {
        unsigned part = 0;
        unsigned digits = 0;
        /* no leading zeros: some programs take them for octal */
        bool leading_zero = text[0] == '0' && isdigit((unsigned char)text[1]);
        for (; isdigit((unsigned char)*text) && digits < 4; digits++)
            part = part * 10u + (unsigned)(*text++ - '0');
        if (digits == 0 || digits > 3 || part > 255 || leading_zero || *text != (i < 3 ? '.' : '\0'))
            return -1;
        text += i < 3;
        value = value << 8 | part;
    }
    *ip = value;
    return 0;
}

char *units_write_ipv4(char *out, uint32_t ip)
{
    snprintf(out, UNITS_TEXT, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255u, ip >> 8 & 255u, ip & 255u);
    return out;
}
