/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The few language helpers that every file uses: clean-up on scope exit and small comparisons. */

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _unused_ __attribute__((unused))
#define _sentinel_ __attribute__((sentinel))

#define ELEMENTSOF(x) (sizeof(x) / sizeof((x)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Hands over what a variable holds and forgets it there, so that its clean-up does nothing. */
#define TAKE(var, nothing)                       \
        ({                                       \
                typeof(var) *_pvar = &(var);     \
                typeof(var) _taken = *_pvar;     \
                *_pvar = (nothing);              \
                _taken;                          \
        })
#define TAKE_PTR(ptr) TAKE(ptr, NULL)
#define TAKE_FD(fd) TAKE(fd, -EBADF)

/* Defines FUNCp(), which calls FUNC() on a non-NULL pointer variable that goes out of scope. */
#define DEFINE_POINTER_CLEANUP(type, func)                      \
        static inline void func##p(type *p) {                   \
                if (*p)                                         \
                        func(*p);                               \
        }

static inline bool streq(const char *a, const char *b) {
        return strcmp(a, b) == 0;
}

/* Like streq(), but either may be NULL, and NULL equals only NULL. */
static inline bool streq_ptr(const char *a, const char *b) {
        return a && b ? streq(a, b) : a == b;
}

static inline const char *strempty(const char *s) {
        return s ? s : "";
}

static inline bool startswith(const char *s, const char *prefix) {
        return strncmp(s, prefix, strlen(prefix)) == 0;
}

static inline bool endswith(const char *s, const char *suffix) {
        size_t n = strlen(s), m = strlen(suffix);

        return n >= m && streq(s + n - m, suffix);
}

static inline void freep(void *p) {
        free(*(void **) p);
}

static inline void *mfree(void *p) {
        free(p);
        return NULL;
}

/* Closes an fd if it is one, without touching errno; returns -EBADF to assign back. */
static inline int safe_close(int fd) {
        if (fd >= 0) {
                int saved = errno;

                (void) close(fd);
                errno = saved;
        }
        return -EBADF;
}

static inline void closep(int *fd) {
        safe_close(*fd);
}

/* Replaces *p by a copy of s (NULL for NULL). Returns 0 or -ENOMEM with *p untouched. */
static inline int free_and_strdup(char **p, const char *s) {
        char *t = NULL;

        if (s) {
                t = strdup(s);
                if (!t)
                        return -ENOMEM;
        }
        free(*p);
        *p = t;
        return 0;
}

/* An enum's string table: defines NAME_to_string() (NULL if out of range) and NAME_from_string() (-EINVAL if unknown). */
#define DECLARE_STRING_TABLE(name, type)                \
        const char *name##_to_string(type v);           \
        type name##_from_string(const char *s)

#define DEFINE_STRING_TABLE(name, type)                                         \
        const char *name##_to_string(type v) {                                  \
                if ((int) v < 0 || (size_t) v >= ELEMENTSOF(name##_table))      \
                        return NULL;                                            \
                return name##_table[v];                                         \
        }                                                                       \
        type name##_from_string(const char *s) {                                \
                for (size_t i = 0; s && i < ELEMENTSOF(name##_table); i++)      \
                        if (name##_table[i] && streq(name##_table[i], s))       \
                                return (type) i;                                \
                return (type) -EINVAL;                                          \
        }
