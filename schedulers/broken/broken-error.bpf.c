/* SPDX-License-Identifier: GPL-2.0-only */
/* broken-error: ends itself with a message some time after it started. */

#include "fifo.bpf.h"
#include "scx-exit.bpf.h"

KNOB_LIVE(__u32, after_ms, 1000);

FIFO_SELECT_CPU(error_select_cpu)
FIFO_ENQUEUE(error_enqueue)

/* Called whenever a CPU looks for work, also before it goes idle. */
void SCX_OP(error_dispatch, __s32 cpu, struct task_struct *prev) {
        __u32 after = after_ms;

        if (fifo_ran_for(after))
                scx_fail("broken-error: ended on purpose %llu ms after the start", after);
}

SCX_HOTPLUG(error_cpu_online, error_cpu_offline)
FIFO_INIT(error_init)
SCX_EXIT_REPORTER(error_exit)

SEC(".struct_ops.link")
struct sched_ext_ops error_ops = {
        .select_cpu = (void *) error_select_cpu,
        .enqueue = (void *) error_enqueue,
        .dispatch = (void *) error_dispatch,
        .cpu_online = (void *) error_cpu_online,
        .cpu_offline = (void *) error_cpu_offline,
        .init = (void *) error_init,
        .exit = (void *) error_exit,
        .name = "scxd_broken_error",
};
