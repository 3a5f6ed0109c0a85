/* SPDX-License-Identifier: GPL-2.0-only */
#include "scxctl.h"

#include <inttypes.h>
#include <stdio.h>

#define LABEL_WIDTH 13u

/* "latency → interactive → simple!": in order, a mark behind those that cannot run here. */
static char *format_chain(Client *c, sd_json_variant *chain, bool *unusable) {
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;
        for (size_t i = 0; i < json_length(chain); i++) {
                sd_json_variant *link = json_at(chain, i);
                bool usable = json_flag(link, "usable");

                fprintf(f, "%s%s%s", i == 0 ? "" : c->out.utf8 ? " → " : " > ", json_text(link, "scheduler"), usable ? "" : "!");
                *unusable = *unusable || !usable;
        }
        if (json_length(chain) == 0)
                fputs(EEVDF, f);
        return fclose(f) == 0 ? text : mfree(text);
}

static const char *bullet(Client *c, bool active, bool chosen) {
        if (active)
                return c->out.utf8 ? "●" : "*";
        if (chosen)
                return c->out.utf8 ? "○" : "o";
        return "";
}

static int list_profiles(Client *c, sd_json_variant *profiles) {
        static const char *const headings[] = { "", "PROFILE", "SCHEDULERS", "DESCRIPTION" };
        _cleanup_(table_freep) Table *table = NULL;
        bool unusable = false;

        if (table_new(headings, ELEMENTSOF(headings), &table) < 0)
                return complain_memory(c);
        for (size_t i = 0; i < json_length(profiles); i++) {
                sd_json_variant *p = json_at(profiles, i);
                _cleanup_(freep) char *chain = format_chain(c, json_list(p, "chain"), &unusable);
                bool active = json_flag(p, "active"), chosen = json_flag(p, "chosen");
                const char *cells[] = { bullet(c, active, chosen), json_text(p, "name"), chain, json_text(p, "description") };

                if (!chain || table_add(table, active ? STYLE_GOOD : STYLE_PLAIN, cells) < 0)
                        return complain_memory(c);
        }
        if (table_n_rows(table) == 0)
                output_line(&c->out, STYLE_PLAIN, "No profile is defined.");
        else
                table_print(table, &c->out, 0, !c->quiet);
        if (unusable && !c->quiet)
                output_line(&c->out, STYLE_DIM, "\"!\" marks schedulers that cannot run here: scxctl show NAME says why.");
        return EXIT_DONE;
}

static int list_schedulers(Client *c, sd_json_variant *schedulers) {
        static const char *const headings[] = { "", "SCHEDULER", "KIND", "KNOBS", "DESCRIPTION" };
        _cleanup_(table_freep) Table *table = NULL;

        if (table_new(headings, ELEMENTSOF(headings), &table) < 0)
                return complain_memory(c);
        for (size_t i = 0; i < json_length(schedulers); i++) {
                sd_json_variant *s = json_at(schedulers, i);
                bool active = json_flag(s, "active"), usable = json_flag(s, "usable");
                _cleanup_(freep) char *description = NULL;
                char knobs[32];
                const char *cells[] = { bullet(c, active, false), json_text(s, "name"), json_text(s, "kind"), knobs, NULL };

                if (asprintf(&description, "%s%s", usable ? "" : "cannot run here: ", json_text(s, usable ? "description" : "problem")) < 0)
                        return complain_memory(c);
                cells[4] = description;
                (void) snprintf(knobs, sizeof(knobs), "%zu", json_length(json_list(s, "knobs")));
                if (table_add(table, active ? STYLE_GOOD : usable ? STYLE_PLAIN : STYLE_WARNING, cells) < 0)
                        return complain_memory(c);
        }
        if (table_n_rows(table) == 0)
                output_line(&c->out, STYLE_PLAIN, "No scheduler is defined.");
        else
                table_print(table, &c->out, 0, !c->quiet);
        return EXIT_DONE;
}

int verb_list(Client *c, int argc, char **argv) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *list = NULL;
        int r;

        if (argc > 1)
                return complain_usage(c, "list takes no argument, found '%s' (scxctl show NAME shows a single one)", argv[1]);
        r = client_connect(c);
        if (r != 0)
                return r;
        r = client_call(c, &error, SCXD_INTERFACE, c->schedulers ? "ListSchedulers" : "ListProfiles", &list, NULL);
        if (r < 0)
                return client_complain(c, c->schedulers ? "cannot list the schedulers" : "cannot list the profiles", &error, r);
        if (c->json != JSON_OFF) {
                output_json(&c->out, list, c->json == JSON_PRETTY);
                return EXIT_DONE;
        }
        return c->schedulers ? list_schedulers(c, list) : list_profiles(c, list);
}

const char *suggest_name(sd_json_variant *list, const char *word) {
        const char *best = NULL;

        /* One by one: the list may be long, and the nearest of two nearest is the nearest. */
        for (size_t i = 0; i < json_length(list); i++) {
                const char *pair[] = { best, json_text(json_at(list, i), "name") };

                best = diagnostic_suggest(word, pair, ELEMENTSOF(pair)) ?: best;
        }
        return best;
}

static sd_json_variant *find_by_name(sd_json_variant *list, const char *name) {
        for (size_t i = 0; i < json_length(list); i++)
                if (streq(json_text(json_at(list, i), "name"), name))
                        return json_at(list, i);
        return NULL;
}

/* The problem is in NAME.yaml or in one of its drop-ins. */
static bool problem_concerns(const char *problem, const char *name) {
        size_t n = strlen(name);

        for (const char *p = strstr(problem, name); p; p = strstr(p + 1, name))
                if (p > problem && p[-1] == '/' && (startswith(p + n, ".yaml:") || startswith(p + n, ".yaml.d/")))
                        return true;
        return false;
}

static int select_problems(sd_json_variant *state, const char *name, sd_json_variant **ret) {
        sd_json_variant *all = json_list(state, "problems");
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *some = NULL;
        int r;

        r = sd_json_variant_new_array(&some, NULL, 0);
        for (size_t i = 0; r >= 0 && i < json_length(all); i++)
                if (problem_concerns(json_text_at(all, i), name))
                        r = sd_json_variant_append_array(&some, json_at(all, i));
        if (r < 0)
                return r;
        *ret = TAKE_PTR(some);
        return 0;
}

static char *format_knobs(sd_json_variant *knobs) {
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;
        for (size_t i = 0; i + 1 < json_length(knobs); i += 2)
                fprintf(f, "%s%s=%s", i == 0 ? "" : " ", json_text_at(knobs, i), json_text_at(knobs, i + 1));
        return fclose(f) == 0 ? text : mfree(text);
}

/* The schedulers of a profile with what it sets, numbered, and why those that cannot run here cannot. */
static int show_chain(Client *c, sd_json_variant *chain) {
        size_t n = json_length(chain);
        int width = strlen(EEVDF);

        output_field(&c->out, LABEL_WIDTH, "Chain", STYLE_PLAIN, "the first that works runs, the others replace it in this order");
        for (size_t i = 0; i < n; i++)
                width = MAX(width, (int) MIN(strlen(json_text(json_at(chain, i), "scheduler")), (size_t) 30));
        for (size_t i = 0; i < n; i++) {
                sd_json_variant *link = json_at(chain, i);
                _cleanup_(freep) char *knobs = format_knobs(json_object(link, "knobs"));

                if (!knobs)
                        return complain_memory(c);
                output_field(&c->out, LABEL_WIDTH, "", STYLE_PLAIN, "%2zu. %-*s  %s", i + 1, width, json_text(link, "scheduler"), knobs);
                if (!json_flag(link, "usable"))
                        output_field(&c->out, LABEL_WIDTH + 4, "", STYLE_WARNING, "cannot run here: %s", json_text(link, "problem"));
        }
        output_field(&c->out, LABEL_WIDTH, "", STYLE_PLAIN, "%2zu. %-*s  the kernel's own, always possible", n + 1, width, EEVDF);
        return EXIT_DONE;
}

static int show_profile(Client *c, sd_json_variant *p) {
        bool active = json_flag(p, "active"), chosen = json_flag(p, "chosen");
        uint64_t stall = json_number(p, "stall_timeout_usec"), latency = json_number(p, "max_wakeup_latency_usec");
        uint64_t window = json_number(p, "restarts_window_usec");
        const char *mark = bullet(c, active, chosen);
        char duration[DURATION_MAX];

        output_line(&c->out, active ? STYLE_GOOD : STYLE_BOLD, "%s%sprofile %s", mark, *mark ? " " : "", json_text(p, "name"));
        output_field(&c->out, LABEL_WIDTH, "Description", STYLE_PLAIN, "%s", json_text(p, "description"));
        output_field(&c->out, LABEL_WIDTH, "File", STYLE_PLAIN, "%s", json_text(p, "file"));
        output_field(&c->out, LABEL_WIDTH, "State", STYLE_PLAIN, "%s",
                     active ? "active" : chosen ? "chosen, but none of its schedulers is running" : "not chosen");
        output_field(&c->out, LABEL_WIDTH, "Stall timeout", STYLE_PLAIN, "%s",
                     stall > 0 ? format_duration(duration, stall, 0) : "the kernel's own");
        if (latency > 0)
                output_field(&c->out, LABEL_WIDTH, "Wake-ups", STYLE_PLAIN, "within %s, else it is a failure", format_duration(duration, latency, 0));
        if (window > 0)
                output_field(&c->out, LABEL_WIDTH, "Restarts", STYLE_PLAIN, "%" PRIu64 " per %s, then quarantine", json_number(p, "restarts"),
                             format_duration(duration, window, 0));
        return show_chain(c, json_list(p, "chain"));
}

/* The values as a table, then what the knobs are for, which is too long for one. */
static int show_knobs(Client *c, sd_json_variant *knobs) {
        static const char *const headings[] = { "KNOB", "TYPE", "UNIT", "DEFAULT", "MINIMUM", "MAXIMUM", "SET" };
        _cleanup_(table_freep) Table *table = NULL;

        if (json_length(knobs) == 0)
                return EXIT_DONE;
        if (table_new(headings, ELEMENTSOF(headings), &table) < 0)
                return complain_memory(c);
        for (size_t i = 0; i < json_length(knobs); i++) {
                sd_json_variant *k = json_at(knobs, i);
                const char *cells[] = {
                        json_text(k, "name"), json_text(k, "type"), json_text(k, "unit"), json_text(k, "default"),
                        json_text(k, "minimum"), json_text(k, "maximum"), json_text(k, "set"),
                };

                if (table_add(table, STYLE_PLAIN, cells) < 0)
                        return complain_memory(c);
        }
        table_print(table, &c->out, 2, !c->quiet);
        for (size_t i = 0; i < json_length(knobs); i++) {
                sd_json_variant *k = json_at(knobs, i);

                if (*json_text(k, "description"))
                        output_field(&c->out, 0, "", STYLE_PLAIN, "%s: %s", json_text(k, "name"), json_text(k, "description"));
        }
        return EXIT_DONE;
}

static int show_scheduler(Client *c, sd_json_variant *s) {
        bool active = json_flag(s, "active"), usable = json_flag(s, "usable");
        sd_json_variant *requires = json_list(s, "requires");
        const char *mark = bullet(c, active, false);

        output_line(&c->out, active ? STYLE_GOOD : STYLE_BOLD, "%s%sscheduler %s", mark, *mark ? " " : "", json_text(s, "name"));
        output_field(&c->out, LABEL_WIDTH, "Description", STYLE_PLAIN, "%s", json_text(s, "description"));
        output_field(&c->out, LABEL_WIDTH, "File", STYLE_PLAIN, "%s", json_text(s, "file"));
        if (*json_text(s, "object"))    /* not known if the manifest could not be read */
                output_field(&c->out, LABEL_WIDTH, "Object", STYLE_PLAIN, "%s (%s)", json_text(s, "object"), json_text(s, "kind"));
        output_field(&c->out, LABEL_WIDTH, "State", usable ? STYLE_PLAIN : STYLE_WARNING, "%s%s",
                     active ? "running" : usable ? "can run here" : "cannot run here: ", usable ? "" : json_text(s, "problem"));
        for (size_t i = 0; i < json_length(requires); i++)
                output_field(&c->out, LABEL_WIDTH, i == 0 ? "Needs" : "", STYLE_PLAIN, "%s", json_text_at(requires, i));
        return show_knobs(c, json_list(s, "knobs"));
}

static void show_problems(Client *c, sd_json_variant *problems) {
        for (size_t i = 0; i < json_length(problems); i++)
                output_field(&c->out, LABEL_WIDTH, i == 0 ? "Problems" : "", STYLE_WARNING, "%s", json_text_at(problems, i));
}

static int show_json(Client *c, sd_json_variant *profile, sd_json_variant *scheduler, sd_json_variant *problems) {
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *v = NULL;
        int r = 0;

        if (profile)
                r = sd_json_variant_set_field(&v, "profile", profile);
        if (r >= 0 && scheduler)
                r = sd_json_variant_set_field(&v, "scheduler", scheduler);
        if (r >= 0)
                r = sd_json_variant_set_field(&v, "problems", problems);
        if (r < 0)
                return complain_memory(c);
        output_json(&c->out, v, c->json == JSON_PRETTY);
        return EXIT_DONE;
}

static int complain_unknown(Client *c, const char *name, sd_json_variant *profiles, sd_json_variant *schedulers,
                            sd_json_variant *problems) {
        const char *meant = suggest_name(profiles, name) ?: suggest_name(schedulers, name);

        if (json_length(problems) > 0)
                (void) complain(c, "'%s' is defined, but its file is bad:", name);
        else if (meant)
                return complain(c, "no profile or scheduler is named '%s'; did you mean '%s'?", name, meant);
        else
                return complain(c, "no profile or scheduler is named '%s' (scxctl list shows them)", name);
        for (size_t i = 0; i < json_length(problems); i++)
                output_line(&c->err, STYLE_PLAIN, "  %s", json_text_at(problems, i));
        return EXIT_FAILED;
}

int verb_show(Client *c, int argc, char **argv) {
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *profiles = NULL, *schedulers = NULL, *state = NULL, *problems = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_json_variant *profile, *scheduler;
        int r;

        if (argc != 2)
                return complain_usage(c, "show takes the name of one profile or scheduler");
        r = client_connect(c);
        if (r != 0)
                return r;
        r = client_call(c, &error, SCXD_INTERFACE, "ListProfiles", &profiles, NULL);
        if (r >= 0)
                r = client_call(c, &error, SCXD_INTERFACE, "ListSchedulers", &schedulers, NULL);
        if (r >= 0)
                r = client_get_state(c, &error, &state);
        if (r < 0)
                return client_complain(c, "cannot ask for profiles and schedulers", &error, r);
        if (select_problems(state, argv[1], &problems) < 0)
                return complain_memory(c);

        profile = find_by_name(profiles, argv[1]);
        scheduler = find_by_name(schedulers, argv[1]);
        if (!profile && !scheduler)
                return complain_unknown(c, argv[1], profiles, schedulers, problems);
        if (c->json != JSON_OFF)
                return show_json(c, profile, scheduler, problems);

        r = EXIT_DONE;
        if (profile)
                r = show_profile(c, profile);
        if (profile && scheduler)
                output_line(&c->out, STYLE_PLAIN, "%s", "");
        if (r == EXIT_DONE && scheduler)
                r = show_scheduler(c, scheduler);
        show_problems(c, problems);
        return r;
}
