/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <sys/stat.h>

#include "expedite.h"
#include "running.h"
#include "settings.h"
#include "test.h"

static char root[] = "/tmp/test-settings-XXXXXX";

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

static int number_in(const char *name) {
        char path[512], buf[16] = {};
        FILE *f;

        snprintf(path, sizeof(path), "%s/%s", root, name);
        f = fopen(path, "re");
        if (!f)
                return -1;
        ASSERT(fgets(buf, sizeof(buf), f));
        fclose(f);
        return atoi(buf);
}

static void test_parse(void) {
        static const struct {
                const char *text;
                bool ok, expedite, standby;
                const char *why;
        } cases[] = {
                { "", true, true, true, NULL },
                { "# nothing\n", true, true, true, NULL },
                { "expedite_swap: no\n", true, false, true, NULL },
                { "expedite_swap: off\nstandby: false\n", true, false, false, NULL },
                { "standby: maybe\n", false, true, true, "f:1:10: found 'maybe', expected yes or no" },
                { "expedite: yes\n", false, true, true, NULL },
                { "- standby\n", false, true, true, NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(diagnostics_done) Diagnostics d = {};
                _cleanup_(freep) char *text = NULL;
                Settings s = settings_default;
                int r = settings_parse("f", cases[i].text, strlen(cases[i].text), &s, &d);

                fprintf(stderr, "%s", cases[i].text);
                text = diagnostics_format(&d);
                ASSERT_EQ(r, cases[i].ok ? 0 : -EINVAL);
                ASSERT_EQ(d.n_items > 0, !cases[i].ok);
                ASSERT_EQ(s.expedite_swap, cases[i].expedite);
                ASSERT_EQ(s.standby, cases[i].standby);
                if (cases[i].why)
                        ASSERT_STREQ(text, cases[i].why);
        }
}

static void test_read(void) {
        char first[512], second[512];
        const char *directories[] = { first, second, NULL };
        _cleanup_(diagnostics_done) Diagnostics d = {};
        Settings s;

        snprintf(first, sizeof(first), "%s/first", root);
        snprintf(second, sizeof(second), "%s/second", root);
        ASSERT_OK(settings_read(directories, &s, &d));          /* none at all */
        ASSERT(s.expedite_swap);
        put("second", NULL);
        put("second/scxd.yaml", "expedite_swap: no\n");
        ASSERT_OK(settings_read(directories, &s, &d));
        ASSERT(!s.expedite_swap);
        ASSERT_EQ(d.n_items, 0);
        put("first", NULL);
        put("first/scxd.yaml", "bad: yes\n");                   /* the first counts, also if it is bad */
        ASSERT_OK(settings_read(directories, &s, &d));
        ASSERT(s.expedite_swap);
        ASSERT_EQ(d.n_items, 1);
}

/* rcu_expedited is set back whatever happens, and never set where it is not ours. */
static void test_expedite(void) {
        Expedite e = { .sysfs = root, .runtime_directory = root };

        put("kernel", NULL);
        expedite_begin(&e);                                     /* no such file */
        ASSERT(!e.active);
        put("kernel/rcu_expedited", "0\n");
        put("kernel/rcu_normal", "0\n");
        expedite_begin(&e);
        ASSERT_EQ(number_in("kernel/rcu_expedited"), 1);
        ASSERT_EQ(number_in("rcu-expedited"), 0);               /* the marker */
        expedite_begin(&e);                                     /* nested */
        expedite_end(&e);
        ASSERT_EQ(number_in("kernel/rcu_expedited"), 0);
        ASSERT_EQ(number_in("rcu-expedited"), -1);
        expedite_end(&e);
        ASSERT_EQ(expedite_clean_up(root, root), 0);

        expedite_begin(&e);                                     /* and now we die */
        ASSERT_EQ(number_in("kernel/rcu_expedited"), 1);
        ASSERT_EQ(expedite_clean_up(root, root), 1);
        ASSERT_EQ(number_in("kernel/rcu_expedited"), 0);
        ASSERT_EQ(number_in("rcu-expedited"), -1);
        e.active = false;

        put("kernel/rcu_normal", "1\n");
        expedite_begin(&e);
        ASSERT(!e.active);
        put("kernel/rcu_normal", "0\n");
        put("kernel/rcu_expedited", "1\n");                     /* somebody else's */
        expedite_begin(&e);
        ASSERT(!e.active);
        expedite_end(&e);
        ASSERT_EQ(number_in("kernel/rcu_expedited"), 1);
        put("kernel/rcu_expedited", "0\n");
        e.off = true;
        expedite_begin(&e);
        ASSERT(!e.active);
        ASSERT_EQ(number_in("kernel/rcu_expedited"), 0);
}

static void test_running(void) {
        Running in = { .profile = (char *) "gaming", .scheduler = (char *) "latency", .candidate = 1, .wish = (char *) "root",
                       .ops_name = "scxd_latency", .enable_seq = UINT64_C(1) << 40, .since_realtime = 5, .since_monotonic = 6,
                       .fds = LOADER_FD_OPS | LOADER_FD_GLOBALS, .globals.n = 1 };
        _cleanup_(running_done) Running out = {};
        _cleanup_(closep) int fd = -EBADF, bad = -EBADF;

        in.globals.items[0] = (LoaderGlobal) { .name = "slice_us", .fd = LOADER_FD_GLOBALS, .offset = 8, .size = 8 };
        in.failures[0] = (char *) "was ejected \"for\" an error\n";
        fd = ASSERT_OK(running_to_fd(&in));
        ASSERT_EQ(write(fd, "x", 1), -1);       /* sealed */
        ASSERT_OK(running_from_fd(fd, &out));
        ASSERT_STREQ(out.profile, in.profile);
        ASSERT_STREQ(out.scheduler, in.scheduler);
        ASSERT_STREQ(out.wish, in.wish);
        ASSERT_STREQ(out.ops_name, in.ops_name);
        ASSERT_EQ(out.candidate, 1);
        ASSERT_EQ_U64(out.enable_seq, in.enable_seq);
        ASSERT_EQ(out.since_realtime, 5);
        ASSERT_EQ(out.fds, in.fds);
        ASSERT_EQ(out.globals.n, 1);
        ASSERT_STREQ(out.globals.items[0].name, "slice_us");
        ASSERT_EQ(out.globals.items[0].offset, 8);
        ASSERT_STREQ(out.failures[0], in.failures[0]);
        ASSERT(!out.failures[1]);

        bad = open("/dev/null", O_RDONLY | O_CLOEXEC);
        ASSERT_EQ(running_from_fd(bad, &out), -EBADMSG);
        safe_close(bad);
        put("half", "{\"profile\":\"gaming\"}");
        char path[512];
        snprintf(path, sizeof(path), "%s/half", root);
        bad = open(path, O_RDONLY | O_CLOEXEC);
        ASSERT_EQ(running_from_fd(bad, &out), -EBADMSG);
        ASSERT_STREQ(out.profile, "gaming");    /* as it was */
}

int main(void) {
        ASSERT(mkdtemp(root));
        test_parse();
        test_read();
        test_expedite();
        test_running();
        return 0;
}
