/* SPDX-License-Identifier: GPL-2.0-only */
/* interactive: tasks that run briefly and then wait go first, the others share fairly. See README.md. */

#include "scx-kernel.bpf.h"
#include "scx-kfuncs.bpf.h"
#include "scx-exit.bpf.h"

char _license[] SEC("license") = "GPL";

KNOB_LIVE(__u64, slice_us, 4000);
KNOB_LIVE(__u64, burst_us, 2000);
KNOB_LIVE(__u64, max_wait_us, 20000);
KNOB_LIVE(bool, preempt, true);
KNOB_LOAD(bool, smt_aware, true);

#define QUEUE_FIRST 0x5178ULL   /* interactive tasks */
#define QUEUE_FAIR 0x5179ULL    /* the others */

struct task_state {
        __u64 vtime;            /* weighted running time so far */
        __u64 started;          /* when the present turn began */
        __u64 burst;            /* running time since the task last waited for something */
        __u64 mean_burst;       /* of those before */
};

struct {
        __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
        __uint(map_flags, BPF_F_NO_PREALLOC);
        __type(key, int);
        __type(value, struct task_state);
} task_states SEC(".maps");

struct cpu_state {
        __u64 fair_at;          /* when the fair queue last had a turn, or nobody was in it */
        bool undisturbed;       /* the turn that begins next is the one that the fair queue was owed */
        bool may_preempt;       /* what runs now gives way to an interactive task */
} __attribute__((aligned(64)));

static struct cpu_state cpu_states[MAX_CPUS];
static __u64 vtime_now;

/* Statistics. */
__u64 nr_direct;                /* turns that began at once on an idle CPU */
__u64 nr_first;                 /* waits in the first queue */
__u64 nr_fair;                  /* waits in the fair queue */
__u64 nr_owed;                  /* turns given to the fair queue although interactive tasks waited */
__u64 nr_preempted;             /* turns ended early */

static __always_inline struct task_state *state_of(struct task_struct *p) {
        return bpf_task_storage_get(&task_states, p, NULL, 0);
}

static __always_inline struct cpu_state *cpu_state_of(__s32 cpu) {
        return PER_CPU(cpu_states, cpu);
}

static __always_inline __u64 slice_ns(void) {
        return slice_us * NSEC_PER_USEC;
}

static __always_inline __u64 burst_ns(void) {
        return burst_us * NSEC_PER_USEC;
}

/* What counts is both its habit and that it keeps to it now. */
static __always_inline bool is_interactive(const struct task_state *s) {
        return s->mean_burst <= burst_ns() && s->burst <= burst_ns();
}

/* Adds what the task has run since it last was. */
static __always_inline void charge(struct task_struct *p, struct task_state *s) {
        __u64 now = scx_now(), used = now - s->started;

        s->vtime += scale_by_weight(used, p);
        s->burst += used;
        s->started = now;
}

/* Whether somebody waits in this queue who comes before this task, which has just used up its turn. The kernel asks before it puts that
 * task back: taking whoever is first would mean that nobody ever gets two turns in a row, whatever his weight. */
static __always_inline bool is_due(__u64 queue, const struct task_state *s) {
        struct task_struct *p;

        if (!bpf_ksym_exists(bpf_iter_scx_dsq_new))
                return true;
        bpf_for_each(scx_dsq, p, queue, 0) {
                const struct task_state *first = state_of(p);

                return !first || !vtime_before(s->vtime, first->vtime);
        }
        return false;
}

__s32 SCX_OP(interactive_select_cpu, struct task_struct *p, __s32 prev_cpu, __u64 wake_flags) {
        bool idle;
        __s32 cpu;

        cpu = scx_pick_cpu(p, prev_cpu, wake_flags, smt_aware, &idle);
        if (idle) {
                nr_direct++;
                scx_insert(p, SCX_DSQ_LOCAL, slice_ns(), 0);
        }
        return cpu;
}

void SCX_OP(interactive_enqueue, struct task_struct *p, __u64 enq_flags) {
        struct task_state *s = state_of(p);
        struct cpu_state *c;
        __u64 earliest;
        __s32 cpu;

        /* Only when it wakes up: one that uses up its turns has to queue, or it would shut out what waits for this CPU. */
        if (!s || ((enq_flags & SCX_ENQ_WAKEUP) && is_cpu_kthread(p))) {
                nr_direct++;
                scx_insert(p, SCX_DSQ_LOCAL, slice_ns(), enq_flags);
                return;
        }

        /* Whoever slept may save up one turn, not the whole time. */
        earliest = vtime_now - slice_ns();
        if (vtime_before(s->vtime, earliest))
                s->vtime = earliest;

        if (!is_interactive(s)) {
                nr_fair++;
                scx_insert_vtime(p, QUEUE_FAIR, slice_ns(), s->vtime, enq_flags);
                scx_rouse_idle(p);
                return;
        }

        nr_first++;
        scx_insert_vtime(p, QUEUE_FIRST, slice_ns(), s->vtime, enq_flags);
        if (scx_rouse_idle(p) || !preempt || !(enq_flags & SCX_ENQ_WAKEUP))
                return;
        cpu = scx_bpf_task_cpu(p);
        c = cpu_state_of(cpu);
        if (c && c->may_preempt) {
                c->may_preempt = false; /* once is enough */
                nr_preempted++;
                scx_kick(cpu, SCX_KICK_PREEMPT);
        }
}

void SCX_OP(interactive_dispatch, __s32 cpu, struct task_struct *prev) {
        struct task_state *s = scx_is_runnable(prev) ? state_of(prev) : NULL;
        struct cpu_state *c = cpu_state_of(cpu);
        __u64 now = scx_now();
        bool first = false;     /* what ran until now would queue with the first */

        if (scx_note_asked(cpu, now)) {
                scx_rescue(QUEUE_FIRST, now);
                scx_rescue(QUEUE_FAIR, now);
        }
        if (s) {
                charge(prev, s);
                first = is_interactive(s);
        }

        /* Interactive tasks alone could fill a CPU for good: then the others are owed a turn that nobody interrupts. Counted for
         * each CPU, because a task may be bound to one. */
        if (c && now - c->fair_at > max_wait_us * NSEC_PER_USEC) {
                c->fair_at = now;
                if (scx_take_from(QUEUE_FAIR)) {
                        nr_owed++;
                        c->undisturbed = true;
                        return;
                }
        }
        if ((!first || is_due(QUEUE_FIRST, s)) && scx_take_from(QUEUE_FIRST))
                return;
        if (first) {
                scx_go_on(prev, slice_ns());
                return;
        }
        if (c)
                c->fair_at = now;
        if ((!s || is_due(QUEUE_FAIR, s)) && scx_take_from(QUEUE_FAIR))
                return;
        scx_go_on(prev, slice_ns());
}

void SCX_OP(interactive_running, struct task_struct *p) {
        struct task_state *s = state_of(p);
        struct cpu_state *c = cpu_state_of(scx_bpf_task_cpu(p));

        if (!s)
                return;
        s->started = scx_now();
        if (vtime_before(vtime_now, s->vtime))
                vtime_now = s->vtime;
        if (c) {
                c->may_preempt = !c->undisturbed && !is_interactive(s) && !is_cpu_kthread(p);
                c->undisturbed = false;
        }
}

void SCX_OP(interactive_stopping, struct task_struct *p, bool runnable) {
        struct task_state *s = state_of(p);
        struct cpu_state *c = cpu_state_of(scx_bpf_task_cpu(p));

        if (c)
                c->may_preempt = false;
        if (s)
                charge(p, s);
}

void SCX_OP(interactive_quiescent, struct task_struct *p, __u64 deq_flags) {
        struct task_state *s = state_of(p);
        __u64 limit = 8 * burst_ns();

        if (!s || !(deq_flags & SCX_DEQ_SLEEP))
                return;
        /* One long computation shall not be remembered for ever. */
        s->mean_burst = average(s->mean_burst, s->burst < limit ? s->burst : limit);
        s->burst = 0;
}

void SCX_OP(interactive_enable, struct task_struct *p) {
        struct task_state *s = state_of(p);

        if (!s)
                return;
        s->vtime = vtime_now;
        s->mean_burst = 2 * burst_ns(); /* to be earned: else a flood of new processes would go first */
}

__s32 SCX_OP_SLEEPABLE(interactive_init_task, struct task_struct *p, struct scx_init_task_args *args) {
        return bpf_task_storage_get(&task_states, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE) ? 0 : -ENOMEM;
}

SCX_HOTPLUG(interactive_cpu_online, interactive_cpu_offline, scx_release(QUEUE_FIRST, cpu); scx_release(QUEUE_FAIR, cpu))

__s32 SCX_OP_SLEEPABLE(interactive_init) {
        __s32 r;

        r = scx_create_queue(QUEUE_FIRST);
        return r < 0 ? r : scx_create_queue(QUEUE_FAIR);
}

SCX_EXIT_REPORTER(interactive_exit)

SEC(".struct_ops.link")
struct sched_ext_ops interactive_ops = {
        .select_cpu = (void *) interactive_select_cpu,
        .enqueue = (void *) interactive_enqueue,
        .dispatch = (void *) interactive_dispatch,
        .running = (void *) interactive_running,
        .stopping = (void *) interactive_stopping,
        .quiescent = (void *) interactive_quiescent,
        .enable = (void *) interactive_enable,
        .init_task = (void *) interactive_init_task,
        .cpu_online = (void *) interactive_cpu_online,
        .cpu_offline = (void *) interactive_cpu_offline,
        .init = (void *) interactive_init,
        .exit = (void *) interactive_exit,
        .name = "scxd_interactive",
};
