/* SPDX-License-Identifier: GPL-2.0-only */

/* The part of switch-gap that runs in the guest: switches in all ways, in turns, and prints what each took, a JSON object a line.
 * It needs root, an scxd that is installed and may be played with, and a machine that nobody else uses.
 *
 *   switch-gap-guest [--switches N] [--per-round N] [--threads N]... [--busy N]
 *
 * Each round does, first with the one and then with the other number of threads:
 *   floor, floor-expedited   two calls back to back (gap-floor.h)
 *   process                  interrupt a loader, wait for its end, start the next
 *   scxctl                   `scxctl switch` between two profiles whose schedulers differ
 *   live                     `scxctl switch` between two profiles that share a scheduler and differ in a live knob
 *   fallback                 the scheduler ends itself; the profile's next one takes over
 * All switch between the same two schedulers (fallback: from a faulty one to the first of them), which are loaded anew each time: their
 * memory for each task is made when they are enabled. While it is not its turn scxd is halted (SIGSTOP), so that its interest in
 * what the others do takes no time from them. */

#include <bpf/libbpf.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include "config.h"
#include "gap-floor.h"
#include "gap-tools.h"
#include "gap-trace.h"

#define SWITCHES_MAX 1000u
#define SETTLE_MSEC 300u        /* the kernel frees the old scheduler's memory some time after its end */
#define WAIT_NSEC UINT64_C(30000000000)
#define PROFILES "/run/scxd/profiles"
#define SCHEDULERS "/run/scxd/schedulers"

static const char *const objects[2] = { SCXD_OBJECT_DIR "/simple.bpf.o", SCXD_OBJECT_DIR "/interactive.bpf.o" };
static const char *const profiles[2] = { "bench-simple", "bench-interactive" };

static const struct {
        const char *name, *schedulers, *more;
} definitions[] = {
        { "bench-simple", "[simple]", "" },
        { "bench-interactive", "[interactive]", "" },
        { "bench-live-0", "[{simple: {slice_us: 4000}}]", "" },
        { "bench-live-1", "[{simple: {slice_us: 6000}}]", "" },
        /* So many failures are not a crash loop here, but what is asked for. */
        { "bench-fallback", "[{broken-error: {after_ms: 3600000}}, simple]", "watchdog: {restarts: 100 per 1s}\n" },
};
static const uint64_t live_values[2] = { 4000, 6000 };

static char here[PATH_MAX];     /* where this program is */
static GapTrace *trace;
static pid_t daemon_pid, crowd_pid;
static bool halted;
static unsigned n_threads;      /* now */

/* --- how it ends --- */

static void clean_up(void) {
        char path[PATH_MAX];

        if (crowd_pid > 0)
                crowd_end(TAKE(crowd_pid, 0));
        if (halted)
                (void) kill(daemon_pid, SIGCONT);
        trace = gap_trace_free(trace);
        for (size_t i = 0; i < ELEMENTSOF(definitions); i++) {
                snprintf(path, sizeof(path), PROFILES "/%s.yaml", definitions[i].name);
                (void) unlink(path);
        }
        (void) unlink(SCHEDULERS "/broken-error.yaml");
}

static void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
static void die(const char *format, ...) {
        va_list ap;

        fflush(stdout);
        fputs("switch-gap-guest: ", stderr);
        va_start(ap, format);
        vfprintf(stderr, format, ap);
        va_end(ap);
        fputc('\n', stderr);
        exit(EXIT_FAILURE);
}

static void on_signal(int sig) {
        exit(EXIT_FAILURE);
}

/* --- the machine --- */

static void write_file(const char *path, const char *format, ...) _printf_(2, 3);
static void write_file(const char *path, const char *format, ...) {
        FILE *f = fopen(path, "we");
        va_list ap;

        if (!f)
                die("%s: %s", path, strerror(errno));
        va_start(ap, format);
        vfprintf(f, format, ap);
        va_end(ap);
        if (fclose(f) != 0)
                die("%s: %s", path, strerror(errno));
}

static void must(const char *const argv[]) {
        int r = run_program(argv, false);

        if (r != 0)
                die("%s %s ended with %d", argv[0], argv[1], r);
}

/* The faulty one is not among the schedulers that scxd finds by itself. */
static void define_broken(void) {
        char path[PATH_MAX], tests[PATH_MAX], line[512];
        FILE *from, *to;

        /* Of an object elsewhere scxd wants the plain path. */
        snprintf(path, sizeof(path), "%s", here);
        *strrchr(path, '/') = '\0';
        if (snprintf(tests, sizeof(tests), "%s/schedulers", path) >= (int) sizeof(tests) ||
            snprintf(path, sizeof(path), "%s/broken-error.yaml", tests) >= (int) sizeof(path))
                die("%s: the path is too long", here);
        from = fopen(path, "re");
        to = from ? fopen(SCHEDULERS "/broken-error.yaml", "we") : NULL;
        if (!to)
                die("%s cannot be made known to scxd: %s", path, strerror(errno));
        while (fgets(line, sizeof(line), from)) {
                const char *object = startswith(line, "object: ") ? line + strlen("object: ") : NULL;

                if (object)
                        fprintf(to, "object: %s/%s", tests, object);
                else
                        fputs(line, to);
        }
        fclose(from);
        if (fclose(to) != 0)
                die("%s cannot be made known to scxd: %s", path, strerror(errno));
}

static void define(void) {
        char path[PATH_MAX];

        (void) mkdir("/run/scxd", 0755);
        (void) mkdir(PROFILES, 0755);
        (void) mkdir(SCHEDULERS, 0755);
        for (size_t i = 0; i < ELEMENTSOF(definitions); i++) {
                snprintf(path, sizeof(path), PROFILES "/%s.yaml", definitions[i].name);
                write_file(path, "name: %s\ndescription: For the bench switch-gap\nschedulers: %s\n%s", definitions[i].name,
                           definitions[i].schedulers, definitions[i].more);
        }
        define_broken();
}

static void kernel_state(char *ret, size_t size) {
        FILE *f = fopen("/sys/kernel/sched_ext/state", "re");

        if (!f || !fgets(ret, (int) size, f))
                die("cannot read the kernel's state of sched_ext");
        fclose(f);
        ret[strcspn(ret, "\n")] = '\0';
}

static void must_run(const char *ops) {
        FILE *f = fopen("/sys/kernel/sched_ext/root/ops", "re");
        char line[128] = "";

        if (f && fgets(line, sizeof(line), f))
                line[strcspn(line, "\n")] = '\0';
        if (f)
                fclose(f);
        if (!streq(line, ops))
                die("%s should run, but %s does", ops, line[0] ? line : "no scheduler");
}

static void wait_until_disabled(void) {
        uint64_t end = now_nsec() + WAIT_NSEC;
        char state[32];

        for (;;) {
                kernel_state(state, sizeof(state));
                if (streq(state, "disabled"))
                        break;
                if (now_nsec() > end)
                        die("a scheduler is still %s, but none should be", state);
                sleep_msec(20);
        }
        sleep_msec(SETTLE_MSEC);
}

static void find_daemon(void) {
        static const char *const argv[] = { "systemctl", "show", "-P", "MainPID", "scxd.service", NULL };
        char line[32];

        if (run_for_line(argv, line, sizeof(line)) != 0 || atoi(line) <= 0)
                die("scxd does not run");
        daemon_pid = atoi(line);
}

static void halt_daemon(void) {
        must((const char *const[]) { "scxctl", "stop", NULL });
        wait_until_disabled();
        find_daemon();
        if (kill(daemon_pid, SIGSTOP) < 0)
                die("cannot halt scxd: %s", strerror(errno));
        halted = true;
}

static void wake_daemon(void) {
        if (kill(daemon_pid, SIGCONT) < 0)
                die("scxd has died meanwhile");
        halted = false;
        sleep_msec(500);        /* it learns what happened in between */
}

/* --- what is told --- */

/* attach_began: 0 if it is not known. */
static void tell_switch(const char *way, uint64_t wall_nsec, uint64_t attach_began) {
        struct gap_event removed, added;
        int r;

        r = gap_trace_switch(trace, n_threads, &removed, &added);
        if (r < 0)
                die("%s: the kernel did not announce one removal and then one addition, with all of %u threads leaving in between "
                    "(%u events)", way, n_threads, gap_trace_count(trace));
        printf("{\"way\":\"%s\",\"threads\":%u,\"gap_ns\":%llu,\"after_removal_ns\":%llu,\"wall_ns\":%" PRIu64 ",\"attach_ns\":%llu,"
               "\"tasks\":%u,\"expedited\":%s}\n", way, n_threads, added.at - removed.left_at, added.at - removed.at, wall_nsec,
               attach_began > 0 ? added.at - attach_began : 0, removed.n_left, added.expedited ? "true" : "false");
        fflush(stdout);
}

/* --- the ways --- */

static void do_floor(unsigned n) {
        _cleanup_(floor_freep) Floor *f = NULL;
        unsigned now = 0;

        if (floor_new(&f) < 0 || floor_start(f, objects[now]) < 0)
                die("the floor cannot be measured");
        sleep_msec(SETTLE_MSEC);
        for (unsigned i = 0; i < 2 * n; i++) {
                bool expedited = i % 4 == 0 || i % 4 == 3;
                FloorTimes t;

                now = !now;
                gap_trace_reset(trace);
                if (floor_swap(f, objects[now], expedited, &t) < 0)
                        die("the floor cannot be measured");
                tell_switch(expedited ? "floor-expedited" : "floor", t.ended - t.began, t.attach_began);
                sleep_msec(SETTLE_MSEC);
        }
}

static void do_process(unsigned n) {
        char loader[PATH_MAX];
        unsigned now = 0;
        pid_t pid;

        if (snprintf(loader, sizeof(loader), "%s/switch-gap-loader", here) >= (int) sizeof(loader))
                die("%s: the path is too long", here);
        if (start_and_wait((const char *const[]) { loader, objects[now], NULL }, &pid) < 0)
                die("the loader cannot be started");
        sleep_msec(SETTLE_MSEC);
        for (unsigned i = 0; i < n; i++) {
                uint64_t t;

                now = !now;
                gap_trace_reset(trace);
                t = now_nsec();
                if (interrupt_and_wait(pid) < 0 || start_and_wait((const char *const[]) { loader, objects[now], NULL }, &pid) < 0)
                        die("the loader failed");
                tell_switch("process", now_nsec() - t, 0);
                sleep_msec(SETTLE_MSEC);
        }
        if (interrupt_and_wait(pid) < 0)
                die("the loader failed");
        wait_until_disabled();
}

static uint64_t scxctl_switch(const char *profile) {
        uint64_t t = now_nsec();

        must((const char *const[]) { "scxctl", "switch", profile, NULL });
        return now_nsec() - t;
}

static void do_scxctl(unsigned n) {
        unsigned now = 0;

        (void) scxctl_switch(profiles[now]);
        sleep_msec(SETTLE_MSEC);
        for (unsigned i = 0; i < n; i++) {
                uint64_t wall;

                now = !now;
                gap_trace_reset(trace);
                wall = scxctl_switch(profiles[now]);
                tell_switch("scxctl", wall, 0);
                sleep_msec(SETTLE_MSEC);
        }
}

static void do_live(unsigned n) {
        static const char *const names[2] = { "bench-live-0", "bench-live-1" };
        unsigned now = 0;

        (void) scxctl_switch(names[now]);
        sleep_msec(SETTLE_MSEC);
        for (unsigned i = 0; i < n; i++) {
                uint64_t wall, value = 0;
                int r;

                now = !now;
                gap_trace_reset(trace);
                wall = scxctl_switch(names[now]);
                sleep_msec(SETTLE_MSEC);        /* a gap that comes late counts, too */
                r = variable_read("simple.data", "slice_us", &value);
                if (r < 0)
                        die("the running scheduler's knob cannot be read: %s", strerror(-r));
                printf("{\"way\":\"live\",\"threads\":%u,\"wall_ns\":%" PRIu64 ",\"events\":%u,\"written\":%s}\n", n_threads, wall,
                       gap_trace_count(trace), value == live_values[now] ? "true" : "false");
                fflush(stdout);
        }
}

/* The standby is there when its ops are, in a map that is newer than before the switch. */
static bool wait_for_standby(uint32_t before) {
        uint64_t end = now_nsec() + WAIT_NSEC / 3;

        while (newest_map("simple_ops") <= before) {
                if (now_nsec() > end)
                        return false;
                sleep_msec(50);
        }
        /* Its loader hands it over and ends; the daemon tidies up. */
        sleep_msec(3 * SETTLE_MSEC);
        return true;
}

static void do_fallback(unsigned n) {
        for (unsigned i = 0; i < n; i++) {
                uint32_t before = newest_map("simple_ops");
                bool standby;
                int r;

                /* Its earlier failures do not count: it starts at once, not after a while. Fails if there were none. */
                (void) run_program((const char *const[]) { "scxctl", "--quiet", "reset-failed", "broken-error", NULL }, true);
                (void) scxctl_switch("bench-fallback");
                must_run("scxd_broken_error");
                standby = wait_for_standby(before);
                if (!standby)
                        puts("{\"note\":\"no standby was loaded within 10 s\"}");
                gap_trace_reset(trace);
                /* Ends itself when it next looks for work. */
                r = variable_write("broken_e.data", "after_ms", 0);
                if (r < 0)
                        die("the faulty scheduler cannot be told to fail: %s", strerror(-r));
                if (!gap_trace_wait(trace, 2, WAIT_NSEC))
                        die("nothing took over from the scheduler that failed");
                sleep_msec(SETTLE_MSEC);
                must_run("scxd_simple");
                tell_switch("fallback", 0, 0);
        }
}

/* --- */

static unsigned number(const char *s, unsigned max) {
        char *end;
        unsigned long v = strtoul(s, &end, 10);

        if (*s == '\0' || *end != '\0' || v > max)
                die("%s is not a number of at most %u", s, max);
        return (unsigned) v;
}

int main(int argc, char *argv[]) {
        enum { SWITCHES = 256, PER_ROUND, THREADS, BUSY };
        static const struct option options[] = {
                { "switches", required_argument, NULL, SWITCHES },
                { "per-round", required_argument, NULL, PER_ROUND },
                { "threads", required_argument, NULL, THREADS },
                { "busy", required_argument, NULL, BUSY },
                {},
        };
        unsigned n_switches = 20, per_round = 2, n_busy = 2, sizes[4], n_sizes = 0;
        char object[PATH_MAX];
        ssize_t n;
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (c) {
                case SWITCHES:
                        n_switches = number(optarg, SWITCHES_MAX);
                        break;
                case PER_ROUND:
                        per_round = number(optarg, SWITCHES_MAX);
                        break;
                case THREADS:
                        if (n_sizes == ELEMENTSOF(sizes))
                                die("too many --threads");
                        sizes[n_sizes++] = number(optarg, 20000);
                        break;
                case BUSY:
                        n_busy = number(optarg, 100);
                        break;
                default:
                        return EXIT_FAILURE;
                }
        if (optind < argc || per_round < 1 || n_switches < 1)
                die("see the head of gap-main.c for the arguments");
        if (n_sizes == 0) {
                sizes[n_sizes++] = 200;
                sizes[n_sizes++] = 5000;
        }

        n = readlink("/proc/self/exe", here, sizeof(here) - 1);
        if (n < 0)
                die("/proc/self/exe: %s", strerror(errno));
        here[n] = '\0';
        *strrchr(here, '/') = '\0';
        if (snprintf(object, sizeof(object), "%s/gap.bpf.o", here) >= (int) sizeof(object))
                die("%s: the path is too long", here);
        atexit(clean_up);
        signal(SIGINT, on_signal);
        signal(SIGTERM, on_signal);
        signal(SIGHUP, on_signal);
        signal(SIGPIPE, on_signal);     /* nobody listens any more */
        libbpf_set_print(NULL);         /* what fails is told by its errno */

        define();
        must((const char *const[]) { "systemctl", "restart", "scxd.service", NULL });
        if (gap_trace_new(object, &trace) < 0)
                die("the kernel cannot be traced");
        halt_daemon();

        for (unsigned done = 0; done < n_switches; done += per_round)
                for (unsigned i = 0; i < n_sizes; i++) {
                        unsigned k = MIN(per_round, n_switches - done);

                        n_threads = sizes[i];
                        if (crowd_start(n_threads, n_busy, &crowd_pid) < 0)
                                die("%u threads cannot be started", n_threads);
                        sleep_msec(SETTLE_MSEC);
                        do_floor(k);
                        wait_until_disabled();
                        do_process(k);
                        wake_daemon();
                        do_scxctl(k);
                        do_live(k);
                        do_fallback(k);
                        halt_daemon();
                        crowd_end(TAKE(crowd_pid, 0));
                }
        wake_daemon();
        return EXIT_SUCCESS;
}
