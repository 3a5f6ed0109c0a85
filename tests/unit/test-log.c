/* SPDX-License-Identifier: GPL-2.0-only */
#include "log.h"
#include "test.h"

#include <sys/mman.h>
#include <sys/stat.h>

/* What log_ calls write to stderr, newly allocated. */
#define LOGGED(calls)                                                           \
        ({                                                                      \
                int _fd = memfd_create("log", MFD_CLOEXEC), _saved = dup(STDERR_FILENO); \
                char *_text = calloc(1, 4096);                                  \
                ASSERT(_fd >= 0 && _saved >= 0 && _text);                       \
                ASSERT(dup2(_fd, STDERR_FILENO) >= 0);                          \
                calls;                                                          \
                ASSERT(dup2(_saved, STDERR_FILENO) >= 0);                       \
                ASSERT(pread(_fd, _text, 4095, 0) >= 0);                        \
                close(_saved);                                                  \
                close(_fd);                                                     \
                _text;                                                          \
        })

static void test_lines(void) {
        static const char *const fields[] = { "SCHEDULER=latency", NULL };
        _cleanup_(freep) char *text = NULL;

        log_open("test");
        text = LOGGED(({
                log_info("%d\x1b[31m\nand more", 5);
                log_debug("not wanted");
                log_structured(LOG_ERR, "0123456789abcdef0123456789abcdef", fields, "with fields");
                errno = ENOTTY;
                ASSERT_EQ(log_error_errno(-ENOENT, "cannot open %s", "x"), -ENOENT);
                ASSERT_EQ(errno, ENOTTY);
        }));
        ASSERT_STREQ(text, "test: 5\\x1b[31m\nand more\ntest: with fields\ntest: cannot open x: No such file or directory\n");
}

static void test_level(void) {
        static const struct {
                const char *level, *expected;
        } table[] = {
                { "debug", "test: e\ntest: i\ntest: d\n" },
                { "err", "test: e\n" },
                { "emerg", "" },
                { "info", "test: e\ntest: i\n" },
                { "nonsense", "test: e\ntest: i\n" },   /* as it was */
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(freep) char *text = NULL;

                ASSERT_OK(setenv("SCXD_LOG_LEVEL", table[i].level, true));
                log_open("test");
                text = LOGGED(({
                        log_error("e");
                        log_info("i");
                        log_debug("d");
                }));
                ASSERT_STREQ(text, table[i].expected);
        }
        ASSERT_OK(unsetenv("SCXD_LOG_LEVEL"));
}

/* $JOURNAL_STREAM that names another file than stderr, or nonsense, does not send lines away from stderr. */
static void test_other_stream(void) {
        static const char *const streams[] = { "1:1", "", "1", "1:1x", "x:y" };

        for (size_t i = 0; i < ELEMENTSOF(streams); i++) {
                _cleanup_(freep) char *text = NULL;

                ASSERT_OK(setenv("JOURNAL_STREAM", streams[i], true));
                text = LOGGED(({
                        log_open("test");
                        log_info("here");
                }));
                ASSERT_STREQ(text, "test: here\n");
        }
        ASSERT_OK(unsetenv("JOURNAL_STREAM"));
}

int main(void) {
        test_lines();
        test_level();
        test_other_stream();
        return 0;
}
