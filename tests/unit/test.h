/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Checks that say where they failed and what they found. The first that fails ends the program. SOURCE_DIR is this checkout. */

#include <stdio.h>

#include "macro.h"

#define TEST_DATA_DIR SOURCE_DIR "/tests/unit/data"

#define test_failed(...)                                                \
        ({                                                              \
                fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);         \
                fprintf(stderr, __VA_ARGS__);                           \
                fputc('\n', stderr);                                    \
                _exit(1);                                               \
        })

#define ASSERT(expression)                                              \
        ({                                                              \
                if (!(expression))                                      \
                        test_failed("not true: %s", #expression);       \
        })

/* Both as signed 64-bit numbers. */
#define ASSERT_EQ(a, b)                                                                                         \
        ({                                                                                                      \
                long long _a = (long long) (a), _b = (long long) (b);                                           \
                if (_a != _b)                                                                                   \
                        test_failed("%s is %lld, expected %s, which is %lld", #a, _a, #b, _b);                  \
        })

/* Both as unsigned 64-bit numbers. */
#define ASSERT_EQ_U64(a, b)                                                                                     \
        ({                                                                                                      \
                unsigned long long _a = (unsigned long long) (a), _b = (unsigned long long) (b);                \
                if (_a != _b)                                                                                   \
                        test_failed("%s is %llu, expected %s, which is %llu", #a, _a, #b, _b);                  \
        })

/* Either may be NULL. */
#define ASSERT_STREQ(a, b)                                                                                      \
        ({                                                                                                      \
                const char *_a = (a), *_b = (b);                                                                \
                if (!streq_ptr(_a, _b))                                                                         \
                        test_failed("%s is\n%s\nexpected\n%s", #a, _a ? _a : "(null)", _b ? _b : "(null)");     \
        })

/* 0 or positive; says which error it was. */
#define ASSERT_OK(expression)                                                                                   \
        ({                                                                                                      \
                int _r = (expression);                                                                          \
                if (_r < 0)                                                                                     \
                        test_failed("%s: %s", #expression, strerror(-_r));                                      \
                _r;                                                                                             \
        })
