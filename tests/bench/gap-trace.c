/* SPDX-License-Identifier: GPL-2.0-only */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <time.h>

#include "gap-trace.h"

struct GapTrace {
        struct bpf_object *object;
        struct bpf_link *links[2];
        volatile struct gap_log *log;           /* the program's own memory */
};

uint64_t now_nsec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * UINT64_C(1000000000) + (uint64_t) t.tv_nsec;
}

void sleep_msec(unsigned msec) {
        struct timespec t = { .tv_sec = msec / 1000, .tv_nsec = (long) (msec % 1000) * 1000000 };

        while (nanosleep(&t, &t) < 0 && errno == EINTR)
                ;
}

static int failed(const char *what, const char *object) {
        int r = errno > 0 ? -errno : -EIO;

        fprintf(stderr, "%s: cannot %s: %s\n", object, what, strerror(-r));
        return r;
}

int gap_trace_new(const char *object, GapTrace **ret) {
        static const char *const programs[] = { "task_left", "announced" };
        _cleanup_(gap_trace_freep) GapTrace *t = NULL;
        struct bpf_map *map;
        size_t size = 0;

        t = calloc(1, sizeof(*t));
        if (!t)
                return -ENOMEM;
        t->object = bpf_object__open_file(object, NULL);
        if (!t->object)
                return failed("open it", object);
        if (bpf_object__load(t->object) < 0)
                return failed("load it", object);
        map = bpf_object__find_map_by_name(t->object, ".bss");
        t->log = map ? bpf_map__initial_value(map, &size) : NULL;
        if (!t->log || size < sizeof(*t->log)) {
                errno = EBADMSG;
                return failed("find its log", object);
        }
        for (size_t i = 0; i < ELEMENTSOF(programs); i++) {
                struct bpf_program *p = bpf_object__find_program_by_name(t->object, programs[i]);

                t->links[i] = p ? bpf_program__attach(p) : NULL;
                if (!t->links[i])
                        return failed(programs[i], object);
        }
        *ret = TAKE_PTR(t);
        return 0;
}

GapTrace *gap_trace_free(GapTrace *t) {
        if (!t)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(t->links); i++)
                bpf_link__destroy(t->links[i]);
        bpf_object__close(t->object);
        return mfree(t);
}

void gap_trace_reset(GapTrace *t) {
        t->log->n = 0;
}

unsigned gap_trace_count(const GapTrace *t) {
        return t->log->n;
}

bool gap_trace_wait(const GapTrace *t, unsigned n, uint64_t timeout_nsec) {
        uint64_t end = now_nsec() + timeout_nsec;

        while (gap_trace_count(t) < n) {
                if (now_nsec() > end)
                        return false;
                sleep_msec(20);
        }
        return true;
}

int gap_log_switch(const struct gap_log *log, unsigned n_threads, struct gap_event *ret_removed, struct gap_event *ret_added) {
        const struct gap_event *removed = &log->events[0], *added = &log->events[1];

        if (log->n != 2 || removed->action != GAP_REMOVE || added->action != GAP_ADD)
                return -EBADMSG;
        if (removed->n_left < n_threads || removed->left_at > removed->at || removed->at > added->at)
                return -EBADMSG;
        *ret_removed = *removed;
        *ret_added = *added;
        return 0;
}

int gap_trace_switch(const GapTrace *t, unsigned n_threads, struct gap_event *ret_removed, struct gap_event *ret_added) {
        struct gap_log log;

        memcpy(&log, (const void *) t->log, sizeof(log));
        return gap_log_switch(&log, n_threads, ret_removed, ret_added);
}
