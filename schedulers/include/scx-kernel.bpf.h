/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCX_KERNEL_BPF_H
#define SCX_KERNEL_BPF_H

/* The little of the kernel that our schedulers look at: types whose members are found by CO-RE in the kernel that loads them, so
 * that one object fits all. Nothing here depends on a kernel's version, and nothing is generated. */

#include <stdbool.h>

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define NSEC_PER_USEC 1000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_SEC 1000000000ULL

/* Of the kernel's user-space ABI, which never changes. */
struct bpf_iter_num {
        __u64 opaque[1];
} __attribute__((aligned(8)));

#define BPF_MAP_TYPE_RINGBUF 27
#define BPF_MAP_TYPE_TASK_STORAGE 29
#define BPF_F_NO_PREALLOC 1
#define BPF_LOCAL_STORAGE_GET_F_CREATE 1
#define BPF_RB_FORCE_WAKEUP 2
#define ENOENT 2
#define ENOMEM 12
#define ENODEV 19
#define PF_KTHREAD 0x00200000

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Not looked into, but it has to be defined: libbpf takes a function for another one if a parameter is a mere forward declaration. */
struct cpumask {
        unsigned long bits[1];
};

struct scx_init_task_args;

struct sched_ext_entity {
        __u32 flags;
        __u32 weight;           /* 1 to 10000, 100 for nice 0 */
        __u64 slice;
};

struct task_struct {
        unsigned int flags;
        int pid;
        int tgid;
        int nr_cpus_allowed;
        const struct cpumask *cpus_ptr;
        struct sched_ext_entity scx;
        char comm[16];
};

enum scx_exit_kind {
        SCX_EXIT_NONE___local,
};

struct scx_exit_info {
        enum scx_exit_kind kind;
        __s64 exit_code;
        const char *reason;
        char *msg;
        char *dump;
};

#pragma clang attribute pop

/* libbpf finds the kernel's members by these names; the kernel has all of these since 6.12. */
struct sched_ext_ops {
        __s32 (*select_cpu)(struct task_struct *p, __s32 prev_cpu, __u64 wake_flags);
        void (*enqueue)(struct task_struct *p, __u64 enq_flags);
        void (*dequeue)(struct task_struct *p, __u64 deq_flags);
        void (*dispatch)(__s32 cpu, struct task_struct *prev);
        void (*runnable)(struct task_struct *p, __u64 enq_flags);
        void (*running)(struct task_struct *p);
        void (*stopping)(struct task_struct *p, bool runnable);
        void (*quiescent)(struct task_struct *p, __u64 deq_flags);
        void (*enable)(struct task_struct *p);
        __s32 (*init_task)(struct task_struct *p, struct scx_init_task_args *args);
        void (*cpu_online)(__s32 cpu);
        void (*cpu_offline)(__s32 cpu);
        __s32 (*init)(void);
        void (*exit)(struct scx_exit_info *info);
        __u32 timeout_ms;
        __u64 flags;
        __u64 hotplug_seq;      /* 0: a CPU that came or went between load and attach does not matter */
        char name[128];
};

/* Values move between kernels, so the local ones carry a suffix and the real ones come from the kernel that loads us. A suffix of
 * three underscores is what CO-RE ignores. */
enum scx_dsq_id_flags {
        SCX_DSQ_GLOBAL___local = 0x8000000000000001ULL,
        SCX_DSQ_LOCAL___local = 0x8000000000000002ULL,
};

enum scx_enq_flags {
        SCX_ENQ_WAKEUP___local = 0x1ULL,
};

enum scx_deq_flags {
        SCX_DEQ_SLEEP___local = 0x1ULL,
};

enum scx_kick_flags {
        SCX_KICK_IDLE___local = 0x1,
        SCX_KICK_PREEMPT___local = 0x2,
};

enum scx_pick_idle_cpu_flags {
        SCX_PICK_IDLE_CORE___local = 0x1,
};

enum scx_ent_flags {
        SCX_TASK_QUEUED___local = 0x1,
};

#define SCX_DSQ_GLOBAL bpf_core_enum_value(enum scx_dsq_id_flags, SCX_DSQ_GLOBAL___local)
#define SCX_DSQ_LOCAL bpf_core_enum_value(enum scx_dsq_id_flags, SCX_DSQ_LOCAL___local)
#define SCX_ENQ_WAKEUP bpf_core_enum_value(enum scx_enq_flags, SCX_ENQ_WAKEUP___local)
#define SCX_DEQ_SLEEP bpf_core_enum_value(enum scx_deq_flags, SCX_DEQ_SLEEP___local)
#define SCX_KICK_IDLE bpf_core_enum_value(enum scx_kick_flags, SCX_KICK_IDLE___local)
#define SCX_KICK_PREEMPT bpf_core_enum_value(enum scx_kick_flags, SCX_KICK_PREEMPT___local)
#define SCX_PICK_IDLE_CORE bpf_core_enum_value(enum scx_pick_idle_cpu_flags, SCX_PICK_IDLE_CORE___local)
#define SCX_TASK_QUEUED bpf_core_enum_value(enum scx_ent_flags, SCX_TASK_QUEUED___local)

/* A callback of sched_ext_ops; _SLEEPABLE for those that the kernel may let wait (init, init_task). */
#define SCX_OP(name, args...) SEC("struct_ops/" #name) BPF_PROG(name, ##args)
#define SCX_OP_SLEEPABLE(name, args...) SEC("struct_ops.s/" #name) BPF_PROG(name, ##args)

/* Knobs: what a manifest lists under this name. A live one must be in .data even if it starts as zero. */
#define KNOB_LOAD(type, name, initial) const volatile type name = (initial)
#define KNOB_LIVE(type, name, initial) volatile type name SEC(".data") = (initial)

#define MAX_CPUS 1024u          /* what per-CPU bookkeeping covers: a CPU beyond it goes without that, not without service */

/* Virtual times wrap around: compare them by their distance. */
static __always_inline bool vtime_before(__u64 a, __u64 b) {
        return (__s64) (a - b) < 0;
}

/* How much virtual time a run of this length costs: the heavier the task, the less. */
static __always_inline __u64 scale_by_weight(__u64 nsec, const struct task_struct *p) {
        __u32 weight = p->scx.weight;

        return nsec * 100 / (weight ?: 100);
}

/* Floor of the binary logarithm; 0 for 0. Without branches: the verifier would follow each combination of them. */
static __always_inline __u32 log2_floor(__u64 v) {
        /* Make all bits below the highest ones, then count them. */
        v |= v >> 1;
        v |= v >> 2;
        v |= v >> 4;
        v |= v >> 8;
        v |= v >> 16;
        v |= v >> 32;
        v >>= 1;
        v -= (v >> 1) & 0x5555555555555555ULL;
        v = (v & 0x3333333333333333ULL) + ((v >> 2) & 0x3333333333333333ULL);
        v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
        return v * 0x0101010101010101ULL >> 56;
}

/* A running average that gives each new sample one eighth of the say. */
static __always_inline __u64 average(__u64 old, __u64 sample) {
        return old - old / 8 + sample / 8;
}

/* What an array of MAX_CPUS elements holds for this CPU; NULL beyond. The barrier keeps the compiler from dropping the mask, which
 * is what the verifier understands. */
#define PER_CPU(array, cpu)                                                                     \
        ({                                                                                      \
                __u32 _cpu = (cpu);                                                             \
                bool _there = _cpu < MAX_CPUS;                                                  \
                barrier_var(_cpu);                                                              \
                _there ? &(array)[_cpu & (MAX_CPUS - 1)] : NULL;                                \
        })

/* A kernel thread that belongs to one CPU: it is often what the other tasks there wait for. */
static __always_inline bool is_cpu_kthread(const struct task_struct *p) {
        return (p->flags & PF_KTHREAD) && p->nr_cpus_allowed == 1;
}

#endif
