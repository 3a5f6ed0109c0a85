/* SPDX-License-Identifier: GPL-2.0-only */
/* broken-verifier: the kernel's verifier refuses it, because it uses what it looked up without checking that it is there. */

#include "fifo.bpf.h"
#include "scx-exit.bpf.h"

struct task_state {
        __u64 turns;
};

struct {
        __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
        __uint(map_flags, BPF_F_NO_PREALLOC);
        __type(key, int);
        __type(value, struct task_state);
} task_states SEC(".maps");

FIFO_SELECT_CPU(verifier_select_cpu)

void SCX_OP(verifier_enqueue, struct task_struct *p, __u64 enq_flags) {
        struct task_state *s = bpf_task_storage_get(&task_states, p, NULL, 0);

        s->turns++;
        fifo_enqueue(p, enq_flags);
}

SCX_HOTPLUG(verifier_cpu_online, verifier_cpu_offline)
FIFO_INIT(verifier_init)
SCX_EXIT_REPORTER(verifier_exit)

SEC(".struct_ops.link")
struct sched_ext_ops verifier_ops = {
        .select_cpu = (void *) verifier_select_cpu,
        .enqueue = (void *) verifier_enqueue,
        .cpu_online = (void *) verifier_cpu_online,
        .cpu_offline = (void *) verifier_cpu_offline,
        .init = (void *) verifier_init,
        .exit = (void *) verifier_exit,
        .name = "scxd_broken_verifier",
};
