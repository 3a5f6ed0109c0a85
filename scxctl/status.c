/* SPDX-License-Identifier: GPL-2.0-only */
#include "scxctl.h"

#include <inttypes.h>
#include <stdio.h>

#define LABEL_WIDTH 11u
#define PROBLEMS_SHOWN 3u

static void show_since(Client *c, sd_json_variant *state) {
        uint64_t since = json_number(state, "since"), monotonic = json_number(state, "since_monotonic");
        _cleanup_(freep) char *timestamp = NULL, *relative = NULL;

        if (since == 0)
                return;
        timestamp = format_timestamp(since);
        /* The monotonic clock is right even if somebody has set the time since. */
        relative = monotonic > 0 ? format_relative(monotonic, clock_usec(CLOCK_MONOTONIC))
                                 : format_relative(since, clock_usec(CLOCK_REALTIME));
        output_field(&c->out, LABEL_WIDTH, "Since", STYLE_PLAIN, "%s, %s", strempty(timestamp), strempty(relative));
}

static void show_kernel(Client *c, sd_json_variant *state) {
        const char *kernel_state = json_text(state, "kernel_state"), *ops = json_text(state, "kernel_ops");

        if (streq(kernel_state, "unsupported"))
                output_field(&c->out, LABEL_WIDTH, "Kernel", STYLE_BAD, "has no sched_ext");
        else
                output_field(&c->out, LABEL_WIDTH, "Kernel", STYLE_PLAIN, "sched_ext is %s%s%s%s", kernel_state,
                             *ops ? " (" : "", ops, *ops ? ")" : "");
        if (json_flag(state, "kernel_btf_broken"))
                output_field(&c->out, LABEL_WIDTH, "", STYLE_WARNING,
                             "its BTF misdescribes some functions, so schedulers that need those cannot run here");
}

static void show_exit(Client *c, sd_json_variant *exit) {
        _cleanup_(freep) char *timestamp = NULL, *relative = NULL, *description = NULL;
        const char *scheduler = json_text(exit, "scheduler"), *profile = json_text(exit, "profile");
        const char *outcome = json_text(exit, "outcome");

        if (json_length(exit) == 0)
                return;
        timestamp = format_timestamp(json_number(exit, "time"));
        relative = format_relative(json_number(exit, "time"), clock_usec(CLOCK_REALTIME));
        description = exit_describe(exit);
        output_field(&c->out, LABEL_WIDTH, "Last exit", STYLE_PLAIN, "%s%s%s, %s, %s", scheduler, *profile ? " of profile " : "", profile,
                     strempty(timestamp), strempty(relative));
        output_field(&c->out, LABEL_WIDTH, "", STYLE_PLAIN, "%s", strempty(description));
        if (*outcome)
                output_field(&c->out, LABEL_WIDTH, "", STYLE_PLAIN, "Then: %s", outcome);
        if (*json_text(exit, "dump"))
                output_field(&c->out, LABEL_WIDTH, "", STYLE_DIM, "The kernel's dump: scxctl history show %" PRIu64, json_number(exit, "id"));
}

static void show_problems(Client *c, sd_json_variant *problems) {
        size_t n = json_length(problems);

        if (n == 0)
                return;
        output_field(&c->out, LABEL_WIDTH, "Problems", STYLE_WARNING, "%zu in the files of profiles and schedulers", n);
        for (size_t i = 0; i < MIN(n, PROBLEMS_SHOWN); i++)
                output_field(&c->out, LABEL_WIDTH, "", STYLE_PLAIN, "%s", json_text_at(problems, i));
        if (n > PROBLEMS_SHOWN)
                output_field(&c->out, LABEL_WIDTH, "", STYLE_DIM, "%zu more: scxctl status -p problems --value", n - PROBLEMS_SHOWN);
}

static int show_state(Client *c, sd_json_variant *state) {
        const char *next = json_text(state, "next_if_failed"), *why = json_text(state, "why"), *activity = json_text(state, "activity");
        _cleanup_(freep) char *headline = NULL;
        const char *bullet;
        Style style;

        headline = state_headline(state, &style);
        if (!headline)
                return complain_memory(c);
        if (style == STYLE_BAD)
                bullet = c->out.utf8 ? "×" : "x";
        else if (streq(json_text(state, "active_scheduler"), EEVDF))
                bullet = c->out.utf8 ? "○" : "o";
        else
                bullet = c->out.utf8 ? "●" : "*";
        output_line(&c->out, style, "%s %s", bullet, headline);

        show_since(c, state);
        if (*why)
                output_field(&c->out, LABEL_WIDTH, "Why", STYLE_PLAIN, "%s", why);
        if (*next)
                output_field(&c->out, LABEL_WIDTH, "If it fails", STYLE_PLAIN, "%s takes over", scheduler_title(next));
        if (*activity && !streq(activity, "idle"))
                output_field(&c->out, LABEL_WIDTH, "Now", STYLE_WARNING, "scxd is %s", activity);
        show_kernel(c, state);
        show_exit(c, json_object(state, "last_exit"));
        show_problems(c, json_list(state, "problems"));
        output_field(&c->out, LABEL_WIDTH, "scxd", STYLE_DIM, "%s", json_text(state, "version"));
        return EXIT_DONE;
}

/* A property by its name or by its path ("last_exit.kind"). -ENOENT if there is none. */
static int find_property(sd_json_variant *state, const char *path, sd_json_variant **ret) {
        sd_json_variant *v = state;

        for (const char *rest = path; rest;) {
                size_t n = strcspn(rest, ".");
                _cleanup_(freep) char *key = strndup(rest, n);

                if (!key)
                        return -ENOMEM;
                v = sd_json_variant_is_object(v) ? sd_json_variant_by_key(v, key) : NULL;
                if (!v)
                        return -ENOENT;
                rest = rest[n] ? rest + n + 1 : NULL;
        }
        *ret = v;
        return 0;
}

static void print_property(Client *c, const char *name, sd_json_variant *v) {
        char number[32];
        const char *text = number;

        if (sd_json_variant_is_object(v)) {
                for (size_t i = 0; i + 1 < sd_json_variant_elements(v); i += 2) {
                        _cleanup_(freep) char *path = NULL;

                        if (asprintf(&path, "%s.%s", name, json_text_at(v, i)) < 0)
                                path = NULL;
                        print_property(c, strempty(path), json_at(v, i + 1));
                }
                if (sd_json_variant_elements(v) == 0 && !c->value)
                        output_line(&c->out, STYLE_PLAIN, "%s=", name);
                return;
        }
        if (sd_json_variant_is_array(v)) {
                for (size_t i = 0; i < sd_json_variant_elements(v); i++)
                        print_property(c, name, json_at(v, i));
                if (sd_json_variant_elements(v) == 0 && !c->value)
                        output_line(&c->out, STYLE_PLAIN, "%s=", name);
                return;
        }
        if (sd_json_variant_is_string(v))
                text = sd_json_variant_string(v);
        else if (sd_json_variant_is_boolean(v))
                text = sd_json_variant_boolean(v) ? "true" : "false";
        else if (sd_json_variant_is_unsigned(v))
                (void) snprintf(number, sizeof(number), "%" PRIu64, sd_json_variant_unsigned(v));
        else if (sd_json_variant_is_integer(v))
                (void) snprintf(number, sizeof(number), "%" PRId64, sd_json_variant_integer(v));
        else if (sd_json_variant_is_real(v))
                (void) snprintf(number, sizeof(number), "%.17g", sd_json_variant_real(v));
        else
                text = "";
        if (c->value)
                output_text(&c->out, text);
        else
                output_line(&c->out, STYLE_PLAIN, "%s=%s", name, text);
}

static int complain_property(Client *c, sd_json_variant *state, const char *name) {
        const char *names[128], *meant;
        size_t n = 0;

        for (size_t i = 0; i < json_length(state) && n < ELEMENTSOF(names); i += 2)
                names[n++] = json_text_at(state, i);
        meant = diagnostic_suggest(name, names, n);
        if (meant)
                return complain_usage(c, "there is no property '%s'; did you mean '%s'?", name, meant);
        return complain_usage(c, "there is no property '%s'", name);
}

static int show_properties(Client *c, sd_json_variant *state) {
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *selection = NULL;
        int r;

        if (c->n_properties == 0) {
                for (size_t i = 0; i + 1 < json_length(state); i += 2)
                        print_property(c, json_text_at(state, i), json_at(state, i + 1));
                return EXIT_DONE;
        }
        /* All or nothing: a script that misspelt one should not use the others. */
        for (size_t i = 0; i < c->n_properties; i++) {
                _cleanup_(freep) char *name = snake_case(c->properties[i]);     /* the bus's spelling will do as well */
                sd_json_variant *v;

                r = name ? find_property(state, name, &v) : -ENOMEM;
                /* What is absent in the last exit (a dump, or the whole of it) is empty, not a mistake. */
                if (r == -ENOENT && startswith(name, "last_exit."))
                        continue;
                if (r == -ENOENT)
                        return complain_property(c, state, name);
                if (r < 0)
                        return complain_memory(c);
                r = sd_json_variant_set_field(&selection, name, v);
                if (r < 0)
                        return complain_memory(c);
        }
        if (c->json != JSON_OFF) {
                if (!selection && sd_json_variant_new_object(&selection, NULL, 0) < 0)
                        return complain_memory(c);
                output_json(&c->out, selection, c->json == JSON_PRETTY);
                return EXIT_DONE;
        }
        for (size_t i = 0; i + 1 < json_length(selection); i += 2)
                print_property(c, json_text_at(selection, i), json_at(selection, i + 1));
        return EXIT_DONE;
}

int verb_status(Client *c, int argc, char **argv) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_json_variant_unrefp) sd_json_variant *state = NULL;
        int r;

        if (argc > 1)
                return complain_usage(c, "status takes no argument, found '%s' (scxctl show NAME shows a profile)", argv[1]);
        r = client_connect(c);
        if (r != 0)
                return r;
        r = client_get_state(c, &error, &state);
        if (r < 0)
                return client_complain(c, "cannot ask for the state", &error, r);
        if (c->n_properties > 0 || (c->value && c->json == JSON_OFF))
                return show_properties(c, state);
        if (c->json != JSON_OFF) {
                output_json(&c->out, state, c->json == JSON_PRETTY);
                return EXIT_DONE;
        }
        return show_state(c, state);
}
