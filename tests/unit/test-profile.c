/* SPDX-License-Identifier: GPL-2.0-only */
#include "corpus.h"
#include "profile.h"
#include "test.h"

static Profile *parse(const char *text) {
        _cleanup_(diagnostics_done) Diagnostics d = { 0 };
        _cleanup_(freep) char *said = NULL;
        Profile *p = NULL;
        int r;

        r = profile_parse("f", text, strlen(text), "x", NULL, &p, &d);
        said = diagnostics_format(&d);
        ASSERT_STREQ(said, "");
        ASSERT_OK(r);
        return p;
}

static Scheduler *parse_manifest(void) {
        static const char manifest[] =
                "name: latency\n"
                "kind: bpf\n"
                "object: latency.bpf.o\n"
                "description: x\n"
                "knobs:\n"
                "  slice_us: {type: u64, unit: us, min: 100, max: 20000, default: 2000, set: live}\n"
                "  smt_aware: {type: bool, default: true, set: load}\n"
                "  depth: {type: s32, set: load}\n";
        Diagnostics d = { 0 };
        Scheduler *s = NULL;

        ASSERT_OK(scheduler_parse("m", manifest, strlen(manifest), "latency", NULL, &s, &d));
        return s;
}

static void test_parse(void) {
        _cleanup_(profile_freep) Profile *p = parse(
                "name: x\n"
                "description: A profile\n"
                "schedulers:\n"
                "  - latency: {slice_us: 1000, smt_aware: 'no'}\n"
                "  - simple\n"
                "fallback: eevdf\n"
                "watchdog: {stall_timeout: 5s, max_wakeup_latency: 50ms, restarts: 7 per 1h}\n"), *q = NULL;

        ASSERT_STREQ(p->name, "x");
        ASSERT_STREQ(p->description, "A profile");
        ASSERT_STREQ(p->file, "f");
        ASSERT_STREQ(p->candidates_file, "f");
        ASSERT_EQ(p->position.line, 1);
        ASSERT_EQ(p->position.column, 7);
        ASSERT_EQ_U64(p->stall_timeout_usec, 5000000);
        ASSERT_EQ_U64(p->max_wakeup_latency_usec, 50000);
        ASSERT_EQ(p->restarts_max, 7);
        ASSERT_EQ_U64(p->restarts_window_usec, UINT64_C(3600000000));
        q = parse("name: x\ndescription: A profile\nschedulers: []\n");
        ASSERT_EQ_U64(q->max_wakeup_latency_usec, 0);
        ASSERT_EQ(q->restarts_max, 3);
        ASSERT_EQ_U64(q->restarts_window_usec, UINT64_C(600000000));
        ASSERT_EQ(p->n_candidates, 2);
        ASSERT_STREQ(p->candidates[0].scheduler, "latency");
        ASSERT_EQ(p->candidates[0].position.line, 4);
        ASSERT_EQ(p->candidates[0].position.column, 5);
        ASSERT_EQ(p->candidates[0].n_settings, 2);
        ASSERT_STREQ(p->candidates[0].settings[0].name, "slice_us");
        ASSERT_STREQ(p->candidates[0].settings[0].text, "1000");
        ASSERT_EQ(p->candidates[0].settings[0].position.column, 15);
        ASSERT_EQ(p->candidates[0].settings[0].value_position.column, 25);
        ASSERT_STREQ(p->candidates[0].settings[1].text, "no");
        ASSERT_STREQ(p->candidates[1].scheduler, "simple");
        ASSERT_EQ(p->candidates[1].n_settings, 0);
        ASSERT_EQ(p->candidates[1].position.line, 5);
}

static void test_dropin(void) {
        static const char base[] = "name: x\ndescription: A profile\nschedulers: [a, b]\nwatchdog: {stall_timeout: 5s}\n";
        static const struct {
                const char *text;
                const char *said;
                const char *description;
                size_t n_candidates;
                const char *candidates_file;
                uint64_t usec;
        } table[] = {
                { "", "", "A profile", 2, "f", 5000000 },
                { "description: Other\n", "", "Other", 2, "f", 5000000 },
                { "schedulers: [c]\n", "", "A profile", 1, "d", 5000000 },
                { "schedulers: []\n", "", "A profile", 0, "d", 5000000 },
                { "watchdog: {}\n", "", "A profile", 2, "f", 5000000 },
                { "watchdog: {stall_timeout: 10s}\n", "", "A profile", 2, "f", 10000000 },
                { "fallback: eevdf\n", "", "A profile", 2, "f", 5000000 },
                { "name: x\n", "d:1:1: found key 'name', expected only keys that a drop-in can change", NULL, 0, NULL, 0 },
                { "schedulers: [Bad]\n", "d:1:14: found 'Bad', expected a scheduler's name", NULL, 0, NULL, 0 },
                { "scheduler: [c]\n",
                  "d:1:1: found key 'scheduler', expected one of description, schedulers, fallback, watchdog (did you mean 'schedulers'?)",
                  NULL, 0, NULL, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(profile_freep) Profile *p = parse(base);
                _cleanup_(diagnostics_done) Diagnostics d = { 0 };
                _cleanup_(freep) char *said = NULL;
                int r;

                r = profile_parse("d", table[i].text, strlen(table[i].text), "x", p, NULL, &d);
                said = diagnostics_format(&d);
                ASSERT_STREQ(said, table[i].said);
                ASSERT_EQ(r, said[0] ? -EINVAL : 0);
                if (r < 0)
                        continue;
                ASSERT_STREQ(p->description, table[i].description);
                ASSERT_EQ(p->n_candidates, table[i].n_candidates);
                ASSERT_STREQ(p->candidates_file, table[i].candidates_file);
                ASSERT_EQ_U64(p->stall_timeout_usec, table[i].usec);
                ASSERT_STREQ(p->file, "f");
        }
}

static void test_resolve(void) {
        _cleanup_(scheduler_freep) Scheduler *s = parse_manifest();
        static const struct {
                const char *schedulers;
                const char *said;
        } table[] = {
                { "[]", "" },
                { "[latency]", "" },
                { "[latency: {slice_us: 1000, smt_aware: off, depth: -5}]", "" },
                { "[latency: {slice_us: 1000}, latency]", "" },
                { "[latency: {slice_us: 50}]", "f:3:34: found 50, expected 100 to 20000 us" },
                { "[latency: {slice_us: fast}]", "f:3:34: found 'fast', expected a whole number from 100 to 20000 us" },
                { "[latency: {slice_su: 50}]", "f:3:24: found knob 'slice_su', expected one of scheduler 'latency' (did you mean 'slice_us'?)" },
                { "[latency: {frobnicate: 1, smt_aware: 7}]",
                  "f:3:24: found knob 'frobnicate', expected one of scheduler 'latency'\n"
                  "f:3:50: found '7', expected true or false (or yes, no, on, off)" },
                /* Written differently, the same values in the end. */
                { "[latency: {smt_aware: yes}, latency: {smt_aware: on}]", "f:3:41: found 'latency' again with the same values, expected it only once or with others" },
                { "[latency: {slice_us: 2000}, latency]", "f:3:41: found 'latency' again with the same values, expected it only once or with others" },
                { "[latency: {depth: 0}, latency]", "" },       /* only the object knows its own depth */
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(profile_freep) Profile *p = NULL;
                _cleanup_(diagnostics_done) Diagnostics d = { 0 };
                _cleanup_(freep) char *said = NULL;
                const Scheduler *schedulers[] = { s, s };
                char text[512];
                int r;

                snprintf(text, sizeof(text), "name: x\ndescription: x\nschedulers: %s\n", table[i].schedulers);
                p = parse(text);
                r = profile_resolve(p, schedulers, &d);
                said = diagnostics_format(&d);
                ASSERT_STREQ(said, table[i].said);
                ASSERT_EQ(r, said[0] ? -EINVAL : 0);
                if (i == 2) {
                        ASSERT_EQ_U64(p->candidates[0].settings[0].value, 1000);
                        ASSERT_EQ_U64(p->candidates[0].settings[1].value, 0);
                        ASSERT_EQ((int64_t) p->candidates[0].settings[2].value, -5);
                }
        }

        {       /* Nothing is known of an unread one, so nothing can be wrong with its knobs. */
                _cleanup_(profile_freep) Profile *p = parse("name: x\ndescription: x\nschedulers: [a: {k: 1}, b: {k: 2}, a]\n");
                _cleanup_(diagnostics_done) Diagnostics d = { 0 };
                const Scheduler unread = { .unread = true };
                const Scheduler *schedulers[] = { &unread, NULL, &unread };

                ASSERT_OK(profile_resolve(p, schedulers, &d));
                ASSERT_EQ(d.n_items, 0);
        }
        {       /* A scheduler without knobs. */
                _cleanup_(profile_freep) Profile *p = parse("name: x\ndescription: x\nschedulers: [a: {k: 1}]\n");
                _cleanup_(diagnostics_done) Diagnostics d = { 0 };
                _cleanup_(freep) char *said = NULL;
                const Scheduler plain = { .name = (char *) "a" };
                const Scheduler *schedulers[] = { &plain };

                ASSERT_EQ(profile_resolve(p, schedulers, &d), -EINVAL);
                said = diagnostics_format(&d);
                ASSERT_STREQ(said, "f:3:18: found knob 'k', expected none, as there are none of scheduler 'a'");
        }
}

static int parse_file(const char *file, const char *text, size_t size, const char *name, Diagnostics *diagnostics) {
        _cleanup_(profile_freep) Profile *p = NULL;

        return profile_parse(file, text, size, name, NULL, &p, diagnostics);
}

int main(void) {
        ASSERT(corpus_check(TEST_DATA_DIR "/profiles", parse_file) >= 35);
        test_parse();
        test_dropin();
        test_resolve();
        ASSERT(!profile_free(NULL));
        return 0;
}
