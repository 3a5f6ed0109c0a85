/* SPDX-License-Identifier: GPL-2.0-only */

/* What the watchdog for wake-up latency costs, and what it says. Needs root and a kernel with sched_ext; enables the scheduler it is
 * given for as long as it runs.
 *
 *   watchdog-cost [--rounds N]              a pipe's round trips between two processes, with and without it, in turns
 *   watchdog-cost --watch SECONDS           arms it and prints what it says; with --again it is armed anew after each report
 *   Both: --limit USEC, --scheduler OBJECT (or none), --hogs N and --sleepers N (background load), --loader PATH, --object PATH */

#include <bpf/bpf.h>
#include <getopt.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "backend-bpf.h"
#include "config.h"
#include "loader.h"
#include "watchdog.h"

#define ROUND_USEC UINT64_C(200000)
#define WARM_UP_USEC UINT64_C(50000)    /* after the program came or went: the code that was patched is cold */
#define ROUNDS_MAX 1000u
#define COST_MAX 0.01   /* what the watchdog may cost; more is a failure */
#define CHILDREN_MAX 256u
#define SLEEP_USEC 5000u

static const char *loader = SCXD_LOADER_PATH, *object = SCXD_OBJECT_DIR "/" WATCHDOG_OBJECT;
static const char *scheduler_object = SCXD_OBJECT_DIR "/simple.bpf.o";
static uint64_t limit_usec = 50000, watch_sec;
static unsigned rounds = 100, hogs, sleepers;
static bool again;

static sd_event *event;
static BpfScheduler *scheduler;
static Watchdog *watchdog;
static uint64_t start_usec;
static unsigned n_reports;
static bool failed;
static pid_t children[CHILDREN_MAX];
static size_t n_children;

static void die(const char *what, int error) __attribute__((noreturn));
static void die(const char *what, int error) {
        fprintf(stderr, "watchdog-cost: %s: %s\n", what, strerror(-error));
        exit(EXIT_FAILURE);
}

static uint64_t now_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000u + (uint64_t) t.tv_nsec / 1000u;
}

static void pin(int cpu) {
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        if (sched_setaffinity(0, sizeof(set), &set) < 0)
                die("cannot choose a CPU", -errno);
}

/* Children. */

static void hog(void) {
        volatile uint64_t n = 0;

        for (;;)
                n = n + 1;
}

/* Shared with the sleepers: the longest that one of them overslept, which is what the watchdog should find. */
static uint64_t *overslept;

static void sleeper(void) {
        for (;;) {
                uint64_t end = now_usec() + SLEEP_USEC, late;

                usleep(SLEEP_USEC);
                late = now_usec() - end;
                if (late > *overslept)
                        *overslept = late;
                end += late + 200;
                while (now_usec() < end)
                        ;
        }
}

static int echo_in, echo_out;

static void echo(void) {
        char c;

        pin(0);
        while (read(echo_in, &c, 1) == 1 && write(echo_out, &c, 1) == 1)
                ;
        _exit(0);
}

static void start_child(const char *name, void (*f)(void)) {
        pid_t pid;

        if (n_children >= CHILDREN_MAX)
                die("too many processes", -E2BIG);
        pid = fork();
        if (pid < 0)
                die("cannot fork", -errno);
        if (pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void) prctl(PR_SET_NAME, name);
                f();
        }
        children[n_children++] = pid;
}

static void end_children(void) {
        while (n_children > 0) {
                (void) kill(children[--n_children], SIGKILL);
                (void) waitpid(children[n_children], NULL, 0);
        }
}

/* Before the watchdog: they would inherit its link. */
static void start_load(void) {
        overslept = mmap(NULL, sizeof(*overslept), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (overslept == MAP_FAILED)
                die("cannot share memory", -errno);
        for (unsigned i = 0; i < hogs; i++)
                start_child("hog", hog);
        for (unsigned i = 0; i < sleepers; i++)
                start_child("sleeper", sleeper);
}

/* The scheduler. */

static void fill(LoaderJob *job, size_t index, LoaderRequest *request, void *userdata) {
        request->verb = LOADER_LOAD;
        snprintf(request->path, sizeof(request->path), "%s", scheduler_object);
}

static void on_exit_event(BpfScheduler *s, const struct scxd_exit_event *e, void *userdata) {
        if (e->kind < 1024)
                return;
        printf("the scheduler failed: %s\n", e->message);
        failed = true;
}

static void on_loaded(LoaderJob *job, size_t index, const LoaderReply *reply, int *fds, size_t n_fds, void *userdata) {
        int r;

        if (reply->error < 0) {
                fprintf(stderr, "%s\n", reply->message);
                die("cannot load the scheduler", reply->error);
        }
        r = bpf_scheduler_new(event, reply, fds, n_fds, on_exit_event, NULL, &scheduler);
        if (r >= 0)
                r = bpf_scheduler_attach(scheduler);
        if (r < 0)
                die("cannot enable the scheduler", r);
}

static void run_loop(uint64_t until_usec) {
        while (now_usec() < until_usec && !failed)
                if (sd_event_run(event, until_usec - MIN(now_usec(), until_usec)) < 0)
                        die("the event loop failed", -EIO);
}

static void start_scheduler(void) {
        LoaderJob *job;
        int r;

        r = loader_job_start(event, loader, 1, LOADER_TIMEOUT_DEFAULT_USEC, fill, on_loaded, NULL, &job);
        if (r < 0)
                die("cannot start the loader", r);
        while (!scheduler)
                if (sd_event_run(event, UINT64_MAX) < 0)
                        die("the event loop failed", -EIO);
        loader_job_free(job);
}

/* The watchdog. */

static void on_report(Watchdog *w, const WatchdogReport *report, void *userdata) {
        int r;

        if (report->error < 0) {
                fprintf(stderr, "%s\n", report->text);
                exit(EXIT_FAILURE);
        }
        n_reports++;
        printf("after %.1f s: %s\n", (double) (now_usec() - start_usec) / 1e6, report->text);
        fflush(stdout);
        if (again) {
                start_usec = now_usec();
                r = watchdog_arm(w);
                if (r < 0)
                        die("cannot arm again", r);
        }
}

static void start_watchdog(void) {
        uint64_t deadline = now_usec() + LOADER_TIMEOUT_DEFAULT_USEC;
        int r;

        r = watchdog_start(event, loader, object, limit_usec, on_report, NULL, &watchdog);
        if (r < 0)
                die("cannot start the watchdog", r);
        while (!watchdog_is_armed(watchdog) && now_usec() < deadline)
                if (sd_event_run(event, 1000000) < 0)
                        die("the event loop failed", -EIO);
        if (!watchdog_is_armed(watchdog))
                die("cannot start the watchdog", -ETIMEDOUT);
}

static int watch(void) {
        start_load();
        start_watchdog();
        start_usec = now_usec();
        run_loop(start_usec + watch_sec * 1000000u);
        printf("%u %s in %llu s\n", n_reports, n_reports == 1 ? "report" : "reports", (unsigned long long) watch_sec);
        if (sleepers > 0)
                printf("the longest delay that a sleeper saw itself: %.1f ms\n", (double) *overslept / 1000);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The cost. */

static int ping_fd, pong_fd;

/* Round trips per second. */
static double measure(uint64_t usec) {
        uint64_t start = now_usec(), end;
        unsigned long n = 0;
        char c = 0;

        do {
                for (unsigned i = 0; i < 64; i++, n++)
                        if (write(ping_fd, &c, 1) != 1 || read(pong_fd, &c, 1) != 1)
                                die("the pipe broke", -EPIPE);
                end = now_usec();
        } while (end - start < usec);
        return (double) n * 1e6 / (double) (end - start);
}

static int compare(const void *a, const void *b) {
        double x = *(const double *) a, y = *(const double *) b;

        return x < y ? -1 : x > y;
}

static double median(double *v, size_t n) {
        qsort(v, n, sizeof(*v), compare);
        return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* How often the program ran and for how long, by the kernel's own count. */
static bool program_time(uint64_t *ret_runs, uint64_t *ret_nsec) {
        uint32_t id = 0;
        bool found = false;

        while (bpf_prog_get_next_id(id, &id) >= 0) {
                struct bpf_prog_info info = {};
                uint32_t size = sizeof(info);
                int fd = bpf_prog_get_fd_by_id(id);

                if (fd >= 0 && bpf_prog_get_info_by_fd(fd, &info, &size) >= 0 && streq(info.name, "wakeup_tick")) {
                        *ret_runs = info.run_cnt;
                        *ret_nsec = info.run_time_ns;
                        found = true;
                }
                safe_close(fd);
        }
        return found;
}

static int cost(void) {
        static double with[ROUNDS_MAX], without[ROUNDS_MAX], ratio[ROUNDS_MAX], arm[ROUNDS_MAX];
        uint64_t runs, nsec, runs_before, nsec_before, t;
        int ping[2], pong[2], stats_fd, r;
        double m, spread, share;

        if (pipe(ping) < 0 || pipe(pong) < 0)
                die("cannot make a pipe", -errno);
        ping_fd = ping[1];
        pong_fd = pong[0];
        echo_in = ping[0];
        echo_out = pong[1];
        start_child("echo", echo);
        pin(0);
        start_load();
        start_watchdog();
        /* The order changes from pair to pair, so that a drift of the machine cancels out. */
        for (unsigned i = 0; i < rounds; i++)
                for (unsigned j = 0; j < 2; j++) {
                        bool armed = (i + j) % 2 == 0;

                        watchdog_disarm(watchdog);
                        t = now_usec();
                        if (armed && (r = watchdog_arm(watchdog)) < 0)
                                die("cannot arm", r);
                        if (armed)
                                arm[i] = (double) (now_usec() - t) / 1000;
                        (void) measure(WARM_UP_USEC);
                        (armed ? with : without)[i] = measure(ROUND_USEC);
                }
        for (unsigned i = 0; i < rounds; i++)
                ratio[i] = without[i] / with[i];

        /* And by itself: the share of the CPU's time that the program takes. */
        r = watchdog_arm(watchdog);
        if (r < 0)
                die("cannot arm", r);
        stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
        if (stats_fd < 0)
                die("cannot count the program's time", stats_fd);
        if (!program_time(&runs_before, &nsec_before))
                die("the program is not there", -ENOENT);
        t = now_usec();
        for (unsigned i = 0; i < 10; i++)
                (void) measure(ROUND_USEC);
        t = now_usec() - t;
        if (!program_time(&runs, &nsec) || runs == runs_before)
                die("the program did not run", -ENODATA);
        runs -= runs_before;
        nsec -= nsec_before;
        safe_close(stats_fd);

        m = median(ratio, rounds);
        spread = (ratio[rounds * 3 / 4] - ratio[rounds / 4]) / sqrt((double) rounds);
        printf("round trips per second, median of %u: %.0f without, %.0f with the watchdog\n", rounds, median(without, rounds),
               median(with, rounds));
        printf("cost: %+.3f %% of the time of a round trip (± %.3f)\n", (m - 1) * 100, spread * 100);
        printf("program: %.0f runs/s, %.0f ns each, %.4f %% of one CPU's time\n", (double) runs * 1e6 / (double) t,
               (double) nsec / (double) runs, (double) nsec / 10.0 / (double) t);
        printf("arming: %.2f ms, median of %u\n", median(arm, rounds), rounds);
        printf("reports meanwhile: %u\n", n_reports);
        /* Both ways of measuring have a say; the first only beyond its noise. */
        share = (double) nsec / 1000.0 / (double) t;
        return m - 1 - 2 * spread < COST_MAX && share < COST_MAX ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char *argv[]) {
        enum { WATCH = 256, LIMIT, SCHEDULER, HOGS, SLEEPERS, LOADER, OBJECT, ROUNDS, AGAIN };
        static const struct option options[] = {
                { "watch", required_argument, NULL, WATCH },         { "limit", required_argument, NULL, LIMIT },
                { "scheduler", required_argument, NULL, SCHEDULER }, { "hogs", required_argument, NULL, HOGS },
                { "sleepers", required_argument, NULL, SLEEPERS },   { "loader", required_argument, NULL, LOADER },
                { "object", required_argument, NULL, OBJECT },       { "rounds", required_argument, NULL, ROUNDS },
                { "again", no_argument, NULL, AGAIN },               {},
        };
        int c, r;

        while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (c) {
                case WATCH:
                        watch_sec = strtoull(optarg, NULL, 10);
                        break;
                case LIMIT:
                        limit_usec = strtoull(optarg, NULL, 10);
                        break;
                case SCHEDULER:
                        scheduler_object = optarg;
                        break;
                case HOGS:
                        hogs = (unsigned) strtoul(optarg, NULL, 10);
                        break;
                case SLEEPERS:
                        sleepers = (unsigned) strtoul(optarg, NULL, 10);
                        break;
                case LOADER:
                        loader = optarg;
                        break;
                case OBJECT:
                        object = optarg;
                        break;
                case ROUNDS:
                        rounds = (unsigned) strtoul(optarg, NULL, 10);
                        break;
                case AGAIN:
                        again = true;
                        break;
                default:
                        return EXIT_FAILURE;
                }
        if (optind < argc || rounds < 1 || rounds > ROUNDS_MAX) {
                fputs("watchdog-cost: see the head of watchdog-cost.c for its arguments\n", stderr);
                return EXIT_FAILURE;
        }

        r = sd_event_default(&event);
        if (r < 0)
                die("no event loop", r);
        atexit(end_children);
        if (!streq(scheduler_object, "none"))
                start_scheduler();
        r = watch_sec > 0 ? watch() : cost();
        end_children();
        watchdog = watchdog_free(watchdog);
        scheduler = bpf_scheduler_free(scheduler);
        sd_event_unref(event);
        return r;
}
