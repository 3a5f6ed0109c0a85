/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel-feature.h"

#include <bpf/btf.h>
#include <fcntl.h>

#include "test.h"

/* Builds BTF as kernels have it, as far as the probe looks. */
typedef struct Builder {
        struct btf *btf;
        int number, aux;        /* int; struct bpf_prog_aux * */
} Builder;

static Builder builder_new(bool const_aux) {
        Builder b = { .btf = btf__new_empty() };
        int type;

        ASSERT(b.btf);
        b.number = btf__add_int(b.btf, "int", 4, BTF_INT_SIGNED);
        ASSERT(b.number > 0);
        type = btf__add_struct(b.btf, "bpf_prog_aux", 8);
        if (const_aux)
                type = btf__add_const(b.btf, type);
        b.aux = btf__add_ptr(b.btf, type);
        ASSERT(b.aux > 0);
        return b;
}

static void add_ops(Builder *b, const char *const *members) {
        ASSERT(btf__add_struct(b->btf, "sched_ext_ops", 256) > 0);
        for (size_t i = 0; members[i]; i++)
                ASSERT_EQ(btf__add_field(b->btf, members[i], b->number, (uint32_t) (32 * i), 0), 0);
}

static void add_function(Builder *b, const char *name, bool aux) {
        int proto = btf__add_func_proto(b->btf, b->number);

        ASSERT(proto > 0);
        ASSERT_EQ(btf__add_func_param(b->btf, "a", b->number), 0);
        if (aux)
                ASSERT_EQ(btf__add_func_param(b->btf, "aux", b->aux), 0);
        ASSERT(btf__add_func(b->btf, name, BTF_FUNC_GLOBAL, proto) > 0);
}

typedef enum Form {
        PLAIN,          /* NAME(…), as before 7.1 */
        IMPLICIT,       /* NAME(…) and NAME_impl(…, aux): as it should be from 7.1 on */
        BROKEN,         /* NAME(…, aux) alone */
} Form;

static void add_functions(Builder *b, Form form, const char *const *names) {
        for (size_t i = 0; names[i]; i++) {
                char twin[128];

                add_function(b, names[i], form == BROKEN);
                if (form != IMPLICIT)
                        continue;
                snprintf(twin, sizeof(twin), "%s_impl", names[i]);
                add_function(b, twin, true);
        }
}

static KernelFeatures probe(Builder *b) {
        char path[] = "/tmp/scxd-test-btf.XXXXXX";
        KernelFeatures f = { 0 };
        const void *data;
        uint32_t size;
        int fd;

        data = btf__raw_data(b->btf, &size);
        ASSERT(data);
        fd = mkstemp(path);
        ASSERT(fd >= 0);
        ASSERT_EQ(write(fd, data, size), size);
        close(fd);
        btf__free(b->btf);
        ASSERT_OK(kernel_features_probe(path, &f));
        ASSERT_EQ(unlink(path), 0);
        ASSERT_EQ(f.probed, 1);
        return f;
}

static char *names(const KernelFeatures *f) {
        char *text = calloc(1, 1024);

        ASSERT(text);
        for (int i = 0; i < _KERNEL_FEATURE_MAX; i++)
                if (kernel_features_has(f, (KernelFeature) i)) {
                        if (text[0])
                                strcat(text, " ");
                        strcat(text, kernel_feature_to_string((KernelFeature) i));
                }
        return text;
}

#define STRINGS(...) (const char *const[]) { __VA_ARGS__, NULL }

static void test_probe(void) {
        KernelFeatures f;

        {       /* 6.12 */
                _cleanup_(freep) char *text = NULL;
                Builder b = builder_new(false);

                add_ops(&b, STRINGS("select_cpu", "enqueue", "name"));
                add_functions(&b, PLAIN, STRINGS("scx_bpf_create_dsq", "scx_bpf_dispatch", "scx_bpf_dispatch_vtime", "scx_bpf_consume",
                                                 "scx_bpf_dispatch_from_dsq", "bpf_iter_scx_dsq_new", "bpf_iter_scx_dsq_next", "scx_bpf_kick_cpu",
                                                 "scx_bpf_pick_idle_cpu", "scx_bpf_cpuperf_cap", "scx_bpf_cpuperf_cur", "scx_bpf_cpuperf_set",
                                                 "scx_bpf_error_bstr", "schedule"));
                f = probe(&b);
                text = names(&f);
                ASSERT_STREQ(text, "sched_ext dsq_create dsq_insert dsq_insert_vtime dsq_move_to_local dsq_move kick_cpu pick_idle_cpu cpuperf");
                ASSERT(!f.broken_btf);
        }
        {       /* 6.18 */
                _cleanup_(freep) char *text = NULL;
                Builder b = builder_new(false);

                add_ops(&b, STRINGS("select_cpu", "cgroup_set_bandwidth", "name"));
                add_functions(&b, PLAIN, STRINGS("scx_bpf_create_dsq", "scx_bpf_dsq_insert", "scx_bpf_dsq_insert_vtime", "scx_bpf_dsq_move_to_local",
                                                 "scx_bpf_dsq_move", "bpf_iter_scx_dsq_new", "bpf_iter_scx_dsq_next", "scx_bpf_kick_cpu",
                                                 "scx_bpf_pick_idle_cpu", "scx_bpf_cpuperf_cap", "scx_bpf_cpuperf_cur", "scx_bpf_cpuperf_set",
                                                 "scx_bpf_select_cpu_and", "scx_bpf_now", "scx_bpf_events"));
                f = probe(&b);
                text = names(&f);
                ASSERT_STREQ(text, "sched_ext dsq_create dsq_insert dsq_insert_vtime dsq_move_to_local dsq_move kick_cpu pick_idle_cpu "
                                   "select_cpu_and cpuperf now events cgroup_bandwidth");
                ASSERT(!f.broken_btf);
        }
        for (int const_aux = 0; const_aux < 2; const_aux++) {   /* 7.3 */
                _cleanup_(freep) char *text = NULL;
                Builder b = builder_new(const_aux);

                add_ops(&b, STRINGS("cgroup_set_bandwidth", "sub_attach", "name"));
                add_functions(&b, PLAIN, STRINGS("scx_bpf_dsq_move", "bpf_iter_scx_dsq_next", "scx_bpf_now"));
                add_functions(&b, IMPLICIT, STRINGS("scx_bpf_create_dsq", "scx_bpf_dsq_insert", "scx_bpf_dsq_insert___v2",
                                                    "__scx_bpf_dsq_insert_vtime", "scx_bpf_dsq_move_to_local___v2", "bpf_iter_scx_dsq_new",
                                                    "scx_bpf_dsq_peek", "scx_bpf_kick_cpu", "scx_bpf_pick_idle_cpu", "__scx_bpf_select_cpu_and",
                                                    "scx_bpf_cpuperf_cap", "scx_bpf_cpuperf_cur", "scx_bpf_cpuperf_set", "scx_bpf_events"));
                f = probe(&b);
                ASSERT_EQ_U64(f.mask, (UINT64_C(1) << _KERNEL_FEATURE_MAX) - 1);
                ASSERT(!f.broken_btf);
                text = names(&f);
                ASSERT(endswith(text, " cgroup_bandwidth sub_sched"));
        }
        for (int const_aux = 0; const_aux < 2; const_aux++) {   /* 7.2.12 of Debian's backports */
                _cleanup_(freep) char *text = NULL;
                Builder b = builder_new(const_aux);

                add_ops(&b, STRINGS("cgroup_set_bandwidth", "sub_attach", "name"));
                add_functions(&b, PLAIN, STRINGS("scx_bpf_dsq_move", "bpf_iter_scx_dsq_next", "scx_bpf_now"));
                add_functions(&b, IMPLICIT, STRINGS("scx_bpf_dsq_insert", "__scx_bpf_dsq_insert_vtime", "scx_bpf_dsq_move_to_local",
                                                    "scx_bpf_dsq_peek", "__scx_bpf_select_cpu_and"));
                add_functions(&b, BROKEN, STRINGS("scx_bpf_create_dsq", "scx_bpf_dsq_insert___v2", "bpf_iter_scx_dsq_new", "scx_bpf_kick_cpu",
                                                  "scx_bpf_pick_idle_cpu", "scx_bpf_cpuperf_cap", "scx_bpf_cpuperf_cur", "scx_bpf_cpuperf_set",
                                                  "scx_bpf_events"));
                f = probe(&b);
                text = names(&f);
                ASSERT_STREQ(text, "sched_ext dsq_insert dsq_insert_vtime dsq_move_to_local dsq_peek select_cpu_and now cgroup_bandwidth sub_sched");
                ASSERT(f.broken_btf);
        }
        {       /* One lost kfunc of three loses the feature; the order of twins does not matter. */
                _cleanup_(freep) char *text = NULL;
                Builder b = builder_new(false);

                add_ops(&b, STRINGS("name"));
                add_function(&b, "scx_bpf_kick_cpu_impl", true);
                add_function(&b, "scx_bpf_kick_cpu", false);
                add_functions(&b, PLAIN, STRINGS("scx_bpf_cpuperf_cap", "scx_bpf_cpuperf_cur"));
                add_functions(&b, BROKEN, STRINGS("scx_bpf_cpuperf_set"));
                f = probe(&b);
                text = names(&f);
                ASSERT_STREQ(text, "sched_ext kick_cpu");
                ASSERT(f.broken_btf);
        }
        {       /* Without sched_ext nothing else counts, whatever it is called. */
                Builder b = builder_new(false);

                add_functions(&b, PLAIN, STRINGS("scx_bpf_now"));
                f = probe(&b);
                ASSERT_EQ_U64(f.mask, 0);
                ASSERT(!f.broken_btf);
        }
}

static void test_unreadable(void) {
        char path[] = "/tmp/scxd-test-btf.XXXXXX";
        KernelFeatures f = { .mask = 4711 };
        int fd;

        ASSERT_EQ(kernel_features_probe("/nowhere/vmlinux", &f), -ENOENT);
        fd = mkstemp(path);
        ASSERT(fd >= 0);
        ASSERT(kernel_features_probe(path, &f) < 0);
        ASSERT_EQ(write(fd, "this is no BTF at all, but it is long enough to look at", 55), 55);
        close(fd);
        ASSERT(kernel_features_probe(path, &f) < 0);
        ASSERT_EQ(unlink(path), 0);
        ASSERT_EQ_U64(f.mask, 4711);
}

static void test_check(void) {
#define BIT(f) (UINT64_C(1) << KERNEL_FEATURE_##f)
        static const struct {
                KernelFeatures f;
                const char *requires[4];
                const char *why;
        } table[] = {
                { { .probed = 1, .mask = BIT(SCHED_EXT) }, { "sched_ext" }, NULL },
                { { .probed = 1, .mask = BIT(SCHED_EXT) | BIT(NOW) }, { "now", "sched_ext" }, NULL },
                { { .probed = 1 }, { NULL }, NULL },
                { { .probed = 0 }, { NULL }, NULL },
                { { .probed = 0 }, { "now" }, "needs now, but this kernel has no BTF that would tell whether it is there" },
                { { .probed = 1, .mask = BIT(SCHED_EXT) }, { "sched_ext", "dsq_insert_vtime", "now" },
                  "needs dsq_insert_vtime, which this kernel does not have" },
                { { .probed = 1, .mask = BIT(SCHED_EXT), .broken_btf = 1 }, { "dsq_create" },
                  "needs dsq_create, whose BTF this kernel misdescribes (known defect of Debian's backported 7.1.13 and 7.2.12)" },
                { { .probed = 1, .mask = BIT(SCHED_EXT), .broken_btf = 1 }, { "sub_sched" }, "needs sub_sched, which this kernel does not have" },
                { { .probed = 1, .mask = UINT64_MAX }, { "time_travel" }, "needs time_travel, which is no kernel feature that scxd knows" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(freep) char *why = NULL;
                size_t n = 0;

                while (table[i].requires[n])
                        n++;
                ASSERT_OK(kernel_features_check(&table[i].f, (char *const *) table[i].requires, n, &why));
                ASSERT_STREQ(why, table[i].why);
        }
        for (int i = 0; i < _KERNEL_FEATURE_MAX; i++)
                ASSERT_EQ(kernel_feature_from_string(kernel_feature_to_string((KernelFeature) i)), i);
        ASSERT_EQ(kernel_feature_from_string("time_travel"), -EINVAL);
        ASSERT_EQ(kernel_feature_from_string(NULL), -EINVAL);
        ASSERT(!kernel_feature_to_string(_KERNEL_FEATURE_MAX));
        ASSERT(!kernel_feature_to_string(_KERNEL_FEATURE_INVALID));
}

/* With an argument: says what the BTF in that file proves ("/sys/kernel/btf/vmlinux"). */
int main(int argc, char **argv) {
        if (argc > 1) {
                _cleanup_(freep) char *text = NULL;
                KernelFeatures f;

                ASSERT_OK(kernel_features_probe(argv[1], &f));
                text = names(&f);
                printf("%s%s\n", text, f.broken_btf ? " (broken BTF)" : "");
                return 0;
        }
        test_probe();
        test_unreadable();
        test_check();
        return 0;
}
