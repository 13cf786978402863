/* SPDX-License-Identifier: MIT */
#include "symbols/symbols.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NESTING 16 /* of blocks in functions */

struct symbols {
    Dwfl *dwfl;
    Dwfl_Module *module;
    uint64_t begin, end; /* of the image */
};

/* Only what is in the file itself: nothing is searched for elsewhere, and nothing is fetched. */
static int no_debuginfo(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, const char *file,
                        const char *link, GElf_Word crc, char **found)
{
    (void)module;
    (void)data;
    (void)name;
    (void)base;
    (void)file;
    (void)link;
    (void)crc;
    (void)found;
    return -1;
}

static const Dwfl_Callbacks callbacks = {.section_address = dwfl_offline_section_address,
                                         .find_debuginfo = no_debuginfo};

struct symbols *symbols_open(const char *path)
{
    struct symbols *s = calloc(1, sizeof(*s));
    Dwarf_Addr begin, end;

    if (s == NULL)
        return NULL;
    s->dwfl = dwfl_begin(&callbacks);
    if (s->dwfl != NULL) {
        dwfl_report_begin(s->dwfl);
        s->module = dwfl_report_elf(s->dwfl, "image", path, -1, 0, true);
        if (dwfl_report_end(s->dwfl, NULL, NULL) != 0)
            s->module = NULL;
    }
    if (s->module == NULL || dwfl_module_getsymtab(s->module) <= 1 ||
        dwfl_module_info(s->module, NULL, &begin, &end, NULL, NULL, NULL, NULL) == NULL) {
        symbols_close(s);
        return NULL;
    }
    s->begin = begin;
    s->end = end;
    return s;
}

void symbols_close(struct symbols *symbols)
{
    if (symbols == NULL)
        return;
    if (symbols->dwfl != NULL)
        dwfl_end(symbols->dwfl);
    free(symbols);
}

/* Whether it names something of the image. */
static bool is_place(const GElf_Sym *symbol, const char *name)
{
    int type = GELF_ST_TYPE(symbol->st_info);
    return name != NULL && name[0] != '\0' && symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS &&
           (type == STT_FUNC || type == STT_OBJECT || type == STT_NOTYPE);
}

/*
 * The innermost one that contains the address; if there is none, the nearest before it, which is then followed by
 * padding or, like a label in assembler code, has no size. Of equals the sized one, which a compiler has named.
 */
static const char *find_symbol(const struct symbols *s, uint64_t address, GElf_Sym *found, GElf_Addr *value)
{
    const char *best = NULL;
    bool best_contains = false;
    int n = dwfl_module_getsymtab(s->module);

    for (int i = 1; i < n; i++) {
        GElf_Sym symbol;
        GElf_Addr at;
        const char *name = dwfl_module_getsym_info(s->module, i, &symbol, &at, NULL, NULL, NULL);
        if (!is_place(&symbol, name) || at > address)
            continue;
        bool contains = address - at < symbol.st_size;
        bool better = best == NULL || contains > best_contains ||
                      (contains == best_contains &&
                       (at > *value || (at == *value && found->st_size == 0 && symbol.st_size != 0)));
        if (!better)
            continue;
        best = name;
        best_contains = contains;
        *found = symbol;
        *value = at;
    }
    return best;
}

/* File names are as the compiler wrote them: below the folder in which it ran they are shown from there. */
static void put_source(char out[128], const char *file, const char *folder, int line)
{
    size_t length = folder != NULL ? strlen(folder) : 0;
    if (file == NULL)
        return;
    if (length > 0 && strncmp(file, folder, length) == 0 && file[length] == '/')
        file += length + 1;
    (void)snprintf(out, 128, line > 0 ? "%s:%d" : "%s", file, line);
}

static const char *folder_of_unit(Dwarf_Die *unit)
{
    Dwarf_Attribute attribute;
    return dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
}

static void find_line(const struct symbols *s, uint64_t address, char out[128])
{
    Dwfl_Line *line = dwfl_module_getsrc(s->module, address);
    int number = 0;
    const char *file = line != NULL ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
    put_source(out, file, line != NULL ? dwfl_line_comp_dir(line) : NULL, number);
}

static bool lies_at(Dwarf_Die *variable, uint64_t value)
{
    Dwarf_Attribute attribute;
    Dwarf_Op *op;
    size_t n;
    return dwarf_attr_integrate(variable, DW_AT_location, &attribute) != NULL &&
           dwarf_getlocation(&attribute, &op, &n) == 0 && n == 1 && op[0].atom == DW_OP_addr && op[0].number == value;
}

/* Looks through a unit for the variable at `value`, also among the static ones inside functions. */
static bool find_variable(Dwarf_Die *parent, uint64_t value, unsigned depth, Dwarf_Die *found)
{
    Dwarf_Die child;
    if (depth == NESTING || dwarf_child(parent, &child) != 0)
        return false;
    do {
        int tag = dwarf_tag(&child);
        if (tag == DW_TAG_variable && lies_at(&child, value)) {
            *found = child;
            return true;
        }
        if ((tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block) && find_variable(&child, value, depth + 1, found))
            return true;
    } while (dwarf_siblingof(&child, &child) == 0);
    return false;
}

static void find_declaration(const struct symbols *s, uint64_t value, char out[128])
{
    Dwarf_Die *unit = NULL;
    Dwarf_Die variable;
    Dwarf_Addr bias = 0;
    int line = 0;

    while ((unit = dwfl_module_nextcu(s->module, unit, &bias)) != NULL) {
        if (!find_variable(unit, value - bias, 0, &variable))
            continue;
        (void)dwarf_decl_line(&variable, &line);
        put_source(out, dwarf_decl_file(&variable), folder_of_unit(unit), line);
        return;
    }
}

bool symbols_find(const struct symbols *symbols, uint64_t address, struct symbols_place *out)
{
    GElf_Sym symbol = {0};
    GElf_Addr value = 0;

    memset(out, 0, sizeof(*out));
    if (symbols == NULL || address < symbols->begin || address >= symbols->end)
        return false;
    const char *name = find_symbol(symbols, address, &symbol, &value);
    if (name == NULL)
        return false;
    (void)snprintf(out->name, sizeof(out->name), "%s", name);
    out->offset = address - value;
    if (GELF_ST_TYPE(symbol.st_info) == STT_OBJECT)
        find_declaration(symbols, value, out->source);
    else
        find_line(symbols, address, out->source);
    return true;
}
