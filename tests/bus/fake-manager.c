/* SPDX-License-Identifier: GPL-2.0-only */

/* A stand-in for scxd that says what a scenario file tells it to, so that scxctl can be tested without a kernel.
 *
 *   fake-manager SCENARIO.json
 *
 * The scenario: {"properties": {"ActiveProfile": …}, "ListProfiles": BEHAVIOUR, "ListSchedulers": …, "Switch": …, "Stop": …,
 * "Reload": …}. A BEHAVIOUR is {"result": …}, {"error": [NAME, MESSAGE]} or "vanish" (exit without an answer). Each call is printed.
 * Commands on stdin, a line each:
 *   set {…}    change these properties and emit PropertiesChanged
 *   eject {…}  emit Ejected
 *   leave      give the name up, and "enter" takes it again
 * End of file ends it. */

#include <inttypes.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <systemd/sd-json.h>

#include "macro.h"

#define NAME "org.scx.Manager1"
#define PATH "/org/scx/Manager1"

static sd_json_variant *scenario, *properties;
static sd_bus *bus;

static void die(const char *what, int r) {
        fprintf(stderr, "fake-manager: %s: %s\n", what, strerror(r < 0 ? -r : EINVAL));
        exit(EXIT_FAILURE);
}

static void check(const char *what, int r) {
        if (r < 0)
                die(what, r);
}

/* The types that the interface's dictionaries have, where JSON does not tell. */
static char number_type(const char *key) {
        static const char *const u64[] = { "Time", "Code", "StallTimeoutUSec", "MaxWakeupLatencyUSec", "RestartsWindowUSec", "Id", "Started", "Retry" };

        for (size_t i = 0; i < ELEMENTSOF(u64); i++)
                if (streq(key, u64[i]))
                        return 't';
        return 'u';
}

static void append_dictionary(sd_bus_message *m, sd_json_variant *v);

static void append_dictionaries(sd_bus_message *m, sd_json_variant *v) {
        check("open", sd_bus_message_open_container(m, 'a', "a{sv}"));
        for (size_t i = 0; i < sd_json_variant_elements(v); i++)
                append_dictionary(m, sd_json_variant_by_index(v, i));
        check("close", sd_bus_message_close_container(m));
}

static void append_strings(sd_bus_message *m, sd_json_variant *v) {
        check("open", sd_bus_message_open_container(m, 'a', "s"));
        for (size_t i = 0; i < sd_json_variant_elements(v); i++)
                check("string", sd_bus_message_append(m, "s", sd_json_variant_string(sd_json_variant_by_index(v, i))));
        check("close", sd_bus_message_close_container(m));
}

static void append_settings(sd_bus_message *m, sd_json_variant *v) {
        check("open", sd_bus_message_open_container(m, 'a', "{ss}"));
        for (size_t i = 0; i + 1 < sd_json_variant_elements(v); i += 2)
                check("setting", sd_bus_message_append(m, "{ss}", sd_json_variant_string(sd_json_variant_by_index(v, i)),
                                                       sd_json_variant_string(sd_json_variant_by_index(v, i + 1))));
        check("close", sd_bus_message_close_container(m));
}

static void append_number(sd_bus_message *m, char type, uint64_t n) {
        uint32_t u = (uint32_t) n;

        check("number", sd_bus_message_append_basic(m, type, type == 't' ? (void *) &n : (void *) &u));
}

static void append_value(sd_bus_message *m, const char *key, sd_json_variant *v) {
        bool of_objects = streq(key, "Chain") || streq(key, "Knobs");
        char number[] = { number_type(key), '\0' };
        const char *type;

        if (sd_json_variant_is_string(v))
                type = "s";
        else if (sd_json_variant_is_boolean(v))
                type = "b";
        else if (sd_json_variant_is_unsigned(v))
                type = number;
        else if (sd_json_variant_is_array(v))
                type = of_objects ? "aa{sv}" : "as";
        else
                type = streq(key, "Knobs") ? "a{ss}" : "a{sv}";
        check("variant", sd_bus_message_open_container(m, 'v', type));
        if (*type == 's')
                check("string", sd_bus_message_append(m, "s", sd_json_variant_string(v)));
        else if (*type == 'b')
                check("bool", sd_bus_message_append(m, "b", sd_json_variant_boolean(v)));
        else if (*type != 'a')
                append_number(m, *type, sd_json_variant_unsigned(v));
        else if (streq(type, "aa{sv}"))
                append_dictionaries(m, v);
        else if (streq(type, "as"))
                append_strings(m, v);
        else if (streq(type, "a{ss}"))
                append_settings(m, v);
        else
                append_dictionary(m, v);
        check("variant", sd_bus_message_close_container(m));
}

static void append_dictionary(sd_bus_message *m, sd_json_variant *v) {
        check("open", sd_bus_message_open_container(m, 'a', "{sv}"));
        for (size_t i = 0; i + 1 < sd_json_variant_elements(v); i += 2) {
                const char *key = sd_json_variant_string(sd_json_variant_by_index(v, i));

                check("entry", sd_bus_message_open_container(m, 'e', "sv"));
                check("key", sd_bus_message_append(m, "s", key));
                append_value(m, key, sd_json_variant_by_index(v, i + 1));
                check("entry", sd_bus_message_close_container(m));
        }
        check("close", sd_bus_message_close_container(m));
}

static int on_method(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *member = sd_bus_message_get_member(m), *argument = "";
        sd_json_variant *behaviour = sd_json_variant_by_key(scenario, member), *v;
        char number[32];
        uint32_t count;
        uint64_t id;

        if (streq(member, "Switch") || streq(member, "ResetFailed"))
                check("argument", sd_bus_message_read(m, "s", &argument));
        else if (streq(member, "History")) {
                check("argument", sd_bus_message_read(m, "u", &count));
                (void) snprintf(number, sizeof(number), "%" PRIu32, count);
                argument = number;
        } else if (streq(member, "HistoryEntry")) {
                check("argument", sd_bus_message_read(m, "t", &id));
                (void) snprintf(number, sizeof(number), "%" PRIu64, id);
                argument = number;
        }
        printf("%s%s%s\n", member, *argument ? " " : "", argument);
        fflush(stdout);

        if (!behaviour)
                return sd_bus_error_setf(ret_error, "org.test.NotInScenario", "the scenario has no %s", member);
        if (sd_json_variant_is_string(behaviour))       /* "vanish" */
                _exit(EXIT_SUCCESS);
        v = sd_json_variant_by_key(behaviour, "error");
        if (v)
                return sd_bus_error_set(ret_error, sd_json_variant_string(sd_json_variant_by_index(v, 0)),
                                        sd_json_variant_string(sd_json_variant_by_index(v, 1)));
        v = sd_json_variant_by_key(behaviour, "result");
        check("reply", sd_bus_message_new_method_return(m, &reply));
        if (sd_json_variant_is_array(v))
                append_dictionaries(reply, v);
        else
                append_dictionary(reply, v);
        return sd_bus_message_send(reply);
}

#define METHOD(name, arguments, result) SD_BUS_METHOD(name, arguments, result, on_method, SD_BUS_VTABLE_UNPRIVILEGED)
#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

static const char *const property_types[][2] = {
        { "Version", "s" }, { "ActiveProfile", "s" }, { "ActiveScheduler", "s" }, { "Origin", "s" }, { "KernelState", "s" },
        { "KernelOps", "s" }, { "Since", "t" }, { "SinceMonotonic", "t" }, { "Why", "s" }, { "NextIfFailed", "s" },
        { "Activity", "s" }, { "LastExit", "a{sv}" }, { "Problems", "as" }, { "KernelFeatures", "as" }, { "KernelBtfBroken", "b" },
};

static const char *property_type(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(property_types); i++)
                if (streq(property_types[i][0], name))
                        return property_types[i][1];
        die(name, -ENOENT);
        return NULL;
}

static int on_property(sd_bus *b, const char *path, const char *interface, const char *name, sd_bus_message *reply, void *userdata,
                       sd_bus_error *ret_error) {
        sd_json_variant *v = sd_json_variant_by_key(properties, name);
        const char *type = property_type(name);

        if (!v)
                return sd_bus_error_setf(ret_error, "org.test.NotInScenario", "the scenario has no %s", name);
        switch (*type) {
        case 's':
                return sd_bus_message_append(reply, "s", sd_json_variant_string(v));
        case 'b':
                return sd_bus_message_append(reply, "b", sd_json_variant_boolean(v));
        case 't':
                return sd_bus_message_append(reply, "t", sd_json_variant_unsigned(v));
        default:
                if (streq(type, "as"))
                        append_strings(reply, v);
                else
                        append_dictionary(reply, v);
                return 0;
        }
}

/* Must agree with dbus/org.scx.Manager1.xml; the test compares them. */
#define PROPERTY(name, type, flags) SD_BUS_PROPERTY(name, type, on_property, 0, flags)

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        METHOD("Switch", "sa{sv}", "a{sv}"),
        METHOD("Stop", "a{sv}", "a{sv}"),
        METHOD("Reload", "a{sv}", "a{sv}"),
        METHOD("ListProfiles", NULL, "aa{sv}"),
        METHOD("ListSchedulers", NULL, "aa{sv}"),
        METHOD("History", "ua{sv}", "aa{sv}"),
        METHOD("HistoryEntry", "t", "a{sv}"),
        METHOD("Explain", NULL, "aa{sv}"),
        METHOD("ResetFailed", "sa{sv}", "a{sv}"),
        SD_BUS_SIGNAL("SchedulerChanged", "a{sv}", 0),
        SD_BUS_SIGNAL("Ejected", "a{sv}", 0),
        PROPERTY("Version", "s", SD_BUS_VTABLE_PROPERTY_CONST),
        PROPERTY("ActiveProfile", "s", CHANGES),
        PROPERTY("ActiveScheduler", "s", CHANGES),
        PROPERTY("Origin", "s", CHANGES),
        PROPERTY("KernelState", "s", CHANGES),
        PROPERTY("KernelOps", "s", CHANGES),
        PROPERTY("Since", "t", CHANGES),
        PROPERTY("SinceMonotonic", "t", CHANGES),
        PROPERTY("Why", "s", CHANGES),
        PROPERTY("NextIfFailed", "s", CHANGES),
        PROPERTY("Activity", "s", CHANGES),
        PROPERTY("LastExit", "a{sv}", CHANGES),
        PROPERTY("Problems", "as", CHANGES),
        PROPERTY("KernelFeatures", "as", CHANGES),
        PROPERTY("KernelBtfBroken", "b", CHANGES),
        SD_BUS_VTABLE_END,
};

static void command_set(const char *json) {
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *v = NULL;
        char *names[64] = { NULL };
        size_t n = 0;

        check("set", sd_json_parse(json, 0, &v, NULL, NULL));
        check("set", sd_json_variant_merge_object(&properties, v));
        for (size_t i = 0; i < sd_json_variant_elements(v) && n + 1 < ELEMENTSOF(names); i += 2)
                names[n++] = (char *) sd_json_variant_string(sd_json_variant_by_index(v, i));
        check("PropertiesChanged", sd_bus_emit_properties_changed_strv(bus, PATH, NAME, names));
}

static void command_eject(const char *json) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *v = NULL;

        check("eject", sd_json_parse(json, 0, &v, NULL, NULL));
        check("Ejected", sd_bus_message_new_signal(bus, &m, PATH, NAME, "Ejected"));
        append_dictionary(m, v);
        check("Ejected", sd_bus_send(bus, m, NULL));
}

static int on_command(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        static char *line;
        static size_t size;
        ssize_t n = getline(&line, &size, stdin);

        if (n <= 0)
                return sd_event_exit(sd_event_source_get_event(source), 0);
        if (startswith(line, "set "))
                command_set(line + 4);
        else if (startswith(line, "eject "))
                command_eject(line + 6);
        else if (streq(line, "leave\n"))
                check("leave", sd_bus_release_name(bus, NAME));
        else if (streq(line, "enter\n"))
                check("enter", sd_bus_request_name(bus, NAME, 0));
        else
                die("unknown command", -EINVAL);
        return 0;
}

int main(int argc, char **argv) {
        sd_event *event = NULL;

        if (argc != 2)
                die("usage: fake-manager SCENARIO.json", -EINVAL);
        check(argv[1], sd_json_parse_file(NULL, argv[1], 0, &scenario, NULL, NULL));
        properties = sd_json_variant_ref(sd_json_variant_by_key(scenario, "properties"));
        setvbuf(stdin, NULL, _IONBF, 0);        /* epoll does not see what stdio has read ahead */
        check("event", sd_event_new(&event));
        check("stdin", sd_event_add_io(event, NULL, STDIN_FILENO, EPOLLIN, on_command, NULL));
        check("bus", sd_bus_open_system(&bus));
        check("bus", sd_bus_attach_event(bus, event, 0));
        check("object", sd_bus_add_object_vtable(bus, NULL, PATH, NAME, vtable, NULL));
        check("name", sd_bus_request_name(bus, NAME, 0));
        return sd_event_loop(event);
}
