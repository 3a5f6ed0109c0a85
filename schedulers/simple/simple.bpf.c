/* SPDX-License-Identifier: GPL-2.0-only */
/* simple: one queue for all CPUs. Read this one first; the others do the same with more thought. See README.md. */

#include "scx-kernel.bpf.h"
#include "scx-kfuncs.bpf.h"
#include "scx-exit.bpf.h"

char _license[] SEC("license") = "GPL";

KNOB_LIVE(__u64, slice_us, 5000);
KNOB_LOAD(bool, weighted, true);

#define QUEUE 0x5178ULL         /* any number without the topmost bits */

struct task_state {
        __u64 vtime;            /* weighted running time so far */
        __u64 started;          /* when the present turn began */
};

struct {
        __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
        __uint(map_flags, BPF_F_NO_PREALLOC);
        __type(key, int);
        __type(value, struct task_state);
} task_states SEC(".maps");

static bool own_queue;          /* else SCX_DSQ_GLOBAL, which knows only the order of arrival */
static __u64 vtime_now;         /* how far the tasks that run have come */

/* Statistics. */
__u64 nr_direct;                /* turns that began at once on an idle CPU */
__u64 nr_queued;                /* turns that had to wait */

static __always_inline struct task_state *state_of(struct task_struct *p) {
        return bpf_task_storage_get(&task_states, p, NULL, 0);
}

static __always_inline __u64 slice_ns(void) {
        return slice_us * NSEC_PER_USEC;
}

/* Adds what the task has run since it last was. */
static __always_inline void charge(struct task_struct *p, struct task_state *s) {
        __u64 now = scx_now();

        s->vtime += scale_by_weight(now - s->started, p);
        s->started = now;
}

/* Whether somebody waits who comes before this task, which has just used up its turn. The kernel asks before it puts that task back into
 * the queue: taking whoever is first there would mean that nobody ever gets two turns in a row, whatever his weight. */
static __always_inline bool is_due(const struct task_state *s) {
        struct task_struct *p;

        if (!weighted || !bpf_ksym_exists(bpf_iter_scx_dsq_new))
                return true;
        bpf_for_each(scx_dsq, p, QUEUE, 0) {
                const struct task_state *first = state_of(p);

                return !first || !vtime_before(s->vtime, first->vtime);
        }
        return false;
}

__s32 SCX_OP(simple_select_cpu, struct task_struct *p, __s32 prev_cpu, __u64 wake_flags) {
        bool idle;
        __s32 cpu;

        cpu = scx_pick_cpu(p, prev_cpu, wake_flags, true, &idle);
        if (idle) {
                nr_direct++;
                scx_insert(p, SCX_DSQ_LOCAL, slice_ns(), 0);
        }
        return cpu;
}

void SCX_OP(simple_enqueue, struct task_struct *p, __u64 enq_flags) {
        struct task_state *s;
        __u64 earliest, vtime;

        /* Only when it wakes up: one that uses up its turns has to queue, or it would shut out what waits for this CPU. */
        if ((enq_flags & SCX_ENQ_WAKEUP) && is_cpu_kthread(p)) {
                nr_direct++;
                scx_insert(p, SCX_DSQ_LOCAL, slice_ns(), enq_flags);
                return;
        }

        nr_queued++;
        s = state_of(p);
        if (!own_queue) {
                scx_insert(p, SCX_DSQ_GLOBAL, slice_ns(), enq_flags);
        } else if (!weighted) {
                scx_insert(p, QUEUE, slice_ns(), enq_flags);
        } else {
                /* Whoever slept may save up one turn, not the whole time. */
                earliest = vtime_now - slice_ns();
                vtime = s ? s->vtime : vtime_now;
                if (vtime_before(vtime, earliest))
                        vtime = earliest;
                if (s)
                        s->vtime = vtime;
                scx_insert_vtime(p, QUEUE, slice_ns(), vtime, enq_flags);
        }
        scx_rouse_idle(p);
}

void SCX_OP(simple_dispatch, __s32 cpu, struct task_struct *prev) {
        struct task_state *s = scx_is_runnable(prev) ? state_of(prev) : NULL;
        __u64 now = scx_now();
        bool due = true;

        if (scx_note_asked(cpu, now) && own_queue)
                scx_rescue(QUEUE, now);
        if (s && own_queue) {
                charge(prev, s);
                due = is_due(s);
        }
        if (due && own_queue && scx_take_from(QUEUE))
                return;
        /* The kernel looks into its own queue by itself, and before it asks us. */
        scx_go_on(prev, slice_ns());
}

void SCX_OP(simple_running, struct task_struct *p) {
        struct task_state *s = state_of(p);

        if (!s)
                return;
        s->started = scx_now();
        if (vtime_before(vtime_now, s->vtime))
                vtime_now = s->vtime;
}

void SCX_OP(simple_stopping, struct task_struct *p, bool runnable) {
        struct task_state *s = state_of(p);

        if (s)
                charge(p, s);
}

void SCX_OP(simple_enable, struct task_struct *p) {
        struct task_state *s = state_of(p);

        if (s)
                s->vtime = vtime_now;
}

__s32 SCX_OP_SLEEPABLE(simple_init_task, struct task_struct *p, struct scx_init_task_args *args) {
        return bpf_task_storage_get(&task_states, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE) ? 0 : -ENOMEM;
}

SCX_HOTPLUG(simple_cpu_online, simple_cpu_offline, if (own_queue) scx_release(QUEUE, cpu))

__s32 SCX_OP_SLEEPABLE(simple_init) {
        own_queue = scx_can_create_queue();
        return own_queue ? scx_create_queue(QUEUE) : 0;
}

SCX_EXIT_REPORTER(simple_exit)

SEC(".struct_ops.link")
struct sched_ext_ops simple_ops = {
        .select_cpu = (void *) simple_select_cpu,
        .enqueue = (void *) simple_enqueue,
        .dispatch = (void *) simple_dispatch,
        .running = (void *) simple_running,
        .stopping = (void *) simple_stopping,
        .enable = (void *) simple_enable,
        .init_task = (void *) simple_init_task,
        .cpu_online = (void *) simple_cpu_online,
        .cpu_offline = (void *) simple_cpu_offline,
        .init = (void *) simple_init,
        .exit = (void *) simple_exit,
        .name = "scxd_simple",
};
