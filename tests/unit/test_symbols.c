/* SPDX-License-Identifier: MIT */
/* Addresses by name: symbols of an image of known layout and of this program, and places of a made-up machine. */
#include "symbols/symbols.h"

#include <limits.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "analysis/address.h"
#include "qv/fault.h"
#include "symbols/places.h"
#include "unit.h"

static const char *images; /* folder with sandbox.elf and monitor64.elf, both of symbols_probe.c */

#define TEXT  0xffffffff80001000ull
#define STATE 0xffffffff80003000ull /* probe_state */

int marked(int a);
__attribute__((noinline)) int marked(int a)
{
    return a + 1;
}
enum { MARKED_END = __LINE__ };

static int note_bias(struct dl_phdr_info *info, size_t size, void *bias)
{
    (void)size;
    *(uint64_t *)bias = info->dlpi_addr; /* the program itself comes first */
    return 1;
}

static void test_own_program(void)
{
    struct symbols *s = symbols_open("/proc/self/exe");
    struct symbols_place place;
    uint64_t bias = 0;
    (void)dl_iterate_phdr(note_bias, &bias);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_FATAL(symbols_find(s, (uint64_t)(uintptr_t)marked - bias, &place));
    CU_ASSERT_STRING_EQUAL(place.name, "marked");
    CU_ASSERT_EQUAL(place.offset, 0);
    /* an optimiser decides which of its lines comes first */
    const char *line = strstr(place.source, "test_symbols.c:");
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    CU_ASSERT(atoi(line + 15) >= MARKED_END - 4 && atoi(line + 15) < MARKED_END);
    CU_ASSERT(symbols_find(s, (uint64_t)(uintptr_t)marked - bias + 1, &place));
    CU_ASSERT_STRING_EQUAL(place.name, "marked");
    CU_ASSERT_EQUAL(place.offset, 1);
    symbols_close(s);
}

static struct symbols *open_probe(void)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/sandbox.elf", images);
    struct symbols *s = symbols_open(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    return s;
}

/* The address of a symbol, found by looking for its first byte. */
static uint64_t address_of(const struct symbols *s, const char *name)
{
    struct symbols_place place;
    for (uint64_t at = TEXT; at < TEXT + 0x4000; at++) {
        if (symbols_find(s, at, &place) && place.offset == 0 && strcmp(place.name, name) == 0)
            return at;
    }
    printf("%s: not found\n", name);
    return 0;
}

static void test_probe(void)
{
    struct symbols *s = open_probe();
    struct symbols_place place;
    uint64_t add = address_of(s, "probe_add");
    CU_ASSERT_FATAL(add >= TEXT && symbols_find(s, add, &place));
    CU_ASSERT_STRING_EQUAL(place.source, "tests/unit/symbols_probe.c:10");
    CU_ASSERT(symbols_find(s, address_of(s, "probe_start"), &place));
    CU_ASSERT_STRING_EQUAL(place.source, "tests/unit/symbols_probe.c:17");
    /* a variable is named by where it is declared, in a function too */
    CU_ASSERT(symbols_find(s, STATE + 9, &place));
    CU_ASSERT_STRING_EQUAL(place.name, "probe_state");
    CU_ASSERT_EQUAL(place.offset, 9);
    CU_ASSERT_STRING_EQUAL(place.source, "tests/unit/symbols_probe.c:7");
    CU_ASSERT(symbols_find(s, 0xffffffff80004000ull, &place));
    CU_ASSERT_EQUAL(strncmp(place.name, "probe_hidden", 12), 0);
    CU_ASSERT_STRING_EQUAL(place.source, "tests/unit/symbols_probe.c:11");
    /* what lies after the last function belongs to it, as padding */
    CU_ASSERT(symbols_find(s, 0xffffffff80001800ull, &place));
    CU_ASSERT_STRING_EQUAL(place.name, "probe_start");
    CU_ASSERT(place.offset > 0x700 && place.offset < 0x800);
    CU_ASSERT(symbols_find(s, add + 1, &place));
    CU_ASSERT_STRING_EQUAL(place.name, "probe_add");
    CU_ASSERT(symbols_find(s, STATE, &place));
    CU_ASSERT_STRING_EQUAL(place.name, "probe_state");
    /* outside */
    CU_ASSERT(!symbols_find(s, 0, &place));
    CU_ASSERT(!symbols_find(s, UINT64_MAX, &place));
    CU_ASSERT(!symbols_find(s, 0xffffffff80100000ull, &place));
    CU_ASSERT(!symbols_find(NULL, add, &place));
    symbols_close(s);
    symbols_close(NULL);
}

static void test_no_image(void)
{
    char path[] = "/tmp/qv-symbols-XXXXXX";
    int fd = mkstemp(path);
    CU_ASSERT_PTR_NULL(symbols_open("/nonexistent/sandbox.elf"));
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_PTR_NULL(symbols_open(path)); /* empty */
    CU_ASSERT_EQUAL(write(fd, "\177ELF no more than this", 22), 22);
    CU_ASSERT_PTR_NULL(symbols_open(path));
    close(fd);
    CU_ASSERT_EQUAL(remove(path), 0);
}

#define BASE(i) (0x10000000ull + 0x1000000ull * (i))

static void add_region(struct qv_directory *d, uint64_t base, uint64_t size, uint32_t kind, uint32_t owner)
{
    d->region[d->n_regions++] = (struct qv_region){.base = base, .size = size, .kind = kind, .owner = owner};
}

/* Two sandboxes with the probe as their image, a monitor, a shared region. */
static struct places *make_places(const char *folder)
{
    struct qv_directory *d = calloc(1, sizeof(*d));
    CU_ASSERT_PTR_NOT_NULL_FATAL(d);
    add_region(d, 0x100000, 0x1000, QV_REGION_MONITOR, QV_NO_SANDBOX);
    add_region(d, 0x400000, 0x10000, QV_REGION_PRISTINE, QV_NO_SANDBOX);
    add_region(d, 0x2000000, 0x20000, QV_REGION_SHARED, QV_NO_SANDBOX);
    add_region(d, 0x2010000, 0x1000, QV_REGION_NPT, 3); /* inside another one: the smaller says more */
    for (uint32_t i = 0; i < 2; i++) {
        add_region(d, BASE(i), 0x2000, QV_REGION_IMMUTABLE, i);
        add_region(d, BASE(i) + 0x2000, 0x1000, QV_REGION_DRIVER, i);
        add_region(d, BASE(i) + 0x3000, 0x3000, QV_REGION_MUTABLE, i);
        add_region(d, BASE(i) + 0x6000, 0x8000, QV_REGION_CANARY, i);
        add_region(d, BASE(i) + 0xe000, 0x2000, QV_REGION_STANDBY, i);
        add_region(d, 0x300000 + 0x1000 * i, 0x1000, QV_REGION_NPT, i);
        add_region(d, 0x500000 + 0x1000 * i, 0x1000, QV_REGION_TRACE, i);
    }
    struct places *p = places_new(folder, d);
    free(d);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    return p;
}

static void test_places(void)
{
    static const struct {
        uint32_t sandbox;
        uint64_t address;
        const char *symbol, *source;
    } cases[] = {
        {0, STATE + 4, "probe_state+0x4", "tests/unit/symbols_probe.c:7"},
        {0, QV_DIRECT_MAP + BASE(0) + 0x3004, "probe_state+0x4", "tests/unit/symbols_probe.c:7"},
        {0, BASE(0) + 0x3004, "probe_state+0x4", "tests/unit/symbols_probe.c:7"},
        {0, BASE(1) + 0x3004, "sandbox 1 + 0x3004 (probe_state+0x4)", "tests/unit/symbols_probe.c:7"},
        {1, BASE(1) + 0x3004, "probe_state+0x4", "tests/unit/symbols_probe.c:7"},
        {0, QV_DIRECT_MAP + BASE(1) + 0x6010, "sandbox 1 + 0x6010 (free memory)", ""},
        {1, BASE(1) + 0x6010, "sandbox 1 + 0x6010 (free memory)", ""},
        {0, BASE(1) + 0xe008, "sandbox 1 + 0xe008 (standby driver)", ""},
        {0, BASE(1) + 0x10, "sandbox 1 + 0x10 (hand-off page)", ""},
        {0, QV_KERNEL_VIRT + 0x10, "hand-off page + 0x10", ""},
        {0, 0x400123, "pristine sandbox image + 0x123", ""},
        {0, 0x301008, "nested page table of sandbox 1 + 0x8", ""},
        {0, 0x501008, "trace ring of sandbox 1 + 0x8", ""},
        {0, 0x2010040, "nested page table of sandbox 3 + 0x40", ""},
        {0, 0x2000040, "NIC shared memory + 0x40", ""},
        {0, 0x103004, "monitor (probe_state+0x4)", "tests/unit/symbols_probe.c:7"},
        {0, QV_DIRECTORY_PHYS + 8, "directory + 0x8", ""},
        {0, QV_STATUS_PHYS(2) + 0x18, "status of sandbox 2 + 0x18", ""},
        {0, 0xfee00300, "local APIC + 0x300", ""},
        {0, 0x80000000, "physical 0x80000000, in no region", ""},
        {0, 0xffffc00000001000ull, "0xffffc00000001000, not mapped", ""},
        {0, QV_KERNEL_VIRT + 0x10000000, "0xffffffff90000000, not mapped", ""},
    };
    struct places *p = make_places(images);
    struct address_namer namer = places_namer(p);
    struct address_name name;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        address_name_of(&namer, cases[i].sandbox, cases[i].address, &name);
        if (strcmp(name.symbol, cases[i].symbol) != 0 || strcmp(name.source, cases[i].source) != 0)
            printf("0x%llx: \"%s\" \"%s\"\n", (unsigned long long)cases[i].address, name.symbol, name.source);
        CU_ASSERT_STRING_EQUAL(name.symbol, cases[i].symbol);
        CU_ASSERT_STRING_EQUAL(name.source, cases[i].source);
    }
    address_name_of(&namer, 0, 0x100000, &name);
    CU_ASSERT_EQUAL(strncmp(name.symbol, "monitor text + 0x0 (probe_", 26), 0);
    CU_ASSERT_EQUAL(strncmp(name.source, "tests/unit/symbols_probe.c:", 27), 0);
    places_free(p);
}

/* Without the images places still have names; without anything they are unknown. */
static void test_missing(void)
{
    struct places *p = make_places("/nonexistent");
    struct address_namer namer = places_namer(p);
    struct address_name name;
    address_name_of(&namer, 0, STATE, &name);
    CU_ASSERT_STRING_EQUAL(name.symbol, "unknown");
    CU_ASSERT_STRING_EQUAL(name.source, "");
    address_name_of(&namer, 0, BASE(1) + 0x3004, &name);
    CU_ASSERT_STRING_EQUAL(name.symbol, "sandbox 1 + 0x3004 (data)");
    address_name_of(&namer, 0, 0x100010, &name);
    CU_ASSERT_STRING_EQUAL(name.symbol, "monitor text + 0x10");
    places_free(p);
    p = places_new("/nonexistent", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    namer = places_namer(p);
    address_name_of(&namer, 0, BASE(0), &name);
    CU_ASSERT_STRING_EQUAL(name.symbol, "unknown");
    places_free(p);
    namer = places_namer(NULL);
    address_name_of(&namer, 0, STATE, &name);
    CU_ASSERT_STRING_EQUAL(name.symbol, "unknown");
    address_name_of(NULL, 0, STATE, &name);
    CU_ASSERT_STRING_EQUAL(name.symbol, "unknown");
    places_free(NULL);
}

/* Which records hold an address, and of which kind. "" = none. */
static void test_records(void)
{
    static const struct {
        uint16_t id;
        uint64_t a, b;
        const char *symbol;
    } cases[] = {
        {QV_TRACE_FAULT_CHANGE, STATE, 5, "probe_state+0x0"},
        {QV_TRACE_FAULT_CHANGE, 0x10, 5, "physical 0x10, in no region"},
        {QV_TRACE_FAULT_ACTIVATE, QV_FAULT_TEXT_BITFLIP, STATE, "probe_state+0x0"},
        {QV_TRACE_FAULT_ACTIVATE, QV_FAULT_NULL_POINTER, 0x10, "null page + 0x10"},
        {QV_TRACE_FAULT_ACTIVATE, QV_FAULT_BAD_JUMP, 0x4000000012345678ull, "0x4000000012345678, not mapped"},
        {QV_TRACE_FAULT_ACTIVATE, QV_FAULT_DROP_ACK, 0, ""},
        {QV_TRACE_DETECT, QV_DETECT_NESTED_PAGE, 0x2000000, "NIC shared memory + 0x0"},
        {QV_TRACE_DETECT, QV_DETECT_EXCEPTION, 0x2000000, "0x2000000, not mapped"},
        {QV_TRACE_DETECT, QV_DETECT_EXCEPTION, STATE, "probe_state+0x0"},
        {QV_TRACE_DETECT, QV_DETECT_RING_INVARIANT, 0x2800, ""},
        {QV_TRACE_DETECT, QV_DETECT_RING_INVARIANT, QV_DIRECT_MAP + 0x2000000, "NIC shared memory + 0x0"},
        {QV_TRACE_DETECT, QV_DETECT_HEARTBEAT, 1, ""},
        {QV_TRACE_VIOLATION, QV_EXIT_NESTED_PAGE, 0x80000000, "physical 0x80000000, in no region"},
        {QV_TRACE_VIOLATION, QV_EXIT_PORT, 0xcf9, ""},
        {QV_TRACE_EXIT, QV_EXIT_CALL, STATE, "probe_state+0x0"},
        {QV_TRACE_NMI, 1, STATE, ""},
    };
    struct places *p = make_places(images);
    struct address_namer namer = places_namer(p);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct qv_trace_record record = {.id = cases[i].id, .a = cases[i].a, .b = cases[i].b};
        struct address_name name;
        bool held = address_name_of_record(&namer, &record, &name);
        CU_ASSERT_EQUAL(held, cases[i].symbol[0] != '\0');
        if (held)
            CU_ASSERT_STRING_EQUAL(name.symbol, cases[i].symbol);
    }
    places_free(p);
}

static const struct unit_test tests[] = {
    {"symbols of this program", test_own_program},         {"symbols of an image", test_probe},
    {"no image, or none that can be read", test_no_image}, {"places of a machine", test_places},
    {"what is missing is unknown", test_missing},          {"records that hold an address", test_records},
};

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return EXIT_FAILURE;
    }
    images = argv[1];
    return unit_run("symbols", tests, sizeof(tests) / sizeof(tests[0]));
}
