/* SPDX-License-Identifier: GPL-2.0-only */
/* broken-noexit: does not report its end, and can be told to end: what a third party's scheduler looks like. */

#include "fifo.bpf.h"

KNOB_LIVE(bool, fail, false);

FIFO_SELECT_CPU(noexit_select_cpu)
FIFO_ENQUEUE(noexit_enqueue)

void SCX_OP(noexit_dispatch, __s32 cpu, struct task_struct *prev) {
        if (fail)
                scx_fail("broken-noexit: ended on request on CPU %llu", cpu);
}

SCX_HOTPLUG(noexit_cpu_online, noexit_cpu_offline)
FIFO_INIT(noexit_init)

SEC(".struct_ops.link")
struct sched_ext_ops noexit_ops = {
        .select_cpu = (void *) noexit_select_cpu,
        .enqueue = (void *) noexit_enqueue,
        .dispatch = (void *) noexit_dispatch,
        .cpu_online = (void *) noexit_cpu_online,
        .cpu_offline = (void *) noexit_cpu_offline,
        .init = (void *) noexit_init,
        .name = "scxd_broken_noexit",
};
