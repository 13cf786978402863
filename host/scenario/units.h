/* SPDX-License-Identifier: MIT */
/*
 * Numbers with units, addresses: text to value and back. Readers return 0 or -1 and take the whole text or nothing;
 * writers give the shortest text that reads back to the same value, and return `out`.
 */
#ifndef QV_SCENARIO_UNITS_H
#define QV_SCENARIO_UNITS_H

#include <stddef.h>
#include <stdint.h>

#define UNITS_TEXT 32u /* room that every writer is content with */

enum unit_error {
    UNIT_OK = 0,
    UNIT_NOT_A_NUMBER,
    UNIT_MISSING,  /* a number without its unit */
    UNIT_UNKNOWN,  /* a unit of another kind */
    UNIT_TOO_FINE, /* not a whole number of the smallest unit */
    UNIT_TOO_LARGE,
};

/* "4s", "250ms", "30us", "2min"; microseconds. */
enum unit_error units_read_duration(const char *text, uint64_t *us);
char *units_write_duration(char *out, uint64_t us);

/* "120/s", "0.5/s"; thousandths per second. */
enum unit_error units_read_rate(const char *text, uint64_t *mhz);
char *units_write_rate(char *out, uint64_t mhz);

/* "64B", "1KiB", "16MiB", "1GiB"; bytes. */
enum unit_error units_read_size(const char *text, uint64_t *bytes);
char *units_write_size(char *out, uint64_t bytes);

/* "30%", "0.5%"; millionths. */
enum unit_error units_read_percent(const char *text, uint64_t *ppm);
char *units_write_percent(char *out, uint64_t ppm);

/* "17", "0x1f"; no sign, no unit. */
enum unit_error units_read_count(const char *text, uint64_t *count);

/* "52:54:00:12:34:10"; six bytes. */
int units_read_mac(const char *text, uint8_t mac[6]);
char *units_write_mac(char *out, const uint8_t mac[6]);

/* "10.0.2.15"; host order. */
int units_read_ipv4(const char *text, uint32_t *ip);
char *units_write_ipv4(char *out, uint32_t ip);

#endif
