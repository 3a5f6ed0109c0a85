/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>

#include "fd-store.h"
#include "log-ids.h"
#include "log.h"
#include "manager-internal.h"
#include "running.h"

/* The daemon may die: what runs is kept in systemd's fd store, and adopted by the next daemon. */

#define NAME_LINK "scxd-link"
#define NAME_RUNNING "scxd-running"

static const char *const part_names[LOADER_FDS_MAX] = { "scxd-ops", "scxd-exit", "scxd-data", "scxd-bss" };

static void forget_all(void) {
        (void) fd_store_remove(NAME_LINK);
        (void) fd_store_remove(NAME_RUNNING);
        for (size_t i = 0; i < LOADER_FDS_MAX; i++)
                (void) fd_store_remove(part_names[i]);
}

static int describe_running(const Manager *m, const BpfSchedulerParts *parts, const char *ops_name, uint64_t seq) {
        const Activation *a = m->active;
        Running r = {
                .profile = a->profile->name,
                .scheduler = (char *) activation_current_name(a),
                .candidate = a->current,
                .wish = a->wish,
                .enable_seq = seq,
                .since_realtime = m->since_realtime,
                .since_monotonic = m->since_monotonic,
                .globals = *parts->globals,
        };

        strcpy(r.ops_name, ops_name);
        for (size_t i = 0; i < LOADER_FDS_MAX; i++)
                if (parts->fds[i] >= 0)
                        r.fds |= 1u << i;
        for (size_t i = 0; i < a->profile->n_candidates && i < CANDIDATES_MAX; i++) {
                r.failures[i] = a->failures[i];         /* borrowed, as all of r is */
                if (a->failures[i] && a->outs[i].kind == OUT_WAITING)
                        r.retry_usec[i] = a->outs[i].retry_usec;
        }
        return running_to_fd(&r);
}

void manager_keep(Manager *m) {
        _cleanup_(closep) int running = -EBADF;
        BpfSchedulerParts parts;
        const char *ops_name;
        uint64_t seq;
        int r = 0;

        if (!fd_store_available())
                return;
        if (m->kept && m->kept_generation == switcher_generation(m->switcher))
                return;
        m->kept = true;
        m->kept_generation = switcher_generation(m->switcher);

        forget_all();
        if (!switcher_parts(m->switcher, &parts, &ops_name, &seq) || !m->active || m->active->current == ACTIVATION_EEVDF)
                return;

        running = describe_running(m, &parts, ops_name, seq);
        if (running < 0)
                r = running;
        for (size_t i = 0; r >= 0 && i < LOADER_FDS_MAX; i++)
                if (parts.fds[i] >= 0)
                        r = fd_store_push(part_names[i], parts.fds[i]);
        if (r >= 0)
                r = fd_store_push(NAME_RUNNING, running);
        if (r >= 0)
                r = fd_store_push(NAME_LINK, parts.link_fd);    /* last: without the rest it would only be in the way */
        if (r < 0) {
                forget_all();
                log_error_errno(r, "The running scheduler cannot be kept over a restart of scxd");
        }
}

/* The activation as it was: the same candidate runs, the same ones before it have failed. NULL if its definition is gone. */
static Activation *rebuild(Manager *m, const Running *r) {
        _cleanup_(activation_freep) Activation *a = NULL;
        const Profile *p;

        p = catalog_find_profile(m->catalog, r->profile);
        if (!p || r->candidate >= p->n_candidates || !streq(p->candidates[r->candidate].scheduler, r->scheduler) ||
            !catalog_find_scheduler(m->catalog, r->scheduler))
                return NULL;
        if (activation_new(m->catalog, p, r->wish, &m->features, &m->quarantine, &a) < 0)
                return NULL;
        /* What waited waits on; what could not be started is tried once more, as whatever was wrong may be put right by now. */
        for (size_t i = 0; i < p->n_candidates && i < CANDIDATES_MAX; i++) {
                uint64_t retry = r->retry_usec[i] > 0 ? r->retry_usec[i] : now_usec(CLOCK_MONOTONIC) + m->config->backoff_usec;

                if (a->failures[i] || (i > r->candidate && r->retry_usec[i] == 0))
                        continue;
                if (activation_fail(a, i, OUT_WAITING, retry, r->failures[i] ? r->failures[i] : "failed earlier") < 0)
                        return NULL;
        }
        activation_clear(a, r->candidate);
        a->current = r->candidate;
        a->adopted = true;
        return TAKE_PTR(a);
}

/* Takes what systemd kept of this scheduler, in the order of the LOADER_FD_ bits. */
static int take_parts(const Running *r, LoaderReply *reply, int *fds) {
        size_t n = 0;

        reply->fds = 0;
        for (size_t i = 0; i < LOADER_FDS_MAX; i++) {
                int fd;

                if (!(r->fds & (1u << i)))
                        continue;
                fd = fd_store_take(part_names[i]);
                if (fd < 0)
                        continue;
                reply->fds |= 1u << i;
                fds[n++] = fd;
        }
        memcpy(reply->ops_name, r->ops_name, sizeof(reply->ops_name));
        reply->globals = r->globals;
        return (int) n;
}

bool manager_adopt(Manager *m, struct scxd_exit_event **ret_exit) {
        _cleanup_(activation_freep) Activation *a = NULL;
        _cleanup_(closep) int running_fd = -EBADF;
        _cleanup_(freep) LoaderReply *reply = NULL;
        _cleanup_(running_done) Running running = {};
        int link_fd, fds[LOADER_FDS_MAX], n, r;
        bool adopted = false;

        *ret_exit = NULL;
        link_fd = fd_store_take(NAME_LINK);
        running_fd = fd_store_take(NAME_RUNNING);
        if (link_fd < 0)
                goto finish;

        r = running_fd >= 0 ? running_from_fd(running_fd, &running) : -ENOENT;
        if (r < 0) {
                log_error_errno(r, "A scheduler was left running, but not what is needed to take it over: detaching it");
                bpf_scheduler_drop_link(link_fd);
                goto finish;
        }
        a = rebuild(m, &running);
        reply = calloc(1, sizeof(*reply));
        if (!a || !reply) {
                log_warning("Scheduler %s was left running for profile %s, which is no longer defined like that: detaching it",
                            running.scheduler, running.profile);
                bpf_scheduler_drop_link(link_fd);
                goto finish;
        }

        n = take_parts(&running, reply, fds);
        r = switcher_adopt(m->switcher, reply, fds, (size_t) n, link_fd, running.enable_seq, ret_exit);
        if (r < 0 && r != -ESTALE) {
                log_error_errno(r, "Cannot take over scheduler %s", running.scheduler);
                goto finish;
        }
        m->active = TAKE_PTR(a);
        adopted = true;
        if (r >= 0) {
                m->since_realtime = running.since_realtime;
                m->since_monotonic = running.since_monotonic;
                (void) free_and_strdup(&m->since_what, running.scheduler);
                if (!m->run_scheduler) {        /* the history was lost */
                        (void) free_and_strdup(&m->run_scheduler, running.scheduler);
                        (void) free_and_strdup(&m->run_profile, running.profile);
                        m->run_since = running.since_realtime;
                }
                log_structured(LOG_INFO, SCXD_MESSAGE_STARTED_STR, NULL, "%s goes on running: adopted from the scxd before",
                               running.scheduler);
        }

finish:
        fd_store_close_rest();
        return adopted;
}

bool manager_leave(Manager *m) {
        if (!fd_store_available())
                return false;
        switcher_leave(m->switcher);
        return true;
}
