/* SPDX-License-Identifier: GPL-2.0-only */

/* The watchdog for wake-up latency: see README.md for what it counts and why it looks only when the clock ticks.
 *
 * It stands before task_tick_scx(), which the kernel calls at each tick that interrupts a task of sched_ext, with the CPU's run queue
 * locked: so the list of those that wait there holds still, and everything on it is alive. */

#include "scx-kernel.bpf.h"
#include "wakeup.h"

char _license[] SEC("license") = "GPL";

#define BPF_MAP_TYPE_PERCPU_ARRAY 6
#define BPF_MAP_TYPE_LRU_HASH 9
#define BPF_ANY 0

#define TASKS_MAX 4096          /* tasks that ticks found running: more than fit wait their turn on any machine */

/* Both set by the loader. */
const volatile __u64 limit_usec = 50000;
const volatile __u64 tick_nsec = 4000000;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct list_head___wakeup {
        struct list_head___wakeup *next;
};

struct sched_ext_entity___wakeup {
        __u32 weight;
        struct list_head___wakeup runnable_node;
        unsigned long runnable_at;
};

struct task_struct___wakeup {
        int pid;
        unsigned int policy;
        unsigned long nvcsw;
        struct sched_ext_entity___wakeup scx;
        char comm[16];
};

struct scx_rq___wakeup {
        struct list_head___wakeup runnable_list;
};

struct rq___wakeup {
        __u64 clock;
        struct scx_rq___wakeup scx;
};

#pragma clang attribute pop

/* For their ids only. */
struct list_head {
        void *next;
} __attribute__((preserve_access_index));

void *bpf_rdonly_cast(const void *obj__ign, __u32 btf_id__k) __ksym __weak;

struct task_seen {
        __u64 switches;         /* voluntary ones, when it was last found running */
        __u64 late_at;          /* its wait that is counted already */
};

struct {
        __uint(type, BPF_MAP_TYPE_LRU_HASH);
        __uint(max_entries, TASKS_MAX);
        __type(key, __s32);
        __type(value, struct task_seen);
} tasks SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
        __uint(max_entries, 1);
        __type(key, __u32);
        __type(value, struct scxd_wakeup_cpu);
} cpus SEC(".maps");

struct {
        __uint(type, BPF_MAP_TYPE_RINGBUF);
        __uint(max_entries, SCXD_WAKEUP_RING_SIZE);
} scxd_wakeup SEC(".maps");

struct scxd_wakeup_trouble trouble;

static void speak(__u64 now, __u64 limit) {
        struct scxd_wakeup_event *event = bpf_ringbuf_reserve(&scxd_wakeup, sizeof(*event), 0);

        if (!event)
                return;
        event->size = sizeof(*event);
        event->pid = trouble.worst_pid;
        event->worst_nsec = trouble.worst_nsec;
        event->limit_nsec = limit;
        event->trouble_nsec = now - trouble.began;
        event->late = trouble.late;
        event->comm[0] = trouble.worst_comm[0];
        event->comm[1] = trouble.worst_comm[1];
        trouble.said = 1;
        bpf_ringbuf_submit(event, BPF_RB_FORCE_WAKEUP);
}

/* A task is late: again, or for the first time in this wait. */
static __always_inline void note_late(const struct task_struct___wakeup *p, struct task_seen *seen, __u64 waited, __u64 now, __u64 limit) {
        __u64 at = p->scx.runnable_at;
        bool broken;

        if (__sync_val_compare_and_swap(&trouble.writing, 0, 1) != 0)
                return;
        broken = scxd_wakeup_note(&trouble, now, limit);
        if (!seen || seen->late_at != at) {
                struct task_seen fresh = { .switches = seen ? seen->switches : ~0ULL, .late_at = at };
                __s32 pid = p->pid;

                trouble.late++;
                bpf_map_update_elem(&tasks, &pid, &fresh, BPF_ANY);
        }
        if (waited > trouble.worst_nsec) {
                const __u64 *comm = (const __u64 *) p->comm;

                trouble.worst_nsec = waited;
                trouble.worst_pid = p->pid;
                trouble.worst_comm[0] = comm[0];
                trouble.worst_comm[1] = comm[1];
        }
        if (broken && !trouble.said)
                speak(now, limit);
        __sync_val_compare_and_swap(&trouble.writing, 1, 0);
}

/* The task that runs: remember that it got to run, until it sleeps again. */
static __always_inline void note_running(const struct task_struct___wakeup *p) {
        struct task_seen fresh = { .switches = p->nvcsw }, *seen;
        __s32 pid = p->pid;

        seen = bpf_map_lookup_elem(&tasks, &pid);
        if (!seen)
                bpf_map_update_elem(&tasks, &pid, &fresh, BPF_ANY);
        else if (seen->switches != fresh.switches)
                seen->switches = fresh.switches;
}

SEC("fentry/task_tick_scx")
int BPF_PROG(wakeup_tick, struct rq___wakeup *rq, struct task_struct___wakeup *curr) {
        __u64 limit = limit_usec * NSEC_PER_USEC, jiffies = bpf_jiffies64(), now = jiffies * tick_nsec;
        const struct list_head___wakeup *head = &rq->scx.runnable_list, *node;
        const __u32 zero = 0;
        struct scxd_wakeup_cpu *cpu;
        int i;

        cpu = bpf_map_lookup_elem(&cpus, &zero);
        if (!cpu || trouble.said)
                return 0;
        scxd_wakeup_tick(cpu, rq->clock, tick_nsec, limit);
        note_running(curr);

        node = bpf_rdonly_cast(head->next, bpf_core_type_id_kernel(struct list_head));
        bpf_for(i, 0, SCXD_WAKEUP_WAITERS_MAX) {
                const struct task_struct___wakeup *p;
                struct task_seen *seen;
                __u64 waited;
                __s32 pid;

                if (node == head)
                        break;
                p = bpf_rdonly_cast((const char *) node - bpf_core_field_offset(struct task_struct___wakeup, scx.runnable_node),
                                    bpf_core_type_id_kernel(struct task_struct));
                waited = scxd_wakeup_waited(cpu, jiffies, p->scx.runnable_at, tick_nsec);
                if (waited <= limit)    /* those behind it came later */
                        break;
                pid = p->pid;
                seen = bpf_map_lookup_elem(&tasks, &pid);
                if (scxd_wakeup_is_urgent(p->scx.weight, p->policy) && scxd_wakeup_is_woken(seen ? &seen->switches : NULL, p->nvcsw))
                        note_late(p, seen, waited, now, limit);
                node = bpf_rdonly_cast(node->next, bpf_core_type_id_kernel(struct list_head));
        }
        return 0;
}
