/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* How scxctl writes: text that cannot harm a terminal, lines, fields and tables that fit it, JSON, times.
 * Whatever goes through these functions is escaped first, so that no caller needs to remember. */

#include <stdio.h>
#include <time.h>
#include <systemd/sd-json.h>

#include "macro.h"

typedef enum Style {
        STYLE_PLAIN,
        STYLE_BOLD,
        STYLE_DIM,
        STYLE_GOOD,
        STYLE_WARNING,
        STYLE_BAD,
        _STYLE_MAX,
} Style;

/* Where to write, and what it can show. */
typedef struct Output {
        FILE *file;
        bool colour;
        bool utf8;
        unsigned width;         /* columns; 0: no limit (a pipe or a file) */
        int error;              /* the first failure (negative errno), for output_finish() */
} Output;

/* Asks the environment: NO_COLOR and TERM=dumb say no to colour, the locale allows UTF-8 (after setlocale()), the terminal or
 * COLUMNS tells the width. */
void output_init(Output *o, FILE *file);

/* Flushes. Returns the first failure since output_init(), else 0. */
int output_finish(Output *o);

/* What output_init() decides, by itself. Pure. */
bool output_wants_colour(bool is_terminal, const char *no_color, const char *term);
unsigned output_columns(bool is_terminal, const char *columns, unsigned terminal_columns);

enum {
        TEXT_UTF8 = 1 << 0,     /* leave printable characters beyond ASCII alone */
        TEXT_LINES = 1 << 1,    /* leave line breaks alone */
};

/* Newly allocated copy with control characters, characters that reorder or hide text, and bytes that are not UTF-8 spelled out
 * ("\x1b", "\u202e"). NULL if out of memory. Pure. */
char *text_escape(const char *s, unsigned flags);

/* How many columns it takes on a terminal. Pure but for the locale. */
size_t text_width(const char *s);

/* Breaks lines at spaces so that they end by column width (0: never), lines after the first indented. A word too long stays whole, so
 * that paths can be copied. Newly allocated, NULL if out of memory. */
char *text_wrap(const char *s, size_t width, size_t indent);

/* Cuts to this many columns, the end replaced by an ellipsis. Newly allocated, NULL if out of memory. */
char *text_cut(const char *s, size_t width, bool utf8);

/* One line. What the arguments contain cannot begin another. */
void output_line(Output *o, Style style, const char *format, ...) _printf_(3, 4);

/* "prefix: text", wrapped, further lines indented: for complaints of one or more lines. */
void output_message(Output *o, const char *prefix, Style style, const char *format, ...) _printf_(4, 5);

/* "  Label: text", the label right-aligned to label_width columns, the text wrapped and its further lines aligned. */
void output_field(Output *o, size_t label_width, const char *label, Style style, const char *format, ...) _printf_(5, 6);

/* Text as it is but for what harms a terminal: line breaks stay. A line break is added at the end if there is none. */
void output_text(Output *o, const char *text);

/* The JSON value and a line break; over several lines if pretty. */
void output_json(Output *o, sd_json_variant *v, bool pretty);

typedef struct Table Table;

#define TABLE_COLUMNS_MAX 12u

/* headings: one for each column; the array must outlive the table. */
int table_new(const char *const *headings, size_t n_columns, Table **ret);
Table *table_free(Table *t);
DEFINE_POINTER_CLEANUP(Table *, table_free);

/* Adds a row of n_columns texts (NULL is ""), copied. */
int table_add(Table *t, Style style, const char *const *cells);

size_t table_n_rows(const Table *t);

/* Writes it indented; the last column is cut first, then the widest, where the terminal is too narrow. */
void table_print(const Table *t, Output *o, size_t indent, bool with_headings);

/* "Sat 2026-11-21 10:11:12 UTC" in the local time zone; "never" for 0. Newly allocated, NULL if out of memory. */
char *format_timestamp(uint64_t usec);

/* "3min 5s ago", "in 2h 1min", "just now". Newly allocated, NULL if out of memory. Pure. */
char *format_relative(uint64_t usec, uint64_t now_usec);

uint64_t clock_usec(clockid_t clock);
