/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What this kernel's sched_ext can do, by name, probed from its BTF (never from its version). */

#include "macro.h"

/* The first is sched_ext itself; the others are groups of kfuncs and ops that changed over time. In kernel-feature.c each has
 * the BTF names that prove it. */
typedef enum KernelFeature {
        KERNEL_FEATURE_SCHED_EXT,               /* struct sched_ext_ops */
        KERNEL_FEATURE_DSQ_CREATE,              /* scx_bpf_create_dsq, callable */
        KERNEL_FEATURE_DSQ_INSERT,              /* scx_bpf_dsq_insert or scx_bpf_dispatch */
        KERNEL_FEATURE_DSQ_INSERT_VTIME,        /* any form of inserting by virtual time */
        KERNEL_FEATURE_DSQ_MOVE_TO_LOCAL,       /* scx_bpf_dsq_move_to_local or scx_bpf_consume */
        KERNEL_FEATURE_DSQ_MOVE,                /* iterating a queue and moving single tasks */
        KERNEL_FEATURE_DSQ_PEEK,
        KERNEL_FEATURE_KICK_CPU,
        KERNEL_FEATURE_PICK_IDLE_CPU,
        KERNEL_FEATURE_SELECT_CPU_AND,
        KERNEL_FEATURE_CPUPERF,
        KERNEL_FEATURE_NOW,                     /* scx_bpf_now */
        KERNEL_FEATURE_EVENTS,                  /* scx_bpf_events */
        KERNEL_FEATURE_CGROUP_BANDWIDTH,        /* ops.cgroup_set_bandwidth */
        KERNEL_FEATURE_SUB_SCHED,               /* ops.sub_attach */
        _KERNEL_FEATURE_MAX,
        _KERNEL_FEATURE_INVALID = -EINVAL,
} KernelFeature;

DECLARE_STRING_TABLE(kernel_feature, KernelFeature);    /* "sched_ext", "dsq_insert_vtime", … */

typedef struct KernelFeatures {
        uint64_t mask;          /* 1 << KernelFeature */
        uint32_t broken_btf;    /* 1: kfuncs with implicit arguments lost their callable form (Debian backports 7.1.13, 7.2.12) */
        uint32_t probed;        /* 0: nothing is known, no BTF */
} KernelFeatures;

static inline bool kernel_features_has(const KernelFeatures *f, KernelFeature feature) {
        return f->mask & (UINT64_C(1) << feature);
}

/* Why a scheduler that requires these cannot run here: newly allocated text naming the first feature that is missing (and broken
 * BTF as its cause where it is), NULL in *ret_why if it can. Unknown names are missing features. Returns 0 or -ENOMEM. Pure. */
int kernel_features_check(const KernelFeatures *f, char *const *requires, size_t n_requires, char **ret_why);

/* Reads the BTF in this file ("/sys/kernel/btf/vmlinux"). Costs some MB while it runs: only scxd-loader calls it. */
int kernel_features_probe(const char *path, KernelFeatures *ret);
