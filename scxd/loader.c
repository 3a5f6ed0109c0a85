/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "loader.h"

/* A helper process that has been started and not yet reaped. It outlives its job for as long as it takes to die: the pidfd becomes
 * readable then, and the event source, which nobody holds, reaps it and goes. */
typedef struct Helper {
        int pidfd;
        LoaderJob *job;         /* NULL once the job has let go of it */
} Helper;

struct LoaderJob {
        sd_event_source *io;
        sd_event_source *timer;
        sd_event_source *defer;         /* tells the rest of the requests of the error */
        Helper *helper;                 /* NULL once it is dead or left to itself */
        int fd;
        int error;                      /* of the helper: final */
        char why[128];
        size_t index, n_requests;
        uint64_t timeout_usec;
        loader_fill_t fill;
        loader_handler_t handler;
        void *userdata;
        bool *freed;                    /* set if the job is freed while a callback runs */
        LoaderRequest request;
        LoaderReply reply;
};

extern char **environ;

static void helper_destroyed(void *userdata) {
        Helper *h = userdata;

        if (h->job)
                h->job->helper = NULL;
        safe_close(h->pidfd);
        free(h);
}

static int on_helper_exit(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        siginfo_t info = {};

        if (waitid(P_PIDFD, (id_t) fd, &info, WEXITED | WNOHANG) >= 0 && info.si_pid == 0)
                return 0;
        /* Reaped, or somebody else did that. Only the loop holds the source, so this is its end. */
        (void) sd_event_source_set_floating(s, false);
        return 0;
}

/* Without an event source to reap it: kill and wait, which does not take long. */
static void helper_end_now(int pidfd) {
        siginfo_t info = {};

        (void) pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
        while (waitid(P_PIDFD, (id_t) pidfd, &info, WEXITED) < 0 && errno == EINTR)
                ;
        safe_close(pidfd);
}

static int helper_watch(sd_event *event, int pidfd, LoaderJob *job) {
        sd_event_source *s;
        Helper *h;
        int r;

        h = calloc(1, sizeof(*h));
        if (!h)
                return -ENOMEM;
        *h = (Helper) { .pidfd = pidfd, .job = job };
        r = sd_event_add_io(event, &s, pidfd, EPOLLIN, on_helper_exit, h);
        if (r < 0) {
                free(h);
                return r;
        }
        (void) sd_event_source_set_description(s, "loader-exit");
        (void) sd_event_source_set_destroy_callback(s, helper_destroyed);
        r = sd_event_source_set_floating(s, true);
        if (r < 0) {
                (void) sd_event_source_set_destroy_callback(s, NULL);
                sd_event_source_disable_unref(s);
                free(h);
                return r;
        }
        sd_event_source_unref(s);       /* the loop holds it now */
        job->helper = h;
        return 0;
}

/* The socket becomes fd 3, nothing above it is inherited, and signals are as a new program expects them. */
static int helper_spawn(const char *path, int fd, pid_t *ret) {
        char *argv[] = { (char *) path, NULL };
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none, all;
        int r;

        r = posix_spawn_file_actions_init(&actions);
        if (r != 0)
                return -r;
        r = posix_spawnattr_init(&attributes);
        if (r != 0) {
                posix_spawn_file_actions_destroy(&actions);
                return -r;
        }

        sigemptyset(&none);
        sigfillset(&all);
        r = posix_spawn_file_actions_adddup2(&actions, fd, LOADER_SOCKET_FD);
        r = r ?: posix_spawn_file_actions_addclosefrom_np(&actions, LOADER_SOCKET_FD + 1);
        r = r ?: posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        r = r ?: posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        r = r ?: posix_spawnattr_setsigmask(&attributes, &none);
        r = r ?: posix_spawnattr_setsigdefault(&attributes, &all);
        r = r ?: posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        r = r ?: posix_spawn(ret, path, &actions, &attributes, argv, environ);

        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        return -r;
}

/* Nothing more is expected of the helper. Its exit source reaps it. */
static void job_drop_helper(LoaderJob *job) {
        if (job->helper) {
                (void) pidfd_send_signal(job->helper->pidfd, SIGKILL, NULL, 0);
                job->helper->job = NULL;
                job->helper = NULL;
        }
        job->io = sd_event_source_disable_unref(job->io);
        job->timer = sd_event_source_disable_unref(job->timer);
        job->fd = safe_close(job->fd);
}

/* Hands over one answer. Returns false if the job is gone. */
static bool job_deliver(LoaderJob *job, int *fds, size_t n_fds) {
        bool freed = false;

        job->freed = &freed;
        job->handler(job, job->index, &job->reply, fds, n_fds, job->userdata);
        for (size_t i = 0; i < n_fds; i++)
                fds[i] = safe_close(fds[i]);
        if (freed)
                return false;
        job->freed = NULL;
        job->index++;
        return true;
}

static void job_fail(LoaderJob *job, int error, const char *why) {
        job->error = error;
        snprintf(job->why, sizeof(job->why), "%s", why);
        job_drop_helper(job);
        (void) sd_event_source_set_enabled(job->defer, SD_EVENT_ON);
}

/* One request at a time, so that the loop goes on in between. */
static int on_defer(sd_event_source *s, void *userdata) {
        LoaderJob *job = userdata;

        memset(&job->reply, 0, sizeof(job->reply));
        job->reply.verb = job->request.verb;
        job->reply.error = job->error;
        snprintf(job->reply.message, sizeof(job->reply.message), "%s", job->why);
        if (job_deliver(job, NULL, 0) && job->index >= job->n_requests)
                (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        return 0;
}

static void job_send(LoaderJob *job) {
        ssize_t n;
        int r;

        memset(&job->request, 0, sizeof(job->request));
        job->fill(job, job->index, &job->request, job->userdata);
        r = sd_event_source_set_time_relative(job->timer, job->timeout_usec);
        if (r >= 0)
                r = sd_event_source_set_enabled(job->timer, SD_EVENT_ONESHOT);
        if (r < 0) {
                job_fail(job, r, "cannot set a timer for the loader");
                return;
        }

        do
                n = send(job->fd, &job->request, sizeof(job->request), MSG_NOSIGNAL | MSG_DONTWAIT);
        while (n < 0 && errno == EINTR);
        /* A helper that is gone already shows as end of file. */
        if (n < 0 && errno != EPIPE && errno != ECONNRESET)
                job_fail(job, -errno, "cannot reach the loader");
}

static size_t take_fds(struct msghdr *message, int fds[static LOADER_FDS_MAX], bool *ret_too_many) {
        struct cmsghdr *c;
        size_t n = 0;

        for (c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
                size_t count;

                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                for (size_t i = 0; i < count; i++) {
                        int fd;

                        memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
                        if (n < LOADER_FDS_MAX)
                                fds[n++] = fd;
                        else {
                                safe_close(fd);
                                *ret_too_many = true;
                        }
                }
        }
        return n;
}

static int on_reply(sd_event_source *s, int socket_fd, uint32_t revents, void *userdata) {
        LoaderJob *job = userdata;
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(16 * sizeof(int))];
        } control = {};
        struct iovec iov = { &job->reply, sizeof(job->reply) };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
        int fds[LOADER_FDS_MAX], r = 0;
        bool too_many = false;
        size_t n_fds;
        ssize_t n;

        n = recvmsg(socket_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n < 0 && errno != ECONNRESET) {
                job_fail(job, -errno, "cannot hear the loader");
                return 0;
        }

        n_fds = n >= 0 ? take_fds(&message, fds, &too_many) : 0;
        if (n > 0) {
                if (n != sizeof(job->reply) || too_many || message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
                        r = -EBADMSG;
                else
                        r = loader_reply_check(&job->reply, job->request.verb, n_fds);
        }
        if (n <= 0 || r < 0) {
                for (size_t i = 0; i < n_fds; i++)
                        safe_close(fds[i]);
                if (n <= 0)
                        job_fail(job, -EPIPE, "the loader died while it worked on this");
                else
                        job_fail(job, r, "the loader's answer makes no sense");
                return 0;
        }

        if (!job_deliver(job, fds, n_fds))
                return 0;
        if (job->index < job->n_requests)
                job_send(job);
        else
                job_drop_helper(job);
        return 0;
}

static int on_timeout(sd_event_source *s, uint64_t usec, void *userdata) {
        job_fail(userdata, -ETIMEDOUT, "the loader did not answer in time");
        return 0;
}

int loader_job_start(sd_event *event, const char *path, size_t n_requests, uint64_t timeout_usec, loader_fill_t fill,
                     loader_handler_t handler, void *userdata, LoaderJob **ret) {
        _cleanup_(loader_job_freep) LoaderJob *job = NULL;
        _cleanup_(closep) int theirs = -EBADF;
        int fds[2], pidfd, r;
        pid_t pid;

        if (n_requests == 0)
                return -EINVAL;
        job = calloc(1, sizeof(*job));
        if (!job)
                return -ENOMEM;
        *job = (LoaderJob) {
                .fd = -EBADF,
                .n_requests = n_requests,
                .timeout_usec = timeout_usec,
                .fill = fill,
                .handler = handler,
                .userdata = userdata,
        };

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        job->fd = fds[0];
        theirs = fds[1];

        r = sd_event_add_io(event, &job->io, job->fd, EPOLLIN, on_reply, job);
        if (r < 0)
                return r;
        r = sd_event_add_time_relative(event, &job->timer, CLOCK_MONOTONIC, timeout_usec, 0, on_timeout, job);
        if (r < 0)
                return r;
        r = sd_event_add_defer(event, &job->defer, on_defer, job);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(job->defer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(job->io, "loader-reply");
        (void) sd_event_source_set_description(job->timer, "loader-timeout");
        (void) sd_event_source_set_description(job->defer, "loader-error");

        r = helper_spawn(path, theirs, &pid);
        if (r < 0)
                return r;
        pidfd = pidfd_open(pid, 0);
        if (pidfd < 0) {
                r = -errno;
                (void) kill(pid, SIGKILL);
                (void) waitpid(pid, NULL, 0);
                return r;
        }
        r = helper_watch(event, pidfd, job);
        if (r < 0) {
                helper_end_now(pidfd);
                return r;
        }

        *ret = job;
        job_send(TAKE_PTR(job));
        return 0;
}

LoaderJob *loader_job_free(LoaderJob *job) {
        if (!job)
                return NULL;
        if (job->freed)
                *job->freed = true;
        job_drop_helper(job);
        sd_event_source_disable_unref(job->defer);
        return mfree(job);
}
