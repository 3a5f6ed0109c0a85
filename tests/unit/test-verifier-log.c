/* SPDX-License-Identifier: GPL-2.0-only */

/* data/verifier holds what libbpf and real kernels (named in each file's name) said of programs that were broken on purpose;
 * the middle of those with thousands of lines is left out. */

#include <stdio.h>

#include "test.h"
#include "verifier-log.h"

static char *read_file(const char *name, const char *suffix) {
        char path[512], *text = NULL;
        size_t size = 0;
        ssize_t n;
        FILE *f;

        snprintf(path, sizeof(path), TEST_DATA_DIR "/verifier/%s%s", name, suffix);
        f = fopen(path, "re");
        if (!f)
                test_failed("cannot open %s: %m", path);
        n = getdelim(&text, &size, '\0', f);
        if (n < 0)
                test_failed("cannot read %s: %m", path);
        fclose(f);
        return text;
}

static void test_captured(void) {
        static const char *const names[] = {
                "6.18-bounds", "6.18-infinite", "6.18-loop", "6.18-missing-kfunc", "6.18-missing-weak-kfunc", "6.18-null-check",
                "6.18-scalar", "6.18-too-large", "6.18-too-many-jumps", "7.3-bounds", "7.3-field", "7.3-infinite", "7.3-lock", "7.3-loop",
                "7.3-missing-kfunc", "7.3-missing-weak-kfunc", "7.3-null-check", "7.3-scalar", "7.3-sleepable", "7.3-too-large",
                "7.3-too-many-jumps",
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_(freep) char *log = read_file(names[i], ".log"), *expected = read_file(names[i], ".expected"), *found = NULL;

                found = verifier_log_explain(log);
                expected[strlen(expected) - 1] = '\0';
                ASSERT_STREQ(found, expected);
        }
}

static void test_written(void) {
        static const struct {
                const char *log, *expected;
        } table[] = {
                { "", "" },
                { "\n\n\n", "" },
                { "libbpf: failed to load object 'x'\n", "" },
                /* Without a verifier's log. */
                { "libbpf: map 'm': failed to create: Invalid argument(-22)\nlibbpf: failed to load object 'x'\n",
                  "map 'm': failed to create: Invalid argument(-22)" },
                { "libbpf: prog 'p': BPF program load failed: Operation not permitted\n", "program p: Operation not permitted" },
                /* A log that was cut off has neither end nor complaint. */
                { "libbpf: prog 'p': BPF program load failed: Killed\nlibbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n0: R1=ctx() R10=fp0\n"
                  "; x(); @ a.c:3\n0: (85) call pc+1",
                  "program p: Killed\na.c:3: x();\ninstruction 0: (85) call pc+1" },
                /* The end mark directly behind the last line. */
                { "libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\nunknown opcode ff-- END PROG LOAD LOG --\n", "program p: unknown opcode ff" },
                /* scxd-loader puts the log behind what libbpf prints. */
                { "libbpf: prog 'p': BPF program load failed: No space left on device\nlibbpf: prog 'p': failed to load: -28\n"
                  "-- BEGIN PROG LOAD LOG --\n(79) r1 = *(u64 *)(r1 +0)\n4: (95) exit\nbad\n\n-- END PROG LOAD LOG --\n",
                  "program p: bad\ninstruction 4: (95) exit" },
                /* Only the last program failed. */
                { "libbpf: prog 'a': -- BEGIN PROG LOAD LOG --\n; a();\n1: (95) exit\nbad a\n-- END PROG LOAD LOG --\n"
                  "libbpf: prog 'b': -- BEGIN PROG LOAD LOG --\nbad b\n-- END PROG LOAD LOG --\n",
                  "program b: bad b" },
                /* The last few lines of a long complaint; the state of registers is none, also behind an instruction. */
                { "libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n7: (55) if r3 != 0x0 goto pc-3 9: R1=scalar() R2_w=0\n"
                  "one\ntwo\nthree\nframe1: R1=ctx()\nfour\nfp-8=mmmm\nfive\n9: R1=scalar()\nfrom 7 to 9: R1=scalar()\n-- END PROG LOAD LOG --\n",
                  "program p: two\nthree\nfour\nfive\ninstruction 7: (55) if r3 != 0x0 goto pc-3" },
                { "libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\nR0 leaks addr as return value\nprocessed 3 insns\n-- END PROG LOAD LOG --\n",
                  "program p: R0 leaks addr as return value" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(freep) char *found = verifier_log_explain(table[i].log);

                ASSERT_STREQ(found, table[i].expected);
        }
}

static void test_long_line(void) {
        static const char head[] = "libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n";
        _cleanup_(freep) char *log = malloc(100000), *found = NULL;

        memcpy(log, head, strlen(head));
        memset(log + strlen(head), 'x', 100000 - strlen(head));
        log[99999] = '\0';
        found = verifier_log_explain(log);
        ASSERT(strlen(found) < 1000);
        ASSERT(startswith(found, "program p: xxx"));
        ASSERT(endswith(found, "..."));
}

static void test_bounded_log(void) {
        static BoundedLog l;
        _cleanup_(freep) char *small = NULL, *large = NULL, *exact = NULL;
        static char chunk[300000];
        size_t n = 0;

        small = bounded_log_text(&l);
        ASSERT_STREQ(small, "");

        /* 300,000 numbered lines in pieces of changing size: the first and the last stay, in order. */
        for (unsigned i = 0; i < 300000; i++) {
                int k = snprintf(chunk + n, sizeof(chunk) - n, "line %u\n", i);

                n += (size_t) k;
                if (i % 977 == 0 || n > sizeof(chunk) - 32 || (i > 250000 && i < 280000 && n > 200000)) {
                        bounded_log_append(&l, chunk, n);
                        n = 0;
                }
        }
        bounded_log_append(&l, chunk, n);
        large = bounded_log_text(&l);
        ASSERT(strlen(large) <= BOUNDED_LOG_HEAD_MAX + BOUNDED_LOG_TAIL_MAX + 64);
        ASSERT(startswith(large, "line 0\nline 1\n"));
        ASSERT(endswith(large, "\nline 299998\nline 299999\n"));
        ASSERT(strstr(large, " bytes left out]\n"));

        /* Full to the brim: nothing is missing, and nothing says so. */
        bounded_log_clear(&l);
        memset(chunk, 'a', BOUNDED_LOG_HEAD_MAX);
        memset(chunk + BOUNDED_LOG_HEAD_MAX, 'b', BOUNDED_LOG_TAIL_MAX);
        bounded_log_append(&l, chunk, BOUNDED_LOG_HEAD_MAX + BOUNDED_LOG_TAIL_MAX);
        exact = bounded_log_text(&l);
        ASSERT_EQ(strlen(exact), BOUNDED_LOG_HEAD_MAX + BOUNDED_LOG_TAIL_MAX);
        ASSERT(memcmp(exact, chunk, strlen(exact)) == 0);

        /* One piece that is larger than all the room, as the verifier's log comes. */
        bounded_log_clear(&l);
        memset(chunk, 'x', sizeof(chunk));
        memcpy(chunk + sizeof(chunk) - 4, "end", 4);
        bounded_log_append(&l, chunk, sizeof(chunk) - 1);
        free(large);
        large = bounded_log_text(&l);
        ASSERT(endswith(large, "xxend"));
}

int main(void) {
        test_captured();
        test_written();
        test_long_line();
        test_bounded_log();
        return 0;
}
