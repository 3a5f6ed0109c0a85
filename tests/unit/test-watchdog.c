/* SPDX-License-Identifier: GPL-2.0-only */

/* The decisions of the watchdog's BPF program, which are in its header; the report; and a watchdog whose loader does not work. */

#include "schedulers/watchdog/wakeup.h"
#include "test.h"
#include "watchdog.h"

#define MSEC UINT64_C(1000000)
#define TICK (4 * MSEC)
#define LIMIT (50 * MSEC)

/* A CPU that got ticks at even distances from 0 to this time. */
static struct scxd_wakeup_cpu ticked(uint64_t until) {
        struct scxd_wakeup_cpu c = {};

        /* The first tick is always one after a gap. */
        scxd_wakeup_tick(&c, 1000 * MSEC, TICK, LIMIT);
        ASSERT_EQ(c.since, 1000 * MSEC);
        for (uint64_t t = TICK; t <= until; t += TICK)
                scxd_wakeup_tick(&c, 1000 * MSEC + t, TICK, LIMIT);
        return c;
}

static void test_waited(void) {
        static const struct {
                uint64_t ticked;        /* ms of even ticks */
                uint64_t gap;           /* ms without, then one tick */
                uint64_t after;         /* ms of even ticks */
                uint64_t waits;         /* ticks since it became runnable */
                uint64_t expected;      /* ms */
        } cases[] = {
                { 400, 4, 0, 0, 0 },
                { 400, 4, 0, 1, 0 },    /* may have been any part of a tick */
                { 400, 4, 0, 2, 4 },
                { 400, 4, 0, 26, 100 },
                { 400, 5, 0, 26, 100 }, /* ticks are not that even */
                { 400, 4, 0, 1000, 404 },       /* it waited before the scheduler had the CPU */
                { 400, 24, 0, 26, 80 }, /* 20 ms of a real-time task */
                { 400, 24, 40, 36, 120 },
                { 400, 24, 200, 51, 200 },      /* which are long past */
                { 400, 54, 0, 36, 0 },  /* 50 ms of it: nothing before counts */
                { 400, 54, 20, 36, 20 },
                { 400, 5000, 0, 1000, 0 },      /* suspended */
                { 400, 5000, 60, 1000, 60 },    /* and late on its own account */
                { 400, 4, 0, UINT64_MAX, 0 },   /* became runnable after the tick */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                struct scxd_wakeup_cpu c = ticked(cases[i].ticked * MSEC);
                uint64_t jiffies = UINT64_C(1) << 40;

                fprintf(stderr, "case %zu\n", i);
                scxd_wakeup_tick(&c, c.clock + cases[i].gap * MSEC, TICK, LIMIT);
                for (uint64_t t = TICK; t <= cases[i].after * MSEC; t += TICK)
                        scxd_wakeup_tick(&c, c.clock + TICK, TICK, LIMIT);
                ASSERT_EQ(scxd_wakeup_waited(&c, jiffies, jiffies - cases[i].waits, TICK), cases[i].expected * MSEC);
        }
}

/* Half of the time goes to somebody else: then a wait counts half, but a long one counts. */
static void test_shared_cpu(void) {
        struct scxd_wakeup_cpu c = ticked(400 * MSEC);
        uint64_t jiffies = 1000000;

        for (unsigned i = 0; i < 100; i++)
                scxd_wakeup_tick(&c, c.clock + 2 * TICK, TICK, LIMIT);
        ASSERT(scxd_wakeup_waited(&c, jiffies, jiffies - 1 - 48 / 4, TICK) <= 24 * MSEC);
        ASSERT(scxd_wakeup_waited(&c, jiffies, jiffies - 1 - 80 / 4, TICK) <= LIMIT);
        ASSERT(scxd_wakeup_waited(&c, jiffies, jiffies - 1 - 120 / 4, TICK) > LIMIT);
}

static void test_which(void) {
        const __u64 five = 5;

        ASSERT(scxd_wakeup_is_woken(NULL, 5));          /* never seen running */
        ASSERT(!scxd_wakeup_is_woken(&five, 5));        /* has not slept since */
        ASSERT(scxd_wakeup_is_woken(&five, 6));

        ASSERT(scxd_wakeup_is_urgent(100, 0));
        ASSERT(scxd_wakeup_is_urgent(10000, 0));
        ASSERT(scxd_wakeup_is_urgent(100, 7));          /* SCHED_EXT */
        ASSERT(!scxd_wakeup_is_urgent(99, 0));
        ASSERT(!scxd_wakeup_is_urgent(100, 3));
        ASSERT(!scxd_wakeup_is_urgent(100, 5));
}

/* Notes a late task every step ms from 0 on, until it is enough; returns when that is, or -1. */
static int broken_after(uint64_t limit, uint64_t step, uint64_t until) {
        struct scxd_wakeup_trouble t = {};

        for (uint64_t now = 0; now <= until; now += step)
                if (scxd_wakeup_note(&t, 4711000 * MSEC + now * MSEC, limit * MSEC))
                        return (int) now;
        return -1;
}

static void test_note(void) {
        static const struct {
                uint64_t limit, step, until;
                int expected;
        } cases[] = {
                { 50, 4, 10000, 700 },          /* all the time */
                { 50, 4, 696, -1 },             /* one hiccup */
                { 50, 100, 10000, 700 },
                { 50, 400, 10000, 2800 },
                { 50, 450, 10000, 3150 },
                { 50, 500, 100000, -1 },        /* now and then: never 8 in 3.2 s */
                { 50, 3200, 100000, -1 },
                { 100, 4, 10000, 700 },
                { 1000, 4, 60000, 7000 },       /* a longer limit takes longer */
                { 1000, 1000, 60000, 7000 },
                { 1000, 5000, 600000, -1 },
        };
        struct scxd_wakeup_trouble t = {};

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                fprintf(stderr, "limit %d, every %d ms\n", (int) cases[i].limit, (int) cases[i].step);
                ASSERT_EQ(broken_after(cases[i].limit, cases[i].step, cases[i].until), cases[i].expected);
        }

        /* What happened long ago is forgotten. */
        ASSERT(!scxd_wakeup_note(&t, 100000 * MSEC, LIMIT));
        ASSERT_EQ(t.began, 100000 * MSEC);
        t.late = 3;
        t.worst_nsec = 5;
        ASSERT(!scxd_wakeup_note(&t, 103100 * MSEC, LIMIT));
        ASSERT_EQ_U64(t.periods, UINT32_C(0x80000001));
        ASSERT_EQ(t.late, 3);
        ASSERT(!scxd_wakeup_note(&t, 106300 * MSEC, LIMIT));
        ASSERT_EQ_U64(t.periods, 1);
        ASSERT_EQ(t.late, 0);
        ASSERT_EQ(t.worst_nsec, 0);
        ASSERT_EQ(t.began, 106300 * MSEC);
        /* A CPU whose clock is behind changes nothing. */
        ASSERT(!scxd_wakeup_note(&t, 106100 * MSEC, LIMIT));
        ASSERT_EQ_U64(t.periods, 1);
        ASSERT_EQ(t.began, 106300 * MSEC);
}

static void test_report(void) {
        struct scxd_wakeup_event event = {
                .size = sizeof(event),
                .pid = 1234,
                .worst_nsec = 412 * MSEC + 345678,
                .limit_nsec = LIMIT,
                .trouble_nsec = 1200 * MSEC,
                .late = 37,
        };
        WatchdogReport r = {};

        memcpy(event.comm, "firefox", 8);
        ASSERT_OK(watchdog_report_from_event(&event, sizeof(event), &r));
        ASSERT_EQ(r.error, 0);
        ASSERT_EQ(r.limit_usec, 50000);
        ASSERT_EQ(r.late, 37);
        ASSERT_EQ(r.trouble_usec, 1200000);
        ASSERT_EQ(r.worst_usec, 412345);
        ASSERT_EQ(r.worst_pid, 1234);
        ASSERT_STREQ(r.worst_comm, "firefox");
        ASSERT_STREQ(r.text, "tasks waited longer than 50ms to run after they woke up: 37 times within 1s 200ms, the longest at least 412ms "
                             "(firefox, thread 1234)");

        /* Names are whatever tasks like. */
        memcpy(event.comm, "\033[2Ja\nb\xff\xfe% s%n\x7fxy", 16);
        event.late = 1;
        ASSERT_OK(watchdog_report_from_event(&event, sizeof(event), &r));
        ASSERT_STREQ(r.worst_comm, "?[2Ja?b??% s%n?");
        memset(event.comm, 0, sizeof(event.comm));
        ASSERT_OK(watchdog_report_from_event(&event, sizeof(event), &r));
        ASSERT(strstr(r.text, ": 1 time within "));
        ASSERT(strstr(r.text, "(nameless, thread 1234)"));

        /* The largest numbers fit. */
        event.worst_nsec = event.limit_nsec = event.trouble_nsec = event.late = UINT64_MAX;
        event.pid = INT32_MIN;
        memset(event.comm, 'W', sizeof(event.comm));
        ASSERT_OK(watchdog_report_from_event(&event, sizeof(event), &r));
        ASSERT(endswith(r.text, "(WWWWWWWWWWWWWWW, thread -2147483648)"));

        r.late = 99;
        ASSERT_EQ(watchdog_report_from_event(&event, sizeof(event) - 1, &r), -EBADMSG);
        event.size++;
        ASSERT_EQ(watchdog_report_from_event(&event, sizeof(event), &r), -EBADMSG);
        ASSERT_EQ(r.late, 99);
}

typedef struct Run {
        sd_event *event;
        unsigned n;
        int error;
        bool frees;
        char text[512];
} Run;

static void on_report(Watchdog *w, const WatchdogReport *report, void *userdata) {
        Run *run = userdata;

        run->n++;
        run->error = report->error;
        snprintf(run->text, sizeof(run->text), "%s", report->text);
        ASSERT(!watchdog_is_armed(w));
        if (run->frees)
                watchdog_free(w);
        ASSERT_OK(sd_event_exit(run->event, 0));
}

/* A loader that ends at once: told so once, and not armed ever. */
static void test_no_loader(bool frees) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        Run run = { .frees = frees };
        Watchdog *w = NULL;

        ASSERT_OK(sd_event_new(&event));
        run.event = event;
        ASSERT_EQ(watchdog_start(event, "/bin/true", "/none.o", WATCHDOG_LIMIT_MIN_USEC - 1, on_report, &run, &w), -ERANGE);
        ASSERT_EQ(watchdog_start(event, "/bin/true", "/none.o", WATCHDOG_LIMIT_MAX_USEC + 1, on_report, &run, &w), -ERANGE);
        ASSERT_EQ(watchdog_start(event, "/no/such/loader", "/none.o", 50000, on_report, &run, &w), -ENOENT);
        ASSERT(!w);

        /* Freed before it hears anything. */
        ASSERT_OK(watchdog_start(event, "/bin/true", "/none.o", 50000, on_report, &run, &w));
        w = watchdog_free(w);
        ASSERT(!w);

        ASSERT_OK(watchdog_start(event, "/bin/true", "/none.o", 50000, on_report, &run, &w));
        ASSERT(!watchdog_is_armed(w));
        ASSERT_OK(watchdog_arm(w));
        ASSERT_OK(sd_event_loop(event));
        ASSERT_EQ(run.n, 1);
        ASSERT_EQ(run.error, -EPIPE);
        ASSERT(startswith(run.text, "cannot watch the wake-up latency: "));
        if (!frees) {
                ASSERT_EQ(watchdog_arm(w), -ENODEV);
                watchdog_disarm(w);
                ASSERT(!watchdog_free(w));
        }
}

int main(void) {
        test_waited();
        test_shared_cpu();
        test_which();
        test_note();
        test_report();
        test_no_loader(false);
        test_no_loader(true);
        ASSERT(!watchdog_free(NULL));
        return 0;
}
