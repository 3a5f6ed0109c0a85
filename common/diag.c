/* SPDX-License-Identifier: GPL-2.0-only */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>

#define MESSAGE_MAX 1024u       /* bytes of one message */
#define QUOTED_MAX 72u          /* bytes of text shown by diagnostic_quote() */
#define SUGGEST_MAX 63u         /* longest word that is compared */

int utf8_decode(const char *text, size_t size, uint32_t *ret) {
        static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
        const unsigned char *t = (const unsigned char *) text;
        uint32_t c;
        size_t n;

        if (size == 0)
                return -EINVAL;
        if (t[0] < 0x80) {
                *ret = t[0];
                return 1;
        }
        if (t[0] >= 0xc2 && t[0] <= 0xdf)
                n = 2;
        else if (t[0] >= 0xe0 && t[0] <= 0xef)
                n = 3;
        else if (t[0] >= 0xf0 && t[0] <= 0xf4)
                n = 4;
        else
                return -EINVAL;
        if (size < n)
                return -EINVAL;

        c = t[0] & (0x7fu >> n);
        for (size_t i = 1; i < n; i++) {
                if ((t[i] & 0xc0) != 0x80)
                        return -EINVAL;
                c = c << 6 | (t[i] & 0x3f);
        }
        if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return -EINVAL;
        *ret = c;
        return (int) n;
}

bool utf8_is_printable(uint32_t c) {
        if (c < 0x20 || (c >= 0x7f && c <= 0x9f))
                return false;
        if (c == 0x2028 || c == 0x2029)                                 /* line and paragraph separators */
                return false;
        if ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x061c)
                return false;                                           /* they make text look like another text */
        if (c == 0xfeff || (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe)
                return false;
        return true;
}

/* Copies text with everything unprintable as \xNN; what does not fit in `max` bytes (without the NUL) becomes "…". */
static void clean_copy(char *out, size_t max, const char *text) {
        static const char ellipsis[] = "…";
        size_t n = 0, fits = 0, left = strlen(text);

        while (left > 0) {
                char piece[4 * 4 + 1];
                uint32_t c;
                int k, bytes;

                k = utf8_decode(text, left, &c);
                if (k > 0 && utf8_is_printable(c)) {
                        memcpy(piece, text, (size_t) k);
                        bytes = k;
                } else {
                        bytes = 0;
                        k = MAX(k, 1);
                        for (int i = 0; i < k; i++)
                                bytes += snprintf(piece + bytes, sizeof(piece) - (size_t) bytes, "\\x%02x",
                                                  (unsigned char) text[i]);
                }

                if (n + (size_t) bytes > max) {
                        memcpy(out + fits, ellipsis, sizeof(ellipsis));
                        return;
                }
                memcpy(out + n, piece, (size_t) bytes);
                n += (size_t) bytes;
                if (n + sizeof(ellipsis) - 1 <= max)
                        fits = n;       /* up to here "…" still fits behind it */
                text += k;
                left -= (size_t) k;
        }
        out[n] = '\0';
}

const char *diagnostic_quote(char buffer[static DIAGNOSTIC_QUOTE_MAX], const char *text) {
        _Static_assert(QUOTED_MAX + 3 <= DIAGNOSTIC_QUOTE_MAX, "the quotes and the NUL must fit");

        buffer[0] = '\'';
        clean_copy(buffer + 1, QUOTED_MAX, text);
        strcat(buffer, "'");
        return buffer;
}

/* How many letters must be changed, added, left out or swapped with their neighbour. */
static size_t word_distance(const char *a, const char *b) {
        size_t n = strlen(a), m = strlen(b), rows[3][SUGGEST_MAX + 1];

        for (size_t j = 0; j <= m; j++)
                rows[0][j] = j;
        for (size_t i = 1; i <= n; i++) {
                size_t *before = rows[(i + 1) % 3], *previous = rows[(i - 1) % 3], *row = rows[i % 3];

                row[0] = i;
                for (size_t j = 1; j <= m; j++) {
                        row[j] = MIN(MIN(previous[j], row[j - 1]) + 1, previous[j - 1] + (a[i - 1] != b[j - 1]));
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                                row[j] = MIN(row[j], before[j - 2] + 1);
                }
        }
        return rows[n % 3][m];
}

const char *diagnostic_suggest(const char *found, const char *const *candidates, size_t n_candidates) {
        size_t length = strlen(found), best = SIZE_MAX;
        const char *suggestion = NULL;

        if (length == 0 || length > SUGGEST_MAX)
                return NULL;
        for (size_t i = 0; i < n_candidates; i++) {
                size_t distance;

                if (!candidates[i] || candidates[i][0] == '\0' || strlen(candidates[i]) > SUGGEST_MAX)
                        continue;
                distance = word_distance(found, candidates[i]);
                if (distance == 0 || distance > MAX(length / 3, (size_t) 1) || distance >= strlen(candidates[i]))
                        continue;
                if (distance < best) {
                        best = distance;
                        suggestion = candidates[i];
                }
        }
        return suggestion;
}

void diagnostics_done(Diagnostics *d) {
        if (!d)
                return;
        for (size_t i = 0; i < d->n_items; i++) {
                free(d->items[i].file);
                free(d->items[i].message);
        }
        free(d->items);
        *d = (Diagnostics) { 0 };
}

int diagnostics_add(Diagnostics *d, const char *file, Position position, const char *format, ...) {
        _cleanup_(freep) char *raw = NULL, *message = NULL, *copy = NULL;
        va_list ap;
        int n;

        if (d->n_items >= DIAGNOSTICS_MAX) {
                d->n_dropped++;
                return -EINVAL;
        }

        va_start(ap, format);
        n = vasprintf(&raw, format, ap);
        va_end(ap);
        if (n < 0) {
                raw = NULL;
                return -ENOMEM;
        }

        message = malloc(MESSAGE_MAX + 1);
        copy = strdup(file);
        if (!message || !copy)
                return -ENOMEM;
        clean_copy(message, MESSAGE_MAX, raw);

        if ((d->n_items & (d->n_items - 1)) == 0) {     /* full whenever it is a power of two */
                Diagnostic *items = reallocarray(d->items, d->n_items > 0 ? d->n_items * 2 : 1, sizeof(*items));

                if (!items)
                        return -ENOMEM;
                d->items = items;
        }
        d->items[d->n_items++] = (Diagnostic) { .file = TAKE_PTR(copy), .position = position, .message = TAKE_PTR(message) };
        return -EINVAL;
}

char *diagnostic_format(const Diagnostic *d) {
        char *text = NULL, file[MESSAGE_MAX + 1];
        int n;

        clean_copy(file, MESSAGE_MAX, d->file);
        if (d->position.line == 0)
                n = asprintf(&text, "%s: %s", file, d->message);
        else if (d->position.column == 0)
                n = asprintf(&text, "%s:%u: %s", file, d->position.line, d->message);
        else
                n = asprintf(&text, "%s:%u:%u: %s", file, d->position.line, d->position.column, d->message);
        return n < 0 ? NULL : text;
}

char *diagnostics_format(const Diagnostics *d) {
        char *text = NULL;
        size_t size = 0;
        FILE *f;

        f = open_memstream(&text, &size);
        if (!f)
                return NULL;
        for (size_t i = 0; i < d->n_items; i++) {
                _cleanup_(freep) char *line = diagnostic_format(d->items + i);

                if (!line) {
                        (void) fclose(f);
                        return mfree(text);
                }
                (void) fprintf(f, "%s%s", i > 0 ? "\n" : "", line);
        }
        if (d->n_dropped > 0)
                (void) fprintf(f, "\nand %zu more", d->n_dropped);
        if (ferror(f)) {
                (void) fclose(f);
                return mfree(text);
        }
        return fclose(f) == 0 ? text : mfree(text);
}
