/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FIFO_BPF_H
#define FIFO_BPF_H

/* The sound part that the deliberately broken schedulers share: first come, first served, in the kernel's own global queue. */

#include "scx-kernel.bpf.h"
#include "scx-kfuncs.bpf.h"

char _license[] SEC("license") = "GPL";

#define FIFO_SLICE (5 * NSEC_PER_MSEC)

static __u64 started_at;

static __always_inline void fifo_start(void) {
        started_at = bpf_ktime_get_ns();
}

static __always_inline bool fifo_ran_for(__u64 msec) {
        return bpf_ktime_get_ns() - started_at >= msec * NSEC_PER_MSEC;
}

static __always_inline __s32 fifo_pick_cpu(struct task_struct *p, __s32 prev_cpu, __u64 wake_flags) {
        bool idle;
        __s32 cpu;

        cpu = scx_pick_cpu(p, prev_cpu, wake_flags, true, &idle);
        if (idle)
                scx_insert(p, SCX_DSQ_LOCAL, FIFO_SLICE, 0);
        return cpu;
}

static __always_inline void fifo_enqueue(struct task_struct *p, __u64 enq_flags) {
        scx_insert(p, SCX_DSQ_GLOBAL, FIFO_SLICE, enq_flags);
}

/* The callbacks of a sound scheduler, for those whose fault is elsewhere. */
#define FIFO_SELECT_CPU(name)                                                                           \
        __s32 SCX_OP(name, struct task_struct *p, __s32 prev_cpu, __u64 wake_flags) {                   \
                return fifo_pick_cpu(p, prev_cpu, wake_flags);                                          \
        }
#define FIFO_ENQUEUE(name)                                                                              \
        void SCX_OP(name, struct task_struct *p, __u64 enq_flags) {                                     \
                fifo_enqueue(p, enq_flags);                                                             \
        }
#define FIFO_INIT(name)                                                                                 \
        __s32 SCX_OP_SLEEPABLE(name) {                                                                  \
                fifo_start();                                                                           \
                return 0;                                                                               \
        }

#endif
