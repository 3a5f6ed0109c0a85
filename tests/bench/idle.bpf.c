/* SPDX-License-Identifier: GPL-2.0-only */

/* Counts how often the threads of one process are woken up, and how often they get a CPU. */

#include "scx-kernel.bpf.h"
#include "idle.h"

char _license[] SEC("license") = "GPL";

const volatile int tgid = 0;            /* set before it is loaded */

struct idle_counts counts;

SEC("tp_btf/sched_waking")
int BPF_PROG(waking, struct task_struct *p) {
        if (p->tgid == tgid)
                __sync_fetch_and_add(&counts.woken, 1);
        return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(switched, bool preempt, struct task_struct *prev, struct task_struct *next) {
        if (next->tgid == tgid)
                __sync_fetch_and_add(&counts.ran, 1);
        return 0;
}
