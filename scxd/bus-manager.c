/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>

#include "authorize.h"
#include "bus-internal.h"
#include "config.h"
#include "log.h"
#include "manager-internal.h"

static const char *const published_property[_PUBLISHED_MAX] = {
        [PUBLISHED_ACTIVE_PROFILE] = "ActiveProfile",
        [PUBLISHED_ACTIVE_SCHEDULER] = "ActiveScheduler",
        [PUBLISHED_ORIGIN] = "Origin",
        [PUBLISHED_KERNEL_STATE] = "KernelState",
        [PUBLISHED_KERNEL_OPS] = "KernelOps",
        [PUBLISHED_SINCE] = "Since",
        [PUBLISHED_SINCE_MONOTONIC] = "SinceMonotonic",
        [PUBLISHED_WHY] = "Why",
        [PUBLISHED_NEXT] = "NextIfFailed",
        [PUBLISHED_ACTIVITY] = "Activity",
        [PUBLISHED_LAST_EXIT] = "LastExit",
        [PUBLISHED_PROBLEMS] = "Problems",
        [PUBLISHED_FEATURES] = "KernelFeatures",
        [PUBLISHED_BTF_BROKEN] = "KernelBtfBroken",
};

/* --- properties --- */

static char *published_value(const Manager *m, Published p) {
        char *text = NULL;
        int r;

        switch (p) {
        case PUBLISHED_ACTIVE_PROFILE:
                return strdup(manager_active_profile(m));
        case PUBLISHED_ACTIVE_SCHEDULER:
                return strdup(manager_active_scheduler(m));
        case PUBLISHED_ORIGIN:
                return strdup(manager_origin(m));
        case PUBLISHED_KERNEL_STATE:
                return strdup(kernel_state_to_string(m->kernel.state));
        case PUBLISHED_KERNEL_OPS:
                return strdup(m->kernel.ops);
        case PUBLISHED_WHY:
                return manager_why(m);
        case PUBLISHED_NEXT:
                return strdup(manager_next_if_failed(m));
        case PUBLISHED_ACTIVITY:
                return strdup(manager_activity_to_string(manager_activity(m)));
        case PUBLISHED_SINCE:
                r = asprintf(&text, "%" PRIu64, m->since_realtime);
                break;
        case PUBLISHED_SINCE_MONOTONIC:
                r = asprintf(&text, "%" PRIu64, m->since_monotonic);
                break;
        case PUBLISHED_LAST_EXIT:
                r = asprintf(&text, "%" PRIu64, m->exit_generation);
                break;
        case PUBLISHED_PROBLEMS:
                r = asprintf(&text, "%p", (void *) m->problems);
                break;
        case PUBLISHED_FEATURES:
                r = asprintf(&text, "%" PRIx64, m->features.mask);
                break;
        case PUBLISHED_BTF_BROKEN:
                r = asprintf(&text, "%u", m->features.broken_btf);
                break;
        default:
                assert(false);
        }
        return r < 0 ? NULL : text;
}

void manager_bus_publish(ManagerBus *b) {
        char *changed[_PUBLISHED_MAX + 1];
        size_t n = 0;

        if (!b)
                return;
        for (Published p = 0; p < _PUBLISHED_MAX; p++) {
                char *v = published_value(b->manager, p);

                if (!v || streq_ptr(v, b->published[p])) {
                        free(v);
                        continue;
                }
                free(b->published[p]);
                b->published[p] = v;
                changed[n++] = (char *) published_property[p];
        }
        changed[n] = NULL;
        if (n > 0 && b->bus) {
                int r = sd_bus_emit_properties_changed_strv(b->bus, BUS_PATH, BUS_INTERFACE, changed);

                if (r < 0 && r != -ENOTCONN)
                        log_error_errno(r, "Failed to tell the bus what changed");
        }
}

/* Text properties, by the same function that change signals compare with. */
static int get_text(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                    void *userdata, sd_bus_error *error) {
        ManagerBus *b = userdata;

        manager_look(b->manager);
        for (Published p = 0; p < _PUBLISHED_MAX; p++)
                if (streq(published_property[p], property)) {
                        _cleanup_(freep) char *v = published_value(b->manager, p);

                        if (!v)
                                return -ENOMEM;
                        return sd_bus_message_append(reply, "s", v);
                }
        return -EINVAL;
}

static int get_since(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                     void *userdata, sd_bus_error *error) {
        const Manager *m = ((ManagerBus *) userdata)->manager;

        return sd_bus_message_append(reply, "t", streq(property, "Since") ? m->since_realtime : m->since_monotonic);
}

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                       void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", SCXD_VERSION);
}

static int get_last_exit(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                         void *userdata, sd_bus_error *error) {
        const Manager *m = ((ManagerBus *) userdata)->manager;

        return bus_append_exit(reply, &m->history, history_last_exit(&m->history));
}

static int get_problems(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                        void *userdata, sd_bus_error *error) {
        const Manager *m = ((ManagerBus *) userdata)->manager;

        return sd_bus_message_append_strv(reply, m->problems);
}

static int get_features(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                        void *userdata, sd_bus_error *error) {
        const Manager *m = ((ManagerBus *) userdata)->manager;
        char *names[_KERNEL_FEATURE_MAX + 1];
        size_t n = 0;

        for (KernelFeature f = 0; f < _KERNEL_FEATURE_MAX; f++)
                if (kernel_features_has(&m->features, f))
                        names[n++] = (char *) kernel_feature_to_string(f);
        names[n] = NULL;
        return sd_bus_message_append_strv(reply, names);
}

static int get_btf_broken(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                          void *userdata, sd_bus_error *error) {
        const Manager *m = ((ManagerBus *) userdata)->manager;

        return sd_bus_message_append(reply, "b", (int) m->features.broken_btf);
}

/* --- wishes --- */

/* Reads the options; force (may be NULL where it is not one of them) is the only one so far. An unknown one must not be taken for
 * granted. Returns 0, or what to return after an answer was sent. */
static int read_options(sd_bus_message *call, bool *force) {
        int r;

        r = sd_bus_message_enter_container(call, 'a', "{sv}");
        if (r < 0)
                return r;
        for (;;) {
                const char *key;
                int value;

                r = sd_bus_message_enter_container(call, 'e', "sv");
                if (r <= 0)
                        break;
                r = sd_bus_message_read(call, "s", &key);
                if (r < 0)
                        return r;
                if (!force || !streq(key, "force")) {
                        r = sd_bus_reply_method_errorf(call, SD_BUS_ERROR_INVALID_ARGS, "Unknown option '%.64s'.", key);
                        return r < 0 ? r : 1;
                }
                r = sd_bus_message_read(call, "v", "b", &value);
                if (r < 0) {
                        r = sd_bus_reply_method_errorf(call, SD_BUS_ERROR_INVALID_ARGS, "Option 'force' is not a boolean.");
                        return r < 0 ? r : 1;
                }
                *force = value;
                r = sd_bus_message_exit_container(call);
                if (r < 0)
                        return r;
        }
        return r;
}

int bus_refuse_options(sd_bus_message *call) {
        return read_options(call, NULL);
}

static int switch_authorized(sd_bus_message *call, uid_t uid, void *userdata) {
        Manager *m = userdata;
        const char *profile;
        bool force = false;
        int r;

        r = sd_bus_message_rewind(call, true);
        if (r < 0)
                return r;
        r = sd_bus_message_read(call, "s", &profile);
        if (r < 0)
                return r;
        if (!catalog_name_is_valid(profile))
                return sd_bus_reply_method_errorf(call, BUS_ERROR("NoSuchProfile"), "'%.64s' is no name of a profile.", profile);
        r = read_options(call, &force);
        if (r != 0)
                return r;
        return manager_switch(m, call, uid, profile, force);
}

static int stop_authorized(sd_bus_message *call, uid_t uid, void *userdata) {
        int r;

        r = sd_bus_message_rewind(call, true);
        if (r < 0)
                return r;
        r = read_options(call, NULL);
        if (r != 0)
                return r;
        return manager_stop(userdata, call, uid);
}

static int reload_authorized(sd_bus_message *call, uid_t uid, void *userdata) {
        int r;

        r = sd_bus_message_rewind(call, true);
        if (r < 0)
                return r;
        r = read_options(call, NULL);
        if (r != 0)
                return r;
        return manager_reload(userdata, call);
}

/* Clients look for the name, which we take when we are ready; only who knows our unique name can be earlier. */
int bus_refuse_early(const Manager *m, sd_bus_message *call) {
        return m->ready ? 0 : sd_bus_reply_method_errorf(call, SD_BUS_ERROR_FAILED, "scxd is still starting.");
}

static int method_switch(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        Manager *m = ((ManagerBus *) userdata)->manager;
        int r = bus_refuse_early(m, call);

        return r != 0 ? r : authorize(call, ACTION_SWITCH, switch_authorized, m);
}

static int method_stop(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        Manager *m = ((ManagerBus *) userdata)->manager;
        int r = bus_refuse_early(m, call);

        return r != 0 ? r : authorize(call, ACTION_STOP, stop_authorized, m);
}

static int method_reload(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        Manager *m = ((ManagerBus *) userdata)->manager;
        int r = bus_refuse_early(m, call);

        return r != 0 ? r : authorize(call, ACTION_RELOAD, reload_authorized, m);
}

static int answer_switch(const Manager *m, const Request *q, sd_bus_message *call) {
        _cleanup_(message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(freep) char *why = manager_why(m);
        int r;

        r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(reply, "{sv}{sv}{sv}",
                                          "profile", "s", manager_active_profile(m),
                                          "scheduler", "s", manager_active_scheduler(m),
                                          "why", "s", strempty(why));
        if (r >= 0)
                r = bus_open_entry(reply, "warnings", "as");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "s");
        for (size_t i = 0; r >= 0 && i < q->n_warnings; i++)
                r = sd_bus_message_append(reply, "s", q->warnings[i]);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = bus_close_entry(reply);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_message_send(reply);
        return r;
}

void manager_bus_answer_switch(Manager *m, Request *q) {
        for (size_t i = 0; i < q->n_waiters; i++) {
                int r = answer_switch(m, q, q->waiters[i]);

                if (r < 0)
                        log_error_errno(r, "Failed to answer a client");
        }
}

void manager_bus_answer_reload(Manager *m, Request *q) {
        for (size_t i = 0; i < q->n_waiters; i++) {
                int r = sd_bus_reply_method_return(q->waiters[i], "a{sv}", 2,
                                                   "profiles", "u", (uint32_t) catalog_n_profiles(m->catalog),
                                                   "schedulers", "u", (uint32_t) catalog_n_schedulers(m->catalog));

                if (r < 0)
                        log_error_errno(r, "Failed to answer a client");
        }
}

const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Switch", SD_BUS_ARGS("s", profile, "a{sv}", options), SD_BUS_RESULT("a{sv}", result),
                                method_switch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Stop", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("a{sv}", result),
                                method_stop, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("a{sv}", result),
                                method_reload, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListProfiles", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", profiles),
                                method_list_profiles, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListSchedulers", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", schedulers),
                                method_list_schedulers, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("History", SD_BUS_ARGS("u", max, "a{sv}", options), SD_BUS_RESULT("aa{sv}", entries),
                                method_history, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("HistoryEntry", SD_BUS_ARGS("t", id), SD_BUS_RESULT("a{sv}", entry),
                                method_history_entry, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Explain", SD_BUS_NO_ARGS, SD_BUS_RESULT("aa{sv}", steps),
                                method_explain, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ResetFailed", SD_BUS_ARGS("s", scheduler, "a{sv}", options), SD_BUS_RESULT("a{sv}", result),
                                method_reset_failed, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("Ejected", SD_BUS_ARGS("a{sv}", exit), 0),
        SD_BUS_SIGNAL_WITH_ARGS("SchedulerChanged", SD_BUS_ARGS("a{sv}", entry), 0),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("ActiveProfile", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ActiveScheduler", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Origin", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("KernelState", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("KernelOps", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Since", "t", get_since, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("SinceMonotonic", "t", get_since, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Why", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("NextIfFailed", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Activity", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("LastExit", "a{sv}", get_last_exit, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Problems", "as", get_problems, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("KernelFeatures", "as", get_features, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("KernelBtfBroken", "b", get_btf_broken, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};
