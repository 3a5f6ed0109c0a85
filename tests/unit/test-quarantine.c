/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <sys/stat.h>

#include "quarantine.h"
#include "test.h"

static char root[] = "/tmp/test-quarantine-XXXXXX";
static char file[64], corrupt[64], object[64];

static void put(const char *path, const char *text) {
        _cleanup_(closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        ASSERT(fd >= 0);
        ASSERT_EQ(write(fd, text, strlen(text)), strlen(text));
}

typedef struct Lifted {
        unsigned n;
        char scheduler[64], why[64];
        bool quarantined;
} Lifted;

static void on_lifted(const QuarantineEntry *e, const char *why, void *userdata) {
        Lifted *l = userdata;

        l->n++;
        l->quarantined = e->quarantined;
        snprintf(l->scheduler, sizeof(l->scheduler), "%s", e->scheduler);
        snprintf(l->why, sizeof(l->why), "%s", why ? why : "(a person)");
}

static void fail(Quarantine *q, const char *scheduler, uint64_t when) {
        ObjectIdentity id;

        object_identity_read(object, &id);
        ASSERT_OK(quarantine_note_failure(q, scheduler, object, &id, EXIT_KIND_STALL, when));
}

static void test_life(void) {
        _cleanup_(quarantine_done) Quarantine q = {}, again = {};
        QuarantineEntry *e;
        Lifted l = {};

        ASSERT_OK(quarantine_load(root, "boot-1", &q));         /* nothing there yet */
        ASSERT_EQ(q.n, 0);
        quarantine_refresh(&q, "6.18", on_lifted, &l);
        ASSERT_STREQ(q.kernel, "6.18");

        fail(&q, "latency", 1000);
        fail(&q, "latency", 2000);
        fail(&q, "simple", 3000);
        ASSERT(q.dirty);
        e = quarantine_find(&q, "latency", object);
        ASSERT(e);
        ASSERT_EQ(e->n_failures, 2);
        ASSERT_EQ_U64(e->failures[1], 2000);
        ASSERT(!quarantine_find(&q, "latency", "/elsewhere"));
        ASSERT(!quarantine_find(&q, "late", object));
        ASSERT(!quarantine_holds(&q, "latency", object));       /* failed, not in quarantine */
        ASSERT_OK(quarantine_put(&q, e, 4711, "was ejected\nline 2"));
        ASSERT(quarantine_holds(&q, "latency", object) == e);

        /* Over a restart all is there, over a reboot the quarantine is, but not when things failed. */
        ASSERT_OK(quarantine_save(root, "boot-1", &q));
        ASSERT(!q.dirty);
        ASSERT_OK(quarantine_load(root, "boot-1", &again));
        ASSERT_EQ(again.n, 2);
        ASSERT_STREQ(again.kernel, "6.18");
        e = quarantine_find(&again, "latency", object);
        ASSERT(e && e->quarantined);
        ASSERT_STREQ(e->reason, "was ejected");
        ASSERT_EQ(e->kind, EXIT_KIND_STALL);
        ASSERT_EQ_U64(e->since_realtime, 4711);
        ASSERT_EQ(e->n_failures, 2);
        quarantine_done(&again);
        ASSERT_OK(quarantine_load(root, "boot-2", &again));
        e = quarantine_find(&again, "latency", object);
        ASSERT(e && e->quarantined);
        ASSERT_EQ(e->n_failures, 0);

        /* The same kernel and object: nothing changes. */
        quarantine_refresh(&again, "6.18", on_lifted, &l);
        ASSERT_EQ(again.n, 2);
        ASSERT_EQ(l.n, 0);

        /* By a person, by name. */
        ASSERT_EQ(quarantine_reset(&again, "nobody", on_lifted, &l), 0);
        ASSERT_EQ(quarantine_reset(&again, "latency", on_lifted, &l), 1);
        ASSERT_STREQ(l.scheduler, "latency");
        ASSERT_STREQ(l.why, "(a person)");
        ASSERT(l.quarantined);
        ASSERT_EQ(again.n, 1);
        ASSERT_EQ(quarantine_reset(&again, "", on_lifted, &l), 1);
        ASSERT_EQ(again.n, 0);

        /* By another kernel. */
        quarantine_done(&again);
        l.n = 0;
        ASSERT_OK(quarantine_load(root, "boot-2", &again));
        quarantine_refresh(&again, "7.3", on_lifted, &l);
        ASSERT_EQ(again.n, 0);
        ASSERT_EQ(l.n, 2);
        ASSERT_STREQ(l.why, "this is another kernel");
        ASSERT_STREQ(again.kernel, "7.3");

        /* By another object: q still knows the old one. */
        l.n = 0;
        put(object, "another build");
        quarantine_refresh(&q, "6.18", on_lifted, &l);
        ASSERT_EQ(q.n, 0);
        ASSERT_EQ(l.n, 2);
        ASSERT_STREQ(l.why, "its object has changed");

        /* Failures of the build before do not count against the next. */
        fail(&q, "latency", 1000);
        put(object, "a third");
        fail(&q, "latency", 2000);
        ASSERT_EQ(quarantine_find(&q, "latency", object)->n_failures, 1);
}

static void test_limits(void) {
        _cleanup_(quarantine_done) Quarantine q = {};
        ObjectIdentity id = {};
        char name[32];

        for (unsigned i = 0; i < 2 * QUARANTINE_FAILURES_MAX; i++)
                fail(&q, "many", i);
        ASSERT_EQ(q.entries[0].n_failures, QUARANTINE_FAILURES_MAX);
        ASSERT_EQ_U64(q.entries[0].failures[QUARANTINE_FAILURES_MAX - 1], 2 * QUARANTINE_FAILURES_MAX - 1);

        /* The oldest that is not in quarantine gives way, and if all are there is no room. */
        for (unsigned i = 0; i < 2 * QUARANTINE_ENTRIES_MAX; i++) {
                int r;

                snprintf(name, sizeof(name), "s%u", i);
                r = quarantine_note_failure(&q, name, NULL, &id, EXIT_KIND_ERROR, i);
                ASSERT_EQ(r, i < QUARANTINE_ENTRIES_MAX ? 0 : -EXFULL);
                if (r >= 0)
                        ASSERT_OK(quarantine_put(&q, quarantine_find(&q, name, NULL), 1, "x"));
        }
        ASSERT(!quarantine_find(&q, "many", object));
        ASSERT_EQ(q.n, QUARANTINE_ENTRIES_MAX);
        ASSERT_OK(quarantine_save(root, "b", &q));
        quarantine_done(&q);
        ASSERT_OK(quarantine_load(root, "b", &q));
        ASSERT_EQ(q.n, QUARANTINE_ENTRIES_MAX);
}

static void test_corrupt(void) {
#define ENTRY(name, kind, failures) "{\"version\":1,\"kernel\":\"k\",\"boot\":\"b\",\"entries\":[{\"scheduler\":\"" name "\",\"object\":\"/o\"," \
        "\"size\":1,\"mtime_nsec\":2,\"inode\":3,\"quarantined\":true,\"since\":4,\"kind\":\"" kind "\",\"reason\":\"r\",\"failures\":" failures "}]}"
        static const char *const bad[] = {
                "", "{", "[]", "null", "{\"kernel\":\"k\"}", "{\"kernel\":\"k\",\"boot\":\"b\",\"entries\":7}",
                "{\"kernel\":\"k\",\"boot\":\"b\",\"entries\":[7]}", "{\"kernel\":\"k\",\"boot\":\"b\",\"entries\":[{}]}",
                ENTRY("../x", "stall", "[]"), ENTRY("a", "stall", "7"), ENTRY("a", "stall", "[-1]"), ENTRY("a", "stall", "[\"x\"]"),
        };
        _cleanup_(quarantine_done) Quarantine q = {};

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                fprintf(stderr, "%s\n", bad[i]);
                put(file, bad[i]);
                (void) unlink(corrupt);
                ASSERT_EQ(quarantine_load(root, "b", &q), -EBADMSG);
                ASSERT_EQ(q.n, 0);
                ASSERT_EQ(access(corrupt, F_OK), 0);            /* set aside, for a person to look at */
                ASSERT_EQ(quarantine_load(root, "b", &q), 0);   /* and out of the way */
        }

        /* A kind of a later version is no reason to start it again. */
        put(file, ENTRY("a", "melted", "[5]"));
        ASSERT_OK(quarantine_load(root, "b", &q));
        ASSERT(quarantine_holds(&q, "a", "/o"));
        ASSERT_EQ(q.entries[0].kind, EXIT_KIND_UNKNOWN);
        ASSERT_EQ(quarantine_save("/nonexistent", "b", &q), -ENOENT);
}

int main(void) {
        ASSERT(mkdtemp(root));
        snprintf(file, sizeof(file), "%s/" QUARANTINE_FILE, root);
        snprintf(corrupt, sizeof(corrupt), "%s/" QUARANTINE_FILE ".corrupt", root);
        snprintf(object, sizeof(object), "%s/object.o", root);
        put(object, "x");
        test_life();
        test_limits();
        test_corrupt();
        return 0;
}
