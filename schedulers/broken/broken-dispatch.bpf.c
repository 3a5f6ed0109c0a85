/* SPDX-License-Identifier: GPL-2.0-only */
/* broken-dispatch: after a while puts tasks where there is no queue, or names a CPU that does not exist. */

#include "fifo.bpf.h"
#include "scx-exit.bpf.h"

KNOB_LIVE(__u32, after_ms, 1000);
KNOB_LOAD(bool, bad_cpu, false);

#define NO_SUCH_QUEUE 0xdeadULL
#define NO_SUCH_CPU 1000000

__s32 SCX_OP(dispatch_select_cpu, struct task_struct *p, __s32 prev_cpu, __u64 wake_flags) {
        if (bad_cpu && fifo_ran_for(after_ms))
                return NO_SUCH_CPU;
        return fifo_pick_cpu(p, prev_cpu, wake_flags);
}

void SCX_OP(dispatch_enqueue, struct task_struct *p, __u64 enq_flags) {
        if (!bad_cpu && fifo_ran_for(after_ms))
                scx_insert(p, NO_SUCH_QUEUE, FIFO_SLICE, enq_flags);
        else
                fifo_enqueue(p, enq_flags);
}

SCX_HOTPLUG(dispatch_cpu_online, dispatch_cpu_offline)
FIFO_INIT(dispatch_init)
SCX_EXIT_REPORTER(dispatch_exit)

SEC(".struct_ops.link")
struct sched_ext_ops dispatch_ops = {
        .select_cpu = (void *) dispatch_select_cpu,
        .enqueue = (void *) dispatch_enqueue,
        .cpu_online = (void *) dispatch_cpu_online,
        .cpu_offline = (void *) dispatch_cpu_offline,
        .init = (void *) dispatch_init,
        .exit = (void *) dispatch_exit,
        .name = "scxd_broken_dispatch",
};
