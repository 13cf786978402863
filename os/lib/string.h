/* SPDX-License-Identifier: MIT */
/* The parts of <string.h> that a freestanding image needs, with their standard meaning. */
#ifndef QV_OS_STRING_H
#define QV_OS_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);

#endif
