/* SPDX-License-Identifier: GPL-2.0-only */
/* broken-stall: loses a task for good, so that the kernel's watchdog ends it. Only tasks whose absence a test machine survives. */

#include "fifo.bpf.h"
#include "scx-exit.bpf.h"

KNOB_LIVE(__u32, after_ms, 500);
KNOB_LIVE(__u32, tasks, 1);

#define TASKS_MAX 16
static int lost[TASKS_MAX];     /* their pids */
static __u32 n_lost;

static __always_inline bool starts_with(const char *name, const char *prefix, int n) {
        for (int i = 0; i < n; i++)
                if (name[i] != prefix[i])
                        return false;
        return true;
}

/* What a person would miss: the first process, the bus, the way in, and the daemon that has to notice. */
static __always_inline bool is_vital(const struct task_struct *p) {
        return (p->flags & PF_KTHREAD) || p->tgid == 1 || starts_with(p->comm, "systemd", 7) || starts_with(p->comm, "(sd", 3) ||
                starts_with(p->comm, "dbus", 4) || starts_with(p->comm, "polkitd", 7) || starts_with(p->comm, "sshd", 4) ||
                starts_with(p->comm, "scxd", 4);
}

/* Whether to drop this task: one dropped before may come by again, when a property of it changes. */
static bool lose(const struct task_struct *p) {
        __u32 n = n_lost;

        for (__u32 i = 0; i < TASKS_MAX && i < n; i++)
                if (lost[i] == p->pid)
                        return true;
        if (n >= tasks || n >= TASKS_MAX || is_vital(p) || !fifo_ran_for(after_ms))
                return false;
        lost[n] = p->pid;
        n_lost = n + 1;
        return true;
}

/* Chooses a CPU and leaves the task to enqueue, so that there is one place where it gets lost. */
__s32 SCX_OP(stall_select_cpu, struct task_struct *p, __s32 prev_cpu, __u64 wake_flags) {
        bool idle;

        return scx_pick_cpu(p, prev_cpu, wake_flags, true, &idle);
}

void SCX_OP(stall_enqueue, struct task_struct *p, __u64 enq_flags) {
        if (!lose(p))
                fifo_enqueue(p, enq_flags);
}

SCX_HOTPLUG(stall_cpu_online, stall_cpu_offline)
FIFO_INIT(stall_init)
SCX_EXIT_REPORTER(stall_exit)

SEC(".struct_ops.link")
struct sched_ext_ops stall_ops = {
        .select_cpu = (void *) stall_select_cpu,
        .enqueue = (void *) stall_enqueue,
        .cpu_online = (void *) stall_cpu_online,
        .cpu_offline = (void *) stall_cpu_offline,
        .init = (void *) stall_init,
        .exit = (void *) stall_exit,
        .timeout_ms = 3000,
        .name = "scxd_broken_stall",
};
