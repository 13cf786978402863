/* SPDX-License-Identifier: MIT */
/* SHA-256 (FIPS 180-4), for hashes of images, scenarios and memory regions. */
#ifndef QV_ANALYSIS_SHA256_H
#define QV_ANALYSIS_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/error.h"

#define SHA256_BYTES 32u

struct sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    uint8_t block[64];
};

void sha256_init(struct sha256 *s);
void sha256_update(struct sha256 *s, const void *data, size_t size);
void sha256_final(struct sha256 *s, uint8_t digest[SHA256_BYTES]);

/* Lower-case hexadecimal, NUL terminated. */
void sha256_hex(const uint8_t digest[SHA256_BYTES], char out[65]);
int sha256_file(const char *path, char out[65], struct qv_error *err);

#endif
