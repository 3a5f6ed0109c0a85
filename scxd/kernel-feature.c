/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel-feature.h"

#include <stdio.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#define PROOFS_MAX 3u           /* things that a feature needs together */
#define FORMS_MAX 4u            /* names that one of them has had */

/* Kfuncs are proven by their BTF function, callbacks by a member of struct sched_ext_ops. */
typedef struct Feature {
        const char *name;
        const char *kfuncs[PROOFS_MAX][FORMS_MAX];      /* of each row one must be there */
        const char *op;
        bool implicit;          /* its kfuncs take an implicit argument from 7.1 on, which is what broken BTF gets wrong */
} Feature;

static const Feature features[] = {
        [KERNEL_FEATURE_SCHED_EXT] = { "sched_ext" },
        [KERNEL_FEATURE_DSQ_CREATE] = { "dsq_create", { { "scx_bpf_create_dsq" } }, .implicit = true },
        [KERNEL_FEATURE_DSQ_INSERT] = {
                "dsq_insert",
                { { "scx_bpf_dsq_insert___v2", "scx_bpf_dsq_insert", "scx_bpf_dispatch" } },
                .implicit = true,
        },
        [KERNEL_FEATURE_DSQ_INSERT_VTIME] = {
                "dsq_insert_vtime",
                { { "__scx_bpf_dsq_insert_vtime", "scx_bpf_dsq_insert_vtime", "scx_bpf_dispatch_vtime" } },
                .implicit = true,
        },
        [KERNEL_FEATURE_DSQ_MOVE_TO_LOCAL] = {
                "dsq_move_to_local",
                { { "scx_bpf_dsq_move_to_local___v2", "scx_bpf_dsq_move_to_local", "scx_bpf_consume" } },
                .implicit = true,
        },
        [KERNEL_FEATURE_DSQ_MOVE] = {
                "dsq_move",
                { { "scx_bpf_dsq_move", "scx_bpf_dispatch_from_dsq" }, { "bpf_iter_scx_dsq_new" }, { "bpf_iter_scx_dsq_next" } },
                .implicit = true,
        },
        [KERNEL_FEATURE_DSQ_PEEK] = { "dsq_peek", { { "scx_bpf_dsq_peek" } }, .implicit = true },
        [KERNEL_FEATURE_KICK_CPU] = { "kick_cpu", { { "scx_bpf_kick_cpu" } }, .implicit = true },
        [KERNEL_FEATURE_PICK_IDLE_CPU] = { "pick_idle_cpu", { { "scx_bpf_pick_idle_cpu" } }, .implicit = true },
        [KERNEL_FEATURE_SELECT_CPU_AND] = {
                "select_cpu_and",
                { { "__scx_bpf_select_cpu_and", "scx_bpf_select_cpu_and" } },
                .implicit = true,
        },
        [KERNEL_FEATURE_CPUPERF] = {
                "cpuperf",
                { { "scx_bpf_cpuperf_set" }, { "scx_bpf_cpuperf_cur" }, { "scx_bpf_cpuperf_cap" } },
                .implicit = true,
        },
        [KERNEL_FEATURE_NOW] = { "now", { { "scx_bpf_now" } } },
        [KERNEL_FEATURE_EVENTS] = { "events", { { "scx_bpf_events" } }, .implicit = true },
        [KERNEL_FEATURE_CGROUP_BANDWIDTH] = { "cgroup_bandwidth", .op = "cgroup_set_bandwidth" },
        [KERNEL_FEATURE_SUB_SCHED] = { "sub_sched", .op = "sub_attach" },
};
_Static_assert(ELEMENTSOF(features) == _KERNEL_FEATURE_MAX, "each feature needs its proof");

/* Not DEFINE_STRING_TABLE(): the names stand beside their proofs. */
const char *kernel_feature_to_string(KernelFeature v) {
        return (int) v < 0 || v >= _KERNEL_FEATURE_MAX ? NULL : features[v].name;
}

KernelFeature kernel_feature_from_string(const char *s) {
        for (size_t i = 0; s && i < ELEMENTSOF(features); i++)
                if (streq(features[i].name, s))
                        return (KernelFeature) i;
        return _KERNEL_FEATURE_INVALID;
}

int kernel_features_check(const KernelFeatures *f, char *const *requires, size_t n_requires, char **ret_why) {
        char *why = NULL;
        int n = 0;

        for (size_t i = 0; i < n_requires && n == 0; i++) {
                KernelFeature feature = kernel_feature_from_string(requires[i]);

                if ((int) feature >= 0 && f->probed && kernel_features_has(f, feature))
                        continue;
                if (!f->probed)
                        n = asprintf(&why, "needs %s, but this kernel has no BTF that would tell whether it is there",
                                     requires[i]);
                else if ((int) feature >= 0 && f->broken_btf && features[feature].implicit)
                        n = asprintf(&why,
                                     "needs %s, whose BTF this kernel misdescribes (known defect of Debian's backported 7.1.13 and 7.2.12)",
                                     requires[i]);
                else if ((int) feature >= 0)
                        n = asprintf(&why, "needs %s, which this kernel does not have", requires[i]);
                else
                        n = asprintf(&why, "needs %s, which is no kernel feature that scxd knows", requires[i]);
        }
        if (n < 0)
                return -ENOMEM;
        *ret_why = why;
        return 0;
}

/* What the BTF says of one kfunc. */
typedef struct Kfunc {
        const char *name;
        bool found;
        bool takes_aux;         /* its last parameter is the implicit one */
        bool has_twin;          /* NAME_impl is there, so that libbpf and the kernel agree */
} Kfunc;

#define KFUNCS_MAX (_KERNEL_FEATURE_MAX * PROOFS_MAX * FORMS_MAX)

static Kfunc *find_kfunc(Kfunc *kfuncs, size_t n, const char *name, size_t length) {
        for (size_t i = 0; i < n; i++)
                if (strncmp(kfuncs[i].name, name, length) == 0 && kfuncs[i].name[length] == '\0')
                        return kfuncs + i;
        return NULL;
}

static size_t list_kfuncs(Kfunc *kfuncs) {
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(features); i++)
                for (size_t j = 0; j < PROOFS_MAX; j++)
                        for (size_t k = 0; k < FORMS_MAX; k++)
                                if (features[i].kfuncs[j][k])
                                        kfuncs[n++].name = features[i].kfuncs[j][k];
        return n;
}

/* Is its last parameter a (const) struct bpf_prog_aux *? */
static bool takes_aux(const struct btf *btf, const struct btf_type *func) {
        const struct btf_type *t = btf__type_by_id(btf, func->type);

        if (!t || !btf_is_func_proto(t) || btf_vlen(t) == 0)
                return false;
        t = btf__type_by_id(btf, btf_params(t)[btf_vlen(t) - 1].type);
        if (!t || !btf_is_ptr(t))
                return false;
        t = btf__type_by_id(btf, t->type);
        while (t && (btf_is_const(t) || btf_is_volatile(t)))
                t = btf__type_by_id(btf, t->type);
        return t && (btf_is_struct(t) || btf_is_fwd(t)) && streq(strempty(btf__name_by_offset(btf, t->name_off)), "bpf_prog_aux");
}

static void look_at_function(const struct btf *btf, const struct btf_type *t, const char *name, Kfunc *kfuncs, size_t n) {
        size_t length = strlen(name);
        Kfunc *k;

        k = find_kfunc(kfuncs, n, name, length);
        if (k) {
                k->found = true;
                k->takes_aux = takes_aux(btf, t);
        } else if (endswith(name, "_impl")) {
                k = find_kfunc(kfuncs, n, name, length - strlen("_impl"));
                if (k)
                        k->has_twin = true;
        }
}

static bool has_op(const struct btf *btf, const struct btf_type *ops, const char *name) {
        for (size_t i = 0; i < btf_vlen(ops); i++)
                if (streq(strempty(btf__name_by_offset(btf, btf_members(ops)[i].name_off)), name))
                        return true;
        return false;
}

static bool is_broken(const Kfunc *k) {
        return k->found && k->takes_aux && !k->has_twin;
}

static bool feature_is_there(const Feature *f, const struct btf *btf, const struct btf_type *ops, Kfunc *kfuncs, size_t n) {
        for (size_t j = 0; j < PROOFS_MAX && f->kfuncs[j][0]; j++) {
                bool callable = false;

                for (size_t k = 0; k < FORMS_MAX && f->kfuncs[j][k] && !callable; k++) {
                        const Kfunc *kfunc = find_kfunc(kfuncs, n, f->kfuncs[j][k], strlen(f->kfuncs[j][k]));

                        callable = kfunc->found && !is_broken(kfunc);
                }
                if (!callable)
                        return false;
        }
        return !f->op || has_op(btf, ops, f->op);
}

int kernel_features_probe(const char *path, KernelFeatures *ret) {
        KernelFeatures f = { .probed = 1 };
        Kfunc kfuncs[KFUNCS_MAX] = { 0 };
        const struct btf_type *ops = NULL;
        struct btf *btf;
        size_t n;

        errno = 0;
        btf = btf__parse_raw(path);
        if (!btf)
                return errno > 0 ? -errno : -EINVAL;

        n = list_kfuncs(kfuncs);
        for (uint32_t i = 1; i < btf__type_cnt(btf); i++) {
                const struct btf_type *t = btf__type_by_id(btf, i);
                const char *name = strempty(btf__name_by_offset(btf, t->name_off));

                if (btf_is_func(t) && strstr(name, "scx_"))
                        look_at_function(btf, t, name, kfuncs, n);
                else if (btf_is_struct(t) && streq(name, "sched_ext_ops"))
                        ops = t;
        }

        for (size_t i = 0; ops && i < ELEMENTSOF(features); i++)
                if (feature_is_there(features + i, btf, ops, kfuncs, n))
                        f.mask |= UINT64_C(1) << i;
        for (size_t i = 0; ops && i < n; i++)
                if (is_broken(kfuncs + i))
                        f.broken_btf = 1;

        btf__free(btf);
        *ret = f;
        return 0;
}
