/* SPDX-License-Identifier: MIT */
/* Symbols and source lines of an image, from its ELF file with debug information (libdw). */
#ifndef QV_SYMBOLS_SYMBOLS_H
#define QV_SYMBOLS_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

struct symbols; /* opaque */

struct symbols_place {
    char name[64];    /* of the function or variable */
    uint64_t offset;  /* of the address in it; at or past its end if padding follows it */
    char source[128]; /* "file:line" of the instruction, or of the variable's declaration; "" = not known */
};

/* NULL if the file is not there, is no ELF file or has no symbols. symbols_close() is due. */
struct symbols *symbols_open(const char *path);
void symbols_close(struct symbols *symbols); /* NULL is nothing */

/* `address` as linked. False if no symbol lies at or before it, or it lies outside the image. `symbols` may be NULL. */
bool symbols_find(const struct symbols *symbols, uint64_t address, struct symbols_place *out);

#endif
