/* SPDX-License-Identifier: GPL-2.0-only */

/* loader.c against a helper that misbehaves: this very program, started by loader.c with FAKE_LOADER saying how. */

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "loader.h"
#include "test.h"

#define SECOND UINT64_C(1000000)

static size_t count_fds(void) {
        DIR *d = opendir("/proc/self/fd");
        size_t n = 0;

        ASSERT(d);
        while (readdir(d))
                n++;
        closedir(d);
        return n - 3;   /* ".", ".." and that of the directory itself */
}

static uint64_t now_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * SECOND + (uint64_t) t.tv_nsec / 1000;
}

/* The helper. */

static void fake_send(const void *data, size_t size, size_t n_fds) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(64 * sizeof(int))];
        } control = {};
        struct iovec iov = { (void *) data, size };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

        if (n_fds > 0) {
                m.msg_control = &control;
                m.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
                control.header.cmsg_level = SOL_SOCKET;
                control.header.cmsg_type = SCM_RIGHTS;
                control.header.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
                for (size_t i = 0; i < n_fds; i++) {
                        int fd = memfd_create("fake", MFD_CLOEXEC);

                        memcpy(CMSG_DATA(&control.header) + i * sizeof(int), &fd, sizeof(int));
                }
        }
        if (sendmsg(LOADER_SOCKET_FD, &m, MSG_NOSIGNAL) < 0)
                _exit(1);
}

static int fake_loader(const char *how) {
        static LoaderRequest request;
        static LoaderReply reply;
        size_t n = 0;

        if (streq(how, "exit"))
                return 0;
        while (recv(LOADER_SOCKET_FD, &request, sizeof(request), 0) == sizeof(request)) {
                memset(&reply, 0, sizeof(reply));
                reply.verb = request.verb;

                if (streq(how, "crash"))
                        raise(SIGKILL);
                else if (streq(how, "hang"))
                        for (;;)
                                pause();
                else if (streq(how, "crash-second") && n == 1)
                        raise(SIGKILL);
                else if (streq(how, "short"))
                        fake_send(&reply, sizeof(reply) - 1, 1);
                else if (streq(how, "long")) {
                        static char large[sizeof(reply) + 1];

                        fake_send(large, sizeof(large), 0);
                } else if (streq(how, "empty"))
                        fake_send(&reply, 1, 0);
                else if (streq(how, "five-fds") || streq(how, "many-fds")) {
                        reply.fds = LOADER_FD_OPS | LOADER_FD_EXIT | LOADER_FD_GLOBALS | LOADER_FD_BSS;
                        fake_send(&reply, sizeof(reply), streq(how, "five-fds") ? 5 : 60);
                } else if (streq(how, "few-fds")) {
                        reply.fds = LOADER_FD_OPS | LOADER_FD_BSS;
                        fake_send(&reply, sizeof(reply), 1);
                } else if (streq(how, "no-fds"))
                        fake_send(&reply, sizeof(reply), 0);
                else if (streq(how, "other-verb")) {
                        reply.verb = LOADER_PROBE;
                        fake_send(&reply, sizeof(reply), 0);
                } else if (streq(how, "unprintable")) {
                        memset(reply.message, 0xff, sizeof(reply.message));
                        memcpy(reply.message, "a\033[1m\n\xc3\xa4\t", 9);
                        memset(&reply.object, 'x', sizeof(reply.object));
                        fake_send(&reply, sizeof(reply), 0);
                } else if (request.verb == LOADER_LOAD) {
                        reply.fds = LOADER_FD_OPS | LOADER_FD_BSS;
                        snprintf(reply.ops_name, sizeof(reply.ops_name), "fake");
                        fake_send(&reply, sizeof(reply), 2);
                } else if (request.verb == LOADER_PROBE) {
                        /* What was inherited. */
                        sigset_t blocked;

                        sigprocmask(SIG_SETMASK, NULL, &blocked);
                        reply.features.mask = count_fds();
                        reply.features.probed = !sigismember(&blocked, SIGCHLD) && signal(SIGPIPE, SIG_DFL) == SIG_DFL;
                        fake_send(&reply, sizeof(reply), 0);
                } else {
                        snprintf(reply.object.ops_name, sizeof(reply.object.ops_name), "object%zu", n);
                        fake_send(&reply, sizeof(reply), 0);
                }
                n++;
        }
        return 0;
}

/* The test's side. */

typedef struct Run {
        sd_event *event;
        LoaderVerb verb;
        size_t n_requests, n_filled, n_answers, free_at;
        int errors[8];
        size_t n_fds[8];
        LoaderReply last;
        LoaderJob *job;
        bool keep_fd;
        int kept_fd;
} Run;

static void fill(LoaderJob *job, size_t index, LoaderRequest *request, void *userdata) {
        Run *run = userdata;

        ASSERT_EQ(index, run->n_filled);
        run->n_filled++;
        request->verb = run->verb;
        snprintf(request->path, sizeof(request->path), "/some/object");
}

static void handle(LoaderJob *job, size_t index, const LoaderReply *reply, int *fds, size_t n_fds, void *userdata) {
        Run *run = userdata;

        ASSERT(job == run->job);
        ASSERT_EQ(index, run->n_answers);
        ASSERT_EQ(reply->verb, run->verb);
        ASSERT(index < ELEMENTSOF(run->errors));
        run->errors[index] = reply->error;
        run->n_fds[index] = n_fds;
        run->last = *reply;
        run->n_answers++;
        if (run->keep_fd && n_fds > 0)
                run->kept_fd = TAKE_FD(fds[0]);
        if (run->free_at == run->n_answers)
                run->job = loader_job_free(run->job);
}

static void run_for(sd_event *event, uint64_t usec) {
        uint64_t end = now_usec() + usec;

        while (now_usec() < end)
                ASSERT_OK(sd_event_run(event, end - MIN(end, now_usec()) + 1));
}

/* All helpers are dead and reaped, and as many fds are open as before. */
static void check_clean(sd_event *event, size_t n_fds) {
        for (unsigned i = 0; i < 100 && (waitid(P_ALL, 0, &(siginfo_t) {}, WEXITED | WNOHANG | WNOWAIT) >= 0 || count_fds() != n_fds); i++)
                run_for(event, SECOND / 50);
        ASSERT_EQ(waitid(P_ALL, 0, &(siginfo_t) {}, WEXITED | WNOHANG | WNOWAIT), -1);
        ASSERT_EQ(errno, ECHILD);
        ASSERT_EQ(count_fds(), n_fds);
}

static void start(Run *run, sd_event *event, const char *how, LoaderVerb verb, size_t n_requests, uint64_t timeout) {
        run->event = event;
        run->verb = verb;
        run->n_requests = n_requests;
        run->kept_fd = -EBADF;
        ASSERT(setenv("FAKE_LOADER", how, true) == 0);
        ASSERT_OK(loader_job_start(event, "/proc/self/exe", n_requests, timeout, fill, handle, run, &run->job));
        ASSERT_EQ(run->n_filled, 1);
        ASSERT_EQ(run->n_answers, 0);   /* never from within the call */
}

static void finish(Run *run) {
        while (run->job && run->n_answers < run->n_requests)
                ASSERT_OK(sd_event_run(run->event, 10 * SECOND));
        run->job = loader_job_free(run->job);
}

/* Each kind of misbehaviour is the same error for this request and all later ones. */
static void test_errors(sd_event *event) {
        static const struct {
                const char *how;
                LoaderVerb verb;
                int error;
                size_t first_bad;
                const char *why;
        } table[] = {
                { "exit", LOADER_INSPECT, -EPIPE, 0, "died" },
                { "crash", LOADER_INSPECT, -EPIPE, 0, "died" },
                { "crash-second", LOADER_INSPECT, -EPIPE, 1, "died" },
                { "hang", LOADER_INSPECT, -ETIMEDOUT, 0, "in time" },
                { "short", LOADER_INSPECT, -EBADMSG, 0, "no sense" },
                { "long", LOADER_INSPECT, -EBADMSG, 0, "no sense" },
                { "empty", LOADER_INSPECT, -EBADMSG, 0, "no sense" },
                { "five-fds", LOADER_LOAD, -EBADMSG, 0, "no sense" },
                { "many-fds", LOADER_LOAD, -EBADMSG, 0, "no sense" },
                { "few-fds", LOADER_LOAD, -EBADMSG, 0, "no sense" },
                { "few-fds", LOADER_INSPECT, -EBADMSG, 0, "no sense" },
                { "no-fds", LOADER_LOAD, -EBADMSG, 0, "no sense" },
                { "other-verb", LOADER_INSPECT, -EBADMSG, 0, "no sense" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                size_t n_fds = count_fds();
                Run run = {};

                start(&run, event, table[i].how, table[i].verb, 3, streq(table[i].how, "hang") ? SECOND / 10 : 10 * SECOND);
                finish(&run);
                ASSERT_EQ(run.n_answers, 3);
                for (size_t k = 0; k < 3; k++) {
                        ASSERT_EQ(run.errors[k], k < table[i].first_bad ? 0 : table[i].error);
                        ASSERT_EQ(run.n_fds[k], 0);
                }
                ASSERT(strstr(run.last.message, table[i].why));
                check_clean(event, n_fds);
        }
}

static void test_normal(sd_event *event) {
        size_t n_fds = count_fds();
        Run run = {};

        start(&run, event, "normal", LOADER_INSPECT, 5, 10 * SECOND);
        finish(&run);
        ASSERT_EQ(run.n_answers, 5);
        ASSERT_EQ(run.n_filled, 5);
        for (size_t i = 0; i < 5; i++)
                ASSERT_EQ(run.errors[i], 0);
        ASSERT_STREQ(run.last.object.ops_name, "object4");
        check_clean(event, n_fds);
}

/* The callee keeps what it takes; the rest is closed. */
static void test_fds(sd_event *event) {
        size_t n_fds = count_fds();
        Run run = { .keep_fd = true };

        start(&run, event, "normal", LOADER_LOAD, 1, 10 * SECOND);
        finish(&run);
        ASSERT_EQ(run.errors[0], 0);
        ASSERT_EQ(run.n_fds[0], 2);
        ASSERT_EQ(run.last.fds, LOADER_FD_OPS | LOADER_FD_BSS);
        ASSERT(run.kept_fd >= 0);
        ASSERT_EQ(fcntl(run.kept_fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        safe_close(run.kept_fd);
        check_clean(event, n_fds);
}

static void test_inherited(sd_event *event) {
        _cleanup_(closep) int leaky = open("/dev/null", O_RDONLY); /* not even close-on-exec */
        size_t n_fds = count_fds();
        sigset_t set;
        Run run = {};

        sigemptyset(&set);
        sigaddset(&set, SIGCHLD);
        ASSERT(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
        signal(SIGPIPE, SIG_IGN);
        start(&run, event, "normal", LOADER_PROBE, 1, 10 * SECOND);
        finish(&run);
        ASSERT_EQ(run.last.features.mask, 4);   /* stdin, stdout, stderr and the socket */
        ASSERT_EQ(run.last.features.probed, 1);
        signal(SIGPIPE, SIG_DFL);
        ASSERT(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
        ASSERT(leaky >= 0);
        check_clean(event, n_fds);
}

static void test_unprintable(sd_event *event) {
        size_t n_fds = count_fds();
        Run run = {};

        start(&run, event, "unprintable", LOADER_INSPECT, 1, 10 * SECOND);
        finish(&run);
        ASSERT_EQ(run.errors[0], 0);
        ASSERT_EQ(strlen(run.last.message), sizeof(run.last.message) - 1);
        ASSERT(startswith(run.last.message, "a?[1m\n\xc3\xa4 ???"));
        ASSERT_EQ(strlen(run.last.object.ops_name), sizeof(run.last.object.ops_name) - 1);
        ASSERT_EQ(run.last.object.n_variables, OBJECT_VARIABLES_MAX);
        ASSERT_EQ(strlen(run.last.object.variables[7].name), sizeof(run.last.object.variables[7].name) - 1);
        check_clean(event, n_fds);
}

/* Freed at any point: nothing is heard any more, nothing stays behind, and nobody waits. */
static void test_free_early(sd_event *event) {
        static const char *const hows[] = { "normal", "hang", "crash", "exit", "short" };
        size_t n_fds = count_fds();

        for (size_t i = 0; i < ELEMENTSOF(hows); i++) {
                Run at_once = {}, later = {}, in_callback = { .free_at = 1 }, in_second = { .free_at = 2 };
                uint64_t t;

                start(&at_once, event, hows[i], LOADER_INSPECT, 3, 10 * SECOND);
                t = now_usec();
                at_once.job = loader_job_free(at_once.job);
                ASSERT(now_usec() - t < SECOND / 4);
                check_clean(event, n_fds);
                ASSERT_EQ(at_once.n_answers, 0);

                start(&later, event, hows[i], LOADER_INSPECT, 1, 10 * SECOND);
                run_for(event, SECOND / 20);
                later.job = loader_job_free(later.job);
                check_clean(event, n_fds);

                start(&in_callback, event, hows[i], LOADER_LOAD, 3, SECOND / 5);
                finish(&in_callback);
                check_clean(event, n_fds);
                ASSERT_EQ(in_callback.n_answers, 1);

                start(&in_second, event, hows[i], LOADER_LOAD, 3, SECOND / 5);
                finish(&in_second);
                check_clean(event, n_fds);
                ASSERT_EQ(in_second.n_answers, 2);
        }
        ASSERT(!loader_job_free(NULL));
}

static void test_several(sd_event *event) {
        size_t n_fds = count_fds();
        Run a = {}, b = {}, c = {};

        start(&a, event, "hang", LOADER_INSPECT, 1, SECOND / 10);
        start(&b, event, "crash", LOADER_INSPECT, 2, 10 * SECOND);
        start(&c, event, "normal", LOADER_INSPECT, 3, 10 * SECOND);
        finish(&c);
        finish(&a);
        finish(&b);
        ASSERT_EQ(a.errors[0], -ETIMEDOUT);
        ASSERT_EQ(b.errors[1], -EPIPE);
        ASSERT_EQ(c.errors[2], 0);
        check_clean(event, n_fds);
}

static void test_cannot_start(sd_event *event) {
        size_t n_fds = count_fds();
        Run run = {};

        ASSERT_EQ(loader_job_start(event, "/nonexistent/loader", 1, SECOND, fill, handle, &run, &run.job), -ENOENT);
        ASSERT_EQ(loader_job_start(event, "/dev/null", 1, SECOND, fill, handle, &run, &run.job), -EACCES);
        ASSERT_EQ(loader_job_start(event, "/proc/self/exe", 0, SECOND, fill, handle, &run, &run.job), -EINVAL);
        ASSERT(!run.job);
        ASSERT_EQ(run.n_filled, 0);
        check_clean(event, n_fds);
}

/* The loop goes away before the helper is reaped. */
static void test_loop_ends(void) {
        size_t n_fds = count_fds();
        sd_event *event = NULL;
        Run run = {};

        ASSERT_OK(sd_event_new(&event));
        start(&run, event, "hang", LOADER_INSPECT, 1, SECOND);
        run.job = loader_job_free(run.job);
        sd_event_unref(event);
        ASSERT_EQ(count_fds(), n_fds);
        while (waitpid(-1, NULL, 0) > 0)
                ;
}

static void test_requests(void) {
        static LoaderRequest r;

        r = (LoaderRequest) { .verb = LOADER_PROBE };
        ASSERT_EQ(loader_request_check(&r), 0);
        r.verb = LOADER_INSPECT;
        ASSERT_EQ(loader_request_check(&r), -EBADMSG);
        memset(r.path, '/', sizeof(r.path));
        ASSERT_EQ(loader_request_check(&r), 0);
        ASSERT_EQ(strlen(r.path), sizeof(r.path) - 1);
        r.verb = _LOADER_VERB_MAX;
        ASSERT_EQ(loader_request_check(&r), -EBADMSG);
        r.verb = LOADER_LOAD;
        r.n_knobs = KNOBS_MAX + 1;
        ASSERT_EQ(loader_request_check(&r), -EBADMSG);
        r.n_knobs = 1;
        ASSERT_EQ(loader_request_check(&r), -EBADMSG); /* without a name */
        memset(r.knobs[0].name, 'k', sizeof(r.knobs[0].name));
        ASSERT_EQ(loader_request_check(&r), 0);
        ASSERT_EQ(strlen(r.knobs[0].name), sizeof(r.knobs[0].name) - 1);
        r.knobs[0].type = _KNOB_TYPE_MAX;
        ASSERT_EQ(loader_request_check(&r), -EBADMSG);
        r.knobs[0].type = 0;
        r.knobs[0].set = _KNOB_SET_MAX;
        ASSERT_EQ(loader_request_check(&r), -EBADMSG);
}

static void test_replies(void) {
        static const struct {
                uint32_t verb, fds;
                int32_t error;
                uint32_t stage;
                size_t n_fds;
                int expected;
        } table[] = {
                { LOADER_LOAD, LOADER_FD_OPS, 0, 0, 1, 0 },
                { LOADER_LOAD, 15, 0, 0, 4, 0 },
                { LOADER_LOAD, 16, 0, 0, 1, -EBADMSG },
                { LOADER_LOAD, LOADER_FD_EXIT, 0, 0, 1, -EBADMSG },
                { LOADER_LOAD, LOADER_FD_OPS, -EINVAL, LOADER_STAGE_LOAD, 1, -EBADMSG },
                { LOADER_LOAD, 0, -EINVAL, LOADER_STAGE_LOAD, 0, 0 },
                { LOADER_LOAD, 0, -EINVAL, _LOADER_STAGE_MAX, 0, -EBADMSG },
                { LOADER_LOAD, 0, EINVAL, LOADER_STAGE_LOAD, 0, -EBADMSG },
                { LOADER_LOAD, 0, INT32_MIN, LOADER_STAGE_LOAD, 0, -EBADMSG },
                { LOADER_INSPECT, 0, 0, 0, 0, 0 },
                { LOADER_INSPECT, LOADER_FD_OPS, 0, 0, 1, -EBADMSG },
                { LOADER_PROBE, 0, -ENOENT, 0, 0, 0 },
        };
        static const struct {
                const char *from, *to;
        } text[] = {
                { "plain", "plain" },
                { "two\nlines", "two\nlines" },
                { "\xe2\x82\xac \xf0\x9f\x98\x80", "\xe2\x82\xac \xf0\x9f\x98\x80" },
                { "\xe2\x82", "??" },                   /* cut off */
                { "\xc0\xaf", "??" },                   /* overlong */
                { "\xe0\x80\xaf", "???" },
                { "\xed\xa0\x80", "???" },              /* a surrogate */
                { "\xf4\x90\x80\x80", "????" },         /* beyond the last */
                { "\xc2\x9b" "31m", "??31m" },          /* a control sequence in eight bits */
                { "\x1b[31m\r\x7f", "?[31m??" },
        };
        static LoaderReply r;

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                r = (LoaderReply) { .verb = table[i].verb, .fds = table[i].fds, .error = table[i].error, .stage = table[i].stage };
                ASSERT_EQ(loader_reply_check(&r, table[i].verb, table[i].n_fds), table[i].expected);
        }
        for (size_t i = 0; i < ELEMENTSOF(text); i++) {
                r = (LoaderReply) { .verb = LOADER_PROBE };
                memcpy(r.message, text[i].from, strlen(text[i].from));
                ASSERT_EQ(loader_reply_check(&r, LOADER_PROBE, 0), 0);
                ASSERT_STREQ(r.message, text[i].to);
        }
        ASSERT_STREQ(loader_stage_to_string(LOADER_STAGE_PREPARE), "prepare");
        ASSERT_EQ(loader_stage_from_string("knobs"), LOADER_STAGE_KNOBS);
}

int main(void) {
        const char *how = getenv("FAKE_LOADER");
        sd_event_source *timer = NULL;
        sd_event *event = NULL;

        if (how)
                return fake_loader(how);

        /* The loop's own timer fd comes with the first timer and stays: have it before fds are counted. */
        ASSERT_OK(sd_event_new(&event));
        ASSERT_OK(sd_event_add_time_relative(event, &timer, CLOCK_MONOTONIC, SECOND, 0, NULL, NULL));
        sd_event_source_disable_unref(timer);
        test_requests();
        test_replies();
        test_normal(event);
        test_fds(event);
        test_inherited(event);
        test_unprintable(event);
        test_errors(event);
        test_free_early(event);
        test_several(event);
        test_cannot_start(event);
        sd_event_unref(event);
        test_loop_ends();
        return 0;
}
