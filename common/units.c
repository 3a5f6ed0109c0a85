/* SPDX-License-Identifier: GPL-2.0-only */
#include "units.h"

#include <stdio.h>

/* Reads digits from *p on and moves it behind them. */
static int scan_number(const char **p, uint64_t *ret) {
        const char *s = *p;
        uint64_t v = 0;
        bool overflow = false;

        if (*s < '0' || *s > '9')
                return -EINVAL;
        if (s[0] == '0' && s[1] >= '0' && s[1] <= '9')
                return -EINVAL;
        for (; *s >= '0' && *s <= '9'; s++)
                if (__builtin_mul_overflow(v, UINT64_C(10), &v) || __builtin_add_overflow(v, (uint64_t) (*s - '0'), &v))
                        overflow = true;        /* read on: "99999999999999999999x" is no number at all */
        *p = s;
        if (overflow)
                return -ERANGE;
        *ret = v;
        return 0;
}

int parse_u64(const char *text, uint64_t *ret) {
        const char *end = text;
        uint64_t v = 0;
        int r;

        r = scan_number(&end, &v);
        if (r == -EINVAL || *end != '\0')
                return -EINVAL;
        if (r < 0)
                return r;
        *ret = v;
        return 0;
}

int parse_s64(const char *text, int64_t *ret) {
        bool negative = text[0] == '-';
        uint64_t v;
        int r;

        r = parse_u64(text + negative, &v);
        if (r < 0)
                return r;
        if (v > (uint64_t) INT64_MAX + negative)
                return -ERANGE;
        *ret = (int64_t) (negative ? -v : v);
        return 0;
}

int parse_bool(const char *text, bool *ret) {
        static const char *const words[] = { "false", "true", "no", "yes", "off", "on" };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (streq(text, words[i])) {
                        *ret = i % 2;
                        return 0;
                }
        return -EINVAL;
}

static const struct {
        const char *name;
        uint64_t usec;
} duration_units[] = {
        { "d",   UINT64_C(86400) * USEC_PER_SEC },
        { "h",   UINT64_C(3600) * USEC_PER_SEC },
        { "min", UINT64_C(60) * USEC_PER_SEC },
        { "s",   USEC_PER_SEC },
        { "ms",  USEC_PER_MSEC },
        { "us",  1 },
};

int parse_duration(const char *text, uint64_t *ret_usec) {
        const char *p = text;
        size_t next = 0;        /* only units from here on may still come */
        uint64_t sum = 0;
        bool overflow = false;

        do {
                uint64_t v = 0;
                size_t length, unit;
                int r;

                r = scan_number(&p, &v);
                if (r == -EINVAL)
                        return r;
                if (r == -ERANGE)
                        overflow = true;

                p += strspn(p, " ");
                length = strspn(p, "abcdefghijklmnopqrstuvwxyz");
                if (length == 0)
                        return *p == '\0' && next == 0 ? -ENODATA : -EINVAL;
                for (unit = next; unit < ELEMENTSOF(duration_units); unit++)
                        if (strlen(duration_units[unit].name) == length && strncmp(duration_units[unit].name, p, length) == 0)
                                break;
                if (unit >= ELEMENTSOF(duration_units))
                        return -EINVAL;
                next = unit + 1;
                p += length;

                if (__builtin_mul_overflow(v, duration_units[unit].usec, &v) || __builtin_add_overflow(sum, v, &sum))
                        overflow = true;
                if (*p == ' ') {
                        p += strspn(p, " ");
                        if (*p == '\0')
                                return -EINVAL;
                }
        } while (*p != '\0');

        if (overflow)
                return -ERANGE;
        *ret_usec = sum;
        return 0;
}

const char *format_duration(char buffer[static DURATION_MAX], uint64_t usec, unsigned max_parts) {
        size_t n = 0;
        unsigned parts = 0;

        for (size_t i = 0; i < ELEMENTSOF(duration_units); i++) {
                uint64_t v = usec / duration_units[i].usec;

                if (max_parts > 0 && parts >= max_parts)
                        break;
                if (parts > 0)
                        parts++;        /* a unit that is 0 counts too: "1h" rather than "1h 5us" */
                if (v == 0)
                        continue;
                if (parts == 0)
                        parts = 1;
                usec %= duration_units[i].usec;
                n += (size_t) snprintf(buffer + n, DURATION_MAX - n, "%s%llu%s", n > 0 ? " " : "", (unsigned long long) v,
                                       duration_units[i].name);
        }
        if (n == 0)
                (void) snprintf(buffer, DURATION_MAX, "0s");
        return buffer;
}
