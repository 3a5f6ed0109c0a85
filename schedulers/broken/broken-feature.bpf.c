/* SPDX-License-Identifier: GPL-2.0-only */
/* broken-feature: sound; its manifest asks for a feature that no kernel has. */

#include "fifo.bpf.h"
#include "scx-exit.bpf.h"

FIFO_SELECT_CPU(feature_select_cpu)
FIFO_ENQUEUE(feature_enqueue)
SCX_HOTPLUG(feature_cpu_online, feature_cpu_offline)
FIFO_INIT(feature_init)
SCX_EXIT_REPORTER(feature_exit)

SEC(".struct_ops.link")
struct sched_ext_ops feature_ops = {
        .select_cpu = (void *) feature_select_cpu,
        .enqueue = (void *) feature_enqueue,
        .cpu_online = (void *) feature_cpu_online,
        .cpu_offline = (void *) feature_cpu_offline,
        .init = (void *) feature_init,
        .exit = (void *) feature_exit,
        .name = "scxd_broken_feature",
};
