/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <sys/utsname.h>

#include "bus-manager.h"
#include "log-ids.h"
#include "log.h"
#include "manager-internal.h"
#include "units.h"

/* What ends, fails and is tried again, and the history of all that. */

/* --- noting --- */

static void add(Manager *m, HistoryEntry *e) {
        history_add(&m->history, e);
        m->exit_generation++;
}

static void forget_run(Manager *m) {
        m->run_scheduler = mfree(m->run_scheduler);
        m->run_profile = mfree(m->run_profile);
        m->run_since = 0;
}

void manager_note_run(Manager *m, bool started) {
        _cleanup_(history_entry_freep) HistoryEntry *e = NULL;
        _cleanup_(freep) char *why = manager_why(m);
        const char *profile = manager_active_profile(m);
        uint64_t now = now_usec(CLOCK_REALTIME);
        int r;

        if (!started && (!m->run_scheduler || streq(m->run_profile, profile)))
                return;
        r = history_entry_new(started ? HISTORY_STARTED : HISTORY_ADJUSTED, activation_current_name(m->active), profile, now, &e);
        if (r >= 0)
                r = history_entry_set_why(e, why);
        if (r >= 0 && (free_and_strdup(&m->run_scheduler, e->scheduler) < 0 || free_and_strdup(&m->run_profile, profile) < 0))
                r = -ENOMEM;
        if (r < 0) {
                log_error_errno(r, "Cannot note a start in the history");
                return;
        }
        if (started)
                m->run_since = now;
        add(m, TAKE_PTR(e));
}

static void note(Manager *m, HistoryEvent event, const char *scheduler, const char *profile, uint64_t started, ExitKind kind,
                 const struct scxd_exit_event *exit, const char *message, const char *why) {
        _cleanup_(history_entry_freep) HistoryEntry *e = NULL;
        int r;

        r = history_entry_new(event, scheduler, profile, now_usec(CLOCK_REALTIME), &e);
        if (r >= 0)
                r = history_entry_set_words(e, exit ? exit->reason : NULL, message || !exit ? message : exit->message,
                                            exit ? exit->dump : NULL);
        if (r >= 0)
                r = history_entry_set_why(e, why);
        if (r < 0) {
                log_error_errno(r, "Cannot note the end of %s", scheduler);
                return;
        }
        e->started_usec = started;
        e->kind = kind;
        e->kernel_kind = exit ? exit->kind : 0;
        e->code = exit ? exit->code : 0;
        add(m, TAKE_PTR(e));
}

void manager_note_end(Manager *m, ExitKind kind, const struct scxd_exit_event *exit, const char *message, const char *why) {
        if (!m->run_scheduler)
                return;
        note(m, HISTORY_ENDED, m->run_scheduler, m->run_profile, m->run_since, kind, exit, message, why);
        forget_run(m);
}

void manager_note_failure(Manager *m, const char *scheduler, const char *profile, ExitKind kind, const struct scxd_exit_event *exit,
                          const char *message) {
        note(m, HISTORY_FAILED, scheduler, profile, 0, kind, exit, message, NULL);
}

void manager_set_outcome(Manager *m, const char *format, ...) {
        HistoryEntry *e = history_last_exit(&m->history);
        _cleanup_(freep) char *text = NULL;
        va_list ap;
        int r;

        if (!e)
                return;
        va_start(ap, format);
        r = vasprintf(&text, format, ap);
        va_end(ap);
        if (r < 0) {
                text = NULL;
                return;
        }
        if (history_entry_set_outcome(e, text) >= 0)
                m->exit_generation++;
}

char *manager_sequel(const Manager *m) {
        const HistoryEntry *e = history_last_exit(&m->history);
        uint64_t now = now_usec(CLOCK_MONOTONIC);
        char duration[DURATION_MAX], *text;

        for (size_t i = 0; e && m->active && i < m->active->profile->n_candidates; i++) {
                const CandidateOut *out = &m->active->outs[i];

                if (!m->active->failures[i] || !streq(m->active->profile->candidates[i].scheduler, e->scheduler))
                        continue;
                if (out->kind == OUT_QUARANTINED)
                        return strdup("; it failed too often and is in quarantine");
                /* Rounded, as the timer is. */
                if (out->kind == OUT_WAITING && out->retry_usec > now)
                        return asprintf(&text, "; it is tried again in %s",
                                        format_duration(duration, MAX((out->retry_usec - now + USEC_PER_SEC / 2) / USEC_PER_SEC, UINT64_C(1)) *
                                                        USEC_PER_SEC, 2)) < 0 ? NULL : text;
        }
        return strdup("");
}

/* --- telling --- */

static void tell(const HistoryEntry *e) {
        _cleanup_(freep) char *f_scheduler = NULL, *f_profile = NULL, *f_kind = NULL, *f_code = NULL, *f_id = NULL;
        const char *fields[6] = {};

        if (asprintf(&f_scheduler, "SCXD_SCHEDULER=%s", e->scheduler) < 0 || asprintf(&f_profile, "SCXD_PROFILE=%s", e->profile) < 0 ||
            asprintf(&f_kind, "SCXD_EXIT_KIND=%s", exit_kind_to_string(e->kind)) < 0 ||
            asprintf(&f_code, "SCXD_EXIT_CODE=%" PRIu64, e->code) < 0 || asprintf(&f_id, "SCXD_HISTORY_ID=%" PRIu64, e->id) < 0) {
                log_error("Out of memory: entry %" PRIu64 " of the history is not told", e->id);
                return;
        }
        fields[0] = f_scheduler;
        fields[1] = f_profile;
        fields[2] = f_id;

        switch (e->event) {
        case HISTORY_STARTED:
        case HISTORY_ADJUSTED:  /* told when the kernel runs it */
                return;
        case HISTORY_QUARANTINED:
                log_structured(LOG_WARNING, SCXD_MESSAGE_QUARANTINED_STR, fields,
                               "%s failed too often and is not started any more: it %s. \"scxctl reset-failed %s\" lifts that", e->scheduler,
                               e->why, e->scheduler);
                return;
        case HISTORY_LIFTED:
                log_structured(LOG_NOTICE, SCXD_MESSAGE_LIFTED_STR, fields, "%s is out of quarantine: %s", e->scheduler, e->why);
                return;
        default:
                break;
        }

        fields[3] = f_kind;
        fields[4] = f_code;
        if (e->kind == EXIT_KIND_STOPPED)
                log_structured(LOG_INFO, SCXD_MESSAGE_STOPPED_STR, fields, "%s was ended by scxd%s%s", e->scheduler, e->why[0] ? ": " : "",
                               e->why);
        else if (exit_kind_is_start_failure(e->kind))
                log_structured(LOG_WARNING, SCXD_MESSAGE_START_FAILED_STR, fields, "%s %s%s%s", e->scheduler, exit_kind_describe(e->kind),
                               e->message[0] ? ": " : "", e->message);
        else
                log_structured(e->kind == EXIT_KIND_SYSRQ ? LOG_NOTICE : LOG_WARNING,
                               e->kind == EXIT_KIND_SYSRQ ? SCXD_MESSAGE_EMERGENCY_STOP_STR : SCXD_MESSAGE_EJECTED_STR, fields,
                               "%s %s%s%s%s%s", e->scheduler, exit_kind_describe(e->kind), e->reason[0] ? ": " : "", e->reason,
                               e->message[0] ? ": " : "", e->message);
}

static void save(Manager *m) {
        int r;

        r = history_save(&m->history);
        if (r < 0 && !m->history_lost)
                log_structured(LOG_WARNING, SCXD_MESSAGE_HISTORY_LOST_STR, NULL,
                               "The history cannot be saved in %s and will not outlive a restart: %s", m->history.directory, strerror(-r));
        m->history_lost = r < 0;

        if (!m->quarantine.dirty)
                return;
        r = quarantine_save(m->config->state_directory, m->boot, &m->quarantine);
        if (r < 0)
                log_structured(LOG_WARNING, SCXD_MESSAGE_STATE_LOST_STR, NULL,
                               "What failed cannot be saved in %s and will be forgotten over a restart: %s", m->config->state_directory,
                               strerror(-r));
}

void manager_announce(Manager *m) {
        for (size_t i = 0; i < m->history.n; i++) {
                HistoryEntry *e = m->history.entries[i];

                if (e->announced)
                        continue;
                e->announced = true;
                tell(e);
                manager_bus_emit_history(m->bus, e);
        }
        save(m);
}

/* --- judging --- */

static void quarantine(Manager *m, const Scheduler *s, const char *profile, ExitKind kind, const char *why) {
        QuarantineEntry *e = quarantine_find(&m->quarantine, s->name, s->object_path);

        if (!e || quarantine_put(&m->quarantine, e, now_usec(CLOCK_REALTIME), why) < 0)
                log_error("Out of memory: the quarantine of %s will not outlive its profile", s->name);
        note(m, HISTORY_QUARANTINED, s->name, profile, 0, kind, NULL, NULL, why);
}

HealthVerdict manager_judge(Manager *m, Activation *a, size_t candidate, ExitKind kind, uint64_t code, const char *message,
                            bool may_restart) {
        const Scheduler *s = activation_scheduler(a, candidate);
        QuarantineEntry *e = quarantine_find(&m->quarantine, s->name, s->object_path);
        uint64_t now = now_usec(CLOCK_MONOTONIC);
        _cleanup_(freep) char *why = NULL, *text = NULL;
        ObjectIdentity object;
        HealthDecision d;
        OutKind out;
        int r;

        object_identity_read(s->object_path, &object);
        if (e && !object_identity_equal(&e->identity, &object))
                e = NULL;       /* of another build */
        d = health_judge(&(HealthInput) {
                .kind = kind,
                .code = code,
                .recent_restarts = may_restart ? activation_recent_restarts(a, now) : HEALTH_RESTARTS_MAX,
                .failures = e ? e->failures : NULL,
                .n_failures = e ? e->n_failures : 0,
                .restarts_max = a->profile->restarts_max,
                .restarts_window_usec = a->profile->restarts_window_usec,
                .backoff_usec = m->config->backoff_usec,
                .now_usec = now,
        });
        if (d.verdict == HEALTH_RESTART)
                activation_note_restart(a, now);
        if (d.verdict == HEALTH_RESTART || d.verdict == HEALTH_STAY)
                return d.verdict;

        if (exit_kind_is_start_failure(kind))
                r = asprintf(&why, "could not be started (%s)", strempty(message));
        else
                r = asprintf(&why, "%s%s%s", exit_kind_describe(kind), message && message[0] ? ": " : "", strempty(message));
        if (r < 0) {
                why = NULL;
                goto memory;
        }
        why[strcspn(why, "\n")] = '\0';

        if (d.n_failures > 0) {
                r = quarantine_note_failure(&m->quarantine, s->name, s->object_path, &object, kind, now);
                if (r < 0)
                        log_error_errno(r, "Cannot note a failure of %s", s->name);
        }
        out = d.verdict == HEALTH_LATER ? OUT_WAITING : d.verdict == HEALTH_QUARANTINE ? OUT_QUARANTINED : OUT_START_FAILED;
        if (out == OUT_QUARANTINED) {
                quarantine(m, s, a->profile->name, kind, why);
                if (asprintf(&text, "is in quarantine, because it failed too often: it %s", why) < 0) {
                        text = NULL;
                        goto memory;
                }
        }
        if (activation_fail(a, candidate, out, now + d.delay_usec, text ? text : why) >= 0)
                return d.verdict;

memory:
        log_error("Out of memory");
        return d.verdict;
}

/* --- trying again --- */

void manager_postpone_retry(Manager *m) {
        size_t i = m->retried - 1;

        if (m->retried == 0)
                return;
        m->retried = 0;
        m->active->outs[i].retry_usec = now_usec(CLOCK_MONOTONIC) + m->config->backoff_usec;
}

/* Whether anything can be done about a candidate that waits. */
static bool retry_makes_sense(const Manager *m, size_t candidate) {
        PolicyInput in = manager_policy_input(m, m->active);

        in.retried = candidate + 1;
        return policy_decide(&in).kind == POLICY_SCHEDULER;
}

void manager_arm_retry(Manager *m) {
        _cleanup_(freep) char *f_scheduler = NULL;
        uint64_t usec = 0, now = now_usec(CLOCK_MONOTONIC);
        size_t i = ACTIVATION_EEVDF;

        if (m->ready && m->active && !m->pursuing)
                i = activation_next_retry(m->active, &usec);
        if (i == ACTIVATION_EEVDF || !retry_makes_sense(m, i)) {
                m->retry_usec = 0;
                (void) sd_event_source_set_enabled(m->retry, SD_EVENT_OFF);
                return;
        }
        if (usec == m->retry_usec)
                return;
        m->retry_usec = usec;
        (void) sd_event_source_set_time(m->retry, usec);
        (void) sd_event_source_set_enabled(m->retry, SD_EVENT_ONESHOT);
        if (usec > now) {
                const char *name = m->active->profile->candidates[i].scheduler;
                const char *fields[2] = {};
                char duration[DURATION_MAX];

                if (asprintf(&f_scheduler, "SCXD_SCHEDULER=%s", name) >= 0)
                        fields[0] = f_scheduler;
                log_structured(LOG_INFO, SCXD_MESSAGE_RETRY_STR, fields, "%s is tried again in %s", name,
                               format_duration(duration, (usec - now) / USEC_PER_MSEC * USEC_PER_MSEC, 2));
        }
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *m = userdata;
        uint64_t due, now = now_usec(CLOCK_MONOTONIC);
        size_t i;

        m->retry_usec = 0;
        manager_look(m);
        while (m->active && !m->pursuing) {
                i = activation_next_retry(m->active, &due);
                if (i == ACTIVATION_EEVDF || due > now || !retry_makes_sense(m, i))
                        break;
                if (switcher_has_current(m->switcher) && m->active->current < i) {
                        activation_clear(m->active, i); /* only a fallback again; a better one runs */
                        manager_settle(m);
                        continue;
                }
                m->retried = i + 1;
                manager_pursue(m);
        }
        manager_publish(m);
        return 0;
}

/* A candidate of what is in force is to be tried again now. */
static void hurry(Manager *m, size_t i) {
        m->active->outs[i] = (CandidateOut) { .kind = OUT_WAITING, .retry_usec = now_usec(CLOCK_MONOTONIC) };
}

static void on_lifted(const QuarantineEntry *e, const char *why, void *userdata) {
        Manager *m = userdata;

        for (size_t i = 0; m->active && i < m->active->profile->n_candidates; i++)
                if (m->active->failures[i] && m->active->outs[i].kind == OUT_QUARANTINED &&
                    streq(m->active->profile->candidates[i].scheduler, e->scheduler))
                        hurry(m, i);
        if (e->quarantined)
                note(m, HISTORY_LIFTED, e->scheduler, NULL, 0, EXIT_KIND_STOPPED, NULL, NULL, why);
}

void manager_review(Manager *m) {
        quarantine_refresh(&m->quarantine, m->release, on_lifted, m);
        for (size_t i = 0; m->active && i < m->active->profile->n_candidates; i++) {
                const Scheduler *s = activation_scheduler(m->active, i);
                ObjectIdentity now;

                if (!m->active->failures[i] || m->active->outs[i].kind != OUT_START_FAILED || !s)
                        continue;
                object_identity_read(s->object_path, &now);
                if (!object_identity_equal(&now, &m->active->outs[i].object))
                        hurry(m, i);
        }
}

typedef struct Reset {
        Manager *manager;
        sd_bus_message *reply;
        const char *by;
        int error;
} Reset;

static void on_reset(const QuarantineEntry *e, const char *why, void *userdata) {
        _cleanup_(freep) char *text = NULL;
        Reset *r = userdata;

        if (asprintf(&text, "%s lifted it", r->by) < 0)
                text = NULL;
        on_lifted(e, strempty(text), r->manager);
        if (e->quarantined && r->error >= 0)
                r->error = sd_bus_message_append(r->reply, "s", e->scheduler);
}

static bool is_known(const Manager *m, const char *scheduler) {
        for (size_t i = 0; i < m->quarantine.n; i++)
                if (streq(m->quarantine.entries[i].scheduler, scheduler))
                        return true;
        return catalog_find_scheduler(m->catalog, scheduler);
}

int manager_reset_failed(Manager *m, sd_bus_message *message, uid_t uid, const char *scheduler) {
        _cleanup_(freep) char *by = NULL;
        Reset reset = { .manager = m };
        int r;

        if (scheduler[0] && !is_known(m, scheduler))
                return sd_bus_reply_method_errorf(message, BUS_ERROR("NoSuchScheduler"), "No scheduler %.64s is defined.", scheduler);
        r = manager_describe_uid(uid, &by);
        if (r < 0)
                return r;

        reset.by = by;
        r = manager_bus_new_reset_reply(message, &reset.reply);
        if (r < 0)
                return r;
        (void) quarantine_reset(&m->quarantine, scheduler, on_reset, &reset);
        for (size_t i = 0; m->active && i < m->active->profile->n_candidates; i++)
                if (m->active->failures[i] && m->active->outs[i].kind != OUT_UNUSABLE &&
                    (!scheduler[0] || streq(m->active->profile->candidates[i].scheduler, scheduler)))
                        hurry(m, i);
        if (reset.error < 0)
                sd_bus_message_unref(reset.reply);
        r = reset.error < 0 ? reset.error : manager_bus_send_reset_reply(reset.reply);
        manager_announce(m);
        manager_publish(m);
        return r;
}

int manager_derive(const Manager *m, PolicyStep steps[static POLICY_STEPS_MAX]) {
        PolicyInput in = manager_policy_input(m, m->active);

        return policy_derive(&in, switcher_has_current(m->switcher), steps);
}

/* --- life --- */

static void read_boot_id(char *ret, size_t size) {
        _cleanup_(freep) char *text = NULL;

        ret[0] = '\0';
        if (store_read_file("/proc/sys/kernel/random", "boot_id", 256, &text) < 0)
                return;
        text[strcspn(text, "\n")] = '\0';
        (void) snprintf(ret, size, "%s", text);
}

int manager_health_init(Manager *m) {
        struct utsname u;
        int r;

        read_boot_id(m->boot, sizeof(m->boot));
        if (uname(&u) < 0)
                return -errno;
        (void) snprintf(m->release, sizeof(m->release), "%s", u.release);
        r = sd_event_add_time(m->event, &m->retry, CLOCK_MONOTONIC, 0, 0, on_retry, m);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(m->retry, SD_EVENT_OFF);
}

void manager_recall(Manager *m) {
        _cleanup_(freep) char *directory = NULL;
        const HistoryEntry *run;
        const char *profile;
        size_t skipped = 0;
        int r;

        r = asprintf(&directory, "%s/history", m->config->state_directory);
        if (r < 0)
                directory = NULL;
        r = r < 0 ? -ENOMEM : history_open(&m->history, directory, &skipped);
        if (r < 0) {
                log_structured(LOG_WARNING, SCXD_MESSAGE_HISTORY_LOST_STR, NULL,
                               "The history in %s cannot be used; what happens now will not outlive a restart: %s", strempty(directory),
                               strerror(-r));
                m->history_lost = true;
        }
        if (skipped > 0)
                log_structured(LOG_WARNING, SCXD_MESSAGE_HISTORY_LOST_STR, NULL,
                               "%zu entries of the history in %s cannot be understood and are passed over", skipped, directory);

        r = quarantine_load(m->config->state_directory, m->boot, &m->quarantine);
        if (r < 0)
                log_structured(LOG_WARNING, SCXD_MESSAGE_STATE_LOST_STR, NULL, "What failed earlier cannot be read from %s%s: %s",
                               m->config->state_directory, r == -EBADMSG ? " and was set aside" : "",
                               r == -EBADMSG ? "the file is corrupt" : strerror(-r));

        run = history_open_run(&m->history, &profile);
        if (run && free_and_strdup(&m->run_scheduler, run->scheduler) >= 0 && free_and_strdup(&m->run_profile, profile) >= 0)
                m->run_since = run->realtime_usec;
        manager_review(m);
}

void manager_health_done(Manager *m) {
        sd_event_source_disable_unref(m->retry);
        forget_run(m);
        history_done(&m->history);
        quarantine_done(&m->quarantine);
}
