/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "fd-store.h"

#define FDS_MAX 64u

static struct {
        bool listed;
        unsigned n;
        int fds[FDS_MAX];
        char *names[FDS_MAX];
} passed;

bool fd_store_available(void) {
        const char *e = getenv("FDSTORE");

        return e && atoi(e) > 0 && getenv("NOTIFY_SOCKET");
}

int fd_store_push(const char *name, int fd) {
        _cleanup_(freep) char *state = NULL;

        /* FDPOLL=0: a link reports a hang-up when it is detached, and systemd would drop it for that, at a time of its own. */
        if (asprintf(&state, "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", name) < 0)
                return -ENOMEM;
        return sd_pid_notify_with_fds(0, false, state, &fd, 1);
}

int fd_store_remove(const char *name) {
        return sd_notifyf(false, "FDSTOREREMOVE=1\nFDNAME=%s", name);
}

static void list(void) {
        char **names = NULL;
        int n;

        if (passed.listed)
                return;
        passed.listed = true;
        n = sd_listen_fds_with_names(true, &names);
        for (int i = 0; i < n; i++) {
                int fd = SD_LISTEN_FDS_START + i;

                if (passed.n < FDS_MAX && names && names[i]) {
                        passed.fds[passed.n] = fd;
                        passed.names[passed.n++] = TAKE_PTR(names[i]);
                } else {
                        safe_close(fd);
                        if (names)
                                free(names[i]);
                }
        }
        free(names);
}

int fd_store_take(const char *name) {
        list();
        for (unsigned i = 0; i < passed.n; i++)
                if (passed.fds[i] >= 0 && streq(passed.names[i], name))
                        return TAKE_FD(passed.fds[i]);
        return -ENOENT;
}

void fd_store_close_rest(void) {
        list();
        for (unsigned i = 0; i < passed.n; i++) {
                safe_close(passed.fds[i]);
                free(passed.names[i]);
        }
        passed.n = 0;
}
