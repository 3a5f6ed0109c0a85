/* SPDX-License-Identifier: GPL-2.0-only */
#include "output.h"
#include "test.h"

#include <locale.h>

static void test_colour(void) {
        static const struct {
                bool is_terminal;
                const char *no_color, *term;
                bool expected;
        } table[] = {
                { true, NULL, "xterm", true },
                { false, NULL, "xterm", false },
                { true, "1", "xterm", false },
                { true, "", "xterm", true },    /* set but empty says nothing, as no-color.org has it */
                { true, NULL, "dumb", false },
                { true, NULL, "", false },
                { true, NULL, NULL, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                ASSERT_EQ(output_wants_colour(table[i].is_terminal, table[i].no_color, table[i].term), table[i].expected);
}

static void test_columns(void) {
        static const struct {
                bool is_terminal;
                const char *columns;
                unsigned terminal_columns, expected;
        } table[] = {
                { false, NULL, 0, 0 },
                { false, NULL, 100, 0 },
                { true, NULL, 100, 100 },
                { true, NULL, 0, 80 },
                { true, "60", 100, 60 },
                { false, "60", 0, 60 },
                { false, "0", 0, 0 },
                { false, "-5", 0, 0 },
                { false, "60x", 0, 0 },
                { false, "99999999999999999999", 0, 0 },
                { true, "", 0, 80 },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                ASSERT_EQ(output_columns(table[i].is_terminal, table[i].columns, table[i].terminal_columns), table[i].expected);
}

static void test_escape(void) {
        static const struct {
                const char *text;
                unsigned flags;
                const char *expected;
        } table[] = {
                { "", 0, "" },
                { "plain text", 0, "plain text" },
                { "a\tb\nc\rd", 0, "a\\tb\\nc\\rd" },
                { "a\tb\nc\rd", TEXT_LINES, "a\\tb\nc\\rd" },
                { "\x1b[31m\x7f\x01", TEXT_UTF8, "\\x1b[31m\\x7f\\x01" },
                { "für", TEXT_UTF8, "für" },
                { "für", 0, "f\\u00fcr" },
                { "\xf0\x9f\x98\x80", TEXT_UTF8, "\xf0\x9f\x98\x80" },
                { "\xf0\x9f\x98\x80", 0, "\\U0001f600" },
                { "\xc2\x9b", TEXT_UTF8, "\\u009b" },                   /* CSI as one character */
                { "\xe2\x80\xae", TEXT_UTF8, "\\u202e" },               /* right to left */
                { "\xe2\x80\x8b", TEXT_UTF8, "\\u200b" },               /* no width */
                { "\xe2\x80\xa8", TEXT_UTF8 | TEXT_LINES, "\\u2028" },  /* another line break */
                { "\xf3\xa0\x80\x81", TEXT_UTF8, "\\U000e0001" },
                { "\xff\xfe", TEXT_UTF8, "\\xff\\xfe" },
                { "a\xc3", TEXT_UTF8, "a\\xc3" },                       /* cut off */
                { "\xc0\xaf", TEXT_UTF8, "\\xc0\\xaf" },                /* overlong */
                { "\xed\xa0\x80", TEXT_UTF8, "\\xed\\xa0\\x80" },       /* surrogate */
                { "\xef\xbf\xbd", TEXT_UTF8, "\xef\xbf\xbd" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(freep) char *t = text_escape(table[i].text, table[i].flags);

                ASSERT_STREQ(t, table[i].expected);
        }
}

/* No byte of any kind, alone or in pairs, gets through as a control. */
static void test_escape_all_pairs(void) {
        for (unsigned a = 1; a < 256; a++)
                for (unsigned b = 0; b < 256; b++) {
                        const char text[] = { (char) a, (char) b, '\0' };
                        _cleanup_(freep) char *t = text_escape(text, TEXT_UTF8);

                        for (const char *p = t; *p; p++)
                                ASSERT((unsigned char) *p >= 0x20 && *p != 0x7f);
                        ASSERT(!strstr(t, "\xc2\x9b"));
                }
}

static void test_width(void) {
        ASSERT_EQ(text_width(""), 0);
        ASSERT_EQ(text_width("abc"), 3);
        ASSERT_EQ(text_width("für"), 3);
        ASSERT_EQ(text_width("→"), 1);
        ASSERT_EQ(text_width("\xe6\xbc\xa2"), 2);       /* a Chinese character */
        ASSERT_EQ(text_width("\xff"), 1);
}

static void test_wrap(void) {
        static const struct {
                const char *text;
                size_t width, indent;
                const char *expected;
        } table[] = {
                { "", 10, 2, "" },
                { "one two three", 0, 2, "one two three" },
                { "one two three", 10, 2, "one two\n  three" },
                { "one two three", 9, 2, "one two\n  three" },
                { "one two three", 8, 2, "one\n  two\n  three" },
                { "one\ntwo\n\nthree\n", 0, 3, "one\n   two\n\n   three" },
                { "/a/very/long/path/indeed x", 10, 2, "/a/very/long/path/indeed\n  x" },
                { "a\n  b c", 0, 2, "a\n    b c" },
                { "a   b   ", 0, 0, "a   b" },
                { "aaa   bbb", 5, 0, "aaa\nbbb" },
                { "\xe6\xbc\xa2\xe6\xbc\xa2 x", 5, 0, "\xe6\xbc\xa2\xe6\xbc\xa2\nx" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(freep) char *t = text_wrap(table[i].text, table[i].width, table[i].indent);

                ASSERT_STREQ(t, table[i].expected);
        }
}

static void test_cut(void) {
        static const struct {
                const char *text;
                size_t width;
                bool utf8;
                const char *expected;
        } table[] = {
                { "abcdef", 6, true, "abcdef" },
                { "abcdef", 5, true, "abcd…" },
                { "abcdef", 5, false, "ab..." },
                { "ab def", 4, true, "ab…" },
                { "abcdef", 2, false, ".." },
                { "abcdef", 0, false, "" },
                { "abcdef", 1, true, "…" },
                { "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", 4, true, "\xe6\xbc\xa2…" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(freep) char *t = text_cut(table[i].text, table[i].width, table[i].utf8);

                ASSERT_STREQ(t, table[i].expected);
        }
}

/* What one call writes, newly allocated. */
#define WRITTEN(settings, call)                                         \
        ({                                                              \
                char *_text = NULL;                                     \
                size_t _size = 0;                                       \
                Output _o = settings;                                   \
                Output *o = &_o;                                        \
                _o.file = open_memstream(&_text, &_size);               \
                ASSERT(_o.file);                                        \
                call;                                                   \
                ASSERT_OK(output_finish(o));                            \
                fclose(_o.file);                                        \
                _text;                                                  \
        })

static void test_lines(void) {
        const Output plain = { .utf8 = true }, coloured = { .utf8 = true, .colour = true }, narrow = { .utf8 = true, .width = 40 };
        _cleanup_(freep) char *a = NULL, *b = NULL, *c = NULL, *d = NULL, *e = NULL;

        a = WRITTEN(plain, output_line(o, STYLE_BAD, "%s\x1b[0m", "x\ny"));
        ASSERT_STREQ(a, "x\\ny\\x1b[0m\n");
        b = WRITTEN(coloured, output_line(o, STYLE_BAD, "%s", "x\x1b"));
        ASSERT_STREQ(b, "\x1b[1;31mx\\x1b\x1b[0m\n");
        c = WRITTEN(narrow, output_field(o, 6, "Why", STYLE_PLAIN, "%s", "one two three four five six seven eight\nnine"));
        ASSERT_STREQ(c, "   Why: one two three four five six\n        seven eight\n        nine\n");
        d = WRITTEN(plain, output_message(o, "scxctl", STYLE_PLAIN, "a\nb\x07"));
        ASSERT_STREQ(d, "scxctl: a\n  b\\x07\n");
        e = WRITTEN(plain, output_text(o, "a\nb\x07"));
        ASSERT_STREQ(e, "a\nb\\x07\n");
}

static void test_json(void) {
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *v = NULL;
        _cleanup_(freep) char *text = NULL;
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *again = NULL;

        ASSERT_OK(sd_json_buildo(&v, SD_JSON_BUILD_PAIR_STRING("a", "\x1b\x7f\xc2\x9b\xe2\x80\xae\xf3\xa0\x80\x81ü"),
                                 SD_JSON_BUILD_PAIR_UNSIGNED("n", UINT64_MAX)));
        text = WRITTEN((Output) { .utf8 = true }, output_json(o, v, false));
        ASSERT_STREQ(text, "{\"a\":\"\\u001b\\u007f\\u009b\\u202e\\udb40\\udc01ü\",\"n\":18446744073709551615}\n");
        ASSERT_OK(sd_json_parse(text, 0, &again, NULL, NULL));
        ASSERT(sd_json_variant_equal(v, again));
}

static char *print_table(const char *const (*rows)[3], size_t n, unsigned width, bool headings) {
        static const char *const names[] = { "NAME", "X", "DESCRIPTION" };
        _cleanup_(table_freep) Table *t = NULL;

        ASSERT_OK(table_new(names, ELEMENTSOF(names), &t));
        for (size_t i = 0; i < n; i++)
                ASSERT_OK(table_add(t, STYLE_PLAIN, rows[i]));
        ASSERT_EQ(table_n_rows(t), n);
        return WRITTEN(((Output) { .utf8 = true, .width = width }), table_print(t, o, 1, headings));
}

static void test_table(void) {
        static const char *const rows[][3] = {
                { "one", NULL, "a description that is rather long, and goes on" },
                { "twenty-two", "→", "" },
                { "evil\n\x1b", "12", "x" },
        };
        _cleanup_(freep) char *wide = NULL, *narrow = NULL, *tiny = NULL, *none = NULL, *many = NULL;
        const char *many_rows[100][3];

        wide = print_table(rows, ELEMENTSOF(rows), 0, true);
        ASSERT_STREQ(wide, " NAME        X   DESCRIPTION\n"
                           " one             a description that is rather long, and goes on\n"
                           " twenty-two  →\n"
                           " evil\\n\\x1b  12  x\n");
        narrow = print_table(rows, ELEMENTSOF(rows), 50, false);
        ASSERT_STREQ(narrow, " one             a description that is rather lon…\n"
                             " twenty-two  →\n"
                             " evil\\n\\x1b  12  x\n");
        tiny = print_table(rows, ELEMENTSOF(rows), 10, false);        /* cannot fit, still is a table */
        ASSERT_STREQ(tiny, " one           a descr…\n"
                           " twenty-…  →\n"
                           " evil\\n\\…  12  x\n");
        none = print_table(NULL, 0, 0, false);
        ASSERT_STREQ(none, "");
        for (size_t i = 0; i < ELEMENTSOF(many_rows); i++)
                memcpy(many_rows[i], rows[1], sizeof(many_rows[i]));
        many = print_table((const char *const (*)[3]) many_rows, ELEMENTSOF(many_rows), 0, false);
        ASSERT_EQ(strlen(many), 100 * strlen(" twenty-two  →\n"));
}

static void test_times(void) {
        static const uint64_t s = UINT64_C(1000000), day = 86400 * UINT64_C(1000000);
        static const struct {
                uint64_t usec, now;
                const char *expected;
        } table[] = {
                { 100, 100, "just now" },
                { 100, 100 + 999999, "just now" },
                { 0, s, "1s ago" },
                { 0, 185 * s + 5, "3min 5s ago" },
                { 0, 3600 * s, "1h ago" },
                { 0, 2 * day + 3 * 3600 * s + 5 * s, "2d 3h ago" },
                { 61 * s, 0, "in 1min 1s" },
        };
        _cleanup_(freep) char *never = format_timestamp(0), *then = format_timestamp(1795255872 * s), *end = format_timestamp(UINT64_MAX);

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(freep) char *t = format_relative(table[i].usec, table[i].now);

                ASSERT_STREQ(t, table[i].expected);
        }
        ASSERT_STREQ(never, "never");
        ASSERT_STREQ(then, "Sat 2026-11-21 10:11:12 UTC");
        ASSERT_STREQ(end, "at an impossible time");
}

static void test_write_error(void) {
        Output o = { .file = fopen("/dev/full", "w") };

        ASSERT(o.file);
        output_line(&o, STYLE_PLAIN, "x");
        ASSERT_EQ(output_finish(&o), -ENOSPC);
        fclose(o.file);
}

int main(void) {
        ASSERT_OK(setenv("TZ", "UTC", true));
        ASSERT(setlocale(LC_CTYPE, "C.UTF-8"));
        test_colour();
        test_columns();
        test_escape();
        test_escape_all_pairs();
        test_width();
        test_wrap();
        test_cut();
        test_lines();
        test_json();
        test_table();
        test_times();
        test_write_error();
        return 0;
}
