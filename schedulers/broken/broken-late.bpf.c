/* SPDX-License-Identifier: GPL-2.0-only */
/* broken-late: first come, first served, with turns so long that whoever wakes up waits behind everything that computes. The kernel's
 * own watchdog has no fault to find with it. */

#include "fifo.bpf.h"
#include "scx-exit.bpf.h"

KNOB_LIVE(__u32, after_ms, 0);
KNOB_LIVE(__u32, slice_ms, 100);

static __always_inline __u64 late_slice(void) {
        return fifo_ran_for(after_ms) ? slice_ms * NSEC_PER_MSEC : FIFO_SLICE;
}

__s32 SCX_OP(late_select_cpu, struct task_struct *p, __s32 prev_cpu, __u64 wake_flags) {
        bool idle;
        __s32 cpu;

        cpu = scx_pick_cpu(p, prev_cpu, wake_flags, true, &idle);
        if (idle)
                scx_insert(p, SCX_DSQ_LOCAL, late_slice(), 0);
        return cpu;
}

void SCX_OP(late_enqueue, struct task_struct *p, __u64 enq_flags) {
        scx_insert(p, SCX_DSQ_GLOBAL, late_slice(), enq_flags);
}

SCX_HOTPLUG(late_cpu_online, late_cpu_offline)
FIFO_INIT(late_init)
SCX_EXIT_REPORTER(late_exit)

SEC(".struct_ops.link")
struct sched_ext_ops late_ops = {
        .select_cpu = (void *) late_select_cpu,
        .enqueue = (void *) late_enqueue,
        .cpu_online = (void *) late_cpu_online,
        .cpu_offline = (void *) late_cpu_offline,
        .init = (void *) late_init,
        .exit = (void *) late_exit,
        .name = "scxd_broken_late",
};
