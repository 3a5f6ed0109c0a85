/* SPDX-License-Identifier: GPL-2.0-only */
/* broken-slow-load: sound, but the kernel's verifier has to think for long before it is loaded. */

#include "fifo.bpf.h"
#include "scx-exit.bpf.h"

KNOB_LOAD(__u32, rounds, 60000); /* the verifier knows constants, so it follows exactly this many */

#define ROUNDS_MAX 100000

static volatile __u64 sum;

FIFO_SELECT_CPU(slow_load_select_cpu)
FIFO_ENQUEUE(slow_load_enqueue)
SCX_HOTPLUG(slow_load_cpu_online, slow_load_cpu_offline)

__s32 SCX_OP_SLEEPABLE(slow_load_init) {
        __u64 x = 0;

        for (__u32 i = 0; i < rounds && i < ROUNDS_MAX; i++)
                x = x * 31 + bpf_get_prandom_u32();
        sum = x;
        fifo_start();
        return 0;
}

SCX_EXIT_REPORTER(slow_load_exit)

SEC(".struct_ops.link")
struct sched_ext_ops slow_load_ops = {
        .select_cpu = (void *) slow_load_select_cpu,
        .enqueue = (void *) slow_load_enqueue,
        .cpu_online = (void *) slow_load_cpu_online,
        .cpu_offline = (void *) slow_load_cpu_offline,
        .init = (void *) slow_load_init,
        .exit = (void *) slow_load_exit,
        .name = "scxd_broken_slow_load",
};
