/* SPDX-License-Identifier: GPL-2.0-only */
/* latency: virtual deadlines that favour chains of tasks which wake each other often. See README.md. */

#include "scx-kernel.bpf.h"
#include "scx-kfuncs.bpf.h"
#include "scx-exit.bpf.h"

char _license[] SEC("license") = "GPL";

KNOB_LIVE(__u64, slice_us, 2000);
KNOB_LIVE(__u64, credit_us, 4000);
KNOB_LIVE(__u32, inherit_percent, 75);
KNOB_LIVE(bool, preempt, true);
KNOB_LOAD(bool, smt_aware, true);

#define QUEUE 0x5178ULL
#define URGENCY_TOP 15          /* most urgent; 0 is not urgent at all */
#define INHERITED_ONE 256       /* inherited urgency is kept in fractions, or its average would never move */
#define GAP_MAX NSEC_PER_SEC    /* wake-ups further apart than this all count as rare */

struct task_state {
        __u64 vtime;            /* weighted running time so far */
        __u64 deadline;         /* virtual, of its present or next turn */
        __u64 started;          /* when the present turn began */
        __u64 burst;            /* running time since the task last waited for something */
        __u64 mean_burst;       /* of those before */
        __u64 woken_at;
        __u64 woken_gap;        /* mean time between being woken */
        __u64 woke_at;
        __u64 woke_gap;         /* mean time between waking others */
        __u64 inherited;        /* urgency of its neighbours in the chain, in 1/INHERITED_ONE */
        __u32 urgency;
};

struct {
        __uint(type, BPF_MAP_TYPE_TASK_STORAGE);
        __uint(map_flags, BPF_F_NO_PREALLOC);
        __type(key, int);
        __type(value, struct task_state);
} task_states SEC(".maps");

struct cpu_state {
        __u64 deadline;         /* of what runs now */
        __u64 started;
        bool may_preempt;       /* and it gives way to a task with an earlier one */
} __attribute__((aligned(64)));

static struct cpu_state cpu_states[MAX_CPUS];
static __u64 vtime_now;

/* Statistics. */
__u64 nr_direct;                /* turns that began at once on an idle CPU */
__u64 nr_queued;                /* turns that had to wait */
__u64 nr_urgent;                /* of these, with at least half of the top urgency */
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

/* Notes one more event now, *at being the one before. */
static __always_inline void note_event(__u64 now, __u64 *at, __u64 *mean_gap) {
        __u64 gap = now - *at;

        *mean_gap = average(*mean_gap, gap < GAP_MAX ? gap : GAP_MAX);
        *at = now;
}

/* A link of a chain is woken often, wakes others often and runs briefly. Waking others counts only as far as the task is woken
 * itself: a task that computes all the time is the apparent source of whatever an interrupt wakes. */
static __always_inline __u32 urgency_of(const struct task_state *s) {
        __u64 woken = NSEC_PER_SEC / (s->woken_gap + 1);        /* per second */
        __u64 woke = NSEC_PER_SEC / (s->woke_gap + 1);
        __u64 run = s->mean_burst > s->burst ? s->mean_burst : s->burst;
        __s32 own;
        __u32 inherited = s->inherited / INHERITED_ONE;

        if (woke > 4 * woken)
                woke = 4 * woken;
        own = log2_floor(woken + 1) + log2_floor(woke + 1);
        own -= log2_floor(run / (64 * NSEC_PER_USEC) + 1);
        if (own < (__s32) inherited)
                own = inherited;
        /* What is lent by others ends where the task computes for longer than its turn. */
        if (own < 0 || s->burst > slice_ns())
                own = 0;
        return own < URGENCY_TOP ? own : URGENCY_TOP;
}

/* The earlier in virtual time, the sooner it runs. Urgency shortens what is added to the running time so far but never makes it
 * negative: each turn costs, so that a task which waits is overtaken only so often, whoever else is there. */
static __always_inline void set_deadline(struct task_struct *p, struct task_state *s) {
        __u64 earliest = vtime_now - credit_us * NSEC_PER_USEC;

        if (vtime_before(s->vtime, earliest))
                s->vtime = earliest;
        s->urgency = urgency_of(s);
        s->deadline = s->vtime + scale_by_weight(slice_ns(), p) * (URGENCY_TOP + 1 - s->urgency) / (URGENCY_TOP + 1);
}

/* Adds what the task has run since it last was. */
static __always_inline void charge(struct task_struct *p, struct task_state *s) {
        __u64 now = scx_now(), used = now - s->started;

        s->vtime += scale_by_weight(used, p);
        s->burst += used;
        s->started = now;
}

/* Whether somebody waits who comes before this task, which has just used up its turn. The kernel asks before it puts that task back into
 * the queue: taking whoever is first there would mean that nobody ever gets two turns in a row, whatever his weight. */
static __always_inline bool is_due(const struct task_state *s) {
        struct task_struct *p;

        if (!bpf_ksym_exists(bpf_iter_scx_dsq_new))
                return true;
        bpf_for_each(scx_dsq, p, QUEUE, 0) {
                const struct task_state *first = state_of(p);

                return !first || !vtime_before(s->deadline, first->deadline);
        }
        return false;
}

/* From now on this is what runs on the CPU, as far as others may interrupt it. */
static __always_inline void note_running(struct task_struct *p, const struct task_state *s) {
        struct cpu_state *c = cpu_state_of(scx_bpf_task_cpu(p));

        if (!c)
                return;
        c->deadline = s->deadline;
        c->started = s->started;
        c->may_preempt = !is_cpu_kthread(p);
}

__s32 SCX_OP(latency_select_cpu, struct task_struct *p, __s32 prev_cpu, __u64 wake_flags) {
        struct task_state *s = state_of(p);
        bool idle;
        __s32 cpu;

        cpu = scx_pick_cpu(p, prev_cpu, wake_flags, smt_aware, &idle);
        if (idle) {
                if (s)
                        set_deadline(p, s);
                nr_direct++;
                scx_insert(p, SCX_DSQ_LOCAL, slice_ns(), 0);
        }
        return cpu;
}

void SCX_OP(latency_enqueue, struct task_struct *p, __u64 enq_flags) {
        struct task_state *s = state_of(p);
        struct cpu_state *c;
        __u64 theirs;
        __s32 cpu;

        if (s)
                set_deadline(p, s);
        /* Only when it wakes up: one that uses up its turns has to queue, or it would shut out what waits for this CPU. */
        if (!s || ((enq_flags & SCX_ENQ_WAKEUP) && is_cpu_kthread(p))) {
                nr_direct++;
                scx_insert(p, SCX_DSQ_LOCAL, slice_ns(), enq_flags);
                return;
        }

        nr_queued++;
        if (s->urgency > URGENCY_TOP / 2)
                nr_urgent++;
        scx_insert_vtime(p, QUEUE, slice_ns(), s->deadline, enq_flags);
        if (scx_rouse_idle(p) || !preempt || !(enq_flags & SCX_ENQ_WAKEUP))
                return;

        cpu = scx_bpf_task_cpu(p);
        c = cpu_state_of(cpu);
        if (!c || !c->may_preempt)
                return;
        /* What it has run already has moved its claim back by as much; a quarter of a turn is not worth the switch. */
        theirs = c->deadline + (scx_now() - c->started);
        if (vtime_before(s->deadline + slice_ns() / 4, theirs)) {
                c->may_preempt = false; /* once is enough */
                nr_preempted++;
                scx_kick(cpu, SCX_KICK_PREEMPT);
        }
}

void SCX_OP(latency_dispatch, __s32 cpu, struct task_struct *prev) {
        struct task_state *s = scx_is_runnable(prev) ? state_of(prev) : NULL;
        __u64 now = scx_now();

        if (scx_note_asked(cpu, now))
                scx_rescue(QUEUE, now);
        if (s) {
                charge(prev, s);
                set_deadline(prev, s);
        }
        if ((!s || is_due(s)) && scx_take_from(QUEUE))
                return;
        if (s) {
                note_running(prev, s);
                scx_go_on(prev, slice_ns());
        }
}

void SCX_OP(latency_runnable, struct task_struct *p, __u64 enq_flags) {
        struct task_state *s = state_of(p), *w;
        struct task_struct *waker;
        __u64 now;

        if (!s || !(enq_flags & SCX_ENQ_WAKEUP))
                return;
        now = scx_now();
        note_event(now, &s->woken_at, &s->woken_gap);

        waker = bpf_get_current_task_btf();
        w = state_of(waker);
        if (!w || w == s)
                return;
        note_event(now, &w->woke_at, &w->woke_gap);

        /* Urgency spreads along the chain, both ways, and fades with each link. */
        s->inherited = average(s->inherited, (__u64) w->urgency * INHERITED_ONE * inherit_percent / 100);
        /* Back only to one that is itself woken, if less often: see urgency_of(). */
        if (w->woken_gap < GAP_MAX / 2 && w->woken_gap < 8 * s->woken_gap)
                w->inherited = average(w->inherited, (__u64) s->urgency * INHERITED_ONE * inherit_percent / 100);
}

void SCX_OP(latency_running, struct task_struct *p) {
        struct task_state *s = state_of(p);

        if (!s)
                return;
        s->started = scx_now();
        if (vtime_before(vtime_now, s->vtime))
                vtime_now = s->vtime;
        note_running(p, s);
}

void SCX_OP(latency_stopping, struct task_struct *p, bool runnable) {
        struct task_state *s = state_of(p);
        struct cpu_state *c = cpu_state_of(scx_bpf_task_cpu(p));

        if (c)
                c->may_preempt = false;
        if (s)
                charge(p, s);
}

void SCX_OP(latency_quiescent, struct task_struct *p, __u64 deq_flags) {
        struct task_state *s = state_of(p);

        if (!s || !(deq_flags & SCX_DEQ_SLEEP))
                return;
        /* One long computation shall not be remembered for ever. */
        s->mean_burst = average(s->mean_burst, s->burst < GAP_MAX / 8 ? s->burst : GAP_MAX / 8);
        s->burst = 0;
}

void SCX_OP(latency_enable, struct task_struct *p) {
        struct task_state *s = state_of(p);

        if (!s)
                return;
        s->vtime = s->deadline = vtime_now;
        s->mean_burst = slice_ns();     /* nothing is known: neither urgent nor a burden */
        s->woken_gap = s->woke_gap = GAP_MAX;
        s->woken_at = s->woke_at = scx_now();
}

__s32 SCX_OP_SLEEPABLE(latency_init_task, struct task_struct *p, struct scx_init_task_args *args) {
        return bpf_task_storage_get(&task_states, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE) ? 0 : -ENOMEM;
}

SCX_HOTPLUG(latency_cpu_online, latency_cpu_offline, scx_release(QUEUE, cpu))

__s32 SCX_OP_SLEEPABLE(latency_init) {
        return scx_create_queue(QUEUE);
}

SCX_EXIT_REPORTER(latency_exit)

SEC(".struct_ops.link")
struct sched_ext_ops latency_ops = {
        .select_cpu = (void *) latency_select_cpu,
        .enqueue = (void *) latency_enqueue,
        .dispatch = (void *) latency_dispatch,
        .runnable = (void *) latency_runnable,
        .running = (void *) latency_running,
        .stopping = (void *) latency_stopping,
        .quiescent = (void *) latency_quiescent,
        .enable = (void *) latency_enable,
        .init_task = (void *) latency_init_task,
        .cpu_online = (void *) latency_cpu_online,
        .cpu_offline = (void *) latency_cpu_offline,
        .init = (void *) latency_init,
        .exit = (void *) latency_exit,
        .name = "scxd_latency",
};
