/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCX_KFUNCS_BPF_H
#define SCX_KFUNCS_BPF_H

/* The kernel's sched_ext functions. Each is weak and each wrapper takes what this kernel has: names and parameters changed over
 * time, and some kernels describe some of them wrongly, which makes those unusable. libbpf drops the last ___suffix of a name and
 * leaves a weak function with other parameters unresolved; the verifier then removes the branch that would have called it. */

#include "scx-kernel.bpf.h"

struct scx_insert_vtime_args {  /* struct scx_bpf_dsq_insert_vtime_args of 6.19 and later */
        __u64 dsq_id;
        __u64 slice;
        __u64 vtime;
        __u64 enq_flags;
};

/* Queues. */
__s32 scx_bpf_create_dsq(__u64 dsq_id, __s32 node) __ksym __weak;

/* Inserting: newest first. */
bool scx_bpf_dsq_insert___v2___new(struct task_struct *p, __u64 dsq_id, __u64 slice, __u64 enq_flags) __ksym __weak;
void scx_bpf_dsq_insert(struct task_struct *p, __u64 dsq_id, __u64 slice, __u64 enq_flags) __ksym __weak;
void scx_bpf_dispatch(struct task_struct *p, __u64 dsq_id, __u64 slice, __u64 enq_flags) __ksym __weak;
bool __scx_bpf_dsq_insert_vtime(struct task_struct *p, struct scx_insert_vtime_args *args) __ksym __weak;
void scx_bpf_dsq_insert_vtime(struct task_struct *p, __u64 dsq_id, __u64 slice, __u64 vtime, __u64 enq_flags) __ksym __weak;
void scx_bpf_dispatch_vtime(struct task_struct *p, __u64 dsq_id, __u64 slice, __u64 vtime, __u64 enq_flags) __ksym __weak;

/* Moving on. */
bool scx_bpf_dsq_move_to_local___v2___new(__u64 dsq_id, __u64 enq_flags) __ksym __weak;
bool scx_bpf_dsq_move_to_local(__u64 dsq_id) __ksym __weak;
bool scx_bpf_consume(__u64 dsq_id) __ksym __weak;

/* Looking through a queue. */
struct bpf_iter_scx_dsq {
        __u64 opaque[6];
} __attribute__((aligned(8)));

int bpf_iter_scx_dsq_new(struct bpf_iter_scx_dsq *it, __u64 dsq_id, __u64 flags) __ksym __weak;
struct task_struct *bpf_iter_scx_dsq_next(struct bpf_iter_scx_dsq *it) __ksym __weak;
void bpf_iter_scx_dsq_destroy(struct bpf_iter_scx_dsq *it) __ksym __weak;
bool scx_bpf_dsq_move(struct bpf_iter_scx_dsq *it__iter, struct task_struct *p, __u64 dsq_id, __u64 enq_flags) __ksym __weak;
bool scx_bpf_dispatch_from_dsq(struct bpf_iter_scx_dsq *it__iter, struct task_struct *p, __u64 dsq_id,
                               __u64 enq_flags) __ksym __weak;

/* CPUs. */
__s32 scx_bpf_select_cpu_dfl(struct task_struct *p, __s32 prev_cpu, __u64 wake_flags, bool *is_idle) __ksym __weak;
__s32 scx_bpf_pick_idle_cpu(const struct cpumask *allowed, __u64 flags) __ksym __weak;
bool scx_bpf_test_and_clear_cpu_idle(__s32 cpu) __ksym __weak;
void scx_bpf_kick_cpu(__s32 cpu, __u64 flags) __ksym __weak;
__s32 scx_bpf_task_cpu(const struct task_struct *p) __ksym __weak;
bool bpf_cpumask_test_cpu(__u32 cpu, const struct cpumask *mask) __ksym __weak;

/* The rest. */
bool scx_bpf_task_set_slice(struct task_struct *p, __u64 slice) __ksym __weak;
__u64 scx_bpf_now(void) __ksym __weak;
void scx_bpf_error_bstr(char *format, unsigned long long *data, __u32 data__sz) __ksym __weak;
void scx_bpf_exit_bstr(__s64 code, char *format, unsigned long long *data, __u32 data__sz) __ksym __weak;

/* Makes a queue of our own. false: this kernel has none to give, so that only SCX_DSQ_GLOBAL remains (served by the kernel, in the
 * order of arrival). */
static __always_inline bool scx_can_create_queue(void) {
        return bpf_ksym_exists(scx_bpf_create_dsq);
}

static __always_inline __s32 scx_create_queue(__u64 id) {
        return bpf_ksym_exists(scx_bpf_create_dsq) ? scx_bpf_create_dsq(id, -1) : -ENOENT;
}

static __always_inline void scx_insert(struct task_struct *p, __u64 queue, __u64 slice, __u64 enq_flags) {
        if (bpf_ksym_exists(scx_bpf_dsq_insert___v2___new))
                scx_bpf_dsq_insert___v2___new(p, queue, slice, enq_flags);
        else if (bpf_ksym_exists(scx_bpf_dsq_insert))
                scx_bpf_dsq_insert(p, queue, slice, enq_flags);
        else
                scx_bpf_dispatch(p, queue, slice, enq_flags);
}

static __always_inline void scx_insert_vtime(struct task_struct *p, __u64 queue, __u64 slice, __u64 vtime, __u64 enq_flags) {
        if (bpf_ksym_exists(__scx_bpf_dsq_insert_vtime)) {
                struct scx_insert_vtime_args args = {
                        .dsq_id = queue,
                        .slice = slice,
                        .vtime = vtime,
                        .enq_flags = enq_flags,
                };

                __scx_bpf_dsq_insert_vtime(p, &args);
        } else if (bpf_ksym_exists(scx_bpf_dsq_insert_vtime))
                scx_bpf_dsq_insert_vtime(p, queue, slice, vtime, enq_flags);
        else
                scx_bpf_dispatch_vtime(p, queue, slice, vtime, enq_flags);
}

/* Hands this CPU the first task of the queue that may run on it. false: there is none. */
static __always_inline bool scx_take_from(__u64 queue) {
        if (bpf_ksym_exists(scx_bpf_dsq_move_to_local___v2___new))
                return scx_bpf_dsq_move_to_local___v2___new(queue, 0);
        if (bpf_ksym_exists(scx_bpf_dsq_move_to_local))
                return scx_bpf_dsq_move_to_local(queue);
        return scx_bpf_consume(queue);
}

static __always_inline bool scx_is_runnable(const struct task_struct *p) {
        return p && (p->scx.flags & SCX_TASK_QUEUED);
}

/* A task that goes on because nobody waits would get the kernel's own turn of 20 ms: give it ours. */
static __always_inline void scx_go_on(struct task_struct *p, __u64 slice) {
        if (!scx_is_runnable(p))
                return;
        if (bpf_ksym_exists(scx_bpf_task_set_slice))
                scx_bpf_task_set_slice(p, slice);
        else
                p->scx.slice = slice;
}

static __always_inline __u64 scx_now(void) {
        return bpf_ksym_exists(scx_bpf_now) ? scx_bpf_now() : bpf_ktime_get_ns();
}

static __always_inline __s32 scx_pick_idle(const struct task_struct *p, __u64 flags) {
        return bpf_ksym_exists(scx_bpf_pick_idle_cpu) ? scx_bpf_pick_idle_cpu(p->cpus_ptr, flags) : -ENOENT;
}

/* The CPUs that are going offline. A kick is sent by way of an interrupt to oneself: on a CPU that takes none any more it stays pending
 * for good, all later kicks from there get lost, and 7.3 waits for it without end when the scheduler is detached. */
static bool cpu_leaving[MAX_CPUS];

static __always_inline void scx_note_hotplug(__s32 cpu, bool leaving) {
        bool *p = PER_CPU(cpu_leaving, cpu);

        if (p)
                *p = leaving;
}

static __always_inline void scx_move_to_global(struct bpf_iter_scx_dsq *from, struct task_struct *p) {
        if (bpf_ksym_exists(scx_bpf_dsq_move))
                scx_bpf_dsq_move(from, p, SCX_DSQ_GLOBAL, 0);
        else if (bpf_ksym_exists(scx_bpf_dispatch_from_dsq))
                scx_bpf_dispatch_from_dsq(from, p, SCX_DSQ_GLOBAL, 0);
}

/* Lets go of the tasks that wait in this queue on a CPU that is going offline. The kernel asks no scheduler on behalf of such a CPU any
 * more, but waits until all its tasks have left: one that is bound to it would wait in the queue for ever, and the CPU with it. From
 * the kernel's own queue the CPU takes it by itself, and then sends it elsewhere. */
static __always_inline void scx_release(__u64 queue, __s32 cpu) {
        struct task_struct *p;

        if (!bpf_ksym_exists(bpf_iter_scx_dsq_new))
                return;
        bpf_for_each(scx_dsq, p, queue, 0) {
                if (scx_bpf_task_cpu(p) != cpu)
                        continue;
                scx_move_to_global(&___it, p);
        }
}

/* The kernel stops asking on behalf of a CPU that is going offline before it says so in cpu_offline, and waits for RCU readers in
 * between. One that was preempted, is bound to that CPU and waits in a queue of ours would hold up all of it until the kernel ejects
 * us. So now and then, whoever waits near the head of a queue on a CPU that has not asked for so long goes to the kernel's own queue. */
#define RESCUE_AFTER_NS NSEC_PER_SEC
#define RESCUE_EVERY_NS (NSEC_PER_SEC / 2)
#define RESCUE_TASKS 8

/* A cache line for each CPU: it is written at each dispatch. */
static struct {
        __u64 at;
        __u64 pad[7];
} cpu_asked[MAX_CPUS];
static __u64 rescued_at;

/* To be called in each dispatch. true: it is time for scx_rescue() on each queue. */
static __always_inline bool scx_note_asked(__s32 cpu, __u64 now) {
        __typeof__(&cpu_asked[0]) asked = PER_CPU(cpu_asked, cpu);

        if (asked)
                asked->at = now;
        if (now - rescued_at < RESCUE_EVERY_NS)
                return false;
        rescued_at = now;
        return true;
}

static __always_inline void scx_rescue(__u64 queue, __u64 now) {
        struct task_struct *p;
        int n = 0;

        if (!bpf_ksym_exists(bpf_iter_scx_dsq_new))
                return;
        bpf_for_each(scx_dsq, p, queue, 0) {
                __typeof__(&cpu_asked[0]) asked = PER_CPU(cpu_asked, scx_bpf_task_cpu(p));

                if (n++ >= RESCUE_TASKS)
                        break;
                /* Signed: another CPU may have asked since "now". */
                if (asked && (__s64) (now - asked->at) > (__s64) RESCUE_AFTER_NS)
                        scx_move_to_global(&___it, p);
        }
}

/* Defines cpu_online and cpu_offline. Having these two is also what lets a scheduler stay when a CPU comes or goes. The third is what
 * else to do when one goes: scx_release() for each queue of its own. */
#define SCX_HOTPLUG(online, offline, release...)        \
        void SCX_OP(online, __s32 cpu) {                \
                scx_note_hotplug(cpu, false);           \
        }                                               \
        void SCX_OP(offline, __s32 cpu) {               \
                scx_note_hotplug(cpu, true);            \
                release;                                \
        }

/* May do nothing: whoever kicks must not depend on it for more than the length of a turn. */
static __always_inline void scx_kick(__s32 cpu, __u64 flags) {
        const bool *leaving = PER_CPU(cpu_leaving, bpf_get_smp_processor_id());

        if (bpf_ksym_exists(scx_bpf_kick_cpu) && !(leaving && *leaving))
                scx_bpf_kick_cpu(cpu, flags);
}

/* The CPU that shall run a task which wakes up. *ret_idle: it has been claimed and waits for it. */
static __always_inline __s32 scx_pick_cpu(struct task_struct *p, __s32 prev_cpu, __u64 wake_flags, bool smt_aware, bool *ret_idle) {
        __s32 cpu;

        *ret_idle = false;
        if (!smt_aware && bpf_ksym_exists(scx_bpf_test_and_clear_cpu_idle) && bpf_cpumask_test_cpu(prev_cpu, p->cpus_ptr) &&
            scx_bpf_test_and_clear_cpu_idle(prev_cpu)) {
                *ret_idle = true;
                return prev_cpu;
        }
        if (bpf_ksym_exists(scx_bpf_select_cpu_dfl))
                return scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, ret_idle);
        cpu = scx_pick_idle(p, 0);
        if (cpu < 0)
                return prev_cpu;
        *ret_idle = true;
        return cpu;
}

/* Rouses an idle CPU for a task that has just been put into a shared queue: one may have gone idle after it last looked. Returns
 * whether there was one. */
static __always_inline bool scx_rouse_idle(const struct task_struct *p) {
        __s32 cpu = scx_pick_idle(p, 0);

        if (cpu < 0)
                return false;
        scx_kick(cpu, SCX_KICK_IDLE);
        return true;
}

/* Ends this scheduler with a message. Where the kernel misdescribes one way, there is the other, which counts as an exit by the
 * scheduler's own will. */
#define scx_fail(text, args...)                                                                         \
        ({                                                                                              \
                static char _format[] = text;                                                           \
                unsigned long long _data[] = { args };                                                  \
                if (bpf_ksym_exists(scx_bpf_error_bstr))                                                \
                        scx_bpf_error_bstr(_format, _data, sizeof(_data));                              \
                else if (bpf_ksym_exists(scx_bpf_exit_bstr))                                            \
                        scx_bpf_exit_bstr(1, _format, _data, sizeof(_data));                            \
        })

#endif
