/* SPDX-License-Identifier: GPL-2.0-only */

/* Sees from inside the kernel when no scheduler is enabled. See gap-trace.h for what is measured.
 *
 *   switched_from_scx()    the class's own callback: a task has left sched_ext. Called for each of them when a scheduler is disabled.
 *   scx_uevent()           the kernel announces a scheduler: "remove" when it is through with one (the tasks have left, its ops.exit is
 *                          done), "add" when one is enabled (all tasks are its own, nothing is bypassed any more).
 *
 * Both are there on all kernels since 6.12. Nothing runs between the last task's leaving and "add" that would lengthen the gap. */

#include "scx-kernel.bpf.h"
#include "gap.h"

char _license[] SEC("license") = "GPL";

struct kobject;
struct rq;

struct kobj_uevent_env {
        char buf[2048];         /* begins with "ACTION=add" or "ACTION=remove" */
} __attribute__((preserve_access_index));

extern const void rcu_expedited __ksym __weak;

struct gap_log gap_log;

SEC("fentry/switched_from_scx")
int BPF_PROG(task_left, struct rq *rq, struct task_struct *p) {
        gap_log.left_at = bpf_ktime_get_ns();
        gap_log.n_left++;
        return 0;
}

SEC("fentry/scx_uevent")
int BPF_PROG(announced, const struct kobject *kobj, struct kobj_uevent_env *env) {
        __u64 now = bpf_ktime_get_ns();
        char first = env->buf[sizeof("ACTION=") - 1];
        __u32 i = gap_log.n++;
        struct gap_event *e;
        int expedited = 0;

        if (i >= GAP_EVENTS_MAX)
                return 0;
        if (&rcu_expedited)
                bpf_probe_read_kernel(&expedited, sizeof(expedited), &rcu_expedited);
        e = &gap_log.events[i];
        e->at = now;
        e->left_at = gap_log.left_at;
        e->n_left = gap_log.n_left;
        e->action = first == 'a' ? GAP_ADD : first == 'r' ? GAP_REMOVE : 0;
        e->expedited = expedited;
        if (e->action == GAP_ADD)
                gap_log.n_left = 0;
        return 0;
}
