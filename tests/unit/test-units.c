/* SPDX-License-Identifier: GPL-2.0-only */
#include "test.h"
#include "units.h"

static void test_u64(void) {
        static const struct {
                const char *text;
                int r;
                uint64_t v;
        } table[] = {
                { "0", 0, 0 },
                { "7", 0, 7 },
                { "18446744073709551615", 0, UINT64_MAX },
                { "18446744073709551616", -ERANGE, 0 },
                { "99999999999999999999999999", -ERANGE, 0 },
                { "99999999999999999999999999x", -EINVAL, 0 },
                { "", -EINVAL, 0 },
                { " 1", -EINVAL, 0 },
                { "1 ", -EINVAL, 0 },
                { "+1", -EINVAL, 0 },
                { "-1", -EINVAL, 0 },
                { "010", -EINVAL, 0 },
                { "00", -EINVAL, 0 },
                { "0x10", -EINVAL, 0 },
                { "1e3", -EINVAL, 0 },
                { "1_000", -EINVAL, 0 },
                { "1.0", -EINVAL, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                uint64_t v = 4711;

                ASSERT_EQ(parse_u64(table[i].text, &v), table[i].r);
                ASSERT_EQ_U64(v, table[i].r < 0 ? 4711 : table[i].v);
        }
}

static void test_s64(void) {
        static const struct {
                const char *text;
                int r;
                int64_t v;
        } table[] = {
                { "0", 0, 0 },
                { "-0", 0, 0 },
                { "-5", 0, -5 },
                { "9223372036854775807", 0, INT64_MAX },
                { "9223372036854775808", -ERANGE, 0 },
                { "-9223372036854775808", 0, INT64_MIN },
                { "-9223372036854775809", -ERANGE, 0 },
                { "--1", -EINVAL, 0 },
                { "-", -EINVAL, 0 },
                { "- 1", -EINVAL, 0 },
                { "-01", -EINVAL, 0 },
                { "", -EINVAL, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                int64_t v = 4711;

                ASSERT_EQ(parse_s64(table[i].text, &v), table[i].r);
                ASSERT_EQ(v, table[i].r < 0 ? 4711 : table[i].v);
        }
}

static void test_bool(void) {
        bool b = false;

        ASSERT_EQ(parse_bool("true", &b), 0);
        ASSERT(b);
        ASSERT_EQ(parse_bool("off", &b), 0);
        ASSERT(!b);
        ASSERT_EQ(parse_bool("on", &b), 0);
        ASSERT(b);
        ASSERT_EQ(parse_bool("no", &b), 0);
        ASSERT(!b);
        ASSERT_EQ(parse_bool("yes", &b), 0);
        ASSERT(b);
        ASSERT_EQ(parse_bool("false", &b), 0);
        ASSERT(!b);
        ASSERT_EQ(parse_bool("True", &b), -EINVAL);
        ASSERT_EQ(parse_bool("1", &b), -EINVAL);
        ASSERT_EQ(parse_bool("", &b), -EINVAL);
        ASSERT_EQ(parse_bool("yes ", &b), -EINVAL);
}

static void test_duration(void) {
        static const struct {
                const char *text;
                int r;
                uint64_t usec;
        } table[] = {
                { "5s", 0, 5000000 },
                { "5 s", 0, 5000000 },
                { "1s500ms", 0, 1500000 },
                { "1s 500ms", 0, 1500000 },
                { "1min 30s", 0, 90000000 },
                { "2h", 0, UINT64_C(7200000000) },
                { "1d 1us", 0, UINT64_C(86400000001) },
                { "0s", 0, 0 },
                { "7us", 0, 7 },
                { "", -EINVAL, 0 },
                { "5", -ENODATA, 0 },
                { "5s 3", -EINVAL, 0 },
                { "s", -EINVAL, 0 },
                { "5 ", -ENODATA, 0 },
                { "5s ", -EINVAL, 0 },
                { " 5s", -EINVAL, 0 },
                { "5S", -EINVAL, 0 },
                { "5sec", -EINVAL, 0 },
                { "1.5s", -EINVAL, 0 },
                { "-5s", -EINVAL, 0 },
                { "05s", -EINVAL, 0 },
                { "5s 5s", -EINVAL, 0 },
                { "500ms 1s", -EINVAL, 0 },
                { "5m", -EINVAL, 0 },
                { "5s,", -EINVAL, 0 },
                { "18446744073709551615us", 0, UINT64_MAX },
                { "18446744073709551616us", -ERANGE, 0 },
                { "18446744073709551615ms", -ERANGE, 0 },
                { "213503982d 18446744073709551615us", -ERANGE, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                uint64_t usec = 4711;

                ASSERT_EQ(parse_duration(table[i].text, &usec), table[i].r);
                ASSERT_EQ_U64(usec, table[i].r < 0 ? 4711 : table[i].usec);
        }
}

static void test_format(void) {
        static const struct {
                uint64_t usec;
                unsigned parts;
                const char *text;
        } table[] = {
                { 0, 0, "0s" },
                { 0, 2, "0s" },
                { 5000000, 0, "5s" },
                { 1500000, 0, "1s 500ms" },
                { 200123456, 0, "3min 20s 123ms 456us" },
                { 200123456, 2, "3min 20s" },
                { 200123456, 1, "3min" },
                { UINT64_C(3600000005), 2, "1h" },
                { UINT64_C(3600000005), 0, "1h 5us" },
                { 999, 2, "999us" },
                { UINT64_MAX, 0, "213503982d 8h 1min 49s 551ms 615us" },
        };
        char buffer[DURATION_MAX];

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                uint64_t usec;

                ASSERT_STREQ(format_duration(buffer, table[i].usec, table[i].parts), table[i].text);
                if (table[i].parts == 0) {      /* what is exact can be read back */
                        ASSERT_OK(parse_duration(buffer, &usec));
                        ASSERT_EQ_U64(usec, table[i].usec);
                }
        }
}

int main(void) {
        test_u64();
        test_s64();
        test_bool();
        test_duration();
        test_format();
        return 0;
}
