/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The time under EEVDF, seen from inside the kernel. One definition for all ways of switching:
 *
 *   begin   the last task left the old scheduler (switched_from_scx() was called for it); it was announced as removed afterwards
 *   end     the new scheduler was announced as added, which the kernel does as it becomes "enabled" */

#include "gap.h"
#include "macro.h"

typedef struct GapTrace GapTrace;

/* Attaches the tracing. Returns negative errno, having said on stderr what is wrong. */
int gap_trace_new(const char *object, GapTrace **ret);
GapTrace *gap_trace_free(GapTrace *t);
DEFINE_POINTER_CLEANUP(GapTrace *, gap_trace_free);

/* Forgets what was seen. */
void gap_trace_reset(GapTrace *t);

/* How often the kernel announced anything since then. */
unsigned gap_trace_count(const GapTrace *t);

/* Waits up to so long for that many. */
bool gap_trace_wait(const GapTrace *t, unsigned n, uint64_t timeout_nsec);

/* The one removal and the one addition since the reset, and nothing else. -EBADMSG: it was something else, or fewer than n_threads
 * tasks left, so that the mark of the last one cannot be believed. */
int gap_trace_switch(const GapTrace *t, unsigned n_threads, struct gap_event *ret_removed, struct gap_event *ret_added);
/* Pure. */
int gap_log_switch(const struct gap_log *log, unsigned n_threads, struct gap_event *ret_removed, struct gap_event *ret_added);

uint64_t now_nsec(void);        /* CLOCK_MONOTONIC, as the events */
void sleep_msec(unsigned msec);
