/* SPDX-License-Identifier: GPL-2.0-only */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>

#include "backend-bpf.h"

#define POLL_MAX 64u    /* records per round, so that a scheduler that floods its ring does not hold up the loop */

struct BpfScheduler {
        int ops_fd, exit_fd, globals_fd, bss_fd;
        int link_fd;
        char ops_name[OBJECT_NAME_MAX];
        LoaderGlobals globals;
        struct ring_buffer *ring;
        sd_event_source *source;
        bpf_exit_handler_t handler;
        void *userdata;
        bool *freed;            /* set if it is freed while the handler runs */
        bool got_record;        /* anything */
        bool got_exit;          /* and it is long enough to be one */
        struct scxd_exit_event record;
};

/* Takes one record and stops there: the handler may free the ring, so it must not run inside libbpf. */
static int take_record(void *userdata, void *data, size_t size) {
        BpfScheduler *s = userdata;

        s->got_record = true;
        s->got_exit = size >= offsetof(struct scxd_exit_event, reason);
        if (!s->got_exit)
                return -ECANCELED;
        /* The layout of another version begins with the same fields; the program may still be writing into its own memory. */
        memset(&s->record, 0, sizeof(s->record));
        memcpy(&s->record, data, MIN(size, sizeof(s->record)));
        if (s->record.size != sizeof(s->record))
                memset(s->record.reason, 0, sizeof(s->record) - offsetof(struct scxd_exit_event, reason));
        s->record.reason[SCXD_EXIT_REASON_LEN - 1] = '\0';
        s->record.message[SCXD_EXIT_MESSAGE_LEN - 1] = '\0';
        s->record.dump[SCXD_EXIT_DUMP_LEN - 1] = '\0';
        return -ECANCELED;
}

int bpf_scheduler_poll(BpfScheduler *s) {
        unsigned n = 0;

        if (s->freed)   /* called by the handler: what is left comes after it */
                return 0;
        while (s->ring && n < POLL_MAX) {
                bool freed = false;
                int r;

                s->got_record = false;
                r = ring_buffer__consume(s->ring);
                if (!s->got_record)
                        return r < 0 ? r : (int) n;
                n++;
                if (!s->got_exit || !s->handler)
                        continue;
                s->freed = &freed;
                s->handler(s, &s->record, s->userdata);
                if (freed)
                        return (int) n;
                s->freed = NULL;
        }
        return (int) n;
}

static int on_ring(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        (void) bpf_scheduler_poll(userdata);
        return 0;
}

static int watch_ring(BpfScheduler *s, sd_event *event) {
        int r;

        s->ring = ring_buffer__new(s->exit_fd, take_record, s, NULL);
        if (!s->ring)
                return -errno;
        r = sd_event_add_io(event, &s->source, ring_buffer__epoll_fd(s->ring), EPOLLIN, on_ring, s);
        if (r < 0)
                return r;
        (void) sd_event_source_set_description(s->source, "bpf-exit");
        return 0;
}

int bpf_scheduler_new(sd_event *event, const LoaderReply *reply, int *fds, size_t n_fds, bpf_exit_handler_t handler, void *userdata,
                      BpfScheduler **ret) {
        _cleanup_(bpf_scheduler_freep) BpfScheduler *s = NULL;
        size_t used = 0;
        int r = 0;

        s = calloc(1, sizeof(*s));
        if (s) {
                s->ops_fd = s->exit_fd = s->globals_fd = s->bss_fd = s->link_fd = -EBADF;
                s->handler = handler;
                s->userdata = userdata;
                memcpy(s->ops_name, reply->ops_name, strnlen(reply->ops_name, sizeof(s->ops_name) - 1));
                s->globals = reply->globals;

                int *const places[] = { &s->ops_fd, &s->exit_fd, &s->globals_fd, &s->bss_fd };

                for (size_t i = 0; i < ELEMENTSOF(places) && used < n_fds; i++)
                        if (reply->fds & (1u << i))
                                *places[i] = TAKE_FD(fds[used++]);
                if (s->ops_fd < 0 || used != n_fds)
                        r = -EINVAL;
        } else
                r = -ENOMEM;
        for (size_t i = 0; i < n_fds; i++)
                fds[i] = safe_close(fds[i]);
        if (r < 0)
                return r;

        if (s->exit_fd >= 0) {
                r = watch_ring(s, event);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(s);
        return 0;
}

int bpf_scheduler_attach(BpfScheduler *s) {
        int fd;

        if (s->link_fd >= 0)
                return -EALREADY;
        fd = bpf_link_create(s->ops_fd, 0, BPF_STRUCT_OPS, NULL);
        if (fd < 0)
                return fd;
        s->link_fd = fd;
        return 0;
}

void bpf_scheduler_adopt_link(BpfScheduler *s, int link_fd) {
        assert(s->link_fd < 0);
        s->link_fd = link_fd;
}

void bpf_scheduler_drop_link(int link_fd) {
        if (link_fd < 0)
                return;
        /* Not by closing alone: systemd's fd store may hold a duplicate. A link that is detached is harmless to close at any later
         * time, also where closing the link of an ejected scheduler would end its successor (kernels before 7.1). */
        (void) bpf_link_detach(link_fd);
        safe_close(link_fd);
}

void bpf_scheduler_detach(BpfScheduler *s) {
        bpf_scheduler_drop_link(TAKE_FD(s->link_fd));
}

void bpf_scheduler_abandon(BpfScheduler *s) {
        s->link_fd = safe_close(s->link_fd);
}

int bpf_scheduler_write_knob(BpfScheduler *s, const char *name, KnobValue value) {
        for (uint32_t i = 0; i < s->globals.n; i++) {
                const LoaderGlobal *g = s->globals.items + i;
                long page = sysconf(_SC_PAGESIZE);
                off_t begin = (off_t) g->offset / page * page;
                size_t length = (size_t) (g->offset - begin) + g->size;
                volatile char *memory;
                void *place;

                if (!streq(g->name, name))
                        continue;
                place = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, g->fd == LOADER_FD_BSS ? s->bss_fd : s->globals_fd, begin);
                if (place == MAP_FAILED)
                        return -errno;
                memory = (volatile char *) place + (g->offset - begin);
                /* One store: the program may read it at any moment. */
                if (g->size == 1)
                        *(volatile uint8_t *) memory = (uint8_t) value;
                else if (g->size == 2)
                        *(volatile uint16_t *) memory = (uint16_t) value;
                else if (g->size == 4)
                        *(volatile uint32_t *) memory = (uint32_t) value;
                else
                        *(volatile uint64_t *) memory = value;
                (void) munmap(place, length);
                return 0;
        }
        return -ENOENT;
}

void bpf_scheduler_parts(const BpfScheduler *s, BpfSchedulerParts *ret) {
        *ret = (BpfSchedulerParts) {
                .link_fd = s->link_fd,
                .fds = { s->ops_fd, s->exit_fd, s->globals_fd, s->bss_fd },
                .globals = &s->globals,
        };
}

bool bpf_scheduler_is_attached(const BpfScheduler *s) {
        return s->link_fd >= 0;
}

const char *bpf_scheduler_ops_name(const BpfScheduler *s) {
        return s->ops_name;
}

BpfScheduler *bpf_scheduler_free(BpfScheduler *s) {
        if (!s)
                return NULL;
        if (s->freed)
                *s->freed = true;
        /* First of all: no other scheduler can be attached before this is done. */
        bpf_scheduler_detach(s);
        s->source = sd_event_source_disable_unref(s->source);
        ring_buffer__free(s->ring);
        safe_close(s->exit_fd);
        safe_close(s->globals_fd);
        safe_close(s->bss_fd);
        safe_close(s->ops_fd);
        return mfree(s);
}
