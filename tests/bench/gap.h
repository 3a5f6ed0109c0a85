/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What gap.bpf.c writes down and gap-trace.c reads. */

#define GAP_EVENTS_MAX 64u      /* of one switch: two are expected */

#define GAP_REMOVE 1u
#define GAP_ADD 2u

struct gap_event {
        unsigned long long at;          /* CLOCK_MONOTONIC, ns */
        unsigned long long left_at;     /* when the last task so far left sched_ext */
        unsigned int action;            /* GAP_… */
        unsigned int n_left;            /* how many tasks left since the last GAP_ADD */
        unsigned int expedited;         /* rcu_expedited at that moment */
        unsigned int pad;
};

struct gap_log {
        unsigned long long left_at;
        unsigned int n_left;
        unsigned int n;                 /* events so far, also those for which there was no room */
        struct gap_event events[GAP_EVENTS_MAX];
};
