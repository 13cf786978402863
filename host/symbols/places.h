/* SPDX-License-Identifier: MIT */
/*
 * What lies at an address of the guest: a symbol of the sandbox image with its source line; or, elsewhere, the sandbox,
 * the monitor or the shared memory that it belongs to, from the directory's regions.
 */
#ifndef QV_SYMBOLS_PLACES_H
#define QV_SYMBOLS_PLACES_H

#include "analysis/address.h"
#include "qv/directory.h"

struct places; /* opaque */

/*
 * Reads sandbox.elf and monitor64.elf of the folder `images`; what is not there makes names "unknown". The directory is
 * copied; NULL: there was none, and no physical address has a name. NULL only if memory is short.
 */
struct places *places_new(const char *images, const struct qv_directory *directory);
void places_free(struct places *places); /* NULL is nothing */

/* Valid as long as `places`, which may be NULL: then everything is "unknown". */
struct address_namer places_namer(const struct places *places);

#endif
