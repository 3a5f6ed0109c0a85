/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCXD_WAKEUP_H
#define SCXD_WAKEUP_H

/* What the watchdog's BPF program and scxd share: the event, the program's state, and its decisions. These are pure, so that
 * tests/unit/test-watchdog.c can go through them without a kernel. */

#ifndef __bpf__
#include <linux/types.h>
#include <stdbool.h>
#endif

/* The limit is broken for good if late tasks were seen in this many of the last 32 periods of 100 ms, or of the limit if that is
 * longer. One hiccup, however many tasks it delays, ends before that. */
#define SCXD_WAKEUP_PERIODS_BAD 8
#define SCXD_WAKEUP_PERIOD_NSEC 100000000ULL

/* How many of those that wait on a CPU are looked at per tick, longest wait first. One that goes on waiting gets to the front. */
#define SCXD_WAKEUP_WAITERS_MAX 32

#define SCXD_WAKEUP_RING_SIZE (64 * 1024)       /* a page at least, whatever the size of a page */

struct scxd_wakeup_event {
        __u32 size;             /* of this struct */
        __s32 pid;              /* of the task that waited longest */
        __u64 worst_nsec;       /* for so long, and it may be waiting still */
        __u64 limit_nsec;
        __u64 trouble_nsec;     /* since the first of these waits */
        __u64 late;             /* this many waits were longer than the limit */
        __u64 comm[2];          /* its name, 16 bytes with the NUL */
};

/* What a CPU remembers from one tick to the next. */
struct scxd_wakeup_cpu {
        __u64 clock;            /* ns, the CPU's own: of the last tick that a task of the scheduler got */
        __u64 since;            /* nothing before counts: then the CPU came back to the scheduler */
        __u64 window;           /* when lost began to be counted */
        __u64 lost;             /* ns that the CPU was not the scheduler's, in this window */
        __u64 lost_before;      /* and in the one before */
};

/* What all CPUs share. Written only where a wait is too long. */
struct scxd_wakeup_trouble {
        __u32 writing;          /* a CPU is at it; others try again with their next tick */
        __u32 said;             /* reported: nothing more to say until armed again */
        __u32 periods;          /* one bit per period with late tasks, the newest lowest */
        __s32 worst_pid;
        __u64 period;           /* number of the newest */
        __u64 began;            /* ns */
        __u64 late;
        __u64 worst_nsec;
        __u64 worst_comm[2];
};

/* Takes a tick at this time. Ticks come at even distances while tasks of the scheduler run. Where one is missing, the CPU was idle,
 * or not the scheduler's (a real-time task), or nobody's (the machine was suspended, a hypervisor ran something else). */
static inline void scxd_wakeup_tick(struct scxd_wakeup_cpu *c, __u64 clock, __u64 tick_nsec, __u64 limit_nsec) {
        __u64 gap = clock - c->clock;

        if (clock - c->window >= limit_nsec) {
                c->lost_before = clock - c->window >= 2 * limit_nsec ? 0 : c->lost;
                c->lost = 0;
                c->window = clock;
        }
        if (gap > tick_nsec + tick_nsec / 2) {
                gap -= tick_nsec;
                if (gap >= limit_nsec)
                        c->since = clock;
                else
                        c->lost += gap;
        }
        c->clock = clock;
}

/* How long a task has waited at the scheduler's fault, rather too short than too long: by up to two ticks, and by what the CPU was
 * not the scheduler's. jiffies is now and runnable_at then, in ticks. */
static inline __u64 scxd_wakeup_waited(const struct scxd_wakeup_cpu *c, __u64 jiffies, __u64 runnable_at, __u64 tick_nsec) {
        __s64 ticks = (__s64) (jiffies - runnable_at) - 1;
        __u64 waited, lost = c->lost + c->lost_before, counted = c->clock - c->since;

        if (ticks <= 0)
                return 0;
        waited = (__u64) ticks * tick_nsec;
        waited = waited > lost ? waited - lost : 0;
        return waited < counted ? waited : counted;
}

/* Whether it waits since it woke up. seen: its count of voluntary switches when a tick last found it running. If it has not slept
 * since then, it was running and lost the CPU to others, which is a matter of throughput. */
static inline bool scxd_wakeup_is_woken(const __u64 *seen, __u64 switches) {
        return !seen || *seen != switches;
}

/* Tasks that asked to be served after the others do not count: weight is 100 for nice 0, less for those that are nice. */
static inline bool scxd_wakeup_is_urgent(__u32 weight, __u32 policy) {
        const __u32 batch = 3, idle = 5;        /* SCHED_BATCH, SCHED_IDLE */

        return weight >= 100 && policy != batch && policy != idle;
}

static inline __u64 scxd_wakeup_period(__u64 now_nsec, __u64 limit_nsec) {
        return now_nsec / (limit_nsec > SCXD_WAKEUP_PERIOD_NSEC ? limit_nsec : SCXD_WAKEUP_PERIOD_NSEC);
}

/* Notes a late task. If there was none for 32 periods, the count begins anew. Returns true if the limit is broken for good. */
static inline bool scxd_wakeup_note(struct scxd_wakeup_trouble *t, __u64 now_nsec, __u64 limit_nsec) {
        __u64 period = scxd_wakeup_period(now_nsec, limit_nsec), ago = period - t->period;

        if (t->periods == 0 || ago >= 32) {
                if ((__s64) ago < 0)    /* another CPU was faster */
                        return false;
                t->periods = 0;
                t->began = now_nsec;
                t->late = 0;
                t->worst_nsec = 0;
        } else
                t->periods <<= ago;
        t->periods |= 1;
        t->period = period;
        return __builtin_popcount(t->periods) >= SCXD_WAKEUP_PERIODS_BAD;
}

#endif
