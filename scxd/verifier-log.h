/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What libbpf and the kernel's verifier say when they refuse a program: kept within bounds, and cut down to the lines that help. */

#include "macro.h"

#define BOUNDED_LOG_HEAD_MAX (32u * 1024u)
#define BOUNDED_LOG_TAIL_MAX (128u * 1024u)

/* A text of which only the beginning and the end are kept. Starts all zero; nothing to free. */
typedef struct BoundedLog {
        size_t n_head;
        uint64_t n_rest;                /* bytes that came after head was full: the last of them are in tail */
        char head[BOUNDED_LOG_HEAD_MAX];
        char tail[BOUNDED_LOG_TAIL_MAX];        /* a ring */
} BoundedLog;

void bounded_log_clear(BoundedLog *l);
void bounded_log_append(BoundedLog *l, const char *text, size_t size);

/* What was kept, with a line that tells of the gap; newly allocated, NULL if out of memory. */
char *bounded_log_text(const BoundedLog *l);

/* What libbpf puts around a verifier's log. */
#define VERIFIER_LOG_BEGIN "-- BEGIN PROG LOAD LOG --"
#define VERIFIER_LOG_END "-- END PROG LOAD LOG --"

/* Why a load failed, from all that libbpf printed (the verifier's log included): the program, the last complaint, and the source line
 * and instruction it is about; without a verifier's log the last lines of libbpf itself. A few lines without a newline at the end,
 * newly allocated; "" if the text says nothing of use; NULL if out of memory. Pure. */
char *verifier_log_explain(const char *text);
