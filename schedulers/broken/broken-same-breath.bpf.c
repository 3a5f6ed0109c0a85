/* SPDX-License-Identifier: GPL-2.0-only */
/* broken-same-breath: attaching it succeeds, yet it is over before the caller can look: it fails while it takes over the tasks. */

#include "fifo.bpf.h"
#include "scx-exit.bpf.h"

FIFO_SELECT_CPU(same_breath_select_cpu)
FIFO_ENQUEUE(same_breath_enqueue)
SCX_HOTPLUG(same_breath_cpu_online, same_breath_cpu_offline)

void SCX_OP(same_breath_enable, struct task_struct *p) {
        scx_fail("broken-same-breath: failed on taking over task %llu", p->pid);
}

FIFO_INIT(same_breath_init)
SCX_EXIT_REPORTER(same_breath_exit)

SEC(".struct_ops.link")
struct sched_ext_ops same_breath_ops = {
        .select_cpu = (void *) same_breath_select_cpu,
        .enqueue = (void *) same_breath_enqueue,
        .enable = (void *) same_breath_enable,
        .cpu_online = (void *) same_breath_cpu_online,
        .cpu_offline = (void *) same_breath_cpu_offline,
        .init = (void *) same_breath_init,
        .exit = (void *) same_breath_exit,
        .name = "scxd_broken_same_breath",
};
