/* SPDX-License-Identifier: MIT */
/* The isolation check must see what it should, and the check itself must be able to fail. */
#include <unistd.h>

#include "fake_guest.h"
#include "guest/isolation.h"
#include "unit.h"

#define MONITOR    0x00100000ull
#define PRISTINE   0x00110000ull
#define PART(i)    (0x02000000ull + 0x00400000ull * (i))
#define TEXT(i)    PART(i)
#define CANARY(i)  (PART(i) + 0x10000)
#define MUTABLE(i) (PART(i) + 0x20000)
#define STANDBY(i) (PART(i) + 0x30000)
#define NPT(i)     (0x00120000ull + 0x1000ull * (i))

static void add_region(const struct guest *guest, uint64_t base, uint64_t size, uint32_t kind, uint32_t owner)
{
    struct qv_directory *directory = fake_directory(guest);
    directory->region[directory->n_regions++] =
        (struct qv_region){.base = base, .size = size, .kind = kind, .owner = owner};
}

static uint64_t *word(const struct guest *guest, uint64_t phys)
{
    return (uint64_t *)(void *)(guest->ram + phys);
}

static struct guest machine(void)
{
    struct guest guest = fake_guest_new();
    fake_publish(&guest);
    add_region(&guest, MONITOR, 0x2000, QV_REGION_MONITOR, QV_NO_SANDBOX);
    add_region(&guest, PRISTINE, 0x4000, QV_REGION_PRISTINE, QV_NO_SANDBOX);
    for (uint32_t i = 0; i < 2; i++) {
        add_region(&guest, TEXT(i), 0x4000, QV_REGION_IMMUTABLE, i);
        add_region(&guest, CANARY(i), 0x8000, QV_REGION_CANARY, i);
        add_region(&guest, MUTABLE(i), 0x4000, QV_REGION_MUTABLE, i);
        add_region(&guest, STANDBY(i), 0x4000, QV_REGION_STANDBY, i);
        add_region(&guest, NPT(i), 0x1000, QV_REGION_NPT, i);
        fake_directory(&guest)->core[i].incarnation = 1;
        for (uint64_t offset = 0; offset < 0x8000; offset += 8)
            *word(&guest, CANARY(i) + offset) = qv_canary_word(i, CANARY(i) + offset);
    }
    return guest;
}

/* One change, with sandbox 0 as the fault's target. */
static struct run_isolation after_change(uint64_t phys, uint64_t flip)
{
    struct run_isolation out;
    struct qv_error why;
    struct guest guest = machine();
    struct isolation *isolation = isolation_begin(&guest, 1u << 0, &why);
    CU_ASSERT_FATAL(isolation != NULL);
    CU_ASSERT(isolation_begun_ns(isolation) > 0);
    *word(&guest, phys) ^= flip;
    isolation_end(isolation, &out);
    isolation_free(isolation);
    fake_guest_free(&guest);
    return out;
}

static void untouched(void)
{
    struct run_isolation out = after_change(MUTABLE(1), 1); /* may change */
    CU_ASSERT(out.checked && out.breaches == 0 && !out.state_differs);
    CU_ASSERT(out.regions == 6); /* monitor, pristine, and four of the bystander */
    CU_ASSERT(out.bytes == 0x2000 + 0x4000 + 0x4000 + 0x8000 + 0x4000 + 0x1000);
}

static void breaches(void)
{
    static const struct {
        uint64_t phys;
        uint32_t kind;
        uint32_t owner;
    } change[] = {
        {MONITOR + 0x1ff8, QV_REGION_MONITOR, QV_NO_SANDBOX},
        {PRISTINE, QV_REGION_PRISTINE, QV_NO_SANDBOX},
        {TEXT(1) + 0x3ff8, QV_REGION_IMMUTABLE, 1},
        {CANARY(1) + 0x7ff8, QV_REGION_CANARY, 1},
        {STANDBY(1) + 0x10, QV_REGION_STANDBY, 1},
        {NPT(1) + 0x800, QV_REGION_NPT, 1},
    };
    for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
        struct run_isolation out = after_change(change[i].phys, 1ull << 63);
        CU_ASSERT(out.breaches == 1);
        CU_ASSERT(out.breach[0].kind == change[i].kind && out.breach[0].owner == change[i].owner);
        CU_ASSERT(out.breach[0].first == change[i].phys && out.breach[0].words == 1);
    }
}

static void page_table_bits(void)
{
    CU_ASSERT(after_change(NPT(1), 0x60).breaches == 0); /* accessed and dirty: the processor's own */
    CU_ASSERT(after_change(NPT(1), 0x02).breaches == 1); /* the right to write */
}

static void of_the_target(void)
{
    struct run_isolation out = after_change(TEXT(0), 1);
    CU_ASSERT(out.breaches == 0 && out.state_differs);
    out = after_change(CANARY(0), 1);
    CU_ASSERT(out.breaches == 0 && out.state_differs);
    out = after_change(MUTABLE(0), 1);
    CU_ASSERT(out.breaches == 0 && !out.state_differs);
}

/* Recovery and restart change page tables, standby pages and, for a restart, all that is the sandbox's own. */
static void excused(void)
{
    struct run_isolation out;
    struct qv_error why;
    struct guest guest = machine();
    struct isolation *isolation = isolation_begin(&guest, 1u << 0, &why);
    CU_ASSERT_FATAL(isolation != NULL);
    *word(&guest, NPT(1)) ^= 0x1000;
    *word(&guest, STANDBY(1)) ^= 1;
    fake_directory(&guest)->core[1].attempts = 1;
    isolation_end(isolation, &out);
    CU_ASSERT(out.breaches == 0);
    *word(&guest, TEXT(1)) ^= 1; /* no recovery explains that ... */
    isolation_free(isolation);
    isolation = isolation_begin(&guest, 1u << 0, &why);
    *word(&guest, TEXT(1)) ^= 1;
    fake_directory(&guest)->core[1].attempts = 2;
    isolation_end(isolation, &out);
    CU_ASSERT(out.breaches == 1);
    isolation_free(isolation);
    isolation = isolation_begin(&guest, 1u << 0, &why);
    *word(&guest, TEXT(1)) ^= 1; /* ... but a restart does */
    fake_directory(&guest)->core[1].incarnation = 2;
    isolation_end(isolation, &out);
    CU_ASSERT(out.breaches == 0);
    isolation_free(isolation);
    fake_guest_free(&guest);
}

/* A canary that was never there proves nothing: it is left out, not counted as kept. */
static void missing_pattern(void)
{
    struct run_isolation out;
    struct qv_error why;
    struct guest guest = machine();
    memset(guest.ram + CANARY(1), 0, 64);
    struct isolation *isolation = isolation_begin(&guest, 1u << 0, &why);
    CU_ASSERT_FATAL(isolation != NULL);
    isolation_end(isolation, &out);
    CU_ASSERT(out.breaches == 0 && out.regions == 5);
    isolation_free(isolation);
    fake_guest_free(&guest);
}

/* A directory full of nonsense leads nowhere outside memory. */
static void wild_regions(void)
{
    struct run_isolation out;
    struct qv_error why;
    struct guest guest = machine();
    fake_directory(&guest)->n_regions = 0xffffffff;
    fake_directory(&guest)->region[20] = (struct qv_region){.base = UINT64_MAX - 8, .size = 4096, .kind = 1};
    fake_directory(&guest)->region[21] = (struct qv_region){.base = 0, .size = UINT64_MAX, .kind = 3};
    fake_directory(&guest)->region[22] = (struct qv_region){.base = 0x1000, .size = 16, .kind = 3, .owner = 0xfffffff0};
    struct isolation *isolation = isolation_begin(&guest, 1u << 0, &why);
    CU_ASSERT_FATAL(isolation != NULL);
    isolation_end(isolation, &out);
    CU_ASSERT(out.regions == 7);
    isolation_free(isolation);
    fake_guest_free(&guest);
}

static void written_down(void)
{
    char path[] = "/tmp/qv-test-isolation-XXXXXX";
    char text[8192];
    struct run_isolation out;
    struct qv_error why;
    struct guest guest = machine();
    int fd = mkstemp(path);
    CU_ASSERT_FATAL(fd >= 0);
    struct isolation *isolation = isolation_begin(&guest, 1u << 0, &why);
    CU_ASSERT_FATAL(isolation != NULL);
    *word(&guest, CANARY(1) + 16) = 0x1122334455667788ull;
    isolation_end(isolation, &out);
    CU_ASSERT(isolation_write(isolation, path, &why) == 0);
    text[read(fd, text, sizeof(text) - 1)] = '\0';
    CU_ASSERT(strstr(text, "canary,1,0x2410000,32768,BREACH,1,0x2410010,0x") != NULL);
    CU_ASSERT(strstr(text, "0x1122334455667788") != NULL);
    CU_ASSERT(strstr(text, "# sandbox 1: 80.0 % of 81920 private bytes watched") != NULL);
    CU_ASSERT(isolation_write(isolation, "/nonexistent/x.csv", &why) < 0);
    close(fd);
    unlink(path);
    isolation_free(isolation);
    fake_guest_free(&guest);
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"untouched", untouched},         {"breaches", breaches},         {"accessed and dirty", page_table_bits},
        {"of the target", of_the_target}, {"excused", excused},           {"missing pattern", missing_pattern},
        {"wild regions", wild_regions},   {"written down", written_down},
    };
    return unit_run("isolation check", tests, sizeof(tests) / sizeof(tests[0]));
}
