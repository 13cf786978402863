/* SPDX-License-Identifier: MIT */
/* Descriptions of processors, and the instructions that the plugin looks for. Argument: the folder of descriptions. */
#include <string.h>

#include "bench/plugin/decode.h"
#include "bench/plugin/describe.h"
#include "qv/emupmu.h"
#include "scenario/words.h"
#include "unit.h"

static const char *folder;

static const char good[] = "name = x\nprocessor = an x\n"
                           "dtlb.4k = 64 entries, 4 ways # comment\nitlb.4k=48 entries, full\n"
                           "vm-transition = tagged\nline = 64\nl1i = 32 KiB, 8 ways\nl1d = 64 KiB, 2 ways\n"
                           "llc = 6 MiB, 12 ways\nlatency.l1 = 3\nlatency.llc = 30\nlatency.memory = 200\n";

static void accepted(void)
{
    struct description d;
    char message[256] = "";
    CU_ASSERT_EQUAL(describe_parse("f", good, &d, message, sizeof(message)), 0);
    CU_ASSERT_STRING_EQUAL(message, "");
    CU_ASSERT_STRING_EQUAL(d.name, "x");
    CU_ASSERT_STRING_EQUAL(d.processor, "an x");
    CU_ASSERT_EQUAL(d.dtlb.by_size[PAGE_4K].entries, 64);
    CU_ASSERT_EQUAL(d.dtlb.by_size[PAGE_4K].ways, 4);
    CU_ASSERT_EQUAL(d.itlb.by_size[PAGE_4K].ways, 48);
    CU_ASSERT_FALSE(d.transition_flushes);
    CU_ASSERT_EQUAL(d.llc.bytes, 6u << 20);
    CU_ASSERT_EQUAL(d.llc.ways, 12);
    CU_ASSERT_EQUAL(d.l2.bytes, 0);
    CU_ASSERT_EQUAL(d.latency.memory, 200);
}

static void refused(void)
{
    static const struct {
        const char *find, *put, *message;
    } cases[] = {
        {"line = 64", "lime = 64", "f:6:1: 'lime' is no key"},
        {"line = 64", "line = 64\nline = 64", "f:7:1: line is given twice"},
        {"line = 64", "line 64", "f:6:6: expected '=' after line"},
        {"line = 64", "line = 60", "power of two"},
        {"line = 64", "line = -1", "f:6:8: line: expected a whole number"},
        {"line = 64", "line = 99999999999999999999", "f:6:8: line: expected a whole number"},
        {"line = 64", "", "line is missing"},
        {"64 entries, 4 ways", "64 entries, 5 ways", "f:3:11: dtlb.4k: 64 entries do not divide into sets of 5 ways"},
        {"64 entries, 4 ways", "64 entries 4 ways", "f:3:22: dtlb.4k: expected 'entries,'"},
        {"64 entries, 4 ways", "0 entries, 4 ways", "N from 1 to"},
        {"64 entries, 4 ways", "64 entries, 0 ways", "expected the ways"},
        {"64 entries, 4 ways", "64 entries, 4 ways or so", "f:3:30: expected the end of the line"},
        {"tagged", "sometimes", "f:5:17: vm-transition: expected flush or tagged"},
        {"32 KiB", "32 KB", "f:7:10: l1i: expected KiB or MiB"},
        {"6 MiB", "7 MiB", "llc: its lines do not divide"},
        {"6 MiB", "9999 MiB", "too large"},
        {"name = x", "name =", "f:1:7: name: expected 1 to 31 characters"},
        {"latency.l1 = 3", "latency.l1 = 3\nl2 = 256 KiB, 8 ways", "expected latency.l2"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[1024];
        char message[256] = "";
        struct description d;
        const char *at = strstr(good, cases[i].find);
        CU_ASSERT_PTR_NOT_NULL_FATAL(at);
        snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good, cases[i].put, at + strlen(cases[i].find));
        CU_ASSERT_EQUAL(describe_parse("f", text, &d, message, sizeof(message)), -1);
        CU_ASSERT_PTR_NOT_NULL(strstr(message, cases[i].message));
        if (strstr(message, cases[i].message) == NULL)
            printf("\n    '%s' instead of '%s'\n", message, cases[i].message);
    }
}

/* Every word of platform.pmu has a description of its name, with what the published machines had. */
static void shipped(void)
{
    size_t seen = 0;
    for (const struct word *word = words_pmus; word->name != NULL; word++) {
        char path[512];
        char message[256] = "";
        struct description d;
        if (word->value == 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s.model", folder, word->name);
        CU_ASSERT_EQUAL(describe_read(path, word->name, &d, message, sizeof(message)), 0);
        CU_ASSERT_STRING_EQUAL(message, "");
        CU_ASSERT_EQUAL(d.l2tlb.by_size[PAGE_4K].entries, 512);
        CU_ASSERT_EQUAL(describe_read(path, "other", &d, message, sizeof(message)), -1);
        seen++;
    }
    CU_ASSERT_EQUAL(seen, 3);
}

static void instructions(void)
{
    static const struct {
        enum special special;
        uint8_t n, bytes[10];
    } cases[] = {
        {SPECIAL_FLUSH, 3, {0x0f, 0x22, 0xd8}},              /* mov %rax, %cr3 */
        {SPECIAL_FLUSH, 4, {0x41, 0x0f, 0x22, 0xdf}},        /* mov %r15, %cr3 */
        {SPECIAL_FLUSH, 3, {0x0f, 0x22, 0xe0}},              /* mov %rax, %cr4 */
        {SPECIAL_FLUSH, 3, {0x0f, 0x22, 0xc0}},              /* mov %rax, %cr0 */
        {SPECIAL_NONE, 3, {0x0f, 0x22, 0xd0}},               /* mov %rax, %cr2 */
        {SPECIAL_NONE, 4, {0x44, 0x0f, 0x22, 0xc0}},         /* mov %rax, %cr8 */
        {SPECIAL_NONE, 3, {0x0f, 0x20, 0xd8}},               /* mov %cr3, %rax */
        {SPECIAL_FLUSH, 3, {0x0f, 0x01, 0x38}},              /* invlpg (%rax) */
        {SPECIAL_FLUSH, 4, {0x0f, 0x01, 0x7c, 0x24}},        /* invlpg 0(%rsp), cut */
        {SPECIAL_NONE, 3, {0x0f, 0x01, 0xf8}},               /* swapgs */
        {SPECIAL_NONE, 3, {0x0f, 0x01, 0xf9}},               /* rdtscp */
        {SPECIAL_NONE, 3, {0x0f, 0x01, 0x10}},               /* lgdt (%rax) */
        {SPECIAL_ENTER_GUEST, 3, {0x0f, 0x01, 0xd8}},        /* vmrun */
        {SPECIAL_NONE, 3, {0x0f, 0x01, 0xd9}},               /* vmmcall */
        {SPECIAL_FLUSH_ALL, 3, {0x0f, 0x01, 0xdf}},          /* invlpga */
        {SPECIAL_FLUSH, 5, {0x66, 0x0f, 0x38, 0x82, 0x00}},  /* invpcid (%rax), %rax */
        {SPECIAL_FLUSH_ALL, 5, {0x66, 0x0f, 0x38, 0x80, 0}}, /* invept */
        {SPECIAL_FLUSH_ALL, 5, {0x66, 0x0f, 0x38, 0x81, 0}}, /* invvpid */
        {SPECIAL_NONE, 4, {0x0f, 0x38, 0x82, 0x00}},         /* without the prefix it is something else */
        {SPECIAL_FLUSH_CACHES, 2, {0x0f, 0x09}},             /* wbinvd */
        {SPECIAL_FLUSH_CACHES, 2, {0x0f, 0x08}},             /* invd */
        {SPECIAL_START, 7, {0x0f, 0x1f, 0x80, 'Q', 'V', 'P', 'M'}},
        {SPECIAL_NONE, 7, {0x0f, 0x1f, 0x80, 0, 0, 0, 0}}, /* any other long no-op */
        {SPECIAL_NONE, 3, {0x0f, 0x1f, 0x00}},
        {SPECIAL_NONE, 1, {0x90}},
        {SPECIAL_NONE, 1, {0x66}},
        {SPECIAL_NONE, 0, {0}},
        {SPECIAL_NONE, 3, {0x48, 0x89, 0xd8}}, /* mov %rbx, %rax */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CU_ASSERT_EQUAL(decode(cases[i].bytes, cases[i].n), cases[i].special);
        if (decode(cases[i].bytes, cases[i].n) != cases[i].special)
            printf("\n    case %zu\n", i);
    }
}

/* The compiler makes of qv_emupmu_start() what the plugin waits for. */
static void start(void)
{
    const uint8_t *code = (const uint8_t *)(uintptr_t)qv_emupmu_start;
    bool found = false;
    qv_emupmu_start(); /* and a processor does nothing of it */
    for (unsigned i = 0; i < 64 && !found; i++)
        found = decode(code + i, 7) == SPECIAL_START;
    CU_ASSERT_TRUE(found);
}

int main(int argc, char **argv)
{
    static const struct unit_test tests[] = {{"accepted", accepted},
                                             {"refused", refused},
                                             {"shipped", shipped},
                                             {"instructions", instructions},
                                             {"start", start}};
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return EXIT_FAILURE;
    }
    folder = argv[1];
    return unit_run("emulated PMU: descriptions", tests, sizeof(tests) / sizeof(tests[0]));
}
