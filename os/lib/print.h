/* SPDX-License-Identifier: MIT */
/*
 * Console output. kprint() formats one line into a buffer on the stack (longer text is cut) and hands it whole to the
 * serial port, so that lines of several cores do not mix. Format: %s %c %d %u %x %p %%, with l/ll/z, width and zero
 * padding. For boot and failures; no hot path prints.
 */
#ifndef QV_OS_PRINT_H
#define QV_OS_PRINT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

void kprint(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* As vsnprintf, but returns the characters stored, without the terminating NUL. */
size_t print_format(char *buffer, size_t size, const char *format, va_list arguments);
/* Format into a buffer; characters stored. */
size_t print_to(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Who speaks: 'm' monitor, 's' sandbox, 'b' boot. Lines begin "[m0] ". */
void print_set_speaker(char kind, unsigned (*core)(void));
/*
 * Lock word in memory that all speakers can write. It is waited for `patience` ticks of the TSC and then taken all the
 * same, so that a dead holder silences nobody: longer than the lines of all others take, shorter than what counts as
 * a hang.
 */
void print_set_lock(volatile uint32_t *word, uint64_t patience);
#define PRINT_PATIENCE_PER_S 20u /* of a second: at 115,200 baud a line takes up to 17 ms, mostly 5 */

void serial_init(void);
void serial_write(const char *text, size_t size);
int serial_read(void);   /* a byte that came, -1 = none */
void serial_drain(void); /* waits, with a bound, until the last character is on the wire */

#endif
