/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <stdio.h>

#include "bus-manager.h"
#include "log-ids.h"
#include "log.h"
#include "manager-internal.h"

/* What is asked for: by clients, and by the choice saved earlier. */

/* Carries out a switch; takes over q, which may be NULL. */
/* Ends somebody else's scheduler, because a person insists: the kernel's emergency stop is the one way that needs nothing of whoever
 * started it. manager_look() goes on when the kernel has done it. */
static void evict(Manager *m) {
        _cleanup_(closep) int fd = open(m->config->sysrq_trigger, O_WRONLY | O_CLOEXEC);

        log_notice("Ending somebody else's scheduler, %s, because %s insists on %s", manager_foreign(m), m->wanted->wish,
                   m->wanted->profile->name);
        if (fd < 0 || write(fd, "S", 1) != 1) {
                _cleanup_(freep) char *why = NULL;

                (void) asprintf(&why, "Somebody else's scheduler, %s, cannot be ended: %s.", manager_foreign(m), strerror(errno));
                manager_drop_pursuit(m, BUS_ERROR("Foreign"), strempty(why));
                manager_publish(m);
                return;
        }
        m->pursuing = true;
        m->evicting = true;
        m->n_looks = 0;
        manager_look(m);
}

static void begin_switch(Manager *m, const char *name, const char *wish, bool force, Request *request) {
        _cleanup_(request_freep) Request *q = request;
        _cleanup_(activation_freep) Activation *a = NULL;
        const Profile *profile;
        const char *foreign;
        int r;

        manager_look(m);
        foreign = manager_foreign(m);
        profile = catalog_find_profile(m->catalog, name);
        if (!profile) {
                if (q)
                        request_fail(q, BUS_ERROR("NoSuchProfile"), "No profile %s is defined.", name);
                return;
        }
        if (m->kernel.state == KERNEL_STATE_UNSUPPORTED) {
                if (q)
                        request_fail(q, BUS_ERROR("NotSupported"),
                                     "This kernel has no sched_ext (CONFIG_SCHED_CLASS_EXT), so only its own EEVDF can run.");
                return;
        }
        if (foreign && !force) {
                if (q)
                        request_fail(q, BUS_ERROR("Foreign"), "Somebody else's scheduler, %s, runs; it was left alone.", foreign);
                return;
        }

        manager_review(m);
        r = activation_new(m->catalog, profile, wish, &m->features, &m->quarantine, &a);
        if (r < 0) {
                if (q)
                        request_fail(q, SD_BUS_ERROR_NO_MEMORY, "Out of memory.");
                return;
        }

        manager_drop_pursuit(m, BUS_ERROR("Superseded"), "A later request replaced this one.");
        m->wanted = TAKE_PTR(a);
        m->request = TAKE_PTR(q);
        if (foreign)
                evict(m);
        else
                manager_pursue(m);
}

int manager_describe_uid(uid_t uid, char **ret) {
        int r;

        r = uid == 0 ? asprintf(ret, "root") : asprintf(ret, "uid %u", (unsigned) uid);
        return r < 0 ? -ENOMEM : 0;
}

int manager_switch(Manager *m, sd_bus_message *message, uid_t uid, const char *profile, bool force) {
        _cleanup_(request_freep) Request *q = NULL;
        _cleanup_(freep) char *wish = NULL;
        int r;

        if (m->pursuing && m->wanted && m->request && streq(m->wanted->profile->name, profile) &&
            m->wanted->catalog == m->catalog) {
                if (request_add_waiter(m->request, message) < 0)
                        return sd_bus_reply_method_errorf(message, BUS_ERROR("TooManyRequests"),
                                                          "Too many clients wait for this switch already.");
                return 1;
        }

        r = manager_describe_uid(uid, &wish);
        if (r < 0)
                return r;
        r = request_new(&q);
        if (r < 0)
                return r;
        r = request_add_waiter(q, message);
        if (r < 0)
                return r;

        begin_switch(m, profile, wish, force, TAKE_PTR(q));
        return 1;
}

int manager_stop(Manager *m, sd_bus_message *message, uid_t uid) {
        _cleanup_(freep) char *by = NULL, *was = NULL, *why = NULL;
        struct scxd_exit_event *exit = NULL;
        int r;

        r = manager_describe_uid(uid, &by);
        if (r < 0)
                return r;

        manager_look(m);
        if (manager_foreign(m))
                return sd_bus_reply_method_errorf(message, BUS_ERROR("Foreign"),
                                                  "Somebody else's scheduler, %s, runs; it was left alone.", manager_foreign(m));
        was = strdup(manager_active_scheduler(m));
        if (!was)
                return -ENOMEM;

        manager_drop_pursuit(m, BUS_ERROR("Superseded"), "A later request to stop replaced this one.");
        switcher_stop(m->switcher, &exit);
        if (exit)
                manager_note_end(m, exit_kind_from_kernel(exit->kind), exit, NULL, NULL);
        else {
                _cleanup_(freep) char *text = NULL;

                if (asprintf(&text, "%s asked to stop", by) < 0)
                        text = NULL;
                manager_note_end(m, EXIT_KIND_STOPPED, NULL, NULL, text);
        }
        free(exit);
        manager_enter_stop(m, STOP_CLIENT, by);

        manager_read_kernel(m);
        if (m->kernel.state == KERNEL_STATE_ENABLED && !manager_foreign(m))
                return sd_bus_reply_method_errorf(message, SD_BUS_ERROR_FAILED, "The kernel still runs %s.", m->kernel.ops);
        why = manager_why(m);
        log_structured(LOG_INFO, SCXD_MESSAGE_EEVDF_STR, NULL, "eevdf runs now: %s", strempty(why));
        manager_publish(m);
        return sd_bus_reply_method_return(message, "a{sv}", 2, "was", "s", was, "why", "s", strempty(why));
}

void manager_begin_first(Manager *m) {
        _cleanup_(stored_state_done) StoredState s = {};
        struct scxd_exit_event *exit = NULL;
        const Profile *p;
        int r;

        r = store_load(m->config->state_directory, &s);
        if (r < 0)
                log_structured(LOG_WARNING, SCXD_MESSAGE_STATE_LOST_STR, NULL, "The choice saved in %s cannot be read%s: %s",
                               m->config->state_directory, r == -EBADMSG ? " and was set aside" : "",
                               r == -EBADMSG ? "the file is corrupt" : strerror(-r));
        m->stopped = s.stopped;
        m->stopped_by = TAKE_PTR(s.stopped_by);

        manager_recall(m);
        if (manager_adopt(m, &exit)) {
                if (switcher_has_current(m->switcher))
                        m->stopped = STOP_NONE;
                else if (exit)
                        manager_take_exit(m, exit);
                else    /* detached in the middle of a switch that the earlier scxd did not live to finish: the choice counts */
                        m->active = activation_free(m->active);
                free(exit);
        }
        if (!switcher_has_current(m->switcher))
                manager_note_end(m, EXIT_KIND_STOPPED, NULL, NULL, "scxd was stopped, or the machine was");
        manager_look(m);
        if (m->active || m->stopped != STOP_NONE || !s.choice) {
                manager_publish(m);
                return;
        }

        p = catalog_find_profile(m->catalog, s.choice);
        if (!p) {
                m->choice_missing = TAKE_PTR(s.choice);
                log_warning("The profile chosen earlier, %s, is no longer defined", m->choice_missing);
        } else {
                /* Not begin_switch(): where nothing can be started the choice still stands. */
                r = activation_new(m->catalog, p, "the choice saved earlier", &m->features, &m->quarantine, &m->active);
                if (r < 0)
                        log_error_errno(r, "Cannot restore the choice %s", s.choice);
                manager_settle(m);
        }
        manager_publish(m);
}
