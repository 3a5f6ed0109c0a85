/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "bus-manager.h"
#include "log-ids.h"
#include "log.h"
#include "manager.h"
#include "manager-internal.h"
#include "test-step.h"

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

static const char *foreign_name(const Manager *m) {
        if (switcher_has_current(m->switcher) || m->kernel.state == KERNEL_STATE_UNSUPPORTED || !m->kernel.ops[0])
                return NULL;
        return m->kernel.ops;
}

PolicyInput manager_policy_input(const Manager *m, const Activation *a) {
        return (PolicyInput) {
                .supported = m->kernel.state != KERNEL_STATE_UNSUPPORTED,
                .foreign = foreign_name(m),
                .stopped = a && a == m->wanted ? STOP_NONE : m->stopped,
                .stopped_by = m->stopped_by,
                .activation = a,
        };
}

const char *manager_active_profile(const Manager *m) {
        return m->active ? m->active->profile->name : "";
}

const char *manager_active_scheduler(const Manager *m) {
        const char *foreign = foreign_name(m);

        if (foreign)
                return foreign;
        return switcher_has_current(m->switcher) ? activation_current_name(m->active) : "eevdf";
}

const char *manager_origin(const Manager *m) {
        if (foreign_name(m))
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
static void restart_since(Manager *m) {
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
static void enter_stop(Manager *m, StopReason reason, const char *by) {
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

static void log_running(Manager *m) {
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
static void read_kernel(Manager *m) {
        int r;

        r = kernel_read(m->config->sysfs, &m->kernel);
        if (r < 0)
                log_error_errno(r, "Cannot read the kernel's state of sched_ext");
}

/* --- carrying out --- */

static void prepare_next(Manager *m);

static void on_prepared(Switcher *switcher, int error, ExitKind kind, const char *message, void *userdata) {
        Manager *m = userdata;
        PolicyInput in = manager_policy_input(m, m->active);
        size_t next = policy_next_candidate(&in);

        if (error >= 0 || next == ACTIVATION_EEVDF)
                return;

        /* Better known now than when it is needed. */
        manager_note_failure(m, m->active->profile->candidates[next].scheduler, m->active->profile->name, kind, NULL, message);
        manager_set_outcome(m, "was only held ready; %s runs on", activation_current_name(m->active));
        (void) manager_judge(m, m->active, next, kind, 0, message, false);
        prepare_next(m);
        manager_publish(m);
}

/* Keeps the scheduler loaded that would be needed if the current one failed. */
static void prepare_next(Manager *m) {
        PolicyInput in = manager_policy_input(m, m->active);
        size_t next;
        int r;

        if (m->pursuing)
                return;
        next = m->settings.standby && switcher_has_current(m->switcher) ? policy_next_candidate(&in) : ACTIVATION_EEVDF;
        if (next == ACTIVATION_EEVDF) {
                switcher_drop_standby(m->switcher);
                return;
        }
        r = switcher_prepare(m->switcher, activation_scheduler(m->active, next), activation_candidate(m->active, next),
                             m->active->profile->stall_timeout_usec, on_prepared, m);
        if (r < 0)
                log_error_errno(r, "Cannot hold %s ready", activation_candidate(m->active, next)->scheduler);
}

/* What ran until now has given way. */
static void note_replaced(Manager *m, size_t candidate) {
        _cleanup_(freep) char *why = NULL;
        int r;

        if (m->wanted)
                r = asprintf(&why, "%s asked for %s", m->wanted->wish, m->wanted->profile->name);
        else
                r = asprintf(&why, "%s is tried again",
                             candidate == ACTIVATION_EEVDF ? "eevdf" : activation_candidate(m->active, candidate)->scheduler);
        if (r < 0)
                why = NULL;
        manager_note_end(m, EXIT_KIND_STOPPED, NULL, NULL, why);
}

/* Who asked for a profile is told of each scheduler before the one that runs: why it does not. */
static void warn_of_passed_over(Manager *m) {
        const Activation *a = m->active;

        for (size_t i = 0; i < a->profile->n_candidates && i != a->current; i++)
                if (a->failures[i] && !request_has_warning(m->request, a->profile->candidates[i].scheduler))
                        (void) request_add_warning(m->request, a->profile->candidates[i].scheduler, a->failures[i]);
}

/* The activation that is being pursued has arrived at candidate (or at ACTIVATION_EEVDF). */
static void commit(Manager *m, size_t candidate, bool started) {
        bool retried = m->retried > 0;

        read_kernel(m);
        m->retried = 0;
        if (started || candidate == ACTIVATION_EEVDF)
                note_replaced(m, candidate);
        if (m->wanted) {
                /* The standby is known by its candidate, which lives in the catalog. */
                if (!m->active || m->active->catalog != m->wanted->catalog)
                        switcher_drop_standby(m->switcher);
                activation_free(m->active);
                m->active = TAKE_PTR(m->wanted);
                m->choice_missing = mfree(m->choice_missing);
                m->stopped = STOP_NONE;
                m->stopped_by = mfree(m->stopped_by);
                m->active->current = candidate;
                manager_save(m);
        } else {
                _cleanup_(freep) char *sequel = NULL;

                m->active->current = candidate;
                if (candidate != ACTIVATION_EEVDF)
                        activation_clear(m->active, candidate);
                sequel = manager_sequel(m);
                if (candidate == ACTIVATION_EEVDF)
                        manager_set_outcome(m, "back on the kernel's own EEVDF%s", strempty(sequel));
                else if (!retried)
                        manager_set_outcome(m, "%s took over%s", activation_current_name(m->active), strempty(sequel));
        }
        if (candidate != ACTIVATION_EEVDF)
                manager_note_run(m, started);
        m->pursuing = false;
        if (started) {
                restart_since(m);
                m->active->adopted = false;
        }
        test_step("committed");
        manager_announce(m);
        log_running(m);
        manager_publish(m);
        test_step("published");
        if (m->request) {
                warn_of_passed_over(m);
                manager_bus_answer_switch(m, m->request);
                m->request = request_free(m->request);
        }
        prepare_next(m);
}

static void on_switched(Switcher *switcher, const SwitchResult *result, void *userdata) {
        Manager *m = userdata;
        Activation *a = m->wanted ? m->wanted : m->active;
        const char *name = activation_candidate(a, m->pursued)->scheduler;

        if (result->error >= 0) {
                commit(m, m->pursued, true);
                return;
        }

        read_kernel(m);
        if (result->emergency_stop && result->error == -ECANCELED)
                manager_note_end(m, EXIT_KIND_SYSRQ, result->exit, result->exit ? NULL : result->message, NULL);
        else if (result->previous_lost)
                manager_note_end(m, EXIT_KIND_STOPPED, NULL, NULL,
                                 "another one was to replace it and failed, and it could not be brought back");
        if (!result->emergency_stop || result->error != -ECANCELED)
                manager_note_failure(m, name, a->profile->name, result->kind, result->exit, result->exit ? NULL : result->message);

        if (result->previous_lost && m->active)
                m->active->current = ACTIVATION_EEVDF;
        else if (result->stage == SWITCH_STAGE_SWAP)
                restart_since(m);       /* what runs again was interrupted */

        if (result->emergency_stop) {
                manager_drop_pursuit(m, BUS_ERROR("Superseded"), "The emergency stop (SysRq-S) was pressed: EEVDF until somebody switches again.");
                enter_stop(m, STOP_SYSRQ, NULL);
                manager_set_outcome(m, "EEVDF until somebody switches again");
                manager_publish(m);
                return;
        }
        if (result->error == -EBUSY && foreign_name(m)) {
                _cleanup_(freep) char *text = NULL;

                (void) asprintf(&text, "Somebody else's scheduler, %s, runs; it was left alone.", foreign_name(m));
                manager_drop_pursuit(m, BUS_ERROR("Foreign"), strempty(text));
                manager_publish(m);
                return;
        }

        if (m->request)
                (void) request_add_warning(m->request, name, result->message);
        m->retried = 0;
        (void) manager_judge(m, a, m->pursued, result->kind, result->exit ? result->exit->code : 0,
                             result->exit && result->exit->message[0] ? result->exit->message : result->message, false);
        if (!a->failures[m->pursued]) {
                manager_drop_pursuit(m, BUS_ERROR("LoadFailed"), result->message);
                manager_publish(m);
                return;
        }
        manager_pursue(m);
}

/* No scheduler of the chain could be started. A client's wish then changes nothing; what was in force before goes on, down its own
 * chain if it was lost. */
static void exhausted(Manager *m) {
        if (m->wanted && m->request) {
                _cleanup_(freep) char *warnings = NULL, *name = strdup(m->wanted->profile->name);
                bool quarantined = false;

                /* What was known before anything was tried is part of the answer, too. */
                for (size_t i = 0; i < m->wanted->profile->n_candidates; i++) {
                        quarantined = quarantined || (m->wanted->failures[i] && m->wanted->outs[i].kind == OUT_QUARANTINED);
                        if (m->wanted->failures[i] && !request_has_warning(m->request, m->wanted->profile->candidates[i].scheduler))
                                (void) request_add_warning(m->request, m->wanted->profile->candidates[i].scheduler,
                                                           m->wanted->failures[i]);
                }
                warnings = request_format_warnings(m->request);
                manager_set_outcome(m, "left as it was: %s", manager_active_scheduler(m));
                request_fail(m->request, BUS_ERROR("LoadFailed"), "No scheduler of profile %s could be started:\n%s%s", strempty(name),
                             strempty(warnings), quarantined ? "\n\"scxctl reset-failed\" lifts a quarantine." : "");
                m->request = request_free(m->request);
                m->wanted = activation_free(m->wanted);
                m->pursuing = false;
                manager_settle(m);
                return;
        }
        if (switcher_has_current(m->switcher)) {        /* it runs still, but was found to be too late */
                struct scxd_exit_event *exit;

                switcher_stop(m->switcher, &exit);
                free(exit);
        }
        commit(m, ACTIVATION_EEVDF, false);
}

/* Gets from what is in force to candidate i of what is wanted without a switch, if that is possible. */
static bool change_in_place(Manager *m, size_t i) {
        const Scheduler *s = activation_scheduler(m->wanted, i);

        switch (activation_step(m->active, m->active->current, m->wanted, i)) {
        case ACTIVATION_SAME:
                m->wanted->adopted = m->active->adopted;
                return true;
        case ACTIVATION_LIVE:
                for (size_t n = 0; n < s->n_knobs; n++) {
                        KnobValue v = 0;
                        int r;

                        if (s->knobs[n].set != KNOB_SET_LIVE || !activation_knob_value(m->wanted, i, &s->knobs[n], &v))
                                continue;
                        r = switcher_write_knob(m->switcher, s->knobs[n].name, v);
                        if (r < 0) {
                                log_error_errno(r, "Cannot change %s of %s while it runs, switching instead", s->knobs[n].name, s->name);
                                return false;
                        }
                }
                m->wanted->adopted = m->active->adopted;
                return true;
        default:
                return false;
        }
}

/* What was to be tried again has failed again: what runs instead of it goes on. */
static void stay_below(Manager *m) {
        m->pursuing = false;
        manager_set_outcome(m, "%s runs on", activation_current_name(m->active));
        prepare_next(m);
        manager_publish(m);
}

void manager_pursue(Manager *m) {
        Activation *a = m->wanted ? m->wanted : m->active;
        struct scxd_exit_event *exit;

        m->pursuing = true;
        for (;;) {
                PolicyInput in = manager_policy_input(m, a);
                PolicyTarget t;
                const Scheduler *scheduler;
                int r;

                if (!m->wanted)
                        in.retried = m->retried;
                t = policy_decide(&in);
                switch (t.kind) {
                case POLICY_EXHAUSTED:
                        exhausted(m);
                        return;
                case POLICY_PLAIN:
                        switcher_stop(m->switcher, &exit);
                        free(exit);
                        commit(m, ACTIVATION_EEVDF, false);
                        return;
                case POLICY_SCHEDULER:
                        break;
                default:        /* a foreign scheduler came up meanwhile, or somebody stopped us */
                        manager_drop_pursuit(m, BUS_ERROR("Foreign"), "Somebody else's scheduler runs; it was left alone.");
                        manager_publish(m);
                        return;
                }

                if (m->wanted && m->active && switcher_has_current(m->switcher) && change_in_place(m, t.candidate)) {
                        commit(m, t.candidate, false);
                        return;
                }

                if (!m->wanted && switcher_has_current(m->switcher) && a->current == t.candidate) {
                        stay_below(m);
                        return;
                }

                m->pursued = t.candidate;
                scheduler = activation_scheduler(a, t.candidate);
                r = switcher_start(m->switcher, scheduler, activation_candidate(a, t.candidate), a->profile->stall_timeout_usec,
                                   on_switched, m);
                if (r >= 0)
                        break;

                m->retried = 0;
                manager_note_failure(m, scheduler->name, a->profile->name, EXIT_KIND_LOAD_FAILED, NULL, strerror(-r));
                if (m->request)
                        (void) request_add_warning(m->request, scheduler->name, strerror(-r));
                if (activation_fail(a, t.candidate, OUT_START_FAILED, 0, "could not be started: scxd-loader cannot be run") < 0) {
                        manager_drop_pursuit(m, SD_BUS_ERROR_NO_MEMORY, "Out of memory.");
                        return;
                }
        }
        manager_publish(m);
}

/* Whatever has happened: if what is in force wants a scheduler and none runs, bring it up. */
void manager_settle(Manager *m) {
        PolicyInput in;
        PolicyTarget t;

        if (!m->ready || m->pursuing)
                return;
        in = manager_policy_input(m, m->active);
        t = policy_decide(&in);
        if (t.kind == POLICY_SCHEDULER && !switcher_has_current(m->switcher)) {
                manager_pursue(m);
                return;
        }
        if (m->active && !switcher_has_current(m->switcher))
                m->active->current = ACTIVATION_EEVDF;
        prepare_next(m);
        manager_publish(m);
}

/* The scheduler that was in force has ended. */
static void take_exit(Manager *m, const struct scxd_exit_event *exit) {
        ExitKind kind = exit ? exit_kind_from_kernel(exit->kind) : EXIT_KIND_VANISHED;
        Activation *a = m->active;
        size_t candidate = a->current;

        read_kernel(m);
        manager_note_end(m, kind, exit, NULL, NULL);
        a->current = ACTIVATION_EEVDF;
        if (m->pursuing && !m->wanted) {
                /* Something better was being loaded, but now what comes next is needed at once. */
                switcher_cancel(m->switcher);
                m->pursuing = false;
                manager_postpone_retry(m);
        }

        switch (manager_judge(m, a, candidate, kind, exit ? exit->code : 0, exit ? exit->message : NULL, true)) {
        case HEALTH_STAY:
                manager_drop_pursuit(m, BUS_ERROR("Superseded"),
                                     kind == EXIT_KIND_SYSRQ ?
                                     "The emergency stop (SysRq-S) was pressed: EEVDF until somebody switches again." :
                                     "Somebody detached the running scheduler: EEVDF until somebody switches again.");
                enter_stop(m, kind == EXIT_KIND_SYSRQ ? STOP_SYSRQ : STOP_DETACHED, NULL);
                manager_set_outcome(m, "EEVDF until somebody switches again");
                break;
        case HEALTH_RESTART:
                manager_set_outcome(m, "starting it again");
                break;
        default:
                manager_set_outcome(m, "falling back");
        }

        /* If the chain is at its end settle() has nothing to start: say where that leaves us. */
        if (!m->pursuing && m->active) {
                PolicyInput in = manager_policy_input(m, m->active);

                if (policy_decide(&in).kind == POLICY_EXHAUSTED) {
                        _cleanup_(freep) char *sequel = manager_sequel(m);

                        manager_set_outcome(m, "back on the kernel's own EEVDF%s", strempty(sequel));
                        log_running(m);
                }
        }
        manager_settle(m);
        manager_publish(m);
}

void manager_on_ejected(Switcher *switcher, const struct scxd_exit_event *exit, void *userdata) {
        take_exit(userdata, exit);
}

/* --- looking --- */

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
        const char *before = foreign_name(m), *after;
        _cleanup_(freep) char *was = before ? strdup(before) : NULL;

        read_kernel(m);
        switcher_check(m->switcher, &m->kernel);
        after = foreign_name(m);
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

/* --- wishes --- */

/* Carries out a switch; takes over q, which may be NULL. */
/* Ends somebody else's scheduler, because a person insists: the kernel's emergency stop is the one way that needs nothing of whoever
 * started it. manager_look() goes on when the kernel has done it. */
static void evict(Manager *m) {
        _cleanup_(closep) int fd = open(m->config->sysrq_trigger, O_WRONLY | O_CLOEXEC);

        log_notice("Ending somebody else's scheduler, %s, because %s insists on %s", foreign_name(m), m->wanted->wish,
                   m->wanted->profile->name);
        if (fd < 0 || write(fd, "S", 1) != 1) {
                _cleanup_(freep) char *why = NULL;

                (void) asprintf(&why, "Somebody else's scheduler, %s, cannot be ended: %s.", foreign_name(m), strerror(errno));
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
        foreign = foreign_name(m);
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

static int describe_uid(uid_t uid, char **ret) {
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

        r = describe_uid(uid, &wish);
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

        r = describe_uid(uid, &by);
        if (r < 0)
                return r;

        manager_look(m);
        if (foreign_name(m))
                return sd_bus_reply_method_errorf(message, BUS_ERROR("Foreign"),
                                                  "Somebody else's scheduler, %s, runs; it was left alone.", foreign_name(m));
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
        enter_stop(m, STOP_CLIENT, by);

        read_kernel(m);
        if (m->kernel.state == KERNEL_STATE_ENABLED && !foreign_name(m))
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
                        take_exit(m, exit);
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
