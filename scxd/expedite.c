/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "expedite.h"

#define MARKER "rcu-expedited"

static int path_in(const char *directory, const char *name, char *ret, size_t size) {
        return snprintf(ret, size, "%s/%s", directory, name) >= (int) size ? -ENAMETOOLONG : 0;
}

/* A number from a sysfs file; negative errno. */
static int read_number(const char *sysfs, const char *name) {
        _cleanup_(closep) int fd = -EBADF;
        char path[PATH_MAX], buf[16] = {};

        if (path_in(sysfs, name, path, sizeof(path)) < 0)
                return -ENAMETOOLONG;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || read(fd, buf, sizeof(buf) - 1) < 0)
                return -errno;
        return atoi(buf);
}

static int write_text(const char *directory, const char *name, int flags, const char *text) {
        _cleanup_(closep) int fd = -EBADF;
        char path[PATH_MAX];

        if (path_in(directory, name, path, sizeof(path)) < 0)
                return -ENAMETOOLONG;
        fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0600);
        if (fd < 0 || write(fd, text, strlen(text)) < 0)
                return -errno;
        return 0;
}

static void remove_marker(const char *runtime_directory) {
        char path[PATH_MAX];

        if (path_in(runtime_directory, MARKER, path, sizeof(path)) >= 0)
                (void) unlink(path);
}

void expedite_begin(Expedite *e) {
        if (e->active || e->off || !e->runtime_directory)
                return;
        /* Already expedited is not ours to set back; rcu_normal overrides it anyway. */
        if (read_number(e->sysfs, "kernel/rcu_expedited") != 0 || read_number(e->sysfs, "kernel/rcu_normal") > 0)
                return;
        /* The marker first: there is no moment in which a crash would leave it set without anybody knowing. */
        if (write_text(e->runtime_directory, MARKER, O_CREAT | O_TRUNC, "0\n") < 0)
                return;
        if (write_text(e->sysfs, "kernel/rcu_expedited", 0, "1\n") < 0) {
                remove_marker(e->runtime_directory);
                return;
        }
        e->active = true;
}

void expedite_end(Expedite *e) {
        if (!e->active)
                return;
        if (write_text(e->sysfs, "kernel/rcu_expedited", 0, "0\n") >= 0)
                remove_marker(e->runtime_directory);
        e->active = false;
}

int expedite_clean_up(const char *sysfs, const char *runtime_directory) {
        char path[PATH_MAX];
        int r;

        r = path_in(runtime_directory, MARKER, path, sizeof(path));
        if (r < 0)
                return r;
        if (access(path, F_OK) < 0)
                return errno == ENOENT ? 0 : -errno;
        r = write_text(sysfs, "kernel/rcu_expedited", 0, "0\n");
        if (r < 0)
                return r;
        remove_marker(runtime_directory);
        return 1;
}
