/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <limits.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <sys/socket.h>

#include "kernel.h"
#include "log.h"

#define UEVENT_SIZE_MAX 8192u

static const char *const kernel_state_table[_KERNEL_STATE_MAX] = {
        [KERNEL_STATE_UNSUPPORTED] = "unsupported",
        [KERNEL_STATE_DISABLED] = "disabled",
        [KERNEL_STATE_ENABLING] = "enabling",
        [KERNEL_STATE_ENABLED] = "enabled",
        [KERNEL_STATE_DISABLING] = "disabling",
};

DEFINE_STRING_TABLE(kernel_state, KernelState)

/* Reads a one-line file into buf without its newline. */
static int read_line(const char *sysfs, const char *name, char *buf, size_t size) {
        _cleanup_(closep) int fd = -EBADF;
        char path[PATH_MAX];
        ssize_t n;

        if (snprintf(path, sizeof(path), "%s/kernel/sched_ext/%s", sysfs, name) >= (int) sizeof(path))
                return -ENAMETOOLONG;
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return -errno;
        n = read(fd, buf, size - 1);
        if (n < 0)
                return -errno;
        buf[n] = '\0';
        buf[strcspn(buf, "\n")] = '\0';
        return 0;
}

int kernel_read(const char *sysfs, KernelStatus *ret) {
        KernelStatus k = {};
        char buf[64];
        int r;

        r = read_line(sysfs, "state", buf, sizeof(buf));
        if (r == -ENOENT || r == -ENOTDIR) {
                *ret = (KernelStatus) { .state = KERNEL_STATE_UNSUPPORTED };
                return 0;
        }
        if (r < 0)
                return r;
        k.state = kernel_state_from_string(buf);
        if ((int) k.state < 0)
                return -EBADMSG;

        r = read_line(sysfs, "enable_seq", buf, sizeof(buf));
        if (r >= 0)
                k.enable_seq = strtoull(buf, NULL, 10);
        else if (r != -ENOENT)
                return r;

        /* Absent unless one is loaded; may go away between two reads (ENODEV from an open file of a dying kobject). */
        r = read_line(sysfs, "root/ops", k.ops, sizeof(k.ops));
        if (r < 0) {
                if (r != -ENOENT && r != -ENODEV)
                        return r;
                k.ops[0] = '\0';
        }

        *ret = k;
        return 0;
}

struct KernelMonitor {
        int fd;
        sd_event_source *source;
        kernel_monitor_handler_t handler;
        void *userdata;
};

bool kernel_uevent_is_sched_ext(const char *data, size_t size) {
        const char *at;
        size_t n = strnlen(data, size);

        if (n == size)          /* not a kernel uevent: no NUL ("libudev" messages begin otherwise, too) */
                return false;
        at = memchr(data, '@', n);
        return at && startswith(at + 1, "/kernel/sched_ext");
}

static int on_uevent(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        KernelMonitor *m = userdata;
        bool hit = false;

        /* Take all there is, then tell once. */
        for (;;) {
                char buf[UEVENT_SIZE_MAX];
                struct sockaddr_nl from = {};
                struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
                struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1 };
                ssize_t n;

                n = recvmsg(fd, &msg, MSG_DONTWAIT);
                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        if (errno == EAGAIN)
                                break;
                        if (errno == ENOBUFS) { /* some were lost: look, whatever they were */
                                hit = true;
                                continue;
                        }
                        log_error_errno(-errno, "Failed to read uevents");
                        break;
                }
                if (from.nl_pid != 0)           /* only the kernel is believed */
                        continue;
                if (kernel_uevent_is_sched_ext(buf, (size_t) n))
                        hit = true;
        }
        if (hit)
                m->handler(m->userdata);
        return 0;
}

int kernel_monitor_new(sd_event *event, kernel_monitor_handler_t handler, void *userdata, KernelMonitor **ret) {
        _cleanup_(kernel_monitor_freep) KernelMonitor *m = NULL;
        struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 /* the kernel's own uevents */ };
        int r;

        m = calloc(1, sizeof(*m));
        if (!m)
                return -ENOMEM;
        m->handler = handler;
        m->userdata = userdata;
        m->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);
        if (m->fd < 0)
                return -errno;
        if (bind(m->fd, (struct sockaddr *) &addr, sizeof(addr)) < 0)
                return -errno;
        r = sd_event_add_io(event, &m->source, m->fd, EPOLLIN, on_uevent, m);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(m);
        return 0;
}

KernelMonitor *kernel_monitor_free(KernelMonitor *m) {
        if (!m)
                return NULL;
        sd_event_source_disable_unref(m->source);
        safe_close(m->fd);
        return mfree(m);
}
