/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>

#include "bus-manager.h"
#include "log.h"
#include "manager-internal.h"
#include "test-step.h"

/* Carries out what policy decides: down the chain until something runs, or EEVDF; and what follows when that ends. */

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

        manager_read_kernel(m);
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
                manager_restart_since(m);
                m->active->adopted = false;
        }
        test_step("committed");
        manager_announce(m);
        manager_log_running(m);
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

        manager_read_kernel(m);
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
                manager_restart_since(m);       /* what runs again was interrupted */

        if (result->emergency_stop) {
                manager_drop_pursuit(m, BUS_ERROR("Superseded"), "The emergency stop (SysRq-S) was pressed: EEVDF until somebody switches again.");
                manager_enter_stop(m, STOP_SYSRQ, NULL);
                manager_set_outcome(m, "EEVDF until somebody switches again");
                manager_publish(m);
                return;
        }
        if (result->error == -EBUSY && manager_foreign(m)) {
                _cleanup_(freep) char *text = NULL;

                (void) asprintf(&text, "Somebody else's scheduler, %s, runs; it was left alone.", manager_foreign(m));
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
                _cleanup_(freep) char *why = NULL;
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
                if (asprintf(&why, "scxd-loader (%s) cannot be run: %s", m->config->loader_path, strerror(-r)) < 0)
                        why = NULL;
                manager_note_failure(m, scheduler->name, a->profile->name, EXIT_KIND_LOAD_FAILED, NULL, strempty(why));
                if (m->request)
                        (void) request_add_warning(m->request, scheduler->name, strempty(why));
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
void manager_take_exit(Manager *m, const struct scxd_exit_event *exit) {
        ExitKind kind = exit ? exit_kind_from_kernel(exit->kind) : EXIT_KIND_VANISHED;
        Activation *a = m->active;
        size_t candidate = a->current;

        manager_read_kernel(m);
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
                manager_enter_stop(m, kind == EXIT_KIND_SYSRQ ? STOP_SYSRQ : STOP_DETACHED, NULL);
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
                        manager_log_running(m);
                }
        }
        manager_settle(m);
        manager_publish(m);
}

void manager_on_ejected(Switcher *switcher, const struct scxd_exit_event *exit, void *userdata) {
        manager_take_exit(userdata, exit);
}
