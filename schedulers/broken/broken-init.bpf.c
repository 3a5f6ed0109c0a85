/* SPDX-License-Identifier: GPL-2.0-only */
/* broken-init: refuses to start. */

#include "fifo.bpf.h"
#include "scx-exit.bpf.h"

KNOB_LOAD(__s32, error, -ENODEV);

FIFO_SELECT_CPU(init_select_cpu)
FIFO_ENQUEUE(init_enqueue)
SCX_HOTPLUG(init_cpu_online, init_cpu_offline)

__s32 SCX_OP_SLEEPABLE(init_init) {
        __s32 r = error;

        /* The verifier wants to see that it is an errno. */
        return r < 0 && r >= -4095 ? r : -ENODEV;
}

SCX_EXIT_REPORTER(init_exit)

SEC(".struct_ops.link")
struct sched_ext_ops init_ops = {
        .select_cpu = (void *) init_select_cpu,
        .enqueue = (void *) init_enqueue,
        .cpu_online = (void *) init_cpu_online,
        .cpu_offline = (void *) init_cpu_offline,
        .init = (void *) init_init,
        .exit = (void *) init_exit,
        .name = "scxd_broken_init",
};
