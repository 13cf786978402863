/* SPDX-License-Identifier: MIT */
#include "lib/print.h"

#include <stdbool.h>

#include "lib/string.h"
#include "lib/x86.h"

#define COM1       0x3f8u
#define LINE       200u
#define BY_MONITOR 0x100u /* in the lock word, beside the core's number + 1 */

static char speaker = 'b';
static unsigned (*speaker_core)(void);
static volatile uint32_t *lock_word;
static uint64_t lock_patience;

void print_set_speaker(char kind, unsigned (*core)(void))
{
    speaker = kind;
    speaker_core = core;
}

void print_set_lock(volatile uint32_t *word, uint64_t patience)
{
    lock_patience = patience;
    lock_word = word;
}

/* 16550 UART: 115200 baud, 8N1, FIFOs on, interrupts off. */
void serial_init(void)
{
    outb(COM1 + 1, 0x00);
    outb(COM1 + 3, 0x80);
    outb(COM1 + 0, 0x01);
    outb(COM1 + 1, 0x00);
    outb(COM1 + 3, 0x03);
    outb(COM1 + 2, 0xc7);
    outb(COM1 + 4, 0x03);
}

static void serial_put(char c)
{
    /* Bounded: a machine without the port must not hang here. */
    for (unsigned spin = 0; spin < 100000u && (inb(COM1 + 5) & 0x20u) == 0; spin++)
        cpu_pause();
    outb(COM1, (uint8_t)c);
}

void serial_write(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        serial_put(text[i]);
}

int serial_read(void)
{
    uint8_t status = inb(COM1 + 5);
    return status != 0xff && (status & 1u) ? inb(COM1) : -1; /* all ones: there is no port */
}

void serial_drain(void)
{
    for (unsigned spin = 0; spin < 100000u && (inb(COM1 + 5) & 0x40u) == 0; spin++)
        cpu_pause();
}

struct output {
    char *buffer;
    size_t size;
    size_t used;
};

static void put(struct output *out, char c)
{
    if (out->used + 1 < out->size)
        out->buffer[out->used++] = c;
}

static void put_number(struct output *out, uint64_t value, unsigned base, bool negative, unsigned width, char pad)
{
    char digits[24];
    unsigned n = 0;
    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    if (negative && pad == '0')
        put(out, '-');
    for (unsigned i = n + (negative ? 1u : 0u); i < width; i++)
        put(out, pad);
    if (negative && pad != '0')
        put(out, '-');
    while (n > 0)
        put(out, digits[--n]);
}

static void put_text(struct output *out, const char *text, unsigned width)
{
    size_t length = 0;
    for (text = text ? text : "(null)"; *text != '\0'; text++, length++)
        put(out, *text);
    for (; length < width; length++)
        put(out, ' ');
}

/* One conversion; `format` stands behind the '%'. Returns the first character behind it. */
static const char *convert(struct output *out, const char *format, va_list *arguments)
{
    char pad = ' ';
    unsigned width = 0;
    unsigned longs = 0;
    if (*format == '-')
        format++; /* text is always padded on the right */
    if (*format == '0') {
        pad = '0';
        format++;
    }
    for (; *format >= '0' && *format <= '9'; format++)
        width = width * 10 + (unsigned)(*format - '0');
    for (; *format == 'l' || *format == 'z'; format++)
        longs++;
    switch (*format) {
    case 'd':
    case 'i': {
        int64_t value = longs ? va_arg(*arguments, int64_t) : va_arg(*arguments, int);
        uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
        put_number(out, magnitude, 10, value < 0, width, pad);
        break;
    }
    case 'u':
    case 'x': {
        uint64_t value = longs ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned);
        put_number(out, value, *format == 'x' ? 16 : 10, false, width, pad);
        break;
    }
    case 'p':
        put_text(out, "0x", 0);
        put_number(out, (uintptr_t)va_arg(*arguments, void *), 16, false, 16, '0');
        break;
    case 's':
        put_text(out, va_arg(*arguments, const char *), width);
        break;
    case 'c':
        put(out, (char)va_arg(*arguments, int));
        break;
    case '\0':
        return format;
    default:
        put(out, *format);
    }
    return format + 1;
}

size_t print_format(char *buffer, size_t size, const char *format, va_list arguments)
{
    struct output out = {buffer, size, 0};
    va_list copy;
    if (size == 0)
        return 0;
    va_copy(copy, arguments);
    while (*format != '\0') {
        if (*format == '%')
            format = convert(&out, format + 1, &copy);
        else
            put(&out, *format++);
    }
    va_end(copy);
    buffer[out.used] = '\0';
    return out.used;
}

size_t print_to(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t used = print_format(buffer, size, format, arguments);
    va_end(arguments);
    return used;
}

/* Gives what the word holds then, 0 without a lock. The sandbox below a monitor stands still: not waited for. */
static uint32_t lock(void)
{
    if (!lock_word)
        return 0;
    uint32_t mine = (speaker_core ? speaker_core() : 0) + 1u;
    uint32_t waits = speaker == 'm' ? mine : 0;
    mine |= speaker == 'm' ? BY_MONITOR : 0u;
    uint64_t begin = rdtsc();
    uint32_t holder = 0;
    while (!__atomic_compare_exchange_n(lock_word, &holder, mine, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        if (holder == waits || rdtsc() - begin > lock_patience) {
            __atomic_store_n(lock_word, mine, __ATOMIC_RELAXED);
            break;
        }
        holder = 0;
        cpu_pause();
    }
    return mine;
}

void kprint(const char *format, ...)
{
    char line[LINE];
    size_t used = print_to(line, 8, "[%c%u] ", speaker, speaker_core ? speaker_core() : 0);
    va_list arguments;
    va_start(arguments, format);
    used += print_format(line + used, LINE - used - 2, format, arguments);
    va_end(arguments);
    line[used++] = '\n';

    uint32_t mine = lock();
    serial_write(line, used);
    if (mine)
        (void)__atomic_compare_exchange_n(lock_word, &mine, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}
