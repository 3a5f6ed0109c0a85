/* SPDX-License-Identifier: GPL-2.0-only */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <stdio.h>

#include "gap-floor.h"
#include "gap-trace.h"

struct Floor {
        struct bpf_object *current;
        int link_fd;
        int expedited_fd;
};

static int say(const char *object, const char *what, int error) {
        fprintf(stderr, "%s: cannot %s: %s\n", object, what, strerror(-error));
        return error;
}

int floor_new(Floor **ret) {
        Floor *f;

        f = calloc(1, sizeof(*f));
        if (!f)
                return -ENOMEM;
        f->link_fd = -EBADF;
        f->expedited_fd = open("/sys/kernel/rcu_expedited", O_WRONLY | O_CLOEXEC);
        if (f->expedited_fd < 0) {
                int r = say("/sys/kernel/rcu_expedited", "open it", -errno);

                free(f);
                return r;
        }
        *ret = f;
        return 0;
}

Floor *floor_free(Floor *f) {
        if (!f)
                return NULL;
        if (f->link_fd >= 0) {
                (void) bpf_link_detach(f->link_fd);
                safe_close(f->link_fd);
        }
        bpf_object__close(f->current);
        safe_close(f->expedited_fd);
        return mfree(f);
}

static int load(const char *path, struct bpf_object **ret, struct bpf_map **ret_ops) {
        struct bpf_object *object;
        struct bpf_map *map;
        int r;

        object = bpf_object__open_file(path, NULL);
        if (!object)
                return say(path, "open it", -errno);
        r = bpf_object__load(object);
        if (r < 0) {
                bpf_object__close(object);
                return say(path, "load it", r);
        }
        bpf_object__for_each_map(map, object)
                if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS) {
                        *ret = object;
                        *ret_ops = map;
                        return 0;
                }
        bpf_object__close(object);
        return say(path, "find its ops", -ENOENT);
}

int floor_start(Floor *f, const char *object) {
        struct bpf_object *next;
        struct bpf_map *ops;
        struct bpf_link *link;
        int r;

        assert(!f->current);

        r = load(object, &next, &ops);
        if (r < 0)
                return r;
        link = bpf_map__attach_struct_ops(ops);
        if (link) {
                f->link_fd = fcntl(bpf_link__fd(link), F_DUPFD_CLOEXEC, 3);
                r = f->link_fd < 0 ? -errno : 0;
                bpf_link__destroy(link);
        } else
                r = -errno;
        if (r < 0) {
                bpf_object__close(next);
                return say(object, "enable it", r);
        }
        f->current = next;
        return 0;
}

int floor_swap(Floor *f, const char *object, bool expedited, FloorTimes *ret) {
        struct bpf_object *next;
        struct bpf_map *ops;
        struct bpf_link *link;
        FloorTimes t;
        int r, ops_fd, was;

        assert(f->current);

        r = load(object, &next, &ops);
        if (r < 0)
                return r;
        /* Refused, because another one is enabled; but from now on its ops are installed. */
        link = bpf_map__attach_struct_ops(ops);
        r = -errno;
        if (link || r != -EBUSY) {
                bpf_link__destroy(link);
                bpf_object__close(next);
                return say(object, "install its ops", link ? -EBADMSG : r);
        }
        ops_fd = bpf_map__fd(ops);
        was = f->link_fd;
        sleep_msec(100);        /* what the loading set in motion is over */

        t.began = now_nsec();
        if (expedited && write(f->expedited_fd, "1\n", 2) < 0)
                r = -errno;
        else
                r = bpf_link_detach(was);
        t.attach_began = now_nsec();
        if (r >= 0)
                r = f->link_fd = bpf_link_create(ops_fd, 0, BPF_STRUCT_OPS, NULL);
        if (expedited && write(f->expedited_fd, "0\n", 2) < 0 && r >= 0)
                r = -errno;
        t.ended = now_nsec();

        safe_close(was);
        bpf_object__close(f->current);
        f->current = next;
        if (r < 0)
                return say(object, "swap to it", r);
        *ret = t;
        return 0;
}
