/* SPDX-License-Identifier: GPL-2.0-only */
#include "activation.h"
#include "diag.h"
#include "switcher.h"
#include "test.h"

#include <stdio.h>
#include <sys/stat.h>

/* A catalog of two schedulers and three profiles, written to a directory and bound to objects that fit. */

static char root[] = "/tmp/test-activation-XXXXXX";

static void write_file(const char *name, const char *text) {
        char path[512];
        FILE *f;

        snprintf(path, sizeof(path), "%s/%s", root, name);
        f = fopen(path, "we");
        ASSERT(f);
        fputs(text, f);
        ASSERT_EQ(fclose(f), 0);
}

static Catalog *make_catalog(void) {
        const char *config[] = { root, NULL };
        CatalogPaths paths = { .config = config, .object_directory = "/nonexistent" };
        _cleanup_(diagnostics_done) Diagnostics d = {};
        static const ObjectInfo object = {
                .ops_name = "a", .n_variables = 2,
                .variables = {
                        { .name = "slice_us", .section = OBJECT_SECTION_DATA, .size = 8 },
                        { .name = "smt", .section = OBJECT_SECTION_RODATA, .size = 1, .is_bool = 1 },
                },
        };
        Catalog *c;

        ASSERT_OK(catalog_read(&paths, &c, &d));
        ASSERT_EQ(catalog_n_schedulers(c), 3);
        for (size_t i = 0; i < catalog_n_schedulers(c); i++) {
                bool bad = streq(catalog_scheduler(c, i)->name, "bad");

                catalog_bind(c, i, bad ? -ENOENT : 0, bad ? "no such object" : NULL, bad ? NULL : &object, &d);
        }
        catalog_link(c, &d);
        ASSERT_EQ(catalog_n_profiles(c), 6);
        return c;
}

static Activation *make(Catalog *c, const char *profile, const KernelFeatures *features) {
        Activation *a;

        ASSERT_OK(activation_new(c, catalog_find_profile(c, profile), "root", features, NULL, &a));
        return a;
}

int main(void) {
        KernelFeatures all = { .mask = UINT64_MAX, .probed = 1 }, none = { .probed = 1 };
        _cleanup_(catalog_unrefp) Catalog *c = NULL;
        _cleanup_(activation_freep) Activation *one = NULL, *same = NULL, *other = NULL, *mixed = NULL, *poor = NULL,
                                                       *live = NULL, *limit = NULL;
        LoaderRequest q;
        uint64_t usec = 0;
        char dir[512];

        ASSERT(mkdtemp(root));
        snprintf(dir, sizeof(dir), "%s/schedulers", root);
        ASSERT_EQ(mkdir(dir, 0755), 0);
        snprintf(dir, sizeof(dir), "%s/profiles", root);
        ASSERT_EQ(mkdir(dir, 0755), 0);

#define MANIFEST(name)                                                                                                  \
        "name: " name "\nkind: bpf\nobject: " name ".bpf.o\ndescription: d\nrequires: [dsq_insert_vtime]\nknobs:\n"        \
        "  slice_us: {type: u64, unit: us, min: 100, max: 20000, default: 2000, set: live}\n"                           \
        "  smt: {type: bool, default: true, set: load}\n"
        write_file("schedulers/a.yaml", MANIFEST("a"));
        write_file("schedulers/b.yaml", MANIFEST("b"));
        write_file("schedulers/bad.yaml", MANIFEST("bad"));
        write_file("profiles/one.yaml", "name: one\ndescription: d\nschedulers: [a]\n");
        write_file("profiles/same.yaml", "name: same\ndescription: d\nschedulers: [{a: {slice_us: 2000}}]\n");
        write_file("profiles/other.yaml", "name: other\ndescription: d\nschedulers: [{a: {slice_us: 500, smt: no}}]\n");
        write_file("profiles/live.yaml", "name: live\ndescription: d\nschedulers: [{a: {slice_us: 500}}]\n");
        write_file("profiles/limit.yaml", "name: limit\ndescription: d\nschedulers: [a]\nwatchdog: {stall_timeout: 5s}\n");
        write_file("profiles/mixed.yaml", "name: mixed\ndescription: d\nschedulers: [bad, b, a]\n");

        c = make_catalog();
        one = make(c, "one", &all);
        same = make(c, "same", &all);
        other = make(c, "other", &all);
        mixed = make(c, "mixed", &all);
        live = make(c, "live", &all);
        limit = make(c, "limit", &all);
        poor = make(c, "one", &none);

        /* What is known from the start. */
        ASSERT(!one->failures[0]);
        ASSERT(strstr(mixed->failures[0], "no such object"));
        ASSERT(!mixed->failures[1]);
        ASSERT(strstr(poor->failures[0], "dsq_insert_vtime"));

        /* Names. */
        ASSERT_STREQ(activation_current_name(NULL), "eevdf");
        ASSERT_STREQ(activation_current_name(one), "eevdf");
        one->current = 0;
        ASSERT_STREQ(activation_current_name(one), "a");
        ASSERT(!activation_candidate(one, 1));
        ASSERT(!activation_scheduler(one, ACTIVATION_EEVDF));

        /* A default that is spelled out is no difference; a live knob's value is one that takes no switch. */
        ASSERT_EQ(activation_step(one, 0, same, 0), ACTIVATION_SAME);
        ASSERT_EQ(activation_step(one, 0, live, 0), ACTIVATION_LIVE);
        ASSERT_EQ(activation_step(live, 0, one, 0), ACTIVATION_LIVE);
        ASSERT_EQ(activation_step(one, 0, other, 0), ACTIVATION_SWITCH);
        ASSERT_EQ(activation_step(one, 0, limit, 0), ACTIVATION_SWITCH);
        ASSERT_EQ(activation_step(one, 0, mixed, 1), ACTIVATION_SWITCH);
        ASSERT_EQ(activation_step(one, 0, mixed, 2), ACTIVATION_SAME);
        ASSERT_EQ(activation_step(one, ACTIVATION_EEVDF, same, 0), ACTIVATION_SWITCH);

        /* Only the first line of a reason is kept. */
        ASSERT_OK(activation_fail(one, 0, OUT_START_FAILED, 0, "was refused\nline 2"));
        ASSERT_STREQ(one->failures[0], "was refused");
        ASSERT_EQ(one->outs[0].kind, OUT_START_FAILED);
        activation_clear(one, 0);
        ASSERT(!one->failures[0]);

        /* Who waits is tried again in the order of time. */
        ASSERT_EQ(activation_next_retry(mixed, &usec), ACTIVATION_EEVDF);       /* "bad" is out, but does not wait */
        ASSERT_OK(activation_fail(mixed, 1, OUT_WAITING, 2000, "stalled"));
        ASSERT_OK(activation_fail(mixed, 2, OUT_WAITING, 1000, "stalled"));
        ASSERT_EQ(activation_next_retry(mixed, &usec), 2);
        ASSERT_EQ_U64(usec, 1000);
        activation_clear(mixed, 2);
        ASSERT_EQ(activation_next_retry(mixed, &usec), 1);
        ASSERT_OK(activation_fail(mixed, 1, OUT_QUARANTINED, 0, "stalled"));
        ASSERT_EQ(activation_next_retry(mixed, &usec), ACTIVATION_EEVDF);
        activation_clear(mixed, 1);

        {       /* What is in quarantine is out from the start. */
                QuarantineEntry e = { .scheduler = (char *) "b", .object = activation_scheduler(mixed, 1)->object_path,
                                      .quarantined = true, .reason = (char *) "stalled" };
                Quarantine held_ones = { .entries = &e, .n = 1 };
                _cleanup_(activation_freep) Activation *held = NULL;

                ASSERT_OK(activation_new(c, catalog_find_profile(c, "mixed"), "root", &all, &held_ones, &held));
                ASSERT_STREQ(held->failures[1], "is in quarantine, because it failed too often: it stalled");
                ASSERT_EQ(held->outs[1].kind, OUT_QUARANTINED);
                ASSERT(!held->failures[2]);
        }

        /* Restarts count within their window, and the oldest place is used again. */
        ASSERT_EQ(activation_recent_restarts(mixed, 1), 0);
        for (unsigned i = 0; i < 2 * HEALTH_RESTARTS_MAX; i++)
                activation_note_restart(mixed, 1000 + i);
        ASSERT_EQ(activation_recent_restarts(mixed, 2000), HEALTH_RESTARTS_MAX);
        ASSERT_EQ(activation_recent_restarts(mixed, 2000 + HEALTH_RESTARTS_WINDOW_USEC), 0);

        /* What the loader is asked for: every knob with its final value. */
        ASSERT_OK(switcher_fill_request(activation_scheduler(other, 0), activation_candidate(other, 0), 5000000, &q));
        ASSERT_EQ(q.verb, LOADER_LOAD);
        ASSERT_EQ(q.timeout_ms, 5000);
        ASSERT_EQ(q.n_knobs, 2);
        for (unsigned i = 0; i < q.n_knobs; i++)
                if (streq(q.knobs[i].name, "slice_us")) {
                        ASSERT_EQ(q.knobs[i].value, 500);
                        ASSERT_EQ(q.knobs[i].type, KNOB_TYPE_U64);
                        ASSERT_EQ(q.knobs[i].set, KNOB_SET_LIVE);
                } else {
                        ASSERT_STREQ(q.knobs[i].name, "smt");
                        ASSERT_EQ(q.knobs[i].value, 0);
                }
        return 0;
}
