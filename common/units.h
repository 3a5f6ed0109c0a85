/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Numbers and times as people write and read them. All strict: the whole text or nothing. */

#include "macro.h"

#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC UINT64_C(1000000)

/* Whole decimal numbers: no blanks, no '+', no leading zeros (which elsewhere mean octal).
 * Returns -EINVAL if it is no such number, -ERANGE if it does not fit. */
int parse_u64(const char *text, uint64_t *ret);
int parse_s64(const char *text, int64_t *ret);

/* true, yes, on or false, no, off. Returns -EINVAL for anything else. */
int parse_bool(const char *text, bool *ret);

/* A time with its unit: "5s", "1s 500ms", "2min", with us, ms, s, min, h or d; each unit at most once, the larger first.
 * Returns -EINVAL if it is none, -ENODATA if it is a number without a unit, -ERANGE if it does not fit. */
int parse_duration(const char *text, uint64_t *ret_usec);

/* The same backwards, into a buffer of this size: exact with max_parts 0, else only the largest so many units ("3min 20s"; what
 * lies below is cut off). Returns the buffer. */
#define DURATION_MAX 64u
const char *format_duration(char buffer[static DURATION_MAX], uint64_t usec, unsigned max_parts);
