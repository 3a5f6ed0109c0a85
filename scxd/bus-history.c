/* SPDX-License-Identifier: GPL-2.0-only */
#include "authorize.h"
#include "bus-internal.h"
#include "log.h"
#include "manager-internal.h"

/* The history, the reasons and the quarantine on the bus. */

int bus_append_exit(sd_bus_message *m, const History *h, const HistoryEntry *e) {
        _cleanup_(freep) char *dump = NULL;
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        if (e) {
                (void) history_read_dump(h, e, &dump);
                r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}",
                                          "Id", "t", e->id,
                                          "Scheduler", "s", e->scheduler,
                                          "Profile", "s", e->profile,
                                          "Time", "t", e->realtime_usec,
                                          "Kind", "s", exit_kind_to_string(e->kind),
                                          "KernelKind", "u", e->kernel_kind,
                                          "Code", "t", e->code,
                                          "Reason", "s", e->reason,
                                          "Message", "s", e->message,
                                          "Outcome", "s", e->outcome);
                if (r >= 0 && dump)
                        r = sd_bus_message_append(m, "{sv}", "Dump", "s", dump);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

static bool has_kind(const HistoryEntry *e) {
        return e->event == HISTORY_ENDED || e->event == HISTORY_FAILED || e->event == HISTORY_QUARANTINED;
}

static int append_entry(sd_bus_message *m, const HistoryEntry *e, const char *dump) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}",
                                          "Id", "t", e->id,
                                          "Event", "s", history_event_to_string(e->event),
                                          "Scheduler", "s", e->scheduler,
                                          "Profile", "s", e->profile,
                                          "Time", "t", e->realtime_usec,
                                          "Started", "t", e->started_usec,
                                          "Why", "s", e->why,
                                          "Kind", "s", has_kind(e) ? exit_kind_to_string(e->kind) : "",
                                          "KernelKind", "u", e->kernel_kind,
                                          "Code", "t", e->code,
                                          "Reason", "s", e->reason,
                                          "Message", "s", e->message,
                                          "Outcome", "s", e->outcome,
                                          "HasDump", "b", (int) e->has_dump);
        if (r >= 0 && dump)
                r = sd_bus_message_append(m, "{sv}", "Dump", "s", dump);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r;
}

int method_history(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        const Manager *m = ((ManagerBus *) userdata)->manager;
        _cleanup_(message_unrefp) sd_bus_message *reply = NULL;
        uint32_t max;
        int r;

        r = sd_bus_message_read(call, "u", &max);
        if (r < 0)
                return r;
        r = bus_refuse_options(call);
        if (r != 0)
                return r;
        r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        for (size_t i = m->history.n - MIN(m->history.n, (size_t) max); r >= 0 && i < m->history.n; i++)
                r = append_entry(reply, m->history.entries[i], NULL);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_message_send(reply);
}

int method_history_entry(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        const Manager *m = ((ManagerBus *) userdata)->manager;
        _cleanup_(message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(freep) char *dump = NULL;
        const HistoryEntry *e;
        uint64_t id;
        int r;

        r = sd_bus_message_read(call, "t", &id);
        if (r < 0)
                return r;
        e = history_find(&m->history, id);
        if (!e)
                return sd_bus_reply_method_errorf(call, BUS_ERROR("NoSuchEntry"), "The history has no entry %" PRIu64 ".", id);
        r = history_read_dump(&m->history, e, &dump);
        if (r < 0 && r != -ENOENT)
                log_error_errno(r, "Cannot read the dump of entry %" PRIu64 " of the history", id);
        r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = append_entry(reply, e, dump);
        return r < 0 ? r : sd_bus_message_send(reply);
}

static int append_step(sd_bus_message *m, const PolicyStep *s) {
        uint64_t retry = 0, now = now_usec(CLOCK_MONOTONIC);

        if (s->retry_usec > 0)
                retry = now_usec(CLOCK_REALTIME) + (s->retry_usec > now ? s->retry_usec - now : 0);
        return sd_bus_message_append(m, "a{sv}", 5,
                                     "Step", "s", step_kind_to_string(s->kind),
                                     "Scheduler", "s", s->scheduler,
                                     "State", "s", s->state,
                                     "Text", "s", s->text,
                                     "Retry", "t", retry);
}

int method_explain(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        Manager *m = ((ManagerBus *) userdata)->manager;
        _cleanup_(message_unrefp) sd_bus_message *reply = NULL;
        PolicyStep steps[POLICY_STEPS_MAX];
        int n, r;

        manager_look(m);
        n = manager_derive(m, steps);
        if (n < 0)
                return n;
        r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        for (int i = 0; r >= 0 && i < n; i++)
                r = append_step(reply, &steps[i]);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        policy_steps_done(steps, (size_t) n);
        return r < 0 ? r : sd_bus_message_send(reply);
}

static int reset_failed_authorized(sd_bus_message *call, uid_t uid, void *userdata) {
        const char *scheduler;
        int r;

        r = sd_bus_message_rewind(call, true);
        if (r < 0)
                return r;
        r = sd_bus_message_read(call, "s", &scheduler);
        if (r < 0)
                return r;
        r = bus_refuse_options(call);
        if (r != 0)
                return r;
        return manager_reset_failed(userdata, call, uid, scheduler);
}

int method_reset_failed(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        Manager *m = ((ManagerBus *) userdata)->manager;
        int r = bus_refuse_early(m, call);

        return r != 0 ? r : authorize(call, ACTION_RESET_FAILED, reset_failed_authorized, m);
}

int manager_bus_new_reset_reply(sd_bus_message *call, sd_bus_message **ret) {
        _cleanup_(message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0)
                r = bus_open_entry(reply, "lifted", "as");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "s");
        if (r >= 0)
                *ret = TAKE_PTR(reply);
        return r;
}

int manager_bus_send_reset_reply(sd_bus_message *reply) {
        int r;

        r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = bus_close_entry(reply);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_message_send(reply);
        sd_bus_message_unref(reply);
        return r;
}

static void emit(ManagerBus *b, const char *name, const HistoryEntry *e, bool exit) {
        _cleanup_(message_unrefp) sd_bus_message *signal = NULL;
        int r;

        r = sd_bus_message_new_signal(b->bus, &signal, BUS_PATH, BUS_INTERFACE, name);
        if (r >= 0)
                r = exit ? bus_append_exit(signal, &b->manager->history, e) : append_entry(signal, e, NULL);
        if (r >= 0)
                r = sd_bus_send(b->bus, signal, NULL);
        if (r < 0 && r != -ENOTCONN)
                log_error_errno(r, "Failed to send the signal %s", name);
}

void manager_bus_emit_history(ManagerBus *b, const HistoryEntry *e) {
        if (!b || !b->bus)
                return;
        if (history_entry_is_exit(e) && !exit_kind_is_start_failure(e->kind))
                emit(b, "Ejected", e, true);
        emit(b, "SchedulerChanged", e, false);
}
