/* SPDX-License-Identifier: GPL-2.0-only */
/* broken-hotplug: sound, but without cpu_online and cpu_offline: the kernel ends it when a CPU comes or goes, and asks for a restart. */

#include "fifo.bpf.h"
#include "scx-exit.bpf.h"

FIFO_SELECT_CPU(hotplug_select_cpu)
FIFO_ENQUEUE(hotplug_enqueue)
FIFO_INIT(hotplug_init)
SCX_EXIT_REPORTER(hotplug_exit)

SEC(".struct_ops.link")
struct sched_ext_ops hotplug_ops = {
        .select_cpu = (void *) hotplug_select_cpu,
        .enqueue = (void *) hotplug_enqueue,
        .init = (void *) hotplug_init,
        .exit = (void *) hotplug_exit,
        .name = "scxd_broken_hotplug",
};
