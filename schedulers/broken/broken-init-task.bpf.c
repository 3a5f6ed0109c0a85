/* SPDX-License-Identifier: GPL-2.0-only */
/* broken-init-task: starts, but refuses the tasks after the first few. */

#include "fifo.bpf.h"
#include "scx-exit.bpf.h"

KNOB_LOAD(__u32, after_tasks, 10);

static __u32 n_tasks;

FIFO_SELECT_CPU(init_task_select_cpu)
FIFO_ENQUEUE(init_task_enqueue)
SCX_HOTPLUG(init_task_cpu_online, init_task_cpu_offline)

__s32 SCX_OP_SLEEPABLE(init_task_init_task, struct task_struct *p, struct scx_init_task_args *args) {
        return __sync_fetch_and_add(&n_tasks, 1) < after_tasks ? 0 : -ENOMEM;
}

FIFO_INIT(init_task_init)
SCX_EXIT_REPORTER(init_task_exit)

SEC(".struct_ops.link")
struct sched_ext_ops init_task_ops = {
        .select_cpu = (void *) init_task_select_cpu,
        .enqueue = (void *) init_task_enqueue,
        .init_task = (void *) init_task_init_task,
        .cpu_online = (void *) init_task_cpu_online,
        .cpu_offline = (void *) init_task_cpu_offline,
        .init = (void *) init_task_init,
        .exit = (void *) init_task_exit,
        .name = "scxd_broken_init_task",
};
