/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What is wrong with a file, where: collected rather than printed, so that daemon, CLI and tests show the same. */

#include "macro.h"

/* A place in a file. line and column count from 1; 0 means "the file as a whole". */
typedef struct Position {
        unsigned line;
        unsigned column;
} Position;

typedef struct Diagnostic {
        char *file;
        Position position;
        char *message;          /* "found X, expected Y", one line, no trailing full stop */
} Diagnostic;

/* At most DIAGNOSTICS_MAX are kept; the rest are only counted, so that a hostile file cannot fill the memory. */
#define DIAGNOSTICS_MAX 1000

typedef struct Diagnostics {
        Diagnostic *items;
        size_t n_items;
        size_t n_dropped;
} Diagnostics;

void diagnostics_done(Diagnostics *d);

/* Adds one. Returns -EINVAL always (-ENOMEM if out of memory), so that a parser can `return diagnostics_add(…)`. */
int diagnostics_add(Diagnostics *d, const char *file, Position position, const char *format, ...) _printf_(4, 5);

/* "file:line:column: message" (without line and column where there are none), newly allocated. NULL if out of memory. */
char *diagnostic_format(const Diagnostic *d);

/* All of them, one a line (no newline at the end), newly allocated; "" if none. NULL if out of memory. */
char *diagnostics_format(const Diagnostics *d);

/* Text from a file as messages show it: in single quotes, shortened, with what cannot be printed as \xNN. */
#define DIAGNOSTIC_QUOTE_MAX 128u
const char *diagnostic_quote(char buffer[static DIAGNOSTIC_QUOTE_MAX], const char *text);
#define QUOTE(text) diagnostic_quote((char[DIAGNOSTIC_QUOTE_MAX]) { 0 }, text)

/* The candidate that was probably meant by what was found; NULL if none is close. Candidates may be NULL. */
const char *diagnostic_suggest(const char *found, const char *const *candidates, size_t n_candidates);

/* Decodes one character of UTF-8: returns its length in bytes, or -EINVAL if the bytes are no valid UTF-8. */
int utf8_decode(const char *text, size_t size, uint32_t *ret);

/* false for control characters, line breaks of any kind, marks that change the direction of writing, and what is no character. */
bool utf8_is_printable(uint32_t c);

/* The worse of two results, for going on after an error to find the next: -ENOMEM, then other errors, then success. */
static inline int worse(int a, int b) {
        if (a == -ENOMEM || b == -ENOMEM)
                return -ENOMEM;
        return a < 0 ? a : b;
}
