/* SPDX-License-Identifier: GPL-2.0-only */
#include "scxctl.h"

#include <stdio.h>

/* The names of all profiles on stderr, if the daemon answers. */
static void hint_profiles(Client *c) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *profiles = NULL;
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;

        c->timeout_usec = HINT_TIMEOUT_USEC;
        /* Who cannot be asked is not complained about: the usage error is what matters. */
        if (!c->bus && sd_bus_open_system(&bus) >= 0)
                c->bus = TAKE_PTR(bus);
        if (!c->bus || client_call(c, &error, SCXD_INTERFACE, "ListProfiles", &profiles, NULL) < 0 || json_length(profiles) == 0)
                return;
        output_line(&c->err, STYLE_PLAIN, "Profiles:");
        for (size_t i = 0; i < json_length(profiles); i++)
                output_line(&c->err, STYLE_PLAIN, "  %s", json_text(json_at(profiles, i), "name"));
}

static void hint_meant(Client *c, const char *word) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *profiles = NULL;
        const char *meant;

        c->timeout_usec = HINT_TIMEOUT_USEC;
        if (client_call(c, &error, SCXD_INTERFACE, "ListProfiles", &profiles, NULL) < 0)
                return;
        meant = suggest_name(profiles, word);
        if (meant)
                output_line(&c->err, STYLE_PLAIN, "  Did you mean '%s'?", meant);
}

int verb_switch(Client *c, int argc, char **argv) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *result = NULL;
        _cleanup_(freep) char *what = NULL;
        sd_json_variant *warnings;
        const char *scheduler;
        int r;

        if (argc != 2) {
                if (argc < 2)
                        r = complain_usage(c, "switch takes the name of a profile");
                else
                        r = complain_usage(c, "switch takes one profile, found '%s' behind it", argv[2]);
                hint_profiles(c);
                return r;
        }
        r = client_connect(c);
        if (r != 0)
                return r;
        if (asprintf(&what, "cannot switch to %s", argv[1]) < 0)
                return complain_memory(c);
        r = client_call(c, &error, SCXD_INTERFACE, "Switch", &result, "sa{sv}", argv[1], c->force ? 1 : 0, "force", "b", 1);
        if (r < 0) {
                int e = client_complain(c, what, &error, r);

                if (sd_bus_error_has_name(&error, SCXD_INTERFACE ".Error.NoSuchProfile"))
                        hint_meant(c, argv[1]);
                if (sd_bus_error_has_name(&error, SCXD_INTERFACE ".Error.Foreign") && !c->force)
                        output_line(&c->err, STYLE_PLAIN, "  --force ends it.");
                return e;
        }

        warnings = json_list(result, "warnings");
        for (size_t i = 0; i < json_length(warnings); i++)
                output_message(&c->err, "scxctl: warning", STYLE_PLAIN, "%s", json_text_at(warnings, i));
        if (c->json != JSON_OFF)
                output_json(&c->out, result, c->json == JSON_PRETTY);
        else if (!c->quiet) {
                scheduler = json_text(result, "scheduler");
                output_line(&c->out, STYLE_PLAIN, "%s: %s%s is running", json_text(result, "profile"),
                            streq(scheduler, EEVDF) ? "" : "scheduler ", scheduler_title(scheduler));
        }
        return EXIT_DONE;
}

int verb_stop(Client *c, int argc, char **argv) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *result = NULL;
        const char *was;
        int r;

        if (argc > 1)
                return complain_usage(c, "stop takes no argument, found '%s'", argv[1]);
        r = client_connect(c);
        if (r != 0)
                return r;
        r = client_call(c, &error, SCXD_INTERFACE, "Stop", &result, "a{sv}", 0);
        if (r < 0)
                return client_complain(c, "cannot stop the scheduler", &error, r);
        was = json_text(result, "was");
        if (c->json != JSON_OFF)
                output_json(&c->out, result, c->json == JSON_PRETTY);
        else if (c->quiet)
                return EXIT_DONE;
        else if (streq(was, EEVDF))
                output_line(&c->out, STYLE_PLAIN, "No scheduler was running; the kernel's own EEVDF is");
        else
                output_line(&c->out, STYLE_PLAIN, "Scheduler %s is stopped; the kernel's own EEVDF is running", was);
        return EXIT_DONE;
}

int verb_reload(Client *c, int argc, char **argv) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *result = NULL;
        uint64_t profiles, schedulers;
        int r;

        if (argc > 1)
                return complain_usage(c, "reload takes no argument, found '%s'", argv[1]);
        r = client_connect(c);
        if (r != 0)
                return r;
        r = client_call(c, &error, SCXD_INTERFACE, "Reload", &result, "a{sv}", 0);
        if (r < 0)
                return client_complain(c, "cannot reload", &error, r);
        profiles = json_number(result, "profiles");
        schedulers = json_number(result, "schedulers");
        if (c->json != JSON_OFF)
                output_json(&c->out, result, c->json == JSON_PRETTY);
        else if (!c->quiet)
                output_line(&c->out, STYLE_PLAIN, "%llu profile%s and %llu scheduler%s are defined now", (unsigned long long) profiles,
                            profiles == 1 ? "" : "s", (unsigned long long) schedulers, schedulers == 1 ? "" : "s");
        return EXIT_DONE;
}
