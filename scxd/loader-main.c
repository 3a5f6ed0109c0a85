/* SPDX-License-Identifier: GPL-2.0-only */

/* scxd-loader: reads BPF objects and loads them into the kernel on behalf of scxd, which started it with a socket as fd 3.
 * See loader-protocol.h. */

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "loader-inspect.h"
#include "loader-load.h"
#include "loader-watch.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"
#define MEMORY_MAX (UINT64_C(8) << 30)  /* of addresses: BPF arenas take up to 4 GiB of them */

static LoaderRequest request;
static LoaderReply reply;

static int complain(int error, const char *what) {
        fprintf(stderr, "scxd-loader: %s: %s\n", what, strerror(-error));
        return error;
}

static int confine(void) {
        const struct rlimit core = {};
        int r;

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void) setrlimit(RLIMIT_CORE, &core);
#ifndef __SANITIZE_ADDRESS__    /* which reserves terabytes of addresses */
        (void) setrlimit(RLIMIT_AS, &(struct rlimit) { MEMORY_MAX, MEMORY_MAX });
#endif
        if (close_range(LOADER_SOCKET_FD + 1, ~0u, 0) < 0)
                return complain(-errno, "cannot close file descriptors");
        r = loader_drop_privileges();
        if (r < 0)
                return complain(r, "cannot give up privileges");
        r = loader_forbid_links();
        if (r < 0)
                return complain(r, "cannot install the system call filter");
        return 0;
}

/* 1: there is a request, 0: end of file. */
static int receive(void) {
        ssize_t n;

        do
                n = recv(LOADER_SOCKET_FD, &request, sizeof(request), MSG_TRUNC);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return complain(-errno, "cannot receive a request");
        if (n == 0)
                return 0;
        if (n != sizeof(request) || loader_request_check(&request) < 0)
                return complain(-EBADMSG, "not a request");
        return 1;
}

static int answer(const int *fds, size_t n_fds) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(LOADER_FDS_MAX * sizeof(int))];
        } control = {};
        struct iovec iov = { &reply, sizeof(reply) };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
        ssize_t n;

        if (n_fds > 0) {
                message.msg_control = &control;
                message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
                control.header.cmsg_level = SOL_SOCKET;
                control.header.cmsg_type = SCM_RIGHTS;
                control.header.cmsg_len = CMSG_LEN(n_fds * sizeof(int));
                memcpy(CMSG_DATA(&control.header), fds, n_fds * sizeof(int));
        }
        do
                n = sendmsg(LOADER_SOCKET_FD, &message, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        return n < 0 ? complain(-errno, "cannot send an answer") : 0;
}

static void inspect(void) {
        char *why = NULL;

        reply.error = object_inspect(request.path, &reply.object, &why);
        if (reply.error < 0) {
                reply.stage = LOADER_STAGE_OPEN;
                snprintf(reply.message, sizeof(reply.message), "%s", why ?: "out of memory");
        }
        free(why);
}

static int handle(void) {
        int fds[LOADER_FDS_MAX], r;
        size_t n_fds = 0;

        memset(&reply, 0, sizeof(reply));
        reply.verb = request.verb;
        switch ((LoaderVerb) request.verb) {
        case LOADER_PROBE:
                reply.error = kernel_features_probe(KERNEL_BTF, &reply.features);
                if (reply.error < 0)
                        snprintf(reply.message, sizeof(reply.message), "cannot read " KERNEL_BTF ": %s", strerror(-reply.error));
                break;
        case LOADER_INSPECT:
                inspect();
                break;
        case LOADER_LOAD:
                loader_load(&request, &reply, fds, &n_fds);
                break;
        case LOADER_WATCH:
                loader_watch(&request, &reply, fds, &n_fds);
                break;
        default:
                return -EBADMSG;
        }

        r = answer(fds, n_fds);
        while (n_fds > 0)
                safe_close(fds[--n_fds]);
        return r;
}

int main(int argc, char *argv[]) {
        struct stat st;
        int r;

        if (argc > 1 || fstat(LOADER_SOCKET_FD, &st) < 0 || !S_ISSOCK(st.st_mode)) {
                fputs("scxd-loader is started by scxd and does nothing for anybody else.\n", stderr);
                return EXIT_FAILURE;
        }
        r = confine();
        while (r >= 0) {
                r = receive();
                if (r <= 0)
                        break;
                r = handle();
        }
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
