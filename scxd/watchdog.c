/* SPDX-License-Identifier: GPL-2.0-only */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>

#include "loader.h"
#include "schedulers/watchdog/wakeup.h"
#include "units.h"
#include "watchdog.h"

struct Watchdog {
        char *object;
        uint64_t limit_usec;
        watchdog_handler_t handler;
        void *userdata;
        sd_event *event;
        LoaderJob *job;         /* while it is being loaded */
        int program_fd, state_fd;
        int ring_fd;            /* libbpf wants it open as long as the ring is in use */
        int link_fd;            /* while it is armed */
        struct ring_buffer *ring;
        sd_event_source *source;
        bool wanted;            /* armed, or to be armed once loaded */
        bool heard;
        struct scxd_wakeup_event record;
        size_t record_size;
};

/* A task chooses its name itself. */
static void copy_name(char to[static 16], const void *from) {
        memcpy(to, from, 16);
        to[15] = '\0';
        for (char *c = to; *c; c++)
                if (*c < ' ' || *c > '~')
                        *c = '?';
}

int watchdog_report_from_event(const struct scxd_wakeup_event *event, size_t size, WatchdogReport *ret) {
        char limit[DURATION_MAX], worst[DURATION_MAX], trouble[DURATION_MAX];
        WatchdogReport r = {};

        if (size < sizeof(*event) || event->size != sizeof(*event))
                return -EBADMSG;
        r.limit_usec = event->limit_nsec / 1000;
        r.late = event->late;
        r.trouble_usec = event->trouble_nsec / 1000;
        r.worst_usec = event->worst_nsec / 1000;
        r.worst_pid = event->pid;
        copy_name(r.worst_comm, event->comm);
        snprintf(r.text, sizeof(r.text), "tasks waited longer than %s to run after they woke up: %llu %s within %s, the longest at least "
                 "%s (%s, thread %d)", format_duration(limit, r.limit_usec, 0), (unsigned long long) r.late,
                 r.late == 1 ? "time" : "times", format_duration(trouble, r.trouble_usec, 2), format_duration(worst, r.worst_usec, 1),
                 r.worst_comm[0] ? r.worst_comm : "nameless", (int) r.worst_pid);
        *ret = r;
        return 0;
}

static int take_record(void *userdata, void *data, size_t size) {
        Watchdog *w = userdata;

        w->heard = true;
        w->record_size = MIN(size, sizeof(w->record));
        memcpy(&w->record, data, w->record_size);
        return 0;
}

static void stop_watching(Watchdog *w) {
        /* The only fd of the link: closing detaches. */
        w->link_fd = safe_close(w->link_fd);
}

void watchdog_disarm(Watchdog *w) {
        w->wanted = false;
        stop_watching(w);
}

static void give_up(Watchdog *w, int error, const char *why) {
        WatchdogReport report = { .error = error, .limit_usec = w->limit_usec };

        watchdog_disarm(w);
        snprintf(report.text, sizeof(report.text), "cannot watch the wake-up latency: %s", why);
        w->handler(w, &report, w->userdata);
}

static int on_ring(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Watchdog *w = userdata;
        WatchdogReport report;

        w->heard = false;
        (void) ring_buffer__consume(w->ring);
        /* What was said before it was disarmed is of no interest any more. */
        if (!w->heard || w->link_fd < 0 || watchdog_report_from_event(&w->record, w->record_size, &report) < 0)
                return 0;
        watchdog_disarm(w);
        w->handler(w, &report, w->userdata);
        return 0;
}

/* Sets all that the program counted to zero. */
static int forget(const Watchdog *w) {
        struct bpf_map_info info = {};
        uint32_t size = sizeof(info);
        const uint32_t zero = 0;
        _cleanup_(freep) void *value = NULL;
        int r;

        r = bpf_map_get_info_by_fd(w->state_fd, &info, &size);
        if (r < 0)
                return r;
        value = calloc(1, info.value_size);
        if (!value)
                return -ENOMEM;
        return bpf_map_update_elem(w->state_fd, &zero, value, BPF_ANY);
}

static int attach(Watchdog *w) {
        int fd, r;

        stop_watching(w);
        (void) ring_buffer__consume(w->ring);
        r = forget(w);
        if (r < 0)
                return r;
        /* Needs no capability, as loading does. */
        fd = bpf_link_create(w->program_fd, 0, BPF_TRACE_FENTRY, NULL);
        if (fd < 0)
                return fd;
        w->link_fd = fd;
        return 0;
}

int watchdog_arm(Watchdog *w) {
        int r;

        if (!w->job && w->program_fd < 0)
                return -ENODEV;         /* it could not be loaded */
        w->wanted = true;
        if (w->job)
                return 0;
        r = attach(w);
        if (r < 0)
                w->wanted = false;
        return r;
}

bool watchdog_is_armed(const Watchdog *w) {
        return w->link_fd >= 0;
}

static int watch_ring(Watchdog *w) {
        int r;

        w->ring = ring_buffer__new(w->ring_fd, take_record, w, NULL);
        if (!w->ring)
                return -errno;
        r = sd_event_add_io(w->event, &w->source, ring_buffer__epoll_fd(w->ring), EPOLLIN, on_ring, w);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(w->source, "watchdog");
        return 0;
}

static void on_loaded(LoaderJob *job, size_t index, const LoaderReply *reply, int *fds, size_t n_fds, void *userdata) {
        Watchdog *w = userdata;
        int r;

        if (reply->error < 0) {
                char why[sizeof(reply->message)];

                memcpy(why, reply->message, sizeof(why));
                r = reply->error;
                w->job = loader_job_free(w->job);
                give_up(w, r, why[0] ? why : strerror(-r));
                return;
        }
        assert(n_fds == 3);     /* loader_reply_check() saw to that, and to their order */
        w->ring_fd = TAKE_FD(fds[0]);
        w->state_fd = TAKE_FD(fds[1]);
        w->program_fd = TAKE_FD(fds[2]);
        w->job = loader_job_free(w->job);
        r = watch_ring(w);
        if (r >= 0 && w->wanted)
                r = attach(w);
        if (r < 0) {
                w->program_fd = safe_close(w->program_fd);
                give_up(w, r, strerror(-r));
        }
}

static void fill_request(LoaderJob *job, size_t index, LoaderRequest *request, void *userdata) {
        const Watchdog *w = userdata;

        request->verb = LOADER_WATCH;
        snprintf(request->path, sizeof(request->path), "%s", w->object);
        request->n_knobs = 1;
        request->knobs[0] = (LoaderKnob) {
                .name = "limit_usec",
                .type = KNOB_TYPE_U64,
                .set = KNOB_SET_LOAD,
                .value = w->limit_usec,
        };
}

int watchdog_start(sd_event *event, const char *loader, const char *object, uint64_t limit_usec, watchdog_handler_t handler,
                   void *userdata, Watchdog **ret) {
        _cleanup_(watchdog_freep) Watchdog *w = NULL;
        int r;

        if (limit_usec < WATCHDOG_LIMIT_MIN_USEC || limit_usec > WATCHDOG_LIMIT_MAX_USEC)
                return -ERANGE;
        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;
        *w = (Watchdog) {
                .limit_usec = limit_usec,
                .handler = handler,
                .userdata = userdata,
                .event = sd_event_ref(event),
                .program_fd = -EBADF,
                .ring_fd = -EBADF,
                .state_fd = -EBADF,
                .link_fd = -EBADF,
                .wanted = true,
        };
        r = free_and_strdup(&w->object, object);
        if (r < 0)
                return r;
        r = loader_job_start(event, loader, 1, LOADER_TIMEOUT_DEFAULT_USEC, fill_request, on_loaded, w, &w->job);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(w);
        return 0;
}

Watchdog *watchdog_free(Watchdog *w) {
        if (!w)
                return NULL;
        stop_watching(w);
        w->job = loader_job_free(w->job);
        w->source = sd_event_source_disable_unref(w->source);
        ring_buffer__free(w->ring);
        safe_close(w->ring_fd);
        safe_close(w->state_fd);
        safe_close(w->program_fd);
        sd_event_unref(w->event);
        free(w->object);
        return mfree(w);
}
