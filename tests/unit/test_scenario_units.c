/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "scenario/units.h"
#include "scenario/words.h"
#include "unit.h"

struct reading {
    const char *text;
    enum unit_error error;
    uint64_t value;
};

static void check_readings(const struct reading *reading, size_t n,
                           enum unit_error (*read)(const char *text, uint64_t *value))
{
    for (size_t i = 0; i < n; i++) {
        uint64_t value = 4711;
        enum unit_error error = read(reading[i].text, &value);
        if (error != reading[i].error || value != (error == UNIT_OK ? reading[i].value : 4711))
            printf("\n    '%s' gave error %d, value %llu\n", reading[i].text, (int)error, (unsigned long long)value);
        CU_ASSERT(error == reading[i].error);
        CU_ASSERT(value == (error == UNIT_OK ? reading[i].value : 4711)); /* left alone on error */
    }
}
#define CHECK_READINGS(table, read) check_readings(table, sizeof(table) / sizeof((table)[0]), read)

static void durations(void)
{
    static const struct reading table[] = {
        {"4s", UNIT_OK, 4000000},
        {"250ms", UNIT_OK, 250000},
        {"30us", UNIT_OK, 30},
        {"2min", UNIT_OK, 120000000},
        {"1.5s", UNIT_OK, 1500000},
        {"0.000001s", UNIT_OK, 1},
        {"0s", UNIT_OK, 0},
        {"4", UNIT_MISSING, 0},
        {"", UNIT_NOT_A_NUMBER, 0},
        {"s", UNIT_NOT_A_NUMBER, 0},
        {"-4s", UNIT_NOT_A_NUMBER, 0},
        {"+4s", UNIT_NOT_A_NUMBER, 0},
        {" 4s", UNIT_NOT_A_NUMBER, 0},
        {"4 s", UNIT_UNKNOWN, 0},
        {"4S", UNIT_UNKNOWN, 0},
        {"4s4", UNIT_UNKNOWN, 0},
        {"4/s", UNIT_UNKNOWN, 0},
        {"1e3s", UNIT_UNKNOWN, 0},
        {"1.s", UNIT_NOT_A_NUMBER, 0},
        {"0.5us", UNIT_TOO_FINE, 0},
        {"0.0000000001s", UNIT_TOO_FINE, 0},
        {"18446744073709551615us", UNIT_OK, UINT64_MAX},
        {"18446744073709551616us", UNIT_TOO_LARGE, 0},
        {"18446744073709551615s", UNIT_TOO_LARGE, 0},
        {"18446744073709.551616s", UNIT_TOO_LARGE, 0},
    };
    CHECK_READINGS(table, units_read_duration);
}

static void rates_sizes_shares_counts(void)
{
    static const struct reading rate[] = {{"120/s", UNIT_OK, 120000},
                                          {"0.5/s", UNIT_OK, 500},
                                          {"1200", UNIT_MISSING, 0},
                                          {"120/min", UNIT_UNKNOWN, 0},
                                          {"0.0001/s", UNIT_TOO_FINE, 0}};
    static const struct reading size[] = {{"64B", UNIT_OK, 64},          {"1KiB", UNIT_OK, 1024},
                                          {"16MiB", UNIT_OK, 16u << 20}, {"1GiB", UNIT_OK, 1u << 30},
                                          {"1.5KiB", UNIT_OK, 1536},     {"16MB", UNIT_UNKNOWN, 0},
                                          {"0.3B", UNIT_TOO_FINE, 0},    {"64", UNIT_MISSING, 0}};
    static const struct reading share[] = {{"30%", UNIT_OK, 300000}, {"0.5%", UNIT_OK, 5000}, {"30", UNIT_MISSING, 0}};
    static const struct reading count[] = {{"17", UNIT_OK, 17},
                                           {"0x1f", UNIT_OK, 31},
                                           {"0xffffffffffffffff", UNIT_OK, UINT64_MAX},
                                           {"0x10000000000000000", UNIT_TOO_LARGE, 0},
                                           {"0x", UNIT_NOT_A_NUMBER, 0},
                                           {"1.5", UNIT_NOT_A_NUMBER, 0},
                                           {"17s", UNIT_NOT_A_NUMBER, 0}};
    CHECK_READINGS(rate, units_read_rate);
    CHECK_READINGS(size, units_read_size);
    CHECK_READINGS(share, units_read_percent);
    CHECK_READINGS(count, units_read_count);
}

static void addresses(void)
{
    static const char *const bad_mac[] = {"",
                                          "52:54:00:12:34",
                                          "52:54:00:12:34:10:11",
                                          "52-54-00-12-34-10",
                                          "g2:54:00:12:34:10",
                                          "52:54:00:12:34:1",
                                          "52:54:00:12:34:10 "};
    static const char *const bad_ip[] = {"",        "10.0.2",   "10.0.2.256", "10.0.2.15.1", "10.0.02.15",
                                         "a.b.c.d", "10..2.15", "10.0.2.15 ", "1000.0.0.1"};
    static const uint8_t right[6] = {0x52, 0x54, 0x00, 0xAB, 0xcd, 0xef};
    uint8_t mac[6] = {0};
    uint32_t ip = 0;
    char text[UNITS_TEXT];

    CU_ASSERT(units_read_mac("52:54:00:AB:cd:ef", mac) == 0);
    CU_ASSERT(memcmp(mac, right, 6) == 0);
    CU_ASSERT_STRING_EQUAL(units_write_mac(text, mac), "52:54:00:ab:cd:ef");
    CU_ASSERT(units_read_ipv4("10.0.2.15", &ip) == 0 && ip == 0x0a00020f);
    CU_ASSERT_STRING_EQUAL(units_write_ipv4(text, ip), "10.0.2.15");
    for (size_t i = 0; i < sizeof(bad_mac) / sizeof(bad_mac[0]); i++)
        CU_ASSERT(units_read_mac(bad_mac[i], mac) == -1 && memcmp(mac, right, 6) == 0);
    for (size_t i = 0; i < sizeof(bad_ip) / sizeof(bad_ip[0]); i++)
        CU_ASSERT(units_read_ipv4(bad_ip[i], &ip) == -1 && ip == 0x0a00020f);
}

/* What is written reads back to the same value, for values of every size. */
static void round_trips(void)
{
    char text[UNITS_TEXT];
    for (uint64_t i = 0; i < 4000; i++) {
        uint64_t value = (i * 0x9e3779b97f4a7c15ull) >> (i % 64);
        uint64_t again = ~value;
        CU_ASSERT(units_read_duration(units_write_duration(text, value), &again) == UNIT_OK && again == value);
        CU_ASSERT(units_read_rate(units_write_rate(text, value), &again) == UNIT_OK && again == value);
        CU_ASSERT(units_read_size(units_write_size(text, value), &again) == UNIT_OK && again == value);
        CU_ASSERT(units_read_percent(units_write_percent(text, value), &again) == UNIT_OK && again == value);
    }
    CU_ASSERT_STRING_EQUAL(units_write_duration(text, 90000000), "90s");
    CU_ASSERT_STRING_EQUAL(units_write_duration(text, 1500), "1500us");
    CU_ASSERT_STRING_EQUAL(units_write_rate(text, 120050), "120.05/s");
    CU_ASSERT_STRING_EQUAL(units_write_size(text, 32u << 20), "32MiB");
}

static void near_words(void)
{
    static const char *const names[] = {"policy", "budget", "backoff", "heartbeat", NULL};
    CU_ASSERT_STRING_EQUAL(words_nearest("polcy", names), "policy");
    CU_ASSERT_STRING_EQUAL(words_nearest("ploicy", names), "policy");
    CU_ASSERT_STRING_EQUAL(words_nearest("BUDGET", names), "budget");
    CU_ASSERT_STRING_EQUAL(words_nearest("heart_beat", names), "heartbeat");
    CU_ASSERT(words_nearest("zzzz", names) == NULL);
    CU_ASSERT(words_nearest("an absurdly long word that exceeds every limit there is", names) == NULL);
}

static void word_lists(void)
{
    char text[64];
    uint64_t value = 0;
    CU_ASSERT_STRING_EQUAL(words_join(text, sizeof(text), words_policies), "none, local, remote or restart");
    CU_ASSERT(strlen(words_join(text, sizeof(text), words_fault_models)) < sizeof(text));
    CU_ASSERT(words_value(words_policies, "remote", &value) && value == 2);
    CU_ASSERT(!words_value(words_policies, "Remote", &value));
    CU_ASSERT_STRING_EQUAL(words_name(words_policies, 3), "restart");
    CU_ASSERT_STRING_EQUAL(words_name(words_policies, 99), "?");
}

int main(void)
{
    static const struct unit_test tests[] = {
        {"durations", durations},   {"rates, sizes, shares, counts", rates_sizes_shares_counts},
        {"addresses", addresses},   {"what is written reads back", round_trips},
        {"near words", near_words}, {"word lists", word_lists},
    };
    return unit_run("scenario units", tests, sizeof(tests) / sizeof(tests[0]));
}
