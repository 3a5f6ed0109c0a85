/* SPDX-License-Identifier: GPL-2.0-only */
#include "output.h"

#include <langinfo.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <wchar.h>

#include "diag.h"
#include "units.h"

#define COLUMNS_MAX 10000u

static const char *const style_codes[_STYLE_MAX] = {
        [STYLE_PLAIN] = "",
        [STYLE_BOLD] = "\x1b[1m",
        [STYLE_DIM] = "\x1b[2m",
        [STYLE_GOOD] = "\x1b[1;32m",
        [STYLE_WARNING] = "\x1b[1;33m",
        [STYLE_BAD] = "\x1b[1;31m",
};

bool output_wants_colour(bool is_terminal, const char *no_color, const char *term) {
        return is_terminal && strempty(no_color)[0] == '\0' && term && !streq(term, "") && !streq(term, "dumb");
}

unsigned output_columns(bool is_terminal, const char *columns, unsigned terminal_columns) {
        char *end = NULL;
        unsigned long n;

        if (columns && *columns >= '0' && *columns <= '9') {
                errno = 0;
                n = strtoul(columns, &end, 10);
                if (errno == 0 && *end == '\0' && n > 0 && n <= COLUMNS_MAX)
                        return n;
        }
        if (!is_terminal)
                return 0;
        return terminal_columns > 0 ? terminal_columns : 80;
}

void output_init(Output *o, FILE *file) {
        bool is_terminal = isatty(fileno(file));
        struct winsize size = {};

        if (is_terminal)
                (void) ioctl(fileno(file), TIOCGWINSZ, &size);
        *o = (Output) {
                .file = file,
                .colour = output_wants_colour(is_terminal, getenv("NO_COLOR"), getenv("TERM")),
                .utf8 = streq(nl_langinfo(CODESET), "UTF-8"),
                .width = output_columns(is_terminal, getenv("COLUMNS"), size.ws_col),
        };
}

int output_finish(Output *o) {
        errno = 0;
        if ((fflush(o->file) != 0 || ferror(o->file)) && o->error == 0)
                o->error = errno > 0 ? -errno : -EIO;
        return o->error;
}

static void put(Output *o, const char *s) {
        if (o->error == 0 && fputs(s, o->file) == EOF)
                o->error = errno > 0 ? -errno : -EIO;
}

static void put_spaces(Output *o, size_t n) {
        for (size_t i = 0; i < n; i++)
                put(o, " ");
}

static void put_styled(Output *o, Style style, const char *s) {
        bool styled = o->colour && style != STYLE_PLAIN;

        if (styled)
                put(o, style_codes[style]);
        put(o, s);
        if (styled)
                put(o, "\x1b[0m");
}

/* Reads one character of a string. Returns its length, 1 with U+FFFD for a byte that is no UTF-8. */
static size_t next_character(const char *s, uint32_t *ret) {
        int n = utf8_decode(s, strnlen(s, 4), ret);

        if (n > 0)
                return (size_t) n;
        *ret = 0xfffd;
        return 1;
}

/* Controls, and what makes text look other than it is: reordering or invisible characters. */
static bool is_harmful(uint32_t c) {
        return !utf8_is_printable(c) || c == 0x7f || c == 0xad || (c >= 0x200b && c <= 0x200f) || (c >= 0x2060 && c <= 0x206f) ||
                (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

char *text_escape(const char *s, unsigned flags) {
        size_t n = strlen(s), used = 0;
        char *t;

        /* At most four for each byte: "\xff" for one, "\u0085" for two, "\U000e0001" for four. */
        if (n > (SIZE_MAX - 16) / 4)
                return NULL;
        t = malloc(n * 4 + 16);
        if (!t)
                return NULL;
        while (*s) {
                uint32_t c;
                size_t length = next_character(s, &c);

                if (c == 0xfffd && length == 1)
                        used += sprintf(t + used, "\\x%02x", (unsigned char) *s);
                else if (c == '\n' && (flags & TEXT_LINES))
                        t[used++] = '\n';
                else if (c == '\n' || c == '\t' || c == '\r') {
                        t[used++] = '\\';
                        t[used++] = c == '\n' ? 'n' : c == '\t' ? 't' : 'r';
                } else if (c < 0x80 && is_harmful(c))
                        used += sprintf(t + used, "\\x%02x", c);
                else if (is_harmful(c) || (c >= 0x80 && !(flags & TEXT_UTF8)))
                        used += sprintf(t + used, c > 0xffff ? "\\U%08x" : "\\u%04x", c);
                else {
                        memcpy(t + used, s, length);
                        used += length;
                }
                s += length;
        }
        t[used] = '\0';
        return t;
}

static size_t character_width(uint32_t c) {
        int w = wcwidth((wchar_t) c);

        return w < 0 ? 1 : (size_t) w;
}

size_t text_width(const char *s) {
        size_t width = 0;

        while (*s) {
                uint32_t c;

                s += next_character(s, &c);
                width += character_width(c);
        }
        return width;
}

char *text_wrap(const char *s, size_t width, size_t indent) {
        _cleanup_(freep) char *t = NULL;
        size_t size = 0, column = indent;
        FILE *f;

        f = open_memstream(&t, &size);
        if (!f)
                return NULL;
        while (*s) {
                size_t spaces = strspn(s, " "), word = strcspn(s + spaces, " \n");
                _cleanup_(freep) char *copy = strndup(s + spaces, word);
                size_t columns;

                if (!copy) {
                        fclose(f);
                        return NULL;
                }
                columns = text_width(copy);
                if (width > 0 && word > 0 && column > indent && column + spaces + columns > width) {
                        fprintf(f, "\n%*s", (int) indent, "");
                        column = indent;
                        spaces = 0;
                }
                /* Spaces at the end of a line show nothing. */
                if (word > 0) {
                        fprintf(f, "%*s%s", (int) spaces, "", copy);
                        column += spaces + columns;
                }
                s += strspn(s, " ") + word;
                if (*s == '\n') {
                        s++;
                        if (*s && *s != '\n')
                                fprintf(f, "\n%*s", (int) indent, "");
                        else if (*s)
                                fputc('\n', f);
                        column = indent;
                }
        }
        if (fclose(f) != 0)
                return NULL;
        return TAKE_PTR(t);
}

char *text_cut(const char *s, size_t width, bool utf8) {
        const char *ellipsis = utf8 ? "\xe2\x80\xa6" : "...";
        size_t room = utf8 ? 1 : 3, used = 0, end = 0;
        char *t;

        if (text_width(s) <= width)
                return strdup(s);
        if (width < room)
                return strndup("...", width);
        while (s[end]) {
                uint32_t c;
                size_t length = next_character(s + end, &c), columns = character_width(c);

                if (used + columns + room > width)
                        break;
                used += columns;
                end += length;
        }
        while (end > 0 && s[end - 1] == ' ')
                end--;
        if (asprintf(&t, "%.*s%s", (int) end, s, ellipsis) < 0)
                return NULL;
        return t;
}

static char *escape_format(Output *o, unsigned flags, const char *format, va_list arguments) {
        _cleanup_(freep) char *raw = NULL;
        char *escaped;

        if (vasprintf(&raw, format, arguments) < 0)
                raw = NULL;
        escaped = raw ? text_escape(raw, flags | (o->utf8 ? TEXT_UTF8 : 0)) : NULL;
        if (!escaped && o->error == 0)
                o->error = -ENOMEM;
        return escaped;
}

void output_line(Output *o, Style style, const char *format, ...) {
        _cleanup_(freep) char *text = NULL;
        va_list arguments;

        va_start(arguments, format);
        text = escape_format(o, 0, format, arguments);
        va_end(arguments);
        if (!text)
                return;
        put_styled(o, style, text);
        put(o, "\n");
}

void output_message(Output *o, const char *prefix, Style style, const char *format, ...) {
        _cleanup_(freep) char *text = NULL, *whole = NULL, *wrapped = NULL;
        va_list arguments;

        va_start(arguments, format);
        text = escape_format(o, TEXT_LINES, format, arguments);
        va_end(arguments);
        if (!text)
                return;
        if (asprintf(&whole, "%s: %s", prefix, text) < 0)
                whole = NULL;
        wrapped = whole ? text_wrap(whole, o->width, 2) : NULL;
        if (!wrapped) {
                o->error = o->error ?: -ENOMEM;
                return;
        }
        put_styled(o, style, wrapped);
        put(o, "\n");
}

void output_field(Output *o, size_t label_width, const char *label, Style style, const char *format, ...) {
        _cleanup_(freep) char *text = NULL, *wrapped = NULL;
        size_t indent = label_width + 2, width = text_width(label);
        va_list arguments;

        va_start(arguments, format);
        text = escape_format(o, TEXT_LINES, format, arguments);
        va_end(arguments);
        if (!text)
                return;
        /* On a terminal too narrow for the labels, wrapping would leave a word a line. */
        wrapped = text_wrap(text, o->width > indent + 20 ? o->width : 0, indent);
        if (!wrapped) {
                o->error = o->error ?: -ENOMEM;
                return;
        }
        put_spaces(o, label_width > width ? label_width - width : 0);
        put(o, label);
        put(o, *label ? ": " : "  ");
        put_styled(o, style, wrapped);
        put(o, "\n");
}

void output_text(Output *o, const char *text) {
        _cleanup_(freep) char *escaped = text_escape(text, TEXT_LINES | (o->utf8 ? TEXT_UTF8 : 0));

        if (!escaped) {
                o->error = o->error ?: -ENOMEM;
                return;
        }
        put(o, escaped);
        if (!endswith(escaped, "\n"))
                put(o, "\n");
}

void output_json(Output *o, sd_json_variant *v, bool pretty) {
        _cleanup_(freep) char *text = NULL;
        sd_json_format_flags_t flags = SD_JSON_FORMAT_NEWLINE;
        int r;

        if (pretty)
                flags |= SD_JSON_FORMAT_PRETTY;
        if (o->colour)
                flags |= SD_JSON_FORMAT_COLOR;
        r = sd_json_variant_format(v, flags, &text);
        if (r < 0) {
                o->error = o->error ?: r;
                return;
        }
        /* The formatter escapes what JSON says must be; what else harms a terminal occurs in strings only, where \u is as good. */
        for (const char *p = text; *p;) {
                uint32_t c;
                size_t length = next_character(p, &c);

                if (c >= 0x7f && (is_harmful(c) || (c == 0xfffd && length == 1))) {
                        char hex[16];

                        if (c > 0xffff)
                                sprintf(hex, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
                        else
                                sprintf(hex, "\\u%04x", c);
                        put(o, hex);
                } else if (o->error == 0 && fwrite(p, 1, length, o->file) != length)
                        o->error = errno > 0 ? -errno : -EIO;
                p += length;
        }
}

struct Table {
        const char *const *headings;
        size_t n_columns;
        char **cells;
        Style *styles;
        size_t n_rows;
        size_t n_allocated;
};

int table_new(const char *const *headings, size_t n_columns, Table **ret) {
        Table *t;

        assert(n_columns > 0 && n_columns <= TABLE_COLUMNS_MAX);
        t = malloc(sizeof(*t));
        if (!t)
                return -ENOMEM;
        *t = (Table) { .headings = headings, .n_columns = n_columns };
        *ret = t;
        return 0;
}

Table *table_free(Table *t) {
        if (!t)
                return NULL;
        for (size_t i = 0; i < t->n_rows * t->n_columns; i++)
                free(t->cells[i]);
        free(t->cells);
        free(t->styles);
        return mfree(t);
}

size_t table_n_rows(const Table *t) {
        return t->n_rows;
}

int table_add(Table *t, Style style, const char *const *cells) {
        char **row;

        if (t->n_rows == t->n_allocated) {
                size_t n = t->n_allocated > 0 ? t->n_allocated * 2 : 16;
                char **more_cells = reallocarray(t->cells, n * t->n_columns, sizeof(*t->cells));
                Style *more_styles;

                if (!more_cells)
                        return -ENOMEM;
                t->cells = more_cells;
                more_styles = reallocarray(t->styles, n, sizeof(*t->styles));
                if (!more_styles)
                        return -ENOMEM;
                t->styles = more_styles;
                t->n_allocated = n;
        }
        row = t->cells + t->n_rows * t->n_columns;
        for (size_t i = 0; i < t->n_columns; i++) {
                row[i] = strdup(strempty(cells[i]));
                if (!row[i]) {
                        while (i > 0)
                                free(row[--i]);
                        return -ENOMEM;
                }
        }
        t->styles[t->n_rows++] = style;
        return 0;
}

#define COLUMN_GAP 2u
#define COLUMN_MIN 8u

/* Takes from the last column first, then from whichever is widest, until all fit or all are as narrow as they may be. */
static void fit_columns(size_t *widths, size_t n, size_t indent, size_t limit) {
        size_t total = indent + (n - 1) * COLUMN_GAP, last = n - 1;

        for (size_t i = 0; i < n; i++)
                total += widths[i];
        if (total > limit && widths[last] > COLUMN_MIN * 3) {
                size_t take = MIN(total - limit, widths[last] - COLUMN_MIN * 3);

                widths[last] -= take;
                total -= take;
        }
        while (total > limit) {
                size_t widest = 0;

                for (size_t i = 1; i < n; i++)
                        if (widths[i] > widths[widest])
                                widest = i;
                if (widths[widest] <= COLUMN_MIN)
                        return;
                widths[widest]--;
                total--;
        }
}

static void print_row(const Table *t, Output *o, size_t indent, const size_t *widths, Style style, const char *const *cells) {
        size_t pending = indent;
        bool styled = o->colour && style != STYLE_PLAIN;

        if (styled)
                put(o, style_codes[style]);
        for (size_t i = 0; i < t->n_columns; i++) {
                _cleanup_(freep) char *escaped = text_escape(strempty(cells[i]), o->utf8 ? TEXT_UTF8 : 0), *cut = NULL;
                size_t width;

                cut = escaped ? text_cut(escaped, widths[i], o->utf8) : NULL;
                if (!cut) {
                        o->error = o->error ?: -ENOMEM;
                        return;
                }
                width = text_width(cut);
                /* No spaces at the end of a line. */
                if (width > 0) {
                        put_spaces(o, pending);
                        put(o, cut);
                        pending = 0;
                }
                pending += widths[i] - MIN(widths[i], width) + COLUMN_GAP;
        }
        if (styled)
                put(o, "\x1b[0m");
        put(o, "\n");
}

void table_print(const Table *t, Output *o, size_t indent, bool with_headings) {
        size_t widths[TABLE_COLUMNS_MAX] = {};

        for (size_t i = 0; i < t->n_columns; i++)
                widths[i] = with_headings ? text_width(t->headings[i]) : 0;
        for (size_t i = 0; i < t->n_rows * t->n_columns; i++) {
                _cleanup_(freep) char *escaped = text_escape(t->cells[i], o->utf8 ? TEXT_UTF8 : 0);

                if (!escaped) {
                        o->error = o->error ?: -ENOMEM;
                        return;
                }
                widths[i % t->n_columns] = MAX(widths[i % t->n_columns], text_width(escaped));
        }
        if (o->width > 0)
                fit_columns(widths, t->n_columns, indent, o->width);
        if (with_headings)
                print_row(t, o, indent, widths, STYLE_DIM, t->headings);
        for (size_t i = 0; i < t->n_rows; i++)
                print_row(t, o, indent, widths, t->styles[i], (const char *const *) t->cells + i * t->n_columns);
}

uint64_t clock_usec(clockid_t clock) {
        struct timespec t = {};

        (void) clock_gettime(clock, &t);
        return (uint64_t) t.tv_sec * USEC_PER_SEC + (uint64_t) t.tv_nsec / 1000;
}

char *format_timestamp(uint64_t usec) {
        time_t seconds = usec / USEC_PER_SEC;
        struct tm tm;
        char text[100];

        if (usec == 0)
                return strdup("never");
        if (!localtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900 || strftime(text, sizeof(text), "%a %Y-%m-%d %H:%M:%S %Z", &tm) == 0)
                return strdup("at an impossible time");
        return strdup(text);
}

char *format_relative(uint64_t usec, uint64_t now) {
        bool future = usec > now;
        uint64_t distance = future ? usec - now : now - usec;
        char duration[DURATION_MAX], *t;

        distance -= distance % USEC_PER_SEC;
        if (distance == 0)
                return strdup("just now");
        (void) format_duration(duration, distance, 2);
        if (asprintf(&t, "%s%s%s", future ? "in " : "", duration, future ? "" : " ago") < 0)
                return NULL;
        return t;
}
