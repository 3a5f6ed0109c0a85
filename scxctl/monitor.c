/* SPDX-License-Identifier: GPL-2.0-only */
#include "scxctl.h"

#include <signal.h>
#include <stdio.h>
#include <systemd/sd-event.h>

typedef struct Monitor {
        Client *client;
        sd_event *event;
        sd_json_variant *state;         /* all properties as last heard; NULL while the daemon is away */
        sd_json_variant *exit;          /* the last exit that was told, however it was heard of */
        sd_bus_slot *call;              /* GetAll under way */
        bool seen;                      /* the daemon was there before */
} Monitor;

static void monitor_done(Monitor *m) {
        sd_bus_slot_unref(m->call);
        sd_json_variant_unref(m->state);
        sd_json_variant_unref(m->exit);
        sd_event_unref(m->event);
}

/* Each event goes out at once, and when nobody reads any more there is nothing left to do. */
static int monitor_flush(Monitor *m) {
        if (output_finish(&m->client->out) < 0)
                return sd_event_exit(m->event, EXIT_FAILED);
        return 0;
}

static void tell_line(Monitor *m, Style style, const char *format, ...) _printf_(3, 4);

static void tell_line(Monitor *m, Style style, const char *format, ...) {
        _cleanup_(freep) char *text = NULL;
        time_t now = time(NULL);
        char when[64] = "";
        va_list arguments;
        struct tm tm;
        int r;

        va_start(arguments, format);
        r = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (r < 0)
                text = NULL;
        if (localtime_r(&now, &tm))
                (void) strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
        output_line(&m->client->out, style, "%s  %s", when, text ? text : "out of memory");
}

static void tell_json(Monitor *m, const char *event, const char *key, sd_json_variant *value) {
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *v = NULL;
        int r;

        r = sd_json_buildo(&v, SD_JSON_BUILD_PAIR_STRING("event", event),
                           SD_JSON_BUILD_PAIR_UNSIGNED("time", clock_usec(CLOCK_REALTIME)));
        if (r >= 0 && key)
                r = sd_json_variant_set_field(&v, key, value);
        if (r < 0)
                m->client->out.error = m->client->out.error ?: r;
        else
                output_json(&m->client->out, v, false);
}

static void tell_headline(Monitor *m) {
        const char *why = json_text(m->state, "why");
        _cleanup_(freep) char *headline = NULL;
        Style style = STYLE_PLAIN;

        headline = state_headline(m->state, &style);
        tell_line(m, style, "%s%s%s%s", headline ? headline : "out of memory", *why ? " (" : "", why, *why ? ")" : "");
}

static bool same_exit(sd_json_variant *a, sd_json_variant *b) {
        static const char *const texts[] = { "scheduler", "profile", "kind", "reason", "message" };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (!streq(json_text(a, texts[i]), json_text(b, texts[i])))
                        return false;
        return json_number(a, "time") == json_number(b, "time") && json_number(a, "code") == json_number(b, "code");
}

/* The same end is heard of twice, by the signal and by the property, and what became of it perhaps later. */
static void tell_exit(Monitor *m, sd_json_variant *exit) {
        const char *scheduler = json_text(exit, "scheduler"), *outcome = json_text(exit, "outcome");
        _cleanup_(freep) char *description = NULL;

        if (json_length(exit) == 0)
                return;
        if (!m->exit || !same_exit(m->exit, exit)) {
                description = exit_describe(exit);
                tell_line(m, STYLE_WARNING, "%s %s%s%s", scheduler, strempty(description), *outcome ? "; then: " : "", outcome);
        } else if (*outcome && !streq(outcome, json_text(m->exit, "outcome")))
                tell_line(m, STYLE_PLAIN, "after the end of %s: %s", scheduler, outcome);
        sd_json_variant_unref(m->exit);
        m->exit = sd_json_variant_ref(exit);
}

static bool one_of(const char *name, const char *const *names, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (streq(name, names[i]))
                        return true;
        return false;
}

/* Tells what differs from the state known before. m->state is already the new one. */
static void tell_changes(Monitor *m, sd_json_variant *old, sd_json_variant *changes) {
        static const char *const in_headline[] = { "active_profile", "active_scheduler", "origin", "why", "since" };
        static const char *const unsaid[] = { "since_monotonic", "kernel_ops" };
        bool headline_told = false;

        for (size_t i = 0; i + 1 < json_length(changes); i += 2) {
                const char *name = json_text_at(changes, i);
                sd_json_variant *value = json_at(changes, i + 1), *before = sd_json_variant_by_key(old, name);

                if (one_of(name, unsaid, ELEMENTSOF(unsaid)) || (before && sd_json_variant_equal(before, value)))
                        continue;
                if (one_of(name, in_headline, ELEMENTSOF(in_headline))) {
                        if (!headline_told)
                                tell_headline(m);
                        headline_told = true;
                } else if (streq(name, "activity"))
                        tell_line(m, STYLE_PLAIN, "scxd is %s", json_text(m->state, "activity"));
                else if (streq(name, "kernel_state"))
                        tell_line(m, STYLE_PLAIN, "sched_ext is %s", json_text(m->state, "kernel_state"));
                else if (streq(name, "next_if_failed")) {
                        if (*json_text(m->state, name))
                                tell_line(m, STYLE_PLAIN, "if it fails, %s takes over", scheduler_title(json_text(m->state, name)));
                } else if (streq(name, "last_exit"))
                        tell_exit(m, value);
                else if (streq(name, "problems"))
                        tell_line(m, STYLE_PLAIN, "%zu problems in the files of profiles and schedulers", json_length(value));
                else
                        tell_line(m, STYLE_PLAIN, "%s has changed", name);
        }
}

static int on_state(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *state = NULL;
        Monitor *m = userdata;
        Client *c = m->client;
        int r;

        m->call = sd_bus_slot_unref(m->call);
        if (sd_bus_message_is_method_error(reply, NULL)) {
                const sd_bus_error *error = sd_bus_message_get_error(reply);

                /* Absent now, and NameOwnerChanged tells when it comes; anything else will not get better by waiting. */
                if (!bus_error_means_absent(error) && !sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY))
                        return sd_event_exit(m->event, client_complain(c, "cannot ask for the state", error, 0));
                if (m->seen || sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY))
                        return 0;
                m->seen = true;
                if (c->json != JSON_OFF)
                        tell_json(m, "gone", NULL, NULL);
                else
                        tell_line(m, STYLE_WARNING, "scxd is not running; waiting for it");
                return monitor_flush(m);
        }
        r = bus_read_json(reply, &state);
        if (r < 0 || !sd_json_variant_is_object(state))
                return sd_event_exit(m->event, client_complain(c, "cannot ask for the state", &SD_BUS_ERROR_NULL, r < 0 ? r : -EBADMSG));
        sd_json_variant_unref(m->state);
        m->state = TAKE_PTR(state);
        if (c->json != JSON_OFF)
                tell_json(m, "state", "properties", m->state);
        else
                tell_headline(m);
        /* What ended before is told by status. */
        sd_json_variant_unref(m->exit);
        m->exit = sd_json_variant_ref(json_object(m->state, "last_exit"));
        m->seen = true;
        return monitor_flush(m);
}

static int ask_state(Monitor *m) {
        m->call = sd_bus_slot_unref(m->call);
        return sd_bus_call_method_async(m->client->bus, &m->call, SCXD_BUS_NAME, SCXD_OBJECT_PATH, "org.freedesktop.DBus.Properties",
                                        "GetAll", on_state, m, "s", SCXD_INTERFACE);
}

static int on_changed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *changes = NULL, *invalidated = NULL, *old = NULL;
        const char *interface;
        Monitor *m = userdata;
        int r;

        /* Before the first full answer, which will contain this, there is nothing to compare with. */
        if (!m->state)
                return 0;
        r = sd_bus_message_read(message, "s", &interface);
        if (r < 0 || !streq(interface, SCXD_INTERFACE))
                return 0;
        r = bus_read_json(message, &changes);
        if (r >= 0)
                r = bus_read_json(message, &invalidated);
        if (r < 0 || !sd_json_variant_is_object(changes))
                return 0;
        old = sd_json_variant_ref(m->state);
        r = sd_json_variant_merge_object(&m->state, changes);
        if (r < 0)
                return sd_event_exit(m->event, complain_memory(m->client));
        if (json_length(changes) > 0 && m->client->json != JSON_OFF)
                tell_json(m, "changed", "properties", changes);
        else
                tell_changes(m, old, changes);
        if (json_length(invalidated) > 0) {
                r = ask_state(m);
                if (r < 0)
                        return r;
        }
        return monitor_flush(m);
}

static int on_ejected(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *exit = NULL;
        Monitor *m = userdata;

        if (bus_read_json(message, &exit) < 0)
                return 0;
        if (m->client->json != JSON_OFF)
                tell_json(m, "ejected", "exit", exit);
        else
                tell_exit(m, exit);
        return monitor_flush(m);
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        const char *name, *old, *new;
        Monitor *m = userdata;

        if (sd_bus_message_read(message, "sss", &name, &old, &new) < 0)
                return 0;
        if (*old && m->state) {
                m->state = sd_json_variant_unref(m->state);
                if (m->client->json != JSON_OFF)
                        tell_json(m, "gone", NULL, NULL);
                else
                        tell_line(m, STYLE_WARNING, "scxd is gone");
        }
        if (*new) {
                if (m->seen && m->client->json == JSON_OFF)
                        tell_line(m, STYLE_PLAIN, "scxd is here");
                if (ask_state(m) < 0)
                        return sd_event_exit(m->event, complain_memory(m->client));
        }
        return monitor_flush(m);
}

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        Monitor *m = userdata;

        (void) complain(m->client, "the system bus is gone");
        return sd_event_exit(m->event, EXIT_UNREACHABLE);
}

static int monitor_start(Monitor *m) {
        static const char local[] = "org.freedesktop.DBus.Local";
        static const char owner_changed[] = "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" SCXD_BUS_NAME "'";
        sd_bus *bus = m->client->bus;
        int r;

        r = sd_event_new(&m->event);
        if (r >= 0)
                r = sd_event_add_signal(m->event, NULL, SIGINT | SD_EVENT_SIGNAL_PROCMASK, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(m->event, NULL, SIGTERM | SD_EVENT_SIGNAL_PROCMASK, NULL, NULL);
        if (r >= 0)
                r = sd_bus_attach_event(bus, m->event, 0);
        /* Listen first, then ask: no change falls between. */
        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, local, "/org/freedesktop/DBus/Local", local, "Disconnected", on_disconnected, m);
        if (r >= 0)
                r = sd_bus_add_match(bus, NULL, owner_changed, on_owner, m);
        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, SCXD_BUS_NAME, SCXD_OBJECT_PATH, "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                        on_changed, m);
        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, SCXD_BUS_NAME, SCXD_OBJECT_PATH, SCXD_INTERFACE, "Ejected", on_ejected, m);
        if (r >= 0)
                r = ask_state(m);
        return r;
}

int verb_monitor(Client *c, int argc, char **argv) {
        _cleanup_(monitor_done) Monitor m = { .client = c };
        int r;

        if (argc > 1)
                return complain_usage(c, "monitor takes no argument, found '%s'", argv[1]);
        r = client_connect(c);
        if (r != 0)
                return r;
        r = monitor_start(&m);
        if (r < 0)
                return client_complain(c, "cannot watch scxd", &SD_BUS_ERROR_NULL, r);
        r = sd_event_loop(m.event);
        if (r < 0)
                return complain(c, "cannot watch scxd: %s", strerror(-r));
        (void) sd_bus_detach_event(c->bus);
        return r;
}
