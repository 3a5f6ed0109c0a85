/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <sys/stat.h>

#include "kernel.h"
#include "test.h"

static char root[] = "/tmp/test-kernel-XXXXXX";

static void put(const char *name, const char *text) {
        char path[512];
        FILE *f;

        snprintf(path, sizeof(path), "%s/%s", root, name);
        if (!text) {
                ASSERT_EQ(mkdir(path, 0755), 0);
                return;
        }
        f = fopen(path, "we");
        ASSERT(f);
        fputs(text, f);
        ASSERT_EQ(fclose(f), 0);
}

static void test_read(void) {
        KernelStatus k;

        ASSERT_OK(kernel_read(root, &k));
        ASSERT_EQ(k.state, KERNEL_STATE_UNSUPPORTED);
        ASSERT_STREQ(k.ops, "");

        put("kernel", NULL);
        put("kernel/sched_ext", NULL);
        put("kernel/sched_ext/state", "disabled\n");
        ASSERT_OK(kernel_read(root, &k));       /* 6.12's early versions lacked enable_seq */
        ASSERT_EQ(k.state, KERNEL_STATE_DISABLED);
        ASSERT_EQ(k.enable_seq, 0);

        put("kernel/sched_ext/enable_seq", "7\n");
        put("kernel/sched_ext/state", "enabled\n");
        put("kernel/sched_ext/root", NULL);
        put("kernel/sched_ext/root/ops", "scxd_latency\n");
        ASSERT_OK(kernel_read(root, &k));
        ASSERT_EQ(k.state, KERNEL_STATE_ENABLED);
        ASSERT_EQ(k.enable_seq, 7);
        ASSERT_STREQ(k.ops, "scxd_latency");

        /* A state that nobody knows is an error, and the result stays as it was. */
        put("kernel/sched_ext/state", "confused\n");
        ASSERT_EQ(kernel_read(root, &k), -EBADMSG);
        ASSERT_EQ(k.enable_seq, 7);
        put("kernel/sched_ext/state", "");
        ASSERT_EQ(kernel_read(root, &k), -EBADMSG);
}

static void test_uevent(void) {
        static const struct {
                const char *data;
                size_t size;
                bool expected;
        } cases[] = {
#define D(s) s, sizeof(s)
                { D("add@/kernel/sched_ext/root\0ACTION=add\0SUBSYSTEM=sched_ext"), true },
                { D("remove@/kernel/sched_ext/root"), true },
                { D("add@/devices/virtual/sched_ext"), false },
                { D("libudev"), false },
                { D(""), false },
                { "add@/kernel/sched_ext/root", 10, false },    /* cut short: no NUL */
                { "", 0, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                ASSERT_EQ(kernel_uevent_is_sched_ext(cases[i].data, cases[i].size), cases[i].expected);
}

int main(void) {
        ASSERT(mkdtemp(root));
        test_read();
        test_uevent();
        for (KernelState s = 0; s < _KERNEL_STATE_MAX; s++)
                ASSERT_EQ(kernel_state_from_string(kernel_state_to_string(s)), s);
        return 0;
}
