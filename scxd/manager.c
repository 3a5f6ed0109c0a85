/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "bus-manager.h"
#include "log-ids.h"
#include "log.h"
#include "manager-internal.h"

static const char *const manager_activity_table[_MANAGER_ACTIVITY_MAX] = {
        [MANAGER_STARTING] = "starting",
        [MANAGER_IDLE] = "idle",
        [MANAGER_SWITCHING] = "switching",
        [MANAGER_FALLING_BACK] = "falling-back",
        [MANAGER_RELOADING] = "reloading",
};

DEFINE_STRING_TABLE(manager_activity, ManagerActivity)

/* The kernel was passing through a state: it is looked at again so often, so long. Enabling with thousands of tasks takes seconds. */
#define LOOK_AGAIN_USEC (50 * UINT64_C(1000))
#define LOOKS_MAX 600u

uint64_t now_usec(clockid_t clock) {
        struct timespec ts;

        (void) clock_gettime(clock, &ts);
        return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}

/* --- what is so --- */

const char *manager_foreign(const Manager *m) {
        if (switcher_has_current(m->switcher) || m->kernel.state == KERNEL_STATE_UNSUPPORTED || !m->kernel.ops[0])
                return NULL;
        return m->kernel.ops;
}

PolicyInput manager_policy_input(const Manager *m, const Activation *a) {
        return (PolicyInput) {
                .supported = m->kernel.state != KERNEL_STATE_UNSUPPORTED,
                .foreign = manager_foreign(m),
                .stopped = a && a == m->wanted ? STOP_NONE : m->stopped,
                .stopped_by = m->stopped_by,
                .activation = a,
        };
}

const char *manager_active_profile(const Manager *m) {
        return m->active ? m->active->profile->name : "";
}

const char *manager_active_scheduler(const Manager *m) {
        const char *foreign = manager_foreign(m);

        if (foreign)
                return foreign;
        return switcher_has_current(m->switcher) ? activation_current_name(m->active) : "eevdf";
}

const char *manager_origin(const Manager *m) {
        if (manager_foreign(m))
                return "foreign";
        return switcher_has_current(m->switcher) ? "scxd" : "kernel";
}

char *manager_why(const Manager *m) {
        PolicyInput in = manager_policy_input(m, m->active);
        PolicyTarget t = policy_decide(&in);
        char *text;

        if (t.kind == POLICY_NO_CHOICE && m->choice_missing)
                return asprintf(&text, "the profile chosen earlier, %s, is no longer defined", m->choice_missing) < 0 ? NULL : text;
        return policy_explain(&in, &t);
}

const char *manager_next_if_failed(const Manager *m) {
        PolicyInput in = manager_policy_input(m, m->active);
        const char *next;

        if (!switcher_has_current(m->switcher))
                return "";
        next = policy_next_if_failed(&in);
        return strempty(next);
}

ManagerActivity manager_activity(const Manager *m) {
        if (!m->ready)
                return MANAGER_STARTING;
        if (m->pursuing)
                return m->wanted || m->retried > 0 ? MANAGER_SWITCHING : MANAGER_FALLING_BACK;
        if (m->catalog_load)
                return MANAGER_RELOADING;
        return MANAGER_IDLE;
}

/* Notes since when what runs now has been running, and tells the bus and systemd. */
void manager_publish(Manager *m) {
        const char *what = manager_active_scheduler(m);
        const char *profile = manager_active_profile(m);

        if (!streq_ptr(m->since_what, what) && free_and_strdup(&m->since_what, what) >= 0) {
                m->since_realtime = now_usec(CLOCK_REALTIME);
                m->since_monotonic = now_usec(CLOCK_MONOTONIC);
        }
        manager_keep(m);
        manager_watch(m);
        manager_arm_retry(m);
        manager_announce(m);
        (void) sd_notifyf(false, "STATUS=%s%s%s%s", what, profile[0] ? " (profile " : "", profile, profile[0] ? ")" : "");
        manager_bus_publish(m->bus);
}

/* A scheduler was (re)started: "since" counts from now even if it has the same name as before. */
void manager_restart_since(Manager *m) {
        m->since_what = mfree(m->since_what);
}

void manager_save(Manager *m) {
        StoredState s = { .stopped = m->stopped, .stopped_by = m->stopped_by };
        int r;

        s.choice = m->active ? m->active->profile->name : m->choice_missing;
        r = store_save(m->config->state_directory, &s);
        if (r < 0)
                log_structured(LOG_WARNING, SCXD_MESSAGE_STATE_LOST_STR, NULL,
                               "The choice cannot be saved in %s and will not outlive a restart: %s", m->config->state_directory,
                               strerror(-r));
}

/* --- exits --- */

/* A person ended it: nothing is started until somebody asks again. */
void manager_enter_stop(Manager *m, StopReason reason, const char *by) {
        switcher_drop_standby(m->switcher);
        m->active = activation_free(m->active);
        m->choice_missing = mfree(m->choice_missing);
        m->stopped = reason;
        (void) free_and_strdup(&m->stopped_by, by);
        manager_save(m);
}

/* Ends what is being carried out, for this reason. */
void manager_drop_pursuit(Manager *m, const char *error_name, const char *why) {
        switcher_cancel(m->switcher);
        m->pursuing = false;
        manager_postpone_retry(m);
        m->evicting = false;
        m->wanted = activation_free(m->wanted);
        if (m->request) {
                request_fail(m->request, error_name, "%s", why);
                m->request = request_free(m->request);
        }
}

void manager_log_running(Manager *m) {
        const char *scheduler = activation_current_name(m->active);
        _cleanup_(freep) char *why = manager_why(m), *f_scheduler = NULL, *f_profile = NULL;
        const char *fields[3] = {};

        if (asprintf(&f_scheduler, "SCXD_SCHEDULER=%s", scheduler) >= 0)
                fields[0] = f_scheduler;
        if (fields[0] && asprintf(&f_profile, "SCXD_PROFILE=%s", m->active->profile->name) >= 0)
                fields[1] = f_profile;
        log_structured(LOG_INFO, m->active->current == ACTIVATION_EEVDF ? SCXD_MESSAGE_EEVDF_STR : SCXD_MESSAGE_STARTED_STR, fields,
                       "%s runs now: %s", scheduler, strempty(why));
}

/* The kernel's state of this moment; on an unreadable one the last that was read stays. */
void manager_read_kernel(Manager *m) {
        int r;

        r = kernel_read(m->config->sysfs, &m->kernel);
        if (r < 0)
                log_error_errno(r, "Cannot read the kernel's state of sched_ext");
}

/* A forced switch waits for somebody else's scheduler to end. */
static void continue_eviction(Manager *m) {
        if (m->kernel.state == KERNEL_STATE_DISABLED) {
                m->evicting = false;
                manager_pursue(m);
        } else if (m->n_looks >= LOOKS_MAX) {
                manager_drop_pursuit(m, BUS_ERROR("Foreign"), "Somebody else's scheduler runs and did not end when it was told to.");
                manager_publish(m);
        }
}

void manager_look(Manager *m) {
        const char *before = manager_foreign(m), *after;
        _cleanup_(freep) char *was = before ? strdup(before) : NULL;

        manager_read_kernel(m);
        switcher_check(m->switcher, &m->kernel);
        after = manager_foreign(m);
        if (after && !streq_ptr(was, after))
                log_structured(LOG_NOTICE, SCXD_MESSAGE_FOREIGN_STR, NULL,
                               "Somebody else started the scheduler %s; it is left alone", after);

        if (m->evicting) {
                continue_eviction(m);
                if (!m->evicting)
                        return;
        }
        if ((kernel_state_in_transition(m->kernel.state) || m->evicting) && m->n_looks < LOOKS_MAX) {
                m->n_looks++;
                (void) sd_event_source_set_time_relative(m->look_again, LOOK_AGAIN_USEC);
                (void) sd_event_source_set_enabled(m->look_again, SD_EVENT_ONESHOT);
        } else if (!kernel_state_in_transition(m->kernel.state))
                m->n_looks = 0;
        manager_settle(m);
}
