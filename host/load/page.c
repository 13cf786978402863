/* SPDX-License-Identifier: MIT */
#include "host/load/load.h"

bool load_page_matches(const char *data, size_t length, uint64_t offset)
{
    /* Two counters instead of two divisions per byte: every body of a run goes through here. */
    unsigned letter = (unsigned)(offset % 26);
    unsigned column = (unsigned)(offset % 64);
    for (size_t i = 0; i < length; i++) {
        char expected = column == 63 ? '\n' : (char)('A' + letter);
        if (data[i] != expected)
            return false;
        letter = letter == 25 ? 0 : letter + 1;
        column = column == 63 ? 0 : column + 1;
    }
    return true;
}
