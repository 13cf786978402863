/* SPDX-License-Identifier: MIT */
/* The parts of ELF-64 that the loader of the sandbox image reads (System V ABI, gABI chapters 4 and 5). */
#ifndef QV_OS_ELF64_H
#define QV_OS_ELF64_H

#include <stdint.h>

struct elf64_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf64_segment {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

#define ELF_PT_LOAD 1u
#define ELF_PF_X    1u
#define ELF_PF_W    2u

/* First bytes of the sandbox image's read-only data, filled by its linker script. Virtual addresses. */
#define SANDBOX_IMAGE_MAGIC 0x31474d4958424453ull /* "SDBXIMG1" */
struct sandbox_image_header {
    uint64_t magic;
    uint64_t text_begin, read_only_end;                 /* text and read-only data of the kernel proper */
    uint64_t window_begin, window_text_end, window_end; /* driver image window */
    uint64_t image_end;
};
#define SANDBOX_IMAGE_HEADER_VIRT 0xffffffff80001000ull

#endif
